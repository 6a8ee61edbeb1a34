use super::clock;
use crate::data::{KindId, Length, Type};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{ExprKind, History, Rule, Trigger, Window};
use crate::source::{FileId, Span};

pub const LINT: Lint = Lint { code: Code::DaysWithoutZone, level: Level::Warning, on: true, check };

/// Told once for each file: it is one line that is missing.
fn check(context: &Context, found: &mut Found) {
    let mut told: Vec<FileId> = Vec::new();
    for rule in &context.hir.rules {
        let file = rule.span.file;
        if told.contains(&file) || clock::has_zone(context, file) {
            continue;
        }
        if let Some((span, what)) = by_the_calendar(context, rule) {
            told.push(file);
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    "days are counted, and it is not said in which time zone they begin",
                    span,
                    what,
                )
                .help(clock::how(context, file)),
            );
        }
    }
}

/// What of the rule depends on where a day begins.
fn by_the_calendar(context: &Context, rule: &Rule) -> Option<(Span, &'static str)> {
    let timed = |kind: KindId| {
        let kind = context.hir.schema.kind(kind);
        kind.time().is_some_and(|c| kind.columns.get(c.0 as usize).is_some_and(|c| c.ty == Type::Timestamp))
    };
    let here = |span: Span| if within(span, rule.span) { span } else { rule.name_span };
    let own = timed(rule.trigger.kind());
    if own && (rule.effective.0.is_some() || rule.effective.1.is_some()) {
        return Some((rule.name_span, "its dates of effect are days in UTC"));
    }
    if let Trigger::Sequence(s) = &rule.trigger
        && s.steps.iter().any(|step| timed(step.kind))
        && calendar(&s.within)
    {
        return Some((s.within_span, "these are days in UTC"));
    }
    if own && let Some(once) = &rule.once {
        return Some((once.span, "these begin in UTC"));
    }
    let counted = |h: &&History| {
        timed(h.kind)
            && match &h.window {
                Window::Before(by) | Window::After(by) | Window::Around(by) | Window::Over(by) => calendar(by),
                Window::In(_) => true,
                Window::AllTime => false,
            }
    };
    if let Some(history) = walk::histories(rule).into_iter().find(counted) {
        return Some((here(history.span), "these are days in UTC"));
    }
    let mut converted = None;
    walk::of_rule(rule, &mut |e| {
        if let ExprKind::Convert(of) = &e.kind
            && (of.ty == Type::Timestamp && e.ty == Type::Date)
        {
            converted = converted.or(Some(here(of.span)));
        }
    });
    converted.map(|span| (span, "its date in UTC is compared"))
}

fn calendar(by: &Length) -> bool {
    by.months != 0 || by.days != 0 || by.business != 0
}
