use crate::diag::{Code, Diagnostic, Level};
use crate::lint::context::within;
use crate::lint::walk::{self, Role};
use crate::lint::{Context, Found, Lint};
use crate::sema::hir::{Body, Expr, ExprKind, Func, History, Trigger};

pub const LINT: Lint = Lint { code: Code::UnrelatedRecord, level: Level::Warning, on: true, check };

/// What lets a record pass: what is needed, what an exception asks for, and what a condition says is not there.
fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        // A row of a table may stand for the whole company.
        if matches!(rule.trigger, Trigger::Each { .. }) {
            continue;
        }
        let mut excusing: Vec<&History> = Vec::new();
        if let Body::Require { need, .. } = &rule.body {
            excusing.push(need);
        }
        for (role, e) in walk::expressions(rule) {
            let wanted = match role {
                Role::Exception(_) => Func::Exists,
                Role::When => Func::No,
                _ => continue,
            };
            walk::each(e, &mut |e| {
                if let ExprKind::History(history) = &e.kind
                    && history.func == wanted
                {
                    excusing.push(history);
                }
            });
        }
        for history in excusing {
            let alone = history.keys.is_empty() && !history.filter.as_ref().is_some_and(|f| reads(f, history.root));
            if alone && within(history.span, rule.span) {
                let kind = &context.hir.schema.kind(history.kind).name;
                found.push(
                    Diagnostic::warning(
                        LINT.code,
                        format!("any `{kind}` of anybody lets a record pass"),
                        history.span,
                        "has nothing to do with the record that is judged",
                    )
                    .help(format!(
                        "say whose it is, `by` a common field, or what it is about: `where {kind}.FIELD == FIELD`"
                    )),
                );
            }
        }
    }
}

/// Whether it reads the record that the condition is about, or one around it.
fn reads(e: &Expr, root: u8) -> bool {
    let mut found = false;
    walk::each(e, &mut |e| {
        found |= match &e.kind {
            ExprKind::Column { root: of, .. } | ExprKind::EventTime { root: of } => *of <= root,
            ExprKind::PeriodStart | ExprKind::PeriodEnd | ExprKind::AsOf => true,
            _ => false,
        };
    });
    found
}
