//! From paths to a checked policy set.

mod condition;

pub use condition::{CONDITION, Names, Tried};

use crate::data::{Limits, limits};
use crate::diag::{Code, Diagnostic, Level, did_you_mean};
use crate::io::{FileError, Files, folder_of, is_within, join, normalize};
use crate::plan::{Plan, saved};
use crate::sema::hir::{Hir, Test};
use crate::sema::{self, CheckInput, Memo, Notes, Outline, Use};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::{self, Parsed, Parts, SyntaxNode, ast};
use rowan::GreenNode;
use std::collections::{HashMap, HashSet};

/// A path that was asked for and cannot be read. There is no text to point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    pub path: String,
    pub why: FileError,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path, self.why)
    }
}

impl std::error::Error for LoadError {}

/// The policy files of one run, parsed. Names are resolved over all of them together.
#[derive(Debug, Default)]
pub struct PolicySet {
    sources: SourceMap,
    files: Vec<(FileId, ast::File)>,
    /// Of each of the files.
    texts: HashMap<FileId, Text>,
    /// What is wrong with imports, and what is no text.
    diagnostics: Vec<Diagnostic>,
    count: usize,
    memo: Memo,
    limits: Limits,
}

/// What a text says, apart from its items.
#[derive(Debug)]
struct Text {
    tree: GreenNode,
    errors: Vec<Diagnostic>,
    parts: Parts,
}

/// A policy set that was checked, with all that is wrong with it.
#[derive(Debug)]
pub struct Checked {
    hir: Hir,
    diagnostics: Vec<Diagnostic>,
}

impl PolicySet {
    /// Reads policy files, the folders' `*.bylaw` files, and all that they import, each once.
    ///
    /// # Errors
    /// The paths that cannot be read. What is wrong inside a file that can be is told by [`PolicySet::check`].
    pub fn load<P: AsRef<str>>(files: &dyn Files, paths: &[P]) -> Result<PolicySet, Vec<LoadError>> {
        PolicySet::load_within(files, paths, &Limits::default())
    }

    /// As [`PolicySet::load`], with other limits.
    ///
    /// # Errors
    /// As those of [`PolicySet::load`].
    pub fn load_within<P: AsRef<str>>(
        files: &dyn Files,
        paths: &[P],
        limits: &Limits,
    ) -> Result<PolicySet, Vec<LoadError>> {
        let (set, failed) = PolicySet { limits: *limits, ..PolicySet::default() }.again(files, paths);
        if failed.is_empty() { Ok(set) } else { Err(failed) }
    }

    /// The set as its files are now. What has not changed since is not parsed again. A file keeps its [`FileId`].
    /// What cannot be read is left out, and told.
    pub(crate) fn again<P: AsRef<str>>(self, files: &dyn Files, paths: &[P]) -> (PolicySet, Vec<LoadError>) {
        let ids = self.sources.files().map(|(id, file)| (file.name.clone(), id)).collect();
        let before = Before { ids, files: self.files.into_iter().collect(), texts: self.texts };
        let set = PolicySet { sources: self.sources, memo: self.memo, limits: self.limits, ..PolicySet::default() };
        let (roots, real, seen) = (Vec::new(), Vec::new(), HashSet::new());
        let mut loader = Loader { files, roots, real, seen, before, bytes: 0, set };
        let mut wanted = Vec::new();
        let mut failed = Vec::new();
        for path in paths.iter().map(|p| p.as_ref()) {
            match files.list(path) {
                Ok(Some(inside)) => {
                    loader.root(path);
                    wanted.extend(inside.into_iter().map(|path| (path, Found::Listed)));
                }
                Ok(None) => {
                    loader.root(folder_of(path));
                    wanted.push((path.to_owned(), Found::Named));
                }
                Err(why) => failed.push(LoadError { path: path.to_owned(), why }),
            }
        }
        for (path, found) in wanted {
            if loader.seen.insert(normalize(&path)) {
                // Who names a link means what is behind it.
                if let (Found::Listed, Some(to)) = (found, loader.leads_out(&path)) {
                    let why = FileError::Other(format!("it is a link that leads out of the folder, to `{to}`"));
                    failed.push(LoadError { path, why });
                    continue;
                }
                match files.read_within(&path, loader.set.limits.policy_file_bytes) {
                    Ok(bytes) => loader.add(&path, bytes),
                    Err(FileError::TooLarge) => loader.too_large(&path),
                    Err(why) => failed.push(LoadError { path, why }),
                }
            }
        }
        (loader.set, failed)
    }

