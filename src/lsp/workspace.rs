//! Open texts, the folders of the workspace, and the policy sets in them.

use super::position::{Encoding, Lines};
use super::uri::{path_of, uri_of};
use crate::data::Limits;
use crate::data::Schema;
use crate::diag::{Diagnostic, Level};
use crate::io::{FileError, Files, MemoryFiles, folder_of, is_within, join, normalize};
use crate::policy_set::{LoadError, PolicySet};
use crate::sema::{Notes, Outline};
use crate::source::{FileId, Span};
use gen_lsp_types as lsp;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// A text that an editor has open. It counts, whatever the disk says.
pub struct Document {
    /// As the editor writes it.
    pub uri: String,
    pub version: i32,
    pub text: Arc<str>,
}

impl Document {
    pub fn apply(&mut self, changes: Vec<lsp::TextDocumentContentChangeEvent>, encoding: Encoding) {
        use lsp::TextDocumentContentChangeEvent as Event;
        for change in changes {
            self.text = match change {
                Event::TextDocumentContentChangeWholeDocument(whole) => whole.text.into(),
                Event::TextDocumentContentChangePartial(part) => {
                    let bytes = Lines::new(self.text.clone()).bytes(part.range, encoding);
                    [&self.text[..bytes.start], &part.text, &self.text[bytes.end..]].concat().into()
                }
            };
        }
    }
}

/// Files that are read together.
pub struct Set {
    /// As on the command line: folders, or one file.
    pub paths: Vec<String>,
    policies: PolicySet,
    analysis: Option<Rc<Analysis>>,
    lines: RefCell<HashMap<FileId, Rc<Lines>>>,
    unread: Vec<LoadError>,
    /// By path: where tests failed that were run since the last change.
    failed: BTreeMap<String, Vec<lsp::Diagnostic>>,
    /// What the lints found, as far as it still stands where it was found.
    advice: BTreeMap<FileId, Advised>,
    /// How often the set was read.
    pub generation: u64,
    /// The generation that the lints were run on, or are.
    pub advised: u64,
    /// They are running.
    pub advising: bool,
    stale: bool,
}

/// What the lints found in a file.
pub struct Advised {
    /// Another number for each run, and where some of it does not stand any more.
    pub run: u64,
    pub found: Vec<Diagnostic>,
}

/// What a check of a set found.
pub struct Analysis {
    pub outline: Outline,
    notes: OnceCell<Notes>,
}

impl Analysis {
    pub fn schema(&self) -> &Schema {
        &self.outline.schema
    }

    /// What the checker finds out on its way: worked out where it is asked for, as diagnostics do not need it.
    pub fn notes(&self, policies: &PolicySet) -> &Notes {
        self.notes.get_or_init(|| policies.check_noting().1)
    }
}

pub struct Workspace<'d> {
    disk: &'d dyn Files,
    pub encoding: Encoding,
    /// Paths of the folders that the editor has open.
    pub folders: Vec<String>,
    /// Sets that the user named, each by its paths.
    pub named: Vec<Vec<String>>,
    pub open: BTreeMap<String, Document>,
    sets: Vec<Set>,
    /// A set was read, and the editor does not know what is wrong with it.
    pub untold: bool,
    /// How often lints were run, and what they found was cut short.
    runs: u64,
    /// By file: the paths of its set.
    grouped: RefCell<HashMap<String, Vec<String>>>,
    read: Texts,
    listed: Folders,
    real: Places,
}

/// What the disk said, by path.
type Texts = RefCell<HashMap<String, Result<Vec<u8>, FileError>>>;
type Places = RefCell<HashMap<String, Result<String, FileError>>>;
type Folders = RefCell<HashMap<String, Result<Option<Vec<String>>, FileError>>>;

/// The disk, with what is open in its place.
struct Overlay<'a> {
    disk: &'a dyn Files,
    open: &'a BTreeMap<String, Document>,
    read: &'a Texts,
    listed: &'a Folders,
    real: &'a Places,
}

