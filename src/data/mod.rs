//! Schemas, values, time and columnar batches. Nothing here knows of rules.

mod batch;
pub mod build;
pub mod calendar;
mod decimal;
pub mod display;
pub mod found;
pub mod identity;
pub mod limits;
pub mod lookup;
pub mod mapping;
pub mod nested;
pub mod people;
pub mod quantities;
mod schema;
mod sieve;
pub mod times;
mod value;
mod verdict;

pub use batch::{Batch, Defect, InputId, Place};
pub use calendar::{Business, Clock, Length, Period, Time, Zone};
pub use decimal::{Decimal, DecimalError};
pub use limits::Limits;
pub use mapping::Reading;
pub use people::People;
pub use schema::{Column, ColumnId, EnumDef, EnumId, EnumWord, Kind, KindId, Origin, Role, Schema, Type};
pub use sieve::{Between, Brief, Gone, LetGo, Seen, Sieve, Values};
pub use value::{Currency, Money, Value};
pub use verdict::{Severity, Verdict};
