//! Policies of files, and parameters with the values that they have in this run.

use super::declare::type_of;
use super::expr::Typer;
use super::hir::{Constant, Param};
use super::world::{Decl, FilePolicy, Names, World};
use crate::data::calendar::days_in_month;
use crate::data::{Business, Clock, ColumnId, KindId, Length, Role, Type, Value, Zone, display};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Ident};
use rustc_hash::FxHashMap;

/// Time zone and fiscal year of every file: its own policy's, or those of the only policy of the set.
pub fn policies(world: &mut World, names: &Names, files: impl Iterator<Item = FileId>) {
    let mut own: FxHashMap<FileId, (String, Clock, Zone)> = FxHashMap::default();
    for (file, policy) in &names.policies {
        let zone = policy.timezone.as_ref().and_then(|name| world.timezone(name)).unwrap_or_else(Zone::utc);
        let mut start = (1, 1);
        if let Some((month, day, span)) = policy.fiscal_year {
            if (1..=12).contains(&month) && day >= 1 && day <= days_in_month(2023, month) {
                start = (month, day);
            } else {
                world.report.tell(
                    Diagnostic::error(
                        Code::BadFiscalYear,
                        format!("no year has a {month:02}-{day:02}, or not every one"),
                        span,
                        "not a day of every year",
                    )
                    .help("write month and day: `fiscal_year starts 04-01`"),
                );
            }
        }
        let business = policy.business_days.as_ref().map(|days| {
            // What is wrong has been told: what counts by it is not told to lack it.
            business(world, days).unwrap_or(Business { weekdays: 0x1f, except: None })
        });
        let clock = Clock { timezone: zone.name().into(), fiscal_start: start, business };
        own.insert(*file, (policy.name.text.clone(), clock, zone));
    }
    let only = (own.len() == 1).then(|| own.values().next().cloned()).flatten();
    for file in files {
        let policy = match own.get(&file).or(only.as_ref()) {
            Some((name, clock, zone)) => {
                FilePolicy { name: Some(name.clone()), clock: clock.clone(), zone: zone.clone() }
            }
            None => FilePolicy {
                name: None,
                clock: Clock { timezone: "UTC".into(), fiscal_start: (1, 1), business: None },
                zone: Zone::utc(),
            },
        };
        world.policies.insert(file, policy);
    }
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// On which days business is done, as a policy says; told where it says it wrongly.
fn business(world: &World, days: &ast::BusinessDays) -> Option<Business> {
    let number = |day: &Ident| {
        WEEKDAYS.iter().position(|w| *w == day.text).or_else(|| {
            let message = format!("`{}` is no day of the week", day.text);
            let d = Diagnostic::error(Code::NotOneOf, message, day.span, "not a weekday");
            world.report.fail(world.report.suggest(d, day.span, &day.text, WEEKDAYS))
        })
    };
    let numbers: Vec<Option<usize>> = days.weekdays.iter().map(number).collect();
    let except = match &days.except {
        Some(table) => except(world, table, days.unless.as_ref()).map(Some),
        None => Some(None),
    };
    let numbers = numbers.into_iter().collect::<Option<Vec<usize>>>()?;
    let mut weekdays = 0u8;
    match numbers[..] {
        [first, last] if days.range => {
            let length = (last + 7 - first) % 7;
            (0..=length).for_each(|n| weekdays |= 1 << ((first + n) % 7));
        }
        _ => numbers.iter().for_each(|n| weekdays |= 1 << n),
    }
    Some(Business { weekdays, except: except? })
}

/// The table of days on which no business is done, and its field that says where it is after all.
fn except(world: &World, table: &Ident, unless: Option<&Ident>) -> Option<(KindId, Option<ColumnId>)> {
    let kind = world.kind(table)?;
    super::rates::no_table(world, kind, table)?;
    let declared = world.schema.kind(kind);
    let sample = format!("    table {} key day {{ day: date, name: text }}", table.text);
    let bad = |message: String, span: Span, label: &str| {
        let d = Diagnostic::error(Code::BadBusinessDays, message, span, label);
        let d = d.label(declared.span, format!("`{}` is declared here", table.text));
        world.report.fail(d.help(format!("its key is the day, and its rows hold at any time:\n{sample}")))
    };
    let Role::Table { key, valid } = declared.role else {
        return bad(format!("`{}` is a record; holidays are rows of a table", table.text), table.span, "not a table");
    };
    if declared.columns.get(key.0 as usize).is_none_or(|c| c.ty != Type::Date) {
        return bad(format!("the key of `{}` is no date", table.text), table.span, "not a table of days");
    }
    if valid.is_some() {
        return bad(format!("the rows of `{}` hold only at times", table.text), table.span, "with `valid from`");
    }
    let Some(field) = unless else { return Some((kind, None)) };
    let column = world.column(kind, std::slice::from_ref(field))?;
    if world.schema.column(kind, column).ty != Type::Bool {
        return bad(format!("`{}` is not true or false", field.text), field.span, "not a `bool`");
    }
    Some((kind, Some(column)))
}

/// Works the parameters out, in an order in which each comes after those that it needs.
pub fn params<'a>(world: &mut World<'a>, order: &[Decl<'a>], set: &'a [(String, FileId, ast::Expr)]) -> Vec<Param> {
    let mut params = Vec::new();
    for (i, (name, file, value)) in set.iter().enumerate() {
        if !matches!(world.values.get(name.as_str()), Some(Decl::Param(_))) {
            let start = Span::new(*file, value.span.start as usize, value.span.end as usize);
            let ident = Ident { text: name.clone(), span: start };
            unknown_param(world, &ident, None);
        } else if let Some(first) = set[..i].iter().find(|(n, ..)| n == name) {
            world.report.tell(
                Diagnostic::error(Code::Duplicate, format!("`{name}` is set twice"), value.span, "again here")
                    .label(first.2.span, "first here")
                    .help("set it once"),
            );
        }
    }
    for decl in order {
        let Decl::Param(item) = decl else { continue };
        if world.broken.contains(item.name.text.as_str()) {
            continue;
        }
        let Some(ty) = type_of(world, &item.ty) else { continue };
        if item.ty.optional || matches!(ty, Type::Ref(_)) {
            world.report.tell(
                Diagnostic::error(
                    Code::BadFieldType,
                    "a parameter is a value that is always there",
                    item.ty.span,
                    "not for a parameter",
                )
                .help("use a plain type: `param gift_cap: money = 500 CNY`"),
            );
            continue;
        }
        let default = constant(world, item.name.span.file, &item.default, &ty);
        let own = set.iter().find(|(name, ..)| *name == item.name.text);
        let later = later(world, item, &ty);
        let value = match own {
            Some((_, file, value)) => constant(world, *file, value, &ty),
            None => default,
        };
        // What is set holds for all days.
        let later = match own {
            Some(_) => Vec::new(),
            None => {
                let Some(later) = later else { continue };
                later
            }
        };
        if !later.is_empty() {
            world.later.insert(&item.name.text, later.clone());
        }
        let Some(value) = value else { continue };
        world.params.insert(&item.name.text, (ty.clone(), value.clone()));
        params.push(Param { name: item.name.text.clone(), ty, value, later, span: item.name.span });
    }
    params.sort_by(|a, b| a.name.cmp(&b.name));
    params
}

/// The values that a parameter has from later days on; none where one is in error.
fn later<'a>(world: &World<'a>, item: &'a ast::ParamItem, ty: &Type) -> Option<Vec<(i32, Constant)>> {
    let file = item.name.span.file;
    let mut all: Vec<(i32, Constant)> = Vec::new();
    let mut failed = false;
    let mut last: Option<(i32, Span)> = None;
    for (day, value) in &item.later {
        let from = Typer::new(world, file).constant_of(day, &Type::Date);
        let value = constant(world, file, value, ty);
        let Some(Value::Date(from)) = from else {
            failed = true;
            continue;
        };
        if let Some((before, span)) = last
            && from <= before
        {
            failed = true;
            let what = match from == before {
                true => format!("`{}` has two values from {} on", item.name.text, display::date(from)),
                false => format!("{} comes before {}", display::date(from), display::date(before)),
            };
            world.report.tell(
                Diagnostic::error(Code::LaterOrder, what, day.span, "not later than the one above")
                    .label(span, "the one above")
                    .help("write the days in order, each once: a value holds until the next one begins"),
            );
        }
        last = Some((from, day.span));
        match value {
            Some(value) => all.push((from, value)),
            None => failed = true,
        }
    }
    (!failed).then_some(all)
}

