use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, walk};
use crate::source::Span;
use crate::syntax::ast::ExprKind;

pub const LINT: Lint = Lint { code: Code::TwiceInSet, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for e in walk::written(context) {
        walk::each_written(e, &mut |e| {
            let ExprKind::Set(elements) = &e.kind else { return };
            for (i, element) in elements.iter().enumerate() {
                let text = context.text(element.span);
                let Some(first) = elements[..i].iter().find(|f| context.text(f.span) == text) else { continue };
                let d = Diagnostic::warning(LINT.code, format!("{text} stands twice in one set"), element.span, "again here")
                    .label(first.span, "first here");
                // With the comma, where no remark stands between.
                let cut = Span { start: elements[i - 1].span.end, ..element.span };
                let between = context.text(Span { end: element.span.start, ..cut });
                found.push(match between.trim() == "," {
                    true => d.safe_fix("take the second one out", cut, ""),
                    false => d.help("take one of them out; perhaps another one was meant"),
                });
            }
        });
    }
}
