//! Nothing that is to stay within a run comes out of it: canaries are planted in every kind of field and of damage, every
//! command that reads records is run in all of its formats, and all that it writes is searched for them.
//!
//! The commands, their formats and their options are taken from `--help`: one that is not accounted for here fails.

#[path = "private/planted.rs"]
mod planted;

use aho_corasick::AhoCorasick;
use planted::{Planted, plant};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of each command, whether it reads records.
const COMMANDS: [(&str, bool); 29] = [
    ("init", false),
    ("bundle", false),
    ("keygen", false),
    ("stages", false),
    ("analyze", false),
    ("ledger", false),
    ("follow", true),
    ("infer", true),
    ("check", false),
    ("fmt", false),
    ("lint", false),
    ("compile", false),
    ("test", false),
    ("diff", false),
    ("impact", true),
    ("audit", true),
    ("verify", true),
    ("metrics", true),
    ("report", true),
    ("handbook", false),
    ("explain-finding", true),
    ("why-not", true),
    ("try", true),
    ("pseudonym", false),
    ("explain", false),
    ("lsp", false),
    ("man", false),
    ("completions", false),
    ("help", false),
];

/// Options of commands that read records. Those that write, or choose what is written, are used below.
const OPTIONS: [&str; 55] = [
    "--all",
    "--as-of",
    "--at",
    "--baseline",
    "--check",
    "--checkpoint-every",
    "--color",
    "--delimiter",
    "--earlier",
    "--examples",
    "--fail-on",
    "--finish",
    "--force",
    "--format",
    "--group-by",
    "--help",
    "--kind",
    "--lateness",
    "--ledger",
    "--limit",
    "--log-format",
    "--log-level",
    "--max-indeterminate",
    "--max-per-rule",
    "--max-uncounted",
    "--memory-limit",
    "--metrics-file",
    "--metrics-listen",
    "--name",
    "--names",
    "--nats-ack-wait",
    "--nats-ca",
    "--nats-certificate",
    "--nats-consumer",
    "--nats-credentials",
    "--nats-key",
    "--no-reload",
    "--on",
    "--once",
    "--only",
    "--output",
    "--plan",
    "--policy",
    "--pseudonymize",
    "--receipt",
    "--rejects",
    "--rejects-raw",
    "--require-signature",
    "--rows",
    "--script",
    "--set",
    "--state",
    "--threads",
    "--title",
    "--update-baseline",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

struct Bench {
    folder: tempfile::TempDir,
    planted: Planted,
    /// The key, where people have pseudonyms.
    keyed: bool,
    finder: AhoCorasick,
    needles: Vec<String>,
    outputs: AtomicUsize,
}

/// What a command wrote.
struct Wrote {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Bench {
    fn new(keyed: bool) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let planted = plant(folder.path());
        fs::copy(root().join("tests/private/rules.bylaw"), folder.path().join("rules.bylaw")).unwrap();
        fs::write(folder.path().join("key"), (0..64u8).collect::<Vec<u8>>()).unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        let mut needles = BTreeSet::new();
        let people = if keyed { &planted.people[..] } else { &[] };
        for canary in planted.sensitive.iter().chain(people) {
            needles.extend(forms(canary));
        }
        let needles: Vec<String> = needles.into_iter().collect();
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&needles).unwrap();
        Bench { folder, planted, keyed, finder, needles, outputs: AtomicUsize::new(0) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command, and searches all that it writes.
    fn run(&self, args: &[&str]) -> Wrote {
        let wrote = self.look(args);
        let told = format!("{}\n{}", wrote.stdout, wrote.stderr);
        self.search(args, "what it prints", told.as_bytes());
        self.files(args, true);
        wrote
    }

    fn look(&self, args: &[&str]) -> Wrote {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null()).args(args);
        if self.keyed {
            command.args(["--pseudonymize", "key"]);
        }
        let output = command.output().expect("the built command runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let wrote = Wrote {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert!((0..=3).contains(&wrote.code) && !wrote.stderr.contains("panicked"), "{args:?}: {}", wrote.stderr);
        assert!(!wrote.stderr.contains("unexpected argument"), "{args:?}: {}", wrote.stderr);
        wrote
    }

    /// The files that were written.
    fn files(&self, args: &[&str], search: bool) {
        for file in fs::read_dir(self.path("out")).unwrap().map(|f| f.unwrap().path()) {
            if search {
                let bytes = fs::read(&file).unwrap();
                self.search(args, &file.file_name().unwrap().to_string_lossy(), &bytes);
            }
            fs::remove_file(file).unwrap();
        }
    }

    fn search(&self, args: &[&str], what: &str, bytes: &[u8]) {
        self.outputs.fetch_add(1, Ordering::Relaxed);
        for text in unpacked(bytes) {
            if let Some(found) = self.finder.find(&text) {
                let around = &text[found.start().saturating_sub(300)..text.len().min(found.end() + 200)];
                panic!(
                    "`{}` gives away {:?}, in {what}:\n{}",
                    args.join(" "),
                    self.needles[found.pattern().as_usize()],
                    String::from_utf8_lossy(around)
                );
            }
        }
    }

    fn has(&self, wrote: &str, of: &[String]) -> usize {
        of.iter().filter(|canary| wrote.contains(canary.as_str())).count()
    }
}

/// As it stands, and as other formats would have it.
fn forms(canary: &str) -> Vec<String> {
    let mut forms = vec![canary.to_owned()];
    // What tells it, wherever a line is broken or cut.
    let lower = canary.to_lowercase();
    let token = lower.find("canp").or(lower.find("cans")).and_then(|at| lower.get(at..at + 7));
    forms.extend(token.filter(|t| t[4..].bytes().all(|b| b.is_ascii_digit())).map(str::to_owned));
    if let Some(whole) = canary.strip_suffix(".37") {
        forms.push(whole.to_owned());
    }
    for separator in [",", " ", "\u{202f}", "_"] {
        let digits = canary.trim_end_matches(".37");
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
            forms.push(groups.join(separator));
        }
    }
    let escaped = |escape: &dyn Fn(char) -> String| canary.chars().map(escape).collect::<String>();
    let other = |c: char| !c.is_ascii_alphanumeric();
    forms.push(escaped(&|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) }));
    forms.push(escaped(&|c| if c.is_ascii() { c.to_string() } else { format!("&#{};", c as u32) }));
    forms.push(escaped(&|c| if c.is_ascii() { c.to_string() } else { format!("&#x{:x};", c as u32) }));
    let bytes = |c: char| c.to_string().bytes().map(|b| format!("%{b:02x}")).collect::<String>();
    forms.push(escaped(&|c| if other(c) { bytes(c) } else { c.to_string() }));
    forms.push(canary.replace(' ', "+"));
    forms.push(canary.bytes().map(|b| format!("{b:02x}")).collect());
    // In base64, what does not hang on the letters beside it.
    for skip in 0..3 {
        let padded = [&vec![0; skip], canary.as_bytes()].concat();
        let whole = base64(&padded);
        let from = [0, 2, 3][skip];
        forms.push(whole[from..padded.len() / 3 * 4].to_owned());
    }
    forms.retain(|f| f.len() >= 5);
    forms
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let of = |three: &[u8]| {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(three.get(i).copied().unwrap_or(0)));
        (0..4).map(move |n| BASE64[(bits >> (18 - 6 * n) & 63) as usize] as char)
    };
    bytes.chunks(3).flat_map(of).collect()
}

