//! What a run found, to be read: verdicts in columns, and the counts beside them.

use super::explain::{self, Described};
use super::interp::Context;
use super::judge::Judgement;
use super::problems::DataProblem;
use super::results::{Entry, Judging, entry};
use super::rows::Rows;
use super::world::World;
use super::{Explanation, RuleCounts, Runtime};
use crate::data::{ColumnId, KindId, People, Place, Time, Value, Verdict, display};
use crate::plan::{Plan, RulePlan, Trigger, Waiver};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// Judged: without repeats, and without those after `as_of`.
    pub judged: u64,
    /// Rows that repeat another's identity.
    pub repeats: u64,
    /// Records whose repeats differ.
    pub conflicts: u64,
    /// Later than `as_of`, and set aside.
    pub after_as_of: u64,
}

/// What a run found, in one canonical order: by rule name, then event time (unknown last), then kind and
/// identity of the record, then period. Compliant verdicts are in it only where they were asked for.
#[derive(Debug)]
pub struct Findings {
    pub(super) plan: Arc<Plan>,
    pub(super) runtime: Arc<Runtime>,
    pub(super) world: World,
    pub(super) rules: Vec<u32>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) subjects: Vec<Option<String>>,
    pub(super) ids: Vec<[u8; 16]>,
    pub(super) entries: Vec<Entry>,
    pub(super) counts: Vec<RuleCounts>,
    pub(super) kinds: Vec<KindCounts>,
    pub(super) problems: Vec<DataProblem>,
    pub(super) in_force: Vec<bool>,
}

/// One verdict.
#[derive(Clone, Copy, Debug)]
pub struct FindingRow<'a> {
    pub rule: &'a RulePlan,
    /// Index into [`Plan::rules`].
    pub rule_index: usize,
    pub verdict: Verdict,
    /// As a report shows it; none where the kind has no subject, or this record's is not known.
    pub subject: Option<&'a str>,
    /// Event time of the triggering record.
    pub time: Option<Time>,
    /// The same for the same rule, revision and records in every run.
    pub id: [u8; 16],
    pub kind: KindId,
    /// What the rule reads it as: its own kind, or one that is made of several.
    pub read_as: KindId,
    rows: &'a Rows,
    /// Of the triggering record, or the table's row.
    pub place: Option<Place>,
    /// Name of the exception that applied.
    pub exception: Option<&'a str>,
    /// The waiver that covers it.
    pub waiver: Option<&'a Waiver>,
}

impl FindingRow<'_> {
    /// The column of the record's own kind that stands for one of what the rule reads it as.
    pub fn own_column(&self, column: ColumnId) -> ColumnId {
        self.rows.own_column(column)
    }
}

impl Findings {
    pub(super) fn judging(&self) -> Judging<'_> {
        Judging { plan: &self.plan, runtime: &self.runtime, world: &self.world, candidates: &[], level: 0 }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What people are called in its texts.
    pub fn people(&self) -> &People {
        &self.runtime.people
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn context(&self, rule: &RulePlan, period: Option<(i32, i32)>) -> Context<'_> {
        self.runtime.context(&self.plan, &self.world, rule.clock, period)
    }

