//! Formatting: the same policy, the same remarks in the same order, and once is enough, for every policy in the project
//! and for random ones whose blanks, line ends and remarks are thrown about.

#[allow(dead_code)]
mod random;
#[allow(dead_code)]
mod reference;

use bylaws::internals::fmt::{Unformatted, difference, format, format_to};
use bylaws::internals::source::FileId;
use bylaws::internals::syntax::{SyntaxKind, SyntaxToken, parse};
use random::Tape;
use std::path::{Path, PathBuf};

const FILE: FileId = FileId(0);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_under(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

/// Every policy of the project, with where it stands: files, and what is in the pages.
fn policies() -> Vec<(String, String)> {
    let (mut files, mut pages) = (Vec::new(), Vec::new());
    for folder in ["policies", "examples", "tests"] {
        files_under(&root().join(folder), "bylaw", &mut files);
    }
    for folder in ["docs", "tests/literate", "tests/explained"] {
        files_under(&root().join(folder), "md", &mut pages);
    }
    let mut found: Vec<(String, String)> =
        files.iter().map(|p| (p.display().to_string(), std::fs::read_to_string(p).unwrap())).collect();
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for (i, block) in text.split("\n```bylaw").skip(1).enumerate() {
            let code = block.split_once('\n').map_or("", |(_, code)| code);
            let code = code.split("\n```").next().unwrap_or("");
            found.push((format!("{} {}", page.display(), i + 1), format!("{code}\n")));
        }
    }
    found
}

fn is_right(text: &str) -> bool {
    parse(FILE, text).errors.is_empty()
}

fn remarks(text: &str) -> Vec<String> {
    let leaves =
        parse(FILE, text).syntax().descendants_with_tokens().filter_map(|e| e.into_token()).collect::<Vec<_>>();
    let remark = |t: &&SyntaxToken| matches!(t.kind(), SyntaxKind::Remark | SyntaxKind::DocRemark);
    leaves.iter().filter(remark).map(|t| t.text().trim_end().to_string()).collect()
}

/// What must hold of a text without errors; the text formatted.
fn holds(text: &str) -> Result<String, String> {
    holds_in(text, 120)
}

/// In lines of so many columns.
fn holds_in(text: &str, width: usize) -> Result<String, String> {
    let formatted = match format_to(FILE, text, width) {
        Ok(formatted) => formatted,
        Err(Unformatted::Differs(place)) => return Err(format!("not the same at `{place}`\n---\n{text}")),
        Err(Unformatted::Broken(errors)) => return Err(format!("{errors:?}\n---\n{text}")),
    };
    let (before, after) = (parse(FILE, text), parse(FILE, &formatted));
    if !after.errors.is_empty() {
        return Err(format!("{:?}\n---\n{text}\n---\n{formatted}", after.errors));
    }
    if let Some(place) = difference(&before.syntax(), &after.syntax()) {
        return Err(format!("not the same at `{place}`\n---\n{text}\n---\n{formatted}"));
    }
    if remarks(text) != remarks(&formatted) {
        return Err(format!("other remarks\n---\n{text}\n---\n{formatted}"));
    }
    let again = format_to(FILE, &formatted, width).map_err(|e| format!("{e:?}"))?;
    if again != formatted {
        return Err(format!("not settled\n---\n{text}\n---\n{formatted}\n---\n{again}"));
    }
    if !formatted.is_empty() && (!formatted.ends_with('\n') || formatted.ends_with("\n\n")) {
        return Err(format!("the end of\n{formatted:?}"));
    }
    if let Some(line) = formatted.lines().find(|l| l.ends_with([' ', '\t'])) {
        return Err(format!("blanks at the end of {line:?}"));
    }
    Ok(formatted)
}

#[test]
fn every_policy_of_the_project() {
    let mut wrong = Vec::new();
    let mut formatted = 0;
    for (name, text) in policies() {
        if is_right(&text) {
            formatted += 1;
            if let Err(why) = holds(&text) {
                wrong.push(format!("{name}: {why}"));
            }
        } else {
            assert!(matches!(format(FILE, &text), Err(Unformatted::Broken(_))), "{name}");
        }
    }
    assert!(formatted > 150, "{formatted} policies");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n======\n"));
}

