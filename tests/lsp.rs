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

#[test]
fn a_name_is_renamed_everywhere_or_not_at_all() {
    let (mut editor, text) = opened();
    let rename = |editor: &mut Editor, mark: &str, new: &str| {
        let result = editor.at("textDocument/rename", "rules.bylaw", &text, mark, json!({ "newName": new }));
        match result.get("error") {
            Some(error) => format!("{new:?}: {}\n", error["message"].as_str().unwrap()),
            None => {
                let mut out = String::new();
                for change in result["documentChanges"].as_array().unwrap() {
                    let document = &change["textDocument"];
                    let file = document["uri"].as_str().unwrap().rsplit('/').next().unwrap();
                    out.push_str(&format!("{file}, version {}:", document["version"]));
                    for edit in change["edits"].as_array().unwrap() {
                        out.push_str(&format!(" {} {}", range(&edit["range"]), edit["newText"]));
                    }
                    out.push('\n');
                }
                out
            }
        }
    };
    let mut said = String::new();
    for (mark, new) in [
        // A field, in a rule, a message, a test and its declaration in a file that is not open.
        ("value >", "worth"),
        ("large_gift \"", "gift_over_cap"),
        ("value >", "2nd"),
        ("value >", "not"),
        ("value >", "größe"),
        // Taken, and hiding something else.
        ("value >", "person"),
        ("cap and", "suppliers"),
        ("cap and", "value"),
        ("  on   ", "x"),
    ] {
        said.push_str(&format!("{} -> ", mark.trim()));
        said.push_str(&rename(&mut editor, mark, new));
    }
    let prepared = editor.at("textDocument/prepareRename", "rules.bylaw", &text, "cap and", json!({}));
    assert_eq!((range(&prepared["range"]), prepared["placeholder"].clone()), ("9:19-9:22".into(), json!("cap")));
    let refused = editor.at("textDocument/prepareRename", "rules.bylaw", &text, "because", json!({}));
    said.push_str(refused["error"]["message"].as_str().unwrap());
    insta::assert_snapshot!(said);
}

/// Completions where `|` stands, as `label (detail)`.
fn completions(editor: &mut Editor, text: &str) -> Vec<String> {
    let at = text.find('|').unwrap();
    let text = text.replacen('|', "", 1);
    editor.did_open("try.bylaw", &text);
    let uri = editor.uri("try.bylaw");
    let params = json!({ "textDocument": { "uri": uri }, "position": editor::position(&text, at) });
    let result = editor.request("textDocument/completion", params);
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    let item = |item: &Value| match item["detail"].as_str() {
        Some(detail) => format!("{} ({detail})", item["label"].as_str().unwrap()),
        None => item["label"].as_str().unwrap().to_owned(),
    };
    result["items"].as_array().unwrap().iter().map(item).collect()
}

