//! Enums, tables and records: from their declarations to the schema.

use super::names::What;
use super::report::with_article;
use super::world::{KindInfo, Names, World, dotted};
use crate::data::{Column, ColumnId, EnumDef, EnumId, EnumWord, Kind, KindId, Origin, Role, Schema, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Ident, TypeExpr, TypeExprKind};
use crate::syntax::words::{MARKS, OPTIONAL};
use rustc_hash::FxHashMap;

/// Fills the schema. Every name is known before any field is read, so order does not matter.
pub fn declare<'a>(world: &mut World<'a>, names: &Names<'a>) {
    for (name, item) in &names.enums {
        let id = add_enum(world, &name.text, &item.words, name.span);
        world.enums.insert(&name.text, id);
    }
    for (i, (name, _, table, doc)) in names.kinds.iter().enumerate() {
        world.kinds.insert(&name.text, KindId(i as u32));
        world.infos.push(KindInfo::default());
        world.schema.kinds.push(Kind {
            name: name.text.clone(),
            doc: doc.map(str::to_owned),
            role: match table {
                true => Role::Table { key: ColumnId(0), valid: None },
                false => Role::Record { time: None, subject: None },
            },
            identity: Vec::new(),
            columns: Vec::new(),
            origin: Origin::Declared,
            // How old they may be is told once lengths can be read.
            rates: names.rates.iter().any(|(_, r)| r.kind.name == **name).then_some(0),
            span: name.span,
        });
    }
    for (i, (_, item, ..)) in names.kinds.iter().enumerate() {
        let kind = KindId(i as u32);
        fields(world, kind, &item.fields, "", Within::default());
    }
    for (i, (_, item, table, _)) in names.kinds.iter().enumerate() {
        head(world, KindId(i as u32), item, *table);
    }
    hide_references(world);
}

/// What refers to a row by a `@sensitive` key is as sensitive as the key.
fn hide_references(world: &mut World) {
    let refers = |schema: &Schema, ty: &Type| {
        match ty {
            Type::Ref(table) => Some(*table),
            Type::List(of) | Type::Set(of) => match **of {
                Type::Ref(table) => Some(table),
                _ => None,
            },
            _ => None,
        }
        .and_then(|table| Some(schema.column(table, schema.kind(table).subject()?).sensitive))
    };
    // A key may be a reference itself.
    loop {
        let schema = &world.schema;
        let columns =
            schema.kinds.iter().enumerate().flat_map(|(k, kind)| (0..kind.columns.len()).map(move |c| (k, c)));
        let hidden = |(k, c): &(usize, usize)| {
            let column = &schema.kinds[*k].columns[*c];
            !column.sensitive && refers(schema, &column.ty) == Some(true)
        };
        let found: Vec<(usize, usize)> = columns.filter(hidden).collect();
        if found.is_empty() {
            return;
        }
        found.into_iter().for_each(|(k, c)| world.schema.kinds[k].columns[c].sensitive = true);
    }
}

fn add_enum(world: &mut World, name: &str, words: &[ast::EnumWord], span: Span) -> EnumId {
    let id = EnumId(world.schema.enums.len() as u32);
    let mut index: FxHashMap<String, u16> = FxHashMap::default();
    let mut spellings: FxHashMap<&str, Span> = FxHashMap::default();
    let mut kept = Vec::new();
    if words.is_empty() {
        world.report.tell(
            Diagnostic::error(Code::BadFieldType, "an enum without words", span, "no words")
                .help("name its words, the least first: `enum level { low, high }`"),
        );
    }
    for word in words {
        let spelling = word.spelling.as_ref().map_or(word.name.text.as_str(), |s| s.text.as_str());
        let first = index.get(&word.name.text).map(|i: &u16| {
            let first: &EnumWord = &kept[*i as usize];
            first.span
        });
        if let Some(first) = first.or_else(|| spellings.get(spelling).copied()) {
            world.report.tell(
                Diagnostic::error(
                    Code::Duplicate,
                    format!("`{}` is twice in one enum", word.name.text),
                    word.name.span,
                    "again here",
                )
                .label(first, "first here")
                .help("take one of them out, or give it another word and spelling"),
            );
            continue;
        }
        let Ok(at) = u16::try_from(kept.len()) else {
            let d = Diagnostic::error(Code::BadFieldType, "an enum of more than 65536 words", span, "too many words");
            world.report.tell(d);
            break;
        };
        index.insert(word.name.text.clone(), at);
        spellings.insert(spelling, word.name.span);
        kept.push(EnumWord {
            name: word.name.text.clone(),
            spelling: word.spelling.as_ref().map(|s| s.text.clone()),
            span: word.name.span,
        });
    }
    world.schema.enums.push(EnumDef { name: name.into(), words: kept, span });
    world.words.push(index);
    id
}

