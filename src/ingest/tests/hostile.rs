//! Nothing that an input holds makes a panic, and neither threads nor chunks change what is read.

use super::*;
use proptest::prelude::*;

const LINES: [&str; 6] = [
    r#"{"kind":"gift","id":"G1","day":"2025-01-31","value":"12.50 CNY","relation":"external","giver":{"name":"A"},"count":2}"#,
    r#"{"kind":"gift","id":"é\n","value":{"amount":1e2,"currency":"USD"},"giver":null,"list":[{"a":[1]}]}"#,
    r#"{"kind":"other"}"#,
    "id,day,value,count,giver.name",
    "\"a \"\"q\"\"\",2025-01-31,1 CNY,7,\"x\ny\"",
    "1,2,3",
];

fn setting() -> (Reading, Vec<InputSpec>) {
    let mut reading = reading(vec![gift()]);
    let mut events = source(&reading, "gift", Format::Ndjson, &[("id", at("item.a[0]")), ("count", at("list[].a"))]);
    events.each = Some(path("list[]"));
    events.format = None;
    reading.sources = vec![events];
    let mut specs = Vec::new();
    for format in [Format::Ndjson, Format::Json, Format::Csv, Format::Parquet] {
        for route in [Route::Tagged, Route::Kind(KindId(0)), Route::Sources(vec![0])] {
            specs.push(InputSpec { format: Some(format), ..spec("x", route) });
        }
    }
    (reading, specs)
}

fn throw(bytes: &[u8]) {
    let (reading, specs) = setting();
    for spec in &specs {
        let whole = run_with(&reading, spec, Input::Bytes(bytes), Options::default());
        for input in inputs(bytes) {
            let parts = run_with(&reading, spec, input, Options { threads: 2, chunk_bytes: 7 });
            match (&whole, &parts) {
                (Ok(whole), Ok(parts)) => {
                    assert_eq!(whole.rows, parts.rows, "{spec:?} {:?}", String::from_utf8_lossy(bytes));
                    assert_eq!(whole.rejects, parts.rejects, "{spec:?} {:?}", String::from_utf8_lossy(bytes));
                    assert_eq!(whole.report, parts.report, "{spec:?}");
                }
                (Err(whole), Err(parts)) => assert_eq!(whole, parts),
                _ => panic!("{whole:?} {parts:?}"),
            }
        }
        let places = whole.map(|w| w.rows).unwrap_or_default().into_iter().map(|r| r.0);
        let strays = [0, 5, 1000].map(|offset| Place { input: InputId(0), offset, line: 1, element: 3 });
        let wanted: Vec<Wanted> = places
            .chain(strays)
            .map(|place| Wanted { place, kind: KindId(0), columns: (0..7).map(ColumnId).collect() })
            .collect();
        for input in inputs(bytes) {
            for excerpt in Ingest::new(&reading)
                .excerpts(spec, input, &wanted, &crate::data::People::Named)
                .into_iter()
                .flatten()
                .flatten()
            {
                for range in excerpt.fields.into_iter().flatten() {
                    assert!(excerpt.text.get(range).is_some());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        throw(&bytes);
    }

    #[test]
    fn mutated_lines(
        lines in prop::collection::vec((0..LINES.len(), any::<bool>()), 0..8),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..4),
    ) {
        let mut bytes = Vec::new();
        for (line, crlf) in lines {
            bytes.extend(LINES[line].as_bytes());
            bytes.extend(if crlf { &b"\r\n"[..] } else { b"\n" });
        }
        for (at, byte, edit) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        throw(&bytes);
    }
}
