// Prints what binding.gyp compiles of this system's C++ sources in the given folders, one per line:
// units of several.
import { join, relative, sep } from 'node:path';
import { listNativeSources, root } from '../lib/project.mjs';
import { unitsOf } from '../lib/units.mjs';

for (const { file } of unitsOf(
  listNativeSources(process.argv.slice(2)),
  join(root, 'build', 'units'),
)) {
  console.log(relative(root, file).split(sep).join('/'));
}
