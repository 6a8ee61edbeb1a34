//! One random policy with its records: the engine, in every way that it can be given them, and the slow reference
//! evaluator say the same.

use crate::random::records::Raw;
use crate::random::schema::Schema;
use crate::random::{self, Seeds, Tape, batches};
use crate::reference::metrics::Figure;
use crate::reference::{self, Cell, Outcome, Record};
use bylaws::internals::data::{Batch, InputId, KindId, Place, Time, Value, Verdict, identity};
use bylaws::internals::eval::{Evaluator, FindingRow, Findings, InOrder, MetricRow, Options};
use bylaws::internals::ingest::{self, Ingest, Input, InputSpec, Reject, Route, Sift, Sink};
use bylaws::internals::plan::Plan;
use bylaws::internals::sema::hir::{Hir, Times};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// One random policy with its records.
pub struct Case {
    pub text: String,
    pub schema: Schema,
    pub raws: Vec<Raw>,
    pub hir: Hir,
    pub plan: Arc<Plan>,
    pub records: Vec<Record>,
    pub as_of: Option<Value>,
}

pub fn case(seeds: &Seeds) -> Case {
    case_of(seeds, random::schema::schema, random::policy::rule)
}

pub fn case_of(seeds: &Seeds, schema: fn(&mut Tape) -> Schema, rule: fn(&Schema, &[u16], &str) -> String) -> Case {
    let schema = schema(&mut Tape::new(&seeds.schema));
    let rules = seeds.rules.iter().enumerate();
    let text = rules.fold(format!("{}\n{}\n", schema.print(), random::policy::SHARED), |text, (i, numbers)| {
        text + &rule(&schema, numbers, &format!("rule_{i}"))
    });
    // Findings about firms and about people have no common table to look up, and no subject in common with a record.
    let with = |people: bool| format!("{text}{}", over_findings(&schema, seeds, people));
    let text = match check(&with(true)) {
        Err(_) => with(false),
        Ok(_) => with(true),
    };
    let hir = check(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let plan = saved_and_loaded(&text, &hir);
    let raws = random::records::all(&schema, seeds);
    let records =
        raws.iter().enumerate().map(|(i, raw)| random::records::record(&schema, &hir.schema, raw, i)).collect();
    let mut tape = Tape::new(&seeds.run);
    let as_of = match tape.below(8) {
        6 => Some(Value::Date(19_723 + *tape.pick(&[2, 60, 366]))),
        7 => Some(Value::Timestamp((19_723 + *tape.pick(&[2, 60, 366])) * 86_400_000_000_000 + 3_600_000_000_000)),
        _ => None,
    };
    Case { text, schema, raws, hir, plan, records, as_of }
}

/// The plan that all of this is tried with has been bytes.
fn saved_and_loaded(text: &str, hir: &Hir) -> Arc<Plan> {
    use bylaws::internals::{plan::saved, source::SourceMap};
    let mut sources = SourceMap::default();
    let roles = saved::Roles { files: vec![sources.add("random.bylaw", text)], ..saved::Roles::default() };
    let plan = Plan::compile(hir);
    let loaded = saved::load(&saved::save(&sources, &roles, &[], &plan).unwrap()).unwrap();
    assert_eq!(*loaded.plan, plan, "{text}");
    assert_eq!(loaded.hir().unwrap(), *hir, "{text}");
    loaded.plan
}

/// In some cases rules over what the others find, and over what these find.
fn over_findings(schema: &Schema, seeds: &Seeds, people: bool) -> String {
    let mut tape = Tape::new(&seeds.run[seeds.run.len() / 3..]);
    let number = if tape.chance(35) { 1 + tape.below(3) } else { 0 };
    let mut rules: Vec<String> = (0..seeds.rules.len()).map(|i| format!("rule_{i}")).collect();
    let (mut above, mut text) = (Vec::new(), String::new());
    for i in 0..number {
        let name = format!("over_{i}");
        let numbers = &seeds.rules[i % seeds.rules.len()];
        let numbers = &numbers[numbers.len() / (2 + i)..];
        text += &random::policy::over_findings(schema, numbers, &name, &rules, &above, people);
        rules.push(name.clone());
        above.push(name);
    }
    text
}

/// Parsed and checked, or all that is wrong with it.
pub fn check(text: &str) -> Result<Hir, String> {
    use bylaws::internals::{diag::Level, sema, source::SourceMap, syntax};
    let mut sources = SourceMap::default();
    let id = sources.add("random.bylaw", text);
    let parsed = syntax::parse(id, text);
    let (hir, mut told) = sema::check(sema::CheckInput { sources: &sources, files: &[(id, &parsed.file)], set: &[] });
    told.extend(parsed.errors);
    told.retain(|d| d.level == Level::Error);
    if told.is_empty() {
        return Ok(hir);
    }
    let lines: Vec<String> = told
        .iter()
        .map(|d| {
            let labels: Vec<_> = d.labels.iter().map(|l| format!("`{}` {}", sources.text(l.span), l.text)).collect();
            format!("{} {}: {}; {}", d.code, d.message, labels.join("; "), d.help.clone().unwrap_or_default())
        })
        .collect();
    Err(lines.join("\n"))
}

pub fn options(case: &Case, threads: usize, keep_compliant: bool) -> Options {
    let as_of = case.as_of.as_ref().map(|v| match v {
        Value::Date(day) => Time::Date(*day),
        Value::Timestamp(at) => Time::Instant(*at),
        other => panic!("{other:?} is no time"),
    });
    Options { as_of, threads, keep_compliant, ..Options::default() }
}

/// The records in batches of random size, in random order.
pub fn shuffled(case: &Case, tape: &mut Tape) -> Vec<Batch> {
    let mut batches = Vec::new();
    for kind in 0..case.hir.schema.kinds.len() as u32 {
        let Some(projection) = case.plan.columns(KindId(kind)) else { continue };
        let mut of: Vec<&Record> = case.records.iter().filter(|r| r.kind == KindId(kind)).collect();
        for i in (1..of.len()).rev() {
            of.swap(i, tape.below(i + 1));
        }
        while !of.is_empty() {
            let some = of.split_off(of.len() - 1 - tape.below(of.len()));
            batches.push(batches::batch(&case.hir.schema, KindId(kind), &projection, &some));
        }
    }
    for i in (1..batches.len()).rev() {
        batches.swap(i, tape.below(i + 1));
    }
    batches
}

pub fn run(case: &Case, batches: Vec<Batch>, threads: usize, keep_compliant: bool) -> Findings {
    let options = options(case, threads, keep_compliant);
    let mut evaluator = Evaluator::new(case.plan.clone(), options).unwrap();
    batches.into_iter().for_each(|b| evaluator.push(b).unwrap());
    evaluator.finish()
}

/// Holding only what rules need, and asking for the batches once more where a record has come twice.
fn run_twice(case: &Case, tape: &mut Tape, batches: &mut dyn FnMut(&mut Tape) -> Vec<Batch>) -> Findings {
    let in_order = Some(InOrder { hold: tape.below(3), lag: tape.below(3) });
    let options = Options { twice: true, in_order, ..options(case, 1 + tape.below(2), false) };
    let mut evaluator = Evaluator::new(case.plan.clone(), options).unwrap();
    loop {
        batches(tape).into_iter().for_each(|b| evaluator.push(b).unwrap());
        if !evaluator.again().unwrap() {
            return evaluator.finish();
        }
    }
}

/// The records in small batches, in the order of time, but for some that come late.
fn in_time(case: &Case, tape: &mut Tape) -> Vec<Batch> {
    let late = tape.chance(30);
    let mut of: Vec<(i64, &Record)> = case
        .records
        .iter()
        .map(|r| {
            let time = case.hir.schema.kind(r.kind).time().and_then(|c| r.cells.get(&c));
            let at = match time {
                Some(Cell::Value(Value::Date(day))) => *day as i64 * 86_400_000_000_000,
                Some(Cell::Value(Value::Timestamp(at))) => *at,
                _ => tape.below(400) as i64 * 86_400_000_000_000 + 1_704_067_200_000_000_000,
            };
            (if late && tape.chance(5) { i64::MAX } else { at }, r)
        })
        .collect();
    of.sort_by_key(|r| r.0);
    let mut batches = Vec::new();
    let mut rest = &of[..];
    while let Some((first, _)) = rest.split_first() {
        let most = 1 + tape.below(3);
        let n = rest.iter().take(most).take_while(|r| r.1.kind == first.1.kind).count();
        let some: Vec<&Record> = rest[..n].iter().map(|r| r.1).collect();
        rest = &rest[n..];
        if let Some(projection) = case.plan.columns(first.1.kind) {
            batches.push(batches::batch(&case.hir.schema, first.1.kind, &projection, &some));
        }
    }
    batches
}

pub fn outcomes(findings: &Findings) -> Vec<Outcome> {
    let mut all: Vec<Outcome> = (0..findings.len()).map(|i| outcome(findings, i)).collect();
    all.sort();
    all
}

pub fn outcome(findings: &Findings, i: usize) -> Outcome {
    let row = findings.row(i);
    Outcome {
        rule: row.rule.name.clone(),
        verdict: row.verdict,
        place: row.place.map_or(usize::MAX, |p| p.line as usize - 1),
        time: row.time.map(|t| match t {
            Time::Date(day) => day as i64,
            Time::Instant(at) => at,
        }),
        subject: row.subject.map(str::to_string),
        exception: let_pass(&row),
        steps: steps(findings, i),
    }
}

/// Where the records of a sequence stand.
fn steps(findings: &Findings, i: usize) -> Vec<usize> {
    if findings.row(i).rule.sequence.is_none() {
        return Vec::new();
    }
    let why = findings.explain(i);
    let steps = why.steps.iter().filter(|s| s.times != Times::None).flat_map(|s| &s.records);
    steps.map(|&r| why.records[r].place.map_or(usize::MAX, |p| p.line as usize - 1)).collect()
}

/// The exception or waiver that applied.
fn let_pass(row: &FindingRow) -> Option<String> {
    let waiver = row.waiver.map(|w| format!("{} from {}", w.covers, w.from));
    row.exception.map(str::to_string).or(waiver)
}

/// All that a run says, in its order; messages and explanations too.
pub fn said(findings: &Findings) -> String {
    (0..findings.len())
        .map(|i| {
            let row = findings.row(i);
            let (id, name) = (identity::hex(&row.id), &row.rule.name);
            format!("{id} {name} {:?} {:?} {:?}\n", row.verdict, row.place, findings.explain(i))
        })
        .collect()
}

pub fn describe(case: &Case) -> String {
    let raws: Vec<String> = case
        .raws
        .iter()
        .enumerate()
        .map(|(i, raw)| {
            let kind = &case.schema.kinds[raw.kind];
            let fields: Vec<String> =
                raw.fields.iter().map(|(f, datum)| format!("{}: {datum:?}", kind.fields[*f].name)).collect();
            format!("{i} {} {{ {} }}", kind.name, fields.join(", "))
        })
        .collect();
    format!("{}\nas_of {:?}\n{}", case.text, case.as_of, raws.join("\n"))
}

/// So many changed policies of each case are checked, and so many of those that pass are judged by.
const MUTANTS: (usize, usize) = (24, 2);

pub fn mutants_agree(seeds: &Seeds) -> Result<(), proptest::test_runner::TestCaseError> {
    let mut case = case(seeds);
    let start = case.text.find(random::policy::SHARED).unwrap() + random::policy::SHARED.len();
    let mut tape = Tape::new(&seeds.sources);
    let texts: Vec<String> =
        (0..MUTANTS.0).map(|_| random::mutants::mutant(&case.text, start, &case.schema, &mut tape)).collect();
    let accepted =
        texts.into_iter().filter(|text| *text != case.text).filter_map(|text| Some((check(&text).ok()?, text)));
    for (hir, text) in accepted.take(MUTANTS.1).collect::<Vec<_>>() {
        case.plan = saved_and_loaded(&text, &hir);
        (case.hir, case.text) = (hir, text);
        agree_on(seeds, &case)?;
    }
    Ok(())
}

pub fn figures_agree(seeds: &Seeds) -> Result<(), proptest::test_runner::TestCaseError> {
    let mut case = case(seeds);
    for (i, numbers) in seeds.rules.iter().enumerate() {
        case.text += &random::policy::metric(&case.schema, numbers, &format!("metric_{i}"));
    }
    if !case.hir.rules.is_empty() && Tape::new(&seeds.run[seeds.run.len() / 4..]).chance(35) {
        let rules: Vec<String> = case.hir.rules.iter().map(|r| r.name.clone()).collect();
        let numbers = &seeds.rules[0];
        let more = |n: usize| {
            random::policy::metric_of_findings(&numbers[n.min(numbers.len())..], &format!("of_findings_{n}"), &rules)
        };
        case.text += &(more(0) + &more(1));
    }
    case.hir = check(&case.text).unwrap_or_else(|errors| panic!("{errors}\n{}", case.text));
    case.plan = Arc::new(Plan::of_metrics(&case.hir));
    let columns: Vec<_> = case.plan.kinds.iter().map(|k| k.projection.clone()).collect();
    let wanted = reference::metrics::figures(&case.hir, &case.records, case.as_of.clone(), &columns);
    let mut tape = Tape::new(&seeds.run[seeds.run.len() / 2..]);
    let mut work_out = |threads| {
        let options = Options { twice: threads > 1, ..options(&case, threads, false) };
        let mut evaluator = Evaluator::new(case.plan.clone(), options).unwrap();
        loop {
            shuffled(&case, &mut tape).into_iter().for_each(|b| evaluator.push(b).unwrap());
            if !evaluator.again().unwrap() {
                return evaluator.metrics();
            }
        }
    };
    let (first, again) = (work_out(1), work_out(3));
    proptest::prop_assert_eq!(first.tables(), again.tables(), "{}", describe(&case));
    for (wanted, got) in wanted.iter().zip(first.tables()) {
        let of_row = |r: &MetricRow| Figure {
            keys: r.keys.clone(),
            currency: r.currency,
            period: r.period,
            complete: r.complete,
            value: r.value.clone(),
            bounds: r.bounds.clone(),
            records: r.records,
            uncertain: r.uncertain,
            unread: r.unread,
        };
        let sorted = |rows: Vec<Figure>| {
            let mut lines: Vec<String> = rows.iter().map(|r| format!("{r:?}")).collect();
            lines.sort();
            lines.join("\n")
        };
        let (want, have) = (sorted(wanted.rows.clone()), sorted(got.rows.iter().map(of_row).collect()));
        proptest::prop_assert_eq!(want, have, "{}\n{}", case.plan.rules[got.metric].name, describe(&case));
        let beside = (got.untimed, got.unkeyed);
        proptest::prop_assert_eq!(
            (wanted.untimed, wanted.unkeyed),
            beside,
            "{}\n{}",
            case.plan.rules[got.metric].name,
            describe(&case)
        );
    }
    Ok(())
}

pub fn agree(seeds: &Seeds) -> Result<(), proptest::test_runner::TestCaseError> {
    agree_on(seeds, &case(seeds))
}

pub fn agree_on(seeds: &Seeds, case: &Case) -> Result<(), proptest::test_runner::TestCaseError> {
    let columns: Vec<_> = case.plan.kinds.iter().map(|k| k.projection.clone()).collect();
    let wanted = reference::evaluate(&case.hir, &case.records, case.as_of.clone(), &columns);
    let mut tape = Tape::new(&seeds.run[seeds.run.len() / 2..]);
    let first = run(case, shuffled(case, &mut tape), 1, true);
    let got = outcomes(&first);
    if got != wanted {
        // Each but for what both have.
        let only = |these: &[Outcome], others: &[Outcome]| {
            let mut others = others.to_vec();
            let mut text = String::new();
            for o in these {
                match others.iter().position(|p| p == o) {
                    Some(i) => drop(others.remove(i)),
                    None => text += &format!("  {o:?}\n"),
                }
            }
            text
        };
        let (missing, extra) = (only(&wanted, &got), only(&got, &wanted));
        let text = format!("{}\nreference:\n{missing}engine:\n{extra}", describe(case));
        return Err(proptest::test_runner::TestCaseError::fail(text));
    }
    let ids: BTreeSet<_> = first.iter().map(|r| r.id).collect();
    proptest::prop_assert_eq!(ids.len(), first.len(), "ids are not unique\n{}", describe(case));
    let again = run(case, shuffled(case, &mut tape), 2 + tape.below(3), true);
    proptest::prop_assert_eq!(said(&first), said(&again), "{}", describe(case));
    // Where the compliant are only counted, the others and the counts are the same.
    let few = run(case, shuffled(case, &mut tape), 1, false);
    let compliant = format!("{:?}", Verdict::Compliant);
    let others: String = said(&first).lines().filter(|l| !l.contains(&compliant)).map(|l| format!("{l}\n")).collect();
    proptest::prop_assert_eq!(others, said(&few), "{}", describe(case));
    let twice = run_twice(case, &mut tape, &mut |tape| shuffled(case, tape));
    proptest::prop_assert_eq!(said(&few), said(&twice), "{}", describe(case));
    let in_time = run_twice(case, &mut tape, &mut |tape| in_time(case, tape));
    proptest::prop_assert_eq!(said(&few), said(&in_time), "{}", describe(case));
    for i in 0..case.plan.rules.len() {
        proptest::prop_assert_eq!(first.counts(i), few.counts(i), "rule_{}\n{}", i, describe(case));
        proptest::prop_assert_eq!(few.counts(i), twice.counts(i), "rule_{}\n{}", i, describe(case));
        proptest::prop_assert_eq!(few.counts(i), in_time.counts(i), "rule_{}\n{}", i, describe(case));
    }
    proptest::prop_assert_eq!(few.records(), twice.records(), "{}", describe(case));
    proptest::prop_assert_eq!(few.problems(), twice.problems(), "{}", describe(case));
    // The shuffling above has used up the other tape.
    let mut tape = Tape::new(&seeds.sources);
    for _ in 0..2 {
        let files = files(case, &mut tape);
        let (read, rejects) = read(case, &files, 1 + tape.below(4), 1 + tape.below(400));
        proptest::prop_assert!(rejects.is_empty(), "{:?}\n{}", rejects, describe(case));
        let shown = || files.iter().map(|f| format!("{}\n", f.shown)).collect::<String>();
        proptest::prop_assert_eq!(essence(&first), essence(&read), "{}\n{}", describe(case), shown());
        for (a, b) in first.iter().zip(read.iter()) {
            let (a, b) = (a.place.unwrap(), b.place.unwrap());
            let (a, b) = (&case.raws[a.line as usize - 1], &case.raws[files[b.input.0 as usize].raw_at(b)]);
            proptest::prop_assert!(a.kind == b.kind && a.fields.get(&0) == b.fields.get(&0), "{:?} {:?}", a, b);
        }
        let sifted = read_sifted(case, &files, 1 + tape.below(4), 1 + tape.below(400));
        proptest::prop_assert_eq!(essence(&few), essence(&sifted), "{}\n{}", describe(case), shown());
        proptest::prop_assert_eq!(few.records(), sifted.records(), "{}\n{}", describe(case), shown());
        for i in 0..case.plan.rules.len() {
            proptest::prop_assert_eq!(few.counts(i), sifted.counts(i), "rule_{}\n{}", i, describe(case));
        }
    }
    Ok(())
}

/// All but places and explanations.
fn essence(findings: &Findings) -> Vec<String> {
    (0..findings.len())
        .map(|i| {
            let row = findings.row(i);
            let (id, message) = (identity::hex(&row.id), findings.explain(i).message);
            format!(
                "{id} {} {:?} {:?} {:?} {:?} {message}",
                row.rule.name,
                row.verdict,
                row.subject,
                row.time,
                let_pass(&row)
            )
        })
        .collect()
}

/// An input, and which record stands where in it.
pub struct File {
    name: String,
    route: Route,
    pub bytes: Vec<u8>,
    /// Indices of records, in the order of the file.
    raws: Vec<usize>,
    /// Lines before the first record.
    head: usize,
    shown: String,
}

impl File {
    fn raw_at(&self, place: Place) -> usize {
        self.raws[place.line as usize - 1 - self.head]
    }
}

/// The records as files: of flat kinds some as CSV or Parquet, the rest as NDJSON in one file or several.
pub fn files(case: &Case, tape: &mut Tape) -> Vec<File> {
    let mut order: Vec<usize> = (0..case.raws.len()).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, tape.below(i + 1));
    }
    let mut files = Vec::new();
    for (k, kind) in case.schema.kinds.iter().enumerate() {
        if !kind.is_flat() || !tape.chance(50) {
            continue;
        }
        let raws: Vec<usize> = order.iter().copied().filter(|&r| case.raws[r].kind == k).collect();
        order.retain(|&r| case.raws[r].kind != k);
        let of: Vec<&Raw> = raws.iter().map(|&r| &case.raws[r]).collect();
        let route = Route::Kind(case.hir.schema.kind_named(kind.name).unwrap());
        let typed = cfg!(feature = "parquet") && random::parquet::fits(&of) && tape.chance(50);
        files.push(if typed {
            let records: Vec<&Record> = raws.iter().map(|&r| &case.records[r]).collect();
            let bytes = random::parquet::file(&case.schema, &case.hir.schema, &of, &records, 1 + tape.below(4));
            File { name: format!("{}.parquet", kind.name), route, bytes, raws, head: 0, shown: "(parquet)".into() }
        } else {
            let bytes = random::text::csv(&case.schema, kind, &of);
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            File { name: format!("{}.csv", kind.name), route, bytes, raws, head: 1, shown }
        });
    }
    while !order.is_empty() {
        let raws = order.split_off(order.len() - 1 - tape.below(order.len()));
        let lines: Vec<String> =
            raws.iter().map(|&r| random::text::line(&case.schema, &case.raws[r], tape) + "\n").collect();
        let shown = lines.concat();
        let bytes = shown.clone().into_bytes();
        files.push(File { name: format!("{}.ndjson", files.len()), route: Route::Tagged, bytes, raws, head: 0, shown });
    }
    files
}

