//! Who is above whom: `x under y`, and `every manager of x` as a set or a key.

use super::super::hir::{Expr, ExprKind, Key};
use super::super::world::dotted;
use super::history::idents;
use super::places::root_of;
use super::{Typer, bool_expr};
use crate::data::{ColumnId, KindId, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Ident};

/// The way up from somebody: the table, and its field that leads to the next one.
#[derive(Clone, Copy)]
struct Way {
    table: KindId,
    column: ColumnId,
    root: u8,
}

impl Typer<'_, '_> {
    /// `who under above`: the table has one field that refers to itself.
    pub(super) fn under(&mut self, e: &ast::Expr, op_span: Span, left: &ast::Expr, right: &ast::Expr) -> Option<Expr> {
        if matches!(right.kind, ast::ExprKind::Every { .. }) {
            let d = Diagnostic::error(
                Code::StrayEvery,
                "`under` asks about one person, and `every … of` is a set of them",
                right.span,
                "a set",
            );
            return self.fail(self.world.report.rewrite(d, "ask whether somebody is in it:", op_span, "in"));
        }
        let who = self.tested(e, left, None);
        if self.is_constant_set(right) {
            let who = who?;
            let (table, item) = self.leads_to(who, left.span)?;
            let column = self.only_parent(table, op_span)?;
            let mut values = Vec::new();
            self.elements(right, &item, &mut values)?;
            let way = Way { table, column, root: root_of(&item) };
            let of = |value: Value| {
                let above =
                    Expr { kind: ExprKind::Constant(value), ty: item.ty.clone(), optional: false, span: right.span };
                below(item.clone(), above, way, e.span)
            };
            let mut all: Vec<Expr> = values.into_iter().map(of).collect();
            return match all.len() {
                0 => Some(bool_expr(ExprKind::Constant(Value::Bool(false)), e.span)),
                1 => all.pop(),
                _ => Some(bool_expr(ExprKind::Or(all), e.span)),
            };
        }
        let expect = who.as_ref().map(|w| w.ty.clone());
        let above = self.tested(e, right, expect.as_ref());
        let (who, above) = (who?, above?);
        // A key written out is of the table that the other side leads to.
        let constant = |side: &Expr| matches!(side.kind, ExprKind::Constant(_) | ExprKind::Named { .. });
        let (who, above) = if constant(&who) && !matches!(who.ty, Type::Ref(_)) {
            let (table, above) = self.leads_to(above, right.span)?;
            (self.as_key(who, table, left.span)?, above)
        } else {
            let (table, who) = self.leads_to(who, left.span)?;
            (who, self.as_key(above, table, right.span)?)
        };
        let Type::Ref(table) = who.ty else { return None };
        let column = self.only_parent(table, op_span)?;
        let root = if constant(&who) { root_of(&above) } else { root_of(&who) };
        Some(below(who, above, Way { table, column, root }, e.span))
    }

    /// `item in every manager of of`
    pub(super) fn in_every(
        &mut self,
        e: &ast::Expr,
        item: &ast::Expr,
        (set, column, of): (&ast::Expr, &[Ident], &ast::Expr),
        negated: bool,
        ignoring_case: bool,
    ) -> Option<Expr> {
        if ignoring_case {
            return self.fail(
                Diagnostic::error(Code::NotText, "a key has no case to ignore", e.span, "people are looked for here")
                    .help("take `ignoring case` out"),
            );
        }
        let item_expr = self.tested(e, item, None);
        let (who, way) = self.every(set, column, of)?;
        let item_expr = self.as_key(item_expr?, way.table, item.span)?;
        let sides = [&item_expr, &who].map(Clone::clone);
        let test = below(who, item_expr, way, e.span);
        if !negated {
            return Some(test);
        }
        // As with `!=`, an absent side makes it false.
        let mut all: Vec<Expr> = Vec::new();
        for side in sides.into_iter().filter(|s| s.optional) {
            let span = side.span;
            all.push(bool_expr(ExprKind::Present(Box::new(side)), span));
        }
        let not = bool_expr(ExprKind::Not(Box::new(test)), e.span);
        if all.is_empty() {
            return Some(not);
        }
        all.push(not);
        Some(bool_expr(ExprKind::And(all), e.span))
    }

