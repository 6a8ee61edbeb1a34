//! What one thread does with the rows of its chunks: fills columns, counts, rejects.

use super::filling::{Fate, Filling, Sifter, Waiting, WaitingRow};
use super::layout::{Claim, Each, Layout, Target};
use super::paths::{ItemCells, JsonCells, KeptCells, Rows, Slots, Trie};
use super::rows::{Cells, Expr, follow};
use super::scan::{self, Bounds, Fault, ScanError};
use super::shapes::{End, Shapes};
use super::values::Scalar;
use super::{InputReport, InputSpec, Note, Options, Reject, Sift, Sink};
use crate::data::build::shortened;
use crate::data::limits::{bytes, grouped};
use crate::data::mapping::Step;
use crate::data::{Between, KindId, Limits, Place, Reading};
use crate::diag::{Code, did_you_mean};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::BuildHasher;

/// Of a rejected record, at most so much text is kept.
const MAX_REJECT: usize = 1 << 20;
/// Different names of undeclared kinds that are told apart.
const MAX_NAMES: usize = 1000;
const MAX_UNKNOWN: usize = 100_000;

/// What is to be read, and how.
pub struct Job<'j> {
    pub spec: &'j InputSpec,
    pub options: Options,
    pub limits: Limits,
    pub sink: Sink<'j>,
    pub delimiter: u8,
    pub sift: Option<Sift<'j>>,
}

pub struct Worker<'w> {
    reading: &'w Reading,
    layout: &'w Layout,
    job: &'w Job<'w>,
    filling: Vec<Option<Filling>>,
    /// By target; none where all rows are kept.
    sifters: Vec<Option<Sifter<'w>>>,
    /// By target.
    records: Vec<u64>,
    /// Of undeclared kinds: the near declared one, if any, and the count.
    others: FxHashMap<String, (Option<String>, u64)>,
    unknown: FxHashSet<u64>,
    pub shapes: Shapes,
    bounds: Bounds,
    /// Between one text and the next.
    rows: Rows,
    /// What the rows that come now come to.
    pub outlook: Outlook,
    pub report: InputReport,
}

/// Room for the values of records of one text.
pub struct Room<'a> {
    pub slots: Slots<'a>,
    /// By target: of an element of its `each`.
    items: Vec<Option<Slots<'a>>>,
    /// By target.
    waiting: Vec<Waiting<'a>>,
}

/// What is known of all rows of a part of an input.
pub trait Spread {
    /// The least and the greatest text in a slot.
    fn texts(&self, slot: u32) -> Option<(&str, &str)>;

    /// What a sieve would see, where that is known.
    fn between(&self, expr: &Expr) -> Option<Between<'_>>;
}

/// What the rows of a part of an input come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// Each is to be looked at.
    Open,
    /// They are nothing to any rule.
    LetGo,
    /// No source takes them.
    Unclaimed,
}

/// Where the keys of a record that nobody declared are told.
pub enum Unknown<'s> {
    OfRecord,
    OfShape(&'s mut End),
}

