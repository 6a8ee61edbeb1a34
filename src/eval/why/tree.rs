//! The rule's conditions with all that is inside them.

use super::super::explain::Trace;
use super::super::gaps;
use super::super::index::encode_keys;
use super::super::interp::{Scope, truth, value};
use super::super::judge::triggered;
use super::super::message::shown;
use super::super::results::Entry;
use super::super::screen::in_force;
use super::super::{ClauseRole, ClauseTrace, Explanation, Gap, SeenValue, Truth, history, limit, rates, tables};
use super::near::{self, Near};
use super::{Came, Failed, NearMiss, Node, Note, Part, Sort, StepWhy};
use crate::data::Verdict;
use crate::plan::{Body, Expr, Op, RulePlan, Trigger};
use crate::sema::hir::Times;
use crate::source::{FileId, Span};
use rustc_hash::FxHashMap;

pub(super) struct Tree<'t, 'a> {
    pub trace: &'t mut Trace<'a>,
    pub done: &'t mut Done,
    pub names: &'t FxHashMap<Span, (String, Span)>,
}

#[derive(Default)]
pub struct Done {
    pub parts: Vec<Part>,
    /// By window.
    pub near: Vec<Vec<NearMiss>>,
    /// Each condition that is not known says why, also where nothing hangs on it.
    pub each_gap: bool,
    pub notes: Vec<Note>,
    pub progress: Vec<StepWhy>,
}

/// All of a rule that was looked at; the explanation has the records, windows, steps and gaps.
pub fn tree<'a>(
    mut trace: Trace<'a>,
    rule: &'a RulePlan,
    scope: &Scope<'_, 'a>,
    entry: Option<&Entry>,
    each_gap: bool,
) -> (Explanation, Done) {
    let names = trace.cx.plan.names.iter().map(|n| (n.at, (n.name.clone(), n.definition))).collect();
    let mut done = Done { each_gap, ..Done::default() };
    let kind = rule.trigger.kind();
    let frame = scope.frame;
    if let Some((history, key)) = entry.and_then(|e| e.lacking) {
        gaps::lacking(&mut trace, history, key, frame);
    } else if entry.is_none() && kind != frame.kind {
        let earlier = rule.sequence.iter().flat_map(|s| &s.steps).find(|step| {
            let of = trace.cx.plan.histories.get(step.history as usize);
            step.times != Times::None && of.is_some_and(|h| h.kind == frame.kind)
        });
        done.notes.push(match earlier {
            Some(step) => Note::EarlierStep { step: step.name.clone(), last: kind },
            None => Note::OtherKind { kind },
        });
    } else if rule.sequence.is_none() {
        Tree { trace: &mut trace, done: &mut done, names: &names }.rule(rule, scope, entry);
    } else if let Some(entry) = entry.filter(|e| !e.steps.is_empty()) {
        let names = &names;
        Tree { trace: &mut trace, done: &mut done, names }.sequence(rule, &entry.steps, Some(entry));
    } else if let (Some(time), false) = (frame.time, rule.effective == (None, None))
        && !in_force(rule.effective, time, &trace.cx)
    {
        done.notes.push(Note::NotInForce { from: rule.effective.0, until: rule.effective.1 });
    } else {
        let names = &names;
        Tree { trace: &mut trace, done: &mut done, names }.no_match(rule, frame, entry);
    }
    done.near.resize(trace.explanation.windows.len(), Vec::new());
    let (explanation, place) = trace.finish();
    done.parts.iter_mut().for_each(|p| renumber(&mut p.node, &place));
    done.near.iter_mut().flatten().for_each(|n| renumber_miss(n, &place));
    for step in &mut done.progress {
        match &mut step.came {
            Came::Found(record) => *record = place[*record],
            Came::Missing { near, .. } => near.iter_mut().for_each(|n| renumber_miss(n, &place)),
            Came::NotReached => {}
        }
    }
    for note in &mut done.notes {
        if let Note::CrossedBefore { record } = note {
            *record = place[*record];
        }
    }
    (explanation, done)
}

/// A step's own condition, with the values that it saw.
pub(super) fn of_step(clause: ClauseTrace) -> Part {
    let value = |v: SeenValue| Node { value: Some(v.value), field: v.field, ..blank(v.span, Sort::Value) };
    let parts = clause.values.into_iter().map(value).collect();
    Part { role: clause.role, node: Node { truth: Some(clause.truth), parts, ..blank(clause.span, Sort::Test) } }
}

