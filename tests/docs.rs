//! The documentation says what is so: its examples are checked and run, its transcripts are what the
//! command prints, its index lists every page, its links lead somewhere.
//!
//! `BYLAWS_UPDATE=1 cargo test --test docs` rewrites what is generated.

mod grammar;
mod library;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn bylaws(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(args)
        .current_dir(root())
        .env_remove("COLUMNS")
        .env("NO_COLOR", "1")
        .output()
        .expect("the built command runs")
}

/// All of an output, for a message.
fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn markdown_under(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            markdown_under(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

/// The pages of the book, without its SUMMARY.
fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    markdown_under(&root().join("docs"), &mut found);
    found.retain(|p| !p.ends_with("SUMMARY.md"));
    found
}

/// These are followed from one block to the next, by `tests/tutorial.rs`.
fn is_tutorial(page: &Path) -> bool {
    page.starts_with(root().join("docs/tutorial"))
}

/// Where the file generated from the project is not what is there, fails; or writes it, where told to.
fn generated(path: &Path, text: &str) {
    if std::env::var_os("BYLAWS_UPDATE").is_some() {
        std::fs::write(path, text).unwrap();
    }
    assert!(read(path) == text, "{} is out of date: run with BYLAWS_UPDATE=1", path.display());
}

/// Code blocks of a language: the line that each begins at, and its text.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for (n, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => open = Some((n + 1, info.trim() == language, String::new())),
            (Some(_), Some("")) => {
                if let Some((start, true, block)) = open.take() {
                    found.push((start, block));
                }
            }
            (Some((_, _, block)), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

#[test]
fn every_policy_in_the_docs_checks_and_its_tests_hold() {
    let mut files = pages();
    files.retain(|p| !p.starts_with(root().join("docs/codes")) && !is_tutorial(p));
    files.extend(["README.md", "ARCHITECTURE.md", "policies/README.md"].map(|f| root().join(f)));
    let dir = tempfile::tempdir().unwrap();
    let (mut seen, mut wrong) = (0, String::new());
    for file in files {
        for (line, block) in blocks(&read(&file), "bylaw") {
            seen += 1;
            let policy = dir.path().join("example.bylaw");
            std::fs::write(&policy, &block).unwrap();
            let policy = policy.to_str().unwrap();
            let mut outputs = vec![bylaws(&["check", policy])];
            if block.contains("\ntest \"") {
                outputs.push(bylaws(&["test", policy]));
            }
            for output in outputs.iter().filter(|o| !o.status.success()) {
                let _ = writeln!(wrong, "{}:{line}\n{}", file.display(), told(output));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen > 10, "only {seen} examples found");
}

/// A fenced block ` ```console ` holds a command line behind `$ ` and then what it prints.
#[test]
fn transcripts_are_what_the_command_prints() {
    let mut files = vec![root().join("README.md")];
    files.extend(pages().into_iter().filter(|p| !is_tutorial(p)));
    let mut seen = 0;
    for file in files {
        let mut text = read(&file);
        for (_, block) in blocks(&text, "console") {
            let (command, shown) = block.split_once('\n').unwrap();
            let command = command.strip_prefix("$ ").expect("a transcript begins with `$ `").to_owned();
            let args: Vec<&str> = command
                .strip_prefix("bylaws ")
                .or(command.strip_prefix("cargo run --release -- "))
                .expect("a transcript runs bylaws")
                .split(' ')
                .collect();
            seen += 1;
            let output = bylaws(&args);
            let printed = stable(&told(&output));
            let shown = shown.to_string();
            // `…` on a line of its own stands for lines left out.
            let matches = match shown.split_once("…\n") {
                Some((head, tail)) => printed.starts_with(head) && printed.ends_with(tail),
                None => printed == shown,
            };
            if !matches && std::env::var_os("BYLAWS_UPDATE").is_some() && !shown.contains("…\n") {
                let block = |shown: &str| format!("$ {command}\n{shown}");
                text = text.replacen(&block(&shown), &block(&printed), 1);
                std::fs::write(&file, &text).unwrap();
            } else {
                assert!(matches, "{}: `{command}` prints\n{printed}", file.display());
            }
        }
    }
    assert!(seen > 0);
}

/// Time and rate differ from run to run.
fn stable(text: &str) -> String {
    let timed = |l: &str| l.contains(" records, ") && l.contains(" in ");
    text.lines().filter(|l| !timed(l)).map(|l| format!("{}\n", l.trim_end())).collect()
}

fn codes() -> Vec<(String, String)> {
    let mut found = Vec::new();
    markdown_under(&root().join("docs/codes"), &mut found);
    found
        .iter()
        .map(|path| {
            let code = path.file_stem().unwrap().to_str().unwrap().to_string();
            let text = read(path);
            let title = text.lines().next().unwrap_or_default();
            let title = title
                .strip_prefix(&format!("# {code}: "))
                .unwrap_or_else(|| panic!("{code}: its first line is `# {code}: title`"));
            (code, title.to_string())
        })
        .collect()
}

#[test]
fn the_index_of_diagnostics_is_up_to_date() {
    let mut text = String::from(
        "# Diagnostics\n\nEvery message about a policy or its records has a code; `bylaws explain CODE` prints its page.\n\
         This index is made from the pages.\n\n| code | |\n|---|---|\n",
    );
    for (code, title) in codes() {
        let _ = writeln!(text, "| [{code}](../codes/{code}.md) | {title} |");
    }
    generated(&root().join("docs/reference/diagnostics.md"), &text);
}

#[test]
fn the_grammar_chapter_is_up_to_date() {
    let text = |name: &str| read(&root().join("grammar").join(name));
    let page = grammar::page(&text("items.pest"), &text("expressions.pest"), &text("lexical.pest"));
    generated(&root().join("docs/reference/grammar.md"), &page);
}

#[test]
fn the_library_page_is_up_to_date() {
    generated(&root().join("docs/library.md"), &library::page(root()));
}

#[test]
fn the_summary_lists_every_page() {
    let path = root().join("docs/SUMMARY.md");
    let mut text = String::new();
    for line in read(&path).lines().filter(|l| !l.contains("](codes/")) {
        let _ = writeln!(text, "{line}");
        if line.contains("](reference/diagnostics.md)") {
            for (code, title) in codes() {
                let _ = writeln!(text, "    - [{code}: {title}](codes/{code}.md)");
            }
        }
    }
    generated(&path, &text);
    for page in pages() {
        let page = page.strip_prefix(root().join("docs")).unwrap().to_str().unwrap().replace('\\', "/");
        let times = text.matches(&format!("]({page})")).count();
        assert!(times == 1, "SUMMARY.md lists {page} {times} times");
    }
}

#[test]
fn links_between_files_lead_somewhere() {
    let mut files = Vec::new();
    markdown_under(&root().join("docs"), &mut files);
    markdown_under(&root().join("examples"), &mut files);
    markdown_under(&root().join("policies"), &mut files);
    files.extend(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(|f| root().join(f)),
    );
    let mut dead = String::new();
    for file in files {
        let mut code = false;
        for line in read(&file).lines() {
            code ^= line.trim_start().starts_with("```");
            for target in line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(t, _)| t) {
                let target = target.split('#').next().unwrap_or_default();
                if code || target.is_empty() || target.contains("://") {
                    continue;
                }
                if !file.parent().unwrap().join(target).exists() {
                    let _ = writeln!(dead, "{}: {target}", file.display());
                }
            }
        }
    }
    assert!(dead.is_empty(), "{dead}");
}
