//! The type of a field, by what was counted of its values, and what there is to say of it.

use super::likes::{self, Like, Tried};
use super::names;
use super::profile::{Profile, SORTS, Sort, Words};
use crate::data::{Decimal, Place};

/// The sorts of types that heads of records tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    Text,
    Int,
    Number,
    Time,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    pub ty: Ty,
    /// As it is written.
    pub written: String,
    /// What follows the path in a map, with a space before it.
    pub cast: String,
    pub remarks: Vec<String>,
    /// All values that are there fit.
    pub fits: bool,
    /// A time without a zone.
    pub local: bool,
}

/// The inputs of a sample, for places in remarks.
#[derive(Clone, Debug)]
pub struct InputName {
    pub name: String,
    /// Of rows without lines: a Parquet file.
    pub rows: bool,
}

pub fn at(inputs: &[InputName], place: Place) -> String {
    match inputs.get(place.input.0 as usize) {
        Some(InputName { name, rows: true }) => format!("row {} of {name}", place.line),
        Some(InputName { name, .. }) => format!("{name}:{}", place.line),
        None => format!("line {}", place.line),
    }
}

fn plain(ty: Ty, written: &str) -> Guess {
    Guess { ty, written: written.into(), cast: String::new(), remarks: Vec::new(), fits: true, local: false }
}

impl Guess {
    fn cast(mut self, cast: impl Into<String>) -> Guess {
        self.cast = cast.into();
        self
    }

    pub fn remark(mut self, remark: impl Into<String>) -> Guess {
        self.remarks.push(remark.into());
        self
    }
}

/// The guess, or why no type of the language holds these values.
pub fn guess(of: &Profile, path: &[&str], inputs: &[InputName]) -> Result<Guess, String> {
    let word = path.last().copied().unwrap_or_default();
    let Some(sort) = of.most() else { return Err("empty in every record".into()) };
    let mut guess = match sort {
        Sort::Text | Sort::Cell => texts(of, path, sort == Sort::Cell, inputs),
        Sort::Number => numbers(of, word, inputs)?,
        Sort::Bool => plain(Ty::Other, "bool"),
        Sort::Date => plain(Ty::Time, "date"),
        Sort::Instant => plain(Ty::Time, "timestamp"),
        Sort::Local if of.midnights == of.count(Sort::Local) => {
            plain(Ty::Time, "date").remark("A time that is midnight in every record: taken for a date.")
        }
        Sort::Local => Guess { local: true, ..plain(Ty::Time, "timestamp") },
        Sort::List => list(of, path, inputs)?,
        Sort::Group => return Err("an object with nothing in it".into()),
        Sort::Misfit => return Err("of a kind that no type reads".into()),
    };
    for other in SORTS.into_iter().filter(|s| *s != sort) {
        if let Some((n, place)) = of.sorts[other as usize] {
            guess.fits = false;
            guess.remarks.push(format!(
                "{n} of {} are {}, first at {}: they do not fit, and the field is unknown there.",
                of.present,
                sort_name(other),
                at(inputs, place)
            ));
        }
    }
    Ok(guess)
}

/// A value as a remark shows it; none of what names a person or is never to be printed.
fn show(of: &Profile, path: &[&str], value: &str) -> String {
    if is_private(of, path) { "one that is not shown here".into() } else { names::shown(value) }
}

fn is_private(of: &Profile, path: &[&str]) -> bool {
    let email = of.tried_as(Like::Email).is_some_and(|t| t.fits > 0);
    email || names::is_person(path) || path.last().is_some_and(|p| names::is_sensitive(p))
}

fn sort_name(sort: Sort) -> &'static str {
    match sort {
        Sort::Text | Sort::Cell => "texts",
        Sort::Number => "numbers",
        Sort::Bool => "true or false",
        Sort::Date => "dates",
        Sort::Instant | Sort::Local => "times",
        Sort::List => "lists",
        Sort::Group => "objects",
        Sort::Misfit => "of a kind that no type reads",
    }
}

// ---------------------------------------------------------------- texts

