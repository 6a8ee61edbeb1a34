//! Rules and their clauses.

use super::history::{function, period};
use super::{Lower, child};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    Aggregate, Clause, ClauseKind, EachAt, Expr, ExprKind, Func, RuleItem, Sequence, Step, Trigger, Verb,
};
use crate::syntax::parse::{Node, Rule};

impl Lower<'_> {
    pub(super) fn rule(&mut self, node: Node<'_>) -> Option<RuleItem> {
        let mut rule = self.rule_head(&child(&node, Rule::rule_head)?)?;
        self.clauses(node, &mut rule);
        Some(rule)
    }

    pub fn rule_head(&mut self, node: &Node<'_>) -> Option<RuleItem> {
        let verb = match child(node, Rule::rule_verb)?.as_str() {
            "require" => Verb::Require,
            "limit" => Verb::Limit,
            _ => Verb::Forbid,
        };
        let title = child(node, Rule::string).map(|n| self.string(&n));
        Some(RuleItem { verb: Some(verb), name: self.head_name(node)?, title, clauses: Vec::new() })
    }

    pub(super) fn revise(&mut self, node: Node<'_>) -> Option<RuleItem> {
        let mut item = self.revise_head(&child(&node, Rule::revise_head)?)?;
        self.clauses(node, &mut item);
        Some(item)
    }

    fn clauses(&mut self, of: Node<'_>, item: &mut RuleItem) {
        let nodes = of.into_inner();
        // All but the head and the braces.
        item.clauses.reserve_exact(nodes.len().saturating_sub(3));
        item.clauses.extend(nodes.filter_map(|node| self.clause(node)));
    }

    pub fn revise_head(&mut self, node: &Node<'_>) -> Option<RuleItem> {
        let title = child(node, Rule::string).map(|n| self.string(&n));
        let effective = child(node, Rule::effective_clause).and_then(|n| self.clause(n));
        Some(RuleItem { verb: None, name: self.head_name(node)?, title, clauses: effective.into_iter().collect() })
    }

    /// None for what is no clause: the head and braces of a rule.
    pub fn clause(&mut self, node: Node<'_>) -> Option<Clause> {
        if matches!(node.as_rule(), Rule::rule_head | Rule::revise_head | Rule::lbrace | Rule::rbrace) {
            return None;
        }
        let span = self.span(&node);
        let keyword = self.word_span(&node.clone().into_inner().next()?);
        let word = |lower: &Self| child(&node, Rule::word).map(|n| lower.ident(&n));
        let kind = match node.as_rule() {
            Rule::on_clause => ClauseKind::On(self.trigger(node.into_inner().nth(1)?)?),
            Rule::where_clause => ClauseKind::Where(self.expr(child(&node, Rule::expr)?)),
            Rule::when_clause => ClauseKind::When(self.expr(child(&node, Rule::expr)?)),
            Rule::unless_clause => {
                ClauseKind::Unless { name: word(self)?, condition: self.expr(child(&node, Rule::expr)?) }
            }
            Rule::need_clause => {
                let mut history = self.history(node).0?;
                history.span.start = keyword.end;
                history.span.start = history.kind.span.start;
                ClauseKind::Need(Box::new(history))
            }
            Rule::aggregate_clause => ClauseKind::Aggregate(Box::new(self.aggregate(node, keyword)?)),
            Rule::to_clause => ClauseKind::To(self.expr(child(&node, Rule::expr)?)),
            Rule::severity_clause => ClauseKind::Severity(word(self)?),
            Rule::consequence_clause => ClauseKind::Consequence(word(self)?),
            Rule::cite_clause => ClauseKind::Cite(self.string(&child(&node, Rule::string)?)),
            Rule::purpose_clause => ClauseKind::Purpose(self.string(&child(&node, Rule::string)?)),
            Rule::legal_basis_clause => ClauseKind::LegalBasis(self.string(&child(&node, Rule::string)?)),
            Rule::because_clause => ClauseKind::Because(self.template(&child(&node, Rule::string)?)),
            Rule::retention_clause => ClauseKind::Retention(self.expr(child(&node, Rule::sum_expr)?)),
            Rule::effective_clause => {
                let mut dates = node.into_inner().filter(|n| n.as_rule() == Rule::sum_expr);
                let (from, until) = (dates.next()?, dates.next());
                ClauseKind::Effective { from: self.expr(from), until: until.map(|n| self.expr(n)) }
            }
            Rule::once_clause => {
                let (keys, _) = self.keys_and_window(&node);
                ClauseKind::Once { keys, period: period(child(&node, Rule::period)?.as_str()) }
            }
            _ => return None,
        };
        Some(Clause { kind, keyword, span })
    }

    fn trigger(&mut self, node: Node<'_>) -> Option<Trigger> {
        let filter = child(&node, Rule::filter).and_then(|n| child(&n, Rule::expr));
        let alias = child(&node, Rule::alias).and_then(|n| self.alias(&n));
        let first = self.head_name(&node);
        Some(match node.as_rule() {
            Rule::record_trigger => Trigger::Record { kind: first?, alias, filter: filter.map(|n| self.expr(n)) },
            Rule::each_trigger => {
                let at = match child(&node, Rule::end_of) {
                    Some(end) => EachAt::EndOf(period(child(&end, Rule::period)?.as_str())),
                    None => EachAt::AsOf,
                };
                Trigger::Each { table: first?, alias, at, filter: filter.map(|n| self.expr(n)) }
            }
            Rule::several_trigger => {
                let kinds = node.into_inner().filter(|n| n.as_rule() == Rule::word).map(|n| self.ident(&n)).collect();
                Trigger::Several { kinds, alias, filter: filter.map(|n| self.expr(n)) }
            }
            Rule::sequence_trigger => {
                let mut sequence = self.sequence_head(&child(&node, Rule::sequence_head)?);
                for step in node.into_inner().filter(|n| n.as_rule() == Rule::step) {
                    sequence.steps.extend(self.step(step));
                }
                Trigger::Sequence(sequence)
            }
            _ => {
                let kind = self.ident(&node.into_inner().next()?);
                Trigger::Record { kind, alias, filter: filter.map(|n| self.expr(n)) }
            }
        })
    }

    /// `sequence by actor within 30 days`
    pub fn sequence_head(&mut self, node: &Node<'_>) -> Sequence {
        let (keys, _) = self.keys_and_window(node);
        let mut lengths = node.clone().into_inner().filter(|n| n.as_rule() == Rule::sequence_within);
        let within = lengths.next().and_then(|n| child(&n, Rule::length)).map(|n| self.length(n));
        if let (Some(first), Some(second)) = (&within, lengths.next()) {
            let second = self.span(&second);
            self.once(Some(first.span), second, "length of time");
        }
        Sequence { head: self.span(node), keys, within, steps: Vec::new(), broken: false }
    }

    pub fn step(&mut self, node: Node<'_>) -> Option<Step> {
        let kind = child(&node, Rule::step_kind).map(|n| self.ident(&n))?;
        let times = child(&node, Rule::repeat).and_then(|n| child(&n, Rule::number)).map(|n| self.ident(&n));
        let negated = child(&node, Rule::kw_not).map(|n| self.word_span(&n));
        let alias = child(&node, Rule::alias).and_then(|n| self.alias(&n));
        let filter = child(&node, Rule::filter).and_then(|n| child(&n, Rule::expr)).map(|n| self.expr(n));
        Some(Step { negated, times, kind, alias, filter, span: self.span(&node) })
    }

    fn aggregate(&mut self, node: Node<'_>, keyword: Span) -> Option<Aggregate> {
        let span = self.span(&node);
        let func = match child(&node, Rule::aggregate_func) {
            Some(word) => function(word.as_str()),
            None => Func::Count,
        };
        let value = child(&node, Rule::sum_expr).map(|n| self.expr(n));
        // Without a window it is no figure of the records anyway.
        let literal = |v: &&Expr| matches!(v.kind, ExprKind::Number(_) | ExprKind::Quantity { .. });
        if child(&node, Rule::window).is_none()
            && let Some(allowed) = value.as_ref().filter(literal)
        {
            let number = self.text(allowed.span).split_whitespace().next().unwrap_or_default();
            let help = format!(
                "count the records, and say how many may be:\n    count per actor in calendar month\n    to {number}"
            );
            let what = "what a `limit` allows stands in a clause of its own";
            let error = Diagnostic::error(Code::SyntaxError, what, allowed.span, "no field of the records");
            // `max 300 GBP` on a line of its own
            self.error(match func == Func::Max && child(&node, Rule::keys).is_none() {
                true => error.help(format!("write `to {}`", self.text(allowed.span))).fix("write `to`", keyword, "to"),
                false => error.help(help),
            });
            return None;
        }
        let (keys, window) = self.keys_and_window(&node);
        let Some(window) = window else {
            let text = self.text(span);
            let help = format!("say over which time: `{text} over 365 days`, `{text} in calendar year`");
            self.error(
                Diagnostic::error(Code::SyntaxError, "an aggregate without a window", keyword, "over which time?")
                    .help(help),
            );
            return None;
        };
        Some(Aggregate { func, value, keys, window, span })
    }
}
