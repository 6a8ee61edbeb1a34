//! What has another form here than in other languages, for helps.

use super::super::hir::CompareOp;
use super::Typer;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, ExprKind as K};
use crate::syntax::words::NO_TIME_OF_DAY;

/// A name for the present moment.
pub fn clock(name: &str) -> Option<&'static str> {
    let clocks = ["now", "today", "current_date", "current_timestamp", "sysdate", "getdate"];
    clocks.contains(&name).then_some("there is no clock: use the record's own time, or `as_of`, the end of the data")
}

/// A function of other languages.
pub fn function(name: &str) -> Option<&'static str> {
    if let Some(help) = clock(name) {
        return Some(help);
    }
    Some(match name {
        "lower" | "upper" | "lowercase" | "uppercase" | "lcase" | "ucase" => {
            "say it behind the comparison: `giver == \"Acme\" ignoring case`"
        }
        "length" | "len" => "a pattern tells how long a text is: `giver matches /^.{6,}$/`",
        "contains" | "starts_with" | "ends_with" | "startswith" | "endswith" => {
            "it stands between two texts: `giver contains \"Acme\"`, `starts_with`, `ends_with`"
        }
        "count" => "a kind of record and how far to look back stand in its parentheses: `count(gift over 365 days)`",
        "sum" | "min" | "max" | "avg" | "distinct" | "first" | "last" => {
            "a field of records and how far to look back stand in its parentheses: `sum(gift.value over 365 days)`"
        }
        "total" => "write `sum(gift.value over 365 days)`",
        "number" | "number_of" => "write `count(gift over 365 days)`",
        "average" | "mean" => "write `avg(gift.value over 365 days)`",
        "year" | "month" | "day" | "quarter" => {
            "compare with dates: `received >= 2025-01-01 and received < 2026-01-01`"
        }
        "hour" | "minute" | "time_of_day" | "weekday" | "dayofweek" | "day_of_week" | "is_weekend" => NO_TIME_OF_DAY,
        "datediff" | "days_between" | "age" => "one time is taken from the other: `approved_at - received > 30 days`",
        "is_null" | "isnull" | "is_empty" => "write `giver absent`, or `giver present`",
        "coalesce" | "ifnull" | "nvl" => "write `giver ?? \"none\"`",
        "if" | "iif" | "case" => "there are conditions only: `a and b or not a and c`",
        _ => return None,
    })
}

/// Names for no value.
const NOTHING: [&str; 5] = ["null", "nil", "none", "nothing", "empty"];

pub fn is_literal(e: &ast::Expr) -> bool {
    use K::{Date, Number, Percent, Quantity, Text, Timestamp};
    matches!(e.kind, Text(_) | Number(_) | Date(_) | Timestamp(_) | Quantity { .. } | Percent(_))
}

/// The condition that stands right before what follows: the last part of an `and`.
fn last_of(e: &ast::Expr) -> &ast::Expr {
    match &e.kind {
        K::And(parts) => parts.last().unwrap_or(e),
        _ => e,
    }
}

impl Typer<'_, '_> {
    /// `x == null`
    pub(super) fn with_nothing(
        &self,
        e: &ast::Expr,
        op: CompareOp,
        (left, right): (&ast::Expr, &ast::Expr),
    ) -> Option<Diagnostic> {
        let nothing = |e: &ast::Expr| match &e.kind {
            K::Name(name) => {
                let text = name.text.as_str();
                let word = self.world.words.iter().any(|w| w.contains_key(text));
                NOTHING.contains(&text.to_ascii_lowercase().as_str()) && !word && !self.resolves(text)
            }
            _ => false,
        };
        let (word, of) = match (nothing(left), nothing(right)) {
            (false, true) => (right, left),
            (true, false) => (left, right),
            _ => return None,
        };
        let asks = match op {
            CompareOp::Eq => "absent",
            CompareOp::Ne => "present",
            _ => return None,
        };
        let message = format!("`{}` is no value", self.quote(word.span));
        let d = Diagnostic::error(Code::UnknownName, message, word.span, "a value is there, or it is not");
        Some(self.world.report.rewrite(
            d,
            "whether it is there is asked so:",
            e.span,
            &format!("{} {asks}", self.text(of.span)),
        ))
    }

