//! What was missing, malformed or has yet to come, where a condition could not be decided.

use super::business::{self, Beyond, Unclear};
use super::chain::{self, End};
use super::explain::{Trace, named_finding, printable, shown_value};
use super::history::{self, Search};
use super::interp::{Frame, Scope, operand, truth, value};
use super::rates::{self, NoRate};
use super::rows::FlawKind;
use super::tables::{self, Found, lookup};
use super::val::Val;
use super::window::moment;
use super::{Gap, GapReason, Truth};
use crate::data::{ColumnId, Currency, KindId, Role, display};
use crate::plan::{Expr, Op};
use crate::sema::hir::Func;
use crate::source::Span;

fn push(trace: &mut Trace<'_>, mut gap: Gap) {
    if let (Some(record), Some(column)) = (gap.record, gap.column) {
        gap.column = Some(trace.own_column(record, column));
    }
    if !trace.explanation.gaps.contains(&gap) {
        trace.explanation.gaps.push(gap);
    }
}

pub fn no_time<'a>(trace: &mut Trace<'a>, frame: &Frame<'a>, span: Span) {
    let kind = trace.cx.plan.schema.kind(frame.kind);
    let record = Some(trace.record(frame));
    push(trace, Gap { why: GapReason::NoTime, record, column: kind.time(), span });
    // What was found there instead of a time.
    if let Some(column) = kind.time().filter(|&c| frame.rows.flaw(frame.row, c).is_some()) {
        cell(trace, *frame, column, span);
    }
}

/// It is not known whether a table's row holds at a moment.
pub fn validity<'a>(trace: &mut Trace<'a>, frame: &Frame<'a>, span: Span) {
    let cx = trace.cx;
    let schema = &cx.plan.schema;
    let Role::Table { valid: Some((from, until)), .. } = schema.kind(frame.kind).role else { return };
    if tables::valid(cx.world, schema, frame.kind, frame.id, frame.time, cx.zone) != Truth::Unknown {
        return;
    }
    for column in [from].into_iter().chain(until) {
        let optional = schema.column(frame.kind, column).optional;
        if matches!(Val::cell(frame.rows, frame.row, column, optional), Val::Unknown) {
            cell(trace, *frame, column, span);
        }
    }
}

/// It is not known which days are business days.
pub fn no_calendar(trace: &mut Trace<'_>, why: Unclear, span: Span) {
    let (table, day) = match why {
        Unclear::Never => (None, "so many are not counted".into()),
        Unclear::NoYear(table, year) => (Some(table), format!("has no row of {year}")),
        Unclear::Day(table, day) => (Some(table), format!("does not say what {} is", display::date(day))),
        Unclear::Row(table) => (Some(table), "has a row of an unknown day".into()),
    };
    push(trace, Gap { why: GapReason::Calendar { table, day }, record: None, column: None, span });
}

/// A record that is in no window of a history: for want of a key, or of its time.
pub fn lacking<'a>(trace: &mut Trace<'a>, id: u32, key: Option<u32>, frame: Frame<'a>) {
    let history = &trace.cx.plan.histories[id as usize];
    match key.and_then(|k| history.keys.get(k as usize)) {
        None => no_time(trace, &frame, history.span),
        Some(key) => {
            let scope = Scope { root: history.root + 1, frame, parent: None };
            of_key(trace, &key.inner, &scope);
        }
    }
}

/// A key that is absent or unknown.
pub fn of_key<'a>(trace: &mut Trace<'a>, key: &'a Expr, scope: &Scope<'_, 'a>) {
    let before = trace.explanation.gaps.len();
    of(trace, key, scope);
    if trace.explanation.gaps.len() > before {
        return;
    }
    let whose = match &key.op {
        Op::Every { who, .. } => who,
        _ => key,
    };
    let (record, column) = match &whose.op {
        Op::Column { root, column } => match scope.frame(*root).copied() {
            Some(frame) => (Some(trace.record(&frame)), Some(*column)),
            None => (None, None),
        },
        _ => (None, None),
    };
    push(trace, Gap { why: GapReason::Missing, record, column, span: key.span });
}

