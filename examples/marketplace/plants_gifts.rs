//! Rules 14 to 19: gifts and hospitality.

use super::records::{approval, gift, physician_transfer, tender, usd};
use super::row::Row;
use super::time::{Day, day};
use super::world::{Ref, World};

pub fn plant(w: &mut World) {
    one_recipient(w);
    us_officials(w);
    partners(w);
    foreign_officials(w);
    bidders(w);
    physicians(w);
}

/// What an employee gives to somebody outside.
fn given(at: Day, giver: &str, recipient: &str, side: &str, cents: i32) -> Row {
    gift(at, recipient, giver, &usd(cents)).text("giver_side", "employee").text("recipient_side", side)
}

const CLEARED: &str = "value_to_foreign_official_without_clearance";

/// Cleared by the giver's manager five days before.
fn cleared(w: &mut World, at: Day, row: Row) -> Ref {
    let id = w.id("gift");
    let giver = row.as_text("giver").to_string();
    let manager = w.people.manager(&giver, at.plus(-5));
    w.put(approval(at.plus(-5).at(10, 0), &giver, &manager, &id, "gift"));
    let of = w.put(row.text("id", &id));
    w.expect(CLEARED, "excepted cleared", &of, "Cleared by the manager five days before");
    of
}

fn one_recipient(w: &mut World) {
    const RULE: &str = "gifts_to_one_recipient";
    // Gifts to one manager of a state enterprise each: day, cents, purpose; and what the last of them comes to.
    type Gifts = &'static [(&'static str, i32, &'static str)];
    let cases: [(Gifts, bool, &str); 7] = [
        (&[("2024-05-20", 6000, "business"), ("2024-09-12", 4001, "business")], true, "100.01 USD in the year"),
        (&[("2026-02-10", 9000, "business"), ("2026-03-29", 1100, "business")], true, "101 USD on 2026-03-29"),
        (&[("2026-03-30", 30_001, "business")], true, "300.01 USD on 2026-03-30"),
        (&[("2024-06-04", 6000, "business"), ("2024-11-19", 4000, "business")], false, "Exactly 100 USD in the year"),
        (&[("2024-12-18", 6000, "business"), ("2025-01-15", 6000, "business")], false, "60 USD in each of two years"),
        (&[("2025-06-03", 5000, "business"), ("2025-07-09", 15_000, "bereavement")], false, "A wreath stands apart"),
        (
            &[("2026-01-28", 9900, "business"), ("2026-03-30", 20_100, "business")],
            false,
            "Exactly 300 USD on 2026-03-30",
        ),
    ];
    for (n, (gifts, found, words)) in cases.into_iter().enumerate() {
        let giver = w.take("gifts", "Commerce");
        let recipient = format!("Manager {n} of State enterprise {}", n % 6 + 1);
        for (i, (at, cents, purpose)) in gifts.iter().enumerate() {
            let row = given(day(at), &giver, &recipient, "foreign_official", *cents).text("purpose", purpose);
            let of = cleared(w, day(at), row);
            let last = i + 1 == gifts.len();
            w.expect(RULE, if last && found { "finding" } else { "compliant" }, &of, words);
        }
    }
}

fn us_officials(w: &mut World) {
    const OCCASION: &str = "gifts_to_us_official_per_occasion";
    const YEAR: &str = "gifts_to_us_official_per_year";
    type Gifts = &'static [(&'static str, i32, &'static str, bool)];
    // Gifts to one official each: day, cents, occasion, cash; and what the last of them comes to by either rule.
    let cases: [(Gifts, bool, bool, &str); 10] = [
        (&[("2024-07-16", 2001, "Trade fair", false)], true, false, "20.01 USD on one occasion"),
        (&[("2025-04-09", 500, "Site visit", true)], true, false, "5 USD in cash"),
        (
            &[("2025-09-03", 1200, "Trade fair", false), ("2025-09-09", 1200, "Trade fair", false)],
            true,
            false,
            "24 USD of two employees on one occasion",
        ),
        (
            &[
                ("2024-04-17", 1500, "Visit 1", false),
                ("2024-06-19", 1500, "Visit 2", false),
                ("2024-08-21", 1500, "Visit 3", false),
                ("2024-10-23", 1500, "Visit 4", false),
            ],
            false,
            true,
            "60 USD in the year",
        ),
        (
            &[
                ("2025-01-15", 2000, "Visit 1", false),
                ("2025-05-14", 2000, "Visit 2", false),
                ("2025-11-19", 1001, "Visit 3", false),
            ],
            false,
            true,
            "50.01 USD in the year",
        ),
        (&[("2024-10-09", 2000, "Trade fair", false)], false, false, "Exactly 20 USD on one occasion"),
        (
            &[("2025-03-12", 1200, "Hearing", false), ("2025-03-13", 1200, "Reception", false)],
            false,
            false,
            "24 USD on two occasions",
        ),
        (
            &[("2025-06-04", 1200, "Open day", false), ("2025-06-11", 1200, "Open day", false)],
            false,
            false,
            "Two occasions of one name, a week apart",
        ),
        (
            &[
                ("2025-02-05", 2000, "Visit 1", false),
                ("2025-07-02", 2000, "Visit 2", false),
                ("2025-12-03", 1000, "Visit 3", false),
            ],
            false,
            false,
            "Exactly 50 USD in the year",
        ),
        (
            &[
                ("2024-09-11", 2000, "Visit 1", false),
                ("2024-12-11", 2000, "Visit 2", false),
                ("2025-01-29", 2000, "Visit 3", false),
            ],
            false,
            false,
            "60 USD, but in two calendar years",
        ),
    ];
    for (n, (gifts, by_occasion, by_year, words)) in cases.into_iter().enumerate() {
        for (i, (at, cents, occasion, cash)) in gifts.iter().enumerate() {
            let giver = w.take("gifts", "Legal");
            let row = given(day(at), &giver, &format!("US official {n}"), "us_official", *cents);
            let of = w.put(row.text("occasion", occasion).flag("cash_like", *cash));
            let last = i + 1 == gifts.len();
            w.expect(OCCASION, if last && by_occasion { "finding" } else { "compliant" }, &of, words);
            w.expect(YEAR, if last && by_year { "finding" } else { "compliant" }, &of, words);
        }
    }
}

