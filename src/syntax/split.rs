//! Cuts a file into parts that each hold one item as a rule, so that a fault in one cannot hide another; and
//! refuses what is nested too deeply before anything recursive looks at it.

use super::kinds::SyntaxKind;
use super::scan::Scanned;
use super::words::{RULE_CLAUSES, begins_clause, begins_item};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use std::ops::Range;

/// How deep brackets, and how high expressions, may be.
pub const MAX_DEPTH: usize = 200;

/// Ranges of tokens that cover the file. Each begins at an item's keyword at the start of a line, or at a word
/// at the start of a line behind a closed brace. Within open braces only a keyword that is indented no further
/// than the item itself counts: then a closing brace is missing.
pub fn parts(scanned: &Scanned<'_>) -> Vec<Range<usize>> {
    let eof = scanned.tokens.len() - 1;
    let mut starts = vec![0];
    let (mut depth, mut indent, mut closed) = (0usize, 0, false);
    for index in 0..eof {
        let token = scanned.tokens[index];
        match token.kind {
            kind if kind.is_trivia() => continue,
            SyntaxKind::OpenBrace => depth += 1,
            SyntaxKind::CloseBrace => {
                closed = depth == 1;
                depth = depth.saturating_sub(1);
                continue;
            }
            SyntaxKind::Word if token.starts_line => {
                let item = begins_item(scanned, index);
                if (item && (depth == 0 || scanned.indent(index) <= indent)) || (depth == 0 && closed) {
                    starts.push(index);
                    depth = 0;
                    indent = scanned.indent(index);
                }
            }
            _ => {}
        }
        closed = false;
    }
    let ends = starts.iter().skip(1).copied().chain([eof]).collect::<Vec<_>>();
    starts.into_iter().zip(ends).map(|(start, end)| start..end).filter(|r| !r.is_empty()).collect()
}

/// Where the tokens nest more deeply than so many levels, in bytes of the scanned text. Brackets nest, and so do
/// the filters of history conditions, and rows of `not` and `-`.
pub fn deepest(scanned: &Scanned<'_>, tokens: Range<usize>, most: usize) -> Option<usize> {
    let mut open: Vec<(SyntaxKind, usize)> = vec![(SyntaxKind::Eof, 0)];
    let (mut depth, mut row) = (0, 0);
    for index in tokens {
        let token = scanned.tokens[index];
        if token.kind.is_trivia() {
            continue;
        }
        if token.starts_line && open.len() <= 2 && token.kind == SyntaxKind::Word {
            let filters = open.last_mut().map_or(&mut depth, |(_, filters)| filters);
            if *filters > 0 && !scanned.is(index, "where") && begins_clause(scanned, index, RULE_CLAUSES) {
                let closed = std::mem::take(filters);
                depth = depth.saturating_sub(closed);
            }
        }
        row = match token.kind {
            SyntaxKind::Word if scanned.is(index, "not") => row + 1,
            SyntaxKind::Sign if scanned.is(index, "-") => row + 1,
            _ => 0,
        };
        match token.kind {
            SyntaxKind::OpenBrace | SyntaxKind::OpenParen | SyntaxKind::OpenBracket => {
                open.push((token.kind, 0));
                depth += 1;
            }
            SyntaxKind::CloseBrace => close(&mut open, &mut depth, SyntaxKind::OpenBrace, true),
            SyntaxKind::CloseParen => close(&mut open, &mut depth, SyntaxKind::OpenParen, false),
            SyntaxKind::CloseBracket => close(&mut open, &mut depth, SyntaxKind::OpenBracket, false),
            SyntaxKind::Word if scanned.is(index, "where") => {
                if let Some((_, filters)) = open.last_mut() {
                    *filters += 1;
                    depth += 1;
                }
            }
            _ => {}
        }
        if depth > most || row > most {
            return Some(token.start as usize);
        }
    }
    None
}

/// Closes the innermost bracket of a kind; a brace closes the other brackets in it too.
fn close(open: &mut Vec<(SyntaxKind, usize)>, depth: &mut usize, kind: SyntaxKind, through_others: bool) {
    let found = open.iter().rposition(|(k, _)| *k == kind);
    if let Some(at) = found.filter(|&at| through_others || at + 1 == open.len()) {
        *depth -= open.drain(at..).map(|(_, filters)| filters + 1).sum::<usize>();
    }
}

pub fn too_deep(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(
        Code::TooDeep,
        format!("nested more than {most} levels deep"),
        span,
        "the level that is one too many",
    )
    .help("name a part of it: `let`, for a value, or `define`, for a condition")
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        let scanned = scan(text);
        parts(&scanned).into_iter().map(|r| text[scanned.start(r.start)..scanned.start(r.end)].trim()).collect()
    }

    #[test]
    fn one_part_an_item() {
        assert_eq!(
            cut("// x\nenum a { b }\nlet c = {\n  d }\nrecord e { f: g }"),
            ["// x", "enum a { b }", "let c = {\n  d }", "record e { f: g }"]
        );
        // a misspelt keyword
        assert_eq!(cut("enum a { b }\nrecrd c { d }"), ["enum a { b }", "recrd c { d }"]);
        // a missing brace
        assert_eq!(cut("forbid a {\n  on b\nforbid c {\n}"), ["forbid a {\n  on b", "forbid c {\n}"]);
        // a field that is named like an item, with an operator or type
        assert_eq!(
            cut("record a {\ntest: int\n}\ndefine b(c: d) =\n  test == 5"),
            ["record a {\ntest: int\n}", "define b(c: d) =\n  test == 5"]
        );
    }

    #[test]
    fn depth() {
        let deep = |text: &str| {
            let scanned = scan(text);
            deepest(&scanned, 0..scanned.tokens.len() - 1, MAX_DEPTH)
        };
        assert_eq!(deep(&"(".repeat(200)), None);
        assert_eq!(deep(&"(".repeat(201)), Some(200));
        assert_eq!(deep(&"{ )".repeat(201)), Some(600));
        assert_eq!(deep(&"(a) ".repeat(500)), None);
        assert!(deep(&"not ".repeat(201)).is_some());
        assert!(deep(&"exists r where ".repeat(201)).is_some());
        assert_eq!(deep(&"unless a: exists r where b\n".repeat(500)), None);
    }
}
