//! Slips in the clauses of rules and in declarations, each with what to write instead.

use super::english::{self, is_length};
use super::explain::{Attempt, first_word};
use super::foreign::COUNTS;
use super::kinds::SyntaxKind as K;
use super::parse::Rule;
use super::scan::Scanned;
use super::slips::slip;
use super::words::{RULE_CLAUSES, WAIVE_CLAUSES, item_known_as};
use crate::diag::{Diagnostic, did_you_mean};
use crate::source::Span;

pub fn find(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    sequence(attempt)
        .or_else(|| looking_back(attempt))
        .or_else(|| direction(attempt))
        .or_else(|| period(attempt))
        .or_else(|| at_most(attempt).filter(|_| COUNTS.contains(&first_word(attempt))))
        .or_else(|| not_needed(attempt))
        .or_else(|| needed(attempt))
        .or_else(|| key_inside(attempt))
        .or_else(|| optional(attempt))
        .or_else(|| typed(attempt))
        .or_else(|| choices(attempt))
        .or_else(|| own_name(attempt))
        .or_else(|| keys_joined(attempt))
        .or_else(|| counted_kind(attempt))
        .or_else(|| verdict(attempt))
        .or_else(|| charter(attempt))
        .or_else(|| fiscal(attempt))
        .or_else(|| head(attempt))
        .or_else(|| value(attempt))
        .or_else(|| files(attempt))
        .or_else(|| sign(attempt))
}

fn word<'a>(attempt: &Attempt<'a>, index: Option<usize>) -> &'a str {
    index.filter(|&i| i >= attempt.tokens.start).map(|i| attempt.place.scanned.token_text(i)).unwrap_or_default()
}

fn before(attempt: &Attempt<'_>, index: usize) -> Option<usize> {
    attempt.place.scanned.significant_before(index)
}

/// `within last 30 days`, `in the last 30 days`, `in the month`
fn looking_back(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let small = |i: usize| matches!(scanned.token_text(i), "the" | "a" | "an" | "each" | "every" | "any");
    let side = |i: usize| match scanned.token_text(i) {
        "last" | "past" | "previous" | "preceding" => Some("before"),
        "next" | "following" | "coming" => Some("after"),
        _ => None,
    };
    let mut first = *at;
    while let Some(i) = before(attempt, first).filter(|&i| i >= tokens.start) {
        first = i;
        if !small(i) && side(i).is_none() {
            break;
        }
    }
    if !matches!(scanned.token_text(first), "within" | "in" | "over" | "during") {
        return None;
    }
    let mut next = scanned.significant(first + 1);
    let (mut left_out, mut direction) = (false, None);
    while next < tokens.end && (small(next) || side(next).is_some()) {
        left_out = true;
        direction = direction.or(side(next));
        next = scanned.significant(next + 1);
    }
    if !left_out || next >= tokens.end {
        return None;
    }
    if scanned.kind(next) == K::Number && is_length(scanned, next) {
        let mut unit = scanned.significant(next + 1);
        if scanned.is(unit, "business") {
            unit = scanned.significant(unit + 1);
        }
        let length = &scanned.text[scanned.start(next)..scanned.end(unit)];
        let with = match COUNTS.contains(&first_word(attempt)) {
            true => format!("over {length}"),
            false => format!("within {length} {}", direction.unwrap_or("before")),
        };
        let whole = place.range(first, unit);
        let error = slip("a window is a length of time and its direction", whole, "not written so");
        return Some(place.mend(error, whole, &with, "write the window"));
    }
    if scanned.is(next, "week") && direction.is_none() && attempt.expected.contains(&Rule::period) {
        let whole = place.range(first, next);
        let error = slip("there is no calendar period of a week", whole, "no period");
        return Some(place.mend(error, whole, "over 7 days", "write the days"));
    }
    if scanned.kind(next) == K::Word && direction.is_none() && attempt.expected.contains(&Rule::period) {
        let gone = Span { end: place.span(next).start, ..place.span(scanned.significant(first + 1)) };
        let error = slip("a period stands right behind `in`", gone, "not needed");
        return Some(place.mend(error, gone, "", "leave it out"));
    }
    None
}

