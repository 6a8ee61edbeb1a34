//! Input made to be large: each limit is met with a clear error, or the record is rejected, by the whole command.

use bylaws::Limits;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const POLICY: &str = r#"
record gift at day by who identity id { id: int, day: date, who: text, value: money, note: text?, tags: list of int? }

forbid big_gift "No gift over 500 EUR" {
  on       gift
  when     value > 500 EUR
  because  "a gift with the note {note}"
}
"#;

struct Run {
    code: i32,
    out: String,
    err: String,
}

struct Place {
    folder: TempDir,
}

impl Place {
    fn new(policy: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.write("p.bylaw", policy);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// In its folder. A panic or a signal fails the test.
    fn run(&self, args: &[&str]) -> Run {
        let mut command = assert_cmd::Command::cargo_bin("bylaws").unwrap();
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").timeout(Duration::from_secs(300));
        let output = command.args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let run =
            Run { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) };
        let all = || format!("{args:?}: exit {}\n{:.3000}\n{:.3000}", run.code, run.out, run.err);
        assert!((0..=3).contains(&run.code) && !run.err.contains("panicked at"), "{}", all());
        run
    }

    fn audit(&self, records: &str, more: &[&str]) -> Run {
        self.run(&[&["audit", "--policy", "p.bylaw", records], more].concat())
    }
}

impl Run {
    /// Ended with this exit code, and with these words in what was told.
    #[track_caller]
    fn tells(&self, code: i32, words: &[&str]) {
        // What is told is broken into lines with a bar before each.
        let all = format!("{}\n{}", self.out, self.err);
        let flat = all.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(self.code, code, "{all:.4000}");
        for word in words {
            assert!(flat.contains(word), "no `{word}` in:\n{all:.4000}");
        }
    }
}

