//! What is said of other records: that there is one, how many there are, what they come to.

use super::{Block, Reader, bare};
use crate::sema::hir::{Expr, ExprKind, Func, History, Key, Window};

impl Reader<'_> {
    /// That there is such a record, or none.
    pub(super) fn exists(&mut self, h: &History, there: bool) -> Block {
        let other = self.root_kind(h.root).is_some_and(|kind| self.same_kind(kind, h.kind)) && self.each.is_none();
        let ids = match (there, other) {
            (true, false) => ("exists", "exists-which"),
            (true, true) => ("exists-other", "exists-other-which"),
            (false, false) => ("no", "no-which"),
            (false, true) => ("no-other", "no-other-which"),
        };
        self.of_kind(ids, h)
    }

    /// `an approval in the 30 days before …`, in a message that says what is to be said of it.
    pub(super) fn of_kind(&mut self, ids: (&str, &str), h: &History) -> Block {
        let (kind, kinds) = (self.words.kind(h.kind), self.words.kinds(h.kind));
        let (window, keys) = (self.window(h), self.keys(h));
        let filter = self.filter(h);
        let args = [("kind", &*kind), ("kinds", &kinds), ("window", &window), ("keys", &keys)];
        self.which(ids, &args, h.filter.as_ref().zip(filter))
    }

    /// What has to hold of the records that it ranges over.
    pub(super) fn filter(&mut self, h: &History) -> Option<Block> {
        let filter = h.filter.as_ref()?;
        let label = self.found(h);
        Some(self.with_root(h.root + 1, h.kind, label, |reader| reader.condition(filter)))
    }

    /// What the record that is looked for is called within its own conditions.
    pub(super) fn found(&self, h: &History) -> String {
        let kind = self.words.kind(h.kind);
        let alike = self.roots.iter().filter(|(r, k, _)| *r > 0 && *r <= h.root && self.same_kind(*k, h.kind)).count();
        let id = if alike == 0 { "record-found" } else { "record-found-too" };
        self.say(id, &[("kind", &kind)])
    }

    pub(super) fn window(&self, h: &History) -> String {
        let base = self.base(h.root);
        let with = |id: &str, length| self.say(id, &[("base", &base), ("length", &self.words.length(length))]);
        match h.window {
            Window::Before(by) => with("window-before", by),
            Window::After(by) => with("window-after", by),
            Window::Around(by) => with("window-around", by),
            Window::Over(by) => with("window-over", by),
            Window::AllTime => self.say("window-all-time", &[("base", &base)]),
            Window::In(period) if h.root == 0 && self.each_period() == Some(period) => {
                self.say("window-in-that", &[("period", &self.words.period(period))])
            }
            Window::In(period) => self.say("window-in", &[("base", &base), ("period", &self.words.period(period))]),
        }
    }

    /// Whose records: with a comma before it.
    fn keys(&mut self, h: &History) -> String {
        if h.keys.is_empty() {
            return self.say("keys-anyone", &[]);
        }
        let (same, others): (Vec<&Key>, Vec<&Key>) = h.keys.iter().partition(|key| self.is_same(key, h));
        let mut out = String::new();
        if !same.is_empty() {
            let fields = same.iter().map(|key| self.path(&key.inner, h.kind)).collect();
            out.push_str(&self.say("keys-same", &[("fields", &self.words.all(fields))]));
        }
        for key in others {
            let (field, value) = (self.path(&key.inner, h.kind), self.value(&key.outer));
            out.push_str(&self.say("keys-equal", &[("field", &field), ("value", &value)]));
        }
        out
    }

    /// Whether it is one field, by its name, of both the record that is looked for and the one that it is about.
    fn is_same(&mut self, key: &Key, h: &History) -> bool {
        let about = super::values_root(&key.outer).filter(|root| self.root(*root) == self.root(h.root));
        let Some(kind) = about.and_then(|root| self.root_kind(root)) else { return false };
        alike(&key.inner, &key.outer) && self.path(&key.inner, h.kind) == self.path(&key.outer, kind)
    }

    /// What a count, sum, median or other figure is of.
    pub(super) fn figure(&mut self, h: &History) -> Block {
        let what = self.aggregate(h);
        let filter = self.filter(h);
        self.provided("counting", &what, filter)
    }

    fn aggregate(&mut self, h: &History) -> String {
        let each = self.say("record-each", &[("kind", &self.words.kind(h.kind)), ("kinds", &self.words.kinds(h.kind))]);
        let value = h.value.as_ref().map(|value| {
            let label = match h.func {
                Func::First => self.say("record-first", &[("kinds", &self.words.kinds(h.kind))]),
                Func::Last => self.say("record-last", &[("kinds", &self.words.kinds(h.kind))]),
                _ => each,
            };
            self.with_root(h.root + 1, h.kind, label, |reader| reader.value(value))
        });
        let (kinds, window) = (self.words.kinds(h.kind), self.window(h));
        let kinds = match self.root_kind(h.root) {
            Some(kind)
                if self.same_kind(kind, h.kind)
                    && matches!(h.window, Window::Before(_) | Window::After(_) | Window::Around(_)) =>
            {
                self.say("other-kinds", &[("kinds", &kinds)])
            }
            _ => kinds,
        };
        let keys = self.keys(h);
        let id = figure_id(h.func, h.value.is_some());
        let value = value.unwrap_or_default();
        if h.func == Func::Median {
            let per = h.per.iter().map(|key| self.path(key, h.kind)).collect();
            let per = self.words.all(per);
            return self
                .say(id, &[("value", &value), ("kinds", &kinds), ("window", &window), ("keys", &keys), ("per", &per)]);
        }
        self.say(id, &[("value", &value), ("kinds", &kinds), ("window", &window), ("keys", &keys)])
    }
}

/// The message of a figure.
pub(super) fn figure_id(func: Func, of_a_value: bool) -> &'static str {
    match func {
        Func::Exists | Func::No | Func::Count => "figure-count",
        Func::Sum => "figure-sum",
        Func::Min => "figure-min",
        Func::Max => "figure-max",
        Func::Avg => "figure-avg",
        Func::Distinct => "figure-distinct",
        Func::First => "figure-first",
        Func::Last => "figure-last",
        Func::Median if of_a_value => "figure-median-sum",
        Func::Median => "figure-median-count",
    }
}

/// Whether two fields are reached the same way, from whichever record.
fn alike(a: &Expr, b: &Expr) -> bool {
    match (&bare(a).kind, &bare(b).kind) {
        (ExprKind::Column { .. }, ExprKind::Column { .. }) => true,
        (ExprKind::Lookup { key: a, column: x, .. }, ExprKind::Lookup { key: b, column: y, .. }) => {
            x == y && alike(a, b)
        }
        (ExprKind::Convert(a), ExprKind::Convert(b)) => alike(a, b),
        _ => false,
    }
}
