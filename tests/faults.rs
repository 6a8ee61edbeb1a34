//! What goes wrong around the command: full disks, files that vanish, change or cannot be read, closed pipes, signals. Each
//! ends with a clear error, and nothing that was there is lost.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const POLICY: &str = r#"
policy conduct "Conduct" { timezone "UTC" }

record gift at day by who identity id { id: int, day: date, who: text, value: money, note: text? }

/// A gift is worth no more than 500 EUR.
forbid big_gift "No gift over 500 EUR" { on gift  when value > 500 EUR }

metric given { on gift  sum value per who per month }
"#;

struct Place {
    folder: TempDir,
}

impl Place {
    /// With a policy, and so many records of which each is a finding, and broken ones.
    fn new(records: usize, broken: usize) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.write("p.bylaw", POLICY);
        place.write("r.ndjson", log(records) + &"not a record, but a line of some length\n".repeat(broken));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        self.under("--default-signal=INT,TERM,HUP", args)
    }

    /// Whoever runs these tests behind their back has interrupts or hang-ups ignored, and so would the command.
    fn under(&self, signals: &str, args: &[&str]) -> Command {
        let mut command = Command::new("env");
        command.args([signals, env!("CARGO_BIN_EXE_bylaws")]);
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").env("TMPDIR", self.folder.path()).args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Told {
        told(self.command(args).output().unwrap())
    }

    /// A line for a shell, in which `bylaws` is the command.
    fn shell(&self, line: &str) -> Told {
        let mut command = Command::new("bash");
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").env("TMPDIR", self.folder.path());
        command.args([
            "-c",
            &format!("set -o pipefail; bylaws() {{ '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_bylaws")),
        ]);
        told(command.output().unwrap())
    }

    /// What is in the folder, by name.
    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn log(records: usize) -> String {
    (0..records)
        .map(|i| {
            let (month, day, who) = (1 + i % 9, 1 + i % 28, i % 50);
            format!("{{\"kind\":\"gift\",\"id\":{i},\"day\":\"2026-{month:02}-{day:02}\",\"who\":\"E{who}\",\"value\":\"900 EUR\"}}\n")
        })
        .collect()
}

struct Told {
    /// As a shell tells it: of a process that a signal ended, 128 and the signal.
    code: i32,
    out: String,
    err: String,
}

fn told(output: Output) -> Told {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().or(output.status.signal().map(|signal| 128 + signal));
    let told = Told { code: code.unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!told.err.contains("panicked at"), "{}", told.err);
    told
}

impl Told {
    #[track_caller]
    fn is(&self, code: i32, words: &[&str]) {
        let all = format!("{}\n{}", self.out, self.err);
        let flat = all.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(self.code, code, "{all:.3000}");
        for word in words {
            assert!(flat.contains(word), "no `{word}` in:\n{all:.3000}");
        }
    }
}

/// A file system of 64 KiB, for as long as it is held; none where nothing may be mounted here.
struct Small {
    folder: TempDir,
}

impl Small {
    fn new() -> Option<Small> {
        let folder = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|m| m.status.success()) {
            return Some(Small { folder });
        }
        assert!(std::env::var_os("BYLAWS_FAULTS").is_none(), "nothing may be mounted here, and BYLAWS_FAULTS is set");
        eprintln!("skipped: nothing may be mounted here");
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // At once for all to see, and once nobody has a file open in it.
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

/// As somebody who is not root; none where that is not possible.
fn as_nobody(place: &Place, args: &[&str]) -> Option<Told> {
    let bin = place.path("bylaws");
    fs::copy(env!("CARGO_BIN_EXE_bylaws"), &bin).unwrap();
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    open(&bin, 0o755);
    open(place.folder.path(), 0o755);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&bin).args(args);
    let output = command.current_dir(place.folder.path()).env("NO_COLOR", "1").output();
    match output {
        Ok(output) if !String::from_utf8_lossy(&output.stderr).contains("setpriv:") => Some(told(output)),
        _ => {
            assert!(std::env::var_os("BYLAWS_FAULTS").is_none(), "nobody else can be, and BYLAWS_FAULTS is set");
            eprintln!("skipped: nobody else can be here");
            None
        }
    }
}

