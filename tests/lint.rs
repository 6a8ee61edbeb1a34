//! `bylaws lint` as its users meet it.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How it ended, standard output and standard error.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    let output = command.current_dir(folder).env("NO_COLOR", "1").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// As [`run`], in `tests/lint` on the last day of 2025.
fn lint(args: &[&str]) -> (i32, String, String) {
    let args = [&["lint", "--as-of", "2025-12-31"], args].concat();
    run(&root().join("tests/lint"), &args)
}

fn check(name: &str, args: &[&str]) {
    let (code, out, err) = lint(args);
    let mut text = format!("$ bylaws lint {}\nexit code: {code}\n", args.join(" "));
    for (stream, printed) in [("stdout", out), ("stderr", err)] {
        if !printed.is_empty() {
            text.push_str(&format!("---- {stream}\n{printed}"));
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("lint_{name}"), text);
    });
}

/// Lints of one topic and those of remarks: what others come to say does not change these pages.
const THESE: &str = "L00,L01,L03,L08";

#[test]
fn what_is_found() {
    check("untidy", &["--select", THESE, "untidy"]);
}

#[test]
fn for_programs() {
    check("json", &["--select", "L0104", "--format", "json", "untidy"]);
}

#[test]
fn in_the_forms_of_other_programs() {
    let (code, out, _) = lint(&["--select", "L0104", "--format", "github", "untidy"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("::warning file=untidy/rules.bylaw,line=22,"), "{out}");
    assert!(out.contains("L0104"), "{out}");
}

#[test]
fn what_is_allowed_and_why() {
    check("allowed", &["--select", THESE, "allowed"]);
}

#[test]
fn a_project_has_settings() {
    check("settled", &["settled"]);
    // A file in a folder below is under the same settings.
    let (code, out, _) = lint(&["--select", "L0801,L0104,L0109", "settled"]);
    assert_eq!((code, out.matches("L0104").count()), (1, 1), "{out}");
    assert!(!out.contains("L0801") && !out.contains("L0109"), "{out}");
}

#[test]
fn settings_that_say_nothing_known() {
    check("slips", &["slips"]);
    let (code, _, err) = lint(&["--config", "nowhere.toml", "clean"]);
    assert_eq!(code, 2);
    assert!(err.contains("cannot read `nowhere.toml`: no such file or folder"), "{err}");
}

#[test]
fn exit_codes() {
    let code = |args: &[&str]| lint(args).0;
    assert_eq!(code(&["--select", THESE, "--fail-on", "advice", "clean"]), 0);
    assert_eq!(code(&["--select", "L0104", "untidy"]), 1);
    assert_eq!(code(&["--select", "L0104", "--fail-on", "error", "untidy"]), 0);
    assert_eq!(code(&["--select", "L0102", "--fail-on", "error", "untidy"]), 1);
    assert_eq!(code(&["--select", "L0808", "untidy"]), 0, "advice does not fail");
    assert_eq!(code(&["--select", "L0808", "--fail-on", "advice", "untidy"]), 1);
    assert_eq!(code(&["--select", "L01", "--ignore", "L01", "untidy"]), 0);
    assert_eq!(code(&["--fail-on", "never", "untidy"]), 0);
    assert_eq!(code(&["nowhere"]), 2);
    assert_eq!(code(&["../cli/wrong"]), 2);
}

#[test]
fn a_code_that_there_is_not() {
    let (code, _, err) = lint(&["--select", "L0140", "clean"]);
    assert_eq!(code, 2);
    assert!(err.contains("there is no lint `L0140`; did you mean `L0104`?"), "{err}");
}

#[test]
fn every_lint_is_listed() {
    let (code, out, _) = lint(&["--list"]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines.contains(&"L0102  error    a condition that never holds"), "{out}");
    assert!(lines.contains(&"L0806  off      a field that no rule reads"), "{out}");
    assert!(lines.is_sorted() && lines.len() >= 39, "{} lints", lines.len());
}

#[test]
fn errors_of_the_policy_for_programs() {
    let (code, out, err) = lint(&["--format", "json", "../cli/wrong"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, document["schema"].as_str()), (2, Some("bylaws.lint/1")));
    assert!(document["errors"].as_u64().unwrap() > 0 && err.starts_with("check: "), "{out}{err}");
}

// ---------------------------------------------------------------- mending

/// A copy of a folder's policy files.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else if path.extension().is_some_and(|e| e == "bylaw" || e == "toml") {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

#[test]
fn what_is_safe_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("tests/lint/untidy"), folder.path());
    let (code, out, err) = run(folder.path(), &["lint", "--fix", "--select", THESE, "."]);
    assert_eq!(code, 1, "{err}");
    let mended = std::fs::read_to_string(folder.path().join("rules.bylaw")).unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        let told = out.split_once("mended:").unwrap().1.replace("./rules", "rules");
        insta::assert_snapshot!("lint_mended", format!("{mended}----{told}"));
    });
    let before = std::fs::read_to_string(root().join("tests/lint/untidy/rules.bylaw")).unwrap();
    assert_ne!(mended, before);
    let (_, out, _) = run(folder.path(), &["lint", "--fix", "--select", THESE, "."]);
    assert!(!out.contains("mended"), "{out}");
    assert_eq!(std::fs::read_to_string(folder.path().join("rules.bylaw")).unwrap(), mended);
}

/// Folders of policy files, each a set.
fn sets() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = vec![root().join("policies")];
    for folder in ["tests/cli", "tests/lint", "examples"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path());
        found.extend(entries.filter(|p| p.is_dir()));
    }
    found.retain(|p| run(p, &["check", "."]).0 == 0);
    found.sort();
    found
}

#[test]
fn mending_breaks_nothing_and_ends() {
    let sets = sets();
    assert!(sets.len() > 15, "{sets:?}");
    for set in sets {
        let folder = tempfile::tempdir().unwrap();
        copy(&set, folder.path());
        let before = run(folder.path(), &["test", "."]);
        let (code, out, err) = run(folder.path(), &["lint", "--fix", "--select", "all", "."]);
        // Settings with slips are told.
        if set.ends_with("slips") {
            assert_eq!(code, 2);
            continue;
        }
        assert!(code < 2 && !err.contains("mistake"), "{}: {out}{err}", set.display());
        assert_eq!(run(folder.path(), &["check", "."]).0, 0, "{}", set.display());
        assert_eq!(run(folder.path(), &["test", "."]).0, before.0, "{}", set.display());
        let (_, out, _) = run(folder.path(), &["lint", "--fix", "--select", "all", "."]);
        assert!(!out.contains("mended"), "{}: {out}", set.display());
    }
}

#[test]
fn the_library_and_the_examples_are_clean() {
    for set in ["policies", "examples/company", "examples/uk-register", "examples/google-workspace"] {
        let (code, out, err) = run(root(), &["lint", "--as-of", "2025-12-31", "--fail-on", "advice", set]);
        assert_eq!(code, 0, "{out}{err}");
    }
}
