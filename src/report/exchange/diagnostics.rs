//! Diagnostics of policies as notices.

use super::{Mend, Notice, Outcome, Place, Rule, Run};
use crate::data::Severity;
use crate::diag::{Code, Diagnostic, Fix, Level};
use crate::source::{SourceMap, Span};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A run that came to diagnostics, and to messages about files that cannot be read.
pub(crate) fn of_diagnostics(
    command: &'static str,
    sources: &SourceMap,
    diagnostics: &[Diagnostic],
    unreadable: &[String],
) -> (Run, Vec<Notice>) {
    let rules = codes(diagnostics);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut notices: Vec<Notice> = diagnostics.iter().map(|d| of_diagnostic(&rules, sources, d)).collect();
    // The same matter on two lines of one text is told apart by which of them it is.
    for notice in &mut notices {
        let before = seen.entry(notice.id.clone()).or_default();
        if *before > 0 {
            notice.id = hex(&[&notice.id, &before.to_string()]);
        }
        *before += 1;
    }
    let totals = vec![(Outcome::Found, notices.len() as u64)];
    (Run { command, rules, totals, known: [0; 2], troubles: unreadable.to_vec() }, notices)
}

/// The codes that these diagnostics carry, each once, in their order.
fn codes(diagnostics: &[Diagnostic]) -> Vec<Rule> {
    let mut codes: Vec<Code> = diagnostics.iter().map(|d| d.code).collect();
    codes.sort_unstable_by_key(|c| c.as_str());
    codes.dedup();
    codes.into_iter().map(rule).collect()
}

pub(crate) fn rule(code: Code) -> Rule {
    Rule { id: code.as_str().into(), title: code.title().into(), page: code.page().into(), ..Rule::default() }
}

fn of_diagnostic(rules: &[Rule], sources: &SourceMap, d: &Diagnostic) -> Notice {
    let labelled = |text: &str| if text.is_empty() { "see here".to_owned() } else { text.to_owned() };
    let mend =
        |f: &Fix| Mend { title: f.title.clone(), place: place(sources, f.span), replacement: f.replacement.clone() };
    Notice {
        rule: rules.iter().position(|r| r.id == d.code.as_str()).unwrap_or_default(),
        grade: grade(d.level),
        message: d.message.clone(),
        help: d.help.clone(),
        places: vec![place(sources, d.span())],
        related: d.labels[1..].iter().map(|l| (place(sources, l.span), labelled(&l.text))).collect(),
        id: fingerprint(sources, d),
        mends: d.fixes.iter().map(mend).collect(),
        ..Notice::default()
    }
}

pub(crate) fn place(sources: &SourceMap, span: Span) -> Place {
    let (line, column) = sources.line_col(span);
    let (end_line, end_column) = sources.line_col(Span { start: span.end, ..span });
    Place {
        file: sources.file(span.file).name.clone(),
        line: line as u64,
        column: Some(column as u64),
        end: Some((end_line as u64, end_column as u64)),
        offset: None,
    }
}

fn grade(level: Level) -> Severity {
    match level {
        Level::Error => Severity::Major,
        Level::Warning => Severity::Minor,
        Level::Advice => Severity::Info,
    }
}

/// Of the code, the file, the text of the line and the message, so that it stays where lines above come and go.
fn fingerprint(sources: &SourceMap, d: &Diagnostic) -> String {
    let file = sources.file(d.span().file);
    let start = d.span().range().start;
    let from = file.text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line = file.text[from..].lines().next().unwrap_or_default();
    hex(&[d.code.as_str(), &file.name, line.trim(), &d.message])
}

pub(crate) fn hex(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
}
