//! `bylaws infer`: drafts as people get them, that they pass `check` and `fmt --check`, and that the records they were made
//! from read through them.

use assert_cmd::Command;
use bylaws::internals::data::found::Bare;
use bylaws::internals::data::mapping::Format;
use bylaws::internals::data::{ColumnId, Place};
use bylaws::internals::infer;
use bylaws::internals::ingest::{BareSpec, bare};
use bylaws::{Ingest, Input, InputId, InputSpec, Limits, MemoryFiles, PolicySet, Route, Sink};
use proptest::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/infer")
}

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run_in(folder: &Path, args: &[&str], stdin: &[u8]) -> Ran {
    let mut command = Command::cargo_bin("bylaws").unwrap();
    command.current_dir(folder).env("NO_COLOR", "1").args(args).write_stdin(stdin.to_vec());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What was typed, how it ended, and what was printed.
fn transcript(args: &[&str], ran: &Ran) -> String {
    let shown: Vec<String> =
        args.iter().map(|a| if a.contains([' ', '*', ';']) { format!("'{a}'") } else { a.to_string() }).collect();
    let mut text = format!("$ bylaws {}\nexit code: {}\n", shown.join(" "), ran.code);
    for (name, printed) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        if !printed.is_empty() {
            text.push_str(&format!("---- {name}\n{printed}"));
        }
    }
    text
}

fn check(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("infer_{name}"), text);
    });
}

fn snapshot(name: &str, args: &[&str]) {
    check(name, &transcript(args, &run_in(&folder(), args, b"")));
}

#[test]
fn help() {
    snapshot("help", &["infer", "--help"]);
}

#[test]
fn drafts_of_each_format() {
    snapshot("csv", &["infer", "expenses.csv"]);
    snapshot("ndjson", &["infer", "access.ndjson"]);
    snapshot("json", &["infer", "batches.json"]);
    snapshot("kinds", &["infer", "kinds.csv"]);
    snapshot("rows_and_kind", &["infer", "expenses.csv", "--rows", "3", "--kind", "claim"]);
}

/// A log in the language's own form is read without a source, and its table is told from its records.
#[test]
fn a_log_that_names_its_kinds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let args = ["infer", "examples/company/log.ndjson"];
    check("company", &transcript(&args, &run_in(root, &args, b"")));
}

#[test]
fn what_cannot_be_done() {
    snapshot("missing", &["infer", "nowhere.csv"]);
    snapshot("two_shapes", &["infer", "expenses.csv", "kinds.csv"]);
    snapshot("bad_kind", &["infer", "expenses.csv", "--kind", "Expense claim"]);
    snapshot("folder", &["infer", "."]);
}

// ---------------------------------------------------------------- whole runs

/// Drafts into a file, checks it, and audits the same records by it; the draft, and what was told.
fn whole_way(folder: &Path, records: &[&str], more: &[&str]) -> (String, Ran) {
    let args = [&["infer", "--output", "draft.bylaw", "--force"], more, records].concat();
    let ran = run_in(folder, &args, b"");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let draft = std::fs::read_to_string(folder.join("draft.bylaw")).unwrap();
    let checked = run_in(folder, &["check", "draft.bylaw"], b"");
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{draft}");
    let formatted = run_in(folder, &["fmt", "--check", "draft.bylaw"], b"");
    assert_eq!(formatted.code, 0, "{draft}");
    let mut audit = vec!["audit", "--policy", "draft.bylaw", "--rejects", "rejects.ndjson"];
    if !draft.contains("\nsource ") {
        audit.extend(records);
    }
    let audited = run_in(folder, &audit, b"");
    // 3 where records are rejected.
    assert!([0, 3].contains(&audited.code), "{draft}\n{}", audited.stderr);
    (draft, ran)
}

fn rejects(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("rejects.ndjson")).unwrap().lines().count()
}

