//! `--limit`, for all commands that take it.

use crate::data::Limits;
use crate::data::limits::LimitError;
use crate::diag::did_you_mean;
use clap::Args;
use std::collections::BTreeMap;

#[derive(Args, Clone, Debug, Default)]
pub(super) struct LimitArgs {
    /// Set how large something in the input may become: `record-bytes=1MiB`, `files=unlimited`; `bylaws explain limits`
    /// lists what there is
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = limit)]
    limit: Vec<(String, String)>,
}

impl LimitArgs {
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for (name, value) in &self.limit {
            // They were tried when they were read.
            let _ = limits.set(name, value);
        }
        limits
    }

    /// As a receipt keeps them.
    pub fn written(&self) -> BTreeMap<String, String> {
        self.limits().changed().map(|(name, value)| (name.into(), value.to_string())).collect()
    }

    /// The same once more.
    pub fn again(written: &BTreeMap<String, String>) -> LimitArgs {
        LimitArgs { limit: written.clone().into_iter().collect() }
    }
}

/// All limits with their defaults, for `bylaws explain limits`.
pub(super) fn listed() -> String {
    let mut text =
        String::from("How large what is in the input may become. `--limit NAME=VALUE` sets it otherwise.\n\n");
    for limit in Limits::ALL {
        let most =
            if limit.most == u64::MAX { String::new() } else { format!(", {} at most", limit.shown(limit.most)) };
        text += &format!("{}: {} by default{most}\n", limit.name, limit.shown(limit.default));
        text += &format!("    {}; beyond it: {}\n", limit.bounds, limit.beyond);
    }
    text
}

fn limit(text: &str) -> Result<(String, String), String> {
    let (name, value) = super::name_and_value(text)?;
    match Limits::default().set(&name, &value) {
        Ok(()) => Ok((name, value)),
        Err(LimitError::NoSuch) => {
            let names = || Limits::ALL.iter().map(|l| l.name);
            Err(match did_you_mean(&name, names()) {
                Some(near) => format!("there is no limit `{name}`: did you mean `{near}`?"),
                None => format!("there is no limit `{name}`: there are {}", names().collect::<Vec<_>>().join(", ")),
            })
        }
        Err(LimitError::NoNumber(limit)) => Err(match limit.unit {
            crate::data::limits::Unit::Bytes => "expected a size like `64 MiB` or `1000`, or `unlimited`".into(),
            crate::data::limits::Unit::Count => "expected a number from 1 on, or `unlimited`".into(),
        }),
        Err(LimitError::TooMuch(limit)) => Err(format!("`{name}` can be {} at most", limit.shown(limit.most))),
    }
}
