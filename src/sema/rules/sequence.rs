//! `on sequence`: steps, each with its own record, key and conditions.

use super::super::expr::{Base, Binding, Group, Rank, Scope, Typer, idents};
use super::super::hir::{Key, Sequence, Step, Times, Trigger};
use super::super::names::What;
use super::super::report::list;
use super::misplaced;
use crate::data::{KindId, Length};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, Clause, Ident, Keys};

/// Steps that one sequence may have.
const MOST: usize = 16;

/// The sequence; none where something is wrong with it. What the rest of the rule can see is in scope all the same.
pub(super) fn sequence<'a>(
    typer: &mut Typer<'_, 'a>,
    clause: &'a Clause,
    sequence: &'a ast::Sequence,
    own_line: Option<&'a Clause>,
) -> Option<Trigger> {
    if let Some(own) = own_line {
        misplaced(
            typer.world,
            own,
            "each step has a `where` of its own, behind its kind of record; what they have to be together stands in `when`",
        );
    }
    let shaped = shape(typer, sequence);
    let kinds: Vec<Option<KindId>> = sequence.steps.iter().map(|s| record(typer, &s.kind)).collect();
    let last = sequence.steps.iter().zip(&kinds).rev().find(|(s, _)| s.negated.is_none())?;
    let last = (last.0, (*last.1)?);
    let window = within(typer, sequence, &kinds, last.1);
    let paths = keys(typer, sequence);
    let time = typer.event_time(last.1);
    typer.roots.push((last.1, time));
    let (mut steps, mut failed) = (Vec::new(), shaped.is_none());
    let mut named: Vec<(&ast::Step, KindId, u8)> = Vec::new();
    for (step, kind) in sequence.steps.iter().zip(&kinds) {
        let Some(kind) = *kind else {
            failed = true;
            continue;
        };
        match typed(typer, step, kind, paths.as_deref(), &mut named, &kinds) {
            Some(step) => steps.push(step),
            None => failed = true,
        }
    }
    // What follows is still read where a step is in error, but the rule is not made.
    typer.scope = scope(&named, &kinds);
    let (within, true) = (window?, paths.is_some() && !failed && !sequence.broken) else { return None };
    let within_span = sequence.within.as_ref().map_or(clause.span, |length| length.span);
    Some(Trigger::Sequence(Sequence { steps, within, within_span, span: clause.span }))
}

/// A kind of record, not a table.
fn record(typer: &Typer<'_, '_>, name: &Ident) -> Option<KindId> {
    let world = typer.world;
    let kind = world.kind(name)?;
    if world.schema.kind(kind).is_table() {
        let d = world.no_events(name, kind);
        return typer.fail(d.help("a step is a record; a table is read through a field of type `ref`: `actor.unit`"));
    }
    Some(kind)
}

/// Number and order of steps, and how often each is there.
fn shape(typer: &Typer<'_, '_>, sequence: &ast::Sequence) -> Option<()> {
    let mut wrong = false;
    let mut tell = |d: Diagnostic| {
        typer.tell(d);
        wrong = true;
    };
    let steps = &sequence.steps;
    if sequence.broken {
        // What is missing may have been there.
    } else if steps.len() < 2 && steps.iter().all(|s| s.times.is_none()) {
        tell(
            Diagnostic::error(
                Code::BadSequence,
                "a sequence of one step",
                sequence.head,
                "two or more steps are needed",
            )
            .help("write further steps behind `then`, or trigger on the record itself: `on file_export where …`"),
        );
    }
    if let Some(not) = steps.first().and_then(|s| s.negated) {
        tell(
            Diagnostic::error(Code::BadSequence, "a sequence cannot begin with what is not there", not, "before what?")
                .help("begin with the record that comes first; what must be missing before it is a condition:\n    when no approval within 30 days before"),
        );
    }
    if let Some(step) = steps.get(MOST) {
        tell(
            Diagnostic::error(Code::BadSequence, format!("more than {MOST} steps"), step.span, "one too many")
                .help("join steps that say the same, or split the rule"),
        );
    }
    for step in steps {
        let Some(times) = &step.times else { continue };
        if let Some(not) = step.negated {
            tell(
                Diagnostic::error(Code::BadSequence, "`not` with a number of times", not, "both")
                    .label(times.span, "this many times")
                    .help("`not` says that there is none; leave one of them out"),
            );
        } else if !matches!(times.text.replace('_', "").parse::<u32>(), Ok(1..)) {
            let d = Diagnostic::error(
                Code::BadSequence,
                format!("a step cannot be there `{}` times", times.text),
                times.span,
                "not a whole number from 1",
            );
            tell(d.help("write a whole number: `3 or more times`"));
        }
    }
    if wrong { None } else { Some(()) }
}

