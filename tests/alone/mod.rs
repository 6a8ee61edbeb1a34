//! A rule finds under the same ids whatever other rules are in its set.

use super::{Case, TestError, case, cases, describe, random, shuffled};
use crate::agree::run;
use crate::random::{Seeds, Tape};
use bylaws::internals::data::{Verdict, identity};
use bylaws::internals::plan::Plan;
use bylaws::internals::sema::hir::Hir;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What each rule of some names says.
fn said(case: &Case, tape: &mut Tape, names: &BTreeSet<String>) -> Vec<(String, String, Verdict)> {
    let findings = run(case, shuffled(case, tape), 1, false);
    let of = |i: usize| (findings.row(i).rule.name.clone(), identity::hex(&findings.ids()[i]), findings.verdicts()[i]);
    let mut all: Vec<_> = (0..findings.len()).map(of).filter(|(name, ..)| names.contains(name)).collect();
    all.sort();
    all
}

/// The set with these rules only.
fn only(case: Case, names: &BTreeSet<String>) -> Case {
    let rules = case.hir.rules.iter().filter(|r| names.contains(&r.name)).cloned().collect();
    let hir = Hir { rules, metrics: Vec::new(), tests: Vec::new(), ..case.hir.clone() };
    Case { plan: Arc::new(Plan::compile(&hir)), hir, ..case }
}

fn agree(seeds: &Seeds, done: &Cell<usize>) -> Result<(), TestError> {
    let whole = case(seeds);
    let mut tape = Tape::new(&seeds.run);
    let lowest = whole.hir.rules.iter().filter(|r| r.level == 0).map(|r| r.name.clone());
    let some: BTreeSet<String> = lowest.filter(|_| tape.chance(50)).collect();
    let want = said(&whole, &mut tape, &some);
    let have = said(&only(case(seeds), &some), &mut tape, &some);
    done.set(done.get() + want.len());
    proptest::prop_assert_eq!(want, have, "{:?} of {}", some, describe(&whole));
    Ok(())
}

#[test]
fn the_ids_of_a_rule_are_the_same_without_the_others() {
    let done = Cell::new(0);
    proptest::proptest!(cases(10), |(seeds in random::seeds(random::SMALL))| {
        agree(&seeds, &done)?;
    });
    proptest::proptest!(cases(10), |(seeds in random::seeds(random::LARGE))| {
        agree(&seeds, &done)?;
    });
    assert!(done.get() > 0, "nothing was found");
}
