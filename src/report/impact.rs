//! What a change of policy does to records: verdicts of the same records under two policy sets.

use super::crop::plain;
use super::summary::table;
use super::{Context, Entry, grouped, plural};
use crate::data::{Severity, Verdict, identity};
use crate::eval::Findings;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

/// What a change means for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    Found,
    Cleared,
    Indeterminate,
    /// Pending, excepted, waived or repeated, where it was another of these or compliant.
    Other,
}

impl Effect {
    pub const ALL: [Effect; 4] = [Effect::Found, Effect::Cleared, Effect::Indeterminate, Effect::Other];

    fn as_str(self) -> &'static str {
        match self {
            Effect::Found => "newly found",
            Effect::Cleared => "cleared",
            Effect::Indeterminate => "now indeterminate",
            Effect::Other => "other",
        }
    }
}

/// A verdict that is another one now. None: compliant, or not judged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Case {
    pub effect: Effect,
    pub rule: String,
    pub severity: Severity,
    pub was: Option<Verdict>,
    pub is: Option<Verdict>,
    /// Kind and identity.
    pub record: String,
    pub place: Option<String>,
    pub subject: Option<String>,
    pub time: Option<String>,
    /// The rule's message; of what is cleared, what it was.
    pub message: String,
    /// In the run that has it.
    pub id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Impact {
    pub cases: Vec<Case>,
    /// Findings that are in both runs.
    pub unchanged: u64,
    /// Findings before and after.
    pub findings: (u64, u64),
    /// Records that could not be read before and after: what was found of one is not cleared by that.
    pub rejected: (u64, u64),
}

/// One run.
pub(crate) struct Run<'a> {
    pub context: Context<'a>,
    pub findings: &'a Findings,
    pub rejected: u64,
}

pub(crate) fn compare(old: &Run<'_>, new: &Run<'_>) -> Impact {
    let ids = |run: &Run<'_>| -> HashMap<[u8; 16], Verdict> {
        (0..run.findings.len()).map(|i| (run.findings.row(i).id, run.findings.verdicts()[i])).collect()
    };
    let (of_old, of_new) = (ids(old), ids(new));
    let count = |run: &Run<'_>| run.findings.verdicts().iter().filter(|v| **v == Verdict::Finding).count() as u64;
    let mut unchanged = 0;
    // What is the same needs no words; of all else, one key in both runs is one matter.
    let mut differing: BTreeMap<(String, String), (Option<Case>, Option<Case>)> = BTreeMap::new();
    for (run, other, is_new) in [(old, &of_new, false), (new, &of_old, true)] {
        for i in 0..run.findings.len() {
            let verdict = run.findings.verdicts()[i];
            if verdict == Verdict::Compliant {
                continue;
            }
            if other.get(&run.findings.row(i).id) == Some(&verdict) {
                unchanged += u64::from(is_new && verdict == Verdict::Finding);
                continue;
            }
            let case = case(run, i);
            // At a period's end one row of a table is judged many times.
            let key = (case.rule.clone(), format!("{} {:?}", case.record, case.time));
            let pair = differing.entry(key).or_default();
            *if is_new { &mut pair.1 } else { &mut pair.0 } = Some(case);
        }
    }
    let cases = differing.into_values().filter_map(|(was, is)| {
        let before = was.as_ref().and_then(|c| c.is);
        let after = is.as_ref().and_then(|c| c.is);
        let effect = match (before, after) {
            // A revised wording: the finding has another id.
            (Some(Verdict::Finding), Some(Verdict::Finding)) => {
                unchanged += 1;
                return None;
            }
            (_, Some(Verdict::Finding)) => Effect::Found,
            (_, Some(Verdict::Indeterminate)) => Effect::Indeterminate,
            (Some(Verdict::Finding), _) => Effect::Cleared,
            (a, b) if a == b => return None,
            _ => Effect::Other,
        };
        Some(Case { effect, was: before, is: after, ..is.or(was)? })
    });
    let mut cases: Vec<Case> = cases.collect();
    cases.sort_by(|a, b| {
        (a.effect, b.severity, &a.rule, &a.time, &a.record).cmp(&(b.effect, a.severity, &b.rule, &b.time, &b.record))
    });
    Impact { cases, unchanged, findings: (count(old), count(new)), rejected: (old.rejected, new.rejected) }
}