const AUDIT: [&str; 4] = ["audit", "--policy", "p.bylaw", "r.ndjson"];

/// Each option that writes a file.
fn writers() -> Vec<Vec<&'static str>> {
    let audit = |more: &[&'static str]| [&AUDIT[..], more].concat();
    let mut all: Vec<Vec<&str>> =
        ["human", "json", "ndjson", "sarif", "junit", "github", "azure", "gitlab", "tap", "csv", "parquet", "ocsf"]
            .iter()
            .map(|format| audit(&["--format", format, "--output", "FILE"]))
            .collect();
    all.push(audit(&["--rejects", "FILE"]));
    all.push(vec!["report", "--policy", "p.bylaw", "r.ndjson", "--output", "FILE"]);
    all.push(vec!["metrics", "--policy", "p.bylaw", "r.ndjson", "--output", "FILE"]);
    all.push(audit(&["--baseline", "FILE", "--update-baseline"]));
    all.push(audit(&["--receipt", "FILE"]));
    all.push(vec!["compile", "p.bylaw", "--output", "FILE"]);
    all.push(vec!["infer", "r.ndjson", "--output", "FILE", "--force"]);
    all
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let place = Place::new(3000, 3000);
    for args in writers() {
        let Some(small) = Small::new() else { return };
        let file = small.folder.path().join("file");
        let name = file.to_str().unwrap();
        // A baseline is read before it is written.
        let old: &str = if args.contains(&"--baseline") { &place.baseline() } else { "what was there before" };
        fs::write(&file, old).unwrap();
        // Small files need the whole disk full; larger ones fail on the way.
        let room = if ["compile", "infer"].contains(&args[0]) || args.contains(&"--receipt") { 0 } else { 4 << 10 };
        let mut fill = fs::File::create(small.folder.path().join("fill")).unwrap();
        while fill.write_all(&[0; 1024]).is_ok() {}
        let size = fill.metadata().unwrap().len();
        fill.set_len(size.saturating_sub(room)).unwrap();
        let args: Vec<&str> = args.iter().map(|a| if *a == "FILE" { name } else { a }).collect();
        let told = place.run(&args);
        told.is(2, &[&format!("cannot write `{name}`: no space left on device")]);
        assert_eq!(fs::read_to_string(&file).unwrap(), old, "{args:?}");
        assert_eq!(names(small.folder.path()), ["file", "fill"], "{args:?}");
    }
}

impl Place {
    fn baseline(&self) -> String {
        self.write("few.ndjson", log(1));
        let args = ["audit", "--policy", "p.bylaw", "few.ndjson", "--baseline", "few.json", "--update-baseline"];
        self.run(&args).is(0, &["1 known"]);
        self.read("few.json")
    }
}

#[test]
fn a_file_that_may_not_become_so_large() {
    let place = Place::new(3000, 0);
    place.write("found.txt", "what was there before");
    let before = place.names();
    let told = place.shell("ulimit -f 4; bylaws audit -p p.bylaw r.ndjson --format json --output found.txt");
    told.is(2, &["cannot write `found.txt`: file too large"]);
    assert_eq!(place.names(), before);
    assert_eq!(place.read("found.txt"), "what was there before");
}

