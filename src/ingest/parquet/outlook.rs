//! What the statistics of a row group say of all its rows, before any is read.

use super::super::arrow::cells::instant;
use super::super::arrow::columns::Way;
use super::super::arrow::type_at;
use super::super::rows::{Cells, Expr};
use super::super::values::Scalar;
use super::super::worker::Spread;
use super::File;
use crate::data::Between;
use arrow_schema::{DataType, TimeUnit};
use parquet::file::statistics::Statistics;

/// Of each slot, as far as the file says: the least value, the greatest, and whether some row may have none.
pub struct Ends<'f> {
    least: Bound<'f>,
    greatest: Bound<'f>,
    absent: Vec<bool>,
}

/// By slot.
struct Bound<'f>(Vec<Option<Scalar<'f>>>);

impl<'f> Ends<'f> {
    pub fn new(file: &'f File, group: usize, ways: &[Option<Way>]) -> Ends<'f> {
        let group = file.metadata.metadata().row_group(group);
        let of = |way: &Way| {
            let mut leaves = group.columns().iter().filter(|c| c.column_path().parts() == way);
            let statistics = leaves.next()?.statistics()?;
            if leaves.next().is_some() {
                return None;
            }
            let (least, greatest) = ends(type_at(file.schema(), way)?, statistics)?;
            // Without the count, there may be some.
            Some((least, greatest, statistics.null_count_opt() != Some(0)))
        };
        let mut ends = Ends { least: Bound(Vec::new()), greatest: Bound(Vec::new()), absent: Vec::new() };
        for way in ways {
            let (least, greatest, absent) = match way.as_ref().and_then(of) {
                Some((least, greatest, absent)) => (Some(least), Some(greatest), absent),
                None => (None, None, true),
            };
            ends.least.0.push(least);
            ends.greatest.0.push(greatest);
            ends.absent.push(absent);
        }
        ends
    }
}

fn ends<'f>(ty: &DataType, statistics: &'f Statistics) -> Option<(Scalar<'f>, Scalar<'f>)> {
    let whole = |n: &i64| match ty {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Some(Scalar::Whole(*n)),
        DataType::Date32 => i32::try_from(*n).ok().map(Scalar::Date),
        // Read as a date, one without a zone fits only at midnight, and those between two midnights need not be.
        DataType::Timestamp(unit, Some(_)) => {
            let nanos = match unit {
                TimeUnit::Second => 1_000_000_000,
                TimeUnit::Millisecond => 1_000_000,
                TimeUnit::Microsecond => 1_000,
                TimeUnit::Nanosecond => 1,
            };
            Some(instant(i128::from(*n) * nanos, true))
        }
        _ => None,
    };
    Some(match statistics {
        Statistics::Int32(of) => (whole(&i64::from(*of.min_opt()?))?, whole(&i64::from(*of.max_opt()?))?),
        Statistics::Int64(of) => (whole(of.min_opt()?)?, whole(of.max_opt()?)?),
        Statistics::Boolean(of) => (Scalar::Bool(*of.min_opt()?), Scalar::Bool(*of.max_opt()?)),
        // Old files order texts by signed bytes. A text that was cut off is still a bound.
        Statistics::ByteArray(of) if matches!(ty, DataType::Utf8View) && !statistics.is_min_max_deprecated() => {
            let (least, greatest) = (of.min_opt()?.as_utf8().ok()?, of.max_opt()?.as_utf8().ok()?);
            (Scalar::Cell(least), Scalar::Cell(greatest))
        }
        // Floats that are no numbers are left out of their statistics.
        _ => return None,
    })
}

impl Cells for Bound<'_> {
    fn get(&self, _item: bool, slot: u32) -> Scalar<'_> {
        self.0.get(slot as usize).and_then(Option::as_ref).map_or(Scalar::Absent, Scalar::borrowed)
    }
}

impl Spread for Ends<'_> {
    fn texts(&self, slot: u32) -> Option<(&str, &str)> {
        match (self.least.0.get(slot as usize)?, self.greatest.0.get(slot as usize)?) {
            (Some(Scalar::Cell(least)), Some(Scalar::Cell(greatest))) => Some((least, greatest)),
            _ => None,
        }
    }

    fn between(&self, expr: &Expr) -> Option<Between<'_>> {
        let slot = expr.plain()? as usize;
        match (self.least.0.get(slot)?.as_ref()?, self.greatest.0.get(slot)?.as_ref()?) {
            // A number, date or word in a text does not lie where the text does: "150" is between "10" and "20".
            (Scalar::Cell(least), Scalar::Cell(greatest)) if least != greatest => return None,
            _ => {}
        }
        Some(Between { least: expr.seen(&self.least), greatest: expr.seen(&self.greatest), absent: self.absent[slot] })
    }
}
