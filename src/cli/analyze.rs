//! `bylaws analyze`: how the rules of one policy set stand to each other.

use super::bench::Bench;
use super::policies::Trust;
use super::solver::SolverArgs;
use super::{Exit, Failure, Style, check, output};
use crate::analyze::{self, Ask, Kind, Set, Solver};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

#[derive(Args)]
#[command(after_help = "\
What is told of the rules of one policy set:

  contradiction     what one rule asks for, another forbids: no record can comply with both
  finds-nothing     no record can meet its condition
  swallowed         an exception covers all that it would find
  finds-everything  every record that it looks at is a finding
  same              two rules find the same
  implied           all that one rule finds, another finds too
  together          every record that two rules look at is found by one of them
  overlap           some records are found by two rules (only with --overlaps)

Each is proved for all records or shown by records, which the evaluator confirms. What is not
analysed is listed, with the reason.

Examples:
  bylaws analyze policies/
  bylaws analyze policies/ --fail-on contradiction,finds-nothing,swallowed
  bylaws analyze policies/ --overlaps
  bylaws analyze policies/ --solver z3        with a solver, which decides more
  bylaws analyze policies/ --format json

Exit codes: 0 shown, 1 something is told that --fail-on names, 2 errors in the policy, files that
cannot be read, or a solver that cannot be run.")]
pub(super) struct AnalyzeArgs {
    /// Policy files, or folders of them
    #[arg(required = true, value_name = "POLICY", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<String>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    /// Tell of rules, too, that find some of the same records
    #[arg(long)]
    overlaps: bool,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    solver: SolverArgs,
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// What ends with exit code 1, with commas between
    #[arg(long, value_parser = FailOn::parser(), default_value = "never", value_delimiter = ',', value_name = "WHAT")]
    fail_on: Vec<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One document, see docs/reference/analyze.md
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailOn {
    Never,
    Told(Kind),
    Any,
}

impl FailOn {
    fn parser() -> impl TypedValueParser<Value = FailOn> {
        let told = Kind::ALL.iter().map(|kind| PossibleValue::new(kind.name()));
        let any = PossibleValue::new("any").help("Anything that is told");
        PossibleValuesParser::new([PossibleValue::new("never")].into_iter().chain(told).chain([any])).map(|name| {
            match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
                Some(kind) => FailOn::Told(kind),
                None if name == "any" => FailOn::Any,
                None => FailOn::Never,
            }
        })
    }
}

pub(super) fn run(args: &AnalyzeArgs, style: Style) -> Result<Exit, Failure> {
    let (policies, checked) = check::load(&args.paths, &args.trust, &args.set, style)?.parts();
    let bench = Bench::within(check::compile(&checked)?, checked.hir());
    let set = Set { sources: policies.sources(), hir: checked.hir(), charter: &[] };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let overlaps = args.overlaps || args.fail_on.contains(&FailOn::Told(Kind::Overlap));
    let solver = args.solver.start()?;
    let solver = solver.as_ref().map(|s| s as &dyn Solver);
    let analysis = analyze::within(set, Ask { overlaps, threads, judge: &bench, solver });
    output::print(&match args.format {
        Format::Human => analyze::within_human(&analysis, style.stdout),
        Format::Json => format!("{:#}\n", analyze::within_json(&analysis)),
    })?;
    let fails = |told| args.fail_on.iter().any(|on| matches!(on, FailOn::Any) || *on == FailOn::Told(told));
    let over = analysis.claims.iter().any(|claim| fails(claim.claim));
    Ok(if over { Exit::Findings } else { Exit::Clean })
}
