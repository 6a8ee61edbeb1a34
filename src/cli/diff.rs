//! `bylaws diff`: what changes in meaning between two policy sets.

use super::bench::Bench;
use super::policies::Trust;
use super::solver::SolverArgs;
use super::{Exit, Failure, Style, check, output, revision};
use crate::analyze::{self, Changes, Relation, Set, Solver};
use crate::policy_set::{Checked, PolicySet};
use crate::report;
use crate::syntax::ast::ItemKind;
use clap::{Args, ValueEnum};

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
  bylaws diff main policies/ --solver z3      with a solver, which decides more
  bylaws diff old.bundle new.bundle --require-signature conduct.pub

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
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    solver: SolverArgs,
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
    /// Rules that are removed, find less, or may do so, or are of a lower severity; sources that read otherwise
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
    let (old, new) = both(&args.old, &args.new, args.policy.as_deref(), &args.trust, style)?;
    let solver = args.solver.start()?;
    let changes = changes(&old, &new, solver.as_ref().map(|s| s as &dyn Solver))?;
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
        FailOn::Looser => {
            changes.rules.iter().any(|c| loosened(c.relation) || c.lowered) || !changes.sources.is_empty()
        }
        FailOn::Breaking => changes.records.iter().any(|c| c.breaking),
        FailOn::Any => !changes.is_empty(),
    };
    Ok(if over { Exit::Findings } else { Exit::Clean })
}

/// Both sets, each as it has to be to be taken; the errors of either are told.
pub(super) fn both(
    old: &str,
    new: &str,
    policy: Option<&str>,
    trust: &Trust,
    style: Style,
) -> Result<(Loaded, Loaded), Failure> {
    let on_disk = |what: &str| std::path::Path::new(what).exists().then(|| what.to_owned());
    let of_old = policy.map(str::to_owned).or_else(|| on_disk(new));
    let of_new = policy.map(str::to_owned).or_else(|| on_disk(old));
    Ok((load(old, of_old.as_deref(), trust, style)?, load(new, of_new.as_deref(), trust, style)?))
}

fn load(what: &str, path: Option<&str>, trust: &Trust, style: Style) -> Result<Loaded, Failure> {
    let mut policies = revision::load(what, path, trust)?;
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

pub(super) fn changes(old: &Loaded, new: &Loaded, solver: Option<&dyn Solver>) -> Result<Changes, Failure> {
    let bench = Bench::of([check::compile(&old.checked)?.into(), check::compile(&new.checked)?.into()]);
    Ok(analyze::diff(old.set(), new.set(), &bench, solver))
}