#[test]
fn a_device_that_is_full() {
    let place = Place::new(1000, 10);
    for args in writers().iter().filter(|args| !args.contains(&"--baseline")) {
        let args: Vec<&str> = args.iter().map(|a| if *a == "FILE" { "/dev/full" } else { a }).collect();
        place.run(&args).is(2, &["cannot write `/dev/full`: no space left on device"]);
    }
    for line in [
        "bylaws audit -p p.bylaw r.ndjson",
        "bylaws audit -p p.bylaw r.ndjson --format ndjson",
        "bylaws check p.bylaw",
        "bylaws metrics -p p.bylaw r.ndjson",
        "bylaws infer r.ndjson",
        "bylaws explain B0203",
        "bylaws man",
        "bylaws completions bash",
        "bylaws --help",
        "bylaws audit --help",
        "bylaws --version",
    ] {
        place.shell(&format!("{line} > /dev/full")).is(2, &["cannot write the output: no space left on device"]);
    }
    // What cannot be told does not change how a run ends.
    place.shell("bylaws audit -p p.bylaw r.ndjson 2> /dev/full").is(1, &["big_gift"]);
}

/// What could not be reported does not become known.
#[test]
fn a_baseline_is_written_after_the_report() {
    let place = Place::new(10, 0);
    let known = ["--baseline", "known.json", "--update-baseline"];
    let full = ["--format", "ndjson", "--output", "/dev/full"];
    place.run(&[&AUDIT[..], &known, &full].concat()).is(2, &["cannot write `/dev/full`"]);
    assert!(!place.path("known.json").exists());
    place.run(&[&AUDIT[..], &known, &["--output", "report.txt"]].concat()).is(0, &["10 known, 10 added"]);
}

#[test]
fn a_full_folder_for_temporary_files() {
    let place = Place::new(3000, 0);
    let Some(small) = Small::new() else { return };
    let folder = small.folder.path().to_str().unwrap();
    let told = place.shell(&format!("export TMPDIR={folder}; bylaws audit -p p.bylaw - < r.ndjson"));
    told.is(2, &[&format!("cannot keep standard input in `{folder}`: no space left on device"), "TMPDIR"]);
    assert!(names(small.folder.path()).is_empty());
}

#[test]
fn a_reader_that_goes_away() {
    let place = Place::new(3000, 0);
    // Quiet, and as the run itself ended.
    for format in ["human", "json", "ndjson", "sarif", "csv", "ocsf"] {
        let told = place.shell(&format!("bylaws audit -p p.bylaw r.ndjson --format {format} 2> said | head -1"));
        told.is(1, &[]);
        assert_eq!(told.out.lines().count(), 1);
        assert!(!place.read("said").contains("cannot write"), "{}", place.read("said"));
    }
    for line in ["bylaws --help", "bylaws explain B0203", "bylaws man", "bylaws infer r.ndjson", "bylaws check p.bylaw"]
    {
        place.shell(&format!("{line} 2> said | true")).is(0, &[]);
    }
}

#[test]
fn closed_streams() {
    let place = Place::new(10, 0);
    place.shell("bylaws audit -p p.bylaw r.ndjson >&-").is(1, &[]);
    place.shell("bylaws audit -p p.bylaw r.ndjson 2>&-").is(1, &["big_gift"]);
    place.shell("bylaws audit -p p.bylaw r.ndjson >&- 2>&-").is(1, &[]);
    place.shell("bylaws audit -p p.bylaw r.ndjson --output found.txt >&- 2>&- <&-").is(1, &[]);
    assert!(place.read("found.txt").contains("big_gift"));
    place.shell("bylaws audit -p p.bylaw - <&-").is(0, &["no findings", "0 records"]);
}

#[test]
fn what_cannot_be_read() {
    let place = Place::new(1, 0);
    symlink("nowhere", place.path("log.ndjson")).unwrap();
    symlink("nowhere", place.path("rules.bylaw")).unwrap();
    let audit = |records: &str| place.run(&["audit", "--policy", "p.bylaw", records]);
    audit("log.ndjson").is(2, &["B0001", "cannot read `log.ndjson`: no such file or folder"]);
    // A glob names it as well.
    audit("l*.ndjson").is(2, &["B0001", "cannot read `log.ndjson`: no such file or"]);
    audit("gift=/proc/self/mem").is(2, &["B1022", "/proc/self/mem: cannot be read", "input/output error"]);
    audit("/proc/self/mem").is(2, &["B0001", "cannot read `/proc/self/mem`: input/output error"]);
    audit(".").is(2, &["`.` is a folder"]);
    place.run(&["check", "rules.bylaw"]).is(2, &["B0001", "cannot read `rules.bylaw`"]);
    place.run(&["check", "."]).is(2, &["B0001", "cannot read `./rules.bylaw`"]);
    place.run(&["check", "/proc/self/mem"]).is(2, &["B0001", "input/output error"]);
    place.run(&["audit", "--plan", "r.ndjson", "r.ndjson"]).is(2, &["cannot use `r.ndjson`"]);
}