/// A field that could not be read.
pub fn cell<'a>(trace: &mut Trace<'a>, frame: Frame<'a>, column: ColumnId, span: Span) {
    let show = printable(&trace.cx, frame.kind, column);
    let (people, person) = (&trace.cx.runtime.people, trace.cx.plan.schema.is_person(frame.kind, column));
    // Of people who have pseudonyms: what is not of its field's type may belong to another.
    let unread = |text: &str| match people.fingerprint().is_some() && !person {
        true => display::WITHHELD.into(),
        false if person => people.person(text),
        false => text.to_owned(),
    };
    let shown = |text: &String| match (show, text.strip_prefix(display::UNREAD)) {
        (false, _) => display::WITHHELD.into(),
        (true, Some(text)) => unread(text),
        (true, None) if text == display::ABSENT => text.clone(),
        (true, None) if person => people.person(text),
        (true, None) => people.text(text),
    };
    let why = match frame.rows.flaw(frame.row, column).map(|f| &f.kind) {
        None | Some(FlawKind::Missing) => GapReason::Missing,
        Some(FlawKind::Malformed { found, expected }) => {
            let found = if show { unread(found) } else { display::WITHHELD.into() };
            GapReason::Malformed { found, expected: expected.clone() }
        }
        Some(FlawKind::Conflict { found }) => GapReason::Conflict { found: found.iter().map(shown).collect() },
    };
    let record = Some(trace.record(&frame));
    push(trace, Gap { why, record, column: Some(column), span });
}

/// The gaps of an expression that is unknown or pending; none where it is neither.
pub fn of<'a>(trace: &mut Trace<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) {
    let cx = trace.cx;
    let open = match &expr.op {
        Op::And(_)
        | Op::Or(_)
        | Op::Not(_)
        | Op::Compare { .. }
        | Op::In { .. }
        | Op::InColumn { .. }
        | Op::Overlaps { .. }
        | Op::TextTest { .. }
        | Op::InDomain { .. }
        | Op::Matches { .. }
        | Op::Under { .. }
        | Op::Present(_) => {
            matches!(truth(&cx, expr, scope), Truth::Unknown | Truth::Pending)
        }
        // Whether it is known who there is, the way up tells.
        Op::Every { .. } => true,
        _ => matches!(value(&cx, expr, scope), Val::Unknown | Val::Pending),
    };
    if !open {
        return;
    }
    match &expr.op {
        Op::Column { root, column } => {
            if let Some(frame) = scope.frame(*root).copied() {
                cell(trace, frame, *column, expr.span);
            }
        }
        Op::EventTime { root } => {
            if let Some(frame) = scope.frame(*root).copied() {
                no_time(trace, &frame, expr.span);
            }
        }
        Op::Lookup { key, table, column, root } => {
            let at = scope.frame(*root).and_then(|f| f.time);
            let found = value(&cx, key, scope);
            let text = shown_value(&cx, key, found, scope);
            let shown_at = at.map(|t| display::time(t, cx.zone));
            let why = match lookup(&cx, *table, found, *column, at) {
                Found::NoKey(_) => return of(trace, key, scope),
                Found::Row(id, _) => return cell(trace, cx.world.frame(*table, id), *column, expr.span),
                Found::NoRow => GapReason::NoRow { table: *table, key: text, at: shown_at },
                Found::ManyRows => GapReason::ManyRows { table: *table, key: text, at: shown_at },
                Found::NoTime => GapReason::NoTime,
            };
            let record = scope.frame(*root).copied().map(|f| trace.record(&f));
            let column = match key.op {
                Op::Column { column, .. } => Some(column),
                _ => None,
            };
            push(trace, Gap { why, record, column, span: expr.span });
        }
        Op::History(id) => of_history(trace, *id, scope),
        Op::Every { who, table, column, root } => {
            let before = trace.explanation.gaps.len();
            of(trace, who, scope);
            if trace.explanation.gaps.len() == before {
                let who = value(&cx, who, scope);
                let frame = scope.frame(*root).copied();
                way_up(trace, (*table, *column), who, frame, expr.span);
            }
        }
        Op::Under { who, above, table, column, root } => {
            let before = trace.explanation.gaps.len();
            of(trace, who, scope);
            of(trace, above, scope);
            if trace.explanation.gaps.len() == before {
                let who = value(&cx, who, scope);
                let frame = scope.frame(*root).copied();
                way_up(trace, (*table, *column), who, frame, expr.span);
            }
        }
        _ => {
            let before = trace.explanation.gaps.len();
            expr.children().into_iter().for_each(|e| of(trace, e, scope));
            if trace.explanation.gaps.len() == before {
                own(trace, expr, scope);
            }
        }
    }
}

/// A finding that is perhaps none.
pub fn open_finding<'a>(trace: &mut Trace<'a>, frame: &Frame<'a>, span: Span) {
    if trace.cx.world.existence(frame.kind, frame.id) == Truth::True {
        return;
    }
    let (rule, id) = named_finding(&trace.cx, frame);
    let why = GapReason::OpenFinding { rule, id };
    if trace.explanation.gaps.iter().all(|g| g.why != why) {
        let record = Some(trace.record(frame));
        push(trace, Gap { why, record, column: None, span });
    }
}

