//! The tree-sitter grammar of `editors/` reads what the program reads: it takes and refuses the same texts, and its nodes
//! are those of `grammar/`, in the same places; its conditions are trees as the program builds them.
//!
//! Its parser is C, compiled by a crate of its own: `cargo build --manifest-path editors/tree-sitter-bylaw/Cargo.toml`.
//! Where that has not been done these tests are skipped with a notice; with `BYLAWS_EDITORS=1` that fails.

#[allow(dead_code)]
mod random;
#[allow(dead_code)]
mod reference;
mod tree_sitter;

use bylaws::internals::source::FileId;
use bylaws::internals::syntax::parse;
use pest_meta::ast::Expr as GrammarExpr;
use proptest::strategy::{Strategy, ValueTree};
use random::Tape;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tree_sitter::{GRAMMAR, agree, command, file_there, grammar_rules, keywords_there, kinds_there, root, trees};

/// Nodes that only tree-sitter has: texts with expressions in them, conditions by precedence, remarks, and groups.
const ONLY_THERE: &[&str] = &[
    "file",
    "comment",
    "doc_comment",
    "binary_expr",
    "unary_expr",
    "template",
    "text",
    "escape",
    "placeholder",
    "brace",
    "type",
];
/// Nodes that only pest has: signs and words, which have no name in tree-sitter, and groups of one thing.
const ONLY_HERE: &[&str] = &[
    "arith_op",
    "aggregate_func",
    "assign",
    "bar",
    "coalesce",
    "colon",
    "comma",
    "dot",
    "equals",
    "exists_or_no",
    "history_func",
    "infix",
    "keys_or_window",
    "lbrace",
    "lbracket",
    "list_of",
    "lparen",
    "map_in",
    "map_joint",
    "map_not",
    "map_op",
    "matches",
    "minus",
    "prefix",
    "rbrace",
    "rbracket",
    "rparen",
    "sole_text",
    "rule_verb",
];

// ---------------------------------------------------------------- texts

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

/// Every policy of the project, right or wrong: files, and what is in the pages.
fn policies() -> Vec<(String, String)> {
    let (mut files, mut pages) = (Vec::new(), Vec::new());
    for folder in ["policies", "examples", "src", "tests"] {
        files_under(&root().join(folder), "bylaw", &mut files);
    }
    for folder in ["docs", "tests"] {
        files_under(&root().join(folder), "md", &mut pages);
    }
    let mut found: Vec<(String, String)> =
        files.iter().map(|p| (p.display().to_string(), std::fs::read_to_string(p).unwrap())).collect();
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for (i, block) in text.split("\n```bylaw").skip(1).enumerate() {
            let code = block.split_once('\n').map_or("", |(_, code)| code).split("\n```").next().unwrap();
            found.push((format!("{} {}", page.display(), i + 1), format!("{code}\n")));
        }
    }
    found
}

/// So many, the same every time.
fn drawn<T>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn random_policy(seeds: &random::Seeds) -> String {
    let schema = random::schema::schema(&mut Tape::new(&seeds.schema));
    let rules = seeds.rules.iter().enumerate();
    rules.fold(format!("{}\n{}\n", schema.print(), random::policy::SHARED), |text, (i, numbers)| {
        text + &random::policy::rule(&schema, numbers, &format!("rule_{i}"))
    })
}

/// A token is left out, said twice, moved, or put in another's place.
fn mutant(text: &str, others: &[String], tape: &mut Tape) -> String {
    let syntax = parse(FileId(0), text).syntax();
    let mut tokens: Vec<String> =
        syntax.descendants_with_tokens().filter_map(|e| e.into_token()).map(|t| t.text().to_string()).collect();
    let at = tape.below(tokens.len());
    match tape.below(5) {
        0 => drop(tokens.remove(at)),
        1 => tokens.insert(at, format!(" {} ", tokens[at])),
        2 => {
            let other = tape.below(tokens.len());
            tokens.swap(at, other);
        }
        3 => tokens.insert(at, format!(" {} ", tape.pick(others))),
        _ => tokens[at] = tape.pick(others).clone(),
    }
    tokens.concat()
}

// ---------------------------------------------------------------- tests

#[test]
fn every_policy_of_the_project() {
    if let Some(fit) = agree(&policies()) {
        assert!(fit > 200, "{fit} policies");
    }
}

#[test]
fn random_policies() {
    let texts = drawn(random::seeds(random::SMALL), 300);
    let texts: Vec<_> = texts.iter().map(|s| ("random".to_string(), random_policy(s))).collect();
    if let Some(fit) = agree(&texts) {
        assert_eq!(fit, 300);
    }
}

/// Texts that are wrong in one place, or mean something else than they did.
#[test]
fn mutants() {
    let mutants = std::env::var("BYLAWS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    let all = policies();
    let items: Vec<String> = all
        .iter()
        .flat_map(|(_, text)| {
            parse(FileId(0), text).syntax().children().map(|n| n.text().to_string()).collect::<Vec<_>>()
        })
        .filter(|item| parse(FileId(0), item).errors.is_empty())
        .collect();
    let words: BTreeSet<String> = keywords_there();
    let signs = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        ":",
        "=",
        "==",
        "?",
        "??",
        "-",
        "|",
        "\"",
        "1",
        "2025-01-01",
        "x",
        "\n",
    ];
    let others: Vec<String> = words.into_iter().chain(signs.map(String::from)).collect();
    let draw = (
        proptest::prelude::any::<proptest::sample::Index>(),
        proptest::collection::vec(proptest::prelude::any::<u16>(), 6),
    );
    let texts: Vec<(String, String)> = drawn(draw, mutants)
        .into_iter()
        .map(|(which, numbers)| {
            ("a mutant".into(), mutant(&items[which.index(items.len())], &others, &mut Tape::new(&numbers)))
        })
        .collect();
    if let Some(fit) = agree(&texts) {
        assert!(fit > mutants / 20 && fit < mutants - mutants / 20, "{fit} of {mutants} fit");
    }
}

