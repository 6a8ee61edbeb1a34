//! What a run on several machines needs: which rules can be judged together, by what key records have to come together
//! for them, and what is read for each.
//!
//! A rule that looks at no other record judges each by itself. One that looks at others by an equality of columns (its
//! `per`, a `by`, the subject, or an equality in its `where`) needs those with one value of these columns together. All
//! other rules need all records in one place, of those that some rule may find something in. What rules over findings
//! read are the findings of the stages before.

use super::{Atom, Body, HistoryPlan, Op, Plan, RulePlan, Test, Trigger, stored};
use crate::data::{ColumnId, KindId, Origin, Schema};
use crate::sema::hir::Hir;
use crate::source::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rules that are judged in one go.
#[derive(Clone, Debug)]
pub struct Stage {
    /// After the stages of lower levels: it reads what they found.
    pub level: u32,
    pub by: By,
    /// Of its rules only.
    pub plan: Arc<Plan>,
}

/// Which records have to be together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Each is judged by itself.
    Record,
    /// Those with one value in these columns.
    Key(BTreeMap<KindId, ColumnId>),
    /// All of them.
    Everyone,
}

/// The stages of a policy set, in an order in which they can be run.
pub fn stages(hir: &Hir) -> Vec<Stage> {
    let plan = Plan::compile(hir);
    let mut groups: Vec<(u32, By, Vec<usize>)> = Vec::new();
    let mut order: Vec<usize> = (0..plan.rules.len()).collect();
    order.sort_by_key(|&r| plan.rules[r].level);
    // A record of unknown time is told once, not by each wording of its rule: these are judged together.
    let wordings = |a: &usize, b: &usize| {
        let (a, b) = (&plan.rules[*a], &plan.rules[*b]);
        (a.level, &a.name) == (b.level, &b.name)
    };
    for rules in order.chunk_by(wordings) {
        let level = plan.rules[rules[0]].level;
        let by = worded(rules.iter().map(|&r| (by(&plan, &plan.rules[r]), plan.rules[r].trigger.kind())));
        let joined = groups.iter_mut().filter(|g| g.0 == level).find_map(|g| Some((joined(&g.1, &by)?, g)));
        match joined {
            Some((both, group)) => {
                group.1 = both;
                group.2.extend(rules);
            }
            None => groups.push((level, by, rules.to_vec())),
        }
    }
    let stage = |(level, by, rules): (u32, By, Vec<usize>)| {
        let of = rules.iter().filter_map(|&r| hir.rules.get(r).cloned()).collect();
        let own = Hir { rules: of, metrics: Vec::new(), tests: Vec::new(), ..hir.clone() };
        let mut own = Plan::compile(&own);
        own.read_alike(&plan);
        Stage { level, by, plan: Arc::new(own) }
    };
    groups.into_iter().map(stage).collect()
}

/// What is looked at of all records before any stage: which each is, when it was, and by what it comes together with
/// others.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Of no rules.
    pub plan: Arc<Plan>,
    /// By kind of record that some stage reads: the columns by which some stage brings it together.
    pub keys: BTreeMap<KindId, Vec<ColumnId>>,
}

pub fn survey(plan: &Plan, stages: &[Stage]) -> Survey {
    let mut keys: BTreeMap<KindId, Vec<ColumnId>> = BTreeMap::new();
    for stage in stages {
        for (kind, _) in stage.records().filter(|(kind, _)| plan.schema.kind(*kind).origin == Origin::Declared) {
            let of = keys.entry(kind).or_default();
            of.extend(stage.key(kind).filter(|column| !of.contains(column)));
        }
    }
    let mut plain = Plan { rules: Vec::new(), histories: Vec::new(), metrics: Vec::new(), ..plan.clone() };
    plain.kinds.iter_mut().for_each(|k| k.atoms = Vec::new());
    plain.read_every_kind();
    Survey { plan: Arc::new(plain), keys }
}

