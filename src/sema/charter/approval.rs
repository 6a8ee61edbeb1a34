//! `no self approval`: where an approval excuses somebody, the rule demands that it is somebody else's.
//!
//! An approval is a record with a field that says who approved: those that the line names, or else the fields called
//! `approver` or `approved_by`. It excuses where more of them can only make findings fewer: in what a rule needs, in
//! an exception, under `no` in a condition. There its `where` has to say that the approver is not the person whom the
//! rule is about: `approver != actor`, or that one of the two is above the other.

use super::super::hir::{Body, CompareOp, Expr, ExprKind, Func, History, Rule, Step, Times, Trigger, Window};
use super::{Part, SAYS, Set, conditions, field, roots, with};
use crate::data::{ColumnId, KindId, Schema, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::Ident;

const APPROVER_NAMES: [&str; 2] = ["approver", "approved_by"];

pub fn prove(set: &Set, line: Span, named: &[Vec<Ident>]) -> bool {
    let schema = &set.world.schema;
    let mut approvers: Vec<(KindId, ColumnId)> = named.iter().filter_map(|p| field(set.world, p)).collect();
    if approvers.len() < named.len() {
        return false;
    }
    if named.is_empty() {
        for (k, kind) in schema.declared().iter().enumerate().filter(|(_, k)| !k.is_table()) {
            let by_name = kind
                .columns
                .iter()
                .enumerate()
                .filter(|(_, c)| APPROVER_NAMES.contains(&c.name.rsplit('.').next().unwrap_or(&c.name)));
            approvers.extend(by_name.map(|(c, _)| (KindId(k as u32), ColumnId(c as u32))));
        }
    }
    if approvers.is_empty() {
        return set
            .world
            .report
            .fail(
                Diagnostic::error(
                    Code::CharterNothing,
                    "no record says who approved",
                    line,
                    "there is nothing that this could be shown of",
                )
                .help("name the field that says it:\n    no self approval by clearance.granted_by"),
            )
            .unwrap_or(false);
    }
    let mut found = Vec::new();
    for rule in set.rules {
        let kinds = vec![rule.trigger.kind()];
        let part = Part::When;
        let mut walk = Walk { schema, approvers: &approvers, kinds, chain: vec![], rule, part, found };
        walk.rule();
        found = walk.found;
    }
    found.sort_by_key(|o: &Offence| (o.span, o.rule.span));
    for of_place in found.chunk_by(|a, b| a.span == b.span) {
        tell(set, line, of_place);
    }
    found.is_empty()
}

/// What it means for findings that a condition holds.
#[derive(Clone, Copy, PartialEq)]
enum Effect {
    /// There may be fewer.
    Excuses,
    /// There may be more.
    Accuses,
    Either,
}

impl Effect {
    fn not(self) -> Effect {
        match self {
            Effect::Excuses => Effect::Accuses,
            Effect::Accuses => Effect::Excuses,
            Effect::Either => Effect::Either,
        }
    }
}

struct Offence<'a> {
    span: Span,
    approver: (KindId, ColumnId),
    /// The person whom it is for, as the rule would write it.
    person: Option<String>,
    chain: Vec<(String, Span)>,
    part: Part,
    rule: &'a Rule,
}

struct Walk<'a, 's> {
    schema: &'s Schema,
    approvers: &'s [(KindId, ColumnId)],
    /// By root.
    kinds: Vec<KindId>,
    chain: Vec<(String, Span)>,
    rule: &'a Rule,
    part: Part,
    found: Vec<Offence<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn rule(&mut self) {
        for condition in conditions(self.rule) {
            let effect = if matches!(condition.part, Part::Exception(_)) { Effect::Excuses } else { Effect::Accuses };
            (self.part, self.kinds) = (condition.part, condition.kinds);
            if !condition.absent {
                self.condition(condition.expr, effect);
            }
        }
        if let Trigger::Sequence(sequence) = &self.rule.trigger {
            self.kinds = vec![self.rule.trigger.kind()];
            for step in &sequence.steps {
                if step.times == Times::None {
                    self.part = Part::Step(step.name.clone());
                    self.absent(step);
                } else {
                    self.kinds = with(&self.kinds, step);
                }
            }
        }
        self.kinds = roots(self.rule);
        match &self.rule.body {
            Body::Forbid { .. } => {}
            Body::Require { need, .. } => {
                self.part = Part::Need;
                self.history(need, Effect::Excuses);
            }
            Body::Limit { to, .. } => {
                self.part = Part::Limit;
                self.value(to, Effect::Excuses);
            }
        }
    }

