//! Records that rules find, judged by all of them: what tells most pairs apart.

use super::unit::{Group, Unit, sorted};
use super::{Ask, Example, Proof, asked};
use crate::analyze::Side;
use crate::analyze::formula::{Node, Variables, and, not};
use crate::analyze::smt::{Question, Read, Reply, Solver};
use crate::analyze::solve::{self, Model};
use crate::analyze::witness::{self, Judge};
use crate::data::Verdict;
use crate::sema::hir::Rule;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Records, and what each rule makes of the last of them.
#[derive(Clone, Debug)]
pub struct Sample {
    pub records: Vec<Json>,
    pub verdicts: BTreeMap<String, Verdict>,
}

impl Sample {
    pub fn finds(&self, rule: &str) -> bool {
        matches!(self.verdicts.get(rule), Some(Verdict::Finding | Verdict::Repeated))
    }

    /// It is certain that the rule does not find it.
    pub fn lets_pass(&self, rule: &str) -> bool {
        !self.finds(rule) && !matches!(self.verdicts.get(rule), Some(Verdict::Indeterminate | Verdict::Pending))
    }

    /// The rule looks at it, and does not find it.
    pub fn complies(&self, rule: &str) -> bool {
        matches!(self.verdicts.get(rule), Some(Verdict::Compliant | Verdict::Excepted | Verdict::Waived))
    }

    pub fn example(&self, shows: impl Into<String>, rules: &[&Unit<'_>]) -> Example {
        let verdict = |rule: &&Unit<'_>| (rule.name.to_owned(), self.verdicts.get(rule.name).copied());
        Example {
            shows: shows.into(),
            records: self.records.clone(),
            verdicts: rules.iter().map(verdict).collect(),
            read: rules.iter().flat_map(|r| r.columns.iter().cloned()).collect(),
        }
    }
}

/// So many models are looked at for one that a record can show.
const TRIES: usize = 48;
/// So many records are wanted that a rule finds.
const EACH: usize = 2;

/// For each rule, records that it finds, and one that it looks at and lets pass; and whether there can be any.
pub fn gather(group: &mut Group<'_>, ask: Ask<'_>) {
    let of = |i: usize| of_values(group, &group.units[i], ask.judge);
    let mut samples: Vec<Vec<Sample>> = crate::threads::each(ask.threads, group.units.len(), of);
    for (i, own) in samples.iter_mut().enumerate() {
        let unit = &group.units[i];
        let impossible = |node: &Node| solve::can_hold(node, &group.variables.of(&[node])) == Some(false);
        let never = impossible(&unit.found).then_some(Proof::Intervals);
        let always = impossible(&passing(unit)).then_some(Proof::Intervals).filter(|_| never.is_none());
        let (never, always) = match ask.solver {
            Some(solver) if never.or(always).is_none() => {
                let mut question = Question::new();
                let mut wholes = asked::read(group, unit, &mut question).wholes;
                sorted(&mut wholes);
                let proofs = of_solver(group, unit, solver, ask.judge, own);
                group.units[i].wholes = wholes;
                proofs
            }
            _ => (never, always),
        };
        (group.units[i].never, group.units[i].always) = (never, always);
    }
    group.samples = samples.into_iter().flatten().collect();
}

/// Records that the unit looks at and does not find.
fn passing(unit: &Unit<'_>) -> Node {
    and(vec![unit.scope.clone(), not(unit.found.clone())])
}

fn of_values(group: &Group<'_>, unit: &Unit<'_>, judge: &dyn Judge) -> Vec<Sample> {
    let mut found = Vec::new();
    let variables = group.variables.of(&[&unit.found, &unit.scope]);
    look(group, &unit.wordings, &unit.found, &variables, judge, &mut |sample| {
        if sample.finds(unit.name) {
            found.push(sample);
        }
        if found.len() < EACH { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    look(group, &unit.wordings, &passing(unit), &variables, judge, &mut |sample| match sample.complies(unit.name) {
        true => {
            found.push(sample);
            ControlFlow::Break(())
        }
        false => ControlFlow::Continue(()),
    });
    found
}

/// What is not shown yet, by the solver: whether the rule finds nothing, or everything.
fn of_solver(
    group: &Group<'_>,
    unit: &Unit<'_>,
    solver: &dyn Solver,
    judge: &dyn Judge,
    samples: &mut Vec<Sample>,
) -> (Option<Proof>, Option<Proof>) {
    let (mut never, mut always) = (None, None);
    if !samples.iter().any(|s| s.finds(unit.name)) {
        match asked::pose(group, solver, &[unit], &|reads| vec![reads[0].found.yes.clone()]) {
            Reply::Never => never = Some(Proof::Solver),
            reply => samples.extend(asked::sample(group, unit, &reply, judge)),
        }
    }
    if never.is_none() && !samples.iter().any(|s| s.complies(unit.name)) {
        let passing = |reads: &[Read]| vec![reads[0].scope.yes.clone(), reads[0].found.no.clone()];
        match asked::pose(group, solver, &[unit], &passing) {
            Reply::Never => always = Some(Proof::Solver),
            reply => samples.extend(asked::sample(group, unit, &reply, judge)),
        }
    }
    (never, always)
}

/// Shows the records of a formula's models, judged, until there is none left, enough was seen, or tries are used up.
pub fn look(
    group: &Group<'_>,
    rules: &[&Rule],
    formula: &Node,
    variables: &Variables,
    judge: &dyn Judge,
    visit: &mut dyn FnMut(Sample) -> ControlFlow<()>,
) -> solve::Answer {
    let mut tries = 0;
    solve::models(formula, variables, &mut |model| {
        for rule in rules {
            tries += 1;
            if let Some(sample) = judged(group, rule, variables, model, judge) {
                visit(sample)?;
            }
        }
        if tries < TRIES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
}

pub fn judged(
    group: &Group<'_>,
    rule: &Rule,
    variables: &Variables,
    model: &Model<'_>,
    judge: &dyn Judge,
) -> Option<Sample> {
    let (records, day) = witness::records(group.schema, rule, variables, model, group.currency)?;
    let verdicts = judge.verdicts(Side::New, &records, day)?;
    Some(Sample { records, verdicts })
}

/// The first record that the formula speaks of and that is as wanted.
pub fn one(
    group: &Group<'_>,
    unit: &Unit<'_>,
    formula: &Node,
    judge: &dyn Judge,
    wanted: &dyn Fn(&Sample) -> bool,
) -> Option<Sample> {
    let variables = group.variables.of(&[formula]);
    let mut found = None;
    look(group, &unit.wordings, formula, &variables, judge, &mut |sample| {
        if wanted(&sample) {
            found = Some(sample);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    found
}