fn from_base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for four in text.chunks(4) {
        let bits = four.iter().fold(0u32, |bits, c| bits << 6 | BASE64.iter().position(|b| b == c).unwrap_or(0) as u32);
        let bits = bits << (6 * (4 - four.len()));
        bytes.extend([(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
    }
    bytes
}

/// A file as it is, and what is packed in it: in base64, compressed, in the pages of Parquet.
fn unpacked(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    if bytes.starts_with(b"PAR1") {
        use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes)).unwrap();
        let rows: Vec<String> = reader.build().unwrap().map(|batch| format!("{:?}", batch.unwrap())).collect();
        assert!(!rows.is_empty());
        all.push(rows.concat().into_bytes());
        return all;
    }
    let letters = |b: &u8| BASE64.contains(b);
    for run in bytes.split(|b| !letters(b)).filter(|run| run.len() >= 40) {
        let inner = from_base64(run);
        let mut plain = Vec::new();
        if inner.starts_with(&[0x1f, 0x8b]) {
            // Letters that begin like a packed text by chance come to nothing.
            let _ = flate2::read::MultiGzDecoder::new(&inner[..]).read_to_end(&mut plain);
        }
        all.push(inner);
        all.push(plain);
    }
    all
}

fn help(of: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    let output = command.env("NO_COLOR", "1").args(of).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The values that an option may have.
fn values(help: &str, option: &str) -> Vec<String> {
    let from = help.lines().skip_while(|line| {
        !line.trim_start().starts_with(&format!("{option} ")) && !line.contains(&format!(", {option} "))
    });
    let own: Vec<&str> = from
        .skip(1)
        .take_while(|line| !line.trim_start().starts_with('-') || line.trim_start().starts_with("- "))
        .collect();
    let listed = own
        .iter()
        .filter_map(|line| line.trim_start().strip_prefix("- "))
        .map(|line| line.split(':').next().unwrap().to_owned());
    let listed: Vec<String> = listed.collect();
    let inline = own.iter().filter_map(|line| line.trim().strip_prefix("[possible values: ")?.strip_suffix(']'));
    if listed.is_empty() { inline.flat_map(|l| l.split(", ")).map(str::to_owned).collect() } else { listed }
}

fn formats(command: &str) -> Vec<String> {
    let formats = values(&help(&[command]), "--format");
    assert!(formats.len() > 1, "{command} has formats: {formats:?}");
    formats
}

/// Texts mention people of it.
const STAFF: &str = "employee=staff.csv";
const RECORDS: [&str; 8] = [
    "employee=staff.csv",
    "vendor=vendors.csv",
    "log.ndjson",
    "more.ndjson.gz",
    "old_gifts=register.json",
    "gift=gifts.csv",
    "gift=gifts.parquet",
    "*.ndjson",
];

fn with<'a>(first: &[&'a str], then: &[&'a str]) -> Vec<&'a str> {
    let records = RECORDS.iter().filter(|_| !first.contains(&"verify"));
    [first, &["--policy", "rules.bylaw"][..], then].concat().into_iter().chain(records.copied()).collect()
}

#[test]
fn every_command_and_option_is_accounted_for() {
    let all = help(&[]);
    let named: BTreeSet<&str> = all
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.strip_prefix("  ").filter(|l| !l.starts_with(' ')).and_then(|l| l.split_whitespace().next()))
        .collect();
    let known: BTreeMap<&str, bool> = COMMANDS.into();
    for command in &named {
        let reads =
            known.get(command).unwrap_or_else(|| panic!("`{command}`: say here whether it reads records, and run it"));
        let help = help(&[command]);
        let usage = help.lines().find(|l| l.starts_with("Usage:")).unwrap();
        assert!(*reads || !usage.contains("RECORD"), "`{command}` reads records: {usage}");
        if !reads {
            continue;
        }
        // A follower refuses it, see below.
        let has_none = ["follow", "infer"].contains(command);
        assert!(has_none || help.contains("--pseudonymize"), "`{command}` has no --pseudonymize");
        let options = help.split_whitespace().filter(|w| {
            w.starts_with("--") && w.len() > 2 && w[2..].bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        });
        for option in options {
            assert!(OPTIONS.contains(&option), "`{command} {option}`: does it write anything? say so here");
        }
    }
}

