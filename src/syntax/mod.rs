//! From text to a lossless tree and all its errors, and to [`ast`].
//!
//! `scan` cuts the text into tokens, `split` the tokens into parts of one item each, `parse` reads a part by
//! the grammar, `lower` makes the syntax tree of it. A part that does not fit goes to `recover`, which reads it
//! again clause by clause, and `explain` says what is wrong with each that does not fit.

mod again;
pub mod ast;
mod clauses;
mod declarations;
pub mod english;
mod explain;
mod foreign;
mod kinds;
mod lower;
mod parse;
mod recover;
mod redraft;
mod scan;
mod shift;
mod slips;
mod split;
mod tree;
mod unfold;
pub mod words;

pub use again::parse_again;
pub use kinds::{Bylaws, SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
pub use unfold::{PlainTest, second_default, unfold};

use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use explain::Place;
use lower::Lower;
use parse::{Rule, read};
use recover::Reader;
use rowan::GreenNode;
use scan::scan;

/// More errors of one file than this are counted, not shown.
const MOST_ERRORS: usize = 100;

/// All that a text says, and all that is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Lossless: the texts of its leaves, in order, are the text. See [`Parsed::syntax`].
    pub tree: GreenNode,
    pub file: ast::File,
    /// In the order of the text.
    pub errors: Vec<Diagnostic>,
    /// For [`parse_again`].
    pub parts: Parts,
}

/// How a text was read, part by part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    parts: Vec<recover::Part>,
    errors: usize,
}

impl Parsed {
    /// The root of the tree.
    pub fn syntax(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.tree.clone())
    }
}

/// What a text says, and all that is wrong with it.
#[derive(Debug)]
pub struct Items {
    pub file: ast::File,
    /// In the order of the text.
    pub errors: Vec<Diagnostic>,
}

/// Reads a policy file. It never fails: what does not fit the grammar is left out of `file`, and told in `errors`.
pub fn parse(file: FileId, text: &str) -> Parsed {
    if let Some(error) = no_text(file, text) {
        let scanned = scan(if u32::try_from(text.len()).is_ok() { text } else { "" });
        let tree = tree::build(&scanned, &[]);
        return Parsed { tree, file: ast::File { items: Vec::new() }, errors: vec![error], parts: Parts::default() };
    }
    let scanned = scan(text);
    let Reader { items, errors, marks, parts, .. } = Reader::all(Place { file, scanned: &scanned, origin: 0 }, true);
    let parts = Parts { parts, errors: errors.len() };
    Parsed { tree: tree::build(&scanned, &marks), file: ast::File { items }, errors: in_order(errors), parts }
}

/// As `parse`, where nobody looks at the tree.
pub fn parse_items(file: FileId, text: &str) -> Items {
    if let Some(error) = no_text(file, text) {
        return Items { file: ast::File { items: Vec::new() }, errors: vec![error] };
    }
    let scanned = scan(text);
    let Reader { items, errors, .. } = Reader::all(Place { file, scanned: &scanned, origin: 0 }, false);
    Items { file: ast::File { items }, errors: in_order(errors) }
}

/// The errors of a file as they are told.
fn in_order(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    errors.sort_by_key(|e| e.span().start);
    if errors.len() > MOST_ERRORS {
        let more = errors.len() - MOST_ERRORS;
        let next = errors[MOST_ERRORS].span();
        errors.truncate(MOST_ERRORS);
        errors.push(
            Diagnostic::error(Code::SyntaxError, format!("{more} more errors in this file"), next, "the next one")
                .help("mend the first ones and check again"),
        );
    }
    errors
}

/// An error where the text nests more deeply than so many levels, for a caller that allows fewer than the grammar does.
pub fn deeper_than(file: FileId, text: &str, most: usize) -> Option<Diagnostic> {
    if most >= split::MAX_DEPTH {
        return None;
    }
    let scanned = scan(text);
    let at = split::deepest(&scanned, 0..scanned.tokens.len() - 1, most)?;
    Some(split::too_deep(Span::new(file, at, at + 1), most))
}

