//! Comparisons in words, and dates and numbers as letters have them, each with how it is written here.

use super::explain::{Attempt, first_word};
use super::kinds::SyntaxKind as K;
use super::parse::Rule;
use super::scan::Scanned;
use super::slips::slip;
use crate::diag::Diagnostic;
use crate::source::Span;

/// Words that mean the same where they stand between two values.
fn plain(word: &str) -> &str {
    match word {
        "greater" | "higher" | "larger" | "bigger" | "longer" | "later" | "older" => "more",
        "lower" | "smaller" | "fewer" | "shorter" | "earlier" => "less",
        "null" | "nil" | "none" | "blank" | "missing" | "unset" | "absent" => "empty",
        "given" | "set" | "filled" | "known" | "provided" => "present",
        "are" | "be" | "was" | "were" => "is",
        "do" | "did" => "does",
        "includes" | "include" | "contain" => "contains",
        "begin" | "begins" | "starts" => "start",
        "ends" => "end",
        "exceed" | "exceeding" | "above" => "exceeds",
        other => other,
    }
}

/// What stands between two values in a sentence, as [`plain`] has it, and the operator that it is.
const PHRASES: [(&str, &str); 37] = [
    ("more than or equal to", ">="),
    ("less than or equal to", "<="),
    ("more than or equal", ">="),
    ("less than or equal", "<="),
    ("no more than", "<="),
    ("no less than", ">="),
    ("more than", ">"),
    ("less than", "<"),
    ("more", ">"),
    ("less", "<"),
    ("over", ">"),
    ("the same as", "=="),
    ("same as", "=="),
    ("different from", "!="),
    ("unequal to", "!="),
    ("at least", ">="),
    ("at most", "<="),
    ("up to", "<="),
    ("exceeds", ">"),
    ("below", "<"),
    ("equal to", "=="),
    ("equal", "=="),
    ("on or before", "<="),
    ("on or after", ">="),
    ("before", "<"),
    ("after", ">"),
    ("one of", "in"),
    ("any of", "in"),
    ("among", "in"),
    ("in", "in"),
    ("empty", "absent"),
    ("present", "present"),
    ("contains", "contains"),
    ("start with", "starts_with"),
    ("end with", "ends_with"),
    ("match", "matches"),
    ("exist", "present"),
];

/// Operators that a text or list has before what it is compared with; none of them has an opposite.
const TESTS: [&str; 7] = ["contains", "starts_with", "ends_with", "matches", "overlaps", "in_domain", "under"];

fn opposite(operator: &str) -> Option<&'static str> {
    Some(match operator {
        ">" => "<=",
        "<=" => ">",
        "<" => ">=",
        ">=" => "<",
        "==" => "!=",
        "!=" => "==",
        "in" => "not in",
        "absent" => "present",
        "present" => "absent",
        _ => return None,
    })
}

/// `value is greater than 100 EUR`, `giver does not contain "Acme"`, `country is one of "DE", "FR"`
pub fn comparison(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let words = words(scanned, *at, tokens.end);
    let mut rest = &words[..];
    let mut take = |word: &str| match rest.split_first() {
        Some((first, after)) if plain(&first.0) == word => {
            rest = after;
            true
        }
        _ => false,
    };
    let is = take("is");
    let does = !is && take("does");
    let negated = take("not");
    if is && take("neither") {
        let error =
            slip("what is none of several is asked for with `not in`", place.range(*at, words[1].1), "no value");
        return Some(error.help("for example `country not in { \"DE\", \"FR\" }`"));
    }
    let (operator, last) = operator(rest, is || does || negated)?;
    // What the language has itself.
    if !is && !does && (rest[0].0 == operator && !negated || operator == "in") {
        return None;
    }
    let next = scanned.significant(last + 1);
    let follows = next < tokens.end && !scanned.tokens[next].starts_line;
    // Of windows.
    let fits = match rest[0].0.as_str() {
        "before" | "after" | "on" => is || follows && is_date(scanned, next, tokens.end),
        "over" => follows && scanned.kind(next) == K::Number && !is_length(scanned, next),
        _ => true,
    };
    if !fits {
        return None;
    }
    let written = &scanned.text[scanned.start(*at)..scanned.end(last)];
    let (with, turned) = match (negated, opposite(operator)) {
        (false, _) => (operator, false),
        (true, Some(opposite)) => (opposite, false),
        (true, None) => (operator, true),
    };
    let message = match turned {
        true => format!("`not` stands before what is compared, and `{with}` behind it"),
        false => format!("`{written}` is written `{with}`"),
    };
    let error = slip(message, place.range(*at, last), "not an operator");
    if matches!(with, "in" | "not in")
        && let Some((end, set)) = set(scanned, next, tokens.end)
    {
        return Some(place.mend(error, place.range(*at, end), &format!("{with} {{ {set} }}"), "write a set"));
    }
    let before = scanned.significant_before(*at)?;
    if turned {
        if scanned.kind(before) != K::Word {
            return Some(error.help("for example `not giver contains \"Acme\"`"));
        }
        let first = first_of(scanned, before, tokens.start);
        let of = &scanned.text[scanned.start(first)..scanned.end(before)];
        let whole = place.range(first, last);
        return Some(place.mend(error, whole, &format!("not {of} {with}"), "write `not` first"));
    }
    Some(place.mend(error, place.range(*at, last), with, &format!("write `{with}`")))
}

