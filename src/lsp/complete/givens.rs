//! Inside of tests: given records and what is expected.

use super::context::{Context, Place, fields};
use super::{Candidate, Finder, keywords, words};
use crate::data::{KindId, Type};
use crate::syntax::ast::{ClauseKind, ItemKind};
use gen_lsp_types as lsp;

impl Finder<'_> {
    pub(super) fn of_test(&self) -> Vec<Candidate> {
        let context = &self.context;
        if context.open.len() > 1 {
            return self.of_given(1);
        }
        if context.starts_line {
            return self.clauses();
        }
        let verdict = |word: &str| words::VERDICTS.contains(&word);
        match (context.word(2), context.word(1)) {
            (_, "given" | "default") => self.kinds(|_| true),
            (_, "set") => self.params(),
            (_, "like") => self.given_names(context),
            (_, "expect") => {
                let verdicts = words::VERDICTS
                    .iter()
                    .map(|v| Candidate::new(*v, lsp::CompletionItemKind::EnumMember, 0).doc(words::meaning(v)));
                verdicts.chain(keywords(&["nothing else", "message", "metric"])).collect()
            }
            ("expect", "metric") => self.metrics(),
            ("expect", word) if verdict(word) => self.rules(),
            (_, "on") => self.given_names(context),
            (_, "by") => self.exceptions(),
            (before, _) if verdict(before) => keywords(&["on"]),
            ("given", _) => keywords(&["as", "like"]),
            ("on", _) => keywords(&["by", "for"]),
            _ => Vec::new(),
        }
    }

    /// Names of records given in the test.
    fn given_names(&self, context: &Context<'_>) -> Vec<Candidate> {
        let all = &context.all;
        let name = |at: usize| (all[at].text == "as").then(|| all.get(at + 1)).flatten();
        (0..all.len())
            .filter_map(|at| Some((all.get(at.checked_sub(1)?)?.text, name(at)?.text)))
            .map(|(kind, name)| Candidate::new(name, lsp::CompletionItemKind::Variable, 0).detail(kind))
            .collect()
    }

    /// The exceptions of the rule that is expected to be excepted.
    fn exceptions(&self) -> Vec<Candidate> {
        let before = &self.context.before;
        let expected = before.iter().rposition(|p| p.text == "expect").and_then(|at| before.get(at + 2));
        let Some(rule) = expected.map(|p| p.text) else { return Vec::new() };
        let mut all = Vec::new();
        for item in self.items() {
            let ItemKind::Rule(of) = &item.kind else { continue };
            for clause in of.clauses.iter().filter(|_| of.name.text == rule) {
                if let ClauseKind::Unless { name, .. } = &clause.kind {
                    all.push(Candidate::new(&name.text, lsp::CompletionItemKind::Event, 0));
                }
            }
        }
        all
    }

    /// Inside the braces of a given record, from the brace of this depth on.
    pub(super) fn of_given(&self, depth: usize) -> Vec<Candidate> {
        let context = &self.context;
        let Some(&open) = context.open.get(depth) else { return Vec::new() };
        let begins = |p: &&crate::syntax::Piece<'_>| matches!(p.text, "given" | "default");
        let Some(at) = context.before[..open].iter().rposition(|p| begins(&p)) else { return Vec::new() };
        let Some(kind) = context.before.get(at + 1).and_then(|p| self.schema.kind_named(p.text)) else {
            return Vec::new();
        };
        // `giver: { name: …`
        let group = |open: &usize| open.checked_sub(2).and_then(|at| context.before.get(at)).map(|p| p.text);
        let prefix: Vec<&str> = context.open[depth + 1..].iter().filter_map(group).collect();
        match context.word(1) {
            "{" | "," => self.given_fields(kind, prefix.join(".")),
            ":" => self.given_value(kind, &prefix),
            _ => Vec::new(),
        }
    }

    fn given_fields(&self, kind: KindId, prefix: String) -> Vec<Candidate> {
        let place = Place::Fields { kind, prefix };
        let groups: Vec<String> =
            fields(self.schema, &place).into_iter().filter(|f| f.2.is_none()).map(|f| f.1).collect();
        let mut all = self.fields(&place, 0);
        for candidate in &mut all {
            let sample = if groups.contains(&candidate.label) { "{ $1 }" } else { "$1" };
            candidate.snippet = Some(format!("{}: {sample}", candidate.label));
        }
        all
    }

    fn given_value(&self, kind: KindId, prefix: &[&str]) -> Vec<Candidate> {
        let path = [prefix, &[self.context.word(2)]].concat().join(".");
        let column = self.schema.kind(kind).column(&path).map(|id| self.schema.column(kind, id));
        let mut all = match column.map(|c| &c.ty) {
            Some(Type::Struct) | None => Vec::new(),
            Some(ty) => self.words_of(ty),
        };
        all.extend(keywords(&["not given", "malformed"]));
        all
    }
}
