//! Rules 37, 38 and 40, and all cases: who is concerned, who works on them, how they ended, and the evidence.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{case_assignment, case_outcome, case_party, destruction, evidence, legal_hold, referral};
use super::time::{Day, FIRST, LAST, day};
use super::world::{Ref, World};

const TEAM: &str = "substantiated_cases_in_a_team";
const CONFLICT: &str = "case_handled_in_conflict";
const PARTY: &str = "case_party_in_conflict";
const HOLD: &str = "evidence_destroyed_under_hold";
const KEPT: &str = "evidence_kept_past_schedule";

struct Outcome {
    decided: Day,
    of: Ref,
    case: String,
    person: String,
}

/// What rule 37 counts.
#[derive(Default)]
struct Cases {
    number: i32,
    substantiated: Vec<Outcome>,
    pieces: i32,
}

pub fn all(w: &mut World) {
    let mut cases = Cases::default();
    background(w, &mut cases);
    teams(w, &mut cases);
    answer_for_teams(w, cases.substantiated.as_slice());
    conflicts(w, &mut cases);
    holds(w, &mut cases);
    kept(w, &mut cases);
}

impl Cases {
    fn open(&mut self, opened: Day) -> String {
        self.number += 1;
        format!("{}-{:03}", opened.year(), self.number)
    }

    fn decide(&mut self, w: &mut World, decided: Day, case: &str, person: &str, outcome: &str) -> Ref {
        let decider = w.people.head_of("Integrity");
        let allegation = *w.rng.pick(&["bribery", "data", "conflict_of_interest", "expenses"]);
        let row = case_outcome(decided, case, person, outcome, &decider).text("allegation", allegation);
        let of = w.put(row);
        if outcome == "substantiated" {
            let (case, person) = (case.to_string(), person.to_string());
            self.substantiated.push(Outcome { decided, of: of.clone(), case, person });
        }
        of
    }

    fn piece(&mut self) -> String {
        self.pieces += 1;
        format!("Evidence {:03}", self.pieces)
    }
}

fn background(w: &mut World, cases: &mut Cases) {
    let integrity = w.people.steady("Integrity");
    let units = ["User operations", "Commerce", "Logistics", "Engineering", "Marketing", "Procurement", "Finance"];
    let mut month = FIRST;
    while month <= LAST {
        let per_month = 3 + month.since(FIRST) / 200;
        for _ in 0..per_month {
            let opened = month.plus(w.rng.between(0, 27)).weekday();
            if opened.plus(6) > LAST {
                continue;
            }
            let staff = w.people.steady(units[w.rng.index(units.len())]);
            let subject = w.rng.pick(&staff).clone();
            let case = cases.open(opened);
            w.put(case_party(opened, &case, &subject, "subject"));
            let witness = w.rng.pick(&staff).clone();
            if witness != subject && w.rng.chance(50) {
                w.put(case_party(opened.plus(6), &case, &witness, "witness"));
            }
            let investigator = w.rng.pick(&integrity).clone();
            let head = w.people.head_of("Integrity");
            w.put(case_assignment(opened.plus(2), &case, &investigator, "investigator"));
            w.put(case_assignment(opened.plus(2), &case, &head, "decider"));
            let piece = cases.piece();
            w.put(evidence(&piece, &case, opened.plus(4), opened.plus(1100)));
            let decided = opened.plus(w.rng.between(30, 110));
            if decided > LAST {
                continue;
            }
            let outcome = match w.rng.between(1, 30) {
                1 => "substantiated",
                2..=20 => "unsubstantiated",
                _ => "inconclusive",
            };
            cases.decide(w, decided, &case, &subject, outcome);
            if outcome == "substantiated" && w.rng.chance(80) && decided.plus(20) <= LAST {
                w.put(referral(decided.plus(20), &case));
            }
        }
        month = month.plus_months(1);
    }
}

fn teams(w: &mut World, cases: &mut Cases) {
    // Two outcomes in one team: days, whether of one case, and the second outcome.
    for (unit, first, second, one_case, outcome) in [
        ("People", "2024-06-12", "2025-02-19", false, "substantiated"),
        ("Data platform", "2025-01-16", "2025-11-20", false, "substantiated"),
        ("Health store", "2024-08-14", "2025-08-14", false, "substantiated"),
        ("Legal", "2024-07-10", "2024-10-16", false, "inconclusive"),
        ("Legal", "2025-09-17", "2025-09-24", true, "substantiated"),
    ] {
        let team = w.people.steady(unit);
        let case = cases.open(day(first));
        cases.decide(w, day(first), &case, &team[0], "substantiated");
        w.put(referral(day(first).plus(26), &case));
        let case = if one_case { case } else { cases.open(day(second)) };
        cases.decide(w, day(second), &case, &team[1], outcome);
    }
}

