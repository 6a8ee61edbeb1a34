//! What a run read and what came of it, in numbers.

use super::baseline::Compared;
use super::causes::Causes;
use super::waivers::{self, WaiverLine};
use super::{grouped, plural};
use crate::data::{Severity, Verdict};
use crate::eval::RuleCounts;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub inputs: Vec<InputLine>,
    pub kinds: Vec<KindLine>,
    /// Code and reason of each sort of rejected record: how many, and where the first is.
    pub rejected: BTreeMap<(String, String), (u64, String)>,
    /// What is wrong with tables and rates, by which look-ups and conversions are unknown.
    pub problems: Vec<ProblemLine>,
    /// Kinds that the policy does not declare.
    pub undeclared: BTreeMap<String, u64>,
    /// Records that none of an input's sources takes.
    pub unclaimed: u64,
    /// Fields that are close to a declared one: kind, field, meant.
    pub near_fields: Vec<(String, String, String)>,
    pub rules: Vec<RuleLine>,
    pub waivers: Vec<WaiverLine>,
    pub causes: Causes,
    /// `files` of sources that no file matched: source and glob.
    pub unmatched: Vec<(String, String)>,
    /// Sources whose `files` were not looked for, and the kind of each.
    pub passed_by: Vec<(String, String)>,
    pub bytes: u64,
    /// What `--as-of` was given.
    pub as_of: Option<String>,
    /// The fingerprint of the key by which people are called.
    pub pseudonyms: Option<String>,
    /// The baseline that was given, and how the run stands beside it.
    pub baseline: Option<(String, Compared)>,
    /// Never in a document for programs: two runs would differ.
    pub elapsed: Duration,
}

#[derive(Debug)]
pub(crate) struct InputLine {
    pub name: String,
    pub records: u64,
    pub rejected: u64,
}

#[derive(Debug)]
pub(crate) struct KindLine {
    pub name: String,
    pub table: bool,
    /// Rows that came in.
    pub read: u64,
    /// A rule reads it.
    pub used: bool,
    pub repeats: u64,
    pub conflicts: u64,
    pub after_as_of: u64,
}

#[derive(Debug)]
pub(crate) struct ProblemLine {
    pub code: &'static str,
    pub table: String,
    pub message: String,
    pub rows: Vec<RowLine>,
}

#[derive(Debug)]
pub(crate) struct RowLine {
    pub file: String,
    pub line: Option<u64>,
    pub identity: String,
}

#[derive(Clone, Debug)]
pub(crate) struct RuleLine {
    pub name: String,
    pub severity: Severity,
    pub counts: RuleCounts,
    /// Days since 1970 between which this wording is in force.
    pub effective: (Option<i32>, Option<i32>),
    /// There were records, and none of a day on which it is.
    pub never_in_force: bool,
}

impl Summary {
    pub fn rejected_count(&self) -> u64 {
        self.rejected.values().map(|(n, _)| n).sum()
    }

    pub fn count(&self, verdict: Verdict) -> u64 {
        self.rules.iter().map(|r| r.counts.of(verdict)).sum()
    }

    /// Rejected records, and indeterminate verdicts that no baseline knows.
    pub fn not_judged(&self) -> u64 {
        let indeterminate = match &self.baseline {
            Some((_, compared)) => compared.new_indeterminate,
            None => self.count(Verdict::Indeterminate),
        };
        self.rejected_count() + indeterminate
    }

    /// Findings of a rule, by its index in the plan, that no baseline knows.
    pub fn new_findings(&self, rule: usize) -> u64 {
        match &self.baseline {
            Some((_, compared)) => compared.new.get(rule).copied().unwrap_or_default(),
            None => self.rules[rule].counts.finding,
        }
    }

    /// The wordings of one rule together, under the gravest of their severities.
    fn by_name(&self) -> Vec<RuleLine> {
        let mut lines: Vec<RuleLine> = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            match lines.last_mut().filter(|l| l.name == rule.name) {
                Some(line) => {
                    line.severity = line.severity.max(rule.severity);
                    line.counts.add(&rule.counts);
                    line.effective.1 = rule.effective.1;
                    line.never_in_force &= rule.never_in_force;
                }
                None => lines.push(rule.clone()),
            }
        }
        lines
    }

    fn never_triggered(&self) -> Vec<String> {
        self.by_name().into_iter().filter(|r| r.counts.triggered() == 0).map(|r| r.name).collect()
    }

    /// Rules that were in force at the time of no record, and when they are.
    fn never_in_force(&self) -> Vec<(String, String)> {
        let rules = self.by_name().into_iter().filter(|r| r.never_in_force);
        rules.filter_map(|r| Some((r.name, super::entry::force(r.effective)?))).collect()
    }

    fn empty_inputs(&self) -> Vec<&str> {
        self.inputs.iter().filter(|i| i.records + i.rejected == 0).map(|i| i.name.as_str()).collect()
    }
}

