//! What a rule says of each record.

use super::sequence;
use super::time::{period_of, to_days, zone};
use super::value::*;
use super::{Env, Outcome, Root, World, plain, scalar};
use bylaws::internals::data::{Value, Verdict};
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::*;

/// A verdict, with the record and moment that it is of, and for whom it is where it is not for the record's subject.
pub struct Said {
    pub outcome: Outcome,
    pub row: usize,
    pub time: Option<super::time::Moment>,
    pub owner: Option<Value>,
}

/// All verdicts of one rule.
pub fn judge(world: &World, rule: &Rule) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    let of = |root: &Root, outcome: Outcome| Said { outcome, row: root.row, time: root.time, owner: None };
    if let Trigger::Sequence(sequence) = &rule.trigger {
        for found in sequence::judge(world, rule, sequence) {
            let own = outcome(world, rule, &found.root, found.verdict, found.exception);
            said.push(of(&found.root, Outcome { steps: found.steps, ..own }));
        }
    }
    // One record may count for several people: verdicts about one of these are not about the record alone.
    let mut owned = Vec::new();
    for (root, valid) in triggers(world, rule) {
        let env: Env = vec![Some(root)];
        if let Some((verdict, exception)) = judge_one(world, rule, &env, valid) {
            let root = env[0].as_ref().unwrap();
            said.push(of(root, outcome(world, rule, root, verdict, exception)));
        }
    }
    if let Body::Limit { when, aggregate, to } = &rule.body {
        let replayed = replay(world, rule, when.as_ref(), aggregate, to);
        let (theirs, own): (Vec<_>, Vec<_>) = replayed.into_iter().partition(|s| s.owner.is_some());
        said.extend(own);
        owned.extend(theirs);
    }
    // What no sequence could take is told at the record that lacks its time or key. There its own
    // verdict stays, unless that is compliant.
    for row in left_out(world, rule) {
        let place = world.rows[row].place;
        let own = said.iter_mut().find(|s| s.outcome.place == place);
        match own {
            Some(own) if own.outcome.verdict == Verdict::Compliant => own.outcome.verdict = Verdict::Indeterminate,
            Some(_) => {}
            None => {
                let root = world.root(row);
                said.push(of(&root, outcome(world, rule, &root, Verdict::Indeterminate, None)));
            }
        }
    }
    let alone = said.len();
    said.extend(owned);
    if let Some(once) = &rule.once {
        let mut outcomes: Vec<Outcome> = said.iter().map(|s| s.outcome.clone()).collect();
        thin(world, rule, once, &mut outcomes, alone);
        said.iter_mut().zip(outcomes).for_each(|(s, o)| s.outcome = o);
    }
    said
}

/// Of the findings with one key in one period, only the first is one. Those from `alone` on are each about somebody
/// of their own, and one about another is not counted with them.
fn thin(world: &World, rule: &Rule, once: &Once, outcomes: &mut [Outcome], alone: usize) {
    let zone = zone(&rule.clock);
    let mut found: Vec<(jiff::Timestamp, usize, usize)> = Vec::new();
    for (i, o) in outcomes.iter().enumerate().filter(|(_, o)| o.verdict == Verdict::Finding) {
        let of = |row: &&usize| world.rows[**row].place == o.place && world.rows[**row].kind == rule.trigger.kind();
        let row = *(0..world.rows.len()).collect::<Vec<_>>().iter().find(of).unwrap();
        let Some(time) = o.time else { continue };
        let dated = matches!(rule.trigger, Trigger::Each { .. })
            || matches!(world.rows[row].time, Some(super::time::Moment::Day(_)));
        let value = if dated { Value::Date(time as i32) } else { Value::Timestamp(time) };
        found.push((super::time::Moment::of(&value).unwrap().instant(&zone), row, i));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| world.rows[a.1].order(&world.rows[b.1])));
    let mut first: Vec<(Option<String>, jiff::civil::Date, Vec<Value>)> = Vec::new();
    for (time, row, i) in found {
        let day = zone.to_datetime(time).date();
        // Of a sequence, the keys are read from its last record, which is at several roots.
        let env: Env = vec![Some(world.root(row)); 20];
        let keys: Option<Vec<Value>> = once.keys.iter().map(|k| world.value(rule, k, &env).known().cloned()).collect();
        let Some(keys) = keys else { continue };
        let about = if i < alone { None } else { outcomes[i].subject.clone() };
        let group = (about, period_of(day, once.period, &rule.clock).0, keys);
        match first.contains(&group) {
            true => outcomes[i].verdict = Verdict::Repeated,
            false => first.push(group),
        }
    }
}

