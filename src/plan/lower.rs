//! From the checked policy set to the plan: names replaced by their definitions, conversions told apart by
//! their types, constants folded, each history condition listed once.

use super::atoms::Atoms;
use super::columns::Columns;
use super::expr::{Expr, Op, stored};
use super::{
    Body, Exception, HistoryPlan, Key, KindPlan, MessagePart, MetricPlan, NameUse, Once, Plan, RulePlan, Screen,
    Sequence, Step, Trigger, VERSION, Waiver, split,
};
use crate::data::{Clock, ColumnId, Decimal, KindId, Length, Origin, Schema, Type, Value, display};
use crate::sema::hir::{self, ExprKind, Func, Hir, Times, Window};
use crate::source::Span;
use indexmap::IndexSet;
use std::collections::BTreeSet;
use std::sync::Arc;

pub fn compile(hir: &Hir) -> Plan {
    let highest = hir.rules.iter().map(|r| r.level).max().unwrap_or(0);
    planned(hir, highest, |lower| (hir.rules.iter().map(|rule| lower.rule(rule)).collect(), Vec::new()))
}

/// Of the metrics, each as a rule that finds each of its records, and the figure; behind them the rules whose findings
/// they see.
pub fn of_metrics(hir: &Hir) -> Plan {
    let levels = hir.metrics.iter().map(|m| m.level);
    planned(hir, levels.max().unwrap_or(0), |lower| {
        let (mut rules, metrics): (Vec<RulePlan>, Vec<MetricPlan>) =
            hir.metrics.iter().map(|metric| lower.metric(metric)).unzip();
        rules.extend(hir.seen_by_metrics().into_iter().map(|rule| lower.rule(rule)));
        (rules, metrics)
    })
}

fn planned(hir: &Hir, highest: u32, parts: impl FnOnce(&mut Lower<'_>) -> (Vec<RulePlan>, Vec<MetricPlan>)) -> Plan {
    let (schema, finding_kinds) = with_levels(hir, highest);
    let mut lower = Lower {
        schema: &schema,
        finding_kinds,
        level: 0,
        columns: Columns::new(&schema),
        atoms: schema.kinds.iter().map(|_| Atoms::default()).collect(),
        clocks: Vec::new(),
        histories: Vec::new(),
        chains: BTreeSet::new(),
        patterns: IndexSet::new(),
        names: IndexSet::new(),
        roots: Vec::new(),
        clock: 0,
    };
    let (rules, metrics) = parts(&mut lower);
    let timezone = lower.clocks.first().map_or_else(|| "UTC".into(), |c| c.timezone.clone());
    if let (Some((rates, _)), true) = (schema.rates(), lower.columns.read_amounts()) {
        lower.columns.record(rates);
    }
    let projections = lower.columns.projections();
    let kinds = projections
        .into_iter()
        .zip(lower.atoms)
        .map(|(projection, atoms)| KindPlan { projection, atoms: atoms.into_list() })
        .collect();
    Plan {
        version: VERSION,
        schema: Arc::clone(&schema),
        sources: hir.sources.clone(),
        timezone,
        clocks: lower.clocks,
        kinds,
        rules,
        metrics,
        histories: lower.histories,
        chains: lower.chains.into_iter().collect(),
        patterns: lower.patterns.into_iter().collect(),
        names: lower.names.into_iter().map(|(at, name, definition)| NameUse { at, name, definition }).collect(),
    }
}

/// The schema with a kind of findings for each level of rules that see some: what a lower level found stays as it
/// is while a higher one is judged.
fn with_levels(hir: &Hir, highest: u32) -> (Arc<Schema>, Vec<KindId>) {
    let Some(first) = hir.schema.kinds.iter().position(|k| k.origin == Origin::Findings) else {
        return (Arc::clone(&hir.schema), Vec::new());
    };
    let mut schema = Schema::clone(&hir.schema);
    let mut kinds = vec![KindId(first as u32)];
    for _ in 1..highest {
        kinds.push(KindId(schema.kinds.len() as u32));
        schema.kinds.push(schema.kinds[first].clone());
    }
    (Arc::new(schema), kinds)
}

/// What a root ranges over, and the type of its event time.
#[derive(Clone, Copy)]
struct Root {
    kind: KindId,
    /// None: the kind has no time.
    dated: Option<bool>,
    /// The event's time is not a field.
    moment: bool,
}

struct Lower<'a> {
    schema: &'a Schema,
    /// By level from 1.
    finding_kinds: Vec<KindId>,
    /// Of the rule at hand.
    level: u32,
    columns: Columns<'a>,
    atoms: Vec<Atoms>,
    clocks: Vec<Clock>,
    histories: Vec<HistoryPlan>,
    chains: BTreeSet<(KindId, ColumnId)>,
    patterns: IndexSet<(String, bool)>,
    names: IndexSet<(Span, String, Span)>,
    roots: Vec<Root>,
    clock: u32,
}

