//! Rules that were in order when the set was checked before: where all that they read is the same, they need not be
//! read again.

use super::hir::{Param, Rule};
use super::world::{Names, World};
use crate::data::{Origin, Schema};
use crate::diag::Diagnostic;
use crate::source::FileId;
use crate::syntax::ast::{self, RuleItem};
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// What a check found, without the rules: those that were not read again point to where they were before.
#[derive(Debug)]
pub struct Outline {
    pub schema: Arc<Schema>,
    pub params: Vec<Param>,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Default)]
pub struct Memo {
    /// All that a rule reads beside itself, as text.
    around: String,
    /// By name.
    rules: FxHashMap<String, Settled>,
    /// Names of those that were in order in this check.
    in_order: FxHashSet<String>,
}

#[derive(Debug)]
struct Settled {
    file: FileId,
    text: String,
    /// The rule, for each of the times that it is read for.
    rules: Vec<Rule>,
}

impl Memo {
    /// Begins a check: forgets the rules where what they read has changed, and where places in them matter.
    pub fn begin(&mut self, world: &World, names: &Names) {
        self.in_order.clear();
        let over_findings = world.schema.kinds.iter().any(|kind| kind.origin == Origin::Findings);
        let around = around(world, names);
        if over_findings || !names.charters.is_empty() || around != self.around {
            self.rules.clear();
        }
        self.around = around;
    }

    /// The rule as it was read before.
    pub fn take(&mut self, world: &World, item: &RuleItem, whole: &ast::Item) -> Option<Vec<Rule>> {
        let settled = self.rules.get_mut(&item.name.text)?;
        if settled.file != whole.span.file || settled.text != world.report.text(whole.span) {
            return None;
        }
        self.in_order.insert(item.name.text.clone());
        let mut rules = std::mem::take(&mut settled.rules);
        for rule in &mut rules {
            (rule.span, rule.name_span) = (whole.span, item.name.span);
        }
        Some(rules)
    }

    /// A rule of which nothing was told.
    pub fn keep(&mut self, world: &World, item: &RuleItem, whole: &ast::Item) {
        let text = world.report.text(whole.span).to_owned();
        self.in_order.insert(item.name.text.clone());
        self.rules.insert(item.name.text.clone(), Settled { file: whole.span.file, text, rules: Vec::new() });
    }

    /// Ends a check, with all rules that it has read.
    pub fn end(&mut self, rules: Vec<Rule>) {
        let in_order = std::mem::take(&mut self.in_order);
        self.rules.retain(|name, _| in_order.contains(name));
        for rule in rules {
            if let Some(settled) = self.rules.get_mut(&rule.name) {
                settled.rules.push(rule);
            }
        }
    }
}

/// The texts of all declarations that rules read, the kinds that come from rules, and the rules' names.
fn around(world: &World, names: &Names) -> String {
    let mut out = String::new();
    for item in &names.declarations {
        let _ = write!(out, "{} {} {}\0", item.span.file.0, item.broken, world.report.text(item.span));
    }
    for kind in &world.schema.kinds {
        out.push_str(&kind.name);
        out.push('\0');
    }
    let mut verbs: Vec<_> = world.verbs.iter().map(|(name, verb)| (*name, *verb as u8)).collect();
    verbs.sort_unstable();
    for (name, verb) in verbs {
        let _ = write!(out, "{name} {verb}\0");
    }
    out
}
