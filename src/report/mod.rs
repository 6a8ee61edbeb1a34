//! What people and programs read: policy diagnostics, findings, summaries.

pub(crate) mod causes;
mod changes;
mod check;
mod crop;
mod entry;
pub(crate) mod human;
#[cfg(feature = "cli")]
pub(crate) mod integrity;
pub(crate) mod json;
pub(crate) mod metrics;
mod page;
pub(crate) mod render;
mod sheet;
mod steps;
pub(crate) mod summary;
pub(crate) mod waivers;
pub(crate) mod why;
pub(crate) mod why_json;

pub(crate) use check::{check_json, diagnostic, place};
pub(crate) use entry::{Context, Entry, Excerpt, shorten};
pub(crate) use page::Page;

use crate::source::{SourceMap, Span};

/// `1 rule`, `2 rules`.
pub(crate) fn plural(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{} {what}s", grouped(n as u64)),
    }
}

/// `1,234,567`
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(d);
    }
    text
}

/// `rules.bylaw:12`
pub(crate) fn line_of(sources: &SourceMap, span: Span) -> String {
    format!("{}:{}", sources.file(span.file).name, sources.line_col(span).0)
}

/// RFC 4648, with padding.
#[cfg(feature = "cli")]
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let n = three.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for i in 0..4 {
            text.push(if i <= three.len() { LETTERS[(n >> (18 - 6 * i)) as usize & 63] as char } else { '=' });
        }
    }
    text
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::base64;

    #[test]
    fn base64_as_everyone_writes_it() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
