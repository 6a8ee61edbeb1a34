use crate::diag::{Code, Diagnostic, Level};
use crate::lint::values::thresholds::{self, Threshold};
use crate::lint::{Context, Found, Lint, likeness};
use crate::sema::hir::Rule;
use rustc_hash::FxHashMap;

pub const LINT: Lint = Lint { code: Code::NearRule, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let mut first: FxHashMap<String, &Rule> = FxHashMap::default();
    let groups = thresholds::groups(context);
    for rule in &context.hir.rules {
        let Some(key) = likeness::but_constants(context, rule) else { continue };
        let other = *first.entry(key).or_insert(rule);
        // Of limits that overlap or leave a gap more is said elsewhere.
        let compared = |g: &Vec<Threshold>| [other, rule].iter().all(|r| g.iter().any(|t| t.rule.name == r.name));
        let alike = other.name != rule.name && other.severity == rule.severity && !groups.iter().any(compared);
        if alike && likeness::of(context, other) != likeness::of(context, rule) {
            found.push(
                Diagnostic::advice(
                    LINT.code,
                    format!("`{}` differs from `{}` in one constant only", rule.name, other.name),
                    rule.name_span,
                    "a copy with another value",
                )
                .label(other.name_span, "the other one")
                .help("make one rule of both: a set of values, a table, or a `param` that changes from a day on"),
            );
        }
    }
}
