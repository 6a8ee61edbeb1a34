//! Conditions and values, and what they ask of other records.

use super::{ArithOp, CompareOp, Func};
use crate::data::{ColumnId, KindId, Length, Period, Type, Value};
use crate::source::Span;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
    /// Its value may be absent.
    pub optional: bool,
    pub span: Span,
}

impl Expr {
    /// How many expressions it is made of, and how many lie in one another.
    pub fn size(&self) -> (usize, usize) {
        let (mut all, mut deepest, mut waiting) = (0, 0, vec![(self, 1)]);
        while let Some((expr, level)) = waiting.pop() {
            all += 1;
            deepest = deepest.max(level);
            waiting.extend(expr.children().into_iter().map(|child| (child, level + 1)));
        }
        (all, deepest)
    }

    /// The expressions right under this one; those of a history condition apart.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().collect(),
            ExprKind::Compare { left, right, .. }
            | ExprKind::TextTest { left, right, .. }
            | ExprKind::Overlaps { left, right, .. }
            | ExprKind::Arith { left, right, .. }
            | ExprKind::Coalesce(left, right)
            | ExprKind::InColumn { item: left, list: right, .. }
            | ExprKind::Under { who: left, above: right, .. } => vec![left, right],
            ExprKind::Lookup { key: of, .. }
            | ExprKind::Convert(of)
            | ExprKind::Not(of)
            | ExprKind::In { item: of, .. }
            | ExprKind::InDomain { host: of, .. }
            | ExprKind::Matches { left: of, .. }
            | ExprKind::Every { who: of, .. }
            | ExprKind::Present(of)
            | ExprKind::Neg(of)
            | ExprKind::Shift { time: of, .. }
            | ExprKind::Named { body: of, .. } => vec![of],
            ExprKind::Constant(_)
            | ExprKind::Column { .. }
            | ExprKind::EventTime { .. }
            | ExprKind::PeriodStart
            | ExprKind::PeriodEnd
            | ExprKind::AsOf
            | ExprKind::History(_) => vec![],
        }
    }

    /// As [`Expr::children`].
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter_mut().collect(),
            ExprKind::Compare { left, right, .. }
            | ExprKind::TextTest { left, right, .. }
            | ExprKind::Overlaps { left, right, .. }
            | ExprKind::Arith { left, right, .. }
            | ExprKind::Coalesce(left, right)
            | ExprKind::InColumn { item: left, list: right, .. }
            | ExprKind::Under { who: left, above: right, .. } => vec![left, right],
            ExprKind::Lookup { key: of, .. }
            | ExprKind::Convert(of)
            | ExprKind::Not(of)
            | ExprKind::In { item: of, .. }
            | ExprKind::InDomain { host: of, .. }
            | ExprKind::Matches { left: of, .. }
            | ExprKind::Every { who: of, .. }
            | ExprKind::Present(of)
            | ExprKind::Neg(of)
            | ExprKind::Shift { time: of, .. }
            | ExprKind::Named { body: of, .. } => vec![of],
            ExprKind::Constant(_)
            | ExprKind::Column { .. }
            | ExprKind::EventTime { .. }
            | ExprKind::PeriodStart
            | ExprKind::PeriodEnd
            | ExprKind::AsOf
            | ExprKind::History(_) => vec![],
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Constant(Value),
    Column {
        root: u8,
        column: ColumnId,
    },
    /// The event's time of a root: its `at` field, or the moment of `on each`.
    EventTime {
        root: u8,
    },
    /// First and last date of the period of `on each … at end of`.
    PeriodStart,
    PeriodEnd,
    /// The watermark: `as_of`.
    AsOf,
    /// The column of the table's row with this key, valid at the event time of `root` (the record that
    /// the key was read from). No such row: unknown.
    Lookup {
        key: Box<Expr>,
        table: KindId,
        column: ColumnId,
        root: u8,
    },
    /// `int` to `decimal`; `date` to the timestamp of its start, `timestamp` to its date, in the rule's zone.
    Convert(Box<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// Two values of one type; enums by declaration order; money of two currencies is unknown.
    Compare {
        op: CompareOp,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    /// The item (or, where it is a list, none of) is among constants of its type.
    In {
        item: Box<Expr>,
        set: Vec<Value>,
        ignoring_case: bool,
    },
    /// The item is among the elements of a list or set column.
    InColumn {
        item: Box<Expr>,
        list: Box<Expr>,
        ignoring_case: bool,
    },
    /// Two lists, of which one may be a constant, have an element in common.
    Overlaps {
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    TextTest {
        op: TextOp,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    /// Host equal to, or under, one of these; lower case.
    InDomain {
        host: Box<Expr>,
        domains: Vec<String>,
    },
    /// A checked pattern.
    Matches {
        left: Box<Expr>,
        pattern: String,
        ignoring_case: bool,
    },
    /// `above` is one of those to whom the table's references to itself lead from `who`, step by step, each by
    /// the row that is valid at the event time of `root`. Where they come back to somebody, or to where no row
    /// is, it is unknown who else there is.
    Under {
        who: Box<Expr>,
        above: Box<Expr>,
        table: KindId,
        column: ColumnId,
        root: u8,
    },
    /// All of those, as a key.
    Every {
        who: Box<Expr>,
        table: KindId,
        column: ColumnId,
        root: u8,
    },
    Present(Box<Expr>),
    Coalesce(Box<Expr>, Box<Expr>),
    Neg(Box<Expr>),
    /// By type: numbers (`int` with `int` stays `int`, but `/` gives `decimal`), money ± money, money × or ÷
    /// a number, money ÷ money = decimal, percent × money = money, sizes, durations, times minus times = duration.
    Arith {
        op: ArithOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// A date or timestamp plus or minus a length of calendar units.
    Shift {
        time: Box<Expr>,
        by: Length,
    },
    History(Box<History>),
    /// A `let`, `define` or `param`, put in its place.
    Named {
        name: String,
        definition: Span,
        body: Box<Expr>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TextOp {
    StartsWith,
    EndsWith,
    Contains,
}

/// A condition or a value over other records. It is about the record at `root`; the records that it
/// ranges over are root `root + 1` in `value`, `filter` and the keys' `inner` sides.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub func: Func,
    pub kind: KindId,
    pub root: u8,
    /// For the functions that take one.
    pub value: Option<Expr>,
    /// All must be equal; none at all means across everyone.
    pub keys: Vec<Key>,
    pub window: Window,
    pub filter: Option<Expr>,
    /// Of a median: by these its own records are of one or another; empty for all else.
    pub per: Vec<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub inner: Expr,
    pub outer: Expr,
}

/// Where both event times are timestamps and the length has days or months, these are calendar
/// arithmetic at the same time of day in the rule's zone. Where either is a date, both are dates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Window {
    /// `[t - length, t]`, closed; never the record itself.
    Before(Length),
    /// `[t, t + length]`, closed.
    After(Length),
    /// `[t - length, t + length]`.
    Around(Length),
    /// `(t - length, t]`.
    Over(Length),
    AllTime,
    /// From the start of the event's period up to the event.
    In(Period),
}
