//! Lists in braces: fields, enum words, map entries, the fields of a given record.

use super::*;
use crate::syntax::lower::tests::{Cell, Line};
use crate::syntax::scan::Scanned;
use crate::syntax::slips::{commas_before, joined, slip};
use ast::{EnumWord, MapEntry, TypeExprKind};

/// Nested lists are read piece by piece down to here.
const MOST_LEVELS: usize = 8;

/// More words than these are not meant to be one.
const MOST_WORDS: usize = 5;

/// What the elements of a list are.
#[derive(Clone, Copy)]
struct Elements {
    rule: Rule,
    /// What a message calls one.
    what: &'static str,
    /// The sign behind the name: a word with it behind begins an element.
    sign: &'static str,
    commas: bool,
}

/// A piece of a list.
enum Piece<'a> {
    Fits(Nodes<'a>),
    /// Whether it can be taken nevertheless.
    DoesNot,
    /// What is wrong with it has been told.
    Told,
}

type Keep<'k, 'a> = dyn FnMut(&mut Reader<'a>, &Range<usize>, Piece<'a>) -> bool + 'k;

impl<'a> Reader<'a> {
    pub(super) fn field_list(&mut self, inner: Range<usize>, level: usize) -> Vec<Field> {
        let elements = Elements { rule: Rule::only_field, what: "field", sign: ":", commas: true };
        let mut fields = Vec::new();
        self.list(inner, elements, &mut |reader, range, piece| match piece {
            Piece::Fits(nodes) => {
                fields.extend(reader.lowered(nodes, range, |lower, node| match node.as_rule() {
                    Rule::field => lower.field(node),
                    _ => None,
                }));
                true
            }
            Piece::DoesNot => {
                let nested = reader.nested(range, level).or_else(|| reader.nested_beside(range, level));
                let Some((name, open, close)) = nested else { return false };
                let inner = reader.field_list(open + 1..close, level + 1);
                let span = reader.place.range(range.start, close);
                let ty = TypeExpr {
                    kind: TypeExprKind::Struct(inner),
                    optional: false,
                    span: reader.place.range(open, close),
                };
                fields.push(Field { doc: None, name, ty, marks: Vec::new(), span });
                true
            }
            Piece::Told => {
                // So that who reads it is not told that it is not there.
                if let Some((name, after)) = reader.named(range, ":").or_else(|| reader.beside(range)) {
                    let span = reader.place.range(range.start, after);
                    let ty = TypeExpr { kind: TypeExprKind::Error, optional: false, span };
                    fields.push(Field { doc: None, name, ty, marks: Vec::new(), span });
                }
                true
            }
        });
        fields
    }

    pub(super) fn given_list(&mut self, inner: Range<usize>, level: usize) -> Vec<GivenField> {
        let elements = Elements { rule: Rule::only_given_field, what: "field", sign: ":", commas: true };
        let mut fields = Vec::new();
        self.list(inner, elements, &mut |reader, range, piece| match piece {
            Piece::Fits(nodes) => {
                fields.extend(reader.lowered(nodes, range, |lower, node| lower.given_field(node)));
                true
            }
            Piece::DoesNot => {
                let Some((name, open, close)) = reader.nested(range, level) else { return false };
                let value = GivenValue::Record(reader.given_list(open + 1..close, level + 1));
                fields.push(GivenField { name, value, span: reader.place.range(range.start, close) });
                true
            }
            Piece::Told => false,
        });
        fields
    }

