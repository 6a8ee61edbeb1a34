//! `on A, B`: a kind made of the fields that several kinds of record have, of one type.

use super::world::{KindInfo, World};
use crate::data::{Column, ColumnId, Kind, KindId, Origin, Role, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Clause, ClauseKind, Ident, Trigger};
use rustc_hash::FxHashSet;

/// The time and the subject where the kinds call them differently: names that nobody can write.
const TIME: &str = "(time)";
const SUBJECT: &str = "(subject)";

/// Declares a kind for each list of kinds that the clauses of rules and metrics are about. What is wrong in a list
/// is told with its clause.
pub fn declare<'a>(world: &mut World<'a>, clauses: impl Iterator<Item = &'a Clause>) {
    for clause in clauses {
        if let ClauseKind::On(Trigger::Several { kinds, .. }) = &clause.kind
            && let Some(members) = members(world, kinds)
            && find(world, &members).is_none()
        {
            add(world, &members);
        }
    }
}

/// The kinds, where all of them are records, and each is there once.
fn members(world: &World, names: &[Ident]) -> Option<Vec<KindId>> {
    let mut found: Vec<KindId> = Vec::new();
    for name in names {
        let kind = *world.kinds.get(name.text.as_str())?;
        if world.schema.kind(kind).is_table() || found.contains(&kind) {
            return None;
        }
        found.push(kind);
    }
    Some(found)
}

fn find(world: &World, members: &[KindId]) -> Option<KindId> {
    let same = |kind: &Kind| match &kind.origin {
        Origin::Union(of) => of.iter().map(|m| m.0).eq(members.iter().copied()),
        _ => false,
    };
    world.schema.kinds.iter().position(same).map(|i| KindId(i as u32))
}

/// As [`union`], without a word where there is none.
pub fn known(world: &World, names: &[Ident]) -> Option<KindId> {
    find(world, &members(world, names)?)
}

/// The kind that stands for these; told where there can be none.
pub fn union(world: &World, names: &[Ident]) -> Option<KindId> {
    let mut kinds: Vec<(KindId, &Ident)> = Vec::new();
    let mut failed = false;
    for name in names {
        let Some(kind) = world.declared_kind(name) else {
            failed = true;
            continue;
        };
        let declared = world.schema.kind(kind);
        if declared.is_table() {
            let d = world.no_events(name, kind);
            world.report.tell(d.help("a rule is about several kinds of record, or goes over one table: `on each …`"));
            failed = true;
        } else if let Some((_, first)) = kinds.iter().find(|k| k.0 == kind) {
            world.report.tell(
                Diagnostic::error(Code::Duplicate, format!("`{}` is named twice", name.text), name.span, "again here")
                    .label(first.span, "first here")
                    .help("leave one of them out"),
            );
            failed = true;
        }
        kinds.push((kind, name));
    }
    if failed {
        return None;
    }
    find(world, &kinds.iter().map(|k| k.0).collect::<Vec<_>>())
}

fn add(world: &mut World, members: &[KindId]) {
    let schema = &world.schema;
    let of: Vec<&Kind> = members.iter().map(|m| schema.kind(*m)).collect();
    let (first, others) = (of[0], &of[1..]);
    let mut columns: Vec<Column> = Vec::new();
    let mut from: Vec<Vec<ColumnId>> = vec![Vec::new(); members.len()];
    let mut info = KindInfo::default();
    let mut push = |column: Column, at: Vec<ColumnId>, own_optional: bool| {
        let id = ColumnId(columns.len() as u32);
        info.columns.insert(column.name.clone(), id);
        info.own_optional.push(own_optional);
        columns.push(column);
        from.iter_mut().zip(at).for_each(|(from, at)| from.push(at));
        id
    };
    let joined = |name: &str, at: &[ColumnId]| {
        let all: Vec<&Column> = of.iter().zip(at).map(|(kind, c)| &kind.columns[c.0 as usize]).collect();
        Column {
            name: name.into(),
            ty: all[0].ty.clone(),
            optional: all.iter().any(|c| c.optional),
            person: all.iter().any(|c| c.person),
            sensitive: all.iter().any(|c| c.sensitive),
            span: all[0].span,
        }
    };
    let one_type = |at: &[ColumnId]| of.iter().zip(at).all(|(k, c)| k.columns[c.0 as usize].ty == joined("", at).ty);
    for (i, column) in first.columns.iter().enumerate() {
        let elsewhere: Option<Vec<ColumnId>> = others.iter().map(|k| k.column(&column.name)).collect();
        let Some(elsewhere) = elsewhere else { continue };
        let at: Vec<ColumnId> = std::iter::once(ColumnId(i as u32)).chain(elsewhere).collect();
        if !one_type(&at) || !groups_agree(&of, &column.name) {
            continue;
        }
        let own = |(m, c): (&KindId, &ColumnId)| {
            world.infos[m.0 as usize].own_optional.get(c.0 as usize).copied().unwrap_or(true)
        };
        let own_optional = members.iter().zip(&at).any(own);
        push(joined(&column.name, &at), at, own_optional);
    }
    // A field that all have: theirs; one that each calls differently gets a column of its own.
    let role = |of_kind: &dyn Fn(&Kind) -> Option<ColumnId>, name: &str| {
        let at: Vec<ColumnId> = of.iter().map(|k| of_kind(k)).collect::<Option<_>>()?;
        let known = |k: &&Kind, c: &ColumnId| k.columns.len() > c.0 as usize;
        if !of.iter().zip(&at).all(|(k, c)| known(k, c)) || !one_type(&at) {
            return None;
        }
        Some((joined(name, &at), at))
    };
    let time = role(&Kind::time, TIME);
    let subject = role(&Kind::subject, SUBJECT);
    let mut place = |found: Option<(Column, Vec<ColumnId>)>| {
        let (column, at) = found?;
        let same = (0..from[0].len()).find(|&i| from.iter().zip(&at).all(|(from, at)| from[i] == *at));
        if let Some(same) = same {
            return Some(ColumnId(same as u32));
        }
        let id = ColumnId(columns.len() as u32);
        info.columns.insert(column.name.clone(), id);
        info.own_optional.push(column.optional);
        columns.push(column);
        from.iter_mut().zip(at).for_each(|(from, at)| from.push(at));
        Some(id)
    };
    let (time, subject) = (place(time), place(subject));
    for column in &columns {
        for (at, _) in column.name.match_indices('.') {
            info.groups.insert(column.name[..at].to_owned(), column.span);
        }
    }
    info.broken = members.iter().flat_map(|m| world.infos[m.0 as usize].broken.iter().cloned()).collect();
    let names: Vec<&str> = of.iter().map(|k| k.name.as_str()).collect();
    let kind = Kind {
        name: names.join(", "),
        doc: None,
        role: Role::Record { time, subject },
        identity: Vec::new(),
        columns,
        origin: Origin::Union(members.iter().copied().zip(from).collect()),
        rates: None,
        span: first.span,
    };
    world.schema.kinds.push(kind);
    world.infos.push(info);
}

