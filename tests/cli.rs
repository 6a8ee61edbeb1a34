//! The command as its users meet it: whole transcripts.

use assert_cmd::Command;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli")
}

/// What was typed, how it ended, and what was printed.
fn transcript(args: &[&str], stdin: &[u8]) -> String {
    let mut command = Command::cargo_bin("bylaws").unwrap();
    command.current_dir(folder()).env("NO_COLOR", "1").args(args).write_stdin(stdin.to_vec());
    let output = command.output().unwrap();
    let shown: Vec<String> =
        args.iter().map(|a| if a.contains([' ', '*', '(']) { format!("'{a}'") } else { a.to_string() }).collect();
    let mut text = format!("$ bylaws {}\nexit code: {}\n", shown.join(" "), output.status.code().unwrap());
    for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
        let printed = String::from_utf8(bytes).unwrap();
        if !printed.is_empty() {
            text.push_str(&format!("---- {name}\n{printed}"));
        }
    }
    text
}

fn code(args: &[&str]) -> i32 {
    let mut command = Command::cargo_bin("bylaws").unwrap();
    command.current_dir(folder()).args(args).output().unwrap().status.code().unwrap()
}

macro_rules! snapshot {
    ($name:ident, $($arg:literal)*) => {
        #[test]
        fn $name() {
            check(stringify!($name), &transcript(&[$($arg),*], b""));
        }
    };
}

