//! Expected and actual side by side, and why the actual is as it is.

use super::{failures, given_of, place_of};
use crate::data::calendar::Zone;
use crate::data::{Verdict, display};
use crate::eval::{ClauseRole, ClauseTrace, Findings, SeenValue, Truth, WindowTrace};
use crate::report::{Context, Entry, shorten};
use crate::sema::hir::{Expect, Test};
use crate::source::SourceMap;

/// One expectation, or one verdict that nothing expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// None: a further verdict where nothing else was expected.
    pub expected: Option<String>,
    pub actual: String,
    pub met: bool,
    /// What decided the actual verdict. Empty where the line is met.
    pub why: Vec<String>,
}

/// `finding gifts on g`
pub(super) fn wanted(findings: &Findings, test: &Test, expect: &Expect) -> String {
    let on = expect.on.and_then(|g| test.given.get(g)?.alias.as_deref());
    let on = on.map(|a| format!(" on {a}")).unwrap_or_default();
    let whose = whose(findings, expect).map(|w| format!(" for {w}")).unwrap_or_default();
    let by = expect.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    format!("{} {}{on}{whose}{by}", expect.verdict.as_str(), expect.rule)
}

/// For whom, as reports show it.
pub(super) fn whose(findings: &Findings, expect: &Expect) -> Option<String> {
    expect.whose.as_ref().map(|w| display::value(w, &findings.plan().schema, &Zone::utc()))
}

/// `finding gifts on g`, of a verdict.
pub(super) fn came(findings: &Findings, test: &Test, i: usize) -> String {
    let row = findings.row(i);
    let on = failures::name(test, given_of(findings, i)).replace('`', "");
    let whose = findings.owner(i).and(row.subject).map(|w| format!(" for {w}")).unwrap_or_default();
    let by = row.exception.map(|by| format!(" by {by}")).unwrap_or_default();
    format!("{} {} on {on}{whose}{by}", row.verdict.as_str(), row.rule.name)
}

/// What decided a verdict, a line each.
pub(super) fn why(findings: &Findings, sources: &SourceMap, i: usize) -> Vec<String> {
    let inputs = ["given".to_owned()];
    let cx = Context { sources, plan: findings.plan(), inputs: &inputs };
    let entry = Entry::of(findings, i);
    let mut lines: Vec<String> = Vec::new();
    let mut add = |line: String| {
        if !lines.contains(&line) {
            lines.push(line);
        }
    };
    for clause in failures::deciding(entry.verdict(), &entry.why) {
        add(of_clause(&cx, clause));
        let inside = |w: &&WindowTrace| {
            w.span.file == clause.span.file && clause.span.start <= w.span.start && w.span.end <= clause.span.end
        };
        entry.why.windows.iter().filter(inside).for_each(|w| add(of_window(&cx, w)));
    }
    if matches!(entry.verdict(), Verdict::Pending | Verdict::Indeterminate) {
        entry.why.gaps.iter().for_each(|gap| add(cx.gap(&entry, gap)));
    }
    lines
}

/// Why no rule of this name judges the record.
pub(super) fn why_not(findings: &Findings, sources: &SourceMap, expect: &Expect) -> Vec<String> {
    let cx = Context { sources, plan: findings.plan(), inputs: &[] };
    let rules = findings.plan().rules.iter().enumerate().filter(|(_, r)| r.name == expect.rule);
    let mut lines = Vec::new();
    for (i, rule) in rules {
        let Some(why) = expect.on.and_then(|on| findings.explain_untriggered(i, place_of(on))) else { continue };
        let filter = why.clauses.iter().find(|c| c.role == ClauseRole::Where && c.truth == Truth::False);
        lines.push(match (filter, rule.effective) {
            (Some(clause), _) => of_clause(&cx, clause),
            (None, (from, until)) => {
                let edge = |word: &str, day: Option<i32>| day.map(|d| format!(" {word} {}", display::date(d)));
                let edges = [edge("from", from), edge("until", until)].into_iter().flatten().collect::<String>();
                format!("the rule is in force{edges}")
            }
        });
    }
    let sequence = findings.plan().rules.iter().any(|r| r.name == expect.rule && r.sequence.is_some());
    if lines.is_empty() && expect.on.is_some() {
        lines.push(match sequence {
            true => "no sequence of the rule's steps ends with it".into(),
            false => "the rule is about other records".into(),
        });
    }
    lines
}

