//! What an audit read and what it came to, in hashes.

use super::plain;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) const SCHEMA: &str = "bylaws.receipt/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receipt {
    pub schema: String,
    /// Of `bylaws`.
    pub version: String,
    pub options: Options,
    /// The bundle or compiled set that the policy was in, and by whom it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Origin>,
    /// The fingerprint of the key by which people are called in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<String>,
    /// Texts, without a byte order mark, sorted by name.
    pub policy: Vec<Hashed>,
    /// As they are on the disk, sorted by name.
    pub records: Vec<Hashed>,
    pub counts: BTreeMap<String, u64>,
    /// SHA-256 over a line for each finding and other verdict but compliant: its id, a space, the verdict; sorted.
    pub verdicts: String,
    /// The ledger that they were added to, and where it stood then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Standing>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hashed {
    pub file: String,
    pub bytes: u64,
    pub sha256: String,
}

/// What of the command line decides what comes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    pub policy: Vec<String>,
    pub plan: Option<PathBuf>,
    pub set: BTreeMap<String, String>,
    pub records: Vec<String>,
    pub as_of: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limit: BTreeMap<String, String>,
}

/// The one file that a policy set was in, as it is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    pub file: String,
    pub bytes: u64,
    pub sha256: String,
    /// The public key by which it was signed, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// Where a ledger stood at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    pub file: String,
    pub entries: u64,
    pub head: String,
}

/// A receipt, as it was written.
///
/// # Errors
/// Why the text is none, or none of this version.
pub(crate) fn read(text: &str) -> Result<Receipt, String> {
    let receipt: Receipt = serde_json::from_str(text).map_err(|why| format!("is not a receipt: {why}"))?;
    if receipt.schema != SCHEMA {
        return Err(format!("is of the schema `{}`; this version reads `{SCHEMA}`", receipt.schema));
    }
    let files = receipt.policy.iter().chain(&receipt.records).map(|of| (&of.file, &of.sha256));
    let from = receipt.from.iter().map(|of| (&of.file, &of.sha256));
    let ledger = receipt.ledger.iter().map(|of| (&of.file, &of.head));
    for (file, digest) in files.chain(from).chain(ledger) {
        if !is_digest(digest) {
            return Err(format!("is not a receipt: what stands there as the SHA-256 of `{file}` is none"));
        }
    }
    match is_digest(&receipt.verdicts) {
        true => Ok(receipt),
        false => Err("is not a receipt: what stands there as the SHA-256 of its verdicts is none".into()),
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// What is not the same, a line each.
pub(crate) fn differences(then: &Receipt, now: &Receipt) -> Vec<String> {
    let mut told = Vec::new();
    if then.version != now.version {
        told.push(format!("it was bylaws {}, this is {}", then.version, now.version));
    }
    for (what, then, now) in [("policy", &then.policy, &now.policy), ("records", &then.records, &now.records)] {
        let of = |all: &[Hashed], name: &str| all.iter().find(|h| h.file == name).cloned();
        for file in then {
            match of(now, &file.file) {
                None => told.push(format!("{what}: {} is not there", file.file)),
                Some(is) if is != *file => {
                    told.push(changed(what, &file.file, &file.sha256, &is.sha256));
                }
                Some(_) => {}
            }
        }
        let new = now.iter().filter(|h| of(then, &h.file).is_none());
        told.extend(new.map(|h| format!("{what}: {} was not there", h.file)));
    }
    if let (Some(then), Some(now)) = (&then.from, &now.from) {
        if then.sha256 != now.sha256 {
            told.push(changed("policy", &then.file, &then.sha256, &now.sha256));
        }
        if let (Some(was), Some(is)) = (&then.signer, &now.signer)
            && was != is
        {
            told.push(format!("policy: {} was signed by {was}, and is by {is}", then.file));
        }
    }
    for (name, n) in &now.counts {
        let was = then.counts.get(name).copied().unwrap_or_default();
        if was != *n {
            told.push(format!("{name}: was {was}, is {n}"));
        }
    }
    if then.verdicts != now.verdicts {
        told.push("the verdicts are others".into());
    }
    // What a receipt says may come from anybody.
    told.iter().map(|line| plain(line)).collect()
}

fn changed(what: &str, file: &str, was: &str, is: &str) -> String {
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    format!("{what}: {file} has changed (SHA-256 {}…, now {}…)", short(was), short(is))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(sha256: &str) -> String {
        let zeros = "0".repeat(64);
        format!(
            r#"{{"schema":"bylaws.receipt/1","version":"1","options":{{"policy":["p.bylaw"],"plan":null,"set":{{}},
            "records":[],"as_of":null}},"policy":[{{"file":"p\u001b[31m","bytes":1,"sha256":"{sha256}"}}],"records":[],
            "counts":{{}},"verdicts":"{zeros}"}}"#
        )
    }

    #[test]
    fn what_is_no_digest_is_no_receipt() {
        for none in ["elf Zeichené", "", &"0".repeat(63), &"F".repeat(64), &"\\u001b".repeat(64)] {
            let why = read(&text(none)).unwrap_err();
            assert!(why.contains("SHA-256 of `p"), "{none}: {why}");
        }
        assert!(read(&text("none").replace("receipt/1", "receipt/2")).unwrap_err().contains("this version reads"));
    }

    #[test]
    fn what_differs_is_told_without_what_a_terminal_would_do() {
        let (then, now) = (read(&text(&"0".repeat(64))).unwrap(), read(&text(&"1".repeat(64))).unwrap());
        assert_eq!(differences(&then, &then), [""; 0]);
        assert_eq!(
            differences(&then, &now),
            ["policy: p\u{241b}[31m has changed (SHA-256 000000000000…, now 111111111111…)"]
        );
    }
}
