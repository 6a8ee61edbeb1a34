// How long after a key stroke the diagnostics are there, in a set of 2,000 rules.
//   node tests/lsp/keystrokes.mjs target/release/bylaws [rules] [rules a file]
// Types into the file with the most rules, waits for the diagnostics each time, and prints the times.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { spawn } from "node:child_process";
import { write } from "./set.mjs";

const [program = "target/release/bylaws", count = "2000", each = "100"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "bylaws-"));
const names = write(folder, Number(count), Number(each));
const server = spawn(program, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });

let rest = Buffer.alloc(0);
const waiting = [];
server.stdout.on("data", (bytes) => {
  rest = Buffer.concat([rest, bytes]);
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(rest.subarray(0, end).toString())[1]);
    if (rest.length < end + 4 + length) return;
    const message = JSON.parse(rest.subarray(end + 4, end + 4 + length).toString());
    rest = rest.subarray(end + 4 + length);
    for (const wait of [...waiting]) {
      if (wait.is(message)) {
        waiting.splice(waiting.indexOf(wait), 1);
        wait.done(message);
      }
    }
  }
});

const until = (is) => new Promise((done) => waiting.push({ is, done }));
function send(message) {
  const text = JSON.stringify({ jsonrpc: "2.0", ...message });
  server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}
let requests = 0;
function request(method, params) {
  requests += 1;
  const id = requests;
  send({ id, method, params });
  return until((m) => m.id === id && m.method === undefined);
}

await request("initialize", {
  processId: null,
  rootUri: null,
  workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "rules" }],
  capabilities: {},
});
send({ method: "initialized", params: {} });

const name = names[1];
const uri = pathToFileURL(join(folder, name)).href;
const text = readFileSync(join(folder, name), "utf8");
const told = (version) =>
  until((m) => m.method === "textDocument/publishDiagnostics" && m.params.uri === uri && m.params.version === version);

let began = performance.now();
send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "bylaw", version: 1, text } } });
const first = await told(1);
console.log(`${count} rules in ${names.length - 1} file(s); first diagnostics after ${(performance.now() - began).toFixed(0)} ms`);
if (first.params.diagnostics.length > 0) throw new Error("the set has diagnostics");

// One key stroke after the other at the end of a condition in the middle of the file, and back.
const lines = text.split("\n");
const line = lines.findIndex((l, i) => i > lines.length / 2 && l.startsWith("  when"));
const typed = " and size > 5";
const times = [];
let version = 1;
let wrong = 0;
for (let round = 0; round < 8; round += 1) {
  for (const back of [false, true]) {
    for (let i = 0; i < typed.length; i += 1) {
      const at = lines[line].length + (back ? typed.length - 1 - i : i);
      const range = { start: { line, character: at }, end: { line, character: at + (back ? 1 : 0) } };
      version += 1;
      const next = told(version);
      began = performance.now();
      const contentChanges = [{ range, text: back ? "" : typed[i] }];
      send({ method: "textDocument/didChange", params: { textDocument: { uri, version }, contentChanges } });
      wrong += (await next).params.diagnostics.length;
      times.push(performance.now() - began);
    }
  }
}
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(1);
console.log(`${times.length} key strokes, ${wrong} diagnostics on the way`);
console.log(`edit to diagnostics: median ${at(0.5)} ms, 95 % within ${at(0.95)} ms, longest ${at(1)} ms`);

began = performance.now();
const when = lines[line].indexOf("when");
const place = { textDocument: { uri }, position: { line, character: when + 10 } };
const asked = {
  hover: place,
  completion: { ...place, position: { line, character: lines[line].length } },
  documentSymbol: { textDocument: { uri } },
  "semanticTokens/full": { textDocument: { uri } },
  inlayHint: { textDocument: { uri }, range: { start: { line: 0, character: 0 }, end: { line: 80, character: 0 } } },
};
for (const [method, params] of Object.entries(asked)) {
  began = performance.now();
  const answer = await request(`textDocument/${method}`, params);
  if (answer.error) throw new Error(answer.error.message);
  console.log(`${method}: ${(performance.now() - began).toFixed(1)} ms`);
}
await request("shutdown", null);
send({ method: "exit" });
rmSync(folder, { recursive: true });
