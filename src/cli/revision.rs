//! A policy set from the disk, or from a commit of the git repository that one is in.

use super::Failure;
use super::policies::{self, Trust};
use crate::diag::Code;
use crate::io::MemoryFiles;
use crate::policy_set::{LoadError, PolicySet};
use std::path::Path;
use std::process::{Command, Output};

/// Where `OLD` or `NEW` is: a path that is there, `REVISION:PATH`, or `REVISION` with the path of the other side.
pub(super) fn load(what: &str, path: Option<&str>, trust: &Trust) -> Result<PolicySet, Failure> {
    if Path::new(what).exists() {
        let opened = policies::open(&[what.to_owned()], trust)?;
        return opened.load().map_err(|errors| unreadable(what, &errors));
    }
    let (revision, path) = match (what.split_once(':'), path) {
        (Some((revision, path)), _) => (revision, path),
        (None, Some(path)) => (what, path),
        (None, None) => {
            return Err(Failure::new(format!("`{what}` is no path, and which policy it is at a revision is not said"))
                .help(format!("name the policy: `{what}:policies`, or with `--policy policies`")));
        }
    };
    if !trust.keys.is_empty() {
        return Err(Failure::new(format!("`{what}` is not signed: it is no file, and a revision has no signature"))
            .code(Code::NotSigned)
            .help("name two signed bundles, or leave out --require-signature"));
    }
    let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])?;
    if !commit.status.success() {
        return Err(Failure::new(format!("`{what}` is neither a path nor a revision of this git repository"))
            .help("a revision is a branch, a tag or a commit: `main`, `HEAD~1`, `origin/main:policies`"));
    }
    let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
    let path = path.trim_end_matches('/');
    // Imports may lead to files beside the policy, so all of the commit's policy files are there.
    let names = listed(&commit)?;
    let mut files = MemoryFiles::default();
    for name in &names {
        let text = git(&["show", &format!("{commit}:./{name}")])?;
        if !text.status.success() {
            return Err(Failure::new(format!("cannot read `{name}` at {revision}: {}", said(&text))));
        }
        files.insert(name, text.stdout);
    }
    let path = if path.is_empty() { "." } else { path };
    PolicySet::load_within(&files, &[path], &trust.limit.limits())
        .map_err(|errors| unreadable(&format!("{revision}:{path}"), &errors))
}

/// The policy files of a commit, from this folder down.
fn listed(commit: &str) -> Result<Vec<String>, Failure> {
    let output = git(&["ls-tree", "-r", "-z", "--name-only", commit])?;
    if !output.status.success() {
        return Err(Failure::new(format!("cannot list the files of {commit}: {}", said(&output))));
    }
    let names = output.stdout.split(|b| *b == 0).map(|name| String::from_utf8_lossy(name).into_owned());
    Ok(names.filter(|name| name.ends_with(".bylaw")).collect())
}

fn git(args: &[&str]) -> Result<Output, Failure> {
    Command::new("git").args(args).output().map_err(|error| {
        Failure::new(format!("cannot run `git`: {}", super::disk::plain_io_error(&error)))
            .help("a revision is read with git; without it, name two folders")
    })
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

fn unreadable(what: &str, errors: &[LoadError]) -> Failure {
    let lines: Vec<_> = errors.iter().map(|e| format!("{what}: {e}")).collect();
    Failure::new(lines.join("\n")).code(Code::Unreadable)
}
