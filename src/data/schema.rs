//! What records and tables look like: types, enums, kinds and their columns.
//!
//! A *kind* is a `record` or a `table` of the policy. Nested fields are flattened into
//! columns with dotted names (`asset.classification`), in declaration order.

use super::nested::nested;
use crate::source::Span;
use serde::{Deserialize, Serialize};

/// Index into [`Schema::enums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EnumId(pub u32);

/// Index into [`Schema::kinds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KindId(pub u32);

/// Index into [`Kind::columns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColumnId(pub u32);

/// The type of a value. Optionality stands beside it, never inside.
///
/// The Arrow array of a column of each type:
///
/// | type | array |
/// |---|---|
/// | `bool` | `Boolean` |
/// | `int`, `bytes` | `Int64` |
/// | `decimal`, `percent` (as a fraction: 15 % is 0.15) | `Decimal128(38, 18)` |
/// | `text` | `Utf8` |
/// | `date` | `Date32` |
/// | `timestamp` | `Timestamp(ns, "UTC")` |
/// | `duration` | `Int64`, nanoseconds |
/// | `money` | `Struct { amount: Decimal128(38, 18), currency: Utf8 }` |
/// | an enum | `UInt16`: index of the word |
/// | `ref TABLE` | the array of the table's key |
/// | a nested `{ … }?` itself | `Boolean`, true where present, null where absent |
/// | `list of T`, `set of T` | `List` of T's array |
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Type {
    Bool,
    Int,
    Decimal,
    Percent,
    Text,
    Date,
    Timestamp,
    Duration,
    Bytes,
    Money,
    Enum(EnumId),
    Ref(KindId),
    /// A nested group of fields; only the presence of an optional one is a column.
    Struct,
    /// Elements are scalars.
    List(Box<Type>),
    Set(Box<Type>),
}

nested!(Type);

impl Type {
    /// The types that have a name in the language, by it.
    pub const NAMED: [(&str, Type); 10] = [
        ("bool", Type::Bool),
        ("int", Type::Int),
        ("decimal", Type::Decimal),
        ("percent", Type::Percent),
        ("text", Type::Text),
        ("date", Type::Date),
        ("timestamp", Type::Timestamp),
        ("duration", Type::Duration),
        ("bytes", Type::Bytes),
        ("money", Type::Money),
    ];

    pub fn named(name: &str) -> Option<Type> {
        Type::NAMED.into_iter().find(|(of, _)| *of == name).map(|(_, ty)| ty)
    }

    /// Of a list or set: the type of its elements.
    pub fn item(&self) -> Option<&Type> {
        match self {
            Type::List(of) | Type::Set(of) => Some(of),
            _ => None,
        }
    }
}

/// A declared enum, or the words written in place at a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnumDef {
    /// Empty for an enum written in place.
    pub name: String,
    /// Ordered: later is greater.
    pub words: Vec<EnumWord>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnumWord {
    pub name: String,
    /// How records spell it, where that differs: `in_kind = "In kind"`.
    pub spelling: Option<String>,
    pub span: Span,
}

impl EnumWord {
    /// The text that stands for this word in records.
    pub fn in_records(&self) -> &str {
        self.spelling.as_deref().unwrap_or(&self.name)
    }
}

/// One column of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Dotted path from the record: `destination.domain`.
    pub name: String,
    pub ty: Type,
    /// True where the field, or a group that it is in, may be absent.
    pub optional: bool,
    /// `@person`: names or identifies a natural person.
    pub person: bool,
    /// `@sensitive`: never printed.
    pub sensitive: bool,
    pub span: Span,
}

impl Column {
    /// The steps of the dotted name.
    pub fn path(&self) -> impl Iterator<Item = &str> {
        self.name.split('.')
    }
}

/// A record or a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    pub name: String,
    pub doc: Option<String>,
    pub role: Role,
    /// The columns that say which record this is; empty where none is declared: then all columns do.
    /// A table's key is its identity (with `valid from`, where there is one).
    pub identity: Vec<ColumnId>,
    pub columns: Vec<Column>,
    pub origin: Origin,
    /// Of rates between currencies: how many days old one may be.
    #[serde(default)]
    pub rates: Option<u32>,
    pub span: Span,
}

/// Where a kind's rows come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// From files: the policy declares it.
    #[default]
    Declared,
    /// From several other kinds, for `on A, B`: each with its columns that stand for this kind's, in order.
    Union(Vec<(KindId, Vec<ColumnId>)>),
    /// From the findings of other rules.
    Findings,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Role {
    /// Something that happened.
    Record {
        /// `at`: a date or a timestamp.
        time: Option<ColumnId>,
        /// `by`: whose record it is.
        subject: Option<ColumnId>,
    },
    /// Reference data, looked up by key as of an event's time.
    Table {
        key: ColumnId,
        /// `valid from A until B`: half-open, `A <= t < B`; an absent end is open.
        valid: Option<(ColumnId, Option<ColumnId>)>,
    },
}

impl Kind {
    pub fn column(&self, name: &str) -> Option<ColumnId> {
        self.columns.iter().position(|c| c.name == name).map(|i| ColumnId(i as u32))
    }

