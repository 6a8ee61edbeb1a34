//! Inputs read into the evaluator, and read again for the records that reports show.

use super::Failure;
use super::disk::plain_io_error;
use super::memory::{self, Limit};
use super::people::Veil;
use super::records::{self, Input as File, Inputs};
use super::rejections::{Count, Rejections};
use crate::data::limits::{bytes, grouped};
use crate::data::mapping::Format;
use crate::data::{InputId, Limits, Reading};
use crate::diag::Code;
use crate::eval::{BatchError, Beyond, Evaluator, Findings, KindCounts, Metrics, OverLimit};
use crate::ingest::{self, Ingest, InputError, InputReport, InputSpec, ReadAt, Reject, Sift, Sink, Wanted};
use crate::plan::Plan;
use crate::report::summary::{InputLine, KindLine, ProblemLine, RowLine, RuleLine, Summary};
use crate::report::{self, Context, Entry, Excerpt};
use crate::threads::{lock, unlock};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// So often it is looked how much memory judging holds.
const OFTEN: Duration = Duration::from_millis(50);

/// Shorter inputs are done before a progress bar could be read.
const LONG: u64 = 64 << 20;

/// Shorter inputs are judged before a sieve for them is made, and hold little.
pub(super) const SHORT: u64 = 256 << 10;

pub(super) struct Reader<'a> {
    ingest: Ingest,
    inputs: &'a Inputs,
    reading: &'a Reading,
    threads: usize,
    /// Whether rejected records are kept with their texts.
    keep: bool,
    limit: Limit,
    veil: Veil,
}

/// What the inputs held, apart from what the evaluator took.
#[derive(Default)]
pub(super) struct Outcome {
    /// One an input.
    reports: Vec<InputReport>,
    rejections: Rejections,
    /// With their texts, where they are to be kept.
    rejects: Vec<Reject>,
    /// Name, and whether it is a table.
    kinds: Vec<(String, bool)>,
}

/// Of one input: records, and the entry and record that each is for.
type WantedOf = (Vec<Wanted>, Vec<(usize, usize)>);

