//! All that is wrong with a part: each fault is mended in a draft of the part, which is then read on.

use super::explain::{Attempt, Place, VALUES, explain};
use super::kinds::SyntaxKind as K;
use super::parse::{Failure, Rule, read};
use super::scan::{Scanned, scan};
use super::slips;
use crate::diag::Diagnostic;
use crate::source::Span;
use std::ops::Range;

/// So many faults of one part are told.
const MOST_FAULTS: usize = 20;
/// A longer part is not drafted anew for each of its faults.
const LONGEST: usize = 1 << 16;
/// Stands where a value is missing.
const MISSING: &str = "_missing_value_";

/// What a part is read as.
pub struct Reading<'a> {
    pub rule: Rule,
    /// The words that begin another part; as are all those that begin a line.
    pub keywords: &'a [&'a str],
    /// What a message calls the part.
    pub what: &'a str,
}

/// The faults of a part, and where the reading stopped.
pub struct Told {
    pub errors: Vec<Diagnostic>,
    pub stop: Stop,
}

/// Tokens of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At what could not be mended.
    At(usize),
    /// Before something else that begins here.
    Before(usize),
    /// All of the part has been read.
    Through,
}

/// The part's text as mended so far.
struct Draft {
    text: String,
    /// Where each byte of it, and its end, stands in the file's text.
    map: Vec<u32>,
}

impl Draft {
    fn apply(&mut self, range: Range<usize>, with: &str) {
        let from = self.map[range.start];
        self.map.splice(range.clone(), with.bytes().map(|_| from));
        self.text.replace_range(range, with);
    }
}

/// Why the tokens do not fit the rule; they were read once.
pub fn faults(place: Place<'_>, tokens: Range<usize>, at: usize, failure: &Failure, reading: &Reading<'_>) -> Told {
    let attempt = Attempt { place, tokens: tokens.clone(), at, expected: &failure.expected, what: reading.what };
    let first = explain(&attempt);
    let start = place.scanned.start(tokens.start);
    let end = place.scanned.start(tokens.end);
    let origin = place.origin;
    let mut next = repair(&first, &attempt, start);
    let mut told = Told { errors: vec![first], stop: Stop::At(at) };
    if end - start > LONGEST {
        return told;
    }
    let text = place.scanned.text[start..end].to_owned();
    let mut draft = Draft { map: (start as u32..=end as u32).collect(), text };
    let mut reached = place.scanned.start(at);
    while let Some((range, with)) = next.take() {
        if told.errors.len() == MOST_FAULTS || range.start > range.end || range.end > draft.text.len() {
            break;
        }
        draft.apply(range, &with);
        let failure = match read(reading.rule, &draft.text) {
            Ok(_) => {
                told.stop = Stop::Through;
                break;
            }
            Err(failure) => failure,
        };
        let scanned = scan(&draft.text);
        let eof = scanned.tokens.len() - 1;
        let at = scanned.significant(scanned.at(failure.at)).min(eof);
        let stands = draft.map[scanned.start(at)] as usize;
        // What was mended has not helped.
        if failure.too_deep || stands <= reached {
            break;
        }
        reached = stands;
        let original = place.scanned.at(stands).clamp(tokens.start, tokens.end);
        if another(&scanned, at, eof, reading) {
            told.stop = Stop::Before(original);
            break;
        }
        let drafted = Place { scanned: &scanned, origin: 0, ..place };
        let attempt = Attempt { place: drafted, tokens: 0..eof, at, expected: &failure.expected, what: reading.what };
        let error = explain(&attempt);
        next = repair(&error, &attempt, 0);
        told.errors.push(moved(error, &draft.map, origin));
        told.stop = Stop::At(original);
    }
    told
}

/// Whether something else begins at this token, so that all before it fits.
fn another(scanned: &Scanned<'_>, at: usize, eof: usize, reading: &Reading<'_>) -> bool {
    at > 0
        && at < eof
        && scanned.kind(at) == K::Word
        && (scanned.tokens[at].starts_line || reading.keywords.contains(&scanned.token_text(at)))
        && read(reading.rule, &scanned.text[..scanned.start(at)]).is_ok()
}

/// What to put where in the text from `start` on, so that it can be read on.
fn repair(error: &Diagnostic, attempt: &Attempt<'_>, start: usize) -> Option<(Range<usize>, String)> {
    let Attempt { place, at, expected, .. } = attempt;
    let begin = place.origin + start;
    if let Some(fix) = error.fixes.first() {
        let range = (fix.span.start as usize).checked_sub(begin)?..(fix.span.end as usize).checked_sub(begin)?;
        return Some((range, fix.replacement.clone()));
    }
    // A value that is missing: what stands there goes on behind it, or was meant to be it.
    let value = VALUES.iter().any(|v| expected.contains(v)) && !expected.contains(&Rule::infix);
    let length = if slips::reserved(attempt).is_some() { place.scanned.token_text(*at).len() } else { 0 };
    let at = place.scanned.start(*at).checked_sub(start)?;
    value.then(|| (at..at + length, format!(" {MISSING} ")))
}

/// From places in a draft to those in the file.
fn moved(mut error: Diagnostic, map: &[u32], origin: usize) -> Diagnostic {
    let place = |span: Span| {
        let of = |at: u32| map[(at as usize).min(map.len() - 1)] + origin as u32;
        let (start, end) = (of(span.start), of(span.end));
        Span { start, end: end.max(start), ..span }
    };
    let shown = |text: &str| text.replace(MISSING, "…").replace("  … ", " … ");
    error.labels.iter_mut().for_each(|l| l.span = place(l.span));
    error.fixes.iter_mut().for_each(|f| f.span = place(f.span));
    error.message = shown(&error.message);
    error.help = error.help.map(|help| shown(&help));
    error
}
