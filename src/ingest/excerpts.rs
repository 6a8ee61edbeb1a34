//! Back to the records: their text, and where in it the values of columns stand.

use super::chunks::Content;
use super::csv;
use super::formats::Opened;
use super::layout::{Layout, Target};
use super::ranges::read_full;
use super::rows::Get;
use super::unpack;
use super::veil::{Veiled, Veils};
use super::{InputError, InputSpec, parquet, scan};
use crate::data::mapping::{Format, Step};
use crate::data::{ColumnId, KindId, People, Place, Reading};
use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

/// A record to go back to, and the columns to find in it.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub place: Place,
    pub kind: KindId,
    pub columns: Vec<ColumnId>,
}

/// A record as it stands in its input, without the line's end. Of Parquet rows, the columns as
/// `heading = value`, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// For each column wanted: the bytes of its value in `text`; where it is missing, those of the object
    /// that lacks it; none where it is not in the record at all.
    pub fields: Vec<Option<Range<usize>>>,
}

impl Excerpt {
    pub fn veiled(self, veiled: Option<Veiled>) -> Excerpt {
        let Some(veiled) = veiled else { return self };
        let fields = self.fields.into_iter().map(|range| veiled.place(&range?)).collect();
        Excerpt { text: veiled.text, fields }
    }
}

pub fn excerpts(
    reading: &Reading,
    spec: &InputSpec,
    opened: Opened,
    wanted: &[Wanted],
    people: &People,
) -> Result<Vec<Option<Excerpt>>, InputError> {
    if opened.format == Format::Parquet {
        return parquet::excerpts(reading, spec, opened.content, wanted, people);
    }
    let delimiter = opened.delimiter;
    let (headings, content, skipped) = match opened.format {
        Format::Csv => {
            let (headings, content, (skipped, _)) = csv::heading(opened.content, delimiter)?;
            (headings, content, skipped)
        }
        _ => (Vec::new(), opened.content, 0),
    };
    let layout = Layout::new(reading, &spec.route, opened.format == Format::Csv);
    let mut texts = Texts { content, start: skipped, held: Vec::new(), ended: false };
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&i| wanted[i].place.offset);
    let mut found = vec![None; wanted.len()];
    let mut veils = Veils::new(reading, &spec.route, people);
    for i in order {
        let want = &wanted[i];
        let bytes = texts.record(want.place.offset, |bytes, whole| match opened.format {
            Format::Csv => csv::row_end(bytes, delimiter, whole),
            Format::Json => match std::str::from_utf8(bytes) {
                Ok(text) => scan::value_end(text, 0, scan::Bounds::KNOWN).ok().filter(|end| whole || *end < text.len()),
                Err(_) => None,
            },
            _ => memchr::memchr(b'\n', bytes),
        })?;
        let Some(bytes) = bytes else { continue };
        let trimmed = csv::trim_line_end(&bytes);
        let text = String::from_utf8_lossy(trimmed).into_owned();
        let columns = want.columns.iter();
        let veil = veils.of(want.kind);
        found[i] = Some(match opened.format {
            Format::Csv => {
                let cells = csv::cells(&text, delimiter);
                let fields = columns.map(|c| cell_of(&layout, want, *c, &headings, &cells)).collect();
                let veiled = veil.map(|v| v.row(&text, headings.iter().map(String::as_str).zip(cells)));
                Excerpt { text, fields }.veiled(veiled)
            }
            _ => {
                let fields = columns.map(|c| value_of(&layout, want, *c, &text)).collect();
                let veiled = veil.map(|v| v.json(&text));
                Excerpt { text, fields }.veiled(veiled)
            }
        });
    }
    Ok(found)
}

/// Records of an input, in the order of their offsets.
struct Texts<'a> {
    content: Content<'a>,
    /// Offset of the first byte held, or of the content's first.
    start: u64,
    held: Vec<u8>,
    ended: bool,
}

