//! That a condition decides, as coverage has it, means that the verdict is another one where the condition is turned
//! round; tried on random rules and records by turning it round.

use super::{Case, case, cases, describe, options, random, shuffled};
use bylaws::internals::data::{Origin, Verdict};
use bylaws::internals::eval::{Evaluator, Findings, Options, Part, PartKind, PartRole, Tried};
use bylaws::internals::plan::{Body, Plan, Screen, Trigger};
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn judged(case: &Case, plan: Arc<Plan>) -> Findings {
    let options = Options { retain: true, ..options(case, 1, true) };
    let mut evaluator = Evaluator::new(plan, options).unwrap();
    shuffled(case, &mut random::Tape::new(&[])).into_iter().for_each(|b| evaluator.push(b).unwrap());
    evaluator.finish()
}

/// Where the rule's own conditions do not hold it is compliant, or not triggered, or indeterminate because the record
/// is in no window.
fn verdict_at(findings: &Findings, rule: usize, line: u64) -> Verdict {
    let at =
        |i: &usize| findings.rules()[*i] as usize == rule && findings.row(*i).place.is_some_and(|p| p.line == line);
    match (0..findings.len()).find(at) {
        Some(i) if !findings.explain(i).clauses.is_empty() => findings.verdicts()[i],
        _ => Verdict::Compliant,
    }
}

/// Puts a constant in the place of the condition; whether it stands there once.
fn turn(value: &mut Value, span: &Value, to: bool) -> usize {
    match value {
        Value::Array(all) => all.iter_mut().map(|v| turn(v, span, to)).sum(),
        Value::Object(fields) => {
            let not = |op: &Value| op.get("Not").is_some_and(|of| of["span"] != *span);
            let joint = |op: &Value| op.get("And").is_some() || op.get("Or").is_some() || not(op);
            if fields.get("span") == Some(span) && fields.get("op").is_some_and(|op| !joint(op)) {
                fields["op"] = json!({ "Constant": { "Bool": to } });
                return 1;
            }
            fields.values_mut().map(|v| turn(v, span, to)).sum()
        }
        _ => 0,
    }
}

fn turned(plan: &Plan, rule: usize, part: &Part, to: bool) -> Option<Plan> {
    let span = serde_json::to_value(part.span).unwrap();
    let mut plan = plan.clone();
    let of = &mut plan.rules[rule];
    of.screen = Screen::default();
    let mut times = 0;
    for list in [&mut of.filter, &mut of.when] {
        let mut value = serde_json::to_value(&*list).unwrap();
        times += turn(&mut value, &span, to);
        *list = serde_json::from_value(value).unwrap();
    }
    for exception in &mut of.unless {
        let mut value = serde_json::to_value(&exception.condition).unwrap();
        times += turn(&mut value, &span, to);
        exception.condition = serde_json::from_value(value).unwrap();
    }
    // A part of a `define` may stand in a rule twice.
    (times == 1).then_some(plan)
}

fn decides(seeds: &random::Seeds, tried: &AtomicUsize) -> Result<(), TestCaseError> {
    let case = case(seeds);
    let before = judged(&case, case.plan.clone());
    for trial in before.trials() {
        let rule = &case.plan.rules[trial.rule];
        // Several findings may stand at one place.
        let findings = case.plan.schema.kind(rule.trigger.kind()).origin == Origin::Findings;
        let record = matches!(rule.trigger, Trigger::Record { .. }) && !findings;
        let alone = record && !matches!(rule.body, Body::Limit { .. });
        let Some(place) = trial.place.filter(|_| alone) else { continue };
        let own = verdict_at(&before, trial.rule, place.line);
        for (part, side) in &trial.tried {
            if part.kind != PartKind::Condition || matches!(part.role, PartRole::Within | PartRole::Need) {
                continue;
            }
            let Some(plan) = turned(&case.plan, trial.rule, part, *side == Tried::False) else { continue };
            let other = verdict_at(&judged(&case, Arc::new(plan)), trial.rule, place.line);
            tried.fetch_add(1, Ordering::Relaxed);
            let settled = match part.role {
                PartRole::Unless(_) => own == Verdict::Excepted || other == Verdict::Excepted,
                _ => own == Verdict::Compliant || other == Verdict::Compliant,
            };
            proptest::prop_assert!(
                settled && own != other,
                "{} line {}: {part:?} {side:?} does not decide: {own:?} stays {other:?}\n{}",
                rule.name,
                place.line,
                describe(&case)
            );
        }
    }
    Ok(())
}

#[test]
fn what_decides_changes_the_verdict() {
    let tried = AtomicUsize::new(0);
    proptest::proptest!(cases(15), |(seeds in random::seeds(random::SMALL))| {
        decides(&seeds, &tried)?;
    });
    assert!(tried.into_inner() > 100, "hardly any condition was tried");
}
