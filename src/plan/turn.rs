//! A rule with one of its conditions turned into a constant: what would come of it if it were always so.

use super::{Expr, Op, Plan, Screen};
use crate::data::{Type, Value};
use crate::source::Span;

impl Plan {
    /// The plan in which the condition at `span` of a rule's sequence, `when` or exceptions is always `to`. A condition
    /// of a step that is one of several, or an exception as a whole, likewise. None where nothing stands there.
    pub fn turned(&self, rule: usize, span: Span, to: bool) -> Option<Plan> {
        let mut plan = self.clone();
        let of = plan.rules.get_mut(rule)?;
        of.screen = Screen::default();
        let mut found = of.when.iter_mut().map(|e| turn(e, span, to)).fold(false, |a, b| a | b);
        for exception in &mut of.unless {
            if exception.span == span {
                exception.condition = constant(to, span);
                found = true;
            }
            found |= turn(&mut exception.condition, span, to);
        }
        let steps: Vec<(u32, Span)> =
            of.sequence.iter().flat_map(|s| &s.steps).map(|step| (step.history, step.span)).collect();
        for (id, step) in steps {
            let history = plan.histories.get_mut(id as usize)?;
            history.screen = Vec::new();
            if step == span {
                history.inner.push(constant(to, span));
                found = true;
            }
            for list in [&mut history.inner, &mut history.pair] {
                found |= list.iter_mut().map(|e| turn(e, span, to)).fold(false, |a, b| a | b);
            }
        }
        found.then_some(plan)
    }
}

fn constant(to: bool, span: Span) -> Expr {
    Expr::constant(Value::Bool(to), Type::Bool, span)
}

fn turn(e: &mut Expr, span: Span, to: bool) -> bool {
    match &mut e.op {
        Op::And(all) | Op::Or(all) => all.iter_mut().map(|e| turn(e, span, to)).fold(false, |a, b| a | b),
        Op::Not(of) if of.span != e.span => turn(of, span, to),
        _ if e.span == span => {
            *e = constant(to, span);
            true
        }
        _ => false,
    }
}
