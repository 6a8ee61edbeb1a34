//! Which files hold the records, and which source reads each.

use super::Failure;
use super::disk::plain_io_error;
use super::reading::Seen;
use super::temporary::Temporary;
use crate::data::mapping::{Format, Source};
use crate::data::{KindId, People, Reading};
use crate::diag::{Code, did_you_mean};
use crate::eval::InOrder;
use crate::ingest::{Route, format_of};
use crate::io::join;
use crate::report;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct Input {
    /// As reports show it.
    pub name: String,
    pub path: PathBuf,
    pub route: Route,
}

impl Input {
    /// Whether it is meant by a name: its own, or the end of its path.
    pub fn is_named(&self, wanted: &str) -> bool {
        let ends =
            |name: &str| name.strip_suffix(wanted).is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '\\']));
        ends(&self.name) || ends(&shown(&self.path))
    }
}

/// The inputs of a run, sorted by name.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub files: Vec<Input>,
    /// `files` of sources that no file matched: source and glob.
    pub unmatched: Vec<(String, String)>,
    /// Sources with `files` of their own that were not looked for, as others were named, and what each is for.
    pub passed_by: Vec<(String, KindId)>,
    /// What came from standard input and from pipes, kept until the reports are written.
    spooled: Vec<Temporary>,
    /// Standard input was named.
    stdin: bool,
    /// What people are called in what is written.
    pub people: People,
    /// The files as they were opened first.
    pub seen: Seen,
}

impl Inputs {
    /// Whether all can be read twice: a pipe cannot.
    pub fn stay(&self) -> bool {
        self.files.iter().all(|f| std::fs::metadata(&f.path).is_ok_and(|m| m.is_file()))
    }
}

impl Inputs {
    /// What to expect of one file, or of several that are read alike: that their records are about in the order of
    /// time. A file for each kind is not.
    pub fn in_order(&self, threads: usize) -> Option<InOrder> {
        let alike = self.files.windows(2).all(|f| f[0].route == f[1].route);
        (alike && self.stay()).then_some(InOrder { hold: HELD, lag: threads })
    }
}

/// Fewer records of sequences are not looked through.
const HELD: usize = 1 << 16;

/// Finds the files that the command line, or else the policy itself, names.
pub(super) fn inputs(args: &[String], reading: &Reading) -> Result<Inputs, Failure> {
    let mut inputs = Inputs::default();
    if args.is_empty() {
        by_sources(reading, &mut inputs)?;
    }
    for arg in args {
        by_argument(arg, reading, &mut inputs)?;
    }
    if !args.is_empty() {
        let own = reading.sources.iter().filter(|s| !s.files.is_empty());
        inputs.passed_by = own.map(|s| (s.name.clone(), s.kind)).collect();
    }
    inputs.files.sort_by(|a, b| (&a.name, order(&a.route)).cmp(&(&b.name, order(&b.route))));
    // One file by two names, or by a glob too, is read once, for all of its sources in one pass.
    let mut files: Vec<Input> = Vec::new();
    let mut seen: HashMap<PathBuf, Vec<usize>> = HashMap::new();
    for file in std::mem::take(&mut inputs.files) {
        let before = seen.entry(file.path.canonicalize().unwrap_or_else(|_| file.path.clone())).or_default();
        if before.iter().all(|&i| !joined(&mut files[i].route, &file.route, reading)) {
            before.push(files.len());
            files.push(file);
        }
    }
    inputs.files = files;
    Ok(inputs)
}

/// Whether one reading serves both routes; then the first is for both.
fn joined(route: &mut Route, other: &Route, reading: &Reading) -> bool {
    let how = |i: &usize| reading.sources.get(*i).map(|s| (s.format, s.delimiter));
    match (&mut *route, other) {
        (Route::Sources(sources), Route::Sources(more))
            if sources.iter().chain(more).map(how).is_sorted_by(|a, b| a == b) =>
        {
            sources.extend(more);
            sources.sort_unstable();
            sources.dedup();
            true
        }
        (route, other) => route == other,
    }
}

