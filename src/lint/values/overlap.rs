use super::thresholds;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::ThresholdOverlap, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for group in thresholds::groups(context) {
        for (i, wide) in group.iter().enumerate() {
            // What the narrower one finds, the wider one finds too.
            let narrow = group.iter().enumerate().find(|(j, t)| {
                *j != i && t.set != wide.set && t.set.and(&wide.set) == t.set && !t.set.is_empty()
            });
            let Some((_, narrow)) = narrow else { continue };
            found.push(
                Diagnostic::warning(
                    LINT.code,
                    format!("all that `{}` finds, `{}` finds too", narrow.rule.name, wide.rule.name),
                    wide.span,
                    "takes in the other one",
                )
                .label(narrow.span, "the narrower one")
                .help("one record is two findings then: let the wider one end where the narrower begins"),
            );
        }
    }
}