/// Reads one expression: the value of a parameter.
pub fn parse_expr(file: FileId, text: &str) -> Result<ast::Expr, Vec<Diagnostic>> {
    if let Some(error) = no_text(file, text) {
        return Err(vec![error]);
    }
    let scanned = scan(text);
    let place = Place { file, scanned: &scanned, origin: 0 };
    let eof = scanned.tokens.len() - 1;
    if let Some(at) = split::deepest(&scanned, 0..eof, split::MAX_DEPTH) {
        return Err(vec![split::too_deep(Span::new(file, at, at + 1), split::MAX_DEPTH)]);
    }
    let nodes = read(Rule::only_expr, text).map_err(|failure| {
        if failure.too_deep {
            return vec![split::too_deep(Span::new(file, 0, text.len()), split::MAX_DEPTH)];
        }
        let at = scanned.significant(scanned.at(failure.at)).min(eof);
        vec![explain::explain(&explain::Attempt {
            place,
            tokens: 0..eof,
            at,
            expected: &failure.expected,
            what: "value",
        })]
    })?;
    let mut errors = Vec::new();
    let mut lower = Lower { file, scanned: &scanned, origin: 0, part: 0, errors: &mut errors };
    let expr = nodes.into_iter().find(|n| n.as_rule() == Rule::expr).map(|n| lower.expr(n));
    match expr {
        Some(expr) if errors.is_empty() => Ok(expr),
        _ => Err(errors),
    }
}

/// A token that says something: neither blank nor remark.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'t> {
    pub kind: SyntaxKind,
    pub text: &'t str,
    pub start: usize,
    /// Nothing but blanks is before it on its line.
    pub starts_line: bool,
}

/// What is around a place of a text, whether or not it fits the grammar.
#[derive(Debug)]
pub struct Around<'t> {
    /// The tokens of the item there.
    pub item: Vec<Piece<'t>>,
    /// The remark or quoted text that the place is inside of.
    pub inside: Option<Piece<'t>>,
}

/// Reads the item around a place; of an item that is over before it, too, where no other begins.
pub fn around(text: &str, offset: usize) -> Around<'_> {
    let scanned = scan(text);
    let parts = split::parts(&scanned);
    let before = parts.partition_point(|part| scanned.start(part.start) <= offset);
    let part = parts.get(before.saturating_sub(1)).cloned().unwrap_or(0..0);
    let piece = |index: usize| Piece {
        kind: scanned.kind(index),
        text: scanned.token_text(index),
        start: scanned.start(index),
        starts_line: scanned.tokens[index].starts_line,
    };
    let at = scanned.tokens.partition_point(|token| (token.start as usize) < offset).saturating_sub(1);
    let closed = offset < scanned.end(at);
    let inside = match scanned.kind(at) {
        SyntaxKind::Remark | SyntaxKind::DocRemark | SyntaxKind::OpenText => true,
        SyntaxKind::Text | SyntaxKind::Regex | SyntaxKind::Quoted | SyntaxKind::SingleQuoted => closed,
        _ => false,
    };
    Around {
        item: part.filter(|&index| !scanned.kind(index).is_trivia()).map(piece).collect(),
        inside: (inside && scanned.start(at) < offset).then(|| piece(at)),
    }
}

/// Binary data, or more than spans can tell.
fn no_text(file: FileId, text: &str) -> Option<Diagnostic> {
    if u32::try_from(text.len()).is_err() {
        return Some(
            Diagnostic::error(Code::SyntaxError, "a policy file of 4 GiB or more", Span::new(file, 0, 0), "here")
                .help("split it into several files"),
        );
    }
    let nul = memchr::memchr(0, text.as_bytes())?;
    Some(
        Diagnostic::error(
            Code::SyntaxError,
            "this is not a text file",
            Span::new(file, nul, nul + 1),
            "a byte that is no text",
        )
        .help("policy files are UTF-8 text, and end in `.bylaw`"),
    )
}

#[cfg(test)]
mod tests;
