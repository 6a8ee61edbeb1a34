//! Between bytes of a text and the lines and columns of the protocol.

use gen_lsp_types::{Position, PositionEncodingKind, Range};
use std::sync::Arc;

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// The first that the client offers and that is known here; UTF-16 where it says nothing.
    pub fn chosen(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        let known = |kind: &PositionEncodingKind| match kind {
            PositionEncodingKind::UTF8 => Some(Encoding::Utf8),
            PositionEncodingKind::UTF16 => Some(Encoding::Utf16),
            PositionEncodingKind::UTF32 => Some(Encoding::Utf32),
            PositionEncodingKind::Custom(_) => None,
        };
        offered.unwrap_or_default().iter().find_map(known).unwrap_or_default()
    }

    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn of(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }

    /// How many columns a text takes.
    pub fn columns(self, text: &str) -> u32 {
        let columns = match self {
            Encoding::Utf8 => text.len(),
            _ if text.is_ascii() => text.len(),
            _ => text.chars().map(|c| self.of(c)).sum(),
        };
        columns as u32
    }
}

/// A text, and where its lines begin. A line ends with LF, CR LF or CR, as the protocol has it.
#[derive(Clone, Debug)]
pub struct Lines {
    pub text: Arc<str>,
    starts: Vec<u32>,
}

impl Lines {
    pub fn new(text: Arc<str>) -> Lines {
        let bytes = text.as_bytes();
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
        let ends = ends.filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
        let starts = std::iter::once(0).chain(ends.map(|at| at as u32 + 1)).collect();
        Lines { text, starts }
    }

    /// The line that a byte is in, from 0.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start as usize <= offset).saturating_sub(1)
    }

    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let before = &self.text[self.starts[line] as usize..offset];
        Position::new(line as u32, encoding.columns(before))
    }

    pub fn range(&self, bytes: std::ops::Range<usize>, encoding: Encoding) -> Range {
        Range::new(self.position(bytes.start, encoding), self.position(bytes.end, encoding))
    }

    /// The byte at a position. What lies behind a line's end is its end, what lies behind the text is the text's.
    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return self.text.len() };
        let start = start as usize;
        let next = self.starts.get(position.line as usize + 1).map_or(self.text.len(), |&n| n as usize);
        let line = self.text[start..next].trim_end_matches(['\n', '\r']);
        let mut columns = 0;
        for (at, c) in line.char_indices() {
            if columns >= position.character as usize {
                return start + at;
            }
            columns += encoding.of(c);
        }
        start + line.len()
    }

    pub fn bytes(&self, range: Range, encoding: Encoding) -> std::ops::Range<usize> {
        let start = self.offset(range.start, encoding);
        start..self.offset(range.end, encoding).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_was_agreed() {
        let lines = Lines::new("a 😀 é z\r\nb\rc".into());
        for (encoding, column) in [(Encoding::Utf8, 10), (Encoding::Utf16, 7), (Encoding::Utf32, 6)] {
            let z = Position::new(0, column);
            assert_eq!(lines.position(10, encoding), z, "{encoding:?}");
            assert_eq!(lines.offset(z, encoding), 10, "{encoding:?}");
        }
        let all = |encoding| {
            (0..=lines.text.len()).filter(|&at| lines.text.is_char_boundary(at)).all(|at| {
                let back = lines.offset(lines.position(at, encoding), encoding);
                // Between CR and LF there is no place of its own.
                back == at || lines.text[..at].ends_with('\r') && lines.text[at..].starts_with('\n')
            })
        };
        assert!(all(Encoding::Utf8) && all(Encoding::Utf16) && all(Encoding::Utf32));
        assert_eq!(lines.position(15, Encoding::Utf16), Position::new(2, 0));
    }

    #[test]
    fn places_that_are_not_there_are_the_nearest() {
        let lines = Lines::new("ab\ncd".into());
        assert_eq!(lines.offset(Position::new(0, 99), Encoding::Utf16), 2);
        assert_eq!(lines.offset(Position::new(9, 0), Encoding::Utf16), 5);
        // In the middle of a character of two units: behind it.
        let smile = Lines::new("😀x".into());
        assert_eq!(smile.offset(Position::new(0, 1), Encoding::Utf16), 4);
        let back = Range::new(Position::new(1, 1), Position::new(0, 1));
        assert_eq!(lines.bytes(back, Encoding::Utf16), 4..4);
    }
}
