//! Waivers: their own parts, and what they cover of the rule that they name.

use super::expr::{Typer, bool_expr};
use super::hir::{CompareOp, Expr, ExprKind, Trigger, Waiver};
use super::rules::known_rule;
use super::world::World;
use crate::data::{KindId, Type, Value, display};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, RuleItem, Str, WaiveClauseKind, WaiveItem};

/// A longer one is likely a change of the rule.
const LONG: i32 = 366;

/// A waiver whose own parts are right; what it covers is typed with its rule.
pub struct Granted<'a> {
    file: FileId,
    item: &'a WaiveItem,
    span: Span,
    pub from: i32,
    pub until: i32,
    /// Where these two stand.
    pub dates: Span,
    approver: &'a Str,
    reason: &'a Str,
}

impl<'a> Granted<'a> {
    /// The name of the rule.
    pub fn rule(&self) -> &'a str {
        &self.item.rule.text
    }
}

/// Reads every waiver by itself, and sorts them by rule and by their dates.
pub fn collect<'a>(world: &mut World<'a>, items: &[(FileId, &'a WaiveItem, &'a ast::Item)]) {
    for (file, item, whole) in items {
        if let Some(granted) = granted(world, *file, item, whole) {
            world.waivers.entry(&item.rule.text).or_default().push(granted);
        }
    }
    world.waivers.values_mut().for_each(|all| all.sort_by_key(|w| (w.from, w.until, w.span)));
}

fn granted<'a>(world: &World<'a>, file: FileId, item: &'a WaiveItem, whole: &'a ast::Item) -> Option<Granted<'a>> {
    // A missing name was told with the head.
    let named = !(whole.broken && item.rule.text == "for");
    let rule = if named { known_rule(world, &item.rule) } else { None };
    let (mut from, mut until, mut approver, mut reason) = (None, None, None, None);
    let mut seen: Vec<(&str, Span)> = Vec::new();
    for clause in &item.clauses {
        let word = keyword(&clause.kind);
        if let Some((_, first)) = seen.iter().find(|(w, _)| *w == word) {
            world.report.tell(
                Diagnostic::error(
                    Code::DuplicateClause,
                    format!("the waiver has a second `{word}`"),
                    clause.keyword,
                    "again here",
                )
                .label(*first, "the first is here")
                .help("take one of them out; write a waiver for each time"),
            );
            continue;
        }
        seen.push((word, clause.keyword));
        match &clause.kind {
            WaiveClauseKind::From(e) => from = Some((day(world, file, e), e.span)),
            WaiveClauseKind::Until(e) => until = Some((day(world, file, e), e.span)),
            WaiveClauseKind::ApprovedBy(name) => approver = told(world, name, "who approved it"),
            WaiveClauseKind::Reason(text) => reason = told(world, text, "why it was granted"),
        }
    }
    if !whole.broken {
        let missing: Vec<(&str, &str)> = [
            ("from", "from 2025-02-01"),
            ("until", "until 2025-03-01"),
            ("approved_by", "approved_by \"E0007\""),
            ("reason", "reason \"State visit; gifts handed to the company\""),
        ]
        .into_iter()
        .filter(|(word, _)| !seen.iter().any(|(w, _)| w == word))
        .collect();
        if !missing.is_empty() {
            let words: Vec<_> = missing.iter().map(|(word, _)| format!("`{word}`")).collect();
            let lines: Vec<_> = missing.iter().map(|(_, line)| format!("\n    {line}")).collect();
            world.report.tell(
                Diagnostic::error(
                    Code::WaiverLacks,
                    format!("the waiver of `{}` has no {}", item.rule.text, words.join(", no ")),
                    item.rule.span,
                    "granted by whom, why, and for which time?",
                )
                .help(format!("add:{}", lines.concat())),
            );
        }
    }
    let (from, until) = (from?, until?);
    let (first, last) = (from.0?, until.0?);
    if last <= first {
        return world.report.fail(
            Diagnostic::error(
                Code::WaiverDates,
                "the waiver ends before it begins",
                until.1,
                "not after its beginning",
            )
            .label(from.1, "it begins here")
            .help("`until` names the first day that is not covered any more"),
        );
    }
    let (approver, reason) = (approver?, reason?);
    let dates = from.1.to(until.1);
    let granted = Granted { file, item, span: whole.span, from: first, until: last, dates, approver, reason };
    rule?;
    broad(world, &granted, whole.broken);
    Some(granted)
}

