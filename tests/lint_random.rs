//! What lints say of random policies is so: judged over random records, what is told never to hold does not, and a
//! policy that was mended gives the verdicts that it gave before.

#[allow(dead_code, reason = "other tests use the rest")]
mod random;
#[allow(dead_code, reason = "other tests use the rest")]
mod reference;

use bylaws::internals::data::{KindId, Verdict};
use bylaws::internals::diag::{Code, Diagnostic, Level};
use bylaws::internals::eval::{Evaluator, Options};
use bylaws::internals::lint::{self, Choice, Context, Settings};
use bylaws::internals::plan::Plan;
use bylaws::internals::sema::hir::Hir;
use bylaws::internals::source::{SourceMap, Span};
use bylaws::internals::{sema, syntax};
use random::schema::Schema;
use random::{Seeds, Tape, batches};
use reference::Record;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A policy, checked, and what all lints find in it.
struct Linted {
    hir: Hir,
    found: Vec<Diagnostic>,
}

/// None where it has errors.
fn linted(text: &str) -> Option<Linted> {
    let mut sources = SourceMap::default();
    let id = sources.add("random.bylaw", text);
    let parsed = syntax::parse(id, text);
    if !parsed.errors.is_empty() {
        return None;
    }
    let files = [(id, parsed.file)];
    let of = [(id, &files[0].1)];
    let (hir, told, uses) = sema::check_names(sema::CheckInput { sources: &sources, files: &of, set: &[] });
    if told.iter().any(|d| d.level == Level::Error) {
        return None;
    }
    let settings = Settings { select: vec![Choice::parse("all").unwrap()], ..Settings::default() };
    let context = Context::new(&sources, &files, (&hir, &uses), 20_454, (&settings, &[]));
    let found = lint::run(&context, &settings);
    Some(Linted { hir, found })
}

/// The text with all safe fixes made, until there is none.
fn mended(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..20 {
        let set = linted(&text).unwrap_or_else(|| panic!("mended, it has errors:\n{text}"));
        let edits = lint::edits(&set.found);
        if edits.is_empty() {
            return text;
        }
        text = lint::apply(&text, edits.iter());
    }
    panic!("there is always more to mend:\n{text}");
}

/// Rule, verdict, exception and record of all that is not compliant.
type Outcomes = BTreeSet<(String, Verdict, Option<String>, usize)>;

fn judged(hir: &Hir, records: &[Record]) -> Outcomes {
    let plan = Arc::new(Plan::compile(hir));
    let mut evaluator = Evaluator::new(plan.clone(), Options::default()).unwrap();
    for kind in (0..hir.schema.kinds.len() as u32).map(KindId) {
        let Some(projection) = plan.columns(kind) else { continue };
        let of: Vec<&Record> = records.iter().filter(|r| r.kind == kind).collect();
        if !of.is_empty() {
            evaluator.push(batches::batch(&hir.schema, kind, &projection, &of)).unwrap();
        }
    }
    let findings = evaluator.finish();
    (0..findings.len())
        .map(|i| {
            let row = findings.row(i);
            let place = row.place.map_or(usize::MAX, |p| p.line as usize);
            (row.rule.name.clone(), row.verdict, row.exception.map(str::to_owned), place)
        })
        .collect()
}

fn policy(seeds: &Seeds) -> (Schema, String) {
    let schema = random::schema::schema(&mut Tape::new(&seeds.schema));
    let rules = seeds.rules.iter().enumerate();
    let text = rules.fold(format!("{}\n{}\n", schema.print(), random::policy::SHARED), |text, (i, numbers)| {
        text + &random::policy::rule(&schema, numbers, &format!("rule_{i}"))
    });
    (schema, text)
}

fn holds(seeds: &Seeds) {
    let (schema, text) = policy(seeds);
    let Some(set) = linted(&text) else { return };
    let raws = random::records::all(&schema, seeds);
    let records: Vec<Record> =
        raws.iter().enumerate().map(|(i, raw)| random::records::record(&schema, &set.hir.schema, raw, i)).collect();
    let outcomes = judged(&set.hir, &records);
    for told in &set.found {
        let of = |span: Span| set.hir.rules.iter().find(|r| r.span.start <= span.start && span.end <= r.span.end);
        let Some(rule) = of(told.span()) else { continue };
        // A verdict names the rule, and not which of its wordings it is of.
        if set.hir.rules.iter().any(|r| r.name == rule.name && r.span != rule.span) {
            continue;
        }
        let is = |wanted: &dyn Fn(Verdict, Option<&str>) -> bool| {
            outcomes.iter().any(|(name, verdict, by, _)| *name == rule.name && wanted(*verdict, by.as_deref()))
        };
        let label = &told.labels[0].text;
        let named = rule.unless.iter().find(|e| e.name_span == told.span()).map(|e| e.name.as_str());
        let wrong = match told.code {
            Code::NeverHolds if label == "no record can satisfy it" && whole_when(rule, told.span()) => {
                is(&|v, _| matches!(v, Verdict::Finding | Verdict::Excepted))
            }
            Code::ExceptionAlways => is(&|v, _| v == Verdict::Finding),
            Code::ExceptionNever | Code::ExceptionShadowed => is(&|v, by| v == Verdict::Excepted && by == named),
            _ => false,
        };
        assert!(!wrong, "{} is not so: {}\n{text}", told.code, told.message);
    }
    let after = mended(&text);
    if after != text {
        let again = linted(&after).unwrap();
        assert_eq!(judged(&again.hir, &records), outcomes, "not the same verdicts:\n{text}\nmended:\n{after}");
    }
}

fn whole_when(rule: &sema::hir::Rule, span: Span) -> bool {
    use sema::hir::Body;
    match &rule.body {
        Body::Forbid { when } => when.span == span,
        Body::Require { when, .. } | Body::Limit { when, .. } => when.as_ref().is_some_and(|w| w.span == span),
    }
}

#[test]
fn what_is_told_of_random_policies_is_so() {
    let all: u32 = std::env::var("BYLAWS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(600);
    let config = proptest::test_runner::Config {
        cases: all,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Default::default()
    };
    proptest::proptest!(config, |(seeds in random::seeds(random::LARGE))| {
        holds(&seeds);
    });
}
