//! Conditions over history, and the windows and keys in them.

use super::{Lower, child};
use crate::data::Period;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Direction, Expr, ExprKind, Func, History, Ident, Keys, Median, Window, WindowKind};
use crate::syntax::parse::{Node, Nodes, Rule};

/// Alias, window, keys and filter.
#[derive(Default)]
struct Tail {
    alias: Option<Ident>,
    window: Option<Window>,
    keys: Option<Keys>,
    filter: Option<Expr>,
    height: usize,
}

impl Lower<'_> {
    /// `exists R …`, `sum(R.field …)`, `need R …`; with the height of its filter.
    pub(super) fn history(&mut self, node: Node<'_>) -> (Option<History>, usize) {
        let span = self.span(&node);
        let mut func = Func::Exists;
        let (mut kind, mut field) = (None, Vec::new());
        for node in node.clone().into_inner() {
            match node.as_rule() {
                Rule::exists_or_no | Rule::history_func => func = function(node.as_str()),
                Rule::history_kind => kind = Some(self.ident(&node)),
                Rule::path => {
                    let mut path = self.path(node).into_iter();
                    kind = path.next();
                    field = path.collect();
                }
                _ => {}
            }
        }
        let tail = self.tail(node.into_inner());
        let history = kind.map(|kind| History {
            func,
            kind,
            field,
            alias: tail.alias,
            window: tail.window,
            keys: tail.keys.unwrap_or(Keys::Subject),
            filter: tail.filter,
            median: None,
            span,
        });
        (history, tail.height)
    }

    /// `median(count(R …) per … by …)`
    pub(super) fn median(&mut self, node: Node<'_>) -> (Option<History>, usize) {
        let span = self.span(&node);
        let (mut of, mut height) = (None, 0);
        let (mut per, mut group): (Option<Keys>, Option<Keys>) = (None, None);
        for node in node.into_inner() {
            match node.as_rule() {
                Rule::history_call => (of, height) = self.history(node),
                Rule::keys => {
                    let at = self.span(&node);
                    let (slot, what) = match node.as_str().starts_with("per") {
                        true => (&mut per, "`per`"),
                        false => (&mut group, "grouping"),
                    };
                    let keys = self.keys(node);
                    self.once(slot.as_ref().map(|k| keys_span(k, at)), at, what);
                    slot.get_or_insert(keys);
                }
                _ => {}
            }
        }
        let per = match per {
            Some(Keys::By(per)) => per,
            _ => Vec::new(),
        };
        let history = of.map(|of| History {
            func: Func::Median,
            median: Some(Median {
                of: of.func,
                of_span: of.span,
                inside: (of.keys != Keys::Subject).then(|| keys_span(&of.keys, of.span)),
                per,
            }),
            keys: group.unwrap_or(Keys::Subject),
            span,
            ..of
        });
        (history, height)
    }

    fn tail(&mut self, nodes: Nodes<'_>) -> Tail {
        let mut tail = Tail::default();
        for node in nodes {
            match node.as_rule() {
                Rule::alias => tail.alias = self.alias(&node),
                Rule::window => {
                    let span = self.span(&node);
                    let window = self.window(node);
                    self.once(tail.window.as_ref().map(|w| w.span), span, "window");
                    tail.window = tail.window.or(window);
                }
                Rule::keys => {
                    let span = self.span(&node);
                    if tail.keys.is_some()
                        && let Some(window) = self.period_as_key(&node)
                    {
                        tail.window = tail.window.or(Some(window));
                        continue;
                    }
                    let keys = self.keys(node);
                    self.once(tail.keys.as_ref().map(|k| keys_span(k, span)), span, "grouping");
                    tail.keys = tail.keys.or(Some(keys));
                }
                Rule::filter => {
                    if let Some(expr) = child(&node, Rule::expr) {
                        let built = self.built(expr);
                        tail.height = built.height();
                        tail.filter = Some(built.expr);
                    }
                }
                _ => {}
            }
        }
        tail
    }

    /// `per actor per month`, told; a window all the same.
    fn period_as_key(&mut self, node: &Node<'_>) -> Option<Window> {
        let span = self.span(node);
        let (_, word) = self.text(span).split_once(char::is_whitespace)?;
        let meant = match word.trim() {
            "day" => "in calendar day",
            "week" => "over 7 days",
            "month" => "in calendar month",
            "quarter" => "in calendar quarter",
            "year" => "in calendar year",
            _ => return None,
        };
        let error = Diagnostic::error(Code::SyntaxError, "a time is no grouping", span, "not written so");
        let help = format!("say over which time: `{meant}`");
        self.error(error.help(help).fix(format!("write `{meant}`"), span, meant));
        Some(Window { kind: WindowKind::AllTime, span })
    }

    /// Keys and window of an aggregate clause.
    pub(super) fn keys_and_window(&mut self, node: &Node<'_>) -> (Keys, Option<Window>) {
        let tail = self.tail(node.clone().into_inner());
        (tail.keys.unwrap_or(Keys::Subject), tail.window)
    }

    pub(super) fn once(&mut self, first: Option<Span>, second: Span, what: &str) {
        if let Some(first) = first {
            self.error(
                Diagnostic::error(Code::SyntaxError, format!("a second {what}"), second, "not here")
                    .label(first, "the first")
                    .help("keep one of them"),
            );
        }
    }

    pub(super) fn alias(&self, node: &Node<'_>) -> Option<Ident> {
        child(node, Rule::word).map(|n| self.ident(&n))
    }

    fn window(&mut self, node: Node<'_>) -> Option<Window> {
        let span = self.span(&node);
        let mut length = None;
        let mut kind = None;
        for node in node.into_inner() {
            match node.as_rule() {
                Rule::length => {
                    let expr = self.length(node);
                    length = Some(expr.clone());
                    kind = Some(WindowKind::Over(expr));
                }
                Rule::direction => {
                    let direction = match node.as_str() {
                        "before" => Direction::Before,
                        "after" => Direction::After,
                        _ => Direction::Around,
                    };
                    kind = length.take().map(|length| WindowKind::Within { length, direction });
                }
                Rule::all_time => kind = Some(WindowKind::AllTime),
                Rule::period => kind = Some(WindowKind::Period(period(node.as_str()))),
                _ => {}
            }
        }
        kind.map(|kind| Window { kind, span })
    }

    pub fn length(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        match node.clone().into_inner().next() {
            Some(inner) if inner.as_rule() == Rule::path => self.path_expr(inner),
            Some(inner) if inner.as_rule() == Rule::quantity => self.operand(node).expr,
            Some(inner) => Expr { kind: ExprKind::Number(self.number(&inner)), span },
            None => Expr { kind: ExprKind::Error, span },
        }
    }

    fn keys(&mut self, node: Node<'_>) -> Keys {
        let span = self.span(&node);
        let mut keys = Vec::new();
        for node in node.into_inner() {
            match node.as_rule() {
                Rule::path => keys.push(self.path_expr(node)),
                Rule::kw_everyone => return Keys::Everyone(span),
                Rule::every_of => {
                    let expr = self.every_of(node);
                    keys.push(expr);
                }
                _ => {}
            }
        }
        Keys::By(keys)
    }

    /// `actor.unit` as an expression.
    pub(super) fn path_expr(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let mut words = self.path(node).into_iter();
        let Some(first) = words.next() else { return Expr { kind: ExprKind::Error, span } };
        let mut expr = Expr { span: first.span, kind: ExprKind::Name(first) };
        for (i, name) in words.enumerate() {
            if i + 1 >= super::super::split::MAX_DEPTH {
                self.error(super::super::split::too_deep(span, super::super::split::MAX_DEPTH));
                return Expr { kind: ExprKind::Error, span };
            }
            let span = expr.span.to(name.span);
            expr = Expr { kind: ExprKind::Field { of: Box::new(expr), name }, span };
        }
        expr
    }
}

fn keys_span(keys: &Keys, other: Span) -> Span {
    match keys {
        Keys::Everyone(span) => *span,
        Keys::By(keys) => keys.iter().map(|k| k.span).reduce(Span::to).unwrap_or(other),
        Keys::Subject => other,
    }
}

pub(super) fn function(word: &str) -> Func {
    match word {
        "no" => Func::No,
        "count" => Func::Count,
        "sum" => Func::Sum,
        "min" => Func::Min,
        "max" => Func::Max,
        "avg" => Func::Avg,
        "distinct" => Func::Distinct,
        "first" => Func::First,
        "last" => Func::Last,
        _ => Func::Exists,
    }
}

/// `calendar` says nothing more than that it is not fiscal.
pub(super) fn period(words: &str) -> Period {
    match words.split_ascii_whitespace().last().unwrap_or_default() {
        "day" => Period::Day,
        "month" => Period::Month,
        "quarter" => Period::Quarter,
        "fiscal_quarter" => Period::FiscalQuarter,
        "fiscal_year" => Period::FiscalYear,
        _ => Period::Year,
    }
}
