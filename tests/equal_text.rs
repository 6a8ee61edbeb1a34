//! What JSON takes for one value is one value, however it is written; what is not JSON is rejected, wherever it
//! stands. Each record is read by itself and among many others of its shape, which are read by comparing.

use bylaws::{
    EvalOptions, Evaluator, Ingest, IngestOptions, Input, InputId, InputSpec, MemoryFiles, Plan, PolicySet, Reject,
    Route, Sift, Sink,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex, OnceLock};

const POLICY: &str = r#"
record gift at received by actor identity id {
  id: text, received: date, actor: text, pieces: int, weight: decimal, value: money, note: text, place: { city: text },
}
forbid any_gift "No gift" {
  on       gift
  when     actor == "E1" and pieces > -5000 and weight > -5000 and value > 0 CNY and note != "none" and place.city != "none"
  because  "{note}|{place.city}|{pieces}|{weight}|{value}"
}
"#;

const PLAIN: &str = r#"{"kind":"gift","id":"G","received":"2025-03-01","actor":"E1","pieces":100,"weight":0.5,"value":"650 CNY","note":"a/é😀","place":{"city":"Bonn"},"more":[1,{"x":"y"}]}"#;

fn plan() -> Arc<Plan> {
    static PLAN: OnceLock<Arc<Plan>> = OnceLock::new();
    PLAN.get_or_init(|| {
        let mut policies = PolicySet::load(&MemoryFiles::from_iter([("p.bylaw", POLICY)]), &["p.bylaw"]).unwrap();
        let checked = policies.check(&[]);
        Arc::new(checked.compile().unwrap_or_else(|| panic!("{:#?}", checked.diagnostics())))
    })
    .clone()
}

/// Verdicts with their lines, and what was rejected.
#[derive(Debug, PartialEq)]
struct Judged {
    verdicts: Vec<(u64, String)>,
    rejects: Vec<(u64, String, String)>,
}

impl Judged {
    /// Of one line.
    fn at(&self, line: u64) -> Result<Vec<&str>, (&str, &str)> {
        match self.rejects.iter().find(|r| r.0 == line) {
            Some((_, code, reason)) => Err((code, reason)),
            None => Ok(self.verdicts.iter().filter(|v| v.0 == line).map(|v| v.1.as_str()).collect()),
        }
    }
}

fn judge(bytes: &[u8], chunk_bytes: usize, sifted: bool) -> Judged {
    let plan = plan();
    let evaluator = Evaluator::new(plan.clone(), EvalOptions { twice: sifted, ..EvalOptions::default() }).unwrap();
    let (batches, rest, rejects) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()), Mutex::new(Vec::<Reject>::new()));
    let sink = Sink {
        batch: &|b| batches.lock().unwrap().push(b),
        reject: &|r| rejects.lock().unwrap().push(r),
        advance: &|_| (),
    };
    let keep = |b| rest.lock().unwrap().push(b);
    let sieve = evaluator.sieve().unwrap();
    assert_eq!(sieve.is_some(), sifted);
    let sift = sieve.as_ref().map(|sieve| Sift { sieve, rest: &keep });
    let spec = InputSpec { id: InputId(0), name: "log.ndjson".into(), format: None, route: Route::Tagged };
    let options = IngestOptions { threads: 1, chunk_bytes };
    Ingest::new(&plan.reading()).sift(&spec, Input::Bytes(bytes), options, sink, sift).unwrap();
    for batch in rest.lock().unwrap().drain(..) {
        evaluator.let_go(batch).unwrap();
    }
    let mut evaluator = evaluator;
    for batch in batches.into_inner().unwrap() {
        evaluator.push(batch).unwrap();
    }
    let findings = evaluator.finish();
    let mut verdicts: Vec<_> = (0..findings.len())
        .map(|i| {
            let row = findings.row(i);
            let why = findings.explain(i);
            (row.place.map_or(0, |p| p.line), format!("{:?} {} {:?}", row.verdict, why.message, why.gaps))
        })
        .collect();
    verdicts.sort();
    let mut rejects: Vec<_> = rejects
        .into_inner()
        .unwrap()
        .into_iter()
        .map(|r| (r.place.line, r.code.as_str().to_owned(), r.reason))
        .collect();
    rejects.sort();
    Judged { verdicts, rejects }
}

