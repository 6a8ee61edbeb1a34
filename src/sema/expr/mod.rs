//! Expressions: from what is written to what it means, with one type each.
//!
//! A part that is in error gives none, and what contains it is silent about it: one mistake, one diagnostic.

mod arith;
mod calls;
mod chain;
mod compare;
mod constants;
mod fold;
mod foreign;
mod history;
mod literals;
mod median;
mod narrow;
mod overlaps;
mod places;
mod sets;
mod stray;

pub use fold::fold;
pub use history::idents;
pub use places::{Base, Group, Place};

use super::hir::{Constant, Expr, ExprKind};
use super::names::What;
use super::report::with_article;
use super::world::World;
use crate::data::{ColumnId, KindId, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Ident};

/// What a name stands for, before fields, values and words are looked at.
#[derive(Clone)]
pub enum Binding {
    Group(Group),
    Value(Expr),
}

/// Which of several bindings of a name wins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// An alias, a history condition's own kind, a function's parameter.
    First,
    /// The trigger's kind: after the trigger's own fields.
    AfterFields,
    /// The kind of a record that has an alias: last.
    Last,
}

#[derive(Clone)]
pub struct Named {
    pub name: String,
    pub to: Binding,
    pub rank: Rank,
    /// What an editor finds it as: an alias or argument, and where it is declared; none for a kind's own name.
    pub declared: Option<(What, Span)>,
}

#[derive(Clone, Default)]
pub struct Scope {
    /// Later ones win.
    pub names: Vec<Named>,
    /// The record whose fields stand without its name.
    pub bare: Option<u8>,
    /// The record that a history condition is about.
    pub about: Option<u8>,
    /// `period.start` and `period.end` are there.
    pub period: bool,
}

impl Scope {
    /// The name of a kind.
    pub fn bind(&mut self, name: impl Into<String>, to: Binding, rank: Rank) {
        self.names.push(Named { name: name.into(), to, rank, declared: None });
    }

    /// An alias or argument: it comes before all.
    pub fn bind_first(&mut self, name: &Ident, to: Binding, what: What) {
        let declared = Some((what, name.span));
        self.names.push(Named { name: name.text.clone(), to, rank: Rank::First, declared });
    }
}

/// Steps that the definitions used in one rule may expand to.
const BUDGET: u32 = 100_000;
const MAX_DEPTH: usize = 64;
/// Levels deep that a condition may become by them. A text by itself may have 200.
const MAX_LEVELS: usize = 400;

pub struct Typer<'w, 'a> {
    pub world: &'w World<'a>,
    /// Whose text is being read; its policy says what a local time means.
    pub file: FileId,
    /// By root: its kind, and the type of its event's time, where it has one.
    pub roots: Vec<(KindId, Option<Type>)>,
    pub scope: Scope,
    /// Scopes around that of a history condition.
    outer: Vec<Scope>,
    /// What is known to be present here.
    facts: Vec<String>,
    /// Absence is welcome here: what is read is tested for it, or shown.
    raw: bool,
    /// `?` may stand here.
    tolerant: bool,
    /// The comparison around.
    around: Option<Span>,
    /// What has to be a condition: it is told whether it is one before it is told whether it is there.
    asked: Option<Span>,
    /// Definitions being expanded.
    active: Vec<&'a str>,
    budget: u32,
    /// How deep in the condition this is.
    level: usize,
    /// A definition on its own: not everything is known.
    pub alone: bool,
    /// In a rule, the first of the days that it is read for (none: from the beginning). Elsewhere a value is one
    /// for all days.
    day: Option<Option<i32>>,
    /// Parameters read whose value changes.
    pub changing: Vec<&'a str>,
}

impl<'w, 'a> Typer<'w, 'a> {
    pub fn new(world: &'w World<'a>, file: FileId) -> Typer<'w, 'a> {
        Typer {
            world,
            file,
            roots: Vec::new(),
            scope: Scope::default(),
            outer: Vec::new(),
            facts: Vec::new(),
            raw: false,
            tolerant: false,
            around: None,
            asked: None,
            active: Vec::new(),
            budget: BUDGET,
            level: 0,
            alone: false,
            day: None,
            changing: Vec::new(),
        }
    }

