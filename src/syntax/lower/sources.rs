//! Sources: how files become records.

use super::{Lower, child, inner_text};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    Cast, CastArg, CompareOp, Expr, ExprKind, Ident, MapCond, MapCondKind, MapEntry, MapExpr, MapExprKind, MapPath,
    PathStep, SourceClause, SourceItem, Str, TextOp,
};
use crate::syntax::parse::{Node, Rule};
use crate::syntax::split::{MAX_DEPTH, too_deep};

impl Lower<'_> {
    pub(super) fn source(&mut self, node: Node<'_>) -> Option<SourceItem> {
        let mut source = self.source_head(&child(&node, Rule::source_head)?)?;
        for node in node.into_inner() {
            self.source_clause(node, &mut source.clauses);
        }
        Some(source)
    }

    pub fn source_head(&mut self, node: &Node<'_>) -> Option<SourceItem> {
        let mut words = node.clone().into_inner().filter(|n| n.as_rule() == Rule::word);
        let (name, kind) = (words.next()?, words.next()?);
        Some(SourceItem { name: self.ident(&name), kind: self.ident(&kind), clauses: Vec::new() })
    }

    pub fn source_clause(&mut self, node: Node<'_>, clauses: &mut Vec<SourceClause>) {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::format_clause => clauses.extend(self.head_name(&node).map(SourceClause::Format)),
            Rule::files_clause => {
                for text in node.into_inner().filter(|n| n.as_rule() == Rule::string) {
                    clauses.push(SourceClause::Files(self.string(&text)));
                }
            }
            Rule::delimiter_clause => {
                let text = child(&node, Rule::string).map(|n| self.string(&n));
                clauses.extend(text.map(SourceClause::Delimiter));
            }
            Rule::timezone_clause => {
                let text = child(&node, Rule::string).map(|n| self.string(&n));
                clauses.extend(text.map(SourceClause::Timezone));
            }
            Rule::source_each => {
                let path = child(&node, Rule::map_path).map(|n| self.map_path(n));
                clauses.extend(path.map(SourceClause::Each));
            }
            Rule::source_where => {
                let cond = child(&node, Rule::map_cond).map(|n| self.map_cond(n));
                clauses.extend(cond.map(SourceClause::Where));
            }
            Rule::source_map => {
                let entries = node.into_inner().filter_map(|n| self.map_entry(n)).collect();
                clauses.push(SourceClause::Map(entries));
            }
            Rule::identity => clauses.push(SourceClause::Identity(self.identity(node), span)),
            _ => {}
        }
    }

    pub fn map_entry(&mut self, node: Node<'_>) -> Option<MapEntry> {
        if node.as_rule() != Rule::map_entry {
            return None;
        }
        Some(MapEntry {
            field: self.path(child(&node, Rule::path)?),
            value: self.map_expr(child(&node, Rule::map_expr)?),
            span: self.span(&node),
        })
    }

    /// `a ?? b ?? c`
    fn map_expr(&mut self, node: Node<'_>) -> MapExpr {
        let whole = self.span(&node);
        let mut result: Option<MapExpr> = None;
        for (i, node) in node.into_inner().filter(|n| n.as_rule() == Rule::map_cast).enumerate() {
            if i >= MAX_DEPTH {
                self.error(too_deep(whole, MAX_DEPTH));
                break;
            }
            let next = self.map_cast(node);
            result = Some(match result {
                None => next,
                Some(first) => {
                    let span = first.span.to(next.span);
                    MapExpr { kind: MapExprKind::Coalesce(Box::new(first), Box::new(next)), span }
                }
            });
        }
        result.unwrap_or_else(|| nothing(whole))
    }

    fn map_cast(&mut self, node: Node<'_>) -> MapExpr {
        let whole = self.span(&node);
        let mut result = None;
        for (i, node) in node.into_inner().enumerate() {
            if node.as_rule() != Rule::cast {
                result = Some(self.map_primary(node));
                continue;
            }
            if i >= MAX_DEPTH {
                self.error(too_deep(whole, MAX_DEPTH));
                break;
            }
            let cast = self.cast(node);
            result = result.zip(cast).map(|(of, to)| {
                let span = of.span.to(to.span);
                MapExpr { kind: MapExprKind::Cast { of: Box::new(of), to }, span }
            });
        }
        result.unwrap_or_else(|| nothing(whole))
    }

    fn map_primary(&mut self, node: Node<'_>) -> MapExpr {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::map_path => MapExprKind::Path(self.map_path(node)),
            Rule::map_paren => {
                let inner = child(&node, Rule::map_expr).map(|n| self.map_expr(n));
                return inner.unwrap_or_else(|| nothing(span));
            }
            Rule::map_constant => MapExprKind::Constant(Box::new(self.constant(node))),
            Rule::map_call => {
                let name = child(&node, Rule::name).map(|n| self.ident(&n));
                let mut args: Vec<MapExpr> = Vec::new();
                for arg in node.into_inner().filter(|n| n.as_rule() == Rule::map_expr) {
                    args.push(self.map_expr(arg));
                }
                match (name, args.len()) {
                    (Some(name), 2) if name.text == "money" => match (args.pop(), args.pop()) {
                        (Some(currency), Some(amount)) => MapExprKind::Money(Box::new(amount), Box::new(currency)),
                        _ => return nothing(span),
                    },
                    (Some(name), _) => MapExprKind::Call { name, args },
                    (None, _) => return nothing(span),
                }
            }
            _ => return nothing(span),
        };
        MapExpr { kind, span }
    }

    /// A literal, with its sign.
    fn constant(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let minus = child(&node, Rule::minus).map(|n| self.word_span(&n));
        let Some(operand) = child(&node, Rule::operand) else { return Expr { kind: ExprKind::Error, span } };
        let value = self.operand(operand).expr;
        match minus {
            Some(minus) => Expr { span: minus.to(value.span), kind: ExprKind::Neg(Box::new(value)) },
            None => value,
        }
    }

    fn map_path(&mut self, node: Node<'_>) -> MapPath {
        let span = self.span(&node);
        let mut steps = Vec::new();
        for node in node.into_inner() {
            let place = self.span(&node);
            steps.extend(match node.as_rule() {
                Rule::word | Rule::quoted | Rule::string => Some(PathStep::Key(self.key(&node))),
                Rule::path_every => Some(PathStep::Every(place)),
                Rule::path_index => child(&node, Rule::number).and_then(|n| self.index(&n, place)),
                Rule::path_filter => self.path_filter(node, place),
                _ => None,
            });
        }
        MapPath { steps, span }
    }

    fn index(&mut self, node: &Node<'_>, place: Span) -> Option<PathStep> {
        let index = self.number(node).parse().ok();
        if index.is_none() {
            let span = self.word_span(node);
            self.error(
                Diagnostic::error(Code::SyntaxError, "not the number of an element", span, "expected a whole number")
                    .help("elements are counted from 0: `items[0]` is the first"),
            );
        }
        index.map(|index| PathStep::Index(index, place))
    }

    fn path_filter(&mut self, node: Node<'_>, span: Span) -> Option<PathStep> {
        let key = child(&node, Rule::map_key)?;
        let key = key.into_inner().filter(|n| n.as_rule() != Rule::dot).map(|n| self.key(&n)).collect();
        let equals = Box::new(self.operand(child(&node, Rule::operand)?).expr);
        Some(PathStep::Filter { key, equals, span })
    }

    /// A word, `` `a word` `` or `"a word"`.
    fn key(&mut self, node: &Node<'_>) -> Ident {
        match node.as_rule() {
            Rule::quoted => Ident { text: inner_text(node.as_str()).to_owned(), span: self.word_span(node) },
            Rule::string => {
                let Str { text, span } = self.string(node);
                Ident { text, span }
            }
            _ => self.ident(node),
        }
    }

    fn cast(&mut self, node: Node<'_>) -> Option<Cast> {
        let span = self.span(&node);
        let ty = self.head_name(&node)?;
        let mut arg = CastArg::None;
        for node in node.into_inner() {
            match node.as_rule() {
                Rule::string => arg = CastArg::Format(self.string(&node)),
                Rule::cast_unit => {
                    if let Some(unit) = self.head_name(&node) {
                        arg = CastArg::Unit(unit);
                    }
                }
                Rule::cast_words => {
                    let mut words = Vec::new();
                    for word in node.into_inner().filter(|n| n.as_rule() == Rule::cast_word) {
                        let mut nodes = word.into_inner();
                        let Some(key) = nodes.next().map(|n| self.key(&n)) else { continue };
                        let mut spellings = Vec::new();
                        for text in nodes.filter(|n| n.as_rule() == Rule::string) {
                            spellings.push(self.string(&text));
                        }
                        words.push((key, spellings));
                    }
                    arg = CastArg::Words(words);
                }
                _ => {}
            }
        }
        Some(Cast { ty, arg, span })
    }

    /// `not a or b and c`
    fn map_cond(&mut self, node: Node<'_>) -> MapCond {
        let whole = self.span(&node);
        let mut all: Vec<MapCond> = Vec::new();
        let mut any: Vec<MapCond> = Vec::new();
        let mut nots: Vec<Span> = Vec::new();
        for node in node.into_inner() {
            match node.as_rule() {
                Rule::map_not => nots.push(self.word_span(&node)),
                Rule::map_joint if node.as_str() == "or" => any.extend(joined(std::mem::take(&mut all), true)),
                Rule::map_test => {
                    let mut cond = self.map_test(node);
                    for not in nots.drain(..).rev() {
                        cond = MapCond { span: not.to(cond.span), kind: MapCondKind::Not(Box::new(cond)) };
                    }
                    all.push(cond);
                }
                _ => {}
            }
        }
        any.extend(joined(all, true));
        joined(any, false).unwrap_or(MapCond { kind: MapCondKind::And(Vec::new()), span: whole })
    }

    fn map_test(&mut self, node: Node<'_>) -> MapCond {
        let span = self.span(&node);
        let empty = MapCond { kind: MapCondKind::And(Vec::new()), span };
        if let Some(inner) = child(&node, Rule::map_cond) {
            return MapCond { span, ..self.map_cond(inner) };
        }
        let Some(path) = child(&node, Rule::map_path).map(|n| self.map_path(n)) else { return empty };
        let Some(test) = node.clone().into_inner().nth(1) else { return empty };
        let word = test.as_str();
        let kind = match test.as_rule() {
            Rule::presence => MapCondKind::Present { path, negated: word == "absent" },
            Rule::map_in => {
                let set = child(&node, Rule::set).map(|n| self.list(n).0).unwrap_or_default();
                MapCondKind::In { path, set, negated: word != "in" }
            }
            Rule::matches => match child(&node, Rule::regex) {
                Some(regex) => MapCondKind::Matches { path, pattern: self.regex(&regex) },
                None => return empty,
            },
            _ => {
                let right = self.constant(node);
                match word {
                    "==" => MapCondKind::Compare { path, op: CompareOp::Eq, right },
                    "!=" => MapCondKind::Compare { path, op: CompareOp::Ne, right },
                    "<" => MapCondKind::Compare { path, op: CompareOp::Lt, right },
                    "<=" => MapCondKind::Compare { path, op: CompareOp::Le, right },
                    ">" => MapCondKind::Compare { path, op: CompareOp::Gt, right },
                    ">=" => MapCondKind::Compare { path, op: CompareOp::Ge, right },
                    "starts_with" => MapCondKind::TextTest { path, op: TextOp::StartsWith, right },
                    "ends_with" => MapCondKind::TextTest { path, op: TextOp::EndsWith, right },
                    "contains" => MapCondKind::TextTest { path, op: TextOp::Contains, right },
                    _ => MapCondKind::TextTest { path, op: TextOp::InDomain, right },
                }
            }
        };
        MapCond { kind, span }
    }
}

fn joined(mut conds: Vec<MapCond>, and: bool) -> Option<MapCond> {
    if conds.len() < 2 {
        return conds.pop();
    }
    let span = conds.iter().map(|c| c.span).reduce(Span::to)?;
    let kind = if and { MapCondKind::And(conds) } else { MapCondKind::Or(conds) };
    Some(MapCond { kind, span })
}

fn nothing(span: Span) -> MapExpr {
    MapExpr { kind: MapExprKind::Path(MapPath { steps: Vec::new(), span }), span }
}
