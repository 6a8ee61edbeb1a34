//! `test/corpus`: texts and the trees they are read as, in tree-sitter's own format. `BYLAWS_UPDATE=1` writes the trees
//! anew: read what it wrote.

use std::fmt::Write;
use std::path::Path;
use tree_sitter::{Node, Parser};

/// One example: its heading with the rules around it, its text, and its tree.
struct Example {
    name: String,
    text: String,
    tree: String,
}

fn examples(file: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut parts = file.split("==================\n").skip(1);
    while let (Some(name), Some(body)) = (parts.next(), parts.next()) {
        let (text, tree) = body.split_once("\n---\n").unwrap_or_else(|| panic!("{name}: no tree"));
        let text = text.strip_prefix('\n').unwrap_or(text).to_string();
        examples.push(Example { name: name.trim().to_string(), text, tree: tree.trim().to_string() });
    }
    examples
}

/// Named nodes, a line each where they hold others.
fn shown(node: Node<'_>, field: Option<&str>, depth: usize, out: &mut String) {
    if depth > 0 {
        let _ = write!(out, "\n{:1$}", "", 2 * depth);
    }
    let name = field.map(|f| format!("{f}: ")).unwrap_or_default();
    let missing = if node.is_missing() { "MISSING " } else { "" };
    let _ = write!(out, "{name}({missing}{}", node.kind());
    let mut cursor = node.walk();
    if cursor.goto_first_child() {
        loop {
            if cursor.node().is_named() || cursor.node().is_missing() {
                shown(cursor.node(), cursor.field_name(), depth + 1, out);
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
    }
    out.push(')');
}

#[test]
fn corpus() {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bylaw::LANGUAGE.into()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/corpus");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for path in paths {
        let file = std::fs::read_to_string(&path).unwrap();
        let mut anew = String::new();
        for Example { name, text, tree } in examples(&file) {
            count += 1;
            let parsed = parser.parse(&text, None).unwrap();
            let mut is = String::new();
            shown(parsed.root_node(), None, 0, &mut is);
            if is != tree {
                wrong.push(format!("{name}\n{text}\n--- should be\n{tree}\n--- is\n{is}"));
            }
            let rule = "==================";
            anew += &format!("{rule}\n{name}\n{rule}\n\n{text}\n---\n\n{is}\n\n");
        }
        if std::env::var_os("BYLAWS_UPDATE").is_some() {
            std::fs::write(&path, format!("{}\n", anew.trim_end())).unwrap();
        }
    }
    assert!(count > 30, "{count} examples");
    assert!(wrong.is_empty() || std::env::var_os("BYLAWS_UPDATE").is_some(), "{}", wrong.join("\n\n"));
}
