//! One condition, checked as if it were the only thing that a rule of the set asks.

use super::{Checked, PolicySet};
use crate::diag::{Diagnostic, Level};
use crate::sema::{self, CheckInput};
use crate::source::{FileId, Span};
use crate::syntax::{self, ast};
use ast::{Clause, ClauseKind, EachAt, Ident, Item, ItemKind, RuleItem, Trigger, Verb};
use std::borrow::Cow;

/// The name of the rule that a condition becomes. No author can write it, so that it is never another rule's.
pub const CONDITION: &str = "the condition";

/// Names that are there for a condition beside those of the set: each a `let` or a `define`.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<(FileId, Item)>);

impl Names {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(_, item)| name(item)).map(|n| n.text.as_str())
    }
}

fn name(item: &Item) -> Option<&Ident> {
    match &item.kind {
        ItemKind::Let(item) => Some(&item.name),
        ItemKind::Define(item) => Some(&item.name),
        _ => None,
    }
}

/// A condition in the set, and what is said of it that need not stop anybody.
#[derive(Debug)]
pub struct Tried {
    pub checked: Checked,
    pub warnings: Vec<Diagnostic>,
}

impl PolicySet {
    /// Checks a condition on records of a kind (of a table: on its rows at the end of the data) beside the rules of
    /// this set. It becomes the rule [`CONDITION`], which finds something where the condition holds.
    ///
    /// # Errors
    /// What is wrong with the condition, and not with the set.
    #[doc(hidden)]
    pub fn check_condition(
        &mut self,
        kind: &str,
        text: &str,
        names: &Names,
        set: &[(String, String)],
    ) -> Result<Tried, Vec<Diagnostic>> {
        let text = as_condition(text);
        let file = self.sources.add("condition", &*text);
        let condition = syntax::parse_expr(file, &text)?;
        self.check_beside(Some(self.rule(kind, file, condition)), names, set)
    }

    /// Adds a `let` or a `define` to the names, in the place of one that is called the same.
    ///
    /// # Errors
    /// What is wrong with it.
    #[doc(hidden)]
    pub fn add_name(&mut self, text: &str, names: &Names, set: &[(String, String)]) -> Result<Names, Vec<Diagnostic>> {
        let file = self.sources.add("definition", text);
        let parsed = syntax::parse(file, text);
        if !parsed.errors.is_empty() {
            return Err(parsed.errors);
        }
        let mut names = names.clone();
        for item in parsed.file.items {
            let Some(own) = name(&item) else {
                let span = item.span;
                let d = Diagnostic::error(crate::diag::Code::SyntaxError, "this is no `let`", span, "not a name");
                return Err(vec![d.help("write NAME = VALUE, or NAME(x: TYPE) = VALUE")]);
            };
            names.0.retain(|(_, other)| name(other).is_none_or(|n| n.text != own.text));
            names.0.push((file, item));
        }
        self.check_beside(None, &names, set)?;
        Ok(names)
    }

    /// The set without what says something about its rules as a whole: a charter does not rule a condition that
    /// somebody tries.
    fn check_beside(
        &mut self,
        rule: Option<(FileId, Vec<Item>)>,
        names: &Names,
        set: &[(String, String)],
    ) -> Result<Tried, Vec<Diagnostic>> {
        let (values, diagnostics) = self.values(set);
        let of_rules = |item: &&Item| {
            !matches!(item.kind, ItemKind::Charter(_) | ItemKind::Test(_) | ItemKind::Default(_) | ItemKind::Metric(_))
        };
        let mut files: Vec<(FileId, ast::File)> = self
            .files
            .iter()
            .map(|(id, file)| (*id, ast::File { items: file.items.iter().filter(of_rules).cloned().collect() }))
            .collect();
        let own = files.len();
        files.extend(names.0.iter().map(|(id, item)| (*id, ast::File { items: vec![item.clone()] })));
        files.extend(rule.map(|(id, items)| (id, ast::File { items })));
        let check = |files: &[(FileId, ast::File)]| {
            let files: Vec<_> = files.iter().map(|(id, file)| (*id, file)).collect();
            sema::check(CheckInput { sources: &self.sources, files: &files, set: &values })
        };
        let (_, known) = check(&files[..own]);
        let (hir, found) = check(&files);
        let told: Vec<Diagnostic> = found.iter().filter(|d| !known.contains(d)).cloned().collect();
        match told.iter().any(|d| d.level == Level::Error) {
            true => Err(told),
            false => Ok(Tried { checked: Checked::new(hir, diagnostics, found, self.roles(&values)), warnings: told }),
        }
    }

    /// The condition as a rule, and what its file says of time.
    fn rule(&self, kind: &str, file: FileId, condition: ast::Expr) -> (FileId, Vec<Item>) {
        let span = condition.span;
        let ident = |text: &str| Ident { text: text.into(), span: Span { end: span.start, ..span } };
        let is = |item: &Item, table: bool| match &item.kind {
            ItemKind::Table(k) if table => k.name.text == kind,
            ItemKind::Record(k) if !table => k.name.text == kind,
            _ => false,
        };
        let among = |table: bool| self.files.iter().find(|(_, f)| f.items.iter().any(|i| is(i, table)));
        let trigger = match among(true) {
            Some(_) => Trigger::Each { table: ident(kind), alias: None, at: EachAt::AsOf, filter: None },
            None => Trigger::Record { kind: ident(kind), alias: None, filter: None },
        };
        let clause = |kind| Clause { kind, keyword: span, span };
        let clauses = vec![clause(ClauseKind::On(trigger)), clause(ClauseKind::When(condition))];
        let rule = RuleItem { verb: Some(Verb::Forbid), name: ident(CONDITION), title: None, clauses };
        let mut items = vec![Item { doc: None, kind: ItemKind::Rule(rule), span, broken: false }];
        // A file without a policy follows the only one of the set. Of several it is that of the kind's own file, or the first.
        let policies =
            || self.files.iter().flat_map(|(_, f)| &f.items).filter(|i| matches!(i.kind, ItemKind::Policy(_)));
        if policies().nth(1).is_some() {
            let of_kind = among(true)
                .or(among(false))
                .and_then(|(_, f)| f.items.iter().find(|i| matches!(i.kind, ItemKind::Policy(_))));
            items.extend(of_kind.or_else(|| policies().next()).cloned());
        }
        (file, items)
    }
}

/// What a `require` needs is a condition with another word.
fn as_condition(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    match trimmed.strip_prefix("need").filter(|rest| rest.starts_with(char::is_whitespace)) {
        Some(rest) => Cow::Owned(format!("exists{rest}")),
        None => Cow::Borrowed(trimmed),
    }
}
