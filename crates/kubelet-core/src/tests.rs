//! Tables: a pod and what the runtime shows of it in, the decision as text out.

mod admission;
mod init;
mod lifecycle;
mod pure;
mod restarts;
mod status;
mod world;
