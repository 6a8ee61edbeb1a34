//! Every expression of a rule, with the kinds of the records that it may read.

use crate::data::KindId;
use crate::sema::hir::{Body, Expr, ExprKind, History, Rule, Trigger};

/// What is met on the way.
pub enum Met<'e> {
    Expr(&'e Expr),
    /// Records of a kind, in a condition over history or a step.
    Records(KindId),
}

type Roots = Vec<(u8, KindId)>;
/// Is told each thing that is met, and the kinds of the roots there.
type Visit<'v, 'e> = dyn FnMut(Met<'e>, &[(u8, KindId)]) + 'v;

/// The kind of a root; of several the last one added.
pub fn kind_of(roots: &[(u8, KindId)], root: u8) -> Option<KindId> {
    roots.iter().rev().find(|(r, _)| *r == root).map(|(_, kind)| *kind)
}

pub fn rule<'e>(rule: &'e Rule, visit: &mut Visit<'_, 'e>) {
    let mut roots: Roots = vec![(0, rule.trigger.kind())];
    visit(Met::Records(rule.trigger.kind()), &roots);
    if let Trigger::Sequence(sequence) = &rule.trigger {
        roots.extend(sequence.steps.iter().map(|step| (step.root, step.kind)));
        for step in &sequence.steps {
            visit(Met::Records(step.kind), &roots);
            let mut inner = roots.clone();
            inner.push((step.root, step.kind));
            for key in &step.keys {
                expr(&key.inner, &mut inner, visit);
                expr(&key.outer, &mut roots, visit);
            }
            step.filter.iter().for_each(|filter| expr(filter, &mut inner, visit));
        }
    }
    rule.trigger.filter().iter().for_each(|filter| expr(filter, &mut roots, visit));
    match &rule.body {
        Body::Forbid { when } => expr(when, &mut roots, visit),
        Body::Require { when, need } => {
            when.iter().for_each(|when| expr(when, &mut roots, visit));
            history(need, &mut roots, visit);
        }
        Body::Limit { when, aggregate, to } => {
            when.iter().for_each(|when| expr(when, &mut roots, visit));
            history(aggregate, &mut roots, visit);
            expr(to, &mut roots, visit);
        }
    }
    rule.unless.iter().for_each(|exception| expr(&exception.condition, &mut roots, visit));
    rule.once.iter().flat_map(|once| &once.keys).for_each(|key| expr(key, &mut roots, visit));
    rule.waivers.iter().flat_map(|w| &w.condition).for_each(|condition| expr(condition, &mut roots, visit));
}

fn expr<'e>(e: &'e Expr, roots: &mut Roots, visit: &mut Visit<'_, 'e>) {
    visit(Met::Expr(e), roots);
    if let ExprKind::History(h) = &e.kind {
        history(h, roots, visit);
    }
    e.children().into_iter().for_each(|child| expr(child, roots, visit));
}

fn history<'e>(h: &'e History, roots: &mut Roots, visit: &mut Visit<'_, 'e>) {
    visit(Met::Records(h.kind), roots);
    h.keys.iter().for_each(|key| expr(&key.outer, roots, visit));
    roots.push((h.root + 1, h.kind));
    h.keys.iter().for_each(|key| expr(&key.inner, roots, visit));
    h.value.iter().chain(&h.filter).chain(&h.per).for_each(|e| expr(e, roots, visit));
    roots.pop();
}
