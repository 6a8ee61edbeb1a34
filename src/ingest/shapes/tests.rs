use super::*;
use crate::ingest::paths::{Raw, Rows};
use crate::ingest::scan::scan;
use proptest::prelude::*;

const PATHS: &[&str] = &["a", "a.b", "c", "d.e.f", "d", "g"];

fn trie() -> Trie {
    let paths: Vec<Vec<String>> = PATHS.iter().map(|p| p.split('.').map(String::from).collect()).collect();
    Trie::new(paths.iter().map(Vec::as_slice), ["h"].into_iter())
}

/// What the slots hold, however it is held.
fn held(slots: &Slots) -> Vec<String> {
    let one = |slot| match slots.get(slot) {
        Raw::Absent => "-".to_string(),
        Raw::Text(text) => format!("\"{text}\""),
        Raw::Json(text) => text.to_string(),
        Raw::Misfit(text) => format!("misfit {text}"),
    };
    (0..PATHS.len() as u32).map(one).collect()
}

/// Reads all lines, by shapes where they are known; how many were.
fn read(text: &str) -> usize {
    let trie = trie();
    let (mut shapes, mut count, mut at) = (Shapes::new(Bounds::KNOWN), 0, 0);
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
        let record = text[at..end].trim_ascii_end();
        let slots = || Slots::new(&trie, PATHS.len(), Bounds::KNOWN, Rows::default());
        let (mut fast, mut slow) = (slots(), slots());
        let passed = shapes.pass(text, at, &mut fast);
        let scanned = scan(record, &trie, &mut slow);
        if let Some(passed) = passed {
            assert_eq!(scanned, Ok(()), "{record:?}");
            assert_eq!(held(&fast), held(&slow), "{record:?}");
            assert_eq!(&text[at..passed.end], record);
            assert_eq!(passed.next, (end + 1).min(text.len()));
            let known: Vec<(u32, &str)> =
                shapes.end(passed.shape).unknown.iter().map(|(node, key)| (*node, &**key)).collect();
            assert_eq!(known, slow.unknown);
            count += 1;
        } else if scanned.is_ok() {
            shapes.learn(record, &trie, &slow.unknown);
        }
        at = end + 1;
    }
    count
}

#[test]
fn a_shape_is_known_the_second_time() {
    let record = r#"{"a":{"b":-1.5e3,"x":[1,{"y":2}]},"c":"\u00e9\n","d":{"e":{"f":"text"}},"g":null,"z":true}"#;
    assert_eq!(read(&format!("{record}\n{record}\r\n{record}")), 2);
    let other = record.replace("-1.5e3", "12345678901").replace("text", "another text, a longer one");
    assert_eq!(read(&format!("{record}\n{other}\n")), 1);
    assert_eq!(read("{}\n{}\n"), 1);
}

#[test]
fn a_shape_allows_nothing_that_is_not_json() {
    for (first, second) in [
        (r#"{"a":1}"#, r#"{"a":01}"#),
        (r#"{"a":1}"#, r#"{"a":1.}"#),
        (r#"{"a":1}"#, r#"{"a":-}"#),
        (r#"{"a":1.5}"#, r#"{"a":1.5.5}"#),
        (r#"{"a":1.5}"#, r#"{"a":01.5}"#),
        (r#"{"a":1.5}"#, r#"{"a":.5}"#),
        (r#"{"a":false}"#, r#"{"a":falsy}"#),
        (r#"{"a":"x"}"#, "{\"a\":\"\t\"}"),
        (r#"{"a":"x"}"#, r#"{"a":"\x"}"#),
        (r#"{"a":"x"}"#, r#"{"a":"x}"#),
        (r#"{"a":true}"#, r#"{"a":tru}"#),
        (r#"{"a":[1,2]}"#, "{\"a\":[1,\n2]}"),
        (r#"{"a":1,"c":2}"#, r#"{"a":1,"a":2}"#),
        (r#"{"a":1}"#, r#"{"a":1}}"#),
    ] {
        assert_eq!(read(&format!("{first}\n{second}\n{first}\n{second}\n")), 1, "{second}");
    }
}

#[test]
fn what_follows_a_value_may_be_this_or_that() {
    let long = "a key of more bytes than are compared at once";
    let after = ["\"c\":2}", "\"d\":{\"e\":{\"f\":0.25}}}", "\"g\":\"\"}", &format!("\"{long}\":-7}}"), "\"u\":false}"];
    let one = |rest: &&str| format!("{{\"a\":{{\"b\":\"x\"}},{rest}\n");
    let all: String = after.iter().map(one).collect();
    assert_eq!(read(&all.repeat(4)), 15);
}

#[test]
fn many_shapes_are_not_kept_for_ever() {
    let records = (0..20_000).map(|n| format!("{{\"a\":1,\"k{n}\":{{\"v\":2}}}}\n"));
    assert_eq!(read(&records.collect::<String>()), 0);
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_string()),
        Just("true".to_string()),
        Just("[]".to_string()),
        Just("{}".to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f32>().prop_filter("JSON", |n| n.is_finite()).prop_map(|n| n.to_string()),
        "[ -~é\n\u{1}]{0,24}".prop_map(|t| serde_json::to_string(&t).unwrap_or_default()),
        "[a-z]{0,40}".prop_map(|t| format!("\"{t}\"")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|v| format!("[{}]", v.join(","))),
            members(inner).prop_map(|m| format!("{{{m}}}")),
        ]
    })
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g", "h", "u", "\\u0061"]);
    let member = (key, prop::sample::select(vec![":", ": ", " :\t"]), value);
    prop::collection::vec(member, 0..4).prop_map(|members| {
        let all: Vec<String> = members.into_iter().map(|(k, colon, v)| format!("\"{k}\"{colon}{v}")).collect();
        all.join(",")
    })
}

proptest! {
    #[test]
    fn reads_what_the_scan_reads(
        records in prop::collection::vec(members(value()), 1..4),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        damage in prop::option::of((any::<prop::sample::Index>(), prop::sample::select(b"{}[]:,\"\\01-.e \n\rx".to_vec()))),
    ) {
        let lines: Vec<String> = order.iter().map(|i| format!("{{{}}}", i.get(&records))).collect();
        let mut bytes = lines.join("\n").into_bytes();
        read(&String::from_utf8_lossy(&bytes));
        if let Some((at, byte)) = damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            read(&String::from_utf8_lossy(&bytes));
        }
    }
}
