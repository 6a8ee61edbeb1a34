//! Grids: `| a | b |`, their columns aligned.

use super::page::{Indent, Op, flat, width};
use super::same::is_dashes;
use super::tokens::Remark;
use super::write::{Gap, Writer, parts};
use crate::syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};
use std::borrow::Cow;

#[derive(Default)]
struct Row<'t> {
    /// Those before it.
    remarks: Vec<Remark<'t>>,
    /// An empty line before it.
    lines: usize,
    cells: Vec<Cell>,
    after_bar: bool,
    /// Those in it: they go behind it.
    within: Vec<Remark<'t>>,
}

enum Cell {
    Dashes { left: bool, right: bool },
    Text(String),
}

impl<'t> Writer<'t> {
    pub fn grid(&mut self, node: &SyntaxNode) {
        let mut rows: Vec<Row<'t>> = Vec::new();
        for part in parts(node) {
            match part.kind() {
                K::OpenBrace => self.token(),
                K::CloseBrace => self.rows(std::mem::take(&mut rows)),
                _ => self.cell_or_bar(&part, &mut rows),
            }
        }
    }

    /// Reads a bar or cell, without writing it.
    fn cell_or_bar(&mut self, part: &SyntaxElement, rows: &mut Vec<Row<'t>>) {
        let (from, to) = (self.next, self.index_at(part.text_range().end().into()));
        let is_bar = part.as_node().is_none();
        let (begins, lines) = (self.upcoming().begins_line(), self.upcoming().lines);
        let mut remarks = Vec::new();
        for token in &mut self.tokens[from..to] {
            remarks.append(&mut token.remarks);
        }
        // `||` is one token.
        let mut bars = if is_bar { self.upcoming().text.len() } else { 0 };
        if is_bar && (begins || rows.is_empty()) {
            rows.push(Row { remarks: std::mem::take(&mut remarks), lines, after_bar: true, ..Row::default() });
            bars = bars.saturating_sub(1);
        }
        let Some(row) = rows.last_mut() else { return };
        row.within.append(&mut remarks);
        if is_bar {
            for _ in 0..bars {
                if std::mem::replace(&mut row.after_bar, true) {
                    row.cells.push(Cell::Text(String::new()));
                }
            }
            self.next = to;
            return;
        }
        row.after_bar = false;
        let cell = match part.as_node() {
            Some(node) if is_dashes(node) => {
                let text = node.text().to_string();
                self.next = to;
                Cell::Dashes { left: text.starts_with(':'), right: text.ends_with(':') }
            }
            _ => {
                let ops = std::mem::take(&mut self.ops);
                self.gap(Gap::None);
                self.part(part);
                Cell::Text(flat(&std::mem::replace(&mut self.ops, ops)))
            }
        };
        row.cells.push(cell);
    }

    /// Writes the rows and the closing brace.
    fn rows(&mut self, rows: Vec<Row<'t>>) {
        let mut widths: Vec<usize> = Vec::new();
        for row in &rows {
            for (i, cell) in row.cells.iter().enumerate() {
                let wide = match cell {
                    Cell::Text(text) => width(text),
                    Cell::Dashes { left, right } => 3 + usize::from(*left) + usize::from(*right),
                };
                match widths.get_mut(i) {
                    Some(widest) => *widest = wide.max(*widest),
                    None => widths.push(wide),
                }
            }
        }
        self.open(Indent::Nest(2));
        let mut behind = Vec::new();
        for (i, row) in rows.into_iter().enumerate() {
            let mut remarks: Vec<Remark<'t>> = std::mem::take(&mut behind);
            remarks.extend(row.remarks);
            let first = i == 0;
            let after = self.grid_remarks(remarks, first);
            let empty = row.lines > 1 && (!first || after);
            self.ops.push(if empty { Op::Empty } else { Op::Hard { deeper: 0, rank: None } });
            self.ops.push(Op::Text(Cow::Owned(line(&row.cells, &widths))));
            behind = row.within;
            if let Some(first) = behind.first_mut() {
                first.lines = 0;
            }
        }
        let at = self.next.min(self.tokens.len() - 1);
        behind.append(&mut self.tokens[at].remarks);
        self.grid_remarks(behind, false);
        self.close();
        self.gap(Gap::Hard);
        self.token();
    }

    /// Writes remarks between rows; whether one has a line of its own.
    fn grid_remarks(&mut self, remarks: Vec<Remark<'t>>, first: bool) -> bool {
        let mut own_line = false;
        for (i, remark) in remarks.into_iter().enumerate() {
            if i == 0 && remark.lines == 0 {
                self.ops.push(Op::Trailing(remark.text));
                continue;
            }
            let empty = remark.lines > 1 && (!first || own_line);
            self.ops.push(if empty { Op::Empty } else { Op::Hard { deeper: 0, rank: None } });
            self.ops.push(Op::Text(Cow::Borrowed(remark.text)));
            own_line = true;
        }
        own_line
    }
}

fn line(cells: &[Cell], widths: &[usize]) -> String {
    let mut out = String::from("|");
    // Without blanks, if all of it is dashes.
    let ruled = !cells.is_empty() && cells.iter().all(|c| matches!(c, Cell::Dashes { .. }));
    for (cell, &wide) in cells.iter().zip(widths) {
        match cell {
            Cell::Text(text) => {
                out.push(' ');
                out.push_str(text);
                out.extend(std::iter::repeat_n(' ', wide.saturating_sub(width(text)) + 1));
            }
            Cell::Dashes { left, right } => {
                let wide = if ruled { wide + 2 } else { wide };
                let dashes = wide - usize::from(*left) - usize::from(*right);
                let (edge, blank) = (|has: bool| if has { ":" } else { "" }, if ruled { "" } else { " " });
                out.push_str(&format!("{blank}{}{}{}{blank}", edge(*left), "-".repeat(dashes), edge(*right)));
            }
        }
        out.push('|');
    }
    out
}
