//! Inside of rules: clauses, conditions and values.

use super::context::{FUNCTIONS, Place, Standing};
use super::{Candidate, Finder, keyword, keywords, words};
use crate::data::Type;
use crate::syntax::SyntaxKind;
use crate::syntax::ast::ItemKind;
use gen_lsp_types as lsp;

/// After these, a value is wanted.
const OPENS_VALUE: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "where",
    "when",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "??",
    "+",
    "-",
    "*",
    "/",
    "(",
    ",",
    "=",
    ":",
    "to",
    "contains",
    "starts_with",
    "ends_with",
    "in_domain",
    "overlaps",
    "under",
    "{",
];

impl Finder<'_> {
    pub(super) fn of_rule(&self) -> Vec<Candidate> {
        let context = &self.context;
        let previous = context.word(1);
        let clauses = words::clauses(context.head());
        let clause = context.clause(clauses);
        if context.starts_line && context.open.len() == 1 && !self.wants_value() {
            let mut all = self.clauses();
            if clause.is_some_and(|(_, c)| matches!(c, "when" | "where" | "unless")) {
                all.extend(keywords(&["and", "or"]));
            }
            return all;
        }
        let Some((at, clause)) = clause else { return self.clauses() };
        let just = at + 1 == context.before.len();
        match clause {
            "on" if just => {
                let mut all = self.records();
                all.extend(keywords(&["each", "sequence", "finding"]));
                all
            }
            "on" => self.of_trigger(),
            "severity" => {
                words::SEVERITIES.iter().map(|w| Candidate::new(*w, lsp::CompletionItemKind::EnumMember, 0)).collect()
            }
            "need" if just => self.records(),
            "need" | "count" | "once" => self.tail(),
            "sum" | "min" | "max" | "avg" | "distinct" if !just && previous != "." && !self.wants_value() => {
                self.tail()
            }
            "effective" => keywords(&["from", "until"]),
            "consequence" | "cite" | "purpose" | "legal_basis" | "because" => Vec::new(),
            "retention" => self.units(),
            // Its name.
            "unless" if just => Vec::new(),
            _ => self.expression(),
        }
    }

    /// Tables have no events.
    fn records(&self) -> Vec<Candidate> {
        self.kinds(|kind| !self.schema.kind(kind).is_table())
    }

    fn of_trigger(&self) -> Vec<Candidate> {
        let context = &self.context;
        match context.word(1) {
            "each" => self.kinds(|kind| self.schema.kind(kind).is_table()),
            "," | "then" | "{" | "times" | "not" => self.records(),
            "at" => keywords(&["end of", "as_of"]),
            "of" => periods(),
            "as" => Vec::new(),
            _ if context.before.iter().any(|p| p.text == "sequence") => {
                keywords(&["by", "within", "as", "where", "then", "not"])
            }
            _ => keywords(&["as", "where", "at"]),
        }
    }

    /// What follows a record in a condition over history, or a figure in a limit.
    fn tail(&self) -> Vec<Candidate> {
        match self.context.word(1) {
            "by" | "per" | "," => {
                let mut all = self.bare_fields();
                all.extend(keywords(&["every"]));
                all.extend(periods());
                all
            }
            "over" | "in" => self.lengths(),
            "within" => self.lengths(),
            "across" => keywords(&["everyone"]),
            "as" => Vec::new(),
            "." => self.expression(),
            _ if self.after_number() => self.units(),
            _ => keywords(&["as", "within", "before", "after", "around", "over", "in", "by", "per", "across", "where"]),
        }
    }

    fn lengths(&self) -> Vec<Candidate> {
        let mut all = self.params();
        all.extend(periods());
        all.extend(keywords(&["all time", "calendar"]));
        all
    }

    fn after_number(&self) -> bool {
        self.context.before.last().is_some_and(|p| p.kind == SyntaxKind::Number)
    }

    fn units(&self) -> Vec<Candidate> {
        words::UNITS.iter().map(|unit| Candidate::new(*unit, lsp::CompletionItemKind::Unit, 0)).collect()
    }

    fn wants_value(&self) -> bool {
        OPENS_VALUE.contains(&self.context.word(1))
    }

    fn bare_fields(&self) -> Vec<Candidate> {
        let bare = self.scope.bare.map(|kind| Place::Fields { kind, prefix: String::new() });
        bare.map_or(Vec::new(), |place| self.fields(&place, 0))
    }

    /// A condition or a value.
    pub(super) fn expression(&self) -> Vec<Candidate> {
        let context = &self.context;
        let previous = context.word(1);
        if previous == "." {
            let path = context.path_before(context.before.len() - 1);
            let place = self.scope.resolve(self.schema, &path);
            return place.map_or(Vec::new(), |place| self.fields(&place, 0));
        }
        if self.after_number() {
            let mut all = self.units();
            all.extend(keywords(words::OPERATORS));
            return all;
        }
        match previous {
            "exists" | "no" => return self.records(),
            "within" | "over" => return self.lengths(),
            "across" => return keywords(&["everyone"]),
            "as" => return Vec::new(),
            "by" | "per" => return self.tail(),
            "(" if FUNCTIONS.contains(&context.word(2)) => return self.records(),
            _ => {}
        }
        if !self.wants_value() && !context.before.is_empty() {
            let mut all = keywords(words::OPERATORS);
            if context.before.iter().any(|p| matches!(p.text, "exists" | "no") || FUNCTIONS.contains(&p.text)) {
                all.extend(keywords(&["within", "before", "after", "around", "over", "by", "across", "where", "as"]));
            }
            return all;
        }
        let mut all = Vec::new();
        let compared = context.compared_with().and_then(|path| self.scope.resolve(self.schema, &path));
        if let Some(Place::Value(ty)) = &compared {
            all.extend(self.words_of(ty));
            if matches!(ty, Type::Enum(_)) {
                return all;
            }
        }
        all.extend(self.values());
        if compared.is_none() {
            let function = |name: &&str| {
                Candidate::new(*name, lsp::CompletionItemKind::Function, 4)
                    .doc(words::meaning(name))
                    .snippet(Some(&format!("{name}(${{1:record}} over ${{2:30 days}})")))
            };
            all.extend(FUNCTIONS.iter().filter(|f| **f != "median").map(function));
            all.push(
                keyword("exists", 4).snippet(Some("exists ${1:record} within ${2:30 days} ${3|before,after,around|}")),
            );
            all.push(keyword("no", 4).snippet(Some("no ${1:record} within ${2:30 days} ${3|before,after,around|}")));
            all.push(keyword("not", 4));
        }
        all
    }

    /// Names that stand for values: fields, records by their names, and what is declared.
    fn values(&self) -> Vec<Candidate> {
        let mut all = self.bare_fields();
        let mut seen: Vec<&str> = Vec::new();
        for (name, standing) in self.scope.names.iter().rev() {
            if seen.contains(name) {
                continue;
            }
            seen.push(name);
            let detail = match standing {
                Standing::Record(kind) => self.schema.kind(*kind).name.clone(),
                Standing::Value(ty) => self.schema.type_name(ty),
            };
            all.push(Candidate::new(*name, lsp::CompletionItemKind::Variable, 1).detail(detail));
        }
        for item in self.items() {
            let candidate = match &item.kind {
                ItemKind::Let(i) => Candidate::new(&i.name.text, lsp::CompletionItemKind::Constant, 2).detail("let"),
                ItemKind::Param(i) => {
                    let ty = self.policies.sources().text(i.ty.span);
                    Candidate::new(&i.name.text, lsp::CompletionItemKind::Variable, 2).detail(format!("param {ty}"))
                }
                ItemKind::Define(i) => {
                    let arguments: Vec<String> = i
                        .params
                        .iter()
                        .enumerate()
                        .map(|(n, (name, _))| format!("${{{}:{}}}", n + 1, name.text))
                        .collect();
                    Candidate::new(&i.name.text, lsp::CompletionItemKind::Function, 2)
                        .detail("define")
                        .snippet(Some(&format!("{}({})", i.name.text, arguments.join(", "))))
                }
                _ => continue,
            };
            all.push(candidate.doc(item.doc.as_deref()));
        }
        all
    }
}

fn periods() -> Vec<Candidate> {
    words::PERIODS.iter().map(|period| keyword(period, 1)).collect()
}
