//! `once per KEY per PERIOD`.

use super::super::expr::Typer;
use super::super::hir::{Expr, Once};
use crate::data::Type;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, Clause, ClauseKind, Keys};

/// None where it is in error; nothing in it where it is not there.
pub(super) fn once<'a>(typer: &mut Typer<'_, 'a>, clause: Option<&'a Clause>) -> Option<Option<Once>> {
    let Some(clause) = clause else { return Some(None) };
    let ClauseKind::Once { keys, period } = &clause.kind else { return Some(None) };
    let (kind, time) = typer.roots.first()?.clone();
    if time.is_none() {
        if let Some(d) = super::super::unions::no_time(typer.world, kind, clause.span) {
            return typer.fail(d);
        }
        let declared = typer.world.schema.kind(kind);
        return typer.fail(
            Diagnostic::error(
                Code::NoTime,
                format!("`{}` has no time", declared.name),
                clause.span,
                "a period needs to know when",
            )
            .label(declared.span, format!("`{}` is declared here, without `at`", declared.name))
            .help(format!("say which field is its time:\n    record {} at FIELD {{ … }}", declared.name)),
        );
    }
    let Keys::By(paths) = keys else {
        return Some(Some(Once { keys: Vec::new(), period: *period, span: clause.span }));
    };
    // Of a sequence, bare fields are those of its last record.
    let bare = typer.scope.bare;
    typer.scope.bare = bare.or(typer.scope.about);
    let keys: Vec<Option<Expr>> = paths.iter().map(|path| key(typer, path)).collect();
    typer.scope.bare = bare;
    Some(Some(Once { keys: keys.into_iter().collect::<Option<_>>()?, period: *period, span: clause.span }))
}

fn key<'a>(typer: &mut Typer<'_, 'a>, path: &'a ast::Expr) -> Option<Expr> {
    if super::super::expr::idents(path).is_none() {
        if matches!(path.kind, ast::ExprKind::Error) {
            return None;
        }
        let d = Diagnostic::error(
            Code::NoGroup,
            format!("`{}` is no field", typer.quote(path.span)),
            path.span,
            "a key is a field",
        );
        return typer.fail(d.help("write the field's dotted name: `once per actor per month`"));
    }
    let expr = typer.shown(path)?;
    if matches!(expr.ty, Type::Struct | Type::List(_) | Type::Set(_)) {
        let is = typer.a_type(&expr.ty);
        return typer.fail(
            Diagnostic::error(
                Code::NoGroup,
                format!("`{}` cannot tell findings apart", typer.quote(path.span)),
                path.span,
                is,
            )
            .help("a key is a single value"),
        );
    }
    Some(expr)
}
