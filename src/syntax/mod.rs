//! From text to a lossless tree, and from there to [`ast`].

pub mod ast;
