//! `median(count(…) per … by …)`: the middle of what each of several comes to.

use super::super::hir::{Expr, Func, Key};
use super::{Typer, convert, idents};
use crate::data::Type;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, Median};

impl Typer<'_, '_> {
    /// As of any aggregate: what is added up for each, the type of the median, and that it may be absent.
    pub(super) fn median_value(
        &mut self,
        h: &ast::History,
        median: &Median,
        root: u8,
    ) -> Option<(Option<Expr>, Type, bool)> {
        let of = median.of;
        if !matches!(of, Func::Count | Func::Sum) {
            return self.fail(
                Diagnostic::error(
                    Code::BadAggregate,
                    format!("a median is that of counts or of sums, not of `{}`", of.word()),
                    median.of_span,
                    "neither `count` nor `sum`",
                )
                .help("write `median(count(RECORD …) per KEY by GROUP)` or `median(sum(RECORD.FIELD …) per KEY by GROUP)`"),
            );
        }
        if let Some(inside) = median.inside {
            return self.fail(
                Diagnostic::error(
                    Code::NoGroup,
                    format!("inside of a median, `{}` has no keys of its own", of.word()),
                    inside,
                    "keys inside",
                )
                .help("they stand behind it, `per` whose it is and `by` with whom it is compared:\n    median(count(export over 30 days) per actor by actor.unit)"),
            );
        }
        let (value, ty, _) = self.history_value(h, of, root)?;
        Some(match (value, ty) {
            (None, _) => (None, Type::Decimal, true),
            // The mean of two whole numbers need not be one.
            (Some(value), Type::Int) => (Some(convert(value, Type::Decimal)), Type::Decimal, true),
            (value, ty) => (value, ty, true),
        })
    }

    /// By what its records are told apart; none at all for what is no median.
    pub(super) fn median_keys(&mut self, h: &ast::History, root: u8) -> Option<Vec<Expr>> {
        let Some(median) = &h.median else { return Some(Vec::new()) };
        if median.per.is_empty() {
            let kind = self.roots[root as usize].0;
            let schema = &self.world.schema;
            let subject = schema.kind(kind).subject().map_or("FIELD", |c| schema.column(kind, c).name.as_str());
            let of = median.of.word();
            let d = Diagnostic::error(
                Code::BadAggregate,
                format!("the median of whose `{of}`?"),
                median.of_span,
                "there is one for each of several, and nothing says of which",
            );
            let fixed = format!("{} per {subject}", self.text(median.of_span));
            return self.fail(self.world.report.rewrite(d, "say by what they are told apart:", median.of_span, &fixed));
        }
        let keys: Vec<Option<Expr>> = median.per.iter().map(|path| self.median_key(path, root)).collect();
        keys.into_iter().collect()
    }

    fn median_key(&mut self, path: &ast::Expr, root: u8) -> Option<Expr> {
        if let ast::ExprKind::Every { .. } = &path.kind {
            return self.stray_every(path);
        }
        let key = self.with(true, true, |t| t.walk(root, &idents(path)?))?;
        if !matches!(key.ty, Type::Struct | Type::List(_) | Type::Set(_)) {
            return Some(key);
        }
        self.fail(
            Diagnostic::error(
                Code::NoGroup,
                format!("`{}` cannot tell whose records these are", self.quote(path.span)),
                path.span,
                format!("this is {}", self.a_type(&key.ty)),
            )
            .help("a key is a single value"),
        )
    }

    /// Nothing is written: the median of one subject alone says nothing.
    pub(super) fn compared_with_whom(&self, h: &ast::History) -> Option<Vec<Key>> {
        let d = Diagnostic::error(
            Code::NoGroup,
            format!("the median over whose `{}`?", h.kind.text),
            h.span,
            "nothing says who is compared with whom",
        );
        let text = self.text(h.span);
        let open = text.strip_suffix(')').unwrap_or(text).trim_end();
        let why = "name a field that those have in common who are compared, as in `by actor.unit`, or compare all:";
        self.fail(self.world.report.rewrite(d, why, h.span, &format!("{open} across everyone)")))
    }
}
