//! What a rule or a history needs of one column, and what each value of it means to whom.

use super::sets::{Mask, Sets, bit, unbit};
use super::texts::{Search, Words};
use crate::data::lookup::SHORT;
use crate::data::{ColumnId, Kind, Type, Value};
use crate::eval::PlanError;
use crate::plan::{Atom, AtomTest, Test, TextMatch};

/// The guards on one column that are tried together.
#[derive(Debug)]
pub enum Guards {
    /// The record's time must be known.
    Timed,
    Text(Box<Words>),
    Search(Box<Search>),
    /// Bounds ascending; by how many of them a value is not below: for whom it may be something.
    Ordered(Vec<i128>, Sets),
    /// By word; others fail all tests.
    Enum(Sets),
    /// Of false and of true.
    Bool([Mask; 2]),
}

/// A test that a reader needs to hold, or not to hold.
pub struct Guard<'p> {
    pub reader: u32,
    pub atom: &'p Atom,
    pub holds: bool,
}

impl Guards {
    /// Of the readers of a kind, so many: those that have a guard on one column, at one cost. None where its values are not
    /// what they test.
    pub fn new(kind: &Kind, ty: &Type, readers: usize, cost: Cost, own: &[Guard]) -> Result<Option<Guards>, PlanError> {
        let mut all = vec![0; readers.div_ceil(128)];
        (0..readers as u32).for_each(|reader| bit(&mut all, reader));
        // Those for whom a row may be something where the tests of some fail.
        let all_but = |fails: &dyn Fn(&Guard) -> bool| {
            let mut left = all.clone();
            own.iter().filter(|g| fails(g)).for_each(|g| unbit(&mut left, g.reader));
            left
        };
        Ok(Some(match cost {
            Cost::Word => Guards::Text(Box::new(Words::new(readers, own, &all_but(&|guard| guard.holds)))),
            Cost::Search | Cost::Fold => {
                let Some(search) = Search::new(kind, readers, own)? else { return Ok(None) };
                Guards::Search(Box::new(search))
            }
            Cost::Order => {
                // Between two bounds all values are alike, and like the least of them.
                let mut changes: Vec<(i128, &Guard)> = Vec::new();
                for guard in own {
                    match &guard.atom.test {
                        AtomTest::Below { bound, or_equal } => {
                            changes.extend(least_not_below(bound, *or_equal).map(|n| (n, guard)));
                        }
                        AtomTest::OneOf(values) => {
                            let numbers = values.iter().filter_map(number).flat_map(|n| [n, n.saturating_add(1)]);
                            changes.extend(numbers.map(|n| (n, guard)));
                        }
                        _ => {}
                    }
                }
                changes.sort_by_key(|(bound, _)| *bound);
                let holds = |guard: &Guard, n: i128| match &guard.atom.test {
                    AtomTest::Below { bound, or_equal } => least_not_below(bound, *or_equal).is_some_and(|b| n < b),
                    AtomTest::OneOf(values) => values.iter().filter_map(number).any(|value| value == n),
                    _ => false,
                };
                let (mut bounds, mut sets) = (Vec::new(), Sets::new(readers));
                let mut left = all_but(&|guard| holds(guard, i128::MIN) != guard.holds);
                sets.push(&left);
                for changes in changes.chunk_by(|a, b| a.0 == b.0) {
                    for (least, guard) in changes {
                        match holds(guard, *least) == guard.holds {
                            true => bit(&mut left, guard.reader),
                            false => unbit(&mut left, guard.reader),
                        }
                        bounds.push(*least);
                    }
                    sets.push(&left);
                }
                bounds.dedup();
                Guards::Ordered(bounds, sets)
            }
            Cost::Enum => {
                let Type::Enum(_) = ty else { return Ok(None) };
                let words = |guard: &Guard| match &guard.atom.test {
                    AtomTest::OneOf(values) => values.iter().filter_map(word).collect::<Vec<u16>>(),
                    _ => Vec::new(),
                };
                let most = own.iter().flat_map(words).max().unwrap_or(0);
                let mut sets = Sets::new(readers);
                for word in 0..=most {
                    sets.push(&all_but(&|guard| words(guard).contains(&word) != guard.holds));
                }
                Guards::Enum(sets)
            }
            Cost::Bool => Guards::Bool([false, true].map(|value| {
                let holds = |guard: &Guard| match &guard.atom.test {
                    AtomTest::OneOf(values) => values.contains(&Value::Bool(value)),
                    _ => value,
                };
                all_but(&|guard| holds(guard) != guard.holds)
            })),
        }))
    }
}

