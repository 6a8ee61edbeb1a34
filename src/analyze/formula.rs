//! Conditions as formulas over a few variables, each of which falls into one of finitely many regions.
//!
//! A variable is a value that conditions compare with constants: a field, a field of a table's row, an aggregate over
//! history; it is told by its [text](super::canon). Its regions are the constants that it is compared with, what lies
//! between them, and *absent*. All else (patterns, windows, ways up in a table) is a variable that is true or false.
//! What is proved over the formulas holds for all records, because no relation between variables is assumed; that some
//! record does what a formula allows is shown by a record only.

use super::canon::{Names, turned};
use super::scalar::{Scalar, Sort, constant, holds, is_word, line, scalar, words};
use crate::data::{Type, Value};
use crate::sema::hir::{Body, CompareOp, Expr, ExprKind, Func, History, Rule, Trigger, Window};
use std::cmp::Ordering;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Constant(bool),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Atom(Atom),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    pub variable: String,
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Compare(CompareOp, Scalar),
    In(Vec<Scalar>),
    Present,
    /// Of what is true or false.
    Holds,
    /// Where absent, as the constant; `x ?? 0 > 5`.
    Default(Scalar, Box<Test>),
    /// Of two values: their order is among these.
    Order(Vec<Ordering>),
}

/// What a variable stands for, and the values it can have.
#[derive(Clone, Debug)]
pub struct Variable {
    pub sort: Sort,
    pub optional: bool,
    /// How to give it a value in a record.
    pub source: Origin,
    points: Vec<Scalar>,
    pub regions: Vec<Region>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A column of the triggering record.
    Column(String),
    /// A column of a table's row, whose key is a column of the triggering record.
    Lookup {
        table: String,
        key: String,
        column: String,
    },
    /// The day of the triggering record.
    Day,
    /// Which records trigger the rule.
    Kind,
    /// What is so where no other record is there.
    Empty(Option<bool>),
    /// A sum over records like the triggering one, which is in it itself.
    Sum(String),
    /// How many records like the triggering one there are, with it itself.
    Count,
    /// How far from the triggering record the nearest of these is, whose columns are equal to its own.
    Nearest {
        kind: String,
        before: bool,
        equal: Vec<(String, String)>,
    },
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Region {
    Absent,
    False,
    True,
    Point(Scalar),
    /// Open on both sides.
    Between(Option<i128>, Option<i128>),
    /// None of the words.
    Other,
    Order(Ordering),
}

/// All variables of the formulas that are compared.
#[derive(Clone, Debug, Default)]
pub struct Variables(pub BTreeMap<String, Variable>);

/// A rule's conditions become a formula.
pub struct Lowering<'a> {
    pub names: Names<'a>,
    pub variables: &'a mut Variables,
}

