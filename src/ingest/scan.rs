//! One pass over a JSON record: it is validated whole, and only the values at wanted paths are kept, as
//! slices of the record's own text. Everything else knows JSON by [`scan`], [`members`] and [`elements`].

use super::paths::{Form, Part, Slots, Trie};
use crate::data::Limits;
use std::borrow::Cow;

/// How much of a text that is not known yet is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Objects and lists in one another.
    pub depth: usize,
    /// Fields of one object, or elements of one list.
    pub values: usize,
}

impl Bounds {
    /// Of what has been scanned already.
    pub const KNOWN: Bounds = Bounds { depth: 1_000, values: usize::MAX };

    pub fn of(limits: &Limits) -> Bounds {
        let most = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Bounds { depth: most(limits.record_nesting).min(Bounds::KNOWN.depth), values: most(limits.record_values) }
    }
}

/// What is wrong, and at which byte of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanError {
    pub at: usize,
    pub fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What would have been right.
    Expected(&'static str),
    DuplicateKey(String),
    /// Deeper than this.
    TooDeep(usize),
    /// More values than this.
    TooMany(usize),
    /// More bytes than this.
    TooLong(usize),
}

/// Reads one JSON value, the whole text, into `slots`.
pub fn scan<'a>(text: &'a str, trie: &Trie, slots: &mut Slots<'a>) -> Result<(), ScanError> {
    slots.begin(text);
    if text.len() > Part::MOST {
        return Err(ScanError { at: 0, fault: Fault::TooLong(Part::MOST) });
    }
    let mut scanner = Scanner::new(text).within(slots.bounds);
    scanner.space();
    scanner.node(0, 0, trie, slots)?;
    scanner.space();
    if scanner.at < text.len() { Err(scanner.expected("nothing after the value")) } else { Ok(()) }
}

/// Keys and values of an object; nothing where it is none. The text has been scanned.
pub fn members(text: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let mut scanner = Scanner::new(text);
    let mut more = scanner.enter(b'{');
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        let key = scanner.key().ok()?;
        let start = scanner.at;
        scanner.skip(0).ok()?;
        let value = &text[start..scanner.at];
        more = scanner.more(b'}').ok()?;
        Some((unescape(key).unwrap_or(Cow::Borrowed(key)), value))
    })
}

/// Elements of a list; nothing where it is none. The text has been scanned.
pub fn elements(text: &str) -> impl Iterator<Item = &str> {
    let mut scanner = Scanner::new(text);
    let mut more = scanner.enter(b'[');
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        let start = scanner.at;
        scanner.skip(0).ok()?;
        let value = &text[start..scanner.at];
        more = scanner.more(b']').ok()?;
        Some(value)
    })
}

/// The end of the value that starts at `at`.
pub fn value_end(text: &str, at: usize, bounds: Bounds) -> Result<usize, ScanError> {
    let mut scanner = Scanner::from(text, at).within(bounds);
    scanner.skip(0)?;
    Ok(scanner.at)
}

/// The content of a quoted text, `"…"`; none where an escape has no meaning (half a surrogate pair).
pub fn unquoted(raw: &str) -> Option<Cow<'_, str>> {
    unescape(raw.strip_prefix('"')?.strip_suffix('"')?)
}

pub fn unescape(inner: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(&format!("\"{inner}\"")).ok().map(Cow::Owned)
}