    /// How many policy files there are.
    pub fn file_count(&self) -> usize {
        self.count
    }

    /// The texts, for reports.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The texts alone.
    pub fn into_sources(self) -> SourceMap {
        self.sources
    }

    /// Resolves names, checks types and units, and folds constants. `set` gives parameters other values than
    /// their defaults, as written: `("gift_cap", "100 CNY")`.
    pub fn check(&mut self, set: &[(String, String)]) -> Checked {
        let (values, diagnostics) = self.values(set);
        self.check_with(values, diagnostics)
    }

    /// As [`PolicySet::check`], with what each name stands for: for tools that follow names.
    pub(crate) fn check_names(&mut self, set: &[(String, String)]) -> (Checked, Vec<Use>) {
        let (values, diagnostics) = self.values(set);
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &values };
        let (hir, found, uses) = sema::check_names(input);
        (Checked::new(hir, diagnostics, found), uses)
    }

    /// As [`PolicySet::check_names`], with the types of values too.
    pub(crate) fn check_noting(&self) -> (Checked, Notes) {
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &[] };
        let (hir, found, notes) = sema::check_noting(input);
        (Checked::new(hir, self.told(), found), notes)
    }

    /// What is wrong with the set, as [`PolicySet::check`] tells it. Rules that were in order the last time are not read
    /// again where they and all that they read are the same.
    pub(crate) fn check_again(&mut self) -> Outline {
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &[] };
        let mut outline = sema::check_again(input, &mut self.memo);
        outline.diagnostics = in_order(self.told(), std::mem::take(&mut outline.diagnostics));
        outline
    }

    /// The lossless tree of a file of the set.
    pub(crate) fn tree(&self, file: FileId) -> Option<SyntaxNode> {
        self.texts.get(&file).map(|text| SyntaxNode::new_root(text.tree.clone()))
    }

    /// Keeps what a text says, apart from its items.
    fn keep(&mut self, id: FileId, parsed: Parsed) -> ast::File {
        let Parsed { tree, file, errors, parts } = parsed;
        self.texts.insert(id, Text { tree, errors, parts });
        file
    }

    /// All that was found wrong before names were looked at.
    fn told(&self) -> Vec<Diagnostic> {
        let errors = self.texts.values().flat_map(|text| &text.errors);
        self.diagnostics.iter().chain(errors).cloned().collect()
    }

    /// The files, parsed.
    pub(crate) fn files(&self) -> &[(FileId, ast::File)] {
        &self.files
    }

    /// As [`PolicySet::check`], with the parameters that a test of this set gives itself.
    pub(crate) fn check_for(&mut self, test: &Test, set: &[(String, String)]) -> Checked {
        let (mut values, diagnostics) = self.values(set);
        for (id, file) in &self.files {
            let defaults: Vec<_> = file
                .items
                .iter()
                .filter_map(|item| match &item.kind {
                    ast::ItemKind::Default(default) => Some(default),
                    _ => None,
                })
                .collect();
            let item = file.items.iter().find(|item| item.span == test.span);
            let Some(ast::ItemKind::Test(item)) = item.map(|item| &item.kind) else { continue };
            let (plain, _) = syntax::unfold(item, &defaults);
            let plain = plain.into_iter().nth(test.case.as_ref().map_or(0, |case| case.index));
            for clause in plain.into_iter().flat_map(|plain| plain.test.clauses) {
                if let ast::TestClause::Set { param, value } = clause {
                    values.retain(|(name, ..)| *name != param.text);
                    values.push((param.text, *id, value));
                }
            }
        }
        self.check_with(values, diagnostics)
    }

    /// `--set` values, parsed.
    fn values(&mut self, set: &[(String, String)]) -> (Vec<(String, FileId, ast::Expr)>, Vec<Diagnostic>) {
        let mut diagnostics = self.told();
        let mut values = Vec::new();
        for (name, value) in set {
            let file = self.sources.add(format!("--set {name}"), value.as_str());
            match syntax::parse_expr(file, value) {
                Ok(expr) => values.push((name.clone(), file, expr)),
                Err(errors) => diagnostics.extend(errors),
            }
        }
        (values, diagnostics)
    }

    fn check_with(&self, values: Vec<(String, FileId, ast::Expr)>, diagnostics: Vec<Diagnostic>) -> Checked {
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &values };
        let (hir, found) = sema::check_within(input, &self.limits);
        Checked::new(hir, diagnostics, found)
    }
}

