//! `bylaws follow`: whatever ends it, what it says in all is what an audit of the same records says, each once.
#![cfg(unix)]

#[path = "following/bounds.rs"]
mod bounds;
mod following;
#[path = "following/logins.rs"]
mod logins;

use following::server::{self, Client};
use following::{Dice, Place, records, said};
use std::time::Duration;

const FINISH: &[&str] =
    &["log.ndjson", "--lateness", "2 days", "--finish", "--fail-on", "never", "--max-indeterminate", "unlimited"];

#[test]
fn killed_at_fifty_moments_it_says_what_an_audit_says() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 1_500);
    let text = all.concat();
    let bytes = text.as_bytes();
    let mut written = 0;
    for kill in 1..=50 {
        let _ = std::fs::remove_file(place.path("figures.prom"));
        let kept = ["--metrics-file", "figures.prom", "--ledger", "l.ledger"];
        let following = place.follow(&[&["log.ndjson", "--lateness", "2 days"], &kept[..]].concat());
        let until = bytes.len() * kill / 50;
        while written < until {
            // Lines are torn, too.
            let some = (1 + dice.below(4_000) as usize).min(until - written);
            place.append("log.ndjson", &bytes[written..written + some]);
            written += some;
            std::thread::sleep(Duration::from_millis(dice.below(20)));
        }
        // On a busy machine it may take long until anything is written down: half of them get so far.
        if kill % 2 == 0 {
            place.waits("figures.prom", |text| !text.is_empty());
        }
        std::thread::sleep(Duration::from_millis(dice.below(500)));
        following.kill();
    }
    let before = said(&place.read("findings.ndjson"));
    assert!(!before.is_empty(), "nothing was said before the end");
    let (code, told) = place.run(&[FINISH, &["--ledger", "l.ledger"]].concat());
    assert_eq!(code, 0, "{told}");
    let wanted = place.audit(&["log.ndjson"]);
    assert!(wanted.len() > 100, "{}", wanted.len());
    assert_eq!(said(&place.read("findings.ndjson")), wanted);
    // So it is in the ledger.
    let ledger = place.read("l.ledger");
    let noted = ledger.lines().filter_map(|l| {
        let line: serde_json::Value = serde_json::from_str(l).unwrap();
        let of = &line["entry"]["verdict"];
        Some((of["id"].as_str()?.to_owned(), of["verdict"].as_str()?.to_owned()))
    });
    let noted: Vec<_> = noted.collect();
    assert_eq!(noted.len(), wanted.len());
    assert!(noted.iter().all(|of| wanted.contains_key(of)));
    assert_eq!(place.told(&["ledger", "verify", "l.ledger"]).0, 0);
    // What was said before the end was right already.
    assert!(before.iter().all(|(said, n)| wanted.get(said) == Some(n)));
    assert_eq!(place.read("state/rejects.ndjson"), "");
}

#[test]
fn killed_over_a_stream_of_nats_it_says_what_an_audit_says() {
    let mut dice = Dice::new();
    let place = Place::new();
    let Some(server) = server::begin(&place.path("nats")) else { return };
    let mut client = Client::connect(&server);
    client.stream("ACTIVITY");
    let all = records(&mut dice, 1_500);
    let url = format!("nats://127.0.0.1:{}/ACTIVITY", server.port);
    let usual = [url.as_str(), "--lateness", "2 days", "--nats-ack-wait", "1 second"];
    for (kill, some) in all.chunks(all.len().div_ceil(50)).enumerate() {
        let following = place.follow(&usual);
        for line in some {
            client.ask("ACTIVITY.gift", line.as_bytes());
        }
        place.append("log.ndjson", some.concat().as_bytes());
        std::thread::sleep(Duration::from_millis(dice.below(700)));
        // What it told is there where something fails.
        eprintln!("{kill}: {}", place.read("log.txt"));
        following.kill();
    }
    let (code, told) = place.run(&[&usual[..], &FINISH[3..]].concat());
    assert_eq!(code, 0, "{told}");
    let wanted = place.audit(&["log.ndjson"]);
    assert!(wanted.len() > 100, "{}", wanted.len());
    assert_eq!(said(&place.read("findings.ndjson")), wanted);
    assert_eq!(place.read("state/rejects.ndjson"), "");
}

