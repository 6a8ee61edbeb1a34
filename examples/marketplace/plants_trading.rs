//! Rules 25 to 27: trades of one's own, and all reports of access persons.

use super::records::{access_person_start, closed_period, holdings_report, trade, trade_clearance, transaction_report};
use super::setup::trading_days;
use super::time::{Day, FIRST, LAST, day};
use super::world::{Ref, World};

const CLOSED: &str = "trade_in_closed_period";
const CLEARANCE: &str = "trade_without_clearance";
const OWN: &str = "Own shares";

pub fn plant(w: &mut World) {
    closed(w);
    clearances(w);
    plans(w);
    holdings(w);
    transactions(w);
}

/// The thirty days before each announcement of results, which is on the last day.
pub const CLOSED_PERIODS: [(&str, &str); 8] = [
    ("2024-04-15", "2024-05-14"),
    ("2024-07-16", "2024-08-14"),
    ("2024-10-15", "2024-11-14"),
    ("2025-01-14", "2025-02-13"),
    ("2025-04-15", "2025-05-14"),
    ("2025-07-16", "2025-08-14"),
    ("2025-10-15", "2025-11-14"),
    ("2026-01-14", "2026-02-12"),
];

fn closed(w: &mut World) {
    for (opens, closes) in CLOSED_PERIODS {
        w.put(closed_period(day(opens), day(closes), OWN));
    }
    for (at, plan, expected, words) in [
        ("2024-10-15", None, "finding", "On the first day of a closed period"),
        ("2025-02-13", None, "finding", "On the last day of a closed period"),
        ("2025-08-06", Some("2025-07-21"), "finding", "Under a plan that was adopted in the closed period"),
        ("2024-08-15", None, "compliant", "The day after a closed period"),
        ("2025-01-13", None, "compliant", "The day before a closed period"),
        ("2025-04-29", Some("2024-12-02"), "excepted under_plan", "Under a plan that was adopted before"),
        ("2026-01-27", Some("2025-09-15"), "excepted under_plan", "Under a plan that was adopted before"),
    ] {
        let who = w.take("trading", "Engineering");
        w.put(trade_clearance(trading_days(day(at), -2), &who, OWN));
        let of = w.put(trade(day(at), &who, OWN).maybe("plan_adopted", plan));
        w.expect(CLOSED, expected, &of, words);
    }
    let who = w.take("trading", "Engineering");
    w.put(trade_clearance(day("2025-10-29"), &who, "Parcel Holdings"));
    let of = w.put(trade(day("2025-10-30"), &who, "Parcel Holdings"));
    w.compliant(CLOSED, &of, "Another instrument");
}

fn clearances(w: &mut World) {
    for (at, before, instrument, expected, words) in [
        ("2024-09-24", Some(6), "Parcel Holdings", "finding", "Cleared six trading days before"),
        ("2025-03-19", Some(1), "Another", "finding", "Another instrument was cleared"),
        ("2025-06-25", Some(-1), "Cloud Farm", "finding", "Cleared a day after"),
        ("2025-12-10", None, "Parcel Holdings", "finding", "No clearance"),
        (
            "2024-10-11",
            Some(5),
            "Cloud Farm",
            "compliant",
            "Cleared five trading days before, with a week of holidays between",
        ),
        ("2025-09-17", Some(5), "Parcel Holdings", "compliant", "Cleared five trading days before"),
        ("2025-12-16", Some(0), "Cloud Farm", "compliant", "Cleared on the day"),
    ] {
        let who = w.take("trading", "Data platform");
        let traded = if instrument == "Another" { "Cloud Farm" } else { instrument };
        if let Some(before) = before {
            w.put(trade_clearance(trading_days(day(at), -before), &who, instrument));
        }
        let of = w.put(trade(day(at), &who, traded));
        w.expect(CLEARANCE, expected, &of, words);
    }
}

