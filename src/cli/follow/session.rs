//! Records taken from chunks of inputs, and what is said of them, step by step.

use super::super::ledger::Ledger;
use super::super::memory::Limit;
use super::super::people::Veil;
use super::super::{Failure, reading};
use super::input::{Chunk, Origin, State};
use super::sink::Sink as Findings;
use super::store::{Checkpoint, Line, Step, Store};
use crate::data::calendar::Zone;
use crate::data::{Batch, InputId, Limits, People, Place, Reading, Severity, Time, Verdict, display, identity};
use crate::diag::Code;
use crate::eval::{Evaluator, Gone, Judged, PlanError, Stream};
use crate::ingest::{self, Ingest, Input, InputSpec, Reject, Route, Sink};
use crate::plan::Plan;
use crate::report::ledger::{Run, policy_digest};
use crate::report::{Context, Entry, json};
use crate::source::SourceMap;
use crate::threads::{lock, unlock};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tracing::{debug, info, warn};

/// Figures of one input or rule, which go on over restarts.
pub type Counts = BTreeMap<String, u64>;

pub struct Session {
    pub plan: Arc<Plan>,
    pub sources: SourceMap,
    reader: Reader,
    pub stream: Stream,
    pub store: Store,
    pub checkpoint: Checkpoint,
    findings: Findings,
    rejects: Findings,
    ledger: Option<(Ledger, Run)>,
    /// Since the last step.
    lines: Vec<Line>,
    said: Vec<([u8; 16], Verdict, Option<i64>)>,
    gone: Gone,
    lateness: i64,
    threads: usize,
    limit: Limit,
    /// Of this run.
    pub findings_over: BTreeMap<Severity, u64>,
    pub not_judged: u64,
    pub judging: std::time::Duration,
    /// So many sorts of rejected records were told; the others are counted.
    told: usize,
}

/// Each of more is counted, and stands in the file.
const TOLD: usize = 20;

pub struct Begin {
    /// With the run as it is told there.
    pub ledger: Option<(Ledger, Run)>,
    pub plan: Arc<Plan>,
    pub sources: SourceMap,
    pub store: Store,
    pub checkpoint: Checkpoint,
    pub findings: Findings,
    pub rejects: Findings,
    pub lateness: i64,
    pub threads: usize,
}

impl Session {
    /// Begins, or goes on with what the store holds.
    pub fn new(begin: Begin, inputs: &BTreeMap<u32, State>, limit: Limit) -> Result<Session, Failure> {
        let Begin { mut ledger, plan, sources, store, mut checkpoint, findings, rejects, lateness, threads } = begin;
        checkpoint.policy = super::store::digest(&plan)?;
        if let Some((ledger, run)) = &mut ledger {
            ledger.add(run, [])?;
        }
        let mut said = store.said()?;
        for (id, verdict) in findings.known() {
            said.entry(*id).or_insert((*verdict, None));
        }
        let late: Vec<_> = findings.known().iter().map(|(id, verdict)| (*id, *verdict, None)).collect();
        let stream = Stream::new(plan.clone(), checkpoint.standing.clone(), said)?;
        let reader = Reader::new(&plan, threads, &limit.input);
        let stream = reader.take_back(stream, store.lines()?, inputs)?;
        let session = Session {
            reader,
            plan,
            sources,
            stream,
            store,
            checkpoint,
            findings,
            rejects,
            ledger,
            lines: Vec::new(),
            said: late,
            gone: Gone::default(),
            lateness,
            threads,
            limit,
            findings_over: BTreeMap::new(),
            not_judged: 0,
            judging: std::time::Duration::ZERO,
            told: 0,
        };
        session.tell_adopted();
        Ok(session)
    }

