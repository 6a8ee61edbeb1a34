//! Values: whose field it is, what is added to it, which figure.

use super::{Block, Reader, bare};
use crate::data::{ColumnId, KindId, Role, Type, Value, Zone};
use crate::sema;
use crate::sema::hir::{ArithOp, Expr, ExprKind};

impl Reader<'_> {
    /// A value as it stands in a sentence. A figure that takes more than a few words is named, and explained behind.
    pub fn value(&mut self, e: &Expr) -> String {
        if let Some(value) = worked_out(e, &self.zone) {
            return self.words.value(&value, &self.zone);
        }
        match &e.kind {
            ExprKind::Constant(value) => self.words.value(value, &self.zone),
            ExprKind::Column { root, column } => self.column(*root, *column),
            ExprKind::EventTime { root } => self.moment(*root),
            ExprKind::PeriodStart => self.say("period-start", &[("period", &self.period_name())]),
            ExprKind::PeriodEnd => self.say("period-end", &[("period", &self.period_name())]),
            ExprKind::AsOf => self.say("data-end", &[]),
            ExprKind::Lookup { key, table, column, .. } => {
                let owner = self.value(key);
                let field = self.words.field(*table, *column);
                self.say("of", &[("field", &field), ("owner", &owner)])
            }
            ExprKind::Convert(of) => match (&of.ty, &e.ty) {
                (Type::Timestamp, Type::Date) => self.day_of(of),
                (Type::Date, Type::Timestamp) => {
                    let date = self.value(of);
                    self.say("start-of-day", &[("date", &date)])
                }
                _ => self.value(of),
            },
            ExprKind::Coalesce(left, right) => {
                let (value, default) = (self.value(left), self.value(right));
                self.say("else", &[("value", &value), ("default", &default)])
            }
            ExprKind::Neg(of) => {
                let value = self.operand(of);
                self.say("minus", &[("value", &value)])
            }
            ExprKind::Arith { op, left, right } => {
                let id = match op {
                    ArithOp::Add => "plus",
                    ArithOp::Sub => "less-by",
                    ArithOp::Mul => "times",
                    ArithOp::Div => "divided-by",
                };
                let (left, right) = (self.operand(left), self.operand(right));
                self.say(id, &[("left", &left), ("right", &right)])
            }
            ExprKind::Shift { time, by } => {
                let time = self.operand(time);
                let back = by.months < 0 || by.days < 0 || by.business < 0 || by.nanos < 0;
                match back.then(|| by.checked_neg()).flatten() {
                    Some(by) => self.say("earlier", &[("time", &time), ("length", &self.words.length(by))]),
                    None => self.say("later", &[("time", &time), ("length", &self.words.length(*by))]),
                }
            }
            ExprKind::Every { who, table, column, .. } => {
                let field = self.words.field(*table, *column);
                let who = self.value(who);
                self.say("everyone-above", &[("who", &who), ("field", &field)])
            }
            ExprKind::History(h) => {
                let is = self.figure(h);
                self.named_figure(None, is)
            }
            ExprKind::Named { name, body, .. } => self.named_value(name, body),
            // A condition as a value.
            _ => match self.condition(e) {
                Block::Line(line) => self.say("whether", &[("line", &line)]),
                list => self.named_figure(None, list.wrap(|text, _| self.say("whether", &[("line", text)]))),
            },
        }
    }

    /// A definition by its name, where it takes more than a few words; a constant by its value.
    fn named_value(&mut self, name: &str, body: &Expr) -> String {
        let has_figure = has_history(body);
        if !has_figure {
            return self.value(body);
        }
        let is = match &bare(body).kind {
            ExprKind::History(h) => self.figure(h),
            _ => self.explained(|reader| Block::Line(reader.value(body))),
        };
        let name = self.words.definition(name);
        self.named_figure(Some(name), is)
    }

    /// The label of a figure, which is explained behind the condition unless it was before.
    fn named_figure(&mut self, named: Option<String>, is: Block) -> String {
        if let Some(same) = self.figures.iter().find(|f| f.named == named && f.is == is) {
            return same.label.clone();
        }
        let of_the_name = self.figures.iter().filter(|f| f.named == named).count();
        let n = i64::try_from(of_the_name).unwrap_or(0) + 1;
        let label = match &named {
            Some(name) if n == 1 => self.words.quoted(name),
            Some(name) => self.words.quoted(&format!("{name} ({n})")),
            None => self.words.say("figure", &[("n", n.into())]),
        };
        self.figures.push(super::Figure { label: label.clone(), named, is: is.clone() });
        let explained = is.wrap(|text, _| self.say("figure-is", &[("label", &label), ("what", text)]));
        self.open.push(explained);
        label
    }

    fn operand(&mut self, e: &Expr) -> String {
        let text = self.value(e);
        let compound = match &bare(e).kind {
            ExprKind::Arith { .. } | ExprKind::Shift { .. } | ExprKind::Neg(_) => !has_history(e) || bare(e) == e,
            _ => false,
        };
        if compound { self.say("group", &[("text", &text)]) } else { text }
    }

    fn period_name(&self) -> String {
        self.each_period().map(|p| self.words.period(p)).unwrap_or_else(|| self.say("period", &[]))
    }

    /// Of the record that a field belongs to, which is the field itself where it is the row's key.
    fn column(&self, root: u8, column: ColumnId) -> String {
        let Some(kind) = self.root_kind(root) else {
            return self.root(root);
        };
        let of = self.words.schema.kind(kind);
        if matches!(of.role, Role::Table { key, .. } if key == column) {
            return self.root(root);
        }
        if of.time() == Some(column) {
            return self.moment(root);
        }
        let field = self.words.field(kind, column);
        self.say("of", &[("field", &field), ("owner", &self.root(root))])
    }

    /// The day of a time, which of an event's is its date.
    fn day_of(&mut self, of: &Expr) -> String {
        let event = match &of.kind {
            ExprKind::EventTime { root } if !(*root == 0 && self.each.is_some()) => Some(*root),
            ExprKind::Column { root, column } => {
                let is_time = |kind: KindId| self.words.schema.kind(kind).time() == Some(*column);
                self.root_kind(*root).filter(|k| is_time(*k)).map(|_| *root)
            }
            _ => None,
        };
        match event {
            Some(root) => self.say("date-of", &[("record", &self.root(root))]),
            None => {
                let time = self.value(of);
                self.say("day-of", &[("time", &time)])
            }
        }
    }

    /// Whose field it is and what it is called, of a field of a record or of a row that it leads to.
    pub(super) fn owner_and_field(&mut self, e: &Expr) -> Option<(String, String)> {
        match &bare(e).kind {
            ExprKind::Column { root, column } => {
                let kind = self.root_kind(*root)?;
                Some((self.root(*root), self.words.field(kind, *column)))
            }
            ExprKind::Lookup { key, table, column, .. } => {
                let field = self.words.field(*table, *column);
                Some((self.value(key), field))
            }
            _ => None,
        }
    }

    /// A field by its own name, without the record that it is of: `unit of the actor`.
    pub(super) fn path(&mut self, e: &Expr, kind: KindId) -> String {
        match &bare(e).kind {
            ExprKind::Column { column, .. } => {
                let of = self.words.schema.kind(kind);
                match of.time() == Some(*column) {
                    true => self.say("own-time", &[]),
                    false => self.words.field(kind, *column),
                }
            }
            ExprKind::Lookup { key, table, column, .. } => {
                let (field, of) = (self.words.field(*table, *column), self.path(key, kind));
                self.say("path", &[("field", &field), ("of", &of)])
            }
            ExprKind::Every { who, table, column, .. } => {
                let (field, who) = (self.words.field(*table, *column), self.path(who, kind));
                self.say("path-every", &[("field", &field), ("who", &who)])
            }
            ExprKind::Convert(of) => self.path(of, kind),
            ExprKind::Coalesce(left, right) => {
                let (value, default) = (self.path(left, kind), self.path(right, kind));
                self.say("else", &[("value", &value), ("default", &default)])
            }
            _ => self.value(e),
        }
    }
}

/// What a calculation with constants comes to: `10 - 1`.
fn worked_out(e: &Expr, zone: &Zone) -> Option<Value> {
    match bare(e).kind {
        ExprKind::Arith { .. } | ExprKind::Neg(_) | ExprKind::Shift { .. } | ExprKind::Convert(_) => {
            sema::fold(e, zone)
        }
        _ => None,
    }
}

/// Whether a value looks at other records.
pub(super) fn has_history(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::History(_)) || e.children().iter().any(|c| has_history(c))
}

/// The value of a constant that is true.
pub(super) fn is_true(e: &Expr) -> bool {
    matches!(bare(e).kind, ExprKind::Constant(Value::Bool(true)))
}
