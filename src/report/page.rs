//! One report as miette draws it: a heading, lines of files with labels, help.

use super::sheet::Sheet;
use crate::diag::{Diagnostic, Level};
use crate::source::{FileId, SourceMap, Span};
use miette::{LabeledSpan, Severity, SourceCode};
use std::fmt::{Display, Formatter};
use std::ops::Range;

/// A place in a policy, and what to say there.
pub(crate) type Labelled = (Span, Option<String>);

/// Lines of a file, and the places in them with their ranks in the report.
type PieceOf<'a> = (Range<usize>, Vec<(usize, &'a Labelled)>);

#[derive(Debug)]
pub(crate) struct Page {
    pub code: String,
    pub level: Level,
    pub message: String,
    pub sheet: Sheet,
    labels: Vec<LabeledSpan>,
    pub help: Option<String>,
}

impl Page {
    pub fn new(code: impl Into<String>, level: Level, message: impl Into<String>) -> Page {
        Page {
            code: code.into(),
            level,
            message: message.into(),
            sheet: Sheet::default(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// Adds lines of a record file with what is marked in them.
    pub fn lines(&mut self, name: &str, text: &str, first_line: usize, marks: &[(Range<usize>, Option<String>)]) {
        let ranges: Vec<_> = marks.iter().map(|(range, _)| range.clone()).collect();
        let placed = self.sheet.add(name, text, first_line, &ranges);
        for (range, (_, label)) in placed.into_iter().zip(marks) {
            self.labels.push(LabeledSpan::new(label.clone(), range.start, range.len()));
        }
    }

    /// Adds places of policy files; the first is where the report is about, and its file is shown first.
    pub fn places(&mut self, sources: &SourceMap, places: &[Labelled], context: usize) {
        let mut files: Vec<FileId> = Vec::new();
        for (span, _) in places {
            if !files.contains(&span.file) {
                files.push(span.file);
            }
        }
        for file in files {
            let mut own: Vec<_> = places.iter().enumerate().filter(|(_, (s, _))| s.file == file).collect();
            own.sort_by_key(|(_, (s, _))| (s.start, s.end));
            let text = &*sources.file(file).text;
            // Neighbouring places share a piece.
            let mut pieces: Vec<PieceOf> = Vec::new();
            for place in own {
                let around = lines_around(text, place.1.0.range(), context);
                match pieces.last_mut() {
                    Some((range, inside)) if around.start <= range.end + 1 => {
                        range.end = range.end.max(around.end);
                        inside.push(place);
                    }
                    _ => pieces.push((around, vec![place])),
                }
            }
            for (range, inside) in pieces {
                let first_line = sources.line_col(Span::new(file, range.start, range.start)).0;
                let marks: Vec<_> =
                    inside.iter().map(|p| p.1.0.range().start - range.start..p.1.0.range().end - range.start).collect();
                let placed = self.sheet.add(sources.file(file).name.as_str(), &text[range], first_line, &marks);
                for (at, (i, (_, label))) in placed.into_iter().zip(inside) {
                    let label = label.clone().filter(|l| !l.is_empty());
                    let span = (at.start, at.len());
                    self.labels.push(match i {
                        0 => LabeledSpan::new_primary_with_span(label, span),
                        _ => LabeledSpan::new_with_span(label, span),
                    });
                }
            }
        }
    }
}

/// The whole lines that a range is in, and `context` lines on both sides.
fn lines_around(text: &str, range: Range<usize>, context: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let mut start = bytes[..range.start].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let mut end = bytes[range.end..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |i| range.end + i);
    for _ in 0..context {
        if start > 0 {
            start = bytes[..start - 1].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        }
        if end < bytes.len() {
            end = bytes[end + 1..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |i| end + 1 + i);
        }
    }
    start..end
}

/// A policy's diagnostic with its places and fixes.
pub(crate) fn of_diagnostic(sources: &SourceMap, diagnostic: &Diagnostic) -> Page {
    let mut page = Page::new(diagnostic.code.as_str(), diagnostic.level, diagnostic.message.as_str());
    let places: Vec<_> = diagnostic.labels.iter().map(|l| (l.span, Some(l.text.clone()))).collect();
    page.places(sources, &places, 1);
    let mut help = diagnostic.help.clone().into_iter().collect::<Vec<_>>();
    for fix in &diagnostic.fixes {
        let said = help.iter().any(|h| h.contains(&fix.title) || h.contains(&fix.replacement));
        if !said {
            help.push(match fix.replacement.as_str() {
                "" => format!("{}: remove `{}`", fix.title, sources.text(fix.span).trim()),
                text => format!("{}: `{}`", fix.title, text.trim()),
            });
        }
    }
    page.help = (!help.is_empty()).then(|| help.join("\n"));
    page
}

impl Display for Page {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Page {}

impl miette::Diagnostic for Page {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(&self.code) as Box<dyn Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Advice => Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.help.as_ref().map(|h| Box::new(h) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.labels.is_empty()).then_some(&self.sheet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }
}
