//! What a policy file says, with the place of every part. It is made from the lossless tree, so it
//! has no comments and no layout; it is not yet known whether names, types or units are right.
//!
//! A part that could not be parsed is left out, or is [`ExprKind::Error`]; its error has been told.

mod operators;
mod sources;
mod tests;

pub use operators::*;
pub use sources::*;
pub use tests::*;

use crate::data::Period;
use crate::source::Span;

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    pub text: String,
    pub span: Span,
}

/// A quoted text, unescaped. `span` covers the quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Str {
    pub text: String,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The `///` lines above it, joined.
    pub doc: Option<String>,
    pub kind: ItemKind,
    pub span: Span,
    /// Some of it could not be read, and its error has been told: what is missing may have been there.
    pub broken: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    Policy(Policy),
    Enum(EnumItem),
    Table(KindItem),
    Record(KindItem),
    Source(SourceItem),
    Let(LetItem),
    Define(DefineItem),
    Param(ParamItem),
    Import(Str),
    Rule(RuleItem),
    /// `revise gifts effective from 2026-01-01 { … }`: its date is the first of its clauses.
    Revise(RuleItem),
    Test(TestItem),
    Waive(WaiveItem),
    Charter(CharterItem),
    Metric(MetricItem),
    /// For the tests of its file.
    Default(DefaultItem),
    Rates(RatesItem),
}

/// `rates ecb valid for 7 days`
#[derive(Clone, Debug, PartialEq)]
pub struct RatesItem {
    /// The rows, as a table's: its fields are the language's own.
    pub kind: KindItem,
    pub valid: Option<Expr>,
}

/// `policy data_security "Data Security Protocol" { owner "…" timezone "Asia/Shanghai" fiscal_year starts 04-01 }`
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub name: Ident,
    pub title: Option<Str>,
    pub owner: Option<Str>,
    pub timezone: Option<Str>,
    /// Month and day.
    pub fiscal_year: Option<(u8, u8, Span)>,
    pub business_days: Option<BusinessDays>,
}

/// `business_days monday to friday except holiday unless worked`
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessDays {
    pub weekdays: Vec<Ident>,
    /// From the first to the second.
    pub range: bool,
    pub except: Option<Ident>,
    pub unless: Option<Ident>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct EnumItem {
    pub name: Ident,
    pub words: Vec<EnumWord>,
}

/// `in_kind` or `in_kind = "In kind"`.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumWord {
    pub name: Ident,
    pub spelling: Option<Str>,
}

