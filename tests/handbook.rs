//! `bylaws handbook`: what it says of each construct, of the shipped rules, and what it refuses.

#[allow(dead_code)]
mod random;
#[allow(dead_code)]
mod reference;

use bylaws::internals::handbook::{CHINESE, ENGLISH, pages};
use bylaws::{MemoryFiles, PolicySet};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use random::{Tape, policy, schema};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn bylaws(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command
        .arg("handbook")
        .args(args)
        .current_dir(root())
        .env("NO_COLOR", "1")
        .output()
        .expect("the built command runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes a handbook of a policy set, which goes through in silence; the page and the Markdown.
fn written(paths: &[&str], more: &[&str]) -> (tempfile::TempDir, String, String) {
    let to = tempfile::tempdir().unwrap();
    let output = bylaws(&[paths, &["-o", to.path().to_str().unwrap()], more].concat());
    assert_eq!((output.status.code(), told(&output).as_str()), (Some(0), ""));
    let read = |name: &str| fs::read_to_string(to.path().join(name)).unwrap();
    let (html, markdown) = (read("index.html"), read("handbook.md"));
    (to, html, markdown)
}

fn in_language(language: &str) -> [&str; 2] {
    ["--lang", language]
}

// ---------------------------------------------------------------- what it says

#[test]
fn every_construct_is_read_in_both_languages() {
    for language in ["en", "zh"] {
        let (_to, html, markdown) = written(&["tests/handbook/every.bylaw"], &in_language(language));
        well_formed(&html);
        only_our_tags(&markdown);
        // Who a rule or a waiver names is not in it.
        for page in [&html, &markdown] {
            assert!(!page.contains("CANARY"), "a person is named");
            assert!(!page.contains("<script>alert"), "a text is not escaped");
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("handbook_every_{language}"), markdown);
        });
    }
}

#[test]
fn the_shipped_rules_are_all_there() {
    for paths in [&["policies"][..], &["examples/company"]] {
        let titles = titles(paths);
        for language in ["en", "zh"] {
            let (_to, html, markdown) = written(paths, &in_language(language));
            well_formed(&html);
            only_our_tags(&markdown);
            assert_eq!(sections(&html), titles.keys().cloned().collect(), "rules of {paths:?}");
            for rule in titles.keys() {
                assert!(markdown.contains(&format!("### <a id=\"rule-{rule}\"></a>")), "no section of `{rule}`");
            }
            assert!(html.contains(&format!("<html lang=\"{language}\">")));
            let again = written(paths, &in_language(language));
            assert!(again.1 == html && again.2 == markdown, "a second run says something else");
        }
    }
}

/// Each shipped rule has a Chinese title, and all names of the catalogue are of something.
#[test]
fn the_library_has_chinese_names() {
    let (_to, _, markdown) = written(&["policies"], &["--lang", "zh"]);
    let headings = markdown.lines().filter_map(|l| l.strip_prefix("### <a id=\"rule-")).collect::<Vec<_>>();
    assert_eq!(headings.len(), titles(&["policies"]).len());
    for heading in headings {
        let (_, title) = heading.split_once("</a>").unwrap();
        assert!(title.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "no Chinese title: {heading}");
    }
}

/// What a title says of numbers stands in the reading as well.
#[test]
fn a_day_chooses_the_wording_and_the_values() {
    let of = |day: &str| written(&["tests/handbook/every.bylaw"], &["--as-of", day]).2;
    let section = |text: &str| {
        let from = text.find("<a id=\"rule-large_gift\">").unwrap();
        text[from..].split("<details>").next().unwrap().to_owned()
    };
    let (early, late) = (section(&of("2025-06-01")), section(&of("2027-06-01")));
    assert!(early.contains("the value of the gift is more than 500 EUR") && early.contains("Exception “approved”"));
    assert!(late.contains("the value of the gift is more than 400 EUR") && !late.contains("Exception"));
    let (before, after) = (section(&of("2024-06-30")), section(&of("2028-01-01")));
    assert!(before.contains("not yet in force on 2024-06-30"), "{before}");
    assert!(after.contains("no longer in force on 2028-01-01"), "{after}");
}

// ---------------------------------------------------------------- where it writes

