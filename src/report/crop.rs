//! Long lines cut down to what matters in them, and made safe for a terminal.

use std::ops::Range;

/// A line as it is shown. What was left out is `…`; control characters are shown as pictures (`␛`), so that a
/// record cannot speak to the terminal.
#[derive(Debug, Default)]
pub(crate) struct Cropped {
    pub text: String,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    /// Bytes of the line.
    from: Range<usize>,
    /// Bytes of the shown text.
    to: Range<usize>,
    /// Characters before it in the line.
    column: usize,
}

impl Cropped {
    /// Where a byte of the line is shown; a byte that was left out is shown by the `…` in its place.
    pub fn shown(&self, at: usize) -> usize {
        match self.chunks.iter().rfind(|c| c.from.start <= at) {
            Some(c) if at == c.from.end => c.to.end,
            Some(c) => (c.to.start + (at - c.from.start)).min(c.to.end),
            None => 0,
        }
    }

    /// The column, from 0, that a byte of the shown text has in the line.
    pub fn column(&self, shown: usize) -> usize {
        match self.chunks.iter().rfind(|c| c.to.start <= shown) {
            Some(c) => c.column + self.text.get(c.to.start..shown.min(c.to.end)).map_or(0, |t| t.chars().count()),
            None => 0,
        }
    }
}

/// Cuts a line that is longer than `width` bytes down to the surroundings of `marks`.
pub(crate) fn crop(line: &str, marks: &[Range<usize>], width: usize) -> Cropped {
    let mut cropped = Cropped::default();
    let mut column = 0;
    let mut at = 0;
    for keep in kept(line, marks, width) {
        if keep.start > at {
            column += line[at..keep.start].chars().count();
            cropped.text.push('…');
        }
        column = push(&mut cropped, line, keep.clone(), column);
        at = keep.end;
    }
    if at < line.len() {
        cropped.text.push('…');
    }
    cropped
}

/// The parts of the line to show, in order, apart from each other.
fn kept(line: &str, marks: &[Range<usize>], width: usize) -> Vec<Range<usize>> {
    if line.len() <= width {
        return std::iter::once(0..line.len()).collect();
    }
    // A few bytes more, where a word or a key then begins with its first letter.
    let begin = |from: usize| {
        let near = from.saturating_sub(16);
        let gap = line.as_bytes()[near..from].iter().rposition(|b| matches!(b, b' ' | b',' | b'{' | b';'));
        line.floor_char_boundary(gap.map_or(from, |i| near + i + 1))
    };
    let cut = |from: usize, to: usize| begin(from)..line.ceil_char_boundary(to.min(line.len()));
    if marks.is_empty() {
        return std::iter::once(cut(0, width)).collect();
    }
    const LONGEST: usize = 80;
    let marked: usize = marks.iter().map(|m| m.len().min(LONGEST)).sum();
    let around = (width.saturating_sub(marked) / (2 * marks.len())).clamp(6, 40);
    let mut parts = Vec::new();
    for mark in marks {
        if mark.len() > LONGEST {
            parts.push(cut(mark.start.saturating_sub(around), mark.start + LONGEST - 20));
            parts.push(cut(mark.end - 20, mark.end + around));
        } else {
            parts.push(cut(mark.start.saturating_sub(around), mark.end + around));
        }
    }
    parts.sort_by_key(|p| p.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            // A `…` for a few letters would save nothing.
            Some(last) if part.start <= last.end + 4 => last.end = last.end.max(part.end),
            _ => joined.push(part),
        }
    }
    joined
}

fn push(cropped: &mut Cropped, line: &str, keep: Range<usize>, mut column: usize) -> usize {
    let mut start = keep.start;
    let plain = |cropped: &mut Cropped, range: Range<usize>, column: &mut usize| {
        let to = cropped.text.len();
        cropped.text.push_str(&line[range.clone()]);
        cropped.chunks.push(Chunk { from: range.clone(), to: to..cropped.text.len(), column: *column });
        *column += line[range].chars().count();
    };
    for (i, c) in line[keep.clone()].char_indices().filter(|(_, c)| c.is_control() && *c != '\t') {
        let i = keep.start + i;
        plain(cropped, start..i, &mut column);
        let to = cropped.text.len();
        cropped.text.push(picture(c));
        let from = i..i + c.len_utf8();
        start = from.end;
        cropped.chunks.push(Chunk { from, to: to..cropped.text.len(), column });
        column += 1;
    }
    plain(cropped, start..keep.end, &mut column);
    column
}

fn picture(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '␡',
        _ => '\u{fffd}',
    }
}

/// A text from a record, safe to print on one line.
pub(crate) fn plain(text: &str) -> String {
    without(text, char::is_control)
}

/// The same of a text of several lines.
pub(crate) fn harmless(text: &str) -> String {
    without(text, |c| c.is_control() && c != '\n')
}

fn without(text: &str, control: impl Fn(char) -> bool) -> String {
    match text.chars().any(&control) {
        true => text.chars().map(|c| if control(c) { picture(c) } else { c }).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lines_stay() {
        let c = crop("{\"a\": 1}", std::slice::from_ref(&(6..7)), 100);
        assert_eq!(c.text, "{\"a\": 1}");
        assert_eq!((c.shown(6), c.shown(7), c.column(6)), (6, 7, 6));
    }

    #[test]
    fn long_lines_keep_the_marks() {
        let line = format!("{}HERE{}THERE{}", "é".repeat(200), "b".repeat(300), "c".repeat(300));
        let (here, there) = (400..404, 704..709);
        let c = crop(&line, &[here.clone(), there.clone()], 80);
        assert_eq!(
            c.text,
            "…ééééééééé".to_owned()
                + "HERE"
                + &"b".repeat(17)
                + "…"
                + &"b".repeat(17)
                + "THERE"
                + &"c".repeat(17)
                + "…"
        );
        assert_eq!(&c.text[c.shown(here.start)..c.shown(here.end)], "HERE");
        assert_eq!(&c.text[c.shown(there.start)..c.shown(there.end)], "THERE");
        assert_eq!(c.column(c.shown(here.start)), 200);
        assert_eq!(c.column(c.shown(there.start)), 504);
    }

    #[test]
    fn control_characters_become_pictures() {
        let c = crop("a\x1b[31mb\x00c", std::slice::from_ref(&(6..7)), 100);
        assert_eq!(c.text, "a␛[31mb␀c");
        assert_eq!(&c.text[c.shown(6)..c.shown(7)], "b");
        assert_eq!(plain("x\ny"), "x␊y");
    }
}
