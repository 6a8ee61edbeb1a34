//! Judging a stream: records come as they come, and a verdict is said once nothing that comes can change it.
//!
//! The records of a stream are *complete* up to a moment, which only moves forward: what comes later and is older is
//! late, and not taken. The records up to that moment are judged as of it, by the one [`Evaluator`], and a verdict is
//! final once the records are complete beyond all that its rule looks at ([`Reach`]). Records that no rule can look
//! at any more are let go.

mod adopt;
mod kept;
mod reach;

pub use adopt::Adopted;
pub use reach::{Reach, reaches};

use super::limit;
use super::verdicts::Findings;
use super::world::Watermark;
use super::{BatchError, Evaluator, Options, PlanError};
use crate::data::calendar::Zone;
use crate::data::{Batch, KindId, Place, Time, Verdict};
use crate::plan::{Body, Plan};
use crate::threads::lock;
use kept::{Kept, moments};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is known of a stream apart from its records and of what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// All records before this moment are there, in nanoseconds since 1970.
    pub complete: Option<i64>,
    /// The earliest and the latest record dated by day.
    pub days: Option<(i32, i32)>,
    /// The earliest and the latest with a timestamp.
    pub instants: Option<(i64, i64)>,
    /// By name and wording.
    pub rules: BTreeMap<String, RuleStanding>,
    /// By kind: since when all of its records were kept. None of the kind: since ever.
    pub since: BTreeMap<String, i64>,
    /// Kinds of which it is known.
    pub kinds: BTreeSet<String>,
    /// The stream has ended: all was said.
    pub ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStanding {
    /// What was final when the records were complete up to this moment has been said.
    pub said: i64,
    /// Of records up to this moment it says nothing.
    pub from: i64,
    /// How much later what may change its verdicts can come, in nanoseconds.
    pub window: i64,
}

/// What became of the rows of a batch.
#[derive(Debug, Default)]
pub struct Taken {
    /// Rows that came too late, with their moments.
    pub late: Vec<(Place, i64)>,
    /// Rows that are kept, with their moments; none where that is unknown, or the kind has none.
    pub kept: Vec<(Place, Option<i64>)>,
    /// The latest moment of any.
    pub latest: Option<i64>,
}

/// What can be said now.
#[derive(Debug)]
pub struct Judged {
    pub findings: Findings,
    /// The verdicts that were not said before, by index.
    pub new: Vec<usize>,
    /// Verdicts that were said, or would have been, and that a record without its time or a differing repeat has
    /// changed since.
    pub changed: usize,
}

/// What was let go: all before these moments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// By kind.
    pub kinds: Vec<i64>,
    pub said: i64,
}

/// A stream of records under one policy set.
#[derive(Debug)]
pub struct Stream {
    plan: Arc<Plan>,
    reaches: Vec<Reach>,
    zone: Zone,
    standing: Standing,
    /// By kind.
    kept: Vec<Kept>,
    /// What was said, with the moment of its record.
    said: Said,
    adopted: Vec<Adopted>,
}

/// Verdicts that were said, by their ids, with the moments of their records.
pub type Said = FxHashMap<[u8; 16], (Verdict, Option<i64>)>;

impl Stream {
    /// A stream that begins, or one that goes on, maybe under another plan than before.
    ///
    /// # Errors
    /// A plan that cannot be run here.
    pub fn new(plan: Arc<Plan>, mut standing: Standing, said: Said) -> Result<Stream, PlanError> {
        Evaluator::new(plan.clone(), Options::default())?;
        let zone = Zone::named(&plan.timezone).ok_or_else(|| PlanError::Zone(plan.timezone.clone()))?;
        let kept = plan.schema.kinds.iter().map(|_| Kept::default()).collect();
        let reaches = reaches(&plan);
        let adopted = adopt::adopt(&mut standing, &plan, &reaches);
        Ok(Stream { reaches, zone, standing, kept, said, adopted, plan })
    }