/// The words from a token on, in small letters.
fn words(scanned: &Scanned<'_>, from: usize, end: usize) -> Vec<(String, usize)> {
    let mut words = Vec::new();
    let mut at = from;
    while at < end && scanned.kind(at) == K::Word && (at == from || !scanned.tokens[at].starts_line) && words.len() < 8
    {
        words.push((scanned.token_text(at).to_ascii_lowercase(), at));
        at = scanned.significant(at + 1);
    }
    words
}

/// What they begin with; `led`: a verb stands before it.
fn operator(words: &[(String, usize)], led: bool) -> Option<(&'static str, usize)> {
    let begins = |phrase: &str| {
        let mut at = 0;
        for part in phrase.split(' ') {
            let (word, _) = words.get(at)?;
            if plain(word) != part {
                return None;
            }
            at += 1;
        }
        Some(words[at - 1].1)
    };
    let found = PHRASES.iter().find_map(|(phrase, operator)| Some((*operator, begins(phrase)?)));
    let (operator, last) = match (found, words.first()) {
        (Some(found), _) => found,
        (None, Some((word, at))) => (*TESTS.iter().find(|test| *test == word)?, *at),
        (None, None) => return None,
    };
    // Without a verb some are names, and some what the language has itself.
    let (word, single) = (words[0].0.as_str(), last == words[0].1);
    let told = match operator {
        ">" | "<" if single => !matches!(word, "more" | "less"),
        "absent" | "present" | "==" | "matches" => false,
        _ => !single || plain(word) != word,
    };
    (led || told).then_some((operator, last))
}

/// `30 days`
pub fn is_length(scanned: &Scanned<'_>, at: usize) -> bool {
    let unit = scanned.token_text(scanned.significant(at + 1));
    let one = unit.strip_suffix('s').unwrap_or(unit);
    unit == "business" || matches!(one, "second" | "minute" | "hour" | "day" | "week" | "month" | "year")
}

/// The first token of `a.b` that ends there.
pub fn first_of(scanned: &Scanned<'_>, last: usize, start: usize) -> usize {
    let mut first = last;
    while let Some(dot) = scanned.significant_before(first).filter(|&i| scanned.is(i, ".") && i > start) {
        let Some(before) = scanned.significant_before(dot) else { break };
        first = before;
    }
    first
}

/// `"DE", "FR" or "NL"`: the last token, and the values with commas.
pub fn set(scanned: &Scanned<'_>, from: usize, end: usize) -> Option<(usize, String)> {
    let (mut at, mut last, mut values) = (from, None, Vec::new());
    while at < end && matches!(scanned.kind(at), K::Text | K::Word | K::Number) {
        let unit = scanned.significant(at + 1);
        let until = match scanned.kind(at) == K::Number && unit < end && scanned.kind(unit) == K::Word {
            true if !matches!(scanned.token_text(unit), "and" | "or") => unit,
            _ => at,
        };
        // `… or value > 5 EUR` is another condition.
        let behind = scanned.significant(until + 1);
        let alone = behind >= end || scanned.tokens[behind].starts_line;
        if !alone && !matches!(scanned.token_text(behind), "," | "or" | "and" | ")" | "}") {
            break;
        }
        values.push(&scanned.text[scanned.start(at)..scanned.end(until)]);
        last = Some(until);
        at = behind;
        let mut separated = false;
        while at < end && (scanned.is(at, ",") || scanned.is(at, "or")) {
            (separated, at) = (true, scanned.significant(at + 1));
        }
        if !separated || at >= end || scanned.tokens[at].starts_line {
            break;
        }
    }
    Some((last?, values.join(", ")))
}

