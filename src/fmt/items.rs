//! Items and their clauses: a line each, the values of a block aligned behind their keywords.

use super::page::{Indent, Op, print};
use super::tokens::Token;
use super::write::{Gap, Writer, parts};
use crate::syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

/// Longer keywords are followed by one blank, and values are not aligned with theirs.
const LONGEST_ALIGNED: usize = 8;

/// A file's text, in lines of so many columns.
pub fn file(root: &SyntaxNode, tokens: Vec<Token<'_>>, width: usize) -> String {
    let items: Vec<SyntaxNode> = root.children().collect();
    let mut writer = Writer::new(tokens);
    let columns = writer.given_columns(&items);
    let mut out = String::new();
    let mut after_block = false;
    for (item, column) in items.iter().zip(columns) {
        let before = writer.take_remarks();
        writer.ops = Vec::new();
        writer.start();
        writer.item(item, column);
        let text = print(&writer.ops, width);
        let is_block = is_block(item, &text);
        before.write(&mut out, after_block || is_block);
        out.push_str(&text);
        after_block = is_block;
    }
    writer.take_remarks().write(&mut out, false);
    let end = out.trim_end().len();
    out.truncate(end);
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Has an empty line before and behind it.
fn is_block(item: &SyntaxNode, text: &str) -> bool {
    let short = matches!(item.kind(), K::LetItem | K::ParamItem | K::DefineItem | K::DefaultItem | K::ImportItem);
    !short && text.contains('\n')
}

/// What stands between two items.
struct Between<'t> {
    remarks: Vec<super::tokens::Remark<'t>>,
    /// Line ends before the item.
    lines: usize,
}

impl Between<'_> {
    fn write(self, out: &mut String, needs_empty: bool) {
        let mut own = self.remarks.iter().map(|r| r.lines).chain([self.lines]).collect::<Vec<_>>();
        if self.remarks.first().is_some_and(|r| r.lines == 0) && !out.is_empty() {
            own.remove(0);
        }
        let mut missing = needs_empty && !out.is_empty() && !own.iter().any(|lines| *lines > 1);
        let mut line = |out: &mut String, lines: usize| {
            if !out.is_empty() {
                out.push_str(if lines > 1 || std::mem::take(&mut missing) { "\n\n" } else { "\n" });
            }
        };
        for (i, remark) in self.remarks.iter().enumerate() {
            if i == 0 && remark.lines == 0 && !out.is_empty() {
                out.push(' ');
            } else {
                line(out, remark.lines);
            }
            out.push_str(remark.text);
        }
        line(out, self.lines);
    }
}

