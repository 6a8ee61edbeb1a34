//! What would have led to another verdict of a rule over findings: that one of these were none.

use super::super::explain::named_finding;
use super::super::interp::{Frame, Scope};
use super::super::results::Entry;
use super::super::sequence;
use super::propose::Propose;
use crate::data::{Verdict, identity};
use crate::plan::RulePlan;

/// Rules over findings, over findings, …: so far down.
const DEPTH: u32 = 3;

impl<'a> Propose<'a> {
    /// Towards another verdict than the one that a rule has at a record.
    pub fn towards(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>, entry: Option<&Entry>) {
        let verdict = entry.map(|e| e.judgement.verdict);
        // Where it is not known either way, both are of interest.
        let open = matches!(verdict, Some(Verdict::Indeterminate | Verdict::Pending));
        let found = verdict == Some(Verdict::Finding);
        let both = |propose: &mut Propose<'a>, scope: &Scope<'_, 'a>| {
            if open || found {
                propose.rule(rule, scope, false);
            }
            if open || !found {
                propose.rule(rule, scope, true);
            }
        };
        if rule.sequence.is_none() {
            return both(self, scope);
        }
        let steps = entry.map_or(&[][..], |e| &e.steps);
        if steps.is_empty() {
            return self.complete(rule, scope.frame);
        }
        let cx = self.cx;
        sequence::in_scope(cx, rule, steps, &mut |scope, frames| {
            both(self, scope);
            if found {
                self.steps(frames, scope);
            }
        });
    }

    /// By which what stands at a finding would be none.
    pub fn unfound(&mut self, finding: &Frame<'a>) {
        let findings = self.findings;
        if self.depth == DEPTH {
            return;
        }
        let (_, id) = named_finding(&self.cx, finding);
        let Some(i) = findings.ids.iter().position(|other| identity::hex(other) == id) else { return };
        let entry = &findings.entries[i];
        if entry.lacking.is_some() {
            return;
        }
        let rule = &findings.plan.rules[entry.rule as usize];
        let frame = Frame { time: entry.time, ..findings.world.frame(entry.kind, entry.id) };
        let mut below = Propose::new(findings, findings.context(rule, entry.period), rule, frame, entry.owner);
        below.depth = self.depth + 1;
        below.towards(rule, &Scope::top(frame), Some(entry));
        // That a record is judged at all goes without saying.
        if frame.rows.places.get(frame.row) != self.own.rows.places.get(self.own.row) {
            below.removed(&frame);
        }
        self.out.append(&mut below.out);
    }
}
