//! A policy set that changes while it judges: the new one is taken whole, or not at all.

use super::super::policies::{self, Trust};
use super::super::{Failure, check, watch};
use crate::diag::{Diagnostic, Level};
use crate::plan::Plan;
use crate::report;
use crate::source::SourceMap;
use std::sync::Arc;
use tracing::{error, warn};

pub struct Reload<'a> {
    paths: &'a [String],
    set: &'a [(String, String)],
    /// Who has to have signed it, the first time and each time after.
    trust: &'a Trust,
    changes: watch::Changes,
}

/// A set that checks.
pub struct Changed {
    pub plan: Arc<Plan>,
    pub sources: SourceMap,
}

impl<'a> Reload<'a> {
    pub fn begin(paths: &'a [String], set: &'a [(String, String)], trust: &'a Trust) -> Result<Reload<'a>, Failure> {
        Ok(Reload { paths, set, trust, changes: watch::Changes::begin(paths)? })
    }

    /// None where no file has changed; `Err` where one has, and the set does not check: its errors were told.
    pub fn look(&mut self) -> Result<Option<Result<Changed, ()>>, Failure> {
        if !self.changes.seen(self.paths)? {
            return Ok(None);
        }
        Ok(Some(self.load()))
    }

    fn load(&self) -> Result<Changed, ()> {
        let opened = policies::open(self.paths, self.trust)
            .map_err(|why| error!(reason = %why.in_short(), "the changed policy set cannot be taken"))?;
        let mut policies = opened.load().map_err(|errors| {
            errors.iter().for_each(|e| error!(reason = %e, "the changed policy set cannot be read"));
        })?;
        let mut checked = policies.check(self.set);
        if let Some(folder) = opened.folder() {
            checked.lie_in(&folder);
        }
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