impl<'a> Reader<'a> {
    pub fn new(reading: &'a Reading, inputs: &'a Inputs, threads: usize, keep: bool, limit: Limit) -> Reader<'a> {
        let veil = Veil::new(reading, &inputs.people);
        let ingest = Ingest::new(reading).within(&limit.input);
        Reader { ingest, inputs, reading, threads, keep, limit, veil }
    }

    /// Reads every input to its end; twice where a record has the identity of one that was let go.
    pub fn read(&self, mut evaluator: Evaluator) -> Result<(Evaluator, Outcome), Failure> {
        let (files, most) = (self.inputs.files.len() as u64, self.limit.input.files);
        if files > most {
            let (files, most) = (grouped(files), grouped(most));
            return Err(Failure::new(format!("{files} files of records were named: more than {most}"))
                .code(Code::InputOverLimit)
                .help("name fewer at once, or allow more: `--limit files=…`"));
        }
        if !self.is_short() {
            memory::in_small_pages();
        }
        let outcome = self.pass(&evaluator)?;
        while evaluator.again().map_err(|e| Failure::new(e.to_string()).code(Code::BrokenInput))? {
            self.pass(&evaluator)?;
        }
        let held = evaluator.held();
        self.limit.check(evaluator.plan(), &held, held.judging())?;
        Ok((evaluator, outcome))
    }

    /// Judges what was read.
    pub fn finish(&self, evaluator: Evaluator) -> Result<Findings, Failure> {
        watched(self.limit, evaluator, Evaluator::finish_within).map_err(untold)
    }

    /// Works out the metrics of what was read.
    pub fn metrics(&self, evaluator: Evaluator) -> Result<Metrics, Failure> {
        watched(self.limit, evaluator, Evaluator::metrics_within).map_err(untold)
    }

    /// Holds only where the files are as they were read.
    pub fn unchanged(&self) -> Result<(), Failure> {
        self.inputs.files.iter().try_for_each(|file| match std::fs::metadata(&file.path) {
            Ok(now) if self.inputs.seen.opened(file, &now).is_some_and(|size| size == now.len()) => Ok(()),
            _ => Err(changed(file)),
        })
    }

    fn pass(&self, evaluator: &Evaluator) -> Result<Outcome, Failure> {
        let mut outcome = Outcome { kinds: self.kinds(), ..Outcome::default() };
        let progress = progress(&self.inputs.files);
        let kept = AtomicU64::new(0);
        let sieve = if self.is_short() { Ok(None) } else { evaluator.sieve() };
        let sieve = sieve.map_err(|e| Failure::new(e.to_string()))?;
        for (i, file) in self.inputs.files.iter().enumerate() {
            let rejected: Mutex<Vec<Reject>> = Mutex::default();
            let broken: Mutex<Option<BatchError>> = Mutex::default();
            let full: Mutex<Option<Failure>> = Mutex::default();
            // What comes behind is only read over.
            let goes_on = || lock(&full).is_none();
            let settle = |taken: Result<(), BatchError>| {
                if let Err(error) = taken {
                    *lock(&broken) = Some(error);
                }
                if let Err(failure) = self.limit.check(evaluator.plan(), &evaluator.held(), 0) {
                    lock(&full).get_or_insert(failure);
                }
            };
            let batch = |batch| {
                if goes_on() {
                    settle(evaluator.screen(batch).map(|screened| evaluator.absorb(screened)));
                }
            };
            let rest = |rows| {
                if goes_on() {
                    settle(evaluator.let_go(rows));
                }
            };
            let keep = self.keep;
            let rejections = Mutex::new(std::mem::take(&mut outcome.rejections));
            let reject = |reject: Reject| {
                let reject = Reject { reason: self.veil.text(&reject.reason, &self.inputs.people), ..reject };
                lock(&rejections).add(&reject);
                let (text, most) = (reject.text.len() as u64, self.limit.input.rejected_bytes);
                if keep && kept.fetch_add(text, Ordering::Relaxed).saturating_add(text) <= most {
                    lock(&rejected).push(reject);
                } else if keep {
                    lock(&full).get_or_insert_with(|| too_many_rejects(most));
                }
            };
            let advance = |bytes| {
                if let Some(bar) = &progress {
                    bar.inc(bytes);
                }
            };
            let sink = Sink { batch: &batch, reject: &reject, advance: &advance };
            let sift = sieve.as_ref().map(|sieve| Sift { sieve, rest: &rest });
            let options = ingest::Options { threads: self.threads, ..ingest::Options::default() };
            let read = with_input(file, &self.inputs.seen, |input| {
                self.ingest.sift(&spec(i, file), input, options, sink, sift)
            });
            let read = read.map_err(|failure| self.veil.failure(failure, &self.inputs.people));
            outcome.rejections = unlock(rejections);
            outcome.reports.push(read?);
            if let Some(failure) = lock(&full).take() {
                return Err(failure);
            }
            if let Some(error) = lock(&broken).take() {
                return Err(Failure::new(format!("`{}` was read wrongly: {error}", file.name)));
            }
            outcome.rejects.extend(unlock(rejected));
        }
        if let Some(bar) = progress {
            bar.finish_and_clear();
        }
        outcome.rejects.sort_by_key(|r| r.place);
        Ok(outcome)
    }

    /// The texts of the records that these entries rest on, each in the order of its records.
    pub fn excerpts(&self, context: &Context, entries: &[&Entry]) -> Result<Vec<Vec<Option<Excerpt>>>, Failure> {
        let mut texts: Vec<Vec<Option<Excerpt>>> = entries.iter().map(|e| vec![None; e.why.records.len()]).collect();
        // By input: what is wanted, and where it goes.
        let mut wanted: BTreeMap<InputId, WantedOf> = BTreeMap::new();
        for (e, entry) in entries.iter().enumerate() {
            for r in report::human::framed(entry) {
                let Some((record, place)) = entry.why.records.get(r).and_then(|r| Some((r, r.place?))) else {
                    continue;
                };
                let columns = report::human::seen_columns(context, entry, r);
                let (list, targets) = wanted.entry(place.input).or_default();
                list.push(Wanted { place, kind: record.kind, columns });
                targets.push((e, r));
            }
        }
        for (id, (wanted, targets)) in wanted {
            let Some(file) = self.inputs.files.get(id.0 as usize) else { continue };
            let spec = spec(id.0 as usize, file);
            let people = &self.inputs.people;
            let found =
                with_input(file, &self.inputs.seen, |input| self.ingest.excerpts(&spec, input, &wanted, people))?;
            // A row of Parquet has no line: its columns are shown one a line, under the row's number.
            let rows = is_parquet(file);
            for ((excerpt, of), (e, r)) in found.into_iter().zip(&wanted).zip(targets) {
                texts[e][r] = excerpt.map(|found| Excerpt {
                    name: if rows { format!("{}, row {}", file.name, of.place.line) } else { file.name.clone() },
                    text: found.text,
                    line: if rows { 1 } else { of.place.line },
                    fields: of.columns.iter().zip(found.fields).filter_map(|(c, f)| Some((*c, f?))).collect(),
                });
            }
        }
        Ok(texts)
    }

    /// One JSON object a rejected record; text that is not UTF-8 is given in base64. What may not be shown is left out,
    /// unless records are to be kept as they are.
    pub fn write_rejects(&self, outcome: &Outcome, raw: bool, out: &mut dyn Write) -> std::io::Result<()> {
        for rejects in outcome.rejects.chunk_by(|a, b| a.place.input == b.place.input) {
            let id = rejects[0].place.input.0 as usize;
            let Some(file) = self.inputs.files.get(id) else { continue };
            let shown = self.ingest.shown(&spec(id, file), &self.inputs.people);
            for reject in rejects {
                let shown = if raw { Some(reject.text.clone()) } else { shown(reject) };
                out.write_all(&reject_line(&file.name, reject, shown))?;
            }
        }
        Ok(())
    }

    /// Whether there is little to read. Of some files, such as those in /proc, the system does not tell the size.
    fn is_short(&self) -> bool {
        let size = |file: &File| std::fs::metadata(&file.path).ok().map(|m| m.len()).filter(|&size| size > 0);
        self.inputs
            .files
            .iter()
            .try_fold(0, |all: u64, file| all.checked_add(size(file)?))
            .is_some_and(|all| all < SHORT)
    }

    fn kinds(&self) -> Vec<(String, bool)> {
        self.reading.schema.declared().iter().map(|k| (k.name.clone(), k.is_table())).collect()
    }
}

