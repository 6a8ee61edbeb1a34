//! The charter: what every rule of the set must satisfy. Each line is proved of all rules, or refuted with the
//! places that it rests on.
//!
//! - `no_one_exempt` ([`exempt`]): no condition, exception, threshold or waiver depends on who a person is, or on rank.
//! - `no self approval` ([`approval`]): what excuses somebody by an approval demands that it is somebody else's.
//! - The others are read off the rules, waivers and tests.

mod approval;
mod exempt;

use super::expr::Typer;
use super::hir::{Body, Expr, Rule, Step, Test, Times, Trigger};
use super::world::World;
use crate::data::{ColumnId, KindId, Verdict, calendar, display};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{CharterItem, CharterKind, CharterLine, Ident};
use rustc_hash::FxHashMap;

/// What the charters of a set are held against.
pub struct Set<'w, 'a> {
    pub world: &'w World<'a>,
    pub rules: &'w [Rule],
    pub tests: &'w [Test],
    /// No test was left out for an error.
    pub tests_whole: bool,
}

/// Tells every line that does not hold; gives how many lines do.
pub fn prove(set: &Set, charters: &[(FileId, &CharterItem)]) -> usize {
    let lines = || charters.iter().flat_map(|(file, item)| item.lines.iter().map(|line| (*file, line)));
    let ranks: Vec<_> = lines().filter_map(|(_, line)| ranks(set, line)).collect();
    let mut holding = 0;
    for (file, item) in charters {
        let mut seen: FxHashMap<std::mem::Discriminant<CharterKind>, Span> = FxHashMap::default();
        for line in &item.lines {
            if repeated(set, &mut seen, line) {
                continue;
            }
            let holds = match &line.kind {
                CharterKind::RankIs(_) => continue,
                CharterKind::NoOneExempt => exempt::prove(set, line.span, &ranks),
                CharterKind::NoSelfApproval(fields) => approval::prove(set, line.span, fields),
                CharterKind::EveryRuleCites => cites(set, line.span),
                CharterKind::EveryRuleIsTested => tested(set, line.span),
                CharterKind::WaiversAtMost(length) => match Typer::new(set.world, *file).length(length) {
                    Some(length) => short_waivers(set, line.span, length),
                    None => false,
                },
                CharterKind::SeverityHas { severity, clause } => has(set, line.span, severity, clause),
            };
            holding += usize::from(holds);
        }
    }
    holding
}

/// Some lines can be there several times, about something else each time.
fn repeated(set: &Set, seen: &mut FxHashMap<std::mem::Discriminant<CharterKind>, Span>, line: &CharterLine) -> bool {
    if matches!(line.kind, CharterKind::RankIs(_) | CharterKind::SeverityHas { .. }) {
        return false;
    }
    let Some(first) = seen.insert(std::mem::discriminant(&line.kind), line.span) else { return false };
    set.world.report.tell(
        Diagnostic::error(Code::DuplicateClause, "the charter says this twice", line.span, "again here")
            .label(first, "the first is here")
            .help("take one of them out"),
    );
    true
}

/// The fields that a line declares to be ranks.
fn ranks(set: &Set, line: &CharterLine) -> Option<Vec<(KindId, ColumnId)>> {
    let CharterKind::RankIs(fields) = &line.kind else { return None };
    Some(fields.iter().filter_map(|path| field(set.world, path)).collect())
}

/// `employee.level`: a field by its kind; told where there is none.
fn field(world: &World, path: &[Ident]) -> Option<(KindId, ColumnId)> {
    let (kind, rest) = path.split_first()?;
    let found = world.kind(kind)?;
    if rest.is_empty() {
        return world.report.fail(
            Diagnostic::error(Code::NotAValue, format!("`{}` is a whole record", kind.text), kind.span, "not a field")
                .help(format!("name one of its fields: `{}.FIELD`", kind.text)),
        );
    }
    Some((found, world.column(found, rest)?))
}

const SAYS: &str = "the charter says so here";

fn cites(set: &Set, line: Span) -> bool {
    let mut holds = true;
    for rule in set.rules.iter().filter(|r| !says(r.cite.as_deref())) {
        holds = false;
        set.world.report.tell(
            Diagnostic::error(
                Code::CharterCites,
                format!("`{}` does not say what it rests on", rule.name),
                rule.name_span,
                "no `cite`",
            )
            .label(line, SAYS)
            .help("add where it is written:\n    cite \"Code of Ethics, section 3\""),
        );
    }
    holds
}

fn says(text: Option<&str>) -> bool {
    text.is_some_and(|t| !t.trim().is_empty())
}

fn tested(set: &Set, line: Span) -> bool {
    if !set.tests_whole {
        // A test that could not be read may be the one; its error was told.
        return false;
    }
    let expects = || set.tests.iter().flat_map(|t| &t.expect);
    let mut holds = true;
    let mut told: Vec<&str> = Vec::new();
    for rule in set.rules {
        let of = |verdict| expects().find(|e| e.rule == rule.name && e.verdict == verdict);
        let (finding, compliant) = (of(Verdict::Finding), of(Verdict::Compliant));
        let lacks = match (finding, compliant) {
            (Some(_), Some(_)) => continue,
            _ if told.contains(&rule.name.as_str()) => continue,
            (None, None) => "no test expects a finding of it, and none expects it to be compliant",
            (None, Some(_)) => "no test expects a finding of it",
            (Some(_), None) => "no test expects it to be compliant",
        };
        holds = false;
        told.push(&rule.name);
        let mut d = Diagnostic::error(
            Code::CharterTested,
            format!("`{}` is not tested on both sides", rule.name),
            rule.name_span,
            lacks,
        )
        .label(line, SAYS);
        if let Some(other) = finding.or(compliant) {
            d = d.label(other.span, "the other side is tested here");
        }
        let sample = |verdict: &str, on: &str| format!("\n    expect {verdict} {} on {on}", rule.name);
        let mut help = String::from("give a record for each, and say in a test:");
        if finding.is_none() {
            help += &sample("finding", "over");
        }
        if compliant.is_none() {
            help += &sample("compliant", "within");
        }
        set.world.report.tell(d.help(help));
    }
    holds
}

