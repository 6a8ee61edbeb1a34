//! Rule files: what is told of them stands in them, and what is accepted is judged by.

use bylaws::internals::eval::{Evaluator, Options};
use bylaws::internals::plan::Plan;
use bylaws::internals::source::SourceMap;
use bylaws::internals::{handbook, lint, plan::saved, report, sema, syntax};
use bylaws::{Checked, Diagnostic, FileId, MemoryFiles, PolicySet, Time};
use std::sync::Arc;

/// Parts this long and longer are left out: what is slow with them is slow with shorter ones.
const LONGEST: usize = 1 << 16;

/// Policy files, with form feeds between them.
pub fn policy(bytes: &[u8]) {
    if bytes.len() > LONGEST {
        return;
    }
    let texts = bytes.split(|b| *b == b'\x0c').enumerate();
    let files = MemoryFiles::from_iter(texts.map(|(i, text)| (format!("p{i}.bylaw"), text)));
    let (mut policies, checked) = check(&files);
    for (id, file) in policies.sources().files() {
        let parsed = syntax::parse(id, &file.text);
        assert_eq!(parsed.syntax().text().to_string(), *file.text, "the tree holds all of a text");
    }
    told_in_place(policies.sources(), checked.diagnostics());
    let (_, again) = check(&files);
    assert_eq!(checked.diagnostics(), again.diagnostics(), "the same is told each time");
    if !checked.has_errors() {
        accepted(&mut policies, &checked);
    }
}

fn check(files: &MemoryFiles) -> (PolicySet, Checked) {
    let mut policies = PolicySet::load(files, &["."]).expect("all files are there");
    let checked = policies.check(&[]);
    (policies, checked)
}

/// Each diagnostic says something, of places that are there.
pub fn told_in_place(sources: &SourceMap, told: &[Diagnostic]) {
    for d in told {
        assert!(!d.message.is_empty() && !d.labels.is_empty(), "{d:?}");
        let spans = d.labels.iter().map(|l| l.span).chain(d.fixes.iter().map(|f| f.span));
        for span in spans {
            let text = &sources.file(span.file).text;
            assert!(text.get(span.range()).is_some(), "{d:?} in {text:?}");
        }
    }
    let shown = report::diagnostics(sources, told);
    assert_eq!(shown[0].is_empty(), told.is_empty());
}

/// A plan is made, comes back from bytes, and judges nothing where there are no records.
fn accepted(policies: &mut PolicySet, checked: &Checked) {
    let plan = checked.compile().expect("a set without errors has a plan");
    let bytes = checked.save(policies.sources()).expect("a plan can be saved");
    let back = saved::load(&bytes).expect("what was saved can be loaded");
    assert_eq!(*back.plan, plan);
    assert_eq!(back.hir().expect("the rules are there"), *checked.hir());
    let plan = Arc::new(plan);
    for as_of in [None, Some(Time::Date(20_000))] {
        let evaluator = Evaluator::new(plan.clone(), Options { as_of, ..Options::default() });
        assert!(evaluator.expect("what was checked can be run").finish().is_empty());
    }
    let advice = advice(policies);
    told_in_place(policies.sources(), &advice);
    assert!(handbook::pages(policies, "en").is_some());
    let metrics = Arc::new(Plan::of_metrics(checked.hir()));
    let evaluator = Evaluator::new(metrics, Options::default()).expect("what was checked can be run");
    evaluator.metrics();
}

/// What all lints say.
fn advice(policies: &PolicySet) -> Vec<Diagnostic> {
    let files: Vec<_> = policies.sources().files().map(|(id, file)| (id, syntax::parse(id, &file.text).file)).collect();
    let of: Vec<_> = files.iter().map(|(id, file)| (*id, file)).collect();
    let (hir, _, uses) = sema::check_names(sema::CheckInput { sources: policies.sources(), files: &of, set: &[] });
    let all = lint::Choice::parse("all").expect("all there are");
    let settings = lint::Settings { select: vec![all], ..lint::Settings::default() };
    let context = lint::Context::new(policies.sources(), &files, (&hir, &uses), 20_454, (&settings, &[]));
    lint::run(&context, &settings)
}

/// The text of one file, where it is one.
pub fn text(bytes: &[u8]) -> Option<(FileId, &str)> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST)?;
    Some((FileId(0), text))
}
