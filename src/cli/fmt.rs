//! `bylaws fmt`: policy files in the one style.

use super::disk::{Disk, plain_io_error};
use super::{Exit, Failure, Style, output, policies};
use crate::data::Limits;
use crate::diag::Code;
use crate::fmt::{Unformatted, format};
use crate::io::{FileError, Files};
use crate::policy_set::{LoadError, add_text};
use crate::report;
use crate::source::SourceMap;
use clap::Args;
use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws fmt policies/                      format every .bylaw file in the folder
  bylaws fmt --check policies/              list the files that would change, for CI
  bylaws fmt --diff a.bylaw                 show what would change
  bylaws fmt - < a.bylaw                    from standard input to standard output, for editors

There are no options of style. Comments stay where they are. A file is written only where it
says the same as before; one with syntax errors is left as it is.

Exit codes: 0 all formatted, 1 --check or --diff found what would change, 2 syntax errors, or
files that cannot be read or written.")]
pub(super) struct FmtArgs {
    /// Policy files, or folders of them; `-` for standard input
    #[arg(required = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<String>,
    /// Write nothing; list the files that would change
    #[arg(long, conflicts_with = "diff")]
    check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    diff: bool,
}

/// After so long a difference is shown that may not be the smallest one.
const LONGEST_DIFF: Duration = Duration::from_secs(5);

/// How many files ended how.
#[derive(Default)]
struct Counts {
    changed: usize,
    same: usize,
    failed: usize,
}

pub(super) fn run(args: &FmtArgs, style: Style) -> Result<Exit, Failure> {
    let mut counts = Counts::default();
    for path in files(&args.paths, &mut counts, style) {
        match one(&path, args, style) {
            Ok(true) => counts.changed += 1,
            Ok(false) => counts.same += 1,
            Err(failure) => {
                failure.tell(style);
                counts.failed += 1;
            }
        }
    }
    // An editor takes what stands on standard error for an error.
    let filter = args.paths == ["-"] && !args.check && !args.diff;
    if !filter {
        output::tell(&format!("{}\n", summary(&counts, args)));
    }
    Ok(match counts {
        Counts { failed: 1.., .. } => Exit::Failed,
        Counts { changed: 1.., .. } if args.check || args.diff => Exit::Findings,
        _ => Exit::Clean,
    })
}

/// All files that the paths name, each once. What cannot be read is told and counted.
fn files(paths: &[String], counts: &mut Counts, style: Style) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for path in paths {
        let listed = if path == "-" { Ok(None) } else { Disk.list(path) };
        let of = match listed {
            Ok(files) => files.unwrap_or_else(|| vec![path.clone()]),
            Err(why) => {
                unreadable(path, why).tell(style);
                counts.failed += 1;
                continue;
            }
        };
        found.extend(of.into_iter().filter(|file| seen.insert(crate::io::normalize(file))));
    }
    found
}

/// Formats one file, and writes, lists or shows it; whether it changes.
fn one(path: &str, args: &FmtArgs, style: Style) -> Result<bool, Failure> {
    let stdin = path == "-";
    if !stdin && policies::is_bundle(path) {
        return Err(Failure::new(format!("`{path}` is a bundle, and is left as it was"))
            .code(Code::BadBundle)
            .help("format the files that it is made of, and make it again"));
    }
    let bytes = if stdin { standard_input() } else { Disk.read_within(path, Limits::default().policy_file_bytes) }
        .map_err(|why| unreadable(path, why))?;
    let mut sources = SourceMap::default();
    let name = if stdin { "standard input" } else { path };
    let broken = |sources: &SourceMap, errors: &[_]| {
        output::tell(&report::render::diagnostics(sources, errors, style.stderr));
        Failure::told(format!("`{name}` is left as it was"))
    };
    let text = match add_text(&mut sources, name, bytes.clone()) {
        Ok(id) => format(id, &sources.file(id).text),
        Err(problem) => return Err(broken(&sources, &[*problem])),
    };
    let text = match text {
        Ok(text) => text,
        Err(Unformatted::Broken(errors)) => return Err(broken(&sources, &errors)),
        Err(Unformatted::Differs(place)) => {
            return Err(Failure::new(format!(
                "`{name}` is left as it was: formatted, it would not say the same at `{}`",
                place.trim()
            ))
            .help("this is a mistake of `bylaws fmt`, not of the file: please report it, with the file"));
        }
    };
    let changed = text.as_bytes() != bytes;
    if args.diff {
        if changed {
            let before = String::from_utf8_lossy(&bytes);
            let diff = similar::TextDiff::configure().timeout(LONGEST_DIFF).diff_lines(before.as_ref(), text.as_str());
            output::print(&diff.unified_diff().context_radius(3).header(name, name).to_string())?;
        }
    } else if args.check {
        if changed {
            output::print(&format!("{name}\n"))?;
        }
    } else if stdin {
        output::print(&text)?;
    } else if changed {
        // The file that a link leads to is written, not the link.
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| Path::new(path).to_path_buf());
        output::to_file(&target, |out| out.write_all(text.as_bytes()))?;
    }
    Ok(changed)
}

fn standard_input() -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|e| FileError::Other(plain_io_error(&e)))?;
    Ok(bytes)
}

fn unreadable(path: &str, why: FileError) -> Failure {
    Failure::new(LoadError { path: path.into(), why }.to_string()).code(Code::Unreadable)
}

fn summary(counts: &Counts, args: &FmtArgs) -> String {
    let Counts { changed, same, failed } = *counts;
    let mut parts = if changed + same + failed == 0 {
        vec!["no policy files".to_string()]
    } else if args.check || args.diff {
        vec![format!("{} would be formatted", report::plural(changed, "file")), format!("{same} as they should be")]
    } else {
        vec![format!("formatted {}", report::plural(changed, "file")), format!("{same} left as they were")]
    };
    if failed > 0 {
        parts.push(format!("{failed} with errors"));
    }
    parts.join(", ")
}