    /// How each rule ended at the records that triggered it, by rule and record; for each key or moment.
    pub(super) fn by_record(&self) -> FxHashMap<(usize, u32), Vec<Verdict>> {
        let mut all: FxHashMap<(usize, u32), Vec<Verdict>> = FxHashMap::default();
        for e in &self.entries {
            let rule = e.rule as usize;
            if e.kind == self.plan.rules[rule].trigger.kind() {
                all.entry((rule, e.id)).or_default().push(e.judgement.verdict);
            }
        }
        all
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Indices into [`Plan::rules`], one a verdict.
    pub fn rules(&self) -> &[u32] {
        &self.rules
    }

    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    pub fn ids(&self) -> &[[u8; 16]] {
        &self.ids
    }

    /// One verdict; `i` is below [`Findings::len`].
    pub fn row(&self, i: usize) -> FindingRow<'_> {
        let entry = &self.entries[i];
        let rule = &self.plan.rules[entry.rule as usize];
        let frame = self.world.frame(entry.kind, entry.id);
        FindingRow {
            rule,
            rule_index: entry.rule as usize,
            verdict: self.verdicts[i],
            subject: self.subjects[i].as_deref(),
            time: entry.time,
            id: self.ids[i],
            kind: frame.rows.own().kind,
            read_as: entry.kind,
            rows: frame.rows,
            place: frame.rows.places.get(frame.row).copied(),
            exception: entry.judgement.exception.and_then(|e| rule.unless.get(e as usize)).map(|e| e.name.as_str()),
            waiver: entry.judgement.waiver.and_then(|w| rule.waivers.get(w as usize)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = FindingRow<'_>> {
        (0..self.len()).map(|i| self.row(i))
    }

    /// Event time of a verdict as a report shows it, in the rule's zone.
    pub fn shown_time(&self, i: usize) -> Option<String> {
        let entry = &self.entries[i];
        let rule = &self.plan.rules[entry.rule as usize];
        let cx = self.runtime.context(&self.plan, &self.world, rule.clock, None);
        entry.time.map(|t| display::time(t, cx.zone))
    }

    /// For whom the verdict is, where one record counts for each of several: the table's key.
    pub fn owner(&self, i: usize) -> Option<&Value> {
        self.judging().owner(&self.entries[i])
    }

    /// Why the verdict is as it is. For many of them, [`Findings::explainer`] is faster.
    pub fn explain(&self, i: usize) -> Explanation {
        self.explainer().explain(i)
    }

    /// Explains verdicts one after another.
    pub fn explainer(&self) -> Explainer<'_> {
        Explainer { findings: self, described: Described::default() }
    }

    /// What a rule's conditions are at a record that did not trigger it; none where the record is of another kind,
    /// or was not kept.
    pub fn explain_untriggered(&self, rule: usize, place: Place) -> Option<Explanation> {
        let Trigger::Record { kind, .. } = self.plan.rules.get(rule)?.trigger else { return None };
        let frames = (0..self.world.len(kind)).map(|id| self.world.frame(kind, id));
        let frame = frames.into_iter().find(|f| f.rows.places.get(f.row) == Some(&place))?;
        let entry = entry(rule as u32, Judgement::plain(Verdict::Compliant), frame);
        Some(explain::explain(&self.plan, &self.runtime, &self.world, &entry, &mut Described::default()))
    }

    /// Verdicts of a rule, by index into [`Plan::rules`].
    pub fn counts(&self, rule: usize) -> RuleCounts {
        self.counts[rule].clone()
    }

    /// What is wrong with the tables, by table; the same whatever the records.
    pub fn problems(&self) -> &[DataProblem] {
        &self.problems
    }

    /// By kind.
    pub fn records(&self) -> &[KindCounts] {
        &self.kinds
    }

    /// By rule and waiver: how many verdicts it waived.
    pub fn waived(&self) -> Vec<Vec<u64>> {
        let mut counts: Vec<Vec<u64>> = self.plan.rules.iter().map(|r| vec![0; r.waivers.len()]).collect();
        for entry in &self.entries {
            let of = entry.judgement.waiver.and_then(|w| counts[entry.rule as usize].get_mut(w as usize));
            of.into_iter().for_each(|n| *n += 1);
        }
        counts
    }

    /// The first and the last day of the records in a rule's zone: the last is `as_of`, where that was given.
    pub fn days(&self, rule: usize) -> Option<(i32, i32)> {
        let cx = self.runtime.context(&self.plan, &self.world, self.plan.rules[rule].clock, None);
        Some((self.world.watermark.earliest(cx.zone)?, self.world.watermark.day(cx.zone)?))
    }

    /// Whether there were records (or, for `on each`, moments), and the rule was in force at none of them; a
    /// sequence: on none of the data's days.
    pub fn never_in_force(&self, rule: usize) -> bool {
        let of = &self.plan.rules[rule];
        match of.trigger {
            Trigger::Record { kind, .. } => self.kinds[kind.0 as usize].judged > 0 && !self.in_force[rule],
            Trigger::Each { .. } => !self.in_force[rule],
            Trigger::Sequence { .. } => self.days(rule).is_some_and(|(first, last)| {
                of.effective.0.is_some_and(|from| last < from) || of.effective.1.is_some_and(|until| first >= until)
            }),
        }
    }

    /// Rules that no record triggered.
    pub fn untriggered(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.counts.len()).filter(|&r| self.counts[r].triggered() == 0)
    }
}

/// Explains verdicts one after another: a record that several rest on is described once.
#[derive(Debug)]
pub struct Explainer<'a> {
    findings: &'a Findings,
    described: Described,
}

impl Explainer<'_> {
    /// Why the verdict is as it is; `i` is below [`Findings::len`].
    pub fn explain(&mut self, i: usize) -> Explanation {
        let of = self.findings;
        let entry = &of.entries[i];
        let mut why = explain::explain(&of.plan, &of.runtime, &of.world, entry, &mut self.described);
        if let Some(once) = &mut why.once {
            let first = of.rules.partition_point(|r| *r < entry.rule);
            once.counted_with = entry.counted_with.and_then(|nth| of.ids.get(first + nth as usize)).copied();
        }
        why
    }
}
