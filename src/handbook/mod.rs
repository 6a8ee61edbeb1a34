//! `bylaws handbook`: the rules of a policy set for people to read, in their language.
//!
//! `reading` makes sentences of the typed rules, `model` puts a handbook together, `html` and `markdown` write it.
//! All words are in the catalogues; what authors call their rules and fields comes from a catalogue of their own.

mod catalogue;
mod definitions;
mod examples;
mod html;
mod markdown;
mod model;
mod names;
mod reading;
mod walk;
mod words;

pub(crate) use catalogue::{BadCatalogue, Catalogue};
pub use catalogue::{CHINESE, ENGLISH};
pub(crate) use model::{Given, Handbook, handbook};
pub(crate) use names::unknown as unknown_names;

/// The handbook as one page that needs no network.
pub(crate) fn html(handbook: &Handbook, catalogue: &Catalogue) -> String {
    html::page(handbook, catalogue)
}

pub(crate) fn markdown(handbook: &Handbook, catalogue: &Catalogue) -> String {
    markdown::text(handbook, catalogue)
}

/// What a file begins with that is a handbook: nothing else is written over.
pub(crate) const MARK: &str = "<!-- bylaws handbook -->";

/// A part of an author's remark.
enum Part<'a> {
    Text(&'a str),
    /// Between backticks: a name of the policy.
    Code(&'a str),
}

/// The paragraphs of a doc comment.
fn remarks(doc: &str) -> Vec<Vec<Part<'_>>> {
    let paragraphs = doc.split("\n\n").filter(|p| !p.trim().is_empty());
    paragraphs
        .map(|paragraph| {
            let mut parts = Vec::new();
            let mut rest = paragraph;
            while let Some((before, after)) = rest.split_once('`') {
                let Some((name, behind)) = after.split_once('`').filter(|(name, _)| !name.trim().is_empty()) else {
                    break;
                };
                parts.push(Part::Text(before));
                parts.push(Part::Code(name));
                rest = behind;
            }
            parts.push(Part::Text(rest));
            parts
        })
        .collect()
}