/// Whether there may be line ends and remarks between two tokens, or only blanks, or nothing.
#[derive(PartialEq)]
enum Between {
    Anything,
    Lines,
    Blanks,
}

fn between(a: &SyntaxToken, b: &SyntaxToken) -> Between {
    use SyntaxKind as K;
    let inside =
        |token: &SyntaxToken, kinds: &[SyntaxKind]| token.parent_ancestors().any(|n| kinds.contains(&n.kind()));
    let one_line = [K::Quantity, K::Percent, K::Mark, K::FiscalClause];
    if inside(a, &one_line) && inside(b, &one_line) || inside(b, &[K::Grid]) && inside(a, &[K::Grid]) {
        return Between::Blanks;
    }
    let call = b.kind() == K::OpenParen && b.parent().is_some_and(|p| p.kind() != K::Paren);
    if call && a.kind() == K::Word {
        return Between::Blanks;
    }
    match (a.text(), b.text()) {
        ("list" | "set", "of") | ("not", "in" | "given") | ("all", "time") | ("calendar", _) => Between::Lines,
        _ => Between::Anything,
    }
}

/// The same policy, with other blanks, line ends and remarks.
fn scrambled(text: &str, tape: &mut Tape, remarks: bool) -> String {
    let syntax = parse(FILE, text).syntax();
    let all: Vec<SyntaxToken> = syntax.descendants_with_tokens().filter_map(|e| e.into_token()).collect();
    let mut out = String::new();
    let joined = tape.chance(30);
    let (mut last, mut blank, mut n): (Option<&SyntaxToken>, String, usize) = (None, String::new(), 0);
    for token in &all {
        if token.kind() == SyntaxKind::Blank {
            blank.push_str(token.text());
            continue;
        }
        if token.kind().is_trivia() {
            blank.push_str(token.text());
            blank.push('\n');
            continue;
        }
        let may = last.map_or(Between::Anything, |last| between(last, token));
        let was_blank = !blank.is_empty();
        match tape.below(20) {
            // All that can be on one line.
            0..=13 if joined && may != Between::Blanks && !blank.contains("//") && was_blank => out.push(' '),
            0..=9 => out.push_str(&blank),
            10 | 11 if was_blank && may != Between::Blanks && !blank.contains("//") => out.push(' '),
            12 | 13 if may != Between::Blanks => {
                out.push_str(&blank);
                out.push('\n');
                out.push_str(&" ".repeat(tape.below(5)));
            }
            14 if may == Between::Anything => out.push_str(&format!("{blank}\n\n\n")),
            15 | 16 if may == Between::Anything && remarks => {
                n += 1;
                let end = ["", "   ", "\n"][tape.below(3)];
                out.push_str(&format!("{blank}{}// r{n}{end}\n", [" ", "\n", "\n\n"][tape.below(3)]));
            }
            17 if may == Between::Anything && remarks => {
                n += 1;
                out.push_str(&format!("{blank} /// d{n}\n  // {}\n", "long ".repeat(tape.below(30))));
            }
            18 if was_blank => out.push_str(&format!("{blank}   ")),
            _ => out.push_str(&blank),
        }
        blank.clear();
        out.push_str(token.text());
        last = Some(token);
    }
    out.push_str(&blank);
    out
}

fn config(cases: u32) -> proptest::test_runner::Config {
    let all: u32 = std::env::var("BYLAWS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    proptest::test_runner::Config {
        cases: (u64::from(all) * u64::from(cases) / 2000) as u32,
        failure_persistence: None,
        max_shrink_iters: 3000,
        ..Default::default()
    }
}

fn tape() -> impl proptest::strategy::Strategy<Value = Vec<u16>> {
    proptest::collection::vec(proptest::prelude::any::<u16>(), 0..3000)
}