/// The length of time, which must fit the times of all steps.
fn within(
    typer: &mut Typer<'_, '_>,
    sequence: &ast::Sequence,
    kinds: &[Option<KindId>],
    last: KindId,
) -> Option<Length> {
    let Some(length) = &sequence.within else {
        if sequence.broken {
            return None;
        }
        let d = Diagnostic::error(
            Code::NoWindow,
            "how far may the first and last step lie apart?",
            sequence.head,
            "no `within`",
        );
        let head = typer.text(sequence.head);
        let line = typer.world.report.line_with(sequence.head, &format!("{head} within 30 days"));
        return typer.fail(d.help(format!("say how long the sequence may take:\n    {line}")));
    };
    let kind = ast::WindowKind::Within { length: length.clone(), direction: ast::Direction::Before };
    let window = ast::Window { kind, span: length.span };
    let time = typer.event_time(last);
    typer.roots.push((last, time));
    let mut seen: Vec<KindId> = Vec::new();
    let mut found = None;
    for kind in kinds.iter().flatten() {
        if seen.contains(kind) {
            continue;
        }
        seen.push(*kind);
        match typer.window(&window, *kind, 0) {
            Some(super::Window::Before(length)) => found = Some(length),
            _ => {
                found = None;
                break;
            }
        }
    }
    typer.roots.pop();
    if found.is_some_and(|length| length.business != 0) {
        return typer.fail(
            Diagnostic::error(
                Code::BadWindow,
                "a sequence is not measured in business days",
                length.span,
                "business days",
            )
            .help("write days: `within 7 days`; business days are for the windows of conditions: `no approval within 5 business days after`"),
        );
    }
    found
}

/// The paths of the keys as written; empty for `across everyone`.
fn keys(typer: &Typer<'_, '_>, sequence: &ast::Sequence) -> Option<Vec<Vec<Ident>>> {
    let paths = match &sequence.keys {
        Keys::Everyone(_) => return Some(Vec::new()),
        Keys::By(paths) => paths,
        Keys::Subject if sequence.broken => return None,
        Keys::Subject => {
            let head = typer.text(sequence.head);
            let rest = head.strip_prefix("sequence").unwrap_or(head);
            let line = |key: &str| typer.world.report.line_with(sequence.head, &format!("sequence {key}{rest}"));
            return typer.fail(
                Diagnostic::error(Code::NoGroup, "whose records make up the sequence?", sequence.head, "no `by`").help(
                    format!(
                        "name the fields that records of one sequence share:\n    {}\nor look at everyone's together:\n    {}",
                        line("by actor"),
                        line("across everyone")
                    ),
                ),
            );
        }
    };
    let mut found = Vec::new();
    for path in paths {
        match idents(path) {
            Some(path) => found.push(path),
            None => {
                if !matches!(path.kind, ast::ExprKind::Error) {
                    let d = Diagnostic::error(
                        Code::NoGroup,
                        format!("`{}` is no field", typer.quote(path.span)),
                        path.span,
                        "a key is a field",
                    );
                    typer.tell(d.help("write the field's dotted name: `by giver`"));
                }
                return None;
            }
        }
    }
    Some(found)
}

