//! Streams of NATS JetStream, where they are left out of the build.

use super::super::Failure;
use super::input::{Chunk, Origin};
use crate::data::Reading;
use crate::ingest::Route;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatsState {
    pub origin: Origin,
}

pub struct Followed {
    pub id: u32,
    pub state: NatsState,
}

pub fn is_stream(_: &str) -> bool {
    false
}