fn case(run: &Run<'_>, i: usize) -> Case {
    let entry = Entry::of(run.findings, i);
    let record = entry.why.records.first();
    let message = match entry.why.message.is_empty() {
        true => entry.rule().title.clone(),
        false => entry.why.message.clone(),
    };
    Case {
        effect: Effect::Other,
        rule: entry.rule().name.clone(),
        severity: entry.rule().severity,
        was: None,
        is: Some(entry.verdict()),
        record: record.map_or_else(String::new, |r| run.context.name(r)),
        place: record.and_then(|r| run.context.place(r)),
        subject: entry.row.subject.map(str::to_owned),
        time: entry.time.clone(),
        message,
        id: identity::hex(&entry.row.id),
    }
}

impl Impact {
    fn count(&self, effect: Effect) -> usize {
        self.cases.iter().filter(|c| c.effect == effect).count()
    }

    /// `finds 12 more and 3 less`
    pub fn summary(&self) -> String {
        let mut text = match (self.count(Effect::Found), self.count(Effect::Cleared)) {
            (0, 0) => "the same findings".to_owned(),
            (more, less) => format!("{} newly found, {} cleared", grouped(more as u64), grouped(less as u64)),
        };
        for (effect, what) in [(Effect::Indeterminate, "now indeterminate"), (Effect::Other, "changed otherwise")] {
            match self.count(effect) {
                0 => {}
                n => {
                    let _ = write!(text, ", {} {what}", grouped(n as u64));
                }
            }
        }
        let _ = write!(text, "; {} as before", plural(self.unchanged as usize, "finding"));
        if self.rejected != (0, 0) {
            let (was, is) = (grouped(self.rejected.0), grouped(self.rejected.1));
            let _ = write!(text, "; records rejected, and so not judged: {was} before, {is} now");
        }
        text
    }

    /// Rule, severity, how many of each effect, and how many people.
    fn by_rule(&self) -> Vec<(String, Severity, [usize; 4], usize)> {
        let mut rules: BTreeMap<&str, (Severity, [usize; 4], BTreeSet<&str>)> = BTreeMap::new();
        for case in &self.cases {
            let line = rules.entry(&case.rule).or_insert((case.severity, [0; 4], BTreeSet::new()));
            line.0 = line.0.max(case.severity);
            line.1[case.effect as usize] += 1;
            line.2.extend(case.subject.as_deref());
        }
        let mut lines: Vec<_> =
            rules.into_iter().map(|(rule, (s, counts, people))| (rule.to_owned(), s, counts, people.len())).collect();
        lines.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        lines
    }

    /// `2025-03`, and how many of each effect.
    fn by_month(&self) -> Vec<(String, [usize; 4])> {
        let mut months: BTreeMap<String, [usize; 4]> = BTreeMap::new();
        for case in &self.cases {
            let month = case.time.as_deref().and_then(|t| t.get(..7)).unwrap_or("unknown");
            months.entry(month.to_owned()).or_default()[case.effect as usize] += 1;
        }
        months.into_iter().collect()
    }

    fn by_severity(&self) -> Vec<(Severity, [usize; 4])> {
        let mut lines: BTreeMap<Severity, [usize; 4]> = BTreeMap::new();
        for case in &self.cases {
            lines.entry(case.severity).or_default()[case.effect as usize] += 1;
        }
        lines.into_iter().rev().collect()
    }

    /// Everyone whom something changes for.
    fn people(&self) -> usize {
        self.cases.iter().filter_map(|c| c.subject.as_deref()).collect::<BTreeSet<_>>().len()
    }

    /// The first of each rule and effect.
    fn examples(&self, most: usize) -> Vec<&Case> {
        let mut seen: BTreeMap<(Effect, &str), usize> = BTreeMap::new();
        let mut few = Vec::new();
        for case in &self.cases {
            let n = seen.entry((case.effect, case.rule.as_str())).or_default();
            *n += 1;
            if *n <= most {
                few.push(case);
            }
        }
        few
    }
}

fn cells(counts: &[usize; 4]) -> impl Iterator<Item = String> {
    counts.iter().map(|n| if *n == 0 { "-".to_owned() } else { grouped(*n as u64) })
}

fn verdict(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("compliant or not judged", Verdict::as_str)
}

