//! From settled records to verdicts: the work of each rule, level by level, in one order.

use super::chain;
use super::interp::{Context, Frame, Scope};
use super::judge::{Judgement, judge, moments, triggered};
use super::limit;
use super::message::field_value;
use super::problems;
use super::records::Settled;
use super::sequence;
use super::strata;
use super::val::Val;
use super::verdicts::Findings;
use super::world::World;
use super::{Options, RuleCounts, Runtime, Truth};
use crate::data::{ColumnId, KindId, Time, Value, Verdict, display};
use crate::plan::{Body, Op, Plan, RulePlan, Trigger};
use crate::threads;
use std::sync::Arc;

/// Where a verdict comes from.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub rule: u32,
    pub judgement: Judgement,
    pub kind: KindId,
    pub id: u32,
    pub time: Option<Time>,
    pub period: Option<(i32, i32)>,
    /// It is in no window of this history, for want of a key (by index) or of its time.
    pub lacking: Option<(u32, Option<u32>)>,
    /// Where one record counts for each of a set of people: for whom, as an index into the lists of the limit's
    /// history.
    pub owner: Option<u32>,
    /// Of a sequence: the record of each step that has one.
    pub steps: Box<[u32]>,
    /// The entry that it is counted with: which of its rule's, in order.
    pub counted_with: Option<u32>,
    /// How many are counted with it.
    pub further: u32,
    /// Of verdicts whose records have no identity and are alike: which it is, from 1.
    pub nth: u32,
}

/// A piece of work.
enum Task {
    Records {
        rule: u32,
        from: usize,
        until: usize,
    },
    Each {
        rule: u32,
        time: Time,
        period: Option<(i32, i32)>,
    },
    Lists {
        rule: u32,
        history: u32,
        from: usize,
        until: usize,
    },
    /// Records that a limit counts for nobody.
    Alone {
        rule: u32,
        history: u32,
    },
    Sequence {
        rule: u32,
        history: u32,
        from: usize,
        until: usize,
    },
}

impl Task {
    fn rule(&self) -> u32 {
        match *self {
            Task::Records { rule, .. }
            | Task::Each { rule, .. }
            | Task::Lists { rule, .. }
            | Task::Alone { rule, .. }
            | Task::Sequence { rule, .. } => rule,
        }
    }
}

const CHUNK: usize = 1024;

/// `before`: what was found elsewhere, for rules over findings.
pub(super) fn conclude(
    plan: Arc<Plan>,
    runtime: Arc<Runtime>,
    settled: Settled,
    (options, before): (&Options, &[strata::Row]),
) -> Findings {
    let Settled { mut world, counts: kinds, compliant, mut in_force, mut candidates } = settled;
    let mut counts = vec![RuleCounts::default(); plan.rules.len()];
    counts.iter_mut().zip(&compliant).for_each(|(c, n)| c.compliant = *n);
    let mut entries =
        levels(&plan, &runtime, (&mut world, &mut candidates), (options, before), &mut counts, &mut in_force);
    let judging = Judging { plan: &plan, runtime: &runtime, world: &world, candidates: &candidates, level: 0 };
    judging.moments_in_force(&mut in_force);
    judging.sort(&mut entries);
    judging.shuffle(&mut entries);
    let chunks = entries.len().div_ceil(CHUNK);
    let named = threads::each(options.threads, chunks, |c| {
        let of = &entries[c * CHUNK..entries.len().min((c + 1) * CHUNK)];
        of.iter().map(|e| (judging.subject(e), judging.identity(e))).collect::<Vec<_>>()
    });
    let (subjects, ids) = named.into_iter().flatten().unzip();
    let rules = entries.iter().map(|e| e.rule).collect();
    let verdicts = entries.iter().map(|e| e.judgement.verdict).collect();
    let mut problems = problems::find(&plan, &runtime, &world);
    if runtime.people.fingerprint().is_some() {
        problems.sort_by(|a, b| (a.table, a.code, &a.message).cmp(&(b.table, b.code, &b.message)));
    }
    Findings { plan, runtime, world, rules, verdicts, subjects, ids, entries, counts, kinds, problems, in_force }
}

