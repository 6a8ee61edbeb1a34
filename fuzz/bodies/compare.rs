//! What is claimed of two policy sets, and of the rules of one.

use bylaws::internals::{analyze, fmt};
use bylaws::{Checked, FileId, MemoryFiles, PolicySet, SourceMap};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is said of the change agrees with what is said of the change back; a policy in the one style is the same.
pub fn changes(before: &str, after: &str) {
    let (Some(old), Some(new)) = (checked(before), checked(after)) else { return };
    let there = diff(&old, &new);
    let back = diff(&new, &old);
    let none = (Value::from("never"), Value::from("never"));
    for rule in there.keys().chain(back.keys()) {
        let ((more, less), (more_back, less_back)) =
            (there.get(rule).unwrap_or(&none), back.get(rule).unwrap_or(&none));
        for (one, other) in [(more, less_back), (less, more_back)] {
            let contradict = |a: &Value, b: &Value| a == "never" && b.get("by").is_some();
            assert!(
                !contradict(one, other) && !contradict(other, one),
                "{rule}: {one} {other}\n{before}\n---\n{after}"
            );
        }
    }
    let styled = fmt::format(FileId(0), after).expect("it parses");
    let styled = checked(&styled).expect("it says the same");
    let same =
        |a: &Set, b: &Set| analyze::diff((&a.0, &a.1), (&b.0, &b.1)).expect("both have a plan").1["same"] == true;
    assert!(same(&new, &new) && same(&new, &styled), "{after}");
    let set = (&new.0, &new.1);
    assert_eq!(analyze::within(set), analyze::within(set), "{after}");
}

type Set = (SourceMap, Checked);

/// None where there are errors.
fn checked(text: &str) -> Option<Set> {
    let files = MemoryFiles::from_iter([("p.bylaw", text)]);
    let mut policies = PolicySet::load(&files, &["p.bylaw"]).expect("the file is there");
    let checked = policies.check(&[]);
    (!checked.has_errors()).then(|| (policies.into_sources(), checked))
}

/// Whether each rule that is in both sets finds more, and whether it finds less.
fn diff(old: &Set, new: &Set) -> BTreeMap<String, (Value, Value)> {
    let (told, document) = analyze::diff((&old.0, &old.1), (&new.0, &new.1)).expect("both have a plan");
    assert!(!told.is_empty());
    let rules = document["rules"].as_array().expect("it is a list").iter();
    let in_both = rules.filter(|r| !["added", "removed"].map(Value::from).contains(&r["relation"]));
    let name = |rule: &Value| rule["rule"].as_str().expect("it is a name").to_owned();
    in_both.map(|r| (name(r), (r["more"].clone(), r["less"].clone()))).collect()
}
