//! A policy set that changes while it judges: the new one is taken whole, or not at all.

use super::super::disk::Disk;
use super::super::{Failure, check, watch};
use crate::diag::{Diagnostic, Level};
use crate::plan::Plan;
use crate::policy_set::PolicySet;
use crate::report;
use crate::source::SourceMap;
use std::sync::Arc;
use tracing::{error, warn};

pub struct Reload<'a> {
    paths: &'a [String],
    set: &'a [(String, String)],
    changes: watch::Changes,
}

/// A set that checks.
pub struct Changed {
    pub plan: Arc<Plan>,
    pub sources: SourceMap,
}

impl<'a> Reload<'a> {
    pub fn begin(paths: &'a [String], set: &'a [(String, String)]) -> Result<Reload<'a>, Failure> {
        Ok(Reload { paths, set, changes: watch::Changes::begin(paths)? })
    }

    /// None where no file has changed; `Err` where one has, and the set does not check: its errors were told.
    pub fn look(&mut self) -> Result<Option<Result<Changed, ()>>, Failure> {
        if !self.changes.seen(self.paths)? {
            return Ok(None);
        }
        Ok(Some(self.load()))
    }

    fn load(&self) -> Result<Changed, ()> {
        let mut policies = PolicySet::load(&Disk, self.paths).map_err(|errors| {
            errors.iter().for_each(|e| error!(reason = %e, "the changed policy set cannot be read"));
        })?;
        let checked = policies.check(self.set);
        for diagnostic in checked.diagnostics() {
            tell(policies.sources(), diagnostic);
        }
        let plan = check::compile(&checked).map_err(drop)?;
        Ok(Changed { plan: Arc::new(plan), sources: policies.into_sources() })
    }
}

fn tell(sources: &SourceMap, of: &Diagnostic) {
    let at = of.labels.first().map_or(String::new(), |l| report::line_of(sources, l.span));
    let (code, reason) = (of.code.as_str(), of.message.as_str());
    let help = of.help.as_deref().unwrap_or("");
    match of.level {
        Level::Error => error!(at = %at, code, reason, help, "an error in the changed policy set"),
        _ => warn!(at = %at, code, reason, help, "a warning of the changed policy set"),
    }
}
