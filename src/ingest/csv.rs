//! CSV with a heading: quoted commas and newlines, a byte-order mark, any line end. An empty cell is absent.
//! A path of keys names the column that is headed by them, joined by dots.

use super::chunks::{Chunk, Content, Ends, work};
use super::layout::Layout;
use super::rows::Cells;
use super::unpack;
use super::values::Scalar;
use super::worker::{Job, Worker, near_field};
use super::{InputError, InputReport, Route};
use crate::data::{InputId, Limits, Place, Reading, limits};
use crate::diag::{Code, did_you_mean};
use std::io::{Cursor, Read};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A heading must end in so many bytes.
const MAX_HEADING: usize = 1 << 20;

pub fn read(reading: &Reading, job: &Job, content: Content) -> Result<InputReport, InputError> {
    let layout = Layout::new(reading, &job.spec.route, true);
    let (heading, content, skip) = heading(content, job.delimiter)?;
    if heading.is_empty() {
        return Err(InputError::new(Code::HeadingMissing, "is empty: a CSV file begins with its headings"));
    }
    within_columns(heading.len(), &job.limits)?;
    let columns = columns(&layout, &heading)?;
    let cut = |bytes: &[u8]| cut(bytes, job.delimiter);
    let mut report = work(reading, &layout, job, content, skip, Ends::Cut(&cut), &|worker, chunk| {
        rows(worker, job, &columns, heading.len(), chunk);
    })?;
    if let Route::Kind(kind) = job.spec.route {
        let near = heading.iter().filter_map(|h| {
            let (prefix, key) = h.rfind('.').map_or(("", &**h), |dot| h.split_at(dot + 1));
            near_field(reading, kind, prefix, key)
        });
        report.notes.extend(near);
    }
    report.bytes += skip.0;
    Ok(report)
}

/// Whether a file may have so many columns.
pub fn within_columns(columns: usize, limits: &Limits) -> Result<(), InputError> {
    if columns as u64 <= limits.columns {
        return Ok(());
    }
    let (has, most) = (limits::grouped(columns as u64), limits::grouped(limits.columns));
    Err(InputError::over(format!("has {has} columns: more than {most}"), "columns"))
}

pub fn parser<R: Read>(reader: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(reader)
}

/// The headings, the content after them, and its offset and line.
pub type Headed<'a> = (Vec<String>, Content<'a>, (u64, u64));

/// Takes the headings off.
pub fn heading(content: Content<'_>, delimiter: u8) -> Result<Headed<'_>, InputError> {
    let (head, rest) = match content {
        Content::Bytes(bytes) => (bytes[..bytes.len().min(MAX_HEADING)].to_vec(), Content::Bytes(bytes)),
        other => {
            let mut reader = other.in_sequence();
            let mut head = Vec::new();
            let read = reader.by_ref().take(MAX_HEADING as u64).read_to_end(&mut head);
            read.map_err(|e| unpack::unreadable(&e))?;
            (head, Content::Stream(reader))
        }
    };
    let bom = if head.starts_with(BOM) { BOM.len() } else { 0 };
    let mut parser = parser(&head[bom..], delimiter);
    let mut record = csv::ByteRecord::new();
    let _ = parser.read_byte_record(&mut record);
    let mut end = bom + parser.position().byte() as usize;
    // The parser stands before the second byte of a CRLF.
    if head.get(end) == Some(&b'\n') && end > 0 && head[end - 1] == b'\r' {
        end += 1;
    }
    let end = end.min(head.len());
    let names = record.iter().map(|h| match std::str::from_utf8(h) {
        Ok(h) => Ok(h.trim().to_string()),
        Err(_) => Err(InputError::new(Code::NotThisFormat, "its headings are not UTF-8 text")),
    });
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let line = 1 + memchr::memchr_iter(b'\n', &head[..end]).count() as u64;
    let rest = match rest {
        Content::Bytes(bytes) => Content::Bytes(&bytes[end..]),
        other => Content::Stream(Box::new(Cursor::new(head[end..].to_vec()).chain(other.in_sequence()))),
    };
    Ok((names, rest, (end as u64, line)))
}

/// By slot: the column's index.
pub fn columns(layout: &Layout, headings: &[String]) -> Result<Vec<Option<usize>>, InputError> {
    let mut columns = Vec::new();
    for (path, needed_by) in layout.slots.paths.iter().zip(&layout.slots.needed_by) {
        let name = path.join(".");
        let mut found = headings.iter().enumerate().filter(|(_, h)| **h == name).map(|(i, _)| i);
        let first = found.next();
        if found.next().is_some() {
            return Err(InputError::new(Code::HeadingTwice, format!("two columns are headed `{name}`")));
        }
        if let (None, Some(needed_by)) = (first, needed_by) {
            let error = InputError::new(
                Code::HeadingMissing,
                format!("there is no column `{name}`, which `{needed_by}` reads"),
            );
            let meant = did_you_mean(&name, headings.iter().map(String::as_str));
            return Err(match meant {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error.help(format!("its columns are {}", listed(headings))),
            });
        }
        columns.push(first);
    }
    Ok(columns)
}

fn listed(headings: &[String]) -> String {
    let shown: Vec<String> = headings.iter().take(40).map(|h| format!("`{h}`")).collect();
    shown.join(", ") + if headings.len() > 40 { ", …" } else { "" }
}

/// The end of the last row that is whole: the last newline that is not in quotes. A quote opens only at
/// the start of a field.
pub fn cut(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut last = None;
    let mut at = 0;
    loop {
        let quote = memchr::memchr(b'"', &bytes[at..]).map(|n| at + n);
        let until = quote.unwrap_or(bytes.len());
        if let Some(newline) = memchr::memrchr(b'\n', &bytes[at..until]) {
            last = Some(at + newline + 1);
        }
        let Some(quote) = quote else { return last };
        let opens = quote == 0 || matches!(bytes[quote - 1], b'\n' | b'\r') || bytes[quote - 1] == delimiter;
        at = quote + 1;
        if !opens {
            continue;
        }
        loop {
            let Some(close) = memchr::memchr(b'"', &bytes[at..]) else { return last };
            at += close + 1;
            if bytes.get(at) != Some(&b'"') {
                break;
            }
            at += 1;
        }
    }
}

struct Row<'r> {
    record: &'r csv::StringRecord,
    columns: &'r [Option<usize>],
}

