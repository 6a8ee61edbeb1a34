//! Two rules of which a record cannot comply with both.

use super::samples::{self, Sample};
use super::unit::{Group, Unit};
use super::{Ask, Claim, Kind, Proof, asked, named};
use crate::analyze::Set;
use crate::analyze::formula::{Node, Origin, Region, Variables, and, not, or};
use crate::analyze::smt::{Read, Reply};
use crate::analyze::solve;
use crate::analyze::witness::Judge;
use crate::sema::hir::Verb;
use std::ops::ControlFlow;

pub fn claim(
    group: &Group<'_>,
    (i, j): (usize, usize),
    both_comply: bool,
    set: Set<'_>,
    ask: Ask<'_>,
) -> Option<Claim> {
    let (a, b) = (&group.units[i], &group.units[j]);
    if a.always.or(b.always).is_some() {
        return None;
    }
    let of = |claim, because: String, proof, examples: [Sample; 2]| {
        let rules = [a, b];
        let shows = |s: &Sample| format!("`{}` finds it", if s.finds(a.name) { a.name } else { b.name });
        Claim {
            claim,
            rule: named(set, a.wordings[a.wordings.len() - 1]),
            other: Some(named(set, b.wordings[b.wordings.len() - 1])),
            because,
            proof,
            examples: examples.iter().map(|s| s.example(shows(s), &rules)).collect(),
        }
    };
    let chosen = a.tests.intersection(&b.tests).find_map(|name| {
        let variable = group.variables.0.get(name)?;
        let what = match &variable.source {
            Origin::Empty(_) | Origin::There(_) | Origin::Nearest { .. } => {
                "whatever other records there are".to_owned()
            }
            Origin::Column(column) if variable.optional => format!("whether `{column}` is there or not"),
            _ => return None,
        };
        let examples = one_of_both(group, a, b, name, ask.judge)?;
        let because = format!("what one asks for, the other forbids: {what}, one of them finds something");
        Some(of(Kind::Contradiction, because, Proof::Records, examples))
    });
    if chosen.is_some() || both_comply {
        return chosen;
    }
    let (proof, examples) = nowhere(group, a, b, ask)?;
    let because =
        "no record that both look at complies with both: one of them finds it, or a value that matters is not known"
            .to_owned();
    let required = a.wordings.iter().chain(&b.wordings).any(|r| r.verb == Verb::Require);
    let kind = if required { Kind::Contradiction } else { Kind::Together };
    Some(of(kind, because, proof, examples))
}

/// No record that both look at complies with both; shown by one that only the one finds, and one for the other.
fn nowhere(group: &Group<'_>, a: &Unit<'_>, b: &Unit<'_>, ask: Ask<'_>) -> Option<(Proof, [Sample; 2])> {
    let only = |finds: &Unit<'_>, other: &Unit<'_>| {
        group.samples.iter().find(|s| s.finds(finds.name) && s.complies(other.name)).cloned()
    };
    let examples = [only(a, b)?, only(b, a)?];
    let none = and(vec![a.scope.clone(), b.scope.clone(), not(a.found.clone()), not(b.found.clone())]);
    if solve::can_hold(&none, &group.variables.of(&[&none])) == Some(false) {
        return Some((Proof::Intervals, examples));
    }
    let neither =
        |r: &[Read]| vec![r[0].scope.yes.clone(), r[1].scope.yes.clone(), r[0].found.no.clone(), r[1].found.no.clone()];
    match asked::pose(group, ask.solver?, &[a, b], &neither) {
        Reply::Never => Some((Proof::Solver, examples)),
        _ => None,
    }
}

/// A record that one of both finds, whichever value the variable has.
fn one_of_both(group: &Group<'_>, a: &Unit<'_>, b: &Unit<'_>, name: &str, judge: &dyn Judge) -> Option<[Sample; 2]> {
    let variables: Variables = group.variables.of(&[&a.found, &b.found]);
    let (key, of) = variables.0.get_key_value(name)?;
    let regions: Vec<&Region> = of.regions.iter().collect();
    let always = |node: &Node| and(regions.iter().map(|r| node.given(name, r)).collect());
    let either = or(vec![a.found.clone(), b.found.clone()]);
    let formula = and(vec![always(&either), not(always(&a.found)), not(always(&b.found))]);
    let mut found = None;
    let mut tries = 0;
    solve::models(&formula, &variables, &mut |model| {
        tries += 1;
        let mut shown: [Option<Sample>; 2] = [None, None];
        let mut refuted = false;
        for region in &regions {
            let mut whole = model.clone();
            whole.insert(key.as_str(), *region);
            let judged = a.wordings.iter().find_map(|rule| samples::judged(group, rule, &variables, &whole, judge));
            let Some(sample) = judged else { continue };
            match (sample.finds(a.name), sample.finds(b.name)) {
                (true, false) if sample.complies(b.name) => shown[0] = Some(sample),
                (false, true) if sample.complies(a.name) => shown[1] = Some(sample),
                (false, false) => refuted = true,
                _ => {}
            }
        }
        if let ([Some(first), Some(second)], false) = (&shown, refuted) {
            found = Some([first.clone(), second.clone()]);
            return ControlFlow::Break(());
        }
        if tries < 16 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    found
}