impl<'a> Tree<'_, 'a> {
    pub fn rule(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>, entry: Option<&Entry>) {
        let cx = self.trace.cx;
        gaps::open_finding(self.trace, &scope.frame, rule.trigger.span());
        let mut valid = Truth::True;
        if let Trigger::Each { table, .. } = rule.trigger {
            valid = tables::valid(cx.world, &cx.plan.schema, table, scope.frame.id, scope.frame.time, cx.zone);
            if valid == Truth::False {
                self.done.notes.push(Note::NotValid);
                return;
            }
            gaps::validity(self.trace, &scope.frame, rule.trigger.span());
        }
        if let Some(time) = scope.frame.time
            && rule.effective != (None, None)
            && !in_force(rule.effective, time, &cx)
        {
            self.done.notes.push(Note::NotInForce { from: rule.effective.0, until: rule.effective.1 });
            return;
        }
        if let Some(Err(_)) = triggered(&cx, rule, scope, valid) {
            gaps::no_time(self.trace, &scope.frame, rule.trigger.span());
        }
        let mut holds = valid;
        for all in conditions(&rule.filter) {
            holds = holds.and(self.clause(ClauseRole::Where, all, scope));
        }
        if holds == Truth::False {
            return;
        }
        let mut when = Truth::True;
        for all in conditions(&rule.when) {
            when = when.and(self.clause(ClauseRole::When, all, scope));
        }
        let open = entry.is_some_and(|e| e.judgement.verdict == Verdict::Indeterminate);
        match &rule.body {
            Body::Forbid => {}
            Body::Require { need } if when != Truth::False => when = when.and(self.need(*need, scope).not()),
            Body::Require { .. } => {}
            Body::Limit { aggregate, to } => when = when.and(self.limit(rule, *aggregate, to, scope, open)),
        }
        // What is excepted is never a condition that did not hold.
        if when != Truth::False {
            let mut excepted = Truth::False;
            for exception in &rule.unless {
                let found = {
                    let of = std::slice::from_ref(&exception.condition);
                    self.clause(ClauseRole::Unless(exception.name.clone()), of, scope)
                };
                excepted = excepted.or(found);
            }
            if when == Truth::True && excepted == Truth::False {
                self.waivers(rule, scope, entry);
            }
        }
    }

    /// The waiver that covers it; or else why none does.
    fn waivers(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>, entry: Option<&Entry>) {
        let covering = entry.and_then(|e| e.judgement.waiver);
        for (i, waiver) in (0u32..).zip(&rule.waivers) {
            if covering.is_some_and(|c| c != i) {
                continue;
            }
            let day = scope.frame.time.map(|t| t.date(self.trace.cx.zone));
            if day.is_some_and(|d| d < waiver.from || d >= waiver.until) {
                self.done.notes.push(Note::WaiverOver { waiver: i });
            } else if let Some(condition) = &waiver.condition {
                self.clause(ClauseRole::Waiver(i), std::slice::from_ref(condition), scope);
            }
        }
    }

    /// One condition as [`conditions`] has it.
    fn clause(&mut self, role: ClauseRole, all: &'a [Expr], scope: &Scope<'_, 'a>) -> Truth {
        // What an exception hopes for is there or not there as what is needed is.
        let hoped = matches!(role, ClauseRole::Unless(_));
        let node = self.joined(all, scope, hoped);
        let found = node.truth.unwrap_or(Truth::Unknown);
        if matches!(found, Truth::Unknown | Truth::Pending) {
            all.iter().for_each(|e| gaps::of(self.trace, e, scope));
        }
        self.done.parts.push(Part { role, node });
        found
    }

    fn need(&mut self, need: u32, scope: &Scope<'_, 'a>) -> Truth {
        let cx = self.trace.cx;
        let found = match history::evaluate(&cx, need, scope).single() {
            super::super::val::Val::Bool(b) => Truth::of(b),
            super::super::val::Val::Pending => Truth::Pending,
            _ => Truth::Unknown,
        };
        if matches!(found, Truth::Unknown | Truth::Pending) {
            gaps::of_history(self.trace, need, scope);
        }
        let window = self.window(need, scope, true);
        let span = cx.plan.histories[need as usize].span;
        let node = Node { truth: Some(found), window, ..blank(span, Sort::Test) };
        self.done.parts.push(Part { role: ClauseRole::Need, node });
        found
    }

    fn limit(&mut self, rule: &'a RulePlan, aggregate: u32, to: &'a Expr, scope: &Scope<'_, 'a>, open: bool) -> Truth {
        let cx = self.trace.cx;
        if self.trace.owner.is_none() && cx.plan.histories[aggregate as usize].every().is_some() {
            self.done.notes.push(Note::CountsForNobody);
            return Truth::False;
        }
        let windows = self.trace.explanation.windows.len();
        if self.trace.limit(rule, scope, open).is_none() {
            gaps::of_history(self.trace, aggregate, scope);
            return Truth::Unknown;
        }
        let Some(clause) = self.trace.explanation.clauses.pop() else { return Truth::Unknown };
        let window = (self.trace.explanation.windows.len() > windows).then_some(windows);
        self.done.near.resize(self.trace.explanation.windows.len(), Vec::new());
        let mut of = blank(cx.plan.histories[aggregate as usize].span, Sort::Value);
        of.value = clause.values.first().map(|v| v.value.clone());
        of.window = window;
        let to = self.operand(to, scope);
        let node = Node { truth: Some(clause.truth), parts: vec![of, to], ..blank(clause.span, Sort::Test) };
        self.done.parts.push(Part { role: ClauseRole::Limit, node });
        if clause.truth == Truth::True {
            self.crossed_before(rule, aggregate, scope);
        }
        clause.truth
    }

    /// Where the aggregate was over the limit already, the record that took it there.
    fn crossed_before(&mut self, rule: &'a RulePlan, aggregate: u32, scope: &Scope<'_, 'a>) {
        let cx = self.trace.cx;
        let history = &cx.plan.histories[aggregate as usize];
        let index = &cx.world.histories[aggregate as usize].lists;
        let list = match self.trace.owner {
            Some(owner) => index.at(owner as usize),
            None => {
                let mut key = Vec::new();
                let keys = history.keys.iter().map(|k| &k.outer);
                match encode_keys(&cx, keys, scope, &mut key) {
                    Ok(()) => index.get(&key),
                    Err(_) => None,
                }
            }
        };
        let Some(list) = list else { return };
        let mut last = None;
        for (id, judgement) in limit::along(&cx, rule, list) {
            let over =
                matches!(judgement.verdict, Verdict::Finding | Verdict::Excepted | Verdict::Waived | Verdict::Repeated);
            if id == scope.frame.id {
                if !over && let Some(id) = last {
                    let record = self.trace.record(&cx.world.frame(history.kind, id));
                    self.done.notes.push(Note::CrossedBefore { record });
                }
                return;
            }
            if over {
                last = Some(id);
            }
        }
    }

    /// One condition as [`conditions`] has it: the last, and what has to hold besides.
    fn joined(&mut self, all: &'a [Expr], scope: &Scope<'_, 'a>, hoped: bool) -> Node {
        let Some((last, besides)) = all.split_last() else {
            return blank(Span { file: FileId(0), start: 0, end: 0 }, Sort::Test);
        };
        let mut node = self.condition(last, scope, hoped);
        for e in besides {
            node.truth = node.truth.map(|t| t.and(truth(&self.trace.cx, e, scope)));
        }
        if !besides.is_empty() {
            let open = matches!(node.truth, Some(Truth::Unknown | Truth::Pending));
            node.gaps = if open { all.iter().flat_map(|e| self.gaps(e, scope)).collect() } else { Vec::new() };
            node.gaps.dedup();
        }
        node
    }

    /// A condition. `hoped`: it is one that somebody may have tried to fulfil.
    fn condition(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>, hoped: bool) -> Node {
        let cx = self.trace.cx;
        let parts = match &expr.op {
            Op::And(all) => match conditions(all)[..] {
                [only] if only.last().is_some_and(|e| e.span == expr.span) => {
                    return Node { name: self.name(expr), ..self.joined(only, scope, hoped) };
                }
                ref several => several.iter().map(|all| self.joined(all, scope, hoped)).collect(),
            },
            // `x under { "E1", "E2" }` is one condition, too.
            Op::Or(all) if all.iter().all(|e| e.span == expr.span) => {
                let mut node = blank(expr.span, Sort::Test);
                for part in all.iter().flat_map(|e| self.condition(e, scope, hoped).parts) {
                    if !node.parts.iter().any(|p| (p.span, p.sort, &p.value) == (part.span, part.sort, &part.value)) {
                        node.parts.push(part);
                    }
                }
                node.truth = Some(truth(&cx, expr, scope));
                (node.name, node.gaps) = (self.name(expr), self.gaps(expr, scope));
                return node;
            }
            Op::Or(all) => all.iter().map(|e| self.condition(e, scope, hoped)).collect(),
            // `field absent` and `x not in words` are one condition.
            Op::Not(e) if e.span == expr.span && !matches!(e.op, Op::And(_) | Op::Or(_) | Op::Not(_)) => {
                let of = self.condition(e, scope, hoped);
                let truth = Some(truth(&cx, expr, scope));
                return Node { truth, name: self.name(expr), sort: Sort::Test, ..of };
            }
            Op::Not(e) => vec![self.condition(e, scope, hoped)],
            Op::Constant(_) | Op::Column { .. } | Op::Lookup { .. } => {
                let mut node = self.operand(expr, scope);
                node.truth = Some(truth(&cx, expr, scope));
                node.sort = Sort::Test;
                node.gaps = self.gaps(expr, scope);
                return node;
            }
            Op::History(id) => {
                let window = self.window(*id, scope, hoped);
                let truth = Some(truth(&cx, expr, scope));
                let gaps = self.gaps(expr, scope);
                return Node { truth, window, gaps, name: self.name(expr), ..blank(expr.span, Sort::Test) };
            }
            Op::In { item, .. } => vec![self.operand(item, scope)],
            Op::Under { who, above, table, column, root } => {
                let mut parts = vec![self.operand(who, scope), self.operand(above, scope)];
                let at = scope.frame(*root).and_then(|f| f.time);
                let way = self.trace.way_up(value(&cx, who, scope), *table, *column, at);
                parts.extend(way.map(|way| Node { value: Some(way), ..blank(who.span, Sort::Above) }));
                parts
            }
            Op::Compare { .. } if rates::are_amounts(expr) => self.amounts(expr, scope),
            _ => expr.children().into_iter().map(|e| self.operand(e, scope)).collect(),
        };
        let sort = match &expr.op {
            Op::And(_) => Sort::And,
            Op::Or(_) => Sort::Or,
            Op::Not(_) => Sort::Not,
            _ => Sort::Test,
        };
        let truth = Some(truth(&cx, expr, scope));
        let gaps = if sort == Sort::Test { self.gaps(expr, scope) } else { Vec::new() };
        Node { truth, parts, gaps, name: self.name(expr), ..blank(expr.span, sort) }
    }

    /// Why this condition by itself is not known, where that is asked for.
    fn gaps(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Vec<Gap> {
        if !self.done.each_gap {
            return Vec::new();
        }
        let others = std::mem::take(&mut self.trace.explanation.gaps);
        gaps::of(self.trace, expr, scope);
        std::mem::replace(&mut self.trace.explanation.gaps, others)
    }

    /// Two amounts, and the rate by which one was converted.
    fn amounts(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Vec<Node> {
        let cx = self.trace.cx;
        let mut parts = Vec::new();
        for (side, within) in rates::amounts(&cx, expr, scope) {
            self.trace.cx = within;
            parts.push(self.operand(side, scope));
        }
        self.trace.cx = cx;
        let rate = self.trace.converted(expr, scope);
        parts.extend(rate.map(|r| Node { value: Some(r.value), field: r.field, ..blank(r.span, Sort::Rate) }));
        parts
    }

    /// A value, and what it is made of.
    fn operand(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Node {
        let field = self.trace.field(expr, scope);
        let sort = if matches!(expr.op, Op::Constant(_)) { Sort::Constant } else { Sort::Value };
        let mut node = blank(expr.span, sort);
        node.value = Some(shown(&self.trace.cx, expr, scope));
        node.field = field;
        node.name = self.name(expr);
        match &expr.op {
            Op::History(id) => node.window = self.window(*id, scope, false),
            Op::Lookup { key, .. } => node.parts = vec![self.operand(key, scope)],
            Op::Column { .. } => {}
            // The value is the field's own.
            _ if field.is_some() => {}
            Op::Arith { .. } if rates::are_amounts(expr) => node.parts = self.amounts(expr, scope),
            _ => node.parts = expr.children().into_iter().map(|e| self.operand(e, scope)).collect(),
        }
        node
    }

    fn name(&self, expr: &Expr) -> Option<(String, Span)> {
        self.names.get(&expr.span).cloned()
    }

    /// What a search found; where it found nothing that was hoped for, what it passed over by a hair.
    fn window(&mut self, id: u32, scope: &Scope<'_, 'a>, hoped: bool) -> Option<usize> {
        let at = self.trace.explanation.windows.len();
        self.trace.window(id, scope);
        if self.trace.explanation.windows.len() == at {
            return None;
        }
        let seen = &self.trace.explanation.windows[at];
        let nothing = seen.contributions.is_empty() && seen.median.as_ref().is_none_or(|m| m.most == 0);
        let mut misses = Vec::new();
        if hoped && nothing {
            for miss in near::misses(&self.trace.cx, id, scope) {
                misses.push(self.miss(miss, scope));
            }
        }
        self.done.near.resize(at, Vec::new());
        self.done.near.push(misses);
        Some(at)
    }

    pub(super) fn failed(&mut self, condition: &'a Expr, scope: &Scope<'_, 'a>) -> Failed {
        let node = self.condition(condition, scope, false);
        let mut values = Vec::new();
        leaves(&node, &mut values);
        Failed::Condition { span: condition.span, truth: node.truth.unwrap_or(Truth::Unknown), values }
    }

    fn miss(&mut self, miss: Near<'a>, scope: &Scope<'_, 'a>) -> NearMiss {
        let record = self.trace.record(&miss.frame);
        let failed = match miss.why {
            near::WhyNear::Window { by, after } => Failed::Window { by, after },
            near::WhyNear::Key { name, found, wanted, .. } => Failed::Key { name, found, wanted },
            near::WhyNear::Condition { history, condition } => {
                let root = self.trace.cx.plan.histories[history as usize].root;
                self.failed(condition, &Scope { root: root + 1, frame: miss.frame, parent: scope.at(root) })
            }
        };
        NearMiss { record, failed }
    }
}

/// What an author wrote as one condition may have become several: `x? not in words` needs `x` to be there besides. All of
/// one stand together, and the last has its text.
fn conditions(all: &[Expr]) -> Vec<&[Expr]> {
    let mut found = Vec::new();
    let mut from = 0;
    for (i, e) in all.iter().enumerate() {
        let goes_on = matches!(e.op, Op::Present(_))
            && all[i + 1..].iter().find(|next| !matches!(next.op, Op::Present(_))).is_some_and(|next| {
                let within =
                    next.span.file == e.span.file && next.span.start <= e.span.start && e.span.end <= next.span.end;
                within && matches!(&next.op, Op::Not(of) if of.span == next.span)
            });
        if !goes_on {
            found.push(&all[from..=i]);
            from = i + 1;
        }
    }
    found
}

fn blank(span: Span, sort: Sort) -> Node {
    let (parts, gaps) = (Vec::new(), Vec::new());
    Node { span, sort, truth: None, value: None, field: None, name: None, window: None, parts, gaps }
}

fn renumber_miss(miss: &mut NearMiss, place: &[usize]) {
    miss.record = place[miss.record];
    if let Failed::Between { records, .. } = &mut miss.failed {
        records.iter_mut().for_each(|r| *r = place[*r]);
    }
}

fn renumber(node: &mut Node, place: &[usize]) {
    if let Some((record, _)) = &mut node.field {
        *record = place[*record];
    }
    node.gaps.iter_mut().filter_map(|g| g.record.as_mut()).for_each(|r| *r = place[*r]);
    node.parts.iter_mut().for_each(|p| renumber(p, place));
}

/// The fields and other values at the ends of a condition.
fn leaves(node: &Node, out: &mut Vec<(Span, String)>) {
    match &node.value {
        Some(value)
            if !matches!(node.sort, Sort::Constant | Sort::Above | Sort::Rate)
                && (node.field.is_some() || node.parts.is_empty()) =>
        {
            let seen = (node.span, value.clone());
            if !out.contains(&seen) {
                out.push(seen);
            }
        }
        _ => node.parts.iter().for_each(|p| leaves(p, out)),
    }
}
