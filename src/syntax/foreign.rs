//! Signs and words of other languages, each with how it is written here.

use super::english;
use super::explain::{Attempt, VALUES, first_word};
use super::kinds::SyntaxKind as K;
use super::parse::Rule;
use super::slips::slip;
use super::words::{self, OPERATORS};
use crate::diag::Diagnostic;
use crate::source::Span;

pub const COUNTS: [&str; 6] = ["count", "sum", "min", "max", "avg", "distinct"];

/// Signs of other languages.
pub fn sign(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    if *at >= tokens.end {
        return None;
    }
    let scanned = place.scanned;
    let (text, span) = (scanned.token_text(*at), place.span(*at));
    let next = at + 1;
    let glued = |sign: &str| next < tokens.end && scanned.is(next, sign);
    let before = |sign: &str| at.checked_sub(1).is_some_and(|i| scanned.is(i, sign));
    let operator = english::wants_operator(attempt);
    let replace = |message: &str, span: Span, with: &str| {
        Some(place.mend(slip(message, span, "not a sign of the language"), span, with, &format!("write `{with}`")))
    };
    match (scanned.kind(*at), text) {
        (K::OpenText, _) => {
            let closed = format!("{text}\"");
            let error = slip("a text without its closing quote", span, "opened here, and open at the end of the line");
            Some(place.mend(error, span, &closed, "close the text"))
        }
        (K::SingleQuoted, _) if attempt.expected.contains(&Rule::word) && !attempt.expected.contains(&Rule::string) => {
            let error = slip("a word is wanted here, not a text", span, "in quotes");
            Some(place.mend(error, span, &text[1..text.len() - 1], "leave the quotes out"))
        }
        (K::SingleQuoted, _) => {
            let inner = text[1..text.len() - 1].replace('"', "\\\"");
            let error = slip("texts stand in double quotes", span, "single quotes");
            Some(place.mend(error, span, &format!("\"{inner}\""), "write double quotes"))
        }
        (K::Unknown, "“" | "”" | "„" | "‘" | "’" | "«" | "»" | "‟") => smart_quotes(attempt),
        (_, sign @ (";" | "," | "|")) if first_word(attempt) == "delimiter" => {
            let error = slip("a text stands in double quotes", span, "no quotes");
            Some(place.mend(error, span, &format!("\"{sign}\""), "add the quotes"))
        }
        (K::Unknown, ";") => {
            let error = slip("`;` ends nothing here", span, "not needed");
            Some(place.mend(error, span, "", "leave the `;` out"))
        }
        (K::Unknown, "#") => {
            let error = slip("`#` does not begin a remark", span, "not a sign of the language");
            Some(error.help("write `// a remark`").fix("write `//`", span, "//"))
        }
        (K::Unknown, "!") => {
            let space = if scanned.kind(next) == K::Blank { "not" } else { "not " };
            let error = slip("`!` is written `not`", span, "not a sign of the language");
            Some(place.mend(error, span, space, "write `not`"))
        }
        (K::Unknown, "&") => replace("`&` is written `and`", span, "and"),
        (K::Unknown, "~") if operator => replace("`~` is written `matches`", span, "matches"),
        (K::Unknown, "$" | "£" | "€" | "¥") => {
            let unit = match text {
                "$" => "USD",
                "£" => "GBP",
                "€" => "EUR",
                _ => "CNY",
            };
            let error = slip("an amount is written with its currency behind it", span, "a sign of a currency");
            let ahead = scanned.significant_before(*at).filter(|&i| scanned.kind(i) == K::Number);
            let number = if scanned.kind(next) == K::Number && next < tokens.end { Some(next) } else { ahead };
            let Some(number) = number else { return Some(error.help(format!("for example `500 {unit}`"))) };
            // `$1,000,000`
            let groups = |i: usize| {
                let group = |text: &str| text.split('.').next().is_some_and(|whole| whole.len() == 3);
                i + 2 < tokens.end
                    && scanned.is(i + 1, ",")
                    && scanned.kind(i + 2) == K::Number
                    && group(scanned.token_text(i + 2))
            };
            let mut last = number;
            while number > *at && groups(last) {
                last += 2;
            }
            let digits = scanned.text[scanned.start(number)..scanned.end(last)].replace(',', "_");
            let whole = place.range((*at).min(number), (*at).max(last));
            let amount = format!("{digits} {unit}");
            Some(place.mend(error, whole, &amount, "write the currency's code"))
        }
        (K::OpenBracket, _) if operator => looked_up(attempt),
        (_, "%") if operator && next < tokens.end => {
            let error = slip("there is no remainder of a division", span, "not a sign of the language");
            Some(error.help("values are worked out with `+`, `-`, `*` and `/`; a share is written `10%`"))
        }
        (K::Sign, "&&") => replace("`&&` is written `and`", span, "and"),
        (K::Sign, "||") => replace("`||` is written `or`", span, "or"),
        (K::Sign, "===") => replace("`===` is written `==`", span, "=="),
        (K::Sign, "=") if glued(">") => replace("`=>` is written `>=`", place.range(*at, next), ">="),
        (K::Sign, "=") if glued("<") => replace("`=<` is written `<=`", place.range(*at, next), "<="),
        (K::Sign, ">") if before("<") => {
            replace("`<>` is written `!=`", place.range(at - 1, *at), "!=")
        }
        (K::Sign, ">") if before("=") => {
            replace("`=>` is written `>=`", place.range(at - 1, *at), ">=")
        }
        (K::Sign, "=") if before("!=") => {
            replace("`!==` is written `!=`", place.range(at - 1, *at), "!=")
        }
        (K::Sign, "=") if attempt.expected.contains(&Rule::colon) && attempt.what == "field" => {
            let error = slip("a `:` stands between a field and what it is", span, "not `=`");
            Some(place.mend(error, span, ":", "write `:`"))
        }
        (K::Sign, "=") if operator => {
            let error = slip("`=` does not compare", span, "two values are compared with `==`");
            Some(place.mend(error, span, "==", "write `==`"))
        }
        (K::Sign, "-") if attempt.what == "head" => hyphens(attempt),
        (K::Sign, ">" | ">=" | "<" | "<=" | "==") if attempt.what == "clause" && COUNTS.contains(&first_word(attempt)) => {
            let error = slip("what a `limit` allows stands in a clause of its own", span, "no comparison here");
            match text {
                "<=" => Some(place.mend(error, span, "to", "write `to`")),
                _ => Some(error.help("write the figure behind `to`, as in `to 3`")),
            }
        }
        (K::Sign, ".")
            if VALUES.iter().any(|v| attempt.expected.contains(v)) && scanned.kind(next) == K::Number =>
        {
            let number = format!("0.{}", scanned.token_text(next));
            let error = slip("a number begins with a digit", span, "no digit before it");
            Some(place.mend(error, place.range(*at, next), &number, "write the `0`"))
        }
        (K::Number, number) if operator => {
            let code = scanned.significant_before(*at).filter(|&i| i >= tokens.start && scanned.kind(i) == K::Word)?;
            let unit = scanned.token_text(code);
            if unit.len() != 3 || !unit.bytes().all(|b| b.is_ascii_uppercase()) {
                return None;
            }
            let error = slip("an amount is written with its currency behind it", span, "the currency before it");
            Some(place.mend(error, place.range(code, *at), &format!("{number} {unit}"), "write the currency behind it"))
        }
        (K::Sign, ",") => english::with_comma(attempt).or_else(|| english::listed(attempt)),
        (K::Unknown, text) if !text.is_ascii() && text.chars().all(|c| c.is_alphanumeric() || c == '_') => Some(
            slip("names are made of the letters a to z, digits and `_`", span, "other letters")
                .help("a word of the data in another script is a spelling: `gift = \"礼品\"` in an `enum`, `` `礼品` `` in a `map`"),
        ),
        _ => None,
    }
}

