//! `bylaws stages`: what a run on several machines needs.

use super::policies::Trust;
use super::{Exit, Failure, Style, check, output};
use crate::data::{ColumnId, KindId};
use crate::plan::stages::{By, Stage, stages};
use crate::report::{plural, shorten};
use crate::source::SourceMap;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::fmt::Write;

#[derive(Args)]
#[command(after_help = "\
A stage is what can be judged in one go: rules that look at each record by itself where it lies, rules that look at
others once those with one key have come together in the order of time, and rules that need all records in one place.
`bylaws.spark` runs these stages; see docs/scale.md.

Examples:
  bylaws stages policies/
  bylaws stages policies/ --format json

Exit codes: 0 shown, 2 errors in the policy, or files that cannot be read.")]
pub(super) struct StagesArgs {
    /// Policy files, or folders of them
    #[arg(required = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<String>,
    /// Give a parameter another value than its default
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    trust: Trust,
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One document, for programs
    Json,
}

pub(super) fn run(args: &StagesArgs, style: Style) -> Result<Exit, Failure> {
    let (policies, checked) = check::load(&args.paths, &args.trust, &args.set, style)?.parts();
    let stages = stages(checked.hir());
    let sources = policies.sources();
    let text = match args.format {
        Format::Human => human(sources, &stages),
        Format::Json => {
            let all: Vec<Value> = stages.iter().map(|s| document(sources, s)).collect();
            format!("{:#}\n", json!({ "schema": "bylaws.stages/1", "stages": all }))
        }
    };
    output::print(&text)?;
    Ok(Exit::Clean)
}

fn rules(stage: &Stage) -> Vec<&str> {
    let mut names: Vec<&str> = stage.plan.rules.iter().map(|r| r.name.as_str()).collect();
    names.dedup();
    names
}

fn column(stage: &Stage, kind: KindId, column: ColumnId) -> &str {
    &stage.plan.schema.column(kind, column).name
}

fn named<'s>(stage: &'s Stage, kind: KindId, columns: &[ColumnId]) -> Vec<&'s str> {
    columns.iter().map(|c| column(stage, kind, *c)).collect()
}

/// Each list of conditions as one, joined by `and`.
fn conditions(sources: &SourceMap, stage: &Stage, kind: KindId) -> Option<Vec<String>> {
    let all = stage.predicates(kind)?;
    let one = |list: Vec<_>| list.into_iter().map(|s| shorten(sources.text(s), 60)).collect::<Vec<_>>().join(" and ");
    let mut texts: Vec<String> = all.into_iter().map(one).collect();
    texts.sort();
    texts.dedup();
    Some(texts)
}

fn document(sources: &SourceMap, stage: &Stage) -> Value {
    let records = stage.records().map(|(kind, columns)| {
        let of = stage.plan.schema.kind(kind);
        json!({
            "kind": of.name,
            "fields": named(stage, kind, &columns),
            "key": stage.key(kind).map(|c| column(stage, kind, c)),
            "order": of.time().map(|c| column(stage, kind, c)),
            "where": conditions(sources, stage, kind),
        })
    });
    let tables = stage.tables().map(
        |(kind, columns)| json!({ "kind": stage.plan.schema.kind(kind).name, "fields": named(stage, kind, &columns) }),
    );
    let by = match stage.by {
        By::Record => "record",
        By::Key(_) => "key",
        By::Everyone => "everyone",
    };
    json!({
        "level": stage.level,
        "by": by,
        "rules": rules(stage),
        "records": records.collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>(),
        "findings_of_earlier_stages": stage.findings().is_some(),
    })
}

fn human(sources: &SourceMap, stages: &[Stage]) -> String {
    let mut out = String::new();
    for (n, stage) in stages.iter().enumerate() {
        let how = match stage.by {
            By::Record => "each record by itself",
            By::Key(_) => "records with one key together, by time",
            By::Everyone => "all records in one place, by time",
        };
        let number = plural(rules(stage).len(), "rule");
        let _ = writeln!(out, "stage {}: {number}, {how}", n + 1);
        let _ = writeln!(out, "  rules     {}", rules(stage).join(", "));
        for (i, (kind, columns)) in stage.records().enumerate() {
            let of = stage.plan.schema.kind(kind);
            let key = stage.key(kind).map(|c| format!(" by `{}`", column(stage, kind, c))).unwrap_or_default();
            let head = if i == 0 { "records" } else { "" };
            let _ = writeln!(out, "  {head:<9} {}{key}: {}", of.name, named(stage, kind, &columns).join(", "));
            for condition in conditions(sources, stage, kind).into_iter().flatten() {
                let _ = writeln!(out, "            where {condition}");
            }
        }
        for (i, (kind, columns)) in stage.tables().enumerate() {
            let head = if i == 0 { "tables" } else { "" };
            let columns = named(stage, kind, &columns).join(", ");
            let _ = writeln!(out, "  {head:<9} {}: {columns}", stage.plan.schema.kind(kind).name);
        }
        if stage.findings().is_some() {
            let _ = writeln!(out, "  findings  of the stages before");
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    if out.is_empty() { "no rules\n".into() } else { out + "\n" }
}
