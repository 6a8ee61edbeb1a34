//! `bylaws lsp` over the real protocol.

#[path = "lsp/editor.rs"]
mod editor;

use editor::{Editor, diagnostics, range};
use serde_json::{Value, json};

const RECORDS: &str = r#"/// What was given to whom.
record gift at received by person identity id {
  id: text,
  received: date,
  /// Who took it.
  person: ref employee,
  value: money,
  giver: { name: text, kind: enum { state, supplier, private }? },
}

table employee key id { id: text @person, unit: text, manager: ref employee? }
"#;

const RULES: &str = r#"import "records.bylaw"

/// More than this needs an approval.
param cap: money = 500 CNY
let suppliers = { "acme", "globex" }
define is_official(g: gift) = g.giver.kind? == state

forbid large_gift "No gift over the cap" {
  on       gift
  when     value > cap and giver.name in suppliers
  unless   state_visit: is_official(gift)
  severity major
  because  "{person} received {value}"
}

test "over the cap" {
  given gift as g { id: "1", received: 2025-03-01, person: "E1", value: 650 CNY, giver: { name: "acme" } }
  expect finding large_gift on g
}
"#;

fn files() -> [(&'static str, &'static str); 2] {
    [("records.bylaw", RECORDS), ("rules.bylaw", RULES)]
}

/// An editor with both files, of which the rules are open and in order.
fn opened() -> (Editor, String) {
    let mut editor = Editor::open(&files());
    let text = editor.did_open_file("rules.bylaw");
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(1))), "nothing\n");
    (editor, text)
}

#[test]
fn three_malformed_edits_and_their_diagnostics() {
    let (mut editor, text) = opened();
    let mut said = String::new();
    let edits = [
        ("a field that is not there", "value > cap", "valeu > cap"),
        ("half a line, as one types", "giver.name in suppliers", "giver.name in "),
        (
            "a brace taken away, and a word that the enum does not have",
            "  severity major\n  because",
            "  severity majorer\n}\n  because",
        ),
    ];
    for (i, (what, old, new)) in edits.into_iter().enumerate() {
        let version = 2 * i as i64 + 2;
        let wrong = editor.edit("rules.bylaw", version, &text, old, new);
        let told = editor.diagnostics("rules.bylaw", Some(version));
        said.push_str(&format!("{what}: {old:?} -> {new:?}\n{}\n", diagnostics(&told)));
        editor.edit("rules.bylaw", version + 1, &wrong, new, old);
        let told = editor.diagnostics("rules.bylaw", Some(version + 1));
        assert_eq!(diagnostics(&told), "nothing\n", "after it was taken back");
    }
    insta::assert_snapshot!(said);
    assert_eq!(editor.close(), 0);
}

#[test]
fn an_edit_is_told_of_in_the_other_files_of_the_set() {
    let (mut editor, _) = opened();
    let records = editor.did_open_file("records.bylaw");
    editor.diagnostics("records.bylaw", Some(1));
    editor.edit("records.bylaw", 2, &records, "value: money", "worth: money");
    let rules = editor.diagnostics("rules.bylaw", Some(1));
    insta::assert_snapshot!(diagnostics(&rules));
    // Closed without being saved, the file is as it is on the disk.
    let uri = editor.uri("records.bylaw");
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(1))), "nothing\n");
}

#[test]
fn hover_tells_what_a_name_stands_for() {
    let (mut editor, text) = opened();
    let mut said = String::new();
    for mark in [
        "gift\n  when",
        "value > cap",
        "cap and",
        "suppliers\n",
        "is_official(gift)",
        "state\n",
        "person} rec",
        "E1\"",
        "large_gift on",
        "g\n}",
    ] {
        let at = text.find(mark).unwrap();
        let word: String = text[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let position = editor::position(&text, at + 1);
        let uri = editor.uri("rules.bylaw");
        let result =
            editor.request("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": position }));
        said.push_str(&format!(
            "==== {word} ({})\n{}\n",
            range(&result["range"]),
            result["contents"]["value"].as_str().unwrap_or("nothing")
        ));
    }
    insta::assert_snapshot!(said);
}

/// `rules.bylaw 3:2-3:4`, a line each.
fn locations(all: &Value) -> String {
    let place =
        |l: &Value| format!("{} {}\n", l["uri"].as_str().unwrap().rsplit('/').next().unwrap(), range(&l["range"]));
    all.as_array().unwrap().iter().map(place).collect()
}

#[test]
fn names_lead_to_their_declarations_and_uses() {
    let (mut editor, text) = opened();
    let definition = editor.behind("textDocument/definition", "rules.bylaw", &text, "when     val");
    assert_eq!(locations(&definition), "records.bylaw 6:2-6:7\n");
    let all = json!({ "context": { "includeDeclaration": true } });
    let references = editor.at("textDocument/references", "rules.bylaw", &text, "cap and", all);
    assert_eq!(locations(&references), "rules.bylaw 3:6-3:9\nrules.bylaw 9:19-9:22\n");
}
