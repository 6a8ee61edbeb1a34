//! What people and programs read: policy diagnostics, findings, summaries.

pub(crate) mod base64;
pub(crate) mod baseline;
pub(crate) mod causes;
mod changes;
mod check;
mod crop;
mod embedded;
mod entry;
pub(crate) mod exchange;
pub(crate) mod human;
#[cfg(feature = "cli")]
pub(crate) mod impact;
#[cfg(feature = "cli")]
pub(crate) mod integrity;
pub(crate) mod json;
#[cfg(feature = "cli")]
pub(crate) mod ledger;
mod markup;
pub(crate) mod metrics;
mod page;
#[cfg(feature = "cli")]
pub(crate) mod receipt;
pub(crate) mod render;
mod sheet;
mod steps;
pub(crate) mod summary;
#[cfg(feature = "cli")]
pub(crate) mod tried;
pub(crate) mod waivers;
pub(crate) mod why;
pub(crate) mod why_json;

pub(crate) use check::{check_json, diagnostic, lint_json, place};
pub(crate) use crop::{harmless, plain};
pub use embedded::{diagnostic_text, verdict_columns, verdict_order, verdict_text};
pub(crate) use entry::{Context, Entry, Excerpt, in_order, shorten};
pub(crate) use page::Page;

pub(crate) use crate::data::limits::grouped;
use crate::source::{SourceMap, Span};

/// `1 rule`, `2 rules`.
pub(crate) fn plural(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{} {what}s", grouped(n as u64)),
    }
}

/// `rules.bylaw:12`
pub(crate) fn line_of(sources: &SourceMap, span: Span) -> String {
    format!("{}:{}", sources.file(span.file).name, sources.line_col(span).0)
}
