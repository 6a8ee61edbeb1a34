//! Records in each format: in pieces or whole, from bytes or a reader, on one thread or several, they come to the same.

use super::policy::{text, told_in_place};
use bylaws::internals::data::found::Bare;
use bylaws::internals::data::mapping::Format;
use bylaws::internals::data::{Limits, People, Time};
use bylaws::internals::eval::{Said, Standing, Stream};
use bylaws::internals::ingest::{self, BareSpec, Wanted};
use bylaws::internals::policy_set::Names;
use bylaws::internals::{fmt, infer, testing};
use bylaws::{
    Batch, Code, EvalOptions, Evaluator, FileId, Findings, Ingest, IngestOptions, Input, InputId, InputReport,
    InputSpec, MemoryFiles, Plan, PolicySet, Reject, Route, Sift, Sink, Span, Verdict,
};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

/// Lines that name their kind.
pub fn ndjson(bytes: &[u8]) {
    holds(&fixed(), &spec(Format::Ndjson, Route::Tagged), bytes);
}

/// One document, of objects that name their kind.
pub fn json(bytes: &[u8]) {
    holds(&fixed(), &spec(Format::Json, Route::Tagged), bytes);
}

pub fn csv(bytes: &[u8]) {
    holds(&fixed(), &spec(Format::Csv, entries()), bytes);
}

pub fn parquet(bytes: &[u8]) {
    holds(&fixed(), &spec(Format::Parquet, entries()), bytes);
}

/// Files that are compressed. Where the first byte is odd, what follows three more is packed here, and one bit of what
/// comes of that turned: the next two bytes say where, the fourth which.
pub fn compressed(bytes: &[u8]) {
    let [how, high, low, bit, ref content @ ..] = *bytes else { return };
    let spec = spec(Format::Ndjson, Route::Tagged);
    let mut packed = match how % 4 {
        1 => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(content).and_then(|()| writer.finish()).expect("memory takes it")
        }
        3 => zstd::encode_all(content, 1).expect("memory takes it"),
        _ => return holds(&fixed(), &spec, &bytes[1..]),
    };
    // What is packed twice is unpacked once.
    if !content.starts_with(b"\x1f\x8b") && !content.starts_with(b"\x28\xb5\x2f\xfd") {
        let (plain, _) = read(&fixed(), &spec, content, WHOLE);
        let (unpacked, _) = read(&fixed(), &spec, &packed, WHOLE);
        assert_eq!(plain, unpacked);
    }
    let at = usize::from(u16::from_be_bytes([high, low])) % packed.len();
    packed[at] ^= 1 << (bit % 8);
    holds(&fixed(), &spec, &packed);
}

/// A `source` for the records of `records.bylaw`, and behind a form feed what is read through it.
pub fn mapping(bytes: &[u8]) {
    let (source, content) = match bytes.iter().position(|b| *b == b'\x0c') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => return,
    };
    let Ok(source) = std::str::from_utf8(source) else { return };
    let Some(plan) = plan(&format!("{RECORDS}\n{source}")) else { return };
    let plan = Arc::new(plan);
    let sources = 0..plan.reading().sources.len();
    for source in sources {
        holds(&plan, &InputSpec { format: None, ..spec(Format::Json, Route::Sources(vec![source])) }, content);
    }
}

/// The kind of records on the first line, a condition for them on the others: it never errs on records.
pub fn condition(bytes: &[u8]) {
    let Some((kind, condition)) = std::str::from_utf8(bytes).ok().and_then(|text| text.split_once('\n')) else {
        return;
    };
    let mut policies = set(RECORDS);
    match policies.check_condition(kind, condition, &Names::default(), &[]) {
        Ok(tried) => {
            told_in_place(policies.sources(), &tried.warnings);
            let Some(plan) = tried.checked.compile() else { return };
            holds(&Arc::new(plan), &spec(Format::Ndjson, Route::Tagged), include_bytes!("../corpus/ndjson/every_type"));
        }
        Err(told) => {
            assert!(!told.is_empty());
            told_in_place(policies.sources(), &told);
        }
    }
    let set_to = [("none".to_owned(), condition.to_owned())];
    let checked = policies.check(&set_to);
    told_in_place(policies.sources(), checked.diagnostics());
}