fn outcome(world: &World, rule: &Rule, root: &Root, verdict: Verdict, exception: Option<String>) -> Outcome {
    let row = &world.rows[root.row];
    let subject = world.hir.schema.kind(row.kind).subject();
    Outcome {
        rule: rule.name.clone(),
        verdict,
        place: row.place,
        time: root.time.map(scalar),
        subject: subject.and_then(|c| row.cells[c.0 as usize].known()).map(plain),
        exception,
        steps: Vec::new(),
    }
}

/// The records or table rows that the rule is about; for a row of a table, whether it is valid then.
fn triggers(world: &World, rule: &Rule) -> Vec<(Root, Truth)> {
    let rows = || (0..world.rows.len()).filter(|&i| world.rows[i].kind == rule.trigger.kind());
    let each = |time, period| {
        rows()
            .map(|row| (Root { row, time: Some(time), period }, world.valid(&world.rows[row], Some(time), &rule.clock)))
            .collect::<Vec<_>>()
    };
    match &rule.trigger {
        // See `sequence`.
        Trigger::Sequence(_) => Vec::new(),
        Trigger::Record { .. } => rows().map(|row| (world.root(row), world.rows[row].there)).collect(),
        Trigger::Each { at: EachAt::AsOf, .. } => match world.watermark(&rule.clock) {
            Some(watermark) => each(watermark.event, None),
            None => Vec::new(),
        },
        Trigger::Each { at: EachAt::EndOf(period), .. } => {
            let zone = zone(&rule.clock);
            let Some(watermark) = world.watermark(&rule.clock) else { return Vec::new() };
            // Without any record there is the watermark's own day.
            let days = world.times.iter().map(|t| t.day(&zone));
            let mut day = days.min().unwrap_or(watermark.event.day(&zone));
            let mut found = Vec::new();
            loop {
                let (first, last) = period_of(day, *period, &rule.clock);
                if watermark.day <= last {
                    return found;
                }
                found.extend(each(super::time::Moment::Day(last), Some((first, last))));
                day = last.tomorrow().unwrap();
            }
        }
    }
}

fn judge_one(world: &World, rule: &Rule, env: &Env, valid: Truth) -> Option<(Verdict, Option<String>)> {
    // Judged in order, by key: see `replay`.
    if let Body::Limit { .. } = rule.body {
        return None;
    }
    let filter = filter(world, rule, env, valid);
    if filter == Truth::False {
        return None;
    }
    match in_force(rule, env) {
        Truth::True => {}
        Truth::False => return None,
        _ => return Some((Verdict::Indeterminate, None)),
    }
    let truth = |e: &Expr| world.truth(rule, e, env);
    let violation = match &rule.body {
        Body::Forbid { when } => and([filter, truth(when)]),
        Body::Require { when, need } => {
            let needed = truth_of(&world.history(rule, need, env, false));
            and([filter, when.as_ref().map_or(Truth::True, truth), not(needed)])
        }
        Body::Limit { .. } => return None,
    };
    Some(conclude(world, rule, env, violation))
}

fn filter(world: &World, rule: &Rule, env: &Env, valid: Truth) -> Truth {
    and([valid, rule.trigger.filter().map_or(Truth::True, |f| world.truth(rule, f, env))])
}

/// Was the rule in force on the event's day?
pub fn in_force(rule: &Rule, env: &Env) -> Truth {
    let (from, until) = rule.effective;
    if from.is_none() && until.is_none() {
        return Truth::True;
    }
    let Some(time) = env[0].as_ref().and_then(|r| r.time) else { return Truth::Unknown };
    let day = to_days(time.day(&zone(&rule.clock)));
    if from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until) {
        Truth::True
    } else {
        Truth::False
    }
}