/// Who is above somebody on the day, from the bottom.
fn above(w: &World, person: &str, day: Day) -> Vec<String> {
    let (mut all, mut at) = (Vec::new(), person.to_string());
    loop {
        let manager = w.people.manager(&at, day);
        if manager == at {
            return all;
        }
        all.push(manager.clone());
        at = manager;
    }
}

/// A finding where the number of substantiated cases of 12 months goes from one to two.
fn answer_for_teams(w: &mut World, substantiated: &[Outcome]) {
    let mut all: Vec<&Outcome> = substantiated.iter().collect();
    all.sort_by(|a, b| (a.decided, &a.of.id).cmp(&(b.decided, &b.of.id)));
    let mut of_leader: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for now in all {
        for leader in above(w, &now.person, now.decided) {
            let earlier = of_leader.entry(leader.clone()).or_default();
            let from = now.decided.plus_months(-12);
            let mut within: BTreeSet<&str> =
                earlier.iter().filter(|e| e.decided > from).map(|e| e.case.as_str()).collect();
            let before = within.len();
            within.insert(&now.case);
            if before <= 1 && within.len() > 1 {
                w.expect_for(TEAM, "finding", &now.of, &leader, "The second case in the team within 12 months");
            } else if before == 1 {
                w.expect_for(TEAM, "compliant", &now.of, &leader, "Another outcome of the same case");
            } else if before == 0 && !earlier.is_empty() {
                w.expect_for(TEAM, "compliant", &now.of, &leader, "The case before is 12 months back, or more");
            }
            earlier.push(now);
        }
    }
}

fn conflicts(w: &mut World, cases: &mut Cases) {
    let integrity = w.people.steady("Integrity");
    // Days from the work on the case to the day on which the party is added, and to stepping back.
    for (n, (opened, who, role, added, recused, found, words)) in [
        ("2024-07-03", "investigator", "witness", -1, None, true, "The investigator is a witness"),
        ("2024-12-11", "head", "subject", 0, None, true, "The decider is above the subject, who is added on the day"),
        ("2025-04-09", "investigator", "reporter", 60, None, true, "The investigator was added as the reporter later"),
        ("2025-08-06", "lead", "subject", 180, None, true, "A subject below was added half a year later"),
        ("2025-10-15", "investigator", "witness", 9, Some(10), true, "Recused the day after becoming a witness"),
        ("2024-09-11", "investigator", "witness", 30, Some(30), false, "Recused on the day of becoming a witness"),
        ("2025-01-15", "head", "reporter", -1, None, false, "Above the reporter, not above a subject"),
        ("2025-02-12", "lead", "witness", 40, None, false, "Above a witness, who was added later"),
        ("2025-05-14", "investigator", "witness", -1, Some(0), false, "Recused on the day"),
    ]
    .into_iter()
    .enumerate()
    {
        let opened = day(opened);
        let case = cases.open(opened);
        let staff = w.take("cases", "Commerce");
        let worker = match who {
            "investigator" => integrity[n % integrity.len()].clone(),
            "head" => w.people.head_of("Commerce"),
            _ => w.people.manager(&staff, opened),
        };
        let party = if who == "investigator" { &worker } else { &staff };
        let party = w.put(case_party(opened.plus(added), &case, party, role));
        let subject = w.take("cases", "Engineering");
        w.put(case_party(opened.plus(-1), &case, &subject, "subject"));
        let doing = if who == "head" { "decider" } else { "investigator" };
        let row = case_assignment(opened, &case, &worker, doing);
        let work = w.put(row.maybe("recused", recused.map(|days| opened.plus(days))));
        // Whichever comes second is looked at; of one day, the work.
        let (second, first) = if added > 0 { (PARTY, CONFLICT) } else { (CONFLICT, PARTY) };
        let (of_second, of_first) = if added > 0 { (party, work) } else { (work, party) };
        w.expect(second, if found { "finding" } else { "compliant" }, &of_second, words);
        w.compliant(first, &of_first, "It came first, so it is looked at with the other");
    }
}

