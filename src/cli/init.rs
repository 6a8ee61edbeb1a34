//! `bylaws init`: a policy set to begin with.

use super::{Exit, Failure, Style, output};
use clap::{Args, ValueEnum, ValueHint};
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws init conduct                       two rules on gifts, with tests and a made-up log
  bylaws init conduct --template minimal    one rule: the least that works
  bylaws init conduct --template library    the forty rules of the library
  bylaws init --template list               what there is

With each comes `check.sh`, which a change has to pass, and the files by which GitHub and GitLab
run it. Nothing that is there is written over.

Exit codes:
  0  written
  2  a file is there already, or cannot be written")]
pub(super) struct InitArgs {
    /// The folder to write into; made where it is not there
    #[arg(value_name = "FOLDER", default_value = ".", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
    #[arg(long, value_enum, default_value = "gifts")]
    template: Template,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Template {
    /// One rule on gifts with its record, a test and a log to audit
    Minimal,
    /// Two rules on gifts and approvals with their records, tests, a charter, a metric and a log
    #[value(alias = "start", alias = "conduct")]
    Gifts,
    /// Two rules on files that leave the company, with all that belongs to them
    Data,
    /// The rule library: forty rules in seven domains, and their vocabulary
    Library,
    /// Only say which templates there are
    List,
}

/// A file's path in the new folder, and its text.
type File = (&'static str, &'static str);

/// What every template has.
const GATE: &[File] = &[
    ("check.sh", include_str!("init/check.sh")),
    (".github/workflows/rules.yml", include_str!("init/ci/github.yml")),
    (".gitlab-ci.yml", include_str!("init/ci/gitlab.yml")),
];

macro_rules! template {
    ($name:literal: $($path:literal)*) => {
        &[$(($path, include_str!(concat!("init/", $name, "/", $path))),)*]
    };
}

const MINIMAL: &[File] = template! { "minimal":
    "README.md" "policies/gifts.bylaw" "policies/records.bylaw" "records/log.ndjson"
};

const GIFTS: &[File] = template! { "gifts":
    "README.md" "policies/charter.bylaw" "policies/gifts.bylaw" "policies/records.bylaw" "records/log.ndjson"
};

const DATA: &[File] = template! { "data":
    "README.md" "policies/charter.bylaw" "policies/exports.bylaw" "policies/records.bylaw" "records/log.ndjson"
};

macro_rules! library {
    ($($path:literal)*) => {
        &[
            ("README.md", include_str!("init/library.md")),
            $((concat!("policies/", $path), include_str!(concat!("../../policies/", $path))),)*
        ]
    };
}

const LIBRARY: &[File] = library! {
    "README.md"
    "bribery.bylaw"
    "charter.bylaw"
    "data.bylaw"
    "engagements.bylaw"
    "expenses.bylaw"
    "gifts.bylaw"
    "handbook.en.ftl"
    "handbook.zh.ftl"
    "metrics.bylaw"
    "programme.bylaw"
    "trading.bylaw"
    "vocabulary/data.bylaw"
    "vocabulary/engagements.bylaw"
    "vocabulary/expenses.bylaw"
    "vocabulary/gifts.bylaw"
    "vocabulary/payments.bylaw"
    "vocabulary/people.bylaw"
    "vocabulary/sources/google_workspace.bylaw"
    "vocabulary/sources/microsoft365.bylaw"
    "vocabulary/sources/ocsf.bylaw"
    "vocabulary/speaking_up.bylaw"
    "vocabulary/trading.bylaw"
};

pub(super) fn run(args: &InitArgs, _: Style) -> Result<Exit, Failure> {
    let own = match args.template {
        Template::Minimal => MINIMAL,
        Template::Gifts => GIFTS,
        Template::Data => DATA,
        Template::Library => LIBRARY,
        Template::List => {
            output::print(&list())?;
            return Ok(Exit::Clean);
        }
    };
    let files = [own, GATE].concat();
    let there: Vec<&str> = files.iter().map(|f| f.0).filter(|f| args.folder.join(f).exists()).collect();
    if let [first, ..] = there[..] {
        let folder = args.folder.display();
        let more = if there.len() > 1 { format!(" and {} more of its files", there.len() - 1) } else { String::new() };
        return Err(Failure::new(format!("`{folder}` has a `{first}`{more} already"))
            .help("name an empty folder, or one that is not there"));
    }
    for (path, text) in &files {
        write(&args.folder.join(path), text)?;
    }
    output::print(&next(args, &files))?;
    Ok(Exit::Clean)
}

/// The templates, each with what is in it.
fn list() -> String {
    let all =
        Template::value_variants().iter().filter(|t| **t != Template::List).filter_map(Template::to_possible_value);
    let lines = all.map(|t| {
        let help = t.get_help().map(ToString::to_string).unwrap_or_default();
        format!("{:<8} {help}\n", t.get_name())
    });
    lines.collect()
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("cannot write `{}`: {}", path.display(), super::disk::plain_io_error(&error)))
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    output::to_file(path, |out| out.write_all(text.as_bytes()))?;
    if path.extension().is_some_and(|e| e == "sh") {
        runnable(path).map_err(failed)?;
    }
    Ok(())
}

/// Lets a script be run by its name, where files have such a mark.
fn runnable(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    let _ = path;
    Ok(())
}

fn next(args: &InitArgs, files: &[File]) -> String {
    let folder = args.folder.display().to_string();
    let at =
        |path: &str| if folder == "." { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) };
    let mut text = format!("wrote {} files into `{folder}`\n\nNext:\n", files.len());
    let policies = at("policies");
    let records = if args.template == Template::Library { "RECORDS…".into() } else { at("records/log.ndjson") };
    for (command, what) in [
        (if folder == "." { "./check.sh".into() } else { at("check.sh") }, "does the policy set pass its gate?"),
        (format!("bylaws check {policies}"), "is the policy set right?"),
        (format!("bylaws test {policies} --coverage"), "do its own tests pass?"),
        (format!("bylaws audit --policy {policies} {records}"), "what do the records say?"),
        (format!("bylaws report --policy {policies} {records} --output report.html"), "and as a page?"),
    ] {
        text.push_str(&format!("  {command}\n      {what}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole library is in it.
    #[test]
    fn no_file_of_the_library_is_left_out() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("policies")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
                }
            }
        }
        found.sort();
        let mut have: Vec<&str> = LIBRARY.iter().map(|f| f.0).filter(|f| f.starts_with("policies/")).collect();
        have.sort_unstable();
        assert_eq!(have, found);
    }
}
