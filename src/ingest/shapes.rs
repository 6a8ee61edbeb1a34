//! Most records of a log have the shape of some record before: the same keys in the same order, with the same
//! space between them. What stands between two values is then known to the byte, and a record is read by
//! comparing it and passing over the values.
//!
//! A shape is learned from a record that [`scan`](super::scan) has read whole. Where the next record differs
//! from all that is known at some place, it is left to `scan`, which reads it from its start: so a record passes
//! only if `scan` would read the same from it, and what is wrong with one is said by `scan` alone. Everything
//! is looked at, in parts that no rule reads too: keys, escapes, numbers, and control characters in texts.

use super::paths::{Form, Part, Slots, Trie};
use super::scan::{Bounds, Scanner};
use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x32};

/// Values in all shapes together; beyond it nothing more is learned.
const MAX_NODES: usize = 1 << 12;
/// What may follow one value.
const MAX_EDGES: usize = 16;
/// Bytes between two values.
const MAX_LITERAL: usize = 1 << 10;
/// Shapes are given up where, of so many records, fewer than a quarter had one that was known.
const TRIAL: u32 = 1 << 12;
/// Compared at once.
const WINDOW: usize = 32;
/// Where an edge leads at the end of a record.
const END: u32 = u32::MAX;
/// The slot of what is not kept.
const NOWHERE: u32 = u32::MAX;

/// The shapes of the records of one input.
#[derive(Debug)]
pub struct Shapes {
    /// The first stands before the record.
    nodes: Vec<Node>,
    ends: Vec<End>,
    /// Starts of the objects that are kept and not yet at their end.
    open: Vec<usize>,
    tried: u32,
    passed: u32,
    given_up: bool,
    bounds: Bounds,
    /// What the processor can do at once.
    level: Level,
}

/// A value, and what was seen to follow it.
#[derive(Debug)]
struct Node {
    /// Its place among the nodes.
    state: u32,
    /// What followed last, and before.
    likely: [Step; 2],
    /// Where the value is kept.
    slot: u32,
    /// Kept is what an object here would hold.
    below: Box<[u32]>,
    depth: usize,
    edges: Vec<Edge>,
}

/// As much of an edge as is compared at once.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The first bytes of the literal, and which of them count; with the quote of the text that stood behind it.
    head: [u8; WINDOW],
    counts: u32,
    quoted: bool,
    /// Of the literal.
    length: u32,
    to: u32,
    end: u32,
    edge: u32,
    /// There is no more to the edge: neither a longer literal nor objects.
    plain: bool,
}

impl Step {
    /// Its bytes stand in no text.
    const NONE: Step = Step {
        head: [0xff; WINDOW],
        counts: u32::MAX,
        quoted: false,
        length: 0,
        to: 0,
        end: 0,
        edge: u32::MAX,
        plain: false,
    };

    /// Of an edge with this byte behind it.
    fn of(edge: &Edge, index: usize, next: Option<u8>) -> Step {
        let (length, mut head) = (edge.literal.len(), [0; WINDOW]);
        let mut short = length.min(WINDOW);
        head[..short].copy_from_slice(&edge.literal[..short]);
        let quoted = length < WINDOW && next == Some(b'"');
        if quoted {
            head[short] = b'"';
            short += 1;
        }
        let counts = u32::MAX.checked_shr((WINDOW - short) as u32).unwrap_or(0);
        let plain = length <= WINDOW && edge.objects.is_empty();
        Step { head, counts, quoted, length: length as u32, to: edge.to, end: edge.end, edge: index as u32, plain }
    }

    /// Whether a text that begins so goes on with it.
    #[inline(always)]
    fn leads<S: Simd>(&self, simd: S, window: &[u8; WINDOW], rest: &[u8]) -> bool {
        let differing = u8x32::from_slice(simd, window).simd_ne(u8x32::from_slice(simd, &self.head));
        differing.to_bitmask() as u32 & self.counts == 0
            && (self.quoted || ends_before(self.to, rest.get(self.length as usize).copied()))
    }
}

/// What stands between two values.
#[derive(Debug)]
struct Edge {
    literal: Box<[u8]>,
    to: u32,
    /// At the end of a record: which shape it has.
    end: u32,
    objects: Box<[Object]>,
}

/// Where in a literal an object that is kept begins or ends.
#[derive(Clone, Debug, PartialEq)]
enum Object {
    Begins(usize),
    Ends(usize, u32),
}

/// A shape to its end.
#[derive(Debug, Default)]
pub struct End {
    /// Keys that the trie does not know.
    pub unknown: Vec<(u32, Box<str>)>,
    /// What the keys were compared with: one bit a target, as far as there is room.
    pub noted: u64,
}

