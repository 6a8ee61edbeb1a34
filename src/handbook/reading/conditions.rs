//! Conditions: what holds or does not.

use super::{Block, Reader, bare};
use crate::data::{Type, Value};
use crate::sema::hir::{CompareOp, Expr, ExprKind, Func, TextOp};

impl Reader<'_> {
    /// What holds where the condition does, with all that it speaks of explained.
    pub fn condition(&mut self, e: &Expr) -> Block {
        self.explained(|reader| reader.holds(e))
    }

    /// Puts behind a condition the figures that it names.
    pub(super) fn explained(&mut self, read: impl FnOnce(&mut Self) -> Block) -> Block {
        let outer = std::mem::take(&mut self.open);
        let block = read(self);
        let open = std::mem::replace(&mut self.open, outer);
        match block {
            _ if open.is_empty() => block,
            Block::Line(line) => Block::List { lead: self.say("where", &[("line", &line)]), items: open },
            Block::List { lead, mut items } => {
                items.extend(open);
                Block::List { lead, items }
            }
        }
    }

    fn list(&mut self, id: &str, parts: &[Expr], all: bool) -> Block {
        let mut flat = Vec::new();
        flatten(parts, all, &mut flat);
        let items: Vec<Block> = flat.into_iter().map(|part| self.condition(part)).collect();
        Block::List { lead: self.say(id, &[]), items }
    }

    fn holds(&mut self, e: &Expr) -> Block {
        match &e.kind {
            ExprKind::And(parts) => match self.stated_and_not_in(parts) {
                Some(line) => Block::Line(line),
                None => self.list("all", parts, true),
            },
            ExprKind::Or(parts) => self.list("any", parts, false),
            ExprKind::Not(of) => self.fails(of),
            ExprKind::Named { name, body, .. } => {
                let name = self.term(name);
                let block = self.holds(body);
                if matches!(bare(body).kind, ExprKind::Constant(_)) {
                    return block;
                }
                block.wrap(|text, list| {
                    self.say(if list { "named-list" } else { "named" }, &[("name", &name), ("condition", text)])
                })
            }
            ExprKind::History(h) if matches!(h.func, Func::Exists | Func::No) => self.exists(h, h.func == Func::Exists),
            ExprKind::Constant(Value::Bool(true)) => Block::Line(self.say("always", &[])),
            ExprKind::Constant(Value::Bool(false)) => Block::Line(self.say("never", &[])),
            _ => Block::Line(self.line(e, true).unwrap_or_default()),
        }
    }

    fn fails(&mut self, e: &Expr) -> Block {
        match &e.kind {
            ExprKind::And(parts) => self.list("not-all", parts, true),
            ExprKind::Or(parts) => self.list("none", parts, false),
            ExprKind::Not(of) => self.holds(of),
            ExprKind::Named { name, body, .. } => {
                let name = self.term(name);
                self.holds(body).wrap(|text, _| self.say("not-named", &[("name", &name), ("condition", text)]))
            }
            ExprKind::History(h) if matches!(h.func, Func::Exists | Func::No) => self.exists(h, h.func == Func::No),
            ExprKind::Constant(Value::Bool(true)) => Block::Line(self.say("never", &[])),
            ExprKind::Constant(Value::Bool(false)) => Block::Line(self.say("always", &[])),
            _ => match self.line(e, false) {
                Some(line) => Block::Line(line),
                None => {
                    let line = self.line(e, true).unwrap_or_default();
                    Block::Line(self.say("not", &[("line", &line)]))
                }
            },
        }
    }

    /// `x not in …`, where `x` may be absent, is that it is there and not in it.
    fn stated_and_not_in(&mut self, parts: &[Expr]) -> Option<String> {
        let [Expr { kind: ExprKind::Present(of), .. }, Expr { kind: ExprKind::Not(test), .. }] = parts else {
            return None;
        };
        let (line, ignoring_case) = match &test.kind {
            ExprKind::In { item, set, ignoring_case } if item == of && !set.is_empty() => {
                let list = self.words.either(set.iter().map(|v| self.words.value(v, &self.zone)).collect());
                let id = if set.len() == 1 { "is-not-stated" } else { "is-none-of-stated" };
                let left = self.value(item);
                (self.say(id, &[("left", &left), ("right", &list)]), *ignoring_case)
            }
            ExprKind::InColumn { item, list, ignoring_case } if item == of => {
                let (item, list) = (self.value(item), self.value(list));
                (self.say("not-among-stated", &[("item", &item), ("list", &list)]), *ignoring_case)
            }
            _ => return None,
        };
        Some(if ignoring_case { self.say("ignoring-case", &[("line", &line)]) } else { line })
    }

    /// One sentence for a test of values; its opposite only where that is one of its own: with a value that may be
    /// absent, that a test does not hold is not that the opposite one does.
    fn line(&mut self, e: &Expr, holds: bool) -> Option<String> {
        let optional = |e: &Expr| e.optional;
        let case = |reader: &Self, line: String, ignoring: bool| match ignoring {
            true => reader.say("ignoring-case", &[("line", &line)]),
            false => line,
        };
        match &e.kind {
            ExprKind::Compare { op, left, right, ignoring_case } => {
                let op = match holds {
                    true => *op,
                    false if optional(left) || optional(right) => return None,
                    false => opposite(*op),
                };
                if let Some(line) = self.marked(op, left, right) {
                    return Some(line);
                }
                let line = self.compare(op, left, right);
                Some(case(self, line, *ignoring_case))
            }
            ExprKind::In { item, set, ignoring_case } => {
                if !holds && optional(item) {
                    return None;
                }
                let list = match set.is_empty() {
                    true => self.say("nothing", &[]),
                    false => self.words.either(set.iter().map(|v| self.words.value(v, &self.zone)).collect()),
                };
                let left = self.value(item);
                let id = match (holds, set.len()) {
                    (true, _) => "is",
                    (false, 1) => "is-not",
                    (false, _) => "is-none-of",
                };
                let line = self.say(id, &[("left", &left), ("right", &list)]);
                Some(case(self, line, *ignoring_case))
            }
            ExprKind::InColumn { item, list, ignoring_case } => {
                let id = self.sign(holds, [item, list], "among", "not-among")?;
                let (item, list) = (self.value(item), self.value(list));
                let line = self.say(id, &[("item", &item), ("list", &list)]);
                Some(case(self, line, *ignoring_case))
            }
            ExprKind::Overlaps { left, right, ignoring_case } => {
                let line = self.overlaps(left, right, holds)?;
                Some(case(self, line, *ignoring_case))
            }
            ExprKind::TextTest { op, left, right, ignoring_case } => {
                let (yes, no) = match op {
                    TextOp::StartsWith => ("starts-with", "not-starts-with"),
                    TextOp::EndsWith => ("ends-with", "not-ends-with"),
                    TextOp::Contains => ("contains", "not-contains"),
                };
                let id = self.sign(holds, [left, right], yes, no)?;
                let (left, right) = (self.value(left), self.value(right));
                let line = self.say(id, &[("left", &left), ("right", &right)]);
                Some(case(self, line, *ignoring_case))
            }
            ExprKind::Matches { left, pattern, ignoring_case } => {
                let id = self.sign(holds, [left, left], "matches", "not-matches")?;
                let left = self.value(left);
                let line = self.say(id, &[("left", &left), ("pattern", pattern)]);
                Some(case(self, line, *ignoring_case))
            }
            ExprKind::InDomain { host, domains } => {
                let id = self.sign(holds, [host, host], "in-domain", "not-in-domain")?;
                let list = match domains.is_empty() {
                    true => self.say("nothing", &[]),
                    false => self.words.either(domains.iter().map(|d| self.words.quoted(d)).collect()),
                };
                let host = self.value(host);
                Some(self.say(id, &[("host", &host), ("list", &list)]))
            }
            ExprKind::Under { who, above, table, column, .. } => {
                let id = self.sign(holds, [who, above], "under", "not-under")?;
                let field = self.words.field(*table, *column);
                let (who, above) = (self.value(who), self.above(above));
                Some(self.say(id, &[("who", &who), ("above", &above), ("field", &field)]))
            }
            ExprKind::Present(of) => {
                let id = if holds { "present" } else { "absent" };
                let value = self.value(of);
                Some(self.say(id, &[("value", &value)]))
            }
            ExprKind::Coalesce(left, right) => {
                let (ExprKind::Column { .. } | ExprKind::Lookup { .. }, ExprKind::Constant(Value::Bool(default))) =
                    (&bare(left).kind, &bare(right).kind)
                else {
                    return holds.then(|| self.is_true(e));
                };
                let id = match (holds, default) {
                    (true, false) => "marked-else-no",
                    (true, true) => "marked-else-yes",
                    (false, false) => "not-marked-else-no",
                    (false, true) => "not-marked-else-yes",
                };
                let (owner, field) = self.owner_and_field(left)?;
                Some(self.say(id, &[("record", &owner), ("field", &self.words.quoted(&field))]))
            }
            ExprKind::Column { .. } | ExprKind::Lookup { .. } => {
                let id = self.sign(holds, [e, e], "marked", "not-marked")?;
                let (owner, field) = self.owner_and_field(e)?;
                Some(self.say(id, &[("record", &owner), ("field", &self.words.quoted(&field))]))
            }
            _ => holds.then(|| self.is_true(e)),
        }
    }

    /// A field that is compared with `true` or `false`.
    fn marked(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Option<String> {
        let ExprKind::Constant(Value::Bool(value)) = bare(right).kind else { return None };
        let yes = match op {
            CompareOp::Eq => value,
            CompareOp::Ne => !value,
            _ => return None,
        };
        if left.optional {
            return None;
        }
        let (owner, field) = self.owner_and_field(left)?;
        let id = if yes { "marked" } else { "not-marked" };
        Some(self.say(id, &[("record", &owner), ("field", &self.words.quoted(&field))]))
    }

    /// A value that is true or false by itself.
    fn is_true(&mut self, e: &Expr) -> String {
        let value = self.value(e);
        let yes = self.say("value-true", &[]);
        self.say("is", &[("left", &value), ("right", &yes)])
    }

    fn sign(&self, holds: bool, sides: [&Expr; 2], yes: &'static str, no: &'static str) -> Option<&'static str> {
        match holds {
            true => Some(yes),
            false if sides.iter().any(|side| side.optional) => None,
            false => Some(no),
        }
    }

    fn above(&mut self, above: &Expr) -> String {
        match &bare(above).kind {
            ExprKind::Constant(Value::List(keys)) => {
                self.words.either(keys.iter().map(|v| self.words.value(v, &self.zone)).collect())
            }
            _ => self.value(above),
        }
    }

    fn overlaps(&mut self, left: &Expr, right: &Expr, holds: bool) -> Option<String> {
        let constant = |e: &Expr| match &bare(e).kind {
            ExprKind::Constant(Value::List(items)) => Some(items.clone()),
            _ => None,
        };
        let (list, items) = match (constant(left), constant(right)) {
            (_, Some(items)) => (left, items),
            (Some(items), None) => (right, items),
            (None, None) => {
                let id = self.sign(holds, [left, right], "overlaps", "not-overlaps")?;
                let (left, right) = (self.value(left), self.value(right));
                return Some(self.say(id, &[("left", &left), ("right", &right)]));
            }
        };
        if let [only] = &items[..] {
            let id = self.sign(holds, [list, list], "among", "not-among")?;
            let (item, list) = (self.words.value(only, &self.zone), self.value(list));
            return Some(self.say(id, &[("item", &item), ("list", &list)]));
        }
        let id = self.sign(holds, [list, list], "one-among", "none-among")?;
        let items = match items.is_empty() {
            true => self.say("nothing", &[]),
            false => self.words.either(items.iter().map(|v| self.words.value(v, &self.zone)).collect()),
        };
        let list = self.value(list);
        Some(self.say(id, &[("list", &list), ("items", &items)]))
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> String {
        // Whichever is there is said first: "is stated and is not".
        let (left, right) = match op {
            CompareOp::Ne | CompareOp::Eq if right.optional && !left.optional => (right, left),
            _ => (left, right),
        };
        let sense = match (&left.ty, op) {
            (_, CompareOp::Eq) => "is",
            (_, CompareOp::Ne) if left.optional && right.optional => "is-not-both-stated",
            (_, CompareOp::Ne) if left.optional => "is-not-stated",
            (_, CompareOp::Ne) => "is-not",
            (Type::Date, CompareOp::Lt) => "date-before",
            (Type::Date, CompareOp::Le) => "date-until",
            (Type::Date, CompareOp::Gt) => "date-after",
            (Type::Date, CompareOp::Ge) => "date-from",
            (Type::Timestamp, CompareOp::Lt) => "time-before",
            (Type::Timestamp, CompareOp::Le) => "time-until",
            (Type::Timestamp, CompareOp::Gt) => "time-after",
            (Type::Timestamp, CompareOp::Ge) => "time-from",
            (Type::Enum(_), CompareOp::Lt) => "ranks-below",
            (Type::Enum(_), CompareOp::Le) => "ranks-up-to",
            (Type::Enum(_), CompareOp::Gt) => "ranks-above",
            (Type::Enum(_), CompareOp::Ge) => "ranks-from",
            (_, CompareOp::Lt) => "less",
            (_, CompareOp::Le) => "at-most",
            (_, CompareOp::Gt) => "more",
            (_, CompareOp::Ge) => "at-least",
        };
        let (left, right) = (self.value(left), self.value(right));
        self.say(sense, &[("left", &left), ("right", &right)])
    }
}

/// The parts of what is joined alike, at any depth; a definition's own parts stay together under its name.
fn flatten<'e>(parts: &'e [Expr], all: bool, out: &mut Vec<&'e Expr>) {
    for part in parts {
        match &part.kind {
            ExprKind::And(inner) if all => flatten(inner, all, out),
            ExprKind::Or(inner) if !all => flatten(inner, all, out),
            _ => out.push(part),
        }
    }
}

fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Le => CompareOp::Gt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Ge => CompareOp::Lt,
    }
}
