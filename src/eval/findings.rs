//! What a run found: columns of verdicts, with an explanation for each made on demand.

use crate::data::{ColumnId, KindId, Place, Verdict};
use crate::sema::hir::Times;
use crate::source::Span;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why one verdict is as it is: what reports show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rule's `because` with its places filled, or a standard sentence.
    pub message: String,
    /// The triggering record first (none for a row of `on each` that has no place), then the others that
    /// the verdict rests on, in time order.
    pub records: Vec<Arc<RecordRef>>,
    /// The parts of the rule that decided, in the rule's order.
    pub clauses: Vec<ClauseTrace>,
    pub windows: Vec<WindowTrace>,
    /// Of a sequence, in its order.
    pub steps: Vec<StepTrace>,
    /// Of a finding of a rule with `once per`, and of what is counted with one.
    pub once: Option<OnceTrace>,
    /// What was missing, malformed, or has yet to come.
    pub gaps: Vec<Gap>,
    /// The exception that applied.
    pub exception: Option<String>,
    /// The waiver that covers it: index into the rule's waivers.
    pub waiver: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordRef {
    pub kind: KindId,
    pub place: Option<Place>,
    /// The identity columns' values: `id = 16774`; a content hash where none is declared.
    pub identity: String,
    /// As a report shows it: `2025-12-01T09:00:00+08:00`, `2025-12-01`.
    pub time: Option<String>,
}

/// Three-valued truth; an unknown that only time can resolve is `Pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    True,
    False,
    Unknown,
    Pending,
}

/// A top-level condition of the rule (each side of a top-level `and` is one), and what it saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClauseTrace {
    pub role: ClauseRole,
    pub span: Span,
    pub truth: Truth,
    pub values: Vec<SeenValue>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClauseRole {
    Where,
    When,
    Unless(String),
    /// Index into the rule's waivers.
    Waiver(u32),
    Need,
    Limit,
    /// A step's own conditions, by its name.
    Step(String),
}

/// An operand of the clause with the value that it had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenValue {
    /// The operand in the rule's text.
    pub span: Span,
    /// As a report shows it; `absent`, `unknown`.
    pub value: String,
    /// Index into [`Explanation::records`] and the column, where it is a field of a record.
    pub field: Option<(usize, ColumnId)>,
}

/// The key and the period in which a finding is one, and what is counted with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnceTrace {
    /// The clause in the rule's text.
    pub span: Span,
    /// Key and value.
    pub keys: Vec<(String, String)>,
    /// First and last day of the period.
    pub from: String,
    pub until: String,
    /// Of a finding: how many more are counted with it.
    pub further: u64,
    /// Of one that is counted with another: that finding's id.
    pub counted_with: Option<[u8; 16]>,
}

/// A step of a sequence, and the records that it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTrace {
    pub name: String,
    /// The step in the rule's text.
    pub span: Span,
    pub kind: KindId,
    pub times: Times,
    /// Indices into [`Explanation::records`]; none of a step that says that there is none.
    pub records: Vec<usize>,
    /// Of a last step that says so: up to when there must be none.
    pub until: Option<String>,
}

/// What a history condition searched and found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowTrace {
    /// The condition in the rule's text.
    pub span: Span,
    pub kind: KindId,
    /// First and last moment, as a report shows them; none: unbounded.
    pub from: Option<String>,
    pub until: Option<String>,
    /// False for `(t - D, t]`.
    pub from_included: bool,
    /// Key and value: `actor`, `E1042`.
    pub keys: Vec<(String, String)>,
    /// How many records lay in the window with these keys and may count by themselves: for which the parts
    /// of the filter that read nothing else held, or could not be decided.
    pub searched: usize,
    /// At most the latest 200.
    pub contributions: Vec<Contribution>,
    /// The outcome as a report shows it: `550 CNY`, `none`.
    pub result: String,
    /// Of a median, whose records are not told one by one: over how many it is.
    pub median: Option<MedianTrace>,
}

/// Over how many different keys a median is; a record in doubt may make them more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MedianTrace {
    pub per: Vec<String>,
    pub least: usize,
    pub most: usize,
}

impl MedianTrace {
    /// `the median over 7 different values of actor`.
    pub fn phrase(&self) -> String {
        let number = match self.least == self.most {
            true => self.least.to_string(),
            false => format!("{} to {}", self.least, self.most),
        };
        let values = if self.most == 1 { "value" } else { "different values" };
        format!("the median over {number} {values} of {}", self.per.join(", "))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Index into [`Explanation::records`].
    pub record: usize,
    pub value: Option<String>,
    /// The aggregate after this record.
    pub running: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    pub why: GapReason,
    /// Index into [`Explanation::records`].
    pub record: Option<usize>,
    pub column: Option<ColumnId>,
    /// Where the rule needed it.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// A required field is not there.
    Missing,
    Malformed {
        found: String,
        expected: String,
    },
    /// Repeats of one record disagree on the field.
    Conflict {
        found: Vec<String>,
    },
    /// No row of the table has this key at that time.
    NoRow {
        table: KindId,
        key: String,
        at: Option<String>,
    },
    /// More than one row does.
    ManyRows {
        table: KindId,
        key: String,
        at: Option<String>,
    },
    /// The table's rows lead from these back to the first of them.
    Circle {
        table: KindId,
        keys: Vec<String>,
        at: Option<String>,
    },
    /// Whether a rule finds something is itself not decided.
    OpenFinding {
        rule: String,
        id: String,
    },
    /// Two currencies without a rate.
    Currencies {
        found: Vec<String>,
    },
    /// No rate brings an amount into the currency that it is compared with or added to.
    NoRate {
        from: String,
        to: String,
        /// Of the event.
        day: String,
        why: String,
    },
    /// The table that says on which days business is done does not say so of these.
    Calendar {
        table: Option<KindId>,
        day: String,
    },
    /// Division by zero, or a result too large to keep exactly.
    Arithmetic {
        what: String,
    },
    /// The record's own time is unknown, so no window can be laid.
    NoTime,
    /// The deadline, as a report shows it.
    NotYet {
        until: String,
    },
}

/// Counts for a summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleCounts {
    pub finding: u64,
    pub excepted: u64,
    pub waived: u64,
    pub repeated: u64,
    pub pending: u64,
    pub indeterminate: u64,
    pub compliant: u64,
}

impl RuleCounts {
    pub fn of(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Finding => self.finding,
            Verdict::Excepted => self.excepted,
            Verdict::Waived => self.waived,
            Verdict::Repeated => self.repeated,
            Verdict::Pending => self.pending,
            Verdict::Indeterminate => self.indeterminate,
            Verdict::Compliant => self.compliant,
        }
    }

    /// Adds those of another wording of the rule.
    pub fn add(&mut self, other: &RuleCounts) {
        self.finding += other.finding;
        self.excepted += other.excepted;
        self.waived += other.waived;
        self.repeated += other.repeated;
        self.pending += other.pending;
        self.indeterminate += other.indeterminate;
        self.compliant += other.compliant;
    }

    /// How many records triggered the rule.
    pub fn triggered(&self) -> u64 {
        Verdict::ALL.iter().map(|&v| self.of(v)).sum()
    }
}