/// No file was named: what the sources' own `files` say.
fn by_sources(reading: &Reading, inputs: &mut Inputs) -> Result<(), Failure> {
    let mut sources_of: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (i, source) in reading.sources.iter().enumerate() {
        for glob in &source.files {
            let found = expand(&join(&escaped(&source.folder), glob))?;
            if found.is_empty() {
                inputs.unmatched.push((source.name.clone(), glob.clone()));
            }
            for path in found {
                let sources = sources_of.entry(path).or_default();
                if !sources.contains(&i) {
                    sources.push(i);
                }
            }
        }
    }
    if sources_of.is_empty() {
        let failure = Failure::new("no records were named").code(Code::Routing);
        return Err(match inputs.unmatched.as_slice() {
            [] => failure.help("name them on the command line, or give the policy's sources `files`"),
            unmatched => {
                let globs: Vec<_> = unmatched.iter().map(|(s, g)| format!("`{g}` ({s})")).collect();
                failure.help(format!("and no file matches the sources' own `files`: {}", globs.join(", ")))
            }
        });
    }
    for (path, sources) in sources_of {
        inputs.files.push(Input { name: shown(&path), path, route: Route::Sources(sources) });
    }
    Ok(())
}

/// The route that an argument names, if it does, and what is read.
pub(super) fn named(arg: &str, reading: &Reading) -> Result<(Option<Route>, String), Failure> {
    Ok(match arg.split_once('=') {
        Some((name, path)) if is_name(name) && !Path::new(arg).exists() => {
            (Some(named_route(name, path, reading)?), path.to_owned())
        }
        _ => (None, arg.to_owned()),
    })
}

fn by_argument(arg: &str, reading: &Reading, inputs: &mut Inputs) -> Result<(), Failure> {
    let (route, path) = named(arg, reading)?;
    let path = path.as_str();
    if path == "-" {
        if std::mem::replace(&mut inputs.stdin, true) {
            return Err(Failure::new("standard input (`-`) was named twice").code(Code::Routing));
        }
        let spooled = spool("standard input", std::io::stdin().lock())?;
        let route = match route {
            Some(route) => route,
            None => route_of("-", spooled.path(), reading)?,
        };
        inputs.files.push(Input { name: "<stdin>".into(), path: spooled.path().into(), route });
        inputs.spooled.push(spooled);
        return Ok(());
    }
    let paths = if Path::new(path).exists() {
        vec![PathBuf::from(path)]
    } else if path.contains(['*', '?', '[']) {
        let found = expand(path)?;
        if found.is_empty() {
            return Err(Failure::new(format!("no file matches `{path}`")).code(Code::Unreadable));
        }
        found
    } else {
        return Err(Failure::new(format!("cannot read `{path}`: no such file or folder")).code(Code::Unreadable));
    };
    for path in paths {
        if path.is_dir() {
            let folder = shown(&path);
            return Err(Failure::new(format!("`{folder}` is a folder")).code(Code::Routing).help(format!(
                "name its files, for instance with a glob: '{}/*.ndjson'",
                folder.trim_end_matches('/')
            )));
        }
        let name = shown(&path);
        let path = if is_pipe(&path) { kept(&name, &path, inputs)? } else { path };
        let route = match &route {
            Some(route) => route.clone(),
            None => route_of(&name, &path, reading)?,
        };
        inputs.files.push(Input { name, path, route });
    }
    Ok(())
}

/// `NAME=PATH`, where the name is a source's or a kind's.
fn named_route(name: &str, path: &str, reading: &Reading) -> Result<Route, Failure> {
    if let Some(i) = reading.sources.iter().position(|s| s.name == name) {
        return Ok(Route::Sources(vec![i]));
    }
    if let Some(kind) = reading.schema.kind_named(name) {
        return Ok(Route::Kind(kind));
    }
    let names = || {
        let sources = reading.sources.iter().map(|s| s.name.as_str());
        sources.chain(reading.schema.declared().iter().map(|k| k.name.as_str()))
    };
    let failure = Failure::new(format!("the policy has no source, record or table `{name}`")).code(Code::Routing);
    Err(match did_you_mean(name, names()) {
        Some(near) => failure.help(format!("did you mean `{near}={path}`?")),
        None => failure.help(format!("it has {}", listed(names()))),
    })
}

