//! Shows trees. `bylaw-tree FILE…` prints them for people. Without a file it takes texts from standard input, each a
//! JSON text on a line of its own, and answers each with a line: whether the text fits the grammar, the nodes in the
//! order of the text, and what the highlight queries capture.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use tree_sitter::{Node, Parser, Query, QueryCursor, StreamingIterator, Tree};

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let done = if files.is_empty() { answer() } else { print(&files) };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bylaw-tree: {error}");
            ExitCode::from(2)
        }
    }
}

type Outcome = Result<bool, Box<dyn std::error::Error>>;

fn parser() -> Result<Parser, Box<dyn std::error::Error>> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bylaw::LANGUAGE.into())?;
    Ok(parser)
}

fn parse(parser: &mut Parser, text: &str) -> Result<Tree, Box<dyn std::error::Error>> {
    Ok(parser.parse(text, None).ok_or("parsing was stopped")?)
}

/// False where a file does not fit.
fn print(files: &[String]) -> Outcome {
    let mut parser = parser()?;
    let mut fits = true;
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
        let tree = parse(&mut parser, &text)?;
        fits &= !tree.root_node().has_error();
        println!("{file}");
        walk(&tree, |node, depth, field| {
            if node.is_named() || node.is_missing() {
                let start = node.start_position();
                let name = field.map(|f| format!("{f}: ")).unwrap_or_default();
                let missing = if node.is_missing() { "MISSING " } else { "" };
                let (line, column) = (start.row + 1, start.column + 1);
                println!("{:1$}{name}{missing}{2} {line}:{column}", "", 2 * depth + 2, node.kind());
            }
        });
    }
    Ok(fits)
}

fn answer() -> Outcome {
    let mut parser = parser()?;
    let query = Query::new(&tree_sitter_bylaw::LANGUAGE.into(), tree_sitter_bylaw::HIGHLIGHTS_QUERY)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let tree = parse(&mut parser, &text)?;
        let line = json!({
            "fits": !tree.root_node().has_error(),
            "nodes": told(&tree),
            "captures": captures(&query, &tree, &text),
        });
        writeln!(out, "{line}")?;
    }
    Ok(true)
}

/// Shows each node, before those in it, with its depth and what its parent calls it.
fn walk(tree: &Tree, mut show: impl FnMut(Node<'_>, usize, Option<&str>)) {
    let mut cursor = tree.walk();
    loop {
        show(cursor.node(), cursor.depth() as usize, cursor.field_name());
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

fn told(tree: &Tree) -> Vec<Value> {
    let mut told = Vec::new();
    walk(tree, |node, depth, field| {
        told.push(json!({
            "kind": node.kind(),
            "named": node.is_named(),
            "start": node.start_byte(),
            "end": node.end_byte(),
            "depth": depth,
            "field": field,
        }));
    });
    told
}

/// Name, start and end of each capture, in the order of the text. Of two of one place the last one counts.
fn captures(query: &Query, tree: &Tree, text: &str) -> Vec<Value> {
    let mut cursor = QueryCursor::new();
    let mut found = cursor.captures(query, tree.root_node(), text.as_bytes());
    let mut told = Vec::new();
    while let Some((matched, index)) = found.next() {
        let capture = matched.captures()[*index];
        let name = query.capture_names()[capture.index as usize];
        told.push(json!([name, capture.node.start_byte(), capture.node.end_byte()]));
    }
    told
}