/// A record of a known shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passed {
    /// The end of its text.
    pub end: usize,
    /// Where the next line begins.
    pub next: usize,
    pub shape: u32,
}

impl Node {
    fn new(state: u32, slot: Option<u32>, below: Box<[u32]>, depth: usize) -> Node {
        Node { state, likely: [Step::NONE; 2], slot: slot.unwrap_or(NOWHERE), below, depth, edges: Vec::new() }
    }
}

impl Edge {
    /// Whether it stands here, before a value or at the end of the line. One literal may begin with another: what
    /// comes after it tells.
    fn leads(&self, text: &[u8]) -> bool {
        text.starts_with(&self.literal) && ends_before(self.to, text.get(self.literal.len()).copied())
    }
}

/// Whether a literal that leads there may stand before this byte.
#[inline(always)]
fn ends_before(to: u32, next: Option<u8>) -> bool {
    match next {
        Some(b'"') => to != END,
        Some(b'\n' | b'\r') | None => to == END,
        Some(next) => to != END && next != b'{' && next > b' ',
    }
}

impl Shapes {
    pub fn new(bounds: Bounds) -> Shapes {
        Shapes {
            nodes: vec![Node::new(0, None, Box::default(), 0)],
            ends: Vec::new(),
            open: Vec::new(),
            tried: 0,
            passed: 0,
            given_up: false,
            bounds,
            level: Level::new(),
        }
    }

