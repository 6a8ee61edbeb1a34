//! A handbook: everything that it says, in its language and order, before it is laid out.

use super::catalogue::{Arg, Catalogue};
use super::definitions::{self, Definition, Glossary, Parameter};
use super::examples::{self, Example};
use super::reading::{self, Block};
use super::words::Words;
use crate::data::{Clock, Severity};
use crate::sema::Use;
use crate::sema::hir::{Hir, Rule, Waiver};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::{self, ItemKind};
use std::collections::BTreeMap;

/// What a handbook is made from.
pub struct Given<'a> {
    pub hir: &'a Hir,
    pub files: &'a [(FileId, ast::File)],
    pub sources: &'a SourceMap,
    /// For each name in the texts the name that declares it.
    pub uses: &'a [Use],
    /// The day on which it is looked at, since 1970; none: each rule in its last wording.
    pub as_of: Option<i32>,
    pub title: Option<&'a str>,
}

pub struct Handbook {
    pub title: String,
    pub language: String,
    pub as_of: Option<String>,
    pub domains: Vec<Domain>,
    pub charters: Vec<Charter>,
    pub parameters: Vec<Parameter>,
    pub definitions: Vec<Definition>,
    pub glossary: Vec<Glossary>,
    pub metrics: Vec<MetricEntry>,
}

/// The rules of one file.
pub struct Domain {
    /// The file's name, without folder and ending.
    pub stem: String,
    pub anchor: String,
    pub title: String,
    pub doc: Option<String>,
    /// Owner, time zone, fiscal year, business days: a name and a value.
    pub facts: Vec<(String, String)>,
    pub rules: Vec<RuleEntry>,
}

pub struct RuleEntry {
    pub name: String,
    pub anchor: String,
    pub title: String,
    pub doc: Option<String>,
    pub severity: Severity,
    /// When the rule is in force, in any wording.
    pub in_force: String,
    /// On which days what changes.
    pub changes: Vec<String>,
    /// The wording that holds, and those before and after it.
    pub wordings: Vec<Wording>,
    /// Which of them the handbook shows first.
    pub shown: usize,
    pub parameters: Vec<Parameter>,
    pub examples: Vec<Example>,
}

pub struct Wording {
    /// `in force from … until …`
    pub in_force: String,
    pub title: String,
    pub doc: Option<String>,
    /// Severity, source, purpose, consequence, …: a name and a value.
    pub facts: Vec<(String, String)>,
    pub reading: Vec<Block>,
    pub approver: Vec<Block>,
    pub waivers: Vec<Block>,
}

pub struct Charter {
    pub title: Option<String>,
    pub doc: Option<String>,
    pub lines: Vec<String>,
}

pub struct MetricEntry {
    pub anchor: String,
    pub title: String,
    pub doc: Option<String>,
    pub name: String,
    pub reading: Vec<Block>,
}

impl Handbook {
    pub fn rules(&self) -> usize {
        self.domains.iter().map(|domain| domain.rules.len()).sum()
    }
}

pub fn handbook(given: &Given, catalogue: &Catalogue) -> Handbook {
    let words = Words::new(catalogue, given.hir);
    let parameters = definitions::parameters(given, &words);
    let mut by_name: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in &given.hir.rules {
        by_name.entry(&rule.name).or_default().push(rule);
    }
    let mut domains: Vec<Domain> = Vec::new();
    for (file, tree) in given.files {
        // A rule stands in the file of its first wording; a `revise` elsewhere is its change.
        let declared = tree.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Rule(rule) => {
                by_name.get(rule.name.text.as_str()).filter(|all| all.iter().any(|r| r.span == item.span))
            }
            _ => None,
        });
        let rules: Vec<RuleEntry> = declared.map(|wordings| entry(given, &words, wordings, &parameters)).collect();
        if !rules.is_empty() {
            let mut domain = domain(given, &words, *file, tree, rules);
            let alike = domains.iter().filter(|other| other.stem == domain.stem).count();
            if alike > 0 {
                domain.anchor = format!("{}-{}", domain.anchor, alike + 1);
            }
            domains.push(domain);
        }
    }
    let title = match given.title {
        Some(title) => title.to_owned(),
        None => catalogue.name("handbook", None).unwrap_or_else(|| words.say("title", &[])),
    };
    Handbook {
        title,
        language: catalogue.language(),
        as_of: given.as_of.map(|day| words.date(day)),
        domains,
        charters: definitions::charters(given, &words),
        parameters,
        definitions: definitions::definitions(given, &words),
        glossary: definitions::glossary(given, &words),
        metrics: metrics(given, &words),
    }
}