pub(crate) fn human(impact: &Impact, examples: usize, color: bool) -> String {
    let (bold, off) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let mut text = String::new();
    for case in impact.examples(examples) {
        let mut about: Vec<String> = Vec::new();
        about.extend(case.subject.as_deref().map(plain));
        about.push(plain(&case.record));
        about.extend(case.time.clone());
        about.extend(case.place.clone());
        let _ = writeln!(text, "{bold}{}{off} · {}  {}", case.effect.as_str(), case.rule, about.join(", "));
        let _ = writeln!(text, "    was {}, is {}: {}", verdict(case.was), verdict(case.is), plain(&case.message));
    }
    if !impact.cases.is_empty() {
        let shown = impact.examples(examples).len();
        if shown < impact.cases.len() {
            let more = grouped((impact.cases.len() - shown) as u64);
            let _ = writeln!(text, "… and {more} more (see --examples, --format json)");
        }
        text.push('\n');
        let effects = Effect::ALL.iter().map(|e| e.as_str().to_owned());
        let head = |first: &[&str]| first.iter().map(|s| (*s).to_owned()).chain(effects.clone()).collect::<Vec<_>>();
        let mut rows = vec![head(&["rule", "severity"])];
        rows[0].push("people".into());
        for (rule, severity, counts, people) in impact.by_rule() {
            let mut row = vec![rule, severity.as_str().to_owned()];
            row.extend(cells(&counts));
            row.push(grouped(people as u64));
            rows.push(row);
        }
        table(&mut text, &rows, &[false, false, true, true, true, true, true]);
        text.push('\n');
        let mut rows = vec![head(&["month"])];
        rows.extend(impact.by_month().into_iter().map(|(month, n)| [month].into_iter().chain(cells(&n)).collect()));
        table(&mut text, &rows, &[false, true, true, true, true]);
        text.push('\n');
    }
    let people = match impact.people() {
        0 => String::new(),
        n => format!(", for {}", if n == 1 { "1 person".into() } else { format!("{} people", grouped(n as u64)) }),
    };
    let _ = writeln!(text, "{bold}{}{people}{off}", impact.summary());
    text
}

/// For a pull request's comment: how many people, and nobody's name.
pub(crate) fn markdown(impact: &Impact, examples: usize, cell: &dyn Fn(&str) -> String) -> String {
    let people = impact.people();
    let mut text = format!("**What it does to the records:** {}", impact.summary());
    if people > 0 {
        let _ = write!(text, ", for {} {}", grouped(people as u64), if people == 1 { "person" } else { "people" });
    }
    text.push_str(".\n");
    if impact.cases.is_empty() {
        return text;
    }
    let row = |text: &mut String, first: &[String], counts: &[usize; 4], last: &[String]| {
        let all: Vec<String> = first.iter().cloned().chain(cells(counts)).chain(last.iter().cloned()).collect();
        let _ = writeln!(text, "| {} |", all.join(" | "));
    };
    text.push_str("\n| rule | severity | newly found | cleared | now indeterminate | other | people |\n|---|---|--:|--:|--:|--:|--:|\n");
    for (rule, severity, counts, people) in impact.by_rule() {
        row(&mut text, &[format!("`{rule}`"), severity.as_str().into()], &counts, &[grouped(people as u64)]);
    }
    text.push_str("\n| month | newly found | cleared | now indeterminate | other |\n|---|--:|--:|--:|--:|\n");
    for (month, counts) in impact.by_month() {
        row(&mut text, &[month], &counts, &[]);
    }
    if examples > 0 {
        text.push_str("\n<details><summary>Examples</summary>\n\n");
        for case in impact.examples(examples) {
            let place = case.place.as_deref().map_or(String::new(), |p| format!(" ({})", cell(p)));
            let time = case.time.as_deref().map_or(String::new(), |t| format!(", {t}"));
            let _ = writeln!(
                text,
                "- {}: `{}`, {}{time}{place}: was {}, is {}",
                case.effect.as_str(),
                case.rule,
                cell(&case.record),
                verdict(case.was),
                verdict(case.is)
            );
        }
        text.push_str("\n</details>\n");
    }
    text
}

pub(crate) fn json(impact: &Impact) -> serde_json::Value {
    let counts =
        |n: &[usize; 4]| serde_json::json!({ "found": n[0], "cleared": n[1], "indeterminate": n[2], "other": n[3] });
    serde_json::json!({
        "schema": "bylaws.impact/1",
        "findings_before": impact.findings.0,
        "findings_after": impact.findings.1,
        "rejected_before": impact.rejected.0,
        "rejected_after": impact.rejected.1,
        "unchanged": impact.unchanged,
        "people": impact.people(),
        "by_rule": impact.by_rule().iter().map(|(rule, severity, n, people)| serde_json::json!({
            "rule": rule, "severity": severity, "counts": counts(n), "people": people,
        })).collect::<Vec<_>>(),
        "by_severity": impact.by_severity().iter().map(|(severity, n)| serde_json::json!({
            "severity": severity, "counts": counts(n),
        })).collect::<Vec<_>>(),
        "by_month": impact.by_month().iter().map(|(month, n)| serde_json::json!({
            "month": month, "counts": counts(n),
        })).collect::<Vec<_>>(),
        "cases": impact.cases,
    })
}
