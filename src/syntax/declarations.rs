//! Slips in declarations, heads and the lines of tests and charters, each with what to write instead.

use super::clauses::before;
use super::english::{self, is_length};
use super::explain::{Attempt, first_word};
use super::kinds::SyntaxKind as K;
use super::parse::Rule;
use super::scan::Scanned;
use super::slips::slip;
use super::words::WAIVE_CLAUSES;
use crate::diag::Diagnostic;
use crate::source::Span;

pub fn find(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    key_inside(attempt)
        .or_else(|| optional(attempt))
        .or_else(|| typed(attempt))
        .or_else(|| choices(attempt))
        .or_else(|| verdict(attempt))
        .or_else(|| charter(attempt))
        .or_else(|| fiscal(attempt))
        .or_else(|| head(attempt))
        .or_else(|| value(attempt))
        .or_else(|| files(attempt))
}

/// The type that a value has.
fn type_of(scanned: &Scanned<'_>, at: usize) -> Option<&'static str> {
    let next = scanned.token_text(scanned.significant(at + 1));
    let text = scanned.token_text(at);
    Some(match scanned.kind(at) {
        K::Text => "text",
        K::Word if matches!(text, "true" | "false") => "bool",
        K::Number if next.len() == 3 && next.bytes().all(|b| b.is_ascii_uppercase()) => "money",
        K::Number if next == "%" => "percent",
        K::Number if is_length(scanned, at) => "duration",
        K::Number if matches!(next, "kB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB" | "TiB") => "bytes",
        K::Number if text.len() == 10 && text.as_bytes()[4] == b'-' => "date",
        K::Number if text.contains('.') => "decimal",
        K::Number => "int",
        _ => return None,
    })
}

/// `param cap = 100 EUR`, `param cap: 100 EUR`
fn typed(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    let scanned = place.scanned;
    if first_word(attempt) != "param" || *at >= tokens.end {
        return None;
    }
    let last = before(attempt, *at)?;
    let error = slip("a parameter has a type", place.span(last), "no type behind this");
    let end = place.span(last).end;
    let behind = Span { start: end, end, ..place.span(last) };
    if scanned.is(*at, "=") && expected.contains(&Rule::colon) {
        let ty = type_of(scanned, scanned.significant(at + 1))?;
        return Some(place.mend(error, behind, &format!(": {ty}"), "add the type"));
    }
    let ty = type_of(scanned, *at).filter(|_| scanned.is(last, ":"))?;
    Some(place.mend(error, behind, &format!(" {ty} ="), "add the type"))
}

/// `expect gift_limit to be violated`
fn verdict(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    if first_word(attempt) != "expect" || *at >= tokens.end {
        return None;
    }
    let rule = scanned.significant(tokens.start + 1);
    let mut words = (rule + 1..tokens.end).filter(|&i| scanned.kind(i) == K::Word);
    let said = |i: usize| match scanned.token_text(i) {
        "violated" | "violation" | "breached" | "breach" | "fail" | "fails" | "failed" | "trigger" | "triggers"
        | "fires" | "found" | "finding" | "reported" => Some("finding"),
        "compliant" | "pass" | "passes" | "passed" | "ok" | "fine" => Some("compliant"),
        "excepted" | "excused" => Some("excepted"),
        _ => None,
    };
    let small = |i: usize| {
        matches!(scanned.token_text(i), "to" | "be" | "is" | "should" | "must" | "will" | "a" | "as" | "has" | "been")
    };
    let last = words.find(|&i| !small(i))?;
    let named = scanned.kind(rule) == K::Word && said(rule).is_none() && *at > rule && *at <= last;
    let verdict = said(last).filter(|_| named)?;
    let whole = place.range(rule, last);
    let error = slip("the verdict stands before the rule", whole, "not written so");
    let name = scanned.token_text(rule);
    Some(place.mend(error, whole, &format!("{verdict} {name}"), "write the verdict first"))
}

/// `every rule has a citation`, `no self-approval`
fn charter(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    let scanned = place.scanned;
    if *at >= tokens.end {
        return None;
    }
    if expected.contains(&Rule::kw_approval) && scanned.is(*at, "-") {
        let error = slip("`self approval` is two words", place.span(*at), "not needed");
        return Some(place.mend(error, place.span(*at), " ", "write a blank"));
    }
    if !expected.contains(&Rule::kw_cites) {
        return None;
    }
    let last = scanned.significant_before(tokens.end).filter(|last| last >= at)?;
    let (with, what) = match scanned.token_text(last) {
        "citation" | "citations" | "cite" | "source" | "reference" | "cited" => ("cites", "a source"),
        "test" | "tests" | "tested" => ("is tested", "a test"),
        _ => return None,
    };
    let error = slip(format!("that every rule has {what} is said otherwise"), place.range(*at, last), "not written so");
    Some(place.mend(error, place.range(*at, last), with, &format!("write `{with}`")))
}

/// `fiscal_year April 1`
fn fiscal(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let Attempt { place, tokens, .. } = attempt;
    let scanned = place.scanned;
    if first_word(attempt) != "fiscal_year" {
        return None;
    }
    let keyword = scanned.significant(tokens.start);
    let behind = (keyword + 1..tokens.end).filter(|&i| !scanned.kind(i).is_trivia());
    let last = behind.clone().next_back()?;
    let (mut month, mut day) = (None, 1);
    for i in behind {
        let text = scanned.token_text(i).to_ascii_lowercase();
        if let Some(number) = MONTHS.iter().position(|m| text.starts_with(m)) {
            month = Some(number + 1);
        } else if scanned.kind(i) == K::Number {
            day = text.parse().ok().filter(|day| (1..=31).contains(day))?;
        }
    }
    let whole = Span { start: place.span(keyword).end, ..place.span(last) };
    let error = slip("a fiscal year starts at a month and a day", place.range(keyword, last), "not written so");
    Some(place.mend(error, whole, &format!(" starts {:02}-{day:02}", month?), "write the month and the day"))
}

/// `revise gifts from 2026-01-01 {`, `waive gifts for actor "E1" until 2026-12-31 {`
fn head(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, what, expected } = attempt;
    let scanned = place.scanned;
    if *what != "head" || *at >= tokens.end || scanned.kind(*at) != K::Word {
        return None;
    }
    let found = scanned.token_text(*at);
    if found == "from" && first_word(attempt) == "revise" && expected.contains(&Rule::kw_effective) {
        let error =
            slip("from when on a rule reads so stands behind `effective`", place.span(*at), "missing before this");
        let nothing = Span { end: place.span(*at).start, ..place.span(*at) };
        return Some(place.mend(error, nothing, "effective ", "add `effective`"));
    }
    if first_word(attempt) == "waive" && WAIVE_CLAUSES.contains(&found) {
        let error = slip(format!("`{found}` stands between the braces of a waiver"), place.span(*at), "not here");
        let last = scanned.significant_before(tokens.end).filter(|last| last >= at)?;
        let line = &scanned.text[scanned.start(*at)..scanned.end(last)];
        return Some(error.help(format!("leave it out here, and write `{line}` on a line of its own between them")));
    }
    None
}

