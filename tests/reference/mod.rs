//! The reference evaluator: slow, obvious, one record at a time, all records looked at for every history
//! condition. It shares no evaluation with the engine; where the language left an edge open, the comment
//! here is the decision.

pub mod chain;
pub mod history;
pub mod median;
pub mod metrics;
pub mod rates;
pub mod sequence;
pub mod strata;
pub mod time;
pub mod value;
pub mod verdicts;

use bylaws::internals::data::identity::{self, Content};
use bylaws::internals::data::{Clock, ColumnId, KindId, Origin, Role, Schema, Type, Value, Verdict};
use bylaws::internals::eval::Truth;
use bylaws::internals::plan::Plan;
use bylaws::internals::sema::hir::{Expr, ExprKind, Hir, Rule};
use jiff::civil::Date;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use time::{Moment, zone};
use value::*;

/// A cell that is not in a record's map is absent where its column is optional, else missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Value(Value),
    Malformed(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub kind: KindId,
    pub cells: BTreeMap<ColumnId, Cell>,
    /// Where it stands: the least of equal repeats is reported.
    pub place: usize,
}

/// One verdict. `place` is the triggering record's (or table row's).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    pub rule: String,
    pub verdict: Verdict,
    pub place: usize,
    /// The event's time; days or nanoseconds.
    pub time: Option<i64>,
    /// By its display in [`plain`].
    pub subject: Option<String>,
    /// The exception or waiver that let it pass.
    pub exception: Option<String>,
    /// Of a sequence: the places of its steps' records.
    pub steps: Vec<usize>,
}

/// A record after repeats have been joined.
pub struct Row {
    pub kind: KindId,
    pub cells: Vec<Val>,
    pub time: Option<Moment>,
    pub identity: String,
    /// What it holds.
    pub contents: Vec<(ColumnId, Content)>,
    /// Its parts, where it has a declared one, and all are known.
    pub parts: Option<Vec<Value>>,
    pub occurrence: usize,
    /// One of its own, and what is shown of a finding: that of its record.
    pub place: usize,
    pub shown: usize,
    /// A finding may hang on what is not known.
    pub there: Truth,
    /// Of a kind that is made of several: which of them it is of, and where the record itself is.
    pub member: usize,
    pub own: Option<usize>,
}

impl Row {
    /// The order among records of one kind: time, then identity (those that have one first, by their parts'
    /// types), then what they hold, then occurrence.
    pub fn order(&self, other: &Row) -> Ordering {
        let time = self.time.map(scalar).cmp(&other.time.map(scalar));
        let first = time.then(self.member.cmp(&other.member));
        if first.is_ne() {
            return first;
        }
        let parts = match (&self.parts, &other.parts) {
            (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| by_type(a, b)).find(|o| o.is_ne()),
            (a, b) => Some(b.is_some().cmp(&a.is_some())),
        };
        parts
            .unwrap_or(Ordering::Equal)
            .then_with(|| self.identity.cmp(&other.identity))
            .then(self.occurrence.cmp(&other.occurrence))
    }
}

fn by_type(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Money(a), Value::Money(b)) if a.currency != b.currency => a.currency.as_str().cmp(b.currency.as_str()),
        (Value::Enum(_, a), Value::Enum(_, b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (a, b) => order(a, b).unwrap_or_else(|| panic!("{a:?} beside {b:?} in an identity")),
    }
}

pub fn scalar(moment: Moment) -> i64 {
    match moment.value() {
        Value::Date(days) => days as i64,
        Value::Timestamp(nanos) => nanos,
        _ => unreachable!(),
    }
}

/// A record that a condition is about, with its event time and, for `on each`, its period.
#[derive(Clone)]
pub struct Root {
    pub row: usize,
    pub time: Option<Moment>,
    pub period: Option<(Date, Date)>,
}

/// Roots from the outermost; one that is not there has nothing known.
pub type Env = Vec<Option<Root>>;

