//! Metrics: figures by period and key.

use super::expr::{Typer, idents};
use super::hir::{Expr, ExprKind, Metric, MetricKey, Trigger};
use super::rules::trigger;
use super::world::World;
use crate::data::{KindId, Period, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Clause, ClauseKind, Keys, MetricItem, MetricValue, WindowKind};

/// A metric, typed, as it reads from day to day: anew from each on which a parameter that it reads changes.
pub fn metric<'a>(world: &World<'a>, file: FileId, item: &'a MetricItem, whole: &'a ast::Item) -> Vec<Metric> {
    let mut changing = Vec::new();
    let Some(first) = reading(world, file, item, whole, None, &mut changing) else { return Vec::new() };
    let later = changing.iter().flat_map(|name| world.later.get(name).into_iter().flatten());
    let mut days: Vec<i32> = later.map(|(day, _)| *day).collect();
    days.sort_unstable();
    days.dedup();
    let mut all = vec![first];
    for day in days {
        if let Some(before) = all.last_mut() {
            before.effective.1 = Some(day);
        }
        all.extend(reading(world, file, item, whole, Some(day), &mut Vec::new()));
    }
    all
}

/// As it reads from a day on, or (none) from the beginning; none where something is wrong with it.
fn reading<'a>(
    world: &World<'a>,
    file: FileId,
    item: &'a MetricItem,
    whole: &'a ast::Item,
    from: Option<i32>,
    changing: &mut Vec<&'a str>,
) -> Option<Metric> {
    let (on, filter) = clauses(world, item);
    let figure = figure(world, item, whole.broken);
    if on.is_none() && !whole.broken {
        lacks(world, item, "`on`", "which records is it of?", "on training");
    }
    let mut typer = Typer::new(world, file).on_day(from);
    let trigger = trigger(&mut typer, on?, filter)?;
    let Trigger::Record { kind, .. } = trigger else {
        return world.report.fail(
            Diagnostic::error(
                Code::MetricShape,
                "a metric is of records, and a table's rows are none",
                trigger.span(),
                "a table",
            )
            .help("write `on` with the record that is counted"),
        );
    };
    let figure = figure?;
    let period = period(&mut typer, item, figure, kind);
    let facts = typer.facts_len();
    if let Some(filter) = trigger.filter() {
        typer.learn(filter, true);
    }
    let keys = keys(&mut typer, figure);
    let func = figure.func;
    let value = match &figure.value {
        None => Some((None, Type::Int)),
        Some(value) => {
            let typed = typer.shown(value);
            typed.and_then(|v| typer.aggregated(func, v, value.span)).map(|(v, ty)| (Some(v), ty))
        }
    };
    typer.forget(facts);
    let (value, ty) = value?;
    if let Some(value) = &value {
        own(&typer, value)?;
    }
    if let Some(value) = value.as_ref().filter(|_| func != super::hir::Func::Distinct) {
        sensitive(&typer, value, kind, "its figure")?;
    }
    let policy = world.policy(file);
    changing.append(&mut typer.changing);
    Some(Metric {
        effective: (from, None),
        level: 0,
        name: item.name.text.clone(),
        title: item.title.as_ref().map_or_else(|| item.name.text.clone(), |t| t.text.clone()),
        doc: whole.doc.clone(),
        policy: policy.name.clone(),
        clock: policy.clock.clone(),
        trigger,
        func,
        value,
        ty,
        keys: keys?,
        period: period?,
        span: whole.span,
        name_span: item.name.span,
        value_span: figure.span,
    })
}

/// The `on` and the `where`, each at most once.
fn clauses<'a>(world: &World, item: &'a MetricItem) -> (Option<&'a Clause>, Option<&'a Clause>) {
    let (mut on, mut filter) = (None, None);
    for clause in &item.on {
        let (slot, word, help) = match clause.kind {
            ClauseKind::On(_) => (&mut on, "on", "write a metric for each"),
            _ => (&mut filter, "where", "join the two conditions with `and`"),
        };
        match slot {
            None => *slot = Some(clause),
            Some(first) => {
                let first: &Clause = first;
                world.report.tell(
                    Diagnostic::error(
                        Code::DuplicateClause,
                        format!("`{}` has a second `{word}`", item.name.text),
                        clause.keyword,
                        "again here",
                    )
                    .label(first.keyword, "the first is here")
                    .help(help),
                );
            }
        }
    }
    (on, filter)
}

fn figure<'a>(world: &World, item: &'a MetricItem, broken: bool) -> Option<&'a MetricValue> {
    let (first, others) = match item.values.split_first() {
        Some(parts) => parts,
        None => {
            if !broken {
                lacks(world, item, "figure", "what is counted or added up?", "count in month");
            }
            return None;
        }
    };
    for other in others {
        world.report.tell(
            Diagnostic::error(
                Code::DuplicateClause,
                format!("`{}` has a second figure", item.name.text),
                other.keyword,
                "again here",
            )
            .label(first.keyword, "the first is here")
            .help("write a metric for each"),
        );
    }
    Some(first)
}

fn lacks(world: &World, item: &MetricItem, what: &str, label: &str, sample: &str) {
    world.report.tell(
        Diagnostic::error(
            Code::MetricLacks,
            format!("the metric `{}` has no {what}", item.name.text),
            item.name.span,
            label,
        )
        .help(format!("add a line such as:\n    {sample}")),
    );
}

