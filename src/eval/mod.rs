//! Evaluation of a plan over batches of records.
//!
//! A batch is screened (columnar, in any thread): what its rows alone decide is counted, and what may
//! matter is kept. When all batches are in, repeats are merged, each kind is laid in its one order, and
//! what was kept is judged row by row. Nothing depends on the order of batches or the number of threads.
//!
//! Memory: rows that no rule can find anything in are dropped at once, except rows of tables. Of kinds with a
//! declared identity a hash of it is held, so that repeats can be told, or all columns that are read where the
//! batches cannot come twice ([`repeats`]).

mod about;
pub mod apart;
mod arith;
mod bounds;
mod business;
mod chain;
mod explain;
mod findings;
mod gaps;
mod grouped;
mod held;
mod history;
mod ids;
mod index;
mod interp;
mod judge;
mod lacking;
mod limit;
mod live;
mod median;
mod message;
mod metrics;
mod mismatch;
mod once;
mod people;
mod problems;
mod rates;
mod records;
mod repeats;
mod results;
mod rows;
#[cfg(test)]
mod scenarios;
mod screen;
mod sequence;
mod sieve;
mod strata;
mod stream;
mod tables;
#[cfg(test)]
mod testing;
mod trials;
mod truth;
mod val;
mod verdicts;
pub mod why;
mod window;
mod wordings;
mod world;

pub use crate::data::Time as AsOf;
pub use bounds::{Beyond, OverLimit, Stop};
pub use findings::*;
pub use held::Held;
pub use live::InOrder;
pub use metrics::{MetricRow, MetricTable, Metrics, names_person};
pub use people::texts;
pub use problems::DataProblem;
pub use repeats::Changed;
pub use rows::BatchError;
pub use screen::Screened;
pub use sieve::Sieves;
pub use stream::{Adopted, Gone, Judged, Reach, RuleStanding, Said, Standing, Stream, Taken as TakenIn, reaches};
pub use trials::{Part, PartKind, PartRole, Trial, Tried, parts};
pub use verdicts::{Explainer, FindingRow, Findings, KindCounts};

use crate::data::calendar::Zone;
use crate::data::{Batch, KindId, LetGo, Limits, Origin, People};
use crate::plan::{Plan, RulePlan, VERSION};
use crate::threads::{self, lock, unlock};
use bounds::Watch;
use grouped::Groups;
use interp::Context;
use regex::Regex;
use screen::Hold;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use world::{Watermark, World};

#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Records later than this are set aside; deadlines before it have passed. None: the latest record's time.
    pub as_of: Option<AsOf>,
    /// For what is done in [`Evaluator::finish`]; at least 1.
    pub threads: usize,
    /// Keep compliant verdicts too, not only their number.
    pub keep_compliant: bool,
    /// Keep every record of the kinds that rules read, those too that no rule can find anything in: for
    /// [`Findings::why`] and what it tries.
    pub retain: bool,
    /// The same batches can come once more, where [`Evaluator::again`] asks for them. So a record that no rule can
    /// find anything in need not be held until it is known whether another has its identity.
    pub twice: bool,
    /// With `twice`: the batches come about in the order of time, so that what no sequence can need any more is let go.
    pub in_order: Option<InOrder>,
}

impl Default for Options {
    fn default() -> Options {
        Options { as_of: None, threads: 1, keep_compliant: false, retain: false, twice: false, in_order: None }
    }
}

/// A plan that cannot be run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// Made by another version.
    Version(u32),
    /// A time zone that is not known here.
    Zone(String),
    /// A pattern, or the patterns of one column together, too large.
    Pattern,
    /// It refers to what it does not hold.
    Damaged,
}

impl std::fmt::Display for PlanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PlanError::Version(found) => write!(f, "a plan of version {found}, where {VERSION} is needed"),
            PlanError::Zone(name) => write!(f, "no time zone `{name}` is known"),
            PlanError::Pattern => f.write_str("the patterns of one column are too large together"),
            PlanError::Damaged => f.write_str("the plan refers to something that it does not hold"),
        }
    }
}

impl std::error::Error for PlanError {}

