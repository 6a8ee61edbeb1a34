use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::ExprKind;

pub const LINT: Lint = Lint { code: Code::PatternDot, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Matches { pattern, .. } = &e.kind else { return };
            if let Some(mended) = escaped(&pattern.text) {
                found.push(
                    Diagnostic::warning(
                        LINT.code,
                        "a `.` between letters fits any letter",
                        pattern.span,
                        "fits `exampleXcom`, where `example.com` is meant",
                    )
                    .help(format!("write `\\.` for the sign itself: /{mended}/; for hosts, `in_domain` is safer")),
                );
            }
        });
    }
}

/// The pattern with plain dots in names such as `example.com`; none where there is no such name.
fn escaped(pattern: &str) -> Option<String> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let (mut found, mut in_class) = (false, false);
    for (i, c) in letters.iter().enumerate() {
        match c {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        let word = |at: Option<&char>| at.is_some_and(|c| c.is_ascii_alphanumeric());
        let before = i.checked_sub(1).and_then(|at| letters.get(at));
        let named = word(before) && word(letters.get(i + 1)) && word(letters.get(i + 2));
        // `\d.` ends with a class, not with a letter.
        let class = i.checked_sub(2).and_then(|at| letters.get(at)).is_some_and(|c| *c == '\\');
        if *c == '.' && named && !in_class && !class {
            out.push('\\');
            found = true;
        }
        out.push(*c);
    }
    found.then_some(out)
}
