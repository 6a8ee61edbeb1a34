//! Items that do not fit as a whole: their heads, and where their bodies are.

use super::*;
use crate::diag::did_you_mean;

/// What an item looks like.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Rule,
    Revise,
    Record,
    Table,
    Source,
    Test,
    Default,
    Enum,
    Policy,
    /// `let`, `param`, `define`, `import`, `rates`: no body in braces.
    Plain,
    Waive,
    Charter,
    Metric,
}

fn shape(word: &str) -> Option<Shape> {
    Some(match word {
        "forbid" | "require" | "limit" => Shape::Rule,
        "revise" => Shape::Revise,
        "record" => Shape::Record,
        "table" => Shape::Table,
        "source" => Shape::Source,
        "test" => Shape::Test,
        "default" => Shape::Default,
        "enum" => Shape::Enum,
        "policy" => Shape::Policy,
        "waive" => Shape::Waive,
        "charter" => Shape::Charter,
        "metric" => Shape::Metric,
        "let" | "param" | "define" | "import" | "rates" => Shape::Plain,
        _ => return None,
    })
}

impl Shape {
    fn head(self) -> Rule {
        match self {
            Shape::Rule => Rule::only_rule_head,
            Shape::Revise => Rule::only_revise_head,
            Shape::Record => Rule::only_record_head,
            Shape::Table => Rule::only_table_head,
            Shape::Source => Rule::only_source_head,
            Shape::Test => Rule::only_test_head,
            Shape::Default => Rule::only_default_head,
            Shape::Enum => Rule::only_enum_head,
            Shape::Policy => Rule::only_policy_head,
            Shape::Waive => Rule::only_waive_head,
            Shape::Charter => Rule::only_charter_head,
            Shape::Metric => Rule::only_metric_head,
            Shape::Plain => Rule::only_item,
        }
    }

    fn node(self) -> K {
        match self {
            Shape::Rule => K::RuleItem,
            Shape::Revise => K::ReviseItem,
            Shape::Record => K::RecordItem,
            Shape::Table => K::TableItem,
            Shape::Source => K::SourceItem,
            Shape::Test => K::TestItem,
            Shape::Default => K::DefaultItem,
            Shape::Enum => K::EnumItem,
            Shape::Policy => K::PolicyItem,
            Shape::Waive => K::WaiveItem,
            Shape::Charter => K::CharterItem,
            Shape::Metric => K::MetricItem,
            Shape::Plain => K::Skipped,
        }
    }

    /// The keywords that begin a line of the body.
    fn clauses(self) -> &'static [&'static str] {
        match self {
            Shape::Rule | Shape::Revise => words::RULE_CLAUSES,
            Shape::Source => words::SOURCE_CLAUSES,
            Shape::Test => words::TEST_CLAUSES,
            Shape::Policy => words::POLICY_CLAUSES,
            Shape::Waive => words::WAIVE_CLAUSES,
            Shape::Charter => words::CHARTER_LINES,
            Shape::Metric => words::METRIC_CLAUSES,
            _ => &[],
        }
    }
}

/// The braces of an item.
struct Body {
    inner: Range<usize>,
    /// The token behind the item.
    next: usize,
}

