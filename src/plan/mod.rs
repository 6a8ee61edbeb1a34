//! From the checked policy set to what the evaluator runs: conditions lowered and split into what can be
//! decided from a record alone and what needs look-ups or history, shared predicates, keys to index by.
//!
//! One file a rewrite: [`lower`] (names, conversions, constants), [`atoms`] (shared column-versus-constant
//! predicates), [`split`] (what is decided when, equi-joins), [`columns`] (what has to be read).

mod atoms;
mod columns;
mod expr;
mod lower;
pub mod saved;
mod sound;
mod split;
pub mod stages;
mod turn;

pub use atoms::{Atom, AtomTest, Bool, TextMatch};
pub use expr::{Expr, Op, Reads, stored, stored_as};
pub(crate) use split::{conjuncts, is_known_at_once};

use crate::data::calendar::Zone;
use crate::data::{
    Clock, ColumnId, KindId, Length, Origin, People, Period, Reading, Schema, Severity, Time, Type, mapping::Source,
};
use crate::sema::hir::{EachAt, Func, Hir, Times, Verb, Window};
use crate::source::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of the serialised form; raised with every change of meaning.
pub const VERSION: u32 = 4;

/// An executable policy set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub version: u32,
    pub schema: Arc<Schema>,
    pub sources: Vec<Source>,
    /// IANA name: for an `as_of` date, and for times without an offset in records without a source.
    pub timezone: String,
    /// The rules' clocks, each once.
    pub clocks: Vec<Clock>,
    /// By kind.
    pub kinds: Vec<KindPlan>,
    /// Sorted by name.
    pub rules: Vec<RulePlan>,
    /// Of a plan of metrics: each has the rule of its place, which says of which records it is. Those with one name
    /// are one metric, as it reads from day to day. Behind them come the rules whose findings they see.
    pub metrics: Vec<MetricPlan>,
    pub histories: Vec<HistoryPlan>,
    /// Tables with the fields that lead from row to row, by which rules ask who is above whom; sorted.
    pub chains: Vec<(KindId, ColumnId)>,
    /// Distinct patterns of `matches`, and whether they ignore case.
    pub patterns: Vec<(String, bool)>,
    /// Where a definition's name stands for its body, for explanations.
    pub names: Vec<NameUse>,
}

/// A `let`, `define` or `param` where it is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NameUse {
    pub at: Span,
    pub name: String,
    pub definition: Span,
}

/// What is read of a kind, and the shared predicates over it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KindPlan {
    /// None where no rule reads the kind.
    pub projection: Option<Arc<[ColumnId]>>,
    pub atoms: Vec<Atom>,
}

/// A part of a conjunction that can be decided from one record alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Test {
    /// Over the kind's atoms.
    Atoms(Bool),
    /// Row by row.
    Row(Expr),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RulePlan {
    pub name: String,
    pub title: String,
    pub verb: Verb,
    pub severity: Severity,
    pub cite: Option<String>,
    pub consequence: Option<String>,
    pub policy: Option<String>,
    pub purpose: Option<String>,
    pub legal_basis: Option<String>,
    pub retention: Option<Length>,
    /// The date from which this wording is in force, or `1`.
    pub revision: String,
    /// It is judged after all rules of lower levels; the findings that it sees are theirs.
    pub level: u32,
    /// Index into [`Plan::clocks`].
    pub clock: u32,
    /// Days since 1970: judged are records of `from <= day < until`.
    pub effective: (Option<i32>, Option<i32>),
    pub trigger: Trigger,
    /// Of [`Trigger::Sequence`].
    pub sequence: Option<Sequence>,
    pub screen: Screen,
    /// The top-level conditions of the trigger's `where`.
    pub filter: Vec<Expr>,
    /// The top-level conditions of `when`.
    pub when: Vec<Expr>,
    pub body: Body,
    /// Of several findings with one key in one period, the first is one.
    pub once: Option<Once>,
    pub unless: Vec<Exception>,
    /// In the order in which they are looked at.
    pub waivers: Vec<Waiver>,
    /// None: a standard sentence.
    pub because: Option<Vec<MessagePart>>,
    pub span: Span,
    pub name_span: Span,
    /// The histories that any of its conditions read.
    pub histories: Vec<u32>,
    /// By kind: what it reads itself. Verdicts of alike records are numbered by it.
    pub reads: BTreeMap<KindId, Arc<[ColumnId]>>,
}

/// What can be said of a rule from the record alone. Only rows for which `filter` and `when` are not
/// false need to be looked at again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Screen {
    pub filter: Vec<Test>,
    /// `filter` is the whole of the trigger's `where`: whether the rule is triggered is known.
    pub filter_exact: bool,
    pub when: Vec<Test>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Trigger {
    Record {
        kind: KindId,
        span: Span,
    },
    Each {
        table: KindId,
        at: EachAt,
        span: Span,
    },
    /// `kind` is that of the last step that has a record.
    Sequence {
        kind: KindId,
        span: Span,
    },
}

