//! What a follower does not take: more than its limits, a policy set that is not signed, formats that do not grow, signals
//! that are ignored.

use crate::following::{self, Dice, Place, records, said};
use crate::{FINISH, UNTIL_STOPPED};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

#[test]
fn limits_hold_over_a_stream() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 600);
    place.append("log.ndjson", all[..300].concat().as_bytes());
    let usual = ["log.ndjson", "--lateness", "2 days", "--fail-on", "never", "--max-indeterminate", "unlimited"];
    let (code, told) = place.run(&[&usual[..], &["--once"]].concat());
    assert_eq!(code, 0, "{told}");
    let before = place.read("findings.ndjson");
    assert!(!before.is_empty());
    place.append("log.ndjson", all[300..].concat().as_bytes());
    for (limit, words) in [
        ("keys=5", "looks at the records of more than 5 keys at once"),
        ("window-records=2", "looks at more than 2 records in one window"),
        ("partial-matches=1", "`gift_and_leave` has more than 1 ways to complete a sequence at one record"),
    ] {
        // It ends by itself, and nothing is said by halves.
        let (code, told) = place.run(&[&usual[..], &["--limit", limit]].concat());
        let flat = told.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code, 2, "{limit}: {told}");
        for word in ["B1050", words, "or allow more than", "goes on after what was said before"] {
            assert!(flat.contains(word), "{limit}: no `{word}` in {told}");
        }
        assert_eq!(place.read("findings.ndjson"), before);
    }
    let (code, told) = place.run(&[&usual[..], &["--finish", "--limit", "message-bytes=24"]].concat());
    assert_eq!(code, 0, "{told}");
    let text = place.read("findings.ndjson");
    assert_eq!(said(&text), place.audit(&["log.ndjson"]));
    let (whole, cut) = text.split_at(before.len());
    assert!(!whole.contains("more bytes)") && cut.contains("more bytes)"), "{cut:.500}");
}

#[test]
fn a_set_that_is_not_signed_is_refused_whole() {
    let mut dice = Dice::new();
    let place = Place::new();
    let done = |args: &[&str]| {
        let (code, told) = place.told(args);
        assert_eq!(code, 0, "{args:?}: {told}");
    };
    for name in ["right", "other"] {
        done(&["keygen", name, "--no-password"]);
    }
    done(&["bundle", "p.bylaw", "-o", "rules.bundle", "--sign", "right.key"]);
    let all = records(&mut dice, 600);
    let asked = ["--policy", "rules.bundle", "--require-signature", "right.pub", "--metrics-file", "figures.prom"];
    let following = place.follow(&[&asked[..], &["log.ndjson"], UNTIL_STOPPED].concat());
    place.append("log.ndjson", all[..200].concat().as_bytes());
    place.waits("findings.ndjson", |text| text.lines().count() > 10);

    let refused = |n: usize, words: &str| {
        let times = |log: &str| log.matches("the changed policy set is refused").count();
        place.waits("log.txt", |log| times(log) >= n && log.contains(words));
        assert!(!place.read("log.txt").contains("judges from now on"), "{}", place.read("log.txt"));
        n + 1
    };
    // The new set says more: none of it may be judged by.
    let new = following::POLICY.to_owned() + "forbid any_leave { on leave when person != \"nobody\" }\n";
    place.write("new.bylaw", &new);
    std::fs::remove_file(place.path("rules.bundle.minisig")).unwrap();
    let n = refused(1, "is not signed");
    done(&["bundle", "new.bylaw", "-o", "new.bundle", "--sign", "other.key"]);
    std::fs::copy(place.path("new.bundle.minisig"), place.path("rules.bundle.minisig")).unwrap();
    std::fs::rename(place.path("new.bundle"), place.path("rules.bundle")).unwrap();
    refused(n, "is signed by the key");
    place.append("log.ndjson", all[200..400].concat().as_bytes());
    let before = place.read("findings.ndjson").lines().count();
    place.waits("findings.ndjson", |text| text.lines().count() > before + 10);
    assert!(!place.read("findings.ndjson").contains("any_leave"));
    let refusals = |text: &str| text.contains("bylaws_policy_reloads_total{result=\"refused\"}");
    place.waits("figures.prom", refusals);
    assert!(!place.read("figures.prom").contains("result=\"taken\""));

    // Signed by the right key it is taken.
    done(&["bundle", "new.bylaw", "-o", "rules.bundle", "--sign", "right.key"]);
    place.waits("log.txt", |log| log.contains("the changed policy set judges from now on"));
    place.append("log.ndjson", all[400..].concat().as_bytes());
    place.waits("findings.ndjson", |text| text.contains("\"any_leave\""));
    assert_eq!(following.stop(), 0);
    // Nor does it start with one that is not signed.
    std::fs::remove_file(place.path("rules.bundle.minisig")).unwrap();
    let (code, told) = place.run(&[&asked[..], &["log.ndjson", "--once"]].concat());
    assert!(code == 2 && told.contains("is not signed"), "{code} {told}");
}

