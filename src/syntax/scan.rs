//! Cuts a text into tokens without losing a byte. It never fails: what is no word of the language is a
//! token too. The grammar reads the text by itself; the tokens are the leaves of the tree, and where a part
//! does not fit the grammar they tell what was found there.

use super::kinds::SyntaxKind;

/// A token starts here and reaches to the start of the next.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: SyntaxKind,
    /// Neither blank nor remark, and nothing but blanks before it on its line.
    pub starts_line: bool,
    pub start: u32,
}

/// A text and its tokens. Behind the last there is nothing but the end.
pub struct Scanned<'t> {
    pub text: &'t str,
    /// Ends with [`SyntaxKind::Eof`].
    pub tokens: Vec<Token>,
}

impl<'t> Scanned<'t> {
    pub fn start(&self, index: usize) -> usize {
        self.tokens.get(index).map_or(self.text.len(), |t| t.start as usize)
    }

    pub fn end(&self, index: usize) -> usize {
        self.tokens.get(index + 1).map_or(self.text.len(), |t| t.start as usize)
    }

    pub fn kind(&self, index: usize) -> SyntaxKind {
        self.tokens.get(index).map_or(SyntaxKind::Eof, |t| t.kind)
    }

    pub fn token_text(&self, index: usize) -> &'t str {
        &self.text[self.start(index)..self.end(index)]
    }

    /// The first token at or behind `index` that is neither blank nor remark; at the end, `Eof`.
    pub fn significant(&self, mut index: usize) -> usize {
        while self.kind(index).is_trivia() {
            index += 1;
        }
        index
    }

    /// The last token before `index` that is neither blank nor remark.
    pub fn significant_before(&self, index: usize) -> Option<usize> {
        (0..index).rev().find(|&i| !self.kind(i).is_trivia())
    }

    /// The token that holds this byte.
    pub fn at(&self, offset: usize) -> usize {
        self.tokens.partition_point(|t| t.start as usize <= offset).saturating_sub(1)
    }

    /// `end` without the blanks and remarks before it.
    pub fn trim_end(&self, start: usize, end: usize) -> usize {
        let mut index = self.tokens.partition_point(|t| (t.start as usize) < end);
        while index > 0 {
            index -= 1;
            if self.start(index) < start {
                break;
            }
            if !self.kind(index).is_trivia() {
                return self.end(index).min(end);
            }
        }
        start
    }

    /// The `///` lines among the blanks and remarks before a byte.
    pub fn doc_before(&self, start: usize) -> Option<String> {
        let end = self.tokens.partition_point(|t| (t.start as usize) < start);
        let begin = (0..end).rev().find(|&i| !self.kind(i).is_trivia()).map_or(0, |i| i + 1);
        let lines: Vec<&str> = (begin..end)
            .filter(|&i| self.kind(i) == SyntaxKind::DocRemark)
            .map(|i| self.token_text(i).trim_start_matches("///").trim())
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// How far the line of this token is indented, in bytes.
    pub fn indent(&self, index: usize) -> usize {
        let before = &self.text.as_bytes()[..self.start(index)];
        let line = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
        before[line..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }

    /// The token is this word or sign.
    pub fn is(&self, index: usize, text: &str) -> bool {
        self.token_text(index) == text
    }
}

pub fn scan(text: &str) -> Scanned<'_> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 4 + 2);
    let (mut at, mut line_is_blank, mut after_matches) = (0, true, false);
    while at < bytes.len() {
        let (kind, len) = next(text, at, after_matches);
        tokens.push(Token { kind, starts_line: line_is_blank && !kind.is_trivia(), start: at as u32 });
        let end = at + len;
        if kind == SyntaxKind::Blank {
            line_is_blank |= bytes[at..end].contains(&b'\n');
        } else if !kind.is_trivia() {
            line_is_blank = false;
            after_matches = kind == SyntaxKind::Word && &text[at..end] == "matches";
        }
        at = end;
    }
    tokens.push(Token { kind: SyntaxKind::Eof, starts_line: true, start: text.len() as u32 });
    Scanned { text, tokens }
}

/// Kind and length of the token at `at`.
fn next(text: &str, at: usize, after_matches: bool) -> (SyntaxKind, usize) {
    use SyntaxKind as K;
    let rest = &text.as_bytes()[at..];
    match rest[0] {
        b' ' | b'\t' | b'\r' | b'\n' => {
            (K::Blank, rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count())
        }
        b'/' if rest.starts_with(b"//") => {
            let doc = rest.get(2) == Some(&b'/') && rest.get(3) != Some(&b'/');
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            (if doc { K::DocRemark } else { K::Remark }, len)
        }
        b'/' if after_matches => closed(rest, b'/', true).map_or((K::Sign, 1), |len| (K::Regex, len)),
        b'"' => match closed(rest, b'"', true) {
            Some(len) => (K::Text, len),
            None => (K::OpenText, line_len(rest)),
        },
        b'`' => closed(rest, b'`', false).map_or((K::Unknown, 1), |len| (K::Quoted, len)),
        b'\'' => closed(rest, b'\'', true).map_or((K::Unknown, 1), |len| (K::SingleQuoted, len)),
        b if b.is_ascii_digit() => (K::Number, number_len(rest)),
        b if is_word_byte(b) || b >= 0x80 => word(&text[at..]),
        b'{' => (K::OpenBrace, 1),
        b'}' => (K::CloseBrace, 1),
        b'(' => (K::OpenParen, 1),
        b')' => (K::CloseParen, 1),
        b'[' => (K::OpenBracket, 1),
        b']' => (K::CloseBracket, 1),
        b'=' if rest.starts_with(b"===") => (K::Sign, 3),
        b'=' | b'!' | b'<' | b'>' if rest.get(1) == Some(&b'=') => (K::Sign, 2),
        b'?' | b'&' | b'|' if rest.get(1) == Some(&rest[0]) => (K::Sign, 2),
        b'=' | b'<' | b'>' | b'?' | b'+' | b'-' | b'*' | b'/' | b':' | b',' | b'.' | b'@' | b'%' | b'|' => (K::Sign, 1),
        _ => (K::Unknown, 1),
    }
}