fn check(name: &str, text: &str) {
    insta::with_settings!({
        filters => vec![
            (r"in \d+\.\d\d s.*", "in [time]"),
        ],
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

snapshot!(help, "--help");
snapshot!(init_help, "init" "--help");
snapshot!(audit_help, "audit" "--help");
snapshot!(fmt_help, "fmt" "--help");
snapshot!(fmt_check, "fmt" "--check" "fmt" "nowhere");
snapshot!(fmt_check_clean, "fmt" "--check" "fmt/settled.bylaw");
snapshot!(fmt_diff, "fmt" "--diff" "fmt");
snapshot!(fmt_broken, "fmt" "--check" "fmt_broken");
snapshot!(check_clean, "check" "conduct");
snapshot!(check_wrong, "check" "wrong");
snapshot!(check_wrong_json, "check" "wrong" "--format" "json");
snapshot!(check_charter, "check" "charter");
snapshot!(check_missing_file, "check" "polices");
snapshot!(explain_page, "explain" "B0002");
snapshot!(explain_unknown, "explain" "B00002");
snapshot!(test_passes, "test" "conduct" "--verbose");
snapshot!(test_filter, "test" "conduct" "--filter" "gift");
snapshot!(test_fails, "test" "failing");
snapshot!(test_fails_json, "test" "failing" "--filter" "limit" "--format" "json");
snapshot!(test_fails_junit, "test" "failing" "--filter" "limit" "--format" "junit");
snapshot!(test_coverage, "test" "covered" "--coverage");
snapshot!(test_coverage_lcov, "test" "covered" "--coverage=lcov");
snapshot!(test_coverage_edges, "test" "edges" "--coverage");
snapshot!(test_coverage_sequence, "test" "sequence" "--coverage");
snapshot!(test_coverage_of_the_last_step, "test" "last_step" "--coverage" "--min-coverage" "100");
snapshot!(audit_all_verdicts, "audit" "--policy" "all_verdicts" "all_verdicts/log.ndjson");
snapshot!(report_help, "report" "--help");
snapshot!(report_markdown, "report" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "md");
snapshot!(report_json, "report" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--format" "json");
snapshot!(audit_a_file_of_two_sources, "audit" "--policy" "two_sources" "takes=two_sources/log.ndjson" "gives=two_sources/log.ndjson");
snapshot!(report_by_no_field, "report" "--policy" "people" "people/log.ndjson" "--group-by" "untt");
snapshot!(report_of_no_report, "report" "--policy" "all_verdicts" "all_verdicts/log.ndjson" "--earlier" "all_verdicts/rules.bylaw");
snapshot!(test_coverage_json, "test" "small" "--coverage=json");
snapshot!(audit_human, "audit" "--policy" "conduct" "log.ndjson");
snapshot!(audit_ndjson, "audit" "--policy" "conduct" "log.ndjson" "--format" "ndjson");
snapshot!(audit_json_of_a_source, "audit" "--policy" "conduct" "gift_register=conduct/register/2025.csv" "--format" "json");
snapshot!(audit_register_human, "audit" "--policy" "conduct");
snapshot!(audit_as_of, "audit" "--policy" "conduct" "log.ndjson" "--as-of" "2025-12-31" "--max-per-rule" "1");
snapshot!(audit_unknown_source, "audit" "--policy" "conduct" "gift_regster=x.csv");
snapshot!(audit_missing_records, "audit" "--policy" "conduct" "nolog.ndjson");
snapshot!(audit_a_folder, "audit" "--policy" "conduct" "conduct");
snapshot!(audit_bad_time, "audit" "--policy" "conduct" "log.ndjson" "--as-of" "yesterday");
snapshot!(audit_waived, "audit" "--policy" "waived" "waived/log.ndjson");
snapshot!(audit_waived_json, "audit" "--policy" "waived" "waived/log.ndjson" "--format" "json");
snapshot!(audit_leaving, "audit" "--policy" "leaving" "leaving/log.ndjson");
snapshot!(audit_leaving_json, "audit" "--policy" "leaving" "leaving/log.ndjson" "--format" "json");
snapshot!(audit_people, "audit" "--policy" "people" "people/log.ndjson");
snapshot!(audit_people_json, "audit" "--policy" "people" "people/log.ndjson" "--format" "json" "--max-per-rule" "1");
snapshot!(audit_rates, "audit" "--policy" "rates" "rates/log.ndjson" "reference_rates=rates/reference-rates.csv");
snapshot!(audit_rates_json, "audit" "--policy" "rates" "rates/log.ndjson" "reference_rates=rates/reference-rates.csv" "--format" "json");
snapshot!(audit_without_rates, "audit" "--policy" "rates" "rates/log.ndjson" "--format" "json" "--output" "/dev/null");
snapshot!(explain_finding_by_rates, "explain-finding" "438eb8" "--policy" "rates" "rates/log.ndjson" "reference_rates=rates/reference-rates.csv");
snapshot!(why_not_by_rates, "why-not" "in_a_month" "gift:1" "--policy" "rates" "rates/log.ndjson" "reference_rates=rates/reference-rates.csv");
snapshot!(why_not_without_a_rate, "why-not" "dear" "gift:3" "--policy" "rates" "rates/log.ndjson" "reference_rates=rates/reference-rates.csv");
snapshot!(metrics_text, "metrics" "--policy" "metrics" "metrics/log.ndjson" "--as-of" "2025-12-31");
snapshot!(metrics_csv, "metrics" "--policy" "metrics" "metrics/log.ndjson" "--format" "csv" "--max-uncounted" "unlimited");
snapshot!(metrics_json, "metrics" "--policy" "metrics" "metrics/log.ndjson" "--format" "json" "--only" "gifts" "--only" "largest");
snapshot!(metrics_unknown, "metrics" "--policy" "metrics" "metrics/log.ndjson" "--only" "gift");
snapshot!(metrics_none, "metrics" "--policy" "conduct" "log.ndjson");
snapshot!(test_waivers, "test" "waivers" "--verbose");
snapshot!(audit_wrong_policy, "audit" "--policy" "wrong" "log.ndjson");
snapshot!(audit_unknown_param, "audit" "--policy" "conduct" "log.ndjson" "--set" "gift_cp=100 CNY");
snapshot!(explain_finding, "explain-finding" "11465c" "--policy" "conduct" "log.ndjson");
snapshot!(explain_finding_of_a_limit, "explain-finding" "bba05738e53f4ad487b4a9113bd721ab" "--policy" "conduct" "log.ndjson");
snapshot!(explain_finding_json, "explain-finding" "11465c" "--policy" "conduct" "log.ndjson" "--format" "json");
snapshot!(why_not_rejected, "why-not" "paid_consultation" "log.ndjson:16" "--policy" "conduct" "log.ndjson");
snapshot!(explain_finding_unknown, "explain-finding" "123456" "--policy" "conduct" "log.ndjson");
snapshot!(explain_finding_no_id, "explain-finding" "paid" "--policy" "conduct" "log.ndjson");
snapshot!(why_not_compliant, "why-not" "gifts_from_one_giver" "log.ndjson:12" "--policy" "conduct" "log.ndjson");
snapshot!(why_not_excepted, "why-not" "paid_consultation" "consultation:C2" "--policy" "conduct" "log.ndjson");
snapshot!(why_not_indeterminate, "why-not" "paid_consultation" "consultation:C3" "--policy" "conduct" "log.ndjson");
snapshot!(why_not_another_kind, "why-not" "paid_consultation" "gift:G1" "--policy" "conduct" "log.ndjson");
snapshot!(why_not_unknown_rule, "why-not" "paid_consultatoin" "gift:G1" "--policy" "conduct" "log.ndjson");
snapshot!(why_not_unknown_record, "why-not" "paid_consultation" "log.ndjson:99" "--policy" "conduct" "log.ndjson");
snapshot!(why_not_a_sequence, "why-not" "hoard_and_leave" "notice:1" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_no_sequence, "why-not" "hoard_and_leave" "notice:2" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_a_step_missing, "why-not" "hoard_and_leave" "notice:1" "--policy" "steps" "steps/log.ndjson");
snapshot!(why_not_something_between, "why-not" "hoard_and_leave" "notice:2" "--policy" "steps" "steps/log.ndjson");
snapshot!(why_not_the_last_step, "why-not" "hoard_and_leave" "notice:3" "--policy" "steps" "steps/log.ndjson");
snapshot!(why_not_an_earlier_step, "why-not" "hoard_and_leave" "export:1" "--policy" "steps" "steps/log.ndjson");
snapshot!(why_not_too_few, "why-not" "in_pieces" "notice:4" "--policy" "steps" "steps/log.ndjson");
snapshot!(why_not_what_is_needed_is_there, "why-not" "farewell" "notice:4" "--policy" "steps" "steps/log.ndjson");
snapshot!(why_not_a_step_missing_json, "why-not" "hoard_and_leave" "notice:1" "--policy" "steps" "steps/log.ndjson" "--format" "json");
snapshot!(why_not_repeated_json, "why-not" "large" "file_export:2" "--policy" "leaving" "leaving/log.ndjson" "--format" "json");
snapshot!(why_not_two_kinds, "why-not" "hospitality" "meal:1" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_before_any_wording, "why-not" "dear_gift" "gift:1" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_waived, "why-not" "dear_gift" "gift:2" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_an_optional_value, "why-not" "dear_gift" "gift:4" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_a_repeat, "why-not" "dear_gift" "why/log.ndjson:15" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_a_manager, "why-not" "team" "gift:5" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_over_findings, "why-not" "talked_over" "gift:3" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_another_of_two_kinds, "why-not" "occasions" "gift:5" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_a_row_of_a_table, "why-not" "gift_below_e9" "gift:4" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_after_a_finding, "why-not" "gift_after_a_finding" "gift:5" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_no_finding_there, "why-not" "talked_over" "gift:1" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_findings_in_a_team, "why-not" "findings_in_a_team" "breach:3" "--policy" "people" "people/log.ndjson");
snapshot!(why_not_nobody_above, "why-not" "team" "gift:6" "--policy" "why" "why/log.ndjson");
snapshot!(why_not_withheld, "why-not" "unit_secret" "export:1" "--policy" "why" "why/log.ndjson");

/// What `why-not` says of a gift, by its first word, where the log is changed so.
fn verdict_with(rule: &str, record: &str, from: &str, to: &str) -> String {
    let log = std::fs::read_to_string(folder().join("why/log.ndjson")).unwrap();
    assert!(log.contains(from), "{from}");
    let said = transcript(&["why-not", rule, record, "--policy", "why", "-"], log.replace(from, to).as_bytes());
    said.split("---- stdout\n").nth(1).and_then(|t| t.split(" · ").next()).unwrap_or(&said).to_owned()
}

/// The changes that a snapshot names, made to the log itself, and those that just miss.
#[test]
fn changes_hold_in_the_records() {
    let dear = |from: &str, to: &str| verdict_with("dear_gift", "gift:5", from, to);
    let gift = "\"day\": \"2026-07-05\", \"actor\": \"E1\", \"value\": \"45 EUR\"";
    assert_eq!(dear(gift, gift), "major finding");
    assert_eq!(dear(gift, &gift.replace("45", "40")), "compliant");
    assert_eq!(dear(gift, &gift.replace("45", "40.01")), "major finding");
    assert_eq!(dear("2026-06-27", "2026-06-28"), "excepted");
    let team = |to: &str| verdict_with("team", "gift:5", gift, &gift.replace("45", to));
    assert_eq!(team("35"), "compliant");
    assert_eq!(team("35.01"), "major finding");
    let hoard = |to: &str| verdict_with("hoard_and_leave", "notice:1", "2 GB", to);
    assert_eq!(hoard("0.99 GB"), "compliant");
    assert_eq!(hoard("1 GB"), "major finding");
}

#[test]
fn exit_codes() {
    let audit = |rest: &[&str]| code(&[&["audit", "--policy", "conduct", "log.ndjson"], rest].concat());
    assert_eq!(audit(&[]), 1);
    assert_eq!(audit(&["--fail-on", "critical"]), 1);
    assert_eq!(audit(&["--fail-on", "never"]), 3);
    assert_eq!(audit(&["--fail-on", "never", "--max-indeterminate", "unlimited"]), 0);
    assert_eq!(audit(&["--fail-on", "fatal"]), 2);
    assert_eq!(audit(&["--set", "gift_cap=100000 CNY", "--fail-on", "minor"]), 1);
    assert_eq!(code(&["check", "conduct"]), 0);
    assert_eq!(code(&["check", "wrong"]), 2);
    assert_eq!(code(&["test", "conduct"]), 0);
    assert_eq!(code(&["test", "failing"]), 1);
    assert_eq!(code(&["test", "wrong"]), 2);
    assert_eq!(code(&["test", "covered", "--coverage", "--min-coverage", "30"]), 0);
    assert_eq!(code(&["test", "covered", "--coverage", "--min-coverage", "90%"]), 1);
    assert_eq!(code(&["test", "covered", "--coverage", "--min-coverage", "101"]), 2);
    assert_eq!(code(&["test", "covered", "--output", "x"]), 2);
}

fn findings(args: &[&str], stdin: &[u8]) -> String {
    let mut command = Command::cargo_bin("bylaws").unwrap();
    let args = [&["audit", "--policy", "conduct", "--format", "ndjson"], args].concat();
    command.current_dir(folder()).args(args).write_stdin(stdin.to_vec());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// What would have to be found is not made up where two of its own fields would have to agree, but the rest is told.
#[test]
fn why_not_where_fields_of_what_is_sought_agree() {
    let scratch = tempfile::tempdir().unwrap();
    let name = |file: &str| scratch.path().join(file).to_str().unwrap().to_owned();
    let policy = "record call at day by who identity id { id: text, day: date, who: text }\n\
                  record note at day by who identity id { id: text, day: date, who: text, head: text, tags: list of text, topics: list of text }\n\
                  require written { on call need note within 7 days after where note.head starts_with note.who }\n\
                  require tagged { on call need note within 7 days after where note.tags overlaps note.topics }\n";
    std::fs::write(name("p.bylaw"), policy).unwrap();
    let log = "{\"kind\":\"call\",\"id\":\"c1\",\"day\":\"2025-01-01\",\"who\":\"a\"}\n\
               {\"kind\":\"note\",\"id\":\"n1\",\"day\":\"2025-03-02\",\"who\":\"b\",\"head\":\"c\",\"tags\":[],\"topics\":[]}\n";
    std::fs::write(name("log.ndjson"), log).unwrap();
    for rule in ["written", "tagged"] {
        let mut command = Command::cargo_bin("bylaws").unwrap();
        command.args(["why-not", rule, "call:c1", "--policy", &name("p.bylaw"), &name("log.ndjson")]);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with("major finding"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The same records by whatever way, but for the name of the input.
#[test]
fn one_log_by_many_ways() {
    let log = std::fs::read(folder().join("log.ndjson")).unwrap();
    let plain = findings(&["log.ndjson"], b"");
    assert!(plain.lines().count() >= 6, "{plain}");
    for threads in ["1", "2", "7"] {
        assert_eq!(findings(&["log.ndjson", "--threads", threads], b""), plain);
    }
    assert_eq!(findings(&["log*.ndjson"], b""), plain);
    assert_eq!(findings(&["-"], &log).replace("<stdin>", "log.ndjson"), plain);

    let scratch = tempfile::tempdir().unwrap();
    let name = |file: &str| scratch.path().join(file).to_str().unwrap().to_owned();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &log).unwrap();
    std::fs::write(name("log.ndjson.gz"), packed.finish().unwrap()).unwrap();
    std::fs::write(name("log.ndjson.zst"), zstd::encode_all(&log[..], 3).unwrap()).unwrap();
    for file in ["log.ndjson.gz", "log.ndjson.zst"] {
        assert_eq!(findings(&[&name(file)], b"").replace(&name(file), "log.ndjson"), plain, "{file}");
    }
}

/// Where most records are findings, the others count as well, and those that come once more are told.
#[test]
fn what_is_nothing_to_any_rule_is_counted_among_many_findings() {
    let scratch = tempfile::tempdir().unwrap();
    let name = |file: &str| scratch.path().join(file).to_str().unwrap().to_owned();
    let policy = "record pay at time by who identity id { id: text, time: timestamp, who: text, amount: int }\n\
                  forbid big { on pay when amount > 4 }\n";
    std::fs::write(name("p.bylaw"), policy).unwrap();
    let pay = |n: u32| {
        format!(
            "{{\"kind\":\"pay\",\"id\":\"i{n}\",\"time\":\"2025-01-01T00:00:00Z\",\"who\":\"a\",\"amount\":{}}}\n",
            n % 10
        )
    };
    let most = (0..30_000).filter(|n| n % 10 > 2 || n % 3 == 0).map(pay);
    let log: String = most.clone().chain((0..30).filter(|n| n % 3 == 0).map(pay)).collect();
    std::fs::write(name("log.ndjson"), log).unwrap();
    let mut command = Command::cargo_bin("bylaws").unwrap();
    command.args(["audit", "--policy", &name("p.bylaw"), &name("log.ndjson"), "--format", "json", "--threads", "1"]);
    let report: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let rule = &report["summary"]["rules"][0];
    let (read, found) = (most.count() as u64, rule["finding"].as_u64().unwrap());
    assert_eq!(found, 15_000);
    assert_eq!(rule["compliant"].as_u64().unwrap(), read - found);
    assert_eq!(report["summary"]["kinds"][0]["repeats"], 10);
}

/// A CSV whose headings are the fields' names needs no source.
#[test]
fn a_kind_is_named_on_the_command_line() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("consultations.csv");
    let rows = "id,time,actor,client.name,client.external,fee\nC1,2025-12-01T09:00+08:00,E1,Fund A,true,5000 CNY\n";
    std::fs::write(&path, rows).unwrap();
    let found = findings(&[&format!("consultation={}", path.display())], b"");
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.contains("E1 was paid 5000.00 CNY by Fund A"), "{found}");
}

#[test]
fn output_and_rejects_are_files() {
    let scratch = tempfile::tempdir().unwrap();
    let report = scratch.path().join("report.json");
    let rejects = scratch.path().join("rejects.ndjson");
    let args = [
        "audit",
        "--policy",
        "conduct",
        "log.ndjson",
        "--format",
        "json",
        "--output",
        report.to_str().unwrap(),
        "--rejects",
        rejects.to_str().unwrap(),
    ];
    assert_eq!(code(&args), 1);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["schema"], "bylaws.audit/1");
    let kept = std::fs::read_to_string(rejects).unwrap();
    let kept: Vec<serde_json::Value> = kept.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0]["file"], &kept[0]["line"]), (&"log.ndjson".into(), &16.into()));
    // Nothing half written is left behind.
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 2);
}

