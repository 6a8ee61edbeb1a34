//! What to keep of each row of an input and how the kept values fill columns: a [`Reading`] and a
//! [`Route`], resolved.

use super::Route;
use super::paths::{Raw, Trie};
use super::rows::{Cells, Expr, Get, Test};
use super::values::{Reader, Scalar};
use super::worker::Spread;
use crate::data::calendar::Zone;
use crate::data::lookup::{Lookup, NONE};
use crate::data::mapping::{Cond, How, MapExpr, Path, Source, Step};
use crate::data::{ColumnId, Decimal, KindId, Reading, Type, Value};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The paths that are kept; their index is the slot.
#[derive(Debug, Default)]
pub struct SlotPaths {
    pub paths: Vec<Vec<String>>,
    /// Who needs a column of this name, where the file must have it: a source or a kind.
    pub needed_by: Vec<Option<String>>,
    index: HashMap<Vec<String>, u32>,
}

impl SlotPaths {
    fn slot(&mut self, path: &[String], needed_by: Option<&str>) -> u32 {
        let slot = *self.index.entry(path.to_vec()).or_insert_with(|| {
            self.paths.push(path.to_vec());
            self.needed_by.push(None);
            self.paths.len() as u32 - 1
        });
        let needed = &mut self.needed_by[slot as usize];
        if needed.is_none() {
            *needed = needed_by.map(String::from);
        }
        slot
    }

    fn trie<'k>(&self, known: impl Iterator<Item = &'k str>) -> Trie {
        let known: Vec<String> = known.map(String::from).collect();
        Trie::new(self.paths.iter().map(Vec::as_slice), known.iter().map(String::as_str))
    }
}

/// One record of each element of the list in a slot, or under it.
#[derive(Debug)]
pub struct Each {
    pub list: Get,
    pub trie: Trie,
    /// Kept of each element.
    pub paths: Vec<Vec<String>>,
}

/// One kind of record that an input gives.
#[derive(Debug)]
pub struct Target {
    pub kind: KindId,
    /// None: its records are only counted.
    pub projection: Option<Arc<[ColumnId]>>,
    /// As in `projection`.
    pub columns: Vec<Expr>,
    pub filter: Option<Test>,
    pub each: Option<Each>,
}

impl Target {
    /// Whether it may take rows of which so much is known.
    pub fn may_take(&self, spread: &impl Spread) -> bool {
        let beyond = |(slot, words): (u32, Vec<&str>)| match spread.texts(slot) {
            Some((least, greatest)) => words.iter().all(|w| *w < least || *w > greatest),
            None => false,
        };
        !word_tests(self.filter.as_ref()).into_iter().any(beyond)
    }

    /// What is read of rows that are nothing to any rule.
    pub fn slots_of_rest(&self, rest: &[ColumnId]) -> Vec<u32> {
        let mut gets = Vec::new();
        rest.iter().filter_map(|c| self.expr(*c)).for_each(|e| e.gets(&mut gets));
        self.filter.iter().for_each(|f| f.gets(&mut gets));
        gets.into_iter().map(|g| g.slot).collect()
    }

    pub fn expr(&self, column: ColumnId) -> Option<&Expr> {
        let at = self.projection.as_ref()?.iter().position(|c| *c == column)?;
        self.columns.get(at)
    }
}

#[derive(Debug)]
pub struct Layout {
    pub slots: SlotPaths,
    pub trie: Trie,
    pub targets: Vec<Target>,
    /// Which targets may take a record.
    claims: Claims,
    /// Tagged: the slot of `kind`, and the target of each kind's name.
    pub tagged: Option<(u32, FxHashMap<String, usize>)>,
}

