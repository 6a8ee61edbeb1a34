//! What is told by others, and has to hold or be refused: signatures, earlier runs, the models of solvers.

use super::beside::changed;
use super::policy::text;
use bylaws::internals::analyze;
use bylaws::internals::report;
use bylaws::internals::signature::signed_by;
use bylaws::{MemoryFiles, PolicySet};

const SIGNED: &[u8] = include_bytes!("../../examples/signed/rules.bundle");
const SIGNATURE: &[u8] = include_bytes!("../../examples/signed/rules.bundle.minisig");
const KEY: &str = include_str!("../../examples/signed/conduct.pub");

/// A signature as it comes, and one that was changed: the one that was written, byte by byte, or why it is none.
pub fn signature(bytes: &[u8]) {
    let key = KEY.lines().nth(1).expect("it is the second line");
    assert!(signed_by(SIGNED, SIGNATURE, &[key]).is_ok());
    for signature in [bytes, &changed(SIGNATURE, bytes)] {
        match signed_by(SIGNED, signature, &[key]) {
            Ok((by, comment)) => {
                let as_written = String::from_utf8_lossy(SIGNATURE);
                let first = as_written.replacen("from minisign", "from rsign", 1);
                assert!(signature == SIGNATURE || signature == first.as_bytes());
                assert!(by == key && as_written.contains(&comment));
                let other = [SIGNED, b"\n"].concat();
                assert!(signed_by(&other, signature, &[key]).is_err());
            }
            Err(why) => assert!(!why.is_empty() && !why.contains(char::is_control)),
        }
        assert!(signed_by(SIGNED, signature, &[]).is_err());
    }
}

/// What an earlier run found: without findings all of it is gone, and with the same nothing is.
pub fn earlier(bytes: &[u8]) {
    let Some((_, text)) = text(bytes) else { return };
    match report::earlier(text, &[]) {
        Ok((new, known, all)) => {
            assert_eq!((new, known), (0, 0));
            assert_eq!(report::earlier(text, &all), Ok((0, all.len(), vec![])));
            let more = [all.clone(), vec!["(another)".into()]].concat();
            let more = report::earlier(text, &more).expect("it was read before");
            assert!(more.0 + more.1 == all.len() + 1 && more.2.is_empty());
        }
        Err(why) => assert!(!why.is_empty()),
    }
}

/// Rules that take a solver, since each compares what a record holds with what else it holds.
const RULES: &str = "
policy p { timezone \"Europe/Berlin\" }
enum rank { low, high }
table person key id { id: text, rank: rank }
record gift at day by who identity id {
  id: int, day: date, sent: timestamp?, who: ref person, giver: text, value: money, cap: money, items: int, boxes: int,
  part: percent?, exact: decimal?, ok: bool, tags: list of text,
}
forbid more   { on gift when items > boxes + 2 and value > cap and \"a\" in tags }
forbid less   { on gift when items > boxes and who.rank == high and giver starts_with \"a\" }
forbid others { on gift when exact? > part? * 2 and day >= sent? and giver == who and ok  unless few: sum(gift.items over 9 days) < 9 }
";

/// The model that a solver says to have: it is no proof of anything, and what it shows is shown by the rules themselves.
pub fn solver(bytes: &[u8]) {
    let Some((_, model)) = text(bytes) else { return };
    let files = MemoryFiles::from_iter([("p.bylaw", RULES)]);
    let mut policies = PolicySet::load(&files, &["p.bylaw"]).expect("the file is there");
    let checked = policies.check(&[]);
    let of = (policies.sources(), &checked);
    let (human, told) = analyze::with_model(of, model).expect("the rules are right");
    let proofs = told["claims"].as_array().expect("it is a list").iter().map(|claim| &claim["proof"]);
    assert!(proofs.into_iter().all(|proof| proof != "solver"), "{told:#}");
    assert_eq!(Some((human, told)), analyze::with_model(of, model));
}
