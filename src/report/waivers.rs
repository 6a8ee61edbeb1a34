//! Waivers in reports: which one covers a verdict, and which of them covered nothing.

use super::entry::Context;
use crate::data::display;
use crate::eval::Findings;
use crate::plan::Waiver;
use crate::source::Span;
use serde_json::{Value, json};

/// A waiver, and what became of it in a run.
#[derive(Debug)]
pub(crate) struct WaiverLine {
    pub rule: String,
    pub covers: String,
    pub from: i32,
    pub until: i32,
    pub approver: String,
    pub reason: String,
    /// `rules.bylaw:12:1`
    pub spot: String,
    /// The same for programs.
    pub place: Value,
    /// Verdicts that it waived.
    pub waived: u64,
    /// First and last day of the records.
    pub days: Option<(i32, i32)>,
    span: Span,
}

impl WaiverLine {
    /// `big_gift` for actor "E1042", where it stands, and what else is to be said of it.
    fn named(&self, remark: &str) -> String {
        format!("`{}`{} ({}, {remark})", self.rule, for_whom(&self.covers), self.spot)
    }

    /// It was over on the last day of the records.
    fn has_ended(&self) -> bool {
        self.days.is_some_and(|(_, last)| self.until <= last)
    }

    /// Why it covered nothing.
    fn idle(&self) -> &'static str {
        match self.days {
            Some((first, _)) if self.until <= first => "over before the first record",
            Some((_, last)) if last < self.from => "begins after the last record",
            _ => "no finding in its time",
        }
    }
}

fn for_whom(covers: &str) -> String {
    if covers.is_empty() { " for everyone".into() } else { format!(" for {covers}") }
}

/// All waivers of a run, by rule and then by their dates. A waiver of several revisions of a rule is one.
pub(crate) fn lines(context: &Context, findings: &Findings) -> Vec<WaiverLine> {
    let waived = findings.waived();
    let mut lines: Vec<WaiverLine> = Vec::new();
    for (i, rule) in findings.plan().rules.iter().enumerate() {
        for (waiver, &waived) in rule.waivers.iter().zip(&waived[i]) {
            match lines.iter_mut().find(|l| l.span == waiver.span && l.rule == rule.name) {
                Some(line) => line.waived += waived,
                None => lines.push(WaiverLine {
                    rule: rule.name.clone(),
                    covers: waiver.covers.clone(),
                    from: waiver.from,
                    until: waiver.until,
                    approver: waiver.approver.clone(),
                    reason: waiver.reason.clone(),
                    spot: context.spot(waiver.span),
                    place: json!(super::json::span(context, waiver.span)),
                    waived,
                    days: findings.days(i),
                    span: waiver.span,
                }),
            }
        }
    }
    lines
}

/// What a summary says: those that covered nothing with why, and those that have run out.
pub(crate) fn notes(lines: &[WaiverLine]) -> [(&'static str, Vec<String>); 2] {
    let unused = lines.iter().filter(|l| l.waived == 0);
    let ended = lines.iter().filter(|l| l.waived > 0 && l.has_ended());
    [
        ("waivers that covered nothing", unused.map(|l| l.named(l.idle())).collect()),
        ("waivers that have ended", ended.map(|l| l.named(&format!("until {}", display::date(l.until)))).collect()),
    ]
}

pub(crate) fn summary(lines: &[WaiverLine]) -> Vec<Value> {
    let line = |l: &WaiverLine| {
        json!({
            "rule": l.rule, "for": l.covers, "from": display::date(l.from), "until": display::date(l.until),
            "approved_by": l.approver, "reason": l.reason, "span": l.place, "waived": l.waived,
            "unused": (l.waived == 0).then(|| l.idle()), "ended": l.has_ended(),
        })
    };
    lines.iter().map(line).collect()
}

/// The waiver that covers a verdict, as a sentence.
pub(crate) fn sentence(context: &Context, waiver: &Waiver) -> String {
    format!(
        "waived{} from {} until {} ({}), approved by {}: {}",
        for_whom(&waiver.covers),
        display::date(waiver.from),
        display::date(waiver.until),
        context.spot(waiver.span),
        super::crop::plain(&waiver.approver),
        super::crop::plain(&waiver.reason),
    )
}

/// The same for programs.
pub(crate) fn entry(context: &Context, waiver: &Waiver) -> Value {
    json!({
        "for": waiver.covers, "from": display::date(waiver.from), "until": display::date(waiver.until),
        "approved_by": waiver.approver, "reason": waiver.reason, "span": super::json::span(context, waiver.span),
    })
}
