//! `bylaws diff`: what changes in meaning between two policy sets.

use super::{Exit, Failure, Style, check, output, revision};
use crate::analyze::{self, Changes, Judge, Relation, Set, Side};
use crate::data::{Limits, Time, Verdict};
use crate::eval::{Evaluator, Options};
use crate::ingest::{Ingest, Input, InputSpec, Route, Sink};
use crate::plan::Plan;
use crate::policy_set::{Checked, PolicySet};
use crate::report;
use crate::syntax::ast::ItemKind;
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::sync::{Arc, Mutex};

#[derive(Args)]
#[command(after_help = "\
OLD and NEW are each a policy file or folder, or a revision of the git repository: `main:policies`,
or `main` with the path of the other side or of --policy.

A rule is stricter if it finds all that it found and more, looser if less, incomparable if both.
That is proved over its conditions; each claim of more or less comes with a record that shows it.
What is not analysed is said to be. Reordered or reformatted sets have no difference.

Examples:
  bylaws diff old/ new/
  bylaws diff main policies/                  the branch beside what is in this folder
  bylaws diff HEAD~1 HEAD --policy policies/
  bylaws diff origin/main policies/ --format md --fail-on looser

Exit codes: 0 shown, 1 something changed that --fail-on names, 2 a set with errors, or that cannot be read.")]
pub(super) struct DiffArgs {
    /// The policy set as it was
    #[arg(value_name = "OLD")]
    old: String,
    /// The policy set as it is
    #[arg(value_name = "NEW")]
    new: String,
    /// The policy's path at a revision
    #[arg(long, short, value_name = "PATH")]
    policy: Option<String>,
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// What ends with exit code 1
    #[arg(long, value_enum, default_value = "never", value_name = "WHAT")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// For a pull request's comment
    Md,
    /// One document, see docs/reference/diff.md
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Never,
    /// Rules that are removed, or find less, or may do so; sources that read otherwise
    Looser,
    /// Records that were right and are not any more
    Breaking,
    /// Any change in meaning
    Any,
}

/// A set that was checked.
pub(super) struct Loaded {
    pub policies: PolicySet,
    pub checked: Checked,
    charter: Vec<String>,
}

impl Loaded {
    pub fn set(&self) -> Set<'_> {
        Set { sources: self.policies.sources(), hir: self.checked.hir(), charter: &self.charter }
    }
}

pub(super) fn run(args: &DiffArgs, style: Style) -> Result<Exit, Failure> {
    let (old, new) = both(&args.old, &args.new, args.policy.as_deref(), style)?;
    let changes = changes(&old, &new)?;
    output::print(&match args.format {
        Format::Human => analyze::human(&changes, style.stdout),
        Format::Md => analyze::markdown(&changes),
        Format::Json => format!("{:#}\n", analyze::json(&changes)),
    })?;
    let loosened = |r: Relation| {
        matches!(
            r,
            Relation::Removed
                | Relation::Looser
                | Relation::Incomparable
                | Relation::AtMostAsStrict
                | Relation::NotAnalysed
        )
    };
    let over = match args.fail_on {
        FailOn::Never => false,
        FailOn::Looser => changes.rules.iter().any(|c| loosened(c.relation)) || !changes.sources.is_empty(),
        FailOn::Breaking => changes.records.iter().any(|c| c.breaking),
        FailOn::Any => !changes.is_empty(),
    };
    Ok(if over { Exit::Findings } else { Exit::Clean })
}

/// Both sets; the errors of either are told.
pub(super) fn both(old: &str, new: &str, policy: Option<&str>, style: Style) -> Result<(Loaded, Loaded), Failure> {
    let on_disk = |what: &str| std::path::Path::new(what).exists().then(|| what.to_owned());
    let of_old = policy.map(str::to_owned).or_else(|| on_disk(new));
    let of_new = policy.map(str::to_owned).or_else(|| on_disk(old));
    Ok((load(old, of_old.as_deref(), style)?, load(new, of_new.as_deref(), style)?))
}

fn load(what: &str, path: Option<&str>, style: Style) -> Result<Loaded, Failure> {
    let mut policies = revision::load(what, path)?;
    let checked = policies.check(&[]);
    if checked.has_errors() {
        output::tell(&report::render::diagnostics(policies.sources(), checked.diagnostics(), style.stderr));
        return Err(Failure::told(format!("{what}: {}", check::summary(&policies, &checked))));
    }
    let mut charter = Vec::new();
    for (_, file) in policies.files() {
        for item in &file.items {
            if let ItemKind::Charter(item) = &item.kind {
                let text = |line: &crate::syntax::ast::CharterLine| policies.sources().text(line.span);
                let line = |line| text(line).split_whitespace().collect::<Vec<_>>().join(" ");
                charter.extend(item.lines.iter().map(line));
            }
        }
    }
    charter.sort();
    Ok(Loaded { policies, checked, charter })
}

pub(super) fn changes(old: &Loaded, new: &Loaded) -> Result<Changes, Failure> {
    let bench = Bench { plans: [check::compile(&old.checked)?.into(), check::compile(&new.checked)?.into()] };
    Ok(analyze::diff(old.set(), new.set(), &bench))
}

/// Judges single records by either set.
struct Bench {
    plans: [Arc<Plan>; 2],
}

/// Days after a record's own that the data ends: behind every deadline of a policy that anybody would write.
const LONG: i32 = 4_000;

impl Judge for Bench {
    fn verdict(&self, side: Side, rule: &str, records: &[Value], day: i32) -> Option<Verdict> {
        let plan = &self.plans[usize::from(side == Side::New)];
        let mut text = Vec::new();
        for record in records {
            serde_json::to_writer(&mut text, record).ok()?;
            text.push(b'\n');
        }
        let options =
            Options { as_of: Some(Time::Date(day + LONG)), keep_compliant: true, retain: true, ..Options::default() };
        let mut evaluator = Evaluator::new(plan.clone(), options).ok()?;
        let spec =
            InputSpec { id: crate::data::InputId(0), name: "records".into(), format: None, route: Route::Tagged };
        let batches = Mutex::new(Vec::new());
        let rejected = Mutex::new(false);
        let take = |batch| {
            if let Ok(mut batches) = batches.lock() {
                batches.push(batch);
            }
        };
        let reject = |_| {
            if let Ok(mut rejected) = rejected.lock() {
                *rejected = true;
            }
        };
        let sink = Sink { batch: &take, reject: &reject, advance: &|_| () };
        Ingest::new(&plan.reading()).read(&spec, Input::Bytes(&text), Default::default(), sink).ok()?;
        if rejected.into_inner().ok()? {
            return None;
        }
        for batch in batches.into_inner().ok()? {
            evaluator.push(batch).ok()?;
        }
        let findings = evaluator.finish_within(&Limits::default()).ok()?;
        let last = records.len() as u64;
        let about = |i: &usize| {
            let row = findings.row(*i);
            row.rule.name == rule && row.place.is_some_and(|p| p.line == last)
        };
        (0..findings.len()).find(about).map(|i| findings.verdicts()[i])
    }
}