impl Lowering<'_> {
    /// What has to hold for a record to be a finding of this wording, or one that is counted with an earlier one.
    pub fn found(&mut self, rule: &Rule) -> Node {
        let mut all = vec![self.triggered(&rule.trigger), self.in_force(rule)];
        if let Some(filter) = rule.trigger.filter() {
            all.push(self.condition(filter));
        }
        match &rule.body {
            Body::Forbid { when } => all.push(self.condition(when)),
            Body::Require { when, need } => {
                all.extend(when.iter().map(|w| self.condition(w)));
                let need = self.exists(need);
                all.push(not(need));
            }
            Body::Limit { when, aggregate, to } => {
                all.extend(when.iter().map(|w| self.condition(w)));
                let text = self.names.history(aggregate);
                // A finding is at the record that takes it over the limit. Where every record counts alike, whoever is
                // over the one limit is over a lower one; with more conditions it depends on which record that is.
                let plain = when.is_none()
                    && rule.unless.is_empty()
                    && rule.waivers.is_empty()
                    && rule.effective == (None, None);
                all.push(match constant(to).filter(|_| plain) {
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
                        let key = format!("{text} over {}", self.names.text(to));
                        self.truth(key, Origin::Other)
                    }
                });
            }
        }
        if let Trigger::Sequence(sequence) = &rule.trigger {
            let steps: Vec<String> = sequence
                .steps
                .iter()
                .map(|step| {
                    let filter = step.filter.as_ref().map_or(String::new(), |f| self.names.text(f));
                    let mut keys: Vec<String> = step
                        .keys
                        .iter()
                        .map(|k| format!("{} = {}", self.names.text(&k.inner), self.names.text(&k.outer)))
                        .collect();
                    keys.sort();
                    format!("{} {:?} by [{}] where {filter}", self.names.kind(step.kind), step.times, keys.join(", "))
                })
                .collect();
            let key = format!("sequence {} within {:?}", steps.join(" then "), sequence.within);
            all.push(self.truth(key, Origin::Other));
        }
        all.extend(rule.unless.iter().map(|e| not(self.condition(&e.condition))));
        for waiver in &rule.waivers {
            let mut covers = vec![self.days(Some(waiver.from), Some(waiver.until))];
            covers.extend(waiver.condition.iter().map(|c| self.condition(c)));
            all.push(not(and(covers)));
        }
        and(all)
    }

    fn triggered(&mut self, trigger: &Trigger) -> Node {
        let what = match trigger {
            Trigger::Record { kind, .. } => self.names.kind(*kind),
            Trigger::Each { table, at, .. } => format!("each {} {at:?}", self.names.kind(*table)),
            Trigger::Sequence(_) => format!("sequence to {}", self.names.kind(trigger.kind())),
        };
        let key = "what triggers it".to_owned();
        self.atom(key, Sort::Words, false, Origin::Kind, Test::In(vec![Scalar::Word(what)]))
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
                let host = self.names.text(host);
                or(domains.iter().map(|d| self.truth(format!("({host} under {d})"), Origin::Other)).collect())
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
            ExprKind::Column { .. } => {
                let source = self.source(e);
                let key = self.names.text(e);
                self.truth(key, source)
            }
            _ => self.opaque(e),
        }
    }

    /// That there is a record in the window: that the nearest one is no further away than the window is long. So two
    /// windows of one sort can be compared.
    fn exists(&mut self, history: &History) -> Node {
        let (length, sort, op) = match history.window {
            Window::Before(length) => (length, "before", CompareOp::Le),
            Window::After(length) => (length, "after", CompareOp::Le),
            Window::Around(length) => (length, "around", CompareOp::Le),
            Window::Over(length) => (length, "over", CompareOp::Lt),
            Window::AllTime | Window::In(_) => {
                let key = self.names.history(history);
                return self.truth(key, Origin::Empty(Some(false)));
            }
        };
        let units = [
            ("months", i64::from(length.months)),
            ("days", i64::from(length.days)),
            ("business days", i64::from(length.business)),
            ("nanoseconds", length.nanos),
        ];
        let mut given = units.iter().filter(|(_, n)| *n != 0);
        let (Some((unit, n)), None) = (given.next(), given.next()) else {
            let key = self.names.history(history);
            return self.truth(key, Origin::Empty(Some(false)));
        };
        let anywhere = History { window: Window::AllTime, ..history.clone() };
        let key = format!("{unit} {sort} to the nearest of {}", self.names.history(&anywhere));
        let equal = self.equal(history);
        let source = match (equal, *unit, sort) {
            (Some(equal), "days", "before" | "after" | "over") => Origin::Nearest {
                kind: self.names.schema.kind(history.kind).name.clone(),
                before: sort != "after",
                equal,
            },
            _ => Origin::Empty(None),
        };
        let sort = Sort::Line { step: 1, of: Type::Duration, currency: None };
        self.atom(key, sort, true, source, Test::Compare(op, Scalar::Number(i128::from(*n))))
    }

    /// The columns of a history's records that have to be equal to the rule's own, where that is all that is asked.
    fn equal(&self, history: &History) -> Option<Vec<(String, String)>> {
        let schema = self.names.schema;
        let column = |e: &Expr, root: u8, kind| match &e.kind {
            ExprKind::Column { root: at, column } if *at == root => Some(schema.column(kind, *column).name.clone()),
            _ => None,
        };
        let own = self.names.roots[0];
        let mut equal = Vec::new();
        for key in &history.keys {
            equal.push((column(&key.inner, 1, history.kind)?, column(&key.outer, 0, own)?));
        }
        let mut waiting: Vec<&Expr> = history.filter.iter().collect();
        while let Some(e) = waiting.pop() {
            match &e.kind {
                ExprKind::And(parts) => waiting.extend(parts),
                ExprKind::Compare { op: CompareOp::Eq, left, right, .. } => {
                    let pair = |inner, outer| Some((column(inner, 1, history.kind)?, column(outer, 0, own)?));
                    equal.push(pair(left, right).or_else(|| pair(right, left))?);
                }
                // It may hold of a plain record; the evaluator says.
                _ => {}
            }
        }
        (history.root == 0).then_some(equal)
    }

    fn any_of(&mut self, list: &Expr, items: &[Value], ignoring_case: bool) -> Node {
        let list = self.names.text(list);
        let with = if ignoring_case { " ignoring case" } else { "" };
        let one = |v: &Value, this: &mut Self| {
            let key = format!("({} among {list}{with})", this.names.value(v));
            this.truth(key, Origin::Other)
        };
        or(items.iter().map(|v| one(v, self)).collect())
    }

    fn compare(&mut self, e: &Expr, op: CompareOp, left: &Expr, right: &Expr) -> Node {
        match (constant(left), constant(right)) {
            (Some(a), Some(b)) => match (scalar(&a, self.names.schema), scalar(&b, self.names.schema)) {
                (Some((a, x)), Some((b, y))) if x == y => Node::Constant(holds(op, a.cmp(&b))),
                _ => self.opaque(e),
            },
            (None, Some(value)) => {
                let operand = self.operand(left);
                self.comparison(operand, op, value)
            }
            (Some(value), None) => {
                let operand = self.operand(right);
                self.comparison(operand, turned(op), value)
            }
            (None, None) => {
                let (mut left, mut right, mut op) = (self.names.text(left), self.names.text(right), op);
                if left > right {
                    (left, right) = (right, left);
                    op = turned(op);
                }
                let among = [Ordering::Less, Ordering::Equal, Ordering::Greater];
                let orders = among.into_iter().filter(|o| holds(op, *o)).collect();
                // Where one is absent no comparison holds.
                let key = format!("({left} beside {right})");
                self.atom(key, Sort::Pair, true, Origin::Other, Test::Order(orders))
            }
        }
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
        self.atom(key, sort, operand.optional, operand.source, test)
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
        let column = |e: &Expr| match &e.kind {
            ExprKind::Column { root: 0, column } => Some(schema.column(self.names.roots[0], *column).name.clone()),
            _ => None,
        };
        match &e.kind {
            ExprKind::History(history) => self.aggregate(history),
            ExprKind::Lookup { key, table, column: of, .. } => match column(key) {
                Some(key) => Origin::Lookup {
                    table: schema.kind(*table).name.clone(),
                    key,
                    column: schema.column(*table, *of).name.clone(),
                },
                None => Origin::Other,
            },
            _ => column(e).map_or(Origin::Other, Origin::Column),
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
        let key = self.names.text(e);
        self.truth(key, Origin::Other)
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
        let variable = self.variables.0.entry(key.clone()).or_insert_with(|| Variable {
            sort,
            optional,
            source,
            points: Vec::new(),
            regions: Vec::new(),
        });
        variable.optional |= optional;
        variable.points.extend(constants(&test));
        Node::Atom(Atom { variable: key, test })
    }
}

