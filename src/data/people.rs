//! What people are called in texts: as the records name them, or by pseudonyms that are made with a key.
//!
//! A pseudonym is `p-` and the first 80 bits of HMAC-SHA-256 over the value as identities have it
//! ([`display::exact`](super::display::exact)), in Crockford's base 32. Among a million people two share one with a
//! probability of 4 in 10^13; among a thousand million, of 4 in 10^7.

use super::{display, identity};
use aho_corasick::{AhoCorasick, MatchKind};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fmt::{Debug, Formatter};
use std::sync::Arc;

/// What values of `@person` fields become where they become text.
#[derive(Clone, Debug, Default)]
pub enum People {
    /// What they are.
    #[default]
    Named,
    /// What they are, between marks, for a report that gives them names of its own: see [`display::PERSON`].
    Marked,
    /// Pseudonyms; within other texts too. Ids of findings are then made with the key as well.
    Keyed(Arc<Pseudonyms>),
}

impl People {
    /// Whether they keep the names that the records give them.
    pub fn are_named(&self) -> bool {
        matches!(self, People::Named)
    }

    /// A value that names a person.
    pub fn person(&self, name: &str) -> String {
        match self {
            People::Named => name.to_owned(),
            People::Marked => display::person(name),
            People::Keyed(by) => by.key.pseudonym(name),
        }
    }

    /// The same, never marked.
    pub fn called(&self, name: &str) -> String {
        match self {
            People::Keyed(by) => by.key.pseudonym(name),
            _ => name.to_owned(),
        }
    }

    /// A text of the records in which names may stand.
    pub fn text(&self, text: &str) -> String {
        match self {
            People::Keyed(by) => by.names.replaced(text, &by.key),
            _ => text.to_owned(),
        }
    }

    /// The id of a finding: it is a hash of what may be guessed, and so made with the key.
    pub fn finding(&self, id: [u8; 16]) -> [u8; 16] {
        match self {
            People::Keyed(by) => first(&by.key.mac("finding", &id)),
            _ => id,
        }
    }

    /// A hash of a record's contents, for the same reason.
    pub fn contents(&self, hash: &str) -> String {
        match self {
            People::Keyed(by) => identity::hex(&by.key.mac("record", hash.as_bytes())[..16]),
            _ => hash.to_owned(),
        }
    }

    /// Which key it is, where there is one: two outputs with one fingerprint have the same pseudonyms.
    pub fn fingerprint(&self) -> Option<String> {
        match self {
            People::Keyed(by) => Some(by.key.fingerprint()),
            _ => None,
        }
    }
}

/// A key, and the names to look for in texts.
#[derive(Debug)]
pub struct Pseudonyms {
    key: Key,
    names: Names,
}

impl Pseudonyms {
    pub fn new(key: Key, names: Names) -> Pseudonyms {
        Pseudonyms { key, names }
    }
}

/// Whoever has it can find out whom a pseudonym stands for. It is never printed.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// Why something is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    Empty,
    Short(usize),
    Long,
    /// So few different bytes in it.
    Alike(usize),
}

impl Key {
    pub const LEAST: usize = 32;
    pub const MOST: usize = 4096;
    /// 32 random bytes have fewer different ones with a probability below 10^-30.
    const DIFFERENT: usize = 8;

    /// # Errors
    /// What is too short, too long, or cannot be random.
    pub fn new(bytes: &[u8]) -> Result<Key, KeyError> {
        let different = bytes.iter().collect::<BTreeSet<_>>().len();
        match bytes.len() {
            0 => Err(KeyError::Empty),
            n if n < Key::LEAST => Err(KeyError::Short(n)),
            n if n > Key::MOST => Err(KeyError::Long),
            _ if different < Key::DIFFERENT => Err(KeyError::Alike(different)),
            // A key may be of any length.
            _ => Hmac::new_from_slice(bytes).map(Key).map_err(|_| KeyError::Long),
        }
    }

    /// `p-7f3k2m9qxc4t1v8w`.
    pub fn pseudonym(&self, name: &str) -> String {
        format!("p-{}", base32(&self.mac("person", name.as_bytes())[..10]))
    }

