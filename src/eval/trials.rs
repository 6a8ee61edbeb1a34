//! What the records of a run try of each rule: which conditions decided, each way; whether a boundary was met.
//!
//! A condition *decides* where nothing beside it has settled the matter already: where the rule's conditions would be
//! false if it were turned round, or are false and would not be; in an exception, where it would apply, or not. It is
//! made for tests, looks at every record for every rule, and has no part in judging.

use super::interp::{Context, Frame, Scope, operand, truth};
use super::judge::{covers, moments};
use super::screen::in_force;
use super::val::compare_ranges;
use super::verdicts::Findings;
use super::{Truth, history, index, limit, tables, window};
use crate::data::{Place, Verdict};
use crate::plan::{Body, Expr, Op, Plan, RulePlan, Trigger};
use crate::sema::hir::{CompareOp, Times, Window};
use crate::source::Span;

/// A part of a rule that can be tried.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    pub span: Span,
    pub kind: PartKind,
    pub role: PartRole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartKind {
    /// It can decide by being true, and by being false.
    Condition,
    /// A named exception as a whole: it can apply, or not.
    Exception,
    /// Two values in order, or an aggregate and its limit: they can be equal.
    Boundary,
    /// The edge of a window: a record can lie at it.
    Edge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartRole {
    Where,
    When,
    Need,
    Limit,
    Unless(String),
    /// The `where` of a condition over other records or of a step, or a window.
    Within,
    /// A `not` step of a sequence: true where there is such a record, and no match. Of a repeated step the boundary: it
    /// is there just so often.
    Step,
    /// Index into the rule's waivers: it covers the record, or does not.
    Waiver(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tried {
    True,
    False,
    Met,
}

/// What one record tried of one rule.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Index into [`Plan::rules`].
    pub rule: usize,
    /// Of the record.
    pub place: Option<Place>,
    pub tried: Vec<(Part, Tried)>,
}

/// All that can be tried of a rule, in the order of its text.
pub fn parts(plan: &Plan, rule: &RulePlan) -> Vec<Part> {
    let mut all = Vec::new();
    let mut list = Listing { plan, into: &mut all };
    if let Some(sequence) = &rule.sequence {
        for step in &sequence.steps {
            match step.times {
                Times::Once => {}
                Times::None => list.push(step.span, PartKind::Condition, &PartRole::Step),
                Times::AtLeast(_) => list.push(step.span, PartKind::Boundary, &PartRole::Step),
            }
            let of = &plan.histories[step.history as usize];
            of.inner.iter().chain(&of.pair).for_each(|e| list.condition(e, &PartRole::Within));
        }
        list.push(sequence.within_span, PartKind::Edge, &PartRole::Within);
    }
    rule.filter.iter().for_each(|e| list.condition(e, &PartRole::Where));
    rule.when.iter().for_each(|e| list.condition(e, &PartRole::When));
    match &rule.body {
        Body::Require { need } => {
            list.push(plan.histories[*need as usize].span, PartKind::Condition, &PartRole::Need);
            list.history(*need);
        }
        Body::Limit { aggregate, to } => {
            let span = limit_span(plan, rule, *aggregate, to);
            list.push(span, PartKind::Condition, &PartRole::Limit);
            list.push(span, PartKind::Boundary, &PartRole::Limit);
            list.edge(*aggregate);
            list.inside(to);
        }
        _ => {}
    }
    for exception in &rule.unless {
        let role = PartRole::Unless(exception.name.clone());
        list.push(exception.span, PartKind::Exception, &role);
        match exception.condition.op {
            Op::And(_) | Op::Or(_) | Op::Not(_) => list.condition(&exception.condition, &role),
            _ => list.beneath(&exception.condition, &role),
        }
    }
    for (i, waiver) in (0u32..).zip(&rule.waivers) {
        list.push(waiver.span, PartKind::Exception, &PartRole::Waiver(i));
    }
    all.sort();
    all.dedup();
    all
}

struct Listing<'p> {
    plan: &'p Plan,
    into: &'p mut Vec<Part>,
}

impl Listing<'_> {
    fn push(&mut self, span: Span, kind: PartKind, role: &PartRole) {
        self.into.push(Part { span, kind, role: role.clone() });
    }

    /// A `not` that is part of one test, as `absent` or `not in`, is none of its own.
    fn condition(&mut self, e: &Expr, role: &PartRole) {
        match &e.op {
            Op::And(all) | Op::Or(all) => all.iter().for_each(|e| self.condition(e, role)),
            Op::Not(of) if of.span != e.span => self.condition(of, role),
            Op::Constant(_) => {}
            _ => {
                self.push(e.span, PartKind::Condition, role);
                self.beneath(e, role);
            }
        }
    }

    /// What is in a condition that has no parts with a truth of their own.
    fn beneath(&mut self, e: &Expr, role: &PartRole) {
        if is_ordered(e) {
            self.push(e.span, PartKind::Boundary, role);
        }
        self.inside(e);
    }

    fn inside(&mut self, e: &Expr) {
        e.histories().into_iter().for_each(|id| self.history(id));
    }

    fn history(&mut self, id: u32) {
        self.edge(id);
        let plan = self.plan;
        filter_of(plan, id).into_iter().for_each(|e| self.condition(e, &PartRole::Within));
    }

    fn edge(&mut self, id: u32) {
        let history = &self.plan.histories[id as usize];
        if !matches!(history.window, Window::AllTime | Window::In(_)) {
            self.push(history.span, PartKind::Edge, &PartRole::Within);
        }
    }
}