/// Of more numbers a set is no guard: there is a set of readers for each that is named.
const FEW_NUMBERS: usize = 8;

/// What a test takes, about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    Bool,
    Enum,
    Order,
    /// A look-up of a text.
    Word,
    /// A search in a text.
    Search,
    /// The same whatever the case, or for a domain.
    Fold,
}

impl Cost {
    /// What a look takes, where a look-up of a short text is one; none where a text is searched, which is done last, for the
    /// fewest rows.
    fn effort(self, own: &[Guard]) -> Option<f64> {
        let is_plain = |guard: &Guard| match &guard.atom.test {
            AtomTest::Text { how: TextMatch::Equals, patterns, .. } => patterns.iter().all(|p| p.len() <= SHORT),
            _ => false,
        };
        match self {
            Cost::Bool | Cost::Enum | Cost::Order => Some(1.0),
            Cost::Word if own.iter().all(is_plain) => Some(1.0),
            Cost::Word => Some(2.0),
            Cost::Search | Cost::Fold => None,
        }
    }
}

impl Guard<'_> {
    /// The share of rows that it is expected to leave to its reader. Nothing is known of the records, so these are the shares
    /// that System R took for a column of which it had no statistics: Selinger and others, "Access Path Selection in a
    /// Relational Database Management System", SIGMOD 1979, table 1.
    fn share(&self) -> f64 {
        let holds = match &self.atom.test {
            AtomTest::True => 0.5,
            AtomTest::OneOf(values) if values.iter().all(|v| matches!(v, Value::Bool(_))) => values.len() as f64 / 2.0,
            AtomTest::OneOf(values) => (values.len() as f64 / 10.0).min(0.5),
            AtomTest::Text { patterns, .. } => (patterns.len() as f64 / 10.0).min(0.5),
            _ => 1.0 / 3.0,
        };
        if self.holds { holds } else { 1.0 - holds }
    }
}

/// The guards on one column, at one cost.
pub type Group<'p> = (Cost, ColumnId, Vec<Guard<'p>>);

/// First what is expected to rule out the most of the readers that are left then, for what a look takes.
pub fn in_order(mut groups: Vec<Group>, readers: usize) -> Vec<Group> {
    let mut left = vec![1.0; readers];
    let mut ordered = Vec::with_capacity(groups.len());
    groups.sort_by_key(|(cost, column, _)| (*column, *cost as u8));
    while !groups.is_empty() {
        let worth = |(cost, _, own): &Group| {
            let out: f64 = own.iter().map(|guard| left[guard.reader as usize] * (1.0 - guard.share())).sum();
            let effort = cost.effort(own);
            (effort.is_some(), out / effort.unwrap_or(1.0))
        };
        let worths: Vec<(bool, f64)> = groups.iter().map(worth).collect();
        let order = |a: &usize, b: &usize| worths[*a].0.cmp(&worths[*b].0).then(worths[*a].1.total_cmp(&worths[*b].1));
        // Of equals the first.
        let most = (0..groups.len()).rev().max_by(order);
        let Some(most) = most else { break };
        let group = groups.remove(most);
        group.2.iter().for_each(|guard| left[guard.reader as usize] *= guard.share());
        ordered.push(group);
    }
    ordered
}

/// Adds the guards among conditions that all must hold; false where there is none.
pub fn guards_of<'p>(tests: &'p [Test], atoms: &'p [Atom], reader: u32, out: &mut Vec<(Cost, Guard<'p>)>) -> bool {
    let before = out.len();
    for test in tests {
        if let Test::Atoms(program) = test {
            program.conjuncts(true, &mut |atom, holds| {
                if let Some(atom) = atoms.get(atom as usize)
                    && let Some(cost) = cost(&atom.test)
                {
                    out.push((cost, Guard { reader, atom, holds }));
                }
            });
        }
    }
    out.len() > before
}

