//! Conditions as tests of terms, and whether they can hold.

use super::domain::{Domain, number};
use super::key::{constant, key, of_history, turned};
use crate::data::{Type, Value};
use crate::lint::Context;
use crate::sema::hir::{CompareOp, Expr, ExprKind, Func};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// What has to hold; negations are worked in.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// The term's value is in the set.
    Test(usize, Domain),
    And(Vec<Formula>),
    Or(Vec<Formula>),
}

/// So many ways for a condition to hold are looked at; of one with more nothing is said.
const MOST_WAYS: usize = 2_000;

/// Knows the terms that conditions have been read into.
pub struct Reasoner<'c, 'a> {
    context: &'c Context<'a>,
    terms: RefCell<FxHashMap<String, usize>>,
    /// What each can be at all.
    universes: RefCell<Vec<Domain>>,
}

impl<'c, 'a> Reasoner<'c, 'a> {
    pub fn new(context: &'c Context<'a>) -> Reasoner<'c, 'a> {
        Reasoner { context, terms: RefCell::default(), universes: RefCell::default() }
    }

    /// When the condition holds; or, turned, when it does not.
    pub fn holds(&self, e: &Expr, positive: bool) -> Formula {
        match &e.kind {
            ExprKind::Named { body, definition, .. } if !super::key::is_param(self.context, *definition) => {
                self.holds(body, positive)
            }
            ExprKind::Not(of) => self.holds(of, !positive),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let parts = parts.iter().map(|p| self.holds(p, positive)).collect();
                if matches!(e.kind, ExprKind::And(_)) == positive { Formula::And(parts) } else { Formula::Or(parts) }
            }
            ExprKind::Constant(Value::Bool(holds)) => match *holds == positive {
                true => Formula::And(Vec::new()),
                false => Formula::Or(Vec::new()),
            },
            ExprKind::History(history) if matches!(history.func, Func::Exists | Func::No) => {
                let positive = positive == (history.func == Func::Exists);
                let term = self.term(of_history(self.context, history), Domain::numbers(0, 1));
                Formula::Test(term, Domain::truth(positive))
            }
            ExprKind::Present(of) => self.present(of, positive),
            ExprKind::Compare { op, left, right, ignoring_case } => {
                self.compare(*op, left, right, *ignoring_case, positive).unwrap_or_else(|| self.opaque(e, positive))
            }
            ExprKind::In { item, set, ignoring_case } => {
                self.is_in(e, item, set, *ignoring_case, positive).unwrap_or_else(|| self.opaque(e, positive))
            }
            _ => self.opaque(e, positive),
        }
    }

    fn term(&self, key: String, universe: Domain) -> usize {
        let mut terms = self.terms.borrow_mut();
        let mut universes = self.universes.borrow_mut();
        let term = *terms.entry(key).or_insert_with(|| {
            universes.push(universe.clone());
            universes.len() - 1
        });
        if universe.may_be_absent() && !universes[term].may_be_absent() {
            universes[term] = universes[term].clone().with_absent(true);
        }
        term
    }

    /// True or false, whatever makes it so. Absent is false.
    fn opaque(&self, e: &Expr, positive: bool) -> Formula {
        let term = self.term(key(self.context, e), Domain::numbers(0, 1).with_absent(e.optional));
        let set = Domain::truth(positive);
        Formula::Test(term, if positive { set } else { set.with_absent(e.optional) })
    }

    /// A value with constants that it may be compared with.
    fn value(&self, e: &Expr, suffix: &str) -> Option<(usize, Domain)> {
        let schema = &self.context.hir.schema;
        let mut universe = Domain::all(&e.ty, schema)?;
        if let ExprKind::History(history) = &super::super::walk::bare(e).kind
            && matches!(history.func, Func::Count | Func::Distinct)
        {
            universe = Domain::numbers(0, i128::MAX);
        }
        let universe = universe.with_absent(e.optional);
        Some((self.term(format!("{}{suffix}", key(self.context, e)), universe.clone()), universe))
    }

    fn present(&self, of: &Expr, positive: bool) -> Formula {
        // An amount has a term for each currency; its presence has one of its own.
        let plain = (of.ty != Type::Money).then(|| self.value(of, "")).flatten();
        match plain {
            Some((term, all)) => {
                self.universes.borrow_mut()[term] = all.clone().with_absent(true);
                let nothing = all.clone().and(&all.complement());
                Formula::Test(term, if positive { all.with_absent(false) } else { nothing.with_absent(true) })
            }
            None => {
                let term = self.term(format!("present({})", key(self.context, of)), Domain::numbers(0, 1));
                Formula::Test(term, Domain::truth(positive))
            }
        }
    }

    /// A value and its default, where it has one that is a constant.
    fn with_default<'e>(&self, e: &'e Expr) -> (&'e Expr, Option<&'e Value>) {
        if let ExprKind::Coalesce(left, right) = &super::super::walk::bare(e).kind
            && let Some(default) = constant(self.context, right)
        {
            return (left, Some(default));
        }
        (e, None)
    }

    fn compare(&self, op: CompareOp, left: &Expr, right: &Expr, nocase: bool, positive: bool) -> Option<Formula> {
        let (op, left, value) = match (constant(self.context, left), constant(self.context, right)) {
            (Some(a), Some(b)) if !nocase => return both_constant(op, a, b, positive),
            (Some(_), Some(_)) => return None,
            (None, Some(value)) => (op, left, value),
            (Some(value), None) => (turned(op), right, value),
            (None, None) => return self.sides(op, left, right, nocase, positive),
        };
        if nocase {
            return None;
        }
        let (of, default) = self.with_default(left);
        let set = Domain::compared(op, value)?;
        let suffix = match value {
            Value::Money(m) => format!("@{}", m.currency),
            _ => String::new(),
        };
        let same_money = |d: &Value| match (d, value) {
            (Value::Money(a), Value::Money(b)) => a.currency == b.currency,
            _ => true,
        };
        if default.is_some_and(|d| !same_money(d)) {
            return None;
        }
        let (term, _) = self.value(of, &suffix)?;
        let absent_in = default.is_some_and(|d| contains(&set, d));
        Some(Formula::Test(term, turn(set.with_absent(absent_in && of.optional), of.optional, positive)))
    }

    /// Two values that both vary: which is greater is one term.
    fn sides(&self, op: CompareOp, left: &Expr, right: &Expr, nocase: bool, positive: bool) -> Option<Formula> {
        let (mut a, mut b, mut op) = (key(self.context, left), key(self.context, right), op);
        if a > b {
            (a, b, op) = (b, a, turned(op));
        }
        let optional = left.optional || right.optional;
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let set = match op {
            CompareOp::Eq => Domain::numbers(0, 0),
            CompareOp::Ne => Domain::numbers(-1, -1).or(&Domain::numbers(1, 1)),
            CompareOp::Lt => Domain::numbers(-1, -1),
            CompareOp::Le => Domain::numbers(-1, 0),
            CompareOp::Gt => Domain::numbers(1, 1),
            CompareOp::Ge => Domain::numbers(0, 1),
        };
        let all = Domain::numbers(-1, 1);
        let case = if nocase && equality { " ignoring case" } else { "" };
        let term = self.term(format!("{a} <>{case} {b}"), all.with_absent(optional));
        Some(Formula::Test(term, turn(set, optional, positive)))
    }

    fn is_in(&self, e: &Expr, item: &Expr, set: &[Value], nocase: bool, positive: bool) -> Option<Formula> {
        if nocase || self.context.depends_on_param(e.span) || set.iter().any(|v| matches!(v, Value::Money(_))) {
            return None;
        }
        let (of, default) = self.with_default(item);
        let mut all: Option<Domain> = None;
        for value in set {
            let one = Domain::compared(CompareOp::Eq, value)?;
            all = Some(all.map_or(one.clone(), |all| all.or(&one)));
        }
        let (term, universe) = self.value(of, "")?;
        let all = all.unwrap_or_else(|| universe.and(&universe.complement()).with_absent(false));
        let absent_in = default.is_some_and(|d| contains(&all, d));
        Some(Formula::Test(term, turn(all.with_absent(absent_in && of.optional), of.optional, positive)))
    }

    /// Whether nothing can make all of these hold. Too many ways: it is not known, which is `false`.
    pub fn impossible(&self, all: &[&Formula]) -> bool {
        let mut state = Ways { universes: &self.universes.borrow(), left: MOST_WAYS };
        let mut facts = FxHashMap::default();
        let goals: Vec<&Formula> = all.to_vec();
        state.none(&goals, &mut facts) && state.left > 0
    }
}

