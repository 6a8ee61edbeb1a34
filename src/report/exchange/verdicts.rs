//! Verdicts of an audit as notices.

use super::{Notice, Outcome, Place, Rule, Standing, diagnostics};
use crate::data::{Time, Verdict, display};
use crate::eval::{ClauseRole, RecordRef, Truth};
use crate::plan::Plan;
use crate::report::baseline::Line;
use crate::report::crop::plain;
use crate::report::entry::shorten;
use crate::report::waivers;
use crate::report::{Context, Entry};

/// The rules of a plan, each wording one, with how much of what each was applied to is compliant.
pub(crate) fn rules(context: &Context, compliant: impl Fn(usize) -> u64) -> Vec<Rule> {
    let plan: &Plan = context.plan;
    let rule = |(i, r): (usize, &crate::plan::RulePlan)| {
        let mut page = format!("{}\n", r.title);
        let mut line = |what: &str, text: Option<&str>| {
            if let Some(text) = text {
                page.push_str(&format!("\n**{what}:** {text}\n"));
            }
        };
        line("Cite", r.cite.as_deref());
        line("Consequence", r.consequence.as_deref());
        line("Purpose", r.purpose.as_deref());
        line("Legal basis", r.legal_basis.as_deref());
        line("Retention", r.retention.map(display::length).as_deref());
        line("In force", crate::report::entry::force(r.effective).as_deref());
        Rule {
            id: r.name.clone(),
            title: r.title.clone(),
            page,
            grade: Some(r.severity),
            cite: r.cite.clone(),
            policy: r.policy.clone(),
            consequence: r.consequence.clone(),
            place: Some(diagnostics::place(context.sources, r.name_span)),
            passed: Some(compliant(i)),
        }
    };
    plan.rules.iter().enumerate().map(rule).collect()
}

/// A verdict other than compliant.
pub(crate) fn of_entry(context: &Context, entry: &Entry, standing: Option<Standing>) -> Notice {
    let rule = entry.rule();
    let why = &entry.why;
    let mut records = why.records.iter();
    let places = records.next().and_then(|r| place(context, r)).into_iter().collect();
    let mut related: Vec<(Place, String)> = clauses(context, entry);
    related.extend(records.filter_map(|r| Some((place(context, r)?, context.name(r)))));
    let gaps: Vec<String> = why.gaps.iter().map(|g| context.gap(entry, g)).collect();
    let message = match entry.verdict() {
        Verdict::Indeterminate | Verdict::Pending if !gaps.is_empty() => gaps.join("; "),
        _ if why.message.is_empty() => rule.title.clone(),
        _ => plain(&why.message),
    };
    let nanoseconds = entry.row.time.map(|time| match time {
        Time::Instant(at) => Some(at),
        Time::Date(day) => i64::from(day).checked_mul(86_400_000_000_000),
    });
    Notice {
        rule: entry.row.rule_index,
        outcome: outcome(entry.verdict()),
        grade: rule.severity,
        about: why.records.first().map_or_else(String::new, |r| shorten(&context.name(r), 80)),
        message,
        places,
        related,
        id: entry.id(),
        subject: entry.row.subject.map(str::to_owned),
        time: entry.time.clone().map(|shown| (shown, nanoseconds.flatten())),
        because: because(context, entry),
        revision: Some(rule.revision.clone()),
        records: why.records.iter().map(|r| (context.kind(r.kind).to_owned(), r.identity.clone())).collect(),
        standing,
        ..Notice::default()
    }
}

/// What a baseline knows and was not found again; none where its rule is no longer in the set.
pub(crate) fn of_gone(rules: &[Rule], line: &Line) -> Option<Notice> {
    Some(Notice {
        rule: rules.iter().rposition(|r| r.id == line.rule)?,
        outcome: outcome(line.verdict),
        grade: line.severity,
        about: line.record.clone(),
        message: "not found again".into(),
        id: line.id.clone(),
        standing: Some(Standing::Gone),
        ..Notice::default()
    })
}

pub(crate) fn outcome(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Finding => Outcome::Found,
        Verdict::Indeterminate => Outcome::Indeterminate,
        Verdict::Pending => Outcome::Pending,
        Verdict::Excepted => Outcome::Excepted,
        Verdict::Waived => Outcome::Waived,
        Verdict::Repeated => Outcome::Repeated,
        Verdict::Compliant => Outcome::Passed,
    }
}

fn because(context: &Context, entry: &Entry) -> Option<String> {
    match entry.verdict() {
        Verdict::Excepted => entry.why.exception.as_ref().map(|name| format!("the exception `{name}` applies")),
        Verdict::Waived => entry.row.waiver.map(|w| waivers::sentence(context, w)),
        Verdict::Repeated => entry.why.once.as_ref().map(|once| match &once.counted_with {
            Some(id) => format!("counted with finding {}", crate::data::identity::hex(id)),
            None => "counted with an earlier finding".into(),
        }),
        _ => None,
    }
}

/// The clauses of the rule that decided, with what they saw.
fn clauses(context: &Context, entry: &Entry) -> Vec<(Place, String)> {
    let decides = |truth: Truth| match entry.verdict() {
        Verdict::Indeterminate => truth == Truth::Unknown,
        Verdict::Pending => truth == Truth::Pending,
        _ => truth == Truth::True,
    };
    let said = |c: &crate::eval::ClauseTrace| {
        let values: Vec<String> = c
            .values
            .iter()
            .map(|v| format!("{} = {}", shorten(context.sources.text(v.span), 60), shorten(&v.value, 60)))
            .collect();
        match values.is_empty() {
            true => format!("`{}`", shorten(context.sources.text(c.span), 80)),
            false => values.join(", "),
        }
    };
    let own = |c: &&crate::eval::ClauseTrace| match &c.role {
        ClauseRole::Unless(name) => entry.why.exception.as_ref() == Some(name),
        ClauseRole::Waiver(_) => false,
        ClauseRole::Need => true,
        _ => decides(c.truth),
    };
    let name = |c: &crate::eval::ClauseTrace| crate::report::json::role(&c.role);
    let places = entry.why.clauses.iter().filter(own);
    let mut found: Vec<(Place, String)> =
        places.map(|c| (diagnostics::place(context.sources, c.span), format!("{}: {}", name(c), said(c)))).collect();
    if found.is_empty() {
        found.push((diagnostics::place(context.sources, entry.rule().name_span), "the rule".into()));
    }
    found
}

/// None where a record stands in no file: a row of a table that is judged at a period's end.
fn place(context: &Context, record: &RecordRef) -> Option<Place> {
    let at = record.place?;
    Some(Place {
        file: context.input(record)?.to_owned(),
        line: at.line,
        column: None,
        end: None,
        offset: Some(at.offset),
    })
}
