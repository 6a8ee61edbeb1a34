//! Conditions and values over other records.

use super::super::hir::{Expr, Func, History, Key, Window};
use super::super::names::What;
use super::super::report::list;
use super::{Binding, Rank, Typer, convert};
use crate::data::{KindId, Length, Type};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Direction, Ident, Keys, WindowKind};

impl Typer<'_, '_> {
    /// The type of a kind's event time.
    pub fn event_time(&self, kind: KindId) -> Option<Type> {
        let kind = self.world.schema.kind(kind);
        kind.time().map(|c| kind.columns[c.0 as usize].ty.clone())
    }

    /// The condition, the type of its value, and whether that may be absent.
    pub fn history(&mut self, h: &ast::History) -> Option<(History, Type, bool)> {
        let kind = self.world.kind(&h.kind);
        let Some(about) = self.scope.about else {
            kind?;
            return self.fail(
                Diagnostic::error(
                    Code::BadHistory,
                    "history is always that of some record, and there is none here",
                    h.span,
                    "about no record",
                )
                .help("move it into a rule, or give the `define` a record as a parameter: `define cleared(e: file_export) = exists …`"),
            );
        };
        let kind = kind?;
        if about as usize + 1 != self.roots.len() && !self.alone {
            return self.fail(
                Diagnostic::error(
                    Code::BadHistory,
                    "inside of a history condition, another is about the inner record",
                    h.span,
                    "this is about the outer one",
                )
                .help("move this condition out: `exists … and exists …`"),
            );
        }
        if self.world.schema.kind(kind).is_table() {
            let name = &h.kind.text;
            return self.fail(
                Diagnostic::error(
                    Code::BadHistory,
                    format!("`{name}` is a table, not a record of something that happened"),
                    h.kind.span,
                    "a table",
                )
                .label(self.world.schema.kind(kind).span, "declared here")
                .help("read a table through a field of type `ref`: `actor.unit`"),
            );
        }
        let func = h.func;
        let window = self.window_of(h, kind, about);
        let keys = match &h.keys {
            Keys::Subject if func == Func::Median => self.compared_with_whom(h),
            Keys::Everyone(_) => Some(Vec::new()),
            Keys::Subject => self.same_subject(h, kind, about),
            Keys::By(paths) => self.keys(paths, kind, about),
        };
        let root = self.enter(kind, &h.kind.text, h.alias.as_ref());
        let facts = self.facts_len();
        let filter = match &h.filter {
            Some(filter) => self.with(false, true, |t| t.condition(filter)).map(Some),
            None => Some(None),
        };
        if let Some(Some(filter)) = &filter {
            self.learn(filter, true);
            self.stray(h, filter, root);
        }
        let value = match &h.median {
            Some(median) => self.median_value(h, median, root),
            None => self.history_value(h, func, root),
        };
        let per = self.median_keys(h, root);
        self.forget(facts);
        self.leave();
        let (value, ty, optional) = value?;
        let (keys, window, filter, per) = (keys?, window?, filter?, per?);
        let history = History { func, kind, root: about, value, keys, window, filter, per, span: h.span };
        Some((history, ty, optional))
    }

    /// Its time or subject is in error, which has been told.
    fn broken_kind(&self, kind: KindId) -> bool {
        self.world.broken.contains(self.world.kind_name(kind))
    }

    /// Brings a history condition's own record into scope.
    pub fn enter(&mut self, kind: KindId, name: &str, alias: Option<&Ident>) -> u8 {
        let root = self.roots.len().min(u8::MAX as usize - 1) as u8;
        let time = self.event_time(kind);
        self.roots.push((kind, time));
        let row = Binding::Group(super::Group { base: super::Base::Row(root), kind, prefix: String::new() });
        self.outer.push(self.scope.clone());
        let rank = if alias.is_some() { Rank::Last } else { Rank::First };
        self.scope.bind(name, row.clone(), rank);
        if let Some(alias) = alias {
            self.scope.bind_first(alias, row, What::Alias);
        }
        self.scope.about = Some(root);
        root
    }

    pub fn leave(&mut self) {
        self.roots.pop();
        if let Some(scope) = self.outer.pop() {
            self.scope = scope;
        }
    }

