//! Records that could be in no window for want of a key or of their time: told by themselves.

use super::interp::{Context, Frame, NO_ID, Scope};
use super::judge::{Judgement, triggered};
use super::results::{Entry, Judging, count, entry};
use super::screen::in_force;
use super::{RuleCounts, Truth, sequence};
use crate::data::{KindId, Origin, Place, Verdict};
use crate::plan::{Body, RulePlan, Trigger};
use rustc_hash::{FxHashMap, FxHashSet};

impl Judging<'_> {
    /// Records that a limit cannot add to any sum, or that can be in no sequence: one indeterminate verdict each,
    /// unless the rule says more of it already.
    pub(super) fn lacking(&self, entries: &mut Vec<Entry>, counts: &mut [RuleCounts]) {
        if self.world.histories.iter().all(|h| h.lacking.is_empty()) {
            return;
        }
        let before: FxHashMap<(u32, KindId, u32), usize> = entries
            .iter()
            .enumerate()
            .filter(|e| e.1.owner.is_none())
            .map(|(i, e)| ((e.rule, e.kind, e.id), i))
            .collect();
        // A record that is judged as one of several kinds is the same one.
        let by_place: FxHashMap<(u32, Place), usize> = entries
            .iter()
            .enumerate()
            .filter(|e| e.1.owner.is_none() && self.is_union(e.1.kind))
            .filter_map(|(i, e)| Some(((e.rule, self.place(e.kind, e.id)?), i)))
            .collect();
        let mut replaced: FxHashSet<usize> = FxHashSet::default();
        let mut more = Vec::new();
        for (i, rule) in self.rules() {
            let cx = self.context(rule, None);
            let summed = match rule.body {
                Body::Limit { aggregate, .. } => Some(aggregate),
                _ => sequence::last(rule),
            };
            let mut all: Vec<(KindId, u32, u32, Option<u32>)> = Vec::new();
            let mut judged: Option<FxHashSet<u32>> = None;
            let mut beside: FxHashSet<u32> = FxHashSet::default();
            for &history in &rule.histories {
                let kind = self.plan.histories[history as usize].kind;
                // What a limit adds up, and the last step of a sequence, are the records that trigger it.
                let counts = |id| {
                    let scope = Scope::top(self.world.frame(kind, id));
                    summed != Some(history) || triggered(&cx, rule, &scope, Truth::True).is_some()
                };
                let lacking = &self.world.histories[history as usize].lacking;
                all.extend(lacking.iter().filter(|l| counts(l.id)).map(|l| (kind, l.id, history, l.key)));
                if summed == Some(history) {
                    beside.extend(lacking.iter().map(|l| l.id));
                }
            }
            all.sort_unstable();
            all.dedup_by_key(|l| (l.0, l.1));
            let union = self.is_union(rule.trigger.kind());
            let mut told: FxHashSet<Place> = FxHashSet::default();
            for (kind, id, history, key) in all {
                let frame = self.world.frame(kind, id);
                if union && self.place(kind, id).is_some_and(|place| !told.insert(place)) {
                    continue;
                }
                let mut entry_before = before.get(&(i as u32, kind, id)).copied();
                let own = !matches!(rule.trigger, Trigger::Each { .. }) && rule.trigger.kind() == kind;
                let part = self.runtime.unions[kind.0 as usize].iter().find(|u| u.0 == rule.trigger.kind());
                let verdict = if let (false, Some((union, projection))) = (own, part) {
                    entry_before = self.place(kind, id).and_then(|place| by_place.get(&(i as u32, place)).copied());
                    match entry_before {
                        Some(at) => Some(entries[at].judgement.verdict),
                        None if summed.is_some_and(|h| self.plan.histories[h as usize].every().is_some()) => None,
                        None => {
                            let rows = frame.rows.take(&[frame.row as u32]).project(*union, projection);
                            let frame = Frame { kind: *union, rows: &rows, row: 0, id: NO_ID, time: frame.time };
                            let verdict = triggered(&cx, rule, &Scope::top(frame), Truth::True);
                            verdict.map(|_| Verdict::Compliant)
                        }
                    }
                } else if !own || (summed.is_some() && beside.contains(&id)) {
                    None
                } else if let Some(at) = entry_before {
                    Some(entries[at].judgement.verdict)
                } else if summed.is_some_and(|h| self.counts_for_some(h, id)) {
                    None
                } else if rule.sequence.is_some() {
                    let judged = judged.get_or_insert_with(|| self.last_records(rule, &cx));
                    judged.contains(&id).then_some(Verdict::Compliant)
                } else {
                    // Compliant verdicts are only counted.
                    let scope = Scope::top(frame);
                    triggered(&cx, rule, &scope, Truth::True).map(|_| Verdict::Compliant)
                };
                match verdict {
                    None => {}
                    Some(Verdict::Compliant) => {
                        count(&mut counts[i], Verdict::Compliant, -1);
                        replaced.extend(entry_before);
                    }
                    Some(_) => continue,
                }
                let judgement = Judgement::plain(Verdict::Indeterminate);
                count(&mut counts[i], judgement.verdict, 1);
                more.push(Entry { lacking: Some((history, key)), ..entry(i as u32, judgement, frame) });
            }
        }
        let mut at = 0;
        entries.retain(|_| {
            at += 1;
            !replaced.contains(&(at - 1))
        });
        entries.append(&mut more);
    }

    fn is_union(&self, kind: KindId) -> bool {
        matches!(self.plan.schema.kind(kind).origin, Origin::Union(_))
    }

    fn place(&self, kind: KindId, id: u32) -> Option<Place> {
        let frame = self.world.frame(kind, id);
        frame.rows.places.get(frame.row).copied()
    }

    /// One record counts for each of a set of people, and this one for somebody.
    fn counts_for_some(&self, history: u32, id: u32) -> bool {
        let every = self.plan.histories[history as usize].every().is_some();
        every && self.world.histories[history as usize].alone.binary_search(&id).is_err()
    }

    /// The records that a rule on a sequence judges.
    fn last_records(&self, rule: &RulePlan, cx: &Context<'_>) -> FxHashSet<u32> {
        let Some(history) = sequence::last(rule) else { return FxHashSet::default() };
        let lists = self.world.histories[history as usize].lists.iter();
        let time = |id: &u32| self.world.frame(rule.trigger.kind(), *id).time;
        let judged = lists.flat_map(|l| l.ids.iter().copied());
        judged.filter(|id| time(id).is_some_and(|t| in_force(rule.effective, t, cx))).collect()
    }
}
