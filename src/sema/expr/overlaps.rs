//! `a overlaps b`: whether two lists have an element in common.

use super::super::hir::{Expr, ExprKind};
use super::{Typer, bool_expr};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast;

impl Typer<'_, '_> {
    pub(super) fn overlaps(
        &mut self,
        e: &ast::Expr,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        ignoring_case: bool,
    ) -> Option<Expr> {
        let (left, right) = match (self.is_constant_set(left), self.is_constant_set(right)) {
            (false, false) => {
                let (a, b) = (self.several(e, left, right), self.several(e, right, left));
                let (a, b) = (a?, b?);
                self.of_one_type(e, &a, &b)?;
                (a.0, b.0)
            }
            (false, true) => {
                let (list, of) = self.several(e, left, right)?;
                let set = self.constants(right, &list, &of)?;
                (list, set)
            }
            (true, false) => {
                let (list, of) = self.several(e, right, left)?;
                let set = self.constants(left, &list, &of)?;
                (set, list)
            }
            (true, true) => return self.both_constant(op_span, left, right),
        };
        let of = element(&left.ty)?;
        self.case(e.span, of, ignoring_case)?;
        let kind = ExprKind::Overlaps { left: Box::new(left), right: Box::new(right), ignoring_case };
        Some(bool_expr(kind, e.span))
    }

    /// A list, and the type of its elements.
    fn several(&mut self, e: &ast::Expr, list: &ast::Expr, other: &ast::Expr) -> Option<(Expr, Type)> {
        let expr = self.tested(e, list, None)?;
        if let Some(of) = element(&expr.ty) {
            let of = of.clone();
            return Some((expr, of));
        }
        if matches!(expr.kind, ExprKind::Constant(_)) {
            return self.not_a_set(list, None);
        }
        let d = Diagnostic::error(
            Code::Incomparable,
            format!(
                "`{}` is {}, and `overlaps` is about two lists or sets",
                self.quote(list.span),
                self.a_type(&expr.ty)
            ),
            list.span,
            "one value",
        );
        let fixed = format!("{} in {}", self.quote(list.span), self.quote(other.span));
        self.fail(self.world.report.rewrite(d, "of one value ask whether it is among them:", e.span, &fixed))
    }

    /// A set of constants, as a list of the type that the other one's elements have.
    fn constants(&mut self, set: &ast::Expr, other: &Expr, of: &Type) -> Option<Expr> {
        let item = Expr { ty: of.clone(), optional: false, ..other.clone() };
        let mut values = Vec::new();
        self.elements(set, &item, &mut values)?;
        let kind = ExprKind::Constant(Value::List(values));
        Some(Expr { kind, ty: Type::Set(Box::new(of.clone())), optional: false, span: set.span })
    }

    fn of_one_type(&self, e: &ast::Expr, left: &(Expr, Type), right: &(Expr, Type)) -> Option<()> {
        if self.same(&left.1, &right.1) {
            return Some(());
        }
        let holds = |(list, of): &(Expr, Type)| format!("`{}` holds {}", self.quote(list.span), self.a_type(of));
        let d = Diagnostic::error(
            Code::Incomparable,
            format!("{}, and {}", holds(left), holds(right)),
            e.span,
            "of two types",
        );
        self.fail(d.help("two lists overlap where they have elements of one type; equality never converts"))
    }

    fn both_constant<T>(&self, op_span: Span, left: &ast::Expr, right: &ast::Expr) -> Option<T> {
        if [left, right].iter().any(|side| matches!(side.kind, ast::ExprKind::Error)) {
            return None;
        }
        let d = Diagnostic::error(
            Code::Incomparable,
            format!("`{}` and `{}` are both constants", self.quote(left.span), self.quote(right.span)),
            op_span,
            "the same for every record",
        );
        self.fail(d.help("one side is a field that holds several values: `topics overlaps …`"))
    }
}

fn element(ty: &Type) -> Option<&Type> {
    match ty {
        Type::List(of) | Type::Set(of) => Some(of),
        _ => None,
    }
}
