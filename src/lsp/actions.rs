//! What mends a diagnostic: each fix by itself, and all that leave no choice at once.

use super::diagnostics;
use super::names::workspace_edit;
use super::server::{Reply, Server};
use super::workspace::{Set, View};
use crate::diag::{Diagnostic, Fix};
use crate::lint;
use gen_lsp_types as lsp;

pub fn actions(server: &mut Server, params: lsp::CodeActionParams) -> Reply<Option<Vec<lsp::CodeActionResponse>>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let wanted = |kind: &lsp::CodeActionKind| match &params.context.only {
        None => true,
        // `source` asks for `source.fixAll` too.
        Some(only) => only.iter().any(|o| {
            let (own, asked) = (text(kind), text(o));
            own == asked || asked.is_empty() || own.strip_prefix(&asked).is_some_and(|rest| rest.starts_with('.'))
        }),
    };
    let range = view.lines.bytes(params.range, server.workspace.encoding);
    let set = server.workspace.set(&view);
    let of_file: Vec<&Diagnostic> = set.diagnostics().filter(|d| d.span().file == view.file).collect();
    let mut actions = Vec::new();
    if wanted(&lsp::CodeActionKind::QuickFix) {
        let touched = |d: &&&Diagnostic| {
            let span = d.span().range();
            span.start <= range.end && range.start <= span.end
        };
        for found in of_file.iter().filter(touched) {
            let told = diagnostics::of(&server.workspace, set, found, server.client.related);
            for fix in &found.fixes {
                let mut action = action(server, set, &fix.title, lsp::CodeActionKind::QuickFix, &[fix]);
                action.diagnostics = Some(vec![told.clone()]);
                action.is_preferred = (found.fixes.len() == 1).then_some(true);
                actions.push(action.into());
            }
        }
    }
    let all = without_choice(&of_file);
    let automatic = params.context.trigger_kind == Some(lsp::CodeActionTriggerKind::Automatic);
    let asked = params.context.only.is_some() || !automatic;
    if !all.is_empty() && asked && wanted(&lsp::CodeActionKind::SourceFixAll) {
        let title = match all.len() {
            1 => all[0].title.clone(),
            n => format!("apply the {n} fixes of this file that leave no choice"),
        };
        actions.push(action(server, set, &title, lsp::CodeActionKind::SourceFixAll, &all).into());
    }
    Ok(Some(actions))
}

fn text(kind: &lsp::CodeActionKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Of each error that one fix mends, that one, and of what lints found, those that are safe; of fixes in one place, the
/// first.
fn without_choice<'d>(of_file: &[&'d Diagnostic]) -> Vec<&'d Fix> {
    let only = |d: &&&Diagnostic| d.fixes.len() == 1 && (d.fixes[0].safe || !lint::is_lint(d.code));
    let mut all: Vec<&Fix> = of_file.iter().filter(only).map(|d| &d.fixes[0]).collect();
    all.sort_by_key(|fix| fix.span);
    let mut end = None;
    all.retain(|fix| {
        let apart = end.is_none_or(|(file, end)| file != fix.span.file || end <= fix.span.start);
        if apart {
            end = Some((fix.span.file, fix.span.end.max(fix.span.start + 1)));
        }
        apart
    });
    all
}

fn action(server: &Server, set: &Set, title: &str, kind: lsp::CodeActionKind, fixes: &[&Fix]) -> lsp::CodeAction {
    let mut changes: Vec<(String, Vec<lsp::TextEdit>)> = Vec::new();
    for fix in fixes {
        let path = &set.policies().sources().file(fix.span.file).name;
        let edit = lsp::TextEdit::new(server.workspace.range(set, fix.span), fix.replacement.clone());
        match changes.iter_mut().find(|(p, _)| p == path) {
            Some((_, edits)) => edits.push(edit),
            None => changes.push((path.clone(), vec![edit])),
        }
    }
    // What stands below a title is about the policy; a title is one line.
    let title = title.lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
    lsp::CodeAction { title, kind: Some(kind), edit: Some(workspace_edit(server, changes)), ..Default::default() }
}

/// A lens above each test, and one above the first for all of them.
pub fn lenses(server: &mut Server, params: lsp::CodeLensParams) -> Reply<Option<Vec<lsp::CodeLens>>> {
    let uri = params.text_document.uri;
    let Some(view) = server.workspace.view(&uri) else { return Ok(None) };
    Ok(Some(lenses_of(server, &view, &uri)))
}

fn lenses_of(server: &Server, view: &View, uri: &lsp::Uri) -> Vec<lsp::CodeLens> {
    use crate::syntax::ast::ItemKind;
    let set = server.workspace.set(view);
    let Some(file) = super::outline::file(set.policies(), view.file) else { return Vec::new() };
    let tests = file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Test(test) => Some(&test.title),
        _ => None,
    });
    let tests: Vec<_> = tests.collect();
    let mut lenses = Vec::new();
    for (i, title) in tests.iter().enumerate() {
        let range = server.workspace.range(set, title.span);
        let lens = |title: &str, command: &str, arguments| lsp::CodeLens {
            range,
            command: Some(lsp::Command { title: title.into(), command: command.into(), arguments, tooltip: None }),
            data: None,
        };
        let own = Some(vec![uri.0.clone().into(), title.text.clone().into()]);
        lenses.push(lens("run test", super::tests::RUN_TEST, own));
        if i == 0 && tests.len() > 1 {
            lenses.push(lens("run all tests of this file", super::tests::RUN_TESTS, Some(vec![uri.0.clone().into()])));
        }
    }
    lenses
}
