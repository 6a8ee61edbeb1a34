//! The checked policy set: names resolved, types and units right, constants folded.
//!
//! Meaning that the evaluators rely on:
//! - Every expression has one type; no conversion is left implicit ([`ExprKind::Convert`] stands where
//!   an `int` meets a `decimal`).
//! - A value is *known*, *absent* (only where `optional` is set) or *unknown*. Arithmetic, conversion and
//!   look-up over an absent value is absent; a comparison or text test with an absent side is false.
//!   Over an unknown value they are unknown. `and`, `or`, `not` are Kleene's.
//! - [`ExprKind::Column`] of root 0 is the triggering record (or the table row of `on each`); a history
//!   condition's own record is root n+1 inside it, where n is the root that the condition is about.
//!   In a rule `on sequence`, root 0 is the record of its last step that has one, and root n that of the nth
//!   such step (the last again); the rule's own history conditions are about the last root.

mod expr;

pub use expr::{Expr, ExprKind, History, Key, TextOp, Window};

use crate::data::mapping::Source;
use crate::data::{Clock, ColumnId, KindId, Length, Period, Schema, Severity, Type, Value, Verdict};
use crate::source::Span;
pub use crate::syntax::ast::{ArithOp, CompareOp, Func};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Hir {
    pub schema: Arc<Schema>,
    pub sources: Vec<Source>,
    pub params: Vec<Param>,
    /// Sorted by name.
    pub rules: Vec<Rule>,
    /// Sorted by name and day. A metric that reads a value that changes is there once for each of its times.
    pub metrics: Vec<Metric>,
    pub tests: Vec<Test>,
    /// How many lines of charters were proved.
    pub charter: usize,
}

/// A parameter and the value that it has in this run.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: String,
    pub ty: Type,
    pub value: Constant,
    /// The values that it has from later days on, in the order of these days since 1970.
    pub later: Vec<(i32, Constant)>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Value(Value),
    /// A `duration` as a window: `30 days`.
    Length(Length),
    Set(Vec<Value>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Forbid,
    Require,
    Limit,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub name: String,
    /// The name where no title was written.
    pub title: String,
    pub doc: Option<String>,
    pub verb: Verb,
    pub severity: Severity,
    pub cite: Option<String>,
    pub consequence: Option<String>,
    pub purpose: Option<String>,
    pub legal_basis: Option<String>,
    /// How long records and findings are to be kept; nothing here acts on it.
    pub retention: Option<Length>,
    /// The policy that the rule's file declares.
    pub policy: Option<String>,
    pub clock: Clock,
    /// It is judged after all rules of lower levels, whose findings it may see; 0 where it sees none.
    pub level: u32,
    /// Days since 1970: judged are records of `from <= day < until`.
    pub effective: (Option<i32>, Option<i32>),
    pub trigger: Trigger,
    pub body: Body,
    /// Of several findings with one key in one period, the first is one.
    pub once: Option<Once>,
    pub unless: Vec<Exception>,
    /// In the order in which they are looked at.
    pub waivers: Vec<Waiver>,
    /// None: the reporters give a standard sentence.
    pub because: Option<Vec<MessagePart>>,
    pub span: Span,
    pub name_span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    Record {
        kind: KindId,
        filter: Option<Expr>,
        span: Span,
    },
    /// Once for each row of the table that is valid then.
    Each {
        table: KindId,
        at: EachAt,
        filter: Option<Expr>,
        span: Span,
    },
    /// Once for each record of the last step that has one, with records of the steps before it.
    Sequence(Sequence),
}

/// Records with one key, one behind the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// Two or more; the first is not [`Times::None`].
    pub steps: Vec<Step>,
    /// The last record lies no further than this behind the first.
    pub within: Length,
    pub within_span: Span,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How the rule's text speaks of it.
    pub name: String,
    pub kind: KindId,
    /// The root of its own record; for [`Times::None`], the one behind the step before it.
    pub root: u8,
    pub times: Times,
    /// Equal between its record and the last one (root 0).
    pub keys: Vec<Key>,
    /// May read the records of earlier steps.
    pub filter: Option<Expr>,
    pub span: Span,
}

/// How often a step's records are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Times {
    Once,
    /// So many or more between the step before and the step behind; the root is the last of them.
    AtLeast(u32),
    /// None between the records of the steps before and behind; of the last step, up to the end of `within`.
    None,
}

impl Sequence {
    /// The last step that has a record: it defines the verdict.
    pub fn last(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|s| s.times != Times::None)
    }
}

impl Trigger {
    /// The kind of root 0.
    pub fn kind(&self) -> KindId {
        match self {
            Trigger::Record { kind, .. } => *kind,
            Trigger::Each { table, .. } => *table,
            Trigger::Sequence(s) => s.last().map_or(KindId(0), |s| s.kind),
        }
    }

    pub fn filter(&self) -> Option<&Expr> {
        match self {
            Trigger::Record { filter, .. } | Trigger::Each { filter, .. } => filter.as_ref(),
            Trigger::Sequence(_) => None,
        }
    }

