//! One cell of an Arrow array.

use super::super::values::{Scalar, local_parts};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use std::fmt::Write;

/// Groups and lists come as JSON.
pub fn scalar(array: &ArrayRef, row: usize) -> Scalar<'_> {
    if row >= array.len() || array.is_null(row) {
        return Scalar::Absent;
    }
    macro_rules! whole {
        ($ty:ty) => {
            Scalar::Whole(array.as_primitive::<$ty>().value(row).into())
        };
    }
    macro_rules! decimal {
        ($ty:ty) => {
            Scalar::Number(array.as_primitive::<$ty>().value_as_string(row).into())
        };
    }
    macro_rules! time {
        ($ty:ty, $nanos:expr, $zoned:expr) => {
            instant(array.as_primitive::<$ty>().value(row) as i128 * $nanos, $zoned)
        };
    }
    match array.data_type() {
        DataType::Null => Scalar::Absent,
        DataType::Boolean => Scalar::Bool(array.as_boolean().value(row)),
        DataType::Int8 => whole!(Int8Type),
        DataType::Int16 => whole!(Int16Type),
        DataType::Int32 => whole!(Int32Type),
        DataType::Int64 => whole!(Int64Type),
        DataType::UInt8 => whole!(UInt8Type),
        DataType::UInt16 => whole!(UInt16Type),
        DataType::UInt32 => whole!(UInt32Type),
        DataType::UInt64 => {
            let n = array.as_primitive::<UInt64Type>().value(row);
            i64::try_from(n).map_or_else(|_| Scalar::Number(n.to_string().into()), Scalar::Whole)
        }
        DataType::Float16 => float(f64::from(array.as_primitive::<Float16Type>().value(row)), None),
        DataType::Float32 => {
            let n = array.as_primitive::<Float32Type>().value(row);
            float(n.into(), Some(n.to_string()))
        }
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row), None),
        DataType::Decimal32(..) => decimal!(Decimal32Type),
        DataType::Decimal64(..) => decimal!(Decimal64Type),
        DataType::Decimal128(..) => decimal!(Decimal128Type),
        DataType::Decimal256(..) => decimal!(Decimal256Type),
        DataType::Utf8 => Scalar::Cell(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Scalar::Cell(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Scalar::Cell(array.as_string_view().value(row)),
        DataType::Binary => match std::str::from_utf8(array.as_binary::<i32>().value(row)) {
            Ok(text) => Scalar::Cell(text),
            Err(_) => Scalar::Misfit { found: "bytes that are no text".into(), expected: "UTF-8 text" },
        },
        DataType::Date32 => Scalar::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Date64 => instant(array.as_primitive::<Date64Type>().value(row) as i128 * 1_000_000, false),
        DataType::Timestamp(TimeUnit::Second, zone) => time!(TimestampSecondType, 1_000_000_000, zone.is_some()),
        DataType::Timestamp(TimeUnit::Millisecond, zone) => {
            time!(TimestampMillisecondType, 1_000_000, zone.is_some())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => time!(TimestampMicrosecondType, 1_000, zone.is_some()),
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => time!(TimestampNanosecondType, 1, zone.is_some()),
        DataType::Struct(_) | DataType::Map(..) => Scalar::Object(json(array, row).into()),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            Scalar::List(json(array, row).into())
        }
        other => Scalar::Misfit {
            found: format!("a value of the type {other}").into(),
            expected: "a text, number, bool, date, timestamp, list or group",
        },
    }
}

fn float(n: f64, text: Option<String>) -> Scalar<'static> {
    if n.is_finite() {
        Scalar::Number(text.unwrap_or_else(|| n.to_string()).into())
    } else {
        Scalar::Misfit { found: n.to_string().into(), expected: "a finite number" }
    }
}

pub fn instant(nanos: i128, zoned: bool) -> Scalar<'static> {
    let misfit =
        || Scalar::Misfit { found: format!("{nanos} ns since 1970").into(), expected: "a time from 1677 to 2262" };
    if zoned {
        i64::try_from(nanos).map_or_else(|_| misfit(), Scalar::Instant)
    } else {
        local_parts(nanos).map_or_else(misfit, |(days, rest)| Scalar::Local(days, rest))
    }
}

fn json(array: &ArrayRef, row: usize) -> String {
    let mut out = String::new();
    write_json(array, row, &mut out);
    out
}

fn write_json(array: &ArrayRef, row: usize, out: &mut String) {
    if row >= array.len() || array.is_null(row) {
        out.push_str("null");
        return;
    }
    match array.data_type() {
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            members(fields.iter().zip(columns).map(|(f, c)| (f.name().as_str(), c, row)), out);
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let keys: Vec<String> = (0..entries.len())
                .map(|n| scalar(keys, n).spelt().map(std::borrow::Cow::into_owned).unwrap_or_default())
                .collect();
            members(keys.iter().enumerate().map(|(n, k)| (k.as_str(), values, n)), out);
        }
        DataType::List(_) => items(&array.as_list::<i32>().value(row), out),
        DataType::LargeList(_) => items(&array.as_list::<i64>().value(row), out),
        DataType::FixedSizeList(..) => items(&array.as_fixed_size_list().value(row), out),
        _ => match scalar(array, row) {
            Scalar::Number(n) => out.push_str(&n),
            Scalar::Whole(n) => drop(write!(out, "{n}")),
            Scalar::Bool(b) => drop(write!(out, "{b}")),
            other => quoted(&other.found(), out),
        },
    }
}

fn members<'a>(members: impl Iterator<Item = (&'a str, &'a ArrayRef, usize)>, out: &mut String) {
    out.push('{');
    for (n, (key, array, row)) in members.enumerate() {
        if n > 0 {
            out.push(',');
        }
        quoted(key, out);
        out.push(':');
        write_json(array, row, out);
    }
    out.push('}');
}

fn items(list: &ArrayRef, out: &mut String) {
    out.push('[');
    for n in 0..list.len() {
        if n > 0 {
            out.push(',');
        }
        write_json(list, n, out);
    }
    out.push(']');
}

fn quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// A value on one line, for people.
pub fn show(array: &ArrayRef, row: usize, out: &mut String) {
    match scalar(array, row) {
        Scalar::Absent => out.push_str("null"),
        other => out.extend(other.found().chars().map(|c| if c.is_control() { ' ' } else { c })),
    }
}
