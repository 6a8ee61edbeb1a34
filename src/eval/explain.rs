//! Why a verdict is as it is: the rule run once more at its record, with what it saw written down.

mod windows;

use super::chain;
use super::gaps;
use super::history;
use super::interp::{Context, Frame, NO_ID, Scope, truth, value};
use super::judge::{Judgement, covers, triggered};
use super::message::{self, sensitive, show_one, shown};
use super::rates;
use super::results::Entry;
use super::rows::Rows;
use super::sequence;
use super::val::Val;
use super::world::World;
use super::{ClauseRole, ClauseTrace, Explanation, RecordRef, Runtime, SeenValue, Truth, tables};
use crate::data::calendar::Zone;
use crate::data::{ColumnId, KindId, Origin, Time, Type, Value, Verdict, display, identity};
use crate::plan::{Body, Expr, Op, Plan, RulePlan, stored};
use rustc_hash::FxHashMap;
use std::collections::hash_map;
use std::sync::Arc;

/// Of the records of a window, the latest so many are shown.
pub const SHOWN_RECORDS: usize = 200;
/// Of the way up from somebody.
const SHOWN_STEPS: usize = 20;

pub fn explain(plan: &Plan, runtime: &Runtime, world: &World, entry: &Entry, described: &mut Described) -> Explanation {
    let rule = &plan.rules[entry.rule as usize];
    let cx = runtime.context(plan, world, rule.clock, entry.period);
    let frame = Frame { time: entry.time, ..world.frame(entry.kind, entry.id) };
    let scope = Scope::top(frame);
    let mut trace = Trace::new(cx);
    trace.described = described.of(rule.clock);
    trace.owner = entry.owner;
    trace.record(&frame);
    if let Some((history, key)) = entry.lacking {
        gaps::lacking(&mut trace, history, key, frame);
        trace.explanation.message = rule.title.clone();
    } else {
        match (&rule.sequence, &entry.steps[..]) {
            (None, _) => trace.rule(rule, entry, &scope),
            // Nothing matches: there is no more to say than that.
            (Some(_), []) => trace.explanation.message = rule.title.clone(),
            (Some(_), ids) => {
                sequence::explain(&mut trace, rule, ids, &mut |trace, scope| trace.rule(rule, entry, scope));
            }
        }
    }
    *described = std::mem::take(&mut trace.described);
    trace.finish().0
}

/// Records as reports name them, by a rule's clock: many findings rest on the same.
#[derive(Debug, Default)]
pub struct Described {
    clock: u32,
    records: FxHashMap<(KindId, u32), (Option<Time>, Arc<RecordRef>)>,
}

impl Described {
    /// So many are held at a time.
    const MOST: usize = 1 << 15;

    /// Those of a rule with this clock.
    fn of(&mut self, clock: u32) -> Described {
        match self.clock == clock {
            true => std::mem::take(self),
            false => Described { clock, ..Described::default() },
        }
    }

    fn record(&mut self, cx: &Context<'_>, frame: &Frame<'_>) -> Arc<RecordRef> {
        if frame.id == NO_ID {
            return Arc::new(record_ref(cx, frame));
        }
        let key = (frame.kind, frame.id);
        // A row of a table is looked at at more than one moment.
        if let Some((_, known)) = self.records.get(&key).filter(|(time, _)| *time == frame.time) {
            return known.clone();
        }
        if self.records.len() == Described::MOST {
            self.records.clear();
        }
        let record = Arc::new(record_ref(cx, frame));
        self.records.insert(key, (frame.time, record.clone()));
        record
    }
}

/// An explanation in the making.
pub struct Trace<'a> {
    pub cx: Context<'a>,
    pub explanation: Explanation,
    /// Whom a limit counts the record for, as an index into its lists.
    pub owner: Option<u32>,
    described: Described,
    known: FxHashMap<(KindId, u32), usize>,
    /// By record.
    rows: Vec<&'a Rows>,
    /// By record: what it is sorted by.
    order: Vec<(bool, Option<i64>, KindId, u32)>,
}

