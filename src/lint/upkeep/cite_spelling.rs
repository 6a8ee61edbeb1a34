use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, words};
use crate::syntax::ast::{ClauseKind, Str};
use std::collections::BTreeMap;

pub const LINT: Lint = Lint { code: Code::CiteSpelling, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let mut places: BTreeMap<String, Vec<&Str>> = BTreeMap::new();
    for (_, rule) in context.rule_items() {
        for clause in &rule.clauses {
            if let ClauseKind::Cite(cite) = &clause.kind {
                places.entry(plain(&cite.text)).or_default().push(cite);
            }
        }
    }
    for same in places.values().filter(|same| same.iter().any(|cite| cite.text != same[0].text)) {
        let often = |text: &str| same.iter().filter(|cite| cite.text == text).count();
        // The first of those that are written most often.
        let Some(usual) = same.iter().rev().max_by_key(|cite| often(&cite.text)) else { continue };
        for other in same.iter().filter(|cite| cite.text != usual.text) {
            let message = "one place is cited in two spellings";
            let d = Diagnostic::advice(LINT.code, message, other.span, "reports list these two apart")
                .label(usual.span, "written like this here");
            found.push(d.fix("write it as elsewhere", other.span, context.text(usual.span)).help(format!("write \"{}\"", usual.text)));
        }
    }
}

/// The words of a citation, with the usual short forms as one.
fn plain(cite: &str) -> String {
    let words = words::of(&cite.replace('§', " section "));
    let short = words.iter().filter(|word| *word != "the").map(|word| match word.as_str() {
        "sec" | "sect" | "section" | "sections" => "section",
        "art" | "arts" | "article" | "articles" => "article",
        "para" | "par" | "paragraph" => "paragraph",
        "ch" | "chap" | "chapter" => "chapter",
        "no" | "nr" | "number" => "number",
        other => other,
    });
    short.collect::<Vec<_>>().join(" ")
}
