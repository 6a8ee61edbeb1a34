//! Which paths of a JSON record are kept, and the values at them, of one record after another.

use super::rows::Cells;
use super::scan::{Bounds, unescape};
use super::values::Scalar;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// The paths to keep. Node 0 is the record itself.
#[derive(Debug, Default)]
pub struct Trie {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    keys: Vec<(Box<str>, u32)>,
    /// Where there are many keys.
    index: FxHashMap<Box<str>, u32>,
    parent: u32,
    slot: Option<u32>,
    /// Slots of all nodes under it.
    below: Vec<u32>,
}

impl Node {
    fn child(&self, key: &str) -> Option<u32> {
        if self.index.is_empty() {
            self.keys.iter().find(|(k, _)| **k == *key).map(|k| k.1)
        } else {
            self.index.get(key).copied()
        }
    }

    fn wanted(&self) -> bool {
        self.slot.is_some() || !self.below.is_empty()
    }
}

impl Trie {
    /// Slot i keeps the value at `paths[i]`; `known` paths are not kept, but are no unknown keys either.
    pub fn new<'p>(paths: impl Iterator<Item = &'p [String]>, known: impl Iterator<Item = &'p str>) -> Trie {
        let mut trie = Trie { nodes: vec![Node::default()] };
        for (slot, path) in paths.enumerate() {
            let slot = slot as u32;
            let mut at = 0;
            for key in path {
                trie.nodes[at as usize].below.push(slot);
                at = trie.step(at, key);
            }
            trie.nodes[at as usize].slot = Some(slot);
        }
        for path in known {
            path.split('.').fold(0, |at, key| trie.step(at, key));
        }
        for node in trie.nodes.iter_mut().filter(|n| n.keys.len() > 8) {
            node.index = node.keys.iter().cloned().collect();
        }
        trie
    }

    /// The node of a key, if the trie has it.
    pub fn child(&self, node: u32, key: &str) -> Option<u32> {
        let node = &self.nodes[node as usize];
        match memchr::memchr(b'\\', key.as_bytes()) {
            None => node.child(key),
            Some(_) => unescape(key).and_then(|k| node.child(&k)),
        }
    }

    pub fn slot(&self, node: u32) -> Option<u32> {
        self.nodes[node as usize].slot
    }

    /// Slots of all nodes under one.
    pub fn below(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize].below
    }

    /// Whether the trie tells what is in an object at this node.
    pub fn enters(&self, node: u32) -> bool {
        !self.nodes[node as usize].keys.is_empty()
    }

    /// Whether something at or under the node is kept.
    pub fn keeps(&self, node: u32) -> bool {
        self.nodes[node as usize].wanted()
    }

    fn step(&mut self, at: u32, key: &str) -> u32 {
        if let Some((_, child)) = self.nodes[at as usize].keys.iter().find(|(k, _)| **k == *key) {
            return *child;
        }
        let child = self.nodes.len() as u32;
        self.nodes.push(Node { parent: at, ..Node::default() });
        self.nodes[at as usize].keys.push((key.into(), child));
        child
    }

    /// The dotted path of a node, with a dot at its end; empty for the record itself.
    pub fn prefix(&self, node: u32) -> String {
        if node == 0 {
            return String::new();
        }
        let parent = self.nodes[node as usize].parent;
        let key = self.nodes[parent as usize].keys.iter().find(|k| k.1 == node).map_or("", |k| &k.0);
        format!("{}{key}.", self.prefix(parent))
    }
}

