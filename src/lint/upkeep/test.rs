use super::rules;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::RuleWithoutTest, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for rule in rules(context) {
        if context.hir.tests.iter().flat_map(|test| &test.expect).any(|expect| expect.rule == rule.name) {
            continue;
        }
        let message = format!("no test shows what `{}` finds", rule.name);
        let kind = &context.hir.schema.kind(rule.trigger.kind()).name;
        let d = Diagnostic::warning(LINT.code, message, rule.name_span, "no `expect` names it");
        found.push(d.help(format!(
            "give it a record that is a finding and one that is not:\n    test \"…\" {{\n      given {kind} as over {{ … }}\n      \
             given {kind} as within {{ … }}\n      expect finding {name} on over\n      expect compliant {name} on within\n    }}",
            name = rule.name
        )));
    }
}
