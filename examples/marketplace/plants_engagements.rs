//! Rules 9 to 13: work for others, and interests that conflict. All disclosures are here.

use super::records::{approval, counterparty, disclosure, engagement, export, interest_change, usd};
use super::row::Row;
use super::setup::{topic_of, unit_asset};
use super::time::{Day, FIRST, LAST, day};
use super::world::World;

const TOPIC: &str = "paid_engagement_on_employer_topic";
const NOTICE: &str = "outside_activity_before_notice";

pub fn plant(w: &mut World) {
    on_a_topic(w);
    near(w);
    notices(w);
    competitors(w);
    disclosures(w);
    changes(w);
}

/// A paid consultation on a topic, of which the employer had notice.
fn paid(starts: Day, actor: &str, topic: &str) -> Row {
    engagement(starts, actor, "Expert network 1")
        .text("role", "consultation")
        .list("topics", &[topic])
        .text("fee", usd(60_000))
}

fn on_a_topic(w: &mut World) {
    for (at, unit, role, how, verdict, words) in [
        ("2025-08-28", "User operations", "consultation", "lapsed", "finding", "Approved 365 days before"),
        ("2025-04-17", "Data platform", "interview", "none", "finding", "No approval of a paid interview"),
        ("2025-10-23", "Commerce", "consultation", "oneself", "finding", "Approved by oneself"),
        ("2026-02-19", "User operations", "consultation", "late", "finding", "Approved a week after"),
        ("2024-10-10", "Marketing", "consultation", "manager", "excepted approved", "Approved by the manager"),
        ("2025-07-10", "Engineering", "interview", "long ago", "excepted approved", "Approved 364 days before"),
        ("2025-02-27", "Logistics", "interview", "unpaid", "compliant", "Not paid"),
        ("2025-09-11", "Commerce", "consultation", "other", "compliant", "On a topic that is not the employer's"),
    ] {
        let at = day(at);
        let who = w.take("engagements", unit);
        let id = w.id("engagement");
        let topic = if how == "other" { "Sailing" } else { topic_of(unit) };
        let manager = w.people.manager(&who, at);
        w.keep_quiet(&who, at, at);
        let approved = match how {
            "oneself" => Some((-10, who.clone())),
            "late" => Some((7, manager)),
            "lapsed" => Some((-365, manager)),
            "long ago" => Some((-364, manager)),
            "manager" => Some((-10, manager)),
            _ => None,
        };
        if let Some((days, approver)) = approved {
            w.put(approval(at.plus(days).at(14, 0), &who, &approver, &id, "engagement"));
        }
        let row = paid(at, &who, topic).text("id", &id).text("role", role);
        let of = w.put(if how == "unpaid" { row.without("fee") } else { row });
        w.expect(TOPIC, verdict, &of, words);
        w.compliant(NOTICE, &of, "Notice 20 days before");
    }
}

