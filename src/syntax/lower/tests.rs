//! `test` and `default` items.

use super::{Lower, child};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    DefaultItem, Expr, ExprKind, Figure, Given, GivenField, GivenValue, Grid, Ident, Message, Row, TestClause, TestItem,
};
use crate::syntax::parse::{Node, Rule};

impl Lower<'_> {
    pub(super) fn test(&mut self, node: Node<'_>) -> Option<TestItem> {
        let mut test = self.test_head(&child(&node, Rule::test_head)?)?;
        for node in node.into_inner() {
            test.clauses.extend(self.test_clause(node));
        }
        Some(test)
    }

    pub fn test_head(&mut self, node: &Node<'_>) -> Option<TestItem> {
        Some(TestItem { title: self.string(&child(node, Rule::string)?), clauses: Vec::new() })
    }

    pub(super) fn default_item(&mut self, node: &Node<'_>) -> Option<DefaultItem> {
        let head = self.default_head(&child(node, Rule::default_head)?)?;
        Some(DefaultItem { fields: self.given_fields(child(node, Rule::given_fields)?), ..head })
    }

    pub fn default_head(&mut self, node: &Node<'_>) -> Option<DefaultItem> {
        Some(DefaultItem { kind: self.head_name(node)?, fields: Vec::new() })
    }

    /// None for what is no clause: the head and braces of a test.
    pub fn test_clause(&mut self, node: Node<'_>) -> Option<TestClause> {
        let span = self.span(&node);
        Some(match node.as_rule() {
            Rule::given_clause => match child(&node, Rule::grid) {
                Some(grid) => TestClause::GivenGrid { kind: self.head_name(&node)?, grid: self.grid(grid)? },
                None => {
                    let given = self.given_head(&mut node.clone().into_inner())?;
                    let fields = child(&node, Rule::given_fields).map(|n| self.given_fields(n)).unwrap_or_default();
                    TestClause::Given(Given { fields, span, ..given })
                }
            },
            Rule::default_item => TestClause::Default(self.default_item(&node)?),
            Rule::cases_clause => TestClause::Cases(self.grid(child(&node, Rule::grid)?)?),
            Rule::as_of_clause => TestClause::AsOf(self.expr(child(&node, Rule::expr)?)),
            Rule::set_clause => {
                TestClause::Set { param: self.head_name(&node)?, value: self.expr(child(&node, Rule::expr)?) }
            }
            Rule::expect_clause => {
                let what = node.into_inner().nth(1)?;
                match what.as_rule() {
                    Rule::nothing_else => TestClause::NothingElse(span),
                    Rule::message => TestClause::Message(match child(&what, Rule::string) {
                        Some(text) => Message::Text(self.string(&text)),
                        None => Message::Column(self.head_name(&what)?),
                    }),
                    Rule::figure => TestClause::Figure(self.figure(what, span)?),
                    _ => self.expectation(what, span)?,
                }
            }
            _ => return None,
        })
    }

    fn expectation(&mut self, node: Node<'_>, span: Span) -> Option<TestClause> {
        let (mut words, mut on, mut whose, mut by) = (Vec::new(), None, None, None);
        let mut after = Rule::word;
        for node in node.into_inner() {
            let rule = node.as_rule();
            match (rule, after) {
                (Rule::word, Rule::kw_on) => on = Some(self.ident(&node)),
                (Rule::word, Rule::kw_by) => by = Some(self.ident(&node)),
                (Rule::word, _) => words.push(self.ident(&node)),
                (Rule::expr, _) => whose = Some(self.expr(node)),
                _ => {}
            }
            after = rule;
        }
        let mut words = words.into_iter();
        Some(TestClause::Expect { verdict: words.next()?, rule: words.next()?, on, whose, by, span })
    }

    fn figure(&mut self, node: Node<'_>, span: Span) -> Option<Figure> {
        let metric = self.head_name(&node)?;
        let (mut keys, mut on, mut is, mut to) = (Vec::new(), None, None, None);
        let mut after = Rule::word;
        for node in node.into_inner() {
            let rule = node.as_rule();
            match (rule, after) {
                (Rule::figure_key, _) => keys.push(child(&node, Rule::expr).map(|n| self.expr(n))),
                (Rule::expr, Rule::kw_on) => on = Some(self.expr(node)),
                (Rule::expr, Rule::kw_to) => to = Some(self.expr(node)),
                (Rule::expr, _) => is = Some(self.expr(node)),
                _ => {}
            }
            after = rule;
        }
        Some(Figure { metric, keys, on, is, to, span })
    }

    fn given_fields(&mut self, node: Node<'_>) -> Vec<GivenField> {
        node.into_inner().filter_map(|n| self.given_field(n)).collect()
    }

    pub fn given_field(&mut self, node: Node<'_>) -> Option<GivenField> {
        if node.as_rule() != Rule::given_field {
            return None;
        }
        let span = self.span(&node);
        let name = self.head_name(&node)?;
        let value = self.given_value(node.into_inner().nth(2)?);
        Some(GivenField { name, value, span })
    }

    pub fn given_value(&mut self, node: Node<'_>) -> GivenValue {
        let place = self.span(&node);
        match node.as_rule() {
            Rule::malformed => match child(&node, Rule::string) {
                Some(text) => GivenValue::Malformed(self.string(&text)),
                None => GivenValue::Nothing(place),
            },
            Rule::not_given => GivenValue::Nothing(place),
            Rule::given_fields => GivenValue::Record(self.given_fields(node)),
            Rule::given_list => GivenValue::List(self.list(node).0, place),
            Rule::expr => GivenValue::Expr(self.expr(node)),
            _ => GivenValue::Expr(Expr { kind: ExprKind::Error, span: place }),
        }
    }

    /// What stands before the fields of a `given`.
    pub fn given_head(&mut self, nodes: &mut dyn Iterator<Item = Node<'_>>) -> Option<Given> {
        let (mut kind, mut alias, mut like) = (None, None, None);
        for node in nodes {
            let span = self.span(&node);
            let second = match node.as_rule() {
                Rule::word => {
                    kind = Some(self.ident(&node));
                    false
                }
                Rule::alias => std::mem::replace(&mut alias, self.alias(&node)).is_some(),
                Rule::like => std::mem::replace(&mut like, self.head_name(&node)).is_some(),
                _ => false,
            };
            if second {
                self.error(
                    Diagnostic::error(Code::SyntaxError, "said twice of one given record", span, "the second time")
                        .help("keep one of them"),
                );
            }
        }
        let kind = kind?;
        Some(Given { span: kind.span, kind, alias, like, fields: Vec::new() })
    }

    /// Cells to rows. A bar that begins a line begins a row.
    pub fn grid(&mut self, node: Node<'_>) -> Option<Grid> {
        let span = self.span(&node);
        let (mut lines, mut cells): (Vec<Line>, Vec<(bool, Node<'_>)>) = (Vec::new(), Vec::new());
        for node in node.into_inner() {
            match node.as_rule() {
                Rule::bar => {
                    let starts = self.starts_line(&node);
                    cells.push((starts, node));
                }
                Rule::cell => cells.push((false, node)),
                _ => {}
            }
        }
        for (starts, node) in cells {
            let place = self.word_span(&node);
            if node.as_rule() == Rule::bar {
                match lines.last_mut() {
                    Some(line) if !starts => {
                        if line.after_bar {
                            line.cells.push(Cell::Empty);
                        }
                        line.after_bar = true;
                        line.span = line.span.to(place);
                    }
                    _ => lines.push(Line { cells: Vec::new(), after_bar: true, span: place }),
                }
                continue;
            }
            let (place, Some(line)) = (self.span(&node), lines.last_mut()) else { continue };
            line.after_bar = false;
            line.span = line.span.to(place);
            line.cells.push(self.cell(node));
        }
        self.rows(lines, span)
    }

    pub fn cell(&mut self, node: Node<'_>) -> Cell {
        match node.into_inner().next() {
            Some(value) if value.as_rule() != Rule::dashes => Cell::Value(self.given_value(value)),
            _ => Cell::Dashes,
        }
    }

    /// The bar is the first thing on its line.
    fn starts_line(&self, node: &Node<'_>) -> bool {
        let start = self.part + node.as_span().start();
        let index = self.scanned.at(start);
        self.scanned.start(index) == start && self.scanned.tokens[index].starts_line
    }

    /// The first line is the heading.
    pub fn rows(&mut self, lines: Vec<Line>, span: Span) -> Option<Grid> {
        let mut lines = lines.into_iter();
        let first = lines.next()?;
        let (head_span, mut head) = (first.span, Vec::new());
        self.closed(&first);
        for cell in first.cells {
            let path = match &cell {
                Cell::Value(GivenValue::Expr(e)) => path_of(e),
                _ => None,
            };
            match path {
                Some(path) => head.push(path),
                None => {
                    self.error(
                        Diagnostic::error(
                            Code::BadGrid,
                            "the heading names a column in each cell",
                            head_span,
                            "a cell holds no name",
                        )
                        .help("the first line is the heading: `| as | value | class |`"),
                    );
                    return None;
                }
            }
        }
        let mut rows = Vec::new();
        for line in lines {
            if !line.cells.is_empty() && line.cells.iter().all(|c| matches!(c, Cell::Dashes)) {
                continue;
            }
            if !self.closed(&line) {
                continue;
            }
            if line.cells.len() != head.len() {
                let count = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
                self.error(
                    Diagnostic::error(
                        Code::BadGrid,
                        format!("a row of {} under a heading of {}", count(line.cells.len()), count(head.len())),
                        line.span,
                        count(line.cells.len()),
                    )
                    .label(head_span, format!("{} here", count(head.len())))
                    .help("an empty cell is written with its bars too: `| |`"),
                );
                continue;
            }
            let value = |cell| match cell {
                Cell::Value(value) => Some(value),
                Cell::Empty | Cell::Dashes => None,
            };
            let cells = line.cells.into_iter().map(value).collect();
            rows.push(Row { cells, span: line.span });
        }
        if rows.is_empty() {
            self.error(
                Diagnostic::error(Code::BadGrid, "a heading without a row", head_span, "nothing below it")
                    .help("write a line for each record or case, with a bar before, between and behind the cells"),
            );
            return None;
        }
        Some(Grid { head, rows, span })
    }

    /// Whether a bar ends the line; told where none does.
    fn closed(&mut self, line: &Line) -> bool {
        if !line.after_bar {
            let end = Span { start: line.span.end, ..line.span };
            self.error(
                Diagnostic::error(Code::BadGrid, "the row does not end with a bar", line.span, "no `|` behind this")
                    .help("write `|` behind the last cell")
                    .fix("end the row", end, " |"),
            );
        }
        line.after_bar
    }
}

pub enum Cell {
    Empty,
    Dashes,
    Value(GivenValue),
}

/// A row in the making.
pub struct Line {
    pub cells: Vec<Cell>,
    /// The last thing in it was a bar.
    pub after_bar: bool,
    pub span: Span,
}

fn path_of(e: &Expr) -> Option<Vec<Ident>> {
    match &e.kind {
        ExprKind::Name(name) => Some(vec![name.clone()]),
        ExprKind::Field { of, name } => {
            let mut path = path_of(of)?;
            path.push(name.clone());
            Some(path)
        }
        _ => None,
    }
}
