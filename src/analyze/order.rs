//! Whether values can lie beside each other as a model has them.
//!
//! Comparisons of two values, and of a value with constants, are differences with bounds: `a < b + 3 days` is that `a - b`
//! is below three days. A model in which some bounds, one behind the other, lead back to where they began from and
//! are below zero in all is one of no record.

use super::formula::{Origin, Region, Variable, Variables};
use super::scalar::{Scalar, Sort};
use super::solve::Model;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A side of a comparison: a value, by its text, and a constant that is added to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pub key: String,
    pub offset: i128,
    /// How to give it a value in a record.
    pub source: Origin,
}

impl Side {
    pub fn moved(self, by: i128) -> Option<Side> {
        Some(Side { offset: self.offset.checked_add(by)?, ..self })
    }
}

/// Two values of one type, which have an order among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    pub left: Side,
    pub right: Side,
    /// So far apart are two of them at the least.
    pub step: i128,
}

/// The comparisons of two values among some variables.
pub struct Orders<'v> {
    variables: &'v Variables,
    pairs: Vec<(&'v str, &'v Sides)>,
}

impl<'v> Orders<'v> {
    pub fn of(variables: &'v Variables) -> Orders<'v> {
        let pair = |(key, variable): (&'v String, &'v Variable)| match &variable.sort {
            Sort::Pair(Some(sides)) => Some((key.as_str(), &**sides)),
            _ => None,
        };
        Orders { variables, pairs: variables.0.iter().filter_map(pair).collect() }
    }

    /// Whether what is known of this variable has to do with others.
    pub fn concern(&self, variable: &str) -> bool {
        self.pairs.iter().any(|(key, s)| *key == variable || s.left.key == variable || s.right.key == variable)
    }

    /// False where no values lie so.
    pub fn allow(&self, model: &Model<'_>) -> bool {
        self.graph(model).is_some_and(|mut graph| graph.is_possible())
    }

    /// Values that lie so, near plain ones; none where there are no such.
    pub fn values(&self, model: &Model<'_>, plain: &dyn Fn(&Side) -> Option<i128>) -> Option<Vec<(&'v Side, i128)>> {
        let mut graph = self.graph(model)?;
        if !graph.is_possible() {
            return None;
        }
        let mut settled: Vec<(usize, i128)> = vec![(ZERO, 0)];
        let mut found: Vec<(&'v Side, i128)> = Vec::new();
        let sides = self.pairs.iter().flat_map(|(_, s)| [(&s.left, s.step), (&s.right, s.step)]);
        for (side, step) in sides {
            let Some(&node) = graph.nodes.get(side.key.as_str()) else { continue };
            if settled.iter().any(|(of, _)| *of == node) {
                continue;
            }
            let most = |a: usize, b: usize| graph.bounds.get(&(a, b)).copied();
            let low = settled.iter().filter_map(|&(of, n)| n.checked_sub(most(of, node)?)).max();
            let high = settled.iter().filter_map(|&(of, n)| n.checked_add(most(node, of)?)).min();
            let near = plain(side)?.max(low.unwrap_or(i128::MIN)).min(high.unwrap_or(i128::MAX));
            let down = near - near.rem_euclid(step);
            let fits = |n: &i128| low.is_none_or(|low| low <= *n) && high.is_none_or(|high| *n <= high);
            let n = [near, down, down.saturating_add(step)].into_iter().find(|n| n % step == 0 && fits(n))?;
            settled.push((node, n));
            found.push((side, n));
        }
        Some(found)
    }

    /// Pairs of which one is not there.
    pub fn absent(&self, model: &Model<'_>) -> impl Iterator<Item = [&'v Side; 2]> {
        let pairs = self.pairs.iter().filter(|(key, _)| model.get(key) == Some(&&Region::Absent));
        pairs.map(|(_, sides)| [&sides.left, &sides.right]).collect::<Vec<_>>().into_iter()
    }

    /// None where one of two is not there and both are compared, or both are there and are not.
    fn graph(&self, model: &Model<'_>) -> Option<Graph<'v>> {
        let mut graph = Graph::default();
        let known = self.pairs.iter().filter_map(|(key, sides)| Some((*sides, *model.get(key)?)));
        let absent = |side: &Side| model.get(side.key.as_str()) == Some(&&Region::Absent);
        for (sides, region) in known.clone() {
            if let Region::Order(order) = region {
                if absent(&sides.left) || absent(&sides.right) {
                    return None;
                }
                graph.beside(sides, *order);
            }
        }
        // What is compared is there, and what lies anywhere.
        let there = |side: &Side| {
            let lies = model.get(side.key.as_str()).is_some_and(|r| **r != Region::Absent);
            lies || graph.nodes.contains_key(side.key.as_str())
        };
        if known.clone().any(|(sides, r)| *r == Region::Absent && there(&sides.left) && there(&sides.right)) {
            return None;
        }
        // What no comparison of two values is about has no part in it.
        let known: Vec<&str> = graph.nodes.keys().copied().collect();
        for key in known {
            if let (Some(region), Some(Sort::Line { step, .. })) =
                (model.get(key), self.variables.0.get(key).map(|v| &v.sort))
            {
                graph.between(key, region, *step);
            }
        }
        Some(graph)
    }
}

/// By values: how much one is above another at most. All are counts of the smallest unit of their type.
#[derive(Default)]
struct Graph<'m> {
    nodes: BTreeMap<&'m str, usize>,
    bounds: BTreeMap<(usize, usize), i128>,
}

/// Stands for zero.
const ZERO: usize = 0;

impl<'m> Graph<'m> {
    fn node(&mut self, key: &'m str) -> usize {
        let next = self.nodes.len() + 1;
        *self.nodes.entry(key).or_insert(next)
    }

    /// `a - b` is no more than that.
    fn bound(&mut self, a: usize, b: usize, most: i128) {
        let of = self.bounds.entry((a, b)).or_insert(most);
        *of = most.min(*of);
    }

    fn beside(&mut self, sides: &'m Sides, order: Ordering) {
        let (left, right) = (self.node(&sides.left.key), self.node(&sides.right.key));
        let Some(apart) = sides.right.offset.checked_sub(sides.left.offset) else { return };
        let (Some(back), Some(under)) = (apart.checked_neg(), apart.checked_sub(1)) else { return };
        let whole = |most: i128| most.div_euclid(sides.step) * sides.step;
        match order {
            Ordering::Less => self.bound(left, right, whole(under)),
            Ordering::Greater => self.bound(right, left, whole(back.saturating_sub(1))),
            Ordering::Equal => {
                self.bound(left, right, whole(apart));
                self.bound(right, left, whole(back));
            }
        }
    }

    /// Where a value lies on its line.
    fn between(&mut self, key: &'m str, region: &Region, step: i128) {
        let node = self.node(key);
        let last = |n: i128| Some(n.checked_sub(1)?.div_euclid(step) * step);
        let next = |n: i128| n.div_euclid(step).checked_add(1)?.checked_mul(step);
        let (low, high) = match region {
            Region::Point(Scalar::Number(n)) => (Some(*n), Some(*n)),
            Region::Between(low, high) => (low.and_then(next), high.and_then(last)),
            _ => return,
        };
        if let Some(high) = high {
            self.bound(node, ZERO, high);
        }
        if let Some(low) = low.and_then(i128::checked_neg) {
            self.bound(ZERO, node, low);
        }
    }

    fn is_possible(&mut self) -> bool {
        let all = 0..=self.nodes.len();
        for middle in all.clone() {
            for from in all.clone() {
                let Some(&first) = self.bounds.get(&(from, middle)) else { continue };
                for to in all.clone() {
                    let Some(&second) = self.bounds.get(&(middle, to)) else { continue };
                    let Some(both) = first.checked_add(second) else { continue };
                    if from == to && both < 0 {
                        return false;
                    }
                    self.bound(from, to, both);
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(left: (&str, i128), right: (&str, i128), step: i128) -> Sides {
        let side = |(key, offset): (&str, i128)| Side { key: key.into(), offset, source: Origin::Other };
        Sides { left: side(left), right: side(right), step }
    }

    fn possible(pairs: &[(Sides, Ordering)], known: &[(&str, Region)]) -> bool {
        let step = pairs[0].0.step;
        let mut graph = Graph::default();
        pairs.iter().for_each(|(sides, order)| graph.beside(sides, *order));
        known.iter().for_each(|(key, region)| graph.between(key, region, step));
        graph.is_possible()
    }

    #[test]
    fn what_leads_back_below_itself_is_impossible() {
        use Ordering::{Equal, Greater, Less};
        let pair = |left, right| sides((left, 0), (right, 0), 1);
        let ring = |last| possible(&[(pair("a", "b"), Less), (pair("b", "c"), Less), (pair("a", "c"), last)], &[]);
        assert_eq!([Less, Equal, Greater].map(ring), [true, false, false]);
        let same = |last| possible(&[(pair("a", "b"), Equal), (pair("b", "c"), Equal), (pair("a", "c"), last)], &[]);
        assert_eq!([Less, Equal, Greater].map(same), [false, true, false]);
    }

    #[test]
    fn constants_lie_on_the_same_line() {
        use Ordering::{Equal, Less};
        let pair = || sides(("a", 0), ("b", 0), 1);
        let at = |n| Region::Point(Scalar::Number(n));
        let from = |low| Region::Between(Some(low), None);
        let until = |high| Region::Between(None, Some(high));
        assert!(!possible(&[(pair(), Less)], &[("a", from(5)), ("b", until(5))]));
        assert!(!possible(&[(pair(), Less)], &[("a", at(5)), ("b", at(5))]));
        assert!(possible(&[(pair(), Equal)], &[("a", at(5)), ("b", at(5))]));
        assert!(!possible(&[(pair(), Equal)], &[("a", at(5)), ("b", from(5))]));
        // Three days behind.
        let later = sides(("a", 0), ("b", 3), 1);
        assert!(possible(&[(later.clone(), Less)], &[("a", at(7)), ("b", at(5))]));
        assert!(!possible(&[(later, Less)], &[("a", at(8)), ("b", at(5))]));
    }

    #[test]
    fn between_two_neighbours_there_is_nothing() {
        use Ordering::Less;
        let days = |left, right: (&'static str, i128)| (sides((left, 0), right, 2), Less);
        // a < b < a + 2, of values two apart; and of any.
        assert!(!possible(&[days("a", ("b", 0)), days("b", ("a", 2))], &[]));
        let any = |left, right: (&'static str, i128)| (sides((left, 0), right, 1), Less);
        assert!(possible(&[any("a", ("b", 0)), any("b", ("a", 2))], &[]));
        assert!(!possible(&[any("a", ("b", 0)), any("b", ("a", 1))], &[]));
        // 6 < a < b < 10.
        let within = [("a", Region::Between(Some(6), None)), ("b", Region::Between(None, Some(10)))];
        assert!(!possible(&[days("a", ("b", 0))], &within));
        assert!(possible(&[any("a", ("b", 0))], &within));
        assert!(possible(&[days("a", ("b", 0)), days("b", ("a", 4))], &[]));
    }
}
