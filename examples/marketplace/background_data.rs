//! What happens with files, access and code on every day.

use super::records::{access_grant, activity, approval, code_push, export, personal, resignation};
use super::setup::unit_asset;
use super::time::{Day, FIRST, LAST, day};
use super::world::{World, notice};

pub fn all(w: &mut World) {
    resignations(w);
    files(w);
    access(w);
    code(w);
}

/// How busy a month is, in hundredths: the autumn sales, and the quiet of the spring festival.
pub const fn season(day: Day) -> i32 {
    [90, 86, 105, 100, 100, 120, 95, 95, 110, 95, 150, 120][day.month() as usize - 1]
}

fn resignations(w: &mut World) {
    let leaving: Vec<(String, Day)> = w.people.all.iter().filter_map(|p| Some((p.id.clone(), p.last?))).collect();
    for (who, last) in leaving {
        w.put(resignation(notice(last), &who, Some(last)));
    }
}

/// Everyone exports something about twice a month.
fn files(w: &mut World) {
    let classified_until = day("2025-12-20");
    for i in 0..w.people.all.len() {
        let (who, leaves) = (w.people.all[i].id.clone(), w.people.all[i].last.is_some());
        let mut at = w.people.all[i].hired.max(FIRST).plus(w.rng.between(0, 15));
        loop {
            at = at.weekday();
            if at > LAST {
                break;
            }
            let Some(unit) = w.people.all[i].at(at).map(|p| p.unit) else { break };
            if w.people.all[i].periods[0].level == 1 {
                break;
            }
            if w.busy.contains(&(who.clone(), at.to_string())) || w.quiet(&who, at) {
                at = at.plus(1);
                continue;
            }
            let moment = at.at(w.rng.between(9, 20), w.rng.between(0, 59)).plus_seconds(w.rng.between(0, 59));
            let n = match w.rng.between(1, 100) {
                1..=6 if !leaves && at < classified_until => 3,
                1..=30 => 2,
                31..=50 => 7,
                51..=75 => 6,
                _ => 1,
            };
            let file = unit_asset(unit, n);
            let size = format!("{} MB", w.rng.between(1, 60));
            let row = if n == 2 && w.rng.chance(6) {
                personal(moment, &who, &file)
            } else {
                let partner = w.rng.between(1, 9);
                export(moment, &who, &file).text("dst_endpoint.domain", format!("files.partner{partner}.example"))
            };
            let done = *w.rng.pick(&["Upload", "Upload", "Share", "Copy"]);
            let row = row.text("activity", done).text("file.size", size);
            let abroad = matches!(unit, "User operations" | "Health store") && n == 3 && w.rng.chance(30);
            let row = if abroad {
                let number = w.rng.between(1, 9);
                row.text("dst_endpoint.country", "SG").text("assessment", format!("DSA-{}-0{number}", at.year()))
            } else {
                row
            };
            w.put(row);
            if w.rng.chance(25) {
                let done = *w.rng.pick(&["Open", "Preview", "Update", "Download"]);
                w.put(activity(moment.plus_minutes(-25), &who, done, &unit_asset(unit, 1)));
            }
            at = at.plus(w.rng.between(11, 17) * 100 / season(at));
        }
    }
}

fn access(w: &mut World) {
    let staff = w.people.steady("Engineering");
    for n in 0..260 {
        let at = FIRST.plus(n * 728 / 260).weekday().at(9 + n % 8, n * 13 % 60);
        let actor = w.rng.pick(&staff).clone();
        if n % 13 == 6 {
            let id = w.id("access_grant");
            let manager = w.people.manager(&actor, at.day);
            w.put(approval(at.plus_days(-4), &actor, &manager, &id, "access"));
            let row = access_grant(at, &actor, &format!("Contractor {n}"), true);
            let of = w.put(row.text("id", &id).text("system", "Issue tracker"));
            w.expect("outsider_access_without_sponsor", "excepted sponsored", &of, "With a sponsor, as usual");
        } else {
            let all = w.people.employed(at.day);
            let grantee = w.rng.pick(&all).clone();
            let system = *w.rng.pick(&["Seller console", "Issue tracker", "Ledger", "Warehouse plan"]);
            w.put(access_grant(at, &actor, &grantee, false).text("system", system));
        }
    }
}

fn code(w: &mut World) {
    let staff = w.people.steady("Engineering");
    let mut at = FIRST;
    while at <= LAST {
        if !at.weekend() {
            for _ in 0..w.rng.between(1, 3) {
                let actor = w.rng.pick(&staff).clone();
                let moment = at.at(w.rng.between(9, 20), w.rng.between(0, 59));
                let repository = *w.rng.pick(&["storefront", "search", "checkout", "ranking"]);
                let row = code_push(moment, &actor, repository == "ranking").text("repository", repository);
                let open = repository == "storefront" && w.rng.chance(5);
                w.put(if open { row.text("host", "code.public.example") } else { row });
            }
        }
        at = at.plus(1);
    }
}
