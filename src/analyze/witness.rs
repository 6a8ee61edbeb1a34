//! Records that show what a formula allows: made from a model, and believed only where the evaluator says so too.

use super::Side as OfSet;
use super::formula::{Like, Origin, Region, Unit, Variables, inside};
use super::order::{Orders, Side};
use super::scalar::{Scalar, Sort, line, scalar};
use super::solve::Model;
use crate::data::calendar::Zone;
use crate::data::{Currency, Decimal, Kind, KindId, Money, Role, Schema, Type, Value, Verdict, display};
use crate::sema::hir::{Rule, Trigger};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Judges records by one of two policy sets. The last record is the one that is asked about.
pub trait Judge: Sync {
    /// What each rule makes of it; a rule that has no verdict on it is not there. None: they cannot be read as records.
    /// The data ends long after `day`, the records' own.
    fn verdicts(&self, side: OfSet, records: &[Json], day: i32) -> Option<BTreeMap<String, Verdict>>;

    /// One that judges by these rules alone; none where that is the same work, or they need others.
    fn only(&self, _rules: &BTreeSet<&str>) -> Option<Box<dyn Judge + '_>> {
        None
    }

    /// None where the rule has no verdict on it.
    fn verdict(&self, side: OfSet, rule: &str, records: &[Json], day: i32) -> Option<Verdict> {
        self.verdicts(side, records, day)?.get(rule).copied()
    }
}

/// Records on which two wordings of a rule differ, as the evaluator says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Witness {
    /// Rows of tables that it looks up, and the record itself.
    pub records: Vec<Json>,
    /// None: not judged.
    pub old: Option<Verdict>,
    pub new: Option<Verdict>,
}

/// What is known of a record that is to be made.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The kind, where the rule is over several.
    pub kind: Option<KindId>,
    /// Inner none: absent.
    pub own: BTreeMap<String, Option<Value>>,
    /// By table, and the column that holds the key.
    pub rows: BTreeMap<(String, String), BTreeMap<String, Option<Value>>>,
    /// Rows by table and key.
    pub keyed: Vec<(String, Value, BTreeMap<String, Option<Value>>)>,
    pub day: Option<i32>,
    /// How many of it there are, with itself.
    pub copies: usize,
    pub others: Vec<Near>,
    /// Of amounts that may be any.
    pub currency: Option<Currency>,
}

/// Another record, so far behind it.
#[derive(Clone, Debug)]
pub struct Near {
    pub like: Like,
    pub days: i32,
    pub nanos: i64,
}

impl Near {
    /// The nearest one lies this far away, in a unit. Of business days and months, so many days as are enough.
    pub fn at(like: &Like, unit: Unit, before: bool, n: i128, further: bool) -> Option<Near> {
        let sign = if before { -1 } else { 1 };
        let n = i64::try_from(n).ok()?.checked_mul(sign)?;
        let (days, nanos) = match unit {
            Unit::Days => (n, 0),
            Unit::Nanoseconds => (0, n),
            Unit::Months => (n.checked_mul(if further { 31 } else { 28 })?, 0),
            Unit::BusinessDays => (if further { n.checked_mul(2)?.checked_add(3 * sign)? } else { n }, 0),
        };
        Some(Near { like: like.clone(), days: i32::try_from(days).ok()?, nanos })
    }
}

/// The records that a model speaks of, and their day; none where it speaks of what no single record can be given: other
/// records, ways up in a table.
pub fn records(
    schema: &Schema,
    rule: &Rule,
    variables: &Variables,
    model: &Model<'_>,
    currency: Option<Currency>,
) -> Option<(Vec<Json>, i32)> {
    made(schema, rule, Wanted { currency, ..wanted(schema, rule, variables, model)? })
}

