//! Which policy says by which clock the rules of a file are read.

use crate::lint::Context;
use crate::source::FileId;
use crate::syntax::ast::{ItemKind, Policy};

/// The file's own policy, or the only one of the set.
pub fn policy_of<'a>(context: &Context<'a>, file: FileId) -> Option<&'a Policy> {
    let all: Vec<&'a Policy> = context
        .items()
        .filter_map(|item| match &item.kind {
            ItemKind::Policy(policy) => Some(policy),
            _ => None,
        })
        .collect();
    let own = all.iter().find(|p| p.name.span.file == file);
    own.or(if all.len() == 1 { all.first() } else { None }).copied()
}

/// Whether it is said in which time zone the file's days begin.
pub fn has_zone(context: &Context, file: FileId) -> bool {
    policy_of(context, file).is_some_and(|p| p.timezone.is_some())
}

/// What to write, and where it belongs.
pub fn how(context: &Context, file: FileId) -> String {
    match policy_of(context, file) {
        Some(policy) => format!("say it in `policy {}`: `timezone \"Europe/Berlin\"`, or \"UTC\" if that is meant", policy.name.text),
        None => "say it at the top of the file: `policy conduct { timezone \"Europe/Berlin\" }`, or \"UTC\" if that is meant".into(),
    }
}