    /// Whether a text has the form of a pseudonym.
    pub fn is_pseudonym(text: &str) -> bool {
        text.strip_prefix("p-").is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| LETTERS.contains(&b)))
    }

    /// 16 hexadecimal digits that say which key it is, and nothing of what it is.
    pub fn fingerprint(&self) -> String {
        identity::hex(&self.mac("fingerprint", b"")[..8])
    }

    /// What is made for one end fits no other.
    fn mac(&self, end: &str, of: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(b"bylaws 1 ");
        mac.update(end.as_bytes());
        mac.update(&[0]);
        mac.update(of);
        mac.finalize().into_bytes().into()
    }
}

impl Debug for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

fn first(bytes: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[..16]);
    id
}

/// Crockford's, in lower case: no letter looks like a digit.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Five bytes are eight letters.
fn base32(bytes: &[u8]) -> String {
    let of = |five: &[u8]| {
        let bits = five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8).rev().map(move |n| LETTERS[(bits >> (5 * n) & 31) as usize] as char)
    };
    bytes.chunks_exact(5).flat_map(of).collect()
}

/// Names that are looked for in texts: in any case, with any of ` ._-+` between their parts, not within a word unless
/// they are long.
#[derive(Debug, Default)]
pub struct Names {
    finder: Option<AhoCorasick>,
    /// By pattern.
    known: Vec<String>,
}

/// Shorter ones stand in texts for something else too often.
const LEAST: usize = 2;
/// Digits alone are a number first of all.
const LEAST_DIGITS: usize = 4;
/// So long a name is one within a word, too.
const LONG: usize = 8;

impl Names {
    /// # Errors
    /// Where there are too many to be looked for.
    pub fn new(values: impl IntoIterator<Item = String>) -> Result<Names, String> {
        let mut known: Vec<(String, String)> = values.into_iter().map(|v| (Folded::new(&v).text, v)).collect();
        known.retain(|(folded, _)| {
            let least = if folded.bytes().all(|b| b.is_ascii_digit()) { LEAST_DIGITS } else { LEAST };
            folded.chars().count() >= least && !folded.trim().is_empty()
        });
        known.sort();
        known.dedup_by(|a, b| a.0 == b.0);
        if known.is_empty() {
            return Ok(Names::default());
        }
        let finder = AhoCorasick::builder().match_kind(MatchKind::Standard).build(known.iter().map(|k| &k.0));
        let finder = finder.map_err(|e| e.to_string())?;
        Ok(Names { finder: Some(finder), known: known.into_iter().map(|k| k.1).collect() })
    }

    fn replaced(&self, text: &str, key: &Key) -> String {
        let Some(finder) = &self.finder else { return text.to_owned() };
        let folded = Folded::new(text);
        let found = finder.find_overlapping_iter(&folded.text).filter(|m| folded.stands_alone(m.start(), m.end()));
        let mut found: Vec<(usize, usize, usize)> =
            found.map(|m| (m.start(), m.end(), m.pattern().as_usize())).collect();
        // The first, and of those the longest.
        found.sort_by_key(|&(start, end, _)| (start, std::cmp::Reverse(end)));
        let (mut out, mut done, mut at) = (String::new(), 0, 0);
        for (start, end, name) in found {
            if start < at {
                continue;
            }
            out.push_str(&text[done..folded.places[start]]);
            out.push_str(&key.pseudonym(&self.known[name]));
            (done, at) = (folded.places[end].max(done), end);
        }
        out.push_str(&text[done..]);
        out
    }
}

/// A text in one case, with one space for each run of what may stand between the parts of a name.
struct Folded {
    text: String,
    /// By byte of it, and for its end: where that begins in the text as it was.
    places: Vec<usize>,
}

