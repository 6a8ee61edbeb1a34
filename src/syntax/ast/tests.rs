//! What `test` and `default` items say.

use super::{Expr, Ident, Str};
use crate::source::Span;

#[derive(Clone, Debug, PartialEq)]
pub struct TestItem {
    pub title: Str,
    pub clauses: Vec<TestClause>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TestClause {
    Given(Given),
    /// `given gift { | as | value | … }`: several records of one kind.
    GivenGrid {
        kind: Ident,
        grid: Grid,
    },
    /// Inside a test: for this test.
    Default(DefaultItem),
    /// `cases { | value | verdict | … }`
    Cases(Grid),
    /// `as_of 2026-01-01`
    AsOf(Expr),
    /// `set gift_cap = 100 CNY`
    Set {
        param: Ident,
        value: Expr,
    },
    /// `expect finding paid_external_consultation on c`, `expect excepted gifts on g by state_visit`,
    /// `expect finding gifts_in_a_team on g for "E1"`
    Expect {
        verdict: Ident,
        rule: Ident,
        on: Option<Ident>,
        whose: Option<Expr>,
        by: Option<Ident>,
        span: Span,
    },
    /// `expect metric gifts for "E1" on 2026-01-31 is 300 EUR`
    Figure(Figure),
    /// `expect message "…"`: of the verdict expected just before.
    Message(Message),
    /// `expect nothing else`
    NothingElse(Span),
}

/// What a metric is to come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub metric: Ident,
    /// None: `absent`.
    pub keys: Vec<Option<Expr>>,
    /// A day of the period.
    pub on: Option<Expr>,
    /// None: `nothing`.
    pub is: Option<Expr>,
    /// Where it is not known exactly: the greatest that it may be, `is` being the least.
    pub to: Option<Expr>,
    pub span: Span,
}

/// `given consultation as c like b { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub kind: Ident,
    pub alias: Option<Ident>,
    pub like: Option<Ident>,
    pub fields: Vec<GivenField>,
    pub span: Span,
}

/// `default gift { received: 2026-01-05 }`
#[derive(Clone, Debug, PartialEq)]
pub struct DefaultItem {
    pub kind: Ident,
    pub fields: Vec<GivenField>,
}

/// A message, or the name of the column of `cases` that holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Text(Str),
    Column(Ident),
}

/// Lines of cells between bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Each a dotted path.
    pub head: Vec<Vec<Ident>>,
    /// Each with as many cells as the heading has.
    pub rows: Vec<Row>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// None: nothing between the bars.
    pub cells: Vec<Option<GivenValue>>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GivenField {
    pub name: Ident,
    pub value: GivenValue,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum GivenValue {
    Expr(Expr),
    Record(Vec<GivenField>),
    List(Vec<Expr>, Span),
    /// `malformed "12,5"`: a text that is not of the field's type.
    Malformed(Str),
    /// `not given`
    Nothing(Span),
}