impl<'w> Worker<'w> {
    pub fn new(reading: &'w Reading, layout: &'w Layout, job: &'w Job<'w>) -> Worker<'w> {
        let bounds = Bounds::of(&job.limits);
        let filling = layout.targets.iter().map(|t| Some(Filling::new(reading, t.kind, t.projection.as_ref()?)));
        let sifters = layout.targets.iter().map(|t| Sifter::new(reading, t, job.sift?));
        Worker {
            reading,
            layout,
            job,
            filling: filling.collect(),
            sifters: sifters.collect(),
            records: vec![0; layout.targets.len()],
            others: FxHashMap::default(),
            unknown: FxHashSet::default(),
            shapes: Shapes::new(bounds),
            bounds,
            rows: Rows::default(),
            outlook: Outlook::Open,
            report: InputReport::default(),
        }
    }

    pub fn room<'a>(&mut self) -> Room<'a> {
        let (layout, bounds) = (self.layout, self.bounds);
        let of_each = |e: &Each| Slots::new(&e.trie, e.paths.len(), bounds, Rows::default());
        let rows = std::mem::take(&mut self.rows);
        Room {
            slots: Slots::new(&layout.trie, layout.slots.paths.len(), bounds, rows),
            items: layout.targets.iter().map(|t| t.each.as_ref().map(of_each)).collect(),
            waiting: layout.targets.iter().map(|_| Waiting::default()).collect(),
        }
    }

    /// No more records of the text come.
    pub fn leave(&mut self, mut room: Room) {
        (0..room.waiting.len()).for_each(|index| self.sift(index, &mut room.slots, &mut room.waiting[index]));
        self.rows = room.slots.into_rows();
    }

    pub fn trie(&self) -> &'w Trie {
        &self.layout.trie
    }

    /// One record of an NDJSON or JSON input; false where it is rejected.
    pub fn json_record<'a>(&mut self, text: &'a str, place: Place, room: &mut Room<'a>) -> bool {
        if let Err(error) = scan::scan(text, &self.layout.trie, &mut room.slots) {
            let (code, reason) = explain(&error, "of the record");
            self.reject(place, code, reason, text.as_bytes());
            return false;
        }
        if !text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{') {
            self.reject(place, Code::NotAnObject, "not an object".into(), text.as_bytes());
            return false;
        }
        self.object(text, place, room, Unknown::OfRecord);
        true
    }

    /// An object whose values are in the slots.
    pub fn object<'a>(&mut self, text: &'a str, place: Place, room: &mut Room<'a>, unknown: Unknown) {
        let layout = self.layout;
        let Room { slots, items, waiting } = room;
        if layout.tagged.is_some() {
            if let Some(target) = self.tagged_target(text, place, slots) {
                self.whole(target, (slots, true), &mut waiting[target], (place, text.len()));
                self.note_unknown(target, slots, unknown);
            }
            return;
        }
        let claims = layout.claims(&JsonCells { outer: slots, item: None });
        // As it mostly is.
        let sole = if let [Claim { target, is_row: true, .. }] = claims { Some(*target) } else { None };
        if let Some(target) = sole {
            self.whole(target, (slots, true), &mut waiting[target], (place, text.len()));
        }
        let mut claimed = sole.is_some();
        let others = if claimed { &[] } else { claims };
        for (n, &Claim { target: index, certain, .. }) in others.iter().enumerate() {
            let target = &layout.targets[index];
            claimed |= match (&target.each, items.get_mut(index).and_then(Option::as_mut)) {
                (Some(each), Some(item_slots)) => {
                    let list = Scalar::of_raw(slots.get(each.list.slot));
                    let elements = self.elements(each, list, place, text.as_bytes());
                    let Some(elements) = elements else { return };
                    let mut any = false;
                    for (n, element) in elements.into_iter().enumerate() {
                        let place = Place { element: n as u32, ..place };
                        if let Err(error) = scan::scan(element, &each.trie, item_slots) {
                            let (code, reason) = explain(&error, "of the element");
                            self.reject(place, code, reason, text.as_bytes());
                            continue;
                        }
                        let cells = JsonCells { outer: slots, item: Some(item_slots) };
                        any |= self.filtered(index, target, &cells, place, element.len());
                    }
                    any
                }
                _ => {
                    let filter = target.filter.as_ref().filter(|_| !certain);
                    let takes = filter.is_none_or(|f| f.holds(&JsonCells { outer: slots, item: None }));
                    if takes {
                        let last = n + 1 == claims.len();
                        self.whole(index, (slots, last), &mut waiting[index], (place, text.len()));
                    }
                    takes
                }
            };
        }
        self.settle(claimed);
        if let ([_], super::Route::Kind(_)) = (&layout.targets[..], &self.job.spec.route) {
            self.note_unknown(0, slots, unknown);
        }
    }

    /// One row of a CSV or Parquet input.
    pub fn row_record(&mut self, cells: &impl Cells, place: Place, raw: &[u8]) {
        let layout = self.layout;
        let mut claimed = false;
        for &Claim { target: index, certain, .. } in layout.claims(cells) {
            let target = &layout.targets[index];
            let each = match &target.each {
                Some(each) => each,
                None if certain => {
                    self.row(index, cells, place, raw.len());
                    claimed = true;
                    continue;
                }
                None => {
                    claimed |= self.filtered(index, target, cells, place, raw.len());
                    continue;
                }
            };
            let list = match cells.get(false, each.list.slot) {
                Scalar::Cell(text) if scan::value_end(text.trim(), 0, self.bounds) == Ok(text.trim().len()) => {
                    Scalar::of_json(text.trim())
                }
                other => other,
            };
            let owned = match list {
                Scalar::List(text) => text,
                Scalar::Absent => continue,
                _ => return self.reject(place, Code::NotAList, "`each` names no list here".into(), raw),
            };
            let Some(elements) = self.elements(each, Scalar::List((&*owned).into()), place, raw) else { return };
            let mut item_slots = Slots::new(&each.trie, each.paths.len(), self.bounds, Rows::default());
            for (n, element) in elements.into_iter().enumerate() {
                let place = Place { element: n as u32, ..place };
                if let Err(error) = scan::scan(element, &each.trie, &mut item_slots) {
                    let (code, reason) = explain(&error, "of the element");
                    self.reject(place, code, reason, raw);
                    continue;
                }
                let cells = ItemCells { outer: cells, item: &item_slots };
                claimed |= self.filtered(index, target, &cells, place, element.len());
            }
        }
        self.settle(claimed);
    }

    /// What can be said of rows of which so much is known.
    pub fn outlook_of(&self, spread: &impl Spread) -> Outlook {
        let mut claimed = false;
        for (index, target) in self.layout.targets.iter().enumerate() {
            if target.each.is_some() {
                return Outlook::Open;
            }
            if !target.may_take(spread) {
                continue;
            }
            claimed = true;
            let open = match &self.sifters[index] {
                Some(sifter) => sifter.keeps_any(target.kind, spread),
                None => self.filling[index].is_some(),
            };
            if open {
                return Outlook::Open;
            }
        }
        if claimed { Outlook::LetGo } else { Outlook::Unclaimed }
    }

    /// The elements of `each`; none where the record is rejected.
    fn elements<'a>(&mut self, each: &Each, list: Scalar<'a>, place: Place, raw: &[u8]) -> Option<Vec<&'a str>> {
        let mut level = vec![list];
        let mut steps = &each.list.rest[..];
        // `events[].parts[]`: to the next `[]`, then into all its elements.
        while let Some(every) = steps.iter().position(|s| *s == Step::Every) {
            let mut next = Vec::new();
            for value in level {
                match follow(value, &steps[..every]) {
                    Scalar::List(Cow::Borrowed(text)) => next.extend(scan::elements(text)),
                    Scalar::Absent => {}
                    _ => {
                        self.reject(place, Code::NotAList, "`each` names no list here".into(), raw);
                        return None;
                    }
                }
            }
            steps = &steps[every + 1..];
            if steps.is_empty() {
                return Some(next);
            }
            level = next.into_iter().map(Scalar::of_json).collect();
        }
        let objects = level.into_iter().filter_map(|value| match follow(value, steps) {
            Scalar::Object(Cow::Borrowed(text)) => Some(text),
            _ => None,
        });
        Some(objects.collect())
    }

    fn tagged_target(&mut self, text: &str, place: Place, slots: &Slots) -> Option<usize> {
        let (slot, targets) = self.layout.tagged.as_ref()?;
        let name = match Scalar::of_raw(slots.get(*slot)) {
            Scalar::Text(name) => name,
            other => {
                let reason = match other {
                    Scalar::Absent => "no `kind`".to_string(),
                    _ => "its `kind` is not a text".to_string(),
                };
                self.reject(place, Code::NoKind, reason, text.as_bytes());
                return None;
            }
        };
        if let Some(target) = targets.get(&*name) {
            return Some(*target);
        }
        if !self.others.contains_key(&*name) {
            let meant = did_you_mean(&shortened(&name), targets.keys().map(String::as_str)).map(String::from);
            if self.others.len() >= MAX_NAMES {
                match meant {
                    Some(meant) => self.misspelt(&name, &meant, place, text),
                    None => *self.report.undeclared.entry("(others)".into()).or_default() += 1,
                }
                return None;
            }
            self.others.insert(name.to_string(), (meant, 0));
        }
        let (meant, count) = self.others.get_mut(&*name)?;
        match meant.clone() {
            Some(meant) => self.misspelt(&name, &meant, place, text),
            None => *count += 1,
        }
        None
    }

    fn misspelt(&mut self, name: &str, meant: &str, place: Place, text: &str) {
        let reason = format!("`{}` is not declared, did you mean `{meant}`?", shortened(name));
        self.reject(place, Code::KindUnknown, reason, text.as_bytes());
    }

    fn settle(&mut self, claimed: bool) {
        if !claimed {
            self.report.unclaimed += 1;
        }
    }

    fn filtered(&mut self, index: usize, target: &Target, cells: &impl Cells, place: Place, bytes: usize) -> bool {
        let pass = target.filter.as_ref().is_none_or(|f| f.holds(cells));
        if pass {
            self.row(index, cells, place, bytes);
        }
        pass
    }

    fn row(&mut self, index: usize, cells: &impl Cells, place: Place, bytes: usize) {
        let target = &self.layout.targets[index];
        self.records[index] += 1;
        if self.filling[index].is_none() {
            return;
        }
        let let_go = self.outlook == Outlook::LetGo;
        let keeps = self.sifters[index].as_mut().is_none_or(|sifter| !let_go && sifter.keeps(target.kind, cells));
        self.lay(index, keeps, cells, place, bytes);
    }

    /// A record as a row, now or with others. `last`: it is no other row.
    fn whole<'a>(
        &mut self,
        index: usize,
        (slots, last): (&mut Slots<'a>, bool),
        waiting: &mut Waiting<'a>,
        (place, bytes): (Place, usize),
    ) {
        if self.sifters[index].is_none() {
            return self.row(index, &JsonCells { outer: slots, item: None }, place, bytes);
        }
        self.records[index] += 1;
        if waiting.add(WaitingRow { kept: slots.keep(last), place, bytes }) || slots.is_crowded() {
            self.sift(index, slots, waiting);
        }
    }

    fn sift<'a>(&mut self, index: usize, slots: &mut Slots<'a>, waiting: &mut Waiting<'a>) {
        let rows = waiting.rows();
        if rows.is_empty() {
            return;
        }
        let kind = self.layout.targets[index].kind;
        let fates = match &mut self.sifters[index] {
            Some(sifter) => sifter.sift(kind, rows, slots),
            None => vec![Fate::Kept; rows.len()],
        };
        for (n, (WaitingRow { kept, place, bytes }, fate)) in rows.iter().zip(fates).enumerate() {
            if fate == Fate::Gone {
                continue;
            }
            if let (Fate::Kept, Some(sifter), Some(filling)) = (fate, &self.sifters[index], &mut self.filling[index]) {
                filling.tell(sifter.left(n));
            }
            self.lay(index, fate == Fate::Kept, &KeptCells { slots, kept: *kept }, *place, *bytes);
        }
        if self.sifters[index].as_ref().is_some_and(Sifter::is_full) {
            self.emit_rest(index);
        }
        slots.release(rows.iter().map(|row| row.kept));
        waiting.clear();
    }

    /// Lays a row in columns; one that no rule looks at, in few.
    fn lay(&mut self, index: usize, keeps: bool, cells: &impl Cells, place: Place, bytes: usize) {
        if let (false, Some(sifter)) = (keeps, &mut self.sifters[index]) {
            if sifter.let_go(cells, place, bytes) {
                self.emit_rest(index);
            }
            return;
        }
        let columns = &mut self.layout.targets[index].columns.iter();
        if self.filling[index].as_mut().is_some_and(|filling| filling.add(columns, cells, place, bytes)) {
            self.emit(index);
        }
    }

    fn emit(&mut self, index: usize) {
        let target = &self.layout.targets[index];
        let (Some(filling), Some(projection)) = (&mut self.filling[index], &target.projection) else { return };
        self.report.malformed += filling.malformed();
        if let Some(batch) = filling.take(target.kind, projection) {
            (self.job.sink.batch)(batch);
        }
        if self.sifters[index].as_ref().is_some_and(Sifter::is_idle) {
            self.emit_rest(index);
            self.sifters[index] = None;
        }
    }

    fn emit_rest(&mut self, index: usize) {
        let (Some(sifter), Some(sift)) = (&mut self.sifters[index], self.job.sift) else { return };
        let (malformed, all) = sifter.take(self.layout.targets[index].kind);
        self.report.malformed += malformed;
        all.for_each(sift.rest);
    }

    /// So many more bytes of the input are done.
    pub fn done(&mut self, bytes: u64) {
        self.report.bytes += bytes;
        (self.job.sink.advance)(bytes);
    }

    /// Whether a record is longer than it may be.
    pub fn is_too_long(&self, length: usize) -> bool {
        length as u64 > self.job.limits.record_bytes
    }

    /// `what`: a line, a row, a record.
    pub fn reject_too_long(&mut self, place: Place, what: &str, text: &[u8]) {
        let most = bytes(self.job.limits.record_bytes);
        self.reject(place, Code::TooLong, format!("{what} of more than {most}"), text);
    }

    pub fn reject(&mut self, place: Place, code: Code, reason: String, text: &[u8]) {
        self.report.rejected += 1;
        let text = text[..text.len().min(MAX_REJECT)].to_vec();
        (self.job.sink.reject)(Reject { place, code, reason, text });
    }

    fn note_unknown(&mut self, target: usize, slots: &Slots, unknown: Unknown) {
        let kind = self.layout.targets[target].kind;
        match unknown {
            Unknown::OfRecord => slots.unknown.iter().for_each(|(node, key)| self.note_key(kind, *node, key)),
            Unknown::OfShape(end) => {
                let bit = 1u64.checked_shl(target as u32).unwrap_or(0);
                if end.noted & bit == 0 {
                    end.noted |= bit;
                    end.unknown.iter().for_each(|(node, key)| self.note_key(kind, *node, key));
                }
            }
        }
    }

    fn note_key(&mut self, kind: KindId, node: u32, key: &str) {
        let hash = self.unknown.hasher().hash_one((kind.0, node, key));
        if self.unknown.len() >= MAX_UNKNOWN || !self.unknown.insert(hash) {
            return;
        }
        let prefix = self.layout.trie.prefix(node);
        if let Some(note) = near_field(self.reading, kind, &prefix, key) {
            self.report.notes.insert(note);
        }
    }

    pub fn finish(mut self) -> InputReport {
        for index in 0..self.filling.len() {
            self.emit_rest(index);
            self.emit(index);
        }
        for (target, count) in self.layout.targets.iter().zip(&self.records) {
            if *count > 0 {
                *self.report.records.entry(target.kind).or_default() += count;
            }
        }
        for (name, (_, count)) in self.others {
            if count > 0 {
                *self.report.undeclared.entry(shortened(&name)).or_default() += count;
            }
        }
        self.report
    }
}

