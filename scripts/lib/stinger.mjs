// The environment with stinger-ipc, which generates the programs that the tests of Stinger's wire talk
// to. Made by `npm run check:python`.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './project.mjs';

const folder = join(root, 'build', 'stinger-python');

/** Its interpreter; it is there only after {@link setUpStinger}. */
export const stingerPython = join(folder, 'bin', 'python');

/** Makes the environment, unless it has these requirements already. Returns its interpreter. */
export function setUpStinger() {
  const requirements = join(root, 'python', 'requirements-stinger.txt');
  const stamp = join(folder, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return stingerPython;
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  const install = ['-m', 'pip', 'install', '--quiet', '--ignore-requires-python'];
  run(stingerPython, [...install, '-r', requirements]);
  run(stingerPython, ['-c', olderSyntax]);
  writeFileSync(stamp, wanted);
  return stingerPython;
}

// One text of an error has quotes within the same quotes, which Python reads from 3.12 on. Nothing
// else asks for a newer one.
const olderSyntax = `
import importlib.util, pathlib, sys
if sys.version_info < (3, 12):
    folder = pathlib.Path(importlib.util.find_spec("stingeripc").submodule_search_locations[0])
    file = folder / "components.py"
    old, new = '{spec["structName"]}', "{spec['structName']}"
    file.write_text(file.read_text().replace(old, new))
`;
