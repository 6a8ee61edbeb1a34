// What the command has to read: the page of a diagnostic's code, and the handbook of a policy set.
'use strict';

const path = require('node:path');
const vscode = require('vscode');
const { run } = require('./program');

const SCHEME = 'bylaws-page';
const CODE = /^B\d{4}$/;

/** The code as the server gives it: a text, or a text with a link. */
const codeOf = ({ code }) => String(typeof code === 'object' && code !== null ? code.value : code ?? '');

/** The pages as documents; they are shown as Markdown. */
function provider(command) {
  return {
    provideTextDocumentContent: async (uri) => {
      const code = path.basename(uri.path, '.md');
      const { code: exit, stdout, stderr, failure } = await run(command(), ['explain', code]);
      return exit === 0 ? `# ${stdout}` : failure ?? stderr;
    },
  };
}

/** The codes at the cursor; else the user chooses one of all. */
async function chosen(command) {
  const editor = vscode.window.activeTextEditor;
  if (editor) {
    const at = editor.selection.active;
    const here = vscode.languages.getDiagnostics(editor.document.uri).filter((d) => d.range.contains(at)).map(codeOf);
    const codes = [...new Set(here.filter((code) => CODE.test(code)))];
    if (codes.length === 1) return codes[0];
    if (codes.length > 1) return vscode.window.showQuickPick(codes, { placeHolder: 'Which of the diagnostics here?' });
  }
  const { code, stdout, stderr, failure } = await run(command, ['explain']);
  if (code !== 0) {
    await vscode.window.showErrorMessage(failure ?? stderr);
    return undefined;
  }
  const all = stdout.trimEnd().split('\n').map((line) => ({ label: line.slice(0, 5), description: line.slice(5).trim() }));
  const picked = await vscode.window.showQuickPick(all, { placeHolder: 'The code of a diagnostic', matchOnDescription: true });
  return picked?.label;
}

async function showCode(command, given) {
  const code = typeof given === 'string' && CODE.test(given) ? given : await chosen(command);
  if (code) await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.from({ scheme: SCHEME, path: `/${code}.md` }));
}

/** Makes the handbook of a set anew, and opens it in the browser. */
async function openHandbook(command, paths, cwd, storage) {
  const into = path.join(storage, 'handbook');
  const options = { location: vscode.ProgressLocation.Window, title: 'Making the handbook' };
  await vscode.workspace.fs.createDirectory(vscode.Uri.file(storage));
  const { code, stderr, failure } = await vscode.window.withProgress(options, () =>
    run(command, ['handbook', ...paths, '-o', into, '--force'], { cwd }));
  if (code !== 0) {
    const first = failure ?? stderr.trim();
    await vscode.window.showErrorMessage(`The handbook could not be made. ${first}`, { modal: first.includes('\n') });
    return;
  }
  await vscode.env.openExternal(vscode.Uri.file(path.join(into, 'index.html')));
}

module.exports = { SCHEME, provider, showCode, openHandbook };
