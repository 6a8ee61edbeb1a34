//! Remarks that let a lint pass: `// lint: allow L0101 because …` before an item or a clause, or at the end of a
//! line; `// lint: allow-file L0101 because …` for the whole file. Without a reason it lets nothing pass.

use super::context::{Context, within};
use super::settings::Settings;
use super::walk;
use super::{Found, all};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::{SyntaxKind, parse};

/// A remark to the linter.
pub struct Allow {
    pub span: Span,
    /// It alone on its lines, with the line's end.
    pub whole: Option<Span>,
    pub codes: Vec<Named>,
    pub reason: bool,
    /// What could not be understood, and the word that was probably meant.
    pub unknown: Option<(Span, Unknown)>,
    /// None: the whole file.
    covers: Option<Vec<Span>>,
}

/// What a remark says that nothing is known of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Neither `allow` nor `allow-file`.
    Verb,
    Code,
    /// No code at all.
    NoCode,
    /// It is a doc comment, which is for readers.
    Doc,
}

/// A code that a remark names.
pub struct Named {
    pub code: Code,
    pub span: Span,
    /// It has let something pass.
    pub used: bool,
}

/// All remarks to the linter, in the order of the files.
pub fn read(context: &Context) -> Vec<Allow> {
    let mut all = Vec::new();
    for (file, tree) in context.files {
        let text = &*context.sources.file(*file).text;
        if text.contains("lint:") {
            let parts: Vec<Span> = tree.items.iter().flat_map(walk::parts).collect();
            of_file(*file, text, &parts, &mut all);
        }
    }
    all
}

/// Whether a remark lets it pass; notes that it did.
pub fn allowed(allows: &mut [Allow], found: &Diagnostic) -> bool {
    let place = found.span();
    let mut passes = false;
    for allow in allows.iter_mut().filter(|a| a.reason && a.span.file == place.file) {
        let covers = allow.covers.as_ref().is_none_or(|spans| spans.iter().any(|s| within(place, *s)));
        for named in allow.codes.iter_mut().filter(|n| covers && n.code == found.code) {
            named.used = true;
            passes = true;
        }
    }
    passes
}

/// What is wrong with the remarks themselves.
pub fn told(context: &Context, settings: &Settings, allows: &[Allow]) -> Found {
    let mut found = Found::new();
    for lint in super::allowing::LINTS {
        let Some(level) = settings.level(lint) else { continue };
        let checks = all().filter(|l| settings.level(l).is_some()).map(|l| l.code).collect::<Vec<_>>();
        for allow in allows.iter().filter(|a| !settings.lets_pass(lint.code, context.path(a.span.file))) {
            let problem = match lint.code {
                Code::AllowWithoutReason => super::allowing::without_reason(context, allow),
                Code::UnknownAllow => super::allowing::unknown(context, allow),
                _ => super::allowing::nothing(allow, &checks),
            };
            found.extend(problem.map(|d| Diagnostic { level, ..d }));
        }
    }
    found
}

fn of_file(file: FileId, text: &str, parts: &[Span], all: &mut Vec<Allow>) {
    let tree = parse(file, text).syntax();
    let tokens: Vec<_> = tree.descendants_with_tokens().filter_map(|e| e.into_token()).collect();
    let first = tokens.iter().find(|t| !t.kind().is_trivia()).map_or(text.len(), |t| t.text_range().start().into());
    for (i, token) in tokens.iter().enumerate() {
        if !matches!(token.kind(), SyntaxKind::Remark | SyntaxKind::DocRemark) {
            continue;
        }
        let start = usize::from(token.text_range().start());
        let Some(said) = token.text().trim_start_matches('/').trim_start().strip_prefix("lint:") else { continue };
        let said = said.trim_end();
        let from = start + (token.text().trim_end().len() - said.len());
        let end = from + said.len();
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let alone = text[line..start].trim().is_empty();
        let next = tokens[i + 1..].iter().find(|t| !t.kind().is_trivia()).map(|t| usize::from(t.text_range().start()));
        let mut allow = remark(file, from, said);
        allow.span = Span::new(file, start, end);
        if token.kind() == SyntaxKind::DocRemark {
            allow.codes.clear();
            allow.unknown = Some((Span::new(file, start, start + 3), Unknown::Doc));
        }
        if alone {
            let after = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
            allow.whole = Some(Span::new(file, line, after));
        }
        // `allow-file` behind the first item is not at the top: it covers nothing.
        allow.covers = match allow.covers {
            None if start < first => None,
            None => Some(Vec::new()),
            Some(_) if alone => Some(next.map_or_else(Vec::new, |at| beginning_at(file, at, parts))),
            Some(_) => Some(on_line(file, line..start, parts)),
        };
        all.push(allow);
    }
}

/// The part that begins there; or the least that it stands in.
fn beginning_at(file: FileId, at: usize, parts: &[Span]) -> Vec<Span> {
    let own = parts.iter().filter(|s| s.file == file);
    let begins = own.clone().filter(|s| s.start as usize == at).max_by_key(|s| s.end);
    begins.or_else(|| around(own, at)).copied().into_iter().collect()
}

/// The parts that begin on the line; or the least that it stands in.
fn on_line(file: FileId, line: std::ops::Range<usize>, parts: &[Span]) -> Vec<Span> {
    let own = parts.iter().filter(|s| s.file == file);
    let begin: Vec<Span> = own.clone().filter(|s| line.contains(&(s.start as usize))).copied().collect();
    if begin.is_empty() { around(own, line.start).copied().into_iter().collect() } else { begin }
}

fn around<'s>(parts: impl Iterator<Item = &'s Span>, at: usize) -> Option<&'s Span> {
    parts.filter(|s| s.range().contains(&at)).min_by_key(|s| s.end - s.start)
}

/// `allow L0101, L0102 because …`, which stands at `from`.
fn remark(file: FileId, from: usize, said: &str) -> Allow {
    let place = |at: usize, len: usize| Span::new(file, from + at, from + at + len);
    let mut allow = Allow {
        span: place(0, said.len()),
        whole: None,
        codes: Vec::new(),
        reason: false,
        unknown: None,
        covers: Some(Vec::new()),
    };
    let mut at = said.len() - said.trim_start().len();
    let word = |at: usize| said[at..].split(|c: char| c.is_whitespace() || c == ',').next().unwrap_or_default();
    match word(at) {
        "allow" => {}
        "allow-file" => allow.covers = None,
        other => {
            allow.unknown = Some((place(at, other.len()), Unknown::Verb));
            return allow;
        }
    }
    let verb = (at, word(at).len());
    at += verb.1;
    loop {
        at += said[at..].len() - said[at..].trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
        match word(at) {
            "" => break,
            "because" => {
                allow.reason = !said[at + "because".len()..].trim().is_empty();
                break;
            }
            other => {
                match other.parse::<Code>() {
                    Ok(code) if super::is_lint(code) => {
                        allow.codes.push(Named { code, span: place(at, other.len()), used: false });
                    }
                    _ => allow.unknown = Some((place(at, other.len()), Unknown::Code)),
                }
                at += other.len();
            }
        }
        // Words without `because` are no codes: one is told.
        if allow.unknown.is_some() {
            break;
        }
    }
    if allow.codes.is_empty() && allow.unknown.is_none() {
        allow.unknown = Some((place(verb.0, verb.1), Unknown::NoCode));
    }
    allow
}
