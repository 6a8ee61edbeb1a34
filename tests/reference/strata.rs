//! Findings as records: what rules of lower levels found, made into rows for those above.

use super::time::{Moment, zone};
use super::value::Val;
use super::verdicts::Said;
use super::{Row, World};
use bylaws::internals::data::{Clock, KindId, Origin, Type, Value, Verdict, display, identity};
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::Trigger;
use std::cmp::Ordering;

/// No record's place is as large: each finding has one of its own, and tells that of its record apart.
const PLACES: usize = 1_000_000;

/// The kind of findings, where a rule speaks of them.
pub fn kind(world: &World) -> Option<KindId> {
    let kinds = &world.hir.schema.kinds;
    kinds.iter().position(|k| k.origin == Origin::Findings).map(|i| KindId(i as u32))
}

/// Adds the rows for what has been said since the `first`.
pub fn add(world: &mut World, kind: KindId, said: &[(usize, Said)], first: usize) {
    let nth = numbers(world, &said[first..]);
    let made: Vec<Row> = said[first..]
        .iter()
        .zip(nth)
        .enumerate()
        .filter_map(|(n, ((rule, said), nth))| row(world, kind, (*rule, nth), said, PLACES + first + n))
        .collect();
    world.rows.extend(made);
}

/// What a rule says of records without an identity that are alike is numbered, what is compliant last.
fn numbers(world: &World, said: &[(usize, Said)]) -> Vec<usize> {
    let ids: Vec<[u8; 16]> = said.iter().map(|(rule, s)| id(world, *rule, s, 1)).collect();
    let row = |place: usize| world.rows.iter().find(|r| r.place == place).unwrap();
    let records = |s: &Said| match s.outcome.steps.is_empty() {
        true => vec![&world.rows[s.row]],
        false => s.outcome.steps.iter().map(|place| row(*place)).collect::<Vec<_>>(),
    };
    // What the rule reads of those that have no identity.
    let read = |of_rule: usize, row: &Row| {
        let row = row.own.map_or(row, |own| &world.rows[own]);
        let reads = world.reads[of_rule].get(&row.kind);
        let contents = row.contents.iter().filter(|(c, _)| reads.is_some_and(|columns| columns.contains(c)));
        match row.parts {
            Some(_) => String::new(),
            None => identity::of_content(&world.hir.schema, row.kind, contents.cloned()),
        }
    };
    let before = |of_rule: usize, a: &Said, b: &Said| {
        let key = |s: &Said| {
            let of: Vec<String> = records(s).iter().map(|row| read(of_rule, row)).collect();
            (s.outcome.verdict == Verdict::Compliant, of)
        };
        let (one, other) = (records(a), records(b));
        let ordered = one.iter().rev().zip(other.iter().rev()).map(|(a, b)| a.order(b).then(a.place.cmp(&b.place)));
        key(a).cmp(&key(b)).then(ordered.into_iter().find(|o| o.is_ne()).unwrap_or(Ordering::Equal)).is_lt()
    };
    let nth = |i: usize| {
        let (of_rule, own) = &said[i];
        let alike = said.iter().zip(&ids).filter(|(_, id)| **id == ids[i]);
        1 + alike.filter(|((_, other), _)| before(*of_rule, other, own)).count()
    };
    (0..said.len()).map(nth).collect()
}