#[test]
fn completion_knows_the_schema_and_what_stands_where() {
    let (mut editor, _) = opened();
    let mut said = String::new();
    for text in [
        "|",
        "forbid x {\n  |\n}",
        "forbid x {\n  on |\n}",
        "forbid x {\n  on gift\n  when |\n}",
        "forbid x {\n  on gift as g\n  when g.giver.|\n}",
        "forbid x {\n  on gift\n  when person.|\n}",
        "forbid x {\n  on gift\n  when person.manager.u|\n}",
        "forbid x {\n  on gift\n  when giver.kind? == |\n}",
        "forbid x {\n  on gift\n  when giver.kind? in { state, |\n}",
        "forbid x {\n  on gift\n  when value > 5 |\n}",
        "forbid x {\n  on gift\n  when value |\n}",
        "forbid x {\n  on gift\n  when exists |\n}",
        "forbid x {\n  on gift\n  severity |\n}",
        "forbid x {\n  on gift\n  because \"{|\"\n}",
        "forbid x {\n  on gift\n  because \"to {giver.|}\"\n}",
        "limit x {\n  on gift\n  sum value per |\n}",
        "record x { a: | }",
        "record x { a: ref | }",
        "import \"|\"",
        "test \"t\" {\n  |\n}",
        "test \"t\" {\n  given |\n}",
        "test \"t\" {\n  given gift as g { | }\n}",
        "test \"t\" {\n  given gift as g { giver: { kind: | } }\n}",
        "test \"t\" {\n  given gift as g {}\n  expect |\n}",
        "test \"t\" {\n  given gift as g {}\n  expect finding |\n}",
        "test \"t\" {\n  given gift as g {}\n  expect finding large_gift on |\n}",
        "test \"t\" {\n  given gift as g {}\n  expect excepted large_gift on g by |\n}",
        "waive |",
        "waive large_gift for |",
        "// forb|",
        "forbid x { cite \"|\" }",
    ] {
        let found = completions(&mut editor, text);
        let shown = if found.len() > 24 {
            format!("{} and {} more", found[..24].join(", "), found.len() - 24)
        } else {
            found.join(", ")
        };
        said.push_str(&format!("{text}\n    {shown}\n\n"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn every_fix_is_an_action() {
    let wrong = RULES.replace("value > cap", "valeu > cap").replace("severity major", "severity majr");
    let mut editor = Editor::open(&files());
    editor.did_open("rules.bylaw", &wrong);
    editor.diagnostics("rules.bylaw", Some(1));
    let uri = editor.uri("rules.bylaw");
    let all = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let ask = |editor: &mut Editor, range: &Value, context: Value| {
        editor.request(
            "textDocument/codeAction",
            json!({ "textDocument": { "uri": uri }, "range": range, "context": context }),
        )
    };
    let actions = ask(&mut editor, &all, json!({ "diagnostics": [] }));
    let mut said = String::new();
    for action in actions.as_array().unwrap() {
        said.push_str(&format!("{} {}\n", action["kind"].as_str().unwrap(), action["title"]));
        for edit in action["edit"]["documentChanges"][0]["edits"].as_array().unwrap() {
            said.push_str(&format!("    {} {}\n", range(&edit["range"]), edit["newText"]));
        }
    }
    insta::assert_snapshot!(said);
    let at = json!({ "start": { "line": 9, "character": 12 }, "end": { "line": 9, "character": 12 } });
    let only = ask(&mut editor, &at, json!({ "diagnostics": [], "only": ["quickfix"] }));
    assert_eq!(only.as_array().unwrap().len(), 1);
    let only = ask(&mut editor, &at, json!({ "diagnostics": [], "only": ["source"] }));
    assert_eq!(only[0]["kind"], "source.fixAll");
    let none = ask(&mut editor, &at, json!({ "diagnostics": [], "only": ["refactor"] }));
    assert_eq!(none, json!([]));
}

#[test]
fn lints_speak_once_the_author_pauses() {
    let text = format!("{RULES}let spare = 5\n");
    let mut editor =
        Editor::open(&[("records.bylaw", RECORDS), ("bylaws.toml", "[lint]\nselect = [\"L0801\", \"L0601\"]\n")]);
    editor.did_open("rules.bylaw", &text);
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(1))), "nothing\n");
    let told = editor.diagnostics("rules.bylaw", Some(1));
    let all = diagnostics(&told);
    assert!(all.contains(" L0601 `large_gift` does not say where it is written down"), "{all}");
    let spare = told["diagnostics"].as_array().unwrap().iter().find(|d| d["code"] == "L0801").unwrap();
    assert_eq!((range(&spare["range"]), &spare["tags"]), ("19:4-19:9".into(), &json!([1])), "{spare}");
    // While something is wrong, they are silent.
    let wrong = editor.edit("rules.bylaw", 2, &text, "value > cap", "valeu > cap");
    let all = diagnostics(&editor.diagnostics("rules.bylaw", Some(2)));
    assert!(all.contains("B0201") && !all.contains("L0"), "{all}");
    editor.edit("rules.bylaw", 3, &wrong, "valeu > cap", "value > cap");
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(3))), "nothing\n");
    let again = diagnostics(&editor.diagnostics("rules.bylaw", Some(3)));
    assert!(again.contains("L0601") && again.contains("L0801"), "{again}");
    // Settings that cannot be read are told of.
    std::fs::write(editor.path("bylaws.toml"), "[lint]\nselect = [\"L9999\"]\n").unwrap();
    editor.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": [{ "uri": editor.uri("bylaws.toml"), "type": 2 }] }),
    );
    let message = editor.told("window/showMessage")["params"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("bylaws.toml`, line 2: ") && message.ends_with("; the lints are not run"), "{message}");
}

