use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::What;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, TextOp};

pub const LINT: Lint = Lint { code: Code::CoveredDomain, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::TextTest { op: TextOp::InDomain, right, .. } = &e.kind else { return };
            if let Some(set) = set_of(context, right) {
                look(context, set, found);
            }
        });
    }
}

/// A set in its place, or the one that a `let` names.
fn set_of<'a>(context: &Context<'a>, e: &'a Expr) -> Option<&'a [Expr]> {
    let of = match &e.kind {
        ExprKind::Set(of) => return Some(of),
        ExprKind::Name(_) => context.named_in(e.span).find(|u| u.what == What::Let)?.definition,
        _ => return None,
    };
    context.items().find_map(|item| match &item.kind {
        ItemKind::Let(item) if item.name.span == of => match &item.value.kind {
            ExprKind::Set(of) => Some(of.as_slice()),
            _ => None,
        },
        _ => None,
    })
}

fn look(context: &Context, set: &[Expr], found: &mut Found) {
    let host = |e: &Expr| match &e.kind {
        ExprKind::Text(text) => Some(text.to_lowercase()),
        _ => None,
    };
    for (i, element) in set.iter().enumerate() {
        let Some(own) = host(element) else { continue };
        let above = set.iter().find(|other| host(other).is_some_and(|o| own.ends_with(&format!(".{o}"))));
        let Some(above) = above else { continue };
        let d = Diagnostic::advice(
            LINT.code,
            format!("`{own}` is in a domain that is listed, too"),
            element.span,
            "adds nothing",
        )
        .label(above.span, "takes its subdomains in");
        let cut = match i {
            0 => set.get(1).map(|next| Span { end: next.span.start, ..element.span }),
            _ => Some(Span { start: set[i - 1].span.end, ..element.span }),
        };
        let plain = cut.filter(|cut| {
            let rest = context.text(*cut).replacen(context.text(element.span), "", 1);
            rest.trim() == ","
        });
        found.push(match plain {
            Some(cut) => d.safe_fix("take it out", cut, ""),
            None => d.help("take it out"),
        });
    }
}
