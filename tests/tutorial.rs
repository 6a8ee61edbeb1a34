//! The tutorials are followed as a reader follows them: every file is written as the page says, every command is run,
//! and what it prints has to be what the page shows.
//!
//! `BYLAWS_UPDATE=1 cargo test --test tutorial` writes into the pages what is printed now.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A fenced block: its lines in the page, its language, and the paragraph before it.
struct Block {
    lines: std::ops::Range<usize>,
    language: String,
    before: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let (mut before, mut open): (Vec<&str>, Option<(usize, String)>) = (Vec::new(), None);
    let mut ended = false;
    for (n, line) in page.lines().enumerate() {
        match (&open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((n + 1, language.to_owned())),
            (Some((start, language)), Some(_)) => {
                found.push(Block { lines: *start..n, language: language.clone(), before: before.join(" ") });
                (open, ended) = (None, true);
            }
            (Some(_), None) => {}
            (None, None) if line.trim().is_empty() => ended = true,
            (None, None) => {
                if std::mem::take(&mut ended) {
                    before.clear();
                }
                before.push(line);
            }
        }
    }
    found
}

/// The file that a block is written to, and whether it is added to what is there: the last one that the paragraph before
/// it names, which ends with a colon, and says `to the end of` where it is added.
fn file_of(before: &str) -> Option<(&str, bool)> {
    let name = before.strip_suffix(':')?.rsplit('`').nth(1)?;
    Some((name, before.contains("to the end of `")))
}

/// Where a reader is.
struct Reader {
    home: PathBuf,
    at: PathBuf,
    /// How the last command ended.
    code: i32,
}

impl Reader {
    /// What a command prints, on whichever stream.
    fn run(&mut self, command: &str) -> String {
        let state = self.home.join("state");
        let script = format!(
            "exec 2>&1\ncd '{}'\n(exit {})\n{command}\ncode=$?\nprintf '%s\\n%s' $code \"$PWD\" > '{}'\n",
            self.at.display(),
            self.code,
            state.display()
        );
        let bin = Path::new(env!("CARGO_BIN_EXE_bylaws")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GIT_")) {
            shell.env_remove(name);
        }
        let output = shell
            .args(["-c", &script])
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("COLUMNS")
            .output()
            .unwrap();
        let said =
            std::fs::read_to_string(&state).unwrap_or_else(|e| panic!("`{command}` did not come to its end: {e}"));
        let (code, at) = said.split_once('\n').unwrap();
        (self.code, self.at) = (code.parse().unwrap(), PathBuf::from(at));
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        // Time and rate differ from run to run.
        let timed = |l: &str| l.contains(" records, ") && l.contains(" in ");
        shown.lines().filter(|l| !timed(l)).map(|l| format!("{}\n", l.trim_end())).collect()
    }
}

/// `…` on a line of its own stands for lines left out.
fn is_shown(printed: &str, shown: &str) -> bool {
    let pieces: Vec<&str> = shown.split("…\n").collect();
    let [first, middle @ .., last] = pieces.as_slice() else { return printed == shown };
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Follows a page in an empty folder; what the page should be.
fn follow(page: &str, name: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join(".gitconfig"),
        "[user]\nname = Ana Example\nemail = ana@example.com\n[init]\ndefaultBranch = main\n[advice]\ndetachedHead = false\n",
    )
    .unwrap();
    let work = home.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let work = work.canonicalize().unwrap();
    let mut reader = Reader { home: home.path().to_owned(), at: work, code: 0 };
    let lines: Vec<&str> = page.lines().collect();
    let (mut text, mut done) = (String::new(), 0);
    for block in blocks(page) {
        lines[done..block.lines.start].iter().for_each(|l| writeln!(text, "{l}").unwrap());
        done = block.lines.end;
        let own = &lines[block.lines.clone()];
        if block.language != "console" {
            let whole: String = own.iter().map(|l| format!("{l}\n")).collect();
            let (file, add) = file_of(&block.before).unwrap_or_else(|| {
                panic!("{name}:{}: which file is this? the paragraph before it ends `FILE`:", block.lines.start)
            });
            let path = reader.at.join(file);
            let there = if add { std::fs::read_to_string(&path).unwrap() + "\n" } else { String::new() };
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, there + &whole).unwrap();
            text.push_str(&whole);
            continue;
        }
        let mut commands: Vec<(&str, String)> = Vec::new();
        for line in own {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command, String::new())),
                (None, Some((_, shown))) => writeln!(shown, "{line}").unwrap(),
                (None, None) => panic!("{name}:{}: begins with no command", block.lines.start),
            }
        }
        for (command, shown) in commands {
            let printed = reader.run(command);
            let as_is = is_shown(&printed, &shown);
            assert!(
                as_is || std::env::var_os("BYLAWS_UPDATE").is_some() && !shown.contains("…\n"),
                "{name}: `{command}` prints\n{printed}\nand not\n{shown}"
            );
            write!(text, "$ {command}\n{}", if as_is { shown } else { printed }).unwrap();
        }
    }
    lines[done..].iter().for_each(|l| writeln!(text, "{l}").unwrap());
    text
}

fn tutorial(name: &str) {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `git` here");
        return;
    }
    let path = root().join("docs/tutorial").join(name);
    let page = std::fs::read_to_string(&path).unwrap();
    let followed = follow(&page, name);
    if followed != page {
        std::fs::write(&path, followed).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn first_audit() {
    tutorial("first-audit.md");
}

#[cfg(unix)]
#[test]
fn gated_repository() {
    tutorial("gated-repository.md");
}

/// A page that nobody follows would say what was so once.
#[test]
fn every_tutorial_is_followed() {
    let mut pages: Vec<String> = std::fs::read_dir(root().join("docs/tutorial"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert_eq!(pages, ["first-audit.md", "gated-repository.md"]);
}

#[test]
fn lines_may_be_left_out() {
    for (printed, shown, is) in [
        ("a\nb\nc\n", "a\nb\nc\n", true),
        ("a\nb\nc\n", "a\nc\n", false),
        ("a\nb\nc\n", "a\n…\nc\n", true),
        ("a\nb\nc\n", "…\nc\n", true),
        ("a\nb\nc\n", "a\n…\n", true),
        ("a\nb\nc\nd\ne\n", "a\n…\nc\n…\ne\n", true),
        ("a\nb\nc\nd\ne\n", "a\n…\nx\n…\ne\n", false),
        ("a\nb\nc\n", "b\n…\n", false),
    ] {
        assert_eq!(is_shown(printed, shown), is, "{printed:?} {shown:?}");
    }
}