    /// Judges by another set from now on. Everything that was said is in the store.
    pub fn change(
        &mut self,
        plan: Arc<Plan>,
        sources: SourceMap,
        signer: Option<String>,
        inputs: &BTreeMap<u32, State>,
    ) -> Result<(), Failure> {
        let reader = Reader::new(&plan, self.threads, &self.limit.input);
        let stream = self.stream.under(plan.clone())?;
        let stream = reader.take_back(stream, self.store.lines()?, inputs)?;
        let digest = super::store::digest(&plan)?;
        if let Some((ledger, run)) = &mut self.ledger {
            let now = Run { policy: policy_digest(&sources), signer, ..run.clone() };
            ledger.add(&now, [])?;
            *run = now;
        }
        self.checkpoint.policy = digest;
        (self.reader, self.plan, self.sources, self.stream) = (reader, plan, sources, stream);
        self.tell_adopted();
        Ok(())
    }

    fn tell_adopted(&self) {
        for new in self.stream.adopted() {
            let zone = Zone::named(&self.plan.timezone).unwrap_or_else(Zone::utc);
            match new.from {
                Some(at) => {
                    let from = display::time(Time::Instant(at), &zone);
                    info!(rule = %new.rule, after = %from, "the rule is new: it judges records later than this");
                }
                None => warn!(
                    rule = %new.rule,
                    "the rule is new, and looks at all records that ever came: not all were kept, so it judges none; \
                     begin anew with another --state to judge by it"
                ),
            }
        }
    }

    /// Takes what has come from an input. The latest moment of its records.
    pub fn take(&mut self, chunk: &Chunk, origin: &Origin) -> Result<Option<i64>, Failure> {
        let (batches, rejected, report) = self.reader.read(chunk, origin)?;
        let mut latest = None;
        // By byte in the chunk: place, kind, latest moment, and whether there is one without.
        let mut kept: BTreeMap<u64, Line> = BTreeMap::new();
        let delimiter = origin.route.delimiter(&origin.name, &self.reader.reading);
        for (batch, at) in batches {
            let kind = self.plan.schema.kind(batch.kind).name.clone();
            let by_place: BTreeMap<Place, u64> = batch.places.iter().copied().zip(at).collect();
            let taken = self.stream.take(batch).map_err(|e| broken(&origin.name, &e))?;
            latest = latest.max(taken.latest);
            for (place, moment) in taken.kept {
                let Some(&at) = by_place.get(&place) else { continue };
                let from = self.stream.standing().complete.unwrap_or(i64::MIN);
                let line = kept.entry(at).or_insert_with(|| Line {
                    input: chunk.input,
                    offset: place.offset,
                    line: place.line,
                    from,
                    group: kind.clone(),
                    time: i64::MIN,
                    text: text(&chunk.bytes, at, origin, delimiter).to_vec(),
                });
                line.time = line.time.max(moment.unwrap_or(i64::MAX));
                if !line.group.split('\n').any(|k| k == kind) {
                    line.group = format!("{}\n{kind}", line.group);
                }
            }
            self.late(&taken.late, &by_place, chunk, origin, &kind);
        }
        self.lines.extend(kept.into_values());
        for reject in &rejected {
            self.reject(origin, reject);
        }
        self.add("records_read", &[("input", &origin.name)], report.records.values().sum::<u64>());
        self.add("records_rejected", &[("input", &origin.name)], report.rejected);
        self.add(
            "records_unclaimed",
            &[("input", &origin.name)],
            report.unclaimed + report.undeclared.values().sum::<u64>(),
        );
        self.add("bytes_read", &[("input", &origin.name)], chunk.bytes.len() as u64);
        self.not_judged += report.rejected;
        Ok(latest)
    }

    fn late(&mut self, late: &[(Place, i64)], at: &BTreeMap<Place, u64>, chunk: &Chunk, origin: &Origin, kind: &str) {
        let delimiter = origin.route.delimiter(&origin.name, &self.reader.reading);
        let zone = Zone::named(&self.plan.timezone).unwrap_or_else(Zone::utc);
        let shown = |at: i64| display::time(Time::Instant(at), &zone);
        let complete = self.stream.standing().complete.unwrap_or(i64::MIN);
        for (place, moment) in late {
            let reason = format!(
                "`{kind}` of {}, which came when the records were complete up to {}",
                shown(*moment),
                shown(complete)
            );
            let text = at.get(place).map_or(&[][..], |&at| text(&chunk.bytes, at, origin, delimiter)).to_vec();
            self.reject(origin, &Reject { place: *place, code: Code::Late, reason, text });
        }
        self.add("records_late", &[("input", &origin.name)], late.len() as u64);
        self.not_judged += late.len() as u64;
    }

