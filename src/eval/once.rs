//! `once per`: of several findings with one key in one period, the first is one, and the others are counted with it.

use super::explain::Trace;
use super::findings::OnceTrace;
use super::interp::{Context, Frame, Scope, value};
use super::message::shown;
use super::results::{Entry, Judging, count};
use super::{RuleCounts, sequence};
use crate::data::calendar::period_of;
use crate::data::{Verdict, display};
use crate::plan::{Once, RulePlan};
use rustc_hash::FxHashMap;

impl Judging<'_> {
    /// Entries are in order. A finding without its time, or without the key, is one by itself.
    pub fn thin(&self, entries: &mut [Entry], counts: &mut [RuleCounts]) {
        let mut first: FxHashMap<(u32, Option<u32>, Vec<u8>), usize> = FxHashMap::default();
        for i in 0..entries.len() {
            let Some(key) = self.once_key(&entries[i]) else { continue };
            let rule = entries[i].rule;
            let Some(&before) = first.get(&(rule, entries[i].owner, key.clone())) else {
                first.insert((rule, entries[i].owner, key), i);
                continue;
            };
            entries[before].further += 1;
            let of_rule = entries.partition_point(|e| e.rule < rule);
            entries[i].counted_with = Some((before - of_rule) as u32);
            entries[i].judgement.verdict = Verdict::Repeated;
            count(&mut counts[rule as usize], Verdict::Finding, -1);
            count(&mut counts[rule as usize], Verdict::Repeated, 1);
        }
    }

    /// What findings that are counted as one have in common.
    fn once_key(&self, entry: &Entry) -> Option<Vec<u8>> {
        let rule = &self.plan.rules[entry.rule as usize];
        let once = rule.once.as_ref().filter(|_| entry.judgement.verdict == Verdict::Finding)?;
        let cx = self.context(rule, entry.period);
        let mut key = period(&cx, once, entry)?.0.to_le_bytes().to_vec();
        let frame = Frame { time: entry.time, ..self.world.frame(entry.kind, entry.id) };
        let mut known = false;
        sequence::at(&cx, rule, &entry.steps, frame, &mut |scope| {
            known = once.keys.iter().all(|(_, k)| value(&cx, k, scope).encode(&mut key));
        });
        known.then_some(key)
    }
}

/// First and last day of the period of a verdict's time, in the rule's zone.
fn period(cx: &Context<'_>, once: &Once, entry: &Entry) -> Option<(i32, i32)> {
    period_of(entry.time?.date(cx.zone), once.period, cx.fiscal_start)
}

impl<'a> Trace<'a> {
    /// How a verdict is counted.
    pub fn once(&mut self, rule: &'a RulePlan, entry: &Entry, scope: &Scope<'_, 'a>) {
        let Some(once) = &rule.once else { return };
        let counted = matches!(entry.judgement.verdict, Verdict::Finding | Verdict::Repeated);
        let Some((from, until)) = period(&self.cx, once, entry).filter(|_| counted) else { return };
        self.explanation.once = Some(OnceTrace {
            span: once.span,
            keys: once.keys.iter().map(|(name, key)| (name.clone(), shown(&self.cx, key, scope))).collect(),
            from: display::date(from),
            until: display::date(until),
            further: entry.further.into(),
            counted_with: None,
        });
    }
}
