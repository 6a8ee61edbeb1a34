//! What stands under the pointer: its declaration with what its author wrote of it, its type, its value.

use super::complete::words;
use super::server::{Reply, Server};
use super::workspace::View;
use super::{names, outline};
use crate::data::{Zone, display};
use crate::diag::Code;
use crate::policy_set::PolicySet;
use crate::sema::hir::Constant;
use crate::sema::{Typed, What};
use crate::source::Span;
use crate::syntax::ast::ItemKind;
use crate::syntax::{self, SyntaxKind};
use gen_lsp_types as lsp;

/// Lines of a declaration that are shown.
const MOST_LINES: usize = 24;

pub fn hover(server: &mut Server, params: lsp::HoverParams) -> Reply<Option<lsp::Hover>> {
    let place = params.text_document_position_params;
    let Some(view) = server.workspace.view(&place.text_document.uri) else { return Ok(None) };
    let offset = server.workspace.offset(&view, place.position);
    let policies = server.workspace.policies(&view);
    let found = names::at(policies, &view, offset)
        .and_then(|named| Some((named.span, of_name(policies, &view, &named)?)))
        .or_else(|| of_code(policies, &view, offset))
        .or_else(|| of_word(&view, offset))
        .or_else(|| of_value(policies, &view, offset));
    let Some((span, text)) = found else { return Ok(None) };
    let contents = lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: text };
    let range = Some(server.workspace.range(server.workspace.set(&view), span));
    Ok(Some(lsp::Hover { contents: contents.into(), range }))
}

/// The declaration, as it is written, with its remark.
fn of_name(policies: &PolicySet, view: &View, named: &names::Named) -> Option<String> {
    let parts = named.definitions.iter().map(|definition| {
        let declared = outline::declared_at(policies, *definition);
        match &declared {
            Some(declared) => of_declaration(policies, view, declared),
            None => block(&line_of(policies, *definition)),
        }
    });
    let mut text = parts.collect::<Vec<_>>().join("\n\n---\n\n");
    if let Some(ty) = type_at(policies, view, named.span).filter(|_| !matches!(named.what, What::Field)) {
        text.push_str(&format!("\n\n{}", shown_type(view, ty)));
    }
    Some(text)
}

pub fn of_declaration(policies: &PolicySet, view: &View, declared: &outline::Declared<'_>) -> String {
    let sources = policies.sources();
    let mut text = block(&shortened(sources.text(declared.span)));
    if let (Some(within), What::Field | What::Word | What::Exception | What::Argument) =
        (declared.within, declared.what)
    {
        let what = match declared.what {
            What::Word => "a word of",
            What::Exception => "an exception of",
            What::Argument => "an argument of",
            _ => "a field of",
        };
        text.push_str(&format!("\n\n{what} `{}`", within.text));
    }
    if let What::Param = declared.what
        && let Some(param) = view.analysis.outline.params.iter().find(|p| p.span == declared.name.span)
    {
        let schema = view.analysis.schema();
        let value = match &param.value {
            Constant::Value(value) => Some(display::value(value, schema, &Zone::utc())),
            Constant::Length(_) | Constant::Set(_) => None,
        };
        if let Some(value) = value {
            text.push_str(&format!("\n\n`{value}` in this run; `--set {}=…` gives it another value", param.name));
        }
    }
    if let ItemKind::Rule(rule) = &declared.item.kind
        && declared.what == What::Rule
        && let Some(title) = &rule.title
    {
        text = format!("**{}**\n\n{text}", title.text);
    }
    if let Some(doc) = declared.doc {
        text.push_str(&format!("\n\n{doc}"));
    }
    text
}

pub fn block(code: &str) -> String {
    format!("```bylaw\n{code}\n```")
}

fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= MOST_LINES {
        return lines.join("\n");
    }
    format!("{}\n…", lines[..MOST_LINES - 1].join("\n"))
}

fn line_of(policies: &PolicySet, span: Span) -> String {
    let text = &policies.sources().file(span.file).text;
    let from = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let to = text[span.end as usize..].find('\n').map_or(text.len(), |at| span.end as usize + at);
    text[from..to].trim().to_owned()
}

/// The type of the path that ends with this name: `a.b`.
fn type_at<'v>(policies: &PolicySet, view: &'v View, name: Span) -> Option<&'v Typed> {
    let is_path = |span: Span| {
        let before = policies.sources().text(Span { end: name.start, ..span });
        before.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '?'))
    };
    let ends_here = |t: &&Typed| t.span.file == name.file && t.span.end == name.end && t.span.start <= name.start;
    view.analysis.notes(policies).types.iter().filter(ends_here).find(|t| is_path(t.span))
}

fn shown_type(view: &View, typed: &Typed) -> String {
    let name = view.analysis.schema().type_name(&typed.ty);
    let absent = if typed.optional { ", may be absent" } else { "" };
    format!("`{name}`{absent}")
}

/// The smallest value around a place, and its type.
fn of_value(policies: &PolicySet, view: &View, offset: usize) -> Option<(Span, String)> {
    let around = |t: &&Typed| t.span.file == view.file && t.span.range().contains(&offset);
    let typed = view.analysis.notes(policies).types.iter().filter(around).min_by_key(|t| t.span.end - t.span.start)?;
    Some((typed.span, shown_type(view, typed)))
}

/// What a word of the language says.
fn of_word(view: &View, offset: usize) -> Option<(Span, String)> {
    let around = syntax::around(&view.lines.text, offset);
    let is_here = |p: &&syntax::Piece<'_>| (p.start..p.start + p.text.len()).contains(&offset);
    let word = around.item.iter().find(is_here).filter(|p| p.kind == SyntaxKind::Word)?;
    let meaning = words::meaning(word.text)?;
    Some((Span::new(view.file, word.start, word.start + word.text.len()), format!("`{}`: {meaning}", word.text)))
}

/// The page of a diagnostic's code that stands in the text, as in a remark.
fn of_code(policies: &PolicySet, view: &View, offset: usize) -> Option<(Span, String)> {
    let text = &policies.sources().file(view.file).text;
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let start =
        text[..offset].rfind(|c| !is_word(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[offset..].find(|c| !is_word(c)).map_or(text.len(), |at| offset + at);
    let code: Code = text[start..end].parse().ok()?;
    Some((Span::new(view.file, start, end), code.page().to_owned()))
}
