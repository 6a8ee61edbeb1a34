use crate::diag::{Code, Diagnostic, Level};
use crate::io::{folder_of, join, normalize};
use crate::lint::{Context, Found, Lint};
use crate::source::{FileId, Span};
use crate::syntax::ast::{File, ItemKind};
use rustc_hash::FxHashSet;

pub const LINT: Lint = Lint { code: Code::UnusedImport, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for (id, file) in context.files {
        let mut seen: Vec<(FileId, Span)> = Vec::new();
        for (target, span, whole) in imports(context, *id, file) {
            if let Some((_, first)) = seen.iter().find(|(t, _)| *t == target) {
                let d = Diagnostic::warning(LINT.code, "this file is imported twice", span, "again here");
                found.push(d.label(*first, "first here").safe_fix("take the second one out", line(context, whole), ""));
                continue;
            }
            seen.push((target, span));
            if !needed(context, *id, target) {
                found.push(
                    Diagnostic::warning(
                        LINT.code,
                        format!("nothing of {} is used here", context.text(span)),
                        span,
                        "only declares names, and this file uses none of them",
                    )
                    .help("take the import out; a file that needs these names imports them itself"),
                );
            }
        }
    }
}

/// The files that a file imports, where they were read.
fn imports(context: &Context, id: FileId, file: &File) -> Vec<(FileId, Span, Span)> {
    let from = &context.sources.file(id).name;
    let mut found = Vec::new();
    for item in &file.items {
        let ItemKind::Import(path) = &item.kind else { continue };
        let path_of = normalize(&join(folder_of(from), &path.text));
        let target = context.sources.files().find(|(_, file)| normalize(&file.name) == path_of);
        found.extend(target.map(|(target, _)| (target, path.span, item.span)));
    }
    found
}

/// Whether a file names something of another, or what that imports; or the other does more than to declare names.
fn needed(context: &Context, user: FileId, target: FileId) -> bool {
    let mut all: FxHashSet<FileId> = FxHashSet::default();
    let mut waiting = vec![target];
    while let Some(next) = waiting.pop() {
        if next == user || !all.insert(next) {
            continue;
        }
        let Some((_, file)) = context.files.iter().find(|(id, _)| *id == next) else { return true };
        let acts = file.items.iter().any(|item| {
            !matches!(
                item.kind,
                ItemKind::Enum(_)
                    | ItemKind::Table(_)
                    | ItemKind::Record(_)
                    | ItemKind::Let(_)
                    | ItemKind::Define(_)
                    | ItemKind::Param(_)
                    | ItemKind::Import(_)
            )
        });
        if acts {
            return true;
        }
        waiting.extend(imports(context, next, file).iter().map(|(target, ..)| *target));
    }
    context.uses.iter().any(|u| u.span.file == user && all.contains(&u.definition.file))
}

/// The item with the end of its line.
fn line(context: &Context, span: Span) -> Span {
    let text = &context.sources.file(span.file).text;
    let end = span.range().end;
    let next = text[end..].strip_prefix("\r\n").or(text[end..].strip_prefix('\n'));
    Span { end: next.map_or(span.end, |rest| (text.len() - rest.len()) as u32), ..span }
}
