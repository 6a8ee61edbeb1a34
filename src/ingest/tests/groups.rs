//! Row groups of Parquet whose statistics tell that no row is anything to a rule.

use super::*;
use crate::data::{Batch, Between, LetGo, Seen, Sieve};
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps rows with `n` of at least a hundred, or with none.
struct Large;

impl Sieve for Large {
    fn columns(&self, _: KindId) -> Option<&[ColumnId]> {
        Some(&[ColumnId(1)])
    }

    fn rest(&self, _: KindId) -> Arc<[ColumnId]> {
        [ColumnId(0)].into()
    }

    fn keeps_any<'v>(&self, _: KindId, value: &mut dyn FnMut(usize) -> Option<Between<'v>>) -> bool {
        !matches!(value(0), Some(Between { greatest: Seen::Int(most), absent: false, .. }) if most < 100)
    }

    fn keeps<'v>(&self, _: KindId, _: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool {
        !matches!(value(0), Seen::Int(n) if n < 100)
    }
}

/// Keeps rows of which `n` is no time.
struct Dated;

impl Sieve for Dated {
    fn columns(&self, kind: KindId) -> Option<&[ColumnId]> {
        Large.columns(kind)
    }

    fn rest(&self, kind: KindId) -> Arc<[ColumnId]> {
        Large.rest(kind)
    }

    fn keeps_any<'v>(&self, _: KindId, value: &mut dyn FnMut(usize) -> Option<Between<'v>>) -> bool {
        !matches!(value(0), Some(Between { least: Seen::Time, greatest: Seen::Time, absent: false }))
    }

    fn keeps<'v>(&self, _: KindId, _: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool {
        value(0) != Seen::Time
    }
}

/// Says how much was read of it.
struct Counted(Vec<u8>, AtomicU64);

impl ReadAt for Counted {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let from = &self.0[(offset as usize).min(self.0.len())..];
        let got = from.len().min(buffer.len());
        buffer[..got].copy_from_slice(&from[..got]);
        self.1.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

/// A thousand rows a group; `n` of each, where it has one.
fn file(n: impl Fn(i64) -> Option<i64>, groups: i64, word: impl Fn(i64) -> &'static str) -> Vec<u8> {
    let rows = 0..groups * 1000;
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(rows.clone().map(|i| Some(format!("R{i}"))).collect::<StringArray>())),
        ("n", Arc::new(rows.clone().map(n).collect::<Int64Array>())),
        ("word", Arc::new(rows.clone().map(|i| Some(word(i))).collect::<StringArray>())),
        ("ok", Arc::new(rows.clone().map(|_| Some(true)).collect::<BooleanArray>())),
        ("time", Arc::new(TimestampMicrosecondArray::from_iter_values(rows).with_timezone("UTC"))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(1000)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

struct Sifted {
    kept: Vec<Vec<String>>,
    rest: Vec<Vec<String>>,
    defects: usize,
    report: InputReport,
    bytes: u64,
}

fn sifted(reading: &Reading, route: Route, bytes: Vec<u8>) -> Sifted {
    let found = sifted_by(&Large, reading, route, bytes);
    assert_eq!(found.defects, 0);
    found
}

fn sifted_by(sieve: &dyn Sieve, reading: &Reading, route: Route, bytes: Vec<u8>) -> Sifted {
    let of = Arc::new(Counted(bytes, AtomicU64::new(0)));
    let (batches, rests) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let sink = Sink { batch: &|b| batches.lock().unwrap().push(b), reject: &|r| panic!("{r:?}"), advance: &|_| {} };
    let rest = |rows| match rows {
        LetGo::Rows(batch) => rests.lock().unwrap().push(batch),
        LetGo::Brief(gone) => panic!("{gone:?}"),
    };
    let sift = Some(Sift { sieve, rest: &rest });
    let options = Options { threads: 2, chunk_bytes: 1 << 20 };
    let report =
        Ingest::new(reading).sift(&spec("x.parquet", route), Input::At(of.clone()), options, sink, sift).unwrap();
    let mut defects = 0;
    let mut rows = |batches: Mutex<Vec<Batch>>| {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for batch in batches.into_inner().unwrap() {
            defects += batch.defects.len();
            rows.extend((0..batch.places.len()).map(|row| batch.columns.iter().map(|c| cell(c, row)).collect()));
        }
        rows.sort();
        rows
    };
    let (kept, rest) = (rows(batches), rows(rests));
    Sifted { kept, rest, defects, report, bytes: of.1.load(Ordering::Relaxed) }
}

fn kinds() -> Reading {
    reading(vec![kind("act", &[("id", Type::Text), ("n?", Type::Int), ("word", Type::Text)])])
}

/// Bytes of a column in the file, compressed.
fn size_of(bytes: &[u8], column: usize) -> u64 {
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes.to_vec())).unwrap();
    file.metadata().row_groups().iter().map(|g| g.column(column).compressed_size() as u64).sum()
}