#[test]
fn what_may_not_be_read_or_written() {
    let place = Place::new(1, 0);
    let closed = |name: &str| fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    place.write("folder/q.bylaw", "");
    place.write("log/r.ndjson", log(1));
    closed("log/r.ndjson");
    closed("folder/q.bylaw");
    let Some(told) = as_nobody(&place, &["audit", "--policy", "p.bylaw", "log/r.ndjson"]) else { return };
    told.is(2, &["B0001", "cannot read `log/r.ndjson`: permission denied"]);
    let run = |args: &[&str]| as_nobody(&place, args).unwrap();
    run(&["check", "folder"]).is(2, &["B0001", "cannot read `folder/q.bylaw`: permission denied"]);
    closed("folder");
    run(&["check", "folder"]).is(2, &["B0001", "cannot read `folder`: permission denied"]);
    closed("log");
    run(&["audit", "--policy", "p.bylaw", "log/*.ndjson"]).is(2, &["B0001", "cannot read `log`: permission denied"]);
    // The folder itself is somebody else's.
    run(&[&AUDIT[..], &["--output", "found.txt"]].concat()).is(2, &["cannot write `found.txt`: permission denied"]);
    assert!(!place.path("found.txt").exists());
}

/// A command that waits at a pipe: the rest of the test is between what it did before and what it does behind it.
struct Waiting {
    child: Child,
    pipe: PathBuf,
}

impl Waiting {
    fn at(place: &Place, pipe: &str, args: &[&str]) -> Waiting {
        let path = place.path(pipe);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let child = place.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Waiting { child, pipe: path }
    }

    /// Until the command reads from the pipe.
    fn feed(&mut self) -> fs::File {
        fs::OpenOptions::new().write(true).open(&self.pipe).unwrap()
    }

    /// Until the command writes to the pipe. It writes more than a pipe holds, and so waits there.
    fn writes(&mut self) -> fs::File {
        let mut file = fs::File::open(&self.pipe).unwrap();
        file.read_exact(&mut [0]).unwrap();
        file
    }

    fn end(self) -> Told {
        told(self.child.wait_with_output().unwrap())
    }
}

#[test]
fn a_file_that_vanishes_after_it_was_listed() {
    let place = Place::new(1, 0);
    place.write("a.ndjson", log(5));
    let mut waiting = Waiting::at(&place, "pipe", &["audit", "--policy", "p.bylaw", "*.ndjson", "pipe"]);
    let mut pipe = waiting.feed();
    fs::remove_file(place.path("a.ndjson")).unwrap();
    pipe.write_all(log(1).as_bytes()).unwrap();
    drop(pipe);
    waiting.end().is(2, &["B0001", "cannot read `a.ndjson`: no such file or"]);
}