impl Files for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        if let Some(document) = self.open.get(path) {
            return Ok(document.text.as_bytes().to_vec());
        }
        let most = Limits::default().policy_file_bytes;
        self.read.borrow_mut().entry(path.to_owned()).or_insert_with(|| self.disk.read_within(path, most)).clone()
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, FileError> {
        if self.open.contains_key(path) {
            return Ok(None);
        }
        let listed = self.listed.borrow_mut().entry(path.to_owned()).or_insert_with(|| self.disk.list(path)).clone();
        let opened = self.open.keys().filter(|p| p.ends_with(".bylaw") && is_within(p, path)).cloned();
        match listed {
            Ok(None) => Ok(None),
            Ok(Some(mut all)) => {
                all.extend(opened);
                all.sort();
                all.dedup();
                Ok(Some(all))
            }
            Err(why) => {
                let opened: Vec<String> = opened.collect();
                if opened.is_empty() { Err(why) } else { Ok(Some(opened)) }
            }
        }
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.real.borrow_mut().entry(path.to_owned()).or_insert_with(|| self.disk.real(path)).clone()
    }
}

/// A text of a set, for one request.
pub struct View {
    pub path: String,
    pub file: FileId,
    pub set: usize,
    pub analysis: Rc<Analysis>,
    pub lines: Rc<Lines>,
}

impl<'d> Workspace<'d> {
    pub fn new(disk: &'d dyn Files) -> Workspace<'d> {
        Workspace {
            disk,
            encoding: Encoding::default(),
            folders: Vec::new(),
            named: Vec::new(),
            open: BTreeMap::new(),
            sets: Vec::new(),
            untold: false,
            runs: 0,
            grouped: RefCell::default(),
            read: RefCell::default(),
            listed: RefCell::default(),
            real: RefCell::default(),
        }
    }

    fn files(&self) -> Overlay<'_> {
        Overlay { disk: self.disk, open: &self.open, read: &self.read, listed: &self.listed, real: &self.real }
    }

    /// The disk has changed, or may have.
    pub fn disk_changed(&mut self) {
        self.read.borrow_mut().clear();
        self.listed.borrow_mut().clear();
        self.real.borrow_mut().clear();
        self.changed();
    }

    /// A text has changed: every set may have it.
    pub fn changed(&mut self) {
        self.sets.iter_mut().for_each(|set| set.stale = true);
    }

    /// Which sets there are follows from what is open and from the folders.
    pub fn regroup(&mut self) {
        self.grouped.borrow_mut().clear();
        let mut wanted: Vec<Vec<String>> = self.open.keys().map(|path| self.paths_for(path)).collect();
        wanted.sort();
        wanted.dedup();
        self.sets.retain(|set| wanted.contains(&set.paths));
        for paths in wanted {
            if self.sets.iter().all(|set| set.paths != paths) {
                self.sets.push(Set { paths, stale: true, ..Set::of(PolicySet::with_trees()) });
            }
        }
        self.changed();
    }

    fn paths_for(&self, path: &str) -> Vec<String> {
        self.grouped.borrow_mut().entry(path.to_owned()).or_insert_with(|| self.find_paths(path)).clone()
    }

    /// The set that a file is in: one that the user named; or the outermost folder on the way to it from a folder of
    /// the workspace that has policy files itself; or the file alone.
    fn find_paths(&self, path: &str) -> Vec<String> {
        if let Some(named) = self.named.iter().find(|paths| paths.iter().any(|p| p == path || is_within(path, p))) {
            return named.clone();
        }
        let around = self.folders.iter().filter(|folder| is_within(path, folder)).min_by_key(|f| f.len());
        let Some(root) = around else { return vec![path.to_owned()] };
        let mut folder = folder_of(path);
        let mut outermost = folder;
        loop {
            if self.has_policies(folder) {
                outermost = folder;
            }
            if folder == root || !is_within(folder, root) {
                return vec![outermost.to_owned()];
            }
            folder = folder_of(folder);
        }
    }

