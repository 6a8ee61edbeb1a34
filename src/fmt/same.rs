//! Whether two trees say the same.

use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode};
use rowan::WalkEvent;

/// What a tree says, a part at a time.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Enter(SyntaxKind),
    Leave,
    Token(SyntaxKind, String),
    /// A row of a grid begins.
    Row,
    /// Between two cells, or behind the last.
    Bar,
    /// A line between the heading and the rows of a grid.
    Dashes,
}

/// Where the second begins to say something else: the rest of that line. Blanks do not count, nor do commas before
/// the end of a list and between parts that stand on lines of their own, nor how long a line of dashes in a grid is.
pub fn difference(before: &SyntaxNode, after: &SyntaxNode) -> Option<String> {
    let (mut a, mut b) = (said(before), said(after));
    loop {
        match (a.next(), b.next()) {
            (None, None) => break,
            (x, y) if x.as_ref().map(|x| &x.0) == y.as_ref().map(|y| &y.0) => {}
            (x, _) => {
                let at = x.map_or(before.text_range().end(), |x| x.1);
                let rest = before.text().slice(at..).to_string();
                return Some(rest.lines().next().unwrap_or("").to_string());
            }
        }
    }
    let mut others = remarks(after);
    let lost = remarks(before).find(|remark| others.next().as_ref() != Some(remark));
    lost.or_else(|| others.next())
}

fn remarks(root: &SyntaxNode) -> impl Iterator<Item = String> {
    let leaves = root.descendants_with_tokens().filter_map(|e| e.into_token());
    leaves
        .filter(|t| matches!(t.kind(), SyntaxKind::Remark | SyntaxKind::DocRemark))
        .map(|t| t.text().trim_end().to_string())
}

fn said(root: &SyntaxNode) -> impl Iterator<Item = (Said, rowan::TextSize)> {
    let (mut line_begins, mut in_dashes) = (true, false);
    let events = root.preorder_with_tokens().filter_map(move |event| {
        let (entered, element) = match event {
            WalkEvent::Enter(e) => (true, e),
            WalkEvent::Leave(e) => (false, e),
        };
        let at = element.text_range().start();
        let token = match element {
            SyntaxElement::Token(token) => token,
            SyntaxElement::Node(node) if node.kind() == SyntaxKind::Cell && is_dashes(&node) => {
                in_dashes = entered;
                return entered.then_some((Said::Dashes, at, 0));
            }
            SyntaxElement::Node(node) => {
                return Some((if entered { Said::Enter(node.kind()) } else { Said::Leave }, at, 0));
            }
        };
        if !entered || in_dashes {
            return None;
        }
        if token.kind().is_trivia() {
            line_begins |= token.text().contains('\n');
            return None;
        }
        let begins = std::mem::take(&mut line_begins);
        if token.text() == "," && may_be_left_out(&token.clone().into()) {
            line_begins = begins;
            return None;
        }
        let in_grid = token.parent().is_some_and(|p| p.kind() == SyntaxKind::Grid);
        if in_grid && token.kind() == SyntaxKind::Sign {
            let first = before(&token.clone().into()).is_some_and(|e| e.kind() == SyntaxKind::OpenBrace);
            let bars = token.text().len();
            return Some((if begins || first { Said::Row } else { Said::Bar }, at, bars.saturating_sub(1)));
        }
        Some((Said::Token(token.kind(), token.text().into()), at, 0))
    });
    // `||` is two bars, and one token.
    events.flat_map(|(said, at, more)| std::iter::once((said, at)).chain(std::iter::repeat_n((Said::Bar, at), more)))
}

/// `---`, `:---:`
pub fn is_dashes(cell: &SyntaxNode) -> bool {
    let mut tokens = super::write::parts(cell).peekable();
    tokens.peek().is_some()
        && tokens.all(|e| e.as_token().is_some_and(|t| t.text().bytes().all(|b| matches!(b, b'-' | b':'))))
}

fn before(element: &SyntaxElement) -> Option<SyntaxElement> {
    std::iter::successors(element.prev_sibling_or_token(), |e| e.prev_sibling_or_token())
        .find(|e| !e.kind().is_trivia())
}

/// A comma before the end of its list, or between parts that need none.
fn may_be_left_out(comma: &SyntaxElement) -> bool {
    use SyntaxKind as K;
    let after = std::iter::successors(comma.next_sibling_or_token(), |e| e.next_sibling_or_token())
        .find(|e| !e.kind().is_trivia());
    let ends = after.is_some_and(|e| matches!(e.kind(), K::CloseBrace | K::CloseParen | K::CloseBracket));
    ends || comma.parent().is_some_and(|p| matches!(p.kind(), K::SourceMap | K::LaterValues))
}
