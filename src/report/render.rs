//! Pages drawn for a terminal.

use super::page::{Page, of_diagnostic};
use crate::diag::Diagnostic;
use crate::source::SourceMap;
use miette::{GraphicalReportHandler, GraphicalTheme};

const WIDTH: usize = 100;

/// Draws a page, with an empty line behind it.
pub(crate) fn render(page: &Page, color: bool, context: usize) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false)
        .with_context_lines(context)
        .without_syntax_highlighting();
    let mut text = String::new();
    // Writing to a string does not fail; a place outside of its text would, and then the words remain.
    if handler.render_report(&mut text, page).is_err() {
        text = format!("{}: {}\n", page.code, page.message);
    }
    let mut trimmed: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    trimmed.push('\n');
    trimmed
}

/// All diagnostics of a policy set.
pub(crate) fn diagnostics(sources: &SourceMap, diagnostics: &[Diagnostic], color: bool) -> String {
    diagnostics.iter().map(|d| render(&of_diagnostic(sources, d), color, 1)).collect()
}
