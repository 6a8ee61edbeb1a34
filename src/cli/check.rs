//! `bylaws check`: is the policy set right?

use super::policies::{self, Trust};
use super::{CheckFormat, Exit, Failure, Style, output, watch};
use crate::data::Role;
use crate::diag::{Diagnostic, Level};
use crate::plan::Plan;
use crate::policy_set::{Checked, LoadError, PolicySet};
use crate::report;
use crate::report::exchange::{self, Form};
use crate::report::receipt::Origin;
use crate::source::SourceMap;
use clap::Args;

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws check policies/                    every .bylaw file in the folder, as one policy set
  bylaws check a.bylaw b.bylaw --set gift_cap=\"100 CNY\"
  bylaws check policies/ --format json
  bylaws check policies/ --watch

Exit codes: 0 no errors (warnings are allowed), 2 errors, or files that cannot be read.")]
pub(super) struct CheckArgs {
    /// Policy files, or folders of them
    #[arg(required = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<String>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    #[arg(long, value_enum, default_value = "human")]
    format: CheckFormat,
    #[command(flatten)]
    trust: Trust,
    /// Check again whenever a policy file changes, until ctrl-c
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(args: &CheckArgs, style: Style) -> Result<Exit, Failure> {
    if args.watch { watch::watch(&args.paths, style, || once(args, style)) } else { once(args, style) }
}

fn once(args: &CheckArgs, style: Style) -> Result<Exit, Failure> {
    let mut set = match policies::open(&args.paths, &args.trust)?.load() {
        Ok(set) => set,
        Err(errors) if args.format == CheckFormat::Json => {
            output::print(&report::check_json(
                &SourceMap::default(),
                &[],
                &errors.iter().map(LoadError::to_string).collect::<Vec<_>>(),
            ))?;
            return Ok(Exit::Failed);
        }
        Err(errors) => {
            if let Some(form) = args.format.form() {
                let told: Vec<String> = errors.iter().map(LoadError::to_string).collect();
                exchange(form, "check", &SourceMap::default(), &[], &told)?;
            }
            return Err(unreadable(&errors));
        }
    };
    let checked = set.check(&args.set);
    let exit = if checked.has_errors() { Exit::Failed } else { Exit::Clean };
    if let Some(form) = args.format.form() {
        exchange(form, "check", set.sources(), checked.diagnostics(), &[])?;
        output::tell(&format!("{}\n", summary(&set, &checked)));
        return Ok(exit);
    }
    match args.format {
        CheckFormat::Json => output::print(&report::check_json(set.sources(), checked.diagnostics(), &[]))?,
        _ => {
            output::tell(&report::render::diagnostics(set.sources(), checked.diagnostics(), style.stderr));
            if checked.diagnostics().is_empty() {
                output::print(&format!("{}\n", summary(&set, &checked)))?;
            } else {
                output::tell(&format!("{}\n", summary(&set, &checked)));
            }
        }
    }
    Ok(exit)
}

/// Diagnostics in a form for other programs, on standard output.
pub(super) fn exchange(
    form: Form,
    command: &'static str,
    sources: &SourceMap,
    diagnostics: &[Diagnostic],
    unreadable: &[String],
) -> Result<(), Failure> {
    let (run, notices) = exchange::of_diagnostics(command, sources, diagnostics, unreadable);
    output::to_stdout(|out| exchange::write(form, &run, &notices, out))
}

/// A policy set, and the one file that it was in, if it was.
pub(super) struct Loaded {
    pub policies: PolicySet,
    pub checked: Checked,
    pub origin: Option<Origin>,
}

impl Loaded {
    pub fn parts(self) -> (PolicySet, Checked) {
        (self.policies, self.checked)
    }
}

/// Loads and checks for another command; its errors are told, its warnings too.
pub(super) fn load(paths: &[String], trust: &Trust, set: &[(String, String)], style: Style) -> Result<Loaded, Failure> {
    let loaded = read(paths, trust, set)?;
    let Loaded { policies, checked, .. } = &loaded;
    output::tell(&report::render::diagnostics(policies.sources(), checked.diagnostics(), style.stderr));
    if checked.has_errors() {
        return Err(Failure::told(summary(policies, checked)));
    }
    Ok(loaded)
}

/// Loads and checks, and tells nothing; there may be errors.
pub(super) fn read(paths: &[String], trust: &Trust, set: &[(String, String)]) -> Result<Loaded, Failure> {
    let opened = policies::open(paths, trust)?;
    let mut policies = opened.load().map_err(|errors| unreadable(&errors))?;
    let mut checked = policies.check(set);
    if let Some(folder) = opened.folder() {
        checked.lie_in(&folder);
    }
    Ok(Loaded { policies, checked, origin: opened.origin })
}

/// The plan of a set without errors.
pub(super) fn compile(checked: &Checked) -> Result<Plan, Failure> {
    checked.compile().ok_or_else(|| Failure::new("the policy set has errors"))
}

pub(super) fn unreadable(errors: &[LoadError]) -> Failure {
    let lines: Vec<_> = errors.iter().map(LoadError::to_string).collect();
    Failure::new(lines.join("\n")).code(crate::diag::Code::Unreadable)
}

pub(super) fn summary(set: &PolicySet, checked: &Checked) -> String {
    let files = report::plural(set.file_count(), "file");
    let count = |level: Level| checked.diagnostics().iter().filter(|d| d.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    if errors > 0 {
        let warnings = if warnings > 0 { format!(", {}", report::plural(warnings, "warning")) } else { String::new() };
        return format!("check: {}{warnings} in {files}", report::plural(errors, "error"));
    }
    let hir = checked.hir();
    let tables = hir.schema.declared().iter().filter(|k| matches!(k.role, Role::Table { .. })).count();
    let mut metrics: Vec<&str> = hir.metrics.iter().map(|m| m.name.as_str()).collect();
    metrics.dedup();
    let counts = [
        (hir.rules.len(), "rule"),
        (hir.schema.declared().len() - tables, "record"),
        (tables, "table"),
        (hir.sources.len(), "source"),
        (metrics.len(), "metric"),
        (hir.tests.len(), "test"),
        (hir.charter, "charter line"),
    ];
    let parts: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| report::plural(*n, what)).collect();
    let what = if parts.is_empty() { "no rules".into() } else { parts.join(", ") };
    let warnings = if warnings > 0 { format!("; {}", report::plural(warnings, "warning")) } else { String::new() };
    format!("checked {files}: {what}{warnings}")
}
