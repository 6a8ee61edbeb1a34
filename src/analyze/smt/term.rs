//! Values, with the state that each is in.

use super::model::Asked;
use super::{Question, Reader};
use crate::analyze::lower::Whole;
use crate::data::calendar::NANOS_PER_DAY;
use crate::data::{Decimal, Length, Money, Schema, Type, Value};
use crate::sema::hir::{Expr, ExprKind, Func, History};

#[derive(Clone, Debug)]
pub struct Term {
    pub value: String,
    pub known: String,
    pub absent: String,
    pub sort: Sort,
    /// Of money: a number that stands for it.
    pub currency: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Bool,
    /// Numbers, and words of enums; what has places is counted in 10⁻¹⁸.
    Int,
    Text,
    /// Whether a value is in it: a function.
    List,
}

impl Sort {
    pub fn of(schema: &Schema, ty: &Type) -> Sort {
        match ty {
            Type::Bool => Sort::Bool,
            Type::Text => Sort::Text,
            Type::Ref(table) => Sort::of(schema, schema.key_type(*table)),
            Type::List(_) | Type::Set(_) => Sort::List,
            _ => Sort::Int,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Sort::Bool => "Bool",
            Sort::Int | Sort::List => "Int",
            Sort::Text => "String",
        }
    }
}

pub fn number(n: i128) -> String {
    if n < 0 { format!("(- {})", n.unsigned_abs()) } else { n.to_string() }
}

/// A text as SMT-LIB writes it; none with what it cannot hold.
pub fn quoted(text: &str) -> Option<String> {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\"\""),
            '\\' => out.push_str("\\u{5c}"),
            ' '..='~' => out.push(c),
            // The language's characters end here.
            c if u32::from(c) > 0x2_FFFF => return None,
            c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    out.push('"');
    Some(out)
}

/// As the evaluator adds up: the rounding of a product to whole units, half to even.
pub fn scaled(of: &str, up: i128, down: i128) -> String {
    let (up, down) = reduced(up, down);
    let product = if up == 1 { of.to_owned() } else { format!("(* {} {of})", number(up)) };
    if down == 1 {
        return product;
    }
    let down = number(down);
    format!(
        "(let ((n {product})) (let ((q (div n {down})) (r (* 2 (mod n {down})))) \
         (ite (or (> r {down}) (and (= r {down}) (= (mod q 2) 1))) (+ q 1) q)))"
    )
}

