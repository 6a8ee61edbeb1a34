//! Which place names which declaration: what an editor follows, and what tells that a name is never used.

use super::World;
use crate::data::{EnumId, KindId, Origin, Type};
use crate::source::Span;
use crate::syntax::ast::Ident;
use crate::threads::{lock, unlock};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Mutex;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A `record`, a `table` or `rates`.
    Kind,
    /// A field; also one that is a group of fields.
    Field,
    Enum,
    Word,
    Let,
    Define,
    /// Of a `define`.
    Argument,
    Param,
    /// `as NAME`, in a rule or in a test.
    Alias,
    Rule,
    /// An `unless`.
    Exception,
    Metric,
}

/// A name in the text, and the name that declares what it stands for. A `let` or `define` that reads fields of
/// several kinds names a field of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Use {
    pub span: Span,
    pub definition: Span,
    pub what: What,
}

/// What a value in the text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    pub span: Span,
    pub ty: Type,
    /// It may be absent.
    pub optional: bool,
}

/// What the checker found out on its way.
#[derive(Debug, Default)]
pub struct Notes {
    /// In the order of the text; the same name may stand for several.
    pub uses: Vec<Use>,
    /// In the order of the text, each place once.
    pub types: Vec<Typed>,
}

#[derive(Default)]
struct Noting {
    uses: Mutex<FxHashSet<Use>>,
    types: Mutex<FxHashMap<Span, (Type, bool)>>,
}

/// Notes what names are resolved to and of which types values are, where somebody asks for it.
#[derive(Default)]
pub struct Recorder(Option<Noting>);

impl Recorder {
    pub fn on() -> Recorder {
        Recorder(Some(Noting::default()))
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The type of what is written at a place; the first one stays.
    pub fn typed(&self, span: Span, ty: &Type, optional: bool) {
        if let Some(noting) = &self.0 {
            lock(&noting.types).entry(span).or_insert_with(|| (ty.clone(), optional));
        }
    }

    pub fn finish(self) -> Notes {
        let noting = self.0.unwrap_or_default();
        let mut uses: Vec<Use> = unlock(noting.uses).into_iter().collect();
        uses.sort_unstable();
        let types = unlock(noting.types).into_iter();
        let mut types: Vec<Typed> = types.map(|(span, (ty, optional))| Typed { span, ty, optional }).collect();
        types.sort_unstable_by_key(|t| t.span);
        Notes { uses, types }
    }
}

impl World<'_> {
    /// Notes it, unless the name stands at its own declaration or is not in the text.
    pub fn named(&self, name: &Ident, what: What, definition: Span) {
        if let Some(noting) = &self.report.names.0
            && name.span != definition
            && self.report.text(name.span) == name.text
        {
            lock(&noting.uses).insert(Use { span: name.span, definition, what });
        }
    }

    pub fn named_kind(&self, name: &Ident, kind: KindId) {
        let kind = self.schema.kind(kind);
        if kind.origin == Origin::Declared {
            self.named(name, What::Kind, kind.span);
        }
    }

    /// A field, or a group of fields, by its dotted name.
    pub fn named_field(&self, name: &Ident, kind: KindId, dotted: &str) {
        if !self.report.names.is_on() {
            return;
        }
        match &self.schema.kind(kind).origin {
            Origin::Declared => {}
            Origin::Union(members) => {
                return members.iter().for_each(|(member, _)| self.named_field(name, *member, dotted));
            }
            Origin::Findings => return,
        }
        let info = &self.infos[kind.0 as usize];
        let column = info.columns.get(dotted).map(|c| self.schema.column(kind, *c).span);
        if let Some(declared) = info.groups.get(dotted).copied().or(column) {
            self.named(name, What::Field, declared);
        }
    }

    pub fn named_word(&self, name: &Ident, of: EnumId, word: u16) {
        let def = self.schema.enum_def(of);
        match super::findings::kept_enum(self, of) {
            None => self.named(name, What::Word, def.words[usize::from(word)].span),
            Some("rule") => self.named_rule(name),
            Some(_) => {}
        }
    }

    pub fn named_rule(&self, name: &Ident) {
        if let Some(declared) = self.rules.get(name.text.as_str()) {
            self.named(name, What::Rule, *declared);
        }
    }

    pub fn named_value(&self, name: &Ident) {
        use super::world::Decl;
        if let Some(declared) = self.values.get(name.text.as_str()) {
            let what = match declared {
                Decl::Let(_) => What::Let,
                Decl::Define(_) => What::Define,
                Decl::Param(_) => What::Param,
            };
            self.named(name, what, declared.name().span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CheckInput, check, check_names};
    use super::*;
    use crate::source::SourceMap;
    use crate::syntax;

    /// Each use as `name -> kind of thing line:column`, in the order of the text.
    fn uses(text: &str) -> Vec<String> {
        let mut sources = SourceMap::default();
        let id = sources.add("a.bylaw", text);
        let parsed = syntax::parse(id, text);
        assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
        let files = [(id, &parsed.file)];
        let input = || CheckInput { sources: &sources, files: &files, set: &[] };
        let (hir, told, uses) = check_names(input());
        assert_eq!(check(input()), (hir, told.clone()), "asking for the names changes nothing");
        assert!(told.is_empty(), "{told:?}");
        let line = |u: &Use| {
            let (line, column) = sources.line_col(u.definition);
            let name = sources.text(u.definition);
            format!("{}: {} -> {:?} {name} {line}:{column}", sources.line_col(u.span).0, sources.text(u.span), u.what)
        };
        uses.iter().map(line).collect()
    }

    #[test]
    fn every_name_leads_to_its_declaration() {
        let text = r#"enum class { open, secret }
table employee key id { id: text @person, manager: ref employee? }
record export at time by actor identity id {
  id: text, time: date, actor: ref employee, file: { name: text, class: class }, fee: money?,
}
record approval at time by actor { time: date, actor: ref employee, file: text }
param cap: money = 500 CNY
param days: duration = 30 days
let secrets = { secret }
let hosts = { "a.example" }
define costly(e: export, least: money) = e.fee? > least
forbid out "Secret files stay in" {
  on export as e where file.class in secrets
  when costly(e, cap) and fee? > cap and e.file.name in_domain hosts
  unless cleared: exists approval as a within days before where a.file == e.file.name and approval.actor != actor
  because "{actor.manager} of {e.id}"
}
limit many "Many" { on export  sum fee ?? 0 CNY per file.name over days  to cap }
forbid led "Led" { on finding where rule == out  when count(finding over days where rule == many) > 2 }
waive out for actor "E1" { from 2025-01-01 until 2025-02-01 approved_by "E2" reason "x" }
metric exports "Exports" { on export  count per actor.manager in month }
test "t" {
  given employee { id: "E1" }
  given export as g { id: "1", time: 2025-01-01, actor: "E1", file: { name: "n", class: secret }, fee: 600 CNY }
  set cap = 1 CNY
  expect excepted out on g by cleared
  expect metric exports for "E1" on 2025-01-01 is 1
}
"#;
        insta::assert_snapshot!(uses(text).join("\n"));
    }
}
