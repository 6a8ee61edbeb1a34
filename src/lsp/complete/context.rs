//! Where in an item something is being typed, read from the tokens before it: the item need not be whole.

use crate::data::{ColumnId, EnumId, KindId, Schema, Type};
use crate::syntax::{Piece, SyntaxKind};

/// The words of an item around a place.
pub struct Context<'t> {
    /// Before the word that is being typed.
    pub before: Vec<Piece<'t>>,
    /// The item's, all of them.
    pub all: Vec<Piece<'t>>,
    /// Where the word that is being typed begins.
    pub start: usize,
    /// Open braces around, from the outermost: the index of each in `before`.
    pub open: Vec<usize>,
    /// Nothing but blanks is before it on its line.
    pub starts_line: bool,
}

impl<'t> Context<'t> {
    pub fn new(text: &'t str, all: Vec<Piece<'t>>, offset: usize) -> Context<'t> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let start = text[..offset]
            .rfind(|c| !is_word(c))
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        let before: Vec<Piece> = all.iter().copied().take_while(|p| p.start < start).collect();
        let mut open = Vec::new();
        for (i, piece) in before.iter().enumerate() {
            match piece.kind {
                SyntaxKind::OpenBrace => open.push(i),
                SyntaxKind::CloseBrace => {
                    open.pop();
                }
                _ => {}
            }
        }
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let starts_line = text[line..start].trim().is_empty();
        Context { before, all, start, open, starts_line }
    }

    pub fn word(&self, back: usize) -> &'t str {
        self.before.len().checked_sub(back).and_then(|at| self.before.get(at)).map_or("", |p| p.text)
    }

    /// The word that the item begins with.
    pub fn head(&self) -> &'t str {
        self.before.first().map_or("", |p| p.text)
    }

    /// The last of these words that begins a line, right between the item's braces; with its index.
    pub fn clause(&self, keywords: &[&str]) -> Option<(usize, &'t str)> {
        let inside = |at: usize| self.open.first().is_some_and(|&open| at > open);
        let begins = |(at, p): &(usize, &Piece<'t>)| {
            let first = self.open.first().is_some_and(|&open| *at == open + 1);
            inside(*at) && (p.starts_line || first || p.text == "where") && keywords.contains(&p.text)
        };
        self.before.iter().enumerate().rfind(begins).map(|(at, p)| (at, p.text))
    }

    /// The dotted path that ends before index `end` of `before`: `a.b?.c`, as its names.
    pub fn path_before(&self, end: usize) -> Vec<&'t str> {
        let mut path = Vec::new();
        let mut at = end;
        loop {
            while at > 0 && self.before[at - 1].text == "?" {
                at -= 1;
            }
            if at == 0 || self.before[at - 1].kind != SyntaxKind::Word {
                break;
            }
            path.push(self.before[at - 1].text);
            at -= 1;
            if at == 0 || self.before[at - 1].text != "." {
                break;
            }
            at -= 1;
        }
        path.reverse();
        path
    }

    /// What a value here is compared with: the path before `==`, or before the `in` of a set.
    pub fn compared_with(&self) -> Option<Vec<&'t str>> {
        let mut at = self.before.len();
        // Back over the elements of a set.
        if let Some(&open) = self.open.last()
            && matches!(self.before[open.saturating_sub(1)].text, "in" | "overlaps")
            && open > 0
        {
            at = open;
        }
        let operator = self.before.get(at.checked_sub(1)?)?.text;
        let mut end = at - 1;
        if operator == "in" && end > 0 && self.before[end - 1].text == "not" {
            end -= 1;
        }
        let path = matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "overlaps" | "??")
            .then(|| self.path_before(end))?;
        (!path.is_empty()).then_some(path)
    }
}

/// What names stand for records or values here.
#[derive(Debug, Default)]
pub struct Scope<'t> {
    /// Its fields stand without its name.
    pub bare: Option<KindId>,
    pub names: Vec<(&'t str, Standing)>,
}

#[derive(Clone, Debug)]
pub enum Standing {
    Record(KindId),
    Value(Type),
}

/// Fields of a record, of a table's row or of a group in one; or a value.
pub enum Place {
    Fields { kind: KindId, prefix: String },
    Value(Type),
}