    /// Reads the line that begins at `at`, if it is a record of a known shape.
    pub fn pass<'a>(&mut self, text: &'a str, at: usize, slots: &mut Slots<'a>) -> Option<Passed> {
        if self.given_up || text.len() > Part::MOST {
            return None;
        }
        self.tried += 1;
        if self.tried == TRIAL {
            self.given_up = self.passed < TRIAL / 4;
            (self.tried, self.passed) = (0, 0);
        }
        let parts = slots.begin(text);
        self.open.clear();
        let passed = dispatch!(self.level, simd => self.walk(simd, text, at, parts))?;
        self.passed += 1;
        Some(passed)
    }

    /// `rest` is what is left of the text: it is asked for its length where a place would be asked twice.
    #[inline(always)]
    fn walk<S: Simd>(&mut self, simd: S, text: &str, at: usize, parts: &mut [Part]) -> Option<Passed> {
        let mut rest = text.as_bytes().get(at..)?;
        let mut node = self.nodes.first()?;
        loop {
            // What followed before is compared at once; all else is looked for.
            let [first, second] = &node.likely;
            let step = match rest.first_chunk() {
                Some(window) if first.leads(simd, window, rest) => first,
                Some(window) if second.leads(simd, window, rest) => second,
                _ => &Step::NONE,
            };
            let quoted = step.quoted;
            let (length, to, end) = match step.plain {
                true => (step.length as usize, step.to, step.end),
                false => {
                    let (at, state, edge) = (text.len() - rest.len(), node.state, step.edge);
                    self.turn(text, at, state, edge, parts)?
                }
            };
            rest = rest.get(length + usize::from(quoted)..)?;
            if to == END {
                let at = text.len() - rest.len();
                return Some(Passed { end: at, next: at + line_end(rest)?, shape: end });
            }
            node = &self.nodes[to as usize];
            let part = if quoted || rest.first() == Some(&b'"') {
                if !quoted {
                    rest = &rest[1..];
                }
                let start = text.len() - rest.len();
                let (length, escaped) = text_end(simd, text, rest)?;
                rest = rest.get(length + 1..)?;
                match escaped {
                    false => Part::new(Form::Text, start, start + length),
                    true => Part::new(Form::Json, start - 1, start + length + 1),
                }
            } else {
                let start = text.len() - rest.len();
                let length = match *rest.first()? {
                    b'-' | b'0'..=b'9' => number_end(simd, text, rest)?,
                    b'n' if rest.starts_with(b"null") => {
                        rest = &rest[4..];
                        continue;
                    }
                    b't' if rest.starts_with(b"true") => 4,
                    b'f' if rest.starts_with(b"false") => 5,
                    _ => value_end(text, start, node.depth, self.bounds)? - start,
                };
                rest = rest.get(length..)?;
                Part::new(Form::Json, start, start + length)
            };
            if let Some(kept) = parts.get_mut(node.slot as usize) {
                *kept = part;
            }
            if !node.below.is_empty() {
                let end = text.len() - rest.len();
                let start = part.start() - usize::from(part.is_text());
                node.below.iter().for_each(|&slot| parts[slot as usize] = Part::new(Form::Misfit, start, end));
            }
        }
    }

    /// Finds what stands here after a value, likely this edge: its length, where it leads, and at the end of a record its
    /// shape.
    #[cold]
    #[inline(never)]
    fn turn(
        &mut self,
        text: &str,
        at: usize,
        state: u32,
        likely: u32,
        parts: &mut [Part],
    ) -> Option<(usize, u32, u32)> {
        let node = &mut self.nodes[state as usize];
        let rest = text.as_bytes().get(at..)?;
        let index = match node.edges.get(likely as usize) {
            Some(edge) if edge.leads(rest) => likely as usize,
            _ => {
                let index = node.edges.iter().position(|edge| edge.leads(rest))?;
                let next = rest.get(node.edges[index].literal.len()).copied();
                node.likely = [Step::of(&node.edges[index], index, next), node.likely[0]];
                index
            }
        };
        let edge = &node.edges[index];
        for object in &edge.objects {
            match object {
                Object::Begins(from) => self.open.push(at + from),
                Object::Ends(to, slot) => parts[*slot as usize] = Part::new(Form::Json, self.open.pop()?, at + to),
            }
        }
        Some((edge.literal.len(), edge.to, edge.end))
    }

    pub fn end(&mut self, shape: u32) -> &mut End {
        &mut self.ends[shape as usize]
    }

    /// Keeps the shape of a record that was scanned whole, with the keys that the trie did not know.
    pub fn learn(&mut self, record: &str, trie: &Trie, unknown: &[(u32, &str)]) {
        if self.given_up || self.nodes.len() >= MAX_NODES || !record.starts_with('{') {
            return;
        }
        let mut walk = Walk { scanner: Scanner::new(record), trie, literal: 0, objects: Vec::new(), found: Vec::new() };
        if walk.object(Some(0), 0).is_none() {
            return;
        }
        let Walk { literal, objects, found, .. } = walk;
        let unwieldy = |from: usize, to: usize| to - from > MAX_LITERAL;
        if unwieldy(literal, record.len()) || found.iter().any(|f| unwieldy(f.literal.0, f.literal.1)) {
            return;
        }
        let bytes = record.as_bytes();
        let mut state = 0;
        for value in found {
            let literal = &bytes[value.literal.0..value.literal.1];
            let known = self.nodes[state as usize].edges.iter().find(|e| e.to != END && *e.literal == *literal);
            if let Some(edge) = known {
                state = edge.to;
                continue;
            }
            if self.nodes[state as usize].edges.len() >= MAX_EDGES {
                return;
            }
            let to = self.nodes.len() as u32;
            self.nodes[state as usize].edges.push(Edge {
                literal: literal.into(),
                to,
                end: 0,
                objects: value.objects.into(),
            });
            let (slot, below) = match value.node {
                Some(node) => (trie.slot(node), trie.below(node).into()),
                None => (None, Box::default()),
            };
            self.nodes.push(Node::new(to, slot, below, value.depth));
            state = to;
        }
        let literal = &bytes[literal..];
        let edges = &mut self.nodes[state as usize].edges;
        if edges.len() < MAX_EDGES && !edges.iter().any(|e| e.to == END && *e.literal == *literal) {
            edges.push(Edge { literal: literal.into(), to: END, end: self.ends.len() as u32, objects: objects.into() });
            let unknown = unknown.iter().map(|(node, key)| (*node, (*key).into())).collect();
            self.ends.push(End { unknown, noted: 0 });
        }
    }
}

/// A record taken apart into its values and what is between them.
struct Walk<'t> {
    scanner: Scanner<'t>,
    trie: &'t Trie,
    /// Where what comes before the next value begins.
    literal: usize,
    objects: Vec<Object>,
    found: Vec<Found>,
}

struct Found {
    literal: (usize, usize),
    objects: Vec<Object>,
    node: Option<u32>,
    depth: usize,
}

impl Walk<'_> {
    fn object(&mut self, node: Option<u32>, depth: usize) -> Option<()> {
        let slot = node.and_then(|n| self.trie.slot(n));
        if slot.is_some() {
            self.objects.push(Object::Begins(self.scanner.at - self.literal));
        }
        let inner = node.filter(|&n| self.trie.enters(n));
        let mut more = self.scanner.enter(b'{');
        if !more {
            self.scanner.at += 1;
        }
        while more {
            let key = self.scanner.key().ok()?;
            let child = inner.and_then(|n| self.trie.child(n, key)).filter(|&c| self.trie.keeps(c));
            self.value(child, depth + 1)?;
            more = self.scanner.more(b'}').ok()?;
        }
        if let Some(slot) = slot {
            self.objects.push(Object::Ends(self.scanner.at - self.literal, slot));
        }
        Some(())
    }

    fn value(&mut self, node: Option<u32>, depth: usize) -> Option<()> {
        if self.scanner.peek() == Some(b'{') {
            return self.object(node, depth);
        }
        let literal = (self.literal, self.scanner.at);
        self.found.push(Found { literal, objects: std::mem::take(&mut self.objects), node, depth });
        self.scanner.skip(depth).ok()?;
        self.literal = self.scanner.at;
        Some(())
    }
}

