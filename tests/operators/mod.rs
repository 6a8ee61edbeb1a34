//! Every operator between values of every two types: what the checker lets pass is judged over values known, absent,
//! unreadable and at their limits, by the engine, whose debug builds stop where a value is of a type that it does not
//! take, and by the reference.

use super::{outcomes, random::batches, reference};
use bylaws::internals::data::{Currency, Decimal, Money, Type, Value};
use bylaws::internals::diag::Level;
use bylaws::internals::eval::{Evaluator, Options};
use bylaws::internals::plan::Plan;
use bylaws::internals::sema::{self, hir::Hir};
use bylaws::internals::source::SourceMap;
use bylaws::internals::syntax;
use reference::{Cell, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const WORLD: &str = r#"policy operators { timezone "Europe/London" }
enum grade { low, mid, high }
enum channel { open, shut }
table person key id { id: text, level: int, boss: ref person? }
table firm key number { number: int, listed: bool }
record act at day by who identity id {
  id: text, day: date, who: ref person,
  n: int, d: decimal, c: money, s: percent, t: text, b: bool, f: date, i: timestamp, l: duration, z: bytes, g: grade,
  h: channel, p: ref person, q: ref firm, w: list of text, k: list of int,
  on: int?, od: decimal?, oc: money?, os: percent?, ot: text?, ob: bool?, of: date?, oi: timestamp?, ol: duration?, oz: bytes?,
  og: grade?, op: ref person?, oq: ref firm?, ow: list of text?,
}
let words = { "a", "b" }
"#;

/// Of every type: fields that are there, constants, fields that may be absent.
const OPERANDS: &str = "n | d | c | s | t | b | f | i | l | z | g | p | q | w | 2 | 1.5 | 5 GBP | 15% | 2 months | as_of | \
    3 business days | h | k | 5 USD | \"a\" | true | 2025-03-30 | 2025-03-30T01:30 | 1 day | 1 KiB | low | words | p.level | \
    p.boss.level? | q.listed | on? | oc? | ot? | of? | op? | ow?";
/// So many of them, and those that may be absent, in arithmetic.
const IN_ARITHMETIC: usize = 21;
const FIELDS: &str = "n | d | c | s | t | b | f | i | l | z | g | p | w | on | oc | of";
const TESTS: &str = "== | != | < | <= | > | >= | in | not in | under | overlaps | contains | starts_with | ends_with | in_domain | and | or";
const ARITHMETIC: [&str; 5] = ["+", "-", "*", "/", "??"];
const FUNCTIONS: [&str; 8] = ["count", "sum", "min", "max", "avg", "first", "last", "distinct"];
/// What results are compared with.
const RESULTS: [&str; 10] = ["n", "d", "c", "s", "t", "f", "i", "l", "z", "g"];

fn parts(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split('|').map(str::trim)
}

/// Conditions, of which the checker decides.
fn conditions() -> Vec<String> {
    let mut all = Vec::new();
    for a in parts(OPERANDS) {
        all.extend(
            ["{ 1, 2 }", "{ \"a\" }"]
                .iter()
                .flat_map(|b| ["in", "not in", "under", "overlaps"].map(|op| format!("{a} {op} {b}"))),
        );
        all.extend([a.to_owned(), format!("not {a}"), format!("{a} present"), format!("-{a} == {a}")]);
        all.extend([format!("{} absent", a.trim_end_matches('?')), format!("p in every boss of {a}")]);
        for b in parts(OPERANDS) {
            all.extend(parts(TESTS).map(|op| format!("{a} {op} {b}")));
            all.extend(["==", "in", "overlaps"].map(|op| format!("{a} {op} {b} ignoring case")));
        }
    }
    // The results of arithmetic beside each type.
    let some = || parts(OPERANDS).take(IN_ARITHMETIC).chain(["on?", "oc?", "of?"]);
    for op in ARITHMETIC {
        for a in some() {
            for b in some() {
                all.extend(RESULTS.iter().map(|c| format!("({a} {op} {b}) >= {c}")));
            }
        }
    }
    for text in ["t", "ot?", "p", "n", "g", "w", "\"a\"", "p.boss?"] {
        all.extend(["", " ignoring case"].map(|case| format!("{text} matches /a/{case}")));
    }
    for of in ["count(act", "sum(act.n", "sum(act.s", "sum(act.c", "sum(act.l", "sum(act.z", "sum(act.on", "sum(act.oc"]
    {
        let of = format!("median({of} over 30 days) per who across everyone)");
        all.extend(RESULTS.iter().flat_map(|c| [format!("{of}? == {c}"), format!("2 * {of}? > {c}")]));
    }
    for field in parts(FIELDS) {
        for func in FUNCTIONS {
            let of = format!("{func}(act.{field} over 30 days across everyone)");
            all.extend(
                RESULTS
                    .iter()
                    .flat_map(|c| [format!("{of} == {c}"), format!("{of}? > {c}"), format!("({of} ?? {c}) < {c}")]),
            );
        }
    }
    all
}

fn line(number: usize, condition: &str) -> String {
    format!("forbid r{number} {{ on act when {condition} }}\n")
}

/// The rules that check, and what is read of them.
fn accepted() -> (String, Hir) {
    let conditions = conditions();
    let mut kept: Vec<String> = Vec::new();
    let first = WORLD.matches('\n').count();
    for chunk in conditions.chunks(4_000) {
        let mut chunk = chunk.to_vec();
        loop {
            let text = chunk.iter().enumerate().fold(WORLD.to_owned(), |text, (i, c)| text + &line(i, c));
            let (wrong, _) = check(&text);
            assert!(wrong.iter().all(|line| *line >= first), "{:?}", wrong.first());
            if wrong.is_empty() {
                break;
            }
            let mut at = first..;
            chunk.retain(|_| !wrong.contains(&at.next().unwrap()));
        }
        kept.append(&mut chunk);
    }
    let text = kept.iter().enumerate().fold(WORLD.to_owned(), |text, (i, c)| text + &line(i, c));
    let (wrong, hir) = check(&text);
    assert!(wrong.is_empty(), "{:?}", wrong.iter().map(|l| text.lines().nth(*l)).collect::<Vec<_>>());
    (text, hir)
}

/// The lines with errors.
fn check(text: &str) -> (BTreeSet<usize>, Hir) {
    let mut sources = SourceMap::default();
    let id = sources.add("operators.bylaw", text);
    let parsed = syntax::parse(id, text);
    let (hir, told) = sema::check(sema::CheckInput { sources: &sources, files: &[(id, &parsed.file)], set: &[] });
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let errors = parsed.errors.iter().chain(&told).filter(|d| d.level == Level::Error);
    // A slip in what is named outside points there first.
    let at =
        |d: &bylaws::internals::diag::Diagnostic| d.labels.iter().map(|l| l.span.start as usize).max().unwrap_or(0);
    (errors.map(|d| starts.partition_point(|s| *s <= at(d)) - 1).collect(), hir)
}

/// Values of a type: ordinary, the least, the greatest.
fn values(ty: &Type, n: usize) -> Value {
    let decimal = |text: [&str; 3]| Decimal::parse(text[n]).unwrap();
    let most = "170141183460469231731.687303715884105727";
    match ty {
        Type::Int => Value::Int([2, i64::MIN, i64::MAX][n]),
        Type::Decimal => Value::Decimal(decimal(["1.5", "0", most])),
        Type::Percent => Value::Percent(decimal(["0.15", "0", most])),
        Type::Money => Value::Money(Money {
            amount: decimal(["5", "-5", most]),
            currency: Currency::parse(["GBP", "USD", "GBP"][n]).unwrap(),
        }),
        Type::Bool => Value::Bool(n == 0),
        Type::Text => Value::Text(["a", "", "B.a"][n].into()),
        Type::Date => Value::Date([20_177, -700_000, 2_900_000][n]),
        Type::Timestamp => {
            Value::Timestamp([1_743_294_600_000_000_000, -9_000_000_000_000_000_000, 9_200_000_000_000_000_000][n])
        }
        Type::Duration => Value::Duration([86_400_000_000_000, i64::MIN, i64::MAX][n]),
        Type::Bytes => Value::Bytes([1024, 0, i64::MAX][n]),
        Type::Enum(id) => Value::Enum(*id, [0, 1, 1][n]),
        Type::List(of) => Value::List(if n == 1 { vec![] } else { vec![values(of, n)] }),
        other => panic!("no values of {other:?}"),
    }
}

/// Known, least, greatest, without what is optional, unreadable throughout but for who and when.
fn records(hir: &Hir) -> Vec<Record> {
    let act = hir.schema.kind_named("act").unwrap();
    let kind = hir.schema.kind(act);
    let mut all = Vec::new();
    for place in 0..5 {
        let mut cells = BTreeMap::new();
        for (i, column) in kind.columns.iter().enumerate() {
            let ty = match &column.ty {
                Type::Ref(table) if hir.schema.kind(*table).name == "firm" => Type::Int,
                Type::Ref(_) => Type::Text,
                ty => ty.clone(),
            };
            let cell = match (i, place) {
                (0, _) => Cell::Value(Value::Text(format!("A{place}"))),
                (1, _) => Cell::Value(Value::Date(20_177 + place as i32)),
                (2, _) => Cell::Value(Value::Text("a".into())),
                (_, 3) if column.optional => continue,
                (_, 4) => Cell::Malformed("?".into()),
                _ => Cell::Value(values(&ty, place % 3)),
            };
            cells.insert(bylaws::internals::data::ColumnId(i as u32), cell);
        }
        all.push(Record { kind: act, cells, place });
    }
    for (table, rows) in [("person", ["a", "B.a"]), ("firm", ["2", "9"])] {
        let id = hir.schema.kind_named(table).unwrap();
        for row in rows {
            let key = if table == "firm" { Value::Int(row.parse().unwrap()) } else { Value::Text(row.into()) };
            let second = if table == "firm" { Value::Bool(true) } else { Value::Int(2) };
            let mut cells: BTreeMap<_, _> =
                [(0, key), (1, second)].map(|(c, v)| (bylaws::internals::data::ColumnId(c), Cell::Value(v))).into();
            if table == "person" && row == "a" {
                cells.insert(bylaws::internals::data::ColumnId(2), Cell::Value(Value::Text("B.a".into())));
            }
            all.push(Record { kind: id, cells, place: all.len() });
        }
    }
    all
}

#[test]
fn whatever_operators_are_accepted_between_any_two_types() {
    let (text, hir) = accepted();
    let plan = Arc::new(Plan::compile(&hir));
    let records = records(&hir);
    let columns: Vec<_> = plan.kinds.iter().map(|k| k.projection.clone()).collect();
    let mut evaluator = Evaluator::new(plan.clone(), Options { keep_compliant: true, ..Options::default() }).unwrap();
    for (kind, projection) in columns.iter().enumerate() {
        let of: Vec<&Record> = records.iter().filter(|r| r.kind.0 as usize == kind).collect();
        let Some(projection) = projection else { continue };
        evaluator.push(batches::batch(&hir.schema, of[0].kind, projection, &of)).unwrap();
    }
    let got = outcomes(&evaluator.finish());
    let wanted = reference::evaluate(&hir, &records, None, &columns);
    assert!(hir.rules.len() > 1_500, "only {} rules were accepted", hir.rules.len());
    assert_eq!(got.len(), hir.rules.len() * 5);
    let rule =
        |name: &str| text.lines().find(|l| l.starts_with(&format!("forbid {name} "))).unwrap_or_default().to_owned();
    let other: Vec<String> = wanted
        .iter()
        .zip(&got)
        .filter(|(w, g)| w != g)
        .map(|(w, g)| format!("{} at {}: {:?}, the engine {:?}", rule(&w.rule), w.place, w.verdict, g.verdict))
        .collect();
    assert!(other.is_empty(), "{} differ\n{}", other.len(), other[..other.len().min(60)].join("\n"));
}
