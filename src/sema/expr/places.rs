//! Names and paths: aliases, fields, values, words, and what a `ref` leads to.

use super::super::findings;
use super::super::hir::{Constant, Expr, ExprKind};
use super::super::unions::no_field;
use super::super::units;
use super::super::world::Decl;
use super::foreign;
use super::{Binding, Named, Rank, Typer};
use crate::data::{ColumnId, KindId, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Ident};

/// Whose fields these are.
#[derive(Clone, Debug)]
pub enum Base {
    Row(u8),
    /// The table's row that a key leads to, as of the root's time.
    Ref {
        key: Box<Expr>,
        root: u8,
    },
}

/// A record, the row of a table, or a nested group of fields in one.
#[derive(Clone, Debug)]
pub struct Group {
    pub base: Base,
    pub kind: KindId,
    /// Dotted; empty at the top.
    pub prefix: String,
}

pub enum Place {
    Group(Group),
    Value(Expr),
}

impl<'a> Typer<'_, 'a> {
    pub fn row(&self, root: u8) -> Group {
        Group { base: Base::Row(root), kind: self.roots[root as usize].0, prefix: String::new() }
    }

    pub fn place(&mut self, e: &ast::Expr, expect: Option<&Type>) -> Option<Place> {
        self.place_handled(e, expect).map(|(place, _)| place)
    }

    /// The place, and whether a `?` on the way says what absence means.
    pub fn place_handled(&mut self, e: &ast::Expr, expect: Option<&Type>) -> Option<(Place, bool)> {
        match &e.kind {
            ast::ExprKind::Name(name) => self.name(name, expect).map(|p| (p, false)),
            ast::ExprKind::Field { of, name } => {
                if let Some(period) = self.period(of, name, e.span) {
                    return period.map(|p| (Place::Value(p), false));
                }
                let (base, handled) = match &of.kind {
                    ast::ExprKind::Optional(inner) if self.tolerant => (self.place(inner, None)?, true),
                    _ => self.place_handled(of, None)?,
                };
                let group = match base {
                    Place::Group(group) => group,
                    Place::Value(expr) => match &expr.ty {
                        Type::Ref(table) => {
                            let root = root_of(&expr);
                            Group { kind: *table, base: Base::Ref { key: Box::new(expr), root }, prefix: String::new() }
                        }
                        ty => {
                            let is = self.a_type(ty);
                            let d = Diagnostic::error(
                                Code::UnknownField,
                                format!("`{}` is {is} and has no fields", self.quote(of.span)),
                                name.span,
                                "not a field",
                            );
                            let field = self.quote(of.span);
                            return self.fail(d.help(match self.world.table_with(&name.text, &field) {
                                Some(table) => format!(
                                    "the table `{table}` has it, and a field leads there where it is declared so:\n    {field}: ref {table}"
                                ),
                                None => super::foreign::function(&name.text)
                                    .unwrap_or("fields are read from records, groups and `ref`s")
                                    .into(),
                            }));
                        }
                    },
                };
                self.member(&group, name, e.span).map(|p| (p, handled))
            }
            _ => {
                let (raw, tolerant) = (self.raw, self.tolerant);
                self.with(raw, tolerant, |t| t.expr(e, expect)).map(|x| (Place::Value(x), false))
            }
        }
    }

    /// A path of names from a record.
    pub fn walk(&mut self, root: u8, path: &[Ident]) -> Option<Expr> {
        let mut group = self.row(root);
        let span = path.first()?.span.to(path.last()?.span);
        for (i, name) in path.iter().enumerate() {
            match self.member(&group, name, span)? {
                Place::Group(inner) => group = inner,
                Place::Value(expr) if i + 1 == path.len() => return Some(expr),
                Place::Value(expr) => match expr.ty {
                    Type::Ref(table) => {
                        let root = root_of(&expr);
                        group =
                            Group { kind: table, base: Base::Ref { key: Box::new(expr), root }, prefix: String::new() };
                    }
                    ref ty => {
                        let is = self.a_type(ty);
                        let next = &path[i + 1];
                        return self.fail(Diagnostic::error(
                            Code::UnknownField,
                            format!("`{}` is {is} and has no fields", name.text),
                            next.span,
                            "not a field",
                        ));
                    }
                },
            }
        }
        self.fail(
            Diagnostic::error(
                Code::NotAValue,
                format!("`{}` is a group of fields, not a value", self.quote(span)),
                span,
                "a group",
            )
            .help("name one of its fields"),
        )
    }

    /// One step from a group.
    pub fn member(&mut self, group: &Group, name: &Ident, span: Span) -> Option<Place> {
        let dotted = match group.prefix.as_str() {
            "" => name.text.clone(),
            prefix => format!("{prefix}.{}", name.text),
        };
        let world = self.world;
        let info = &world.infos[group.kind.0 as usize];
        world.named_field(name, group.kind, &dotted);
        if info.groups.contains_key(&dotted) {
            return Some(Place::Group(Group { prefix: dotted, ..group.clone() }));
        }
        if let Some(column) = info.columns.get(&dotted) {
            return Some(Place::Value(self.column(group, *column, span)));
        }
        if info.broken.contains(&dotted) {
            return None;
        }
        if let Some(d) = no_field(world, group.kind, name, &dotted) {
            return self.fail(d);
        }
        let kind = world.schema.kind(group.kind);
        let whose = if group.prefix.is_empty() { kind.name.clone() } else { format!("{}.{}", kind.name, group.prefix) };
        let d = Diagnostic::error(
            Code::UnknownField,
            format!("`{whose}` has no field `{}`", name.text),
            name.span,
            "not a field",
        )
        .label(kind.span, format!("`{}` is declared here", kind.name));
        let below = if group.prefix.is_empty() { String::new() } else { format!("{}.", group.prefix) };
        let mut near: Vec<&str> = kind
            .columns
            .iter()
            .filter_map(|c| c.name.strip_prefix(&below))
            .map(|rest| rest.split('.').next().unwrap_or(rest))
            .collect();
        near.dedup();
        self.fail(world.report.suggest(d, name.span, &name.text, near))
    }

    fn column(&self, group: &Group, column: ColumnId, span: Span) -> Expr {
        let declared = self.world.schema.column(group.kind, column);
        let kind = match &group.base {
            Base::Row(root) => ExprKind::Column { root: *root, column },
            Base::Ref { key, root } => ExprKind::Lookup { key: key.clone(), table: group.kind, column, root: *root },
        };
        let mut expr = Expr { kind, ty: declared.ty.clone(), optional: false, span };
        expr.optional = self.may_be_absent(group, column, &expr);
        expr
    }

    /// Presence of an optional group; none where the group is always there.
    pub fn group_presence(&mut self, group: &Group, span: Span) -> Option<Expr> {
        if group.prefix.is_empty() {
            return match &group.base {
                Base::Row(_) => None,
                Base::Ref { key, .. } => Some((**key).clone()),
            };
        }
        let column = *self.world.infos[group.kind.0 as usize].columns.get(&group.prefix)?;
        Some(self.column(group, column, span))
    }

    fn period(&mut self, of: &ast::Expr, name: &Ident, span: Span) -> Option<Option<Expr>> {
        let ast::ExprKind::Name(base) = &of.kind else { return None };
        if base.text != "period" || !matches!(name.text.as_str(), "start" | "end") {
            return None;
        }
        if !self.scope.period {
            if self.resolves(&base.text) {
                return None;
            }
            return Some(
                self.fail(
                    Diagnostic::error(
                        Code::NoPeriod,
                        format!("there is no `period.{}` here", name.text),
                        span,
                        "no period",
                    )
                    .help("only a rule at a period's end has one: `on each employee at end of fiscal_year`"),
                ),
            );
        }
        let kind = if name.text == "start" { ExprKind::PeriodStart } else { ExprKind::PeriodEnd };
        Some(Some(Expr { kind, ty: Type::Date, optional: false, span }))
    }

    fn bound(&self, name: &str, rank: Rank) -> Option<&Named> {
        self.scope.names.iter().rev().find(|n| n.rank == rank && n.name == name)
    }

    /// Whether a name stands for something without an enum's help.
    pub fn resolves(&self, name: &str) -> bool {
        let is_field = |root: u8| {
            let info = &self.world.infos[self.roots[root as usize].0.0 as usize];
            info.columns.contains_key(name) || info.groups.contains_key(name) || info.broken.contains(name)
        };
        self.scope.names.iter().any(|n| n.name == name)
            || self.scope.bare.is_some_and(is_field)
            || self.world.values.contains_key(name)
            || self.world.broken.contains(name)
            || name == "as_of"
    }

    fn name(&mut self, name: &'_ Ident, expect: Option<&Type>) -> Option<Place> {
        let world = self.world;
        if let Some(Type::Enum(id)) = expect
            && let Some(word) = world.words[id.0 as usize].get(&name.text)
        {
            world.named_word(name, *id, *word);
            let kind = ExprKind::Constant(Value::Enum(*id, *word));
            return Some(Place::Value(Expr { kind, ty: Type::Enum(*id), optional: false, span: name.span }));
        }
        if let Some(binding) = self.bound(&name.text, Rank::First) {
            let binding = binding.clone();
            return self.take(binding, name);
        }
        if let Some(root) = self.scope.bare {
            let info = &world.infos[self.roots[root as usize].0.0 as usize];
            if info.columns.contains_key(&name.text)
                || info.groups.contains_key(&name.text)
                || info.broken.contains(&name.text)
            {
                return self.member(&self.row(root), name, name.span);
            }
        }
        for rank in [Rank::AfterFields, Rank::Last] {
            if let Some(binding) = self.bound(&name.text, rank) {
                let binding = binding.clone();
                return self.take(binding, name);
            }
        }
        if name.text == "as_of" {
            let kind = ExprKind::AsOf;
            return Some(Place::Value(Expr { kind, ty: Type::Timestamp, optional: false, span: name.span }));
        }
        if world.broken.contains(name.text.as_str()) {
            return None;
        }
        match world.values.get(name.text.as_str()) {
            Some(Decl::Param(param)) => {
                let (ty, value) = self.param_value(name)?;
                self.constant(name, param.name.span, ty, value).map(Place::Value)
            }
            Some(Decl::Let(item)) => self.expand_let(name, item, expect).map(Place::Value),
            Some(Decl::Define(item)) => self.fail(
                Diagnostic::error(
                    Code::NotAValue,
                    format!("`{}` is a function", name.text),
                    name.span,
                    "without its arguments",
                )
                .label(item.name.span, "defined here")
                .help(format!("give its arguments: `{}(…)`", name.text)),
            ),
            None => self.unknown_name(name, expect),
        }
    }

    fn take(&mut self, named: Named, name: &Ident) -> Option<Place> {
        match (named.declared, &named.to) {
            (Some((what, declared)), _) => self.world.named(name, what, declared),
            (None, Binding::Group(group)) => self.world.named_kind(name, group.kind),
            (None, Binding::Value(_)) => {}
        }
        // An argument is put in its place as often as its name is there.
        let argument = match &named.to {
            Binding::Value(expr) => Some(expr),
            Binding::Group(Group { base: Base::Ref { key, .. }, .. }) => Some(&**key),
            Binding::Group(_) => None,
        };
        if let Some((steps, levels)) = argument.filter(|_| !self.active.is_empty()).map(Expr::size) {
            self.pay(steps, levels)?;
        }
        Some(match named.to {
            Binding::Group(group) => Place::Group(group),
            Binding::Value(mut expr) => {
                expr.span = name.span;
                expr.optional = expr.optional && !self.known(&expr);
                Place::Value(expr)
            }
        })
    }

    /// A parameter's value in its place.
    fn constant(&mut self, name: &Ident, definition: Span, ty: &Type, value: &Constant) -> Option<Expr> {
        let value = match value {
            Constant::Value(value) => value.clone(),
            Constant::Length(length) => match units::nanos(*length) {
                Some(nanos) => Value::Duration(nanos),
                None => return self.calendar_length(name.span),
            },
            Constant::Set(_) => {
                return self.fail(
                    Diagnostic::error(
                        Code::NotAValue,
                        format!("`{}` is a set, not a value", name.text),
                        name.span,
                        "a set",
                    )
                    .label(definition, "declared here")
                    .help(format!("test with `in`: `x in {}`", name.text)),
                );
            }
        };
        let body = Expr { kind: ExprKind::Constant(value), ty: ty.clone(), optional: false, span: name.span };
        let kind = ExprKind::Named { name: name.text.clone(), definition, body: Box::new(body) };
        Some(Expr { kind, ty: ty.clone(), optional: false, span: name.span })
    }

    fn unknown_name(&mut self, name: &Ident, expect: Option<&Type>) -> Option<Place> {
        let world = self.world;
        let text = name.text.as_str();
        if let Some(d) = self.scope.bare.and_then(|root| no_field(world, self.roots[root as usize].0, name, text)) {
            return self.fail(d);
        }
        if let Some(Type::Enum(id)) = expect {
            let def = world.schema.enum_def(*id);
            if let Some(what) = findings::kept_enum(world, *id) {
                let code = if what == "rule" { Code::UnknownRule } else { Code::NotOneOf };
                let message = match what {
                    "rule" => format!("no rule is named `{text}`"),
                    _ => format!("`{text}` is no severity"),
                };
                let d = Diagnostic::error(code, message, name.span, "not declared");
                return self.fail(world.report.suggest(d, name.span, text, def.words.iter().map(|w| w.name.as_str())));
            }
            let what = if def.name.is_empty() { "the enum".into() } else { format!("`{}`", def.name) };
            let d = Diagnostic::error(
                Code::UnknownWord,
                format!("`{text}` is no word of {what}"),
                name.span,
                "not one of its words",
            )
            .label(def.span, "the words are declared here");
            return self.fail(world.report.suggest(d, name.span, text, def.words.iter().map(|w| w.name.as_str())));
        }
        let truth = match text.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" | "true" => Some("true"),
            "no" | "n" | "off" | "false" => Some("false"),
            _ => None,
        };
        if let (Some(Type::Bool), Some(truth)) = (expect, truth) {
            let d =
                Diagnostic::error(Code::UnknownName, format!("no name `{text}` is known here"), name.span, "not known");
            return self.fail(world.report.rewrite(d, &format!("it is called `{truth}` here:"), name.span, truth));
        }
        let enums = world.words.iter().position(|w| w.contains_key(text));
        if let Some(id) = enums {
            if self.alone {
                return None;
            }
            let def = &world.schema.enums[id];
            let d = Diagnostic::error(
                Code::UnknownName,
                format!("`{text}` is a word of an enum, and nothing of that enum is beside it"),
                name.span,
                "which enum's word it is cannot be told",
            )
            .label(def.span, "this enum has it");
            return self.fail(d.help("compare it with a field of the enum's type"));
        }
        if world.kinds.contains_key(text) {
            return self.fail(
                Diagnostic::error(
                    Code::UnknownName,
                    format!("no `{text}` is looked at here"),
                    name.span,
                    "its records are not in reach",
                )
                .help(format!(
                    "a rule sees the record that triggers it; others are reached by a history condition: `exists {text} within 30 days before where …`"
                )),
            );
        }
        let d = Diagnostic::error(Code::UnknownName, format!("no name `{text}` is known here"), name.span, "not known");
        let mut known: Vec<&str> = self.scope.names.iter().map(|n| n.name.as_str()).collect();
        if let Some(root) = self.scope.bare {
            known.extend(world.top_fields(self.roots[root as usize].0));
        }
        known.extend(world.values.keys().copied());
        known.sort_unstable();
        // Where the fields of the trigger stand without its name, those of a history condition's record do not.
        let near_field = self.scope.names.iter().rev().find_map(|n| match &n.to {
            Binding::Group(g) if self.scope.bare.is_none() || n.rank == Rank::First => {
                let info = &world.infos[g.kind.0 as usize];
                (info.columns.contains_key(text) || info.groups.contains_key(text))
                    .then(|| format!("{}.{text}", n.name))
            }
            _ => None,
        });
        if let Some(help) = foreign::clock(text) {
            return self.fail(d.help(help));
        }
        if let Some(path) = near_field {
            return self.fail(world.report.rewrite(d, "name the record too:", name.span, &path));
        }
        if expect.is_some_and(|ty| self.textual(ty)) && world.report.guess(text, known.iter().copied()).is_none() {
            return self.fail(world.report.rewrite(d, "a text stands in quotes:", name.span, &format!("\"{text}\"")));
        }
        self.fail(world.report.suggest(d, name.span, text, known))
    }
}

/// The record that a value was read from.
pub(super) fn root_of(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Column { root, .. }
        | ExprKind::EventTime { root }
        | ExprKind::Lookup { root, .. }
        | ExprKind::Under { root, .. }
        | ExprKind::Every { root, .. } => *root,
        ExprKind::Named { body, .. } | ExprKind::Convert(body) | ExprKind::Coalesce(body, _) => root_of(body),
        ExprKind::History(history) => history.root,
        _ => 0,
    }
}
