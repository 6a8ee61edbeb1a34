//! The same records as NDJSON, CSV and Parquet are the same rows.

use super::*;
use crate::data::{Decimal, Money, Zone, display};
use ::parquet::arrow::ArrowWriter;
use proptest::prelude::*;

fn all_types() -> Kind {
    kind(
        "all",
        &[
            ("id", Type::Text),
            ("yes?", Type::Bool),
            ("n?", Type::Int),
            ("d?", Type::Decimal),
            ("p?", Type::Percent),
            ("day?", Type::Date),
            ("t?", Type::Timestamp),
            ("took?", Type::Duration),
            ("size?", Type::Bytes),
            ("fee?", Type::Money),
            ("relation?", Type::Enum(EnumId(0))),
            ("tags?", Type::List(Box::new(Type::Text))),
        ],
    )
}

fn value(ty: &Type) -> BoxedStrategy<Value> {
    let decimal = || (any::<i64>(), 0..4u32).prop_map(|(n, s)| Decimal::from_raw(n as i128 * 10i128.pow(15 - s)));
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int => any::<i64>().prop_map(Value::Int).boxed(),
        Type::Decimal => decimal().prop_map(Value::Decimal).boxed(),
        Type::Percent => decimal().prop_map(Value::Percent).boxed(),
        Type::Date => (-30_000..60_000i32).prop_map(Value::Date).boxed(),
        Type::Timestamp => {
            (-4_000_000_000i64..4_000_000_000).prop_map(|s| Value::Timestamp(s * 1_000_000_000 + 5_000_000)).boxed()
        }
        Type::Duration => (0..1_000_000i64).prop_map(|m| Value::Duration(m * 60_000_000_000)).boxed(),
        Type::Bytes => (0..i64::MAX).prop_map(Value::Bytes).boxed(),
        Type::Money => decimal()
            .prop_map(|amount| Value::Money(Money { amount, currency: Currency::parse("CNY").unwrap() }))
            .boxed(),
        Type::Enum(id) => {
            let id = *id;
            (0..2u16).prop_map(move |w| Value::Enum(id, w)).boxed()
        }
        Type::List(_) => prop::collection::vec("[a-z\"é,\\\\]{0,4}", 0..3)
            .prop_map(|t| Value::List(t.into_iter().map(Value::Text).collect()))
            .boxed(),
        _ => "[ -~é\n]{0,8}x".prop_map(Value::Text).boxed(),
    }
}

fn text(value: &Value, schema: &Schema) -> String {
    match value {
        Value::Timestamp(t) => display::timestamp(*t, &Zone::utc()),
        Value::Percent(d) => d.to_string(),
        Value::Bytes(n) => n.to_string(),
        Value::Money(m) => format!("{} {}", m.amount, m.currency),
        Value::Duration(n) => format!("{} min", n / 60_000_000_000),
        Value::List(items) => {
            serde_json::to_string(&items.iter().map(|i| text(i, schema)).collect::<Vec<_>>()).unwrap()
        }
        other => display::value(other, schema, &Zone::utc()),
    }
}

fn json(value: &Value, schema: &Schema) -> String {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Percent(_) | Value::Bytes(_) | Value::List(_) => {
            text(value, schema)
        }
        Value::Money(m) => format!("{{\"currency\":\"{}\",\"amount\":{}}}", m.currency, m.amount),
        _ => serde_json::Value::from(text(value, schema)).to_string(),
    }
}

type Cell = Option<Value>;

fn ndjson_of(rows: &[Vec<Cell>], schema: &Schema) -> String {
    let line = |row: &Vec<Cell>| {
        let fields = row
            .iter()
            .zip(&schema.kinds[0].columns)
            .filter_map(|(cell, column)| cell.as_ref().map(|v| format!(",\"{}\":{}", column.name, json(v, schema))));
        format!("{{\"kind\":\"all\"{}}}\n", fields.collect::<String>())
    };
    rows.iter().map(line).collect()
}

