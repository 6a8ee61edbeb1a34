//! The authors' own names: which of them name nothing that the policy has.

use super::catalogue::messages;
use super::words::{field_id, word_id};
use crate::data::EnumId;
use crate::diag::did_you_mean;
use crate::sema::hir::Hir;
use crate::source::FileId;
use crate::syntax::ast::{self, ItemKind};
use std::collections::BTreeSet;

/// The ids of a catalogue of names that name nothing, each with the one that is likely meant.
pub fn unknown(text: &str, hir: &Hir, files: &[(FileId, ast::File)]) -> Vec<(String, Option<String>)> {
    let known = known(hir, files);
    let unknown = messages(text).into_iter().filter(|id| !known.contains(id));
    unknown.map(|id| (id.clone(), did_you_mean(&id, known.iter().map(String::as_str)).map(str::to_owned))).collect()
}

fn known(hir: &Hir, files: &[(FileId, ast::File)]) -> BTreeSet<String> {
    let mut known: BTreeSet<String> = ["handbook".to_owned(), "charter".to_owned()].into();
    let mut add = |what: &str, name: &str| {
        known.insert(format!("{what}-{name}"));
    };
    for rule in &hir.rules {
        add("rule", &rule.name);
        rule.unless.iter().for_each(|exception| add("exception", &exception.name));
        rule.consequence.iter().for_each(|word| add("consequence", word));
    }
    hir.metrics.iter().for_each(|metric| add("metric", &metric.name));
    let mut words = Vec::new();
    for (id, of) in (0..).map(EnumId).zip(&hir.schema.enums) {
        for word in &of.words {
            add("word", &word.name);
            words.push(word_id(&hir.schema, id, &word.name));
        }
    }
    for (_, tree) in files {
        for item in &tree.items {
            match &item.kind {
                ItemKind::Policy(policy) => add("policy", &policy.name.text),
                ItemKind::Let(item) => add("value", &item.name.text),
                ItemKind::Define(item) => add("value", &item.name.text),
                ItemKind::Param(item) => add("value", &item.name.text),
                _ => {}
            }
        }
    }
    known.extend(words);
    for kind in hir.schema.declared() {
        known.insert(format!("kind-{}", kind.name));
        known.extend(kind.columns.iter().map(|column| field_id(&kind.name, &column.name)));
    }
    known
}