#[test]
fn outlines_colours_hints_and_links() {
    let text = RULES.replace("value > cap and", "count(gift over 30 days) > 5 and value > cap and");
    let mut editor = Editor::open(&files());
    editor.did_open("rules.bylaw", &text);
    let uri = editor.uri("rules.bylaw");
    let mut said = String::new();
    let symbols = editor.about("textDocument/documentSymbol", "rules.bylaw");
    fn outline(symbols: &Value, indent: usize, out: &mut String) {
        for s in symbols.as_array().into_iter().flatten() {
            let detail = s["detail"].as_str().unwrap_or("");
            out.push_str(&format!("{:indent$}{} {detail} {}\n", "", s["name"].as_str().unwrap(), range(&s["range"])));
            outline(&s["children"], indent + 2, out);
        }
    }
    outline(&symbols, 0, &mut said);
    let symbols = editor.about("textDocument/documentSymbol", "records.bylaw");
    outline(&symbols, 0, &mut said);
    said.push_str("\nworkspace symbols with `gift`:");
    for s in editor.request("workspace/symbol", json!({ "query": "GIFT" })).as_array().unwrap() {
        said.push_str(&format!(" {}", s["name"].as_str().unwrap()));
    }
    let hints = editor.request("textDocument/inlayHint", json!({ "textDocument": { "uri": uri }, "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } } }));
    said.push_str("\n\nhints:\n");
    for h in hints.as_array().unwrap() {
        said.push_str(&format!("{}:{} {}\n", h["position"]["line"], h["position"]["character"], h["label"]));
    }
    said.push_str("\nfolds:");
    for f in editor.about("textDocument/foldingRange", "rules.bylaw").as_array().unwrap() {
        said.push_str(&format!(" {}-{}", f["startLine"], f["endLine"]));
    }
    let links = editor.about("textDocument/documentLink", "rules.bylaw");
    said.push_str(&format!("\n\nlinks: {} to {}\n", range(&links[0]["range"]), editor.plain(&links[0]["target"])));
    let definition = editor.at("textDocument/definition", "rules.bylaw", &text, "records.bylaw", json!({}));
    assert_eq!(definition["uri"], editor.uri("records.bylaw").as_str());
    let signature = editor.behind("textDocument/signatureHelp", "rules.bylaw", &text, "is_official(g");
    said.push_str(&format!("signature: {}\n", signature["signatures"][0]["label"]));
    let signature = editor.behind("textDocument/signatureHelp", "rules.bylaw", &text, "state_visit: is_official(");
    assert_eq!(
        (&signature["signatures"][0]["label"], &signature["activeParameter"]),
        (&json!("is_official(g: gift)"), &json!(0))
    );
    insta::assert_snapshot!(said);
}

/// Each word with its colour.
fn coloured(text: &str, data: &Value, legend: &Value) -> String {
    let lines: Vec<Vec<u16>> = text.split('\n').map(|l| l.encode_utf16().collect()).collect();
    let (mut line, mut column) = (0, 0);
    let mut out = String::new();
    let data: Vec<usize> = data.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    for token in data.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        if token[0] > 0 {
            line += token[0];
            out.push('\n');
        }
        let word = String::from_utf16(&lines[line][column..column + token[2]]).unwrap();
        out.push_str(&format!("[{} {word}]", legend["tokenTypes"][token[3]].as_str().unwrap()));
    }
    out
}

#[test]
fn words_have_their_colours_and_only_changes_are_sent() {
    let mut editor = Editor::start(&files());
    let folders = json!([{ "uri": editor.uri(""), "name": "p" }]);
    let answer = editor.request(
        "initialize",
        json!({ "processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": {} }),
    );
    let legend = answer["capabilities"]["semanticTokensProvider"]["legend"].clone();
    let text = editor.did_open_file("rules.bylaw");
    let full = editor.about("textDocument/semanticTokens/full", "rules.bylaw");
    insta::assert_snapshot!(coloured(&text, &full["data"], &legend));
    let uri = editor.uri("rules.bylaw");
    let ask = |editor: &mut Editor, id: &Value| {
        editor.request(
            "textDocument/semanticTokens/full/delta",
            json!({ "textDocument": { "uri": uri }, "previousResultId": id }),
        )
    };
    let same = ask(&mut editor, &full["resultId"]);
    assert_eq!(same["edits"], json!([]));
    let text = editor.edit("rules.bylaw", 2, &text, "500 CNY", "500 CNY\nparam low: money = 5 CNY");
    let delta = ask(&mut editor, &same["resultId"]);
    let edit = &delta["edits"][0];
    let mut data = full["data"].as_array().unwrap().clone();
    let start = edit["start"].as_u64().unwrap() as usize;
    let gone = edit["deleteCount"].as_u64().unwrap() as usize;
    assert!(gone < data.len() / 2, "{edit}");
    data.splice(start..start + gone, edit["data"].as_array().unwrap().clone());
    let anew = editor.about("textDocument/semanticTokens/full", "rules.bylaw");
    assert_eq!(Value::from(data), anew["data"]);
    // Of an id that is not known, all.
    assert_eq!(ask(&mut editor, &json!("0"))["data"], anew["data"]);
    let lines = json!({ "start": { "line": 3, "character": 0 }, "end": { "line": 3, "character": 99 } });
    let part =
        editor.request("textDocument/semanticTokens/range", json!({ "textDocument": { "uri": uri }, "range": lines }));
    assert_eq!(
        coloured(&text, &part["data"], &legend).trim(),
        "[keyword param][variable cap][type money][operator =][number 500][number CNY]"
    );
}

#[test]
fn a_lens_runs_a_test_and_its_failure_is_shown() {
    let (mut editor, text) = opened();
    let lenses = editor.about("textDocument/codeLens", "rules.bylaw");
    let command = &lenses[0]["command"];
    assert_eq!((&command["title"], &command["command"]), (&json!("run test"), &json!("bylaws.runTest")));
    let run = |editor: &mut Editor| {
        editor.request(
            "workspace/executeCommand",
            json!({ "command": command["command"], "arguments": command["arguments"] }),
        )
    };
    let results = run(&mut editor);
    assert_eq!(
        (&results["schema"], &results["passed"], &results["failed"]),
        (&json!("bylaws.test/1"), &json!(1), &json!(0))
    );
    assert_eq!(editor.told("window/showMessage")["params"]["message"], "over the cap: passed");
    for command in ["bylaws.runTests", "bylaws.runSetTests"] {
        let uri = editor.uri("rules.bylaw");
        let results = editor.request("workspace/executeCommand", json!({ "command": command, "arguments": [uri] }));
        assert_eq!((&results["passed"], &results["failed"]), (&json!(1), &json!(0)), "{command}");
        assert_eq!(editor.told("window/showMessage")["params"]["message"], "over the cap: passed");
    }
    let text = editor.edit("rules.bylaw", 2, &text, "650 CNY", "450 CNY");
    editor.diagnostics("rules.bylaw", Some(2));
    let results = run(&mut editor);
    assert_eq!((&results["passed"], &results["failed"]), (&json!(0), &json!(1)));
    assert_eq!(editor.told("window/showMessage")["params"]["message"], "over the cap: failed");
    insta::assert_snapshot!(diagnostics(&editor.diagnostics("rules.bylaw", Some(2))));
    // With the next edit it is not known any more.
    let text = editor.edit("rules.bylaw", 3, &text, "450 CNY", "451 CNY");
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(3))), "nothing\n");
    editor.edit("rules.bylaw", 4, &text, "451 CNY", "451 CNZ");
    let refused = run(&mut editor);
    assert_eq!(refused["error"]["message"], "the tests cannot be run: the policy set has 1 error");
}