pub fn read(case: &Case, files: &[File], threads: usize, chunk_bytes: usize) -> (Findings, Vec<Reject>) {
    let mut evaluator = Evaluator::new(case.plan.clone(), options(case, threads, true)).unwrap();
    let rejects = pass(case, files, &mut evaluator, ingest::Options { threads, chunk_bytes });
    (evaluator.finish(), rejects)
}

/// Where of rows that no rule can find anything in only the rest is read.
fn read_sifted(case: &Case, files: &[File], threads: usize, chunk_bytes: usize) -> Findings {
    let options = Options { twice: true, ..options(case, threads, false) };
    let mut evaluator = Evaluator::new(case.plan.clone(), options).unwrap();
    loop {
        pass(case, files, &mut evaluator, ingest::Options { threads, chunk_bytes });
        if !evaluator.again().unwrap() {
            return evaluator.finish();
        }
    }
}

fn pass(case: &Case, files: &[File], evaluator: &mut Evaluator, options: ingest::Options) -> Vec<Reject> {
    let ingest = Ingest::new(&case.plan.reading());
    let sieve = evaluator.sieve().unwrap();
    let mut all_rejects = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let (batches, rests) = (Mutex::default(), Mutex::new(Vec::new()));
        let rejects: Mutex<Vec<Reject>> = Mutex::default();
        let push = |to: &Mutex<Vec<Batch>>, batch| to.lock().unwrap().push(batch);
        let spec =
            InputSpec { id: InputId(i as u32), name: file.name.clone(), format: None, route: file.route.clone() };
        let sink =
            Sink { batch: &|b| push(&batches, b), reject: &|r| rejects.lock().unwrap().push(r), advance: &|_| {} };
        let rest = |rows| rests.lock().unwrap().push(rows);
        let sift = sieve.as_ref().map(|sieve| Sift { sieve, rest: &rest });
        // A file that cannot be read at all has a reason that can be told.
        if let Err(error) = ingest.sift(&spec, Input::Bytes(&file.bytes), options, sink, sift) {
            assert!(!error.to_string().is_empty());
        }
        all_rejects.extend(rejects.into_inner().unwrap());
        rests.into_inner().unwrap().into_iter().for_each(|rows| evaluator.let_go(rows).unwrap());
        batches.into_inner().unwrap().into_iter().for_each(|b| evaluator.push(b).unwrap());
    }
    all_rejects
}
