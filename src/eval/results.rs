//! Verdicts in columns, and the counts beside them.

use super::chain;
use super::explain;
use super::interp::{Context, Frame, NO_ID, Scope};
use super::judge::{Judgement, judge, moments, triggered};
use super::limit;
use super::problems::{self, DataProblem};
use super::records::Settled;
use super::rows::Rows;
use super::screen::in_force;
use super::sequence;
use super::strata;
use super::val::Val;
use super::world::World;
use super::{Explanation, Options, RuleCounts, Runtime, Truth, parallel};
use crate::data::calendar::Zone;
use crate::data::{ColumnId, KindId, Origin, Place, Time, Value, Verdict, display, identity};
use crate::plan::{Body, Op, Plan, RulePlan, Trigger, Waiver};
use rustc_hash::{FxHashMap, FxHashSet};
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
    rules: Vec<u32>,
    verdicts: Vec<Verdict>,
    subjects: Vec<Option<String>>,
    ids: Vec<[u8; 16]>,
    pub(super) entries: Vec<Entry>,
    counts: Vec<RuleCounts>,
    kinds: Vec<KindCounts>,
    problems: Vec<DataProblem>,
    in_force: Vec<bool>,
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

const CHUNK: usize = 1024;

pub(super) fn conclude(plan: Arc<Plan>, runtime: Arc<Runtime>, settled: Settled, options: &Options) -> Findings {
    let Settled { mut world, counts: kinds, compliant, mut in_force, mut candidates } = settled;
    let mut counts = vec![RuleCounts::default(); plan.rules.len()];
    counts.iter_mut().zip(&compliant).for_each(|(c, n)| c.compliant = *n);
    let mut entries: Vec<Entry> = Vec::new();
    let highest = plan.rules.iter().map(|r| r.level).max().unwrap_or(0);
    for level in 0..=highest {
        for kind in plan.finding_kinds(level) {
            let judging = Judging { plan: &plan, runtime: &runtime, world: &world, candidates: &candidates, level };
            let Some(found) = strata::collect(&judging, kind, &entries) else { continue };
            let laid = strata::lay(&plan, &runtime, &mut world, &mut candidates, found, options);
            laid.compliant.iter().for_each(|(rule, n)| counts[*rule as usize].compliant += n);
            laid.in_force.iter().for_each(|rule| in_force[*rule as usize] = true);
        }
        let judging = Judging { plan: &plan, runtime: &runtime, world: &world, candidates: &candidates, level };
        let tasks = judging.tasks();
        let found = parallel(options.threads, tasks.len(), |i| judging.run(&tasks[i]));
        let mut of_level: Vec<Entry> = Vec::new();
        for entry in found.into_iter().flatten() {
            count(&mut counts[entry.rule as usize], entry.judgement.verdict, 1);
            if options.keep_compliant || entry.judgement.verdict != Verdict::Compliant {
                of_level.push(entry);
            }
        }
        judging.lacking(&mut of_level, &mut counts);
        judging.sort(&mut of_level);
        judging.thin(&mut of_level, &mut counts);
        entries.append(&mut of_level);
    }
    let judging = Judging { plan: &plan, runtime: &runtime, world: &world, candidates: &candidates, level: 0 };
    judging.moments_in_force(&mut in_force);
    judging.sort(&mut entries);
    let chunks = entries.len().div_ceil(CHUNK);
    let named = parallel(options.threads, chunks, |c| {
        let of = &entries[c * CHUNK..entries.len().min((c + 1) * CHUNK)];
        of.iter().map(|e| (judging.subject(e), judging.identity(e))).collect::<Vec<_>>()
    });
    let (subjects, ids) = named.into_iter().flatten().unzip();
    let rules = entries.iter().map(|e| e.rule).collect();
    let verdicts = entries.iter().map(|e| e.judgement.verdict).collect();
    let problems = problems::find(&plan, &runtime, &world);
    Findings { plan, runtime, world, rules, verdicts, subjects, ids, entries, counts, kinds, problems, in_force }
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

pub(super) struct Judging<'a> {
    pub plan: &'a Plan,
    pub runtime: &'a Runtime,
    pub world: &'a World,
    candidates: &'a [Vec<u32>],
    /// Whose rules are judged.
    level: u32,
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

    fn tasks(&self) -> Vec<Task> {
        let mut tasks = Vec::new();
        let chunks = |n: usize| (0..n.div_ceil(CHUNK)).map(move |c| (c * CHUNK, n.min((c + 1) * CHUNK)));
        for (i, rule) in self.plan.rules.iter().enumerate().filter(|(_, r)| r.level == self.level) {
            let i = i as u32;
            match (&rule.trigger, &rule.body) {
                (Trigger::Each { .. }, _) => {
                    let moments = moments(self.plan, &self.context(rule, None), rule);
                    tasks.extend(moments.into_iter().map(|(time, period)| Task::Each { rule: i, time, period }));
                }
                (Trigger::Sequence { .. }, _) => {
                    let Some(history) = sequence::last(rule) else { continue };
                    let lists = self.world.histories[history as usize].lists.lists.len();
                    tasks.extend(chunks(lists).map(|(from, until)| Task::Sequence { rule: i, history, from, until }));
                }
                (_, Body::Limit { aggregate, .. }) => {
                    let lists = self.world.histories[*aggregate as usize].lists.lists.len();
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

    fn run(&self, task: &Task) -> Vec<Entry> {
        let mut entries = Vec::new();
        match *task {
            Task::Records { rule, from, until } => {
                let of = &self.plan.rules[rule as usize];
                let cx = self.context(of, None);
                for &id in &self.candidates[rule as usize][from..until] {
                    let frame = self.world.frame(of.trigger.kind(), id);
                    let there = self.world.existence(frame.kind, id);
                    if let Some(judgement) = judge(&cx, of, &Scope::top(frame), there) {
                        entries.push(entry(rule, judgement, frame));
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
                        entries.push(Entry { period, ..entry(rule, judgement, frame) });
                    }
                }
            }
            Task::Sequence { rule, history, from, until } => {
                let of = &self.plan.rules[rule as usize];
                let Some(search) = sequence::Search::new(self.context(of, None), of) else { return entries };
                for list in &self.world.histories[history as usize].lists.lists[from..until] {
                    for found in search.along(list) {
                        let frame = self.world.frame(of.trigger.kind(), found.last);
                        entries.push(Entry { steps: found.ids, ..entry(rule, found.judgement, frame) });
                    }
                }
            }
            Task::Lists { rule, history, from, until } => {
                let of = &self.plan.rules[rule as usize];
                let cx = self.context(of, None);
                for (i, list) in self.world.histories[history as usize].lists.lists[from..until].iter().enumerate() {
                    let owner = list.owner.as_ref().map(|_| (from + i) as u32);
                    for (id, judgement) in limit::along(&cx, of, list) {
                        let entry = entry(rule, judgement, self.world.frame(of.trigger.kind(), id));
                        entries.push(Entry { owner, ..entry });
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
                    entries.extend(judgement.map(|j| entry(rule, j, frame)));
                }
            }
        }
        entries
    }

    /// Records that a limit cannot add to any sum, or that can be in no sequence: one indeterminate verdict each,
    /// unless the rule says more of it already.
    fn lacking(&self, entries: &mut Vec<Entry>, counts: &mut [RuleCounts]) {
        if self.world.histories.iter().all(|h| h.lacking.is_empty()) {
            return;
        }
        let before: FxHashMap<(u32, KindId, u32), usize> = entries
            .iter()
            .enumerate()
            .filter(|e| e.1.owner.is_none())
            .map(|(i, e)| ((e.rule, e.kind, e.id), i))
            .collect();
        // A record that is judged as one of several kinds is the same one.
        let by_place: FxHashMap<(u32, Place), usize> = entries
            .iter()
            .enumerate()
            .filter(|e| e.1.owner.is_none() && self.is_union(e.1.kind))
            .filter_map(|(i, e)| Some(((e.rule, self.place(e.kind, e.id)?), i)))
            .collect();
        let mut replaced: FxHashSet<usize> = FxHashSet::default();
        let mut more = Vec::new();
        for (i, rule) in self.plan.rules.iter().enumerate().filter(|(_, r)| r.level == self.level) {
            let cx = self.context(rule, None);
            let summed = match rule.body {
                Body::Limit { aggregate, .. } => Some(aggregate),
                _ => sequence::last(rule),
            };
            let mut all: Vec<(KindId, u32, u32, Option<u32>)> = Vec::new();
            let mut judged: Option<FxHashSet<u32>> = None;
            let mut beside: FxHashSet<u32> = FxHashSet::default();
            for &history in &rule.histories {
                let kind = self.plan.histories[history as usize].kind;
                // What a limit adds up, and the last step of a sequence, are the records that trigger it.
                let counts = |id| {
                    let scope = Scope::top(self.world.frame(kind, id));
                    summed != Some(history) || triggered(&cx, rule, &scope, Truth::True).is_some()
                };
                let lacking = &self.world.histories[history as usize].lacking;
                all.extend(lacking.iter().filter(|l| counts(l.id)).map(|l| (kind, l.id, history, l.key)));
                if summed == Some(history) {
                    beside.extend(lacking.iter().map(|l| l.id));
                }
            }
            all.sort_unstable();
            all.dedup_by_key(|l| (l.0, l.1));
            let union = self.is_union(rule.trigger.kind());
            let mut told: FxHashSet<Place> = FxHashSet::default();
            for (kind, id, history, key) in all {
                let frame = self.world.frame(kind, id);
                if union && self.place(kind, id).is_some_and(|place| !told.insert(place)) {
                    continue;
                }
                let mut entry_before = before.get(&(i as u32, kind, id)).copied();
                let own = !matches!(rule.trigger, Trigger::Each { .. }) && rule.trigger.kind() == kind;
                let part = self.runtime.unions[kind.0 as usize].iter().find(|u| u.0 == rule.trigger.kind());
                let verdict = if let (false, Some((union, projection))) = (own, part) {
                    entry_before = self.place(kind, id).and_then(|place| by_place.get(&(i as u32, place)).copied());
                    match entry_before {
                        Some(at) => Some(entries[at].judgement.verdict),
                        None if summed.is_some_and(|h| self.plan.histories[h as usize].every().is_some()) => None,
                        None => {
                            let rows = frame.rows.take(&[frame.row as u32]).project(*union, projection);
                            let frame = Frame { kind: *union, rows: &rows, row: 0, id: NO_ID, time: frame.time };
                            let verdict = triggered(&cx, rule, &Scope::top(frame), Truth::True);
                            verdict.map(|_| Verdict::Compliant)
                        }
                    }
                } else if !own || (summed.is_some() && beside.contains(&id)) {
                    None
                } else if let Some(at) = entry_before {
                    Some(entries[at].judgement.verdict)
                } else if summed.is_some_and(|h| self.counts_for_some(h, id)) {
                    None
                } else if rule.sequence.is_some() {
                    let judged = judged.get_or_insert_with(|| self.last_records(rule, &cx));
                    judged.contains(&id).then_some(Verdict::Compliant)
                } else {
                    // Compliant verdicts are only counted.
                    let scope = Scope::top(frame);
                    triggered(&cx, rule, &scope, Truth::True).map(|_| Verdict::Compliant)
                };
                match verdict {
                    None => {}
                    Some(Verdict::Compliant) => {
                        count(&mut counts[i], Verdict::Compliant, -1);
                        replaced.extend(entry_before);
                    }
                    Some(_) => continue,
                }
                let judgement = Judgement::plain(Verdict::Indeterminate);
                count(&mut counts[i], judgement.verdict, 1);
                more.push(Entry { lacking: Some((history, key)), ..entry(i as u32, judgement, frame) });
            }
        }
        let mut at = 0;
        entries.retain(|_| {
            at += 1;
            !replaced.contains(&(at - 1))
        });
        entries.append(&mut more);
    }

    fn is_union(&self, kind: KindId) -> bool {
        matches!(self.plan.schema.kind(kind).origin, Origin::Union(_))
    }

    fn place(&self, kind: KindId, id: u32) -> Option<Place> {
        let frame = self.world.frame(kind, id);
        frame.rows.places.get(frame.row).copied()
    }

    /// One record counts for each of a set of people, and this one for somebody.
    fn counts_for_some(&self, history: u32, id: u32) -> bool {
        let every = self.plan.histories[history as usize].every().is_some();
        every && self.world.histories[history as usize].alone.binary_search(&id).is_err()
    }

    /// Whom a limit counts the record for.
    pub fn owner(&self, entry: &Entry) -> Option<&'a Value> {
        let Body::Limit { aggregate, .. } = self.plan.rules[entry.rule as usize].body else { return None };
        self.world.histories[aggregate as usize].lists.lists.get(entry.owner? as usize)?.owner.as_ref()
    }

    /// The records that a rule on a sequence judges.
    fn last_records(&self, rule: &RulePlan, cx: &Context<'_>) -> FxHashSet<u32> {
        let Some(history) = sequence::last(rule) else { return FxHashSet::default() };
        let lists = self.world.histories[history as usize].lists.lists.iter();
        let time = |id: &u32| self.world.frame(rule.trigger.kind(), *id).time;
        let judged = lists.flat_map(|l| l.ids.iter().copied());
        judged.filter(|id| time(id).is_some_and(|t| in_force(rule.effective, t, cx))).collect()
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

    pub fn subject(&self, entry: &Entry) -> Option<String> {
        let schema = &self.plan.schema;
        let cx = self.context(&self.plan.rules[entry.rule as usize], None);
        if let Some(owner) = self.owner(entry) {
            let Body::Limit { aggregate, .. } = self.plan.rules[entry.rule as usize].body else { return None };
            let history = &self.plan.histories[aggregate as usize];
            let Op::Every { table, column, .. } = history.keys[history.every()?].inner.op else { return None };
            return Some(chain::shown(&cx, table, column, Val::of(owner)));
        }
        let column = schema.kind(entry.kind).subject()?;
        let frame = self.world.frame(entry.kind, entry.id);
        let of = schema.column(entry.kind, column);
        let value = Val::cell(frame.rows, frame.row, column, of.optional).owned(&of.ty, schema)?;
        if of.sensitive {
            return Some(display::WITHHELD.into());
        }
        Some(display::value(&value, schema, cx.zone))
    }

    /// Of the finding: made from the record, or the table's row and the moment.
    pub fn identity(&self, entry: &Entry) -> [u8; 16] {
        let schema = &self.plan.schema;
        let rule = &self.plan.rules[entry.rule as usize];
        let kind = schema.kind(self.world.frame(entry.kind, entry.id).rows.own().kind);
        if !entry.steps.is_empty() {
            return self.identity_of_steps(rule, entry);
        }
        let record = self.world.identity(schema, entry.kind, entry.id);
        match (rule.trigger, entry.time) {
            (Trigger::Each { table, .. }, Some(time)) if table == entry.kind => {
                let moment = display::time(time, &Zone::utc());
                identity::finding(&rule.name, &rule.revision, &[(&kind.name, &record), ("period end", &moment)])
            }
            _ => match self.owner(entry) {
                Some(owner) => {
                    let owner = display::value(owner, schema, &Zone::utc());
                    identity::finding(&rule.name, &rule.revision, &[(&kind.name, &record), ("above", &owner)])
                }
                None => identity::finding(&rule.name, &rule.revision, &[(&kind.name, &record)]),
            },
        }
    }

    /// Made from all records of the match.
    fn identity_of_steps(&self, rule: &RulePlan, entry: &Entry) -> [u8; 16] {
        let schema = &self.plan.schema;
        let search = sequence::Search::new(self.context(rule, None), rule);
        let records = search.map_or_else(Vec::new, |s| s.records(&entry.steps));
        let named: Vec<(&str, String)> = records
            .iter()
            .map(|f| (schema.kind(f.kind).name.as_str(), self.world.identity(schema, f.kind, f.id)))
            .collect();
        let named: Vec<(&str, &str)> = named.iter().map(|(kind, identity)| (*kind, identity.as_str())).collect();
        identity::finding(&rule.name, &rule.revision, &named)
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
    }
}

impl Findings {
    pub(super) fn judging(&self) -> Judging<'_> {
        Judging { plan: &self.plan, runtime: &self.runtime, world: &self.world, candidates: &[], level: 0 }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
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

    /// Why the verdict is as it is.
    pub fn explain(&self, i: usize) -> Explanation {
        let entry = &self.entries[i];
        let mut why = explain::explain(&self.plan, &self.runtime, &self.world, entry);
        if let Some(once) = &mut why.once {
            let first = self.rules.partition_point(|r| *r < entry.rule);
            once.counted_with = entry.counted_with.and_then(|nth| self.ids.get(first + nth as usize)).copied();
        }
        why
    }

    /// What a rule's conditions are at a record that did not trigger it; none where the record is of another kind,
    /// or was not kept.
    pub fn explain_untriggered(&self, rule: usize, place: Place) -> Option<Explanation> {
        let Trigger::Record { kind, .. } = self.plan.rules.get(rule)?.trigger else { return None };
        let frames = (0..self.world.len(kind)).map(|id| self.world.frame(kind, id));
        let frame = frames.into_iter().find(|f| f.rows.places.get(f.row) == Some(&place))?;
        let entry = entry(rule as u32, Judgement::plain(Verdict::Compliant), frame);
        Some(explain::explain(&self.plan, &self.runtime, &self.world, &entry))
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