fn plans(w: &mut World) {
    const RULE: &str = "plan_trade_too_early";
    // Days from adoption to the trade, and the day of the results.
    for (unit, adopted, days, results, found, words) in [
        ("Commerce", "2024-05-22", 90, Some("2024-08-14"), true, "On the 90th day after adoption"),
        ("Finance", "2025-08-18", 120, None, true, "On the 120th day after adoption, no results on record"),
        ("Marketing", "2025-08-19", 91, Some("2025-11-14"), true, "On the second business day after the results"),
        ("Legal", "2024-05-20", 91, Some("2024-08-14"), false, "On the 91st day after adoption, results known"),
        ("People", "2024-11-18", 121, None, false, "On the 121st day after adoption, whatever the results"),
        ("Procurement", "2025-08-20", 91, Some("2025-11-14"), false, "On the third business day after the results"),
        ("Commerce", "2023-02-20", 480, Some("2023-05-15"), false, "A plan of before the rule"),
    ] {
        let who = w.people.head_of(unit);
        let row = trade(day(adopted).plus(days), &who, OWN).text("plan_adopted", adopted);
        let of = w.put(row.maybe("results_disclosed", results));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
        under_plan(w, &of);
    }
    let who = w.take("trading", "Engineering");
    let of = w.put(trade(day("2024-12-05"), &who, OWN).text("plan_adopted", "2024-11-18"));
    w.compliant(RULE, &of, "Nobody who is an officer");
    under_plan(w, &of);
}

fn under_plan(w: &mut World, of: &Ref) {
    w.expect(CLEARANCE, "excepted under_plan", of, "A trade under a plan needs no clearance");
}

fn holdings(w: &mut World) {
    const RULE: &str = "holdings_report_late";
    for (at, after, expected, words) in [
        ("2024-07-01", Some(11), "finding", "Reported on the 11th day"),
        ("2024-12-02", None, "finding", "Not reported"),
        ("2025-06-03", Some(24), "finding", "Reported on the 24th day"),
        ("2025-10-09", Some(13), "finding", "Reported on the 13th day"),
        ("2025-02-10", Some(10), "compliant", "Reported on the 10th day"),
        ("2025-08-11", Some(0), "compliant", "Reported on the day"),
        ("2026-03-24", None, "pending", "The 10 days are not over"),
    ] {
        let who = w.take("trading", "Legal");
        let of = w.put(access_person_start(day(at), &who));
        if let Some(after) = after {
            w.put(holdings_report(day(at).plus(after), &who));
        }
        w.expect(RULE, expected, &of, words);
    }
    let hired: Vec<(String, Day)> =
        w.people.all.iter().filter(|p| p.access && p.hired >= FIRST).map(|p| (p.id.clone(), p.hired)).collect();
    for (id, hired) in hired {
        w.put(access_person_start(hired, &id));
        let after = w.rng.between(1, 8);
        w.put(holdings_report(hired.plus(after), &id));
    }
}

/// Every access person reports for every quarter; some are late.
fn transactions(w: &mut World) {
    const RULE: &str = "transaction_report_late";
    // Who of the access persons of a quarter, and after how many days.
    let late: [(&str, usize, Option<i32>, &str); 12] = [
        ("2024-06-30", 3, Some(31), "Reported on the 31st day"),
        ("2024-06-30", 9, Some(30), "Reported on the 30th day"),
        ("2024-09-30", 14, None, "Not reported"),
        ("2024-12-31", 5, Some(44), "Reported on the 44th day"),
        ("2024-12-31", 21, Some(33), "Reported on the 33rd day"),
        ("2025-03-31", 11, Some(31), "Reported on the 31st day"),
        ("2025-06-30", 17, None, "Not reported"),
        ("2025-06-30", 8, Some(30), "Reported on the 30th day"),
        ("2025-09-30", 2, Some(52), "Reported on the 52nd day"),
        ("2025-09-30", 25, Some(36), "Reported on the 36th day"),
        ("2025-12-31", 12, Some(40), "Reported on the 40th day"),
        ("2025-12-31", 19, None, "Not reported"),
    ];
    let mut end = day("2024-06-30");
    while end <= LAST {
        let access: Vec<_> =
            w.people.all.iter().filter(|p| p.access && p.at(end).is_some()).map(|p| p.id.clone()).collect();
        for (n, id) in access.iter().enumerate() {
            let of = w.row_of(id, end);
            let plan = late.iter().find(|l| day(l.0) == end && l.1 == n);
            let usual = w.rng.between(4, 26);
            let after = plan.map_or(Some(usual), |l| l.2).filter(|_| end < LAST);
            if let Some(after) = after {
                w.put(transaction_report(end.plus(after), id, end));
            }
            match plan {
                _ if end == LAST => w.expect_on(RULE, "pending", &of, end, "The 30 days are not over"),
                Some((_, _, after, words)) => {
                    let verdict = if *after == Some(30) { "compliant" } else { "finding" };
                    w.expect_on(RULE, verdict, &of, end, *words);
                }
                None => {}
            }
        }
        end = end.plus(1).plus_months(3).plus(-1);
    }
}
