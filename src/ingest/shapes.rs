//! Most records of a log have the shape of some record before: the same keys in the same order, with the same
//! space between them. What stands between two values is then known to the byte, and a record is read by
//! comparing it and passing over the values.
//!
//! A shape is learned from a record that [`scan`](super::scan) has read whole. Where the next record differs
//! from all that is known at some place, it is left to `scan`, which reads it from its start: so a record passes
//! only if `scan` would read the same from it, and what is wrong with one is said by `scan` alone. Everything
//! is looked at, in parts that no rule reads too: keys, escapes, numbers, and control characters in texts.

use super::paths::{Raw, Slots, Trie};
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
#[derive(Debug, Default)]
struct Node {
    /// Where the value is kept.
    slot: Option<u32>,
    /// Kept is what an object here would hold.
    below: Box<[u32]>,
    depth: usize,
    edges: Vec<Edge>,
    /// The edge that was taken last.
    last: usize,
}

/// What stands between two values.
#[derive(Debug)]
struct Edge {
    literal: Box<[u8]>,
    /// Its first bytes, and which of them count.
    head: [u8; WINDOW],
    counts: u32,
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

impl Edge {
    fn new(literal: &[u8], to: u32, end: u32, objects: &[Object]) -> Edge {
        let mut head = [0; WINDOW];
        let short = literal.len().min(WINDOW);
        head[..short].copy_from_slice(&literal[..short]);
        let counts = u32::MAX.checked_shr((WINDOW - short) as u32).unwrap_or(0);
        Edge { literal: literal.into(), head, counts, to, end, objects: objects.into() }
    }

    /// Whether it stands here, before a value or at the end of the line. One literal may begin with another: what
    /// comes after it tells.
    #[inline(always)]
    fn leads<S: Simd>(&self, simd: S, text: &[u8]) -> bool {
        let length = self.literal.len();
        let Some(window) = text.first_chunk::<WINDOW>() else {
            return text.starts_with(&self.literal) && self.ends_before(text.get(length));
        };
        let differing = u8x32::from_slice(simd, window).simd_ne(u8x32::from_slice(simd, &self.head));
        differing.to_bitmask() as u32 & self.counts == 0
            && (length <= WINDOW || text.starts_with(&self.literal))
            && self.ends_before(text.get(length))
    }