impl Cells for Row<'_> {
    fn get(&self, _item: bool, slot: u32) -> Scalar<'_> {
        let column = self.columns.get(slot as usize).copied().flatten();
        Scalar::of_cell(column.and_then(|c| self.record.get(c)).unwrap_or(""))
    }
}

fn rows(worker: &mut Worker, job: &Job, columns: &[Option<usize>], width: usize, chunk: Chunk) {
    let most = job.limits.record_bytes;
    each_row(job.spec.id, (job.delimiter, width, most), &chunk, &mut |place, raw, row| match row {
        Ok(record) => worker.row_record(&Row { record, columns }, place, raw),
        Err(Faulty::TooLong) => worker.reject_too_long(place, "a row", raw),
        Err(Faulty::Other(code, reason)) => worker.reject(place, code, reason, raw),
    });
}

/// Where it stands, its bytes, and its fields or why it has none.
pub type EachRow<'r> = &'r mut dyn FnMut(Place, &[u8], Result<&csv::StringRecord, Faulty>);

/// Why a row has no fields.
pub enum Faulty {
    TooLong,
    Other(Code, String),
}

/// The rows of a chunk, in order. `most`: how long one may be.
pub fn each_row(input: InputId, (delimiter, width, most): (u8, usize, u64), chunk: &Chunk, see: EachRow) {
    let bytes = chunk.bytes;
    let place = |offset: usize, line: u64| Place { input, offset: chunk.offset + offset as u64, line, element: 0 };
    if chunk.too_long {
        return see(place(0, chunk.line), bytes, Err(Faulty::TooLong));
    }
    let mut parser = parser(bytes, delimiter);
    let mut record = csv::ByteRecord::new();
    let (mut end, mut line, mut counted) = (0, chunk.line, 0);
    while let Ok(true) = parser.read_byte_record(&mut record) {
        let start = end + bytes[end..].iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(0);
        end = (parser.position().byte() as usize).clamp(start, bytes.len());
        line += memchr::memchr_iter(b'\n', &bytes[counted..start]).count() as u64;
        counted = start;
        let raw = trim_line_end(&bytes[start..end]);
        let place = place(start, line);
        if raw.len() as u64 > most {
            see(place, raw, Err(Faulty::TooLong));
            continue;
        }
        if record.len() != width {
            let fields = if record.len() == 1 { "1 field".into() } else { format!("{} fields", record.len()) };
            let reason = format!("{fields}, where the heading has {width}");
            see(place, raw, Err(Faulty::Other(Code::RaggedRow, reason)));
            continue;
        }
        match csv::StringRecord::from_byte_record(std::mem::take(&mut record)) {
            Ok(text) => {
                see(place, raw, Ok(&text));
                record = text.into_byte_record();
            }
            Err(error) => {
                let field = error.utf8_error().field() + 1;
                see(place, raw, Err(Faulty::Other(Code::NotUtf8, format!("field {field} is not UTF-8"))));
                record = error.into_byte_record();
            }
        }
    }
}

pub fn trim_line_end(row: &[u8]) -> &[u8] {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    row.strip_suffix(b"\r").unwrap_or(row)
}

/// The end of the first row; none where more bytes are needed to tell.
pub fn row_end(bytes: &[u8], delimiter: u8, whole: bool) -> Option<usize> {
    let mut parser = parser(bytes, delimiter);
    let mut record = csv::ByteRecord::new();
    let read = parser.read_byte_record(&mut record).unwrap_or(false);
    let end = (parser.position().byte() as usize).min(bytes.len());
    (read && (whole || end < bytes.len())).then_some(end)
}

/// Where each cell's content stands in a row, without its quotes.
pub fn cells(row: &str, delimiter: u8) -> Vec<std::ops::Range<usize>> {
    let bytes = row.as_bytes();
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let mut end = at;
        let quoted = bytes.get(at) == Some(&b'"');
        if quoted {
            end = at + 1;
            while let Some(close) = memchr::memchr(b'"', &bytes[end..]).map(|n| end + n) {
                end = close + 1;
                if bytes.get(end) != Some(&b'"') {
                    break;
                }
                end += 1;
            }
        }
        let next = memchr::memchr(delimiter, &bytes[end..]).map(|n| end + n);
        let stop = next.unwrap_or(bytes.len());
        let inner = if quoted && stop >= at + 2 && bytes[stop - 1] == b'"' { at + 1..stop - 1 } else { at..stop };
        cells.push(inner);
        match next {
            Some(next) => at = next + 1,
            None => return cells,
        }
    }
}
