use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::{Ident, ItemKind};

pub const LINT: Lint = Lint { code: Code::NamesAlike, level: Level::Warning, on: true, check };

/// Shorter names differ in a letter by nature.
const LONG: usize = 10;

fn check(context: &Context, found: &mut Found) {
    let (mut rules, mut values, mut kinds, mut metrics) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for item in context.items() {
        match &item.kind {
            ItemKind::Rule(rule) => rules.push(&rule.name),
            ItemKind::Let(of) => values.push(&of.name),
            ItemKind::Define(of) => values.push(&of.name),
            ItemKind::Param(of) => values.push(&of.name),
            ItemKind::Record(of) | ItemKind::Table(of) => kinds.push(&of.name),
            ItemKind::Metric(of) => metrics.push(&of.name),
            _ => {}
        }
    }
    for names in [rules, values, kinds, metrics] {
        for (i, name) in names.iter().enumerate() {
            let Some(other) = names[..i].iter().find(|other| alike(other, name)) else { continue };
            let message = format!("`{}` and `{}` are easily taken for each other", other.text, name.text);
            let d = Diagnostic::warning(LINT.code, message, name.span, "this one").label(other.span, "and this one");
            found.push(d.help("give one of them a name that says what it is and the other is not"));
        }
    }
}

fn alike(a: &Ident, b: &Ident) -> bool {
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let near = || {
        let long = a.text.chars().count().min(b.text.chars().count()) >= LONG;
        long && digits(&a.text) == digits(&b.text) && slip(&a.text, &b.text)
    };
    a.text != b.text && (folded(&a.text) == folded(&b.text) || near())
}

/// They differ in one letter of one word of some length.
fn slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('_').collect(), b.split('_').collect());
    let differing: Vec<(&str, &str)> = a.iter().copied().zip(b.iter().copied()).filter(|(a, b)| a != b).collect();
    match differing.as_slice() {
        [(x, y)] => a.len() == b.len() && x.len().max(y.len()) >= 6 && strsim::damerau_levenshtein(x, y) == 1,
        _ => false,
    }
}

/// Without case, underscores and a plural's ending; digits that look like letters are these.
fn folded(name: &str) -> String {
    let plain: String = name.to_lowercase().chars().filter(|c| *c != '_').collect();
    let plain = plain.strip_suffix('s').map_or(plain.clone(), str::to_owned);
    plain.chars().map(|c| if c == '0' { 'o' } else { c }).collect()
}