    pub fn is_table(&self) -> bool {
        matches!(self.role, Role::Table { .. })
    }

    /// A record's time column.
    pub fn time(&self) -> Option<ColumnId> {
        match self.role {
            Role::Record { time, .. } => time,
            Role::Table { .. } => None,
        }
    }

    /// The columns that say which record one is, whose and when: all of them where it declares no identity.
    pub fn telling(&self) -> Vec<ColumnId> {
        if self.identity.is_empty() {
            return (0..self.columns.len() as u32).map(ColumnId).collect();
        }
        let mut columns = self.identity.clone();
        match self.role {
            Role::Record { time, subject } => columns.extend(time.into_iter().chain(subject)),
            Role::Table { key, valid } => {
                columns.push(key);
                columns.extend(valid.into_iter().flat_map(|(from, until)| until.into_iter().chain([from])));
            }
        }
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// A record's subject (`by`), or a table's key.
    pub fn subject(&self) -> Option<ColumnId> {
        match self.role {
            Role::Record { subject, .. } => subject,
            // A table whose fields could not be read has none.
            Role::Table { key, .. } => self.columns.get(key.0 as usize).map(|_| key),
        }
    }
}

/// All that a policy set declares about its data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub enums: Vec<EnumDef>,
    pub kinds: Vec<Kind>,
}

impl Schema {
    /// Whether values of the type refer to people: to a table whose key is `@person`.
    pub fn names_people(&self, ty: &Type) -> bool {
        match ty {
            Type::Ref(table) => self.kind(*table).subject().is_some_and(|key| self.column(*table, key).person),
            Type::List(of) | Type::Set(of) => self.names_people(of),
            _ => false,
        }
    }

    /// Whether a column's values name people: it is `@person`, or refers to such a key.
    pub fn is_person(&self, kind: KindId, column: ColumnId) -> bool {
        let of = self.column(kind, column);
        of.person || self.names_people(&of.ty)
    }

    /// Whether a path from a kind, through references, is to a field that names nobody.
    pub fn is_other(&self, kind: KindId, path: &str) -> bool {
        if let Some(column) = self.kind(kind).column(path) {
            return !self.is_person(kind, column);
        }
        let ends = path.match_indices('.').map(|(at, _)| (&path[..at], &path[at + 1..]));
        let mut through = ends.filter_map(|(field, rest)| match self.column(kind, self.kind(kind).column(field)?).ty {
            Type::Ref(table) => Some(self.is_other(table, rest)),
            _ => None,
        });
        through.next().unwrap_or(false)
    }

    pub fn kind(&self, id: KindId) -> &Kind {
        &self.kinds[id.0 as usize]
    }

    /// Of those that files may hold.
    pub fn kind_named(&self, name: &str) -> Option<KindId> {
        self.declared().iter().position(|k| k.name == name).map(|i| KindId(i as u32))
    }

    /// The kinds that files may hold; derived ones follow them in [`Schema::kinds`].
    pub fn declared(&self) -> &[Kind] {
        let declared = self.kinds.partition_point(|k| k.origin == Origin::Declared);
        &self.kinds[..declared]
    }

    /// The rates between currencies, and how many days old one may be.
    pub fn rates(&self) -> Option<(KindId, u32)> {
        let mut kinds = (0..).map(KindId).zip(&self.kinds);
        kinds.find_map(|(id, kind)| Some((id, kind.rates?)))
    }

    pub fn enum_def(&self, id: EnumId) -> &EnumDef {
        &self.enums[id.0 as usize]
    }

    pub fn column(&self, kind: KindId, column: ColumnId) -> &Column {
        &self.kind(kind).columns[column.0 as usize]
    }

    /// The type of a table's key: what a `ref` to it holds.
    pub fn key_type(&self, table: KindId) -> &Type {
        match self.kind(table).role {
            Role::Table { key, .. } => self.kind(table).columns.get(key.0 as usize).map_or(&Type::Text, |c| &c.ty),
            Role::Record { .. } => &Type::Text,
        }
    }

    /// The type's name as an author writes it.
    pub fn type_name(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "bool".into(),
            Type::Int => "int".into(),
            Type::Decimal => "decimal".into(),
            Type::Percent => "percent".into(),
            Type::Text => "text".into(),
            Type::Date => "date".into(),
            Type::Timestamp => "timestamp".into(),
            Type::Duration => "duration".into(),
            Type::Bytes => "bytes".into(),
            Type::Money => "money".into(),
            Type::Enum(id) => match &self.enum_def(*id).name {
                name if name.is_empty() => {
                    let words: Vec<_> = self.enum_def(*id).words.iter().map(|w| w.name.as_str()).collect();
                    format!("enum {{ {} }}", words.join(", "))
                }
                name => name.clone(),
            },
            Type::Ref(id) => format!("ref {}", self.kind(*id).name),
            Type::Struct => "{ … }".into(),
            Type::List(of) => format!("list of {}", self.type_name(of)),
            Type::Set(of) => format!("set of {}", self.type_name(of)),
        }
    }
}
