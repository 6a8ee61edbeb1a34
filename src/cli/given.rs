//! What every command over records is given: a policy set, records, and how to read them.

use super::memory::{Limit, Size};
use clap::Args;
use std::num::NonZeroUsize;

#[derive(Args)]
pub(super) struct Given {
    /// A policy file, or a folder of them; may be repeated
    #[arg(long = "policy", short = 'p', required = true, value_name = "PATH", num_args = 1)]
    pub policies: Vec<String>,
    /// Where the records are
    #[arg(value_name = "RECORDS")]
    pub records: Vec<String>,
    /// Where the data ends: a date (its end) or a timestamp. Later records are set aside
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    pub set: Vec<(String, String)>,
    /// How many threads read and judge [default: all cores]. What comes out is the same
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// End with an error rather than hold more memory: `4 GB`, `75%`, `unlimited` [default: 80% of what there is]
    #[arg(long, value_name = "SIZE", value_parser = super::memory::size)]
    memory_limit: Option<Size>,
}

impl Given {
    pub fn limit(&self) -> Limit {
        Limit::new(self.memory_limit)
    }

    pub fn threads(&self) -> usize {
        self.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }
}
