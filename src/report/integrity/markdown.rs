//! The report as Markdown: its tables, for a pull request, a wiki or a mail.

use super::{Naming, Report, Rule};
use crate::data::{Severity, Verdict};
use crate::report::{crop::plain, grouped, plural};
use std::fmt::Write;

/// Of the findings so many are listed; all are in the other forms.
const LISTED: usize = 50;

pub(crate) fn text(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", cell(&report.title));
    let _ = writeln!(out, "{}\n", under_title(report));
    figures(report, &mut out);
    since(report, &mut out);
    let names = ["info", "minor", "major", "critical"];
    let by_severity = |heading: &str, rows: &[(String, [u64; 4])], out: &mut String| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(out, "## Findings by {heading}\n\n| {heading} | critical | major | minor | info | all |");
        let _ = writeln!(out, "|---|{}", "--:|".repeat(names.len() + 1));
        for (name, n) in rows {
            let all: u64 = n.iter().sum();
            let counts = n.iter().rev().map(|n| number(*n)).collect::<Vec<_>>().join(" | ");
            let _ = writeln!(out, "| {} | {counts} | {} |", cell(name), grouped(all));
        }
        out.push('\n');
    };
    by_severity("month", &report.by_month(), &mut out);
    if let Some(group_by) = &report.group_by {
        let groups = report.by(|r| r.group.as_deref());
        let groups: Vec<_> = groups.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
        by_severity(group_by, &groups, &mut out);
    }
    rules(report, &mut out);
    required(report, &mut out);
    leaders(report, &mut out);
    metrics(report, &mut out);
    waivers(report, &mut out);
    findings(report, &mut out);
    data(report, &mut out);
    out
}

/// What is read, up to when, and how to take it.
pub(super) fn under_title(report: &Report) -> String {
    let days = match &report.days {
        Some((first, last)) => format!("Records from {first} to {last}. "),
        None => String::new(),
    };
    let people = match report.people {
        Naming::Pseudonyms => "People have other names here than in the records. ",
        Naming::Names => "People have the names that the records give them. ",
        Naming::Unmarked => "No field is marked as naming a person (@person): all values are as in the records. ",
    };
    format!("{days}{people}A finding is an allegation that records support, not a judgement: a person decides.")
}

fn figures(report: &Report, out: &mut String) {
    let _ = writeln!(out, "| | |\n|---|--:|");
    let found: usize = Severity::ALL.iter().map(|s| report.findings_of(*s)).sum();
    let _ = writeln!(out, "| **findings** | **{}** |", grouped(found as u64));
    for severity in Severity::ALL.into_iter().rev() {
        let _ = writeln!(out, "| {} | {} |", severity.as_str(), grouped(report.findings_of(severity) as u64));
    }
    for verdict in others(report) {
        let _ = writeln!(out, "| {} | {} |", verdict.as_str(), grouped(report.count(verdict)));
    }
    if report.rejected() > 0 {
        let _ = writeln!(out, "| rejected records | {} |", grouped(report.rejected()));
    }
    out.push('\n');
}

/// The verdicts beside findings that there are.
pub(super) fn others(report: &Report) -> impl Iterator<Item = Verdict> {
    let all = [
        Verdict::Indeterminate,
        Verdict::Pending,
        Verdict::Excepted,
        Verdict::Waived,
        Verdict::Repeated,
        Verdict::Compliant,
    ];
    all.into_iter().filter(|v| report.count(*v) > 0)
}

fn since(report: &Report, out: &mut String) {
    let Some(since) = &report.since else { return };
    let _ = writeln!(out, "## Since the earlier run\n");
    let (new, known) = (grouped(since.new as u64), grouped(since.known as u64));
    let gone = grouped(since.gone.len() as u64);
    let _ = writeln!(out, "Against {}: {new} new, {known} known, {gone} gone.\n", cell(&since.file));
}

fn rules(report: &Report, out: &mut String) {
    let _ = writeln!(out, "## Rules\n");
    let verdicts: Vec<Verdict> = std::iter::once(Verdict::Finding).chain(others(report)).collect();
    let heads: String = verdicts.iter().map(|v| format!(" {} |", v.as_str())).collect();
    let _ = writeln!(out, "| rule | severity |{heads}\n|---|---|{}", "--:|".repeat(verdicts.len()));
    for rule in report.rules.iter().filter(|r| r.verdicts.triggered() > 0) {
        let counts: String = verdicts.iter().map(|v| format!(" {} |", number(rule.verdicts.of(*v)))).collect();
        let _ = writeln!(out, "| {} | {} |{counts}", named(rule), rule.severity.as_str());
    }
    let idle: Vec<String> = idle(report).map(|r| format!("`{}`", r.name)).collect();
    if !idle.is_empty() {
        let _ = writeln!(out, "\nNo record triggered: {}.", idle.join(", "));
    }
    out.push('\n');
}

/// Rules that no record triggered.
pub(super) fn idle(report: &Report) -> impl Iterator<Item = &Rule> {
    report.rules.iter().filter(|r| r.verdicts.triggered() == 0)
}

fn named(rule: &Rule) -> String {
    if rule.title == rule.name {
        format!("`{}`", rule.name)
    } else {
        format!("{} (`{}`)", cell(&rule.title), rule.name)
    }
}