    /// The rows of a grid, its cells read one by one.
    pub(super) fn grid(&mut self, open: usize, close: usize) -> Option<ast::Grid> {
        let scanned = self.place.scanned;
        let mut lines: Vec<Line> = Vec::new();
        let mut at = open + 1;
        while at < close {
            let bars = if scanned.is(at, "|") { 1 } else { usize::from(scanned.is(at, "||")) * 2 };
            let span = self.place.span(at);
            if bars > 0 {
                match lines.last_mut() {
                    Some(line) if !scanned.tokens[at].starts_line => {
                        let empty = bars - usize::from(!line.after_bar);
                        line.cells.extend((0..empty).map(|_| Cell::Empty));
                        line.span = line.span.to(span);
                    }
                    _ => lines.push(Line { cells: (1..bars).map(|_| Cell::Empty).collect(), after_bar: true, span }),
                }
                lines.last_mut()?.after_bar = true;
                at += 1;
                continue;
            }
            let mut depth = 0usize;
            let end = (at..close).find(|&i| {
                match scanned.kind(i) {
                    K::OpenBrace | K::OpenParen | K::OpenBracket => depth += 1,
                    K::CloseBrace | K::CloseParen | K::CloseBracket => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let bar = scanned.is(i, "|") || scanned.is(i, "||");
                bar && (depth == 0 || scanned.tokens[i].starts_line)
            });
            let end = end.unwrap_or(close);
            if let (Some(piece), Some(line)) = (self.trimmed(at..end), lines.last_mut()) {
                line.after_bar = false;
                line.span = line.span.to(self.place.range(piece.start, piece.end - 1));
                let cell = match self.read(Rule::only_cell, &piece) {
                    Ok(nodes) => self.lowered(nodes, &piece, |lower, node| match node.as_rule() {
                        Rule::cell => Some(lower.cell(node)),
                        _ => None,
                    }),
                    Err(failure) => {
                        self.tell(&piece, &failure, "cell");
                        self.skip(piece.clone());
                        Vec::new()
                    }
                };
                let error = || ast::Expr { kind: ast::ExprKind::Error, span: self.place.span(piece.start) };
                let cell = cell.into_iter().next().unwrap_or_else(|| Cell::Value(GivenValue::Expr(error())));
                lines.last_mut()?.cells.push(cell);
            }
            at = end;
        }
        let span = self.place.range(open, close.min(scanned.tokens.len() - 1));
        self.lower(&(open..close), |lower| lower.rows(lines, span))
    }

    pub(super) fn entry_list(&mut self, inner: Range<usize>) -> Vec<MapEntry> {
        let elements = Elements { rule: Rule::only_map_entry, what: "entry", sign: "=", commas: false };
        let mut entries = Vec::new();
        self.list(inner, elements, &mut |reader, range, piece| {
            let Piece::Fits(nodes) = piece else { return false };
            entries.extend(reader.lowered(nodes, range, |lower, node| lower.map_entry(node)));
            true
        });
        entries
    }

    pub(super) fn word_list(&mut self, inner: Range<usize>) -> Vec<EnumWord> {
        let elements = Elements { rule: Rule::only_enum_word, what: "word", sign: "", commas: true };
        let mut words = Vec::new();
        self.list(inner, elements, &mut |reader, range, piece| {
            match piece {
                Piece::Fits(nodes) => words.extend(reader.lowered(nodes, range, |lower, node| match node.as_rule() {
                    Rule::enum_word => lower.enum_word(&node),
                    _ => None,
                })),
                Piece::DoesNot => match reader.several_words(range) {
                    Some(last) => words.push(reader.joined(range.start, last)),
                    None => return false,
                },
                Piece::Told => return false,
            }
            true
        });
        words
    }

    /// `public official` on one line, between commas: the last of the words.
    fn several_words(&self, piece: &Range<usize>) -> Option<usize> {
        let scanned = self.place.scanned;
        let mut words = piece.clone().filter(|&i| !scanned.kind(i).is_trivia());
        let plain = |i: usize| scanned.kind(i) == K::Word && (i == piece.start || !scanned.tokens[i].starts_line);
        let beside = |i: Option<usize>| i.is_some_and(|i| scanned.is(i, ","));
        let parted = beside(scanned.significant_before(piece.start)) || beside(Some(scanned.significant(piece.end)));
        let all = words.clone().take(MOST_WORDS + 1).count();
        (parted && (2..=MOST_WORDS).contains(&all) && words.all(plain))
            .then(|| scanned.significant_before(piece.end))
            .flatten()
    }

    /// Few words on one line may be one.
    fn beside_each_other(&self, pieces: Vec<(Range<usize>, bool)>) -> Vec<(Range<usize>, bool)> {
        let scanned = self.place.scanned;
        let goes_on = |pair: &[(Range<usize>, bool)]| {
            !pair[0].1 && !scanned.tokens[scanned.significant(pair[1].0.start)].starts_line
        };
        let mut joined = Vec::with_capacity(pieces.len());
        let mut rest = &pieces[..];
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(1 + rest.windows(2).take_while(|pair| goes_on(pair)).count());
            match run {
                [first, .., last] if run.len() <= MOST_WORDS => joined.push((first.0.start..last.0.end, last.1)),
                _ => joined.extend_from_slice(run),
            }
            rest = behind;
        }
        joined
    }

    /// The word that several are, told with how it is spelled.
    fn joined(&mut self, first: usize, last: usize) -> EnumWord {
        let (error, text) = joined(&self.place, first, last);
        self.errors.push(error);
        let span = self.place.range(first, last);
        EnumWord { name: Ident { text, span }, spelling: None }
    }

