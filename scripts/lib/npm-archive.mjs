// Programs that come as npm packages but are not dependencies: other versions of Node, other
// runtimes, compilers. They are unpacked once, in .cache, since node-gyp may empty build/.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './project.mjs';

const folder = join(root, '.cache');

/** The folder with the unpacked `name@version`. */
export function unpackedArchive(name, version) {
  const file = `${name.replace('@', '').replace('/', '-')}-${version}`;
  const place = join(folder, file);
  if (existsSync(place)) return place;
  // Unpacked elsewhere, then renamed, so that the folder is always complete, even if two processes
  // do it at once.
  mkdirSync(folder, { recursive: true });
  const begun = mkdtempSync(`${place}.begun-`);
  run('npm', ['pack', '--silent', `${name}@${version}`, '--pack-destination', begun], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const unpacked = join(begun, 'unpacked');
  mkdirSync(unpacked);
  run('tar', ['xzf', join(begun, `${file}.tgz`), '--strip-components=1', '-C', unpacked]);
  if (!existsSync(place)) renameSync(unpacked, place);
  rmSync(begun, { recursive: true });
  return place;
}
