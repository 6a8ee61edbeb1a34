//! Moving parts of the syntax tree: after an edit, what lies behind it is the same at another place.

use super::ast::*;
use crate::data::Period;
use crate::source::Span;

pub trait Shift {
    /// Moves every place by so many bytes.
    fn shift(&mut self, by: i64);
}

impl Shift for Span {
    fn shift(&mut self, by: i64) {
        self.start = (i64::from(self.start) + by) as u32;
        self.end = (i64::from(self.end) + by) as u32;
    }
}

impl<T: Shift> Shift for Vec<T> {
    fn shift(&mut self, by: i64) {
        self.iter_mut().for_each(|part| part.shift(by));
    }
}

impl<T: Shift> Shift for Option<T> {
    fn shift(&mut self, by: i64) {
        self.iter_mut().for_each(|part| part.shift(by));
    }
}

impl<T: Shift> Shift for Box<T> {
    fn shift(&mut self, by: i64) {
        (**self).shift(by);
    }
}

impl<A: Shift, B: Shift> Shift for (A, B) {
    fn shift(&mut self, by: i64) {
        self.0.shift(by);
        self.1.shift(by);
    }
}

impl<A: Shift, B: Shift, C: Shift> Shift for (A, B, C) {
    fn shift(&mut self, by: i64) {
        self.0.shift(by);
        self.1.shift(by);
        self.2.shift(by);
    }
}

/// What has no place.
macro_rules! still {
    ($($ty:ty)*) => {
        $(impl Shift for $ty {
            fn shift(&mut self, _: i64) {}
        })*
    };
}

/// All fields, by name: one that is left out does not compile.
macro_rules! structs {
    ($($ty:ident { $($field:ident)* })*) => {
        $(impl Shift for $ty {
            fn shift(&mut self, by: i64) {
                let $ty { $($field),* } = self;
                $($field.shift(by);)*
            }
        })*
    };
}

macro_rules! enums {
    ($($ty:ident { $($variant:ident $(($($part:ident),*))? $({ $($field:ident),* })?;)* })*) => {
        $(impl Shift for $ty {
            fn shift(&mut self, by: i64) {
                match self {
                    $($ty::$variant $(($($part),*))? $({ $($field),* })? => {
                        $($($part.shift(by);)*)?
                        $($($field.shift(by);)*)?
                    })*
                }
            }
        })*
    };
}

still! { bool u8 u32 String Period Verb CompareOp ArithOp TextOp Func Direction }

structs! {
    Ident { text span }
    Str { text span }
    File { items }
    Item { doc kind span broken }
    RatesItem { kind valid }
    Policy { name title owner timezone fiscal_year business_days }
    BusinessDays { weekdays range except unless span }
    EnumItem { name words }
    EnumWord { name spelling }
    KindItem { name key valid at by identity fields }
    Field { doc name ty marks span }
    TypeExpr { kind optional span }
    LetItem { name value }
    DefineItem { name params body }
    ParamItem { name ty default later }
    RuleItem { verb name title clauses }
    Clause { kind keyword span }
    Sequence { head keys within steps broken }
    Step { negated times kind alias filter span }
    Aggregate { func value keys window span }
    Template { parts span }
    WaiveItem { rule covers clauses }
    Cover { field value span }
    WaiveClause { kind keyword }
    MetricItem { name title on values }
    MetricValue { func value keys window keyword span }
    CharterItem { title lines }
    CharterLine { kind span }
    Expr { kind span }
    History { func kind field alias window keys filter median span }
    Median { of of_span inside per }
    Window { kind span }
    SourceItem { name kind clauses }
    MapEntry { field value span }
    MapExpr { kind span }
    MapPath { steps span }
    Cast { ty arg span }
    MapCond { kind span }
    TestItem { title clauses }
    Figure { metric keys on is to span }
    Given { kind alias like fields span }
    DefaultItem { kind fields }
    Grid { head rows span }
    Row { cells span }
    GivenField { name value span }
}

enums! {
    ItemKind {
        Policy(of); Enum(of); Table(of); Record(of); Source(of); Let(of); Define(of); Param(of); Import(of); Rule(of);
        Revise(of); Test(of); Waive(of); Charter(of); Metric(of); Default(of); Rates(of);
    }
    TypeExprKind { Name(of); Enum(of); Ref(of); Struct(of); List(of); Set(of); Error; }
    ClauseKind {
        On(of); Where(of); When(of); Unless { name, condition }; Need(of); Aggregate(of); To(of); Severity(of); Cite(of);
        Because(of); Consequence(of); Purpose(of); LegalBasis(of); Retention(of); Effective { from, until };
        Once { keys, period };
    }
    Trigger {
        Record { kind, alias, filter }; Each { table, alias, at, filter }; Sequence(of); Several { kinds, alias, filter };
    }
    EachAt { EndOf(of); AsOf; }
    TemplatePart { Text(of); Expr(of); }
    WaiveClauseKind { From(of); Until(of); ApprovedBy(of); Reason(of); }
    CharterKind {
        NoOneExempt; EveryRuleCites; EveryRuleIsTested; WaiversAtMost(of); NoSelfApproval(of);
        SeverityHas { severity, clause }; RankIs(of);
    }
    ExprKind {
        Bool(of); Number(of); Text(of); Date(of); Timestamp(of); Quantity { number, unit }; Percent(of); Name(of);
        Field { of, name }; Optional(of); Present { of, negated }; Coalesce(left, right); Not(of); Neg(of); And(of);
        Or(of); Compare { op, op_span, left, right, ignoring_case }; Arith { op, op_span, left, right };
        In { item, set, negated, ignoring_case }; TextTest { op, op_span, left, right, ignoring_case };
        Overlaps { op_span, left, right, ignoring_case }; Matches { left, pattern, ignoring_case }; Set(of);
        Call { name, args }; History(of); Under { op_span, left, right }; Every { column, of }; Error;
    }
    Keys { Subject; By(of); Everyone(of); }
    WindowKind { Within { length, direction }; Over(of); AllTime; Period(of); }
    SourceClause {
        Format(of); Files(of); Delimiter(of); Timezone(of); Each(of); Where(of); Map(of); Identity(of, span);
    }
    MapExprKind { Path(of); Constant(of); Cast { of, to }; Money(left, right); Coalesce(left, right); Call { name, args }; }
    PathStep { Key(of); Index(of, span); Filter { key, equals, span }; Every(of); }
    CastArg { None; Unit(of); Format(of); Words(of); }
    MapCondKind {
        And(of); Or(of); Not(of); Present { path, negated }; Compare { path, op, right }; In { path, set, negated };
        TextTest { path, op, right }; Matches { path, pattern };
    }
    TestClause {
        Given(of); GivenGrid { kind, grid }; Default(of); Cases(of); AsOf(of); Set { param, value };
        Expect { verdict, rule, on, whose, by, span }; Figure(of); Message(of); NothingElse(of);
    }
    Message { Text(of); Column(of); }
    GivenValue { Expr(of); Record(of); List(of, span); Malformed(of); Nothing(of); }
}