#[test]
fn only_what_is_needed_of_a_group_is_read() {
    // Of ten groups one has a large `n`, one a row without any.
    let n = |i: i64| match i {
        3_456 => Some(100),
        7_000 => None,
        _ => Some(99 - i * 7_919 * 104_729 % 1_000_000_007),
    };
    let bytes = file(n, 10, |_| "same");
    let (ids, numbers) = (size_of(&bytes, 0), size_of(&bytes, 1));
    // The format is told from the first 64 KiB; then the footer, and the heads of pages.
    let beside = (64 << 10) + 30_000;
    let found = sifted(&kinds(), Route::Kind(KindId(0)), bytes);
    assert_eq!(found.kept, [["R3456", "100", "same"], ["R7000", "-", "same"]]);
    assert_eq!(found.rest.len(), 9_998);
    assert!(found.rest.iter().all(|r| r.len() == 1));
    assert_eq!(found.report.records[&KindId(0)], 10_000);
    // All that says which record a row is, and a fifth of the rest; nothing of what no rule reads.
    assert!(numbers > 60_000 && found.bytes < ids + numbers / 5 + beside, "{} of {ids} and {numbers}", found.bytes);
}

#[test]
fn groups_that_no_source_takes_are_counted() {
    let mut reading = kinds();
    let map = [("id", at("id")), ("n", at("n"))];
    let filter = Some(Cond::In(path("word"), vec![Value::Text("taken".into())]));
    reading.sources = vec![Source { filter, ..source(&reading, "act", Format::Parquet, &map) }];
    // The words of the first group are all smaller, those of the last all greater; of the others it is the least or the
    // greatest.
    let words = |i: i64| match i / 1000 {
        0 => ["apple", "plum"][i as usize % 2],
        1 => ["taken", "zinc"][i as usize % 2],
        2 => ["plum", "taken"][i as usize % 2],
        _ => "zinc",
    };
    let bytes = file(|_| Some(1_000), 4, words);
    let (ids, beside) = (size_of(&bytes, 0), (64 << 10) + 30_000);
    let found = sifted(&reading, Route::Sources(vec![0]), bytes);
    assert_eq!(found.kept.len(), 1_000);
    assert_eq!((found.report.records[&KindId(0)], found.report.unclaimed), (1_000, 3_000));
    assert!(found.bytes < ids / 4 + beside, "{} of {ids}", found.bytes);
}

/// Texts lie between in the order of texts: "150" between "10" and "20".
#[test]
fn numbers_in_texts_are_looked_at_one_by_one() {
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(StringArray::from(vec!["A", "B", "C"]))),
        ("n", Arc::new(StringArray::from(vec!["10", "150", "20"]))),
        ("word", Arc::new(StringArray::from(vec!["x", "x", "x"]))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let found = sifted(&kinds(), Route::Kind(KindId(0)), writer.into_inner().unwrap());
    assert_eq!(found.kept, [["B", "150", "x"]]);
}

/// Between two midnights are moments that are no dates.
#[test]
fn moments_for_dates_are_looked_at_one_by_one() {
    let reading = reading(vec![kind("act", &[("id", Type::Text), ("n", Type::Date), ("word", Type::Text)])]);
    let hours = TimestampMicrosecondArray::from_iter_values([0, 9, 24].map(|hour: i64| hour * 3_600_000_000));
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(StringArray::from(vec!["A", "B", "C"]))),
        ("n", Arc::new(hours)),
        ("word", Arc::new(StringArray::from(vec!["x", "x", "x"]))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let found = sifted_by(&Dated, &reading, Route::Kind(KindId(0)), writer.into_inner().unwrap());
    assert_eq!((found.kept, found.defects), (vec![vec!["B".into(), "-".into(), "x".into()]], 1));
}

/// Of a kind that no rule reads the records are counted all the same: those that the source takes.
#[test]
fn what_is_only_counted_is_told_apart_too() {
    let mut reading = kinds();
    reading.projections = vec![None];
    let filter = Some(Cond::In(path("word"), vec![Value::Text("taken".into())]));
    reading.sources = vec![Source { filter, ..source(&reading, "act", Format::Parquet, &[("id", at("id"))]) }];
    let bytes = file(Some, 2, |i| ["taken", "other"][i as usize % 2]);
    let outcome = run(&reading, "x.parquet", Route::Sources(vec![0]), &bytes).unwrap();
    assert_eq!((outcome.report.records[&KindId(0)], outcome.report.unclaimed), (1_000, 1_000));
}