    pub(super) fn history_value(
        &mut self,
        h: &ast::History,
        func: Func,
        root: u8,
    ) -> Option<(Option<Expr>, Type, bool)> {
        let takes = !matches!(func, Func::Exists | Func::No | Func::Count);
        let name = func.word();
        if !takes {
            if let (Some(first), Some(last)) = (h.field.first(), h.field.last()) {
                let span = first.span.to(last.span);
                return self.fail(
                    Diagnostic::error(
                        Code::BadAggregate,
                        format!("`{name}` takes records, not a field"),
                        span,
                        "a field",
                    )
                    .help(format!(
                        "write `{name}({} …)`, or `distinct({}.{} …)` for different values",
                        h.kind.text, h.kind.text, first.text
                    )),
                );
            }
            let ty = if func == Func::Count { Type::Int } else { Type::Bool };
            return Some((None, ty, false));
        }
        if h.field.is_empty() {
            return self.fail(
                Diagnostic::error(
                    Code::BadAggregate,
                    format!("`{name}` of which field of `{}`?", h.kind.text),
                    h.kind.span,
                    "a field is needed",
                )
                .help(format!("name the field: `{name}({}.FIELD …)`", h.kind.text)),
            );
        }
        let value = self.with(true, true, |t| t.walk(root, &h.field))?;
        let span = h.field.first()?.span.to(h.field.last()?.span);
        let (value, ty) = self.aggregated(func, value, span)?;
        let optional = matches!(func, Func::Min | Func::Max | Func::Avg | Func::First | Func::Last);
        Some((Some(value), ty, optional))
    }

    /// The value as it is aggregated, and the type of what comes out.
    pub fn aggregated(&self, func: Func, value: Expr, span: Span) -> Option<(Expr, Type)> {
        use Type::*;
        let summable = matches!(value.ty, Int | Decimal | Percent | Money | Duration | Bytes);
        let ordered = summable || matches!(value.ty, Date | Timestamp | Enum(_));
        let scalar = !matches!(value.ty, Struct | List(_) | Set(_));
        let ok = match func {
            Func::Sum | Func::Avg => summable,
            Func::Min | Func::Max => ordered,
            _ => scalar,
        };
        if !ok {
            let name = func.word();
            let is = self.a_type(&value.ty);
            let declared = format!("this is {is}");
            return self.fail(
                Diagnostic::error(Code::BadAggregate, format!("`{name}` cannot be taken of {is}"), span, declared).help(
                    match func {
                        Func::Sum | Func::Avg => "it takes numbers, amounts, sizes and durations; `count` counts records, `distinct` different values",
                        Func::Min | Func::Max => "it takes what has an order: numbers, amounts, dates, times, sizes, durations, enums",
                        _ => "it takes single values",
                    },
                ),
            );
        }
        let ty = match (func, &value.ty) {
            (Func::Distinct, _) => Int,
            (Func::Avg, Int) => return Some((convert(value, Decimal), Decimal)),
            (_, ty) => ty.clone(),
        };
        Some((value, ty))
    }

    fn window_of(&mut self, h: &ast::History, kind: KindId, about: u8) -> Option<Window> {
        match &h.window {
            Some(window) => self.window(window, kind, about),
            None => {
                let name = &h.kind.text;
                let end = h.alias.as_ref().map_or_else(|| h.field.last().map_or(h.kind.span, |f| f.span), |a| a.span);
                let seen = self.text(h.kind.span.to(end));
                let d = Diagnostic::error(
                    Code::NoWindow,
                    format!("over what time is `{name}` looked for?"),
                    h.kind.span,
                    "no window",
                );
                let window = match h.func {
                    ast::Func::Exists | ast::Func::No => "within 30 days before",
                    _ => "over 30 days",
                };
                self.fail(self.world.report.rewrite(
                    d,
                    "say how far to look:",
                    h.kind.span.to(end),
                    &format!("{seen} {window}"),
                ))
            }
        }
    }

