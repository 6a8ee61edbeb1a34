//! Bodies made of lines that begin with a keyword: of rules, sources, tests and policies.

use super::*;
use crate::diag::did_you_mean;

/// What the lines of a body are.
#[derive(Clone, Copy)]
struct Lines {
    keywords: &'static [&'static str],
    rule: Rule,
    /// What a message calls one.
    what: &'static str,
    /// What a message calls the whole.
    of: &'static str,
    /// Every word at the start of a line begins one of its own: none goes on with a word.
    short: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn rule_body(&mut self, inner: Range<usize>) -> Vec<ast::Clause> {
        let lines = Lines {
            keywords: words::RULE_CLAUSES,
            rule: Rule::only_clause,
            what: "clause",
            of: "a rule",
            short: false,
        };
        let mut clauses = Vec::new();
        for piece in self.pieces(inner, lines.keywords) {
            let mut rest = piece.clone();
            let scanned = self.place.scanned;
            if scanned.is(scanned.significant(piece.start + 1), "sequence")
                && let Some((open, close)) = self.broken_braces(&piece, "on", lines.rule)
            {
                clauses.push(self.sequence(&piece, open, close));
                rest = (close + 1).min(piece.end)..piece.end;
            }
            self.lines(rest, lines, &mut |reader, nodes, tokens| {
                clauses.extend(reader.lowered(nodes, tokens, |lower, node| lower.clause(node)));
            });
        }
        clauses
    }

    pub(super) fn policy_body(&mut self, inner: Range<usize>, policy: &mut ast::Policy) {
        let lines = Lines {
            keywords: words::POLICY_CLAUSES,
            rule: Rule::only_policy_clause,
            what: "line",
            of: "a policy",
            short: false,
        };
        self.lines(inner, lines, &mut |reader, nodes, tokens| {
            reader.lowered(nodes, tokens, |lower, node| {
                lower.policy_clause(node, policy);
                None::<()>
            });
        });
    }

    pub(super) fn charter_body(&mut self, inner: Range<usize>) -> Vec<ast::CharterLine> {
        let lines = Lines {
            keywords: words::CHARTER_LINES,
            rule: Rule::only_charter_line,
            what: "line",
            of: "a charter",
            short: true,
        };
        let mut found = Vec::new();
        self.lines(inner, lines, &mut |reader, nodes, tokens| {
            found.extend(reader.lowered(nodes, tokens, |lower, node| lower.charter_line(node)));
        });
        found
    }

    pub(super) fn metric_body(&mut self, inner: Range<usize>, metric: &mut ast::MetricItem) {
        let lines = Lines {
            keywords: words::METRIC_CLAUSES,
            rule: Rule::only_metric_clause,
            what: "clause",
            of: "a metric",
            short: true,
        };
        self.lines(inner, lines, &mut |reader, nodes, tokens| {
            reader.lowered(nodes, tokens, |lower, node| {
                lower.metric_clause(node, metric);
                None::<()>
            });
        });
    }

    pub(super) fn waive_body(&mut self, inner: Range<usize>) -> Vec<ast::WaiveClause> {
        let lines = Lines {
            keywords: words::WAIVE_CLAUSES,
            rule: Rule::only_waive_clause,
            what: "line",
            of: "a waiver",
            short: true,
        };
        let mut clauses = Vec::new();
        self.lines(inner, lines, &mut |reader, nodes, tokens| {
            clauses.extend(reader.lowered(nodes, tokens, |lower, node| lower.waive_clause(node)));
        });
        clauses
    }

    pub(super) fn source_body(&mut self, inner: Range<usize>) -> Vec<SourceClause> {
        let lines = Lines {
            keywords: words::SOURCE_CLAUSES,
            rule: Rule::only_source_clause,
            what: "line",
            of: "a source",
            short: false,
        };
        let mut clauses = Vec::new();
        for piece in self.pieces(inner, lines.keywords) {
            if let Some((open, close)) = self.broken_braces(&piece, "map", lines.rule) {
                let entries = self.entry_list(open + 1..close);
                clauses.push(SourceClause::Map(entries));
                self.lines(close + 1..piece.end, lines, &mut |reader, nodes, tokens| {
                    reader.source_lines(nodes, tokens, &mut clauses);
                });
                continue;
            }
            self.lines(piece, lines, &mut |reader, nodes, tokens| reader.source_lines(nodes, tokens, &mut clauses));
        }
        clauses
    }

    fn source_lines(&mut self, nodes: Nodes<'a>, tokens: &Range<usize>, clauses: &mut Vec<SourceClause>) {
        self.lowered(nodes, tokens, |lower, node| {
            lower.source_clause(node, clauses);
            None::<()>
        });
    }

    pub(super) fn test_body(&mut self, inner: Range<usize>) -> Vec<TestClause> {
        let lines = Lines {
            keywords: words::TEST_CLAUSES,
            rule: Rule::only_test_clause,
            what: "line",
            of: "a test",
            short: false,
        };
        let mut clauses = Vec::new();
        for piece in self.pieces(inner, lines.keywords) {
            let mut rest = piece.clone();
            if let Some((open, close)) = self.broken_grid(&piece, lines.rule) {
                let cases = self.place.scanned.is(piece.start, "cases");
                let grid = self.grid(open, close.min(piece.end));
                let head = self.read(Rule::only_given_head, &(piece.start..open)).ok();
                let head = head.and_then(|nodes| {
                    self.lower(&(piece.start..open), |lower| lower.given_head(&mut nodes.into_iter()))
                });
                match (grid, head) {
                    (Some(grid), _) if cases => clauses.push(TestClause::Cases(grid)),
                    (Some(grid), Some(head)) => clauses.push(TestClause::GivenGrid { kind: head.kind, grid }),
                    _ => {}
                }
                rest = close + 1..piece.end;
            } else if let Some((open, close)) = self.broken_braces(&piece, "given", lines.rule) {
                let head = piece.start..open;
                let clause = match self.read(Rule::only_given_head, &head) {
                    Ok(nodes) => self.lower(&head, |lower| lower.given_head(&mut nodes.into_iter())),
                    Err(failure) => {
                        self.tell(&head, &failure, "line");
                        None
                    }
                };
                let given = self.given_list(open + 1..close, 0);
                if let Some(head) = clause {
                    let span = self.place.range(piece.start, close.min(piece.end - 1));
                    clauses.push(TestClause::Given(ast::Given { fields: given, span, ..head }));
                }
                rest = close + 1..piece.end;
            }
            self.lines(rest, lines, &mut |reader, nodes, tokens| {
                clauses.extend(reader.lowered(nodes, tokens, |lower, node| lower.test_clause(node)));
            });
        }
        clauses
    }

    /// The braces of a grid that does not fit.
    fn broken_grid(&mut self, piece: &Range<usize>, rule: Rule) -> Option<(usize, usize)> {
        let scanned = self.place.scanned;
        let open = piece.clone().find(|&i| scanned.kind(i) == K::OpenBrace)?;
        let bar = scanned.significant(open + 1);
        if bar >= piece.end || !scanned.token_text(bar).starts_with('|') {
            return None;
        }
        let found = self.broken_braces(piece, "cases", rule);
        found.or_else(|| self.broken_braces(piece, "given", rule))
    }

    /// The braces of a line that begins with this keyword and does not fit.
    fn broken_braces(&mut self, piece: &Range<usize>, keyword: &str, rule: Rule) -> Option<(usize, usize)> {
        let scanned = self.place.scanned;
        if piece.is_empty() || !scanned.is(piece.start, keyword) || self.read(rule, piece).is_ok() {
            return None;
        }
        let open = piece.clone().find(|&i| scanned.kind(i) == K::OpenBrace)?;
        let close = match self.close(open, piece.end) {
            Some(close) => close,
            None => {
                self.unclosed(open, piece.end);
                piece.end
            }
        };
        Some((open, close))
    }

    /// Cuts a body where a line begins with a keyword. Pieces begin at a significant token.
    fn pieces(&self, inner: Range<usize>, keywords: &[&str]) -> Vec<Range<usize>> {
        let scanned = self.place.scanned;
        let mut starts = Vec::new();
        let mut open = Vec::new();
        for index in inner.clone() {
            let token = scanned.tokens[index];
            match token.kind {
                kind if kind.is_trivia() => continue,
                K::OpenBrace => open.push(scanned.indent(index)),
                K::CloseBrace => {
                    open.pop();
                }
                _ => {}
            }
            // within braces, too, if they were to be closed by then
            let outside = open.first().is_none_or(|&indent| token.starts_line && scanned.indent(index) <= indent);
            let begins = token.starts_line && outside && words::begins_clause(scanned, index, keywords);
            if starts.is_empty() || begins {
                starts.push(index);
                if token.kind != K::OpenBrace {
                    open.clear();
                }
            }
        }
        let ends = starts.iter().skip(1).copied().chain([inner.end]).collect::<Vec<_>>();
        starts.into_iter().zip(ends).map(|(start, end)| start..end).collect()
    }

    fn lines(&mut self, inner: Range<usize>, lines: Lines, keep: &mut dyn FnMut(&mut Self, Nodes<'a>, &Range<usize>)) {
        for piece in self.pieces(inner, lines.keywords) {
            let mut rest = self.trimmed(piece);
            while let Some(piece) = rest {
                rest = self.line(piece, lines, keep).and_then(|r| self.trimmed(r));
            }
        }
    }

    /// Reads one line; gives what is left behind it.
    fn line(
        &mut self,
        piece: Range<usize>,
        lines: Lines,
        keep: &mut dyn FnMut(&mut Self, Nodes<'a>, &Range<usize>),
    ) -> Option<Range<usize>> {
        let scanned = self.place.scanned;
        if self.errors.len() > ENOUGH_ERRORS {
            self.skip(piece);
            return None;
        }
        let word = scanned.token_text(piece.start);
        if !lines.keywords.contains(&word) {
            self.no_clause(&piece, lines);
            return self.resume(piece.start, piece, lines);
        }
        let failure = match self.read(lines.rule, &piece) {
            Ok(nodes) => {
                keep(self, nodes, &piece);
                return None;
            }
            Err(failure) => failure,
        };
        let at = self.failed_at(&piece, &failure);
        let next_line = at > piece.start && at < piece.end && {
            let word = scanned.token_text(at);
            let near = || did_you_mean(word, lines.keywords.iter().copied()).is_some();
            scanned.kind(at) == K::Word && (scanned.tokens[at].starts_line || lines.keywords.contains(&word) || near())
        };
        if next_line {
            let before = piece.start..at;
            if let Ok(nodes) = self.read(lines.rule, &before) {
                keep(self, nodes, &before);
                return Some(at..piece.end);
            }
        }
        let reading = Reading { rule: lines.rule, keywords: lines.keywords, what: lines.what };
        match self.tell_all(&piece, &failure, &reading) {
            Stop::At(at) => self.resume(at, piece, lines),
            Stop::Before(next) => {
                self.skip(piece.start..next);
                Some(next..piece.end)
            }
            Stop::Through => {
                self.skip(piece);
                None
            }
        }
    }

    /// Skips to where another clause surely begins.
    fn resume(&mut self, at: usize, piece: Range<usize>, lines: Lines) -> Option<Range<usize>> {
        let scanned = self.place.scanned;
        let begins = |index: usize| {
            let next = scanned.significant(index + 1);
            scanned.kind(index) == K::Word
                && lines.keywords.contains(&scanned.token_text(index))
                && match scanned.token_text(index) {
                    "cite" | "because" | "purpose" | "legal_basis" | "owner" | "timezone" | "files" | "delimiter"
                    | "approved_by" | "reason" => scanned.kind(next) == K::Text,
                    "severity" | "consequence" | "expect" | "format" => scanned.kind(next) == K::Word,
                    "effective" => scanned.is(next, "from"),
                    "unless" => scanned.is(scanned.significant(next + 1), ":"),
                    _ => false,
                }
        };
        // a misspelt keyword at the start of a line
        let misspelt = |index: usize| {
            let next = scanned.significant(index + 1);
            scanned.tokens[index].starts_line
                && scanned.kind(index) == K::Word
                && matches!(scanned.kind(next), K::Word | K::Text | K::Number)
                && !words::OPERATORS.contains(&scanned.token_text(next))
                && did_you_mean(scanned.token_text(index), lines.keywords.iter().copied()).is_some()
        };
        let line = |index: usize| scanned.tokens[index].starts_line && scanned.kind(index) == K::Word;
        let next = (at.max(piece.start) + 1..piece.end).find(|&i| begins(i) || misspelt(i) || (lines.short && line(i)));
        self.skip(piece.start..next.unwrap_or(piece.end));
        next.map(|next| next..piece.end)
    }

    /// `and gift { … }`, `and nothing else` in a test: the keyword that it goes on from.
    fn goes_on(&self, piece: &Range<usize>, lines: Lines) -> Option<&'static str> {
        let scanned = self.place.scanned;
        if lines.of != "a test" || !matches!(scanned.token_text(piece.start), "and" | "also" | "then") {
            return None;
        }
        let braces = piece.clone().any(|i| scanned.kind(i) == K::OpenBrace);
        Some(if braces { "given" } else { "expect" })
    }

    /// A line that begins with no keyword.
    fn no_clause(&mut self, piece: &Range<usize>, lines: Lines) {
        let scanned = self.place.scanned;
        let (at, word) = (piece.start, scanned.token_text(piece.start));
        let span = self.place.span(at);
        if scanned.kind(at) == K::Word {
            let attempt = Attempt { place: self.place, tokens: piece.clone(), at, expected: &[], what: lines.what };
            let in_rule = lines.of == "a rule";
            let known = super::super::foreign::share(&attempt)
                .or_else(|| super::super::english::of(&attempt))
                .or_else(|| super::super::english::small_words(&attempt).filter(|_| in_rule))
                .or_else(|| super::super::clauses::at_most(&attempt).filter(|_| in_rule))
                .or_else(|| super::super::clauses::verb(&attempt).filter(|_| in_rule));
            if let Some(error) = known {
                self.errors.push(error);
                return;
            }
            // `approved by`
            let next = scanned.significant(at + 1).min(piece.end);
            let both = if next < piece.end { format!("{word}_{}", scanned.token_text(next)) } else { String::new() };
            if let Some(keyword) = lines.keywords.iter().find(|keyword| **keyword == both) {
                let whole = self.place.range(at, next);
                let error = super::super::slips::slip(format!("`{keyword}` is one word"), whole, "two words");
                self.errors.push(self.place.mend(error, whole, keyword, &format!("write `{keyword}`")));
                return;
            }
            let error = Diagnostic::error(
                Code::SyntaxError,
                format!("{} has no `{}`", lines.of, self.place.shown(at)),
                span,
                format!("not a {} of {}", lines.what, lines.of),
            );
            let known = words::known_as(word)
                .or_else(|| self.goes_on(piece, lines))
                .filter(|known| lines.keywords.contains(known));
            let error = match known.or_else(|| did_you_mean(word, lines.keywords.iter().copied())) {
                Some(near) => {
                    let error = self.place.mend(error, span, near, &format!("write `{near}`"));
                    let help = error.help.clone().unwrap_or_default();
                    error.help(format!("did you mean `{near}`? {help}"))
                }
                None => {
                    let known = lines.keywords.iter().map(|k| format!("`{k}`"));
                    error.help(format!("there are {}", known.collect::<Vec<_>>().join(", ")))
                }
            };
            self.errors.push(error);
            return;
        }
        let attempt = Attempt { place: self.place, tokens: piece.clone(), at, expected: &[], what: lines.what };
        let error = super::super::slips::find(&attempt).unwrap_or_else(|| {
            Diagnostic::error(
                Code::SyntaxError,
                format!("expected a {} of {}, found `{}`", lines.what, lines.of, self.place.shown(at)),
                span,
                "not expected here",
            )
        });
        self.errors.push(error);
    }
}
