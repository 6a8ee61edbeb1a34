//! Rules 28 to 32: expenses and approvals.

use super::records::{approval, attendance, expense, payment, vendor_onboarding, visit};
use super::time::{day, moment};
use super::world::World;

pub fn plant(w: &mut World) {
    twice(w);
    grounds(w);
    split(w);
    four_eyes(w);
    vendors(w);
}

const fn verdict(found: bool) -> &'static str {
    if found { "finding" } else { "compliant" }
}

fn twice(w: &mut World) {
    const RULE: &str = "claimed_twice";
    // When the second claim was filed, how many days after the first, by whom, and for how much more.
    for (n, (at, after, same_person, more, found, words)) in [
        ("2024-04-23 10:00", 6, true, 0, true, "Claimed again by the same person"),
        ("2024-07-09 10:00", 1, false, 0, true, "Claimed again by another person"),
        ("2024-10-16 10:00", 20, true, 0, true, "Claimed again by the same person"),
        ("2024-12-17 10:00", 3, false, 0, true, "Claimed again by another person"),
        ("2025-02-18 10:00", 12, true, 0, true, "Claimed again by the same person"),
        ("2025-04-08 10:00", 90, true, 0, true, "On the 90th day after"),
        ("2025-06-19 10:00", 2, false, 0, true, "Two who shared a taxi"),
        ("2025-08-12 10:00", 33, true, 0, true, "Claimed again by the same person"),
        ("2025-10-15 10:00", 5, false, 0, true, "Claimed again by another person"),
        ("2025-11-25 10:00", 1, true, 0, true, "Claimed again by the same person"),
        ("2026-01-13 10:00", 8, false, 0, true, "Claimed again by another person"),
        ("2026-03-11 10:00", 4, true, 0, true, "Claimed again by the same person"),
        ("2024-08-13 10:00", 5, true, 1, false, "Another amount"),
        ("2025-05-20 10:00", 91, true, 0, false, "91 days after"),
        ("2025-09-09 10:00", 9, true, -1, false, "Another amount"),
    ]
    .into_iter()
    .enumerate()
    {
        let first = w.take("expenses", "Commerce");
        let second = if same_person { first.clone() } else { w.take("expenses", "Commerce") };
        let (at, merchant) = (moment(at), format!("Harbour Hotel {}", n + 1));
        let spent = at.day.plus(-after - 2);
        let yuan = 130 + i32::try_from(n).expect("few") * 7;
        w.put(expense(at.plus_days(-after), &first, spent, &merchant, yuan));
        let of = w.put(expense(at, &second, spent, &merchant, yuan + more));
        w.expect(RULE, verdict(found), &of, words);
    }
}

fn grounds(w: &mut World) {
    const OVERTIME: &str = "overtime_contradicted";
    const VISIT: &str = "visit_contradicted";
    for (spent, left, expected, words) in [
        ("2024-06-19", None, "finding", "Nobody saw them on the day"),
        (
            "2025-02-08",
            Some("2025-02-08 16:00"),
            "finding",
            "A Saturday on which the offices worked; they left at 16:00",
        ),
        ("2025-07-15", Some("2025-07-15 19:59"), "finding", "They left a minute before 20:00"),
        ("2025-09-17", Some("2025-09-17 20:00"), "compliant", "They left at 20:00"),
        ("2025-11-11", Some("2025-11-11 23:10"), "compliant", "They left at 23:10"),
        ("2025-06-14", Some("2025-06-14 15:30"), "excepted day_off", "A Saturday; they were there"),
        ("2024-10-02", Some("2024-10-02 13:00"), "excepted day_off", "A holiday; they were there"),
    ] {
        let who = w.take("expenses", "User operations");
        if let Some(left) = left {
            w.put(attendance(&who, moment(left)));
        }
        let row = expense(day(spent).plus(3).at(9, 40), &who, day(spent), "Night Taxi", 66);
        let of = w.put(row.text("ground", "overtime"));
        w.expect(OVERTIME, expected, &of, words);
    }
    let (who, other) = (w.take("expenses", "User operations"), w.take("expenses", "User operations"));
    w.put(attendance(&other, moment("2025-04-15 21:30")));
    let row = expense(moment("2025-04-17 09:30"), &who, day("2025-04-15"), "Night Taxi", 71);
    let of = w.put(row.text("ground", "overtime"));
    w.finding(OVERTIME, &of, "Somebody else was there");
    for (spent, visited, found, words) in [
        ("2024-08-22", None, true, "No visit on record"),
        ("2025-03-11", Some("2025-03-12"), true, "The visit was a day later"),
        ("2024-12-05", Some("2024-12-05"), false, "A visit of that day"),
        ("2025-08-27", Some("2025-08-27"), false, "A visit of that day"),
    ] {
        let who = w.take("expenses", "Commerce");
        if let Some(visited) = visited {
            w.put(visit(day(visited), &who));
        }
        let row = expense(day(spent).plus(4).at(10, 5), &who, day(spent), "Intercity Rail", 212);
        let of = w.put(row.text("ground", "visit"));
        w.expect(VISIT, verdict(found), &of, words);
    }
}

