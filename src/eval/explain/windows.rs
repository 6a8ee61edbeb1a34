//! The windows over other records that a verdict looked at, and the limits over them.

use super::super::history::{self, NoSearch, Search};
use super::super::interp::{Frame, Operand, Scope, operand, value};
use super::super::message::{result_type, show, show_one, shown};
use super::super::val::Val;
use super::super::window::{self, moment};
use super::super::{ClauseRole, ClauseTrace, Contribution, SeenValue, Truth, WindowTrace};
use super::super::{arith, chain, gaps, index, limit, median, rates};
use super::{SHOWN_RECORDS, Trace};
use crate::data::display;
use crate::plan::{Body, Expr, Op, RulePlan, stored};
use crate::sema::hir::{ArithOp, CompareOp, Func, Window};

impl<'a> Trace<'a> {
    /// What a limit compared, at its record.
    /// `open`: the verdict is indeterminate.
    pub fn limit(&mut self, rule: &'a RulePlan, scope: &Scope<'_, 'a>, open: bool) -> Option<Operand<'a>> {
        let Body::Limit { aggregate: id, to } = &rule.body else { return None };
        let id = *id;
        let (outer, cap) = (self.cx, operand(&self.cx, to, scope));
        self.cx = rates::towards(&outer, cap);
        let crossing = self.limit_of(rule, (id, to, cap), scope, open);
        self.cx = outer;
        crossing
    }

    fn limit_of(
        &mut self,
        rule: &'a RulePlan,
        (id, to, cap): (u32, &'a Expr, Operand<'a>),
        scope: &Scope<'_, 'a>,
        open: bool,
    ) -> Option<Operand<'a>> {
        let cx = self.cx;
        let history = &cx.plan.histories[id as usize];
        let index = &cx.world.histories[id as usize];
        let list = match self.owner {
            Some(at) => index.lists.at(at as usize)?,
            // It counts for nobody.
            None if history.every().is_some() => return None,
            None => {
                let mut key = Vec::new();
                index::encode_keys(&cx, history.keys.iter().map(|k| &k.outer), scope, &mut key).ok()?;
                index.lists.get(&key)?
            }
        };
        let at = list.ids.iter().position(|&i| i == scope.frame.id)?;
        let search = limit::window(&cx, history, list, at, scope)?;
        let value = history::evaluate_in(&cx, history, &search, scope);
        self.window_of(id, scope, &search);
        let mut values = vec![SeenValue {
            span: history.span,
            value: if history.sensitive { display::WITHHELD.into() } else { show(&cx, value, &result_type(history)) },
            field: None,
        }];
        self.operand(to, scope, &mut values);
        // The limit may be defined elsewhere.
        let (own, to_span) = (rule.span, to.span);
        let inside = own.file == to_span.file && own.start <= to_span.start && to_span.end <= own.end;
        let span = if inside { history.span.to(to_span) } else { history.span };
        let truth = limit::test(CompareOp::Gt, value, cap);
        self.explanation.clauses.push(ClauseTrace { role: ClauseRole::Limit, span, truth, values });
        if truth == Truth::Unknown {
            self.limit_gaps(id, to, &search, scope);
        } else if let Some(before) =
            (open && self.decided()).then(|| limit::doubt_before(&cx, rule, list, at)).flatten()
        {
            // Whether this record crosses depends on whether an earlier one already did.
            let scope = Scope::top(cx.world.frame(history.kind, list.ids[before]));
            let search = limit::window(&cx, history, list, before, &scope)?;
            self.limit_gaps(id, to, &search, &scope);
        }
        Some(value)
    }

    fn limit_gaps(&mut self, id: u32, to: &'a Expr, search: &Search<'_>, scope: &Scope<'_, 'a>) {
        let cap = match operand(&self.cx, to, scope).single() {
            Val::Money(_, currency) => currency,
            _ => None,
        };
        gaps::of_compared(self, id, search, scope, cap);
        gaps::of(self, to, scope);
    }

    /// What a history condition searched and found, then those inside it.
    pub fn window(&mut self, id: u32, scope: &Scope<'_, 'a>) {
        if let Ok(search) = history::search(&self.cx, id, scope) {
            self.window_of(id, scope, &search);
        }
    }

