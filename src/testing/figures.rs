//! `expect metric …`: the figures of a test's records, and what was expected of them.

use super::{Line, push_given};
use crate::data::calendar::Zone;
use crate::data::{Limits, Value, display};
use crate::diag::{Code, Diagnostic};
use crate::eval::{Evaluator, MetricRow, Metrics, Options};
use crate::plan::Plan;
use crate::sema::hir::{ExpectFigure, Func, Test};
use std::sync::Arc;

/// A line for each expectation, and what failed.
pub(super) fn compare(plan: &Arc<Plan>, test: &Test) -> Result<(Vec<Line>, Vec<Diagnostic>), String> {
    let metrics = worked_out(plan, test)?;
    let (mut lines, mut failures) = (Vec::new(), Vec::new());
    for expect in &test.figures {
        let actual = Actual::of(&metrics, expect);
        let met = actual.meets(expect);
        let (wanted, came) = (wanted(plan, expect), actual.text(plan));
        let head = head(plan, expect);
        lines.push(Line {
            expected: Some(format!("{head} is {wanted}")),
            actual: format!("{head} is {came}"),
            met,
            why: Vec::new(),
        });
        if !met {
            let message = format!("expected the metric `{}` to be {wanted}", expect.metric);
            failures.push(Diagnostic::error(Code::Expectation, message, expect.span, format!("it is {came}")));
        }
    }
    Ok((lines, failures))
}

fn worked_out(plan: &Arc<Plan>, test: &Test) -> Result<Metrics, String> {
    let options = Options { as_of: super::as_of(test), ..Options::default() };
    let mut evaluator = Evaluator::new(plan.clone(), options).map_err(|e| e.to_string())?;
    push_given(&mut evaluator, plan, test)?;
    evaluator.metrics_within(&Limits::default()).map_err(|e| e.to_string())
}

/// What a metric came to there.
struct Actual {
    value: Option<Value>,
    bounds: Option<(Option<Value>, Option<Value>)>,
    unread: u64,
    overflow: bool,
    /// There is no row, and a count or sum of nothing is nought.
    nought: bool,
}

impl Actual {
    fn of(metrics: &Metrics, expect: &ExpectFigure) -> Actual {
        let plan = metrics.plan();
        let table = metrics.tables().iter().find(|t| plan.rules[t.metric].name == expect.metric);
        let currency = |value: &Option<Value>| match value {
            Some(Value::Money(m)) => Some(m.currency),
            _ => None,
        };
        let of_currency = currency(&expect.is);
        let fits = |row: &&MetricRow| {
            let inside = match (row.period, expect.on) {
                (Some((first, last)), Some(day)) => first <= day && day <= last,
                _ => true,
            };
            inside && row.keys == expect.keys && (of_currency.is_none() || row.currency == of_currency)
        };
        let row = table.and_then(|t| t.rows.iter().find(fits));
        let func = table.map(|t| plan.metrics[t.metric].func);
        match row {
            Some(row) => Actual {
                value: row.value.clone(),
                bounds: row.bounds.clone(),
                unread: row.unread,
                overflow: row.overflow,
                nought: false,
            },
            None => {
                let nought = matches!(func, Some(Func::Count | Func::Sum | Func::Distinct));
                Actual { value: None, bounds: None, unread: 0, overflow: false, nought }
            }
        }
    }

    fn meets(&self, expect: &ExpectFigure) -> bool {
        match (&expect.is, &expect.to) {
            _ if self.overflow => false,
            (None, _) => self.value.is_none() && self.bounds.is_none() && !self.nought,
            (Some(is), None) => {
                let same = self.value.as_ref() == Some(is) || self.nought && is_nought(is);
                same && self.bounds.is_none()
            }
            (least, most) => self.bounds.as_ref() == Some(&(least.clone(), most.clone())),
        }
    }

    fn text(&self, plan: &Plan) -> String {
        let or_nothing = |v: &Option<Value>| v.as_ref().map_or("nothing".to_owned(), |v| shown(plan, v));
        let mut text = match &self.bounds {
            _ if self.overflow => "too large to keep exactly".to_owned(),
            _ if self.nought => "0: there is no record of it".into(),
            None => or_nothing(&self.value),
            Some((least, most)) => {
                let end = |v: &Option<Value>| v.as_ref().map_or("not known".to_owned(), |v| shown(plan, v));
                format!("{} to {}", end(least), end(most))
            }
        };
        if self.unread > 0 {
            let unread = crate::report::plural(self.unread as usize, "more record");
            text.push_str(&format!(" ({unread} without a readable value)"));
        }
        text
    }
}

fn is_nought(value: &Value) -> bool {
    match value {
        Value::Int(n) | Value::Bytes(n) | Value::Duration(n) => *n == 0,
        Value::Decimal(d) | Value::Percent(d) => d.raw() == 0,
        Value::Money(m) => m.amount.raw() == 0,
        _ => false,
    }
}

fn shown(plan: &Plan, value: &Value) -> String {
    display::value(value, &plan.schema, &Zone::utc())
}

/// `metric gifts for E1 on 2026-01-31`
fn head(plan: &Plan, expect: &ExpectFigure) -> String {
    let key = |k: &Option<Value>| k.as_ref().map_or(display::ABSENT.to_owned(), |k| shown(plan, k));
    let keys: Vec<String> = expect.keys.iter().map(key).collect();
    let keys = if keys.is_empty() { String::new() } else { format!(" for {}", keys.join(", ")) };
    let on = expect.on.map(|day| format!(" on {}", display::date(day))).unwrap_or_default();
    format!("metric {}{keys}{on}", expect.metric)
}

fn wanted(plan: &Plan, expect: &ExpectFigure) -> String {
    match (&expect.is, &expect.to) {
        (None, _) => "nothing".into(),
        (Some(is), None) => shown(plan, is),
        (Some(is), Some(to)) => format!("{} to {}", shown(plan, is), shown(plan, to)),
    }
}