/// What has been seen by now, as one rule's clock has it.
#[derive(Clone, Copy)]
pub struct Watermark {
    pub instant: jiff::Timestamp,
    /// Deadlines that are dates have passed when this is later.
    pub day: Date,
    /// The event time of `at as_of`: the day itself where `as_of` is one.
    pub event: Moment,
}

pub struct World<'a> {
    pub hir: &'a Hir,
    pub rows: Vec<Row>,
    /// Event times as they came, before repeats were joined: what the watermark is made from.
    pub times: Vec<Moment>,
    pub as_of: Option<Value>,
    /// By rule, and by kind: the columns that it reads.
    pub reads: Vec<std::collections::BTreeMap<KindId, Arc<[ColumnId]>>>,
    /// The currency that amounts are added up in, while what it is compared with says so.
    pub into: std::cell::Cell<Option<bylaws::internals::data::Currency>>,
}

/// The columns of each kind that are read: what a record is where it has no identity of its own.
pub type Projections = [Option<Arc<[ColumnId]>>];

/// A record whose time is not known may be judged by any wording of its rule: it is told once.
fn tell_once(hir: &Hir, said: &mut Vec<(usize, verdicts::Said)>, first: usize) {
    let mut told: Vec<(&str, usize)> = Vec::new();
    let mut n = 0;
    said.retain(|(rule, s)| {
        n += 1;
        let open = s.time.is_none() && s.outcome.verdict == Verdict::Indeterminate && s.owner.is_none();
        let this = (hir.rules[*rule].name.as_str(), s.outcome.place);
        if n <= first || !open {
            return true;
        }
        let new = !told.contains(&this);
        if new {
            told.push(this);
        }
        new
    });
}

/// All verdicts, the compliant too, sorted.
pub fn evaluate(hir: &Hir, records: &[Record], as_of: Option<Value>, read: &Projections) -> Vec<Outcome> {
    let mut world = world(hir, records, as_of, read);
    let mut said: Vec<(usize, verdicts::Said)> = Vec::new();
    let highest = hir.rules.iter().map(|r| r.level).max().unwrap_or(0);
    let (mut outcomes, mut first) = (Vec::new(), 0);
    for level in 0..=highest {
        if let Some(kind) = strata::kind(&world) {
            strata::add(&mut world, kind, &said, first);
        }
        first = said.len();
        for (i, rule) in hir.rules.iter().enumerate().filter(|(_, r)| r.level == level) {
            said.extend(verdicts::judge(&world, rule).into_iter().map(|s| (i, s)));
        }
        tell_once(hir, &mut said, first);
        let shown = |place: usize| world.rows.iter().find(|r| r.place == place).map_or(place, |r| r.shown);
        outcomes.extend(said[first..].iter().map(|(_, s)| Outcome {
            place: shown(s.outcome.place),
            steps: s.outcome.steps.iter().map(|p| shown(*p)).collect(),
            ..s.outcome.clone()
        }));
    }
    outcomes.sort();
    outcomes
}

/// The records that are not after `as_of`, repeats joined.
fn world<'a>(hir: &'a Hir, records: &[Record], as_of: Option<Value>, read: &Projections) -> World<'a> {
    let clock = hir.rules.first().map(|r| r.clock.clone());
    let kept: Vec<Record> = records
        .iter()
        .filter(|r| {
            let time = event_time(&hir.schema, r);
            match (&as_of, time, &clock) {
                (Some(limit), Some(time), Some(clock)) => !is_later(time, limit, clock),
                _ => true,
            }
        })
        .cloned()
        .collect();
    // The end of the data is the end of all of it, also of what no rule reads.
    let times = kept.iter().filter_map(|r| event_time(&hir.schema, r)).collect();
    let kept: Vec<Record> = kept.into_iter().filter(|r| read[r.kind.0 as usize].is_some()).collect();
    let mut rows = join_repeats(&hir.schema, &kept, read);
    rows.extend(of_several(&hir.schema, &rows));
    let reads = Plan::compile(hir).rules.iter().map(|rule| rule.reads.clone()).collect();
    World { hir, rows, times, as_of, reads, into: Default::default() }
}

