//! `no_one_exempt`: what a rule's conditions read is followed through definitions and references to the fields
//! that say who a person is, or how high they stand.
//!
//! - A *person* is a field marked `@person`, or a reference to a table that has such a field. To compare one with a
//!   constant depends on who somebody is; to compare two persons with each other, as `approver != actor` and the keys
//!   of history do, does not.
//! - A *rank* is a field that the charter names by `rank is`. Where none is named: in a table of persons, every
//!   number, amount, enum and yes-or-no, and any field that is called like a rank; in a group with a person, only the
//!   latter. A comparison of one person's rank with another's is no exemption; any other use of a rank is.
//! - A host test (`in_domain`) tells an affiliation, not a person.

use super::super::hir::{Body, Expr, ExprKind, Func, History, Rule};
use super::{Part, SAYS, Set, conditions, roots};
use crate::data::{ColumnId, KindId, Schema, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use rustc_hash::FxHashSet;

/// What fields that say how high a person stands are called.
const RANK_NAMES: [&str; 13] = [
    "level",
    "grade",
    "rank",
    "role",
    "roles",
    "title",
    "job_title",
    "position",
    "seniority",
    "band",
    "executive",
    "is_executive",
    "management_level",
];

pub fn prove(set: &Set, line: Span, named: &[Vec<(KindId, ColumnId)>]) -> bool {
    let schema = &set.world.schema;
    let ranks = match named {
        [] => guessed(schema),
        named => named.iter().flatten().copied().collect(),
    };
    let mut found: Vec<Offence> = Vec::new();
    for rule in set.rules {
        let part = Part::When;
        let mut walk =
            Walk { schema, ranks: &ranks, kinds: vec![rule.trigger.kind()], chain: vec![], rule, part, found };
        walk.rule();
        found = walk.found;
    }
    found.sort_by_key(|o| (o.span, o.rule.span));
    for of_place in found.chunk_by(|a, b| a.span == b.span) {
        tell(set, line, of_place);
    }
    let by_person = waivers(set, line);
    found.is_empty() && by_person
}

/// Fields that are ranks by their type or name.
fn guessed(schema: &Schema) -> FxHashSet<(KindId, ColumnId)> {
    let mut ranks = FxHashSet::default();
    for (k, kind) in schema.kinds.iter().enumerate() {
        let of_persons = kind.is_table() && kind.columns.iter().any(|c| c.person);
        for (c, column) in kind.columns.iter().enumerate() {
            let (group, name) = column.name.rsplit_once('.').unwrap_or(("", &column.name));
            let beside = |other: &&crate::data::Column| other.name.rsplit_once('.').is_some_and(|(g, _)| g == group);
            let with_person = !group.is_empty() && kind.columns.iter().filter(beside).any(|c| c.person);
            let typed = matches!(
                column.ty,
                Type::Int | Type::Decimal | Type::Percent | Type::Money | Type::Enum(_) | Type::Bool
            );
            let called = RANK_NAMES.contains(&name);
            if !column.person && (of_persons && (typed || called) || with_person && called) {
                ranks.insert((KindId(k as u32), ColumnId(c as u32)));
            }
        }
    }
    ranks
}

/// A field that a condition reads.
#[derive(Clone, Copy, PartialEq)]
struct Field {
    kind: KindId,
    column: ColumnId,
    /// Where it is read.
    span: Span,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Person,
    Rank,
    Threshold,
}

/// A place that depends on a person or a rank.
struct Offence<'a> {
    what: What,
    span: Span,
    field: Option<Field>,
    /// Definitions on the way: name, and where each is used.
    chain: Vec<(String, Span)>,
    part: Part,
    rule: &'a Rule,
}

/// What a value is made of.
#[derive(Default)]
struct Reads {
    person: Option<Field>,
    rank: Option<Field>,
    /// Anything but constants.
    anything: bool,
    /// It is the rank and nothing else.
    plain: bool,
}

impl Reads {
    fn with(mut self, other: Reads) -> Reads {
        self.plain = false;
        self.person = self.person.or(other.person);
        self.rank = self.rank.or(other.rank);
        self.anything |= other.anything;
        self
    }
}

struct Walk<'a, 's> {
    schema: &'s Schema,
    ranks: &'s FxHashSet<(KindId, ColumnId)>,
    /// By root.
    kinds: Vec<KindId>,
    chain: Vec<(String, Span)>,
    rule: &'a Rule,
    part: Part,
    found: Vec<Offence<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn rule(&mut self) {
        for condition in conditions(self.rule) {
            (self.part, self.kinds) = (condition.part, condition.kinds);
            self.condition(condition.expr);
        }
        self.kinds = roots(self.rule);
        match &self.rule.body {
            Body::Forbid { .. } => {}
            Body::Require { need, .. } => {
                self.part = Part::Need;
                self.history(need);
            }
            Body::Limit { aggregate, to, .. } => {
                self.part = Part::Limit;
                self.history(aggregate);
                let reads = self.reads(to);
                if let Some(rank) = reads.rank {
                    self.offence(What::Threshold, to.span, Some(rank));
                }
            }
        }
    }