/// For programs; the same for the same inputs.
pub(crate) fn json(summary: &Summary) -> Value {
    let mut document = json!({
        "inputs": summary.inputs.iter().map(|i| json!({
            "file": i.name, "records": i.records, "rejected": i.rejected,
        })).collect::<Vec<_>>(),
        "kinds": summary.kinds.iter().map(|k| json!({
            "kind": k.name, "read": k.read, "used": k.used, "repeats": k.repeats, "conflicts": k.conflicts,
            "after_as_of": k.after_as_of,
        })).collect::<Vec<_>>(),
        "rejected": summary.rejected.iter().map(|((code, reason), (count, first))| json!({
            "code": code, "reason": reason, "count": count, "first": first,
        })).collect::<Vec<_>>(),
        "data_problems": summary.problems.iter().map(|p| json!({
            "code": p.code, "table": p.table, "text": p.message,
            "rows": p.rows.iter().map(|r| json!({
                "file": r.file, "line": r.line, "identity": r.identity,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "not_declared": summary.undeclared,
        "taken_by_no_source": summary.unclaimed,
        "near_fields": summary.near_fields.iter().map(|(kind, field, meant)| json!({
            "kind": kind, "field": field, "meant": meant,
        })).collect::<Vec<_>>(),
        "rules": summary.by_name().iter().map(|r| json!({
            "rule": r.name, "severity": r.severity, "finding": r.counts.finding, "excepted": r.counts.excepted,
            "waived": r.counts.waived, "repeated": r.counts.repeated, "pending": r.counts.pending, "indeterminate": r.counts.indeterminate, "compliant": r.counts.compliant,
        })).collect::<Vec<_>>(),
        "waivers": waivers::summary(&summary.waivers),
        "never_triggered": summary.never_triggered(),
        "never_in_force": summary.never_in_force().iter().map(|(rule, when)| json!({
            "rule": rule, "in_force": when,
        })).collect::<Vec<_>>(),
        "empty_inputs": summary.empty_inputs(),
        "unmatched_files": summary.unmatched.iter().map(|(source, glob)| json!({
            "source": source, "files": glob,
        })).collect::<Vec<_>>(),
        "as_of": summary.as_of,
        "bytes": summary.bytes,
    });
    if let Some(key) = &summary.pseudonyms {
        document["pseudonyms"] = json!(key);
    }
    if let Some((_, compared)) = &summary.baseline {
        document["baseline"] = compared.json();
    }
    document
}

/// What was read, for people.
pub(crate) fn read(summary: &Summary) -> String {
    let mut text = String::new();
    records(summary, &mut text);
    rejected(summary, &mut text);
    notes(summary, &mut text);
    let _ = writeln!(text, "{}", rate(summary));
    text
}

/// What was read, for programs.
pub(crate) fn read_json(summary: &Summary) -> Value {
    let mut all = json(summary);
    if let Some(all) = all.as_object_mut() {
        ["rules", "waivers", "never_triggered", "never_in_force"].iter().for_each(|name| drop(all.remove(*name)));
    }
    all
}

/// For people.
pub(crate) fn human(summary: &Summary, color: bool) -> String {
    let (bold, off) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let mut text = String::new();
    records(summary, &mut text);
    rejected(summary, &mut text);
    problems(summary, &mut text);
    rules(summary, &mut text);
    summary.causes.write(&mut text);
    notes(summary, &mut text);
    if let Some((name, compared)) = &summary.baseline {
        text.push_str(&compared.text(name));
    }
    let _ = writeln!(text, "{bold}{}{off}", bottom_line(summary));
    let _ = writeln!(text, "{}", rate(summary));
    text
}

fn records(summary: &Summary, text: &mut String) {
    let rows: Vec<Vec<String>> = summary
        .kinds
        .iter()
        .filter(|k| k.read > 0)
        .map(|k| {
            let mut remarks = Vec::new();
            if k.table {
                remarks.push("table".to_owned());
            }
            if !k.used {
                remarks.push("read by no rule".to_owned());
            }
            if k.repeats > 0 {
                remarks.push(plural(k.repeats as usize, "repeat"));
            }
            if k.conflicts > 0 {
                remarks.push(format!("{} with repeats that differ", grouped(k.conflicts)));
            }
            if k.after_as_of > 0 {
                remarks.push(format!("{} after as_of, set aside", grouped(k.after_as_of)));
            }
            vec![k.name.clone(), grouped(k.read), remarks.join("; ")]
        })
        .collect();
    let _ = writeln!(text, "records");
    if rows.is_empty() {
        let _ = writeln!(text, "  none");
    }
    table(text, &rows, &[false, true, false]);
    for (name, count) in &summary.undeclared {
        let name = super::crop::plain(name);
        let _ = writeln!(text, "  not declared in the policy, not judged: `{name}`, {}", grouped(*count));
    }
    if summary.unclaimed > 0 {
        let _ = writeln!(text, "  taken by no source: {}", grouped(summary.unclaimed));
    }
    text.push('\n');
}

fn rejected(summary: &Summary, text: &mut String) {
    if summary.rejected.is_empty() {
        return;
    }
    let _ = writeln!(text, "rejected");
    let rows: Vec<Vec<String>> = summary
        .rejected
        .iter()
        .map(|((code, reason), (count, first))| {
            vec![grouped(*count), code.clone(), super::crop::plain(reason), format!("first at {first}")]
        })
        .collect();
    table(text, &rows, &[true, false, false, false]);
    text.push('\n');
}

/// What is wrong with the tables, and where: a row of it at most once a sentence.
fn problems(summary: &Summary, text: &mut String) {
    const SHOWN: usize = 20;
    const PLACES: usize = 4;
    if summary.problems.is_empty() {
        return;
    }
    let _ = writeln!(text, "data problems in tables and rates, by which verdicts may be indeterminate");
    for problem in summary.problems.iter().take(SHOWN) {
        let _ = writeln!(text, "  {}  {}", problem.code, super::crop::plain(&problem.message));
        let places = problem.rows.iter().take(PLACES).map(|r| match r.line {
            Some(line) => format!("{}:{line}", super::crop::plain(&r.file)),
            None => super::crop::plain(&r.identity),
        });
        let mut places = places.collect::<Vec<_>>().join(", ");
        if problem.rows.len() > PLACES {
            places.push_str(&format!(" and {} more", grouped((problem.rows.len() - PLACES) as u64)));
        }
        let _ = writeln!(text, "         {places}");
    }
    if summary.problems.len() > SHOWN {
        let more = grouped((summary.problems.len() - SHOWN) as u64);
        let _ = writeln!(text, "  and {more} more; `--format json` lists all");
    }
    text.push('\n');
}

fn rules(summary: &Summary, text: &mut String) {
    const SHOWN: usize = 60;
    // Few policies have waivers or `once per`: their columns are there where one applied.
    let rare = |v: Verdict| matches!(v, Verdict::Waived | Verdict::Repeated);
    let applied = |v: Verdict| summary.rules.iter().any(|r| r.counts.of(v) > 0);
    let verdicts: Vec<Verdict> = Verdict::ALL.into_iter().filter(|v| !rare(*v) || applied(*v)).collect();
    let titles = ["rule", "severity"].into_iter().chain(verdicts.iter().copied().map(Verdict::as_str));
    let mut rows: Vec<Vec<String>> = vec![titles.map(String::from).collect()];
    let by_name = summary.by_name();
    let mut lines: Vec<&RuleLine> = by_name.iter().filter(|r| r.counts.triggered() > 0).collect();
    if lines.is_empty() {
        return;
    }
    let quiet = |r: &&RuleLine| r.counts.compliant == r.counts.triggered();
    let mut hidden = 0;
    if lines.len() > SHOWN {
        hidden = lines.iter().filter(|r| quiet(r)).count();
        lines.retain(|r| !quiet(r));
    }
    lines.sort_by(|a, b| (b.severity, &a.name).cmp(&(a.severity, &b.name)));
    rows.extend(lines.iter().map(|r| {
        let counts = verdicts.iter().copied().map(|v| match r.counts.of(v) {
            0 => "-".to_owned(),
            n => grouped(n),
        });
        [r.name.clone(), r.severity.as_str().into()].into_iter().chain(counts).collect()
    }));
    let numbers: Vec<bool> = (0..rows[0].len()).map(|column| column >= 2).collect();
    table(text, &rows, &numbers);
    if hidden > 0 {
        let _ = writeln!(text, "  and {}, compliant throughout", plural(hidden, "rule"));
    }
    text.push('\n');
}

fn notes(summary: &Summary, text: &mut String) {
    let before = text.len();
    let mut list = |what: &str, names: Vec<String>| {
        if !names.is_empty() {
            let more = names.len().saturating_sub(12);
            let shown = names[..names.len() - more].join(", ");
            let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
            let _ = writeln!(text, "note: {what}: {shown}{more}");
        }
    };
    let quoted = |names: Vec<&str>| names.into_iter().map(|n| format!("`{n}`")).collect();
    let not_in_force = summary.never_in_force();
    let untriggered = summary.never_triggered();
    let untriggered =
        untriggered.iter().map(String::as_str).filter(|n| not_in_force.iter().all(|(other, _)| other != n));
    list("rules that no record triggered", quoted(untriggered.collect()));
    list(
        "rules that were not in force at the time of any record",
        not_in_force.iter().map(|(name, when)| format!("`{name}` ({when})")).collect(),
    );
    let unseen = summary.kinds.iter().filter(|k| k.used && k.read == 0).map(|k| k.name.as_str());
    list("records and tables that rules read, and of which there are none", quoted(unseen.collect()));
    let passed_by = |(source, kind): &(String, String)| {
        let unseen = summary.kinds.iter().any(|k| k.used && k.read == 0 && k.name == *kind);
        unseen.then(|| format!("`{source}` for `{kind}`; give it as `{source}=PATH`"))
    };
    list(
        "sources whose own files were not read, as records were named",
        summary.passed_by.iter().filter_map(passed_by).collect(),
    );
    list("inputs without a record", quoted(summary.empty_inputs()));
    list(
        "files of sources that match nothing",
        summary.unmatched.iter().map(|(source, glob)| format!("`{glob}` of {source}")).collect(),
    );
    list(
        "fields that are not declared, but close to one that is",
        summary
            .near_fields
            .iter()
            .map(|(kind, field, meant)| format!("`{}` in {kind} (`{meant}`?)", super::crop::plain(field)))
            .collect(),
    );
    for (what, names) in waivers::notes(&summary.waivers) {
        list(what, names);
    }
    if text.len() > before {
        text.push('\n');
    }
}

fn bottom_line(summary: &Summary) -> String {
    let findings = summary.count(Verdict::Finding);
    let by_severity: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter_map(|s| {
            let n: u64 = summary.rules.iter().filter(|r| r.severity == s).map(|r| r.counts.finding).sum();
            (n > 0).then(|| format!("{} {}", grouped(n), s.as_str()))
        })
        .collect();
    let mut parts = vec![match by_severity.is_empty() {
        true => "no findings".to_owned(),
        false => format!("{} ({})", plural(findings as usize, "finding"), by_severity.join(", ")),
    }];
    for verdict in [Verdict::Excepted, Verdict::Waived, Verdict::Repeated, Verdict::Pending, Verdict::Indeterminate] {
        match summary.count(verdict) {
            0 => {}
            n => parts.push(format!("{} {}", grouped(n), verdict.as_str())),
        }
    }
    match summary.rejected_count() {
        0 => {}
        n => parts.push(format!("{} rejected", grouped(n))),
    }
    parts.join(", ")
}

fn rate(summary: &Summary) -> String {
    let records: u64 = summary.kinds.iter().map(|k| k.read).sum();
    let seconds = summary.elapsed.as_secs_f64();
    let mut text = format!(
        "{}, {} in {seconds:.2} s",
        plural(records as usize, "record"),
        crate::data::display::rounded_bytes(summary.bytes as i64)
    );
    if seconds > 0.05 {
        let _ = write!(
            text,
            " ({} records/s, {:.0} MB/s)",
            grouped((records as f64 / seconds) as u64),
            summary.bytes as f64 / seconds / 1e6
        );
    }
    text
}

/// Columns in line; `right` says which are numbers.
pub(crate) fn table(text: &mut String, rows: &[Vec<String>], right: &[bool]) {
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..right.len()).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            let fill = " ".repeat(widths[i].saturating_sub(cell.chars().count()));
            match right[i] {
                true => line.push_str(&format!("  {fill}{cell}")),
                false => line.push_str(&format!("  {cell}{fill}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// What came of it, and how fast.
pub(crate) fn last_lines(summary: &Summary) -> String {
    format!("{}\n{}\n", bottom_line(summary), rate(summary))
}
