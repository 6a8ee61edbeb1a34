//! Records as they stand, for which nothing is declared yet: one after the other, on one thread, each with all that is
//! in it. What would be rejected in an audit is rejected here too, for the same reasons.

use super::chunks::{Chunk, Content, Ends, broken, in_order};
use super::csv;
use super::formats::{format_of, plain, without_compression};
use super::ndjson::without_space;
use super::scan::{self, Bounds, Fault, ScanError};
use super::worker::explain;
use super::{Input, InputError, parquet};
use crate::data::found::{Bare, Found, See};
use crate::data::mapping::Format;
use crate::data::{InputId, Limits, Place, limits};
use crate::diag::Code;
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::io::Read;

/// So much is worked on at once.
const CHUNK: usize = 1 << 18;
/// Rows that a delimiter is told from.
const ROWS_LOOKED_AT: usize = 50;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

#[derive(Clone, Debug)]
pub struct BareSpec {
    pub id: InputId,
    pub name: String,
    /// None: by the name or the content.
    pub format: Option<Format>,
    /// None: by the name or the heading.
    pub delimiter: Option<u8>,
    pub limits: Limits,
}

/// What an input was read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub format: Format,
    /// Of CSV.
    pub delimiter: u8,
    /// Of CSV and Parquet: headings that several columns have. They are not given out.
    pub twice: Vec<String>,
}

/// Gives out what stands in an input, until no more is wanted.
///
/// # Errors
/// Where the input cannot be read, or is not of its format.
pub fn bare(spec: &BareSpec, input: Input<'_>, see: See, advance: &dyn Fn(u64)) -> Result<Shape, InputError> {
    let (head, content) = plain(input, &spec.limits)?;
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(InputError::new(Code::NotUtf8, "is text in UTF-16").help("save it as UTF-8, and try again"));
    }
    let format = spec.format.unwrap_or_else(|| format_of(&spec.name, &head));
    let mut shape = Shape { format, delimiter: b',', twice: Vec::new() };
    match format {
        Format::Csv => {
            shape.delimiter = spec.delimiter.unwrap_or_else(|| delimiter(&spec.name, &head));
            shape.twice = rows(spec, shape.delimiter, content, see, advance)?;
        }
        Format::Ndjson => lines(spec, content, see, advance)?,
        Format::Json => values(spec, content, see, advance)?,
        Format::Parquet => shape.twice = parquet::bare(spec, content, see, advance)?,
    }
    Ok(shape)
}

// ---------------------------------------------------------------- CSV

/// The sign that splits the first rows into the most fields, as many in each.
fn delimiter(name: &str, head: &[u8]) -> u8 {
    if without_compression(name).ends_with(".tsv") {
        return b'\t';
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let fields = |delimiter: u8| {
        let mut parser = csv::parser(head, delimiter);
        let mut record = ::csv::ByteRecord::new();
        let (mut width, mut rows, mut alike) = (0, 0, 0);
        while rows < ROWS_LOOKED_AT && matches!(parser.read_byte_record(&mut record), Ok(true)) {
            if rows == 0 {
                width = record.len();
            }
            rows += 1;
            alike += usize::from(record.len() == width);
        }
        // Each sign may stand in a text by chance; one that splits most rows alike does not.
        (width > 1 && alike * 2 > rows).then(|| (alike * 10 / rows, width))
    };
    let best = DELIMITERS.iter().rev().filter_map(|d| Some((fields(*d)?, *d))).max_by_key(|(score, _)| *score);
    best.map_or(b',', |(_, delimiter)| delimiter)
}

fn rows(
    spec: &BareSpec,
    delimiter: u8,
    content: Content,
    see: See,
    advance: &dyn Fn(u64),
) -> Result<Vec<String>, InputError> {
    let (heading, content, skip) = csv::heading(content, delimiter)?;
    if heading.is_empty() {
        return Err(InputError::new(Code::HeadingMissing, "is empty: a CSV file begins with its headings"));
    }
    csv::within_columns(heading.len(), &spec.limits)?;
    let most = spec.limits.record_bytes;
    let (columns, twice) = once(heading.iter().map(String::as_str));
    let cut = |bytes: &[u8]| csv::cut(bytes, delimiter);
    let mut more = true;
    in_order(content, skip, Ends::Cut(&cut), (CHUNK, most), &mut |chunk| {
        csv::each_row(spec.id, (delimiter, heading.len(), most), &chunk, &mut |place, _, row| {
            if !more {
                return;
            }
            more = match row {
                Ok(record) => {
                    let cell = |at: usize| match record.get(at) {
                        None | Some("") => Found::Absent,
                        Some(text) => Found::Cell(text.into()),
                    };
                    let cells = columns.iter().map(|at| (heading[*at].as_str().into(), cell(*at)));
                    see(place, Bare::Record(&Found::Group(cells.collect())))
                }
                Err(csv::Faulty::TooLong) => see(place, Bare::Reject(&too_long("a row", &spec.limits))),
                Err(csv::Faulty::Other(_, reason)) => see(place, Bare::Reject(&reason)),
            };
        });
        advance(chunk.bytes.len() as u64);
        more
    })?;
    Ok(twice)
}

/// Which of these stand there once, and which more often.
pub fn once<'n>(names: impl Iterator<Item = &'n str>) -> (Vec<usize>, Vec<String>) {
    let names: Vec<&str> = names.collect();
    let (mut seen, mut again) = (FxHashSet::default(), FxHashSet::default());
    let mut twice = Vec::new();
    for name in &names {
        if !seen.insert(*name) && again.insert(*name) {
            twice.push((*name).to_owned());
        }
    }
    let columns = names.iter().enumerate().filter(|(_, n)| !again.contains(*n)).map(|(at, _)| at);
    (columns.collect(), twice)
}

