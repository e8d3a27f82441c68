//! CEL, as Kubernetes has it: parsing, checking, cost, and evaluation over `schema::Value`, in cel-go's words.
//!
//! ```text
//!   source --parser--> Ast --checker (Env: variables, functions)--> Program --evaluate (variables, Budget)--> Val
//!                       |                                             |
//!                       +-- macros expand while parsing               +-- estimated cost, before anything runs
//! ```
//!
//! One of our own and not the `cel` crate, which has no type checker, no cost model and other words than cel-go's, all of
//! which clients see. Deliberately absent: IO, clocks, what an expression is for (policies, rules of custom resources).

pub mod ast;
mod checker;
pub mod cost;
pub mod decl;
pub mod env;
pub mod error;
pub mod estimate;
pub mod eval;
pub mod functions;
mod lexer;
mod macros;
mod parser;
mod syntax;
pub mod types;
pub mod value;

pub use cost::Budget;
pub use env::{Env, Program, Reference};
pub use error::{CompileError, Issue};
pub use eval::{EvalError, Variables};
pub use parser::parse;
pub use types::Type;
pub use value::Val;