/// `employee[gift.giver].level`
fn looked_up(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let table = scanned.significant_before(*at).filter(|&i| scanned.kind(i) == K::Word)?;
    let close = (at + 1..tokens.end).find(|&i| scanned.kind(i) == K::CloseBracket)?;
    let plain = |i: usize| scanned.kind(i).is_trivia() || scanned.kind(i) == K::Word || scanned.is(i, ".");
    if matches!(scanned.token_text(table), "in" | "in_domain" | "overlaps") || !(at + 1..close).all(plain) {
        return None;
    }
    let (table, key) = (scanned.token_text(table), scanned.text[scanned.end(*at)..scanned.start(close)].trim());
    let field = key.rsplit('.').next().filter(|field| !field.is_empty())?;
    let error = slip("a row of a table is looked up by a field", place.range(*at, close), "not written so");
    Some(error.help(format!("declare `{field}` as `ref {table}`; what stands in the row is then `{key}.…`")))
}

/// `no-gifts`
fn hyphens(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let first = at.checked_sub(1).filter(|&i| scanned.kind(i) == K::Word)?;
    let glued =
        |i: usize| i < tokens.end && (scanned.kind(i) == K::Word || scanned.kind(i) == K::Number || scanned.is(i, "-"));
    let last = (*at..tokens.end).take_while(|&i| glued(i)).last()?;
    let name = scanned.text[scanned.start(first)..scanned.end(last)].replace('-', "_");
    let error = slip("names are made of the letters a to z, digits and `_`", place.range(first, last), "no name");
    Some(place.mend(error, place.range(first, last), name.trim_end_matches('_'), "write `_`"))
}