/// What the one has and the other has not is known by name.
#[test]
fn nodes_have_the_names_of_the_grammar() {
    let there = kinds_there();
    let here: BTreeMap<String, GrammarExpr> = grammar_rules().into_iter().map(|r| (r.name, r.expr)).collect();
    let only_there: Vec<&String> = there.iter().filter(|n| !here.contains_key(*n)).collect();
    assert_eq!(only_there, sorted(ONLY_THERE).iter().collect::<Vec<_>>());
    let silent = parse_silent(GRAMMAR);
    let leads = |n: &str| n.starts_with("kw_") || n.starts_with("only_") || silent.contains(n);
    let only_here: Vec<&String> = here.keys().filter(|n| !there.contains(*n) && !leads(n)).collect();
    assert_eq!(only_here, sorted(ONLY_HERE).iter().collect::<Vec<_>>());
}

fn sorted(names: &'static [&'static str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
    names.sort();
    names
}

/// Rules that make no node: `name = _{ … }`, and what only looks ahead.
fn parse_silent(grammar: &str) -> BTreeSet<&str> {
    let names = grammar.lines().filter_map(|l| l.split_once(" = "));
    names.filter(|(name, rest)| rest.starts_with("_{") || name.starts_with("not_a_")).map(|(name, _)| name).collect()
}

/// Words that are nodes of their own in tree-sitter.
const LEAVES: [&str; 3] = ["no_one_exempt", "business", "days"];

/// Keywords are the same in the grammar, in tree-sitter's, and where they are coloured.
#[test]
fn keywords() {
    let mut here = BTreeSet::new();
    for rule in grammar_rules().iter().filter(|r| !r.name.starts_with("not_a_") && r.name != "reserved_word") {
        words_of(&rule.expr, &mut here);
    }
    let there = keywords_there();
    let highlights = file_there("queries/highlights.scm");
    let leaves: BTreeSet<String> = LEAVES.map(String::from).into();
    assert_eq!(here, there.union(&leaves).cloned().collect());
    let by_node = |w: &str| LEAVES.contains(&w) || matches!(w, "true" | "false");
    let uncoloured: Vec<&String> =
        here.iter().filter(|w| !by_node(w) && !highlights.contains(&format!("\"{w}\""))).collect();
    assert!(uncoloured.is_empty(), "{uncoloured:?}");
}

/// The scanner's lists of words, which are not made of the grammar, are the grammar's.
#[test]
fn words_of_the_scanner() {
    let scanner = file_there("src/scanner.c");
    let rules = grammar_rules();
    for (list, name) in [("NOT_A_UNIT", "not_a_unit"), ("NOT_A_KIND", "not_a_kind"), ("RESERVED", "reserved_word")] {
        let rule = rules.iter().find(|r| r.name == name).unwrap();
        let mut here = BTreeSet::new();
        words_of(&rule.expr, &mut here);
        let there = scanner.split(&format!("{list}[] = {{")).nth(1).and_then(|rest| rest.split('}').next()).unwrap();
        let there: BTreeSet<String> = there.split('"').skip(1).step_by(2).map(String::from).collect();
        assert_eq!(here, there, "{list}");
    }
}

fn words_of(expr: &GrammarExpr, found: &mut BTreeSet<String>) {
    match expr {
        GrammarExpr::Str(text) if text.len() > 1 && text.starts_with(|c: char| c.is_ascii_lowercase()) => {
            found.insert(text.clone());
        }
        GrammarExpr::Seq(a, b) | GrammarExpr::Choice(a, b) => {
            words_of(a, found);
            words_of(b, found);
        }
        GrammarExpr::Opt(of) | GrammarExpr::Rep(of) | GrammarExpr::RepOnce(of) => words_of(of, found),
        _ => {}
    }
}

/// Each word and sign has one colour, and nothing has two.
#[test]
fn every_word_has_one_colour() {
    let Some(command) = command() else { return };
    let texts: Vec<String> = policies().into_iter().map(|(_, text)| text).collect();
    for (text, tree) in texts.iter().zip(trees(&command, &texts)).filter(|(_, tree)| tree.fits) {
        let mut seen: BTreeMap<(usize, usize), &str> = BTreeMap::new();
        for (name, start, end) in &tree.captures {
            let before = seen.insert((*start, *end), name);
            assert!(before.is_none(), "`{}` is {name} and {before:?}", &text[*start..*end]);
        }
        let covered: Vec<&(usize, usize)> = seen.keys().collect();
        let leaves = tree
            .nodes
            .iter()
            .enumerate()
            .filter(|(i, n)| tree.nodes.get(i + 1).is_none_or(|next| next.depth <= n.depth));
        for (_, leaf) in leaves.filter(|(_, n)| n.end > n.start) {
            let inside = covered.iter().any(|(start, end)| *start <= leaf.start && leaf.end <= *end);
            assert!(inside, "{} `{}` has no colour", leaf.kind, &text[leaf.start..leaf.end]);
        }
    }
}
