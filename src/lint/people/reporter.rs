use crate::data::Origin;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, fields, words};
use crate::sema::hir::{Times, Trigger, Verb};

pub const LINT: Lint = Lint { code: Code::HeldAgainstReporter, level: Level::Warning, on: true, check };

const REPORTERS: [&str; 12] = [
    "reporter", "reported by", "raised by", "complainant", "complained by", "whistleblower", "whistle blower",
    "informant", "grievant", "=witness", "举报人", "投诉人",
];

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for rule in context.hir.rules.iter().filter(|rule| rule.verb != Verb::Require) {
        // A finding is held against the subject of the last record.
        let own = match &rule.trigger {
            Trigger::Sequence(s) => s.steps.iter().filter(|s| s.times != Times::None).map(|s| s.kind).collect(),
            trigger => vec![trigger.kind()],
        };
        let kinds = own.into_iter().flat_map(|kind| match &schema.kind(kind).origin {
            Origin::Union(members) => members.iter().map(|(member, _)| *member).collect(),
            _ => vec![kind],
        });
        for kind in kinds {
            let Some(subject) = schema.kind(kind).subject().map(|column| schema.column(kind, column)) else { continue };
            if words::first(&words::of(fields::last(&subject.name)), REPORTERS).is_none() {
                continue;
            }
            let (rule, kind) = (rule, &schema.kind(kind).name);
            let message = format!("a finding of `{}` is held against the one who made the report", rule.name);
            let d = Diagnostic::warning(LINT.code, message, rule.trigger.span(), format!("`{kind}` is by `{}`", subject.name))
                .label(subject.span, "the subject of its findings");
            found.push(d.help(
                "a rule about reports looks at how they are handled: use `require … need …` for what the company owes, or \
                 declare the record without `by`, so that it belongs to nobody",
            ));
        }
    }
}
