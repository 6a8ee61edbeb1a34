//! The ids of verdicts: made of the rule and of the records that define them, so that no other rule has a part in it.
//!
//! A record with an identity is known by it. One without is known by all its fields, or, where a part of its identity is
//! not there, by what is there of it, its subject and its time; never by what is `@sensitive`. Where a rule says several
//! things of records that are alike, these are numbered: only what the rule says counts, since which other records are
//! held hangs on other rules.

use super::results::{Entry, Judging};
use super::sequence;
use super::val::Val;
use super::world::{apart_by, has_identity};
use crate::data::calendar::Zone;
use crate::data::{KindId, Verdict, display, identity};
use crate::plan::Trigger;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

impl Judging<'_> {
    pub fn identity(&self, entry: &Entry) -> [u8; 16] {
        self.runtime.people.finding(self.made_of(entry, entry.nth))
    }

    /// Numbers verdicts of alike records. The entries are sorted.
    pub(super) fn number(&self, entries: &mut [Entry]) {
        for run in entries.chunk_by_mut(|a, b| (a.rule, a.time) == (b.rule, b.time)).filter(|run| run.len() > 1) {
            let mut likely: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
            for (i, entry) in run.iter().enumerate() {
                if let Some(mark) = self.mark(entry) {
                    likely.entry(mark).or_default().push(i);
                }
            }
            let mut alike: FxHashMap<[u8; 16], Vec<usize>> = FxHashMap::default();
            for i in likely.into_values().filter(|group| group.len() > 1).flatten() {
                alike.entry(self.made_of(&run[i], 1)).or_default().push(i);
            }
            for mut group in alike.into_values().filter(|group| group.len() > 1) {
                // What is compliant is not always kept.
                group.sort_by_cached_key(|&i| {
                    (run[i].judgement.verdict == Verdict::Compliant, self.told_apart(&run[i]), i)
                });
                let mut nth = 1;
                for (n, &i) in group.iter().enumerate() {
                    let of = |e: &Entry| (e.kind, e.id, e.steps.clone());
                    nth += u32::from(n > 0 && of(&run[i]) != of(&run[group[n - 1]]));
                    run[i].nth = nth;
                }
            }
        }
    }

    /// Equal where an id would be but for its number; none where all records have an identity.
    fn mark(&self, entry: &Entry) -> Option<u64> {
        let schema = &self.plan.schema;
        let (mut lacking, mut bytes) = (false, Vec::new());
        for (kind, id) in self.records(entry) {
            let frame = self.world.frame(kind, id);
            let rows = frame.rows.own();
            lacking |= !has_identity(schema, rows, frame.row);
            let of = schema.kind(rows.kind);
            for column in of.telling().into_iter().filter(|c| !of.columns[c.0 as usize].sensitive) {
                Val::cell(rows, frame.row, column, false).encode(&mut bytes);
            }
        }
        let mut hasher = FxHasher::default();
        hasher.write(&bytes);
        lacking.then(|| hasher.finish())
    }

    /// The records that define a verdict: its own, or all of a match.
    fn records(&self, entry: &Entry) -> Vec<(KindId, u32)> {
        if entry.steps.is_empty() {
            return vec![(entry.kind, entry.id)];
        }
        let rule = &self.plan.rules[entry.rule as usize];
        let search = sequence::Search::new(self.context(rule, None), rule);
        search.map_or_else(Vec::new, |s| s.records(&entry.steps).iter().map(|f| (f.kind, f.id)).collect())
    }

    /// What tells alike records apart, of what the rule reads.
    fn told_apart(&self, entry: &Entry) -> Vec<String> {
        let rule = &self.plan.rules[entry.rule as usize];
        let of = |(kind, id)| {
            let frame = self.world.frame(kind, id);
            let reads = rule.reads.get(&frame.rows.own().kind).map_or(&[][..], |columns| columns);
            apart_by(&self.plan.schema, frame.rows, frame.row, reads)
        };
        self.records(entry).into_iter().map(of).collect()
    }

    /// Of the record, or the table's row and the moment, or of all records of a match.
    fn made_of(&self, entry: &Entry, nth: u32) -> [u8; 16] {
        let schema = &self.plan.schema;
        let rule = &self.plan.rules[entry.rule as usize];
        let of = |(kind, id)| {
            let own = self.world.frame(kind, id).rows.own().kind;
            let called = if entry.steps.is_empty() { own } else { kind };
            (schema.kind(called).name.as_str(), self.world.identity(schema, kind, id))
        };
        let mut named: Vec<(&str, String)> = self.records(entry).into_iter().map(of).collect();
        if let (Some((_, last)), true) = (named.last_mut(), nth > 1) {
            *last = format!("{last} ({nth})");
        }
        match (rule.trigger, entry.time) {
            (Trigger::Each { table, .. }, Some(time)) if table == entry.kind => {
                named.push(("period end", display::time(time, &Zone::utc())));
            }
            _ => {
                let owner = self.owner(entry);
                named.extend(owner.map(|owner| ("above", display::exact(owner, schema, &Zone::utc()))));
            }
        }
        let named: Vec<(&str, &str)> = named.iter().map(|(kind, identity)| (*kind, identity.as_str())).collect();
        identity::finding(&rule.name, &rule.revision, &named)
    }
}