    /// Whether there are policy files right in a folder.
    fn has_policies(&self, folder: &str) -> bool {
        let is_policy = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(|n| n.ends_with(".bylaw"));
        self.open.keys().any(|p| p.ends_with(".bylaw") && folder_of(p) == folder)
            || std::fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(|entry| is_policy(&entry)))
    }

    /// Names the sets by paths as the user writes them, relative to a folder of the workspace.
    pub fn name_sets(&mut self, sets: Vec<Vec<String>>) {
        let whole = |path: &String| match self.folders.first() {
            Some(folder) if !path.starts_with('/') && path.as_bytes().get(1) != Some(&b':') => {
                normalize(&join(folder, path))
            }
            _ => normalize(path),
        };
        self.named = sets.iter().map(|paths| paths.iter().map(whole).collect()).collect();
        self.regroup();
    }

    /// Reads and checks what is out of date.
    pub fn refresh(&mut self) {
        (0..self.sets.len()).for_each(|index| self.refresh_set(index));
    }

    fn refresh_set(&mut self, index: usize) {
        if !std::mem::take(&mut self.sets[index].stale) {
            return;
        }
        self.untold = true;
        let before = std::mem::take(&mut self.sets[index].policies);
        let texts: HashMap<FileId, Arc<str>> =
            before.sources().files().map(|(id, file)| (id, file.text.clone())).collect();
        let (mut policies, unread) = before.again(&self.files(), &self.sets[index].paths);
        let outline = policies.check_again();
        let set = &mut self.sets[index];
        set.lines.borrow_mut().retain(|id, lines| Arc::ptr_eq(&lines.text, &policies.sources().file(*id).text));
        set.policies = policies;
        set.unread = unread;
        set.failed.clear();
        set.generation += 1;
        let sources = set.policies.sources();
        let has_errors = outline.diagnostics.iter().any(|d| d.level == Level::Error);
        let is_same = |id: FileId| texts.get(&id).is_some_and(|text| Arc::ptr_eq(text, &sources.file(id).text));
        let stands = |d: &Diagnostic| !has_errors && d.labels.iter().all(|label| is_same(label.span.file));
        for advised in set.advice.values_mut().filter(|advised| !advised.found.iter().all(stands)) {
            advised.found.retain(stands);
            self.runs += 1;
            advised.run = self.runs;
        }
        set.advice.retain(|_, advised| !advised.found.is_empty());
        set.analysis = Some(Rc::new(Analysis { outline, notes: OnceCell::new() }));
    }

    /// Whether a set is out of date, or was read and what is wrong with it not told yet.
    pub fn is_due(&self) -> bool {
        self.untold || self.sets.iter().any(|set| set.stale)
    }

    /// The text, read and checked.
    pub fn view(&mut self, uri: &lsp::Uri) -> Option<View> {
        let path = path_of(&uri.0);
        let paths = self.paths_for(&path);
        let index = self.sets.iter().position(|set| set.paths == paths)?;
        self.refresh_set(index);
        let set = &self.sets[index];
        let file = set.file(&path)?;
        Some(View { path, file, set: index, analysis: set.analysis.clone()?, lines: set.lines(file) })
    }

    pub fn policies(&self, view: &View) -> &PolicySet {
        &self.sets[view.set].policies
    }

    pub fn set(&self, view: &View) -> &Set {
        &self.sets[view.set]
    }

    pub fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// As the editor names it, where it has it open.
    pub fn uri(&self, path: &str) -> lsp::Uri {
        match self.open.get(path) {
            Some(document) => lsp::Uri(document.uri.clone()),
            None => lsp::Uri(uri_of(path)),
        }
    }

    pub fn location(&self, set: &Set, span: Span) -> lsp::Location {
        let path = &set.policies.sources().file(span.file).name;
        lsp::Location::new(self.uri(path), self.range(set, span))
    }

    pub fn range(&self, set: &Set, span: Span) -> lsp::Range {
        set.lines(span.file).range(span.range(), self.encoding)
    }

    pub fn offset(&self, view: &View, position: lsp::Position) -> usize {
        view.lines.offset(position, self.encoding)
    }

    /// The policy files beside and below a file, for imports.
    pub fn beside_file(&self, path: &str) -> Vec<String> {
        self.files().list(folder_of(path)).ok().flatten().unwrap_or_default()
    }

    /// A set whose lints have not been run since it was read, and in which nothing is wrong.
    pub fn unadvised(&self) -> Option<usize> {
        let is_free = |set: &Set| !set.advising && !set.stale && set.errors().next().is_none();
        self.sets.iter().position(|set| set.advised != set.generation && is_free(set))
    }

    pub fn set_at(&mut self, index: usize) -> &mut Set {
        &mut self.sets[index]
    }

    /// A file as it is now, if there is one.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.files().read(path).ok()
    }

    /// Keeps what lints found, unless the set was read again since they began. `path` names the files of `found`.
    pub fn advise(
        &mut self,
        paths: &[String],
        generation: u64,
        found: Vec<Diagnostic>,
        path: impl Fn(FileId) -> String,
    ) {
        let Some(set) = self.sets.iter_mut().find(|set| set.paths == paths) else { return };
        set.advising = false;
        if set.generation != generation || set.stale {
            return;
        }
        let here = |span: &mut Span| match set.file(&path(span.file)) {
            Some(file) => {
                span.file = file;
                true
            }
            None => false,
        };
        let mut found = found;
        found.retain_mut(|d| {
            d.labels.iter_mut().all(|label| here(&mut label.span)) && d.fixes.iter_mut().all(|fix| here(&mut fix.span))
        });
        self.runs += 1;
        set.advice.clear();
        for d in found {
            let none = || Advised { run: self.runs, found: Vec::new() };
            set.advice.entry(d.span().file).or_insert_with(none).found.push(d);
        }
    }

    /// Keeps where tests failed, unless the set has changed since they began.
    pub fn failed_tests(&mut self, paths: &[String], failed: BTreeMap<String, Vec<lsp::Diagnostic>>) {
        if let Some(set) = self.sets.iter_mut().find(|set| set.paths == paths && !set.stale) {
            set.failed = failed;
        }
    }
}