/// Judges the rules level by level, and lays what they find for those above.
pub(super) fn levels(
    plan: &Plan,
    runtime: &Runtime,
    (world, candidates): (&mut World, &mut [Vec<u32>]),
    (options, before): (&Options, &[strata::Row]),
    counts: &mut [RuleCounts],
    in_force: &mut [bool],
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let highest = plan.rules.iter().map(|r| r.level).max().unwrap_or(0);
    for level in 0..=highest {
        for kind in plan.finding_kinds(level) {
            let judging = Judging { plan, runtime, world, candidates, level };
            let Some(found) = strata::collect(&judging, kind, before, &entries) else { continue };
            let laid = strata::lay(plan, runtime, world, candidates, found, options);
            laid.compliant.iter().for_each(|(rule, n)| counts[*rule as usize].compliant += n);
            laid.in_force.iter().for_each(|rule| in_force[*rule as usize] = true);
        }
        let judging = Judging { plan, runtime, world, candidates, level };
        let tasks = judging.tasks();
        let found = threads::each(options.threads, tasks.len(), |i| judging.run(&tasks[i], options.keep_compliant));
        let mut of_level: Vec<Entry> = Vec::with_capacity(found.iter().map(|found| found.entries.len()).sum());
        for (task, found) in tasks.iter().zip(found) {
            counts[task.rule() as usize].compliant += found.compliant;
            for entry in found.entries {
                count(&mut counts[entry.rule as usize], entry.judgement.verdict, 1);
                of_level.push(entry);
            }
        }
        judging.lacking(&mut of_level, counts);
        judging.sort(&mut of_level);
        judging.tell_once(&mut of_level, counts);
        judging.thin(&mut of_level, counts);
        judging.number(&mut of_level);
        match entries.is_empty() {
            true => entries = of_level,
            false => entries.append(&mut of_level),
        }
    }
    entries
}

pub(super) fn count(counts: &mut RuleCounts, verdict: Verdict, by: i64) {
    let of = match verdict {
        Verdict::Finding => &mut counts.finding,
        Verdict::Excepted => &mut counts.excepted,
        Verdict::Waived => &mut counts.waived,
        Verdict::Repeated => &mut counts.repeated,
        Verdict::Pending => &mut counts.pending,
        Verdict::Indeterminate => &mut counts.indeterminate,
        Verdict::Compliant => &mut counts.compliant,
    };
    *of = of.saturating_add_signed(by);
}

/// What a task comes to.
struct Found {
    entries: Vec<Entry>,
    /// Those that are only counted.
    compliant: u64,
    keep_compliant: bool,
}

impl Found {
    fn push(&mut self, entry: Entry) {
        match entry.judgement.verdict {
            Verdict::Compliant if !self.keep_compliant => self.compliant += 1,
            _ => self.entries.push(entry),
        }
    }
}

pub(super) struct Judging<'a> {
    pub plan: &'a Plan,
    pub runtime: &'a Runtime,
    pub world: &'a World,
    pub(super) candidates: &'a [Vec<u32>],
    /// Whose rules are judged.
    pub(super) level: u32,
}

