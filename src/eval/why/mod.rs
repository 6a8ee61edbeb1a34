//! Why a rule ended as it did at one record, in full: every condition with what is inside it, what searches
//! passed over by a hair, and which single change would have led to another verdict.

mod below;
mod cells;
mod change;
mod fill;
mod lab;
mod near;
mod partial;
mod propose;
mod solve;
mod tree;
mod values;

pub use cells::Seen;
pub use change::{Change, Changes, What};
pub use propose::Demand;

use super::explain::{Trace, record_ref};
use super::interp::{Frame, Scope};
use super::judge::{Judgement, moments};
use super::results::{self, Entry};
use super::val::Val;
use super::world::identity_of;
use super::{ClauseRole, Findings, Gap, OnceTrace, RecordRef, StepTrace, Truth, WindowTrace};
use crate::data::{ColumnId, KindId, Origin, Place, Time, Verdict, display};
use crate::plan::RulePlan;
use crate::source::Span;
use std::sync::Arc;

/// Which rule at which record.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Index into [`crate::plan::Plan::rules`].
    pub rule: usize,
    pub kind: KindId,
    /// The record's place in the order of its kind.
    pub id: u32,
    /// Index of the verdict, where there is one.
    pub verdict: Option<usize>,
    /// The event's time, and the period, of `on each`.
    moment: Option<(Time, Option<(i32, i32)>)>,
}

#[derive(Clone, Debug)]
pub struct Why {
    pub rule: usize,
    /// None: the rule is not triggered.
    pub verdict: Option<Verdict>,
    /// The same as the finding's would be.
    pub id: [u8; 16],
    pub subject: Option<String>,
    /// Event time, as reports show it.
    pub time: Option<String>,
    /// Of a rule that is triggered.
    pub message: Option<String>,
    pub exception: Option<String>,
    /// Index into the rule's waivers.
    pub waiver: Option<u32>,
    /// Of a sequence.
    pub steps: Vec<StepTrace>,
    /// Of a sequence that has no match: how far it came, step by step.
    pub progress: Vec<StepWhy>,
    /// Of a rule with `once per`.
    pub once: Option<OnceTrace>,
    /// The triggering record first.
    pub records: Vec<Arc<RecordRef>>,
    /// The rule's parts in their order, as far as they were looked at.
    pub parts: Vec<Part>,
    pub windows: Vec<WindowWhy>,
    pub gaps: Vec<Gap>,
    /// What else decided.
    pub notes: Vec<Note>,
    /// None: nothing can be tried of this rule.
    pub changes: Option<Changes>,
}

/// Something that no condition in the rule's text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The rule is about records of this kind, and the record is of another.
    OtherKind { kind: KindId },
    /// The rule is in force from and until these dates, and the record's is another.
    NotInForce { from: Option<i32>, until: Option<i32> },
    /// It is no last record of a sequence as the rule has it.
    NoMatch,
    /// A rule on a sequence judges its last record, of this kind, and this one may be an earlier step of one.
    EarlierStep { step: String, last: KindId },
    /// A waiver of the rule is for other days than the record's: its index.
    WaiverOver { waiver: u32 },
    /// The table's row does not hold at that moment.
    NotValid,
    /// One record counts for each above somebody, and there is nobody.
    CountsForNobody,
    /// The limit was crossed before, at this record, and has not been kept since.
    CrossedBefore { record: usize },
}

/// A step of a sequence that did not come about.
#[derive(Clone, Debug)]
pub struct StepWhy {
    pub name: String,
    pub span: Span,
    pub kind: KindId,
    pub came: Came,
}

#[derive(Clone, Debug)]
pub enum Came {
    /// Index into [`Why::records`].
    Found(usize),
    /// None fits. So many there are before the steps behind it and in time, of these keys.
    Missing { seen: usize, keys: Vec<(String, String)>, near: Vec<NearMiss> },
    /// It was not looked for: a step behind it is missing.
    NotReached,
}

/// A clause of the rule.
#[derive(Clone, Debug)]
pub struct Part {
    pub role: ClauseRole,
    pub node: Node,
}

/// An expression with what it came to.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub sort: Sort,
    /// Of a condition.
    pub truth: Option<Truth>,
    /// Of what is not a condition.
    pub value: Option<String>,
    /// Index into [`Why::records`] and the field that it was read from.
    pub field: Option<(usize, ColumnId)>,
    /// The `let`, `define` or `param` that stands here, and where it is defined.
    pub name: Option<(String, Span)>,
    /// Index into [`Why::windows`].
    pub window: Option<usize>,
    pub parts: Vec<Node>,
    /// Of a condition that is not known, in [`Findings::looked_at`]: why.
    pub gaps: Vec<Gap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    And,
    Or,
    Not,
    /// A condition of its own.
    Test,
    Value,
    Constant,
    /// Those above somebody in a table, one by one.
    Above,
    /// What an amount was converted to, and by which rate.
    Rate,
}

/// A search, and what it passed over.
#[derive(Clone, Debug)]
pub struct WindowWhy {
    pub seen: WindowTrace,
    pub near: Vec<NearMiss>,
}

