use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::{self, Part};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::WithheldInMessage, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for rule in &context.hir.rules {
        fields::each(rule, &mut |part, e, kinds| {
            let Some((kind, column)) = fields::of(e, kinds).filter(|_| part == Part::Message) else { return };
            let column = schema.column(kind, column);
            if column.sensitive {
                let message = format!("the sentence of `{}` asks for a value that is never printed", rule.name);
                let d = Diagnostic::warning(LINT.code, message, e.span, "readers see `(withheld)`")
                    .label(column.span, "marked `@sensitive` here");
                found.push(d.help("take it out of the sentence, or write another field: {id}"));
            }
        });
    }
}
