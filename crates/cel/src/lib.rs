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
pub mod decl;
pub mod types;