pub fn conclude(world: &World, rule: &Rule, env: &Env, violation: Truth) -> (Verdict, Option<String>) {
    match violation {
        Truth::False => return (Verdict::Compliant, None),
        Truth::Unknown => return (Verdict::Indeterminate, None),
        Truth::Pending => return (Verdict::Pending, None),
        Truth::True => {}
    }
    let exceptions: Vec<Truth> = rule.unless.iter().map(|e| world.truth(rule, &e.condition, env)).collect();
    if let Some(i) = exceptions.iter().position(|&t| t == Truth::True) {
        return (Verdict::Excepted, Some(rule.unless[i].name.clone()));
    }
    match or(exceptions) {
        Truth::Pending => return (Verdict::Pending, None),
        Truth::Unknown => return (Verdict::Indeterminate, None),
        _ => {}
    }
    // By the record's own day, from the first to before the last.
    let mut doubt = false;
    for waiver in &rule.waivers {
        let day = env[0].as_ref().and_then(|r| r.time).map(|t| to_days(t.day(&zone(&rule.clock))));
        let then = match day {
            None => Truth::Unknown,
            Some(day) if waiver.from <= day && day < waiver.until => Truth::True,
            Some(_) => Truth::False,
        };
        match and([then, waiver.condition.as_ref().map_or(Truth::True, |c| world.truth(rule, c, env))]) {
            Truth::True => return (Verdict::Waived, Some(format!("{} from {}", waiver.covers, waiver.from))),
            Truth::False => {}
            _ => doubt = true,
        }
    }
    (if doubt { Verdict::Indeterminate } else { Verdict::Finding }, None)
}

/// `limit`: the records of each key in order. At each, the aggregate before and after it; it fires where
/// the limit is passed and it was armed, and is armed again once the aggregate is within the limit.
///
/// Where a key is a set, a record counts for each in it; with each outcome, whether it is about one of these.
fn replay(world: &World, rule: &Rule, when: Option<&Expr>, aggregate: &History, to: &Expr) -> Vec<Said> {
    let mut outcomes = Vec::new();
    let told = |outcome, row: usize, owner| Said { outcome, row, time: world.rows[row].time, owner };
    // Keys, whom of a set, and the records with whether they have these keys for sure.
    type Keyed = (Vec<Value>, Option<Value>, Vec<(usize, Truth)>);
    let mut keyed: Vec<Keyed> = Vec::new();
    for row in (0..world.rows.len()).filter(|&i| world.rows[i].kind == rule.trigger.kind()) {
        let env: Env = vec![Some(world.root(row))];
        if filter(world, rule, &env, Truth::True) == Truth::False {
            continue;
        }
        let single = aggregate.keys.iter().filter(|k| !matches!(k.outer.kind, ExprKind::Every { .. }));
        let keys: Vec<Val> = single.map(|k| world.value(rule, &k.outer, &env)).collect();
        let way = aggregate.keys.iter().find_map(|k| world.every(rule, &k.outer, &env));
        let gap = world.rows[row].time.is_none() || keys.iter().any(|k| k.known().is_none());
        if (gap || way.as_ref().is_some_and(|w| !w.whole)) && in_force(rule, &env) != Truth::False {
            outcomes.push(told(outcome(world, rule, &world.root(row), Verdict::Indeterminate, None), row, None));
        }
        if gap {
            continue;
        }
        let keys: Vec<Value> = keys.iter().filter_map(|k| k.known().cloned()).collect();
        let owners: Vec<(Option<Value>, Truth)> = match &way {
            None => vec![(None, Truth::True)],
            Some(way) => {
                let sure = |v: &Value| if way.sure.contains(v) { Truth::True } else { Truth::Unknown };
                way.above.iter().map(|v| (Some(v.clone()), sure(v))).collect()
            }
        };
        if owners.is_empty() && way.is_some_and(|w| w.whole) {
            let verdict = match in_force(rule, &env) {
                Truth::False => continue,
                Truth::True => Verdict::Compliant,
                _ => Verdict::Indeterminate,
            };
            outcomes.push(told(outcome(world, rule, &world.root(row), verdict, None), row, None));
        }
        for (owner, sure) in owners {
            match keyed.iter_mut().find(|(k, o, _)| *k == keys && *o == owner) {
                Some((.., rows)) => rows.push((row, sure)),
                None => keyed.push((keys.clone(), owner, vec![(row, sure)])),
            }
        }
    }
    for (_, owner, mut rows) in keyed {
        rows.sort_by(|&(a, _), &(b, _)| world.rows[a].order(&world.rows[b]));
        let mut armed = Truth::True;
        for (row, sure) in rows {
            let env: Env = vec![Some(world.root(row))];
            // A wording begins anew: nothing was over its limit before it could be broken.
            if in_force(rule, &env) == Truth::False {
                armed = Truth::True;
                continue;
            }
            let limit = world.value(rule, to, &env);
            world.into.set(super::rates::currency(&limit));
            let before = world.history_for(rule, aggregate, &env, true, owner.as_ref());
            let after = world.history_for(rule, aggregate, &env, false, owner.as_ref());
            world.into.set(None);
            // Where there was nothing yet, a least or greatest is absent, and so not over the limit.
            let over_before = compare(CompareOp::Gt, before, limit.clone(), false);
            let over = compare(CompareOp::Gt, after, limit, false);
            armed = or([armed, not(over_before)]);
            let filter = filter(world, rule, &env, and([sure, world.rows[row].there]));
            let fires = and([filter, over, armed]);
            armed = if matches!(fires, Truth::Unknown | Truth::Pending) { Truth::Unknown } else { not(over) };
            let violation = and([fires, when.map_or(Truth::True, |w| world.truth(rule, w, &env))]);
            let (verdict, exception) = conclude(world, rule, &env, violation);
            let mut outcome = outcome(world, rule, &world.root(row), verdict, exception);
            if let Some(owner) = &owner {
                outcome.subject = Some(plain(owner));
            }
            outcomes.push(told(outcome, row, owner.clone()));
        }
    }
    outcomes
}