    /// A step that must not be there excuses where it is.
    fn absent(&mut self, step: &Step) {
        let history = History {
            func: Func::No,
            kind: step.kind,
            root: step.root.saturating_sub(1),
            value: None,
            keys: step.keys.clone(),
            window: Window::AllTime,
            filter: step.filter.clone(),
            per: Vec::new(),
            span: step.span,
        };
        self.history(&history, Effect::Excuses);
    }

    fn condition(&mut self, e: &Expr, effect: Effect) {
        match &e.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|p| self.condition(p, effect)),
            ExprKind::Not(of) => self.condition(of, effect.not()),
            ExprKind::Named { name, body, .. } => {
                self.chain.push((name.clone(), e.span));
                self.condition(body, effect);
                self.chain.pop();
            }
            ExprKind::History(h) if h.func == Func::No => self.history(h, effect.not()),
            ExprKind::History(h) => self.history(h, effect),
            ExprKind::Present(of) => self.value(of, effect),
            ExprKind::Compare { op, left, right, .. } => {
                let greater = match op {
                    CompareOp::Gt | CompareOp::Ge => effect,
                    CompareOp::Lt | CompareOp::Le => effect.not(),
                    CompareOp::Eq | CompareOp::Ne => Effect::Either,
                };
                self.value(left, greater);
                self.value(right, greater.not());
            }
            _ => e.children().into_iter().for_each(|e| self.value(e, Effect::Either)),
        }
    }

    /// `effect`: what it means that the value is greater.
    fn value(&mut self, e: &Expr, effect: Effect) {
        match &e.kind {
            ExprKind::History(h) if matches!(h.func, Func::Count | Func::Sum | Func::Distinct) => {
                self.history(h, effect);
            }
            ExprKind::History(h) => self.history(h, Effect::Either),
            ExprKind::Named { name, body, .. } => {
                self.chain.push((name.clone(), e.span));
                self.value(body, effect);
                self.chain.pop();
            }
            ExprKind::Convert(of) => self.value(of, effect),
            _ if e.ty == Type::Bool => self.condition(e, Effect::Either),
            _ => e.children().into_iter().for_each(|e| self.value(e, Effect::Either)),
        }
    }

    /// `effect`: what it means that there are more of its records.
    fn history(&mut self, h: &History, effect: Effect) {
        let outside = self.kinds.clone();
        self.kinds.truncate(h.root as usize + 1);
        self.kinds.push(h.kind);
        if effect != Effect::Accuses {
            for &approver in self.approvers.iter().filter(|(kind, _)| *kind == h.kind) {
                if !self.excludes_self(h, approver.1) {
                    let known = self.found.iter().any(|o| o.span == h.span && std::ptr::eq(o.rule, self.rule));
                    if !known {
                        let person = self.person(h);
                        let (chain, part) = (self.chain.clone(), self.part.clone());
                        self.found.push(Offence { span: h.span, approver, person, chain, part, rule: self.rule });
                    }
                }
            }
        }
        h.filter.iter().for_each(|f| self.condition(f, effect));
        self.kinds = outside;
    }

    /// The subject that the approval is for, as written in the rule.
    fn person(&self, h: &History) -> Option<String> {
        let kind = self.schema.kind(*self.kinds.get(h.root as usize)?);
        Some(kind.columns.get(kind.subject()?.0 as usize)?.name.clone())
    }

    /// Whether the filter says that the approver is another than the person.
    fn excludes_self(&self, h: &History, approver: ColumnId) -> bool {
        let own = h.root + 1;
        let mut parts = Vec::new();
        h.filter.iter().for_each(|f| conjuncts(f, &mut parts));
        let is_approver =
            |e: &Expr| matches!(bare(e).kind, ExprKind::Column { root, column } if root == own && column == approver);
        let is_person = |e: &Expr| self.is_person(bare(e), h, &parts);
        let differ = |a: &Expr, b: &Expr| is_approver(a) && is_person(b) || is_approver(b) && is_person(a);
        parts.iter().any(|part| match &part.kind {
            ExprKind::Compare { op: CompareOp::Ne, left, right, .. } => differ(left, right),
            ExprKind::Not(of) => match &bare(of).kind {
                ExprKind::Compare { op: CompareOp::Eq, left, right, .. } => {
                    !left.optional && !right.optional && differ(left, right)
                }
                _ => false,
            },
            ExprKind::Under { who, above, .. } => differ(who, above),
            _ => false,
        })
    }

    /// The subject of a record around; or of the approval itself, where that is the same.
    fn is_person(&self, e: &Expr, h: &History, parts: &[&Expr]) -> bool {
        let ExprKind::Column { root, column } = e.kind else { return false };
        if root > h.root + 1 {
            return false;
        }
        let Some(kind) = self.kinds.get(root as usize).map(|k| self.schema.kind(*k)) else { return false };
        let of = &kind.columns[column.0 as usize];
        if root <= h.root {
            return match kind.subject() {
                Some(subject) => subject == column,
                None => of.person || matches!(of.ty, Type::Ref(_)),
            };
        }
        if kind.subject() != Some(column) {
            return false;
        }
        let outer = |e: &Expr| matches!(bare(e).kind, ExprKind::Column { root, .. } if root <= h.root);
        let nobody = self.kinds.get(h.root as usize).is_some_and(|k| self.schema.kind(*k).subject().is_none());
        let own = |e: &Expr| matches!(bare(e).kind, ExprKind::Column { root, column: c } if root == h.root + 1 && c == column);
        let by_key = h.keys.iter().any(|k| own(&k.inner) && outer(&k.outer) && self.is_person(bare(&k.outer), h, &[]));
        let by_filter = parts.iter().any(|p| match &p.kind {
            ExprKind::Compare { op: CompareOp::Eq, left, right, .. } => {
                own(left) && outer(right) && self.is_person(bare(right), h, &[])
                    || own(right) && outer(left) && self.is_person(bare(left), h, &[])
            }
            _ => false,
        });
        nobody || by_key || by_filter
    }
}

