//! What may be typed at a place: it knows the records, their fields and words, and what each clause takes.

mod context;
mod expressions;
mod givens;
mod texts;
pub mod words;

use super::server::{Reply, Server};
use super::workspace::View;
use crate::data::{KindId, Schema, Type};
use crate::policy_set::PolicySet;
use crate::syntax::ast::{Ident, Item, ItemKind};
use crate::syntax::{self, SyntaxKind};
use context::{Context, Scope};
use gen_lsp_types as lsp;

/// Something that may stand here.
pub struct Candidate {
    label: String,
    kind: lsp::CompletionItemKind,
    detail: Option<String>,
    doc: Option<String>,
    /// With places to fill in.
    snippet: Option<String>,
    /// Those of lower ranks come first.
    rank: u8,
}

impl Candidate {
    fn new(label: impl Into<String>, kind: lsp::CompletionItemKind, rank: u8) -> Candidate {
        Candidate { label: label.into(), kind, detail: None, doc: None, snippet: None, rank }
    }

    fn detail(self, detail: impl Into<String>) -> Candidate {
        Candidate { detail: Some(detail.into()), ..self }
    }

    fn doc(self, doc: Option<&str>) -> Candidate {
        Candidate { doc: doc.map(str::to_owned), ..self }
    }

    fn snippet(self, snippet: Option<&str>) -> Candidate {
        Candidate { snippet: snippet.map(str::to_owned), ..self }
    }
}

/// What is known where something is completed.
pub struct Finder<'a> {
    policies: &'a PolicySet,
    schema: &'a Schema,
    context: Context<'a>,
    scope: Scope<'a>,
}

pub fn complete(server: &mut Server, params: lsp::CompletionParams) -> Reply<Option<lsp::CompletionResponse>> {
    let place = params.text_document_position_params;
    let Some(view) = server.workspace.view(&place.text_document.uri) else { return Ok(None) };
    let offset = server.workspace.offset(&view, place.position);
    let text = &*view.lines.text;
    let around = syntax::around(text, offset);
    let schema = view.analysis.schema();
    let context = Context::new(text, around.item, offset);
    let scope = Scope::of(&context, schema, false);
    let finder = Finder { policies: server.workspace.policies(&view), schema, context, scope };
    let (mut found, start) = match around.inside {
        Some(piece) if matches!(piece.kind, SyntaxKind::Text | SyntaxKind::OpenText) => {
            texts::complete(&finder, server, &view, piece, offset)
        }
        Some(_) => (Vec::new(), offset),
        None => (finder.here(), finder.context.start),
    };
    found.sort_by_key(|c| c.rank);
    let range = view.lines.range(start..offset, server.workspace.encoding);
    let snippets = server.client.snippets;
    let items = found.into_iter().enumerate().map(|(i, c)| item(c, i, range, snippets)).collect();
    Ok(Some(lsp::CompletionList { is_incomplete: false, items, ..Default::default() }.into()))
}

fn item(candidate: Candidate, index: usize, range: lsp::Range, snippets: bool) -> lsp::CompletionItem {
    let snippet = candidate.snippet.filter(|_| snippets);
    let doc = candidate.doc.map(|value| lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value });
    lsp::CompletionItem {
        kind: Some(candidate.kind),
        detail: candidate.detail,
        documentation: doc.map(Into::into),
        sort_text: Some(format!("{index:04}")),
        insert_text_format: snippet.as_ref().map(|_| lsp::InsertTextFormat::Snippet),
        text_edit: Some(lsp::TextEdit::new(range, snippet.unwrap_or_else(|| candidate.label.clone())).into()),
        label: candidate.label,
        ..Default::default()
    }
}

impl<'a> Finder<'a> {
    fn items(&self) -> impl Iterator<Item = &'a Item> + use<'a> {
        self.policies.files().iter().flat_map(|(_, file)| &file.items)
    }

    fn here(&self) -> Vec<Candidate> {
        let context = &self.context;
        if context.open.is_empty() {
            if context.before.is_empty() || context.starts_line {
                return words::ITEMS.iter().map(|(word, snippet)| keyword(word, 0).snippet(Some(snippet))).collect();
            }
            return self.of_head();
        }
        match context.head() {
            "record" | "table" => self.of_type(),
            "test" => self.of_test(),
            "default" => self.of_given(0),
            "forbid" | "require" | "limit" | "revise" | "metric" => self.of_rule(),
            "policy" | "charter" | "waive" | "source" if context.starts_line => self.clauses(),
            "source" if context.word(1) == "format" => ["csv", "ndjson", "json", "parquet"]
                .map(|w| Candidate::new(w, lsp::CompletionItemKind::Value, 0))
                .into(),
            "let" | "define" | "param" => self.expression(),
            _ => Vec::new(),
        }
    }