/// Where the way up from somebody is lost.
pub fn way_up<'a>(
    trace: &mut Trace<'a>,
    (table, column): (KindId, ColumnId),
    who: Val<'a>,
    frame: Option<Frame<'a>>,
    span: Span,
) {
    let cx = trace.cx;
    let at = frame.and_then(|f| f.time);
    let shown_at = at.map(|t| display::time(t, cx.zone));
    let chain = chain::above(&cx, table, column, who, at);
    let why = match chain.end {
        End::Top | End::NoKey => return,
        End::Circle => {
            let keys = chain.doubtful.iter().map(|s| chain::shown(&cx, table, column, s.key)).collect();
            for step in &chain.doubtful {
                trace.record(&cx.world.frame(table, step.row));
            }
            GapReason::Circle { table, keys, at: shown_at }
        }
        End::Lost { at: key, why } => {
            let key = chain::shown(&cx, table, column, key);
            match why {
                Found::Row(id, _) => return cell(trace, cx.world.frame(table, id), column, span),
                Found::ManyRows => GapReason::ManyRows { table, key, at: shown_at },
                Found::NoTime => GapReason::NoTime,
                Found::NoRow | Found::NoKey(_) => GapReason::NoRow { table, key, at: shown_at },
            }
        }
    };
    let record = frame.map(|f| trace.record(&f));
    push(trace, Gap { why, record, column: None, span });
}

/// All parts are known and yet the whole is not.
fn own<'a>(trace: &mut Trace<'a>, expr: &'a Expr, scope: &Scope<'_, 'a>) {
    let cx = trace.cx;
    let (mut currencies, mut field) = (Vec::new(), None);
    for child in expr.children() {
        // A range, where some records are in doubt, is known only in part.
        for inner in child.histories() {
            of_history(trace, inner, scope);
        }
        let seen = operand(&cx, child, scope).single();
        if let Val::Money(_, Some(currency)) = seen {
            currencies.push(currency.to_string());
        }
        if let Op::Column { root, column } = child.op {
            // The field to look at is the last one, or the zero that something is divided by.
            field = scope.frame(root).copied().map(|f| (f, column));
        }
    }
    let record = Some(trace.record(&field.map_or(scope.frame, |f| f.0)));
    currencies.sort();
    currencies.dedup();
    if let Op::Shift { time, by } = &expr.op {
        let moved = match value(&cx, time, scope) {
            Val::Date(day) => business::date(&cx, day, *by).map(i64::from),
            Val::Timestamp(at) => business::instant(&cx, at, *by),
            _ => return,
        };
        if let Err(Beyond::Unclear(why)) = moved {
            return no_calendar(trace, why, expr.span);
        }
    }
    let rated = cx.world.rates.is_some().then(|| rates::conversion(&cx, expr, scope)).flatten();
    if let Some((from, to, ..)) = rated
        && let Err(why) = rates::applied(&cx, expr, (from, to), scope)
    {
        let at = field.map_or(scope.frame, |f| f.0);
        return no_rate(trace, (from, to), &why, (at, field.map(|f| f.1)), expr.span);
    }
    let why = if currencies.len() > 1 && rated.is_none() {
        GapReason::Currencies { found: currencies }
    } else if rated.is_some()
        || matches!(expr.op, Op::Arith { .. } | Op::Neg(_) | Op::Shift { .. } | Op::ToTimestamp(_))
    {
        let what = match &expr.op {
            Op::Arith { op: crate::sema::hir::ArithOp::Div, right, .. } if is_zero(value(&cx, right, scope)) => {
                "division by zero"
            }
            _ => "a result too large to keep exactly",
        };
        GapReason::Arithmetic { what: what.into() }
    } else {
        return;
    };
    push(trace, Gap { why, record, column: field.map(|f| f.1), span: expr.span });
}

/// There is no rate that brings an amount of a record into another currency.
fn no_rate<'a>(
    trace: &mut Trace<'a>,
    (from, to): (Currency, Currency),
    why: &NoRate,
    (at, column): (Frame<'a>, Option<ColumnId>),
    span: Span,
) {
    let cx = trace.cx;
    let Some(time) = at.time else { return no_time(trace, &at, span) };
    let record = Some(trace.record(&at));
    let (why, rows) = rates::why_not(&cx, why);
    for row in rows {
        if let Some((kind, _)) = cx.plan.schema.rates() {
            trace.record(&cx.world.frame(kind, row));
        }
    }
    let day = display::date(time.date(cx.zone));
    let why = GapReason::NoRate { from: from.to_string(), to: to.to_string(), day, why };
    push(trace, Gap { why, record, column, span });
}

