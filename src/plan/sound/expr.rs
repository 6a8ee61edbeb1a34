//! Expressions: what each looks at is there, and of a sort that it takes.

use super::{Atom, Sound, Walk, holds};
use crate::data::nested::{DEEPEST, with_stack};
use crate::data::{ColumnId, EnumId, KindId, Role, Type, Value};
use crate::plan::{AtomTest, Expr, Op};
use crate::sema::hir::{ArithOp, CompareOp, Func};

/// Of what sort a value is, as it is held while a plan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    of: Form,
    /// A list of such.
    list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bool,
    /// And sizes and durations.
    Int,
    /// And percent.
    Decimal,
    Text,
    Date,
    Timestamp,
    Money,
    Enum(EnumId),
    /// Whether a group of fields is there.
    Group,
}

const fn one(of: Form) -> Shape {
    Shape { of, list: false }
}

impl Shape {
    pub const BOOL: Shape = one(Form::Bool);

    /// Of one value, not of several or of a group.
    fn is_one(self) -> bool {
        !self.list && self.of != Form::Group
    }

    fn is_time(self) -> bool {
        !self.list && matches!(self.of, Form::Date | Form::Timestamp)
    }

    fn is_number(self) -> bool {
        !self.list && matches!(self.of, Form::Int | Form::Decimal)
    }
}

impl<'p> Walk<'p> {
    /// Of a type that the schema has.
    pub fn shape(&self, ty: &Type) -> Option<Shape> {
        Some(match ty {
            Type::Bool => Shape::BOOL,
            Type::Int | Type::Duration | Type::Bytes => one(Form::Int),
            Type::Decimal | Type::Percent => one(Form::Decimal),
            Type::Text => one(Form::Text),
            Type::Date => one(Form::Date),
            Type::Timestamp => one(Form::Timestamp),
            Type::Money => one(Form::Money),
            Type::Enum(id) => {
                self.schema.enums.get(id.0 as usize)?;
                one(Form::Enum(*id))
            }
            Type::Ref(_) => {
                // Keys may be references themselves, as often as there are tables.
                let mut ty = ty;
                for _ in 0..=self.schema.kinds.len() {
                    let Type::Ref(table) = ty else { break };
                    let Role::Table { key, .. } = self.schema.kinds.get(table.0 as usize)?.role else { return None };
                    ty = &self.schema.kind(*table).columns.get(key.0 as usize)?.ty;
                }
                holds(!matches!(ty, Type::Ref(_) | Type::List(_) | Type::Set(_) | Type::Struct))?;
                self.shape(ty)?
            }
            Type::Struct => one(Form::Group),
            Type::List(of) | Type::Set(of) => {
                holds(!matches!(**of, Type::List(_) | Type::Set(_) | Type::Struct))?;
                Shape { list: true, ..self.shape(of)? }
            }
        })
    }

    fn is_of(&self, value: &Value, shape: Shape) -> bool {
        match (value, shape.list) {
            (Value::List(items), true) => items.iter().all(|item| self.is_of(item, one(shape.of))),
            (Value::List(_), false) | (_, true) => false,
            (Value::Bool(_), false) => shape.of == Form::Bool,
            (Value::Int(_) | Value::Duration(_) | Value::Bytes(_), false) => shape.of == Form::Int,
            (Value::Decimal(_) | Value::Percent(_), false) => shape.of == Form::Decimal,
            (Value::Text(_), false) => shape.of == Form::Text,
            (Value::Date(_), false) => shape.of == Form::Date,
            (Value::Timestamp(_), false) => shape.of == Form::Timestamp,
            (Value::Money(_), false) => shape.of == Form::Money,
            (Value::Enum(id, _), false) => shape.of == Form::Enum(*id),
        }
    }

    pub fn conditions(&mut self, mut all: impl Iterator<Item = &'p Expr>) -> Sound {
        all.try_for_each(|e| holds(self.expr(e)? == Shape::BOOL))
    }