    pub fn window_of(&mut self, id: u32, scope: &Scope<'_, 'a>, search: &Search<'_>) {
        let cx = self.cx;
        let history = &cx.plan.histories[id as usize];
        let ty = history.value.as_ref().map(|v| stored(&cx.plan.schema, &v.ty));
        let median = median::spread(&cx, history, search, scope);
        let searched = search.parts.iter().map(|p| p.range.len()).sum();
        let mut members: Vec<(Frame<'a>, Truth, Option<Val<'a>>)> = Vec::with_capacity(searched);
        // Each amount in the currency that all are added up in, and by which rate.
        let (mut into, mut converted) = (cx.into, Vec::new());
        history::visit(&cx, history, search, scope, &mut |member, own| {
            // A median is told by what it is over: there are too many records behind it.
            if history.func == Func::Median {
                return false;
            }
            let mut value = history.value.as_ref().map(|v| value(&cx, v, own));
            if let (Some(Val::Money(_, Some(from))), true) = (value, cx.world.rates.is_some()) {
                let to = *into.get_or_insert(from);
                if from != to {
                    converted.push((members.len(), value, rates::quote(&cx, from, to, own).ok()));
                    value = value.map(|v| rates::in_currency(&cx, v, into, own));
                }
            }
            members.push((member.frame, member.truth, value));
            true
        });
        let mut converted = converted.into_iter().peekable();
        let skip = members.len().saturating_sub(SHOWN_RECORDS);
        let mut contributions = Vec::with_capacity(members.len() - skip);
        self.expect(members.len() - skip);
        let (mut number, mut total) = (0i64, None);
        for (i, (frame, truth, value)) in members.iter().enumerate() {
            number += i64::from(*truth == Truth::True);
            let running = match (history.func, value, &ty) {
                (Func::Count, ..) => Some(number.to_string()),
                (Func::Sum, Some(v), Some(ty)) if *truth == Truth::True && !matches!(v, Val::Absent) => {
                    let sum = match total {
                        None => *v,
                        Some(t) => arith::arith(ArithOp::Add, t, *v, ty),
                    };
                    total = Some(sum);
                    Some(show_one(&cx, sum, ty))
                }
                _ => None,
            };
            let rated = converted.next_if(|c| c.0 == i);
            if i < skip {
                continue;
            }
            let mut shown_value = value.zip(ty.as_ref()).map(|(v, ty)| show_one(&cx, v, ty));
            if let (Some((_, Some(own), quote)), Some(ty)) = (rated, &ty) {
                let own = show_one(&cx, own, ty);
                shown_value = Some(match shown_value {
                    Some(value) if quote.is_some() => format!("{value} ({own})"),
                    _ => own,
                });
                if let Some(row) = quote.and_then(|q| q.frame(&cx)) {
                    self.record(&row);
                }
            }
            let withheld = |text: Option<String>| {
                if history.sensitive { text.map(|_| display::WITHHELD.into()) } else { text }
            };
            contributions.push(Contribution {
                record: self.record(frame),
                value: withheld(shown_value),
                running: withheld(running),
            });
        }
        let result = match history.func {
            Func::Exists | Func::No => match members.iter().filter(|m| m.1 == Truth::True).count() {
                0 if members.is_empty() => "none".into(),
                0 => display::UNKNOWN.into(),
                1 => "1 record".into(),
                n => format!("{n} records"),
            },
            _ if history.sensitive => display::WITHHELD.into(),
            _ => show(&cx, history::evaluate_in(&cx, history, search, scope), &result_type(history)),
        };
        let about = scope.at(history.root).unwrap_or(scope);
        let edge = |at| moment(at, history.dates).map(|t| display::time(t, cx.zone));
        let over = matches!(history.window, Window::Over(_)) && search.bounds.from > i64::MIN + 1;
        let from = if over && !history.dates { search.bounds.from - 1 } else { search.bounds.from };
        self.explanation.windows.push(WindowTrace {
            span: history.span,
            kind: history.kind,
            from: edge(from),
            until: edge(search.bounds.until),
            // Of dates, the window's first day is shown: it is in.
            from_included: !over || history.dates,
            keys: history.keys.iter().map(|k| (k.name.clone(), self.key_shown(id, &k.outer, about))).collect(),
            searched: searched
                - usize::from(
                    search
                        .except
                        .is_some_and(|id| search.parts.iter().any(|p| p.list.ids[p.range.clone()].contains(&id))),
                ),
            contributions,
            result,
            median,
        });
    }

    fn key_shown(&self, history: u32, key: &'a Expr, about: &Scope<'_, 'a>) -> String {
        let Op::Every { table, column, .. } = key.op else { return shown(&self.cx, key, about) };
        let lists = &self.cx.world.histories[history as usize].lists;
        match self.owner.and_then(|at| lists.at(at as usize)?.owner()) {
            Some(owner) => chain::shown(&self.cx, table, column, Val::of(owner)),
            None => display::UNKNOWN.into(),
        }
    }

    /// Why a search could not be made.
    pub fn no_search(&mut self, why: &NoSearch, id: u32, scope: &Scope<'_, 'a>) {
        let history = &self.cx.plan.histories[id as usize];
        let Some(about) = scope.at(history.root) else { return };
        match why {
            NoSearch::Time => match window::unclear(&self.cx, history, about.frame.time) {
                Some(why) => gaps::no_calendar(self, why, history.span),
                None => gaps::no_time(self, &about.frame, history.span),
            },
            NoSearch::Key(i) => {
                if let Some(key) = history.keys.get(*i as usize) {
                    gaps::of_key(self, &key.outer, about);
                }
            }
        }
    }
}