/// The groups that a field is in may be absent in all of the kinds, or in none.
fn groups_agree(of: &[&Kind], name: &str) -> bool {
    name.match_indices('.').all(|(at, _)| {
        let optional: FxHashSet<bool> = of.iter().map(|k| k.column(&name[..at]).is_some()).collect();
        optional.len() == 1
    })
}

/// Why a union does not have a field: which of its kinds lack it, or what it is in each.
pub fn no_field(world: &World, kind: KindId, name: &Ident, dotted: &str) -> Option<Diagnostic> {
    let Origin::Union(of) = &world.schema.kind(kind).origin else { return None };
    let kinds: Vec<&Kind> = of.iter().map(|m| world.schema.kind(m.0)).collect();
    let has = |k: &&Kind| k.columns.iter().any(|c| c.name == dotted || c.name.starts_with(&format!("{dotted}.")));
    let (with, without): (Vec<&Kind>, Vec<&Kind>) = kinds.into_iter().partition(has);
    if with.is_empty() {
        let d = Diagnostic::error(
            Code::UnknownField,
            format!("{} have no field `{dotted}`", kind_names(&without)),
            name.span,
            "not a field",
        );
        let known = world.schema.kind(kind).columns.iter().map(|c| c.name.as_str()).filter(|n| !n.starts_with('('));
        return Some(world.report.suggest(d, name.span, dotted, known));
    }
    if let Some(lacks) = without.first() {
        let verb = if without.len() == 1 { "has" } else { "have" };
        let d = Diagnostic::error(
            Code::NotInAll,
            format!("{} {verb} no field `{dotted}`", kind_names(&without)),
            name.span,
            "not a field of all of these kinds",
        )
        .label(lacks.span, format!("`{}` is declared here", lacks.name));
        let help = format!(
            "a rule on several kinds reads the fields that all of them have: give {} the field too, or write a rule for each",
            kind_names(&without),
        );
        return Some(d.help(help));
    }
    let mut d = Diagnostic::error(
        Code::NotInAll,
        format!("`{dotted}` is not of one type in {}", kind_names(&with)),
        name.span,
        "not one field",
    );
    for kind in &with {
        let Some(column) = kind.column(dotted) else { continue };
        let column = &kind.columns[column.0 as usize];
        let ty = match (&column.ty, column.optional) {
            (Type::Struct, _) => "a group that may be absent".to_owned(),
            (ty, _) => super::report::with_article(&world.type_name(ty)),
        };
        d = d.label(column.span, format!("{ty} in `{}`", kind.name));
    }
    Some(d.help("a rule on several kinds reads the fields that all of them have, of one type: write a rule for each"))
}

/// Why a union has no time: one of its kinds has none, or they are not of one type.
pub fn no_time(world: &World, kind: KindId, window: Span) -> Option<Diagnostic> {
    let Origin::Union(of) = &world.schema.kind(kind).origin else { return None };
    let kinds: Vec<&Kind> = of.iter().map(|m| world.schema.kind(m.0)).collect();
    let without: Vec<&Kind> = kinds.iter().copied().filter(|k| k.time().is_none()).collect();
    let told = |message: String| Diagnostic::error(Code::NoTime, message, window, "a window needs to know when");
    if let Some(first) = without.first() {
        let verb = if without.len() == 1 { "has" } else { "have" };
        return Some(
            told(format!("{} {verb} no time", kind_names(&without)))
                .label(first.span, format!("`{}` is declared here, without `at`", first.name))
                .help(format!("say which field is its time:\n    record {} at FIELD {{ … }}", first.name)),
        );
    }
    let mut d = told(format!("{} do not tell their time alike", kind_names(&kinds)));
    for kind in &kinds {
        let Some(column) = kind.time().and_then(|c| kind.columns.get(c.0 as usize)) else { continue };
        let by = if column.ty == Type::Date { "by the day" } else { "by the instant" };
        d = d.label(column.span, format!("`{}` is dated {by}", kind.name));
    }
    Some(d.help("make the time of all of them a `date`, or a `timestamp`; or write a rule for each"))
}

/// `a` and `b`.
fn kind_names(kinds: &[&Kind]) -> String {
    let names: Vec<String> = kinds.iter().map(|k| format!("`{}`", k.name)).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
