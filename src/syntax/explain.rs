//! From a place where a part stopped to fit the grammar to a message in plain words.

use super::kinds::SyntaxKind;
use super::parse::{Failure, Rule};
use super::scan::Scanned;
use super::slips;
use super::words;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::{FileId, Span};
use std::ops::Range;

/// The scanned text, and where it begins in the file.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub file: FileId,
    pub scanned: &'a Scanned<'a>,
    pub origin: usize,
}

/// What was read when it failed: token ranges and what part of a file it is.
pub struct Attempt<'a> {
    pub place: Place<'a>,
    /// The tokens of the part.
    pub tokens: Range<usize>,
    /// The token that does not fit; the end of the range where something is missing.
    pub at: usize,
    pub expected: &'a [Rule],
    /// What the part is: `clause`, `field`, …
    pub what: &'a str,
}

impl<'a> Place<'a> {
    pub fn span(&self, index: usize) -> Span {
        Span::new(self.file, self.origin + self.scanned.start(index), self.origin + self.scanned.end(index))
    }

    /// From the first to the last of these tokens.
    pub fn range(&self, first: usize, last: usize) -> Span {
        self.span(first).to(self.span(last))
    }

    /// The text of a token, short enough for a message.
    pub fn shown(&self, index: usize) -> String {
        shorten(self.scanned.token_text(index))
    }

    /// The line around a place with that place replaced, for a help text. None for a very long line.
    pub fn mended(&self, span: Span, replacement: &str) -> Option<String> {
        let text = self.scanned.text;
        let (start, end) = (span.start as usize - self.origin, span.end as usize - self.origin);
        let begin = memchr::memrchr(b'\n', &text.as_bytes()[..start]).map_or(0, |i| i + 1);
        let stop = memchr::memchr(b'\n', &text.as_bytes()[end..]).map_or(text.len(), |i| end + i);
        if stop - begin > 160 {
            return None;
        }
        let line = format!("{}{replacement}{}", &text[begin..start], &text[end..stop]);
        Some(line.trim().trim_end_matches(['\r']).to_owned())
    }

    /// A diagnostic that shows the mended line and carries the fix.
    pub fn mend(&self, error: Diagnostic, span: Span, replacement: &str, title: &str) -> Diagnostic {
        let help = self.mended(span, replacement).map_or_else(|| title.to_owned(), |line| format!("write `{line}`"));
        error.help(help).fix(title, span, replacement)
    }
}

/// At most so many characters of what was found.
fn shorten(text: &str) -> String {
    const MOST: usize = 30;
    let text = text.lines().next().unwrap_or_default();
    let mut shown: String = text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > MOST {
        shown.push('…');
    }
    shown
}

/// What went wrong in a part.
pub fn explain(attempt: &Attempt<'_>) -> Diagnostic {
    slips::find(attempt).unwrap_or_else(|| plain(attempt))
}

/// A failure in an expression inside of a text.
pub fn inserted(place: &Place<'_>, failure: &Failure) -> Diagnostic {
    let eof = place.scanned.tokens.len() - 1;
    if place.scanned.significant(0) == eof {
        let span = Span::new(place.file, place.origin.saturating_sub(1), place.origin + place.scanned.text.len() + 1);
        return Diagnostic::error(Code::SyntaxError, "expected a value between `{` and `}`", span, "nothing here")
            .help("name a field, as in `{actor.name}`; the signs themselves are written `{{` and `}}`");
    }
    let at = place.scanned.significant(place.scanned.at(failure.at)).min(eof);
    explain(&Attempt { place: *place, tokens: 0..eof, at, expected: &failure.expected, what: "value" })
}

/// "expected … after …, found …"
fn plain(attempt: &Attempt<'_>) -> Diagnostic {
    let Attempt { place, tokens, at, .. } = attempt;
    let previous = place.scanned.significant_before(*at).filter(|&i| i >= tokens.start);
    let wanted = wanted(attempt, previous);
    let after = previous.map(|i| format!(" after `{}`", place.shown(i))).unwrap_or_default();
    if *at >= tokens.end {
        let span = previous.map_or_else(|| place.span(*at), |i| place.span(i));
        let error = Diagnostic::error(
            Code::SyntaxError,
            format!("expected {wanted}{after}"),
            span,
            "something is missing after this",
        );
        return with_example(error, attempt, previous);
    }
    let found = place.shown(*at);
    let error = Diagnostic::error(
        Code::SyntaxError,
        format!("expected {wanted}{after}, found `{found}`"),
        place.span(*at),
        "not expected here",
    );
    if place.scanned.kind(*at) == SyntaxKind::Word {
        let known = attempt.expected.iter().flat_map(|r| spellings(*r));
        if let Some(word) = did_you_mean(place.scanned.token_text(*at), known.collect::<Vec<_>>().iter().map(|s| &**s))
        {
            let error = place.mend(error, place.span(*at), word, &format!("write `{word}`"));
            let line = error.help.clone().unwrap_or_default();
            return error.help(format!("did you mean `{word}`? {line}"));
        }
    }
    with_example(error, attempt, previous)
}

