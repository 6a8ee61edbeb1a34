//! The conditions of all rules, judged once for the lints that tell of them.

use crate::lint::context::{Context, within};
use crate::lint::reason::{Formula, Reasoner, key};
use crate::lint::walk::{self, Role};
use crate::sema::hir::{Body, Expr, ExprKind, History, Rule};
use crate::source::Span;

/// What was seen of a condition, or of a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Always,
    Never,
    /// Of an `or`, where the rest of the condition holds.
    Unreachable,
    /// Holds, or does not, whenever the parts beside it say so.
    Redundant,
    ExceptionNever,
    ExceptionAlways,
    ExceptionShadowed,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub what: What,
    pub span: Span,
    /// The place that makes it so.
    pub by: Option<Span>,
    /// What can be taken out without a change.
    pub cut: Option<Span>,
    /// It is joined by `or`.
    pub or: bool,
    /// Each of its parts can hold alone.
    pub parts_can: bool,
    /// Of the condition: `when`, `where`, an exception's name.
    pub role: String,
}

/// Everything of one kind, in the conditions that stand in the rules themselves.
pub fn all<'c>(context: &'c Context, wanted: What) -> impl Iterator<Item = &'c Seen> {
    let judged = context.judged.get_or_init(|| {
        let of = |rule| {
            let mut judge = Judge { context, rule, reasoner: Reasoner::new(context), found: Vec::new() };
            judge.rule();
            judge.found
        };
        context.hir.rules.iter().flat_map(of).collect()
    });
    judged.iter().filter(move |seen| seen.what == wanted)
}

struct Judge<'c, 'a, 'r> {
    context: &'c Context<'a>,
    rule: &'r Rule,
    reasoner: Reasoner<'c, 'a>,
    found: Vec<Seen>,
}

impl<'r> Judge<'_, '_, 'r> {
    fn rule(&mut self) {
        let rule = self.rule;
        let mut given: Vec<Formula> = Vec::new();
        for (role, e) in walk::expressions(rule) {
            match role {
                Role::Filter => {
                    self.condition(e, &[], "where");
                    given.push(self.reasoner.holds(e, true));
                }
                // A rule without `when` has one that holds, and is not written.
                Role::When if e.span == rule.trigger.span() => {}
                Role::When => {
                    self.condition(e, &given, "when");
                    given.push(self.reasoner.holds(e, true));
                }
                Role::Step(step) => self.condition(e, &[], &step.name),
                Role::Exception(_) | Role::To | Role::Once | Role::Message => {}
            }
        }
        self.exceptions(&mut given);
        for history in walk::histories(rule) {
            // What a limit adds up repeats the trigger's filter.
            let own = !matches!(&rule.body, Body::Limit { aggregate, .. } if std::ptr::eq(&**aggregate, history));
            if own && within(history.span, rule.span) {
                self.history(history);
            }
        }
    }

    fn history(&mut self, history: &History) {
        if let Some(filter) = history.filter.as_ref().filter(|f| within(f.span, self.rule.span)) {
            self.condition(filter, &[], "where");
        }
    }

    fn exceptions(&mut self, given: &mut Vec<Formula>) {
        let rule = self.rule;
        if let Body::Require { need, .. } = &rule.body {
            // What is needed is not there, or there would be nothing to except.
            let there = crate::sema::hir::Expr {
                kind: ExprKind::History(need.clone()),
                ty: crate::data::Type::Bool,
                optional: false,
                span: need.span,
            };
            given.push(self.reasoner.holds(&there, false));
        }
        if self.cannot(given, &[]) {
            return;
        }
        let mut earlier: Vec<(&str, Span, Formula)> = Vec::new();
        for exception in &rule.unless {
            let e = &exception.condition;
            let (holds, fails) = (self.reasoner.holds(e, true), self.reasoner.holds(e, false));
            let before = self.found.len();
            self.condition(e, &[], &exception.name);
            let settled = self.found[before..].iter().any(|s| matches!(s.what, What::Always | What::Never));
            let shadow = earlier.iter().find(|(_, _, other)| self.cannot(given, &[&holds, other]));
            let seen = if settled {
                None
            } else if self.cannot(given, &[&holds]) {
                Some((What::ExceptionNever, None))
            } else if self.cannot(given, &[&fails]) {
                Some((What::ExceptionAlways, None))
            } else {
                shadow.map(|(_, span, _)| (What::ExceptionShadowed, Some(*span)))
            };
            if let Some((what, by)) = seen {
                self.see(Seen { by, ..seen_at(what, exception.name_span, &exception.name) });
            }
            earlier.push((&exception.name, exception.name_span, fails));
        }
    }

    /// Whether nothing can make it all hold.
    fn cannot(&self, given: &[Formula], more: &[&Formula]) -> bool {
        let all: Vec<&Formula> = given.iter().chain(more.iter().copied()).collect();
        self.reasoner.impossible(&all)
    }

    fn see(&mut self, seen: Seen) {
        if within(seen.span, self.rule.span) {
            self.found.push(seen);
        }
    }