/// What a plan needs at hand to run.
#[derive(Debug)]
struct Runtime {
    patterns: Vec<Regex>,
    /// By clock.
    zones: Vec<Zone>,
    /// The policy's, for `as_of` dates.
    zone: Zone,
    /// By kind.
    groups: Vec<Groups>,
    /// By rule: whether its conditions are guards and nothing else.
    guarded: Vec<bool>,
    rules_of: Vec<Vec<u32>>,
    histories_of: Vec<Vec<u32>>,
    /// By kind.
    unions: Vec<PartOf>,
    empty: World,
    retain: bool,
    people: People,
    /// Of a sentence.
    message_bytes: AtomicU64,
    watch: Watch,
}

impl Runtime {
    fn new(plan: &Plan, threads: usize) -> Result<Runtime, PlanError> {
        if plan.version != VERSION {
            return Err(PlanError::Version(plan.version));
        }
        let zone = |name: &str| Zone::named(name).ok_or_else(|| PlanError::Zone(name.into()));
        let kinds = plan.schema.kinds.len();
        if plan.kinds.len() != kinds {
            return Err(PlanError::Damaged);
        }
        let mut runtime = Runtime {
            patterns: plan
                .patterns
                .iter()
                .map(|(p, fold)| Regex::new(&flagged(p, *fold)).map_err(|_| PlanError::Pattern))
                .collect::<Result<_, _>>()?,
            zones: plan.clocks.iter().map(|c| zone(&c.timezone)).collect::<Result<_, _>>()?,
            zone: zone(&plan.timezone)?,
            groups: threads::each(if plan.patterns.is_empty() { 1 } else { threads }, kinds, |kind| {
                Groups::new(plan, kind)
            })
            .into_iter()
            .collect::<Result<_, _>>()?,
            guarded: plan.rules.iter().map(|rule| is_guarded(plan, rule)).collect(),
            rules_of: vec![Vec::new(); kinds],
            histories_of: vec![Vec::new(); kinds],
            unions: unions(plan)?,
            empty: World::empty(plan),
            retain: false,
            people: People::Named,
            message_bytes: AtomicU64::new(u64::MAX),
            watch: Watch::default(),
        };
        for (i, rule) in plan.rules.iter().enumerate() {
            if let Some(kind) = screen::triggered_by(&rule.trigger) {
                runtime.rules_of.get_mut(kind.0 as usize).ok_or(PlanError::Damaged)?.push(i as u32);
            }
        }
        for (i, history) in plan.histories.iter().enumerate() {
            runtime.histories_of.get_mut(history.kind.0 as usize).ok_or(PlanError::Damaged)?.push(i as u32);
        }
        Ok(runtime)
    }

    fn context<'a>(&'a self, plan: &'a Plan, world: &'a World, clock: u32, period: Option<(i32, i32)>) -> Context<'a> {
        let zone = self.zones.get(clock as usize).unwrap_or(&self.zone);
        let fiscal_start = plan.clocks.get(clock as usize).map_or((1, 1), |c| c.fiscal_start);
        let calendar = world.calendars.get(clock as usize).and_then(Option::as_ref);
        Context { plan, runtime: self, world, zone, fiscal_start, calendar, period, into: None }
    }
}

/// The kinds that a kind is a part of, with how its rows are seen there.
type PartOf = Vec<(KindId, Arc<rows::Projection>)>;

/// By kind: the kinds that rules read and that it is a part of.
fn unions(plan: &Plan) -> Result<Vec<PartOf>, PlanError> {
    let kinds = &plan.schema.kinds;
    let mut found = vec![Vec::new(); kinds.len()];
    for (i, (kind, read)) in kinds.iter().zip(&plan.kinds).enumerate() {
        let (Origin::Union(members), true) = (&kind.origin, read.projection.is_some()) else { continue };
        for (member, columns) in members {
            let of = kinds.get(member.0 as usize).ok_or(PlanError::Damaged)?;
            let projected = kind.columns.iter().zip(columns).map(|(column, at)| {
                let own = of.columns.get(at.0 as usize).ok_or(PlanError::Damaged)?;
                Ok(rows::Projected { column: *at, required: column.optional && !own.optional })
            });
            let columns = projected.collect::<Result<Vec<_>, PlanError>>()?;
            let projection = rows::Projection { columns, time: of.time() };
            found[member.0 as usize].push((KindId(i as u32), Arc::new(projection)));
        }
    }
    Ok(found)
}