// ---------------------------------------------------------------- JSON

fn lines(spec: &BareSpec, content: Content, see: See, advance: &dyn Fn(u64)) -> Result<(), InputError> {
    in_order(content, (0, 1), Ends::Lines, (CHUNK, spec.limits.record_bytes), &mut |chunk| {
        let more = lines_of(spec, &chunk, see);
        advance(chunk.bytes.len() as u64);
        more
    })
}

fn lines_of(spec: &BareSpec, chunk: &Chunk, see: See) -> bool {
    let (input, bounds) = (spec.id, Bounds::of(&spec.limits));
    let mut at = 0;
    for (n, line) in chunk.bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let place = Place { input, offset: chunk.offset + at as u64, line: chunk.line + n as u64, element: 0 };
        at += line.len();
        let text = if place.offset == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        let text = without_space(text);
        let more = if chunk.too_long && at == chunk.bytes.len() || text.len() as u64 > spec.limits.record_bytes {
            see(place, Bare::Reject(&too_long("a line", &spec.limits)))
        } else if text.is_empty() {
            true
        } else {
            match std::str::from_utf8(text) {
                Ok(text) => object(text, place, bounds, see),
                Err(error) => {
                    let reason = format!("not UTF-8 at byte {} of the record", error.valid_up_to() + 1);
                    see(place, Bare::Reject(&reason))
                }
            }
        };
        if !more {
            return false;
        }
    }
    true
}

fn too_long(what: &str, limits: &Limits) -> String {
    format!("{what} of more than {}", limits::bytes(limits.record_bytes))
}

/// One record of JSON.
fn object(text: &str, place: Place, bounds: Bounds, see: See) -> bool {
    let start = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len();
    let whole = scan::value_end(text, start, bounds).and_then(|end| {
        let rest = text[end..].trim_start_matches([' ', '\t', '\r', '\n']);
        match rest.is_empty() {
            true => Ok(()),
            false => Err(ScanError { at: text.len() - rest.len(), fault: Fault::Expected("nothing after the value") }),
        }
    });
    if let Err(error) = whole {
        return see(place, Bare::Reject(&explain(&error, "of the record").1));
    }
    if !text[start..].starts_with('{') {
        return see(place, Bare::Reject("not an object"));
    }
    match of_json(&text[start..]) {
        Ok(found) => see(place, Bare::Record(&found)),
        Err(key) => see(place, Bare::Reject(&format!("`{key}` a second time in one object"))),
    }
}

/// Of a valid JSON value; the key that stands twice in an object.
pub fn of_json(raw: &str) -> Result<Found<'_>, String> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') => match scan::unquoted(raw) {
            Some(text) => Found::Text(text),
            None => Found::Misfit(raw.into()),
        },
        Some(b'{') => {
            let mut members: Vec<(Cow<str>, Found)> = Vec::new();
            for (key, value) in scan::members(raw) {
                members.push((key, of_json(value)?));
            }
            let mut keys: Vec<&str> = members.iter().map(|(k, _)| &**k).collect();
            keys.sort_unstable();
            if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(pair[0].to_owned());
            }
            Found::Group(members)
        }
        Some(b'[') => Found::List(scan::elements(raw).map(of_json).collect::<Result<_, _>>()?),
        Some(b't') => Found::Bool(true),
        Some(b'f') => Found::Bool(false),
        Some(b'n') | None => Found::Absent,
        Some(_) => Found::Number(raw.into()),
    })
}

/// A JSON file is an object, a list of objects, or several of these; so much of it is held as its longest record takes.
struct Values<'c> {
    reader: Box<dyn Read + Send + 'c>,
    held: Vec<u8>,
    /// Where in `held` the next byte is, and how much was there before `held`.
    at: usize,
    before: u64,
    line: u64,
    ended: bool,
}

