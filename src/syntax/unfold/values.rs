//! The values of given records: one over another, at a path, and what they are made of.

use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, GivenField, GivenValue, Ident};

/// The fields of one record over those of another; nested ones field by field.
pub fn over(base: &[GivenField], own: Vec<GivenField>) -> Vec<GivenField> {
    let mut all: Vec<GivenField> =
        base.iter().filter(|b| own.iter().all(|o| o.name.text != b.name.text)).cloned().collect();
    all.extend(own.into_iter().map(|field| {
        let below = base.iter().find(|b| b.name.text == field.name.text).map(|b| &b.value);
        match (below, field.value) {
            (Some(GivenValue::Record(base)), GivenValue::Record(own)) => {
                GivenField { value: GivenValue::Record(over(base, own)), ..field }
            }
            (_, value) => GivenField { value, ..field },
        }
    }));
    all
}

/// Puts a value at a dotted path.
pub fn insert(fields: &mut Vec<GivenField>, path: &[Ident], value: GivenValue, span: Span) {
    let Some((name, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        fields.push(GivenField { name: name.clone(), value, span });
        return;
    }
    let same = fields.iter_mut().find(|f| f.name.text == name.text && matches!(f.value, GivenValue::Record(_)));
    match same.map(|f| &mut f.value) {
        Some(GivenValue::Record(inner)) => insert(inner, rest, value, span),
        _ => {
            let mut inner = Vec::new();
            insert(&mut inner, rest, value, span);
            fields.push(GivenField { name: name.clone(), value: GivenValue::Record(inner), span });
        }
    }
}

pub fn value_span(value: &GivenValue, around: Span) -> Span {
    match value {
        GivenValue::Expr(e) => e.span,
        GivenValue::List(_, span) | GivenValue::Nothing(span) => *span,
        GivenValue::Malformed(text) => text.span,
        GivenValue::Record(fields) => match (fields.first(), fields.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => around,
        },
    }
}

pub fn path_of(e: &Expr) -> Option<Vec<&Ident>> {
    match &e.kind {
        ExprKind::Name(name) => Some(vec![name]),
        ExprKind::Field { of, name } => {
            let mut path = path_of(of)?;
            path.push(name);
            Some(path)
        }
        _ => None,
    }
}

/// The parts of an expression; not those of a history condition, which no constant has.
pub fn children(e: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
    match &mut e.kind {
        ExprKind::Field { of, .. }
        | ExprKind::Optional(of)
        | ExprKind::Present { of, .. }
        | ExprKind::Not(of)
        | ExprKind::Neg(of)
        | ExprKind::Matches { left: of, .. } => f(of),
        ExprKind::Coalesce(left, right)
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Arith { left, right, .. }
        | ExprKind::TextTest { left, right, .. }
        | ExprKind::Overlaps { left, right, .. }
        | ExprKind::In { item: left, set: right, .. } => {
            f(left);
            f(right);
        }
        ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Set(all) | ExprKind::Call { args: all, .. } => {
            all.iter_mut().for_each(f);
        }
        _ => {}
    }
}

pub fn parts(e: &Expr) -> usize {
    // Only arithmetic and the like can be a value; the rest is small, or refused later.
    match &e.kind {
        ExprKind::Neg(of) | ExprKind::Not(of) => 1 + parts(of),
        ExprKind::Arith { left, right, .. }
        | ExprKind::Coalesce(left, right)
        | ExprKind::Compare { left, right, .. }
        | ExprKind::TextTest { left, right, .. }
        | ExprKind::Overlaps { left, right, .. }
        | ExprKind::In { item: left, set: right, .. } => 1 + parts(left) + parts(right),
        ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Set(all) | ExprKind::Call { args: all, .. } => {
            1 + all.iter().map(parts).sum::<usize>()
        }
        _ => 1,
    }
}