/// Whether a sieve tells all that the rule's record alone decides.
fn is_guarded(plan: &Plan, rule: &RulePlan) -> bool {
    let always = rule.screen.filter.is_empty() && rule.screen.filter_exact;
    let kind = screen::triggered_by(&rule.trigger).and_then(|kind| plan.kinds.get(kind.0 as usize));
    always && kind.is_some_and(|kind| sieve::are_guards(&rule.screen.when, &kind.atoms))
}

/// So many rules are worth a second thread where something is made ready for them.
const MANY_RULES: usize = 256;

fn threads_for(plan: &Plan, threads: usize) -> usize {
    if plan.rules.len() < MANY_RULES { 1 } else { threads }
}

fn flagged(pattern: &str, ignoring_case: bool) -> String {
    if ignoring_case { format!("(?i){pattern}") } else { pattern.to_string() }
}

/// Takes batches of records and tables, in any order, and gives the findings.
#[derive(Debug)]
pub struct Evaluator {
    plan: Arc<Plan>,
    runtime: Arc<Runtime>,
    options: Options,
    taken: Mutex<records::Taken>,
    /// What is looked for as the batches come once more.
    wanted: Option<Arc<repeats::Wanted>>,
    /// What was found elsewhere, for rules over findings.
    before: Vec<strata::Row>,
}

impl Evaluator {
    pub fn new(plan: Arc<Plan>, options: Options) -> Result<Evaluator, PlanError> {
        let runtime = Arc::new(Runtime { retain: options.retain, ..Runtime::new(&plan, options.threads)? });
        let all = options.retain || options.keep_compliant || !options.twice;
        let order = options.in_order.filter(|_| !all);
        let taken = Mutex::new(records::Taken::new(&plan, options.as_of, order));
        Ok(Evaluator { plan, runtime, options, taken, wanted: None, before: Vec::new() })
    }

