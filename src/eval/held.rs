//! How much is held of what came in.

use super::screen::Segment;
use crate::plan::{Plan, Trigger};

/// Bytes of records that are held, and of what is made of them in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// By kind.
    pub kinds: Vec<u64>,
    /// By kind: how many rows stand in lists that are indexed and judged in the end.
    pub listed: Vec<u64>,
}

/// Of one row in one list, once it is laid in order and indexed: its place, its time, and what runs beside them.
const INDEXED: u64 = 32;

impl Held {
    pub fn new(kinds: usize) -> Held {
        Held { kinds: vec![0; kinds], listed: vec![0; kinds] }
    }

    pub fn bytes(&self) -> u64 {
        self.kinds.iter().sum()
    }

    /// What judging takes besides: the least.
    pub fn judging(&self) -> u64 {
        self.listed.iter().sum::<u64>().saturating_mul(INDEXED)
    }

    /// The rules for which records of a kind are held.
    pub fn rules(&self, plan: &Plan, kind: usize) -> Vec<usize> {
        let of = |rule: &&crate::plan::RulePlan| {
            let own = !matches!(rule.trigger, Trigger::Sequence { .. }) && rule.trigger.kind().0 as usize == kind;
            own || rule.histories.iter().any(|&h| plan.histories[h as usize].kind.0 as usize == kind)
        };
        // Those that look at other records hold the most.
        let mut rules: Vec<usize> = (0..plan.rules.len()).filter(|&r| of(&&plan.rules[r])).collect();
        rules.sort_by_key(|&r| plan.rules[r].histories.is_empty());
        rules
    }

    pub fn add(&mut self, kind: usize, segment: &Segment) {
        if let (Some(bytes), Some(listed)) = (self.kinds.get_mut(kind), self.listed.get_mut(kind)) {
            *bytes += segment.bytes();
            *listed += segment.listed();
        }
    }

    /// As what there is of a kind has changed.
    pub fn count(&mut self, kind: usize, segments: &[Segment]) {
        if kind < self.kinds.len() {
            (self.kinds[kind], self.listed[kind]) = (0, 0);
            segments.iter().for_each(|s| self.add(kind, s));
        }
    }
}
