//! The ledger on the disk: `audit --ledger`, and `bylaws ledger` to look at one.

use super::disk::plain_io_error;
use super::given::{Given, Rules};
use super::{Exit, Failure, Style, output};
use crate::data::people::People;
use crate::data::{Verdict, identity};
use crate::eval::Findings;
use crate::report::json;
use crate::report::ledger::{Chain, Fault, Noted, Run, Tail, What, policy_digest};
use crate::report::receipt::Standing;
use crate::report::{Context, Entry, plain, plural};
use clap::{Args, Subcommand};
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often another writer is waited for, and how long each time.
const WAITS: usize = 50;
const WAIT: Duration = Duration::from_millis(100);
/// Verdicts that are written at once.
const LOT: usize = 1024;

/// A ledger that is written to, by nobody else meanwhile.
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    pub chain: Chain,
    /// How much of the file is whole entries.
    length: u64,
    /// Of this process, the run that was last written.
    begun: Option<Run>,
}

/// Why the ledger is not that any more, to which entries may have been added; nothing if it is.
pub(super) fn differs(then: &Standing) -> Result<Option<String>, Failure> {
    let Standing { file, entries, head } = then;
    let mut at = None;
    let read = read(Path::new(file), &mut |seq, _, hash| {
        if hash == head {
            at = Some(seq);
        }
    })?;
    Ok(match (read, at) {
        (Err(fault), _) => Some(format!("{file} is not as it was written: {fault}")),
        (Ok(_), Some(seq)) if seq + 1 == *entries => None,
        (Ok(_), _) => {
            Some(format!("{file} does not hold what was its last entry (of {entries}): it was cut off or written anew"))
        }
    })
}

/// How a run is told in a ledger. Files may be named after people.
pub(super) fn run_of(given: &Given, rules: &Rules, people: &People) -> Run {
    let options = given.options();
    Run {
        written: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        version: env!("CARGO_PKG_VERSION").into(),
        policy: policy_digest(rules.sources()),
        signer: rules.origin().and_then(|origin| origin.signer.clone()),
        set: options.set,
        records: options.records.iter().map(|name| people.text(name)).collect(),
        as_of: options.as_of,
        pseudonyms: people.fingerprint(),
    }
}

impl Ledger {
    /// Opens a ledger to add to it, or a new one, and reads it whole. A last entry whose writing was cut off is taken
    /// away, which is told; where anything else is not as it was written, nothing is added.
    pub fn open(path: &Path) -> Result<Ledger, Failure> {
        let shown = path.display();
        let failed = |e: std::io::Error| Failure::new(format!("cannot open `{shown}`: {}", plain_io_error(&e)));
        if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
            return Err(Failure::new(format!("`{shown}` is no file, which a ledger is")));
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        lock(path, || file.try_lock())?;
        let read = Chain::read(&mut BufReader::new(&file), &mut |_, _, _| ());
        let (chain, tail) = read.map_err(failed)?.map_err(|fault| broken(path, &fault))?;
        let mut length = file.metadata().map_err(failed)?.len();
        match tail {
            Tail::Whole => {}
            Tail::NoLineEnd { at } => {
                file.set_len(at).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
                file.write_all(b"\n").map_err(failed)?;
                length = at + 1;
                output::tell(&format!("ledger {shown}: the last entry had no line end, and has one now\n"));
            }
            Tail::Torn { from, bytes } => {
                file.set_len(from).map_err(failed)?;
                length = from;
                let bytes = plural(bytes as usize, "byte");
                output::tell(&format!(
                    "ledger {shown}: the last write was cut off; {bytes} behind {} were taken away\n",
                    behind(&chain)
                ));
            }
        }
        Ok(Ledger { path: path.to_owned(), file, chain, length, begun: None })
    }

    /// Adds the verdicts that are news, and the run in front of them; the run alone, where it is another than the last.
    /// Says how many verdicts were added. All is on the disk when it comes back; after a failure the ledger is as far as
    /// it got with whole entries.
    pub fn add(
        &mut self,
        run: &Run,
        verdicts: impl IntoIterator<Item = std::io::Result<Noted>>,
    ) -> Result<u64, Failure> {
        let before = self.chain.verdicts;
        let mut lot = Vec::new();
        let mut seen: HashMap<String, Verdict> = HashMap::new();
        for noted in verdicts {
            let noted = noted.map_err(|e| self.failed(&e))?;
            let news = match seen.get(&noted.id) {
                Some(verdict) => *verdict != noted.verdict,
                None => self.chain.is_news(&noted.id, noted.verdict),
            };
            if news {
                seen.insert(noted.id.clone(), noted.verdict);
                lot.push(noted);
            }
            if lot.len() == LOT {
                self.write(run, std::mem::take(&mut lot))?;
                seen.clear();
            }
        }
        self.write(run, lot)?;
        self.file.sync_all().map_err(|e| self.failed(&e))?;
        Ok(self.chain.verdicts - before)
    }