/// The length of what ends a line.
#[inline(always)]
fn line_end(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'\n', ..] => Some(1),
        [] => Some(0),
        [_, b'\n', ..] => Some(2),
        _ => None,
    }
}

/// The end of a value that is no text and no number.
#[cold]
#[inline(never)]
fn value_end(text: &str, at: usize, depth: usize, bounds: Bounds) -> Option<usize> {
    let mut scanner = Scanner::from(text, at).within(bounds);
    scanner.skip(depth).ok()?;
    // The space in a list may be a line end, which ends the record.
    match memchr::memchr(b'\n', &text.as_bytes()[at..scanner.at]) {
        None => Some(scanner.at),
        Some(_) => None,
    }
}

/// How long the text is whose content the rest begins with, and whether it has escapes.
#[inline(always)]
fn text_end<S: Simd>(simd: S, text: &str, rest: &[u8]) -> Option<(usize, bool)> {
    if let Some(window) = rest.first_chunk() {
        let (quotes, others) = marks(simd, window);
        if others & (quotes ^ quotes.wrapping_sub(1)) == 0 && quotes != 0 {
            return Some((quotes.trailing_zeros() as usize, false));
        }
    }
    long_text_end(simd, text, rest)
}

/// The same of a text of any length.
#[inline(always)]
fn long_text_end<S: Simd>(simd: S, text: &str, rest: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (0, false);
    loop {
        match rest.get(at..)?.first_chunk() {
            Some(window) => {
                let (quotes, others) = marks(simd, window);
                if others & (quotes ^ quotes.wrapping_sub(1)) == 0 {
                    if quotes != 0 {
                        return Some((at + quotes.trailing_zeros() as usize, escaped));
                    }
                    at += WINDOW;
                    continue;
                }
                at += others.trailing_zeros() as usize;
            }
            None => {
                while !matches!(rest.get(at)?, b'"' | b'\\' | 0..=0x1f) {
                    at += 1;
                }
                if rest[at] == b'"' {
                    return Some((at, escaped));
                }
            }
        }
        if rest[at] != b'\\' {
            return None;
        }
        escaped = true;
        let start = text.len() - rest.len();
        let mut scanner = Scanner::from(text, start + at + 1);
        scanner.escape().ok()?;
        at = scanner.at - start;
    }
}

/// Which bytes are quotes, and which backslashes or control characters; the first byte is the lowest bit.
#[inline(always)]
fn marks<S: Simd>(simd: S, window: &[u8; WINDOW]) -> (u32, u32) {
    let all = u8x32::from_slice(simd, window);
    let others = all.simd_eq(b'\\') | all.simd_le(0x1f);
    (all.simd_eq(b'"').to_bitmask() as u32, others.to_bitmask() as u32)
}

/// How long the number is that the rest begins with.
#[inline(always)]
fn number_end<S: Simd>(simd: S, text: &str, rest: &[u8]) -> Option<usize> {
    if let Some(window) = rest.first_chunk::<WINDOW>() {
        let bytes = u8x32::from_slice(simd, window);
        let others = (bytes.simd_lt(b'0') | bytes.simd_gt(b'9')).to_bitmask() as u32;
        let sign = u32::from(window[0] == b'-');
        let others = others & !sign;
        let whole = others.trailing_zeros();
        let byte = |at: u32| window[at as usize % WINDOW];
        let mut end = whole;
        if byte(whole) == b'.' {
            end = (others & others.wrapping_sub(1)).trailing_zeros();
        }
        let plain = whole > sign && end != whole + 1 && (byte(sign) != b'0' || whole == sign + 1);
        if plain && end < WINDOW as u32 && matches!(byte(end), b',' | b'}') {
            return Some(end as usize);
        }
    }
    any_number_end(text, text.len() - rest.len())
}

#[cold]
#[inline(never)]
fn any_number_end(text: &str, start: usize) -> Option<usize> {
    let mut scanner = Scanner::from(text, start);
    scanner.number().ok()?;
    Some(scanner.at - start)
}

#[cfg(test)]
mod tests;
