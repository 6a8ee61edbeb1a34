//! What the solver is asked of rules.

use super::samples::Sample;
use super::unit::{Group, Unit};
use crate::analyze::Side;
use crate::analyze::canon::Apart;
use crate::analyze::lower::Limits;
use crate::analyze::smt::{Question, Read, Reply, Solver};
use crate::analyze::witness::{self, Judge, Wanted};

/// Whether what is picked can hold of one record.
pub fn pose(
    group: &Group<'_>,
    solver: &dyn Solver,
    units: &[&Unit<'_>],
    pick: &dyn Fn(&[Read]) -> Vec<String>,
) -> Reply {
    let mut question = Question::new();
    let reads: Vec<Read> = units.iter().map(|u| read(group, u, &mut question)).collect();
    question.ask(solver, group.schema, &pick(&reads))
}

pub fn read(group: &Group<'_>, unit: &Unit<'_>, question: &mut Question) -> Read {
    question.read(group.schema, &unit.wordings, &Apart::default(), Limits::ByRecord)
}

/// The record of a model, as all rules judge it.
pub fn sample(group: &Group<'_>, unit: &Unit<'_>, reply: &Reply, judge: &dyn Judge) -> Vec<Sample> {
    let Reply::Model(wanted) = reply else { return Vec::new() };
    let of = |rule: &&crate::sema::hir::Rule| {
        let (records, day) = witness::made(group.schema, rule, Wanted { currency: group.currency, ..wanted.clone() })?;
        let verdicts = judge.verdicts(Side::New, &records, day)?;
        Some(Sample { records, verdicts })
    };
    unit.wordings.iter().filter_map(of).collect()
}
