//! Whether a plan that was read from bytes holds all that it names: anybody can write bytes, and digests that fit them.
//!
//! What [`super::lower`] makes is so by itself; what runs a plan looks its parts up by index, takes each value to be of
//! the type that stands at it, and adds one to the number of a root. So here every kind, column, clock, history, pattern,
//! atom and place in a text is asked for, every column that is looked at has to be one that is read, and every operand
//! has to be of a sort that its operation takes. That the plan says what the texts say is another question, which
//! [`super::saved::Saved::hir`] asks.
//!
//! Left to where they are used, and told there: zones that are not known here, and patterns that cannot be compiled.
//! Lengths and days may be of any size, since arithmetic with them is refused where it overflows.

mod expr;
mod schema;
#[cfg(test)]
mod tests;

use super::{
    Body, HistoryPlan, Key, KindPlan, MessagePart, Plan, RulePlan, Sequence, Test, Trigger, VERSION, atoms::Atom,
    atoms::Bool,
};
use crate::data::{ColumnId, KindId, Length, Origin, Schema};
use crate::diag::Diagnostic;
use crate::sema::hir::{Func, Times, Window};
use crate::source::{SourceMap, Span};
use expr::Shape;
use std::ops::Range;

/// None: something is not there, or not of its sort.
type Sound = Option<()>;

fn holds(condition: bool) -> Sound {
    condition.then_some(())
}

/// Whether the plan, and what checking said, hold what they name. The texts are those of the policy set.
pub fn is_sound(plan: &Plan, texts: &SourceMap, warnings: &[Diagnostic]) -> bool {
    let mut walk = Walk {
        plan,
        schema: &plan.schema,
        texts,
        used: vec![false; plan.histories.len()],
        own: 0..0,
        depth: 0,
        roots: Vec::new(),
        findings: None,
    };
    walk.warnings(warnings).and_then(|()| walk.plan()).is_some()
}

struct Walk<'p> {
    plan: &'p Plan,
    schema: &'p Schema,
    texts: &'p SourceMap,
    /// By history: each is asked for in one place, so that none asks for itself, or for much more than there is.
    used: Vec<bool>,
    /// The histories of the rule at hand.
    own: Range<u32>,
    /// How many conditions lie around.
    depth: u32,
    /// The kinds of the records that can be spoken of; none where one is not at hand.
    roots: Vec<Option<KindId>>,
    /// The kind of findings that the rule's level sees.
    findings: Option<KindId>,
}

/// Numbers of roots stay below that of a byte.
const MOST_ROOTS: usize = 200;
/// More steps have no place in the bits by which a search keeps them apart.
const MOST_STEPS: usize = 60;

impl<'p> Walk<'p> {
    fn warnings(&self, warnings: &[Diagnostic]) -> Sound {
        warnings.iter().try_for_each(|told| {
            holds(!told.labels.is_empty())?;
            let fixes = told.fixes.iter().map(|f| f.span);
            self.spans(told.labels.iter().map(|l| l.span).chain(fixes))
        })
    }

    /// It stands in its text, between characters.
    fn span(&self, span: Span) -> Sound {
        self.texts.get(span.file)?.text.get(span.range()).map(|_| ())
    }

    fn spans(&self, mut spans: impl Iterator<Item = Span>) -> Sound {
        spans.try_for_each(|span| self.span(span))
    }

    fn plan(&mut self) -> Sound {
        let plan = self.plan;
        holds(plan.version == VERSION && plan.kinds.len() == plan.schema.kinds.len() && plan.metrics.is_empty())?;
        self.schema()?;
        plan.sources.iter().try_for_each(|source| self.source(source))?;
        plan.clocks.iter().try_for_each(|clock| self.clock(clock))?;
        let kinds = (0..).map(KindId).zip(&plan.kinds);
        kinds.into_iter().try_for_each(|(id, kind)| self.kind(id, kind))?;
        plan.chains.iter().try_for_each(|(table, column)| self.chain(*table, *column))?;
        self.spans(plan.names.iter().flat_map(|n| [n.at, n.definition]))?;
        holds(plan.rules.is_sorted_by(|a, b| (&a.name, a.effective.0) <= (&b.name, b.effective.0)))?;
        plan.rules.iter().try_for_each(|rule| self.rule(rule))?;
        holds(self.used.iter().all(|used| *used))
    }

    /// Columns in their order, each once.
    fn columns(&self, kind: KindId, columns: &[ColumnId]) -> Sound {
        let most = self.schema.kinds.get(kind.0 as usize)?.columns.len();
        holds(columns.is_sorted_by(|a, b| a < b) && columns.last().is_none_or(|c| (c.0 as usize) < most))
    }