/// A note on a field that is not declared but close to one that is. The prefix ends in a dot or is empty.
pub fn near_field(reading: &Reading, kind: KindId, prefix: &str, key: &str) -> Option<Note> {
    let columns = &reading.schema.kind(kind).columns;
    let under = columns.iter().filter_map(|c| c.name.strip_prefix(prefix));
    let names: BTreeSet<&str> = under.filter_map(|n| n.split('.').next()).collect();
    let key = shortened(key);
    if names.contains(&*key) {
        return None;
    }
    let meant = did_you_mean(&key, names)?;
    Some(Note { kind, field: format!("{prefix}{key}"), meant: format!("{prefix}{meant}") })
}

/// A code and a reason for a text that is not the JSON that it should be.
pub fn explain(error: &ScanError, of: &str) -> (Code, String) {
    let at = error.at + 1;
    match &error.fault {
        Fault::Expected(what) => (Code::InvalidJson, format!("expected {what} at byte {at} {of}")),
        Fault::DuplicateKey(key) => {
            (Code::DuplicateKey, format!("`{}` a second time at byte {at} {of}", shortened(key)))
        }
        Fault::TooDeep(most) => {
            (Code::NestedTooDeeply, format!("more than {most} levels of nesting at byte {at} {of}"))
        }
        Fault::TooLong(most) => (Code::TooLong, format!("more than {} bytes {of}", grouped(*most as u64))),
        Fault::TooMany(most) => {
            let most = grouped(*most as u64);
            (Code::TooManyValues, format!("more than {most} values in one object or list at byte {at} {of}"))
        }
    }
}
