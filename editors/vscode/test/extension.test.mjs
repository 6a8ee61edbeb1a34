// The extension as it is packaged, on a stand-in for VS Code, with the real command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { bylaws } from './bylaws.mjs';
import { load, stub } from './vscode.mjs';

const WRONG = 'record gift at day by who { day: date, who: text, value: money }\n\nforbid big { on gift when valeu > 5 EUR }\n';

const program = bylaws();
const serves = Boolean(program) && spawnSync(program, ['lsp', '--help']).status === 0;

/** Runs with a folder of its own, and activates there. */
async function activated({ settings, text = WRONG, answers }, check) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bylaws-vscode-'));
  const file = path.join(folder, 'policy.bylaw');
  writeFileSync(file, text);
  const { vscode, calls, commands } = stub({ settings, folder, answers });
  const extension = load(vscode);
  const uri = vscode.Uri.file(folder);
  const context = { subscriptions: [], extension: { id: 'bylaws.bylaws' }, storageUri: uri, globalStorageUri: uri };
  const document = {
    uri: vscode.Uri.file(file), fileName: file, languageId: 'bylaw', version: 1, isUntitled: false, isDirty: false,
    isClosed: false, lineCount: text.split('\n').length, getText: () => text,
  };
  vscode.workspace.textDocuments.push(document);
  const at = new vscode.Position(2, 30);
  vscode.window.activeTextEditor = { document, selection: { active: at } };
  try {
    await extension.activate(context);
    await check({ vscode, calls, commands, folder, file, document });
  } finally {
    await extension.deactivate();
    rmSync(folder, { recursive: true });
  }
}

const called = (calls, name) => calls.filter(([what]) => what === name);

