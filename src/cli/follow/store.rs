//! What a follower knows, kept so that it goes on where it was: one file, written in whole steps (redb).

use super::super::Failure;
use super::super::disk::plain_io_error;
use crate::data::{Verdict, identity};
use crate::eval::{Gone, Said, Standing};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};
use sha2::Digest;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Of what stands in the file. Another version does not read it.
const FORMAT: &str = "bylaws.follow/1";

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const INPUTS: TableDefinition<u32, &[u8]> = TableDefinition::new("inputs");
/// By group, moment, input and offset: what the line was late for, its number, and its text.
type LineKey = (u32, i64, u32, u64);
type LineValue = (i64, u64, &'static [u8]);
const LINES: TableDefinition<LineKey, LineValue> = TableDefinition::new("lines");
const GROUPS: TableDefinition<&str, u32> = TableDefinition::new("groups");
/// By id: the verdict, and the moment of its record.
const SAID: TableDefinition<&[u8; 16], (u8, Option<i64>)> = TableDefinition::new("said");

/// Ids of which the records are gone are looked for once in so many steps.
const SWEEP: u64 = 1000;

/// What a step leaves behind, apart from records and ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// SHA-256 of the plan.
    pub policy: String,
    /// In nanoseconds.
    pub lateness: i64,
    pub standing: Standing,
    /// The findings' file, and how much of it is this follower's and done.
    pub output: Option<(PathBuf, u64)>,
    /// How much of the file of rejected records is done.
    pub rejects: u64,
    pub next_input: u32,
    pub steps: u64,
    /// Figures that go on counting, see `metrics`.
    pub counts: BTreeMap<String, u64>,
}

/// A record's text, as long as a rule may look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub input: u32,
    pub offset: u64,
    pub line: u64,
    /// Rows of it from before this moment came late, and were not taken.
    pub from: i64,
    /// The kinds of its rows, a line each.
    pub group: String,
    /// The latest of its rows; the end of time where one has none.
    pub time: i64,
    pub text: Vec<u8>,
}

pub struct Store {
    db: Database,
    path: PathBuf,
}

/// What is written in one step.
pub struct Step<'a> {
    pub checkpoint: &'a Checkpoint,
    pub inputs: &'a [(u32, Vec<u8>)],
    pub lines: &'a [Line],
    pub said: &'a [([u8; 16], Verdict, Option<i64>)],
    /// Kinds by name, with what was let go.
    pub gone: &'a Gone,
    pub kinds: &'a [String],
}

impl Store {
    /// Opens the store in a folder, or begins one.
    pub fn open(folder: &Path) -> Result<Store, Failure> {
        let path = folder.join("follow.redb");
        let cannot = |e: std::io::Error| {
            let why = plain_io_error(&e);
            Failure::new(format!("cannot keep state in `{}`: {why}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let opened = guarded(&path, || {
            let mut db = Database::builder().create(&path)?;
            db.check_integrity()?;
            Ok(db)
        });
        let store = Store { db: opened?, path };
        let format = store.meta("format")?;
        match format.as_deref() {
            None if !store.has_begun()? => {}
            Some(found) if found == FORMAT.as_bytes() => {}
            Some(found) => {
                let found = String::from_utf8_lossy(found).into_owned();
                return Err(Failure::new(format!(
                    "the state in `{}` is of another version: {found}, where {FORMAT} is needed",
                    store.path.display()
                ))
                .help("go on with the version that wrote it, or begin anew with another `--state`"));
            }
            None => return Err(damaged(&store.path, "it does not say what it is")),
        }
        Ok(store)
    }

    fn has_begun(&self) -> Result<bool, Failure> {
        guarded(&self.path, || Ok(self.db.begin_read()?.list_tables()?.next().is_some()))
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        guarded(&self.path, || {
            let read = self.db.begin_read()?;
            let table = match read.open_table(META) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
                table => table?,
            };
            Ok(table.get(key)?.map(|v| v.value().to_vec()))
        })
    }

