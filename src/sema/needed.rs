//! The rules that have to be judged for one of them.

use super::findings::Look;
use super::hir::Hir;
use crate::data::{KindId, Origin};

impl Hir {
    /// Leaves the rule of this name, in all its wordings, and the rules whose findings it sees, and what they see.
    pub fn keep_rule(&mut self, name: &str) {
        let mut needed: Vec<bool> = self.rules.iter().map(|r| r.name == name).collect();
        let kind = self.schema.kinds.iter().position(|k| k.origin == Origin::Findings);
        if let Some((look, words)) = kind.and_then(|k| Look::at(&self.schema, KindId(k as u32))) {
            let mut left: Vec<usize> = (0..needed.len()).filter(|&i| needed[i]).collect();
            while let Some(at) = left.pop() {
                for of in look.uses(&self.rules[at]) {
                    for (i, rule) in self.rules.iter().enumerate() {
                        let seen = match &of.named {
                            Some(named) => named.iter().any(|&w| {
                                self.schema.enum_def(words).words.get(w as usize).is_some_and(|w| w.name == rule.name)
                            }),
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
        let mut needed = needed.into_iter();
        self.rules.retain(|_| needed.next().unwrap_or(true));
    }
}
