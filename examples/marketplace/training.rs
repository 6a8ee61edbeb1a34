//! Rule 36, and all training: four courses a year for everyone.

use super::records::{training, training_due};
use super::time::{LAST, day};
use super::world::World;

const DONE: &str = "training_done_when_due";
const OVERDUE: &str = "training_a_month_overdue";

const COURSES: [(&str, &str, &str); 4] = [
    ("06-30", "Code of conduct", "2.0"),
    ("09-30", "Data protection", "1.5"),
    ("12-31", "Anti-corruption", "1.5"),
    ("03-15", "Speaking up", "1.0"),
];

/// Who of those in the course is late, and by how many days: `None` is not at all.
const LATE: [(&str, usize, Option<i32>); 25] = [
    ("2024-06-30", 18, Some(1)),
    ("2024-06-30", 77, Some(12)),
    ("2024-06-30", 131, Some(31)),
    ("2024-09-30", 40, Some(9)),
    ("2024-09-30", 166, None),
    ("2024-09-30", 221, Some(15)),
    ("2024-12-31", 9, Some(20)),
    ("2024-12-31", 142, Some(25)),
    ("2024-12-31", 250, Some(8)),
    ("2025-03-15", 63, Some(30)),
    ("2025-03-15", 188, Some(6)),
    ("2025-06-30", 25, Some(2)),
    ("2025-06-30", 112, None),
    ("2025-06-30", 233, Some(11)),
    ("2025-09-30", 55, Some(5)),
    ("2025-09-30", 84, Some(28)),
    ("2025-09-30", 177, Some(21)),
    ("2025-12-31", 13, Some(7)),
    ("2025-12-31", 160, Some(18)),
    ("2025-12-31", 208, Some(14)),
    ("2025-12-31", 241, Some(1)),
    ("2026-03-15", 33, Some(3)),
    ("2026-03-15", 70, None),
    ("2026-03-15", 155, None),
    ("2026-03-15", 216, Some(9)),
];

/// A course of the year before counts for 365 days: who took it so long before the next time, and not again.
const AGAIN: &str = "Code of conduct";

pub fn all(w: &mut World) {
    let once: Vec<(String, i32)> = w.people.steady("Finance").into_iter().zip([365, 366]).collect();
    for year in [2024, 2025] {
        for (on, course, hours) in COURSES {
            let due = day(&format!("{}-{on}", if on == "03-15" { year + 1 } else { year }));
            let in_it: Vec<String> = w
                .people
                .all
                .iter()
                .filter(|p| p.at(due).is_some() && p.hired <= due.plus(-30))
                .map(|p| p.id.clone())
                .collect();
            for (n, who) in in_it.iter().enumerate() {
                let of = w.put(training_due(due, who, course));
                if let Some((_, days)) = once.iter().find(|(id, _)| id == who).filter(|_| course == AGAIN) {
                    if year == 2024 {
                        w.put(training(due.plus(365 - days), who, course, hours));
                    } else {
                        let verdict = if *days > 365 { "finding" } else { "compliant" };
                        for rule in [DONE, OVERDUE] {
                            w.expect(rule, verdict, &of, format!("Done {days} days before, and not again"));
                        }
                    }
                    continue;
                }
                let late = LATE.iter().find(|l| day(l.0) == due && l.1 == n);
                let usual = w.rng.between(2, 28) * if w.rng.chance(40) { 2 } else { 1 };
                let done = match late {
                    None => Some(if n == 5 { due } else { due.plus(-usual) }),
                    Some((_, _, late)) => late.map(|days| due.plus(days)),
                };
                if let Some(done) = done.filter(|done| *done <= LAST) {
                    w.put(training(done, who, course, hours));
                }
                match late {
                    Some((_, _, Some(days))) => {
                        let waived =
                            course == "Data protection" && year == 2025 && w.people.unit(who, due) == "Logistics";
                        w.expect(
                            DONE,
                            if waived { "waived" } else { "finding" },
                            &of,
                            format!("Done {days} days late"),
                        );
                        let more = if *days > 30 { "finding" } else { "compliant" };
                        w.expect(OVERDUE, more, &of, format!("Done {days} days late"));
                    }
                    Some((_, _, None)) => {
                        w.finding(DONE, &of, "Not done");
                        let pending = due.plus(30) > LAST;
                        w.expect(OVERDUE, if pending { "pending" } else { "finding" }, &of, "Not done");
                    }
                    None if n == 5 => {
                        w.compliant(DONE, &of, "Done on the day by which it was due");
                        w.compliant(OVERDUE, &of, "Done on the day by which it was due");
                    }
                    None => {}
                }
            }
        }
    }
}