impl Layout {
    /// `tabular`: of columns rather than of objects.
    pub fn new(reading: &Reading, route: &Route, tabular: bool) -> Layout {
        let mut slots = SlotPaths::default();
        let zone = zone(&reading.timezone);
        let mut tagged = None;
        let mut known: Vec<&str> = Vec::new();
        let targets = match route {
            Route::Sources(indexes) => {
                let sources = indexes.iter().filter_map(|i| reading.sources.get(*i));
                sources.map(|s| source_target(reading, s, &mut slots)).collect()
            }
            Route::Kind(kind) => vec![named_target(reading, *kind, &mut slots, &zone, tabular)],
            Route::Tagged => {
                let kinds = reading.schema.declared();
                let slot = slots.slot(&["kind".to_string()], None);
                tagged = Some((slot, kinds.iter().enumerate().map(|(i, k)| (k.name.clone(), i)).collect()));
                (0..kinds.len())
                    .map(|i| named_target(reading, KindId(i as u32), &mut slots, &zone, tabular))
                    .collect::<Vec<_>>()
            }
        };
        if !matches!(route, Route::Sources(_)) {
            let named = |t: &Target| reading.schema.kind(t.kind).columns.iter().map(|c| c.name.as_str());
            known.extend(targets.iter().flat_map(named));
        }
        let trie = slots.trie(known.into_iter());
        let claims = Claims::new(&targets);
        Layout { slots, trie, targets, claims, tagged }
    }

    /// The targets that may take this record, in order.
    #[inline]
    pub fn claims(&self, cells: &impl Cells) -> &[Claim] {
        let Claims { slot, texts, of } = &self.claims;
        let number = match slot.map(|slot| (slot, cells.raw(false, slot))) {
            Some((_, Some(Raw::Text(text)))) => texts.get(text.as_bytes()),
            Some((slot, _)) => match cells.get(false, slot) {
                Scalar::Text(text) => texts.get(text.as_bytes()),
                Scalar::Cell(text) => texts.get(text.as_bytes()),
                _ => NONE,
            },
            None => NONE,
        };
        &of[number as usize]
    }
}

/// Which targets may take a record, by one text in it: a log of many kinds has a source for each, told apart
/// by the word that names the kind.
#[derive(Debug)]
struct Claims {
    slot: Option<u32>,
    texts: Lookup,
    /// By the number of the text there; first of records with any other.
    of: Vec<Vec<Claim>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub target: usize,
    /// The text alone decides.
    pub certain: bool,
    /// And each record is one row.
    pub is_row: bool,
}

impl Claims {
    fn new(targets: &[Target]) -> Claims {
        let mut by_slot: BTreeMap<u32, usize> = BTreeMap::new();
        for (slot, _) in targets.iter().flat_map(|t| word_tests(t.filter.as_ref())) {
            *by_slot.entry(slot).or_default() += 1;
        }
        let slot = by_slot.into_iter().max_by_key(|(_, n)| *n).map(|(slot, _)| slot);
        let tests: Vec<Option<Vec<&str>>> = targets
            .iter()
            .map(|t| word_tests(t.filter.as_ref()).into_iter().find(|(s, _)| Some(*s) == slot).map(|(_, w)| w))
            .collect();
        let all: BTreeSet<&str> = tests.iter().flatten().flatten().copied().collect();
        let of = |text: Option<&str>| {
            let taking = tests.iter().enumerate().filter(|(_, words)| match words {
                Some(words) => text.is_some_and(|t| words.contains(&t)),
                None => true,
            });
            let claim = |(target, words): (usize, &Option<Vec<&str>>)| {
                let certain = match &targets[target].filter {
                    None => true,
                    Some(filter) => words.is_some() && matches!(filter, Test::In(..)),
                };
                Claim { target, certain, is_row: certain && targets[target].each.is_none() }
            };
            taking.map(claim).collect::<Vec<_>>()
        };
        let numbered: Vec<(&str, u32)> = all.iter().copied().zip(NONE + 1..).collect();
        let claims = std::iter::once(None).chain(all.into_iter().map(Some)).map(of);
        Claims { slot, texts: Lookup::new(&numbered), of: claims.collect() }
    }
}