fn domain(given: &Given, words: &Words, file: FileId, tree: &ast::File, rules: Vec<RuleEntry>) -> Domain {
    let name = &given.sources.file(file).name;
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name).trim_end_matches(".bylaw");
    let policy = tree.items.iter().find_map(|item| match &item.kind {
        ItemKind::Policy(policy) => Some((item, policy)),
        _ => None,
    });
    let id = format!("policy-{}", policy.map_or(stem, |(_, p)| &p.name.text));
    let own = policy.and_then(|(_, p)| p.title.as_ref()).map(|t| t.text.clone());
    let title = words.catalogue.name(&id, None).or(own).unwrap_or_else(|| super::words::readable(stem));
    let doc = words.catalogue.name(&id, Some("doc")).or_else(|| policy.and_then(|(item, _)| item.doc.clone()));
    let clock = given.hir.rules.iter().find(|r| r.name_span.file == file).map(|r| &r.clock);
    let mut facts = Vec::new();
    if let Some(owner) = policy.and_then(|(_, p)| p.owner.as_ref()) {
        let owner = words.catalogue.name(&id, Some("owner")).unwrap_or_else(|| owner.text.clone());
        facts.push((words.say("owner", &[]), owner));
    }
    if let Some(clock) = clock {
        facts.extend(clock_facts(words, clock));
    }
    Domain { stem: stem.to_owned(), anchor: format!("domain-{stem}"), title, doc, facts, rules }
}

fn clock_facts(words: &Words, clock: &Clock) -> Vec<(String, String)> {
    let mut facts = vec![(words.say("time-zone", &[]), clock.timezone.clone())];
    if clock.fiscal_start != (1, 1) {
        let (month, day) = (format!("{:02}", clock.fiscal_start.0), format!("{:02}", clock.fiscal_start.1));
        let text = words.say("fiscal-year-begins", &[("month", Arg::Text(&month)), ("day", Arg::Text(&day))]);
        facts.push((words.say("fiscal-year", &[]), text));
    }
    let Some(business) = &clock.business else { return facts };
    const DAYS: [&str; 7] = ["weekday-1", "weekday-2", "weekday-3", "weekday-4", "weekday-5", "weekday-6", "weekday-7"];
    let days = (0..7).filter(|n| business.weekdays & (1 << n) != 0).map(|n| words.say(DAYS[n], &[])).collect();
    let days = words.all(days);
    let text = match business.except {
        None => days,
        Some((table, field)) => {
            let table_name = words.quoted(&words.kind(table));
            match field.map(|field| words.quoted(&words.field(table, field))) {
                None => words.say("business-days-but", &[("days", (&days).into()), ("table", (&table_name).into())]),
                Some(field) => words.say(
                    "business-days-but-worked",
                    &[("days", (&days).into()), ("table", (&table_name).into()), ("field", (&field).into())],
                ),
            }
        }
    };
    facts.push((words.say("business-days", &[]), text));
    facts
}

/// One rule in all its wordings, the first one first.
fn entry(given: &Given, words: &Words, rules: &[&Rule], parameters: &[Parameter]) -> RuleEntry {
    // A value that changes makes a rule for each of its times out of one wording.
    let groups: Vec<&[&Rule]> = rules.chunk_by(|a, b| a.span == b.span).collect();
    let at = shown(given.as_of, rules);
    let shown = groups.iter().position(|group| group.iter().any(|r| std::ptr::eq(*r, rules[at]))).unwrap_or(0);
    let wordings: Vec<Wording> = groups
        .iter()
        .enumerate()
        .map(|(i, group)| wording(given, words, group, if i == shown { rules[at] } else { group[group.len() - 1] }))
        .collect();
    let rule = rules[at];
    let title = words.rule(&rule.name);
    let read = |rules: &[&Rule]| {
        let spans: Vec<Span> = rules.iter().map(|r| r.span).collect();
        let read = definitions::read_by(given, &spans);
        parameters.iter().filter(|p| read.contains(&p.span)).cloned().collect::<Vec<Parameter>>()
    };
    let changes = changes(words, rules, &read);
    let parameters = read(rules);
    let examples = examples::of_rule(given, words, rules);
    RuleEntry {
        name: rule.name.clone(),
        anchor: format!("rule-{}", rule.name),
        title,
        doc: doc(words, rule),
        severity: rule.severity,
        in_force: in_force(words, (rules[0].effective.0, rules[rules.len() - 1].effective.1), given.as_of),
        changes,
        wordings,
        shown,
        parameters,
        examples,
    }
}

fn facts(words: &Words, rule: &Rule) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |id: &str, text: Option<String>| {
        if let Some(text) = text {
            facts.push((words.say(id, &[]), text));
        }
    };
    let said = |attribute: &str, own: &Option<String>| {
        own.as_ref().map(|own| {
            words.catalogue.name(&format!("rule-{}", rule.name), Some(attribute)).unwrap_or_else(|| own.clone())
        })
    };
    fact("severity", Some(words.severity(rule.severity)));
    fact("source", said("cite", &rule.cite));
    fact("purpose", said("purpose", &rule.purpose));
    fact("legal-basis", said("legal-basis", &rule.legal_basis));
    fact("consequence", rule.consequence.as_ref().map(|c| words.consequence(c)));
    fact("retention", rule.retention.map(|by| words.length(by)));
    facts
}

fn doc(words: &Words, rule: &Rule) -> Option<String> {
    words.catalogue.name(&format!("rule-{}", rule.name), Some("doc")).or_else(|| rule.doc.clone())
}

