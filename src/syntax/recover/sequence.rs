//! A sequence that does not fit as a whole: its head and its steps, each by itself.

use super::*;

impl<'a> Reader<'a> {
    /// The sequence between these braces, as far as it can be read.
    pub(super) fn sequence(&mut self, piece: &Range<usize>, open: usize, close: usize) -> ast::Clause {
        let head = piece.start..open;
        let keyword = self.place.span(piece.start);
        let span = self.place.range(piece.start, close.min(piece.end - 1));
        let before = self.errors.len();
        let read = match self.read(Rule::only_sequence_head, &head) {
            Ok(nodes) => self
                .lowered(nodes, &head, |lower, node| {
                    (node.as_rule() == Rule::sequence_head).then(|| lower.sequence_head(&node))
                })
                .pop(),
            Err(failure) => {
                self.tell(&head, &failure, "clause");
                None
            }
        };
        let mut sequence = read.unwrap_or(ast::Sequence {
            head: self.place.range(piece.start, self.place.scanned.significant_before(open).unwrap_or(piece.start)),
            keys: ast::Keys::Subject,
            within: None,
            steps: Vec::new(),
            broken: true,
        });
        for step in self.steps(open + 1..close) {
            if self.trimmed(step.clone()).is_none() {
                let span = self.place.span(self.place.scanned.significant_before(step.end).unwrap_or(open));
                let error = Diagnostic::error(Code::SyntaxError, "a step is missing", span, "nothing after this");
                self.errors.push(error.help("a step names a kind of record: `then resignation as notice`"));
                continue;
            }
            match self.read(Rule::only_step, &step) {
                Ok(nodes) => sequence.steps.extend(self.lowered(nodes, &step, |lower, node| lower.step(node))),
                Err(failure) => {
                    self.tell(&step, &failure, "step");
                    self.skip(step);
                }
            }
        }
        sequence.broken |= self.errors.len() > before;
        ast::Clause { kind: ast::ClauseKind::On(ast::Trigger::Sequence(sequence)), keyword, span }
    }

    /// Cuts at each `then` that stands in no brackets of its own. A step without anything in it is one, too.
    fn steps(&self, inner: Range<usize>) -> Vec<Range<usize>> {
        let scanned = self.place.scanned;
        let (mut depth, mut start) = (0usize, inner.start);
        let mut steps = Vec::new();
        for index in inner.clone() {
            match scanned.kind(index) {
                K::OpenBrace | K::OpenParen | K::OpenBracket => depth += 1,
                K::CloseBrace | K::CloseParen | K::CloseBracket => depth = depth.saturating_sub(1),
                K::Word if depth == 0 && scanned.is(index, "then") => {
                    steps.push(start..index);
                    start = index + 1;
                }
                _ => {}
            }
        }
        steps.push(start..inner.end);
        steps.into_iter().map(|step| self.trimmed(step.clone()).unwrap_or(step)).collect()
    }
}