    fn reject(&mut self, origin: &Origin, reject: &Reject) {
        let shown = self.reader.shown(origin, reject);
        self.rejects.write(&reading::reject_line(&origin.name, reject, shown));
        self.told += 1;
        if self.told <= TOLD {
            let (line, code, reason) = (reject.place.line, reject.code.as_str(), &*reject.reason);
            warn!(file = %origin.name, line, code, reason, "a record was rejected");
        }
        if self.told == TOLD {
            warn!("more rejected records are not told one by one: they stand in the file of rejects, and are counted");
        }
    }

    /// Adds to a figure.
    pub fn add(&mut self, name: &str, labels: &[(&str, &str)], by: u64) {
        if by > 0 {
            *self.checkpoint.counts.entry(super::metrics::series(name, labels)).or_default() += by;
        }
    }

    /// The records are complete up to so long before a moment, and before the clock: a record of the future does not make
    /// others late. Whether the clock holds it up.
    pub fn advance(&mut self, latest: Option<i64>) -> bool {
        let Some(latest) = latest else { return false };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self.stream.complete(latest.min(now).saturating_sub(self.lateness));
        latest > now
    }

    /// For which rules records are kept for how long.
    pub fn tell_reach(&self) {
        let mut endless = Vec::new();
        let mut longest = (0, "");
        for (rule, reach) in self.plan.rules.iter().zip(self.stream.reaches()) {
            if reach.at_end {
                info!(rule = %rule.name, "the rule speaks of the end of the data: it is judged with --finish only");
            }
            if reach.is_endless() {
                endless.push(rule.name.as_str());
            } else if reach.days_back() > longest.0 {
                longest = (reach.days_back(), &rule.name);
            }
        }
        if !endless.is_empty() {
            warn!(
                rules = endless.join(", "),
                "these rules look at all records that ever came: none of what they look at is let go, and memory grows"
            );
        }
        if longest.0 > 0 {
            info!(days = longest.0, rule = longest.1, "records are kept so long, at most, for the other rules");
        }
    }

    /// Judges what is there. `end`: nothing comes any more.
    pub fn judge(&mut self, end: bool, names: &[String]) -> Result<usize, Failure> {
        let started = Instant::now();
        let limit = self.limit;
        let finish = |evaluator: Evaluator| {
            let held = evaluator.held();
            limit.check(evaluator.plan(), &held, held.judging())?;
            reading::watched(limit, evaluator, Evaluator::finish_within)
                .map_err(|failure| reading::over(failure, "the next start goes on after what was said before"))
        };
        let judged = match end {
            true => Some(self.stream.end_by(self.threads, finish)?),
            false => self.stream.judge_by(self.threads, finish)?,
        };
        let Some(judged) = judged else { return Ok(0) };
        self.say(&judged, names)?;
        self.gone = self.stream.let_go(&judged);
        self.judging = started.elapsed();
        debug!(
            verdicts = judged.new.len(),
            rows = self.stream.rows(),
            milliseconds = self.judging.as_millis() as u64,
            "judged"
        );
        Ok(judged.new.len())
    }

