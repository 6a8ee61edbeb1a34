//! Conduct rules as code.
#![forbid(unsafe_code)]

mod data;
mod diag;
mod eval;
mod ingest;
mod plan;
mod sema;
mod source;
mod syntax;

/// What the project's own integration tests reach into; no part of the interface.
#[doc(hidden)]
pub mod internals {
    pub mod source {
        pub use crate::source::*;
    }
    pub mod diag {
        pub use crate::diag::*;
    }
    pub mod data {
        pub use crate::data::*;
    }
    pub mod ingest {
        pub use crate::ingest::*;
    }
    pub mod sema {
        pub use crate::sema::*;
    }
    pub mod plan {
        pub use crate::plan::*;
    }
    pub mod eval {
        pub use crate::eval::*;
    }
}
