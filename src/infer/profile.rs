//! What is counted of the values of one field, in memory that does not grow with them.

use super::likes::{self, Tried};
use crate::data::found::Found;
use crate::data::{Decimal, Place};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};
use std::hash::BuildHasher;

/// Different texts that are told apart, and how long they may be.
const MAX_WORDS: usize = 40;
const LONGEST_WORD: usize = 60;
/// Different values of one field that are held to tell whether any comes twice.
const MAX_HELD: usize = 1 << 20;
/// The same, once one has.
const MAX_REFERRED: usize = 1 << 14;

/// How an input writes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Text,
    Cell,
    Number,
    Bool,
    Date,
    Instant,
    Local,
    List,
    Group,
    Misfit,
}

pub const SORTS: [Sort; 10] = [
    Sort::Text,
    Sort::Cell,
    Sort::Number,
    Sort::Bool,
    Sort::Date,
    Sort::Instant,
    Sort::Local,
    Sort::List,
    Sort::Group,
    Sort::Misfit,
];

/// Which different values there are, by their hashes.
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    pub held: FxHashSet<u64>,
    /// How many values there were before no more were held.
    pub full: Option<u64>,
    /// Where one came for the second time.
    pub again: Option<Place>,
}

/// Words and how often each is there, the first come first.
pub type Words = IndexMap<Box<str>, (u64, Place), FxBuildHasher>;

#[derive(Clone, Debug)]
pub struct Profile {
    /// How often it is there.
    pub present: u64,
    /// By sort: how often, and where first.
    pub sorts: [Option<(u64, Place)>; SORTS.len()],
    /// Where it is first not there.
    pub first_absent: Option<Place>,
    /// Different texts and numbers, as they are spelt; none where they are too many or too long.
    pub words: Option<Words>,
    pub distinct: Distinct,
    /// What the texts look like; none before the first.
    pub tried: Option<Vec<Tried>>,
    /// Texts that say that there is no value; they are not among those tried.
    pub placeholders: Words,
    /// Texts that are tried.
    pub plain: u64,
    pub longest: usize,
    /// Whether a text cannot be written in a policy.
    pub odd: bool,
    pub numbers: Numbers,
    /// How often a local time is at midnight.
    pub midnights: u64,
    /// Of a list: its elements.
    pub items: Option<Box<Profile>>,
    /// Elements that are not there.
    pub empty_items: u64,
    /// How often an amount in another text is the same, by its sign.
    pub signed: Vec<(char, u64)>,
    /// How often it is not nought.
    pub amounts: u64,
}

/// What there is to say of numbers.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    pub whole: u64,
    /// Not whole, but kept exactly.
    pub decimal: u64,
    /// Neither.
    pub beyond: u64,
    pub first_not_whole: Option<(Place, String)>,
    pub least: Option<Decimal>,
    pub greatest: Option<Decimal>,
}

impl Profile {
    pub fn new() -> Profile {
        Profile {
            present: 0,
            sorts: [None; SORTS.len()],
            first_absent: None,
            words: Some(Words::default()),
            distinct: Distinct::default(),
            tried: None,
            placeholders: Words::default(),
            plain: 0,
            longest: 0,
            odd: false,
            numbers: Numbers::default(),
            midnights: 0,
            items: None,
            empty_items: 0,
            signed: Vec::new(),
            amounts: 0,
        }
    }

    /// Counts one value that is there. `room` is what may still be held of all fields.
    pub fn add(&mut self, found: &Found, place: Place, room: &mut usize) {
        self.present += 1;
        let sort = sort_of(found) as usize;
        self.sorts[sort].get_or_insert((0, place)).0 += 1;
        match found {
            Found::Absent => {}
            Found::Text(text) => self.text(text, place, room),
            Found::Cell(text) => {
                self.text(text.trim(), place, room);
                if let Ok(number) = Decimal::parse(text.trim()) {
                    self.number(Some(number), text.trim(), place);
                }
            }
            Found::Number(text) => {
                self.word(text, place, room);
                self.number(Decimal::parse(text).ok(), text, place);
            }
            Found::Bool(_) => {}
            Found::Date(days) => self.hash(days, place, room),
            Found::Instant(nanos) => self.hash(nanos, place, room),
            Found::Local(days, nanos) => {
                self.midnights += u64::from(*nanos == 0);
                self.hash(&(days, nanos), place, room);
            }
            Found::List(items) => {
                let of = self.items.get_or_insert_with(|| Box::new(Profile::new()));
                for item in items {
                    match item {
                        Found::Absent => self.empty_items += 1,
                        item => of.add(item, place, room),
                    }
                }
            }
            Found::Group(_) | Found::Misfit(_) => {}
        }
    }

