use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::{self, Part, last};
use crate::lint::{Context, Found, Lint, words};

pub const LINT: Lint = Lint { code: Code::NameInMessage, level: Level::Advice, on: true, check };

const NAMES: [&str; 14] = [
    "=name", "full name", "first name", "last name", "given name", "family name", "surname", "=email", "email address",
    "=phone", "phone number", "=mobile", "姓名", "电话",
];

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for rule in &context.hir.rules {
        fields::each(rule, &mut |part, e, kinds| {
            let Some((kind, column)) = fields::of(e, kinds).filter(|_| part == Part::Message) else { return };
            let column = schema.column(kind, column);
            let named = column.person && !column.sensitive;
            if named && words::first(&words::of(last(&column.name)), NAMES).is_some() {
                let message = format!("the sentence of `{}` has a person's `{}` in it", rule.name, last(&column.name));
                let d = Diagnostic::advice(LINT.code, message, e.span, "stands in every report of a finding");
                found.push(d.help(
                    "write the identifier instead, as in {actor}: who needs the name can look it up. If nobody is to read \
                     it in reports, mark the field `@sensitive`",
                ));
            }
        });
    }
}