/// `2025-01-31`, or a date in another order.
fn is_date(scanned: &Scanned<'_>, at: usize, end: usize) -> bool {
    let until =
        (at..end).take_while(|&i| scanned.kind(i) == K::Number || matches!(scanned.token_text(i), "." | "/" | "-"));
    let text: String = until.map(|i| scanned.token_text(i)).collect();
    text.as_bytes().get(4) == Some(&b'-') || date(&text).is_some()
}

/// `at least 3 gifts`, `more than 3 gifts`: what is counted, where a condition should begin.
pub fn counted(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let before = place.scanned.significant_before(*at)?;
    let sign = match (place.scanned.token_text(before), place.scanned.token_text(*at)) {
        ("at", "least") => ">=",
        ("at", "most") => "<=",
        ("more", "than") => ">",
        ("less" | "fewer", "than") => "<",
        _ => return None,
    };
    if place.scanned.significant_before(before).is_some_and(|i| matches!(place.scanned.token_text(i), "and" | "or")) {
        let error = slip("each comparison says what it is of", place.range(before, *at), "of nothing");
        return Some(error.help("for example `value > 100 EUR and value < 200 EUR`"));
    }
    let error = slip("what is counted stands in parentheses", place.range(before, *at), "no condition");
    Some(error.help(format!("for example `count(gift over 30 days) {sign} 3`")))
}

/// `10 times avg(…)`, from what stands behind the word on.
pub fn times(attempt: &Attempt<'_>, at: usize) -> Option<Diagnostic> {
    let place = attempt.place;
    let times = place.scanned.significant_before(at).filter(|&i| place.scanned.is(i, "times"))?;
    let number = place.scanned.significant_before(times)?;
    if place.scanned.kind(number) != K::Number {
        return None;
    }
    let error = slip("`times` is written `*`", place.span(times), "no unit");
    Some(place.mend(error, place.span(times), "*", "write `*`"))
}

/// `count(gift) > 3 within 30 days`
pub fn window_outside(attempt: &Attempt<'_>, counts: &[&str]) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    // `in calendar` is read as a question for an element of a list.
    let ahead = |i: usize, word: &str| scanned.significant_before(i).filter(|&i| scanned.is(i, word));
    let at = &ahead(*at, "calendar").and_then(|calendar| ahead(calendar, "in")).unwrap_or(*at);
    if !matches!(scanned.token_text(*at), "within" | "over" | "during" | "in") {
        return None;
    }
    let open = (tokens.start..*at).rev().find(|&i| scanned.kind(i) == K::OpenParen)?;
    let function = scanned.significant_before(open)?;
    // What stands behind a unit is read as a clause.
    if let Some(error) = times(attempt, function) {
        return Some(error);
    }
    let word = Some(scanned.token_text(function)).filter(|word| counts.contains(word))?;
    let error = slip("a window stands in the parentheses", place.span(*at), "outside of them");
    let sign = |i: usize| matches!(scanned.token_text(i), ">" | ">=" | "<" | "<=" | "==" | "!=");
    let ends =
        |i: usize| sign(i) || matches!(scanned.token_text(i), "and" | "or" | ")") || scanned.tokens[i].starts_line;
    let close = (open..*at).rev().find(|&i| scanned.kind(i) == K::CloseParen);
    let last = (*at..tokens.end).find(|&i| ends(i) && i > *at).unwrap_or(tokens.end);
    if let (Some(close), Some(last)) = (close, scanned.significant_before(last).filter(|last| last > at)) {
        let window = &scanned.text[scanned.start(*at)..scanned.end(last)];
        // Of a count or sum all that came before is looked at.
        let window = match window.strip_prefix("within") {
            Some(length) if !["before", "after", "around"].iter().any(|side| length.ends_with(side)) => {
                format!("over{length}")
            }
            _ => window.to_owned(),
        };
        let between = scanned.text[scanned.start(close)..scanned.start(*at)].trim_end();
        return Some(place.mend(error, place.range(close, last), &format!(" {window}{between}"), "move it there"));
    }
    let example =
        if word == "count" { "count(gift over 30 days) > 3" } else { "sum(gift.value over 30 days) > 500 EUR" };
    Some(error.help(format!("for example `{example}`")))
}

/// `count of gifts`, `contains one of "a", "b"`
pub fn of(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let before = place.scanned.significant_before(*at).filter(|_| place.scanned.is(*at, "of"))?;
    let whole = place.range(before, *at);
    Some(match place.scanned.token_text(before) {
        "one" | "any" | "some" => slip("one text or pattern stands here", whole, "no value").help(
            "say it of each, `giver contains \"a\" or giver contains \"b\"`, or with a pattern, `giver matches /a|b/`",
        ),
        "count" | "number" => slip("what is counted stands in parentheses", whole, "no value")
            .help("for example `count(gift over 30 days) > 3`"),
        "sum" | "total" => slip("what is added up stands in parentheses", whole, "no value")
            .help("for example `sum(gift.value over 30 days) > 500 EUR`"),
        "average" | "avg" | "mean" => slip("what an average is of stands in parentheses", whole, "no value")
            .help("for example `avg(gift.value over 30 days) > 100 EUR`"),
        _ => return None,
    })
}