/// All that is wrong, by file and place, each once.
fn in_order(mut diagnostics: Vec<Diagnostic>, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.extend(found);
    diagnostics.sort_by_key(|d| (d.span(), d.code));
    diagnostics.dedup();
    diagnostics
}

impl Checked {
    fn new(hir: Hir, diagnostics: Vec<Diagnostic>, found: Vec<Diagnostic>) -> Checked {
        Checked { hir, diagnostics: in_order(diagnostics, found) }
    }

    /// What is wrong, by file and place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Has the sources' `files` start from a folder, as though the policy files lay in it.
    pub(crate) fn lie_in(&mut self, folder: &str) {
        for source in &mut self.hir.sources {
            source.folder = normalize(&join(folder, &source.folder));
        }
    }

    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.level == Level::Error)
    }

    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// The plan of evaluation; none where there are errors.
    pub fn compile(&self) -> Option<Plan> {
        (!self.has_errors()).then(|| Plan::compile(&self.hir))
    }

    /// The plan, with all that reports say of its rules, as bytes for [`Plan::load`]; none where there are errors.
    /// `sources` are those of the set.
    pub fn save(&self, sources: &SourceMap) -> Option<Vec<u8>> {
        saved::save(sources, &self.diagnostics, &self.hir, &self.compile()?).ok()
    }
}

struct Loader<'a> {
    files: &'a dyn Files,
    /// Imports stay within these folders.
    /// Folders that imports stay in, as they were named.
    roots: Vec<String>,
    /// The same where they really are.
    real: Vec<String>,
    seen: HashSet<String>,
    before: Before,
    /// Of all files so far.
    bytes: u64,
    set: PolicySet,
}

/// How a file came to be read.
#[derive(Clone, Copy)]
enum Found {
    Named,
    Listed,
}

/// What was there when the set was read before.
struct Before {
    ids: HashMap<String, FileId>,
    files: HashMap<FileId, ast::File>,
    texts: HashMap<FileId, Text>,
}

