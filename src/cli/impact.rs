//! `bylaws impact`: the same records under two policy sets.

use super::diff::{self, Format, Loaded};
use super::given::Given;
use super::judged::{self, Judged};
use super::people::Naming;
use super::policies::Trust;
use super::{Exit, Failure, Style, check, output, people};
use crate::analyze;
use crate::report::Context;
use crate::report::impact::{self, Run};
use crate::source::SourceMap;
use clap::Args;

#[derive(Args)]
#[command(after_help = "\
OLD and NEW are named as for `bylaws diff`, RECORDS as for `bylaws audit`.

For a comment on a pull request: --format md has what changes in meaning and what that does to the
records, how many people it is about, and nobody's name.

Examples:
  bylaws impact old/ new/ log.ndjson
  bylaws impact main policies/ 'logs/*.ndjson.gz' --as-of 2026-03-31
  bylaws impact origin/main policies/ log.ndjson --format md > comment.md

Exit codes: 0 shown, 2 an error in a policy, in the command line, or in reading and writing files.")]
pub(super) struct ImpactArgs {
    /// The policy set as it was
    #[arg(value_name = "OLD")]
    old: String,
    /// The policy set as it is
    #[arg(value_name = "NEW")]
    new: String,
    /// Where the records are
    #[arg(value_name = "RECORDS", required = true)]
    records: Vec<String>,
    /// The policy's path at a revision
    #[arg(long, short, value_name = "PATH")]
    policy: Option<String>,
    /// Where the data ends: a date (its end) or a timestamp. Later records are set aside
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    #[command(flatten)]
    trust: Trust,
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// How many records of one rule and effect are shown
    #[arg(long, value_name = "N", default_value_t = 3)]
    examples: usize,
    #[command(flatten)]
    naming: Naming,
}

pub(super) fn run(args: &ImpactArgs, style: Style) -> Result<Exit, Failure> {
    if args.records.iter().any(|r| r == "-") {
        return Err(Failure::new("the records are read once for each policy, which standard input cannot be")
            .help("write them to a file first"));
    }
    let (old, new) = diff::both(&args.old, &args.new, args.policy.as_deref(), &args.trust, style)?;
    let given = Given::of(&[], &args.records, &args.as_of).naming(&args.naming).trusting(&args.trust);
    let judge = |of: &Loaded| judged::judge(&given, check::compile(&of.checked)?.into());
    let (before, after) = (judge(&old)?, judge(&new)?);
    let names = (before.input_names(), after.input_names());
    let quoted = |of: &'_ Loaded, judged: &Judged| {
        people::quoted(of.policies.sources(), &judged.plan, &judged.inputs.people).into_owned()
    };
    let sources = (quoted(&old, &before), quoted(&new, &after));
    let found = impact::compare(&as_run(&sources.0, &before, &names.0), &as_run(&sources.1, &after, &names.1));
    output::print(&match args.format {
        Format::Human => impact::human(&found, args.examples, style.stdout),
        Format::Json => format!("{:#}\n", impact::json(&found)),
        Format::Md => {
            let changes = diff::changes(&old, &new, None)?;
            let records = impact::markdown(&found, args.examples, &analyze::cell);
            format!("{}\n{records}", analyze::markdown(&changes))
        }
    })?;
    for (what, judged) in [("OLD", &before), ("NEW", &after)] {
        let rejected = judged.summary.rejected_count();
        if rejected > 0 {
            let records = crate::report::plural(rejected as usize, "record");
            output::tell(&format!("{what}: {records} rejected; `bylaws audit` says which\n"));
        }
    }
    Ok(Exit::Clean)
}

fn as_run<'a>(sources: &'a SourceMap, judged: &'a Judged, inputs: &'a [String]) -> Run<'a> {
    let context = Context { sources, plan: &judged.plan, inputs };
    Run { context, findings: &judged.findings, rejected: judged.summary.rejected_count() }
}