struct Operand {
    key: String,
    ty: Type,
    optional: bool,
    source: Origin,
    default: Option<Scalar>,
}

impl Variables {
    /// Once all formulas are lowered: the regions into which the values of each variable fall.
    pub fn divide(&mut self) {
        for variable in self.0.values_mut() {
            variable.points.sort();
            variable.points.dedup();
            let mut regions = Vec::new();
            match &variable.sort {
                Sort::Truth => regions.extend([Region::False, Region::True]),
                Sort::Pair => {
                    regions.extend([Ordering::Less, Ordering::Equal, Ordering::Greater].map(Region::Order));
                }
                Sort::Words => {
                    regions.extend(variable.points.iter().cloned().map(Region::Point));
                    regions.push(Region::Other);
                }
                Sort::Line { step, .. } => {
                    let numbers: Vec<i128> = variable.points.iter().filter_map(number).collect();
                    let mut before = None;
                    for n in &numbers {
                        regions.push(Region::Between(before, Some(*n)));
                        // Between two neighbours there is nothing, and not every number is one of these.
                        if n.rem_euclid(*step) == 0 {
                            regions.push(Region::Point(Scalar::Number(*n)));
                        }
                        before = Some(*n);
                    }
                    regions.push(Region::Between(before, None));
                    regions.retain(|r| inside(r, *step).is_some());
                }
            }
            if variable.optional {
                regions.push(Region::Absent);
            }
            variable.regions = regions;
        }
    }
}