    /// `every manager of of` as a key: for each of these, the records that have it too.
    pub(super) fn every_pair(
        &mut self,
        e: &ast::Expr,
        column: &[Ident],
        of: &ast::Expr,
        kind: KindId,
        about: u8,
    ) -> Option<Key> {
        let path = match &of.kind {
            ast::ExprKind::Optional(of) => idents(of),
            _ => idents(of),
        };
        let path = path?;
        let outer = self.with(true, true, |t| t.walk(about, &path));
        let time = self.event_time(kind);
        self.roots.push((kind, time));
        let root = (self.roots.len() - 1).min(u8::MAX as usize) as u8;
        let inner = self.with(true, true, |t| t.walk(root, &path));
        self.roots.pop();
        let side = |who: Expr| {
            let (who, Way { table, column, root }) = self.way(who, column, of.span)?;
            let ty = Type::Set(Box::new(Type::Ref(table)));
            let kind = ExprKind::Every { who: Box::new(who), table, column, root };
            Some(Expr { kind, ty, optional: false, span: e.span })
        };
        Some(Key { inner: side(inner?)?, outer: side(outer?)? })
    }

    /// `every manager of of` as a key of records by themselves.
    pub fn every_key(&mut self, e: &ast::Expr, column: &[Ident], of: &ast::Expr) -> Option<Expr> {
        let path = match &of.kind {
            ast::ExprKind::Optional(of) => idents(of),
            _ => idents(of),
        };
        let who = self.with(true, true, |t| t.walk(0, &path?))?;
        let (who, Way { table, column, root }) = self.way(who, column, of.span)?;
        let ty = Type::Set(Box::new(Type::Ref(table)));
        let kind = ExprKind::Every { who: Box::new(who), table, column, root };
        Some(Expr { kind, ty, optional: false, span: e.span })
    }

    pub fn second_every<T>(&self, span: Span, first: Span) -> Option<T> {
        self.fail(
            Diagnostic::error(Code::StrayEvery, "a second `every … of` among the keys", span, "again here")
                .label(first, "the first is here")
                .help("one record counts for each of one set of people; write a rule for the other"),
        )
    }

    /// A history condition is about one person, who is above those of its records or not.
    pub(super) fn every_in_history<T>(&mut self, e: &ast::Expr, of: &ast::Expr, kind: KindId) -> Option<T> {
        let (of, name) = (self.quote(of.span), self.world.kind_name(kind));
        self.fail(
            Diagnostic::error(
                Code::StrayEvery,
                "the key of a history condition is a single value",
                e.span,
                "a set of people",
            )
            .help(format!("look at everyone's, and ask who is above: `across everyone where {name}.{of} under …`")),
        )
    }

    fn every(&mut self, e: &ast::Expr, column: &[Ident], of: &ast::Expr) -> Option<(Expr, Way)> {
        let who = self.tested(e, of, None);
        self.way(who?, column, of.span)
    }

    /// The way up from somebody by a field that is named.
    fn way(&self, who: Expr, column: &[Ident], of: Span) -> Option<(Expr, Way)> {
        let (table, who) = self.leads_to(who, of)?;
        let span = column.first()?.span.to(column.last()?.span);
        let id = self.world.column(table, column)?;
        let declared = self.world.schema.column(table, id);
        if declared.ty != Type::Ref(table) {
            let name = self.world.kind_name(table);
            let is = self.a_type(&declared.ty);
            let d = Diagnostic::error(
                Code::NobodyAbove,
                format!("`{}` leads to nobody in `{name}`", dotted(column)),
                span,
                format!("this is {is}"),
            )
            .label(declared.span, "declared here");
            let parents = self.parents(table);
            return self.fail(match parents.as_slice() {
                [] => d.help(format!("it must be of the type `ref {name}`, so that it leads on, step by step")),
                [only] => self.world.report.rewrite(d, "name the field that leads on:", span, only),
                _ => self.world.report.suggest(d, span, &dotted(column), parents.iter().map(String::as_str)),
            });
        }
        let root = root_of(&who);
        Some((who, Way { table, column: id, root }))
    }