fn is_zero(value: Val<'_>) -> bool {
    match value {
        Val::Int(n) => n == 0,
        Val::Decimal(d) | Val::Money(d, _) => d.raw() == 0,
        _ => false,
    }
}

pub fn of_history<'a>(trace: &mut Trace<'a>, id: u32, scope: &Scope<'_, 'a>) {
    let cx = trace.cx;
    match history::search(&cx, id, scope) {
        Err(why) => trace.no_search(&why, id, scope),
        Ok(search) => of_search(trace, id, &search, scope),
    }
}

/// The records that are in doubt, or have no known value; the end of the window, where it is to come.
pub fn of_search<'a>(trace: &mut Trace<'a>, id: u32, search: &Search<'_>, scope: &Scope<'_, 'a>) {
    of_compared(trace, id, search, scope, None);
}

/// As [`of_search`], where the aggregate is compared with an amount of a currency.
pub fn of_compared<'a>(
    trace: &mut Trace<'a>,
    id: u32,
    search: &Search<'_>,
    scope: &Scope<'_, 'a>,
    with: Option<Currency>,
) {
    let cx = trace.cx;
    let history = &cx.plan.histories[id as usize];
    let mut doubtful: Vec<Frame<'a>> = Vec::new();
    let mut currencies: Vec<(String, Frame<'a>)> = with.iter().map(|c| (c.to_string(), scope.frame)).collect();
    let mut into = with.or(cx.into);
    let mut unrated: Vec<(Frame<'a>, Currency, Currency, NoRate)> = Vec::new();
    history::visit(&cx, history, search, scope, &mut |member, own| {
        let value = history.value.as_ref().map(|v| value(&cx, v, own));
        if let (Some(Val::Money(_, Some(own_currency))), true) = (value, cx.world.rates.is_some()) {
            let into = *into.get_or_insert(own_currency);
            if into != own_currency
                && let Err(why) = rates::quote(&cx, own_currency, into, own)
            {
                unrated.push((member.frame, own_currency, into, why));
            }
        } else if let Some(Val::Money(_, Some(currency))) = value {
            let currency = currency.to_string();
            if currencies.iter().all(|c| c.0 != currency) {
                currencies.push((currency, member.frame));
            }
        }
        let unknown = |v: Val<'_>| matches!(v, Val::Unknown | Val::Pending);
        let whose = history.per.iter().any(|(_, p)| unknown(self::value(&cx, p, own)));
        if member.truth != Truth::True || whose || value.is_some_and(unknown) {
            doubtful.push(member.frame);
        }
        doubtful.len() < super::explain::SHOWN_RECORDS
    });
    let about = scope.at(history.root);
    for frame in doubtful {
        open_finding(trace, &frame, history.span);
        let own = Scope { root: history.root + 1, frame, parent: about };
        if frame.time.is_none() {
            no_time(trace, &frame, history.span);
        }
        let single = history.keys.iter().filter(|k| !matches!(k.inner.op, Op::Every { .. }));
        for key in single.filter(|k| !value(&cx, &k.inner, &own).is_known()) {
            of_key(trace, &key.inner, &own);
        }
        let parts = history.inner.iter().chain(&history.pair).chain(&history.join_conditions).chain(&history.value);
        parts.for_each(|e| of(trace, e, &own));
        let unknown = |p: &Expr| matches!(value(&cx, p, &own), Val::Unknown | Val::Pending);
        history.per.iter().map(|p| &p.1).filter(|p| unknown(p)).for_each(|p| of_key(trace, p, &own));
    }
    let column = match history.value.as_ref().map(|v| &v.op) {
        Some(Op::Column { column, .. }) => Some(*column),
        _ => None,
    };
    for (frame, from, to, why) in unrated.into_iter().take(super::explain::SHOWN_RECORDS) {
        no_rate(trace, (from, to), &why, (frame, column), history.span);
    }
    let adds = matches!(history.func, Func::Sum | Func::Avg | Func::Min | Func::Max | Func::Median);
    if currencies.len() > 1 && (adds || with.is_some()) {
        // At the first record whose currency is another than the first one's.
        let record = Some(trace.record(&currencies[1].1));
        let mut found: Vec<String> = currencies.into_iter().map(|c| c.0).collect();
        found.sort();
        push(trace, Gap { why: GapReason::Currencies { found }, record, column, span: history.span });
    }
    if !search.bounds.over {
        let until = moment(search.bounds.until, history.dates)
            .map_or_else(|| display::UNKNOWN.into(), |t| display::time(t, cx.zone));
        push(trace, Gap { why: GapReason::NotYet { until }, record: None, column: None, span: history.span });
    }
}
