//! What each word of a text is, for colours: keyword, record, field, rule.

use super::complete::words;
use super::outline;
use super::server::{Reply, Server};
use super::uri::path_of;
use super::workspace::{View, Workspace};
use crate::data::Type;
use crate::sema::What;
use crate::source::Span;
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxToken};
use gen_lsp_types as lsp;
use std::collections::HashMap;
use std::ops::Range;

pub const TYPES: [&str; 16] = [
    "keyword",
    "type",
    "struct",
    "property",
    "enum",
    "enumMember",
    "variable",
    "function",
    "parameter",
    "class",
    "event",
    "string",
    "number",
    "comment",
    "operator",
    "decorator",
];
pub const MODIFIERS: [&str; 3] = ["declaration", "readonly", "documentation"];
const DECLARATION: u32 = 1;
const READONLY: u32 = 2;
const DOCUMENTATION: u32 = 4;

fn index(name: &str) -> u32 {
    TYPES.iter().position(|t| *t == name).unwrap_or_default() as u32
}

fn of_what(what: What) -> (u32, u32) {
    match what {
        What::Kind => (index("struct"), 0),
        What::Field => (index("property"), 0),
        What::Enum => (index("enum"), 0),
        What::Word => (index("enumMember"), 0),
        What::Let | What::Param => (index("variable"), READONLY),
        What::Define => (index("function"), 0),
        What::Argument | What::Alias => (index("parameter"), 0),
        What::Rule | What::Metric => (index("class"), 0),
        What::Exception => (index("event"), 0),
    }
}

/// What was sent for a file, for what is sent next.
pub struct Sent {
    id: u64,
    data: Vec<lsp::SemanticToken>,
}

pub fn full(server: &mut Server, params: lsp::SemanticTokensParams) -> Reply<Option<lsp::SemanticTokens>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let data = tokens(&server.workspace, &view, 0..view.lines.text.len());
    let result_id = keep(server, &view.path, data.clone());
    Ok(Some(lsp::SemanticTokens { result_id: Some(result_id), data }))
}

pub fn range(server: &mut Server, params: lsp::SemanticTokensRangeParams) -> Reply<Option<lsp::SemanticTokens>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let range = view.lines.bytes(params.range, server.workspace.encoding);
    Ok(Some(lsp::SemanticTokens { result_id: None, data: tokens(&server.workspace, &view, range) }))
}

