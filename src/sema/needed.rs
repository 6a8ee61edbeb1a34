//! The rules that have to be judged for one of them, or for a metric.

use super::findings::Look;
use super::hir::{Hir, Metric, Rule};
use crate::data::{EnumId, KindId, Origin};

impl Hir {
    /// Leaves the rule of this name, in all its wordings, and the rules whose findings it sees, and what they see.
    pub fn keep_rule(&mut self, name: &str) {
        let mut needed: Vec<bool> = self.rules.iter().map(|r| r.name == name).collect();
        self.see(&mut needed, Vec::new());
        let mut needed = needed.into_iter();
        self.rules.retain(|_| needed.next().unwrap_or(true));
    }

    /// The rules whose findings the metrics see, and what these see.
    pub fn seen_by_metrics(&self) -> Vec<&Rule> {
        let mut needed = vec![false; self.rules.len()];
        self.see(&mut needed, self.metrics.iter().map(Metric::as_rule).collect());
        self.rules.iter().zip(needed).filter(|(_, needed)| *needed).map(|(rule, _)| rule).collect()
    }

    /// Adds what the needed rules see, and some others.
    fn see(&self, needed: &mut [bool], others: Vec<Rule>) {
        let kind = self.schema.kinds.iter().position(|k| k.origin == Origin::Findings);
        let Some((look, words)) = kind.and_then(|k| Look::at(&self.schema, KindId(k as u32))) else { return };
        let mut left: Vec<usize> = (0..needed.len()).filter(|&i| needed[i]).collect();
        for rule in &others {
            self.seen(&look, words, rule, needed, &mut left);
        }
        while let Some(at) = left.pop() {
            self.seen(&look, words, &self.rules[at], needed, &mut left);
        }
    }

    fn seen(&self, look: &Look, words: EnumId, by: &Rule, needed: &mut [bool], left: &mut Vec<usize>) {
        let name = |word: &u16| self.schema.enum_def(words).words.get(*word as usize).map(|w| w.name.as_str());
        for of in look.uses(by) {
            for (i, rule) in self.rules.iter().enumerate() {
                let seen = match &of.named {
                    Some(named) => named.iter().any(|w| name(w) == Some(rule.name.as_str())),
                    None => rule.level == 0,
                };
                if seen && !needed[i] {
                    needed[i] = true;
                    left.push(i);
                }
            }
        }
    }
}
