//! Ways through a policy: the parts of an item, the conditions of a rule, all that is under an expression.

use crate::sema::hir::{self, Body, Exception, ExprKind, History, MessagePart, Rule, Trigger};
use crate::source::Span;
use crate::syntax::ast::{self, ItemKind, TypeExprKind};

/// Where an expression stands in a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role<'a> {
    /// The trigger's `where`.
    Filter,
    /// Of a step of a sequence.
    Step(&'a hir::Step),
    When,
    Exception(&'a Exception),
    To,
    Once,
    Message,
}

/// The expressions that a rule is made of, as it says them: what is needed or added up is [`histories`].
pub fn expressions(rule: &Rule) -> Vec<(Role<'_>, &hir::Expr)> {
    let mut found = Vec::new();
    match &rule.trigger {
        Trigger::Record { filter, .. } | Trigger::Each { filter, .. } => {
            found.extend(filter.iter().map(|e| (Role::Filter, e)));
        }
        Trigger::Sequence(s) => {
            found.extend(s.steps.iter().filter_map(|step| Some((Role::Step(step), step.filter.as_ref()?))));
        }
    }
    found.extend(when(rule).map(|e| (Role::When, e)));
    if let Body::Limit { to, .. } = &rule.body {
        found.push((Role::To, to));
    }
    found.extend(rule.unless.iter().map(|e| (Role::Exception(e), &e.condition)));
    found.extend(rule.once.iter().flat_map(|o| &o.keys).map(|e| (Role::Once, e)));
    found.extend(messages(rule).map(|e| (Role::Message, e)));
    found
}

/// The values in its sentence.
pub fn messages(rule: &Rule) -> impl Iterator<Item = &hir::Expr> {
    rule.because.iter().flatten().filter_map(|part| match part {
        MessagePart::Text(_) => None,
        MessagePart::Expr(e) => Some(e),
    })
}

/// What has to hold for a finding.
pub fn when(rule: &Rule) -> Option<&hir::Expr> {
    match &rule.body {
        Body::Forbid { when } => Some(when),
        Body::Require { when, .. } | Body::Limit { when, .. } => when.as_ref(),
    }
}

/// All conditions and values over other records: what is needed or added up, and those in its expressions.
pub fn histories(rule: &Rule) -> Vec<&History> {
    let mut found: Vec<&History> = Vec::new();
    match &rule.body {
        Body::Require { need, .. } => found.push(need),
        Body::Limit { aggregate, .. } => found.push(aggregate),
        Body::Forbid { .. } => {}
    }
    for history in found.clone() {
        for part in parts_of_history(history) {
            each(part, &mut |e| found.extend(history_of(e)));
        }
    }
    for (_, e) in expressions(rule) {
        each(e, &mut |e| found.extend(history_of(e)));
    }
    found
}

/// Every expression of a rule, with those of what is needed or added up.
pub fn of_rule<'r>(rule: &'r Rule, visit: &mut dyn FnMut(&'r hir::Expr)) {
    for (_, e) in expressions(rule) {
        each(e, visit);
    }
    let own = match &rule.body {
        Body::Require { need, .. } => need,
        Body::Limit { aggregate, .. } => aggregate,
        Body::Forbid { .. } => return,
    };
    for part in parts_of_history(own) {
        each(part, visit);
    }
}

fn history_of(e: &hir::Expr) -> Option<&History> {
    match &e.kind {
        ExprKind::History(history) => Some(history),
        _ => None,
    }
}

/// Its value, its filter and both sides of its keys.
pub fn parts_of_history(history: &History) -> Vec<&hir::Expr> {
    let keys = history.keys.iter().flat_map(|k| [&k.inner, &k.outer]);
    history.value.iter().chain(&history.filter).chain(keys).chain(&history.per).collect()
}

/// The expression and all under it: through what is named, and into conditions over history.
pub fn each<'e>(e: &'e hir::Expr, visit: &mut dyn FnMut(&'e hir::Expr)) {
    let mut waiting = vec![e];
    while let Some(e) = waiting.pop() {
        visit(e);
        let mut next = e.children();
        if let ExprKind::History(history) = &e.kind {
            next.extend(parts_of_history(history));
        }
        waiting.extend(next.into_iter().rev());
    }
}

/// What a `let`, `define` or `param` stands for.
pub fn bare(e: &hir::Expr) -> &hir::Expr {
    match &e.kind {
        ExprKind::Named { body, .. } => bare(body),
        _ => e,
    }
}

// ---------------------------------------------------------------- as written

/// The item, and its clauses, fields, words and lines: what a remark can be about.
pub fn parts(item: &ast::Item) -> Vec<Span> {
    let mut found = vec![item.span];
    match &item.kind {
        ItemKind::Policy(policy) => {
            found.extend([&policy.title, &policy.owner, &policy.timezone].into_iter().flatten().map(|s| s.span));
            found.extend(policy.fiscal_year.iter().map(|f| f.2));
            found.extend(policy.business_days.iter().map(|b| b.span));
        }
        ItemKind::Enum(of) => found.extend(of.words.iter().map(word)),
        ItemKind::Table(kind) | ItemKind::Record(kind) => of_fields(&kind.fields, &mut found),
        ItemKind::Source(source) => {
            for clause in &source.clauses {
                if let ast::SourceClause::Map(entries) = clause {
                    found.extend(entries.iter().map(|e| e.span));
                }
            }
        }
        ItemKind::Rule(rule) | ItemKind::Revise(rule) => {
            for clause in &rule.clauses {
                found.push(clause.span);
                if let ast::ClauseKind::On(ast::Trigger::Sequence(s)) = &clause.kind {
                    found.extend(s.steps.iter().map(|step| step.span));
                }
            }
        }
        ItemKind::Metric(metric) => {
            found.extend(metric.on.iter().map(|c| c.span));
            found.extend(metric.values.iter().map(|v| v.span));
        }
        ItemKind::Waive(waive) => {
            found.extend(waive.covers.iter().map(|c| c.span));
            found.extend(waive.clauses.iter().map(|clause| {
                clause.keyword.to(match &clause.kind {
                    ast::WaiveClauseKind::From(e) | ast::WaiveClauseKind::Until(e) => e.span,
                    ast::WaiveClauseKind::ApprovedBy(s) | ast::WaiveClauseKind::Reason(s) => s.span,
                })
            }));
        }
        ItemKind::Charter(charter) => found.extend(charter.lines.iter().map(|l| l.span)),
        ItemKind::Test(test) => found.extend(test.clauses.iter().filter_map(|clause| match clause {
            ast::TestClause::Given(given) => Some(given.span),
            ast::TestClause::Expect { span, .. } | ast::TestClause::NothingElse(span) => Some(*span),
            ast::TestClause::Figure(figure) => Some(figure.span),
            ast::TestClause::Cases(grid) | ast::TestClause::GivenGrid { grid, .. } => Some(grid.span),
            _ => None,
        })),
        ItemKind::Param(param) => found.extend(param.later.iter().map(|(day, value)| day.span.to(value.span))),
        ItemKind::Let(_) | ItemKind::Define(_) | ItemKind::Import(_) | ItemKind::Default(_) | ItemKind::Rates(_) => {}
    }
    found
}

fn word(word: &ast::EnumWord) -> Span {
    word.spelling.as_ref().map_or(word.name.span, |s| word.name.span.to(s.span))
}

fn of_fields(fields: &[ast::Field], found: &mut Vec<Span>) {
    for field in fields {
        found.push(field.span);
        match &field.ty.kind {
            TypeExprKind::Struct(inner) => of_fields(inner, found),
            TypeExprKind::Enum(words) => found.extend(words.iter().map(word)),
            _ => {}
        }
    }
}

/// Every expression of the policy set, as written: of rules, metrics, definitions and parameters.
pub fn written<'a>(context: &super::Context<'a>) -> Vec<&'a ast::Expr> {
    let mut found = Vec::new();
    for item in context.items() {
        match &item.kind {
            ItemKind::Rule(rule) | ItemKind::Revise(rule) => found.extend(rule.clauses.iter().flat_map(of_clause)),
            ItemKind::Metric(metric) => {
                found.extend(metric.on.iter().flat_map(of_clause));
                found.extend(metric.values.iter().filter_map(|v| v.value.as_ref()));
            }
            ItemKind::Let(of) => found.push(&of.value),
            ItemKind::Define(of) => found.push(&of.body),
            ItemKind::Param(of) => {
                found.push(&of.default);
                found.extend(of.later.iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    found
}

/// The expressions of a clause, as written.
pub fn of_clause(clause: &ast::Clause) -> Vec<&ast::Expr> {
    use ast::ClauseKind as C;
    match &clause.kind {
        C::On(trigger) => match trigger {
            ast::Trigger::Record { filter, .. }
            | ast::Trigger::Each { filter, .. }
            | ast::Trigger::Several { filter, .. } => filter.iter().collect(),
            ast::Trigger::Sequence(s) => s.steps.iter().filter_map(|step| step.filter.as_ref()).collect(),
        },
        C::Where(e) | C::When(e) | C::To(e) | C::Retention(e) | C::Unless { condition: e, .. } => vec![e],
        C::Need(history) => of_history(history),
        C::Aggregate(aggregate) => aggregate.value.iter().chain(of_keys(&aggregate.keys)).collect(),
        C::Because(template) => template
            .parts
            .iter()
            .filter_map(|part| match part {
                ast::TemplatePart::Text(_) => None,
                ast::TemplatePart::Expr(e) => Some(e),
            })
            .collect(),
        C::Effective { from, until } => std::iter::once(from).chain(until).collect(),
        C::Once { keys, .. } => of_keys(keys).iter().collect(),
        C::Severity(_) | C::Cite(_) | C::Consequence(_) | C::Purpose(_) | C::LegalBasis(_) => Vec::new(),
    }
}

fn of_keys(keys: &ast::Keys) -> &[ast::Expr] {
    match keys {
        ast::Keys::By(keys) => keys,
        ast::Keys::Subject | ast::Keys::Everyone(_) => &[],
    }
}

fn of_history(history: &ast::History) -> Vec<&ast::Expr> {
    history.filter.iter().chain(of_keys(&history.keys)).collect()
}

/// The expression and all under it, as written.
pub fn each_written<'e>(e: &'e ast::Expr, visit: &mut dyn FnMut(&'e ast::Expr)) {
    use ast::ExprKind as E;
    let mut waiting = vec![e];
    while let Some(e) = waiting.pop() {
        visit(e);
        let next: Vec<&ast::Expr> = match &e.kind {
            E::And(parts) | E::Or(parts) | E::Set(parts) | E::Call { args: parts, .. } => parts.iter().collect(),
            E::Field { of, .. }
            | E::Optional(of)
            | E::Present { of, .. }
            | E::Not(of)
            | E::Neg(of)
            | E::Matches { left: of, .. }
            | E::Every { of, .. } => vec![of],
            E::Coalesce(left, right)
            | E::Compare { left, right, .. }
            | E::Arith { left, right, .. }
            | E::TextTest { left, right, .. }
            | E::Overlaps { left, right, .. }
            | E::Under { left, right, .. }
            | E::In { item: left, set: right, .. } => vec![left, right],
            E::History(history) => of_history(history),
            E::Bool(_)
            | E::Number(_)
            | E::Text(_)
            | E::Date(_)
            | E::Timestamp(_)
            | E::Quantity { .. }
            | E::Percent(_)
            | E::Name(_)
            | E::Error => Vec::new(),
        };
        waiting.extend(next.into_iter().rev());
    }
}