#[test]
fn formatting_changes_only_the_lines_that_differ() {
    let (mut editor, _) = opened();
    let text = "enum a { b }\r\nlet   c = 5\r\nenum d { e }\r\n";
    editor.did_open("try.bylaw", text);
    let uri = editor.uri("try.bylaw");
    let ask = |editor: &mut Editor| {
        editor.request(
            "textDocument/formatting",
            json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true } }),
        )
    };
    let edits = ask(&mut editor);
    insta::assert_snapshot!(format!("{} {}", range(&edits[0]["range"]), edits[0]["newText"]));
    // With an error of syntax it is left as it is.
    editor.edit("try.bylaw", 2, text, "let   c", "let   =");
    assert_eq!(ask(&mut editor), Value::Null);
}

/// The error of an answer, as `code message`.
fn error(answer: &Value) -> String {
    format!("{} {}", answer["error"]["code"], answer["error"]["message"].as_str().unwrap_or("no error"))
}

#[test]
fn messages_out_of_order_and_out_of_form() {
    let mut editor = Editor::start(&files());
    // Before `initialize`.
    let early = editor.request("textDocument/hover", json!({}));
    assert_eq!(error(&early), "-32002 the first request is `initialize`");
    editor.notify("textDocument/didOpen", json!({}));
    let wrong = editor.request("initialize", json!({ "capabilities": 5 }));
    assert!(error(&wrong).starts_with("-32602 the parameters cannot be read: "), "{wrong}");
    let folders = json!([{ "uri": editor.uri(""), "name": "p" }]);
    let initialize = json!({ "processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": {} });
    let answer = editor.request("initialize", initialize.clone());
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(error(&editor.request("initialize", initialize)), "-32600 it is initialized already");
    // Requests and notifications that are not known, that lack their parameters, and of texts that are not open.
    assert_eq!(error(&editor.request("textDocument/sing", json!({}))), "-32601 `textDocument/sing` is not known here");
    editor.notify("$/sing", json!({}));
    assert!(error(&editor.request("textDocument/hover", json!({ "position": 5 }))).starts_with("-32602 "));
    assert!(error(&editor.request("textDocument/hover", Value::Null)).starts_with("-32602 "));
    editor.notify("textDocument/didChange", json!({ "textDocument": 5 }));
    assert!(
        editor.told("window/logMessage")["params"]["message"]
            .as_str()
            .unwrap()
            .starts_with("`textDocument/didChange`: ")
    );
    for uri in ["file:///nowhere/x.bylaw", "untitled:Untitled-7", "", "%%%", "file://", "file:///%ff"] {
        let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 3, "character": 3 } });
        assert_eq!(editor.request("textDocument/hover", place.clone()), Value::Null, "{uri}");
        let mut renaming = place;
        renaming["newName"] = json!("x");
        assert!(error(&editor.request("textDocument/rename", renaming)).starts_with("-32803 "), "{uri}");
        editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }
    // No message at all, and the next one is.
    editor.send_text("{ this is no JSON");
    assert!(editor.told("window/logMessage")["params"]["message"].as_str().unwrap().contains("malformed"));
    editor.send_bytes(b"Content-Length: many\r\n\r\nstray\r\n");
    editor.send_bytes(b"\xff\xfe\r\n");
    let text = editor.did_open_file("rules.bylaw");
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(1))), "nothing\n");
    // Places that are not in the text.
    for (line, character) in [(0u32, 9999u32), (9999, 0), (u32::MAX, u32::MAX)] {
        let uri = editor.uri("rules.bylaw");
        for method in ["hover", "completion", "definition", "signatureHelp", "documentHighlight"] {
            let place = json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } });
            let answer = editor.request(&format!("textDocument/{method}"), place);
            assert!(answer.get("error").is_none(), "{method}: {answer}");
        }
    }
    // An edit that ends before it begins, and one behind the text.
    let uri = editor.uri("rules.bylaw");
    let change = |version: i64, range: Value, text: &str| json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [{ "range": range, "text": text }] });
    let back = json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 1, "character": 0 } });
    editor.notify("textDocument/didChange", change(2, back, ""));
    let behind = json!({ "start": { "line": 999, "character": 0 }, "end": { "line": 1000, "character": 0 } });
    editor.notify("textDocument/didChange", change(3, behind, "\nenum late { a }\n"));
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(3))), "nothing\n");
    let whole = json!({ "textDocument": { "uri": uri, "version": 4 }, "contentChanges": [{ "text": text }] });
    editor.notify("textDocument/didChange", whole);
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(4))), "nothing\n");
    let unknown = editor.request("workspace/executeCommand", json!({ "command": "bylaws.sing" }));
    assert_eq!(error(&unknown), "-32803 no command is named `bylaws.sing`");
    assert_eq!(editor.request("shutdown", Value::Null), Value::Null);
    assert_eq!(error(&editor.request("textDocument/hover", json!({}))), "-32600 it was shut down");
    editor.notify("exit", Value::Null);
    assert_eq!(editor.wait(), 0);
}

