use super::using;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::What;
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, ExprKind, Ident, ItemKind, Trigger};
use rustc_hash::FxHashSet;

pub const LINT: Lint = Lint { code: Code::UnusedAlias, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let used = using::used(context, What::Alias, true);
    for item in context.items() {
        let clauses = match &item.kind {
            ItemKind::Rule(rule) | ItemKind::Revise(rule) => &rule.clauses,
            ItemKind::Metric(metric) => &metric.on,
            _ => continue,
        };
        for clause in clauses {
            match &clause.kind {
                ClauseKind::On(
                    Trigger::Record { kind, alias, .. } | Trigger::Each { table: kind, alias, .. },
                ) => look(context, kind, alias.as_ref(), &used, found),
                ClauseKind::Need(history) => look(context, &history.kind, history.alias.as_ref(), &used, found),
                _ => {}
            }
        }
    }
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            if let ExprKind::History(history) = &e.kind {
                // `sum(gift.value as g over …)`
                let of = history.field.last().unwrap_or(&history.kind);
                look(context, of, history.alias.as_ref(), &used, found);
            }
        });
    }
}

/// `of`: what the name stands behind.
fn look(context: &Context, of: &Ident, alias: Option<&Ident>, used: &FxHashSet<Span>, found: &mut Found) {
    let Some(alias) = alias.filter(|a| !used.contains(&a.span)) else { return };
    let d = Diagnostic::advice(LINT.code, format!("the name `{}` is not used", alias.text), alias.span, "never named");
    let cut = Span { start: of.span.end, ..alias.span };
    let between = context.text(Span { end: alias.span.start, ..cut });
    found.push(match between.trim() == "as" {
        true => d.safe_fix("take it out", cut, ""),
        false => d.help("take it out"),
    });
}