fn texts(of: &Profile, path: &[&str], cell: bool, inputs: &[InputName]) -> Guess {
    let word = path.last().copied().unwrap_or_default();
    let typed = truth(of, word, cell).or_else(|| number_or_time(of, word, cell, inputs));
    let Some(mut guess) = typed else {
        return choice(of, path, cell).unwrap_or_else(|| text(of, path, cell, inputs));
    };
    for (holder, (n, place)) in &of.placeholders {
        guess.fits = false;
        let what = if holder.is_empty() { "An empty text".into() } else { names::shown(holder) };
        let records = if *n == 1 { "1 record".into() } else { format!("{n} records") };
        guess.remarks.push(format!(
            "{what} in {records} (first at {}): the field is unknown there. Where there is no value, nothing should stand.",
            at(inputs, *place)
        ));
    }
    guess
}

/// Yes and no, in any of the usual spellings.
fn truth(of: &Profile, word: &str, cell: bool) -> Option<Guess> {
    let words = of.words.as_ref()?;
    let plain_words = || words.keys().map(|w| &**w).filter(|w| !of.placeholders.contains_key(*w));
    let (yes, no) = likes::yes_and_no(plain_words(), names::is_flag(word))?;
    let counted = counts(words.iter().filter(|(w, _)| !of.placeholders.contains_key(&***w)).map(|(w, c)| (&**w, c.0)));
    let mut guess = plain(Ty::Other, "bool");
    if cell && plain_words().all(|w| matches!(w, "true" | "false")) {
        return Some(guess);
    }
    if yes.iter().chain(&no).any(|w| !names::can_be_written(w) || w.trim() != *w) {
        return None;
    }
    let spelt = |own: &[&str], other: &[&str]| {
        let own: Vec<String> = own.iter().map(|w| names::quoted(w)).collect();
        match (own.is_empty(), other.first().and_then(|o| likes::counterpart(o))) {
            (false, _) => Some(own.join(" | ")),
            (true, other) => other.map(|o| names::quoted(&o)),
        }
    };
    let (yes_spelt, no_spelt) = (spelt(&yes, &no)?, spelt(&no, &yes)?);
    if yes.is_empty() || no.is_empty() {
        guess = guess.remark(format!("{counted} only: the other word is a guess."));
    }
    Some(guess.cast(format!(" as bool {{ true: {yes_spelt}, false: {no_spelt} }}")))
}

fn number_or_time(of: &Profile, word: &str, cell: bool, inputs: &[InputName]) -> Option<Guess> {
    if of.plain == 0 {
        return None;
    }
    if of.all_like(Like::Int) && cell {
        let eight = Like::DateAs("%Y%m%d");
        if of.all_like(eight) && names::is_time(word) {
            return Some(dated(of, eight, inputs));
        }
        return Some(whole(of, word));
    }
    // Digits that are too many for a number are a name.
    if of.all_like(Like::Decimal) && !of.all_like(Like::Padded) && (cell || !of.all_like(Like::Int)) {
        let guess = plain(Ty::Number, "decimal");
        return Some(if cell { beyond_int(of, guess, inputs) } else { guess.cast(" as decimal") });
    }
    if of.all_like(Like::Percent) {
        return Some(plain(Ty::Other, "percent"));
    }
    if of.all_like(Like::Date) {
        return Some(plain(Ty::Time, "date"));
    }
    if of.all_like(Like::Timestamp) {
        let guess = plain(Ty::Time, "timestamp");
        if of.all_like(Like::Zoned) {
            return Some(guess);
        }
        let mixed = of.tried_as(Like::Zoned).filter(|z| z.fits > 0).map(|z| z.misfits);
        let local = Guess { local: true, ..guess };
        return Some(match mixed {
            Some(n) => local.remark(format!("{n} of {} have no offset.", of.plain)),
            None => local,
        });
    }
    let all = of.tried.iter().flatten().filter(|t| t.misfits == 0);
    let pattern = |t: &&Tried| matches!(t.like, Like::DateAs(p) if p != "%Y%m%d" || names::is_time(word));
    if let Some(tried) = all.clone().find(pattern) {
        return Some(dated(of, tried.like, inputs));
    }
    if let Some(tried) = all.clone().find(|t| matches!(t.like, Like::TimestampAs(_))) {
        return Some(dated(of, tried.like, inputs));
    }
    for (like, written) in [(Like::Money, "money"), (Like::Bytes, "bytes"), (Like::Duration, "duration")] {
        if of.all_like(like) {
            return Some(plain(Ty::Other, written));
        }
    }
    None
}