fn required(report: &Report, out: &mut String) {
    let with: Vec<&Rule> = requirements(report).collect();
    if with.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "## What is required\n\n| rule | within | met | missing or late | not over yet | undecided | excepted or waived |"
    );
    let _ = writeln!(out, "|---|---|--:|--:|--:|--:|--:|");
    for rule in with {
        let v = &rule.verdicts;
        let counts =
            [v.compliant, v.finding, v.pending, v.indeterminate, v.excepted + v.waived].map(number).join(" | ");
        let _ = writeln!(out, "| {} | {} | {counts} |", named(rule), rule.within.as_deref().unwrap_or_default());
    }
    out.push('\n');
}

pub(super) fn requirements(report: &Report) -> impl Iterator<Item = &Rule> {
    report.rules.iter().filter(|r| r.within.is_some() && r.verdicts.triggered() > 0)
}

fn leaders(report: &Report, out: &mut String) {
    if report.leaders.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "## Leaders\n\n| leader | {} | rule | findings | latest |",
        cell(report.group_by.as_deref().unwrap_or_default())
    );
    let _ = writeln!(out, "|---|---|---|--:|---|");
    for leader in &report.leaders {
        let (group, latest) = (leader.group.as_deref().unwrap_or(""), leader.latest.as_deref().unwrap_or(""));
        let (name, n) = (cell(&leader.name), grouped(leader.findings));
        let _ = writeln!(out, "| {name} | {} | `{}` | {n} | {latest} |", cell(group), leader.rule);
    }
    out.push('\n');
}

fn metrics(report: &Report, out: &mut String) {
    if !report.metrics.is_empty() {
        let _ = writeln!(out, "## Figures\n");
    }
    for metric in &report.metrics {
        let text = |name: &str| metric[name].as_str().unwrap_or_default();
        let _ = writeln!(out, "### {}\n", cell(text("title")));
        let keys: Vec<&str> = metric["per"].as_array().into_iter().flatten().filter_map(|k| k.as_str()).collect();
        let heads: String = keys.iter().map(|k| format!("{} | ", cell(k))).collect();
        let _ = writeln!(out, "| {heads}period | figure | |\n|{}---|--:|---|", "---|".repeat(keys.len()));
        for row in metric["rows"].as_array().into_iter().flatten() {
            let text = |name: &str| cell(row[name].as_str().unwrap_or_default());
            let of: String =
                keys.iter().map(|k| format!("{} | ", cell(row["keys"][k].as_str().unwrap_or_default()))).collect();
            let remarks: Vec<&str> =
                row["remarks"].as_array().into_iter().flatten().filter_map(|r| r.as_str()).collect();
            let _ = writeln!(out, "| {of}{} | {} | {} |", text("label"), text("text"), remarks.join(", "));
        }
        out.push('\n');
    }
}

fn waivers(report: &Report, out: &mut String) {
    if report.waivers.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "## Waivers\n\n| rule | from | until | approved by | reason | waived |\n|---|---|---|---|---|--:|"
    );
    for w in &report.waivers {
        let (by, reason) = (cell(&w.approved_by), cell(&w.reason));
        let _ = writeln!(out, "| `{}` | {} | {} | {by} | {reason} | {} |", w.rule, w.from, w.until, number(w.waived));
    }
    out.push('\n');
}

fn findings(report: &Report, out: &mut String) {
    let all = report.findings.iter().filter(|r| r.verdict == Verdict::Finding).count();
    if all == 0 {
        return;
    }
    let _ = writeln!(out, "## Findings\n\n| severity | time | who | rule | what | record |\n|---|---|---|---|---|---|");
    for row in report.findings.iter().filter(|r| r.verdict == Verdict::Finding).take(LISTED) {
        let new = if row.new { " **new**" } else { "" };
        let place = row.records.first().and_then(|r| r.place.as_deref()).unwrap_or_default();
        let time = row.time.as_deref().unwrap_or("not known");
        let (who, what) = (cell(row.subject.as_deref().unwrap_or_default()), cell(&row.message));
        let severity = row.severity.as_str();
        let _ = writeln!(out, "| {severity}{new} | {time} | {who} | `{}` | {what} | {} |", row.rule, cell(place));
    }
    if all > LISTED {
        let _ = writeln!(out, "\nAnd {} more.", plural(all - LISTED, "finding"));
    }
    out.push('\n');
}

fn data(report: &Report, out: &mut String) {
    let _ = writeln!(out, "## What was read\n\n| input | records | rejected |\n|---|--:|--:|");
    for (name, records, rejected) in &report.data.inputs {
        let _ = writeln!(out, "| {} | {} | {} |", cell(name), grouped(*records), number(*rejected));
    }
    out.push('\n');
    for (code, reason, n, first) in &report.data.rejected {
        let _ = writeln!(out, "- rejected, {code}: {} ({}, first at {})", cell(reason), grouped(*n), cell(first));
    }
    for (code, what) in &report.data.problems {
        let _ = writeln!(out, "- {code}: {}", cell(what));
    }
    for (n, what) in &report.data.causes {
        let _ = writeln!(out, "- leaves {} undecided: {}", plural(*n as usize, "verdict"), cell(what));
    }
    for kind in &report.data.unseen {
        let _ = writeln!(out, "- rules read `{kind}`, and there are none");
    }
    for (kind, n) in &report.data.undeclared {
        let _ = writeln!(out, "- not declared in the policy, not judged: `{}`, {}", cell(kind), grouped(*n));
    }
}

fn number(n: u64) -> String {
    if n == 0 { "-".into() } else { grouped(n) }
}

/// A text within a table.
fn cell(text: &str) -> String {
    let text = plain(text).replace('\n', " ");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}
