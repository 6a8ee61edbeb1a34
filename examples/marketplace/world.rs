//! What is made: rows, the answer key, and a few numbers that look random and are the same in every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use super::people::People;
use super::plants_charter;
use super::records::{reply, report};
use super::row::{Row, Value, csv_cell};
use super::time::{Day, FIRST, LAST, day};

/// SplitMix64.
pub struct Rng(u64);

impl Rng {
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From the first to the last, both included.
    pub fn between(&mut self, first: i32, last: i32) -> i32 {
        let span = u64::try_from(last - first + 1).expect("first is not after last");
        first + i32::try_from(self.next() % span).expect("within the span")
    }

    pub fn chance(&mut self, percent: i32) -> bool {
        self.between(1, 100) <= percent
    }

    /// Of a list of that length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.next() % length as u64).expect("within the list")
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }
}

/// Which record or row of a table.
#[derive(Clone, Debug)]
pub struct Ref {
    pub kind: &'static str,
    pub id: String,
}

struct Expected {
    rule: &'static str,
    verdict: &'static str,
    exception: &'static str,
    of: Ref,
    subject: String,
    day: String,
    planted: String,
}

/// Who leaves gives notice 45 days before.
pub fn notice(last: Day) -> Day {
    last.plus(-45)
}

pub struct World {
    pub rng: Rng,
    pub people: People,
    /// By the text of the time at which it happened.
    rows: Vec<(String, Row)>,
    counters: BTreeMap<&'static str, u32>,
    /// How many of a unit were taken for plants of one chapter.
    taken: BTreeMap<(&'static str, &'static str), usize>,
    /// Who did something with a file on which day.
    pub busy: BTreeSet<(String, String)>,
    quiet: Vec<(String, Day, Day)>,
    key: Vec<Expected>,
}

/// How a kind is written: its file, the field that says when, and the letters its ids begin with.
const KINDS: [(&str, &str, &str, &str); 44] = [
    ("access_grant", "data.ndjson", "granted", "AG"),
    ("access_person_start", "trading.ndjson", "started", "AP"),
    ("adverse_action", "speaking_up.ndjson", "taken", "AA"),
    ("approval", "approvals.ndjson", "granted", "OK"),
    ("asset", "asset.csv", "id", ""),
    ("attendance", "attendance.csv", "day", "AT"),
    ("benefit_to_official", "payments.ndjson", "given", "BO"),
    ("case_assignment", "speaking_up.ndjson", "assigned", "CA"),
    ("case_outcome", "speaking_up.ndjson", "decided", "CO"),
    ("case_party", "speaking_up.ndjson", "added", "CP"),
    ("closed_period", "trading.ndjson", "opens", "CL"),
    ("code_push", "data.ndjson", "time", "PU"),
    ("contract", "payments.ndjson", "signed", "CN"),
    ("counterparty", "counterparty.csv", "id", ""),
    ("destruction", "speaking_up.ndjson", "destroyed", "DE"),
    ("disclosure", "engagements.ndjson", "filed", "DI"),
    ("employee", "employee.csv", "id", ""),
    ("engagement", "engagements.ndjson", "starts", "EN"),
    ("evidence", "evidence.csv", "id", ""),
    ("expense", "expense.csv", "filed", "EX"),
    ("file_activity", "data.ndjson", "time", "FA"),
    ("gift", "gifts.ndjson", "received", "GI"),
    ("holdings_report", "trading.ndjson", "filed", "HR"),
    ("holiday", "holiday.csv", "day", ""),
    ("independent_review", "speaking_up.ndjson", "completed", "IR"),
    ("interest_change", "engagements.ndjson", "changed", "IC"),
    ("knowledge", "speaking_up.ndjson", "learned", "KN"),
    ("legal_hold", "speaking_up.ndjson", "placed", "LH"),
    ("payment", "payments.ndjson", "paid", "PA"),
    ("physician", "physician.csv", "id", ""),
    ("physician_transfer", "gifts.ndjson", "paid", "PT"),
    ("receipt", "payments.ndjson", "received", "RC"),
    ("referral", "speaking_up.ndjson", "referred", "RF"),
    ("report", "speaking_up.ndjson", "received", "RE"),
    ("report_reply", "speaking_up.ndjson", "sent", "RR"),
    ("resignation", "speaking_up.ndjson", "notice", "RS"),
    ("tender", "gifts.ndjson", "opened", "TE"),
    ("trade", "trading.ndjson", "traded", "TR"),
    ("trade_clearance", "trading.ndjson", "granted", "TC"),
    ("training", "training.csv", "completed", "TD"),
    ("training_due", "training_due.csv", "due", "TU"),
    ("transaction_report", "trading.ndjson", "filed", "TX"),
    ("vendor_onboarding", "payments.ndjson", "onboarded", "VO"),
    ("visit", "visit.csv", "day", "VI"),
];

