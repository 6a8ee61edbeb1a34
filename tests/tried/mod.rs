//! A condition by itself, as `bylaws try` has it: what it and each of its parts come to is what the reference says, and
//! where that is not known, the explanation says why.

use super::{Case, case, cases, describe, options, outcomes, random, reference, shuffled};
use bylaws::internals::data::{KindId, Origin, Verdict};
use bylaws::internals::eval::why::{Node, Sort};
use bylaws::internals::eval::{Evaluator, Findings, Options, Truth};
use bylaws::internals::plan::Plan;
use bylaws::internals::policy_set::{CONDITION, Names};
use bylaws::internals::sema::hir::{Body, Expr, ExprKind, Hir, Trigger};
use bylaws::{MemoryFiles, PolicySet, SourceMap};
use proptest::test_runner::TestCaseError;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of one rule, so many conditions are tried.
const OF_A_RULE: usize = 8;

/// Conditions with the kinds that they may be about, longer ones first.
fn conditions(case: &Case) -> Vec<(KindId, String)> {
    let schema = &case.hir.schema;
    let mut found: Vec<(KindId, String)> = Vec::new();
    for rule in &case.hir.rules {
        let kind = match &rule.trigger {
            Trigger::Record { kind, .. } | Trigger::Each { table: kind, .. } => *kind,
            Trigger::Sequence(_) => continue,
        };
        let kinds: Vec<KindId> = match &schema.kind(kind).origin {
            Origin::Declared => vec![kind],
            Origin::Union(members) => members.iter().map(|m| m.0).collect(),
            Origin::Findings => continue,
        };
        let mut texts = Vec::new();
        let when = match &rule.body {
            Body::Forbid { when } => Some(when),
            Body::Require { when, .. } | Body::Limit { when, .. } => when.as_ref(),
        };
        let of_rule = when.into_iter().chain(rule.trigger.filter()).chain(rule.unless.iter().map(|e| &e.condition));
        of_rule.for_each(|e| within(e, &case.text, &mut texts));
        texts.truncate(OF_A_RULE);
        for kind in kinds {
            found.extend(texts.iter().map(|t| (kind, t.clone())));
        }
    }
    found.dedup();
    found
}

/// The condition and those in it, as written.
fn within(expr: &Expr, text: &str, found: &mut Vec<String>) {
    use bylaws::internals::data::Type;
    if expr.ty == Type::Bool
        && !matches!(expr.kind, ExprKind::Constant(_))
        && let Some(own) = text.get(expr.span.range())
        && !found.iter().any(|f| f == own)
    {
        found.push(own.to_owned());
    }
    expr.children().into_iter().for_each(|e| within(e, text, found));
}

/// What is tried.
struct Tried {
    hir: Hir,
    findings: Findings,
    sources: SourceMap,
}

fn tried(case: &Case, policies: &mut PolicySet, kind: KindId, text: &str) -> Option<Tried> {
    let name = &case.hir.schema.kind(kind).name;
    let tried = policies.check_condition(name, text, &Names::default(), &[]).ok()?;
    let mut hir = tried.checked.hir().clone();
    hir.keep_rule(CONDITION);
    let plan = Plan::compile(&hir);
    let options = Options { retain: true, ..options(case, 1, true) };
    let own = Case {
        text: case.text.clone(),
        schema: case.schema.clone(),
        raws: Vec::new(),
        hir: hir.clone(),
        plan: Arc::new(plan),
        records: case.records.clone(),
        as_of: case.as_of.clone(),
    };
    let mut evaluator = Evaluator::new(own.plan.clone(), options).unwrap();
    shuffled(&own, &mut random::Tape::new(&[])).into_iter().for_each(|b| evaluator.push(b).unwrap());
    Some(Tried { hir, findings: evaluator.finish(), sources: policies.sources().clone() })
}

fn truth(verdict: Verdict) -> Truth {
    match verdict {
        Verdict::Finding => Truth::True,
        Verdict::Compliant => Truth::False,
        Verdict::Pending => Truth::Pending,
        Verdict::Indeterminate => Truth::Unknown,
        other => panic!("a condition alone is {other:?}"),
    }
}

/// By the line of the record: what the reference says.
type Said = BTreeMap<usize, Truth>;