/// Replaces the quotes of a word processor up to their closing one on the same line.
fn smart_quotes(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let scanned = place.scanned;
    let span = place.span(*at);
    let error = slip("texts stand in straight double quotes", span, "a curly quote");
    let from = scanned.end(*at);
    let line = &scanned.text[from..];
    let line = &line[..line.find('\n').unwrap_or(line.len())];
    match line.char_indices().find(|(_, c)| matches!(c, '”' | '“' | '’' | '»' | '"')) {
        Some((len, close)) => {
            let whole = Span { end: span.end + (len + close.len_utf8()) as u32, ..span };
            Some(place.mend(error, whole, &format!("\"{}\"", &line[..len]), "write straight quotes"))
        }
        None => Some(error.help("write `\"`")),
    }
}

/// Operators that other languages have as words, or that are written in capitals.
pub fn word(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    if *at >= tokens.end || place.scanned.kind(*at) != K::Word {
        return None;
    }
    let (word, span) = (place.scanned.token_text(*at), place.span(*at));
    let lower = word.to_ascii_lowercase();
    if !english::wants_operator(attempt) {
        return None;
    }
    let in_words = english::comparison(attempt)
        .or_else(|| english::counted(attempt))
        .or_else(|| english::window_outside(attempt, &COUNTS))
        .or_else(|| english::multiple(attempt));
    if in_words.is_some() {
        return in_words;
    }
    let next = place.scanned.significant(at + 1);
    if let Some(error) = english::times(attempt, *at) {
        return Some(error);
    }
    if let Some(error) = day_of_week(attempt) {
        return Some(error);
    }
    match lower.as_str() {
        "is" | "are" if place.scanned.is(next, "between") => {
            let error = slip("a range is two comparisons", place.range(*at, next), "not an operator");
            return Some(error.help("for example `value >= 100 EUR and value <= 200 EUR`"));
        }
        "within" if place.scanned.kind(next) == K::Number && next < tokens.end => {
            let number = place.scanned.token_text(next);
            let behind = place.scanned.significant(next + 1);
            if number.ends_with('%') || place.scanned.is(behind, "%") {
                let error = slip("a range is two comparisons", place.span(*at), "not an operator");
                return Some(error.help("for example `value >= other * 0.9 and value <= other * 1.1`"));
            }
        }
        "between" => return between(attempt),
        "like" => return like(attempt),
        "of" => return share(attempt),
        _ => {}
    }
    if let Some(error) = bare_count(attempt).or_else(|| word_in_two(attempt)) {
        return Some(error);
    }
    let (with, last) = match lower.as_str() {
        "is" | "equals" | "eq" if place.scanned.is(next, "not") => ("!=", next),
        "is" | "equals" | "eq" => ("==", *at),
        "startswith" => ("starts_with", *at),
        "endswith" => ("ends_with", *at),
        "overlap" | "intersects" => ("overlaps", *at),
        "exists" | "defined" => ("present", *at),
        "missing" => ("absent", *at),
        lower => match OPERATORS.iter().find(|o| **o == lower && lower != word) {
            Some(operator) => (*operator, *at),
            None => return english::small_words(attempt),
        },
    };
    let span = Span { end: place.span(last).end, ..span };
    let written = &place.scanned.text[place.scanned.start(*at)..place.scanned.end(last)];
    let error = slip(format!("`{written}` is written `{with}`"), span, "not an operator");
    Some(place.mend(error, span, with, &format!("write `{with}`")))
}