/// `let eu = "DE", "FR"`, `define late(b: breach) { … }`
fn value(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    let scanned = place.scanned;
    if *at >= tokens.end {
        return None;
    }
    if first_word(attempt) == "let" && scanned.is(*at, ",") {
        let assign = (tokens.start..*at).find(|&i| scanned.is(i, "="))?;
        let first = scanned.significant(assign + 1);
        let (last, values) = english::set(scanned, first, tokens.end)?;
        let error = slip("a set stands in braces", place.range(first, last), "no braces");
        return Some(place.mend(error, place.range(first, last), &format!("{{ {values} }}"), "write braces"));
    }
    if first_word(attempt) == "define" && scanned.is(*at, "{") && expected.contains(&Rule::assign) {
        let close = (at + 1..tokens.end).rev().find(|&i| scanned.kind(i) == K::CloseBrace)?;
        let inner = scanned.text[scanned.end(*at)..scanned.start(close)].trim();
        let error = slip("what a function is stands behind `=`", place.span(*at), "no braces");
        return Some(place.mend(error, place.range(*at, close), &format!("= {inner}"), "write `=`"));
    }
    None
}

/// `source register for gift from "gifts.csv"`
fn files(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, what, .. } = attempt;
    let scanned = place.scanned;
    let text = scanned.significant(at + 1);
    if *what != "head" || first_word(attempt) != "source" || text >= tokens.end || scanned.kind(text) != K::Text {
        return None;
    }
    let error = slip("the files of a source stand between its braces", place.range(*at, text), "not here");
    Some(error.help(format!("leave it out here, and begin its braces with `files {}`", scanned.token_text(text))))
}

