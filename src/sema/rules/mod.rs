//! Rules: their clauses, typed and put together.

mod clauses;
mod limit;
mod once;
mod revise;
mod sequence;
mod trigger;

use super::expr::Typer;
use super::hir::{Body, Exception, Expr, ExprKind, Func, History, MessagePart, Rule, Verb, Window};
use super::report::list;
use super::waivers;
use super::world::World;
use crate::data::{Severity, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::FileId;
use crate::syntax::ast::{self, Clause, ClauseKind, Ident, RuleItem, TemplatePart, WindowKind};
use clauses::{misplaced, missing, shape, sort};
use limit::limit;
use once::once;
pub use revise::rules;
use revise::{Force, Kept};
pub(in crate::sema) use trigger::trigger;

/// A rule, typed; none where something is wrong with it.
fn rule<'a>(
    world: &World<'a>,
    file: FileId,
    item: &'a RuleItem,
    whole: &ast::Item,
    effective: Option<Force>,
    kept: &Kept<'a>,
    changing: &mut Vec<&'a str>,
) -> Option<Rule> {
    let mut clauses = sort(world, item);
    clauses.incomplete |= whole.broken;
    let mut typer = Typer::new(world, file).on_day(effective.and_then(|e| e.0));
    let trigger = match clauses.on {
        Some(clause) => trigger(&mut typer, clause, clauses.filter),
        None => {
            if !clauses.incomplete {
                missing(world, item, "on", "on gift");
            }
            None
        }
    };
    let severity = severity(world, kept.severity);
    let retention = match kept.retention.map(|c| &c.kind) {
        Some(ClauseKind::Retention(length)) => Typer::new(world, file).length(length).map(Some),
        _ => Some(None),
    };
    shape(world, item, &clauses);
    let trigger = trigger?;
    let facts = typer.facts_len();
    if let Some(filter) = trigger.filter() {
        typer.learn(filter, true);
    }
    let when = match clauses.when.map(|c| &c.kind) {
        Some(ClauseKind::When(condition)) => typer.condition(condition).map(Some),
        _ => Some(None),
    };
    if let Some(Some(when)) = &when {
        typer.learn(when, true);
    }
    let body = match world.verb(item) {
        ast::Verb::Forbid => when.map(|when| Body::Forbid {
            when: when.unwrap_or_else(|| Expr {
                kind: ExprKind::Constant(Value::Bool(true)),
                ty: Type::Bool,
                optional: false,
                span: trigger.span(),
            }),
        }),
        ast::Verb::Require => {
            let need = need(&mut typer, clauses.need);
            when.and_then(|when| Some(Body::Require { when, need: Box::new(need?) }))
        }
        ast::Verb::Limit => {
            let limit = limit(&mut typer, item, &clauses, &trigger);
            when.and_then(|when| {
                let (aggregate, to) = limit?;
                Some(Body::Limit { when, aggregate: Box::new(aggregate), to: Box::new(to) })
            })
        }
    };
    let mut unless = Some(Vec::new());
    for (name, condition, span) in &clauses.unless {
        let typed = typer.condition(condition);
        match (&mut unless, typed) {
            (Some(all), Some(condition)) => {
                let (name, name_span) = (name.text.clone(), name.span);
                all.push(Exception { name, name_span, condition, span: *span });
            }
            _ => unless = None,
        }
    }
    let once = once(&mut typer, clauses.once);
    let waivers = waivers::of_rule(&mut typer, item, &trigger);
    let because = match clauses.because.map(|c| &c.kind) {
        Some(ClauseKind::Because(template)) => message(&mut typer, template).map(Some),
        _ => Some(None),
    };
    typer.forget(facts);
    let text = |clause: Option<&Clause>| match clause.map(|c| &c.kind) {
        Some(ClauseKind::Cite(s) | ClauseKind::Purpose(s) | ClauseKind::LegalBasis(s)) => Some(s.text.clone()),
        Some(ClauseKind::Consequence(word)) => Some(word.text.clone()),
        _ => None,
    };
    let policy = world.policy(file);
    changing.append(&mut typer.changing);
    Some(Rule {
        name: item.name.text.clone(),
        title: kept.title.map_or_else(|| item.name.text.clone(), |t| t.text.clone()),
        doc: kept.doc.map(str::to_owned),
        verb: match world.verb(item) {
            ast::Verb::Forbid => Verb::Forbid,
            ast::Verb::Require => Verb::Require,
            ast::Verb::Limit => Verb::Limit,
        },
        severity: severity?,
        cite: text(kept.cite),
        consequence: text(kept.consequence),
        purpose: text(kept.purpose),
        legal_basis: text(kept.legal_basis),
        retention: retention?,
        policy: policy.name.clone(),
        clock: policy.clock.clone(),
        level: 0,
        effective: effective?,
        trigger,
        body: body?,
        once: once?,
        unless: unless?,
        waivers,
        because: because?,
        span: whole.span,
        name_span: item.name.span,
    })
}

