//! What has to hold of whatever comes in: a body for each fuzz target. `fuzz/targets` runs them under libFuzzer, and
//! `tests/fuzz.rs` on the corpus.

mod beside;
mod compare;
pub mod forged;
mod grafts;
mod layout;
mod policy;
mod random;
mod records;
mod trust;
mod values;

/// Takes any bytes; what does not hold is a panic.
pub type Body = fn(&[u8]);

/// By name: that of the target, and of its folder in `fuzz/corpus`.
pub const TARGETS: &[(&str, Body)] = &[
    ("baseline", beside::baseline),
    ("bundle", beside::bundle),
    ("catalogue", beside::catalogue),
    ("changes", grafts::changes),
    ("compressed", records::compressed),
    ("condition", records::condition),
    ("csv", records::csv),
    ("draft", records::draft),
    ("earlier", trust::earlier),
    ("editor", beside::editor),
    ("edits", layout::edits),
    ("engine", random::engine),
    ("forged_plan", forged::forged_plan),
    ("format", layout::format),
    ("grafted_plan", forged::grafted_plan),
    ("grafts", grafts::grafts),
    ("json", records::json),
    ("ledger", beside::ledger),
    ("mapping", records::mapping),
    ("metrics", random::metrics),
    ("ndjson", records::ndjson),
    ("parquet", records::parquet),
    ("pattern", records::pattern),
    ("policy", policy::policy),
    ("receipt", beside::receipt),
    ("saved_plan", beside::saved_plan),
    ("settings", beside::settings),
    ("signature", trust::signature),
    ("solver", trust::solver),
    ("state", beside::state),
    ("tests", records::tests),
    ("values", values::values),
    ("well_typed", random::well_typed),
    ("words", grafts::words),
];

/// The body of a target.
///
/// # Panics
/// Where there is no such target.
pub fn body(name: &str) -> Body {
    TARGETS.iter().find(|(own, _)| *own == name).unwrap_or_else(|| panic!("no target `{name}`")).1
}