impl Trigger {
    /// The kind of root 0.
    pub fn kind(&self) -> KindId {
        match *self {
            Trigger::Record { kind, .. } | Trigger::Sequence { kind, .. } => kind,
            Trigger::Each { table, .. } => table,
        }
    }

    pub fn span(&self) -> Span {
        match *self {
            Trigger::Record { span, .. } | Trigger::Each { span, .. } | Trigger::Sequence { span, .. } => span,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Once {
    /// Each with the name of its field.
    pub keys: Vec<(String, Expr)>,
    pub period: Period,
    pub span: Span,
}

/// Records with one key, one behind the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    pub steps: Vec<Step>,
    pub within: Length,
    pub within_span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    pub times: Times,
    /// Index into [`Plan::histories`]: its candidates by key. What reads other records is in `pair`; there are no
    /// joins, and the window says nothing.
    pub history: u32,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    Forbid,
    /// Index into [`Plan::histories`].
    Require {
        need: u32,
    },
    Limit {
        aggregate: u32,
        to: Expr,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    pub name: String,
    pub condition: Expr,
    pub span: Span,
}

/// A figure by period and key. Its expressions are about root 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPlan {
    pub doc: Option<String>,
    pub func: Func,
    /// None for `count`.
    pub value: Option<Expr>,
    /// Of the result.
    pub ty: Type,
    /// Name and value.
    pub keys: Vec<(String, Expr)>,
    /// None: over all time.
    pub period: Option<Period>,
    /// The figure in the metric's text.
    pub span: Span,
}

/// What a named person lets pass: of records with `from <= day < until` that the condition holds for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiver {
    /// None: every record of the rule.
    pub condition: Option<Expr>,
    /// `actor "E1042"`; empty where it is for every record.
    pub covers: String,
    /// Days since 1970.
    pub from: i32,
    pub until: i32,
    pub approver: String,
    pub reason: String,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MessagePart {
    Text(String),
    Expr(Expr),
}

/// A history condition, with its filter split by what each part reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryPlan {
    pub func: Func,
    pub kind: KindId,
    /// The root it is about; its own records are `root + 1`.
    pub root: u8,
    /// Index into [`Plan::clocks`].
    pub clock: u32,
    pub value: Option<Expr>,
    pub keys: Vec<Key>,
    /// Equalities of the filter between the two records, to index by as well.
    pub joins: Vec<Key>,
    pub window: Window,
    /// Both times are compared as dates, not as instants.
    pub dates: bool,
    /// Conditions on its own record that can be decided from it alone.
    pub screen: Vec<Test>,
    /// All conditions that read its own record only (`screen`'s too).
    pub inner: Vec<Expr>,
    /// The other conditions, without `joins`.
    pub pair: Vec<Expr>,
    /// `joins` as conditions, for records that cannot be indexed.
    pub join_conditions: Vec<Expr>,
    /// Of a median: name and value of the keys by which its records are of one or another.
    pub per: Vec<(String, Expr)>,
    pub span: Span,
    /// Reads a `@sensitive` column in its value.
    pub sensitive: bool,
}

/// Two values that must be equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    pub inner: Expr,
    pub outer: Expr,
    /// The inner column, for reports.
    pub name: String,
}

impl Key {
    /// Whether one record counts for each of several.
    pub fn is_set(&self) -> bool {
        matches!(self.inner.op, Op::Every { .. })
    }
}

impl HistoryPlan {
    /// The key that is a set, one record counting for each in it.
    pub fn every(&self) -> Option<usize> {
        self.keys.iter().position(Key::is_set)
    }
}

impl Plan {
    pub fn compile(hir: &Hir) -> Plan {
        lower::compile(hir)
    }

    /// The plan by which the set's metrics are worked out; of the set's rules those whose findings they see.
    pub fn of_metrics(hir: &Hir) -> Plan {
        lower::of_metrics(hir)
    }

    /// What ingest has to read.
    pub fn reading(&self) -> Reading {
        Reading {
            schema: self.schema.clone(),
            projections: (0..self.kinds.len() as u32).map(|k| self.columns(KindId(k))).collect(),
            sources: self.sources.clone(),
            timezone: self.timezone.clone(),
        }
    }

    /// Has every declared kind read, also those of which no rule reads anything: where each record stands,
    /// which it is and when it was.
    pub fn read_every_kind(&mut self) {
        let plain = columns::plain(&self.schema);
        for ((of, plain), kind) in self.kinds.iter_mut().zip(plain).zip(&self.schema.kinds) {
            if kind.origin == Origin::Declared {
                of.projection.get_or_insert(plain);
            }
        }
    }

