//! Whether two trees say the same.

use crate::syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode, SyntaxToken};
use rowan::{WalkEvent, api::PreorderWithTokens};

/// What a tree says, a part at a time.
#[derive(Clone, Debug)]
enum Said {
    Enter(K),
    Leave,
    Token(SyntaxToken),
    /// A row of a grid begins.
    Row,
    /// Between two cells, or behind the last.
    Bar,
    /// A line between the heading and the rows of a grid.
    Dashes,
}

impl PartialEq for Said {
    fn eq(&self, other: &Said) -> bool {
        match (self, other) {
            (Said::Enter(a), Said::Enter(b)) => a == b,
            (Said::Token(a), Said::Token(b)) => a.kind() == b.kind() && a.text() == b.text(),
            (Said::Enter(_) | Said::Token(_), _) => false,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// Where the second begins to say something else: the rest of that line. Blanks do not count, nor do commas before
/// the end of a list and between parts that stand on lines of their own, nor how long a line of dashes in a grid is.
pub fn difference(before: &SyntaxNode, after: &SyntaxNode) -> Option<String> {
    let (mut a, mut b) = (Reader::new(before), Reader::new(after));
    loop {
        match (a.next(), b.next()) {
            (None, None) => break,
            (x, y) if x == y => {}
            _ => {
                let rest = before.text().slice(a.at..).to_string();
                return Some(rest.lines().next().unwrap_or("").to_string());
            }
        }
    }
    let (mut a, mut b) = (a.remarks.iter(), b.remarks.iter());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return None,
            (Some(x), Some(y)) if x.text().trim_end() == y.text().trim_end() => {}
            (x, y) => return x.or(y).map(|t| t.text().to_string()),
        }
    }
}

/// Goes through a tree.
struct Reader {
    events: PreorderWithTokens<crate::syntax::Bylaws>,
    at: rowan::TextSize,
    line_begins: bool,
    in_dashes: bool,
    /// `||` is two bars, and one token.
    bars: usize,
    remarks: Vec<SyntaxToken>,
}

impl Reader {
    fn new(root: &SyntaxNode) -> Reader {
        let events = root.preorder_with_tokens();
        Reader { events, at: 0.into(), line_begins: true, in_dashes: false, bars: 0, remarks: Vec::new() }
    }

    fn next(&mut self) -> Option<Said> {
        loop {
            if self.bars > 0 {
                self.bars -= 1;
                return Some(Said::Bar);
            }
            match self.events.next()? {
                WalkEvent::Enter(SyntaxElement::Token(token)) => {
                    if let Some(said) = self.token(token) {
                        return Some(said);
                    }
                }
                WalkEvent::Leave(SyntaxElement::Token(_)) => {}
                WalkEvent::Enter(SyntaxElement::Node(node)) if node.kind() == K::Cell && is_dashes(&node) => {
                    self.in_dashes = true;
                    self.at = node.text_range().start();
                    return Some(Said::Dashes);
                }
                WalkEvent::Leave(SyntaxElement::Node(_)) if self.in_dashes => self.in_dashes = false,
                WalkEvent::Enter(SyntaxElement::Node(node)) => {
                    self.at = node.text_range().start();
                    return Some(Said::Enter(node.kind()));
                }
                WalkEvent::Leave(SyntaxElement::Node(_)) => return Some(Said::Leave),
            }
        }
    }

    fn token(&mut self, token: SyntaxToken) -> Option<Said> {
        match token.kind() {
            K::Blank => {
                self.line_begins |= token.text().contains('\n');
                return None;
            }
            K::Remark | K::DocRemark => {
                self.remarks.push(token);
                return None;
            }
            _ if self.in_dashes => return None,
            K::Sign if token.text() == "," && may_be_left_out(&token) => return None,
            _ => {}
        }
        let begins = std::mem::take(&mut self.line_begins);
        self.at = token.text_range().start();
        if token.kind() == K::Sign && token.parent().is_some_and(|p| p.kind() == K::Grid) {
            let first = neighbour(&token, SyntaxElement::prev_sibling_or_token) == Some(K::OpenBrace);
            self.bars = token.text().len().saturating_sub(1);
            return Some(if begins || first { Said::Row } else { Said::Bar });
        }
        Some(Said::Token(token))
    }
}

/// `---`, `:---:`
pub fn is_dashes(cell: &SyntaxNode) -> bool {
    let mut tokens = super::write::parts(cell).peekable();
    tokens.peek().is_some()
        && tokens.all(|e| e.as_token().is_some_and(|t| t.text().bytes().all(|b| matches!(b, b'-' | b':'))))
}

/// What stands beside a token in its node, but for blanks and remarks.
fn neighbour(token: &SyntaxToken, next: fn(&SyntaxElement) -> Option<SyntaxElement>) -> Option<K> {
    let first = next(&token.clone().into());
    std::iter::successors(first, next).map(|e| e.kind()).find(|k| !k.is_trivia())
}

/// A comma before the end of its list, or between parts that need none.
fn may_be_left_out(comma: &SyntaxToken) -> bool {
    let after = neighbour(comma, SyntaxElement::next_sibling_or_token);
    matches!(after, Some(K::CloseBrace | K::CloseParen | K::CloseBracket))
        || comma.parent().is_some_and(|p| matches!(p.kind(), K::SourceMap | K::LaterValues))
}
