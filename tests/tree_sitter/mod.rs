//! What tree-sitter makes of a text beside what the program makes of it, and where the two differ.

use bylaws::internals::source::FileId;
use bylaws::internals::syntax::{SyntaxKind, parse};
use pest_vm::Vm;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const GRAMMAR: &str = concat!(
    include_str!("../../grammar/lexical.pest"),
    include_str!("../../grammar/expressions.pest"),
    include_str!("../../grammar/items.pest")
);

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the tree-sitter grammar.
pub fn file_there(name: &str) -> String {
    std::fs::read_to_string(root().join("editors/tree-sitter-bylaw").join(name)).unwrap()
}

// ---------------------------------------------------------------- both readers

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    start: usize,
    end: usize,
    kind: String,
}

#[derive(serde::Deserialize)]
pub struct Node {
    pub kind: String,
    named: bool,
    pub start: usize,
    pub end: usize,
    pub depth: usize,
    field: Option<String>,
}

impl Node {
    fn place(&self) -> Place {
        Place { start: self.start, end: self.end, kind: self.kind.clone() }
    }
}

#[derive(serde::Deserialize)]
pub struct Tree {
    pub fits: bool,
    pub nodes: Vec<Node>,
    pub captures: Vec<(String, usize, usize)>,
}

/// The command of `editors/tree-sitter-bylaw`; none where it has not been built.
pub fn command() -> Option<PathBuf> {
    let own = || root().join("editors/tree-sitter-bylaw/target");
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from).join("debug/bylaw-tree");
    let found = std::env::var_os("BYLAWS_TREE").map(PathBuf::from).into_iter().chain([built]).find(|p| p.is_file());
    if found.is_none() {
        let how = "cargo build --manifest-path editors/tree-sitter-bylaw/Cargo.toml";
        assert!(std::env::var_os("BYLAWS_EDITORS").is_none(), "bylaw-tree is not built: {how}");
        eprintln!("skipped: bylaw-tree is not built: {how}");
    }
    found
}

/// What tree-sitter makes of each text.
pub fn trees(command: &Path, texts: &[String]) -> Vec<Tree> {
    let mut child = Command::new(command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<String> = texts.iter().map(|t| serde_json::to_string(t).unwrap()).collect();
    let writer = std::thread::spawn(move || lines.iter().try_for_each(|line| writeln!(stdin, "{line}")));
    let out = BufReader::new(child.stdout.take().unwrap());
    let trees: Vec<Tree> = out.lines().map(|l| serde_json::from_str(&l.unwrap()).unwrap()).collect();
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(trees.len(), texts.len());
    trees
}

/// The grammar itself, interpreted.
fn pest() -> Vm {
    let (_, rules) = pest_meta::parse_and_optimize(GRAMMAR).unwrap();
    Vm::new(rules)
}

/// The ends of what is neither blank nor remark.
fn ends(text: &str) -> BTreeSet<usize> {
    let mut at = 0;
    let mut ends = BTreeSet::new();
    for token in parse(FileId(0), text).syntax().descendants_with_tokens().filter_map(|e| e.into_token()) {
        at += token.text().len();
        if !token.kind().is_trivia() {
            ends.insert(at);
        }
    }
    ends
}

/// The nodes of the grammar, without the blanks behind them; none where the text does not fit.
fn pest_places(vm: &Vm, rule: &str, text: &str, origin: usize) -> Option<Vec<Place>> {
    let ends = ends(text);
    let pairs = vm.parse(rule, text).ok()?;
    let places = |pair: pest::iterators::Pair<'_, &str>| {
        let span = pair.as_span();
        let end = ends.range(span.start() + 1..=span.end()).next_back().copied().unwrap_or(span.end());
        // One rule for what is three, one in the other.
        let kinds = match pair.as_rule() {
            "sole_text" => vec!["expr", "operand", "string"],
            kind => vec![kind],
        };
        let place = |kind: &str| Place { start: origin + span.start(), end: origin + end, kind: kind.to_string() };
        kinds.into_iter().map(place).collect::<Vec<_>>()
    };
    Some(pairs.flatten().filter(|p| !p.as_str().is_empty()).flat_map(places).collect())
}

pub fn kinds_there() -> BTreeSet<String> {
    let types: Vec<serde_json::Value> = serde_json::from_str(&file_there("src/node-types.json")).unwrap();
    types.iter().filter(|t| t["named"] == true).map(|t| t["type"].as_str().unwrap().to_string()).collect()
}