pub struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub at: usize,
    bounds: Bounds,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner::from(text, 0)
    }

    pub fn from(text: &'a str, at: usize) -> Scanner<'a> {
        Scanner { text, bytes: text.as_bytes(), at, bounds: Bounds::KNOWN }
    }

    pub fn within(self, bounds: Bounds) -> Scanner<'a> {
        Scanner { bounds, ..self }
    }

    fn expected(&self, what: &'static str) -> ScanError {
        ScanError { at: self.at, fault: Fault::Expected(what) }
    }

    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Steps into an object or list; false where it is none or has nothing in it.
    pub fn enter(&mut self, open: u8) -> bool {
        self.space();
        if self.peek() != Some(open) {
            return false;
        }
        self.at += 1;
        self.space();
        self.peek() != Some(open + 2)
    }

    /// After a member or element: whether another follows.
    pub fn more(&mut self, close: u8) -> Result<bool, ScanError> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            Some(b) if b == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.expected(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" })),
        }
    }

    /// A key, its colon and the space after it; gives what stands between the quotes.
    pub fn key(&mut self) -> Result<&'a str, ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in quotes"));
        }
        let start = self.at + 1;
        self.string()?;
        let key = &self.text[start..self.at - 1];
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        self.space();
        Ok(key)
    }

    fn node(&mut self, id: u32, depth: usize, trie: &Trie, slots: &mut Slots<'a>) -> Result<(), ScanError> {
        let (start, first) = (self.at, self.peek());
        if first == Some(b'{') && trie.enters(id) {
            self.object(id, depth, trie, slots)?;
        } else {
            self.skip(depth)?;
            if first != Some(b'n') && first != Some(b'{') {
                for &slot in trie.below(id) {
                    slots.set(slot, Part::new(Form::Misfit, start, self.at));
                }
            }
        }
        if let (Some(slot), false) = (trie.slot(id), first == Some(b'n')) {
            slots.set(slot, Part::new(Form::Json, start, self.at));
        }
        Ok(())
    }

    fn object(&mut self, id: u32, depth: usize, trie: &Trie, slots: &mut Slots<'a>) -> Result<(), ScanError> {
        self.is_within(depth)?;
        let mut more = self.enter(b'{');
        if !more {
            self.at += 1;
        }
        let mut values = 0;
        while more {
            let at = self.at;
            values += 1;
            self.is_one_of(values)?;
            let key = self.key()?;
            match trie.child(id, key) {
                Some(child) if trie.keeps(child) => {
                    if !slots.is_new(child) {
                        return Err(ScanError { at, fault: Fault::DuplicateKey(key.into()) });
                    }
                    self.node(child, depth + 1, trie, slots)?;
                }
                Some(_) => self.skip(depth + 1)?,
                None => {
                    slots.unknown.push((id, key));
                    self.skip(depth + 1)?;
                }
            }
            more = self.more(b'}')?;
        }
        Ok(())
    }

    /// Passes over one value.
    pub fn skip(&mut self, depth: usize) -> Result<(), ScanError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(open @ (b'{' | b'[')) => {
                self.is_within(depth)?;
                let mut more = self.enter(open);
                if !more {
                    self.at += 1;
                }
                let mut values = 0;
                while more {
                    values += 1;
                    self.is_one_of(values)?;
                    if open == b'{' {
                        self.key()?;
                    }
                    self.skip(depth + 1)?;
                    more = self.more(open + 2)?;
                }
                Ok(())
            }
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.expected("a value")),
        }
    }

    #[inline]
    fn is_within(&self, depth: usize) -> Result<(), ScanError> {
        match depth >= self.bounds.depth {
            true => Err(ScanError { at: self.at, fault: Fault::TooDeep(self.bounds.depth) }),
            false => Ok(()),
        }
    }

    #[inline]
    fn is_one_of(&self, values: usize) -> Result<(), ScanError> {
        match values > self.bounds.values {
            true => Err(ScanError { at: self.at, fault: Fault::TooMany(self.bounds.values) }),
            false => Ok(()),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), ScanError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.expected("a digit")) } else { Ok(()) }
    }

    pub fn number(&mut self) -> Result<(), ScanError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return Err(self.expected("a number without a leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Passes over a text, eight bytes at a time.
    fn string(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        loop {
            while let Some(word) = self.bytes.get(self.at..self.at + 8) {
                let found = special(u64::from_le_bytes([
                    word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7],
                ]));
                if found != 0 {
                    self.at += found.trailing_zeros() as usize / 8;
                    break;
                }
                self.at += 8;
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0..=0x1f) => return Err(self.expected("control characters to be escaped")),
                Some(_) => self.at += 1,
                None => return Err(self.expected("a closing quote")),
            }
        }
    }

    pub fn escape(&mut self) -> Result<(), ScanError> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => match self.unit()? {
                0xd800..0xdc00 => {
                    let first = self.at;
                    let second = match self.bytes[first..].starts_with(b"\\u") {
                        true => {
                            self.at += 1;
                            self.unit()?
                        }
                        false => 0,
                    };
                    if !(0xdc00..0xe000).contains(&second) {
                        self.at = first;
                        return Err(self.expected("the second half of a surrogate pair (`\\udc00` to `\\udfff`)"));
                    }
                }
                0xdc00..0xe000 => {
                    self.at -= 5;
                    return Err(self.expected("the first half of a surrogate pair before the second"));
                }
                _ => (),
            },
            _ => return Err(self.expected("an escape that JSON has")),
        }
        Ok(())
    }

    /// `u` and four digits.
    fn unit(&mut self) -> Result<u32, ScanError> {
        let digits = self.bytes.get(self.at + 1..self.at + 5).unwrap_or_default();
        let unit = digits.iter().try_fold(0, |unit, d| Some(unit << 4 | char::from(*d).to_digit(16)?));
        match unit {
            Some(unit) if digits.len() == 4 => {
                self.at += 5;
                Ok(unit)
            }
            _ => Err(self.expected("four hexadecimal digits after `\\u`")),
        }
    }
}

