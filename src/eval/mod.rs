//! Evaluation of a plan over batches of records.

mod findings;

pub use findings::*;