    fn say(&mut self, judged: &Judged, names: &[String]) -> Result<(), Failure> {
        let plan = self.plan.clone();
        let mut texts: Vec<Vec<u8>> = Vec::with_capacity(judged.new.len());
        {
            let context = Context { sources: &self.sources, plan: &plan, inputs: names };
            let (mut explainer, mut written) = (judged.findings.explainer(), json::Written::default());
            for &i in &judged.new {
                let entry = Entry::by(&judged.findings, &mut explainer, i);
                let mut text = Vec::new();
                json::write(&context, &entry, None, &mut written, &mut text)
                    .map_err(|e| Failure::new(format!("a finding cannot be written: {e}")))?;
                text.push(b'\n');
                texts.push(text);
            }
            // What is in the ledger already, from before a sudden end, is not added again.
            if let Some((ledger, run)) = self.ledger.as_mut().filter(|_| !judged.new.is_empty()) {
                ledger.add_findings(run, &context, &judged.findings, &judged.new)?;
            }
        }
        for (&i, text) in judged.new.iter().zip(&texts) {
            let row = judged.findings.row(i);
            let (rule, severity, verdict) = (row.rule.name.clone(), row.rule.severity, row.verdict);
            if verdict == Verdict::Finding {
                *self.findings_over.entry(severity).or_default() += 1;
                info!(rule = %rule, id = %identity::hex(&row.id), severity = severity.as_str(), "a finding");
            }
            self.not_judged += u64::from(verdict == Verdict::Indeterminate);
            self.add("verdicts", &[("rule", &rule), ("verdict", verdict.as_str())], 1);
            self.findings.write(text);
            self.said.push((row.id, verdict, self.stream.moment(&row.id)));
        }
        if judged.changed > 0 {
            debug!(verdicts = judged.changed, "verdicts that were final would be others now");
        }
        Ok(())
    }

    /// Writes all down, so that it is there after any end of the process.
    pub fn keep(&mut self, inputs: &[(u32, Vec<u8>)]) -> Result<(), Failure> {
        let (path, length) = self.findings.flush()?;
        self.checkpoint.output = path.map(|path| (path.to_owned(), length));
        self.checkpoint.rejects = self.rejects.flush()?.1;
        self.checkpoint.standing = self.stream.standing().clone();
        self.checkpoint.lateness = self.lateness;
        self.checkpoint.steps += 1;
        let kinds: Vec<String> = self.plan.schema.kinds.iter().map(|k| k.name.clone()).collect();
        // What no rule can look at any more need not be written.
        self.lines.retain(|line| line.time >= super::store::needed_from(&line.group, &kinds, &self.gone));
        self.store.write(&Step {
            checkpoint: &self.checkpoint,
            inputs,
            lines: &self.lines,
            said: &self.said,
            gone: &self.gone,
            kinds: &kinds,
        })?;
        self.lines.clear();
        self.said.clear();
        Ok(())
    }
}

/// How the inputs are read under one policy set.
struct Reader {
    ingest: Ingest,
    reading: Reading,
    threads: usize,
    /// What messages may quote of records.
    veil: Veil,
}

/// Batches, each with the bytes of the chunk where its rows stand; what was rejected; what there was.
type Read = (Vec<(Batch, Vec<u64>)>, Vec<Reject>, ingest::InputReport);

impl Reader {
    fn new(plan: &Plan, threads: usize, limits: &Limits) -> Reader {
        let reading = plan.reading();
        let veil = Veil::new(&reading, &People::Named);
        Reader { ingest: Ingest::new(&reading).within(limits), reading, threads, veil }
    }

    /// Reads the records anew that the store holds.
    fn take_back(
        &self,
        mut stream: Stream,
        lines: Vec<Line>,
        inputs: &BTreeMap<u32, State>,
    ) -> Result<Stream, Failure> {
        for of in lines.chunk_by(|a, b| a.input == b.input) {
            let Some(origin) = inputs.get(&of[0].input).map(State::origin) else { continue };
            let mut chunk = Chunk { input: of[0].input, ..Chunk::default() };
            let mut from: BTreeMap<u64, i64> = BTreeMap::new();
            let mut at = 0;
            for line in of {
                chunk.pieces.push(super::input::Piece {
                    at: chunk.bytes.len() as u64,
                    line: at,
                    of: (line.offset, line.line),
                });
                chunk.bytes.extend_from_slice(&line.text);
                if !line.text.ends_with(b"\n") {
                    chunk.bytes.push(b'\n');
                }
                at += memchr::memchr_iter(b'\n', &line.text).count().max(1) as u64;
                from.insert(line.offset, line.from);
            }
            let (batches, ..) = self.read(&chunk, origin)?;
            for (batch, _) in batches {
                let stays = |place: Place, time: Option<i64>| {
                    time.is_none_or(|t| from.get(&place.offset).is_none_or(|from| t >= *from))
                };
                stream.take_back(batch, stays).map_err(|e| broken(&origin.name, &e))?;
            }
        }
        Ok(stream)
    }

