//! The same records as NDJSON, CSV and Parquet.

use super::Tape;
use super::records::{Datum, Raw};
use super::schema::{Kind, Schema, Ty};
use crate::reference::time::{from_days, from_nanos};
use serde_json::{Map, Value as Json, json};

/// A line of NDJSON that names its kind; spellings that mean the same are chosen by the tape.
pub fn line(schema: &Schema, raw: &Raw, tape: &mut Tape) -> String {
    let kind = &schema.kinds[raw.kind];
    let mut top = Map::new();
    top.insert("kind".into(), json!(kind.name));
    let mut group = Map::new();
    for (i, field) in kind.fields.iter().enumerate() {
        let value = match raw.fields.get(&i) {
            Some(datum) => value(schema, datum, field.ty, tape),
            None if tape.chance(30) => Json::Null,
            None => continue,
        };
        match field.name.strip_prefix("item.") {
            Some(name) => group.insert(name.into(), value),
            None => top.insert(field.name.clone(), value),
        };
    }
    if kind.fields.iter().any(|f| f.name.starts_with("item.")) {
        top.insert("item".into(), Json::Object(group));
    }
    if tape.chance(10) {
        top.insert("unheard_of".into(), json!({ "deep": [1, { "er": null }] }));
    }
    Json::Object(top).to_string()
}

fn raw_number(text: &str) -> Json {
    Json::Number(serde_json::from_str(text).unwrap())
}

fn value(schema: &Schema, datum: &Datum, ty: Ty, tape: &mut Tape) -> Json {
    match datum {
        Datum::Bool(b) => json!(b),
        Datum::Int(n) if tape.chance(20) => raw_number(&format!("{n}.0")),
        Datum::Int(n) | Datum::Bytes(n) => json!(n),
        Datum::Decimal(text) | Datum::Percent(text) => raw_number(text),
        Datum::Texts(texts) => json!(texts),
        Datum::Bad(_) if matches!(ty, Ty::Texts) => json!(5),
        _ => json!(plain(schema, datum, ty)),
    }
}

/// As text, where all is text.
pub fn plain(schema: &Schema, datum: &Datum, ty: Ty) -> String {
    match datum {
        Datum::Bool(b) => b.to_string(),
        Datum::Int(n) | Datum::Bytes(n) => n.to_string(),
        Datum::Decimal(text) | Datum::Percent(text) => text.to_string(),
        Datum::Text(text) => text.clone(),
        Datum::Date(days) => from_days(*days).to_string(),
        Datum::Timestamp(nanos) => instant(schema, *nanos),
        Datum::Duration(nanos) => {
            let seconds = nanos / 1_000_000_000;
            if nanos % 1_000_000_000 == 0 { format!("{seconds} s") } else { format!("{nanos} ns") }
        }
        Datum::Money(amount, currency) => format!("{amount} {currency}"),
        Datum::Word(word) => match ty {
            Ty::Enum(i) => schema.enums[i].1[*word as usize].into(),
            other => panic!("{other:?} has no words"),
        },
        Datum::Texts(_) => panic!("a list is no text"),
        Datum::Bad(text) => text.to_string(),
    }
}

/// Without an offset where the policy's zone makes it plain, else in UTC.
fn instant(schema: &Schema, nanos: i64) -> String {
    let at = from_nanos(nanos);
    let zone = jiff::tz::TimeZone::get(schema.timezone).unwrap();
    let local = zone.to_datetime(at);
    let plain = zone.to_ambiguous_timestamp(local);
    if nanos % 2_000_000_000 == 0 && !plain.is_ambiguous() { local.to_string() } else { at.to_string() }
}

/// Absent fields are empty.
pub fn csv(schema: &Schema, kind: &Kind, raws: &[&Raw]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(kind.fields.iter().map(|f| f.name.as_str())).unwrap();
    for raw in raws {
        let cells = kind.fields.iter().enumerate().map(|(i, f)| raw.fields.get(&i).map(|d| plain(schema, d, f.ty)));
        writer.write_record(cells.map(Option::unwrap_or_default)).unwrap();
    }
    writer.into_inner().unwrap()
}