/// `the value`, `either a == 1`, `gift value > 5`, `but`: small words, and a field beside its record.
pub fn small_words(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let before = scanned.significant_before(*at).filter(|&i| scanned.kind(i) == K::Word);
    if *at >= tokens.end || scanned.kind(*at) != K::Word {
        return None;
    }
    if scanned.is(*at, "but") {
        let error = slip("`but` is written `and`", place.span(*at), "joins nothing");
        return Some(place.mend(error, place.span(*at), "and", "write `and`"));
    }
    let (before, next) = (before?, scanned.significant(at + 1));
    let (word, begins) = (scanned.token_text(before), scanned.significant_before(before));
    let begins =
        begins.is_some_and(|i| matches!(scanned.token_text(i), "when" | "where" | "and" | "or" | "not" | ":" | "("));
    let compared = next < tokens.end && matches!(scanned.token_text(next), ">" | "<" | ">=" | "<=" | "==" | "!=");
    if begins && (matches!(word, "the" | "an" | "either" | "both") || word == "a" && compared) {
        let span = place.span(before);
        let gone = Span { end: place.span(*at).start, ..span };
        let error = slip(format!("`{word}` is no part of a condition"), span, "not needed");
        return Some(place.mend(error, gone, "", "leave it out"));
    }
    if begins && compared && !scanned.tokens[*at].starts_line {
        let field = format!("{word}.{}", scanned.token_text(*at));
        let error = slip("a field stands behind its record and a point", place.range(before, *at), "two words");
        return Some(place.mend(error, place.range(before, *at), &field, "write the point"));
    }
    None
}

/// `effective since 2025-01-01`, `effective 2025-01-01`
pub fn since(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    if *at >= tokens.end || !expected.contains(&Rule::kw_from) {
        return None;
    }
    let span = place.span(*at);
    match (place.scanned.kind(*at), place.scanned.token_text(*at)) {
        (K::Word, word @ ("since" | "starting" | "after")) => {
            let error = slip(format!("`{word}` is written `from`"), span, "not expected here");
            Some(place.mend(error, span, "from", "write `from`"))
        }
        (K::Number, text) if text.len() >= 10 => {
            let error = slip("`from` stands before the first day", span, "no `from` before it");
            Some(place.mend(error, Span { end: span.start, ..span }, "from ", "write `from`"))
        }
        _ => None,
    }
}

/// `01.01.2025`
pub fn dotted_date(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let dot = at.checked_sub(1).filter(|&i| scanned.is(i, "."))?;
    let first = dot.checked_sub(1).filter(|&i| i >= tokens.start && scanned.kind(i) == K::Number)?;
    if *at >= tokens.end || scanned.kind(*at) != K::Number {
        return None;
    }
    let date = date(&scanned.text[scanned.start(first)..scanned.end(*at)])?;
    let whole = place.range(first, *at);
    let error = slip("a date is year, month and day", whole, "in another order");
    Some(place.mend(error, whole, &date, "write the year first"))
}

/// `1.000,50`, `1,50`, `1,000`: a number with a comma.
pub fn with_comma(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let scanned = place.scanned;
    let (first, last) = (at.checked_sub(1)?, at + 1);
    if scanned.kind(first) != K::Number || scanned.kind(last) != K::Number {
        return None;
    }
    // `in (1,2)`
    let open = (attempt.tokens.start..*at).rev().find(|&i| matches!(scanned.kind(i), K::OpenParen | K::OpenBracket));
    let of = open.and_then(|open| scanned.significant_before(open)).map(|i| scanned.token_text(i));
    if matches!(of, Some("in" | "in_domain" | "overlaps" | "=")) {
        return None;
    }
    let (before, after) = (scanned.token_text(first), scanned.token_text(last));
    let whole = place.range(first, last);
    let (thousands, decimals) = (before.split('.').collect::<Vec<_>>(), after.bytes().all(|b| b.is_ascii_digit()));
    let groups = thousands.len() > 1 && thousands[1..].iter().all(|group| group.len() == 3);
    if decimals && (groups || thousands.len() == 1 && after.len() != 3) {
        let number = format!("{}.{after}", thousands.join("_"));
        let error = slip("a point stands before the decimals, not a comma", whole, "two numbers");
        return Some(place.mend(error, whole, &number, "write a point"));
    }
    let number = format!("{before}_{after}");
    let error = slip("a comma does not group the digits of a number", whole, "two numbers");
    Some(place.mend(error, whole, &number, "group the digits with `_`"))
}

