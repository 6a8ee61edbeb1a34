//! The records as they usually are; a plant or the background changes what it is about.

use super::row::Row;
use super::time::{Day, Moment};

pub fn cny(yuan: i32) -> String {
    format!("{yuan}.00 CNY")
}

/// Cents.
pub fn usd(cents: i32) -> String {
    format!("{}.{:02} USD", cents / 100, cents % 100)
}

// ---------------------------------------------------------------- tables

pub fn counterparty(id: &str, relation: &str, since: Day) -> Row {
    Row::new("counterparty")
        .text("id", id)
        .text("since", since)
        .text("relation", relation)
        .text("group", id)
        .flag("intermediary", false)
}

pub fn asset(id: &str, owner: &str, classification: &str, topic: &str) -> Row {
    Row::new("asset")
        .text("id", id)
        .text("owner", owner)
        .text("classification", classification)
        .text("topic", topic)
        .flag("personal_data", false)
        .flag("important_data", false)
}

pub fn evidence(id: &str, case: &str, since: Day, keep_until: Day) -> Row {
    Row::new("evidence").text("id", id).text("case", case).text("since", since).text("keep_until", keep_until)
}

// ---------------------------------------------------------------- data

/// Something done with a file that stays in the company.
pub fn activity(time: Moment, actor: &str, activity: &str, asset: &str) -> Row {
    Row::new("file_activity")
        .text("time", time)
        .text("actor", actor)
        .text("activity", activity)
        .text("file.uid", asset)
        .text("file.size", "3 MB")
}

/// A file that goes out, to somebody at a partner.
pub fn export(time: Moment, actor: &str, asset: &str) -> Row {
    activity(time, actor, "Upload", asset)
        .text("dst_endpoint.account", "external")
        .text("dst_endpoint.domain", "files.partner.example")
}

/// A file that goes to an account of one's own.
pub fn personal(time: Moment, actor: &str, asset: &str) -> Row {
    export(time, actor, asset)
        .text("dst_endpoint.account", "personal")
        .text("dst_endpoint.domain", "drive.personal.example")
}

pub fn access_grant(granted: Moment, actor: &str, grantee: &str, outsider: bool) -> Row {
    Row::new("access_grant")
        .text("granted", granted)
        .text("actor", actor)
        .text("grantee", grantee)
        .flag("outsider", outsider)
        .text("system", "Seller console")
        .flag("internal", true)
}

pub fn code_push(time: Moment, actor: &str, restricted: bool) -> Row {
    Row::new("code_push")
        .text("time", time)
        .text("actor", actor)
        .text("repository", "storefront")
        .text("host", "git.example.com")
        .flag("restricted", restricted)
}

pub fn approval(granted: Moment, requester: &str, approver: &str, subject: &str, scope: &str) -> Row {
    Row::new("approval")
        .text("granted", granted)
        .text("requester", requester)
        .text("approver", approver)
        .text("subject", subject)
        .text("scope", scope)
}

pub fn resignation(notice: Day, person: &str, last_day: Option<Day>) -> Row {
    Row::new("resignation").text("notice", notice).text("person", person).maybe("last_day", last_day)
}

// ---------------------------------------------------------------- engagements

/// Unpaid teaching, of which the employer had notice.
pub fn engagement(starts: Day, actor: &str, payer: &str) -> Row {
    Row::new("engagement")
        .text("starts", starts)
        .text("actor", actor)
        .text("payer", payer)
        .text("role", "teaching")
        .list("topics", &["Mathematics"])
        .text("notice_given", starts.plus(-20))
}

pub fn disclosure(filed: Day, actor: &str) -> Row {
    Row::new("disclosure").text("filed", filed).text("actor", actor)
}

pub fn interest_change(changed: Day, actor: &str) -> Row {
    Row::new("interest_change").text("changed", changed).text("actor", actor)
}

// ---------------------------------------------------------------- gifts

/// Something small that an employee receives from a party.
pub fn gift(received: Day, recipient: &str, giver: &str, value: &str) -> Row {
    Row::new("gift")
        .text("received", received)
        .text("recipient", recipient)
        .text("recipient_side", "employee")
        .text("giver", giver)
        .text("giver_side", "other")
        .text("value", value)
        .text("purpose", "business")
        .text("occasion", format!("Meeting on {received}"))
        .flag("cash_like", false)
}

pub fn physician_transfer(paid: Day, physician: &str, cents: i32, reported: bool) -> Row {
    Row::new("physician_transfer")
        .text("paid", paid)
        .text("physician", physician)
        .text("value", usd(cents))
        .flag("reported", reported)
}

pub fn tender(opened: Day, awarded: Option<Day>, bidders: &[&str]) -> Row {
    Row::new("tender").text("opened", opened).maybe("awarded", awarded).list("bidders", bidders)
}

// ---------------------------------------------------------------- payments

pub fn payment(paid: Day, payer: &str, party: &str, yuan: i32) -> Row {
    Row::new("payment").text("paid", paid).text("payer", payer).text("party", party).text("amount", cny(yuan))
}

