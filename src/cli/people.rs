//! `--pseudonymize`: what people are called in all that a run writes.

use super::disk::plain_io_error;
use super::reading::{spec, with_input};
use super::records::Inputs;
use super::{Failure, output};
use crate::data::mapping::{MapExpr, Step};
use crate::data::people::{Key, KeyError, Names, People, Pseudonyms};
use crate::data::{ColumnId, KindId, Limits, Origin, Reading};
use crate::eval;
use crate::ingest::{self, Ingest, Route, Sink};
use crate::plan::Plan;
use crate::source::SourceMap;
use crate::threads::{lock, unlock};
use clap::Args;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

#[derive(Args, Clone, Debug, Default)]
pub(super) struct Naming {
    /// Call people by pseudonyms, made with the key in this file, in all that is written; see `bylaws pseudonym`
    #[arg(long, value_name = "KEYFILE", value_hint = clap::ValueHint::FilePath)]
    pub pseudonymize: Option<PathBuf>,
}

impl Naming {
    /// Finds out whose names there are in the inputs. What these are called is then without names, too.
    pub fn apply(&self, reading: &Reading, inputs: &mut Inputs, how: (usize, &Limits)) -> Result<(), Failure> {
        let Some(path) = &self.pseudonymize else { return Ok(()) };
        let key = key(path)?;
        let names = Names::new(names(reading, inputs, how))
            .map_err(|why| Failure::new(format!("there are too many names of people to look for in texts: {why}")))?;
        inputs.people = People::Keyed(Arc::new(Pseudonyms::new(key, names)));
        let called: Vec<String> = inputs.files.iter().map(|f| inputs.people.text(&f.name)).collect();
        inputs.files.iter_mut().zip(called).for_each(|(file, name)| file.name = name);
        Ok(())
    }
}

/// Reads a key.
pub(super) fn key(path: &Path) -> Result<Key, Failure> {
    let shown = path.display();
    let failed = |e: &std::io::Error| Failure::new(format!("cannot read the key `{shown}`: {}", plain_io_error(e)));
    let new = "`bylaws pseudonym --new-key FILE` writes a key";
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => failed(&e).help(new),
        _ => failed(&e),
    })?;
    warn_of_readers(&file, path);
    file.take(Key::MOST as u64 + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
    Key::new(&bytes).map_err(|why| {
        let why = match why {
            KeyError::Empty => "is empty".to_owned(),
            KeyError::Short(n) => format!("has {n} bytes; a key has at least {}", Key::LEAST),
            KeyError::Long => format!("has more than {} bytes, and is hardly a key", Key::MOST),
            KeyError::Alike(1) => "is one byte over and over; a key is random".to_owned(),
            KeyError::Alike(n) => format!("is made of {n} different bytes; a key is random"),
        };
        Failure::new(format!("`{shown}` is no key: it {why}")).help(new)
    })
}

