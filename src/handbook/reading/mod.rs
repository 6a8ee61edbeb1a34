//! A rule in plain language, made from its typed tree: each construct of the language has a sentence of its own, and
//! what is joined by `and`, `or` and `not` becomes nested lists, so that no reading leaves open what belongs together.

mod conditions;
mod history;
mod rules;
mod values;

pub use rules::{metric, rule};

use super::catalogue::Arg;
use super::words::Words;
use crate::data::{KindId, Origin, Period, Type, Zone};
use crate::sema::hir::{EachAt, Expr, ExprKind};

/// A sentence or a part of one; or what leads to a list, and the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Line(String),
    List { lead: String, items: Vec<Block> },
}

impl Block {
    /// The same with other words around its line or lead.
    fn wrap(self, with: impl FnOnce(&str, bool) -> String) -> Block {
        match self {
            Block::Line(line) => Block::Line(with(&line, false)),
            Block::List { lead, items } => Block::List { lead: with(&lead, true), items },
        }
    }
}

/// Reads the expressions of one rule.
pub struct Reader<'a> {
    words: &'a Words<'a>,
    zone: Zone,
    /// What the records that expressions are about are called, by root; later ones win.
    roots: Vec<(u8, KindId, String)>,
    /// When the rows of a rule `on each` are judged.
    each: Option<EachAt>,
    /// Figures that a sentence names and a list behind it explains.
    figures: Vec<Figure>,
    /// Explanations that the condition being read still lacks.
    open: Vec<Block>,
}

struct Figure {
    label: String,
    /// The author's name for it; none: it has a number.
    named: Option<String>,
    /// All that it is, without its label.
    is: Block,
}

impl<'a> Reader<'a> {
    pub fn new(words: &'a Words<'a>, timezone: &str) -> Reader<'a> {
        let zone = Zone::named(timezone).unwrap_or_else(Zone::utc);
        Reader { words, zone, roots: Vec::new(), each: None, figures: Vec::new(), open: Vec::new() }
    }

    fn say(&self, id: &str, args: &[(&str, &str)]) -> String {
        let args: Vec<(&str, Arg)> = args.iter().map(|(name, text)| (*name, Arg::Text(text))).collect();
        self.words.say(id, &args)
    }

    /// What the record at a root is called.
    fn root(&self, root: u8) -> String {
        let found = self.roots.iter().rev().find(|(r, ..)| *r == root);
        found.map_or_else(|| self.say("record-unnamed", &[]), |(.., label)| label.clone())
    }

    fn root_kind(&self, root: u8) -> Option<KindId> {
        self.roots.iter().rev().find(|(r, ..)| *r == root).map(|(_, kind, _)| *kind)
    }

    /// Whether records of the one kind may be of the other.
    fn same_kind(&self, a: KindId, b: KindId) -> bool {
        let parts = |kind: KindId| match &self.words.schema.kind(kind).origin {
            Origin::Union(parts) => parts.iter().map(|(k, _)| *k).collect(),
            _ => vec![kind],
        };
        let of_a = parts(a);
        parts(b).iter().any(|k| of_a.contains(k))
    }

    /// Reads something in which a root has a name.
    fn with_root<T>(&mut self, root: u8, kind: KindId, label: String, read: impl FnOnce(&mut Self) -> T) -> T {
        self.roots.push((root, kind, label));
        let out = read(self);
        self.roots.pop();
        out
    }

    /// The time of a root's event.
    fn moment(&self, root: u8) -> String {
        if root == 0
            && let Some(at) = self.each
        {
            return match at {
                EachAt::EndOf(period) => self.say("period-end", &[("period", &self.words.period(period))]),
                EachAt::AsOf => self.say("data-end", &[]),
            };
        }
        let time = self.root_kind(root).and_then(|kind| {
            let of = self.words.schema.kind(kind);
            of.time().map(|column| &of.columns[column.0 as usize].ty)
        });
        let id = if time == Some(&Type::Date) { "date-of" } else { "time-of" };
        self.say(id, &[("record", &self.root(root))])
    }

    /// What windows are counted from.
    fn base(&self, root: u8) -> String {
        if root == 0 && self.each.is_some() { self.moment(0) } else { self.root(root) }
    }

    /// The period that a rule `on each` goes by.
    fn each_period(&self) -> Option<Period> {
        match self.each {
            Some(EachAt::EndOf(period)) => Some(period),
            _ => None,
        }
    }

    /// A quoted name of an author's.
    fn term(&self, name: &str) -> String {
        self.words.quoted(&self.words.definition(name))
    }

    /// A message about a record, or the one that says what has to hold of it as well. What is said of other
    /// records stands in a list of its own, so that it is plain which of them a condition is about.
    fn which(&self, ids: (&str, &str), args: &[(&str, &str)], filter: Option<(&Expr, Block)>) -> Block {
        let Some((e, block)) = filter else { return Block::Line(self.say(ids.0, args)) };
        let block = match block {
            Block::Line(line) if values::has_history(e) => {
                Block::List { lead: self.say("this", &[]), items: vec![Block::Line(line)] }
            }
            block => block,
        };
        block.wrap(|text, _| {
            let mut args = args.to_vec();
            args.push(("condition", text));
            self.say(ids.1, &args)
        })
    }

    /// `what` with a condition, in a message that joins them.
    fn provided(&self, id: &str, what: &str, filter: Option<Block>) -> Block {
        match filter {
            None => Block::Line(what.to_owned()),
            Some(block) => block.wrap(|text, _| self.say(id, &[("what", what), ("condition", text)])),
        }
    }
}

/// Without conversions that stand for nothing in a text, and without the names of definitions.
fn bare(e: &Expr) -> &Expr {
    match &e.kind {
        ExprKind::Named { body, .. } => bare(body),
        _ => e,
    }
}

/// The record that a field is of, through references.
fn values_root(e: &Expr) -> Option<u8> {
    match &e.kind {
        ExprKind::Column { root, .. } | ExprKind::EventTime { root } => Some(*root),
        ExprKind::Lookup { key: of, .. }
        | ExprKind::Convert(of)
        | ExprKind::Named { body: of, .. }
        | ExprKind::Coalesce(of, _)
        | ExprKind::Every { who: of, .. } => values_root(of),
        _ => None,
    }
}