#[test]
fn completions_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(transcript(&["completions", shell], b"").contains("max-indeterminate"), "{shell}");
    }
}

/// A record cannot speak to the terminal that shows it.
#[test]
fn control_characters_are_shown_as_pictures() {
    let record = r#"{"kind": "consultation", "id": "C1", "time": "2025-12-01T09:00:00+08:00", "actor": "E\u001b[31m1", "client": {"name": "a\u0007b", "external": true}, "fee": "5 CNY"}"#;
    let text = transcript(&["audit", "--policy", "conduct", "-"], record.as_bytes());
    assert!(text.contains("E␛[31m1 was paid 5.00 CNY by a␇b"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
}

#[test]
fn two_sources_that_could_read_a_file_are_named() {
    let scratch = tempfile::tempdir().unwrap();
    let policy = scratch.path().join("p.bylaw");
    let source = |name: &str| format!("source {name} for gift {{ format csv map {{ id = \"I\" }} }}\n");
    let kind = "record gift { id: text }\nforbid named \"t\" { on gift when id == \"x\" }\n";
    std::fs::write(&policy, format!("{kind}{}{}", source("old_book"), source("new_book"))).unwrap();
    let records = scratch.path().join("r.csv");
    std::fs::write(&records, "I\nx\n").unwrap();
    let (policy, records) = (policy.to_str().unwrap(), records.to_str().unwrap());
    let text = transcript(&["audit", "--policy", policy, records], b"");
    assert!(text.contains("exit code: 2") && text.contains("2 sources could read"), "{text}");
    assert!(text.contains("old_book=") && text.contains("new_book="), "{text}");
    let text = transcript(&["audit", "--policy", policy, &format!("new_book={records}")], b"");
    assert!(text.contains("exit code: 1") && text.contains("1 finding (1 major)"), "{text}");
}

/// What `init` writes is checked, tested and audited as its README says; what is there already stays.
#[test]
fn init_begins_a_set_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::cargo_bin("bylaws").unwrap().current_dir(folder.path()).args(args).output().unwrap();
        let told = [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap()).concat();
        (output.status.code().unwrap(), told)
    };
    let (code, told) = run(&["init", "conduct"]);
    assert_eq!(code, 0, "{told}");
    check("init_start", &told);
    assert_eq!(run(&["check", "conduct/policies"]).0, 0);
    let (code, told) = run(&["test", "conduct/policies", "--coverage", "--min-coverage", "100"]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = run(&["audit", "--policy", "conduct/policies", "conduct/records/log.ndjson"]);
    assert_eq!(code, 1);
    assert!(told.contains("1 finding (1 major), 1 excepted"), "{told}");
    std::fs::write(folder.path().join("conduct/policies/gifts.bylaw"), "mine").unwrap();
    let (code, told) = run(&["init", "conduct"]);
    assert_eq!(code, 2);
    assert!(told.contains("has a `README.md` and 7 more of its files already"), "{told}");
    assert_eq!(std::fs::read_to_string(folder.path().join("conduct/policies/gifts.bylaw")).unwrap(), "mine");
    let (code, told) = run(&["init", "library", "--template", "library"]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(run(&["check", "library/policies"]).0, 0);
}

/// The files that change are written, the broken and the settled ones are not.
#[test]
fn fmt_writes() {
    let dir = tempfile::tempdir().unwrap();
    for (from, to) in
        [("fmt/settled.bylaw", "settled.bylaw"), ("fmt_broken/a.bylaw", "a.bylaw"), ("fmt_broken/b.bylaw", "b.bylaw")]
    {
        std::fs::copy(folder().join(from), dir.path().join(to)).unwrap();
    }
    std::fs::write(dir.path().join("notes.txt"), "enum  e { a }").unwrap();
    std::fs::write(dir.path().join("bytes.bylaw"), b"// \xff\n").unwrap();
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let settled = || std::fs::metadata(dir.path().join("settled.bylaw")).unwrap().modified().unwrap();
    let (before, was) = (read("a.bylaw"), settled());
    let run = |args: &[&str]| {
        let output = Command::cargo_bin("bylaws").unwrap().current_dir(dir.path()).args(args).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, out, err) = run(&["fmt", "."]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.ends_with("formatted 1 file, 1 left as they were, 2 with errors\n"), "{err}");
    assert_eq!(read("a.bylaw"), before);
    assert_eq!(settled(), was);
    assert_eq!(read("notes.txt"), b"enum  e { a }");
    assert!(String::from_utf8(read("b.bylaw")).unwrap().contains("\n  when     value > 500 CNY // the cap\n"));
    let (code, out, _) = run(&["fmt", "--check", "b.bylaw", "./b.bylaw"]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 5);
}

#[test]
fn fmt_of_standard_input() {
    let run = |args: &[&str], text: &str| {
        let output = Command::cargo_bin("bylaws").unwrap().args(args).write_stdin(text).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run(&["fmt", "-"], "enum  e{a}"), (0, "enum e { a }\n".into()));
    assert_eq!(run(&["fmt", "-"], "enum e { a }\n"), (0, "enum e { a }\n".into()));
    assert_eq!(run(&["fmt", "--check", "-"], "enum  e{a}"), (1, "standard input\n".into()));
    assert_eq!(run(&["fmt", "-"], "enum e {"), (2, String::new()));
}

#[cfg(unix)]
#[test]
fn fmt_writes_what_a_link_leads_to() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("file.bylaw"), dir.path().join("link.bylaw"));
    std::fs::write(&file, "enum  e{a}").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    Command::cargo_bin("bylaws").unwrap().arg("fmt").arg(&link).assert().success();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "enum e { a }\n");
}

