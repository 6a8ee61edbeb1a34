//! A client that speaks the protocol with `bylaws lsp`, and writes down what was said.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than any answer takes, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Editor {
    child: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    /// What came without being asked for, and was not looked at yet.
    pub told: Vec<Value>,
    requests: i64,
    pub folder: tempfile::TempDir,
}

impl Editor {
    /// Starts the server in a folder with these files, and says nothing yet.
    pub fn start(files: &[(&str, &str)]) -> Editor {
        let folder = tempfile::tempdir().unwrap();
        // What the lints say is told later, and would be in the way of most tests.
        std::fs::write(folder.path().join("bylaws.toml"), "[lint]\nignore = [\"all\"]\n").unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_bylaws"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, output) = channel();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = read(&mut reader) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take().unwrap();
        Editor { child, input, output, told: Vec::new(), requests: 0, folder }
    }

    /// Starts the server and initializes it with the folder.
    pub fn open(files: &[(&str, &str)]) -> Editor {
        Editor::open_with(files, json!({}))
    }

    /// With these members of the `initialize` parameters.
    pub fn open_with(files: &[(&str, &str)], more: Value) -> Editor {
        let mut editor = Editor::start(files);
        let mut params = json!({
            "processId": null,
            "rootUri": null,
            "workspaceFolders": [{ "uri": editor.uri(""), "name": "policies" }],
            "capabilities": {
                "workspace": { "workspaceEdit": { "documentChanges": true } },
                "textDocument": {
                    "completion": { "completionItem": { "snippetSupport": true } },
                    "publishDiagnostics": { "relatedInformation": true },
                },
            },
        });
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        editor.request("initialize", params);
        editor.notify("initialized", json!({}));
        editor
    }

    pub fn path(&self, name: &str) -> PathBuf {
        // As the system names it, also where the folder for temporary files is a link.
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub fn uri(&self, name: &str) -> String {
        let path = self.path(name).display().to_string();
        format!("file://{}", path.trim_end_matches('/'))
    }

    pub fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The result, or the error.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id)
    }

    /// Sends a request, without waiting for its answer.
    pub fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    pub fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = self.next();
            if message.get("method").is_none() && message["id"] == id {
                return if message.get("error").is_some() { message } else { message["result"].clone() };
            }
            self.told.push(message);
        }
    }

    fn next(&mut self) -> Value {
        self.output.recv_timeout(PATIENCE).expect("the server says nothing")
    }

    pub fn did_open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        self.did_open_uri(&uri, text);
    }

    pub fn did_open_uri(&mut self, uri: &str, text: &str) {
        let item = json!({ "uri": uri, "languageId": "bylaw", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Opens a file as it is on the disk.
    pub fn did_open_file(&mut self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        self.did_open(name, &text);
        text
    }

    /// Replaces the first place in the text where `old` stands, as a key stroke would, and gives the new text.
    pub fn edit(&mut self, name: &str, version: i64, text: &str, old: &str, new: &str) -> String {
        let at = text.find(old).unwrap_or_else(|| panic!("{old:?} is not in the text"));
        let range = json!({ "start": position(text, at), "end": position(text, at + old.len()) });
        let uri = self.uri(name);
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": version },
                "contentChanges": [{ "range": range, "text": new }],
            }),
        );
        text.replacen(old, new, 1)
    }

    /// The diagnostics of a file for a version of its text, as they are told next.
    pub fn diagnostics(&mut self, name: &str, version: Option<i64>) -> Value {
        let uri = self.uri(name);
        let is_it = |m: &Value| {
            m["method"] == "textDocument/publishDiagnostics"
                && m["params"]["uri"] == uri.as_str()
                && (version.is_none() || m["params"]["version"] == json!(version))
        };
        loop {
            if let Some(at) = self.told.iter().position(is_it) {
                return self.told.remove(at)["params"].clone();
            }
            let message = self.next();
            self.told.push(message);
        }
    }

    /// A message that was not asked for.
    pub fn told(&mut self, method: &str) -> Value {
        loop {
            if let Some(at) = self.told.iter().position(|m| m["method"] == method) {
                return self.told.remove(at);
            }
            let message = self.next();
            self.told.push(message);
        }
    }

    /// A request about the place where `mark` stands in the text, in the middle of it.
    pub fn at(&mut self, method: &str, name: &str, text: &str, mark: &str, more: Value) -> Value {
        let at = text.find(mark).unwrap_or_else(|| panic!("{mark:?} is not in the text")) + mark.len() / 2;
        self.at_byte(method, name, text, at, more)
    }

    /// A request about the place right behind `mark`.
    pub fn behind(&mut self, method: &str, name: &str, text: &str, mark: &str) -> Value {
        let at = text.find(mark).unwrap_or_else(|| panic!("{mark:?} is not in the text")) + mark.len();
        self.at_byte(method, name, text, at, json!({}))
    }

    fn at_byte(&mut self, method: &str, name: &str, text: &str, at: usize, more: Value) -> Value {
        let mut params = json!({ "textDocument": { "uri": self.uri(name) }, "position": position(text, at) });
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        self.request(method, params)
    }

    pub fn about(&mut self, method: &str, name: &str) -> Value {
        let uri = self.uri(name);
        self.request(method, json!({ "textDocument": { "uri": uri } }))
    }

    /// Ends as an editor does, and gives the exit code.
    pub fn close(mut self) -> i32 {
        assert_eq!(self.request("shutdown", Value::Null), Value::Null);
        self.notify("exit", Value::Null);
        self.wait()
    }

    /// Closes the input, and gives the exit code.
    pub fn hang_up(mut self) -> i32 {
        let (none, _) = (std::mem::replace(&mut self.input, no_input()), ());
        drop(none);
        self.wait()
    }

    pub fn wait(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    /// The text of a value with the folder's name taken out.
    pub fn plain(&self, value: &Value) -> String {
        let text = serde_json::to_string_pretty(value).unwrap();
        text.replace(&self.uri(""), "file:///policies").replace(&self.path("").display().to_string(), "/policies/")
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The input of a process that has ended.
fn no_input() -> ChildStdin {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .arg("--version")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    child.wait().unwrap();
    input
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// Line and UTF-16 column of a byte.
pub fn position(text: &str, at: usize) -> Value {
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// `3:7-3:12 error B0202 message`, a line each, with related places below.
pub fn diagnostics(params: &Value) -> String {
    let mut out = String::new();
    for d in params["diagnostics"].as_array().unwrap() {
        let severity = ["", "error", "warning", "information", "hint"][d["severity"].as_u64().unwrap() as usize];
        let message = d["message"].as_str().unwrap().replace('\n', "\n    ");
        out.push_str(&format!("{} {severity} {} {message}\n", range(&d["range"]), d["code"].as_str().unwrap()));
        for related in d["relatedInformation"].as_array().into_iter().flatten() {
            let place = &related["location"];
            let file = place["uri"].as_str().unwrap().rsplit('/').next().unwrap();
            out.push_str(&format!("    {file} {}: {}\n", range(&place["range"]), related["message"].as_str().unwrap()));
        }
    }
    if out.is_empty() { "nothing\n".into() } else { out }
}

/// Lines and columns from 0, as the protocol has them.
pub fn range(range: &Value) -> String {
    let place = |p: &Value| format!("{}:{}", p["line"], p["character"]);
    format!("{}-{}", place(&range["start"]), place(&range["end"]))
}
