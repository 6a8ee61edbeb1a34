//! The loop: reads what has come, judges, writes down, and looks for changes.

use super::super::audit::exit_of;
use super::super::ledger::{Ledger, run_of};
use super::super::{Exit, Failure, Style, signals, temporary};
use super::files::{self, Followed, Target};
use super::input::{Chunk, State};
use super::metrics::{Now, Shown};
use super::nats;
use super::reload::{Changed, Reload};
use super::session::{Begin, Session};
use super::sink::Sink;
use super::stdin::Stdin;
use super::store::{self, Store};
use super::{FollowArgs, log};
use crate::data::{InputId, People, Reading};
use crate::diag::Code;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tracing::{info, warn};

/// So much of an input is read at once.
const SOME: usize = 4 << 20;
/// So much is read between two steps.
const MUCH: usize = 64 << 20;
/// How often names are looked at.
const LOOK: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_millis(20);

/// What is followed.
struct Inputs {
    args: Vec<String>,
    targets: Vec<Target>,
    files: Vec<Followed>,
    streams: Vec<nats::Followed>,
    stdin: Option<Stdin>,
    /// Of earlier runs, and done with.
    past: BTreeMap<u32, State>,
    next: u32,
    /// Inputs of which there is more than was read.
    more: BTreeMap<u32, bool>,
    looked: Option<Instant>,
}