/// What a group says of all fields in it.
#[derive(Clone, Copy, Default)]
struct Within {
    optional: bool,
    person: bool,
    sensitive: bool,
}

/// Adds the fields of a kind or group; `prefix` ends in a dot where it is not empty.
fn fields(world: &mut World, kind: KindId, items: &[ast::Field], prefix: &str, within: Within) {
    let mut seen: FxHashMap<&str, Span> = FxHashMap::default();
    for field in items {
        let name = format!("{prefix}{}", field.name.text);
        if let Some(first) = seen.get(field.name.text.as_str()) {
            world.report.tell(
                Diagnostic::error(
                    Code::Duplicate,
                    format!("the field `{name}` is declared twice"),
                    field.name.span,
                    "declared again here",
                )
                .label(*first, "first declared here")
                .help("rename one of them, or take one out"),
            );
            continue;
        }
        seen.insert(&field.name.text, field.name.span);
        let Within { mut person, mut sensitive, .. } = within;
        for mark in &field.marks {
            match mark.text.as_str() {
                "person" => person = true,
                "sensitive" => sensitive = true,
                _ => world.report.tell(unknown_mark(world, field, mark)),
            }
        }
        let optional = within.optional || field.ty.optional;
        let column = |ty: Type, optional: bool| Column {
            name: name.clone(),
            ty,
            optional,
            person,
            sensitive,
            span: field.name.span,
        };
        if let TypeExprKind::Struct(inner) = &field.ty.kind {
            if field.ty.optional {
                add_column(world, kind, column(Type::Struct, true), true);
            }
            world.infos[kind.0 as usize].groups.insert(name.clone(), field.name.span);
            fields(world, kind, inner, &format!("{name}."), Within { optional, person, sensitive });
        } else {
            match field_type(world, &field.ty) {
                Some(ty) => add_column(world, kind, column(ty, optional), field.ty.optional),
                None => {
                    world.infos[kind.0 as usize].broken.insert(name);
                }
            }
        }
    }
}

fn unknown_mark(world: &World, field: &ast::Field, mark: &Ident) -> Diagnostic {
    let word = mark.text.as_str();
    let d = Diagnostic::error(Code::UnknownMark, format!("no mark is named `@{word}`"), mark.span, "not a mark");
    let alone = field.marks.len() == 1 && !field.ty.optional;
    if alone && OPTIONAL.contains(&word) {
        // From the type's end, with the `@`.
        let whole = Span { start: field.ty.span.end, ..mark.span };
        return world.report.rewrite(d, "a field that may be absent has `?` behind its type", whole, "?");
    }
    world.report.suggest(d, mark.span, word, MARKS)
}

fn add_column(world: &mut World, kind: KindId, column: Column, own_optional: bool) {
    let info = &mut world.infos[kind.0 as usize];
    let columns = &mut world.schema.kinds[kind.0 as usize].columns;
    info.columns.insert(column.name.clone(), ColumnId(columns.len() as u32));
    info.own_optional.push(own_optional);
    columns.push(column);
}

fn field_type(world: &mut World, ty: &TypeExpr) -> Option<Type> {
    if let TypeExprKind::Enum(words) = &ty.kind {
        return Some(Type::Enum(add_enum(world, "", words, ty.span)));
    }
    if let TypeExprKind::List(of) | TypeExprKind::Set(of) = &ty.kind
        && let TypeExprKind::Enum(words) = &of.kind
    {
        let element = Box::new(Type::Enum(add_enum(world, "", words, of.span)));
        return Some(if matches!(ty.kind, TypeExprKind::List(_)) { Type::List(element) } else { Type::Set(element) });
    }
    type_of(world, ty)
}