/// A record that failed one thing only.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    /// Index into [`Why::records`].
    pub record: usize,
    pub failed: Failed,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Failed {
    /// It lies so far before the window, or after it.
    Window { by: String, after: bool },
    /// This condition did not hold, with the values that it saw.
    Condition { span: Span, truth: Truth, values: Vec<(Span, String)> },
    /// A key that is nearly the same.
    Key { name: String, found: String, wanted: String },
    /// The steps would take longer than they may, by so much.
    TooEarly { by: String, within: String },
    /// It does not come before the record of this step.
    Order { step: String },
    /// This step must not come, and these records are there.
    Between { step: String, records: Vec<usize> },
    /// Not as many of the step as there have to be.
    TooFew { step: String, found: usize, least: usize },
}

impl Why {
    /// The rule has another wording for that time, or none.
    pub fn not_in_force(&self) -> bool {
        self.notes.iter().any(|n| matches!(n, Note::NotInForce { .. }))
    }
}

impl Findings {
    /// The rule at a record: one for each moment that the rule judges it at.
    pub fn about(&self, rule: usize, kind: KindId, id: u32) -> Vec<About> {
        let of = &self.plan.rules[rule];
        let trigger = of.trigger.kind();
        if kind != trigger && self.plan.schema.kind(trigger).origin == Origin::Findings {
            // A rule over findings, at those that stand at the record.
            let own = self.world.frame(kind, id);
            let place = own.rows.places.get(own.row);
            let at = |&f: &u32| {
                let frame = self.world.frame(trigger, f);
                place.is_some() && frame.rows.places.get(frame.row) == place
            };
            let findings: Vec<u32> = (0..self.world.len(trigger)).filter(at).collect();
            if !findings.is_empty() {
                return findings.into_iter().flat_map(|f| self.about_one(rule, trigger, f)).collect();
            }
        }
        let (kind, id) = self.as_trigger(of, kind, id);
        self.about_one(rule, kind, id)
    }

