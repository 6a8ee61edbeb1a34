//! The tables: parties, assets, days on which no business is done, physicians.

use super::records::{asset, counterparty};
use super::row::Row;
use super::time::{Day, day};
use super::world::World;

/// Days without business, and weekend days with it.
const HOLIDAYS: [(&str, i32); 22] = [
    ("2023-01-01", 2),
    ("2023-10-01", 6),
    ("2024-01-01", 1),
    ("2024-02-10", 8),
    ("2024-04-04", 3),
    ("2024-05-01", 5),
    ("2024-06-10", 1),
    ("2024-09-15", 3),
    ("2024-10-01", 7),
    ("2025-01-01", 1),
    ("2025-01-28", 8),
    ("2025-04-04", 3),
    ("2025-05-01", 5),
    ("2025-05-31", 3),
    ("2025-10-01", 8),
    ("2026-01-01", 3),
    ("2026-02-15", 9),
    ("2026-04-04", 3),
    ("2026-05-01", 5),
    ("2026-06-19", 3),
    ("2026-10-01", 7),
    ("2027-01-01", 3),
];
const WORKED: [&str; 14] = [
    "2024-02-04",
    "2024-02-18",
    "2024-04-07",
    "2024-04-28",
    "2024-05-11",
    "2024-09-14",
    "2024-09-29",
    "2024-10-12",
    "2025-01-26",
    "2025-02-08",
    "2025-04-27",
    "2025-09-28",
    "2025-10-11",
    "2026-02-14",
];

/// Whether business is done on the day.
pub fn business_day(at: Day) -> bool {
    if WORKED.iter().any(|d| day(d) == at) {
        return true;
    }
    !at.weekend() && !HOLIDAYS.iter().any(|(first, n)| (0..*n).any(|i| day(first).plus(i) == at))
}

/// The day so many business days later, or earlier.
pub fn business_days(from: Day, count: i32) -> Day {
    let (mut at, mut left) = (from, count.abs());
    while left > 0 {
        at = at.plus(count.signum());
        left -= i32::from(business_day(at));
    }
    at
}

/// The same, for the exchange: it does not open on weekends on which the offices work.
pub fn trading_days(from: Day, count: i32) -> Day {
    let (mut at, mut left) = (from, count.abs());
    while left > 0 {
        at = at.plus(count.signum());
        left -= i32::from(!at.weekend() && business_day(at));
    }
    at
}

/// What the units work on; assets and engagements are about these.
pub const TOPICS: [(&str, &str); 12] = [
    ("User operations", "User growth"),
    ("Commerce", "Seller pricing"),
    ("Logistics", "Delivery network"),
    ("Engineering", "Search ranking"),
    ("Data platform", "Traffic algorithms"),
    ("Marketing", "Campaign strategy"),
    ("Procurement", "Supplier terms"),
    ("Finance", "Cost planning"),
    ("People", "Pay structure"),
    ("Legal", "Litigation strategy"),
    ("Integrity", "Fraud patterns"),
    ("Health store", "Prescription demand"),
];

pub fn topic_of(unit: &str) -> &'static str {
    TOPICS.iter().find(|(u, _)| *u == unit).map_or("General", |(_, topic)| topic)
}

/// Each unit has ten assets: the fourth is confidential, the fifth critical, the others internal or public.
pub fn unit_asset(unit: &str, n: i32) -> String {
    format!("{} {n}", topic_of(unit))
}

pub fn tables(w: &mut World) {
    for row in w.people.rows() {
        w.put(row);
    }
    for (first, n) in HOLIDAYS {
        for i in 0..n {
            w.put(Row::new("holiday").text("day", day(first).plus(i)));
        }
    }
    for worked in WORKED {
        w.put(Row::new("holiday").text("day", worked).flag("worked", true));
    }
    for (unit, topic) in TOPICS {
        let owner = w.people.head_of(unit);
        for n in 1..=10 {
            let class = ["internal", "internal", "public", "confidential", "critical"][n as usize % 5];
            let of_people = class == "confidential" && matches!(unit, "User operations" | "Health store");
            w.put(asset(&format!("{topic} {n}"), &owner, class, topic).flag("personal_data", of_people));
        }
    }
    parties(w);
    for n in 1..=16 {
        w.put(Row::new("physician").text("id", format!("Physician {n}")));
    }
}

fn parties(w: &mut World) {
    let since = day("2018-01-01");
    let groups: [(&str, &str, i32); 9] = [
        ("Supplier", "supplier", 60),
        ("Bidder", "bidder", 14),
        ("Customer", "customer", 40),
        ("Competitor", "competitor", 4),
        ("Expert network", "expert_network", 4),
        ("Authority", "official", 6),
        ("State enterprise", "state_owned", 6),
        ("School", "other", 8),
        ("Holding", "other", 6),
    ];
    for (name, relation, count) in groups {
        for n in 1..=count {
            // The last ten suppliers, and the holdings, are affiliates of the first.
            let group = match name {
                "Holding" => format!("Supplier {n}"),
                "Supplier" if n > 50 => format!("Supplier {}", n - 50),
                _ => format!("{name} {n}"),
            };
            w.put(counterparty(&format!("{name} {n}"), relation, since).text("group", group));
        }
    }
    for n in 1..=6 {
        let (id, renewed) = (format!("Agent {n}"), day("2025-03-01").plus(n * 20));
        let agent = counterparty(&id, "other", since).flag("intermediary", true);
        let before =
            agent.clone().text("diligence_done", renewed.plus(-740)).text("diligence_expires", renewed.plus(10));
        w.put(before.text("ended", renewed));
        let after = agent.text("diligence_done", renewed.plus(-5)).text("diligence_expires", renewed.plus(725));
        w.put(after.text("since", renewed));
    }
}
