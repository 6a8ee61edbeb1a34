//! The command as it is run in a folder, and policies that are changed a little.

use crate::random::Tape;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn bylaws(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.current_dir(folder).env("NO_COLOR", "1").args(args).output().expect("the built command runs")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// So many cases as are asked for, one for each `share` of them.
pub fn cases(share: u32) -> proptest::test_runner::Config {
    let all: u32 = std::env::var("BYLAWS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    proptest::test_runner::Config {
        cases: (all / share).max(1),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Default::default()
    }
}

/// One number of a text, from some place on, is another; none where there is none.
pub fn nudged(text: &str, start: usize, tape: &mut Tape) -> Option<String> {
    let bytes = text.as_bytes();
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let starts = (start.max(1)..bytes.len()).filter(|i| bytes[*i].is_ascii_digit() && !word(bytes[i - 1]));
    let numbers: Vec<(usize, usize)> = starts
        .filter_map(|from| {
            let to = (from..bytes.len()).find(|i| !bytes[*i].is_ascii_digit()).unwrap_or(bytes.len());
            (!bytes.get(to).is_some_and(|b| word(*b))).then_some((from, to))
        })
        .collect();
    if numbers.is_empty() {
        return None;
    }
    let (from, to) = *tape.pick(&numbers);
    let number: i64 = text[from..to].parse().unwrap_or(1);
    let other = (number + *tape.pick(&[1, -1, 3, 10, -5])).max(0);
    Some(format!("{}{other}{}", &text[..from], &text[to..]))
}
