//! Shared predicates: every comparison of a column with constants is one *atom* of its kind, however many
//! rules make it; conditions become boolean programs over atoms.

use super::expr::{Expr, Op};
use crate::data::nested::nested;
use crate::data::{ColumnId, Schema, Type, Value};
use crate::sema::hir::{CompareOp, TextOp};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

/// True, false or unknown for each row; unknown exactly where the column's value is unknown (or, for
/// `money`, in another currency), false where it is absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Atom {
    pub column: ColumnId,
    pub test: AtomTest,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AtomTest {
    /// Of a `bool` column.
    True,
    Present,
    OneOf(Vec<Value>),
    /// Below the bound, or equal where `or_equal`.
    Below {
        bound: Value,
        or_equal: bool,
    },
    Text {
        how: TextMatch,
        /// Lower case where `ignoring_case`.
        patterns: Vec<String>,
        ignoring_case: bool,
    },
    /// Index into [`super::Plan::patterns`].
    Matches(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TextMatch {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
    InDomain,
}

/// A condition over atoms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Bool {
    Constant(bool),
    /// Index into the kind's atoms.
    Atom(u32),
    Not(Box<Bool>),
    And(Vec<Bool>),
    Or(Vec<Bool>),
}

nested!(Bool);

impl Bool {
    /// Whether it holds, or does not, exactly where each of these does.
    pub fn is_conjunction(&self, holds: bool) -> bool {
        match (self, holds) {
            (Bool::Atom(_), _) => true,
            (Bool::Not(of), _) => of.is_conjunction(!holds),
            (Bool::And(all), true) | (Bool::Or(all), false) => all.iter().all(|part| part.is_conjunction(holds)),
            (Bool::And(_), false) | (Bool::Or(_), true) | (Bool::Constant(_), _) => false,
        }
    }

    /// Calls with atoms of which each must hold, or must not, where the condition is to hold, or is not to.
    pub fn conjuncts(&self, holds: bool, each: &mut impl FnMut(u32, bool)) {
        match (self, holds) {
            (Bool::Atom(atom), _) => each(*atom, holds),
            (Bool::Not(of), _) => of.conjuncts(!holds, each),
            (Bool::And(all), true) | (Bool::Or(all), false) => all.iter().for_each(|p| p.conjuncts(holds, each)),
            (Bool::And(_), false) | (Bool::Or(_), true) | (Bool::Constant(_), _) => {}
        }
    }
}

/// The atoms of one kind as they are met.
#[derive(Default)]
pub struct Atoms(IndexSet<Atom, FxBuildHasher>);

impl Atoms {
    fn intern(&mut self, atom: Atom) -> Bool {
        Bool::Atom(self.0.insert_full(atom).0 as u32)
    }

    pub fn into_list(self) -> Vec<Atom> {
        self.0.into_iter().collect()
    }

    /// The condition as a program over atoms, where all of it is one; `root` is the record's own.
    pub fn program(&mut self, expr: &Expr, root: u8, columns: &[crate::data::Column], schema: &Schema) -> Option<Bool> {
        let before = self.0.len();
        let program = Shape { root, columns, schema }.build(expr, self);
        if program.is_none() {
            self.0.truncate(before);
        }
        program
    }
}

struct Shape<'a> {
    root: u8,
    columns: &'a [crate::data::Column],
    schema: &'a Schema,
}

