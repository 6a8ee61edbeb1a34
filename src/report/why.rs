//! The whole of why a rule ended as it did at a record, for people.

use super::crop::plain;
use super::entry::{Context, force, shorten};
use super::human::{dim, searched, within};
use super::{changes, steps, waivers};
use crate::data::{Origin, Verdict};
use crate::eval::why::{Came, Failed, NearMiss, Node, Note, Part, Sort, Why};
use crate::eval::{ClauseRole, Gap, RecordRef, Truth};
use std::fmt::Write;

/// Of a condition's text on one line.
const TEXT: usize = 120;

pub(crate) fn human(context: &Context, why: &Why, color: bool) -> String {
    let rule = &context.plan.rules[why.rule];
    let mut text = String::new();
    let verdict = match why.verdict {
        Some(Verdict::Finding) => format!("{} finding", rule.severity.as_str()),
        Some(verdict) => verdict.as_str().to_owned(),
        None => "not triggered".into(),
    };
    let _ = writeln!(text, "{} · {}\n{}", bold(&verdict, color), bold(&rule.name, color), rule.title);
    if let Some(message) = why.message.as_deref().map(plain)
        && message != rule.title
    {
        let _ = writeln!(text, "{message}");
    }
    text.push('\n');
    let mut head: Vec<(&str, String)> = Vec::new();
    if let Some(record) = why.records.first() {
        head.push(("record", record_line(context, record)));
    }
    if let Some(subject) = &why.subject {
        head.push(("subject", plain(subject)));
    }
    let revision = if rule.revision == "1" { String::new() } else { format!(", revision {}", rule.revision) };
    head.push(("rule", format!("{}{revision}", context.spot(rule.name_span))));
    if let Some(cite) = &rule.cite {
        head.push(("cite", cite.clone()));
    }
    if let Some(force) = force(rule.effective) {
        head.push(("in force", force));
    }
    if let Some(waiver) = why.waiver.and_then(|w| rule.waivers.get(w as usize)) {
        head.push(("waiver", waivers::sentence(context, waiver)));
    }
    if why.verdict.is_some() {
        head.push(("id", crate::data::identity::hex(&why.id)));
    }
    for (name, what) in head {
        let _ = writeln!(text, "  {}  {what}", dim(&format!("{name:>8}"), color));
    }
    let _ = writeln!(text, "\n{}", bold("Why", color));
    for note in &why.notes {
        let more = if *note == Note::NoMatch { "; looked for from its end:" } else { "" };
        let _ = writeln!(text, "  {}{more}", note_text(context, why, note));
    }
    if !why.steps.is_empty() {
        for line in steps::listed(context, &why.records, &why.steps).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    progress(context, why, &mut text);
    let mut last: Option<&ClauseRole> = None;
    for part in &why.parts {
        if last != Some(&part.role) {
            let _ = writeln!(text, "  {}", dim(&heading(context, part), color));
        }
        last = Some(&part.role);
        node(context, why, &part.node, 2, &mut text, color);
    }
    if let Some(once) = &why.once {
        let within = within(once);
        let _ = match once.counted_with {
            Some(id) => writeln!(text, "  → counted with the finding {}, {within}", crate::data::identity::hex(&id)),
            None => writeln!(text, "  → {} more counted with it, {within}", super::grouped(once.further)),
        };
    }
    if let Some(ends) = conclusion(why) {
        let _ = writeln!(text, "  → {ends}");
    }
    if !why.gaps.is_empty() {
        let _ = writeln!(text, "\n{}", bold("What is not known", color));
        for gap in &why.gaps {
            let _ = writeln!(text, "  {}", gap_line(context, why, gap));
        }
    }
    if let Some(changes) = &why.changes {
        let (heading, changes) = changes::text(context, why, changes);
        let _ = write!(text, "\n{}\n{changes}", bold(heading, color));
    }
    text
}

fn heading(context: &Context, part: &Part) -> String {
    let word = match &part.role {
        ClauseRole::Where => "where".to_owned(),
        ClauseRole::When => "when".into(),
        ClauseRole::Need => "need".into(),
        ClauseRole::Limit => "limit".into(),
        ClauseRole::Unless(name) => format!("unless {name}"),
        ClauseRole::Waiver(_) => "waiver".into(),
        ClauseRole::Step(name) => format!("step {name}"),
    };
    format!("{word}  {}", context.spot(part.node.span))
}

/// What the conditions together came to.
fn conclusion(why: &Why) -> Option<String> {
    let failed = |role: &ClauseRole| why.parts.iter().any(|p| p.role == *role && p.node.truth == Some(Truth::False));
    Some(match why.verdict {
        None if failed(&ClauseRole::Where) => "the rule is not about this record: its `where` does not hold".into(),
        Some(Verdict::Compliant) if failed(&ClauseRole::When) => "its `when` does not hold, so nothing is found".into(),
        Some(Verdict::Compliant) if failed(&ClauseRole::Limit) => "the limit is kept".into(),
        Some(Verdict::Compliant) if why.parts.iter().any(|p| p.role == ClauseRole::Need) => {
            "what is needed is there".into()
        }
        Some(Verdict::Excepted) => format!("the exception `{}` applies", why.exception.as_deref().unwrap_or_default()),
        Some(Verdict::Repeated) => "`once per` counts it with an earlier finding".into(),
        _ => return None,
    })
}

pub(crate) fn note_text(context: &Context, why: &Why, note: &Note) -> String {
    match note {
        Note::OtherKind { kind } if context.plan.schema.kind(*kind).origin == Origin::Findings => {
            "the rule is about findings, and at this record there is none that it looks at".into()
        }
        Note::OtherKind { kind } => {
            let own = why.records.first().map_or(String::new(), |r| format!(", not about `{}`", context.kind(r.kind)));
            format!("the rule is about `{}`{own}", context.kind(*kind))
        }
        Note::NotInForce { from, until } => {
            let when = force((*from, *until)).unwrap_or_else(|| "at all times".into());
            let at = why.time.as_ref().map_or(String::new(), |t| format!(", and this record is of {t}"));
            format!("{} is in force {when}{at}", revision_name(context, why))
        }
        Note::NoMatch => "no sequence of the rule's steps ends with this record".into(),
        Note::EarlierStep { step, last } => {
            let own = why.records.first().map_or("record", |r| context.kind(r.kind));
            let last = context.kind(*last);
            format!(
                "the rule judges the `{last}` at the end of a sequence, and this `{own}` can be its step `{step}`: ask about the `{last}`"
            )
        }
        Note::WaiverOver { waiver } => {
            let of = context.plan.rules[why.rule].waivers.get(*waiver as usize);
            of.map_or(String::new(), |w| format!("not {}", waivers::sentence(context, w)))
        }
        Note::NotValid => {
            let at = why.time.as_ref().map_or(String::new(), |t| format!(" on {t}"));
            format!("the table's row does not hold{at}")
        }
        Note::CountsForNobody => "nobody is above, so the record counts for nobody".into(),
        Note::CrossedBefore { record } => {
            let at = why.records.get(*record).map_or(String::new(), |r| record_line(context, r));
            format!("the limit was crossed before, and has not been kept since: the finding is at {at}")
        }
    }
}

/// A condition and what is inside it, one a line.
pub(super) fn node(context: &Context, why: &Why, of: &Node, depth: usize, text: &mut String, color: bool) {
    if of.sort == Sort::Constant && of.name.is_none() {
        return;
    }
    let indent = "  ".repeat(depth);
    let own = shorten(context.sources.text(of.span), TEXT);
    let defined = of.name.as_ref().map_or(String::new(), |(_, span)| format!("  (defined at {})", context.spot(*span)));
    let value = of.value.as_deref().map(|v| shorten(v, TEXT));
    let from = match of.field.filter(|(r, _)| *r != 0).and_then(|(r, _)| why.records.get(r)) {
        Some(record) => format!("  ({})", record_line(context, record)),
        None => String::new(),
    };
    let _ = match (of.truth, value) {
        (Some(truth), _) => {
            let sign = truth_word(truth);
            writeln!(text, "{indent}{} {own}{defined}{from}", mark(truth, &format!("{sign:<7}"), color))
        }
        (None, Some(value)) if of.sort == Sort::Above => {
            writeln!(text, "{indent}{} above {own}: {value}", " ".repeat(7))
        }
        (None, Some(value)) if of.sort == Sort::Rate => {
            let row = of.field.and_then(|(r, _)| context.place(why.records.get(r)?));
            let row = row.map_or(String::new(), |place| format!("  ({place})"));
            writeln!(text, "{indent}{} {value}{row}", " ".repeat(7))
        }
        (None, Some(value)) => writeln!(text, "{indent}{} {own} is {value}{defined}{from}", " ".repeat(7)),
        (None, None) => writeln!(text, "{indent}{own}{defined}"),
    };
    if let Some(window) = of.window.and_then(|w| why.windows.get(w)) {
        let indent = format!("{indent}          ");
        let found = searched(context, &why.records, &window.seen);
        for (i, line) in found.lines().enumerate() {
            let _ = writeln!(text, "{indent}{}{line}", if i == 0 { "searched " } else { "" });
        }
        for miss in &window.near {
            let _ = writeln!(text, "{indent}nearly   {}", near(context, why, miss));
        }
    }
    for part in &of.parts {
        node(context, why, part, depth + 1, text, color);
    }
    for gap in &of.gaps {
        let _ = writeln!(text, "{indent}          {} {}", dim("because", color), gap_line(context, why, gap));
    }
}

/// How far a sequence came, the last step first, as it is looked for.
fn progress(context: &Context, why: &Why, text: &mut String) {
    let width = why.progress.iter().map(|s| s.name.chars().count()).max().unwrap_or(0);
    for (i, step) in why.progress.iter().enumerate().rev() {
        let last = i + 1 == why.progress.len();
        let kind = context.kind(step.kind);
        let came = match &step.came {
            Came::Found(record) => why.records.get(*record).map_or(String::new(), |r| record_line(context, r)),
            Came::NotReached => format!("`{kind}`: not looked for, as a later step is missing"),
            Came::Missing { .. } if last => "this record does not fit".to_owned(),
            Came::Missing { seen, keys, .. } => {
                let keys: Vec<String> = keys.iter().map(|(k, v)| format!("{k} = {}", plain(v))).collect();
                let of = if keys.is_empty() { String::new() } else { format!(" with {}", keys.join(", ")) };
                match seen {
                    0 => format!("no `{kind}`{of} in that time"),
                    n => format!("no `{kind}`{of} fits, of {} in that time", super::grouped(*n as u64)),
                }
            }
        };
        let _ = writeln!(text, "    {:<width$}  {came}", step.name);
        if let Came::Missing { near: all, .. } = &step.came {
            for miss in all {
                let _ = match last {
                    true => writeln!(text, "    {:<width$}  {}", "", failed(context, why, miss)),
                    false => writeln!(text, "    {:<width$}  nearly   {}", "", near(context, why, miss)),
                };
            }
        }
    }
}

/// What is not known, and where it stands.
pub(super) fn gap_line(context: &Context, why: &Why, gap: &Gap) -> String {
    let at = gap.record.and_then(|r| why.records.get(r)).and_then(|r| context.place(r));
    let at = at.map_or(String::new(), |p| format!(" ({p})"));
    format!("{}{at}", context.gap_of(&why.records, gap))
}

fn near(context: &Context, why: &Why, miss: &NearMiss) -> String {
    let record = why.records.get(miss.record).map_or(String::new(), |r| record_line(context, r));
    format!("{record}: {}", failed(context, why, miss))
}

fn failed(context: &Context, why: &Why, miss: &NearMiss) -> String {
    match &miss.failed {
        Failed::Window { by, after: true } => format!("{by} after the end of that time"),
        Failed::Window { by, after: false } => format!("{by} before the start of that time"),
        Failed::Key { name, found, wanted } => {
            format!("its `{name}` is `{}`, not `{}`", plain(found), plain(wanted))
        }
        Failed::TooEarly { by, within } => format!("{by} too early for the steps to lie within {within}"),
        Failed::Order { step } => format!("it does not come before `{step}`"),
        Failed::Between { step, records } => {
            let records = records.iter().filter_map(|r| why.records.get(*r)).take(3);
            let records: Vec<String> = records.map(|r| record_line(context, r)).collect();
            format!("there is a `{step}` behind it: {}", records.join("; "))
        }
        Failed::TooFew { step, found, least } => format!("`{step}` is there {found} of the {least} times needed"),
        Failed::Condition { span, truth, values } => {
            let values: Vec<String> = values
                .iter()
                .map(|(s, v)| format!("`{}` is {}", shorten(context.sources.text(*s), 40), shorten(v, 40)))
                .collect();
            let not = if *truth == Truth::False { "does not hold" } else { "is not known" };
            let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
            format!("`{}` {not}{values}", shorten(context.sources.text(*span), 60))
        }
    }
}

fn revision_name(context: &Context, why: &Why) -> String {
    match context.plan.rules[why.rule].revision.as_str() {
        "1" => "the rule".into(),
        revision => format!("this wording of the rule ({revision})"),
    }
}

pub(crate) fn record_line(context: &Context, record: &RecordRef) -> String {
    let mut parts = vec![context.name(record)];
    parts.extend(record.time.clone());
    parts.extend(context.place(record));
    parts.join(", ")
}

pub(crate) fn truth_word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
        Truth::Pending => "pending",
    }
}

/// A text in the colour of a truth.
pub(super) fn mark(truth: Truth, text: &str, color: bool) -> String {
    let code = match truth {
        Truth::True => "32",
        Truth::False => "31",
        Truth::Unknown | Truth::Pending => "33",
    };
    if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

pub(super) fn bold(text: &str, color: bool) -> String {
    if color { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}
