use super::reach;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{Rule, Trigger};
use crate::source::Span;
use crate::syntax::ast::ClauseKind;

pub const LINT: Lint = Lint { code: Code::WindowBeyondRetention, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        let Some(kept) = &rule.retention else { continue };
        let (_, most) = reach::days(kept);
        let mut windows: Vec<(Span, Option<(f64, f64)>)> =
            walk::histories(rule).iter().map(|h| (h.span, reach::window(&h.window))).collect();
        if let Trigger::Sequence(s) = &rule.trigger {
            windows.push((s.within_span, Some(reach::days(&s.within))));
        }
        for (span, reaches) in windows {
            if reaches.is_some_and(|(least, _)| least <= most) {
                continue;
            }
            let clause = retention(context, rule);
            // A window of a `define` is told at the rule.
            let own = within(span, rule.span);
            let place = if own { span } else { clause.unwrap_or(rule.name_span) };
            let what = if reaches.is_some() { "reaches back further" } else { "reaches back without end" };
            let mut d = Diagnostic::warning(
                LINT.code,
                format!("`{}` looks further back than its records are kept", rule.name),
                place,
                what,
            );
            if let (Some(clause), true) = (clause, own) {
                d = d.label(clause, "kept for so long");
            }
            found.push(d.help("keep them for as long as the rule looks back, or look back less: what is deleted cannot be found"));
        }
    }
}

fn retention(context: &Context, rule: &Rule) -> Option<Span> {
    let items = context.rule_items().filter(|(_, item)| item.name.text == rule.name);
    let mut clauses = items.flat_map(|(_, item)| &item.clauses);
    clauses.find(|c| matches!(c.kind, ClauseKind::Retention(_))).map(|c| c.span)
}
