//! `bylaws lsp`: the language server.

use super::disk::Disk;
use super::{Exit, Failure};
use clap::Args;

#[derive(Args)]
#[command(after_help = "\
An editor starts it, and speaks with it over standard input and output. How to set one up: docs/how-to/editor.md.

Exit codes: 0 the editor shut it down, 2 the input ended before.")]
pub(super) struct LspArgs {
    /// Speak over standard input and output. This is the only way, so it need not be said
    #[arg(long)]
    stdio: bool,
}

pub(super) fn run(args: &LspArgs) -> Result<Exit, Failure> {
    let LspArgs { stdio: _ } = args;
    super::memory::in_small_pages();
    match crate::lsp::serve(&Disk, std::io::stdin(), std::io::stdout()) {
        true => Ok(Exit::Clean),
        false => Err(Failure::new("the input ended before the editor said `shutdown` and `exit`")),
    }
}
