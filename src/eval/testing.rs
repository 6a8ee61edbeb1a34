//! Schemas, policies and batches for this module's tests, made by hand.

use super::{Evaluator, Findings, Options};
use crate::data::{
    Batch, Clock, Column, ColumnId, Currency, Decimal, Defect, EnumDef, EnumId, EnumWord, InputId, Kind, KindId,
    Length, Money, Origin, Place, Role, Schema, Severity, Type, Value,
};
use crate::plan::Plan;
use crate::sema::hir::*;
use crate::source::{FileId, Span};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::*;
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field};
use std::sync::Arc;

pub fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

/// A name, a type, and whether the value may be absent.
pub fn kind(name: &str, role: Role, identity: &[u32], columns: &[(&str, Type, bool)]) -> Kind {
    let columns = columns
        .iter()
        .map(|(name, ty, optional)| Column {
            name: (*name).into(),
            ty: ty.clone(),
            optional: *optional,
            person: false,
            sensitive: false,
            span: span(),
        })
        .collect();
    let identity = identity.iter().map(|c| ColumnId(*c)).collect();
    Kind { name: name.into(), doc: None, role, identity, columns, origin: Origin::Declared, rates: None, span: span() }
}

/// One enum of three words, and these kinds.
pub fn schema(kinds: Vec<Kind>) -> Arc<Schema> {
    let words = ["low", "mid", "high"];
    let words = words.iter().map(|w| EnumWord { name: (*w).into(), spelling: None, span: span() }).collect();
    Arc::new(Schema { enums: vec![EnumDef { name: "grade".into(), words, span: span() }], kinds })
}

pub fn rule(name: &str, trigger: Trigger, body: Body) -> Rule {
    Rule {
        level: 0,
        name: name.into(),
        title: format!("Title of {name}"),
        doc: None,
        verb: match body {
            Body::Forbid { .. } => Verb::Forbid,
            Body::Require { .. } => Verb::Require,
            Body::Limit { .. } => Verb::Limit,
        },
        severity: Severity::Major,
        cite: None,
        consequence: None,
        purpose: None,
        legal_basis: None,
        retention: None,
        policy: None,
        clock: Clock { timezone: "Europe/London".into(), fiscal_start: (4, 1), business: None },
        effective: (None, None),
        trigger,
        body,
        unless: vec![],
        once: None,
        waivers: vec![],
        because: None,
        span: span(),
        name_span: span(),
    }
}

pub fn on(kind: u32) -> Trigger {
    Trigger::Record { kind: KindId(kind), filter: None, span: span() }
}

pub fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty, optional: false, span: span() }
}

pub fn column(schema: &Schema, kind: u32, root: u8, column: u32) -> Expr {
    let of = schema.column(KindId(kind), ColumnId(column));
    Expr {
        kind: ExprKind::Column { root, column: ColumnId(column) },
        ty: of.ty.clone(),
        optional: of.optional,
        span: span(),
    }
}

pub fn constant(value: Value) -> Expr {
    let ty = match &value {
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Decimal(_) => Type::Decimal,
        Value::Percent(_) => Type::Percent,
        Value::Text(_) => Type::Text,
        Value::Date(_) => Type::Date,
        Value::Timestamp(_) => Type::Timestamp,
        Value::Duration(_) => Type::Duration,
        Value::Bytes(_) => Type::Bytes,
        Value::Money(_) => Type::Money,
        Value::Enum(id, _) => Type::Enum(*id),
        Value::List(_) => Type::List(Box::new(Type::Text)),
    };
    expr(ExprKind::Constant(value), ty)
}

pub fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right), ignoring_case: false };
    expr(kind, Type::Bool)
}

pub fn money(amount: i64, currency: &str) -> Value {
    Value::Money(Money { amount: Decimal::from_int(amount), currency: Currency::parse(currency).unwrap() })
}

pub fn grade(word: u16) -> Value {
    Value::Enum(EnumId(0), word)
}

pub fn days(days: i32) -> Length {
    Length::days(days)
}

/// A history about root 0, by the column of one number on both sides.
pub fn history(schema: &Schema, func: Func, kind: u32, key: Option<(u32, u32, u32)>, window: Window) -> History {
    let keys = key
        .iter()
        .map(|&(inner, outer_kind, outer)| Key {
            inner: column(schema, kind, 1, inner),
            outer: column(schema, outer_kind, 0, outer),
        })
        .collect();
    History { func, kind: KindId(kind), root: 0, value: None, keys, window, filter: None, per: vec![], span: span() }
}