/// `need training within 365 days`
fn direction(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    // `exists ticket in 24 hours before`
    let scanned = place.scanned;
    if *at < tokens.end && matches!(scanned.token_text(*at), "before" | "after" | "around") {
        let word = before(attempt, *at).filter(|&i| scanned.kind(i) == K::Word)?;
        let number = before(attempt, word).filter(|&i| scanned.kind(i) == K::Number)?;
        let first = before(attempt, number).filter(|&i| i > tokens.start && scanned.is(i, "in"))?;
        let error = slip("a window before or after a record begins with `within`", place.span(first), "not `in`");
        return Some(place.mend(error, place.span(first), "within", "write `within`"));
    }
    // A slip in the word itself.
    if *at < tokens.end && did_you_mean(place.scanned.token_text(*at), ["before", "after", "around"]).is_some() {
        return None;
    }
    let unit = before(attempt, *at).filter(|_| expected.contains(&Rule::direction))?;
    let number = before(attempt, unit).filter(|&i| is_length(place.scanned, i))?;
    let error = slip("a window has a direction", place.range(number, unit), "`before`, `after` or `around`?");
    let end = place.span(unit).end;
    Some(place.mend(error, Span { start: end, ..place.span(unit) }, " before", "look before"))
}

/// `count per actor monthly`
fn period(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    if *at >= tokens.end {
        return None;
    }
    let scanned = place.scanned;
    let last = if scanned.is(*at, "calendar") { scanned.significant(at + 1) } else { *at };
    if scanned.is(last, "week") && attempt.expected.contains(&Rule::period) {
        let first = before(attempt, *at).filter(|&i| matches!(word(attempt, Some(i)), "in" | "over"))?;
        let whole = place.range(first, last);
        let error = slip("there is no calendar period of a week", whole, "no period");
        return Some(place.mend(error, whole, "over 7 days", "write the days"));
    }
    if !COUNTS.contains(&first_word(attempt)) {
        return None;
    }
    let period = match place.scanned.token_text(*at) {
        "daily" => "day",
        "monthly" => "month",
        "quarterly" => "quarter",
        "yearly" | "annually" => "year",
        _ => return None,
    };
    let error = slip("a period is written with `in`", place.span(*at), "no period");
    Some(place.mend(error, place.span(*at), &format!("in {period}"), "write `in`"))
}

/// `count per actor in month at most 3`
pub fn at_most(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let mut words = Vec::new();
    let mut next = *at;
    while next < tokens.end && place.scanned.kind(next) == K::Word && words.len() < 3 {
        words.push((place.scanned.token_text(next), next));
        next = place.scanned.significant(next + 1);
    }
    let phrases: [&[&str]; 6] = [
        &["no", "more", "than"],
        &["not", "more", "than"],
        &["at", "most"],
        &["up", "to"],
        &["limited", "to"],
        &["maximum"],
    ];
    let of = |phrase: &&&[&str]| phrase.len() <= words.len() && phrase.iter().zip(&words).all(|(a, b)| *a == b.0);
    let last = words[phrases.iter().find(of)?.len() - 1].1;
    let error = slip("what a `limit` allows stands behind `to`", place.range(*at, last), "not written so");
    Some(place.mend(error, place.range(*at, last), "to", "write `to`"))
}

