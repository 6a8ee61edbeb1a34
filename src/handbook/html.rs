//! The handbook as one page that loads nothing.

use super::catalogue::Catalogue;
use super::model::Handbook;

pub fn page(_handbook: &Handbook, _catalogue: &Catalogue) -> String {
    String::new()
}

/// Text between or within tags.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    // A `String` takes everything.
    let written = pulldown_cmark_escape::escape_html(&mut out, text);
    debug_assert!(written.is_ok());
    out
}
