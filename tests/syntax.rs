//! Each file of a folder as a tree, and what is wrong with it, beside it.

use bylaws::internals::source::FileId;
use bylaws::internals::syntax::{Parsed, SyntaxKind, SyntaxNode, parse};
use std::fmt::Write;

#[test]
fn trees_and_errors() {
    insta::glob!("syntax/*.bylaw", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let parsed = parse(FileId(0), &text);
        assert_eq!(parsed.syntax().text().to_string(), text);
        insta::with_settings!({ snapshot_path => "syntax", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("tree", tree(&parsed));
            insta::assert_snapshot!("errors", errors(&parsed, &text));
        });
    });
}

/// A node a line; a node without nodes in it shows its words.
fn tree(parsed: &Parsed) -> String {
    fn show(node: &SyntaxNode, depth: usize, out: &mut String) {
        let children: Vec<_> = node.children().collect();
        let _ = write!(out, "{:indent$}{:?}", "", node.kind(), indent = depth * 2);
        let words: Vec<String> = node
            .children_with_tokens()
            .filter_map(|e| e.into_token())
            .filter(|t| !matches!(t.kind(), SyntaxKind::Blank | SyntaxKind::Remark))
            .map(|t| t.text().to_owned())
            .collect();
        let _ = writeln!(out, " {}", words.join(" "));
        children.iter().for_each(|child| show(child, depth + 1, out));
    }
    let mut out = String::new();
    show(&parsed.syntax(), 0, &mut out);
    out
}

/// What is told: place, code, message; what is underlined and what is said there; the help.
fn errors(parsed: &Parsed, text: &str) -> String {
    let mut out = String::new();
    for error in &parsed.errors {
        for (i, label) in error.labels.iter().enumerate() {
            let (before, range) = (&text[..label.span.start as usize], label.span.range());
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
            match i {
                0 => writeln!(
                    out,
                    "{line}:{column} {}: {}\n    `{}`: {}",
                    error.code, error.message, &text[range], label.text
                ),
                _ => writeln!(out, "    `{}` at {line}:{column}: {}", &text[range], label.text),
            }
            .unwrap();
        }
        if let Some(help) = &error.help {
            let _ = writeln!(out, "    help: {help}");
        }
    }
    out
}