fn partners(w: &mut World) {
    const GIVEN: &str = "gift_to_partner_staff";
    const ACCEPTED: &str = "gift_accepted_from_partner";
    for (at, cents, side, purpose, found, words) in [
        ("2024-06-12", 2500, "business_partner", "business", true, "To a customer's buyer"),
        ("2024-09-10", 800, "business_partner", "business", true, "Small: no amount is safe"),
        ("2024-11-07", 1500, "business_partner", "promotional", false, "A calendar with the company's name"),
        ("2025-05-13", 9000, "business_partner", "bereavement", false, "A wreath"),
        ("2025-08-06", 3000, "other", "business", false, "To a speaker, who is no counterparty's staff"),
    ] {
        let giver = w.take("gifts", "Commerce");
        let row = given(day(at), &giver, &format!("Buyer of Customer {}", cents / 100), side, cents);
        let of = w.put(row.text("purpose", purpose).text("party", format!("Customer {}", cents % 7 + 1)));
        w.expect(GIVEN, if found { "finding" } else { "compliant" }, &of, words);
    }
    let giver = w.take("gifts", "Commerce");
    let of = w.put(given(day("2025-10-16"), &giver, "Buyer of Customer 31", "business_partner", 12_500));
    w.finding(GIVEN, &of, "125 USD to a customer's buyer");
    w.finding("gifts_to_one_recipient", &of, "125 USD to a customer's buyer: over the limit of the year too");
    for (at, purpose, found, words) in [
        ("2025-10-15", "business", true, "On the day from which accepting is named"),
        ("2025-11-13", "business", true, "Hospitality of a supplier"),
        ("2025-10-14", "business", false, "The day before accepting is named"),
        ("2025-12-09", "promotional", false, "A calendar with the supplier's name"),
        ("2026-02-04", "personal", false, "Between friends"),
    ] {
        let who = w.take("gifts", "Logistics");
        let row =
            gift(day(at), &who, "Sales contact of Supplier 22", &usd(2400)).text("giver_side", "business_partner");
        let of = w.put(row.text("party", "Supplier 22").text("purpose", purpose));
        w.expect(ACCEPTED, if found { "finding" } else { "compliant" }, &of, words);
    }
}

fn foreign_officials(w: &mut World) {
    for (at, how, verdict, words) in [
        ("2024-08-29", "none", "finding", "No clearance"),
        ("2025-02-13", "late", "finding", "Cleared two days after"),
        ("2025-08-19", "oneself", "finding", "Cleared by the giver"),
        ("2025-12-11", "lapsed", "finding", "Cleared 90 days before"),
        ("2024-11-26", "manager", "excepted cleared", "Cleared 89 days before"),
    ] {
        let at = day(at);
        let giver = w.take("gifts", "Commerce");
        let id = w.id("gift");
        let manager = w.people.manager(&giver, at);
        let (granted, approver) = match how {
            "late" => (at.plus(2), manager),
            "oneself" => (at.plus(-4), giver.clone()),
            "lapsed" => (at.plus(-90), manager),
            _ => (at.plus(-89), manager),
        };
        if how != "none" {
            w.put(approval(granted.at(11, 0), &giver, &approver, &id, "gift"));
        }
        let row = given(at, &giver, &format!("Director {how} of Authority 2"), "foreign_official", 3000);
        let of = w.put(row.text("id", &id).text("party", "Authority 2"));
        w.expect(CLEARED, verdict, &of, words);
    }
    let giver = w.take("gifts", "Commerce");
    let of = w.put(given(day("2025-04-24"), &giver, "Mayor of a town", "other", 3000));
    w.compliant(CLEARED, &of, "To nobody who is a foreign official");
    let of =
        w.put(given(day("2025-06-10"), &giver, "Official 31", "foreign_official", 3000).text("recipient_side", "??"));
    w.expect(CLEARED, "indeterminate", &of, "A side that cannot be read");
    for rule in ["gift_to_partner_staff", "gifts_to_us_official_per_occasion"] {
        w.expect(rule, "indeterminate", &of, "A side that cannot be read");
    }
}