/// A page for the command and for each subcommand, with what `--help` says.
#[test]
fn the_manual_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let run =
        |args: &[&str]| Command::cargo_bin("bylaws").unwrap().current_dir(folder.path()).args(args).output().unwrap();
    assert_eq!(run(&["man", "--output", "man1"]).status.code(), Some(0));
    let read = |name: &str| std::fs::read_to_string(folder.path().join("man1").join(name)).unwrap();
    assert!(read("bylaws-audit.1").contains("Exit codes:"));
    assert!(read("bylaws-audit.1").contains("bylaws audit"), "{}", read("bylaws-audit.1"));
    let whole = String::from_utf8(run(&["man"]).stdout).unwrap();
    assert_eq!(whole, read("bylaws.1"));
    assert!(whole.starts_with(".ie") && whole.contains(".TH bylaws 1"), "{whole}");
}

/// The shell's `<(…)` is read once, whole.
#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_is_read_once() {
    let script = "timeout 60 \"$0\" audit --policy all_verdicts <(cat all_verdicts/log.ndjson) 2>&1";
    let bylaws = assert_cmd::cargo::cargo_bin("bylaws");
    let output = std::process::Command::new("bash").args(["-c", script]).arg(bylaws).current_dir(folder()).output();
    let told = String::from_utf8(output.expect("bash runs").stdout).unwrap();
    assert!(
        told.contains("1 finding (1 major), 1 excepted, 1 waived, 1 repeated, 3 pending, 1 indeterminate"),
        "{told}"
    );
}

