//! Operators and functions that mean in a typed rule what they do in its text.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl CompareOp {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ArithOp {
    Add,
    Sub,
    Mul,
    Div,
}

/// What is asked of other records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Func {
    Exists,
    No,
    Count,
    Sum,
    Min,
    Max,
    Avg,
    Distinct,
    First,
    Last,
    /// Over what each with keys of its own comes to: how many records, or where there is a value, their sum.
    Median,
}

impl Func {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Func::Exists => "exists",
            Func::No => "no",
            Func::Count => "count",
            Func::Sum => "sum",
            Func::Min => "min",
            Func::Max => "max",
            Func::Avg => "avg",
            Func::Distinct => "distinct",
            Func::First => "first",
            Func::Last => "last",
            Func::Median => "median",
        }
    }
}
