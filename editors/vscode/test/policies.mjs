// Every policy of the project: files, and the blocks of its pages.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

function* under(folder, ending) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* under(name, ending);
    else if (entry.name.endsWith(ending)) yield name;
  }
}

export function policies() {
  const found = [];
  for (const folder of ['policies', 'examples', 'src', 'tests']) {
    for (const file of under(path.join(root, folder), '.bylaw')) {
      found.push({ name: path.relative(root, file), text: readFileSync(file, 'utf8') });
    }
  }
  for (const folder of ['docs', 'tests']) {
    for (const page of under(path.join(root, folder), '.md')) {
      const blocks = readFileSync(page, 'utf8').split('\n```bylaw').slice(1);
      blocks.forEach((block, i) => {
        const text = `${block.slice(block.indexOf('\n') + 1).split('\n```')[0]}\n`;
        found.push({ name: `${path.relative(root, page)} ${i + 1}`, text });
      });
    }
  }
  return found;
}