/// Tells that no parameter has this name. `line` is the span to mend, where there is one.
pub fn unknown_param(world: &World, name: &Ident, line: Option<Span>) {
    let d = Diagnostic::error(
        Code::UnknownParam,
        format!("no parameter is named `{}`", name.text),
        name.span,
        "not declared by a `param`",
    );
    let known = world.values.values().filter_map(|d| match d {
        Decl::Param(item) => Some(item.name.text.as_str()),
        _ => None,
    });
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    world.report.tell(match line {
        Some(span) => world.report.suggest(d, span, &name.text, known),
        None => match world.report.guess(&name.text, known.iter().copied()) {
            Some(near) => d.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => d.help("the policy has no parameters"),
            None => d.help(format!("its parameters are {}", super::report::list(known.into_iter().take(12)))),
        },
    });
}

/// A constant of a type, as a parameter or a test's `set` gives it.
pub fn constant<'a>(world: &World<'a>, file: FileId, e: &'a ast::Expr, ty: &Type) -> Option<Constant> {
    let mut typer = Typer::new(world, file);
    match ty {
        Type::Duration => {
            let length = typer.length_value(e)?;
            Some(Constant::Length(length))
        }
        Type::List(of) | Type::Set(of) => {
            let ast::ExprKind::Set(elements) = &e.kind else {
                return world.report.fail(
                    Diagnostic::error(Code::WrongType, "a set is needed", e.span, "not a set")
                        .help("write its elements in braces: `{ \"a\", \"b\" }`"),
                );
            };
            let values: Vec<_> = elements.iter().map(|e| typer.constant_of(e, of)).collect();
            values.into_iter().collect::<Option<Vec<_>>>().map(Constant::Set)
        }
        ty => typer.constant_of(e, ty).map(Constant::Value),
    }
}

impl<'a> Typer<'_, 'a> {
    fn length_value(&mut self, e: &'a ast::Expr) -> Option<Length> {
        if self.is_length_like(e) {
            return self.any_length(e);
        }
        match self.constant_of(e, &Type::Duration)? {
            crate::data::Value::Duration(nanos) => Some(Length { nanos, ..Length::default() }),
            _ => None,
        }
    }
}
