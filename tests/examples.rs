//! The example policies, run through the built command. Those over real records need the folder
//! `../shared/data` beside the project and are skipped, with a notice, where it is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn bylaws(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bylaws")).args(args).current_dir(root()).output().expect("the built command runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn data(name: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/data").join(name);
    if !folder.is_dir() {
        eprintln!("skipped: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

/// One line of `--format ndjson`.
#[derive(Debug, Clone, PartialEq)]
struct Judged {
    rule: String,
    verdict: String,
    id: String,
    subject: String,
}

/// Runs a `run.sh` with the built command and reads its findings.
fn run(script: &str, env: &[(&str, &str)], args: &[&str]) -> (i32, Vec<Judged>) {
    let mut command = Command::new("bash");
    command.arg(root().join(script)).args(args).args(["--format", "ndjson"]);
    command.env("BYLAWS", env!("CARGO_BIN_EXE_bylaws")).env_remove("DATA").envs(env.iter().copied());
    let output = command.output().expect("bash runs");
    let status = output.status.code().expect("an exit code");
    assert!(matches!(status, 0 | 1 | 3), "{script} ended with {status}\n{}", told(&output));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (status, text.lines().map(judged).collect())
}

fn judged(line: &str) -> Judged {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let text = |key: &str| match &value[key] {
        serde_json::Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    Judged { rule: text("rule"), verdict: text("verdict"), id: text("id"), subject: text("subject") }
}

fn counts(of: &[Judged], verdict: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for judged in of.iter().filter(|j| j.verdict == verdict) {
        *counts.entry(judged.rule.clone()).or_insert(0) += 1;
    }
    counts
}

fn ids(of: &[Judged], rule: &str) -> Vec<String> {
    let mut ids: Vec<String> =
        of.iter().filter(|j| j.rule == rule && j.verdict == "finding").map(|j| j.id.clone()).collect();
    ids.sort();
    ids
}

fn expected(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|&(rule, n)| (rule.to_string(), n)).collect()
}

#[test]
fn every_example_checks_and_its_tests_hold() {
    for folder in ["examples/uk-register", "examples/google-workspace", "examples/company", "policies"] {
        for verb in ["check", "test"] {
            let output = bylaws(&[verb, folder]);
            assert!(output.status.success(), "bylaws {verb} {folder}\n{}", told(&output));
        }
    }
}

#[test]
fn the_register_gives_its_seven_answers() {
    if data("uk_mps_register").is_none() {
        return;
    }
    let (status, judged) = run("examples/uk-register/run.sh", &[], &[]);
    assert_eq!(status, 1);
    let findings = expected(&[
        ("gift_registered_late", 151),
        ("gift_over_threshold", 199),
        ("gifts_in_total", 33),
        ("payment_registered_late", 86),
        ("hourly_pay_over_threshold", 93),
        ("payments_in_total", 32),
        ("paid_as_director", 9),
    ]);
    assert_eq!(counts(&judged, "finding"), findings);
    assert_eq!(counts(&judged, "indeterminate"), expected(&[("gift_registered_late", 2)]));
    for rule in ["gifts_in_total", "payments_in_total"] {
        let mut members: Vec<&str> = judged.iter().filter(|j| j.rule == rule).map(|j| j.subject.as_str()).collect();
        members.sort();
        members.dedup();
        assert_eq!(members.len(), findings[rule], "{rule}: one finding a member");
    }
}

#[test]
fn the_register_from_parquet_gives_the_same_findings() {
    if data("uk_mps_register").is_none() {
        return;
    }
    let (_, csv) = run("examples/uk-register/run.sh", &[], &[]);
    let (_, parquet) = run("examples/uk-register/run.sh", &[("GIFTS", "parquet")], &[]);
    for (rule, findings) in [("gift_over_threshold", 199), ("gifts_in_total", 33)] {
        assert_eq!(ids(&parquet, rule).len(), findings, "{rule}");
        assert_eq!(ids(&parquet, rule), ids(&csv, rule), "{rule}");
    }
    // That edition leaves the accepted date empty in every row: nothing is concluded from it.
    assert_eq!(counts(&parquet, "indeterminate"), expected(&[("gift_registered_late", 665)]));
}

#[test]
fn the_register_run_passes_its_arguments_on() {
    if data("uk_mps_register").is_none() {
        return;
    }
    let (status, judged) = run(
        "examples/uk-register/run.sh",
        &[],
        &["--set", "large_gift=5000 GBP", "--fail-on", "never", "--max-indeterminate", "2", "--threads", "1"],
    );
    assert_eq!(status, 0);
    assert!(counts(&judged, "finding")["gift_over_threshold"] < 199);
}

#[test]
fn the_workspace_log_gives_its_known_facts() {
    if data("google_workspace").is_none() {
        return;
    }
    let (_, judged) = run("examples/google-workspace/run.sh", &[], &[]);
    let findings = expected(&[
        ("mail_forwarded_out_of_domain", 3),
        ("mail_forwarding_logged", 6),
        ("document_opened_to_link_holders", 1),
        ("shared_document_downloaded", 1),
        ("opened_then_downloaded", 1),
    ]);
    assert_eq!(counts(&judged, "finding"), findings);
    assert_eq!(counts(&judged, "indeterminate"), expected(&[]));
}

#[test]
fn the_company_log_is_judged_as_its_readme_says() {
    let output =
        bylaws(&["audit", "--policy", "examples/company", "examples/company/log.ndjson", "--format", "ndjson"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let judged: Vec<Judged> = String::from_utf8(output.stdout).unwrap().lines().map(judged).collect();
    let findings = expected(&[
        ("personal_cloud_export", 5),
        ("many_exports_in_a_day", 2),
        ("self_approval", 1),
        ("paid_external_consultation", 2),
        ("gifts_from_one_giver", 1),
        ("disclosure_of_outside_work", 2),
        ("report_acknowledged", 1),
        ("violations_in_a_team", 2),
        ("yearly_training", 1),
    ]);
    assert_eq!(counts(&judged, "finding"), findings);
    assert_eq!(counts(&judged, "excepted"), expected(&[("personal_cloud_export", 2)]));
    assert_eq!(counts(&judged, "pending"), expected(&[("report_acknowledged", 2)]));
    let gaps = [
        ("gifts_from_one_giver", 2),
        ("paid_external_consultation", 2),
        ("personal_cloud_export", 1),
        ("violations_in_a_team", 2),
    ];
    assert_eq!(counts(&judged, "indeterminate"), expected(&gaps));
}
