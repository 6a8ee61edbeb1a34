//! Rules: their clauses, what each verb needs, and what belongs elsewhere.

use super::expr::{Base, Binding, Group, Rank, Scope, Typer, func_name, func_of};
use super::hir::{Body, EachAt, Exception, Expr, ExprKind, Func, History, MessagePart, Rule, Trigger, Verb, Window};
use super::report::list;
use super::world::World;
use crate::data::{KindId, Severity, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Clause, ClauseKind, Ident, Keys, RuleItem, TemplatePart, WindowKind};

/// The clauses of a rule, each at most once but the exceptions.
#[derive(Default)]
struct Clauses<'a> {
    on: Option<&'a Clause>,
    filter: Option<&'a Clause>,
    when: Option<&'a Clause>,
    need: Option<&'a Clause>,
    aggregate: Option<&'a Clause>,
    to: Option<&'a Clause>,
    severity: Option<&'a Clause>,
    cite: Option<&'a Clause>,
    because: Option<&'a Clause>,
    consequence: Option<&'a Clause>,
    purpose: Option<&'a Clause>,
    legal_basis: Option<&'a Clause>,
    retention: Option<&'a Clause>,
    effective: Option<&'a Clause>,
    unless: Vec<(&'a Ident, &'a ast::Expr, Span)>,
    /// A clause was written that is not here: reserved, or unreadable and told already.
    incomplete: bool,
}

fn keyword(kind: &ClauseKind) -> &'static str {
    match kind {
        ClauseKind::On(_) => "on",
        ClauseKind::Where(_) => "where",
        ClauseKind::When(_) => "when",
        ClauseKind::Unless { .. } => "unless",
        ClauseKind::Need(_) => "need",
        ClauseKind::Aggregate(a) => func_name(func_of(a.func)),
        ClauseKind::To(_) => "to",
        ClauseKind::Severity(_) => "severity",
        ClauseKind::Cite(_) => "cite",
        ClauseKind::Because(_) => "because",
        ClauseKind::Consequence(_) => "consequence",
        ClauseKind::Purpose(_) => "purpose",
        ClauseKind::LegalBasis(_) => "legal_basis",
        ClauseKind::Retention(_) => "retention",
        ClauseKind::Effective { .. } => "effective",
        ClauseKind::Reserved(_) => "once",
    }
}

