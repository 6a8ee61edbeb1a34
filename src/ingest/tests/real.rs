//! Records that nobody here wrote, where their folder is there.

use super::*;
use crate::data::Decimal;

/// The file's bytes; without it, a notice.
fn file(name: &str) -> Option<Vec<u8>> {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("BYLAWS_DATA").map_or(manifest.join("../shared/data"), Into::into);
    let bytes = std::fs::read(folder.join(name)).ok();
    if bytes.is_none() {
        eprintln!("skipped: {name} is not in {}", folder.display());
    }
    bytes
}

fn gifts(id: &str, value: &str, format: Format) -> Reading {
    let mut reading = reading(vec![kind("gift", &[("id", Type::Int), ("value", Type::Money)])]);
    let pounds = read_as(at(value), How::Currency(Currency::parse("GBP").unwrap()));
    reading.sources = vec![source(&reading, "gift", format, &[("id", at(id)), ("value", pounds)])];
    reading
}

fn total(outcome: &Outcome) -> Decimal {
    let amounts = outcome.rows.iter().map(|r| Decimal::parse(r.2[1].trim_end_matches(" GBP")).unwrap());
    amounts.fold(Decimal::ZERO, |sum, n| sum.checked_add(n).unwrap())
}

fn gifts_of(name: &str, id: &str, value: &str, format: Format) -> Option<Vec<String>> {
    let bytes = file(name)?;
    let outcome = run(&gifts(id, value, format), name, Route::Sources(vec![0]), &bytes).unwrap();
    assert_eq!((outcome.rows.len(), outcome.rejects.len(), outcome.defects.len()), (665, 0, 0));
    assert_eq!(total(&outcome).to_string(), "720937.78");
    let mut cells = outcome.cells();
    cells.sort();
    Some(cells)
}

#[test]
fn the_register_adds_up() {
    gifts_of("uk_mps_register/category_3.csv", "ID", "Value", Format::Csv);
}

#[test]
fn the_workspace_log_has_its_known_facts() {
    let Some(bytes) = file("google_workspace/gws.ndjson") else { return };
    let mut reading = reading(vec![
        kind("activity", &[("id", Type::Text), ("time", Type::Timestamp)]),
        kind("event", &[("id", Type::Text), ("name", Type::Text)]),
    ]);
    let activities =
        source(&reading, "activity", Format::Ndjson, &[("id", at("id.uniqueQualifier")), ("time", at("id.time"))]);
    let mut events =
        source(&reading, "event", Format::Ndjson, &[("id", at("id.uniqueQualifier")), ("name", at("item.name"))]);
    events.each = Some(path("events[]"));
    events.filter = Some(Cond::In(path("item.name"), vec![Value::Text("email_forwarding_out_of_domain".into())]));
    reading.sources = vec![activities, events];
    let outcome = run(&reading, "gws.ndjson", Route::Sources(vec![0, 1]), &bytes).unwrap();
    assert_eq!(outcome.report.records, [(KindId(0), 325), (KindId(1), 6)].into());
    assert_eq!((outcome.rejects.len(), outcome.defects.len()), (0, 0));
}

#[cfg(feature = "parquet")]
mod parquet_too {
    use super::*;

    #[test]
    fn the_register_adds_up_in_parquet() {
        let csv = gifts_of("uk_mps_register/category_3.csv", "ID", "Value", Format::Csv);
        let parquet = gifts_of("uk_mps_register/category_3.parquet", "id", "value", Format::Parquet);
        assert_eq!(csv, parquet);
    }
}
