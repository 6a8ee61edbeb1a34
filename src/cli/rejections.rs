//! Why records were rejected, told apart in whatever order the threads come upon them.

use crate::data::Place;
use crate::diag::Code;
use crate::ingest::Reject;
use std::collections::BTreeMap;

/// So many reasons are told: a reason may quote the record.
const TOLD: usize = 50;
/// Of a code that has more reasons none is.
const MOST: usize = 1 << 14;

/// How many records, and the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub records: u64,
    pub first: Place,
}

impl Count {
    fn one(first: Place) -> Count {
        Count { records: 1, first }
    }

    fn with(self, other: Count) -> Count {
        Count { records: self.records + other.records, first: self.first.min(other.first) }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rejections(BTreeMap<Code, Reasons>);

#[derive(Debug, PartialEq, Eq)]
enum Reasons {
    Apart(BTreeMap<String, Count>),
    Together(Count),
}

impl Rejections {
    pub fn add(&mut self, Reject { place, code, reason, .. }: &Reject) {
        let one = Count::one(*place);
        let reasons = self.0.entry(*code).or_insert_with(|| Reasons::Apart(BTreeMap::new()));
        match reasons {
            Reasons::Together(all) => *all = all.with(one),
            Reasons::Apart(apart) => {
                if let Some(known) = apart.get_mut(reason) {
                    *known = known.with(one);
                } else if apart.len() < MOST {
                    apart.insert(reason.clone(), one);
                } else {
                    *reasons = Reasons::Together(apart.values().fold(one, |all, of| all.with(*of)));
                }
            }
        }
    }

    pub fn total(&self) -> Option<Count> {
        let of = |reasons: &Reasons| match reasons {
            Reasons::Together(all) => Some(*all),
            Reasons::Apart(apart) => apart.values().copied().reduce(Count::with),
        };
        self.0.values().filter_map(of).reduce(Count::with)
    }

    /// By code and reason. Of many reasons those whose first records come first; the others of a code have its title.
    pub fn told(&self) -> BTreeMap<(Code, &str), Count> {
        let mut told = BTreeMap::new();
        let mut apart = Vec::new();
        for (code, reasons) in &self.0 {
            match reasons {
                Reasons::Together(all) => drop(told.insert((*code, code.title()), *all)),
                Reasons::Apart(of) => apart.extend(of.iter().map(|(reason, count)| ((*code, reason.as_str()), *count))),
            }
        }
        apart.sort_by_key(|(of, count)| (count.first, *of));
        for (n, (of, count)) in apart.into_iter().enumerate() {
            let of = if n < TOLD { of } else { (of.0, of.0.title()) };
            told.entry(of).and_modify(|all| *all = all.with(count)).or_insert(count);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::InputId;

    fn reject(line: u64, reason: String) -> Reject {
        Reject {
            place: Place { input: InputId(0), offset: line, line, element: 0 },
            code: Code::InvalidJson,
            reason,
            text: Vec::new(),
        }
    }

    fn of(all: impl Iterator<Item = (u64, String)>) -> Rejections {
        let mut rejections = Rejections::default();
        all.for_each(|(line, reason)| rejections.add(&reject(line, reason)));
        rejections
    }

    /// Each reason three times, the second half of them a second time before the first.
    fn lines(reasons: u64) -> Vec<(u64, String)> {
        (0..3 * reasons).map(|line| (line, format!("expected `}}` at byte {}", line * 7 % reasons))).collect()
    }

    #[test]
    fn the_order_in_which_they_come_changes_nothing() {
        for reasons in [3, 50, 51, 1000, MOST as u64, MOST as u64 + 1] {
            let lines = lines(reasons);
            let forwards = of(lines.iter().cloned());
            let half = lines.len() / 2;
            assert_eq!(forwards, of(lines.iter().rev().cloned()), "{reasons}");
            assert_eq!(forwards, of(lines[half..].iter().chain(&lines[..half]).cloned()), "{reasons}");
            let told = forwards.told();
            let records = |wanted: &dyn Fn(&str) -> bool| {
                told.iter().filter(|((_, reason), _)| wanted(reason)).map(|(_, count)| count.records).sum::<u64>()
            };
            assert_eq!(records(&|_| true), 3 * reasons);
            assert_eq!(forwards.total(), Some(Count { records: 3 * reasons, first: reject(0, String::new()).place }));
            let apart = if reasons > MOST as u64 { 0 } else { reasons.min(TOLD as u64) };
            assert_eq!(records(&|reason| reason != Code::InvalidJson.title()), 3 * apart, "{reasons}");
            // Those of the first lines.
            let first = |line: u64| told.contains_key(&(Code::InvalidJson, &*lines[line as usize].1));
            assert!((0..apart).all(first) && (apart..reasons).all(|line| !first(line)), "{reasons}");
        }
    }
}