    pub fn span(&self) -> Span {
        match self {
            Trigger::Record { span, .. } | Trigger::Each { span, .. } => *span,
            Trigger::Sequence(s) => s.span,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EachAt {
    /// The event's time is the period's last date.
    EndOf(Period),
    /// The event's time is the watermark.
    AsOf,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A finding where the condition holds.
    Forbid { when: Expr },
    /// A finding where `when` holds and nothing needed is there. `need.func` is `Exists`.
    Require { when: Option<Expr>, need: Box<History> },
    /// A finding at the record that takes the aggregate over the limit. The aggregate is of the
    /// trigger's own kind and filter: `aggregate.filter` repeats the trigger's, with root 1.
    Limit { when: Option<Expr>, aggregate: Box<History>, to: Box<Expr> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Once {
    /// Fields of the rule's records; none at all means across everyone.
    pub keys: Vec<Expr>,
    pub period: Period,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    pub name: String,
    pub name_span: Span,
    pub condition: Expr,
    pub span: Span,
}

/// What a named person lets pass: of records with `from <= day < until` that the condition holds for.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// None: every record of the rule. That the approver is not the record's subject is part of it.
    pub condition: Option<Expr>,
    /// As reports show it: `actor "E1042"`; empty where it is for every record.
    pub covers: String,
    /// Days since 1970.
    pub from: i32,
    pub until: i32,
    pub approver: String,
    pub reason: String,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MessagePart {
    Text(String),
    Expr(Expr),
}

/// A figure by period and key, over the records of the trigger. Its expressions are about root 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    pub name: String,
    /// The name where no title was written.
    pub title: String,
    pub doc: Option<String>,
    pub policy: Option<String>,
    pub clock: Clock,
    /// Days since 1970: of records of `from <= day < until`.
    pub effective: (Option<i32>, Option<i32>),
    /// It is worked out after all rules of lower levels, whose findings it may count; 0 where it sees none.
    pub level: u32,
    /// A record.
    pub trigger: Trigger,
    pub func: Func,
    /// None for `count`.
    pub value: Option<Expr>,
    /// Of the result.
    pub ty: Type,
    pub keys: Vec<MetricKey>,
    /// None: over all time.
    pub period: Option<Period>,
    pub span: Span,
    pub name_span: Span,
    pub value_span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MetricKey {
    /// As written: `actor.unit`.
    pub name: String,
    pub value: Expr,
}

impl Metric {
    /// The rule that finds each of its records.
    pub fn as_rule(&self) -> Rule {
        let span = self.trigger.span();
        let all = Expr { kind: ExprKind::Constant(Value::Bool(true)), ty: Type::Bool, optional: false, span };
        Rule {
            name: self.name.clone(),
            title: self.title.clone(),
            doc: None,
            verb: Verb::Forbid,
            severity: Severity::Info,
            cite: None,
            consequence: None,
            purpose: None,
            legal_basis: None,
            retention: None,
            policy: self.policy.clone(),
            clock: self.clock.clone(),
            level: self.level,
            effective: self.effective,
            trigger: self.trigger.clone(),
            body: Body::Forbid { when: all },
            once: None,
            unless: Vec::new(),
            waivers: Vec::new(),
            because: None,
            span: self.span,
            name_span: self.name_span,
        }
    }
}

// ---------------------------------------------------------------- tests

#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub title: String,
    pub given: Vec<Given>,
    /// `as_of`: a date or a timestamp.
    pub as_of: Option<Value>,
    /// `set`: parameter names and values.
    pub set: Vec<(String, Constant)>,
    pub expect: Vec<Expect>,
    pub figures: Vec<ExpectFigure>,
    /// `expect nothing else`
    pub nothing_else: Option<Span>,
    /// The row of the test's `cases` that this one is for.
    pub case: Option<Case>,
    pub span: Span,
}

/// What a metric is to come to.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectFigure {
    pub metric: String,
    /// None: absent.
    pub keys: Vec<Option<Value>>,
    /// A day of the period.
    pub on: Option<i32>,
    /// None: there is nothing to take it of.
    pub is: Option<Value>,
    /// The greatest that it may be, `is` being the least; none: it is known.
    pub to: Option<Value>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// From 0.
    pub index: usize,
    /// Its cells, as written.
    pub label: String,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub kind: KindId,
    pub alias: Option<String>,
    /// A column that is not here is absent (optional) or missing (required).
    pub cells: Vec<(ColumnId, Cell)>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Value(Value),
    Malformed(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    pub verdict: Verdict,
    pub rule: String,
    /// Index into `given`; none: on any record.
    pub on: Option<usize>,
    /// Of a rule that has a verdict for each of several: for whom, by the table's key.
    pub whose: Option<Value>,
    /// The exception that applies.
    pub by: Option<String>,
    pub message: Option<(String, Span)>,
    pub span: Span,
}
