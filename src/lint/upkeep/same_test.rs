use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::source::Span;
use crate::syntax::ast::ItemKind;
use std::collections::BTreeMap;

pub const LINT: Lint = Lint { code: Code::TestsOfOneTitle, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    for item in context.items() {
        let ItemKind::Test(test) = &item.kind else { continue };
        match first.get(test.title.text.trim()) {
            None => {
                first.insert(test.title.text.trim(), test.title.span);
            }
            Some(earlier) => {
                let d = Diagnostic::advice(LINT.code, "two tests have the same title", test.title.span, "again here")
                    .label(*earlier, "the first is here");
                found.push(d.help("say in each what it shows: a failure names nothing but the title"));
            }
        }
    }
}