fn conjuncts<'e>(e: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match &e.kind {
        ExprKind::And(all) => all.iter().for_each(|p| conjuncts(p, parts)),
        ExprKind::Named { body, .. } => conjuncts(body, parts),
        _ => parts.push(e),
    }
}

/// Without the names and conversions around it.
fn bare(e: &Expr) -> &Expr {
    match &e.kind {
        ExprKind::Named { body, .. } | ExprKind::Convert(body) => bare(body),
        _ => e,
    }
}

fn tell(set: &Set, line: Span, offences: &[Offence]) {
    let schema = &set.world.schema;
    let first = &offences[0];
    let (kind, column) = (schema.kind(first.approver.0), schema.column(first.approver.0, first.approver.1));
    let mut d = Diagnostic::error(
        Code::CharterSelfApproval,
        format!("in `{}` somebody may approve their own `{}`", first.rule.name, kind.name),
        first.span,
        format!("nothing here says that `{}` is somebody else", column.name),
    );
    for (name, used) in &first.chain {
        if d.labels.iter().all(|l| l.span != *used) {
            d = d.label(*used, format!("through `{name}`"));
        }
    }
    d = d.label(first.rule.name_span, format!("it is part of {}", first.part.phrase()));
    for other in offences.iter().filter(|o| o.rule.name != first.rule.name).take(4) {
        d = d.label(other.rule.name_span, format!("and of {} here", other.part.phrase()));
    }
    d = d.label(column.span, format!("`{}` says who approved", column.name)).label(line, SAYS);
    let person = first.person.as_deref().unwrap_or("PERSON");
    set.world.report.tell(d.help(format!("add to its `where`:\n    {}.{} != {person}", kind.name, column.name)));
}
