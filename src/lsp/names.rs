//! Following names: to where they are declared, to where they are used, and to another name.

use super::server::{Refusal, Reply, Server};
use super::workspace::{View, Workspace};
use super::{outline, symbols};
use crate::diag::Diagnostic;
use crate::io::{FileError, Files};
use crate::policy_set::PolicySet;
use crate::sema::What;
use crate::source::{FileId, Span};
use gen_lsp_types as lsp;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A name in the text, and the declarations that it stands for.
pub struct Named {
    pub span: Span,
    pub what: What,
    /// Mostly one; a name that is a field of several kinds has one of each.
    pub definitions: Vec<Span>,
}

/// The name at a place, used or declared there.
pub fn at(policies: &PolicySet, view: &View, offset: usize) -> Option<Named> {
    let touches = |span: Span| span.file == view.file && (span.start as usize..=span.end as usize).contains(&offset);
    let uses = &view.analysis.notes(policies).uses;
    // A name that begins here comes before one that ends here.
    let found = uses.iter().filter(|u| touches(u.span)).max_by_key(|u| u.span.start);
    if let Some(found) = found {
        let same = uses.iter().filter(|u| u.span == found.span);
        return Some(Named { span: found.span, what: found.what, definitions: same.map(|u| u.definition).collect() });
    }
    let declared = |span, what| Some(Named { span, what, definitions: vec![span] });
    if let Some(u) = uses.iter().find(|u| touches(u.definition)) {
        return declared(u.definition, u.what);
    }
    let item = outline::item_at(outline::file(policies, view.file)?, offset)?;
    let own = outline::declared(item).into_iter().find(|d| touches(d.name.span))?;
    declared(own.name.span, own.what)
}

fn find(server: &mut Server, place: &lsp::TextDocumentPositionParams) -> Option<(View, Named)> {
    let view = server.workspace.view(&place.text_document.uri)?;
    let offset = server.workspace.offset(&view, place.position);
    let named = at(server.workspace.policies(&view), &view, offset)?;
    Some((view, named))
}

pub fn definition(server: &mut Server, params: lsp::DefinitionParams) -> Reply<Option<lsp::DefinitionResponse>> {
    let place = params.text_document_position_params;
    let Some((view, named)) = find(server, &place) else {
        // An import leads to the file.
        let Some(view) = server.workspace.view(&place.text_document.uri) else { return Ok(None) };
        let offset = server.workspace.offset(&view, place.position);
        let set = server.workspace.set(&view);
        let file = symbols::import_at(set, &view, offset);
        let start = |file| server.workspace.location(set, Span::new(file, 0, 0));
        return Ok(file.map(|file| lsp::Definition::Location(start(file)).into()));
    };
    let set = server.workspace.set(&view);
    let all = named.definitions.iter().map(|span| server.workspace.location(set, *span)).collect();
    Ok(Some(lsp::Definition::LocationList(all).into()))
}

/// Where the same thing is named, in the order of the files.
fn places(policies: &PolicySet, view: &View, named: &Named, declared_too: bool) -> Vec<Span> {
    let uses =
        view.analysis.notes(policies).uses.iter().filter(|u| named.definitions.contains(&u.definition)).map(|u| u.span);
    let mut all: Vec<Span> = uses.collect();
    if declared_too {
        all.extend(&named.definitions);
    }
    all.sort_unstable();
    all.dedup();
    all
}

pub fn references(server: &mut Server, params: lsp::ReferenceParams) -> Reply<Option<Vec<lsp::Location>>> {
    let Some((view, named)) = find(server, &params.text_document_position_params) else { return Ok(None) };
    let set = server.workspace.set(&view);
    let all = places(set.policies(), &view, &named, params.context.include_declaration);
    Ok(Some(all.into_iter().map(|span| server.workspace.location(set, span)).collect()))
}

