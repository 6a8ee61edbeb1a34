//! What a run came to, in the forms that other programs read: code hosts, CI servers, test harnesses, data tools.
//!
//! Every form is written from [`Notice`]s, which diagnostics, tests and verdicts all become. A form is a head, a piece
//! for each notice, and a foot, so that an audit's pieces can be made on all threads while those before are written.

mod csv;
mod diagnostics;
mod gitlab;
mod junit;
mod ocsf;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "parquet_left_out.rs"]
mod parquet;
mod sarif;
mod step;
mod table;
mod tap;
mod verdicts;

pub(crate) use diagnostics::{hex, of_diagnostics, place, rule};
pub(crate) use parquet::Sheet;
pub(crate) use table::rows;
pub(crate) use verdicts::{of_entry, of_gone, outcome, rules};

use crate::data::Severity;
use std::io::{Result, Write};

/// A form for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// SARIF 2.1.0 (OASIS), for code hosts and viewers.
    Sarif,
    /// JUnit XML, for CI servers.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Logging commands of Azure Pipelines.
    Azure,
    /// GitLab's Code Quality report.
    Gitlab,
    /// Test Anything Protocol, version 14.
    Tap,
    /// RFC 4180, a line a notice.
    Csv,
    /// Compliance Findings of the Open Cybersecurity Schema Framework 1.6, one JSON object a line.
    Ocsf,
}

/// What stands behind notices: a rule of the policy set, or a code of the checker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    /// `big_gift`, `B0203`.
    pub id: String,
    pub title: String,
    /// In Markdown.
    pub page: String,
    pub grade: Option<Severity>,
    pub cite: Option<String>,
    pub policy: Option<String>,
    pub consequence: Option<String>,
    /// Where it is declared.
    pub place: Option<Place>,
    /// What it was applied to, and on how much of that it says nothing.
    pub passed: Option<u64>,
}

/// A line in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub file: String,
    /// From 1.
    pub line: u64,
    /// From 1, in characters.
    pub column: Option<u64>,
    /// Line and column behind the last character.
    pub end: Option<(u64, u64)>,
    /// From 0, where no column is known.
    pub offset: Option<u64>,
}

/// What became of something that was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A finding, an error, a failed test.
    #[default]
    Found,
    /// Data was missing or malformed where it mattered.
    Indeterminate,
    Pending,
    /// It would be a finding, but an exception of the rule applies.
    Excepted,
    /// It would be a finding, but a waiver covers it.
    Waived,
    /// Counted with another finding.
    Repeated,
    /// A test that passed.
    Passed,
}

/// Beside a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    New,
    Known,
    /// The baseline knows it, and it was not found again.
    Gone,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::New => "new",
            Standing::Known => "known",
            Standing::Gone => "gone",
        }
    }
}

/// A change of a file that would mend it.
#[derive(Clone, Debug)]
pub(crate) struct Mend {
    pub title: String,
    pub place: Place,
    pub replacement: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Notice {
    /// Index into [`Run::rules`].
    pub rule: usize,
    pub outcome: Outcome,
    pub grade: Severity,
    /// What it is about, on one line: the subject and record, the test's title; empty where the message says it.
    pub about: String,
    pub message: String,
    pub help: Option<String>,
    /// The first is where it is; the others are more of the same.
    pub places: Vec<Place>,
    /// What else it rests on.
    pub related: Vec<(Place, String)>,
    /// The same for the same matter in every run, wherever its lines have moved.
    pub id: String,
    pub subject: Option<String>,
    /// As reports show it, and nanoseconds since 1970.
    pub time: Option<(String, Option<i64>)>,
    /// Why it is not held to be a finding: the exception, or who waived it and why.
    pub because: Option<String>,
    /// The date from which the rule's wording is in force, or `1`.
    pub revision: Option<String>,
    /// Kind and identity of the records that it rests on.
    pub records: Vec<(String, String)>,
    pub mends: Vec<Mend>,
    /// None where there is no baseline.
    pub standing: Option<Standing>,
}

/// One run of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// `check`, `lint`, `test`, `audit`.
    pub command: &'static str,
    pub rules: Vec<Rule>,
    /// How many notices of each outcome there will be, by [`Outcome`].
    pub totals: Vec<(Outcome, u64)>,
    /// Of those that are found or indeterminate, how many a baseline knows.
    pub known: [u64; 2],
    /// What could not be done: files that cannot be read, records that were rejected.
    pub troubles: Vec<String>,
}

impl Run {
    pub fn total(&self, outcome: Outcome) -> u64 {
        self.totals.iter().filter(|(o, _)| *o == outcome).map(|(_, n)| n).sum()
    }

    /// How many call for attention: found, and indeterminate.
    pub fn calling(&self) -> [u64; 2] {
        [
            self.total(Outcome::Found).saturating_sub(self.known[0]),
            self.total(Outcome::Indeterminate).saturating_sub(self.known[1]),
        ]
    }

