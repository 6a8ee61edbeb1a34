use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::{ItemKind, Str};

pub const LINT: Lint = Lint { code: Code::TitleForm, level: Level::Advice, on: true, check };

/// As many letters as a line of a report has room for.
const LONG: usize = 100;

fn check(context: &Context, found: &mut Found) {
    for item in context.items() {
        let title = match &item.kind {
            ItemKind::Rule(rule) | ItemKind::Revise(rule) => &rule.title,
            ItemKind::Metric(metric) => &metric.title,
            ItemKind::Policy(policy) => &policy.title,
            _ => continue,
        };
        if let Some(title) = title {
            found.extend(form(title));
        }
    }
}

fn form(title: &Str) -> Option<Diagnostic> {
    let text = title.text.trim();
    let advice = |message: &str, label: &str| Diagnostic::advice(LINT.code, message, title.span, label);
    let letters = text.chars().count();
    if letters > LONG {
        let d = advice("the title is too long for a heading", &format!("{letters} letters"));
        return Some(d.help("say in the title what is asked, and all else in `///` above the rule"));
    }
    if text.ends_with(['.', '。', '!', ';', ':', ',']) && !text.ends_with("etc.") && !text.ends_with("...") {
        let d = advice("the title ends with a mark", "stands in headings and lists");
        return Some(d.help("leave the mark at its end out"));
    }
    let mut signs = text.chars();
    let (first, second) = (signs.next()?, signs.next()?);
    if first.is_ascii_lowercase() && second.is_ascii_lowercase() {
        return Some(advice("the title begins with a small letter", "stands in headings and lists").help("write it like a sentence without its period"));
    }
    None
}