/// The wording in force on a day, or else the one that is next to it; without a day the last.
fn shown(as_of: Option<i32>, rules: &[&Rule]) -> usize {
    let last = rules.len() - 1;
    let Some(day) = as_of else { return last };
    let begun = |r: &&Rule| r.effective.0.is_none_or(|from| from <= day);
    rules.iter().rposition(begun).unwrap_or(0)
}

/// What changes on which day: the wording, or a value that it reads.
fn changes(words: &Words, rules: &[&Rule], read: &impl Fn(&[&Rule]) -> Vec<Parameter>) -> Vec<String> {
    let mut out = Vec::new();
    for pair in rules.windows(2) {
        let [before, after] = pair else { continue };
        let Some(from) = after.effective.0 else { continue };
        let day = words.date(from);
        if before.span != after.span {
            out.push(words.say("changed-wording", &[("day", (&day).into())]));
        }
        for parameter in read(&[after]) {
            let Some(at) = parameter.starts.iter().position(|(start, _)| *start == Some(from)) else { continue };
            let (to, before) = (&parameter.starts[at].1, parameter.starts.get(at.wrapping_sub(1)));
            let before = before.map(|(_, value)| value.as_str()).unwrap_or_default();
            let name = words.quoted(&parameter.title);
            let args =
                [("day", (&day).into()), ("value", (&name).into()), ("to", to.into()), ("before", before.into())];
            out.push(words.say("changed-value", &args));
        }
    }
    out
}

/// The wording of several times that differ in values alone, read as it is at one of them.
fn wording(given: &Given, words: &Words, times: &[&Rule], rule: &Rule) -> Wording {
    let read = reading::rule(words, rule);
    Wording {
        in_force: in_force(words, (times[0].effective.0, times[times.len() - 1].effective.1), given.as_of),
        title: rule.title.clone(),
        doc: rule.doc.clone(),
        facts: facts(words, rule),
        reading: read.rule,
        approver: read.approver,
        waivers: waivers(words, rule, &read.waived),
    }
}

fn in_force(words: &Words, effective: (Option<i32>, Option<i32>), as_of: Option<i32>) -> String {
    // The day after the last is written as the last.
    let (from, last) = (effective.0.map(|d| words.date(d)), effective.1.map(|d| words.date(d.saturating_sub(1))));
    let text = match (&from, &last) {
        (None, None) => words.say("in-force-always", &[]),
        (Some(from), None) => words.say("in-force-from", &[("from", from.into())]),
        (None, Some(last)) => words.say("in-force-until", &[("last", last.into())]),
        (Some(from), Some(last)) => words.say("in-force-from-until", &[("from", from.into()), ("last", last.into())]),
    };
    let Some(day) = as_of else { return text };
    let day_text = words.date(day);
    if effective.0.is_some_and(|from| day < from) {
        return words.say("in-force-not-yet", &[("text", (&text).into()), ("day", (&day_text).into())]);
    }
    if effective.1.is_some_and(|until| day >= until) {
        return words.say("in-force-no-more", &[("text", (&text).into()), ("day", (&day_text).into())]);
    }
    text
}

fn waivers(words: &Words, rule: &Rule, covers: &[Option<Block>]) -> Vec<Block> {
    let whole = |waiver: &Waiver, covers: &Option<Block>| {
        let (from, last) = (words.date(waiver.from), words.date(waiver.until - 1));
        let reason = words.quoted(&waiver.reason);
        let args = [("from", Arg::Text(&from)), ("last", Arg::Text(&last)), ("reason", Arg::Text(&reason))];
        match covers {
            None => Block::Line(words.say("waiver-for-all", &args)),
            Some(Block::Line(line)) => {
                let mut args = args.to_vec();
                args.push(("condition", Arg::Text(line)));
                Block::Line(words.say("waiver", &args))
            }
            Some(Block::List { lead, items }) => {
                let mut args = args.to_vec();
                args.push(("condition", Arg::Text(lead)));
                Block::List { lead: words.say("waiver", &args), items: items.clone() }
            }
        }
    };
    rule.waivers.iter().zip(covers).map(|(waiver, covers)| whole(waiver, covers)).collect()
}

fn metrics(given: &Given, words: &Words) -> Vec<MetricEntry> {
    let mut out: Vec<MetricEntry> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    // In the order of the texts; of a metric with values that change, the one of its last time.
    let mut all: Vec<_> = given.hir.metrics.iter().collect();
    all.sort_by_key(|m| (m.name_span, std::cmp::Reverse(m.effective)));
    for metric in all {
        if !seen.insert(&metric.name) {
            continue;
        }
        let id = format!("metric-{}", metric.name);
        let name = |attribute| words.catalogue.name(&id, attribute);
        out.push(MetricEntry {
            anchor: id.clone(),
            title: name(None).unwrap_or_else(|| metric.title.clone()),
            doc: name(Some("doc")).or_else(|| metric.doc.clone()),
            name: metric.name.clone(),
            reading: reading::metric(words, metric),
        });
    }
    out
}