pub fn contract(signed: Day, signer: &str, party: &str) -> Row {
    Row::new("contract").text("signed", signed).text("signer", signer).text("party", party)
}

pub fn vendor_onboarding(onboarded: Day, sponsor: &str, vendor: &str) -> Row {
    Row::new("vendor_onboarding").text("onboarded", onboarded).text("sponsor", sponsor).text("vendor", vendor)
}

pub fn receipt(received: Day, recipient: &str, giver: &str, yuan: i32) -> Row {
    Row::new("receipt")
        .text("received", received)
        .text("recipient", recipient)
        .text("giver", giver)
        .text("amount", cny(yuan))
        .flag("for_favour", false)
}

pub fn benefit(given: Day, giver: &str, official: &str, yuan: i32) -> Row {
    Row::new("benefit_to_official")
        .text("given", given)
        .text("giver", giver)
        .text("official", official)
        .text("amount", cny(yuan))
}

// ---------------------------------------------------------------- trading

pub fn trade(traded: Day, actor: &str, instrument: &str) -> Row {
    Row::new("trade").text("traded", traded).text("actor", actor).text("instrument", instrument)
}

pub fn trade_clearance(granted: Day, actor: &str, instrument: &str) -> Row {
    Row::new("trade_clearance").text("granted", granted).text("actor", actor).text("instrument", instrument)
}

pub fn closed_period(opens: Day, closes: Day, instrument: &str) -> Row {
    Row::new("closed_period").text("opens", opens).text("closes", closes).text("instrument", instrument)
}

pub fn access_person_start(started: Day, actor: &str) -> Row {
    Row::new("access_person_start").text("started", started).text("actor", actor)
}

pub fn holdings_report(filed: Day, actor: &str) -> Row {
    Row::new("holdings_report").text("filed", filed).text("actor", actor)
}

pub fn transaction_report(filed: Day, actor: &str, quarter_end: Day) -> Row {
    Row::new("transaction_report").text("filed", filed).text("actor", actor).text("quarter_end", quarter_end)
}

// ---------------------------------------------------------------- expenses

pub fn expense(filed: Moment, actor: &str, spent: Day, merchant: &str, yuan: i32) -> Row {
    Row::new("expense")
        .text("filed", filed)
        .text("actor", actor)
        .text("spent", spent)
        .text("merchant", merchant)
        .text("amount", cny(yuan))
        .text("ground", "travel")
}

pub fn attendance(actor: &str, left: Moment) -> Row {
    Row::new("attendance").text("day", left.day).text("actor", actor).text("left", left)
}

pub fn visit(day: Day, actor: &str) -> Row {
    Row::new("visit").text("day", day).text("actor", actor)
}

// ---------------------------------------------------------------- speaking up

pub fn report(received: Moment, channel: i32, allegation: &str) -> Row {
    Row::new("report")
        .text("received", received)
        .text("channel", format!("CH{channel:03}"))
        .text("allegation", allegation)
}

pub fn reply(sent: Moment, report: &str, reply: &str) -> Row {
    Row::new("report_reply").text("sent", sent).text("report", report).text("reply", reply)
}

pub fn adverse_action(taken: Day, person: &str, action: &str) -> Row {
    Row::new("adverse_action").text("taken", taken).text("person", person).text("action", action)
}

pub fn independent_review(completed: Day, person: &str) -> Row {
    Row::new("independent_review").text("completed", completed).text("person", person)
}

pub fn knowledge(learned: Day, manager: &str, allegation: &str) -> Row {
    Row::new("knowledge").text("learned", learned).text("manager", manager).text("allegation", allegation)
}

pub fn case_party(added: Day, case: &str, person: &str, role: &str) -> Row {
    Row::new("case_party").text("added", added).text("case", case).text("person", person).text("role", role)
}

pub fn case_assignment(assigned: Day, case: &str, person: &str, role: &str) -> Row {
    Row::new("case_assignment").text("assigned", assigned).text("case", case).text("person", person).text("role", role)
}

pub fn case_outcome(decided: Day, case: &str, person: &str, outcome: &str, decider: &str) -> Row {
    Row::new("case_outcome")
        .text("decided", decided)
        .text("case", case)
        .text("person", person)
        .text("allegation", "conflict_of_interest")
        .text("outcome", outcome)
        .text("decider", decider)
}

pub fn referral(referred: Day, case: &str) -> Row {
    Row::new("referral").text("referred", referred).text("case", case).text("authority", "Public security bureau")
}

pub fn legal_hold(placed: Day, case: &str, released: Option<Day>) -> Row {
    Row::new("legal_hold").text("placed", placed).text("case", case).maybe("released", released)
}

pub fn destruction(destroyed: Day, actor: &str, evidence: &str) -> Row {
    Row::new("destruction").text("destroyed", destroyed).text("actor", actor).text("evidence", evidence)
}

pub fn training_due(due: Day, actor: &str, course: &str) -> Row {
    Row::new("training_due").text("due", due).text("actor", actor).text("course", course)
}

pub fn training(completed: Day, actor: &str, course: &str, hours: &str) -> Row {
    Row::new("training").text("completed", completed).text("actor", actor).text("course", course).text("hours", hours)
}
