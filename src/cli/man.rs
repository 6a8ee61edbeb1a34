//! `bylaws man`: manual pages, from what the command line itself says.

use super::{Cli, Exit, Failure, disk, output};
use clap::{Args, CommandFactory};
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws man | man -l -                          read it
  bylaws man --output ~/.local/share/man/man1    a page for the command and for each subcommand")]
pub(super) struct ManArgs {
    /// Write `bylaws.1`, `bylaws-audit.1`, … into this folder, rather than the first to standard output
    #[arg(long, short, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.output else {
        let page = page(command);
        output::to_stdout(|out| page.render(out))?;
        return Ok(Exit::Clean);
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(format!("cannot write `{}`: {}", folder.display(), disk::plain_io_error(&error)))
    })?;
    for part in command.get_subcommands().chain([&command]) {
        let page = page(part.clone());
        output::to_file(&folder.join(page.get_filename()), |out| page.render(out))?;
    }
    Ok(Exit::Clean)
}

/// A page says which version it is of. It has no date of its own: left empty, what stands behind would take its place.
fn page(command: clap::Command) -> clap_mangen::Man {
    clap_mangen::Man::new(command)
        .date(" ")
        .source(concat!("bylaws ", env!("CARGO_PKG_VERSION")))
        .manual("Conduct rules as code")
}
