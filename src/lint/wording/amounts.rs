//! Amounts of money and lengths of time in texts and in rules.

use crate::data::{Currency, Decimal, Length, Money, Value, display};
use crate::lint::walk;
use crate::sema::hir::{ExprKind, Rule, Trigger, Window};
use regex::Regex;
use std::sync::LazyLock;

/// What can be compared: only amounts of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    Money(Currency, Decimal),
    Months(i64),
    Days(i64),
    Business(i64),
    Minutes(i64),
    /// As a fraction.
    Percent(Decimal),
}

impl Amount {
    pub fn alike(self, other: Amount) -> bool {
        match (self, other) {
            (Amount::Money(a, _), Amount::Money(b, _)) => a == b,
            _ => std::mem::discriminant(&self) == std::mem::discriminant(&other),
        }
    }

    /// As a text would say it.
    pub fn shown(self) -> String {
        let of = |n: i64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
        match self {
            Amount::Money(currency, amount) => display::money(Money { amount, currency }),
            Amount::Months(n) if n % 12 == 0 => of(n / 12, "year"),
            Amount::Months(n) => of(n, "month"),
            Amount::Days(n) => of(n, "day"),
            Amount::Business(n) => of(n, "business day"),
            Amount::Minutes(n) if n % 60 == 0 => of(n / 60, "hour"),
            Amount::Minutes(n) => of(n, "minute"),
            Amount::Percent(fraction) => display::percent(fraction),
        }
    }
}

/// The amounts in a text: `1,000 EUR`, `7 days`, `15 %`; each as it stands there.
pub fn said(text: &str) -> Vec<(Amount, &str)> {
    static AMOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?x) (?:^|[^\w.,\#§-]) ( (\d{1,3}(?:,\d{3})+(?:\.\d+)? | \d+(?:\.\d+)?) [\ -]?
              ( [A-Z]{3}\b | business\ days?\b | years?\b | months?\b | weeks?\b | days?\b | hours?\b | minutes?\b | % | 天 | 个月 | 小时 ) )",
        )
        .ok()
    });
    let Some(pattern) = &*AMOUNT else { return Vec::new() };
    let found = pattern.captures_iter(text).filter_map(|found| {
        let (whole, number, unit) = (found.get(1)?, found.get(2)?, found.get(3)?);
        let number = Decimal::parse(&number.as_str().replace(',', "")).ok()?;
        Some((amount(number, unit.as_str())?, whole.as_str()))
    });
    found.collect()
}

fn amount(number: Decimal, unit: &str) -> Option<Amount> {
    let whole = || number.to_int();
    Some(match unit.trim_end_matches('s') {
        "business day" => Amount::Business(whole()?),
        "year" => Amount::Months(whole()?.checked_mul(12)?),
        "month" | "个月" => Amount::Months(whole()?),
        "week" => Amount::Days(whole()?.checked_mul(7)?),
        "day" | "天" => Amount::Days(whole()?),
        "hour" | "小时" => Amount::Minutes(whole()?.checked_mul(60)?),
        "minute" => Amount::Minutes(whole()?),
        "%" => Amount::Percent(number.checked_div(Decimal::parse("100").ok()?)?),
        currency => Amount::Money(Currency::parse(currency)?, number),
    })
}

/// The amounts that a rule compares with or looks back over.
pub fn asked(rule: &Rule) -> Vec<Amount> {
    let mut found = Vec::new();
    walk::of_rule(rule, &mut |e| match &e.kind {
        ExprKind::Constant(value) => found.extend(of_value(value)),
        ExprKind::In { set, .. } => set.iter().for_each(|value| found.extend(of_value(value))),
        ExprKind::Shift { by, .. } => found.extend(of_length(*by)),
        _ => {}
    });
    for history in walk::histories(rule) {
        match &history.window {
            Window::Before(by) | Window::After(by) | Window::Around(by) | Window::Over(by) => {
                found.extend(of_length(*by))
            }
            Window::AllTime | Window::In(_) => {}
        }
    }
    if let Trigger::Sequence(sequence) = &rule.trigger {
        found.extend(of_length(sequence.within));
    }
    found
}

fn of_value(value: &Value) -> Vec<Amount> {
    match value {
        Value::Money(money) => vec![Amount::Money(money.currency, money.amount)],
        Value::Percent(fraction) => vec![Amount::Percent(*fraction)],
        Value::Duration(nanos) => of_length(Length { nanos: *nanos, ..Length::default() }),
        _ => Vec::new(),
    }
}

/// A length of several units is none that a text would say.
fn of_length(by: Length) -> Vec<Amount> {
    const MINUTE: i64 = 60_000_000_000;
    const DAY: i64 = 24 * 60 * MINUTE;
    match (
        i64::from(by.months).abs(),
        i64::from(by.days).abs(),
        i64::from(by.business).abs(),
        by.nanos.saturating_abs(),
    ) {
        (0, 0, 0, 0) => Vec::new(),
        (months, 0, 0, 0) => vec![Amount::Months(months)],
        (0, days, 0, 0) => vec![Amount::Days(days), Amount::Minutes(days * 24 * 60)],
        (0, 0, business, 0) => vec![Amount::Business(business)],
        (0, 0, 0, nanos) if nanos % DAY == 0 => vec![Amount::Days(nanos / DAY), Amount::Minutes(nanos / MINUTE)],
        (0, 0, 0, nanos) if nanos % MINUTE == 0 => vec![Amount::Minutes(nanos / MINUTE)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_a_text() {
        let texts = |text| said(text).into_iter().map(|(_, t)| t.to_owned()).collect::<Vec<_>>();
        assert_eq!(texts("No gift over 1,000.50 EUR within 7 days, or 15 %"), ["1,000.50 EUR", "7 days", "15 %"]);
        assert_eq!(texts("FINRA 3270, section 3.2 USA-10 days; 2 business days"), ["2 business days"]);
        assert_eq!(said("24 hours")[0].0, Amount::Minutes(1440));
        assert_eq!(said("in 2 weeks")[0].0, Amount::Days(14));
        assert!(said("five days, and 5 exports").is_empty());
    }
}
