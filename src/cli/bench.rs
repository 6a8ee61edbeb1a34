//! Single records, judged by one policy set or another.

use crate::analyze::{Judge, Side};
use crate::data::{InputId, Limits, Time, Verdict};
use crate::eval::{Evaluator, Options};
use crate::ingest::{Ingest, Input, InputSpec, Route, Sink};
use crate::plan::Plan;
use crate::sema::hir::{Hir, Rule};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Judges single records by either of two sets, or by one.
pub(crate) struct Bench<'a> {
    plans: [Arc<Plan>; 2],
    /// The rules, where there is one set.
    hir: Option<&'a Hir>,
}

impl<'a> Bench<'a> {
    pub fn of(plans: [Arc<Plan>; 2]) -> Bench<'static> {
        Bench { plans, hir: None }
    }

    pub fn within(plan: Plan, hir: &'a Hir) -> Bench<'a> {
        let plan = Arc::new(plan);
        Bench { plans: [plan.clone(), plan], hir: Some(hir) }
    }
}

/// Days after a record's own that the data ends: behind every deadline of a policy that anybody would write.
const LONG: i32 = 4_000;

impl Judge for Bench<'_> {
    fn only(&self, rules: &BTreeSet<&str>) -> Option<Box<dyn Judge + '_>> {
        let hir = self.hir?;
        let few: Vec<Rule> = hir.rules.iter().filter(|r| rules.contains(r.name.as_str())).cloned().collect();
        // What others find is not there without them.
        if few.len() == hir.rules.len() || few.iter().any(|r| r.level > 0) {
            return None;
        }
        let hir = Hir {
            schema: hir.schema.clone(),
            sources: Vec::new(),
            params: hir.params.clone(),
            rules: few,
            metrics: Vec::new(),
            tests: Vec::new(),
            charter: 0,
        };
        let plan = Arc::new(Plan::compile(&hir));
        Some(Box::new(Bench::of([plan.clone(), plan])))
    }

    fn verdicts(&self, side: Side, records: &[Value], day: i32) -> Option<BTreeMap<String, Verdict>> {
        let plan = &self.plans[usize::from(side == Side::New)];
        let mut text = Vec::new();
        for record in records {
            serde_json::to_writer(&mut text, record).ok()?;
            text.push(b'\n');
        }
        let as_of = Some(Time::Date(day.checked_add(LONG)?));
        let options = Options { as_of, keep_compliant: true, retain: true, threads: 1, ..Options::default() };
        let mut evaluator = Evaluator::new(plan.clone(), options).ok()?;
        let spec = InputSpec { id: InputId(0), name: "records".into(), format: None, route: Route::Tagged };
        let batches = Mutex::new(Vec::new());
        let rejected = Mutex::new(false);
        let take = |batch| {
            if let Ok(mut batches) = batches.lock() {
                batches.push(batch);
            }
        };
        let reject = |_| {
            if let Ok(mut rejected) = rejected.lock() {
                *rejected = true;
            }
        };
        let sink = Sink { batch: &take, reject: &reject, advance: &|_| () };
        Ingest::new(&plan.reading()).read(&spec, Input::Bytes(&text), Default::default(), sink).ok()?;
        if rejected.into_inner().ok()? {
            return None;
        }
        for batch in batches.into_inner().ok()? {
            evaluator.push(batch).ok()?;
        }
        let findings = evaluator.finish_within(&Limits::default()).ok()?;
        let last = records.len() as u64;
        let mut found: BTreeMap<String, Verdict> = BTreeMap::new();
        for i in 0..findings.len() {
            let row = findings.row(i);
            if row.place.is_some_and(|p| p.line == last) {
                // Of a rule that has a verdict for each of several people, the gravest.
                let verdict = found.entry(row.rule.name.clone()).or_insert(row.verdict);
                if row.verdict == Verdict::Finding {
                    *verdict = row.verdict;
                }
            }
        }
        Some(found)
    }
}
