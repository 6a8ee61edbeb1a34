//! What a file declares: the names that can be gone to, with what stands behind them.

use crate::policy_set::PolicySet;
use crate::sema::What;
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, ClauseKind, Ident, Item, ItemKind, TestClause, Trigger};

/// A declaration.
pub struct Declared<'a> {
    pub name: &'a Ident,
    pub what: What,
    /// All that is written of it.
    pub span: Span,
    pub doc: Option<&'a str>,
    /// The declaration that it is in: of a field or word, its record or enum.
    pub within: Option<&'a Ident>,
    pub item: &'a Item,
}

/// The item at a place.
pub fn item_at(file: &ast::File, offset: usize) -> Option<&Item> {
    let after = file.items.partition_point(|item| item.span.start as usize <= offset);
    let item = file.items[..after].last()?;
    (offset <= item.span.end as usize).then_some(item)
}

/// What is declared by the name at this place.
pub fn declared_at(policies: &PolicySet, name: Span) -> Option<Declared<'_>> {
    let item = item_at(file(policies, name.file)?, name.start as usize)?;
    declared(item).into_iter().find(|d| d.name.span == name)
}

pub fn file(policies: &PolicySet, id: FileId) -> Option<&ast::File> {
    policies.files().iter().find(|(file, _)| *file == id).map(|(_, file)| file)
}

/// The name that an item declares, and what it is.
pub fn head(item: &Item) -> Option<(&Ident, What)> {
    Some(match &item.kind {
        ItemKind::Enum(i) => (&i.name, What::Enum),
        ItemKind::Table(i) | ItemKind::Record(i) => (&i.name, What::Kind),
        ItemKind::Rates(i) => (&i.kind.name, What::Kind),
        ItemKind::Let(i) => (&i.name, What::Let),
        ItemKind::Define(i) => (&i.name, What::Define),
        ItemKind::Param(i) => (&i.name, What::Param),
        ItemKind::Rule(i) => (&i.name, What::Rule),
        ItemKind::Metric(i) => (&i.name, What::Metric),
        _ => return None,
    })
}

/// All that an item declares, itself first.
pub fn declared(item: &Item) -> Vec<Declared<'_>> {
    let mut out = Vec::new();
    let doc = item.doc.as_deref();
    let head = head(item);
    if let Some((name, what)) = head {
        out.push(Declared { name, what, span: item.span, doc, within: None, item });
    }
    let owner = head.map(|(name, _)| name);
    let mut add = |name, what, span| out.push(Declared { name, what, span, doc: None, within: owner, item });
    match &item.kind {
        ItemKind::Enum(i) => i.words.iter().for_each(|w| add(&w.name, What::Word, word_span(w))),
        ItemKind::Table(i) | ItemKind::Record(i) => fields(&i.fields, owner, item, &mut out),
        ItemKind::Define(i) => i.params.iter().for_each(|(name, ty)| add(name, What::Argument, name.span.to(ty.span))),
        ItemKind::Rule(i) | ItemKind::Revise(i) => {
            for clause in &i.clauses {
                match &clause.kind {
                    ClauseKind::On(trigger) => aliases(trigger).for_each(|a| add(a, What::Alias, clause.span)),
                    ClauseKind::Unless { name, .. } => add(name, What::Exception, clause.span),
                    _ => {}
                }
            }
        }
        ItemKind::Test(i) => {
            for clause in &i.clauses {
                if let TestClause::Given(given) = clause
                    && let Some(alias) = &given.alias
                {
                    add(alias, What::Alias, given.span);
                }
            }
        }
        _ => {}
    }
    out
}

fn aliases(trigger: &Trigger) -> impl Iterator<Item = &Ident> {
    let (one, steps) = match trigger {
        Trigger::Record { alias, .. } | Trigger::Each { alias, .. } | Trigger::Several { alias, .. } => {
            (alias.as_ref(), &[][..])
        }
        Trigger::Sequence(sequence) => (None, &sequence.steps[..]),
    };
    one.into_iter().chain(steps.iter().filter_map(|step| step.alias.as_ref()))
}

fn word_span(word: &ast::EnumWord) -> Span {
    word.spelling.as_ref().map_or(word.name.span, |s| word.name.span.to(s.span))
}

fn fields<'a>(of: &'a [ast::Field], owner: Option<&'a Ident>, item: &'a Item, out: &mut Vec<Declared<'a>>) {
    for field in of {
        let doc = field.doc.as_deref();
        out.push(Declared { name: &field.name, what: What::Field, span: field.span, doc, within: owner, item });
        inside(&field.ty, Some(&field.name), item, out);
    }
}

/// The fields and words that a type declares in place.
fn inside<'a>(ty: &'a ast::TypeExpr, owner: Option<&'a Ident>, item: &'a Item, out: &mut Vec<Declared<'a>>) {
    match &ty.kind {
        ast::TypeExprKind::Struct(of) => fields(of, owner, item, out),
        ast::TypeExprKind::Enum(words) => out.extend(words.iter().map(|word| Declared {
            name: &word.name,
            what: What::Word,
            span: word_span(word),
            doc: None,
            within: owner,
            item,
        })),
        ast::TypeExprKind::List(of) | ast::TypeExprKind::Set(of) => inside(of, owner, item, out),
        ast::TypeExprKind::Name(_) | ast::TypeExprKind::Ref(_) | ast::TypeExprKind::Error => {}
    }
}
