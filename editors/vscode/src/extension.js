// Bylaws in VS Code: starts `bylaws lsp` and offers what else the command can do.
'use strict';

const vscode = require('vscode');
const { LanguageClient, State } = require('vscode-languageclient/node');
const pages = require('./pages');
const { commandOf, problem } = require('./program');
const { setOf } = require('./sets');
const tasks = require('./tasks');

const HOW_TO_INSTALL = 'How to install';
const SETTINGS = 'Open settings';
const AGAIN = 'Try again';

/** @type {LanguageClient | undefined} */
let client;
/** What the server does is done one after the other: starting, stopping, starting again. */
let turn = Promise.resolve();

const settings = (of) => vscode.workspace.getConfiguration('bylaws', of);
const folders = () => (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
const command = () => commandOf(settings().get('path', 'bylaws'), folders()[0]);

async function start(context) {
  const program = command();
  const wrong = await problem(program);
  if (wrong) {
    // Not waited for: it stands there until somebody reads it.
    vscode.window.showErrorMessage(wrong, SETTINGS, HOW_TO_INSTALL, AGAIN).then((answer) => {
      if (answer === SETTINGS) return vscode.commands.executeCommand('workbench.action.openSettings', 'bylaws.path');
      if (answer === HOW_TO_INSTALL) return vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#begin`);
      if (answer === AGAIN) return restart(context);
      return undefined;
    });
    return;
  }
  const server = { command: program, args: ['lsp'], options: { cwd: folders()[0] } };
  client = new LanguageClient('bylaws', 'Bylaws', server, {
    documentSelector: [{ scheme: 'file', language: 'bylaw' }, { scheme: 'untitled', language: 'bylaw' }],
    initializationOptions: { sets: settings().get('sets', []) },
    synchronize: { configurationSection: 'bylaws' },
  });
  client.onDidChangeState(({ newState }) =>
    vscode.commands.executeCommand('setContext', 'bylaws.running', newState === State.Running));
  await client.start();
}

async function stop() {
  const old = client;
  client = undefined;
  await old?.stop().catch(() => {});
}

function restart(context) {
  turn = turn.then(stop).then(() => start(context)).catch((error) => {
    vscode.window.showErrorMessage(`The language server could not be started: ${error.message ?? error}`);
  });
  return turn;
}

/** The policy file that one looks at, or undefined with a word about what to do. */
function current() {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === 'bylaw' && document.uri.scheme === 'file') return document;
  vscode.window.showInformationMessage('Open a policy file first: one that ends in `.bylaw` and is saved.');
  return undefined;
}

/** The set of the file that one looks at; without such a file, the open folder. */
function currentSet() {
  const document = vscode.window.activeTextEditor?.document;
  const isPolicy = document?.languageId === 'bylaw' && document.uri.scheme === 'file';
  const folder = (document && vscode.workspace.getWorkspaceFolder(document.uri)) ?? vscode.workspace.workspaceFolders?.[0];
  if (isPolicy) return { folder, paths: setOf(document.uri.fsPath, folders(), settings(document.uri).get('sets', [])) };
  if (folder) return { folder, paths: [] };
  return current() && undefined;
}

async function runFileTests() {
  const document = current();
  if (!document) return;
  if (client?.state !== State.Running) {
    vscode.window.showWarningMessage('The language server is not running. `Bylaws: Restart the Language Server` starts it.');
    return;
  }
  // The server's own command; it shows what came of it.
  await vscode.commands.executeCommand('bylaws.runTests', document.uri.toString());
}

/** Runs one of the tasks over the current set, with its files as they are on the disk. */
async function runTask(what) {
  const set = currentSet();
  if (!set) return;
  await vscode.workspace.saveAll(false);
  await vscode.tasks.executeTask(tasks.taskOf(what, set.paths, set.folder, command()));
}

function openHandbook(context) {
  const set = currentSet();
  if (!set) return undefined;
  const cwd = set.folder?.uri.fsPath;
  const paths = set.paths.length > 0 ? set.paths : ['.'];
  return pages.openHandbook(command(), paths, cwd, (context.storageUri ?? context.globalStorageUri).fsPath);
}

async function activate(context) {
  const { registerCommand } = vscode.commands;
  context.subscriptions.push(
    registerCommand('bylaws.restartServer', () => restart(context)),
    registerCommand('bylaws.checkSet', () => runTask('check')),
    registerCommand('bylaws.runFileTests', runFileTests),
    registerCommand('bylaws.runAllTests', () => runTask('test')),
    registerCommand('bylaws.showCode', (code) => pages.showCode(command(), code)),
    registerCommand('bylaws.openHandbook', () => openHandbook(context)),
    vscode.tasks.registerTaskProvider('bylaws', tasks.provider(command)),
    vscode.workspace.registerTextDocumentContentProvider(pages.SCHEME, pages.provider(command)),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('bylaws.path') && restart(context)),
  );
  await restart(context);
}

function deactivate() {
  turn = turn.then(stop);
  return turn;
}

module.exports = { activate, deactivate };
