//! The clauses of a rule: each in its place, once; what each verb needs, and what belongs to another.

use super::super::world::World;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Clause, ClauseKind, Ident, RuleItem};

/// The clauses of a rule, each at most once but the exceptions.
#[derive(Default)]
pub(super) struct Clauses<'a> {
    pub on: Option<&'a Clause>,
    pub filter: Option<&'a Clause>,
    pub when: Option<&'a Clause>,
    pub need: Option<&'a Clause>,
    pub aggregate: Option<&'a Clause>,
    pub to: Option<&'a Clause>,
    pub severity: Option<&'a Clause>,
    pub cite: Option<&'a Clause>,
    pub because: Option<&'a Clause>,
    pub consequence: Option<&'a Clause>,
    pub purpose: Option<&'a Clause>,
    pub legal_basis: Option<&'a Clause>,
    pub retention: Option<&'a Clause>,
    pub effective: Option<&'a Clause>,
    pub once: Option<&'a Clause>,
    pub unless: Vec<(&'a Ident, &'a ast::Expr, Span)>,
    /// A clause was written that is not here: reserved, or unreadable and told already.
    pub incomplete: bool,
}

fn keyword(kind: &ClauseKind) -> &'static str {
    match kind {
        ClauseKind::On(_) => "on",
        ClauseKind::Where(_) => "where",
        ClauseKind::When(_) => "when",
        ClauseKind::Unless { .. } => "unless",
        ClauseKind::Need(_) => "need",
        ClauseKind::Aggregate(a) => a.func.word(),
        ClauseKind::To(_) => "to",
        ClauseKind::Severity(_) => "severity",
        ClauseKind::Cite(_) => "cite",
        ClauseKind::Because(_) => "because",
        ClauseKind::Consequence(_) => "consequence",
        ClauseKind::Purpose(_) => "purpose",
        ClauseKind::LegalBasis(_) => "legal_basis",
        ClauseKind::Retention(_) => "retention",
        ClauseKind::Effective { .. } => "effective",
        ClauseKind::Once { .. } => "once",
    }
}

pub(super) fn sort<'a>(world: &World<'a>, item: &'a RuleItem) -> Clauses<'a> {
    let mut found = Clauses::default();
    for clause in &item.clauses {
        let slot = match &clause.kind {
            ClauseKind::On(_) => &mut found.on,
            ClauseKind::Where(_) => &mut found.filter,
            ClauseKind::When(_) => &mut found.when,
            ClauseKind::Need(_) => &mut found.need,
            ClauseKind::Aggregate(_) => &mut found.aggregate,
            ClauseKind::To(_) => &mut found.to,
            ClauseKind::Severity(_) => &mut found.severity,
            ClauseKind::Cite(_) => &mut found.cite,
            ClauseKind::Because(_) => &mut found.because,
            ClauseKind::Consequence(_) => &mut found.consequence,
            ClauseKind::Purpose(_) => &mut found.purpose,
            ClauseKind::LegalBasis(_) => &mut found.legal_basis,
            ClauseKind::Retention(_) => &mut found.retention,
            ClauseKind::Effective { .. } => &mut found.effective,
            ClauseKind::Once { .. } => &mut found.once,
            ClauseKind::Unless { name, condition } => {
                match found.unless.iter().find(|(n, ..)| n.text == name.text) {
                    Some((first, ..)) => world.report.tell(
                        Diagnostic::error(
                            Code::Duplicate,
                            format!("two exceptions are named `{}`", name.text),
                            name.span,
                            "again here",
                        )
                        .label(first.span, "the first is here")
                        .help("a finding names the exception that stops it, so each has its own name"),
                    ),
                    None => found.unless.push((name, condition, clause.span)),
                }
                continue;
            }
        };
        match slot {
            Some(first) => {
                let word = keyword(&clause.kind);
                let d = Diagnostic::error(
                    Code::DuplicateClause,
                    format!("`{}` has a second `{word}`", item.name.text),
                    clause.keyword,
                    "again here",
                )
                .label(first.keyword, "the first is here");
                world.report.tell(match clause.kind {
                    ClauseKind::When(_) | ClauseKind::Where(_) => d.help("join the two conditions with `and`"),
                    ClauseKind::Need(_) | ClauseKind::Aggregate(_) => d.help("write a rule for each"),
                    _ => d.help("take one of them out"),
                });
            }
            None => *slot = Some(clause),
        }
    }
    found
}

pub(super) fn missing(world: &World, item: &RuleItem, word: &str, sample: &str) {
    let verb = match world.verb(item) {
        ast::Verb::Forbid => "forbid",
        ast::Verb::Require => "require",
        ast::Verb::Limit => "limit",
    };
    world.report.tell(
        Diagnostic::error(
            Code::MissingClause,
            format!("`{}` has no `{word}`", item.name.text),
            item.name.span,
            format!("a `{verb}` needs one"),
        )
        .help(format!("add a line such as:\n    {sample}")),
    );
}

pub(super) fn misplaced(world: &World, clause: &Clause, why: &str) {
    let word = keyword(&clause.kind);
    world.report.tell(
        Diagnostic::error(
            Code::MisplacedClause,
            format!("`{word}` does not belong here"),
            clause.keyword,
            "of another kind of rule",
        )
        .help(why),
    );
}

/// What each verb needs, and what belongs to another.
pub(super) fn shape(world: &World, item: &RuleItem, clauses: &Clauses) {
    if clauses.incomplete {
        return;
    }
    match world.verb(item) {
        ast::Verb::Forbid => {
            let inline = matches!(
                clauses.on.map(|c| &c.kind),
                Some(ClauseKind::On(
                    ast::Trigger::Record { filter: Some(_), .. }
                        | ast::Trigger::Each { filter: Some(_), .. }
                        | ast::Trigger::Several { filter: Some(_), .. }
                        | ast::Trigger::Sequence(_)
                ))
            );
            if let Some(need) = clauses.need {
                misplaced(
                    world,
                    need,
                    "`need` belongs to `require`; what must not be missing is forbidden by `when no … within …`",
                );
            }
            for clause in [clauses.aggregate, clauses.to].into_iter().flatten() {
                misplaced(
                    world,
                    clause,
                    "it belongs to `limit`; in a `forbid`, compare: `when sum(gift.value over 365 days) > 500 CNY`",
                );
            }
            let told = clauses.need.or(clauses.aggregate).or(clauses.to).is_some();
            if clauses.when.is_none() && clauses.filter.is_none() && !inline && !told {
                missing(world, item, "when", "when value > 500 CNY");
            }
        }
        ast::Verb::Require => {
            for clause in [clauses.aggregate, clauses.to].into_iter().flatten() {
                misplaced(
                    world,
                    clause,
                    "it belongs to `limit`; a `require` says what it needs: `need training within 365 days before`",
                );
            }
            let told = clauses.aggregate.or(clauses.to).is_some();
            if clauses.need.is_none() && !told {
                missing(world, item, "need", "need approval within 30 days before");
            }
        }
        ast::Verb::Limit => {
            if let Some(need) = clauses.need {
                misplaced(world, need, "`need` belongs to `require`; a `limit` has an aggregate and `to`");
            }
            if clauses.aggregate.is_none() {
                missing(world, item, "sum", "sum value per giver over 365 days");
            }
            if clauses.to.is_none() {
                missing(world, item, "to", "to 500 CNY");
            }
        }
    }
}
