// Tasks: `bylaws check`, with its diagnostics among the problems, and `bylaws test`.
'use strict';

const vscode = require('vscode');
const { linesOf } = require('./lines');
const { run } = require('./program');

/** `check`: the report as lines that the problem matcher reads. */
class Check {
  constructor(command, args, cwd) {
    Object.assign(this, { command, args, cwd });
    this.written = new vscode.EventEmitter();
    this.closed = new vscode.EventEmitter();
    this.onDidWrite = this.written.event;
    this.onDidClose = this.closed.event;
  }

  async open() {
    this.stopped = new AbortController();
    const outcome = await run(this.command, ['check', '--format', 'json', ...this.args], { cwd: this.cwd, signal: this.stopped.signal });
    this.written.fire(linesOf(outcome).map((line) => `${line}\r\n`).join(''));
    this.closed.fire(outcome.code ?? 1);
  }

  close() {
    this.stopped?.abort();
  }
}

/**
 * @param {'check' | 'test'} what
 * @param {string[]} paths
 * @param {vscode.WorkspaceFolder | undefined} folder
 * @param {string} command
 */
function taskOf(what, paths, folder, command, definition = { type: 'bylaws', task: what, paths }) {
  const cwd = folder?.uri.fsPath;
  const args = paths.length > 0 ? paths : ['.'];
  const execution = what === 'check'
    ? new vscode.CustomExecution(async () => new Check(command, args, cwd))
    : new vscode.ProcessExecution(command, ['test', ...args], { cwd });
  const scope = folder ?? vscode.TaskScope.Workspace;
  const task = new vscode.Task(definition, scope, what, 'bylaws', execution, what === 'check' ? ['$bylaws'] : []);
  task.group = what === 'check' ? vscode.TaskGroup.Build : vscode.TaskGroup.Test;
  return task;
}

/** @param {() => string} command */
function provider(command) {
  return {
    provideTasks: () =>
      (vscode.workspace.workspaceFolders ?? []).flatMap((folder) =>
        ['check', 'test'].map((what) => taskOf(what, [], folder, command(), { type: 'bylaws', task: what }))),
    resolveTask: (task) => {
      const { task: what, paths = [] } = task.definition;
      if (what !== 'check' && what !== 'test') return undefined;
      const folder = typeof task.scope === 'object' ? task.scope : vscode.workspace.workspaceFolders?.[0];
      return taskOf(what, paths, folder, command(), task.definition);
    },
  };
}

module.exports = { taskOf, provider };