    /// `x == "a" or "b"`, `x != "a" and "b"`: whether the last of these is no condition, but another value to
    /// compare with.
    pub(super) fn is_stray(&self, parts: &[ast::Expr], all: bool) -> bool {
        let Some((last, before)) = parts.split_last() else { return false };
        let value = |e: &ast::Expr| match &e.kind {
            K::Name(name) => {
                !self.resolves(&name.text) && self.world.words.iter().any(|w| w.contains_key(name.text.as_str()))
            }
            _ => is_literal(e),
        };
        let compared = before.iter().rev().find(|e| !value(e)).map(last_of);
        value(last)
            && compared.is_some_and(|e| match &e.kind {
                K::Compare { op: ast::CompareOp::Eq, right, .. } => !all && value(right),
                K::Compare { op: ast::CompareOp::Ne, right, .. } => value(right),
                K::TextTest { right, .. } => matches!((&right.kind, &last.kind), (K::Text(_), K::Text(_))),
                _ => false,
            })
    }

    /// `all`: they are joined by `and`.
    pub(super) fn one_of(&mut self, parts: &[ast::Expr], all: bool) {
        let is_compared = |e: &ast::Expr| matches!(last_of(e).kind, K::Compare { .. } | K::TextTest { .. });
        let Some(at) = parts.iter().rposition(is_compared) else { return };
        let (compared, values) = (last_of(&parts[at]), &parts[at + 1..]);
        let (Some(first), Some(last)) = (values.first(), values.last()) else { return };
        let texts = |right: &ast::Expr| -> Vec<&str> {
            std::iter::once(right).chain(values).map(|e| self.text(e.span)).collect()
        };
        let ignoring = |case: bool| if case { " ignoring case" } else { "" };
        let (left, meant, why) = match &compared.kind {
            K::Compare { left, right, op, ignoring_case, .. } => {
                let within = if *op == ast::CompareOp::Ne { "not in" } else { "in" };
                let (of, set) = (self.text(left.span), texts(right).join(", "));
                let set = format!("{of} {within} {{ {set} }}{}", ignoring(*ignoring_case));
                (left, set, "one of several is written as a set:")
            }
            K::TextTest { op: ast::TextOp::InDomain, left, right, .. } => {
                let set = format!("{} in_domain {{ {} }}", self.text(left.span), texts(right).join(", "));
                (left, set, "one of several is written as a set:")
            }
            K::TextTest { op_span, left, right, ignoring_case, .. } => {
                let (of, op) = (self.text(left.span), self.text(*op_span));
                let each = |text| format!("{of} {op} {text}{}", ignoring(*ignoring_case));
                let each: Vec<String> = texts(right).into_iter().map(each).collect();
                let each = each.join(if all { " and " } else { " or " });
                // Behind an `and` it is the last of its parts.
                let inside = matches!(parts[at].kind, K::And(_));
                (left, if inside { format!("({each})") } else { each }, "it is said of each text:")
            }
            _ => return,
        };
        let message = format!("`{}` is compared with nothing", self.quote(first.span));
        let d =
            Diagnostic::error(Code::NotACondition, message, first.span.to(last.span), "true or false is needed here");
        let whole = left.span.to(last.span);
        let signs = |sign: char| self.text(whole).matches(sign).count();
        self.world.report.tell(match signs('(') == signs(')') {
            true => self.world.report.rewrite(d, why, whole, &meant),
            // Brackets begin or end within.
            false => d.help(format!("{why} `{meant}`")),
        });
    }
}
