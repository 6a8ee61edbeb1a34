//! Saved plans whose digests are right and whose bytes are anything: who can write a file can work digests out.

use super::beside::changed;
use super::records;
use bylaws::internals::plan::saved;
use bylaws::internals::report;
use bylaws::{MemoryFiles, Plan, PolicySet};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// The parts of a saved plan, as one who can work out digests would change them.
pub fn forged_plan(bytes: &[u8]) {
    judges(&forged(|parts| *parts = changed(parts, bytes)));
}

/// What can be loaded is used: records are judged by it, and each verdict explained. Whether it could be loaded.
pub fn judges(plan: &[u8]) -> bool {
    let loaded = match saved::load(plan) {
        Ok(loaded) => loaded,
        Err(why) => {
            assert!(!why.to_string().is_empty());
            return false;
        }
    };
    if let Ok(hir) = loaded.hir() {
        assert_eq!(Plan::compile(&hir), *loaded.plan);
    }
    report::diagnostics(&loaded.sources, &loaded.warnings);
    for span in records::judged(&loaded.plan, include_bytes!("every.ndjson")) {
        let (line, column) = loaded.sources.line_col(span);
        assert!(line > 0 && column > 0 && loaded.sources.text(span).len() == span.range().len());
    }
    true
}

/// A plan of everything, with other parts and the digest of these.
pub fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let whole = plan();
    let mut parts = whole[front() + PARTS * LENGTH..whole.len() - DIGEST].to_vec();
    change(&mut parts);
    let mut forged = whole[..front()].to_vec();
    let texts = length(0).min(parts.len());
    for length in [texts, parts.len() - texts] {
        forged.extend((length as u64).to_le_bytes());
    }
    forged.extend(parts);
    forged.extend(Sha256::digest(&forged));
    forged
}

const PARTS: usize = 2;
const LENGTH: usize = 8;
const DIGEST: usize = 32;

/// What stands before the lengths of the parts.
fn front() -> usize {
    16 + 4 + 1 + usize::from(plan()[20])
}

/// Of a part.
fn length(part: usize) -> usize {
    let bytes = &plan()[front() + part * LENGTH..][..LENGTH];
    bytes.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b))
}

/// Where among the parts the plan itself lies.
pub fn plan_part() -> std::ops::Range<usize> {
    length(0)..length(0) + length(1)
}

fn plan() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let files = MemoryFiles::from_iter([("p.bylaw", include_str!("every.bylaw"))]);
        let mut policies = PolicySet::load(&files, &["p.bylaw"]).expect("the file is there");
        let checked = policies.check(&[("cap".to_owned(), "55 EUR".to_owned())]);
        checked.save(policies.sources()).expect("the policy is right")
    })
}
