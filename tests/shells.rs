//! Completion scripts in the shells that they are for, and manual pages: of those that are there.

use std::path::Path;
use std::process::Command;

fn printed(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no `{program}` here");
        return None;
    };
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.is_empty(), "{program}: {told}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A shell's script, in a file.
fn script(shell: &str, folder: &Path) -> String {
    let path = folder.join(format!("bylaws.{shell}"));
    let text = printed(env!("CARGO_BIN_EXE_bylaws"), &["completions", shell]).unwrap();
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn bash_completes() {
    let folder = tempfile::tempdir().unwrap();
    let script = script("bash", folder.path());
    let ask = format!(
        "source {script}\n\
         ask() {{ COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); \
         _bylaws bylaws \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD - 1]}}\"; echo \"${{COMPREPLY[*]}}\"; }}\n\
         ask bylaws tr\nask bylaws explain B040\nask bylaws init --template ''\nask bylaws try --scr\n"
    );
    let Some(text) = printed("bash", &["--norc", "-c", &ask]) else { return };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "try");
    assert!(lines[1].starts_with("B0401 B0402 "), "{text}");
    assert_eq!(lines[2], "minimal gifts data library list");
    assert_eq!(lines[3], "--script");
}

#[test]
fn fish_completes() {
    let folder = tempfile::tempdir().unwrap();
    let script = script("fish", folder.path());
    let ask = format!(
        "source {script}; complete -C 'bylaws tr'; complete -C 'bylaws explain B0203'; complete -C 'bylaws check tests/tuto'"
    );
    let Some(text) = printed("fish", &["--no-config", "-c", &ask]) else { return };
    let words: Vec<&str> = text.lines().filter_map(|l| l.split('\t').next()).collect();
    assert_eq!(words, ["try", "B0203", "tests/tutorial.rs"], "{text}");
}

#[test]
fn zsh_reads_its_script() {
    let folder = tempfile::tempdir().unwrap();
    let script = script("zsh", folder.path());
    let ask = format!("autoload -U compinit && compinit -u -d {script}.dump && source {script} && whence -w _bylaws");
    let Some(text) = printed("zsh", &["--no-rcs", "-c", &ask]) else { return };
    assert_eq!(text, "_bylaws: function\n");
    let text = std::fs::read_to_string(&script).unwrap();
    assert!(text.contains("B0203\\:") && text.contains("_files"), "codes and paths are completed");
}

/// A page for each subcommand, in which neither formatter finds a fault.
#[test]
fn manual_pages_are_well_formed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    printed(env!("CARGO_BIN_EXE_bylaws"), &["man", "--output", path]).unwrap();
    let mut pages: Vec<_> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    assert!(pages.iter().any(|p| p.ends_with("bylaws-try.1")), "{pages:?}");
    for page in &pages {
        let page = page.to_str().unwrap();
        let Some(text) = printed("man", &["--warnings", "-l", page]) else { return };
        let version = concat!("bylaws ", env!("CARGO_PKG_VERSION"));
        assert!(text.contains("Conduct rules as code") && text.contains(version), "{page}: {text}");
    }
}
