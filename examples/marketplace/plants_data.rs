//! Rules 1 to 8: data and systems.

use super::records::{access_grant, activity, approval, asset, code_push, export, personal};
use super::setup::{topic_of, unit_asset};
use super::time::{Moment, day, moment};
use super::world::{Ref, World};

pub fn plant(w: &mut World) {
    critical(w);
    resignations(w);
    sequences(w);
    many(w);
    outsiders(w);
    abroad(w);
    code(w);
}

/// A critical asset of the unit; 3 is a confidential one, 1 an internal one.
fn critical_asset(unit: &str) -> String {
    unit_asset(unit, 4)
}

fn critical(w: &mut World) {
    const RULE: &str = "critical_asset_to_personal_account";
    let who = w.take("data", "Data platform");
    let of = w.put(personal(moment("2025-02-20 20:31"), &who, &critical_asset("Data platform")));
    w.finding(RULE, &of, "No approval");
    // One approval each: who gave it, for what, in which hours, to where; and whether it lets the export pass.
    let unit = "Commerce";
    let of_unit = critical_asset(unit);
    let other = unit_asset(unit, 9);
    let drive = "drive.personal.example";
    for (at, approver, subject, destination, expires, revoked, verdict, words) in [
        ("2024-09-04 11:00", "manager", &of_unit, Some(drive), None, None, "excepted approved", "A live approval"),
        ("2025-06-12 15:00", "head", &of_unit, None, None, None, "excepted approved", "Approved for any destination"),
        (
            "2025-03-13 10:00",
            "manager",
            &of_unit,
            None,
            Some(1),
            None,
            "excepted approved",
            "A second before it expires",
        ),
        ("2025-03-26 10:00", "manager", &of_unit, None, Some(0), None, "finding", "At the second at which it expired"),
        ("2024-10-17 16:00", "manager", &other, None, None, None, "finding", "Approved for another asset"),
        ("2025-09-10 14:00", "oneself", &of_unit, None, None, None, "finding", "Approved by oneself"),
        (
            "2025-12-04 14:00",
            "manager",
            &of_unit,
            Some("mail.example"),
            None,
            None,
            "finding",
            "Approved for elsewhere",
        ),
        ("2025-07-24 14:00", "manager", &of_unit, None, None, Some(-60), "finding", "The approval had been revoked"),
        ("2025-05-15 14:00", "manager", &of_unit, None, None, Some(60), "excepted approved", "Revoked a minute later"),
    ] {
        let at = moment(at);
        let who = w.take("data", unit);
        let approver = match approver {
            "manager" => w.people.manager(&who, at.day),
            "head" => w.people.head_of(unit),
            _ => who.clone(),
        };
        let row = approval(at.plus_days(-3), &who, &approver, subject, "export").maybe("destination", destination);
        let row = row.maybe("expires", expires.map(|s| at.plus_seconds(s)));
        w.put(row.maybe("revoked", revoked.map(|s| at.plus_seconds(s))));
        let of = w.put(personal(at, &who, &of_unit));
        w.expect(RULE, verdict, &of, words);
    }
    // Without an expiry of its own an approval holds for 30 days.
    for (seconds, verdict, words) in
        [(-1, "excepted approved", "A second before 30 days are over"), (0, "finding", "30 days after the approval")]
    {
        let who = w.take("data", unit);
        let granted = moment("2024-06-03 09:30");
        let approver = w.people.manager(&who, granted.day);
        w.put(approval(granted, &who, &approver, &of_unit, "export"));
        let of = w.put(personal(granted.plus_days(30).plus_seconds(seconds), &who, &of_unit));
        w.expect(RULE, verdict, &of, words);
    }
    // From below: a lead, approved by one of the team.
    let below = w.take("data", "Engineering");
    let lead = w.people.manager(&below, day("2025-01-16"));
    let at = moment("2025-01-16 18:40");
    w.put(approval(at.plus_days(-1), &lead, &below, &critical_asset("Engineering"), "export"));
    let of = w.put(personal(at, &lead, &critical_asset("Engineering")));
    w.finding(RULE, &of, "Approved by somebody below");
    let who = w.take("data", "Engineering");
    let of = w.put(personal(at, &who, &unit_asset("Engineering", 3)));
    w.compliant(RULE, &of, "Confidential, not critical");
    let of = w.put(export(at.plus_days(9), &who, &critical_asset("Engineering")));
    w.compliant(RULE, &of, "To a partner's account, not to a personal one");
    let of = w.put(personal(at.plus_days(12), &who, "Traffic model, no longer listed").text("file.size", "40 MB"));
    w.expect(RULE, "indeterminate", &of, "An asset that no row lists");
    let of = w.put(personal(at.plus_days(15), &who, &critical_asset("Engineering")).text("activity", "Preview"));
    w.compliant(RULE, &of, "Looked at, not sent");
}

