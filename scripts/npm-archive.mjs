// Programs that come as npm packages but are no dependencies: other versions of Node, other runtimes, compilers. They
// are unpacked below .cache, once; node-gyp empties build/ now and then.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './project.mjs';

const folder = join(root, '.cache');

/** The folder of `name@version`, unpacked. */
export function unpackedArchive(name, version) {
  const file = `${name.replace('@', '').replace('/', '-')}-${version}`;
  const place = join(folder, file);
  if (existsSync(place)) return place;
  // Unpacked elsewhere first: what is there is whole.
  const begun = `${place}.begun`;
  rmSync(begun, { recursive: true, force: true });
  mkdirSync(begun, { recursive: true });
  run('npm', ['pack', '--silent', `${name}@${version}`, '--pack-destination', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const archive = join(folder, `${file}.tgz`);
  run('tar', ['xzf', archive, '--strip-components=1', '-C', begun]);
  rmSync(archive);
  renameSync(begun, place);
  return place;
}
