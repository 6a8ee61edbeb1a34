use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::SameWords, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let enums = &context.hir.schema.enums;
    for (i, of) in enums.iter().enumerate() {
        let words = |e: &crate::data::EnumDef| e.words.iter().map(|w| w.name.clone()).collect::<Vec<_>>();
        let own = words(of);
        // Two words are too few to be of one meaning.
        let Some(first) = enums[..i].iter().find(|e| own.len() > 2 && words(e) == own && e.span != of.span) else {
            continue;
        };
        if of.words.iter().any(|w| w.span.file != of.span.file) {
            continue;
        }
        found.push(
            Diagnostic::advice(LINT.code, "two enums with the same words", of.span, "cannot be compared with the other one")
                .label(first.span, "the other one")
                .help("declare one `enum` with a name, and give both fields that type"),
        );
    }
}