    /// Between an item's keyword and its braces, or in an item without.
    fn of_head(&self) -> Vec<Candidate> {
        let context = &self.context;
        let is_past = |sign: &str| context.before.iter().any(|p| p.text == sign);
        match (context.head(), context.word(1)) {
            ("waive", "waive") | ("revise", "revise") => self.rules(),
            ("waive", "for" | ",") => self.covered(),
            ("waive", _) => keywords(&["for"]),
            ("revise", "effective") => keywords(&["from"]),
            ("revise", _) => keywords(&["effective"]),
            ("source", "for") | ("default", "default") => self.kinds(|_| true),
            ("source", "source") => Vec::new(),
            ("source", _) => keywords(&["for"]),
            ("record", "record") | ("table", "table") => Vec::new(),
            ("record", _) => keywords(&["at", "by", "identity"]),
            ("table", _) => keywords(&["key", "valid", "from", "until"]),
            ("let" | "param" | "define", _) if is_past("=") => self.expression(),
            ("param" | "define", ":" | "ref" | "of") => {
                let mut all = self.of_type();
                if context.head() == "define" {
                    all.extend(self.kinds(|_| true));
                }
                all
            }
            _ => Vec::new(),
        }
    }

    /// A field's type, or a mark behind it.
    fn of_type(&self) -> Vec<Candidate> {
        match self.context.word(1) {
            "ref" => self.kinds(|kind| self.schema.kind(kind).is_table()),
            ":" | "of" => {
                let mut all: Vec<Candidate> = Type::NAMED
                    .iter()
                    .map(|(ty, _)| {
                        Candidate::new(*ty, lsp::CompletionItemKind::TypeParameter, 0).doc(words::meaning(ty))
                    })
                    .collect();
                let enums = self.items().filter_map(|item| match &item.kind {
                    ItemKind::Enum(e) => Some((item, e)),
                    _ => None,
                });
                all.extend(enums.map(|(item, e)| {
                    let words: Vec<&str> = e.words.iter().map(|w| w.name.text.as_str()).collect();
                    Candidate::new(&e.name.text, lsp::CompletionItemKind::Enum, 1)
                        .detail(words.join(", "))
                        .doc(item.doc.as_deref())
                }));
                all.extend(keywords(&["ref", "enum", "list of", "set of"]));
                all
            }
            "@" => ["person", "sensitive"].map(|w| Candidate::new(w, lsp::CompletionItemKind::Keyword, 0)).into(),
            _ => Vec::new(),
        }
    }

    fn clauses(&self) -> Vec<Candidate> {
        let words = words::clauses(self.context.head());
        words.iter().map(|word| keyword(word, 2).snippet(words::snippet(word))).collect()
    }

    fn kinds(&self, which: impl Fn(KindId) -> bool) -> Vec<Candidate> {
        let kinds = (0..).map(KindId).zip(self.schema.declared()).filter(|(id, _)| which(*id));
        kinds
            .map(|(_, kind)| {
                Candidate::new(&kind.name, lsp::CompletionItemKind::Struct, 0)
                    .detail(if kind.is_table() { "table" } else { "record" })
                    .doc(kind.doc.as_deref())
            })
            .collect()
    }

    fn rules(&self) -> Vec<Candidate> {
        let rules = self.items().filter_map(|item| match &item.kind {
            ItemKind::Rule(rule) => Some((item, rule)),
            _ => None,
        });
        rules
            .map(|(item, rule)| {
                let candidate = Candidate::new(&rule.name.text, lsp::CompletionItemKind::Class, 0);
                let candidate = candidate.doc(item.doc.as_deref());
                match &rule.title {
                    Some(title) => candidate.detail(&title.text),
                    None => candidate,
                }
            })
            .collect()
    }

