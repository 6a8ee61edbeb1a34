//! What changed in meaning between two policy sets; and how the rules of one stand to each other ([`within`]).
//!
//! Rules are compared as formulas ([`formula`]) over a decidable core: booleans, words and enums, intervals of numbers,
//! money, dates and durations, presence, and sets; aggregates, windows, patterns and ways up in a table are taken whole.
//! That a rule finds nothing more, or nothing less, is proved for all records whose values are known; that it does is
//! shown by a record ([`witness`]) that the evaluator itself judges so. What is neither is *not analysed*, and said to
//! be.

mod canon;
mod formula;
mod history;
mod lower;
mod order;
mod rules;
mod scalar;
mod schema;
mod smt;
mod solve;
mod text;
mod within;
mod witness;

pub(crate) use rules::{Change, Relation, Shown};
pub(crate) use schema::SchemaChange;
pub(crate) use smt::{Solver, Trouble};
pub(crate) use text::{cell, human, json, markdown};
pub(crate) use within::{Ask, Kind, analyze as within, human as within_human, json as within_json};
pub(crate) use witness::Judge;

use crate::data::{Schema, Severity};
use crate::sema::hir::{Hir, Metric, Rule};
use crate::source::SourceMap;
use canon::{Apart, Names};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Old,
    New,
}

/// One of the two sets.
#[derive(Clone, Copy)]
pub(crate) struct Set<'a> {
    pub sources: &'a SourceMap,
    pub hir: &'a Hir,
    /// The lines of charters, as written.
    pub charter: &'a [String],
}

/// A part of a set, with the schema that it is about.
pub(crate) struct Sided<'a, T: ?Sized> {
    pub schema: &'a Schema,
    pub of: &'a T,
}

/// A rule that is not what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RuleChange {
    pub rule: String,
    pub title: String,
    pub severity: Severity,
    /// It was graver.
    pub lowered: bool,
    /// `rules.bylaw:12`, in the new set, or in the old one where it is gone.
    pub place: String,
    /// What it was called, where only the name has changed.
    pub renamed_from: Option<String>,
    pub relation: Relation,
    /// A record that is found now and was not; and one that was and is not.
    pub more: Option<Shown>,
    pub less: Option<Shown>,
    pub changes: Vec<Change>,
    /// Its findings are where a limit is crossed: with another limit that may be another record.
    pub crosses: bool,
}

/// All that changed in meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Changes {
    pub rules: Vec<RuleChange>,
    pub records: Vec<SchemaChange>,
    /// How records are read.
    pub sources: Vec<Change>,
    pub params: Vec<Change>,
    pub metrics: Vec<Change>,
    pub charter: Vec<Change>,
    pub clock: Vec<Change>,
    /// How many tests there are.
    pub tests: Option<Change>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }
}

/// What the solver decides beside the rest, where there is one.
pub(crate) fn diff(old: Set<'_>, new: Set<'_>, judge: &dyn Judge, solver: Option<&dyn Solver>) -> Changes {
    let mut aparts = aparts(old, new);
    let (before, after) = (by_name(old.hir), by_name(new.hir));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    // Rules that see the findings of others are compared once it is known whether those others are the same.
    let mut in_order: Vec<&str> = names.into_iter().collect();
    let level = |name: &str| {
        let of = |set: &BTreeMap<&str, Vec<&Rule>>| set.get(name).into_iter().flatten().map(|r| r.level).max();
        of(&before).max(of(&after)).unwrap_or_default()
    };
    in_order.sort_by_key(|name| (level(name), *name));
    let mut changes = Changes::default();
    let mut at_level = 0;
    for name in in_order {
        if level(name) > at_level {
            at_level = level(name);
            let differs = changes.rules.iter().any(|c| c.relation != Relation::Same || c.renamed_from.is_some());
            aparts.0.findings = differs;
            aparts.1.findings = differs;
        }
        let change = match (before.get(name), after.get(name)) {
            (Some(was), Some(is)) => changed(name, (old, was), (new, is), (&aparts.0, &aparts.1), (judge, solver)),
            (Some(was), None) => Some(alone(name, old, was, Relation::Removed)),
            (None, Some(is)) => Some(alone(name, new, is, Relation::Added)),
            (None, None) => None,
        };
        changes.rules.extend(change);
    }
    renamed(&mut changes.rules, (old, &before), (new, &after), (&aparts.0, &aparts.1));
    changes.rules.sort_by(|a, b| (a.relation, &a.rule).cmp(&(b.relation, &b.rule)));
    changes.records = schema::changes(&old.hir.schema, &new.hir.schema);
    changes.sources = schema::sources((&old.hir.schema, &old.hir.sources), (&new.hir.schema, &new.hir.sources));
    changes.params = schema::params((&old.hir.schema, &old.hir.params), (&new.hir.schema, &new.hir.params));
    changes.metrics = metrics((old, &aparts.0), (new, &aparts.1));
    changes.charter = lines(old.charter, new.charter);
    changes.clock = clock(old.hir, new.hir);
    let (was, is) = (old.hir.tests.len(), new.hir.tests.len());
    changes.tests =
        (was != is).then(|| Change { what: "tests".into(), old: Some(was.to_string()), new: Some(is.to_string()) });
    changes
}

