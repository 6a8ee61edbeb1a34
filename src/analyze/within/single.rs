//! What is said of one rule by itself.

use super::samples::{self, Sample};
use super::unit::{Group, Unit};
use super::{Analysis, Ask, Claim, Kind, Open, Part, Proof, asked, named};
use crate::analyze::Set;
use crate::analyze::formula::{Node, and, not};
use crate::analyze::lower::{Parts, Whole};
use crate::analyze::smt::{Read, Reply};
use crate::analyze::solve;
use crate::data::{Verdict, display};
use crate::report::line_of;
use crate::sema::hir::{Exception, Rule};

pub fn claims(group: &Group<'_>, i: usize, set: Set<'_>, ask: Ask<'_>, found: &mut Analysis) {
    let unit = &group.units[i];
    match (unit.never, unit.always) {
        (Some(proof), _) => found.claims.push(nothing(group, unit, proof, set, ask)),
        (None, Some(proof)) => found.claims.push(everything(group, unit, proof, set)),
        (None, None) => found.claims.extend(wordings(group, unit, set)),
    }
    let parts: Vec<Part> = unit
        .wholes
        .iter()
        .map(|(span, why)| Part {
            text: set.sources.text(*span).split_whitespace().collect::<Vec<_>>().join(" "),
            place: line_of(set.sources, *span),
            why: explained(*why),
        })
        .collect();
    // Of what finds nothing or everything there is no more to know.
    if unit.never.or(unit.always).is_some() {
        return;
    }
    let unshown = !group.samples.iter().any(|s| s.finds(unit.name));
    if !parts.is_empty() || unshown {
        found.not_analysed.push(Open { rule: named(set, last(unit)), parts, unshown });
    }
}

fn last<'a>(unit: &Unit<'a>) -> &'a Rule {
    unit.wordings[unit.wordings.len() - 1]
}

fn impossible(group: &Group<'_>, node: &Node) -> bool {
    solve::can_hold(node, &group.variables.of(&[node])) == Some(false)
}

fn nothing(group: &Group<'_>, unit: &Unit<'_>, proof: Proof, set: Set<'_>, ask: Ask<'_>) -> Claim {
    let claim = |claim, because: &str, examples| Claim {
        claim,
        rule: named(set, last(unit)),
        other: None,
        because: because.into(),
        proof,
        examples,
    };
    let cannot = |node: &Node, pick: fn(&Read) -> &String| match (proof, ask.solver) {
        (Proof::Solver, Some(solver)) => {
            matches!(asked::pose(group, solver, &[unit], &|r| vec![pick(&r[0]).clone()]), Reply::Never)
        }
        _ => impossible(group, node),
    };
    if cannot(&unit.scope, |r| &r.scope.yes) {
        let because = "no record is looked at: its `where` never holds on the days on which it is in force";
        return claim(Kind::FindsNothing, because, Vec::new());
    }
    if cannot(&unit.base, |r| &r.base.yes) {
        let because = "its condition never holds for a record that it looks at";
        return claim(Kind::FindsNothing, because, Vec::new());
    }
    let excepted = |sample: &Sample| matches!(sample.verdicts.get(unit.name), Some(Verdict::Excepted));
    let seen = group.samples.iter().find(|s| excepted(s)).cloned();
    let example = seen
        .or_else(|| samples::one(group, unit, &unit.base, ask.judge, &excepted))
        .map(|sample| sample.example("meets the condition and is excepted", &[unit]));
    let names = match proof {
        Proof::Solver => {
            let mut names: Vec<String> = unit.wordings.iter().flat_map(|r| &r.unless).map(|e| e.name.clone()).collect();
            names.dedup();
            (!names.is_empty()).then_some(names)
        }
        _ => swallowing(group, &unit.parts, &unit.wordings),
    };
    let because = match names {
        Some(names) if names.len() == 1 => format!("its exception `{}` covers all that it would find", names[0]),
        Some(names) => format!("its exceptions {} cover all that it would find", listed(&names)),
        None => return claim(Kind::FindsNothing, "waivers cover all that it would find", Vec::new()),
    };
    claim(Kind::Swallowed, &because, example.into_iter().collect())
}

/// The exceptions that cover all: one of each wording, where one does; none where waivers are needed for it.
fn swallowing(group: &Group<'_>, parts: &[Parts], wordings: &[&Rule]) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for (parts, rule) in parts.iter().zip(wordings) {
        let base = parts.base();
        if impossible(group, &base) {
            continue;
        }
        let covers = |e: &Node| impossible(group, &and(vec![base.clone(), not(e.clone())]));
        let all = rule.unless.iter().zip(&parts.unless);
        let single: Option<&Exception> = all.clone().find(|(_, e)| covers(e)).map(|(named, _)| named);
        let together = || {
            let mut left = vec![base.clone()];
            left.extend(parts.unless.iter().cloned().map(not));
            impossible(group, &and(left))
        };
        match single {
            Some(e) => names.push(e.name.clone()),
            None if together() => names.extend(rule.unless.iter().map(|e| e.name.clone())),
            None => return None,
        }
    }
    names.sort();
    names.dedup();
    Some(names)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

fn everything(group: &Group<'_>, unit: &Unit<'_>, proof: Proof, set: Set<'_>) -> Claim {
    let filtered = unit.wordings.iter().any(|r| r.trigger.filter().is_some());
    let which = if filtered { "record that its `where` takes" } else { "record that it looks at" };
    let example = group.samples.iter().find(|s| s.finds(unit.name)).map(|s| s.example("one of them", &[unit]));
    Claim {
        claim: Kind::FindsEverything,
        rule: named(set, last(unit)),
        other: None,
        because: format!("no {which} complies: each is a finding, or a value that matters is not known"),
        proof,
        examples: example.into_iter().collect(),
    }
}

/// Wordings that never find anything, of a rule of which others do.
fn wordings(group: &Group<'_>, unit: &Unit<'_>, set: Set<'_>) -> Vec<Claim> {
    if unit.wordings.len() < 2 {
        return Vec::new();
    }
    let never = unit.wordings.iter().zip(&unit.parts).filter(|(_, parts)| impossible(group, &parts.found()));
    never
        .map(|(rule, _)| {
            let from = rule.effective.0.map_or("its first day".into(), display::date);
            Claim {
                claim: Kind::FindsNothing,
                rule: named(set, rule),
                other: None,
                because: format!("its wording from {from} never finds anything; others of its wordings do"),
                proof: Proof::Intervals,
                examples: Vec::new(),
            }
        })
        .collect()
}

fn explained(why: Whole) -> &'static str {
    match why {
        Whole::Letters => "a test of the letters of a text",
        Whole::Pattern => "a pattern",
        Whole::IgnoringCase => "a comparison that ignores case",
        Whole::TwoValues => "two values beside each other",
        Whole::Arithmetic => "a calculation",
        Whole::History => "what other records there are",
        Whole::Sequence => "a sequence",
        Whole::Limit => "at which record a limit is crossed",
        Whole::Above => "who is above whom",
        Whole::Lists => "lists of values that vary",
        Whole::Other => "a value that depends on more than the record",
    }
}