impl<'a> Judging<'a> {
    pub fn context(&self, rule: &RulePlan, period: Option<(i32, i32)>) -> Context<'a> {
        self.runtime.context(self.plan, self.world, rule.clock, period)
    }

    /// Of the rules that go over a table: whether one is in force at one of its moments.
    fn moments_in_force(&self, in_force: &mut [bool]) {
        for (rule, seen) in self.plan.rules.iter().zip(in_force) {
            if let Trigger::Each { .. } = rule.trigger {
                let cx = self.context(rule, None);
                let all = moments(self.plan, &cx, rule);
                *seen =
                    all.is_empty() || all.iter().any(|(time, _)| super::screen::in_force(rule.effective, *time, &cx));
            }
        }
    }

    /// The rules of the level, and their places in the plan; not those that stand for metrics.
    pub fn rules(&self) -> impl Iterator<Item = (usize, &'a RulePlan)> {
        let level = self.level;
        self.plan.rules.iter().enumerate().skip(self.plan.metrics.len()).filter(move |(_, r)| r.level == level)
    }

    fn tasks(&self) -> Vec<Task> {
        let mut tasks = Vec::new();
        let chunks = |n: usize| (0..n.div_ceil(CHUNK)).map(move |c| (c * CHUNK, n.min((c + 1) * CHUNK)));
        for (i, rule) in self.rules() {
            let i = i as u32;
            match (&rule.trigger, &rule.body) {
                (Trigger::Each { .. }, _) => {
                    let moments = moments(self.plan, &self.context(rule, None), rule);
                    tasks.extend(moments.into_iter().map(|(time, period)| Task::Each { rule: i, time, period }));
                }
                (Trigger::Sequence { .. }, _) => {
                    let Some(history) = sequence::last(rule) else { continue };
                    let lists = self.world.histories[history as usize].lists.len();
                    tasks.extend(chunks(lists).map(|(from, until)| Task::Sequence { rule: i, history, from, until }));
                }
                (_, Body::Limit { aggregate, .. }) => {
                    let lists = self.world.histories[*aggregate as usize].lists.len();
                    tasks.extend(chunks(lists).map(|(from, until)| Task::Lists {
                        rule: i,
                        history: *aggregate,
                        from,
                        until,
                    }));
                    if !self.world.histories[*aggregate as usize].alone.is_empty() {
                        tasks.push(Task::Alone { rule: i, history: *aggregate });
                    }
                }
                _ => {
                    let n = self.candidates[i as usize].len();
                    tasks.extend(chunks(n).map(|(from, until)| Task::Records { rule: i, from, until }));
                }
            }
        }
        tasks
    }

    fn run(&self, task: &Task, keep_compliant: bool) -> Found {
        let mut found = Found { entries: Vec::new(), compliant: 0, keep_compliant };
        if self.runtime.watch.is_stopped() {
            return found;
        }
        match *task {
            Task::Records { rule, from, until } => {
                let of = &self.plan.rules[rule as usize];
                let cx = self.context(of, None);
                for &id in &self.candidates[rule as usize][from..until] {
                    let frame = self.world.frame(of.trigger.kind(), id);
                    let there = self.world.existence(frame.kind, id);
                    if let Some(judgement) = judge(&cx, of, &Scope::top(frame), there) {
                        found.push(entry(rule, judgement, frame));
                    }
                }
            }
            Task::Each { rule, time, period } => {
                let of = &self.plan.rules[rule as usize];
                let cx = self.context(of, period);
                let table = of.trigger.kind();
                for id in 0..self.world.len(table) {
                    let frame = Frame { time: Some(time), ..self.world.frame(table, id) };
                    let valid = super::tables::valid(self.world, &self.plan.schema, table, id, Some(time), cx.zone);
                    let judgement = judge(&cx, of, &Scope::top(frame), valid);
                    if let Some(judgement) = judgement {
                        found.push(Entry { period, ..entry(rule, judgement, frame) });
                    }
                }
            }
            Task::Sequence { rule, history, from, until } => {
                let of = &self.plan.rules[rule as usize];
                let Some(search) = sequence::Search::new(self.context(of, None), of) else { return found };
                let lists = &self.world.histories[history as usize].lists;
                for list in (from..until).filter_map(|list| lists.at(list)) {
                    for matched in search.along(list) {
                        let frame = self.world.frame(of.trigger.kind(), matched.last);
                        found.push(Entry { steps: matched.ids, ..entry(rule, matched.judgement, frame) });
                    }
                }
            }
            Task::Lists { rule, history, from, until } => {
                let of = &self.plan.rules[rule as usize];
                let cx = self.context(of, None);
                let lists = &self.world.histories[history as usize].lists;
                for (i, list) in (from..until).filter_map(|i| Some((i, lists.at(i)?))) {
                    let owner = list.owner().map(|_| i as u32);
                    for (id, judgement) in limit::along(&cx, of, list) {
                        let entry = entry(rule, judgement, self.world.frame(of.trigger.kind(), id));
                        found.push(Entry { owner, ..entry });
                    }
                }
            }
            Task::Alone { rule, history } => {
                let of = &self.plan.rules[rule as usize];
                let cx = self.context(of, None);
                for &id in &self.world.histories[history as usize].alone {
                    let frame = self.world.frame(of.trigger.kind(), id);
                    let triggered = triggered(&cx, of, &Scope::top(frame), Truth::True);
                    let judgement = triggered.map(|t| t.err().unwrap_or(Judgement::plain(Verdict::Compliant)));
                    judgement.into_iter().for_each(|j| found.push(entry(rule, j, frame)));
                }
            }
        }
        found
    }

    /// Whom a limit counts the record for.
    pub fn owner(&self, entry: &Entry) -> Option<&'a Value> {
        let Body::Limit { aggregate, .. } = self.plan.rules[entry.rule as usize].body else { return None };
        self.world.histories[aggregate as usize].lists.at(entry.owner? as usize)?.owner()
    }

    fn sort(&self, entries: &mut [Entry]) {
        entries.sort_by_cached_key(|e| {
            let cx = self.context(&self.plan.rules[e.rule as usize], None);
            let time = e.time.map(|t| t.instant(cx.zone).unwrap_or(i64::MAX));
            let owner = self.owner(e).map(|v| match v {
                Value::Int(n) => (*n, String::new()),
                other => (0, display::value(other, &self.plan.schema, cx.zone)),
            });
            (e.rule, time.is_none(), time, e.kind, e.id, e.period, owner)
        });
    }

    /// Where people have pseudonyms, what is of one time is in no order that their names would have.
    fn shuffle(&self, entries: &mut [Entry]) {
        if self.runtime.people.fingerprint().is_some() {
            entries.sort_by_cached_key(|e| {
                let cx = self.context(&self.plan.rules[e.rule as usize], None);
                let time = e.time.map(|t| t.instant(cx.zone).unwrap_or(i64::MAX));
                (e.rule, time.is_none(), time, e.kind, self.identity(e))
            });
        }
    }

    /// Where a limit counts a record for those above somebody: the table, and the field by which it leads up.
    pub fn above(&self, entry: &Entry) -> Option<(KindId, ColumnId)> {
        let Body::Limit { aggregate, .. } = self.plan.rules[entry.rule as usize].body else { return None };
        let history = &self.plan.histories[aggregate as usize];
        match history.keys[history.every()?].inner.op {
            Op::Every { table, column, .. } => Some((table, column)),
            _ => None,
        }
    }

    pub fn subject(&self, entry: &Entry) -> Option<String> {
        let schema = &self.plan.schema;
        let cx = self.context(&self.plan.rules[entry.rule as usize], None);
        if let Some(owner) = self.owner(entry) {
            let (table, column) = self.above(entry)?;
            return Some(chain::shown(&cx, table, column, Val::of(owner)).replace(display::PERSON, ""));
        }
        let column = schema.kind(entry.kind).subject()?;
        let frame = self.world.frame(entry.kind, entry.id);
        let of = schema.column(entry.kind, column);
        let value = Val::cell(frame.rows, frame.row, column, of.optional).owned(&of.ty, schema)?;
        if of.sensitive {
            return Some(display::WITHHELD.into());
        }
        let shown = field_value(&cx, entry.kind, column, &value);
        Some(shown.replace(display::PERSON, ""))
    }
}

pub(super) fn entry(rule: u32, judgement: Judgement, frame: Frame<'_>) -> Entry {
    Entry {
        rule,
        judgement,
        kind: frame.kind,
        id: frame.id,
        time: frame.time,
        period: None,
        lacking: None,
        owner: None,
        steps: [].into(),
        counted_with: None,
        further: 0,
        nth: 1,
    }
}
