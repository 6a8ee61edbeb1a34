//! Rules 20 to 24: bribery, suppliers and intermediaries.

use super::records::{benefit, contract, counterparty, payment, receipt};
use super::time::{Day, day};
use super::world::{Ref, World};

pub fn plant(w: &mut World) {
    favours(w);
    officials(w);
    suppliers(w);
    blacklist(w);
    intermediaries(w);
}

const FAVOUR: &str = "receipts_for_favour";
const FAVOUR_REFERRAL: &str = "receipts_for_favour_referral";

fn favour(w: &mut World, at: &str, to: &str, from: &str, yuan: i32) -> Ref {
    w.put(receipt(day(at), to, from, yuan).flag("for_favour", true))
}

fn favours(w: &mut World) {
    let who = w.take("bribery", "Commerce");
    let of = favour(w, "2024-06-18", &who, "Customer 7", 2800);
    w.finding(FAVOUR, &of, "Received for a favour, far below the sum of a referral");
    w.compliant(FAVOUR_REFERRAL, &of, "Below the sum at which counsel considers a referral");
    let who = w.take("bribery", "Marketing");
    for (at, yuan) in [("2024-09-10", 18_000), ("2025-04-11", 11_999)] {
        let of = favour(w, at, &who, "Customer 19", yuan);
        w.finding(FAVOUR, &of, "Two receipts for favours, one yuan below a referral in all");
        w.compliant(FAVOUR_REFERRAL, &of, "29,999 yuan in all: one yuan below");
    }
    let who = w.take("bribery", "Commerce");
    let first = favour(w, "2024-11-05", &who, "Customer 20", 20_000);
    w.finding(FAVOUR, &first, "The first of two receipts for favours");
    let second = favour(w, "2025-05-20", &who, "Customer 20", 10_000);
    w.finding(FAVOUR_REFERRAL, &second, "30,000 yuan in all: exactly at the sum");
    w.compliant(FAVOUR, &second, "From the sum on the other rule speaks");
    let other = w.take("bribery", "Commerce");
    let of = favour(w, "2025-05-20", &other, "Customer 20", 10_000);
    w.finding(FAVOUR, &of, "The same giver, another person");
    w.compliant(FAVOUR_REFERRAL, &of, "What another person received does not count");
    let who = w.take("bribery", "Logistics");
    let of = favour(w, "2025-11-18", &who, "Supplier 33", 64_000);
    w.finding(FAVOUR_REFERRAL, &of, "One receipt for a favour over the sum");
    let who = w.take("bribery", "Marketing");
    let of = w.put(receipt(day("2025-02-12"), &who, "Customer 22", 45_000));
    w.compliant(FAVOUR, &of, "Not for a favour");
    w.compliant(FAVOUR_REFERRAL, &of, "Not for a favour, whatever the sum");
}

fn officials(w: &mut World) {
    const RULE: &str = "benefit_to_official_referral";
    for (at, unit, yuan, aggravation, words) in [
        ("2024-08-14", "Commerce", 30_000, None, "Exactly at 30,000 yuan"),
        ("2025-10-22", "Logistics", 10_000, Some("promotion"), "Exactly at 10,000 yuan, with an aggravation"),
    ] {
        let who = w.take("bribery", unit);
        let of = w.put(benefit(day(at), &who, "Official 1", yuan).maybe("aggravation", aggravation));
        w.finding(RULE, &of, words);
    }
    let who = w.take("bribery", "Legal");
    for (n, at) in ["2025-02-03", "2025-03-17", "2025-06-26"].into_iter().enumerate() {
        let of = w.put(benefit(day(at), &who, &format!("Official {}", n + 2), 4000));
        match n {
            2 => w.finding(RULE, &of, "12,000 yuan to three officials"),
            _ => w.compliant(RULE, &of, "Below 10,000 yuan, to fewer than three officials"),
        }
    }
    for (yuan, aggravation, words) in [
        (29_999, None, "One yuan below 30,000, no aggravation"),
        (9_999, Some("judicial_officer"), "One yuan below 10,000, with an aggravation"),
    ] {
        let who = w.take("bribery", "Engineering");
        let of = w.put(benefit(day("2025-07-08"), &who, "Official 7", yuan).maybe("aggravation", aggravation));
        w.compliant(RULE, &of, words);
    }
    let who = w.take("bribery", "Engineering");
    for (at, official) in [("2024-10-15", "Official 8"), ("2025-10-15", "Official 9")] {
        let of = w.put(benefit(day(at), &who, official, 6000));
        w.compliant(RULE, &of, "12,000 yuan, but to two officials");
    }
}

