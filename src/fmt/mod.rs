//! One style for policy files. `tokens` reads the tree's leaves, `items`, `lists`, `grid` and `conditions` say where
//! lines may end, `page` makes the lines, and `same` proves that nothing but layout has changed.

mod conditions;
mod grid;
mod items;
mod lists;
mod page;
mod same;
mod tokens;
mod write;

pub use same::difference;

use crate::diag::Diagnostic;
use crate::source::FileId;
use crate::syntax::parse;

/// Why a text is left as it is.
#[derive(Clone, Debug)]
pub enum Unformatted {
    /// It has errors of syntax.
    Broken(Vec<Diagnostic>),
    /// What would have been written does not say the same: a mistake of the formatter. With the text from where on
    /// it differs.
    Differs(String),
}

/// Columns of a line.
const WIDTH: usize = 120;

/// The text in the one style. Where its first line ends with CR LF, all lines do; a byte order mark is left out.
///
/// # Errors
/// Where the text is not a policy file without errors of syntax, and where the result would not be the same policy.
pub fn format(file: FileId, text: &str) -> Result<String, Unformatted> {
    format_to(file, text, WIDTH)
}

/// As [`format`], in lines of so many columns: in short ones, more has to be broken.
///
/// # Errors
/// As [`format`].
pub fn format_to(file: FileId, text: &str, width: usize) -> Result<String, Unformatted> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parsed = parse(file, text);
    if !parsed.errors.is_empty() {
        return Err(Unformatted::Broken(parsed.errors));
    }
    let plain = text.replace("\r\n", "\n");
    if plain.len() != text.len() {
        parsed = parse(file, &plain);
    }
    let root = parsed.syntax();
    let formatted = items::file(&root, tokens::tokens(&root, &plain), width);
    if formatted != plain {
        let again = parse(file, &formatted);
        let differs =
            if again.errors.is_empty() { difference(&root, &again.syntax()) } else { Some(formatted.clone()) };
        if let Some(place) = differs {
            return Err(Unformatted::Differs(place));
        }
    }
    let first_line = &text[..memchr::memchr(b'\n', text.as_bytes()).unwrap_or(0)];
    Ok(if first_line.ends_with('\r') { formatted.replace('\n', "\r\n") } else { formatted })
}