    /// What of a rejected record may be shown.
    fn shown(&self, origin: &Origin, reject: &Reject) -> Option<Vec<u8>> {
        let route = origin.route.route(&self.reading).ok()?;
        self.ingest.shown(&spec(reject.place.input.0, origin, route), &People::Named)(reject)
    }

    /// The records of a chunk, with the bytes of the chunk where each stands.
    fn read(&self, chunk: &Chunk, origin: &Origin) -> Result<Read, Failure> {
        let gone = |name: String| {
            Failure::new(format!(
                "the policy has no source, record or table `{name}`, as which `{}` is read",
                origin.name
            ))
            .help("give it back its name, or begin anew with another `--state`")
        };
        let route = origin.route.route(&self.reading).map_err(gone)?;
        let spec = spec(chunk.input, origin, route);
        let batches: Mutex<Vec<Batch>> = Mutex::default();
        let rejected: Mutex<Vec<Reject>> = Mutex::default();
        let sink = Sink {
            batch: &|batch| lock(&batches).push(batch),
            reject: &|reject| lock(&rejected).push(reject),
            advance: &|_| (),
        };
        // A record may begin as a text with its mark does, or what is compressed, and is neither: a line before it says so.
        let inside = chunk.pieces.first().is_some_and(|piece| piece.of.0 > 0) && !chunk.bytes.starts_with(b"{");
        let heading = match origin.heading.is_empty() && inside {
            true => b"\n",
            false => origin.heading.as_slice(),
        };
        let head = (heading.len() as u64, memchr::memchr_iter(b'\n', heading).count() as u64);
        let whole: Vec<u8>;
        let bytes = if heading.is_empty() {
            &chunk.bytes
        } else {
            whole = [heading, &chunk.bytes].concat();
            &whole
        };
        let options = ingest::Options { threads: self.threads, ..ingest::Options::default() };
        let read = self.ingest.read(&spec, Input::Bytes(bytes), options, sink);
        let report = read.map_err(|error| self.veil.failure(reading::of_input(&origin.name, error), &People::Named))?;
        let batches = unlock(batches).into_iter().map(|mut batch| {
            let at = batch.places.iter().map(|p| p.offset.saturating_sub(head.0)).collect();
            batch.places.iter_mut().for_each(|place| *place = chunk.placed(*place, head));
            (batch, at)
        });
        let batches = batches.collect();
        let mut rejected = unlock(rejected);
        for reject in &mut rejected {
            reject.place = chunk.placed(reject.place, head);
            reject.reason = self.veil.text(&reject.reason, &People::Named);
        }
        rejected.sort_by_key(|r| r.place);
        Ok((batches, rejected, report))
    }
}

fn spec(input: u32, origin: &Origin, route: Route) -> InputSpec {
    InputSpec { id: InputId(input), name: origin.name.clone(), format: Some(origin.format()), route }
}

/// The record's own bytes.
fn text<'a>(bytes: &'a [u8], at: u64, origin: &Origin, delimiter: u8) -> &'a [u8] {
    let rest = bytes.get(usize::try_from(at).unwrap_or(usize::MAX)..).unwrap_or_default();
    let end = ingest::first(origin.format(), rest, delimiter).unwrap_or(rest.len());
    &rest[..end]
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Failure {
        Failure::new(error.to_string())
    }
}

fn broken(name: &str, error: &crate::eval::BatchError) -> Failure {
    Failure::new(format!("`{name}` was read wrongly: {error}"))
}

/// Where rejected records are kept, if nothing else was said.
pub fn rejects_in(state: &Path) -> std::path::PathBuf {
    state.join("rejects.ndjson")
}
