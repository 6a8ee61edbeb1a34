//! Rows that are let go of which a hash and the time are all that goes on.

use super::*;
use crate::data::{Brief, LetGo, Seen, Sieve};

/// Keeps rows with `n` of at least a hundred. A hash is the text's length.
struct Large;

impl Sieve for Large {
    fn columns(&self, _: KindId) -> Option<&[ColumnId]> {
        Some(&[ColumnId(2)])
    }

    fn rest(&self, _: KindId) -> Arc<[ColumnId]> {
        [ColumnId(0), ColumnId(1)].into()
    }

    fn brief(&self, _: KindId) -> Option<Brief> {
        Some(Brief { identity: ColumnId(0), time: Some(ColumnId(1)) })
    }

    fn hash(&self, _: KindId, identity: &str) -> u64 {
        identity.len() as u64
    }

    fn keeps_any<'v>(&self, _: KindId, _: &mut dyn FnMut(usize) -> Option<crate::data::Between<'v>>) -> bool {
        true
    }

    fn keeps<'v>(&self, _: KindId, _: &mut Vec<u128>, value: &mut dyn FnMut(usize) -> Seen<'v>) -> bool {
        !matches!(value(0), Seen::Int(n) if n < 100)
    }
}

#[test]
fn what_is_plain_goes_in_brief_and_all_else_as_rows() {
    let reading = reading(vec![kind("act", &[("id", Type::Text), ("time", Type::Timestamp), ("n", Type::Int)])]);
    let lines = [
        r#"{"id":"a","time":"2026-01-02T00:00:01Z","n":1}"#,
        r#"{"id":"bb","time":"2026-01-01T00:00:02Z","n":2}"#,
        r#"{"id":"ccc","time":"2026-01-03T00:00:03+01:00","n":3}"#,
        // Kept, and those of which more has to be looked at.
        r#"{"id":"kept","time":"2026-01-04T00:00:00Z","n":100}"#,
        r#"{"id":"\u0064\u0064","time":"2026-01-05T00:00:00Z","n":4}"#,
        r#"{"id":"eeeee","time":"tomorrow","n":5}"#,
        r#"{"id":"ffffff","n":6}"#,
        r#"{"time":"2026-01-06T00:00:00Z","n":7}"#,
    ];
    let text = lines.join("\n");
    let (batches, all) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let sink = Sink { batch: &|b| batches.lock().unwrap().push(b), reject: &|r| panic!("{r:?}"), advance: &|_| {} };
    let rest = |rows| all.lock().unwrap().push(rows);
    let sift = Some(Sift { sieve: &Large, rest: &rest });
    let options = Options { threads: 1, chunk_bytes: 1 << 20 };
    let spec = spec("x.ndjson", Route::Kind(KindId(0)));
    let report = Ingest::new(&reading).sift(&spec, Input::Bytes(text.as_bytes()), options, sink, sift).unwrap();
    assert_eq!((report.records[&KindId(0)], report.malformed), (8, 1));

    let kept = batches.into_inner().unwrap();
    assert_eq!(kept.iter().map(|b| b.places.iter().map(|p| p.line).collect()).collect::<Vec<Vec<u64>>>(), [[4]]);
    let (mut gone, mut rows) = (Vec::new(), Vec::new());
    for of in all.into_inner().unwrap() {
        match of {
            LetGo::Brief(brief) => gone.push((brief.identities, brief.times)),
            LetGo::Rows(batch) => rows.extend(batch.places.iter().map(|p| p.line)),
        }
    }
    let at = |text| crate::data::times::timestamp(text, &crate::data::Zone::utc()).unwrap();
    let times = (at("2026-01-01T00:00:02Z"), at("2026-01-02T23:00:03Z"));
    assert_eq!(gone, [(vec![1, 2, 3], Some(times))]);
    assert_eq!(rows, [5, 6, 7, 8]);
}
