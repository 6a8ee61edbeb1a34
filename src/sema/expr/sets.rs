//! Membership and text tests.

use super::super::hir::{Constant, Expr, ExprKind, TextOp};
use super::super::world::Decl;
use super::{Typer, bool_expr, convert, fold};
use crate::data::build::shortened;
use crate::data::limits::{bytes, grouped};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast;
use regex::RegexBuilder;

impl<'a> Typer<'_, 'a> {
    pub(super) fn tested(&mut self, e: &ast::Expr, left: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        let around = self.around.replace(e.span);
        let out = self.with(false, true, |t| t.expr(left, expect));
        self.around = around;
        out
    }

    pub(super) fn is_in(
        &mut self,
        e: &ast::Expr,
        item: &ast::Expr,
        set: &ast::Expr,
        negated: bool,
        ignoring_case: bool,
    ) -> Option<Expr> {
        if let ast::ExprKind::Every { column, of } = &set.kind {
            return self.in_every(e, item, (set, column, of), negated, ignoring_case);
        }
        if !self.is_constant_set(set) {
            return self.in_column(e, item, set, negated, ignoring_case);
        }
        let item_expr = self.tested(e, item, None)?;
        if matches!(item_expr.ty, Type::List(_) | Type::Set(_) | Type::Struct) {
            let is = self.a_type(&item_expr.ty);
            return self.fail(
                Diagnostic::error(
                    Code::Incomparable,
                    format!("`{}` is {is}; one value is looked for", self.quote(item.span)),
                    item.span,
                    "several values",
                )
                .help("test for one value: `x in list`"),
            );
        }
        self.case(e.span, &item_expr.ty, ignoring_case)?;
        let mut values = Vec::new();
        let ok = self.elements(set, &item_expr, &mut values);
        ok?;
        let kind = ExprKind::In { item: Box::new(item_expr), set: values, ignoring_case };
        Some(self.maybe_not(e.span, kind, negated))
    }

    /// `not in` is false, too, where the value is absent.
    fn maybe_not(&self, span: Span, kind: ExprKind, negated: bool) -> Expr {
        let item = match &kind {
            ExprKind::In { item, .. } | ExprKind::InColumn { item, .. } if negated && item.optional => {
                Some(item.as_ref().clone())
            }
            _ => None,
        };
        let test = bool_expr(kind, span);
        if !negated {
            return test;
        }
        let not = bool_expr(ExprKind::Not(Box::new(test)), span);
        match item {
            None => not,
            Some(item) => {
                let present = bool_expr(ExprKind::Present(Box::new(item)), span);
                bool_expr(ExprKind::And(vec![present, not]), span)
            }
        }
    }

    pub(super) fn case(&self, span: Span, ty: &Type, ignoring_case: bool) -> Option<()> {
        if !ignoring_case || self.textual(ty) {
            return Some(());
        }
        self.fail(
            Diagnostic::error(
                Code::NotText,
                "only text has a case to ignore",
                span,
                format!("this looks for {}", self.a_type(ty)),
            )
            .help("take `ignoring case` out"),
        )
    }

    pub(super) fn is_constant_set(&self, set: &ast::Expr) -> bool {
        match &set.kind {
            ast::ExprKind::Set(_) | ast::ExprKind::Error => true,
            ast::ExprKind::Name(name) => {
                matches!(self.plain_decl(&name.text), Some(Decl::Let(_) | Decl::Param(_)))
            }
            _ => false,
        }
    }

    /// Adds the constants of a set, each of the item's type.
    pub(super) fn elements(&mut self, set: &ast::Expr, item: &Expr, out: &mut Vec<Value>) -> Option<()> {
        match &set.kind {
            ast::ExprKind::Set(elements) => {
                out.reserve_exact(elements.len());
                let mut ok = Some(());
                for element in elements {
                    if self.is_set(element) {
                        ok = self.elements(element, item, out).and(ok);
                        continue;
                    }
                    match self.element(element, item) {
                        Some(value) => out.push(value),
                        None => ok = None,
                    }
                }
                ok
            }
            ast::ExprKind::Name(name) => match self.plain_decl(&name.text) {
                Some(Decl::Let(decl)) => self.inside(&decl.name.text, decl.name.span, name.span, |t| {
                    t.world.named_value(name);
                    if t.is_set(&decl.value) {
                        return t.elements(&decl.value, item, out);
                    }
                    t.not_a_set(set, Some(decl.name.span))
                }),
                Some(Decl::Param(param)) => match self.param_value(name)? {
                    (Type::List(of) | Type::Set(of), Constant::Set(values)) => {
                        if !self.same(of, &item.ty) {
                            let d = Diagnostic::error(
                                Code::Incomparable,
                                format!("`{}` holds {}, not {}", name.text, self.a_type(of), self.a_type(&item.ty)),
                                set.span,
                                "of another type",
                            );
                            return self.fail(d.label(param.name.span, "declared here"));
                        }
                        out.extend(values.iter().cloned());
                        Some(())
                    }
                    _ => self.not_a_set(set, Some(param.name.span)),
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it is a set, or the name of one.
    pub(super) fn is_set(&self, e: &ast::Expr) -> bool {
        match &e.kind {
            ast::ExprKind::Set(_) => true,
            ast::ExprKind::Name(name) => match self.plain_decl(&name.text) {
                Some(Decl::Let(item)) => matches!(item.value.kind, ast::ExprKind::Set(_)),
                Some(Decl::Param(_)) => {
                    matches!(self.world.params.get(name.text.as_str()), Some((_, Constant::Set(_))))
                }
                _ => false,
            },
            _ => false,
        }
    }

    pub(super) fn not_a_set<T>(&self, set: &ast::Expr, declared: Option<Span>) -> Option<T> {
        let d = Diagnostic::error(
            Code::Incomparable,
            format!("`{}` is no set", self.quote(set.span)),
            set.span,
            "a set or list is needed here",
        );
        let d = match declared {
            Some(span) => d.label(span, "declared here"),
            None => d,
        };
        let text = self.quote(set.span);
        self.fail(self.world.report.rewrite(d, "one value is a set in braces:", set.span, &format!("{{ {text} }}")))
    }

    fn element(&mut self, element: &ast::Expr, item: &Expr) -> Option<Value> {
        let expr = self.value(element, Some(&item.ty))?;
        let (left, right) = self.unify(item.clone(), expr, element.span, "compare")?;
        if left.ty != item.ty {
            // The item would have to change its type for one element: an `int` among decimals, a time among dates.
            let d = Diagnostic::error(
                Code::Incomparable,
                format!(
                    "`{}` is {}, and {} is looked for",
                    self.quote(element.span),
                    self.a_type(&right.ty),
                    self.a_type(&item.ty)
                ),
                element.span,
                "of another type",
            );
            return self.fail(d.help("the elements of a set are of the type of what is looked for"));
        }
        self.folded(&right)
    }

    /// The constant's value; told where it is none.
    pub fn folded(&self, expr: &Expr) -> Option<Value> {
        fold(expr, &self.world.policy(self.file).zone).or_else(|| {
            self.fail(
                Diagnostic::error(
                    Code::NotConstant,
                    format!("`{}` is not a constant", self.quote(expr.span)),
                    expr.span,
                    "known only for each record",
                )
                .help("write a literal, or the name of a `let` or `param`"),
            )
        })
    }

    fn in_column(
        &mut self,
        e: &ast::Expr,
        item: &ast::Expr,
        list: &ast::Expr,
        negated: bool,
        ignoring_case: bool,
    ) -> Option<Expr> {
        let list_expr = self.tested(e, list, None)?;
        let of = match &list_expr.ty {
            Type::List(of) | Type::Set(of) => (**of).clone(),
            _ => return self.not_a_set(list, None),
        };
        let item_expr = self.tested(e, item, Some(&of))?;
        let item_expr = match (&item_expr.ty, &of) {
            (Type::Int, Type::Decimal) => convert(item_expr, Type::Decimal),
            (a, b) if self.same(a, b) => item_expr,
            _ => {
                let d = Diagnostic::error(
                    Code::Incomparable,
                    format!(
                        "`{}` is {}, and `{}` holds {}",
                        self.quote(item.span),
                        self.a_type(&item_expr.ty),
                        self.quote(list.span),
                        self.a_type(&of)
                    ),
                    e.span,
                    "of two types",
                );
                return self.fail(d.help("look for a value of the list's own type"));
            }
        };
        self.case(e.span, &of, ignoring_case)?;
        let kind = ExprKind::InColumn { item: Box::new(item_expr), list: Box::new(list_expr), ignoring_case };
        Some(self.maybe_not(e.span, kind, negated))
    }

    pub(super) fn text_test(
        &mut self,
        e: &ast::Expr,
        op: ast::TextOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        ignoring_case: bool,
    ) -> Option<Expr> {
        let left_expr = self.tested(e, left, None);
        if let (Some(list), ast::TextOp::Contains) = (&left_expr, op)
            && matches!(list.ty, Type::List(_) | Type::Set(_))
        {
            return self.in_column(e, right, left, false, ignoring_case);
        }
        if op == ast::TextOp::InDomain {
            let left = left_expr?;
            self.is_text(&left, op_span)?;
            let domains = self.domains(right, &left)?;
            return Some(bool_expr(ExprKind::InDomain { host: Box::new(left), domains }, e.span));
        }
        let right_expr = if self.is_flexible(right) && !matches!(right.kind, ast::ExprKind::Number(_)) {
            self.tested(e, right, Some(&Type::Text))
        } else {
            self.tested(e, right, None)
        };
        let (left, right) = (left_expr?, right_expr?);
        self.is_text(&left, op_span)?;
        self.is_text(&right, op_span)?;
        let op = match op {
            ast::TextOp::StartsWith => TextOp::StartsWith,
            ast::TextOp::EndsWith => TextOp::EndsWith,
            _ => TextOp::Contains,
        };
        let kind = ExprKind::TextTest { op, left: Box::new(left), right: Box::new(right), ignoring_case };
        Some(bool_expr(kind, e.span))
    }

    fn is_text(&self, expr: &Expr, op_span: Span) -> Option<()> {
        if self.textual(&expr.ty) {
            return Some(());
        }
        let op = self.quote(op_span);
        let d = Diagnostic::error(
            Code::NotText,
            format!("`{op}` tests text, and `{}` is {}", self.quote(expr.span), self.a_type(&expr.ty)),
            expr.span,
            "no text",
        );
        self.fail(match &expr.ty {
            Type::Enum(_) => d.help("compare an enum with its words: `==`, `in { … }`, `>=`"),
            _ => d.help("text tests are for `text` and for references by a text key"),
        })
    }

    fn domains(&mut self, set: &ast::Expr, host: &Expr) -> Option<Vec<String>> {
        let text = Expr { ty: Type::Text, ..host.clone() };
        let mut values = Vec::new();
        if self.is_set(set) {
            self.elements(set, &text, &mut values)?;
        } else {
            values.push(self.element(set, &text)?);
        }
        let mut domains = Vec::with_capacity(values.len());
        for value in values {
            let Value::Text(domain) = value else { return None };
            let plain = domain.trim_start_matches("*.").trim_matches('.').to_lowercase();
            if plain.is_empty() || plain.contains(['/', ':', '@', '*']) || plain.contains(char::is_whitespace) {
                return self.fail(
                    Diagnostic::error(Code::BadLiteral, format!("`{domain}` is no domain"), set.span, "in this set")
                        .help("a domain is a name without a scheme, port or path: `drive.google.com`"),
                );
            }
            domains.push(plain);
        }
        Some(domains)
    }

    pub(super) fn matches(
        &mut self,
        e: &ast::Expr,
        left: &ast::Expr,
        pattern: &ast::Str,
        ignoring_case: bool,
    ) -> Option<Expr> {
        let left_expr = self.tested(e, left, None);
        let ok = self.pattern(pattern, ignoring_case);
        let left_expr = left_expr?;
        if !self.textual(&left_expr.ty) {
            let is = self.a_type(&left_expr.ty);
            return self.fail(
                Diagnostic::error(
                    Code::NotText,
                    format!("`matches` tests text, and `{}` is {is}", self.quote(left.span)),
                    left.span,
                    "no text",
                )
                .help("text tests are for `text` and for references by a text key"),
            );
        }
        ok?;
        let kind = ExprKind::Matches { left: Box::new(left_expr), pattern: pattern.text.clone(), ignoring_case };
        Some(bool_expr(kind, e.span))
    }

    pub fn pattern(&self, pattern: &ast::Str, ignoring_case: bool) -> Option<()> {
        let limits = &self.world.limits;
        let before = self.world.patterns.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if before >= limits.patterns {
            let most = grouped(limits.patterns);
            let told = (before == limits.patterns).then(|| {
                Diagnostic::error(
                    Code::PolicyOverLimit,
                    format!("the policy set has more than {most} patterns"),
                    pattern.span,
                    "the first that is too many",
                )
                .help("if that is right, allow more: `--limit patterns=…`")
            });
            return told.and_then(|d| self.fail(d));
        }
        let size = usize::try_from(limits.pattern_bytes).unwrap_or(usize::MAX);
        match RegexBuilder::new(&pattern.text).case_insensitive(ignoring_case).size_limit(size).build() {
            Ok(_) => Some(()),
            Err(regex::Error::CompiledTooBig(_)) => self.fail(
                Diagnostic::error(
                    Code::BadPattern,
                    format!("the pattern `{}` is too large", shortened(&pattern.text)),
                    pattern.span,
                    format!("compiled it takes more than {}", bytes(limits.pattern_bytes)),
                )
                .help("repeat less in it: `{1,1000}` is as large as what it repeats, a thousand times"),
            ),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.fail(
                    Diagnostic::error(
                        Code::BadPattern,
                        format!("the pattern `{}` cannot be read", pattern.text),
                        pattern.span,
                        why,
                    )
                    .help("patterns are regular expressions that take linear time, without look-around or back-references"),
                )
            }
        }
    }
}