impl Set {
    /// Of files that were read, and not checked.
    pub fn of(policies: PolicySet) -> Set {
        Set {
            paths: Vec::new(),
            policies,
            analysis: None,
            lines: RefCell::default(),
            unread: Vec::new(),
            failed: BTreeMap::new(),
            advice: BTreeMap::new(),
            generation: 0,
            advised: 0,
            advising: false,
            stale: false,
        }
    }

    /// Where tests failed, by path.
    pub fn failed(&self) -> &BTreeMap<String, Vec<lsp::Diagnostic>> {
        &self.failed
    }

    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// What could not be read.
    pub fn unread(&self) -> &[LoadError] {
        &self.unread
    }

    /// What is wrong with the set, and what the lints found in it.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found().chain(self.advice.values().flat_map(|advised| &advised.found))
    }

    /// What the check found.
    pub fn found(&self) -> impl Iterator<Item = &Diagnostic> {
        self.analysis.iter().flat_map(|analysis| &analysis.outline.diagnostics)
    }

    /// What the lints found, by file.
    pub fn advised_files(&self) -> &BTreeMap<FileId, Advised> {
        &self.advice
    }

    /// What keeps the set from being run.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found().filter(|d| d.level == Level::Error)
    }

    /// All texts, and their paths in the order in which they were read.
    pub fn texts(&self) -> (MemoryFiles, Vec<String>) {
        let sources = self.policies.sources();
        let files = || self.policies.files().iter().map(|(id, _)| sources.file(*id));
        let texts = files().map(|file| (file.name.clone(), file.text.as_bytes()));
        (texts.collect(), files().map(|file| file.name.clone()).collect())
    }

    pub fn lines(&self, file: FileId) -> Rc<Lines> {
        let text = &self.policies.sources().file(file).text;
        self.lines.borrow_mut().entry(file).or_insert_with(|| Rc::new(Lines::new(text.clone()))).clone()
    }

    /// A file that was read, by its path.
    pub fn file(&self, path: &str) -> Option<FileId> {
        let sources = self.policies.sources();
        let known = |id: &FileId| sources.file(*id).name == path;
        self.policies.files().iter().map(|(id, _)| *id).find(known)
    }
}
