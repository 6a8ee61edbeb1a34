//! Expressions as texts that say what they mean and not how they are written: two with one text are one.
//!
//! Names of `let`s, `define`s and parameters are gone, what commutes is sorted, columns have the names that records
//! have them by. So a text of one policy set can be compared with one of another.

use crate::data::calendar::Zone;
use crate::data::{KindId, Origin, Schema, Type, Value, display};
use crate::sema::hir::{ArithOp, CompareOp, Expr, ExprKind, History, Trigger};
use std::collections::BTreeSet;

/// What the texts of one rule's expressions need.
#[derive(Clone)]
pub struct Names<'a> {
    pub schema: &'a Schema,
    /// The kind of each root's record.
    pub roots: Vec<KindId>,
    pub apart: &'a Apart,
}

/// What means something else in the other policy set: its texts say of which set they are.
#[derive(Clone, Debug, Default)]
pub struct Apart {
    pub side: &'static str,
    /// Kinds with another role: time, subject, key, validity, identity.
    pub kinds: BTreeSet<String>,
    /// The findings of other rules.
    pub findings: bool,
    /// Time zone, fiscal year or business days.
    pub clock: bool,
}

impl<'a> Names<'a> {
    pub fn of(schema: &'a Schema, trigger: &Trigger, apart: &'a Apart) -> Names<'a> {
        let mut roots = vec![trigger.kind()];
        if let Trigger::Sequence(sequence) = trigger {
            for step in &sequence.steps {
                let root = usize::from(step.root);
                if roots.len() <= root {
                    roots.resize(root + 1, step.kind);
                }
                roots[root] = step.kind;
            }
        }
        Names { schema, roots, apart }
    }

    pub fn kind(&self, kind: KindId) -> String {
        let of = self.schema.kind(kind);
        let apart = match &of.origin {
            Origin::Findings => self.apart.findings,
            Origin::Union(kinds) => kinds.iter().any(|(k, _)| self.apart.kinds.contains(&self.schema.kind(*k).name)),
            Origin::Declared => self.apart.kinds.contains(&of.name),
        };
        match apart {
            true => format!("{} of the {} set", of.name, self.apart.side),
            false => of.name.clone(),
        }
    }

    /// The column that says when a root's record was, where that is of this type.
    pub fn time(&self, root: u8, ty: &Type) -> Option<&'a str> {
        let kind = self.schema.kind(*self.roots.get(usize::from(root))?);
        let column = &kind.columns[kind.time()?.0 as usize];
        (column.ty == *ty).then_some(column.name.as_str())
    }

    /// What depends on the clock.
    pub fn timed(&self, text: String) -> String {
        match self.apart.clock {
            true => format!("{text} by the {} clock", self.apart.side),
            false => text,
        }
    }

    pub fn value(&self, value: &Value) -> String {
        let sort = match value {
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Decimal(_) => "decimal",
            Value::Percent(_) => "percent",
            Value::Text(text) => return format!("{text:?}"),
            Value::Date(_) | Value::Timestamp(_) => "time",
            Value::Duration(_) => "duration",
            Value::Bytes(_) => "bytes",
            Value::Money(_) => "money",
            Value::Enum(..) => "word",
            Value::List(items) => return self.values(items),
        };
        format!("{sort}:{}", display::exact(value, self.schema, &Zone::utc()))
    }

    fn values(&self, values: &[Value]) -> String {
        let mut texts: Vec<String> = values.iter().map(|v| self.value(v)).collect();
        texts.sort();
        texts.dedup();
        format!("{{{}}}", texts.join(", "))
    }

    pub fn text(&self, e: &Expr) -> String {
        let both = |left: &Expr, right: &Expr| (self.text(left), self.text(right));
        match &e.kind {
            ExprKind::Named { body, .. } => self.text(body),
            ExprKind::Constant(value) => self.value(value),
            ExprKind::Column { root, column } => {
                let kind = self.roots.get(usize::from(*root)).copied().unwrap_or(KindId(0));
                let name = self.schema.kind(kind).columns.get(column.0 as usize).map_or("?", |c| c.name.as_str());
                format!("{}.{name}", at(*root))
            }
            ExprKind::EventTime { root } => match self.time(*root, &e.ty) {
                Some(column) => format!("{}.{column}", at(*root)),
                None => format!("time of {} as {}", at(*root), self.schema.type_name(&e.ty)),
            },
            ExprKind::PeriodStart => self.timed("start of period".into()),
            ExprKind::PeriodEnd => self.timed("end of period".into()),
            ExprKind::AsOf => "as_of".into(),
            ExprKind::Lookup { key, table, column, root } => {
                let name = &self.schema.column(*table, *column).name;
                format!("{}[{}].{name} at {}", self.kind(*table), self.text(key), at(*root))
            }
            ExprKind::Convert(of) => self.timed(format!("{}({})", self.schema.type_name(&e.ty), self.text(of))),
            ExprKind::Not(of) => format!("not({})", self.text(of)),
            ExprKind::And(parts) => self.sorted("and", parts),
            ExprKind::Or(parts) => self.sorted("or", parts),
            ExprKind::Compare { op, left, right, ignoring_case } => {
                let (mut left, mut right) = both(left, right);
                let mut op = *op;
                if left > right {
                    (left, right) = (right, left);
                    op = turned(op);
                }
                format!("({left} {} {right}{})", op.sign(), case(*ignoring_case))
            }
            ExprKind::In { item, set, ignoring_case } => {
                format!("({} in {}{})", self.text(item), self.values(set), case(*ignoring_case))
            }
            ExprKind::InColumn { item, list, ignoring_case } => {
                format!("({} among {}{})", self.text(item), self.text(list), case(*ignoring_case))
            }
            ExprKind::Overlaps { left, right, ignoring_case } => {
                let (left, right) = both(left, right);
                let (left, right) = if left > right { (right, left) } else { (left, right) };
                format!("({left} overlaps {right}{})", case(*ignoring_case))
            }
            ExprKind::TextTest { op, left, right, ignoring_case } => {
                let (left, right) = both(left, right);
                format!("({left} {op:?} {right}{})", case(*ignoring_case))
            }
            ExprKind::InDomain { host, domains } => {
                let mut domains = domains.clone();
                domains.sort();
                format!("({} under {})", self.text(host), domains.join(", "))
            }
            ExprKind::Matches { left, pattern, ignoring_case } => {
                format!("({} matches {pattern:?}{})", self.text(left), case(*ignoring_case))
            }
            ExprKind::Under { who, above, table, column, root } => {
                let (who, above) = both(who, above);
                let name = &self.schema.column(*table, *column).name;
                format!("({above} above {who} by {}.{name} at {})", self.kind(*table), at(*root))
            }
            ExprKind::Every { who, table, column, root } => {
                let name = &self.schema.column(*table, *column).name;
                format!("every {name} of {} in {} at {}", self.text(who), self.kind(*table), at(*root))
            }
            ExprKind::Present(of) => format!("present({})", self.text(of)),
            ExprKind::Coalesce(left, right) => format!("({} ?? {})", self.text(left), self.text(right)),
            ExprKind::Neg(of) => format!("-({})", self.text(of)),
            ExprKind::Arith { op, left, right } => {
                let (mut left, mut right) = both(left, right);
                if matches!(op, ArithOp::Add | ArithOp::Mul) && left > right {
                    (left, right) = (right, left);
                }
                format!("({left} {op:?} {right})")
            }
            ExprKind::Shift { time, by } => {
                self.timed(format!("({} shifted by {})", self.text(time), display::length(*by)))
            }
            ExprKind::History(history) => self.history(history),
        }
    }

    pub fn history(&self, h: &History) -> String {
        let mut inside = self.clone();
        // Its own records are the root behind that which it is about.
        let own = usize::from(h.root) + 1;
        inside.roots.resize(own.max(inside.roots.len()), h.kind);
        inside.roots.truncate(own);
        inside.roots.push(h.kind);
        let mut keys: Vec<String> =
            h.keys.iter().map(|k| format!("{} = {}", inside.text(&k.inner), inside.text(&k.outer))).collect();
        keys.sort();
        let mut per: Vec<String> = h.per.iter().map(|e| inside.text(e)).collect();
        per.sort();
        let value = h.value.as_ref().map_or(String::new(), |v| inside.text(v));
        let filter = h.filter.as_ref().map_or(String::new(), |f| inside.text(f));
        self.timed(format!(
            "{:?} {value} of {} about {} by [{}] per [{}] window {:?} where {filter}",
            h.func,
            self.kind(h.kind),
            at(h.root),
            keys.join(", "),
            per.join(", "),
            h.window
        ))
    }

    fn sorted(&self, word: &str, parts: &[Expr]) -> String {
        let mut texts: Vec<String> = parts.iter().map(|p| self.text(p)).collect();
        texts.sort();
        texts.dedup();
        match texts.len() {
            1 => texts.remove(0),
            _ => format!("{word}({})", texts.join("; ")),
        }
    }
}

fn at(root: u8) -> String {
    match root {
        0 => "record".into(),
        n => format!("record{n}"),
    }
}

fn case(ignoring: bool) -> &'static str {
    if ignoring { " ignoring case" } else { "" }
}

/// With its sides the other way round.
pub fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        CompareOp::Eq | CompareOp::Ne => op,
    }
}
