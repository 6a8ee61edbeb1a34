// What tree-sitter makes of texts: the command of ../tree-sitter-bylaw, where it has been built.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from './policies.mjs';

/** Undefined where it has not been built; with BYLAWS_EDITORS that is an error. */
export function command() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'editors/tree-sitter-bylaw/target');
  const places = [process.env.BYLAWS_TREE, `${target}/debug/bylaw-tree`];
  const found = places.find((place) => place && existsSync(place));
  const how = 'bylaw-tree is not built: cargo build --manifest-path editors/tree-sitter-bylaw/Cargo.toml';
  if (!found && process.env.BYLAWS_EDITORS) throw new Error(how);
  if (!found) console.error(`skipped: ${how}`);
  return found;
}

export function trees(texts) {
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('');
  const { stdout, status } = spawnSync(command(), [], { input, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`bylaw-tree ended with ${status}`);
  return stdout.toString().trimEnd().split('\n').map((line) => JSON.parse(line));
}
