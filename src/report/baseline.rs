//! What is known already: findings of an earlier run that no longer gate.
//!
//! A finding is told by its id, which is made of the rule, its wording and the record, so that neither moved lines nor
//! files in another order make a known one new. The file has a line for each, in order, so that changes of it can be
//! read and merged. No person's name is written into it, but where a record's identity is one.

use super::entry::Context;
use crate::data::{Severity, Verdict, identity};
use crate::eval::Findings;
use crate::report::Entry;
use crate::report::exchange::Standing;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Result, Write};

const SCHEMA: &str = "bylaws.baseline/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    /// `finding` or `indeterminate`.
    pub verdict: Verdict,
    /// `gift id = 16774`
    pub record: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    #[serde(default)]
    pseudonyms: Option<String>,
    known: Vec<Line>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    /// The fingerprint of the key by which people are called in it.
    pub pseudonyms: Option<String>,
    lines: BTreeMap<(String, Verdict), Line>,
}

/// A run beside a baseline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compared {
    /// By the findings' own order.
    pub standings: Vec<Option<Standing>>,
    pub gone: Vec<Line>,
    /// Of each rule of the plan, how many findings are new.
    pub new: Vec<u64>,
    pub new_indeterminate: u64,
    /// Findings, and indeterminate verdicts.
    pub known: [u64; 2],
}

impl Baseline {
    /// # Errors
    /// Why the text is no baseline, with its line.
    pub fn read(text: &str) -> std::result::Result<Baseline, String> {
        let document: Document = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if document.schema != SCHEMA {
            return Err(format!("it is of the schema `{}`; this version reads `{SCHEMA}`", document.schema));
        }
        let told = |line: &Line| matches!(line.verdict, Verdict::Finding | Verdict::Indeterminate);
        if let Some(other) = document.known.iter().find(|l| !told(l)) {
            return Err(format!(
                "{} is `{}`; a baseline has findings and indeterminate verdicts",
                other.id,
                other.verdict.as_str()
            ));
        }
        let pseudonyms = document.pseudonyms;
        Ok(Baseline { pseudonyms, lines: document.known.into_iter().map(|l| ((l.id.clone(), l.verdict), l)).collect() })
    }

    /// What a run found.
    pub fn of(context: &Context, findings: &Findings) -> Baseline {
        let told = |i: &usize| matches!(findings.verdicts()[*i], Verdict::Finding | Verdict::Indeterminate);
        let line = |i: usize| {
            let entry = Entry::of(findings, i);
            let line = Line {
                id: entry.id(),
                rule: entry.rule().name.clone(),
                severity: entry.rule().severity,
                verdict: entry.verdict(),
                record: entry.why.records.first().map_or_else(String::new, |r| context.name(r)),
            };
            ((line.id.clone(), line.verdict), line)
        };
        let pseudonyms = findings.people().fingerprint();
        Baseline { pseudonyms, lines: (0..findings.len()).filter(told).map(line).collect() }
    }

    pub fn write(&self, out: &mut dyn Write) -> Result<()> {
        let mut lines: Vec<&Line> = self.lines.values().collect();
        lines.sort_by(|a, b| (&a.rule, &a.record, &a.id).cmp(&(&b.rule, &b.record, &b.id)));
        write!(out, "{{\n\"schema\": \"{SCHEMA}\",\n")?;
        if let Some(key) = &self.pseudonyms {
            writeln!(out, "\"pseudonyms\": \"{key}\",")?;
        }
        write!(out, "\"known\": [")?;
        for (i, line) in lines.into_iter().enumerate() {
            out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, line)?;
        }
        out.write_all(b"\n]\n}\n")
    }

    pub fn compare(&self, findings: &Findings) -> Compared {
        let mut compared = Compared { new: vec![0; findings.plan().rules.len()], ..Compared::default() };
        let mut seen = BTreeSet::new();
        for (i, &verdict) in findings.verdicts().iter().enumerate() {
            let place = match verdict {
                Verdict::Finding => 0,
                Verdict::Indeterminate => 1,
                _ => {
                    compared.standings.push(None);
                    continue;
                }
            };
            let row = findings.row(i);
            let key = (identity::hex(&row.id), verdict);
            let known = self.lines.contains_key(&key);
            match (known, verdict) {
                (true, _) => {
                    compared.known[place] += 1;
                    seen.insert(key);
                }
                (false, Verdict::Finding) => compared.new[row.rule_index] += 1,
                (false, _) => compared.new_indeterminate += 1,
            }
            compared.standings.push(Some(if known { Standing::Known } else { Standing::New }));
        }
        compared.gone = self.lines.iter().filter(|(key, _)| !seen.contains(key)).map(|(_, l)| l.clone()).collect();
        compared.gone.sort_by(|a, b| (b.severity, &a.rule, &a.record).cmp(&(a.severity, &b.rule, &b.record)));
        compared
    }

    /// How many lines of this one the other lacks.
    pub fn beyond(&self, other: &Baseline) -> usize {
        self.lines.keys().filter(|key| !other.lines.contains_key(key)).count()
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }
}

impl Compared {
    /// For people, below a summary.
    pub fn text(&self, name: &str) -> String {
        const SHOWN: usize = 12;
        let new = self.new.iter().sum::<u64>();
        let part = |n: u64, what: &str| format!("{} {what}", super::grouped(n));
        let mut text = format!("beside the baseline {name}\n");
        let mut counts = vec![
            part(new, if new == 1 { "new finding" } else { "new findings" }),
            part(self.known[0], "known"),
            part(self.gone.len() as u64, "gone"),
        ];
        if self.new_indeterminate + self.known[1] > 0 {
            counts.push(format!("indeterminate: {} new, {} known", self.new_indeterminate, self.known[1]));
        }
        text.push_str(&format!("  {}\n", counts.join(", ")));
        for line in self.gone.iter().take(SHOWN) {
            let what = if line.verdict == Verdict::Indeterminate { "indeterminate" } else { line.severity.as_str() };
            let record = super::crop::plain(&line.record);
            text.push_str(&format!("  gone: {what} {} at {record} ({})\n", line.rule, line.id));
        }
        if self.gone.len() > SHOWN {
            let more = super::grouped((self.gone.len() - SHOWN) as u64);
            text.push_str(&format!("  and {more} more are gone; `--format json` lists all\n"));
        }
        if !self.gone.is_empty() {
            text.push_str("  `--update-baseline` takes out what is gone, and takes in what is new\n");
        }
        text.push('\n');
        text
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "new": self.new.iter().sum::<u64>(), "known": self.known[0],
            "new_indeterminate": self.new_indeterminate, "known_indeterminate": self.known[1],
            "gone": self.gone,
        })
    }
}
