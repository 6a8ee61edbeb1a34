//! From paths to a set: folders, files, what they import, each once, and no further than the limits allow.

use super::{LoadError, PolicySet, Text};
use crate::data::limits;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::io::{FileError, Files, folder_of, is_within, join, normalize};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::{self, Parsed, ast};
use std::collections::{HashMap, HashSet};

impl PolicySet {
    /// The set as its files are now. What has not changed since is not parsed again. A file keeps its [`FileId`].
    /// What cannot be read is left out, and told.
    pub(crate) fn again<P: AsRef<str>>(self, files: &dyn Files, paths: &[P]) -> (PolicySet, Vec<LoadError>) {
        let ids = self.sources.files().map(|(id, file)| (file.name.clone(), id)).collect();
        let before = Before { ids, files: self.files.into_iter().collect(), texts: self.texts };
        let (limits, trees) = (self.limits, self.trees);
        let set = PolicySet { sources: self.sources, memo: self.memo, limits, trees, ..PolicySet::default() };
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
            let deep = syntax::deeper_than(id, &set.sources.file(id).text, set.limits.policy_nesting as usize);
            set.diagnostics.extend(deep);
            return Some((id, set.parse(id)));
        };
        let old = set.sources.file(id).text.clone();
        let (Some(file), Some(kept)) = (self.before.files.remove(&id), self.before.texts.remove(&id)) else {
            set.sources.replace(id, text);
            return Some((id, set.parse(id)));
        };
        if *old == text {
            set.texts.insert(id, kept);
            return Some((id, file));
        }
        set.sources.replace(id, text);
        let Text { errors, tree: Some((tree, parts)) } = kept else { return Some((id, set.parse(id))) };
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
