//! The book's page on the rule library: a row for each rule, made from the rules.

use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "# The rule library

Forty conduct rules of a large company, each with its source and its own tests, ready to be used, changed or left out.
They are in the folder `policies`; its [README](../policies/README.md) says what to set to your own. This page is made
from the rules.

**This is not legal advice.** A finding is an indicator: records that the compliance department or counsel might look
at. A person decides. Where a statute has a threshold, the consequence is that counsel considers; no rule says what the
law makes of a case. Thresholds that are ours, not a law's, say so where they are declared.

```sh
bylaws check policies                                               # all of it, with the proof of the charter
bylaws test policies --coverage
bylaws audit --policy policies RECORDS…                             # what do the records say?
bylaws audit --policy policies/gifts.bylaw gift=gifts.csv           # one domain alone
bylaws report --policy policies RECORDS… --output report.html
```

A number may have several rules: its parts, or the two sides of what can happen in either order. How such a run looks is
in [a made-up marketplace](../examples/marketplace/README.md): two years of its records, with a key of what is in them.
";

const SOURCES: &str = "
## Where the records come from

A file of one kind is named on the command line, `gift=gifts.csv`: its columns are the fields of the vocabulary. Any
other shape is read by a [source](how-to/sources.md). What is missing makes a verdict indeterminate, never compliant.
";

/// A rule as its text has it.
struct Rule {
    number: u32,
    name: String,
    title: String,
    severity: String,
    source: String,
    consequence: String,
}

fn quoted(line: &str) -> String {
    let (_, text) = line.split_once('"').unwrap_or_else(|| panic!("no text in {line}"));
    text.rsplit_once('"').expect("a closing quote").0.to_string()
}

/// The lines from one that the test holds for to the next `}` at the margin.
fn items(text: &str, begins: impl Fn(&str) -> bool) -> Vec<Vec<&str>> {
    let mut found: Vec<Vec<&str>> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if begins(line) {
            found.push(Vec::new());
            open = true;
        }
        if open {
            found.last_mut().expect("one is open").push(line);
        }
        open &= line != "}";
    }
    found
}

fn verb(line: &str) -> bool {
    ["forbid ", "require ", "limit "].iter().any(|verb| line.starts_with(verb))
}

fn rule(lines: &[&str]) -> Rule {
    let name = lines[0].split(' ').nth(1).expect("a name").to_string();
    let clause = |word: &str| {
        let mut all = lines.iter().filter_map(|line| line.trim_start().strip_prefix(word)?.strip_prefix(' '));
        all.next().unwrap_or_else(|| panic!("{name} has no {word}")).trim().to_string()
    };
    let cite = quoted(&clause("cite"));
    let (number, source) =
        cite.strip_prefix("Library rule ").and_then(|rest| rest.split_once("; ")).expect("its number");
    Rule {
        number: number.parse().expect("a number"),
        title: quoted(lines[0]),
        severity: clause("severity"),
        source: source.to_string(),
        consequence: clause("consequence").replace('_', " "),
        name,
    }
}

/// The files of the folder that have the ending, with their texts, by name.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut texts: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "bylaw"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), std::fs::read_to_string(path).unwrap()))
        .collect();
    texts.sort();
    texts
}

/// A table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn rules(page: &mut String, folder: &Path) {
    let mut chapters = Vec::new();
    for (file, text) in texts(folder) {
        let mut rules: Vec<Rule> = items(&text, verb).iter().map(|lines| rule(lines)).collect();
        rules.sort_by_key(|rule| rule.number);
        let Some(first) = rules.first().map(|rule| rule.number) else { continue };
        let policy = text.lines().find(|line| line.starts_with("policy ")).expect("a policy");
        chapters.push((first, file, quoted(policy), rules));
    }
    chapters.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    for (_, file, title, rules) in chapters {
        let _ = write!(
            page,
            "\n## {title}\n\n[`policies/{file}`](../policies/{file})\n\n\
             | | rule | severity | source | consequence |\n|---|---|---|---|---|\n"
        );
        for Rule { number, name, title, severity, source, consequence } in rules {
            let (title, source) = (cell(&title), cell(&source));
            let _ = writeln!(page, "| {number} | {title}<br>`{name}` | {severity} | {source} | {consequence} |");
        }
    }
}

/// Rule 39 is the charter: its lines are what `check` proves of all the others.
fn charter(page: &mut String, folder: &Path) {
    let text = std::fs::read_to_string(folder.join("charter.bylaw")).unwrap();
    let all = items(&text, |line| line.starts_with("charter "));
    let [lines] = &all[..] else { panic!("one charter") };
    let _ = write!(
        page,
        "\n## What holds for every rule\n\n[`policies/charter.bylaw`](../policies/charter.bylaw)\n\n\
         Rule 39, critical: {}. It is a [charter](language.md#the-charter),\n\
         which `bylaws check` proves or refutes:\n\n",
        quoted(lines[0])
    );
    for line in &lines[1..lines.len() - 1] {
        let line = line.trim();
        if !line.starts_with("//") {
            let _ = writeln!(page, "- `{line}`");
        }
    }
}

/// What the first sentence of a file's comment says.
fn about(text: &str) -> String {
    let lines =
        text.lines().map_while(|line| line.strip_prefix("//")).map(str::trim).take_while(|line| !line.is_empty());
    let all = lines.collect::<Vec<_>>().join(" ");
    let end = all.find(". ").unwrap_or(all.len().saturating_sub(1));
    all[..end].to_string()
}

fn named(text: &str, item: &str) -> String {
    let names = text.lines().filter_map(|line| line.strip_prefix(item)?.split_whitespace().next());
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn vocabulary(page: &mut String, folder: &Path) {
    page.push_str(SOURCES);
    page.push_str("\n| vocabulary | records | tables |\n|---|---|---|\n");
    for (file, text) in texts(&folder.join("vocabulary")) {
        let (records, tables) = (named(&text, "record "), named(&text, "table "));
        let _ = writeln!(page, "| [`{file}`](../policies/vocabulary/{file}) | {records} | {tables} |");
    }
    page.push_str("\nSources for other systems' logs come with the library, each with what its log does not say:\n\n");
    page.push_str("| | reads | sources |\n|---|---|---|\n");
    for (file, text) in texts(&folder.join("vocabulary/sources")) {
        let link = format!("[`{file}`](../policies/vocabulary/sources/{file})");
        let _ = writeln!(page, "| {link} | {} | {} |", cell(&about(&text)), named(&text, "source "));
    }
}

/// The page.
pub fn page(root: &Path) -> String {
    let folder = root.join("policies");
    let mut page = HEAD.to_string();
    rules(&mut page, &folder);
    charter(&mut page, &folder);
    vocabulary(&mut page, &folder);
    page
}