    /// A window between the times of the record at `about` and of `kind`.
    pub fn window(&mut self, window: &ast::Window, kind: KindId, about: u8) -> Option<Window> {
        let typed = match &window.kind {
            WindowKind::Within { length, direction } => {
                let length = self.window_length(length)?;
                match direction {
                    Direction::Before => Window::Before(length),
                    Direction::After => Window::After(length),
                    Direction::Around => Window::Around(length),
                }
            }
            WindowKind::Over(length) => Window::Over(self.window_length(length)?),
            WindowKind::AllTime => Window::AllTime,
            WindowKind::Period(period) => Window::In(*period),
        };
        let outer = self.roots[about as usize].clone();
        let inner_time = self.event_time(kind);
        for (kind, time) in [(kind, &inner_time), (outer.0, &outer.1)] {
            if time.is_none() {
                if self.broken_kind(kind) {
                    return None;
                }
                if let Some(d) = super::super::unions::no_time(self.world, kind, window.span) {
                    return self.fail(d);
                }
                let declared = self.world.schema.kind(kind);
                let name = &declared.name;
                return self.fail(
                    Diagnostic::error(
                        Code::NoTime,
                        format!("`{name}` has no time"),
                        window.span,
                        "a window needs to know when",
                    )
                    .label(declared.span, format!("`{name}` is declared here, without `at`"))
                    .help(format!("say which field is its time:\n    record {name} at FIELD {{ … }}")),
                );
            }
        }
        let length = match &typed {
            Window::Before(l) | Window::After(l) | Window::Around(l) | Window::Over(l) => Some(*l),
            Window::AllTime | Window::In(_) => None,
        };
        let dated = [(kind, &inner_time), (outer.0, &outer.1)].into_iter().find(|(_, t)| **t == Some(Type::Date));
        if let (Some(length), Some((kind, _))) = (length, dated)
            && length.nanos != 0
        {
            let name = self.world.kind_name(kind);
            return self.fail(
                Diagnostic::error(
                    Code::BadWindow,
                    format!("`{name}` is known by the day, not by the hour"),
                    window.span,
                    "a part of a day",
                )
                .label(self.world.schema.kind(kind).span, "its time is a `date`")
                .help("use whole days, or make its time a `timestamp`"),
            );
        }
        Some(typed)
    }

    fn window_length(&mut self, e: &ast::Expr) -> Option<Length> {
        let length = self.moving_length(e)?;
        let parts = [length.months as i64, length.days as i64, length.business as i64, length.nanos];
        if parts.iter().all(|p| *p >= 0) && parts.iter().any(|p| *p > 0) {
            return Some(length);
        }
        self.fail(
            Diagnostic::error(
                Code::BadWindow,
                format!("a window of `{}` holds nothing", self.quote(e.span)),
                e.span,
                "not longer than nothing",
            )
            .help("write a length greater than zero; the direction is `before`, `after` or `around`"),
        )
    }

    /// Same subject on both sides, where nothing else is written.
    fn same_subject(&mut self, h: &ast::History, kind: KindId, about: u8) -> Option<Vec<Key>> {
        let outer_kind = self.roots[about as usize].0;
        let schema = &self.world.schema;
        let (inner, outer) = (schema.kind(kind).subject(), schema.kind(outer_kind).subject());
        if let (Some(inner), Some(outer)) = (inner, outer) {
            let inner_ty = &schema.column(kind, inner).ty;
            let outer_ty = match schema.kind(outer_kind).is_table() {
                true => Type::Ref(outer_kind),
                false => schema.column(outer_kind, outer).ty.clone(),
            };
            if self.same(inner_ty, &outer_ty) {
                let (inner, outer) = (schema.column(kind, inner), schema.column(outer_kind, outer));
                let (inner, outer) = (path(&inner.name, h.span), path(&outer.name, h.span));
                return Some(vec![self.pairing(kind, &inner, about, &outer)?]);
            }
        }
        if self.broken_kind(kind) || self.broken_kind(outer_kind) {
            return None;
        }
        let (name, outer_name) = (self.world.kind_name(kind), self.world.kind_name(outer_kind));
        let why = match (inner, outer) {
            (None, _) => format!("`{name}` has no subject"),
            (_, None) => format!("`{outer_name}` has no subject"),
            _ => format!("the subjects of `{name}` and `{outer_name}` are of two types"),
        };
        let common: Vec<&str> = schema
            .kind(kind)
            .columns
            .iter()
            .filter(|c| {
                let other = self.world.infos[outer_kind.0 as usize].columns.get(&c.name);
                !matches!(c.ty, Type::Struct | Type::List(_) | Type::Set(_))
                    && other.is_some_and(|o| self.same(&c.ty, &schema.column(outer_kind, *o).ty))
            })
            .map(|c| c.name.as_str())
            .take(4)
            .collect();
        let d = Diagnostic::error(Code::NoGroup, format!("whose `{name}`? {why}"), h.span, "no common subject");
        let d = d.label(schema.kind(kind).span, format!("`{name}` is declared here"));
        let d =
            if kind == outer_kind { d } else { d.label(schema.kind(outer_kind).span, format!("`{outer_name}` here")) };
        let Some(window) = &h.window else { return None };
        let report = &self.world.report;
        let line = |key: &str| report.line_with(window.span, &format!("{} {key}", self.text(window.span)));
        let mut help = String::new();
        if let Some(first) = common.first() {
            help = format!(
                "name a field that both have ({}):\n    {}\nor ",
                list(common.iter().copied()),
                line(&format!("by {first}"))
            );
        }
        self.fail(d.help(format!("{help}look at everyone's:\n    {}", line("across everyone"))))
    }

