//! `bylaws compile`: a policy set checked once, for commands that are run often.

use super::policies::{self, Trust};
use super::signature::Signing;
use super::{Exit, Failure, Style, check, output};
use crate::diag::Code;
use crate::plan::Plan;
use crate::plan::saved::{Saved, SavedError};
use crate::report::receipt::Origin;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws compile policies/ --output rules.plan
  bylaws audit --plan rules.plan log.ndjson

The file can be used by the same version of bylaws only; any other version refuses it.

Exit codes: 0 compiled (warnings are allowed), 2 errors, or files that cannot be read or written.")]
pub(super) struct CompileArgs {
    /// Policy files, or folders of them
    #[arg(required = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<String>,
    /// The file to write, whole or not at all
    #[arg(long, short, required = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
    /// Give a parameter another value than its default; it holds wherever the file is used
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    trust: Trust,
}

pub(super) fn run(args: &CompileArgs, style: Style) -> Result<Exit, Failure> {
    let (policies, checked) = check::load(&args.paths, &args.trust, &args.set, style)?.parts();
    let bytes = checked.save(policies.sources()).ok_or_else(|| Failure::new("the policy set cannot be compiled"))?;
    let pen = args.signing.pen("bylaws plan")?;
    output::to_file(&args.output, |out| out.write_all(&bytes))?;
    let signed = match pen {
        Some(pen) => {
            let (beside, key) = pen.sign(&args.output, &bytes)?;
            format!(", signed by {key} in {}", beside.display())
        }
        None => String::new(),
    };
    let size = bytes.len().div_ceil(1024);
    output::print(&format!(
        "{}; compiled into {}, {size} KiB{signed}\n",
        check::summary(&policies, &checked),
        args.output.display()
    ))?;
    Ok(Exit::Clean)
}

/// Reads what `bylaws compile` wrote, signed where it has to be.
pub(super) fn read(path: &Path, trust: &Trust) -> Result<(Saved, Origin), Failure> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|e| {
        Failure::new(format!("cannot read `{name}`: {}", super::disk::plain_io_error(&e))).code(Code::Unreadable)
    })?;
    let file = path.to_string_lossy();
    let signer = policies::signer(&file, &bytes, trust)?;
    let saved = Plan::load(&bytes).map_err(|error| unusable(&error, path))?;
    let origin = policies::origin(&file, (&bytes, &saved.sha256), signer);
    Ok((saved, origin))
}

pub(super) fn unusable(error: &SavedError, path: &Path) -> Failure {
    let name = path.display();
    let failure = Failure::new(format!("cannot use `{name}`: {error}")).code(Code::Unreadable);
    match error {
        SavedError::Foreign => failure
            .help("`--plan` takes a file that `bylaws compile` wrote; name policy files and folders with `--policy`"),
        SavedError::Cut { .. }
        | SavedError::Damaged
        | SavedError::Unsound
        | SavedError::Untrue
        | SavedError::Format { .. }
        | SavedError::Version { .. } => {
            failure.help(format!("compile it again: bylaws compile POLICIES --output {name}"))
        }
    }
}
