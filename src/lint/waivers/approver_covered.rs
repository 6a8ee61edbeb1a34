use super::granted;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::ApproverCovered, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let all = granted::all(context);
    for granted in &all {
        let approver = granted.waiver.approver.as_str();
        let others = all.iter().filter(|o| o.rule == granted.rule && o.waiver.span != granted.waiver.span);
        let own = others.flat_map(|o| o.covered()).find(|(value, _)| *value == approver);
        let Some((_, covered)) = own else { continue };
        let message = format!("`{approver}` lets others off `{}`, and is let off it too", granted.rule);
        let d = Diagnostic::warning(LINT.code, message, granted.approved_by(), "approves here").label(covered, "is covered here");
        found.push(d.help("have one of the two approved by somebody who gains nothing by it"));
    }
}
