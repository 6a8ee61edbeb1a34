//! Sentences about a verdict.

use super::Truth;
use super::interp::{Context, Operand, Scope, operand, value};
use super::val::{Val, compare};
use crate::data::limits::grouped;
use crate::data::{ColumnId, KindId, Origin, Period, Type, Value, Verdict, display};
use crate::plan::{Body, Expr, HistoryPlan, MessagePart, Op, RulePlan};
use crate::sema::hir::{CompareOp, Func, Window};
use std::sync::atomic::Ordering;

/// The rule's `because` filled, or a standard sentence: that too of what is not decided. `crossing`: what a `limit` compared.
/// A longer one than there may be is cut, and says so.
pub fn message<'a>(
    cx: &Context<'a>,
    rule: &'a RulePlan,
    scope: &Scope<'_, 'a>,
    verdict: Verdict,
    crossing: Option<Operand<'a>>,
) -> String {
    let most = cx.runtime.message_bytes.load(Ordering::Relaxed);
    cut(whole(cx, rule, scope, verdict, crossing), usize::try_from(most).unwrap_or(usize::MAX))
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        // Not within the name of a person, which is marked at both ends.
        let opened = text[..end].rfind(display::PERSON).filter(|&at| text[at..].starts_with(display::PERSON[0]));
        let end = opened.unwrap_or(end);
        let left = grouped((text.len() - end) as u64);
        text.truncate(end);
        text += &format!("… ({left} more bytes)");
    }
    text
}

fn whole<'a>(
    cx: &Context<'a>,
    rule: &'a RulePlan,
    scope: &Scope<'_, 'a>,
    verdict: Verdict,
    crossing: Option<Operand<'a>>,
) -> String {
    // What a rule says of a finding is not said where it is not known to be one.
    let open = matches!(verdict, Verdict::Indeterminate | Verdict::Pending);
    if let Some(parts) = rule.because.as_ref().filter(|_| !open) {
        return parts
            .iter()
            .map(|part| match part {
                MessagePart::Text(text) => text.clone(),
                MessagePart::Expr(expr) => placed(cx, expr, scope),
            })
            .collect();
    }
    match (&rule.body, verdict) {
        (
            Body::Require { need },
            Verdict::Finding | Verdict::Excepted | Verdict::Waived | Verdict::Repeated | Verdict::Pending,
        ) => {
            let need = &cx.plan.histories[*need as usize];
            let yet = if verdict == Verdict::Pending { " yet" } else { "" };
            format!("no `{}` {}{yet}", cx.plan.schema.kind(need.kind).name, window(cx, need, scope))
        }
        (Body::Limit { aggregate, to }, Verdict::Finding | Verdict::Excepted | Verdict::Waived | Verdict::Repeated) => {
            let history = &cx.plan.histories[*aggregate as usize];
            let value = match crossing {
                _ if history.sensitive => display::WITHHELD.into(),
                None => display::UNKNOWN.into(),
                Some(value @ Operand::One(_)) => show(cx, value, &result_type(history)),
                Some(Operand::Range(low, high)) => {
                    let ty = result_type(history);
                    format!("between {} and {}", show_one(cx, low, &ty), show_one(cx, high, &ty))
                }
            };
            let limit = shown(cx, to, scope);
            format!("{} {} is {value}, over the limit of {limit}", measured(cx, history), span_of_time(history))
        }
        _ => rule.title.clone(),
    }
}

/// A value within a sentence.
fn placed<'a>(cx: &Context<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) -> String {
    let text = shown(cx, expr, scope);
    match operand(cx, expr, scope) {
        Operand::One(Val::Unknown | Val::Pending) if text != display::WITHHELD => {
            format!("an {} value", display::UNKNOWN)
        }
        _ => text,
    }
}