fn suppliers(w: &mut World) {
    const RULE: &str = "transfers_from_rated_supplier";
    let second = |w: &mut World, who: &str, first: (&str, &str), second: (&str, &str)| {
        let one = w.put(receipt(day(first.0), who, first.1, 600));
        w.compliant(RULE, &one, "A first transfer from a supplier");
        w.put(receipt(day(second.0), who, second.1, 800))
    };
    let who = w.take("bribery", "Procurement");
    let of = second(w, &who, ("2024-07-02", "Supplier 15"), ("2025-07-01", "Supplier 15"));
    w.finding(RULE, &of, "A second transfer from one supplier, 364 days after the first");
    let who = w.take("bribery", "Procurement");
    let of = second(w, &who, ("2025-01-09", "Supplier 4"), ("2025-09-18", "Supplier 54"));
    w.finding(RULE, &of, "A second transfer, from an affiliate that is a supplier too");
    let payer = w.take("bribery", "Finance");
    w.put(payment(day("2024-05-06"), &payer, "Supplier 2", 1800));
    let who = w.take("bribery", "Procurement");
    let of = second(w, &who, ("2025-06-05", "Supplier 2"), ("2026-02-03", "Holding 2"));
    w.finding(RULE, &of, "A second transfer, from the holding of a supplier that the company has paid");
    let who = w.take("bribery", "Procurement");
    let of = second(w, &who, ("2024-06-11", "Supplier 16"), ("2025-06-11", "Supplier 16"));
    w.compliant(RULE, &of, "A year after the first");
    let who = w.take("bribery", "Procurement");
    let of = second(w, &who, ("2025-03-04", "Supplier 17"), ("2025-04-09", "Supplier 18"));
    w.compliant(RULE, &of, "From two suppliers of different groups");
    let who = w.take("bribery", "Procurement");
    let of = second(w, &who, ("2025-08-05", "Customer 24"), ("2025-09-09", "Customer 24"));
    w.compliant(RULE, &of, "From a customer");
    let who = w.take("bribery", "Commerce");
    let of = second(w, &who, ("2025-05-07", "Supplier 19"), ("2025-10-16", "Supplier 19"));
    w.compliant(RULE, &of, "To somebody who neither admits nor rates suppliers");
}

fn blacklist(w: &mut World) {
    const PAYMENT: &str = "dealing_with_blacklisted_party";
    const CONTRACT: &str = "contract_with_blacklisted_party";
    let party = |w: &mut World, id: &str, from: &str, until: Option<&str>| {
        let row = counterparty(id, "supplier", day("2019-05-01")).text("blacklisted_from", from);
        w.put(row.maybe("blacklisted_until", until));
    };
    party(w, "Supplier 61", "2024-09-02", Some("2025-03-03"));
    party(w, "Supplier 62", "2025-06-16", None);
    party(w, "Supplier 63", "2024-07-01", Some("2026-01-05"));
    let pay = |w: &mut World, at: &str, id: &str| {
        let who = w.take("bribery", "Logistics");
        w.put(payment(day(at), &who, id, 1900))
    };
    for (at, id, words) in [
        ("2024-09-02", "Supplier 61", "On the first day on the blacklist"),
        ("2025-03-02", "Supplier 61", "On the last day on the blacklist"),
        ("2025-12-10", "Supplier 62", "Blacklisted without an end"),
    ] {
        let of = pay(w, at, id);
        w.finding(PAYMENT, &of, words);
    }
    for (at, id, words) in [
        ("2024-08-30", "Supplier 61", "Before it came on the blacklist"),
        ("2025-03-03", "Supplier 61", "On the day on which it came off the blacklist"),
        ("2025-06-15", "Supplier 62", "The day before it came on the blacklist"),
    ] {
        let of = pay(w, at, id);
        w.compliant(PAYMENT, &of, words);
    }
    let sign = |w: &mut World, at: &str, id: &str| {
        let who = w.take("bribery", "Procurement");
        w.put(contract(day(at), &who, id))
    };
    for (at, id) in [("2024-10-21", "Supplier 61"), ("2025-08-12", "Supplier 63")] {
        let of = sign(w, at, id);
        w.finding(CONTRACT, &of, "Signed while the party was on the blacklist");
    }
    for (at, id) in [("2026-01-05", "Supplier 63"), ("2024-06-30", "Supplier 63")] {
        let of = sign(w, at, id);
        w.compliant(CONTRACT, &of, "Signed the day before or after the party was on the blacklist");
    }
}

fn intermediaries(w: &mut World) {
    const RULE: &str = "intermediary_without_due_diligence";
    let agent = |w: &mut World, id: &str, kind: &str, done: Option<Day>, expires: Option<Day>| {
        let row = counterparty(id, kind, day("2020-02-03")).flag("intermediary", kind == "other");
        w.put(row.maybe("diligence_done", done).maybe("diligence_expires", expires));
    };
    agent(w, "Agent 7", "other", None, None);
    agent(w, "Agent 8", "other", Some(day("2024-10-14")), Some(day("2025-10-14")));
    agent(w, "Agent 9", "customer", None, None);
    for (at, id, words, found) in [
        ("2024-05-22", "Agent 7", "No due diligence", true),
        ("2024-10-13", "Agent 8", "A day before due diligence was done", true),
        ("2025-10-14", "Agent 8", "On the day on which due diligence lapsed", true),
        ("2024-10-14", "Agent 8", "On the day on which due diligence was done", false),
        ("2025-10-13", "Agent 8", "On the last day of due diligence", false),
        ("2025-01-21", "Agent 9", "No intermediary", false),
    ] {
        let who = w.take("bribery", "Marketing");
        let of = w.put(payment(day(at), &who, id, 1700));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
}
