//! The language server, where it was left out of the program.

use super::{Exit, Failure};
use clap::Args;

#[derive(Args)]
pub(super) struct LspArgs {
    /// Speak over standard input and output. This is the only way, so it need not be said
    #[arg(long)]
    stdio: bool,
}

pub(super) fn run(args: &LspArgs) -> Result<Exit, Failure> {
    let LspArgs { stdio: _ } = args;
    Err(Failure::new("this program was built without the language server").help("build it with the feature `lsp`"))
}
