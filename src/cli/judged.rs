//! Records that were judged by one policy set, for commands that compare runs.

use super::given::Given;
use super::records::Inputs;
use super::{Failure, audit, reading};
use crate::eval::{Evaluator, Findings, Options};
use crate::plan::Plan;
use crate::report::summary::Summary;
use std::sync::Arc;

pub(super) struct Judged {
    pub plan: Arc<Plan>,
    pub findings: Findings,
    pub inputs: Inputs,
    pub summary: Summary,
}

impl Judged {
    pub fn input_names(&self) -> Vec<String> {
        self.inputs.files.iter().map(|f| f.name.clone()).collect()
    }
}

pub(super) fn judge(given: &Given, plan: Arc<Plan>) -> Result<Judged, Failure> {
    let as_of = given.as_of.as_ref().map(|text| audit::time(text, &plan)).transpose()?;
    let threads = given.threads();
    let read = plan.reading();
    let inputs = given.inputs(&read)?;
    let in_order = inputs.in_order(threads);
    let options = Options { as_of, threads, twice: inputs.stay(), in_order, ..Options::default() };
    let evaluator = Evaluator::new(plan.clone(), options).map_err(|e| Failure::new(e.to_string()))?;
    let evaluator = evaluator.with_people(inputs.people.clone());
    let reader = reading::Reader::new(&read, &inputs, threads, false, given.limit());
    let (evaluator, outcome) = reader.read(evaluator)?;
    let findings = reader.finish(evaluator)?;
    let summary = outcome.summary(&inputs, &findings);
    Ok(Judged { plan, findings, inputs, summary })
}
