//! One text for one meaning: expressions that say the same have the same key, wherever they stand.

use crate::data::{Length, Value};
use crate::lint::Context;
use crate::sema::hir::{ArithOp, CompareOp, Expr, ExprKind, Func, History, Window};
use crate::source::Span;
use std::fmt::Write;

/// What the expression stands for, where that is the same in every run: through `let`s, not through parameters.
pub fn constant<'e>(context: &Context, e: &'e Expr) -> Option<&'e Value> {
    match &e.kind {
        ExprKind::Constant(value) => Some(value),
        ExprKind::Named { body, definition, .. } if !is_param(context, *definition) => constant(context, body),
        _ => None,
    }
}

pub fn is_param(context: &Context, definition: Span) -> bool {
    context.hir.params.iter().any(|p| p.span == definition)
}

/// The expression without its places and names.
pub fn key(context: &Context, e: &Expr) -> String {
    let mut out = String::new();
    write(context, e, &mut out);
    out
}

fn write(context: &Context, e: &Expr, out: &mut String) {
    let of = |e: &Expr| key(context, e);
    let all = |parts: &[Expr]| {
        let mut keys: Vec<String> = parts.iter().map(of).collect();
        keys.sort();
        keys.dedup();
        keys.join(",")
    };
    let _ = match &e.kind {
        ExprKind::Named { body, definition, name } => match is_param(context, *definition) {
            true => write!(out, "param {name}"),
            false => return write(context, body, out),
        },
        ExprKind::Constant(value) => write!(out, "{value:?}"),
        ExprKind::Column { root, column } => write!(out, "r{root}.{}", column.0),
        ExprKind::EventTime { root } => write!(out, "time {root}"),
        ExprKind::PeriodStart => write!(out, "start"),
        ExprKind::PeriodEnd => write!(out, "end"),
        ExprKind::AsOf => write!(out, "as_of"),
        ExprKind::Lookup { key, table, column, root } => {
            write!(out, "{}>{}.{}@{root}", of(key), table.0, column.0)
        }
        ExprKind::Convert(body) => write!(out, "{:?}({})", e.ty, of(body)),
        ExprKind::Not(body) => write!(out, "not({})", of(body)),
        ExprKind::And(parts) => write!(out, "and({})", all(parts)),
        ExprKind::Or(parts) => write!(out, "or({})", all(parts)),
        ExprKind::Compare { op, left, right, ignoring_case } => {
            let (mut left, mut right, mut op) = (of(left), of(right), *op);
            if left > right {
                (left, right, op) = (right, left, turned(op));
            }
            write!(out, "{left} {op:?}{} {right}", case(*ignoring_case))
        }
        ExprKind::In { item, set, ignoring_case } => {
            let mut values: Vec<String> = set.iter().map(|v| format!("{v:?}")).collect();
            values.sort();
            values.dedup();
            write!(out, "{} in{} {}{}", of(item), case(*ignoring_case), values.join(","), varying(context, e.span))
        }
        ExprKind::InColumn { item, list, ignoring_case } => {
            write!(out, "{} in{} {}", of(item), case(*ignoring_case), of(list))
        }
        ExprKind::Overlaps { left, right, ignoring_case } => {
            let mut sides = [of(left), of(right)];
            sides.sort();
            write!(out, "{} overlaps{}{}", sides.join(" "), case(*ignoring_case), varying(context, e.span))
        }
        ExprKind::TextTest { op, left, right, ignoring_case } => {
            write!(out, "{} {op:?}{} {}", of(left), case(*ignoring_case), of(right))
        }
        ExprKind::InDomain { host, domains } => {
            let mut domains = domains.clone();
            domains.sort();
            write!(out, "{} in_domain {}{}", of(host), domains.join(","), varying(context, e.span))
        }
        ExprKind::Matches { left, pattern, ignoring_case } => {
            write!(out, "{} matches{} {pattern:?}", of(left), case(*ignoring_case))
        }
        ExprKind::Under { who, above, table, column, root } => {
            write!(out, "{} under {} {}.{}@{root}", of(who), of(above), table.0, column.0)
        }
        ExprKind::Every { who, table, column, root } => {
            write!(out, "every {} {}.{}@{root}", of(who), table.0, column.0)
        }
        ExprKind::Present(body) => write!(out, "present({})", of(body)),
        ExprKind::Coalesce(left, right) => write!(out, "({} ?? {})", of(left), of(right)),
        ExprKind::Neg(body) => write!(out, "-({})", of(body)),
        ExprKind::Arith { op, left, right } => {
            let mut sides = [of(left), of(right)];
            if matches!(op, ArithOp::Add | ArithOp::Mul) {
                sides.sort();
            }
            write!(out, "({} {op:?} {})", sides[0], sides[1])
        }
        ExprKind::Shift { time, by } => {
            write!(out, "({} + {}{})", of(time), length(by), varying(context, e.span))
        }
        ExprKind::History(history) => {
            out.push_str(&of_history(context, history));
            Ok(())
        }
    };
}

/// A condition or value over history. `exists` and `no` have the same but for the function.
pub fn of_history(context: &Context, history: &History) -> String {
    let of = |e: &Expr| key(context, e);
    let mut keys: Vec<String> = history.keys.iter().map(|k| format!("{}={}", of(&k.inner), of(&k.outer))).collect();
    keys.sort();
    let func = if history.func == Func::No { Func::Exists } else { history.func };
    format!(
        "{func:?}({}@{} {} by {} where {} of {} per {}{})",
        history.kind.0,
        history.root,
        window(&history.window),
        keys.join(","),
        history.filter.as_ref().map(of).unwrap_or_default(),
        history.value.as_ref().map(of).unwrap_or_default(),
        history.per.iter().map(of).collect::<Vec<_>>().join(","),
        varying(context, history.span),
    )
}

pub fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        op => op,
    }
}

fn case(ignoring: bool) -> &'static str {
    if ignoring { " ignoring case" } else { "" }
}

fn length(by: &Length) -> String {
    format!("{}m{}d{}b{}n", by.months, by.days, by.business, by.nanos)
}

fn window(window: &Window) -> String {
    match window {
        Window::Before(by) => format!("before {}", length(by)),
        Window::After(by) => format!("after {}", length(by)),
        Window::Around(by) => format!("around {}", length(by)),
        Window::Over(by) => format!("over {}", length(by)),
        Window::AllTime => "all".into(),
        Window::In(period) => format!("in {period:?}"),
    }
}

/// Where a value of a parameter has been put in: which ones are named there.
fn varying(context: &Context, span: Span) -> String {
    if !context.depends_on_param(span) {
        return String::new();
    }
    let words: Vec<&str> = context.text(span).split_whitespace().collect();
    format!(" as {}", words.join(" "))
}