fn event_time(schema: &Schema, record: &Record) -> Option<Moment> {
    match record.cells.get(&schema.kind(record.kind).time()?)? {
        Cell::Value(v) => Moment::of(v),
        Cell::Malformed(_) => None,
    }
}

/// A date as the limit means its end; an instant is compared with a record's date as dates.
fn is_later(time: Moment, limit: &Value, clock: &Clock) -> bool {
    let zone = zone(clock);
    match (Moment::of(limit).unwrap(), time) {
        (Moment::Instant(limit), Moment::Instant(at)) => at > limit,
        (limit, time) => time.day(&zone) > limit.day(&zone),
    }
}

/// Equal identities are one record; a column in which they differ is unknown. A record whose identity is
/// not known, or whose kind declares none, is joined with no other.
pub fn join_repeats(schema: &Schema, records: &[Record], read: &Projections) -> Vec<Row> {
    /// Identity, its parts, and the records that have it.
    type Group<'r> = (String, Option<Vec<Value>>, Vec<&'r Record>);
    let mut groups: Vec<Group> = Vec::new();
    for record in records {
        let Some((text, parts)) = declared_identity(schema, record) else {
            groups.push((content_identity(schema, record, read), None, vec![record]));
            continue;
        };
        let same = groups.iter_mut().find(|(other, _, members)| *other == text && members[0].kind == record.kind);
        match same {
            Some((.., members)) => members.push(record),
            None => groups.push((text, Some(parts), vec![record])),
        }
    }
    let mut rows: Vec<Row> = groups
        .into_iter()
        .map(|(identity, parts, members)| {
            let kind = schema.kind(members[0].kind);
            let columns = (0..kind.columns.len() as u32).map(ColumnId);
            let cells: Vec<Val> = columns.map(|c| joined(schema, &members, c)).collect();
            let time = kind.time().and_then(|c| cells[c.0 as usize].known()).and_then(Moment::of);
            let place = members.iter().map(|r| r.place).min().unwrap();
            Row {
                kind: members[0].kind,
                cells,
                time,
                identity,
                contents: contents(schema, members[0]),
                parts,
                occurrence: 1,
                place,
                shown: place,
                there: Truth::True,
                member: 0,
                own: None,
            }
        })
        .collect();
    rows.sort_by_key(|r| r.place);
    for i in 0..rows.len() {
        let before = rows[..i].iter().filter(|r| r.kind == rows[i].kind && r.identity == rows[i].identity).count();
        rows[i].occurrence = before + 1;
    }
    rows
}

/// The same records once more, for the kinds that are made of several: the fields that all of these have.
fn of_several(schema: &Schema, rows: &[Row]) -> Vec<Row> {
    let mut found = Vec::new();
    for (k, kind) in schema.kinds.iter().enumerate() {
        let Origin::Union(members) = &kind.origin else { continue };
        for (i, row) in rows.iter().enumerate() {
            let Some(member) = members.iter().position(|m| m.0 == row.kind) else { continue };
            let cells: Vec<Val> = members[member].1.iter().map(|c| row.cells[c.0 as usize].clone()).collect();
            let (identity, contents, parts) = (row.identity.clone(), row.contents.clone(), row.parts.clone());
            found.push(Row { kind: KindId(k as u32), cells, identity, contents, parts, member, own: Some(i), ..*row });
        }
    }
    found
}

fn joined(schema: &Schema, members: &[&Record], column: ColumnId) -> Val {
    let first = members[0].cells.get(&column);
    if members.iter().any(|m| m.cells.get(&column) != first) {
        return Val::Unknown;
    }
    match first {
        Some(Cell::Value(v)) => Val::Known(v.clone()),
        Some(Cell::Malformed(_)) => Val::Unknown,
        None if schema.column(members[0].kind, column).optional => Val::Absent,
        None => Val::Unknown,
    }
}