/// A key that everybody on the machine can read keeps little.
fn warn_of_readers(file: &File, path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o007 != 0);
        if open {
            let path = path.display();
            output::tell(&format!(
                "warning: the key `{path}` can be read by every user of this machine; `chmod 600 {path}`\n"
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = (file, path);
}

/// All values of fields that name people, whether rules read them or not.
fn names(reading: &Reading, inputs: &Inputs, (threads, limits): (usize, &Limits)) -> BTreeSet<String> {
    let every = of_people(reading, |_| true);
    let read = of_people(reading, |(kind, column)| {
        reading.projections.get(kind.0 as usize).and_then(Option::as_ref).is_some_and(|p| p.contains(&column))
    });
    let names = Mutex::new(BTreeSet::new());
    for (i, file) in inputs.files.iter().enumerate() {
        let named = |kind: KindId| every.projections.get(kind.0 as usize).is_some_and(Option::is_some);
        let any = match &file.route {
            Route::Tagged => every.projections.iter().any(Option::is_some),
            Route::Kind(kind) => named(*kind),
            Route::Sources(of) => of.iter().filter_map(|i| reading.sources.get(*i)).any(|s| named(s.kind)),
        };
        if !any {
            continue;
        }
        let gather = |of: &Reading| {
            let batch = |batch| {
                // A batch that does not fit is told when the records are judged.
                let found = eval::texts(batch, &of.schema).unwrap_or_default();
                lock(&names).extend(found);
            };
            let sink = Sink { batch: &batch, reject: &|_| (), advance: &|_| () };
            let options = ingest::Options { threads, ..ingest::Options::default() };
            with_input(file, &inputs.seen, |input| {
                Ingest::new(of).within(limits).read(&spec(i, file), input, options, sink)
            })
        };
        // A column that no rule reads may be missing from a file. What cannot be read at all is told by the run itself.
        if gather(&every).is_err() {
            let _ = gather(&read);
        }
    }
    unlock(names)
}

/// What to read for the names of people, of those columns that are wanted.
fn of_people(reading: &Reading, wanted: impl Fn((KindId, ColumnId)) -> bool) -> Reading {
    let schema = &reading.schema;
    let columns = |(kind, of): (KindId, &crate::data::Kind)| {
        let all = (0..of.columns.len() as u32).map(ColumnId);
        let people: Vec<ColumnId> = all.filter(|c| schema.is_person(kind, *c) && wanted((kind, *c))).collect();
        (of.origin == Origin::Declared && !people.is_empty()).then(|| people.into())
    };
    let projections = (0..).map(KindId).zip(&schema.kinds).map(columns).collect();
    Reading { projections, ..reading.clone() }
}

/// What messages may quote of the inputs: with pseudonyms, or where a field is `@sensitive`, only what the policy
/// declares. A heading that is missing makes a file's first record its headings.
pub(super) struct Veil {
    /// None: anything.
    declared: Option<HashSet<String>>,
}

impl Veil {
    pub fn new(reading: &Reading, people: &People) -> Veil {
        let kinds = reading.schema.declared();
        let sensitive = kinds.iter().flat_map(|k| &k.columns).any(|c| c.sensitive);
        if !sensitive && people.fingerprint().is_none() {
            return Veil { declared: None };
        }
        let mut declared: HashSet<String> = ["kind", "each"].map(str::to_owned).into();
        declared.extend(kinds.iter().map(|k| k.name.clone()));
        let columns = || kinds.iter().flat_map(|k| &k.columns);
        declared.extend(columns().map(|c| c.name.clone()));
        declared.extend(columns().flat_map(|c| c.path().map(str::to_owned)));
        for source in &reading.sources {
            declared.insert(source.name.clone());
            source.map.iter().for_each(|(_, of)| keys(of, &mut declared));
        }
        Veil { declared: Some(declared) }
    }

    /// A message, with `…` for what stands in it between backticks and is not declared.
    pub fn text(&self, message: &str, people: &People) -> String {
        let Some(declared) = &self.declared else { return message.to_owned() };
        let parts = message.split('`').enumerate().map(|(n, part)| match n % 2 == 1 {
            // A sign of the format says nothing of what it holds.
            true if declared.contains(part) || !part.contains(char::is_alphanumeric) || part.starts_with(r"\u") => {
                part.to_owned()
            }
            true => "…".to_owned(),
            false => people.text(part),
        });
        parts.collect::<Vec<_>>().join("`")
    }

    pub fn failure(&self, failure: Failure, people: &People) -> Failure {
        Failure {
            message: self.text(&failure.message, people),
            help: failure.help.map(|help| match help.starts_with("did you mean") {
                // Nearly what is declared.
                true => help,
                false => self.text(&help, people),
            }),
            ..failure
        }
    }
}

/// The headings and keys that a source names.
fn keys(of: &MapExpr, out: &mut HashSet<String>) {
    match of {
        MapExpr::Path(path) => {
            let keys: Vec<&str> = path
                .steps
                .iter()
                .filter_map(|s| if let Step::Key(key) = s { Some(key.as_str()) } else { None })
                .collect();
            out.insert(keys.join("."));
            out.extend(keys.into_iter().map(str::to_owned));
        }
        MapExpr::Constant(_) => {}
        MapExpr::Read { of, .. } => keys(of, out),
        MapExpr::Money { amount: a, currency: b } | MapExpr::Coalesce(a, b) => {
            keys(a, out);
            keys(b, out);
        }
    }
}

/// The policy's texts as reports quote them: with pseudonyms, without the people that waivers name. Nothing moves.
pub(super) fn quoted<'s>(sources: &'s SourceMap, plan: &Plan, people: &People) -> Cow<'s, SourceMap> {
    if people.fingerprint().is_none() {
        return Cow::Borrowed(sources);
    }
    let mut all = sources.clone();
    for waiver in plan.rules.iter().flat_map(|r| &r.waivers) {
        let file = all.file(waiver.span.file).text.to_string();
        let (before, rest) = file.split_at(waiver.span.start as usize);
        let (own, behind) = rest.split_at(waiver.span.range().len());
        let mut reason = false;
        let parts = own.split('"').enumerate().map(|(n, part)| {
            let text = n % 2 == 1;
            let masked = if text && !reason { "*".repeat(part.len()) } else { part.to_owned() };
            reason = !text && part.trim_end().ends_with("reason");
            masked
        });
        let own = parts.collect::<Vec<_>>().join("\"");
        all.replace(waiver.span.file, format!("{before}{own}{behind}"));
    }
    Cow::Owned(all)
}
