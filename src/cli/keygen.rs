//! `bylaws keygen`: a pair of keys to sign bundles with.

use super::signature::{self, Password};
use super::{Exit, Failure, output};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws keygen conduct                      conduct.key, with a password, and conduct.pub
  bylaws keygen ci --no-password             where the machine that signs keeps it secret itself

The secret key stays with those who may sign; the public key goes to all who check. Keys are those
of minisign: `minisign -G -s conduct.key -p conduct.pub` makes such a pair too, and takes longer over
a password, so that it takes longer to guess.

Exit codes: 0 written, 2 a file is there already or cannot be written.")]
pub(super) struct KeygenArgs {
    /// What the files are called, without their endings
    #[arg(value_name = "NAME", value_hint = clap::ValueHint::AnyPath)]
    name: PathBuf,
    /// Leave the secret key open to whoever can read its file
    #[arg(long, conflicts_with = "file")]
    no_password: bool,
    #[command(flatten)]
    password: Password,
}

pub(super) fn run(args: &KeygenArgs) -> Result<Exit, Failure> {
    let named = |ending: &str| {
        let mut name = args.name.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let (secret, public) = (named(".key"), named(".pub"));
    let key = signature::keygen(&secret, &public, (!args.no_password).then_some(&args.password))?;
    output::print(&format!(
        "secret key {}: keep it where only those can read it who may sign\npublic key {}: {key}\n",
        secret.display(),
        public.display()
    ))?;
    Ok(Exit::Clean)
}