/// The value at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// No such key, or `null`.
    Absent,
    /// What stands in the quotes of a text that has no escapes.
    Text(&'a str),
    Json(&'a str),
    /// Above the path stands this value, which is not an object.
    Misfit(&'a str),
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As [`Raw::Text`]: without its quotes.
    Text = 1,
    Json = 2,
    Misfit = 3,
}

/// Where in a text a value stands, and what it is; 0 where there is none. Most are written and never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part(u64);

impl Part {
    /// No part reaches further into a text.
    pub const MOST: usize = (1 << 31) - 1;

    #[inline(always)]
    pub fn new(form: Form, start: usize, end: usize) -> Part {
        Part((start as u64) << 33 | ((end - start) as u64) << 2 | form as u64)
    }

    #[inline]
    pub fn start(self) -> usize {
        (self.0 >> 33) as usize
    }

    #[inline]
    pub fn is_text(self) -> bool {
        self.0 % 4 == Form::Text as u64
    }

    /// The text, where it is one without escapes.
    #[inline(always)]
    pub fn text(self, text: &str) -> Option<&str> {
        text.get(self.place(Form::Text)?)
    }

    /// Where it stands, if it is of this form.
    #[inline(always)]
    pub fn place(self, form: Form) -> Option<Range<usize>> {
        let start = self.start();
        (self.0 % 4 == form as u64).then(|| start..start + (self.0 >> 2) as usize % (Part::MOST + 1))
    }

    #[inline(always)]
    pub fn of(self, text: &str) -> Raw<'_> {
        let start = self.start();
        let value = &text[start..start + (self.0 >> 2) as usize % (Part::MOST + 1)];
        match self.0 % 4 {
            0 => Raw::Absent,
            1 => Raw::Text(value),
            2 => Raw::Json(value),
            _ => Raw::Misfit(value),
        }
    }
}

/// So many values are kept of records that wait: 8 MiB.
const CROWDED: usize = 1 << 20;

/// Room for the values of several records. It is kept from one text to the next.
#[derive(Debug, Default)]
pub struct Rows {
    /// One record behind the other.
    parts: Vec<Part>,
    /// Where there is room for one.
    free: Vec<u32>,
}

/// Where the values of a record are kept, and what they are parts of.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    pub text: &'a str,
    from: u32,
}

/// The values of one record after another, and those of records that are kept.
#[derive(Debug)]
pub struct Slots<'a> {
    rows: Rows,
    width: usize,
    /// The record.
    at: Kept<'a>,
    /// By node: in which record its key was last seen.
    seen: Vec<u32>,
    record: u32,
    /// Keys that the trie does not know, with the node whose object they are in.
    pub unknown: Vec<(u32, &'a str)>,
    pub bounds: Bounds,
}

impl<'a> Slots<'a> {
    /// `rows`: of the same number of slots.
    pub fn new(trie: &Trie, slots: usize, bounds: Bounds, rows: Rows) -> Slots<'a> {
        let mut of = Slots {
            rows,
            width: slots,
            at: Kept { text: "", from: 0 },
            seen: vec![0; trie.nodes.len()],
            record: 0,
            unknown: Vec::new(),
            bounds,
        };
        of.at.from = of.room();
        of
    }

    /// Room for one more record.
    fn room(&mut self) -> u32 {
        self.rows.free.pop().unwrap_or_else(|| {
            let from = self.rows.parts.len();
            self.rows.parts.resize(from + self.width, Part::default());
            from as u32
        })
    }

    /// Of a slot that the paths have.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> Raw<'a> {
        self.of(self.at, slot)
    }

    /// Of a record that is kept.
    #[inline(always)]
    pub fn of(&self, kept: Kept<'a>, slot: u32) -> Raw<'a> {
        self.part(kept, slot).of(kept.text)
    }

    #[inline(always)]
    pub fn part(&self, kept: Kept<'a>, slot: u32) -> Part {
        self.rows.parts[kept.from as usize + slot as usize]
    }

    /// Makes ready for the next record; gives where its values go.
    #[inline]
    pub fn begin(&mut self, text: &'a str) -> &mut [Part] {
        self.unknown.clear();
        self.record = self.record.wrapping_add(1);
        if self.record == 0 {
            self.seen.fill(0);
            self.record = 1;
        }
        self.at.text = text;
        let parts = &mut self.rows.parts[self.at.from as usize..][..self.width];
        parts.fill(Part::default());
        parts
    }

    /// Whether a key comes for the first time in this record.
    #[inline]
    pub fn is_new(&mut self, node: u32) -> bool {
        std::mem::replace(&mut self.seen[node as usize], self.record) != self.record
    }

    #[inline]
    pub fn set(&mut self, slot: u32, part: Part) {
        self.rows.parts[self.at.from as usize + slot as usize] = part;
    }

    /// Keeps the values of the record. `last`: it is not asked for them itself any more.
    #[inline]
    pub fn keep(&mut self, last: bool) -> Kept<'a> {
        let (record, other) = (self.at, self.room());
        if last {
            self.at.from = other;
            return record;
        }
        let from = record.from as usize;
        self.rows.parts.copy_within(from..from + self.width, other as usize);
        Kept { from: other, ..record }
    }

    /// No more records are to wait than do.
    #[inline]
    pub fn is_crowded(&self) -> bool {
        self.rows.parts.len() >= CROWDED && self.rows.free.is_empty()
    }

    /// Records are kept no longer.
    pub fn release(&mut self, kept: impl Iterator<Item = Kept<'a>>) {
        self.rows.free.extend(kept.map(|kept| kept.from));
    }

    /// The room, where no record is kept any more.
    pub fn into_rows(mut self) -> Rows {
        self.rows.free.push(self.at.from);
        self.rows
    }
}