/// What has changed since the tokens that the client has.
pub fn delta(
    server: &mut Server,
    params: lsp::SemanticTokensDeltaParams,
) -> Reply<Option<lsp::SemanticTokensDeltaResponse>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let data = tokens(&server.workspace, &view, 0..view.lines.text.len());
    let before = server.tokens.remove(&path_of(&params.text_document.uri.0));
    let before = before.filter(|sent| sent.id.to_string() == params.previous_result_id);
    let result_id = Some(keep(server, &view.path, data.clone()));
    let Some(before) = before else { return Ok(Some(lsp::SemanticTokens { result_id, data }.into())) };
    let old = before.data;
    let head = old.iter().zip(&data).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(data[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (gone, new) = (&old[head..old.len() - tail], &data[head..data.len() - tail]);
    let edits = if gone.is_empty() && new.is_empty() {
        Vec::new()
    } else {
        let data = new.iter().flat_map(|token| <[u32; 5]>::from(*token)).collect();
        let (start, delete_count) = (5 * head as u32, 5 * gone.len() as u32);
        vec![lsp::SemanticTokensEdit { start, delete_count, data: Some(data) }]
    };
    Ok(Some(lsp::SemanticTokensDelta { result_id, edits }.into()))
}

fn keep(server: &mut Server, path: &str, data: Vec<lsp::SemanticToken>) -> String {
    server.results += 1;
    let id = server.results;
    server.tokens.insert(path.to_owned(), Sent { id, data });
    id.to_string()
}

/// A word of the text, with its type and modifiers.
type Marked = (Range<usize>, u32, u32);

fn tokens(workspace: &Workspace, view: &View, within: Range<usize>) -> Vec<lsp::SemanticToken> {
    let policies = workspace.policies(view);
    let Some(tree) = policies.tree(view.file) else { return Vec::new() };
    let names = names(workspace, view);
    let mut marked: Vec<Marked> = Vec::new();
    let is_within = |place: &Range<usize>| place.end > within.start && place.start < within.end;
    for element in tree.children_with_tokens().filter(|e| is_within(&e.text_range().into())) {
        let tokens: Box<dyn Iterator<Item = SyntaxToken>> = match element {
            SyntaxElement::Token(token) => Box::new(std::iter::once(token)),
            SyntaxElement::Node(item) => Box::new(item.descendants_with_tokens().filter_map(|e| e.into_token())),
        };
        for token in tokens {
            let place = token.text_range().into();
            if is_within(&place) {
                mark(&token, place, &names, &mut marked);
            }
        }
    }
    let (mut line, mut column) = (0, 0);
    let encoding = workspace.encoding;
    marked
        .into_iter()
        .map(|(place, token_type, token_modifiers_bitset)| {
            let start = view.lines.position(place.start, encoding);
            let delta_line = start.line - line;
            let delta_start = if delta_line == 0 { start.character - column } else { start.character };
            (line, column) = (start.line, start.character);
            let length = encoding.columns(&view.lines.text[place]);
            lsp::SemanticToken { delta_line, delta_start, length, token_type, token_modifiers_bitset }
        })
        .collect()
}

/// By where they begin: the names of the file, and what they are.
fn names(workspace: &Workspace, view: &View) -> HashMap<usize, Marked> {
    let mut names = HashMap::new();
    let policies = workspace.policies(view);
    let here = |span: Span| span.file == view.file;
    for used in view.analysis.notes(policies).uses.iter().filter(|u| here(u.span)) {
        let (token_type, modifiers) = of_what(used.what);
        names.insert(used.span.start as usize, (used.span.range(), token_type, modifiers));
    }
    let file = outline::file(policies, view.file);
    for declared in file.iter().flat_map(|file| &file.items).flat_map(outline::declared) {
        let (token_type, modifiers) = of_what(declared.what);
        let place = declared.name.span.range();
        names.insert(place.start, (place, token_type, modifiers | DECLARATION));
    }
    names
}

fn mark(token: &SyntaxToken, place: Range<usize>, names: &HashMap<usize, Marked>, out: &mut Vec<Marked>) {
    let parent = token.parent().map(|node| node.kind());
    match token.kind() {
        SyntaxKind::Remark => out.push((place, index("comment"), 0)),
        SyntaxKind::DocRemark => out.push((place, index("comment"), DOCUMENTATION)),
        SyntaxKind::Number => out.push((place, index("number"), 0)),
        SyntaxKind::Text | SyntaxKind::OpenText | SyntaxKind::Regex | SyntaxKind::Quoted => {
            // A message has names in it.
            let mut from = place.start;
            for at in place.start + 1..place.end {
                if let Some(name) = names.get(&at).filter(|name| name.0.end < place.end) {
                    out.push((from..at, index("string"), 0));
                    out.push(name.clone());
                    from = name.0.end;
                }
            }
            out.push((from..place.end, index("string"), 0));
        }
        SyntaxKind::Sign if matches!(parent, Some(SyntaxKind::Mark)) => out.push((place, index("decorator"), 0)),
        SyntaxKind::Sign if !matches!(token.text(), "," | ":" | "." | "|") => out.push((place, index("operator"), 0)),
        SyntaxKind::Word => match names.get(&place.start) {
            Some(name) => out.push(name.clone()),
            None if parent == Some(SyntaxKind::Mark) => out.push((place, index("decorator"), 0)),
            None if parent == Some(SyntaxKind::Quantity) => out.push((place, index("number"), 0)),
            None if parent == Some(SyntaxKind::TypeExpr) && Type::named(token.text()).is_some() => {
                out.push((place, index("type"), 0));
            }
            None if is_keyword(token.text()) => out.push((place, index("keyword"), 0)),
            None => {}
        },
        _ => {}
    }
}

/// Words of the language that have no meaning of their own to tell.
const OTHERS: &[&str] = &[
    "then",
    "as",
    "for",
    "every",
    "rule",
    "cites",
    "is",
    "tested",
    "waivers",
    "most",
    "self",
    "approval",
    "has",
    "rank",
    "no_one_exempt",
    "case",
    "all",
    "time",
    "end",
    "of",
    "calendar",
    "day",
    "month",
    "quarter",
    "year",
    "fiscal_quarter",
    "before",
    "after",
    "around",
    "everyone",
    "starts",
    "except",
    "to",
    "nothing",
    "else",
    "message",
    "true",
    "false",
    "or",
    "more",
    "times",
    "constant",
    "days",
    "business",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "info",
    "minor",
    "major",
    "period",
    "set",
];

fn is_keyword(word: &str) -> bool {
    words::meaning(word).is_some() || OTHERS.contains(&word)
}
