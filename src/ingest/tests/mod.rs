//! Whole inputs of each format, and the same records through all of them.

mod brief;
mod cases;
#[cfg(feature = "parquet")]
mod groups;
mod hostile;
mod real;
#[cfg(feature = "parquet")]
mod same;

use super::*;
use crate::data::build::{CellValue, batch_from_cells};
use crate::data::mapping::{Cond, How, MapExpr, Path, Source, Step};
use crate::data::{Column, ColumnId, Currency, EnumDef, EnumId, EnumWord, Kind, Origin, Role, Schema, Type, Value};
use crate::source::{FileId, Span};
use std::sync::{Arc, Mutex};

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

/// Columns from `name`, type; a `?` at the name's end makes it optional.
fn kind(name: &str, columns: &[(&str, Type)]) -> Kind {
    let column = |(name, ty): &(&str, Type)| Column {
        name: name.trim_end_matches('?').into(),
        ty: ty.clone(),
        optional: name.ends_with('?'),
        person: false,
        sensitive: false,
        span: span(),
    };
    Kind {
        name: name.into(),
        doc: None,
        role: Role::Record { time: None, subject: None },
        identity: vec![ColumnId(0)],
        columns: columns.iter().map(column).collect(),
        origin: Origin::Declared,
        rates: None,
        span: span(),
    }
}

/// All columns of all kinds are read.
fn reading(kinds: Vec<Kind>) -> Reading {
    let word = |w: &str| EnumWord { name: w.into(), spelling: None, span: span() };
    let relation = EnumDef { name: "relation".into(), words: vec![word("internal"), word("external")], span: span() };
    let all = |k: &Kind| Some((0..k.columns.len() as u32).map(ColumnId).collect());
    let projections = kinds.iter().map(all).collect();
    let schema = Arc::new(Schema { enums: vec![relation], kinds });
    Reading { schema, projections, sources: Vec::new(), timezone: "Asia/Shanghai".into() }
}

fn gift() -> Kind {
    kind(
        "gift",
        &[
            ("id", Type::Text),
            ("day", Type::Date),
            ("value", Type::Money),
            ("relation?", Type::Enum(EnumId(0))),
            ("giver?", Type::Struct),
            ("giver.name?", Type::Text),
            ("count", Type::Int),
        ],
    )
}

fn spec(name: &str, route: Route) -> InputSpec {
    InputSpec { id: InputId(3), name: name.into(), format: None, route }
}

#[derive(Debug, Default)]
struct Outcome {
    /// Rows of all batches in the order of their places, with the cells as text and `!found` for defects.
    rows: Vec<(Place, KindId, Vec<String>)>,
    defects: Vec<(Place, Defect)>,
    rejects: Vec<Reject>,
    report: InputReport,
}

impl Outcome {
    fn cells(&self) -> Vec<String> {
        self.rows.iter().map(|r| r.2.join("|")).collect()
    }

    fn places(&self) -> Vec<(u64, u64)> {
        self.rows.iter().map(|r| (r.0.offset, r.0.line)).collect()
    }

    fn codes(&self) -> Vec<(Code, u64)> {
        self.rejects.iter().map(|r| (r.code, r.place.line)).collect()
    }
}

use crate::data::Defect;

fn run_with(reading: &Reading, spec: &InputSpec, input: Input, options: Options) -> Result<Outcome, InputError> {
    let (batches, rejects) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let sink = Sink {
        batch: &|b| batches.lock().unwrap().push(b),
        reject: &|r| rejects.lock().unwrap().push(r),
        advance: &|_| {},
    };
    let report = Ingest::new(reading).read(spec, input, options, sink)?;
    let mut outcome = Outcome { report, rejects: rejects.into_inner().unwrap(), ..Outcome::default() };
    outcome.rejects.sort_by_key(|r| r.place);
    for batch in batches.into_inner().unwrap() {
        for (row, place) in batch.places.iter().enumerate() {
            let cells = batch.columns.iter().enumerate().map(|(c, array)| {
                let defect = batch.defects.iter().find(|d| (d.row, d.column) == (row as u32, c as u32));
                match defect {
                    Some(d) => {
                        outcome.defects.push((*place, d.clone()));
                        format!("!{}", d.found)
                    }
                    None => cell(array, row),
                }
            });
            outcome.rows.push((*place, batch.kind, cells.collect()));
        }
    }
    outcome.rows.sort_by_key(|r| (r.0, r.1));
    outcome.defects.sort_by_key(|d| (d.0, d.1.column));
    Ok(outcome)
}