/// The values of a record that is kept.
pub struct KeptCells<'c, 'a> {
    pub slots: &'c Slots<'a>,
    pub kept: Kept<'a>,
}

impl Cells for KeptCells<'_, '_> {
    fn get(&self, _: bool, slot: u32) -> Scalar<'_> {
        Scalar::of_raw(self.slots.of(self.kept, slot))
    }

    #[inline(always)]
    fn raw(&self, _: bool, slot: u32) -> Option<Raw<'_>> {
        Some(self.slots.of(self.kept, slot))
    }
}

/// The values of a record, and of an element of its `each`.
pub struct JsonCells<'c, 'a> {
    pub outer: &'c Slots<'a>,
    pub item: Option<&'c Slots<'a>>,
}

impl Cells for JsonCells<'_, '_> {
    fn get(&self, item: bool, slot: u32) -> Scalar<'_> {
        match (item, self.item) {
            (false, _) => Scalar::of_raw(self.outer.get(slot)),
            (true, Some(item)) => Scalar::of_raw(item.get(slot)),
            (true, None) => Scalar::Absent,
        }
    }

    #[inline(always)]
    fn raw(&self, item: bool, slot: u32) -> Option<Raw<'_>> {
        match (item, self.item) {
            (false, _) => Some(self.outer.get(slot)),
            (true, item) => Some(item?.get(slot)),
        }
    }
}

/// A row of columns and the element of its `each`, which is JSON.
pub struct ItemCells<'c, C> {
    pub outer: &'c C,
    pub item: &'c Slots<'c>,
}

impl<C: Cells> Cells for ItemCells<'_, C> {
    fn get(&self, item: bool, slot: u32) -> Scalar<'_> {
        if item { Scalar::of_raw(self.item.get(slot)) } else { self.outer.get(false, slot) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_records_wait_where_each_has_many_values() {
        let (trie, text) = (Trie::new(std::iter::empty(), std::iter::empty()), "text");
        let mut slots = Slots::new(&trie, CROWDED / 2, Bounds::KNOWN, Rows::default());
        slots.begin(text);
        slots.set(7, Part::new(Form::Text, 1, 3));
        assert!(!slots.is_crowded());
        let first = slots.keep(true);
        assert!(slots.is_crowded());
        // One more has room where the first was; both are known by then, and only one after.
        slots.begin(text);
        slots.set(7, Part::new(Form::Json, 0, 4));
        let second = slots.keep(false);
        assert_eq!(
            (slots.of(first, 7), slots.of(second, 7), slots.get(7)),
            (Raw::Text("ex"), Raw::Json(text), Raw::Json(text))
        );
        slots.release([first, second].into_iter());
        assert!(!slots.is_crowded());
        assert_eq!(slots.of(slots.at, 6), Raw::Absent);
    }
}
