//! Conduct rules as code.
#![forbid(unsafe_code)]

mod data;
mod diag;
mod eval;
mod sema;
mod source;
mod syntax;
