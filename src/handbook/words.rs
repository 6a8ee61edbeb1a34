//! What things are called: by the authors' own names for them where there are any, else by their names in the
//! policy, made readable.

use super::catalogue::{Arg, Catalogue};
use super::walk::{self, Met};
use crate::data::{
    ColumnId, EnumId, Kind, KindId, Length, Money, Origin, Period, Schema, Severity, Type, Value, Zone, display,
};
use crate::sema::hir::{Constant, Expr, ExprKind, Hir, Rule};
use std::collections::{BTreeMap, BTreeSet};

pub struct Words<'a> {
    pub catalogue: &'a Catalogue,
    pub schema: &'a Schema,
    /// What rules and metrics are called, by name.
    titles: BTreeMap<&'a str, &'a str>,
    /// Constants that stand for people: a rule compares them with a field that names people.
    people: BTreeSet<String>,
}

impl<'a> Words<'a> {
    pub fn new(catalogue: &'a Catalogue, hir: &'a Hir) -> Words<'a> {
        let mut titles = BTreeMap::new();
        // Of several wordings the last one's title is the rule's.
        for rule in &hir.rules {
            titles.insert(rule.name.as_str(), rule.title.as_str());
        }
        let mut people = BTreeSet::new();
        hir.rules.iter().for_each(|rule| people_in(&hir.schema, rule, &mut people));
        hir.metrics.iter().for_each(|metric| people_in(&hir.schema, &metric.as_rule(), &mut people));
        Words { catalogue, schema: &hir.schema, titles, people }
    }

    pub fn say(&self, id: &str, args: &[(&str, Arg)]) -> String {
        self.catalogue.say(id, args)
    }

    /// The author's name for it in this language, else its own, made readable.
    fn called(&self, id: &str, own: &str) -> String {
        self.catalogue.name(id, None).unwrap_or_else(|| readable(own))
    }

    /// One record or row of a kind: `gift`; of a union all that it may be.
    pub fn kind(&self, kind: KindId) -> String {
        let kind = self.schema.kind(kind);
        match &kind.origin {
            Origin::Union(parts) => self.either(parts.iter().map(|(k, _)| self.kind(*k)).collect()),
            Origin::Findings => self.say("kind-finding", &[]),
            Origin::Declared => self.called(&format!("kind-{}", kind.name), &kind.name),
        }
    }

    pub fn kinds(&self, kind: KindId) -> String {
        let of = self.schema.kind(kind);
        if let Origin::Union(parts) = &of.origin {
            return self.all(parts.iter().map(|(k, _)| self.kinds(*k)).collect());
        }
        let named = self.catalogue.name(&format!("kind-{}", of.name), Some("plural"));
        named.unwrap_or_else(|| self.say("plural", &[("kind", Arg::Text(&self.kind(kind)))]))
    }

    /// A column's own name, without whose it is.
    pub fn field(&self, kind: KindId, column: ColumnId) -> String {
        let of = self.schema.kind(kind);
        let own = self.schema.column(kind, column);
        // A union has no names of its own: those of its first kind.
        if let Origin::Union(parts) = &of.origin
            && let Some((first, columns)) = parts.first()
            && let Some(at) = columns.get(column.0 as usize)
        {
            return self.field(*first, *at);
        }
        self.field_named(of, &own.name, &own.ty)
    }

    /// As the heading of a column.
    pub fn heading(&self, kind: KindId, column: ColumnId) -> String {
        let own = &self.schema.column(kind, column).name;
        self.called(&field_id(&self.schema.kind(kind).name, own), own)
    }

    pub fn field_named(&self, kind: &Kind, path: &str, ty: &Type) -> String {
        if let Some(name) = self.catalogue.name(&field_id(&kind.name, path), None) {
            return name;
        }
        let name = readable(path);
        let says_when = ["date", "time", "day", "month", "year", "deadline"].iter().any(|w| name.contains(w));
        match ty {
            Type::Date if !says_when => self.say("field-date", &[("name", Arg::Text(&name))]),
            Type::Timestamp if !says_when => self.say("field-time", &[("name", Arg::Text(&name))]),
            _ => name,
        }
    }

    pub fn rule(&self, name: &str) -> String {
        let own = || self.titles.get(name).map_or_else(|| readable(name), |title| (*title).to_owned());
        self.catalogue.name(&format!("rule-{name}"), None).unwrap_or_else(own)
    }

    /// A `let`, `define` or `param`.
    pub fn definition(&self, name: &str) -> String {
        self.called(&format!("value-{name}"), name)
    }

    pub fn exception(&self, name: &str) -> String {
        self.called(&format!("exception-{name}"), name)
    }

    pub fn consequence(&self, word: &str) -> String {
        self.called(&format!("consequence-{word}"), word)
    }

    pub fn severity(&self, of: Severity) -> String {
        self.say(severity_id(of), &[])
    }

    pub fn quoted(&self, text: &str) -> String {
        self.say("quoted", &[("text", Arg::Text(text))])
    }

    fn joined(&self, parts: Vec<String>, last: &str) -> String {
        let mut parts = parts.into_iter();
        let mut out = parts.next().unwrap_or_default();
        let mut rest: Vec<String> = parts.collect();
        let Some(end) = rest.pop() else { return out };
        for part in &rest {
            out = self.say("list-more", &[("list", Arg::Text(&out)), ("item", Arg::Text(part))]);
        }
        self.say(last, &[("list", Arg::Text(&out)), ("item", Arg::Text(&end))])
    }

    /// `a, b or c`
    pub fn either(&self, mut parts: Vec<String>) -> String {
        // People who are not named are all called the same.
        parts.dedup();
        self.joined(parts, "list-or")
    }

    /// `a, b and c`
    pub fn all(&self, parts: Vec<String>) -> String {
        self.joined(parts, "list-and")
    }

    pub fn date(&self, days: i32) -> String {
        let iso = display::date(days);
        let mut parts = iso.rsplitn(3, '-');
        let (day, month, year) = (parts.next(), parts.next(), parts.next());
        self.say(
            "date",
            &[
                ("year", Arg::Text(year.unwrap_or_default())),
                ("month", Arg::Text(month.unwrap_or_default())),
                ("day", Arg::Text(day.unwrap_or_default())),
            ],
        )
    }

    pub fn period(&self, of: Period) -> String {
        self.say(
            match of {
                Period::Day => "period-day",
                Period::Month => "period-month",
                Period::Quarter => "period-quarter",
                Period::Year => "period-year",
                Period::FiscalQuarter => "period-fiscal-quarter",
                Period::FiscalYear => "period-fiscal-year",
            },
            &[],
        )
    }

    /// A constant as it stands in a sentence; texts and words are quoted.
    pub fn value(&self, value: &Value, zone: &Zone) -> String {
        match value {
            Value::Bool(true) => self.say("value-true", &[]),
            Value::Bool(false) => self.say("value-false", &[]),
            Value::Text(text) if self.people.contains(text.as_str()) => self.say("certain-person", &[]),
            Value::Text(text) if text.is_empty() => self.say("empty-text", &[]),
            Value::Text(text) => self.quoted(text),
            Value::Enum(id, word) => self.quoted(&self.word(*id, *word)),
            Value::Date(days) => self.date(*days),
            Value::Duration(nanos) => self.duration(*nanos, true),
            Value::Money(money) => self.money(*money),
            Value::Int(n) => grouped(&n.to_string()),
            Value::List(items) => self.all(items.iter().map(|v| self.value(v, zone)).collect()),
            other => display::value(other, self.schema, zone),
        }
    }

    pub fn money(&self, money: Money) -> String {
        let amount = grouped(&money.amount.to_string());
        self.say("money", &[("amount", Arg::Text(&amount)), ("currency", Arg::Text(money.currency.as_str()))])
    }

    /// A word of an enum; the rules and severities that findings have by what they are called.
    pub fn word(&self, id: EnumId, word: u16) -> String {
        let of = self.schema.enum_def(id);
        let Some(word) = of.words.get(usize::from(word)) else { return format!("#{word}") };
        let of_findings = self.schema.kinds.iter().filter(|k| k.origin == Origin::Findings).flat_map(|k| &k.columns);
        match of_findings.into_iter().find(|c| c.ty == Type::Enum(id)).map(|c| c.name.as_str()) {
            Some("rule") => return self.rule(&word.name),
            Some("severity") => {
                if let Ok(severity) = word.name.parse() {
                    return self.severity(severity);
                }
            }
            _ => {}
        }
        let own = self.catalogue.name(&word_id(self.schema, id, &word.name), None);
        own.unwrap_or_else(|| self.called(&format!("word-{}", word.name), &word.name))
    }

    pub fn length(&self, by: Length) -> String {
        let counted = |id: &str, n: i32| (n != 0).then(|| self.say(id, &[("n", Arg::Number(i64::from(n)))]));
        // Twelve months are what laws say for one year.
        let (years, months) = if by.months == 12 { (0, 12) } else { (by.months / 12, by.months % 12) };
        let mut parts: Vec<String> = [
            counted("length-years", years),
            counted("length-months", months),
            counted("length-days", by.days),
            counted("length-business-days", by.business),
        ]
        .into_iter()
        .flatten()
        .collect();
        if by.nanos != 0 || parts.is_empty() {
            parts.push(self.duration(by.nanos, false));
        }
        self.all(parts)
    }

    /// A span of exact time; days of 24 hours only where days mean nothing else.
    fn duration(&self, nanos: i64, days: bool) -> String {
        const SECOND: i64 = 1_000_000_000;
        let units = [("length-days", 86_400 * SECOND), ("length-hours", 3600 * SECOND)];
        let units = units.into_iter().skip(usize::from(!days));
        let units = units.chain([("length-minutes", 60 * SECOND), ("length-seconds", SECOND)]);
        let mut whole = units.filter(|(_, unit)| nanos % unit == 0 && nanos != 0);
        match whole.next() {
            Some((id, unit)) => self.say(id, &[("n", Arg::Number(nanos / unit))]),
            None if nanos == 0 => self.say("length-seconds", &[("n", Arg::Number(0))]),
            None => display::duration(nanos),
        }
    }

    pub fn constant(&self, constant: &Constant, zone: &Zone) -> String {
        match constant {
            Constant::Value(value) => self.value(value, zone),
            Constant::Length(length) => self.length(*length),
            Constant::Set(values) if values.is_empty() => self.say("nothing", &[]),
            Constant::Set(values) => self.all(values.iter().map(|v| self.value(v, zone)).collect()),
        }
    }
}

