// The Python that the package for Python is tested with: BUSBAR_PYTHON, or the one that
// `npm run check:python` has set up, or the system's.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';

/** The environment with msgspec and the checkers; made by scripts/check/python.mjs. */
export const environment = join(root, 'build', 'python');

const suits = 'import sys, msgspec; sys.exit(0 if sys.version_info >= (3, 11) else 3)';

/**
 * An interpreter of Python 3.11 or newer that has msgspec; `undefined` if there is none.
 * @throws Error if BUSBAR_PYTHON names something else.
 */
export function findPython() {
  const { BUSBAR_PYTHON } = process.env;
  if (BUSBAR_PYTHON !== undefined) {
    if (isSuitable(BUSBAR_PYTHON)) return BUSBAR_PYTHON;
    throw new Error(`BUSBAR_PYTHON is ${BUSBAR_PYTHON}, which is no Python >= 3.11 with msgspec`);
  }
  const own = join(environment, 'bin', 'python');
  return [...(existsSync(own) ? [own] : []), 'python3'].find(isSuitable);
}

function isSuitable(program) {
  return spawnSync(program, ['-c', suits]).status === 0;
}