/// With so short a time to acknowledge, the server sends nearly all of it again.
#[test]
fn messages_that_come_again_are_not_taken_again() {
    let mut dice = Dice::new();
    let place = Place::new();
    let Some(server) = server::begin(&place.path("nats")) else { return };
    let mut client = Client::connect(&server);
    client.stream("ACTIVITY");
    let all = records(&mut dice, 300);
    all.iter().for_each(|line| drop(client.ask("ACTIVITY.gift", line.as_bytes())));
    place.append("log.ndjson", all.concat().as_bytes());
    let url = format!("nats://127.0.0.1:{}/ACTIVITY", server.port);
    let usual = [url.as_str(), "--lateness", "2 days", "--nats-ack-wait", "20 ms", "--metrics-file", "figures.prom"];
    let following = place.follow(&[&usual[..], &["--checkpoint-every", "2 seconds"]].concat());
    place.waits("figures.prom", |text| text.contains("bylaws_messages_redelivered_total{"));
    assert_eq!(following.stop(), 0);
    let (code, told) = place.run(&[&usual[..], &FINISH[3..]].concat());
    assert_eq!(code, 0, "{told}");
    assert_eq!(said(&place.read("findings.ndjson")), place.audit(&["log.ndjson"]));
    // Another state has no say over this consumer.
    let (code, told) = place.run(&[url.as_str(), "--state", "other", "--once"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("belongs to something else") && told.contains("--nats-consumer"), "{told}");
}

#[test]
fn a_state_goes_on_where_it_was_and_is_refused_where_it_cannot() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 400);
    let once =
        ["log.ndjson", "--lateness", "2 days", "--once", "--fail-on", "never", "--max-indeterminate", "unlimited"];
    for some in all.chunks(100) {
        place.append("log.ndjson", some.concat().as_bytes());
        let (code, told) = place.run(&once);
        assert_eq!(code, 0, "{told}");
    }
    // What stands in the file already is not said again, with a new state neither.
    place.append("findings.ndjson", b"{\"schema\":\"bylaws.fin");
    let (code, told) = place.run(&[FINISH, &["--state", "again"]].concat());
    assert_eq!(code, 0, "{told}");
    let (code, told) = place.run(&[FINISH, &["--output", "findings-2.ndjson"]].concat());
    assert_eq!(code, 0, "{told}");
    let wanted = place.audit(&["log.ndjson"]);
    assert_eq!(said(&place.read("findings.ndjson")), wanted);
    let rest = said(&place.read("findings-2.ndjson"));
    assert!(!rest.is_empty() && rest.len() < wanted.len());

    let (code, told) = place.run(&once);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("has ended") && told.contains("--state"), "{told}");
    let (code, told) = place.run(&["log.ndjson", "--as-of", "2025-03-01"]);
    assert!(code == 2 && told.contains("bylaws audit --as-of"), "{code} {told}");
    let (code, told) = place.run(&["log.ndjson", "--lateness", "soon"]);
    assert!(code == 2 && told.contains("expected a length"), "{code} {told}");
    place.write("key", "0123456789abcdefghijklmnopqrstuvwxyz");
    let (code, told) = place.run(&["log.ndjson", "--pseudonymize", "key"]);
    assert!(code == 2 && told.contains("before the first name is written"), "{code} {told}");
    // What is refused is not offered.
    let help = place.told_whole(&["follow", "--help"]);
    assert!(help.contains("--lateness") && help.contains("NDJSON or CSV"), "{help}");
    assert!(!help.contains("--as-of") && !help.contains("--pseudonymize"), "{help}");
    place.write("log.json", "[{}, {}]\n");
    let (code, told) = place.run(&["log.json", "--state", "third", "--once"]);
    assert!(code == 2 && told.contains("a JSON file does not grow"), "{code} {told}");
}

