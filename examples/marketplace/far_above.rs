//! Rule 4: exports of 30 days far above the median of the unit, told once a month.

use std::collections::{BTreeMap, BTreeSet};

use super::records::export;
use super::setup::unit_asset;
use super::time::{Moment, moment};
use super::world::{Ref, World};

const RULE: &str = "exports_far_above_the_unit";
/// So many times the median, and no fewer than these.
const TIMES: usize = 3;
const AT_LEAST: usize = 15;

/// Exports beside the usual ones, two a day: some are far above the unit, some are not.
pub fn plant(w: &mut World) {
    busy_unit(w);
    for (begin, unit, count) in [
        ("2024-07-01 10:20", "Marketing", 17),
        ("2025-03-01 10:20", "Logistics", 18),
        ("2024-10-14 10:20", "Marketing", 2),
        ("2025-08-04 10:20", "Engineering", 9),
    ] {
        let who = w.take("far above", unit);
        for n in 0..count {
            let of = w.put(export(moment(begin).plus_days(n / 2).plus_minutes(n % 2 * 95), &who, &unit_asset(unit, 2)));
            if count < 10 {
                w.compliant(RULE, &of, "More than usual, but fewer than 15");
            }
        }
    }
}

/// A unit that sends much for a month: six exports are usual, so that 18 are far above, and 17 are not.
fn busy_unit(w: &mut World) {
    let unit = "Finance";
    let (first, last) = (moment("2025-10-01 10:20"), moment("2025-10-31 10:20"));
    let file = unit_asset(unit, 1);
    for (n, who) in w.people.steady(unit).into_iter().enumerate() {
        w.keep_quiet(&who, first.day, last.day);
        let (begin, between) = match n {
            0 => (Some(first.plus_minutes(1)), 16),
            1 => (Some(first), 16),
            _ => (None, 6),
        };
        if let Some(begin) = begin {
            w.put(export(begin, &who, &file));
        }
        for i in 0..between {
            w.put(export(first.plus_days(2 + i / 2).plus_minutes(i % 2 * 130), &who, &file));
        }
        if n < 2 {
            let of = w.put(export(last, &who, &file));
            if n == 1 {
                w.compliant(RULE, &of, "17 exports in a unit in which six are usual; one more was 30 days before");
            }
        }
    }
}

/// What all exports come to, whoever made them.
pub fn judge(w: &mut World) {
    let mut all: Vec<(Moment, String, &'static str, Ref)> = Vec::new();
    for (at, who, of) in w.exports() {
        let at = moment(&at);
        let unit = w.people.unit(&who, at.day);
        all.push((at, who, unit, of));
    }
    all.sort_by(|a, b| (a.0, &a.3.id).cmp(&(b.0, &b.3.id)));
    // By unit, how many of the last 30 days are whose; what has left these days is taken off.
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut own: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut first, mut told) = (0, BTreeSet::new());
    let mut verdicts = Vec::new();
    for (at, who, unit, of) in &all {
        while all[first].0.plus_days(30) <= *at {
            let (_, who, unit, _) = &all[first];
            let in_unit = counts.get_mut(unit).expect("counted before");
            let left = in_unit.get_mut(who.as_str()).expect("counted before");
            *left -= 1;
            if *left == 0 {
                in_unit.remove(who.as_str());
            }
            *own.get_mut(who.as_str()).expect("counted before") -= 1;
            first += 1;
        }
        let in_unit = counts.entry(unit).or_default();
        *in_unit.entry(who).or_insert(0) += 1;
        let mine = own.entry(who).or_insert(0);
        *mine += 1;
        let mut sorted: Vec<usize> = in_unit.values().copied().collect();
        sorted.sort_unstable();
        // Twice the median is a whole number.
        let twice = sorted[sorted.len() / 2] + sorted[(sorted.len() - 1) / 2];
        if *mine >= AT_LEAST && 2 * *mine >= TIMES * twice {
            let verdict = if told.insert((who, at.day.year(), at.day.month())) { "finding" } else { "repeated" };
            let half = if twice % 2 == 1 { ".5" } else { "" };
            let words = format!("{mine} exports in 30 days; the median of the unit is {}{half}", twice / 2);
            verdicts.push((verdict, of.clone(), words));
        }
    }
    for (verdict, of, words) in verdicts {
        w.expect(RULE, verdict, &of, words);
    }
}