    fn about_one(&self, rule: usize, kind: KindId, id: u32) -> Vec<About> {
        let plan = self.plan();
        let of = &plan.rules[rule];
        let verdicts: Vec<(usize, &Entry)> = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, e)| e.rule as usize == rule && e.kind == kind && e.id == id)
            .collect();
        let plain = About { rule, kind, id, verdict: None, moment: None };
        if !matches!(of.trigger, crate::plan::Trigger::Each { table, .. } if table == kind) {
            if verdicts.is_empty() {
                return vec![plain];
            }
            return verdicts.into_iter().map(|(i, _)| About { verdict: Some(i), ..plain }).collect();
        }
        let cx = self.runtime.context(plan, &self.world, of.clock, None);
        let all = moments(plan, &cx, of);
        all.into_iter()
            .map(|(time, period)| {
                let verdict = verdicts.iter().find(|(_, e)| e.time == Some(time)).map(|v| v.0);
                About { verdict, moment: Some((time, period)), ..plain }
            })
            .collect()
    }

    /// The record as one of the kind that a rule is about, where that is made of several.
    fn as_trigger(&self, rule: &RulePlan, kind: KindId, id: u32) -> (KindId, u32) {
        let union = rule.trigger.kind();
        let Origin::Union(parts) = &self.plan.schema.kind(union).origin else { return (kind, id) };
        if !parts.iter().any(|p| p.0 == kind) {
            return (kind, id);
        }
        let own = self.world.frame(kind, id);
        let same = |&other: &u32| {
            let frame = self.world.frame(union, other);
            frame.rows.own().kind == kind && frame.rows.places.get(frame.row) == own.rows.places.get(own.row)
        };
        (0..self.world.len(union)).find(same).map_or((kind, id), |id| (union, id))
    }

    /// When an `on each` rule judges it, as reports show it.
    pub fn moment(&self, about: &About) -> Option<String> {
        let rule = &self.plan.rules[about.rule];
        let cx = self.runtime.context(&self.plan, &self.world, rule.clock, None);
        about.moment.map(|(time, _)| display::time(time, cx.zone))
    }

    /// A verdict's rule and record.
    pub fn about_verdict(&self, i: usize) -> About {
        let entry = &self.entries[i];
        let moment = entry.period.and(entry.time).map(|t| (t, entry.period));
        About { rule: entry.rule as usize, kind: entry.kind, id: entry.id, verdict: Some(i), moment }
    }

    /// The records that stand at a place's line: kind and number.
    pub fn at_line(&self, input: u32, line: u64, element: Option<u32>) -> Vec<(KindId, u32, Place)> {
        let there =
            |place: &Place| place.input.0 == input && place.line == line && element.is_none_or(|e| place.element == e);
        let found = self.find(|place, _, _| there(place));
        if !found.is_empty() {
            return found;
        }
        // A repeat stands for the record that it repeats.
        let schema = &self.plan.schema;
        let mut repeated = Vec::new();
        for (k, of) in self.world.kinds.iter().enumerate() {
            let kind = KindId(k as u32);
            let rows = of.segments.iter().flat_map(|s| s.places.iter().enumerate().map(move |(row, p)| (s, row, p)));
            for (rows, row, _) in rows.filter(|(s, _, p)| s.own().kind == kind && there(p)) {
                let identity = identity_of(schema, rows, row);
                repeated.extend(self.find(|_, k, id| k == kind && self.world.identity(schema, k, id) == identity));
            }
        }
        repeated
    }

    /// The records of a kind whose identity is written so: whole, or its first value (a table's key).
    pub fn with_identity(&self, kind: KindId, text: &str) -> Vec<(KindId, u32, Place)> {
        let schema = &self.plan().schema;
        let first = schema.kind(kind).identity.first().copied();
        let fits = |id: u32| {
            let frame = self.world.frame(kind, id);
            let shown = first.and_then(|c| {
                let column = schema.column(kind, c);
                let value = Val::cell(frame.rows, frame.row, c, column.optional).owned(&column.ty, schema)?;
                Some(display::exact(&value, schema, &self.runtime.zone))
            });
            let called = || first.filter(|c| schema.is_person(kind, *c)).zip(shown.as_deref());
            shown.as_deref() == Some(text)
                || self.world.identity(schema, kind, id) == text
                // As reports show it, where people have pseudonyms.
                || self.people().fingerprint().is_some()
                    && (called().is_some_and(|(_, name)| self.people().called(name) == text)
                        || record_ref(&self.runtime.context(&self.plan, &self.world, 0, None), &frame).identity == text)
        };
        self.find(|_, k, id| k == kind && fits(id))
    }

    fn find(&self, fits: impl Fn(&Place, KindId, u32) -> bool) -> Vec<(KindId, u32, Place)> {
        let mut found = Vec::new();
        for k in 0..self.plan().schema.kinds.len() as u32 {
            let kind = KindId(k);
            if self.plan.schema.kind(kind).origin != Origin::Declared {
                continue;
            }
            for id in 0..self.world.len(kind) {
                let frame = self.world.frame(kind, id);
                let place = frame.rows.places[frame.row];
                if fits(&place, kind, id) {
                    found.push((kind, id, place));
                }
            }
        }
        found
    }

    /// What would have led to another verdict.
    fn changes(&self, about: &About) -> Option<Changes> {
        let rule = &self.plan.rules[about.rule];
        let entry = about.verdict.map(|i| &self.entries[i]);
        let own = self.world.frame(about.kind, about.id);
        if about.kind != rule.trigger.kind() || (entry.is_none() && about.moment.is_some()) {
            return None;
        }
        let frame = Frame { time: entry.map_or(own.time, |e| e.time), ..own };
        change::changes(self, rule, about.rule as u32, &Scope::top(frame), entry)
    }

    /// Why the rule ended as it did there, and what would have led to another verdict.
    pub fn why(&self, about: &About) -> Why {
        let mut why = self.seen(about, false);
        let outside = why.notes.iter().any(|n| matches!(n, Note::NotInForce { .. } | Note::NotValid));
        why.changes = if outside { None } else { self.changes(about) };
        why
    }

    /// What the rule looked at there, and what it made of it; why each part is not known, where it is not.
    pub fn looked_at(&self, about: &About) -> Why {
        self.seen(about, true)
    }

    fn seen(&self, about: &About, each_gap: bool) -> Why {
        let plan = self.plan();
        let rule = &plan.rules[about.rule];
        let entry = about.verdict.map(|i| &self.entries[i]);
        let period = entry.and_then(|e| e.period).or(about.moment.and_then(|m| m.1));
        let cx = self.runtime.context(plan, &self.world, rule.clock, period);
        let own = self.world.frame(about.kind, about.id);
        let time = entry.map_or(about.moment.map_or(own.time, |m| Some(m.0)), |e| e.time);
        let frame = Frame { time, ..own };
        let mut trace = Trace::new(cx);
        trace.owner = entry.and_then(|e| e.owner);
        trace.record(&frame);
        let (explanation, done) = tree::tree(trace, rule, &Scope::top(frame), entry, each_gap);
        let tree::Done { parts, near, notes, progress, .. } = done;
        let explained = about.verdict.map(|i| self.explain(i));
        let windows = explanation.windows.into_iter().zip(near).map(|(seen, near)| WindowWhy { seen, near }).collect();
        let plain =
            || Entry { period, ..results::entry(about.rule as u32, Judgement::plain(Verdict::Compliant), frame) };
        let standing = entry.cloned().unwrap_or_else(plain);
        let judging = self.judging();
        let explained_once = explained.as_ref().and_then(|e| e.once.clone());
        let explained_waiver = explained.as_ref().and_then(|e| e.waiver);
        Why {
            rule: about.rule,
            verdict: entry.map(|e| e.judgement.verdict),
            id: judging.identity(&standing),
            subject: judging.subject(&standing),
            time: time.map(|t| display::time(t, cx.zone)),
            message: explained.as_ref().map(|e| e.message.clone()),
            exception: explained.and_then(|e| e.exception),
            waiver: explained_waiver,
            steps: explanation.steps,
            progress,
            once: explained_once,
            records: explanation.records,
            parts,
            windows,
            gaps: explanation.gaps,
            notes,
            changes: None,
        }
    }
}
