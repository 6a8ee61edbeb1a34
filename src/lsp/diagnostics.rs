//! What is wrong with the sets, as editors show it.

use super::server::Server;
use super::workspace::{Set, Workspace};
use crate::diag::{Code, Diagnostic, Level};
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
#[derive(Debug, PartialEq)]
pub struct Told {
    version: Option<i32>,
    diagnostics: Vec<lsp::Diagnostic>,
}

/// Tells of every file whose diagnostics, or whose text, are others than those told before.
pub fn publish(server: &mut Server) {
    server.workspace.untold = false;
    let mut now: BTreeMap<String, Vec<lsp::Diagnostic>> = BTreeMap::new();
    let mut unread: Vec<String> = Vec::new();
    for set in server.workspace.sets() {
        for (id, _) in set.policies().files() {
            now.entry(set.policies().sources().file(*id).name.clone()).or_default();
        }
        for found in set.diagnostics() {
            let file = &set.policies().sources().file(found.span().file).name;
            let diagnostic = of(&server.workspace, set, found, server.client.related);
            let of_file = now.entry(file.clone()).or_default();
            if !of_file.contains(&diagnostic) {
                of_file.push(diagnostic);
            }
        }
        for (path, failed) in set.failed() {
            now.entry(path.clone()).or_default().extend(failed.iter().cloned());
        }
        unread.extend(set.unread().iter().map(ToString::to_string));
    }
    unread.extend(server.wrong_settings.iter().cloned());
    if unread != server.unread {
        unread.iter().for_each(|why| server.show(lsp::MessageType::Warning, why));
        server.unread = unread;
    }
    for path in server.told.keys() {
        now.entry(path.clone()).or_default();
    }
    for (path, diagnostics) in now {
        let version = server.workspace.open.get(&path).map(|document| document.version);
        let new = Told { version, diagnostics };
        let nothing = Told { version: None, diagnostics: Vec::new() };
        if server.told.get(&path).unwrap_or(&nothing) == &new {
            continue;
        }
        server.notify::<lsp::PublishDiagnosticsNotification>(lsp::PublishDiagnosticsParams {
            uri: server.workspace.uri(&path),
            version,
            diagnostics: new.diagnostics.clone(),
        });
        if new == nothing {
            server.told.remove(&path);
        } else {
            server.told.insert(path, new);
        }
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
