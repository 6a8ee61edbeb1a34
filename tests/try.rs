//! `bylaws try` as its users meet it: once with a condition, by a script, and at a prompt on a terminal.

use assert_cmd::Command;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/try")
}

/// What was typed, how it ended, and what was printed.
fn transcript(args: &[&str], stdin: &[u8]) -> String {
    let mut command = Command::cargo_bin("bylaws").unwrap();
    command.current_dir(folder()).env("NO_COLOR", "1").arg("try").args(args).write_stdin(stdin.to_vec());
    let output = command.output().unwrap();
    let shown: Vec<String> =
        args.iter().map(|a| if a.contains([' ', '*', '(']) { format!("'{a}'") } else { a.to_string() }).collect();
    let mut text = format!("$ bylaws try {}\nexit code: {}\n", shown.join(" "), output.status.code().unwrap());
    for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
        let printed = String::from_utf8(bytes).unwrap();
        if !printed.is_empty() {
            text.push_str(&format!("---- {name}\n{printed}"));
        }
    }
    text
}

fn check(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "try" }, {
        insta::assert_snapshot!(name, text);
    });
}

macro_rules! snapshot {
    ($name:ident, $($arg:literal)*) => {
        #[test]
        fn $name() {
            check(stringify!($name), &transcript(&[$($arg),*], b""));
        }
    };
}