#[test]
fn it_ends_by_exit_codes() {
    let (editor, _) = opened();
    assert_eq!(editor.hang_up(), 2);
    let (mut editor, _) = opened();
    editor.notify("exit", Value::Null);
    assert_eq!(editor.wait(), 2);
    assert_eq!(Editor::start(&[]).hang_up(), 2);
}

#[test]
fn a_request_that_waits_is_called_off() {
    let (mut editor, _) = opened();
    let uri = editor.uri("rules.bylaw");
    // Both in one write: the second is there before the first is begun.
    let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 9, "character": 12 } });
    let mut text = String::new();
    for message in [
        json!({ "jsonrpc": "2.0", "id": "first", "method": "textDocument/semanticTokens/full", "params": { "textDocument": { "uri": uri } } }),
        json!({ "jsonrpc": "2.0", "id": 900, "method": "textDocument/hover", "params": place }),
        json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 900 } }),
        json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 901 } }),
        json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": {} }),
    ] {
        let message = message.to_string();
        text.push_str(&format!("Content-Length: {}\r\n\r\n{message}", message.len()));
    }
    editor.send_bytes(text.as_bytes());
    let answer = editor.answer(900);
    // It may have been answered already; but it is answered once.
    assert!(
        error(&answer) == "-32800 called off by the client" || answer["contents"]["kind"] == "markdown",
        "{answer}"
    );
    editor.about("textDocument/documentSymbol", "rules.bylaw");
    assert!(editor.told.iter().all(|m| m["id"] != 900));
}