impl Loader<'_> {
    fn root(&mut self, folder: &str) {
        let folder = if folder.is_empty() { "." } else { folder };
        self.roots.push(normalize(folder));
        self.real.push(self.files.real(folder).unwrap_or_else(|_| normalize(folder)));
    }

    /// Where a file really is, if that is in none of the folders. What is not there is told when it is read.
    fn leads_out(&self, path: &str) -> Option<String> {
        let real = self.files.real(path).ok()?;
        (!self.real.iter().any(|root| is_within(&real, root))).then_some(real)
    }

    /// Adds one file and, one after the other, what it imports.
    fn add(&mut self, path: &str, bytes: Vec<u8>) {
        let mut waiting = vec![(path.to_owned(), bytes)];
        while let Some((path, bytes)) = waiting.pop() {
            let Some((id, file)) = self.parse(&path, bytes) else { continue };
            let mut imports = Vec::new();
            for item in &file.items {
                if let ast::ItemKind::Import(import) = &item.kind {
                    match self.import(&path, import) {
                        Ok(Some(found)) => imports.push(found),
                        Ok(None) => {}
                        Err(problem) => self.set.diagnostics.push(*problem),
                    }
                }
            }
            waiting.extend(imports.into_iter().rev());
            self.set.files.push((id, file));
        }
    }

    /// One file that is not read.
    fn too_large(&mut self, path: &str) {
        self.set.count += 1;
        let most = limits::bytes(self.set.limits.policy_file_bytes);
        self.over(path, format!("the file is larger than {most}"), "policy-file-bytes");
    }

    fn over(&mut self, path: &str, message: String, limit: &str) {
        let span = Span::new(self.set.sources.add(path, ""), 0, 0);
        let problem = Diagnostic::error(Code::PolicyOverLimit, message, span, "");
        let help = format!("if these are the right files, allow more: `--limit {limit}=…`");
        self.set.diagnostics.push(problem.help(help));
    }

    /// Whether the set may have this file too; told the first time that it may not.
    fn has_room(&mut self, path: &str, bytes: usize) -> bool {
        let limits = self.set.limits;
        let before = (self.set.count as u64, self.bytes);
        self.set.count += 1;
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if before.0 >= limits.policy_files {
            if before.0 == limits.policy_files {
                let most = limits::grouped(limits.policy_files);
                self.over(path, format!("the policy set has more than {most} files"), "policy-files");
            }
            return false;
        }
        if self.bytes > limits.policy_bytes {
            if before.1 <= limits.policy_bytes {
                let most = limits::bytes(limits.policy_bytes);
                self.over(path, format!("the policy set is larger than {most}"), "policy-bytes");
            }
            return false;
        }
        true
    }

    fn parse(&mut self, path: &str, bytes: Vec<u8>) -> Option<(FileId, ast::File)> {
        if !self.has_room(path, bytes.len()) {
            return None;
        }
        let set = &mut self.set;
        let text = match as_text(bytes) {
            Ok(text) => text,
            Err(why) => {
                set.diagnostics.push(*why.told(&mut set.sources, path));
                return None;
            }
        };
        let Some(id) = self.before.ids.get(path).copied() else {
            let id = set.sources.add(path, text);
            let parsed = syntax::parse(id, &set.sources.file(id).text);
            let deep = syntax::deeper_than(id, &set.sources.file(id).text, set.limits.policy_nesting as usize);
            set.diagnostics.extend(deep);
            return Some((id, set.keep(id, parsed)));
        };
        let old = set.sources.file(id).text.clone();
        let (Some(file), Some(kept)) = (self.before.files.remove(&id), self.before.texts.remove(&id)) else {
            set.sources.replace(id, text);
            let parsed = syntax::parse(id, &set.sources.file(id).text);
            return Some((id, set.keep(id, parsed)));
        };
        if *old == text {
            set.texts.insert(id, kept);
            return Some((id, file));
        }
        set.sources.replace(id, text);
        let Text { tree, errors, parts } = kept;
        let parsed = syntax::parse_again(id, &set.sources.file(id).text, &old, Parsed { tree, file, errors, parts });
        Some((id, set.keep(id, parsed)))
    }

    /// The path and content of a file that is imported for the first time.
    fn import(&mut self, from: &str, import: &ast::Str) -> Result<Option<(String, Vec<u8>)>, Box<Diagnostic>> {
        let path = normalize(&join(folder_of(from), &import.text));
        let outside = import.text.starts_with('/') || !self.roots.iter().any(|root| is_within(&path, root));
        if outside {
            let roots: Vec<_> = self.roots.iter().map(|r| if r.is_empty() { "." } else { r }).collect();
            return Err(Box::new(
                Diagnostic::error(
                    Code::Import,
                    format!("`{}` leads out of the folders that were loaded", import.text),
                    import.span,
                    format!("this is `{path}`"),
                )
                .help(format!(
                    "an import stays within the folders named on the command line, here `{}`; name the folder that \
                     holds both files instead",
                    roots.join("`, `")
                )),
            ));
        }
        if self.seen.contains(&path) {
            return Ok(None);
        }
        if let Some(to) = self.leads_out(&path) {
            let problem = format!("`{}` is a link that leads out of the folders that were loaded", import.text);
            return Err(Box::new(
                Diagnostic::error(Code::Import, problem, import.span, format!("this is `{to}`"))
                    .help("an import stays within the folders named on the command line: put the file itself there"),
            ));
        }
        match self.files.read_within(&path, self.set.limits.policy_file_bytes) {
            Ok(bytes) => {
                self.seen.insert(path.clone());
                Ok(Some((path, bytes)))
            }
            Err(FileError::TooLarge) => {
                self.seen.insert(path.clone());
                self.too_large(&path);
                Ok(None)
            }
            Err(why) => {
                let beside = self.files.list(match folder_of(&path) {
                    "" => ".",
                    folder => folder,
                });
                let names = beside.ok().flatten().unwrap_or_default();
                let near = did_you_mean(&path, names.iter().map(String::as_str));
                let problem = Diagnostic::error(
                    Code::Import,
                    format!("cannot import `{}`: {why}", import.text),
                    import.span,
                    format!("looked for `{path}`"),
                );
                Err(Box::new(match near {
                    Some(near) => {
                        let folder = join(folder_of(from), "");
                        let shown = near.strip_prefix(&folder).unwrap_or(near);
                        problem.help(format!("did you mean `import \"{shown}\"`?")).fix(
                            format!("import `{shown}`"),
                            import.span,
                            format!("\"{shown}\""),
                        )
                    }
                    None => problem.help("an import is a path relative to the file that it stands in"),
                }))
            }
        }
    }
}