    /// What is read of a kind is enough to say which record one is, whose and when; and of what it is made of.
    fn kind(&self, id: KindId, of: &KindPlan) -> Sound {
        let kind = self.schema.kind(id);
        if let Some(projection) = &of.projection {
            self.columns(id, projection)?;
            kind.telling().into_iter().try_for_each(|column| self.read(id, column))?;
            if let Origin::Union(members) = &kind.origin {
                for (member, columns) in members {
                    self.recorded(*member)?;
                    projection.iter().try_for_each(|c| self.read(*member, *columns.get(c.0 as usize)?))?;
                }
            }
        }
        of.atoms.iter().try_for_each(|atom| self.atom(id, atom))
    }

    /// The kind is one of which records are kept.
    fn recorded(&self, kind: KindId) -> Sound {
        self.plan.kinds.get(kind.0 as usize)?.projection.as_ref().map(|_| ())
    }

    /// The column is one of those that are read.
    fn read(&self, kind: KindId, column: ColumnId) -> Sound {
        let columns = self.plan.kinds.get(kind.0 as usize)?.projection.as_ref()?;
        columns.binary_search(&column).is_ok().then_some(())
    }

    /// A kind that the rule at hand may look at: of findings, those of its own level.
    fn seen(&self, kind: KindId) -> Sound {
        self.recorded(kind)?;
        holds(self.schema.kind(kind).origin != Origin::Findings || self.findings == Some(kind))
    }

    fn rule(&mut self, rule: &'p RulePlan) -> Sound {
        let next = self.own.end;
        self.own = next..next.checked_add(u32::try_from(rule.histories.len()).ok()?)?;
        holds(rule.histories.iter().copied().eq(self.own.clone()))?;
        holds((rule.clock as usize) < self.plan.clocks.len())?;
        self.findings = self.plan.finding_kinds(rule.level).next();
        holds(rule.level == 0 || self.findings.is_some())?;
        rule.reads.iter().try_for_each(|(kind, columns)| self.columns(*kind, columns))?;
        self.spans([rule.span, rule.name_span, rule.trigger.span()].into_iter())?;
        let kind = rule.trigger.kind();
        self.seen(kind)?;
        self.roots = vec![Some(kind)];
        let table = self.schema.kind(kind).is_table();
        match (&rule.trigger, &rule.sequence) {
            (Trigger::Record { .. }, None) => holds(!table)?,
            (Trigger::Each { .. }, None) => holds(table)?,
            (Trigger::Sequence { .. }, Some(sequence)) => self.sequence(rule, sequence)?,
            (Trigger::Record { .. } | Trigger::Each { .. }, Some(_)) | (Trigger::Sequence { .. }, None) => return None,
        }
        self.tests(&rule.screen.filter, 0)?;
        self.tests(&rule.screen.when, 0)?;
        self.conditions(rule.filter.iter().chain(&rule.when))?;
        match &rule.body {
            Body::Forbid => {}
            Body::Require { need } => holds(self.history(*need, false)? == Shape::BOOL)?,
            Body::Limit { aggregate, to } => {
                holds(matches!(rule.trigger, Trigger::Record { .. }))?;
                let of = self.plan.histories.get(*aggregate as usize)?;
                let forward = match of.window {
                    Window::Before(_) | Window::After(_) | Window::Around(_) => true,
                    Window::Over(_) | Window::AllTime | Window::In(_) => false,
                };
                holds(of.kind == kind && of.root == 0 && !forward)?;
                let sum = self.history(*aggregate, true)?;
                holds(sum != Shape::BOOL && self.expr(to)? == sum)?;
            }
        }
        self.conditions(rule.unless.iter().map(|e| &e.condition))?;
        self.conditions(rule.waivers.iter().filter_map(|w| w.condition.as_ref()))?;
        self.spans(rule.unless.iter().map(|e| e.span).chain(rule.waivers.iter().map(|w| w.span)))?;
        if let Some(once) = &rule.once {
            self.span(once.span)?;
            once.keys.iter().try_for_each(|(_, key)| self.expr(key).map(|_| ()))?;
        }
        rule.because.iter().flatten().try_for_each(|part| match part {
            MessagePart::Text(_) => Some(()),
            MessagePart::Expr(expr) => self.expr(expr).map(|_| ()),
        })
    }