/// What is limited: the sum of `value`, the number of `gift` records.
fn measured(cx: &Context<'_>, history: &HistoryPlan) -> String {
    let records = records(cx, history.kind);
    let of = history.value.as_ref().and_then(|v| named(cx, history.kind, v));
    let (what, join) = match history.func {
        Func::Count | Func::Exists | Func::No => return format!("the number of {records}"),
        Func::Distinct => ("the number of different values", "of"),
        Func::Sum => ("the sum", "of"),
        Func::Min => ("the least", ""),
        Func::Max => ("the greatest", ""),
        Func::Avg => ("the average", "of"),
        Func::Median => ("the median", "of"),
        Func::First => ("the first", ""),
        Func::Last => ("the last", ""),
    };
    match (of, join) {
        (Some(of), "") => format!("{what} `{of}`"),
        (Some(of), join) => format!("{what} {join} `{of}`"),
        (None, "") => format!("{what} value of {records}"),
        (None, _) => format!("{what} over {records}"),
    }
}

/// `gift` records, or findings.
fn records(cx: &Context<'_>, kind: KindId) -> String {
    let schema = &cx.plan.schema;
    match &schema.kind(kind).origin {
        Origin::Findings => "findings".into(),
        Origin::Union(parts) => {
            let names: Vec<String> = parts.iter().map(|p| format!("`{}`", schema.kind(p.0).name)).collect();
            format!("{} records", names.join(" and "))
        }
        Origin::Declared => format!("`{}` records", schema.kind(kind).name),
    }
}

/// A field as the rule names it.
fn named(cx: &Context<'_>, kind: KindId, expr: &Expr) -> Option<String> {
    match &expr.op {
        Op::Column { column, .. } => Some(cx.plan.schema.column(kind, *column).name.clone()),
        Op::Lookup { key, table, column, .. } => {
            Some(format!("{}.{}", named(cx, kind, key)?, cx.plan.schema.column(*table, *column).name))
        }
        Op::ToDecimal(of) | Op::ToTimestamp(of) | Op::ToDate(of) | Op::Coalesce(of, _) => named(cx, kind, of),
        _ => None,
    }
}

/// The type of what an aggregate gives.
pub fn result_type(history: &HistoryPlan) -> Type {
    match (history.func, &history.value) {
        (Func::Exists | Func::No, _) => Type::Bool,
        (Func::Median, None) => Type::Decimal,
        (Func::Count | Func::Distinct, _) | (_, None) => Type::Int,
        (Func::Avg, Some(v)) if v.ty == Type::Int => Type::Decimal,
        (_, Some(v)) => v.ty.clone(),
    }
}

/// `over 365 days`.
fn span_of_time(history: &HistoryPlan) -> String {
    match &history.window {
        Window::Before(by) | Window::After(by) | Window::Around(by) => format!("within {}", display::length(*by)),
        Window::Over(by) => format!("over {}", display::length(*by)),
        Window::AllTime => "of all time".into(),
        Window::In(period) => format!("in the {}", period_name(*period)),
    }
}

/// `within 365 days before 2026-03-31`.
fn window(cx: &Context<'_>, history: &HistoryPlan, scope: &Scope<'_, '_>) -> String {
    let time = scope.frame(history.root).and_then(|f| f.time);
    let at = time.map_or_else(|| "an unknown time".into(), |t| display::time(t, cx.zone));
    match &history.window {
        Window::Before(by) => format!("within {} before {at}", display::length(*by)),
        Window::After(by) => format!("within {} after {at}", display::length(*by)),
        Window::Around(by) => format!("within {} of {at}", display::length(*by)),
        Window::Over(by) => format!("in the {} up to {at}", display::length(*by)),
        Window::AllTime => format!("up to {at}"),
        Window::In(period) => format!("in the {} up to {at}", period_name(*period)),
    }
}

fn period_name(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Month => "month",
        Period::Quarter => "quarter",
        Period::Year => "calendar year",
        Period::FiscalQuarter => "fiscal quarter",
        Period::FiscalYear => "fiscal year",
    }
}

/// An expression's value as a report shows it.
pub fn shown<'a>(cx: &Context<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) -> String {
    if sensitive(cx, expr, scope) {
        return display::WITHHELD.into();
    }
    let of = operand(cx, expr, scope);
    match of {
        Operand::One(v) if v.is_known() => show_known(cx, v, &expr.ty, is_person(cx, expr, scope)),
        of => show(cx, of, &expr.ty),
    }
}