/// Tests of the rules in `records.bylaw`: they pass or fail, and what failed stands in them.
pub fn tests(bytes: &[u8]) {
    let Some((_, text)) = text(bytes) else { return };
    let mut policies = set(&format!("{RECORDS}\n{text}"));
    if policies.check(&[]).has_errors() {
        return;
    }
    let failed = testing::run(&mut policies);
    assert_eq!(failed, testing::run(&mut policies));
    failed.iter().for_each(|told| told_in_place(policies.sources(), told));
}

/// A pattern on the first line, a text on the others: it matches where the library for patterns says so.
pub fn pattern(bytes: &[u8]) {
    let Some((pattern, text)) = std::str::from_utf8(bytes).ok().and_then(|text| text.split_once('\n')) else { return };
    let rule = |how: &str| format!("{RECORDS}\nforbid matched {{ on gift when id matches /{pattern}/{how} }}\n");
    let record =
        serde_json::json!({ "kind": "gift", "id": text, "day": "2026-01-05", "actor": "E1", "value": "1 EUR" });
    for (how, flags) in [("", ""), (" ignoring case", "(?i)")] {
        let Some(plan) = plan(&rule(how)).map(Arc::new) else { continue };
        let own = plan.rule_named("matched").expect("it is there");
        let spec = spec(Format::Ndjson, Route::Tagged);
        let (_, findings) = read(&plan, &spec, record.to_string().as_bytes(), WHOLE);
        let matches = regex::Regex::new(&format!("{flags}{pattern}")).map(|r| r.is_match(text));
        assert_eq!(Ok(findings.counts(own).finding == 1), matches, "{pattern:?} {text:?}");
    }
}

/// Records of which nothing is declared, in the format that the first byte picks: what is drafted for them is a
/// policy file.
pub fn draft(bytes: &[u8]) {
    let Some((which, content)) = bytes.split_first() else { return };
    let format = [Format::Ndjson, Format::Json, Format::Csv, Format::Parquet][usize::from(*which) % 4];
    let spec = BareSpec {
        id: InputId(0),
        name: "records".into(),
        format: Some(format),
        delimiter: None,
        limits: Limits::default(),
    };
    let mut pass = |most, take: infer::Take| {
        let mut seen = 0;
        let see = &mut |place, record: Bare<'_>| {
            take(place, record);
            seen += 1;
            seen < most
        };
        ingest::bare(&spec, Input::Bytes(content), see, &|_| ())
    };
    let Ok((sample, shape)) = infer::sample(1000, &mut pass, |shape| shape.format) else { return };
    if sample.is_empty() {
        return;
    }
    let origin = infer::Origin {
        inputs: vec![infer::InputName { name: "records".into(), rows: format == Format::Parquet }],
        format: shape.format,
        delimiter: shape.delimiter,
        twice: shape.twice,
        files: vec!["records".into()],
        kind: "sample".into(),
        given: true,
        source: "source".into(),
        limited: false,
    };
    let draft = infer::draft(&sample, &origin);
    let text = fmt::format(FileId(0), &draft.text).unwrap_or_else(|why| panic!("{why:?}\n{}", draft.text));
    let checked = set(&text).check(&[]);
    assert!(!checked.has_errors(), "{:?}\n{text}", checked.diagnostics());
}

const RECORDS: &str = include_str!("records.bylaw");

fn set(policy: &str) -> PolicySet {
    let files = MemoryFiles::from_iter([("p.bylaw", policy)]);
    PolicySet::load(&files, &["p.bylaw"]).expect("the file is there")
}

fn entries() -> Route {
    Route::Kind(fixed().schema.kind_named("entry").expect("it is declared"))
}

/// Lines that name their kind, as batches.
pub fn batches(plan: &Plan, bytes: &[u8]) -> Vec<Batch> {
    let batches = Mutex::default();
    let keep = |to: &Mutex<Vec<Batch>>, batch| to.lock().expect("no thread panics").push(batch);
    let sink = Sink { batch: &|batch| keep(&batches, batch), reject: &|_| (), advance: &|_| () };
    let read = Ingest::new(&plan.reading());
    read.read(&spec(Format::Ndjson, Route::Tagged), Input::Bytes(bytes), IngestOptions::default(), sink)
        .expect("it can be read");
    batches.into_inner().expect("no thread panics")
}

fn spec(format: Format, route: Route) -> InputSpec {
    InputSpec { id: InputId(0), name: "records".into(), format: Some(format), route }
}

