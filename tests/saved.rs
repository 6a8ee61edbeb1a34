//! A policy set compiled into a file does what its texts do, and a file that is not one says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How it ended, standard output and standard error; without how long it took.
fn run(folder: &str, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    let output = command.current_dir(root().join(folder)).env("NO_COLOR", "1").args(args).output().unwrap();
    let text = |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        let timed = regex::Regex::new(r"in \d+\.\d\d s.*").unwrap();
        timed.replace_all(&text, "in [time]").into_owned()
    };
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn compiled(folder: &str, policy: &str, set: &[&str], to: &Path) {
    let mut args = vec!["compile", policy, "--output", to.to_str().unwrap()];
    set.iter().for_each(|value| args.extend(["--set", value]));
    let (code, out, err) = run(folder, &args);
    assert_eq!(code, 0, "{out}{err}");
}

/// Folder, policy, and what is asked of it.
const ASKED: &[(&str, &str, &[&str])] = &[
    ("tests/cli", "conduct", &["audit", "log.ndjson"]),
    ("tests/cli", "conduct", &["audit"]),
    ("tests/cli", "conduct", &["audit", "gift_register=conduct/register/2025.csv"]),
    ("tests/cli", "conduct", &["audit", "log.ndjson", "--as-of", "2025-12-31", "--max-per-rule", "1"]),
    ("tests/cli", "conduct", &["audit", "log.ndjson", "--as-of", "yesterday"]),
    ("tests/cli", "conduct", &["audit", "gift_regster=x.csv"]),
    ("tests/cli", "waived", &["audit", "waived/log.ndjson"]),
    ("tests/cli", "leaving", &["audit", "leaving/log.ndjson"]),
    ("tests/cli", "people", &["audit", "people/log.ndjson"]),
    ("tests/cli", "why", &["audit", "why/log.ndjson"]),
    ("tests/cli", "steps", &["audit", "steps/log.ndjson"]),
    ("tests/cli", "metrics", &["audit", "metrics/log.ndjson"]),
    ("tests/cli", "small", &["audit", "log.ndjson"]),
    ("examples/company", ".", &["audit", "log.ndjson"]),
    (".", "policies", &["audit", "examples/company/log.ndjson"]),
    (".", "examples/uk-register", &["audit", "examples/company/log.ndjson"]),
    (".", "examples/google-workspace", &["audit", "examples/company/log.ndjson"]),
    ("tests/cli", "metrics", &["metrics", "metrics/log.ndjson", "--as-of", "2025-12-31"]),
    ("tests/cli", "metrics", &["metrics", "metrics/log.ndjson", "--only", "gift"]),
    ("examples/company", ".", &["metrics", "log.ndjson", "--max-uncounted", "unlimited"]),
    ("tests/cli", "conduct", &["explain-finding", "11465c", "log.ndjson"]),
    ("tests/cli", "conduct", &["explain-finding", "123456", "log.ndjson"]),
    ("tests/cli", "conduct", &["why-not", "paid_consultation", "consultation:C3", "log.ndjson"]),
    ("tests/cli", "why", &["why-not", "talked_over", "gift:3", "why/log.ndjson"]),
    ("tests/cli", "why", &["why-not", "unit_secret", "export:1", "why/log.ndjson"]),
];

#[test]
fn a_compiled_policy_set_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for (i, (at, policy, asked)) in ASKED.iter().enumerate() {
        let plan = folder.path().join(format!("{i}.plan"));
        compiled(at, policy, &[], &plan);
        let formats: &[&str] = match asked[0] {
            "audit" => &["human", "json", "ndjson"],
            "metrics" => &["text", "json", "csv"],
            _ => &["human", "json"],
        };
        for format in formats {
            let mut by_text = asked.to_vec();
            by_text.extend(["--format", format, "--threads", "2"]);
            let mut by_plan = by_text.clone();
            by_text.extend(["--policy", policy]);
            by_plan.extend(["--plan", plan.to_str().unwrap()]);
            let texts = run(at, &by_text);
            assert_eq!(run(at, &by_plan), texts, "{by_text:?}");
            seen += texts.1.len();
        }
    }
    assert!(seen > 50_000, "so little was printed: {seen} bytes");
}