/// What means something else in the two sets, whatever the rules say.
fn aparts(old: Set<'_>, new: Set<'_>) -> (Apart, Apart) {
    let kinds = old.hir.schema.declared().iter().filter(|before| {
        let after = new.hir.schema.declared().iter().find(|k| k.name == before.name);
        after.is_some_and(|after| schema::described(after) != schema::described(before))
    });
    let kinds: BTreeSet<String> = kinds.map(|k| k.name.clone()).collect();
    let clock = !clock(old.hir, new.hir).is_empty();
    let apart = |side| Apart { side, kinds: kinds.clone(), findings: false, clock };
    (apart("old"), apart("new"))
}

fn by_name(hir: &Hir) -> BTreeMap<&str, Vec<&Rule>> {
    let mut found: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in &hir.rules {
        found.entry(&rule.name).or_default().push(rule);
    }
    found
}

fn place(set: Set<'_>, rule: &Rule) -> String {
    crate::report::line_of(set.sources, rule.name_span)
}

fn changed(
    name: &str,
    (old, was): (Set<'_>, &[&Rule]),
    (new, is): (Set<'_>, &[&Rule]),
    aparts: (&Apart, &Apart),
    (judge, solver): (&dyn Judge, Option<&dyn Solver>),
) -> Option<RuleChange> {
    let pair =
        rules::Pair { old: Sided { schema: &old.hir.schema, of: was }, new: Sided { schema: &new.hir.schema, of: is } };
    let (more, less) = pair.relate(aparts, judge, solver);
    let relation = rules::relation(&more, &less);
    let (first, last) = (was.last()?, is.last()?);
    let clauses = |set: Set<'_>, of: &[&Rule], apart: &Apart| -> Vec<rules::Clause> {
        of.iter().flat_map(|r| rules::clauses(r, &set.hir.schema, set.sources, apart)).collect()
    };
    let mut changes = rules::changes(&clauses(old, was, aparts.0), &clauses(new, is, aparts.1));
    let before = rules::attributes(first, old.sources);
    let after = rules::attributes(last, new.sources);
    for ((what, old), (_, new)) in before.into_iter().zip(after) {
        if old != new {
            changes.push(Change { what: what.into(), old, new });
        }
    }
    let worded = was.len() != is.len();
    if worded {
        let count = |of: &[&Rule]| Some(of.len().to_string());
        changes.push(Change { what: "wordings".into(), old: count(was), new: count(is) });
    }
    if relation == Relation::Same && changes.is_empty() {
        return None;
    }
    // What is counted with an earlier finding is told otherwise: that may hide a finding, or bring one to light.
    let relation = match relation {
        Relation::Same if changes.iter().any(|c| c.what == "once") => Relation::NotAnalysed,
        relation => relation,
    };
    let shown = |s: Shown| (s != Shown::Never).then_some(s);
    Some(RuleChange {
        rule: name.to_owned(),
        title: last.title.clone(),
        severity: last.severity,
        lowered: first.severity > last.severity,
        place: place(new, last),
        renamed_from: None,
        relation,
        more: shown(more),
        less: shown(less),
        changes,
        crosses: last.verb == crate::sema::hir::Verb::Limit,
    })
}

fn alone(name: &str, set: Set<'_>, wordings: &[&Rule], relation: Relation) -> RuleChange {
    let rule = wordings[wordings.len() - 1];
    RuleChange {
        rule: name.to_owned(),
        title: rule.title.clone(),
        severity: rule.severity,
        lowered: false,
        place: place(set, rule),
        renamed_from: None,
        relation,
        more: None,
        less: None,
        changes: Vec::new(),
        crosses: false,
    }
}

/// A rule that is gone and one that is new and finds the same are one that was renamed.
fn renamed(
    changes: &mut Vec<RuleChange>,
    (old, before): (Set<'_>, &BTreeMap<&str, Vec<&Rule>>),
    (new, after): (Set<'_>, &BTreeMap<&str, Vec<&Rule>>),
    aparts: (&Apart, &Apart),
) {
    let of = |relation| -> Vec<String> {
        changes.iter().filter(|c| c.relation == relation).map(|c| c.rule.clone()).collect()
    };
    let (removed, mut added) = (of(Relation::Removed), of(Relation::Added));
    for was in removed {
        let same = |is: &&String| {
            let mut variables = formula::Variables::default();
            let one = rules::formula(&old.hir.schema, &before[was.as_str()], aparts.0, &mut variables);
            let other = rules::formula(&new.hir.schema, &after[is.as_str()], aparts.1, &mut variables);
            one == other
        };
        let Some(is) = added.iter().find(same).cloned() else { continue };
        added.retain(|a| *a != is);
        changes.retain(|c| !(c.relation == Relation::Removed && c.rule == was));
        if let Some(change) = changes.iter_mut().find(|c| c.relation == Relation::Added && c.rule == is) {
            change.relation = Relation::Same;
            change.renamed_from = Some(was);
        }
    }
}

fn metrics((old, one): (Set<'_>, &Apart), (new, other): (Set<'_>, &Apart)) -> Vec<Change> {
    let means = |set: Set<'_>, apart: &Apart| -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for metric in &set.hir.metrics {
            let text = metric_text(metric, &set.hir.schema, apart);
            found.entry(metric.name.clone()).or_default().push_str(&text);
        }
        found
    };
    let (before, after) = (means(old, one), means(new, other));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();

    let differing = names.into_iter().filter(|n| before.get(*n) != after.get(*n));
    differing
        .map(|name| {
            let (was, is) = (before.contains_key(name), after.contains_key(name));
            let said = |text: &str| Some(text.to_owned());
            let (old, new) = match (was, is) {
                (true, true) => (None, said("worked out in another way, or from findings of rules that changed")),
                (true, false) => (said("declared"), None),
                _ => (None, said("declared")),
            };
            Change { what: name.clone(), old, new }
        })
        .collect()
}

fn metric_text(metric: &Metric, schema: &Schema, apart: &Apart) -> String {
    let names = Names::of(schema, &metric.trigger, apart);
    let value = metric.value.as_ref().map_or(String::new(), |v| names.text(v));
    let filter = metric.trigger.filter().map_or(String::new(), |f| names.text(f));
    let keys: Vec<String> = metric.keys.iter().map(|k| format!("{} {}", k.name, names.text(&k.value))).collect();
    format!(
        "{:?} {value} of {} where {filter} per {keys:?} {:?} {:?};",
        metric.func,
        names.kind(metric.trigger.kind()),
        metric.period,
        metric.effective
    )
}

fn lines(old: &[String], new: &[String]) -> Vec<Change> {
    let gone = old.iter().filter(|l| !new.contains(l)).map(|l| Change {
        what: "charter".into(),
        old: Some(l.clone()),
        new: None,
    });
    let added = new.iter().filter(|l| !old.contains(l)).map(|l| Change {
        what: "charter".into(),
        old: None,
        new: Some(l.clone()),
    });
    gone.chain(added).collect()
}

/// What the policies say of zone, fiscal year and business days.
fn clock(old: &Hir, new: &Hir) -> Vec<Change> {
    let said = |hir: &Hir| -> BTreeSet<String> {
        let clocks = hir.rules.iter().map(|r| &r.clock).chain(hir.metrics.iter().map(|m| &m.clock));
        let business = |hir: &Hir, b: &crate::data::Business| {
            let table = b.except.map_or(String::new(), |(k, _)| format!(" except {}", hir.schema.kind(k).name));
            format!("weekdays {:07b}{table}", b.weekdays)
        };
        clocks
            .map(|c| {
                let days = c.business.as_ref().map_or("no business days".to_owned(), |b| business(hir, b));
                format!("{}, fiscal year from {:02}-{:02}, {days}", c.timezone, c.fiscal_start.0, c.fiscal_start.1)
            })
            .collect()
    };
    let (was, is) = (said(old), said(new));
    if was.is_empty() || is.is_empty() || was == is {
        return Vec::new();
    }
    let text = |of: BTreeSet<String>| Some(of.into_iter().collect::<Vec<_>>().join("; "));
    vec![Change { what: "clock".into(), old: text(was), new: text(is) }]
}
