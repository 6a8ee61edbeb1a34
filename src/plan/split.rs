//! What can be decided when: the parts of a conjunction by what they read, and equalities between two
//! records, by which their histories can be indexed.

use super::atoms::Atoms;
use super::expr::{Expr, Op, stored};
use super::{Key, Test};
use crate::data::{KindId, Schema, Type};
use crate::sema::hir::CompareOp;

/// The parts of a conjunction, nested `and`s taken apart.
pub fn conjuncts(exprs: &[Expr]) -> Vec<&Expr> {
    fn take<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
        match &expr.op {
            Op::And(all) => all.iter().for_each(|e| take(e, out)),
            _ => out.push(expr),
        }
    }
    let mut out = Vec::new();
    exprs.iter().for_each(|e| take(e, &mut out));
    out
}

/// The parts that are known as soon as the record at `root` is read, as tests, the cheap ones first;
/// and whether these are all there are.
pub fn at_once(exprs: &[Expr], root: u8, kind: KindId, schema: &Schema, atoms: &mut Atoms) -> (Vec<Test>, bool) {
    let (mut programs, mut rows, mut all) = (Vec::new(), Vec::new(), true);
    let columns = &schema.kind(kind).columns;
    for part in conjuncts(exprs) {
        if !is_known_at_once(part, root, schema) {
            all = false;
        } else if let Some(program) = atoms.program(part, root, columns, schema) {
            programs.push(Test::Atoms(program));
        } else {
            rows.push(Test::Row(part.clone()));
        }
    }
    programs.append(&mut rows);
    (programs, all)
}

/// Whether a part is known as soon as the record at `root` is read.
pub fn is_known_at_once(part: &Expr, root: u8, schema: &Schema) -> bool {
    let reads = part.reads();
    reads.at_once() && reads.only(root) && !(schema.rates().is_some() && two_amounts(part))
}

/// Two amounts meet, which a rate may have to bring into one currency.
fn two_amounts(part: &Expr) -> bool {
    let mut found = false;
    part.walk(&mut |e| {
        if let Op::Compare { left, right, .. } | Op::Arith { left, right, .. } = &e.op {
            found |= left.ty == Type::Money && right.ty == Type::Money;
        }
    });
    found
}

/// A history's filter by what its parts read.
#[derive(Default)]
pub struct Split {
    pub inner: Vec<Expr>,
    pub joins: Vec<Key>,
    pub join_conditions: Vec<Expr>,
    pub pair: Vec<Expr>,
}

pub fn history_filter(filter: &[Expr], root: u8, kind: KindId, schema: &Schema) -> Split {
    let own = root + 1;
    let mut split = Split::default();
    for part in conjuncts(filter) {
        if part.reads().only(own) {
            split.inner.push(part.clone());
        } else if let Some(key) = join(part, own, kind, schema) {
            split.joins.push(key);
            split.join_conditions.push(part.clone());
        } else {
            split.pair.push(part.clone());
        }
    }
    split
}

/// The parts that read only the record at `own`, and the others.
pub fn by_record(filter: &[Expr], own: u8) -> (Vec<Expr>, Vec<Expr>) {
    conjuncts(filter).into_iter().cloned().partition(|part| part.reads().only(own))
}

/// `inner.x == outer.y`, of types whose values are equal exactly when their bytes are.
fn join(part: &Expr, own: u8, kind: KindId, schema: &Schema) -> Option<Key> {
    let Op::Compare { op: CompareOp::Eq, left, right, ignoring_case: false } = &part.op else { return None };
    let is_inner = |e: &Expr| matches!(e.op, Op::Column { root, .. } if root == own);
    let is_outer = |e: &Expr| {
        let reads = e.reads();
        reads.roots & (1 << own.min(63)) == 0 && reads.roots != 0 && !reads.history
    };
    let (inner, outer) = match (is_inner(left) && is_outer(right), is_inner(right) && is_outer(left)) {
        (true, _) => (left, right),
        (_, true) => (right, left),
        _ => return None,
    };
    let ty = stored(schema, &inner.ty);
    if matches!(ty, Type::Money | Type::List(_) | Type::Set(_) | Type::Struct) || ty != stored(schema, &outer.ty) {
        return None;
    }
    let Op::Column { column, .. } = inner.op else { return None };
    let name = schema.column(kind, column).name.clone();
    Some(Key { inner: (**inner).clone(), outer: (**outer).clone(), name })
}
