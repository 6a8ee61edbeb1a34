//! How the rules of one policy set stand to each other.
//!
//! Rules that the same records trigger are compared as formulas ([`super::formula`]). Most pairs are told apart by
//! records: for each rule some are made that it finds, and all rules judge them. What is left is proved, or shown by a
//! record that the evaluator confirms; what is neither is not claimed.

mod asked;
mod contradict;
mod pairs;
mod samples;
mod single;
mod text;
mod unit;

pub(crate) use text::{human, json};

use super::Set;
use super::canon::Apart;
use super::smt::Solver;
use super::witness::Judge;
use crate::data::{Severity, Verdict};
use crate::report::line_of;
use crate::sema::hir::Rule;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// What is said of a rule, or of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// One requires what the other forbids, or no record can comply with both.
    Contradiction,
    FindsNothing,
    /// An exception covers all that it would find.
    Swallowed,
    FindsEverything,
    /// Two rules that find the same.
    Same,
    /// All that the one finds, the other finds too.
    Implied,
    /// Every record that both look at is found by one of them.
    Together,
    /// Some record is found by both.
    Overlap,
}

/// How it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proof {
    /// For all records, by what values each condition allows.
    Intervals,
    /// For all records, by the solver.
    Solver,
    /// By the records that are shown.
    Records,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Claim {
    pub claim: Kind,
    pub rule: Named,
    pub other: Option<Named>,
    /// In words, without the rules' names where these are plain.
    pub because: String,
    pub proof: Proof,
    pub examples: Vec<Example>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Named {
    pub name: String,
    pub title: String,
    pub severity: Severity,
    /// `rules.bylaw:12`
    pub place: String,
}

/// Records of which the last one is judged, and what the evaluator says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Example {
    pub shows: String,
    pub records: Vec<Json>,
    /// None: not judged.
    pub verdicts: BTreeMap<String, Option<Verdict>>,
    /// The fields of the last record that these rules read.
    #[serde(skip)]
    pub read: BTreeSet<String>,
}

/// What of a rule was not analysed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Open {
    pub rule: Named,
    pub parts: Vec<Part>,
    /// No record was made that it finds.
    pub unshown: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Part {
    /// As written.
    pub text: String,
    pub place: String,
    pub why: &'static str,
}

/// Two rules of which it is not known whether the other finds all that the one finds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Undecided {
    pub rule: String,
    pub other: String,
    pub why: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Analysis {
    pub rules: usize,
    /// Which one was asked, too.
    pub solver: Option<String>,
    pub claims: Vec<Claim>,
    pub not_analysed: Vec<Open>,
    pub undecided: Vec<Undecided>,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// Whether pairs that only overlap are told too.
    pub overlaps: bool,
    pub threads: usize,
    pub judge: &'a dyn Judge,
    pub solver: Option<&'a dyn Solver>,
}

pub(crate) fn analyze(set: Set<'_>, ask: Ask<'_>) -> Analysis {
    let apart = Apart::default();
    let mut names: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in &set.hir.rules {
        names.entry(&rule.name).or_default().push(rule);
    }
    let solver = ask.solver.map(|s| s.name().to_owned());
    let mut found = Analysis { rules: names.len(), solver, ..Analysis::default() };
    let mut told = BTreeSet::new();
    let mut compared = BTreeSet::new();
    for mut group in unit::groups(&set.hir.schema, &names, &apart) {
        let few = ask.judge.only(&group.units.iter().map(|u| u.name).collect());
        let ask = Ask { judge: few.as_deref().unwrap_or(ask.judge), ..ask };
        samples::gather(&mut group, ask);
        let new: Vec<usize> = (0..group.units.len()).filter(|i| told.insert(group.units[*i].name)).collect();
        for i in new {
            single::claims(&group, i, set, ask, &mut found);
        }
        pairs::claims(&group, set, ask, &mut compared, &mut found);
    }
    found.claims.sort_by(|a, b| {
        let key = |c: &Claim| (c.claim, c.rule.name.clone(), c.other.as_ref().map(|o| o.name.clone()));
        key(a).cmp(&key(b))
    });
    found.not_analysed.sort_by(|a, b| a.rule.name.cmp(&b.rule.name));
    found.undecided.sort_by(|a, b| (&a.rule, &a.other).cmp(&(&b.rule, &b.other)));
    found
}

fn named(set: Set<'_>, rule: &Rule) -> Named {
    Named {
        name: rule.name.clone(),
        title: rule.title.clone(),
        severity: rule.severity,
        place: line_of(set.sources, rule.name_span),
    }
}