    pub(super) fn stray_every<T>(&mut self, e: &ast::Expr) -> Option<T> {
        self.fail(
            Diagnostic::error(
                Code::StrayEvery,
                format!("`{}` is no single value", self.quote(e.span)),
                e.span,
                "a set",
            )
            .help("it stands behind `in`, as in `approver in every manager of actor`, or as a key of a `limit`: `count per every manager of actor over fiscal_quarter`"),
        )
    }

    /// The table whose row a value leads to, and the value as a reference to it.
    fn leads_to(&self, who: Expr, span: Span) -> Option<(KindId, Expr)> {
        let table = match (&who.ty, &who.kind) {
            (Type::Ref(table), _) => *table,
            // A row's own key is as good as a reference to it.
            (_, ExprKind::Column { root, column })
                if self.roots.get(*root as usize).is_some_and(|(kind, _)| {
                    let kind = self.world.schema.kind(*kind);
                    kind.is_table() && kind.subject() == Some(*column)
                }) =>
            {
                self.roots[*root as usize].0
            }
            (_, ExprKind::Lookup { table, column, .. })
                if self.world.schema.kind(*table).subject() == Some(*column) =>
            {
                *table
            }
            (ty, _) => {
                let is = self.a_type(ty);
                let d = Diagnostic::error(
                    Code::NobodyAbove,
                    format!("nobody is above `{}`", self.quote(span)),
                    span,
                    format!("this is {is}, not a reference to a table's row"),
                );
                return self.fail(d.help(match ty {
                    Type::Text | Type::Ref(_) => {
                        "give the field the type `ref TABLE`, of a table with a field that leads on: `manager: ref employee?`"
                    }
                    _ => "`under` asks who is above somebody; for what is less write `<`",
                }));
            }
        };
        Some((table, Expr { ty: Type::Ref(table), ..who }))
    }

    /// A value that names a row of this table.
    fn as_key(&self, value: Expr, table: KindId, span: Span) -> Option<Expr> {
        if self.same(&value.ty, &Type::Ref(table)) {
            return Some(Expr { ty: Type::Ref(table), ..value });
        }
        let (name, is) = (self.world.kind_name(table), self.a_type(&value.ty));
        self.fail(
            Diagnostic::error(
                Code::Incomparable,
                format!("`{}` names no row of `{name}`", self.quote(span)),
                span,
                format!("this is {is}"),
            )
            .help(format!(
                "a row of `{name}` is named by its key, {}, or by a `ref {name}`",
                self.a_type(self.key_type(table))
            )),
        )
    }

    /// The names of a table's fields that refer to itself.
    fn parents(&self, table: KindId) -> Vec<String> {
        let columns = &self.world.schema.kind(table).columns;
        columns.iter().filter(|c| c.ty == Type::Ref(table)).map(|c| c.name.clone()).collect()
    }

    fn only_parent(&self, table: KindId, op_span: Span) -> Option<ColumnId> {
        let kind = self.world.schema.kind(table);
        let parents = self.parents(table);
        match parents.as_slice() {
            [only] => kind.column(only),
            [] => {
                if !self.world.infos[table.0 as usize].broken.is_empty() {
                    return None;
                }
                self.fail(
                    Diagnostic::error(
                        Code::NobodyAbove,
                        format!("`{}` does not say who is above whom", kind.name),
                        op_span,
                        "no field leads from one row to another",
                    )
                    .label(kind.span, "declared here")
                    .help(format!("give it a field such as `manager: ref {}?`", kind.name)),
                )
            }
            [first, ..] => self.fail(
                Diagnostic::error(
                    Code::NobodyAbove,
                    format!("`{}` has several fields that lead from one row to another", kind.name),
                    op_span,
                    "by which of them?",
                )
                .label(kind.span, "declared here")
                .help(format!(
                    "name one ({}): `\"E0001\" in every {first} of actor`",
                    parents.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ")
                )),
            ),
        }
    }
}

fn below(who: Expr, above: Expr, way: Way, span: Span) -> Expr {
    let Way { table, column, root } = way;
    bool_expr(ExprKind::Under { who: Box::new(who), above: Box::new(above), table, column, root }, span)
}