/// By byte: whether it is a letter, a digit or `_`.
const OF_WORDS: [bool; 256] = {
    let mut of_words = [false; 256];
    let mut b = 0;
    while b < 256 {
        of_words[b] = (b as u8).is_ascii_alphanumeric() || b as u8 == b'_';
        b += 1;
    }
    of_words
};

fn is_word_byte(b: u8) -> bool {
    OF_WORDS[usize::from(b)]
}

/// A word of ASCII letters, or one character or word that the language does not have.
fn word(rest: &str) -> (SyntaxKind, usize) {
    let plain = rest.bytes().take_while(|b| is_word_byte(*b)).count();
    if plain > 0 && rest.as_bytes().get(plain).is_none_or(u8::is_ascii) {
        return (SyntaxKind::Word, plain);
    }
    let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    match len {
        0 => (SyntaxKind::Unknown, rest.chars().next().map_or(1, char::len_utf8)),
        len if rest[..len].is_ascii() => (SyntaxKind::Word, len),
        len => (SyntaxKind::Unknown, len),
    }
}

/// Length up to the closing sign on the same line.
fn closed(rest: &[u8], close: u8, escapes: bool) -> Option<usize> {
    let mut at = 1;
    while let Some(next) = memchr::memchr3(close, b'\n', b'\\', rest.get(at..)?) {
        at += next;
        match rest[at] {
            b'\n' => return None,
            b'\\' if escapes => at += 1 + usize::from(rest.get(at + 1) != Some(&b'\n')),
            b if b == close => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// Up to the end of the line, without the blanks there.
fn line_len(rest: &[u8]) -> usize {
    let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    line - rest[1..line].iter().rev().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count()
}

/// A number, date or timestamp.
fn number_len(rest: &[u8]) -> usize {
    let digits = |from: usize, want: &str| {
        want.bytes().enumerate().all(|(i, w)| match rest.get(from + i) {
            Some(b) if w == b'0' => b.is_ascii_digit(),
            Some(&b) => b == w,
            None => false,
        })
    };
    let run = |from: usize| rest[from..].iter().take_while(|&&b| b.is_ascii_digit() || b == b'_').count();
    if digits(0, "0000-00-00") {
        let mut len = 10;
        if digits(len, "T00:00") {
            len += 6;
            if digits(len, ":00") {
                len += 3;
                if digits(len, ".0") {
                    len += 1 + run(len + 1);
                }
            }
            len += match rest.get(len) {
                Some(b'Z') => 1,
                Some(b'+' | b'-') if digits(len + 1, "00:00") => 6,
                _ => 0,
            };
        }
        return len;
    }
    let whole = run(0);
    match rest.get(whole + 1) {
        Some(b) if rest[whole] == b'.' && b.is_ascii_digit() => whole + 1 + run(whole + 1),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(SyntaxKind, &str)> {
        let scanned = scan(text);
        (0..scanned.tokens.len() - 1)
            .filter(|&i| scanned.kind(i) != SyntaxKind::Blank)
            .map(|i| (scanned.kind(i), scanned.token_text(i)))
            .collect()
    }

    #[test]
    fn words_and_signs() {
        use SyntaxKind::*;
        assert_eq!(
            kinds("a>=1.5 ?? 2025-01-31T09:00+08:00 // x"),
            [
                (Word, "a"),
                (Sign, ">="),
                (Number, "1.5"),
                (Sign, "??"),
                (Number, "2025-01-31T09:00+08:00"),
                (Remark, "// x"),
            ]
        );
        assert_eq!(
            kinds("x matches /a b\\// / 2"),
            [(Word, "x"), (Word, "matches"), (Regex, "/a b\\//"), (Sign, "/"), (Number, "2"),]
        );
        assert_eq!(kinds("\"a\\\"\" \"b\nc"), [(Text, "\"a\\\"\""), (OpenText, "\"b"), (Word, "c")]);
        assert_eq!(
            kinds("“é” `a b` 'c'"),
            [(Unknown, "“"), (Unknown, "é"), (Unknown, "”"), (Quoted, "`a b`"), (SingleQuoted, "'c'"),]
        );
    }

    #[test]
    fn lines() {
        let scanned = scan("a b\n  // x\n  c");
        let starts: Vec<_> = (0..scanned.tokens.len()).filter(|&i| scanned.tokens[i].starts_line).collect();
        assert_eq!(starts.iter().map(|&i| scanned.token_text(i)).collect::<Vec<_>>(), ["a", "c", ""]);
        assert_eq!(scanned.indent(starts[1]), 2);
    }
}