    pub fn absent(&mut self, place: Place) {
        self.first_absent.get_or_insert(place);
    }

    fn text(&mut self, text: &str, place: Place, room: &mut usize) {
        self.longest = self.longest.max(text.len());
        self.odd |= !super::names::can_be_written(text);
        if likes::is_placeholder(text) && self.placeholders.len() < MAX_WORDS {
            count(&mut self.placeholders, text, place);
        } else {
            self.plain += 1;
            let tried = self.tried.get_or_insert_with(|| likes::all_for(text));
            likes::try_all(tried, text, place);
        }
        self.word(text, place, room);
    }

    fn number(&mut self, number: Option<Decimal>, text: &str, place: Place) {
        let of = &mut self.numbers;
        match number {
            Some(n) => {
                let whole = n.to_int().is_some();
                of.whole += u64::from(whole);
                of.decimal += u64::from(!whole);
                if !whole {
                    of.first_not_whole.get_or_insert_with(|| (place, text.to_owned()));
                }
                self.amounts += u64::from(n != Decimal::ZERO);
                of.least = Some(of.least.map_or(n, |l| l.min(n)));
                of.greatest = Some(of.greatest.map_or(n, |g| g.max(n)));
            }
            None => of.beyond += 1,
        }
    }

    fn word(&mut self, word: &str, place: Place, room: &mut usize) {
        self.hash(word, place, room);
        if let Some(words) = &mut self.words {
            if word.len() > LONGEST_WORD || words.len() >= MAX_WORDS && !words.contains_key(word) {
                self.words = None;
            } else {
                count(words, word, place);
            }
        }
    }

    fn hash(&mut self, value: &(impl std::hash::Hash + ?Sized), place: Place, room: &mut usize) {
        let of = &mut self.distinct;
        if of.full.is_some() {
            return;
        }
        // Of what comes again, few are enough to tell what it refers to.
        let most = if of.again.is_some() { MAX_REFERRED } else { MAX_HELD };
        let hash = FxBuildHasher.hash_one(value);
        if of.held.contains(&hash) {
            of.again.get_or_insert(place);
        } else if of.held.len() < most && *room > 0 {
            of.held.insert(hash);
            *room -= 1;
        } else {
            *room += of.held.len();
            of.full = Some(of.held.len() as u64);
            of.held = FxHashSet::default();
        }
    }

    pub fn count(&self, sort: Sort) -> u64 {
        self.sorts[sort as usize].map_or(0, |(n, _)| n)
    }

    /// The sort of most values.
    pub fn most(&self) -> Option<Sort> {
        let most = SORTS.into_iter().rev().max_by_key(|s| self.count(*s))?;
        (self.count(most) > 0).then_some(most)
    }

    /// The like, where it fits all texts but placeholders.
    pub fn all_like(&self, like: likes::Like) -> bool {
        self.tried_as(like).is_some_and(|t| t.misfits == 0 && t.fits > 0)
    }

    pub fn tried_as(&self, like: likes::Like) -> Option<&Tried> {
        self.tried.iter().flatten().find(|t| t.like == like)
    }
}

fn count(words: &mut Words, word: &str, place: Place) {
    match words.get_mut(word) {
        Some(of) => of.0 += 1,
        None => {
            words.insert(word.into(), (1, place));
        }
    }
}

fn sort_of(found: &Found) -> Sort {
    match found {
        Found::Text(_) => Sort::Text,
        Found::Cell(_) => Sort::Cell,
        Found::Number(_) => Sort::Number,
        Found::Bool(_) => Sort::Bool,
        Found::Date(_) => Sort::Date,
        Found::Instant(_) => Sort::Instant,
        Found::Local(..) => Sort::Local,
        Found::List(_) => Sort::List,
        Found::Group(_) => Sort::Group,
        Found::Absent | Found::Misfit(_) => Sort::Misfit,
    }
}
