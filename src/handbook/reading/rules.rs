//! A whole rule: what it is about, when it finds something, and what lets that pass.

use super::history::figure_id;
use super::values::is_true;
use super::{Block, Reader, bare};
use crate::data::Role;
use crate::handbook::words::Words;
use crate::sema::hir::{
    Body, EachAt, Expr, ExprKind, Func, History, Key, Metric, Rule, Sequence, Step, Times, Trigger, Waiver, Window,
};

/// A rule's reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Sentences and lists, in their order.
    pub rule: Vec<Block>,
    /// What has to hold of whoever approves, where the rule asks for an approval.
    pub approver: Vec<Block>,
    /// What each waiver is for, in the order of the rule's; none is for all records of the rule.
    pub waived: Vec<Option<Block>>,
}

pub fn rule(words: &Words, rule: &Rule) -> Reading {
    let mut reader = Reader::new(words, &rule.clock.timezone);
    let mut out = Vec::new();
    reader.begin(&rule.trigger);
    out.push(reader.trigger(&rule.trigger));
    if let Trigger::Sequence(sequence) = &rule.trigger {
        let n = sequence.steps.iter().filter(|step| step.times != Times::None).count().to_string();
        out.push(Block::Line(reader.say("sequence-judged", &[("n", &n)])));
    }
    match &rule.body {
        Body::Forbid { when } if is_true(when) => {
            let sequence = matches!(rule.trigger, Trigger::Sequence(_));
            let id = if sequence { "finding-each-sequence" } else { "finding-always" };
            out.push(Block::Line(reader.say(id, &[])));
        }
        Body::Forbid { when } => out.push(reader.sentence("finding-if", when)),
        Body::Require { when, need } => {
            if let Some(when) = when {
                out.push(reader.sentence("required-if", when));
            }
            out.extend(reader.need(need));
        }
        Body::Limit { when, aggregate, to } => out.extend(reader.limit(when.as_ref(), aggregate, to)),
    }
    for exception in &rule.unless {
        let name = words.quoted(&words.exception(&exception.name));
        let block = reader.condition(&exception.condition);
        out.push(reader.finish("unless", block, &[("name", &name)]));
    }
    if let Some(once) = &rule.once {
        let kind = rule.trigger.kind();
        let period = words.period(once.period);
        out.push(Block::Line(match once.keys.is_empty() {
            true => reader.say("once-everyone", &[("period", &period)]),
            false => {
                let keys = once.keys.iter().map(|key| reader.path(key, kind)).collect();
                reader.say("once", &[("period", &period), ("fields", &words.all(keys))])
            }
        }));
    }
    let approver = reader.approvers(rule);
    let waived = rule.waivers.iter().map(|waiver| reader.waived(waiver)).collect();
    Reading { rule: out, approver, waived }
}

/// What a metric counts, and by what.
pub fn metric(words: &Words, metric: &Metric) -> Vec<Block> {
    let mut reader = Reader::new(words, &metric.clock.timezone);
    reader.begin(&metric.trigger);
    let kind = metric.trigger.kind();
    let kinds = words.kinds(kind);
    let each = reader.say("record-each", &[("kind", &words.kind(kind)), ("kinds", &kinds)]);
    let value = metric.value.as_ref().map(|value| reader.with_root(0, kind, each, |reader| reader.value(value)));
    let period = metric.period.map(|p| words.period(p));
    let window = match &period {
        Some(period) => reader.say("metric-period", &[("period", period)]),
        None => reader.say("metric-all-time", &[]),
    };
    let keys = match metric.keys.is_empty() {
        true => String::new(),
        false => {
            let fields = metric.keys.iter().map(|key| reader.path(&key.value, kind)).collect();
            reader.say("per", &[("fields", &words.all(fields))])
        }
    };
    let value = value.unwrap_or_default();
    let id = figure_id(metric.func, metric.value.is_some());
    let what = reader.say(id, &[("value", &value), ("kinds", &kinds), ("window", &window), ("keys", &keys)]);
    let block = match metric.trigger.filter() {
        None => Block::Line(what),
        Some(filter) => {
            let label = reader.say("record-found", &[("kind", &words.kind(kind))]);
            let filter = reader.with_root(0, kind, label, |reader| reader.condition(filter));
            reader.provided("counting", &what, Some(filter))
        }
    };
    vec![reader.finish("metric", block, &[])]
}