#[test]
fn parameters_are_those_of_the_compilation() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("rules.plan");
    let set = "gift_cap=1 CNY";
    compiled("tests/cli", "conduct", &[set], &plan);
    let with = run("tests/cli", &["audit", "log.ndjson", "-p", "conduct", "--format", "ndjson", "--set", set]);
    let by_plan = run("tests/cli", &["audit", "log.ndjson", "--plan", plan.to_str().unwrap(), "--format", "ndjson"]);
    let without = run("tests/cli", &["audit", "log.ndjson", "-p", "conduct", "--format", "ndjson"]);
    assert_eq!(by_plan, with);
    assert_ne!(by_plan.1, without.1);
}

/// What an audit says of a file that is to be a plan.
fn refused(path: &Path) -> String {
    let (code, out, err) = run("tests/cli", &["audit", "log.ndjson", "--plan", path.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(!err.contains("panicked"), "{err}");
    err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn a_file_that_is_no_plan_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.plan");
    compiled("tests/cli", "conduct", &[], &whole);
    let bytes = fs::read(&whole).unwrap();
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let again = "bylaws compile POLICIES";
    let cases: [(&str, Vec<u8>, [&str; 2]); 7] = [
        ("empty", Vec::new(), ["not a compiled policy set", "--policy"]),
        ("policy", fs::read(root().join("tests/cli/small/rules.bylaw")).unwrap(), ["not a compiled", "--policy"]),
        ("cut", bytes[..bytes.len() / 2].to_vec(), ["is cut off", again]),
        ("front", bytes[..30].to_vec(), ["is cut off", again]),
        ("longer", [bytes.as_slice(), b"\n"].concat(), ["is damaged", again]),
        ("format", [&bytes[..16], &[200], &bytes[17..]].concat(), ["has format 200", again]),
        (
            "older",
            [&bytes[..21], b"0", &bytes[22..23], b"0", &bytes[24..]].concat(),
            ["was compiled by bylaws 0.0", again],
        ),
    ];
    for (name, bytes, parts) in cases {
        let said = refused(&write(name, &bytes));
        assert!(parts.iter().all(|part| said.contains(part)), "{name}: {said}");
    }
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 0x10;
    assert!(refused(&write("flipped", &flipped)).contains("its digest does not fit"));
    assert!(refused(&folder.path().join("nowhere")).contains("cannot read"));
    assert!(refused(folder.path()).contains("cannot read"));
}

#[test]
fn a_plan_stands_instead_of_policies() {
    for more in [["--policy", "conduct"], ["--set", "gift_cap=1 CNY"]] {
        let (code, _, err) = run("tests/cli", &["audit", "log.ndjson", "--plan", "x.plan", more[0], more[1]]);
        assert!(code == 2 && err.contains("cannot be used with"), "{err}");
    }
    let (code, _, err) = run("tests/cli", &["audit", "log.ndjson"]);
    assert!(code == 2 && err.contains("--policy <PATH>"), "{err}");
}

#[test]
fn a_set_with_errors_is_not_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("rules.plan");
    let (code, _, err) = run("tests/cli", &["compile", "wrong", "--output", to.to_str().unwrap()]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("errors") && !to.exists(), "{err}");
}

/// Who has the texts can tell a plan that was forged, whatever its digests: it is not what they are compiled to.
#[test]
fn the_same_texts_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut sets: Vec<(&str, &str)> = ASKED.iter().map(|(folder, policy, _)| (*folder, *policy)).collect();
    sets.dedup();
    for (i, (at, policy)) in sets.into_iter().enumerate() {
        let [one, two] = ["one", "two"].map(|name| folder.path().join(format!("{i}.{name}")));
        compiled(at, policy, &[], &one);
        compiled(at, policy, &[], &two);
        assert!(fs::read(one).unwrap() == fs::read(two).unwrap(), "{at} {policy}");
    }
    let [plain, set] = ["plain", "set"].map(|name| folder.path().join(name));
    compiled("tests/cli", "conduct", &[], &plain);
    compiled("tests/cli", "conduct", &["gift_cap=1 CNY"], &set);
    assert!(fs::read(plain).unwrap() != fs::read(set).unwrap());
}
