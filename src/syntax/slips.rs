//! Common slips, each with what to write instead.

use super::clauses;
use super::english;
use super::explain::{Attempt, Place, VALUES, first_word};
use super::foreign;
use super::kinds::SyntaxKind as K;
use super::parse::Rule;
use super::words::{self, MARKS, OPTIONAL};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::Span;

/// A slip at the place where a part stopped to fit, or none that is known.
pub fn find(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    english::dotted_date(attempt)
        .or_else(|| english::since(attempt))
        .or_else(|| foreign::sign(attempt))
        .or_else(|| foreign::word(attempt))
        .or_else(|| clauses::find(attempt))
        .or_else(|| quotes(attempt))
        .or_else(|| keyword_with_sign(attempt))
        .or_else(|| exception_without_name(attempt))
        .or_else(|| in_parentheses(attempt))
        .or_else(|| reserved(attempt))
        .or_else(|| missing_word(attempt))
        .or_else(|| open_bracket(attempt))
}

pub fn slip(message: impl Into<String>, span: Span, label: &str) -> Diagnostic {
    Diagnostic::error(Code::SyntaxError, message, span, label)
}

/// Quotes where a word is wanted, and none where a text is.
fn quotes(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    if *at >= tokens.end {
        return None;
    }
    let (text, span) = (place.scanned.token_text(*at), place.span(*at));
    let bare = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match place.scanned.kind(*at) {
        K::Text if expected.contains(&Rule::regex) => {
            if let Some(error) = foreign::glob(attempt) {
                return Some(error);
            }
            let pattern = format!("/{}/", text[1..text.len() - 1].replace('/', "\\/"));
            let error = slip("a pattern stands between slashes", span, "quotes");
            Some(place.mend(error, span, &pattern, "write slashes"))
        }
        K::Text if expected.contains(&Rule::word) && bare(&text[1..text.len() - 1]) => {
            let error = slip("a word is wanted here, not a text", span, "in quotes");
            Some(place.mend(error, span, &text[1..text.len() - 1], "leave the quotes out"))
        }
        K::Word if expected == &[Rule::string] => {
            let line_end = (*at..tokens.end)
                .take_while(|&i| i == *at || !place.scanned.tokens[i].starts_line)
                .take_while(|&i| place.scanned.kind(i) != K::CloseBrace)
                .filter(|&i| !place.scanned.kind(i).is_trivia())
                .last()
                .unwrap_or(*at);
            let whole = place.range(*at, line_end);
            let words = &place.scanned.text[place.scanned.start(*at)..place.scanned.end(line_end)];
            let error = slip("a text stands in double quotes", whole, "no quotes");
            Some(place.mend(error, whole, &format!("\"{}\"", words.replace('"', "\\\"")), "add the quotes"))
        }
        _ => None,
    }
}

/// `severity = major`, `severity: major`
fn keyword_with_sign(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let first = scanned.significant(tokens.start);
    let sign = scanned.token_text(*at);
    if *at >= tokens.end || !matches!(sign, "=" | ":") || scanned.significant_before(*at) != Some(first) {
        return None;
    }
    if !matches!(attempt.what, "clause" | "line") {
        return None;
    }
    let keyword = first_word(attempt);
    let error = slip(format!("no `{sign}` stands after `{keyword}`"), place.span(*at), "not needed");
    let gap = scanned.end(first) as u32 + place.origin as u32;
    let after = scanned.significant(at + 1);
    let span = Span { start: gap, end: place.span(after).start, ..place.span(*at) };
    Some(place.mend(error, span, " ", &format!("leave the `{sign}` out")))
}

/// `unless exists approval …`
fn exception_without_name(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    if first_word(attempt) != "unless" || attempt.expected != [Rule::colon] {
        return None;
    }
    let keyword = place.scanned.significant(attempt.tokens.start);
    let start = place.scanned.significant(keyword + 1);
    let span = place.range(keyword, start.min(*at));
    let begin = place.span(start);
    let error = slip("an exception has a name", span, "a name and a `:` belong after `unless`");
    let nothing = Span { end: begin.start, ..begin };
    Some(place.mend(error, nothing, "approved: ", "name the exception"))
}

