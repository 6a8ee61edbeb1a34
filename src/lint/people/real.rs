use crate::data::Value;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::hir::Cell;
use crate::source::Span;

pub const LINT: Lint = Lint { code: Code::RealPersonInTest, level: Level::Advice, on: true, check };

/// Words in names that are plainly made up, or are no person's.
const MADE_UP: [&str; 29] = [
    "example", "sample", "test", "tester", "doe", "roe", "mustermann", "muster", "beispiel", "demo", "dummy", "fake",
    "nobody", "somebody", "someone", "person", "employee", "user", "anonymous", "unknown", "fictional", "supplier",
    "company", "fund", "bank", "embassy", "ministry", "inc", "ltd",
];

const EVERYMAN: [&str; 5] = ["张三", "李四", "王五", "赵六", "某"];

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for test in &context.hir.tests {
        for given in &test.given {
            for (column, cell) in &given.cells {
                let Cell::Value(Value::Text(text)) = cell else { continue };
                if !schema.is_person(given.kind, *column) || !looks_real(text) {
                    continue;
                }
                let message = "a person in a test looks like a real one";
                let label = format!("`{}` is `{text}`", schema.column(given.kind, *column).name);
                let d = Diagnostic::advice(LINT.code, message, within(context, given.span, text), label);
                found.push(d.help("tests stay for years and go wherever the policy goes: write `E1`, `Ana Example`, `ana@mail.example`"));
            }
        }
    }
}

/// The text's own place, where it stands there.
fn within(context: &Context, span: Span, text: &str) -> Span {
    let quoted = format!("\"{text}\"");
    match context.text(span).find(&quoted) {
        Some(at) => Span::new(span.file, span.start as usize + at, span.start as usize + at + quoted.len()),
        None => span,
    }
}

fn looks_real(text: &str) -> bool {
    if let Some((local, domain)) = text.split_once('@') {
        return mail(local, domain);
    }
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    if text.chars().all(han) {
        return (2..=4).contains(&text.chars().count()) && !EVERYMAN.iter().any(|name| text.contains(name));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = |word: &&str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 2
            && word.starts_with(char::is_uppercase)
            && word.chars().skip(1).any(char::is_lowercase)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'))
    };
    let made_up = |word: &&str| MADE_UP.contains(&word.trim_end_matches('.').to_lowercase().as_str());
    (2..=4).contains(&words.len()) && words.iter().all(name) && !words.iter().any(made_up)
}

/// Domains that are kept for examples belong to nobody.
fn mail(local: &str, domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let kept = |top: &str| domain == top || domain.ends_with(&format!(".{top}"));
    let made_up = domain.contains("example") || ["test", "invalid", "localhost", "local"].into_iter().any(kept);
    !made_up && domain.contains('.') && local.chars().filter(|c| c.is_alphabetic()).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::looks_real;

    #[test]
    fn names_addresses_and_what_is_neither() {
        let real = ["Jane Smith", "Jean-Luc Moreau", "jane.smith@acme.com", "王小明"];
        assert!(real.iter().all(|t| looks_real(t)), "{real:?}");
        let made_up = ["E1", "Ana Example", "Jane Doe", "Supplier A", "a@cloud-response.com", "jane@mail.example", "张三", "state visit"];
        assert!(!made_up.iter().any(|t| looks_real(t)), "{made_up:?}");
    }
}