#[test]
fn a_condition_that_is_tried_is_what_the_reference_says() {
    let (seen, parts) = (AtomicUsize::new(0), AtomicUsize::new(0));
    proptest::proptest!(cases(50), |(seeds in random::seeds(random::SMALL))| {
        agree(&case(&seeds), &seen, &parts)?;
    });
    let (seen, parts) = (seen.into_inner(), parts.into_inner());
    println!("{seen} conditions, and {parts} parts of them");
    assert!(seen > 100 && parts > 100, "only {seen} conditions and {parts} parts were tried");
}

fn agree(case: &Case, seen: &AtomicUsize, parts: &AtomicUsize) -> Result<(), TestCaseError> {
    let files = MemoryFiles::from_iter([("random.bylaw", case.text.as_str())]);
    let mut policies = PolicySet::load(&files, &["random.bylaw"]).unwrap();
    let mut said: HashMap<(KindId, String), Said> = HashMap::new();
    let mut all = Vec::new();
    for (kind, text) in conditions(case) {
        let Some(tried) = tried(case, &mut policies, kind, &text) else { continue };
        seen.fetch_add(1, Ordering::Relaxed);
        let columns: Vec<_> = tried.findings.plan().kinds.iter().map(|k| k.projection.clone()).collect();
        let wanted = reference::evaluate(&tried.hir, &case.records, case.as_of.clone(), &columns);
        let got = outcomes(&tried.findings);
        proptest::prop_assert_eq!(&got, &wanted, "`{}`\n{}", text, describe(case));
        let own = wanted.iter().filter(|o| o.rule == CONDITION);
        said.insert((kind, text.clone()), own.map(|o| (o.place, truth(o.verdict))).collect());
        all.push((kind, text, tried));
    }
    for (kind, text, tried) in &all {
        let findings = &tried.findings;
        for i in (0..findings.len()).filter(|&i| findings.row(i).rule.name == CONDITION) {
            let why = findings.looked_at(&findings.about_verdict(i));
            let whole = truth(findings.verdicts()[i]);
            let told = || format!("`{text}` at {:?}: {why:#?}\n{}", findings.row(i).place, describe(case));
            let joined = why.parts.iter().filter_map(|p| p.node.truth).fold(Truth::True, Truth::and);
            // Whether a table's row holds at all is no part of the condition.
            let of_rows = case.hir.schema.kind(*kind).is_table() && whole == Truth::Unknown;
            proptest::prop_assert!(joined == whole || of_rows, "{}", told());
            let open = is_open(Some(whole));
            proptest::prop_assert!(!open || !why.gaps.is_empty(), "{}", told());
            let place = findings.row(i).place.map_or(usize::MAX, |p| p.line as usize - 1);
            let mut nodes = Vec::new();
            why.parts.iter().for_each(|p| plain(&p.node, &mut nodes));
            for node in nodes {
                let (open, single) = (is_open(node.truth), !matches!(node.sort, Sort::And | Sort::Or | Sort::Not));
                proptest::prop_assert_eq!(node.gaps.is_empty(), !(open && single), "{:#?} of {}", node, told());
                let of_part = (*kind, tried.sources.text(node.span).to_owned());
                let Some(wanted) = said.get(&of_part).and_then(|s| s.get(&place)) else { continue };
                parts.fetch_add(1, Ordering::Relaxed);
                // As a condition of its own a part waits for the row, too.
                let of_row = case.hir.schema.kind(*kind).is_table().then(|| node.truth.map(|t| t.and(Truth::Unknown)));
                let right = node.truth == Some(*wanted) || of_row.flatten() == Some(*wanted);
                proptest::prop_assert!(right, "the part `{}` is {wanted:?}, of {}", of_part.1, told());
            }
        }
    }
    Ok(())
}

fn is_open(truth: Option<Truth>) -> bool {
    matches!(truth, Some(Truth::Unknown | Truth::Pending))
}

/// The conditions of a tree, without what stands in a definition: there a name may mean something else.
fn plain<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    if node.name.is_some() {
        return;
    }
    if node.truth.is_some() {
        found.push(node);
    }
    node.parts.iter().for_each(|p| plain(p, found));
}
