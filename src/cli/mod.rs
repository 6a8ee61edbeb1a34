//! The command: arguments, files, terminals. One file a subcommand.

mod analyze;
mod audit;
mod bench;
mod bundle;
mod check;
mod compile;
mod diff;
mod disk;
mod explain;
mod fmt;
#[cfg(feature = "follow")]
mod follow;
#[cfg(not(feature = "follow"))]
#[path = "follow_left_out.rs"]
mod follow;
mod given;
mod handbook;
mod impact;
mod infer;
mod init;
mod judged;
mod keygen;
mod ledger;
mod limits;
mod lint;
#[cfg(feature = "lsp")]
mod lsp;
#[cfg(not(feature = "lsp"))]
#[path = "lsp_left_out.rs"]
mod lsp;
mod man;
mod memory;
mod metrics;
mod output;
mod people;
mod policies;
mod pseudonym;
mod reading;
mod receipt;
mod records;
mod rejections;
mod report;
mod revision;
mod signals;
mod signature;
mod solver;
mod stages;
mod temporary;
mod test;
mod r#try;
mod watch;
mod why;

pub(crate) use bench::Bench;
pub use signature::signed_by;

use crate::diag::{Code, Level};
use crate::report::exchange::Form;
use crate::report::render;
use crate::report::{Page, harmless};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use output::ColorChoice;
use std::ffi::OsString;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes:
  0  clean
  1  findings at or over the gate (audit --fail-on), or failed tests
  2  an error in the policy, in the command line, or in reading and writing files
  3  records that could not be judged, more than audit --max-indeterminate allows

Start:
  bylaws init conduct                            a policy set to begin with
  bylaws check policies/                         is the policy set right?
  bylaws fmt policies/                           write its files in the one style
  bylaws lint policies/                          could it be better?
  bylaws test policies/                          do its own tests pass?
  bylaws audit --policy policies/ log.ndjson     what do the records say?
  bylaws report --policy policies/ log.ndjson --output report.html
  bylaws explain-finding ID --policy policies/ log.ndjson      why is this a finding?
  bylaws explain B0203                           what does this code mean?";

/// Conduct rules as code: checked, tested, and evaluated over activity records, with every finding explained
#[derive(Parser)]
#[command(name = "bylaws", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct Cli {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a policy set to begin with
    Init(init::InitArgs),
    /// Draft a record and its source from sample data
    Infer(infer::InferArgs),
    /// Check a policy set: syntax, names, types, units
    Check(check::CheckArgs),
    /// Format policy files
    Fmt(fmt::FmtArgs),
    /// Look for what is right and could be better: conditions that never hold, names that nothing uses
    Lint(lint::LintArgs),
    /// Run the tests that a policy set contains
    Test(test::TestArgs),
    /// Show how the rules of one policy set stand to each other, and what none of them can find
    Analyze(analyze::AnalyzeArgs),
    /// Show what changes in meaning between two policy sets
    Diff(diff::DiffArgs),
    /// Show what a change of policy does to records
    Impact(impact::ImpactArgs),
    /// Check a policy set once, and write it to a file for --plan
    Compile(compile::CompileArgs),
    /// Write a policy set as one file, signed where that is asked; list or unpack one
    Bundle(bundle::BundleArgs),
    /// Make a pair of keys, to sign bundles with
    Keygen(keygen::KeygenArgs),
    /// Judge records by a policy set, and explain every finding
    Audit(audit::AuditArgs),
    /// Judge records as they come: files that grow, standard input, streams of NATS JetStream
    Follow(follow::FollowArgs),
    /// Judge again what an audit's receipt is for, and compare
    Verify(receipt::VerifyArgs),
    /// Say whether a ledger of findings is as it was written, or show it
    Ledger(ledger::LedgerArgs),
    /// Work out the figures that a policy set keeps, by period
    Metrics(metrics::MetricsArgs),
    /// Write what a run found as one page, with charts, figures and all findings
    Report(report::ReportArgs),
    /// Show the whole of why a finding is one, and what would have made it compliant
    ExplainFinding(why::FindingArgs),
    /// Show why a rule found nothing, or what it found, at one record
    WhyNot(why::WhyNotArgs),
    /// Try a condition on records: what each of its parts comes to, and why one is not known
    Try(r#try::TryArgs),
    /// Write the rules as a handbook in plain language, as a page and in Markdown
    Handbook(handbook::HandbookArgs),
    /// Make a key for --pseudonymize, and find out who a pseudonym is
    Pseudonym(pseudonym::PseudonymArgs),
    /// Show what a run on several machines needs: which records come together, by what, for which rules
    Stages(stages::StagesArgs),
    /// Show what a code means, with a wrong and a right example
    Explain(explain::ExplainArgs),
    /// Serve an editor: diagnostics, hover, completion and more, over the Language Server Protocol
    Lsp(lsp::LspArgs),
    /// Print the manual, or write a page for each subcommand
    Man(man::ManArgs),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  bylaws completions bash > ~/.local/share/bash-completion/completions/bylaws")]
    Completions { shell: clap_complete::Shell },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// With the places in the text, for people
    Human,
    /// One document, described in docs/
    Json,
    /// SARIF 2.1.0, for code hosts and viewers
    Sarif,
    /// JUnit XML, for CI servers
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// Annotations of Azure Pipelines
    Azure,
    /// GitLab's Code Quality report
    Gitlab,
    /// Test Anything Protocol
    Tap,
    /// A line a diagnostic, for spreadsheets
    Csv,
}

