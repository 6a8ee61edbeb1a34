//! Which fields a rule reads: each expression with the kinds of the records that it can see.

use crate::data::{ColumnId, KindId, Schema};
use crate::sema::hir::{Body, Expr, ExprKind, History, Rule, Times, Trigger};

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Which records are found, and what is needed or added up.
    Condition,
    Exception,
    Message,
}

/// Every expression of a rule and all under it, with the kinds of its roots.
pub fn each<'e>(rule: &'e Rule, visit: &mut dyn FnMut(Part, &'e Expr, &[KindId])) {
    let mut kinds = vec![rule.trigger.kind()];
    if let Trigger::Sequence(sequence) = &rule.trigger {
        for step in &sequence.steps {
            let mut own = kinds.clone();
            own.resize(usize::from(step.root) + 1, step.kind);
            own[usize::from(step.root)] = step.kind;
            for e in step.filter.iter().chain(step.keys.iter().flat_map(|k| [&k.inner, &k.outer])) {
                under(e, Part::Condition, &own, visit);
            }
            // A step without a record has no root behind it.
            if step.times != Times::None {
                kinds = own;
            }
        }
    }
    rule.trigger.filter().into_iter().for_each(|e| under(e, Part::Condition, &kinds, visit));
    match &rule.body {
        Body::Forbid { when } => under(when, Part::Condition, &kinds, visit),
        Body::Require { when, need } => {
            when.iter().for_each(|e| under(e, Part::Condition, &kinds, visit));
            history(need, Part::Condition, &kinds, visit);
        }
        Body::Limit { when, aggregate, to } => {
            when.iter().for_each(|e| under(e, Part::Condition, &kinds, visit));
            history(aggregate, Part::Condition, &kinds, visit);
            under(to, Part::Condition, &kinds, visit);
        }
    }
    rule.once.iter().flat_map(|o| &o.keys).for_each(|e| under(e, Part::Condition, &kinds, visit));
    rule.unless.iter().for_each(|e| under(&e.condition, Part::Exception, &kinds, visit));
    super::walk::messages(rule).for_each(|e| under(e, Part::Message, &kinds, visit));
}

fn under<'e>(e: &'e Expr, part: Part, kinds: &[KindId], visit: &mut dyn FnMut(Part, &'e Expr, &[KindId])) {
    visit(part, e, kinds);
    e.children().into_iter().for_each(|child| under(child, part, kinds, visit));
    if let ExprKind::History(of) = &e.kind {
        history(of, part, kinds, visit);
    }
}

fn history<'e>(of: &'e History, part: Part, kinds: &[KindId], visit: &mut dyn FnMut(Part, &'e Expr, &[KindId])) {
    let mut own = kinds.to_vec();
    own.truncate(usize::from(of.root) + 1);
    own.push(of.kind);
    let inside = of.value.iter().chain(&of.filter).chain(&of.per).chain(of.keys.iter().map(|k| &k.inner));
    inside.for_each(|e| under(e, part, &own, visit));
    of.keys.iter().for_each(|k| under(&k.outer, part, kinds, visit));
}

/// The field that an expression reads.
pub fn of(e: &Expr, kinds: &[KindId]) -> Option<(KindId, ColumnId)> {
    match &e.kind {
        ExprKind::Column { root, column } => Some((*kinds.get(usize::from(*root))?, *column)),
        ExprKind::Lookup { table, column, .. } => Some((*table, *column)),
        _ => None,
    }
}

/// Its name within its group: `name` of `actor.name`.
pub fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether the rule is about people, or reads who they are.
pub fn reads_people(schema: &Schema, rule: &Rule) -> bool {
    let kind = rule.trigger.kind();
    let mut people = schema.kind(kind).subject().is_some_and(|column| schema.is_person(kind, column));
    each(rule, &mut |_, e, kinds| people |= of(e, kinds).is_some_and(|(kind, column)| schema.is_person(kind, column)));
    people
}
