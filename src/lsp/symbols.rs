//! What a file and a set hold, as outlines; and what of a file can be folded away.

use super::outline::{self, Declared};
use super::server::{Reply, Server};
use super::workspace::{Set, View, Workspace};
use crate::sema::What;
use crate::source::{FileId, Span};
use crate::syntax::ast::{Ident, Item, ItemKind, Verb};
use crate::syntax::{SyntaxKind, SyntaxToken};
use gen_lsp_types as lsp;

/// As many as an editor can show at once.
const MOST_SYMBOLS: usize = 1000;

pub fn of_file(server: &mut Server, params: lsp::DocumentSymbolParams) -> Reply<Option<lsp::DocumentSymbolResponse>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let workspace = &server.workspace;
    let Some(file) = outline::file(workspace.policies(&view), view.file) else { return Ok(None) };
    let symbols: Vec<_> = file.items.iter().filter_map(|item| symbol(workspace, &view, item)).collect();
    Ok(Some(symbols.into()))
}

/// How an item is called in an outline, with the place of that.
struct Title {
    name: String,
    detail: &'static str,
    kind: lsp::SymbolKind,
    place: Span,
}

fn title(item: &Item) -> Option<Title> {
    let named = |name: &Ident, detail, kind| Title { name: name.text.clone(), detail, kind, place: name.span };
    Some(match &item.kind {
        ItemKind::Policy(i) => named(&i.name, "policy", lsp::SymbolKind::Namespace),
        ItemKind::Enum(i) => named(&i.name, "enum", lsp::SymbolKind::Enum),
        ItemKind::Table(i) => named(&i.name, "table", lsp::SymbolKind::Struct),
        ItemKind::Record(i) => named(&i.name, "record", lsp::SymbolKind::Struct),
        ItemKind::Rates(i) => named(&i.kind.name, "rates", lsp::SymbolKind::Struct),
        ItemKind::Source(i) => named(&i.name, "source", lsp::SymbolKind::File),
        ItemKind::Let(i) => named(&i.name, "let", lsp::SymbolKind::Constant),
        ItemKind::Define(i) => named(&i.name, "define", lsp::SymbolKind::Function),
        ItemKind::Param(i) => named(&i.name, "param", lsp::SymbolKind::Variable),
        ItemKind::Rule(i) => {
            let verb = match i.verb {
                Some(Verb::Require) => "require",
                Some(Verb::Limit) => "limit",
                _ => "forbid",
            };
            named(&i.name, verb, lsp::SymbolKind::Class)
        }
        ItemKind::Revise(i) => named(&i.name, "revise", lsp::SymbolKind::Class),
        ItemKind::Waive(i) => named(&i.rule, "waive", lsp::SymbolKind::Event),
        ItemKind::Metric(i) => named(&i.name, "metric", lsp::SymbolKind::Number),
        ItemKind::Default(i) => named(&i.kind, "default", lsp::SymbolKind::Object),
        ItemKind::Test(i) => {
            Title { name: i.title.text.clone(), detail: "test", kind: lsp::SymbolKind::Method, place: i.title.span }
        }
        ItemKind::Charter(i) => Title {
            name: i.title.as_ref().map_or("charter".into(), |t| t.text.clone()),
            detail: "charter",
            kind: lsp::SymbolKind::Namespace,
            place: i.title.as_ref().map_or(item.span, |t| t.span),
        },
        ItemKind::Import(_) => return None,
    })
}

fn kind_of(what: What) -> lsp::SymbolKind {
    match what {
        What::Kind => lsp::SymbolKind::Struct,
        What::Field => lsp::SymbolKind::Field,
        What::Enum => lsp::SymbolKind::Enum,
        What::Word => lsp::SymbolKind::EnumMember,
        What::Let => lsp::SymbolKind::Constant,
        What::Define => lsp::SymbolKind::Function,
        What::Argument | What::Param | What::Alias => lsp::SymbolKind::Variable,
        What::Rule => lsp::SymbolKind::Class,
        What::Exception => lsp::SymbolKind::Event,
        What::Metric => lsp::SymbolKind::Number,
    }
}

fn symbol(workspace: &Workspace, view: &View, item: &Item) -> Option<lsp::DocumentSymbol> {
    let set = workspace.set(view);
    let title = title(item)?;
    let mut below = outline::declared(item);
    below.retain(|d| d.name.span != title.place && !matches!(d.what, What::Argument | What::Alias));
    // An outline has no place for what has no name.
    let name = if title.name.trim().is_empty() { title.detail.to_owned() } else { title.name };
    Some(lsp::DocumentSymbol {
        detail: Some(title.detail.to_owned()),
        children: Some(nested(workspace, set, &below)),
        ..new(name, title.kind, workspace.range(set, item.span), workspace.range(set, title.place))
    })
}