/// ``when `value > 500 CNY` does not hold: value is 500.00 CNY``
fn of_clause(cx: &Context<'_>, clause: &ClauseTrace) -> String {
    let text = |span| shorten(cx.sources.text(span), 60);
    let role = match &clause.role {
        ClauseRole::Where => "where ".to_owned(),
        ClauseRole::When => "when ".to_owned(),
        ClauseRole::Unless(name) => format!("unless {name}: "),
        ClauseRole::Need => "need ".to_owned(),
        ClauseRole::Waiver(_) => "waived by ".to_owned(),
        ClauseRole::Limit => String::new(),
        ClauseRole::Step(name) => format!("step {name}: "),
    };
    let holds = match (&clause.role, clause.truth) {
        (ClauseRole::Need, Truth::True) => "is there",
        (ClauseRole::Need, Truth::False) => "is not there",
        (ClauseRole::Limit, Truth::True) => "is over the limit",
        (ClauseRole::Limit, Truth::False) => "is within the limit",
        (_, Truth::True) => "holds",
        (_, Truth::False) => "does not hold",
        (_, Truth::Unknown) => "is not known",
        (_, Truth::Pending) => "is not decided yet",
    };
    if let (ClauseRole::Limit, Some((sum, to))) = (&clause.role, clause.values.split_first()) {
        let to = to.iter().map(|v| format!(", {} is {}", text(v.span), v.value)).collect::<String>();
        let of = if clause.truth == Truth::Unknown { String::new() } else { format!("{} of ", sum.value) };
        return format!("{of}`{}` {holds}{to}", text(clause.span));
    }
    let value = |v: &SeenValue| format!("{} is {}", text(v.span), v.value);
    let values: Vec<_> = clause.values.iter().filter(|v| v.span != clause.span).map(value).collect();
    let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
    format!("{role}`{}` {holds}{values}", text(clause.span))
}

/// What a history condition looked through.
fn of_window(cx: &Context<'_>, window: &WindowTrace) -> String {
    let keys: Vec<_> = window.keys.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let keys = if keys.is_empty() { String::new() } else { format!(" of {}", keys.join(", ")) };
    let side = |word: &str, at: &Option<String>| at.as_ref().map(|at| format!(" {word} {at}")).unwrap_or_default();
    let from = side(if window.from_included { "from" } else { "after" }, &window.from);
    let until = side("until", &window.until);
    let over = window.median.as_ref().map(|m| format!(", {}", m.phrase())).unwrap_or_default();
    format!("looked for `{}`{keys}{from}{until}: {}{over}", cx.kind(window.kind), window.result)
}

/// What stands in the left column is at most this wide; wider lines stand one below the other.
const WIDEST: usize = 48;

/// The lines of a test in two columns.
pub(crate) fn table(lines: &[Line]) -> String {
    let width = |text: &str| text.chars().count();
    let left = lines.iter().filter_map(|l| l.expected.as_deref()).map(width).filter(|w| *w <= WIDEST);
    let left = left.max().unwrap_or(0).max("expected".len());
    let pad = |text: &str| format!("{text}{}", " ".repeat(left.saturating_sub(width(text))));
    let mut text = format!("    {}   came out\n", pad("expected"));
    for line in lines {
        let mark = if line.met { '✓' } else { '✗' };
        let expected = line.expected.as_deref().unwrap_or_default();
        if width(expected) > WIDEST {
            text.push_str(&format!("  {mark} {expected}\n"));
            text.push_str(&format!("    {}   {}\n", pad(""), line.actual));
        } else {
            text.push_str(&format!("  {mark} {}   {}\n", pad(expected), line.actual));
        }
        for why in &line.why {
            text.push_str(&format!("    {}     {why}\n", pad("")));
        }
    }
    text
}
