//! Metrics.

use super::history::{function, period};
use super::{Lower, child};
use crate::syntax::ast::{Func, MetricItem, MetricValue, Window, WindowKind};
use crate::syntax::parse::{Node, Rule};

impl Lower<'_> {
    pub(super) fn metric(&mut self, node: Node<'_>) -> Option<MetricItem> {
        let mut item = self.metric_head(&child(&node, Rule::metric_head)?)?;
        node.into_inner().for_each(|node| self.metric_clause(node, &mut item));
        Some(item)
    }

    pub fn metric_head(&mut self, node: &Node<'_>) -> Option<MetricItem> {
        let title = child(node, Rule::string).map(|n| self.string(&n));
        Some(MetricItem { name: self.head_name(node)?, title, on: Vec::new(), values: Vec::new() })
    }

    /// Nothing for the head and braces.
    pub fn metric_clause(&mut self, node: Node<'_>, item: &mut MetricItem) {
        match node.as_rule() {
            Rule::metric_value => item.values.extend(self.metric_value(node)),
            Rule::on_clause | Rule::where_clause => item.on.extend(self.clause(node)),
            _ => {}
        }
    }

    fn metric_value(&mut self, node: Node<'_>) -> Option<MetricValue> {
        let span = self.span(&node);
        let keyword = self.word_span(&node.clone().into_inner().next()?);
        let func = child(&node, Rule::aggregate_func).map_or(Func::Count, |word| function(word.as_str()));
        let value = child(&node, Rule::sum_expr).map(|n| self.expr(n));
        let (keys, mut window) = self.keys_and_window(&node);
        for per in node.into_inner().filter(|n| n.as_rule() == Rule::per_period) {
            let span = self.span(&per);
            self.once(window.as_ref().map(|w| w.span), span, "period");
            let kind = child(&per, Rule::period).map(|n| WindowKind::Period(period(n.as_str())));
            window = window.or(kind.map(|kind| Window { kind, span }));
        }
        Some(MetricValue { func, value, keys, window, keyword, span })
    }
}