/// A type that is written by name; told where it is not one.
pub fn type_of(world: &World, ty: &TypeExpr) -> Option<Type> {
    match &ty.kind {
        TypeExprKind::Name(name) => named_type(world, name),
        TypeExprKind::Ref(table) => {
            let kind = world.kind(table)?;
            super::rates::no_table(world, kind, table)?;
            if world.schema.kind(kind).is_table() {
                return Some(Type::Ref(kind));
            }
            world.report.fail(
                Diagnostic::error(
                    Code::UnknownType,
                    format!("`{}` is a record; a `ref` leads to a table", table.text),
                    table.span,
                    "not a table",
                )
                .label(world.schema.kind(kind).span, "declared here")
                .help("use the type of the record's identity, such as `text`, and join by a condition"),
            )
        }
        TypeExprKind::List(of) | TypeExprKind::Set(of) => {
            if of.optional || matches!(of.kind, TypeExprKind::List(_) | TypeExprKind::Set(_) | TypeExprKind::Struct(_))
            {
                return world.report.fail(
                    Diagnostic::error(
                        Code::BadFieldType,
                        "the elements of a list or set are single values, each present",
                        of.span,
                        "not a single value",
                    )
                    .help("write `list of text`, or make each element a record with `each` in a source"),
                );
            }
            let element = Box::new(type_of(world, of)?);
            Some(if matches!(ty.kind, TypeExprKind::List(_)) { Type::List(element) } else { Type::Set(element) })
        }
        TypeExprKind::Error => None,
        TypeExprKind::Enum(_) | TypeExprKind::Struct(_) => world.report.fail(
            Diagnostic::error(Code::BadFieldType, "only a field can have this type", ty.span, "not here")
                .help("declare an `enum` or `record` with a name, and use the name"),
        ),
    }
}

fn named_type(world: &World, name: &Ident) -> Option<Type> {
    let other = name.text.as_str();
    if let Some(ty) = Type::named(other) {
        return Some(ty);
    }
    if let Some(id) = world.enums.get(other) {
        world.named(name, What::Enum, world.schema.enum_def(*id).span);
        return Some(Type::Enum(*id));
    }
    let d = Diagnostic::error(Code::UnknownType, format!("no type is named `{other}`"), name.span, "not a type");
    if let Some(kind) = world.kinds.get(other) {
        world.named_kind(name, *kind);
        super::rates::no_table(world, *kind, name)?;
        let kind = world.schema.kind(*kind);
        let d = d.label(kind.span, "declared here");
        return world.report.fail(match kind.is_table() {
            true => world.report.rewrite(d, "a field leads to a table by `ref`", name.span, &format!("ref {other}")),
            false => d.help(format!("`{other}` is a record, and a field holds a value")),
        });
    }
    let foreign = match other {
        "string" | "str" | "varchar" => Some("text"),
        "integer" | "number" | "long" => Some("int"),
        "float" | "double" | "numeric" => Some("decimal"),
        "boolean" => Some("bool"),
        "datetime" | "time" | "instant" => Some("timestamp"),
        _ => None,
    };
    let d = match foreign {
        Some(own) => world.report.rewrite(d, &format!("the language calls it `{own}`"), name.span, own),
        None => world.report.suggest(
            d,
            name.span,
            other,
            Type::NAMED.iter().map(|(of, _)| *of).chain(world.enums.keys().copied()),
        ),
    };
    world.report.fail(d)
}

// ---------------------------------------------------------------- heads

/// A column named in a kind's head, of one of the types that can stand there.
fn head_column(
    world: &World,
    kind: KindId,
    path: &[Ident],
    what: &str,
    may_be_absent: bool,
    fits: impl Fn(&Type) -> bool,
    needed: &str,
) -> Option<ColumnId> {
    let id = world.column(kind, path)?;
    let column = world.schema.column(kind, id);
    let span = path.first()?.span.to(path.last()?.span);
    if !fits(&column.ty) {
        let name = world.type_name(&column.ty);
        return world.report.fail(
            Diagnostic::error(
                Code::BadHead,
                format!("{what} cannot be {}", with_article(&name)),
                span,
                format!("`{}` is {}", dotted(path), with_article(&name)),
            )
            .label(column.span, "declared here")
            .help(format!("name a field that is {needed}")),
        );
    }
    // When something was, and from when until when, is told of every verdict.
    let is_time = matches!(column.ty, Type::Date | Type::Timestamp) && !matches!(what, "a key" | "an identity");
    if column.sensitive && is_time && !what.contains("subject") {
        return world.report.fail(
            Diagnostic::error(Code::BadHead, format!("{what} cannot be `@sensitive`"), span, "told with every verdict")
                .label(column.span, "marked here")
                .help("name another field, or take the mark from it: rules could not say when without it"),
        );
    }
    if column.optional && !may_be_absent {
        return world.report.fail(
            Diagnostic::error(Code::BadHead, format!("{what} is never absent"), span, "an optional field")
                .label(column.span, "declared optional here")
                .help("name a required field, or take the `?` from its type"),
        );
    }
    Some(id)
}

