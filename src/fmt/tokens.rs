//! The tokens of a text in order, each with the remarks and line ends before it.

use crate::syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

/// `// …` or `/// …`
#[derive(Clone, Copy, Debug)]
pub struct Remark<'t> {
    pub text: &'t str,
    /// Line ends between it and what stands before it.
    pub lines: usize,
}

/// A token that is neither blank nor remark.
#[derive(Debug)]
pub struct Token<'t> {
    pub text: &'t str,
    pub start: usize,
    pub remarks: Vec<Remark<'t>>,
    /// Line ends between it and the remark or token before it.
    pub lines: usize,
    /// No blank before it, none behind it.
    pub tight: (bool, bool),
}

impl Token<'_> {
    /// It begins a line.
    pub fn begins_line(&self) -> bool {
        self.lines > 0 || !self.remarks.is_empty()
    }
}

/// All tokens of a tree; the last is empty, and has the remarks at the end.
pub fn tokens<'t>(root: &SyntaxNode, text: &'t str) -> Vec<Token<'t>> {
    let mut found = Vec::new();
    let (mut remarks, mut lines) = (Vec::new(), 0);
    let leaves = root.descendants_with_tokens().filter_map(|e| e.into_token());
    for leaf in leaves {
        let range = std::ops::Range::<usize>::from(leaf.text_range());
        let start = range.start;
        let leaf_text = &text[range];
        match leaf.kind() {
            SyntaxKind::Blank => {
                lines += memchr::memchr_iter(b'\n', leaf_text.as_bytes()).count();
            }
            SyntaxKind::Remark | SyntaxKind::DocRemark => {
                remarks.push(Remark { text: leaf_text.trim_end(), lines });
                lines = 0;
            }
            _ => {
                let tight = tight(&leaf);
                found.push(Token { text: leaf_text, start, remarks: std::mem::take(&mut remarks), lines, tight });
                lines = 0;
            }
        }
    }
    found.push(Token { text: "", start: text.len(), remarks, lines, tight: (true, true) });
    found
}

/// Where no blank stands, before and behind.
fn tight(token: &SyntaxToken) -> (bool, bool) {
    use SyntaxKind as K;
    let parent = || token.parent().map_or(K::File, |p| p.kind());
    match (token.kind(), token.text()) {
        (K::OpenParen, _) => {
            (matches!(parent(), K::Call | K::HistoryCall | K::MedianCall | K::DefineParams | K::MapCall), true)
        }
        (K::OpenBracket, _) => (matches!(parent(), K::PathEvery | K::PathIndex | K::PathFilter), true),
        (K::CloseParen | K::CloseBracket, _) => (true, false),
        (K::Sign, "," | ":" | "?" | "%") => (true, false),
        (K::Sign, ".") => (true, true),
        (K::Sign, "@") => (false, true),
        (K::Sign, "-") if parent() == K::FiscalClause => (true, true),
        (K::Sign, "-") => (false, is_sign_of_a_value(token)),
        _ => (false, false),
    }
}

/// Not between two values.
fn is_sign_of_a_value(minus: &SyntaxToken) -> bool {
    let before = std::iter::successors(minus.prev_sibling_or_token(), |e| e.prev_sibling_or_token())
        .find(|e| !e.kind().is_trivia());
    before.is_none_or(|e| e.as_token().is_some() && e.kind() != SyntaxKind::Regex)
}