    /// As [`Ledger::add`], of what a run found, in this order. What is no news is not worked out.
    pub fn add_findings(
        &mut self,
        run: &Run,
        context: &Context,
        findings: &Findings,
        order: &[usize],
    ) -> Result<u64, Failure> {
        let is_news = |i: &usize| {
            let row = findings.row(*i);
            self.chain.is_news(&identity::hex(&row.id), row.verdict)
        };
        let news: Vec<usize> = order.iter().copied().filter(is_news).collect();
        let (mut explainer, mut written) = (findings.explainer(), json::Written::default());
        let noted = news.into_iter().map(|i| Noted::of(context, &Entry::by(findings, &mut explainer, i), &mut written));
        self.add(run, noted)
    }

    /// Where it stands, for whoever keeps it elsewhere.
    pub fn standing(&self) -> Standing {
        let Chain { entries, head, .. } = &self.chain;
        Standing { file: self.path.display().to_string(), entries: *entries, head: head.clone() }
    }

    fn write(&mut self, run: &Run, lot: Vec<Noted>) -> Result<(), Failure> {
        let begin = match &self.begun {
            Some(begun) => !begun.is_again(run),
            None => !lot.is_empty() || self.chain.is_another_run(run),
        };
        if lot.is_empty() && !begin {
            return Ok(());
        }
        let batch = self.chain.batch(begin.then_some(run), lot).map_err(|e| self.failed(&e))?;
        let new = self.length == 0;
        let written =
            self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(batch.text.as_bytes()));
        if let Err(error) = written {
            // What of it came onto the disk is no entry; the next run takes it away where this cannot.
            let _ = self.file.set_len(self.length);
            return Err(self.failed(&error));
        }
        self.length += batch.text.len() as u64;
        if begin {
            self.begun = Some(run.clone());
        }
        self.chain.accept(batch);
        if new {
            self.file.sync_all().and_then(|()| sync_folder(&self.path)).map_err(|e| self.failed(&e))?;
        }
        Ok(())
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("cannot write `{}`: {}", self.path.display(), plain_io_error(error)))
            .help(format!("{} is the last that is in it; run the same again to add the rest", behind(&self.chain)))
    }
}

fn behind(chain: &Chain) -> String {
    match chain.entries {
        0 => "nothing".into(),
        n => format!("entry {}", n - 1),
    }
}

/// A new file is there after a loss of power only where its folder says so.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Waits a while for whoever has the file.
fn lock(path: &Path, try_lock: impl Fn() -> Result<(), TryLockError>) -> Result<(), Failure> {
    let shown = path.display();
    for _ in 0..WAITS {
        match try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(WAIT),
            Err(TryLockError::Error(e)) => {
                return Err(Failure::new(format!("cannot lock `{shown}`: {}", plain_io_error(&e))));
            }
        }
    }
    Err(Failure::new(format!("another run is writing to `{shown}`"))
        .help("wait until it is done, or give each run a ledger of its own"))
}

fn broken(path: &Path, fault: &Fault) -> Failure {
    let shown = path.display();
    Failure::new(format!("the ledger `{shown}` is not as it was written: {fault}")).help(format!(
        "nothing was added to it; put it back from a copy, or begin a new one and keep this. See `bylaws ledger verify {shown}`"
    ))
}

// ---------------------------------------------------------------- looking at one

#[derive(Args)]
pub(super) struct LedgerArgs {
    #[command(subcommand)]
    what: LedgerCommand,
}

