//! The fuzz targets' bodies, run on their corpus and on what small changes make of it: the same each time, by any
//! compiler. CONTRIBUTING.md says how to run them for long.

#[allow(dead_code, reason = "other tests use the rest")]
mod agree;
#[path = "../fuzz/bodies/mod.rs"]
mod bodies;
#[allow(dead_code, reason = "other tests use the rest")]
mod random;
#[allow(dead_code, reason = "other tests use the rest")]
mod reference;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// The files of a folder by name, sorted.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<_> =
        entries.map(|e| e.unwrap().path()).map(|p| (name(&p), std::fs::read(&p).unwrap())).collect();
    files.sort();
    files
}

/// So many changed inputs of a target; `BYLAWS_FUZZ_CASES` says another number. Fewer where one takes long.
const CASES: usize = 500;
const SLOW: [&str; 9] =
    ["changes", "engine", "forged_plan", "grafted_plan", "grafts", "metrics", "solver", "well_typed", "words"];

/// Runs a target's body on its corpus, and on changed entries. What fails is told by how it is made again.
fn survives(name: &str) {
    let cases = std::env::var("BYLAWS_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let cases = if SLOW.contains(&name) { cases / 10 } else { cases };
    let body = bodies::body(name);
    let entries = files(&corpus().join(name));
    assert!(!entries.is_empty(), "no corpus");
    for (file, bytes) in &entries {
        run(body, bytes, || format!("fuzz/corpus/{name}/{file}"));
    }
    let mut below = numbers();
    for case in 0..cases {
        let bytes = changed(&entries, &mut below);
        run(body, &bytes, || format!("{name}, case {case}: {}", bytes.escape_ascii()));
    }
}

fn run(body: bodies::Body, bytes: &[u8], what: impl Fn() -> String) {
    let ran = std::panic::catch_unwind(|| body(bytes));
    assert!(ran.is_ok(), "{}", what());
}

/// Numbers below others, the same in each run.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 1u64;
    move |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n.max(1)
    }
}

/// One entry with a few places struck, doubled, replaced, or taken from another entry.
fn changed(entries: &[(String, Vec<u8>)], below: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut bytes = entries[below(entries.len())].1.clone();
    for _ in 0..=below(4) {
        let at = below(bytes.len() + 1);
        let end = (at + below(16)).min(bytes.len());
        match below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(end..end, bytes[at..end].to_vec())),
            2 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << below(8)),
            3 => drop(bytes.splice(at..at, [b"\"{}()[]?.,:-0 9eE\\\n\xff"[below(20)]])),
            4 => bytes.truncate(at),
            _ => {
                let other = &entries[below(entries.len())].1;
                let from = below(other.len() + 1);
                let to = (from + below(40)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                survives(stringify!($name));
            }
        )*

        #[test]
        fn every_target_has_its_test_and_its_corpus() {
            let tested = BTreeSet::from([$(stringify!($name).to_owned()),*]);
            assert_eq!(tested, bodies::TARGETS.iter().map(|(name, _)| name.to_string()).collect());
            let folders = std::fs::read_dir(corpus()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
            assert_eq!(tested, folders.collect());
        }
    };
}

targets! {
    baseline bundle catalogue changes compressed condition csv draft earlier editor edits engine forged_plan format grafted_plan grafts json ledger
    mapping metrics ndjson parquet pattern policy receipt saved_plan settings signature solver state tests values well_typed words
}

/// A corpus that is read and not only kept.
#[test]
fn the_corpus_is_small() {
    let (mut all, mut count) = (0, 0);
    for (name, _) in bodies::TARGETS {
        let entries = files(&corpus().join(name));
        count += entries.len();
        assert!(entries.len() <= 20, "{name}: {} files", entries.len());
        for (file, bytes) in entries {
            assert!(bytes.len() <= 8 << 10, "{name}/{file}: {} bytes", bytes.len());
            all += bytes.len();
        }
    }
    assert!(all <= 500 << 10, "{all} bytes");
    // The pages tell what is so.
    let targets = bodies::TARGETS.len();
    for (page, what, n) in [
        ("reliability.md", "targets", targets),
        ("reliability.md", "files", count),
        ("reliability/fuzzing.md", "files", count),
    ] {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
        let text = std::fs::read_to_string(&page).unwrap();
        let told = regex::Regex::new(&format!(r"\d+ {what}")).unwrap();
        let now = told.replace(&text, format!("{n} {what}"));
        if std::env::var_os("BYLAWS_UPDATE").is_some() {
            std::fs::write(page, &*now).unwrap();
        } else {
            assert_eq!(text, now, "BYLAWS_UPDATE=1 cargo test --test fuzz the_corpus");
        }
    }
}

/// So many changes of a plan; `BYLAWS_FUZZ_CASES` says another number.
const FORGED: usize = 1_000;

/// Bytes of a plan one by one, changed in each way in turn, by one who works the digests out: what can still be loaded
/// judges records.
#[test]
fn whatever_is_forged_is_an_error_or_a_plan() {
    assert!(bodies::forged::judges(&bodies::forged::forged(|_| ())));
    let ways: [fn(u8) -> u8; 8] =
        [|_| 0, |_| 0xff, |b| b ^ 1, |b| b.wrapping_add(1), |b| b ^ 0x80, |b| b.wrapping_sub(1), |b| b ^ 4, |_| 1];
    let cases = std::env::var("BYLAWS_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(FORGED);
    let plan = bodies::forged::plan_part();
    let step = (plan.len() * ways.len()).div_ceil(cases).max(1);
    let mut loaded = 0;
    for case in (0..plan.len() * ways.len()).step_by(step) {
        let (at, way) = (plan.start + case / ways.len(), ways[case % ways.len()]);
        let forged = bodies::forged::forged(|parts| parts[at] = way(parts[at]));
        let ran = std::panic::catch_unwind(|| bodies::forged::judges(&forged));
        loaded += usize::from(ran.unwrap_or_else(|_| panic!("byte {at} of the parts, way {}", case % ways.len())));
    }
    assert!(loaded > cases / 20, "of {cases} only {loaded} could be loaded");
}

/// What the decoder panics of is told to people as what is wrong with the file, and nothing else.
#[test]
#[cfg(feature = "parquet")]
fn a_damaged_file_is_an_error_and_no_panic() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("damaged.parquet");
    std::fs::copy(root.join("fuzz/corpus/parquet/indices_too_wide"), &records).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("bylaws").unwrap();
    command.arg("audit").arg("--policy").arg(root.join("fuzz/bodies/records.bylaw"));
    let output = command.arg(format!("entry={}", records.display())).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("is not a sound Parquet file") && !told.contains("panicked"), "{told}");
}