/// A `table` or a `record`.
#[derive(Clone, Debug, PartialEq)]
pub struct KindItem {
    pub name: Ident,
    /// Tables: `key id`.
    pub key: Option<Ident>,
    /// Tables: `valid from since until left`.
    pub valid: Option<(Ident, Option<Ident>)>,
    /// Records: `at time`. A dotted path.
    pub at: Option<Vec<Ident>>,
    /// Records: `by actor`. A dotted path.
    pub by: Option<Vec<Ident>>,
    /// Records: `identity id, line`. Dotted paths.
    pub identity: Vec<Vec<Ident>>,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub doc: Option<String>,
    pub name: Ident,
    pub ty: TypeExpr,
    /// `@person`, `@sensitive`, without the sign.
    pub marks: Vec<Ident>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    pub kind: TypeExprKind,
    /// `T?`
    pub optional: bool,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TypeExprKind {
    /// `int`, or the name of an enum.
    Name(Ident),
    Enum(Vec<EnumWord>),
    Ref(Ident),
    Struct(Vec<Field>),
    List(Box<TypeExpr>),
    Set(Box<TypeExpr>),
    /// Could not be read; told.
    Error,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LetItem {
    pub name: Ident,
    pub value: Expr,
}

/// `define is_official(g: gift) = …`
#[derive(Clone, Debug, PartialEq)]
pub struct DefineItem {
    pub name: Ident,
    /// The type may be a record's or table's name.
    pub params: Vec<(Ident, TypeExpr)>,
    pub body: Expr,
}

/// `param gift_cap: money = 500 CNY`
#[derive(Clone, Debug, PartialEq)]
pub struct ParamItem {
    pub name: Ident,
    pub ty: TypeExpr,
    pub default: Expr,
    /// `{ from 2026-01-01: 600 CNY }`: days, and the values from then on.
    pub later: Vec<(Expr, Expr)>,
}

// ---------------------------------------------------------------- rules

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Forbid,
    Require,
    Limit,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RuleItem {
    /// None in a `revise`: the rule's own.
    pub verb: Option<Verb>,
    pub name: Ident,
    pub title: Option<Str>,
    /// In the order written; repeats and misfits are for the checker to tell.
    pub clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub kind: ClauseKind,
    /// The clause's keyword.
    pub keyword: Span,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ClauseKind {
    On(Trigger),
    /// A `where` on a line of its own: the trigger's filter.
    Where(Expr),
    When(Expr),
    Unless {
        name: Ident,
        condition: Expr,
    },
    Need(Box<History>),
    Aggregate(Box<Aggregate>),
    To(Expr),
    Severity(Ident),
    Cite(Str),
    Because(Template),
    Consequence(Ident),
    Purpose(Str),
    LegalBasis(Str),
    Retention(Expr),
    Effective {
        from: Expr,
        until: Option<Expr>,
    },
    /// `once per actor per month`, `once across everyone per month`
    Once {
        keys: Keys,
        period: Period,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// `file_export as e where …`
    Record { kind: Ident, alias: Option<Ident>, filter: Option<Expr> },
    /// `each employee as e at end of fiscal_year where …`
    Each { table: Ident, alias: Option<Ident>, at: EachAt, filter: Option<Expr> },
    /// `sequence by actor within 30 days { … then … }`
    Sequence(Sequence),
    /// `gift, payment as p where …`
    Several { kinds: Vec<Ident>, alias: Option<Ident>, filter: Option<Expr> },
}

/// Records with one key, one behind the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// `sequence` and what follows it, up to the brace.
    pub head: Span,
    pub keys: Keys,
    /// None where it was not written: the checker tells.
    pub within: Option<Expr>,
    pub steps: Vec<Step>,
    /// Some steps could not be read.
    pub broken: bool,
}

/// `file_export as hoard where …`, `not approval`, `3 or more times login as failed`
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The `not`.
    pub negated: Option<Span>,
    /// The number in `3 or more times`.
    pub times: Option<Ident>,
    pub kind: Ident,
    pub alias: Option<Ident>,
    pub filter: Option<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EachAt {
    EndOf(Period),
    AsOf,
}

/// `sum value per actor, giver over 365 days`
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub func: Func,
    /// None for `count`.
    pub value: Option<Expr>,
    pub keys: Keys,
    pub window: Window,
    pub span: Span,
}

/// `"… {actor.name} …"`
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub parts: Vec<TemplatePart>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    Text(String),
    Expr(Expr),
}

/// `waive gifts_from_one_giver for actor "E1042" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct WaiveItem {
    pub rule: Ident,
    /// All must hold; none: every record of the rule.
    pub covers: Vec<Cover>,
    pub clauses: Vec<WaiveClause>,
}

