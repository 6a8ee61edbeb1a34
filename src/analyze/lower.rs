//! The conditions of rules, as [formulas](super::formula).

use super::canon::{Names, turned};
use super::formula::{Atom, Node, Origin, Test, Variable, Variables, and, not, or};
use super::history;
use super::order::{Side, Sides};
use super::scalar::{Scalar, Sort, constant, holds, is_word, line, scalar, words};
use crate::data::{Decimal, Money, Type, Value};
use crate::sema::hir::{ArithOp, Body, CompareOp, Expr, ExprKind, Func, History, Rule, Sequence, Step, Trigger};
use crate::source::Span;
use std::cmp::Ordering;

/// What a limit finds is told in one of two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// By the amount: whoever goes over a higher one goes over a lower one, at that record or before.
    ByAmount,
    /// By the record that crosses it, which is another one for each limit.
    ByRecord,
}

/// Why a part of a rule is taken whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whole {
    /// A test of a text's letters.
    Letters,
    Pattern,
    IgnoringCase,
    /// Two values beside each other.
    TwoValues,
    Arithmetic,
    History,
    Sequence,
    Limit,
    /// Who is above whom.
    Above,
    Lists,
    Other,
}

/// What a rule says, in parts.
pub struct Parts {
    /// What triggers it, and when it is in force.
    pub scope: Node,
    /// What it finds in that, without exceptions.
    pub holds: Node,
    pub unless: Vec<Node>,
    pub waived: Vec<Node>,
}

impl Parts {
    /// What it would find if nothing were excepted.
    pub fn base(&self) -> Node {
        and(vec![self.scope.clone(), self.holds.clone()])
    }

    /// What has to hold for a record to be a finding of this wording, or one that is counted with an earlier one.
    pub fn found(&self) -> Node {
        let mut all = vec![self.scope.clone(), self.holds.clone()];
        all.extend(self.unless.iter().chain(&self.waived).cloned().map(not));
        and(all)
    }
}

/// A rule's conditions become a formula.
pub struct Lowering<'a> {
    pub names: Names<'a>,
    pub variables: &'a mut Variables,
    pub limits: Limits,
    /// What was taken whole, and why.
    pub wholes: Vec<(Span, Whole)>,
}