impl<'a> Trace<'a> {
    pub fn new(cx: Context<'a>) -> Trace<'a> {
        let explanation = Explanation {
            message: String::new(),
            records: vec![],
            clauses: vec![],
            windows: vec![],
            steps: vec![],
            once: None,
            gaps: vec![],
            exception: None,
            waiver: None,
        };
        Trace {
            cx,
            explanation,
            owner: None,
            described: Described::default(),
            known: FxHashMap::default(),
            rows: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Index of the record among those that the verdict rests on.
    pub fn record(&mut self, frame: &Frame<'a>) -> usize {
        let at = self.explanation.records.len();
        if frame.id != NO_ID {
            match self.known.entry((frame.kind, frame.id)) {
                hash_map::Entry::Occupied(known) => return *known.get(),
                hash_map::Entry::Vacant(new) => drop(new.insert(at)),
            }
        }
        self.rows.push(frame.rows);
        let record = self.described.record(&self.cx, frame);
        self.explanation.records.push(record);
        let time = frame.time.and_then(|t| t.instant(self.cx.zone));
        self.order.push((time.is_none(), time, frame.kind, frame.id));
        at
    }

    /// So many records more will be named.
    pub fn expect(&mut self, records: usize) {
        self.known.reserve(records);
        self.rows.reserve(records);
        self.order.reserve(records);
        self.explanation.records.reserve(records);
    }

    /// The records after the first in time order (those without a time last), and all that names them; and
    /// the new index of each.
    pub fn finish(mut self) -> (Explanation, Vec<usize>) {
        let mut sorted: Vec<usize> = (0..self.order.len()).collect();
        if let Some((_, others)) = sorted.split_first_mut() {
            others.sort_by_key(|&i| self.order[i]);
        }
        let mut place = vec![0; sorted.len()];
        sorted.iter().enumerate().for_each(|(new, &old)| place[old] = new);
        let all = &mut self.explanation;
        let mut records: Vec<_> = std::mem::take(&mut all.records).into_iter().map(Some).collect();
        all.records = sorted.iter().filter_map(|&i| records[i].take()).collect();
        let fields = all.clauses.iter_mut().flat_map(|c| &mut c.values).filter_map(|v| v.field.as_mut());
        fields.for_each(|(record, _)| *record = place[*record]);
        let contributions = all.windows.iter_mut().flat_map(|w| &mut w.contributions);
        contributions.for_each(|c| c.record = place[c.record]);
        all.steps.iter_mut().flat_map(|s| &mut s.records).for_each(|r| *r = place[*r]);
        all.gaps.iter_mut().filter_map(|g| g.record.as_mut()).for_each(|r| *r = place[*r]);
        (self.explanation, place)
    }

    /// The rule's clauses, at its record.
    fn rule(&mut self, rule: &'a RulePlan, entry: &Entry, scope: &Scope<'_, 'a>) {
        let (cx, mut crossing) = (self.cx, None);
        gaps::open_finding(self, &scope.frame, rule.trigger.span());
        gaps::validity(self, &scope.frame, rule.trigger.span());
        let filter = triggered(&cx, rule, scope, Truth::True);
        if let Some(Err(_)) = filter {
            gaps::no_time(self, &scope.frame, rule.trigger.span());
        }
        rule.filter.iter().for_each(|e| self.clause(ClauseRole::Where, e, scope));
        rule.when.iter().for_each(|e| self.clause(ClauseRole::When, e, scope));
        match &rule.body {
            Body::Forbid => {}
            Body::Require { need } => self.need(*need, scope),
            Body::Limit { .. } => {
                crossing = self.limit(rule, scope, entry.judgement.verdict == Verdict::Indeterminate);
            }
        }
        let decided = self.decided();
        // Exceptions were considered only where there would be a finding without them.
        if matches!(entry.judgement.verdict, Verdict::Finding | Verdict::Excepted | Verdict::Waived | Verdict::Repeated)
            || decided
        {
            for (i, exception) in rule.unless.iter().enumerate() {
                self.clause(ClauseRole::Unless(exception.name.clone()), &exception.condition, scope);
                if entry.judgement.exception == Some(i as u8) {
                    self.explanation.exception = Some(exception.name.clone());
                    break;
                }
            }
        }
        if decided {
            self.waivers(rule, entry.judgement, scope);
        }
        self.once(rule, entry, scope);
        self.explanation.message = message::message(&cx, rule, scope, entry.judgement.verdict, crossing);
    }

    /// Whether all of the rule's own conditions hold.
    fn decided(&self) -> bool {
        self.explanation.clauses.iter().all(|c| match c.role {
            ClauseRole::Need => c.truth == Truth::False,
            _ => c.truth == Truth::True,
        })
    }

    /// The waiver that covers it, or those of which that is not known.
    fn waivers(&mut self, rule: &'a RulePlan, judgement: Judgement, scope: &Scope<'_, 'a>) {
        self.explanation.waiver = judgement.waiver;
        let excepted = self.explanation.clauses.iter();
        let doubt = excepted.filter(|c| matches!(c.role, ClauseRole::Unless(_))).any(|c| c.truth != Truth::False);
        for (i, waiver) in (0u32..).zip(&rule.waivers) {
            let open = judgement.verdict == Verdict::Indeterminate && !doubt;
            if judgement.waiver != Some(i) && !(open && covers(&self.cx, waiver, scope) == Truth::Unknown) {
                continue;
            }
            if scope.frame.time.is_none() {
                gaps::no_time(self, &scope.frame, waiver.span);
            }
            if let Some(condition) = &waiver.condition {
                self.clause(ClauseRole::Waiver(i), condition, scope);
            }
        }
    }

    pub fn clause(&mut self, role: ClauseRole, expr: &'a Expr, scope: &Scope<'_, 'a>) {
        let truth = truth(&self.cx, expr, scope);
        let mut values = Vec::new();
        self.condition(expr, scope, &mut values);
        self.explanation.clauses.push(ClauseTrace { role, span: expr.span, truth, values });
        if matches!(truth, Truth::Unknown | Truth::Pending) {
            gaps::of(self, expr, scope);
        }
    }

    /// The operands of a condition's tests.
    fn condition(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>, values: &mut Vec<SeenValue>) {
        match &expr.op {
            Op::And(all) | Op::Or(all) => all.iter().for_each(|e| self.condition(e, scope, values)),
            Op::Not(e) => self.condition(e, scope, values),
            Op::Compare { .. } if rates::are_amounts(expr) => self.amounts(expr, scope, values),
            Op::Compare { left, right, .. } | Op::TextTest { left, right, .. } => {
                self.operand(left, scope, values);
                self.operand(right, scope, values);
            }
            Op::InColumn { item, list, .. } => {
                self.operand(item, scope, values);
                self.operand(list, scope, values);
            }
            Op::Overlaps { left, right, ignoring_case } => {
                self.operand(left, scope, values);
                self.operand(right, scope, values);
                let seen = message::in_both(&self.cx, left, right, *ignoring_case, scope);
                values.extend(seen.map(|value| SeenValue { span: expr.span, value, field: None }));
            }
            Op::In { item, .. } => self.operand(item, scope, values),
            Op::InDomain { host, .. } => self.operand(host, scope, values),
            Op::Matches { left, .. } => self.operand(left, scope, values),
            Op::Present(e) => self.operand(e, scope, values),
            Op::Under { who, above, table, column, root } => {
                self.operand(who, scope, values);
                self.operand(above, scope, values);
                let who = value(&self.cx, who, scope);
                let seen = self.way_up(who, *table, *column, scope.frame(*root).and_then(|f| f.time));
                values.extend(seen.map(|value| SeenValue { span: expr.span, value, field: None }));
            }
            _ => self.operand(expr, scope, values),
        }
    }

    /// An operand with its value, and the fields and histories that it is made of.
    fn operand(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>, values: &mut Vec<SeenValue>) {
        if matches!(expr.op, Op::Constant(_)) {
            return;
        }
        let field = self.field(expr, scope);
        let seen = SeenValue { span: expr.span, value: shown(&self.cx, expr, scope), field };
        if !values.contains(&seen) {
            values.push(seen);
        }
        match &expr.op {
            Op::History(id) => self.window(*id, scope),
            Op::Lookup { .. } | Op::Column { .. } => {}
            // The value is the field's own.
            _ if field.is_some() => {}
            Op::Arith { .. } if rates::are_amounts(expr) => self.amounts(expr, scope, values),
            _ => expr.children().into_iter().for_each(|e| self.operand(e, scope, values)),
        }
    }

    /// Two amounts as they were compared or added.
    fn amounts(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>, values: &mut Vec<SeenValue>) {
        let cx = self.cx;
        for (side, within) in rates::amounts(&cx, expr, scope) {
            self.cx = within;
            self.operand(side, scope, values);
        }
        self.cx = cx;
        values.extend(self.converted(expr, scope).filter(|seen| !values.contains(seen)));
    }

    /// The rate by which two amounts were brought into one currency, and the row that it stands in.
    pub fn converted(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Option<SeenValue> {
        let cx = self.cx;
        cx.world.rates.as_ref()?;
        let (from, to, amount, of) = rates::conversion(&cx, expr, scope)?;
        let quote = rates::applied(&cx, expr, (from, to), scope).ok()?;
        let value = if sensitive(&cx, of, scope) {
            quote.shown(from, to)
        } else {
            let amounts = [Some((amount, from)), quote.convert(amount).map(|a| (a, to))];
            let shown = amounts.into_iter().flatten().map(|(a, c)| show_one(&cx, Val::Money(a, Some(c)), &Type::Money));
            format!("{} ({})", shown.collect::<Vec<_>>().join(" is "), quote.shown(from, to))
        };
        let field = quote.frame(&cx).map(|frame| (self.record(&frame), rates::RATE));
        Some(SeenValue { span: of.span, value, field })
    }

    /// The column of a record's own kind that stands for one of what it was read as.
    pub fn own_column(&self, record: usize, column: ColumnId) -> ColumnId {
        self.rows.get(record).map_or(column, |rows| rows.own_column(column))
    }

    /// The field that a value was read from, if it is one.
    pub fn field(&mut self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Option<(usize, ColumnId)> {
        match &expr.op {
            Op::Column { root, column } => {
                let frame = *scope.frame(*root)?;
                Some((self.record(&frame), frame.rows.own_column(*column)))
            }
            Op::Lookup { key, table, column, root } => {
                let key = value(&self.cx, key, scope);
                let at = scope.frame(*root).and_then(|f| f.time);
                match tables::lookup(&self.cx, *table, key, *column, at) {
                    tables::Found::Row(id, _) => {
                        let frame = self.cx.world.frame(*table, id);
                        Some((self.record(&frame), *column))
                    }
                    _ => None,
                }
            }
            Op::ToDecimal(e) | Op::ToTimestamp(e) | Op::ToDate(e) => self.field(e, scope),
            Op::Coalesce(e, _) if !matches!(value(&self.cx, e, scope), Val::Absent) => self.field(e, scope),
            _ => None,
        }
    }

    /// Those above somebody, and the rows that lead to them among the records.
    pub fn way_up(&mut self, who: Val<'a>, table: KindId, column: ColumnId, at: Option<Time>) -> Option<String> {
        let cx = self.cx;
        let chain = chain::above(&cx, table, column, who, at);
        if matches!(chain.end, chain::End::NoKey) {
            return None;
        }
        let mut shown: Vec<String> = Vec::new();
        for step in chain.certain.iter().chain(&chain.doubtful).take(SHOWN_STEPS) {
            self.record(&cx.world.frame(table, step.row));
            shown.push(chain::shown(&cx, table, column, step.key));
        }
        match chain.end {
            chain::End::Top if chain.certain.len() > SHOWN_STEPS => shown.push("…".into()),
            chain::End::Top if shown.is_empty() => shown.push("nobody above".into()),
            chain::End::Top => {}
            _ => shown.push(display::UNKNOWN.into()),
        }
        Some(shown.join(" → "))
    }

    fn need(&mut self, need: u32, scope: &Scope<'_, 'a>) {
        let found = match history::evaluate(&self.cx, need, scope).single() {
            Val::Bool(b) => Truth::of(b),
            Val::Pending => Truth::Pending,
            _ => Truth::Unknown,
        };
        let span = self.cx.plan.histories[need as usize].span;
        self.window(need, scope);
        self.explanation.clauses.push(ClauseTrace { role: ClauseRole::Need, span, truth: found, values: vec![] });
        if matches!(found, Truth::Unknown | Truth::Pending) {
            gaps::of_history(self, need, scope);
        }
    }
}

/// Rule and id of a record that is a finding.
pub fn named_finding(cx: &Context<'_>, frame: &Frame<'_>) -> (String, String) {
    let schema = &cx.plan.schema;
    let kind = schema.kind(frame.kind);
    let shown = |name: &str| {
        let column = kind.column(name)?;
        let of = schema.column(frame.kind, column);
        let value = Val::cell(frame.rows, frame.row, column, of.optional).owned(&of.ty, schema)?;
        Some(display::value(&value, schema, cx.zone))
    };
    (shown("rule").unwrap_or_default(), shown("id").unwrap_or_default())
}

/// A record as reports name it.
pub fn record_ref(cx: &Context<'_>, frame: &Frame<'_>) -> RecordRef {
    RecordRef {
        kind: frame.rows.own().kind,
        place: frame.rows.places.get(frame.row).copied(),
        identity: identity_shown(cx, frame),
        time: frame.time.map(|t| display::time(t, cx.zone)),
    }
}

/// The identity, with `@sensitive` parts withheld.
fn identity_shown(cx: &Context<'_>, frame: &Frame<'_>) -> String {
    let (schema, rows) = (&cx.plan.schema, frame.rows.own());
    let kind = schema.kind(rows.kind);
    if kind.origin == Origin::Findings {
        let (rule, id) = named_finding(cx, frame);
        return format!("rule = {rule}, id = {id}");
    }
    let people = &cx.runtime.people;
    let hidden = kind.identity.iter().any(|&c| schema.column(rows.kind, c).sensitive);
    if !super::world::has_identity(schema, rows, frame.row) {
        return people.contents(&cx.world.identity(schema, frame.kind, frame.id));
    }
    if !hidden && people.are_named() {
        return cx.world.identity(schema, frame.kind, frame.id);
    }
    let values: Vec<_> = kind
        .identity
        .iter()
        .filter_map(|&c| {
            let of = schema.column(rows.kind, c);
            let value = rows.cols[c.0 as usize].value(frame.row, &stored(schema, &of.ty))?;
            let shown = match (of.sensitive, &value) {
                (true, _) => Value::Text(display::WITHHELD.into()),
                (false, value) if schema.is_person(rows.kind, c) => {
                    Value::Text(people.person(&display::exact(value, schema, &Zone::utc())))
                }
                (false, Value::Text(text)) => Value::Text(people.text(text)),
                (false, _) => value,
            };
            Some((c, shown))
        })
        .collect();
    identity::declared(schema, rows.kind, &values)
}

/// Whether a column's text may be shown.
pub fn printable(cx: &Context<'_>, kind: KindId, column: ColumnId) -> bool {
    !cx.plan.schema.column(kind, column).sensitive
}

/// As [`shown`], for a value at hand.
pub fn shown_value<'a>(cx: &Context<'a>, expr: &'a Expr, value: Val<'a>, scope: &Scope<'_, 'a>) -> String {
    if sensitive(cx, expr, scope) {
        return display::WITHHELD.into();
    }
    message::show_known(cx, value, &expr.ty, message::is_person(cx, expr, scope))
}
