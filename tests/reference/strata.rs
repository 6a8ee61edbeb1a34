//! Findings as records: what rules of lower levels found, made into rows for those above.

use super::time::{Moment, zone};
use super::value::Val;
use super::verdicts::Said;
use super::{Row, World};
use bylaws::internals::data::{Clock, KindId, Origin, Type, Value, Verdict, display, identity};
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::{Rule, Trigger};

/// No record's place is as large: each finding has one of its own, and tells that of its record apart.
const PLACES: usize = 1_000_000;

/// The kind of findings, where a rule speaks of them.
pub fn kind(world: &World) -> Option<KindId> {
    let kinds = &world.hir.schema.kinds;
    kinds.iter().position(|k| k.origin == Origin::Findings).map(|i| KindId(i as u32))
}

/// Adds the rows for what has been said since the `first`.
pub fn add(world: &mut World, kind: KindId, said: &[(usize, Said)], first: usize) {
    let made: Vec<Row> = said
        .iter()
        .enumerate()
        .skip(first)
        .filter_map(|(n, (rule, said))| row(world, kind, &world.hir.rules[*rule], said, PLACES + n))
        .collect();
    world.rows.extend(made);
}

fn row(world: &World, kind: KindId, rule: &Rule, said: &Said, place: usize) -> Option<Row> {
    let there = match said.outcome.verdict {
        Verdict::Finding => Truth::True,
        Verdict::Indeterminate => Truth::Unknown,
        Verdict::Pending => Truth::Pending,
        _ => return None,
    };
    let schema = &world.hir.schema;
    let of = &world.rows[said.row];
    let id = identity::hex(&id(world, rule, said));
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
    Some(Row { kind, cells, time, identity, parts, occurrence: 1, place, shown, there, member: 0, own: None })
}

fn in_type(time: Moment, ty: &Type, clock: &Clock) -> Moment {
    match ty {
        Type::Date => Moment::Day(time.day(&zone(clock))),
        _ => Moment::Instant(time.instant(&zone(clock))),
    }
}

/// The id that reports give the verdict.
fn id(world: &World, rule: &Rule, said: &Said) -> [u8; 16] {
    let revision = rule.effective.0.map_or_else(|| "1".into(), display::date);
    let named = |row: &Row| {
        let row = row.own.map_or(row, |own| &world.rows[own]);
        let again = if row.occurrence > 1 { format!(" ({})", row.occurrence) } else { String::new() };
        let again = if row.parts.is_some() { String::new() } else { again };
        (world.hir.schema.kind(row.kind).name.clone(), format!("{}{again}", row.identity))
    };
    let mut defining: Vec<(String, String)> = Vec::new();
    if said.outcome.steps.is_empty() {
        defining.push(named(&world.rows[said.row]));
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
    }
    let defining: Vec<(&str, &str)> = defining.iter().map(|(k, i)| (k.as_str(), i.as_str())).collect();
    identity::finding(&rule.name, &revision, &defining)
}
