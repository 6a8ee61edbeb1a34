// Each snippet, its places filled with what stands in them, is checked by the command without a fault.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { bylaws } from './bylaws.mjs';

const snippets = JSON.parse(readFileSync(new URL('../snippets/bylaw.json', import.meta.url)));

/** Every way to fill it: a choice is each of its words once. */
function filled(body) {
  const text = body.join('\n').replace(/\$0|\$\{0\}/g, '');
  const choices = [...text.matchAll(/\$\{\d+\|([^|]*)\|\}/g)];
  const most = Math.max(1, ...choices.map(([, words]) => words.split(',').length));
  return Array.from({ length: most }, (_, i) =>
    text
      .replace(/\$\{\d+\|([^|]*)\|\}/g, (_, words) => words.split(',')[i % words.split(',').length])
      .replace(/\$\{\d+:((?:\\.|[^\\}])*)\}/g, (_, words) => words.replace(/\\(.)/g, '$1')));
}

const one = (name) => filled(snippets[name].body)[0];

const APPROVAL = `record approval at granted by person identity id {
  id: text,
  granted: date,
  person: ref employee,
  approver: ref employee,
  gift: text,
}
`;

/** What a snippet stands on, besides itself. */
function around(name, text) {
  const kinds = [one('Table'), one('Record'), APPROVAL];
  const rule = one('Forbidding rule');
  switch (name) {
    case 'Table':
      return [text];
    case 'Record':
      return [one('Table'), text];
    case 'Exception':
      return [...kinds, rule.replace(/\n\s*severity/, `\n  ${text}$&`)];
    case 'Later wording':
    case 'Test':
    case 'Test of cases':
    case 'Waiver':
      return [...kinds, rule, text];
    case 'Default of given records':
      return [...kinds, rule, text, 'test "t" {\n  given gift as g { id: "1", value: 1 EUR }\n  expect compliant big_gift on g\n}'];
    case 'Charter':
      return [...kinds, rule, text];
    case 'Import':
      return [text];
    default:
      return [...kinds, text];
  }
}

test('each has what people look for', () => {
  for (const [name, { prefix, description, body }] of Object.entries(snippets)) {
    assert.match(prefix, /^[a-z]+$/, name);
    assert.ok(description.length > 10 && body.length > 0, name);
  }
  const prefixes = Object.values(snippets).map((s) => s.prefix);
  assert.equal(new Set(prefixes).size, prefixes.length);
  for (const wanted of ['forbid', 'require', 'limit', 'test', 'record', 'table', 'source', 'waive', 'metric', 'policy']) {
    assert.ok(prefixes.includes(wanted), wanted);
  }
});

test('no place is left over', () => {
  for (const { body } of Object.values(snippets)) {
    for (const text of filled(body)) assert.doesNotMatch(text, /\$\{|\$\d|\\\}/);
  }
});

for (const [name, { body }] of Object.entries(snippets)) {
  test(`${name} is checked without a fault`, { skip: !bylaws() && 'bylaws is not built' }, () => {
    for (const text of filled(body)) {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'bylaws-snippet-'));
      try {
        const file = path.join(folder, 'policy.bylaw');
        writeFileSync(file, `${around(name, text).map((t) => t.trimEnd()).join('\n\n')}\n`);
        mkdirSync(path.join(folder, 'shared'));
        writeFileSync(path.join(folder, 'shared/people.bylaw'), one('Table'));
        const { stdout } = spawnSync(bylaws(), ['check', '--format', 'json', file]);
        const { diagnostics } = JSON.parse(stdout);
        assert.deepEqual(diagnostics.map((d) => `${d.code} ${d.message} ${JSON.stringify(d.labels)}`), [], text);
        if (name.startsWith('Test')) execFileSync(bylaws(), ['test', file], { stdio: 'pipe' });
        const { stdout: diff } = spawnSync(bylaws(), ['fmt', '--diff', file]);
        assert.equal(diff.toString(), '', 'it is not in the style of `bylaws fmt`');
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  });
}