impl<'t> Scope<'t> {
    pub fn of(context: &Context<'t>, schema: &Schema, before: bool) -> Scope<'t> {
        let mut scope = Scope::default();
        let pieces = if before { &context.before } else { &context.all };
        let kind = |at: usize| pieces.get(at).and_then(|p| schema.kind_named(p.text));
        let alias = |at: usize| (pieces.get(at)?.text == "as").then(|| pieces.get(at + 1)).flatten().map(|p| p.text);
        let head = pieces.first().map_or("", |p| p.text);
        for (at, piece) in pieces.iter().enumerate() {
            let first = match piece.text {
                "on" if !matches!(head, "test") => match pieces.get(at + 1).map(|p| p.text) {
                    Some("each") => at + 2,
                    Some("sequence") => continue,
                    _ => at + 1,
                },
                "exists" | "no" | "need" | "given" | "default" | "then" => at + 1,
                "{" if pieces[..at].iter().rev().take(12).any(|p| p.text == "sequence") => at + 1,
                "(" if at > 0 && FUNCTIONS.contains(&pieces[at - 1].text) => at + 1,
                ":" if head == "define" => {
                    let of_record = kind(at + 1).map(Standing::Record);
                    let of_value = || pieces.get(at + 1).and_then(|p| value_type(schema, p.text)).map(Standing::Value);
                    if let (Some(before), Some(standing)) = (at.checked_sub(1), of_record.or_else(of_value)) {
                        scope.names.push((pieces[before].text, standing));
                    }
                    continue;
                }
                _ => continue,
            };
            let Some(found) = kind(first) else { continue };
            scope.names.push((pieces[first].text, Standing::Record(found)));
            if let Some(alias) = alias(first + 1) {
                scope.names.push((alias, Standing::Record(found)));
            }
            if matches!(piece.text, "on" | "then" | "{") && head != "test" {
                scope.bare = Some(found);
            }
        }
        scope
    }

    /// What a path leads to.
    pub fn resolve(&self, schema: &Schema, path: &[&str]) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let named = self.names.iter().rev().find(|(name, _)| name == first);
        let mut place = match named {
            Some((_, Standing::Record(kind))) => Place::Fields { kind: *kind, prefix: String::new() },
            Some((_, Standing::Value(ty))) => Place::Value(ty.clone()),
            None => step(schema, Place::Fields { kind: self.bare?, prefix: String::new() }, first)?,
        };
        for name in rest {
            place = step(schema, place, name)?;
        }
        Some(place)
    }
}

/// Functions over other records.
pub const FUNCTIONS: [&str; 9] = ["count", "sum", "min", "max", "avg", "distinct", "first", "last", "median"];

/// A simple type, or an enum, by its name.
fn value_type(schema: &Schema, name: &str) -> Option<Type> {
    Type::named(name).or_else(|| Some(Type::Enum(EnumId(schema.enums.iter().position(|e| e.name == name)? as u32))))
}

fn step(schema: &Schema, place: Place, name: &str) -> Option<Place> {
    let (kind, prefix) = match place {
        Place::Fields { kind, prefix } => (kind, prefix),
        Place::Value(Type::Ref(table)) => (table, String::new()),
        Place::Value(_) => return None,
    };
    let dotted = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    let below = format!("{dotted}.");
    if schema.kind(kind).columns.iter().any(|c| c.name.starts_with(&below)) {
        return Some(Place::Fields { kind, prefix: dotted });
    }
    let column = schema.kind(kind).column(&dotted)?;
    Some(Place::Value(schema.column(kind, column).ty.clone()))
}

/// The names that can follow a place and a dot: each with its column, or without where it is a group.
pub fn fields(schema: &Schema, place: &Place) -> Vec<(KindId, String, Option<ColumnId>)> {
    let (kind, prefix) = match place {
        Place::Fields { kind, prefix } => (*kind, prefix.as_str()),
        Place::Value(Type::Ref(table)) => (*table, ""),
        Place::Value(_) => return Vec::new(),
    };
    let below = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
    let mut out: Vec<(KindId, String, Option<ColumnId>)> = Vec::new();
    for (i, column) in schema.kind(kind).columns.iter().enumerate() {
        // What nobody can write is no name to give.
        let Some(rest) = column.name.strip_prefix(&below).filter(|r| !r.starts_with('(')) else { continue };
        match rest.split_once('.') {
            Some((group, _)) => {
                out.retain(|(_, name, _)| name != group);
                out.push((kind, group.to_owned(), None));
            }
            None => out.push((kind, rest.to_owned(), Some(ColumnId(i as u32)))),
        }
    }
    out
}