/// Which source reads a file that was named without one.
pub(super) fn route_of(name: &str, path: &Path, reading: &Reading) -> Result<Route, Failure> {
    if let Some(route) = by_name(name, reading) {
        return Ok(route);
    }
    let head = head(path)
        .map_err(|e| Failure::new(format!("cannot read `{name}`: {}", plain_io_error(&e))).code(Code::Unreadable))?;
    route_of_head(name, &head, reading)
}

/// The sources whose `files` fit a name.
fn by_name(name: &str, reading: &Reading) -> Option<Route> {
    let fits = |i: &usize| reading.sources[*i].files.iter().any(|glob| matches(glob, name));
    let matching: Vec<usize> = (0..reading.sources.len()).filter(fits).collect();
    (!matching.is_empty()).then_some(Route::Sources(matching))
}

/// Which source reads what begins like this.
pub(super) fn route_of_head(name: &str, head: &[u8], reading: &Reading) -> Result<Route, Failure> {
    let format = format_of(name, head);
    let fitting: Vec<usize> = (0..reading.sources.len()).filter(|&i| reads(&reading.sources[i], format)).collect();
    let json = matches!(format, Format::Ndjson | Format::Json);
    if json && (fitting.is_empty() || names_its_kind(head)) {
        return Ok(Route::Tagged);
    }
    if let [only] = fitting[..] {
        return Ok(Route::Sources(vec![only]));
    }
    let what = format_name(format);
    let message = match fitting.len() {
        0 => format!("no source of the policy reads `{name}` ({what})"),
        n => format!("{n} sources could read `{name}` ({what})"),
    };
    let choices: Vec<String> = match fitting.as_slice() {
        [] => reading.schema.declared().iter().map(|k| format!("{}={name}", k.name)).collect(),
        some => some.iter().map(|&i| format!("{}={name}", reading.sources[i].name)).collect(),
    };
    Err(Failure::new(message).code(Code::Routing).help(match choices.is_empty() {
        true => "declare a `source` for it".into(),
        false => format!("say which: {}", listed(choices.iter().map(String::as_str))),
    }))
}

fn reads(source: &Source, format: Format) -> bool {
    match source.format {
        Some(own) => own == format,
        // A source without globs or a format takes whatever it is given.
        None => source.files.is_empty(),
    }
}

/// Whether a source's glob means a file of this name. Folders do not count: a copy elsewhere is the same register.
fn matches(glob: &str, name: &str) -> bool {
    let last = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    glob::Pattern::new(&last(glob)).is_ok_and(|pattern| pattern.matches(&last(name)))
}

pub(super) fn expand(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let bad = |why: String| Failure::new(format!("`{pattern}` is not a glob: {why}")).code(Code::Routing);
    let mut found = Vec::new();
    for path in glob::glob(pattern).map_err(|e| bad(e.msg.to_string()))? {
        let path = path.map_err(|e| {
            Failure::new(format!("cannot read `{}`: {}", e.path().display(), plain_io_error(e.error())))
                .code(Code::Unreadable)
        })?;
        // What cannot be read is told when it is opened; a folder is not meant.
        if !path.is_dir() {
            found.push(path);
        }
    }
    nameless(pattern)?;
    Ok(found)
}

/// A glob passes over names that are not UTF-8: one that it would otherwise match is told.
fn nameless(pattern: &str) -> Result<(), Failure> {
    let (parent, last) = pattern.rsplit_once(['/', '\\']).unwrap_or((".", pattern));
    let Ok(last) = glob::Pattern::new(last) else { return Ok(()) };
    let folders = glob::glob(if parent.is_empty() { "/" } else { parent }).into_iter().flatten().flatten();
    for entry in folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_none() && last.matches(&name.to_string_lossy()) {
            let path = entry.path();
            let path = path.strip_prefix("./").unwrap_or(&path);
            let failure = Failure::new(format!("the name of `{}` is not UTF-8", shown(path)));
            return Err(failure.code(Code::Unreadable).help("rename it, or write the glob so that it does not match"));
        }
    }
    Ok(())
}

