//! `--watch`: a command again and again, each time that a policy file has changed.

use super::disk::Disk;
use super::policies::is_bundle;
use super::{Exit, Failure, Style, output};
use crate::diag::Code;
use crate::io::{Files, folder_of};
use crate::policy_set::PolicySet;
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// An editor writes a file in several steps: it is read when nothing more has come for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Runs a command over a policy set, and again after each change of one of its files, until it is interrupted. It
/// only ends by itself where nothing can be watched.
pub(super) fn watch(paths: &[String], style: Style, run: impl Fn() -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    if let Some(path) = paths.iter().find(|path| is_bundle(path)) {
        return Err(Failure::new(format!("`{path}` is a bundle, which nobody edits"))
            .code(Code::BadBundle)
            .help("watch the files that it is made of"));
    }
    let (send, events) = channel();
    let failed = |e: notify::Error| Failure::new(format!("cannot watch for changes: {}", plain(&e)));
    let mut watcher = notify::recommended_watcher(send).map_err(failed)?;
    let mut watched: BTreeMap<PathBuf, RecursiveMode> = BTreeMap::new();
    loop {
        // First watched, then read: what changes meanwhile is seen.
        follow(&mut watcher, &mut watched, folders(paths))?;
        if stdout().is_terminal() {
            output::print("\x1b[2J\x1b[3J\x1b[H")?;
        }
        if let Err(failure) = run() {
            failure.tell(style);
        }
        output::tell(&format!("\nwatching {}: ctrl-c ends\n", paths.join(", ")));
        let changed = changed(&events).map_err(failed)?;
        output::tell(&format!("changed: {changed}\n\n"));
    }
}

/// Changes of a policy set's files, for a command that does something else meanwhile.
pub(super) struct Changes {
    watcher: RecommendedWatcher,
    watched: BTreeMap<PathBuf, RecursiveMode>,
    events: Receiver<notify::Result<Event>>,
    /// Something has changed, and when that was told.
    told: Option<Instant>,
}

impl Changes {
    pub fn begin(paths: &[String]) -> Result<Changes, Failure> {
        let (send, events) = channel();
        let failed = |e: notify::Error| Failure::new(format!("cannot watch for changes: {}", plain(&e)));
        let watcher = notify::recommended_watcher(send).map_err(failed)?;
        let mut changes = Changes { watcher, watched: BTreeMap::new(), events, told: None };
        follow(&mut changes.watcher, &mut changes.watched, folders(paths))?;
        Ok(changes)
    }

    /// Whether something has changed, and nothing more comes for now.
    pub fn seen(&mut self, paths: &[String]) -> Result<bool, Failure> {
        while let Ok(event) = self.events.try_recv() {
            // What was lost may have been a change.
            if event.map_or(true, |event| event.paths.iter().any(|path| matters(&event.kind, path))) {
                self.told = Some(Instant::now());
            }
        }
        let over = self.told.is_some_and(|told| told.elapsed() >= QUIET);
        if over {
            self.told = None;
            // First watched, then read: what changes meanwhile is seen.
            follow(&mut self.watcher, &mut self.watched, folders(paths))?;
        }
        Ok(over)
    }
}

/// The folders to look at: those that were named, and those of all files that are loaded.
fn folders(paths: &[String]) -> BTreeMap<PathBuf, RecursiveMode> {
    let mut found = BTreeMap::new();
    let folder = |path: &str| match folder_of(path) {
        "" => PathBuf::from("."),
        folder => PathBuf::from(folder),
    };
    if let Ok(set) = PolicySet::load(&Disk, paths) {
        for (_, file) in set.sources().files() {
            found.insert(folder(&file.name), RecursiveMode::NonRecursive);
        }
    }
    for path in paths {
        // A file is replaced by many editors: it is its folder that tells.
        match Disk.list(path) {
            Ok(Some(_)) => drop(found.insert(PathBuf::from(path), RecursiveMode::Recursive)),
            Ok(None) => drop(found.entry(folder(path)).or_insert(RecursiveMode::NonRecursive)),
            // It may come, or come back.
            Err(_) => {
                let there = Path::new(path).ancestors().skip(1).find(|p| p.is_dir() || p.as_os_str().is_empty());
                let there = there.filter(|p| !p.as_os_str().is_empty()).map_or_else(|| ".".into(), Path::to_path_buf);
                found.entry(there).or_insert(RecursiveMode::NonRecursive);
            }
        }
    }
    found
}

fn follow(
    watcher: &mut RecommendedWatcher,
    watched: &mut BTreeMap<PathBuf, RecursiveMode>,
    wanted: BTreeMap<PathBuf, RecursiveMode>,
) -> Result<(), Failure> {
    for (folder, _) in watched.iter().filter(|(folder, mode)| wanted.get(*folder) != Some(*mode)) {
        // A folder that has gone is not watched any more.
        let _ = watcher.unwatch(folder);
    }
    watched.retain(|folder, mode| wanted.get(folder) == Some(mode) && folder.is_dir());
    for (folder, mode) in wanted {
        if let Entry::Vacant(new) = watched.entry(folder) {
            let failed = |e| Failure::new(format!("cannot watch `{}`: {}", new.key().display(), plain(&e)));
            watcher.watch(new.key(), mode).map_err(failed)?;
            new.insert(mode);
        }
    }
    Ok(())
}

fn plain(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::Io(error) => super::disk::plain_io_error(error),
        notify::ErrorKind::MaxFilesWatch => "the system watches as many files as it may already".into(),
        _ => error.to_string(),
    }
}

/// Waits for a change and until nothing more comes; what has changed, by name.
fn changed(events: &Receiver<notify::Result<Event>>) -> Result<String, notify::Error> {
    let mut names: Vec<String> = Vec::new();
    loop {
        let event = if names.is_empty() { events.recv().ok() } else { events.recv_timeout(QUIET).ok() };
        match event {
            Some(event) => {
                let event = event?;
                for path in event.paths.iter().filter(|path| matters(&event.kind, path)) {
                    let name =
                        path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            None if names.is_empty() => return Err(notify::Error::generic("the system tells of no more changes")),
            None => {
                names.sort();
                return Ok(names.join(", "));
            }
        }
    }
}

/// Whether it may change what is said of a policy set: a policy file, the settings, or a folder that comes or goes.
fn matters(kind: &EventKind, path: &Path) -> bool {
    let of_files = match kind {
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Any | EventKind::Other => true,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let of_policy = name.ends_with(".bylaw") || name == "bylaws.toml" || path.extension().is_none();
    of_files && of_policy && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, CreateKind, DataChange, MetadataKind, RemoveKind};

    #[test]
    fn what_matters_is_a_policy_file_or_a_folder() {
        let data = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        for (kind, path, expected) in [
            (data, "p/a.bylaw", true),
            (EventKind::Create(CreateKind::Folder), "p/sub", true),
            (EventKind::Remove(RemoveKind::File), "p/a.bylaw", true),
            (EventKind::Access(AccessKind::Any), "p/a.bylaw", false),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), "p/a.bylaw", false),
            (data, "p/bylaws.toml", true),
            (data, "p/notes.md", false),
            (data, "p/.a.bylaw.swp", false),
            (data, "p/.a.bylaw", false),
        ] {
            assert_eq!(matters(&kind, Path::new(path)), expected, "{kind:?} {path}");
        }
    }
}
