//! Who works for the company: some three hundred people in twelve units, some of whom come, go and move.

use super::row::Row;
use super::time::{Day, FIRST, LAST, day};

/// A unit and how many people it begins with, its head and its team leads among them.
pub const UNITS: [(&str, i32); 12] = [
    ("User operations", 40),
    ("Commerce", 42),
    ("Logistics", 34),
    ("Engineering", 56),
    ("Data platform", 22),
    ("Marketing", 24),
    ("Procurement", 18),
    ("Finance", 14),
    ("People", 12),
    ("Legal", 8),
    ("Integrity", 10),
    ("Health store", 8),
];

/// How many report to one lead.
const TEAM: i32 = 9;

/// The day with which the register of people begins.
const REGISTER: Day = Day::of(2023, 1, 1);

/// What somebody was from one day on, until the next period begins or they left.
#[derive(Clone, Debug)]
pub struct Period {
    pub since: Day,
    pub unit: &'static str,
    pub level: i32,
    pub manager: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub hired: Day,
    /// The last day of work, where it is known.
    pub last: Option<Day>,
    pub periods: Vec<Period>,
    pub access: bool,
    /// The first day as an access person.
    pub access_from: Day,
    pub officer: bool,
    pub role: Option<&'static str>,
}

impl Person {
    pub fn at(&self, day: Day) -> Option<&Period> {
        if self.last.is_some_and(|last| day > last) {
            return None;
        }
        self.periods.iter().rev().find(|p| p.since <= day)
    }

    /// Employed all the time, always in one unit and under one manager, and nobody's manager.
    fn steady(&self) -> bool {
        self.periods.len() == 1 && self.last.is_none() && self.periods[0].level == 4 && self.hired < day("2023-06-01")
    }
}

pub struct People {
    pub all: Vec<Person>,
}

fn number(i: usize) -> i32 {
    i32::try_from(i).expect("a few hundred")
}

impl People {
    pub fn new() -> Self {
        let mut people = Self { all: Vec::new() };
        people.hire("Executive office", 1, None, day("2013-02-01"));
        let mut hired = 0;
        for (unit, size) in UNITS {
            let head = people.hire(unit, 2, Some(0), day("2015-03-02").plus(hired * 17 % 900));
            let mut lead = head;
            for i in 0..size - 1 {
                hired += 1;
                let since = day("2016-01-04").plus(hired * 379 % 2600).weekday();
                if i % TEAM == 0 {
                    lead = people.hire(unit, 3, Some(head), day("2017-02-06").plus(hired * 31 % 1500).weekday());
                } else {
                    people.hire(unit, 4, Some(lead), since);
                }
            }
        }
        people.come_and_go();
        people.duties();
        people
    }

    fn hire(&mut self, unit: &'static str, level: i32, manager: Option<usize>, hired: Day) -> usize {
        self.all.push(Person {
            id: format!("E{:04}", self.all.len() + 1),
            hired,
            last: None,
            periods: vec![Period { since: hired.max(REGISTER), unit, level, manager }],
            access: false,
            access_from: hired,
            officer: level <= 2 && unit != "Health store",
            role: None,
        });
        self.all.len() - 1
    }

    fn come_and_go(&mut self) {
        // A lead of each of four units leaves, and the team goes to the other lead.
        for (n, unit) in ["User operations", "Commerce", "Engineering", "Marketing"].into_iter().enumerate() {
            let month = day("2024-08-01").plus_months(number(n) * 5);
            let leads = self.leads(unit);
            let (old, new) = (leads[1], leads[0]);
            self.all[old].last = Some(month.plus(9));
            self.hand_over(old, new, month);
        }
        // The head of Logistics leaves; a lead is the new head.
        let (month, leads) = (day("2025-07-01"), self.leads("Logistics"));
        let head = self.head("Logistics");
        self.hand_over(head, leads[0], month);
        self.all[leads[0]].periods.push(Period { since: month, unit: "Logistics", level: 2, manager: Some(0) });
        self.all[head].last = Some(month.plus(13));
        // Every ninth of those at the bottom leaves at the end of a month; every eighteenth moves to the next unit.
        let bottom: Vec<usize> = (0..self.all.len()).filter(|i| self.all[*i].periods[0].level == 4).collect();
        for (n, &i) in bottom.iter().enumerate() {
            let month = FIRST.plus_months(number(n * 7 % 23) + 2);
            match n % 18 {
                4 | 13 => self.all[i].last = Some(month.plus(-1)),
                8 if self.all[i].periods.len() == 1 => {
                    let unit = UNITS.iter().position(|(u, _)| *u == self.all[i].periods[0].unit).expect("a unit");
                    let (unit, _) = UNITS[(unit + 1) % UNITS.len()];
                    let lead = self.lead_of(unit, month);
                    self.all[i].periods.push(Period { since: month, unit, level: 4, manager: Some(lead) });
                }
                _ => {}
            }
        }
        // One or two begin each month.
        for n in 0..40 {
            let (unit, _) = UNITS[usize::try_from(n * 5 % 9).expect("not negative")];
            let since = FIRST.plus_months(n * 23 / 40).plus(n % 2 * 14).weekday();
            let lead = self.lead_of(unit, since);
            self.hire(unit, 4, Some(lead), since);
        }
    }

