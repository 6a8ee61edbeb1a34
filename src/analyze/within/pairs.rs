//! What is said of two rules.

use super::samples::{self, Sample};
use super::unit::{Group, Unit};
use super::{Analysis, Ask, Claim, Kind, Proof, Undecided, asked, contradict, named};
use crate::analyze::Set;
use crate::analyze::formula::{and, not};
use crate::analyze::smt::Reply;
use crate::analyze::solve;
use crate::analyze::witness::Judge;
use std::collections::{BTreeMap, BTreeSet};

/// Whether all that one rule finds is found by another.
#[derive(Clone, Debug)]
enum Within {
    Proved(Proof),
    /// A record that only the one finds.
    Not(Sample),
    Unknown(String),
}

pub fn claims(
    group: &Group<'_>,
    set: Set<'_>,
    ask: Ask<'_>,
    compared: &mut BTreeSet<(String, String)>,
    found: &mut Analysis,
) {
    let seen = Seen::of(group);
    let mut within: BTreeMap<(usize, usize), Within> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (i, a) in group.units.iter().enumerate() {
        for (j, b) in group.units.iter().enumerate().skip(i + 1) {
            // Where nothing is tested by both, nothing follows from the one for the other.
            let related = |a: &Unit<'_>, b: &Unit<'_>| {
                !a.tests.is_disjoint(&b.tests) || ask.solver.is_some() && !a.columns.is_disjoint(&b.columns)
            };
            if a.never.or(b.never).is_some() || !related(a, b) {
                continue;
            }
            // Rules over several kinds may meet in more than one group.
            let shared = group.shared(a, b);
            if shared && !compared.insert((a.name.to_owned(), b.name.to_owned())) {
                continue;
            }
            pairs.push((i, j));
            for (one, other) in [(i, j), (j, i)] {
                if !seen.tells_apart(one, other)
                    && let Some(answer) = implied(group, one, other, ask)
                {
                    within.insert((one, other), answer);
                }
            }
        }
    }
    let proved = |one, other| match within.get(&(one, other)) {
        Some(Within::Proved(proof)) => Some(*proof),
        _ => None,
    };
    for (i, j) in &pairs {
        let (a, b) = (&group.units[*i], &group.units[*j]);
        match (proved(*i, *j), proved(*j, *i)) {
            (Some(proof), Some(_)) => found.claims.push(same(group, (a, b), proof, set)),
            (Some(proof), None) if !between(&within, *i, *j) => {
                found.claims.push(one_way(group, (a, b), proof, within.get(&(*j, *i)), set));
            }
            (None, Some(proof)) if !between(&within, *j, *i) => {
                found.claims.push(one_way(group, (b, a), proof, within.get(&(*i, *j)), set));
            }
            (None, None) => {
                found.claims.extend(contradict::claim(group, (*i, *j), seen.both_comply(*i, *j), set, ask));
                if ask.overlaps {
                    found.claims.extend(overlap(group, (a, b), set, ask.judge));
                }
            }
            _ => {}
        }
    }
    for ((one, other), answer) in &within {
        if let Within::Unknown(why) = answer {
            found.undecided.push(Undecided {
                rule: group.units[*one].name.to_owned(),
                other: group.units[*other].name.to_owned(),
                why: why.clone(),
            });
        }
    }
}

/// Sets of samples, as bits.
struct Seen {
    finds: Vec<Vec<u64>>,
    passes: Vec<Vec<u64>>,
    complies: Vec<Vec<u64>>,
}

impl Seen {
    fn of(group: &Group<'_>) -> Seen {
        let bits = |of: &dyn Fn(&Sample) -> bool| {
            let mut bits = vec![0; group.samples.len().div_ceil(64)];
            for (i, _) in group.samples.iter().enumerate().filter(|(_, s)| of(s)) {
                bits[i / 64] |= 1 << (i % 64);
            }
            bits
        };
        let all = |of: fn(&Sample, &str) -> bool| {
            group.units.iter().map(|u| bits(&|s: &Sample| of(s, u.name))).collect::<Vec<_>>()
        };
        Seen { finds: all(Sample::finds), passes: all(Sample::lets_pass), complies: all(Sample::complies) }
    }

    /// The one finds a record that the other does not.
    fn tells_apart(&self, one: usize, other: usize) -> bool {
        self.finds[one].iter().zip(&self.passes[other]).any(|(a, b)| a & b != 0)
    }

    fn both_comply(&self, one: usize, other: usize) -> bool {
        self.complies[one].iter().zip(&self.complies[other]).any(|(a, b)| a & b != 0)
    }
}

impl Group<'_> {
    /// Rules of which one at least is over several kinds.
    fn shared(&self, a: &Unit<'_>, b: &Unit<'_>) -> bool {
        let several = |u: &Unit<'_>| {
            u.wordings
                .iter()
                .any(|r| matches!(self.schema.kind(r.trigger.kind()).origin, crate::data::Origin::Union(_)))
        };
        several(a) || several(b)
    }
}