/// What is wanted at the place, in plain words.
fn wanted(attempt: &Attempt<'_>, previous: Option<usize>) -> String {
    let expected = attempt.expected;
    let has = |rules: &[Rule]| rules.iter().any(|r| expected.contains(r));
    let before = previous.map(|i| attempt.place.scanned.token_text(i)).unwrap_or_default();
    let clause = first_word(attempt);
    if before == "nothing" && has(&[Rule::kw_else]) {
        return "`else`".into();
    }
    if has(&[Rule::regex]) {
        return "a pattern between slashes".into();
    }
    if has(&[Rule::list_of, Rule::type_expr, Rule::ref_type, Rule::enum_type]) {
        return "a type".into();
    }
    if has(&VALUES) && !has(&[Rule::infix]) {
        let condition =
            matches!(before, "when" | "where" | "and" | "or" | "not") || (before == ":" && clause == "unless");
        return if condition { "a condition".into() } else { "a value".into() };
    }
    if has(&[Rule::word, Rule::name, Rule::path, Rule::history_kind]) && !has(&[Rule::infix]) {
        match (clause, before) {
            (_, "severity") => return "`info`, `minor`, `major` or `critical`".into(),
            (_, "on" | "need" | "exists" | "no") => return "the kind of record".into(),
            (_, "for") => return "the kind of record or table".into(),
            (_, "by" | "per" | ",") if attempt.what == "clause" => return "a field".into(),
            (_, "by" | "at" | "identity" | "key" | "from" | "until") => return "a field".into(),
            (_, "expect") => return "a verdict, a message or `nothing else`".into(),
            (_, ":") => return "a type".into(),
            _ => {}
        }
    }
    let mut names: Vec<String> = Vec::new();
    for rule in expected {
        let words = phrase(*rule, attempt.what);
        if !words.is_empty() && !names.contains(&words) {
            names.push(words);
        }
    }
    if has(&[Rule::infix]) {
        // Anything may follow a value: the closing sign or keyword that must come in the end says the most.
        let closing = names.iter().find(|n| matches!(n.as_str(), "`)`" | "`]`" | "`}`"));
        return match closing {
            Some(closing) => format!("an operator or {closing}"),
            None => format!("an operator or the end of the {}", attempt.what),
        };
    }
    if names.len() > 5 {
        names.truncate(5);
        names.push("…".into());
    }
    match names.split_last() {
        None if before == "as" => "a name".into(),
        None => format!("another word in this {}", attempt.what),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Where a value may begin.
pub const VALUES: [Rule; 8] = [
    Rule::sole_text,
    Rule::expr,
    Rule::sum_expr,
    Rule::operand,
    Rule::prefix,
    Rule::map_expr,
    Rule::map_cast,
    Rule::map_cond,
];

/// One thing that would have fitted, in plain words; empty for what need not be told.
fn phrase(rule: Rule, what: &str) -> String {
    match rule {
        Rule::string => "a text in quotes".into(),
        Rule::word | Rule::name => "a name".into(),
        Rule::path | Rule::map_path => "a field".into(),
        Rule::colon => "`:`".into(),
        Rule::comma => "`,`".into(),
        Rule::assign => "`=`".into(),
        Rule::equals => "`==`".into(),
        Rule::dot => "`.`".into(),
        Rule::lbrace | Rule::fields | Rule::enum_body | Rule::given_fields => "`{`".into(),
        Rule::rbrace => "`}`".into(),
        Rule::lparen | Rule::define_params => "`(`".into(),
        Rule::rparen => "`)`".into(),
        Rule::rbracket => "`]`".into(),
        Rule::length | Rule::quantity => "a length of time, such as `30 days`".into(),
        Rule::direction => "`before`, `after` or `around`".into(),
        Rule::period => "a period, such as `calendar year`".into(),
        Rule::all_time => "`all time`".into(),
        Rule::month_day => "a month and day, such as `04-01`".into(),
        Rule::number => "a number".into(),
        Rule::window => "a window, such as `over 30 days`".into(),
        Rule::keys => "`per` and a field".into(),
        Rule::filter => "`where`".into(),
        Rule::alias => "`as`".into(),
        Rule::map_test_tail | Rule::map_op => "a comparison".into(),
        Rule::nothing_else => "`nothing else`".into(),
        Rule::message => "`message`".into(),
        Rule::figure => "`metric`".into(),
        Rule::figure_key => "a key of the metric".into(),
        Rule::end_of => "`end of` a period".into(),
        Rule::EOI => format!("the end of the {what}"),
        rule => spellings(rule).first().map(|word| format!("`{word}`")).unwrap_or_default(),
    }
}

/// The keywords that a rule of the grammar stands for.
fn spellings(rule: Rule) -> Vec<String> {
    let fixed: &[&str] = match rule {
        Rule::direction => &["before", "after", "around"],
        Rule::infix | Rule::presence => words::OPERATORS,
        Rule::map_op => &["starts_with", "ends_with", "contains", "in_domain"],
        Rule::keys => &["by", "per", "across"],
        Rule::window => &["within", "over", "in"],
        Rule::filter => &["where"],
        Rule::ignoring_case => &["ignoring"],
        Rule::matches => &["matches"],
        Rule::period => &["calendar", "day", "month", "quarter", "year", "fiscal_quarter", "fiscal_year"],
        Rule::all_time => &["all"],
        Rule::end_of => &["end"],
        Rule::record_at => &["at"],
        Rule::record_by => &["by"],
        Rule::identity => &["identity"],
        Rule::table_key => &["key"],
        Rule::table_valid => &["valid"],
        _ => &[],
    };
    if !fixed.is_empty() {
        return fixed.iter().map(|&s| s.to_owned()).collect();
    }
    // a keyword's rule is named after it
    format!("{rule:?}").strip_prefix("kw_").map(str::to_owned).into_iter().collect()
}

fn second_word<'a>(attempt: &Attempt<'a>) -> &'a str {
    let scanned = attempt.place.scanned;
    let second = scanned.significant(scanned.significant(attempt.tokens.start) + 1);
    if second < attempt.tokens.end { scanned.token_text(second) } else { "" }
}