/// `x in (1, 2)`, `x in [1, 2]`
fn in_parentheses(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    if *at >= tokens.end {
        return None;
    }
    let (open, close, signs) = match scanned.kind(*at) {
        K::OpenBracket => (*at, K::CloseBracket, "brackets"),
        K::Sign if scanned.is(*at, ",") => {
            let open = (tokens.start..*at).rev().find(|&i| scanned.kind(i) == K::OpenParen)?;
            (open, K::CloseParen, "parentheses")
        }
        _ => return None,
    };
    let before = scanned.significant_before(open)?;
    let close = (*at..tokens.end).find(|&i| scanned.kind(i) == close)?;
    let named = scanned.is(before, "=") && first_word(attempt) == "let";
    if !named && !matches!(scanned.token_text(before), "in" | "in_domain" | "overlaps") {
        return None;
    }
    let inner = &scanned.text[scanned.end(open)..scanned.start(close)];
    let whole = place.range(open, close);
    let error = slip("a set stands in braces", whole, signs);
    Some(place.mend(error, whole, &format!("{{ {} }}", inner.trim()), "write braces"))
}

/// `way == in`, where `in` is a word of an `enum`.
pub fn reserved(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let found = (*at < tokens.end).then(|| scanned.token_text(*at))?;
    let value = VALUES.iter().any(|v| attempt.expected.contains(v)) && !attempt.expected.contains(&Rule::infix);
    if !value || !matches!(found, "and" | "or" | "not" | "in") {
        return None;
    }
    let side = |i: usize| scanned.token_text(i);
    let listed = |i: &usize| {
        let (ahead, behind) = (scanned.significant_before(*i).map(side), side(scanned.significant(i + 1)));
        scanned.is(*i, found) && matches!(ahead, Some("{" | ",")) && matches!(behind, "," | "}" | "=")
    };
    let declared = (0..scanned.tokens.len() - 1).filter(|i| scanned.kind(*i) == K::Word).find(listed)?;
    if declared == *at {
        return None;
    }
    let error = slip(format!("`{found}` is a word of the language, and no value"), place.span(*at), "not a value")
        .label(place.span(declared), "no condition can name this");
    Some(error.help(format!("call it otherwise, and say how it is spelled: `enum {{ {found}_ = \"{found}\", … }}`")))
}

/// A small word or sign that is missing before something that is otherwise right.
fn missing_word(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, what, .. } = attempt;
    if *at >= tokens.end {
        return None;
    }
    let scanned = place.scanned;
    let (kind, text, span) = (scanned.kind(*at), scanned.token_text(*at), place.span(*at));
    let before = scanned.significant_before(*at).map(|i| scanned.token_text(i)).unwrap_or_default();
    let nothing = Span { end: span.start, ..span };
    let (message, insert) = match kind {
        K::Number if expected.contains(&Rule::window) => {
            let after = (at + 1..tokens.end).find(|&i| matches!(scanned.token_text(i), "before" | "after" | "around"));
            let word = if after.is_some() { "within " } else { "over " };
            ("a window begins with `within` or `over`", word)
        }
        K::Number if before == "in" && expected.contains(&Rule::period) => {
            let of = place.span(scanned.significant_before(*at)?);
            let error = slip(
                "a length of time is one to look back `over`; `in` is for calendar periods",
                of,
                "no period behind this",
            );
            return Some(place.mend(error, of, "over", "write `over`"));
        }
        K::Word if matches!(text, "before" | "after") && expected.contains(&Rule::window) => return turned(attempt),
        K::Text if *what == "head" && words::ITEMS.contains(&before) => return unnamed(attempt),
        K::Word if *what == "head" && text == "on" && expected.contains(&Rule::kw_at) => {
            let error = slip("the time of a record stands behind `at`", span, "not written so");
            return Some(place.mend(error, span, "at", "write `at`"));
        }
        K::Word if *what == "field" && matches!(before, "list" | "set") => ("`of` is missing in this type", "of "),
        K::Word if *what == "field" && expected.contains(&Rule::mark) => return behind_type(attempt),
        K::Sign if text == "==" && expected.contains(&Rule::assign) => {
            let error = slip("`==` compares; a value is given with `=`", span, "a comparison");
            return Some(place.mend(error, span, "=", "write `=`"));
        }
        _ => return None,
    };
    Some(place.mend(slip(message, span, "missing before this"), nothing, insert, &format!("add `{}`", insert.trim())))
}