#[derive(Subcommand)]
enum LedgerCommand {
    /// Say whether every entry is as it was written, and where it stands
    #[command(after_help = "\
A ledger is what `bylaws audit --ledger FILE` writes. Every entry is bound to those before it by
a hash, so a change inside shows. Whether entries were cut off at the end, or all was written anew,
shows by the head alone, kept where it cannot be changed with the ledger: in a receipt, a mail.

Examples:
  bylaws ledger verify findings.ledger
  bylaws ledger verify findings.ledger --head 4f0c…

Exit codes: 0 as it was written, 1 not, 2 the file cannot be read.")]
    Verify {
        /// The ledger
        #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        file: PathBuf,
        /// The hash of the entry that was the last one at some time: it has to be in the ledger still
        #[arg(long, value_name = "HASH", value_parser = hash)]
        head: Option<String>,
    },
    /// Show the entries of a ledger, a line each
    #[command(after_help = "\
Examples:
  bylaws ledger show findings.ledger
  bylaws ledger show findings.ledger --id 11465c

Exit codes: 0 shown, 1 an entry is not as it was written (those before it are shown), 2 the file
cannot be read.")]
    Show {
        /// The ledger
        #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        file: PathBuf,
        /// Only the verdicts of this rule
        #[arg(long, value_name = "NAME")]
        rule: Option<String>,
        /// Only the verdicts whose id begins so
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
}

fn hash(text: &str) -> Result<String, String> {
    let text = text.trim().to_ascii_lowercase();
    let plain = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if plain { Ok(text) } else { Err("expected 64 hexadecimal digits, as `bylaws ledger verify` prints them".into()) }
}

pub(super) fn run(args: &LedgerArgs, _: Style) -> Result<Exit, Failure> {
    match &args.what {
        LedgerCommand::Verify { file, head } => verify(file, head.as_deref()),
        LedgerCommand::Show { file, rule, id } => show(file, rule.as_deref(), id.as_deref()),
    }
}

/// A ledger as it is now. A writer is waited for, but not for ever: one that goes on leaves whole entries.
fn read(path: &Path, see: &mut dyn FnMut(u64, &What, &str)) -> Result<Result<(Chain, Tail), Fault>, Failure> {
    let failed = |e: std::io::Error| {
        Failure::new(format!("cannot read `{}`: {}", path.display(), plain_io_error(&e)))
            .code(crate::diag::Code::Unreadable)
    };
    let file = File::open(path).map_err(failed)?;
    let _ = lock(path, || file.try_lock_shared());
    Chain::read(&mut BufReader::new(&file), see).map_err(failed)
}

fn verify(path: &Path, head: Option<&str>) -> Result<Exit, Failure> {
    let shown = path.display();
    let mut at = None;
    let read = read(path, &mut |seq, _, hash| {
        if head == Some(hash) {
            at = Some(seq);
        }
    })?;
    let (chain, tail) = match read {
        Ok(whole) => whole,
        Err(fault) => {
            output::print(&format!("{shown}: {fault}\n"))?;
            return Ok(Exit::Findings);
        }
    };
    let mut exit = Exit::Clean;
    let mut text = match chain.entries {
        0 => {
            exit = Exit::Findings;
            format!("{shown}: there is no entry in it\n")
        }
        n => format!(
            "{shown}: {} as written: {}, {}\nhead {}\n",
            match n {
                1 => "1 entry".into(),
                n => format!("{} entries", crate::report::grouped(n)),
            },
            plural(chain.runs as usize, "run"),
            plural(chain.verdicts as usize, "verdict"),
            chain.head
        ),
    };
    match tail {
        Tail::Whole => {}
        Tail::NoLineEnd { .. } => {
            exit = Exit::Findings;
            text.push_str("the last line has no end: its write was cut off; the next run that adds to it mends this\n");
        }
        Tail::Torn { bytes, .. } => {
            exit = Exit::Findings;
            text.push_str(&format!(
                "line {}: {} of an entry whose write was cut off, or is going on; the next run that adds to it takes them away\n",
                chain.entries + 1,
                plural(bytes as usize, "byte"),
            ));
        }
    }
    match (head, at) {
        (Some(_), Some(seq)) if seq + 1 == chain.entries => {
            text.push_str("the head that was given is the last entry\n")
        }
        (Some(_), Some(seq)) => text.push_str(&format!(
            "the head that was given is entry {seq}: all up to it is as it was then, {} came after\n",
            chain.entries - 1 - seq
        )),
        (Some(_), None) => {
            exit = Exit::Findings;
            text.push_str(
                "the head that was given is not in it: entries were cut off at the end, or it was written anew\n",
            );
        }
        (None, _) => {}
    }
    output::print(&text)?;
    Ok(exit)
}

fn show(path: &Path, rule: Option<&str>, id: Option<&str>) -> Result<Exit, Failure> {
    let all = rule.is_none() && id.is_none();
    let mut text = String::new();
    let read = read(path, &mut |seq, what, _| match what {
        What::Begin(_) => {}
        What::Run(run) if all => {
            let mut line =
                format!("{seq:>6}  run of {} by bylaws {}: policy {}", run.written, run.version, &short(&run.policy));
            if let Some(signer) = &run.signer {
                line.push_str(&format!(", signed by {signer}"));
            }
            let set = run.set.iter().map(|(name, value)| format!(", {name} = {value}"));
            line.extend(set);
            if !run.records.is_empty() {
                line.push_str(&format!(", over {}", run.records.join(" ")));
            }
            if let Some(as_of) = &run.as_of {
                line.push_str(&format!(", as of {as_of}"));
            }
            if let Some(key) = &run.pseudonyms {
                line.push_str(&format!(", people called by the key {key}"));
            }
            text.push_str(&line_of(&line));
        }
        What::Run(_) => {}
        What::Verdict(noted) => {
            if rule.is_none_or(|rule| rule == noted.rule) && id.is_none_or(|id| noted.id.starts_with(id)) {
                let (verdict, severity) = (noted.verdict.as_str(), noted.severity.as_str());
                let time = noted.time.as_deref().unwrap_or("-");
                text.push_str(&line_of(&format!(
                    "{seq:>6}  {verdict:<13}  {severity:<8}  {}  {}  {time}",
                    noted.id, noted.rule
                )));
            }
        }
    })?;
    output::print(&text)?;
    match read {
        Ok((_, Tail::Whole | Tail::NoLineEnd { .. })) => Ok(Exit::Clean),
        Ok((chain, Tail::Torn { .. })) => {
            output::tell(&format!("{}: the write of entry {} was cut off\n", path.display(), chain.entries));
            Ok(Exit::Findings)
        }
        Err(fault) => {
            output::tell(&format!("{}: {fault}\n", path.display()));
            Ok(Exit::Findings)
        }
    }
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

/// A line whose texts cannot be more than that.
fn line_of(line: &str) -> String {
    format!("{}\n", plain(line).trim_end())
}