#[test]
fn nothing_else_is_written_over() {
    let to = tempfile::tempdir().unwrap();
    let folder = to.path().to_str().unwrap();
    let run = |more: &[&str]| bylaws(&[&["examples/company", "-o", folder], more].concat());
    fs::write(to.path().join("notes.txt"), "mine").unwrap();
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("has other files in it"), "{}", told(&output));
    assert!(!to.path().join("index.html").exists());
    assert_eq!(run(&["--force"]).status.code(), Some(0));
    // What is a handbook already is written anew, whatever lies beside it.
    assert_eq!(run(&[]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(to.path().join("notes.txt")).unwrap(), "mine");
    fs::write(to.path().join("index.html"), "<p>mine</p>").unwrap();
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("no handbook") && told(&output).contains("--force"), "{}", told(&output));
    assert_eq!(fs::read_to_string(to.path().join("index.html")).unwrap(), "<p>mine</p>");
    // One form leaves the other as it is, and says so.
    let output = run(&["--format", "markdown"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(run(&["--force"]).status.code(), Some(0));
    let output = run(&["--format", "markdown"]);
    assert!(told(&output).contains("index.html` is of an earlier run"), "{}", told(&output));
}

#[test]
fn what_is_wrong_is_told_and_nothing_written() {
    let to = tempfile::tempdir().unwrap();
    let target = to.path().join("out");
    let run = |args: &[&str]| bylaws(&[args, &["-o", target.to_str().unwrap()]].concat());
    let wrong = to.path().join("wrong.bylaw");
    fs::write(&wrong, "record gift { value: money }\nforbid big { on gift when valu > 5 EUR }\n").unwrap();
    let output = run(&[wrong.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("valu") && told(&output).contains("check: 1 error"), "{}", told(&output));
    let output = run(&["nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    let output = run(&["examples/company", "--as-of", "yesterday"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("expected a date"), "{}", told(&output));
    assert!(!target.exists());
}

// ---------------------------------------------------------------- languages

#[test]
fn another_language_falls_back_to_english_and_says_so_once() {
    let to = tempfile::tempdir().unwrap();
    let file = to.path().join("german.ftl");
    let german = "language = de\nfinding-if = Ein Befund liegt vor, wenn { $condition }\nnot = nicht: { $lines }\n";
    fs::write(&file, german).unwrap();
    let target = to.path().join("out");
    let output = bylaws(&["examples/company", "-o", target.to_str().unwrap(), "--catalogue", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let told = told(&output);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("in English instead") && told.contains("finding-always"), "{told}");
    assert!(!told.contains("finding-if,"), "{told}");
    let html = fs::read_to_string(target.join("index.html")).unwrap();
    assert!(html.contains("<html lang=\"de\">") && html.contains("Ein Befund liegt vor, wenn "));
    for (text, says) in [("finding-if = x\n", "language"), ("language = de\n= ?\n", "line 2")] {
        fs::write(&file, text).unwrap();
        let output =
            bylaws(&["examples/company", "-o", target.to_str().unwrap(), "--catalogue", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("is no catalogue") && told.contains(says), "{told}");
    }
}

#[test]
fn names_beside_the_policies_are_used_and_checked() {
    let to = tempfile::tempdir().unwrap();
    let (policies, target) = (to.path().join("policies"), to.path().join("out"));
    fs::create_dir(&policies).unwrap();
    let text = "record gift { value: money }\n\
                forbid big \"Big\" { on gift when value > 5 EUR }\n";
    fs::write(policies.join("gifts.bylaw"), text).unwrap();
    let names = "rule-big = 大额 <礼品>\nrule-bog = ?\nkind-gift = 礼品\nfield-gift-value = 价值\n";
    fs::write(policies.join("handbook.zh.ftl"), names).unwrap();
    let output = bylaws(&[policies.to_str().unwrap(), "-o", target.to_str().unwrap(), "--lang", "zh"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        told(&output).contains("`rule-bog` names nothing") && told(&output).contains("`rule-big`"),
        "{}",
        told(&output)
    );
    let html = fs::read_to_string(target.join("index.html")).unwrap();
    assert!(html.contains("大额 &lt;礼品&gt;</h3>") && html.contains("本礼品的价值超过5欧元"), "{html}");
}

/// A translation says what English says: the same messages, of the same arguments, and all of them are used.
#[test]
fn the_catalogues_say_the_same() {
    let (english, chinese) = (arguments(ENGLISH), arguments(CHINESE));
    assert_eq!(english, chinese);
    let mut source = String::new();
    let mut folders = vec![root().join("src/handbook")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            match path.extension().and_then(|e| e.to_str()) {
                None => folders.push(path),
                Some("rs") => source += &fs::read_to_string(path).unwrap(),
                _ => {}
            }
        }
    }
    let unused: Vec<&String> = english.keys().filter(|id| !source.contains(&format!("\"{id}\""))).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// The arguments of each message of a catalogue.
fn arguments(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = fluent_syntax::parser::parse(text).expect("a catalogue without errors");
    let messages = resource.body.iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message),
        _ => None,
    });
    messages
        .map(|message| {
            let mut found = BTreeSet::new();
            message.value.iter().for_each(|pattern| of_pattern(pattern, &mut found));
            (message.id.name.to_owned(), found)
        })
        .collect()
}

fn of_pattern(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => of_inline(inline, found),
            Expression::Select { selector, variants } => {
                of_inline(selector, found);
                variants.iter().for_each(|variant| of_pattern(&variant.value, found));
            }
        }
    }
}

fn of_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => drop(found.insert(id.name.to_owned())),
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments.positional.iter().for_each(|argument| of_inline(argument, found));
        }
        _ => {}
    }
}

// ---------------------------------------------------------------- random policies

