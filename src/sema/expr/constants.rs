//! Constants of a wanted type: parameters, values of tests, dates of effect.

use super::super::hir::{Expr, ExprKind};
use super::{Typer, convert};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast;

impl Typer<'_, '_> {
    pub fn is_length_like(&self, e: &ast::Expr) -> bool {
        self.is_length(e)
    }

    /// The constant's value, of exactly this type; told where it is of another, or none.
    pub fn constant_of(&mut self, e: &ast::Expr, ty: &Type) -> Option<Value> {
        let expr = self.value(e, Some(ty))?;
        let expr = self.of_type(expr, ty, Code::WrongType)?;
        self.folded(&expr)
    }

    /// Brings a value to the type; told where it is of another.
    pub fn of_type(&self, expr: Expr, ty: &Type, code: Code) -> Option<Expr> {
        match (&expr.ty, ty) {
            (Type::Int, Type::Decimal) => Some(convert(expr, Type::Decimal)),
            (given, wanted) if self.same(given, wanted) => Some(expr),
            (given, wanted) => {
                let d = Diagnostic::error(
                    code,
                    format!("`{}` is {}, not {}", self.quote(expr.span), self.a_type(given), self.a_type(wanted)),
                    expr.span,
                    format!("{} is needed here", self.a_type(wanted)),
                );
                let other = Expr { kind: ExprKind::AsOf, ty: wanted.clone(), optional: false, span: expr.span };
                let advised = self.advise(d.clone(), &other, &expr);
                let plain = advised.fixes.is_empty();
                self.fail(if plain {
                    d.help(format!("write it like this: `{}`", self.sample(wanted)))
                } else {
                    advised
                })
            }
        }
    }
}
