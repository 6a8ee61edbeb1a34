//! Tests that whoever carries the records can make by itself, before they are read here.

use bylaws::{Atom, AtomTest, Ingest, Route, Schema, Stage, TextMatch, Value};
use pyo3::prelude::*;

/// The way to a column, how its value has to stand to constants, and these.
pub type Guard = (Vec<String>, &'static str, Vec<Constant>);

#[derive(IntoPyObject, PartialEq)]
pub enum Constant {
    Bool(bool),
    Int(i64),
    Text(String),
}

/// By rule or history: tests that must all hold, so that a row is something to it. None where all rows may be.
pub fn guards(stage: &Stage, ingest: &Ingest, route: &Route) -> Option<Vec<Vec<Guard>>> {
    let mut all = Vec::new();
    for (kind, columns) in ingest.as_they_stand(route)? {
        if stage.plan.kinds.get(kind.0 as usize)?.projection.is_none() {
            continue;
        }
        let guard = |(atom, holds): (&Atom, bool)| {
            let (_, path) = columns.iter().find(|(column, _)| *column == atom.column)?;
            let (how, constants) = test(&stage.plan.schema, &atom.test, holds)?;
            Some((path.clone(), how, constants))
        };
        for tests in stage.guards(kind)? {
            let tests: Vec<Guard> = tests.into_iter().filter_map(guard).collect();
            // A limit reads a record as what may be found, and as what counts.
            if !all.contains(&tests) {
                all.push(tests);
            }
        }
    }
    (!all.is_empty() && all.iter().all(|tests| !tests.is_empty())).then_some(all)
}

/// What holds of every value for which the test comes out so, and for those that cannot be read.
fn test(schema: &Schema, test: &AtomTest, holds: bool) -> Option<(&'static str, Vec<Constant>)> {
    Some(match (test, holds) {
        (AtomTest::True, _) => ("in", vec![Constant::Bool(holds)]),
        (AtomTest::Below { bound: Value::Int(n) | Value::Bytes(n), or_equal }, _) => {
            let how = match (holds, or_equal) {
                (true, false) => "<",
                (true, true) => "<=",
                (false, false) => ">=",
                (false, true) => ">",
            };
            (how, vec![Constant::Int(*n)])
        }
        (AtomTest::OneOf(values), _) => {
            let Value::Enum(id, _) = values.first()? else { return None };
            let named = |value: &Value| matches!(value, Value::Enum(of, _) if of == id);
            if !values.iter().all(named) {
                return None;
            }
            // What is no word of the enumeration is not known, and stays.
            let words = (0..).zip(&schema.enum_def(*id).words);
            let failing = words.filter(|(n, _)| values.contains(&Value::Enum(*id, *n)) != holds);
            ("not in", failing.map(|(_, word)| Constant::Text(word.in_records().into())).collect())
        }
        (AtomTest::Text { how, patterns, ignoring_case: false }, _) => {
            let how = match (how, holds) {
                (TextMatch::Equals, true) => "in",
                (TextMatch::Equals, false) => "not in",
                (TextMatch::StartsWith, true) => "starts with",
                (TextMatch::EndsWith, true) => "ends with",
                (TextMatch::Contains, true) => "contains",
                _ => return None,
            };
            (how, patterns.iter().cloned().map(Constant::Text).collect())
        }
        _ => return None,
    })
}
