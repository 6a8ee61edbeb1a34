//! What is wrong with the sets, as editors show it.

use super::server::Server;
use super::workspace::{Advised, Set, Workspace};
use crate::diag::{Code, Diagnostic, Level};
use crate::source::FileId;
use gen_lsp_types as lsp;
use std::collections::BTreeMap;

/// What these find can be left out: editors show it faded.
const UNUSED: [Code; 7] = [
    Code::UnusedLet,
    Code::UnusedDefine,
    Code::UnusedParam,
    Code::UnusedEnum,
    Code::UnusedArgument,
    Code::UnusedAlias,
    Code::UnusedImport,
];

/// What the editor was told of a file.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    version: Option<i32>,
    diagnostics: Vec<lsp::Diagnostic>,
    /// Where they are of lints only: of which runs.
    runs: Option<Vec<u64>>,
}

/// What there is to tell of a file.
#[derive(Default)]
struct Due<'s> {
    errors: Vec<(&'s Set, &'s Diagnostic)>,
    failed: Vec<&'s lsp::Diagnostic>,
    advice: Vec<(&'s Set, &'s Advised)>,
}

/// Tells of every file whose diagnostics, or whose text, are others than those told before.
pub fn publish(server: &mut Server) {
    server.workspace.untold = false;
    unread(server);
    let mut due: BTreeMap<&str, Due> = BTreeMap::new();
    for set in server.workspace.sets() {
        let name = |file: FileId| set.policies().sources().file(file).name.as_str();
        for (id, _) in set.policies().files() {
            due.entry(name(*id)).or_default();
        }
        for found in set.found() {
            due.entry(name(found.span().file)).or_default().errors.push((set, found));
        }
        for (path, failed) in set.failed() {
            due.entry(path).or_default().failed.extend(failed);
        }
        for (file, advised) in set.advised_files() {
            due.entry(name(*file)).or_default().advice.push((set, advised));
        }
    }
    for path in server.told.keys() {
        due.entry(path).or_default();
    }
    let mut new: Vec<(String, Told)> = Vec::new();
    for (path, due) in due {
        let version = server.workspace.open.get(path).map(|document| document.version);
        let told = server.told.get(path);
        let only_advice = due.errors.is_empty() && due.failed.is_empty();
        let runs = only_advice.then(|| due.advice.iter().map(|(_, advised)| advised.run).collect::<Vec<u64>>());
        if told.is_some_and(|told| told.version == version && runs.is_some() && told.runs == runs) {
            continue;
        }
        let advice = due.advice.iter().flat_map(|(set, advised)| advised.found.iter().map(move |d| (*set, d)));
        let mut diagnostics: Vec<lsp::Diagnostic> = Vec::new();
        for (set, found) in due.errors.iter().copied().chain(advice) {
            diagnostics.push(of(&server.workspace, set, found, server.client.related));
        }
        let several = due.errors.iter().any(|(set, _)| !std::ptr::eq(*set, due.errors[0].0));
        if several || due.advice.len() > 1 {
            // What is wrong with a file of several sets is found in each.
            let mut once: Vec<lsp::Diagnostic> = Vec::new();
            diagnostics.into_iter().for_each(|d| {
                if !once.contains(&d) {
                    once.push(d)
                }
            });
            diagnostics = once;
        }
        diagnostics.extend(due.failed.into_iter().cloned());
        let is_same = match told {
            Some(told) => told.version == version && told.diagnostics == diagnostics,
            None => version.is_none() && diagnostics.is_empty(),
        };
        if !is_same {
            server.notify::<lsp::PublishDiagnosticsNotification>(lsp::PublishDiagnosticsParams {
                uri: server.workspace.uri(path),
                version,
                diagnostics: diagnostics.clone(),
            });
        }
        new.push((path.to_owned(), Told { version, diagnostics, runs }));
    }
    for (path, told) in new {
        if told.version.is_none() && told.diagnostics.is_empty() {
            server.told.remove(&path);
        } else {
            server.told.insert(path, told);
        }
    }
}

/// Shows what cannot be read, once.
fn unread(server: &mut Server) {
    let sets = server.workspace.sets().iter().flat_map(Set::unread).map(ToString::to_string);
    let unread: Vec<String> = sets.chain(server.wrong_settings.iter().cloned()).collect();
    if unread != server.unread {
        unread.iter().for_each(|why| server.show(lsp::MessageType::Warning, why));
        server.unread = unread;
    }
}

pub fn of(workspace: &Workspace, set: &Set, found: &Diagnostic, related: bool) -> lsp::Diagnostic {
    let place = |label: &crate::diag::Label| lsp::DiagnosticRelatedInformation {
        location: workspace.location(set, label.span),
        message: label.text.clone(),
    };
    let others: Vec<_> = found.labels[1..].iter().map(place).collect();
    lsp::Diagnostic {
        range: workspace.range(set, found.span()),
        severity: Some(match found.level {
            Level::Error => lsp::DiagnosticSeverity::Error,
            Level::Warning => lsp::DiagnosticSeverity::Warning,
            Level::Advice => lsp::DiagnosticSeverity::Information,
        }),
        code: Some(lsp::Code::String(found.code.to_string())),
        source: Some("bylaws".into()),
        tags: UNUSED.contains(&found.code).then(|| vec![lsp::DiagnosticTag::Unnecessary]),
        message: message(found).into(),
        related_information: (related && !others.is_empty()).then_some(others),
        ..Default::default()
    }
}

/// The message, what is to be said of the place, and what to do next.
fn message(found: &Diagnostic) -> String {
    let mut text = found.message.clone();
    if !found.labels[0].text.is_empty() {
        text.push_str(": ");
        text.push_str(&found.labels[0].text);
    }
    if let Some(help) = &found.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    text
}
