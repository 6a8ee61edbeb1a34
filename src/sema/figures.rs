//! `expect metric …` in tests.

use super::expr::Typer;
use super::hir::{ExpectFigure, ExprKind, Metric, MetricKey};
use super::names::What;
use super::world::{Names, World};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::FileId;
use crate::syntax::ast::{self, Figure};

/// None where something is wrong with it, or with the metric.
pub fn figure<'a>(
    world: &World<'a>,
    names: &Names,
    file: FileId,
    of: &'a Figure,
    metrics: &[Metric],
) -> Option<ExpectFigure> {
    let name = of.metric.text.as_str();
    let Some(metric) = metrics.iter().find(|m| m.name == name) else {
        let mut known = names.metrics.iter().map(|(_, m, _)| m.name.text.as_str());
        if known.any(|known| known == name) {
            return None;
        }
        let d = Diagnostic::error(
            Code::UnknownName,
            format!("the policy set has no metric `{name}`"),
            of.metric.span,
            "not a metric",
        );
        let known = names.metrics.iter().map(|(_, m, _)| m.name.text.as_str());
        return world.report.fail(world.report.suggest(d, of.metric.span, name, known));
    };
    world.named(&of.metric, What::Metric, metric.name_span);
    let here = |d: Diagnostic| d.label(metric.name_span, format!("`{name}` is declared here"));
    if of.keys.len() != metric.keys.len() {
        let per: Vec<&str> = metric.keys.iter().map(|k| k.name.as_str()).collect();
        let (label, help) = match per.as_slice() {
            [] => ("it has no keys".to_owned(), "leave the `for` out".to_owned()),
            per => {
                let keys = per.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
                let sample = per.iter().map(|_| "\"…\"").collect::<Vec<_>>().join(", ");
                (
                    format!("it is kept per {keys}"),
                    format!("name a value of each: `expect metric {name} for {sample} …`"),
                )
            }
        };
        let d = Diagnostic::error(
            Code::BadExpectation,
            format!("`{name}` has {} and {} given", plural(per.len()), were(of.keys.len())),
            of.span,
            label,
        );
        return world.report.fail(here(d).help(help));
    }
    match (metric.period, &of.on) {
        (Some(_), None) => {
            let d = Diagnostic::error(
                Code::BadExpectation,
                format!("`{name}` has a figure for each period"),
                of.metric.span,
                "of which period?",
            );
            return world
                .report
                .fail(here(d).help(format!("name a day of it: `expect metric {name} on 2026-01-31 is …`")));
        }
        (None, Some(on)) => {
            let d = Diagnostic::error(
                Code::BadExpectation,
                format!("`{name}` has one figure, over all time"),
                on.span,
                "a day of a period",
            );
            return world.report.fail(here(d).help("leave the `on` out"));
        }
        _ => {}
    }
    let keys: Vec<_> = of.keys.iter().zip(&metric.keys).map(|(e, key)| keyed(world, file, e.as_ref(), key)).collect();
    let on = of.on.as_ref().map(|e| value(world, file, e, &Type::Date));
    let is = of.is.as_ref().map(|e| value(world, file, e, &metric.ty));
    let to = of.to.as_ref().map(|e| value(world, file, e, &metric.ty));
    let on = match on {
        Some(Some(Value::Date(day))) => Some(day),
        Some(_) => return None,
        None => None,
    };
    Some(ExpectFigure {
        metric: name.to_owned(),
        keys: keys.into_iter().collect::<Option<_>>()?,
        on,
        is: is.map_or(Some(None), |is| is.map(Some))?,
        to: to.map_or(Some(None), |to| to.map(Some))?,
        span: of.span,
    })
}

fn keyed<'a>(world: &World<'a>, file: FileId, e: Option<&'a ast::Expr>, key: &MetricKey) -> Option<Option<Value>> {
    let Some(e) = e else { return Some(None) };
    let ty = match key.value.kind {
        ExprKind::Every { table, .. } => Type::Ref(table),
        _ => key.value.ty.clone(),
    };
    value(world, file, e, &ty).map(Some)
}

fn value<'a>(world: &World<'a>, file: FileId, e: &'a ast::Expr, ty: &Type) -> Option<Value> {
    let mut typer = Typer::new(world, file);
    let expr = typer.value(e, Some(ty))?;
    let expr = typer.of_type(expr, ty, Code::BadExpectation)?;
    typer.folded(&expr)
}

fn plural(n: usize) -> String {
    match n {
        0 => "no keys,".into(),
        1 => "one key,".into(),
        n => format!("{n} keys,"),
    }
}

fn were(n: usize) -> String {
    match n {
        0 => "none is".into(),
        1 => "one is".into(),
        n => format!("{n} are"),
    }
}