    fn offence(&mut self, what: What, span: Span, field: Option<Field>) {
        let known = self.found.iter().any(|o| o.span == span && std::ptr::eq(o.rule, self.rule));
        if !known {
            let (chain, part) = (self.chain.clone(), self.part.clone());
            self.found.push(Offence { what, span, field, chain, part, rule: self.rule });
        }
    }

    fn condition(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|p| self.condition(p)),
            ExprKind::Not(of) => self.condition(of),
            ExprKind::Named { name, body, .. } => {
                self.chain.push((name.clone(), e.span));
                self.condition(body);
                self.chain.pop();
            }
            ExprKind::Compare { left, right, .. } => self.compare(left, right, e.span),
            ExprKind::In { item, .. } | ExprKind::Matches { left: item, .. } => {
                let reads = self.reads(item);
                self.against(reads, &Reads::default(), e.span);
            }
            ExprKind::TextTest { left, right, .. }
            | ExprKind::Overlaps { left, right, .. }
            | ExprKind::InColumn { item: left, list: right, .. } => {
                let (left, right) = (self.reads(left), self.reads(right));
                self.both(left, right, e.span);
            }
            ExprKind::Under { who, above, .. } => {
                let (who, above) = (self.reads(who), self.reads(above));
                if !(who.anything && above.anything) {
                    self.offence(What::Person, e.span, who.person.or(above.person));
                }
            }
            ExprKind::InDomain { host, .. } => {
                if let Some(rank) = self.reads(host).rank {
                    self.offence(What::Rank, e.span, Some(rank));
                }
            }
            ExprKind::History(history) => self.history(history),
            // A yes or no of the person, and what else is true or false by itself.
            _ => {
                if let Some(rank) = self.reads(e).rank {
                    self.offence(What::Rank, e.span, Some(rank));
                }
            }
        }
    }

    fn compare(&mut self, left: &Expr, right: &Expr, span: Span) {
        let (left, right) = (self.reads(left), self.reads(right));
        let same = |a: Field, b: Field| (a.kind, a.column) == (b.kind, b.column);
        let relation = left.plain && right.plain && left.rank.zip(right.rank).is_some_and(|(a, b)| same(a, b));
        if !relation {
            self.both(left, right, span);
        }
    }

    fn both(&mut self, left: Reads, right: Reads, span: Span) {
        if left.anything {
            self.against(left, &right, span);
        } else {
            self.against(right, &left, span);
        }
    }

    /// One side of a test, and what it is tested against.
    fn against(&mut self, side: Reads, other: &Reads, span: Span) {
        if let (Some(person), false) = (side.person, other.anything) {
            self.offence(What::Person, span, Some(person));
        }
        if let Some(rank) = side.rank.or(other.rank) {
            let what = if side.anything && other.anything { What::Threshold } else { What::Rank };
            self.offence(what, span, Some(rank));
        }
    }

    fn history(&mut self, h: &History) {
        self.inside(h, |walk| h.filter.iter().for_each(|f| walk.condition(f)));
    }

    /// With the records that a history condition ranges over.
    fn inside<T>(&mut self, h: &History, f: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.kinds.clone();
        self.kinds.truncate(h.root as usize + 1);
        self.kinds.push(h.kind);
        let out = f(self);
        self.kinds = outside;
        out
    }

    fn reads(&mut self, e: &Expr) -> Reads {
        match &e.kind {
            ExprKind::Column { root, column } => match self.kinds.get(*root as usize) {
                Some(&kind) => self.field(kind, *column, e.span),
                None => Reads { anything: true, ..Reads::default() },
            },
            ExprKind::Lookup { table, column, .. } => self.field(*table, *column, e.span),
            ExprKind::Constant(_) => Reads::default(),
            ExprKind::Named { name, body, .. } => {
                self.chain.push((name.clone(), e.span));
                let reads = self.reads(body);
                self.chain.pop();
                reads
            }
            ExprKind::Convert(of) => self.reads(of),
            ExprKind::Coalesce(a, b) => {
                let (a, b) = (self.reads(a), self.reads(b));
                a.with(b)
            }
            ExprKind::Arith { left, right, .. } => {
                let (a, b) = (self.reads(left), self.reads(right));
                a.with(b)
            }
            ExprKind::Neg(of) | ExprKind::Shift { time: of, .. } => Reads { plain: false, ..self.reads(of) },
            // Whether somebody is named says nothing of who it is.
            ExprKind::Present(of) => Reads { person: None, plain: false, ..self.reads(of) },
            ExprKind::History(h) => {
                self.history(h);
                let value = self.inside(h, |walk| h.value.as_ref().map(|v| walk.reads(v)).unwrap_or_default());
                let counts = matches!(h.func, Func::Count | Func::Distinct | Func::Median);
                let person = if counts { None } else { value.person };
                Reads { person, rank: value.rank, anything: true, plain: false }
            }
            ExprKind::Every { .. } => Reads { anything: true, ..Reads::default() },
            ExprKind::EventTime { .. } | ExprKind::PeriodStart | ExprKind::PeriodEnd | ExprKind::AsOf => {
                Reads { anything: true, ..Reads::default() }
            }
            // A condition where a value stands: a yes or no that is compared.
            ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InColumn { .. }
            | ExprKind::Overlaps { .. }
            | ExprKind::TextTest { .. }
            | ExprKind::InDomain { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Under { .. } => {
                self.condition(e);
                Reads { anything: true, ..Reads::default() }
            }
        }
    }

    fn field(&self, kind: KindId, column: ColumnId, span: Span) -> Reads {
        let field = Some(Field { kind, column, span });
        let of = self.schema.column(kind, column);
        let to_persons = |ty: &Type| match ty {
            Type::Ref(table) => self.schema.kind(*table).columns.iter().any(|c| c.person),
            _ => false,
        };
        let person = of.person
            || match &of.ty {
                Type::List(element) | Type::Set(element) => to_persons(element),
                ty => to_persons(ty),
            };
        let rank = self.ranks.contains(&(kind, column));
        Reads { person: field.filter(|_| person), rank: field.filter(|_| rank), anything: true, plain: rank }
    }
}

