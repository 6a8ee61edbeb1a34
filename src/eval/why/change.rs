//! Which single changes would have led to another verdict, each tried.

use super::super::explain::record_ref;
use super::super::interp::{Frame, Scope};
use super::super::message::show_known;
use super::super::results::Entry;
use super::super::{Findings, RecordRef};
use super::lab::{Edit, Lab, Outcome};
use super::propose::{Demand, Proposal, Propose};
use crate::data::{ColumnId, KindId, Origin, Verdict, display};
use crate::plan::{Body, RulePlan};

/// What was tried, and what led to another verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// So many single changes were tried.
    pub tried: usize,
    /// Those that led to another verdict, the first of their sort.
    pub found: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub what: What,
    /// None: not triggered.
    pub verdict: Option<Verdict>,
    pub exception: Option<String>,
    /// Findings of the rule at other records that there would be then, more than now.
    pub more: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Field { record: RecordRef, own: bool, column: ColumnId, found: String, demand: Demand },
    Added { kind: KindId, fields: Vec<(ColumnId, Demand)>, from: Option<String>, until: Option<String> },
    Removed { record: RecordRef },
}

/// At most so many are shown.
const SHOWN: usize = 8;

pub fn changes<'a>(
    findings: &'a Findings,
    rule: &'a RulePlan,
    index: u32,
    scope: &Scope<'_, 'a>,
    entry: Option<&Entry>,
) -> Option<Changes> {
    if entry.is_some_and(|e| e.lacking.is_some()) {
        return None;
    }
    let frame = scope.frame;
    let mut lab = Lab::new(findings, index, &frame, entry)?;
    let cx = findings.runtime.context(&findings.plan, &findings.world, rule.clock, entry.and_then(|e| e.period));
    let mut propose = Propose::new(findings, cx, rule, frame, entry.and_then(|e| e.owner));
    let verdict = entry.map(|e| e.judgement.verdict);
    // What is judged may itself be a finding; of what is added up it is one record among others.
    let finding = findings.plan.schema.kind(frame.kind).origin == Origin::Findings;
    let undone = finding && verdict != Some(Verdict::Compliant);
    let added_up = matches!(rule.body, Body::Limit { .. });
    if undone && added_up {
        propose.unfound(&frame);
    }
    propose.towards(rule, scope, entry);
    if undone && !added_up {
        propose.unfound(&frame);
    }
    let wanted = |after: &Outcome| match verdict {
        Some(Verdict::Finding) => !matches!(
            after.verdict,
            Some(Verdict::Finding | Verdict::Repeated | Verdict::Indeterminate | Verdict::Pending)
        ),
        Some(Verdict::Indeterminate | Verdict::Pending) => {
            matches!(after.verdict, Some(Verdict::Finding | Verdict::Compliant | Verdict::Excepted))
        }
        _ => after.verdict == Some(Verdict::Finding),
    };
    let mut changes = Changes::default();
    for proposal in propose.out {
        let (what, edit) = described(findings, &cx, &frame, proposal);
        if changes.found.iter().any(|c| c.what == what) || changes.found.len() == SHOWN {
            continue;
        }
        if lab.trials == 0 {
            break;
        }
        lab.trials -= 1;
        changes.tried += 1;
        let Some(after) = lab.run(std::slice::from_ref(&edit)) else { continue };
        if wanted(&after) {
            let exception = after.exception.and_then(|e| rule.unless.get(e as usize)).map(|e| e.name.clone());
            let more = after.others as i64 - lab.before.others as i64;
            changes.found.push(Change { what, verdict: after.verdict, exception, more });
        }
    }
    Some(changes)
}

fn described(
    findings: &Findings,
    cx: &super::super::interp::Context<'_>,
    own: &Frame<'_>,
    proposal: Proposal,
) -> (What, Edit) {
    match proposal {
        Proposal::Added { edit, fields, from, until } => {
            let kind = match &edit {
                Edit::Add { kind, .. } | Edit::Set { kind, .. } | Edit::Remove { kind, .. } => *kind,
            };
            (What::Added { kind, fields, from, until }, edit)
        }
        Proposal::Removed { edit } => {
            let frame = framed(findings, &edit).unwrap_or(*own);
            (What::Removed { record: record_ref(cx, &frame) }, edit)
        }
        Proposal::Field { edit, demand } => {
            let frame = framed(findings, &edit).unwrap_or(*own);
            let column = match edit {
                Edit::Set { column, .. } => column,
                _ => ColumnId(0),
            };
            let of = cx.plan.schema.column(frame.kind, column);
            let found = match of.sensitive {
                true => display::WITHHELD.into(),
                false => {
                    let value = super::super::val::Val::cell(frame.rows, frame.row, column, of.optional);
                    show_known(cx, value, &of.ty, cx.plan.schema.is_person(frame.kind, column))
                }
            };
            let own = frame.rows.own().kind == own.rows.own().kind
                && frame.rows.places.get(frame.row) == own.rows.places.get(own.row);
            (What::Field { record: record_ref(cx, &frame), own, column, found, demand }, edit)
        }
    }
}

fn framed<'f>(findings: &'f Findings, edit: &Edit) -> Option<Frame<'f>> {
    match *edit {
        Edit::Set { kind, id, .. } | Edit::Remove { kind, id } => Some(findings.world.frame(kind, id)),
        Edit::Add { .. } => None,
    }
}
