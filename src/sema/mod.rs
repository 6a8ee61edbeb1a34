//! Types and names checked: from trees to [`hir`].
//!
//! Names are resolved over the whole set, in any order, and each thing is looked at once:
//! `world` collects what is declared, `declare` makes the schema of it, `graph` finds definitions that need
//! themselves, `params` works out the constants, `expr` types expressions, and `rules`, `sources` and `tests`
//! read what is built of them.
//!
//! A bare name is, in this order: a word of the enum that is compared with; an alias, the kind of the history
//! condition around, or a function's parameter; a field of the record that triggers; that record's kind; `as_of`;
//! a `param`, `let` or `define`.

mod charter;
mod currencies;
mod declare;
mod expr;
mod figures;
mod findings;
mod graph;
pub mod hir;
mod memo;
mod metrics;
mod names;
mod needed;
mod params;
mod rates;
mod readings;
mod report;
mod rules;
mod sources;
mod tests;
mod unions;
mod units;
mod waivers;
mod world;

pub use currencies::known as known_currency;
pub use expr::fold;
pub use memo::{Memo, Outline};
pub use names::{Notes, Typed, Use, What};

use crate::data::{Limits, Schema};
use crate::diag::Diagnostic;
use crate::source::{FileId, SourceMap};
use crate::syntax::ast;
use expr::Typer;
use hir::Hir;
use names::Recorder;
use report::Reporter;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use world::{Decl, World};

/// A policy set, parsed.
pub struct CheckInput<'a> {
    pub sources: &'a SourceMap,
    pub files: &'a [(FileId, &'a ast::File)],
    /// `--set NAME=VALUE`: the value as an expression, in a file of its own.
    pub set: &'a [(String, FileId, ast::Expr)],
}

/// As [`check`], with what every name stands for, so far as it stands for something.
pub fn check_names(input: CheckInput) -> (Hir, Vec<Diagnostic>, Vec<Use>) {
    let (hir, told, notes) = check_noting(input);
    (hir, told, notes.uses)
}

/// As [`check_names`], with the types of values too.
pub fn check_noting(input: CheckInput) -> (Hir, Vec<Diagnostic>, Notes) {
    checked(input, Recorder::on(), &Limits::default(), None)
}

/// Resolves, types and dates a policy set. All that is wrong is told; the result is only to be used where no
/// diagnostic is an error.
pub fn check(input: CheckInput) -> (Hir, Vec<Diagnostic>) {
    check_within(input, &Limits::default())
}

/// As [`check`], with other limits.
pub fn check_within(input: CheckInput, limits: &Limits) -> (Hir, Vec<Diagnostic>) {
    let (hir, told, _) = checked(input, Recorder::default(), limits, None);
    (hir, told)
}

/// As [`check`], as quickly as may be: what was in order before, by the memo, is not read again.
pub fn check_again(input: CheckInput, memo: &mut Memo) -> Outline {
    let (hir, diagnostics, _) = checked(input, Recorder::default(), &Limits::default(), Some(memo));
    memo.end(hir.rules);
    Outline { schema: hir.schema, params: hir.params, diagnostics }
}

fn checked(
    input: CheckInput,
    recorder: Recorder,
    limits: &Limits,
    mut memo: Option<&mut Memo>,
) -> (Hir, Vec<Diagnostic>, Notes) {
    let report = Reporter::new(input.sources, recorder);
    let mut names = world::collect(&report, input.files);
    let plain_tests = tests::plain(&report, &names);
    let mut world = World {
        report,
        schema: Schema::default(),
        kinds: FxHashMap::default(),
        infos: Vec::new(),
        enums: FxHashMap::default(),
        words: Vec::new(),
        values: std::mem::take(&mut names.values),
        rules: std::mem::take(&mut names.rule_names),
        verbs: std::mem::take(&mut names.verbs),
        policies: FxHashMap::default(),
        params: FxHashMap::default(),
        later: FxHashMap::default(),
        waivers: FxHashMap::default(),
        broken: std::mem::take(&mut names.broken),
        limits: *limits,
        patterns: AtomicU64::new(0),
    };
    declare::declare(&mut world, &names);
    let files = input.files.iter().map(|(f, _)| *f).chain(input.set.iter().map(|(_, f, _)| *f));
    params::policies(&mut world, &names, files);
    let order = graph::order(&mut world, &names.decls);
    let params = params::params(&mut world, &order, input.set);
    rates::check(&mut world, &names);
    let mut sources = Vec::new();
    let mut said = Vec::new();
    for (file, item, span) in &names.sources {
        let checked = sources::source(&world, *file, item, *span);
        if let (Some(kind), Some((columns, span))) = (checked.kind, checked.identity) {
            readings::identity(&mut world, kind, columns, span, &mut said);
        }
        sources.extend(checked.source);
    }
    waivers::collect(&mut world, &names.waivers);
    let of_rules = names.rules.iter().chain(&names.revisions).flat_map(|r| &r.1.clauses);
    unions::declare(&mut world, of_rules.chain(names.metrics.iter().flat_map(|m| &m.1.on)));
    findings::declare(&mut world, &names);
    let world = world;
    if let Some(memo) = memo.as_deref_mut() {
        memo.begin(&world, &names);
    }
    let mut rules = rules::rules(&world, &names, memo);
    rules.sort_by(|a, b| (&a.name, a.effective).cmp(&(&b.name, b.effective)));
    let mut metrics: Vec<hir::Metric> =
        names.metrics.iter().flat_map(|(file, item, whole)| metrics::metric(&world, *file, item, whole)).collect();
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    findings::stratify(&world, &mut rules, &mut metrics);
    for decl in names.decls.iter().filter(|d| !world.broken.contains(d.name().text.as_str())) {
        let file = decl.name().span.file;
        match decl {
            Decl::Let(item) => Typer::new(&world, file).on_day(None).check_let(item, file),
            Decl::Define(item) => Typer::new(&world, file).on_day(None).check_define(item),
            Decl::Param(_) => {}
        }
    }
    for (file, default) in &names.defaults {
        tests::default(&world, *file, default);
    }
    let tests: Vec<_> =
        plain_tests.iter().filter_map(|test| tests::test(&world, &names, test, (&rules, &metrics))).collect();
    let tests_whole = tests.len() == plain_tests.len();
    let set = charter::Set { world: &world, rules: &rules, tests: &tests, tests_whole };
    let charter = charter::prove(&set, &names.charters);
    let schema = Arc::new(world.schema);
    let (told, notes) = world.report.finish();
    (Hir { schema, sources, params, rules, metrics, tests, charter }, told, notes)
}
