//! What a rule says of a record, and how grave that is.

use serde::{Deserialize, Serialize};

/// Every rule on every record that triggers it ends in one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Compliant,
    /// An allegation supported by records; a person decides.
    Finding,
    /// It would be a finding, but a named exception applies.
    Excepted,
    /// It would be a finding, but a waiver covers it: granted for a subject and a time, by a named person.
    Waived,
    /// It would be a finding, but `once per` counts it with an earlier one.
    Repeated,
    /// A deadline has not come yet.
    Pending,
    /// Data was missing or malformed where it mattered.
    Indeterminate,
}

impl Verdict {
    pub const ALL: [Verdict; 7] = [
        Verdict::Finding,
        Verdict::Excepted,
        Verdict::Waived,
        Verdict::Repeated,
        Verdict::Pending,
        Verdict::Indeterminate,
        Verdict::Compliant,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Compliant => "compliant",
            Verdict::Finding => "finding",
            Verdict::Excepted => "excepted",
            Verdict::Waived => "waived",
            Verdict::Repeated => "repeated",
            Verdict::Pending => "pending",
            Verdict::Indeterminate => "indeterminate",
        }
    }
}

/// Ordered: `info < minor < major < critical`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    #[default]
    Info,
    Minor,
    Major,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 4] = [Severity::Info, Severity::Minor, Severity::Major, Severity::Critical];

    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Minor => "minor",
            Severity::Major => "major",
            Severity::Critical => "critical",
        }
    }
}

impl std::str::FromStr for Severity {
    type Err = ();
    fn from_str(text: &str) -> Result<Severity, ()> {
        Severity::ALL.into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}
