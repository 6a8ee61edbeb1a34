//! What can be told of conditions without records: which values let each hold, and whether two can hold together.
//!
//! A condition becomes tests of *terms* (a field, a look-up, a count, two sides that are compared) against sets of
//! values; what cannot be read so is a term of its own that is true or false. So what is told to be impossible is;
//! what is impossible for other reasons is not seen. Unknown values are left aside: where something is unknown, so is
//! the verdict.

mod domain;
mod formula;
mod key;

pub use domain::Domain;
pub use formula::{Formula, Reasoner};
pub use key::{constant, key, of_history, turned};