    /// Rules that were applied and say nothing.
    fn silent(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|r| r.passed.is_some())
    }
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Found => "finding",
            Outcome::Indeterminate => "indeterminate",
            Outcome::Pending => "pending",
            Outcome::Excepted => "excepted",
            Outcome::Waived => "waived",
            Outcome::Repeated => "repeated",
            Outcome::Passed => "passed",
        }
    }

    /// It asks for somebody's attention.
    fn calls(self) -> bool {
        matches!(self, Outcome::Found | Outcome::Indeterminate)
    }
}

impl Notice {
    /// It asks for somebody's attention now.
    fn calls(&self) -> bool {
        self.outcome.calls() && matches!(self.standing, None | Some(Standing::New))
    }

    /// Why nobody has to look at it: what is kept, suspended or known.
    fn excuse(&self) -> String {
        let because = self.because.as_deref().unwrap_or(&self.message);
        match self.standing {
            Some(Standing::Known | Standing::Gone) if self.outcome.calls() => format!("known: {}", self.message),
            _ if because.starts_with(self.outcome.as_str()) => because.to_owned(),
            _ => format!("{}: {because}", self.outcome.as_str()),
        }
    }

    /// The message on one line, with what it is about.
    fn line(&self) -> String {
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        match self.about.is_empty() {
            true => message,
            false => format!("{}: {message}", self.about),
        }
    }

    /// All that is to be said, on lines.
    fn text(&self) -> String {
        let mut text = match self.about.is_empty() {
            true => self.message.clone(),
            false => format!("{}: {}", self.about, self.message),
        };
        if let Some(help) = &self.help {
            text.push_str(&format!("\n{help}"));
        }
        text
    }

    fn place(&self) -> Option<&Place> {
        self.places.first()
    }
}

impl Form {
    pub fn head(self, run: &Run, out: &mut dyn Write) -> Result<()> {
        match self {
            Form::Sarif => sarif::head(out),
            Form::Junit => junit::head(run, out),
            Form::Gitlab => out.write_all(b"["),
            Form::Tap => out.write_all(b"TAP version 14\n"),
            Form::Csv => csv::head(out),
            Form::Github | Form::Azure | Form::Ocsf => Ok(()),
        }
    }

    /// What stands between two pieces.
    pub fn between(self) -> &'static [u8] {
        match self {
            Form::Sarif | Form::Gitlab => b",\n",
            _ => b"",
        }
    }

    /// One notice, the `n`th from 0 of those that the form [has](Form::has).
    pub fn piece(self, run: &Run, notice: &Notice, n: usize, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Form::Sarif => sarif::piece(run, notice, out),
            Form::Junit => junit::piece(run, notice, out),
            Form::Github => step::github(run, notice, out),
            Form::Azure => step::azure(run, notice, out),
            Form::Gitlab => gitlab::piece(run, notice, out),
            Form::Tap => tap::piece(run, notice, n, out),
            Form::Csv => csv::piece(run, notice, out),
            Form::Ocsf => ocsf::piece(run, notice, out),
        }
    }

    /// `count` pieces stand before.
    pub fn foot(self, run: &Run, count: usize, out: &mut dyn Write) -> Result<()> {
        match self {
            Form::Sarif => sarif::foot(run, out),
            Form::Junit => junit::foot(run, out),
            Form::Gitlab => out.write_all(b"]\n"),
            Form::Tap => tap::foot(run, count, out),
            Form::Github | Form::Azure => step::foot(self, run, out),
            Form::Csv | Form::Ocsf => Ok(()),
        }
    }

    /// Whether the form has a place for it. What nobody has to look at is no annotation; GitLab compares for itself.
    pub fn has(self, outcome: Outcome, standing: Option<Standing>) -> bool {
        match self {
            Form::Github | Form::Azure => outcome.calls() && matches!(standing, None | Some(Standing::New)),
            Form::Gitlab => outcome.calls() && standing != Some(Standing::Gone),
            Form::Sarif => outcome != Outcome::Passed,
            Form::Csv => true,
            Form::Junit | Form::Tap | Form::Ocsf => standing != Some(Standing::Gone),
        }
    }
}

/// All of it, where all notices are there.
pub(crate) fn write(form: Form, run: &Run, notices: &[Notice], out: &mut dyn Write) -> Result<()> {
    form.head(run, out)?;
    let mut piece = Vec::new();
    let mut count = 0;
    for notice in notices.iter().filter(|n| form.has(n.outcome, n.standing)) {
        if count > 0 {
            out.write_all(form.between())?;
        }
        piece.clear();
        form.piece(run, notice, count, &mut piece)?;
        out.write_all(&piece)?;
        count += 1;
    }
    form.foot(run, count, out)
}

/// A path as the reference of a URI (RFC 3986): `data/my%20log.ndjson`.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::with_capacity(path.len());
    let bytes = path.as_bytes();
    let drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'/';
    if drive {
        uri.push_str("file:///");
    } else if path.starts_with('/') {
        uri.push_str("file://");
    }
    for (i, &byte) in bytes.iter().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) || drive && i == 1;
        match plain {
            true => uri.push(byte as char),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