/// `when value > 100 EUR, country == "DE"`
pub fn listed(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let number =
        |kinds: [K; 3]| (attempt.tokens.start..*at).filter(|&i| kinds.contains(&place.scanned.kind(i))).count();
    let opened = number([K::OpenParen, K::OpenBracket, K::OpenBrace]);
    let within = opened > number([K::CloseParen, K::CloseBracket, K::CloseBrace]);
    let condition = matches!(first_word(attempt), "when" | "unless") && attempt.what == "clause";
    if within || !condition || !wants_operator(attempt) {
        return None;
    }
    // `way in mail, post`
    let scanned = place.scanned;
    let first = scanned.significant_before(*at)?;
    let sign = scanned.significant_before(first).map(|i| scanned.token_text(i));
    if matches!(sign, Some("in" | "overlaps" | "in_domain"))
        && let Some((last, values)) = set(scanned, first, attempt.tokens.end)
    {
        let error = slip("a set stands in braces", place.range(first, last), "no braces");
        return Some(place.mend(error, place.range(first, last), &format!("{{ {values} }}"), "write braces"));
    }
    let error = slip("conditions are joined by `and` or `or`", place.span(*at), "joins nothing");
    Some(place.mend(error, place.span(*at), " and", "write `and`"))
}

/// `1k EUR`, `1.5 million EUR`
pub fn multiple(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let scanned = place.scanned;
    let word = scanned.significant_before(*at)?;
    let number = scanned.significant_before(word).filter(|&i| scanned.kind(i) == K::Number)?;
    let zeroes = match scanned.token_text(word).to_ascii_lowercase().as_str() {
        "k" | "thousand" => 3,
        "m" | "mio" | "million" => 6,
        "bn" | "billion" => 9,
        _ => return None,
    };
    let (whole, part) = scanned.token_text(number).split_once('.').unwrap_or((scanned.token_text(number), ""));
    if part.len() > zeroes || !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{whole}{part}{}", "0".repeat(zeroes - part.len()));
    let digits = digits.trim_start_matches('0');
    let grouped: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    let span = place.range(number, word);
    let error = slip("a number is written with all its digits", span, "no unit");
    Some(place.mend(error, span, &grouped.join("_"), "write the number out"))
}

/// A date in another order than the language has it, as it has it: `31/12/2025`, `31.12.2025`, `2025/12/31`. None where day
/// and month may be mistaken for each other.
pub fn date(text: &str) -> Option<String> {
    let sign = text.chars().find(|c| matches!(c, '.' | '/' | '-'))?;
    let parts: Vec<&str> = text.split(sign).map(str::trim).collect();
    let [a, b, c] = parts[..] else { return None };
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        (digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i16>().ok())?
    };
    let (year, month, day) = match (number(a, 4..=4), number(c, 4..=4)) {
        (Some(year), None) if sign != '-' => (year, number(b, 1..=2)?, number(c, 1..=2)?),
        (None, Some(year)) => {
            let (first, second) = (number(a, 1..=2)?, number(b, 1..=2)?);
            match (first > 12, second > 12) {
                (true, _) => (year, second, first),
                (false, true) => (year, first, second),
                // With points the day comes first everywhere.
                (false, false) if sign == '.' || first == second => (year, second, first),
                (false, false) => return None,
            }
        }
        _ => return None,
    };
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(date.to_string())
}

/// Whether a value is looked for, or an operator.
pub fn wants_operator(attempt: &Attempt<'_>) -> bool {
    attempt.expected.contains(&Rule::infix) || attempt.expected.contains(&Rule::map_op)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_other_orders() {
        for (written, meant) in [
            ("31/12/2025", Some("2025-12-31")),
            ("12/31/2025", Some("2025-12-31")),
            ("31-12-2025", Some("2025-12-31")),
            ("1.2.2025", Some("2025-02-01")),
            ("31.12.2025", Some("2025-12-31")),
            ("2025/12/31", Some("2025-12-31")),
            ("2025.1.31", Some("2025-01-31")),
            ("5/5/2025", Some("2025-05-05")),
            // In one country February, in another January.
            ("1/2/2025", None),
            ("31.02.2025", None),
            ("31/12/25", None),
            ("2025-12-31", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(date(written).as_deref(), meant, "{written}");
        }
    }
}
