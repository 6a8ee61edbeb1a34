//! What an audit read and what it came to, in hashes: written with `--receipt`, held against a second run by
//! `bylaws verify`.

use super::disk::plain_io_error;
use super::given::{Given, Rules};
use super::judged;
use super::ledger;
use super::people::Naming;
use super::records::Inputs;
use super::{Exit, Failure, Style, output};
use crate::data::{Verdict, identity};
use crate::eval::Findings;
use crate::report::receipt::{self, Hashed, Receipt, SCHEMA, Standing, differences};
use crate::report::summary::Summary;
use crate::report::{plain, plural};
use clap::Args;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "\
A receipt is what `bylaws audit --receipt FILE` writes. From the folder in which that ran, the policy
and the records are hashed and judged again, and every difference is told.

Example:
  bylaws audit --policy policies/ log.ndjson --as-of 2026-03-31 --receipt q1.receipt.json
  bylaws verify q1.receipt.json

Exit codes: 0 the same, 1 something differs, 2 the receipt, the policy or the records cannot be read.")]
pub(super) struct VerifyArgs {
    /// The receipt
    #[arg(value_name = "FILE")]
    receipt: PathBuf,
    /// Refuse a policy that the holder of this key did not sign [default: the key that the receipt names]
    #[arg(long = "require-signature", value_name = "KEY", num_args = 1)]
    keys: Vec<String>,
    #[command(flatten)]
    naming: Naming,
}

/// What a run read and came to.
pub(super) struct Run<'a> {
    pub inputs: &'a Inputs,
    pub findings: &'a Findings,
    pub summary: &'a Summary,
}

impl Receipt {
    pub(super) fn of(given: &Given, rules: &Rules, run: &Run<'_>) -> Result<Receipt, Failure> {
        if given.records.iter().any(|r| r == "-") {
            return Err(Failure::new(
                "a receipt is for records that can be read again, which standard input cannot be",
            )
            .help("write them to a file first"));
        }
        without_names(given, run.inputs)?;
        let mut policy: Vec<Hashed> = rules
            .sources()
            .files()
            .map(|(_, file)| Hashed {
                file: file.name.clone(),
                bytes: file.text.len() as u64,
                sha256: hex(Sha256::digest(file.text.as_bytes()).as_slice()),
            })
            .collect();
        policy.sort_by(|a, b| a.file.cmp(&b.file));
        let records: Result<Vec<Hashed>, Failure> =
            run.inputs.files.iter().map(|input| hashed(&input.name, &input.path)).collect();
        Ok(Receipt {
            schema: SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            options: given.options(),
            from: rules.origin().cloned(),
            pseudonyms: run.findings.people().fingerprint(),
            policy,
            records: records?,
            counts: counts(run.summary),
            verdicts: verdicts(run.findings),
            ledger: None,
        })
    }

    pub(super) fn with(self, ledger: Option<Standing>) -> Receipt {
        Receipt { ledger, ..self }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        output::to_file(path, |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            out.write_all(b"\n")
        })
    }
}

pub(super) fn run(args: &VerifyArgs, style: Style) -> Result<Exit, Failure> {
    let path = args.receipt.display();
    let text = std::fs::read_to_string(&args.receipt)
        .map_err(|e| Failure::new(format!("cannot read `{path}`: {}", plain_io_error(&e))))?;
    let receipt = receipt::read(&text).map_err(|why| {
        Failure::new(format!("`{path}` {why}")).help("a receipt is what `bylaws audit --receipt FILE` writes")
    })?;
    let signer = receipt.from.as_ref().and_then(|from| from.signer.as_ref());
    let keys = if args.keys.is_empty() { signer.into_iter().cloned().collect() } else { args.keys.clone() };
    let given = Given::again(&receipt.options, keys).naming(&args.naming);
    let rules = given.rules(style)?;
    let judged = judged::judge(&given, rules.plan()?)?;
    let run = Run { inputs: &judged.inputs, findings: &judged.findings, summary: &judged.summary };
    let now = Receipt::of(&given, &rules, &run)?;
    same_key(&receipt, &now)?;
    let mut told = differences(&receipt, &now);
    if let Some(ledger) = &receipt.ledger {
        told.extend(ledger::differs(ledger)?.map(|why| plain(&format!("ledger: {why}"))));
    }
    if told.is_empty() {
        let (policy, records) = (plural(now.policy.len(), "policy file"), plural(now.records.len(), "file"));
        let all: u64 = now.counts.iter().filter(|(name, _)| *name == "finding").map(|(_, n)| n).sum();
        let findings = plural(all as usize, "finding");
        output::print(&format!("verified: {policy}, {records} of records, {findings}, all as in {path}\n"))?;
        return Ok(Exit::Clean);
    }
    let lines: String = told.iter().map(|line| format!("  {line}\n")).collect();
    output::print(&format!("not as in {path}:\n{lines}"))?;
    Ok(Exit::Findings)
}

/// The ids that a receipt is over are made with the key.
fn same_key(then: &Receipt, now: &Receipt) -> Result<(), Failure> {
    if then.pseudonyms == now.pseudonyms {
        return Ok(());
    }
    Err(match (&then.pseudonyms, &now.pseudonyms) {
        (Some(key), None) => Failure::new(format!("the receipt was made with the key of the fingerprint {key}"))
            .help("give the key with `--pseudonymize KEYFILE`"),
        (Some(key), Some(other)) => Failure::new(format!(
            "the receipt was made with the key of the fingerprint {key}, and this one's is {other}"
        )),
        _ => Failure::new("the receipt was made without a key").help("leave `--pseudonymize` out"),
    })
}

/// Files are named in a receipt as they have to be to be found again.
fn without_names(given: &Given, inputs: &Inputs) -> Result<(), Failure> {
    let shown = inputs.files.iter().map(|f| f.path.to_string_lossy().into_owned());
    let named = shown.chain(given.records.iter().cloned()).find(|name| inputs.people.text(name) != *name);
    named.map_or(Ok(()), |name| {
        Err(Failure::new(format!("a file is named after a person: `{}`", inputs.people.text(&name)))
            .help("a receipt says which files were read; with `--pseudonymize`, give the file another name first"))
    })
}

fn hashed(name: &str, path: &Path) -> Result<Hashed, Failure> {
    let failed = |e: std::io::Error| Failure::new(format!("cannot read `{name}`: {}", plain_io_error(&e)));
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut digest = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => break,
            n => {
                digest.update(&buffer[..n]);
                bytes += n as u64;
            }
        }
    }
    Ok(Hashed { file: name.to_owned(), bytes, sha256: hex(digest.finalize().as_slice()) })
}

fn counts(summary: &Summary) -> BTreeMap<String, u64> {
    let mut counts: BTreeMap<String, u64> =
        Verdict::ALL.into_iter().map(|v| (v.as_str().to_owned(), summary.count(v))).collect();
    counts.insert("records".into(), summary.kinds.iter().map(|k| k.read).sum());
    counts.insert("rejected".into(), summary.rejected_count());
    counts
}

fn verdicts(findings: &Findings) -> String {
    let told = (0..findings.len()).filter(|i| findings.verdicts()[*i] != Verdict::Compliant);
    let line = |i: usize| format!("{} {}\n", identity::hex(&findings.row(i).id), findings.verdicts()[i].as_str());
    let mut lines: Vec<String> = told.map(line).collect();
    lines.sort();
    let mut digest = Sha256::new();
    lines.iter().for_each(|line| digest.update(line.as_bytes()));
    hex(digest.finalize().as_slice())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