impl Outcome {
    /// Why the record at `FILE:LINE` was rejected, if it was and rejects are kept.
    pub fn rejected_at(&self, inputs: &Inputs, at: &str) -> Option<(Code, &str)> {
        let (file, line) = at.rsplit_once(':')?;
        let line: u64 = line.split('[').next()?.parse().ok()?;
        let named = |r: &&Reject| inputs.files.get(r.place.input.0 as usize).is_some_and(|f| f.is_named(file));
        let fits = |r: &&Reject| r.place.line == line && named(r);
        self.rejects.iter().find(fits).map(|r| (r.code, r.reason.as_str()))
    }

    /// How many records were rejected, and where the first of them stands.
    pub fn rejected(&self, inputs: &Inputs) -> Option<(u64, String)> {
        let Count { records, first } = self.rejections.total()?;
        Some((records, format!("{}:{}", name(inputs, first.input), first.line)))
    }

    pub fn summary(&self, inputs: &Inputs, findings: &Findings) -> Summary {
        let mut summary = self.read(inputs, findings.plan(), findings.records());
        for problem in findings.problems() {
            let table = &findings.plan().schema.kind(problem.table).name;
            summary.problems.push(ProblemLine {
                code: problem.code.as_str(),
                table: table.clone(),
                message: problem.message.clone(),
                rows: problem
                    .rows
                    .iter()
                    .map(|r| RowLine {
                        file: r.place.map_or(String::new(), |p| name(inputs, p.input).to_owned()),
                        line: r.place.map(|p| p.line),
                        identity: r.identity.clone(),
                    })
                    .collect(),
            });
        }
        let rules = &findings.plan().rules;
        summary.rules.reserve_exact(rules.len());
        for (i, rule) in rules.iter().enumerate() {
            summary.rules.push(RuleLine {
                name: rule.name.clone(),
                severity: rule.severity,
                counts: findings.counts(i),
                effective: rule.effective,
                never_in_force: findings.never_in_force(i),
            });
        }
        summary
    }