fn gift(id: usize, more: &str) -> String {
    format!(r#"{{"kind":"gift","id":{id},"day":"2026-01-05","who":"E{id}","value":"900 EUR"{more}}}"#)
}

/// Each option, the input that it is for and what is told with and without it.
#[test]
fn a_record_over_a_limit_is_rejected_with_its_place() {
    let cases = [
        ("record-bytes=200", gift(2, &format!(r#","note":"{}""#, "x".repeat(200))), "B1007", "of more than 200 bytes"),
        ("record-nesting=3", gift(2, r#","other":[[[1]]]"#), "B1008", "more than 3 levels of nesting at byte"),
        (
            "record-values=8",
            gift(2, r#","tags":[1,2,3,4,5,6,7,8,9]"#),
            "B1012",
            "more than 8 values in one object or list",
        ),
        (
            "record-values=8",
            gift(2, r#","a":1,"b":2,"c":3,"d":4"#),
            "B1012",
            "more than 8 values in one object or list",
        ),
    ];
    for (limit, record, code, words) in cases {
        // A record of the same shape went before: a reader that knows the shape must not pass this one over.
        let text = format!("{}\n{record}\n{}\n", gift(1, r#","tags":[1]"#), gift(3, ""));
        for (name, text) in [("r.ndjson", text.clone()), ("r.json", format!("[{}]", text.trim().replace('\n', ",\n")))]
        {
            let place = Place::new(POLICY);
            place.write(name, &text);
            let with = place.audit(name, &["--limit", limit, "--rejects", "left.ndjson", "--fail-on", "never"]);
            with.tells(3, &[code, words, &format!("{name}:2")]);
            let kept = std::fs::read_to_string(place.path("left.ndjson")).unwrap();
            assert!(kept.lines().count() == 1 && kept.contains(code), "{kept}");
            place.audit(name, &[]).tells(1, &["3 findings"]);
        }
    }
}

#[test]
fn a_policy_over_a_limit_is_told_with_its_code() {
    let deep = format!("let a = {}1{}\n", "(".repeat(60), ")".repeat(60));
    let pattern = "record r by who { who: text }\nforbid x { on r when who matches /[a-z]{900}/ }\n";
    let patterns = "record r by who { who: text }\nforbid x { on r when who matches /a+/ or who matches /b+/ or who matches /c+/ }\n";
    let path = "record r by who { who: text }\nsource s for r { format json map { who = a.b.c.d.e } }\n";
    let cases = [
        (
            "policy-file-bytes=1KiB",
            format!("{}{}", POLICY, "// x\n".repeat(300)),
            "B0007",
            "the file is larger than 1 KiB",
        ),
        (
            "policy-bytes=300",
            format!("{}{}", POLICY, "// x\n".repeat(30)),
            "B0007",
            "the policy set is larger than 300 bytes",
        ),
        ("policy-nesting=50", deep, "B0103", "nested more than 50 levels deep"),
        ("pattern-bytes=20KiB", pattern.into(), "B0313", "compiled it takes more than 20 KiB"),
        ("patterns=2", patterns.into(), "B0007", "the policy set has more than 2 patterns"),
        ("path-steps=4", path.into(), "B0503", "a path has 4 steps at most"),
    ];
    for (limit, policy, code, words) in cases {
        let place = Place::new(&policy);
        place.run(&["check", "p.bylaw", "--limit", limit]).tells(2, &[code, words]);
        place.run(&["check", "p.bylaw"]).tells(0, &[]);
        place.write("r.ndjson", "");
        place.audit("r.ndjson", &["--limit", limit]).tells(2, &[code, words]);
    }
}

#[test]
fn a_policy_set_of_many_files() {
    let place = Place::new("");
    for i in 0..20 {
        place.write(&format!("set/{i}.bylaw"), format!("let a{i} = {i}\n"));
    }
    place.run(&["check", "set", "--limit", "policy-files=19"]).tells(2, &["B0007", "has more than 19 files"]);
    place.run(&["check", "set", "--limit", "policy-files=20"]).tells(0, &["20 files"]);
}

/// A file without an end is read no further than a policy file may be long.
#[cfg(unix)]
#[test]
fn a_policy_that_never_ends() {
    let place = Place::new("");
    place.run(&["check", "/dev/zero"]).tells(2, &["B0007", "the file is larger than 16 MiB"]);
    place.write("folder/p.bylaw", "import \"endless.bylaw\"\n");
    std::os::unix::fs::symlink("/dev/zero", place.path("folder/endless.bylaw")).unwrap();
    place.run(&["check", "folder/p.bylaw"]).tells(2, &["B0002", "leads out of the folders"]);
}

#[test]
fn nesting_bombs_by_default() {
    let place = Place::new(POLICY);
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let bomb = gift(1, &format!(r#","other":{}1{}"#, open.repeat(1_000_000), close.repeat(1_000_000)));
        place.write("r.ndjson", format!("{bomb}\n{}\n", gift(2, "")));
        place.audit("r.ndjson", &["--fail-on", "never"]).tells(3, &["B1008", "r.ndjson:1", "1 finding"]);
    }
    for bomb in ["(".repeat(1_000_000), "not ".repeat(1_000_000), "{".repeat(1_000_000), "a.".repeat(1_000_000)] {
        place.write("deep.bylaw", format!("record r by who {{ who: text }}\nforbid x {{ on r when {bomb} }}\n"));
        let run = place.run(&["check", "deep.bylaw"]);
        assert!(run.code == 2 && run.err.contains("B01"), "{:.2000}", run.err);
    }
    // As deep as may be set.
    let deep = gift(1, &format!(r#","other":{}1{}"#, "[".repeat(900), "]".repeat(900)));
    place.write("r.ndjson", format!("{deep}\n"));
    place.audit("r.ndjson", &["--limit", "record-nesting=1000"]).tells(1, &["1 finding"]);
}

#[test]
fn many_values_by_default() {
    let place = Place::new(POLICY);
    place.write("r.ndjson", format!("{}\n", gift(1, &format!(r#","tags":[1{}]"#, ",1".repeat(1_000_000)))));
    place.audit("r.ndjson", &[]).tells(3, &["B1012", "more than 1,000,000 values"]);
    let fields: String = (0..300_000).map(|i| format!(r#","f{i}":{i}"#)).collect();
    place.write("r.ndjson", format!("{}\n", gift(1, &fields)));
    place.audit("r.ndjson", &[]).tells(1, &["1 finding"]);
    // Very many kinds that nobody declared: they are counted, and their names are not all held.
    let kinds: String = (0..50_000).map(|i| format!("{{\"kind\":\"k{i}\"}}\n")).collect();
    place.write("r.ndjson", kinds);
    place.audit("r.ndjson", &[]).tells(0, &["(others)"]);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn packed_input_that_becomes_too_large() {
    let line = gift(1, &format!(r#","note":"{}""#, "0".repeat(60_000)));
    let csv = format!("id,day,who,value,note,tags\n{}", "1,2026-01-05,E1,900 EUR,,\n".repeat(100_000));
    let json = format!("[{}]", vec![line.clone(); 50].join(","));
    let lines = format!("{line}\n").repeat(50);
    let packed = |name: &str, text: &str| match name.ends_with(".gz") {
        true => gzip(text.as_bytes()),
        false => zstd::encode_all(text.as_bytes(), 3).unwrap(),
    };
    for (name, text) in [
        ("r.ndjson.gz", &lines),
        ("r.ndjson.zst", &lines),
        ("r.json.gz", &json),
        ("gift=r.csv.gz", &csv),
        ("gift=r.csv.zst", &csv),
    ] {
        let place = Place::new(POLICY);
        place.write(name.trim_start_matches("gift="), packed(name, text));
        let bounds = ["--limit", "expansion=50", "--limit", "expansion-bytes=100KiB"];
        let run = place.audit(name, &[&bounds[..], &["--output", "out.txt"]].concat());
        run.tells(2, &["B1025", "becomes more than 50 times larger unpacked", "`--limit expansion=…`"]);
        assert!(!place.path("out.txt").exists());
        // What is small however it was packed, or what is allowed.
        place.audit(name, &["--limit", "expansion=50"]).tells(1, &["finding"]);
        place.audit(name, &["--limit", "expansion=unlimited", "--limit", "expansion-bytes=1"]).tells(1, &["finding"]);
    }
}

#[test]
fn what_is_read_whole() {
    let place = Place::new(POLICY);
    let text = format!("[{},\n{}]", gift(1, ""), gift(2, ""));
    place.write("r.json", &text);
    place.write("packed.json.gz", gzip(text.as_bytes()));
    for name in ["r.json", "packed.json.gz"] {
        place.audit(name, &["--limit", "document-bytes=100"]).tells(2, &["B1025", "more than 100 bytes"]);
        let exactly = format!("document-bytes={}", text.len());
        place.audit(name, &["--limit", &exactly]).tells(1, &["2 findings"]);
    }
    place.write("r.json", "{}\n".repeat(100));
    place
        .audit("r.json", &["--limit", "document-bytes=1000"])
        .tells(2, &["B1025", "100 records or lines: more than 62"]);
}

#[test]
fn columns_and_what_a_parquet_file_claims() {
    let place = Place::new(POLICY);
    let heading: String = (0..5000).map(|i| format!(",c{i}")).collect();
    place.write("r.csv", format!("id,day,who,value,note,tags{heading}\n"));
    place.audit("gift=r.csv", &["--limit", "columns=5005"]).tells(2, &["B1025", "has 5,006 columns: more than 5,005"]);
    place.audit("gift=r.csv", &["--limit", "columns=5006"]).tells(0, &[]);
    place.run(&["infer", "r.csv", "--kind", "x", "--limit", "columns=3"]).tells(2, &["B1025", "has 5,006 columns"]);
    // Findings are rows of Parquet, and can be records.
    let records: String = (0..3000).map(|i| gift(i, "") + "\n").collect();
    place.write("r.ndjson", records);
    place.audit("r.ndjson", &["--format", "parquet", "--output", "f.parquet"]).tells(1, &[]);
    place.write("f.bylaw", "record found by rule { rule: text }\nforbid any { on found when rule == \"big_gift\" }\n");
    let audit = |limits: &[&str]| {
        let limits: Vec<&str> = limits.iter().flat_map(|l| ["--limit", l]).collect();
        place.run(&[&["audit", "--policy", "f.bylaw", "found=f.parquet"], &limits[..]].concat())
    };
    audit(&[]).tells(1, &["3,000 findings"]);
    audit(&["columns=2"]).tells(2, &["B1025", "more than 2"]);
    audit(&["group-rows=100"]).tells(2, &["B1025", "claims", "rows in row group 1: more than 100"]);
    audit(&["expansion=1", "expansion-bytes=1"]).tells(2, &["B1025", "row group 1 claims"]);
    let bytes = std::fs::read(place.path("f.parquet")).unwrap();
    place.write("f.parquet", gzip(&bytes));
    audit(&["document-bytes=1KiB"]).tells(2, &["B1025", "more than 1 KiB"]);
    audit(&[]).tells(1, &["3,000 findings"]);
}

#[test]
fn many_files() {
    let place = Place::new(POLICY);
    for i in 0..30 {
        place.write(&format!("log/{i}.ndjson"), gift(i, ""));
    }
    place
        .audit("log/*.ndjson", &["--limit", "files=29"])
        .tells(2, &["B1025", "30 files of records were named: more than 29"]);
    place.audit("log/*.ndjson", &["--limit", "files=30"]).tells(1, &["30 findings"]);
}

#[test]
fn many_rejected_records() {
    let place = Place::new(POLICY);
    place.write("r.ndjson", "no record at all\n".repeat(1000));
    let run = place.audit("r.ndjson", &["--rejects", "left.ndjson", "--limit", "rejected-bytes=1KiB"]);
    run.tells(2, &["B1025", "the rejected records are more than 1 KiB of text"]);
    assert!(!place.path("left.ndjson").exists());
    place.audit("r.ndjson", &["--limit", "rejected-bytes=1KiB"]).tells(3, &["1,000 rejected"]);
    place.audit("r.ndjson", &["--rejects", "left.ndjson"]).tells(3, &[]);
    assert_eq!(std::fs::read_to_string(place.path("left.ndjson")).unwrap().lines().count(), 1000);
}

const OVER_OTHERS: &str = r#"
record gift at day by who identity id { id: int, day: date, who: text, giver: text, value: money }
limit  yearly  { on gift  sum value per who over 365 days  to 100000 EUR }
forbid again   { on gift  when count(gift within 300 days before by giver where gift.value > 1 EUR) > 1000 }
forbid thrice  {
  on   sequence by who within 300 days { gift as a then gift as b then gift as c }
  when a.value > b.value + c.value
}
metric given   { on gift  sum value per who per month }
"#;

#[test]
fn state_over_a_limit_stops_the_run() {
    let place = Place::new(OVER_OTHERS);
    let records: String = (0..400)
        .map(|i| {
            let (month, day, who, giver) = (1 + i % 9, 1 + i % 28, i % 5, i % 40);
            let day = format!(r#""day":"2026-{month:02}-{day:02}","who":"E{who}","giver":"F{giver}""#);
            format!("{{\"kind\":\"gift\",\"id\":{i},{day},\"value\":\"90 EUR\"}}\n")
        })
        .collect();
    place.write("r.ndjson", records);
    let only = |rule: &str| OVER_OTHERS.lines().filter(|l| !l.contains(rule)).collect::<Vec<_>>().join("\n");
    let stopped = |limit: &str, words: &[&str]| {
        for threads in ["1", "4"] {
            let limits = ["--limit", limit, "--threads", threads, "--output", "out.json", "--format", "json"];
            let run = place.audit("r.ndjson", &limits);
            run.tells(2, &[&["B1050", "no verdicts were told", "allow more"], words].concat());
            assert!(run.out.is_empty() && !place.path("out.json").exists());
        }
    };
    stopped("keys=39", &["`again` looks at the records of more than 39 keys at once", "--limit keys"]);
    stopped("partial-matches=50", &["`thrice` has more than 50 ways to complete a sequence at one record"]);
    stopped("window-records=20", &["looks at more than 20 records in one window"]);
    place.write("p.bylaw", only("again"));
    stopped("window-records=70", &["`yearly` looks at more than 70 records in one window"]);
    place.audit("r.ndjson", &["--limit", "keys=40"]).tells(0, &[]);
    let metrics = |limit: &str| place.run(&["metrics", "--policy", "p.bylaw", "r.ndjson", "--limit", limit]);
    metrics("keys=4").tells(2, &["B1050", "`given` looks at the records of more than 4 keys at once"]);
    metrics("keys=5").tells(0, &[]);
}

/// What judging itself holds counts too.
#[cfg(target_os = "linux")]
#[test]
fn memory_while_judging() {
    let place = Place::new(
        "table employee key id { id: text, manager: ref employee? }\n\
         record gift at day by who identity id { id: int, day: date, who: ref employee, value: money }\n\
         limit of_all { on gift  sum value per every manager of who over 300 days  to 1000000 EUR }\n",
    );
    // Each record counts for each of very many.
    let employee = |i: usize| format!("{{\"kind\":\"employee\",\"id\":\"E{i}\",\"manager\":\"E{}\"}}\n", i + 1);
    let gift = |i: usize| {
        let day = format!("2026-{:02}-{:02}", 1 + i % 9, 1 + i % 28);
        format!("{{\"kind\":\"gift\",\"id\":{i},\"day\":\"{day}\",\"who\":\"E0\",\"value\":\"90 EUR\"}}\n")
    };
    let records = (0..2000).map(employee).chain((0..4000).map(gift));
    place.write("r.ndjson", records.collect::<String>());
    let run = place.audit("r.ndjson", &["--memory-limit", "100 MB"]);
    run.tells(2, &["stopped at the memory limit of 100.0 MB", "held for `of_all`", "--memory-limit"]);
}

#[test]
fn a_long_sentence_is_cut_and_says_so() {
    let place = Place::new(POLICY);
    let note = "é".repeat(50_000);
    place.write("r.ndjson", gift(1, &format!(r#","note":"{note}""#)));
    let message = |more: &[&str]| {
        let run = place.audit("r.ndjson", &[&["--format", "ndjson"], more].concat());
        let entry: serde_json::Value = serde_json::from_str(run.out.lines().next().unwrap()).unwrap();
        entry["message"].as_str().unwrap().to_owned()
    };
    let whole = format!("a gift with the note {note}");
    assert_eq!(message(&["--limit", "message-bytes=unlimited"]), whole);
    let cut = message(&[]);
    assert!(cut.len() < (64 << 10) + 40 && cut.ends_with("é… (34,486 more bytes)"), "{}", &cut[cut.len() - 60..]);
    assert!(message(&["--limit", "message-bytes=24"]).ends_with("note é… (99,998 more bytes)"));
}

#[test]
fn a_limit_that_cannot_be() {
    let place = Place::new(POLICY);
    let with = |limit: &str| place.run(&["check", "p.bylaw", "--limit", limit]);
    with("record-byte=1").tells(2, &["there is no limit `record-byte`: did you mean `record-bytes`?"]);
    with("xyz=1").tells(2, &["there is no limit `xyz`: there are policy-file-bytes, "]);
    with("policy-nesting=201").tells(2, &["`policy-nesting` can be 200 at most"]);
    with("files=many").tells(2, &["expected a number from 1 on, or `unlimited`"]);
    with("record-bytes=0").tells(2, &["expected a size like `64 MiB`"]);
    with("record-bytes").tells(2, &["expected NAME=VALUE"]);
    assert!(place.run(&["check", "--help"]).out.contains("--limit <NAME=VALUE>"));
    let help = place.run(&["explain", "limits"]).out;
    assert!(Limits::ALL.iter().all(|l| help.contains(l.name) && help.contains(&l.shown(l.default))), "{help}");
}

/// What a receipt is for is judged again within the same limits.
#[test]
fn a_receipt_keeps_the_limits() {
    let place = Place::new(POLICY);
    place.write("r.ndjson", format!("{}\n{}\n", gift(1, ""), gift(2, &format!(r#","note":"{}""#, "x".repeat(300)))));
    let limited = ["--limit", "record-bytes=200B", "--receipt", "receipt.json"];
    place.audit("r.ndjson", &limited).tells(2, &["expected a size"]);
    place.audit("r.ndjson", &["--limit", "record-bytes=200", "--receipt", "receipt.json"]).tells(1, &["1 finding"]);
    place.run(&["verify", "receipt.json"]).tells(0, &["verified", "1 finding"]);
}

/// A policy names nothing outside of its set but records.
#[test]
fn a_policy_reads_nothing_but_its_set() {
    let place = Place::new("");
    place.write("secret.bylaw", "let secret = 1\n");
    place.write("set/inner/a.bylaw", "");
    for path in ["../secret.bylaw", "inner/../../secret.bylaw", "/etc/passwd", "./../secret.bylaw", "..\\secret.bylaw"]
    {
        place.write("set/p.bylaw", format!("import {path:?}\n"));
        let run = place.run(&["check", "set"]);
        run.tells(2, &[]);
        assert!(!run.err.contains("let secret") && !run.err.contains("root:"), "{}", run.err);
    }
    // Words that would mean it elsewhere mean nothing here.
    for value in ["env(\"HOME\")", "${HOME}", "now", "today()", "read(\"/etc/passwd\")", "http(\"localhost\")"] {
        place.write(
            "set/p.bylaw",
            format!("record r by who {{ who: text }}\nforbid x {{ on r when who == {value} }}\n"),
        );
        place.run(&["check", "set"]).tells(2, &[]);
    }
    place.write(
        "set/p.bylaw",
        "record r by who { who: text }\nforbid x { on r when who == \"$HOME\" because \"{who} `id` $HOME %PATH%\" }\n",
    );
    place.write("r.ndjson", "{\"kind\":\"r\",\"who\":\"$HOME\"}\n");
    let run = place.run(&["audit", "--policy", "set", "r.ndjson"]);
    run.tells(1, &["$HOME `id` $HOME %PATH%"]);
}

/// The page lists what is so.
#[test]
fn the_page_lists_all() {
    let mut table =
        String::from("\n| limit | default | at most | what it bounds | beyond it |\n|---|---|---|---|---|\n");
    for limit in Limits::ALL {
        let most = if limit.most == u64::MAX { String::new() } else { limit.shown(limit.most) };
        let default = limit.shown(limit.default);
        table += &format!("| `{}` | {default} | {most} | {} | {} |\n", limit.name, limit.bounds, limit.beyond);
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability/limits.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("<!-- limits -->").unwrap();
    let (is, after) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("BYLAWS_UPDATE").is_some() {
        std::fs::write(
            &page,
            format!(
                "{before}<!-- limits -->\n{}\n<!-- end -->{after}",
                table.trim_start_matches('\n').to_owned().replacen("| limit", "\n| limit", 1)
            ),
        )
        .unwrap();
        return;
    }
    assert_eq!(is.trim(), table.trim(), "BYLAWS_UPDATE=1 cargo test --test limits");
}