/// The highest bit of the first byte that is a quote, a backslash or a control character (bits of later
/// bytes may be set without cause).
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero = |w: u64| w.wrapping_sub(ONES) & !w & HIGHS;
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    zero(word ^ (ONES * b'"' as u64)) | zero(word ^ (ONES * b'\\' as u64)) | control
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::paths::{Raw, Rows};
    use proptest::prelude::*;

    fn kept<'a>(text: &'a str, paths: &[&str]) -> Result<Vec<Raw<'a>>, ScanError> {
        let paths: Vec<Vec<String>> = paths.iter().map(|p| p.split('.').map(String::from).collect()).collect();
        let trie = Trie::new(paths.iter().map(Vec::as_slice), std::iter::empty());
        let bounds = Bounds::of(&Limits::default());
        let mut slots = Slots::new(&trie, paths.len(), bounds, Rows::default());
        scan(text, &trie, &mut slots)?;
        Ok((0..paths.len()).map(|i| slots.get(i as u32)).collect())
    }

    #[test]
    fn keeps_what_is_wanted() {
        let text = r#" {"a" : {"b": [1, {"x":2}], "c":null}, "\u0064":"q\"", "e":3.50} "#;
        let found = kept(text, &["a.b", "a.c", "d", "e", "a", "e.f"]).unwrap();
        assert_eq!(found[0], Raw::Json(r#"[1, {"x":2}]"#));
        assert_eq!(found[1], Raw::Absent);
        assert_eq!(found[2], Raw::Json(r#""q\"""#));
        assert_eq!(found[3], Raw::Json("3.50"));
        assert_eq!(found[4], Raw::Json(r#"{"b": [1, {"x":2}], "c":null}"#));
        assert_eq!(found[5], Raw::Misfit("3.50"));
        assert_eq!(unquoted(r#""q\"""#).as_deref(), Some("q\""));
    }

    #[test]
    fn a_key_that_is_read_stands_once() {
        assert!(kept(r#"{"a":1,"b":1,"b":2}"#, &["a"]).is_ok());
        let error = kept(r#"{"a":null,"a":2}"#, &["a"]).unwrap_err();
        assert_eq!(error, ScanError { at: 10, fault: Fault::DuplicateKey("a".into()) });
        assert!(kept(r#"{"a":{"b":1},"a":{"c":2}}"#, &["a.b"]).is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |n| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(kept(&deep(127), &["a"]).is_ok());
        assert_eq!(kept(&deep(128), &["a"]).unwrap_err().fault, Fault::TooDeep(128));
        assert_eq!(kept(&deep(100_000), &["b"]).unwrap_err().fault, Fault::TooDeep(128));
    }

    /// Near-JSON: pieces of the grammar in a row.
    fn near() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just("\"a\""),
            Just("\"b\""),
            Just("\"\\u00e9\""),
            Just("\"\\ud800\""),
            Just("\"\\udc00\""),
            Just("\"\\ud83d\\ude00\""),
            Just("\"\\ud83d\\u0061\""),
            Just("\"é\\\\\""),
            Just("\"\\x\""),
            Just("1"),
            Just("-0.5e+3"),
            Just("01"),
            Just("-"),
            Just("1."),
            Just("true"),
            Just("null"),
            Just("nul"),
            Just(" "),
            Just("\t"),
            Just("\"\u{1}\""),
            Just("\"aaaaaaaaaaaaaaaaaa\u{1f}\""),
            Just("\"aaaaaaaaaaaaaaaaaaaaaaa\""),
            Just("\""),
            Just("{\"a\":{\"b\":1},\"c\":[]}"),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|p| p.concat())
    }

    proptest! {
        #[test]
        fn accepts_what_serde_json_accepts(text in near()) {
            // A raw value passes over surrogates that have no other half.
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(kept(&text, &[]).is_ok(), theirs, "{}", text);
        }

        #[test]
        fn never_panics(text in ".{0,60}") {
            let _ = kept(&text, &["a.b"]);
            let _ = members(&text).count() + elements(&text).count();
            let _ = unquoted(&text);
        }

        #[test]
        fn keeps_what_serde_json_finds(a in any::<f64>(), b in ".{0,20}", c in any::<Option<i64>>()) {
            let text = serde_json::json!({"x": {"a": a, "z": [b]}, "b": b, "c": c}).to_string();
            let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
            let found = kept(&text, &["x.a", "x.z", "b", "c"]).unwrap();
            for (raw, value) in found.iter().zip([&whole["x"]["a"], &whole["x"]["z"], &whole["b"], &whole["c"]]) {
                match raw {
                    Raw::Json(raw) => prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(raw).unwrap(), value),
                    _ => prop_assert!(value.is_null()),
                }
            }
        }
    }
}