fn bidders(w: &mut World) {
    const RULE: &str = "gift_from_bidder";
    w.put(tender(day("2024-09-02"), Some(day("2024-10-15")), &["Bidder 1", "Bidder 2", "Bidder 3"]));
    w.put(tender(day("2025-05-06"), Some(day("2025-06-27")), &["Bidder 4", "Bidder 5", "Bidder 6"]));
    w.put(tender(day("2025-11-03"), None, &["Bidder 7", "Bidder 8"]));
    for (at, party, purpose, found, words) in [
        ("2024-09-02", "Bidder 1", "business", true, "On the day on which the tender opened"),
        ("2024-11-14", "Bidder 3", "business", true, "On the 30th day after the award"),
        ("2026-02-12", "Bidder 7", "personal", true, "A tender that is not awarded yet"),
        ("2024-09-01", "Bidder 1", "business", false, "The day before the tender opened"),
        ("2024-11-15", "Bidder 2", "business", false, "31 days after the award"),
        ("2025-06-10", "Bidder 9", "business", false, "Somebody who does not bid"),
        ("2025-05-20", "Bidder 1", "business", false, "A bidder of another tender, long awarded"),
    ] {
        let who = w.take("gifts", "Procurement");
        let row = gift(day(at), &who, &format!("Sales contact of {party}"), &usd(1800)).text("party", party);
        let of = w.put(row.text("giver_side", "business_partner").text("purpose", purpose));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
    let who = w.take("gifts", "Procurement");
    let row = gift(day("2025-12-16"), &who, "Sales contact of Bidder 8", &usd(2200)).text("party", "Bidder 8");
    let of = w.put(row.text("giver_side", "business_partner"));
    w.finding(RULE, &of, "While the tender was open");
    w.finding("gift_accepted_from_partner", &of, "Accepted from a counterparty that bids");
}

fn physicians(w: &mut World) {
    const RULE: &str = "physician_transfers_not_reported";
    // Cents of what was given in the year, and whether it was reported.
    type Transfers = &'static [(i32, bool)];
    let cases: [(i32, Transfers, bool, &str); 12] = [
        (2024, &[(4200, false)], true, "One of 42 USD was not reported"),
        (2024, &[(9000, true), (5000, true), (900, false)], true, "One of 9 USD of over 140 USD was not reported"),
        (2025, &[(1400, false)], true, "One of 14 USD was not reported"),
        (2025, &[(1200, false), (13_000, true)], true, "One of 12 USD of over 140 USD was not reported"),
        (2025, &[(7500, true), (2600, false)], true, "One of 26 USD was not reported"),
        (2024, &[(1200, false), (1306, false)], false, "Two small ones, one by a cent"),
        (2024, &[(1200, false), (11_866, true)], false, "A small one, and exactly 130.66 USD in the year"),
        (2025, &[(1345, false)], false, "A small one by a cent, which would have counted in the year before"),
        (2025, &[(900, false), (12_000, true)], false, "A small one, 129 USD in the year"),
        (2025, &[(15_000, true), (8000, true)], false, "All reported"),
        (2026, &[(5000, false)], false, "The year is not over"),
        (2024, &[(6000, true)], false, "All reported"),
    ];
    for (n, (year, transfers, found, words)) in cases.into_iter().enumerate() {
        let physician = format!("Physician {}", n + 1);
        for (i, (cents, reported)) in transfers.iter().enumerate() {
            let month = if year == 2026 { 2 } else { 5 + 2 * i32::try_from(i).expect("few") };
            w.put(physician_transfer(Day::of(year, month, 12), &physician, *cents, *reported));
        }
        let of = Ref { kind: "physician", id: physician };
        let verdict = if found { "finding" } else { "compliant" };
        w.expect_on(RULE, verdict, &of, Day::of(year, 12, 31), words);
    }
    for n in 0..40 {
        let at = day("2024-04-16").plus(n * 17).weekday();
        let cents = w.rng.between(1500, 9000);
        w.put(physician_transfer(at, &format!("Physician {}", 13 + n % 4), cents, true));
    }
}
