//! `bylaws follow`: records judged as they come.

mod files;
mod input;
mod log;
#[cfg(feature = "nats")]
mod login;
mod metrics;
#[cfg(feature = "nats")]
mod nats;
#[cfg(not(feature = "nats"))]
#[path = "nats_left_out.rs"]
mod nats;
mod reload;
mod run;
mod session;
mod sink;
mod stdin;
mod store;

use super::given::Given;
use super::{Exit, Failure, Style};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
// They need all records to be there, and are told so where they are given.
#[command(mut_arg("as_of", |arg| arg.hide(true)), mut_arg("pseudonymize", |arg| arg.hide(true)))]
#[command(after_help = "\
RECORDS are files that grow (a path, a glob, SOURCE=PATH, KIND=PATH), - (standard input), or a stream of
  NATS JetStream, nats://HOST:PORT/STREAM. Files that match a glob later are followed from then on.
  Files and standard input are NDJSON or CSV, not compressed; a message is one record as JSON.

A verdict is written once, when nothing that comes can change it: when the records are complete beyond all
  that its rule looks at. They are complete up to the latest record's time less --lateness. What comes later
  than that is kept among the rejects.

Examples:
  bylaws follow --policy policies/ --state state/ --output findings.ndjson 'logs/*.ndjson'
  bylaws follow --policy policies/ --state state/ --output findings.ndjson nats://127.0.0.1:4222/ACTIVITY
  bylaws follow --policy policies/ --state state/ --output findings.ndjson log.ndjson --once
  tail -F log.ndjson | bylaws follow --policy policies/ --state state/ -

Exit codes:
  0  stopped (by ctrl-c or SIGTERM), or with --once and --finish: clean
  1  with --once and --finish: findings at or over --fail-on were written
  2  an error in the policy, in the command line, or in reading and writing files
  3  with --once and --finish: more rejected or late records and indeterminate verdicts than --max-indeterminate")]
pub(super) struct FollowArgs {
    #[command(flatten)]
    given: Given,
    /// A folder for what is known so far, from which the next start goes on
    #[arg(long, required = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    state: PathBuf,
    /// The file to which findings are added, one JSON object a line [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// How much later than another a record may come that happened before it: `90 seconds`, `2 hours`, `1 day`
    #[arg(long, value_name = "LENGTH", default_value = "1 hour", value_parser = length)]
    lateness: Duration,
    /// The file to which is added what could not be read as a record, or came late [default: rejects.ndjson in --state]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    rejects: Option<PathBuf>,
    /// Add the verdicts to this ledger, too; `bylaws ledger verify` shows what was changed in it
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    ledger: Option<PathBuf>,
    /// Judge, and write all down, so often
    #[arg(long, value_name = "LENGTH", default_value = "1 second", value_parser = length)]
    checkpoint_every: Duration,
    /// Stop when all that is there was read
    #[arg(long)]
    once: bool,
    /// As --once, and the stream has ended: all is judged, as an audit would
    #[arg(long)]
    finish: bool,
    /// Serve figures at /metrics: a port of this machine, or ADDRESS:PORT
    #[arg(long, value_name = "ADDRESS", value_parser = metrics::address)]
    metrics_listen: Option<SocketAddr>,
    /// Write figures to a file, in the same form
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    metrics_file: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    log_format: log::LogFormat,
    #[arg(long, value_enum, default_value = "info")]
    log_level: log::LogLevel,
    /// Go on with the policy set as it was at the start, whatever becomes of its files
    #[arg(long)]
    no_reload: bool,
    /// The lowest severity that ends with exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = ["info", "minor", "major", "critical", "never"])]
    fail_on: String,
    /// How many rejected and late records and indeterminate verdicts are allowed: a number, or `unlimited`
    #[arg(long, value_name = "N", default_value = "0", value_parser = super::audit::number_or_unlimited)]
    max_indeterminate: u64,
    #[command(flatten)]
    nats: NatsArgs,
}

#[derive(Args)]
#[command(next_help_heading = "NATS")]
struct NatsArgs {
    /// The name of the durable consumer: one for each --state
    #[arg(long, value_name = "NAME", default_value = "bylaws")]
    nats_consumer: String,
    /// A file with credentials: what `nsc` writes, the seed of an nkey, the password of the URL's user, or a token
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    nats_credentials: Option<PathBuf>,
    /// A file with certificates (PEM) by which the server is known, instead of those of the system
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    nats_ca: Option<PathBuf>,
    /// A file with the certificate that the server wants to see (PEM)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "nats_key")]
    nats_certificate: Option<PathBuf>,
    /// A file with the key of --nats-certificate (PEM)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "nats_certificate")]
    nats_key: Option<PathBuf>,
    /// When the server sends a message again that was not written down
    #[arg(long, value_name = "LENGTH", default_value = "30 seconds", value_parser = length)]
    nats_ack_wait: Duration,
}

pub(super) fn run(args: &FollowArgs, style: Style) -> Result<Exit, Failure> {
    super::memory::in_small_pages();
    run::run(args, style)
}

/// `90 seconds`, `2 hours`, `1 day`; a day is 24 hours.
fn length(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a length like `90 seconds`, `30 minutes`, `2 hours` or `1 day`".to_owned();
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let n: u64 = text[..end].parse().map_err(|_| wrong())?;
    let of = match text[end..].trim() {
        "ms" | "millisecond" | "milliseconds" => return Ok(Duration::from_millis(n)),
        "s" | "second" | "seconds" => 1,
        "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        _ => return Err(wrong()),
    };
    n.checked_mul(of).filter(|s| *s < 1 << 32).map(Duration::from_secs).ok_or_else(wrong)
}