impl<'a> Lowering<'a> {
    pub fn new(names: Names<'a>, variables: &'a mut Variables, limits: Limits) -> Lowering<'a> {
        Lowering { names, variables, limits, wholes: Vec::new() }
    }

    /// What has to hold for a record to be a finding of this wording, or one that is counted with an earlier one.
    pub fn found(&mut self, rule: &Rule) -> Node {
        self.parts(rule).found()
    }

    pub fn parts(&mut self, rule: &Rule) -> Parts {
        let mut scope = vec![self.triggered(&rule.trigger), self.in_force(rule)];
        scope.extend(rule.trigger.filter().map(|f| self.condition(f)));
        let mut holds = Vec::new();
        match &rule.body {
            Body::Forbid { when } => holds.push(self.condition(when)),
            Body::Require { when, need } => {
                holds.extend(when.iter().map(|w| self.condition(w)));
                let need = self.exists(need);
                holds.push(not(need));
            }
            Body::Limit { when, aggregate, to } => {
                holds.extend(when.iter().map(|w| self.condition(w)));
                holds.push(self.over(rule, aggregate, to));
            }
        }
        if let Trigger::Sequence(sequence) = &rule.trigger {
            holds.push(self.sequence(sequence));
        }
        let unless = rule.unless.iter().map(|e| self.condition(&e.condition)).collect();
        let waived = rule.waivers.iter().map(|waiver| {
            let mut covers = vec![self.days(Some(waiver.from), Some(waiver.until))];
            covers.extend(waiver.condition.iter().map(|c| self.condition(c)));
            and(covers)
        });
        let waived = waived.collect();
        Parts { scope: and(scope), holds: and(holds), unless, waived }
    }

    /// That a record takes the aggregate over the limit.
    fn over(&mut self, rule: &Rule, aggregate: &History, to: &Expr) -> Node {
        let text = self.names.history(aggregate);
        // A finding is at the record that takes it over the limit. Where every record counts alike, whoever is
        // over the one limit is over a lower one; with more conditions it depends on which record that is.
        let plain = self.limits == Limits::ByAmount
            && matches!(rule.body, Body::Limit { when: None, .. })
            && rule.unless.is_empty()
            && rule.waivers.is_empty()
            && rule.effective == (None, None);
        match constant(to).filter(|_| plain) {
            Some(limit) => {
                let aggregated = Operand {
                    key: text,
                    ty: to.ty.clone(),
                    optional: false,
                    source: self.aggregate(aggregate),
                    default: None,
                };
                self.comparison(aggregated, CompareOp::Gt, limit)
            }
            None => {
                self.wholes.push((aggregate.span, Whole::Limit));
                let source = match (self.aggregate(aggregate), constant(to)) {
                    (Origin::Count, Some(Value::Int(n))) => usize::try_from(n).map_or(Origin::Other, Origin::Copies),
                    (Origin::Sum(column), Some(limit)) => match above(&limit) {
                        Some(value) => Origin::Example { column, value },
                        None => Origin::Other,
                    },
                    _ => Origin::Other,
                };
                // Each wording begins anew on its first day.
                let key = format!("{text} over {} in {:?}", self.names.text(to), rule.effective);
                self.truth(key, source)
            }
        }
    }

    fn sequence(&mut self, sequence: &Sequence) -> Node {
        self.wholes.push((sequence.span, Whole::Sequence));
        self.truth(sequence_text(&self.names, sequence), Origin::Other)
    }

    fn triggered(&mut self, trigger: &Trigger) -> Node {
        let what = kinds(trigger, &self.names).into_iter().map(Scalar::Word).collect();
        self.atom("what triggers it".to_owned(), Sort::Words, false, Origin::Kind, Test::In(what))
    }

    fn in_force(&mut self, rule: &Rule) -> Node {
        self.days(rule.effective.0, rule.effective.1)
    }

    /// `from <= day < until`
    fn days(&mut self, from: Option<i32>, until: Option<i32>) -> Node {
        let kind = self.names.schema.kind(self.names.roots[0]);
        let own = kind.time().map(|t| &kind.columns[t.0 as usize]).filter(|c| c.ty == Type::Date);
        let (key, source) = match own {
            Some(column) => (format!("record.{}", column.name), Origin::Column(column.name.clone())),
            None => ("day of the record".to_owned(), Origin::Day),
        };
        let bound = |day: Option<i32>, op| {
            day.map(|day| Atom { variable: key.clone(), test: Test::Compare(op, Scalar::Number(i128::from(day))) })
        };
        let atoms: Vec<Atom> =
            [bound(from, CompareOp::Ge), bound(until, CompareOp::Lt)].into_iter().flatten().collect();
        let sort = Sort::Line { step: 1, of: Type::Date, currency: None };
        and(atoms.into_iter().map(|a| self.atom(a.variable, sort.clone(), false, source.clone(), a.test)).collect())
    }

    pub fn condition(&mut self, e: &Expr) -> Node {
        match &e.kind {
            ExprKind::Named { body, .. } => self.condition(body),
            ExprKind::Constant(Value::Bool(b)) => Node::Constant(*b),
            ExprKind::Not(of) => not(self.condition(of)),
            ExprKind::And(parts) => and(parts.iter().map(|p| self.condition(p)).collect()),
            ExprKind::Or(parts) => or(parts.iter().map(|p| self.condition(p)).collect()),
            ExprKind::Compare { op, left, right, ignoring_case: false } => self.compare(e, *op, left, right),
            ExprKind::In { item, set, ignoring_case: false } if !matches!(item.ty, Type::List(_) | Type::Set(_)) => {
                match set.iter().map(|v| scalar(v, self.names.schema)).collect::<Option<Vec<_>>>() {
                    Some(set) if line(&item.ty, None).is_some() || is_word(&item.ty) => {
                        let operand = self.operand(item);
                        let sort = line(&operand.ty, None).unwrap_or(Sort::Words);
                        let set: Vec<Scalar> = set.into_iter().map(|(s, _)| s).collect();
                        self.tested(operand, sort, Test::In(set))
                    }
                    _ => self.opaque(e),
                }
            }
            ExprKind::InDomain { host, domains } => {
                let text = self.names.text(host);
                let column = self.column(host);
                self.wholes.push((e.span, Whole::Letters));
                let one = |d: &String, this: &mut Self| {
                    let source = example(&column, Value::Text(d.clone()));
                    this.truth(format!("({text} under {d})"), source)
                };
                or(domains.iter().map(|d| one(d, self)).collect())
            }
            ExprKind::Overlaps { left, right, ignoring_case } => match (constant(left), constant(right)) {
                (Some(Value::List(items)), None) => self.any_of(right, &items, *ignoring_case),
                (None, Some(Value::List(items))) => self.any_of(left, &items, *ignoring_case),
                _ => self.opaque(e),
            },
            ExprKind::Present(of) => {
                let operand = self.operand(of);
                let sort = match line(&operand.ty, None) {
                    Some(sort) if operand.ty != Type::Money => sort,
                    None if is_word(&operand.ty) => Sort::Words,
                    _ => return self.truth(format!("present({})", operand.key), Origin::Other),
                };
                self.tested(operand, sort, Test::Present)
            }
            ExprKind::History(history) => match history.func {
                Func::Exists => self.exists(history),
                // That there is none is the same as that it is not so that there is one.
                Func::No => {
                    let there = History { func: Func::Exists, ..(**history).clone() };
                    not(self.exists(&there))
                }
                _ => self.opaque(e),
            },
            ExprKind::Column { .. } | ExprKind::Lookup { .. } => {
                let source = self.source(e);
                if source == Origin::Other {
                    self.wholes.push((e.span, whole(e)));
                }
                let key = self.names.text(e);
                self.truth(key, source)
            }
            // What is absent does not hold.
            ExprKind::Coalesce(left, right) if constant(right) == Some(Value::Bool(false)) => self.condition(left),
            _ => self.opaque(e),
        }
    }

    /// That there is a record in the window: that the nearest one is no further away than the window is long. So two
    /// windows of one sort can be compared.
    fn exists(&mut self, history: &History) -> Node {
        if history.filter.is_some() {
            self.wholes.push((history.span, Whole::History));
        }
        let like = history::like(&self.names, history);
        let Some(window) = history::distance(&self.names, history) else {
            let source = like.map_or(Origin::Empty(Some(false)), Origin::There);
            let key = self.names.history(history);
            return self.truth(key, source);
        };
        let source = match like {
            Some(like) => Origin::Nearest { like, unit: window.unit, before: window.before },
            None => Origin::Empty(None),
        };
        let sort = Sort::Line { step: 1, of: Type::Duration, currency: None };
        let test = Test::Compare(window.op, Scalar::Number(i128::from(window.length)));
        self.atom(window.key, sort, true, source, test)
    }

    fn any_of(&mut self, list: &Expr, items: &[Value], ignoring_case: bool) -> Node {
        let column = self.column(list);
        let list = self.names.text(list);
        let with = if ignoring_case { " ignoring case" } else { "" };
        let one = |v: &Value, this: &mut Self| {
            let key = format!("({} among {list}{with})", this.names.value(v));
            let source = match &column {
                Some(column) => Origin::Element { column: column.clone(), value: v.clone() },
                None => Origin::Other,
            };
            this.truth(key, source)
        };
        or(items.iter().map(|v| one(v, self)).collect())
    }

    fn compare(&mut self, e: &Expr, op: CompareOp, left: &Expr, right: &Expr) -> Node {
        match (constant(left), constant(right)) {
            (Some(a), Some(b)) => match (scalar(&a, self.names.schema), scalar(&b, self.names.schema)) {
                (Some((a, x)), Some((b, y))) if x == y => Node::Constant(holds(op, a.cmp(&b))),
                _ => self.opaque(e),
            },
            (None, Some(value)) => self.with_constant(left, op, value),
            (Some(value), None) => self.with_constant(right, turned(op), value),
            (None, None) => {
                let mut sides = self.sides(left, right);
                if sides.is_none() {
                    self.wholes.push((e.span, Whole::TwoValues));
                }
                let columns = (self.column(left), self.column(right));
                let (mut left, mut right, mut op) = (self.names.text(left), self.names.text(right), op);
                let mut source = match columns {
                    (Some(left), Some(right)) => Origin::Beside { left, right },
                    _ => Origin::Other,
                };
                if left > right {
                    (left, right) = (right, left);
                    op = turned(op);
                    sides = sides.map(|s| Sides { left: s.right, right: s.left, ..s });
                    if let Origin::Beside { left, right } = &mut source {
                        std::mem::swap(left, right);
                    }
                }
                let among = [Ordering::Less, Ordering::Equal, Ordering::Greater];
                let orders = among.into_iter().filter(|o| holds(op, *o)).collect();
                // Where one is absent no comparison holds.
                let key = format!("({left} beside {right})");
                self.atom(key, Sort::Pair(sides.map(Box::new)), true, source, Test::Order(orders))
            }
        }
    }

    /// Two values that lie on one line; none where either is more than a value and a constant. Amounts may be of two
    /// currencies, which lie on no line.
    fn sides(&self, left: &Expr, right: &Expr) -> Option<Sides> {
        let line = |e: &Expr| match line(&e.ty, None) {
            Some(Sort::Line { step, of, .. }) if of != Type::Money => Some(step),
            _ => None,
        };
        // A whole number beside one with places is one of these.
        let step = line(left)?.min(line(right)?);
        Some(Sides { left: self.side(left)?, right: self.side(right)?, step })
    }

    fn side(&self, e: &Expr) -> Option<Side> {
        match &e.kind {
            ExprKind::Named { body, .. } => self.side(body),
            ExprKind::Convert(of) if of.ty == Type::Int && e.ty == Type::Decimal => self.side(of),
            ExprKind::Column { .. }
            | ExprKind::EventTime { .. }
            | ExprKind::PeriodStart
            | ExprKind::PeriodEnd
            | ExprKind::Lookup { .. } => Some(Side { key: self.names.text(e), offset: 0, source: self.source(e) }),
            ExprKind::Shift { time, by } => {
                // Days of a time depend on the zone, months on the day.
                let by = match (&time.ty, by.months, by.days, by.business, by.nanos) {
                    (Type::Date, 0, days, 0, 0) => i128::from(days),
                    (Type::Timestamp, 0, 0, 0, nanos) => i128::from(nanos),
                    _ => return None,
                };
                self.side(time)?.moved(by)
            }
            ExprKind::Arith { op: op @ (ArithOp::Add | ArithOp::Sub), left, right } if left.ty == e.ty => {
                let lies = matches!(e.ty, Type::Int | Type::Decimal | Type::Duration | Type::Bytes | Type::Timestamp);
                let (Scalar::Number(by), _) = scalar(&constant(right).filter(|_| lies)?, self.names.schema)? else {
                    return None;
                };
                self.side(left)?.moved(if *op == ArithOp::Add { by } else { by.checked_neg()? })
            }
            _ => None,
        }
    }

    fn with_constant(&mut self, side: &Expr, op: CompareOp, value: Value) -> Node {
        if let (Value::Bool(is), false) = (&value, side.optional) {
            let condition = self.condition(side);
            return if *is == (op == CompareOp::Eq) { condition } else { not(condition) };
        }
        let operand = self.operand(side);
        if operand.source == Origin::Other {
            self.wholes.push((side.span, whole(side)));
        }
        self.comparison(operand, op, value)
    }

    fn comparison(&mut self, operand: Operand, op: CompareOp, value: Value) -> Node {
        let schema = self.names.schema;
        if let Value::Enum(of, word) = value {
            let among = words(schema, of, op, word);
            return self.tested(operand, Sort::Words, Test::In(among));
        }
        let Some((scalar, currency)) = scalar(&value, schema) else {
            let key = format!("({} {op:?} {})", operand.key, self.names.value(&value));
            return self.truth(key, Origin::Other);
        };
        let sort = match (line(&operand.ty, currency), is_word(&operand.ty)) {
            (Some(sort), _) => sort,
            (None, true) if matches!(op, CompareOp::Eq | CompareOp::Ne) => Sort::Words,
            _ => {
                let key = format!("({} {op:?} {})", operand.key, self.names.value(&value));
                return self.truth(key, Origin::Other);
            }
        };
        self.tested(operand, sort, Test::Compare(op, scalar))
    }

    fn tested(&mut self, operand: Operand, sort: Sort, test: Test) -> Node {
        let test = match operand.default {
            Some(default) => Test::Default(default, Box::new(test)),
            None => test,
        };
        let key = match &sort {
            Sort::Line { currency: Some(currency), .. } => format!("{} in {currency}", operand.key),
            _ => operand.key,
        };
        let closed = match operand.ty {
            Type::Enum(of) => {
                let words = &self.names.schema.enum_def(of).words;
                Some(words.iter().map(|w| Scalar::Word(w.name.clone())).collect::<Vec<_>>())
            }
            _ => None,
        };
        let node = self.atom(key, sort, operand.optional, operand.source, test);
        if let (Node::Atom(atom), Some(words)) = (&node, closed)
            && let Some(variable) = self.variables.0.get_mut(&atom.variable)
        {
            // In the other set there may be more.
            let known = variable.closed.get_or_insert_default();
            words
                .into_iter()
                .filter(|w| !known.contains(w))
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|w| known.push(w));
        }
        node
    }

    fn operand(&self, e: &Expr) -> Operand {
        let schema = self.names.schema;
        match &e.kind {
            ExprKind::Named { body, .. } => self.operand(body),
            // A whole number is where its decimal is on the line.
            ExprKind::Convert(of) if of.ty == Type::Int && e.ty == Type::Decimal => self.operand(of),
            ExprKind::Coalesce(left, right) => {
                let default =
                    constant(right).and_then(|v| scalar(&v, schema)).filter(|(_, currency)| currency.is_none());
                match default {
                    Some((default, _)) => Operand { default: Some(default), ..self.operand(left) },
                    None => self.whole(e),
                }
            }
            _ => self.whole(e),
        }
    }

    fn whole(&self, e: &Expr) -> Operand {
        Operand {
            key: self.names.text(e),
            ty: e.ty.clone(),
            optional: e.optional,
            source: self.source(e),
            default: None,
        }
    }

    fn source(&self, e: &Expr) -> Origin {
        let schema = self.names.schema;
        match &e.kind {
            ExprKind::History(history) => self.aggregate(history),
            ExprKind::Lookup { key, table, column: of, .. } => match self.column(key) {
                Some(key) => Origin::Lookup {
                    table: schema.kind(*table).name.clone(),
                    key,
                    column: schema.column(*table, *of).name.clone(),
                },
                None => Origin::Other,
            },
            _ => self.column(e).map_or(Origin::Other, Origin::Column),
        }
    }

    /// The column of the triggering record that it is.
    fn column(&self, e: &Expr) -> Option<String> {
        let kind = self.names.roots[0];
        match &e.kind {
            ExprKind::Named { body, .. } => self.column(body),
            ExprKind::Column { root: 0, column } => Some(self.names.schema.column(kind, *column).name.clone()),
            ExprKind::EventTime { root: 0 } => self.names.time(0, &e.ty).map(str::to_owned),
            _ => None,
        }
    }

    /// How records could be made to have it: of the rule's own kind, as many or as large as is needed.
    fn aggregate(&self, history: &History) -> Origin {
        if history.kind != self.names.roots[0] || history.root != 0 {
            return Origin::Other;
        }
        match (history.func, history.value.as_ref().map(|v| &v.kind)) {
            (Func::Count, _) => Origin::Count,
            (Func::Sum, Some(ExprKind::Column { root: 1, column })) => {
                Origin::Sum(self.names.schema.column(history.kind, *column).name.clone())
            }
            _ => Origin::Other,
        }
    }

    fn opaque(&mut self, e: &Expr) -> Node {
        self.wholes.push((e.span, whole(e)));
        let source = match &e.kind {
            ExprKind::TextTest { left, right, .. } => (self.column(left), constant(right)),
            ExprKind::Compare { op: CompareOp::Eq, left, right, .. } => match constant(right) {
                None => (self.column(right), constant(left)),
                value => (self.column(left), value),
            },
            ExprKind::In { item, set, .. } => (self.column(item), set.first().cloned()),
            _ => (None, None),
        };
        let source = source.1.map_or(Origin::Other, |value| example(&source.0, value));
        let key = self.names.text(e);
        self.truth(key, source)
    }

    fn truth(&mut self, key: String, source: Origin) -> Node {
        self.atom(key, Sort::Truth, false, source, Test::Holds)
    }

    fn atom(&mut self, key: String, sort: Sort, optional: bool, source: Origin, test: Test) -> Node {
        // A field of another type in the other set is another variable.
        let key = match self.variables.0.get(&key) {
            Some(known) if known.sort != sort => format!("{key} as {sort:?}"),
            _ => key,
        };
        let variable = self.variables.0.entry(key.clone()).or_insert_with(|| Variable::new(sort, optional, source));
        variable.optional |= optional;
        variable.meet(&test);
        Node::Atom(Atom { variable: key, test })
    }
}

