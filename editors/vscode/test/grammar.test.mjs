// The TextMate grammar colours what tree-sitter's queries colour: comments, texts, patterns, numbers, and the words that
// have a meaning where they stand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { policies, root } from './policies.mjs';
import { command, trees } from './tree.mjs';

const require = createRequire(import.meta.url);
const oniguruma = require('vscode-oniguruma');
const textmate = require('vscode-textmate');
const GRAMMAR = new URL('../syntaxes/bylaw.tmLanguage.json', import.meta.url);

await oniguruma.loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')).buffer);

const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) =>
    scope === 'source.bylaw' ? textmate.parseRawGrammar(readFileSync(GRAMMAR, 'utf8'), 'bylaw.json') : null,
});
const grammar = await registry.loadGrammar('source.bylaw');

/** The class of a capture of tree-sitter. */
const OF_CAPTURE = {
  comment: 'comment',
  'comment.documentation': 'comment',
  string: 'text',
  'string.escape': 'text',
  'string.regexp': 'pattern',
  number: 'number',
  keyword: 'word',
  'keyword.operator': 'word',
  'function.builtin': 'word',
  boolean: 'word',
};

/** The class of a scope; the innermost that has one counts. */
function ofScopes(scopes) {
  for (const scope of [...scopes].reverse()) {
    if (/^comment\b/.test(scope)) return 'comment';
    if (/^(string\.quoted|constant\.character\.escape)/.test(scope)) return 'text';
    if (/^string\.regexp/.test(scope)) return 'pattern';
    if (/^constant\.numeric/.test(scope)) return 'number';
    if (/^(keyword\.control|keyword\.operator\.word|support\.function|constant\.language\.boolean)/.test(scope)) return 'word';
    if (/^meta\.embedded/.test(scope)) return 'other';
  }
  return 'other';
}

/** A class for each character, `other` for most. */
function byTextMate(text) {
  const classes = [];
  let stack = textmate.INITIAL;
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    for (const token of tokens) {
      const kind = ofScopes(token.scopes);
      for (let at = token.startIndex; at < Math.min(token.endIndex, line.length); at++) classes.push(kind);
    }
    classes.push('other');
    stack = ruleStack;
  }
  return classes;
}

function byTreeSitter(text, captures) {
  const bytes = Buffer.from(text);
  const offset = (byte) => bytes.subarray(0, byte).toString().length;
  const classes = new Array(text.length).fill('other');
  // Those inside of others come later.
  for (const [name, start, end] of captures) classes.fill(OF_CAPTURE[name] ?? 'other', offset(start), offset(end));
  return classes;
}

/** Each place where the two differ. */
function differences(text, here, there) {
  const found = [];
  for (let at = 0; at < text.length; at++) {
    if (here[at] === there[at] || /\s/.test(text[at])) continue;
    let end = at;
    while (end < text.length && here[end] === here[at] && there[end] === there[at] && !/\s/.test(text[end])) end++;
    const line = text.lastIndexOf('\n', at - 1) + 1;
    found.push(`\`${text.slice(at, end)}\` is ${there[at]}, not ${here[at]}: ${text.slice(line).split('\n')[0]}`);
    at = end - 1;
  }
  return found;
}

const skip = !command() && 'bylaw-tree is not built';

/** Policies that fit the grammar, with what tree-sitter makes of them. */
function read() {
  const all = policies();
  const made = trees(all.map((p) => p.text));
  return all.map((policy, i) => ({ ...policy, tree: made[i] })).filter(({ tree }) => tree.fits);
}

const NODE_TYPES = path.join(root, 'editors/tree-sitter-bylaw/src/node-types.json');
/** Words with a meaning that have other colours: periods, and a kind of record. */
const COLOURED_OTHERWISE = ['day', 'month', 'quarter', 'year', 'fiscal_quarter', 'finding'];
const UNITS = ['business', 'days'];
const TYPES = ['bool', 'int', 'decimal', 'percent', 'text', 'date', 'timestamp', 'duration', 'bytes', 'money'];

function keywords() {
  const types = JSON.parse(readFileSync(NODE_TYPES, 'utf8'));
  const words = types.filter((t) => !t.named && /^[a-z]/.test(t.type)).map((t) => t.type);
  return new Set([...words, 'no_one_exempt']);
}

test('each keyword is coloured somewhere', { skip }, () => {
  const missing = keywords();
  for (const word of COLOURED_OTHERWISE) missing.delete(word);
  for (const { text, tree } of read()) {
    const bytes = Buffer.from(text);
    for (const [name, start, end] of tree.captures) {
      if (OF_CAPTURE[name] === 'word') missing.delete(bytes.subarray(start, end).toString());
    }
  }
  assert.deepEqual([...missing], []);
});

test('the words that are named are words of the language', () => {
  const known = new Set([...keywords(), ...UNITS, ...TYPES]);
  const named = new Set();
  const look = (value, key) => {
    if (key === 'match' || key === 'begin') {
      const plain = value.replace(/\\[bsGd]/g, ' ').replace(/\[(?:\\.|[^\]])*\]/g, ' ');
      for (const word of plain.match(/[a-z_]{2,}/g) ?? []) named.add(word);
    } else if (value && typeof value === 'object') {
      for (const [k, v] of Object.entries(value)) look(v, k);
    }
  };
  look(JSON.parse(readFileSync(GRAMMAR, 'utf8')));
  assert.ok(named.size > 120, `${named.size} words`);
  assert.deepEqual([...named].filter((word) => !known.has(word)), []);
});

test('colours are those of tree-sitter', { skip }, () => {
  const all = read();
  const wrong = all.flatMap(({ name, text, tree }) =>
    differences(text, byTextMate(text), byTreeSitter(text, tree.captures)).map((place) => `${name}: ${place}`));
  assert.ok(all.length > 200, `${all.length} policies`);
  assert.equal(wrong.length, 0, wrong.join('\n'));
});