/// `kind == public official`
fn word_in_two(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let first = scanned.significant_before(*at).filter(|&i| scanned.kind(i) == K::Word)?;
    let sign = scanned.significant_before(first).filter(|&i| i >= tokens.start)?;
    let next = scanned.significant(at + 1);
    let ends = next >= tokens.end || matches!(scanned.token_text(next), "and" | "or" | ")" | "}" | ",");
    let small = OPERATORS.contains(&scanned.token_text(*at));
    if !matches!(scanned.token_text(sign), "==" | "!=") || !ends || small || scanned.tokens[*at].starts_line {
        return None;
    }
    let whole = place.range(first, *at);
    let word = format!("{}_{}", scanned.token_text(first), scanned.token_text(*at));
    let error = slip("a word of an `enum` is one word", whole, "two words");
    Some(place.mend(error, whole, &word, "write one word"))
}

/// `time is on a weekend`
fn day_of_week(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let small = ["is", "are", "was", "falls", "not", "in", "on", "at", "during", "a", "an", "the"];
    let mut last = *at;
    while last < tokens.end && small.contains(&place.scanned.token_text(last)) {
        last = place.scanned.significant(last + 1);
    }
    if last == *at || last >= tokens.end {
        return None;
    }
    let word = place.scanned.token_text(last).to_ascii_lowercase();
    let days = ["weekend", "weekday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    if !days.contains(&word.strip_suffix('s').unwrap_or(&word)) {
        return None;
    }
    let error = slip("there is no day of the week", place.range(*at, last), "not written so");
    Some(error.help(words::NO_TIME_OF_DAY))
}

/// `value between 100 EUR and 200 EUR`
fn between(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let error = slip("a range is two comparisons", place.span(*at), "not an operator");
    let example = "for example `value >= 100 EUR and value <= 200 EUR`";
    // `a.b` before it, one value behind it and another behind `and`.
    let last = scanned.significant_before(*at)?;
    let first = english::first_of(scanned, last, tokens.start);
    let ends = |i: usize| {
        i >= tokens.end || scanned.tokens[i].starts_line || matches!(scanned.token_text(i), "and" | "or" | ")")
    };
    let operand = |from: usize| {
        let to = (from..=tokens.end).find(|&i| ends(i) && i > from)?;
        let to = scanned.significant_before(to)?;
        let sign = |i: usize| matches!(scanned.token_text(i), "." | "%");
        let plain = |i: usize| scanned.kind(i).is_trivia() || matches!(scanned.kind(i), K::Word | K::Number) || sign(i);
        (from < tokens.end && (from..=to).all(plain)).then_some((from, to))
    };
    let text = |(from, to): (usize, usize)| &scanned.text[scanned.start(from)..scanned.end(to)];
    let from = scanned.significant(at + 1);
    if scanned.kind(from) == K::Number && scanned.is(from + 1, ":") && scanned.kind(from + 2) == K::Number {
        let error = slip("there is no time of day", place.range(from, from + 2), "no value");
        return Some(error.help(words::NO_TIME_OF_DAY));
    }
    let low = operand(from);
    let and = low.map(|(_, to)| scanned.significant(to + 1)).filter(|&i| i < tokens.end && scanned.is(i, "and"));
    let high = and.and_then(|and| operand(scanned.significant(and + 1)));
    let (Some(low), Some(high), K::Word) = (low, high, scanned.kind(last)) else { return Some(error.help(example)) };
    let of = text((first, last));
    let both = format!("{of} >= {} and {of} <= {}", text(low), text(high));
    // `not` is of both, and not of the first alone.
    let negated = scanned.significant_before(first).is_some_and(|i| scanned.is(i, "not"));
    let both = if negated { format!("({both})") } else { both };
    Some(place.mend(error, place.range(first, high.1), &both, "write two comparisons"))
}

