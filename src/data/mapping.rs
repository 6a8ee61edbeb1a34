//! How a file's own shape becomes records of a kind: what a `source` says, resolved.

use super::nested::nested;
use super::{ColumnId, Currency, KindId, Value};
use crate::source::Span;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Ndjson,
    Json,
    Parquet,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    /// The record or table that it makes.
    pub kind: KindId,
    /// None: by the file's name and content.
    pub format: Option<Format>,
    /// Globs, relative to the folder of the policy file.
    pub files: Vec<String>,
    /// Folder of the policy file that declares it, as the user named it.
    pub folder: String,
    /// CSV; a single byte.
    pub delimiter: u8,
    /// IANA name; for times without an offset.
    pub timezone: String,
    /// One record for each element.
    pub each: Option<Path>,
    /// Records for which it does not hold are none of this source's.
    pub filter: Option<Cond>,
    /// Columns not listed are absent.
    pub map: Vec<(ColumnId, MapExpr)>,
    pub span: Span,
}

/// Steps from the top of the object, row or, where `from_item` is set, the element of `each`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    pub from_item: bool,
    pub steps: Vec<Step>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// A key of an object, or a column's heading.
    Key(String),
    /// An element, from 0.
    Index(u32),
    /// The first element whose key (dotted) equals.
    Filter { key: Vec<String>, equals: Value },
    /// Every element: gives a list, or in `each` a record each.
    Every,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum MapExpr {
    Path(Path),
    Constant(Value),
    /// Read `of` in this way instead of the column type's own.
    Read {
        of: Box<MapExpr>,
        how: How,
    },
    /// Amount and currency from two places.
    Money {
        amount: Box<MapExpr>,
        currency: Box<MapExpr>,
    },
    /// The first that is present.
    Coalesce(Box<MapExpr>, Box<MapExpr>),
}

/// How a text or number is read, beyond the column type's own way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum How {
    /// A bare amount in this currency.
    Currency(Currency),
    /// A date or timestamp in strptime form.
    Format(String),
    /// A number of this unit: nanoseconds for durations and epoch timestamps, bytes for sizes.
    Unit(i64),
    /// Spelling to value; any other text does not fit.
    Words(Vec<(String, Value)>),
    /// A percent given as `15`, not as the fraction `0.15`.
    Hundredths,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Cond {
    And(Vec<Cond>),
    Or(Vec<Cond>),
    Not(Box<Cond>),
    Present(Path),
    /// The value at the path, as text or number or bool, equals one of these.
    In(Path, Vec<Value>),
    /// Numbers only.
    Less {
        path: Path,
        than: super::Decimal,
        or_equal: bool,
    },
    Greater {
        path: Path,
        than: super::Decimal,
        or_equal: bool,
    },
    StartsWith(Path, String),
    EndsWith(Path, String),
    Contains(Path, String),
    /// A regular expression, checked.
    Matches(Path, String),
}

nested!(MapExpr, Cond);

/// What to read from the inputs of a run: the columns that rules need, and the sources that give them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub schema: std::sync::Arc<super::Schema>,
    /// By kind: the columns to read; none where no rule reads the kind (its records are only counted).
    pub projections: Vec<Option<std::sync::Arc<[ColumnId]>>>,
    pub sources: Vec<Source>,
    /// IANA name: for times without an offset in records that come without a source.
    pub timezone: String,
}