    /// `name: { … }` with nothing behind it.
    fn nested(&mut self, piece: &Range<usize>, level: usize) -> Option<(Ident, usize, usize)> {
        let scanned = self.place.scanned;
        let (name, colon) = self.named(piece, ":")?;
        let open = scanned.significant((colon + 1).min(scanned.tokens.len() - 1));
        if level >= MOST_LEVELS || open >= piece.end || scanned.kind(open) != K::OpenBrace {
            return None;
        }
        let close = self.close(open, piece.end)?;
        self.trimmed(close + 1..piece.end).is_none().then_some((name, open, close))
    }

    /// `giver { name: text }`
    fn nested_beside(&mut self, piece: &Range<usize>, level: usize) -> Option<(Ident, usize, usize)> {
        let scanned = self.place.scanned;
        let (name, open) = self.followed(piece, |scanned, after| scanned.kind(after) == K::OpenBrace)?;
        let close = self.close(open, piece.end).filter(|_| level < MOST_LEVELS)?;
        if self.trimmed(close + 1..piece.end).is_some() {
            return None;
        }
        let error = slip("a `:` stands between a field and what it is", self.place.range(piece.start, open), "no `:`");
        let (before, end) = (scanned.significant_before(open)?, self.place.span(piece.start).end);
        let behind = Span { start: end, end, ..self.place.span(before) };
        self.errors.push(self.place.mend(error, behind, ":", "add the `:`"));
        Some((name, open, close))
    }

    /// The word that a piece begins with, and where the sign behind it is.
    fn named(&self, piece: &Range<usize>, sign: &str) -> Option<(Ident, usize)> {
        self.followed(piece, |scanned, after| scanned.is(after, sign))
    }

    /// `id text`, `id = text`, `id?: text`, `giver { … }`
    fn beside(&self, piece: &Range<usize>) -> Option<(Ident, usize)> {
        let sign = |scanned: &Scanned<'_>, after| scanned.is(after, "=") || scanned.is(after, "?");
        let begins = |scanned: &Scanned<'_>, after| matches!(scanned.kind(after), K::Word | K::OpenBrace);
        self.followed(piece, |scanned, after| begins(scanned, after) || sign(scanned, after))
    }