/// Adds the text of a policy file, without a byte order mark; or says why it is none.
pub fn add_text(sources: &mut SourceMap, path: &str, bytes: Vec<u8>) -> Result<FileId, Box<Diagnostic>> {
    match as_text(bytes) {
        Ok(text) => Ok(sources.add(path, text)),
        Err(why) => Err(why.told(sources, path)),
    }
}

/// Why bytes are no policy file.
enum NoText {
    TooLarge,
    NotUtf8(std::string::FromUtf8Error),
}

impl NoText {
    fn told(self, sources: &mut SourceMap, path: &str) -> Box<Diagnostic> {
        match self {
            NoText::TooLarge => {
                let span = Span::new(sources.add(path, ""), 0, 0);
                let problem = Diagnostic::error(Code::Unreadable, "the file is larger than 4 GiB", span, "");
                Box::new(problem.help("split it: a folder of files is one policy set"))
            }
            NoText::NotUtf8(error) => Box::new(not_text(sources, path, error)),
        }
    }
}

/// The text, without a byte order mark.
fn as_text(bytes: Vec<u8>) -> Result<String, NoText> {
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    match String::from_utf8(bytes) {
        Ok(text) if u32::try_from(text.len()).is_ok() => Ok(text),
        Ok(_) => Err(NoText::TooLarge),
        Err(error) => Err(NoText::NotUtf8(error)),
    }
}

