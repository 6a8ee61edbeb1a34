//! Which paths of a JSON record are kept, and the values at them, of one record after another.

use super::rows::Cells;
use super::scan::{Bounds, unescape};
use super::values::Scalar;
use rustc_hash::FxHashMap;

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

/// The values of one record after another.
#[derive(Debug)]
pub struct Slots<'a> {
    values: Vec<Raw<'a>>,
    /// By node: in which record its key was last seen.
    seen: Vec<u32>,
    record: u32,
    /// Keys that the trie does not know, with the node whose object they are in.
    pub unknown: Vec<(u32, &'a str)>,
    pub bounds: Bounds,
}

impl<'a> Slots<'a> {
    pub fn new(trie: &Trie, slots: usize, bounds: Bounds) -> Slots<'a> {
        Slots {
            values: vec![Raw::Absent; slots],
            seen: vec![0; trie.nodes.len()],
            record: 0,
            unknown: Vec::new(),
            bounds,
        }
    }

    /// Of a slot that the paths have.
    #[inline]
    pub fn get(&self, slot: u32) -> Raw<'a> {
        self.values[slot as usize]
    }

    /// Makes ready for the next record.
    #[inline]
    pub fn clear(&mut self) {
        self.values.fill(Raw::Absent);
        self.unknown.clear();
        self.record = self.record.wrapping_add(1);
        if self.record == 0 {
            self.seen.fill(0);
            self.record = 1;
        }
    }

    /// Whether a key comes for the first time in this record.
    #[inline]
    pub fn is_new(&mut self, node: u32) -> bool {
        std::mem::replace(&mut self.seen[node as usize], self.record) != self.record
    }

    #[inline]
    pub fn set(&mut self, slot: u32, raw: Raw<'a>) {
        self.values[slot as usize] = raw;
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

    #[inline]
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
