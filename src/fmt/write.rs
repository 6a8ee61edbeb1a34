//! Tokens to the page, one after the other, each with its remarks.

use super::page::{Indent, Op};
use super::tokens::{Remark, Token};
use crate::syntax::{SyntaxElement, SyntaxNode};
use std::borrow::Cow;

/// What stands before a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gap {
    None,
    Blanks(usize),
    /// A blank, or a new line where the author had one or the line is too long.
    Break {
        rank: u8,
        deeper: usize,
    },
    /// As its group.
    Line {
        blank: bool,
    },
    /// A new line.
    Hard,
    /// A new line; an empty one before it where the author had one.
    Part,
    /// A new line, never an empty one before it.
    FirstPart,
}

pub struct Writer<'t> {
    pub tokens: Vec<Token<'t>>,
    /// The token to write next.
    pub next: usize,
    pub ops: Vec<Op<'t>>,
    gap: Option<Gap>,
    /// Remarks that stood before a comma that has been written.
    carried: Vec<Remark<'t>>,
    /// What stands before the next token has been written.
    led: bool,
    after_remark: bool,
    after_tight: bool,
}

/// The parts of a node that are neither blank nor remark.
pub fn parts(node: &SyntaxNode) -> impl Iterator<Item = SyntaxElement> {
    node.children_with_tokens().filter(|e| !e.kind().is_trivia())
}

impl<'t> Writer<'t> {
    pub fn new(tokens: Vec<Token<'t>>) -> Writer<'t> {
        Writer {
            tokens,
            next: 0,
            ops: Vec::new(),
            gap: None,
            carried: Vec::new(),
            led: false,
            after_remark: false,
            after_tight: true,
        }
    }

    /// The next token, or the empty one at the end.
    pub fn upcoming(&self) -> &Token<'t> {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    /// The first token at this place or behind it.
    pub fn index_at(&self, start: usize) -> usize {
        self.tokens.partition_point(|t| t.start < start)
    }

    /// A line ends somewhere in the node, or a remark stands there.
    pub fn has_lines(&self, node: &SyntaxNode) -> bool {
        let range = node.text_range();
        let (from, to) = (self.index_at(range.start().into()), self.index_at(range.end().into()));
        self.tokens[from..to].iter().skip(1).any(Token::begins_line)
    }

    /// What is to stand before the next token, if that has not been written.
    pub fn gap(&mut self, gap: Gap) {
        if !self.led {
            self.gap = Some(gap);
        }
    }

    /// Begins something that nothing stands before.
    pub fn start(&mut self) {
        self.after_tight = true;
    }

    pub fn open(&mut self, indent: Indent) {
        self.ops.push(Op::Open(indent));
    }

    pub fn close(&mut self) {
        self.ops.push(Op::Close);
    }

    /// Opens where the next token begins.
    pub fn open_here(&mut self, deeper: usize) {
        self.lead();
        self.open(Indent::Here(deeper));
    }

    /// Writes what stands before the next token.
    pub fn lead(&mut self) {
        if std::mem::replace(&mut self.led, true) {
            return;
        }
        let token = self.upcoming();
        let auto = if token.tight.0 || self.after_tight { Gap::None } else { Gap::Blanks(1) };
        let (begins, lines) = (token.begins_line(), token.lines);
        let gap = self.gap.take().unwrap_or(auto);
        let own_line = self.remarks(gap);
        let empty = lines > 1 && (gap == Gap::Part || (gap == Gap::FirstPart && own_line));
        if std::mem::take(&mut self.after_remark) {
            let (deeper, rank) = if let Gap::Break { rank, deeper } = gap { (deeper, Some(rank)) } else { (0, None) };
            self.ops.push(if empty { Op::Empty } else { Op::Hard { deeper, rank } });
            return;
        }
        self.ops.push(match gap {
            Gap::None => return,
            Gap::Blanks(n) => Op::Blanks(n),
            Gap::Break { rank, deeper } if begins => Op::Hard { deeper, rank: Some(rank) },
            Gap::Break { rank, deeper } => Op::Break { rank, deeper },
            Gap::Line { blank } => Op::Line { blank },
            Gap::Part if empty => Op::Empty,
            Gap::Hard | Gap::Part | Gap::FirstPart => Op::Hard { deeper: 0, rank: None },
        });
    }

    /// Writes the remarks before the next token; whether one has a line of its own.
    pub fn remarks(&mut self, gap: Gap) -> bool {
        let at = self.next.min(self.tokens.len() - 1);
        let mut remarks = std::mem::take(&mut self.carried);
        remarks.append(&mut self.tokens[at].remarks);
        let (deeper, rank) = if let Gap::Break { rank, deeper } = gap { (deeper, Some(rank)) } else { (0, None) };
        let mut own_line = false;
        for remark in remarks {
            if remark.lines == 0 && !self.after_remark && !self.ops.is_empty() {
                self.ops.push(Op::Trailing(remark.text));
            } else {
                let empty = remark.lines > 1 && (gap == Gap::Part || (gap == Gap::FirstPart && own_line));
                self.ops.push(if empty { Op::Empty } else { Op::Hard { deeper, rank } });
                self.ops.push(Op::Text(Cow::Borrowed(remark.text)));
                own_line = true;
            }
            self.after_remark = true;
        }
        own_line
    }

    /// Writes the next token.
    pub fn token(&mut self) {
        self.lead();
        self.led = false;
        let token = self.upcoming();
        let (text, tight) = (token.text, token.tight.1);
        self.ops.push(Op::Text(Cow::Borrowed(text)));
        self.after_tight = tight;
        self.next += 1;
    }

    /// Writes a comma that the author need not have written; its remarks follow it.
    pub fn comma(&mut self) {
        self.ops.push(Op::Text(Cow::Borrowed(",")));
        self.after_tight = false;
    }

    /// Leaves out the next token, which is a comma; its remarks are kept.
    pub fn skip_comma(&mut self) {
        let at = self.next.min(self.tokens.len() - 1);
        self.carried.append(&mut self.tokens[at].remarks);
        self.next += 1;
    }
}
