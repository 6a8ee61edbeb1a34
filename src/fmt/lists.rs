//! What stands in brackets, with commas between.
//!
//! A list stays on its line where the author had it there. Where the first entry begins a line, the brackets have
//! lines of their own and the last entry a comma; else the lines that follow are aligned behind the bracket.

use super::page::{Indent, Op};
use super::write::{Gap, Writer, parts};
use crate::syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

/// How the entries of a list stand.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// All on one line where they fit, else each on its own.
    OneOrEach,
    Each,
    /// The brackets on lines of their own, the entries as the author had them.
    Block,
    /// Behind the bracket, as many to a line as fit.
    Filled,
}

impl Writer<'_> {
    pub fn list(&mut self, node: &SyntaxNode) {
        let open = parts(node).map(|e| e.kind()).find(|k| is_open(*k)).unwrap_or(K::OpenBrace);
        self.list_from(node, open);
    }

    /// The list of a node, from its opening bracket on.
    pub fn list_from(&mut self, node: &SyntaxNode, open: K) {
        let behind: Vec<SyntaxElement> = parts(node).skip_while(|e| e.kind() != open).skip(1).collect();
        let close = behind.iter().position(|e| is_close(e.kind())).unwrap_or(behind.len());
        let entries: Vec<&SyntaxElement> = behind[..close].iter().filter(|e| !is_comma(e)).collect();
        let last_has_remarks = entries.last().zip(behind.get(close)).is_some_and(|(last, close)| {
            let (from, to) = (last.text_range().end(), close.text_range().end());
            let behind_last = self.index_at(from.into())..self.index_at(to.into());
            self.tokens[behind_last].iter().any(|t| !t.remarks.is_empty())
        });
        self.token();
        if entries.is_empty() {
            self.empty_list(open == K::OpenBrace);
            return;
        }
        let form = match node.kind() {
            K::Fields | K::LaterValues if self.has_lines(node) => Form::Each,
            K::Fields | K::LaterValues => Form::OneOrEach,
            _ if self.upcoming().begins_line() || last_has_remarks => Form::Block,
            _ => Form::Filled,
        };
        let blank = open == K::OpenBrace;
        let indent = match form {
            Form::OneOrEach => Indent::Group(2),
            Form::Each | Form::Block => Indent::Nest(2),
            Form::Filled if is_of_a_clause(node) => Indent::Nest(2),
            Form::Filled => Indent::Here(usize::from(blank)),
        };
        self.open(indent);
        let between = match form {
            Form::OneOrEach => Gap::Line { blank: true },
            Form::Each => Gap::Part,
            Form::Block | Form::Filled => Gap::Break { rank: 0, deeper: 0 },
        };
        self.gap(match form {
            Form::OneOrEach => Gap::Line { blank },
            Form::Each | Form::Block => Gap::FirstPart,
            Form::Filled if blank => Gap::Blanks(1),
            Form::Filled => Gap::None,
        });
        for (i, entry) in entries.iter().enumerate() {
            self.part(entry);
            if self.upcoming().text == "," {
                self.skip_comma();
            }
            if i + 1 < entries.len() {
                self.comma();
                // An empty line is kept where it stands alone.
                let kept = form == Form::Block && self.upcoming().begins_line();
                self.gap(if kept { Gap::Part } else { between });
            }
        }
        match form {
            Form::OneOrEach => self.ops.push(Op::LastComma),
            Form::Each | Form::Block => self.comma(),
            Form::Filled => {}
        }
        self.remarks(Gap::Part);
        if form == Form::OneOrEach {
            self.ops.push(Op::LastLine);
            self.gap(Gap::None);
            self.token();
            self.close();
            return;
        }
        self.close();
        self.gap(match form {
            Form::OneOrEach => Gap::None,
            Form::Each | Form::Block => Gap::Hard,
            Form::Filled if blank => Gap::Blanks(1),
            Form::Filled => Gap::None,
        });
        self.token();
    }

    /// The end of a list or block in which nothing stands but remarks.
    pub fn empty_list(&mut self, blank: bool) {
        self.open(Indent::Nest(2));
        self.remarks(Gap::FirstPart);
        self.close();
        self.gap(if blank { Gap::Blanks(1) } else { Gap::None });
        self.token();
    }
}

fn is_open(kind: K) -> bool {
    matches!(kind, K::OpenBrace | K::OpenParen | K::OpenBracket)
}

fn is_close(kind: K) -> bool {
    matches!(kind, K::CloseBrace | K::CloseParen | K::CloseBracket)
}

fn is_comma(element: &SyntaxElement) -> bool {
    element.as_token().is_some_and(|t| t.text() == ",")
}

/// The fields of a given record or a default: their lines are indented under the clause, not behind the brace.
fn is_of_a_clause(node: &SyntaxNode) -> bool {
    node.kind() == K::GivenFields && node.parent().is_some_and(|p| matches!(p.kind(), K::GivenClause | K::DefaultItem))
}