fn holds(w: &mut World, cases: &mut Cases) {
    // Days from the hold's beginning and from its release to the destruction.
    for (at, placed, released, same_case, found, words) in [
        ("2024-10-09", 60, None, true, true, "Under a hold"),
        ("2025-05-21", 0, None, true, true, "On the day on which the hold was placed"),
        ("2026-01-14", 200, Some(-1), true, true, "The day before the hold was released"),
        ("2025-03-26", 200, Some(0), true, false, "On the day on which the hold was released"),
        ("2025-07-30", -1, None, true, false, "The day before the hold was placed"),
        ("2025-10-29", 30, None, false, false, "The hold is on another case"),
    ] {
        let at = day(at);
        let (case, piece) = (cases.open(at.plus(-300)), cases.piece());
        w.put(evidence(&piece, &case, at.plus(-290), at.plus(-3)).text("ended", at));
        let held = if same_case { case } else { cases.open(at.plus(-200)) };
        w.put(legal_hold(at.plus(-placed), &held, released.map(|days| at.plus(-days))));
        let keeper = w.take("cases", "Legal");
        let of = w.put(destruction(at, &keeper, &piece));
        w.expect(HOLD, if found { "finding" } else { "compliant" }, &of, words);
    }
}

/// Evidence of earlier cases, whose schedule ends within the two years.
fn kept(w: &mut World, cases: &mut Cases) {
    // The last day by schedule; days until it was destroyed; the first and last day of a hold.
    type Hold = Option<(&'static str, Option<&'static str>)>;
    let pieces: [(&str, Option<i32>, Hold, &str); 18] = [
        ("2024-05-20", Some(25), None, "Destroyed 25 days after its schedule, over the end of a month"),
        ("2024-08-15", Some(80), None, "Kept for 80 days past its schedule"),
        ("2024-11-04", Some(130), None, "Kept into another calendar year"),
        ("2025-01-20", Some(40), None, "Kept for 40 days past its schedule"),
        ("2025-04-14", Some(60), None, "Kept for 60 days past its schedule"),
        ("2025-07-09", Some(55), None, "Kept for 55 days past its schedule"),
        ("2025-10-06", Some(150), None, "Kept into another calendar year"),
        ("2026-02-09", None, None, "Still kept"),
        ("2025-06-10", Some(120), Some(("2025-05-01", Some("2025-08-15"))), "Kept past the release of its hold"),
        ("2024-06-30", Some(1), None, "Destroyed on the day after its schedule"),
        ("2025-03-05", Some(20), None, "Destroyed before the end of the month"),
        ("2025-09-30", Some(2), None, "The schedule ends with the month"),
        ("2024-09-16", None, Some(("2024-09-01", None)), "Kept under a hold"),
        ("2025-02-18", None, Some(("2025-02-18", None)), "Kept under a hold"),
        ("2024-07-22", Some(3), None, "Destroyed soon after its schedule"),
        ("2024-12-16", Some(9), None, "Destroyed soon after its schedule"),
        ("2025-05-12", Some(6), None, "Destroyed soon after its schedule"),
        ("2025-11-17", Some(8), None, "Destroyed soon after its schedule"),
    ];
    for (until, after, hold, words) in pieces {
        let until = day(until);
        let since = until.plus(-1095);
        let (case, piece) = (cases.open(since), cases.piece());
        let ended = after.map(|days| until.plus(days));
        let of = w.put(evidence(&piece, &case, since, until).maybe("ended", ended));
        if let Some((placed, released)) = hold {
            w.put(legal_hold(day(placed), &case, released.map(day)));
        }
        if let Some(ended) = ended {
            let keeper = w.take("cases", "Legal");
            let destroyed = w.put(destruction(ended, &keeper, &piece));
            w.compliant(HOLD, &destroyed, "No hold on the case");
        }
        let held = |on: Day| {
            hold.is_some_and(|(placed, released)| {
                day(placed) <= on && released.is_none_or(|released| day(released) > on)
            })
        };
        let (mut month, mut found_in) = (day("2024-04-30"), 0);
        while month <= LAST {
            if until < month && ended.is_none_or(|ended| ended > month) {
                if held(month) {
                    w.expect_on(KEPT, "compliant", &of, month, words);
                } else if found_in == month.year() {
                    w.expect_on(KEPT, "repeated", &of, month, words);
                } else {
                    found_in = month.year();
                    w.expect_on(KEPT, "finding", &of, month, words);
                }
            }
            month = month.plus(1).plus_months(1).plus(-1);
        }
        if after.is_some_and(|days| days < 10) || (found_in == 0 && hold.is_none()) {
            w.compliant(KEPT, &of, words);
        }
    }
}
