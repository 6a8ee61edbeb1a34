use super::using;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::What;
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::UnusedWord, level: Level::Advice, on: false, check };

/// Words of an enum of which others are asked for.
fn check(context: &Context, found: &mut Found) {
    let used = using::used(context, What::Word, true);
    for item in context.items() {
        let ItemKind::Enum(of) = &item.kind else { continue };
        if of.words.iter().all(|w| !used.contains(&w.name.span)) {
            continue;
        }
        for word in of.words.iter().filter(|w| !used.contains(&w.name.span)) {
            found.push(
                Diagnostic::advice(
                    LINT.code,
                    format!("no rule asks for `{}`", word.name.text),
                    word.name.span,
                    "never named",
                )
                .help("see whether a rule forgets it; a word that records hold has to stay"),
            );
        }
    }
}
