//! A policy set, records made up for it, and a follower that can be ended at any moment.

pub mod server;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const POLICY: &str = r#"
policy gifts "Gifts" { timezone "Europe/Berlin" }

record gift at time by person identity id { id: text, time: timestamp, person: text, giver: text, value: money? }
record approval at day by person identity id { id: text, day: date, person: text, gift: text }
record leave at time by person identity id { id: text, time: timestamp, person: text }

forbid large_gift { on gift when (value ?? 0 EUR) > 90 EUR  severity major }

forbid unapproved_gift {
  on     gift
  when   (value ?? 0 EUR) > 60 EUR
  unless approved: exists approval within 2 days before where approval.gift == id
}

require approved_later {
  on   gift where value? > 80 EUR
  need approval within 3 days after where approval.gift == id
}

limit from_one_giver { on gift where value present  sum value  per person, giver  over 10 days  to 150 EUR }

forbid gift_and_leave {
  on sequence by person within 5 days { gift as taken where (value ?? 0 EUR) > 50 EUR  then leave as left }
}

forbid many { on gift when count(gift in calendar month) > 8  once per person per calendar month }

limit findings_of_one { on finding where rule == large_gift  count  per actor  over 20 days  to 2 }
"#;

/// Numbers that seem to have no order, told where a test fails.
pub struct Dice(pub u64);

impl Dice {
    pub fn new() -> Dice {
        let given = std::env::var("BYLAWS_SEED").ok().and_then(|s| s.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            now.as_nanos() as u64 | 1
        });
        eprintln!("BYLAWS_SEED={seed}");
        Dice(seed)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Records of some months, each with its moment in seconds, out of order by less than an hour.
pub fn records(dice: &mut Dice, n: usize) -> Vec<String> {
    let start = 1_735_700_000; // 2025-01-01
    let mut all: Vec<(i64, String)> = Vec::new();
    for i in 0..n {
        let at = start + (i as i64) * 2_000 + dice.below(2_000) as i64;
        let person = format!("E{}", dice.below(12));
        let time = jiff::Timestamp::from_second(at).unwrap();
        let line = match dice.below(10) {
            0..7 => {
                let value = match dice.below(30) {
                    0 => "\"much\"".to_owned(),
                    1 => "null".to_owned(),
                    _ => format!("\"{} EUR\"", 1 + dice.below(100)),
                };
                let giver = format!("G{}", dice.below(4));
                format!(
                    r#"{{"kind":"gift","id":"g{i}","time":"{time}","person":"{person}","giver":"{giver}","value":{value}}}"#
                )
            }
            7 | 8 => {
                let day = &time.to_string()[..10];
                let of = (i as u64).saturating_sub(dice.below(40));
                format!(r#"{{"kind":"approval","id":"a{i}","day":"{day}","person":"{person}","gift":"g{of}"}}"#)
            }
            _ => format!(r#"{{"kind":"leave","id":"l{i}","time":"{time}","person":"{person}"}}"#),
        };
        let arrives = at + dice.below(3_000) as i64;
        all.push((arrives, line));
    }
    all.sort();
    all.into_iter().map(|(_, line)| line + "\n").collect()
}

/// Ids and verdicts, how often each.
pub type Said = BTreeMap<(String, String), usize>;

pub fn said(text: &str) -> Said {
    let mut all = Said::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let of = |key: &str| line[key].as_str().unwrap().to_owned();
        *all.entry((of("id"), of("verdict"))).or_default() += 1;
    }
    all
}

pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("p.bylaw"), POLICY).unwrap();
        Place { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn append(&self, name: &str, bytes: &[u8]) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(bytes).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
        command.args(args).current_dir(self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// What an audit of the same says.
    pub fn audit(&self, records: &[&str]) -> Said {
        let args =
            [&["audit", "--policy", "p.bylaw", "--format", "ndjson", "--fail-on", "never"][..], records].concat();
        let args = [&args[..], &["--max-indeterminate", "unlimited"]].concat();
        let out = self.command(&args).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        said(std::str::from_utf8(&out.stdout).unwrap())
    }

    pub fn args<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["follow"];
        // What is given takes the place of what is usual.
        for (option, usual) in [
            ("--policy", "p.bylaw"),
            ("--state", "state"),
            ("--output", "findings.ndjson"),
            ("--checkpoint-every", "30 ms"),
        ] {
            if !more.contains(&option) {
                all.extend([option, usual]);
            }
        }
        all.extend(more);
        all
    }

    /// Begins to follow; what it tells goes to a file.
    pub fn follow(&self, more: &[&str]) -> Following {
        let log = File::create(self.path("log.txt")).unwrap();
        let args = self.args(more);
        Following { child: self.command(&args).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap() }
    }

    /// The same where some signals are ignored from the start, as `nohup` has it; what it finds goes to a pipe.
    pub fn follow_under(&self, ignored: &str, args: &[&str]) -> Following {
        let log = File::create(self.path("log.txt")).unwrap();
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,TERM,HUP", ignored, env!("CARGO_BIN_EXE_bylaws")]).args(args);
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        Following { child: command.stdout(Stdio::piped()).stderr(log).spawn().unwrap() }
    }

    /// Runs to its end: the exit code, and what it told.
    pub fn run(&self, more: &[&str]) -> (i32, String) {
        self.told(&self.args(more))
    }

    /// The same of any command.
    pub fn told(&self, args: &[&str]) -> (i32, String) {
        let out = self.command(args).output().unwrap();
        (out.status.code().unwrap_or(-1), String::from_utf8_lossy(&out.stderr).into_owned())
    }

    /// What a command prints.
    pub fn told_whole(&self, args: &[&str]) -> String {
        String::from_utf8(self.command(args).output().unwrap().stdout).unwrap()
    }

    /// The same, with a file on its standard input.
    pub fn piped(&self, from: &str, more: &[&str]) -> std::process::Output {
        self.command(&self.args(more)).stdin(File::open(self.path(from)).unwrap()).output().unwrap()
    }

    pub fn waits(&self, name: &str, wanted: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let text = self.read(name);
            if wanted(&text) {
                return;
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "waited in vain; {name} is\n{text}\nand it told\n{}",
                self.read("log.txt")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub struct Following {
    pub child: Child,
}

impl Following {
    /// As SIGKILL does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// As SIGTERM does; the exit code.
    pub fn stop(mut self) -> i32 {
        self.signal("TERM");
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Following {
    /// Of one that was told to stop.
    pub fn stop_code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