    /// Who reported to one reports to the other from that day on.
    fn hand_over(&mut self, old: usize, new: usize, since: Day) {
        for i in 0..self.all.len() {
            let Some(now) = self.all[i].at(since).cloned() else { continue };
            if i != new && now.manager == Some(old) && self.all[i].hired < since {
                let later = self.all[i].periods.iter().any(|p| p.since >= since);
                assert!(!later, "{} has a later period", self.all[i].id);
                self.all[i].periods.push(Period { since, manager: Some(new), ..now });
            }
        }
    }

    fn head(&self, unit: &str) -> usize {
        self.all.iter().position(|p| p.periods[0].unit == unit && p.periods[0].level == 2).expect("a head")
    }

    fn leads(&self, unit: &str) -> Vec<usize> {
        let lead = |p: &Person| p.periods[0].unit == unit && p.periods[0].level == 3;
        (0..self.all.len()).filter(|i| lead(&self.all[*i])).collect()
    }

    /// The last lead of the unit: those do not leave.
    fn lead_of(&self, unit: &str, _since: Day) -> usize {
        *self.leads(unit).last().expect("a lead")
    }

    fn duties(&mut self) {
        for person in &mut self.all {
            let first = &person.periods[0];
            person.role = match (first.unit, first.level) {
                ("Procurement", 3 | 4) => {
                    Some(if person.hired.since(FIRST) % 2 == 0 { "admits_suppliers" } else { "rates_suppliers" })
                }
                ("Integrity", _) => Some("investigates"),
                _ => None,
            };
            person.access = person.officer || matches!(first.unit, "Finance" | "Legal");
            person.access_from = person.hired.max(day("2023-01-02"));
        }
    }

    pub fn find(&self, id: &str) -> &Person {
        self.all.iter().find(|p| p.id == id).unwrap_or_else(|| panic!("nobody is {id}"))
    }

    pub fn unit(&self, id: &str, day: Day) -> &'static str {
        self.find(id).at(day).unwrap_or_else(|| panic!("{id} on {day}")).unit
    }

    /// The manager on the day.
    pub fn manager(&self, id: &str, day: Day) -> String {
        let manager = self.find(id).at(day).unwrap_or_else(|| panic!("{id} on {day}")).manager;
        manager.map_or_else(|| id.to_string(), |m| self.all[m].id.clone())
    }

    /// Those at the bottom of a unit for whom nothing changes in the two years.
    pub fn steady(&self, unit: &str) -> Vec<String> {
        self.all.iter().filter(|p| p.steady() && p.periods[0].unit == unit).map(|p| p.id.clone()).collect()
    }

    pub fn head_of(&self, unit: &str) -> String {
        self.all[self.head(unit)].id.clone()
    }

    /// Who works for the company on the day.
    pub fn employed(&self, day: Day) -> Vec<String> {
        self.all.iter().filter(|p| p.at(day).is_some()).map(|p| p.id.clone()).collect()
    }

    /// Those of them for whom something changes in the two years, and the leads; not the heads.
    pub fn others(&self, day: Day) -> Vec<String> {
        let all = self.all.iter().filter(|p| p.at(day).is_some() && !p.steady() && p.periods[0].level > 2);
        all.map(|p| p.id.clone()).collect()
    }

    /// The rows of the table.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for person in &self.all {
            for (i, period) in person.periods.iter().enumerate() {
                let left = person.last.filter(|last| *last <= LAST).map(|last| last.plus(1));
                let ended = person.periods.get(i + 1).map(|next| next.since).or(left);
                let row = Row::new("employee")
                    .text("id", &person.id)
                    .text("unit", period.unit)
                    .number("level", period.level)
                    .maybe("manager", period.manager.map(|m| self.all[m].id.clone()))
                    .text("since", period.since)
                    .maybe("ended", ended)
                    .text("hired", person.hired)
                    .list("roles", person.role.as_slice())
                    .flag("access_person", person.access)
                    .flag("officer", person.officer);
                rows.push(row);
            }
        }
        rows
    }
}