#[test]
fn a_damaged_state_is_an_error_and_nothing_more() {
    let mut dice = Dice::new();
    let place = Place::new();
    place.append("log.ndjson", records(&mut dice, 200).concat().as_bytes());
    let once =
        ["log.ndjson", "--lateness", "2 days", "--once", "--fail-on", "never", "--max-indeterminate", "unlimited"];
    assert_eq!(place.run(&once).0, 0);
    let whole = std::fs::read(place.path("state/follow.redb")).unwrap();
    for i in 0..40 {
        let mut damaged = whole.clone();
        match i {
            0 => damaged.truncate(100),
            1 => damaged.truncate(whole.len() / 2),
            2 => damaged.clear(),
            3 => damaged = b"something else".repeat(1000),
            _ => {
                for _ in 0..1 + dice.below(200) {
                    let at = dice.below(damaged.len() as u64) as usize;
                    damaged[at] ^= 1 + dice.below(255) as u8;
                }
            }
        }
        std::fs::write(place.path("state/follow.redb"), damaged).unwrap();
        let (code, told) = place.run(&once);
        assert!(!told.contains("panicked"), "{told}");
        // A byte that nothing stands in does no harm.
        assert!(code == 0 || code == 2 && told.contains("state") && told.contains("begin anew"), "{code} {told}");
    }
}

const UNTIL_STOPPED: &[&str] = &["--lateness", "2 days", "--log-format", "json"];

#[test]
fn a_changed_policy_set_is_taken_whole_or_not_at_all() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 600);
    let following = place.follow(&[&["log.ndjson", "--metrics-file", "figures.prom"], UNTIL_STOPPED].concat());
    place.append("log.ndjson", all[..200].concat().as_bytes());
    place.waits("findings.ndjson", |text| text.lines().count() > 10);

    // It does not check: it is told why, and the one before goes on.
    place.write("p.bylaw", &following::POLICY.replace("value ?? 0 EUR) > 90 EUR", "valu ?? 0 EUR) > 90 EUR"));
    place.waits("log.txt", |text| text.contains("the changed policy set is refused"));
    let told = place.read("log.txt");
    assert!(told.contains("B0201") && told.contains("p.bylaw:8"), "{told}");
    place.append("log.ndjson", all[200..400].concat().as_bytes());
    let before = place.read("findings.ndjson").lines().count();
    place.waits("findings.ndjson", |text| text.lines().count() > before + 10);

    // It checks: what is new is judged from here on.
    let first = following::POLICY.to_owned();
    place.write("p.bylaw", &(first.clone() + "forbid any_leave { on leave when person != \"nobody\" }\n"));
    place.waits("log.txt", |text| text.contains("the changed policy set judges from now on"));
    place.append("log.ndjson", all[400..].concat().as_bytes());
    place.waits("findings.ndjson", |text| text.contains("\"any_leave\""));
    for result in ["refused", "taken"] {
        let line = format!("bylaws_policy_reloads_total{{result=\"{result}\"}} 1\n");
        place.waits("figures.prom", |text| text.contains(&line));
    }
    assert_eq!(following.stop(), 0);

    let (code, told) = place.run(FINISH);
    assert_eq!(code, 0, "{told}");
    let text = place.read("findings.ndjson");
    let (new, old): (Vec<&str>, Vec<&str>) = text.lines().partition(|l| l.contains("\"rule\":\"any_leave\""));
    let wanted = place.audit(&["log.ndjson"]);
    let of_all = said(&new.join("\n"));
    assert!(of_all.iter().all(|(said, n)| *n == 1 && wanted.contains_key(said)), "{new:?}");
    // Leaves of the records that were complete before are not judged by a rule that came later.
    let leaves = all.iter().filter(|l| l.contains("\"leave\"")).count();
    assert!(new.len() < leaves, "{} of {leaves}", new.len());
    // The other rules say what they would have said.
    place.write("p.bylaw", &first);
    assert_eq!(said(&old.join("\n")), place.audit(&["log.ndjson"]));
    assert_json_lines(&place.read("log.txt"));
}

