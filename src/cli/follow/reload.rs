//! A policy set that changes while it judges: the new one is taken whole, or not at all.

use super::super::given::Given;
use super::super::{Failure, check, watch};
use crate::diag::{Diagnostic, Level};
use crate::plan::Plan;
use crate::report;
use crate::source::SourceMap;
use std::sync::Arc;
use tracing::{error, warn};

pub struct Reload<'a> {
    given: &'a Given,
    paths: &'a [String],
    changes: watch::Changes,
}

/// A set that checks.
pub struct Changed {
    pub plan: Arc<Plan>,
    pub sources: SourceMap,
    /// Who signed it, where that was asked for.
    pub signer: Option<String>,
}

impl<'a> Reload<'a> {
    /// None where a compiled set is given.
    pub fn begin(given: &'a Given) -> Result<Option<Reload<'a>>, Failure> {
        let Some(paths) = given.policies() else { return Ok(None) };
        Ok(Some(Reload { given, paths, changes: watch::Changes::begin(paths)? }))
    }

    /// None where no file has changed; `Err` where one has, and the set does not check: its errors were told.
    pub fn look(&mut self) -> Result<Option<Result<Changed, ()>>, Failure> {
        if !self.changes.seen(self.paths)? {
            return Ok(None);
        }
        Ok(Some(self.load()))
    }

    fn load(&self) -> Result<Changed, ()> {
        let loaded = self.given.policies_now().map_err(|failure| {
            error!(reason = %failure.in_short(), "the changed policy set cannot be read");
        })?;
        let check::Loaded { policies, checked, origin } = loaded;
        for diagnostic in checked.diagnostics() {
            tell(policies.sources(), diagnostic);
        }
        let plan = check::compile(&checked).map_err(drop)?;
        let signer = origin.and_then(|o| o.signer);
        Ok(Changed { plan: Arc::new(plan), sources: policies.into_sources(), signer })
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