/// `table employee { key id: text }`
fn key_inside(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, what, .. } = attempt;
    // What begins behind it without a comma is a piece of its own.
    let next = place.scanned.significant(*at);
    let key = before(attempt, next).filter(|&i| i == place.scanned.significant(tokens.start))?;
    let (word, name) = (place.scanned.token_text(key), place.scanned.token_text(next));
    if *what != "field" || place.scanned.kind(next) != K::Word || !matches!(word, "key" | "identity") {
        return None;
    }
    let error = slip(format!("`{word}` stands before the braces"), place.span(key), "no field");
    Some(
        error
            .help(format!("say it behind the name, and leave it out here:\n    … {word} {name} {{ {name}: text, … }}")),
    )
}

/// `note?: text`
fn optional(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, what, .. } = attempt;
    let scanned = place.scanned;
    let colon = scanned.significant((at + 1).min(tokens.end));
    if *what != "field" || *at >= tokens.end || !scanned.is(*at, "?") || colon >= tokens.end || !scanned.is(colon, ":")
    {
        return None;
    }
    let marks = (colon + 1..tokens.end).find(|&i| scanned.token_text(i).starts_with('@'));
    let last = scanned.significant_before(marks.unwrap_or(tokens.end)).filter(|&last| last > colon)?;
    let ty = scanned.text[scanned.end(colon)..scanned.end(last)].trim_start();
    let error = slip("a field that may be absent has `?` behind its type", place.span(*at), "behind its name");
    let optional = if ty.ends_with('?') { "" } else { "?" };
    Some(place.mend(error, place.range(*at, last), &format!(": {ty}{optional}"), "write it behind the type"))
}

/// `class: "economy" | "business"`, `class: one of "economy", "business"`
fn choices(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, tokens, what, .. } = attempt;
    let scanned = place.scanned;
    let behind = |index: usize| scanned.significant((index + 1).min(scanned.tokens.len() - 1));
    let colon = behind(tokens.start);
    if *what != "field" || !scanned.is(colon, ":") {
        return None;
    }
    let first = behind(colon);
    let said = matches!(scanned.token_text(first), "one" | "any" | "either") && scanned.is(behind(first), "of");
    let (mut parted, mut optional, mut words) = (said, false, Vec::new());
    let mut last = if said { behind(first) } else { colon };
    // A word behind a word begins another field.
    let mut apart = true;
    while behind(last) < tokens.end {
        let next = behind(last);
        let text = scanned.token_text(next);
        match scanned.kind(next) {
            K::Word if text == "or" => (parted, apart) = (true, true),
            K::Text | K::Word if !apart && scanned.tokens[next].starts_line => break,
            K::Word if TYPES.contains(&text) => return None,
            K::Text | K::Word => {
                words.push(text.trim_matches('"'));
                apart = false;
            }
            K::OpenBrace | K::OpenParen | K::OpenBracket | K::CloseBrace | K::CloseParen | K::CloseBracket => {}
            _ if matches!(text, "|" | "||" | "/") => (parted, apart) = (true, true),
            _ if text == "?" => optional = true,
            _ if text == "," => apart = true,
            _ => return None,
        }
        last = next;
    }
    if !parted || words.len() < 2 || words.iter().any(|word| word.is_empty() || word.contains('\\')) {
        return None;
    }
    let whole = place.range(first, last);
    let words: Vec<String> = words.into_iter().map(enum_word).collect();
    let mended = format!("enum {{ {} }}{}", words.join(", "), if optional { "?" } else { "" });
    let error = slip("words that a field may have are an `enum`", whole, "not written so");
    Some(place.mend(error, whole, &mended, "write an `enum`"))
}

const TYPES: &[&str] = &[
    "text",
    "int",
    "decimal",
    "bool",
    "date",
    "timestamp",
    "duration",
    "money",
    "bytes",
    "percent",
    "ref",
    "list",
    "enum",
];

/// With how it is spelt in records, where that is no word.
fn enum_word(spelt: &str) -> String {
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if is_word(spelt) {
        return spelt.to_owned();
    }
    let word: String =
        spelt.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let word = if is_word(&word) { word } else { format!("w_{word}") };
    format!("{word} = \"{spelt}\"")
}