/// A step with its key and conditions. Where it has a record, that is a root from here on.
fn typed<'a>(
    typer: &mut Typer<'_, 'a>,
    step: &'a ast::Step,
    kind: KindId,
    paths: Option<&[Vec<Ident>]>,
    named: &mut Vec<(&'a ast::Step, KindId, u8)>,
    kinds: &[Option<KindId>],
) -> Option<Step> {
    let root = typer.roots.len().min(u8::MAX as usize) as u8;
    let name = step.alias.as_ref().unwrap_or(&step.kind);
    let mut ok = true;
    if let Some((first, ..)) = named.iter().find(|(s, ..)| s.alias.as_ref().unwrap_or(&s.kind).text == name.text) {
        let d = Diagnostic::error(
            Code::Duplicate,
            format!("two steps are called `{}`", name.text),
            name.span,
            "again here",
        )
        .label(first.alias.as_ref().unwrap_or(&first.kind).span, "the first is here");
        typer.tell(d.help(format!("give it a name of its own: `{} as second`", step.kind.text)));
        ok = false;
    }
    let pairs = paths.and_then(|paths| {
        let pairs: Vec<Option<Key>> =
            paths.iter().map(|path| pair(typer, path, kind, kinds, paths.len() == 1)).collect();
        pairs.into_iter().collect::<Option<Vec<Key>>>()
    });
    let time = typer.event_time(kind);
    typer.roots.push((kind, time));
    named.push((step, kind, root));
    typer.scope = Scope { bare: Some(root), about: Some(root), ..scope(named, kinds) };
    let filter = match &step.filter {
        Some(filter) => {
            let facts = typer.facts_len();
            let filter = typer.condition(filter);
            typer.forget(facts);
            filter.map(Some)
        }
        None => Some(None),
    };
    let times = match (&step.times, step.negated) {
        (_, Some(_)) => Times::None,
        (Some(times), None) => Times::AtLeast(times.text.replace('_', "").parse().unwrap_or(1)),
        (None, None) => Times::Once,
    };
    if times == Times::None {
        named.pop();
        typer.roots.pop();
    } else if let Some(Some(filter)) = &filter {
        typer.learn(filter, true);
    }
    let (keys, filter, true) = (pairs?, filter?, ok) else { return None };
    Some(Step { name: name.text.clone(), kind, root, times, keys, filter, span: step.span })
}

/// The step's side of a key, and the last record's. Where a kind does not have the field, and it is the only key,
/// its subject is meant.
fn pair(typer: &mut Typer<'_, '_>, path: &[Ident], kind: KindId, kinds: &[Option<KindId>], only: bool) -> Option<Key> {
    let last = typer.roots[0].0;
    let span = path.first()?.span.to(path.last()?.span);
    let world = typer.world;
    let has = |kind: KindId| {
        let info = &world.infos[kind.0 as usize];
        let first = path[0].text.as_str();
        info.columns.contains_key(first) || info.groups.contains_key(first) || info.broken.contains(first)
    };
    let subject = |kind: KindId| {
        let column = world.schema.kind(kind).subject()?;
        let name = &world.schema.kind(kind).columns.get(column.0 as usize)?.name;
        Some(name.split('.').map(|text| Ident { text: text.into(), span }).collect::<Vec<_>>())
    };
    let some_has = kinds.iter().flatten().any(|k| has(*k));
    let side = |kind: KindId| match subject(kind) {
        Some(subject) if only && some_has && !has(kind) => subject,
        _ => path.to_vec(),
    };
    typer.pairing(kind, &side(kind), 0, &side(last))
}

/// The steps by their names; a kind's own name too, where one step is of it.
fn scope(named: &[(&ast::Step, KindId, u8)], kinds: &[Option<KindId>]) -> Scope {
    let mut scope = Scope { about: named.last().map(|n| n.2), ..Scope::default() };
    for (step, kind, root) in named {
        let row = Binding::Group(Group { base: Base::Row(*root), kind: *kind, prefix: String::new() });
        if let Some(alias) = &step.alias {
            scope.bind_first(alias, row.clone(), What::Alias);
        }
        let alone = kinds.iter().filter(|k| **k == Some(*kind)).count() == 1;
        if step.alias.is_none() {
            scope.bind(&step.kind.text, row, Rank::AfterFields);
        } else if alone {
            scope.bind(&step.kind.text, row, Rank::Last);
        }
    }
    scope
}

/// A `limit` cannot add up sequences.
pub(super) fn no_sum(typer: &Typer<'_, '_>, sequence: &Sequence) {
    let names = list(sequence.steps.iter().map(|s| s.name.as_str()));
    typer.tell(
        Diagnostic::error(
            Code::BadSequence,
            "a `limit` adds up records, and a sequence is several",
            sequence.span,
            format!("a sequence of {names}"),
        )
        .help("write the number of times as a step: `3 or more times login as failed`"),
    );
}
