//! Several texts laid out as one, so that a single report can show lines of several files, each in a frame
//! of its own.

use super::crop::{Cropped, crop};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::ops::Range;

/// Longer lines are cut down to what is marked in them.
const WIDTH: usize = 120;

/// Pieces of files, one after the other; a place in the sheet is a byte offset over all of them.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    name: String,
    range: Range<usize>,
    /// Line in the file, from 0.
    first_line: usize,
    /// Each line, and where it starts in the sheet.
    lines: Vec<(usize, Cropped)>,
}

impl Sheet {
    /// Adds whole lines of a file, and returns where `marks` (places in `text`) are in the sheet.
    /// `first_line` counts from 1.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        text: &str,
        first_line: usize,
        marks: &[Range<usize>],
    ) -> Vec<Range<usize>> {
        let start = self.text.len();
        let mut lines: Vec<(usize, Cropped)> = Vec::new();
        let mut starts = Vec::new();
        let mut at = 0;
        for line in text.split('\n') {
            let end = at + line.len();
            let line = line.strip_suffix('\r').unwrap_or(line);
            let own: Vec<_> = marks
                .iter()
                .filter(|m| m.start <= end && m.end >= at)
                .map(|m| m.start.max(at).min(at + line.len()) - at..m.end.min(at + line.len()) - at)
                .collect();
            let cropped = crop(line, &own, WIDTH);
            if !lines.is_empty() {
                self.text.push('\n');
            }
            starts.push(at);
            lines.push((self.text.len(), cropped));
            let shown = &lines[lines.len() - 1].1.text;
            self.text.push_str(shown);
            at = end + 1;
        }
        let place = |offset: usize| {
            let i = starts.partition_point(|s| *s <= offset).saturating_sub(1);
            lines[i].0 + lines[i].1.shown(offset - starts[i])
        };
        let placed = marks.iter().map(|m| place(m.start)..place(m.end).max(place(m.start))).collect();
        self.pieces.push(Piece {
            name: name.into(),
            range: start..self.text.len(),
            first_line: first_line.saturating_sub(1),
            lines,
        });
        // A gap, so that the end of one piece is never the start of the next.
        self.text.push('\n');
        placed
    }
}

impl SourceCode for Sheet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let piece = self
            .pieces
            .iter()
            .find(|p| p.range.start <= start && end <= p.range.end)
            .ok_or(MietteError::OutOfBounds)?;
        let line_of = |at: usize| piece.lines.partition_point(|(s, _)| *s <= at).saturating_sub(1);
        let (own, last) = (line_of(start), line_of(end));
        let from = own.saturating_sub(before);
        let until = (last + after).min(piece.lines.len() - 1);
        // With context the caller wants whole lines, without it the exact place.
        let column = if before == 0 { piece.lines[own].1.column(start - piece.lines[own].0) } else { 0 };
        let bytes = piece.lines[from].0..piece.lines[until].0 + piece.lines[until].1.text.len();
        Ok(Box::new(MietteSpanContents::new_named(
            piece.name.clone(),
            &self.text.as_bytes()[bytes.clone()],
            (bytes.start, bytes.len()).into(),
            piece.first_line + from,
            column,
            until - from + 1,
        )))
    }
}