/// Whether conditions come to guards and nothing else: then a row that is left for their reader is one for which they hold.
pub fn are_guards(tests: &[Test], atoms: &[Atom]) -> bool {
    let mut seen: Vec<(Cost, ColumnId)> = Vec::new();
    let mut is_guard = |atom: u32| {
        let Some(of) = atoms.get(atom as usize).and_then(|atom| Some((cost(&atom.test)?, atom.column))) else {
            return false;
        };
        // Of two on one column that are tried together, the second is left out.
        let is_first = !seen.contains(&of);
        seen.push(of);
        is_first
    };
    tests.iter().all(|test| match test {
        Test::Atoms(program) => {
            let mut all = program.is_conjunction(true);
            program.conjuncts(true, &mut |atom, _| all &= is_guard(atom));
            all
        }
        Test::Row(_) => false,
    })
}

fn cost(test: &AtomTest) -> Option<Cost> {
    match test {
        AtomTest::True => Some(Cost::Bool),
        AtomTest::OneOf(values) if values.iter().all(|v| word(v).is_some()) => Some(Cost::Enum),
        AtomTest::OneOf(values) if values.iter().all(|v| number(v).is_some()) => {
            (values.len() <= FEW_NUMBERS).then_some(Cost::Order)
        }
        AtomTest::OneOf(values) => values.iter().all(|v| matches!(v, Value::Bool(_))).then_some(Cost::Bool),
        AtomTest::Below { bound, .. } => number(bound).map(|_| Cost::Order),
        AtomTest::Text {
            how: TextMatch::Equals | TextMatch::StartsWith | TextMatch::EndsWith,
            ignoring_case: false,
            ..
        } => Some(Cost::Word),
        AtomTest::Text { how: TextMatch::Contains, ignoring_case: false, .. } => Some(Cost::Search),
        AtomTest::Text { .. } => Some(Cost::Fold),
        AtomTest::Present | AtomTest::Matches(_) => None,
    }
}

fn word(value: &Value) -> Option<u16> {
    match value {
        Value::Enum(_, word) => Some(*word),
        _ => None,
    }
}

/// Of the sorts of numbers that are told of a row ([`Seen`](crate::data::Seen)): a guard on another would keep all rows.
fn number(value: &Value) -> Option<i128> {
    match value {
        Value::Int(n) | Value::Bytes(n) => Some((*n).into()),
        Value::Decimal(d) => Some(d.raw()),
        _ => None,
    }
}

/// The least number that is not below the bound.
fn least_not_below(bound: &Value, or_equal: bool) -> Option<i128> {
    number(bound).map(|n| n.saturating_add(or_equal.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_comes_what_leaves_the_fewest() {
        let text = |column, how, patterns: &[&str]| Atom {
            column: ColumnId(column),
            test: AtomTest::Text {
                how,
                patterns: patterns.iter().map(|p| (*p).into()).collect(),
                ignoring_case: false,
            },
        };
        let one_word = text(0, TextMatch::Equals, &["a"]);
        let three_words = text(1, TextMatch::Equals, &["a", "b", "c"]);
        let ending = text(2, TextMatch::EndsWith, &["a"]);
        let part = text(3, TextMatch::Contains, &["a"]);
        let flag = Atom { column: ColumnId(4), test: AtomTest::True };
        let group = |cost, readers: &[u32], atom, holds| {
            let own = readers.iter().map(|&reader| Guard { reader, atom, holds }).collect();
            (cost, atom.column, own)
        };
        let order =
            |groups: Vec<Group<'_>>| in_order(groups, 9).iter().map(|(_, column, _)| column.0).collect::<Vec<_>>();
        // A search comes last whatever it rules out, and of two that rule out as much the one that takes less.
        let all = |atom| group(Cost::Word, &[0, 1, 2], atom, true);
        assert_eq!(
            order(vec![group(Cost::Search, &[0, 1, 2, 3, 4], &part, true), all(&ending), all(&one_word)]),
            [0, 2, 3]
        );
        // What is expected to hold mostly rules out little: many words, and what must not be one.
        assert_eq!(
            order(vec![all(&three_words), all(&one_word), group(Cost::Bool, &[0, 1, 2], &flag, true)]),
            [0, 1, 4]
        );
        assert_eq!(order(vec![group(Cost::Word, &[0, 1, 2], &one_word, false), all(&three_words)]), [1, 0]);
        // Readers that the first rules out count no more for the next.
        let others = group(Cost::Bool, &[3, 4], &flag, true);
        assert_eq!(order(vec![all(&three_words), others, all(&one_word)]), [0, 4, 1]);
    }
}