/// `need training before 30 days`
fn turned(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, .. } = attempt;
    let scanned = place.scanned;
    let number = scanned.significant(at + 1);
    let unit = scanned.significant((number + 1).min(tokens.end));
    if unit >= tokens.end || scanned.kind(number) != K::Number || scanned.kind(unit) != K::Word {
        return None;
    }
    let whole = place.range(*at, unit);
    let (word, length) = (scanned.token_text(*at), &scanned.text[scanned.start(number)..scanned.end(unit)]);
    let error = slip("a window begins with `within` or `over`", whole, "a window");
    Some(place.mend(error, whole, &format!("within {length} {word}"), "write `within`"))
}

/// `forbid "No large gifts" { … }`
fn unnamed(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let title = place.scanned.token_text(*at).to_lowercase();
    let parts = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = parts.take(4).collect::<Vec<_>>().join("_");
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let span = place.span(*at);
    let error = slip("a name stands before the title", span, "a title");
    let nothing = Span { end: span.start, ..span };
    Some(place.mend(error, nothing, &format!("{name} "), "add a name"))
}

/// `approved: bool optional`
fn behind_type(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, .. } = attempt;
    let scanned = place.scanned;
    let (text, span) = (scanned.token_text(*at), place.span(*at));
    let before = scanned.significant_before(*at)?;
    let whole = Span { start: place.span(before).end, ..span };
    if scanned.tokens[*at].starts_line && !OPTIONAL.contains(&text) && !MARKS.contains(&text) {
        return Some(comma_before(place, *at));
    }
    if OPTIONAL.contains(&text) && !scanned.is(before, "?") {
        let error = slip("a field that may be absent has `?` behind its type", span, "no word of the language");
        return Some(place.mend(error, whole, "?", "write `?`"));
    }
    if let Some(mark) = MARKS.into_iter().find(|m| *m == text).or_else(|| did_you_mean(text, MARKS)) {
        let error = slip("a mark begins with `@`", span, "a mark without it");
        return Some(place.mend(error, span, &format!("@{mark}"), "add the `@`"));
    }
    if scanned.is(before, "money") && text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) {
        let error = slip("an amount brings its currency along", span, "no currency here");
        let help = format!("leave `{text}` out; where records have none, a `source` says it: `… as money {text}`");
        return Some(error.help(help).fix("leave the currency out", whole, ""));
    }
    let error = slip("nothing but marks stands behind a field's type", span, "no mark");
    Some(error.help("the marks are `@person` and `@sensitive`; a field has a value unless `?` stands behind its type"))
}

/// A bracket of this part that is open where the part ends, or where something else stands.
fn open_bracket(attempt: &Attempt<'_>) -> Option<Diagnostic> {
    let Attempt { place, at, tokens, expected, .. } = attempt;
    let (rule, sign) = [(Rule::rparen, ")"), (Rule::rbracket, "]"), (Rule::rbrace, "}")]
        .into_iter()
        .find(|(rule, _)| expected.contains(rule))?;
    let scanned = place.scanned;
    let mut open = Vec::new();
    for index in tokens.start..*at {
        match scanned.kind(index) {
            K::OpenBrace | K::OpenParen | K::OpenBracket => open.push(index),
            K::CloseBrace | K::CloseParen | K::CloseBracket => {
                open.pop();
            }
            _ => {}
        }
    }
    let opener = *open.last()?;
    let kind = match rule {
        Rule::rparen => K::OpenParen,
        Rule::rbracket => K::OpenBracket,
        _ => K::OpenBrace,
    };
    if scanned.kind(opener) != kind {
        return None;
    }
    if rule != Rule::rparen && *at < tokens.end {
        return missing_comma(attempt, place);
    }
    if closes_later(attempt, open.len()) {
        return None;
    }
    let last = scanned.significant_before(*at)?;
    let end = place.span(last).end;
    let spot = if *at < tokens.end { place.span(*at) } else { place.span(last) };
    let label = if *at < tokens.end { "expected it before this" } else { "expected it after this" };
    let error = slip(format!("`{}` without its `{sign}`", scanned.token_text(opener)), spot, label)
        .label(place.span(opener), "opened here");
    Some(place.mend(error, Span { start: end, end, ..spot }, sign, &format!("add the `{sign}`")))
}

