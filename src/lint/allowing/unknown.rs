use crate::diag::{Code, Diagnostic, Level, did_you_mean};
use crate::lint::allow::{Allow, Unknown};
use crate::lint::{Context, Lint, all};

pub const LINT: Lint = Lint { code: Code::UnknownAllow, level: Level::Warning, on: true, check: |_, _| {} };

pub fn unknown(context: &Context, allow: &Allow) -> Option<Diagnostic> {
    let (span, what) = allow.unknown?;
    let word = context.text(span);
    let (message, known): (String, Vec<&str>) = match what {
        Unknown::Verb => ("this remark to the linter says nothing".into(), vec!["allow", "allow-file"]),
        Unknown::Code => (format!("there is no lint `{word}`"), all().map(|l| l.code.as_str()).collect()),
        Unknown::Doc => {
            let d =
                Diagnostic::warning(LINT.code, "a doc comment is for readers, not for the linter", span, "three signs");
            return Some(d.help("remarks to the linter begin with `//`").safe_fix("write `//`", span, "//"));
        }
        Unknown::NoCode => ("this remark does not say which lint it allows".into(), Vec::new()),
    };
    let d = Diagnostic::warning(LINT.code, message, span, "not known");
    Some(match did_you_mean(word, known) {
        Some(near) => d.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), span, near),
        None => d.help("write `// lint: allow L0101 because …`; `bylaws lint --list` shows every lint"),
    })
}