/// By a pattern; said where another reads the same texts as other days.
fn dated(of: &Profile, like: Like, inputs: &[InputName]) -> Guess {
    let (mut guess, pattern) = match like {
        Like::TimestampAs(pattern) => {
            let guess = plain(Ty::Time, "timestamp").cast(format!(" as timestamp {}", names::quoted(pattern)));
            (Guess { local: !pattern.contains("%z"), ..guess }, pattern)
        }
        Like::DateAs(pattern) => {
            (plain(Ty::Time, "date").cast(format!(" as date {}", names::quoted(pattern))), pattern)
        }
        _ => return plain(Ty::Text, "text"),
    };
    let turned = |t: &&Tried| match (t.like, like) {
        (Like::DateAs(other), Like::DateAs(_)) | (Like::TimestampAs(other), Like::TimestampAs(_)) => {
            other != pattern && swapped(pattern) == other
        }
        _ => false,
    };
    let first = if pattern.starts_with("%d") { "day" } else { "month" };
    match of.tried.iter().flatten().find(turned) {
        Some(other) if other.misfits == 0 => guess.remarks.push(format!(
            "Which is the day and which the month cannot be told: no number in {} is over 12. Taken for {first} first.",
            of.plain
        )),
        Some(Tried { first: Some(what), .. }) => guess.remarks.push(format!(
            "The {first} is first, as {} at {} shows.",
            names::shown(&what.1),
            at(inputs, what.0)
        )),
        _ => {}
    }
    guess
}

fn swapped(pattern: &str) -> String {
    pattern.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")
}

/// A few words, again and again.
fn choice(of: &Profile, path: &[&str], cell: bool) -> Option<Guess> {
    const MOST: usize = 24;
    let words = of.words.as_ref()?;
    let known: Vec<(&str, u64)> = words.iter().map(|(w, c)| (&**w, c.0)).filter(|(w, _)| !w.is_empty()).collect();
    let often = if path.last().is_some_and(|p| names::is_choice(p)) { 2 } else { 4 };
    let few = (2..=MOST).contains(&known.len()) && of.present >= (often * known.len() as u64).max(6);
    // Where many come once, others are still to come.
    let open = known.iter().filter(|(_, n)| *n == 1).count() * 4 > known.len();
    let named = [Like::Email, Like::Link, Like::Padded, Like::Int].iter().any(|l| of.all_like(*l));
    let telling = is_private(of, path)
        || names::identity_rank(path).is_some()
        || path.last().is_some_and(|p| names::is_free_text(p));
    if !few || open || named || telling || known.iter().any(|(w, _)| !is_choice(w, cell)) {
        return None;
    }
    let mut sorted = known;
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut taken = std::collections::HashSet::new();
    let mut parts = Vec::new();
    for (spelling, _) in &sorted {
        let name = names::word(spelling);
        if name == "unnamed" || !taken.insert(name.clone()) {
            return None;
        }
        let same = name == *spelling;
        parts.push(if same { name } else { format!("{name} = {}", names::quoted(spelling)) });
    }
    let mut guess = plain(Ty::Text, &format!("enum {{ {} }}", parts.join(", ")));
    guess.remarks.push(format!("{}.", counted(&sorted)));
    if let Some((n, _)) = words.get("") {
        guess.fits = false;
        guess.remarks.push(format!("{n} of {} are empty texts: the field is unknown there.", of.present));
    }
    Some(guess)
}

/// A word or a few, with letters in it.
fn is_choice(word: &str, cell: bool) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    word.split_whitespace().count() <= 5
        && letters * 2 > word.chars().count()
        && names::can_be_written(word)
        && (!cell || word.trim() == word)
}

/// `2 words, ordered by how often they come: …`.
fn counted(sorted: &[(&str, u64)]) -> String {
    const SHOWN: usize = 12;
    let shown = counts(sorted.iter().copied().take(SHOWN));
    let more = if sorted.len() > SHOWN { format!(" and {} more", sorted.len() - SHOWN) } else { String::new() };
    format!("{} words, ordered by how often they come: {shown}{more}", sorted.len())
}