/// How many cases a test runs; `BYLAWS_CASES` asks for more.
fn cases(usual: u32) -> proptest::test_runner::Config {
    let asked = std::env::var("BYLAWS_CASES").ok().and_then(|n| n.parse().ok());
    proptest::test_runner::Config {
        failure_persistence: None,
        ..proptest::test_runner::Config::with_cases(asked.unwrap_or(usual))
    }
}

#[test]
fn random_policies_are_read_whole() {
    proptest::proptest!(cases(150), |(seeds in random::seeds(random::LARGE))| {
        let schema = schema::schema(&mut Tape::new(&seeds.schema));
        let mut text = format!("{}\n{}\n", schema.print(), policy::SHARED);
        for (i, numbers) in seeds.rules.iter().enumerate() {
            text += &policy::rule(&schema, numbers, &format!("r{i}"));
            text += &policy::metric(&schema, numbers, &format!("m{i}"));
        }
        let rules: BTreeSet<String> = (0..seeds.rules.len()).map(|i| format!("r{i}")).collect();
        for language in ["en", "zh"] {
            let mut policies = PolicySet::load(&MemoryFiles::from_iter([("a.bylaw", text.as_str())]), &["a.bylaw"]).unwrap();
            let Some((html, markdown)) = pages(&mut policies, language) else {
                panic!("the policy has errors:\n{text}\n{:?}", policies.check(&[]).diagnostics());
            };
            well_formed(&html);
            only_our_tags(&markdown);
            proptest::prop_assert_eq!(sections(&html), rules.clone());
        }
    });
}

// ---------------------------------------------------------------- what the pages are

/// Each rule of a policy set and its title.
fn titles(paths: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = paths.iter().map(|path| root().join(path)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            for line in fs::read_to_string(path).unwrap().lines() {
                let mut words = line.splitn(3, ' ');
                if let (Some("forbid" | "require" | "limit"), Some(name), Some(rest)) =
                    (words.next(), words.next(), words.next())
                {
                    found.insert(name.to_owned(), rest.to_owned());
                }
            }
        }
    }
    found
}

/// The rules that a page has a section of.
fn sections(html: &str) -> BTreeSet<String> {
    html.split("<article class=\"rule\" id=\"rule-")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// The page is well-formed XML, too: each tag is closed, and nothing in it is unescaped.
fn well_formed(html: &str) {
    let mut reader = quick_xml::Reader::from_str(html);
    reader.config_mut().check_end_names = true;
    let mut depth = 0;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(quick_xml::events::Event::Start(_)) => depth += 1,
            Ok(quick_xml::events::Event::End(_)) => depth -= 1,
            Ok(_) => {}
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap().min(html.len());
                panic!("{error} at {:?}", html.get(at.saturating_sub(200)..at));
            }
        }
    }
    assert_eq!(depth, 0, "a tag is not closed");
}

/// All HTML in the Markdown is the handbook's own, and no link leads out of it.
fn only_our_tags(markdown: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let own = |html: &str| {
        html.trim() == "<!-- bylaws handbook -->"
            || html.starts_with("<a id=\"")
            || ["</a>", "</details>"].contains(&html.trim())
            || html.starts_with("<details><summary>")
    };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => assert!(own(&html), "{html}"),
            Event::Start(Tag::Link { dest_url, .. }) => assert!(dest_url.starts_with('#'), "{dest_url}"),
            Event::Start(Tag::Image { dest_url, .. }) => panic!("an image: {dest_url}"),
            Event::Start(Tag::CodeBlock(_)) => panic!("a block of code"),
            _ => {}
        }
    }
}

// ---------------------------------------------------------------- in a browser

/// Opens a page in Chromium by Playwright, which `npm ci` in `tests/browser` brings.
#[test]
fn the_pages_in_a_browser() {
    let here = root().join("tests/browser");
    let needed = std::env::var_os("BYLAWS_BROWSER").is_some();
    if !here.join("node_modules").is_dir() && !needed {
        eprintln!("skipped: no browser (run `npm ci` in {})", here.display());
        return;
    }
    for (paths, language) in [("policies", "en"), ("policies", "zh"), ("tests/handbook/every.bylaw", "en")] {
        let (to, ..) = written(&[paths], &in_language(language));
        let page = to.path().join("index.html");
        let output =
            Command::new("node").arg(here.join("handbook.mjs")).arg(page).arg(language).output().expect("node runs");
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{told}");
    }
}

/// The reading that the documentation shows is what is written of its policy.
#[test]
fn the_documentation_quotes_a_reading() {
    let page = fs::read_to_string(root().join("docs/how-to/handbook.md")).unwrap();
    let policy = page.split("```bylaw\n").nth(1).unwrap().split("```").next().unwrap();
    let quoted: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix('>')).collect();
    let to = tempfile::tempdir().unwrap();
    let file = to.path().join("gifts.bylaw");
    fs::write(&file, policy).unwrap();
    let (_out, _, markdown) = written(&[file.to_str().unwrap()], &[]);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted = words(&quoted.join("\n"));
    assert!(quoted.starts_with("This rule is about") && words(&markdown).contains(&quoted), "{quoted}\n{markdown}");
}
