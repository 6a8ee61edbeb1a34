//! Conditions that ended up in the `where` of a condition over history, and look as if they were meant to stand behind it:
//! a `where` goes on as far as it can.

use super::super::hir::{Expr, ExprKind, Func};
use super::Typer;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast;

impl Typer<'_, '_> {
    /// Warns of parts of a `where` that do not read its record, where it matters on which side of it they stand: under
    /// `no`, beside an `or`, and of another condition over history, which is judged at the inner record's time.
    pub(super) fn stray(&mut self, h: &ast::History, filter: &Expr, root: u8) {
        if !self.active.is_empty() {
            return;
        }
        let mut found = Vec::new();
        parts(filter, h.func == ast::Func::No, root, &mut found);
        let name = h.alias.as_ref().map_or(&h.kind.text, |alias| &alias.text);
        for part in found {
            let what = if matches!(part.kind, ExprKind::History(_)) {
                format!("judged at the time of each `{name}`, as part of its `where`")
            } else {
                format!("part of the `where` of `{name}`, of which it reads nothing")
            };
            self.tell(
                Diagnostic::warning(
                    Code::StrayCondition,
                    format!("this is within the `where`, and not about `{name}`"),
                    part.span,
                    what,
                )
                .label(h.span, "the `where` goes on to here")
                .help(format!(
                    "to have it stand behind the condition, end that with parentheses: `({} {} … where …) and …`; to have it within, name `{name}` in it",
                    if h.func == ast::Func::No { "no" } else { "exists" },
                    h.kind.text
                )),
            );
        }
    }
}

/// `either`: it matters where a part stands.
fn parts<'e>(e: &'e Expr, either: bool, root: u8, found: &mut Vec<&'e Expr>) {
    match &e.kind {
        ExprKind::And(all) => all.iter().for_each(|p| parts(p, either, root, found)),
        ExprKind::Or(all) => all.iter().for_each(|p| parts(p, true, root, found)),
        ExprKind::Not(of) if of.span != e.span => parts(of, either, root, found),
        ExprKind::Constant(_) => {}
        ExprKind::History(h)
            if matches!(h.func, Func::Exists | Func::No) && !h.filter.as_ref().is_some_and(|f| reads(f, root)) =>
        {
            found.push(e);
        }
        _ if either && !reads(e, root) => found.push(e),
        _ => {}
    }
}

/// Whether a record is read, by a condition over history in its `where` or otherwise by what it takes.
fn reads(e: &Expr, root: u8) -> bool {
    match &e.kind {
        ExprKind::Column { root: r, .. } | ExprKind::EventTime { root: r } => *r == root,
        ExprKind::History(h) => h.root == root || [&h.filter, &h.value].into_iter().flatten().any(|f| reads(f, root)),
        _ => e.children().into_iter().any(|c| reads(c, root)),
    }
}
