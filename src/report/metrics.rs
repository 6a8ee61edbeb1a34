//! Metrics as a table for people, and as JSON and CSV for programs.

use super::crop::plain;
use super::{grouped, plural, summary};
use crate::data::calendar::{NANOS_PER_SECOND, Zone, civil};
use crate::data::{Decimal, Period, Schema, Type, Value, display};
use crate::eval::{MetricRow, MetricTable, names_person};
use crate::plan::{MetricPlan, Plan, RulePlan};
use crate::sema::hir::Func;
use crate::source::SourceMap;
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// Of the document that holds the metrics of a run.
pub(crate) const DOCUMENT: &str = "bylaws.metrics/1";

/// A metric and what came of it.
pub(crate) struct Shown<'a> {
    pub plan: &'a Plan,
    pub sources: &'a SourceMap,
    pub rule: &'a RulePlan,
    pub metric: &'a MetricPlan,
    pub table: &'a MetricTable,
}

impl Shown<'_> {
    fn schema(&self) -> &Schema {
        &self.plan.schema
    }

    fn zone(&self) -> Zone {
        let clock = self.plan.clocks.get(self.rule.clock as usize);
        clock.and_then(|c| Zone::named(&c.timezone)).unwrap_or_else(Zone::utc)
    }

    /// What it is taken of, as written.
    fn of(&self) -> Option<String> {
        let value = self.metric.value.as_ref()?;
        Some(self.sources.text(value.span).split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Records that are in no row, or not in full.
    pub fn not_counted(&self) -> u64 {
        self.table.partial + self.table.untimed + self.table.unkeyed
    }
}

fn func(metric: &MetricPlan) -> &'static str {
    match metric.func {
        Func::Sum => "sum",
        Func::Avg => "avg",
        Func::Min => "min",
        Func::Max => "max",
        Func::Distinct => "distinct",
        _ => "count",
    }
}

fn period_name(period: Option<Period>) -> &'static str {
    match period {
        None => "all time",
        Some(Period::Day) => "day",
        Some(Period::Month) => "month",
        Some(Period::Quarter) => "quarter",
        Some(Period::Year) => "year",
        Some(Period::FiscalQuarter) => "fiscal quarter",
        Some(Period::FiscalYear) => "fiscal year",
    }
}

/// `2025-03`, `2025-Q1`, `2024-04-01 to 2025-03-31`
fn label(period: Option<Period>, days: Option<(i32, i32)>) -> String {
    let (Some(period), Some((first, last))) = (period, days) else { return "all time".into() };
    let (year, month, _) = civil(first);
    match period {
        Period::Day => display::date(first),
        Period::Month => format!("{year:04}-{month:02}"),
        Period::Quarter => format!("{year:04}-Q{}", month.div_ceil(3)),
        Period::Year => format!("{year:04}"),
        Period::FiscalQuarter | Period::FiscalYear => format!("{} to {}", display::date(first), display::date(last)),
    }
}

/// `FY 2025/26`, `Apr–Jun 2025`: for the axis of a chart.
fn short(period: Option<Period>, days: Option<(i32, i32)>) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = |month: u8| MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or_default();
    let Some((first, last)) = days else { return label(period, days) };
    let ((from, start, day), (to, end, _)) = (civil(first), civil(last));
    match period {
        Some(Period::FiscalYear) if day == 1 && from == to => format!("FY {from:04}"),
        Some(Period::FiscalYear) if day == 1 => format!("FY {from:04}/{:02}", to % 100),
        Some(Period::FiscalQuarter) if day == 1 => format!("{}–{} {to:04}", name(start), name(end)),
        _ => label(period, days),
    }
}

// ---------------------------------------------------------------- people

/// One metric with its rows in line.
pub(crate) fn human(shown: &Shown, color: bool) -> String {
    let (bold, off) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let (rule, metric, table) = (shown.rule, shown.metric, shown.table);
    let mut text = String::new();
    let title = if rule.title == rule.name { String::new() } else { format!("{} · ", plain(&rule.title)) };
    let _ = writeln!(text, "{bold}{title}{}{off}", rule.name);
    let of = shown.of().unwrap_or_default();
    let what = match metric.func {
        Func::Sum => format!("sum of {of}"),
        Func::Avg => format!("average of {of}"),
        Func::Min => format!("least {of}"),
        Func::Max => format!("greatest {of}"),
        Func::Distinct => format!("number of different values of {of}"),
        _ => "number of records".into(),
    };
    let per: Vec<&str> = metric.keys.iter().map(|(name, _)| name.as_str()).collect();
    let per = if per.is_empty() { String::new() } else { format!(", per {}", per.join(", ")) };
    let by = metric.period.map_or(", over all time".into(), |_| format!(", by {}", period_name(metric.period)));
    let _ = writeln!(text, "{what}{per}{by}\n");
    if table.rows.is_empty() {
        let _ = writeln!(text, "  no records");
    } else {
        rows(shown, &mut text);
    }
    if table.sparse {
        let _ = writeln!(text, "  periods without any record are left out: there are too many of them");
    }
    if table.untimed > 0 {
        let _ =
            writeln!(text, "  in no period, for want of a readable time: {}", plural(table.untimed as usize, "record"));
    }
    if table.unkeyed > 0 {
        let keys: Vec<String> = metric.keys.iter().map(|(name, _)| format!("`{name}`")).collect();
        let n = plural(table.unkeyed as usize, "record");
        let _ = writeln!(text, "  in no row, for want of a readable {}: {n}", keys.join(" or "));
    }
    text.push('\n');
    text
}