pub fn run(args: &FollowArgs, style: Style) -> Result<Exit, Failure> {
    log::begin(args.log_format, args.log_level, style);
    if args.given.as_of.is_some() {
        return Err(Failure::new("`--as-of` is for records that are all there")
            .help("a stream's end is what has come so far; `bylaws audit --as-of` judges as of a time"));
    }
    if args.given.is_pseudonymized() {
        return Err(Failure::new("`--pseudonymize` has to see all records before the first name is written").help(
            "keep findings where only those read them who may know the names, and give out what `bylaws audit --pseudonymize` writes",
        ));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    let ask = move |signal| {
        // Who asks again does not wait for the checkpoint: what is not written down by then is read again.
        if asked.swap(true, Ordering::SeqCst) {
            temporary::end_by(signal);
        }
    };
    signals::on_end(ask).map_err(|e| Failure::new(format!("cannot take signals: {e}")))?;

    // First watched, then read: what changes meanwhile is seen.
    let mut reload = if args.no_reload { None } else { Reload::begin(&args.given)? };
    let rules = args.given.rules(style)?;
    let plan = rules.plan()?;
    let store = Store::open(&args.state)?;
    let known = store.checkpoint()?;
    let begun = known.is_some();
    let checkpoint = known.unwrap_or_default();
    if checkpoint.standing.ended {
        return Err(Failure::new(format!("the stream of `{}` has ended: all was judged", args.state.display()))
            .help("`--finish` ended it; begin anew with another `--state` and `--output`"));
    }
    if let Some((before, _)) = &checkpoint.output
        && args.output.as_ref() != Some(before)
    {
        warn!(before = %before.display(), "findings go to another place than before: those that were written are not written again");
    }
    if begun && checkpoint.policy != store::digest(&plan)? {
        info!("the policy set is another one than the last time");
    }
    let same = |path: &std::path::Path| checkpoint.output.as_ref().filter(|(p, _)| p == path).map_or(0, |o| o.1);
    let findings = match &args.output {
        Some(path) => Sink::open(path, same(path), true)?,
        None => Sink::stdout(),
    };
    let rejects = args.rejects.clone().unwrap_or_else(|| super::session::rejects_in(&args.state));
    let rejects = Sink::open(&rejects, if begun { checkpoint.rejects } else { length(&rejects) }, false)?;
    let lateness = i64::try_from(args.lateness.as_nanos()).map_err(|_| Failure::new("`--lateness` is too long"))?;

    let last = args.once || args.finish;
    let mut inputs = Inputs::begin(args, &store.id()?, store.inputs()?, checkpoint.next_input, &plan.reading())?;
    let states = inputs.states();
    let threads = args.given.threads();
    let ledger = args.ledger.as_deref().map(Ledger::open).transpose()?;
    let ledger = ledger.map(|ledger| (ledger, run_of(&args.given, &rules, &People::Named)));
    let sources = rules.into_sources();
    let begin = Begin { ledger, plan, sources, store, checkpoint, findings, rejects, lateness, threads };
    let mut session = Session::new(begin, &states, args.given.limit())?;
    session.tell_reach();
    inputs.tell_missing(last)?;
    let shown = Shown::begin(args.metrics_listen, args.metrics_file.as_deref())?;
    info!(state = %args.state.display(), rules = session.plan.rules.len(), lateness = ?args.lateness, "following");

    let (mut dirty, mut read) = (true, 0);
    let mut stepped = Instant::now();
    loop {
        let came = inputs.round(&mut session, last, args.finish)?;
        dirty |= came > 0;
        read += came;
        let waits = session.advance(inputs.complete());
        let idle = came == 0;
        let end = idle && last && inputs.ended();
        let stops = stop.load(Ordering::SeqCst);
        // Judging takes no more than half of the time.
        let due = stepped.elapsed() >= args.checkpoint_every.max(session.judging) || read > MUCH;
        if dirty && due || stops || end {
            session.judge(false, &inputs.names())?;
            if end && args.finish && !stops {
                session.judge(true, &inputs.names())?;
            }
            step(&mut session, &mut inputs, &shown)?;
            (dirty, read, stepped) = (waits, 0, Instant::now());
        }
        if stops || end {
            break;
        }
        if let Some(reload) = &mut reload
            && let Some(found) = reload.look()?
        {
            match found.and_then(|new| changed(new, &mut session, &mut inputs, &shown)) {
                Ok(false) => {}
                Ok(true) => session.add("policy_reloads", &[("result", "taken")], 1),
                Err(()) => {
                    session.add("policy_reloads", &[("result", "refused")], 1);
                    warn!("the changed policy set is refused: the one before it goes on");
                }
            }
            dirty = true;
        }
        if idle {
            std::thread::sleep(REST);
        }
    }
    let stopped = stop.load(Ordering::SeqCst);
    info!(
        findings = session.findings_over.values().sum::<u64>(),
        not_judged = session.not_judged,
        "stopped: the next start goes on from here"
    );
    if stopped {
        return Ok(Exit::Clean);
    }
    Ok(exit_of(&args.fail_on, args.max_indeterminate, &session.findings_over, session.not_judged))
}

fn length(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

/// Writes all down.
fn step(session: &mut Session, inputs: &mut Inputs, shown: &Shown) -> Result<(), Failure> {
    session.checkpoint.next_input = inputs.next;
    session.add("checkpoints", &[], 1);
    let states: Vec<(u32, Vec<u8>)> = inputs
        .states()
        .iter()
        .map(|(id, state)| Ok((*id, serde_json::to_vec(state).map_err(|e| Failure::new(e.to_string()))?)))
        .collect::<Result<_, Failure>>()?;
    session.keep(&states)?;
    for stream in &mut inputs.streams {
        stream.acknowledge()?;
    }
    shown.update(super::metrics::text(
        &session.checkpoint.counts,
        &Now {
            complete: session.stream.standing().complete,
            kept: session.stream.rows(),
            judging: session.judging,
            policy: session.checkpoint.policy.clone(),
            written: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64()),
        },
    ))
}

/// Goes on under a changed policy set, from a step on; not where it says the same. `Err`: it cannot be taken, which
/// was told.
fn changed(new: Changed, session: &mut Session, inputs: &mut Inputs, shown: &Shown) -> Result<bool, ()> {
    let told =
        |failure: Failure| tracing::error!(reason = %failure.in_short(), "the changed policy set cannot be taken");
    let Changed { plan, sources, signer } = new;
    if store::digest(&plan).map_err(told)? == session.checkpoint.policy {
        return Ok(false);
    }
    let targets = inputs.targets_under(&plan.reading()).map_err(told)?;
    session.judge(false, &inputs.names()).map_err(told)?;
    step(session, inputs, shown).map_err(told)?;
    let rules = plan.rules.len();
    session.change(plan, sources, signer, &inputs.states()).map_err(told)?;
    inputs.targets = targets;
    info!(rules, "the changed policy set judges from now on");
    session.tell_reach();
    Ok(true)
}

impl Inputs {
    fn begin(
        args: &FollowArgs,
        state_id: &str,
        known: Vec<(u32, Vec<u8>)>,
        next: u32,
        reading: &Reading,
    ) -> Result<Inputs, Failure> {
        let mut inputs = Inputs {
            args: args.given.records.clone(),
            targets: Vec::new(),
            files: Vec::new(),
            streams: Vec::new(),
            stdin: None,
            past: BTreeMap::new(),
            next,
            more: BTreeMap::new(),
            looked: None,
        };
        let mut streams = Vec::new();
        for (id, bytes) in known {
            let state: State = serde_json::from_slice(&bytes).map_err(|e| {
                Failure::new(format!("the state in `{}` is damaged: {e}", args.state.display()))
                    .help("begin anew with another `--state` and `--output`")
            })?;
            inputs.next = inputs.next.max(id + 1);
            match state {
                State::File(file) if !file.closed => inputs.files.push(Followed::resumed(id, file)),
                State::Nats(stream) => streams.push((id, stream)),
                other => drop(inputs.past.insert(id, other)),
            }
        }
        let mut stdin = None;
        for arg in &args.given.records {
            let (route, of) = super::super::records::named(arg, reading)?;
            if of == "-" && stdin.replace(route.clone()).is_some() {
                return Err(Failure::new("standard input (`-`) was named twice").code(Code::Routing));
            }
            if nats::is_stream(&of) {
                let stream =
                    nats::Followed::begin(&of, route, (&args.nats, state_id), &mut streams, &mut inputs.next, reading)?;
                inputs.streams.push(stream);
            }
        }
        inputs.past.extend(streams.into_iter().map(|(id, state)| (id, State::Nats(state))));
        inputs.targets = inputs.targets_under(reading)?;
        if let Some(route) = stdin {
            inputs.stdin = Some(Stdin::begin(inputs.next, route));
            inputs.next += 1;
        }
        Ok(inputs)
    }

    fn targets_under(&self, reading: &Reading) -> Result<Vec<Target>, Failure> {
        let all = files::targets(&self.args, reading)?;
        Ok(all.into_iter().filter(|t| t.pattern != "-" && !nats::is_stream(&t.pattern)).collect())
    }

    /// What was named and is not there: it may come, unless this is the last look.
    fn tell_missing(&self, last: bool) -> Result<(), Failure> {
        for target in &self.targets {
            if !target.is_missing()? {
                continue;
            }
            let read = self.files.iter().any(|f| f.state.origin.name == target.pattern);
            if last && !read && !self.args.is_empty() {
                return Err(Failure::new(format!("no file is `{}`", target.pattern)).code(Code::Unreadable));
            }
            warn!(file = %target.pattern, "no such file is there yet: it is waited for");
        }
        Ok(())
    }

    fn states(&self) -> BTreeMap<u32, State> {
        let mut states = self.past.clone();
        states.extend(self.files.iter().map(|f| (f.id, State::File(f.state.clone()))));
        states.extend(self.streams.iter().map(|s| (s.id, State::Nats(s.state.clone()))));
        states.extend(self.stdin.iter().filter_map(|s| Some((s.id, State::Stdin(s.origin.clone()?)))));
        states
    }

    /// By their ids.
    fn names(&self) -> Vec<String> {
        let mut names = vec![String::new(); self.next as usize];
        for (id, state) in self.states() {
            if let Some(name) = names.get_mut(InputId(id).0 as usize) {
                name.clone_from(&state.origin().name);
            }
        }
        names
    }

    /// Reads some of each input that is not ahead of others. How many bytes came.
    fn round(&mut self, session: &mut Session, last: bool, finish: bool) -> Result<usize, Failure> {
        let reading = session.plan.reading();
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK) {
            files::look(&self.targets, &mut self.files, &mut self.next, &reading, finish)?;
            self.looked = Some(Instant::now());
        }
        let mut came = 0;
        // Of those that are behind, how far the first one is.
        let behind = self.behind();
        let ahead = |more: &BTreeMap<u32, bool>, id: u32, latest: Option<i64>| {
            more.get(&id) == Some(&true) && behind.is_some_and(|b| latest.is_some_and(|at| at > b))
        };
        for file in &mut self.files {
            if ahead(&self.more, file.id, file.state.origin.latest) {
                continue;
            }
            let chunk = file.read(SOME, finish, &reading)?;
            came += took(session, &mut self.more, file.id, chunk, &mut file.state.origin)?;
        }
        for stream in &mut self.streams {
            if ahead(&self.more, stream.id, stream.state.origin.latest) {
                continue;
            }
            let chunk = stream.read(last, &reading)?;
            let redelivered = std::mem::take(&mut stream.redelivered);
            session.add("messages_redelivered", &[("input", &stream.state.origin.name)], redelivered);
            came += took(session, &mut self.more, stream.id, chunk, &mut stream.state.origin)?;
        }
        if let Some(stdin) = &mut self.stdin {
            let chunk = stdin.read(SOME, &reading)?;
            if let Some(origin) = &mut stdin.origin {
                came += took(session, &mut self.more, stdin.id, chunk, origin)?;
            }
        }
        Ok(came)
    }

    fn latest(&self) -> impl Iterator<Item = (u32, Option<i64>)> {
        let files = self.files.iter().map(|f| (f.id, f.state.origin.latest));
        let streams = self.streams.iter().map(|s| (s.id, s.state.origin.latest));
        let stdin = self.stdin.iter().map(|s| (s.id, s.origin.as_ref().and_then(|o| o.latest)));
        files.chain(streams).chain(stdin)
    }

    /// The earliest of the inputs of which there is more.
    fn behind(&self) -> Option<i64> {
        self.latest().filter(|(id, _)| self.more.get(id) == Some(&true)).map(|(_, at)| at.unwrap_or(i64::MIN)).min()
    }

    /// How far all inputs reach together: an input that has been read to its end does not hold up the others.
    fn complete(&self) -> Option<i64> {
        let latest = self.latest().filter_map(|(_, at)| at).max()?;
        match self.behind() {
            Some(i64::MIN) => None,
            Some(behind) => Some(latest.min(behind)),
            None => Some(latest),
        }
    }

    fn ended(&mut self) -> bool {
        self.stdin.as_ref().is_none_or(|s| s.ended)
            && self.more.values().all(|more| !more)
            && self.streams.iter_mut().all(nats::Followed::is_read)
    }
}

fn took(
    session: &mut Session,
    more: &mut BTreeMap<u32, bool>,
    id: u32,
    chunk: Option<Chunk>,
    origin: &mut super::input::Origin,
) -> Result<usize, Failure> {
    more.insert(id, chunk.as_ref().is_some_and(|c| c.more));
    let Some(chunk) = chunk else { return Ok(0) };
    let latest = session.take(&chunk, origin)?;
    origin.latest = origin.latest.max(latest);
    // A heading alone is progress, too.
    Ok(chunk.bytes.len().max(1))
}