#[test]
fn edits_that_have_come_are_checked_once() {
    let (mut editor, text) = opened();
    let uri = editor.uri("rules.bylaw");
    let mut all = String::new();
    for version in 2..=60 {
        let end = json!({ "line": text.lines().count(), "character": 0 });
        let change = json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
            "textDocument": { "uri": uri, "version": version },
            "contentChanges": [{ "range": { "start": end, "end": end }, "text": "e" }],
        } });
        let change = change.to_string();
        all.push_str(&format!("Content-Length: {}\r\n\r\n{change}", change.len()));
    }
    editor.send_bytes(all.as_bytes());
    let last = editor.diagnostics("rules.bylaw", Some(60));
    assert_eq!(last["diagnostics"].as_array().unwrap().len(), 1, "{last}");
    let told = editor.told.iter().filter(|m| m["method"] == "textDocument/publishDiagnostics").count();
    assert!(told < 59, "{told} of 58 edits on the way were told of");
}

/// As editors do that ask for completions with every key stroke.
#[test]
fn an_edit_with_a_request_right_behind_is_told_of_too() {
    let (mut editor, text) = opened();
    let uri = editor.uri("rules.bylaw");
    let place = json!({ "line": 9, "character": 11 });
    let change = json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
        "textDocument": { "uri": uri, "version": 2 },
        "contentChanges": [{ "range": { "start": place, "end": place }, "text": "x" }],
    } });
    let ask = json!({ "jsonrpc": "2.0", "id": 900, "method": "textDocument/completion", "params": {
        "textDocument": { "uri": uri }, "position": { "line": 9, "character": 12 },
    } });
    let both: String =
        [change.to_string(), ask.to_string()].map(|m| format!("Content-Length: {}\r\n\r\n{m}", m.len())).concat();
    editor.send_bytes(both.as_bytes());
    assert!(!editor.answer(900)["items"].as_array().unwrap().is_empty());
    let told = diagnostics(&editor.diagnostics("rules.bylaw", Some(2)));
    assert!(told.contains("no name `xvalue` is known here"), "{told} in {text}");
}

#[test]
fn columns_are_counted_as_agreed() {
    let text = "// 😀 größe\r\nrecord r { day: date }  // é\r\nforbid größe { on r when day > 5 }\r\nforbid x { cite \"😀\" on r when dya > 2025-01-01 }\r\n";
    for (offered, chosen, column) in
        [(json!(["utf-8", "utf-16"]), "utf-8", 33), (json!(["utf-32"]), "utf-32", 30), (Value::Null, "utf-16", 31)]
    {
        let mut editor = Editor::start(&[]);
        let answer = editor.request("initialize", json!({ "processId": null, "rootUri": null, "capabilities": { "general": { "positionEncodings": offered } } }));
        assert_eq!(answer["capabilities"]["positionEncoding"], chosen);
        editor.did_open("a.bylaw", text);
        let told = editor.diagnostics("a.bylaw", Some(1));
        let all = diagnostics(&told);
        let expected = format!("3:{column}-3:{} error B0201", column + 3);
        assert!(all.contains(&expected), "{chosen}: {expected} in\n{all}");
        // The fault is mended at the same place.
        let uri = editor.uri("a.bylaw");
        let range =
            json!({ "start": { "line": 3, "character": column }, "end": { "line": 3, "character": column + 3 } });
        editor.notify("textDocument/didChange", json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "range": range, "text": "day" }] }));
        let all = diagnostics(&editor.diagnostics("a.bylaw", Some(2)));
        assert!(!all.contains("B0201"), "{chosen}: {all}");
    }
}