    /// A whole condition; `given` holds where it is looked at.
    fn condition(&mut self, e: &Expr, given: &[Formula], role: &str) {
        if self.cannot(given, &[]) {
            return;
        }
        let (holds, fails) = (self.reasoner.holds(e, true), self.reasoner.holds(e, false));
        let what = if self.cannot(given, &[&holds]) {
            What::Never
        } else if self.cannot(given, &[&fails]) {
            What::Always
        } else {
            return self.parts(e, given, role);
        };
        let (or, parts) = match &walk::bare(e).kind {
            ExprKind::And(parts) => (false, parts.as_slice()),
            ExprKind::Or(parts) => (true, parts.as_slice()),
            _ => (false, &[][..]),
        };
        let varies = |part: &Expr| {
            !self.reasoner.impossible(&[&self.reasoner.holds(part, true)])
                && !self.reasoner.impossible(&[&self.reasoner.holds(part, false)])
        };
        let parts_can = !parts.is_empty() && parts.iter().all(varies);
        self.see(Seen { or, parts_can, ..seen_at(what, e.span, role) });
    }

    /// The parts of a condition that can hold and can fail.
    fn parts(&mut self, e: &Expr, given: &[Formula], role: &str) {
        match &e.kind {
            ExprKind::Not(of) => self.parts(of, given, role),
            ExprKind::And(parts) => self.joined(e, parts, given, role, false),
            ExprKind::Or(parts) => self.joined(e, parts, given, role, true),
            _ => {}
        }
    }

    fn joined(&mut self, whole: &Expr, parts: &[Expr], given: &[Formula], role: &str, or: bool) {
        let holds: Vec<Formula> = parts.iter().map(|p| self.reasoner.holds(p, true)).collect();
        let fails: Vec<Formula> = parts.iter().map(|p| self.reasoner.holds(p, false)).collect();
        let mut out = vec![false; parts.len()];
        // The later of two that say the same is the one too many.
        for i in (0..parts.len()).rev() {
            if !within(parts[i].span, whole.span) {
                continue;
            }
            if or && self.cannot(given, &[&holds[i]]) {
                out[i] = true;
                let cut = None;
                self.see(Seen { cut, or, ..seen_at(What::Unreachable, parts[i].span, role) });
                continue;
            }
            if guards(&parts[i]) {
                continue;
            }
            // `and`: it holds wherever the others do; `or`: it does not where the others do not.
            let (own, others) = if or { (&holds[i], &fails) } else { (&fails[i], &holds) };
            let rest: Vec<&Formula> = (0..parts.len()).filter(|j| *j != i && !out[*j]).map(|j| &others[j]).collect();
            if rest.is_empty() {
                continue;
            }
            if self.cannot(given, &[rest.as_slice(), &[own]].concat()) {
                out[i] = true;
                let by = (0..parts.len()).find(|j| *j != i && !out[*j] && self.cannot(&[], &[&others[*j], own]));
                let plain = by.is_some_and(|j| {
                    let one_term = match (&holds[i], &holds[j]) {
                        (Formula::Test(a, _), Formula::Test(b, _)) => a == b,
                        _ => false,
                    };
                    one_term || key(self.context, &parts[i]) == key(self.context, &parts[j])
                });
                let cut = if plain { self.cut(parts, i, or) } else { None };
                let filter = self.rule.trigger.filter().filter(|f| *f != whole && !given.is_empty());
                let by = by.map(|j| parts[j].span).or(filter.map(|f| f.span).filter(|_| self.cannot(given, &[own])));
                let by = by.filter(|s| within(*s, self.rule.span));
                self.see(Seen { by, cut, or, ..seen_at(What::Redundant, parts[i].span, role) });
            }
        }
        for i in (0..parts.len()).filter(|i| !out[*i]) {
            let mut around = given.to_vec();
            if !or {
                around.extend((0..parts.len()).filter(|j| *j != i && !out[*j]).map(|j| holds[j].clone()));
            }
            self.parts(&parts[i], &around, role);
        }
    }

    /// The part with the word that joins it.
    fn cut(&self, parts: &[Expr], i: usize, or: bool) -> Option<Span> {
        let word = if or { "or" } else { "and" };
        let (from, to) = match i {
            0 => (parts[0].span, parts.get(1)?.span),
            _ => (parts[i - 1].span, parts[i].span),
        };
        if from.file != to.file || from.end > to.start {
            return None;
        }
        let between = self.context.text(Span { start: from.end, end: to.start, ..from });
        let whole = if i == 0 { Span { end: to.start, ..from } } else { Span { start: from.end, ..to } };
        (between.trim() == word).then_some(whole)
    }
}

/// It is there so that an optional field may be read behind it.
fn guards(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Present(_) => true,
        ExprKind::Not(of) => guards(of),
        _ => false,
    }
}

fn seen_at(what: What, span: Span, role: &str) -> Seen {
    Seen { what, span, by: None, cut: None, or: false, parts_can: false, role: role.into() }
}