    /// Its steps, of which each that has a record is a root behind the last one's.
    fn sequence(&mut self, rule: &'p RulePlan, of: &'p Sequence) -> Sound {
        let last = of.steps.iter().rev().find(|s| s.times != Times::None)?;
        let kind = |step: u32| self.plan.histories.get(step as usize).map(|h| h.kind);
        holds(kind(last.history)? == rule.trigger.kind() && of.steps.len() <= MOST_STEPS)?;
        holds(of.steps.first()?.times != Times::None && rule.filter.is_empty() && is_ahead(of.within))?;
        self.span(of.within_span)?;
        for step in &of.steps {
            self.span(step.span)?;
            let history = self.take(step.history)?;
            holds(history.root as usize + 1 == self.roots.len() && history.joins.is_empty())?;
            holds(!self.schema.kinds.get(history.kind.0 as usize)?.is_table() && history.func == Func::Exists)?;
            let around = self.roots.clone();
            self.inside(history, &around[..1])?;
            self.roots.push(Some(history.kind));
            self.conditions(history.pair.iter())?;
            if step.times == Times::None {
                self.roots = around;
            }
        }
        Some(())
    }

    /// A history that is asked for here, and nowhere else.
    fn take(&mut self, id: u32) -> Option<&'p HistoryPlan> {
        holds(self.own.contains(&id))?;
        let used = self.used.get_mut(id as usize)?;
        holds(!std::mem::replace(used, true))?;
        self.plan.histories.get(id as usize)
    }

    /// What a history says of its own records alone, and of those that look for them. `outer`: these.
    fn inside(&mut self, history: &'p HistoryPlan, outer: &[Option<KindId>]) -> Sound {
        self.seen(history.kind)?;
        self.span(history.span)?;
        holds((history.clock as usize) < self.plan.clocks.len() && self.roots.len() < MOST_ROOTS)?;
        match history.window {
            Window::Before(by) | Window::After(by) | Window::Around(by) | Window::Over(by) => holds(is_ahead(by))?,
            Window::AllTime | Window::In(_) => {}
        }
        let own = history.root + 1;
        let mut alone = vec![None; own as usize];
        alone.push(Some(history.kind));
        let around = std::mem::replace(&mut self.roots, alone);
        self.tests(&history.screen, own)?;
        self.conditions(history.inner.iter())?;
        let keys = || history.keys.iter().chain(&history.joins);
        let mut inner = Vec::with_capacity(history.keys.len());
        for key in keys() {
            inner.push(self.key(&key.inner)?);
        }
        self.roots = outer.to_vec();
        for (key, inner) in keys().zip(inner) {
            holds(self.key(&key.outer)? == inner)?;
        }
        self.roots = around;
        Some(())
    }

    /// What a history is of. `sum`: of a limit, whose keys may be a set.
    fn history(&mut self, id: u32, sum: bool) -> Option<Shape> {
        let history = self.take(id)?;
        let around = self.roots.clone();
        let about = around.get(..history.root as usize + 1)?;
        let sets = history.keys.iter().chain(&history.joins).filter(|key| key.is_set()).count();
        holds(sets <= usize::from(sum) && !history.joins.iter().any(Key::is_set))?;
        (*about.last()?)?;
        self.inside(history, about)?;
        self.roots.truncate(about.len());
        self.roots.push(Some(history.kind));
        self.conditions(history.pair.iter().chain(&history.join_conditions))?;
        let value = match &history.value {
            Some(value) => Some((self.expr(value)?, &value.ty)),
            None => None,
        };
        history.per.iter().try_for_each(|(_, key)| self.expr(key).map(|_| ()))?;
        self.roots = around;
        self.result(history.func, value)
    }

    /// Conditions that the record of a root alone decides.
    fn tests(&mut self, tests: &'p [Test], root: u8) -> Sound {
        let kind = (*self.roots.get(root as usize)?)?;
        tests.iter().try_for_each(|test| match test {
            Test::Atoms(program) => self.program(program, self.plan.kinds.get(kind.0 as usize)?.atoms.len()),
            Test::Row(expr) => {
                let reads = expr.reads();
                holds(reads.at_once() && reads.only(root))?;
                self.conditions(std::iter::once(expr))
            }
        })
    }

    fn program(&self, program: &Bool, atoms: usize) -> Sound {
        match program {
            Bool::Constant(_) => Some(()),
            Bool::Atom(id) => holds((*id as usize) < atoms),
            Bool::Not(of) => self.program(of, atoms),
            Bool::And(all) | Bool::Or(all) => all.iter().try_for_each(|of| self.program(of, atoms)),
        }
    }
}

/// It leads forward, or nowhere.
fn is_ahead(by: Length) -> bool {
    by.months >= 0 && by.days >= 0 && by.business >= 0 && by.nanos >= 0
}