/// `sum of value`, `need a training`
fn not_needed(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let small = before(attempt, *at).filter(|_| *at < tokens.end && scanned.kind(*at) == K::Word)?;
    let (text, ahead) = (word(attempt, Some(small)), word(attempt, before(attempt, small)));
    let of = text == "of" && COUNTS.contains(&ahead) && ahead == first_word(attempt);
    let article = matches!(text, "a" | "an" | "the") && matches!(ahead, "need" | "on" | "exists" | "no");
    if !of && !article {
        return None;
    }
    let gone = Span { end: place.span(*at).start, ..place.span(small) };
    Some(place.mend(slip(format!("`{text}` does not stand here"), gone, "not needed"), gone, "", "leave it out"))
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

/// `on payment p`, `exists payment p within 30 days`
fn own_name(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    let scanned = place.scanned;
    let kind = before(attempt, *at).filter(|&i| i >= tokens.start && scanned.kind(i) == K::Word)?;
    let ahead = word(attempt, before(attempt, kind));
    let named = matches!(ahead, "on" | "need" | "exists" | "no" | "(" | "," | "given");
    if *at >= tokens.end
        || scanned.kind(*at) != K::Word
        || !named
        || ![Rule::kw_as, Rule::alias].iter().any(|rule| expected.contains(rule))
    {
        return None;
    }
    let name = scanned.token_text(*at);
    let next = scanned.significant(at + 1);
    let follows = ["where", "within", "over", "in", "by", "per", "across", "and", "or", ")", "{"];
    let known = RULE_CLAUSES.iter().chain(&follows).copied();
    let ends = next >= tokens.end || known.clone().any(|word| scanned.is(next, word));
    if !ends || known.clone().any(|word| word == name) || name.len() > 3 && did_you_mean(name, known).is_some() {
        return None;
    }
    let error = slip("a name of one's own for a record stands behind `as`", place.span(*at), "no `as` before this");
    let nothing = Span { end: place.span(*at).start, ..place.span(*at) };
    Some(place.mend(error, nothing, "as ", "write `as`"))
}

/// `per giver and recipient`
fn keys_joined(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    let scanned = place.scanned;
    let keyed = (tokens.start..*at).any(|i| matches!(scanned.token_text(i), "by" | "per"));
    let and = *at < tokens.end && (scanned.is(*at, "and") || scanned.is(*at, "&"));
    if !and || !keyed || !expected.contains(&Rule::comma) || expected.contains(&Rule::infix) {
        return None;
    }
    let last = before(attempt, *at)?;
    let whole = Span { start: place.span(last).end, ..place.span(*at) };
    let error = slip("fields that belong together are parted by commas", place.span(*at), "not written so");
    Some(place.mend(error, whole, ",", "write a comma"))
}

/// `count gift per month`
fn counted_kind(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    let scanned = place.scanned;
    let count = before(attempt, *at).filter(|&i| i >= tokens.start && scanned.is(i, "count"))?;
    if *at >= tokens.end || scanned.kind(*at) != K::Word || count != scanned.significant(tokens.start) {
        return None;
    }
    if !expected.contains(&Rule::keys) && !expected.contains(&Rule::per_period) {
        return None;
    }
    let kind = scanned.token_text(*at);
    let on = |i: &usize| scanned.is(*i, "on") && kind.starts_with(scanned.token_text(scanned.significant(i + 1)));
    let known = (0..count).any(|i| on(&i));
    let of = (0..count).rev().map(|i| scanned.token_text(i)).find(|text| matches!(*text, "limit" | "metric"));
    if !known && of != Some("metric") {
        let error = slip("whose records are counted stands behind `per`", place.span(*at), "no `per` before this");
        return Some(error.help(format!("for example `count per {kind} over 365 days`; which are counted says `on`")));
    }
    let gone = Span { end: place.span(scanned.significant(at + 1)).start, ..place.span(*at) };
    let error = slip("what is counted stands behind `on`", place.span(*at), "not needed");
    let mended = place.mend(error, gone, "", "leave it out");
    let line = mended.help.clone().unwrap_or_default();
    Some(if known { mended } else { mended.help(format!("{line}, with `on {kind}` before it")) })
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

/// `id text`, `let cap: 100 EUR`, `from 2026-01-01 to 2026-02-01`
fn sign(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, what } = attempt;
    let scanned = place.scanned;
    let last = before(attempt, *at).filter(|_| *at < tokens.end)?;
    let end = place.span(last).end;
    let behind = Span { start: end, end, ..place.span(last) };
    let of_field = *what == "field" && expected.contains(&Rule::colon);
    if of_field && matches!(scanned.kind(*at), K::Word | K::OpenBrace) {
        let error = slip("a `:` stands between a field and what it is", place.range(last, *at), "no `:`");
        return Some(place.mend(error, behind, ":", "add the `:`"));
    }
    if first_word(attempt) == "let" && expected.contains(&Rule::assign) {
        let error = slip("a `=` stands between a name and its value", place.span(*at), "no `=` before this");
        return match scanned.is(*at, ":") {
            true => Some(place.mend(error, place.span(*at), " =", "write `=`")),
            false if matches!(scanned.kind(*at), K::Number | K::Text) => {
                Some(place.mend(error, behind, " =", "add the `=`"))
            }
            false => None,
        };
    }
    if scanned.is(*at, "to") && matches!(first_word(attempt), "from" | "effective") {
        let error = slip("the end of a time stands behind `until`", place.span(*at), "not written so");
        return Some(place.mend(error, place.span(*at), "until", "write `until`"));
    }
    None
}

/// `need exists training`, `need value > 5`
fn needed(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    if first_word(attempt) != "need" || *at >= tokens.end {
        return None;
    }
    if scanned.is(*at, "not") && word(attempt, before(attempt, *at)) == "need" {
        return not_there(attempt, *at);
    }
    let named = before(attempt, *at).filter(|&i| i > tokens.start)?;
    if word(attempt, before(attempt, named)) != "need" {
        return None;
    }
    if scanned.is(named, "exists") && scanned.kind(*at) == K::Word {
        let gone = Span { end: place.span(*at).start, ..place.span(named) };
        let error = slip("`need` says already that it has to be there", place.span(named), "not needed");
        return Some(place.mend(error, gone, "", "leave `exists` out"));
    }
    if scanned.is(named, "no") && scanned.kind(*at) == K::Word {
        return not_there(attempt, named);
    }
    let asks = ["==", "!=", "<", "<=", ">", ">=", "=", ".", "present", "absent", "contains", "matches", "is"];
    if !asks.contains(&scanned.token_text(*at)) {
        return None;
    }
    let last = scanned.significant_before(tokens.end).filter(|last| last >= at)?;
    let condition = &scanned.text[scanned.start(named)..scanned.end(last)];
    let error = slip(
        "`need` names other records that have to be there",
        place.range(named, last),
        "a condition on the record itself",
    );
    Some(
        error.help(format!("what has to hold of a record is forbidden not to: `forbid` with `when not ({condition})`")),
    )
}

/// `need no training within 30 days`, from the `no` on.
fn not_there(attempt: &Attempt<'_>, no: usize) -> Option<Diagnostic> {
    let Attempt { place, tokens, .. } = attempt;
    let scanned = place.scanned;
    let kind = (no + 1..tokens.end)
        .find(|&i| !scanned.kind(i).is_trivia() && !matches!(scanned.token_text(i), "exists" | "no" | "not"))?;
    let last = scanned.significant_before(tokens.end).filter(|last| *last >= kind)?;
    let records = &scanned.text[scanned.start(kind)..scanned.end(last)];
    let error = slip("`need` says what has to be there", place.range(no, kind), "what must not be there");
    Some(error.help(format!("forbid it: `forbid` with `when exists {records}`")))
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

/// `on export then resignation within 30 days`
fn sequence(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let is = |word: &str| tokens.clone().find(|&i| scanned.kind(i) == K::Word && scanned.is(i, word));
    let then = is("then").filter(|_| first_word(attempt) == "on" && is("sequence").is_none())?;
    let first = scanned.significant(tokens.start + 1);
    let error = slip(
        "records that follow each other are a `sequence`",
        place.range(first, then.max((*at).min(tokens.end - 1))),
        "not written so",
    );
    Some(error.help(
        "say whose records they are and in what time:\n    on sequence by actor within 30 days { export as e then resignation as r }",
    ))
}

/// `forbid transfer`, `require training` inside a rule
pub fn verb(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let (word, next) = (place.scanned.token_text(*at), place.scanned.significant(at + 1));
    let verb = item_known_as(word).unwrap_or(word);
    let clause = match verb {
        "forbid" | "limit" => "on",
        "require" => "need",
        _ => return None,
    };
    // `forbid when …`
    if RULE_CLAUSES.contains(&place.scanned.token_text(next)) {
        let error = slip(format!("`{word}` stands before the rule's name only"), place.span(*at), "not needed");
        let gone = Span { end: place.span(next).start, ..place.span(*at) };
        return Some(place.mend(error, gone, "", &format!("leave `{word}` out")));
    }
    if next >= tokens.end || place.scanned.kind(next) != K::Word {
        return None;
    }
    let error = slip(format!("a rule begins with `{verb}` and its name"), place.span(*at), "inside of a rule");
    Some(place.mend(error, place.span(*at), clause, &format!("write `{clause}`")))
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
