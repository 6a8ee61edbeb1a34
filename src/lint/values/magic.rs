use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{Body, Expr, ExprKind, Rule};
use crate::source::Span;
use rustc_hash::FxHashMap;

pub const LINT: Lint = Lint { code: Code::MagicNumber, level: Level::Advice, on: true, check };

/// In so many rules a value has a meaning of its own.
const RULES: usize = 2;

fn check(context: &Context, found: &mut Found) {
    let mut seen: FxHashMap<String, Vec<(&str, Span)>> = FxHashMap::default();
    let mut order = Vec::new();
    for rule in &context.hir.rules {
        let mut note = |of: String, value: &Expr| {
            let ExprKind::Constant(constant) = &value.kind else { return };
            if !tells(constant) || !within(value.span, rule.span) {
                return;
            }
            let places = seen.entry(format!("{of} {constant:?}")).or_insert_with_key(|key| {
                order.push(key.clone());
                Vec::new()
            });
            if places.iter().all(|(name, _)| *name != rule.name) {
                places.push((&rule.name, value.span));
            }
        };
        walk::of_rule(rule, &mut |e| {
            if let ExprKind::Compare { left, right, .. } = &e.kind {
                if let Some(of) = column(context, rule, left) {
                    note(of, right);
                } else if let Some(of) = column(context, rule, right) {
                    note(of, left);
                }
            }
        });
        if let Body::Limit { aggregate, to, .. } = &rule.body {
            note(format!("limit {:?} {}", aggregate.func, aggregate.kind.0), to);
        }
    }
    for places in order.iter().filter_map(|key| seen.get(key)).filter(|p| p.len() >= RULES) {
        let (_, first) = places[0];
        let mut d = Diagnostic::advice(
            LINT.code,
            format!("`{}` stands in {} rules as it is", context.text(first), places.len()),
            first,
            "here",
        );
        for (name, span) in &places[1..places.len().min(4)] {
            d = d.label(*span, format!("and in `{name}`"));
        }
        found.push(d.help("give it a name, once: `param gift_cap: money = 500 CNY`; then it changes in one place, and from a day on"));
    }
}

/// Amounts and numbers that somebody has set; small counts are plain words.
fn tells(value: &Value) -> bool {
    match value {
        Value::Money(m) => m.amount.raw() != 0,
        Value::Decimal(d) | Value::Percent(d) => d.raw() != 0,
        Value::Duration(n) | Value::Bytes(n) => *n != 0,
        Value::Int(n) => n.abs() > 2,
        _ => false,
    }
}

/// The field that is compared, or that is added up.
fn column(context: &Context, rule: &Rule, e: &Expr) -> Option<String> {
    let schema = &context.hir.schema;
    match &walk::bare(e).kind {
        ExprKind::Column { root: 0, column } => Some(format!("{}.{}", rule.trigger.kind().0, column.0)),
        ExprKind::Lookup { table, column, .. } => Some(format!("{}.{}", table.0, column.0)),
        ExprKind::History(history) => match &history.value.as_ref().map(|v| &v.kind) {
            Some(ExprKind::Column { column, .. }) => {
                let money = schema.column(history.kind, *column).ty == Type::Money;
                money.then(|| format!("{:?} {}.{}", history.func, history.kind.0, column.0))
            }
            _ => None,
        },
        _ => None,
    }
}