/// Whether a value comes from a field that names a person.
pub fn is_person(cx: &Context<'_>, expr: &Expr, scope: &Scope<'_, '_>) -> bool {
    let schema = &cx.plan.schema;
    let field = match &expr.op {
        Op::Column { root, column } => scope.frame(*root).map(|f| (f.kind, *column)),
        Op::Lookup { table, column, .. } => Some((*table, *column)),
        Op::Coalesce(of, _) => return is_person(cx, of, scope),
        // The first or last of a field, or the least or greatest.
        Op::History(id) => {
            let history = &cx.plan.histories[*id as usize];
            match history.value.as_ref().map(|of| &of.op) {
                _ if matches!(history.func, Func::Count | Func::Distinct) => None,
                Some(Op::Column { root, column }) if *root == history.root + 1 => Some((history.kind, *column)),
                Some(Op::Lookup { table, column, .. }) => Some((*table, *column)),
                _ => None,
            }
        }
        _ => None,
    };
    field.is_some_and(|(kind, column)| schema.is_person(kind, column))
}

pub fn show(cx: &Context<'_>, operand: Operand<'_>, ty: &Type) -> String {
    match operand {
        Operand::One(v) => show_one(cx, v, ty),
        Operand::Range(low, high) => format!("{} to {}", show_one(cx, low, ty), show_one(cx, high, ty)),
    }
}

pub fn show_one(cx: &Context<'_>, value: Val<'_>, ty: &Type) -> String {
    show_known(cx, value, ty, false)
}

/// The same of a value of a field that may name a person.
pub fn show_known(cx: &Context<'_>, value: Val<'_>, ty: &Type, person: bool) -> String {
    match value {
        Val::Absent => display::ABSENT.into(),
        Val::Unknown => display::UNKNOWN.into(),
        Val::Pending => "not yet known".into(),
        known => match known.owned(ty, &cx.plan.schema) {
            Some(value) => known_value(cx, &value, person || cx.plan.schema.names_people(ty)),
            None => display::UNKNOWN.into(),
        },
    }
}

/// A known value as a report shows it; people by the names that they have there.
pub fn known_value(cx: &Context<'_>, value: &Value, person: bool) -> String {
    let people = &cx.runtime.people;
    let shown = || display::value(value, &cx.plan.schema, cx.zone);
    match value {
        _ if people.are_named() => shown(),
        Value::List(items) => items.iter().map(|item| known_value(cx, item, person)).collect::<Vec<_>>().join(", "),
        _ if person => people.person(&shown()),
        Value::Text(text) => people.text(text),
        _ => shown(),
    }
}

/// A known value of a field as a report shows it.
pub fn field_value(cx: &Context<'_>, kind: KindId, column: ColumnId, value: &Value) -> String {
    known_value(cx, value, cx.plan.schema.is_person(kind, column))
}

/// What two lists have in common, where that is anything and may be shown.
pub fn in_both<'a>(
    cx: &Context<'a>,
    left: &'a Expr,
    right: &'a Expr,
    ignoring_case: bool,
    scope: &Scope<'_, 'a>,
) -> Option<String> {
    if sensitive(cx, left, scope) || sensitive(cx, right, scope) {
        return None;
    }
    let ty = match &left.ty {
        Type::List(of) | Type::Set(of) => of,
        _ => return None,
    };
    let (ours, theirs) = (value(cx, left, scope), value(cx, right, scope));
    let mut shown: Vec<String> = Vec::new();
    for item in ours.items() {
        if theirs.items().any(|other| compare(CompareOp::Eq, &item, &other, ignoring_case) == Truth::True) {
            let text = show_known(cx, item, ty, is_person(cx, left, scope));
            if !shown.contains(&text) {
                shown.push(text);
            }
        }
    }
    (!shown.is_empty()).then(|| format!("{} in both", shown.join(", ")))
}

/// Whether the value comes from a `@sensitive` column.
pub fn sensitive(cx: &Context<'_>, expr: &Expr, scope: &Scope<'_, '_>) -> bool {
    let schema = &cx.plan.schema;
    let mut found = false;
    expr.walk(&mut |e| match &e.op {
        Op::Column { root, column } => {
            found |= scope.frame(*root).is_some_and(|f| schema.column(f.kind, *column).sensitive);
        }
        Op::Lookup { table, column, .. } => found |= schema.column(*table, *column).sensitive,
        Op::History(id) => found |= cx.plan.histories[*id as usize].sensitive,
        _ => {}
    });
    found
}
