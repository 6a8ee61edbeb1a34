//! The lossless tree: the nodes that the grammar found, over the tokens.

use super::kinds::{Bylaws, SyntaxKind, node_kinds};
use super::parse::{Edge, Nodes, edges};
use super::scan::Scanned;
use rowan::{GreenNode, GreenNodeBuilder, Language};
use std::ops::Range;

/// A node begins or ends at this byte. In the order of the text.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    Enter(SyntaxKind, usize),
    Leave(usize),
}

/// Adds what the grammar found in a part that begins at `part`.
pub fn mark(marks: &mut Vec<Mark>, scanned: &Scanned<'_>, nodes: &Nodes<'_>, part: usize) {
    let mut starts = Vec::new();
    for edge in edges(nodes) {
        match edge {
            Edge::Enter(rule, at) => {
                for kind in node_kinds(rule) {
                    starts.push(part + at);
                    marks.push(Mark::Enter(*kind, part + at));
                }
            }
            Edge::Leave(rule, at) => {
                for _ in node_kinds(rule) {
                    let start = starts.pop().unwrap_or(part);
                    marks.push(Mark::Leave(scanned.trim_end(start, part + at)));
                }
            }
        }
    }
}

/// The texts of the leaves, one after the other, are the text that was scanned: whatever the marks are.
pub fn build(scanned: &Scanned<'_>, marks: &[Mark]) -> GreenNode {
    build_part(scanned, marks, 0..scanned.tokens.len() - 1)
}

/// As [`build`], of a range of tokens.
pub fn build_part(scanned: &Scanned<'_>, marks: &[Mark], tokens: Range<usize>) -> GreenNode {
    let mut builder = GreenNodeBuilder::new();
    builder.start_node(Bylaws::kind_to_raw(SyntaxKind::File));
    let mut leaves = Leaves { scanned, token: tokens.start, at: scanned.start(tokens.start) };
    let mut open = 0usize;
    for mark in marks {
        match *mark {
            Mark::Enter(kind, at) => {
                leaves.up_to(at, &mut builder);
                builder.start_node(Bylaws::kind_to_raw(kind));
                open += 1;
            }
            Mark::Leave(at) => {
                leaves.up_to(at, &mut builder);
                if open > 0 {
                    builder.finish_node();
                    open -= 1;
                }
            }
        }
    }
    leaves.up_to(scanned.start(tokens.end), &mut builder);
    for _ in 0..=open {
        builder.finish_node();
    }
    builder.finish()
}

struct Leaves<'a> {
    scanned: &'a Scanned<'a>,
    token: usize,
    at: usize,
}

impl Leaves<'_> {
    /// Adds the tokens before `end`. One that a node's edge goes through is cut in two.
    fn up_to(&mut self, end: usize, builder: &mut GreenNodeBuilder<'_>) {
        while self.at < end {
            let token_end = self.scanned.end(self.token);
            let cut = token_end.min(end);
            let kind = Bylaws::kind_to_raw(self.scanned.kind(self.token));
            match self.scanned.text.get(self.at..cut) {
                Some(text) => builder.token(kind, text),
                // not at a character's edge: the rest of the token goes along
                None => {
                    builder.token(kind, &self.scanned.text[self.at..token_end]);
                    self.at = token_end;
                    self.token += 1;
                    continue;
                }
            }
            self.at = cut;
            if cut == token_end {
                self.token += 1;
            }
        }
    }
}
