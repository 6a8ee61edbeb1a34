//! What became of a rule: whether it finds more, or less.

use super::canon::{Apart, Names};
use super::formula::{Node, Variables, and, not, or};
use super::lower::{Limits, Lowering};
use super::smt::{Question, Reply, Solver};
use super::solve::{self, Answer};
use super::witness::{self, Judge, Witness};
use super::{Side, Sided};
use crate::data::calendar::Zone;
use crate::data::{Schema, Verdict, display};
use crate::sema::hir::{Body, Expr, ExprKind, History, MessagePart, Rule, Step, Trigger};
use crate::source::SourceMap;
use serde::Serialize;
use serde_json::Value as Json;
use std::ops::ControlFlow;

/// Whether there are records that one wording finds and the other does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Proved: there is none.
    Never,
    /// There is: this one.
    By(Witness),
    /// Neither proved nor shown.
    NotAnalysed,
}

/// How a rule stands to what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Removed,
    Looser,
    Incomparable,
    Stricter,
    Added,
    /// It finds what it found, and perhaps more.
    AtLeastAsStrict,
    /// It finds nothing that it did not find, and perhaps less.
    AtMostAsStrict,
    NotAnalysed,
    /// It finds the same; something else about it has changed.
    Same,
}

/// What a rule says in one place, before and after; none: not there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub what: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// Models that are looked at for one that a record can show.
const TRIES: usize = 64;

/// The wordings of one rule in both sets.
pub struct Pair<'a> {
    pub old: Sided<'a, [&'a Rule]>,
    pub new: Sided<'a, [&'a Rule]>,
}