pub fn first_word<'a>(attempt: &Attempt<'a>) -> &'a str {
    let first = attempt.place.scanned.significant(attempt.tokens.start);
    if first < attempt.tokens.end { attempt.place.scanned.token_text(first) } else { "" }
}

/// An example of the clause that failed.
fn with_example(error: Diagnostic, attempt: &Attempt<'_>, previous: Option<usize>) -> Diagnostic {
    let before = previous.map(|i| attempt.place.scanned.token_text(i)).unwrap_or_default();
    let example = match (before, first_word(attempt)) {
        ("within", "on") => "on sequence by actor within 30 days { … }",
        ("within", _) => "within 30 days before",
        ("over", _) => "over 365 days",
        ("nothing", _) => "expect nothing else",
        (_, "on") => "on gift where value > 0 GBP",
        (_, "when") => "when value > 100 GBP and giver.kind == supplier",
        (_, "unless") => "unless approved: exists approval within 30 days before",
        (_, "need") => "need training within 365 days before",
        (_, "sum") => "sum value per actor over 365 days",
        (_, "count") => "count per actor over 365 days",
        (_, "severity") => "severity major",
        (_, "cite") => "cite \"Code of Ethics, section 3\"",
        (_, "because") => "because \"{actor.name} accepted {value}\"",
        (_, "consequence") => "consequence dismissal",
        (_, "effective") => "effective from 2025-01-01 until 2026-01-01",
        (_, "to") => "to 500 CNY",
        (_, "fiscal_year") => "fiscal_year starts 04-01",
        (_, "timezone") => "timezone \"Asia/Shanghai\"",
        (_, "given") => "given gift as g { value: 600 CNY }",
        (_, "default") => "default gift { received: 2026-01-05 }",
        (_, "expect") if second_word(attempt) == "metric" => "expect metric gifts on 2026-01-31 is 300 EUR",
        (_, "expect") => "expect finding gift_limit on g",
        (_, "set") if attempt.what == "line" => "set gift_cap = 100 CNY",
        (_, "format") => "format csv",
        (_, "files") => "files \"register/*.csv\"",
        (_, "each") => "each events[]",
        (_, "identity") => "identity id",
        (_, "source") => "source register for gift { … }",
        (_, "record") => "record gift at accepted by member identity id { … }",
        (_, "table") => "table employee key id valid from since until left { … }",
        (_, "forbid" | "require" | "limit") => "forbid large_gift \"No large gifts\" { … }",
        (_, "let") => "let clouds = { \"icloud.com\", \"dropbox.com\" }",
        (_, "param") => "param gift_cap: money = 500 CNY",
        (_, "define") => "define is_large(g: gift) = g.value > 500 CNY",
        (_, "import") => "import \"shared/people.bylaw\"",
        (_, "test") => "test \"a large gift is a finding\" { … }",
        _ => match attempt.what {
            "field" => "value: money",
            "step" if [Rule::kw_or, Rule::kw_times].iter().any(|r| attempt.expected.contains(r)) => {
                "3 or more times login as failed"
            }
            "step" => "file_export as hoard where size >= 1 GiB",
            "entry" => "value = \"Amount\" as money GBP",
            "word" => "in_kind = \"In kind\"",
            _ => return error,
        },
    };
    error.help(format!("for example `{example}`"))
}
