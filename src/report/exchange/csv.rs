//! A line a notice, with headings (RFC 4180), for spreadsheets and data tools.

use super::{Notice, Run};
use std::io::{Result, Write};

const COLUMNS: [&str; 17] = [
    "id", "rule", "revision", "severity", "verdict", "baseline", "subject", "time", "about", "message", "because",
    "help", "cite", "policy", "file", "line", "column",
];

pub(super) fn head(out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", COLUMNS.join(","))
}

pub(super) fn piece(run: &Run, notice: &Notice, out: &mut Vec<u8>) -> Result<()> {
    let rule = &run.rules[notice.rule];
    let text = |text: &Option<String>| text.as_deref().map(shielded).unwrap_or_default();
    let number = |n: Option<u64>| n.map_or(String::new(), |n| n.to_string());
    let place = notice.place();
    let mut line = csv::WriterBuilder::new().from_writer(out);
    line.write_record([
        notice.id.clone(),
        shielded(&rule.id),
        text(&notice.revision),
        notice.grade.as_str().into(),
        notice.outcome.as_str().into(),
        notice.standing.map(|s| s.as_str().to_owned()).unwrap_or_default(),
        text(&notice.subject),
        notice.time.as_ref().map(|(shown, _)| shown.clone()).unwrap_or_default(),
        shielded(&notice.about),
        shielded(&notice.message),
        text(&notice.because),
        text(&notice.help),
        text(&rule.cite),
        text(&rule.policy),
        place.map(|p| shielded(&p.file)).unwrap_or_default(),
        number(place.map(|p| p.line)),
        number(place.and_then(|p| p.column)),
    ])?;
    line.flush()
}

/// A spreadsheet takes a cell that begins like this for a formula, and runs it: a text from a record must not be one.
/// The apostrophe makes it a text there.
fn shielded(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}