fn near(w: &mut World) {
    const EXPORT: &str = "export_near_paid_engagement";
    const START: &str = "paid_engagement_near_export";
    // Days from the engagement's start to the export; how long it went on; what is not as in a finding.
    for (at, unit, days, lasts, but, found, words) in [
        ("2024-08-15", "Engineering", -30, 0, "", true, "On the 30th day after an export on the topic"),
        ("2025-10-16", "User operations", -3, 0, "", true, "Three days after an export on the topic"),
        ("2025-03-13", "User operations", 30, 0, "", true, "On the 30th day after a paid engagement on the topic"),
        ("2025-09-18", "Commerce", 45, 60, "", true, "While a paid engagement on the topic went on"),
        ("2026-01-22", "Data platform", 0, 0, "", true, "On the day of a paid engagement on the topic"),
        ("2024-11-14", "Engineering", -31, 0, "", false, "31 days after an export on the topic"),
        ("2025-01-16", "Marketing", -12, 0, "topic", false, "Paid, 12 days after an export on another topic"),
        ("2025-06-12", "User operations", 31, 0, "", false, "31 days after a paid engagement on the topic"),
        ("2025-08-21", "Commerce", 5, 0, "unpaid", false, "Near to an engagement that was not paid"),
        ("2025-11-20", "Commerce", 5, 0, "topic", false, "Near to a paid engagement on another topic"),
        ("2025-05-15", "Marketing", 5, 0, "person", false, "Near to a paid engagement of somebody else"),
    ] {
        let at = day(at);
        let who = w.take("engagements", unit);
        let id = w.id("engagement");
        let manager = w.people.manager(&who, at);
        let topic = if but == "topic" { "Sailing" } else { topic_of(unit) };
        let row = paid(at, &who, topic).text("id", &id).maybe("ends", (lasts > 0).then(|| at.plus(lasts)));
        let row = if but == "unpaid" { row.without("fee") } else { row };
        w.keep_quiet(&who, at, at.plus(lasts));
        let engaged = w.put(row);
        if but.is_empty() || but == "person" {
            w.put(approval(at.plus(-10).at(14, 0), &who, &manager, &id, "engagement"));
            w.expect(TOPIC, "excepted approved", &engaged, "Approved by the manager");
        }
        let exporter = if but == "person" { w.take("engagements", unit) } else { who };
        let exported = w.put(export(at.plus(days).at(17, 20), &exporter, &unit_asset(unit, 1)));
        // Whichever comes second is looked at; of one day, the export.
        let (second, first) = if days < 0 { (START, EXPORT) } else { (EXPORT, START) };
        let (of_second, of_first) = if days < 0 { (engaged, exported) } else { (exported, engaged) };
        w.expect(second, if found { "finding" } else { "compliant" }, &of_second, words);
        w.compliant(first, &of_first, "It came first, so it is looked at with the other");
    }
}

fn notices(w: &mut World) {
    // Days from the notice to the start.
    for (at, role, is_paid, notice, found, words) in [
        ("2024-06-03", "employment", true, None, true, "No notice of a second job"),
        ("2024-10-01", "directorship", false, Some(-4), true, "Notice of a post four days after"),
        ("2025-03-03", "consultation", true, Some(-1), true, "Notice a day after"),
        ("2025-01-13", "employment", true, Some(0), false, "Notice on the day"),
        ("2025-04-14", "teaching", false, None, false, "Neither paid nor a post"),
        ("2025-10-20", "directorship", false, Some(1), false, "Notice the day before"),
    ] {
        let who = w.take("engagements", "Logistics");
        let row = engagement(day(at), &who, "School 3").text("role", role).without("notice_given");
        let row = row.maybe("notice_given", notice.map(|days: i32| day(at).plus(-days)));
        let of = w.put(row.maybe("fee", is_paid.then(|| usd(20_000))));
        w.expect(NOTICE, if found { "finding" } else { "compliant" }, &of, words);
    }
    let who = w.take("engagements", "Logistics");
    let of =
        w.put(engagement(day("2025-08-04"), &who, "School 4").text("fee", usd(9000)).text("notice_given", "last week"));
    w.expect(NOTICE, "indeterminate", &of, "A day of notice that cannot be read");
}