/// A record of the same shape that no rule says anything of.
fn ordinary(i: usize) -> String {
    PLAIN.replace("\"G\"", &format!("\"O{i}\"")).replace("\"E1\"", "\"E2\"").replace(":100,", &format!(":{i},")) + "\n"
}

/// What comes of a line by itself and as one of many; it has to be the same.
fn line(text: &[u8]) -> Result<Vec<String>, (String, String)> {
    assert!(!text.contains(&b'\n'));
    let own = |judged: &Judged, line| match judged.at(line) {
        Ok(verdicts) => Ok(verdicts.into_iter().map(str::to_owned).collect()),
        Err((code, reason)) => Err((code.to_owned(), reason.to_owned())),
    };
    let alone = judge(text, 1 << 18, false);
    let found = own(&alone, 1);
    assert_eq!(own(&judge(&[text, b"\n"].concat(), 1 << 18, true), 1), found);
    let before: String = (0..64).map(ordinary).collect();
    let behind: String = (64..128).map(ordinary).collect();
    let among = [before.as_bytes(), text, b"\n", behind.as_bytes()].concat();
    for (chunk_bytes, sifted) in [(1 << 18, true), (1 << 18, false), (300, true)] {
        let judged = judge(&among, chunk_bytes, sifted);
        let others = judged.verdicts.iter().map(|v| v.0).chain(judged.rejects.iter().map(|r| r.0)).filter(|l| *l != 65);
        assert_eq!(others.count(), 0, "{:?} changes what comes of others", String::from_utf8_lossy(text));
        assert_eq!(own(&judged, 65), found, "{:?}", String::from_utf8_lossy(text));
    }
    found
}

/// The plain record with one part written in another way.
fn with(from: &str, to: &str) -> String {
    assert_eq!(PLAIN.matches(from).count(), 1, "{from}");
    PLAIN.replace(from, to)
}

#[test]
fn the_plain_record_is_a_finding() {
    let verdicts = line(PLAIN.as_bytes()).unwrap();
    assert_eq!(verdicts, ["Finding a/é😀|Bonn|100|0.5|650.00 CNY []"]);
}