fn written(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

#[test]
fn drafts_read_the_records_that_they_are_of() {
    for name in ["expenses.csv", "access.ndjson", "batches.json", "kinds.csv"] {
        let folder = written(name, &std::fs::read(folder().join(name)).unwrap());
        whole_way(folder.path(), &[name], &[]);
        assert_eq!(rejects(folder.path()), 0, "{name}");
    }
}

#[test]
fn compressed_input_and_standard_input_give_the_same_fields() {
    let plain = std::fs::read(folder().join("expenses.csv")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let zipped = written("expenses.csv.gz", &gzip.finish().unwrap());
    let zstd = written("expenses.csv.zst", &zstd::encode_all(&plain[..], 1).unwrap());
    let fields = |draft: &str| draft.split("record ").nth(1).unwrap().split("source ").next().unwrap().to_owned();
    let expected = fields(&run_in(&folder(), &["infer", "expenses.csv"], b"").stdout);
    let remarks = |text: &str| text.replace(".gz", "").replace(".zst", "").replace("<stdin>", "expenses.csv");
    for (folder, name) in [(&zipped, "expenses.csv.gz"), (&zstd, "expenses.csv.zst")] {
        let (draft, _) = whole_way(folder.path(), &[name], &[]);
        assert_eq!(remarks(&fields(&draft)), expected);
    }
    let piped = run_in(&folder(), &["infer", "-", "--kind", "expense"], &plain);
    assert!(!piped.stdout.contains("files"), "{}", piped.stdout);
    assert_eq!(remarks(&fields(&piped.stdout)), expected);
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let folder = written("a.csv", b"id,name\n1,x\n2,y\n");
    std::fs::write(folder.path().join("mine.bylaw"), "// mine").unwrap();
    let args = ["infer", "a.csv", "--output", "mine.bylaw"];
    let ran = run_in(folder.path(), &args, b"");
    check("there_already", &transcript(&args, &ran));
    assert_eq!(std::fs::read_to_string(folder.path().join("mine.bylaw")).unwrap(), "// mine");
    assert_eq!(run_in(folder.path(), &["infer", "a.csv", "-o", "mine.bylaw", "--force"], b"").code, 0);
    assert!(std::fs::read_to_string(folder.path().join("mine.bylaw")).unwrap().contains("record a "));
}

/// Several files of one shape are one record.
#[test]
fn files_of_one_shape() {
    let folder = written("2024.csv", b"id,day\n1,2024-01-01\n2,2024-01-02\n");
    std::fs::write(folder.path().join("2025.csv"), "id,day\n3,2025-01-01\n4,\n").unwrap();
    let (draft, _) = whole_way(folder.path(), &["2024.csv", "2025.csv"], &["--kind", "visit"]);
    assert!(draft.contains("files  \"2024.csv\", \"2025.csv\""), "{draft}");
    assert!(draft.contains("day: date?,"), "{draft}");
    assert!(draft.contains("from 4 records of `2024.csv` and `2025.csv`"), "{draft}");
}

// ---------------------------------------------------------------- hostile input

fn draft_of(name: &str, bytes: &[u8]) -> (String, Ran, usize) {
    let folder = written(name, bytes);
    let (draft, ran) = whole_way(folder.path(), &[name], &[]);
    (draft, ran, rejects(folder.path()))
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_told() {
    let (draft, ran, rejected) = draft_of("a.csv", b"id,name\n1,x\n2\n3,\xff\n4,y\n5,z,z\n");
    assert_eq!(rejected, 3);
    assert!(draft.contains("3 records could not be read and count for nothing here, first at a.csv:3: 1 field, where"));
    assert!(ran.stderr.contains("3 records could not be read"), "{}", ran.stderr);
}

#[test]
fn headings_twice_empty_and_of_signs() {
    let (draft, ..) =
        draft_of("a.csv", "id,Name,Name,,\"a \"\"b\"\"\",\"a\nb\",Größe,true,item\n1,x,y,1,2,3,4,5,6\n".as_bytes());
    assert!(draft.contains("Left out: `Name`, as several columns have this heading."), "{draft}");
    for line in ["unnamed", "= \"\"", "= \"a \\\"b\\\"\"", "= \"a\\nb\"", "grosse", "true_ ", "item "] {
        assert!(draft.contains(line), "{line} in {draft}");
    }
}

/// A record cannot be called as a type is, or as a word between two operands.
#[test]
fn files_with_names_of_the_language() {
    for (name, kind) in
        [("dates.csv", "date_record"), ("where.csv", "where_record"), ("and.csv", "and_"), ("9.csv", "_9")]
    {
        let (draft, ..) = draft_of(name, b"id,person\n1,E1\n2,E1\n");
        assert!(draft.contains(&format!("\nrecord {kind} ")), "{name}: {draft}");
    }
}

/// Of a log with a list in each record, one record each; what has nothing in its list is told.
#[test]
fn elements_of_lists() {
    let line =
        r#"{"id": 1, "item": 3, "events": [{"type": "a", "x": 1, "id": "p"}, {"type": "b", "y": "q", "id": "r"}]}"#;
    let lines = format!("{}{}", format!("{line}\n").repeat(1000), "{\"id\": 2, \"events\": []}\n{\"id\": 3}\n");
    let (draft, _, rejected) = draft_of("a.ndjson", lines.as_bytes());
    assert_eq!(rejected, 0);
    for text in [
        "A record is made of each element of `events`: 2000 records.",
        "Where there is nothing in `events`, no record is made: 2 times here.",
        "Left out: `item` beside the list",
        "record a_event",
        "  where  item.type == \"b\"",
        "    event_id = item.id",
    ] {
        assert!(draft.contains(text), "{text}\n{draft}");
    }
}

/// A log that names its kinds, but not its fields as a policy can, is read by sources.
#[test]
fn kinds_that_need_a_source() {
    let mut log = String::new();
    for n in 1..=20 {
        log.push_str(&format!("{{\"kind\": \"gift\", \"id\": {n}, \"day\": \"{n:02}.03.2025\"}}\n"));
        log.push_str(&format!("{{\"kind\": \"trip\", \"id\": {n}, \"place\": \"Berlin\"}}\n"));
    }
    let (draft, _, rejected) = draft_of("log.ndjson", log.as_bytes());
    assert_eq!(rejected, 0);
    for text in ["record gift at day", "  where  kind == \"trip\"", "day = day as date \"%d.%m.%Y\""] {
        assert!(draft.contains(text), "{text}\n{draft}");
    }
}

/// Names and values of the data stay within remarks.
#[test]
fn line_ends_in_keys() {
    let line = r#"{"a\nrecord": [{"b": 1}, {"b": 2}], "k\u0000": 1, "text": "x\ny"}"#;
    let (draft, ..) = draft_of("a.ndjson", format!("{line}\n{line}\n").as_bytes());
    assert!(draft.contains("each   \"a\\nrecord\"[]"), "{draft}");
    assert!(draft.contains("`k ` its name has signs") || draft.contains("`k `: its name has signs"), "{draft}");
}

#[test]
fn types_that_change_on_the_way() {
    let mut csv = String::from("id,n,day,when\n");
    for n in 1..=60 {
        let number = if n == 41 { "twelve".into() } else { n.to_string() };
        let day = if n == 50 { "31/12/2025".into() } else { format!("{:02}/01/2025", n % 12 + 1) };
        csv.push_str(&format!("{n},{number},{day},2025-01-{:02}T10:00\n", n % 28 + 1));
    }
    let (draft, ..) = draft_of("a.csv", csv.as_bytes());
    assert!(draft.contains("59 of 60 are whole numbers; the first that is not: `twelve` at a.csv:42."), "{draft}");
    assert!(draft.contains("day: date,") && draft.contains("as date \"%d/%m/%Y\""), "{draft}");
    assert!(draft.contains("The day is first, as `31/12/2025` at a.csv:51 shows."), "{draft}");
    assert!(draft.contains("timezone \"UTC\""), "{draft}");
    let json = "{\"a\": 1, \"b\": {\"c\": 1}}\n{\"a\": 2, \"b\": 3}\n{\"a\": \"x\", \"b\": {\"c\": 2}}\n";
    let (draft, ..) = draft_of("a.ndjson", json.as_bytes());
    assert!(draft.contains("1 of 3 are texts, first at a.ndjson:3: they do not fit"), "{draft}");
    assert!(draft.contains("1 of 3 are no objects"), "{draft}");
}

#[test]
fn numbers_beyond_what_is_kept() {
    let big = "9".repeat(30);
    let json =
        format!("{{\"n\": {big}, \"m\": 99999999999999999999, \"o\": 1}}\n{{\"n\": 1e400, \"m\": 1, \"o\": {big}}}\n");
    let (draft, ..) = draft_of("a.ndjson", json.as_bytes());
    assert!(draft.contains("Left out: n (n): numbers too large or too fine to be kept exactly."), "{draft}");
    assert!(draft.contains("m: decimal") && draft.contains("Larger than an `int`"), "{draft}");
    assert!(draft.contains("1 of 2 are too large or too fine"), "{draft}");
}

#[test]
fn ten_thousand_columns() {
    let heading: Vec<String> = (0..10_000).map(|n| format!("c{n}")).collect();
    let row: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let csv = format!("{}\n{}\n{}\n", heading.join(","), row.join(","), row.join(","));
    let (draft, ran, rejected) = draft_of("wide.csv", csv.as_bytes());
    assert_eq!(rejected, 0);
    assert!(draft.contains("c9999: int,"));
    assert!(ran.stderr.contains("10000 fields") || ran.stderr.contains("10,000 fields"), "{}", ran.stderr);
}

#[test]
fn objects_in_objects() {
    let deep = |n: usize| format!("{{\"id\": {n}, \"a\": {}1{}}}\n", "{\"a\":".repeat(100), "}".repeat(100));
    let (draft, ..) = draft_of("deep.ndjson", (deep(1) + &deep(2)).as_bytes());
    assert!(draft.contains("Left out"), "{draft}");
    let too_deep = format!("{{\"id\": 1, \"a\": {}1{}}}\n{{\"id\": 2}}\n", "[".repeat(500), "]".repeat(500));
    let (draft, ..) = draft_of("deep.ndjson", too_deep.as_bytes());
    assert!(draft.replace("\n// ", " ").contains("more than 128 levels of nesting"), "{draft}");
    let mut many = String::new();
    for n in 0..300 {
        let keys: Vec<String> = (0..100).map(|k| format!("\"k{}\": {k}", n * 100 + k)).collect();
        many.push_str(&format!("{{\"id\": {n}, \"by_day\": {{{}}}}}\n", keys.join(", ")));
    }
    let (draft, ..) = draft_of("many.ndjson", many.as_bytes());
    assert!(draft.contains("an object with 1000 or more different keys, which are data"), "{draft}");
}

#[test]
fn nothing_to_draft_from() {
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("heading.csv", b"id,name\n"),
        ("empty.ndjson", b""),
        ("empty.json", b"[]"),
        ("broken.json", b"[{\"a\": 1"),
        ("list.ndjson", b"[1]\n"),
        ("utf16.csv", b"\xff\xfei\0d\0"),
        ("not.parquet", b"PAR1nothing"),
    ] {
        let folder = written(name, bytes);
        let args = ["infer", name];
        let ran = run_in(folder.path(), &args, b"");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{name}");
        check(&format!("nothing_{}", name.replace('.', "_")), &transcript(&args, &ran));
    }
}

// ---------------------------------------------------------------- any input

/// How a whole draft reads the records: rejects, values that do not fit, and records.
fn read_through(draft: &str, name: &str, format: Format, bytes: &[u8]) -> (usize, u64, u64) {
    let files = MemoryFiles::from_iter([("draft.bylaw", draft)]);
    let mut set = PolicySet::load(&files, &["draft.bylaw"]).unwrap();
    let checked = set.check(&[]);
    assert!(checked.diagnostics().is_empty(), "{:#?}\n{draft}", checked.diagnostics());
    let mut reading = checked.compile().unwrap().reading();
    let kinds = reading.schema.declared().len();
    let all = |kind: usize| (0..reading.schema.declared()[kind].columns.len() as u32).map(ColumnId).collect();
    reading.projections = (0..kinds).map(|k| Some(all(k))).collect();
    let route = match reading.sources.is_empty() {
        true => Route::Tagged,
        false => Route::Sources((0..reading.sources.len()).collect()),
    };
    let spec = InputSpec { id: InputId(0), name: name.into(), format: Some(format), route };
    let lacking = Mutex::new(Vec::new());
    let rejected = Mutex::new(0);
    let batch = |batch: bylaws::Batch| {
        let kind = &reading.schema.declared()[batch.kind.0 as usize];
        for (column, values) in batch.projection.iter().zip(&batch.columns) {
            let of = &kind.columns[column.0 as usize];
            let defects = batch.defects.iter().filter(|d| batch.projection[d.column as usize] == *column).count();
            if !of.optional && values.null_count() > defects {
                lacking.lock().unwrap().push(of.name.clone());
            }
        }
    };
    let sink = Sink { batch: &batch, reject: &|_| *rejected.lock().unwrap() += 1, advance: &|_| () };
    let report = Ingest::new(&reading).read(&spec, Input::Bytes(bytes), Default::default(), sink).unwrap();
    let lacking = lacking.into_inner().unwrap();
    assert!(lacking.is_empty(), "required, and not there: {lacking:?}\n{draft}");
    (rejected.into_inner().unwrap(), report.malformed, report.records.values().sum())
}

/// The draft of an input that is held in memory; none where no record of it can be read.
fn draft_in_memory(name: &str, bytes: &[u8]) -> Option<String> {
    let spec = BareSpec { id: InputId(0), name: name.into(), format: None, delimiter: None, limits: Limits::default() };
    let mut pass = |most: u64, take: &mut dyn FnMut(Place, Bare<'_>)| {
        let mut count = 0;
        let mut see = |place, record: Bare<'_>| {
            count += 1;
            take(place, record);
            count < most
        };
        bare(&spec, Input::Bytes(bytes), &mut see, &|_| ())
    };
    let (sample, shape) = infer::sample(u64::MAX, &mut pass, |shape| shape.format).unwrap();
    let origin = infer::Origin {
        inputs: vec![infer::InputName { name: name.into(), rows: false }],
        format: shape.format,
        delimiter: shape.delimiter,
        twice: shape.twice,
        files: vec![name.into()],
        kind: "sample".into(),
        given: false,
        source: "samples".into(),
        limited: false,
    };
    (!sample.is_empty()).then(|| infer::draft(&sample, &origin).text)
}

/// The draft is formatted and has no errors; every record reads through it, and each misfit is told in it.
fn holds(name: &str, format: Format, bytes: &[u8], records: u64) {
    let Some(draft) = draft_in_memory(name, bytes) else { return };
    let draft = bylaws::internals::fmt::format(bylaws::FileId(0), &draft).unwrap();
    assert_eq!(bylaws::internals::fmt::format(bylaws::FileId(0), &draft).unwrap(), draft);
    let (rejected, malformed, read) = read_through(&draft, name, format, bytes);
    assert_eq!(rejected, 0, "{draft}");
    // With `each` there are as many records as there are elements.
    if !draft.contains("\n  each ") {
        assert_eq!(read, records, "{draft}");
    }
    let told = ["unknown there", "unknown as a whole", "they do not fit"].iter().any(|t| draft.contains(t));
    assert!(malformed == 0 || told, "{malformed} misfits\n{draft}");
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-9]{1,4}",
        2 => "-?[0-9]{1,3}\\.[0-9]{1,2}",
        1 => "0[0-9]{2}",
        1 => "[0-9]{18,25}",
        2 => "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
        2 => "(0[1-9]|1[0-9]|2[0-8])/(0[1-9]|1[0-2])/20[0-9]{2}",
        1 => "20[0-9]{2}-0[1-9]-1[0-9][ T]1[0-9]:30(:00Z|\\+01:00)?",
        1 => "[0-9]{1,3} (EUR|GBP|XYZ|min|MB|%)",
        2 => Just(String::new()),
        1 => prop_oneof!["N/A", "-", "null", " ", "Yes", "No", "yes", "TRUE", "false", "1", "0"],
        1 => "[€£$][0-9]{1,3}(,[0-9]{3})?",
        2 => "(red|green|In kind)",
        1 => "\\PC{0,12}",
        1 => "[a-z\",;\n\r\\\\`é ]{0,8}",
    ]
}

