//! Coverage of sequences. Which match is taken is a matter of all their conditions together, so each is tried by turning
//! it: it decides where a verdict that the test expects would be another one if the condition were always true, or never.

use super::judge;
use crate::data::{Place, Verdict};
use crate::eval::{Findings, Part, PartKind, Tried, parts};
use crate::sema::hir::{Test, Times};
use std::sync::Arc;

/// `met`: the verdicts that the test expects one by one.
pub(super) fn show(findings: &Findings, test: &Test, met: &[bool]) -> Vec<(usize, Part, Tried)> {
    let plan = findings.plan();
    let mut shown: Vec<(usize, Part, Tried)> = Vec::new();
    for (rule, of) in plan.rules.iter().enumerate() {
        let Some(sequence) = &of.sequence else { continue };
        let expected = |i: &usize| findings.rules()[*i] as usize == rule && (met[*i] || test.nothing_else.is_some());
        let places: Vec<Option<Place>> = (0..findings.len()).filter(expected).map(|i| findings.row(i).place).collect();
        // Where nothing else is expected, a record that is not judged is one of which nothing may come.
        let everywhere = test.nothing_else.is_some() && test.given.iter().any(|g| g.kind == of.trigger.kind());
        if places.is_empty() && !everywhere {
            continue;
        }
        let verdicts = |findings: &Findings| verdicts(findings, rule, &places, everywhere);
        shown.extend(findings.sequence_trials(rule, &places).into_iter().map(|(part, tried)| (rule, part, tried)));
        let before = verdicts(findings);
        for part in parts(plan, of) {
            let not = sequence.steps.iter().any(|s| s.span == part.span && s.times == Times::None);
            for (to, tried) in [(false, Tried::True), (true, Tried::False)] {
                if part.kind == PartKind::Edge || part.kind == PartKind::Boundary {
                    continue;
                }
                let decides = match (not, to) {
                    // A record that stops every match is nothing to try: that none was there shows in a finding.
                    (true, true) => before.iter().any(|(_, v)| *v == Verdict::Finding),
                    _ => plan
                        .turned(rule, part.span, to)
                        .is_some_and(|plan| judge(Arc::new(plan), test).is_ok_and(|after| verdicts(&after) != before)),
                };
                if decides {
                    shown.push((rule, part.clone(), tried));
                }
            }
        }
    }
    shown
}

/// The rule's verdicts at these places; with `everywhere` those elsewhere too that `nothing else` would not let pass.
fn verdicts(
    findings: &Findings,
    rule: usize,
    places: &[Option<Place>],
    everywhere: bool,
) -> Vec<(Option<Place>, Verdict)> {
    let rows = (0..findings.len()).filter(|&i| findings.rules()[i] as usize == rule).map(|i| findings.row(i));
    let seen = rows.filter(|row| places.contains(&row.place) || everywhere && row.verdict != Verdict::Compliant);
    seen.map(|row| (row.place, row.verdict)).collect()
}
