//! Conditions as formulas over a few variables, each of which falls into one of finitely many regions.
//!
//! A variable is a value that conditions compare with constants: a field, a field of a table's row, an aggregate over
//! history; it is told by its [text](super::canon). Its regions are the constants that it is compared with, what lies
//! between them, and *absent*. All else (patterns, windows, ways up in a table) is a variable that is true or false.
//! What is proved over the formulas holds for all records, because no relation between variables is assumed but the
//! [order](super::order) of values that are compared with each other; that some record does what a formula allows is
//! shown by a record only.

use super::scalar::{Scalar, Sort, holds};
use crate::data::{Currency, Value};
use crate::sema::hir::CompareOp;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Its words are these, and no others.
    pub closed: Option<Vec<Scalar>>,
    points: Vec<Scalar>,
    pub regions: Vec<Region>,
}

impl Variable {
    pub fn new(sort: Sort, optional: bool, source: Origin) -> Variable {
        Variable { sort, optional, source, closed: None, points: Vec::new(), regions: Vec::new() }
    }

    /// A test of it divides its values.
    pub fn meet(&mut self, test: &Test) {
        self.points.extend(constants(test));
    }
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
    /// A limit is crossed by the next record after so many.
    Copies(usize),
    /// How far from the triggering record the nearest of these is, in this unit.
    Nearest {
        like: Like,
        unit: Unit,
        before: bool,
    },
    /// Whether there is one of these.
    There(Like),
    /// It is true where a column has this value.
    Example {
        column: String,
        value: Value,
    },
    /// It is true where a list has this element.
    Element {
        column: String,
        value: Value,
    },
    /// Which of two columns is greater.
    Beside {
        left: String,
        right: String,
    },
    Other,
}

/// Another record, as conditions over history ask for it; whether it is enough, the evaluator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like {
    pub kind: String,
    /// Its columns, and those of the triggering record that they are equal to.
    pub equal: Vec<(String, String)>,
    pub with: Vec<(String, Value)>,
    /// It has some value there.
    pub present: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Days,
    BusinessDays,
    Months,
    Nanoseconds,
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

impl Variables {
    /// Those of a few formulas, with the regions that these tell apart.
    pub fn of(&self, formulas: &[&Node]) -> Variables {
        let mut found = Variables::default();
        formulas.iter().for_each(|node| found.take(node, self));
        found.divide();
        found
    }

    /// One that amounts are compared in.
    pub fn currency(&self) -> Option<Currency> {
        self.0.values().find_map(|v| match (&v.sort, &v.source) {
            (Sort::Line { currency: Some(currency), .. }, _) => Some(*currency),
            (_, Origin::Example { value: Value::Money(money), .. }) => Some(money.currency),
            _ => None,
        })
    }

    fn take(&mut self, node: &Node, from: &Variables) {
        match node {
            Node::Constant(_) => {}
            Node::Not(of) => self.take(of, from),
            Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|p| self.take(p, from)),
            Node::Atom(atom) => {
                let Some(known) = from.0.get(&atom.variable) else { return };
                let new = || Variable { points: Vec::new(), regions: Vec::new(), ..known.clone() };
                self.0.entry(atom.variable.clone()).or_insert_with(new).meet(&atom.test);
            }
        }
    }

    /// Once all formulas are lowered: the regions into which the values of each variable fall.
    pub fn divide(&mut self) {
        for variable in self.0.values_mut() {
            variable.points.sort();
            variable.points.dedup();
            let mut regions = Vec::new();
            match &variable.sort {
                Sort::Truth => regions.extend([Region::False, Region::True]),
                Sort::Pair(_) => {
                    regions.extend([Ordering::Less, Ordering::Equal, Ordering::Greater].map(Region::Order));
                }
                Sort::Words => {
                    regions.extend(variable.points.iter().cloned().map(Region::Point));
                    match &variable.closed {
                        Some(words) => {
                            let more = words.iter().filter(|w| !variable.points.contains(w));
                            regions.extend(more.cloned().map(Region::Point));
                        }
                        None => regions.push(Region::Other),
                    }
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

impl Node {
    /// The variables that it tests.
    pub fn variables<'n>(&'n self, found: &mut BTreeSet<&'n str>) {
        match self {
            Node::Constant(_) => {}
            Node::Not(of) => of.variables(found),
            Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|p| p.variables(found)),
            Node::Atom(atom) => {
                found.insert(&atom.variable);
            }
        }
    }

    /// What is left of it where a variable is in a region.
    pub fn given(&self, variable: &str, region: &Region) -> Node {
        match self {
            Node::Constant(b) => Node::Constant(*b),
            Node::Not(of) => not(of.given(variable, region)),
            Node::And(parts) => and(parts.iter().map(|p| p.given(variable, region)).collect()),
            Node::Or(parts) => or(parts.iter().map(|p| p.given(variable, region)).collect()),
            Node::Atom(atom) if atom.variable == variable => Node::Constant(atom.test.holds(region)),
            Node::Atom(_) => self.clone(),
        }
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