fn csv_of(rows: &[Vec<Cell>], schema: &Schema) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(schema.kinds[0].columns.iter().map(|c| &c.name)).unwrap();
    for row in rows {
        writer.write_record(row.iter().map(|c| c.as_ref().map_or(String::new(), |v| text(v, schema)))).unwrap();
    }
    writer.into_inner().unwrap()
}

fn parquet_of(rows: &[Vec<Cell>], schema: &Schema) -> Vec<u8> {
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    let kind = &schema.kinds[0];
    let place = Place { input: InputId(0), offset: 0, line: 1, element: 0 };
    let cells: Vec<Vec<CellValue>> = rows
        .iter()
        .map(|r| r.iter().map(|c| c.clone().map_or(CellValue::Absent, CellValue::Known)).collect())
        .collect();
    let all: Arc<[ColumnId]> = (0..kind.columns.len() as u32).map(ColumnId).collect();
    let batch = batch_from_cells(schema, KindId(0), all, &cells, vec![place; rows.len()]);
    let columns = kind.columns.iter().zip(batch.columns).enumerate().map(|(i, (column, array))| {
        // Words and durations have no type of their own there.
        let texts = || rows.iter().map(|r| r[i].as_ref().map(|v| text(v, schema))).collect::<StringArray>();
        let array: ArrayRef = match column.ty {
            Type::Enum(_) | Type::Duration => Arc::new(texts()),
            _ => array,
        };
        (column.name.as_str(), array, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn rows() -> impl Strategy<Value = Vec<Vec<Cell>>> {
    let columns = all_types().columns;
    let row: Vec<BoxedStrategy<Cell>> = columns
        .iter()
        .map(|c| if c.optional { prop::option::of(value(&c.ty)).boxed() } else { value(&c.ty).prop_map(Some).boxed() })
        .collect();
    prop::collection::vec(row, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn in_every_format(rows in rows(), threads in 1..4usize, chunk_bytes in 1..400usize) {
        let reading = reading(vec![all_types()]);
        let expected: Vec<String> = rows
            .iter()
            .map(|row| {
                let place = Place { input: InputId(0), offset: 0, line: 1, element: 0 };
                let all: Arc<[ColumnId]> = (0..row.len() as u32).map(ColumnId).collect();
                let cells = row.iter().map(|c| c.clone().map_or(CellValue::Absent, CellValue::Known)).collect();
                let batch = batch_from_cells(&reading.schema, KindId(0), all, &[cells], vec![place]);
                batch.columns.iter().map(|c| cell(c, 0)).collect::<Vec<_>>().join("|")
            })
            .collect();
        let ndjson = ndjson_of(&rows, &reading.schema);
        let files = [
            ("x.ndjson", Route::Tagged, ndjson.clone().into_bytes()),
            ("x.ndjson", Route::Kind(KindId(0)), ndjson.into_bytes()),
            ("x.csv", Route::Kind(KindId(0)), csv_of(&rows, &reading.schema)),
            ("x.parquet", Route::Kind(KindId(0)), parquet_of(&rows, &reading.schema)),
        ];
        for (name, route, bytes) in files {
            let spec = spec(name, route);
            for input in inputs(&bytes) {
                let outcome = run_with(&reading, &spec, input, Options { threads, chunk_bytes }).unwrap();
                prop_assert_eq!(outcome.cells(), expected.clone(), "{} {}", name, String::from_utf8_lossy(&bytes));
                prop_assert!(outcome.rejects.is_empty() && outcome.defects.is_empty());
            }
        }
    }

    #[test]
    fn damaged_parquet_does_not_panic(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let reading = reading(vec![all_types()]);
        let mut bytes = parquet_of(&rows, &reading.schema);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = run(&reading, "x.parquet", Route::Kind(KindId(0)), &bytes);
    }
}
