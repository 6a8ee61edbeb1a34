//! What changed, for people, for a pull request, and for programs.

use super::rules::{Change, Relation, Shown};
use super::{Changes, RuleChange};
use crate::data::Verdict;
use crate::report::{plural, shorten};
use serde_json::{Value, json as value};
use std::fmt::Write;

impl Relation {
    /// Before the name of a rule.
    pub fn as_str(self) -> &'static str {
        match self {
            Relation::Added => "added",
            Relation::Removed => "removed",
            Relation::Stricter => "stricter",
            Relation::Looser => "looser",
            Relation::Incomparable => "incomparable",
            Relation::AtLeastAsStrict => "at least as strict",
            Relation::AtMostAsStrict => "at most as strict",
            Relation::NotAnalysed => "not analysed",
            Relation::Same => "finds the same",
        }
    }

    /// `changed`: something of the rule itself has.
    fn explained(self, changed: bool) -> Option<&'static str> {
        match self {
            _ if !changed => Some("it counts findings of rules that changed"),
            Relation::Incomparable => Some("it finds records that it did not find, and no longer finds others"),
            Relation::AtLeastAsStrict => {
                Some("it finds all that it found (proved); whether it finds more depends on what is not analysed")
            }
            Relation::AtMostAsStrict => {
                Some("it finds nothing new (proved); whether it finds less depends on what is not analysed")
            }
            Relation::NotAnalysed => Some(
                "what changed is not analysed (history, patterns, other rules' findings): `bylaws impact` shows what it does to records",
            ),
            _ => None,
        }
    }
}

pub(crate) fn human(changes: &Changes, color: bool) -> String {
    let (bold, off) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let mut text = String::new();
    if changes.is_empty() {
        return "no change in meaning\n".into();
    }
    for rule in &changes.rules {
        let _ = writeln!(text, "{bold}{}{off}  {} · {}  ({})", heading(rule), rule.rule, rule.title, rule.place);
        let alone = matches!(rule.relation, Relation::Added | Relation::Removed | Relation::Same);
        if let Some(said) = rule.relation.explained(alone || !rule.changes.is_empty()) {
            let _ = writeln!(text, "    {said}");
        }
        if rule.crosses && matches!(rule.relation, Relation::Stricter | Relation::Looser) {
            text.push_str("    a finding is at the record that crosses the limit, which may be another one now\n");
        }
        rule.changes.iter().for_each(|c| changed(&mut text, "    ", c));
        for (shown, what) in [(&rule.more, "found now"), (&rule.less, "no longer found")] {
            if let Some(Shown::By(witness)) = shown {
                let _ = writeln!(
                    text,
                    "    {what}: {} (was {}, is {})",
                    records(&witness.records),
                    verdict(witness.old),
                    verdict(witness.new)
                );
            }
        }
        text.push('\n');
    }
    let section = |text: &mut String, title: &str, changes: &[&Change]| {
        if !changes.is_empty() {
            let _ = writeln!(text, "{bold}{title}{off}");
            changes.iter().for_each(|c| changed(text, "    ", c));
            text.push('\n');
        }
    };
    let of = |breaking: bool| -> Vec<&Change> {
        changes.records.iter().filter(|c| c.breaking == breaking).map(|c| &c.change).collect()
    };
    section(&mut text, "records and tables, breaking for those who deliver them", &of(true));
    section(&mut text, "records and tables", &of(false));
    section(&mut text, "sources", &changes.sources.iter().collect::<Vec<_>>());
    section(&mut text, "parameters", &changes.params.iter().collect::<Vec<_>>());
    section(&mut text, "metrics", &changes.metrics.iter().collect::<Vec<_>>());
    section(&mut text, "charter", &changes.charter.iter().collect::<Vec<_>>());
    section(&mut text, "time zone, fiscal year, business days", &changes.clock.iter().collect::<Vec<_>>());
    section(&mut text, "tests", &changes.tests.iter().collect::<Vec<_>>());
    let _ = writeln!(text, "{bold}{}{off}", summary(changes));
    text
}