impl Pair<'_> {
    /// Whether the new one finds more, and whether it finds less.
    pub fn relate(&self, apart: (&Apart, &Apart), judge: &dyn Judge, solver: Option<&dyn Solver>) -> (Shown, Shown) {
        let mut variables = Variables::default();
        let old = formula(self.old.schema, self.old.of, apart.0, &mut variables);
        let new = formula(self.new.schema, self.new.of, apart.1, &mut variables);
        if old == new {
            return (Shown::Never, Shown::Never);
        }
        variables.divide();
        let more = and(vec![new.clone(), not(old.clone())]);
        let less = and(vec![old, not(new)]);
        let shown = |formula: &Node, finds| match (self.shown(formula, &variables, finds, judge), solver) {
            (Shown::NotAnalysed, Some(solver)) => self.asked(apart, finds, judge, solver),
            (shown, _) => shown,
        };
        (shown(&more, Side::New), shown(&less, Side::Old))
    }

    /// The same of the solver.
    fn asked(&self, apart: (&Apart, &Apart), finds: Side, judge: &dyn Judge, solver: &dyn Solver) -> Shown {
        let mut question = Question::new();
        let old = question.read(self.old.schema, self.old.of, apart.0, Limits::ByAmount).found;
        let new = question.read(self.new.schema, self.new.of, apart.1, Limits::ByAmount).found;
        let (side, only) = match finds {
            Side::Old => (&self.old, [old.yes, new.no]),
            Side::New => (&self.new, [new.yes, old.no]),
        };
        let wanted = match question.ask(solver, side.schema, &only) {
            Reply::Never => return Shown::Never,
            Reply::Unknown(_) => return Shown::NotAnalysed,
            Reply::Model(wanted) => wanted,
        };
        let of =
            |rule: &&Rule| self.confirmed(&rule.name, witness::made(side.schema, rule, wanted.clone())?, finds, judge);
        side.of.iter().find_map(of).map_or(Shown::NotAnalysed, Shown::By)
    }

    /// Records that one side finds and the other lets pass.
    fn confirmed(&self, rule: &str, made: (Vec<Json>, i32), finds: Side, judge: &dyn Judge) -> Option<Witness> {
        let (records, day) = made;
        let verdict = |of| judge.verdict(of, rule, &records, day);
        let (old, new) = (verdict(Side::Old), verdict(Side::New));
        let (here, there) = if finds == Side::New { (new, old) } else { (old, new) };
        let passes = !is_found(there) && !matches!(there, Some(Verdict::Indeterminate | Verdict::Pending));
        (is_found(here) && passes).then_some(Witness { records, old, new })
    }

    /// A record that the formula speaks of, and that one side finds and the other does not.
    fn shown(&self, formula: &Node, variables: &Variables, finds: Side, judge: &dyn Judge) -> Shown {
        if solve::can_hold(formula, variables) == Some(false) {
            return Shown::Never;
        }
        let side = match finds {
            Side::Old => &self.old,
            Side::New => &self.new,
        };
        let (mut tries, mut found) = (0, None);
        let currency = variables.currency();
        let answer = solve::models(formula, variables, &mut |model| {
            for rule in side.of {
                tries += 1;
                let Some(made) = witness::records(side.schema, rule, variables, model, currency) else { continue };
                if let Some(witness) = self.confirmed(&rule.name, made, finds, judge) {
                    found = Some(witness);
                    return ControlFlow::Break(());
                }
            }
            if tries < TRIES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match (found, answer) {
            (Some(witness), _) => Shown::By(witness),
            (None, Answer::All | Answer::Stopped | Answer::TooMuch) => Shown::NotAnalysed,
        }
    }
}

fn is_found(verdict: Option<Verdict>) -> bool {
    matches!(verdict, Some(Verdict::Finding | Verdict::Repeated))
}

/// What the wordings find together: each in its time.
pub fn formula(schema: &Schema, wordings: &[&Rule], apart: &Apart, variables: &mut Variables) -> Node {
    let wording = |rule: &&Rule, variables: &mut Variables| {
        Lowering::new(Names::of(schema, &rule.trigger, apart), variables, Limits::ByAmount).found(rule)
    };
    or(wordings.iter().map(|rule| wording(rule, variables)).collect())
}

pub fn relation(more: &Shown, less: &Shown) -> Relation {
    match (more, less) {
        (Shown::Never, Shown::Never) => Relation::Same,
        (Shown::By(_), Shown::Never) => Relation::Stricter,
        (Shown::Never, Shown::By(_)) => Relation::Looser,
        (Shown::By(_), Shown::By(_)) => Relation::Incomparable,
        (Shown::NotAnalysed, Shown::Never) => Relation::AtLeastAsStrict,
        (Shown::Never, Shown::NotAnalysed) => Relation::AtMostAsStrict,
        _ => Relation::NotAnalysed,
    }
}

/// What the wording says of itself, beside what it finds.
pub fn attributes(rule: &Rule, sources: &SourceMap) -> Vec<(&'static str, Option<String>)> {
    let date = |day: Option<i32>| day.map(display::date);
    let part = |part: &MessagePart| match part {
        MessagePart::Text(text) => text.clone(),
        MessagePart::Expr(e) => format!("{{{}}}", sources.text(e.span)),
    };
    let message = rule.because.as_ref().map(|parts| parts.iter().map(part).collect::<String>());
    vec![
        ("severity", Some(rule.severity.as_str().into())),
        ("title", Some(rule.title.clone())),
        ("policy", rule.policy.clone()),
        ("cite", rule.cite.clone()),
        ("consequence", rule.consequence.clone()),
        ("purpose", rule.purpose.clone()),
        ("legal basis", rule.legal_basis.clone()),
        ("retention", rule.retention.map(display::length)),
        ("in force from", date(rule.effective.0)),
        ("in force until", date(rule.effective.1)),
        ("message", message),
    ]
}

/// A part of a rule: where it stands, as written, and what it means.
pub struct Clause {
    pub role: String,
    pub text: String,
    meaning: String,
    /// What is named in it, with what that means; of a constant also how it reads.
    named: Vec<(String, String, Option<String>)>,
}

pub fn clauses(rule: &Rule, schema: &Schema, sources: &SourceMap, apart: &Apart) -> Vec<Clause> {
    let names = Names::of(schema, &rule.trigger, apart);
    let written = |span| sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    let mut add = |role: &str, text: String, meaning: String, of: &[&Expr]| {
        let named = of.iter().flat_map(|e| named(e, &names)).collect();
        found.push(Clause { role: role.into(), text, meaning, named });
    };
    let on = rule.trigger.span();
    add("on", written(on), trigger_of(rule, &names), &[]);
    for part in rule.trigger.filter().into_iter().flat_map(parts) {
        add("where", written(part.span), names.text(part), &[part]);
    }
    let when = match &rule.body {
        Body::Forbid { when } => Some(when),
        Body::Require { when, .. } | Body::Limit { when, .. } => when.as_ref(),
    };
    for part in when.into_iter().flat_map(parts) {
        add("when", written(part.span), names.text(part), &[part]);
    }
    match &rule.body {
        Body::Forbid { .. } => {}
        Body::Require { need, .. } => {
            add("need", written(need.span), names.history(need), &of_history(need));
        }
        Body::Limit { aggregate, to, .. } => {
            add("limit", written(aggregate.span), names.history(aggregate), &of_history(aggregate));
            add("to", written(to.span), names.text(to), &[to]);
        }
    }
    if let Some(once) = &rule.once {
        let keys: Vec<String> = once.keys.iter().map(|k| names.text(k)).collect();
        add("once", written(once.span), format!("{keys:?} {:?}", once.period), &[]);
    }
    for exception in &rule.unless {
        let text = format!("{}: {}", exception.name, written(exception.condition.span));
        add("unless", text, names.text(&exception.condition), &[&exception.condition]);
    }
    for waiver in &rule.waivers {
        let whom = if waiver.covers.is_empty() { "everyone" } else { &waiver.covers };
        let (from, until) = (display::date(waiver.from), display::date(waiver.until));
        let text = format!("{whom} from {from} until {until}, by {}: {}", waiver.approver, waiver.reason);
        add("waiver", text.clone(), text, &[]);
    }
    found
}

/// What triggers it, without the conditions.
fn trigger_of(rule: &Rule, names: &Names<'_>) -> String {
    match &rule.trigger {
        Trigger::Sequence(sequence) => {
            let step = |s: &Step| {
                let filter = s.filter.as_ref().map_or(String::new(), |f| names.text(f));
                format!("{} {} {:?} {filter}", s.name, names.kind(s.kind), s.times)
            };
            format!("{:?} {:?}", sequence.steps.iter().map(step).collect::<Vec<_>>(), sequence.within)
        }
        Trigger::Each { table, at, .. } => format!("each {} {at:?}", names.kind(*table)),
        Trigger::Record { kind, .. } => names.kind(*kind),
    }
}

fn parts(e: &Expr) -> Vec<&Expr> {
    match &e.kind {
        ExprKind::And(parts) => parts.iter().flat_map(self::parts).collect(),
        _ => vec![e],
    }
}

fn of_history(history: &History) -> Vec<&Expr> {
    history.value.iter().chain(&history.filter).chain(history.keys.iter().map(|k| &k.inner)).collect()
}

/// What is named in an expression, with what it means.
fn named(e: &Expr, names: &Names<'_>) -> Vec<(String, String, Option<String>)> {
    let mut found = Vec::new();
    let mut waiting = vec![e];
    while let Some(e) = waiting.pop() {
        if let ExprKind::Named { name, body, .. } = &e.kind {
            let reads = match &body.kind {
                ExprKind::Constant(value) => Some(display::exact(value, names.schema, &Zone::utc())),
                _ => None,
            };
            let means = match &body.kind {
                // Its columns are those of other roots than the rule's own: as it stands, in its place.
                ExprKind::Constant(_) => names.text(body),
                _ => names.text(e),
            };
            found.push((name.clone(), means, reads));
        }
        waiting.extend(e.children());
        if let ExprKind::History(history) = &e.kind {
            waiting.extend(of_history(history));
        }
    }
    found
}

/// What the one says and the other does not, by place; where both say something there, it has changed.
pub fn changes(old: &[Clause], new: &[Clause]) -> Vec<Change> {
    fn gone<'c>(of: &'c [Clause], other: &[Clause]) -> Vec<&'c Clause> {
        of.iter().filter(|c| !other.iter().any(|o| o.role == c.role && o.meaning == c.meaning)).collect()
    }
    let (old, mut new) = (gone(old, new), gone(new, old));
    let mut found = Vec::new();
    for clause in old {
        // The one that is most like it: of the same words, if there is one.
        let same = new.iter().position(|n| n.role == clause.role && n.text == clause.text);
        let at = same.or_else(|| new.iter().position(|n| n.role == clause.role));
        let after = at.map(|at| new.remove(at));
        let what = clause.role.clone();
        found.push(match after {
            // The words are the same; what they name is not, or what other rules find.
            Some(after) if after.text == clause.text => {
                let (old, new) = (clause.with_named(after), after.with_named(clause));
                if old == new {
                    continue;
                }
                Change { what, old: Some(old), new: Some(new) }
            }
            after => Change { what, old: Some(clause.text.clone()), new: after.map(|a| a.text.clone()) },
        });
    }
    found.extend(new.into_iter().map(|c| Change { what: c.role.clone(), old: None, new: Some(c.text.clone()) }));
    found
}

impl Clause {
    /// The text, and of what is named in it that which means something else in the other.
    fn with_named(&self, other: &Clause) -> String {
        let differs = |(name, means, _): &&(String, String, Option<String>)| {
            !other.named.iter().any(|(n, m, _)| n == name && m == means)
        };
        let mut said: Vec<String> = Vec::new();
        for (name, _, reads) in self.named.iter().filter(differs) {
            let text = match reads {
                Some(value) => format!("{name} = {value}"),
                None => format!("{name} has another definition"),
            };
            if !said.contains(&text) {
                said.push(text);
            }
        }
        // A definition that reads a parameter is not what changed: the parameter is.
        if said.iter().any(|s| s.contains(" = ")) {
            said.retain(|s| s.contains(" = "));
        }
        match said.is_empty() {
            true => self.text.clone(),
            false => format!("{} [{}]", self.text, said.join(", ")),
        }
    }
}
