// The command `bylaws`: where it is, and what it says.
'use strict';

const { execFile } = require('node:child_process');

/** The oldest version that has `bylaws lsp`. */
const OLDEST = '0.6.0';

/** @param {string} setting `bylaws.path` @param {string | undefined} folder the first that is open */
function commandOf(setting, folder) {
  const path = setting.trim() || 'bylaws';
  return folder ? path.replaceAll('${workspaceFolder}', folder) : path;
}

/**
 * Runs it to its end. `failure` is set where it could not be started at all.
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string, failure?: string }>}
 */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const settings = { maxBuffer: 256 << 20, windowsHide: true, ...options };
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      const started = !error || typeof error.code === 'number' || error.killed;
      resolve({ code: error ? child.exitCode : 0, stdout, stderr, failure: started ? undefined : error.message });
    });
    child.stdin?.end();
  });
}

/** What is wrong with the command; undefined where it can serve an editor. */
async function problem(command) {
  const asked = await run(command, ['--version']);
  if (asked.failure !== undefined) {
    return `The command \`${command}\` cannot be started, so policy files are coloured but not checked. `
      + 'Install Bylaws, or say in the setting `bylaws.path` where the command is.';
  }
  const version = /^bylaws (\d+\.\d+\.\d+)/.exec(asked.stdout)?.[1];
  if (asked.code !== 0 || !version) {
    return `\`${command} --version\` does not answer as Bylaws does. Say in the setting \`bylaws.path\` where the command is.`;
  }
  if (older(version, OLDEST)) {
    return `\`${command}\` is version ${version}; checks in the editor need ${OLDEST} or later. `
      + 'Install a newer one, or say in the setting `bylaws.path` where it is.';
  }
  const server = await run(command, ['lsp', '--help']);
  if (server.code !== 0) {
    return `\`${command}\` was built without the language server. `
      + 'Install one that has it, or say in the setting `bylaws.path` where it is.';
  }
  return undefined;
}

function older(version, than) {
  const [a, b] = [version, than].map((v) => v.split('.').map(Number));
  const at = a.findIndex((n, i) => n !== b[i]);
  return at >= 0 && a[at] < b[at];
}

module.exports = { commandOf, run, problem, older };
