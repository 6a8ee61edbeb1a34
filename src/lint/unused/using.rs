//! Who uses a name.

use crate::diag::{Code, Diagnostic};
use crate::lint::context::within;
use crate::lint::{Context, Found};
use crate::sema::What;
use crate::source::Span;
use crate::syntax::ast::{Ident, ItemKind, TestClause};
use rustc_hash::FxHashSet;

/// Declarations that something names, but for tests and defaults; with `sources`, but for sources too.
pub fn used(context: &Context, of: What, sources: bool) -> FxHashSet<Span> {
    let aside: Vec<Span> = context
        .items()
        .filter(|item| match item.kind {
            ItemKind::Test(_) | ItemKind::Default(_) => true,
            ItemKind::Source(_) => !sources,
            _ => false,
        })
        .map(|item| item.span)
        .collect();
    let counts = |span: Span| !aside.iter().any(|a| within(span, *a));
    context.uses.iter().filter(|u| u.what == of && counts(u.span)).map(|u| u.definition).collect()
}

/// Whether a test names it, too: then what it says of an unused name would not be right.
pub fn only_in_tests(context: &Context, definition: Span) -> bool {
    let tests: Vec<Span> = context
        .items()
        .filter(|item| matches!(&item.kind, ItemKind::Test(t) if t.clauses.iter().any(|c| !matches!(c, TestClause::NothingElse(_)))) || matches!(item.kind, ItemKind::Default(_)))
        .map(|item| item.span)
        .collect();
    context.uses_of(definition).any(|u| tests.iter().any(|t| within(u.span, *t)))
}

/// Tells of each of these names that nothing uses: what it is, and what to do about it.
pub fn unused<'a>(
    context: &Context,
    found: &mut Found,
    code: Code,
    of: What,
    (noun, help): (&str, &str),
    names: impl Iterator<Item = &'a Ident>,
) {
    let used = used(context, of, true);
    for name in names.filter(|n| !used.contains(&n.span)) {
        let label = if only_in_tests(context, name.span) { "named in tests only" } else { "never named" };
        found.push(
            Diagnostic::warning(code, format!("the {noun} `{}` is not used", name.text), name.span, label).help(help),
        );
    }
}