/// What triggers a rule: of a rule over several kinds, each of them.
pub fn kinds(trigger: &Trigger, names: &Names<'_>) -> Vec<String> {
    let schema = names.schema;
    match trigger {
        Trigger::Record { kind, .. } => match &schema.kind(*kind).origin {
            crate::data::Origin::Union(members) => members.iter().map(|(kind, _)| names.kind(*kind)).collect(),
            _ => vec![names.kind(*kind)],
        },
        Trigger::Each { table, at, .. } => vec![format!("each {} {at:?}", names.kind(*table))],
        Trigger::Sequence(_) => vec![format!("sequence to {}", names.kind(trigger.kind()))],
    }
}

/// What a sequence says of its records.
pub fn sequence_text(names: &Names<'_>, sequence: &Sequence) -> String {
    let step = |step: &Step| {
        let filter = step.filter.as_ref().map_or(String::new(), |f| names.text(f));
        let mut keys: Vec<String> =
            step.keys.iter().map(|k| format!("{} = {}", names.text(&k.inner), names.text(&k.outer))).collect();
        keys.sort();
        format!("{} {:?} by [{}] where {filter}", names.kind(step.kind), step.times, keys.join(", "))
    };
    let steps: Vec<String> = sequence.steps.iter().map(step).collect();
    format!("sequence {} within {:?}", steps.join(" then "), sequence.within)
}