/// None where the kind declares no identity, or a part of it is not there.
fn declared_identity(schema: &Schema, record: &Record) -> Option<(String, Vec<Value>)> {
    let columns = &schema.kind(record.kind).identity;
    let value = |c: &ColumnId| match record.cells.get(c) {
        Some(Cell::Value(v)) => Some((*c, v.clone())),
        _ => None,
    };
    let values: Option<Vec<(ColumnId, Value)>> = columns.iter().map(value).collect();
    values.filter(|v| !v.is_empty()).map(|v| {
        let text = identity::declared(schema, record.kind, &v);
        (text, v.into_iter().map(|(_, value)| value).collect())
    })
}

fn content_identity(schema: &Schema, record: &Record, read: &Projections) -> String {
    let read = |c: ColumnId| read[record.kind.0 as usize].iter().flat_map(|columns| columns.iter()).any(|r| *r == c);
    let contents = contents(schema, record).into_iter().filter(|(c, _)| read(*c));
    identity::of_content(schema, record.kind, contents)
}

fn contents(schema: &Schema, record: &Record) -> Vec<(ColumnId, Content)> {
    let columns = (0..schema.kind(record.kind).columns.len() as u32).map(ColumnId);
    let content = |c: ColumnId| match record.cells.get(&c) {
        Some(Cell::Value(v)) => Content::Known(v.clone()),
        Some(Cell::Malformed(found)) => Content::Malformed(found.clone()),
        None if schema.column(record.kind, c).optional => Content::Absent,
        None => Content::Missing,
    };
    columns.map(|c| (c, content(c))).collect()
}

/// A value as text, for identities and subjects.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Int(n) => n.to_string(),
        Value::Date(days) => time::from_days(*days).to_string(),
        Value::Timestamp(nanos) => time::from_nanos(*nanos).to_string(),
        other => format!("{other:?}"),
    }
}