/// What is judged by: `records.bylaw`.
pub fn fixed() -> Arc<Plan> {
    static PLAN: OnceLock<Arc<Plan>> = OnceLock::new();
    PLAN.get_or_init(|| Arc::new(plan(RECORDS).expect("the policy is right"))).clone()
}

/// None where there are errors.
fn plan(policy: &str) -> Option<Plan> {
    set(policy).check(&[]).compile()
}

/// How an input is read.
#[derive(Clone, Copy)]
struct How {
    threads: usize,
    chunk_bytes: usize,
    /// From a reader and not from bytes.
    reader: bool,
    /// Without rows that no rule can find anything in.
    sifted: bool,
}

const WHOLE: How = How { threads: 1, chunk_bytes: 1 << 18, reader: false, sifted: false };

/// What an input came to.
#[derive(Debug, PartialEq)]
struct Outcome {
    report: Result<InputReport, Code>,
    rejects: Vec<(u64, Code, String, Vec<u8>)>,
    verdicts: Vec<String>,
}

/// Reads an input in several ways, and looks for its records again where they stand.
fn holds(plan: &Arc<Plan>, spec: &InputSpec, bytes: &[u8]) {
    let (whole, findings) = read(plan, spec, bytes, WHOLE);
    let piece = 1 + bytes.first().map_or(0, |b| usize::from(*b) % 90);
    for how in [How { threads: 3, chunk_bytes: piece, ..WHOLE }, How { chunk_bytes: piece, reader: true, ..WHOLE }] {
        let (other, _) = read(plan, spec, bytes, how);
        assert_eq!(whole.report, other.report);
        // What comes before an error is not settled.
        if whole.report.is_ok() {
            assert_eq!(whole.rejects, other.rejects);
            assert_eq!(whole.verdicts, other.verdicts);
        }
    }
    let (sifted, few) = read(plan, spec, bytes, How { chunk_bytes: piece, sifted: true, ..WHOLE });
    if let (Ok(report), Ok(less)) = (&whole.report, &sifted.report) {
        assert_eq!((report.rejected, &report.records), (less.rejected, &less.records));
        assert_eq!(whole.rejects, sifted.rejects);
        let compliant = format!("{:?}", Verdict::Compliant);
        let told: Vec<&String> = whole.verdicts.iter().filter(|v| !v.starts_with(&compliant)).collect();
        assert_eq!(told, sifted.verdicts.iter().collect::<Vec<_>>());
        for i in 0..plan.rules.len() {
            assert_eq!(findings.counts(i), few.counts(i));
        }
        found_again(plan, spec, bytes, &findings);
    } else {
        assert_eq!(whole.report.is_ok(), sifted.report.is_ok());
    }
}

fn read(plan: &Arc<Plan>, spec: &InputSpec, bytes: &[u8], how: How) -> (Outcome, Findings) {
    let options =
        EvalOptions { threads: how.threads, keep_compliant: !how.sifted, twice: how.sifted, ..EvalOptions::default() };
    let mut evaluator = Evaluator::new(plan.clone(), options).expect("the plan can be run");
    let (mut report, mut rejects) = pass(plan, spec, bytes, how, &mut evaluator);
    if evaluator.again().expect("the records are the same") {
        (report, rejects) = pass(plan, spec, bytes, how, &mut evaluator);
        assert!(!evaluator.again().expect("the records are the same"));
    }
    let findings = evaluator.finish();
    let verdicts = (0..findings.len()).map(|i| verdict(&findings, i)).collect();
    (Outcome { report, rejects, verdicts }, findings)
}

fn verdict(findings: &Findings, i: usize) -> String {
    let (row, why) = (findings.row(i), findings.explain(i));
    format!("{:?} {} {:?} {} {:?}", row.verdict, row.rule.name, row.place, why.message, why.gaps)
}

