//! What a solver prints for `get-value`.

use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Int(i128),
    Bool(bool),
    Text(String),
}

#[derive(Debug)]
enum Item {
    Word(String),
    Text(String),
    List(Vec<Item>),
}

/// By name; what cannot be read is left out.
pub fn values(text: &str) -> BTreeMap<String, Value> {
    let mut chars = text.chars().peekable();
    let mut found = BTreeMap::new();
    while let Some(item) = item(&mut chars, 0) {
        let Item::List(pairs) = item else { continue };
        for pair in pairs {
            let Item::List(mut pair) = pair else { continue };
            if let (Some(of), Some(Item::Word(name)), true) = (pair.pop(), pair.pop(), pair.is_empty())
                && let Some(value) = value(&of)
            {
                found.insert(name, value);
            }
        }
    }
    found
}

/// Deeper than this no value is.
const DEEP: usize = 50;

fn item(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, depth: usize) -> Option<Item> {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
    match chars.next()? {
        '(' if depth < DEEP => {
            let mut items = Vec::new();
            while let Some(item) = item(chars, depth + 1) {
                items.push(item);
            }
            Some(Item::List(items))
        }
        '(' | ')' => None,
        '"' => {
            let mut text = String::new();
            loop {
                match chars.next()? {
                    '"' if chars.next_if_eq(&'"').is_some() => text.push('"'),
                    '"' => return Some(Item::Text(unescaped(&text))),
                    c => text.push(c),
                }
            }
        }
        first => {
            let mut word = String::from(first);
            while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"')) {
                word.push(c);
            }
            Some(Item::Word(word))
        }
    }
}

/// `\u{e9}`, `\u00e9`, and `\x41` as older solvers write it.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let code = |hex: &str| u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
        let read = if let Some(inside) = rest.strip_prefix("u{") {
            inside.split_once('}').and_then(|(hex, _)| code(hex).map(|c| (c, hex.len() + 3)))
        } else if rest.starts_with('u') {
            rest.get(1..5).and_then(code).map(|c| (c, 5))
        } else if rest.starts_with('x') {
            rest.get(1..3).and_then(code).map(|c| (c, 3))
        } else {
            None
        };
        match read {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => out.push('\\'),
        }
    }
    out.push_str(rest);
    out
}

fn value(item: &Item) -> Option<Value> {
    match item {
        Item::Text(text) => Some(Value::Text(text.clone())),
        Item::Word(word) if word == "true" || word == "false" => Some(Value::Bool(word == "true")),
        Item::Word(word) => word.parse().ok().map(Value::Int),
        Item::List(items) => match items.as_slice() {
            [Item::Word(minus), Item::Word(n)] if minus == "-" => format!("-{n}").parse().ok().map(Value::Int),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_solvers_print() {
        let found = values("((v1 (- 5))\n (v2 7) (t3 \"a \"\"b\"\" \\u{e9}\\u00e9\") (k true) (bad (/ 1 2)))");
        assert_eq!(found["v1"], Value::Int(-5));
        assert_eq!(found["v2"], Value::Int(7));
        assert_eq!(found["t3"], Value::Text("a \"b\" éé".into()));
        assert_eq!(found["k"], Value::Bool(true));
        assert_eq!(found.len(), 4);
        for odd in ["", "(", "((v", "((v \"", ")", "((\\", "((v1))", &"(".repeat(10_000)] {
            assert!(values(odd).is_empty(), "{odd:.20}");
        }
    }
}
