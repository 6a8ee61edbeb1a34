//! Rules that the same records trigger, as formulas.

use super::Proof;
use super::samples::Sample;
use crate::analyze::canon::{Apart, Names};
use crate::analyze::formula::{Node, Origin, Variables, or};
use crate::analyze::lower::{Limits, Lowering, Parts, Whole, kinds};
use crate::analyze::scalar::Sort;
use crate::data::{Currency, Schema};
use crate::sema::hir::{Body, Expr, ExprKind, History, Rule};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// A rule with all its wordings.
pub struct Unit<'a> {
    pub name: &'a str,
    pub wordings: Vec<&'a Rule>,
    pub parts: Vec<Parts>,
    pub scope: Node,
    pub base: Node,
    pub found: Node,
    /// What it tests, beside its trigger and its days.
    pub tests: BTreeSet<String>,
    /// Columns of its records that it reads.
    pub columns: BTreeSet<String>,
    pub wholes: Vec<(Span, Whole)>,
    /// It finds nothing, or every record that it looks at.
    pub never: Option<Proof>,
    pub always: Option<Proof>,
}

pub struct Group<'a> {
    pub schema: &'a Schema,
    pub units: Vec<Unit<'a>>,
    pub variables: Variables,
    pub samples: Vec<Sample>,
    /// Of amounts that may be any.
    pub currency: Option<Currency>,
}

/// Rules by what triggers them; one over several kinds is in several groups.
pub fn groups<'a>(schema: &'a Schema, names: &BTreeMap<&'a str, Vec<&'a Rule>>, apart: &Apart) -> Vec<Group<'a>> {
    let mut by_kind: BTreeMap<String, Vec<&'a str>> = BTreeMap::new();
    for (name, wordings) in names {
        let triggers = wordings.iter().flat_map(|r| kinds(&r.trigger, &Names::of(schema, &r.trigger, apart)));
        for kind in triggers.collect::<BTreeSet<_>>() {
            by_kind.entry(kind).or_default().push(name);
        }
    }
    by_kind
        .into_values()
        .map(|members| {
            let mut variables = Variables::default();
            let of = |name: &'a str| unit(schema, name, &names[name], apart, &mut variables);
            let units = members.into_iter().map(of).collect();
            let currency = variables.currency();
            Group { schema, units, variables, samples: Vec::new(), currency }
        })
        .collect()
}

fn unit<'a>(
    schema: &'a Schema,
    name: &'a str,
    wordings: &[&'a Rule],
    apart: &Apart,
    variables: &mut Variables,
) -> Unit<'a> {
    let mut parts = Vec::new();
    let mut wholes = Vec::new();
    for rule in wordings {
        let mut lowering = Lowering::new(Names::of(schema, &rule.trigger, apart), variables, Limits::ByRecord);
        parts.push(lowering.parts(rule));
        wholes.extend(lowering.wholes);
    }
    sorted(&mut wholes);
    let any = |of: fn(&Parts) -> Node| or(parts.iter().map(of).collect());
    let (scope, base, found) = (any(|p| p.scope.clone()), any(Parts::base), any(Parts::found));
    let mut tests = BTreeSet::new();
    found.variables(&mut tests);
    let known = |name: &&str| variables.0.get(*name).filter(|v| !matches!(v.source, Origin::Kind | Origin::Day));
    // Of two values that are compared, each is tested.
    let ends = tests.iter().filter_map(known).flat_map(|v| match &v.sort {
        Sort::Pair(Some(sides)) => vec![sides.left.key.clone(), sides.right.key.clone()],
        _ => Vec::new(),
    });
    let tests = tests.iter().filter(|name| known(name).is_some()).map(|name| (*name).to_owned()).chain(ends).collect();
    let columns = wordings.iter().flat_map(|rule| columns(schema, rule)).collect();
    Unit {
        name,
        wordings: wordings.to_vec(),
        parts,
        scope,
        base,
        found,
        tests,
        columns,
        wholes,
        never: None,
        always: None,
    }
}

pub fn sorted(wholes: &mut Vec<(Span, Whole)>) {
    wholes.sort_by_key(|(span, why)| (span.file, span.start, span.end, *why));
    wholes.dedup();
}

fn columns(schema: &Schema, rule: &Rule) -> BTreeSet<String> {
    let kind = schema.kind(rule.trigger.kind());
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&Expr> = rule.trigger.filter().into_iter().collect();
    match &rule.body {
        Body::Forbid { when } => waiting.push(when),
        Body::Require { when, need } => {
            waiting.extend(when);
            waiting.extend(of_history(need));
        }
        Body::Limit { when, aggregate, to } => {
            waiting.extend(when.iter().chain([&**to]));
            // What is added up is of the rule's own records.
            if let Some(ExprKind::Column { root: 1, column }) = aggregate.value.as_ref().map(|v| &v.kind) {
                found.extend(kind.columns.get(column.0 as usize).map(|c| c.name.clone()));
            }
        }
    }
    waiting.extend(rule.unless.iter().map(|e| &e.condition));
    while let Some(e) = waiting.pop() {
        waiting.extend(e.children());
        match &e.kind {
            ExprKind::Column { root: 0, column } => {
                found.extend(kind.columns.get(column.0 as usize).map(|c| c.name.clone()));
            }
            ExprKind::History(history) => {
                waiting.extend(of_history(history));
                if history.kind == rule.trigger.kind()
                    && let Some(ExprKind::Column { root: 1, column }) = history.value.as_ref().map(|v| &v.kind)
                {
                    found.extend(kind.columns.get(column.0 as usize).map(|c| c.name.clone()));
                }
            }
            _ => {}
        }
    }
    found
}

fn of_history(history: &History) -> impl Iterator<Item = &Expr> {
    history.filter.iter().chain(history.keys.iter().map(|k| &k.outer))
}