fn text(of: &Profile, path: &[&str], cell: bool, inputs: &[InputName]) -> Guess {
    let mut guess = plain(Ty::Text, "text");
    match single(of.words.as_ref()) {
        _ if is_private(of, path) => {}
        Some(("", 2..)) => guess = guess.remark(format!("An empty text in each of {}.", of.present)),
        Some((only, 2..)) => guess = guess.remark(format!("{} in each of {}.", names::shown(only), of.present)),
        _ => guess.remarks.extend(few_words(of, path)),
    }
    if of.plain == 0 {
        return guess;
    }
    if !cell && of.all_like(Like::Int) && !names::is_person(path) && names::identity_rank(path).is_none() {
        guess = guess.remark("Whole numbers in quotes. To calculate with them: `int`, and `as int` behind the path.");
    }
    if cell && of.all_like(Like::Padded) {
        let first = of.tried_as(Like::Int).and_then(|t| t.first.as_deref());
        let sample =
            first.map_or(String::new(), |(place, t)| format!(", as {} at {}", show(of, path, t), at(inputs, *place)));
        return guess.remark(format!("Digits with zeroes before them{sample}: kept as they stand."));
    }
    let mostly = |t: &&Tried| t.fits > t.misfits && matches!(t.like, Like::Signed(_));
    let signed = of.tried.iter().flatten().find(mostly);
    if let Some(Tried { like: Like::Signed(sign), fits, .. }) = signed {
        let (code, doubt) = likes::currency_of(*sign);
        let doubt = doubt.map_or(String::new(), |d| format!(" ({d})"));
        return guess.remark(format!(
            "{fits} of {} are amounts with `{sign}`, likely {code}{doubt}. Without the sign and without commas in them, \
             `as money {code}` could read them.",
            of.plain
        ));
    }
    for (like, what) in [(Like::Thousands, "commas between thousands"), (Like::Comma, "a decimal comma")] {
        if of.all_like(like) {
            return guess.remark(format!("Numbers with {what}, which are not read as numbers: export them without."));
        }
    }
    let nearly = of.tried.iter().flatten().filter(|t| t.misfits > 0 && t.fits * 20 >= of.plain * 17 && of.plain >= 8);
    if let Some(tried) = nearly.clone().find(|t| like_name(t.like).is_some()) {
        let what = like_name(tried.like).unwrap_or_default();
        let first = tried.first.as_deref();
        let other =
            first.map_or(String::new(), |(place, t)| format!(" {} at {}", show(of, path, t), at(inputs, *place)));
        guess = guess.remark(format!(
            "{} of {} are {what}; the first that is not:{other}. Kept as text, so that all are read.",
            tried.fits, of.plain
        ));
    }
    guess
}

/// Said of words that are few, though not an enum.
fn few_words(of: &Profile, path: &[&str]) -> Option<String> {
    let words = of.words.as_ref()?;
    let few = (2..=24).contains(&words.len()) && of.present >= 3 * words.len() as u64;
    let told = few && !path.last().is_some_and(|p| names::is_free_text(p));
    let mut sorted: Vec<(&str, u64)> = words.iter().map(|(w, c)| (&**w, c.0)).collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    told.then(|| format!("{}.", counted(&sorted)))
}

fn like_name(like: Like) -> Option<String> {
    Some(match like {
        Like::Int => "whole numbers".into(),
        Like::Decimal => "numbers".into(),
        Like::Percent => "percentages".into(),
        Like::Date => "dates".into(),
        Like::Timestamp => "times".into(),
        Like::DateAs(pattern) if pattern != "%Y%m%d" => format!("dates of the form `{pattern}`"),
        Like::TimestampAs(pattern) => format!("times of the form `{pattern}`"),
        Like::Money => "amounts with a currency".into(),
        Like::Bytes => "sizes".into(),
        Like::Duration => "durations".into(),
        _ => return None,
    })
}

fn single(words: Option<&Words>) -> Option<(&str, u64)> {
    let words = words?;
    let (only, (n, _)) = words.first()?;
    (words.len() == 1).then_some((only, *n))
}