    /// Calls people so in texts. Before the first batch.
    #[must_use]
    pub fn with_people(mut self, people: People) -> Evaluator {
        if people.fingerprint().is_some() && self.plan.rules.iter().any(|r| !r.waivers.is_empty()) {
            Arc::make_mut(&mut self.plan).call_people(&people);
        }
        if let Some(runtime) = Arc::get_mut(&mut self.runtime) {
            runtime.people = people;
        }
        self
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What a batch's rows alone decide. Any number of threads may do this at once.
    pub fn screen(&self, mut batch: Batch) -> Result<Screened, BatchError> {
        let kind = batch.kind;
        let mut left = std::mem::take(&mut batch.left);
        let needed = self.plan.columns(kind).unwrap_or_default();
        let mut rows = rows::Rows::of(batch, &self.plan.schema, &needed)?;
        let as_of = Watermark { as_of: self.options.as_of, ..Watermark::default() };
        let mut hold = if self.options.twice { Hold::Hashes } else { Hold::Rows };
        if let Some(wanted) = &self.wanted {
            rows = rows.take(&wanted.among(&self.plan, &rows));
            hold = Hold::Rows;
            left.clear();
        }
        Ok(screen::screen_left(
            &self.plan,
            &self.runtime,
            self.options.keep_compliant,
            as_of,
            (rows, &left),
            (true, hold),
        ))
    }

    /// What tells rows that need not come in whole: of these only [`Sieves`]' rest comes, to [`Evaluator::let_go`].
    /// None where all that is read has to come.
    ///
    /// # Errors
    /// Where the tests of one column are too large together.
    pub fn sieve(&self) -> Result<Option<Sieves>, PlanError> {
        let all = self.options.retain || self.options.keep_compliant || !self.options.twice || self.wanted.is_some();
        if all { Ok(None) } else { Sieves::new(&self.plan, &self.runtime, self.options).map(Some) }
    }

    /// Takes in rows that the sieve did not keep. Any number of threads may do this at once.
    ///
    /// # Errors
    /// Where the batch does not hold the rest that the sieve names.
    pub fn let_go(&self, rows: LetGo) -> Result<(), BatchError> {
        let known = |kind: KindId| self.plan.schema.kinds.get(kind.0 as usize).ok_or(BatchError::NoSuchKind(kind));
        let as_of = Watermark { as_of: self.options.as_of, ..Watermark::default() };
        self.absorb(match rows {
            LetGo::Rows(batch) => {
                let needed = sieve::rest(known(batch.kind)?);
                let rows = rows::Rows::of(batch, &self.plan.schema, &needed)?;
                screen::let_go(&self.plan, &self.runtime, as_of, rows)
            }
            LetGo::Brief(gone) => {
                known(gone.kind)?;
                screen::gone(&self.plan, &self.runtime, gone)
            }
        });
        Ok(())
    }

    /// Takes in a screened batch. Any number of threads may do this at once.
    pub fn absorb(&self, screened: Screened) {
        lock(&self.taken).add(&self.plan, &self.runtime, screened);
    }

    /// What is held of all that came in.
    pub fn held(&self) -> Held {
        lock(&self.taken).held().clone()
    }

    pub fn push(&mut self, batch: Batch) -> Result<(), BatchError> {
        let screened = self.screen(batch)?;
        self.absorb(screened);
        Ok(())
    }

    /// With [`Options::twice`], after the last batch: whether all of them have to come once more before the end.
    ///
    /// # Errors
    /// Where those that came once more are not those that came first.
    pub fn again(&mut self) -> Result<bool, Changed> {
        let taken = self.taken.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(wanted) = &self.wanted {
            return if wanted.is_complete(taken.came_again(&self.plan)) { Ok(false) } else { Err(Changed) };
        }
        if taken.lacks() {
            *taken = records::Taken::new(&self.plan, self.options.as_of, None);
            return Ok(true);
        }
        self.wanted = repeats::Wanted::of(&self.plan, taken, self.options.threads).map(Arc::new);
        if let Some(wanted) = &self.wanted {
            taken.again(wanted.clone());
        }
        Ok(self.wanted.is_some())
    }

    fn settle(taken: Mutex<records::Taken>, plan: &Plan, runtime: &Runtime, options: &Options) -> records::Settled {
        records::settle(plan, runtime, unlock(taken), options)
    }

    /// Judges what has come in. No more comes.
    pub fn finish(self) -> Findings {
        let options = Options { threads: self.options.threads.max(1), ..self.options };
        let settled = Evaluator::settle(self.taken, &self.plan, &self.runtime, &options);
        results::conclude(self.plan, self.runtime, settled, (&options, &self.before))
    }

    /// What stops [`Evaluator::finish_within`] and [`Evaluator::metrics_within`] on the way.
    pub fn stop(&self) -> Stop {
        Stop(self.runtime.clone())
    }

    /// As [`Evaluator::finish`], within limits.
    ///
    /// # Errors
    /// Where a rule looks at more than the limits allow. Nothing is judged then.
    pub fn finish_within(self, limits: &Limits) -> Result<Findings, OverLimit> {
        let runtime = self.runtime.clone();
        runtime.watch.begin(limits);
        runtime.message_bytes.store(limits.message_bytes, Ordering::Relaxed);
        let findings = self.finish();
        runtime.watch.end().map(|()| findings)
    }

    /// As [`Evaluator::metrics`], within limits.
    ///
    /// # Errors
    /// As those of [`Evaluator::finish_within`].
    pub fn metrics_within(self, limits: &Limits) -> Result<Metrics, OverLimit> {
        let runtime = self.runtime.clone();
        runtime.watch.begin(limits);
        let metrics = self.metrics();
        runtime.watch.end().map(|()| metrics)
    }

    /// Works the metrics out, of a plan that has them. No more comes.
    pub fn metrics(self) -> Metrics {
        let options = Options { threads: self.options.threads.max(1), ..self.options };
        let settled = Evaluator::settle(self.taken, &self.plan, &self.runtime, &options);
        metrics::conclude(self.plan, &self.runtime, settled, &options)
    }
}

/// As [`threads::each`], of things that are given away, the largest first.
fn parallel_each<A: Send, T: Send>(
    threads: usize,
    all: Vec<A>,
    size: impl Fn(&A) -> usize,
    f: impl Fn(usize, A) -> T + Sync,
) -> Vec<T> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(size(&all[i])));
    let all: Vec<_> = all.into_iter().map(|a| Mutex::new(Some(a))).collect();
    let mut done = threads::each(threads, all.len(), |n| {
        let i = order[n];
        let taken = lock(&all[i]).take();
        (i, taken.map(|a| f(i, a)))
    });
    done.sort_by_key(|d| d.0);
    done.into_iter().filter_map(|d| d.1).collect()
}
