//! `let` and `define`, put in the place where they are used.

use super::super::declare::type_of;
use super::super::hir::{Expr, ExprKind};
use super::super::names::What;
use super::foreign;
use super::{Base, Binding, Group, MAX_DEPTH, Place, Scope, Typer, convert};
use crate::data::{ColumnId, KindId, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Ident, TypeExprKind};

/// What a function takes.
enum Param {
    Kind(KindId),
    Value(Type, bool),
}

impl<'a> Typer<'_, 'a> {
    /// Reads a definition's own text: in its file, and with nothing of what is around its use in scope.
    pub(super) fn inside<T>(
        &mut self,
        name: &'a str,
        definition: Span,
        used: Span,
        f: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.active.len() >= MAX_DEPTH || self.budget == 0 {
            return self.fail(
                Diagnostic::error(
                    Code::TooLarge,
                    format!("`{name}` expands to too much"),
                    used,
                    "definitions are put in their place, and these grow too large",
                )
                .help("make the definitions that it uses fewer or flatter"),
            );
        }
        self.active.push(name);
        let scope = std::mem::take(&mut self.scope);
        let file = std::mem::replace(&mut self.file, definition.file);
        let around = self.around.take();
        let out = self.with(false, false, f);
        self.around = around;
        self.file = file;
        self.scope = scope;
        self.active.pop();
        if out.is_none() && self.budget == 0 {
            self.tell(
                Diagnostic::error(Code::TooLarge, format!("`{name}` expands to too much"), used, "too large here")
                    .help("make the definitions that it uses fewer or flatter"),
            );
        }
        out
    }

    pub(super) fn expand_let(&mut self, name: &Ident, item: &'a ast::LetItem, expect: Option<&Type>) -> Option<Expr> {
        if self.is_set(&item.value) {
            return self.fail(
                Diagnostic::error(
                    Code::NotAValue,
                    format!("`{}` is a set, not a value", name.text),
                    name.span,
                    "a set",
                )
                .label(item.name.span, "declared here")
                .help(format!("test with `in`: `x in {}`", name.text)),
            );
        }
        self.world.named_value(name);
        let body = self.inside(&item.name.text, item.name.span, name.span, |t| t.expr(&item.value, expect))?;
        Some(named(name, item.name.span, body, name.span))
    }

    pub(super) fn call(&mut self, e: &ast::Expr, name: &Ident, args: &[ast::Expr]) -> Option<Expr> {
        let world = self.world;
        if world.broken.contains(name.text.as_str()) {
            return None;
        }
        let Some(super::super::world::Decl::Define(item)) = world.values.get(name.text.as_str()) else {
            let d = Diagnostic::error(
                Code::UnknownFunction,
                format!("no function is named `{}`", name.text),
                name.span,
                "not defined",
            );
            let functions = world.values.values().filter_map(|d| match d {
                super::super::world::Decl::Define(item) => Some(item.name.text.as_str()),
                _ => None,
            });
            let mut functions: Vec<&str> = functions.collect();
            functions.sort_unstable();
            let d = match name.text.as_str() {
                "median" => d.help("a median is that of counts or of sums:\n    median(count(export over 30 days) per actor by actor.unit)"),
                other => match foreign::function(other) {
                    Some(help) => d.help(help),
                    None => world.report.suggest(d, name.span, other, functions),
                },
            };
            return self.fail(d);
        };
        world.named_value(name);
        if args.len() != item.params.len() {
            return self.fail(
                Diagnostic::error(
                    Code::WrongArity,
                    format!("`{}` takes {}, not {}", name.text, count(item.params.len()), args.len()),
                    e.span,
                    format!("{} given", count(args.len())),
                )
                .label(item.name.span, "defined here")
                .help(format!("its arguments are: {}", signature(item))),
            );
        }
        let mut scope = Scope::default();
        let mut failed = false;
        for ((param, ty), arg) in item.params.iter().zip(args) {
            match self.argument(param, ty, arg) {
                Some(binding) => {
                    if let (None, Binding::Group(Group { base: Base::Row(root), .. })) = (scope.about, &binding) {
                        scope.about = Some(*root);
                    }
                    scope.bind_first(param, binding, What::Argument);
                }
                None => failed = true,
            }
        }
        if failed {
            return None;
        }
        let body = self.inside(&item.name.text, item.name.span, e.span, |t| {
            t.scope = scope;
            t.with(false, true, |t| t.expr(&item.body, None))
        })?;
        let expr = named(name, item.name.span, body, e.span);
        self.not_bare(e, expr)
    }

    fn param(&self, ty: &ast::TypeExpr) -> Option<Param> {
        if let TypeExprKind::Name(name) = &ty.kind
            && let Some(kind) = self.world.kinds.get(name.text.as_str())
        {
            self.world.named_kind(name, *kind);
            return Some(Param::Kind(*kind));
        }
        Some(Param::Value(type_of(self.world, ty)?, ty.optional))
    }

    fn argument(&mut self, param: &Ident, ty: &ast::TypeExpr, arg: &ast::Expr) -> Option<Binding> {
        let (ty, optional) = match self.param(ty)? {
            Param::Kind(kind) => return self.record_argument(param, kind, arg),
            Param::Value(ty, optional) => (ty, optional),
        };
        let expr = self.with(optional, optional, |t| t.expr(arg, Some(&ty)))?;
        let expr = match (&expr.ty, &ty) {
            (Type::Int, Type::Decimal) => convert(expr, Type::Decimal),
            (a, b) if self.same(a, b) => expr,
            (given, _) => {
                let d = Diagnostic::error(
                    Code::WrongType,
                    format!(
                        "`{}` is {}, and `{}` is to be {}",
                        self.quote(arg.span),
                        self.a_type(given),
                        param.text,
                        self.a_type(&ty)
                    ),
                    arg.span,
                    format!("this is {}", self.a_type(given)),
                )
                .label(param.span, "the parameter is declared here");
                let wanted = Expr { ty: ty.clone(), optional: false, ..expr.clone() };
                let wanted = Expr { kind: ExprKind::AsOf, ..wanted };
                return self.fail(self.advise(d, &wanted, &expr));
            }
        };
        Some(Binding::Value(Expr { optional, ty, ..expr }))
    }

    fn record_argument(&mut self, param: &Ident, kind: KindId, arg: &ast::Expr) -> Option<Binding> {
        let place = self.with(false, false, |t| t.place(arg, None))?;
        let group = match place {
            Place::Group(group) if group.prefix.is_empty() => Some(group),
            Place::Value(expr) => match expr.ty {
                Type::Ref(table) => {
                    let expr = self.not_bare(arg, expr)?;
                    let root = match &expr.kind {
                        ExprKind::Column { root, .. } | ExprKind::Lookup { root, .. } => *root,
                        _ => 0,
                    };
                    Some(Group { kind: table, base: Base::Ref { key: Box::new(expr), root }, prefix: String::new() })
                }
                _ => None,
            },
            Place::Group(_) => None,
        };
        match group {
            Some(group) if group.kind == kind => Some(Binding::Group(group)),
            _ => {
                let wanted = self.world.kind_name(kind);
                self.fail(
                    Diagnostic::error(
                        Code::WrongType,
                        format!("`{}` is no `{wanted}`", self.quote(arg.span)),
                        arg.span,
                        format!("a `{wanted}` is needed"),
                    )
                    .label(param.span, "the parameter is declared here")
                    .help("give a record by its name or alias, or a `ref` to a table's row"),
                )
            }
        }
    }

    /// Reads a function on its own, so that what is wrong with it is told where it is defined.
    pub fn check_define(&mut self, item: &'a ast::DefineItem) {
        let mut scope = Scope::default();
        let mut seen: Vec<&Ident> = Vec::new();
        let mut failed = false;
        for (i, (name, ty)) in item.params.iter().enumerate() {
            if let Some(first) = seen.iter().find(|s| s.text == name.text) {
                self.tell(
                    Diagnostic::error(
                        Code::Duplicate,
                        format!("two parameters named `{}`", name.text),
                        name.span,
                        "again",
                    )
                    .label(first.span, "the first is here")
                    .help("rename one of them"),
                );
            }
            seen.push(name);
            match self.param(ty) {
                Some(Param::Kind(kind)) if self.roots.len() < 200 => {
                    let root = self.roots.len() as u8;
                    let time = self.event_time(kind);
                    self.roots.push((kind, time));
                    scope.about = scope.about.or(Some(root));
                    scope.bind_first(name, Binding::Group(self.row(root)), What::Argument);
                }
                Some(Param::Value(ty, optional)) => {
                    let kind = ExprKind::Column { root: u8::MAX, column: ColumnId(i as u32) };
                    let value = Expr { kind, ty, optional, span: name.span };
                    scope.bind_first(name, Binding::Value(value), What::Argument);
                }
                _ => failed = true,
            }
        }
        if failed {
            return;
        }
        self.scope = scope;
        self.alone = true;
        self.with(false, true, |t| t.expr(&item.body, None));
    }

    /// Reads a `let` on its own.
    pub fn check_let(&mut self, item: &'a ast::LetItem, file: FileId) {
        self.file = file;
        self.alone = true;
        match &item.value.kind {
            ast::ExprKind::Set(elements) => {
                for element in elements {
                    if !self.is_set(element) {
                        self.value(element, None);
                    }
                }
            }
            _ if self.is_set(&item.value) || self.is_length(&item.value) => {}
            _ => {
                self.value(&item.value, None);
            }
        }
    }
}

fn named(name: &Ident, definition: Span, body: Expr, span: Span) -> Expr {
    let (ty, optional) = (body.ty.clone(), body.optional);
    Expr { kind: ExprKind::Named { name: name.text.clone(), definition, body: Box::new(body) }, ty, optional, span }
}

fn count(n: usize) -> String {
    if n == 1 { "1 argument".into() } else { format!("{n} arguments") }
}

fn signature(item: &ast::DefineItem) -> String {
    super::super::report::list(item.params.iter().map(|(name, _)| name.text.as_str()))
}