fn holds_scrambled(text: &str, numbers: &[u16], remarks: bool) -> Result<(), proptest::test_runner::TestCaseError> {
    let scrambled = scrambled(text, &mut Tape::new(numbers), remarks);
    // Between items a line end may be missing now, or one too many in a call.
    if !is_right(&scrambled) {
        return Err(proptest::test_runner::TestCaseError::reject("no policy any more"));
    }
    let width = [120, 120, 80, 50, 20][numbers.len() % 5];
    holds_in(&scrambled, width).map(drop).map_err(proptest::test_runner::TestCaseError::fail)
}

#[test]
fn random_policies() {
    proptest::proptest!(config(60), |(seeds in random::seeds(random::SMALL), numbers in tape())| {
        let schema = random::schema::schema(&mut Tape::new(&seeds.schema));
        let rules = seeds.rules.iter().enumerate();
        let text = rules.fold(format!("{}\n{}\n", schema.print(), random::policy::SHARED), |text, (i, numbers)| {
            text + &random::policy::rule(&schema, numbers, &format!("rule_{i}"))
        });
        holds(&text).map_err(proptest::test_runner::TestCaseError::fail)?;
        holds_scrambled(&text, &numbers, false)?;
        holds_scrambled(&text, &numbers, true)?;
    });
}

/// The project's own policies, which have every construct, thrown about, an item at a time.
#[test]
fn scrambled_policies() {
    let items: Vec<String> = policies()
        .iter()
        .filter(|(_, text)| is_right(text))
        .flat_map(|(_, text)| parse(FILE, text).syntax().children().map(|n| n.text().to_string()).collect::<Vec<_>>())
        .collect();
    let which = proptest::prelude::any::<proptest::sample::Index>();
    proptest::proptest!(config(600), |(which in which, numbers in tape(), remarks in proptest::prelude::any::<bool>())| {
        holds_scrambled(&items[which.index(items.len())], &numbers, remarks)?;
    });
}

/// What comes out, construct by construct.
#[test]
fn fixtures() {
    insta::glob!("fmt/*.bylaw", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let formatted = holds(&text).unwrap_or_else(|why| panic!("{why}"));
        let settings = insta::Settings::clone_current();
        settings.bind(|| insta::assert_snapshot!(formatted));
    });
}

/// The page says what is so.
#[test]
fn the_page_about_the_format() {
    let page = std::fs::read_to_string(root().join("docs/reference/format.md")).unwrap();
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("\n```{language}\n");
        let fences = page.split(&fence).skip(1);
        fences.map(|b| format!("{}\n", b.split("\n```").next().unwrap())).collect()
    };
    let after = blocks("bylaw");
    assert_eq!(holds(&blocks("text")[0]).unwrap(), after[0]);
    for text in &after {
        assert_eq!(&holds(text).unwrap(), text);
    }
}

#[test]
fn nothing_and_only_remarks() {
    let formatted = |text: &str| format(FILE, text).unwrap();
    assert_eq!(formatted(""), "");
    assert_eq!(formatted(" \n\t\n "), "");
    assert_eq!(formatted("\u{feff}"), "");
    assert_eq!(formatted("// a"), "// a\n");
    assert_eq!(formatted("\n\n  // a  \n\n\n\n/// b\n\n"), "// a\n\n/// b\n");
    assert_eq!(formatted("enum e { a } // b\n// c"), "enum e { a } // b\n// c\n");
    assert_eq!(formatted("forbid x { // a\n\n\n// b\n\n// c\n}"), "forbid x { // a\n  // b\n\n  // c\n}\n");
}

#[test]
fn line_ends_are_those_of_the_first_line() {
    let formatted = |text: &str| format(FILE, text).unwrap();
    let text = "// a\r\nforbid x {\r\n on gift // b\r\n when a\n}";
    let expected = "// a\r\nforbid x {\r\n  on   gift // b\r\n  when a\r\n}\r\n";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
    assert_eq!(formatted(&format!("\u{feff}{text}")), expected);
    assert_eq!(formatted("enum e { a }\nenum f { b }\r\n"), "enum e { a }\nenum f { b }\n");
    // one in a remark is none
    assert_eq!(formatted("enum e { a } // b\rc\n"), "enum e { a } // b\rc\n");
}