    /// Has of each kind read what the whole set reads of it, where anything is: the order of records of one time, that
    /// lack their identity, hangs on what is read of them.
    pub fn read_alike(&mut self, whole: &Plan) {
        for (own, whole) in self.kinds.iter_mut().zip(&whole.kinds).take(self.schema.declared().len()) {
            if own.projection.is_some() {
                own.projection.clone_from(&whole.projection);
            }
        }
    }

    /// Has all fields of a kind read, for a look at its records.
    pub fn read_whole(&mut self, kind: KindId) {
        let all = self.schema.kinds.get(kind.0 as usize).map_or(0, |k| k.columns.len() as u32);
        if let Some(of) = self.kinds.get_mut(kind.0 as usize) {
            of.projection = Some((0..all).map(ColumnId).collect());
        }
    }

    /// Has a field read of every table that has one of this name, for a report that groups by it.
    pub fn read_of_tables(&mut self, field: &str) {
        let plain = columns::plain(&self.schema);
        for ((of, plain), kind) in self.kinds.iter_mut().zip(plain).zip(&self.schema.kinds) {
            let column = kind.column(field).filter(|c| !kind.columns[c.0 as usize].sensitive);
            let Some(column) = column.filter(|_| kind.is_table() && kind.origin == Origin::Declared) else { continue };
            let mut columns: Vec<ColumnId> = of.projection.as_ref().unwrap_or(&plain).to_vec();
            if let Err(at) = columns.binary_search(&column) {
                columns.insert(at, column);
            }
            of.projection = Some(columns.into());
        }
    }

    /// The columns that are read of a kind: those that rules need; of a kind that no rule reads, when its
    /// records happened, since the end of the data is the end of all of it.
    pub fn columns(&self, kind: KindId) -> Option<Arc<[ColumnId]>> {
        let of = self.schema.kinds.get(kind.0 as usize)?;
        if of.origin != Origin::Declared {
            return None;
        }
        let needed = self.kinds.get(kind.0 as usize)?.projection.clone();
        needed.or_else(|| of.time().map(|time| [time].into()))
    }

    /// The kinds of findings that the rules of a level see.
    pub fn finding_kinds(&self, level: u32) -> impl Iterator<Item = KindId> {
        let kinds = self.schema.kinds.iter().enumerate().filter(|(_, k)| k.origin == Origin::Findings);
        kinds.map(|(i, _)| KindId(i as u32)).nth(level.wrapping_sub(1) as usize).into_iter()
    }

    /// What was saved by [`crate::Checked::save`].
    ///
    /// # Errors
    /// Bytes that are damaged, something else, or of another version of this crate.
    pub fn load(bytes: &[u8]) -> Result<saved::Saved, saved::SavedError> {
        saved::load(bytes)
    }

    /// Calls the people that waivers name otherwise: who approved one, and whom it is for.
    pub fn call_people(&mut self, people: &People) {
        let schema = &self.schema;
        for rule in &mut self.rules {
            let kind = rule.trigger.kind();
            for waiver in &mut rule.waivers {
                waiver.approver = people.called(&waiver.approver);
                waiver.reason = people.text(&waiver.reason);
                let mut field = String::new();
                let parts = waiver.covers.split('"').enumerate().map(|(n, part)| {
                    let value = n % 2 == 1;
                    if !value {
                        field = part.split_whitespace().next_back().unwrap_or_default().to_owned();
                    }
                    match value {
                        true if schema.is_other(kind, &field) => people.text(part),
                        true => people.called(part),
                        false => part.to_owned(),
                    }
                });
                waiver.covers = parts.collect::<Vec<_>>().join("\"");
            }
        }
    }

    /// The end of the data as people write it: a date, or a timestamp; without an offset in the policy's zone.
    pub fn moment(&self, text: &str) -> Option<Time> {
        let epoch = jiff::civil::date(1970, 1, 1);
        let days = |date: jiff::civil::Date| (date - epoch).get_days();
        let local = |at: jiff::civil::DateTime| {
            let of_day = (at - at.date().at(0, 0, 0, 0)).total(jiff::Unit::Nanosecond).ok()? as i64;
            Zone::named(&self.timezone).unwrap_or_else(Zone::utc).at_local(days(at.date()), of_day)
        };
        if text.len() == 10 {
            text.parse().ok().map(|date| Time::Date(days(date)))
        } else if let Ok(at) = text.parse::<jiff::Timestamp>() {
            i64::try_from(at.as_nanosecond()).ok().map(Time::Instant)
        } else {
            text.parse().ok().and_then(local).map(Time::Instant)
        }
    }

    pub fn rule_named(&self, name: &str) -> Option<usize> {
        self.rules.iter().position(|r| r.name == name)
    }
}