/// The records are read, and `--rejects` is being written; what the report shows of them is read again.
#[test]
fn a_file_that_changes_while_it_is_read() {
    let broken = "not a record, but a line of some length\n".repeat(3000);
    let text = log(20) + &broken;
    type Change<'c> = &'c dyn Fn(&Path);
    let later: [(&str, Change); 4] = [
        ("shorter", &|path| fs::write(path, log(3)).unwrap()),
        ("another", &|path| {
            fs::write(path.with_extension("new"), log(20) + &broken).unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }),
        ("written over", &|path| {
            std::thread::sleep(Duration::from_millis(50));
            let over = log(20).replace("900 EUR", "100 EUR") + &broken;
            fs::OpenOptions::new().write(true).open(path).unwrap().write_all(over.as_bytes()).unwrap();
        }),
        ("gone", &|path| fs::remove_file(path).unwrap()),
    ];
    for (how, change) in later {
        let place = Place::new(0, 0);
        place.write("r.ndjson", &text);
        let mut waiting = Waiting::at(&place, "left", &[&AUDIT[..], &["--rejects", "left"]].concat());
        let mut pipe = waiting.writes();
        change(&place.path("r.ndjson"));
        pipe.read_to_end(&mut Vec::new()).unwrap();
        let why = if how == "gone" { "cannot read `r.ndjson`" } else { "`r.ndjson` was changed while it was read" };
        waiting.end().is(2, &[why]);
    }
    // A log that grows is read as far as it went when it was opened.
    let place = Place::new(0, 0);
    place.write("r.ndjson", &text);
    let mut waiting = Waiting::at(&place, "left", &[&AUDIT[..], &["--rejects", "left"]].concat());
    let mut pipe = waiting.writes();
    fs::OpenOptions::new().append(true).open(place.path("r.ndjson")).unwrap().write_all(log(7).as_bytes()).unwrap();
    pipe.read_to_end(&mut Vec::new()).unwrap();
    waiting.end().is(1, &["20 findings", "3,000 rejected"]);
}

/// Its hash would be of other records than those that were judged.
#[test]
fn a_receipt_for_a_file_that_grew() {
    let place = Place::new(20, 3000);
    let args = [&AUDIT[..], &["--rejects", "left", "--receipt", "receipt.json"]].concat();
    let mut waiting = Waiting::at(&place, "left", &args);
    let mut pipe = waiting.writes();
    fs::OpenOptions::new().append(true).open(place.path("r.ndjson")).unwrap().write_all(log(7).as_bytes()).unwrap();
    pipe.read_to_end(&mut Vec::new()).unwrap();
    waiting.end().is(2, &["B1022", "`r.ndjson` was changed while it was read"]);
    assert!(!place.path("receipt.json").exists());
}

#[test]
fn what_is_not_utf8() {
    let place = Place::new(1, 0);
    place.write("r.ndjson", [log(1).as_bytes(), b"{\"kind\":\"gift\",\"note\":\"\xff\"}\n"].concat());
    place.run(&AUDIT).is(1, &["B1002", "r.ndjson:2"]);
    place.write("bad.bylaw", b"let a = \"\xe9\"\n");
    place.run(&["check", "bad.bylaw"]).is(2, &["B0001", "bad.bylaw"]);
    let name = |bytes: &'static [u8]| place.folder.path().join(std::ffi::OsStr::from_bytes(bytes));
    // A glob does not pass over a file for its name.
    fs::create_dir(place.path("log")).unwrap();
    fs::copy(place.path("r.ndjson"), place.path("log/r.ndjson")).unwrap();
    fs::copy(place.path("r.ndjson"), name(b"log/caf\xe9.ndjson")).unwrap();
    for glob in ["log/*.ndjson", "l*/*.ndjson", "**/*.ndjson"] {
        let told = place.run(&["audit", "--policy", "p.bylaw", glob]);
        told.is(2, &["B0001", "log/caf\u{fffd}.ndjson` is not UTF-8", "rename it"]);
    }
    place.run(&["audit", "--policy", "p.bylaw", "log/r*.ndjson"]).is(1, &["1 finding"]);
    // As an argument it is told.
    let mut command = place.command(&["check"]);
    told(command.arg(std::ffi::OsStr::from_bytes(b"caf\xe9.bylaw")).output().unwrap()).is(2, &["UTF-8"]);
    // A policy file is not passed over for its name, nor is a folder.
    place.write("set/p.bylaw", POLICY);
    fs::write(name(b"set/caf\xe9.bylaw"), "let a = 1\n").unwrap();
    place
        .run(&["check", "set"])
        .is(2, &["B0001", "cannot read `set`: the name of `set/caf\u{fffd}.bylaw` is not UTF-8"]);
    fs::remove_file(name(b"set/caf\xe9.bylaw")).unwrap();
    fs::create_dir(name(b"set/caf\xe9")).unwrap();
    place.run(&["check", "set"]).is(2, &["B0001", "is not UTF-8"]);
    fs::remove_dir(name(b"set/caf\xe9")).unwrap();
    fs::write(name(b"set/notes\xe9.txt"), "").unwrap();
    place.run(&["check", "set"]).is(0, &[]);
}

