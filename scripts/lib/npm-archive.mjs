// Programs that come as npm packages but are no dependencies: other versions of Node, other runtimes, compilers. They
// are unpacked below .cache, once; node-gyp empties build/ now and then.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './project.mjs';

const folder = join(root, '.cache');

/** The folder of `name@version`, unpacked. */
export function unpackedArchive(name, version) {
  const file = `${name.replace('@', '').replace('/', '-')}-${version}`;
  const place = join(folder, file);
  if (existsSync(place)) return place;
  // Unpacked elsewhere first: what is there is whole. Two at once do not get into each other's way.
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