async function until(what, condition) {
  for (let tries = 0; tries < 400; tries++) {
    const found = condition();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain for ${what}`);
}

test('each command of package.json is there, and no other but the server\'s', async () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));
  await activated({ settings: { 'bylaws.path': '/nowhere/bylaws' } }, ({ commands }) => {
    const promised = manifest.contributes.commands.map((c) => c.command).sort();
    assert.deepEqual([...commands.keys()].sort(), promised);
  });
});

test('without the command there is a message that says what to do', async () => {
  await activated({ settings: { 'bylaws.path': '/nowhere/bylaws' }, answers: { 'window.showErrorMessage': 'Open settings' } }, async ({ calls }) => {
    const [[, message, ...buttons]] = called(calls, 'window.showErrorMessage');
    assert.match(message, /`\/nowhere\/bylaws` cannot be started/);
    assert.match(message, /`bylaws\.path`/);
    assert.deepEqual(buttons, ['Open settings', 'How to install', 'Try again']);
    await until('the settings', () => calls.some((c) => c[1] === 'workbench.action.openSettings' && c[2] === 'bylaws.path'));
  });
});

test('another program is not taken for it', async () => {
  await activated({ settings: { 'bylaws.path': process.execPath } }, ({ calls }) => {
    const [[, message]] = called(calls, 'window.showErrorMessage');
    assert.match(message, /does not answer as Bylaws does\..*`bylaws\.path`/);
  });
});

test('the server checks what is open, and its commands run tests', { skip: !serves && 'no bylaws that has `lsp`' }, async () => {
  await activated({ settings: { 'bylaws.path': program } }, async ({ calls, commands, document, vscode }) => {
    assert.deepEqual(called(calls, 'window.showErrorMessage'), []);
    const shown = () => called(calls, 'diagnostics').at(-1)?.[1].get(document.uri.toString());
    const found = await until('diagnostics', shown);
    assert.equal(found.length, 1);
    assert.ok(commands.has('bylaws.runTest') && commands.has('bylaws.runTests'), [...commands.keys()].join());
    const provided = new Set(calls.map(([what]) => what));
    for (const what of ['Hover', 'Definition', 'Reference', 'Rename', 'DocumentFormattingEdit', 'CompletionItem', 'CodeLens']) {
      assert.ok(provided.has(`languages.register${what}Provider`), what);
    }
    const running = calls.filter((c) => c[1] === 'setContext' && c[2] === 'bylaws.running').at(-1);
    assert.equal(running[3], true);
    const before = called(calls, 'diagnostics').length;
    await vscode.commands.executeCommand('bylaws.restartServer');
    await until('diagnostics after starting again', () => called(calls, 'diagnostics').length > before && shown());
  });
});

test('the tests of a file are run by the server', { skip: !serves && 'no bylaws that has `lsp`' }, async () => {
  const text = `${WRONG.replace('valeu', 'value')}
test "over" {
  given gift as g { day: 2026-01-05, who: "E1", value: 6 EUR }
  expect finding big on g
}
`;
  await activated({ settings: { 'bylaws.path': program }, text }, async ({ calls, vscode }) => {
    await vscode.commands.executeCommand('bylaws.runFileTests');
    await until('the outcome', () => calls.some(([what, message]) => what === 'window.showInformationMessage' && /passed/.test(message)));
  });
});

test('all tests run as a task over the set', async () => {
  await activated({ settings: { 'bylaws.path': program ?? 'bylaws' } }, async ({ calls, vscode, folder }) => {
    await vscode.commands.executeCommand('bylaws.runAllTests');
    const [[, task]] = called(calls, 'tasks.executeTask');
    const [, , name, source, execution] = task.args;
    assert.deepEqual([name, source], ['test', 'bylaws']);
    assert.deepEqual(execution.args[1], ['test', folder]);
  });
});

test('the check as a task gives lines that the problem matcher reads', { skip: !program && 'bylaws is not built' }, async () => {
  const { problemMatchers } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url))).contributes;
  const { regexp, ...groups } = problemMatchers[0].pattern;
  await activated({ settings: { 'bylaws.path': program } }, async ({ calls, vscode, file }) => {
    await vscode.commands.executeCommand('bylaws.checkSet');
    const [[, task]] = called(calls, 'tasks.executeTask');
    const terminal = await task.args[4].args[0]();
    let out = '';
    terminal.onDidWrite((text) => (out += text));
    const closed = new Promise((resolve) => terminal.onDidClose(resolve));
    await terminal.open();
    assert.equal(await closed, 2);
    const lines = out.trimEnd().split('\r\n');
    const match = new RegExp(regexp).exec(lines[0]);
    assert.ok(match, out);
    const part = (name) => match[groups[name]];
    assert.equal(path.resolve(part('file')), file);
    assert.deepEqual(['line', 'column', 'endLine', 'endColumn', 'severity', 'code'].map(part), ['3', '27', '3', '32', 'error', 'B0201']);
    assert.match(part('message'), /valeu.*did you mean `value`/);
    assert.equal(lines.at(-1), '1 file: 1 error, 0 warnings');
  });
});

test('the page of the code at the cursor is shown', { skip: !program && 'bylaws is not built' }, async () => {
  const diagnostics = [];
  await activated({ settings: { 'bylaws.path': program }, answers: { diagnostics } }, async ({ calls, vscode }) => {
    diagnostics.push({ code: { value: 'B0201' }, range: new vscode.Range(new vscode.Position(2, 26), new vscode.Position(2, 31)) });
    await vscode.commands.executeCommand('bylaws.showCode');
    const preview = calls.find((c) => c[1] === 'markdown.showPreview');
    assert.equal(preview[2].toString(), 'bylaws-page:/B0201.md');
    const [, , provider] = called(calls, 'workspace.registerTextDocumentContentProvider')[0];
    assert.match(await provider.provideTextDocumentContent(preview[2]), /^# B0201: a name that stands for nothing here\n/);
  });
});

test('the handbook is made and opened', { skip: !program && 'bylaws is not built' }, async () => {
  const has = spawnSync(program, ['handbook', '--help']).status === 0;
  await activated({ settings: { 'bylaws.path': program }, text: WRONG.replace('valeu', 'value') }, async ({ calls, vscode }) => {
    await vscode.commands.executeCommand('bylaws.openHandbook');
    const opened = called(calls, 'env.openExternal');
    if (has) {
      assert.equal(opened.length, 1, JSON.stringify(called(calls, 'window.showErrorMessage')));
      assert.ok(existsSync(opened[0][1].fsPath));
    } else {
      assert.match(called(calls, 'window.showErrorMessage').at(-1)[1], /^The handbook could not be made\./);
    }
  });
});