    fn followed(&self, piece: &Range<usize>, by: impl Fn(&Scanned<'_>, usize) -> bool) -> Option<(Ident, usize)> {
        let scanned = self.place.scanned;
        let after = scanned.significant(piece.start + 1);
        let fits = after < piece.end && scanned.kind(piece.start) == K::Word && by(scanned, after);
        fits.then(|| {
            let name = Ident { text: scanned.token_text(piece.start).to_owned(), span: self.place.span(piece.start) };
            (name, after)
        })
    }

    /// Reads the elements of a list.
    fn list(&mut self, inner: Range<usize>, elements: Elements, keep: &mut Keep<'_, 'a>) {
        let mut missing = Vec::new();
        self.each_piece(inner, elements, keep, &mut missing);
        self.errors.extend(commas_before(&self.place, &missing));
    }

    /// `missing`: the elements before which a comma is.
    fn each_piece(
        &mut self,
        inner: Range<usize>,
        elements: Elements,
        keep: &mut Keep<'_, 'a>,
        missing: &mut Vec<usize>,
    ) {
        let scanned = self.place.scanned;
        let pieces = self.elements(inner.clone(), elements);
        let pieces = if elements.what == "word" { self.beside_each_other(pieces) } else { pieces };
        for (index, (piece, comma)) in pieces.iter().enumerate() {
            let Some(piece) = self.trimmed(piece.clone()) else {
                if *comma {
                    let span = self.place.span(piece.end);
                    self.errors.push(
                        Diagnostic::error(Code::SyntaxError, "nothing before this `,`", span, "not needed")
                            .help("leave the comma out")
                            .fix("leave the comma out", span, ""),
                    );
                }
                continue;
            };
            if self.errors.len() > ENOUGH_ERRORS {
                self.skip(piece.start..inner.end);
                return;
            }
            let told = self.errors.len();
            self.element(piece, elements, keep, missing);
            let next = pieces.get(index + 1).map(|(next, _)| scanned.significant(next.start));
            let faulty = self.errors.len() > told;
            let apart = |next: &usize| !faulty || scanned.tokens[*next].starts_line;
            if let Some(next) = next.filter(|_| !*comma && elements.commas).filter(apart) {
                missing.push(next);
            }
        }
    }

    fn element(&mut self, piece: Range<usize>, elements: Elements, keep: &mut Keep<'_, 'a>, missing: &mut Vec<usize>) {
        let mut rest = piece;
        while self.errors.len() <= ENOUGH_ERRORS {
            let failure = match self.read(elements.rule, &rest) {
                Ok(nodes) => {
                    keep(self, &rest, Piece::Fits(nodes));
                    return;
                }
                Err(failure) => failure,
            };
            let at = self.failed_at(&rest, &failure);
            let several = elements.what == "word" && self.several_words(&rest).is_some();
            if at > rest.start && at < rest.end && !several && self.begins(at, elements) {
                let before = rest.start..at;
                if let Ok(nodes) = self.read(elements.rule, &before) {
                    keep(self, &before, Piece::Fits(nodes));
                    if elements.commas {
                        missing.push(at);
                    }
                    rest.start = at;
                    continue;
                }
            }
            if keep(self, &rest, Piece::DoesNot) {
                return;
            }
            self.tell(&rest, &failure, elements.what);
            keep(self, &rest, Piece::Told);
            let next = self.next_line(at, rest.end);
            self.skip(rest.start..next);
            match self.trimmed(next..rest.end) {
                Some(next) => rest = next,
                None => return,
            }
        }
        self.skip(rest);
    }

    /// The next line behind a fault that begins with a word, outside of brackets.
    fn next_line(&self, at: usize, end: usize) -> usize {
        let scanned = self.place.scanned;
        let mut depth = 0usize;
        for index in at + 1..end {
            match scanned.kind(index) {
                K::OpenBrace | K::OpenParen | K::OpenBracket => depth += 1,
                K::CloseBrace | K::CloseParen | K::CloseBracket => depth = depth.saturating_sub(1),
                K::Word if depth == 0 && scanned.tokens[index].starts_line && !scanned.is(index, "as") => return index,
                _ => {}
            }
        }
        end
    }

    /// An element begins here.
    fn begins(&self, index: usize, elements: Elements) -> bool {
        let scanned = self.place.scanned;
        if scanned.kind(index) != K::Word {
            return false;
        }
        let mut next = scanned.significant(index + 1);
        while elements.sign == "=" && scanned.is(next, ".") {
            next = scanned.significant(next + 1);
            next = scanned.significant(next + usize::from(scanned.kind(next) == K::Word));
        }
        // `note?: text`
        if elements.sign == ":" && scanned.is(next, "?") {
            next = scanned.significant(next + 1);
        }
        elements.sign.is_empty() || scanned.is(next, elements.sign)
    }

    /// An element begins here, behind another without a comma.
    fn begins_anew(&self, index: usize, elements: Elements) -> bool {
        let scanned = self.place.scanned;
        let Some(before) = scanned.significant_before(index) else { return false };
        match elements.sign {
            "" => matches!(scanned.kind(before), K::Word | K::Text),
            _ => !scanned.is(before, ".") && self.begins(index, elements),
        }
    }

    /// `class: one of "a", "b"`: what stands behind this comma is of the element that begins there.
    fn chooses(&self, start: usize, comma: usize, elements: Elements) -> bool {
        let scanned = self.place.scanned;
        let behind = |index: usize| scanned.significant((index + 1).min(scanned.tokens.len() - 1));
        let sign = behind(scanned.significant(start));
        let next = behind(comma);
        scanned.is(sign, ":")
            && scanned.is(behind(behind(sign)), "of")
            && matches!(scanned.token_text(behind(sign)), "one" | "any" | "either")
            && matches!(scanned.kind(next), K::Text | K::Word)
            && !self.begins(next, elements)
    }

    /// Cuts a list at its commas, and where an element begins without one. With each: whether a comma ends it.
    fn elements(&self, inner: Range<usize>, elements: Elements) -> Vec<(Range<usize>, bool)> {
        let scanned = self.place.scanned;
        let mut pieces = Vec::new();
        let (mut start, mut depth, mut any) = (inner.start, 0usize, false);
        for index in inner.clone() {
            let token = scanned.tokens[index];
            match token.kind {
                kind if kind.is_trivia() => continue,
                K::OpenBrace | K::OpenParen | K::OpenBracket => depth += 1,
                K::CloseBrace | K::CloseParen | K::CloseBracket => depth = depth.saturating_sub(1),
                K::Sign if depth == 0 && scanned.is(index, ",") => {
                    if elements.sign == ":" && self.chooses(start, index, elements) {
                        continue;
                    }
                    pieces.push((start..index, true));
                    start = index + 1;
                    any = false;
                    continue;
                }
                K::Word if depth == 0 && any && self.begins_anew(index, elements) => {
                    pieces.push((start..index, false));
                    start = index;
                }
                _ => {}
            }
            any = true;
        }
        if any {
            pieces.push((start..inner.end, false));
        }
        pieces
    }
}
