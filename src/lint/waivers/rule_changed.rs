use super::granted;
use crate::data::display;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::RuleChangedMeanwhile, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    let all = granted::all(context);
    for (item, rule) in context.rule_items().filter(|(item, _)| matches!(item.kind, ItemKind::Revise(_))) {
        let Some(day) = context.rules_of(item).filter_map(|r| r.effective.0).min() else { continue };
        let within = |w: &&granted::Granted| w.rule == rule.name.text && w.waiver.from < day && day < w.waiver.until;
        for granted in all.iter().filter(within) {
            let message = format!("the waiver of `{}` was granted for an earlier wording", granted.rule);
            let label = format!("it still holds on {}, when the rule changes", display::date(day));
            let d = Diagnostic::advice(LINT.code, message, granted.until(), label).label(rule.name.span, "the new wording");
            found.push(d.help(format!(
                "end it with the wording that it was approved for, until {}, and grant it anew if it is still needed",
                display::date(day)
            )));
        }
    }
}
