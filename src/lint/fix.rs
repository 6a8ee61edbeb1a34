//! Mending texts by the fixes that are safe.

use crate::diag::Diagnostic;
use crate::source::Span;

/// A safe fix, and what it mends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub replacement: String,
    /// What it does, and the code that it is for.
    pub title: String,
    pub code: crate::diag::Code,
}

/// The first safe fix of each, in the order of the text, as far as they do not overlap: the others come next time.
pub fn edits(found: &[Diagnostic]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = found
        .iter()
        .filter_map(|d| {
            let fix = d.fixes.iter().find(|f| f.safe)?;
            Some(Edit { span: fix.span, replacement: fix.replacement.clone(), title: fix.title.clone(), code: d.code })
        })
        .collect();
    edits.sort_by_key(|e| (e.span.file, e.span.start, e.span.end));
    let mut last: Option<Span> = None;
    edits.retain(|edit| {
        let free = last.is_none_or(|l| l.file != edit.span.file || edit.span.start >= l.end && edit.span != l);
        if free {
            last = Some(edit.span);
        }
        free
    });
    edits
}

/// The text of one file with edits of it made, which are in order and do not overlap.
pub fn apply<'e>(text: &str, edits: impl Iterator<Item = &'e Edit>) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        if let (Some(before), true) = (text.get(at..range.start), text.is_char_boundary(range.end)) {
            mended.push_str(before);
            mended.push_str(&edit.replacement);
            at = range.end;
        }
    }
    mended.push_str(&text[at..]);
    mended
}
