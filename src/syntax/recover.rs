//! Reads the parts of a file: as a whole where they fit the grammar, and otherwise piece by piece, so that
//! every piece with a fault tells its own and the others are kept.

use super::ast::{self, Field, GivenField, GivenValue, Ident, Item, ItemKind, SourceClause, TestClause, TypeExpr};
use super::explain::{Attempt, Place, explain};
use super::kinds::SyntaxKind as K;
use super::lower::Lower;
use super::parse::{Failure, Node, Nodes, Rule, read};
use super::redraft::{self, Reading, Stop};
use super::split;
use super::tree::{Mark, mark};
use super::words;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::threads;
use std::ops::Range;

mod bodies;
mod items;
mod lists;
mod sequence;

/// Beyond so many errors a file is no longer read piece by piece.
pub const ENOUGH_ERRORS: usize = 200;

/// Shorter texts are read by one thread, in less time than it takes to begin another.
const LONG: usize = 32 << 10;
const MOST_THREADS: usize = 8;

/// What has been read so far.
pub struct Reader<'a> {
    place: Place<'a>,
    pub items: Vec<Item>,
    pub errors: Vec<Diagnostic>,
    /// Whether a tree is made.
    tree: bool,
    /// The nodes of the tree.
    pub marks: Vec<Mark>,
    /// The parts that were read, in the order of the text.
    pub parts: Vec<Part>,
}

/// A part of a text, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Where it begins, in bytes. It reaches to the next one.
    pub start: usize,
    pub items: usize,
    pub errors: usize,
}

