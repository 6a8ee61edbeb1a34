//! `bylaws init`: what each template writes passes its own gate, and says about its log what its README promises.

use std::path::Path;
use std::process::Command;

/// How a command ended in a folder, and what it printed.
fn run(folder: &Path, program: &str, args: &[&str]) -> (i32, String) {
    let bin = Path::new(env!("CARGO_BIN_EXE_bylaws")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output =
        Command::new(program).args(args).current_dir(folder).env("PATH", path).env("NO_COLOR", "1").output().unwrap();
    let told = [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap()).concat();
    (output.status.code().unwrap(), told)
}

fn bylaws(folder: &Path, args: &[&str]) -> (i32, String) {
    run(folder, env!("CARGO_BIN_EXE_bylaws"), args)
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_templates_are_listed_with_what_is_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let (code, told) = bylaws(folder.path(), &["init", "--template", "list"]);
    assert_eq!(code, 0);
    let expected = "\
minimal  One rule on gifts with its record, a test and a log to audit
gifts    Two rules on gifts and approvals with their records, tests, a charter, a metric and a log
data     Two rules on files that leave the company, with all that belongs to them
library  The rule library: forty rules in seven domains, and their vocabulary
";
    assert_eq!(told, expected);
    assert!(files(folder.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn each_template_passes_its_gate() {
    for (template, audited, says) in [
        ("minimal", 1, "1 finding (1 major), 1 excepted"),
        ("gifts", 1, "1 finding (1 major), 1 excepted"),
        ("data", 1, "1 finding (1 critical), 1 excepted"),
        ("library", 2, "no records were named"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (code, told) = bylaws(folder.path(), &["init", "rules", "--template", template]);
        assert_eq!(code, 0, "{told}");
        let rules = folder.path().join("rules");
        // From another folder, too.
        let (code, told) = run(folder.path(), "rules/check.sh", &[]);
        assert_eq!(code, 0, "{template}: {told}");
        let (code, told) = bylaws(&rules, &["test", "policies", "--coverage"]);
        assert!(code == 0 && !told.contains("B0622"), "{template}: {told}");
        let mut args = vec!["audit", "--policy", "policies"];
        args.extend((template != "library").then_some("records/log.ndjson"));
        let (code, told) = bylaws(&rules, &args);
        assert!(code == audited && told.contains(says), "{template}: {told}");
        // The gate is run by both code hosts.
        for ci in [".github/workflows/rules.yml", ".gitlab-ci.yml"] {
            let text = std::fs::read_to_string(rules.join(ci)).unwrap();
            assert!(text.contains(" ./check.sh\n") && !text.contains('\t'), "{ci}: {text}");
        }
        let gate = std::fs::read_to_string(rules.join("check.sh")).unwrap();
        for step in ["fmt --check", "check", "lint", "test"] {
            assert!(gate.contains(&format!("\nbylaws {step} policies")), "{step}: {gate}");
        }
    }
}

/// A gate that lets everything through would be none.
#[cfg(unix)]
#[test]
fn the_gate_refuses() {
    for (file, from, to, step) in [
        ("policies/gifts.bylaw", "= 50 EUR", "= 500 EUR", "FAILED"),
        ("policies/gifts.bylaw", "  severity major", "severity major", "would be formatted"),
        ("policies/gifts.bylaw", "value > needs", "valeu > needs", "no name `valeu` is known"),
        ("policies/gifts.bylaw", "forbid gift", "// lint: allow L0002\nforbid gift", "L0001"),
        (
            "policies/gifts.bylaw",
            "  expect excepted gift_without_approval on with\n",
            "",
            "--min-coverage asks for 100 %",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(bylaws(folder.path(), &["init", "--template", "minimal"]).0, 0);
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let (code, told) = run(folder.path(), "./check.sh", &[]);
        assert!(code != 0 && told.contains(step), "{to}: {told}");
    }
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".gitlab-ci.yml"), "mine").unwrap();
    let (code, told) = bylaws(folder.path(), &["init", "--template", "data"]);
    assert_eq!(code, 2);
    assert!(told.contains("has a `.gitlab-ci.yml` already"), "{told}");
    assert_eq!(files(folder.path()), [".gitlab-ci.yml"]);
}