fn competitors(w: &mut World) {
    const RULE: &str = "engagement_with_competitor";
    let row = counterparty("Competitor 5", "competitor", day("2019-01-01"));
    w.put(row.clone().text("ended", "2025-01-01"));
    w.put(row.text("relation", "customer").text("since", "2025-01-01"));
    for (at, payer, found, words) in [
        ("2024-09-12", "Competitor 2", true, "For a competitor, unpaid"),
        ("2024-12-31", "Competitor 5", true, "On the last day on which it was a competitor"),
        ("2025-01-01", "Competitor 5", false, "On the first day on which it was none any more"),
        ("2025-05-08", "Supplier 12", false, "For a supplier"),
        ("2025-07-17", "School 2", false, "For a school"),
    ] {
        let who = w.take("engagements", "Engineering");
        let of = w.put(engagement(day(at), &who, payer).text("role", "other"));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
    let who = w.take("engagements", "Engineering");
    let of = w.put(engagement(day("2025-09-25"), &who, "Start-up 1").text("role", "other"));
    w.expect(RULE, "indeterminate", &of, "A payer that no row lists");
}

/// Everyone states their interests in April, and within three weeks of being hired; some do not.
fn disclosures(w: &mut World) {
    const RULE: &str = "disclosure_out_of_date";
    let mut others: Vec<(String, &str, Option<&str>, &str)> = Vec::new();
    // Those who do not in April of the year: when instead, and what that comes to at the end of the year.
    for (unit, year_end, instead, verdict) in [
        ("Engineering", "2024-12-31", Some("2025-01-10"), "finding"),
        ("Logistics", "2024-12-31", None, "finding"),
        ("Marketing", "2024-12-31", Some("2025-02-03"), "finding"),
        ("Commerce", "2024-12-31", Some("2025-01-02"), "finding"),
        ("Engineering", "2025-12-31", Some("2026-01-07"), "finding"),
        ("Engineering", "2025-12-31", Some("2024-12-30"), "finding"),
        ("Commerce", "2025-12-31", None, "finding"),
        ("User operations", "2025-12-31", Some("2026-01-19"), "finding"),
        ("Procurement", "2025-12-31", Some("2026-03-02"), "finding"),
        ("Data platform", "2025-12-31", None, "finding"),
        ("Logistics", "2025-12-31", Some("2024-12-31"), "compliant"),
        ("Marketing", "2024-12-31", Some("2024-12-31"), "compliant"),
    ] {
        others.push((w.take("disclosures", unit), year_end, instead, verdict));
    }
    for (who, year_end, instead, verdict) in &others {
        if let Some(instead) = instead {
            w.put(disclosure(day(instead), who));
        }
        let of = w.row_of(who, day(year_end));
        let words = instead
            .map_or_else(|| "No statement of the year".to_string(), |at| format!("The only one near is of {at}"));
        w.expect_on(RULE, if *verdict == "finding" { "finding" } else { "compliant" }, &of, day(year_end), words);
    }
    let everyone: Vec<(String, Day, Option<Day>)> =
        w.people.all.iter().map(|p| (p.id.clone(), p.hired, p.last)).collect();
    for (who, hired, last) in everyone {
        for year in [2024, 2025] {
            let at = Day::of(year, 4, 2).plus(w.rng.between(0, 27)).weekday();
            let left_out = others.iter().any(|o| o.0 == who && day(o.1).year() == year);
            if !left_out && hired < at.plus(-20) && last.is_none_or(|last| last >= at) {
                w.put(disclosure(at, &who));
            }
        }
        let first = hired.plus(w.rng.between(3, 19)).weekday();
        if hired >= FIRST && first <= LAST {
            w.put(disclosure(first, &who));
        }
    }
}

fn changes(w: &mut World) {
    const RULE: &str = "disclosure_after_change";
    for (at, after, expected, words) in [
        ("2024-06-10", Some(31), "finding", "Stated on the 31st day"),
        ("2024-09-17", None, "finding", "Not stated"),
        ("2024-12-09", Some(47), "finding", "Stated on the 47th day"),
        ("2025-02-04", Some(33), "finding", "Stated on the 33rd day"),
        ("2025-06-26", None, "finding", "Not stated"),
        ("2025-09-08", Some(36), "finding", "Stated on the 36th day"),
        ("2025-12-15", Some(60), "finding", "Stated on the 60th day"),
        ("2024-10-22", Some(30), "compliant", "Stated on the 30th day"),
        ("2025-07-29", Some(2), "compliant", "Stated two days later"),
        ("2025-11-04", Some(0), "compliant", "Stated on the day"),
        ("2026-03-11", None, "pending", "The 30 days are not over"),
        ("2026-03-23", None, "pending", "The 30 days are not over"),
    ] {
        let who = w.take("engagements", "User operations");
        let of = w.put(interest_change(day(at), &who));
        if let Some(after) = after {
            w.put(disclosure(day(at).plus(after), &who));
        }
        w.expect(RULE, expected, &of, words);
    }
}