fn wanted(schema: &Schema, rule: &Rule, variables: &Variables, model: &Model<'_>) -> Option<Wanted> {
    let mut wanted = Wanted { copies: 1, ..Wanted::default() };
    let mut beside = Vec::new();
    let kind = rule.trigger.kind();
    for (name, region) in model {
        let variable = variables.0.get(*name)?;
        match &variable.source {
            _ if matches!(variable.sort, Sort::Pair(Some(_))) => {}
            Origin::Kind => {
                if let Region::Point(Scalar::Word(word)) = region {
                    wanted.kind = schema.kind_named(word);
                }
            }
            Origin::Empty(so) => {
                // No other record is made, so what is true of none has to be what the model says.
                let so = match so {
                    Some(true) => Region::True,
                    Some(false) => Region::False,
                    None => Region::Absent,
                };
                if **region != so {
                    return None;
                }
            }
            Origin::Nearest { like, unit, before } => {
                if **region != Region::Absent {
                    let n = match unit {
                        Unit::Nanoseconds => plain_number(&Type::Duration, region, 1)?,
                        _ => inside(region, 1)?,
                    };
                    let further = matches!(region, Region::Between(Some(_), None));
                    wanted.others.push(Near::at(like, *unit, *before, n, further)?);
                }
            }
            Origin::There(like) => {
                if **region == Region::True {
                    wanted.others.push(Near { like: like.clone(), days: 0, nanos: 0 });
                }
            }
            Origin::Day => wanted.day = Some(i32::try_from(inside(region, 1)?).ok()?),
            Origin::Column(column) => {
                let of = value(schema, &typed(schema, kind, column)?, &variable.sort, region)?;
                wanted.own.insert(column.clone(), of);
            }
            Origin::Lookup { table, key, column } => {
                let of = value(schema, &typed(schema, schema.kind_named(table)?, column)?, &variable.sort, region)?;
                wanted.rows.entry((table.clone(), key.clone())).or_default().insert(column.clone(), of);
            }
            Origin::Sum(column) => {
                let of = value(schema, &typed(schema, kind, column)?, &variable.sort, region)?;
                wanted.own.entry(column.clone()).or_insert(of);
            }
            Origin::Count => wanted.copies = usize::try_from(inside(region, 1)? / Decimal::from_int(1).raw()).ok()?,
            Origin::Copies(n) => {
                if **region == Region::True {
                    wanted.copies = n.checked_add(1)?;
                }
            }
            // Whether it does not hold of a plain value either, the evaluator says.
            Origin::Example { column, value } => {
                let value = match (value, region) {
                    (value, Region::True) => value.clone(),
                    // An amount of the same currency, and a small one.
                    (Value::Money(money), _) => Value::Money(Money { amount: Decimal::from_int(1), ..*money }),
                    _ => continue,
                };
                wanted.own.entry(column.clone()).or_insert(Some(value));
            }
            Origin::Element { column, value } => {
                let list = wanted.own.entry(column.clone()).or_insert(Some(Value::List(Vec::new())));
                if let (Region::True, Some(Value::List(items))) = (region, list) {
                    items.push(value.clone());
                }
            }
            Origin::Beside { left, right } => beside.push((left, right, *region)),
            Origin::Other => return None,
        }
    }
    for (left, right, region) in beside {
        put_beside(schema, kind, &mut wanted, (left, right), region)?;
    }
    put_in_order(schema, kind, &mut wanted, &Orders::of(variables), model)?;
    Some(wanted)
}

/// Values that are compared with each other.
fn put_in_order(
    schema: &Schema,
    kind: KindId,
    wanted: &mut Wanted,
    orders: &Orders<'_>,
    model: &Model<'_>,
) -> Option<()> {
    for sides in orders.absent(model) {
        let own = sides.iter().filter_map(|side| match &side.source {
            Origin::Column(column) => Some(column),
            _ => None,
        });
        let optional = |name: &str| schema.kind(kind).columns.iter().any(|c| c.name == *name && c.optional);
        if !own.clone().any(|column| wanted.own.get(column) == Some(&None)) {
            let column = own.clone().find(|c| optional(c) && !wanted.own.contains_key(*c))?;
            wanted.own.insert(column.clone(), None);
        }
    }
    let ty = |side: &Side| match &side.source {
        Origin::Column(column) => typed(schema, kind, column),
        Origin::Lookup { table, column, .. } => typed(schema, schema.kind_named(table)?, column),
        _ => None,
    };
    let day = wanted.day.unwrap_or(DAY);
    let usual = |side: &Side| match scalar(&plain(schema, &ty(side)?, day, None)?, schema)? {
        (Scalar::Number(n), _) => Some(n),
        (Scalar::Word(_), _) => None,
    };
    for (side, n) in orders.values(model, &usual)? {
        let ty = ty(side)?;
        let of = value(schema, &ty, &line(&ty, None)?, &Region::Point(Scalar::Number(n)))?;
        match &side.source {
            Origin::Column(column) => wanted.own.insert(column.clone(), of),
            Origin::Lookup { table, key, column } => {
                wanted.rows.entry((table.clone(), key.clone())).or_default().insert(column.clone(), of)
            }
            _ => return None,
        };
    }
    Some(())
}