/// Everything, once with names as they are and once with a key.
#[test]
fn what_is_sensitive_is_never_printed() {
    everything(&Bench::new(false));
}

#[test]
fn with_a_key_nobody_is_named() {
    everything(&Bench::new(true));
}

fn everything(bench: &Bench) {
    let rules = audits(bench);
    reports(bench);
    explained(bench, &rules);
    tried(bench);
    followed(bench);
    broken(bench);
    figures(bench);
}

/// The page tells what is so.
fn figures(bench: &Bench) {
    static WRITING: Mutex<()> = Mutex::new(());
    let run = if bench.keyed { "| with a key |" } else { "| without a key |" };
    let (people, sensitive) = (bench.planted.people.len(), bench.planted.sensitive.len());
    let row = format!("{run} {people} | {sensitive} | {} |", bench.outputs.load(Ordering::Relaxed));
    println!("{row}");
    let page = root().join("docs/reliability/privacy.md");
    let _one_at_a_time = WRITING.lock();
    let text = fs::read_to_string(&page).unwrap();
    let is = text.lines().find(|line| line.starts_with(run)).expect("the page has a row for each run");
    if std::env::var_os("BYLAWS_UPDATE").is_some() {
        fs::write(&page, text.replace(is, &row)).unwrap();
        return;
    }
    assert_eq!(is, row, "BYLAWS_UPDATE=1 cargo test --test private");
}