#[test]
fn texts_without_a_file_and_files_without_a_folder() {
    let mut editor = Editor::start(&[
        ("sub dir/a#1.bylaw", "import \"b.bylaw\"\nforbid x { on r when day > 2025-01-01 }\n"),
        ("sub dir/b.bylaw", "record r { day: date }\n"),
        ("sub dir/c.bylaw", "record r { other: int }\n"),
    ]);
    editor.request("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    editor.did_open_uri("untitled:Untitled-1", "record r { day: dat }\nimport \"b.bylaw\"\n");
    let told = editor.told("textDocument/publishDiagnostics");
    assert_eq!(told["params"]["uri"], "untitled:Untitled-1");
    assert_eq!(told["params"]["diagnostics"].as_array().unwrap().len(), 2, "{told}");
    // Alone with what it imports: the other record `r` beside it is not of its set. Its name is written by the editor.
    let uri = editor.uri("sub%20dir/a%231.bylaw");
    editor.did_open_uri(&uri, &std::fs::read_to_string(editor.path("sub dir/a#1.bylaw")).unwrap());
    let told = editor.diagnostics("sub%20dir/a%231.bylaw", Some(1));
    assert_eq!(diagnostics(&told), "nothing\n");
    let definition = editor.request(
        "textDocument/definition",
        json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 14 } }),
    );
    assert_eq!(definition[0]["uri"], editor.uri("sub%20dir/b.bylaw").as_str());
}

#[test]
fn files_that_come_and_go() {
    let (mut editor, text) = opened();
    let uri = editor.uri("records.bylaw");
    let tell = |editor: &mut Editor, kind: u8| {
        editor.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri, "type": kind }] }));
    };
    std::fs::remove_file(editor.path("records.bylaw")).unwrap();
    tell(&mut editor, 3);
    let told = diagnostics(&editor.diagnostics("rules.bylaw", Some(1)));
    assert!(told.starts_with("0:7-0:22 error B0002 cannot import `records.bylaw`: no such file or folder"), "{told}");
    std::fs::write(editor.path("records.bylaw"), RECORDS).unwrap();
    tell(&mut editor, 1);
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(1))), "nothing\n");
    // A new file of the set that nobody has open.
    std::fs::write(editor.path("more.bylaw"), "enum gift { a }\n").unwrap();
    tell(&mut editor, 1);
    let told = editor.diagnostics("records.bylaw", None);
    assert!(diagnostics(&told).contains("`gift` is declared twice"), "{told}");
    std::fs::remove_file(editor.path("more.bylaw")).unwrap();
    tell(&mut editor, 3);
    assert_eq!(diagnostics(&editor.diagnostics("records.bylaw", None)), "nothing\n");
    assert_ne!(diagnostics(&editor.diagnostics("rules.bylaw", Some(1))), "nothing\n");
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", Some(1))), "nothing\n");
    // Closed, the set is let go, and its diagnostics with it.
    let wrong = editor.edit("rules.bylaw", 2, &text, "value > cap", "valeu > cap");
    assert_ne!(diagnostics(&editor.diagnostics("rules.bylaw", Some(2))), "nothing\n", "{wrong}");
    let uri = editor.uri("rules.bylaw");
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(diagnostics(&editor.diagnostics("rules.bylaw", None)), "nothing\n");
}

#[test]
fn a_workspace_has_several_sets() {
    let rules = |n: u8| format!("record r {{ day: date }}\nforbid x{n} {{ on r when day > 2025-01-0{n} }}\n");
    let (one, two) = (rules(1), rules(2));
    let files = [
        ("policies/a.bylaw", one.as_str()),
        ("policies/sub/b.bylaw", "enum e { f }\n"),
        ("other/a.bylaw", two.as_str()),
    ];
    // Each of the outermost folders that has policy files is one.
    let mut editor = Editor::open(&files);
    for name in ["policies/a.bylaw", "other/a.bylaw", "policies/sub/b.bylaw"] {
        editor.did_open_file(name);
        assert_eq!(diagnostics(&editor.diagnostics(name, Some(1))), "nothing\n", "{name}");
    }
    // Named as one, they declare the same twice.
    editor.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "bylaws": { "sets": [["policies", "other"]] } } }),
    );
    let told = editor.diagnostics("other/a.bylaw", Some(1));
    assert!(diagnostics(&told).contains("`r` is declared twice"), "{told}");
    // And from the beginning.
    let mut editor = Editor::open_with(&files, json!({ "initializationOptions": { "sets": [["policies", "other"]] } }));
    editor.did_open_file("other/a.bylaw");
    let told = editor.diagnostics("other/a.bylaw", Some(1));
    assert!(diagnostics(&told).contains("`r` is declared twice"), "{told}");
}

