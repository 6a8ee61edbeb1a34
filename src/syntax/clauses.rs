//! Slips in the clauses of rules, each with what to write instead.

use super::declarations;
use super::english::is_length;
use super::explain::{Attempt, Place, first_word};
use super::foreign::COUNTS;
use super::kinds::SyntaxKind as K;
use super::parse::Rule;
use super::slips::slip;
use super::words::{RULE_CLAUSES, item_known_as};
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
        .or_else(|| own_name(attempt))
        .or_else(|| keys_joined(attempt))
        .or_else(|| counted_kind(attempt))
        .or_else(|| declarations::find(attempt))
        .or_else(|| sign(attempt))
}

pub fn word<'a>(attempt: &Attempt<'a>, index: Option<usize>) -> &'a str {
    index.filter(|&i| i >= attempt.tokens.start).map(|i| attempt.place.scanned.token_text(i)).unwrap_or_default()
}

pub fn before(attempt: &Attempt<'_>, index: usize) -> Option<usize> {
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
        return Some(week(place, first, next));
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

/// `in any week`
fn week(place: &Place<'_>, first: usize, last: usize) -> Diagnostic {
    let whole = place.range(first, last);
    let error = slip("there is no calendar period of a week", whole, "no period");
    place.mend(error, whole, "over 7 days", "write the days")
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
        return Some(week(place, first, last));
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