impl Texts<'_> {
    /// The record at an offset; `end` is asked with ever more bytes, and told when there are no more.
    fn record(
        &mut self,
        offset: u64,
        end: impl Fn(&[u8], bool) -> Option<usize>,
    ) -> Result<Option<Cow<'_, [u8]>>, InputError> {
        let Some(ahead) = offset.checked_sub(self.start) else { return Ok(None) };
        let reader = match &mut self.content {
            Content::Bytes(bytes) => {
                let Some(rest) = usize::try_from(ahead).ok().and_then(|n| bytes.get(n..)) else { return Ok(None) };
                return Ok(Some(Cow::Borrowed(&rest[..end(rest, true).unwrap_or(rest.len())])));
            }
            Content::At(of) => {
                self.held.clear();
                let left = usize::try_from(of.size().saturating_sub(offset)).unwrap_or(usize::MAX);
                let mut size = 64 << 10;
                loop {
                    let (held, length) = (self.held.len(), left.min(size));
                    self.held.resize(length, 0);
                    read_full(&**of, &mut self.held[held..], offset + held as u64)?;
                    match end(&self.held, length == left) {
                        Some(end) => return Ok(Some(Cow::Borrowed(&self.held[..end]))),
                        None if length == left => return Ok(Some(Cow::Borrowed(&self.held))),
                        None => size *= 2,
                    }
                }
            }
            Content::Stream(reader) => reader,
        };
        let broken = |e: std::io::Error| unpack::unreadable(&e);
        let passed = (self.held.len() as u64).min(ahead);
        self.held.drain(..passed as usize);
        std::io::copy(&mut reader.by_ref().take(ahead - passed), &mut std::io::sink()).map_err(broken)?;
        self.start = offset;
        let mut size = 64 << 10;
        loop {
            if self.held.len() < size && !self.ended {
                let more = (size - self.held.len()) as u64;
                let got = reader.by_ref().take(more).read_to_end(&mut self.held).map_err(broken)?;
                self.ended = (got as u64) < more;
            }
            match end(&self.held, self.ended) {
                Some(end) => return Ok(Some(Cow::Borrowed(&self.held[..end]))),
                None if self.ended => return Ok(Some(Cow::Borrowed(&self.held))),
                None => size *= 2,
            }
        }
    }
}

/// What a column reads in the targets of its kind; several sources may make one kind.
pub fn gets<'l>(layout: &'l Layout, want: &Wanted, column: ColumnId) -> Vec<(&'l Target, &'l Get)> {
    let mut all = Vec::new();
    for target in layout.targets.iter().filter(|t| t.kind == want.kind) {
        let mut gets = Vec::new();
        if let Some(expr) = target.expr(column) {
            expr.gets(&mut gets);
        }
        all.extend(gets.into_iter().map(|g| (target, g)));
    }
    all
}

/// The keys that lead to a tabular column.
pub fn heading_of(layout: &Layout, get: &Get) -> Option<String> {
    layout.slots.paths.get(get.slot as usize).filter(|_| !get.item).map(|p| p.join("."))
}

fn cell_of(
    layout: &Layout,
    want: &Wanted,
    column: ColumnId,
    headings: &[String],
    cells: &[Range<usize>],
) -> Option<Range<usize>> {
    let mut empty = None;
    for (target, get) in gets(layout, want, column) {
        let list = target.each.as_ref().map(|e| &e.list);
        let Some(name) = heading_of(layout, if get.item { list.unwrap_or(get) } else { get }) else { continue };
        let Some(cell) = headings.iter().position(|h| *h == name).and_then(|i| cells.get(i)) else { continue };
        if !cell.is_empty() {
            return Some(cell.clone());
        }
        empty = empty.or(Some(cell.clone()));
    }
    empty
}

/// Where a column's value stands in a JSON record.
fn value_of(layout: &Layout, want: &Wanted, column: ColumnId, text: &str) -> Option<Range<usize>> {
    let mut missing = None;
    for (target, get) in gets(layout, want, column) {
        let (root, keys) = if get.item {
            let each = target.each.as_ref()?;
            let Some(element) = element_of(layout, each, want.place.element, text) else { continue };
            (element, each.paths.get(get.slot as usize))
        } else {
            (text, layout.slots.paths.get(get.slot as usize))
        };
        let steps: Vec<Step> = keys?.iter().map(|k| Step::Key(k.clone())).chain(get.rest.iter().cloned()).collect();
        match walk(root.trim_ascii_start(), &steps) {
            Ok(value) => return range_in(text, value),
            Err(object) => missing = missing.or_else(|| range_in(text, object)),
        }
    }
    missing
}

fn element_of<'a>(layout: &Layout, each: &super::layout::Each, n: u32, text: &'a str) -> Option<&'a str> {
    let mut level = vec![text.trim_ascii_start()];
    let keys = layout.slots.paths.get(each.list.slot as usize)?;
    for step in keys.iter().map(|k| Step::Key(k.clone())).chain(each.list.rest.iter().cloned()) {
        level = match step {
            Step::Every => level.into_iter().flat_map(scan::elements).collect(),
            step => level.into_iter().filter_map(|v| walk(v, std::slice::from_ref(&step)).ok()).collect(),
        };
    }
    level.into_iter().nth(n as usize)
}

/// The value at the end of the steps, or the last one on the way. Of all elements, the list.
fn walk<'a>(text: &'a str, steps: &[Step]) -> Result<&'a str, &'a str> {
    let mut at = text;
    for step in steps {
        let next = match step {
            Step::Key(key) => scan::members(at).find(|(k, _)| k == key).map(|(_, v)| v),
            Step::Index(n) => scan::elements(at).nth(*n as usize),
            Step::Filter { key, equals } => scan::elements(at).find(|e| super::rows::holds(e, key, equals)),
            Step::Every => return Ok(at),
        };
        at = next.ok_or(at)?;
    }
    Ok(at)
}

fn range_in(text: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (start + part.len() <= text.len()).then_some(start..start + part.trim_ascii_end().len())
}