fn is_ordered(e: &Expr) -> bool {
    matches!(e.op, Op::Compare { op: CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge, .. })
}

fn filter_of(plan: &Plan, id: u32) -> Vec<&Expr> {
    let history = &plan.histories[id as usize];
    history.inner.iter().chain(&history.pair).chain(&history.join_conditions).collect()
}

/// Of the aggregate and its limit, where both are in the rule.
fn limit_span(plan: &Plan, rule: &RulePlan, aggregate: u32, to: &Expr) -> Span {
    let span = plan.histories[aggregate as usize].span;
    let own = rule.span;
    let inside = own.file == to.span.file && own.start <= to.span.start && to.span.end <= own.end;
    if inside { span.to(to.span) } else { span }
}

impl Findings {
    /// What each record tried of each rule; nothing of sequences, whose conditions decide together. The run has to have kept every record and verdict.
    pub fn trials<'a>(&'a self) -> Vec<Trial> {
        let (plan, world) = (self.plan(), self.world());
        let verdicts = self.by_record();
        let mut trials = Vec::new();
        for (i, rule) in plan.rules.iter().enumerate() {
            let kind = rule.trigger.kind();
            let mut add = |cx: &Context<'a>, frame: Frame<'a>| {
                let place = frame.rows.places.get(frame.row).copied();
                let mut trying = Trying { cx: *cx, tried: Vec::new() };
                let judged = verdicts.get(&(i, frame.id)).map(Vec::as_slice).unwrap_or_default();
                trying.rule(rule, &Scope::top(frame), judged);
                trials.push(Trial { rule: i, place, tried: trying.tried });
            };
            let cx = self.context(rule, None);
            match rule.trigger {
                Trigger::Record { .. } => {
                    for id in 0..world.len(kind) {
                        let frame = world.frame(kind, id);
                        let judged = rule.effective == (None, None)
                            || frame.time.is_some_and(|time| in_force(rule.effective, time, &cx));
                        if judged {
                            add(&cx, frame);
                        }
                    }
                }
                Trigger::Sequence { .. } => {}
                Trigger::Each { .. } => {
                    for (time, period) in moments(plan, &cx, rule) {
                        let cx = self.context(rule, period);
                        for id in 0..world.len(kind) {
                            let valid = tables::valid(world, &plan.schema, kind, id, Some(time), cx.zone);
                            if valid == Truth::True {
                                add(&cx, Frame { time: Some(time), ..world.frame(kind, id) });
                            }
                        }
                    }
                }
            }
        }
        trials
    }
}

/// What comes of a condition being true, and false; and what it has to come to.
#[derive(Clone, Copy)]
struct Effect {
    /// By truth: true, false, unknown, pending.
    of: [Truth; 4],
    /// The condition decides where just one of true and false comes to this.
    settles: Truth,
}

impl Effect {
    const EACH: [Truth; 4] = [Truth::True, Truth::False, Truth::Unknown, Truth::Pending];
    /// Of a rule's own conditions: whether they are false.
    const HOLDS: Effect = Effect { of: Effect::EACH, settles: Truth::False };
    /// Of an exception: whether it is true.
    const APPLIES: Effect = Effect { of: Effect::EACH, settles: Truth::True };

    /// Of a part, where `f` makes the whole of it.
    fn through(self, f: impl Fn(Truth) -> Truth) -> Effect {
        let whole = |t: Truth| Effect::EACH.iter().position(|e| *e == f(t)).map_or(Truth::Unknown, |i| self.of[i]);
        Effect { of: Effect::EACH.map(whole), ..self }
    }

