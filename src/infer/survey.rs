//! How the records of an input are to be taken, before their values are looked at: whether each has a list of which one
//! record is to be made each, whether they are of several kinds, and which lists are of named values.

use super::names;
use crate::data::found::Found;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::borrow::Cow;

/// A kind may stand so deep, and a list of which each is a record.
const MAX_DEPTH: usize = 4;
const MAX_BRANCHES: usize = 5_000;
/// More kinds are not told apart.
const MAX_KINDS: usize = 24;
/// Of a log whose records name their kind as the language has it.
const MAX_NAMED_KINDS: usize = 200;
const LONGEST_KIND: usize = 60;
/// So much of which fields there are has a kind to explain.
const EXPLAINS: f64 = 0.6;

/// The key under which the fields of an element stand beside those of its record.
pub const ITEM: &str = "item";
/// The key that names a record's kind where no source says otherwise.
pub const KIND: &str = "kind";

type Members<'m, 'a> = &'m [(Cow<'a, str>, Found<'a>)];

/// How records are taken.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The list of which each element is a record.
    pub each: Option<Vec<String>>,
    /// The field that says of which kind a record is, and its values; from the element, where the first key is [`ITEM`].
    pub kinds: Option<(Vec<String>, Vec<String>)>,
    /// Records name their kind as they would without a source.
    pub tagged: bool,
    /// Lists of objects that are named values, and the key of the name.
    pub named: Vec<(Vec<String>, String)>,
    /// Records whose list has nothing in it, or is not there.
    pub without_elements: u64,
}

#[derive(Default)]
struct Branch {
    path: Vec<String>,
    fields: IndexMap<Box<str>, u32, FxBuildHasher>,
    present: u64,
    /// Of a list of objects: how often, and whether one was empty or held anything else.
    lists: u64,
    /// Keys that every element of the list has had so far, as a text.
    named: Option<Option<String>>,
    kinds: Option<Kinds>,
}

/// What a field that may name kinds has said.
struct Kinds {
    by_value: IndexMap<Box<str>, Kind, FxBuildHasher>,
    /// Some value is too long or no text, or there are too many.
    broken: bool,
}

#[derive(Default)]
struct Kind {
    records: u64,
    present: FxHashMap<u32, u64>,
}

pub struct Survey {
    branches: Vec<Branch>,
    plan: Plan,
    records: u64,
    read: u64,
}

/// What one record has: fields, by branch; words that may name its kind.
#[derive(Default)]
struct Row {
    present: Vec<u32>,
    words: Vec<(u32, Option<String>)>,
}

impl Survey {
    /// `each`: as a look at the first records has found it.
    pub fn new(each: Option<Vec<String>>) -> Survey {
        let plan = Plan { each, ..Plan::default() };
        Survey { branches: vec![Branch::default()], plan, records: 0, read: 0 }
    }

    pub fn add(&mut self, members: Members) {
        self.read += 1;
        let Some(each) = self.plan.each.clone() else { return self.record(members, None) };
        match elements(members, &each) {
            Some(items) if !items.is_empty() => {
                for item in items {
                    if let Found::Group(item) = item {
                        self.record(members, Some(item));
                    }
                }
            }
            _ => self.plan.without_elements += 1,
        }
    }

    fn record(&mut self, members: Members, item: Option<Members>) {
        self.records += 1;
        let mut row = Row::default();
        let outer = without_item(members, item.is_some());
        self.group(0, &outer, 0, &mut row);
        if let Some(item) = item
            && let Some(at) = self.branch(0, ITEM)
        {
            self.group(at, item, 0, &mut row);
        }
        row.present.sort_unstable();
        row.present.dedup();
        for at in &row.present {
            self.branches[*at as usize].present += 1;
        }
        for (at, word) in row.words {
            let of = self.branches[at as usize]
                .kinds
                .get_or_insert_with(|| Kinds { by_value: IndexMap::default(), broken: false });
            if of.broken {
                continue;
            }
            let most = if at == 1 { MAX_NAMED_KINDS } else { MAX_NAMED_KINDS.min(MAX_KINDS + 1) };
            match word {
                Some(word) if of.by_value.len() < most || of.by_value.contains_key(word.as_str()) => {
                    let kind = of.by_value.entry(word.into()).or_default();
                    kind.records += 1;
                    for field in &row.present {
                        *kind.present.entry(*field).or_default() += 1;
                    }
                }
                _ => {
                    of.broken = true;
                    of.by_value.clear();
                }
            }
        }
    }