/// The words without a name: keywords.
pub fn keywords_there() -> BTreeSet<String> {
    let types: Vec<serde_json::Value> = serde_json::from_str(&file_there("src/node-types.json")).unwrap();
    let names = types.iter().filter(|t| t["named"] == false).map(|t| t["type"].as_str().unwrap().to_string());
    names.filter(|n| n.starts_with(|c: char| c.is_ascii_lowercase())).collect()
}

pub fn grammar_rules() -> Vec<pest_meta::ast::Rule> {
    let pairs = pest_meta::parser::parse(pest_meta::parser::Rule::grammar_rules, GRAMMAR).unwrap();
    pest_meta::parser::consume_rules(pairs).unwrap()
}

/// What is compared: pest's rules that tree-sitter has, too.
fn kinds_of_both() -> BTreeSet<String> {
    let there = kinds_there();
    grammar_rules().into_iter().map(|r| r.name).filter(|n| there.contains(n)).collect()
}

// ---------------------------------------------------------------- comparing

/// Where the two differ.
fn difference(vm: &Vm, kinds: &BTreeSet<String>, text: &str, tree: &Tree) -> Option<String> {
    let here = pest_places(vm, "items", text, 0);
    match (here, tree.fits) {
        (None, false) => None,
        (None, true) => Some("tree-sitter takes what the grammar refuses".into()),
        (Some(_), false) if broken_template(text) => None,
        (Some(_), false) => Some("tree-sitter refuses what the grammar takes".into()),
        (Some(here), true) => differing_nodes(vm, kinds, text, tree, here)
            .or_else(|| differing_trees(text, tree))
            .or_else(|| remarks(text, tree)),
    }
}

fn placeholders(tree: &Tree) -> Vec<(usize, usize)> {
    tree.nodes.iter().filter(|n| n.kind == "placeholder").map(|n| (n.start, n.end)).collect()
}

/// The program finds fault with the expressions in a text, which pest does not look into.
fn broken_template(text: &str) -> bool {
    let errors = parse(FileId(0), text).errors;
    !errors.is_empty() && text.contains("because")
}

/// Named nodes of both, each with its place.
fn differing_nodes(vm: &Vm, kinds: &BTreeSet<String>, text: &str, tree: &Tree, mut here: Vec<Place>) -> Option<String> {
    let inserted = placeholders(tree);
    // What is inserted into texts the program reads by itself.
    for (start, end) in &inserted {
        here.extend(pest_places(vm, "only_expr", &text[start + 1..end - 1], start + 1)?);
    }
    let mut there: Vec<Place> = Vec::new();
    let mut parents: Vec<&str> = Vec::new();
    for node in &tree.nodes {
        parents.truncate(node.depth);
        let mut place = node.place();
        match node.kind.as_str() {
            "template" => place.kind = "string".into(),
            "type" => place.kind = "word".into(),
            _ => {}
        }
        parents.push(&node.kind);
        if node.named && kinds.contains(&place.kind) {
            there.push(place);
        }
    }
    here.retain(|p| kinds.contains(&p.kind));
    // A word of another name is a word, too.
    let named =
        |k: &str| matches!(k, "name" | "weekday" | "mark" | "cast_unit" | "unit" | "step_kind" | "history_kind");
    let words: BTreeSet<(usize, usize)> =
        here.iter().chain(&there).filter(|p| named(&p.kind)).map(|p| (p.start, p.end)).collect();
    let inside = |p: &Place| {
        p.kind == "word" && (words.contains(&(p.start, p.end)) || words.contains(&(p.start.wrapping_sub(1), p.end)))
    };
    here.retain(|p| !inside(p));
    there.retain(|p| !inside(p));
    here.sort();
    there.sort();
    first_difference(&here, &there, text)
}

fn first_difference(here: &[Place], there: &[Place], text: &str) -> Option<String> {
    let shown = |p: &Place| format!("{} {}..{} `{}`", p.kind, p.start, p.end, &text[p.start..p.end]);
    let only =
        |a: &[Place], b: &[Place]| -> Vec<String> { a.iter().filter(|p| !b.contains(p)).take(3).map(shown).collect() };
    let (h, t) = (only(here, there), only(there, here));
    match h.is_empty() && t.is_empty() {
        true if here.len() == there.len() => None,
        true => Some("a node is there twice".into()),
        false => Some(format!("only the grammar: {h:?}; only tree-sitter: {t:?}")),
    }
}