/// A receipt is for what was read: the same again is verified, and whatever changed is named.
#[test]
fn receipts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for name in ["rules.bylaw", "log.ndjson"] {
        std::fs::copy(self::folder().join("all_verdicts").join(name), path.join(name)).unwrap();
    }
    let run = |args: &[&str]| {
        let output = Command::cargo_bin("bylaws").unwrap().current_dir(path).args(args).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code().unwrap(), text)
    };
    let audit = ["audit", "--policy", "rules.bylaw", "log.ndjson", "--as-of", "2026-02-01", "--receipt", "r.json"];
    assert_eq!(run(&audit).0, 1);
    let first = std::fs::read_to_string(path.join("r.json")).unwrap();
    assert_eq!(run(&audit).0, 1);
    assert_eq!(std::fs::read_to_string(path.join("r.json")).unwrap(), first, "there is no clock in it");
    let (code, told) = run(&["verify", "r.json"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.starts_with("verified: 1 policy file, 1 file of records, "), "{told}");

    let changed = |name: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(path.join(name)).unwrap();
        assert!(text.contains(from));
        std::fs::write(path.join(name), text.replace(from, to)).unwrap();
        let (code, told) = run(&["verify", "r.json"]);
        std::fs::write(path.join(name), text).unwrap();
        assert_eq!(code, 1, "{told}");
        told
    };
    let told = changed("log.ndjson", "101 EUR", "99 EUR");
    assert!(told.contains("records: log.ndjson has changed") && told.contains("the verdicts are others"), "{told}");
    let told = changed("log.ndjson", "101 EUR", "111 EUR");
    assert!(told.contains("records: log.ndjson has changed") && !told.contains("finding:"), "{told}");
    let told = changed("rules.bylaw", "State visit", "Stage visit");
    assert!(told.contains("policy: rules.bylaw has changed") && !told.contains("verdicts"), "{told}");
    let told = changed("r.json", env!("CARGO_PKG_VERSION"), "0.0.1");
    assert!(told.contains("it was bylaws 0.0.1"), "{told}");
    assert_eq!(run(&["verify", "r.json"]).0, 0);

    for (text, why) in [("{", "is not a receipt"), (&first.replace("receipt/1", "receipt/9"), "bylaws.receipt/9")] {
        std::fs::write(path.join("x.json"), text).unwrap();
        let (code, told) = run(&["verify", "x.json"]);
        assert!(code == 2 && told.contains(why), "{told}");
    }
    let (code, told) = run(&["audit", "--policy", "rules.bylaw", "-", "--receipt", "r.json"]);
    assert!(code == 2 && told.contains("standard input"), "{told}");
}