    /// Grouping keys written out.
    pub fn keys(&mut self, paths: &[ast::Expr], kind: KindId, about: u8) -> Option<Vec<Key>> {
        self.keys_or_every(paths, kind, about, false)
    }

    /// `many`: one of them may be `every … of`.
    pub fn keys_or_every(&mut self, paths: &[ast::Expr], kind: KindId, about: u8, many: bool) -> Option<Vec<Key>> {
        let outer_kind = self.roots[about as usize].0;
        let mut keys = Vec::new();
        let mut failed = false;
        let mut every: Option<Span> = None;
        for expr in paths {
            let Some(path) = idents(expr) else {
                if let ast::ExprKind::Every { column, of } = &expr.kind {
                    let key = match (many, every) {
                        (true, None) => self.every_pair(expr, column, of, kind, about),
                        (true, Some(first)) => self.second_every(expr.span, first),
                        (false, _) => self.every_in_history(expr, of, kind),
                    };
                    every = every.or(Some(expr.span));
                    failed |= key.is_none();
                    keys.extend(key);
                    continue;
                }
                if !matches!(expr.kind, ast::ExprKind::Error) {
                    self.tell(
                        Diagnostic::error(
                            Code::NoGroup,
                            format!("`{}` is no field", self.quote(expr.span)),
                            expr.span,
                            "a key is a field",
                        )
                        .help("write the field's dotted name: `by giver`"),
                    );
                }
                failed = true;
                continue;
            };
            let first = path[0].text.as_str();
            let info = &self.world.infos[outer_kind.0 as usize];
            let outer_has =
                info.columns.contains_key(first) || info.groups.contains_key(first) || info.broken.contains(first);
            let outer = if outer_has {
                path.clone()
            } else {
                let inner_info = &self.world.infos[kind.0 as usize];
                let inner_has = inner_info.columns.contains_key(first) || inner_info.groups.contains_key(first);
                let subject = self.world.schema.kind(outer_kind).subject();
                match subject.filter(|_| inner_has && paths.len() == 1) {
                    // `by requester`, where only the other record has one: the requester is our subject.
                    Some(subject) => self::path(&self.world.schema.column(outer_kind, subject).name, expr.span),
                    None => path.clone(),
                }
            };
            match self.pairing(kind, &path, about, &outer) {
                Some(key) => keys.push(key),
                None => failed = true,
            }
        }
        if failed { None } else { Some(keys) }
    }

    pub fn pairing(&mut self, kind: KindId, inner: &[Ident], about: u8, outer: &[Ident]) -> Option<Key> {
        let outer = self.with(true, true, |t| t.walk(about, outer));
        let time = self.event_time(kind);
        self.roots.push((kind, time));
        let root = (self.roots.len() - 1).min(u8::MAX as usize) as u8;
        let inner = self.with(true, true, |t| t.walk(root, inner));
        self.roots.pop();
        let (inner, outer) = (inner?, outer?);
        let scalar = |ty: &Type| !matches!(ty, Type::Struct | Type::List(_) | Type::Set(_));
        let outer_ty = self.key_of_row(&outer, about);
        if scalar(&inner.ty) && (self.same(&inner.ty, &outer.ty) || self.same(&inner.ty, &outer_ty)) {
            return Some(Key { inner, outer });
        }
        self.fail(
            Diagnostic::error(
                Code::NoGroup,
                format!("`{}` cannot tell whose records these are", self.quote(inner.span)),
                inner.span,
                format!("{} on the one side, {} on the other", self.a_type(&inner.ty), self.a_type(&outer.ty)),
            )
            .help("a key is a single value of one type on both sides"),
        )
    }

    /// A table's own key is as good as a reference to its row.
    fn key_of_row(&self, outer: &Expr, about: u8) -> Type {
        let kind = self.roots[about as usize].0;
        let declared = self.world.schema.kind(kind);
        match &outer.kind {
            super::super::hir::ExprKind::Column { root, column }
                if *root == about && declared.is_table() && declared.subject() == Some(*column) =>
            {
                Type::Ref(kind)
            }
            _ => outer.ty.clone(),
        }
    }
}

/// A dotted path written as an expression.
pub fn idents(e: &ast::Expr) -> Option<Vec<Ident>> {
    match &e.kind {
        ast::ExprKind::Name(name) => Some(vec![name.clone()]),
        ast::ExprKind::Field { of, name } => {
            let mut path = idents(of)?;
            path.push(name.clone());
            Some(path)
        }
        _ => None,
    }
}

fn path(dotted: &str, span: Span) -> Vec<Ident> {
    dotted.split('.').map(|text| Ident { text: text.into(), span }).collect()
}
