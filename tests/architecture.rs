//! The shape of the code, read as text: who may use whom, where features are told apart, how long files are.

use bylaws::internals::diag::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// From left to right; modules of one rank do not use each other.
const LAYERS: [&[&str]; 7] =
    [&["source", "io", "threads"], &["diag", "data"], &["syntax"], &["sema"], &["plan"], &["eval"], &["report"]];
/// They read the layers, and never each other.
const TOOLS: [&str; 9] = ["policy_set", "ingest", "testing", "fmt", "lint", "analyze", "handbook", "infer", "bundle"];
/// They bring all together.
const FACADE: [&str; 2] = ["io", "policy_set"];
/// They do the input and output; nothing uses them.
const SHELLS: [&str; 4] = ["cli", "lsp", "scale", "bind"];
const MAX_LINES: usize = 700;

struct File {
    path: PathBuf,
    /// The module at the top that it is part of; none for `lib.rs` and `main.rs`.
    module: Option<String>,
    /// Without the tests at its end.
    text: String,
    lines: usize,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let whole = std::fs::read_to_string(&path).unwrap();
                let relative = path.strip_prefix(&root).unwrap().to_path_buf();
                let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
                let module = first.trim_end_matches(".rs").to_string();
                let module = (!["lib", "main"].contains(&module.as_str())).then_some(module);
                let text = whole.split("\n#[cfg(test)]\nmod ").next().unwrap().to_string();
                found.push(File { path: relative, module, text, lines: whole.lines().count() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The top modules that the file names: `crate::data::…`, `use crate::{data, diag}`.
fn used(file: &File) -> BTreeSet<String> {
    let code: String =
        file.text.lines().filter(|l| !l.trim_start().starts_with("//")).flat_map(|l| [l, "\n"]).collect();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(rest.chars().take_while(|&c| is_word(c)).collect());
            continue;
        };
        let mut depth = 0;
        let mut word = String::new();
        let mut head = true;
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(std::mem::take(&mut word));
                    head = true;
                }
                ':' if depth == 0 => head = false,
                c if depth == 0 && head && is_word(c) => word.push(c),
                _ => {}
            }
        }
        found.insert(word);
    }
    found.retain(|w| w.starts_with(|c: char| c.is_lowercase()));
    found
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn may_use(user: &str, used: &str) -> bool {
    if user == used {
        return true;
    }
    match (rank(user), rank(used)) {
        (Some(a), Some(b)) => b < a,
        (Some(_), None) => false,
        (None, Some(_)) => true,
        // The command starts the others.
        (None, None) if user == "cli" => true,
        (None, None) if SHELLS.contains(&user) => !SHELLS.contains(&used),
        (None, None) if FACADE.contains(&user) => !SHELLS.contains(&used),
        (None, None) => false,
    }
}

/// Modules at the top, with the modules that they use and a file that does.
fn graph() -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let files = files();
    let modules: BTreeSet<String> = files.iter().filter_map(|f| f.module.clone()).collect();
    let mut graph: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for file in &files {
        let Some(module) = &file.module else { continue };
        let of = graph.entry(module.clone()).or_default();
        for used in used(file) {
            if modules.contains(&used) {
                of.entry(used).or_insert_with(|| file.path.clone());
            }
        }
    }
    graph
}

#[test]
fn every_module_has_its_place() {
    for module in graph().keys() {
        let known = [&TOOLS[..], &FACADE[..], &SHELLS[..]].concat().contains(&module.as_str());
        assert!(known || rank(module).is_some(), "`{module}` has no place: it is no layer, tool, facade or shell");
    }
}

#[test]
fn layers_use_what_is_to_their_left() {
    let wrong: Vec<String> = graph()
        .iter()
        .flat_map(|(user, uses)| uses.iter().map(move |(used, file)| (user.clone(), used.clone(), file.clone())))
        .filter(|(user, used, _)| !may_use(user, used))
        .map(|(user, used, file)| format!("`{user}` uses `{used}` in src/{}", file.display()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_import_cycles() {
    let graph = graph();
    for start in graph.keys() {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&String> = graph[start].keys().filter(|u| *u != start).collect();
        while let Some(module) = next.pop() {
            assert!(module != start, "`{start}` uses itself through others");
            if reached.insert(module) {
                next.extend(graph[module].keys().filter(|u| *u != module));
            }
        }
    }
}

/// `#[cfg(feature = …)]` stands before a `mod` (or, in `lib.rs` and `main.rs`, a re-export or `main`).
#[test]
fn features_are_told_apart_at_modules() {
    let mut wrong = Vec::new();
    let tests = |f: &File| f.path.components().any(|c| c.as_os_str() == "tests" || c.as_os_str() == "tests.rs");
    for file in files().iter().filter(|f| f.module.is_some() && !tests(f)) {
        let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
        for (i, line) in lines.iter().enumerate() {
            if line.starts_with("//") || !line.contains("feature =") {
                continue;
            }
            let declared = lines[i + 1..].iter().find(|l| !l.starts_with("#[") && !l.starts_with("//"));
            let module = declared
                .is_some_and(|l| l.trim_start_matches("pub ").trim_start_matches("pub(crate) ").starts_with("mod "));
            if !(line.starts_with("#[cfg(") && module) {
                wrong.push(format!("src/{}:{}: {line}", file.path.display(), i + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let long: Vec<String> = files()
        .iter()
        .filter(|f| f.lines > MAX_LINES)
        .map(|f| format!("src/{}: {} lines", f.path.display(), f.lines))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_code_has_a_page_with_a_wrong_and_a_right_example() {
    let mut poor = Vec::new();
    for code in Code::ALL {
        let page = code.page();
        let example = |word: &str| {
            let at = page.find(&format!("\n{word}:"));
            at.is_some_and(|at| {
                let after = page[at + word.len() + 2..].trim_start_matches(|c: char| c != '\n').trim_start();
                after.starts_with("```") && after[3..].contains("\n```")
            })
        };
        let head = page.starts_with(&format!("# {code}: "));
        if !head || !example("Wrong") || !example("Right") {
            poor.push(code.as_str());
        }
    }
    assert!(poor.is_empty(), "pages under docs/codes/ that lack a heading, a wrong or a right example: {poor:?}");
}