    /// The fields of what triggers the rule that is waived.
    fn covered(&self) -> Vec<Candidate> {
        let Some(name) = self.context.before.get(1).map(|p| p.text) else { return Vec::new() };
        let is_it = |item: &&Item| matches!(&item.kind, ItemKind::Rule(rule) if rule.name.text == name);
        let Some(item) = self.items().find(is_it) else { return Vec::new() };
        let text = self.policies.sources().text(item.span);
        let context = Context::new(text, syntax::around(text, 0).item, text.len());
        let scope = Scope::of(&context, self.schema, false);
        scope.bare.map_or(Vec::new(), |kind| self.fields(&context::Place::Fields { kind, prefix: String::new() }, 0))
    }

    fn names_of(&self, which: impl Fn(&'a Item) -> Option<&'a Ident>, kind: lsp::CompletionItemKind) -> Vec<Candidate> {
        self.items()
            .filter_map(|item| Some((item, which(item)?)))
            .map(|(item, name)| Candidate::new(&name.text, kind, 0).doc(item.doc.as_deref()))
            .collect()
    }

    fn params(&self) -> Vec<Candidate> {
        let param = |item: &'a Item| match &item.kind {
            ItemKind::Param(param) => Some(&param.name),
            _ => None,
        };
        self.names_of(param, lsp::CompletionItemKind::Variable)
    }

    fn metrics(&self) -> Vec<Candidate> {
        let metric = |item: &'a Item| match &item.kind {
            ItemKind::Metric(metric) => Some(&metric.name),
            _ => None,
        };
        self.names_of(metric, lsp::CompletionItemKind::Value)
    }

    /// The fields at a place.
    fn fields(&self, place: &context::Place, rank: u8) -> Vec<Candidate> {
        let fields = context::fields(self.schema, place);
        fields
            .into_iter()
            .map(|(kind, name, column)| {
                let candidate = Candidate::new(name, lsp::CompletionItemKind::Field, rank);
                let Some(column) = column else { return candidate.detail("{ … }") };
                let declared = self.schema.column(kind, column);
                let optional = if declared.optional { "?" } else { "" };
                let doc = super::outline::declared_at(self.policies, declared.span).and_then(|d| d.doc);
                candidate.detail(format!("{}{optional}", self.schema.type_name(&declared.ty))).doc(doc)
            })
            .collect()
    }

    /// The words of an enum, or `true` and `false`; nothing for other types.
    fn words_of(&self, ty: &Type) -> Vec<Candidate> {
        match ty {
            Type::Enum(id) => {
                let of = self.schema.enum_def(*id);
                let word = |w: &crate::data::EnumWord| {
                    let candidate = Candidate::new(&w.name, lsp::CompletionItemKind::EnumMember, 0);
                    match &w.spelling {
                        Some(spelling) => candidate.detail(format!("{spelling:?} in records")),
                        None => candidate,
                    }
                };
                of.words.iter().map(word).collect()
            }
            Type::Bool => ["true", "false"].map(|w| Candidate::new(w, lsp::CompletionItemKind::Value, 0)).into(),
            Type::List(of) | Type::Set(of) => self.words_of(of),
            _ => Vec::new(),
        }
    }
}

fn keyword(word: &str, rank: u8) -> Candidate {
    Candidate::new(word, lsp::CompletionItemKind::Keyword, rank).doc(words::meaning(word))
}

fn keywords(all: &[&str]) -> Vec<Candidate> {
    all.iter().map(|word| keyword(word, 3)).collect()
}

/// The view of a text, for signatures: the item around a place.
pub fn call_around(view: &View, offset: usize) -> Option<(String, usize)> {
    let around = syntax::around(&view.lines.text, offset);
    let before: Vec<_> = around.item.iter().take_while(|p| p.start < offset).collect();
    let mut depth = 0usize;
    let mut arguments = 0;
    for (at, piece) in before.iter().enumerate().rev() {
        match piece.kind {
            SyntaxKind::CloseParen | SyntaxKind::CloseBrace | SyntaxKind::CloseBracket => depth += 1,
            SyntaxKind::OpenParen if depth == 0 => {
                let name = before.get(at.checked_sub(1)?)?;
                return (name.kind == SyntaxKind::Word).then(|| (name.text.to_owned(), arguments));
            }
            SyntaxKind::OpenBrace if depth == 0 => return None,
            SyntaxKind::OpenParen | SyntaxKind::OpenBrace | SyntaxKind::OpenBracket => depth -= 1,
            SyntaxKind::Sign if depth == 0 && piece.text == "," => arguments += 1,
            _ => {}
        }
    }
    None
}