#[test]
fn broken_texts_are_refused() {
    for text in
        ["forbid {", "}", "enum e { a b }", "let a = \"x", "\0", "forbid x { on gift when a === b }", "é", "/* a */"]
    {
        assert!(matches!(format(FILE, text), Err(Unformatted::Broken(_))), "{text}");
    }
    let deep = format!("let a = {}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(matches!(format(FILE, &deep), Err(Unformatted::Broken(_))));
}

#[test]
fn a_call_that_is_one_only_on_two_lines() {
    let text = "define count(n: int) = n > 1\ndefine c(n: int) = count\n(n)\n";
    if is_right(text) {
        holds(text).unwrap();
    }
}

/// As deep as it may be, and as long as nobody would write it.
#[test]
fn deep_and_long_texts() {
    let deep = 190;
    let conditions = [
        format!("{}a{}", "(".repeat(deep), ")".repeat(deep)),
        format!("{}a", "not ".repeat(deep)),
        format!("{}a{}", "(a and b or ".repeat(deep), ")".repeat(deep)),
        format!("{}a", "exists r where ".repeat(deep)),
        vec!["a == \"b\""; 3000].join(" and "),
        vec!["1"; 150].join(" + ") + " > 1",
        format!("a == \"{}\"", "x".repeat(10_000)),
        format!("{} == b", "x".repeat(10_000)),
        format!("a in {{ {} }}", vec!["\"long text in a set\""; 5000].join(", ")),
    ];
    for condition in conditions {
        let text = format!("forbid x {{ on gift when {condition} }}");
        if is_right(&text) {
            holds(&text).unwrap_or_else(|why| panic!("{}", why.chars().take(500).collect::<String>()));
        }
    }
    let fields: Vec<String> = (0..2000).map(|i| format!("f{i}: int")).collect();
    holds(&format!("record r at f0 {{ {} }}", fields.join(","))).unwrap();
    holds(&format!("// {}\nenum e {{ a }}", "é".repeat(20_000))).unwrap();
}

/// What is proved before a file is written would be told if it did not hold.
#[test]
fn other_policies_are_told_apart() {
    let same = |a: &str, b: &str| difference(&parse(FILE, a).syntax(), &parse(FILE, b).syntax()).is_none();
    let grid = "test \"x\" { cases {\n| a | b |\n|---|---|\n| 1 | |\n| 2 | |\n} }";
    for (a, b) in [
        ("enum e { a, b }", "enum  e{a,b,}"),
        ("let a = f(b, c)", "let a = f(b, c,)"),
        (grid, "test \"x\" { cases { | a | b |\n|:---|-----|\n| 1 ||\n| 2 ||\n} }"),
        ("enum e { a } // r", "// r  \nenum e { a }"),
        ("source s for r { map { a = b, c = d } }", "source s for r { map { a = b\nc = d } }"),
    ] {
        assert!(same(a, b) && same(b, a), "{a}\n{b}");
    }
    for (a, b) in [
        ("enum e { a, b }", "enum e { b, a }"),
        ("enum e { a, b }", "enum e { a }"),
        ("let a = b and c", "let a = b or c"),
        ("let a = \"b c\"", "let a = \"b  c\""),
        ("let a = (b + c) * d", "let a = b + (c * d)"),
        ("define a() = count(b)", "define a() = count\n(b)"),
        (grid, "test \"x\" { cases {\n| a | b |\n|---|---|\n| 1 | | | 2 | |\n} }"),
        (grid, "test \"x\" { cases {\n| a | b |\n| 1 | |\n| 2 | |\n} }"),
        ("enum e { a } // r", "enum e { a }"),
        ("enum e { a } // r\n// s", "// s\nenum e { a } // r"),
        ("enum e { a } // r", "enum e { a } /// r"),
    ] {
        assert!(!same(a, b) && !same(b, a), "{a}\n{b}");
    }
}