/// The same fraction in lowest terms, its divisor positive.
fn reduced(up: i128, down: i128) -> (i128, i128) {
    let (mut a, mut b) = (up.unsigned_abs(), down.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let by = i128::try_from(a.max(1)).unwrap_or(1) * down.signum();
    (up / by, down / by)
}

pub const ONE: i128 = Decimal::from_int(1).raw();

impl Question {
    pub fn constant(&mut self, schema: &Schema, value: &Value) -> Option<Term> {
        let (value, sort, currency) = match value {
            Value::Bool(b) => (b.to_string(), Sort::Bool, None),
            Value::Int(n) | Value::Timestamp(n) | Value::Duration(n) | Value::Bytes(n) => {
                (number(i128::from(*n)), Sort::Int, None)
            }
            Value::Date(n) => (number(i128::from(*n)), Sort::Int, None),
            Value::Decimal(d) | Value::Percent(d) => (number(d.raw()), Sort::Int, None),
            Value::Money(Money { amount, currency }) => {
                let of = self.currency(&currency.to_string());
                (number(amount.raw()), Sort::Int, Some(of.to_string()))
            }
            Value::Text(text) => (quoted(text)?, Sort::Text, None),
            Value::Enum(of, word) => {
                let name = schema.enum_def(*of).words.get(usize::from(*word))?.name.clone();
                (self.word(&name).to_string(), Sort::Int, None)
            }
            Value::List(_) => return None,
        };
        Some(Term { value, known: "true".into(), absent: "false".into(), sort, currency })
    }

    /// A value that is what the record has there.
    pub fn free(&mut self, schema: &Schema, key: &str, ty: &Type, optional: bool) -> Term {
        let key = match ty {
            // With other words it is another value.
            Type::Enum(of) => {
                let words: Vec<&str> = schema.enum_def(*of).words.iter().map(|w| w.name.as_str()).collect();
                format!("{key} among {words:?}")
            }
            ty => format!("{key} as {}", schema.type_name(ty)),
        };
        let key = format!("{key}{}", if optional { "?" } else { "" });
        if let Some(term) = self.terms.get(&key) {
            return term.clone();
        }
        let sort = Sort::of(schema, ty);
        let state = self.state(optional);
        let value = match sort {
            Sort::List => {
                let element = match ty {
                    Type::List(of) | Type::Set(of) => Sort::of(schema, of),
                    _ => Sort::Int,
                };
                self.function(format!("in {key}"), element.name(), "Bool")
            }
            sort => {
                let value = self.declare("v", sort.name());
                self.bound(schema, &value, ty);
                self.usual(schema, &value, ty);
                value
            }
        };
        let currency = (*ty == Type::Money).then(|| self.declare("c", "Int"));
        let term = Term {
            value,
            known: self.define("Bool", &format!("(= {state} 0)")),
            absent: self.define("Bool", &format!("(= {state} 1)")),
            sort,
            currency,
        };
        self.terms.insert(key, term.clone());
        term
    }

    /// What records that somebody might have look like: of this century, short, and in whole units.
    fn usual(&mut self, schema: &Schema, value: &str, ty: &Type) {
        let between =
            |low: i128, high: i128| format!("(and (<= {} {value}) (<= {value} {}))", number(low), number(high));
        let day = i128::from(NANOS_PER_DAY);
        let usual = match ty {
            Type::Int | Type::Bytes => between(-1_000_000, 1_000_000_000_000),
            Type::Date => between(10_957, 29_220),
            Type::Timestamp => between(10_957 * day, 29_220 * day),
            Type::Duration => between(0, 4_000 * day),
            Type::Money | Type::Decimal => between(-1_000_000 * ONE, 1_000_000_000 * ONE),
            Type::Text => format!("(<= 1 (str.len {value}) 24)"),
            Type::Ref(table) => return self.usual(schema, value, schema.key_type(*table)),
            _ => return,
        };
        self.usual.push(usual);
    }

    /// What values of a type there are.
    pub fn bound(&mut self, schema: &Schema, value: &str, ty: &Type) {
        match ty {
            Type::Enum(of) => {
                let words: Vec<String> = schema.enum_def(*of).words.iter().map(|w| w.name.clone()).collect();
                let codes: Vec<String> = words.iter().map(|w| format!("(= {value} {})", self.word(w))).collect();
                if !codes.is_empty() {
                    self.assert(&any(&codes));
                }
            }
            Type::Int | Type::Timestamp | Type::Duration | Type::Bytes => {
                let (low, high) = (number(i128::from(i64::MIN)), number(i128::from(i64::MAX)));
                self.assert(&format!("(and (<= {low} {value}) (<= {value} {high}))"));
            }
            Type::Date => {
                let (low, high) = (number(i128::from(i32::MIN)), number(i128::from(i32::MAX)));
                self.assert(&format!("(and (<= {low} {value}) (<= {value} {high}))"));
            }
            Type::Decimal | Type::Percent | Type::Money => {
                let (low, high) = (number(i128::MIN), number(i128::MAX));
                self.assert(&format!("(and (<= {low} {value}) (<= {value} {high}))"));
            }
            Type::Ref(table) => self.bound(schema, value, schema.key_type(*table)),
            Type::Bool | Type::Text | Type::Struct | Type::List(_) | Type::Set(_) => {}
        }
    }
}

pub fn any(parts: &[String]) -> String {
    match parts {
        [] => "false".into(),
        [one] => one.clone(),
        more => format!("(or {})", more.join(" ")),
    }
}

pub fn all(parts: &[String]) -> String {
    match parts {
        [] => "true".into(),
        [one] => one.clone(),
        more => format!("(and {})", more.join(" ")),
    }
}

impl Reader<'_, '_> {
    pub fn term(&mut self, e: &Expr) -> Term {
        let schema = self.names.schema;
        match &e.kind {
            ExprKind::Named { body, .. } => self.term(body),
            ExprKind::Constant(value) => match self.question.constant(schema, value) {
                Some(term) => term,
                None => self.whole(e, Whole::Other),
            },
            ExprKind::Column { root: 0, column } => {
                let kind = self.names.roots[0];
                let column = schema.column(kind, *column);
                self.column(&column.name, &column.ty, column.optional)
            }
            ExprKind::EventTime { root: 0 } => match self.names.time(0, &e.ty) {
                Some(column) => self.column(column, &e.ty, false),
                None => self.whole(e, Whole::Other),
            },
            ExprKind::Lookup { key, table, column, root: 0 } => self.lookup(e, key, *table, *column),
            ExprKind::Convert(of) => self.converted(e, of),
            ExprKind::Coalesce(left, right) => {
                let (left, right) = (self.term(left), self.term(right));
                if left.sort != right.sort || left.sort == Sort::List {
                    return self.whole(e, Whole::Other);
                }
                let q = &mut self.question;
                let value =
                    q.define(left.sort.name(), &format!("(ite {} {} {})", left.absent, right.value, left.value));
                let known = q.define("Bool", &format!("(ite {} {} {})", left.absent, right.known, left.known));
                let absent = q.define("Bool", &format!("(and {} {})", left.absent, right.absent));
                let currency = match (left.currency, right.currency) {
                    (Some(a), Some(b)) => Some(q.define("Int", &format!("(ite {} {b} {a})", left.absent))),
                    _ => None,
                };
                Term { value, known, absent, sort: left.sort, currency }
            }
            ExprKind::Neg(of) => {
                let of = self.term(of);
                let value = self.question.define("Int", &format!("(- {})", of.value));
                Term { value, ..of }
            }
            ExprKind::Arith { op, left, right } => {
                let terms = (self.term(left), self.term(right));
                self.calculated(e, *op, (left, right), terms)
            }
            ExprKind::Shift { time, by } => self.shifted(e, time, *by),
            ExprKind::History(history) if !matches!(history.func, Func::Exists | Func::No) => {
                self.aggregate(e, history)
            }
            ExprKind::AsOf | ExprKind::PeriodStart | ExprKind::PeriodEnd => self.whole(e, Whole::Other),
            _ if e.ty == Type::Bool => {
                let truth = self.truth(e);
                let known = self.question.define("Bool", &format!("(or {} {})", truth.yes, truth.no));
                Term { value: truth.yes, known, absent: "false".into(), sort: Sort::Bool, currency: None }
            }
            ExprKind::Under { .. } | ExprKind::Every { .. } => self.whole(e, Whole::Above),
            _ => self.whole(e, Whole::Other),
        }
    }

    /// Whatever it may be; the same wherever it stands.
    pub fn whole(&mut self, e: &Expr, why: Whole) -> Term {
        self.wholes.push((e.span, why));
        let key = self.names.text(e);
        self.question.free(self.names.schema, &key, &e.ty, e.optional)
    }

    pub fn column(&mut self, name: &str, ty: &Type, optional: bool) -> Term {
        let term = self.question.free(self.names.schema, &format!("record.{name}"), ty, optional);
        self.question.ask_for(Asked::column(name, ty, &term));
        term
    }

    fn lookup(&mut self, e: &Expr, key: &Expr, table: crate::data::KindId, column: crate::data::ColumnId) -> Term {
        let schema = self.names.schema;
        let of = schema.column(table, column);
        let (name, optional) = (format!("{}.{}", self.names.kind(table), of.name), of.optional);
        let by = self.term(key);
        let sort = Sort::of(schema, &of.ty);
        if sort == Sort::List || by.sort == Sort::List {
            return self.whole(e, Whole::Lists);
        }
        let text = schema.type_name(&of.ty);
        let q = &mut self.question;
        let value = q.function(format!("{name} as {text}"), by.sort.name(), sort.name());
        let state = q.function(format!("state of {name} as {text}"), by.sort.name(), "Int");
        let value = q.define(sort.name(), &format!("({value} {})", by.value));
        let state = q.define("Int", &format!("({state} {})", by.value));
        q.bound(schema, &value, &of.ty);
        q.usual(schema, &value, &of.ty);
        q.bound_state(&state, optional);
        let currency = (of.ty == Type::Money).then(|| {
            let function = q.function(format!("currency of {name}"), by.sort.name(), "Int");
            q.define("Int", &format!("({function} {})", by.value))
        });
        let known = q.define("Bool", &format!("(and {} (= {state} 0))", by.known));
        let absent = q.define("Bool", &format!("(or {} (and {} (= {state} 1)))", by.absent, by.known));
        let term = Term { value, known, absent, sort, currency };
        q.ask_for(Asked::lookup((&schema.kind(table).name, &of.name), &of.ty, &term, (&key.ty, &by)));
        term
    }

    fn converted(&mut self, e: &Expr, of: &Expr) -> Term {
        let from = of.ty.clone();
        let of = self.term(of);
        let body = match (&from, &e.ty) {
            (Type::Int, Type::Decimal) => format!("(* {ONE} {})", of.value),
            (Type::Date, Type::Timestamp) if self.utc => format!("(* {NANOS_PER_DAY} {})", of.value),
            (Type::Timestamp, Type::Date) if self.utc => format!("(div {} {NANOS_PER_DAY})", of.value),
            (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => {
                let key = self.names.timed(format!("{} to {:?}", self.names.schema.type_name(&from), e.ty));
                let function = self.question.function(key, "Int", "Int");
                format!("({function} {})", of.value)
            }
            _ => return self.whole(e, Whole::Other),
        };
        Term { value: self.question.define("Int", &body), ..of }
    }

    fn shifted(&mut self, e: &Expr, time: &Expr, by: Length) -> Term {
        let step = match (&time.ty, by.months, by.business) {
            (Type::Date, 0, 0) if by.nanos == 0 => i128::from(by.days),
            (Type::Timestamp, 0, 0) if by.days == 0 || self.utc => {
                i128::from(by.days) * i128::from(NANOS_PER_DAY) + i128::from(by.nanos)
            }
            _ => return self.whole(e, Whole::Arithmetic),
        };
        let time = self.term(time);
        Term { value: self.question.define("Int", &format!("(+ {} {})", time.value, number(step))), ..time }
    }

    fn aggregate(&mut self, e: &Expr, history: &History) -> Term {
        let term = self.whole(e, Whole::History);
        if matches!(history.func, Func::Count | Func::Distinct) {
            self.question.assert(&format!("(<= 0 {})", term.value));
        }
        let own = history.kind == self.names.roots[0] && history.root == 0;
        match (history.func, history.value.as_ref().map(|v| &v.kind)) {
            (Func::Count, _) if own => self.question.ask_for(Asked::Count(term.value.clone())),
            (Func::Sum, Some(ExprKind::Column { root: 1, column })) if own => {
                let column = self.names.schema.column(history.kind, *column);
                let asked = Asked::sum(&column.name, &column.ty, &term);
                self.question.ask_for(asked);
            }
            _ => {}
        }
        term
    }
}