    /// Reads for the days from this one on, or (none) from the beginning.
    pub fn on_day(self, day: Option<i32>) -> Typer<'w, 'a> {
        Typer { day: Some(day), ..self }
    }

    /// A parameter's type and its value on the day that is read for; told where that must be one for all days.
    pub fn param_value(&mut self, name: &Ident) -> Option<(&'w Type, &'w Constant)> {
        let world = self.world;
        let (ty, value) = world.params.get(name.text.as_str())?;
        world.named_value(name);
        let Some((&known, later)) = world.later.get_key_value(name.text.as_str()) else { return Some((ty, value)) };
        let Some(day) = self.day else {
            let declared = world.values.get(known).map(|d| d.name().span);
            let d = Diagnostic::error(
                Code::ChangingValue,
                format!("`{known}` changes from one day to another"),
                name.span,
                "one value for all days is needed here",
            )
            .help("read it in a rule, where each record has its day");
            return self.fail(match declared {
                Some(span) => d.label(span, "declared here, with a value from a later day on"),
                None => d,
            });
        };
        if !self.changing.contains(&known) {
            self.changing.push(known);
        }
        let at = later.partition_point(|(from, _)| day.is_some_and(|day| *from <= day));
        Some((ty, at.checked_sub(1).map_or(value, |i| &later[i].1)))
    }

    pub fn tell(&self, d: Diagnostic) {
        self.world.report.tell(d);
    }

    pub fn fail<T>(&self, d: Diagnostic) -> Option<T> {
        self.world.report.fail(d)
    }