impl Reader<'_> {
    /// Gives the records that the rule is about their names.
    fn begin(&mut self, trigger: &Trigger) {
        match trigger {
            Trigger::Record { kind, .. } => {
                let label = self.say("record-judged", &[("kind", &self.words.kind(*kind))]);
                self.roots.push((0, *kind, label));
            }
            Trigger::Each { table, at, .. } => {
                self.each = Some(*at);
                let label = self.say("record-judged", &[("kind", &self.words.kind(*table))]);
                self.roots.push((0, *table, label));
            }
            Trigger::Sequence(sequence) => {
                let with_record = sequence.steps.iter().filter(|s| s.times != Times::None);
                let mut last = None;
                for (i, step) in with_record.enumerate() {
                    let n = (i + 1).to_string();
                    let label = self.say("record-step", &[("kind", &self.words.kind(step.kind)), ("n", &n)]);
                    self.roots.push((step.root, step.kind, label.clone()));
                    last = Some((step.kind, label));
                }
                if let Some((kind, label)) = last {
                    self.roots.push((0, kind, label));
                }
            }
        }
    }

    fn trigger(&mut self, trigger: &Trigger) -> Block {
        let (what, filter) = match trigger {
            Trigger::Record { kind, filter, .. } => (self.say("each", &[("kind", &self.words.kind(*kind))]), filter),
            Trigger::Each { table, at, filter, .. } => {
                let kind = self.words.kind(*table);
                let dated = matches!(self.words.schema.kind(*table).role, Role::Table { valid: Some(_), .. });
                let what = match (at, dated) {
                    (EachAt::EndOf(period), true) => {
                        self.say("each-at-end", &[("kind", &kind), ("period", &self.words.period(*period))])
                    }
                    (EachAt::EndOf(period), false) => {
                        self.say("each-at-end-undated", &[("kind", &kind), ("period", &self.words.period(*period))])
                    }
                    (EachAt::AsOf, _) => self.say("each-as-of", &[("kind", &kind)]),
                };
                (what, filter)
            }
            Trigger::Sequence(sequence) => return self.sequence(sequence),
        };
        let filter = filter.as_ref().map(|filter| self.condition(filter));
        let block = self.provided("each-if", &what, filter);
        self.finish("about", block, &[])
    }

    fn sequence(&mut self, sequence: &Sequence) -> Block {
        let length = self.words.length(sequence.within);
        let last = sequence.last();
        let keys = last.map_or(String::new(), |step| match step.keys.is_empty() {
            true => self.say("keys-anyone", &[]),
            false => {
                let fields = step.keys.iter().map(|key| self.path(&key.outer, step.kind)).collect();
                self.say("keys-same", &[("fields", &self.words.all(fields))])
            }
        });
        let mut items = Vec::new();
        let mut n = 0;
        let end = sequence.steps.len();
        for (i, step) in sequence.steps.iter().enumerate() {
            n += usize::from(step.times != Times::None);
            items.push(self.step(step, n, &length, i + 1 == end));
        }
        Block::List { lead: self.say("about-sequence", &[("keys", &keys), ("length", &length)]), items }
    }

    fn step(&mut self, step: &Step, n: usize, length: &str, last: bool) -> Block {
        let (kind, kinds) = (self.words.kind(step.kind), self.words.kinds(step.kind));
        let number = n.to_string();
        // A kind that calls its key otherwise is told by which field it belongs.
        let same_names = |reader: &mut Self, key: &Key| {
            let outer = reader.root_kind(0).unwrap_or(step.kind);
            reader.path(&key.inner, step.kind) == reader.path(&key.outer, outer)
        };
        let mut others = String::new();
        for key in &step.keys {
            if !same_names(self, key) {
                let (field, value) = (self.path(&key.inner, step.kind), self.value(&key.outer));
                others.push_str(&self.say("keys-equal", &[("field", &field), ("value", &value)]));
            }
        }
        let filter = step.filter.as_ref().map(|filter| {
            let id = if matches!(step.times, Times::AtLeast(_)) { "record-counted" } else { "record-found" };
            let label = self.say(id, &[("kind", &kind)]);
            (filter, self.with_root(step.root, step.kind, label, |reader| reader.condition(filter)))
        });
        let times = if let Times::AtLeast(times) = step.times { times.to_string() } else { String::new() };
        let ids = match step.times {
            Times::Once => ("step", "step-which"),
            Times::AtLeast(_) => ("step-times", "step-times-which"),
            Times::None if last => ("step-none-after", "step-none-after-which"),
            Times::None => ("step-none", "step-none-which"),
        };
        let args = [
            ("n", &*number),
            ("kind", &kind),
            ("kinds", &kinds),
            ("keys", &others),
            ("times", &times),
            ("length", length),
        ];
        self.which(ids, &args, filter)
    }

    /// What is needed, and what it means that it is not there.
    fn need(&mut self, need: &History) -> Vec<Block> {
        let other =
            self.root_kind(need.root).is_some_and(|kind| self.same_kind(kind, need.kind)) && self.each.is_none();
        let ids = if other { ("needed-other", "needed-other-which") } else { ("needed", "needed-which") };
        let block = self.of_kind(ids, need);
        let mut out = vec![self.finish("required", block, &[])];
        let waits = matches!(need.window, Window::After(_) | Window::Around(_));
        out.push(Block::Line(self.say(if waits { "required-open" } else { "required-else" }, &[])));
        out
    }

    fn limit(&mut self, when: Option<&Expr>, aggregate: &History, to: &Expr) -> Vec<Block> {
        let (kind, kinds) = (self.words.kind(aggregate.kind), self.words.kinds(aggregate.kind));
        let each = self.say("record-each-such", &[("kind", &kind), ("kinds", &kinds)]);
        let value = aggregate
            .value
            .as_ref()
            .map(|value| self.with_root(aggregate.root + 1, aggregate.kind, each, |reader| reader.value(value)));
        let such = self.say("such-kinds", &[("kinds", &kinds)]);
        let keys = match aggregate.keys.is_empty() {
            true => self.say("per-everyone", &[]),
            false => {
                let fields = aggregate.keys.iter().map(|key| self.path(&key.outer, aggregate.kind)).collect();
                self.say("per", &[("fields", &self.words.all(fields))])
            }
        };
        let window = self.window(aggregate);
        let id = figure_id(aggregate.func, aggregate.value.is_some());
        let value = value.unwrap_or_default();
        let what = self.say(id, &[("value", &value), ("kinds", &such), ("window", &window), ("keys", &keys)]);
        let mut out = vec![self.finish("limit-figure", Block::Line(what), &[])];
        let over = self.explained(|reader| {
            let to = reader.value(to);
            Block::Line(reader.say("limit-over", &[("to", &to), ("kind", &kind)]))
        });
        out.push(over);
        if let Some(when) = when {
            out.push(self.sentence("limit-only-if", when));
        }
        out
    }

    /// A sentence about a condition.
    fn sentence(&mut self, id: &str, condition: &Expr) -> Block {
        let block = self.condition(condition);
        self.finish(id, block, &[])
    }

    /// A whole sentence of a part of one; what leads to a list has no stop.
    fn finish(&mut self, id: &str, block: Block, args: &[(&str, &str)]) -> Block {
        block.wrap(|text, list| {
            let mut args = args.to_vec();
            args.push(("condition", text));
            let sentence = self.say(id, &args);
            if list { sentence } else { self.say("sentence", &[("text", &sentence)]) }
        })
    }

    /// What has to hold of the approver in the approvals that the rule needs or lets something pass by.
    fn approvers(&mut self, rule: &Rule) -> Vec<Block> {
        let mut found: Vec<&History> = Vec::new();
        if let Body::Require { need, .. } = &rule.body {
            found.push(need);
        }
        rule.unless.iter().for_each(|exception| asked_for(&exception.condition, &mut found));
        let mut out: Vec<Block> = Vec::new();
        for history in found {
            let of = self.words.schema.kind(history.kind);
            let Some(column) = of.column("approver").or_else(|| of.column("approved_by")) else { continue };
            let label = self.found(history);
            let mut parts = Vec::new();
            history.filter.iter().for_each(|filter| conjuncts(filter, &mut parts));
            let about = |part: &&Expr| reads(part, history.root + 1, column);
            let parts: Vec<&Expr> = parts.into_iter().filter(about).collect();
            let kind = self.words.kind(history.kind);
            let block = match parts.is_empty() {
                true => Block::Line(self.say("approver-anyone", &[("kind", &kind)])),
                false => {
                    let read = |reader: &mut Self| parts.into_iter().map(|part| reader.condition(part)).collect();
                    let items = self.with_root(history.root + 1, history.kind, label, read);
                    Block::List { lead: self.say("approver-who", &[("kind", &kind)]), items }
                }
            };
            if !out.contains(&block) {
                out.push(block);
            }
        }
        out
    }

    /// What a waiver is for, without the approver's part of it, and without the names of people.
    fn waived(&mut self, waiver: &Waiver) -> Option<Block> {
        let mut parts = Vec::new();
        waiver.condition.iter().for_each(|condition| conjuncts(condition, &mut parts));
        let parts: Vec<Block> = parts
            .into_iter()
            .filter_map(|part| match &part.kind {
                ExprKind::Compare { op: crate::sema::hir::CompareOp::Eq, left, .. } => {
                    let person = self.names_person(left);
                    let text = match person {
                        true => {
                            let (owner, field) = self.owner_and_field(left)?;
                            self.say("waived-person", &[("record", &owner), ("field", &field)])
                        }
                        false => return Some(self.condition(part)),
                    };
                    Some(Block::Line(text))
                }
                _ => None,
            })
            .collect();
        match parts.len() {
            0 => None,
            1 => parts.into_iter().next(),
            _ => Some(Block::List { lead: self.say("all", &[]), items: parts }),
        }
    }

    fn names_person(&self, e: &Expr) -> bool {
        match &bare(e).kind {
            ExprKind::Column { root, column } => {
                self.root_kind(*root).is_none_or(|kind| self.words.schema.is_person(kind, *column))
            }
            ExprKind::Lookup { table, column, .. } => self.words.schema.is_person(*table, *column),
            ExprKind::Convert(of) => self.names_person(of),
            _ => true,
        }
    }
}

/// Conditions over records that have to be there for the whole to hold.
fn asked_for<'e>(e: &'e Expr, out: &mut Vec<&'e History>) {
    match &e.kind {
        ExprKind::History(h) if h.func == Func::Exists => out.push(h),
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|part| asked_for(part, out)),
        ExprKind::Named { body, .. } => asked_for(body, out),
        _ => {}
    }
}

/// What all has to hold, definitions unfolded.
fn conjuncts<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &e.kind {
        ExprKind::And(parts) => parts.iter().for_each(|part| conjuncts(part, out)),
        ExprKind::Named { body, .. } => conjuncts(body, out),
        _ => out.push(e),
    }
}

fn reads(e: &Expr, root: u8, column: crate::data::ColumnId) -> bool {
    matches!(e.kind, ExprKind::Column { root: r, column: c } if r == root && c == column)
        || e.children().iter().any(|child| reads(child, root, column))
}
