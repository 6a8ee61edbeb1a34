//! Other names for people: Person 1, Person 2, …, in the order in which a report names them.

use crate::data::display::PERSON;
use std::collections::HashMap;

pub(super) struct People {
    /// They keep the names that the records give them.
    named: bool,
    numbers: HashMap<String, usize>,
}

impl People {
    pub fn new(named: bool) -> People {
        People { named, numbers: HashMap::new() }
    }

    /// What a person is called.
    pub fn name(&mut self, of: &str) -> String {
        if self.named {
            return of.to_owned();
        }
        let next = self.numbers.len() + 1;
        let number = self.numbers.entry(of.to_owned()).or_insert(next);
        format!("Person {number}")
    }

    /// A text with people called as they are here, see [`PERSON`].
    pub fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(PERSON[0]) {
            let (before, marked) = rest.split_at(start);
            out.push_str(before);
            let inner = &marked[PERSON[0].len_utf8()..];
            let end = inner.find(PERSON[1]).unwrap_or(inner.len());
            out.push_str(&self.name(&inner[..end]));
            rest = inner.get(end + PERSON[1].len_utf8()..).unwrap_or("");
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::display::person;

    #[test]
    fn one_name_a_person() {
        let mut people = People::new(false);
        let text = format!("{} gave to {}, {} again", person("E1"), person("E2"), person("E1"));
        assert_eq!(people.text(&text), "Person 1 gave to Person 2, Person 1 again");
        assert_eq!(people.name("E2"), "Person 2");
        assert_eq!(people.text("nobody"), "nobody");
        assert_eq!(People::new(true).text(&text), "E1 gave to E2, E1 again");
    }

    #[test]
    fn a_mark_within_a_value_or_without_an_end_shows_nothing() {
        let mut people = People::new(false);
        assert_eq!(people.text(&person("E\u{fdd1}1")), "Person 1");
        assert_eq!(people.text("so \u{fdd0}E1"), "so Person 2");
    }
}