    /// What was read, whatever came of it.
    pub fn read(&self, inputs: &Inputs, plan: &Plan, counts: &[KindCounts]) -> Summary {
        let passed_by = inputs.passed_by.iter().map(|(s, kind)| (s.clone(), self.kinds[kind.0 as usize].0.clone()));
        let passed_by = passed_by.collect();
        let mut summary = Summary { unmatched: inputs.unmatched.clone(), passed_by, ..Summary::default() };
        summary.pseudonyms = inputs.people.fingerprint();
        let mut read = vec![0; self.kinds.len()];
        for (report, file) in self.reports.iter().zip(&inputs.files) {
            let mut records = report.unclaimed + report.undeclared.values().sum::<u64>();
            for (kind, count) in &report.records {
                records += count;
                read[kind.0 as usize] += count;
            }
            summary.inputs.push(InputLine { name: file.name.clone(), records, rejected: report.rejected });
            for (name, count) in &report.undeclared {
                *summary.undeclared.entry(inputs.people.text(name)).or_default() += count;
            }
            for note in &report.notes {
                let kind = self.kinds[note.kind.0 as usize].0.clone();
                let line = (kind, inputs.people.text(&note.field), note.meant.clone());
                if !summary.near_fields.contains(&line) {
                    summary.near_fields.push(line);
                }
            }
            summary.unclaimed += report.unclaimed;
            summary.bytes += report.bytes;
        }
        for ((code, reason), Count { records, first }) in self.rejections.told() {
            let first = format!("{}:{}", name(inputs, first.input), first.line);
            summary.rejected.insert((code.as_str().into(), reason.into()), (records, first));
        }
        for (i, (name, table)) in self.kinds.iter().enumerate() {
            let of = counts.get(i).copied().unwrap_or_default();
            summary.kinds.push(KindLine {
                name: name.clone(),
                table: *table,
                read: read[i],
                used: plan.kinds.get(i).is_some_and(|k| k.projection.is_some()),
                repeats: of.repeats,
                conflicts: of.conflicts,
                after_as_of: of.after_as_of,
            });
        }
        summary
    }
}

fn too_many_rejects(most: u64) -> Failure {
    Failure::new(format!("the rejected records are more than {} of text", bytes(most))).code(Code::InputOverLimit).help(
        "look at them without `--rejects` first: the summary counts them by reason; or keep more: \
         `--limit rejected-bytes=…`",
    )
}

/// `a`, `b` and 2 more
fn names(of: &[String]) -> String {
    let named: Vec<String> = of.iter().take(3).map(|n| format!("`{n}`")).collect();
    match of.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Judges within the limits, that of memory too.
pub(super) fn watched<T>(
    limit: Limit,
    evaluator: Evaluator,
    judge: impl FnOnce(Evaluator, &Limits) -> Result<T, OverLimit>,
) -> Result<T, Failure> {
    let (plan, held, stop) = (evaluator.plan().clone(), evaluator.held(), evaluator.stop());
    std::thread::scope(|scope| {
        let (done, end) = std::sync::mpsc::channel::<()>();
        let memory = scope.spawn(move || {
            // Until the other side is gone.
            while end.recv_timeout(OFTEN) == Err(RecvTimeoutError::Timeout) {
                if let Err(failure) = limit.check(&plan, &held, 0) {
                    stop.stop();
                    return Some(failure);
                }
            }
            None
        });
        let judged = judge(evaluator, &limit.input);
        drop(done);
        let short = memory.join().unwrap_or_default();
        judged.map_err(|over| short.unwrap_or_else(|| over_limit(&over)))
    })
}

/// Why judging was stopped.
fn over_limit(over: &OverLimit) -> Failure {
    let what = match over.what {
        Beyond::Keys => "looks at the records of more than {} keys at once",
        Beyond::WindowRecords => "looks at more than {} records in one window",
        Beyond::PartialMatches => "has more than {} ways to complete a sequence at one record",
        Beyond::Outside => return Failure::new("judging was stopped"),
    };
    let whose = names(&over.whose);
    let message = what.replace("{}", &grouped(over.most));
    let (name, most) = (over.what.limit(), grouped(over.most));
    Failure::new(format!("{whose} {message}"))
        .code(Code::JudgingOverLimit)
        .help(format!("give it a narrower key or a shorter window, or allow more than {most}: `--limit {name}=…`"))
}

fn untold(failure: Failure) -> Failure {
    over(failure, "no verdicts were told")
}

/// With what becomes of the verdicts, where judging was over a limit.
pub(super) fn over(failure: Failure, verdicts: &str) -> Failure {
    match (failure.code, &failure.help) {
        (Some(Code::JudgingOverLimit), Some(help)) => {
            let help = format!("{help}; {verdicts}");
            failure.help(help)
        }
        _ => failure,
    }
}

/// A bar for inputs that take a while, where somebody can see it.
pub(super) fn progress(files: &[File]) -> Option<ProgressBar> {
    let total: u64 = files.iter().filter_map(|f| std::fs::metadata(&f.path).ok()).map(|m| m.len()).sum();
    if total < LONG || !stderr().is_terminal() {
        return None;
    }
    let packed = files.iter().any(|f| [".gz", ".zst", ".zstd"].iter().any(|z| f.name.ends_with(z)));
    let (bar, template) = match packed {
        // How much there is to read is only known at the end.
        true => (ProgressBar::new_spinner(), "{spinner} {bytes} read, {bytes_per_sec}"),
        false => (ProgressBar::new(total), "{bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left"),
    };
    Some(bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())))
}