impl<'t> Writer<'t> {
    fn take_remarks(&mut self) -> Between<'t> {
        let at = self.next.min(self.tokens.len() - 1);
        let token = &mut self.tokens[at];
        Between { remarks: std::mem::take(&mut token.remarks), lines: token.lines }
    }

    fn item(&mut self, item: &SyntaxNode, column: Option<usize>) {
        match item.kind() {
            K::PolicyItem | K::RuleItem | K::ReviseItem | K::WaiveItem | K::MetricItem | K::SourceItem => {
                self.block(item, true);
            }
            K::CharterItem | K::TestItem => self.block(item, false),
            K::LetItem | K::DefineItem => self.definition(item),
            K::DefaultItem => self.given(item, column),
            _ => {
                for part in parts(item) {
                    match part.as_node().filter(|n| matches!(n.kind(), K::RecordHead | K::TableHead)) {
                        Some(head) => self.head(head),
                        None => self.part(&part),
                    }
                }
            }
        }
    }

    /// `record gift at received by person`
    fn head(&mut self, head: &SyntaxNode) {
        self.lead();
        self.open(Indent::Nest(4));
        for part in parts(head) {
            if part.as_node().is_some() {
                self.gap(Gap::Break { rank: 0, deeper: 0 });
            }
            self.part(&part);
        }
        self.close();
    }

    /// `let` and `define`.
    fn definition(&mut self, item: &SyntaxNode) {
        self.open(Indent::Nest(2));
        for part in parts(item) {
            let value = part.as_node().filter(|n| n.kind() == K::Expr);
            if value.is_some_and(|v| !super::conditions::is_sole_set(v)) {
                self.gap(Gap::Break { rank: 0, deeper: 0 });
            } else if value.is_some() {
                self.lead();
                self.close();
                self.part(&part);
                return;
            }
            self.part(&part);
        }
        self.close();
    }

    /// An item that is made of clauses, or lines.
    fn block(&mut self, item: &SyntaxNode, aligned: bool) {
        let all: Vec<SyntaxElement> = parts(item).collect();
        let open = all.iter().position(|e| e.kind() == K::OpenBrace).unwrap_or(0);
        for part in &all[..open] {
            self.part(part);
        }
        self.token();
        let clauses: Vec<SyntaxNode> = all[open + 1..].iter().filter_map(|e| e.as_node().cloned()).collect();
        if clauses.is_empty() {
            self.empty_list(true);
            return;
        }
        let one_line =
            clauses.len() == 1 && !self.has_lines(item) && !clauses[0].descendants().any(|n| has_own_lines(&n));
        self.open(if one_line { Indent::Group(2) } else { Indent::Nest(2) });
        let wheres =
            clauses.iter().filter(|c| c.kind() == K::OnClause && self.own_where(c).is_some()).map(|_| "where".len());
        let keywords = clauses.iter().filter_map(keyword).map(|k| k.len()).chain(wheres);
        let column = if aligned { keywords.max().map(|longest| longest + 1) } else { None };
        let givens = self.given_columns(&clauses);
        for (i, (clause, given)) in clauses.iter().zip(givens).enumerate() {
            self.gap(match i {
                0 if one_line => Gap::Line { blank: true },
                0 => Gap::FirstPart,
                _ => Gap::Part,
            });
            self.clause(clause, column, given);
        }
        self.remarks(Gap::Part);
        self.close_block(one_line);
    }

    fn close_block(&mut self, one_line: bool) {
        if one_line {
            self.ops.push(Op::LastLine);
            self.gap(Gap::None);
            self.token();
            self.close();
        } else {
            self.close();
            self.gap(Gap::Hard);
            self.token();
        }
    }

    fn clause(&mut self, clause: &SyntaxNode, column: Option<usize>, given: Option<usize>) {
        match clause.kind() {
            K::GivenClause | K::DefaultItem => self.given(clause, given),
            K::SourceMap => self.map(clause),
            K::CasesClause => self.walk(clause),
            K::OnClause if clause.children().any(|n| n.kind() == K::SequenceTrigger) => self.sequence(clause),
            K::OnClause if self.own_where(clause).is_some() => self.on_and_where(clause, column),
            _ => {
                self.lead();
                let first = self.upcoming().text.len();
                let column = column.filter(|_| keyword(clause).is_some()).unwrap_or(first + 1);
                self.token();
                self.open(Indent::Nest(column));
                self.gap(Gap::Blanks(column.saturating_sub(first).max(1)));
                self.value(clause);
                self.close();
            }
        }
    }

    /// The `where` of a trigger, if it begins a line: it reads as a clause then.
    fn own_where(&self, clause: &SyntaxNode) -> Option<SyntaxNode> {
        let trigger = clause.children().find(|n| n.kind() != K::SequenceTrigger)?;
        let filter = trigger.children().find(|n| n.kind() == K::Filter)?;
        self.tokens.get(self.start_of(&filter)).is_some_and(Token::begins_line).then_some(filter)
    }

    fn on_and_where(&mut self, clause: &SyntaxNode, column: Option<usize>) {
        self.lead();
        let column = column.unwrap_or("where ".len());
        let trigger = clause.children().next();
        self.token();
        self.open(Indent::Nest(column));
        let each = trigger.as_ref().is_some_and(|t| t.kind() == K::EachTrigger);
        self.gap(Gap::Blanks(if each { 1 } else { column.saturating_sub(2).max(1) }));
        for part in trigger.iter().flat_map(parts) {
            let Some(filter) = part.as_node().filter(|n| n.kind() == K::Filter) else {
                self.part(&part);
                continue;
            };
            self.close();
            self.gap(Gap::Part);
            self.lead();
            self.token();
            self.open(Indent::Nest(column));
            self.gap(Gap::Blanks(column.saturating_sub(5).max(1)));
            parts(filter).skip(1).for_each(|part| self.part(&part));
        }
        self.close();
    }

    /// A clause without its keyword.
    fn value(&mut self, clause: &SyntaxNode) {
        let rest = parts(clause).skip(1);
        match clause.kind() {
            K::NeedClause | K::AggregateClause | K::MetricValue => {
                self.open_here(2);
                rest.for_each(|part| self.history_part(&part));
                self.close();
            }
            K::FilesClause => {
                let mut after_comma = false;
                for part in rest {
                    if std::mem::replace(&mut after_comma, part.kind() == K::Sign) {
                        self.gap(Gap::Break { rank: 0, deeper: 0 });
                    }
                    self.part(&part);
                }
            }
            _ => rest.for_each(|part| self.part(&part)),
        }
    }

    /// `given` and `default`.
    fn given(&mut self, clause: &SyntaxNode, column: Option<usize>) {
        let mut head = 0;
        for part in parts(clause) {
            if part.kind() == K::GivenFields {
                let blanks = column.map_or(1, |c| (c + 1).saturating_sub(head).max(1));
                self.gap(Gap::Blanks(blanks));
            }
            let from = self.next;
            self.part(&part);
            head += self.tokens[from..self.next].iter().map(|t| t.text.len() + 1).sum::<usize>();
        }
    }

    /// How far the heads of given records reach that stand below each other, where the author put their braces below
    /// each other.
    fn given_columns(&self, clauses: &[SyntaxNode]) -> Vec<Option<usize>> {
        let mut columns = vec![None; clauses.len()];
        let heads: Vec<Option<Head>> = clauses.iter().map(|c| self.given_head(c)).collect();
        let mut from = 0;
        while let Some(head) = heads.get(from) {
            let Some(first) = head else {
                from += 1;
                continue;
            };
            let follow = |h: &&Option<Head>| h.as_ref().is_some_and(|h| h.follows && h.brace == first.brace);
            let run = 1 + heads[from + 1..].iter().take_while(follow).count();
            let run = from..from + run;
            let of_run = || heads[run.clone()].iter().flatten();
            if of_run().any(|h| h.brace > h.width + 1) {
                let widest = of_run().map(|h| h.width).max().unwrap_or(0);
                columns[run.clone()].fill(Some(widest + 1));
            }
            from = run.end;
        }
        columns
    }

    /// The head of a given record, if it is one with its fields in braces on the same line.
    fn given_head(&self, clause: &SyntaxNode) -> Option<Head> {
        if !matches!(clause.kind(), K::GivenClause | K::DefaultItem) {
            return None;
        }
        let fields = clause.children().find(|n| n.kind() == K::GivenFields)?;
        let (from, to) = (self.start_of(clause), self.start_of(&fields));
        let (first, brace) = (self.tokens.get(from)?, self.tokens.get(to)?);
        let one_line = !self.tokens[from + 1..=to].iter().any(Token::begins_line);
        one_line.then(|| Head {
            width: self.tokens[from..to].iter().map(|t| t.text.len() + 1).sum::<usize>().saturating_sub(1),
            brace: brace.start - first.start,
            follows: first.lines == 1 && first.remarks.is_empty(),
        })
    }

    fn start_of(&self, node: &SyntaxNode) -> usize {
        self.index_at(node.text_range().start().into())
    }

    /// `map { id = "ID" }`: an entry a line, without commas, the signs aligned.
    fn map(&mut self, map: &SyntaxNode) {
        self.lead();
        let path_width = |entry: &SyntaxNode| -> usize {
            let path = entry.children().find(|n| n.kind() == K::Path);
            path.map_or(0, |p| {
                p.descendants_with_tokens()
                    .filter_map(|e| e.into_token())
                    .filter(|t| !t.kind().is_trivia())
                    .map(|t| t.text().len())
                    .sum()
            })
        };
        let entries: Vec<SyntaxNode> = map.children().collect();
        let widest = entries.iter().map(path_width).max().unwrap_or(0);
        for part in parts(map).take_while(|e| e.kind() != K::OpenBrace) {
            self.part(&part);
        }
        self.token();
        if entries.is_empty() {
            self.empty_list(true);
            return;
        }
        self.open(Indent::Nest(2));
        for (i, entry) in entries.iter().enumerate() {
            self.gap(if i == 0 { Gap::FirstPart } else { Gap::Part });
            for part in parts(entry) {
                if part.kind() == K::Sign {
                    self.gap(Gap::Blanks(widest - path_width(entry) + 1));
                }
                self.part(&part);
            }
            if self.upcoming().text == "," {
                self.skip_comma();
            }
        }
        self.remarks(Gap::Part);
        self.close_block(false);
    }

    /// `on sequence by actor within 30 days { … }`: a step a line.
    fn sequence(&mut self, clause: &SyntaxNode) {
        self.lead();
        let Some(trigger) = clause.children().find(|n| n.kind() == K::SequenceTrigger) else { return };
        self.token();
        let mut steps = 0;
        let mut after_then = false;
        for part in parts(&trigger) {
            match part.kind() {
                K::SequenceHead => {
                    self.open(Indent::Nest(4));
                    if let Some(head) = part.as_node() {
                        self.history(head);
                    }
                    self.close();
                }
                K::OpenBrace => {
                    self.token();
                    self.open(Indent::Nest(2));
                }
                K::CloseBrace => {
                    self.remarks(Gap::Part);
                    self.close_block(false);
                }
                _ => {
                    if !std::mem::replace(&mut after_then, part.as_token().is_some()) {
                        self.gap(if steps == 0 { Gap::FirstPart } else { Gap::Part });
                        steps += 1;
                    }
                    self.part(&part);
                }
            }
        }
    }
}

/// `given gift as g`
struct Head {
    width: usize,
    /// Where the author put the brace.
    brace: usize,
    /// It stands on the line below another.
    follows: bool,
}

/// The keyword of a clause, where its value is aligned with others.
fn keyword(clause: &SyntaxNode) -> Option<String> {
    let mut all = parts(clause);
    let word = all.next()?.as_token()?.text().to_string();
    let alone = match clause.kind() {
        K::SourceMap => true,
        // `on each`, `on sequence`
        K::OnClause => all.next().is_some_and(|e| matches!(e.kind(), K::EachTrigger | K::SequenceTrigger)),
        _ => false,
    };
    (!alone && word.len() <= LONGEST_ALIGNED).then_some(word)
}

/// Parts that never stand on one line.
fn has_own_lines(node: &SyntaxNode) -> bool {
    matches!(node.kind(), K::SourceMap | K::SequenceTrigger | K::Grid)
}