/// `actor "E1042"`
#[derive(Clone, Debug, PartialEq)]
pub struct Cover {
    /// A dotted path.
    pub field: Expr,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WaiveClause {
    pub kind: WaiveClauseKind,
    /// The clause's keyword.
    pub keyword: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum WaiveClauseKind {
    From(Expr),
    Until(Expr),
    /// A text or a number.
    ApprovedBy(Str),
    Reason(Str),
}

/// `metric training_hours "Hours of training" { on training  sum duration per fiscal_year }`
#[derive(Clone, Debug, PartialEq)]
pub struct MetricItem {
    pub name: Ident,
    pub title: Option<Str>,
    /// `on` and `where`, in the order written.
    pub on: Vec<Clause>,
    pub values: Vec<MetricValue>,
}

/// `sum duration per actor.unit in fiscal_year`
#[derive(Clone, Debug, PartialEq)]
pub struct MetricValue {
    pub func: Func,
    /// None for `count`.
    pub value: Option<Expr>,
    pub keys: Keys,
    /// `in fiscal_year` and `per fiscal_year` alike.
    pub window: Option<Window>,
    pub keyword: Span,
    pub span: Span,
}

/// `charter { … }`: rules about rules.
#[derive(Clone, Debug, PartialEq)]
pub struct CharterItem {
    pub title: Option<Str>,
    pub lines: Vec<CharterLine>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CharterLine {
    pub kind: CharterKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CharterKind {
    NoOneExempt,
    EveryRuleCites,
    EveryRuleIsTested,
    /// `waivers at most 90 days`
    WaiversAtMost(Expr),
    /// `no self approval`; the dotted fields that say who approved, where they are named.
    NoSelfApproval(Vec<Vec<Ident>>),
    /// `severity critical has consequence`
    SeverityHas {
        severity: Ident,
        clause: Ident,
    },
    /// `rank is employee.level`: dotted fields.
    RankIs(Vec<Vec<Ident>>),
}

// ---------------------------------------------------------------- expressions

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Bool(bool),
    /// Digits with `_` removed: `12`, `0.5`.
    Number(String),
    Text(String),
    /// `2025-01-31`
    Date(String),
    /// `2025-01-31T09:00+08:00`, with or without an offset.
    Timestamp(String),
    /// `500 CNY`, `30 days`, `10 MB`: a number and the word behind it.
    Quantity {
        number: String,
        unit: Ident,
    },
    /// `15 %`
    Percent(String),
    Name(Ident),
    Field {
        of: Box<Expr>,
        name: Ident,
    },
    /// `field?`: an absent value makes its comparison false.
    Optional(Box<Expr>),
    /// `field present`, `field absent`.
    Present {
        of: Box<Expr>,
        negated: bool,
    },
    /// `a ?? b`
    Coalesce(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    /// Two or more.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare {
        op: CompareOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    Arith {
        op: ArithOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `x in { … }`, `x not in names`.
    In {
        item: Box<Expr>,
        set: Box<Expr>,
        negated: bool,
        ignoring_case: bool,
    },
    TextTest {
        op: TextOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    /// `topics overlaps others`: an element in common.
    Overlaps {
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
        ignoring_case: bool,
    },
    /// `x matches /…/`; the pattern without its slashes.
    Matches {
        left: Box<Expr>,
        pattern: Str,
        ignoring_case: bool,
    },
    /// `{ a, b }`
    Set(Vec<Expr>),
    Call {
        name: Ident,
        args: Vec<Expr>,
    },
    History(Box<History>),
    /// `x under y`: who is below whom.
    Under {
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `every manager of actor`: the table's field, as a dotted path, and where it starts.
    Every {
        column: Vec<Ident>,
        of: Box<Expr>,
    },
    /// Told already.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOp {
    StartsWith,
    EndsWith,
    Contains,
    /// Host equal to, or a subdomain of, one listed. Always ignores case.
    InDomain,
}

/// `exists approval as a within 30 days before by requester where …`, `sum(gift.value over 365 days)`,
/// and what follows `need`.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub func: Func,
    pub kind: Ident,
    /// The dotted field behind the kind's name, for the functions that take one.
    pub field: Vec<Ident>,
    pub alias: Option<Ident>,
    /// None where none was written: the checker tells.
    pub window: Option<Window>,
    pub keys: Keys,
    pub filter: Option<Expr>,
    /// Of [`Func::Median`].
    pub median: Option<Median>,
    pub span: Span,
}

/// What a median is of: `count(… )` or `sum(… )`, `per` some keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Median {
    pub of: Func,
    pub of_span: Span,
    /// Keys that were written where they do not belong, inside of that.
    pub inside: Option<Span>,
    /// Dotted paths; none where none was written.
    pub per: Vec<Expr>,
}

/// Which records belong together.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// Nothing written: the same subject.
    Subject,
    /// `by giver`, `per actor, giver`: dotted paths.
    By(Vec<Expr>),
    /// `across everyone`
    Everyone(Span),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub kind: WindowKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum WindowKind {
    /// `within 30 days before`: closed at both ends.
    Within { length: Expr, direction: Direction },
    /// `over 30 days`: `(t - D, t]`.
    Over(Expr),
    /// `over all time`: everything up to the event.
    AllTime,
    /// `in calendar year`, `over fiscal_quarter`: from the period's start up to the event.
    Period(Period),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Before,
    After,
    Around,
}