impl CheckFormat {
    /// None of what is for people, and of our own JSON.
    fn form(self) -> Option<Form> {
        Some(match self {
            CheckFormat::Sarif => Form::Sarif,
            CheckFormat::Junit => Form::Junit,
            CheckFormat::Github => Form::Github,
            CheckFormat::Azure => Form::Azure,
            CheckFormat::Gitlab => Form::Gitlab,
            CheckFormat::Tap => Form::Tap,
            CheckFormat::Csv => Form::Csv,
            CheckFormat::Human | CheckFormat::Json => return None,
        })
    }
}

/// Whether to colour, by stream.
#[derive(Clone, Copy)]
struct Style {
    stdout: bool,
    stderr: bool,
}

/// How a command ended, other than by a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Clean = 0,
    Findings = 1,
    Failed = 2,
    NotJudged = 3,
}

/// Why a command could not do its work: exit code 2.
#[derive(Debug)]
struct Failure {
    code: Option<Code>,
    message: String,
    help: Option<String>,
    /// The details have been told; what remains is a line of summary.
    told: bool,
}

impl Failure {
    fn new(message: impl Into<String>) -> Failure {
        Failure { code: None, message: message.into(), help: None, told: false }
    }

    fn told(summary: impl Into<String>) -> Failure {
        Failure { told: true, ..Failure::new(summary) }
    }

    fn code(self, code: Code) -> Failure {
        Failure { code: Some(code), ..self }
    }

    fn help(self, help: impl Into<String>) -> Failure {
        Failure { help: Some(help.into()), ..self }
    }

    /// Where there is no help yet.
    fn or_help(self, help: impl Into<String>) -> Failure {
        if self.help.is_some() { self } else { self.help(help) }
    }

    /// On one line, for a log.
    fn in_short(&self) -> String {
        match &self.help {
            Some(help) => format!("{}: {help}", self.message),
            None => self.message.clone(),
        }
    }

    fn tell(self, style: Style) {
        if self.told {
            output::tell(&format!("{}\n", harmless(&self.message)));
            return;
        }
        // It may quote what was read: a terminal is told nothing by that.
        let message = harmless(&self.message);
        let mut page = Page::new(self.code.map_or("", |c| c.as_str()), Level::Error, message);
        page.help = self.help.as_deref().map(harmless);
        output::tell(&render::render(&page, style.stderr, 0));
    }
}