/// `giver like "%Acme%"`
fn like(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let text = scanned.significant(at + 1);
    let inner = match scanned.kind(text) {
        K::Text if text < tokens.end => scanned.token_text(text),
        _ => "",
    };
    let inner = inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or_default();
    // `_` stands for any letter there.
    let Some((with, words)) = wild(inner, '%').filter(|_| !inner.contains('_')) else {
        let error =
            slip("`like` is written `contains`, `starts_with` or `ends_with`", place.span(*at), "not an operator");
        return Some(error.help("for example `giver contains \"Acme\"`; a pattern is `giver matches /A.*e/`"));
    };
    let error = slip(format!("`like` is written `{with}` here"), place.range(*at, text), "not an operator");
    Some(place.mend(error, place.range(*at, text), &format!("{with} \"{words}\""), &format!("write `{with}`")))
}

/// `%Acme%`: the operator that says it, and of what.
fn wild(text: &str, sign: char) -> Option<(&'static str, &str)> {
    let parts: Vec<&str> = text.split(sign).collect();
    match parts[..] {
        ["", words, ""] if !words.is_empty() => Some(("contains", words)),
        [words, ""] if !words.is_empty() => Some(("starts_with", words)),
        ["", words] if !words.is_empty() => Some(("ends_with", words)),
        _ => None,
    }
}

/// `file matches "*.exe"`: of a text that is a pattern of files and not of texts.
pub fn glob(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let matches = place.scanned.significant_before(*at).filter(|&i| place.scanned.is(i, "matches"))?;
    let text = place.scanned.token_text(*at);
    let inner = text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'))?;
    let (with, words) = wild(inner, '*').filter(|(_, words)| !words.contains(|c| "^$?+[](){}|\\".contains(c)))?;
    // `.*` is any text in a pattern of texts.
    if inner.contains(".*") {
        return None;
    }
    let whole = place.range(matches, *at);
    let error = slip(format!("`*` for any text is written `{with}`"), whole, "a pattern of files");
    Some(place.mend(error, whole, &format!("{with} \"{words}\""), &format!("write `{with}`")))
}

/// `10 % of 500 EUR`
pub fn share(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let before = place.scanned.significant_before(*at)?;
    if !place.scanned.is(*at, "of") || !place.scanned.token_text(before).ends_with('%') {
        return None;
    }
    let error = slip("a share is a product", place.span(*at), "not an operator");
    Some(place.mend(error, place.span(*at), "*", "write `*`"))
}

/// `when count per actor over 30 days > 3`
fn bare_count(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let before = place.scanned.significant_before(*at)?;
    let word = place.scanned.token_text(before);
    if !COUNTS.contains(&word) || !matches!(first_word(attempt), "when" | "where" | "unless" | "because") {
        return None;
    }
    let example = match word {
        "count" => "count(gift over 365 days) > 3".to_owned(),
        other => format!("{other}(gift.value over 365 days) > 500 EUR"),
    };
    let error =
        slip(format!("what `{word}` is of stands in parentheses"), place.span(before), "no parentheses behind this");
    Some(error.help(format!("for example `{example}`; without a condition beside it, a `limit` says the same")))
}