    /// The same stream under another plan, without its records: they have to be read anew, and taken back.
    ///
    /// # Errors
    /// A plan that cannot be run here.
    pub fn under(&self, plan: Arc<Plan>) -> Result<Stream, PlanError> {
        Stream::new(plan, self.standing.clone(), self.said.clone())
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Rules that are new in a stream that has begun.
    pub fn adopted(&self) -> &[Adopted] {
        &self.adopted
    }

    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// By rule.
    pub fn reaches(&self) -> &[Reach] {
        &self.reaches
    }

    /// Whether a verdict with this id was said.
    pub fn has_said(&self, id: &[u8; 16]) -> bool {
        self.said.contains_key(id)
    }

    /// When the record happened of which a verdict was said.
    pub fn moment(&self, id: &[u8; 16]) -> Option<i64> {
        self.said.get(id)?.1
    }

    /// How many rows are kept.
    pub fn rows(&self) -> usize {
        self.kept.iter().map(Kept::rows).sum()
    }

    /// Takes what has come. Rows that are late are not taken.
    ///
    /// # Errors
    /// Where the batch is not of the plan's kinds.
    pub fn take(&mut self, batch: Batch) -> Result<Taken, BatchError> {
        let kind = batch.kind;
        let of = self.plan.schema.kinds.get(kind.0 as usize).ok_or(BatchError::NoSuchKind(kind))?;
        let times = moments(&self.plan, &batch, &self.zone);
        let mut taken = Taken { latest: times.iter().flatten().copied().max(), ..Taken::default() };
        let (mut on_time, complete) = (Vec::new(), self.standing.complete);
        for (row, time) in times.iter().enumerate() {
            match (time, complete) {
                (Some(at), Some(complete)) if *at < complete => taken.late.push((batch.places[row], *at)),
                _ => on_time.push(row as u32),
            }
        }
        let dated = of.time().is_some_and(|c| self.plan.schema.column(kind, c).ty == crate::data::Type::Date);
        for at in on_time.iter().filter_map(|&row| times[row as usize]) {
            match dated {
                true => {
                    let day = self.zone.date_at(at);
                    self.standing.days = Some(self.standing.days.map_or((day, day), |(a, b)| (a.min(day), b.max(day))));
                }
                false => {
                    self.standing.instants =
                        Some(self.standing.instants.map_or((at, at), |(a, b)| (a.min(at), b.max(at))));
                }
            }
        }
        if self.is_kept(kind) {
            taken.kept = on_time.iter().map(|&row| (batch.places[row as usize], times[row as usize])).collect();
            self.kept[kind.0 as usize].add(batch, times, &on_time);
        }
        Ok(taken)
    }

    /// Takes rows back that were kept before, for each of which `stays` holds.
    ///
    /// # Errors
    /// Where the batch is not of the plan's kinds.
    pub fn take_back(&mut self, batch: Batch, stays: impl Fn(Place, Option<i64>) -> bool) -> Result<(), BatchError> {
        let kind = batch.kind;
        if kind.0 as usize >= self.kept.len() {
            return Err(BatchError::NoSuchKind(kind));
        }
        let times = moments(&self.plan, &batch, &self.zone);
        let rows = (0..batch.rows() as u32).filter(|&r| stays(batch.places[r as usize], times[r as usize]));
        let rows: Vec<u32> = rows.collect();
        if self.is_kept(kind) {
            self.kept[kind.0 as usize].add(batch, times, &rows);
        }
        Ok(())
    }

    fn is_kept(&self, kind: KindId) -> bool {
        self.plan.kinds.get(kind.0 as usize).is_some_and(|k| k.projection.is_some())
    }

    /// The records are complete before this moment: what is older does not come any more, or is late.
    pub fn complete(&mut self, moment: i64) {
        self.standing.complete = Some(self.standing.complete.map_or(moment, |before| before.max(moment)));
    }

    fn evaluator(&self, options: Options) -> Result<Evaluator, PlanError> {
        let mut evaluator = Evaluator::new(self.plan.clone(), options)?;
        for batch in self.kept.iter().flat_map(Kept::batches) {
            // It was taken before.
            let _ = evaluator.push(batch.clone());
        }
        // Of records that are not kept, it is known how far they reach.
        let (days, instants) = (self.standing.days, self.standing.instants);
        let reach = Watermark { dates: days, instants, ..Watermark::default() };
        lock(&evaluator.taken).reach(&reach);
        Ok(evaluator)
    }

    /// Judges what is there, and says what is final and was not said before. None before the first record.
    ///
    /// # Errors
    /// A plan that cannot be run here.
    pub fn judge(&mut self, threads: usize) -> Result<Option<Judged>, PlanError> {
        self.judge_by(threads, |evaluator| Ok(evaluator.finish()))
    }

    /// The same, with somebody else who has the evaluator judge: within limits, say. Where that fails, nothing was said.
    ///
    /// # Errors
    /// As [`Stream::judge`], and those of `finish`.
    pub fn judge_by<E: From<PlanError>>(
        &mut self,
        threads: usize,
        finish: impl FnOnce(Evaluator) -> Result<Findings, E>,
    ) -> Result<Option<Judged>, E> {
        let Some(complete) = self.standing.complete.filter(|_| !self.standing.ended) else { return Ok(None) };
        let as_of = Some(Time::Instant(complete.saturating_sub(1)));
        let evaluator = self.evaluator(Options { as_of, threads, ..Options::default() })?;
        let findings = finish(evaluator)?;
        let (mut new, mut changed) = (Vec::new(), 0);
        let mut open: Vec<bool> = vec![false; self.reaches.len()];
        let rules = self.of_rules();
        for i in 0..findings.len() {
            let rule = findings.rules()[i] as usize;
            let (reach, of) = (&self.reaches[rule], rules[rule]);
            let (id, verdict, at) = (findings.ids()[i], findings.verdicts()[i], findings.moment_of(i));
            changed += usize::from(self.said.get(&id).is_some_and(|said| said.0 != verdict));
            if reach.at_end || self.said.contains_key(&id) || at.is_some_and(|at| at <= of.from) {
                continue;
            }
            let until = at.map(|at| findings.until(i, reach, at));
            if verdict == Verdict::Pending {
                // What a rule looks at is longer than was thought: nothing of it is called said.
                open[rule] |= until.is_some_and(|until| until < complete && until >= of.said);
                continue;
            }
            let early = reach.early && matches!(verdict, Verdict::Finding | Verdict::Excepted | Verdict::Waived);
            let past = until.is_some_and(|until| until < of.said);
            let is_final = until.is_none_or(|until| until < complete)
                || early && at.is_some_and(|at| at.saturating_add(reach.days) < complete);
            changed += usize::from(past);
            if is_final && !past {
                new.push(i);
                self.said.insert(id, (verdict, at));
            }
        }
        for (rule, open) in open.into_iter().enumerate() {
            let standing = rules[rule];
            let said = if open { standing.said } else { complete };
            self.standing.rules.insert(adopt::name(&self.plan.rules[rule]), RuleStanding { said, ..standing });
        }
        Ok(Some(Judged { findings, new, changed }))
    }

    /// By rule.
    fn of_rules(&self) -> Vec<RuleStanding> {
        let new = RuleStanding { said: i64::MIN, from: i64::MIN, window: 0 };
        let of = |rule| self.standing.rules.get(&adopt::name(rule)).copied().unwrap_or(new);
        self.plan.rules.iter().map(of).collect()
    }

    /// The stream has ended: says all that was not said, as an audit of all of it does.
    ///
    /// # Errors
    /// A plan that cannot be run here.
    pub fn end(&mut self, threads: usize) -> Result<Judged, PlanError> {
        self.end_by(threads, |evaluator| Ok(evaluator.finish()))
    }

    /// The same, as [`Stream::judge_by`].
    ///
    /// # Errors
    /// As [`Stream::end`], and those of `finish`.
    pub fn end_by<E: From<PlanError>>(
        &mut self,
        threads: usize,
        finish: impl FnOnce(Evaluator) -> Result<Findings, E>,
    ) -> Result<Judged, E> {
        let findings = finish(self.evaluator(Options { threads, ..Options::default() })?)?;
        let (mut new, mut changed) = (Vec::new(), 0);
        let rules = self.of_rules();
        for i in 0..findings.len() {
            let rule = findings.rules()[i] as usize;
            let (id, verdict, at) = (findings.ids()[i], findings.verdicts()[i], findings.moment_of(i));
            let (reach, of) = (&self.reaches[rule], rules[rule]);
            if let Some((said, _)) = self.said.get(&id) {
                changed += usize::from(*said != verdict);
                continue;
            }
            let past = !reach.at_end && at.is_some_and(|at| findings.until(i, reach, at) < of.said);
            if past || at.is_some_and(|at| at <= of.from) {
                changed += usize::from(past);
                continue;
            }
            new.push(i);
            self.said.insert(id, (verdict, at));
        }
        self.standing.ended = true;
        Ok(Judged { findings, new, changed })
    }

    /// Lets go of records that no rule can look at any more, and of what was said of them.
    pub fn let_go(&mut self, judged: &Judged) -> Gone {
        let rules = self.of_rules();
        let needs: Vec<Option<i64>> = (0..self.reaches.len())
            .map(|rule| judged.findings.needs_from(rule, &self.reaches[rule], rules[rule].said))
            .collect();
        let earliest = needs.iter().map(|n| n.unwrap_or(i64::MIN)).min().unwrap_or(i64::MIN);
        self.said.retain(|_, (_, at)| at.is_none_or(|at| at >= earliest));
        let mut gone = Vec::with_capacity(self.kept.len());
        for (k, kind) in self.plan.schema.kinds.iter().enumerate() {
            let looked = self.reaches.iter().zip(&needs).filter(|(reach, _)| reach.kinds[k]);
            let from = match kind.time() {
                Some(_) => looked.map(|(_, n)| n.unwrap_or(i64::MIN)).min().unwrap_or(i64::MAX),
                None => i64::MIN,
            };
            self.kept[k].let_go(from);
            if from > i64::MIN {
                let since = self.standing.since.entry(kind.name.clone()).or_insert(i64::MIN);
                *since = (*since).max(from.min(self.standing.complete.unwrap_or(i64::MIN)));
            }
            gone.push(from);
        }
        Gone { kinds: gone, said: earliest }
    }
}

impl Findings {
    /// When it happened; of a day, its beginning where the policy is.
    fn moment_of(&self, i: usize) -> Option<i64> {
        self.entries[i].time?.instant(&self.runtime.zone)
    }

    /// What comes behind this moment does not change the verdict.
    fn until(&self, i: usize, reach: &Reach, at: i64) -> i64 {
        reach.until(&self.context(&self.plan.rules[self.rules[i] as usize], None), at)
    }

    /// A rule needs no records before this while they are complete up to a moment; none where it needs all.
    fn needs_from(&self, rule: usize, reach: &Reach, complete: i64) -> Option<i64> {
        let of = &self.plan.rules[rule];
        let cx = self.context(of, None);
        let from = reach.from(&cx, complete).filter(|_| !reach.at_end)?;
        let Body::Limit { aggregate, .. } = of.body else { return Some(from) };
        // A limit of which it is not known whether it was passed.
        let lists = &self.world.histories[aggregate as usize].lists;
        match lists.iter().filter_map(|list| limit::doubt_from(&cx, of, list, from)).min() {
            Some(began) => Some(from.min(reach.from(&cx, began)?)),
            None => Some(from),
        }
    }
}
