use super::*;
use std::io::Write;

const GIFT: &str = r#"{"kind":"gift","id":"G1","day":"2025-01-31","value":"12.50 CNY","relation":"external","giver":{"name":"A"},"count":2}"#;

#[test]
fn ndjson_lines() {
    let text = format!(
        "\u{feff}{GIFT}\r\n\n  \n{{\"count\":1e2,\"id\":\"G\\u00e9\",\"value\":{{\"amount\":\"3.0\",\"currency\":\"USD\"}},\"day\":null,\"kind\":\"gift\"}}"
    );
    let outcome = run(&reading(vec![gift()]), "x.ndjson", Route::Tagged, text.as_bytes()).unwrap();
    assert_eq!(outcome.cells(), ["G1|2025-01-31|12.5 CNY|1|true|A|2", "Gé|-|3 USD|-|-|-|100"]);
    assert_eq!(outcome.places(), [(3, 1), (3 + GIFT.len() as u64 + 6, 4)]);
    assert_eq!(outcome.report.records, [(KindId(0), 2)].into());
    assert_eq!((outcome.report.rejected, outcome.report.malformed), (0, 0));
    assert_eq!(outcome.report.bytes, text.len() as u64);
}

#[test]
fn what_does_not_fit_is_told_and_never_taken() {
    let text = r#"{"kind":"gift","id":5,"day":"2025-02-30","value":12,"relation":"externl","giver":"A","count":"2"}"#;
    let outcome = run(&reading(vec![gift()]), "x.ndjson", Route::Tagged, text.as_bytes()).unwrap();
    assert_eq!(outcome.cells(), [r#"!5|!2025-02-30|!12|!externl|!A|!"A"|!2"#]);
    let expected: Vec<&str> = outcome.defects.iter().map(|d| d.1.expected.as_str()).collect();
    assert_eq!(
        expected,
        [
            "a text",
            "a date like 2025-01-31",
            "an amount with its currency like \"12.50 CNY\"",
            "one of `internal`, `external` (did you mean `external`?)",
            "an object",
            "an object",
            "a whole number",
        ]
    );
    assert_eq!(outcome.report.malformed, 7);
}

#[test]
fn rejects_and_kinds() {
    let lines: [&[u8]; 11] = [
        b"{\"kind\":\"gift\",\"id\":\"1\"}",
        b"{\"kind\":\"gfit\"}",
        b"{\"kind\":\"meeting\"}",
        b"{\"id\":1}",
        b"{\"kind\":7}",
        b"[1]",
        b"{\"kind\":\"gift\",",
        b"{\"kind\":\"gift\",\"id\":\"\xff\"}",
        b"{\"kind\":\"gift\",\"count\":1,\"count\":2}",
        b"{\"kind\":\"gift\",\"note\":1,\"note\":2,\"giver\":{\"nmae\":\"B\"},\"valeu\":1}",
        b"nonsense",
    ];
    let outcome = run(&reading(vec![gift()]), "x", Route::Tagged, &lines.join(&b'\n')).unwrap();
    use Code::*;
    assert_eq!(
        outcome.codes(),
        [
            (KindUnknown, 2),
            (NoKind, 4),
            (NoKind, 5),
            (NotAnObject, 6),
            (InvalidJson, 7),
            (NotUtf8, 8),
            (DuplicateKey, 9),
            (InvalidJson, 11)
        ]
    );
    assert_eq!(outcome.rows.len(), 2);
    assert_eq!(outcome.report.undeclared, [("meeting".to_string(), 1)].into());
    let notes: Vec<_> = outcome.report.notes.iter().map(|n| (n.field.as_str(), n.meant.as_str())).collect();
    assert_eq!(notes, [("giver.nmae", "giver.name"), ("valeu", "value")]);
    assert_eq!(outcome.rejects[4].reason, "expected a key in quotes at byte 16 of the record");
    assert_eq!(outcome.rejects[4].text, lines[6]);
}

#[test]
fn long_lines() {
    let long = format!("{{\"kind\":\"gift\",\"id\":\"{}\"}}", "x".repeat(3 << 20));
    let text = format!("{long}\n{GIFT}\n");
    let outcome = run(&reading(vec![gift()]), "x", Route::Tagged, text.as_bytes()).unwrap();
    assert_eq!(outcome.rows.iter().map(|r| r.2[0].len()).collect::<Vec<_>>(), [3 << 20, 2]);
    let text = format!("{GIFT}\n{}\n{GIFT}\n{GIFT}", "x".repeat(130 << 20));
    for input in inputs(text.as_bytes()) {
        let outcome =
            run_with(&reading(vec![gift()]), &spec("x.ndjson", Route::Tagged), input, Options::default()).unwrap();
        assert_eq!(outcome.codes(), [(Code::TooLong, 2)]);
        assert_eq!(outcome.rows.iter().map(|r| r.0.line).collect::<Vec<_>>(), [1, 3, 4]);
    }
}

#[test]
fn json_files() {
    let reading = reading(vec![gift()]);
    let read = |text: &str| run(&reading, "x.json", Route::Tagged, text.as_bytes()).unwrap();
    assert_eq!(read(&format!("[\n{GIFT},\n {GIFT}\n]")).places(), [(2, 2), (GIFT.len() as u64 + 5, 3)]);
    assert_eq!(read(&format!("{GIFT} {GIFT}\n{GIFT}")).rows.len(), 3);
    assert_eq!(read("[] []").rows.len(), 0);
    assert_eq!(read("").rows.len(), 0);
    let broken = read(&format!("[{GIFT},\n{{\"kind\":"));
    assert_eq!(broken.rows.len(), 1);
    assert_eq!(broken.codes(), [(Code::InvalidJson, 2)]);
    assert_eq!(read(&format!("[{GIFT}, 5]")).codes(), [(Code::NotAnObject, 1)]);
    assert_eq!(read(&format!("[{GIFT}")).rows.len(), 1);
}

#[test]
fn csv_files() {
    let reading = reading(vec![gift()]);
    let head = "\u{feff}id,day,value,relation,giver.name,count,extra,vlaue\r\n";
    let read = |rows: &str| run(&reading, "x.csv", Route::Kind(KindId(0)), format!("{head}{rows}").as_bytes());
    let text = "1,2025-01-31,12.50 CNY,external,\"A, \"\"B\"\"\nC\",2,,\r\n2,x,,,, 3 ,,\r\nshort,row\r\n\r\n3,,,,,,,";
    let outcome = read(text).unwrap();
    assert_eq!(outcome.cells(), ["1|2025-01-31|12.5 CNY|1|true|A, \"B\"\nC|2", "2|!x|-|-|-|-|3", "3|-|-|-|-|-|-"]);
    assert_eq!(outcome.rows.iter().map(|r| r.0.line).collect::<Vec<_>>(), [2, 4, 7]);
    assert_eq!(outcome.codes(), [(Code::RaggedRow, 5)]);
    assert_eq!(outcome.rejects[0].text, b"short,row");
    let note = outcome.report.notes.iter().next().unwrap();
    assert_eq!((note.field.as_str(), note.meant.as_str()), ("vlaue", "value"));
    for (place, first) in outcome.rows.iter().map(|r| (r.0.offset as usize, r.2[0].as_str())) {
        assert!(format!("{head}{text}")[place..].starts_with(first));
    }
    let error = run(&reading, "x.csv", Route::Kind(KindId(0)), b"id,day,valu,count\n").unwrap_err();
    assert_eq!(error.code, Code::HeadingMissing);
    assert_eq!(error.help.as_deref(), Some("did you mean `valu`?"));
    let error = run(&reading, "x.csv", Route::Kind(KindId(0)), b"id,day,value,count,id\n").unwrap_err();
    assert_eq!(error.code, Code::HeadingTwice);
    assert_eq!(run(&reading, "x.csv", Route::Tagged, b"id\n").unwrap_err().code, Code::WithoutKind);
    assert_eq!(run(&reading, "x.csv", Route::Kind(KindId(0)), b"").unwrap_err().code, Code::HeadingMissing);
    let bad = run(&reading, "x.csv", Route::Kind(KindId(0)), b"id,day,value,count\n1,,,\n\xff,,,\n").unwrap();
    assert_eq!(bad.codes(), [(Code::NotUtf8, 3)]);
}

#[test]
fn sources_map_what_records_look_like() {
    let mut reading = reading(vec![
        kind(
            "event",
            &[
                ("id", Type::Text),
                ("name", Type::Text),
                ("seen?", Type::Text),
                ("all", Type::List(Box::new(Type::Text))),
            ],
        ),
        kind(
            "pay",
            &[
                ("id", Type::Text),
                ("fee", Type::Money),
                ("at", Type::Timestamp),
                ("fine", Type::Bool),
                ("share", Type::Percent),
                ("took", Type::Duration),
            ],
        ),
    ]);
    let mut events = source(
        &reading,
        "event",
        Format::Ndjson,
        &[
            ("id", MapExpr::Coalesce(Box::new(at("who.id")), Box::new(at("who.key")))),
            ("name", at("item.name")),
            ("seen", at("item.parts[k==visibility].v")),
            ("all", at("item.parts[].v")),
        ],
    );
    events.each = Some(path("events[]"));
    events.filter = Some(Cond::Not(Box::new(Cond::In(path("item.name"), vec![Value::Text("skip".into())]))));
    let words = How::Words(vec![("Y".into(), Value::Bool(true)), ("N".into(), Value::Bool(false))]);
    let pays = source(
        &reading,
        "pay",
        Format::Ndjson,
        &[
            ("id", MapExpr::Constant(Value::Text("P".into()))),
            ("fee", MapExpr::Money { amount: Box::new(at("fee.a")), currency: Box::new(at("fee.c")) }),
            ("at", read_as(at("at"), How::Format("%d/%m/%Y %H:%M".into()))),
            ("fine", read_as(at("fine"), words)),
            ("share", read_as(at("share"), How::Hundredths)),
            ("took", read_as(at("took"), How::Unit(3_600_000_000_000))),
        ],
    );
    reading.sources = vec![events, Source { filter: Some(Cond::Present(path("fee"))), ..pays }];
    let text = concat!(
        r#"{"who":{"key":"K"},"events":[{"name":"a","parts":[{"k":"x","v":"1"},{"k":"visibility","v":"2"}]},{"name":"skip"},{"name":"b"}]}"#,
        "\n",
        r#"{"fee":{"a":"1.50","c":"GBP"},"at":"01/07/2025 09:00","fine":"Y","share":15,"took":"1.5"}"#,
        "\n",
        r#"{"fee":{"a":"x","c":"GBP"},"fine":"maybe","events":{"name":"a"}}"#,
        "\n{}\n"
    );
    let outcome = run(&reading, "x", Route::Sources(vec![0, 1]), text.as_bytes()).unwrap();
    assert_eq!(outcome.cells(), ["K|a|2|[1,2]", "K|b|-|-", "P|1.5 GBP|2025-07-01T08:00:00Z|true|0.15|5400000000000"]);
    assert_eq!(outcome.rows.iter().map(|r| r.0.element).collect::<Vec<_>>(), [0, 2, 0]);
    assert_eq!(outcome.codes(), [(Code::NotAList, 3)]);
    assert_eq!(outcome.report.unclaimed, 1);
    let wanted =
        Wanted { place: outcome.rows[0].0, kind: KindId(0), columns: vec![ColumnId(0), ColumnId(2), ColumnId(3)] };
    let lost = Wanted { place: outcome.rows[1].0, kind: KindId(0), columns: vec![ColumnId(2)] };
    let found = Ingest::new(&reading)
        .excerpts(
            &spec("x", Route::Sources(vec![0, 1])),
            Input::Bytes(text.as_bytes()),
            &[wanted, lost],
            &crate::data::People::Named,
        )
        .unwrap();
    let shown = |n: usize| {
        let e = found[n].as_ref().unwrap();
        e.fields.iter().map(|f| &e.text[f.clone().unwrap()]).collect::<Vec<_>>()
    };
    assert_eq!(shown(0), [r#""K""#, r#""2""#, r#"[{"k":"x","v":"1"},{"k":"visibility","v":"2"}]"#]);
    assert_eq!(shown(1), [r#"{"name":"b"}"#]);
}

#[test]
fn excerpts_of_all_text_formats() {
    let reading = reading(vec![gift()]);
    let tagged = format!("{GIFT}\n\n{GIFT}\n");
    let csv = "id,day,value,count\n1,,,\n\"a \"\"q\"\"\",x,\"2 CNY\",7\n".to_string();
    let json = format!("[{GIFT},\n{GIFT}]");
    for (name, text, route) in [
        ("x.ndjson", &tagged, Route::Tagged),
        ("x.csv", &csv, Route::Kind(KindId(0))),
        ("x.json", &json, Route::Tagged),
    ] {
        let spec = spec(name, route);
        let read = run_with(&reading, &spec, Input::Bytes(text.as_bytes()), Options::default()).unwrap();
        let wanted: Vec<Wanted> = read
            .rows
            .iter()
            .rev()
            .map(|r| Wanted { place: r.0, kind: KindId(0), columns: vec![ColumnId(2), ColumnId(6)] })
            .collect();
        for input in inputs(text.as_bytes()) {
            let found = Ingest::new(&reading).excerpts(&spec, input, &wanted, &crate::data::People::Named).unwrap();
            let first = found[0].as_ref().unwrap();
            let shown: Vec<&str> = first.fields.iter().map(|f| &first.text[f.clone().unwrap()]).collect();
            match name {
                "x.csv" => assert_eq!((shown, &*first.text), (vec!["2 CNY", "7"], "\"a \"\"q\"\"\",x,\"2 CNY\",7")),
                _ => assert_eq!((shown, &*first.text), (vec!["\"12.50 CNY\"", "2"], GIFT)),
            }
        }
    }
}

#[test]
fn compression_is_seen_in_the_content() {
    let reading = reading(vec![gift()]);
    let text = format!("{GIFT}\n").repeat(1000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for packed in [&gzip, &zstd] {
        let spec = spec("x", Route::Tagged);
        for input in inputs(packed) {
            let outcome = run_with(&reading, &spec, input, Options { threads: 2, chunk_bytes: 1000 }).unwrap();
            assert_eq!(outcome.rows.len(), 1000);
            assert_eq!(outcome.rows[999].0.line, 1000);
            assert_eq!(outcome.report.bytes, text.len() as u64);
        }
        let half = &packed[..packed.len() / 2];
        let error = run_with(&reading, &spec, Input::Bytes(half), Options::default()).unwrap_err();
        assert_eq!(error.code, Code::BrokenInput);
    }
}

#[test]
fn formats_are_told_by_name_and_content() {
    assert_eq!(format_of("a.csv.gz", b"{"), Format::Csv);
    assert_eq!(format_of("a.JSONL", b""), Format::Ndjson);
    assert_eq!(format_of("-", b" {\"a\":1}\n{\"a\":2}"), Format::Ndjson);
    assert_eq!(format_of("-", b"{\n  \"a\":1}"), Format::Json);
    assert_eq!(format_of("-", b"[{}]"), Format::Json);
    assert_eq!(format_of("-", b"a,b\n"), Format::Csv);
    assert_eq!(format_of("-", b"PAR1"), Format::Parquet);
}

#[test]
fn batches_from_cells() {
    let reading = reading(vec![gift()]);
    let place = Place { input: InputId(0), offset: 0, line: 1, element: 0 };
    let rows =
        [vec![CellValue::Known(Value::Text("G".into())), CellValue::Malformed("12,5".into()), CellValue::Absent]];
    let projection: Arc<[ColumnId]> = [ColumnId(0), ColumnId(2), ColumnId(3)].into();
    let batch = batch_from_cells(&reading.schema, KindId(0), projection, &rows, vec![place]);
    assert_eq!(batch.columns.iter().map(|c| cell(c, 0)).collect::<Vec<_>>(), ["G", "-", "-"]);
    assert_eq!(batch.defects.len(), 1);
    assert_eq!((batch.defects[0].column, &*batch.defects[0].expected), (1, "a value of type `money`"));
}
