use crate::diag::{Code, Diagnostic, Level};
use crate::lint::allow::Allow;
use crate::lint::{Context, Lint};

pub const LINT: Lint = Lint { code: Code::AllowWithoutReason, level: Level::Warning, on: true, check: |_, _| {} };

pub fn without_reason(context: &Context, allow: &Allow) -> Option<Diagnostic> {
    if allow.reason || allow.unknown.is_some() {
        return None;
    }
    let code = allow.codes.first()?.code;
    let said = context.text(allow.span).trim_end();
    let said = said.strip_suffix("because").unwrap_or(said).trim_end();
    Some(
        Diagnostic::warning(LINT.code, format!("{code} is allowed without a reason"), allow.span, "says no reason")
            .help(format!("nothing is allowed until it says why:\n    {said} because …")),
    )
}