#[test]
fn what_does_not_grow_is_refused() {
    let place = Place::new();
    place.write("log.json", "[{}, {}]\n");
    std::fs::write(place.path("log.ndjson.gz"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, b'\n']).unwrap();
    std::fs::write(place.path("log.csv.zst"), [0x28, 0xb5, 0x2f, 0xfd, 0, 0, b'\n']).unwrap();
    place.write("gifts.parquet", "PAR1\n");
    for (file, words) in [
        ("log.json", "a JSON file does not grow"),
        ("log.ndjson.gz", "it is compressed"),
        ("gift=log.csv.zst", "it is compressed"),
        ("gift=gifts.parquet", "a Parquet file does not grow"),
    ] {
        let (code, told) = place.run(&[file, "--once"]);
        assert!(code == 2 && told.contains(words) && told.contains("followed are NDJSON and CSV"), "{file}: {told}");
        let (kind, from) = file.split_once('=').unwrap_or(("", file));
        let input = if kind.is_empty() { "-".to_owned() } else { format!("{kind}=-") };
        let output = place.piped(from, &[&input, "--once", "--state", &format!("state of {from}")]);
        let told = String::from_utf8_lossy(&output.stderr);
        let refused = output.status.code() == Some(2) && told.contains("cannot be followed");
        assert!(refused, "{file} from standard input: {told}");
    }
    // CSV is, from a file and from standard input.
    let gift = |i: u32| format!("g{i},2025-03-{i:02}T12:00:00Z,E1,G,95 EUR\n");
    place.append("gifts.csv", b"id,time,person,giver,value\n");
    let once = ["gift=gifts.csv", "--once", "--lateness", "1 hour", "--fail-on", "never"];
    for i in 1..5 {
        place.append("gifts.csv", gift(i).as_bytes());
        let (code, told) = place.run(&once);
        assert_eq!(code, 0, "{told}");
    }
    let (code, told) = place.run(&["gift=gifts.csv", "--finish", "--lateness", "1 hour", "--fail-on", "never"]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(said(&place.read("findings.ndjson")), place.audit(&["gift=gifts.csv"]));
}

/// One record by whoever it is does not end the follower.
#[test]
fn a_record_that_looks_compressed_is_rejected() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 100);
    let once =
        ["log.ndjson", "--lateness", "2 days", "--once", "--fail-on", "never", "--max-indeterminate", "unlimited"];
    place.append("log.ndjson", all[..50].concat().as_bytes());
    assert_eq!(place.run(&once).0, 0);
    let marked = "\u{feff}".to_owned() + &all[49];
    for magic in [&b"\x1f\x8b\x08\n"[..], b"\x28\xb5\x2f\xfd\n", b"PAR1\n", marked.as_bytes()] {
        place.append("log.ndjson", magic);
        let (code, told) = place.run(&once);
        assert_eq!(code, 0, "{told}");
    }
    place.append("log.ndjson", all[50..].concat().as_bytes());
    let (code, told) = place.run(FINISH);
    assert_eq!(code, 0, "{told}");
    assert_eq!(said(&place.read("findings.ndjson")), place.audit(&["log.ndjson"]));
    let rejects = place.read("state/rejects.ndjson");
    let lines: Vec<u64> = rejects
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap())
        .filter(|r| r["code"] != "B1004")
        .map(|r| r["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [51, 52, 53, 54], "{rejects}");
}

#[test]
fn a_terminal_that_is_closed_ends_none_that_outlives_it() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 400);
    place.append("log.ndjson", all[..200].concat().as_bytes());
    let args = place.args(&[&["log.ndjson"], UNTIL_STOPPED].concat());
    let following = place.follow_under("--ignore-signal=INT,HUP", &args);
    place.waits("findings.ndjson", |text| text.lines().count() > 10);
    following.signal("HUP");
    following.signal("INT");
    place.append("log.ndjson", all[200..].concat().as_bytes());
    let before = place.read("findings.ndjson").lines().count();
    place.waits("findings.ndjson", |text| text.lines().count() > before + 10);
    assert_eq!(following.stop(), 0);
    let following = place.follow_under("--default-signal=QUIT", &args);
    place.waits("log.txt", |log| log.contains("following"));
    following.signal("HUP");
    place.waits("log.txt", |log| log.contains("the next start goes on from here"));
    assert_eq!(following.stop_code(), Some(0));
}

/// Who asks it to end twice does not wait for whoever does not read what it finds.
#[test]
fn the_second_signal_does_not_wait() {
    let mut dice = Dice::new();
    let place = Place::new();
    place.append("log.ndjson", records(&mut dice, 1_500).concat().as_bytes());
    let args =
        ["follow", "--policy", "p.bylaw", "--state", "state", "--lateness", "2 days", "--checkpoint-every", "30 ms"];
    let mut following = place.follow_under("--default-signal=QUIT", &[&args[..], &["log.ndjson"]].concat());
    // It writes more than a pipe holds, and waits for the reader.
    following.child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    for _ in 0..600 {
        if let Some(status) = following.child.try_wait().unwrap() {
            assert_eq!(status.signal(), Some(15));
            return;
        }
        following.signal("TERM");
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("it did not end");
}