struct Operand {
    key: String,
    ty: Type,
    optional: bool,
    source: Origin,
    default: Option<Scalar>,
}

/// One more.
pub fn above(limit: &Value) -> Option<Value> {
    let one = Decimal::from_int(1);
    Some(match limit {
        Value::Int(n) => Value::Int(n.checked_add(1)?),
        Value::Decimal(d) => Value::Decimal(d.checked_add(one)?),
        Value::Money(m) => Value::Money(Money { amount: m.amount.checked_add(one)?, currency: m.currency }),
        Value::Bytes(n) => Value::Bytes(n.checked_add(1)?),
        Value::Duration(n) => Value::Duration(n.checked_add(1_000_000_000)?),
        _ => return None,
    })
}

fn example(column: &Option<String>, value: Value) -> Origin {
    match column {
        Some(column) => Origin::Example { column: column.clone(), value },
        None => Origin::Other,
    }
}

/// Why nothing is known of what is inside.
fn whole(e: &Expr) -> Whole {
    match &e.kind {
        ExprKind::Named { body, .. } => whole(body),
        ExprKind::TextTest { ignoring_case: false, .. } | ExprKind::InDomain { .. } => Whole::Letters,
        ExprKind::Matches { .. } => Whole::Pattern,
        ExprKind::TextTest { .. } | ExprKind::Compare { ignoring_case: true, .. } => Whole::IgnoringCase,
        ExprKind::In { item, .. } if matches!(item.ty, Type::List(_) | Type::Set(_)) => Whole::Lists,
        ExprKind::In { ignoring_case: true, .. } => Whole::IgnoringCase,
        ExprKind::InColumn { .. } | ExprKind::Overlaps { .. } => Whole::Lists,
        ExprKind::Under { .. } | ExprKind::Every { .. } => Whole::Above,
        ExprKind::Arith { .. } | ExprKind::Neg(_) | ExprKind::Shift { .. } | ExprKind::Convert(_) => Whole::Arithmetic,
        ExprKind::Coalesce(..) => Whole::TwoValues,
        ExprKind::History(_) => Whole::History,
        _ => Whole::Other,
    }
}
