//! `bylaws follow`, where it is left out of the build.

use super::{Exit, Failure, Style};
use clap::Args;

#[derive(Args)]
pub(super) struct FollowArgs {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(super) fn run(args: &FollowArgs, _: Style) -> Result<Exit, Failure> {
    let _ = &args.args;
    Err(Failure::new("this build does not follow records").help("build it with `--features follow`"))
}