impl Lower<'_> {
    fn metric(&mut self, metric: &hir::Metric) -> (RulePlan, MetricPlan) {
        let rule = self.rule(&metric.as_rule());
        let figure = MetricPlan {
            doc: metric.doc.clone(),
            func: metric.func,
            value: metric.value.as_ref().map(|v| self.expr(v)),
            ty: metric.ty.clone(),
            keys: metric.keys.iter().map(|k| (k.name.clone(), self.expr(&k.value))).collect(),
            period: metric.period,
            span: metric.value_span,
        };
        (rule, figure)
    }

    fn rule(&mut self, rule: &hir::Rule) -> RulePlan {
        self.clock = match self.clocks.iter().position(|c| *c == rule.clock) {
            Some(i) => i as u32,
            None => {
                self.clocks.push(rule.clock.clone());
                self.clocks.len() as u32 - 1
            }
        };
        let first_history = self.histories.len() as u32;
        let others = std::mem::replace(&mut self.columns, Columns::new(self.schema));
        self.level = rule.level;
        let kind = self.kind(rule.trigger.kind());
        self.columns.record(kind);
        let mut sequence = None;
        let (trigger, root) = match &rule.trigger {
            hir::Trigger::Record { span, .. } => (Trigger::Record { kind, span: *span }, self.root_of(kind)),
            hir::Trigger::Each { table, at, span, .. } => (
                Trigger::Each { table: *table, at: *at, span: *span },
                Root { kind: *table, dated: Some(true), moment: true },
            ),
            hir::Trigger::Sequence(s) => (Trigger::Sequence { kind, span: s.span }, self.root_of(kind)),
        };
        self.roots = vec![root];
        if let hir::Trigger::Sequence(s) = &rule.trigger {
            sequence = Some(self.sequence(s));
        }
        let filter = self.list(rule.trigger.filter());
        let (when, body) = match &rule.body {
            // A sequence is forbidden as such.
            hir::Body::Forbid { when } if sequence.is_some() && is_true(when) => (vec![], Body::Forbid),
            hir::Body::Forbid { when } => (self.list(Some(when)), Body::Forbid),
            hir::Body::Require { when, need } => (self.list(when.as_ref()), Body::Require { need: self.history(need) }),
            hir::Body::Limit { when, aggregate, to } => {
                let aggregate = self.history(aggregate);
                (self.list(when.as_ref()), Body::Limit { aggregate, to: self.expr(to) })
            }
        };
        let unless = rule
            .unless
            .iter()
            .map(|e| Exception { name: e.name.clone(), condition: self.expr(&e.condition), span: e.span })
            .collect();
        let waivers = rule
            .waivers
            .iter()
            .map(|w| Waiver {
                condition: w.condition.as_ref().map(|c| self.expr(c)),
                covers: w.covers.clone(),
                from: w.from,
                until: w.until,
                approver: w.approver.clone(),
                reason: w.reason.clone(),
                span: w.span,
            })
            .collect();
        let once = rule.once.as_ref().map(|o| Once {
            keys: o.keys.iter().map(|k| self.named_key(k)).collect(),
            period: o.period,
            span: o.span,
        });
        let because = rule.because.as_ref().map(|parts| {
            parts
                .iter()
                .map(|part| match part {
                    hir::MessagePart::Text(text) => MessagePart::Text(text.clone()),
                    hir::MessagePart::Expr(expr) => MessagePart::Expr(self.expr(expr)),
                })
                .collect()
        });
        let atoms = &mut self.atoms[kind.0 as usize];
        let (filter_tests, filter_exact) = split::at_once(&filter, 0, kind, self.schema, atoms);
        // What `limit` forbids is known only from the running aggregate.
        let when_tests = match body {
            Body::Limit { .. } => Vec::new(),
            _ => split::at_once(&when, 0, kind, self.schema, atoms).0,
        };
        let reads = self.columns.projections().into_iter().enumerate();
        let reads = reads.filter_map(|(kind, columns)| Some((KindId(kind as u32), columns?))).collect();
        self.columns.join(&others);
        RulePlan {
            name: rule.name.clone(),
            title: rule.title.clone(),
            verb: rule.verb,
            severity: rule.severity,
            cite: rule.cite.clone(),
            consequence: rule.consequence.clone(),
            policy: rule.policy.clone(),
            purpose: rule.purpose.clone(),
            legal_basis: rule.legal_basis.clone(),
            retention: rule.retention,
            revision: rule.effective.0.map_or_else(|| "1".into(), display::date),
            level: rule.level,
            clock: self.clock,
            effective: rule.effective,
            trigger,
            sequence,
            screen: Screen { filter: filter_tests, filter_exact, when: when_tests },
            filter,
            when,
            body,
            once,
            unless,
            waivers,
            because,
            span: rule.span,
            name_span: rule.name_span,
            histories: (first_history..self.histories.len() as u32).collect(),
            reads,
        }
    }

    /// Its steps, and a root for each that has a record.
    fn sequence(&mut self, sequence: &hir::Sequence) -> Sequence {
        let steps = sequence.steps.iter().map(|step| self.step(step, sequence.within)).collect();
        Sequence { steps, within: sequence.within, within_span: sequence.within_span }
    }

    fn step(&mut self, step: &hir::Step, within: Length) -> Step {
        let step_kind = self.kind(step.kind);
        let own = self.root_of(step_kind);
        self.columns.record(step_kind);
        let outside = self.roots.clone();
        self.roots.push(own);
        let keys = self.pairs(&step.keys, step_kind);
        let filter = self.list(step.filter.as_ref());
        if step.times == Times::None {
            self.roots = outside;
        }
        let (inner, pair) = split::by_record(&filter, step.root);
        let atoms = &mut self.atoms[step_kind.0 as usize];
        let (screen, _) = split::at_once(&inner, step.root, step_kind, self.schema, atoms);
        self.histories.push(HistoryPlan {
            func: Func::Exists,
            kind: step_kind,
            root: step.root.saturating_sub(1),
            clock: self.clock,
            value: None,
            keys,
            joins: vec![],
            window: Window::Before(within),
            dates: own.dated == Some(true),
            screen,
            inner,
            pair,
            join_conditions: vec![],
            per: vec![],
            span: step.span,
            sensitive: false,
        });
        Step { name: step.name.clone(), times: step.times, history: self.histories.len() as u32 - 1, span: step.span }
    }

    fn pairs(&mut self, keys: &[hir::Key], kind: KindId) -> Vec<Key> {
        let pair = |key: &hir::Key| {
            let (inner, outer) = (self.expr(&key.inner), self.expr(&key.outer));
            Key { name: self.key_name(&inner, kind), inner, outer }
        };
        keys.iter().map(pair).collect()
    }

    /// Of findings: those that the rule's level sees.
    fn kind(&self, kind: KindId) -> KindId {
        match self.finding_kinds.first() {
            Some(first) if *first == kind => self.finding_kinds.get(self.level as usize - 1).copied().unwrap_or(kind),
            _ => kind,
        }
    }

    fn root_of(&self, kind: KindId) -> Root {
        let dated = self.schema.kind(kind).time().map(|c| self.schema.column(kind, c).ty == Type::Date);
        Root { kind, dated, moment: false }
    }

    /// The top-level conditions of a conjunction.
    fn list(&mut self, condition: Option<&hir::Expr>) -> Vec<Expr> {
        match condition {
            None => vec![],
            Some(hir::Expr { kind: ExprKind::And(all), .. }) => all.iter().map(|e| self.expr(e)).collect(),
            Some(one) => vec![self.expr(one)],
        }
    }

    /// The table that says which days are business days is read, where these are counted.
    fn counted(&mut self, by: Length) {
        let clock = self.clocks.get(self.clock as usize);
        let except = clock.and_then(|c| c.business.as_ref()).and_then(|b| b.except);
        if let (Some((table, working)), true) = (except, by.business != 0) {
            self.columns.record(table);
            working.into_iter().for_each(|column| self.columns.add(table, column));
        }
    }

    fn history(&mut self, history: &hir::History) -> u32 {
        // Inside, its own records follow the root that it is about; deeper ones are out of its scope.
        let kind = self.kind(history.kind);
        let outside = self.roots.clone();
        self.roots.truncate(history.root as usize + 1);
        let about = self.roots.last().copied();
        let own = self.root_of(kind);
        self.columns.record(kind);
        let outers: Vec<Expr> = history.keys.iter().map(|k| self.expr(&k.outer)).collect();
        self.roots.push(own);
        let keys: Vec<Key> = outers
            .into_iter()
            .zip(&history.keys)
            .map(|(outer, key)| {
                let inner = self.expr(&key.inner);
                Key { name: self.key_name(&inner, kind), inner, outer }
            })
            .collect();
        let value = history.value.as_ref().map(|v| self.expr(v));
        let filter = self.list(history.filter.as_ref());
        let per = history.per.iter().map(|key| self.named_key(key)).collect();
        self.roots = outside;
        let split = split::history_filter(&filter, history.root, kind, self.schema);
        let atoms = &mut self.atoms[kind.0 as usize];
        let (screen, _) = split::at_once(&split.inner, history.root + 1, kind, self.schema, atoms);
        match &history.window {
            Window::Before(by) | Window::After(by) | Window::Around(by) | Window::Over(by) => self.counted(*by),
            Window::AllTime | Window::In(_) => {}
        }
        let dates = about.and_then(|a| a.dated) == Some(true) || own.dated == Some(true);
        let sensitive = value.as_ref().is_some_and(|v| self.sensitive(v, own.kind, history.root + 1));
        self.histories.push(HistoryPlan {
            func: history.func,
            kind,
            root: history.root,
            clock: self.clock,
            value,
            keys,
            joins: split.joins,
            window: history.window.clone(),
            dates,
            screen,
            inner: split.inner,
            pair: split.pair,
            join_conditions: split.join_conditions,
            per,
            span: history.span,
            sensitive,
        });
        self.histories.len() as u32 - 1
    }

    fn named_key(&mut self, key: &hir::Expr) -> (String, Expr) {
        let key = self.expr(key);
        (self.field_name(&key), key)
    }

    /// The name of the field that a value is read from.
    fn field_name(&self, expr: &Expr) -> String {
        let kind = |root: u8| self.roots.get(root as usize).map(|r| r.kind);
        match &expr.op {
            Op::Column { root, column } => kind(*root).map(|k| self.schema.column(k, *column).name.clone()),
            Op::Lookup { table, column, .. } => Some(self.schema.column(*table, *column).name.clone()),
            Op::ToDecimal(of) | Op::ToTimestamp(of) | Op::ToDate(of) => Some(self.field_name(of)),
            _ => None,
        }
        .unwrap_or_else(|| "key".into())
    }

    fn key_name(&self, inner: &Expr, kind: KindId) -> String {
        match &inner.op {
            Op::Column { column, .. } => self.schema.column(kind, *column).name.clone(),
            Op::Lookup { table, column, .. } | Op::Every { table, column, .. } => {
                self.schema.column(*table, *column).name.clone()
            }
            _ => "key".into(),
        }
    }

    fn sensitive(&self, expr: &Expr, kind: KindId, root: u8) -> bool {
        let mut found = false;
        expr.walk(&mut |e| match e.op {
            Op::Column { root: r, column } if r == root => found |= self.schema.column(kind, column).sensitive,
            Op::Lookup { table, column, .. } => found |= self.schema.column(table, column).sensitive,
            _ => {}
        });
        found
    }

    fn boxed(&mut self, expr: &hir::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn expr(&mut self, expr: &hir::Expr) -> Expr {
        let op = match &expr.kind {
            ExprKind::Constant(value) => Op::Constant(value.clone()),
            ExprKind::Column { root, column } => {
                if let Some(r) = self.roots.get(*root as usize) {
                    self.columns.add(r.kind, *column);
                }
                Op::Column { root: *root, column: *column }
            }
            ExprKind::EventTime { root } => match self.roots.get(*root as usize) {
                Some(r) if !r.moment => match self.schema.kind(r.kind).time() {
                    Some(column) => Op::Column { root: *root, column },
                    None => Op::EventTime { root: *root },
                },
                _ => Op::EventTime { root: *root },
            },
            ExprKind::PeriodStart => Op::PeriodStart,
            ExprKind::PeriodEnd => Op::PeriodEnd,
            ExprKind::AsOf => Op::AsOf,
            ExprKind::Lookup { key, table, column, root } => {
                self.columns.record(*table);
                self.columns.add(*table, *column);
                Op::Lookup { key: self.boxed(key), table: *table, column: *column, root: *root }
            }
            ExprKind::Convert(of) => {
                let inner = self.expr(of);
                return self.convert(inner, expr);
            }
            ExprKind::Not(of) => Op::Not(self.boxed(of)),
            ExprKind::And(all) => Op::And(all.iter().map(|e| self.expr(e)).collect()),
            ExprKind::Or(all) => Op::Or(all.iter().map(|e| self.expr(e)).collect()),
            ExprKind::Compare { op, left, right, ignoring_case } => {
                Op::Compare { op: *op, left: self.boxed(left), right: self.boxed(right), ignoring_case: *ignoring_case }
            }
            ExprKind::In { item, set, ignoring_case } => {
                Op::In { item: self.boxed(item), set: set.clone(), ignoring_case: *ignoring_case }
            }
            ExprKind::InColumn { item, list, ignoring_case } => {
                Op::InColumn { item: self.boxed(item), list: self.boxed(list), ignoring_case: *ignoring_case }
            }
            ExprKind::Overlaps { left, right, ignoring_case } => {
                Op::Overlaps { left: self.boxed(left), right: self.boxed(right), ignoring_case: *ignoring_case }
            }
            ExprKind::TextTest { op, left, right, ignoring_case } => Op::TextTest {
                op: *op,
                left: self.boxed(left),
                right: self.boxed(right),
                ignoring_case: *ignoring_case,
            },
            ExprKind::InDomain { host, domains } => {
                Op::InDomain { host: self.boxed(host), domains: domains.iter().map(|d| d.to_lowercase()).collect() }
            }
            ExprKind::Matches { left, pattern, ignoring_case } => {
                let left = self.boxed(left);
                let id = self.patterns.insert_full((pattern.clone(), *ignoring_case)).0;
                Op::Matches { left, pattern: id as u32 }
            }
            ExprKind::Under { who, above, table, column, root } => {
                self.columns.record(*table);
                self.columns.add(*table, *column);
                self.chains.insert((*table, *column));
                let (who, above) = (self.boxed(who), self.boxed(above));
                Op::Under { who, above, table: *table, column: *column, root: *root }
            }
            ExprKind::Every { who, table, column, root } => {
                self.columns.record(*table);
                self.columns.add(*table, *column);
                self.chains.insert((*table, *column));
                Op::Every { who: self.boxed(who), table: *table, column: *column, root: *root }
            }
            ExprKind::Present(of) => Op::Present(self.boxed(of)),
            ExprKind::Coalesce(of, default) => Op::Coalesce(self.boxed(of), self.boxed(default)),
            ExprKind::Neg(of) => Op::Neg(self.boxed(of)),
            ExprKind::Arith { op, left, right } => {
                Op::Arith { op: *op, left: self.boxed(left), right: self.boxed(right) }
            }
            ExprKind::Shift { time, by } => {
                self.counted(*by);
                Op::Shift { time: self.boxed(time), by: *by }
            }
            ExprKind::History(history) => Op::History(self.history(history)),
            ExprKind::Named { name, definition, body } => {
                self.names.insert((expr.span, name.clone(), *definition));
                // Reports point to where the name is used.
                let body = self.expr(body);
                return Expr { span: expr.span, ..body };
            }
        };
        Expr { op, ty: expr.ty.clone(), span: expr.span }
    }

    fn convert(&self, inner: Expr, expr: &hir::Expr) -> Expr {
        let (from, to) = (stored(self.schema, &inner.ty), stored(self.schema, &expr.ty));
        let span = expr.span;
        if let Op::Constant(Value::Int(n)) = inner.op {
            let whole = Decimal::from_int(n);
            match to {
                Type::Decimal => return Expr::constant(Value::Decimal(whole), expr.ty.clone(), span),
                Type::Percent => return Expr::constant(Value::Percent(whole), expr.ty.clone(), span),
                _ => {}
            }
        }
        let inner = Box::new(inner);
        let op = match (&from, &to) {
            (Type::Int, Type::Decimal | Type::Percent) => Op::ToDecimal(inner),
            (Type::Date, Type::Timestamp) => Op::ToTimestamp(inner),
            (Type::Timestamp, Type::Date) => Op::ToDate(inner),
            _ => return *inner,
        };
        Expr { op, ty: expr.ty.clone(), span }
    }
}

fn is_true(expr: &hir::Expr) -> bool {
    expr.kind == ExprKind::Constant(Value::Bool(true))
}
