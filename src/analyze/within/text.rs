//! What is said of a set, for people and for programs.

use super::{Analysis, Claim, Example, Kind, Named, Open, Proof};
use crate::analyze::text::verdict;
use crate::report::plural;
use serde_json::{Value, json as value};
use std::collections::BTreeSet;
use std::fmt::Write;

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::Contradiction,
        Kind::FindsNothing,
        Kind::Swallowed,
        Kind::FindsEverything,
        Kind::Same,
        Kind::Implied,
        Kind::Together,
        Kind::Overlap,
    ];

    /// As it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Contradiction => "contradiction",
            Kind::FindsNothing => "finds-nothing",
            Kind::Swallowed => "swallowed",
            Kind::FindsEverything => "finds-everything",
            Kind::Same => "same",
            Kind::Implied => "implied",
            Kind::Together => "together",
            Kind::Overlap => "overlap",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Kind::Contradiction => "contradiction",
            Kind::FindsNothing => "finds nothing",
            Kind::Swallowed => "swallowed by an exception",
            Kind::FindsEverything => "finds everything",
            Kind::Same => "find the same",
            Kind::Implied => "implied",
            Kind::Together => "find everything together",
            Kind::Overlap => "overlap",
        }
    }

    fn counted(self, n: usize) -> String {
        let find = if n == 1 { "finds" } else { "find" };
        match self {
            Kind::Contradiction => plural(n, "contradiction"),
            Kind::FindsNothing => format!("{n} that {find} nothing"),
            Kind::Swallowed => format!("{n} swallowed by an exception"),
            Kind::FindsEverything => format!("{n} that {find} everything"),
            Kind::Same => format!("{} that {find} the same", plural(n, "pair")),
            Kind::Implied => format!("{n} implied by another"),
            Kind::Together => format!("{} that {find} everything together", plural(n, "pair")),
            Kind::Overlap => format!("{} that overlap", plural(n, "pair")),
        }
    }
}

pub(crate) fn human(analysis: &Analysis, color: bool) -> String {
    let (bold, off) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let mut text = String::new();
    for claim in &analysis.claims {
        let _ = writeln!(text, "{bold}{}{off}  {}", claim.claim.heading(), named(&claim.rule));
        if let Some(other) = &claim.other {
            let with = match claim.claim {
                Kind::Implied => "by",
                _ => "and",
            };
            let _ = writeln!(text, "    {with} {}", named(other));
        }
        let _ = writeln!(text, "    {}{}", claim.because, proved(claim));
        for example in &claim.examples {
            let said: Vec<String> =
                example.verdicts.iter().map(|(rule, v)| format!("{rule}: {}", verdict(*v))).collect();
            let _ = writeln!(text, "    {}: {} ({})", example.shows, shown(example), said.join(", "));
        }
        text.push('\n');
    }
    if !analysis.not_analysed.is_empty() {
        let _ = writeln!(
            text,
            "{bold}not analysed{off}  each is taken whole, and nothing is said that hinges on what is in it"
        );
        for open in &analysis.not_analysed {
            let _ = writeln!(text, "    {}  ({})", open.rule.name, open.rule.place);
            let _ = writeln!(text, "        {}", reasons(open));
        }
        text.push('\n');
    }
    if !analysis.undecided.is_empty() {
        let _ = writeln!(text, "{bold}not decided{off}  whether all that the one finds, the other finds too");
        for pair in &analysis.undecided {
            let _ = writeln!(text, "    {} in {}: {}", pair.rule, pair.other, pair.why);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{bold}{}{off}", summary(analysis));
    text
}

/// The records before the last one whole; of the last one what the rules read.
fn shown(example: &Example) -> String {
    let Some((last, before)) = example.records.split_last() else { return String::new() };
    let mut text = before.iter().map(|r| format!("{r} ")).collect::<String>();
    let Some(fields) = last.as_object() else { return text };
    let first = |path: &String| path.split('.').next().unwrap_or_default().to_owned();
    let read: BTreeSet<String> = example.read.iter().map(first).collect();
    let (said, left_out): (Vec<_>, Vec<_>) =
        fields.iter().partition(|(name, _)| *name == "kind" || read.contains(*name));
    let mut parts: Vec<String> =
        said.into_iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
    if !left_out.is_empty() {
        parts.push("…".into());
    }
    let _ = write!(text, "{{{}}}", parts.join(","));
    text
}

/// `a pattern; what other records there are (2)`
fn reasons(open: &Open) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for part in &open.parts {
        match counted.iter_mut().find(|(why, _)| *why == part.why) {
            Some((_, n)) => *n += 1,
            None => counted.push((part.why, 1)),
        }
    }
    let mut said: Vec<String> =
        counted.into_iter().map(|(why, n)| if n == 1 { why.to_owned() } else { format!("{why} ({n})") }).collect();
    if open.unshown {
        said.push("no record could be made that it finds".into());
    }
    said.join("; ")
}

fn named(rule: &Named) -> String {
    match rule.title == rule.name {
        true => format!("{}  ({})", rule.name, rule.place),
        false => format!("{} · {}  ({})", rule.name, rule.title, rule.place),
    }
}

fn proved(claim: &Claim) -> &'static str {
    match claim.proof {
        Proof::Intervals => " (proved)",
        Proof::Solver => " (proved by the solver)",
        Proof::Records => "",
    }
}

/// `60 rules: 2 implied by another; 14 with parts that are not analysed`
fn summary(analysis: &Analysis) -> String {
    let mut parts = Vec::new();
    for kind in Kind::ALL {
        let n = analysis.claims.iter().filter(|c| c.claim == kind).count();
        if n > 0 {
            parts.push(kind.counted(n));
        }
    }
    let what = if parts.is_empty() { "nothing to tell".to_owned() } else { parts.join(", ") };
    let mut text = format!("{}: {what}", plural(analysis.rules, "rule"));
    if !analysis.not_analysed.is_empty() {
        let _ = write!(text, "; {} with parts that are not analysed", analysis.not_analysed.len());
    }
    text
}

pub(crate) fn json(analysis: &Analysis) -> Value {
    let mut document = value!({ "schema": "bylaws.analyze/1", "summary": summary(analysis) });
    if let (Some(document), Ok(Value::Object(parts))) = (document.as_object_mut(), serde_json::to_value(analysis)) {
        document.extend(parts);
    }
    document
}