fn tell(set: &Set, line: Span, offences: &[Offence]) {
    let schema = &set.world.schema;
    let first = &offences[0];
    let rule = &first.rule.name;
    let name = first.field.map_or("the person".into(), |f| {
        let (kind, column) = (&schema.kind(f.kind).name, &schema.column(f.kind, f.column).name);
        format!("`{kind}.{column}`")
    });
    let (message, label) = match first.what {
        What::Person => (format!("`{rule}` depends on who a person is"), format!("a test of {name}")),
        What::Rank => (format!("`{rule}` depends on rank"), format!("a test of {name}")),
        What::Threshold => {
            (format!("`{rule}` has a threshold that varies with rank"), format!("it varies with {name}"))
        }
    };
    let mut d = Diagnostic::error(Code::CharterExempt, message, first.span, label);
    for (name, used) in &first.chain {
        if d.labels.iter().all(|l| l.span != *used) {
            d = d.label(*used, format!("through `{name}`"));
        }
    }
    if let Some(field) = first.field {
        let declared = schema.column(field.kind, field.column).span;
        let what = if first.what == What::Person { "names a person" } else { "says how high a person stands" };
        d = d.label(declared, format!("{name} {what}"));
    }
    d = d.label(first.rule.name_span, format!("it is part of {}", first.part.phrase()));
    for other in offences.iter().filter(|o| o.rule.name != *rule).take(4) {
        d = d.label(other.rule.name_span, format!("and of {} here", other.part.phrase()));
    }
    d = d.label(line, SAYS);
    set.world.report.tell(d.help(
        "write what the rule is about in place of the person: a unit, a kind of record, an approval by somebody else; \
         or take `no_one_exempt` out of the charter",
    ));
}

/// Waivers for named persons.
fn waivers(set: &Set, line: Span) -> bool {
    let schema = &set.world.schema;
    let ranks = FxHashSet::default();
    let mut holds = true;
    for rule in set.rules {
        let (kinds, part) = (vec![rule.trigger.kind()], Part::When);
        let mut walk = Walk { schema, ranks: &ranks, kinds, chain: vec![], rule, part, found: vec![] };
        for waiver in &rule.waivers {
            let parts: &[Expr] = match &waiver.condition {
                None => &[],
                Some(Expr { kind: ExprKind::And(parts), .. }) => parts,
                Some(one) => std::slice::from_ref(one),
            };
            // That nobody is covered by what they approved exempts no one.
            parts.iter().filter(|p| !matches!(p.kind, ExprKind::Not(_))).for_each(|p| walk.condition(p));
        }
        for offence in walk.found {
            holds = false;
            let mut d = Diagnostic::error(
                Code::CharterExempt,
                format!("a waiver of `{}` depends on who a person is", rule.name),
                offence.span,
                "for a named person",
            );
            if let Some(field) = offence.field {
                let name = &schema.column(field.kind, field.column).name;
                d = d.label(schema.column(field.kind, field.column).span, format!("`{name}` names a person"));
            }
            set.world.report.tell(d.label(rule.name_span, "the rule that it waives").label(line, SAYS).help(
                "waive for what the records are about (a giver, an event, an engagement), or put an exception into \
                     the rule that is the same for everyone",
            ));
        }
    }
    holds
}
