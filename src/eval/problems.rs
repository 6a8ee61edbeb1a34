//! What is wrong with the tables themselves, whoever is judged by them: rows of one key that hold at one time and
//! differ, rows that lead in a circle or to where no row is, rows that cannot be told by their key or time.

use super::chain::shown;
use super::explain::record_ref;
use super::interp::Context;
use super::rows::Col;
use super::tables::{Found, lookup};
use super::val::Val;
use super::{RecordRef, Runtime, World};
use crate::data::calendar::Zone;
use crate::data::{ColumnId, KindId, Role, Time, display};
use crate::diag::Code;
use crate::plan::Plan;
use rustc_hash::{FxHashMap, FxHashSet};

/// Something in a table by which look-ups are unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct DataProblem {
    pub code: Code,
    pub table: KindId,
    /// One sentence; keys that are `@sensitive` are withheld in it.
    pub message: String,
    /// The rows that it is about.
    pub rows: Vec<RecordRef>,
}

/// Of the keys in a circle so many are written out.
const SHOWN_KEYS: usize = 8;

pub fn find(plan: &Plan, runtime: &Runtime, world: &World) -> Vec<DataProblem> {
    let cx = runtime.context(plan, world, 0, None);
    let mut problems = Vec::new();
    super::rates::problems(&cx, &mut problems);
    for table in (0..plan.schema.kinds.len() as u32).map(KindId) {
        if cx.world.table(table).is_none() {
            continue;
        }
        let look = Look { cx, table, rows: intervals(&cx, table) };
        look.unplaced(&mut problems);
        look.overlaps(&mut problems);
        for &(_, column) in plan.chains.iter().filter(|(t, _)| *t == table) {
            look.circles(column, &mut problems);
            look.dead_ends(column, &mut problems);
        }
    }
    problems
}

/// A row, and from when until when it holds, in days or nanoseconds.
#[derive(Clone, Copy)]
struct Interval {
    id: u32,
    from: i64,
    until: i64,
}

fn raw(value: Val<'_>) -> Option<i64> {
    match value {
        Val::Date(d) => Some(d as i64),
        Val::Timestamp(t) => Some(t),
        _ => None,
    }
}

/// The rows that are known by key and validity.
fn intervals(cx: &Context<'_>, table: KindId) -> Vec<Interval> {
    let schema = &cx.plan.schema;
    let Role::Table { key, valid } = schema.kind(table).role else { return Vec::new() };
    (0..cx.world.len(table))
        .filter_map(|id| {
            let frame = cx.world.frame(table, id);
            let cell = |c: ColumnId| Val::cell(frame.rows, frame.row, c, schema.column(table, c).optional);
            if !cell(key).is_known() {
                return None;
            }
            let Some((from, until)) = valid else { return Some(Interval { id, from: i64::MIN, until: i64::MAX }) };
            let until = match until.map(cell) {
                None | Some(Val::Absent) => i64::MAX,
                Some(until) => raw(until)?,
            };
            let from = match cell(from) {
                Val::Absent => i64::MIN,
                from => raw(from)?,
            };
            Some(Interval { id, from, until })
        })
        .collect()
}

struct Look<'a> {
    cx: Context<'a>,
    table: KindId,
    /// By id.
    rows: Vec<Interval>,
}