    pub fn text(&self, span: Span) -> &'a str {
        self.world.report.text(span)
    }

    /// The text under a span, for a message: short, and on one line.
    pub fn quote(&self, span: Span) -> String {
        let text = self.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() <= 60 { text } else { format!("{}…", text.chars().take(57).collect::<String>()) }
    }

    /// `money`, `a text`: for labels.
    pub fn a_type(&self, ty: &Type) -> String {
        match ty {
            Type::Money => "money".into(),
            Type::Text => "text".into(),
            Type::Bytes => "a size".into(),
            Type::Bool => "true or false".into(),
            ty => with_article(&self.world.type_name(ty)),
        }
    }

    pub fn with<T>(&mut self, raw: bool, tolerant: bool, f: impl FnOnce(&mut Self) -> T) -> T {
        let before = (self.raw, self.tolerant);
        (self.raw, self.tolerant) = (raw, tolerant);
        let out = f(self);
        (self.raw, self.tolerant) = before;
        out
    }

    /// A value that may be absent, as in a message.
    pub fn shown(&mut self, e: &ast::Expr) -> Option<Expr> {
        self.with(true, true, |t| t.expr(e, None))
    }

    /// A value that is needed; `expect` gives bare words and numbers their type.
    pub fn value(&mut self, e: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        self.with(false, false, |t| t.expr(e, expect))
    }

    /// A condition.
    pub fn condition(&mut self, e: &ast::Expr) -> Option<Expr> {
        let before = self.asked.replace(e.span);
        let expr = self.with(false, true, |t| t.expr(e, Some(&Type::Bool)));
        self.asked = before;
        let expr = expr?;
        if expr.ty == Type::Bool {
            return Some(expr);
        }
        let is = self.a_type(&expr.ty);
        let d = Diagnostic::error(
            Code::NotACondition,
            format!("`{}` is {is}, not a condition", self.quote(e.span)),
            e.span,
            "true or false is needed here",
        );
        let sample = self.sample(&expr.ty);
        let text = self.quote(e.span);
        let fixed = format!("{text} == {sample}");
        let d = match sample.as_str() {
            _ if expr.optional => {
                let there = format!("{text} present");
                self.world.report.rewrite(d, "ask whether it is there, or compare it with something:", e.span, &there)
            }
            "…" => d.help("compare it with something"),
            _ if foreign::is_literal(e) => d.help(format!("compare something with it, as in `giver == {text}`")),
            _ => self.world.report.rewrite(d, "compare it with something:", e.span, &fixed),
        };
        self.fail(d)
    }

    /// A literal of a type, for helps.
    pub fn sample(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "false".into(),
            Type::Int | Type::Decimal => "0".into(),
            Type::Percent => "0%".into(),
            Type::Text | Type::Ref(_) => "\"\"".into(),
            Type::Date => "2025-01-01".into(),
            Type::Timestamp => "2025-01-01T00:00Z".into(),
            Type::Duration => "0 days".into(),
            Type::Bytes => "0 B".into(),
            Type::Money => "0 USD".into(),
            Type::Enum(id) => self.world.schema.enum_def(*id).words.first().map_or("…".into(), |w| w.name.clone()),
            Type::Struct | Type::List(_) | Type::Set(_) => "…".into(),
        }
    }

    /// Any expression. Enum words and numbers take the type that is expected, where they can.
    pub fn expr(&mut self, e: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        self.level += 1;
        let expr = stacker::maybe_grow(128 << 10, 1 << 20, || self.typed(e, expect));
        self.level -= 1;
        let expr = expr?;
        self.world.report.names.typed(e.span, &expr.ty, expr.optional);
        Some(expr)
    }

    /// Puts so many steps of so many levels in this place; none where that becomes too much.
    fn pay(&mut self, steps: usize, levels: usize) -> Option<()> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let deep = self.level + levels > MAX_LEVELS;
        self.budget = if deep { 0 } else { self.budget.saturating_sub(steps) };
        (self.budget > 0).then_some(())
    }

    fn typed(&mut self, e: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        if !self.active.is_empty() {
            self.pay(1, 0)?;
        }
        use ast::ExprKind as K;
        match &e.kind {
            K::Error => None,
            K::Bool(_)
            | K::Number(_)
            | K::Text(_)
            | K::Date(_)
            | K::Timestamp(_)
            | K::Quantity { .. }
            | K::Percent(_) => self.literal(e, expect),
            K::Name(_) | K::Field { .. } => self.read(e, expect),
            K::Optional(of) => {
                if !self.tolerant {
                    let d = Diagnostic::error(
                        Code::StrayOptional,
                        format!("`{}` is in no comparison", self.quote(e.span)),
                        e.span,
                        "`?` says what a comparison does where the value is absent",
                    );
                    let sample = format!("{} ?? 0", self.quote(of.span));
                    return self.fail(self.world.report.rewrite(d, "give a default instead:", e.span, &sample));
                }
                let tolerant = self.tolerant;
                let expr = self.with(true, tolerant, |t| t.expr(of, expect))?;
                if !expr.optional {
                    self.never_absent(e.span, of.span, "the `?` has no effect");
                }
                Some(expr)
            }
            K::Present { of, negated } => self.presence(e, of, *negated),
            K::Coalesce(left, right) => self.coalesce(e, left, right, expect),
            K::Not(of) => {
                let of = self.condition(of)?;
                Some(bool_expr(ExprKind::Not(Box::new(of)), e.span))
            }
            K::And(parts) => self.junction(e, parts, true),
            K::Or(parts) => self.junction(e, parts, false),
            K::Neg(of) => self.negative(e, of, expect),
            K::Compare { op, op_span, left, right, ignoring_case } => {
                self.compare(e, *op, *op_span, left, right, *ignoring_case)
            }
            K::Arith { op, op_span, left, right } => self.arith(e, *op, *op_span, left, right, expect),
            K::In { item, set, negated, ignoring_case } => self.is_in(e, item, set, *negated, *ignoring_case),
            K::TextTest { op, op_span, left, right, ignoring_case } => {
                self.text_test(e, *op, *op_span, left, right, *ignoring_case)
            }
            K::Overlaps { op_span, left, right, ignoring_case } => {
                self.overlaps(e, *op_span, left, right, *ignoring_case)
            }
            K::Matches { left, pattern, ignoring_case } => self.matches(e, left, pattern, *ignoring_case),
            K::Set(_) => self.fail(
                Diagnostic::error(Code::NotAValue, "a set is no single value", e.span, "a set")
                    .help("a set stands behind `in`, `in_domain`, beside `overlaps`, or in a `let`: `x in { a, b }`"),
            ),
            K::Under { op_span, left, right } => self.under(e, *op_span, left, right),
            K::Every { .. } => self.stray_every(e),
            K::Call { name, args } => self.call(e, name, args),
            K::History(h) => {
                let (history, ty, optional) = self.with(false, false, |t| t.history(h))?;
                let expr = Expr { kind: ExprKind::History(Box::new(history)), ty, optional, span: e.span };
                self.not_bare(e, expr)
            }
        }
    }

    fn junction(&mut self, e: &ast::Expr, parts: &[ast::Expr], all: bool) -> Option<Expr> {
        let facts = self.facts.len();
        let mut typed = Vec::with_capacity(parts.len());
        let mut failed = false;
        for (i, part) in parts.iter().enumerate() {
            if self.is_stray(&parts[..=i], all) {
                if !parts.get(i + 1).is_some_and(|_| self.is_stray(&parts[..=i + 1], all)) {
                    self.one_of(&parts[..=i], all);
                }
                failed = true;
                continue;
            }
            match self.condition(part) {
                Some(expr) => {
                    // In the right part of `and` the left one holds, in that of `or` it does not.
                    self.learn(&expr, all);
                    typed.push(expr);
                }
                None => failed = true,
            }
        }
        self.facts.truncate(facts);
        if failed {
            return None;
        }
        let kind = if all { ExprKind::And(typed) } else { ExprKind::Or(typed) };
        Some(bool_expr(kind, e.span))
    }

    fn presence(&mut self, e: &ast::Expr, of: &ast::Expr, negated: bool) -> Option<Expr> {
        let place = self.with(true, true, |t| t.place(of, None))?;
        let inner = match place {
            Place::Value(expr) => Some(expr),
            Place::Group(group) => self.group_presence(&group, of.span),
        };
        let present = match inner {
            Some(expr) => {
                if !expr.optional && self.active.is_empty() && !self.known(&expr) {
                    self.never_absent(e.span, of.span, if negated { "always false" } else { "always true" });
                }
                bool_expr(ExprKind::Present(Box::new(expr)), e.span)
            }
            None => {
                self.never_absent(e.span, of.span, if negated { "always false" } else { "always true" });
                bool_expr(ExprKind::Constant(Value::Bool(true)), e.span)
            }
        };
        Some(if negated { bool_expr(ExprKind::Not(Box::new(present)), e.span) } else { present })
    }

    fn never_absent(&self, span: Span, of: Span, label: &str) {
        if !self.active.is_empty() {
            return;
        }
        let d = Diagnostic::warning(
            Code::NeverAbsent,
            format!("`{}` is never absent", self.quote(of)),
            span,
            label.to_owned(),
        );
        self.tell(d.help("a required field that is missing makes the rule indeterminate, not false; make the field's type optional with `?`, or take the test out"));
    }

    fn coalesce(&mut self, e: &ast::Expr, left: &ast::Expr, right: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        let tolerant = self.tolerant;
        let left_expr = self.with(true, tolerant, |t| t.expr(left, expect));
        let Some(left_expr) = left_expr else {
            if !self.is_flexible(right) {
                self.expr(right, None);
            }
            return None;
        };
        if !left_expr.optional {
            self.never_absent(e.span, left.span, "the default is never used");
        }
        let right_expr = self.expr(right, Some(&left_expr.ty))?;
        let (left_expr, right_expr) = self.unify(left_expr, right_expr, e.span, "stand in for")?;
        let (ty, optional) = (left_expr.ty.clone(), right_expr.optional);
        Some(Expr { kind: ExprKind::Coalesce(Box::new(left_expr), Box::new(right_expr)), ty, optional, span: e.span })
    }

    /// Lets a value through that is not absent, or whose absence is handled where it is read.
    fn not_bare(&mut self, e: &ast::Expr, expr: Expr) -> Option<Expr> {
        let no_condition = self.asked == Some(e.span) && expr.ty != Type::Bool;
        if !expr.optional || self.raw || no_condition {
            return Some(expr);
        }
        let text = self.quote(e.span);
        let d = Diagnostic::error(
            Code::OptionalRead,
            format!("`{text}` may be absent"),
            e.span,
            "read without saying what holds where it is absent",
        );
        let d = match declared_at(&expr, self) {
            Some((name, span)) => d.label(span, format!("`{name}` is declared optional here")),
            None => d,
        };
        let report = &self.world.report;
        let mut ways = Vec::new();
        if self.tolerant {
            ways.push(format!(
                "where absent, the comparison is false:\n    {}",
                report.line_with(e.span, &format!("{text}?"))
            ));
        }
        let default = format!("{text} ?? {}", self.sample(&expr.ty));
        ways.push(format!("where absent, take a default:\n    {}", report.line_with(e.span, &default)));
        let around = self.around.unwrap_or(e.span);
        let guarded = format!("{text} present and {}", self.text(around));
        if self.tolerant {
            ways.push(format!("only where present:\n    {}", report.line_with(around, &guarded)));
        }
        let mut d = d.help(ways.join("\n"));
        if self.tolerant {
            d = d.fix("false where absent", e.span, format!("{text}?"));
        }
        self.fail(d.fix("a default where absent", e.span, default))
    }

    /// Value of a place that is read.
    fn read(&mut self, e: &ast::Expr, expect: Option<&Type>) -> Option<Expr> {
        let (place, handled) = self.place_handled(e, expect)?;
        match place {
            Place::Value(expr) if expr.ty == Type::Struct => self.not_a_value(e, "a group of fields"),
            Place::Value(expr) if handled && self.tolerant => Some(expr),
            Place::Value(expr) => self.not_bare(e, expr),
            Place::Group(group) if group.prefix.is_empty() => match group.base {
                Base::Row(_) => self.not_a_value(e, "a record"),
                Base::Ref { key, .. } => self.not_bare(e, *key),
            },
            Place::Group(_) => self.not_a_value(e, "a group of fields"),
        }
    }

    fn not_a_value(&self, e: &ast::Expr, what: &str) -> Option<Expr> {
        let text = self.quote(e.span);
        self.fail(
            Diagnostic::error(Code::NotAValue, format!("`{text}` is {what}, not a value"), e.span, what)
                .help(format!("name one of its fields: `{text}.…`")),
        )
    }
}