/// `2 rules added, 1 stricter; 1 breaking change of records`
pub(crate) fn summary(changes: &Changes) -> String {
    let mut parts = Vec::new();
    let all = [
        Relation::Added,
        Relation::Removed,
        Relation::Stricter,
        Relation::Looser,
        Relation::Incomparable,
        Relation::AtLeastAsStrict,
        Relation::AtMostAsStrict,
        Relation::NotAnalysed,
        Relation::Same,
    ];
    for relation in all {
        let n = changes.rules.iter().filter(|c| c.relation == relation).count();
        if n > 0 {
            let what = if relation == Relation::Same { "reworded, renamed or relabelled" } else { relation.as_str() };
            parts.push(format!("{n} {what}"));
        }
    }
    let mut text = match parts.is_empty() {
        true => "no rule finds more or less".to_owned(),
        false => format!("rules: {}", parts.join(", ")),
    };
    let breaking = changes.records.iter().filter(|c| c.breaking).count();
    if breaking > 0 {
        text.push_str(&format!("; {} of records or tables", plural(breaking, "breaking change")));
    }
    text
}

fn heading(rule: &RuleChange) -> String {
    match &rule.renamed_from {
        Some(name) => format!("renamed from {name}"),
        None => rule.relation.as_str().to_owned(),
    }
}

fn changed(text: &mut String, indent: &str, change: &Change) {
    let _ = match (&change.old, &change.new) {
        (Some(old), Some(new)) if old.len() + new.len() < 60 => {
            writeln!(text, "{indent}{}: {} → {}", change.what, short(old), short(new))
        }
        (Some(old), Some(new)) => {
            writeln!(text, "{indent}{}\n{indent}  - {}\n{indent}  + {}", change.what, short(old), short(new))
        }
        (Some(old), None) => writeln!(text, "{indent}- {}: {}", change.what, short(old)),
        (None, Some(new)) => writeln!(text, "{indent}+ {}: {}", change.what, short(new)),
        (None, None) => Ok(()),
    };
}

fn short(text: &str) -> String {
    shorten(text, 200)
}

fn records(records: &[Value]) -> String {
    records.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")
}

pub(super) fn verdict(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("not judged", Verdict::as_str)
}

/// For a pull request's comment.
pub(crate) fn markdown(changes: &Changes) -> String {
    if changes.is_empty() {
        return "**No change in meaning.**\n".into();
    }
    let mut text = format!("**What changes in meaning:** {}\n\n", summary(changes));
    if !changes.rules.is_empty() {
        text.push_str("| rule | severity | | what changed |\n|---|---|---|---|\n");
        for rule in &changes.rules {
            let mut said: Vec<String> = rule.changes.iter().map(cell_of).collect();
            if let Some(Shown::By(witness)) = &rule.more {
                said.push(format!("found now: {}", code(&records(&witness.records))));
            }
            if let Some(Shown::By(witness)) = &rule.less {
                said.push(format!("no longer found: {}", code(&records(&witness.records))));
            }
            let _ = writeln!(
                text,
                "| {}<br>{} | {} | **{}** | {} |",
                code(&rule.rule),
                cell(&rule.title),
                rule.severity.as_str(),
                cell(&heading(rule)),
                said.join("<br>")
            );
        }
        text.push('\n');
    }
    let mut section = |title: &str, changes: Vec<&Change>| {
        if !changes.is_empty() {
            let _ = writeln!(text, "**{title}**\n");
            changes.into_iter().for_each(|c| {
                let _ = writeln!(text, "- {}", cell_of(c));
            });
            text.push('\n');
        }
    };
    let of = |breaking: bool| changes.records.iter().filter(|c| c.breaking == breaking).map(|c| &c.change).collect();
    section("Breaking for those who deliver records", of(true));
    section("Records and tables", of(false));
    section("Sources", changes.sources.iter().collect());
    section("Parameters", changes.params.iter().collect());
    section("Metrics", changes.metrics.iter().collect());
    section("Charter", changes.charter.iter().collect());
    section("Time zone, fiscal year, business days", changes.clock.iter().collect());
    section("Tests", changes.tests.iter().collect());
    text
}

fn cell_of(change: &Change) -> String {
    let what = cell(&change.what);
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{what}: {} → {}", code(&short(old)), code(&short(new))),
        (Some(old), None) => format!("{what}: {} taken out", code(&short(old))),
        (None, Some(new)) => format!("{what}: {} added", code(&short(new))),
        (None, None) => what,
    }
}

/// In a table's cell, whatever the text holds.
pub(crate) fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

/// As code within a cell: with more backticks around than there are inside.
pub(crate) fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    match longest {
        0 => format!("{fence}{line}{fence}"),
        _ => format!("{fence} {line} {fence}"),
    }
}

pub(crate) fn json(changes: &Changes) -> Value {
    let mut document = value!({ "schema": "bylaws.diff/1", "summary": summary(changes), "same": changes.is_empty() });
    if let (Some(document), Ok(Value::Object(parts))) = (document.as_object_mut(), serde_json::to_value(changes)) {
        document.extend(parts);
    }
    document
}