/// Ids of verdicts, one of each rule and verdict, with a record of each.
fn audits(bench: &Bench) -> Vec<(String, String, String)> {
    for format in formats("audit") {
        let (output, rejects) = (format!("out/audit.{format}"), format!("out/{format}.rejects"));
        let wrote = bench.run(&with(
            &["audit", "--format", &format, "--output", &output, "--rejects", &rejects, "--max-per-rule", "1000"],
            &["--receipt", "out/receipt.json", "--baseline", "out/baseline.json", "--update-baseline"],
        ));
        // The file named after somebody keeps a receipt from being written.
        assert!(wrote.code == 2 || !bench.keyed, "{format}: {}", wrote.stderr);
        let args = ["audit", "--format", &format, "--max-per-rule", "1000", "--output", &output, "--rejects", &rejects];
        let wrote = bench.run(&with(&args, &["--baseline", "out/b.json", "--update-baseline"]));
        assert!([1, 3].contains(&wrote.code), "{format}: {}", wrote.stderr);
        if format != "parquet" {
            bench.run(&with(&["audit", "--format", &format], &[]));
        }
    }
    // A baseline of another run, and a receipt that is verified.
    let few = ["--policy", "rules.bylaw", "log.ndjson", "employee=staff.csv"];
    bench.look(
        &[&["audit"], &few[..], &["--receipt", "receipt.json", "--baseline", "b.json", "--update-baseline"]].concat(),
    );
    for file in ["receipt.json", "b.json"] {
        bench.search(&["audit"], file, &fs::read(bench.path(file)).unwrap());
    }
    let wrote = bench.run(&["verify", "receipt.json"]);
    assert_eq!(wrote.code, 0, "{}{}", wrote.stdout, wrote.stderr);
    bench.run(&with(&["audit", "--format", "json"], &["--baseline", "b.json"]));

    let wrote = bench.run(&with(&["audit", "--format", "json"], &[]));
    let audit: serde_json::Value = serde_json::from_str(&wrote.stdout).unwrap();
    // The search looks at what there is to see: names are there without a key, and only then.
    let names = bench.has(&wrote.stdout, &bench.planted.people);
    assert!(if bench.keyed { names == 0 } else { names > 50 }, "{names} names");
    let mut found = BTreeMap::new();
    for finding in audit["findings"].as_array().unwrap() {
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let record = &finding["records"][0];
        let place = format!("{}:{}", record["file"].as_str().unwrap_or_default(), record["line"]);
        found.entry((text("rule"), text("verdict"))).or_insert((text("id"), text("rule"), place));
    }
    let verdicts: BTreeSet<&str> = found.keys().map(|(_, verdict)| verdict.as_str()).collect();
    for verdict in ["finding", "indeterminate", "waived", "repeated", "excepted", "pending"] {
        assert!(verdicts.contains(verdict) || verdict == "excepted", "no {verdict} among {verdicts:?}");
    }
    // What is asked for is given.
    let wrote = bench.look(&with(&["audit", "--rejects", "out/raw", "--rejects-raw"], &[]));
    assert_eq!(wrote.code, 1);
    let raw = fs::read_to_string(bench.path("out/raw")).unwrap();
    assert!(bench.has(&raw, &bench.planted.sensitive) > 10, "rejects are kept as they are");
    bench.files(&[], false);
    found.into_values().collect()
}

