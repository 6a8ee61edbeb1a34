use crate::data::{KindId, Schema, Value};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::{self, Part};
use crate::lint::{Context, Found, Lint, walk};
use crate::sema::hir::{CompareOp, Expr, ExprKind};

pub const LINT: Lint = Lint { code: Code::NamesAPerson, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for rule in &context.hir.rules {
        fields::each(rule, &mut |part, e, kinds| {
            if part == Part::Message {
                return;
            }
            let field = match &e.kind {
                ExprKind::Compare { op: CompareOp::Eq | CompareOp::Ne, left, right, .. } => {
                    let one = |side: &Expr, other: &Expr| person(schema, side, kinds).filter(|_| constant(other));
                    one(left, right).or_else(|| one(right, left))
                }
                ExprKind::In { item, .. } => person(schema, item, kinds),
                ExprKind::Under { who, above, .. } => {
                    person(schema, who, kinds).filter(|_| constant(above)).or_else(|| person(schema, above, kinds).filter(|_| constant(who)))
                }
                _ => None,
            };
            if let Some(name) = field {
                let message = format!("`{}` is about a named person", rule.name);
                let d = Diagnostic::warning(LINT.code, message, e.span, format!("`{name}` is compared with a constant"));
                found.push(d.help(
                    "write what the rule is about in place of the person: a role, a unit, a kind of record. To let one \
                     person pass for a time, grant a waiver: `waive RULE for …`",
                ));
            }
        });
    }
}

/// The field's name, where it says who somebody is.
fn person(schema: &Schema, e: &Expr, kinds: &[KindId]) -> Option<String> {
    let e = walk::bare(e);
    if let ExprKind::Coalesce(of, _) = &e.kind {
        return person(schema, of, kinds);
    }
    let (kind, column) = fields::of(e, kinds)?;
    let named = schema.column(kind, column).name.clone();
    schema.is_person(kind, column).then_some(named)
}

/// One that could be a person's: not the empty text.
fn constant(e: &Expr) -> bool {
    match &walk::bare(e).kind {
        ExprKind::Constant(Value::Text(text)) => !text.trim().is_empty(),
        ExprKind::Constant(_) => true,
        _ => false,
    }
}