/// The texts of which a slot must hold one for the test to pass.
fn word_tests(test: Option<&Test>) -> Vec<(u32, Vec<&str>)> {
    match test {
        Some(Test::And(all)) => all.iter().flat_map(|t| word_tests(Some(t))).collect(),
        Some(Test::In(get, values)) if !get.item && get.rest.is_empty() => {
            let words = values.iter().map(|v| if let Value::Text(word) = v { Some(&**word) } else { None });
            words.collect::<Option<Vec<_>>>().map(|words| (get.slot, words)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn zone(name: &str) -> Arc<Zone> {
    Arc::new(Zone::named(name).unwrap_or_else(Zone::utc))
}

fn projection(reading: &Reading, kind: KindId) -> Option<Arc<[ColumnId]>> {
    reading.projections.get(kind.0 as usize).cloned().flatten()
}

/// Fields by name, nested by path.
fn named_target(reading: &Reading, kind: KindId, slots: &mut SlotPaths, zone: &Arc<Zone>, tabular: bool) -> Target {
    let schema = &*reading.schema;
    let mut read = |id: ColumnId| {
        let column = schema.column(kind, id);
        let path: Vec<String> = column.path().map(String::from).collect();
        let needed = (!column.optional && column.ty != Type::Struct).then_some(schema.kind(kind).name.as_str());
        let get = Get { item: false, slot: slots.slot(&path, needed), rest: Box::default() };
        (get, Reader::new(schema, &column.ty, &[], zone).quiet(column.sensitive))
    };
    let projection = projection(reading, kind);
    let mut columns = Vec::new();
    for id in projection.iter().flat_map(|p| p.iter().copied()) {
        let (get, reader) = read(id);
        columns.push(match schema.column(kind, id).ty {
            Type::Struct => {
                let under = if tabular { under(reading, kind, id) } else { Vec::new() };
                let below = under.into_iter().map(&mut read).map(|(g, r)| Expr::Read(g, r)).collect();
                Expr::Presence { group: Some((get, reader)), below }
            }
            _ => Expr::Read(get, reader),
        });
    }
    Target { kind, projection, columns, filter: None, each: None }
}

/// The columns of a group, without groups.
fn under(reading: &Reading, kind: KindId, group: ColumnId) -> Vec<ColumnId> {
    let columns = &reading.schema.kind(kind).columns;
    let prefix = format!("{}.", columns[group.0 as usize].name);
    let is_under = |(_, c): &(usize, &crate::data::Column)| c.ty != Type::Struct && c.name.starts_with(&prefix);
    columns.iter().enumerate().filter(is_under).map(|(i, _)| ColumnId(i as u32)).collect()
}

fn source_target(reading: &Reading, source: &Source, slots: &mut SlotPaths) -> Target {
    let schema = &*reading.schema;
    let mut item_slots = SlotPaths::default();
    let mut compiler =
        Compiler { reading, source, slots, item_slots: &mut item_slots, zone: zone(&source.timezone), quiet: false };
    let projection = projection(reading, source.kind);
    let mut columns = Vec::new();
    for id in projection.iter().flat_map(|p| p.iter().copied()) {
        let ty = &schema.column(source.kind, id).ty;
        compiler.quiet = schema.column(source.kind, id).sensitive;
        let mapped = |id: ColumnId| source.map.iter().find(|(c, _)| *c == id).map(|(_, e)| e);
        columns.push(match (mapped(id), ty) {
            (Some(expr), _) => compiler.expr(expr, ty, &[]),
            (None, Type::Struct) => {
                let under = under(reading, source.kind, id);
                let exprs = under
                    .iter()
                    .filter_map(|c| mapped(*c).map(|e| compiler.expr(e, &schema.column(source.kind, *c).ty, &[])));
                Expr::Presence { group: None, below: exprs.filter(|e| !matches!(e, Expr::Constant(_))).collect() }
            }
            (None, _) => Expr::Absent,
        });
    }
    let filter = source.filter.as_ref().map(|c| compiler.test(c));
    let list = source.each.as_ref().map(|p| compiler.get(p));
    let each =
        list.map(|list| Each { list, trie: item_slots.trie(std::iter::empty()), paths: item_slots.paths.clone() });
    Target { kind: source.kind, projection, columns, filter, each }
}

struct Compiler<'r, 's> {
    reading: &'r Reading,
    source: &'r Source,
    slots: &'s mut SlotPaths,
    item_slots: &'s mut SlotPaths,
    zone: Arc<Zone>,
    /// The column that is read now is `@sensitive`.
    quiet: bool,
}

impl Compiler<'_, '_> {
    /// Keys lead to the slot; what comes after the first other step is followed row by row.
    fn get(&mut self, path: &Path) -> Get {
        let keys = path.steps.iter().map_while(|s| if let Step::Key(k) = s { Some(k.clone()) } else { None });
        let keys: Vec<String> = keys.collect();
        let rest = path.steps[keys.len()..].into();
        let slots = if path.from_item { &mut *self.item_slots } else { &mut *self.slots };
        Get { item: path.from_item, slot: slots.slot(&keys, Some(&self.source.name)), rest }
    }

    fn expr(&mut self, expr: &MapExpr, ty: &Type, hows: &[&How]) -> Expr {
        let schema = &*self.reading.schema;
        match expr {
            MapExpr::Path(path) => {
                let reader = Reader::new(schema, ty, hows, &self.zone).quiet(self.quiet);
                Expr::Read(self.get(path), reader)
            }
            MapExpr::Constant(value) => Expr::Constant(value.clone()),
            MapExpr::Read { of, how } => {
                let mut hows = hows.to_vec();
                hows.insert(0, how);
                self.expr(of, ty, &hows)
            }
            MapExpr::Money { amount, currency } => {
                // An amount counts in quotes too: many write one so to keep it exact.
                let hows: Vec<&How> = hows.iter().copied().chain([&How::Unit(1)]).collect();
                Expr::Money {
                    amount: Box::new(self.expr(amount, &Type::Decimal, &hows)),
                    currency: Box::new(self.expr(currency, &Type::Text, &[])),
                }
            }
            MapExpr::Coalesce(a, b) => {
                Expr::Coalesce(Box::new(self.expr(a, ty, hows)), Box::new(self.expr(b, ty, hows)))
            }
        }
    }

    fn test(&mut self, cond: &Cond) -> Test {
        match cond {
            Cond::And(all) => Test::And(all.iter().map(|c| self.test(c)).collect()),
            Cond::Or(any) => Test::Or(any.iter().map(|c| self.test(c)).collect()),
            Cond::Not(not) => Test::Not(Box::new(self.test(not))),
            Cond::Present(path) => Test::Present(self.get(path)),
            Cond::In(path, values) => Test::In(self.get(path), values.clone()),
            Cond::Less { path, than, or_equal } => self.order(path, *than, [true, *or_equal, false]),
            Cond::Greater { path, than, or_equal } => self.order(path, *than, [false, *or_equal, true]),
            Cond::StartsWith(path, text) => Test::StartsWith(self.get(path), text.clone()),
            Cond::EndsWith(path, text) => Test::EndsWith(self.get(path), text.clone()),
            Cond::Contains(path, text) => Test::Contains(self.get(path), text.clone()),
            Cond::Matches(path, pattern) => match Regex::new(pattern) {
                Ok(regex) => Test::Matches(self.get(path), regex),
                Err(_) => Test::Never,
            },
        }
    }

    fn order(&mut self, path: &Path, than: Decimal, pass: [bool; 3]) -> Test {
        Test::Order(self.get(path), than, pass)
    }
}