impl Stage {
    /// The kinds of records that are read, not those of tables; with the columns of each.
    pub fn records(&self) -> impl Iterator<Item = (KindId, Arc<[ColumnId]>)> + '_ {
        self.read().filter(|(kind, _)| !self.plan.schema.kind(*kind).is_table())
    }

    /// The tables that every part needs whole.
    pub fn tables(&self) -> impl Iterator<Item = (KindId, Arc<[ColumnId]>)> + '_ {
        self.read().filter(|(kind, _)| self.plan.schema.kind(*kind).is_table())
    }

    fn read(&self) -> impl Iterator<Item = (KindId, Arc<[ColumnId]>)> + '_ {
        let kinds = (0..self.plan.kinds.len() as u32).map(KindId);
        let read = kinds.filter(|k| self.plan.kinds[k.0 as usize].projection.is_some());
        read.filter_map(|kind| Some((kind, self.plan.columns(kind)?)))
    }

    /// The kind of findings of earlier stages that is read.
    pub fn findings(&self) -> Option<KindId> {
        self.plan.finding_kinds(self.level).find(|k| self.plan.kinds[k.0 as usize].projection.is_some())
    }

    /// The column by whose values records of a kind come together.
    pub fn key(&self, kind: KindId) -> Option<ColumnId> {
        match &self.by {
            By::Key(columns) => columns.get(&kind).copied(),
            By::Record | By::Everyone => None,
        }
    }

    /// Conditions that a record alone decides, as they stand in the policies: one in which none of these lists holds
    /// as a whole is nothing to any rule. None where all records of the kind are something.
    pub fn predicates(&self, kind: KindId) -> Option<Vec<Vec<Span>>> {
        let parts = |root: u8, all: &mut dyn Iterator<Item = &super::Expr>| {
            all.filter(|e| e.reads().at_once() && e.reads().only(root)).map(|e| e.span).collect::<Vec<Span>>()
        };
        self.of_readers(kind, |reader| match reader {
            Reader::Rule(rule) => {
                let when: &[super::Expr] = if matches!(rule.body, Body::Limit { .. }) { &[] } else { &rule.when };
                parts(0, &mut rule.filter.iter().chain(when))
            }
            Reader::History(history) => parts(history.root + 1, &mut history.inner.iter()),
        })
    }

    /// The same as comparisons of one column with constants, each with whether it has to hold: a record of which in
    /// each of these lists one surely does not is nothing to any rule.
    pub fn guards(&self, kind: KindId) -> Option<Vec<Vec<(&Atom, bool)>>> {
        let atoms = &self.plan.kinds.get(kind.0 as usize)?.atoms;
        let parts = |tests: &mut dyn Iterator<Item = &'_ Test>| {
            let mut found = Vec::new();
            for test in tests {
                if let Test::Atoms(program) = test {
                    program.conjuncts(true, &mut |atom, holds| {
                        found.extend(atoms.get(atom as usize).map(|atom| (atom, holds)));
                    });
                }
            }
            found
        };
        self.of_readers(kind, |reader| match reader {
            Reader::Rule(rule) => parts(&mut rule.screen.filter.iter().chain(&rule.screen.when)),
            Reader::History(history) => parts(&mut history.screen.iter()),
        })
    }

    /// Something of each that reads records of a kind; none where it is nothing of one of them.
    fn of_readers<'p, T>(&'p self, kind: KindId, of: impl Fn(Reader<'p>) -> Vec<T>) -> Option<Vec<Vec<T>>> {
        let plan = &self.plan;
        let triggered = |r: &&RulePlan| matches!(r.trigger, Trigger::Record { kind: k, .. } if k == kind);
        let rules = plan.rules.iter().filter(triggered).map(Reader::Rule);
        let histories = plan.histories.iter().filter(|h| h.kind == kind).map(Reader::History);
        // A record without a time is something to a rule that is not always in force, whatever else is in it.
        let dated = |reader: &Reader| matches!(reader, Reader::Rule(rule) if rule.effective != (None, None));
        let of = |reader| if dated(&reader) { Vec::new() } else { of(reader) };
        let found: Vec<Vec<T>> = rules.chain(histories).map(of).collect();
        let part_of =
            |k: &crate::data::Kind| matches!(&k.origin, Origin::Union(members) if members.iter().any(|m| m.0 == kind));
        let read_as_others =
            plan.schema.kinds.iter().zip(&plan.kinds).any(|(k, p)| part_of(k) && p.projection.is_some());
        if read_as_others || found.is_empty() || found.iter().any(Vec::is_empty) { None } else { Some(found) }
    }
}