pub fn highlights(
    server: &mut Server,
    params: lsp::DocumentHighlightParams,
) -> Reply<Option<Vec<lsp::DocumentHighlight>>> {
    let Some((view, named)) = find(server, &params.text_document_position_params) else { return Ok(None) };
    let set = server.workspace.set(&view);
    let here = places(set.policies(), &view, &named, true).into_iter().filter(|span| span.file == view.file);
    let highlight = |span: Span| lsp::DocumentHighlight {
        range: server.workspace.range(set, span),
        kind: Some(match named.definitions.contains(&span) {
            true => lsp::DocumentHighlightKind::Write,
            false => lsp::DocumentHighlightKind::Read,
        }),
    };
    Ok(Some(here.map(highlight).collect()))
}

pub fn prepare_rename(
    server: &mut Server,
    params: lsp::PrepareRenameParams,
) -> Reply<Option<lsp::PrepareRenameResult>> {
    let Some((view, named)) = find(server, &params.text_document_position_params) else {
        return Err(Refusal::new("no name that the policy declares stands here"));
    };
    one_declaration(server.workspace.policies(&view), &view, &named)?;
    let set = server.workspace.set(&view);
    let placeholder = set.policies().sources().text(named.span).to_owned();
    let range = server.workspace.range(set, named.span);
    Ok(Some(lsp::PrepareRenamePlaceholder { range, placeholder }.into()))
}

/// A name that stands for fields of several records cannot be given another for one of them.
fn one_declaration(policies: &PolicySet, view: &View, named: &Named) -> Reply<()> {
    let uses = &view.analysis.notes(policies).uses;
    let shared = named.definitions.len() > 1
        || uses.iter().any(|u| {
            named.definitions.contains(&u.definition)
                && uses.iter().any(|other| other.span == u.span && !named.definitions.contains(&other.definition))
        });
    if shared {
        let name = policies.sources().text(named.span);
        return Err(Refusal::new(format!(
            "`{name}` stands for fields of several records in one place, and cannot be renamed for one of them"
        )));
    }
    Ok(())
}

pub fn rename(server: &mut Server, params: lsp::RenameParams) -> Reply<Option<lsp::WorkspaceEdit>> {
    let new = params.new_name.trim();
    let is_word =
        new.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !new.starts_with(|c: char| c.is_ascii_digit());
    if new.is_empty() || !is_word {
        return Err(Refusal::new(format!(
            "`{new}` is no name: a name is letters from a to z, digits and `_`, and does not start with a digit"
        )));
    }
    if ["and", "or", "not", "in", "true", "false"].contains(&new) {
        return Err(Refusal::new(format!("`{new}` is a word of the language, and cannot be a name")));
    }
    let Some((view, named)) = find(server, &params.text_document_position_params) else {
        return Err(Refusal::new("no name that the policy declares stands here"));
    };
    one_declaration(server.workspace.policies(&view), &view, &named)?;
    let set = server.workspace.set(&view);
    let old = set.policies().sources().text(named.span).to_owned();
    let mut edits: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for span in places(set.policies(), &view, &named, true) {
        if set.policies().sources().text(span) != old {
            return Err(Refusal::new(format!("`{old}` is written in another way elsewhere, and cannot be renamed")));
        }
        edits.entry(&set.policies().sources().file(span.file).name).or_default().push(span);
    }
    same_meaning(&server.workspace, &view, &edits, &old, new)?;
    let changes: Vec<(String, Vec<lsp::TextEdit>)> = edits
        .into_iter()
        .map(|(path, spans)| {
            let edit = |span: Span| lsp::TextEdit::new(server.workspace.range(set, span), new.to_owned());
            (path.to_owned(), spans.into_iter().map(edit).collect())
        })
        .collect();
    Ok(Some(workspace_edit(server, changes)))
}