#[test]
fn other_spellings_are_the_same_record() {
    let plain = line(PLAIN.as_bytes());
    let spellings = [
        ("a/é😀", r"\u0061\/\u00e9\ud83d\ude00"),
        ("a/é😀", r"a/\u00E9\uD83D\uDE00"),
        ("\"note\"", r#""\u006eot\u0065""#),
        ("\"kind\"", r#""\u006bind""#),
        ("\"gift\"", r#""\u0067ift""#),
        ("\"city\"", r#""cit\u0079""#),
        ("Bonn", r"B\u006Fnn"),
        (":100,", ":1e2,"),
        (":100,", ":1E+2,"),
        (":100,", ":100.0,"),
        (":100,", ":10000e-2,"),
        (":100,", ":1.00e2,"),
        (":100,", ": \t100 \r,"),
        (":0.5,", ":5e-1,"),
        (":0.5,", ":0.50000,"),
        (":0.5,", ":0.05E1,"),
        ("{\"x\":\"y\"}", "{\"x\":\"y\",\"x\":\"z\"}"),
        ("[1,", "[1e999,"),
        ("[1,", "[99999999999999999999999999999999999999999999999999,"),
        ("[1,", "[ ],\"other\":[-0,"),
        ("\"y\"", r#""\u0000\ud83d\ude00""#),
    ];
    for (from, to) in spellings {
        assert_eq!(line(with(from, to).as_bytes()), plain, "{to}");
    }
    let all = [format!(" \t{PLAIN}"), format!("{PLAIN} \t\r"), PLAIN.replace(',', " , ").replace(':', "\t: ")];
    for text in all {
        assert_eq!(line(text.as_bytes()), plain, "{text}");
    }
    let digits = "0".repeat(400);
    assert_eq!(line(with(":0.5,", &format!(":0.5{digits},")).as_bytes()), plain);
    assert_eq!(line(with(":100,", &format!(":100.{digits},")).as_bytes()), plain);
}

#[test]
fn zeros_have_no_sign() {
    assert_eq!(line(with(":100,", ":-0,").as_bytes()), line(with(":100,", ":0,").as_bytes()));
    assert_eq!(line(with(":0.5,", ":-0.0,").as_bytes()), line(with(":0.5,", ":0,").as_bytes()));
}

#[test]
fn numbers_beyond_the_type_are_unknown_and_never_wrapped() {
    let nines = "9".repeat(400);
    for number in ["9223372036854775808", "170141183460469231731687303715884105728", &nines, "1e400", "1.5", "1e-1"] {
        let verdicts = line(with(":100,", &format!(":{number},")).as_bytes()).unwrap();
        assert!(verdicts.len() == 1 && verdicts[0].starts_with("Indeterminate"), "{number}: {verdicts:?}");
    }
    let largest = line(with(":100,", ":9223372036854775807,").as_bytes()).unwrap();
    assert!(largest[0].contains("|9223372036854775807|"), "{largest:?}");
}

#[test]
fn what_is_not_json_is_rejected_in_every_part() {
    let wrong: &[(&str, &str, &str)] = &[
        // Where rules read, and where none does.
        ("a/é😀", r"a\ud83d", "B1001"),
        ("a/é😀", r"\ude00a", "B1001"),
        ("a/é😀", r"\ud83d\u0061", "B1001"),
        ("a/é😀", r"\ud83d\n", "B1001"),
        ("\"y\"", r#""\ud83d""#, "B1001"),
        ("\"x\"", r#""\udc00""#, "B1001"),
        ("\"more\"", r#""mor\ud800""#, "B1001"),
        ("\"y\"", r#""\x41""#, "B1001"),
        ("\"y\"", r#""\u12g4""#, "B1001"),
        ("\"y\"", "\"\t\"", "B1001"),
        ("\"y\"", "\"\0\"", "B1001"),
        ("Bonn", "Bo\u{1}nn", "B1001"),
        (":100,", ":0100,", "B1001"),
        (":100,", ":+100,", "B1001"),
        (":100,", ":100.,", "B1001"),
        (":100,", ":.5,", "B1001"),
        (":100,", ":1e,", "B1001"),
        (":100,", ":NaN,", "B1001"),
        (":100,", ":Infinity,", "B1001"),
        (":100,", ":0x10,", "B1001"),
        ("[1,", "[01,", "B1001"),
        ("[1,", "[NaN,", "B1001"),
        ("[1,", "[-,", "B1001"),
        ("[1,", "[1,,", "B1001"),
        ("[1,", "[tru,", "B1001"),
        ("\"y\"}]", "\"y\",}]", "B1001"),
        ("\"y\"}]", "\"y\"},]", "B1001"),
        ("\"y\"}]}", "\"y\"}],}", "B1001"),
        ("\"y\"}]}", "\"y\"}]}}", "B1001"),
        ("\"y\"}]}", "\"y\"}]", "B1001"),
        ("\"y\"}]}", "\"y\"}]}\u{c}", "B1001"),
        ("\"y\"}]}", "\"y\"}]}\0", "B1001"),
        ("\"more\":", "\u{a0}\"more\":", "B1001"),
        ("\"more\":", "\u{b}\"more\":", "B1001"),
        ("\"more\":", "more:", "B1001"),
        ("\"more\":", "'more':", "B1001"),
        ("\"more\":", "/* */\"more\":", "B1001"),
        // A key that is read stands once, however it is written.
        ("\"more\":", "\"note\":\"b\",\"more\":", "B1006"),
        ("\"more\":", "\"n\\u006fte\":\"b\",\"more\":", "B1006"),
        ("\"more\":", "\"kind\":\"gift\",\"more\":", "B1006"),
        ("\"more\":", "\"place\":{},\"more\":", "B1006"),
    ];
    for (from, to, code) in wrong {
        let found = line(with(from, to).as_bytes());
        assert_eq!(found.as_ref().map_err(|e| e.0.as_str()), Err(*code), "{to:?}: {found:?}");
    }
    for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf0\x9f\x98"] {
        for part in ["Bonn", "\"x\"", "\"y\""] {
            let at = PLAIN.find(part).unwrap() + 1;
            let text = [&PLAIN.as_bytes()[..at], bytes, &PLAIN.as_bytes()[at..]].concat();
            assert_eq!(line(&text).unwrap_err().0, "B1002", "{bytes:?} in {part}");
        }
    }
}

#[test]
fn depth_is_bounded_without_use_of_the_stack() {
    for (depth, wanted) in [(10, None), (126, None), (1000, Some("B1008")), (100_000, Some("B1008"))] {
        for (open, close) in [("[", "]"), ("{\"d\":", "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let text = with("[1,{\"x\":\"y\"}]", &deep);
            assert_eq!(line(text.as_bytes()).err().map(|e| e.0).as_deref(), wanted, "{depth} {open}");
        }
    }
}

#[test]
fn lines_may_be_long_and_end_as_they_like() {
    let long = with("\"y\"", &format!("\"{}\"", "y".repeat(50 << 20)));
    let judged = judge(format!("{long}\n{long}").as_bytes(), 1 << 18, false);
    assert_eq!((judged.verdicts.len(), judged.rejects.len()), (1, 0), "one record twice");
    let longer = with("\"y\"", &format!("\"{}\"", "y".repeat(65 << 20)));
    assert_eq!(judge(longer.as_bytes(), 1 << 18, false).at(1).unwrap_err().0, "B1007");

    let two = [ordinary(1).replace("E2", "E1"), ordinary(2).replace("E2", "E1")];
    let [one, other] = [two[0].trim_end(), two[1].trim_end()];
    let plain = judge(format!("{one}\n{other}\n").as_bytes(), 1 << 18, true);
    assert_eq!(plain.verdicts.len(), 2);
    for text in [format!("{one}\n{other}"), format!("{one}\r\n{other}\r\n"), format!("\u{feff}{one}\n{other}\n \n\r\n")]
    {
        assert_eq!(judge(text.as_bytes(), 1 << 18, true), plain, "{text:?}");
    }
    let spread = judge(format!("\n  \n{one}\n\n\t\r\n{other}").as_bytes(), 1 << 18, true);
    assert_eq!(spread.verdicts.iter().map(|v| v.0).collect::<Vec<_>>(), [3, 6]);
    for text in [format!("{one}\n\u{feff}{other}"), format!("{one}\n\0\n"), format!("{one}\n\u{c}\n")] {
        assert_eq!(judge(text.as_bytes(), 1 << 18, true).at(2).unwrap_err().0, "B1001", "{text:?}");
    }
}

/// Whether serde_json takes the line, and we by the stricter rules that the documentation has.
fn wanted(bytes: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(serde_json::from_str::<serde_json::Value>(text).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// What changes of a few bytes makes of a record is JSON for us where it is for serde_json.
    #[test]
    fn mutated_lines_are_rejected_where_they_are_no_json(
        edits in prop::collection::vec((0..PLAIN.len(), 0..4u8, any::<u8>(), "[\"\\\\{}\\[\\],:0-9eE.+ud-]{1,3}"), 1..3)
    ) {
        let mut bytes = PLAIN.as_bytes().to_vec();
        for (at, what, byte, piece) in edits {
            let at = at.min(bytes.len() - 1);
            match what {
                0 => bytes[at] ^= 1 << (byte % 8),
                1 => drop(bytes.remove(at)),
                2 => bytes[at] = byte,
                _ => drop(bytes.splice(at..at, piece.bytes())),
            }
        }
        bytes.retain(|b| *b != b'\n');
        let found = line(&bytes);
        let code = found.as_ref().err().map(|e| e.0.as_str());
        match wanted(&bytes) {
            None => prop_assert_eq!(code, Some("B1002")),
            // Beyond JSON: a key that is read twice, another kind than is declared.
            Some(true) => prop_assert!(matches!(code, None | Some("B1003" | "B1004" | "B1005" | "B1006")), "{:?}", found),
            // A double cannot hold every number that is one.
            Some(false) if code.is_none() => {
                let error = serde_json::from_slice::<serde_json::Value>(&bytes).unwrap_err().to_string();
                prop_assert!(error.starts_with("number out of range"), "{} {}", error, String::from_utf8_lossy(&bytes));
            }
            Some(false) => prop_assert!(matches!(code, Some("B1001" | "B1006")), "{:?}", found),
        }
    }

    /// Space, the order of keys, escapes, and how numbers are written say nothing.
    #[test]
    fn rendered_at_random_it_is_the_same_record(tape in prop::collection::vec(any::<u8>(), 300), pieces in 0..2000i64, note in "[ -~é😀]{0,9}") {
        let record = serde_json::json!({
            "kind": "gift", "id": "G", "received": "2025-03-01", "actor": "E1", "pieces": pieces, "weight": 0.25,
            "value": "650 CNY", "note": note, "place": { "city": "Bonn" }, "more": [1, { "x": "y\\" }],
        });
        let plain = line(record.to_string().as_bytes());
        prop_assert_eq!(plain.as_ref().map(Vec::len), Ok(1));
        let mut tape = tape.into_iter().cycle();
        let text = rendered(&record, &mut tape);
        prop_assert_eq!(line(text.as_bytes()), plain, "{}", text);
    }
}

fn rendered(value: &serde_json::Value, tape: &mut impl Iterator<Item = u8>) -> String {
    use serde_json::Value;
    let mut next = |n: u8| tape.next().unwrap() % n;
    let space = ["", "", "", " ", "\t", " \r "][next(6) as usize];
    let text = match value {
        Value::String(text) => quoted(text, &mut next),
        Value::Number(number) => {
            let plain = number.to_string();
            match next(4) {
                0 if !plain.contains('.') => format!("{plain}.000"),
                1 if number.as_i64().is_some_and(|n| n > 0) => format!("{plain}00E-2"),
                2 => format!("{plain}e0"),
                3 if plain.contains('.') => format!("{plain}000e+0"),
                _ => plain,
            }
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| rendered(item, tape)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let turn = next(members.len() as u8) as usize;
            let mut members: Vec<_> = members.iter().collect();
            members.rotate_left(turn);
            let members: Vec<_> = members
                .into_iter()
                .map(|(key, value)| {
                    let key = quoted(key, &mut |n| tape.next().unwrap() % n);
                    format!("{key}{space}:{}", rendered(value, tape))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    };
    format!("{space}{text}{space}")
}

fn quoted(text: &str, next: &mut impl FnMut(u8) -> u8) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if next(6) == 0 {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out += &format!("\\u{unit:04x}");
            }
        } else if c == '/' && next(2) == 0 {
            out += "\\/";
        } else {
            let plain = serde_json::to_string(&c.to_string()).unwrap();
            out += &plain[1..plain.len() - 1];
        }
    }
    out + "\""
}