    fn group(&mut self, at: u32, members: Members, depth: usize, row: &mut Row) {
        for (key, found) in members {
            if matches!(found, Found::Absent) {
                continue;
            }
            let Some(field) = self.branch(at, key) else { continue };
            row.present.push(field);
            match found {
                Found::Group(inner) if depth < MAX_DEPTH => self.group(field, inner, depth + 1, row),
                Found::List(items) => self.list(field, items, row),
                _ => {}
            }
            if depth < 2 && self.may_name_kinds(at, key) {
                let word = match found {
                    Found::Text(text) | Found::Cell(text) if text.len() <= LONGEST_KIND && can_name(text) => {
                        Some(text.to_string())
                    }
                    _ => None,
                };
                row.words.push((field, word));
            }
        }
    }

    fn may_name_kinds(&self, at: u32, key: &str) -> bool {
        let word = names::word(key);
        let of_item = self.branches[at as usize].path.first().is_some_and(|k| k == ITEM) && self.plan.each.is_some();
        names::names_a_kind(&word) || of_item && word == "name"
    }

    /// A list of objects may be one of named values: each has its name under the same key, and few other keys.
    fn list(&mut self, at: u32, items: &[Found], row: &mut Row) {
        let groups: Vec<Members> =
            items.iter().filter_map(|i| if let Found::Group(m) = i { Some(m.as_slice()) } else { None }).collect();
        if items.is_empty() || groups.len() < items.len() {
            self.branches[at as usize].named = Some(None);
            return;
        }
        self.branches[at as usize].lists += 1;
        let key = match &self.branches[at as usize].named {
            None => groups[0]
                .iter()
                .map(|(k, _)| k.to_string())
                .find(|k| names::is_word(k) && names::names_a_value(&names::word(k))),
            Some(key) => key.clone(),
        };
        let holds = |key: &str| groups.iter().all(|m| named_by(m, key).is_some());
        let key = key.filter(|k| holds(k));
        if let Some(key) = &key {
            for name in groups.iter().filter_map(|m| named_by(m, key)) {
                row.present.extend(self.branch(at, name));
            }
        }
        self.branches[at as usize].named = Some(key);
    }

    fn branch(&mut self, at: u32, key: &str) -> Option<u32> {
        if let Some(field) = self.branches[at as usize].fields.get(key) {
            return Some(*field);
        }
        if self.branches.len() >= MAX_BRANCHES {
            return None;
        }
        let field = self.branches.len() as u32;
        let mut path = self.branches[at as usize].path.clone();
        path.push(key.to_owned());
        self.branches.push(Branch { path, ..Branch::default() });
        self.branches[at as usize].fields.insert(key.into(), field);
        Some(field)
    }

    /// The list that every record has had so far, of objects of which there were several in some record.
    pub fn each(&self) -> Option<Vec<String>> {
        let every = self.branches.iter().filter(|b| b.lists == self.read && self.read > 0 && b.path.len() <= MAX_DEPTH);
        let mut lists = every.filter(|b| !matches!(b.named, Some(Some(_))) && can_be_path(&b.path));
        let only = lists.next()?;
        lists.next().is_none().then(|| only.path.clone())
    }

    /// Whether there is more to find out than a look at the first records has.
    pub fn is_plain(&self) -> bool {
        self.branches.iter().all(|b| b.kinds.is_none() && b.lists == 0)
    }

