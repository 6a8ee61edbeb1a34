use super::granted;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, words};

pub const LINT: Lint = Lint { code: Code::ApprovedByNobody, level: Level::Warning, on: true, check };

const NOBODY: [&str; 22] = [
    "management", "the management", "manager", "the manager", "boss", "team", "the team", "everyone", "everybody", "nobody",
    "somebody", "someone", "admin", "administrator", "system", "the system", "root", "automatic", "auto", "me", "self", "x",
];

fn check(context: &Context, found: &mut Found) {
    for granted in granted::all(context) {
        let approver = words::of(&granted.waiver.approver).join(" ");
        if words::open(&granted.waiver.approver) || NOBODY.contains(&approver.as_str()) {
            let message = format!("the waiver of `{}` was approved by nobody in particular", granted.rule);
            let d = Diagnostic::warning(LINT.code, message, granted.approved_by(), "who was it?");
            found.push(d.help("name the one who answers for it, as the records name people:\n    approved_by \"E0007\""));
        }
    }
}