fn heading() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop_oneof![
            "id", "Amount", "Currency", "Date", "when", "kind", "type", "User ID", "E-mail", "size", "and", "is_new",
            "Category", "a.b", "item", "true", "MNIS ID",
        ],
        2 => "[a-zA-Z_ ]{0,8}",
        1 => "\\PC{0,8}",
        1 => "[\"`\\\\\t\n.]{1,4}",
    ]
}

/// Columns, each of mostly one form, so that guesses are made.
fn table() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    (1..6usize, 1..30usize).prop_flat_map(|(width, height)| {
        let column = prop_oneof![
            proptest::collection::vec(cell(), height),
            cell().prop_flat_map(move |one| {
                proptest::collection::vec(prop_oneof![9 => Just(one), 1 => cell()], height)
            }),
        ];
        (proptest::collection::vec(heading(), width), proptest::collection::vec(column, width))
    })
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (0..2000i64).prop_map(Into::into),
        (-1e6..1e6f64).prop_map(|n| ((n * 100.0).round() / 100.0).into()),
        cell().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            proptest::collection::vec((heading(), inner), 0..4)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

fn records() -> impl Strategy<Value = Vec<serde_json::Value>> {
    let keys = proptest::collection::vec((heading(), json()), 1..6);
    (keys, 1..12usize).prop_flat_map(|(shape, count)| {
        let field = |(key, value): (String, serde_json::Value)| {
            let value = prop_oneof![5 => Just(value), 1 => json()];
            (Just(key), value, 0..8u8)
        };
        let record: Vec<_> = shape.into_iter().map(field).collect();
        let object = record.prop_map(|fields| {
            let there = fields.into_iter().filter(|f| f.2 > 0).map(|(k, v, _)| (k, v));
            serde_json::Value::Object(there.collect())
        });
        proptest::collection::vec(object, count)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn any_table_reads_through_its_draft((heading, columns) in table()) {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(&heading).unwrap();
        for row in 0..columns[0].len() {
            csv.write_record(columns.iter().map(|c| &c[row])).unwrap();
        }
        let bytes = csv.into_inner().unwrap();
        holds("a.csv", Format::Csv, &bytes, columns[0].len() as u64);
    }

    #[test]
    fn any_objects_read_through_their_draft(records in records()) {
        let lines: Vec<String> = records.iter().map(|r| format!("{r}\n")).collect();
        let count = records.len() as u64;
        holds("a.ndjson", Format::Ndjson, lines.concat().as_bytes(), count);
        holds("a.json", Format::Json, serde_json::Value::Array(records).to_string().as_bytes(), count);
    }
}

fn cases() -> u32 {
    std::env::var("BYLAWS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(500)
}

// ---------------------------------------------------------------- real records

fn real(folder: &str) -> Option<PathBuf> {
    let data = std::env::var_os("DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let found = data.join(folder);
    if !found.is_dir() {
        eprintln!("skipped: no {}", found.display());
        return None;
    }
    Some(found)
}

/// The draft of a real file, with all of its records read through it.
fn draft_of_real(folder: &Path, name: &str) -> String {
    let copy = written(name, &std::fs::read(folder.join(name)).unwrap());
    let (draft, _) = whole_way(copy.path(), &[name], &[]);
    assert_eq!(rejects(copy.path()), 0);
    draft
}

#[test]
fn the_register_of_interests() {
    let Some(folder) = real("uk_mps_register") else { return };
    let gifts = draft_of_real(&folder, "category_3.csv");
    for line in [
        "record category_3 at received_date by mnis_id identity id {",
        "  id: int,",
        "  mnis_id: int @person,",
        "  registered: date?,",
        "  published: date,",
        "  accepted_date: date,",
        "  value: money,",
        "= \"Value\" as money GBP",
    ] {
        assert!(gifts.contains(line), "{line}\n{gifts}");
    }
    let payments = draft_of_real(&folder, "category_1.1.csv");
    for line in ["  received_date: date,", "  value: money,", "  hours_worked: decimal,", "by mnis_id identity id"] {
        assert!(payments.contains(line), "{line}\n{payments}");
    }
    let employments = draft_of_real(&folder, "category_1.csv");
    assert!(employments.contains("= \"IsPaidAsDirectorOfPayer\" as bool { true: \"True\", false: \"False\" }"));
    let parquet = draft_of_real(&folder, "category_3.parquet");
    for line in ["record category_3 at published by mnis_id identity id {", "accepted_date): empty in every record."] {
        assert!(parquet.contains(line), "{line}\n{parquet}");
    }
}

#[test]
fn the_log_of_a_workspace() {
    let Some(folder) = real("google_workspace") else { return };
    let draft = draft_of_real(&folder, "gws.ndjson");
    for line in [
        "record drive_event at id.time by actor.email {",
        "  each   events[]",
        "  where  id.applicationName == \"drive\"",
        "= item.parameters[name == \"doc_id\"].value",
        "= item.parameters[name == \"visibility\"].value",
        "= item.parameters[name == \"email_forwarding_destination_address\"].value",
    ] {
        assert!(draft.contains(line), "{line}\n{draft}");
    }
}

// ---------------------------------------------------------------- Parquet

/// Rows with groups, lists, exact decimals, and times with and without a zone.
#[cfg(feature = "parquet")]
fn parquet_file() -> Vec<u8> {
    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::*;
    use arrow_schema::{DataType, Field, TimeUnit};
    use std::sync::Arc;
    const ROWS: i64 = 20;
    let day = 86_400_000_000i64;
    let mut tags = ListBuilder::new(StringBuilder::new());
    for n in 0..ROWS {
        tags.values().append_value(if n % 2 == 0 { "vpn" } else { "web" });
        tags.append(true);
    }
    let who: StructArray = vec![
        (
            Arc::new(Field::new("id", DataType::Utf8, false)),
            Arc::new(StringArray::from_iter_values((0..ROWS).map(|n| format!("E{}", n % 4)))) as ArrayRef,
        ),
        (
            Arc::new(Field::new("age", DataType::Int32, true)),
            Arc::new(Int32Array::from_iter((0..ROWS as i32).map(|n| (n % 3 > 0).then_some(n)))) as ArrayRef,
        ),
    ]
    .into();
    let zoned = TimestampMicrosecondArray::from_iter_values((0..ROWS).map(|n| 20_000 * day + n)).with_timezone("UTC");
    let local = TimestampMicrosecondArray::from_iter_values((0..ROWS).map(|n| 20_000 * day + n * 1_000_000));
    let midnight = TimestampMicrosecondArray::from_iter_values((0..ROWS).map(|n| (20_000 + n) * day));
    assert_eq!(local.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
    let cost =
        Decimal128Array::from_iter_values((0..ROWS).map(|n| i128::from(n) * 125)).with_precision_and_scale(10, 2);
    let batch = RecordBatch::try_from_iter([
        ("record_id", Arc::new(Int64Array::from_iter_values(0..ROWS)) as ArrayRef),
        ("who", Arc::new(who) as ArrayRef),
        ("tags", Arc::new(tags.finish()) as ArrayRef),
        ("seen", Arc::new(zoned) as ArrayRef),
        ("logged", Arc::new(local) as ArrayRef),
        ("day", Arc::new(midnight) as ArrayRef),
        ("born", Arc::new(Date32Array::from_iter_values((0..ROWS as i32).map(|n| n * 100))) as ArrayRef),
        ("cost", Arc::new(cost.unwrap()) as ArrayRef),
        ("ratio", Arc::new(Float64Array::from_iter_values((0..ROWS).map(|n| n as f64 / 8.0))) as ArrayRef),
        ("open", Arc::new(BooleanArray::from_iter((0..ROWS).map(|n| Some(n % 2 == 0)))) as ArrayRef),
        ("raw", Arc::new(BinaryArray::from_iter_values((0..ROWS).map(|_| [0xffu8, 0x00]))) as ArrayRef),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[cfg(feature = "parquet")]
#[test]
fn a_parquet_file() {
    let folder = written("visits.parquet", &parquet_file());
    whole_way(folder.path(), &["visits.parquet"], &[]);
    assert_eq!(rejects(folder.path()), 0);
    let args = ["infer", "visits.parquet"];
    let ran = run_in(folder.path(), &args, b"");
    check("parquet", &transcript(&args, &ran));
    let (rejected, _, read) = read_through(&ran.stdout, "visits.parquet", Format::Parquet, &parquet_file());
    assert_eq!((rejected, read), (0, 20));
}