fn split(w: &mut World) {
    const RULE: &str = "split_claims";
    // Hours after the first claim, and yuan; what the last comes to.
    type Claims = &'static [(i32, i32)];
    let cases: [(&str, Claims, bool, &str); 13] = [
        ("2024-06-05 09:00", &[(0, 300), (1, 201)], true, "501 yuan in an hour"),
        ("2024-08-14 09:00", &[(0, 480), (24, 470)], true, "950 yuan in two days"),
        ("2024-10-30 09:00", &[(0, 200), (3, 200), (6, 200)], true, "600 yuan in three claims"),
        ("2024-12-04 09:00", &[(0, 499), (5, 499)], true, "998 yuan in a day"),
        ("2025-03-19 09:00", &[(0, 500), (47, 1)], true, "501 yuan, 47 hours apart"),
        ("2025-05-14 09:00", &[(0, 350), (2, 350)], true, "700 yuan in two hours"),
        ("2025-07-23 09:00", &[(0, 450), (24, 420)], true, "870 yuan in two days"),
        ("2025-11-19 09:00", &[(0, 260), (4, 255)], true, "515 yuan in an afternoon"),
        ("2026-01-21 09:00", &[(0, 490), (1, 490)], true, "980 yuan in an hour"),
        ("2025-01-15 09:00", &[(0, 300), (1, 200)], false, "Exactly 500 yuan"),
        ("2025-04-23 09:00", &[(0, 400), (48, 400)], false, "Exactly 48 hours apart"),
        ("2025-06-18 09:00", &[(0, 400), (2, 780)], false, "One over the limit, which has a second signature"),
        ("2025-10-22 09:00", &[(0, 400), (170, 300)], false, "A week apart"),
    ];
    for (n, (begin, claims, found, words)) in cases.into_iter().enumerate() {
        let who = w.take("expenses", "Marketing");
        for (i, (hours, yuan)) in claims.iter().enumerate() {
            let filed = moment(begin).plus_minutes(hours * 60);
            let spent = filed.day.plus(-1 - i32::try_from(i).expect("few"));
            let of = w.put(expense(filed, &who, spent, &format!("Print Shop {}", n + 1), *yuan));
            if i + 1 == claims.len() {
                w.expect(RULE, verdict(found), &of, words);
            }
        }
    }
    // A waiver for one merchant, for the days of a fair.
    for (begin, verdict, words) in [
        ("2025-05-20 09:00", "waived", "Within the waiver for the fair's hotel"),
        ("2025-06-02 09:00", "finding", "After the waiver for the fair's hotel"),
    ] {
        let (who, at) = (w.take("expenses", "Marketing"), moment(begin));
        w.put(expense(at, &who, at.day.plus(-2), "Fair Hotel", 410));
        let of = w.put(expense(at.plus_minutes(20), &who, at.day.plus(-1), "Fair Hotel", 420));
        w.expect(RULE, verdict, &of, words);
    }
    let who = w.take("expenses", "Marketing");
    let row = expense(moment("2024-11-20 15:00"), &who, day("2024-11-18"), "Seaside Inn", 64);
    let of = w.put(row.text("amount", "64.00 EUR"));
    w.expect(RULE, "indeterminate", &of, "An amount in another currency, and no rates");
    let who = w.take("expenses", "Marketing");
    w.put(expense(moment("2025-09-03 09:00"), &who, day("2025-09-01"), "Print Shop 20", 400));
    let of = w.put(expense(moment("2025-09-03 10:00"), &who, day("2025-09-01"), "Print Shop 21", 400));
    w.compliant(RULE, &of, "At two merchants");
}

