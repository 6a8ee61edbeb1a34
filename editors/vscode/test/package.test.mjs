// What package.json promises is there, and fits together.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { policies, root } from './policies.mjs';

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL('..', import.meta.url));
const read = (name) => readFileSync(path.join(here, name), 'utf8');
const manifest = JSON.parse(read('package.json'));
const { contributes } = manifest;
const language = JSON.parse(read('language-configuration.json'));

test('files that are named are there', () => {
  const named = [
    manifest.icon,
    ...contributes.languages.flatMap((l) => [l.configuration, l.icon.light, l.icon.dark]),
    ...contributes.grammars.map((g) => g.path),
    ...contributes.snippets.map((s) => s.path),
    ...contributes.walkthroughs.flatMap((w) => w.steps.map((s) => s.media.markdown)),
    'README.md', 'CHANGELOG.md', 'LICENSE',
  ];
  for (const name of named) assert.ok(existsSync(path.join(here, name)), name);
});

test('scopes, languages and commands are those of the files', () => {
  for (const { scopeName, path: file } of contributes.grammars) assert.equal(JSON.parse(read(file)).scopeName, scopeName);
  const commands = new Set(contributes.commands.map((c) => c.command));
  const used = Object.values(contributes.menus).flat().map((m) => m.command);
  const links = contributes.walkthroughs.flatMap((w) => w.steps).map((s) => s.description).join('\n').matchAll(/command:(bylaws\.\w+)/g);
  for (const command of [...used, ...[...links].map((l) => l[1])]) assert.ok(commands.has(command), command);
  assert.deepEqual(contributes.snippets.map((s) => s.language), ['bylaw']);
});

test('the versions are those of the command', () => {
  const version = /^version = "(.*)"/m.exec(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'))[1];
  assert.equal(manifest.version, version);
  assert.ok(read('CHANGELOG.md').includes(`## ${version}`));
});

test('the readme names every command, setting and snippet', () => {
  const readme = read('README.md');
  for (const { title } of contributes.commands) assert.ok(readme.includes(`*Bylaws: ${title}*`), title);
  for (const setting of Object.keys(contributes.configuration.properties)) assert.ok(readme.includes(`\`${setting}\``), setting);
  for (const { prefix } of Object.values(JSON.parse(read('snippets/bylaw.json')))) assert.ok(readme.includes(`\`${prefix}\``), prefix);
});

test('lines are indented as `bylaws fmt` does', () => {
  const { increaseIndentPattern, decreaseIndentPattern } = language.indentationRules;
  const [more, less] = [new RegExp(increaseIndentPattern), new RegExp(decreaseIndentPattern)];
  let lines = 0;
  for (const { name, text } of policies().filter((p) => /^policies\/[^ ]*$/.test(p.name))) {
    let before;
    for (const line of text.split('\n').filter((l) => l.trim())) {
      const indent = line.length - line.trimStart().length;
      if (before !== undefined && more.test(before.line) && !less.test(line)) {
        assert.equal(indent, before.indent + 2, `${name}: ${before.line}\n${line}`);
        lines++;
      }
      before = { line, indent };
    }
  }
  assert.ok(lines > 300, `${lines} lines`);
  for (const line of ['// {', 'cite "a {"', 'when a matches /b{/']) assert.ok(!more.test(line), line);
});

test('a doc comment and a grid go on in the next line', () => {
  const goesOn = (line) => language.onEnterRules.find((rule) => new RegExp(rule.beforeText).test(line))?.action.appendText;
  assert.equal(goesOn('  /// a'), '/// ');
  assert.equal(goesOn('    | as | value |'), '| ');
  assert.equal(goesOn('  // a'), undefined);
  assert.equal(goesOn('  //// a'), undefined);
  assert.equal(goesOn('  on gift'), undefined);
});

test('words are words of the language', () => {
  assert.deepEqual('given gift as at_it { a.b: 1 }'.match(new RegExp(language.wordPattern, 'g')), ['given', 'gift', 'as', 'at_it', 'a', 'b']);
});

test('a file\'s set is found as the server finds it', () => {
  const { setOf } = require('../src/sets.js');
  const file = path.join(root, 'policies/vocabulary/gifts.bylaw');
  const at = (name) => path.join(root, name);
  assert.deepEqual(setOf(file, [root.replace(/\/$/, '')], []), [at('policies')]);
  assert.deepEqual(setOf(file, [], []), [file]);
  assert.deepEqual(setOf(file, [at('policies/vocabulary')], []), [at('policies/vocabulary')]);
  assert.deepEqual(setOf(file, [at('')], [['examples', 'policies']]), [at('examples'), at('policies')]);
  assert.deepEqual(setOf(file, [at('')], ['examples']), [at('policies')]);
});

test('versions are compared by number', () => {
  const { older, commandOf } = require('../src/program.js');
  assert.ok(older('0.5.9', '0.6.0') && older('0.9.1', '0.10.0'));
  assert.ok(!older('0.6.0', '0.6.0') && !older('1.0.0', '0.6.0') && !older('0.10.0', '0.6.0'));
  assert.equal(commandOf('${workspaceFolder}/bin/bylaws', '/a'), '/a/bin/bylaws');
  assert.equal(commandOf('  ', '/a'), 'bylaws');
});