/// A folder with both files, for another program.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let settings = ("bylaws.toml", "[lint]\nignore = [\"all\"]\n");
    for (name, text) in files().into_iter().chain([settings]) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(command: &mut std::process::Command, ends_with: &str) {
    let output = command.output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains(ends_with), "{told}");
}

/// The library that VS Code's client is made of, which `npm ci` in `tests/lsp` brings.
#[test]
fn the_client_of_vs_code() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lsp");
    if !here.join("node_modules").is_dir() && std::env::var_os("BYLAWS_LSP_CLIENT").is_none() {
        eprintln!("skipped: no client (run `npm ci` in {})", here.display());
        return;
    }
    let folder = folder();
    let path = folder.path().canonicalize().unwrap();
    let mut node = std::process::Command::new("node");
    node.arg(here.join("client.mjs")).arg(env!("CARGO_BIN_EXE_bylaws")).arg(path);
    run(&mut node, "spoken with by vscode-languageserver-protocol");
}

/// Neovim, with its own client.
#[test]
fn neovim_edits_policies() {
    let there = std::process::Command::new("nvim").arg("--version").output().is_ok();
    if !there && std::env::var_os("BYLAWS_LSP_CLIENT").is_none() {
        eprintln!("skipped: no Neovim (install `neovim`)");
        return;
    }
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lsp");
    let folder = folder();
    let mut nvim = std::process::Command::new("nvim");
    nvim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-S"]).arg(here.join("nvim.lua"));
    nvim.env("BYLAWS", env!("CARGO_BIN_EXE_bylaws")).env("FOLDER", folder.path().canonicalize().unwrap());
    nvim.env("XDG_STATE_HOME", folder.path()).env("XDG_CACHE_HOME", folder.path());
    run(&mut nvim, "edited in Neovim");
}

/// Numbers that are the same each time.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below.max(1)
    }
}

/// Every request gets an answer that is no error, at any place of any text, half a policy or none.
#[test]
fn any_place_of_any_text() {
    let texts = [
        include_str!("../policies/gifts.bylaw"),
        include_str!("../policies/vocabulary/sources/microsoft365.bylaw"),
        include_str!("syntax/whole.bylaw"),
        include_str!("syntax/ten_mistakes.bylaw"),
        include_str!("syntax/sequence.bylaw"),
        include_str!("syntax/sources_and_tests.bylaw"),
    ];
    let mut below = numbers(7);
    let mut editor = Editor::open(&[]);
    let uri = editor.uri("try.bylaw");
    for round in 0..60 {
        let text = texts[round % texts.len()];
        let place = |n: usize, text: &str| (0..=n).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let (from, to) = (place(below(text.len()), text), place(below(text.len()), text));
        // A piece is cut out, or the text ends in the middle, or something is typed into it.
        let typed = ["", "{", "\"", "é😀", "\r\n", "when a.b.", "unless x: exists ", "/// "][below(8)];
        let text = match below(3) {
            0 => [&text[..from.min(to)], typed, &text[from.max(to)..]].concat(),
            1 => [&text[..from], typed].concat(),
            _ => [&text[..from], typed, &text[from..]].concat(),
        };
        editor.did_open("try.bylaw", &text);
        let everything = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 100_000, "character": 0 } });
        for _ in 0..6 {
            let position = editor::position(&text, place(below(text.len() + 1), &text));
            for method in [
                "hover",
                "definition",
                "references",
                "documentHighlight",
                "completion",
                "signatureHelp",
                "prepareRename",
                "rename",
                "codeAction",
                "inlayHint",
                "semanticTokens/range",
                "semanticTokens/full",
                "documentSymbol",
                "foldingRange",
                "codeLens",
                "documentLink",
                "formatting",
            ] {
                let params = json!({
                    "textDocument": { "uri": uri }, "position": position, "range": everything, "newName": "renamed",
                    "context": { "diagnostics": [], "includeDeclaration": true, "triggerKind": 1, "isRetrigger": false },
                    "options": { "tabSize": 2, "insertSpaces": true },
                });
                let answer = editor.request(&format!("textDocument/{method}"), params);
                // A name that cannot be renamed is refused.
                let fine = answer.get("error").is_none() || answer["error"]["code"] == -32803;
                assert!(fine, "{method} at {position}: {answer} in\n{text}");
            }
        }
        editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }
    assert_eq!(editor.close(), 0);
}
