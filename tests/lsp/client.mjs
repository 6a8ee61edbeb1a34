// Speaks with `bylaws lsp` by the library that VS Code's own client is made of.
//   node client.mjs PROGRAM FOLDER
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as lsp from "vscode-languageserver-protocol/node";

const [program, folder] = process.argv.slice(2);
const server = spawn(program, ["lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const connection = lsp.createProtocolConnection(
  new lsp.StreamMessageReader(server.stdout),
  new lsp.StreamMessageWriter(server.stdin),
);
const told = [];
const waiting = [];
connection.onNotification(lsp.PublishDiagnosticsNotification.type, (params) => {
  const wait = waiting.findIndex((w) => w.uri === params.uri && w.version === params.version);
  if (wait >= 0) waiting.splice(wait, 1)[0].done(params.diagnostics);
  else told.push(params);
});
const messages = [];
connection.onNotification(lsp.ShowMessageNotification.type, (params) => messages.push(params.message));
const registered = [];
connection.onRequest(lsp.RegistrationRequest.type, (params) => void registered.push(...params.registrations));
connection.listen();

function diagnostics(uri, version) {
  const at = told.findIndex((t) => t.uri === uri && t.version === version);
  if (at >= 0) return told.splice(at, 1)[0].diagnostics;
  return new Promise((done) => waiting.push({ uri, version, done }));
}

const initialized = await connection.sendRequest(lsp.InitializeRequest.type, {
  processId: process.pid,
  rootUri: null,
  workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "policies" }],
  capabilities: {
    general: { positionEncodings: ["utf-16"] },
    workspace: { didChangeWatchedFiles: { dynamicRegistration: true }, workspaceEdit: { documentChanges: true } },
    textDocument: {
      completion: { completionItem: { snippetSupport: true } },
      publishDiagnostics: { relatedInformation: true },
    },
  },
});
assert.equal(initialized.serverInfo.name, "bylaws");
assert.equal(initialized.capabilities.textDocumentSync.change, lsp.TextDocumentSyncKind.Incremental);
await connection.sendNotification(lsp.InitializedNotification.type, {});

const uri = pathToFileURL(join(folder, "rules.bylaw")).href;
const records = pathToFileURL(join(folder, "records.bylaw")).href;
let text = readFileSync(join(folder, "rules.bylaw"), "utf8");
await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {
  textDocument: { uri, languageId: "bylaw", version: 1, text },
});
assert.deepEqual(await diagnostics(uri, 1), []);

function position(offset) {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, character: before.at(-1).length };
}
const at = (mark) => ({ textDocument: { uri }, position: position(text.indexOf(mark)) });
let version = 1;
async function edit(old, replacement) {
  const from = text.indexOf(old);
  assert.ok(from >= 0, old);
  version += 1;
  const range = { start: position(from), end: position(from + old.length) };
  const contentChanges = [{ range, text: replacement }];
  text = text.replace(old, replacement);
  await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version },
    contentChanges,
  });
  return diagnostics(uri, version);
}

const wrong = await edit("value > cap", "valeu > cap");
assert.deepEqual(wrong.map((d) => [d.code, d.severity, d.range.start]), [
  ["B0201", lsp.DiagnosticSeverity.Error, { line: 9, character: 11 }],
]);
const actions = await connection.sendRequest(lsp.CodeActionRequest.type, {
  textDocument: { uri },
  range: wrong[0].range,
  context: { diagnostics: wrong, only: [lsp.CodeActionKind.QuickFix] },
});
const change = actions[0].edit.documentChanges[0];
assert.deepEqual([actions[0].title, change.textDocument.version, change.edits[0].newText], ["write `value`", 2, "value"]);
assert.deepEqual(await edit("valeu > cap", "value > cap"), []);

const hover = await connection.sendRequest(lsp.HoverRequest.type, at("cap and"));
assert.match(hover.contents.value, /param cap: money = 500 CNY[\s\S]*More than this needs an approval/);
const definition = await connection.sendRequest(lsp.DefinitionRequest.type, at("value > cap"));
assert.deepEqual([definition[0].uri, definition[0].range.start], [records, { line: 6, character: 2 }]);
const references = await connection.sendRequest(lsp.ReferencesRequest.type, {
  ...at("value > cap"),
  context: { includeDeclaration: true },
});
assert.equal(references.length, 4);
const rename = await connection.sendRequest(lsp.RenameRequest.type, { ...at("value > cap"), newName: "worth" });
assert.deepEqual(rename.documentChanges.map((c) => [c.textDocument.uri, c.edits.length]), [[records, 1], [uri, 3]]);
await assert.rejects(
  connection.sendRequest(lsp.RenameRequest.type, { ...at("value > cap"), newName: "person" }),
  /declared twice/,
);
const completion = await connection.sendRequest(lsp.CompletionRequest.type, at("value > cap"));
assert.ok(completion.items.some((i) => i.label === "giver" && i.kind === lsp.CompletionItemKind.Field));
const symbols = await connection.sendRequest(lsp.DocumentSymbolRequest.type, { textDocument: { uri } });
assert.deepEqual(symbols.map((s) => s.name), ["cap", "suppliers", "is_official", "large_gift", "over the cap"]);
const everything = { start: position(0), end: position(text.length) };
const hints = await connection.sendRequest(lsp.InlayHintRequest.type, { textDocument: { uri }, range: everything });
assert.deepEqual(hints.map((h) => h.label), [": set of text"]);
const tokens = await connection.sendRequest(lsp.SemanticTokensRequest.type, { textDocument: { uri } });
assert.ok(tokens.data.length % 5 === 0 && tokens.data.length > 100);
const formatting = await connection.sendRequest(lsp.DocumentFormattingRequest.type, {
  textDocument: { uri },
  options: { tabSize: 2, insertSpaces: true },
});
assert.deepEqual(formatting, []);
const lenses = await connection.sendRequest(lsp.CodeLensRequest.type, { textDocument: { uri } });
const { command, arguments: args } = lenses[0].command;
const results = await connection.sendRequest(lsp.ExecuteCommandRequest.type, { command, arguments: args });
assert.deepEqual([results.passed, results.failed], [1, 0]);
assert.deepEqual(messages, ["over the cap: passed"]);
await assert.rejects(connection.sendRequest("textDocument/sing", {}), (e) => e.code === lsp.ErrorCodes.MethodNotFound);
assert.deepEqual(registered.map((r) => r.method), ["workspace/didChangeWatchedFiles"]);

const ended = new Promise((done) => server.on("exit", done));
await connection.sendRequest(lsp.ShutdownRequest.type);
await connection.sendNotification(lsp.ExitNotification.type);
assert.equal(await ended, 0);
console.log("spoken with by vscode-languageserver-protocol");
process.exit(0);
