//! Streams of NATS JetStream, where they are left out of the build.

use super::super::Failure;
use super::NatsArgs;
use super::input::{Chunk, Origin};
use crate::data::Reading;
use crate::ingest::Route;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatsState {
    pub origin: Origin,
}

/// There is never one.
pub struct Followed {
    pub id: u32,
    pub state: NatsState,
    pub redelivered: u64,
}

pub fn is_stream(arg: &str) -> bool {
    arg.starts_with("nats://") || arg.starts_with("tls://")
}

impl Followed {
    pub fn begin(
        arg: &str,
        _: Option<Route>,
        _: (&NatsArgs, &str),
        _: &mut Vec<(u32, NatsState)>,
        _: &mut u32,
        _: &Reading,
    ) -> Result<Followed, Failure> {
        Err(Failure::new(format!("`{arg}` cannot be followed: this program was built without NATS"))
            .help("build it with the feature `nats`"))
    }

    pub fn read(&mut self, _: bool, _: &Reading) -> Result<Option<Chunk>, Failure> {
        Ok(None)
    }

    pub fn is_read(&mut self) -> bool {
        true
    }

    pub fn acknowledge(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
