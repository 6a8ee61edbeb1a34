//! Which format an input has, and its bytes without compression.

use super::chunks::Content;
use super::ranges::read_full;
use super::unpack::{self, unreadable};
use super::{Input, InputError, InputSpec, Route};
use crate::data::mapping::Format;
use crate::data::{Limits, Reading};
use crate::diag::Code;
use std::io::{Cursor, Read};

/// So much of the beginning is looked at.
const HEAD: usize = 64 << 10;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

pub struct Opened<'a> {
    pub format: Format,
    pub delimiter: u8,
    pub content: Content<'a>,
}

pub fn open<'a>(
    reading: &Reading,
    spec: &InputSpec,
    input: Input<'a>,
    limits: &Limits,
) -> Result<Opened<'a>, InputError> {
    let (head, content) = plain(input, limits)?;
    let sources: Vec<_> = match &spec.route {
        Route::Sources(indexes) => indexes.iter().filter_map(|i| reading.sources.get(*i)).collect(),
        _ => Vec::new(),
    };
    let format =
        spec.format.or_else(|| sources.iter().find_map(|s| s.format)).unwrap_or_else(|| format_of(&spec.name, &head));
    if let Some(source) = sources.iter().find(|s| s.format.is_some_and(|f| f != format)) {
        let message = format!("`{}` reads another format than the other sources of this input", source.name);
        return Err(InputError::new(Code::NotThisFormat, message));
    }
    if matches!(format, Format::Csv | Format::Parquet) && spec.route == Route::Tagged {
        let shape = if format == Format::Csv { "a CSV file" } else { "a Parquet file" };
        return Err(InputError::new(Code::WithoutKind, format!("{shape} does not say which records it holds"))
            .help(format!("name the kind or a source: `gift={}`", spec.name)));
    }
    let tabs = without_compression(&spec.name).ends_with(".tsv");
    let delimiter = sources.first().map_or(if tabs { b'\t' } else { b',' }, |s| s.delimiter);
    Ok(Opened { format, delimiter, content })
}

pub fn without_compression(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    [".gz", ".zst", ".zstd"].iter().find_map(|e| name.strip_suffix(e)).unwrap_or(&name).to_string()
}

/// By the name's ending, or else by what the (uncompressed) content begins with.
pub fn format_of(name: &str, head: &[u8]) -> Format {
    let name = without_compression(name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv" | "tsv") => return Format::Csv,
        Some("ndjson" | "jsonl") => return Format::Ndjson,
        Some("json") => return Format::Json,
        Some("parquet") => return Format::Parquet,
        _ => {}
    }
    if head.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text.first() {
        Some(b'[') => Format::Json,
        // An object that goes on beyond its first line is a JSON file.
        Some(b'{') => match text.split(|b| *b == b'\n').next() {
            Some(line) if line.len() < text.len() && !line.trim_ascii_end().ends_with(b"}") => Format::Json,
            _ => Format::Ndjson,
        },
        Some(_) => Format::Csv,
        None => Format::Ndjson,
    }
}

/// Whether it begins as gzip or zstd does.
pub fn is_packed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || head.starts_with(ZSTD)
}

/// The beginning of the content, and the content, without compression.
pub fn plain<'a>(input: Input<'a>, limits: &Limits) -> Result<(Vec<u8>, Content<'a>), InputError> {
    let reader: Box<dyn Read + Send + 'a> = match input {
        Input::Bytes(bytes) if !is_packed(bytes) => {
            return Ok((bytes[..bytes.len().min(HEAD)].to_vec(), Content::Bytes(bytes)));
        }
        Input::Bytes(bytes) => Box::new(bytes),
        Input::At(of) => {
            let mut head = vec![0; HEAD.min(usize::try_from(of.size()).unwrap_or(HEAD))];
            read_full(&*of, &mut head, 0)?;
            let content = Content::At(of);
            if !is_packed(&head) {
                return Ok((head, content));
            }
            content.in_sequence()
        }
        Input::Reader(reader) => reader,
    };
    let (head, reader) = peeked(reader)?;
    let unpacked: Box<dyn Read + Send + 'a> = if head.starts_with(GZIP) {
        unpack::bounded(reader, limits, |packed| Ok(flate2::read::MultiGzDecoder::new(packed)))?
    } else if head.starts_with(ZSTD) {
        unpack::bounded(reader, limits, zstd::stream::read::Decoder::new)?
    } else {
        return Ok((head, Content::Stream(reader)));
    };
    let (head, reader) = peeked(unpacked)?;
    Ok((head, Content::Stream(reader)))
}

fn peeked<'a>(mut reader: Box<dyn Read + Send + 'a>) -> Result<(Vec<u8>, Box<dyn Read + Send + 'a>), InputError> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|e| unreadable(&e))?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(reader))))
}
