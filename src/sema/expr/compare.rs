//! Comparisons: two values of one type, in an order where there is one.

use super::super::hir::{CompareOp, Expr, ExprKind};
use super::{Typer, bool_expr, convert};
use crate::data::{Currency, KindId, Role, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast;

impl Typer<'_, '_> {
    /// Whether it takes its type from what is beside it: numbers, and words that stand for nothing else.
    pub(super) fn is_flexible(&self, e: &ast::Expr) -> bool {
        match &e.kind {
            ast::ExprKind::Number(_) | ast::ExprKind::Set(_) => true,
            ast::ExprKind::Neg(of) => self.is_flexible(of),
            ast::ExprKind::Name(name) => !self.resolves(&name.text),
            _ => false,
        }
    }

    /// Two sides, each with the other's type in mind.
    pub(super) fn pair(&mut self, left: &ast::Expr, right: &ast::Expr) -> Option<(Expr, Expr)> {
        if self.is_flexible(left) && !self.is_flexible(right) {
            let right = self.expr(right, None)?;
            let left = self.expr(left, Some(&right.ty))?;
            return Some((left, right));
        }
        let left = self.expr(left, None);
        let right = match &left {
            Some(left) => self.expr(right, Some(&left.ty)),
            None if self.is_flexible(right) => None,
            None => self.expr(right, None),
        };
        Some((left?, right?))
    }

    pub(super) fn compare(
        &mut self,
        e: &ast::Expr,
        op: CompareOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        ignoring_case: bool,
    ) -> Option<Expr> {
        if let Some(error) = self.with_nothing(e, op, (left, right)) {
            return self.fail(error);
        }
        let around = self.around.replace(e.span);
        let sides = self.with(false, true, |t| t.pair(left, right));
        self.around = around;
        let (left, right) = sides?;
        let (left, right) = self.unify(left, right, e.span, "compare")?;
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let ordered = !matches!(left.ty, Type::Bool | Type::Text | Type::Ref(_));
        if !equality && !ordered {
            let is = self.a_type(&left.ty);
            return self.fail(
                Diagnostic::error(
                    Code::NotOrdered,
                    format!("`{}` asks which is greater, and {} has no order", self.quote(op_span), is),
                    op_span,
                    format!("both sides are {is}"),
                )
                .help("ordered are numbers, amounts, dates, times, durations, sizes, and enums by their declaration; compare others with `==` or `!=`"),
            );
        }
        if ignoring_case && !self.textual(&left.ty) {
            let is = self.a_type(&left.ty);
            return self.fail(
                Diagnostic::error(
                    Code::NotText,
                    "only text has a case to ignore",
                    e.span,
                    format!("both sides are {is}"),
                )
                .help("take `ignoring case` out"),
            );
        }
        let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right), ignoring_case };
        Some(bool_expr(kind, e.span))
    }

    /// Text, or a reference by a text.
    pub(super) fn textual(&self, ty: &Type) -> bool {
        match ty {
            Type::Text => true,
            Type::Ref(table) => *self.key_type(*table) == Type::Text,
            _ => false,
        }
    }

    /// The type of a table's key.
    pub fn key_type(&self, table: KindId) -> &Type {
        let kind = self.world.schema.kind(table);
        match kind.role {
            Role::Table { key, .. } => kind.columns.get(key.0 as usize).map_or(&Type::Text, |c| &c.ty),
            Role::Record { .. } => &Type::Text,
        }
    }

    /// Whether values of the two types are the same kind of thing: references compare by key.
    pub fn same(&self, a: &Type, b: &Type) -> bool {
        match (a, b) {
            (Type::Ref(a), Type::Ref(b)) => a == b,
            (Type::Ref(table), other) | (other, Type::Ref(table)) => self.key_type(*table) == other,
            (a, b) => a == b,
        }
    }

    /// Brings both to one type; told where there is none. `verb` is what was tried: "compare", "add".
    pub(super) fn unify(&self, left: Expr, right: Expr, span: Span, verb: &str) -> Option<(Expr, Expr)> {
        let (left, right) = match (&left.ty, &right.ty) {
            (Type::Int, Type::Decimal) => (convert(left, Type::Decimal), right),
            (Type::Decimal, Type::Int) => (left, convert(right, Type::Decimal)),
            (Type::Date, Type::Timestamp) => (left, convert(right, Type::Date)),
            (Type::Timestamp, Type::Date) => (convert(left, Type::Date), right),
            (Type::List(_) | Type::Set(_) | Type::Struct, _) | (_, Type::List(_) | Type::Set(_) | Type::Struct) => {
                return self.mismatch(&left, &right, span, verb);
            }
            (a, b) if self.same(a, b) => (left, right),
            _ => return self.mismatch(&left, &right, span, verb),
        };
        self.same_currency(&left, &right, span, verb)?;
        Some((left, right))
    }

    pub(super) fn same_currency(&self, left: &Expr, right: &Expr, span: Span, verb: &str) -> Option<()> {
        let (Some(a), Some(b)) = (currency(left), currency(right)) else { return Some(()) };
        if a == b || self.world.schema.rates().is_some() {
            return Some(());
        }
        self.fail(
            Diagnostic::error(
                Code::Currencies,
                format!("cannot {verb} `{}` and `{}`: two currencies", self.quote(left.span), self.quote(right.span)),
                span,
                format!("{a} and {b}"),
            )
            .help("write both in one currency, or declare rates between them: `rates ecb valid for 7 days`"),
        )
    }

    fn mismatch<T>(&self, left: &Expr, right: &Expr, span: Span, verb: &str) -> Option<T> {
        let (l, r) = (self.quote(left.span), self.quote(right.span));
        let message = match verb {
            "stand in for" => format!("`{r}` cannot stand in for `{l}`"),
            verb => format!("cannot {verb} `{l}` and `{r}`"),
        };
        let d = Diagnostic::error(Code::Incomparable, message, span, "of two types")
            .label(left.span, format!("this is {}", self.a_type(&left.ty)))
            .label(right.span, format!("this is {}", self.a_type(&right.ty)));
        self.fail(self.advise(d, left, right))
    }

    /// A help for the commonest mix-ups, with the line as it should be.
    pub(super) fn advise(&self, d: Diagnostic, left: &Expr, right: &Expr) -> Diagnostic {
        let report = &self.world.report;
        for (literal, other) in [(right, left), (left, right)] {
            let text = self.text(literal.span);
            let in_order = || crate::syntax::english::date(text.trim_matches('"'));
            let fix = match (&literal.kind, &other.ty) {
                (_, Type::Date | Type::Timestamp) if in_order().is_some() => {
                    in_order().map(|date| ("a date is year, month and day:", date))
                }
                (ExprKind::Constant(Value::Text(word)), Type::Money) if is_amount(word) => {
                    Some(("amounts stand without quotes:", word.clone()))
                }
                (ExprKind::Constant(Value::Int(_) | Value::Decimal(_)), Type::Money) => Some((
                    "an amount has its currency:",
                    format!("{text} {}", currency(other).map_or("USD".into(), |c| c.to_string())),
                )),
                (ExprKind::Constant(Value::Int(_) | Value::Decimal(_)), Type::Percent) => {
                    Some(("a percentage has its sign:", format!("{text}%")))
                }
                (ExprKind::Constant(Value::Int(_) | Value::Decimal(_)), Type::Duration) => {
                    Some(("a duration has its unit:", format!("{text} days")))
                }
                (ExprKind::Constant(Value::Int(_) | Value::Decimal(_)), Type::Bytes) => {
                    Some(("a size has its unit:", format!("{text} MB")))
                }
                (ExprKind::Constant(Value::Int(_) | Value::Decimal(_)), ty) if self.textual(ty) => {
                    Some(("a text stands in quotes:", format!("\"{text}\"")))
                }
                (ExprKind::Constant(Value::Text(word)), Type::Enum(id)) => {
                    let def = self.world.schema.enum_def(*id);
                    let exact = def.words.iter().find(|w| w.name == *word || w.in_records() == word);
                    let word = exact
                        .map(|w| w.name.as_str())
                        .or_else(|| report.guess(word, def.words.iter().map(|w| w.name.as_str())));
                    word.map(|w| ("an enum's words stand without quotes:", w.to_owned()))
                }
                (ExprKind::Constant(Value::Text(word)), Type::Date | Type::Timestamp)
                    if word.parse::<jiff::civil::Date>().is_ok() =>
                {
                    Some(("dates and times stand without quotes:", word.clone()))
                }
                (ExprKind::Constant(Value::Text(word)), Type::Int | Type::Decimal)
                    if crate::data::Decimal::parse(word).is_ok() =>
                {
                    Some(("numbers stand without quotes:", word.clone()))
                }
                (ExprKind::Constant(Value::Text(word)), Type::Bool) if word == "true" || word == "false" => {
                    Some(("`true` and `false` stand without quotes:", word.clone()))
                }
                _ => None,
            };
            if let Some((why, replacement)) = fix {
                return report.rewrite(d, why, literal.span, &replacement);
            }
        }
        match (&left.ty, &right.ty) {
            (Type::Enum(_), Type::Text) | (Type::Text, Type::Enum(_)) => {
                d.help("an enum is compared with its words or with a field of the same enum; equality never converts")
            }
            (Type::Enum(_), Type::Enum(_)) => d.help(
                "each `enum { … }` at a field is an enum of its own; declare one `enum` with a name and use it for both",
            ),
            (Type::Ref(_), Type::Ref(_)) => d.help("the two refer to different tables"),
            (Type::List(of), other) | (other, Type::List(of)) | (Type::Set(of), other) | (other, Type::Set(of))
                if self.same(of, other) =>
            {
                d.help("a list is searched with `in`: `x in list`")
            }
            (Type::Date | Type::Timestamp, _) if is_of_a_date(self.text(right.span)) => {
                d.help("a date is year, month and day: `2025-01-31`")
            }
            _ => d.help("both sides must be of one type; equality never converts"),
        }
    }
}

/// `1/2/2025`, `2025`
fn is_of_a_date(text: &str) -> bool {
    let parts: Vec<&str> = text.trim_matches('"').split(['/', '-', '.']).map(str::trim).collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.iter().all(number) && (parts.len() == 3 || parts.len() == 1 && parts[0].len() == 4)
}

/// `100 EUR`
fn is_amount(text: &str) -> bool {
    let parts = text.split_once(' ').filter(|(_, currency)| super::super::currencies::known(currency).is_some());
    parts.is_some_and(|(amount, _)| crate::data::Decimal::parse(amount).is_ok())
}

/// The currency of an amount, where it is plain from the text.
pub(super) fn currency(expr: &Expr) -> Option<Currency> {
    match &expr.kind {
        ExprKind::Constant(Value::Money(m)) => Some(m.currency),
        ExprKind::Named { body, .. } | ExprKind::Neg(body) => currency(body),
        ExprKind::Arith { left, right, .. } if expr.ty == Type::Money => currency(left).or_else(|| currency(right)),
        ExprKind::Coalesce(left, right) => currency(left).or_else(|| currency(right)),
        _ => None,
    }
}