impl World<'_> {
    pub fn watermark(&self, clock: &Clock) -> Option<Watermark> {
        let zone = zone(clock);
        if let Some(value) = &self.as_of {
            let limit = Moment::of(value).unwrap();
            let end = match limit {
                Moment::Day(day) => Moment::Day(day.tomorrow().unwrap()),
                instant => instant,
            };
            let event = Moment::Day(limit.day(&zone));
            return Some(Watermark { instant: end.instant(&zone), day: end.day(&zone), event });
        }
        let last = self.times.iter().max_by_key(|t| t.instant(&zone))?;
        let day = last.day(&zone);
        Some(Watermark { instant: last.instant(&zone), day, event: Moment::Day(day) })
    }

    pub fn root(&self, row: usize) -> Root {
        Root { row, time: self.rows[row].time, period: None }
    }

    pub fn truth(&self, rule: &Rule, expr: &Expr, env: &Env) -> Truth {
        truth_of(&self.value(rule, expr, env))
    }

    pub fn value(&self, rule: &Rule, expr: &Expr, env: &Env) -> Val {
        let value = |e: &Expr| self.value(rule, e, env);
        let truth = |e: &Expr| self.truth(rule, e, env);
        let root = |n: u8| env.get(n as usize).and_then(Option::as_ref);
        let clock = &rule.clock;
        match &expr.kind {
            ExprKind::Constant(v) => Val::Known(v.clone()),
            ExprKind::Column { root: n, column } => match root(*n) {
                Some(r) => self.rows[r.row].cells[column.0 as usize].clone(),
                None => Val::Unknown,
            },
            ExprKind::EventTime { root: n } => {
                let time = root(*n).and_then(|r| r.time);
                time.map_or(Val::Unknown, |t| convert(Val::Known(t.value()), &expr.ty, clock))
            }
            ExprKind::PeriodStart | ExprKind::PeriodEnd => {
                let Some((first, last)) = root(0).and_then(|r| r.period) else { return Val::Unknown };
                let day = if expr.kind == ExprKind::PeriodStart { first } else { last };
                convert(Val::Known(Moment::Day(day).value()), &expr.ty, clock)
            }
            ExprKind::AsOf => match self.watermark(clock) {
                Some(w) if expr.ty == Type::Timestamp => {
                    let of_date = matches!(self.as_of.as_ref().and_then(Moment::of), Some(Moment::Day(_)));
                    let last = jiff::Span::new().nanoseconds(i64::from(of_date));
                    Val::Known(Moment::Instant(w.instant - last).value())
                }
                Some(w) => Val::Known(w.event.value()),
                None => Val::Unknown,
            },
            ExprKind::Lookup { key, table, column, root: n } => {
                self.look_up(&value(key), *table, *column, root(*n).and_then(|r| r.time), clock)
            }
            ExprKind::Convert(of) => convert(value(of), &expr.ty, clock),
            ExprKind::Not(of) => val_of(not(truth(of))),
            ExprKind::And(sides) => val_of(and(sides.iter().map(truth))),
            ExprKind::Or(sides) => val_of(or(sides.iter().map(truth))),
            ExprKind::Compare { op, left, right, .. } if self.are_amounts(left, right) => {
                let (left, right) = self.compared(rule, left, right, env);
                val_of(compare(*op, left, right, false))
            }
            ExprKind::Compare { op, left, right, ignoring_case } => {
                val_of(compare(*op, value(left), value(right), *ignoring_case))
            }
            ExprKind::In { item, set, ignoring_case } => val_of(member(&value(item), set, *ignoring_case)),
            ExprKind::InColumn { item, list, ignoring_case } => {
                let (item, list) = (value(item), value(list));
                match (gap([&item, &list]), &list) {
                    (Some(g), _) => val_of(truth_of(&g)),
                    (None, Val::Known(Value::List(set))) => val_of(member(&item, set, *ignoring_case)),
                    _ => panic!("{list:?} is not a list"),
                }
            }
            ExprKind::Overlaps { left, right, ignoring_case } => {
                val_of(overlap(&value(left), &value(right), *ignoring_case))
            }
            ExprKind::TextTest { op, left, right, ignoring_case } => {
                val_of(text_test(*op, &value(left), &value(right), *ignoring_case))
            }
            ExprKind::InDomain { host, domains } => val_of(in_domain(&value(host), domains)),
            ExprKind::Matches { left, pattern, ignoring_case } => match value(left) {
                Val::Known(Value::Text(text)) => {
                    let regex = regex::RegexBuilder::new(pattern).case_insensitive(*ignoring_case).build().unwrap();
                    Val::Known(Value::Bool(regex.is_match(&text)))
                }
                other => val_of(truth_of(&other)),
            },
            ExprKind::Under { who, above, table, column, root: n } => {
                let t = root(*n).and_then(|r| r.time);
                val_of(self.under(&value(who), &value(above), *table, *column, t, clock))
            }
            ExprKind::Every { .. } => panic!("a set of people is no value"),
            ExprKind::Present(of) => match value(of) {
                Val::Absent => Val::Known(Value::Bool(false)),
                Val::Unknown => Val::Unknown,
                Val::Pending => Val::Pending,
                _ => Val::Known(Value::Bool(true)),
            },
            ExprKind::Coalesce(first, second) => match value(first) {
                Val::Absent => value(second),
                other => other,
            },
            ExprKind::Neg(of) => negate(value(of)),
            ExprKind::Arith { op, left, right } if self.are_amounts(left, right) => {
                let (left, right) = self.joined_up(rule, left, right, env);
                arith(*op, left, right)
            }
            ExprKind::Arith { op, left, right } => arith(*op, value(left), value(right)),
            ExprKind::Shift { time, by } => match value(time) {
                Val::Known(v) => {
                    let moved = Moment::of(&v).unwrap().moved(*by, 1, clock, &|day| self.is_open(day, clock));
                    moved.map_or(Val::Unknown, |m| Val::Known(m.value()))
                }
                other => other,
            },
            ExprKind::History(history) => self.history(rule, history, env, false),
            ExprKind::Named { body, .. } => value(body),
        }
    }

    /// Whether business is done on a day: every row of the table is looked at. Of a year without a row nothing is known.
    pub fn is_open(&self, day: Date, clock: &Clock) -> Option<bool> {
        let business = clock.business.as_ref()?;
        let weekday = business.weekdays & (1 << day.weekday().to_monday_zero_offset()) != 0;
        let Some((table, working)) = business.except else { return Some(weekday) };
        let Role::Table { key, .. } = self.hir.schema.kind(table).role else { panic!("not a table") };
        let (mut year, mut doubtful, mut said) = (false, false, Vec::new());
        for row in self.rows.iter().filter(|row| row.kind == table) {
            let Some(Value::Date(of)) = row.cells[key.0 as usize].known() else {
                doubtful = true;
                continue;
            };
            let of = time::from_days(*of);
            year |= of.year() == day.year();
            if of == day {
                said.push(match working.map(|column| &row.cells[column.0 as usize]) {
                    None | Some(Val::Absent) => Some(false),
                    Some(Val::Known(Value::Bool(open))) => Some(*open),
                    Some(_) => None,
                });
            }
        }
        match said.first() {
            _ if !year => None,
            Some(first) => first.filter(|_| said.iter().all(|s| s == first)),
            None if doubtful => None,
            None => Some(weekday),
        }
    }

    /// Valid at `t`: from `A` on, and before `B` where there is one.
    pub fn valid(&self, row: &Row, t: Option<Moment>, clock: &Clock) -> Truth {
        let Role::Table { valid: Some((from, until)), .. } = &self.hir.schema.kind(row.kind).role else {
            return Truth::True;
        };
        let Some(t) = t else { return Truth::Unknown };
        let zone = zone(clock);
        // A bound that is a date is compared with the event's date; one that is an instant with its instant.
        let before = |bound: Moment| match bound {
            Moment::Day(bound) => t.day(&zone) < bound,
            Moment::Instant(bound) => t.instant(&zone) < bound,
        };
        let of = |cell: &Val, test: &dyn Fn(Moment) -> bool, open: Truth| match cell {
            Val::Known(v) if test(Moment::of(v).unwrap()) => Truth::True,
            Val::Known(_) => Truth::False,
            Val::Absent => open,
            _ => Truth::Unknown,
        };
        let from = of(&row.cells[from.0 as usize], &|from| !before(from), Truth::True);
        let until = until.map_or(Truth::True, |until| of(&row.cells[until.0 as usize], &before, Truth::True));
        and([from, until])
    }

    /// Rows that agree on the column are as one. A row that may or may not be valid leaves it unknown.
    pub fn look_up(&self, key: &Val, table: KindId, column: ColumnId, t: Option<Moment>, clock: &Clock) -> Val {
        let key = match key {
            Val::Known(v) => v,
            Val::Absent => return Val::Absent,
            Val::Pending => return Val::Pending,
            _ => return Val::Unknown,
        };
        let Role::Table { key: key_column, valid } = &self.hir.schema.kind(table).role else { panic!("not a table") };
        if valid.is_some() && t.is_none() {
            return Val::Unknown;
        }
        let mut found: Vec<&Val> = Vec::new();
        for row in self.rows.iter().filter(|r| r.kind == table) {
            if row.cells[key_column.0 as usize].known() != Some(key) {
                continue;
            }
            match self.valid(row, t, clock) {
                Truth::True => found.push(&row.cells[column.0 as usize]),
                Truth::False => {}
                _ => return Val::Unknown,
            }
        }
        match found.first() {
            Some(first) if found.iter().all(|v| v == first) => (*first).clone(),
            _ => Val::Unknown,
        }
    }
}

/// Whether an expression of money may be the empty sum's zero is told by its type.
pub fn is_money(ty: &Type) -> bool {
    *ty == Type::Money
}