fn typed(schema: &Schema, kind: KindId, column: &str) -> Option<Type> {
    schema.kind(kind).columns.iter().find(|c| c.name == *column).map(|c| c.ty.clone())
}

/// Two columns in an order.
fn put_beside(
    schema: &Schema,
    kind: KindId,
    wanted: &mut Wanted,
    (left, right): (&str, &str),
    region: &Region,
) -> Option<()> {
    let order = match region {
        Region::Order(order) => *order,
        _ => {
            let optional = |name: &str| schema.kind(kind).columns.iter().any(|c| c.name == *name && c.optional);
            let column = [left, right].into_iter().find(|c| optional(c) && !wanted.own.contains_key(*c))?;
            wanted.own.insert(column.to_owned(), None);
            return Some(());
        }
    };
    let day = wanted.day.unwrap_or(DAY);
    let of = |column: &str| match wanted.own.get(column) {
        Some(value) => value.clone(),
        None => plain(schema, &typed(schema, kind, column)?, day, None),
    };
    // The one that is not settled follows the other one.
    let (base, other, order) = match wanted.own.contains_key(right) && !wanted.own.contains_key(left) {
        true => (right, left, order),
        false => (left, right, order.reverse()),
    };
    let from = of(base)?;
    let value = moved(schema, &from, order)?;
    wanted.own.insert(base.to_owned(), Some(from));
    wanted.own.insert(other.to_owned(), Some(value));
    Some(())
}

/// A value that is less, equal or greater; of texts, another one.
fn moved(schema: &Schema, from: &Value, order: Ordering) -> Option<Value> {
    let step = match order {
        Ordering::Less => -1,
        Ordering::Equal => return Some(from.clone()),
        Ordering::Greater => 1,
    };
    let decimal = |d: Decimal| d.raw().checked_add(step * Decimal::from_int(1).raw()).map(Decimal::from_raw);
    let count = |n: i64, by: i64| n.checked_add(by * step as i64);
    Some(match from {
        Value::Int(n) => Value::Int(count(*n, 1)?),
        Value::Decimal(d) => Value::Decimal(decimal(*d)?),
        Value::Percent(d) => Value::Percent(decimal(*d)?),
        Value::Money(m) => Value::Money(Money { amount: decimal(m.amount)?, currency: m.currency }),
        Value::Date(n) => Value::Date(n.checked_add(step as i32)?),
        Value::Timestamp(n) => Value::Timestamp(count(*n, 3_600_000_000_000)?),
        Value::Duration(n) => Value::Duration(count(*n, 3_600_000_000_000)?),
        Value::Bytes(n) => Value::Bytes(count(*n, 1)?),
        Value::Text(text) => Value::Text(format!("not {text}")),
        Value::Enum(of, word) => {
            let word = usize::from(*word).checked_add_signed(step as isize)?;
            (word < schema.enum_def(*of).words.len()).then_some(Value::Enum(*of, u16::try_from(word).ok()?))?
        }
        Value::Bool(b) => Value::Bool(!b),
        Value::List(_) => return None,
    })
}

/// A day for records on which no rule asks for another: 2025-01-01.
const DAY: i32 = 20_089;