fn cell(array: &arrow_array::ArrayRef, row: usize) -> String {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::*;
    use arrow_schema::DataType;
    if array.is_null(row) {
        return "-".into();
    }
    let decimal = |a: &arrow_array::ArrayRef| {
        crate::data::Decimal::from_raw(a.as_primitive::<Decimal128Type>().value(row)).to_string()
    };
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).to_string(),
        DataType::Decimal128(38, 18) => decimal(array),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::Date32 => crate::data::display::date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(_, Some(zone)) if &**zone == "UTC" => {
            let instant = array.as_primitive::<TimestampNanosecondType>().value(row);
            crate::data::display::timestamp(instant, &crate::data::Zone::utc())
        }
        DataType::Struct(_) => {
            let parts = array.as_struct();
            format!("{} {}", decimal(parts.column(0)), parts.column(1).as_string::<i32>().value(row))
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            let items: Vec<String> = (0..items.len()).map(|n| cell(&items, n)).collect();
            format!("[{}]", items.join(","))
        }
        other => panic!("{other}"),
    }
}

struct Held(Vec<u8>);

impl ReadAt for Held {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        // A few bytes at a time, as a file may give them.
        let from = &self.0[(offset as usize).min(self.0.len())..];
        let got = from.len().min(buffer.len()).min(1 << 16);
        buffer[..got].copy_from_slice(&from[..got]);
        Ok(got)
    }
}

/// The same bytes in every way that they can come.
fn inputs(bytes: &[u8]) -> [Input<'_>; 3] {
    [Input::Bytes(bytes), Input::At(Arc::new(Held(bytes.to_vec()))), Input::Reader(Box::new(bytes))]
}

fn run(reading: &Reading, name: &str, route: Route, bytes: &[u8]) -> Result<Outcome, InputError> {
    run_with(reading, &spec(name, route), Input::Bytes(bytes), Options::default())
}

fn path(text: &str) -> Path {
    let (from_item, text) = match text.strip_prefix("item.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let steps = text.split('.').flat_map(|part| {
        let (key, brackets) = part.split_once('[').map_or((part, None), |(k, b)| (k, Some(b.trim_end_matches(']'))));
        let step = brackets.map(|b| match b.split_once("==") {
            Some((key, value)) => Step::Filter { key: vec![key.into()], equals: Value::Text(value.into()) },
            None if b.is_empty() => Step::Every,
            None => Step::Index(b.parse().unwrap()),
        });
        std::iter::once(Step::Key(key.into())).chain(step)
    });
    Path { from_item, steps: steps.collect(), span: span() }
}

fn source(reading: &Reading, kind: &str, format: Format, map: &[(&str, MapExpr)]) -> Source {
    let id = reading.schema.kind_named(kind).unwrap();
    let column = |name: &str| reading.schema.kind(id).column(name).unwrap();
    Source {
        name: format!("{kind}s"),
        kind: id,
        format: Some(format),
        files: Vec::new(),
        folder: String::new(),
        delimiter: b',',
        timezone: "Europe/London".into(),
        each: None,
        filter: None,
        map: map.iter().map(|(n, e)| (column(n), e.clone())).collect(),
        span: span(),
    }
}

fn at(text: &str) -> MapExpr {
    MapExpr::Path(path(text))
}

fn read_as(of: MapExpr, how: How) -> MapExpr {
    MapExpr::Read { of: Box::new(of), how }
}