/// Judges records by a plan that may be anything, at once and as they come, reads them by each of its sources, and gives the
/// places in the policy texts that were spoken of.
pub fn judged(plan: &Arc<Plan>, bytes: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (sifted, as_of) in [(false, None), (true, Some(Time::Date(20_470)))] {
        let options = EvalOptions { as_of, keep_compliant: !sifted, twice: sifted, ..EvalOptions::default() };
        let Ok(mut evaluator) = Evaluator::new(plan.clone(), options) else { return spans };
        let (how, tagged) = (How { sifted, ..WHOLE }, spec(Format::Ndjson, Route::Tagged));
        drop(pass(plan, &tagged, bytes, how, &mut evaluator));
        if evaluator.again() == Ok(true) {
            drop(pass(plan, &tagged, bytes, how, &mut evaluator));
        }
        for source in 0..if sifted { 0 } else { plan.sources.len() } {
            drop(pass(plan, &spec(Format::Json, Route::Sources(vec![source])), bytes, how, &mut evaluator));
        }
        let findings = evaluator.finish();
        spans.extend(plan.rules.iter().flat_map(|rule| [rule.span, rule.name_span]));
        for i in 0..findings.len() {
            let why = findings.explain(i);
            let clauses = why.clauses.iter().flat_map(|c| c.values.iter().map(|v| v.span).chain([c.span]));
            spans.extend(clauses.chain(why.windows.iter().map(|w| w.span)).chain(why.gaps.iter().map(|g| g.span)));
            assert!(!verdict(&findings, i).is_empty());
        }
    }
    let mut stream = Stream::new(plan.clone(), Standing::default(), Said::default()).expect("the plan can be run");
    for batch in batches(plan, bytes) {
        stream.take(batch).expect("it fits");
    }
    stream.complete(1_767_700_000_000_000_000);
    if let Some(judged) = stream.judge(1).expect("the plan can be run") {
        stream.let_go(&judged);
    }
    stream.end(1).expect("the plan can be run");
    spans
}

type Passed = (Result<InputReport, Code>, Vec<(u64, Code, String, Vec<u8>)>);

fn pass(plan: &Plan, spec: &InputSpec, bytes: &[u8], how: How, evaluator: &mut Evaluator) -> Passed {
    let (batches, rests, rejects) = (Mutex::default(), Mutex::new(Vec::new()), Mutex::new(Vec::<Reject>::new()));
    let keep = |to: &Mutex<Vec<Batch>>, batch| to.lock().expect("no thread panics").push(batch);
    let batch = |b| keep(&batches, b);
    let rest = |rows| rests.lock().expect("no thread panics").push(rows);
    let reject = |r| rejects.lock().expect("no thread panics").push(r);
    let sieve = evaluator.sieve().expect("the plan can be run");
    let sift = sieve.as_ref().map(|sieve| Sift { sieve, rest: &rest });
    let sink = Sink { batch: &batch, reject: &reject, advance: &|_| () };
    let input = if how.reader { Input::Reader(Box::new(bytes)) } else { Input::Bytes(bytes) };
    let options = IngestOptions { threads: how.threads, chunk_bytes: how.chunk_bytes };
    let report = Ingest::new(&plan.reading()).sift(spec, input, options, sink, sift);
    let report = report.map_err(|error| {
        assert!(!error.message.is_empty());
        error.code
    });
    rests
        .into_inner()
        .expect("no thread panics")
        .into_iter()
        .for_each(|rows| evaluator.let_go(rows).expect("it is a rest"));
    batches.into_inner().expect("no thread panics").into_iter().for_each(|b| evaluator.push(b).expect("it fits"));
    let rejects = rejects.into_inner().expect("no thread panics").into_iter();
    let mut rejects: Vec<_> = rejects.map(|r| (r.place.offset, r.code, r.reason, r.text)).collect();
    rejects.sort();
    (report, rejects)
}

/// The record of each verdict is found where it stands, and its values in it.
fn found_again(plan: &Plan, spec: &InputSpec, bytes: &[u8], findings: &Findings) {
    let mut wanted = Vec::new();
    for i in 0..findings.len().min(50) {
        let why = findings.explain(i);
        for record in why.records {
            let columns = plan.columns(record.kind).map(|c| c.to_vec()).unwrap_or_default();
            wanted.extend(record.place.map(|place| Wanted { place, kind: record.kind, columns }));
        }
    }
    let excerpts = Ingest::new(&plan.reading()).excerpts(spec, Input::Bytes(bytes), &wanted, &People::Named);
    for (wanted, excerpt) in wanted.iter().zip(excerpts.expect("it was read before")) {
        let excerpt = excerpt.unwrap_or_else(|| panic!("no record at {wanted:?}"));
        for field in excerpt.fields.iter().flatten() {
            assert!(excerpt.text.get(field.clone()).is_some(), "{field:?} of {excerpt:?}");
        }
    }
}
