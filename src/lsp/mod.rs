//! The language server: `bylaws lsp`, over standard input and output.
//!
//! One thread reads messages, one writes them, and this one works. What has come meanwhile is taken in before
//! anything is worked out, so that of several edits only the last is checked, and a request that was called off is
//! not begun. A set is checked when nothing else waits, or when a request needs it.

mod actions;
mod advice;
mod capabilities;
mod complete;
mod diagnostics;
mod format;
mod hints;
mod hover;
mod names;
mod outline;
mod position;
mod server;
mod symbols;
mod tests;
mod tokens;
mod uri;
mod wire;
mod workspace;

pub(crate) use server::serve;