/// What is told of a panic: where it was, never what it says, which may quote a record.
fn defect(of: &std::panic::PanicHookInfo) -> String {
    let place = of.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    format!(
        "bylaws has met a defect of its own{place}\n\
         What it was about is not shown, as it may be of a record. Please report the place: see SECURITY.md\n"
    )
}

/// Runs the command, and says how the process should end.
pub fn command(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    keep_quiet();
    std::panic::set_hook(Box::new(|of| output::tell(&defect(of))));
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let code = error.exit_code();
            // Help that somebody asked for, and that went nowhere.
            if let Err(failed) = error.print()
                && !error.use_stderr()
                && failed.kind() != std::io::ErrorKind::BrokenPipe
            {
                let message = format!("cannot write the output: {}", disk::plain_io_error(&failed));
                Failure::new(message).tell(Style { stdout: false, stderr: false });
                return ExitCode::from(Exit::Failed as u8);
            }
            return ExitCode::from(code.clamp(0, 255) as u8);
        }
    };
    let style = Style { stdout: cli.color.stdout(), stderr: cli.color.stderr() };
    let result = match &cli.command {
        Command::Init(args) => init::run(args, style),
        Command::Infer(args) => infer::run(args, style),
        Command::Check(args) => check::run(args, style),
        Command::Fmt(args) => fmt::run(args, style),
        Command::Lint(args) => lint::run(args, style),
        Command::Compile(args) => compile::run(args, style),
        Command::Bundle(args) => bundle::run(args, style),
        Command::Keygen(args) => keygen::run(args),
        Command::Stages(args) => stages::run(args, style),
        Command::Test(args) => test::run(args, style),
        Command::Analyze(args) => analyze::run(args, style),
        Command::Diff(args) => diff::run(args, style),
        Command::Impact(args) => impact::run(args, style),
        Command::Audit(args) => audit::run(args, style),
        Command::Ledger(args) => ledger::run(args, style),
        Command::Follow(args) => follow::run(args, style),
        Command::Verify(args) => receipt::run(args, style),
        Command::Metrics(args) => metrics::run(args, style),
        Command::Report(args) => report::run(args, style),
        Command::Handbook(args) => handbook::run(args, style),
        Command::ExplainFinding(args) => why::explain_finding(args, style),
        Command::WhyNot(args) => why::why_not(args, style),
        Command::Try(args) => r#try::run(args, style),
        Command::Pseudonym(args) => pseudonym::run(args, style),
        Command::Explain(args) => explain::run(args, style),
        Command::Lsp(args) => lsp::run(args),
        Command::Man(args) => man::run(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "bylaws", &mut script);
            if *shell == clap_complete::Shell::Fish {
                script.extend(explain::of_fish().into_bytes());
            }
            output::to_stdout(|out| out.write_all(&script)).map(|()| Exit::Clean)
        }
    };
    match result {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            failure.tell(style);
            ExitCode::from(Exit::Failed as u8)
        }
    }
}

/// What a decoder panics of over a damaged file is told as an error of the file, and not as a panic beside it.
fn keep_quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !crate::ingest::is_guarded() {
                tell(panic);
            }
        }));
    });
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().into(), value.trim().into())),
        _ => Err("expected NAME=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::defect;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_panic_says_where_and_not_what() {
        let told = Arc::new(Mutex::new(String::new()));
        let (before, to) = (std::panic::take_hook(), told.clone());
        std::panic::set_hook(Box::new(move |of| to.lock().unwrap().push_str(&defect(of))));
        let record = String::from("E1042 earns 81918");
        let caught = std::panic::catch_unwind(|| assert!(record.is_empty(), "{record}"));
        std::panic::set_hook(before);
        assert!(caught.is_err());
        let told = told.lock().unwrap();
        assert!(told.contains("src/cli/mod.rs:") && !told.contains("E1042"), "{told}");
    }
}
