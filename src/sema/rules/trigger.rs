//! What a rule is about: the records or table rows that it judges.

use super::super::expr::{Base, Binding, Group, Rank, Scope, Typer};
use super::super::hir::{EachAt, Expr, ExprKind, Trigger};
use super::super::names::What;
use super::super::unions::union;
use super::sequence::sequence;
use crate::data::{KindId, Type};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, Clause, ClauseKind, Ident};

pub(in crate::sema) fn trigger<'a>(
    typer: &mut Typer<'_, 'a>,
    clause: &'a Clause,
    own_line: Option<&'a Clause>,
) -> Option<Trigger> {
    let ClauseKind::On(trigger) = &clause.kind else { return None };
    let (name, alias, filter) = match trigger {
        ast::Trigger::Record { kind, alias, filter } => (kind, alias, filter),
        ast::Trigger::Each { table, alias, filter, .. } => (table, alias, filter),
        ast::Trigger::Several { kinds, alias, filter } => (kinds.first()?, alias, filter),
        ast::Trigger::Sequence(s) => return sequence(typer, clause, s, own_line),
    };
    let world = typer.world;
    let kind = match trigger {
        ast::Trigger::Several { kinds, .. } => union(world, kinds)?,
        _ => world.kind(name)?,
    };
    crate::sema::rates::no_table(world, kind, name)?;
    let table = world.schema.kind(kind).is_table();
    let each = match trigger {
        ast::Trigger::Each { at, .. } if table => Some(match at {
            ast::EachAt::EndOf(period) => EachAt::EndOf(*period),
            ast::EachAt::AsOf => EachAt::AsOf,
        }),
        ast::Trigger::Each { .. } => {
            return typer.fail(
                Diagnostic::error(
                    Code::BadHistory,
                    format!("`{}` is a record; `on each` goes over a table", name.text),
                    name.span,
                    "not a table",
                )
                .label(world.schema.kind(kind).span, "declared here")
                .help(format!("write `on {}` to look at each such record", name.text)),
            );
        }
        _ if table => {
            let d = world.no_events(name, kind);
            return typer.fail(d.help(format!("say when it is looked at:\n    on each {} at end of month", name.text)));
        }
        _ => None,
    };
    let time = match each {
        Some(EachAt::EndOf(_)) => Some(Type::Date),
        Some(EachAt::AsOf) => Some(Type::Timestamp),
        None => typer.event_time(kind),
    };
    typer.roots.push((kind, time));
    typer.scope = root_scope(kind, &world.schema.kind(kind).name, alias.as_ref(), 0);
    typer.scope.period = matches!(each, Some(EachAt::EndOf(_)));
    let mut filters = Vec::new();
    let mut failed = false;
    let facts = typer.facts_len();
    let own = own_line.and_then(|c| match &c.kind {
        ClauseKind::Where(e) => Some(e),
        _ => None,
    });
    for filter in filter.iter().chain(own) {
        match typer.condition(filter) {
            Some(expr) => {
                typer.learn(&expr, true);
                filters.push(expr);
            }
            None => failed = true,
        }
    }
    typer.forget(facts);
    let filter = match filters.len() {
        0 | 1 => filters.pop(),
        _ => {
            let span = filters[0].span.to(filters[1].span);
            Some(Expr { kind: ExprKind::And(filters), ty: Type::Bool, optional: false, span })
        }
    };
    // What follows is still read where the filter is in error, but the rule is not made.
    let filter = if failed { None } else { filter };
    let span = clause.span;
    Some(match each {
        Some(at) => Trigger::Each { table: kind, at, filter, span },
        None => Trigger::Record { kind, filter, span },
    })
}

/// The scope of a record that stands alone: its fields bare, by its kind's name, and by its alias.
pub(super) fn root_scope(kind: KindId, name: &str, alias: Option<&Ident>, root: u8) -> Scope {
    let mut scope = Scope { bare: Some(root), about: Some(root), ..Scope::default() };
    let row = Binding::Group(Group { base: Base::Row(root), kind, prefix: String::new() });
    let rank = if alias.is_some() { Rank::Last } else { Rank::AfterFields };
    scope.bind(name, row.clone(), rank);
    if let Some(alias) = alias {
        scope.bind_first(alias, row, What::Alias);
    }
    scope
}