/// Of the brackets that are open at the failure, the innermost is closed further on.
fn closes_later(attempt: &Attempt<'_>, open: usize) -> bool {
    let mut depth = open;
    for index in attempt.at..attempt.tokens.end {
        match attempt.place.scanned.kind(index) {
            K::OpenBrace | K::OpenParen | K::OpenBracket => depth += 1,
            K::CloseBrace | K::CloseParen | K::CloseBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth < open {
            return true;
        }
    }
    false
}

/// Two elements of a list or record next to each other.
pub fn missing_comma(attempt: &Attempt<'_>, place: &Place<'_>) -> Option<Diagnostic> {
    let at = attempt.at;
    let begins = matches!(place.scanned.kind(at), K::Word | K::Text | K::Number);
    if !begins || !attempt.expected.contains(&Rule::comma) && !attempt.expected.contains(&Rule::rbrace) {
        return None;
    }
    several_words(attempt, place).or_else(|| Some(comma_before(place, at)))
}

/// `enum { mail, public official }`
fn several_words(attempt: &Attempt<'_>, place: &Place<'_>) -> Option<Diagnostic> {
    let (scanned, at) = (place.scanned, attempt.at);
    let beside = |i: usize| scanned.kind(i) == K::Word && !scanned.tokens[i].starts_line;
    let first = scanned.significant_before(at).filter(|&i| scanned.kind(i) == K::Word && beside(at))?;
    let mut last = at;
    while beside(scanned.significant(last + 1)) {
        last = scanned.significant(last + 1);
    }
    let (ahead, behind) = (scanned.significant_before(first)?, scanned.significant(last + 1));
    let parted = scanned.is(ahead, ",") && matches!(scanned.token_text(behind), "," | "}")
        || scanned.is(ahead, "{") && scanned.is(behind, ",");
    let open = (attempt.tokens.start..first).rev().find(|&i| scanned.kind(i) == K::OpenBrace)?;
    let of_enum = scanned.significant_before(open).is_some_and(|i| scanned.is(i, "enum"));
    (parted && of_enum).then(|| joined(place, first, last).0)
}

/// That several words are one of an `enum`, and which.
pub fn joined(place: &Place<'_>, first: usize, last: usize) -> (Diagnostic, String) {
    let spelled = &place.scanned.text[place.scanned.start(first)..place.scanned.end(last)];
    let name = spelled.split_whitespace().collect::<Vec<_>>().join("_");
    let whole = place.range(first, last);
    let error = slip("a word of an `enum` is one word", whole, "several words");
    (place.mend(error, whole, &format!("{name} = \"{spelled}\""), "say how it is spelled"), name)
}

/// A comma is missing before this token.
pub fn comma_before(place: &Place<'_>, at: usize) -> Diagnostic {
    let last = place.scanned.significant_before(at).unwrap_or(at);
    let end = place.span(last).end;
    let spot = Span { start: end, end, ..place.span(last) };
    let error = slip(
        format!("expected `,` between `{}` and `{}`", place.shown(last), place.shown(at)),
        place.span(at),
        "a comma is missing before this",
    );
    place.mend(error, spot, ",", "add the comma")
}

/// A comma is missing before each of these tokens of a list: one slip, and one fix.
pub fn commas_before(place: &Place<'_>, all: &[usize]) -> Option<Diagnostic> {
    const SHOWN: usize = 8;
    let (first, further) = all.split_first()?;
    if further.is_empty() {
        return Some(comma_before(place, *first));
    }
    let last: Vec<usize> = all.iter().map(|&at| place.scanned.significant_before(at).unwrap_or(at)).collect();
    let error = slip(
        format!("{} commas are missing between the elements of a list", all.len()),
        place.span(*first),
        "a comma is missing before this",
    );
    let error = further.iter().take(SHOWN - 1).fold(error, |error, &at| error.label(place.span(at), "and before this"));
    let mut mended = String::from(",");
    for pair in last.windows(2) {
        mended.push_str(&place.scanned.text[place.scanned.end(pair[0])..place.scanned.end(pair[1])]);
        mended.push(',');
    }
    let (start, end) = (place.span(last[0]).end, place.span(last[last.len() - 1]).end);
    let spot = Span { start, end, ..place.span(*first) };
    Some(error.help("add the commas: what stands in a list is parted by them").fix("add the commas", spot, mended))
}