impl Folded {
    fn new(of: &str) -> Folded {
        let mut folded = Folded { text: String::with_capacity(of.len()), places: Vec::with_capacity(of.len() + 1) };
        for (at, c) in of.char_indices() {
            if matches!(c, '.' | '_' | '-' | '+') || c.is_whitespace() {
                if !folded.text.ends_with(' ') {
                    folded.push(' ', at);
                }
            } else {
                c.to_lowercase().for_each(|c| folded.push(c, at));
            }
        }
        folded.places.push(of.len());
        folded
    }

    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        self.places.resize(self.text.len(), at);
    }

    fn stands_alone(&self, start: usize, end: usize) -> bool {
        let inside = &self.text[start..end];
        if inside.chars().count() >= LONG {
            return true;
        }
        let apart = |before: Option<char>, after: Option<char>| !before.zip(after).is_some_and(|(a, b)| joins(a, b));
        apart(self.text[..start].chars().next_back(), inside.chars().next())
            && apart(inside.chars().next_back(), self.text[end..].chars().next())
    }
}

/// Two letters or digits of one word. Scripts that put no space between words have none to tell by.
fn joins(a: char, b: char) -> bool {
    let spaced = |c: char| {
        c.is_alphanumeric()
            && !matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
                | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
    };
    spaced(a) && spaced(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> Key {
        Key::new(&(0..32).map(|n| n ^ seed).collect::<Vec<u8>>()).unwrap()
    }

    fn people(names: &[&str]) -> People {
        let names = Names::new(names.iter().map(|n| n.to_string())).unwrap();
        People::Keyed(Arc::new(Pseudonyms::new(key(0), names)))
    }

    /// The same as Python's `hmac` gives: a pseudonym that changed would part every baseline from its run.
    #[test]
    fn pseudonyms_stay_what_they_are() {
        assert_eq!(key(0).pseudonym("E1"), "p-yepkcwy1dv10v68f");
        assert_eq!(key(0).fingerprint(), "b1cf0274819447d3");
        assert_ne!(key(1).pseudonym("E1"), key(0).pseudonym("E1"));
        assert_ne!(key(0).pseudonym("e1"), key(0).pseudonym("E1"));
    }

    #[test]
    fn what_is_no_key() {
        assert_eq!(Key::new(b"").unwrap_err(), KeyError::Empty);
        assert_eq!(Key::new(&[7; 31]).unwrap_err(), KeyError::Short(31));
        assert_eq!(Key::new(&[0; 64]).unwrap_err(), KeyError::Alike(1));
        assert_eq!(Key::new(&[1; 5000]).unwrap_err(), KeyError::Long);
        assert_eq!(format!("{:?}", key(0)), "Key(…)");
    }

    #[test]
    fn names_in_texts() {
        let people = people(&["Ana Example", "E1", "王小明", "Bo", "2024", "17", "X"]);
        let (ana, e1, wang, bo) =
            (key(0).pseudonym("Ana Example"), people.person("E1"), people.person("王小明"), people.person("Bo"));
        for (text, shown) in [
            ("seen with ana example, twice", format!("seen with {ana}, twice")),
            ("ANA_EXAMPLE.csv", format!("{ana}.csv")),
            ("ana.example@corp.example", format!("{ana}@corp.example")),
            ("Ana  Example", ana.clone()),
            ("AnaExample", "AnaExample".into()),
            ("xAna Examples", format!("x{ana}s")),
            ("E1 and e1, not E10 or FE1", format!("{e1} and {e1}, not E10 or FE1")),
            ("给王小明的礼物", format!("给{wang}的礼物")),
            ("Bo's boat", format!("{bo}'s boat")),
            ("17 of X in 2024", format!("17 of X in {}", people.person("2024"))),
            ("İx E1", format!("İx {e1}")),
            ("", String::new()),
        ] {
            assert_eq!(people.text(text), shown);
        }
    }

    #[test]
    fn the_longer_of_two_names() {
        let people = people(&["Ana", "Ana Example", "Example"]);
        assert_eq!(people.text("Ana Example"), people.person("Ana Example"));
        assert_eq!(people.text("Example Ana"), format!("{} {}", people.person("Example"), people.person("Ana")));
        assert_eq!(People::Named.text("Ana"), "Ana");
    }
}