    /// A key, of which each of a set may be one.
    pub fn key(&mut self, e: &'p Expr) -> Option<Shape> {
        match &e.op {
            Op::Every { who, table, column, root } => {
                self.span(e.span)?;
                let who = self.expr(who)?;
                self.chain(*table, *column)?;
                self.read(*table, *column)?;
                holds(self.root(*root).is_some() && who == self.shape(&Type::Ref(*table))?)?;
                Some(who)
            }
            _ => self.expr(e).filter(|shape| shape.is_one()),
        }
    }

    pub fn expr(&mut self, e: &'p Expr) -> Option<Shape> {
        self.depth += 1;
        holds(self.depth <= DEEPEST)?;
        let found = with_stack(self.depth, || self.op(e))?;
        self.depth -= 1;
        self.span(e.span)?;
        holds(found == self.shape(&e.ty)?)?;
        Some(found)
    }

    fn root(&self, root: u8) -> Option<KindId> {
        *self.roots.get(root as usize)?
    }

    fn op(&mut self, e: &'p Expr) -> Option<Shape> {
        Some(match &e.op {
            Op::Constant(value) => {
                let shape = self.shape(&e.ty)?;
                holds(self.is_of(value, shape))?;
                shape
            }
            Op::Column { root, column } => self.cell(self.root(*root)?, *column)?,
            Op::EventTime { root } => {
                self.root(*root)?;
                self.shape(&e.ty).filter(|s| s.is_time())?
            }
            Op::PeriodStart | Op::PeriodEnd | Op::AsOf => self.shape(&e.ty).filter(|s| s.is_time())?,
            Op::Lookup { key, table, column, root } => {
                self.root(*root)?;
                holds(self.expr(key)? == self.shape(&Type::Ref(*table))?)?;
                self.cell(*table, *column)?
            }
            Op::ToDecimal(of) => self.from(of, Form::Int, Form::Decimal)?,
            Op::ToTimestamp(of) => self.from(of, Form::Date, Form::Timestamp)?,
            Op::ToDate(of) => self.from(of, Form::Timestamp, Form::Date)?,
            Op::Not(of) => self.from(of, Form::Bool, Form::Bool)?,
            Op::And(all) | Op::Or(all) => {
                self.conditions(all.iter())?;
                Shape::BOOL
            }
            Op::Compare { op, left, right, ignoring_case: _ } => {
                let shape = self.both(left, right)?;
                holds(shape.of != Form::Group && (!shape.list || matches!(op, CompareOp::Eq | CompareOp::Ne)))?;
                Shape::BOOL
            }
            Op::In { item, set, ignoring_case: _ } => {
                let item = one(self.expr(item)?.of);
                holds(set.iter().all(|value| self.is_of(value, item)))?;
                Shape::BOOL
            }
            Op::InColumn { item, list, ignoring_case: _ } => {
                let (item, list) = (self.expr(item)?, self.expr(list)?);
                holds(item.is_one() && list == Shape { list: true, ..item })?;
                Shape::BOOL
            }
            Op::Overlaps { left, right, ignoring_case: _ } => {
                holds(self.both(left, right)?.list)?;
                Shape::BOOL
            }
            Op::TextTest { op: _, left, right, ignoring_case: _ } => {
                holds(self.both(left, right)? == one(Form::Text))?;
                Shape::BOOL
            }
            Op::InDomain { host, domains: _ } => self.from(host, Form::Text, Form::Bool)?,
            Op::Matches { left, pattern } => {
                holds((*pattern as usize) < self.plan.patterns.len())?;
                self.from(left, Form::Text, Form::Bool)?
            }
            Op::Under { who, above, table, column, root } => {
                self.root(*root)?;
                self.chain(*table, *column)?;
                self.read(*table, *column)?;
                holds(self.both(who, above)? == self.shape(&Type::Ref(*table))?)?;
                Shape::BOOL
            }
            // Only as a key.
            Op::Every { .. } => return None,
            Op::Present(of) => {
                self.expr(of)?;
                Shape::BOOL
            }
            Op::Coalesce(of, default) => self.both(of, default)?,
            Op::Neg(of) => self.expr(of).filter(|s| s.is_number() || *s == one(Form::Money))?,
            Op::Arith { op, left, right } => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.arith(*op, left, right, &e.ty)?
            }
            Op::Shift { time, by: _ } => self.expr(time).filter(|s| s.is_time())?,
            Op::History(id) => self.history(*id, false)?,
        })
    }

    /// A column that is read, as it is looked at in a record or row.
    fn cell(&self, kind: KindId, column: ColumnId) -> Option<Shape> {
        self.read(kind, column)?;
        self.shape(&self.schema.column(kind, column).ty)
    }

    fn from(&mut self, of: &'p Expr, from: Form, to: Form) -> Option<Shape> {
        holds(self.expr(of)? == one(from))?;
        Some(one(to))
    }

    /// Of two that are of one sort.
    fn both(&mut self, left: &'p Expr, right: &'p Expr) -> Option<Shape> {
        let shape = self.expr(left)?;
        (self.expr(right)? == shape).then_some(shape)
    }

    /// As `eval::arith` has it.
    fn arith(&self, op: ArithOp, left: Shape, right: Shape, ty: &Type) -> Option<Shape> {
        holds(left.is_one() && right.is_one())?;
        let of = match (left.of, op, right.of) {
            (Form::Date, ArithOp::Sub, Form::Date) | (Form::Timestamp, ArithOp::Sub, Form::Timestamp) => Form::Int,
            (Form::Timestamp, ArithOp::Add | ArithOp::Sub, Form::Int) => Form::Timestamp,
            (Form::Int, ArithOp::Add, Form::Timestamp) => Form::Timestamp,
            (Form::Date, ArithOp::Add | ArithOp::Sub, Form::Int) => Form::Date,
            (Form::Money, ArithOp::Add | ArithOp::Sub, Form::Money) => Form::Money,
            (Form::Money, ArithOp::Div, Form::Money) => Form::Decimal,
            (Form::Money, ArithOp::Mul | ArithOp::Div, _) => holds(right.is_number()).map(|()| Form::Money)?,
            (_, ArithOp::Mul, Form::Money) => holds(left.is_number()).map(|()| Form::Money)?,
            _ => {
                let result = self.shape(ty)?;
                holds(left.is_number() && right.is_number() && result.is_number())?;
                result.of
            }
        };
        Some(one(of))
    }

    /// What a function over records comes to.
    pub fn result(&self, func: Func, value: Option<(Shape, &Type)>) -> Option<Shape> {
        Some(match func {
            Func::Exists | Func::No => Shape::BOOL,
            Func::Count => one(Form::Int),
            Func::Distinct => value.filter(|v| v.0.is_one()).map(|_| one(Form::Int))?,
            Func::Min | Func::Max | Func::First | Func::Last => value?.0,
            Func::Sum => value?.0,
            Func::Avg => match value? {
                (_, Type::Int) => one(Form::Decimal),
                (shape, _) => shape,
            },
            Func::Median => value.map_or(one(Form::Decimal), |v| v.0),
        })
        .filter(|shape| shape.is_one())
        .filter(|shape| {
            let sum = match func {
                Func::Sum | Func::Avg | Func::Median => true,
                Func::Exists
                | Func::No
                | Func::Count
                | Func::Distinct
                | Func::Min
                | Func::Max
                | Func::First
                | Func::Last => false,
            };
            !sum || shape.is_number() || *shape == one(Form::Money)
        })
    }

    /// A field by which a table leads from row to row.
    pub fn chain(&self, table: KindId, column: ColumnId) -> Sound {
        holds(self.schema.kinds.get(table.0 as usize)?.is_table())?;
        let own = self.shape(&Type::Ref(table))?;
        holds(self.cell(table, column)? == own)
    }

    pub fn atom(&self, kind: KindId, atom: &Atom) -> Sound {
        let shape = self.cell(kind, atom.column)?;
        holds(match &atom.test {
            AtomTest::Present => true,
            AtomTest::True => shape == Shape::BOOL,
            AtomTest::OneOf(values) => shape.is_one() && values.iter().all(|value| self.is_of(value, shape)),
            AtomTest::Below { bound, or_equal: _ } => shape.is_one() && self.is_of(bound, shape),
            AtomTest::Text { how: _, patterns: _, ignoring_case: _ } => shape == one(Form::Text),
            AtomTest::Matches(pattern) => shape == one(Form::Text) && (*pattern as usize) < self.plan.patterns.len(),
        })
    }
}