/// What reads records of a kind.
enum Reader<'p> {
    Rule(&'p RulePlan),
    History(&'p HistoryPlan),
}

/// What suffices for both.
fn joined(one: &By, other: &By) -> Option<By> {
    match (one, other) {
        (By::Key(one), By::Key(other)) => {
            let agree = other.iter().all(|(kind, column)| one.get(kind).is_none_or(|c| c == column));
            agree.then(|| By::Key(one.iter().chain(other).map(|(k, c)| (*k, *c)).collect()))
        }
        (one, other) => (one == other).then(|| one.clone()),
    }
}

/// What suffices for all wordings of a rule, each with the kind that it is about.
fn worded(wordings: impl Iterator<Item = (By, KindId)>) -> By {
    let (alone, others): (Vec<_>, Vec<_>) = wordings.partition(|(by, _)| *by == By::Record);
    let all = others.into_iter().map(|(by, _)| Some(by)).reduce(|one, other| joined(&one?, &other?));
    match all {
        None => By::Record,
        Some(Some(By::Key(keys))) if alone.iter().all(|(_, kind)| keys.contains_key(kind)) => By::Key(keys),
        Some(_) => By::Everyone,
    }
}

fn by(plan: &Plan, rule: &RulePlan) -> By {
    let kind = match rule.trigger {
        Trigger::Each { .. } => return By::Everyone,
        Trigger::Record { kind, .. } | Trigger::Sequence { kind, .. } => kind,
    };
    let of_findings = plan.schema.kind(kind).origin == Origin::Findings;
    let alone = rule.histories.is_empty() && rule.once.is_none() && rule.sequence.is_none();
    if alone {
        return if of_findings { By::Everyone } else { By::Record };
    }
    let found = match &rule.sequence {
        Some(_) => sequence(plan, rule),
        None => candidates(plan, rule, kind).into_iter().find_map(|column| {
            let mut keys = BTreeMap::new();
            let mut top = rule.histories.iter().filter(|&&h| plan.histories[h as usize].root == 0);
            let all =
                assign(&plan.schema, &mut keys, kind, column) && top.all(|&h| follow(plan, h, &[kind], &mut keys));
            all.then_some(keys)
        }),
    };
    match found.filter(|keys| thinned_within(rule, kind, keys)) {
        Some(keys) => By::Key(keys),
        None => By::Everyone,
    }
}

/// Columns of the triggering record that others are looked for by, the subject first.
fn candidates(plan: &Plan, rule: &RulePlan, kind: KindId) -> Vec<ColumnId> {
    let subject = plan.schema.kind(kind).subject();
    let mut columns: Vec<ColumnId> = subject.into_iter().filter(|c| !parts_alike(&plan.schema, kind, *c)).collect();
    let mut add = |e: &super::Expr| {
        if let Op::Column { root: 0, column } = e.op
            && !columns.contains(&column)
            && !parts_alike(&plan.schema, kind, column)
        {
            columns.push(column);
        }
    };
    for &h in &rule.histories {
        let history = &plan.histories[h as usize];
        history.keys.iter().chain(&history.joins).for_each(|k| add(&k.outer));
    }
    rule.once.iter().flat_map(|o| &o.keys).for_each(|(_, k)| add(k));
    columns
}

/// Whether records without an identity can be alike and differ in the column. What is found in such is numbered, and
/// has to be found in one place.
fn parts_alike(schema: &Schema, kind: KindId, column: ColumnId) -> bool {
    match &schema.kind(kind).origin {
        Origin::Union(members) => members
            .iter()
            .any(|(member, columns)| columns.get(column.0 as usize).is_none_or(|c| parts_alike(schema, *member, *c))),
        _ => schema.kind(kind).identity.is_empty() && schema.column(kind, column).sensitive,
    }
}

/// Records of `kind` come together by this column; false where they do already by another.
fn assign(schema: &Schema, keys: &mut BTreeMap<KindId, ColumnId>, kind: KindId, column: ColumnId) -> bool {
    let ty = |kind, column| stored(schema, &schema.column(kind, column).ty);
    let agrees = keys.iter().next().is_none_or(|(k, c)| ty(*k, *c) == ty(kind, column));
    if !agrees || keys.insert(kind, column).is_some_and(|before| before != column) {
        return false;
    }
    match &schema.kind(kind).origin {
        Origin::Union(members) => members
            .iter()
            .all(|(member, columns)| columns.get(column.0 as usize).is_some_and(|c| assign(schema, keys, *member, *c))),
        Origin::Declared | Origin::Findings => true,
    }
}

/// Whether a history, and those in it, find all that they look for beside the record. `around`: the kinds of the roots
/// that it can see.
fn follow(plan: &Plan, history: u32, around: &[KindId], keys: &mut BTreeMap<KindId, ColumnId>) -> bool {
    let of = &plan.histories[history as usize];
    let around = &around[..around.len().min(of.root as usize + 1)];
    let table = plan.schema.kind(of.kind).is_table();
    if !(table || of.every().is_none() && tied(plan, of, around, keys)) {
        return false;
    }
    let inside: Vec<KindId> = around.iter().copied().chain([of.kind]).collect();
    let ends = of.keys.iter().chain(&of.joins).flat_map(|k| [&k.inner, &k.outer]);
    let parts = of.inner.iter().chain(&of.pair).chain(&of.join_conditions).chain(&of.value).chain(ends);
    let nested: Vec<u32> = parts.chain(of.per.iter().map(|p| &p.1)).flat_map(super::Expr::histories).collect();
    nested.into_iter().all(|h| follow(plan, h, &inside, keys))
}

/// Some equality of the history holds only between records that are together.
fn tied(plan: &Plan, of: &HistoryPlan, around: &[KindId], keys: &mut BTreeMap<KindId, ColumnId>) -> bool {
    let schema = &plan.schema;
    of.keys.iter().map(|k| (k, false)).chain(of.joins.iter().map(|k| (k, true))).any(|(key, join)| {
        let (Op::Column { root, column: outer }, Op::Column { root: own, column: inner }) =
            (&key.outer.op, &key.inner.op)
        else {
            return false;
        };
        let Some(kind) = around.get(*root as usize).filter(|_| *own == of.root + 1) else { return false };
        // An absent value of an equality in a `where` is not equal to any; a key has to be there.
        let may_lack = schema.column(*kind, *outer).optional || schema.column(of.kind, *inner).optional;
        if keys.get(kind) != Some(outer) || join && may_lack {
            return false;
        }
        let mut with = keys.clone();
        let fits = assign(schema, &mut with, of.kind, *inner);
        if fits {
            *keys = with;
        }
        fits
    })
}

/// The steps of a sequence have one key.
fn sequence(plan: &Plan, rule: &RulePlan) -> Option<BTreeMap<KindId, ColumnId>> {
    let steps: Vec<&HistoryPlan> =
        rule.sequence.iter().flat_map(|s| &s.steps).map(|s| &plan.histories[s.history as usize]).collect();
    let only_steps = rule.histories.len() == steps.len();
    let number = steps.first()?.keys.len();
    (0..number).filter(|_| only_steps).find_map(|nth| {
        let mut keys = BTreeMap::new();
        let mut fits = |step: &&HistoryPlan| match step.keys.get(nth).map(|k| &k.inner.op) {
            Some(Op::Column { root, column })
                if *root == step.root + 1 && !parts_alike(&plan.schema, step.kind, *column) =>
            {
                assign(&plan.schema, &mut keys, step.kind, *column)
            }
            _ => false,
        };
        let own = |kind: KindId, keys: &BTreeMap<KindId, ColumnId>| keys.contains_key(&kind);
        let all = steps.iter().all(&mut fits) && own(rule.trigger.kind(), &keys);
        all.then_some(keys)
    })
}

/// Findings that are counted as one are together: one of their keys is the column.
fn thinned_within(rule: &RulePlan, kind: KindId, keys: &BTreeMap<KindId, ColumnId>) -> bool {
    let own = |e: &super::Expr| match e.op {
        Op::Column { root: 0, column } => rule.sequence.is_none() && keys.get(&kind) == Some(&column),
        _ => false,
    };
    rule.once.as_ref().is_none_or(|once| once.keys.iter().any(|(_, key)| own(key)))
}
