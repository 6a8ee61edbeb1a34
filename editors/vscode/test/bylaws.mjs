// The command `bylaws`, where it has been built.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from './policies.mjs';

/** Undefined where it has not been built; with BYLAWS_EDITORS that is an error. */
export function bylaws() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
  const places = [process.env.BYLAWS, `${target}/release/bylaws`, `${target}/debug/bylaws`];
  const found = places.find((place) => place && existsSync(place));
  if (!found && process.env.BYLAWS_EDITORS) throw new Error('bylaws is not built: cargo build');
  return found;
}