/// None where the other finds everything, so that nothing is said by it.
fn implied(group: &Group<'_>, one: usize, other: usize, ask: Ask<'_>) -> Option<Within> {
    let (a, b) = (&group.units[one], &group.units[other]);
    if b.always.is_some() {
        return None;
    }
    let only = and(vec![a.found.clone(), not(b.found.clone())]);
    if solve::can_hold(&only, &group.variables.of(&[&only])) == Some(false) {
        return Some(Within::Proved(Proof::Intervals));
    }
    let wanted = |s: &Sample| s.finds(a.name) && s.lets_pass(b.name);
    if let Some(sample) = samples::one(group, a, &only, ask.judge, &wanted) {
        return Some(Within::Not(sample));
    }
    let mut why = "neither proved, nor shown by a record that only the first one finds".to_owned();
    if let Some(solver) = ask.solver {
        match asked::pose(group, solver, &[a, b], &|r| vec![r[0].found.yes.clone(), r[1].found.no.clone()]) {
            Reply::Never => return Some(Within::Proved(Proof::Solver)),
            Reply::Unknown(said) => why = said,
            reply => {
                let samples = asked::sample(group, a, &reply, ask.judge);
                if let Some(sample) = samples.into_iter().find(wanted) {
                    return Some(Within::Not(sample));
                }
            }
        }
    }
    // Of a rule that no record shows, only its conditions say something.
    group.samples.iter().any(|s| s.finds(a.name)).then_some(Within::Unknown(why))
}

/// Whether a third one lies between two, of which the first finds less.
fn between(within: &BTreeMap<(usize, usize), Within>, one: usize, other: usize) -> bool {
    let proved = |a, b| matches!(within.get(&(a, b)), Some(Within::Proved(_)));
    within.range((one, 0)..(one + 1, 0)).any(|((_, third), _)| {
        *third != other
            && proved(one, *third)
            && proved(*third, other)
            && !proved(*third, one)
            && !proved(other, *third)
    })
}

fn both(group: &Group<'_>, a: &Unit<'_>, b: &Unit<'_>) -> Option<Sample> {
    group.samples.iter().find(|s| s.finds(a.name) && s.finds(b.name)).cloned()
}

fn same(group: &Group<'_>, (a, b): (&Unit<'_>, &Unit<'_>), proof: Proof, set: Set<'_>) -> Claim {
    let example = both(group, a, b).map(|s| s.example("both find it", &[a, b]));
    Claim {
        claim: Kind::Same,
        rule: named(set, a.wordings[a.wordings.len() - 1]),
        other: Some(named(set, b.wordings[b.wordings.len() - 1])),
        because: "each finds all that the other finds".into(),
        proof,
        examples: example.into_iter().collect(),
    }
}

fn one_way(
    group: &Group<'_>,
    (a, b): (&Unit<'_>, &Unit<'_>),
    proof: Proof,
    back: Option<&Within>,
    set: Set<'_>,
) -> Claim {
    let mut examples: Vec<_> = both(group, a, b).map(|s| s.example("both find it", &[a, b])).into_iter().collect();
    let only = match back {
        Some(Within::Not(sample)) => Some(sample.clone()),
        _ => group.samples.iter().find(|s| s.finds(b.name) && s.lets_pass(a.name)).cloned(),
    };
    let known = only.is_some();
    examples.extend(only.map(|s| s.example(format!("only `{}` finds it", b.name), &[a, b])));
    let more = if known { "" } else { "; whether that one finds more is not known" };
    Claim {
        claim: Kind::Implied,
        rule: named(set, a.wordings[a.wordings.len() - 1]),
        other: Some(named(set, b.wordings[b.wordings.len() - 1])),
        because: format!("all that it finds, `{}` finds too{more}", b.name),
        proof,
        examples,
    }
}

fn overlap(group: &Group<'_>, (a, b): (&Unit<'_>, &Unit<'_>), set: Set<'_>, judge: &dyn Judge) -> Option<Claim> {
    let wanted = |s: &Sample| s.finds(a.name) && s.finds(b.name);
    let sample = both(group, a, b).or_else(|| {
        let meeting = and(vec![a.found.clone(), b.found.clone()]);
        samples::one(group, a, &meeting, judge, &wanted)
    })?;
    Some(Claim {
        claim: Kind::Overlap,
        rule: named(set, a.wordings[a.wordings.len() - 1]),
        other: Some(named(set, b.wordings[b.wordings.len() - 1])),
        because: "some records are found by both".into(),
        proof: Proof::Records,
        examples: vec![sample.example("both find it", &[a, b])],
    })
}
