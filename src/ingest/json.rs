//! JSON: an object, a list of objects, or several of these one after the other. A record's place is where
//! its object begins. After a fault in the grammar the rest of the file is one reject.

use super::chunks::Content;
use super::layout::Layout;
use super::scan::{self, Bounds};
use super::worker::{Job, Worker, explain};
use super::{InputError, InputReport};
use crate::data::limits::grouped;
use crate::data::{Limits, Place, Reading};
use crate::diag::Code;
use crate::threads::on_all;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of a document, so many bytes are reckoned for a record or line.
const LEAST: u64 = 16;

/// Records of a file by their bytes, and what is wrong after the last of them.
struct Records {
    ranges: Vec<Range<usize>>,
    fault: Option<(usize, Code, String)>,
}

pub fn read(reading: &Reading, job: &Job, content: Content) -> Result<InputReport, InputError> {
    let layout = Layout::new(reading, &job.spec.route, false);
    let bytes = content.whole(job.limits.document_bytes)?;
    let (text, invalid) = match std::str::from_utf8(&bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            (std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(), Some(error.valid_up_to()))
        }
    };
    let mut records = records(text, Bounds::of(&job.limits));
    let lines = LineStarts::new(text);
    few(records.ranges.len().max(lines.0.len()), &job.limits)?;
    if let Some(at) = invalid {
        records.fault = Some((at, Code::NotUtf8, format!("not UTF-8 at byte {} of the file", at + 1)));
    }
    // Whole records of about a chunk's size are worked on together.
    let mut groups: Vec<Range<usize>> = Vec::new();
    for n in 0..records.ranges.len() {
        match groups.last_mut() {
            Some(group) if records.ranges[n].end - records.ranges[group.start].start < job.options.chunk_bytes => {
                group.end = n + 1;
            }
            _ => groups.push(n..n + 1),
        }
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut worker = Worker::new(reading, &layout, job);
        let mut room = worker.room();
        while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
            for range in &records.ranges[group.clone()] {
                let place = Place {
                    input: job.spec.id,
                    offset: range.start as u64,
                    line: lines.line_of(range.start),
                    element: 0,
                };
                if worker.is_too_long(range.len()) {
                    worker.reject_too_long(place, "a record", text[range.clone()].as_bytes());
                } else {
                    worker.json_record(&text[range.clone()], place, &mut room);
                }
            }
            let span = &records.ranges[group.start].start..&records.ranges[group.end - 1].end;
            worker.done((span.end - span.start) as u64);
        }
        worker.leave(room);
        worker.finish()
    };
    let mut report = InputReport::default();
    on_all(job.options.threads, &run).into_iter().for_each(|r| report.add(r));
    report.bytes = bytes.len() as u64;
    if let Some((at, code, reason)) = records.fault {
        let from = records.ranges.last().map_or(0, |r| r.end);
        let rest = &bytes[from..];
        let start = from + rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',')).unwrap_or(0);
        let mut worker = Worker::new(reading, &layout, job);
        let place = Place { input: job.spec.id, offset: start as u64, line: lines.line_of(start), element: 0 };
        let reason =
            format!("{reason}, in line {}; the rest of the file was not read", lines.line_of(at.min(text.len())));
        worker.reject(place, code, reason, &bytes[start..]);
        report.add(worker.finish());
    }
    Ok(report)
}

/// Whether a document may hold so many records or lines: what is known of each takes as much room as a short one.
fn few(pieces: usize, limits: &Limits) -> Result<(), InputError> {
    let most = limits.document_bytes / LEAST;
    if pieces as u64 <= most {
        return Ok(());
    }
    let (pieces, most) = (grouped(pieces as u64), grouped(most));
    Err(InputError::over(format!("is one document of {pieces} records or lines: more than {most}"), "document-bytes"))
}

/// The objects at the top and in lists at the top.
fn records(text: &str, bounds: Bounds) -> Records {
    let bytes = text.as_bytes();
    let mut ranges = Vec::new();
    let space = |mut at: usize| {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(at) {
            at += 1;
        }
        at
    };
    let expected = |at: usize, what: &str| {
        Some((at, Code::InvalidJson, format!("expected {what} at byte {} of the file", at + 1)))
    };
    let mut at = space(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 });
    let mut in_list = false;
    let fault = loop {
        let Some(first) = bytes.get(at) else {
            break if in_list { expected(at, "`]`") } else { None };
        };
        if !in_list && *first == b'[' {
            at = space(at + 1);
            in_list = bytes.get(at) != Some(&b']');
            if !in_list {
                at = space(at + 1);
            }
            continue;
        }
        match scan::value_end(text, at, bounds) {
            Ok(end) => {
                ranges.push(at..end);
                at = space(end);
            }
            Err(error) => {
                let (code, reason) = explain(&error, "of the file");
                break Some((error.at, code, reason));
            }
        }
        if in_list {
            match bytes.get(at) {
                Some(b',') => at = space(at + 1),
                Some(b']') => {
                    in_list = false;
                    at = space(at + 1);
                }
                _ => break expected(at, "`,` or `]`"),
            }
        }
    };
    Records { ranges, fault }
}

struct LineStarts(Vec<usize>);

impl LineStarts {
    fn new(text: &str) -> LineStarts {
        LineStarts(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1).collect())
    }

    fn line_of(&self, at: usize) -> u64 {
        self.0.partition_point(|s| *s <= at) as u64 + 1
    }
}
