//! Formatting a text in the one style.

use super::position::Lines;
use super::server::{Refusal, Reply, Server};
use super::uri::path_of;
use crate::fmt::{self, Unformatted};
use crate::source::FileId;
use gen_lsp_types as lsp;

/// One edit, from the first to the last line that changes; none where a text with errors of syntax is left as it is.
pub fn whole(server: &mut Server, params: lsp::DocumentFormattingParams) -> Reply<Option<Vec<lsp::TextEdit>>> {
    let Some(document) = server.workspace.open.get(&path_of(&params.text_document.uri.0)) else { return Ok(None) };
    let text = &document.text;
    let formatted = match fmt::format(FileId(0), text) {
        Ok(formatted) => formatted,
        Err(Unformatted::Broken(_)) => return Ok(None),
        Err(Unformatted::Differs(place)) => {
            let line = place.lines().next().unwrap_or_default();
            return Err(Refusal::new(format!(
                "the text was left as it is: formatted, it would not say the same from here on: {line}"
            )));
        }
    };
    if formatted == **text {
        return Ok(Some(Vec::new()));
    }
    let same = |(a, b): &(&str, &str)| a == b;
    let first: usize =
        text.split_inclusive('\n').zip(formatted.split_inclusive('\n')).take_while(same).map(|(a, _)| a.len()).sum();
    let (old, new) = (&text[first..], &formatted[first..]);
    let last: usize = old
        .split_inclusive('\n')
        .rev()
        .zip(new.split_inclusive('\n').rev())
        .take_while(same)
        .map(|(a, _)| a.len())
        .sum();
    let range = Lines::new(text.clone()).range(first..text.len() - last, server.workspace.encoding);
    Ok(Some(vec![lsp::TextEdit { range, new_text: new[..new.len() - last].to_owned() }]))
}
