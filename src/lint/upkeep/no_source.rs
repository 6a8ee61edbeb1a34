use super::rules;
use crate::data::{KindId, Origin, Schema};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};
use crate::sema::hir::{Rule, Times, Trigger};

pub const LINT: Lint = Lint { code: Code::NoSource, level: Level::Advice, on: false, check };

fn check(context: &Context, found: &mut Found) {
    let (schema, sources) = (&context.hir.schema, &context.hir.sources);
    if sources.is_empty() {
        return;
    }
    for rule in rules(context) {
        let read = |kind: &KindId| sources.iter().any(|source| source.kind == *kind);
        let Some(kind) = kinds(schema, rule).into_iter().find(|kind| !read(kind)) else { continue };
        let kind = schema.kind(kind);
        let message = format!("nothing says where the records of `{}` come from", rule.name);
        let d = Diagnostic::advice(LINT.code, message, rule.trigger.span(), format!("no `source` is for `{}`", kind.name))
            .label(kind.span, "declared here");
        found.push(d.help(format!("write a `source … for {}`; a file with its own names needs `{0}=PATH` on the command line", kind.name)));
    }
}

/// The kinds that come from files.
fn kinds(schema: &Schema, rule: &Rule) -> Vec<KindId> {
    let own: Vec<KindId> = match &rule.trigger {
        Trigger::Sequence(s) => s.steps.iter().filter(|s| s.times != Times::None).map(|s| s.kind).collect(),
        trigger => vec![trigger.kind()],
    };
    let from = |kind: KindId| match &schema.kind(kind).origin {
        Origin::Declared => vec![kind],
        Origin::Union(members) => members.iter().map(|(member, _)| *member).collect(),
        Origin::Findings => Vec::new(),
    };
    own.into_iter().flat_map(from).collect()
}
