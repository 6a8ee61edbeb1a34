//! Annotations that a CI server takes from a step's output.
//!
//! GitHub: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>;
//! Azure: <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>.

use super::{Form, Notice, Outcome, Run};
use crate::data::Severity;
use std::fmt::Write as _;
use std::io::{Result, Write};

pub(super) fn github(run: &Run, notice: &Notice, out: &mut Vec<u8>) -> Result<()> {
    let rule = &run.rules[notice.rule];
    let level = match (notice.outcome, notice.grade) {
        (Outcome::Found, Severity::Critical | Severity::Major) => "error",
        (Outcome::Found, Severity::Info) => "notice",
        _ => "warning",
    };
    let mut properties = String::new();
    if let Some(place) = notice.place() {
        let _ = write!(properties, "file={},line={}", github_property(&place.file), place.line);
        if let Some(column) = place.column {
            let _ = write!(properties, ",col={column}");
        }
        // A column of another line would be shown as one of the first.
        match place.end {
            Some((line, column)) if line == place.line => {
                let _ = write!(properties, ",endColumn={column}");
            }
            Some((line, _)) => {
                let _ = write!(properties, ",endLine={line}");
            }
            None => {}
        }
        properties.push(',');
    }
    let title = github_property(&format!("{}: {}", rule.id, rule.title));
    writeln!(out, "::{level} {properties}title={title}::{}", github_text(&notice.text()))
}

pub(super) fn azure(run: &Run, notice: &Notice, out: &mut Vec<u8>) -> Result<()> {
    let level = match (notice.outcome, notice.grade) {
        (Outcome::Found, Severity::Critical | Severity::Major) => "error",
        _ => "warning",
    };
    let mut properties = format!("type={level};");
    if let Some(place) = notice.place() {
        let _ = write!(properties, "sourcepath={};linenumber={};", azure_text(&place.file), place.line);
        if let Some(column) = place.column {
            let _ = write!(properties, "columnnumber={column};");
        }
    }
    let code = azure_text(&run.rules[notice.rule].id);
    writeln!(out, "##vso[task.logissue {properties}code={code};]{}", azure_text(&notice.text()))
}

pub(super) fn foot(form: Form, run: &Run, out: &mut dyn Write) -> Result<()> {
    for trouble in &run.troubles {
        match form {
            Form::Azure => writeln!(out, "##vso[task.logissue type=error;]{}", azure_text(trouble))?,
            _ => writeln!(out, "::error::{}", github_text(trouble))?,
        }
    }
    Ok(())
}

fn github_text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn github_property(text: &str) -> String {
    github_text(text).replace(':', "%3A").replace(',', "%2C")
}

fn azure_text(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A").replace(';', "%3B").replace(']', "%5D")
}