/// Records that may be of a step of the rule's sequence, and that have no known time, or no known key; those
/// apart for which a part of its filter that reads nothing but the record is false.
fn left_out(world: &World, rule: &Rule) -> Vec<usize> {
    let mut rows: Vec<usize> = Vec::new();
    if let Trigger::Sequence(sequence) = &rule.trigger {
        // Of what may not lie between, it is looked at where it may be.
        for step in sequence.steps.iter().filter(|s| s.times != Times::None) {
            let last = sequence.last().is_some_and(|last| std::ptr::eq(last, step));
            for row in (0..world.rows.len()).filter(|&i| world.rows[i].kind == step.kind) {
                let mut env: Env = vec![None; step.root as usize];
                env.push(Some(world.root(row)));
                let lacks = world.rows[row].time.is_none()
                    || step.keys.iter().any(|k| world.value(rule, &k.inner, &env).known().is_none());
                let mut parts = Vec::new();
                step.filter.iter().for_each(|f| conjuncts(f, &mut parts));
                parts.retain(|e| reads_only(e, step.root));
                let excluded = parts.iter().any(|e| world.truth(rule, e, &env) == Truth::False);
                let event: Env = vec![Some(world.root(row))];
                let beside = last && in_force(rule, &event) == Truth::False;
                if lacks && !excluded && !beside && !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
    }
    rows
}

pub fn conjuncts<'a>(expr: &'a Expr, parts: &mut Vec<&'a Expr>) {
    match &expr.kind {
        ExprKind::And(sides) => sides.iter().for_each(|e| conjuncts(e, parts)),
        ExprKind::Named { body, .. } => conjuncts(body, parts),
        _ => parts.push(expr),
    }
}

pub fn reads_only(expr: &Expr, root: u8) -> bool {
    let own = match &expr.kind {
        ExprKind::Column { root: r, .. }
        | ExprKind::EventTime { root: r }
        | ExprKind::Lookup { root: r, .. }
        | ExprKind::Under { root: r, .. }
        | ExprKind::Every { root: r, .. } => *r == root,
        ExprKind::History(_) | ExprKind::PeriodStart | ExprKind::PeriodEnd => false,
        _ => true,
    };
    own && children(expr).into_iter().all(|e| reads_only(e, root))
}

/// The expressions right under one; those of a history condition apart.
fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::And(sides) | ExprKind::Or(sides) => sides.iter().collect(),
        ExprKind::Compare { left, right, .. }
        | ExprKind::TextTest { left, right, .. }
        | ExprKind::Overlaps { left, right, .. }
        | ExprKind::Arith { left, right, .. }
        | ExprKind::Coalesce(left, right) => vec![left, right],
        ExprKind::InColumn { item, list, .. } => vec![item, list],
        ExprKind::Under { who, above, .. } => vec![who, above],
        ExprKind::Lookup { key: of, .. }
        | ExprKind::Every { who: of, .. }
        | ExprKind::Convert(of)
        | ExprKind::Not(of)
        | ExprKind::In { item: of, .. }
        | ExprKind::InDomain { host: of, .. }
        | ExprKind::Matches { left: of, .. }
        | ExprKind::Present(of)
        | ExprKind::Neg(of)
        | ExprKind::Shift { time: of, .. }
        | ExprKind::Named { body: of, .. } => vec![of],
        ExprKind::Constant(_)
        | ExprKind::Column { .. }
        | ExprKind::EventTime { .. }
        | ExprKind::PeriodStart
        | ExprKind::PeriodEnd
        | ExprKind::AsOf
        | ExprKind::History(_) => vec![],
    }
}
