//! Sources: how files become records.

use super::{CompareOp, Expr, Ident, Str, TextOp};
use crate::source::Span;

#[derive(Clone, Debug, PartialEq)]
pub struct SourceItem {
    pub name: Ident,
    /// The record or table that it makes.
    pub kind: Ident,
    pub clauses: Vec<SourceClause>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SourceClause {
    Format(Ident),
    Files(Str),
    /// `delimiter ";"` (CSV)
    Delimiter(Str),
    /// `timezone "Europe/London"`: for times without an offset.
    Timezone(Str),
    /// `each events[]`
    Each(MapPath),
    Where(MapCond),
    Map(Vec<MapEntry>),
    /// Dotted fields of the kind.
    Identity(Vec<Vec<Ident>>, Span),
}

/// `asset.name = item.title`
#[derive(Clone, Debug, PartialEq)]
pub struct MapEntry {
    pub field: Vec<Ident>,
    pub value: MapExpr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapExpr {
    pub kind: MapExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MapExprKind {
    Path(MapPath),
    /// `constant "x"`, `constant 5`, `constant true`, `constant word`, `constant 2025-01-01`, `constant 5 CNY`.
    Constant(Box<Expr>),
    /// `EXPR as money GBP`
    Cast {
        of: Box<MapExpr>,
        to: Cast,
    },
    /// `money(amount.value, amount.currency)`
    Money(Box<MapExpr>, Box<MapExpr>),
    /// `a ?? b`: the first that is there.
    Coalesce(Box<MapExpr>, Box<MapExpr>),
    /// A `define`d function.
    Call {
        name: Ident,
        args: Vec<MapExpr>,
    },
}

/// `id.uniqueQualifier`, `` `MNIS ID` ``, `"MNIS ID"`, `item.parameters[name == "visibility"].value`, `events[]`.
/// In NDJSON within an `each`, `item` is the element.
#[derive(Clone, Debug, PartialEq)]
pub struct MapPath {
    pub steps: Vec<PathStep>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PathStep {
    /// A key or column.
    Key(Ident),
    /// `[3]`, from 0.
    Index(u32, Span),
    /// `[name == "visibility"]`: the first element whose key equals.
    Filter { key: Vec<Ident>, equals: Box<Expr>, span: Span },
    /// `[]`: every element.
    Every(Span),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cast {
    /// `money`, `date`, `bool`, `int`, …
    pub ty: Ident,
    pub arg: CastArg,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CastArg {
    None,
    /// `money GBP`, `duration hours`, `bytes MB`, `timestamp seconds|milliseconds|…`
    Unit(Ident),
    /// `date "%Y-%m-%d"`
    Format(Str),
    /// `bool { true: "True", false: "False" }`, `text { "A": "a" }`, an enum's words.
    Words(Vec<(Ident, Vec<Str>)>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapCond {
    pub kind: MapCondKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MapCondKind {
    And(Vec<MapCond>),
    Or(Vec<MapCond>),
    Not(Box<MapCond>),
    Present {
        path: MapPath,
        negated: bool,
    },
    /// The right side is a constant: `"access"`, `3`, `true`.
    Compare {
        path: MapPath,
        op: CompareOp,
        right: Expr,
    },
    In {
        path: MapPath,
        set: Vec<Expr>,
        negated: bool,
    },
    TextTest {
        path: MapPath,
        op: TextOp,
        right: Expr,
    },
    Matches {
        path: MapPath,
        pattern: Str,
    },
}