impl<'a> Look<'a> {
    fn cell(&self, id: u32, column: ColumnId) -> Val<'a> {
        let frame = self.cx.world.frame(self.table, id);
        Val::cell(frame.rows, frame.row, column, self.cx.plan.schema.column(self.table, column).optional)
    }

    fn key(&self, id: u32) -> Val<'a> {
        match self.cx.plan.schema.kind(self.table).role {
            Role::Table { key, .. } => self.cell(id, key),
            Role::Record { .. } => Val::Unknown,
        }
    }

    fn name(&self) -> &'a str {
        &self.cx.plan.schema.kind(self.table).name
    }

    fn refs(&self, ids: &[u32]) -> Vec<RecordRef> {
        ids.iter().map(|&id| record_ref(&self.cx, &self.cx.world.frame(self.table, id))).collect()
    }

    fn tell(&self, code: Code, message: String, ids: &[u32]) -> DataProblem {
        DataProblem { code, table: self.table, message, rows: self.refs(ids) }
    }

    /// The validity is by date, not by instant.
    fn dated(&self) -> bool {
        let schema = &self.cx.plan.schema;
        match schema.kind(self.table).role {
            Role::Table { valid: Some((from, _)), .. } => schema.column(self.table, from).ty == crate::data::Type::Date,
            _ => true,
        }
    }

    fn time(&self, at: i64) -> Option<Time> {
        match self.dated() {
            true => Some(Time::Date(i32::try_from(at.max(i32::MIN as i64)).ok()?)),
            false => Some(Time::Instant(at)),
        }
    }

    fn show(&self, at: i64) -> String {
        let utc = Zone::utc();
        self.time(at).map_or_else(String::new, |t| display::time(t, if self.dated() { &utc } else { self.cx.zone }))
    }

    /// ` from 2025-01-01 until 2025-02-01`, as far as there are bounds.
    fn span(&self, from: i64, until: i64) -> String {
        match (from > i64::MIN, until < i64::MAX) {
            (true, true) => format!(" from {} until {}", self.show(from), self.show(until)),
            (true, false) => format!(" from {} on", self.show(from)),
            (false, true) => format!(" until {}", self.show(until)),
            (false, false) => String::new(),
        }
    }

    fn unplaced(&self, problems: &mut Vec<DataProblem>) {
        let placed: FxHashSet<u32> = self.rows.iter().map(|r| r.id).collect();
        for id in (0..self.cx.world.len(self.table)).filter(|id| !placed.contains(id)) {
            let message = match self.key(id).is_known() {
                false => format!("a row of `{}` has no readable key: it is looked up by none", self.name()),
                true => format!(
                    "a row of `{}` does not say from when or until when it holds: look-ups of its key are unknown",
                    self.name()
                ),
            };
            problems.push(self.tell(Code::UnplacedRow, message, &[id]));
        }
    }

    /// Rows by key, each key's in order of validity; keys in the order of their first rows.
    fn by_key(&self) -> Vec<Vec<Interval>> {
        let mut of: FxHashMap<Box<[u8]>, usize> = FxHashMap::default();
        let mut groups: Vec<Vec<Interval>> = Vec::new();
        for row in &self.rows {
            let mut bytes = Vec::new();
            self.key(row.id).encode(&mut bytes);
            let at = *of.entry(bytes.into()).or_insert(groups.len());
            if at == groups.len() {
                groups.push(Vec::new());
            }
            groups[at].push(*row);
        }
        groups.iter_mut().for_each(|g| g.sort_by_key(|r| (r.from, r.until, r.id)));
        groups
    }

    /// Two rows differ in something that rules read.
    fn differ(&self, a: u32, b: u32) -> bool {
        let schema = &self.cx.plan.schema;
        let Role::Table { key, valid } = schema.kind(self.table).role else { return false };
        let bounds = valid.map_or((None, None), |(from, until)| (Some(from), until));
        (0..schema.kind(self.table).columns.len() as u32)
            .map(ColumnId)
            .filter(|c| *c != key && Some(*c) != bounds.0 && Some(*c) != bounds.1)
            .filter(|c| !matches!(self.cx.world.frame(self.table, a).rows.cols[c.0 as usize], Col::None))
            .any(|c| !super::tables::same(&self.cell(a, c), &self.cell(b, c)))
    }

    fn overlaps(&self, problems: &mut Vec<DataProblem>) {
        let key = self.cx.plan.schema.kind(self.table).subject();
        for group in self.by_key() {
            // The row so far that holds longest.
            let mut last: Option<Interval> = None;
            for row in group {
                let Some(before) = last else {
                    last = Some(row);
                    continue;
                };
                let until = before.until.min(row.until);
                if row.from < until && self.differ(before.id, row.id) {
                    let shown = shown(&self.cx, self.table, key.unwrap_or(ColumnId(0)), self.key(row.id));
                    let message = format!(
                        "two rows of `{}` with the key `{shown}` hold at one time and differ{}",
                        self.name(),
                        self.span(row.from, until)
                    );
                    problems.push(self.tell(Code::RowsOverlap, message, &[before.id, row.id]));
                }
                if row.until >= before.until {
                    last = Some(row);
                }
            }
        }
    }

    /// Every circle is whole at the moment when the last of its rows begins.
    fn circles(&self, column: ColumnId, problems: &mut Vec<DataProblem>) {
        let mut starts = self.rows.clone();
        starts.sort_by_key(|r| (r.from, r.id));
        let mut told: FxHashSet<Vec<u32>> = FxHashSet::default();
        let mut walked = FxHashMap::default();
        for row in &starts {
            let Some(circle) = self.circle_from(self.key(row.id), column, row.from, &mut walked) else { continue };
            let mut rows: Vec<u32> = circle.iter().map(|c| c.0).collect();
            rows.sort_unstable();
            if !told.insert(rows.clone()) {
                continue;
            }
            // From the first of its rows on, so that it is the same wherever it was entered.
            let first = circle.iter().position(|c| c.0 == rows[0]).unwrap_or(0);
            let keys: Vec<String> = circle[first..]
                .iter()
                .chain(&circle[..first])
                .take(SHOWN_KEYS)
                .map(|c| format!("`{}`", shown(&self.cx, self.table, column, c.1)))
                .collect();
            let mut way = keys.join(" → ");
            match circle.len() > SHOWN_KEYS {
                true => way.push_str(&format!(" → … ({} in all)", circle.len())),
                false => way.push_str(&format!(" → {}", keys[0])),
            }
            let of = |id: &u32| self.rows.binary_search_by_key(id, |r| r.id).ok().map(|at| &self.rows[at]);
            let from = rows.iter().filter_map(of).map(|r| r.from).max().unwrap_or(i64::MIN);
            let until = rows.iter().filter_map(of).map(|r| r.until).min().unwrap_or(i64::MAX);
            let field = &self.cx.plan.schema.column(self.table, column).name;
            let message = format!("`{field}` of `{}` leads in a circle{}: {way}", self.name(), self.span(from, until));
            let order: Vec<u32> = circle[first..].iter().chain(&circle[..first]).map(|c| c.0).collect();
            problems.push(self.tell(Code::RowsInACircle, message, &order));
        }
    }

    /// The rows of the circle that the way up from a key comes to, with their keys. `walked`: keys by their first
    /// row, and until when the way up from there is as it was found, its circle told or none in it.
    fn circle_from(
        &self,
        key: Val<'a>,
        column: ColumnId,
        at: i64,
        walked: &mut FxHashMap<u32, i64>,
    ) -> Option<Vec<(u32, Val<'a>)>> {
        let time = self.time(at);
        let begins = |row: u32| self.rows.binary_search_by_key(&row, |r| r.id).map_or(i64::MAX, |i| self.rows[i].from);
        let mut path: Vec<(u32, u32, Val<'a>)> = Vec::new();
        let mut on_path = FxHashMap::default();
        let mut key = key;
        let table = self.cx.world.table(self.table);
        // Nobody has this key, and never will.
        let mut until = i64::MAX;
        let mut circle = None;
        while let Some(node) = table.and_then(|t| t.first(key)) {
            if let Some(&entry) = on_path.get(&node) {
                circle = Some(entry);
                until = i64::MAX;
                break;
            }
            if let Some(&known) = walked.get(&node).filter(|known| **known > at) {
                until = known;
                break;
            }
            let (row, next) = match lookup(&self.cx, self.table, key, column, time) {
                Found::Row(row, next) => (row, next),
                // Until a row begins.
                Found::NoRow => {
                    let rows = table.map_or(&[][..], |t| t.rows(key)).iter();
                    until = rows.map(|&id| begins(id)).filter(|from| *from > at).min().unwrap_or(i64::MAX);
                    break;
                }
                _ => {
                    until = at;
                    break;
                }
            };
            on_path.insert(node, path.len());
            path.push((node, row, key));
            if !next.is_known() {
                until = i64::MAX;
                break;
            }
            key = next;
        }
        let ends = |row: u32| self.rows.binary_search_by_key(&row, |r| r.id).map_or(at, |i| self.rows[i].until);
        if let Some(entry) = circle {
            until = path[entry..].iter().map(|p| ends(p.1)).min().unwrap_or(at);
        }
        for &(node, row, _) in path.iter().rev() {
            until = until.min(ends(row));
            walked.insert(node, until);
        }
        Some(path.split_off(circle?).into_iter().map(|(_, row, key)| (row, key)).collect())
    }

    /// Rows that name somebody of whom no row holds then.
    fn dead_ends(&self, column: ColumnId, problems: &mut Vec<DataProblem>) {
        let mut of: FxHashMap<u32, Vec<Interval>> = FxHashMap::default();
        let index = self.cx.world.table(self.table);
        let node = |key: Val<'a>| index.and_then(|t| t.first(key));
        for group in self.by_key() {
            if let Some(first) = node(self.key(group[0].id)) {
                of.insert(first, group);
            }
        }
        let field = &self.cx.plan.schema.column(self.table, column).name;
        for row in &self.rows {
            let named = self.cell(row.id, column);
            if !named.is_known() || row.from >= row.until {
                continue;
            }
            let none = Vec::new();
            let rows = node(named).and_then(|n| of.get(&n)).unwrap_or(&none);
            // The first moment from which nobody covers.
            let mut open = row.from;
            let mut next = row.until;
            for other in rows {
                if other.from > open {
                    next = next.min(other.from);
                    break;
                }
                open = open.max(other.until);
            }
            if open >= row.until {
                continue;
            }
            let who = shown(&self.cx, self.table, column, named);
            let message = match rows.is_empty() {
                true => format!("`{field}` in a row of `{}` names `{who}`, and no row has that key", self.name()),
                false => format!(
                    "`{field}` in a row of `{}` names `{who}`, and no row of that key holds{}",
                    self.name(),
                    self.span(open, next)
                ),
            };
            let mut ids = vec![row.id];
            ids.extend(rows.iter().map(|r| r.id));
            problems.push(self.tell(Code::RowLeadsNowhere, message, &ids));
        }
    }
}
