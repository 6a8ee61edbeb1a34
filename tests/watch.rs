//! `--watch`: files are edited beside a running command, and it says what is so now.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const RECORD: &str = "record gift at received by person { received: date, person: text, value: money }\n";
const RULE: &str = "forbid dear { on gift when value > 100 EUR }\n";

struct Watching {
    child: Child,
    seen: Arc<Mutex<String>>,
}

impl Watching {
    fn begin(folder: &Path, args: &[&str]) -> Watching {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bylaws"))
            .args(args)
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let seen: Arc<Mutex<String>> = Arc::default();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for mut stream in streams {
            let seen = seen.clone();
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                while let Ok(n @ 1..) = stream.read(&mut some) {
                    seen.lock().unwrap().push_str(&String::from_utf8_lossy(&some[..n]));
                }
            });
        }
        Watching { child, seen }
    }

    /// Waits until all of this has been printed, in any order, and forgets all.
    fn says(&self, wanted: &[&str]) {
        let start = Instant::now();
        loop {
            let mut seen = self.seen.lock().unwrap();
            if wanted.iter().all(|w| seen.contains(w)) {
                seen.clear();
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "waited for {wanted:?}; there was\n{seen}");
            drop(seen);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ended as ctrl-c ends it. Not by SIGINT: where the tests run in the background that is ignored, by their children too.
    #[cfg(unix)]
    fn end(mut self) {
        use std::os::unix::process::ExitStatusExt;
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().signal(), Some(15));
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn check_follows_what_an_author_does() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    std::fs::write(policies.join("gifts.bylaw"), format!("{RECORD}{RULE}")).unwrap();
    let watching = Watching::begin(folder.path(), &["check", "policies", "--watch"]);
    watching.says(&["checked 1 file: 1 rule, 1 record", "watching policies: ctrl-c ends"]);
    // A slip, and its repair by a file that takes the other's place, as editors do it.
    std::fs::write(policies.join("gifts.bylaw"), format!("{RECORD}{}", RULE.replace("value", "valeu"))).unwrap();
    watching.says(&["changed: gifts.bylaw", "no name `valeu` is known here", "watching policies"]);
    let beside = folder.path().join("gifts.tmp");
    std::fs::write(&beside, format!("{RECORD}{RULE}")).unwrap();
    std::fs::rename(&beside, policies.join("gifts.bylaw")).unwrap();
    watching.says(&["changed: gifts.bylaw", "checked 1 file: 1 rule, 1 record", "watching policies"]);
    // A new file in a new folder.
    std::fs::create_dir(policies.join("more")).unwrap();
    watching.says(&["changed: more", "checked 1 file", "watching policies"]);
    std::fs::write(policies.join("more/other.bylaw"), "forbid other { on gift when value > 200 EUR }\n").unwrap();
    watching.says(&["changed: other.bylaw", "checked 2 files: 2 rules, 1 record", "watching policies"]);
    // What is no policy changes nothing; the next line is of the file that goes.
    std::fs::write(policies.join("notes.md"), "x").unwrap();
    std::fs::remove_file(policies.join("more/other.bylaw")).unwrap();
    watching.says(&["changed: other.bylaw", "checked 1 file: 1 rule, 1 record", "watching policies"]);
    #[cfg(unix)]
    watching.end();
}

/// An import from a folder that was not named is a part of the set.
#[test]
fn test_follows_imports() {
    let folder = tempfile::tempdir().unwrap();
    let (shared, main) = (folder.path().join("shared"), folder.path().join("main.bylaw"));
    std::fs::create_dir(&shared).unwrap();
    std::fs::write(shared.join("records.bylaw"), RECORD).unwrap();
    let text = format!(
        "import \"shared/records.bylaw\"\n{RULE}test \"over the cap\" {{\n  given gift as g {{ received: 2026-01-01, person: \"P\", value: 101 EUR }}\n  expect finding dear on g\n}}\n"
    );
    std::fs::write(&main, text).unwrap();
    let watching = Watching::begin(folder.path(), &["test", "main.bylaw", "--watch"]);
    watching.says(&["1 passed, 0 failed", "watching main.bylaw: ctrl-c ends"]);
    std::fs::write(shared.join("records.bylaw"), RECORD.replace("value: money", "value: int")).unwrap();
    watching.says(&["changed: records.bylaw", "B0301", "watching main.bylaw"]);
    std::fs::write(shared.join("records.bylaw"), RECORD).unwrap();
    watching.says(&["changed: records.bylaw", "1 passed, 0 failed", "watching main.bylaw"]);
}

#[test]
fn lint_follows_the_policy_and_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gifts.bylaw"), format!("{RECORD}// lint: allow L0002\n{RULE}")).unwrap();
    let watching = Watching::begin(folder.path(), &["lint", ".", "--select", "L0001", "--watch"]);
    watching.says(&["L0001", "watching .: ctrl-c ends"]);
    std::fs::write(folder.path().join("gifts.bylaw"), format!("{RECORD}{RULE}")).unwrap();
    watching.says(&["changed: gifts.bylaw", "nothing to say in 1 file", "watching ."]);
    std::fs::write(folder.path().join("bylaws.toml"), "[lint]\nnonsense = 1\n").unwrap();
    watching.says(&["changed: bylaws.toml", "nonsense", "watching ."]);
}

/// A set that is not there yet.
#[test]
fn a_folder_that_comes_later() {
    let folder = tempfile::tempdir().unwrap();
    let watching = Watching::begin(folder.path(), &["check", "policies", "--watch"]);
    watching.says(&["cannot read `policies`", "watching policies"]);
    let made = folder.path().join("made");
    std::fs::create_dir(&made).unwrap();
    std::fs::write(made.join("gifts.bylaw"), format!("{RECORD}{RULE}")).unwrap();
    std::fs::rename(&made, folder.path().join("policies")).unwrap();
    watching.says(&["checked 1 file: 1 rule, 1 record", "watching policies"]);
}