/// The message that names a severity.
pub fn severity_id(of: Severity) -> &'static str {
    match of {
        Severity::Info => "severity-info",
        Severity::Minor => "severity-minor",
        Severity::Major => "severity-major",
        Severity::Critical => "severity-critical",
    }
}

/// The texts that a rule compares with what names people.
fn people_in(schema: &Schema, rule: &Rule, people: &mut BTreeSet<String>) {
    walk::rule(rule, &mut |met, roots| {
        let Met::Expr(e) = met else { return };
        let names_people = |e: &Expr| names_people(schema, e, roots);
        match &e.kind {
            ExprKind::Compare { left, right, .. }
            | ExprKind::TextTest { left, right, .. }
            | ExprKind::Overlaps { left, right, .. }
            | ExprKind::InColumn { item: left, list: right, .. }
                if names_people(left) || names_people(right) =>
            {
                texts_of(left, people);
                texts_of(right, people);
            }
            ExprKind::In { item, set, .. } if names_people(item) => set.iter().for_each(|v| texts(v, people)),
            ExprKind::Under { who, above, .. } => {
                texts_of(who, people);
                texts_of(above, people);
            }
            _ => {}
        }
    });
}

fn names_people(schema: &Schema, e: &Expr, roots: &[(u8, KindId)]) -> bool {
    match &e.kind {
        ExprKind::Column { root, column } => {
            walk::kind_of(roots, *root).is_some_and(|kind| schema.is_person(kind, *column))
        }
        ExprKind::Lookup { table, column, .. } => schema.is_person(*table, *column),
        ExprKind::Named { body, .. } | ExprKind::Convert(body) => names_people(schema, body, roots),
        ExprKind::Coalesce(left, right) => names_people(schema, left, roots) || names_people(schema, right, roots),
        _ => schema.names_people(&e.ty),
    }
}

