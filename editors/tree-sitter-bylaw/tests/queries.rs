//! What editors ask of a tree: each query fits the grammar, and finds what it is for.

use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator};

const TEXT: &str = r#"/// A gift.
record gift at day by person { day: date, person: text, value: money }

param cap: money = 500 CNY

forbid big "Big gifts" {
  on   gift as g where g.person matches /^E/
  when g.value > cap and exists gift as other within 30 days before where other.person == g.person
  because "{g.value} of {{cap}}"
}

test "around the cap" {
  given gift as over { day: 2026-01-05, person: "E1", value: 501 CNY }
  expect finding big on over
}
"#;

/// Each capture with its text, in the order of the text.
fn captured(query: &str) -> Vec<(String, &'static str)> {
    let language: Language = tree_sitter_bylaw::LANGUAGE.into();
    let mut parser = Parser::new();
    parser.set_language(&language).unwrap();
    let tree = parser.parse(TEXT, None).unwrap();
    assert!(!tree.root_node().has_error());
    let query = Query::new(&language, query).unwrap();
    let mut cursor = QueryCursor::new();
    let mut found = cursor.captures(&query, tree.root_node(), TEXT.as_bytes());
    let mut told = Vec::new();
    while let Some((matched, index)) = found.next() {
        let capture = matched.captures()[*index];
        let name = query.capture_names()[capture.index as usize];
        told.push((name.to_string(), &TEXT[capture.node.byte_range()]));
    }
    told
}

fn texts(query: &str, name: &str) -> Vec<&'static str> {
    captured(query).into_iter().filter(|(n, _)| n == name).map(|(_, text)| text).collect()
}

#[test]
fn tags() {
    assert_eq!(
        texts(tree_sitter_bylaw::TAGS_QUERY, "name"),
        ["gift", "cap", "big", "gift", "gift", "around the cap", "gift", "big"]
    );
    let definitions = captured(tree_sitter_bylaw::TAGS_QUERY);
    assert_eq!(definitions.iter().filter(|(name, _)| name.starts_with("definition.")).count(), 4);
}

#[test]
fn locals() {
    assert_eq!(texts(tree_sitter_bylaw::LOCALS_QUERY, "local.definition"), ["g", "other", "over"]);
    let references = texts(tree_sitter_bylaw::LOCALS_QUERY, "local.reference");
    assert_eq!(references, ["g", "g", "cap", "other", "g", "g", "over"]);
    assert_eq!(texts(tree_sitter_bylaw::LOCALS_QUERY, "local.scope").len(), 3);
}

#[test]
fn folds_and_indents() {
    let first_lines = |texts: Vec<&'static str>| -> Vec<_> { texts.iter().filter_map(|t| t.lines().next()).collect() };
    let folds = first_lines(texts(tree_sitter_bylaw::FOLDS_QUERY, "fold"));
    assert!(folds.contains(&"forbid big \"Big gifts\" {") && folds.contains(&"test \"around the cap\" {"), "{folds:?}");
    let indents = first_lines(texts(tree_sitter_bylaw::INDENTS_QUERY, "indent"));
    assert!(indents.contains(&"forbid big \"Big gifts\" {"), "{indents:?}");
    assert_eq!(texts(tree_sitter_bylaw::INDENTS_QUERY, "outdent"), ["}"; 4]);
}

#[test]
fn injections() {
    let injected = texts(tree_sitter_bylaw::INJECTIONS_QUERY, "injection.content");
    assert_eq!(injected, ["/// A gift.", "/^E/"]);
}

#[test]
fn highlights() {
    let captures = captured(tree_sitter_bylaw::HIGHLIGHTS_QUERY);
    for (name, text) in [
        ("comment.documentation", "/// A gift."),
        ("keyword", "record"),
        ("type", "gift"),
        ("type.builtin", "money"),
        ("constant", "cap"),
        ("number", "500"),
        ("type.unit", "CNY"),
        ("function", "big"),
        ("string", "\"Big gifts\""),
        ("string.regexp", "/^E/"),
        ("keyword.operator", "exists"),
        ("property", "person"),
        ("punctuation.special", "{"),
        ("string.escape", "{{"),
        ("constant.builtin", "finding"),
    ] {
        assert!(captures.iter().any(|c| c.0 == name && c.1 == text), "{name} {text}\n{captures:?}");
    }
}
