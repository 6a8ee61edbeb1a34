//! Where a policy set is read from: files and folders, or a bundle; and whether it has to be signed.

use super::disk::{Disk, plain_io_error};
use super::limits::LimitArgs;
use super::{Failure, signature};
use crate::bundle::{self, Bundle, Wrong};
use crate::data::Limits;
use crate::diag::Code;
use crate::io::Files;
use crate::policy_set::{LoadError, PolicySet};
use crate::report::receipt::Origin;
use clap::Args;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a policy set has to be, to be taken.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Trust {
    #[command(flatten)]
    pub limit: LimitArgs,
    /// Refuse a policy that the holder of this key did not sign: a public key, or the file that it is in. Of several, any will do
    #[arg(id = "require_signature", long = "require-signature", value_name = "KEY", num_args = 1)]
    pub keys: Vec<String>,
}

/// A policy set that can be loaded.
pub(super) struct Opened {
    pub files: Box<dyn Files>,
    pub paths: Vec<String>,
    pub origin: Option<Origin>,
    pub limits: Limits,
}

impl Opened {
    pub fn load(&self) -> Result<PolicySet, Vec<LoadError>> {
        PolicySet::load_within(&*self.files, &self.paths, &self.limits)
    }

    /// Where `files` of sources start from, where that is not the folder of each policy file: a bundle's files stand
    /// for files beside it.
    pub fn folder(&self) -> Option<String> {
        let parent = Path::new(&self.origin.as_ref()?.file).parent()?;
        Some(parent.to_string_lossy().into_owned())
    }
}

/// What was named on a command line.
pub(super) fn open(paths: &[String], trust: &Trust) -> Result<Opened, Failure> {
    let limits = trust.limit.limits();
    match paths.iter().find(|path| is_bundle(path)) {
        Some(path) if paths.len() == 1 => {
            let (bundle, origin) = read(path, trust)?;
            let (files, paths) = bundle.in_memory();
            Ok(Opened { files: Box::new(files), paths, origin: Some(origin), limits })
        }
        Some(path) => Err(Failure::new(format!("`{path}` is a bundle, and was named beside other policy files"))
            .code(Code::BadBundle)
            .help("a bundle is a whole policy set: name it alone, or make one bundle of all (`bylaws bundle`)")),
        None => {
            if let Some(path) = paths.iter().find(|path| Path::new(path).exists()).filter(|_| !trust.keys.is_empty()) {
                let what = if Path::new(path).is_dir() { "a folder" } else { "no bundle" };
                return Err(Failure::new(format!("`{path}` is not signed: it is {what}")).code(Code::NotSigned).help(
                    format!("make a signed bundle of it: bylaws bundle {path} --output rules.bundle --sign SECRET_KEY"),
                ));
            }
            Ok(Opened { files: Box::new(Disk), paths: paths.to_vec(), origin: None, limits })
        }
    }
}

/// No policy file begins with a brace.
pub(super) fn is_bundle(path: &str) -> bool {
    let mut start = Vec::new();
    let is_file = std::fs::metadata(path).is_ok_and(|m| m.is_file());
    if !is_file || File::open(path).and_then(|f| f.take(64).read_to_end(&mut start)).is_err() {
        return false;
    }
    path.ends_with(".bundle")
        || start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start().first() == Some(&b'{')
}

/// A bundle on the disk, signed where it has to be.
pub(super) fn read(path: &str, trust: &Trust) -> Result<(Bundle, Origin), Failure> {
    let failed = |e: std::io::Error| {
        Failure::new(format!("cannot read `{path}`: {}", plain_io_error(&e))).code(Code::Unreadable)
    };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(bundle::LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    let signer = signer(path, &bytes, trust)?;
    let origin = origin(path, (&bytes, &Sha256::digest(&bytes)), signer);
    let bundle = Bundle::read(&bytes).map_err(|wrong| unusable(path, &wrong))?;
    Ok((bundle, origin))
}

/// Whose the bytes are that were read from a file. Where they are not signed as they have to be, that is told.
pub(super) fn signer(path: &str, bytes: &[u8], trust: &Trust) -> Result<Option<String>, Failure> {
    if trust.keys.is_empty() { Ok(None) } else { signature::signer(path, bytes, &trust.keys).map(|s| Some(s.key)) }
}

pub(super) fn origin(path: &str, (bytes, sha256): (&[u8], &[u8]), signer: Option<String>) -> Origin {
    let sha256 = sha256.iter().map(|b| format!("{b:02x}")).collect();
    Origin { file: path.to_owned(), bytes: bytes.len() as u64, sha256, signer }
}

pub(super) fn unusable(path: &str, wrong: &Wrong) -> Failure {
    let failure = Failure::new(format!("cannot use the bundle `{path}`: {wrong}")).code(Code::BadBundle);
    match wrong {
        Wrong::TooLarge => failure.help("a bundle is what `bylaws bundle` wrote"),
        Wrong::Schema(_) => failure.help("make it again with this version: bylaws bundle POLICIES --output FILE"),
        Wrong::Form => failure.help(
            "line ends may have been changed on the way (with git, put `*.bundle -text` into .gitattributes); \
             take it once more from where it was made",
        ),
        Wrong::Path { .. } | Wrong::Twice(..) | Wrong::Folder(..) => {
            failure.help("`bylaws bundle` does not write such paths: do not use it, and ask where it comes from")
        }
        _ => failure.help("take it once more from where it was made; a bundle is what `bylaws bundle` wrote"),
    }
}