pub fn bool_expr(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, ty: Type::Bool, optional: false, span }
}

/// An `int` where a decimal is needed, and the like; constants at once.
pub fn convert(expr: Expr, to: Type) -> Expr {
    if let (ExprKind::Constant(Value::Int(n)), Type::Decimal) = (&expr.kind, &to) {
        let kind = ExprKind::Constant(Value::Decimal(crate::data::Decimal::from_int(*n)));
        return Expr { kind, ty: to, ..expr };
    }
    Expr { ty: to, optional: expr.optional, span: expr.span, kind: ExprKind::Convert(Box::new(expr)) }
}

fn declared_at<'w>(expr: &Expr, typer: &Typer<'w, '_>) -> Option<(&'w str, Span)> {
    match &expr.kind {
        ExprKind::Column { root, column } => {
            let (kind, _) = typer.roots.get(*root as usize)?;
            declared_column(typer, *kind, *column)
        }
        ExprKind::Lookup { key, table, column, .. } => {
            if key.optional {
                declared_at(key, typer)
            } else {
                declared_column(typer, *table, *column)
            }
        }
        ExprKind::Named { body, .. } | ExprKind::Convert(body) => declared_at(body, typer),
        _ => None,
    }
}

fn declared_column<'w>(typer: &Typer<'w, '_>, kind: KindId, column: ColumnId) -> Option<(&'w str, Span)> {
    typer.world.schema.kind(kind).columns.get(column.0 as usize).map(|c| (c.name.as_str(), c.span))
}
