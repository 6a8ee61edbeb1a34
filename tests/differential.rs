//! Random policies and random records: the engine and the slow reference evaluator say the same.

mod random;
mod reference;
