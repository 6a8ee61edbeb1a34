//! `bylaws compile`: a policy set checked once, for commands that are run often.

use super::policies::{self, Trust};
use super::signature::Signing;
use super::{Exit, Failure, Style, check, output};
use crate::diag::Code;
use crate::plan::Plan;
use crate::plan::saved::{self, Saved, SavedError};
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
    let plan = check::compile(&checked)?;
    let bytes = saved::save(policies.sources(), checked.diagnostics(), checked.hir(), &plan)
        .map_err(|_| Failure::new("the policy set cannot be written as a file"))?;
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
    let whose = || policies::origin(&path.to_string_lossy(), &bytes, trust);
    let load = || Plan::load(&bytes).map_err(|error| unusable(&error, path));
    if !trust.keys.is_empty() {
        // What has to be signed is not looked into before it is known to be.
        let origin = whose()?;
        return Ok((load()?, origin));
    }
    let (saved, origin) = std::thread::scope(|scope| {
        let origin = scope.spawn(whose);
        (load(), origin.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    Ok((saved?, origin?))
}

pub(super) fn unusable(error: &SavedError, path: &Path) -> Failure {
    let name = path.display();
    let failure = Failure::new(format!("cannot use `{name}`: {error}")).code(Code::Unreadable);
    match error {
        SavedError::Foreign => failure
            .help("`--plan` takes a file that `bylaws compile` wrote; name policy files and folders with `--policy`"),
        SavedError::Cut { .. } | SavedError::Damaged | SavedError::Format { .. } | SavedError::Version { .. } => {
            failure.help(format!("compile it again: bylaws compile POLICIES --output {name}"))
        }
    }
}
