//! What is said of one rule by itself.

use super::samples::{self, Sample};
use super::unit::Group;
use super::{Analysis, Claim, Kind, Open, Part, Proof, Unit, named};
use crate::analyze::Set;
use crate::analyze::formula::{Node, and, not};
use crate::analyze::lower::{Parts, Whole};
use crate::analyze::solve;
use crate::analyze::witness::Judge;
use crate::data::{Verdict, display};
use crate::report::line_of;
use crate::sema::hir::{Exception, Rule};

pub fn claims(group: &mut Group<'_>, i: usize, set: Set<'_>, judge: &dyn Judge, found: &mut Analysis) {
    let claim = nothing(group, i, set, judge).or_else(|| everything(group, i, set));
    match claim.as_ref().map(|c| c.claim) {
        Some(Kind::FindsEverything) => group.units[i].always = true,
        Some(_) => group.units[i].never = true,
        None => found.claims.extend(wordings(group, i, set)),
    }
    found.claims.extend(claim);
    let unit = &group.units[i];
    let parts: Vec<Part> = unit
        .wholes
        .iter()
        .map(|(span, why)| Part {
            text: set.sources.text(*span).split_whitespace().collect::<Vec<_>>().join(" "),
            place: line_of(set.sources, *span),
            why: explained(*why),
        })
        .collect();
    let unshown = !unit.never && !group.samples.iter().any(|s| s.finds(unit.name));
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

fn nothing(group: &Group<'_>, i: usize, set: Set<'_>, judge: &dyn Judge) -> Option<Claim> {
    let unit = &group.units[i];
    if !impossible(group, &unit.found) {
        return None;
    }
    let claim = |claim, because: String, examples| Claim {
        claim,
        rule: named(set, last(unit)),
        other: None,
        because,
        proof: Proof::Intervals,
        examples,
    };
    if impossible(group, &unit.scope) {
        let because = "no record is looked at: its `where` never holds on the days on which it is in force";
        return Some(claim(Kind::FindsNothing, because.into(), Vec::new()));
    }
    if impossible(group, &unit.base) {
        let because = "its condition never holds for a record that it looks at";
        return Some(claim(Kind::FindsNothing, because.into(), Vec::new()));
    }
    let excepted = |sample: &Sample| matches!(sample.verdicts.get(unit.name), Some(Verdict::Excepted));
    let example = samples::one(group, unit, &unit.base, judge, &excepted)
        .map(|sample| sample.example("meets the condition and is excepted", &[unit.name]));
    let because = match swallowing(group, &unit.parts, &unit.wordings) {
        Some(names) if names.len() == 1 => format!("its exception `{}` covers all that it would find", names[0]),
        Some(names) => format!("its exceptions {} cover all that it would find", listed(&names)),
        None => return Some(claim(Kind::FindsNothing, "waivers cover all that it would find".into(), Vec::new())),
    };
    Some(claim(Kind::Swallowed, because, example.into_iter().collect()))
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

fn everything(group: &Group<'_>, i: usize, set: Set<'_>) -> Option<Claim> {
    let unit = &group.units[i];
    if !impossible(group, &and(vec![unit.scope.clone(), not(unit.found.clone())])) {
        return None;
    }
    let filtered = unit.wordings.iter().any(|r| r.trigger.filter().is_some());
    let which = if filtered { "record that its `where` takes" } else { "record that it looks at" };
    let example = group.samples.iter().find(|s| s.finds(unit.name)).map(|s| s.example("one of them", &[unit.name]));
    Some(Claim {
        claim: Kind::FindsEverything,
        rule: named(set, last(unit)),
        other: None,
        because: format!("every {which} is a finding, if its values are known"),
        proof: Proof::Intervals,
        examples: example.into_iter().collect(),
    })
}

/// Wordings that never find anything, of a rule of which others do.
fn wordings(group: &Group<'_>, i: usize, set: Set<'_>) -> Vec<Claim> {
    let unit = &group.units[i];
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