/// Records as they are wanted, the one that is asked about last, and their day.
pub fn made(schema: &Schema, rule: &Rule, wanted: Wanted) -> Option<(Vec<Json>, i32)> {
    if !matches!(rule.trigger, Trigger::Record { .. }) || !(1..=MOST).contains(&wanted.copies) {
        return None;
    }
    let kind = match &schema.kind(rule.trigger.kind()).origin {
        crate::data::Origin::Union(members) => {
            wanted.kind.filter(|kind| members.iter().any(|(k, _)| k == kind)).or(members.first().map(|m| m.0))?
        }
        _ => rule.trigger.kind(),
    };
    let Wanted { mut own, rows, keyed, copies, others, currency, .. } = wanted;
    // A day on which the wording that was in force last is in force.
    let day = wanted.day.or(rule.effective.0).or(rule.effective.1.map(|until| until.saturating_sub(1))).unwrap_or(DAY);
    let of = schema.kind(kind);
    if let Some(time) = of.time() {
        let column = &of.columns[time.0 as usize];
        own.entry(column.name.clone()).or_insert_with(|| moment(&column.ty, day));
    }
    let record = filled(schema, kind, own, day, currency)?;
    let mut all = Vec::new();
    let mut looked_up = Vec::new();
    for ((table, key), cells) in rows {
        looked_up.push((table, under(&record, &key)?, cells));
    }
    looked_up.extend(keyed.into_iter().map(|(table, key, cells)| (table, shown(schema, &key), cells)));
    for (table, key, cells) in looked_up {
        let table = schema.kind_named(&table)?;
        let Role::Table { key: own_key, valid } = schema.kind(table).role else { return None };
        let of = schema.kind(table);
        let mut row = filled(schema, table, cells, day, currency)?;
        set(&mut row, &of.columns[own_key.0 as usize].name, key);
        if let Some((from, until)) = valid {
            let column = |id: crate::data::ColumnId| &of.columns[id.0 as usize];
            set(&mut row, &column(from).name, shown(schema, &moment(&column(from).ty, day.checked_sub(400)?)?));
            if let Some(until) = until {
                set(&mut row, &column(until).name, shown(schema, &moment(&column(until).ty, day.checked_add(400)?)?));
            }
        }
        if !all.contains(&row) {
            all.push(row);
        }
    }
    for near in others {
        all.push(beside(schema, near, &record, day, currency)?);
    }
    for n in 1..copies {
        let mut copy = record.clone();
        let own = of.identity.iter().map(|id| &of.columns[id.0 as usize]);
        // Of one time, they come in the order of their identities, and the one that is asked about is the last.
        for column in own.filter(|c| !matches!(c.ty, Type::Date | Type::Timestamp)) {
            match column.ty {
                Type::Text => set(&mut copy, &column.name, json!(format!("before {n:03}"))),
                Type::Int => set(&mut copy, &column.name, json!(i64::try_from(n).ok()? - i64::try_from(MOST).ok()?)),
                _ => {}
            }
        }
        all.push(copy);
    }
    all.push(record);
    Some((all, day))
}

/// Another record, beside this one.
fn beside(schema: &Schema, near: Near, record: &Json, day: i32, currency: Option<Currency>) -> Option<Json> {
    let Near { like, days, nanos } = near;
    let kind = schema.kind_named(&like.kind)?;
    let of = schema.kind(kind);
    let day = day.checked_add(days)?;
    let mut cells: BTreeMap<String, Option<Value>> = BTreeMap::new();
    for name in like.present {
        cells.insert(name.clone(), Some(plain(schema, &typed(schema, kind, &name)?, day, currency)?));
    }
    cells.extend(like.with.into_iter().map(|(name, value)| (name, Some(value))));
    let mut made = filled(schema, kind, cells, day, currency)?;
    if let Some(time) = of.time() {
        let column = &of.columns[time.0 as usize];
        let at = match moment(&column.ty, day)? {
            Value::Timestamp(t) => Value::Timestamp(t.checked_add(nanos)?),
            at => at,
        };
        set(&mut made, &column.name, shown(schema, &at));
    }
    for (inner, outer) in like.equal {
        if let Some(value) = under(record, &outer) {
            set(&mut made, &inner, value);
        }
    }
    Some(made)
}

/// More records than this nobody would look at.
const MOST: usize = 60;

fn moment(ty: &Type, day: i32) -> Option<Value> {
    match ty {
        Type::Timestamp => {
            i64::from(day).checked_mul(86_400_000_000_000)?.checked_add(43_200_000_000_000).map(Value::Timestamp)
        }
        _ => Some(Value::Date(day)),
    }
}

/// A value in the region; inner none: absent.
fn value(schema: &Schema, ty: &Type, sort: &Sort, region: &Region) -> Option<Option<Value>> {
    let text = |word: &str| match ty {
        Type::Enum(id) => {
            let at = schema.enum_def(*id).words.iter().position(|w| w.name == word)?;
            Some(Value::Enum(*id, u16::try_from(at).ok()?))
        }
        Type::Ref(table) => match schema.key_type(*table) {
            Type::Text => Some(Value::Text(word.into())),
            _ => None,
        },
        _ => Some(Value::Text(word.into())),
    };
    let found = match (sort, region) {
        (_, Region::Absent) => return Some(None),
        (Sort::Truth, region) if *ty == Type::Bool => Some(Value::Bool(*region == Region::True)),
        (Sort::Words, Region::Point(Scalar::Word(word))) => text(word),
        (Sort::Words, Region::Other) => match ty {
            // A word that the rule does not name is one of those that are left; the first may be named.
            Type::Enum(_) => None,
            _ => text("something else"),
        },
        (Sort::Line { step, currency, .. }, region) => {
            let n = plain_number(ty, region, *step)?;
            let count = || i64::try_from(n).ok();
            match ty {
                Type::Int => Decimal::from_raw(n).to_int().map(Value::Int),
                Type::Decimal => Some(Value::Decimal(Decimal::from_raw(n))),
                Type::Percent => Some(Value::Percent(Decimal::from_raw(n))),
                Type::Money => Some(Value::Money(Money { amount: Decimal::from_raw(n), currency: (*currency)? })),
                Type::Date => i32::try_from(n).ok().map(Value::Date),
                Type::Timestamp => count().map(Value::Timestamp),
                Type::Duration => count().map(Value::Duration),
                Type::Bytes => count().map(Value::Bytes),
                _ => None,
            }
        }
        _ => None,
    };
    found.map(Some)
}

