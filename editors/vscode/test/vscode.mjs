// A stand-in for VS Code: enough of its interface that the extension and the language client in it run, with a record of
// what they asked for.
import { pathToFileURL, fileURLToPath } from 'node:url';
import { createRequire, Module } from 'node:module';

const EXTENSION = new URL('../dist/extension.js', import.meta.url);

class Disposable {
  constructor(dispose = () => {}) {
    this.dispose = dispose;
  }
}

class EventEmitter {
  constructor() {
    this.listeners = new Set();
    this.event = (listener) => {
      this.listeners.add(listener);
      return new Disposable(() => this.listeners.delete(listener));
    };
  }
  fire(value) {
    for (const listener of [...this.listeners]) listener(value);
  }
  dispose() {
    this.listeners.clear();
  }
}

class CancellationTokenSource {
  constructor() {
    this.token = { isCancellationRequested: false, onCancellationRequested: () => new Disposable() };
  }
  cancel() {}
  dispose() {}
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
  contains({ line, character }) {
    const { start, end } = this;
    const after = line > start.line || (line === start.line && character >= start.character);
    return after && (line < end.line || (line === end.line && character <= end.character));
  }
}

class Uri {
  constructor(url) {
    this.url = url;
  }
  static parse(text) {
    return new Uri(new URL(text));
  }
  static file(path) {
    return new Uri(pathToFileURL(path));
  }
  static from({ scheme, path }) {
    return new Uri(new URL(`${scheme}:${path}`));
  }
  get scheme() {
    return this.url.protocol.slice(0, -1);
  }
  get path() {
    return decodeURIComponent(this.url.pathname);
  }
  get fsPath() {
    return this.scheme === 'file' ? fileURLToPath(this.url) : this.path;
  }
  toString() {
    return this.url.href;
  }
}

class CodeActionKind {
  constructor(value) {
    this.value = value;
  }
  append(part) {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
  static Empty = new CodeActionKind('');
}
for (const name of ['QuickFix', 'Refactor', 'Source', 'Notebook']) {
  CodeActionKind[name] = new CodeActionKind(name[0].toLowerCase() + name.slice(1));
}
for (const name of ['Extract', 'Inline', 'Move', 'Rewrite']) CodeActionKind[`Refactor${name}`] = new CodeActionKind(`refactor.${name}`);
for (const name of ['OrganizeImports', 'FixAll']) CodeActionKind[`Source${name}`] = new CodeActionKind(`source.${name}`);

/** A class or an enum that nothing here looks into. */
function any(name) {
  const made = { [name]: class { constructor(...args) { this.args = args; } } }[name];
  return new Proxy(made, {
    get: (target, key) => (key in target || typeof key !== 'string' || !/^[A-Z]/.test(key) ? target[key] : `${name}.${key}`),
  });
}

/** Functions that are noted down: events, providers, and what is given here. */
function space(name, calls, own) {
  return new Proxy(own, {
    get(target, key) {
      if (key in target || typeof key !== 'string') return target[key];
      if (/^on[A-Z]/.test(key)) return () => new Disposable();
      return (...args) => {
        calls.push([`${name}.${key}`, ...args]);
        return new Disposable();
      };
    },
  });
}

/** @param {{ settings: object, folder: string, answers?: object }} given */
export function stub({ settings, folder, answers = {} }) {
  const calls = [];
  const commands = new Map();
  const channel = { append() {}, appendLine() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {}, replace() {}, clear() {}, show() {}, hide() {}, dispose() {}, onDidChangeLogLevel: () => new Disposable(), logLevel: 0 };
  const told = (name) => async (...args) => {
    calls.push([name, ...args]);
    return answers[name];
  };
  const configuration = (section) => ({
    get: (key, otherwise) => settings[section ? `${section}.${key}` : key] ?? otherwise,
    inspect: () => undefined,
    has: () => true,
  });
  const api = {
    version: '1.100.0',
    Disposable, EventEmitter, CancellationTokenSource, Position, Range, Uri, CodeActionKind,
    env: { language: 'en', appName: 'stub', openExternal: told('env.openExternal'), isTelemetryEnabled: false },
    window: space('window', calls, {
      activeTextEditor: undefined,
      visibleTextEditors: [],
      tabGroups: { all: [], onDidChangeTabs: () => new Disposable(), onDidChangeTabGroups: () => new Disposable() },
      createOutputChannel: () => channel,
      showErrorMessage: told('window.showErrorMessage'),
      showWarningMessage: told('window.showWarningMessage'),
      showInformationMessage: told('window.showInformationMessage'),
      showQuickPick: told('window.showQuickPick'),
      withProgress: (_, run) => run({ report() {} }, new CancellationTokenSource().token),
    }),
    workspace: space('workspace', calls, {
      workspaceFolders: [{ uri: Uri.file(folder), name: 'folder', index: 0 }],
      textDocuments: [],
      notebookDocuments: [],
      isTrusted: true,
      fs: { createDirectory: async () => {} },
      getConfiguration: configuration,
      getWorkspaceFolder: () => api.workspace.workspaceFolders[0],
      saveAll: async () => true,
      createFileSystemWatcher: () => ({ onDidCreate: () => new Disposable(), onDidChange: () => new Disposable(), onDidDelete: () => new Disposable(), dispose() {} }),
    }),
    languages: space('languages', calls, {
      getDiagnostics: () => answers.diagnostics ?? [],
      match: (selector, document) => ([selector].flat().some((s) => s.language === document.languageId) ? 10 : 0),
      createDiagnosticCollection: () => {
        const all = new Map();
        calls.push(['diagnostics', all]);
        return { set: (uri, found) => all.set(uri.toString(), found), delete: (uri) => all.delete(uri.toString()), clear: () => all.clear(), has: () => false, forEach() {}, dispose() {} };
      },
    }),
    commands: {
      registerCommand(id, run) {
        if (commands.has(id)) throw new Error(`command '${id}' already exists`);
        commands.set(id, run);
        return new Disposable(() => commands.delete(id));
      },
      async executeCommand(id, ...args) {
        calls.push(['commands.executeCommand', id, ...args]);
        return commands.get(id)?.(...args);
      },
      getCommands: async () => [...commands.keys()],
    },
    tasks: space('tasks', calls, { executeTask: told('tasks.executeTask') }),
    extensions: { getExtension: () => undefined, all: [] },
    l10n: { t: (text) => text },
  };
  const vscode = new Proxy(api, {
    get(target, key) {
      if (!(key in target) && typeof key === 'string') target[key] = any(key);
      return target[key];
    },
  });
  return { vscode, calls, commands };
}

/** The extension as it is packaged, on the stand-in. */
export function load(vscode) {
  const require = createRequire(import.meta.url);
  const original = Module._load;
  Module._load = (request, ...rest) => (request === 'vscode' ? vscode : original(request, ...rest));
  try {
    delete require.cache[fileURLToPath(EXTENSION)];
    return require(fileURLToPath(EXTENSION));
  } finally {
    Module._load = original;
  }
}
