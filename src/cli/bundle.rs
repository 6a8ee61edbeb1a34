//! `bylaws bundle`: a policy set as one file, signed or not; and what is in one.

use super::policies::{self, Trust};
use super::signature::Signing;
use super::{Exit, Failure, Style, check, output, signature};
use crate::bundle::{Bundle, File};
use crate::diag::Code;
use crate::report::plural;
use clap::Args;
use std::path::{Component, Path, PathBuf};

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws bundle policies/ --output rules.bundle
  bylaws bundle policies/ --output rules.bundle --sign conduct.key --comment \"approved by the board\"
  bylaws audit --policy rules.bundle --require-signature conduct.pub log.ndjson
  bylaws bundle --list rules.bundle --require-signature conduct.pub
  bylaws bundle --extract unpacked/ rules.bundle

A signature is in the form of minisign, whose keys can be used, and which checks it too:
`minisign -Vm rules.bundle -p conduct.pub`. `bylaws keygen conduct` makes a pair of keys.

Exit codes: 0 written or shown (warnings are allowed), 2 errors, a signature that does not hold, or
files that cannot be read or written.")]
pub(super) struct BundleArgs {
    /// Policy files, or folders of them; with --list and --extract, a bundle
    #[arg(required = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<String>,
    /// The bundle to write, whole or not at all
    #[arg(long, short, required_unless_present_any = ["list", "extract"], value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Print the files in a bundle, each with its SHA-256
    #[arg(long, conflicts_with_all = ["output", "extract", "key"])]
    list: bool,
    /// Write the files in a bundle into this folder, which is empty or not there
    #[arg(long, conflicts_with_all = ["output", "key"], value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    extract: Option<PathBuf>,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    trust: Trust,
}

pub(super) fn run(args: &BundleArgs, style: Style) -> Result<Exit, Failure> {
    match (&args.output, &args.extract) {
        (Some(output), _) => make(args, output, style),
        (None, Some(folder)) => extract(&args.paths, folder, &args.trust),
        (None, None) => list(&args.paths, &args.trust),
    }
}

fn make(args: &BundleArgs, to: &Path, style: Style) -> Result<Exit, Failure> {
    let (policies, checked) = check::load(&args.paths, &args.trust, &[], style)?.parts();
    let names: Vec<&str> = policies.sources().files().map(|(_, file)| file.name.as_str()).collect();
    let files = inside(&args.paths, &names).into_iter().zip(policies.sources().files());
    let files = files.map(|(path, (_, file))| File { path, text: file.text.to_string() }).collect();
    let bundle = Bundle::new(files).map_err(|wrong| {
        Failure::new(format!("cannot make a bundle: {wrong}"))
            .code(Code::BadBundle)
            .help("rename the file: a path in a bundle has to mean the same on every system, and end in `.bylaw`")
    })?;
    let text = bundle.text();
    let pen = args.signing.pen(&format!("bylaws {}", bundle.digest()))?;
    output::to_file(to, |out| out.write_all(text.as_bytes()))?;
    let (name, kib) = (to.display(), text.len().div_ceil(1024));
    let signed = match pen {
        Some(pen) => {
            let (beside, key) = pen.sign(to, text.as_bytes())?;
            format!(", signed by {key} in {}", beside.display())
        }
        None => String::new(),
    };
    output::print(&format!("{}; bundled into {name}, {kib} KiB{signed}\n", check::summary(&policies, &checked)))?;
    let stale = signature::beside(to);
    if signed.is_empty() && stale.exists() {
        output::tell(&format!("`{}` is of an earlier bundle and was left as it is\n", stale.display()));
    }
    Ok(Exit::Clean)
}

/// The files' paths as seen from the folder that holds all that was named.
fn inside(given: &[String], names: &[&str]) -> Vec<String> {
    // A bundle's own paths.
    if given.iter().any(|path| policies::is_bundle(path)) {
        return names.iter().map(|name| (*name).to_owned()).collect();
    }
    let mut roots = given.iter().map(|path| {
        let whole = absolute(path);
        let folder = if whole.is_dir() { Some(whole.as_path()) } else { whole.parent() };
        folder.map(Path::to_path_buf).unwrap_or_default()
    });
    let first = roots.next().unwrap_or_default();
    let root = roots.fold(first, |root, other| {
        root.components().zip(other.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    });
    let relative = |name: &&str| {
        let whole = absolute(name);
        let parts = whole.strip_prefix(&root).unwrap_or(&whole).components();
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    };
    names.iter().map(relative).collect()
}

fn absolute(path: &str) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.into()).components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

fn opened(paths: &[String], trust: &Trust) -> Result<(String, Bundle), Failure> {
    let [path] = paths else {
        return Err(Failure::new("one bundle at a time"));
    };
    if !Path::new(path).is_file() {
        let why = if Path::new(path).is_dir() { "it is a folder" } else { "no such file" };
        return Err(Failure::new(format!("cannot read `{path}`: {why}")).code(Code::Unreadable));
    }
    let (bundle, _) = policies::read(path, trust)?;
    Ok((path.clone(), bundle))
}

fn list(paths: &[String], trust: &Trust) -> Result<Exit, Failure> {
    let (path, bundle) = opened(paths, trust)?;
    output::print(&bundle.listing())?;
    output::tell(&format!("{path}: {}, digest {}\n", plural(bundle.files().len(), "file"), bundle.digest()));
    if !trust.keys.is_empty() {
        let bytes = bundle.text();
        let signer = signature::signer(&path, bytes.as_bytes(), &trust.keys)?;
        output::tell(&format!("signed by {}: {}\n", signer.key, signer.comment));
    }
    Ok(Exit::Clean)
}

fn extract(paths: &[String], folder: &Path, trust: &Trust) -> Result<Exit, Failure> {
    let (_, bundle) = opened(paths, trust)?;
    let shown = folder.display();
    let failed =
        |e: std::io::Error| Failure::new(format!("cannot write into `{shown}`: {}", super::disk::plain_io_error(&e)));
    std::fs::create_dir_all(folder).map_err(failed)?;
    // In a folder with nothing in it no path leads anywhere else.
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(
            Failure::new(format!("`{shown}` is not empty")).help("name a folder that is empty or not there yet")
        );
    }
    for file in bundle.files() {
        let target = folder.join(&file.path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        output::to_file(&target, |out| out.write_all(file.text.as_bytes()))?;
    }
    output::print(&format!("wrote {} into {shown}\n", plural(bundle.files().len(), "file")))?;
    Ok(Exit::Clean)
}