/// The text up to the first byte that is not UTF-8 is kept, so that the place can be shown.
fn not_text(sources: &mut SourceMap, path: &str, error: std::string::FromUtf8Error) -> Diagnostic {
    let at = error.utf8_error().valid_up_to();
    let mut bytes = error.into_bytes();
    let byte = bytes[at];
    let binary = bytes.iter().take(1024).any(|b| *b == 0);
    bytes.truncate(at);
    let good = String::from_utf8_lossy(&bytes).into_owned();
    let from = good.rfind('\n').map_or(0, |i| i + 1);
    let start = if good.len() > from { good.len() - good.chars().next_back().map_or(0, char::len_utf8) } else { from };
    let id = sources.add(path, good.as_str());
    let what = if binary { "the file is binary, not a text" } else { "the file is not UTF-8 text" };
    Diagnostic::error(
        Code::Unreadable,
        what,
        Span::new(id, start, good.len()),
        format!("byte {at} (0x{byte:02x}) is not part of UTF-8 text"),
    )
    .help(if binary { "name the policy files only" } else { "save the file in UTF-8" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::MemoryFiles;

    fn load(files: &[(&str, &str)], paths: &[&str]) -> PolicySet {
        PolicySet::load(&files.iter().copied().collect::<MemoryFiles>(), paths).unwrap()
    }

    fn names(set: &PolicySet) -> Vec<&str> {
        set.sources().files().map(|(_, f)| f.name.as_str()).collect()
    }

    #[test]
    fn imports_are_followed_once_and_in_circles() {
        let files = [
            ("p/a.bylaw", "import \"sub/b.bylaw\"\nimport \"c.bylaw\""),
            ("p/c.bylaw", "import \"a.bylaw\""),
            ("p/sub/b.bylaw", "import \"../c.bylaw\"\nimport \"./../a.bylaw\""),
        ];
        let set = load(&files, &["p/a.bylaw"]);
        assert_eq!(names(&set), ["p/a.bylaw", "p/sub/b.bylaw", "p/c.bylaw"]);
        assert!(set.told().is_empty(), "{:?}", set.told());
        let set = load(&files, &["p"]);
        assert_eq!(set.file_count(), 3);
    }

    #[test]
    fn imports_that_lead_nowhere() {
        let files = [
            ("p/a.bylaw", "import \"comon.bylaw\"\nimport \"../q/x.bylaw\"\nimport \"/etc/passwd\""),
            ("p/common.bylaw", ""),
            ("q/x.bylaw", ""),
        ];
        let set = load(&files, &["p/a.bylaw"]);
        let found: Vec<_> = set.diagnostics.iter().map(|d| (d.code, set.sources().text(d.span()))).collect();
        assert_eq!(
            found,
            [(Code::Import, "\"comon.bylaw\""), (Code::Import, "\"../q/x.bylaw\""), (Code::Import, "\"/etc/passwd\"")]
        );
        assert_eq!(set.diagnostics[0].fixes[0].replacement, "\"common.bylaw\"");
        assert_eq!(names(&set), ["p/a.bylaw"]);
    }

    #[test]
    fn a_set_is_read_and_checked_again_as_it_is_anew() {
        let vocabulary = "enum class { open, secret }\nrecord gift at day by who { day: date, who: text, value: money, note: text?, class: class }\n\
                          record trip at day by who { day: date, who: text, value: money }\n\
                          param cap: money = 5 EUR\nlet names = { \"a\", \"b\" }\ndefine big(g: gift) = g.value > cap and g.note? == \"x\"\n";
        let rules = "policy p { timezone \"Europe/Berlin\" }\n\
                     forbid one { on gift when big(gift) and class == secret  unless small: value < 1 EUR  because \"{who}\" }\n\
                     forbid two { on gift, trip when value > cap }\n\
                     limit three { on gift sum value per who over 30 days to cap }\n\
                     revise three effective from 2026-01-01 { on gift sum value per who over 10 days to cap }\n\
                     forbid four { on gift when note present and count(trip over 3 days) > 2 }\n";
        let tests = "waive one for who \"a\" { from 2026-01-01 until 2026-02-01 approved_by \"b\" reason \"c\" }\n\
                     test \"t\" { given gift as g { day: 2026-01-05, who: \"a\", value: 6 EUR, class: open }\n  expect excepted one on g by small\n  expect compliant four on g\n}\n";
        let first = [("a.bylaw", vocabulary), ("b.bylaw", rules), ("c.bylaw", tests)];
        let typed = [
            "",
            " ",
            "\n",
            "}",
            "value",
            "secret",
            "trip",
            "one",
            "small",
            "> 7 EUR",
            "forbid five { on gift when note? == \"y\" }\n",
            "charter { every rule cites }\n",
            "forbid six { on finding when rule == one }\n",
            "param late: int = 5\n",
            "open",
            "7 USD",
        ];
        let mut state = 3u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n.max(1)
        };
        let mut kept = PolicySet::default();
        let mut texts = first.map(|(_, text)| text.to_owned());
        let mut silent = 0;
        for round in 0..600 {
            if round % 8 == 0 {
                texts = first.map(|(_, text)| text.to_owned());
            } else {
                let text = &mut texts[below(3)];
                // Between words, and mostly one word for another.
                let edges: Vec<usize> = (0..=text.len())
                    .filter(|&at| {
                        at == 0
                            || at == text.len()
                            || text.as_bytes()[at - 1].is_ascii_alphanumeric()
                                != text.as_bytes()[at].is_ascii_alphanumeric()
                    })
                    .collect();
                let at = below(edges.len());
                let to = edges[(at + below(3)).min(edges.len() - 1)];
                text.replace_range(edges[at]..to, typed[below(typed.len())]);
            }
            let files: MemoryFiles = first.iter().zip(&texts).map(|((name, _), text)| (*name, text.as_str())).collect();
            let (again, failed) = kept.again(&files, &["."]);
            assert!(failed.is_empty());
            kept = again;
            let found = kept.check_again().diagnostics;
            let anew = kept.check(&[]);
            assert_eq!(found, anew.diagnostics(), "round {round} of {texts:#?}");
            silent += usize::from(found.is_empty());
        }
        assert!(silent > 80, "of 600 sets only {silent} were in order");
    }

    #[test]
    fn bytes_that_are_no_text() {
        let mut files = MemoryFiles::default();
        files.insert("a.bylaw", *b"// fine\nenum e { \xe9t\xe9 }");
        files.insert("b.bylaw", *b"\xef\xbb\xbfenum f { x }");
        let set = PolicySet::load(&files, &["."]).unwrap();
        assert_eq!(set.diagnostics.len(), 1);
        let d = &set.diagnostics[0];
        assert_eq!((d.code, d.labels[0].text.as_str()), (Code::Unreadable, "byte 17 (0xe9) is not part of UTF-8 text"));
        assert_eq!(set.sources().line_col(d.span()), (2, 9));
        assert_eq!(&*set.sources().file(FileId(1)).text, "enum f { x }");
    }

    #[test]
    fn paths_that_are_not_there() {
        let errors = PolicySet::load(&MemoryFiles::default(), &["x", "y.bylaw"]).unwrap_err();
        let told: Vec<_> = errors.iter().map(LoadError::to_string).collect();
        assert_eq!(told, ["cannot read `x`: no such file or folder", "cannot read `y.bylaw`: no such file or folder"]);
    }
}
