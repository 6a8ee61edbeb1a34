//! Input made to be large: each limit is met with a clear error, or the record is rejected, by the whole command.

use bylaws::Limits;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const POLICY: &str = r#"
record gift at day by who identity id { id: int, day: date, who: text, value: money, note: text?, tags: list of int? }

forbid big_gift "No gift over 500 EUR" {
  on       gift
  when     value > 500 EUR
  because  "a gift with the note {note}"
}
"#;

struct Run {
    code: i32,
    out: String,
    err: String,
}

struct Place {
    folder: TempDir,
}

impl Place {
    fn new(policy: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.write("p.bylaw", policy);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// In its folder. A panic or a signal fails the test.
    fn run(&self, args: &[&str]) -> Run {
        let mut command = assert_cmd::Command::cargo_bin("bylaws").unwrap();
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").timeout(Duration::from_secs(300));
        let output = command.args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let run = Run { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) };
        let all = || format!("{args:?}: exit {}\n{:.3000}\n{:.3000}", run.code, run.out, run.err);
        assert!((0..=3).contains(&run.code) && !run.err.contains("panicked at"), "{}", all());
        run
    }

    fn audit(&self, records: &str, more: &[&str]) -> Run {
        self.run(&[&["audit", "--policy", "p.bylaw", records], more].concat())
    }
}

impl Run {
    /// Ended with this exit code, and with these words in what was told.
    #[track_caller]
    fn tells(&self, code: i32, words: &[&str]) {
        // What is told is broken into lines with a bar before each.
        let all = format!("{}\n{}", self.out, self.err);
        let flat = all.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(self.code, code, "{all:.4000}");
        for word in words {
            assert!(flat.contains(word), "no `{word}` in:\n{all:.4000}");
        }
    }
}

fn gift(id: usize, more: &str) -> String {
    format!(r#"{{"kind":"gift","id":{id},"day":"2026-01-05","who":"E{id}","value":"900 EUR"{more}}}"#)
}

/// Each option, the input that it is for and what is told with and without it.
#[test]
fn a_record_over_a_limit_is_rejected_with_its_place() {
    let cases = [
        ("record-bytes=200", gift(2, &format!(r#","note":"{}""#, "x".repeat(200))), "B1007", "of more than 200 bytes"),
        ("record-nesting=3", gift(2, r#","other":[[[1]]]"#), "B1008", "more than 3 levels of nesting at byte"),
        ("record-values=8", gift(2, r#","tags":[1,2,3,4,5,6,7,8,9]"#), "B1012", "more than 8 values in one object or list"),
        ("record-values=8", gift(2, r#","a":1,"b":2,"c":3,"d":4"#), "B1012", "more than 8 values in one object or list"),
    ];
    for (limit, record, code, words) in cases {
        // A record of the same shape went before: a reader that knows the shape must not pass this one over.
        let text = format!("{}\n{record}\n{}\n", gift(1, r#","tags":[1]"#), gift(3, ""));
        for (name, text) in [("r.ndjson", text.clone()), ("r.json", format!("[{}]", text.trim().replace('\n', ",\n")))] {
            let place = Place::new(POLICY);
            place.write(name, &text);
            let with = place.audit(name, &["--limit", limit, "--rejects", "left.ndjson", "--fail-on", "never"]);
            with.tells(3, &[code, words, &format!("{name}:2")]);
            let kept = std::fs::read_to_string(place.path("left.ndjson")).unwrap();
            assert!(kept.lines().count() == 1 && kept.contains(code), "{kept}");
            place.audit(name, &[]).tells(1, &["3 findings"]);
        }
    }
}
