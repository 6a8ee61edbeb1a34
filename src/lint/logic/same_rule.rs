use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, likeness};
use rustc_hash::FxHashMap;

pub const LINT: Lint = Lint { code: Code::SameRule, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let mut first: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (i, rule) in context.hir.rules.iter().enumerate() {
        let alike = first.entry(likeness::of(context, rule)).or_default();
        let other = alike.iter().map(|j| &context.hir.rules[*j]).find(|o| o.name != rule.name && together(o, rule));
        if let Some(other) = other {
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    format!("`{}` asks for the same as `{}`", rule.name, other.name),
                    rule.name_span,
                    "each of its findings is there twice",
                )
                .label(other.name_span, "the other one")
                .help("keep one of them, and name both sources in its `cite`"),
            );
        }
        alike.push(i);
    }
}

fn together(a: &crate::sema::hir::Rule, b: &crate::sema::hir::Rule) -> bool {
    let before = |until: Option<i32>, from: Option<i32>| until.zip(from).is_some_and(|(u, f)| u <= f);
    !before(a.effective.1, b.effective.0) && !before(b.effective.1, a.effective.0)
}
