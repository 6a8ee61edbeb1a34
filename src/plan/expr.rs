//! Lowered expressions: what the row-wise interpreter runs.

use crate::data::nested::nested;
use crate::data::{ColumnId, KindId, Length, Schema, Type, Value};
use crate::sema::hir::{ArithOp, CompareOp, TextOp};
use crate::source::Span;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Expr {
    pub op: Op,
    pub ty: Type,
    pub span: Span,
}

nested!(Expr);

/// As [`crate::sema::hir::ExprKind`], with names replaced by what they stand for and conversions told apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    Constant(Value),
    Column {
        root: u8,
        column: ColumnId,
    },
    EventTime {
        root: u8,
    },
    PeriodStart,
    PeriodEnd,
    AsOf,
    Lookup {
        key: Box<Expr>,
        table: KindId,
        column: ColumnId,
        root: u8,
    },
    ToDecimal(Box<Expr>),
    ToTimestamp(Box<Expr>),
    ToDate(Box<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare {
        op: CompareOp,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    In {
        item: Box<Expr>,
        set: Vec<Value>,
        ignoring_case: bool,
    },
    InColumn {
        item: Box<Expr>,
        list: Box<Expr>,
        ignoring_case: bool,
    },
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
    InDomain {
        host: Box<Expr>,
        domains: Vec<String>,
    },
    /// Index into [`super::Plan::patterns`].
    Matches {
        left: Box<Expr>,
        pattern: u32,
    },
    Under {
        who: Box<Expr>,
        above: Box<Expr>,
        table: KindId,
        column: ColumnId,
        root: u8,
    },
    /// Only as a key.
    Every {
        who: Box<Expr>,
        table: KindId,
        column: ColumnId,
        root: u8,
    },
    Present(Box<Expr>),
    Coalesce(Box<Expr>, Box<Expr>),
    Neg(Box<Expr>),
    Arith {
        op: ArithOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Shift {
        time: Box<Expr>,
        by: Length,
    },
    /// Index into [`super::Plan::histories`].
    History(u32),
}

/// What an expression depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Bit n: root n.
    pub roots: u64,
    pub lookup: bool,
    pub history: bool,
    /// The period of `on each`.
    pub period: bool,
    pub as_of: bool,
    /// Business days, which a table may say.
    pub calendar: bool,
}

impl Reads {
    /// Only this root, or nothing; nothing that is known only once all records are there.
    pub fn only(&self, root: u8) -> bool {
        self.roots & !(1 << root.min(63)) == 0 && !self.history && !self.period
    }

    /// Known as soon as the record is read.
    pub fn at_once(&self) -> bool {
        !self.lookup && !self.history && !self.period && !self.as_of && !self.calendar
    }
}

impl Expr {
    pub fn constant(value: Value, ty: Type, span: Span) -> Expr {
        Expr { op: Op::Constant(value), ty, span }
    }

    /// Its direct parts.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.op {
            Op::Constant(_)
            | Op::Column { .. }
            | Op::EventTime { .. }
            | Op::PeriodStart
            | Op::PeriodEnd
            | Op::AsOf
            | Op::History(_) => vec![],
            Op::Lookup { key: e, .. }
            | Op::Every { who: e, .. }
            | Op::ToDecimal(e)
            | Op::ToTimestamp(e)
            | Op::ToDate(e)
            | Op::Not(e)
            | Op::In { item: e, .. }
            | Op::InDomain { host: e, .. }
            | Op::Matches { left: e, .. }
            | Op::Present(e)
            | Op::Neg(e)
            | Op::Shift { time: e, .. } => vec![e],
            Op::And(all) | Op::Or(all) => all.iter().collect(),
            Op::Compare { left, right, .. }
            | Op::TextTest { left, right, .. }
            | Op::Overlaps { left, right, .. }
            | Op::Coalesce(left, right)
            | Op::Arith { left, right, .. } => vec![left, right],
            Op::InColumn { item, list, .. } => vec![item, list],
            Op::Under { who, above, .. } => vec![who, above],
        }
    }

    /// Calls for this expression and all inside it; not for what histories hold.
    pub fn walk<'a>(&'a self, f: &mut impl FnMut(&'a Expr)) {
        f(self);
        for child in self.children() {
            child.walk(f);
        }
    }

    pub fn reads(&self) -> Reads {
        let mut reads = Reads::default();
        self.walk(&mut |e| match &e.op {
            Op::Column { root, .. } | Op::EventTime { root } => reads.roots |= 1 << (*root).min(63),
            Op::Lookup { root, .. } | Op::Under { root, .. } | Op::Every { root, .. } => {
                reads.roots |= 1 << (*root).min(63);
                reads.lookup = true;
            }
            Op::PeriodStart | Op::PeriodEnd => reads.period = true,
            Op::AsOf => reads.as_of = true,
            Op::Shift { by, .. } => reads.calendar |= by.business != 0,
            Op::History(_) => reads.history = true,
            _ => {}
        });
        reads
    }

    /// The histories in it, in order.
    pub fn histories(&self) -> Vec<u32> {
        let mut found = Vec::new();
        self.walk(&mut |e| {
            if let Op::History(id) = e.op {
                found.push(id);
            }
        });
        found
    }
}

/// The type that a column of this type holds: a reference is its table's key.
pub fn stored(schema: &Schema, ty: &Type) -> Type {
    stored_as(schema, ty).clone()
}

/// The same, borrowed.
pub fn stored_as<'t>(schema: &'t Schema, ty: &'t Type) -> &'t Type {
    let mut ty = ty;
    // References to keys that are references themselves: no longer than there are kinds.
    for _ in 0..=schema.kinds.len() {
        match ty {
            Type::Ref(table) => ty = schema.key_type(*table),
            _ => break,
        }
    }
    ty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ColumnId;
    use crate::source::FileId;

    /// A holiday may be in a batch that has not come yet: what the record alone gives is not its last word.
    #[test]
    fn business_days_are_not_known_at_once() {
        let span = Span::new(FileId(0), 0, 0);
        let day = Expr { op: Op::Column { root: 0, column: ColumnId(0) }, ty: Type::Date, span };
        let shifted = |by: Length| Expr { op: Op::Shift { time: Box::new(day.clone()), by }, ty: Type::Date, span };
        assert!(shifted(Length::days(1)).reads().at_once());
        assert!(!shifted(Length { business: 1, ..Length::default() }).reads().at_once());
    }
}