fn assert_json_lines(log: &str) {
    for line in log.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        for key in ["timestamp", "level", "message"] {
            assert!(event[key].is_string(), "{key}: {line}");
        }
    }
    assert!(!log.is_empty());
}

#[test]
fn files_are_rotated_cut_replaced_and_added() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 500);
    let part = |i: usize| all[i * 100..(i + 1) * 100].concat();
    let args = [&["*.ndjson", "--output", "findings.out", "--metrics-file", "figures.prom"], UNTIL_STOPPED].concat();
    let read = |n: usize| {
        place.waits("figures.prom", |text| {
            let counts = text.lines().filter(|l| l.starts_with("bylaws_records_read_total"));
            counts.filter_map(|l| l.rsplit(' ').next()?.parse::<usize>().ok()).sum::<usize>() == n
        });
    };
    let following = place.follow(&args);
    place.append("a.ndjson", part(0).as_bytes());
    read(100);
    // Renamed, and still written to: it is the same file. Then the next one of its name.
    std::fs::rename(place.path("a.ndjson"), place.path("a.1.ndjson")).unwrap();
    place.append("a.1.ndjson", part(1).as_bytes());
    place.append("a.ndjson", part(2).as_bytes());
    place.waits("log.txt", |log| log.contains("the file was renamed"));
    read(300);
    // A torn line waits for its rest.
    let torn = part(3);
    let (begin, rest) = torn.as_bytes().split_at(torn.len() - 30);
    place.append("b.ndjson", begin);
    read(399);
    place.append("b.ndjson", rest);
    read(400);
    assert_eq!(following.stop(), 0);
    // Copied and cut, once all of it has been read.
    let following = place.follow(&args);
    place.waits("log.txt", |log| log.contains("following"));
    std::fs::copy(place.path("a.ndjson"), place.path("a.copy")).unwrap();
    std::fs::OpenOptions::new().write(true).open(place.path("a.ndjson")).unwrap().set_len(0).unwrap();
    place.append("a.ndjson", part(4).as_bytes());
    place.waits("log.txt", |log| log.contains("written anew or made shorter"));
    read(500);
    assert_eq!(following.stop(), 0);
    let finish = ["*.ndjson", "--output", "findings.out", "--lateness", "2 days", "--finish"];
    let (code, told) = place.run(&[&finish[..], &FINISH[4..]].concat());
    assert_eq!(code, 0, "{told}");
    place.write("whole.log", &all.concat());
    assert_eq!(said(&place.read("findings.out")), place.audit(&["whole.log"]));
    assert_eq!(place.read("state/rejects.ndjson"), "");
}