fn four_eyes(w: &mut World) {
    const RULE: &str = "payment_without_four_eyes";
    // Who approved, how many days before, authority and expiry in days after the payment.
    for (at, yuan, by, before, authority, expires, revoked, found, words) in [
        ("2024-04-25", 12_000, "nobody", 0, 0, None, None, true, "No approval"),
        ("2024-08-22", 18_500, "oneself", 3, 50_000, None, None, true, "Approved by the requester"),
        ("2024-11-14", 44_000, "below", 3, 50_000, None, None, true, "Approved by somebody below"),
        ("2025-03-13", 30_001, "manager", 3, 30_000, None, None, true, "One yuan over the approver's authority"),
        ("2025-06-05", 9_000, "manager", -1, 50_000, None, None, true, "Approved a day after"),
        (
            "2025-09-11",
            26_000,
            "manager",
            20,
            50_000,
            Some(-5),
            None,
            true,
            "The approval had expired five days before",
        ),
        ("2025-11-20", 15_000, "manager", 91, 50_000, None, None, true, "Approved 91 days before"),
        ("2026-02-12", 21_000, "manager", 9, 50_000, None, Some(-2), true, "The approval had been revoked"),
        ("2024-07-18", 5_000, "nobody", 0, 0, None, None, false, "Exactly at the limit"),
        ("2024-10-24", 30_000, "manager", 3, 30_000, None, None, false, "Exactly at the approver's authority"),
        ("2025-02-20", 7_500, "manager", 0, 50_000, None, None, false, "Approved on the day"),
        ("2025-05-22", 8_800, "manager", 30, 50_000, Some(1), None, false, "The approval expires on the day after"),
        ("2025-08-14", 9_900, "manager", 90, 50_000, None, None, false, "Approved 90 days before"),
        ("2025-10-09", 6_200, "manager", 9, 50_000, None, Some(2), false, "Revoked two days later"),
    ] {
        let at = day(at);
        let staff = w.take("expenses", if yuan % 2000 == 0 { "Finance" } else { "Engineering" });
        let manager = w.people.manager(&staff, at);
        let payer = if by == "below" { manager.clone() } else { staff.clone() };
        let approver = match by {
            "manager" => Some(manager),
            "oneself" => Some(payer.clone()),
            "below" => Some(staff),
            _ => None,
        };
        let id = w.id("payment");
        if let Some(approver) = &approver {
            let row = approval(at.plus(-before).at(9, 15), &payer, approver, &id, "payment");
            let row = row.text("authority", super::records::cny(authority));
            let row = row.maybe("expires", expires.map(|days| at.plus(days).at(12, 0)));
            w.put(row.maybe("revoked", revoked.map(|days| at.plus(days).at(12, 0))));
        }
        let row = payment(at, &payer, "Supplier 30", yuan).maybe("approver", approver);
        let of = w.put(row.text("id", &id));
        w.expect(RULE, verdict(found), &of, words);
    }
    let who = w.take("expenses", "Finance");
    let of = w.put(payment(day("2025-12-18"), &who, "Supplier 30", 1).text("amount", "12.500,00 CNY"));
    w.expect(RULE, "indeterminate", &of, "An amount that cannot be read");
}

fn vendors(w: &mut World) {
    const RULE: &str = "vendor_and_payment_by_one";
    for (vendor, brought_in, at, by_sponsor, paid_to, found, words) in [
        ("Supplier 35", "2024-04-22", "2024-07-25", true, "Supplier 35", true, "Approved by who brought the vendor in"),
        ("Supplier 36", "2024-11-04", "2025-04-10", true, "Supplier 36", true, "Approved by who brought the vendor in"),
        ("Supplier 38", "2024-05-13", "2024-09-26", false, "Supplier 38", false, "Approved by somebody else"),
        ("Supplier 39", "2024-06-17", "2025-01-23", true, "Supplier 40", false, "Another vendor"),
        ("Supplier 34", "2025-09-15", "2025-08-28", true, "Supplier 34", false, "Brought in only later"),
    ] {
        let (sponsor, other) = (w.take("expenses", "Procurement"), w.take("expenses", "Procurement"));
        let payer = w.take("expenses", "Finance");
        w.put(vendor_onboarding(day(brought_in), &sponsor, vendor));
        let approver = if by_sponsor { &sponsor } else { &other };
        let of = w.put(payment(day(at), &payer, paid_to, 3200).text("approver", approver));
        w.expect(RULE, verdict(found), &of, words);
    }
}
