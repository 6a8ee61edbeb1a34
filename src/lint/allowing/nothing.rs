use crate::diag::{Code, Diagnostic, Level};
use crate::lint::Lint;
use crate::lint::allow::{Allow, Named};

pub const LINT: Lint = Lint { code: Code::AllowsNothing, level: Level::Warning, on: true, check: |_, _| {} };

/// `looked`: the lints that were asked; of others nothing can be said.
pub fn nothing(allow: &Allow, looked: &[Code]) -> Option<Diagnostic> {
    let idle = |named: &&Named| allow.reason && !named.used && looked.contains(&named.code);
    let first = allow.codes.iter().find(idle)?;
    let d = Diagnostic::warning(
        LINT.code,
        format!("{} is allowed here, and there is none", first.code),
        first.span,
        "lets nothing pass",
    );
    if allow.codes.iter().filter(idle).count() == allow.codes.len() && allow.unknown.is_none() {
        return Some(d.safe_fix("take the remark out", allow.whole.unwrap_or(allow.span), ""));
    }
    Some(d.help("take this code out of the remark"))
}