pub fn plan(schema: &Arc<Schema>, mut rules: Vec<Rule>) -> Arc<Plan> {
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    let hir = Hir {
        schema: schema.clone(),
        sources: vec![],
        params: vec![],
        rules,
        metrics: vec![],
        tests: vec![],
        charter: 0,
    };
    Arc::new(Plan::compile(&hir))
}

/// What a cell holds: a value, nothing, or something that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Is(Value),
    Nothing,
    Bad,
}

pub fn text(value: &str) -> Cell {
    Cell::Is(Value::Text(value.into()))
}

/// A batch of the columns that the plan needs; `lines[i]` is where row `i` stands.
pub fn batch(plan: &Plan, kind: u32, rows: &[Vec<Cell>], lines: &[u64]) -> Batch {
    let projection = plan.columns(KindId(kind)).unwrap_or_default();
    let mut defects = Vec::new();
    for (r, row) in rows.iter().enumerate() {
        for (c, id) in projection.iter().enumerate() {
            if row[id.0 as usize] == Cell::Bad {
                let (row, column) = (r as u32, c as u32);
                defects.push(Defect { row, column, found: "?".into(), expected: "a value".into() });
            }
        }
    }
    let columns = projection
        .iter()
        .map(|id| {
            let cells: Vec<Option<&Value>> = rows
                .iter()
                .map(|row| match &row[id.0 as usize] {
                    Cell::Is(v) => Some(v),
                    _ => None,
                })
                .collect();
            array(&plan.schema.column(KindId(kind), *id).ty, &cells)
        })
        .collect();
    let places = lines.iter().map(|&line| Place { input: InputId(0), offset: line, line, element: 0 }).collect();
    Batch { kind: KindId(kind), projection, columns, places, defects, left: Vec::new() }
}

fn array(ty: &Type, cells: &[Option<&Value>]) -> ArrayRef {
    macro_rules! of {
        ($array:ty, $pattern:pat => $value:expr) => {
            cells.iter().map(|c| if let Some($pattern) = c { Some($value) } else { None }).collect::<$array>()
        };
    }
    let decimals = |raws: Vec<Option<i128>>| Decimal128Array::from(raws).with_precision_and_scale(38, 18).unwrap();
    match ty {
        Type::Bool | Type::Struct => Arc::new(of!(BooleanArray, Value::Bool(b) => *b)),
        Type::Int | Type::Bytes | Type::Duration => {
            Arc::new(of!(Int64Array, Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => *n))
        }
        Type::Decimal | Type::Percent => {
            Arc::new(decimals(of!(Vec<_>, Value::Decimal(d) | Value::Percent(d) => d.raw())))
        }
        Type::Text | Type::Ref(_) => Arc::new(of!(StringArray, Value::Text(t) => t.as_str())),
        Type::Date => Arc::new(of!(Date32Array, Value::Date(d) => *d)),
        Type::Timestamp => Arc::new(of!(TimestampNanosecondArray, Value::Timestamp(t) => *t).with_timezone("UTC")),
        Type::Enum(_) => Arc::new(of!(UInt16Array, Value::Enum(_, w) => *w)),
        Type::Money => {
            let amounts = decimals(of!(Vec<_>, Value::Money(m) => m.amount.raw()));
            let currencies = of!(StringArray, Value::Money(m) => m.currency.as_str());
            let nulls = NullBuffer::from(cells.iter().map(Option::is_some).collect::<Vec<_>>());
            let fields = vec![
                Field::new("amount", DataType::Decimal128(38, 18), true),
                Field::new("currency", DataType::Utf8, true),
            ];
            Arc::new(StructArray::new(fields.into(), vec![Arc::new(amounts), Arc::new(currencies)], Some(nulls)))
        }
        Type::List(_) | Type::Set(_) => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for cell in cells {
                if let Some(Value::List(items)) = cell {
                    for item in items {
                        if let Value::Text(t) = item {
                            builder.values().append_value(t);
                        }
                    }
                }
                builder.append(cell.is_some());
            }
            Arc::new(builder.finish())
        }
    }
}

pub fn run(plan: &Arc<Plan>, batches: Vec<Batch>, options: Options) -> Findings {
    let mut evaluator = Evaluator::new(plan.clone(), options).unwrap();
    batches.into_iter().for_each(|b| evaluator.push(b).unwrap());
    evaluator.finish()
}

/// Rule, verdict and line of each verdict.
pub fn verdicts(findings: &Findings) -> Vec<(String, crate::data::Verdict, u64)> {
    findings.iter().map(|r| (r.rule.name.clone(), r.verdict, r.place.map_or(0, |p| p.line))).collect()
}