impl Shape<'_> {
    fn column(&self, expr: &Expr) -> Option<(ColumnId, bool)> {
        match expr.op {
            Op::Column { root, column } if root == self.root => {
                let c = &self.columns[column.0 as usize];
                let listed = matches!(c.ty, Type::List(_) | Type::Set(_));
                (!listed).then_some((column, c.optional))
            }
            _ => None,
        }
    }

    fn build(&self, expr: &Expr, atoms: &mut Atoms) -> Option<Bool> {
        let all =
            |list: &[Expr], atoms: &mut Atoms| list.iter().map(|e| self.build(e, atoms)).collect::<Option<Vec<_>>>();
        Some(match &expr.op {
            Op::Constant(Value::Bool(b)) => Bool::Constant(*b),
            Op::And(list) => Bool::And(all(list, atoms)?),
            Op::Or(list) => Bool::Or(all(list, atoms)?),
            Op::Not(e) => Bool::Not(Box::new(self.build(e, atoms)?)),
            Op::Column { .. } if expr.ty == Type::Bool => {
                let (column, _) = self.column(expr)?;
                atoms.intern(Atom { column, test: AtomTest::True })
            }
            Op::Present(e) => {
                let column = match e.op {
                    Op::Column { root, column } if root == self.root => column,
                    _ => return None,
                };
                atoms.intern(Atom { column, test: AtomTest::Present })
            }
            Op::Compare { op, left, right, ignoring_case } => match (&left.op, &right.op) {
                (_, Op::Constant(value)) => self.compare(left, *op, value, *ignoring_case, atoms)?,
                (Op::Constant(value), _) => self.compare(right, flipped(*op), value, *ignoring_case, atoms)?,
                _ => return None,
            },
            Op::In { item, set, ignoring_case } => {
                let (column, _) = self.column(item)?;
                atoms.intern(Atom { column, test: one_of(set, *ignoring_case) })
            }
            Op::TextTest { op, left, right, ignoring_case } => {
                let (column, _) = self.column(left)?;
                let Op::Constant(Value::Text(pattern)) = &right.op else { return None };
                let how = match op {
                    TextOp::StartsWith => TextMatch::StartsWith,
                    TextOp::EndsWith => TextMatch::EndsWith,
                    TextOp::Contains => TextMatch::Contains,
                };
                let patterns = vec![folded(pattern, *ignoring_case)];
                atoms.intern(Atom { column, test: AtomTest::Text { how, patterns, ignoring_case: *ignoring_case } })
            }
            Op::InDomain { host, domains } => {
                let (column, _) = self.column(host)?;
                let test = AtomTest::Text { how: TextMatch::InDomain, patterns: domains.clone(), ignoring_case: true };
                atoms.intern(Atom { column, test })
            }
            Op::Matches { left, pattern } => {
                let (column, _) = self.column(left)?;
                atoms.intern(Atom { column, test: AtomTest::Matches(*pattern) })
            }
            _ => return None,
        })
    }

    fn compare(&self, left: &Expr, op: CompareOp, value: &Value, fold: bool, atoms: &mut Atoms) -> Option<Bool> {
        if let Op::Coalesce(of, default) = &left.op {
            // An absent value makes the comparison what it is for the default.
            let Op::Constant(default) = &default.op else { return None };
            let holds = constant_compare(default, op, value, fold)?;
            let (column, _) = self.column(of)?;
            let test = self.compare(of, op, value, fold, atoms)?;
            let present = atoms.intern(Atom { column, test: AtomTest::Present });
            return Some(if holds { Bool::Or(vec![test, Bool::Not(Box::new(present))]) } else { test });
        }
        let (column, optional) = self.column(left)?;
        if super::expr::stored(self.schema, &left.ty) == Type::Struct {
            return None;
        }
        let below = |or_equal, atoms: &mut Atoms| atoms.intern(Atom { column, test: below(value, or_equal) });
        let equal = |atoms: &mut Atoms| atoms.intern(Atom { column, test: one_of(std::slice::from_ref(value), fold) });
        // The negation of a test holds for an absent value too; the comparison does not.
        let not = |test: Bool, atoms: &mut Atoms| {
            let not = Bool::Not(Box::new(test));
            if !optional {
                return not;
            }
            Bool::And(vec![not, atoms.intern(Atom { column, test: AtomTest::Present })])
        };
        let ordered = !fold && !matches!(value, Value::List(_) | Value::Bool(_) | Value::Text(_));
        Some(match op {
            CompareOp::Eq => equal(atoms),
            CompareOp::Ne => {
                let test = equal(atoms);
                not(test, atoms)
            }
            _ if !ordered => return None,
            CompareOp::Lt => below(false, atoms),
            CompareOp::Le => below(true, atoms),
            CompareOp::Ge => {
                let test = below(false, atoms);
                not(test, atoms)
            }
            CompareOp::Gt => {
                let test = below(true, atoms);
                not(test, atoms)
            }
        })
    }
}

fn below(bound: &Value, or_equal: bool) -> AtomTest {
    AtomTest::Below { bound: bound.clone(), or_equal }
}

fn one_of(values: &[Value], ignoring_case: bool) -> AtomTest {
    let texts = |v: &Value| match v {
        Value::Text(t) => Some(folded(t, ignoring_case)),
        _ => None,
    };
    let mut patterns = Vec::with_capacity(values.len());
    patterns.extend(values.iter().map_while(texts));
    if patterns.is_empty() || patterns.len() < values.len() {
        return AtomTest::OneOf(values.to_vec());
    }
    patterns.sort();
    patterns.dedup();
    AtomTest::Text { how: TextMatch::Equals, patterns, ignoring_case }
}

fn folded(text: &str, ignoring_case: bool) -> String {
    if ignoring_case { text.to_lowercase() } else { text.to_string() }
}

fn flipped(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq | CompareOp::Ne => op,
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
    }
}

/// For constants of the kinds that defaults usually have.
fn constant_compare(left: &Value, op: CompareOp, right: &Value, fold: bool) -> Option<bool> {
    use std::cmp::Ordering;
    let ordering = match (left, right) {
        (Value::Int(a), Value::Int(b)) | (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) | (Value::Percent(a), Value::Percent(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) if !fold => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Enum(a, x), Value::Enum(b, y)) if a == b => x.cmp(y),
        _ => return None,
    };
    Some(match op {
        CompareOp::Eq => ordering == Ordering::Equal,
        CompareOp::Ne => ordering != Ordering::Equal,
        CompareOp::Lt => ordering == Ordering::Less,
        CompareOp::Le => ordering != Ordering::Greater,
        CompareOp::Gt => ordering == Ordering::Greater,
        CompareOp::Ge => ordering != Ordering::Less,
    })
}