fn rows(shown: &Shown, text: &mut String) {
    let (metric, table) = (shown.metric, shown.table);
    let bounded = table.rows.iter().any(|r| r.bounds.is_some());
    let mut titles: Vec<String> = metric.keys.iter().map(|(name, _)| name.clone()).collect();
    titles.extend([period_name(metric.period).into(), func(metric).into()]);
    if bounded {
        titles.extend(["at least".into(), "at most".into()]);
    }
    titles.extend(["records".into(), String::new()]);
    let keys = metric.keys.len();
    let mut right = vec![false; titles.len()];
    let numbers = titles.len() - 1;
    right[keys + 1..numbers].fill(true);
    let mut lines = vec![titles];
    for row in &table.rows {
        let mut line: Vec<String> = row.keys.iter().map(|k| key(shown, k)).collect();
        line.push(label(metric.period, row.period));
        line.push(if row.overflow { "too large".into() } else { figure(shown, &row.value) });
        if bounded {
            match &row.bounds {
                Some((low, high)) => line.extend([bound(shown, low), bound(shown, high)]),
                None => line.extend([String::new(), String::new()]),
            }
        }
        line.push(grouped(row.records));
        line.push(remarks(metric, row).join("; "));
        lines.push(line);
    }
    summary::table(text, &lines, &right);
}

fn remarks(metric: &MetricPlan, row: &MetricRow) -> Vec<String> {
    let mut remarks = Vec::new();
    if !row.complete && metric.period.is_some() {
        remarks.push("so far".to_owned());
    }
    if row.uncertain > 0 {
        remarks.push(format!("{} may count", plural(row.uncertain as usize, "more record")));
    }
    if row.unread > 0 {
        remarks.push(format!("{} without a readable value", plural(row.unread as usize, "more record")));
    }
    remarks
}

fn key(shown: &Shown, key: &Option<Value>) -> String {
    match key {
        Some(value) => plain(&display::value(value, shown.schema(), &shown.zone())),
        None => display::ABSENT.into(),
    }
}

fn figure(shown: &Shown, value: &Option<Value>) -> String {
    match value {
        None => "-".into(),
        Some(Value::Int(n)) => signed(*n),
        Some(Value::Duration(nanos)) => hours(*nanos),
        Some(value) => plain(&display::value(value, shown.schema(), &shown.zone())),
    }
}

fn bound(shown: &Shown, value: &Option<Value>) -> String {
    match value {
        None => display::UNKNOWN.into(),
        value => figure(shown, value),
    }
}

fn signed(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(n.unsigned_abs()))
}

/// Durations of a figure in hours, where these are whole minutes.
fn hours(nanos: i64) -> String {
    const MINUTE: i64 = 60 * NANOS_PER_SECOND;
    if nanos % MINUTE != 0 || nanos < 60 * MINUTE {
        return display::duration(nanos);
    }
    match nanos / MINUTE % 60 {
        0 => format!("{} h", grouped((nanos / (60 * MINUTE)) as u64)),
        minutes => format!("{} h {minutes:02} min", grouped((nanos / (60 * MINUTE)) as u64)),
    }
}

// ---------------------------------------------------------------- programs

pub(crate) fn json(shown: &Shown) -> Json {
    let (rule, metric, table) = (shown.rule, shown.metric, shown.table);
    json!({
        "metric": rule.name,
        "title": rule.title,
        "doc": metric.doc,
        "policy": rule.policy,
        "figure": func(metric),
        "of": shown.of(),
        "unit": unit(&metric.ty),
        "per": metric.keys.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "period": metric.period,
        "rows": table.rows.iter().map(|row| {
            let keys = metric.keys.iter().zip(&row.keys).map(|((name, _), key)| {
                (name.clone(), key.as_ref().map_or(Json::Null, |k| number(shown, k)))
            });
            json!({
                "keys": keys.collect::<serde_json::Map<_, _>>(),
                "from": row.period.map(|p| display::date(p.0)),
                "to": row.period.map(|p| display::date(p.1)),
                "complete": row.period.map(|_| row.complete),
                "currency": row.currency.map(|c| c.as_str().to_owned()),
                "value": row.value.as_ref().map(|v| number(shown, v)),
                "overflow": row.overflow,
                "bounds": row.bounds.as_ref().map(|(low, high)| json!({
                    "at_least": low.as_ref().map(|v| number(shown, v)),
                    "at_most": high.as_ref().map(|v| number(shown, v)),
                })),
                "records": row.records,
                "uncertain": row.uncertain,
                "unread": row.unread,
            })
        }).collect::<Vec<_>>(),
        "sparse": table.sparse,
        "untimed": table.untimed,
        "unkeyed": table.unkeyed,
    })
}

