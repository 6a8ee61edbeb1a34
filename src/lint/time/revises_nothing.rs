use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, likeness};
use crate::sema::hir::{MessagePart, Rule};

pub const LINT: Lint = Lint { code: Code::RevisesNothing, level: Level::Warning, on: true, check };

/// The wordings of a rule stand one behind the other, by their days.
fn check(context: &Context, found: &mut Found) {
    for pair in context.hir.rules.windows(2) {
        let [before, after] = pair else { continue };
        // Of one text there is a rule for each value of its parameters.
        if before.name != after.name || before.span == after.span || said(context, before) != said(context, after) {
            continue;
        }
        found.push(
            Diagnostic::warning(
                LINT.code,
                format!("this wording of `{}` changes nothing", after.name),
                after.name_span,
                "says what the one before it says",
            )
            .label(before.name_span, "the wording before")
            .help("take it out, or write what changes on that day"),
        );
    }
}

fn said(context: &Context, rule: &Rule) -> String {
    let because: Vec<String> = rule
        .because
        .iter()
        .flatten()
        .map(|part| match part {
            MessagePart::Text(text) => text.clone(),
            MessagePart::Expr(e) => crate::lint::reason::key(context, e),
        })
        .collect();
    let texts = [&rule.cite, &rule.purpose, &rule.legal_basis, &rule.consequence];
    let exceptions: Vec<&str> = rule.unless.iter().map(|e| e.name.as_str()).collect();
    format!("{} {} {texts:?} {:?} {because:?} {exceptions:?}", likeness::asked(context, rule), rule.title, rule.retention)
}
