//! Rules with a word or two put in another's place. Most are wrong, and the checker says so; what it lets pass has
//! been through no generator that knows the types.

use super::Tape;
use super::schema::{Schema, Ty};
use std::ops::Range;

const OPERATORS: [&str; 22] = [
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "??",
    "in",
    "not in",
    "under",
    "contains",
    "overlaps",
    "starts_with",
    "ends_with",
    "in_domain",
    "and",
    "or",
    "matches",
];
const FUNCTIONS: [&str; 8] = ["count", "sum", "min", "max", "avg", "first", "last", "distinct"];
const UNITS: [&str; 14] =
    ["GBP", "USD", "day", "days", "month", "months", "year", "week", "hour", "hours", "minutes", "KiB", "MB", "bytes"];
const OTHERS: [&str; 22] = [
    "true",
    "0",
    "1.5",
    "15%",
    "\"a\"",
    "\"E1\"",
    "/^a/",
    "2024-01-03",
    "2024-01-03T09:00",
    "100 GBP",
    "100 USD",
    "1 day",
    "1 month",
    "1 KiB",
    "low",
    "open",
    "as_of",
    "ceiling",
    "few",
    "notice",
    "words",
    "sites",
];

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Operand,
    Operator,
    Function,
    /// Clauses' words, windows, brackets.
    Other,
}

/// The text from `start` on with a few of its words changed.
pub fn mutant(text: &str, start: usize, schema: &Schema, tape: &mut Tape) -> String {
    let mut out = text.to_owned();
    for _ in 0..1 + tape.below(2) {
        let words = words(&out, start);
        if words.is_empty() {
            break;
        }
        let number = tape.below(words.len());
        let (at, class) = words[number].clone();
        let alike: Vec<&str> = words.iter().filter(|w| w.1 == class).map(|w| &out[w.0.clone()]).collect();
        let own = &out[at.clone()];
        let instead = match (tape.below(8), class) {
            (0, Class::Operand) => format!("{own}?"),
            (1, Class::Operand) => format!("({own} {} {})", tape.pick(&OPERATORS[6..11]), operand(schema, tape)),
            (2, Class::Operand) => format!("-{own}"),
            (3, Class::Operand) => tape.pick(&alike).to_string(),
            (_, Class::Operand) => operand(schema, tape),
            (_, Class::Operator) => tape.pick(&OPERATORS).to_string(),
            (_, Class::Function) => tape.pick(&FUNCTIONS).to_string(),
            (0, Class::Other) => String::new(),
            (1, Class::Other) => format!("{own} {own}"),
            (_, Class::Other) => tape.pick(&alike).to_string(),
        };
        out.replace_range(at, &instead);
    }
    out
}

/// A field of some record, or a constant.
fn operand(schema: &Schema, tape: &mut Tape) -> String {
    if tape.chance(40) {
        return tape.pick(&OTHERS).to_string();
    }
    let kind = tape.pick(&schema.kinds);
    let field = tape.pick(&kind.fields);
    let prefix = *tape.pick(&["", "h1.", "", "h2."]);
    let follow = match field.ty {
        Ty::Ref(table) if tape.chance(40) => format!(".{}", tape.pick(&schema.kinds[table].fields).name),
        _ => String::new(),
    };
    let mark = *tape.pick(&["", "?"]);
    format!("{prefix}{}{follow}{mark}", field.name)
}

fn words(text: &str, start: usize) -> Vec<(Range<usize>, Class)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = start;
    let run = |from: usize, is: &dyn Fn(u8) -> bool| from + bytes[from..].iter().take_while(|b| is(**b)).count();
    while at < bytes.len() {
        let next = match bytes[at] {
            b'"' => run(at + 1, &|b| b != b'"') + 1,
            b'0'..=b'9' => {
                let end = run(at, &|b| b.is_ascii_alphanumeric() || b"-:.%".contains(&b));
                let unit = UNITS.iter().find(|u| text[end..].strip_prefix(' ').is_some_and(|t| t.starts_with(**u)));
                end + unit.map_or(0, |u| u.len() + 1)
            }
            b if b.is_ascii_alphabetic() => run(at, &|b| b.is_ascii_alphanumeric() || b"_.?".contains(&b)),
            b if b"=!<>+-*/?".contains(&b) => run(at, &|b| b"=!<>+-*/?".contains(&b)),
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            _ => at + 1,
        };
        let word = &text[at..next.min(text.len())];
        let class = match word {
            w if OPERATORS.contains(&w) => Class::Operator,
            w if FUNCTIONS.contains(&w) => Class::Function,
            w if w.starts_with(|c: char| c == '"' || c.is_ascii_digit()) || OTHERS.contains(&w) => Class::Operand,
            // Fields are numbered or are of few names; the rest are the language's own words.
            w if w.ends_with(|c: char| c.is_ascii_digit() || c == '?') || FIELDS.contains(&w) || w.contains('.') => {
                Class::Operand
            }
            _ => Class::Other,
        };
        found.push((at..next.min(text.len()), class));
        at = next.max(at + 1);
    }
    found
}

const FIELDS: [&str; 9] = ["id", "at_time", "actor", "rank", "unit", "boss", "grade", "cap", "severity"];