snapshot!(help, "--help");
snapshot!(once, "log.ndjson" "employee=employees.csv" "value > 100 EUR and not giver.public");
snapshot!(at_a_record, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--at" "gift:G3");
snapshot!(at_a_number, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--at" "2");
snapshot!(at_a_line, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--at" "log.ndjson:4");
snapshot!(at_no_number, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--at" "7");
snapshot!(at_another_kind, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--at" "approval:A1");
snapshot!(at_a_line_of_another_kind, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--at" "log.ndjson:6");
snapshot!(at_a_rejected_line, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--at" "log.ndjson:8");
snapshot!(all, "log.ndjson" "employee=employees.csv" "value > 100 EUR" "--all");
snapshot!(definitions_and_values_that_change, "log.ndjson" "employee=employees.csv" "is_dear(gift)");
snapshot!(a_value_that_is_set, "log.ndjson" "employee=employees.csv" "is_dear(gift)" "--set" "cap=10 EUR" "--at" "G2");
snapshot!(a_table, "log.ndjson" "employee=employees.csv" "person.unit == \"sales\"" "--on" "gift");
snapshot!(not_in_a_set, "log.ndjson" "employee=employees.csv" "giver.name not in officials and occasion absent" "--at" "gift:G2");
snapshot!(above, "log.ndjson" "employee=employees.csv" "person under \"E3\"" "--on" "gift" "--all");
snapshot!(windows, "log.ndjson" "employee=employees.csv" "count(gift over 365 days) > 1 or exists approval within 30 days before" "--on" "gift" "--at" "G2");
snapshot!(needed_afterwards, "log.ndjson" "employee=employees.csv" "need training within 30 days after" "--on" "gift" "--as-of" "2026-03-20");
snapshot!(rows_of_a_table, "log.ndjson" "employee=employees.csv" "manager present" "--on" "employee");
snapshot!(a_row_of_unknown_time, "log.ndjson" "employee=unknown.csv" "manager present" "--on" "employee" "--at" "employee:E1");
snapshot!(of_any_of_them, "log.ndjson" "employee=employees.csv" "person under { \"E2\", \"E3\" }" "--on" "gift" "--at" "G4");
snapshot!(a_row_that_does_not_hold, "log.ndjson" "employee=employees.csv" "manager present" "--on" "employee" "--at" "employee:E2" "--as-of" "2026-02-20");
snapshot!(findings, "log.ndjson" "employee=employees.csv" "exists finding over 30 days where finding.rule == dear_gift" "--on" "approval");
snapshot!(of_several_kinds, "log.ndjson" "employee=employees.csv" "person == \"E1\"");
snapshot!(a_name_that_is_not_known, "log.ndjson" "employee=employees.csv" "valeu > 100 EUR");
snapshot!(no_condition_at_all, "log.ndjson" "employee=employees.csv" "value >");
snapshot!(two_conditions, "log.ndjson" "employee=employees.csv" "value > 1 EUR } forbid x { on gift when value > 2 EUR");
snapshot!(an_unknown_kind, "log.ndjson" "employee=employees.csv" "value > 1 EUR" "--on" "gfit");
snapshot!(no_such_file, "log.ndjson" "employes.csv");
snapshot!(no_policy, "log.ndjson" "value > 1 EUR" "--policy" "polices");
snapshot!(a_script, "log.ndjson" "employee=employees.csv" "--script" "conditions.txt");
snapshot!(a_script_and_a_condition, "log.ndjson" "value > 1 EUR" "--script" "conditions.txt");

#[test]
fn a_script_from_standard_input() {
    let args = ["log.ndjson", "employee=employees.csv"];
    check("a_script_from_standard_input", &transcript(&args, b":help\n:on gift\n:next\nvalue > 100 EUR\n"));
    let all_right = transcript(&args, b"value > 100 EUR\n");
    assert!(all_right.contains("exit code: 0"), "{all_right}");
}

#[test]
fn standard_input_is_for_records_or_for_conditions() {
    let both = transcript(&["-"], b"{}");
    check("standard_input_for_both", &both);
    let log = std::fs::read(folder().join("log.ndjson")).unwrap();
    let text = transcript(&["-", "employee=employees.csv", "value > 100 EUR"], &log);
    assert!(text.contains("gift: 5 records"), "{text}");
}

/// A terminal, made by the `script` command of Linux.
#[cfg(target_os = "linux")]
mod terminal {
    use std::io::{Read, Write};
    use std::process::{Child, ChildStdin, Command, Stdio};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    struct Terminal {
        child: Child,
        keys: ChildStdin,
        seen: Arc<Mutex<Vec<u8>>>,
    }

    impl Terminal {
        fn open(arguments: &str) -> Option<Terminal> {
            let command = format!("{} try {arguments}", env!("CARGO_BIN_EXE_bylaws"));
            let child = Command::new("script")
                .args(["-qfec", &command, "/dev/null"])
                .current_dir(super::folder())
                .env("TERM", "xterm")
                .env("NO_COLOR", "1")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn();
            let Ok(mut child) = child else {
                eprintln!("skipped: there is no `script` command here to make a terminal with");
                return None;
            };
            let keys = child.stdin.take().unwrap();
            let mut out = child.stdout.take().unwrap();
            let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
            let more = seen.clone();
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                while let Ok(n @ 1..) = out.read(&mut some) {
                    more.lock().unwrap().extend(&some[..n]);
                }
            });
            Some(Terminal { child, keys, seen })
        }

        fn press(&mut self, keys: &str) {
            self.keys.write_all(keys.as_bytes()).unwrap();
            self.keys.flush().unwrap();
        }

        /// Waits until all of this has been printed, in this order, and forgets what came up to there.
        fn wait_for(&self, wanted: &[&str]) {
            let start = Instant::now();
            loop {
                let text = String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned();
                let mut rest = text.as_str();
                let mut all = wanted.iter();
                if all.all(|w| rest.find(w).map(|at| rest = &rest[at + w.len()..]).is_some()) {
                    let left = rest.len();
                    let mut seen = self.seen.lock().unwrap();
                    let from = seen.len() - left.min(seen.len());
                    seen.drain(..from);
                    return;
                }
                assert!(start.elapsed() < Duration::from_secs(60), "waited for {wanted:?}; there was\n{text}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }

        fn end(mut self) -> Option<i32> {
            drop(self.keys);
            self.child.wait().unwrap().code()
        }
    }

    #[test]
    fn the_prompt_completes_remembers_and_ends() {
        let Some(mut terminal) = Terminal::open("log.ndjson employee=employees.csv") else { return };
        terminal.wait_for(&["Type a condition, or `:help`. Ctrl-d ends.", "> "]);
        // A word is completed.
        terminal.press("giver.pu\t\r");
        terminal.wait_for(&["giver.public", "gift id = G1", "false   giver.public", "record 1", "unknown 1", "> "]);
        // An error is told, and the prompt goes on.
        terminal.press("giver.publik\r");
        terminal.wait_for(&["B0", "> "]);
        // Back to the line before the last one.
        terminal.press("\x1b[A\x1b[A\r");
        terminal.wait_for(&["giver.public", "false   giver.public", "> "]);
        terminal.press(":next true\r");
        terminal.wait_for(&["gift id = G3", "true    giver.public", "record 3", "> "]);
        // A bracket that is open goes on.
        terminal.press("(value > 1 EUR\r");
        terminal.press("or giver.public)\r");
        terminal.wait_for(&["gift id = G3", "true", "> "]);
        // What was typed is dropped.
        terminal.press("nonsense\x03");
        terminal.wait_for(&["nonsense", "> "]);
        terminal.press(":fi\t\r");
        terminal.wait_for(&["occasion", "text?", "absent", "> "]);
        terminal.press("\x04");
        assert_eq!(terminal.end(), Some(0));
    }

    #[test]
    fn quit_ends_too() {
        let Some(mut terminal) = Terminal::open("log.ndjson employee=employees.csv --at G2") else { return };
        terminal.wait_for(&["> "]);
        terminal.press("value > 100 EUR\r");
        terminal.wait_for(&["gift id = G2", "false", "> "]);
        terminal.press(":quit\r");
        assert_eq!(terminal.end(), Some(0));
    }
}
