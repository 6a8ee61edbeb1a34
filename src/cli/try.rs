//! `bylaws try`: what a condition comes to, at one record and over all of them.

mod prompt;
mod session;
mod talk;

use super::memory::Size;
use super::people::Naming;
use super::policies::Trust;
use super::{Exit, Failure, Style, output};
use crate::eval::Truth;
use crate::report::{self, tried};
use clap::{Args, ValueHint};
use session::{Found, Judged, Session, Start};
use std::io::{IsTerminal, Read, stdin, stdout};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use talk::Talk;

#[derive(Args)]
#[command(
    override_usage = "bylaws try [OPTIONS] RECORDS… [CONDITION]",
    after_help = "\
RECORDS are named as for `bylaws audit`. The last argument is the condition, where it is no file.
Without a condition there is a prompt for conditions and commands (`:help` lists these). Where standard input
is no terminal, they are read from there, one a line.

RECORD is FILE:LINE, KIND:IDENTITY as reports show it, or a number: the 3rd of its kind in the order of time.

Examples:
  bylaws try log.ndjson 'value > 100 EUR'
  bylaws try log.ndjson 'value > 100 EUR' --at gift:17
  bylaws try log.ndjson 'count(gift over 30 days by giver) > 2' --all
  bylaws try log.ndjson 'need approval within 30 days before' --on export
  bylaws try log.ndjson employees.csv             a prompt
  bylaws try log.ndjson --script conditions.txt

Exit codes:
  0  tried, whatever came of it
  2  an error in the condition, the policy, the command line, or in reading files"
)]
pub(super) struct TryArgs {
    /// Where the records are, and at the end a condition, as it stands in a rule behind `when`
    #[arg(value_name = "RECORDS…", value_hint = ValueHint::FilePath, required = true)]
    arguments: Vec<String>,
    /// A policy file, or a folder of them; may be repeated
    #[arg(
        long = "policy", short = 'p', value_name = "PATH", num_args = 1, default_value = "policies",
        value_hint = ValueHint::AnyPath
    )]
    policies: Vec<String>,
    /// The kind of record that the condition is about, where the condition alone does not say
    #[arg(long, value_name = "KIND")]
    on: Option<String>,
    /// Show the condition at this record, with each of its parts
    #[arg(long, value_name = "RECORD")]
    at: Option<String>,
    /// List every record with what the condition comes to
    #[arg(long, conflicts_with = "at")]
    all: bool,
    /// Read conditions and commands from this file, one a line, as they are typed at the prompt
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "all")]
    script: Option<PathBuf>,
    /// Where the data ends: a date (its end) or a timestamp. Later records are set aside
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    trust: Trust,
    /// How many threads read and judge [default: all cores]. What comes out is the same
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// End with an error rather than hold more memory: `4 GB`, `75%`, `unlimited` [default: 80% of what there is]
    #[arg(long, value_name = "SIZE", value_parser = super::memory::size)]
    memory_limit: Option<Size>,
    #[command(flatten)]
    naming: Naming,
}

pub(super) fn run(args: &TryArgs, style: Style) -> Result<Exit, Failure> {
    let (records, condition) = split(&args.arguments);
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let start = Start {
        policies: &args.policies,
        set: &args.set,
        trust: &args.trust,
        records,
        as_of: args.as_of.as_deref(),
        threads,
        memory_limit: args.memory_limit,
        naming: &args.naming,
    };
    let mut session = Session::begin(&start, style).map_err(|failure| {
        let nowhere = args.policies == ["policies"] && !Path::new("policies").exists();
        if nowhere { failure.or_help("name the policy set with `--policy PATH`") } else { failure }
    })?;
    if let Some(kind) = &args.on {
        session.on(kind)?;
    }
    let Some(condition) = condition else { return converse(args, session, style) };
    if args.script.is_some() {
        return Err(Failure::new("a condition and `--script`: which of them is to be tried?")
            .help(format!("`{condition}` was read as a condition, as no file is named so")));
    }
    let judged = session.judge(condition, style).inspect_err(|_| {
        // It may have been meant as a file.
        if condition.contains(['.', '/', '\\']) && !condition.contains(char::is_whitespace) {
            output::tell(&format!("`{condition}` was read as the condition, as there is no file of this name\n"));
        }
    })?;
    let text = match &args.at {
        Some(at) => {
            let found = session.find(&judged, at)?;
            at_record(&session, &judged, &found, style) + "\n" + &numbers(&session, &judged, style)
        }
        None if args.all => numbers(&session, &judged, style) + "\n" + &every(&session, &judged, style),
        None => numbers(&session, &judged, style) + &first_of_each(&session, &judged, style),
    };
    output::print(&text)?;
    Ok(Exit::Clean)
}