    fn decides(self) -> bool {
        (self.of[0] == self.settles) != (self.of[1] == self.settles)
    }
}

/// All but one.
fn others(truths: &[Truth], i: usize) -> impl Iterator<Item = Truth> + '_ {
    truths.iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, t)| *t)
}

pub(super) struct Trying<'a> {
    pub cx: Context<'a>,
    pub tried: Vec<(Part, Tried)>,
}

impl<'a> Trying<'a> {
    pub fn new(cx: Context<'a>) -> Trying<'a> {
        Trying { cx, tried: Vec::new() }
    }

    pub fn push(&mut self, span: Span, kind: PartKind, role: &PartRole, tried: Tried) {
        let tried = (Part { span, kind, role: role.clone() }, tried);
        if !self.tried.contains(&tried) {
            self.tried.push(tried);
        }
    }

    pub fn side(&mut self, span: Span, kind: PartKind, role: &PartRole, truth: Truth) {
        match truth {
            Truth::True => self.push(span, kind, role, Tried::True),
            Truth::False => self.push(span, kind, role, Tried::False),
            Truth::Unknown | Truth::Pending => {}
        }
    }

    fn rule(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>, verdicts: &[Verdict]) {
        let cx = &Context { ..self.cx };
        let filter: Vec<_> = rule.filter.iter().map(|e| truth(cx, e, scope)).collect();
        let when: Vec<_> = rule.when.iter().map(|e| truth(cx, e, scope)).collect();
        let own = filter.iter().chain(&when).fold(Truth::True, |t, e| t.and(*e));
        // What `need` and `limit` add to the conditions.
        let body = match &rule.body {
            Body::Require { need } => boolean(history::evaluate(cx, *need, scope).single()).not(),
            Body::Limit { aggregate, to } => self.crosses(*aggregate, to, scope, own, verdicts),
            _ => Truth::True,
        };
        let all: Vec<Truth> = filter.iter().chain(&when).copied().chain([body]).collect();
        // It is in no window of the rule's, whatever its conditions say.
        let holds = all.iter().fold(Truth::True, |t, e| t.and(*e));
        if holds == Truth::False && verdicts.contains(&Verdict::Indeterminate) {
            return;
        }
        let effect = |i: usize| Effect::HOLDS.through(|t| others(&all, i).fold(t, Truth::and));
        let roles = rule.filter.iter().map(|e| (e, PartRole::Where));
        for (i, (e, role)) in roles.chain(rule.when.iter().map(|e| (e, PartRole::When))).enumerate() {
            self.condition(e, &role, scope, effect(i));
        }
        if effect(all.len() - 1).decides() {
            match &rule.body {
                Body::Require { .. } => self.need(rule, scope),
                Body::Limit { aggregate, to } => {
                    let span = limit_span(cx.plan, rule, *aggregate, to);
                    self.side(span, PartKind::Condition, &PartRole::Limit, body);
                    if self.reached(*aggregate, to, scope, CompareOp::Eq) == Truth::True {
                        self.push(span, PartKind::Boundary, &PartRole::Limit, Tried::Met);
                    }
                    self.at_edge_of_sum(*aggregate, scope);
                    self.inside(to, scope);
                }
                _ => {}
            }
        }
        if holds != Truth::True {
            return;
        }
        self.exceptions(rule, scope);
        self.waivers(rule, scope);
    }

    /// What is needed, the rule's other conditions holding.
    pub fn need(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>) {
        let Body::Require { need } = rule.body else { return };
        let found = boolean(history::evaluate(&self.cx, need, scope).single());
        let span = self.cx.plan.histories[need as usize].span;
        self.side(span, PartKind::Condition, &PartRole::Need, found);
        self.history(need, scope);
    }

    pub fn exceptions(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>) {
        let unless: Vec<Truth> = rule.unless.iter().map(|e| truth(&self.cx, &e.condition, scope)).collect();
        for (i, exception) in rule.unless.iter().enumerate() {
            if unless.iter().enumerate().any(|(j, t)| j != i && *t == Truth::True) {
                continue;
            }
            let role = PartRole::Unless(exception.name.clone());
            self.side(exception.span, PartKind::Exception, &role, unless[i]);
            match exception.condition.op {
                Op::And(_) | Op::Or(_) | Op::Not(_) => {
                    self.condition(&exception.condition, &role, scope, Effect::APPLIES);
                }
                _ => self.beneath(&exception.condition, &role, scope),
            }
        }
    }

    /// Of what would be a finding, where no exception applies.
    pub fn waivers(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>) {
        if rule.unless.iter().any(|e| truth(&self.cx, &e.condition, scope) != Truth::False) {
            return;
        }
        let covers: Vec<Truth> = rule.waivers.iter().map(|w| covers(&self.cx, w, scope)).collect();
        for (i, waiver) in rule.waivers.iter().enumerate() {
            if others(&covers, i).all(|t| t != Truth::True) {
                self.side(waiver.span, PartKind::Exception, &PartRole::Waiver(i as u32), covers[i]);
            }
        }
    }

    /// The conditions of a conjunction, some of which may decide.
    pub fn conjunction(&mut self, all: &[&'a Expr], role: &PartRole, scope: &Scope<'_, 'a>) -> Truth {
        let truths: Vec<Truth> = all.iter().map(|e| truth(&self.cx, e, scope)).collect();
        for (i, e) in all.iter().enumerate() {
            let effect = Effect::HOLDS.through(|t| others(&truths, i).fold(t, Truth::and));
            self.condition(e, role, scope, effect);
        }
        truths.into_iter().fold(Truth::True, Truth::and)
    }

    fn condition(&mut self, e: &'a Expr, role: &PartRole, scope: &Scope<'_, 'a>, effect: Effect) {
        match &e.op {
            Op::And(all) | Op::Or(all) => {
                let and = matches!(e.op, Op::And(_));
                let truths: Vec<Truth> = all.iter().map(|e| truth(&self.cx, e, scope)).collect();
                for (i, e) in all.iter().enumerate() {
                    let effect = match and {
                        true => effect.through(|t| others(&truths, i).fold(t, Truth::and)),
                        false => effect.through(|t| others(&truths, i).fold(t, Truth::or)),
                    };
                    self.condition(e, role, scope, effect);
                }
            }
            Op::Not(of) if of.span != e.span => self.condition(of, role, scope, effect.through(Truth::not)),
            Op::Constant(_) => {}
            _ if effect.decides() => {
                let truth = truth(&self.cx, e, scope);
                self.side(e.span, PartKind::Condition, role, truth);
                self.beneath(e, role, scope);
            }
            _ => {}
        }
    }

    fn beneath(&mut self, e: &'a Expr, role: &PartRole, scope: &Scope<'_, 'a>) {
        if let (true, Op::Compare { left, right, .. }) = (is_ordered(e), &e.op) {
            let (left, right) = (operand(&self.cx, left, scope), operand(&self.cx, right, scope));
            if compare_ranges(CompareOp::Eq, left.ends(), right.ends()) == Truth::True {
                self.push(e.span, PartKind::Boundary, role, Tried::Met);
            }
        }
        self.inside(e, scope);
    }

    fn inside(&mut self, e: &'a Expr, scope: &Scope<'_, 'a>) {
        e.histories().into_iter().for_each(|id| self.history(id, scope));
    }

    /// The filter of a history condition, at the records of its window; and the window's edge.
    fn history(&mut self, id: u32, scope: &Scope<'_, 'a>) {
        let cx = &Context { ..self.cx };
        let history = &cx.plan.histories[id as usize];
        let Some(about) = scope.at(history.root) else { return };
        let Some(bounds) = window::bounds(cx, history, about.frame.time) else { return };
        let filter = filter_of(cx.plan, id);
        self.around(id, scope, &mut |trying, own, at, itself| {
            if (bounds.from..=bounds.until).contains(&at) && !itself {
                trying.conjunction(&filter, &PartRole::Within, own);
            }
        });
        self.at_edge(id, scope);
    }

    /// Whether a record that would count lies at the window's edge: at the last moment within, or the first without.
    fn at_edge(&mut self, id: u32, scope: &Scope<'_, 'a>) {
        let cx = &Context { ..self.cx };
        let history = &cx.plan.histories[id as usize];
        let Some(about) = scope.at(history.root) else { return };
        let Some(bounds) = window::bounds(cx, history, about.frame.time) else { return };
        let (early, late) = match history.window {
            Window::AllTime | Window::In(_) => return,
            Window::Before(_) | Window::Over(_) => (true, false),
            Window::After(_) => (false, true),
            Window::Around(_) => (true, true),
        };
        let filter = filter_of(cx.plan, id);
        self.around(id, scope, &mut |trying, own, at, itself| {
            let first = early && (at == bounds.from || at == bounds.from.saturating_sub(1));
            let last = late && (at == bounds.until || at == bounds.until.saturating_add(1));
            let counts = || filter.iter().all(|e| truth(cx, e, own) == Truth::True);
            if (first || last) && !itself && counts() {
                trying.push(history.span, PartKind::Edge, &PartRole::Within, Tried::Met);
            }
        });
    }

    /// As `at_edge`, of what a limit adds up: whether one of the records of a sum is the last within, or the first
    /// without.
    fn at_edge_of_sum(&mut self, aggregate: u32, scope: &Scope<'_, 'a>) {
        let cx = &Context { ..self.cx };
        let history = &cx.plan.histories[aggregate as usize];
        let Window::Over(_) = history.window else { return };
        let Some(bounds) = window::bounds(cx, history, scope.frame.time) else { return };
        let at_edge = |at: i64| at == bounds.from || at == bounds.from.saturating_sub(1);
        let of = cx.world.histories[aggregate as usize].lists.iter();
        let mut sums = of.filter(|list| list.ids.contains(&scope.frame.id));
        if sums.any(|list| list.times.iter().any(|&at| at_edge(at))) {
            self.push(history.span, PartKind::Edge, &PartRole::Within, Tried::Met);
        }
    }

    /// The records with the keys of a history condition, wherever they lie in time.
    fn around(&mut self, id: u32, scope: &Scope<'_, 'a>, f: &mut dyn FnMut(&mut Self, &Scope<'_, 'a>, i64, bool)) {
        let cx = &Context { ..self.cx };
        let history = &cx.plan.histories[id as usize];
        let Some(about) = scope.at(history.root) else { return };
        // A key that is a set is compared in the lists of a limit, never here.
        if history.every().is_some() {
            return;
        }
        let mut wanted = Vec::new();
        if index::encode_keys(cx, history.keys.iter().map(|k| &k.outer), about, &mut wanted).is_err() {
            return;
        }
        for other in 0..cx.world.len(history.kind) {
            let frame = cx.world.frame(history.kind, other);
            let own = Scope { root: history.root + 1, frame, parent: Some(about) };
            let mut key = Vec::new();
            let inner = history.keys.iter().map(|k| &k.inner);
            if index::encode_keys(cx, inner, &own, &mut key).is_err() || key != wanted {
                continue;
            }
            let Some(at) = frame.time.and_then(|t| window::unit(t, history.dates, cx.zone)) else { continue };
            let itself = frame.kind == about.frame.kind && other == about.frame.id && !history::counts_itself(history);
            f(self, &own, at, itself);
        }
    }

    /// Whether a record crosses a limit: by its verdict, or where its other conditions do not hold, by the sum.
    fn crosses(&self, aggregate: u32, to: &'a Expr, scope: &Scope<'_, 'a>, own: Truth, verdicts: &[Verdict]) -> Truth {
        if own == Truth::True {
            let over =
                |v: &Verdict| matches!(v, Verdict::Finding | Verdict::Excepted | Verdict::Waived | Verdict::Repeated);
            return match verdicts {
                [] => Truth::Unknown,
                some if some.iter().any(over) => Truth::True,
                some if some.iter().all(|v| *v == Verdict::Compliant) => Truth::False,
                _ => Truth::Unknown,
            };
        }
        self.reached(aggregate, to, scope, CompareOp::Gt)
    }

    /// The aggregate with this record, compared with its limit.
    fn reached(&self, aggregate: u32, to: &'a Expr, scope: &Scope<'_, 'a>, op: CompareOp) -> Truth {
        let cx = &Context { ..self.cx };
        let history = &cx.plan.histories[aggregate as usize];
        let mut truth = Truth::Unknown;
        for list in cx.world.histories[aggregate as usize].lists.iter() {
            let Some(at) = list.ids.iter().position(|&i| i == scope.frame.id) else { continue };
            let Some(search) = limit::window(cx, history, list, at, scope) else { continue };
            let sum = history::evaluate_in(cx, history, &search, scope);
            match limit::test(op, sum, operand(cx, to, scope)) {
                Truth::True => return Truth::True,
                other => truth = other,
            }
        }
        truth
    }
}

fn boolean(value: super::val::Val<'_>) -> Truth {
    match value {
        super::val::Val::Bool(b) => Truth::of(b),
        super::val::Val::Pending => Truth::Pending,
        _ => Truth::Unknown,
    }
}