/// The columns of the files that are CSV.
const COLUMNS: [(&str, &[&str]); 11] = [
    ("asset", &["id", "owner", "classification", "topic", "personal_data", "important_data"]),
    ("attendance", &["id", "day", "actor", "left"]),
    (
        "counterparty",
        &[
            "id",
            "since",
            "ended",
            "relation",
            "group",
            "intermediary",
            "diligence_done",
            "diligence_expires",
            "blacklisted_from",
            "blacklisted_until",
        ],
    ),
    ("employee", &["id", "unit", "level", "manager", "since", "ended", "hired", "roles", "access_person", "officer"]),
    ("evidence", &["id", "case", "since", "ended", "keep_until"]),
    ("expense", &["id", "filed", "actor", "spent", "merchant", "amount", "ground", "receipt"]),
    ("holiday", &["day", "worked"]),
    ("physician", &["id"]),
    ("training", &["id", "completed", "actor", "course", "hours"]),
    ("training_due", &["id", "due", "actor", "course"]),
    ("visit", &["id", "day", "actor"]),
];

fn kind_of(kind: &str) -> &'static (&'static str, &'static str, &'static str, &'static str) {
    KINDS.iter().find(|k| k.0 == kind).unwrap_or_else(|| panic!("no kind {kind}"))
}