impl<'a> Reader<'a> {
    pub fn new(place: Place<'a>, tree: bool) -> Reader<'a> {
        Reader { place, tree, items: Vec::new(), errors: Vec::new(), marks: Vec::new(), parts: Vec::new() }
    }

    /// All items of a file. Those of a long one are read on several threads, with the same outcome.
    pub fn all(place: Place<'a>, tree: bool) -> Reader<'a> {
        let threads = match place.scanned.text.len() {
            0..LONG => 1,
            _ => threads::at_most(MOST_THREADS),
        };
        Reader::all_on(threads, place, tree)
    }

    pub(super) fn all_on(threads: usize, place: Place<'a>, tree: bool) -> Reader<'a> {
        let parts = split::parts(place.scanned);
        let read = |parts: &[Range<usize>]| {
            let mut reader = Reader::new(place, tree);
            // Most are one item.
            reader.items.reserve_exact(parts.len());
            reader.parts.reserve_exact(parts.len());
            parts.iter().for_each(|part| reader.part(part.clone()));
            reader
        };
        if threads == 1 || parts.len() < 2 * threads {
            return read(&parts);
        }
        let pieces = threads::pieces(threads, &parts, read);
        // How far a file with many errors is read hangs on those before.
        if pieces.iter().map(|p| p.errors.len()).sum::<usize>() > ENOUGH_ERRORS {
            return read(&parts);
        }
        let mut all = Reader::new(place, tree);
        all.items.reserve_exact(pieces.iter().map(|p| p.items.len()).sum());
        all.parts.reserve_exact(parts.len());
        for mut piece in pieces {
            all.items.append(&mut piece.items);
            all.errors.append(&mut piece.errors);
            all.marks.append(&mut piece.marks);
            all.parts.append(&mut piece.parts);
        }
        all
    }

    /// A range of tokens that holds one item as a rule.
    pub fn part(&mut self, tokens: Range<usize>) {
        let (start, items, errors) = (self.start(&tokens), self.items.len(), self.errors.len());
        self.read_part(tokens);
        self.parts.push(Part { start, items: self.items.len() - items, errors: self.errors.len() - errors });
    }

    fn read_part(&mut self, tokens: Range<usize>) {
        if let Some(at) = split::deepest(self.place.scanned, tokens.clone(), split::MAX_DEPTH) {
            self.errors.push(split::too_deep(Span::new(self.place.file, at, at + 1), split::MAX_DEPTH));
            self.skip(tokens);
            return;
        }
        match self.read(Rule::items, &tokens) {
            Ok(nodes) => self.keep(nodes, &tokens),
            Err(failure) if failure.too_deep => self.too_deep(tokens, &failure),
            Err(_) if self.errors.len() > ENOUGH_ERRORS => {
                let span = self.place.span(self.place.scanned.significant(tokens.start));
                self.errors.push(Diagnostic::error(Code::SyntaxError, "not read further", span, "here"));
                self.skip(tokens);
            }
            Err(_) => self.recover(tokens),
        }
    }

    fn too_deep(&mut self, tokens: Range<usize>, failure: &Failure) {
        let at = (self.start(&tokens) + failure.at).min(self.place.scanned.text.len());
        self.errors.push(split::too_deep(Span::new(self.place.file, at, at), split::MAX_DEPTH));
        self.skip(tokens);
    }

    /// Takes whole items.
    fn keep(&mut self, nodes: Nodes<'_>, tokens: &Range<usize>) {
        self.mark(&nodes, tokens);
        for node in nodes {
            let start = self.start(tokens) + node.as_span().start();
            let span = self.lower(tokens, |lower| lower.span(&node));
            let before = self.errors.len();
            if let Some(kind) = self.lower(tokens, |lower| lower.item(node)) {
                let broken = self.errors.len() > before;
                self.items.push(Item { doc: self.place.scanned.doc_before(start), kind, span, broken });
            }
        }
    }

    /// Where a range of tokens begins, in bytes.
    fn start(&self, tokens: &Range<usize>) -> usize {
        self.place.scanned.start(tokens.start)
    }

    /// The text of a range of tokens.
    fn text(&self, tokens: &Range<usize>) -> &'a str {
        &self.place.scanned.text[self.start(tokens)..self.place.scanned.start(tokens.end)]
    }

    fn read(&self, rule: Rule, tokens: &Range<usize>) -> Result<Nodes<'a>, Failure> {
        read(rule, self.text(tokens))
    }

    fn mark(&mut self, nodes: &Nodes<'_>, tokens: &Range<usize>) {
        if self.tree {
            mark(&mut self.marks, self.place.scanned, nodes, self.place.scanned.start(tokens.start));
        }
    }

    fn lower<T>(&mut self, tokens: &Range<usize>, with: impl FnOnce(&mut Lower<'_>) -> T) -> T {
        let mut lower = Lower {
            file: self.place.file,
            scanned: self.place.scanned,
            origin: self.place.origin,
            part: self.place.scanned.start(tokens.start),
            errors: &mut self.errors,
        };
        with(&mut lower)
    }

    /// A piece that fits: to the tree and to the syntax tree.
    fn lowered<T>(
        &mut self,
        nodes: Nodes<'a>,
        tokens: &Range<usize>,
        mut with: impl FnMut(&mut Lower<'_>, Node<'a>) -> Option<T>,
    ) -> Vec<T> {
        self.mark(&nodes, tokens);
        nodes.filter_map(|node| self.lower(tokens, |lower| with(lower, node))).collect()
    }

    /// Puts tokens into the tree as what did not fit.
    fn skip(&mut self, tokens: Range<usize>) {
        let scanned = self.place.scanned;
        let first = scanned.significant(tokens.start);
        if first < tokens.end {
            let start = scanned.start(first);
            self.marks.push(Mark::Enter(K::Skipped, start));
            self.marks.push(Mark::Leave(scanned.trim_end(start, scanned.start(tokens.end))));
        }
    }

    /// The token at which a piece stopped to fit; the end of the piece where something is missing.
    fn failed_at(&self, tokens: &Range<usize>, failure: &Failure) -> usize {
        let scanned = self.place.scanned;
        scanned.significant(scanned.at(self.start(tokens) + failure.at)).clamp(tokens.start, tokens.end)
    }

    /// Tells why a piece does not fit.
    fn tell(&mut self, tokens: &Range<usize>, failure: &Failure, what: &str) {
        let at = self.failed_at(tokens, failure);
        let error = if failure.too_deep {
            split::too_deep(self.place.span(at), split::MAX_DEPTH)
        } else {
            explain(&Attempt { place: self.place, tokens: tokens.clone(), at, expected: &failure.expected, what })
        };
        self.errors.push(error);
    }

    /// Tells why a piece does not fit, and what else is wrong with it as far as that can be told.
    fn tell_all(&mut self, tokens: &Range<usize>, failure: &Failure, reading: &Reading<'_>) -> Stop {
        let at = self.failed_at(tokens, failure);
        if failure.too_deep {
            self.errors.push(split::too_deep(self.place.span(at), split::MAX_DEPTH));
            return Stop::At(at);
        }
        let told = redraft::faults(self.place, tokens.clone(), at, failure, reading);
        self.errors.extend(told.errors);
        told.stop
    }

    /// The tokens without blanks and remarks at both ends; none if nothing else is there.
    fn trimmed(&self, tokens: Range<usize>) -> Option<Range<usize>> {
        let scanned = self.place.scanned;
        let start = scanned.significant(tokens.start);
        let last = scanned.significant_before(tokens.end)?;
        (start < tokens.end && start <= last).then_some(start..last + 1)
    }
}