/// A rejected record as it is kept: an object on a line, with what of its text may be shown.
pub(super) fn reject_line(file: &str, reject: &Reject, shown: Option<Vec<u8>>) -> Vec<u8> {
    let mut line = serde_json::json!({
        "file": file,
        "line": reject.place.line,
        "byte_offset": reject.place.offset,
        "element": reject.place.element,
        "code": reject.code.as_str(),
        "reason": reject.reason,
    });
    match shown.map(String::from_utf8) {
        None => line["withheld_bytes"] = reject.text.len().into(),
        Some(Ok(text)) => line["text"] = text.into(),
        Some(Err(text)) => line["base64"] = report::base64::text(text.as_bytes()).into(),
    }
    format!("{line}\n").into_bytes()
}

fn name(inputs: &Inputs, id: InputId) -> &str {
    inputs.files.get(id.0 as usize).map_or("", |f| f.name.as_str())
}

pub(super) fn spec(i: usize, file: &File) -> InputSpec {
    InputSpec { id: InputId(i as u32), name: file.name.clone(), format: None, route: file.route.clone() }
}

fn is_parquet(file: &File) -> bool {
    let head = records::head(&file.path).unwrap_or_default();
    ingest::format_of(&file.name, &head) == Format::Parquet
}

/// Opens a file, whole or as a stream.
pub(super) fn with_input<T>(
    file: &File,
    seen: &Seen,
    read: impl FnOnce(ingest::Input<'_>) -> Result<T, InputError>,
) -> Result<T, Failure> {
    let unreadable = |e: std::io::Error| {
        Failure::new(format!("cannot read `{}`: {}", file.name, plain_io_error(&e))).code(Code::Unreadable)
    };
    let opened = std::fs::File::open(&file.path).map_err(unreadable)?;
    let now = opened.metadata().map_err(unreadable)?;
    // Of some files, such as those in /proc, the system does not tell the size.
    let result = if now.is_file() && now.len() > 0 {
        let size = seen.opened(file, &now).ok_or_else(|| changed(file))?;
        read(ingest::Input::At(Arc::new(Regular { size, file: opened })))
    } else {
        read(ingest::Input::Reader(Box::new(opened)))
    };
    result.map_err(|error| of_input(&file.name, error))
}

/// Why an input could not be read, with its name.
pub(super) fn of_input(name: &str, error: InputError) -> Failure {
    let failure = Failure::new(format!("{name}: {}", error.message)).code(error.code);
    match error.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// The files as they were opened first: each is opened up to three times, and what is told of it rests on its being the
/// same each time.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashMap<PathBuf, Metadata>>);

impl Seen {
    /// How much of a file is to be read: what is added to it later is not. None where it is another file now.
    fn opened(&self, file: &File, now: &Metadata) -> Option<u64> {
        let mut seen = lock(&self.0);
        let first = seen.entry(file.path.clone()).or_insert_with(|| now.clone());
        let time = |of: &Metadata| of.modified().ok();
        let same = now.len() > first.len() || now.len() == first.len() && time(now) == time(first);
        (same && is_one_file(first, now)).then_some(first.len())
    }
}

#[cfg(unix)]
fn is_one_file(first: &Metadata, now: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (first.dev(), first.ino()) == (now.dev(), now.ino())
}

#[cfg(not(unix))]
fn is_one_file(first: &Metadata, now: &Metadata) -> bool {
    first.created().ok() == now.created().ok()
}

fn changed(file: &File) -> Failure {
    Failure::new(format!("`{}` was changed while it was read", file.name))
        .code(Code::BrokenInput)
        .help("run again once nothing writes to it, or give a copy")
}

/// A file of a size, which several threads may read.
struct Regular {
    size: u64,
    file: std::fs::File,
}

impl ReadAt for Regular {
    fn size(&self) -> u64 {
        self.size
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }
}
