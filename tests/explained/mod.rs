//! Explanations of random verdicts: none is missing, each is of its verdict, and what is said to change it does.

use super::{Case, case, cases, describe, options, random, shuffled};
use bylaws::internals::eval::{Evaluator, Options};
use proptest::test_runner::TestCaseError;
use random::Tape;

#[test]
fn explanations_are_of_their_verdicts() {
    proptest::proptest!(cases(10), |(seeds in random::seeds(random::SMALL))| {
        explained(&case(&seeds), &mut Tape::new(&seeds.run))?;
    });
}

fn explained(case: &Case, tape: &mut Tape) -> Result<(), TestCaseError> {
    let options = Options { retain: true, ..options(case, 1, true) };
    let mut evaluator = Evaluator::new(case.plan.clone(), options).unwrap();
    shuffled(case, tape).into_iter().for_each(|b| evaluator.push(b).unwrap());
    let findings = evaluator.finish();
    let step = 1 + findings.len() / 12;
    for i in (0..findings.len()).step_by(step) {
        let why = findings.why(&findings.about_verdict(i));
        proptest::prop_assert_eq!(why.verdict, Some(findings.verdicts()[i]), "{}", describe(case));
        proptest::prop_assert_eq!(why.id, findings.ids()[i], "{}", describe(case));
        let named = |record: usize| record < why.records.len();
        let steps = why.steps.iter().flat_map(|s| &s.records).all(|r| named(*r));
        let windows = why.windows.iter().flat_map(|w| &w.seen.contributions).all(|c| named(c.record));
        proptest::prop_assert!(steps && windows, "{}", describe(case));
        for change in why.changes.iter().flat_map(|c| &c.found) {
            proptest::prop_assert_ne!(change.verdict, why.verdict, "{:?}\n{}", change, describe(case));
        }
        let expected = why.changes.as_ref().is_none_or(|c| c.found.len() <= c.tried);
        proptest::prop_assert!(expected, "{}", describe(case));
    }
    // Every rule at some records, its own or not: triggered or not, as it says.
    for place in findings.iter().step_by(step).filter_map(|row| row.place) {
        for (kind, id, _) in findings.at_line(place.input.0, place.line, None) {
            for about in (0..case.plan.rules.len()).flat_map(|rule| findings.about(rule, kind, id)) {
                let why = findings.why(&about);
                proptest::prop_assert_eq!(
                    why.verdict,
                    about.verdict.map(|i| findings.verdicts()[i]),
                    "{}",
                    describe(case)
                );
            }
        }
    }
    // Whatever the tests of a policy could expect: what it tries is a part of its rule.
    let places: Vec<_> = findings.iter().map(|row| row.place).collect();
    for (rule, of) in case.plan.rules.iter().enumerate().filter(|(_, r)| r.sequence.is_some()) {
        let parts = bylaws::internals::eval::parts(&case.plan, of);
        for (part, _) in findings.sequence_trials(rule, &places) {
            proptest::prop_assert!(parts.contains(&part), "{:?}\n{}", part, describe(case));
        }
    }
    Ok(())
}