/// A number in the region that somebody would write: a whole one, if there is one.
fn plain_number(ty: &Type, region: &Region, step: i128) -> Option<i128> {
    let one = Decimal::from_int(1).raw();
    let (minute, hour) = (60_000_000_000, 3_600_000_000_000);
    let grains: [i128; 2] = match ty {
        Type::Decimal | Type::Money => [one, one / 100],
        Type::Percent => [one / 100, one / 10_000],
        Type::Timestamp | Type::Duration => [hour, minute],
        _ => [step, step],
    };
    let round = |grain: i128| {
        let n = match region {
            Region::Between(Some(low), _) => low.div_euclid(grain).checked_add(1)?.checked_mul(grain)?,
            Region::Between(None, Some(high)) => high.checked_sub(1)?.div_euclid(grain).checked_mul(grain)?,
            _ => return None,
        };
        matches!(region, Region::Between(_, high) if high.is_none_or(|high| n < high)).then_some(n)
    };
    grains.into_iter().find_map(round).or_else(|| inside(region, step))
}

/// A record or row with these values, and plain ones where one is required.
fn filled(
    schema: &Schema,
    kind: KindId,
    cells: BTreeMap<String, Option<Value>>,
    day: i32,
    currency: Option<Currency>,
) -> Option<Json> {
    let of: &Kind = schema.kind(kind);
    let mut record = json!({ "kind": of.name });
    for column in of.columns.iter().filter(|c| c.ty != Type::Struct) {
        let value = match cells.get(&column.name) {
            Some(value) => value.clone(),
            None if column.optional => None,
            None => Some(plain(schema, &column.ty, day, currency)?),
        };
        if let Some(value) = value {
            set(&mut record, &column.name, shown(schema, &value));
        }
    }
    Some(record)
}

fn plain(schema: &Schema, ty: &Type, day: i32, currency: Option<Currency>) -> Option<Value> {
    Some(match ty {
        Type::Bool => Value::Bool(false),
        Type::Int => Value::Int(1),
        Type::Decimal => Value::Decimal(Decimal::from_int(1)),
        Type::Percent => Value::Percent(Decimal::ZERO),
        Type::Text => Value::Text("example".into()),
        Type::Date | Type::Timestamp => moment(ty, day)?,
        Type::Duration => Value::Duration(0),
        Type::Bytes => Value::Bytes(0),
        Type::Money => {
            let currency = currency.or_else(|| Currency::parse("EUR"))?;
            Value::Money(Money { amount: Decimal::from_int(1), currency })
        }
        Type::Enum(id) if schema.enum_def(*id).words.is_empty() => return None,
        Type::Enum(id) => Value::Enum(*id, 0),
        Type::Ref(table) => plain(schema, schema.key_type(*table), day, currency)?,
        Type::List(_) | Type::Set(_) => Value::List(Vec::new()),
        Type::Struct => return None,
    })
}

/// As records have it.
fn shown(schema: &Schema, value: &Value) -> Json {
    match value {
        Value::Bool(b) => json!(b),
        Value::Int(n) => json!(n),
        Value::Enum(id, word) => json!(schema.enum_def(*id).words[usize::from(*word)].in_records()),
        Value::List(items) => items.iter().map(|v| shown(schema, v)).collect(),
        value => json!(display::exact(value, schema, &Zone::utc())),
    }
}

fn under(record: &Json, path: &str) -> Option<Json> {
    path.split('.').try_fold(record, |r, step| r.get(step)).cloned()
}

/// Under a dotted name.
fn set(record: &mut Json, path: &str, value: Json) {
    let mut at = record;
    for step in path.split('.') {
        if !at.is_object() {
            *at = Json::Object(Map::new());
        }
        at = &mut at[step];
    }
    *at = value;
}
