//! Inside of quotes: the values of a message, and the files of an import.

use super::context::{Place, Standing};
use super::{Candidate, Finder};
use crate::io::folder_of;
use crate::lsp::server::Server;
use crate::lsp::workspace::View;
use crate::syntax::Piece;
use gen_lsp_types as lsp;

/// What may stand there, and where what it takes the place of begins.
pub(super) fn complete(
    finder: &Finder<'_>,
    server: &Server,
    view: &View,
    quoted: Piece<'_>,
    offset: usize,
) -> (Vec<Candidate>, usize) {
    let before: Vec<_> = finder.context.before.iter().take_while(|p| p.start < quoted.start).collect();
    let typed = &view.lines.text[quoted.start..offset];
    match before.last().map(|p| p.text) {
        Some("import") => (files(finder, server, view), quoted.start + 1),
        Some("because") => match typed.rfind('{') {
            Some(open) if !typed[open..].contains('}') => {
                let path = &typed[open + 1..];
                let own = path.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
                (placeholders(finder, &path[..own]), offset - (path.len() - own))
            }
            _ => (Vec::new(), offset),
        },
        _ => (Vec::new(), offset),
    }
}

/// Fields of the record, and what is on the way to one.
fn placeholders(finder: &Finder<'_>, before: &str) -> Vec<Candidate> {
    let path: Vec<&str> = before.split('.').map(str::trim).filter(|name| !name.is_empty()).collect();
    if !path.is_empty() {
        let place = finder.scope.resolve(finder.schema, &path);
        return place.map_or(Vec::new(), |place| finder.fields(&place, 0));
    }
    let mut all = match finder.scope.bare {
        Some(kind) => finder.fields(&Place::Fields { kind, prefix: String::new() }, 0),
        None => Vec::new(),
    };
    for (name, standing) in &finder.scope.names {
        if let Standing::Record(kind) = standing
            && all.iter().all(|c| c.label != *name)
        {
            let detail = finder.schema.kind(*kind).name.clone();
            all.push(Candidate::new(*name, lsp::CompletionItemKind::Variable, 1).detail(detail));
        }
    }
    all.extend(finder.params());
    all
}

/// Files beside and below this one, as an import names them.
fn files(finder: &Finder<'_>, server: &Server, view: &View) -> Vec<Candidate> {
    let folder = format!("{}/", folder_of(&view.path));
    let set = finder.policies.sources().files().map(|(_, f)| f.name.clone());
    let mut paths: Vec<String> = server.workspace.beside_file(&view.path).into_iter().chain(set).collect();
    paths.sort();
    paths.dedup();
    let relative = paths.iter().filter(|p| **p != view.path).filter_map(|p| p.strip_prefix(&folder));
    relative.map(|p| Candidate::new(p, lsp::CompletionItemKind::File, 0)).collect()
}