    pub fn plan(mut self, objects: bool) -> Plan {
        let named = self.branches.iter().filter_map(|b| match &b.named {
            Some(Some(key)) if Some(&b.path) != self.plan.each.as_ref() && can_be_path(&b.path) => {
                Some((b.path.clone(), key.clone()))
            }
            _ => None,
        });
        self.plan.named = named.collect();
        let kind_key = self.branches.iter().find(|b| b.path == [KIND] && objects && self.plan.each.is_none());
        let tagged = kind_key
            .filter(|b| b.present == self.records)
            .and_then(|b| b.kinds.as_ref())
            .filter(|k| !k.broken && k.by_value.keys().all(|v| names::is_word(v) && names::kind(v) == **v));
        if let Some(kinds) = tagged {
            let values = kinds.by_value.keys().map(|v| v.to_string()).collect();
            self.plan.tagged = true;
            self.plan.kinds = Some((vec![KIND.to_owned()], values));
            return self.plan;
        }
        let scored = self.branches.iter().filter_map(|b| {
            let kinds = b.kinds.as_ref().filter(|k| !k.broken && (2..=MAX_KINDS).contains(&k.by_value.len()))?;
            let distinct: FxHashSet<String> = kinds.by_value.keys().map(|v| names::kind(v)).collect();
            let all_named = distinct.len() == kinds.by_value.len() && b.present == self.records && can_be_path(&b.path);
            let explained = self.explained(kinds);
            // Fewer kinds that explain as much are better.
            (all_named && explained >= EXPLAINS).then_some((explained - 0.02 * kinds.by_value.len() as f64, b, kinds))
        });
        if let Some((_, branch, kinds)) = scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
            let values = kinds.by_value.keys().map(|v| v.to_string()).collect();
            self.plan.kinds = Some((branch.path.clone(), values));
        }
        self.plan
    }

    /// How much of which fields are there is explained by these kinds: 1 where each has fields of its own, always.
    fn explained(&self, kinds: &Kinds) -> f64 {
        let n = self.records as f64;
        let (mut before, mut after) = (0.0, 0.0);
        for (at, branch) in self.branches.iter().enumerate() {
            let p = branch.present as f64 / n;
            before += n * p * (1.0 - p);
            for kind in kinds.by_value.values() {
                let of = kind.records as f64;
                let p = kind.present.get(&(at as u32)).copied().unwrap_or(0) as f64 / of;
                after += of * p * (1.0 - p);
            }
        }
        if before > 0.0 { (before - after) / before } else { 0.0 }
    }
}

fn can_be_path(keys: &[String]) -> bool {
    keys.iter().all(|k| names::can_be_written(k))
}

fn can_name(text: &str) -> bool {
    names::can_be_written(text) && !text.trim().is_empty() && text.trim() == text
}

/// The fields of a record beside an element: under `item` they could not be told from the element's own.
pub fn without_item<'m, 'a>(members: Members<'m, 'a>, beside: bool) -> Cow<'m, [(Cow<'a, str>, Found<'a>)]> {
    if beside && members.iter().any(|(k, _)| k == ITEM) {
        return members.iter().filter(|(k, _)| k != ITEM).cloned().collect();
    }
    Cow::Borrowed(members)
}

/// The list at a path.
pub fn elements<'f, 'a>(members: Members<'f, 'a>, path: &[String]) -> Option<&'f [Found<'a>]> {
    match at(members, path)? {
        Found::List(items) => Some(items),
        _ => None,
    }
}

/// What stands at a path.
pub fn at<'f, 'a>(members: Members<'f, 'a>, path: &[String]) -> Option<&'f Found<'a>> {
    let (first, rest) = path.split_first()?;
    let found = members.iter().find(|(k, _)| **k == **first).map(|(_, f)| f)?;
    match (rest, found) {
        ([], found) => Some(found),
        (rest, Found::Group(inner)) => at(inner, rest),
        _ => None,
    }
}

/// The name of an element of a list of named values.
pub fn named_by<'f>(members: &'f [(Cow<str>, Found)], key: &str) -> Option<&'f str> {
    let few = members.len() <= 4;
    let name = members.iter().find(|(k, _)| **k == *key);
    let others = members.iter().filter(|(k, _)| **k != *key);
    match name {
        Some((_, Found::Text(name))) if few && can_name(name) && name.len() <= LONGEST_KIND => {
            others.clone().all(|(k, _)| names::is_a_value(&names::word(k))).then_some(&**name)
        }
        _ => None,
    }
}
