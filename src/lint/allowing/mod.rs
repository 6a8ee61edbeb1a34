//! L00: remarks that allow lints. What they let pass is known once all lints have looked.

mod nothing;
mod unknown;
mod without_reason;

pub use nothing::nothing;
pub use unknown::unknown;
pub use without_reason::without_reason;

pub const LINTS: &[crate::lint::Lint] = &[without_reason::LINT, nothing::LINT, unknown::LINT];