struct Ways<'u> {
    universes: &'u [Domain],
    left: usize,
}

impl Ways<'_> {
    /// Whether no way leads through all goals.
    fn none(&mut self, goals: &[&Formula], facts: &mut FxHashMap<usize, Domain>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        // What is plain first: it may shut out ways before they are gone.
        let mut choices: Vec<&[Formula]> = Vec::new();
        let mut waiting: Vec<&Formula> = goals.to_vec();
        let mut own = facts.clone();
        while let Some(goal) = waiting.pop() {
            match goal {
                Formula::Test(term, set) => {
                    let known = own.entry(*term).or_insert_with(|| self.universes[*term].clone());
                    *known = known.and(set);
                    if known.is_empty() {
                        return true;
                    }
                }
                Formula::And(parts) => waiting.extend(parts),
                Formula::Or(parts) => choices.push(parts),
            }
        }
        let Some(parts) = choices.pop() else { return false };
        parts.iter().all(|part| {
            let mut next: Vec<&Formula> = vec![part];
            let rest: Vec<Formula> = choices.iter().map(|parts| Formula::Or(parts.to_vec())).collect();
            next.extend(&rest);
            self.none(&next, &mut own)
        })
    }
}

/// Where it holds; or where it does not, which is so, too, where the value is absent.
fn turn(set: Domain, optional: bool, positive: bool) -> Domain {
    if positive {
        return set;
    }
    let absent = optional && !set.may_be_absent();
    set.complement().with_absent(absent)
}

fn contains(set: &Domain, value: &Value) -> bool {
    Domain::compared(CompareOp::Eq, value).is_some_and(|one| !one.and(set).with_absent(false).is_empty())
}

fn both_constant(op: CompareOp, a: &Value, b: &Value, positive: bool) -> Option<Formula> {
    if let (Value::Money(a), Value::Money(b)) = (a, b)
        && a.currency != b.currency
    {
        return None;
    }
    let holds = match (number(a), number(b)) {
        (Some(a), Some(b)) => match op {
            CompareOp::Eq => a == b,
            CompareOp::Ne => a != b,
            CompareOp::Lt => a < b,
            CompareOp::Le => a <= b,
            CompareOp::Gt => a > b,
            CompareOp::Ge => a >= b,
        },
        _ => match op {
            CompareOp::Eq => a == b,
            CompareOp::Ne => a != b,
            _ => return None,
        },
    };
    Some(if holds == positive { Formula::And(Vec::new()) } else { Formula::Or(Vec::new()) })
}
