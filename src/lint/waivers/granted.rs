//! Waivers, each once, with what its text says.

use crate::lint::Context;
use crate::sema::hir::Waiver;
use crate::source::Span;
use crate::syntax::ast::{self, ItemKind, WaiveClauseKind, WaiveItem};

/// A waiver and its text.
pub struct Granted<'a> {
    pub rule: &'a str,
    pub waiver: &'a Waiver,
    pub item: &'a WaiveItem,
}

/// By rule, and then by their dates.
pub fn all<'a>(context: &Context<'a>) -> Vec<Granted<'a>> {
    let mut all = Vec::new();
    for item in context.items() {
        let ItemKind::Waive(of) = &item.kind else { continue };
        // A waiver is part of each wording of its rule.
        let wordings = context.hir.rules.iter().filter(|rule| rule.name == of.rule.text);
        let waiver = wordings.flat_map(|rule| &rule.waivers).find(|waiver| waiver.span == item.span);
        all.extend(waiver.map(|waiver| Granted { rule: &of.rule.text, waiver, item: of }));
    }
    all.sort_by_key(|g| (g.rule, g.waiver.from, g.waiver.until, g.waiver.span));
    all
}

impl Granted<'_> {
    pub fn approved_by(&self) -> Span {
        self.place(|kind| match kind {
            WaiveClauseKind::ApprovedBy(text) => Some(text.span),
            _ => None,
        })
    }

    pub fn reason(&self) -> Span {
        self.place(|kind| match kind {
            WaiveClauseKind::Reason(text) => Some(text.span),
            _ => None,
        })
    }

    pub fn from(&self) -> Span {
        self.place(|kind| match kind {
            WaiveClauseKind::From(day) => Some(day.span),
            _ => None,
        })
    }

    pub fn until(&self) -> Span {
        self.place(|kind| match kind {
            WaiveClauseKind::Until(day) => Some(day.span),
            _ => None,
        })
    }

    fn place(&self, of: impl Fn(&WaiveClauseKind) -> Option<Span>) -> Span {
        self.item.clauses.iter().find_map(|clause| of(&clause.kind)).unwrap_or(self.item.rule.span)
    }

    /// `for who "E1"`, or `for everyone`.
    pub fn whom(&self) -> String {
        match self.waiver.covers.as_str() {
            "" => "for everyone".into(),
            covers => format!("for {covers}"),
        }
    }

    /// The texts and numbers that `for` names.
    pub fn covered(&self) -> impl Iterator<Item = (&str, Span)> {
        self.item.covers.iter().filter_map(|cover| match &cover.value.kind {
            ast::ExprKind::Text(text) | ast::ExprKind::Number(text) => Some((text.as_str(), cover.span)),
            _ => None,
        })
    }

    /// Whether both let pass the same, as far as their texts tell.
    pub fn same(&self, other: &Granted) -> bool {
        self.rule == other.rule && self.waiver.covers == other.waiver.covers
    }
}
