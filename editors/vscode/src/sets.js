// Which files are one policy set: as the language server has it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const isWithin = (file, folder) => file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);

/** Whether there are policy files right in a folder. */
function hasPolicies(folder) {
  try {
    return fs.readdirSync(folder).some((name) => name.endsWith('.bylaw'));
  } catch {
    return false;
  }
}

/**
 * The paths of the set that a file is in: one that the user named; or the outermost folder on the way to it from an open
 * folder that has policy files itself; or the file alone.
 * @param {string} file
 * @param {string[]} folders those that are open
 * @param {(string | string[])[]} named relative to a folder
 * @returns {string[]}
 */
function setOf(file, folders, named) {
  const around = folders.filter((folder) => isWithin(file, folder)).sort((a, b) => a.length - b.length)[0];
  for (const set of named) {
    const paths = [set].flat().map((p) => path.resolve(around ?? path.dirname(file), p));
    if (paths.some((p) => isWithin(file, p))) return paths;
  }
  if (!around) return [file];
  let outermost = path.dirname(file);
  for (let folder = outermost; isWithin(folder, around); folder = path.dirname(folder)) {
    if (hasPolicies(folder)) outermost = folder;
    if (folder === path.dirname(folder)) break;
  }
  return [outermost];
}

module.exports = { setOf };
