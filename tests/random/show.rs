//! Rules in a few words, for a case that fails.

use bylaws::internals::data::*;
use bylaws::internals::sema::hir::*;
fn ex(h: &Hir, k: &[KindId], x: &Expr) -> String {
    let f = |x: &Expr| ex(h, k, x);
    match &x.kind {
        ExprKind::Constant(v) => format!("{v:?}"),
        ExprKind::Column { root, column } => {
            format!("{root}.{}", k.get(*root as usize).map_or("?", |k| &h.schema.column(*k, *column).name))
        }
        ExprKind::Lookup { key, table, column, .. } => format!("{}.{}", f(key), h.schema.column(*table, *column).name),
        ExprKind::Not(a) => format!("not ({})", f(a)),
        ExprKind::And(v) => v.iter().map(|x| format!("({})", f(x))).collect::<Vec<_>>().join(" and "),
        ExprKind::Or(v) => v.iter().map(|x| format!("({})", f(x))).collect::<Vec<_>>().join(" or "),
        ExprKind::Compare { op, left, right, ignoring_case } => {
            format!("{} {op:?} {}{}", f(left), f(right), if *ignoring_case { " ic" } else { "" })
        }
        ExprKind::In { item, set, ignoring_case } => format!("{} in {set:?} {ignoring_case}", f(item)),
        ExprKind::InColumn { item, list, ignoring_case } => format!("{} in {} {ignoring_case}", f(item), f(list)),
        ExprKind::TextTest { op, left, right, ignoring_case } => {
            format!("{} {op:?} {} {ignoring_case}", f(left), f(right))
        }
        ExprKind::InDomain { host, domains } => format!("{} in_domain {domains:?}", f(host)),
        ExprKind::Matches { left, pattern, .. } => format!("{} matches {pattern}", f(left)),
        ExprKind::Present(a) => format!("{} present", f(a)),
        ExprKind::Coalesce(a, b) => format!("({} ?? {})", f(a), f(b)),
        ExprKind::Arith { op, left, right } => format!("({} {op:?} {})", f(left), f(right)),
        ExprKind::Shift { time, by } => format!("({} + {by:?})", f(time)),
        ExprKind::History(hist) => hi(h, k, hist),
        other => format!("{other:?}"),
    }
}
fn hi(h: &Hir, k: &[KindId], x: &History) -> String {
    let mut kk = k[..(x.root as usize + 1).min(k.len())].to_vec();
    kk.push(x.kind);
    let keys: Vec<String> =
        x.keys.iter().map(|y| format!("{}={}", ex(h, &kk, &y.inner), ex(h, &kk, &y.outer))).collect();
    format!(
        "{:?}({} {} {:?} by [{}] where {})",
        x.func,
        h.schema.kind(x.kind).name,
        x.value.as_ref().map_or(String::new(), |v| ex(h, &kk, v)),
        x.window,
        keys.join(","),
        x.filter.as_ref().map_or("-".into(), |v| ex(h, &kk, v))
    )
}
pub fn rule(h: &Hir, r: &Rule) -> String {
    let k = [r.trigger.kind()];
    let mut s = format!(
        "{:?} {} on {} {}\n   where {}\n",
        r.verb,
        r.name,
        h.schema.kind(k[0]).name,
        if let Trigger::Each { at, .. } = r.trigger { format!("{at:?}") } else { String::new() },
        r.trigger.filter().map_or("-".into(), |f| ex(h, &k, f))
    );
    match &r.body {
        Body::Forbid { when } => s += &format!("   when {}\n", ex(h, &k, when)),
        Body::Require { when, need } => {
            s += &format!("   when {} need {}\n", when.as_ref().map_or("-".into(), |w| ex(h, &k, w)), hi(h, &k, need))
        }
        Body::Limit { when, aggregate, to } => {
            s += &format!(
                "   when {} {} to {}\n",
                when.as_ref().map_or("-".into(), |w| ex(h, &k, w)),
                hi(h, &k, aggregate),
                ex(h, &k, to)
            )
        }
    }
    for u in &r.unless {
        s += &format!("   unless {}: {}\n", u.name, ex(h, &k, &u.condition));
    }
    if r.effective != (None, None) {
        s += &format!("   effective {:?}\n", r.effective);
    }
    s
}