fn keyword(kind: &WaiveClauseKind) -> &'static str {
    match kind {
        WaiveClauseKind::From(_) => "from",
        WaiveClauseKind::Until(_) => "until",
        WaiveClauseKind::ApprovedBy(_) => "approved_by",
        WaiveClauseKind::Reason(_) => "reason",
    }
}

fn day(world: &World, file: FileId, e: &ast::Expr) -> Option<i32> {
    match Typer::new(world, file).constant_of(e, &Type::Date)? {
        Value::Date(day) => Some(day),
        _ => None,
    }
}

/// A text that says something.
fn told<'a>(world: &World, text: &'a Str, what: &str) -> Option<&'a Str> {
    if !text.text.trim().is_empty() {
        return Some(text);
    }
    world.report.fail(
        Diagnostic::error(Code::WaiverLacks, format!("the waiver does not say {what}"), text.span, "an empty text")
            .help("a waiver stays in the record: who reads it later has to see who granted it and why"),
    )
}

/// Warns of waivers for everyone, and of very long ones.
fn broad(world: &World, waiver: &Granted, broken: bool) {
    let rule = &waiver.item.rule;
    if waiver.item.covers.is_empty() && !broken {
        world.report.tell(
            Diagnostic::warning(
                Code::BroadWaiver,
                format!("this waives `{}` for everyone", rule.text),
                rule.span,
                "no `for` says whom it covers",
            )
            .help(format!(
                "name a field of its records and a value:\n    {}",
                world.report.line_with(rule.span, &format!("{} for actor \"E1042\"", rule.text))
            )),
        );
    }
    let days = waiver.until - waiver.from;
    if days > LONG {
        world.report.tell(
            Diagnostic::warning(
                Code::BroadWaiver,
                format!("the waiver of `{}` lasts {days} days", rule.text),
                waiver.dates,
                format!("from {} until {}", display::date(waiver.from), display::date(waiver.until)),
            )
            .help("grant it for a year at most and renew it, or put an exception into the rule: `unless NAME: …`"),
        );
    }
}

/// The waivers of a rule, typed as its own conditions are. What is in error is told and left out.
pub fn of_rule<'a>(typer: &mut Typer<'_, 'a>, rule: &RuleItem, trigger: &Trigger) -> Vec<Waiver> {
    let world = typer.world;
    let own = typer.file;
    // Of a sequence, bare fields are those of its last record.
    let bare = typer.scope.bare;
    typer.scope.bare = bare.or(typer.scope.about);
    let mut waivers = Vec::new();
    for granted in world.waivers.get(rule.name.text.as_str()).into_iter().flatten() {
        typer.file = granted.file;
        waivers.extend(waiver(typer, granted, trigger));
    }
    typer.file = own;
    typer.scope.bare = bare;
    waivers
}

