use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::syntax::ast::ExprKind;

pub const LINT: Lint = Lint { code: Code::PatternOfPlainText, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Matches { left, pattern, ignoring_case } = &e.kind else { return };
            let text = pattern.text.as_str();
            let (start, end) = (text.starts_with('^'), text.ends_with('$') && !text.ends_with("\\$"));
            let plain = text.strip_prefix('^').unwrap_or(text);
            let plain = if end { &plain[..plain.len().saturating_sub(1)] } else { plain };
            if plain.is_empty() || plain.contains(|c: char| "\\.+*?()|[]{}^$\"".contains(c)) {
                return;
            }
            let test = match (start, end) {
                (true, true) => "==",
                (true, false) => "starts_with",
                (false, true) => "ends_with",
                (false, false) => "contains",
            };
            let d = Diagnostic::advice(LINT.code, "this pattern is a plain text", pattern.span, "has no signs of a pattern");
            let case = if *ignoring_case { " ignoring case" } else { "" };
            let plain = format!("{} {test} \"{plain}\"{case}", context.text(left.span));
            found.push(match ignoring_case {
                true => d.fix(format!("write `{test}`"), e.span, plain),
                false => d.safe_fix(format!("write `{test}`"), e.span, plain),
            });
        });
    }
}
