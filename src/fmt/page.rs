//! From texts and the places where lines may end to lines, after Oppen (*Prettyprinting*, 1980) with the breaks of
//! Wadler's `fill`: each break is taken only where what follows it, up to the next break of its rank, does not fit.

use std::borrow::Cow;
use unicode_width::UnicodeWidthStr;

#[derive(Clone, Debug)]
pub enum Op<'t> {
    Text(Cow<'t, str>),
    Blanks(usize),
    /// A blank, or a new line that is indented so much further. Those of a lower rank are taken first.
    Break {
        rank: u8,
        deeper: usize,
    },
    /// A new line where the lines of its group do not fit into one; else a blank, or nothing.
    Line {
        blank: bool,
    },
    /// As [`Op::Line`], with a blank, before what closes the group.
    LastLine,
    /// `,` where the group is broken.
    LastComma,
    /// A new line; of a rank where the author had it at a break.
    Hard {
        deeper: usize,
        rank: Option<u8>,
    },
    /// A new line and an empty one before it.
    Empty,
    /// A remark at the end of a line. It may be as long as it likes.
    Trailing(&'t str),
    Open(Indent),
    Close,
}

#[derive(Clone, Copy, Debug)]
pub enum Indent {
    /// So much further than the lines around.
    Nest(usize),
    /// So much further than the place that has been reached.
    Here(usize),
    /// As [`Indent::Nest`]; the lines in it are all taken or none.
    Group(usize),
}

#[derive(Clone, Copy)]
struct Level {
    indent: usize,
    /// Of the level around.
    around: usize,
    broken: bool,
    /// The rank of the last break that was taken. One of a lower rank behind it is taken too: else what binds more
    /// would stand on two lines, and what binds less in the middle of one.
    taken: Option<u8>,
}

pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The text on one line.
pub fn flat(ops: &[Op<'_>]) -> String {
    let mut out = String::new();
    for op in ops {
        match op {
            Op::Text(text) => out.push_str(text),
            Op::Blanks(n) => out.extend(std::iter::repeat_n(' ', *n)),
            Op::Break { .. } | Op::Line { blank: true } | Op::LastLine | Op::Hard { .. } | Op::Empty => out.push(' '),
            _ => {}
        }
    }
    out
}

struct Page {
    out: String,
    /// Columns of a line.
    width: usize,
    column: usize,
    levels: Vec<Level>,
    /// How far the line that is begun is indented, until something is on it.
    begun: Option<usize>,
}

/// Lines of so many columns; the last has no line end.
pub fn print(ops: &[Op<'_>], width: usize) -> String {
    let mut page = Page {
        out: String::new(),
        width,
        column: 0,
        levels: vec![Level { indent: 0, around: 0, broken: true, taken: None }],
        begun: None,
    };
    for (at, op) in ops.iter().enumerate() {
        match op {
            Op::Text(text) => page.text(text),
            Op::Blanks(n) => {
                if page.begun.is_none() {
                    page.out.extend(std::iter::repeat_n(' ', *n));
                    page.column += n;
                }
            }
            Op::Trailing(text) => {
                page.text(" ");
                page.text(text);
            }
            Op::Break { .. } if page.begun.is_some() => {}
            Op::Break { rank, deeper } => {
                let binds_more = page.level().taken.is_some_and(|taken| taken > *rank);
                if binds_more || !page.fits(&ops[at + 1..], page.column + 1, Some(*rank)) {
                    page.line(*deeper, Some(*rank));
                } else {
                    page.text(" ");
                }
            }
            Op::Line { blank } => match (page.level().broken, blank) {
                (true, _) => page.line(0, None),
                (false, true) => page.text(" "),
                (false, false) => {}
            },
            Op::LastLine => {
                let broken = page.level().broken;
                if let (true, Some(level)) = (broken, page.levels.last_mut()) {
                    level.indent = level.around;
                    page.line(0, None);
                } else {
                    page.text(" ");
                }
            }
            Op::LastComma => {
                if page.level().broken {
                    page.text(",");
                }
            }
            Op::Hard { deeper, rank } => page.line(*deeper, *rank),
            Op::Empty => {
                if page.begun.is_none() {
                    page.line(0, None);
                }
                page.out.push('\n');
            }
            Op::Open(indent) => page.open(*indent, &ops[at + 1..]),
            Op::Close => {
                page.levels.pop();
            }
        }
    }
    page.out
}

impl Page {
    fn level(&self) -> Level {
        self.levels.last().copied().unwrap_or(Level { indent: 0, around: 0, broken: true, taken: None })
    }

    /// Where the next text begins.
    fn here(&self) -> usize {
        self.begun.unwrap_or(self.column)
    }

    fn text(&mut self, text: &str) {
        if let Some(indent) = self.begun.take() {
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.column = indent;
        }
        self.out.push_str(text);
        self.column += width(text);
    }

    fn line(&mut self, deeper: usize, rank: Option<u8>) {
        if let (Some(level), Some(_)) = (self.levels.last_mut(), rank) {
            level.taken = rank;
        }
        if self.begun.is_none() {
            self.out.push('\n');
        }
        self.begun = Some(self.level().indent + deeper);
        self.column = 0;
    }

    fn open(&mut self, indent: Indent, behind: &[Op<'_>]) {
        let around = self.level().indent;
        let level = match indent {
            Indent::Nest(n) => Level { indent: around + n, around, broken: true, taken: None },
            Indent::Here(n) => Level { indent: self.here() + n, around, broken: true, taken: None },
            Indent::Group(n) => {
                Level { indent: around + n, around, broken: !self.fits(behind, self.here(), None), taken: None }
            }
        };
        self.levels.push(level);
    }

    /// What follows fits into the line, up to the next break of this rank or around; of a group: to its end and the
    /// next break behind it.
    fn fits(&self, ops: &[Op<'_>], from: usize, rank: Option<u8>) -> bool {
        let (mut column, mut depth) = (from, 0usize);
        // groups around that have been left
        let mut left = 0;
        for op in ops {
            match op {
                Op::Text(text) => column += width(text),
                Op::Blanks(n) => column += n,
                Op::Break { rank: other, .. } => {
                    let ends = left > 0 || (depth == 0 && rank.is_some_and(|r| *other <= r));
                    if ends {
                        return true;
                    }
                    column += 1;
                }
                Op::Line { .. } | Op::LastLine if left > 0 && depth > 0 => return true,
                Op::LastLine => column += 1,
                Op::Line { blank } => {
                    let around = (left > 0).then(|| self.levels[self.levels.len().saturating_sub(left + 1)]);
                    if around.is_some_and(|l| l.broken) {
                        return true;
                    }
                    column += usize::from(*blank);
                }
                Op::LastComma => {}
                Op::Hard { .. } | Op::Empty | Op::Trailing(_) => return column <= self.width,
                Op::Open(_) => depth += 1,
                Op::Close if depth > 0 => depth -= 1,
                Op::Close => left += 1,
            }
            if column > self.width {
                return false;
            }
        }
        true
    }
}