/// `"In kind" 420, "Monetary" 245`.
fn counts<'w>(words: impl Iterator<Item = (&'w str, u64)>) -> String {
    words.map(|(w, n)| format!("{} {n}", names::shown(w))).collect::<Vec<_>>().join(", ")
}

// ---------------------------------------------------------------- numbers

fn numbers(of: &Profile, word: &str, inputs: &[InputName]) -> Result<Guess, String> {
    let (kept, beyond) = (of.numbers.whole + of.numbers.decimal, of.numbers.beyond);
    if kept == 0 {
        return Err("numbers too large or too fine to be kept exactly".into());
    }
    let flag = names::is_flag(word) && single_digit_words(of);
    let mut guess = if of.numbers.decimal > 0 {
        beyond_int(of, plain(Ty::Number, "decimal"), inputs)
    } else if flag {
        plain(Ty::Other, "bool").cast(" as bool { true: \"1\", false: \"0\" }")
    } else {
        whole(of, word)
    };
    if beyond > 0 {
        guess.fits = false;
        guess.remarks.push(format!(
            "{beyond} of {} are too large or too fine to be kept exactly: the field is unknown there.",
            kept + beyond
        ));
    }
    Ok(guess)
}

fn single_digit_words(of: &Profile) -> bool {
    of.words.as_ref().is_some_and(|w| !w.is_empty() && w.keys().all(|k| matches!(&**k, "0" | "1")))
}

/// A whole number, or what is counted in one: times since 1970, bytes.
fn whole(of: &Profile, word: &str) -> Guess {
    let (Some(least), Some(greatest)) = (of.numbers.least, of.numbers.greatest) else { return plain(Ty::Int, "int") };
    if names::is_time(word) {
        // From 2000 to 2100.
        let (from, to) = (946_684_800, 4_102_444_800);
        for (unit, times) in
            [("seconds", 1), ("milliseconds", 1_000), ("microseconds", 1_000_000), ("nanoseconds", 1_000_000_000)]
        {
            if least >= Decimal::from_int(from * times) && greatest < Decimal::from_int(to * times) {
                let guess = plain(Ty::Time, "timestamp").cast(format!(" as timestamp {unit}"));
                return guess
                    .remark(format!("Numbers, taken for {unit} since 1970, as they would be of this century."));
            }
        }
    }
    if names::is_size(word) && least >= Decimal::ZERO {
        return plain(Ty::Other, "bytes").remark("Whole numbers, taken for bytes by the name.");
    }
    if let (Some((only, n @ 2..)), true) = (single(of.words.as_ref()), of.present > 1) {
        return plain(Ty::Int, "int").remark(format!("{} in each of {n}.", names::shown(only)));
    }
    plain(Ty::Int, "int")
}

/// What is too large for `int` is a `decimal`; said where that is the only reason.
fn beyond_int(of: &Profile, guess: Guess, inputs: &[InputName]) -> Guess {
    match &of.numbers.first_not_whole {
        Some((place, text)) if !text.contains('.') && !text.contains(['e', 'E']) => {
            guess.remark(format!("Larger than an `int`, as {} at {}.", names::shown(text), at(inputs, *place)))
        }
        _ => guess,
    }
}

// ---------------------------------------------------------------- lists

fn list(of: &Profile, path: &[&str], inputs: &[InputName]) -> Result<Guess, String> {
    let Some(items) = of.items.as_deref().filter(|i| i.present > 0) else {
        if of.empty_items > 0 {
            return Err("a list of nothing but `null`".into());
        }
        return Ok(plain(Ty::Other, "list of text").remark("A list that is empty in every record: `text` is a guess."));
    };
    match items.most() {
        Some(Sort::Group) => {
            let most = items.count(Sort::Group);
            return Err(format!("a list of {most} objects; for one record of each, `each` in a source reads them"));
        }
        Some(Sort::List) => return Err("a list of lists".into()),
        _ => {}
    }
    let mut item = guess(items, path, inputs)?;
    // What the words of a list are counted against is the elements, not the records.
    item.written = format!("list of {}", item.written);
    item.ty = Ty::Other;
    if of.empty_items > 0 {
        item.fits = false;
        item.remarks.push(format!("{} elements are `null`: a list with one is unknown as a whole.", of.empty_items));
    }
    Ok(item)
}
