//! A company's ordinary days: gifts, payments, trades, claims, reports. All of it is compliant.

use std::collections::{BTreeMap, BTreeSet};

use super::background_data::season;
use super::plants_trading::CLOSED_PERIODS;
use super::records::{
    adverse_action, approval, attendance, cny, contract, disclosure, engagement, expense, gift, interest_change,
    knowledge, payment, receipt, reply, report, tender, trade, trade_clearance, usd, vendor_onboarding, visit,
};
use super::setup::{business_days, trading_days};
use super::time::{Day, FIRST, LAST, day};
use super::world::World;

pub fn all(w: &mut World) {
    let mut month = FIRST;
    while month <= LAST {
        gifts(w, month);
        payments(w, month);
        trades(w, month);
        interests(w, month);
        reports(w, month);
        month = month.plus_months(1);
    }
    expenses(w);
    tenders(w);
    for (n, at) in ["2024-05-28", "2024-11-20", "2025-03-25", "2025-08-19", "2026-01-27"].into_iter().enumerate() {
        let who = w.people.steady("Health store")[n % 3].clone();
        w.put(adverse_action(day(at), &who, ["transfer", "demotion", "other"][n % 3]));
    }
}

/// A weekday of the month.
fn day_of(w: &mut World, month: Day) -> Day {
    let at = month.plus(w.rng.between(0, 25)).weekday();
    if at > LAST { LAST } else { at }
}

/// One of those for whom something changes in the two years: no plant is about them.
fn other(w: &mut World, at: Day) -> String {
    let all = w.people.others(at);
    w.rng.pick(&all).clone()
}

/// So many in a month: in hundredths of the usual, and more from year to year.
fn many(month: Day, usual: i32, percent: i32) -> i32 {
    (usual * percent / 100) * (100 + month.since(FIRST) / 12) / 100
}

fn gifts(w: &mut World, month: Day) {
    let festival = match month.month() {
        1 | 9 => 260,
        2 | 12 => 180,
        _ => 100,
    };
    for _ in 0..many(month, 14, festival) {
        let at = day_of(w, month);
        let who = other(w, at);
        let (kind, n) = *w.rng.pick(&[("Supplier", 40), ("Customer", 40)]);
        let party = format!("{kind} {}", w.rng.between(1, n));
        let value = usd(w.rng.between(300, 4200));
        let purpose = match w.rng.between(1, 10) {
            1..=3 => "promotional",
            4 => "personal",
            _ if at >= day("2025-10-01") => "promotional",
            _ => "business",
        };
        let row = gift(at, &who, &format!("Sales contact of {party}"), &value).text("giver_side", "business_partner");
        w.put(row.text("party", party).text("purpose", purpose));
    }
    for _ in 0..many(month, 6, festival) {
        let at = day_of(w, month);
        let who = other(w, at);
        let party = format!("Customer {}", w.rng.between(1, 40));
        let contact = w.rng.between(1, 4);
        let value = usd(w.rng.between(200, 2500));
        let row = gift(at, &format!("Buyer {contact} of {party}"), &who, &value).text("giver_side", "employee");
        let row = row.text("recipient_side", "business_partner").text("party", party);
        w.put(row.text("purpose", "promotional"));
    }
}

fn payments(w: &mut World, month: Day) {
    let payers = w.people.steady("Finance");
    for _ in 0..many(month, 46, season(month)) {
        let at = day_of(w, month).max(FIRST.plus(12));
        let payer = w.rng.pick(&payers).clone();
        let party = match w.rng.between(1, 12) {
            1 => format!("Agent {}", w.rng.between(1, 6)),
            2 => format!("School {}", w.rng.between(1, 8)),
            _ => format!("Supplier {}", w.rng.between(1, 60)),
        };
        let yuan = if w.rng.chance(45) { w.rng.between(5001, 90_000) } else { w.rng.between(120, 5000) };
        let id = w.id("payment");
        let row = payment(at, &payer, &party, yuan).text("id", &id);
        if yuan > 5000 {
            let manager = w.people.manager(&payer, at);
            let granted = at.plus(-w.rng.between(0, 10)).at(w.rng.between(9, 17), 20);
            w.put(approval(granted, &payer, &manager, &id, "payment").text("authority", cny(100_000)));
            w.put(row.text("approver", manager));
        } else {
            w.put(row);
        }
    }
    let buyers = w.people.steady("Procurement");
    for _ in 0..w.rng.between(4, 9) {
        let at = day_of(w, month);
        let buyer = w.rng.pick(&buyers).clone();
        let n = w.rng.between(1, 60);
        let party = format!("Supplier {n}");
        w.put(contract(at, &buyer, &party));
        // Those before are brought in where it is planted.
        if n > 40 && w.rng.chance(75) {
            w.put(vendor_onboarding(at.plus(-3).max(FIRST), &buyer, &party));
        }
    }
    let at = day_of(w, month);
    let who = other(w, at);
    if !w.people.find(&who).role.is_some_and(|role| role.ends_with("suppliers")) {
        let giver = format!("School {}", w.rng.between(1, 8));
        let yuan = w.rng.between(2, 9) * 100;
        w.put(receipt(at, &who, &giver, yuan));
    }
}

fn trades(w: &mut World, month: Day) {
    for _ in 0..w.rng.between(9, 17) {
        let at = trading_days(day_of(w, month).plus(-1), 1).max(day("2024-04-12"));
        let closed = CLOSED_PERIODS.iter().any(|(opens, closes)| day(opens) <= at && at <= day(closes));
        let instrument = *w.rng.pick(&["Own shares", "Own shares", "Parcel Holdings", "Cloud Farm"]);
        if at > LAST || (closed && instrument == "Own shares") {
            continue;
        }
        let who = other(w, at);
        let cleared = trading_days(at, -w.rng.between(0, 4));
        w.put(trade_clearance(cleared, &who, instrument));
        w.put(trade(at, &who, instrument));
    }
}