fn severity(world: &World, clause: Option<&Clause>) -> Option<Severity> {
    let Some(ClauseKind::Severity(word)) = clause.map(|c| &c.kind) else { return Some(Severity::Major) };
    world.report.severity(word)
}

fn effective<'a>(typer: &mut Typer<'_, 'a>, clause: Option<&'a Clause>) -> Option<(Option<i32>, Option<i32>)> {
    let Some(ClauseKind::Effective { from, until }) = clause.map(|c| &c.kind) else { return Some((None, None)) };
    let mut day = |e: &'a ast::Expr| match typer.constant_of(e, &Type::Date)? {
        Value::Date(day) => Some(day),
        _ => None,
    };
    let start = day(from);
    let end = match until {
        Some(until) => Some(day(until)?),
        None => None,
    };
    let start = start?;
    if let (Some(end), Some(until)) = (end, until)
        && end <= start
    {
        return typer.fail(
            Diagnostic::error(
                Code::BadEffective,
                "the rule ends before it begins",
                until.span,
                "not after its beginning",
            )
            .label(from.span, "it begins here")
            .help("`until` names the first day on which the rule no longer holds"),
        );
    }
    Some((Some(start), end))
}

fn need<'a>(typer: &mut Typer<'_, 'a>, clause: Option<&'a Clause>) -> Option<History> {
    let ClauseKind::Need(h) = &clause?.kind else { return None };
    if let Some(window) = &h.window {
        let sided = matches!(
            &window.kind,
            WindowKind::Within { direction: ast::Direction::Before | ast::Direction::After, .. }
        );
        if !sided {
            let d = Diagnostic::error(
                Code::NoWindow,
                "what is needed comes before or after",
                window.span,
                "neither before nor after",
            );
            return typer.fail(typer.world.report.rewrite(
                d,
                "say how far, and on which side:",
                window.span,
                "within 30 days before",
            ));
        }
    }
    let (world, name) = (typer.world, h.kind.text.as_str());
    let own = typer.roots.first().map(|(kind, _)| &world.infos[kind.0 as usize]);
    let own = own.is_some_and(|info| info.columns.contains_key(name) || info.broken.contains(name));
    if own && !world.kinds.contains_key(name) {
        let d = Diagnostic::error(
            Code::UnknownKind,
            format!("`{name}` is a field of the record itself"),
            h.kind.span,
            "`need` names other records that have to be there",
        );
        return typer.fail(d.help(format!(
            "what has to hold of a record is forbidden not to: `forbid` with `when not {name}`, or a comparison"
        )));
    }
    let (history, ..) = typer.history(h)?;
    Some(History { func: Func::Exists, ..history })
}

fn message<'a>(typer: &mut Typer<'_, 'a>, template: &'a ast::Template) -> Option<Vec<MessagePart>> {
    let mut parts = Vec::new();
    let mut failed = false;
    for part in &template.parts {
        match part {
            TemplatePart::Text(text) => parts.push(MessagePart::Text(text.clone())),
            TemplatePart::Expr(e) => match typer.shown(e) {
                Some(expr) => parts.push(MessagePart::Expr(expr)),
                None => failed = true,
            },
        }
    }
    if failed { None } else { Some(parts) }
}

/// The rule that an expectation names; told where there is none.
pub fn known_rule(world: &World, name: &Ident) -> Option<()> {
    if world.rules.contains_key(name.text.as_str()) {
        world.named_rule(name);
        return Some(());
    }
    let d =
        Diagnostic::error(Code::UnknownRule, format!("no rule is named `{}`", name.text), name.span, "not declared");
    let mut known: Vec<&str> = world.rules.keys().copied().collect();
    known.sort_unstable();
    let d = match known.is_empty() {
        true => d.help("the policy set has no rules"),
        false if known.len() <= 12 && world.report.guess(&name.text, known.iter().copied()).is_none() => {
            d.help(format!("the rules are {}", list(known)))
        }
        false => world.report.suggest(d, name.span, &name.text, known),
    };
    world.report.fail(d)
}