/// Operators with what they apply to, as the program's tree has them.
fn differing_trees(text: &str, tree: &Tree) -> Option<String> {
    let parsed = parse(FileId(0), text);
    if !parsed.errors.is_empty() {
        return None; // comparisons that chain, and the like: the program has no tree for them
    }
    let mut here = operators_of(&format!("{:#?}", parsed.file));
    let mut there = Vec::new();
    for (i, node) in tree.nodes.iter().enumerate() {
        let children = |of: usize| {
            let depth = tree.nodes[of].depth;
            tree.nodes[of + 1..].iter().take_while(move |n| n.depth > depth).filter(move |n| n.depth == depth + 1)
        };
        let operator =
            |of: usize| children(of).find(|c| c.field.as_deref() == Some("operator")).map(|c| c.kind.as_str());
        match node.kind.as_str() {
            "binary_expr" | "unary_expr" => {
                let parent = parent(tree, i);
                let joined = matches!(operator(i), Some("and" | "or"))
                    && tree.nodes[parent].kind == "binary_expr"
                    && operator(parent) == operator(i)
                    && node.field.as_deref() == Some("left");
                // `ignoring case` is none of it; parentheses around it are.
                let last = children(i).filter(|c| matches!(c.field.as_deref(), Some("right" | "operand"))).last()?;
                let around = &tree.nodes[self::parent(tree, parent)];
                let (start, end) = match around.kind.as_str() {
                    "paren" if tree.nodes[parent].kind == "expr" => (around.start, around.end),
                    _ => (node.start, last.end),
                };
                if !joined {
                    there.push(Place { start, end, kind: node.kind.replace("_expr", "") });
                }
            }
            _ => {}
        }
    }
    here.sort();
    there.sort();
    first_difference(&here, &there, text)
}

fn parent(tree: &Tree, of: usize) -> usize {
    (0..of).rev().find(|&p| tree.nodes[p].depth < tree.nodes[of].depth).unwrap_or(0)
}

/// Read off the tree's own rendering: `Expr {`, `kind: Compare {`, …, `span: 0:3..9,`.
fn operators_of(rendered: &str) -> Vec<Place> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut found = Vec::new();
    for line in rendered.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim_start();
        if line.ends_with("Expr {") && !line.ends_with("MapExpr {") {
            open.push((indent, ""));
        }
        let Some((_, kind)) = open.last_mut().filter(|(at, _)| *at + 4 == indent) else { continue };
        if let Some(name) = line.strip_prefix("kind: ") {
            *kind = match name.trim_end_matches([' ', '{', '(', ',']) {
                "And" | "Or" | "Compare" | "Arith" | "In" | "TextTest" | "Overlaps" | "Matches" | "Under"
                | "Coalesce" => "binary",
                "Not" | "Neg" => "unary",
                _ => "",
            };
        } else if let Some(span) = line.strip_prefix("span: 0:") {
            let (start, end) = span.trim_end_matches(',').split_once("..").unwrap();
            if !kind.is_empty() {
                let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
                found.push(Place { start, end, kind: kind.to_string() });
            }
            open.pop();
        }
    }
    found
}

fn remarks(text: &str, tree: &Tree) -> Option<String> {
    let mut at = 0;
    let mut here = Vec::new();
    for token in parse(FileId(0), text).syntax().descendants_with_tokens().filter_map(|e| e.into_token()) {
        let kind = match token.kind() {
            SyntaxKind::Remark => "comment",
            SyntaxKind::DocRemark => "doc_comment",
            _ => "",
        };
        let start = at;
        at += token.text().len();
        if !kind.is_empty() {
            here.push(Place { start, end: at, kind: kind.into() });
        }
    }
    let there: Vec<Place> = tree.nodes.iter().filter(|n| n.kind.ends_with("comment")).map(Node::place).collect();
    first_difference(&here, &there, text)
}

/// Fails with all differences.
pub fn agree(texts: &[(String, String)]) -> Option<usize> {
    let command = command()?;
    let (vm, kinds) = (pest(), kinds_of_both());
    let plain: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
    let trees = trees(&command, &plain);
    let told = |((name, text), tree): (&(String, String), &Tree)| {
        difference(&vm, &kinds, text, tree).map(|d| format!("{name}: {d}\n{text}"))
    };
    let wrong: Vec<String> = texts.iter().zip(&trees).filter_map(told).collect();
    let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n======\n");
    assert!(wrong.is_empty(), "{} of {} differ\n{shown}", wrong.len(), texts.len());
    Some(trees.iter().filter(|t| t.fits).count())
}
