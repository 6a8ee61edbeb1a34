//! Which definitions need which: cycles are told, and the rest is put in an order to work them out.

use super::world::{Decl, World};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, Expr, ExprKind, Ident, Keys, WindowKind};
use rustc_hash::{FxHashMap, FxHashSet};

/// Definitions in an order in which each comes after those that it needs; those in cycles are told and marked.
pub fn order<'a>(world: &mut World<'a>, decls: &[Decl<'a>]) -> Vec<Decl<'a>> {
    let index: FxHashMap<&str, usize> = decls.iter().enumerate().map(|(i, d)| (d.name().text.as_str(), i)).collect();
    let needs: Vec<Vec<(usize, &'a Ident)>> = decls.iter().map(|d| needs(*d, &index)).collect();
    let mut state = vec![0u8; decls.len()];
    let mut done = Vec::with_capacity(decls.len());
    for start in 0..decls.len() {
        if state[start] != 0 {
            continue;
        }
        // (definition, next of its needs)
        let mut path = vec![(start, 0usize)];
        state[start] = 1;
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let Some((to, used)) = needs[at].get(*next) else {
                state[at] = 2;
                done.push(decls[at]);
                path.pop();
                continue;
            };
            *next += 1;
            match state[*to] {
                0 => {
                    state[*to] = 1;
                    path.push((*to, 0));
                }
                1 => {
                    let from = path.iter().position(|(i, _)| i == to).unwrap_or(0);
                    let cycle: Vec<usize> = path[from..].iter().map(|(i, _)| *i).collect();
                    tell(world, decls, &cycle, used);
                }
                _ => {}
            }
        }
    }
    done
}

fn tell<'a>(world: &mut World<'a>, decls: &[Decl<'a>], cycle: &[usize], used: &Ident) {
    let mut names: Vec<&str> = cycle.iter().map(|i| decls[*i].name().text.as_str()).collect();
    world.broken.extend(names.iter().copied());
    let first = decls[cycle[0]].name();
    names.push(&first.text);
    let shown = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" → ");
    let mut d = Diagnostic::error(
        Code::Cycle,
        format!("`{}` needs itself: {shown}", first.text),
        used.span,
        format!("this leads back to `{}`", first.text),
    );
    for i in cycle.iter().take(8) {
        d = d.label(decls[*i].name().span, format!("`{}` is defined here", decls[*i].name().text));
    }
    world.report.tell(d.help(
        "definitions are put in their place where they are used, so none can need itself; take one of these uses out",
    ));
}

fn needs<'a>(decl: Decl<'a>, index: &FxHashMap<&str, usize>) -> Vec<(usize, &'a Ident)> {
    let (bodies, own): (Vec<&'a Expr>, FxHashSet<&str>) = match decl {
        Decl::Let(item) => (vec![&item.value], FxHashSet::default()),
        Decl::Param(item) => {
            let later = item.later.iter().flat_map(|(day, value)| [day, value]);
            ([&item.default].into_iter().chain(later).collect(), FxHashSet::default())
        }
        Decl::Define(item) => (vec![&item.body], item.params.iter().map(|(n, _)| n.text.as_str()).collect()),
    };
    let mut found = Vec::new();
    let mut seen = FxHashSet::default();
    for body in bodies {
        names(body, &mut |name| {
            if let Some(i) = index.get(name.text.as_str())
                && !own.contains(name.text.as_str())
                && seen.insert(*i)
            {
                found.push((*i, name));
            }
        });
    }
    found
}

/// Every name that an expression reads or calls; not those behind a dot.
pub fn names<'a>(e: &'a Expr, f: &mut impl FnMut(&'a Ident)) {
    match &e.kind {
        ExprKind::Name(name) => f(name),
        ExprKind::Field { of, .. }
        | ExprKind::Optional(of)
        | ExprKind::Present { of, .. }
        | ExprKind::Not(of)
        | ExprKind::Neg(of)
        | ExprKind::Matches { left: of, .. }
        | ExprKind::Every { of, .. } => names(of, f),
        ExprKind::Coalesce(left, right)
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Arith { left, right, .. }
        | ExprKind::TextTest { left, right, .. }
        | ExprKind::Overlaps { left, right, .. }
        | ExprKind::In { item: left, set: right, .. }
        | ExprKind::Under { left, right, .. } => {
            names(left, f);
            names(right, f);
        }
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Set(parts) => parts.iter().for_each(|p| names(p, f)),
        ExprKind::Call { name, args } => {
            f(name);
            args.iter().for_each(|a| names(a, f));
        }
        ExprKind::History(h) => history(h, f),
        ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Date(_)
        | ExprKind::Timestamp(_)
        | ExprKind::Quantity { .. }
        | ExprKind::Percent(_)
        | ExprKind::Error => {}
    }
}

/// The kind among them.
pub fn history<'a>(h: &'a ast::History, f: &mut impl FnMut(&'a Ident)) {
    f(&h.kind);
    if let Some(window) = &h.window
        && let WindowKind::Within { length, .. } | WindowKind::Over(length) = &window.kind
    {
        names(length, f);
    }
    if let Keys::By(paths) = &h.keys {
        paths.iter().for_each(|p| names(p, f));
    }
    h.median.iter().flat_map(|m| &m.per).for_each(|p| names(p, f));
    if let Some(filter) = &h.filter {
        names(filter, f);
    }
}
