use crate::data::Type;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::reason::key;
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{Expr, ExprKind, Func, Rule, Trigger};
use std::collections::BTreeSet;

pub const LINT: Lint = Lint { code: Code::AbsentInMessage, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        // The records of a sequence's steps are known by several names.
        if matches!(rule.trigger, Trigger::Sequence(_)) {
            continue;
        }
        let there = settled(context, rule);
        for e in walk::messages(rule) {
            let mut read = Vec::new();
            optional(e, &mut read);
            for e in read.into_iter().filter(|e| !there.contains(&key(context, e))) {
                let text = context.text(e.span);
                let message = format!("the sentence of `{}` may have a gap", rule.name);
                let d = Diagnostic::advice(LINT.code, message, e.span, "reads `absent` where a record does not say it");
                found.push(d.help(match e.ty {
                    Type::Text => format!(
                        "say what stands there then, by a name of its own:\n    let unnamed = \"…\"\n    because \"… {{{text} ?? \
                         unnamed}} …\""
                    ),
                    _ => format!("ask in the condition that it is there, `{text} present`, or write another field"),
                }));
            }
        }
    }
}

/// What is there in every finding, by what the rule's conditions ask; and what they ask the absence of, which the
/// sentence may well tell.
fn settled(context: &Context, rule: &Rule) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for condition in rule.trigger.filter().into_iter().chain(walk::when(rule)) {
        found.extend(implied(context, condition, true));
        walk::each(condition, &mut |e| {
            if let ExprKind::Present(of) = &e.kind {
                found.insert(key(context, of));
            }
        });
    }
    found
}

/// What is there where the condition is true, or false.
fn implied(context: &Context, e: &Expr, truth: bool) -> BTreeSet<String> {
    match (&e.kind, truth) {
        (ExprKind::Named { body, .. }, _) => implied(context, body, truth),
        (ExprKind::Not(of), _) => implied(context, of, !truth),
        (ExprKind::And(parts), true) | (ExprKind::Or(parts), false) => {
            parts.iter().flat_map(|part| implied(context, part, truth)).collect()
        }
        (ExprKind::And(parts), false) | (ExprKind::Or(parts), true) => {
            let mut each = parts.iter().map(|part| implied(context, part, truth));
            let first = each.next().unwrap_or_default();
            each.fold(first, |all, next| all.intersection(&next).cloned().collect())
        }
        // Over an absent value a comparison is false.
        (ExprKind::Present(_) | ExprKind::Compare { .. } | ExprKind::In { .. } | ExprKind::InColumn { .. }, true)
        | (ExprKind::Overlaps { .. } | ExprKind::TextTest { .. } | ExprKind::InDomain { .. }, true)
        | (ExprKind::Matches { .. } | ExprKind::Under { .. }, true) => {
            let mut read = Vec::new();
            e.children().into_iter().for_each(|child| optional(child, &mut read));
            read.into_iter().map(|e| key(context, e)).collect()
        }
        // What a record is looked for by.
        (ExprKind::History(of), true) if of.func == Func::Exists => {
            let mut read = Vec::new();
            of.keys.iter().for_each(|key| optional(&key.outer, &mut read));
            let by = read.into_iter().map(|e| key(context, e));
            by.chain(of.filter.iter().flat_map(|e| implied(context, e, true))).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// The fields without which there is no value.
fn optional<'e>(e: &'e Expr, found: &mut Vec<&'e Expr>) {
    match &e.kind {
        ExprKind::Column { .. } if e.optional => found.push(e),
        ExprKind::Lookup { key, .. } if e.optional => {
            let before = found.len();
            optional(key, found);
            // The reference says it: what it leads to may be there always.
            if found.len() == before {
                found.push(e);
            }
        }
        // With a value in their place, or a yes or no of their own.
        ExprKind::Coalesce(..) | ExprKind::Present(_) | ExprKind::History(_) => {}
        _ => e.children().into_iter().for_each(|child| optional(child, found)),
    }
}