/// A prompt, or what a file or a pipe says in its place.
fn converse(args: &TryArgs, session: Session, style: Style) -> Result<Exit, Failure> {
    if args.all {
        return Err(Failure::new("`--all` needs a condition").help("at the prompt, `:all` lists every record"));
    }
    let mut talk = Talk::new(session);
    if let Some(record) = &args.at {
        talk.begin_at(record, style)?;
    }
    let text = match &args.script {
        Some(path) => read(&path.display().to_string(), std::fs::File::open(path))?,
        None if stdin().is_terminal() && stdout().is_terminal() => {
            prompt::ask(&mut talk, style)?;
            return Ok(Exit::Clean);
        }
        None if args.arguments.iter().any(|a| a == "-" || a.ends_with("=-")) => {
            return Err(Failure::new(
                "standard input (`-`) holds the records, so that no condition can come from there",
            )
            .help("write the condition behind the records, or use `--script FILE`"));
        }
        None => read("standard input", Ok(stdin().lock()))?,
    };
    let failed = talk::script(&mut talk, &text, style)?;
    Ok(if failed { Exit::Failed } else { Exit::Clean })
}

fn read(name: &str, from: std::io::Result<impl Read>) -> Result<String, Failure> {
    let mut text = String::new();
    match from.and_then(|mut from| from.read_to_string(&mut text)) {
        Ok(_) => Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned)),
        Err(error) => Err(Failure::new(format!("cannot read `{name}`: {}", super::disk::plain_io_error(&error)))),
    }
}

/// Where the records are, and the condition: the last argument, where no file is named so.
fn split(arguments: &[String]) -> (&[String], Option<&str>) {
    let Some((last, records)) = arguments.split_last() else { return (&[], None) };
    let path = last.split_once('=').map_or(last.as_str(), |(_, path)| path);
    let there = |path: &str| path == "-" || Path::new(path).exists();
    let matches = |path: &str| glob::glob(path).is_ok_and(|mut found| found.next().is_some());
    if there(last) || there(path) || matches(last) || matches(path) {
        return (arguments, None);
    }
    (records, Some(last))
}

fn numbers(session: &Session, judged: &Judged, style: Style) -> String {
    let counts = tried::counts(session.kind_name(judged), what(session, judged), &judged.counts, style.stdout);
    match judged.outcome.rejected(&session.inputs) {
        Some((number, first)) => {
            let rejected = report::plural(number as usize, "record");
            format!("{counts}  and {rejected} of some kind that could not be read, the first at {first}\n")
        }
        None => counts,
    }
}

fn what(session: &Session, judged: &Judged) -> &'static str {
    if session.is_table(judged) { "row" } else { "record" }
}

/// The condition at a record, under the record's name.
fn at_record(session: &Session, judged: &Judged, found: &Found, style: Style) -> String {
    let names = session.input_names();
    let context = session.context(judged, &names);
    let Some(why) = judged.why(found) else { return String::new() };
    let tree = tried::record(&context, &why, style.stdout);
    format!("{}\n{tree}", tried::heading(&context, &why, style.stdout))
}

/// The first record that the condition is true for, and so on.
fn first_of_each(session: &Session, judged: &Judged, style: Style) -> String {
    let mut text = String::new();
    for truth in [Truth::True, Truth::False, Truth::Unknown, Truth::Pending] {
        let mut all = 0..judged.order.len();
        if let Some(n) = all.find(|&n| judged.verdict(n).map(tried::truth) == Some(truth)) {
            text.push('\n');
            text.push_str(&at_record(session, judged, &Found::At(n), style));
        }
    }
    text
}

fn every(session: &Session, judged: &Judged, style: Style) -> String {
    let names = session.input_names();
    let context = session.context(judged, &names);
    let lines = (0..judged.order.len()).filter_map(|n| {
        let why = judged.why(&Found::At(n))?;
        Some(tried::line(&context, &why, style.stdout))
    });
    lines.collect()
}
