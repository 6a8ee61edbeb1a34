//! Policy diagnostics for programs: the schema `bylaws.check/1`.

use crate::diag::{Diagnostic, Level};
use crate::source::{SourceMap, Span};
use serde_json::{Value, json};

/// One document; `diagnostics` are by file and place, behind the messages about files that could not be read.
pub(crate) fn check_json(sources: &SourceMap, diagnostics: &[Diagnostic], unreadable: &[String]) -> String {
    let mut all: Vec<Value> = unreadable
        .iter()
        .map(|e| {
            json!({
                "code": crate::diag::Code::Unreadable.as_str(), "level": "error", "message": e,
                "help": null, "labels": [], "fixes": [],
            })
        })
        .collect();
    all.extend(diagnostics.iter().map(|d| diagnostic(sources, d)));
    let count = |level: Level| diagnostics.iter().filter(|d| d.level == level).count();
    let document = json!({
        "schema": "bylaws.check/1",
        "files": sources.files().count(),
        "errors": count(Level::Error) + unreadable.len(),
        "warnings": count(Level::Warning),
        "diagnostics": all,
    });
    format!("{document:#}\n")
}

/// The schema `bylaws.lint/1`: what lints found, and what was mended.
pub(crate) fn lint_json(sources: &SourceMap, found: &[Diagnostic], mended: &[String]) -> String {
    let count = |level: Level| found.iter().filter(|d| d.level == level).count();
    let all: Vec<Value> = found
        .iter()
        .map(|d| {
            let mut value = diagnostic(sources, d);
            for (fix, of) in d.fixes.iter().enumerate() {
                value["fixes"][fix]["safe"] = json!(of.safe);
            }
            value
        })
        .collect();
    let document = json!({
        "schema": "bylaws.lint/1",
        "files": sources.files().count(),
        "errors": count(Level::Error),
        "warnings": count(Level::Warning),
        "advice": count(Level::Advice),
        "mended": mended,
        "diagnostics": all,
    });
    format!("{document:#}\n")
}

pub(crate) fn diagnostic(sources: &SourceMap, d: &Diagnostic) -> Value {
    let labels: Vec<Value> = d
        .labels
        .iter()
        .map(|l| {
            let mut value = place(sources, l.span);
            value["text"] = json!(l.text);
            value
        })
        .collect();
    let fixes: Vec<Value> = d
        .fixes
        .iter()
        .map(|f| {
            let mut value = place(sources, f.span);
            value["title"] = json!(f.title);
            value["replacement"] = json!(f.replacement);
            value
        })
        .collect();
    json!({
        "code": d.code.as_str(), "level": d.level, "message": d.message, "help": d.help,
        "labels": labels, "fixes": fixes,
    })
}

/// File, line and column from 1, and the bytes.
pub(crate) fn place(sources: &SourceMap, span: Span) -> Value {
    let (line, column) = sources.line_col(span);
    let (end_line, end_column) = sources.line_col(Span { start: span.end, ..span });
    json!({
        "file": sources.file(span.file).name, "line": line, "column": column,
        "end_line": end_line, "end_column": end_column, "byte_start": span.start, "byte_end": span.end,
    })
}