fn short_waivers(set: &Set, line: Span, most: crate::data::Length) -> bool {
    let mut holds = true;
    for waiver in set.world.waivers.values().flatten() {
        let last = calendar::add_to_date(waiver.from, most);
        if last.is_none_or(|last| waiver.until <= last) {
            continue;
        }
        holds = false;
        let days = waiver.until - waiver.from;
        let until = last.map_or_else(String::new, display::date);
        set.world.report.tell(
            Diagnostic::error(
                Code::CharterWaivers,
                format!("the waiver of `{}` is too long", waiver.rule()),
                waiver.dates,
                format!("{days} days"),
            )
            .label(line, SAYS)
            .help(format!("end it at the latest with `until {until}`, and grant it anew where it is still needed")),
        );
    }
    holds
}

fn has(set: &Set, line: Span, severity: &Ident, clause: &Ident) -> bool {
    const CLAUSES: [&str; 4] = ["consequence", "cite", "purpose", "legal_basis"];
    let report = &set.world.report;
    let least = report.severity(severity);
    let of: fn(&Rule) -> Option<&str> = match clause.text.as_str() {
        "consequence" => |r| r.consequence.as_deref(),
        "cite" => |r| r.cite.as_deref(),
        "purpose" => |r| r.purpose.as_deref(),
        "legal_basis" => |r| r.legal_basis.as_deref(),
        _ => {
            let what = format!("a charter cannot ask for `{}`", clause.text);
            let d = Diagnostic::error(Code::NotOneOf, what, clause.span, "not a clause that says something");
            report.tell(report.suggest(d, clause.span, &clause.text, CLAUSES));
            return false;
        }
    };
    let Some(least) = least else { return false };
    let mut holds = true;
    for rule in set.rules.iter().filter(|r| r.severity >= least && !says(of(r))) {
        holds = false;
        let sample = match clause.text.as_str() {
            "consequence" => "consequence warning".into(),
            word => format!("{word} \"…\""),
        };
        report.tell(
            Diagnostic::error(
                Code::CharterHas,
                format!("`{}` is {} and has no `{}`", rule.name, rule.severity.as_str(), clause.text),
                rule.name_span,
                format!("no `{}`", clause.text),
            )
            .label(line, SAYS)
            .help(format!("add to the rule:\n    {sample}")),
        );
    }
    holds
}

/// Where in a rule a condition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Where,
    When,
    Need,
    Limit,
    /// Of a sequence.
    Step(String),
    Exception(String),
}

impl Part {
    fn phrase(&self) -> String {
        match self {
            Part::Where => "which records it looks at".into(),
            Part::When => "its condition".into(),
            Part::Need => "what it needs".into(),
            Part::Limit => "its limit".into(),
            Part::Step(name) => format!("its step `{name}`"),
            Part::Exception(name) => format!("its exception `{name}`"),
        }
    }
}

/// By root: the kinds of a rule's own records.
fn roots(rule: &Rule) -> Vec<KindId> {
    let mut kinds = vec![rule.trigger.kind()];
    if let Trigger::Sequence(sequence) = &rule.trigger {
        sequence.steps.iter().filter(|s| s.times != Times::None).for_each(|s| kinds = with(&kinds, s));
    }
    kinds
}

/// With the record of a step.
fn with(kinds: &[KindId], step: &Step) -> Vec<KindId> {
    let mut kinds = kinds.to_vec();
    kinds.resize(step.root as usize + 1, step.kind);
    kinds[step.root as usize] = step.kind;
    kinds
}

/// A condition of a rule that stands alone.
struct Condition<'a> {
    part: Part,
    /// By root.
    kinds: Vec<KindId>,
    expr: &'a Expr,
    /// Of a step that must not be there.
    absent: bool,
}

/// The conditions of a rule that stand alone; what a `require` needs and a `limit` adds up apart.
fn conditions(rule: &Rule) -> Vec<Condition<'_>> {
    let mut kinds = vec![rule.trigger.kind()];
    let mut found: Vec<Condition> = Vec::new();
    if let Trigger::Sequence(sequence) = &rule.trigger {
        for step in &sequence.steps {
            let own = with(&kinds, step);
            let absent = step.times == Times::None;
            if let Some(expr) = &step.filter {
                found.push(Condition { part: Part::Step(step.name.clone()), kinds: own.clone(), expr, absent });
            }
            // A step without a record has no root behind it.
            if !absent {
                kinds = own;
            }
        }
    }
    let mut add = |part, expr| found.push(Condition { part, kinds: kinds.clone(), expr, absent: false });
    rule.trigger.filter().into_iter().for_each(|f| add(Part::Where, f));
    match &rule.body {
        Body::Forbid { when } => add(Part::When, when),
        Body::Require { when, .. } | Body::Limit { when, .. } => when.iter().for_each(|w| add(Part::When, w)),
    }
    rule.unless.iter().for_each(|e| add(Part::Exception(e.name.clone()), &e.condition));
    found
}
