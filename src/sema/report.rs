//! Collecting diagnostics, and helps that show the line as it should be.

use super::names::{Notes, Recorder};
use crate::data::Severity;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::Ident;
use crate::threads::{lock, unlock};
use rustc_hash::FxHashSet;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

/// After so many guesses no more are made, so that a set with thousands of unknown names is still told in time.
const GUESSES: u32 = 300;

pub struct Reporter<'a> {
    pub sources: &'a SourceMap,
    pub names: Recorder,
    told: Mutex<Told>,
    guesses: AtomicU32,
    tells: AtomicU32,
}

#[derive(Default)]
struct Told {
    found: Vec<Diagnostic>,
    seen: FxHashSet<(Code, Span)>,
}

/// How much has been told and guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    found: usize,
    guesses: u32,
    tells: u32,
}

impl<'a> Reporter<'a> {
    pub fn new(sources: &'a SourceMap, names: Recorder) -> Reporter<'a> {
        Reporter { sources, names, told: Default::default(), guesses: AtomicU32::new(0), tells: AtomicU32::new(0) }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        lock(&self.told)
    }

    pub fn standing(&self) -> Standing {
        Standing { found: self.told().found.len(), guesses: self.guesses.load(Relaxed), tells: self.tells() }
    }

    /// Forgets what came since then.
    pub fn back_to(&self, before: Standing) {
        let Told { found, seen } = &mut *self.told();
        for d in found.drain(before.found..) {
            seen.remove(&(d.code, d.span()));
        }
        self.guesses.store(before.guesses, Relaxed);
        self.tells.store(before.tells, Relaxed);
    }

    /// Keeps it, unless the same was told of the same place (a `let` is read again at each use).
    pub fn tell(&self, diagnostic: Diagnostic) {
        self.tells.fetch_add(1, Relaxed);
        let mut told = self.told();
        if told.seen.insert((diagnostic.code, diagnostic.span())) {
            told.found.push(diagnostic);
        }
    }

    /// How often something was told, or told again.
    pub fn tells(&self) -> u32 {
        self.tells.load(Relaxed)
    }

    /// Tells it, and gives the nothing that silences what follows from it.
    pub fn fail<T>(&self, diagnostic: Diagnostic) -> Option<T> {
        self.tell(diagnostic);
        None
    }

    /// All of it, in the order of the files and of the places in them.
    pub fn finish(self) -> (Vec<Diagnostic>, Notes) {
        let mut found = unlock(self.told).found;
        found.sort_by_key(|d| (d.span(), d.code));
        (found, self.names.finish())
    }

    pub fn text(&self, span: Span) -> &'a str {
        self.sources.text(span)
    }

    /// The line (or lines) that the span is in, with the span replaced.
    pub fn line_with(&self, span: Span, replacement: &str) -> String {
        let text = &self.sources.file(span.file).text;
        let (start, end) = (span.start as usize, span.end as usize);
        let from = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let to = text[end..].find('\n').map_or(text.len(), |i| end + i);
        let line = format!("{}{}{}", &text[from..start], replacement, &text[end..to]);
        let line = line.trim();
        if line.len() <= 160 { line.into() } else { replacement.into() }
    }

    /// The known name that was probably meant.
    pub fn guess<'n>(&self, word: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        let before = self.guesses.fetch_add(1, Relaxed);
        if before >= GUESSES { None } else { did_you_mean(word, known) }
    }

    /// Adds a did-you-mean with the fixed line; or the known names, where there are few.
    pub fn suggest<'n>(
        &self,
        diagnostic: Diagnostic,
        span: Span,
        word: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Diagnostic {
        let known: Vec<&str> = known.into_iter().collect();
        if let Some(near) = self.guess(word, known.iter().copied()) {
            let line = self.line_with(span, near);
            return diagnostic.help(format!("did you mean `{near}`?\n    {line}")).fix(
                format!("write `{near}`"),
                span,
                near,
            );
        }
        if known.is_empty() || known.len() > 12 {
            return diagnostic;
        }
        diagnostic.help(format!("known here: {}", list(known)))
    }

    /// The severity of this name. One that other tools have is answered with what comes next to it here; `medium` lies between
    /// two.
    pub fn severity(&self, word: &Ident) -> Option<Severity> {
        word.text.parse().ok().or_else(|| {
            let what = format!("`{}` is no severity", word.text);
            let error = Diagnostic::error(Code::NotOneOf, what, word.span, "not a severity");
            let near = match word.text.to_ascii_lowercase().as_str() {
                "note" | "notice" | "hint" | "information" | "informational" => Severity::Info,
                "low" | "warning" | "warn" => Severity::Minor,
                "high" | "error" | "serious" => Severity::Major,
                "severe" | "urgent" | "blocker" | "fatal" => Severity::Critical,
                _ => return self.fail(self.suggest(error, word.span, &word.text, Severity::ALL.map(|s| s.as_str()))),
            };
            self.fail(self.rewrite(error, &format!("did you mean `{}`?", near.as_str()), word.span, near.as_str()))
        })
    }

    /// Adds a help with the fixed line, and the fix itself.
    pub fn rewrite(&self, diagnostic: Diagnostic, why: &str, span: Span, replacement: &str) -> Diagnostic {
        let line = self.line_with(span, replacement);
        diagnostic.help(format!("{why}\n    {line}")).fix(why, span, replacement)
    }
}

/// `` `a`, `b` ``
pub fn list<'n>(words: impl IntoIterator<Item = &'n str>) -> String {
    words.into_iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

/// `a date`, `an int`.
pub fn with_article(name: &str) -> String {
    let an = name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {name}", if an { "an" } else { "a" })
}