fn resignations(w: &mut World) {
    const RULE: &str = "export_around_resignation";
    // Those who leave give notice 45 days before their last day.
    for (n, offset, confidential, found, words) in [
        (4, -90, true, true, "A confidential file on the 90th day before the notice"),
        (7, -91, true, false, "A confidential file 91 days before the notice"),
        (9, 30, true, true, "A confidential file on the 30th day after the notice"),
        (12, 31, true, false, "A confidential file 31 days after the notice"),
        (14, 0, true, true, "A confidential file on the day of the notice"),
        (17, -6, false, false, "An internal file shortly before the notice"),
    ] {
        let (who, notice) = w.leaver(n);
        let at = notice.plus(offset).at(16, 25);
        let file = unit_asset(w.people.unit(&who, at.day), if confidential { 3 } else { 1 });
        let of = w.put(export(at, &who, &file));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
    for (n, sizes, found, words) in [
        (3, ["500 MB", "500 MB"], true, "Two files of 1 GB in all on one day, before the notice"),
        (10, ["500 MB", "499 MB"], false, "Two files of less than 1 GB in all"),
    ] {
        let (who, notice) = w.leaver(n);
        let at = notice.plus(-11).at(15, 40);
        let file = unit_asset(w.people.unit(&who, at.day), 1);
        w.put(export(at, &who, &file).text("file.size", sizes[0]));
        let of = w.put(export(at.plus_minutes(8), &who, &file).text("file.size", sizes[1]));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
    let who = w.take("data", "Data platform");
    let of = w.put(export(moment("2025-04-22 13:10"), &who, &unit_asset("Data platform", 3)));
    w.compliant(RULE, &of, "Somebody who did not resign");
    for (at, words) in [
        ("2026-03-12 11:20", "A notice in the 90 days after would count, and they are not over"),
        ("2026-01-01 11:20", "The 90th day after is the day after the last of the data"),
    ] {
        let who = w.take("data", "Marketing");
        let of = w.put(export(moment(at), &who, &unit_asset("Marketing", 3)));
        w.expect(RULE, "pending", &of, words);
    }
    let who = w.take("data", "Marketing");
    let of = w.put(export(moment("2025-12-31 11:20"), &who, &unit_asset("Marketing", 3)));
    w.compliant(RULE, &of, "The 90 days after are just over, and no notice came");
}

/// Hours from the first step on; the deletion is the record that is judged.
fn steps(w: &mut World, who: &str, file: &str, begin: &str, hours: [i32; 4], words: [&str; 2]) -> Ref {
    let at = |n: usize| moment(begin).plus_minutes(hours[n] * 60);
    w.put(activity(at(0), who, words[0], file));
    w.put(activity(at(1), who, words[1], file).text("file.name", "holiday-pictures.zip"));
    w.put(export(at(2), who, file));
    w.put(activity(at(3), who, "Delete", file))
}

fn sequences(w: &mut World) {
    const RULE: &str = "collected_disguised_exported_deleted";
    for (unit, begin, hours, words, planted) in [
        ("User operations", "2024-07-11 10:00", [0, 1, 2, 3], ["Download", "Rename"], "All within an afternoon"),
        ("Engineering", "2025-04-16 09:00", [0, 26, 50, 168], ["Copy", "Archive"], "The deletion exactly 7 days on"),
    ] {
        let who = w.take("data", unit);
        let of = steps(w, &who, &unit_asset(unit, 6), begin, hours, words);
        w.finding(RULE, &of, planted);
    }
    for (hours, words, planted) in [
        ([0, 26, 50, 169], ["Copy", "Archive"], "The deletion an hour after 7 days"),
        ([0, 2, 6, 4], ["Download", "Rename"], "Deleted before it was exported"),
        ([3, 2, 5, 6], ["Download", "Rename"], "Renamed before it was collected"),
        ([0, 2, 5, 6], ["Download", "Update"], "Not renamed and not archived"),
    ] {
        let who = w.take("data", "Data platform");
        let of = steps(w, &who, &unit_asset("Data platform", 6), "2025-06-17 09:00", hours, words);
        w.compliant(RULE, &of, planted);
    }
    let (who, other) = (w.take("data", "Marketing"), w.take("data", "Marketing"));
    let (file, at) = (unit_asset("Marketing", 6), moment("2025-08-20 10:00"));
    w.put(activity(at, &who, "Download", &file));
    w.put(activity(at.plus_minutes(30), &who, "Rename", &file));
    w.put(export(at.plus_minutes(60), &who, &file));
    let of = w.put(activity(at.plus_minutes(90), &other, "Delete", &file));
    w.compliant(RULE, &of, "Deleted by somebody else");
}

/// So many exports, a few minutes apart.
fn exports(w: &mut World, who: &str, unit: &str, begin: Moment, count: i32) -> Vec<Ref> {
    let file = |n: i32| unit_asset(unit, [1, 2, 5, 6, 7][n as usize % 5]);
    (0..count).map(|n| w.put(export(begin.plus_minutes(n * 7), who, &file(n)))).collect()
}

const MANY: [(&str, usize); 3] =
    [("exports_in_a_day_minor", 10), ("exports_in_a_day_major", 20), ("exports_in_a_day_critical", 30)];

fn many(w: &mut World) {
    for (at, unit, count) in [
        ("2024-06-25 13:00", "Engineering", 10),
        ("2024-09-19 13:00", "Commerce", 11),
        ("2025-03-20 13:00", "Engineering", 10),
        ("2025-06-18 13:00", "Marketing", 11),
        ("2025-11-11 13:00", "Logistics", 10),
        ("2025-12-17 13:00", "User operations", 10),
        ("2024-08-01 13:00", "Data platform", 20),
        ("2025-07-01 13:00", "User operations", 19),
        ("2025-11-03 13:00", "Commerce", 29),
        ("2025-01-02 13:00", "Data platform", 30),
        ("2025-08-01 13:00", "Engineering", 34),
    ] {
        let who = w.take("data", unit);
        let all = exports(w, &who, unit, moment(at), count);
        for (rule, nth) in MANY {
            match all.get(nth - 1) {
                Some(of) => w.finding(rule, of, format!("Number {nth} of {count} exports in a day")),
                None => w.compliant(rule, all.last().expect("some"), format!("{count} exports in a day")),
            }
        }
    }
    // A waiver for a unit, for two weeks.
    for (at, unit, verdict, words) in [
        ("2025-08-18 13:00", "Data platform", "waived", "On the first day of the unit's waiver"),
        ("2025-08-31 13:00", "Data platform", "waived", "On the last day of the unit's waiver"),
        ("2025-09-01 13:00", "Data platform", "finding", "On the day after the unit's waiver"),
        ("2025-08-21 13:00", "Logistics", "finding", "The waiver is for another unit"),
    ] {
        let who = w.take("data", unit);
        let all = exports(w, &who, unit, moment(at), 10);
        w.expect(MANY[0].0, verdict, &all[9], words);
    }
    let who = w.take("data", "Engineering");
    let nine = exports(w, &who, "Engineering", moment("2025-02-25 13:00"), 9);
    w.compliant(MANY[0].0, &nine[8], "9 exports in a day");
    let own = activity(moment("2025-02-25 18:00"), &who, "Upload", &unit_asset("Engineering", 1));
    let of = w.put(own.text("dst_endpoint.account", "business"));
    w.compliant(MANY[0].0, &of, "After 9 exports one upload to the company's own account");
    let who = w.take("data", "Commerce");
    exports(w, &who, "Commerce", moment("2025-01-14 17:00"), 5);
    let next = exports(w, &who, "Commerce", moment("2025-01-15 09:00"), 5);
    w.compliant(MANY[0].0, &next[4], "10 exports, 5 on each of two days");
}

fn outsiders(w: &mut World) {
    const RULE: &str = "outsider_access_without_sponsor";
    for (n, (at, by, verdict, words)) in [
        ("2024-04-17 10:00", "nobody", "finding", "No sponsor"),
        ("2024-10-23 10:00", "oneself", "finding", "The sponsor is who gave the access"),
        ("2025-03-05 10:00", "below", "finding", "The sponsor is below who gave the access"),
        ("2026-01-21 10:00", "lapsed", "finding", "The approval was of the 30th day before"),
        ("2024-08-07 10:00", "manager", "excepted sponsored", "The manager is the sponsor"),
        ("2025-10-22 10:00", "manager", "excepted sponsored", "The manager is the sponsor"),
        ("2025-02-11 10:00", "manager not internal", "compliant", "No internal system"),
        ("2025-08-13 10:00", "inside", "compliant", "Somebody inside"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = moment(at);
        let below = w.take("data", "Engineering");
        let lead = w.people.manager(&below, at.day);
        let actor = if by == "below" { lead.clone() } else { below.clone() };
        let id = w.id("access_grant");
        let approval_of = |when: Moment, approver: &str| approval(when, &actor, approver, &id, "access");
        let approved = match by {
            "oneself" => Some(approval_of(at.plus_days(-1), &actor)),
            "below" => Some(approval_of(at.plus_days(-1), &below)),
            "late" => Some(approval_of(at.plus_days(1), &lead)),
            "lapsed" => Some(approval_of(at.plus_days(-30), &lead)),
            "manager" => Some(approval_of(at.plus_days(-2), &lead)),
            _ => None,
        };
        if let Some(row) = approved {
            w.put(row);
        }
        let grantee = format!("Contractor {}", n + 101);
        let row = access_grant(at, &actor, &grantee, by != "inside").text("id", &id);
        let of = w.put(row.flag("internal", !by.ends_with("not internal")));
        w.expect(RULE, verdict, &of, words);
    }
}

fn abroad(w: &mut World) {
    const RULE: &str = "data_abroad_without_assessment";
    let owner = w.people.head_of("Logistics");
    let topic = topic_of("Logistics");
    w.put(asset("Delivery map", &owner, "confidential", topic).flag("important_data", true));
    w.put(asset("Customer addresses", &owner, "internal", topic).flag("personal_data", true));
    for (at, file, country, assessment, found, words) in [
        ("2024-06-13 11:00", "Delivery map", Some("SG"), None, true, "Important data abroad"),
        ("2025-12-09 11:00", "Customer addresses", Some("HK"), None, true, "Personal data to Hong Kong"),
        ("2024-09-24 11:00", "Customer addresses", Some("SG"), Some("DSA-2024-07"), false, "Under an assessment"),
        ("2025-05-20 11:00", "Customer addresses", Some("CN"), None, false, "Personal data that stays in the country"),
        ("2025-07-22 11:00", "Delivery network 1", Some("SG"), None, false, "Neither personal nor important data"),
        ("2025-09-16 11:00", "Delivery map", Some("SG"), Some("DSA-2025-03"), false, "Under an assessment"),
    ] {
        let who = w.take("data", "Logistics");
        let row = export(moment(at), &who, file).maybe("dst_endpoint.country", country);
        let of = w.put(row.maybe("assessment", assessment));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
}

fn code(w: &mut World) {
    const RULE: &str = "restricted_code_to_untrusted_repository";
    for (at, host, restricted, found, words) in [
        ("2024-08-20 17:00", "code.public.example", true, true, "Restricted code on a public host"),
        ("2025-01-23 17:00", "notgit.example.com", true, true, "A host whose name only ends like a trusted one"),
        ("2025-02-19 17:00", "eu.git.example.com", true, false, "A host below a trusted one"),
        ("2025-06-24 17:00", "code.public.example", false, false, "Code that is not restricted"),
        ("2025-08-26 17:00", "GIT.example.com", true, false, "A trusted host in capitals"),
    ] {
        let who = w.take("data", "Engineering");
        let of = w.put(code_push(moment(at), &who, restricted).text("host", host));
        w.expect(RULE, if found { "finding" } else { "compliant" }, &of, words);
    }
}
