//! A record of unknown time, which may be judged by any wording of its rule: told once, not by each.

use super::RuleCounts;
use super::results::{Entry, Judging, count};
use crate::data::{KindId, Origin, Place, Verdict};
use rustc_hash::FxHashSet;

/// A record, whatever a wording reads it as.
#[derive(PartialEq, Eq, Hash)]
enum Record {
    At(Place),
    /// A finding: several may stand at one place.
    Finding(KindId, u32),
}

impl Judging<'_> {
    /// Keeps the first of the verdicts that wordings of one rule have at such a record. The entries are sorted.
    pub(super) fn tell_once(&self, entries: &mut Vec<Entry>, counts: &mut [RuleCounts]) {
        let rules = &self.plan.rules;
        let revised = rules.windows(2).any(|w| w[0].name == w[1].name);
        if !revised || entries.iter().all(|e| e.time.is_some()) {
            return;
        }
        let mut told: FxHashSet<(&str, Record)> = FxHashSet::default();
        entries.retain(|e| {
            if e.time.is_some() || e.judgement.verdict != Verdict::Indeterminate || e.owner.is_some() {
                return true;
            }
            let rule = &rules[e.rule as usize];
            let frame = self.world.frame(e.kind, e.id);
            let own = frame.rows.own().kind;
            let place = frame.rows.places.get(frame.row).copied();
            let record = match place.filter(|_| self.plan.schema.kind(own).origin != Origin::Findings) {
                Some(place) => Record::At(place),
                None => Record::Finding(e.kind, e.id),
            };
            let first = told.insert((rule.name.as_str(), record));
            if !first {
                count(&mut counts[e.rule as usize], Verdict::Indeterminate, -1);
            }
            first
        });
    }
}