fn sort<'a>(world: &World<'a>, item: &'a RuleItem) -> Clauses<'a> {
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
            ClauseKind::Reserved(_) => {
                found.incomplete = true;
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

fn missing(world: &World, item: &RuleItem, word: &str, sample: &str) {
    let verb = match item.verb {
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

fn misplaced(world: &World, clause: &Clause, why: &str) {
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

/// A rule, typed; none where something is wrong with it.
pub fn rule<'a>(world: &World<'a>, file: FileId, item: &'a RuleItem, whole: &ast::Item) -> Option<Rule> {
    let mut clauses = sort(world, item);
    clauses.incomplete |= whole.broken;
    let mut typer = Typer::new(world, file);
    let trigger = match clauses.on {
        Some(clause) => trigger(&mut typer, clause, clauses.filter),
        None => {
            if !clauses.incomplete {
                missing(world, item, "on", "on gift");
            }
            None
        }
    };
    let severity = severity(world, clauses.severity);
    let effective = effective(&mut Typer::new(world, file), clauses.effective);
    if let Some(ClauseKind::Retention(length)) = clauses.retention.map(|c| &c.kind) {
        Typer::new(world, file).length(length);
    }
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
    let body = match item.verb {
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
            when.and_then(|when| Some(Body::Require { when, need: need? }))
        }
        ast::Verb::Limit => {
            let limit = limit(&mut typer, item, &clauses, &trigger);
            when.and_then(|when| {
                let (aggregate, to) = limit?;
                Some(Body::Limit { when, aggregate, to })
            })
        }
    };
    let mut unless = Some(Vec::new());
    for (name, condition, span) in &clauses.unless {
        let typed = typer.condition(condition);
        match (&mut unless, typed) {
            (Some(all), Some(condition)) => all.push(Exception { name: name.text.clone(), condition, span: *span }),
            _ => unless = None,
        }
    }
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
    Some(Rule {
        name: item.name.text.clone(),
        title: item.title.as_ref().map_or_else(|| item.name.text.clone(), |t| t.text.clone()),
        doc: whole.doc.clone(),
        verb: match item.verb {
            ast::Verb::Forbid => Verb::Forbid,
            ast::Verb::Require => Verb::Require,
            ast::Verb::Limit => Verb::Limit,
        },
        severity: severity?,
        cite: text(clauses.cite),
        consequence: text(clauses.consequence),
        purpose: text(clauses.purpose),
        legal_basis: text(clauses.legal_basis),
        policy: policy.name.clone(),
        clock: policy.clock.clone(),
        effective: effective?,
        trigger,
        body: body?,
        unless: unless?,
        because: because?,
        span: whole.span,
        name_span: item.name.span,
    })
}

/// What each verb needs, and what belongs to another.
fn shape(world: &World, item: &RuleItem, clauses: &Clauses) {
    if clauses.incomplete {
        return;
    }
    match item.verb {
        ast::Verb::Forbid => {
            let inline = matches!(
                clauses.on.map(|c| &c.kind),
                Some(ClauseKind::On(
                    ast::Trigger::Record { filter: Some(_), .. }
                        | ast::Trigger::Each { filter: Some(_), .. }
                        | ast::Trigger::Reserved(_)
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

fn severity(world: &World, clause: Option<&Clause>) -> Option<Severity> {
    let Some(ClauseKind::Severity(word)) = clause.map(|c| &c.kind) else { return Some(Severity::Major) };
    word.text.parse().ok().or_else(|| {
        let d =
            Diagnostic::error(Code::NotOneOf, format!("`{}` is no severity", word.text), word.span, "not a severity");
        world.report.fail(world.report.suggest(d, word.span, &word.text, Severity::ALL.map(|s| s.as_str())))
    })
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

fn trigger<'a>(typer: &mut Typer<'_, 'a>, clause: &'a Clause, own_line: Option<&'a Clause>) -> Option<Trigger> {
    let ClauseKind::On(trigger) = &clause.kind else { return None };
    let (name, alias, filter) = match trigger {
        ast::Trigger::Record { kind, alias, filter } => (kind, alias, filter),
        ast::Trigger::Each { table, alias, filter, .. } => (table, alias, filter),
        ast::Trigger::Reserved(_) => return None,
    };
    let world = typer.world;
    let kind = world.kind(name)?;
    let table = world.schema.kind(kind).is_table();
    let each = match trigger {
        ast::Trigger::Each { at, .. } if table => Some(match at {
            ast::EachAt::EndOf(period) => EachAt::EndOf(*period),
            ast::EachAt::AsOf => EachAt::AsOf,
        }),
        ast::Trigger::Each { .. } => {
            return typer.fail(
                Diagnostic::error(
                    Code::BadHistory,
                    format!("`{}` is a record; `on each` goes over a table", name.text),
                    name.span,
                    "not a table",
                )
                .label(world.schema.kind(kind).span, "declared here")
                .help(format!("write `on {}` to look at each such record", name.text)),
            );
        }
        _ if table => {
            return typer.fail(
                Diagnostic::error(
                    Code::BadHistory,
                    format!("`{}` is a table: its rows are no events", name.text),
                    name.span,
                    "not a record",
                )
                .label(world.schema.kind(kind).span, "declared here")
                .help(format!("say when it is looked at:\n    on each {} at end of month", name.text)),
            );
        }
        _ => None,
    };
    let time = match each {
        Some(EachAt::EndOf(_)) => Some(Type::Date),
        Some(EachAt::AsOf) => Some(Type::Timestamp),
        None => typer.event_time(kind),
    };
    typer.roots.push((kind, time));
    typer.scope = root_scope(kind, &name.text, alias.as_ref(), 0);
    typer.scope.period = matches!(each, Some(EachAt::EndOf(_)));
    let mut filters = Vec::new();
    let mut failed = false;
    let facts = typer.facts_len();
    let own = own_line.and_then(|c| match &c.kind {
        ClauseKind::Where(e) => Some(e),
        _ => None,
    });
    for filter in filter.iter().chain(own) {
        match typer.condition(filter) {
            Some(expr) => {
                typer.learn(&expr, true);
                filters.push(expr);
            }
            None => failed = true,
        }
    }
    typer.forget(facts);
    let filter = match filters.len() {
        0 | 1 => filters.pop(),
        _ => {
            let span = filters[0].span.to(filters[1].span);
            Some(Expr { kind: ExprKind::And(filters), ty: Type::Bool, optional: false, span })
        }
    };
    // What follows is still read where the filter is in error, but the rule is not made.
    let filter = if failed { None } else { filter };
    let span = clause.span;
    Some(match each {
        Some(at) => Trigger::Each { table: kind, at, filter, span },
        None => Trigger::Record { kind, filter, span },
    })
}

/// The scope of a record that stands alone: its fields bare, by its kind's name, and by its alias.
fn root_scope(kind: KindId, name: &str, alias: Option<&Ident>, root: u8) -> Scope {
    let mut scope = Scope { bare: Some(root), about: Some(root), ..Scope::default() };
    let row = Binding::Group(Group { base: Base::Row(root), kind, prefix: String::new() });
    let rank = if alias.is_some() { Rank::Last } else { Rank::AfterFields };
    scope.bind(name, row.clone(), rank);
    if let Some(alias) = alias {
        scope.bind(&alias.text, row, Rank::First);
    }
    scope
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
    let (history, ..) = typer.history(h)?;
    Some(History { func: Func::Exists, ..history })
}

fn limit<'a>(
    typer: &mut Typer<'_, 'a>,
    item: &'a RuleItem,
    clauses: &Clauses<'a>,
    trigger: &Trigger,
) -> Option<(History, Expr)> {
    let Some(ClauseKind::Aggregate(aggregate)) = clauses.aggregate.map(|c| &c.kind) else {
        if let Some(ClauseKind::To(to)) = clauses.to.map(|c| &c.kind) {
            typer.value(to, None);
        }
        return None;
    };
    let typed = aggregate_of(typer, item, clauses, aggregate, trigger);
    let Some(ClauseKind::To(to)) = clauses.to.map(|c| &c.kind) else { return None };
    let Some((history, ty)) = typed else {
        if !matches!(to.kind, ast::ExprKind::Name(_)) {
            typer.value(to, None);
        }
        return None;
    };
    let to = typer.value(to, Some(&ty))?;
    let to = typer.of_type(to, &ty, Code::WrongType)?;
    Some((history, to))
}

fn aggregate_of<'a>(
    typer: &mut Typer<'_, 'a>,
    item: &'a RuleItem,
    clauses: &Clauses<'a>,
    aggregate: &'a ast::Aggregate,
    trigger: &Trigger,
) -> Option<(History, Type)> {
    let world = typer.world;
    let func = func_of(aggregate.func);
    let kind = trigger.kind();
    let Trigger::Record { .. } = trigger else {
        return typer.fail(
            Diagnostic::error(
                Code::BadHistory,
                "a `limit` adds up records, and a table's rows are none",
                trigger.span(),
                "a table",
            )
            .help("write `on` with the record that is added up"),
        );
    };
    let window = match &aggregate.window.kind {
        WindowKind::Within { .. } => {
            let d = Diagnostic::error(
                Code::BadWindow,
                "a limit looks back `over` its window",
                aggregate.window.span,
                "not of a limit",
            );
            typer.fail(world.report.rewrite(d, "write it so:", aggregate.window.span, "over 30 days"))
        }
        _ => typer.window(&aggregate.window, kind, 0),
    };
    let keys = match &aggregate.keys {
        Keys::Everyone(_) => Some(Vec::new()),
        Keys::By(paths) => typer.keys(paths, kind, 0),
        Keys::Subject => {
            let fields: Vec<&str> = world.top_fields(kind).collect();
            let by = world.schema.kind(kind).subject().map(|s| world.schema.column(kind, s).name.as_str());
            let key = by.or(fields.first().copied()).unwrap_or("FIELD");
            let window = aggregate.window.span;
            let text = typer.text(window);
            let line = |key: &str| world.report.line_with(window, &format!("{key} {text}"));
            typer.fail(
                Diagnostic::error(
                    Code::NoGroup,
                    format!("whose records does `{}` add up?", item.name.text),
                    aggregate.span,
                    "no `per`",
                )
                .help(format!(
                    "name the fields that records of one sum share:\n    {}\nor add up everyone's:\n    {}",
                    line(&format!("per {key}")),
                    line("across everyone"),
                )),
            )
        }
    };
    // The records that are added up are of the trigger's kind, its fields bare as in the trigger.
    let ClauseKind::On(ast::Trigger::Record { kind: name, alias, filter: inline }) = &clauses.on?.kind else {
        return None;
    };
    let scope = std::mem::replace(&mut typer.scope, root_scope(kind, &name.text, alias.as_ref(), 1));
    let time = typer.event_time(kind);
    typer.roots.push((kind, time));
    let facts = typer.facts_len();
    let own = clauses.filter.and_then(|c| match &c.kind {
        ClauseKind::Where(e) => Some(e),
        _ => None,
    });
    let mut filters = Vec::new();
    for filter in inline.iter().chain(own) {
        if let Some(filter) = typer.condition(filter) {
            typer.learn(&filter, true);
            filters.push(filter);
        }
    }
    let value = match &aggregate.value {
        Some(value) => {
            let typed = typer.shown(value);
            typed.and_then(|v| typer.aggregated(func, v, value.span)).map(|(v, ty)| (Some(v), ty))
        }
        None => Some((None, Type::Int)),
    };
    typer.forget(facts);
    typer.roots.pop();
    typer.scope = scope;
    let filter = match filters.len() {
        0 | 1 => filters.pop(),
        _ => {
            let span = filters[0].span.to(filters[1].span);
            Some(Expr { kind: ExprKind::And(filters), ty: Type::Bool, optional: false, span })
        }
    };
    let (value, ty) = value?;
    let history = History { func, kind, root: 0, value, keys: keys?, window: window?, filter, span: aggregate.span };
    debug_assert!(matches!(history.window, Window::Over(_) | Window::AllTime | Window::In(_)));
    Some((history, ty))
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