/// The period; `Some(None)` over all time.
fn period(typer: &mut Typer, item: &MetricItem, figure: &MetricValue, kind: KindId) -> Option<Option<Period>> {
    let report = &typer.world.report;
    let Some(window) = &figure.window else {
        let text = report.text(figure.span);
        return report.fail(
            Diagnostic::error(
                Code::MetricLacks,
                format!("the metric `{}` has no period", item.name.text),
                figure.span,
                "by which period?",
            )
            .help(format!("name it:\n    {}", report.line_with(figure.span, &format!("{text} in calendar year")))),
        );
    };
    let period = match window.kind {
        WindowKind::AllTime => return Some(None),
        WindowKind::Period(period) => period,
        _ => {
            let d = Diagnostic::error(
                Code::MetricShape,
                "a metric is kept by periods, not by a sliding window",
                window.span,
                "not a period",
            );
            return report.fail(report.rewrite(d, "name the period:", window.span, "in month"));
        }
    };
    if typer.event_time(kind).is_none() {
        let of = typer.world.schema.kind(kind);
        return report.fail(
            Diagnostic::error(
                Code::MetricShape,
                format!("`{}` has no time, so it lies in no period", of.name),
                window.span,
                "of records without a time",
            )
            .label(of.span, "declared without `at`")
            .help("say in its declaration when it happened (`at FIELD`), or count it `over all time`"),
        );
    }
    Some(Some(period))
}

fn keys<'a>(typer: &mut Typer<'_, 'a>, figure: &'a MetricValue) -> Option<Vec<MetricKey>> {
    let Keys::By(paths) = &figure.keys else { return Some(Vec::new()) };
    let mut keys: Option<Vec<MetricKey>> = Some(Vec::new());
    let mut every: Option<Span> = None;
    for path in paths {
        if let ast::ExprKind::Every { .. } = path.kind {
            if let Some(first) = every {
                keys = typer.second_every(path.span, first);
                continue;
            }
            every = Some(path.span);
        }
        match (key(typer, path), &mut keys) {
            (Some(key), Some(all)) => all.push(key),
            _ => keys = None,
        }
    }
    keys
}

fn key<'a>(typer: &mut Typer<'_, 'a>, path: &'a ast::Expr) -> Option<MetricKey> {
    let kind = typer.roots.first()?.0;
    if let ast::ExprKind::Every { column, of } = &path.kind {
        let value = typer.every_key(path, column, of)?;
        sensitive(typer, &value, kind, "its keys")?;
        return Some(MetricKey { name: super::world::dotted(column), value });
    }
    let Some(words) = idents(path) else {
        return typer.fail(
            Diagnostic::error(Code::MetricShape, "a metric is kept by fields", path.span, "not a field")
                .help("name a field: `per actor.unit`"),
        );
    };
    let value = typer.shown(path)?;
    let single = matches!(value.kind, ExprKind::Column { .. } | ExprKind::Lookup { .. })
        && !matches!(value.ty, Type::List(_) | Type::Set(_) | Type::Struct);
    if !single {
        let is = typer.a_type(&value.ty);
        return typer.fail(
            Diagnostic::error(
                Code::MetricShape,
                format!("a metric cannot be kept by `{}`", typer.quote(path.span)),
                path.span,
                format!("not a field with a single value, but {is}"),
            )
            .help("name a field of the record, or of what it refers to: `per actor.unit`"),
        );
    }
    sensitive(typer, &value, kind, "its keys")?;
    Some(MetricKey { name: super::world::dotted(&words), value })
}

/// Refuses a value that is not the record's own.
fn own(typer: &Typer, value: &Expr) -> Option<()> {
    if let ExprKind::History(_) = &value.kind {
        return typer.fail(
            Diagnostic::error(
                Code::MetricShape,
                "a metric adds up values of its own records",
                value.span,
                "a value over other records",
            )
            .help("write a metric on these records"),
        );
    }
    value.children().into_iter().try_for_each(|e| own(typer, e))
}

/// Refuses what would print a `@sensitive` field.
fn sensitive(typer: &Typer, value: &Expr, kind: KindId, what: &str) -> Option<()> {
    let schema = &typer.world.schema;
    let column = match &value.kind {
        ExprKind::Column { root: 0, column } => Some((kind, *column)),
        ExprKind::Lookup { table, column, .. } => Some((*table, *column)),
        // Who is above is printed by their keys.
        ExprKind::Every { table, .. } => schema.kind(*table).subject().map(|key| (*table, key)),
        _ => None,
    };
    if let Some((kind, column)) = column.filter(|(kind, column)| schema.column(*kind, *column).sensitive) {
        let declared = schema.column(kind, column);
        let help = match what {
            "its keys" => "keep it by another field",
            _ => "count them: `count`, `distinct`",
        };
        return typer.fail(
            Diagnostic::error(
                Code::MetricSensitive,
                format!("a metric prints {what}, and `{}` is never printed", declared.name),
                value.span,
                "marked `@sensitive`",
            )
            .label(declared.span, "declared here")
            .help(help),
        );
    }
    value.children().into_iter().try_for_each(|e| sensitive(typer, e, kind, what))
}
