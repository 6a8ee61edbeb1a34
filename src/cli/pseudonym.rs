//! `bylaws pseudonym`: a key for pseudonyms, and the way back for those who have it.

use super::{Exit, Failure, Style, output, people};
use crate::data::people::Key;
use clap::Args;
use std::fs::OpenOptions;
use std::io::{BufRead, ErrorKind, Write, stdin};
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "\
With a key, gives the pseudonym of each name, a line each: the pseudonym, a tab, the name. `-` reads names from
standard input, a line each, which keeps them out of the shell's history.

Who has the key can find out who somebody is by trying names. Keep it from those who read the reports.

Examples:
  bylaws pseudonym --new-key people.key                             a new key, which only you can read
  bylaws audit --policy policies/ log.ndjson --pseudonymize people.key
  bylaws pseudonym --key people.key E1042                           what E1042 is called
  cut -d, -f1 staff.csv | bylaws pseudonym --key people.key - --find p-7f3k2m9qxc4t1v8w      who that is

Exit codes:
  0  written
  1  none of the names has the pseudonym that --find names
  2  the key cannot be read or written, or is none")]
pub(super) struct PseudonymArgs {
    /// Names as records have them; `-` reads them from standard input
    #[arg(value_name = "NAME", required_unless_present = "new_key", conflicts_with = "new_key")]
    names: Vec<String>,
    /// The key
    #[arg(long, value_name = "KEYFILE", value_hint = clap::ValueHint::FilePath, required_unless_present = "new_key")]
    key: Option<PathBuf>,
    /// Only names that have this pseudonym
    #[arg(long, value_name = "PSEUDONYM", conflicts_with = "new_key")]
    find: Option<String>,
    /// Write a new key to a file that is not there yet
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with = "key")]
    new_key: Option<PathBuf>,
}

pub(super) fn run(args: &PseudonymArgs, _: Style) -> Result<Exit, Failure> {
    if let Some(path) = &args.new_key {
        return new_key(path);
    }
    let Some(path) = &args.key else { return Err(Failure::new("no key is named").help("give `--key KEYFILE`")) };
    let key = people::key(path)?;
    if let Some(wanted) = args.find.as_deref().filter(|p| !Key::is_pseudonym(p)) {
        return Err(Failure::new(format!("`{wanted}` is no pseudonym"))
            .help("a pseudonym is `p-` and 16 letters and digits, like p-7f3k2m9qxc4t1v8w"));
    }
    let mut written = 0;
    output::to_stdout(|out| {
        let mut write = |name: &str| -> std::io::Result<()> {
            let pseudonym = key.pseudonym(name);
            if args.find.as_ref().is_none_or(|wanted| *wanted == pseudonym) {
                written += 1;
                writeln!(out, "{pseudonym}\t{name}")?;
            }
            Ok(())
        };
        for name in &args.names {
            match name.as_str() {
                "-" => stdin().lock().lines().try_for_each(|line| write(&line?))?,
                name => write(name)?,
            }
        }
        Ok(())
    })?;
    if written == 0 && args.find.is_some() {
        output::tell("none of these names has this pseudonym with this key\n");
        return Ok(Exit::Findings);
    }
    Ok(Exit::Clean)
}

/// Nobody else can read it, and none is overwritten: without it, no earlier pseudonym is found again.
fn new_key(path: &Path) -> Result<Exit, Failure> {
    let shown = path.display();
    let failed = |e: &std::io::Error| {
        let failure = Failure::new(format!("cannot write `{shown}`: {}", super::disk::plain_io_error(e)));
        match e.kind() {
            ErrorKind::AlreadyExists => {
                failure.help("a key that is lost takes its pseudonyms with it; name a new file")
            }
            _ => failure,
        }
    };
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::new(format!("the system gives no random bytes for a key: {e}")))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| failed(&e))?;
    let text: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    writeln!(file, "{text}").map_err(|e| failed(&e))?;
    let fingerprint = people::key(path)?.fingerprint();
    output::tell(&format!("a new key is in {shown}; its fingerprint is {fingerprint}\n"));
    Ok(Exit::Clean)
}