/// Nothing that is told depends on the surroundings.
#[test]
fn the_surroundings_change_nothing() {
    let place = Place::new(30, 2);
    let audit = |vars: &[(&str, &str)]| {
        let mut command = place.command(&[&AUDIT[..], &["--format", "json"]].concat());
        let told = told(command.envs(vars.iter().copied()).output().unwrap());
        let lines = told.out.lines().filter(|l| !l.contains("seconds") && !l.contains("elapsed"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let plain = audit(&[]);
    assert!(plain.contains("big_gift"), "{plain}");
    for vars in [
        &[("TZ", "Pacific/Kiritimati")][..],
        &[("LC_ALL", "de_DE.UTF-8"), ("LANG", "tr_TR.UTF-8")],
        &[("LC_ALL", "C"), ("HOME", "/nowhere"), ("TERM", "dumb"), ("COLUMNS", "20")],
    ] {
        assert_eq!(audit(vars), plain, "{vars:?}");
    }
}

/// Without `--as-of` the end of the data is the latest record; the clock of the machine is not looked at.
#[test]
fn the_clock_changes_nothing() {
    let place = Place::new(30, 2);
    place.write("p.bylaw", POLICY.replace("metric", "require seen { on gift need gift within 30 days after }\nmetric"));
    let plain = place.run(&AUDIT);
    let at = |time: &str| {
        let mut command = Command::new("faketime");
        command.arg(time).arg(env!("CARGO_BIN_EXE_bylaws")).args(AUDIT);
        command.current_dir(place.folder.path()).env("NO_COLOR", "1").output()
    };
    for time in ["1999-12-31 23:59:59", "2026-03-01 00:00:00", "2099-01-01 00:00:00"] {
        let Ok(output) = at(time) else {
            assert!(std::env::var_os("BYLAWS_FAULTS").is_none(), "no faketime, and BYLAWS_FAULTS is set");
            eprintln!("skipped: there is no faketime");
            return;
        };
        let without = |text: &str| text.lines().filter(|l| !l.contains(" records, ")).collect::<Vec<_>>().join("\n");
        let told = told(output);
        assert_eq!((told.code, without(&told.out)), (plain.code, without(&plain.out)), "{time}");
    }
}

#[test]
fn few_files_and_little_memory() {
    let place = Place::new(200, 0);
    // Standard streams, and one more.
    place.shell("ulimit -n 4; bylaws audit -p p.bylaw r.ndjson --output found.txt").is(1, &["200 findings"]);
    place.run(&[&AUDIT[..], &["--memory-limit", "1 MB"]].concat()).is(2, &["stopped at the memory limit of 1.0 MB"]);
}

/// An interrupt leaves the older file, and nothing else.
#[test]
fn interrupted_before_the_end() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let place = Place::new(1, 0);
        place.write("found.txt", "what was there before");
        let before = place.names();
        let mut command = place.command(&["audit", "--policy", "p.bylaw", "-", "--output", "found.txt"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(log(10).as_bytes()).unwrap();
        until(|| place.names().len() > before.len());
        kill(&child, signal);
        let told = told(child.wait_with_output().unwrap());
        assert_eq!((told.code, &*told.err), (code, ""));
        assert_eq!(place.names(), before);
        assert_eq!(place.read("found.txt"), "what was there before");
    }
}

#[test]
fn interrupted_while_it_writes() {
    let place = Place::new(20_000, 0);
    place.write("found.txt", "what was there before");
    let before = place.names();
    let args = [&AUDIT[..], &["--format", "ocsf", "--threads", "1", "--output", "found.txt"]].concat();
    let child = place.command(&args).stderr(Stdio::piped()).spawn().unwrap();
    until(|| place.names().iter().any(|n| n.starts_with(".bylaws-")));
    kill(&child, "TERM");
    told(child.wait_with_output().unwrap()).is(143, &[]);
    assert_eq!(place.names(), before);
    assert_eq!(place.read("found.txt"), "what was there before");
}

/// Under `nohup`, and in the background of a shell, some signals are ignored. They stay so, and the others are answered.
#[test]
fn some_signals_are_ignored() {
    for (ignored, signals) in [("HUP", &["HUP"][..]), ("INT", &["INT"]), ("INT,HUP,QUIT", &["INT", "HUP"])] {
        let place = Place::new(20_000, 0);
        place.write("found.txt", "what was there before");
        let before = place.names();
        let args = [&AUDIT[..], &["--format", "ocsf", "--threads", "1", "--output", "pipe"]].concat();
        let command = |args| place.under(&format!("--ignore-signal={ignored}"), args);
        // It waits at the pipe, and goes on after what is ignored.
        assert!(Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
        let child = command(&args).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = fs::File::open(place.path("pipe")).unwrap();
        pipe.read_exact(&mut [0]).unwrap();
        signals.iter().for_each(|signal| kill(&child, signal));
        pipe.read_to_end(&mut Vec::new()).unwrap();
        told(child.wait_with_output().unwrap()).is(1, &[]);
        fs::remove_file(place.path("pipe")).unwrap();
        // What is not ignored leaves nothing behind.
        let args = [&AUDIT[..], &["--format", "ocsf", "--threads", "1", "--output", "found.txt"]].concat();
        let child = command(&args).stderr(Stdio::piped()).spawn().unwrap();
        until(|| place.names().iter().any(|n| n.starts_with(".bylaws-")));
        signals.iter().for_each(|signal| kill(&child, signal));
        kill(&child, "TERM");
        told(child.wait_with_output().unwrap()).is(143, &[]);
        assert_eq!(place.names(), before);
        assert_eq!(place.read("found.txt"), "what was there before");
    }
}

#[test]
fn under_nohup_and_in_the_background() {
    let place = Place::new(1, 0);
    let before = place.names();
    let bylaws = env!("CARGO_BIN_EXE_bylaws");
    for start in ["nohup", ""] {
        let line = format!(
            "mkfifo in; {start} '{bylaws}' audit -p p.bylaw - --output found.txt < in 2> said & exec 3> in; \
             until ls .bylaws-* bylaws-* 2> /dev/null | grep -q .; do sleep 0.01; done; \
             kill -INT $!; kill $!; wait $!; echo $?; rm in said"
        );
        let mut command = Command::new("sh");
        command.current_dir(place.folder.path()).env("TMPDIR", place.folder.path()).args(["-c", &line]);
        let told = told(command.output().unwrap());
        assert_eq!(told.out, "143\n", "{}", told.err);
        assert_eq!(place.names(), before);
    }
}

fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(120), "it does not come about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn kill(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
}

/// A new file has the rights that files have; one that is replaced keeps its own.
#[test]
fn the_rights_of_what_is_written() {
    let place = Place::new(1, 0);
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    place.shell("umask 077; bylaws audit -p p.bylaw r.ndjson --output private.txt").is(1, &[]);
    assert_eq!(mode("private.txt"), 0o600);
    place.shell("umask 022; bylaws audit -p p.bylaw r.ndjson --output found.txt").is(1, &[]);
    assert_eq!(mode("found.txt"), 0o644);
    place.shell("umask 022; bylaws audit -p p.bylaw r.ndjson --output private.txt").is(1, &[]);
    assert_eq!(mode("private.txt"), 0o600);
}
