//! The plugins alone, without the rest of Tiphys: chosen by the name it is called by, like the multi-call binary.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let called_as = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&called_as).file_name().unwrap_or_default().to_string_lossy();
    cni::main(&name)
}
