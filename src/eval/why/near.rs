//! Records that a search passed over for one reason only.

use super::super::Truth;
use super::super::interp::{Context, Frame, Scope, truth, value};
use super::super::message::shown;
use super::super::val::Val;
use super::super::window::{self, unit};
use crate::data::display;
use crate::plan::Expr;

/// A record that failed one thing only.
pub struct Near<'a> {
    pub frame: Frame<'a>,
    pub why: WhyNear<'a>,
}

pub enum WhyNear<'a> {
    Window { by: String, after: bool },
    Condition { history: u32, condition: &'a Expr },
    Key { key: usize, name: String, found: String, wanted: String },
}

/// At most so many of each sort, the nearest in time.
pub const SHOWN: usize = 3;

enum Why {
    Window {
        by: i64,
        after: bool,
    },
    /// Index among all conditions.
    Condition(usize),
    Key(usize),
}

pub fn misses<'a>(cx: &Context<'a>, id: u32, scope: &Scope<'_, 'a>) -> Vec<Near<'a>> {
    let history = &cx.plan.histories[id as usize];
    let Some(about) = scope.at(history.root) else { return Vec::new() };
    let Some(bounds) = window::bounds(cx, history, about.frame.time) else { return Vec::new() };
    let Some(now) = about.frame.time.and_then(|t| unit(t, history.dates, cx.zone)) else { return Vec::new() };
    let wanted: Vec<Val<'a>> = history.keys.iter().map(|k| value(cx, &k.outer, about)).collect();
    let conditions: Vec<&'a Expr> = history.inner.iter().chain(&history.pair).chain(&history.join_conditions).collect();
    let mut found: [Vec<(u64, u32, Why)>; 3] = Default::default();
    for id in 0..cx.world.len(history.kind) {
        if about.frame.kind == history.kind && about.frame.id == id {
            continue;
        }
        let frame = cx.world.frame(history.kind, id);
        let Some(at) = frame.time.and_then(|t| unit(t, history.dates, cx.zone)) else { continue };
        let own = Scope { root: history.root + 1, frame, parent: Some(about) };
        let mut why = None;
        let mut failures = 0;
        if at < bounds.from || at > bounds.until {
            let after = at > bounds.until;
            let by = if after { at.saturating_sub(bounds.until) } else { bounds.from.saturating_sub(at) };
            why = Some(Why::Window { by, after });
            failures += 1;
        }
        for (k, key) in history.keys.iter().enumerate() {
            let is = value(cx, &key.inner, &own);
            if same(is, wanted[k]) {
                continue;
            }
            failures += 1;
            if failures > 1 || !alike(is, wanted[k]) {
                failures = 2;
                break;
            }
            why = Some(Why::Key(k));
        }
        for (c, condition) in conditions.iter().enumerate() {
            if failures > 1 {
                break;
            }
            if truth(cx, condition, &own) != Truth::True {
                failures += 1;
                why = Some(Why::Condition(c));
            }
        }
        if let (1, Some(why)) = (failures, why) {
            let sort = match why {
                Why::Window { .. } => 0,
                Why::Condition(_) => 1,
                Why::Key(_) => 2,
            };
            found[sort].push((at.abs_diff(now), id, why));
        }
    }
    let mut near = Vec::new();
    for mut of in found {
        of.sort_by_key(|n| (n.0, n.1));
        of.truncate(SHOWN);
        for (_, at, why) in of {
            let frame = cx.world.frame(history.kind, at);
            let own = Scope { root: history.root + 1, frame, parent: Some(about) };
            let why = match why {
                Why::Window { by, after } => WhyNear::Window { by: distance(by, history.dates), after },
                Why::Condition(c) => WhyNear::Condition { history: id, condition: conditions[c] },
                Why::Key(k) => {
                    let key = &history.keys[k];
                    WhyNear::Key {
                        key: k,
                        name: key.name.clone(),
                        found: shown(cx, &key.inner, &own),
                        wanted: shown(cx, &key.outer, about),
                    }
                }
            };
            near.push(Near { frame, why });
        }
    }
    near
}

pub fn distance(by: i64, dates: bool) -> String {
    match (dates, by) {
        (true, 1) => "1 day".into(),
        (true, days) => format!("{days} days"),
        (false, nanos) => display::duration(nanos),
    }
}

fn same(a: Val<'_>, b: Val<'_>) -> bool {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    a.encode(&mut x) && b.encode(&mut y) && x == y
}

/// Spelt nearly so: but for case and spaces, or with a letter or two wrong in a longer word.
fn alike(a: Val<'_>, b: Val<'_>) -> bool {
    let (Val::Text(a), Val::Text(b)) = (a, b) else { return false };
    let plain = |t: &str| t.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let (a, b) = (plain(a), plain(b));
    if a == b {
        return true;
    }
    let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).count();
    // Numbers of one series differ in a digit, and mean different people.
    let most = match letters(&a).min(letters(&b)) {
        0..=3 => return false,
        4..=7 => 1,
        _ => 2,
    };
    let digits = |t: &str| t.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(&a) == digits(&b) && strsim::osa_distance(&a, &b) <= most
}