fn reports(bench: &Bench) {
    for format in formats("report") {
        let output = format!("out/report.{format}");
        for more in [&[][..], &["--group-by", "unit"]] {
            let wrote = bench.run(&with(&["report", "--format", &format, "--output", &output], more));
            assert_eq!(wrote.code, 0, "{}", wrote.stderr);
        }
        let wrote = bench.run(&with(&["report", "--format", &format], &[]));
        let packed =
            unpacked(wrote.stdout.as_bytes()).iter().any(|text| text.starts_with(b"{\"schema\":\"bylaws.report"));
        assert_eq!(packed, format == "html", "{format}: the page has the document in it");
    }
    if !bench.keyed {
        bench.run(&with(&["report", "--format", "json", "--names"], &[]));
    }
    for format in formats("metrics") {
        let wrote = bench.run(&with(&["metrics", "--format", &format], &[]));
        assert!([0, 3].contains(&wrote.code), "{}", wrote.stderr);
        bench.run(&with(&["metrics", "--format", &format, "--output", "out/metrics"], &[]));
    }
    let rules = fs::read_to_string(bench.path("rules.bylaw")).unwrap();
    fs::write(
        bench.path("newer.bylaw"),
        rules.replace("amount > 100 EUR", "amount > 300 EUR").replace("score > 10", "score > 20"),
    )
    .unwrap();
    for format in formats("impact") {
        let args = ["impact", "rules.bylaw", "newer.bylaw", "--examples", "1000", "--format", &format];
        let wrote = bench.run(&args.iter().chain(&RECORDS).copied().collect::<Vec<_>>());
        assert_eq!(wrote.code, 0, "{}", wrote.stderr);
    }
}

fn explained(bench: &Bench, verdicts: &[(String, String, String)]) {
    for (id, rule, place) in verdicts {
        for format in formats("explain-finding") {
            let wrote = bench.run(&with(&["explain-finding", id, "--format", &format], &[]));
            assert_eq!(wrote.code, 0, "{id} of {rule}: {}", wrote.stderr);
        }
        for format in formats("why-not") {
            if !place.starts_with(':') {
                bench.run(&with(&["why-not", rule, place, "--format", &format], &[]));
            }
        }
    }
    for format in formats("why-not") {
        for rule in ["scored", "large", "bonuses"] {
            for line in [1, 17, 31, 33, 36] {
                bench.run(&with(&["why-not", rule, &format!("log.ndjson:{line}"), "--format", &format], &[]));
            }
            bench.run(&with(&["why-not", rule, "gift:1", "--format", &format], &[]));
            bench.run(&with(&["why-not", rule, "gifts.parquet:2", "--format", &format], &[]));
        }
    }
}

fn tried(bench: &Bench) {
    let conditions = [
        "score > 1",
        "secret == \"x\" or actor.name == \"x\"",
        "actor.salary > 1 EUR",
        "giver == \"x\"",
        "guests overlaps guests",
        "count(gift over 300 days by actor) > 2",
        "note contains \"x\" and rank == low",
        "home.number > 3",
    ];
    let mut script = String::new();
    for condition in conditions {
        for more in [&[][..], &["--all"], &["--at", "gift:1"], &["--at", "32"]] {
            let args = [&["try", "--policy", "rules.bylaw", "--on", "gift"][..], more, &RECORDS, &[condition]].concat();
            let wrote = bench.run(&args);
            assert_eq!(wrote.code, 0, "{condition}: {}", wrote.stderr);
        }
        script += &format!(":on gift\n{condition}\n:fields\n:all\n:next unknown\n:fields\n:record 3\n:fields\n");
    }
    fs::write(bench.path("script"), script + ":on visit\npin > 1\n:all\n:on employee\npin > 1\n:all\n:fields\n")
        .unwrap();
    let args = [&["try", "--policy", "rules.bylaw", "--script", "script"][..], &RECORDS].concat();
    assert_eq!(bench.run(&args).code, 0);
}

