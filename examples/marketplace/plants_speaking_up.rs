//! Rules 33 to 35: reports and what is owed to whoever makes them.

use super::records::{adverse_action, independent_review, knowledge, reply, report};
use super::setup::business_days;
use super::time::{Moment, day, moment};
use super::world::{Ref, World};

pub fn plant(w: &mut World) {
    acknowledged(w);
    feedback(w);
    adverse(w);
    harassment(w);
}

const ACKNOWLEDGED: &str = "report_acknowledged";
const FEEDBACK: &str = "report_feedback";

/// A report that nobody put a name to, with its replies so long after it.
fn received(w: &mut World, at: Moment, acknowledged: Option<Moment>, answered: Option<Moment>) -> Ref {
    let channel = w.rng.between(1, 120);
    let of = w.put(report(at, channel, "conflict_of_interest"));
    for (kind, sent) in [("acknowledgement", acknowledged), ("feedback", answered)] {
        if let Some(sent) = sent {
            w.put(reply(sent, &of.id, kind));
        }
    }
    of
}

fn acknowledged(w: &mut World) {
    for (at, minutes, found, words) in [
        ("2024-06-10 09:10", Some(7 * 1440 + 1), true, "Acknowledged a minute after 7 days"),
        ("2024-09-16 11:00", Some(7 * 1440), false, "Acknowledged exactly 7 days after"),
        ("2025-11-10 11:00", Some(7 * 1440 - 1), false, "Acknowledged a minute before 7 days are over"),
    ] {
        let at = moment(at);
        let acknowledged = minutes.map(|m| at.plus_minutes(m));
        let of = received(w, at, acknowledged, Some(at.plus_days(60)));
        w.expect(ACKNOWLEDGED, if found { "finding" } else { "compliant" }, &of, words);
        w.compliant(FEEDBACK, &of, "Feedback on the 60th day");
    }
    let at = moment("2024-10-08 13:15");
    let of = received(w, at, None, Some(at.plus_days(97)));
    w.finding(ACKNOWLEDGED, &of, "Never acknowledged");
    w.compliant(FEEDBACK, &of, "Feedback within 3 months of the end of the 7 days");
    let of = received(w, moment("2026-03-26 09:00"), None, None);
    w.expect(ACKNOWLEDGED, "pending", &of, "The 7 days are not over");
    w.expect(FEEDBACK, "pending", &of, "The 3 months are not over");
    let of = received(w, moment("2026-03-20 09:00"), None, None);
    w.finding(ACKNOWLEDGED, &of, "Not acknowledged, and the 7 days are over");
    w.expect(FEEDBACK, "pending", &of, "The 3 months are not over");
}

fn feedback(w: &mut World) {
    // Minutes after 3 months after the acknowledgement, which was on the second day.
    for (at, late, found, words) in [
        ("2024-05-13 10:00", None, true, "No feedback"),
        ("2024-09-02 10:00", Some(60), true, "Feedback an hour after 3 months"),
        ("2025-09-29 10:00", Some(20 * 1440), true, "Feedback three weeks after 3 months"),
        ("2024-11-18 10:00", Some(0), false, "Feedback exactly 3 months after the acknowledgement"),
        ("2025-10-13 10:00", Some(-1440), false, "Feedback a day before 3 months are over"),
    ] {
        let acknowledged = moment(at).plus_days(2);
        let months = acknowledged.plus_days(acknowledged.day.plus_months(3).since(acknowledged.day));
        let of = received(w, moment(at), Some(acknowledged), late.map(|m| months.plus_minutes(m)));
        w.compliant(ACKNOWLEDGED, &of, "Acknowledged on the second day");
        w.expect(FEEDBACK, if found { "finding" } else { "compliant" }, &of, words);
    }
}

fn adverse(w: &mut World) {
    const RULE: &str = "adverse_action_without_review";
    // Days from the report to the act, and from the review to the act.
    for (at, after, review, kind, found, words) in [
        ("2024-10-21", Some(100), None, "dismissal", true, "100 days after a report, without a review"),
        ("2025-06-30", Some(365), None, "transfer", true, "On the 365th day after a report, without a review"),
        ("2025-11-17", Some(40), Some(-3), "demotion", true, "The review came three days after"),
        ("2026-02-16", Some(200), Some(91), "pay_cut", true, "The review was of 91 days before"),
        ("2025-02-24", Some(60), Some(90), "transfer", false, "Reviewed 90 days before"),
        ("2025-08-25", Some(366), None, "transfer", false, "366 days after a report"),
        ("2025-09-22", None, None, "demotion", false, "Somebody who had not reported"),
        ("2025-04-21", Some(-5), None, "pay_cut", false, "The report came five days later"),
    ] {
        let who = w.take("speaking up", "Logistics");
        if let Some(after) = after {
            w.report_in_time(day(at).plus(-after), &who, "expenses");
        }
        if let Some(review) = review {
            w.put(independent_review(day(at).plus(-review), &who));
        }
        let of = w.put(adverse_action(day(at), &who, kind));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
}

fn harassment(w: &mut World) {
    const RULE: &str = "harassment_not_reported";
    // Business days from knowing to the report.
    for (learned, unit, allegation, after, expected, words) in [
        ("2024-07-22", "Commerce", "harassment", None, "finding", "No report"),
        ("2025-03-17", "Engineering", "harassment", Some(3), "finding", "Reported on the third business day"),
        (
            "2024-09-30",
            "User operations",
            "harassment",
            Some(2),
            "compliant",
            "On the second business day, a week later",
        ),
        ("2025-05-19", "Commerce", "harassment", Some(0), "compliant", "Reported on the day"),
        ("2025-06-09", "Logistics", "expenses", None, "compliant", "Another allegation"),
        ("2026-03-31", "Engineering", "harassment", None, "pending", "The two business days are not over"),
    ] {
        let staff = w.take("speaking up", unit);
        let manager = w.people.manager(&staff, day(learned));
        if let Some(after) = after {
            let at = if after == 0 { day(learned) } else { business_days(day(learned), after) };
            w.report_in_time(at, &manager, "harassment");
        }
        let of = w.put(knowledge(day(learned), &manager, allegation));
        w.expect(RULE, expected, &of, words);
    }
}