/// Edits by file, in the form that the client understands.
pub fn workspace_edit(server: &Server, changes: Vec<(String, Vec<lsp::TextEdit>)>) -> lsp::WorkspaceEdit {
    if !server.client.versioned_edits {
        let changes: HashMap<_, _> =
            changes.into_iter().map(|(path, edits)| (server.workspace.uri(&path), edits)).collect();
        return lsp::WorkspaceEdit { changes: Some(changes), ..Default::default() };
    }
    let change = |(path, edits): (String, Vec<lsp::TextEdit>)| {
        let version = server.workspace.open.get(&path).map(|document| document.version);
        let text_document = lsp::OptionalVersionedTextDocumentIdentifier {
            version,
            text_document_identifier: lsp::TextDocumentIdentifier::new(server.workspace.uri(&path)),
        };
        let edits = edits.into_iter().map(lsp::Edit::from).collect();
        lsp::DocumentChange::from(lsp::TextDocumentEdit { text_document, edits })
    };
    lsp::WorkspaceEdit { document_changes: Some(changes.into_iter().map(change).collect()), ..Default::default() }
}

/// The set with the edits, held against the set as it is: a new name must not be taken, nor hide or be hidden.
fn same_meaning(
    workspace: &Workspace,
    view: &View,
    edits: &BTreeMap<&str, Vec<Span>>,
    old: &str,
    new: &str,
) -> Reply<()> {
    let policies = workspace.policies(view);
    let texts = edits.iter().map(|(path, spans)| {
        let text = &policies.sources().file(spans[0].file).text;
        let mut out = String::new();
        let mut from = 0;
        for span in spans {
            out.push_str(&text[from..span.start as usize]);
            out.push_str(new);
            from = span.end as usize;
        }
        out.push_str(&text[from..]);
        (path.to_string(), out)
    });
    let edited = Edited { texts: texts.collect(), others: policies };
    let paths: Vec<&str> = policies.files().iter().map(|(id, _)| path_of(policies, *id)).collect();
    let (renamed, _) = PolicySet::default().again(&edited, &paths);
    let (checked, notes) = renamed.check_noting();
    let before = view.analysis.outline.diagnostics.as_slice();
    let cannot = format!("`{old}` cannot be renamed to `{new}`");
    if checked.diagnostics().len() > before.len() {
        let is_new = |d: &&Diagnostic| before.iter().all(|b| b.code != d.code || b.message != d.message);
        let why = checked.diagnostics().iter().find(is_new).or(checked.diagnostics().first());
        return Err(Refusal::new(format!("{cannot}: {}", why.map_or("", |d| &d.message))));
    }
    // Where a place is after the edits.
    let by = new.len() as i64 - old.len() as i64;
    let moved = |span: Span| {
        let path = path_of(policies, span.file);
        let edited = edits.get(path).map_or(&[][..], |spans| spans.as_slice());
        let shift = |at: u32, before: &dyn Fn(&Span) -> bool| {
            i64::from(at) + by * edited.iter().filter(|e| before(e)).count() as i64
        };
        let start = shift(span.start, &|e| e.end <= span.start);
        (path.to_owned(), start, shift(span.end, &|e| e.end <= span.end))
    };
    let kept = |span: Span| (path_of(&renamed, span.file).to_owned(), i64::from(span.start), i64::from(span.end));
    let old_uses = view.analysis.notes(policies).uses.iter();
    let meant: HashSet<_> = old_uses.map(|u| (moved(u.span), moved(u.definition))).collect();
    let means: HashSet<_> = notes.uses.iter().map(|u| (kept(u.span), kept(u.definition))).collect();
    if meant != means || checked.diagnostics().len() != before.len() {
        return Err(Refusal::new(format!("{cannot}: where it is used, this name stands for something else")));
    }
    Ok(())
}

fn path_of(policies: &PolicySet, file: FileId) -> &str {
    &policies.sources().file(file).name
}

/// Texts of a set, some of them edited.
struct Edited<'a> {
    texts: HashMap<String, String>,
    others: &'a PolicySet,
}

impl Files for Edited<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        if let Some(text) = self.texts.get(path) {
            return Ok(text.as_bytes().to_vec());
        }
        let mut known = self.others.sources().files();
        known.find(|(_, f)| f.name == path).map(|(_, f)| f.text.as_bytes().to_vec()).ok_or(FileError::NotFound)
    }

    fn list(&self, _: &str) -> Result<Option<Vec<String>>, FileError> {
        Ok(None)
    }
}