    #[inline(always)]
    fn ends_before(&self, next: Option<&u8>) -> bool {
        match next {
            Some(b'\n' | b'\r') | None => self.to == END,
            Some(next) => self.to != END && *next != b'{' && *next > b' ',
        }
    }
}

impl Shapes {
    pub fn new(bounds: Bounds) -> Shapes {
        Shapes {
            nodes: vec![Node::default()],
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
        if self.given_up {
            return None;
        }
        self.tried += 1;
        if self.tried == TRIAL {
            self.given_up = self.passed < TRIAL / 4;
            (self.tried, self.passed) = (0, 0);
        }
        slots.clear();
        self.open.clear();
        let passed = dispatch!(self.level, simd => self.walk(simd, text, at, slots))?;
        self.passed += 1;
        Some(passed)
    }

    #[inline(always)]
    fn walk<'a, S: Simd>(&mut self, simd: S, text: &'a str, mut at: usize, slots: &mut Slots<'a>) -> Option<Passed> {
        let bytes = text.as_bytes();
        let mut state = 0;
        loop {
            let node = &mut self.nodes[state as usize];
            let rest = bytes.get(at..)?;
            if !node.edges.get(node.last).is_some_and(|edge| edge.leads(simd, rest)) {
                node.last = node.edges.iter().position(|edge| edge.leads(simd, rest))?;
            }
            let edge = &node.edges[node.last];
            for object in &edge.objects {
                match object {
                    Object::Begins(from) => self.open.push(at + from),
                    Object::Ends(to, slot) => slots.set(*slot, Raw::Json(&text[self.open.pop()?..at + to])),
                }
            }
            at += edge.literal.len();
            state = edge.to;
            if state == END {
                let next = match bytes.get(at) {
                    Some(b'\n') => at + 1,
                    None => at,
                    Some(_) if bytes.get(at + 1) == Some(&b'\n') => at + 2,
                    Some(_) => return None,
                };
                return Some(Passed { end: at, next, shape: edge.end });
            }
            let node = &self.nodes[state as usize];
            let start = at;
            let raw = match *bytes.get(at)? {
                b'"' => {
                    let (end, escaped) = text_end(simd, text, at + 1)?;
                    at = end + 1;
                    if node.slot.is_none() && node.below.is_empty() {
                        continue;
                    }
                    match escaped {
                        false => Raw::Text(&text[start + 1..end]),
                        true => Raw::Json(&text[start..at]),
                    }
                }
                b'-' | b'0'..=b'9' => {
                    at = number_end(text, at)?;
                    Raw::Json(&text[start..at])
                }
                b'n' if bytes[at..].starts_with(b"null") => {
                    at += 4;
                    continue;
                }
                _ => {
                    let mut scanner = Scanner::from(text, at).within(self.bounds);
                    scanner.skip(node.depth).ok()?;
                    at = scanner.at;
                    // The space in a list may be a line end, which ends the record.
                    if memchr::memchr(b'\n', &bytes[start..at]).is_some() {
                        return None;
                    }
                    Raw::Json(&text[start..at])
                }
            };
            if let Some(slot) = node.slot {
                slots.set(slot, raw);
            }
            for &slot in &node.below {
                slots.set(slot, Raw::Misfit(&text[start..at]));
            }
        }
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
            self.nodes[state as usize].edges.push(Edge::new(literal, to, 0, &value.objects));
            let (slot, below) = match value.node {
                Some(node) => (trie.slot(node), trie.below(node).into()),
                None => (None, Box::default()),
            };
            self.nodes.push(Node { slot, below, depth: value.depth, ..Node::default() });
            state = to;
        }
        let literal = &bytes[literal..];
        let edges = &mut self.nodes[state as usize].edges;
        if edges.len() < MAX_EDGES && !edges.iter().any(|e| e.to == END && *e.literal == *literal) {
            edges.push(Edge::new(literal, END, self.ends.len() as u32, &objects));
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

/// The closing quote of the text whose content begins at `at`, and whether it has escapes.
#[inline(always)]
fn text_end<S: Simd>(simd: S, text: &str, mut at: usize) -> Option<(usize, bool)> {
    let bytes = text.as_bytes();
    let mut escaped = false;
    loop {
        match bytes.get(at..)?.first_chunk() {
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
                while !matches!(bytes.get(at)?, b'"' | b'\\' | 0..=0x1f) {
                    at += 1;
                }
                if bytes[at] == b'"' {
                    return Some((at, escaped));
                }
            }
        }
        if bytes[at] != b'\\' {
            return None;
        }
        escaped = true;
        let mut scanner = Scanner::from(text, at + 1);
        scanner.escape().ok()?;
        at = scanner.at;
    }
}

/// Which bytes are quotes, and which backslashes or control characters; the first byte is the lowest bit.
#[inline(always)]
fn marks<S: Simd>(simd: S, window: &[u8; WINDOW]) -> (u32, u32) {
    let all = u8x32::from_slice(simd, window);
    let others = all.simd_eq(b'\\') | all.simd_le(0x1f);
    (all.simd_eq(b'"').to_bitmask() as u32, others.to_bitmask() as u32)
}

#[inline]
fn number_end(text: &str, mut at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let start = at;
    if bytes[at] == b'-' {
        at += 1;
    }
    let whole = at;
    at = digits_end(bytes, at);
    match bytes.get(at) {
        Some(b',' | b'}') if at > whole && (bytes[whole] != b'0' || at == whole + 1) => Some(at),
        _ => {
            let mut scanner = Scanner::from(text, start);
            scanner.number().ok()?;
            Some(scanner.at)
        }
    }
}

#[inline]
fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let digits = u64::from_le_bytes(*eight) ^ 0x3030_3030_3030_3030;
        // The highest bit of each byte up to the first that is no digit is right.
        let other = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
        if other != 0 {
            return at + other.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::scan::scan;
    use proptest::prelude::*;

    const PATHS: &[&str] = &["a", "a.b", "c", "d.e.f", "d", "g"];

    fn trie() -> Trie {
        let paths: Vec<Vec<String>> = PATHS.iter().map(|p| p.split('.').map(String::from).collect()).collect();
        Trie::new(paths.iter().map(Vec::as_slice), ["h"].into_iter())
    }

    /// What the slots hold, however it is held.
    fn held(slots: &Slots) -> Vec<String> {
        let one = |slot| match slots.get(slot) {
            Raw::Absent => "-".to_string(),
            Raw::Text(text) => format!("\"{text}\""),
            Raw::Json(text) => text.to_string(),
            Raw::Misfit(text) => format!("misfit {text}"),
        };
        (0..PATHS.len() as u32).map(one).collect()
    }

    /// Reads all lines, by shapes where they are known; how many were.
    fn read(text: &str) -> usize {
        let trie = trie();
        let (mut shapes, mut count, mut at) = (Shapes::new(Bounds::KNOWN), 0, 0);
        while at < text.len() {
            let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
            let record = text[at..end].trim_ascii_end();
            let slots = || Slots::new(&trie, PATHS.len(), Bounds::KNOWN);
            let (mut fast, mut slow) = (slots(), slots());
            let passed = shapes.pass(text, at, &mut fast);
            let scanned = scan(record, &trie, &mut slow);
            if let Some(passed) = passed {
                assert_eq!(scanned, Ok(()), "{record:?}");
                assert_eq!(held(&fast), held(&slow), "{record:?}");
                assert_eq!(&text[at..passed.end], record);
                assert_eq!(passed.next, (end + 1).min(text.len()));
                let known: Vec<(u32, &str)> =
                    shapes.end(passed.shape).unknown.iter().map(|(node, key)| (*node, &**key)).collect();
                assert_eq!(known, slow.unknown);
                count += 1;
            } else if scanned.is_ok() {
                shapes.learn(record, &trie, &slow.unknown);
            }
            at = end + 1;
        }
        count
    }

    #[test]
    fn a_shape_is_known_the_second_time() {
        let record = r#"{"a":{"b":-1.5e3,"x":[1,{"y":2}]},"c":"\u00e9\n","d":{"e":{"f":"text"}},"g":null,"z":true}"#;
        assert_eq!(read(&format!("{record}\n{record}\r\n{record}")), 2);
        let other = record.replace("-1.5e3", "12345678901").replace("text", "another text, a longer one");
        assert_eq!(read(&format!("{record}\n{other}\n")), 1);
        assert_eq!(read("{}\n{}\n"), 1);
    }

    #[test]
    fn a_shape_allows_nothing_that_is_not_json() {
        for (first, second) in [
            (r#"{"a":1}"#, r#"{"a":01}"#),
            (r#"{"a":1}"#, r#"{"a":1.}"#),
            (r#"{"a":1}"#, r#"{"a":-}"#),
            (r#"{"a":"x"}"#, "{\"a\":\"\t\"}"),
            (r#"{"a":"x"}"#, r#"{"a":"\x"}"#),
            (r#"{"a":"x"}"#, r#"{"a":"x}"#),
            (r#"{"a":true}"#, r#"{"a":tru}"#),
            (r#"{"a":[1,2]}"#, "{\"a\":[1,\n2]}"),
            (r#"{"a":1,"c":2}"#, r#"{"a":1,"a":2}"#),
            (r#"{"a":1}"#, r#"{"a":1}}"#),
        ] {
            assert_eq!(read(&format!("{first}\n{second}\n{first}\n{second}\n")), 1, "{second}");
        }
    }

    #[test]
    fn many_shapes_are_not_kept_for_ever() {
        let records = (0..20_000).map(|n| format!("{{\"a\":1,\"k{n}\":{{\"v\":2}}}}\n"));
        assert_eq!(read(&records.collect::<String>()), 0);
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_string()),
            Just("true".to_string()),
            Just("[]".to_string()),
            Just("{}".to_string()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<f32>().prop_filter("JSON", |n| n.is_finite()).prop_map(|n| n.to_string()),
            "[ -~é\n\u{1}]{0,24}".prop_map(|t| serde_json::to_string(&t).unwrap_or_default()),
            "[a-z]{0,40}".prop_map(|t| format!("\"{t}\"")),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|v| format!("[{}]", v.join(","))),
                members(inner).prop_map(|m| format!("{{{m}}}")),
            ]
        })
    }

    fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g", "h", "u", "\\u0061"]);
        let member = (key, prop::sample::select(vec![":", ": ", " :\t"]), value);
        prop::collection::vec(member, 0..4).prop_map(|members| {
            let all: Vec<String> = members.into_iter().map(|(k, colon, v)| format!("\"{k}\"{colon}{v}")).collect();
            all.join(",")
        })
    }

    proptest! {
        #[test]
        fn reads_what_the_scan_reads(
            records in prop::collection::vec(members(value()), 1..4),
            order in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
            damage in prop::option::of((any::<prop::sample::Index>(), prop::sample::select(b"{}[]:,\"\\01-.e \n\rx".to_vec()))),
        ) {
            let lines: Vec<String> = order.iter().map(|i| format!("{{{}}}", i.get(&records))).collect();
            let mut bytes = lines.join("\n").into_bytes();
            read(&String::from_utf8_lossy(&bytes));
            if let Some((at, byte)) = damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
                read(&String::from_utf8_lossy(&bytes));
            }
        }
    }
}
