use crate::data::calendar::Zone;
use crate::data::{Value, display};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::hir::{Cell, Given, Rule, Trigger};
use crate::syntax::ast::ItemKind;

pub const LINT: Lint = Lint { code: Code::WordingUntested, level: Level::Advice, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for (item, wording) in context.rule_items().filter(|(item, _)| matches!(item.kind, ItemKind::Revise(_))) {
        let rules: Vec<&Rule> = context.rules_of(item).collect();
        // A row of a table is judged on days that no record says.
        if rules.is_empty() || rules.iter().any(|rule| matches!(rule.trigger, Trigger::Each { .. }) || tested(context, rule)) {
            continue;
        }
        let from = rules.iter().filter_map(|rule| rule.effective.0).min().map_or_else(String::new, display::date);
        let message = format!("no test has a record of the days of this wording of `{}`", wording.name.text);
        let d = Diagnostic::advice(LINT.code, message, wording.name.span, format!("in force from {from}"));
        found.push(d.help(format!(
            "give a record of {from}, where the two wordings differ, and say what comes out:\n    expect finding {} on …",
            wording.name.text
        )));
    }
}

/// A verdict of the rule is expected, and a record is of a day of this wording.
fn tested(context: &Context, rule: &Rule) -> bool {
    let zone = Zone::named(&rule.clock.timezone).unwrap_or_else(Zone::utc);
    let (from, until) = rule.effective;
    let within = |given: &Given| {
        let time = context.hir.schema.kind(given.kind).time();
        let cell = given.cells.iter().find(|(column, _)| Some(*column) == time).map(|(_, cell)| cell);
        let day = match cell {
            Some(Cell::Value(Value::Date(day))) => *day,
            Some(Cell::Value(Value::Timestamp(instant))) => zone.date_at(*instant),
            _ => return false,
        };
        from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until)
    };
    context.hir.tests.iter().any(|test| {
        let mut expected = test.expect.iter().filter(|e| e.rule == rule.name);
        expected.any(|e| match e.on {
            Some(on) => test.given.get(on).is_some_and(within),
            None => test.given.iter().any(within),
        })
    })
}