fn interests(w: &mut World, month: Day) {
    for _ in 0..w.rng.between(2, 4) {
        let at = day_of(w, month).max(FIRST.plus(24));
        let who = other(w, at);
        let payer = format!("School {}", w.rng.between(1, 8));
        let row = engagement(at, &who, &payer);
        let topic = *w.rng.pick(&["Photography", "Sailing", "Mathematics", "Music"]);
        let row = row.list("topics", &[topic]);
        let fee = usd(w.rng.between(50, 900) * 100);
        let row = if w.rng.chance(40) { row.text("fee", fee) } else { row };
        w.put(row);
    }
    let at = day_of(w, month);
    let stated = at.plus(w.rng.between(1, 28));
    if stated <= LAST {
        let who = other(w, at);
        w.put(interest_change(at, &who));
        w.put(disclosure(stated, &who));
    }
}

fn reports(w: &mut World, month: Day) {
    const ALLEGATIONS: [&str; 10] = [
        "harassment",
        "harassment",
        "retaliation",
        "bribery",
        "bribery",
        "data",
        "conflict_of_interest",
        "conflict_of_interest",
        "expenses",
        "other",
    ];
    for _ in 0..5 + month.since(FIRST) / 60 + i32::from(month.month() == 12) * 3 + w.rng.between(0, 3) {
        let at = day_of(w, month).max(FIRST.plus(1)).at(w.rng.between(0, 23), w.rng.between(0, 59));
        let (channel, allegation) = (w.rng.between(1, 120), *w.rng.pick(&ALLEGATIONS));
        let row = report(at, channel, allegation);
        let row = if w.rng.chance(45) { row.text("reporter", other(w, at.day)) } else { row };
        let of = w.put(row);
        let acknowledged = at.plus_minutes(w.rng.between(60, 6 * 1440));
        if acknowledged.day <= LAST {
            w.put(reply(acknowledged, &of.id, "acknowledgement"));
        } else {
            w.expect("report_acknowledged", "pending", &of, "The 7 days are not over");
        }
        let answered = acknowledged.plus_minutes(w.rng.between(9 * 1440, 80 * 1440));
        if answered.day <= LAST {
            w.put(reply(answered, &of.id, "feedback"));
        } else {
            w.expect("report_feedback", "pending", &of, "The 3 months are not over");
        }
    }
    // A manager comes to know of something.
    let at = day_of(w, month);
    let unit = *w.rng.pick(&["Commerce", "Engineering", "Marketing", "Finance"]);
    let manager = w.people.head_of(unit);
    let allegation = *w.rng.pick(&ALLEGATIONS);
    let reported = business_days(at, 1);
    if reported <= LAST {
        w.put(knowledge(at, &manager, allegation));
        if allegation == "harassment" {
            w.report_in_time(reported, &manager, allegation);
        }
    }
}

fn tenders(w: &mut World) {
    for n in 0..9 {
        let opened = FIRST.plus(30 + n * 75).weekday();
        let bidders = [10 + n % 5, 10 + (n + 1) % 5, 10 + (n + 3) % 5].map(|b| format!("Bidder {b}"));
        let bidders: Vec<&str> = bidders.iter().map(String::as_str).collect();
        let awarded = opened.plus(40 + n * 3);
        w.put(tender(opened, (awarded <= LAST).then_some(awarded), &bidders));
    }
}

fn expenses(w: &mut World) {
    let mut claimed = BTreeSet::new();
    let mut last: BTreeMap<String, Day> = BTreeMap::new();
    let mut at = FIRST.plus(8);
    while at <= LAST {
        let busy = if at.weekend() { 0 } else { season(at) * w.rng.between(3, 7) / 100 };
        for _ in 0..busy {
            let everyone = w.people.employed(at);
            let who = w.rng.pick(&everyone).clone();
            if last.get(&who).is_some_and(|l| at.since(*l) < 5) {
                continue;
            }
            last.insert(who.clone(), at);
            let spent = at.plus(-w.rng.between(1, 7));
            let (merchant, least, most, ground) = match w.rng.between(1, 10) {
                1 | 2 => ("Express Rail".to_string(), 80, 900, "travel"),
                3 => ("Metro Taxi".to_string(), 20, 120, "overtime"),
                4 => (format!("City Inn {}", w.rng.between(1, 9)), 280, 900, "travel"),
                5 => ("Express Rail".to_string(), 80, 700, "visit"),
                6 => (format!("Stationer {}", w.rng.between(1, 5)), 15, 300, "other"),
                _ => (format!("Tea House {}", w.rng.between(1, 20)), 40, 480, "meal"),
            };
            let mut yuan = w.rng.between(least, most);
            while !claimed.insert((merchant.clone(), spent, yuan)) {
                yuan += 1;
            }
            if w.people.find(&who).hired > spent {
                continue;
            }
            let minute = w.rng.between(0, 59);
            if ground == "overtime" {
                let left = spent.at(w.rng.between(20, 23), minute);
                w.put(attendance(&who, left));
            } else if ground == "visit" {
                w.put(visit(spent, &who));
            } else if w.rng.chance(15) {
                let left = spent.at(w.rng.between(16, 19), minute);
                w.put(attendance(&who, left));
            }
            let filed = at.at(w.rng.between(9, 18), w.rng.between(0, 59));
            w.put(expense(filed, &who, spent, &merchant, yuan).text("ground", ground));
        }
        at = at.plus(1);
    }
}