    /// By which others know this state from another.
    pub fn id(&self) -> Result<String, Failure> {
        if let Some(id) = self.meta("id")? {
            return Ok(String::from_utf8_lossy(&id).into_owned());
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let about = format!("{} {} {}", now.as_nanos(), std::process::id(), self.path.display());
        let id = identity::hex(&sha2::Sha256::digest(about.as_bytes())[..8]);
        guarded(&self.path, || {
            let write = self.db.begin_write()?;
            {
                let mut meta = write.open_table(META)?;
                meta.insert("format", FORMAT.as_bytes())?;
                meta.insert("id", id.as_bytes())?;
            }
            write.commit()?;
            Ok(())
        })?;
        Ok(id)
    }

    /// None where nothing was kept yet.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, Failure> {
        let Some(bytes) = self.meta("checkpoint")? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|e| damaged(&self.path, &e.to_string()))
    }

    pub fn inputs(&self) -> Result<Vec<(u32, Vec<u8>)>, Failure> {
        self.all(INPUTS, |id, bytes| (id, bytes.to_vec()))
    }

    pub fn said(&self) -> Result<Said, Failure> {
        let all = self.all(SAID, |id, (verdict, at)| (*id, verdict, at))?;
        let verdict = |at: u8| Verdict::ALL.get(at as usize).copied();
        let known = all.into_iter().map(|(id, of, at)| Some((id, (verdict(of)?, at))));
        known.collect::<Option<_>>().ok_or_else(|| damaged(&self.path, "a verdict that there is not"))
    }

    /// In the order of inputs and places.
    pub fn lines(&self) -> Result<Vec<Line>, Failure> {
        let groups: BTreeMap<u32, String> = self.all(GROUPS, |name, id| (id, name.to_owned()))?.into_iter().collect();
        let mut lines = self.all(LINES, |(group, time, input, offset), (from, line, text)| {
            let group = groups.get(&group).cloned().unwrap_or_default();
            Line { input, offset, line, from, group, time, text: text.to_vec() }
        })?;
        lines.sort_by_key(|l| (l.input, l.offset));
        Ok(lines)
    }

    fn all<K: redb::Key, V: redb::Value, T>(
        &self,
        of: TableDefinition<K, V>,
        each: impl Fn(K::SelfType<'_>, V::SelfType<'_>) -> T,
    ) -> Result<Vec<T>, Failure> {
        guarded(&self.path, || {
            let read = self.db.begin_read()?;
            let table = match read.open_table(of) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                table => table?,
            };
            let mut found = Vec::new();
            for entry in table.iter()? {
                let (key, value) = entry?;
                found.push(each(key.value(), value.value()));
            }
            Ok(found)
        })
    }

    /// Writes a step whole, so that it is there after any end of the process.
    pub fn write(&self, step: &Step<'_>) -> Result<(), Failure> {
        let checkpoint = serde_json::to_vec(step.checkpoint)
            .map_err(|e| Failure::new(format!("cannot keep state in `{}`: {e}", self.path.display())))?;
        guarded(&self.path, || {
            let write = self.db.begin_write()?;
            {
                let mut meta = write.open_table(META)?;
                meta.insert("format", FORMAT.as_bytes())?;
                meta.insert("checkpoint", checkpoint.as_slice())?;
                let mut inputs = write.open_table(INPUTS)?;
                for (id, state) in step.inputs {
                    inputs.insert(id, state.as_slice())?;
                }
                let mut groups = write.open_table(GROUPS)?;
                let mut lines = write.open_table(LINES)?;
                for line in step.lines {
                    let known = groups.get(line.group.as_str())?.map(|g| g.value());
                    let group = match known {
                        Some(group) => group,
                        None => {
                            let next = groups.iter()?.count() as u32;
                            groups.insert(line.group.as_str(), next)?;
                            next
                        }
                    };
                    let key = (group, line.time, line.input, line.offset);
                    lines.insert(key, (line.from, line.line, line.text.as_slice()))?;
                }
                for entry in groups.iter()? {
                    let (name, group) = entry?;
                    let from = needed_from(name.value(), step.kinds, step.gone);
                    let group = group.value();
                    // What has no time is kept, unless nothing looks at its kind.
                    if from > i64::MIN {
                        lines.retain_in((group, i64::MIN, 0, 0)..(group, from, 0, 0), |_, _| false)?;
                    }
                }
                let mut said = write.open_table(SAID)?;
                for (id, verdict, at) in step.said {
                    let verdict = Verdict::ALL.iter().position(|v| v == verdict).unwrap_or(0) as u8;
                    said.insert(id, (verdict, *at))?;
                }
                if step.checkpoint.steps.is_multiple_of(SWEEP) && step.gone.said > i64::MIN {
                    said.retain(|_, (_, at)| at.is_none_or(|at| at >= step.gone.said))?;
                }
            }
            write.commit()?;
            Ok(())
        })
    }
}

/// From when on lines of some kinds may be looked at.
pub fn needed_from(group: &str, kinds: &[String], gone: &Gone) -> i64 {
    let of = |kind: &str| kinds.iter().position(|k| k == kind).and_then(|k| gone.kinds.get(k).copied());
    // Of a kind that the policy does not have any more nothing is known.
    group.split('\n').map(|kind| of(kind).unwrap_or(i64::MIN)).min().unwrap_or(i64::MIN)
}

fn damaged(path: &Path, why: &str) -> Failure {
    Failure::new(format!("the state in `{}` is damaged: {why}", path.display())).help(
        "put a copy of it back; or begin anew with another `--state` and `--output`: \
         all records are read again, and findings have the same ids",
    )
}

/// Whatever is in the file: it is an error, and no more.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Failure> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(redb::Error::DatabaseAlreadyOpen)) => {
            Err(Failure::new(format!("`{}` is in use by another process", path.display()))
                .help("one follower at a time goes on from a state; give each its own `--state`"))
        }
        // The file ends too early, or does not begin as a store.
        Ok(Err(redb::Error::Io(error)))
            if !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
        {
            let why = plain_io_error(&error);
            Err(Failure::new(format!("cannot keep state in `{}`: {why}", path.display())))
        }
        Ok(Err(error)) => Err(damaged(path, &error.to_string())),
        Err(_) => Err(damaged(path, "it cannot be read as a store")),
    }
}

/// The digest of what a plan says.
pub fn digest(plan: &crate::plan::Plan) -> Result<String, Failure> {
    let bytes = serde_json::to_vec(plan).map_err(|e| Failure::new(format!("the policy set cannot be hashed: {e}")))?;
    Ok(identity::hex(&sha2::Sha256::digest(&bytes)))
}