/// As [`json`], with what people read beside each figure: the period's name, the keys and the value as texts, and the
/// value as a number for a chart (durations in hours). `person` gives a person the name that the reader is to see.
pub(crate) fn with_texts(shown: &Shown, person: &mut dyn FnMut(&str) -> String) -> Json {
    let mut all = json(shown);
    let people: Vec<bool> =
        shown.metric.keys.iter().map(|(_, of)| names_person(shown.schema(), shown.rule.trigger.kind(), of)).collect();
    let rows = all["rows"].as_array_mut().into_iter().flatten();
    for (row, of) in rows.zip(&shown.table.rows) {
        for ((name, is_person), value) in shown.metric.keys.iter().map(|k| &k.0).zip(&people).zip(&of.keys) {
            let text = key(shown, value);
            row["keys"][name] = json!(if *is_person && value.is_some() { person(&text) } else { text });
        }
        row["label"] = json!(label(shown.metric.period, of.period));
        row["short"] = json!(short(shown.metric.period, of.period));
        row["text"] = json!(figure(shown, &of.value));
        row["remarks"] = json!(remarks(shown.metric, of));
        row["number"] = json!(of.value.as_ref().and_then(|v| match v {
            Value::Duration(nanos) => Some(*nanos as f64 / (3600 * NANOS_PER_SECOND) as f64),
            value => exact(shown, value).parse::<f64>().ok(),
        }));
    }
    all
}

/// In what the values of programs are.
fn unit(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Duration => Some("seconds"),
        Type::Bytes => Some("bytes"),
        Type::Percent => Some("fraction"),
        _ => None,
    }
}

/// Whole numbers as such; others as text, so that none is rounded on the way.
fn number(shown: &Shown, value: &Value) -> Json {
    match value {
        Value::Int(n) | Value::Bytes(n) => json!(n),
        Value::Bool(b) => json!(b),
        value => json!(exact(shown, value)),
    }
}

fn exact(shown: &Shown, value: &Value) -> String {
    match value {
        Value::Int(n) | Value::Bytes(n) => n.to_string(),
        Value::Decimal(d) | Value::Percent(d) => d.to_string(),
        Value::Money(m) => m.amount.to_string(),
        Value::Duration(nanos) => {
            let seconds = Decimal::from_int(*nanos).checked_div(Decimal::from_int(NANOS_PER_SECOND));
            seconds.map_or_else(|| display::duration(*nanos), |s| s.to_string())
        }
        value => display::value(value, shown.schema(), &shown.zone()),
    }
}

/// All metrics in one table, after RFC 4180. The keys of all have a column each.
pub(crate) fn csv(all: &[Shown], out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let mut keys: Vec<&str> = Vec::new();
    for (name, _) in all.iter().flat_map(|s| &s.metric.keys) {
        if !keys.contains(&name.as_str()) {
            keys.push(name);
        }
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let head = ["metric", "from", "to", "complete"].into_iter().chain(keys.iter().copied());
    let tail = ["value", "unit", "at_least", "at_most", "records", "uncertain", "unread"];
    writer.write_record(head.chain(tail))?;
    for shown in all {
        for row in &shown.table.rows {
            let day = |of: fn((i32, i32)) -> i32| row.period.map_or(String::new(), |p| display::date(of(p)));
            let over = row.period.map_or(String::new(), |_| row.complete.to_string());
            let mut line = vec![shown.rule.name.clone(), day(|p| p.0), day(|p| p.1), over];
            for key in &keys {
                let at = shown.metric.keys.iter().position(|(name, _)| name == key);
                let value = at.and_then(|at| row.keys[at].as_ref());
                line.push(value.map_or(String::new(), |v| exact(shown, v)));
            }
            let cell = |value: &Option<Value>| value.as_ref().map_or(String::new(), |v| exact(shown, v));
            let unit = row.currency.map(|c| c.as_str().to_owned()).or(unit(&shown.metric.ty).map(str::to_owned));
            let (low, high) = row.bounds.as_ref().map_or((&None, &None), |(low, high)| (low, high));
            line.extend([cell(&row.value), unit.unwrap_or_default(), cell(low), cell(high)]);
            line.extend([row.records, row.uncertain, row.unread].map(|n| n.to_string()));
            writer.write_record(&line)?;
        }
    }
    writer.flush()
}