/// A declaration whose place is within the one before it is below that one.
fn nested(workspace: &Workspace, set: &Set, all: &[Declared<'_>]) -> Vec<lsp::DocumentSymbol> {
    let mut out = Vec::new();
    let mut rest = all;
    while let Some((first, others)) = rest.split_first() {
        let inside = others.iter().take_while(|d| d.span.start >= first.span.start && d.span.end <= first.span.end);
        let (inside, after) = others.split_at(inside.count());
        let range = workspace.range(set, first.span);
        let name = workspace.range(set, first.name.span);
        out.push(lsp::DocumentSymbol {
            children: (!inside.is_empty()).then(|| nested(workspace, set, inside)),
            ..new(first.name.text.clone(), kind_of(first.what), range, name)
        });
        rest = after;
    }
    out
}

fn new(name: String, kind: lsp::SymbolKind, range: lsp::Range, selection_range: lsp::Range) -> lsp::DocumentSymbol {
    #[allow(deprecated)]
    lsp::DocumentSymbol {
        name,
        kind,
        range,
        selection_range,
        detail: None,
        tags: None,
        deprecated: None,
        children: None,
    }
}

/// Items of all sets whose name holds what was typed, in any case.
pub fn of_workspace(
    server: &mut Server,
    params: lsp::WorkspaceSymbolParams,
) -> Reply<Option<lsp::WorkspaceSymbolResponse>> {
    server.workspace.refresh();
    let wanted = params.query.to_lowercase();
    let workspace = &server.workspace;
    let mut found: Vec<lsp::WorkspaceSymbol> = Vec::new();
    for set in workspace.sets() {
        for item in set.policies().files().iter().flat_map(|(_, file)| &file.items) {
            let Some(title) = title(item).filter(|t| t.name.to_lowercase().contains(&wanted)) else { continue };
            let symbol = lsp::WorkspaceSymbol {
                location: workspace.location(set, title.place).into(),
                data: None,
                base_symbol_information: lsp::BaseSymbolInformation {
                    name: title.name,
                    kind: title.kind,
                    tags: None,
                    container_name: Some(title.detail.to_owned()),
                },
            };
            if found.len() < MOST_SYMBOLS && !found.contains(&symbol) {
                found.push(symbol);
            }
        }
    }
    Ok(Some(found.into()))
}

/// Items of several lines, and runs of remarks and imports.
pub fn folding(server: &mut Server, params: lsp::FoldingRangeParams) -> Reply<Option<Vec<lsp::FoldingRange>>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let policies = server.workspace.policies(&view);
    let (Some(file), Some(tree)) = (outline::file(policies, view.file), policies.tree(view.file)) else {
        return Ok(None);
    };
    let line = |offset: u32| view.lines.line(offset as usize) as u32;
    let mut found: Vec<(u32, u32, Option<lsp::FoldingRangeKind>)> = Vec::new();
    let mut imports: Option<(u32, u32)> = None;
    for item in &file.items {
        let (first, last) = (line(item.span.start), line(item.span.end));
        match &item.kind {
            ItemKind::Import(_) => {
                let from = imports.map_or(first, |(from, _)| from);
                imports = Some((from, last));
            }
            _ => {
                found.extend(imports.take().map(|(a, b)| (a, b, Some(lsp::FoldingRangeKind::Imports))));
                found.push((first, last, None));
            }
        }
    }
    found.extend(imports.map(|(a, b)| (a, b, Some(lsp::FoldingRangeKind::Imports))));
    let mut run: Option<(u32, u32)> = None;
    let remarks = tree.descendants_with_tokens().filter_map(|e| e.into_token());
    let is_remark = |t: &SyntaxToken| matches!(t.kind(), SyntaxKind::Remark | SyntaxKind::DocRemark);
    for at in remarks.filter(is_remark).map(|t| line(t.text_range().start().into())) {
        run = match run {
            Some((first, last)) if last + 1 == at => Some((first, at)),
            _ => {
                found.extend(run.map(|(a, b)| (a, b, Some(lsp::FoldingRangeKind::Comment))));
                Some((at, at))
            }
        };
    }
    found.extend(run.map(|(a, b)| (a, b, Some(lsp::FoldingRangeKind::Comment))));
    found.retain(|(first, last, _)| first < last);
    found.sort_by_key(|(first, last, _)| (*first, *last));
    let range = |(start_line, end_line, kind)| lsp::FoldingRange { start_line, end_line, kind, ..Default::default() };
    Ok(Some(found.into_iter().map(range).collect()))
}

/// Imports lead to the files that they bring in.
pub fn links(server: &mut Server, params: lsp::DocumentLinkParams) -> Reply<Option<Vec<lsp::DocumentLink>>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let set = server.workspace.set(&view);
    let Some(file) = outline::file(set.policies(), view.file) else { return Ok(None) };
    let link = |item: &Item| {
        let ItemKind::Import(import) = &item.kind else { return None };
        let path = imported(&view.path, &import.text);
        set.file(&path)?;
        let inner = Span { start: import.span.start + 1, end: import.span.end.saturating_sub(1), ..import.span };
        Some(lsp::DocumentLink {
            range: server.workspace.range(set, inner),
            target: Some(server.workspace.uri(&path)),
            tooltip: None,
            data: None,
        })
    };
    Ok(Some(file.items.iter().filter_map(link).collect()))
}

/// The file that an import of a file names.
pub fn imported(from: &str, import: &str) -> String {
    crate::io::normalize(&crate::io::join(crate::io::folder_of(from), import))
}

/// The import at a place, and the file that it brings in.
pub fn import_at(set: &Set, view: &View, offset: usize) -> Option<FileId> {
    let item = outline::item_at(outline::file(set.policies(), view.file)?, offset)?;
    let ItemKind::Import(import) = &item.kind else { return None };
    set.file(&imported(&view.path, &import.text))
}
