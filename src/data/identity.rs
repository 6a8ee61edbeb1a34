//! Which record this is, as text that does not depend on the input's format, file or line.

use super::calendar::Zone;
use super::{ColumnId, KindId, Schema, Value, display};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::fmt::Write;

/// A column's content, as an identity sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Known(Value),
    Absent,
    Missing,
    /// The text that could not be read.
    Malformed(String),
}

/// `id = 16774`, `report = R1, line = 2`: the identity columns with their values, in the order of the
/// declaration. A value that could be mistaken is quoted.
pub fn declared(schema: &Schema, kind: KindId, values: &[(ColumnId, Value)]) -> String {
    let mut out = String::with_capacity(32);
    for (column, value) in values {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&schema.column(kind, *column).name);
        out.push_str(" = ");
        match value {
            Value::Text(text) => push_quoted(&mut out, text),
            value => push_quoted(&mut out, &display::exact(value, schema, &Zone::utc())),
        }
    }
    out
}

fn push_quoted(out: &mut String, text: &str) {
    let plain = !text.is_empty()
        && !text.bytes().any(|b| matches!(b, b',' | b'=' | b'"'))
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace);
    // What is marked stays so, to be another name in the end.
    match plain || text.starts_with(display::PERSON[0]) {
        true => out.push_str(text),
        false => drop(write!(out, "{text:?}")),
    }
}

/// Where a record stands among those of one time: by its identity, value by value as their type has it, so that
/// 9 comes before 10. A record that has none comes after those that have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank(Option<Vec<Value>>);

impl Rank {
    pub fn of(identity: Option<Vec<Value>>) -> Rank {
        Rank(identity)
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Rank) -> Ordering {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => compare_all(a, b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Rank) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_all(a: &[Value], b: &[Value]) -> Ordering {
    let different = a.iter().zip(b).map(|(a, b)| compare(a, b)).find(|o| o.is_ne());
    different.unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// Total. Money goes by currency, then amount; an enum by the order of its words.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b))
        | (Value::Timestamp(a), Value::Timestamp(b))
        | (Value::Duration(a), Value::Duration(b))
        | (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) | (Value::Percent(a), Value::Percent(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Money(a), Value::Money(b)) => (a.currency, a.amount).cmp(&(b.currency, b.amount)),
        (Value::Enum(_, a), Value::Enum(_, b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => compare_all(a, b),
        // One column is of one type.
        _ => Ordering::Equal,
    }
}

/// The identity of a record without a declared one: the first 32 hexadecimal digits of the SHA-256 of columns' names
/// and values.
pub fn of_content<'a>(
    schema: &Schema,
    kind: KindId,
    contents: impl Iterator<Item = (ColumnId, Content)> + 'a,
) -> String {
    let mut hash = Sha256::new();
    part(&mut hash, schema.kind(kind).name.as_bytes());
    for (column, content) in contents {
        part(&mut hash, schema.column(kind, column).name.as_bytes());
        match content {
            Content::Known(value) => {
                part(&mut hash, b"=");
                part(&mut hash, display::exact(&value, schema, &Zone::utc()).as_bytes());
            }
            Content::Absent => part(&mut hash, b"absent"),
            Content::Missing => part(&mut hash, b"missing"),
            Content::Malformed(found) => {
                part(&mut hash, b"malformed");
                part(&mut hash, found.as_bytes());
            }
        }
    }
    hex(&hash.finalize()[..16])
}

/// The identity of a finding: the first 128 bits of SHA-256 over the rule's name, its revision, and kind
/// name and identity of each record that defines it.
pub fn finding(rule: &str, revision: &str, records: &[(&str, &str)]) -> [u8; 16] {
    let mut hash = Sha256::new();
    part(&mut hash, rule.as_bytes());
    part(&mut hash, revision.as_bytes());
    for (kind, identity) in records {
        part(&mut hash, kind.as_bytes());
        part(&mut hash, identity.as_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    id
}

/// Length first, so that no two sequences of parts run together alike.
fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Kind, Origin, Role, Type};
    use crate::source::{FileId, Span};

    #[test]
    fn identities_are_told_apart() {
        let span = Span::new(FileId(0), 0, 0);
        let column = |name: &str| Column {
            name: name.into(),
            ty: Type::Text,
            optional: false,
            person: false,
            sensitive: false,
            span,
        };
        let kind = Kind {
            name: "gift".into(),
            doc: None,
            role: Role::Record { time: None, subject: None },
            identity: vec![ColumnId(0), ColumnId(1)],
            columns: vec![column("a"), column("b")],
            origin: Origin::Declared,
            rates: None,
            span,
        };
        let schema = Schema { enums: vec![], kinds: vec![kind] };
        let text = |a: &str, b: &str| {
            let values = [(ColumnId(0), Value::Text(a.into())), (ColumnId(1), Value::Text(b.into()))];
            declared(&schema, KindId(0), &values)
        };
        assert_eq!(text("1", "2"), "a = 1, b = 2");
        assert_eq!(text("1, b = 2", ""), "a = \"1, b = 2\", b = \"\"");
        let content = |c: Content| of_content(&schema, KindId(0), [(ColumnId(0), c)].into_iter());
        assert_ne!(content(Content::Absent), content(Content::Missing));
        assert_ne!(content(Content::Absent), content(Content::Known(Value::Text("absent".into()))));
        assert_ne!(finding("r", "1", &[("ab", "c")]), finding("r", "1", &[("a", "bc")]));
    }
}
