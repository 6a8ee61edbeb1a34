//! The Test Anything Protocol, version 14: <https://testanything.org/tap-version-14-specification.html>.

use super::{Notice, Outcome, Run};
use std::io::{Result, Write};

pub(super) fn piece(run: &Run, notice: &Notice, n: usize, out: &mut Vec<u8>) -> Result<()> {
    let rule = &run.rules[notice.rule];
    let ok = if notice.calls() { "not ok" } else { "ok" };
    let about = match (run.command, notice.about.as_str()) {
        ("test", about) => about.to_owned(),
        (_, "") => format!("{}: {}", rule.id, notice.line()),
        (_, about) => format!("{}: {about}", rule.id),
    };
    write!(out, "{ok} {} - {}", n + 1, description(&about))?;
    if !notice.calls() {
        return match notice.outcome {
            Outcome::Passed => out.write_all(b"\n"),
            _ => writeln!(out, " # SKIP {}", description(&notice.excuse())),
        };
    }
    out.write_all(b"\n")?;
    // Texts in JSON's quotes are texts in YAML.
    out.write_all(b"  ---\n")?;
    let mut line = |name: &str, value: &str| writeln!(out, "  {name}: {}", serde_json::Value::from(value));
    line("message", &notice.message).and_then(|()| match &notice.help {
        Some(help) => line("help", help),
        None => Ok(()),
    })?;
    let severity = if notice.outcome == Outcome::Indeterminate { "indeterminate" } else { notice.grade.as_str() };
    line("severity", severity)?;
    if let Some(place) = notice.place() {
        line("at", &format!("{}:{}", place.file, place.line))?;
    }
    if let Some(cite) = &rule.cite {
        line("cite", cite)?;
    }
    line("id", &notice.id)?;
    out.write_all(b"  ...\n")
}

pub(super) fn foot(run: &Run, count: usize, out: &mut dyn Write) -> Result<()> {
    let mut n = count;
    for rule in run.silent() {
        n += 1;
        match rule.passed {
            Some(0) | None => {
                writeln!(out, "ok {n} - {}: kept # SKIP found compliant on no record", description(&rule.id))?;
            }
            Some(on) => writeln!(out, "ok {n} - {}: kept on {on}", description(&rule.id))?,
        }
    }
    for trouble in &run.troubles {
        n += 1;
        writeln!(out, "not ok {n} - {}", description(trouble))?;
    }
    match n {
        0 => writeln!(out, "1..0 # nothing to tell"),
        n => writeln!(out, "1..{n}"),
    }
}

/// On one line, and no directive.
fn description(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace('\\', "\\\\").replace('#', "\\#")
}