fn texts_of(e: &Expr, people: &mut BTreeSet<String>) {
    if let ExprKind::Constant(value) = &e.kind {
        texts(value, people);
    }
    e.children().into_iter().for_each(|child| texts_of(child, people));
}

fn texts(value: &Value, people: &mut BTreeSet<String>) {
    match value {
        Value::Text(text) => drop(people.insert(text.clone())),
        Value::List(items) => items.iter().for_each(|item| texts(item, people)),
        _ => {}
    }
}

/// `gift_value` as `gift value`, `asset.kind` as `asset kind`.
pub fn readable(name: &str) -> String {
    name.replace(['_', '.'], " ").trim().to_owned()
}

/// A word of a declared enum by its name, of one written in place by its field.
pub fn word_id(schema: &Schema, id: EnumId, word: &str) -> String {
    let name = &schema.enum_def(id).name;
    let of_field = || {
        let mut columns = schema.declared().iter().flat_map(|kind| kind.columns.iter().map(move |c| (kind, c)));
        columns.find(|(_, c)| is_of(&c.ty, id)).map(|(kind, c)| format!("{}-{}", kind.name, c.name.replace('.', "-")))
    };
    let of = if name.is_empty() { of_field().unwrap_or_default() } else { name.clone() };
    format!("word-{of}-{word}")
}

fn is_of(ty: &Type, id: EnumId) -> bool {
    match ty {
        Type::Enum(of) => *of == id,
        Type::List(of) | Type::Set(of) => is_of(of, id),
        _ => false,
    }
}

pub fn field_id(kind: &str, path: &str) -> String {
    format!("field-{kind}-{}", path.replace('.', "-"))
}

/// Thousands parted from five digits on: `30,000`.
pub fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    if digits.len() < 5 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut out = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_from_five_digits_on() {
        for (number, shown) in [
            ("30000", "30,000"),
            ("5000", "5000"),
            ("-1234567.89", "-1,234,567.89"),
            ("13.07", "13.07"),
            ("123456", "123,456"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }
}