impl World {
    pub fn new(seed: u64, people: People) -> Self {
        let (counters, taken) = (BTreeMap::new(), BTreeMap::new());
        Self {
            rng: Rng(seed),
            people,
            rows: Vec::new(),
            counters,
            taken,
            busy: BTreeSet::new(),
            quiet: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Somebody of the unit for whom nothing changes in the two years; the next one for each plant of a chapter.
    pub fn take(&mut self, chapter: &'static str, unit: &'static str) -> String {
        let steady = self.people.steady(unit);
        let begin = chapter.len() * 7;
        let taken = self.taken.entry((chapter, unit)).or_insert(0);
        *taken += 1;
        steady[(begin + *taken) % steady.len()].clone()
    }

    /// One of those who resigned, and the day of the notice.
    pub fn leaver(&self, n: usize) -> (String, Day) {
        let within = |last: Day| notice(last) > day("2024-07-10") && notice(last) < LAST.plus(-32);
        let leavers = self.people.all.iter().filter(|p| p.last.is_some_and(within) && p.periods[0].level == 4);
        let leavers: Vec<_> = leavers.collect();
        (leavers[n].id.clone(), notice(leavers[n].last.expect("a last day")))
    }

    /// The row of the table that is valid for somebody on the day.
    pub fn row_of(&self, id: &str, day: Day) -> Ref {
        assert!(self.people.find(id).at(day).is_some(), "{id} on {day}");
        Ref { kind: "employee", id: id.to_string() }
    }

    /// Whether somebody is to export nothing on the day.
    pub fn quiet(&self, who: &str, at: Day) -> bool {
        self.quiet.iter().any(|(id, from, until)| id == who && *from <= at && at <= *until)
    }

    /// Around a paid engagement on a topic nothing is exported but what is planted.
    pub fn keep_quiet(&mut self, who: &str, from: Day, until: Day) {
        self.quiet.push((who.to_string(), from.plus(-32), until.plus(32)));
    }

    /// What left the company: when, by whom, and which record.
    pub fn exports(&self) -> Vec<(String, String, Ref)> {
        let sent = |row: &Row| {
            let account = row.get("dst_endpoint.account").map(|_| row.as_text("dst_endpoint.account"));
            account.is_some_and(|account| account != "business")
                && ["Upload", "Share", "Copy", "Download", "Move", "Sync"].contains(&row.as_text("activity"))
        };
        let all = self.rows.iter().filter(|(_, row)| row.kind == "file_activity" && sent(row));
        let of = |row: &Row| Ref { kind: row.kind, id: row.as_text("uid").to_string() };
        all.map(|(at, row)| (at.clone(), row.as_text("actor").to_string(), of(row))).collect()
    }

    /// A report of somebody's, answered in time, so that only what is planted with it counts.
    pub fn report_in_time(&mut self, at: Day, reporter: &str, allegation: &str) {
        let channel = self.rng.between(1, 120);
        let of = self.put(report(at.at(11, 30), channel, allegation).text("reporter", reporter));
        for (days, kind, rule) in [(2, "acknowledgement", "report_acknowledged"), (40, "feedback", "report_feedback")] {
            if at.plus(days) <= LAST {
                self.put(reply(at.plus(days).at(9, 0), &of.id, kind));
            } else {
                self.expect(rule, "pending", &of, "There is time left for the reply");
            }
        }
    }

    /// The next identity of a kind that numbers its records.
    pub fn id(&mut self, kind: &'static str) -> String {
        let (kind, _, _, prefix) = *kind_of(kind);
        let counter = self.counters.entry(kind).or_insert(0);
        *counter += 1;
        format!("{prefix}{counter:05}")
    }

    /// Adds a record; where it has no identity yet, it gets the next.
    pub fn put(&mut self, row: Row) -> Ref {
        let kind = row.kind;
        let field = if kind == "file_activity" { "uid" } else { "id" };
        let given = row.get(field).is_some() && kind_of(kind).3.is_empty();
        let row = if given || kind == "holiday" {
            row
        } else {
            let id = match row.get(field) {
                Some(_) => row.as_text(field).to_string(),
                None => self.id(kind),
            };
            let row = row.without(field);
            let mut first = Row::new(kind).text(field, id);
            first.append(row);
            first
        };
        let row = match kind {
            "expense" => row.text("receipt", format!("{:016x}", self.rng.next())),
            _ => row,
        };
        if kind == "file_activity" {
            self.busy.insert((row.as_text("actor").to_string(), row.as_text("time")[..10].to_string()));
        }
        let at = match row.get(kind_of(kind).2) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        };
        // In whatever zone: what were earlier would have its quarter judged.
        let first = if at.len() > 10 { format!("{FIRST}T08") } else { FIRST.to_string() };
        assert!(kind_of(kind).3.is_empty() || at >= first, "{kind} of {at} is before the first day");
        let id = if kind == "holiday" { at.clone() } else { row.as_text(field).to_string() };
        self.rows.push((at, row));
        Ref { kind, id }
    }

    /// What the rule has to say of the record.
    pub fn expect(&mut self, rule: &'static str, verdict: &'static str, of: &Ref, planted: impl ToString) {
        self.expect_for(rule, verdict, of, "", planted);
    }

    /// The same, where a rule judges a record for each of several persons.
    pub fn expect_for(
        &mut self,
        rule: &'static str,
        verdict: &'static str,
        of: &Ref,
        subject: &str,
        planted: impl ToString,
    ) {
        let (verdict, exception) = verdict.split_once(' ').unwrap_or((verdict, ""));
        let (of, subject, planted) = (of.clone(), subject.to_string(), planted.to_string());
        self.key.push(Expected { rule, verdict, exception, of, subject, day: String::new(), planted });
    }

    /// The same, where a rule judges a row of a table at the end of several periods.
    pub fn expect_on(&mut self, rule: &'static str, verdict: &'static str, of: &Ref, on: Day, planted: impl ToString) {
        self.expect(rule, verdict, of, planted);
        self.key.last_mut().expect("one").day = on.to_string();
    }

    pub fn finding(&mut self, rule: &'static str, of: &Ref, planted: impl ToString) {
        self.expect(rule, "finding", of, planted);
    }

    pub fn compliant(&mut self, rule: &'static str, of: &Ref, planted: impl ToString) {
        self.expect(rule, "compliant", of, planted);
    }

    /// Numbers the records of each kind by their times, so that no number tells what was planted.
    fn number(&mut self) {
        let (mut counters, mut names) = (BTreeMap::new(), BTreeMap::new());
        for (_, row) in &self.rows {
            let (kind, _, _, prefix) = *kind_of(row.kind);
            if !prefix.is_empty() {
                let counter = counters.entry(kind).or_insert(0);
                *counter += 1;
                let old = row.as_text(if kind == "file_activity" { "uid" } else { "id" });
                names.insert(old.to_string(), format!("{prefix}{counter:05}"));
            }
        }
        for (_, row) in &mut self.rows {
            row.rename(&names);
        }
        for expected in &mut self.key {
            if let Some(new) = names.get(&expected.of.id) {
                expected.of.id.clone_from(new);
            }
        }
    }

    /// Writes all files.
    pub fn write(mut self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder.join("planted"))?;
        self.rows.sort_by(|a, b| a.0.cmp(&b.0));
        self.number();
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        for (_, row) in &self.rows {
            let file = kind_of(row.kind).1;
            let text = files.entry(file).or_default();
            if file.ends_with(".csv") {
                let columns = COLUMNS.iter().find(|(kind, _)| *kind == row.kind).expect("a table's columns").1;
                if text.is_empty() {
                    *text += &columns.join(",");
                    text.push('\n');
                }
                *text += &row.csv(columns);
            } else {
                *text += &row.json();
            }
            text.push('\n');
        }
        let mut key = String::from("rule,verdict,exception,kind,record,subject,day,planted\n");
        self.key.sort_by(|a, b| (a.rule, &a.of.id, &a.day, &a.subject).cmp(&(b.rule, &b.of.id, &b.day, &b.subject)));
        for e in &self.key {
            let cells = [e.rule, e.verdict, e.exception, e.of.kind, &e.of.id, &e.subject, &e.day, &e.planted];
            let _ = writeln!(key, "{}", cells.map(csv_cell).join(","));
        }
        files.insert("answer_key.csv", key);
        for (name, text) in plants_charter::FILES {
            files.insert(name, text.to_string());
        }
        for (name, text) in files {
            fs::write(folder.join(name), text)?;
        }
        Ok(())
    }
}