fn head(world: &mut World, kind: KindId, item: &ast::KindItem, table: bool) {
    let is_time = |ty: &Type| matches!(ty, Type::Date | Type::Timestamp);
    let scalar = |ty: &Type| !matches!(ty, Type::Struct | Type::List(_) | Type::Set(_));
    let one = |name: &Ident| vec![name.clone()];
    let mut identity: Vec<ColumnId> = Vec::new();
    for path in &item.identity {
        let id = head_column(world, kind, path, "an identity", true, scalar, "a single value");
        match id {
            Some(id) if identity.contains(&id) => world.report.tell(
                Diagnostic::error(Code::Duplicate, format!("`{}` is named twice", dotted(path)), path[0].span, "again")
                    .help("take one of them out"),
            ),
            id => identity.extend(id),
        }
    }
    let role = if table {
        let Some(key) = &item.key else {
            world.report.tell(
                Diagnostic::error(
                    Code::BadHead,
                    format!("the table `{}` has no key", item.name.text),
                    item.name.span,
                    "no `key`",
                )
                .help(format!("say which field a `ref` holds:\n    table {} key id {{ … }}", item.name.text)),
            );
            broken(world, kind);
            return;
        };
        let fits = |ty: &Type| matches!(ty, Type::Text | Type::Int | Type::Date);
        let Some(key) = head_column(world, kind, &one(key), "a key", false, fits, "a `text`, an `int` or a `date`")
        else {
            broken(world, kind);
            return;
        };
        let valid = item.valid.as_ref().and_then(|(from, until)| {
            let needed = "a `date` or a `timestamp`";
            let from_id = head_column(world, kind, &one(from), "a row's first day", false, is_time, needed);
            let until_id = match until {
                Some(until) => Some(head_column(world, kind, &one(until), "a row's end", true, is_time, needed)?),
                None => None,
            };
            let from_id = from_id?;
            if let (Some(until), Some(until_id)) = (until, until_id) {
                let (a, b) = (world.schema.column(kind, from_id), world.schema.column(kind, until_id));
                if a.ty != b.ty {
                    return world.report.fail(
                        Diagnostic::error(
                            Code::BadHead,
                            "a row's start and end are of two types",
                            from.span.to(until.span),
                            format!("{} and {}", world.type_name(&a.ty), world.type_name(&b.ty)),
                        )
                        .label(a.span, "declared here")
                        .label(b.span, "and here")
                        .help("make both a `date`, or both a `timestamp`"),
                    );
                }
            }
            Some((from_id, until_id))
        });
        identity = std::iter::once(key).chain(valid.map(|(from, _)| from)).collect();
        Role::Table { key, valid }
    } else {
        let time = item
            .at
            .as_ref()
            .and_then(|p| head_column(world, kind, p, "a record's time", false, is_time, "a `date` or a `timestamp`"));
        let fits = |ty: &Type| matches!(ty, Type::Text | Type::Int | Type::Ref(_) | Type::Enum(_));
        let needed = "a `ref`, a `text`, an `int` or an enum";
        let subject =
            item.by.as_ref().and_then(|p| head_column(world, kind, p, "a record's subject", true, fits, needed));
        if item.at.is_some() && time.is_none() || item.by.is_some() && subject.is_none() {
            broken(world, kind);
        }
        Role::Record { time, subject }
    };
    let declared = &mut world.schema.kinds[kind.0 as usize];
    declared.role = role;
    declared.identity = identity;
}

/// What uses the kind is silent about it.
fn broken(world: &mut World, kind: KindId) {
    world.broken.extend(world.kinds.iter().find(|(_, id)| **id == kind).map(|(name, _)| *name));
}