/// What is written while records come, and of a ledger. What a follower keeps in its state is the records themselves.
fn followed(bench: &Bench) {
    let few = [STAFF, "log.ndjson", "gift=gifts.csv"];
    for format in values(&help(&["follow"]), "--log-format") {
        let args =
            ["follow", "--policy", "rules.bylaw", "--state", &format, "--once", "--finish", "--log-level", "debug"];
        let written = ["--output", "out/findings", "--rejects", "out/rejects", "--metrics-file", "out/figures"];
        let wrote = bench.run(&[&args[..], &written, &["--log-format", &format], &few].concat());
        // With a key it is refused, rather than done without.
        assert_eq!(wrote.code, if bench.keyed { 2 } else { 1 }, "{}", wrote.stderr);
    }
    let wrote = bench.run(&[&["audit", "--policy", "rules.bylaw", "--ledger", "out/ledger"][..], &few].concat());
    assert_eq!(wrote.code, 1, "{}", wrote.stderr);
}

/// Files that cannot be read, and what can go wrong with those that can.
fn broken(bench: &Bench) {
    for records in [
        "gift=headless.csv",
        "employee=headless.csv",
        "gift=twice.csv",
        "gift=torn.parquet",
        "old_gifts=broken.json",
        "headless.csv",
        "staff.csv",
        "gift=log.ndjson",
        "employee=log.ndjson",
        "vendor=gifts.parquet",
        "log.ndjson",
        "employee=gifts.csv",
        "gift=register.json",
        "gift=long.log",
        "visit=staff.csv",
    ] {
        for command in ["audit", "report", "metrics", "impact", "try"] {
            let args = match command {
                "impact" => vec!["impact", "rules.bylaw", "newer.bylaw", records, STAFF],
                "try" => vec!["try", "--policy", "rules.bylaw", "--on", "gift", records, STAFF, "score > 1"],
                command => vec![command, "--policy", "rules.bylaw", records, STAFF],
            };
            bench.run(&args);
        }
        bench.run(&[
            "audit",
            "--policy",
            "rules.bylaw",
            records,
            STAFF,
            "--rejects",
            "out/rejects",
            "--format",
            "json",
        ]);
    }
}

/// A draft quotes what it read, but not of fields that it holds to be about people or sensitive.
#[test]
fn a_draft_lists_no_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("id,name,email,salary,health_status,religion,unit\n");
    for n in 0..60 {
        let k = n % 3;
        text += &format!("{n},CANP{k},canp{k}@x.example,73139{k},cans{k}healthy,cans{k}faith,unit{k}\n");
    }
    fs::write(folder.path().join("staff.csv"), &text).unwrap();
    let objects: String = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{{\"id\":{},\"person\":{{\"full_name\":\"{}\",\"email\":\"{}\"}},\"salary\":\"{}\",\"diagnosis\":\"{}\"}}\n", cells[0], cells[1], cells[2], cells[3], cells[4])
    }).collect();
    fs::write(folder.path().join("staff.ndjson"), objects).unwrap();
    for file in ["staff.csv", "staff.ndjson"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
        let output = command.current_dir(folder.path()).args(["infer", file]).output().unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
            .to_lowercase();
        assert!(output.status.success(), "{told}");
        for canary in ["canp", "cans", "73139"] {
            assert!(!told.contains(canary), "{file}: {canary} in\n{told}");
        }
    }
}