fn row(world: &World, kind: KindId, (of_rule, nth): (usize, usize), said: &Said, place: usize) -> Option<Row> {
    let rule = &world.hir.rules[of_rule];
    let there = match said.outcome.verdict {
        Verdict::Finding => Truth::True,
        Verdict::Indeterminate => Truth::Unknown,
        Verdict::Pending => Truth::Pending,
        _ => return None,
    };
    let schema = &world.hir.schema;
    let of = &world.rows[said.row];
    let id = identity::hex(&id(world, of_rule, said, nth));
    let text = |t: &str| Val::Known(Value::Text(t.into()));
    let maybe = |t: &Option<String>| t.as_ref().map_or(Val::Absent, |t| text(t));
    let word = |ty: &Type, word: &str| {
        let Type::Enum(e) = ty else { panic!("a word of no enum") };
        let at = schema.enum_def(*e).words.iter().position(|w| w.name == word).unwrap();
        Val::Known(Value::Enum(*e, at as u16))
    };
    let own = schema.kind(of.kind).subject().map(|c| of.cells[c.0 as usize].clone());
    let cells: Vec<Val> = schema
        .kind(kind)
        .columns
        .iter()
        .map(|c| match c.name.as_str() {
            "id" => text(&id),
            "rule" => word(&c.ty, &rule.name),
            "severity" => word(&c.ty, rule.severity.as_str()),
            "title" => text(&rule.title),
            "policy" => maybe(&rule.policy),
            "cite" => maybe(&rule.cite),
            "consequence" => maybe(&rule.consequence),
            "time" => said.time.map_or(Val::Unknown, |t| Val::Known(in_type(t, &c.ty, &rule.clock).value())),
            // A step of another kind may have no subject where findings have one.
            _ => match said.owner.clone().map(Val::Known).or(own.clone()).unwrap_or(Val::Absent) {
                Val::Absent if !c.optional => Val::Unknown,
                subject => subject,
            },
        })
        .collect();
    let time = schema.kind(kind).time().and_then(|c| cells[c.0 as usize].known()).and_then(Moment::of);
    let (identity, parts) = (format!("id = {id}"), Some(vec![Value::Text(id)]));
    let shown = of.shown;
    let contents = Vec::new();
    Some(Row { kind, cells, time, identity, contents, parts, occurrence: 1, place, shown, there, member: 0, own: None })
}

fn in_type(time: Moment, ty: &Type, clock: &Clock) -> Moment {
    match ty {
        Type::Date => Moment::Day(time.day(&zone(clock))),
        _ => Moment::Instant(time.instant(&zone(clock))),
    }
}

/// The id that reports give the verdict.
fn id(world: &World, of_rule: usize, said: &Said, nth: usize) -> [u8; 16] {
    let rule = &world.hir.rules[of_rule];
    let revision = rule.effective.0.map_or_else(|| "1".into(), display::date);
    let named = |row: &Row| {
        let row = row.own.map_or(row, |own| &world.rows[own]);
        // Whatever rules read: what says which it is, whose and when.
        let telling = world.hir.schema.kind(row.kind).telling();
        let contents = row.contents.iter().filter(|(c, _)| telling.contains(c)).cloned();
        let identity = match row.parts {
            Some(_) => row.identity.clone(),
            None => identity::of_content(&world.hir.schema, row.kind, contents),
        };
        (world.hir.schema.kind(row.kind).name.clone(), identity)
    };
    let numbered = |(kind, identity): (String, String)| match nth {
        1 => (kind, identity),
        _ => (kind, format!("{identity} ({nth})")),
    };
    let mut defining: Vec<(String, String)> = Vec::new();
    if said.outcome.steps.is_empty() {
        defining.push(numbered(named(&world.rows[said.row])));
        if let (Trigger::Each { table, .. }, Some(time)) = (&rule.trigger, said.time)
            && *table == world.rows[said.row].kind
        {
            let Value::Date(day) = time.value() else { panic!("a period ends on a day") };
            defining.push(("period end".into(), display::date(day)));
        }
        if let Some(owner) = &said.owner {
            defining.push(("above".into(), super::plain(owner)));
        }
    } else {
        for place in &said.outcome.steps {
            defining.push(named(world.rows.iter().find(|r| r.place == *place).unwrap()));
        }
        let last = defining.pop().map(numbered);
        defining.extend(last);
    }
    let defining: Vec<(&str, &str)> = defining.iter().map(|(k, i)| (k.as_str(), i.as_str())).collect();
    identity::finding(&rule.name, &revision, &defining)
}
