//! How much judging may hold and try, and the end of it where it is more.

use super::Runtime;
use crate::data::Limits;
use crate::plan::{HistoryPlan, Plan, RulePlan};
use crate::threads::lock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What was too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Different keys of a condition over other records.
    Keys,
    /// Records in one window.
    WindowRecords,
    /// Ways tried to complete a sequence at one record.
    PartialMatches,
    /// It was stopped from outside, by [`Stop`].
    Outside,
}

impl Beyond {
    /// The name of the limit; none where it is not one of these.
    pub fn limit(self) -> &'static str {
        match self {
            Beyond::Outside => "",
            Beyond::Keys => "keys",
            Beyond::WindowRecords => "window-records",
            Beyond::PartialMatches => "partial-matches",
        }
    }
}

/// Why judging stopped. No verdicts are told, as some would be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverLimit {
    pub what: Beyond,
    pub most: u64,
    /// The rules and metrics that look so far, by name.
    pub whose: Vec<String>,
}

impl std::fmt::Display for OverLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.what == Beyond::Outside {
            return f.write_str("judging was stopped");
        }
        write!(f, "judging {} is over the limit of {} `{}`", self.whose.join(", "), self.most, self.what.limit())
    }
}

impl std::error::Error for OverLimit {}

/// Stops the work of all threads once it is over a limit.
#[derive(Debug)]
pub struct Watch {
    keys: AtomicU64,
    window_records: AtomicU64,
    partial_matches: AtomicU64,
    stopped: AtomicBool,
    over: Mutex<Option<OverLimit>>,
}

impl Default for Watch {
    fn default() -> Watch {
        let any = || AtomicU64::new(u64::MAX);
        Watch {
            keys: any(),
            window_records: any(),
            partial_matches: any(),
            stopped: AtomicBool::new(false),
            over: Mutex::default(),
        }
    }
}

impl Watch {
    pub fn begin(&self, limits: &Limits) {
        self.keys.store(limits.keys, Ordering::Relaxed);
        self.window_records.store(limits.window_records, Ordering::Relaxed);
        self.partial_matches.store(limits.partial_matches, Ordering::Relaxed);
    }

    /// What is looked at from now on, to explain a verdict, is not judging.
    ///
    /// # Errors
    /// Where judging was stopped.
    pub fn end(&self) -> Result<(), OverLimit> {
        self.begin(&Limits::NONE);
        match lock(&self.over).take() {
            Some(over) => Err(over),
            None => Ok(()),
        }
    }

    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether so much may be; where not, all work is stopped.
    #[inline]
    pub fn allows(&self, what: Beyond, is: u64, whose: impl FnOnce() -> Vec<String>) -> bool {
        let Some(most) = self.most(what) else { return !self.is_stopped() };
        if is > most {
            self.stop(OverLimit { what, most, whose: whose() });
            return false;
        }
        true
    }

    /// Whether so much is within the bound; it goes on if not.
    pub fn would_allow(&self, what: Beyond, is: u64) -> bool {
        self.most(what).is_none_or(|most| is <= most)
    }

    fn most(&self, what: Beyond) -> Option<u64> {
        let most = match what {
            Beyond::Keys => &self.keys,
            Beyond::WindowRecords => &self.window_records,
            Beyond::PartialMatches => &self.partial_matches,
            Beyond::Outside => return None,
        };
        Some(most.load(Ordering::Relaxed))
    }

    #[cold]
    pub fn stop(&self, over: OverLimit) {
        lock(&self.over).get_or_insert(over);
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Stops judging from another thread: memory is short, say.
pub struct Stop(pub(super) Arc<Runtime>);

impl Stop {
    pub fn stop(&self) {
        self.0.watch.stop(OverLimit { what: Beyond::Outside, most: 0, whose: Vec::new() });
    }
}

/// The names of the rules and metrics that read a history of the plan, each once.
pub fn readers(plan: &Plan, history: &HistoryPlan) -> Vec<String> {
    let reads = |id: &u32| plan.histories.get(*id as usize).is_some_and(|h| std::ptr::eq(h, history));
    let of = |rule: &&RulePlan| rule.histories.iter().any(reads);
    let mut names: Vec<String> = plan.rules.iter().filter(of).map(|r| r.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}