#[test]
fn late_and_broken_records_are_told_and_kept() {
    let place = Place::new();
    let gift = |id: &str, day: u32, value: u32| {
        format!(
            r#"{{"kind":"gift","id":"{id}","time":"2025-03-{day:02}T12:00:00Z","person":"E1","giver":"G","value":"{value} EUR"}}"#
        ) + "\n"
    };
    let once = ["log.ndjson", "--lateness", "2 days", "--once", "--max-indeterminate", "unlimited"];
    place.append("log.ndjson", (gift("a", 1, 95) + &gift("b", 10, 5)).as_bytes());
    let (code, told) = place.run(&once);
    assert_eq!(code, 1, "{told}");
    place.append("log.ndjson", (gift("c", 7, 95) + &gift("d", 8, 95) + "{\"kind\": \n" + &gift("e", 20, 5)).as_bytes());
    let (code, told) = place.run(&[&once[..4], &["--log-format", "json", "--fail-on", "never"]].concat());
    assert_eq!(code, 3, "{told}");
    assert_json_lines(&told);
    let rejects: Vec<serde_json::Value> =
        place.read("state/rejects.ndjson").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let told: Vec<(&str, u64, &str)> = rejects
        .iter()
        .map(|r| (r["code"].as_str().unwrap(), r["line"].as_u64().unwrap(), r["text"].as_str().unwrap().trim_end()))
        .collect();
    assert_eq!(told, [("B1013", 3, gift("c", 7, 95).trim_end()), ("B1001", 5, "{\"kind\":")]);
    let reason = rejects[0]["reason"].as_str().unwrap();
    assert!(reason.contains("`gift` of 2025-03-07") && reason.contains("complete up to 2025-03-08"), "{reason}");
    let (code, told) = place.run(FINISH);
    assert_eq!(code, 0, "{told}");
    // But for the late one it is what an audit says.
    place.write("rest.ndjson", &(gift("a", 1, 95) + &gift("b", 10, 5) + &gift("d", 8, 95) + &gift("e", 20, 5)));
    assert_eq!(said(&place.read("findings.ndjson")), place.audit(&["rest.ndjson"]));
}

#[test]
fn figures_are_read_by_prometheus_own_parser() {
    let mut dice = Dice::new();
    let place = Place::new();
    place.append("log \"x\".ndjson", records(&mut dice, 300).concat().as_bytes());
    let following = place
        .follow(&[&["log*.ndjson", "--metrics-listen", "0", "--metrics-file", "figures.prom"], UNTIL_STOPPED].concat());
    place.waits("figures.prom", |text| text.contains("bylaws_verdicts_total{"));
    let (code, told) = place.run(&["log*.ndjson", "--once"]);
    assert!(code == 2 && told.contains("in use by another process"), "{code} {told}");
    let log = place.read("log.txt");
    let line = log.lines().find(|l| l.contains("served at")).unwrap();
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    let address = event["address"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let ask = |request: &str| {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let served = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = served.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
    assert!(ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert!(ask("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert_eq!(following.stop(), 0);
    place.write("served.prom", body);
    let figures = place.read("figures.prom");
    assert!(figures.contains("bylaws_records_read_total{input=\"log \\\"x\\\".ndjson\"} 300\n"), "{figures}");

    let python = std::env::var_os("BYLAWS_READERS").map(std::path::PathBuf::from);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = python.unwrap_or_else(|| root.join("target/readers/bin/python"));
    if !python.exists() {
        assert!(std::env::var_os("BYLAWS_READERS").is_none(), "{} is not there", python.display());
        eprintln!("skipped: the readers of tests/readers are not installed (see its README)");
        return;
    }
    for file in ["served.prom", "figures.prom"] {
        let read = root.join("tests/readers/read.py");
        let output = std::process::Command::new(&python).arg(read).args(["prometheus"]).arg(place.path(file)).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let of = |name: &str| seen["samples"][name].as_f64();
        assert_eq!(of("bylaws_records_read_total log \"x\".ndjson"), Some(300.0), "{seen}");
        assert_eq!(seen["types"]["bylaws_records_read"], "counter", "{seen}");
        assert_eq!(seen["types"]["bylaws_kept_rows"], "gauge", "{seen}");
    }
}

#[test]
fn standard_input_is_judged_to_its_end() {
    let mut dice = Dice::new();
    let place = Place::new();
    let all = records(&mut dice, 300).concat();
    place.write("log.ndjson", all.trim_end());
    let output = place.piped("log.ndjson", &[&["-"], &FINISH[1..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said(&place.read("findings.ndjson")), place.audit(&["log.ndjson"]));
}