fn waiver(typer: &mut Typer, granted: &Granted, trigger: &Trigger) -> Option<Waiver> {
    let (kind, world) = (trigger.kind(), typer.world);
    // A table whose key is in error may be left without any field.
    let columns = world.schema.kind(kind).columns.len();
    let subject = world.schema.kind(kind).subject().filter(|c| columns > c.0 as usize);
    let mut conditions = Vec::new();
    let mut covers = Vec::new();
    let mut failed = false;
    let mut of_subject = false;
    for cover in &granted.item.covers {
        let Some(field) = typer.shown(&cover.field) else {
            failed = true;
            continue;
        };
        if !matches!(field.kind, ExprKind::Column { .. } | ExprKind::Lookup { .. }) {
            typer.tell(
                Diagnostic::error(
                    Code::UnknownField,
                    format!("`{}` has no field `{}`", world.kind_name(kind), typer.quote(cover.field.span)),
                    cover.field.span,
                    "a name for a value",
                )
                .help("a waiver names a field of the records that it covers, and the value that it has there"),
            );
            failed = true;
            continue;
        }
        let Some(value) = typer.constant_of(&cover.value, &field.ty) else {
            failed = true;
            continue;
        };
        if is_approver(&value, granted.approver) {
            typer.tell(
                Diagnostic::error(
                    Code::SelfWaiver,
                    format!("`{}` approved a waiver that covers them", granted.approver.text),
                    granted.approver.span,
                    "approved by the one whom it covers",
                )
                .label(cover.span, "covered here")
                .help("a waiver is granted by somebody else: name in `approved_by` who that was"),
            );
            failed = true;
        }
        of_subject |= matches!(&field.kind, ExprKind::Column { root: 0, column } if Some(*column) == subject);
        covers.push(match sensitive(world, kind, &field) {
            true => format!("{} {}", typer.quote(cover.field.span), display::WITHHELD),
            false => typer.quote(cover.span),
        });
        let ty = stored(typer, &field.ty);
        let right = Expr { kind: ExprKind::Constant(value), ty, optional: false, span: cover.value.span };
        conditions.push(equal(field, right, cover.span));
    }
    if failed {
        return None;
    }
    // Nobody is covered by what they approved.
    if let Some(column) = subject.filter(|_| !of_subject) {
        let declared = world.schema.column(kind, column);
        let span = granted.approver.span;
        if let Some(value) = approver_as(typer, &declared.ty, granted.approver) {
            let kind = ExprKind::Column { root: 0, column };
            let left = Expr { kind, ty: declared.ty.clone(), optional: declared.optional, span };
            let ty = stored(typer, &declared.ty);
            let right = Expr { kind: ExprKind::Constant(value), ty, optional: false, span };
            conditions.push(bool_expr(ExprKind::Not(Box::new(equal(left, right, span))), span));
        }
    }
    let condition = match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(bool_expr(ExprKind::And(conditions), granted.span)),
    };
    Some(Waiver {
        condition,
        covers: covers.join(", "),
        from: granted.from,
        until: granted.until,
        approver: granted.approver.text.clone(),
        reason: granted.reason.text.clone(),
        span: granted.span,
    })
}

/// A reference holds its table's key.
fn stored(typer: &Typer, ty: &Type) -> Type {
    match ty {
        Type::Ref(table) => typer.key_type(*table).clone(),
        ty => ty.clone(),
    }
}

fn equal(left: Expr, right: Expr, span: Span) -> Expr {
    let (left, right) = (Box::new(left), Box::new(right));
    bool_expr(ExprKind::Compare { op: CompareOp::Eq, left, right, ignoring_case: false }, span)
}

fn is_approver(value: &Value, approver: &Str) -> bool {
    match value {
        Value::Text(text) => *text == approver.text,
        Value::Int(n) => n.to_string() == approver.text,
        _ => false,
    }
}

/// The approver as a value of the subject's type; none where they cannot be the same.
fn approver_as(typer: &Typer, ty: &Type, approver: &Str) -> Option<Value> {
    match ty {
        Type::Ref(table) => approver_as(typer, typer.key_type(*table), approver),
        Type::Text => Some(Value::Text(approver.text.clone())),
        Type::Int => approver.text.parse().ok().map(Value::Int),
        _ => None,
    }
}

/// Read from a `@sensitive` field.
fn sensitive(world: &World, kind: KindId, field: &Expr) -> bool {
    match &field.kind {
        ExprKind::Named { body, .. } | ExprKind::Convert(body) => sensitive(world, kind, body),
        ExprKind::Column { root: 0, column } => world.schema.column(kind, *column).sensitive,
        ExprKind::Lookup { table, column, .. } => world.schema.column(*table, *column).sensitive,
        _ => false,
    }
}