/// A folder's name as the start of a glob that means it literally.
fn escaped(folder: &str) -> String {
    glob::Pattern::escape(folder)
}

pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Routes in one order, whatever the order of the arguments.
fn order(route: &Route) -> (u8, Vec<usize>) {
    match route {
        Route::Sources(sources) => (0, sources.clone()),
        Route::Kind(kind) => (1, vec![kind.0 as usize]),
        Route::Tagged => (2, Vec::new()),
    }
}

fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|n| format!("`{n}`")).collect();
    match names.len() {
        0..=8 => names.join(", "),
        n => format!("{} and {}", names[..7].join(", "), report::plural(n - 7, "other")),
    }
}

/// Whether a path is one that can be read only once: a named pipe, or the shell's `<(…)`.
pub(super) fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// What comes through a pipe, in a file.
fn kept(name: &str, path: &Path, inputs: &mut Inputs) -> Result<PathBuf, Failure> {
    let pipe = File::open(path)
        .map_err(|e| Failure::new(format!("cannot read `{name}`: {}", plain_io_error(&e))).code(Code::Unreadable))?;
    let spooled = spool(&format!("`{name}`"), pipe)?;
    let path = spooled.path().to_owned();
    inputs.spooled.push(spooled);
    Ok(path)
}

/// What can be read only once, kept in a file: its beginning says what it is, and reports show the lines of records again.
pub(super) fn spool(name: &str, mut from: impl Read) -> Result<Temporary, Failure> {
    let failed = |e: std::io::Error| {
        let folder = std::env::temp_dir();
        Failure::new(format!("cannot keep {name} in `{}`: {}", folder.display(), plain_io_error(&e)))
            .help("it can be read only once, and is kept in a file meanwhile: TMPDIR names another folder for that")
    };
    let mut kept = Temporary::kept_back().map_err(failed)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(kept),
            Ok(got) => kept.file().and_then(|file| file.write_all(&buffer[..got])).map_err(failed)?,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => {
                let message = format!("cannot read {name}: {}", plain_io_error(&e));
                return Err(Failure::new(message).code(Code::Unreadable));
            }
        }
    }
}

/// The first bytes of a file, uncompressed.
pub(super) fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    const MOST: u64 = 1 << 16;
    let mut start = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut start)?;
    let file = File::open(path)?;
    let mut head = Vec::new();
    // A damaged end is for the reader of the whole file to tell.
    let _ = match start.as_slice() {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(file).take(MOST).read_to_end(&mut head),
        [0x28, 0xb5, 0x2f, 0xfd] => zstd::Decoder::new(file)?.take(MOST).read_to_end(&mut head),
        _ => file.take(MOST).read_to_end(&mut head),
    };
    Ok(head)
}

pub(super) fn format_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "CSV",
        Format::Ndjson => "NDJSON",
        Format::Json => "JSON",
        Format::Parquet => "Parquet",
    }
}

/// The object on the first line.
fn first_object(text: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    let line = text.split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty())?;
    serde_json::from_slice(line).ok()
}

/// Whether the first object says what kind of record it is.
fn names_its_kind(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if let Some(object) = first_object(text) {
        return object.get("kind").is_some_and(serde_json::Value::is_string);
    }
    // An array or an object over several lines: the first value that there is.
    let from = text.iter().position(|b| *b == b'{').unwrap_or(text.len());
    let mut values = serde_json::Deserializer::from_slice(&text[from..]).into_iter::<serde_json::Value>();
    values.next().and_then(Result::ok).is_some_and(|v| v.get("kind").is_some_and(serde_json::Value::is_string))
}