impl Reader<'_> {
    /// Reads a part item by item.
    pub(super) fn recover(&mut self, tokens: Range<usize>) {
        let mut at = self.place.scanned.significant(tokens.start);
        while at < tokens.end {
            let next = self.recover_item(at..tokens.end).max(at + 1);
            at = self.place.scanned.significant(next);
        }
    }

    /// Reads the item at the start of a range; gives the token behind it.
    fn recover_item(&mut self, tokens: Range<usize>) -> usize {
        let scanned = self.place.scanned;
        let (at, word) = (tokens.start, scanned.token_text(tokens.start));
        let known = shape(word);
        let shape = known.or_else(|| {
            let near = near_item(word).filter(|_| scanned.kind(at) == K::Word)?;
            let error = Diagnostic::error(
                Code::SyntaxError,
                format!("there is no item `{word}`"),
                self.place.span(at),
                format!("did you mean `{near}`?"),
            );
            self.errors.push(self.place.mend(error, self.place.span(at), near, &format!("write `{near}`")));
            shape(near)
        });
        match shape {
            None => self.no_item(tokens),
            Some(Shape::Plain) => self.plain(tokens, known.is_some()),
            Some(shape) => self.braced(tokens, shape, known.is_some()),
        }
    }

    fn no_item(&mut self, tokens: Range<usize>) -> usize {
        let scanned = self.place.scanned;
        let at = tokens.start;
        if scanned.kind(at) == K::CloseBrace {
            self.errors.push(
                Diagnostic::error(Code::SyntaxError, "`}` closes nothing", self.place.span(at), "no `{` is open here")
                    .help("take it out, or look for a `{` that is missing before it"),
            );
            self.skip(at..at + 1);
            return at + 1;
        }
        let attempt = Attempt { place: self.place, tokens: tokens.clone(), at, expected: &[], what: "item" };
        if let Some(error) = super::super::foreign::sign(&attempt) {
            self.errors.push(error);
            return self.next_item(tokens);
        }
        let clause = words::RULE_CLAUSES.contains(&scanned.token_text(at));
        let help = if clause {
            format!("`{}` belongs between the braces of a rule", self.place.shown(at))
        } else if matches!(self.place.scanned.token_text(at), "allow" | "permit" | "accept") {
            "what no rule forbids is allowed; what a rule does not apply to stands behind its `unless`".to_owned()
        } else {
            "an item begins with `forbid`, `require`, `limit`, `revise`, `record`, `table`, `source`, `enum`, `let`, \
             `define`, `param`, `policy`, `waive`, `charter`, `metric`, `import`, `rates`, `test` or `default`"
                .to_owned()
        };
        self.errors.push(
            Diagnostic::error(
                Code::SyntaxError,
                format!("expected an item, found `{}`", self.place.shown(at)),
                self.place.span(at),
                "no item begins like this",
            )
            .help(help),
        );
        self.next_item(tokens)
    }

    /// One error is told of a stretch of text; another item may follow on a line of its own.
    fn next_item(&mut self, tokens: Range<usize>) -> usize {
        let scanned = self.place.scanned;
        let next = (tokens.start + 1..tokens.end)
            .find(|&i| scanned.tokens[i].starts_line && words::begins_item(scanned, i))
            .unwrap_or(tokens.end);
        self.skip(tokens.start..next);
        next
    }

    /// An item without a body in braces.
    fn plain(&mut self, tokens: Range<usize>, known: bool) -> usize {
        if !known {
            self.skip(tokens.clone());
            return tokens.end;
        }
        let Err(failure) = self.read(Rule::only_item, &tokens) else {
            return self.whole(tokens);
        };
        let at = self.failed_at(&tokens, &failure);
        if at > tokens.start && at < tokens.end && self.place.scanned.tokens[at].starts_line {
            let before = tokens.start..at;
            if self.read(Rule::only_item, &before).is_ok() {
                return self.whole(before);
            }
        }
        self.tell_all(&tokens, &failure, &Reading { rule: Rule::only_item, keywords: &[], what: "item" });
        self.skip(tokens.clone());
        self.items.extend(self.named_value(&tokens));
        tokens.end
    }

    /// So that who reads a value is not told that there is none of its name.
    fn named_value(&self, tokens: &Range<usize>) -> Option<Item> {
        let scanned = self.place.scanned;
        let (first, name) = (tokens.start, scanned.significant(tokens.start + 1));
        let named = matches!(scanned.token_text(first), "let" | "param" | "define");
        if !named || name >= tokens.end || scanned.kind(name) != K::Word {
            return None;
        }
        let span = self.place.range(first, name);
        let name = Ident { text: scanned.token_text(name).to_owned(), span: self.place.span(name) };
        let value = ast::Expr { kind: ast::ExprKind::Error, span };
        Some(Item { doc: None, kind: ItemKind::Let(ast::LetItem { name, value }), span, broken: true })
    }

    /// An item that fits after all.
    fn whole(&mut self, tokens: Range<usize>) -> usize {
        if let Ok(nodes) = self.read(Rule::only_item, &tokens) {
            self.keep(nodes, &tokens);
        }
        tokens.end
    }

    fn braced(&mut self, tokens: Range<usize>, shape: Shape, known: bool) -> usize {
        let scanned = self.place.scanned;
        let start = scanned.start(tokens.start);
        let name = scanned.significant(tokens.start + 1);
        let head_end = (tokens.start + 1..tokens.end)
            .find(|&i| {
                let own = shape == Shape::Revise && scanned.is(i, "effective");
                let clause = || !own && words::begins_clause(scanned, i, shape.clauses());
                let within = scanned.tokens[i].starts_line || (shape == Shape::Rule && i > name);
                scanned.kind(i) == K::OpenBrace || (within && clause())
            })
            .unwrap_or(tokens.end);
        if known
            && scanned.kind(head_end) == K::OpenBrace
            && let Some(close) = self.plain_close(head_end, tokens.end)
            && self.read(Rule::only_item, &(tokens.start..close + 1)).is_ok()
        {
            return self.whole(tokens.start..close + 1);
        }
        self.marks.push(Mark::Enter(shape.node(), start));
        let head = tokens.start..head_end;
        let kind = self.head(&head, shape, known);
        let body = self.body(&head, tokens.end);
        let kind = self.fill(kind, shape, body.inner.clone());
        let end = scanned.trim_end(start, scanned.start(body.next));
        self.marks.push(Mark::Leave(end));
        if let Some(kind) = kind {
            let doc = scanned.doc_before(start);
            let span = Span::new(self.place.file, self.place.origin + start, self.place.origin + end);
            self.items.push(Item { doc, kind, span, broken: true });
        }
        body.next
    }

    /// The head as far as it can be read: none where it has no name.
    fn head(&mut self, head: &Range<usize>, shape: Shape, known: bool) -> Option<ItemKind> {
        if known {
            match self.read(shape.head(), head) {
                Ok(nodes) => {
                    return self.lowered(nodes, head, |lower, node| lower_head(lower, &node, shape)).pop();
                }
                Err(failure) => {
                    self.tell(head, &failure, "head");
                    // With `at` in its place, which is as long, the rest is read all the same.
                    let at = self.failed_at(head, &failure);
                    if shape == Shape::Record && at < head.end && self.place.scanned.is(at, "on") {
                        let from = self.start(head);
                        let (before, on) = (self.text(head), self.place.scanned.start(at) - from);
                        let text = format!("{}at{}", &before[..on], &before[on + 2..]);
                        if let Ok(nodes) = read(shape.head(), &text) {
                            return self.lower(head, |lower| {
                                nodes.into_iter().find_map(|node| lower_head(lower, &node, shape))
                            });
                        }
                    }
                    if let Some(told) = self.errors.last_mut().filter(|e| shape == Shape::Revise && e.help.is_none()) {
                        let help = "say which rule, and from when on: `revise gifts effective from 2026-01-01 { … }`";
                        told.help = Some(help.into());
                    }
                }
            }
        }
        self.named_head(head, shape)
    }

    /// Only the name, of a head with a fault.
    fn named_head(&mut self, head: &Range<usize>, shape: Shape) -> Option<ItemKind> {
        let scanned = self.place.scanned;
        let keyword = scanned.token_text(head.start);
        let keyword = near_item(keyword).unwrap_or(keyword);
        let name = scanned.significant(head.start + 1);
        if name >= head.end || scanned.kind(name) != K::Word {
            return None;
        }
        let text = match shape {
            Shape::Source => {
                let kind = (name + 1..head.end).find(|&i| scanned.is(i, "for")).map(|i| scanned.significant(i + 1))?;
                if kind >= head.end {
                    return None;
                }
                format!("source {} for {}", scanned.token_text(name), scanned.token_text(kind))
            }
            Shape::Revise => format!("revise {} effective from 2000-01-01", scanned.token_text(name)),
            _ => format!("{keyword} {}", scanned.token_text(name)),
        };
        let nodes = read(shape.head(), &text).ok()?;
        let mut kind = self.lower(head, |lower| nodes.into_iter().find_map(|node| lower_head(lower, &node, shape)))?;
        // the head was read from a text of its own: its name lies elsewhere
        let name = Ident { text: scanned.token_text(name).to_owned(), span: self.place.span(name) };
        match &mut kind {
            ItemKind::Rule(rule) => rule.name = name,
            ItemKind::Revise(item) => {
                item.name = name;
                item.clauses.clear();
            }
            ItemKind::Record(kind) | ItemKind::Table(kind) => kind.name = name,
            ItemKind::Enum(item) => item.name = name,
            ItemKind::Policy(policy) => policy.name = name,
            ItemKind::Waive(waiver) => waiver.rule = name,
            ItemKind::Metric(metric) => metric.name = name,
            ItemKind::Default(item) => item.kind = name,
            ItemKind::Source(source) => {
                source.kind.span = self.place.span(head.end - 1);
                source.name = name;
            }
            _ => return None,
        }
        Some(kind)
    }

    /// Finds the braces behind a head, and tells where they are missing.
    fn body(&mut self, head: &Range<usize>, end: usize) -> Body {
        let scanned = self.place.scanned;
        let open = head.end;
        let last = scanned.significant_before(open).unwrap_or(head.start);
        if open >= end || scanned.kind(open) != K::OpenBrace {
            let span = self.place.span(last);
            let place = Span { start: span.end, ..span };
            let error = Diagnostic::error(
                Code::SyntaxError,
                format!("expected `{{` after `{}`", self.place.shown(last)),
                span,
                "a brace is missing after this",
            );
            self.errors.push(self.place.mend(error, place, " {", "open the brace"));
            let close = (open..end).rev().find(|&i| scanned.kind(i) == K::CloseBrace && scanned.tokens[i].starts_line);
            return Body { inner: open..close.unwrap_or(end), next: close.map_or(end, |c| c + 1) };
        }
        match self.close(open, end) {
            Some(close) => Body { inner: open + 1..close, next: close + 1 },
            None => {
                self.unclosed(open, end);
                Body { inner: open + 1..end, next: end }
            }
        }
    }

    /// A brace that is never closed.
    pub(super) fn unclosed(&mut self, open: usize, end: usize) {
        let last = self.place.scanned.significant_before(end).unwrap_or(open);
        let span = self.place.span(last);
        let nothing = Span { start: span.end, ..span };
        self.errors.push(
            Diagnostic::error(Code::SyntaxError, "`{` without its `}`", span, "expected `}` after this at the latest")
                .label(self.place.span(open), "opened here")
                .help("add a `}` where the braces are to end")
                .fix("close the brace", nothing, "\n}"),
        );
    }

    /// The brace that closes another by counting alone, if the part is balanced.
    fn plain_close(&self, open: usize, end: usize) -> Option<usize> {
        let mut depth = 0usize;
        for index in open..end {
            match self.place.scanned.kind(index) {
                K::OpenBrace => depth += 1,
                K::CloseBrace => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(index);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The brace that closes another. Where counting does not come out even, indentation decides which is open.
    pub(super) fn close(&mut self, open: usize, end: usize) -> Option<usize> {
        let scanned = self.place.scanned;
        if let Some(close) = self.plain_close(open, end)
            && self.trimmed(close + 1..end).is_none()
        {
            return Some(close);
        }
        let mut stack = vec![open];
        for index in open + 1..end {
            match scanned.kind(index) {
                K::OpenBrace => stack.push(index),
                K::CloseBrace => {
                    if scanned.tokens[index].starts_line {
                        let indent = scanned.indent(index);
                        while stack.len() > 1 && stack.last().is_some_and(|&o| scanned.indent(o) > indent) {
                            stack.pop();
                        }
                    }
                    stack.pop();
                    if stack.is_empty() {
                        return Some(index);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Reads the body of an item.
    fn fill(&mut self, kind: Option<ItemKind>, shape: Shape, inner: Range<usize>) -> Option<ItemKind> {
        match shape {
            Shape::Rule => {
                let clauses = self.rule_body(inner);
                let Some(ItemKind::Rule(mut rule)) = kind else { return None };
                rule.clauses = clauses;
                Some(ItemKind::Rule(rule))
            }
            Shape::Revise => {
                let clauses = self.rule_body(inner);
                let Some(ItemKind::Revise(mut item)) = kind else { return None };
                item.clauses.extend(clauses);
                Some(ItemKind::Revise(item))
            }
            Shape::Record | Shape::Table => {
                let fields = self.field_list(inner, 0);
                match kind {
                    Some(ItemKind::Record(item)) => Some(ItemKind::Record(ast::KindItem { fields, ..item })),
                    Some(ItemKind::Table(item)) => Some(ItemKind::Table(ast::KindItem { fields, ..item })),
                    _ => None,
                }
            }
            Shape::Source => {
                let clauses = self.source_body(inner);
                let Some(ItemKind::Source(mut source)) = kind else { return None };
                source.clauses = clauses;
                Some(ItemKind::Source(source))
            }
            Shape::Test => {
                let clauses = self.test_body(inner);
                let Some(ItemKind::Test(mut test)) = kind else { return None };
                test.clauses = clauses;
                Some(ItemKind::Test(test))
            }
            Shape::Metric => {
                let name = Ident { text: String::new(), span: self.place.span(inner.start) };
                let mut metric = match kind {
                    Some(ItemKind::Metric(metric)) => metric,
                    _ => ast::MetricItem { name, title: None, on: Vec::new(), values: Vec::new() },
                };
                self.metric_body(inner, &mut metric);
                (!metric.name.text.is_empty()).then_some(ItemKind::Metric(metric))
            }
            Shape::Charter => {
                let lines = self.charter_body(inner);
                let title = match kind {
                    Some(ItemKind::Charter(item)) => item.title,
                    _ => None,
                };
                Some(ItemKind::Charter(ast::CharterItem { title, lines }))
            }
            Shape::Waive => {
                let clauses = self.waive_body(inner);
                let Some(ItemKind::Waive(item)) = kind else { return None };
                Some(ItemKind::Waive(ast::WaiveItem { clauses, ..item }))
            }
            Shape::Default => {
                let fields = self.given_list(inner, 0);
                let Some(ItemKind::Default(item)) = kind else { return None };
                Some(ItemKind::Default(ast::DefaultItem { fields, ..item }))
            }
            Shape::Enum => {
                let words = self.word_list(inner);
                let Some(ItemKind::Enum(item)) = kind else { return None };
                Some(ItemKind::Enum(ast::EnumItem { words, ..item }))
            }
            Shape::Policy => {
                let name = Ident { text: String::new(), span: self.place.span(inner.start) };
                let mut policy = match kind {
                    Some(ItemKind::Policy(policy)) => policy,
                    _ => ast::Policy {
                        name,
                        title: None,
                        owner: None,
                        timezone: None,
                        fiscal_year: None,
                        business_days: None,
                    },
                };
                self.policy_body(inner, &mut policy);
                (!policy.name.text.is_empty()).then_some(ItemKind::Policy(policy))
            }
            Shape::Plain => None,
        }
    }
}

fn lower_head(lower: &mut Lower<'_>, node: &Node<'_>, shape: Shape) -> Option<ItemKind> {
    if node.as_rule() == Rule::EOI {
        return None;
    }
    Some(match shape {
        Shape::Rule => ItemKind::Rule(lower.rule_head(node)?),
        Shape::Revise => ItemKind::Revise(lower.revise_head(node)?),
        Shape::Record => ItemKind::Record(lower.kind_head(node)?),
        Shape::Table => ItemKind::Table(lower.kind_head(node)?),
        Shape::Source => ItemKind::Source(lower.source_head(node)?),
        Shape::Test => ItemKind::Test(lower.test_head(node)?),
        Shape::Default => ItemKind::Default(lower.default_head(node)?),
        Shape::Enum => ItemKind::Enum(ast::EnumItem { name: lower.head_name(node)?, words: Vec::new() }),
        Shape::Policy => ItemKind::Policy(lower.policy_head(node)?),
        Shape::Waive => ItemKind::Waive(lower.waive_head(node)?),
        Shape::Charter => ItemKind::Charter(lower.charter_head(node)),
        Shape::Metric => ItemKind::Metric(lower.metric_head(node)?),
        Shape::Plain => return None,
    })
}

fn near_item(word: &str) -> Option<&'static str> {
    words::item_known_as(word).or_else(|| did_you_mean(word, words::ITEMS.iter().copied()))
}
