//! Saved plans whose digests are right and whose bytes are anything: who can write a file can work digests out.

use super::beside::changed;
use super::records;
use bylaws::internals::plan::saved::{self, Roles};
use bylaws::internals::report;
use bylaws::{FileId, MemoryFiles, Plan, PolicySet};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The parts of a saved plan, as one who can work out digests would change them.
pub fn forged_plan(bytes: &[u8]) {
    judges(&forged(|parts| *parts = changed(parts, bytes)));
}

/// A plan of which parts were changed for others like them, as one would who knows how plans are made. Two bytes say where, two
/// what stands there instead, and one how; and so on.
pub fn grafted_plan(bytes: &[u8]) {
    if let Some(plan) = grafted(bytes) {
        judges(&plan);
    }
}

/// None where it is no plan at all.
pub fn grafted(bytes: &[u8]) -> Option<Vec<u8>> {
    let Parts { tree, places, alike } = parts();
    let mut tree = tree.clone();
    for step in bytes.chunks_exact(5).take(8) {
        let number = |at: usize| usize::from(step[at]) << 8 | usize::from(step[at + 1]);
        let place = &places[number(0) % places.len()];
        let Some(shape) = tree.pointer(place).map(shape) else { continue };
        let like = alike.get(&shape).map_or(place, |like| &like[number(2) % like.len()]);
        let other = tree.pointer(like).cloned().unwrap_or_default();
        let any = tree.pointer(&places[number(2) % places.len()]).cloned().unwrap_or_default();
        let Some(part) = tree.pointer_mut(place) else { continue };
        match (&mut *part, step[4] % 6) {
            (Value::Number(n), 0..=3) => {
                let n = n.as_i64().unwrap_or_default();
                *part = [0, n.wrapping_add(1), n.wrapping_sub(1), 0xffff_ffff][usize::from(step[4] % 6)].into();
            }
            (Value::Bool(yes), _) => *yes = !*yes,
            (Value::Array(all), 0) => drop(all.pop()),
            (Value::Array(all), 1) => all.clear(),
            (Value::Array(all), 2) => all.extend(all.last().cloned()),
            (Value::Array(all), 3) => all.reverse(),
            (_, 5) => *part = any,
            _ => *part = other,
        }
    }
    let plan = serde_json::from_value::<Plan>(tree).ok()?;
    let sources = policies().sources().clone();
    let roles = Roles { files: vec![FileId(0)], set: Vec::new() };
    Some(saved::save(&sources, &roles, &[], &plan).expect("it can be written"))
}

struct Parts {
    tree: Value,
    /// Of each part.
    places: Vec<String>,
    /// Of those of one shape.
    alike: BTreeMap<String, Vec<String>>,
}

fn parts() -> &'static Parts {
    static PARTS: OnceLock<Parts> = OnceLock::new();
    PARTS.get_or_init(|| {
        let mut policies = policies();
        let tree = policies.check(&[]).compile().map(|plan| serde_json::to_value(plan).expect("it can be written"));
        let tree = tree.expect("the policy is right");
        let (mut places, mut alike) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
        let mut open = vec![(String::new(), &tree)];
        while let Some((place, part)) = open.pop() {
            match part {
                Value::Array(all) => open.extend(all.iter().enumerate().map(|(i, of)| (format!("{place}/{i}"), of))),
                Value::Object(all) => open.extend(all.iter().map(|(name, of)| (format!("{place}/{name}"), of))),
                _ => {}
            }
            alike.entry(shape(part)).or_default().push(place.clone());
            places.push(place);
        }
        Parts { tree, places, alike }
    })
}

/// What it has in common with others that may stand in its place.
fn shape(part: &Value) -> String {
    match part {
        Value::Null => "nothing".into(),
        Value::Bool(_) => "truth".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(all) => format!("list of {}", all.first().map(shape).unwrap_or_default()),
        // Of an enum.
        Value::Object(all) if all.len() == 1 => "variant".into(),
        Value::Object(all) => all.keys().cloned().collect::<Vec<_>>().join(" "),
    }
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
        let mut policies = policies();
        let checked = policies.check(&[("cap".to_owned(), "55 EUR".to_owned())]);
        checked.save(policies.sources()).expect("the policy is right")
    })
}

fn policies() -> PolicySet {
    let files = MemoryFiles::from_iter([("p.bylaw", include_str!("every.bylaw"))]);
    PolicySet::load(&files, &["p.bylaw"]).expect("the file is there")
}
