//! What a lint may look at.

use crate::sema::hir::{Hir, Rule};
use crate::sema::{Use, What};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::{File, Item, ItemKind, RuleItem};
use rustc_hash::FxHashSet;

use super::logic::Seen;
use super::settings::Settings;
use std::cell::OnceCell;

/// A policy set without errors.
pub struct Context<'a> {
    pub sources: &'a SourceMap,
    pub files: &'a [(FileId, File)],
    pub hir: &'a Hir,
    /// Which place names which declaration, in the order of the text.
    pub uses: &'a [Use],
    /// The day that expired waivers are measured by: days since 1970.
    pub today: i32,
    pub settings: &'a Settings,
    /// The files' paths as seen from the folder of `bylaws.toml`, by [`FileId`].
    pub paths: &'a [String],
    /// Names of `let`s and `define`s that depend on a parameter, by the place that declares them.
    varying: FxHashSet<Span>,
    /// What was seen of the conditions of all rules, once one lint has asked.
    pub(super) judged: OnceCell<Vec<Seen>>,
}

impl<'a> Context<'a> {
    pub fn new(
        sources: &'a SourceMap,
        files: &'a [(FileId, File)],
        (hir, uses): (&'a Hir, &'a [Use]),
        today: i32,
        (settings, paths): (&'a Settings, &'a [String]),
    ) -> Context<'a> {
        let (varying, judged) = Default::default();
        let mut context = Context { sources, files, hir, uses, today, settings, paths, varying, judged };
        context.varying = varying_names(&context);
        context
    }

    pub fn path(&self, file: FileId) -> &str {
        self.paths.get(file.0 as usize).map_or_else(|| self.sources.file(file).name.as_str(), String::as_str)
    }

    pub fn text(&self, span: Span) -> &'a str {
        self.sources.text(span)
    }

    pub fn items(&self) -> impl Iterator<Item = &'a Item> + use<'a> {
        self.files.iter().flat_map(|(_, file)| &file.items)
    }

    /// Rules and their later wordings, as written.
    pub fn rule_items(&self) -> impl Iterator<Item = (&'a Item, &'a RuleItem)> + use<'a> {
        self.items().filter_map(|item| match &item.kind {
            ItemKind::Rule(rule) | ItemKind::Revise(rule) => Some((item, rule)),
            _ => None,
        })
    }

    /// The checked rules that were made of this text: one for each time in which its parameters differ.
    pub fn rules_of(&self, item: &Item) -> impl Iterator<Item = &'a Rule> + use<'a> {
        let span = item.span;
        self.hir.rules.iter().filter(move |rule| within(rule.span, span) || within(span, rule.span))
    }

    /// Where a declaration is named. `definition` is the place of its name.
    pub fn uses_of(&self, definition: Span) -> impl Iterator<Item = &'a Use> + use<'a> {
        self.uses.iter().filter(move |u| u.definition == definition)
    }

    /// What is named within a place.
    pub fn named_in(&self, span: Span) -> impl Iterator<Item = &'a Use> + use<'a> {
        let from = self.uses.partition_point(|u| (u.span.file, u.span.start) < (span.file, span.start));
        self.uses[from..].iter().take_while(move |u| u.span.file == span.file && u.span.start < span.end)
    }

    /// Whether what stands there depends on a parameter, through any `let` or `define`: its value is one of many.
    pub fn depends_on_param(&self, span: Span) -> bool {
        self.named_in(span).any(|u| match u.what {
            What::Param => true,
            What::Let | What::Define => self.varying.contains(&u.definition),
            _ => false,
        })
    }
}

/// Whether one place lies in another.
pub fn within(inner: Span, outer: Span) -> bool {
    inner.file == outer.file && inner.start >= outer.start && inner.end <= outer.end
}

fn varying_names(context: &Context) -> FxHashSet<Span> {
    let named: Vec<(Span, Span)> = context
        .items()
        .filter_map(|item| match &item.kind {
            ItemKind::Let(of) => Some((of.name.span, item.span)),
            ItemKind::Define(of) => Some((of.name.span, item.span)),
            _ => None,
        })
        .collect();
    let mut found: FxHashSet<Span> = FxHashSet::default();
    loop {
        let before = found.len();
        for (name, whole) in &named {
            let reads = |u: &Use| u.what == What::Param || found.contains(&u.definition);
            if !found.contains(name) && context.named_in(*whole).any(reads) {
                found.insert(*name);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
