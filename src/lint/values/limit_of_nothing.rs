use crate::diag::{Code, Diagnostic, Level};
use crate::lint::reason::constant;
use crate::lint::{Context, Found, Lint};
use crate::data::Value;
use crate::sema::hir::{Body, Func};

pub const LINT: Lint = Lint { code: Code::LimitOfNothing, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in &context.hir.rules {
        let Body::Limit { aggregate, to, .. } = &rule.body else { continue };
        let counts = matches!(aggregate.func, Func::Count | Func::Distinct);
        if counts && matches!(constant(context, to), Some(Value::Int(n)) if *n <= 0) {
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    format!("`{}` is crossed by the first record already", rule.name),
                    to.span,
                    "no record is within it",
                )
                .help("a limit tells the crossing only, not the records behind it; if each is to be a finding, write `forbid`"),
            );
        }
    }
}
