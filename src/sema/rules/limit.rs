//! What a `limit` adds up, and how far.

use super::super::expr::Typer;
use super::super::hir::{Expr, ExprKind, History, Trigger, Window};
use super::clauses::Clauses;
use super::sequence::no_sum;
use super::trigger::root_scope;
use crate::data::Type;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, ClauseKind, Keys, RuleItem, WindowKind};

pub(super) fn limit<'a>(
    typer: &mut Typer<'_, 'a>,
    item: &'a RuleItem,
    clauses: &Clauses<'a>,
    trigger: &Trigger,
) -> Option<(History, Expr)> {
    let Some(ClauseKind::Aggregate(aggregate)) = clauses.aggregate.map(|c| &c.kind) else {
        if let Some(ClauseKind::To(to)) = clauses.to.map(|c| &c.kind) {
            typer.value(to, None);
        }
        return None;
    };
    let typed = aggregate_of(typer, item, clauses, aggregate, trigger);
    let Some(ClauseKind::To(to)) = clauses.to.map(|c| &c.kind) else { return None };
    let Some((history, ty)) = typed else {
        if !matches!(to.kind, ast::ExprKind::Name(_)) {
            typer.value(to, None);
        }
        return None;
    };
    let to = typer.value(to, Some(&ty))?;
    let to = typer.of_type(to, &ty, Code::WrongType)?;
    Some((history, to))
}

fn aggregate_of<'a>(
    typer: &mut Typer<'_, 'a>,
    item: &'a RuleItem,
    clauses: &Clauses<'a>,
    aggregate: &'a ast::Aggregate,
    trigger: &Trigger,
) -> Option<(History, Type)> {
    let world = typer.world;
    let func = aggregate.func;
    let kind = trigger.kind();
    if let Trigger::Sequence(sequence) = trigger {
        no_sum(typer, sequence);
        return None;
    }
    let Trigger::Record { .. } = trigger else {
        return typer.fail(
            Diagnostic::error(
                Code::BadHistory,
                "a `limit` adds up records, and a table's rows are none",
                trigger.span(),
                "a table",
            )
            .help("write `on` with the record that is added up"),
        );
    };
    let window = match &aggregate.window.kind {
        WindowKind::Within { .. } => {
            let d = Diagnostic::error(
                Code::BadWindow,
                "a limit looks back `over` its window",
                aggregate.window.span,
                "not of a limit",
            );
            typer.fail(world.report.rewrite(d, "write it so:", aggregate.window.span, "over 30 days"))
        }
        _ => typer.window(&aggregate.window, kind, 0),
    };
    let keys = match &aggregate.keys {
        Keys::Everyone(_) => Some(Vec::new()),
        Keys::By(paths) => typer.keys_or_every(paths, kind, 0, true),
        Keys::Subject => {
            let fields: Vec<&str> = world.top_fields(kind).collect();
            let by = world.schema.kind(kind).subject().map(|s| world.schema.column(kind, s).name.as_str());
            let key = by.or(fields.first().copied()).unwrap_or("FIELD");
            let window = aggregate.window.span;
            let text = typer.text(window);
            let line = |key: &str| world.report.line_with(window, &format!("{key} {text}"));
            typer.fail(
                Diagnostic::error(
                    Code::NoGroup,
                    format!("whose records does `{}` add up?", item.name.text),
                    aggregate.span,
                    "no `per`",
                )
                .help(format!(
                    "name the fields that records of one sum share:\n    {}\nor add up everyone's:\n    {}",
                    line(&format!("per {key}")),
                    line("across everyone"),
                )),
            )
        }
    };
    // The records that are added up are of the trigger's kind, its fields bare as in the trigger.
    let ClauseKind::On(
        ast::Trigger::Record { alias, filter: inline, .. } | ast::Trigger::Several { alias, filter: inline, .. },
    ) = &clauses.on?.kind
    else {
        return None;
    };
    let name = &world.schema.kind(kind).name;
    let scope = std::mem::replace(&mut typer.scope, root_scope(kind, name, alias.as_ref(), 1));
    let time = typer.event_time(kind);
    typer.roots.push((kind, time));
    let facts = typer.facts_len();
    let own = clauses.filter.and_then(|c| match &c.kind {
        ClauseKind::Where(e) => Some(e),
        _ => None,
    });
    let mut filters = Vec::new();
    for filter in inline.iter().chain(own) {
        if let Some(filter) = typer.condition(filter) {
            typer.learn(&filter, true);
            filters.push(filter);
        }
    }
    let value = match &aggregate.value {
        Some(value) => {
            let typed = typer.shown(value);
            typed.and_then(|v| typer.aggregated(func, v, value.span)).map(|(v, ty)| (Some(v), ty))
        }
        None => Some((None, Type::Int)),
    };
    typer.forget(facts);
    typer.roots.pop();
    typer.scope = scope;
    let filter = match filters.len() {
        0 | 1 => filters.pop(),
        _ => {
            let span = filters[0].span.to(filters[1].span);
            Some(Expr { kind: ExprKind::And(filters), ty: Type::Bool, optional: false, span })
        }
    };
    let (value, ty) = value?;
    let history = History {
        func,
        kind,
        root: 0,
        value,
        keys: keys?,
        window: window?,
        filter,
        per: Vec::new(),
        span: aggregate.span,
    };
    debug_assert!(matches!(history.window, Window::Over(_) | Window::AllTime | Window::In(_)));
    Some((history, ty))
}
