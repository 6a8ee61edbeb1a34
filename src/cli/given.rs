//! What every command over records is given: a policy set, records, and how to read them.

use super::limits::LimitArgs;
use super::memory::{self, Limit, Size};
use super::people::Naming;
use super::policies::Trust;
use super::records::{self, Inputs};
use super::{Failure, Style, check, compile, output, reading};
use crate::data::Reading;
use crate::plan::Plan;
use crate::plan::saved::Saved;
use crate::policy_set::{Checked, PolicySet};
use crate::report;
use crate::report::receipt::{Options, Origin};
use crate::sema::hir::Hir;
use crate::source::SourceMap;
use clap::Args;
use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Args)]
pub(super) struct Given {
    /// A policy file, or a folder of them; may be repeated
    #[arg(long = "policy", short = 'p', required_unless_present = "plan", value_name = "PATH", value_hint = clap::ValueHint::AnyPath, num_args = 1)]
    policies: Vec<String>,
    /// A compiled policy set, which `bylaws compile` wrote; instead of --policy
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["policies", "set"])]
    plan: Option<PathBuf>,
    /// Where the records are
    #[arg(value_name = "RECORDS", value_hint = clap::ValueHint::FilePath)]
    pub records: Vec<String>,
    /// Where the data ends: a date (its end) or a timestamp. Later records are set aside
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    trust: Trust,
    /// How many threads read and judge [default: all cores]. What comes out is the same
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// End with an error rather than hold more memory: `4 GB`, `75%`, `unlimited` [default: 80% of what there is]
    #[arg(long, value_name = "SIZE", value_parser = super::memory::size)]
    memory_limit: Option<Size>,
    #[command(flatten)]
    naming: Naming,
}

/// A policy set without errors.
pub(super) enum Rules<'a> {
    Checked { policies: Box<PolicySet>, checked: Box<Checked>, origin: Option<Origin> },
    Saved { saved: Saved, path: &'a Path, origin: Origin },
}

impl Rules<'_> {
    pub fn sources(&self) -> &SourceMap {
        match self {
            Rules::Checked { policies, .. } => policies.sources(),
            Rules::Saved { saved, .. } => &saved.sources,
        }
    }

    pub fn into_sources(self) -> SourceMap {
        match self {
            Rules::Checked { policies, .. } => policies.into_sources(),
            Rules::Saved { saved, .. } => saved.sources,
        }
    }

    pub fn plan(&self) -> Result<Arc<Plan>, Failure> {
        match self {
            Rules::Checked { checked, .. } => check::compile(checked).map(Arc::new),
            Rules::Saved { saved, .. } => Ok(saved.plan.clone()),
        }
    }

    /// The one file that it was in: a bundle, or a compiled set.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Rules::Checked { origin, .. } => origin.as_ref(),
            Rules::Saved { origin, .. } => Some(origin),
        }
    }

    pub fn hir(&self) -> Result<Cow<'_, Hir>, Failure> {
        match self {
            Rules::Checked { checked, .. } => Ok(Cow::Borrowed(checked.hir())),
            Rules::Saved { saved, path, .. } => {
                saved.hir().map(Cow::Owned).map_err(|error| compile::unusable(&error, path))
            }
        }
    }
}

/// Whether this is plainly a long file; of a glob it is not known.
fn is_long(records: &str) -> bool {
    let path = records.split_once('=').map_or(records, |(_, path)| path);
    std::fs::metadata(path).is_ok_and(|file| file.len() >= reading::SHORT)
}

impl Given {
    /// What a receipt keeps of it.
    pub fn options(&self) -> Options {
        Options {
            policy: self.policies.clone(),
            plan: self.plan.clone(),
            set: self.set.iter().cloned().collect(),
            records: self.records.clone(),
            as_of: self.as_of.clone(),
            limit: self.trust.limit.written(),
        }
    }

    /// The same once more, signed by one of these keys if there are any.
    pub fn again(options: &Options, keys: Vec<String>) -> Given {
        let set = options.set.clone().into_iter().collect();
        let trust = Trust { keys, limit: LimitArgs::again(&options.limit) };
        Given { plan: options.plan.clone(), set, trust, ..Given::of(&options.policy, &options.records, &options.as_of) }
    }

    pub fn of(policies: &[String], records: &[String], as_of: &Option<String>) -> Given {
        Given {
            policies: policies.to_vec(),
            plan: None,
            records: records.to_vec(),
            as_of: as_of.clone(),
            set: Vec::new(),
            trust: Trust::default(),
            threads: None,
            memory_limit: None,
            naming: Naming::default(),
        }
    }

    /// Loads the policy set; errors are told, warnings too.
    pub fn rules(&self, style: Style) -> Result<Rules<'_>, Failure> {
        // How long a source's own files are is known only when there is a plan.
        if self.records.is_empty() || self.records.iter().any(|records| is_long(records)) {
            memory::in_small_pages();
        }
        let Some(path) = &self.plan else {
            let loaded = check::load(&self.policies, &self.trust, &self.set, style)?;
            let (policies, checked) = (loaded.policies.into(), loaded.checked.into());
            return Ok(Rules::Checked { policies, checked, origin: loaded.origin });
        };
        let (saved, origin) = compile::read(path, &self.trust)?;
        output::tell(&report::render::diagnostics(&saved.sources, &saved.warnings, style.stderr));
        Ok(Rules::Saved { saved, path, origin })
    }

    /// Finds the files of records, and what people in them are called.
    pub fn inputs(&self, reading: &Reading) -> Result<Inputs, Failure> {
        let mut inputs = records::inputs(&self.records, reading)?;
        self.naming.apply(reading, &mut inputs, (self.threads(), &self.trust.limit.limits()))?;
        Ok(inputs)
    }

    /// With people called in another way.
    pub fn naming(self, naming: &Naming) -> Given {
        Given { naming: naming.clone(), ..self }
    }

    /// Within other limits, and signed by one of these keys if there are any.
    pub fn trusting(self, trust: &Trust) -> Given {
        Given { trust: trust.clone(), ..self }
    }

    /// The policy files and folders; none where a compiled set is given.
    pub fn policies(&self) -> Option<&[String]> {
        self.plan.is_none().then_some(&self.policies)
    }

    /// The policy set as its files are now, and its diagnostics; errors may be among them.
    pub fn policies_now(&self) -> Result<check::Loaded, Failure> {
        check::read(&self.policies, &self.trust, &self.set)
    }

    pub fn is_pseudonymized(&self) -> bool {
        self.naming.pseudonymize.is_some()
    }

    pub fn limit(&self) -> Limit {
        Limit::new(self.memory_limit, self.trust.limit.limits())
    }

    pub fn threads(&self) -> usize {
        self.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }
}
