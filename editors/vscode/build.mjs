// Puts the extension and what it needs into one file, and the licences of what it needs beside it.
import { build } from 'esbuild';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const { metafile } = await build({
  entryPoints: ['src/extension.js'],
  outfile: 'dist/extension.js',
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  metafile: true,
  logLevel: 'warning',
});

const FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const folders = [...new Set(Object.keys(metafile.inputs).map((input) => FOLDER.exec(input)?.[1]).filter(Boolean))].sort();
const texts = folders.map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[sc]e/i.test(entry));
  if (!file || !existsSync(path.join(folder, file))) throw new Error(`${name} has no text of its licence`);
  return `${name} ${version}: ${license}\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}\n`;
});
writeFileSync('dist/licences.txt', texts.join(`\n${'-'.repeat(70)}\n\n`));