fn values(spec: &BareSpec, content: Content, see: See, advance: &dyn Fn(u64)) -> Result<(), InputError> {
    let mut values =
        Values { reader: content.in_sequence(), held: Vec::new(), at: 0, before: 0, line: 1, ended: false };
    values.fill(CHUNK, advance)?;
    if values.held.starts_with(b"\xef\xbb\xbf") {
        values.at = 3;
    }
    let mut in_list = false;
    let rest = "the rest of the file was not read";
    loop {
        values.space(advance)?;
        let place = values.place(spec.id);
        let refused = |see: See, what: &str| {
            see(place, Bare::Reject(&format!("expected {what}; {rest}")));
            Ok(())
        };
        let Some(first) = values.held.get(values.at).copied() else {
            return if in_list { refused(see, "`]`") } else { Ok(()) };
        };
        if !in_list && first == b'[' {
            values.at += 1;
            values.space(advance)?;
            in_list = values.held.get(values.at) != Some(&b']');
            values.at += usize::from(!in_list);
            continue;
        }
        let size = match values.value(&spec.limits, advance)? {
            Ok(size) => size,
            Err(reason) => {
                see(place, Bare::Reject(&format!("{reason}; {rest}")));
                return Ok(());
            }
        };
        let text = std::str::from_utf8(&values.held[values.at..values.at + size]).unwrap_or_default();
        let more = if size as u64 > spec.limits.record_bytes {
            see(place, Bare::Reject(&too_long("a record", &spec.limits)))
        } else {
            object(text, place, Bounds::of(&spec.limits), see)
        };
        if !more {
            return Ok(());
        }
        values.pass(size);
        if in_list {
            values.space(advance)?;
            match values.held.get(values.at) {
                Some(b',') => values.at += 1,
                Some(b']') => {
                    values.at += 1;
                    in_list = false;
                }
                _ => {
                    let place = values.place(spec.id);
                    see(place, Bare::Reject(&format!("expected `,` or `]`; {rest}")));
                    return Ok(());
                }
            }
        }
    }
}

impl Values<'_> {
    fn place(&self, input: InputId) -> Place {
        Place { input, offset: self.before + self.at as u64, line: self.line, element: 0 }
    }

    /// Reads on, after letting go of what has been passed.
    fn fill(&mut self, size: usize, advance: &dyn Fn(u64)) -> Result<(), InputError> {
        self.held.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        let read = self.reader.by_ref().take(size as u64).read_to_end(&mut self.held);
        let read = read.map_err(|e| broken(&e, self.before + self.held.len() as u64))?;
        self.ended = read < size;
        advance(read as u64);
        Ok(())
    }

    fn space(&mut self, advance: &dyn Fn(u64)) -> Result<(), InputError> {
        loop {
            match self.held.get(self.at) {
                Some(b @ (b' ' | b'\t' | b'\r' | b'\n')) => {
                    self.line += u64::from(*b == b'\n');
                    self.at += 1;
                }
                None if !self.ended => self.fill(CHUNK, advance)?,
                _ => return Ok(()),
            }
        }
    }

    fn pass(&mut self, size: usize) {
        let end = self.at + size;
        self.line += memchr::memchr_iter(b'\n', &self.held[self.at..end]).count() as u64;
        self.at = end;
    }

    /// The size of the value that begins here, or why there is none.
    fn value(&mut self, limits: &Limits, advance: &dyn Fn(u64)) -> Result<Result<usize, String>, InputError> {
        let (mut size, bounds) = (CHUNK, Bounds::of(limits));
        loop {
            let held = &self.held[self.at..];
            // What is no text, other than a character that goes on behind the end.
            let (valid, wrong) = match std::str::from_utf8(held) {
                Ok(text) => (text, false),
                Err(error) => {
                    let valid = std::str::from_utf8(&held[..error.valid_up_to()]).unwrap_or_default();
                    (valid, error.error_len().is_some())
                }
            };
            match scan::value_end(valid, 0, bounds) {
                // A number may go on.
                Ok(end) if end < held.len() || self.ended => return Ok(Ok(end)),
                Ok(_) => {}
                Err(error) if self.ended || wrong || error.at < valid.len().saturating_sub(16) => {
                    return Ok(Err(match valid.len() < held.len() && error.at >= valid.len() {
                        true => format!("not UTF-8 at byte {} of the record", valid.len() + 1),
                        false => explain(&error, "of the record").1,
                    }));
                }
                Err(_) if held.len() as u64 > limits.record_bytes => return Ok(Err(too_long("a record", limits))),
                Err(_) => {}
            }
            self.fill(size, advance)?;
            size = size.saturating_mul(2);
        }
    }
}
