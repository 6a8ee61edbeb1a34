//! `bylaws follow`: whatever ends it, what it says in all is what an audit of the same records says, each once.
#![cfg(unix)]

mod following;

use following::{Dice, Place, records, said};
use std::time::Duration;

const FINISH: &[&str] =
    &["log.ndjson", "--lateness", "1 day", "--finish", "--fail-on", "never", "--max-indeterminate", "unlimited"];

#[test]
fn killed_at_fifty_moments_it_says_what_an_audit_says() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 1_500);
    let text = all.concat();
    let bytes = text.as_bytes();
    let mut written = 0;
    for kill in 1..=50 {
        let following = place.follow(&["log.ndjson", "--lateness", "1 day"]);
        let until = bytes.len() * kill / 50;
        while written < until {
            // Lines are torn, too.
            let some = (1 + dice.below(4_000) as usize).min(until - written);
            place.append("log.ndjson", &bytes[written..written + some]);
            written += some;
            std::thread::sleep(Duration::from_millis(dice.below(20)));
        }
        std::thread::sleep(Duration::from_millis(dice.below(500)));
        following.kill();
    }
    let before = said(&place.read("findings.ndjson"));
    assert!(!before.is_empty(), "nothing was said before the end");
    let (code, told) = place.run(FINISH);
    assert_eq!(code, 0, "{told}");
    let wanted = place.audit(&["log.ndjson"]);
    assert!(wanted.len() > 100, "{}", wanted.len());
    assert_eq!(said(&place.read("findings.ndjson")), wanted);
    // What was said before the end was right already.
    assert!(before.iter().all(|(said, n)| wanted.get(said) == Some(n)));
    assert_eq!(place.read("state/rejects.ndjson"), "");
}