impl Test {
    /// Whether it holds in a region.
    pub fn holds(&self, region: &Region) -> bool {
        match (self, region) {
            (Test::Present, region) => *region != Region::Absent,
            (Test::Default(default, test), Region::Absent) => test.holds(&Region::Point(default.clone())),
            (Test::Default(_, test), region) => test.holds(region),
            (_, Region::Absent) => false,
            (Test::Holds, region) => *region == Region::True,
            (Test::Order(among), Region::Order(order)) => among.contains(order),
            (Test::Compare(op, with), Region::Point(at)) => holds(*op, at.cmp(with)),
            (Test::Compare(op, Scalar::Number(with)), Region::Between(low, high)) => {
                // The constant is a bound of some region: this one lies on one side of it.
                let below = high.is_some_and(|high| high <= *with);
                let order = if below { Ordering::Less } else { Ordering::Greater };
                debug_assert!(below || low.is_some_and(|low| low >= *with));
                holds(*op, order)
            }
            (Test::Compare(op, _), Region::Other) => *op == CompareOp::Ne,
            (Test::In(set), Region::Point(at)) => set.contains(at),
            _ => false,
        }
    }
}

/// A number that lies in the region; none where there is none.
pub fn inside(region: &Region, step: i128) -> Option<i128> {
    match region {
        Region::Point(Scalar::Number(n)) => Some(*n),
        Region::Between(None, None) => Some(0),
        Region::Between(Some(low), None) => low.checked_add(step).map(|n| n - n.rem_euclid(step)),
        Region::Between(None, Some(high)) => {
            let n = high.checked_sub(1)?;
            Some(n - n.rem_euclid(step))
        }
        Region::Between(Some(low), Some(high)) => {
            let middle = low + (high - low) / 2;
            let near = middle - middle.rem_euclid(step);
            [near, near + step].into_iter().find(|n| low < n && n < high)
        }
        _ => None,
    }
}

fn constants(test: &Test) -> Vec<Scalar> {
    match test {
        Test::Compare(_, with) => vec![with.clone()],
        Test::In(set) => set.clone(),
        Test::Default(_, test) => constants(test),
        Test::Present | Test::Holds | Test::Order(_) => Vec::new(),
    }
}

fn number(scalar: &Scalar) -> Option<i128> {
    match scalar {
        Scalar::Number(n) => Some(*n),
        Scalar::Word(_) => None,
    }
}

pub fn not(node: Node) -> Node {
    match node {
        Node::Constant(b) => Node::Constant(!b),
        Node::Not(of) => *of,
        node => Node::Not(Box::new(node)),
    }
}

pub fn and(parts: Vec<Node>) -> Node {
    let mut all = Vec::new();
    for part in parts {
        match part {
            Node::Constant(true) => {}
            Node::Constant(false) => return Node::Constant(false),
            Node::And(inner) => all.extend(inner),
            part if all.contains(&part) => {}
            part => all.push(part),
        }
    }
    match all.len() {
        0 => Node::Constant(true),
        1 => all.remove(0),
        _ => Node::And(all),
    }
}

pub fn or(parts: Vec<Node>) -> Node {
    let mut any = Vec::new();
    for part in parts {
        match part {
            Node::Constant(false) => {}
            Node::Constant(true) => return Node::Constant(true),
            Node::Or(inner) => any.extend(inner),
            part if any.contains(&part) => {}
            part => any.push(part),
        }
    }
    match any.len() {
        0 => Node::Constant(false),
        1 => any.remove(0),
        _ => Node::Or(any),
    }
}
