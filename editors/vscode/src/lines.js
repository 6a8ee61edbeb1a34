// What `bylaws check --format json` says, a line for each diagnostic, as the problem matcher reads it.
'use strict';

const LINE = /\r?\n/g;

/**
 * Its first label is where it is. Line and column count from 1; a problem matcher takes the end's column as the first
 * that is not part of it.
 */
function lineOf(diagnostic) {
  const { code, level, message, labels, help } = diagnostic;
  const at = labels[0];
  const place = at ? `${at.file}:${at.line}:${at.column}:${at.end_line}:${at.end_column}: ` : '';
  const advice = help ? ` (${help.replace(LINE, ' ').replace(/\s+/g, ' ').trim()})` : '';
  return `${place}${level} ${code}: ${message.replace(LINE, ' ')}${advice}`;
}

const plural = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;

/** The lines for a terminal; what the command printed where that is no report. */
function linesOf({ stdout, stderr, failure }) {
  if (failure !== undefined) return [failure];
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    return `${stdout}${stderr}`.trimEnd().split(LINE);
  }
  const { files, errors, warnings, diagnostics } = report;
  const end = `${plural(files, 'file')}: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}`;
  return [...diagnostics.map(lineOf), end];
}

module.exports = { lineOf, linesOf };
