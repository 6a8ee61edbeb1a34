//! The bodies of the fuzz targets, with what they make policies and records from.

#[path = "../../tests/agree/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod agree;
#[path = "../bodies/mod.rs"]
pub mod bodies;
#[path = "../../tests/random/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod random;
#[path = "../../tests/reference/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod reference;
