use super::granted;
use crate::data::display;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::WaiverEnded, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for granted in granted::all(context).iter().filter(|g| g.waiver.until <= context.today) {
        let message = format!("the waiver of `{}` has ended", granted.rule);
        let last = display::date(granted.waiver.until - 1);
        let d = Diagnostic::advice(LINT.code, message, granted.until(), format!("{last} was its last day"));
        found.push(d.help(
            "grant a new one where it is still needed; take this one out once no record of its days is judged any more",
        ));
    }
}
