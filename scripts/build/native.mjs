// Builds targets of binding.gyp: `node scripts/build/native.mjs [busbar] [core_tests]`. Configures
// only if an input of the configuration has changed, and leaves the rest to the build tool, so that
// a build with nothing to do takes about a second.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as compilerFlags from '../lib/compiler-flags.mjs';
import {
  listNativeSources,
  nodePrefixWithHeaders,
  root,
  runInstalled,
  textOf,
} from '../lib/project.mjs';
import { groupsOf } from '../lib/units.mjs';

const nodeGyp = 'node-gyp/bin/node-gyp.js';
const stampFile = join(root, 'build', 'configured.json');

function configuration() {
  return JSON.stringify({
    node: process.version,
    // Paths in the build files are relative to this folder.
    folder: root,
    prefix: nodePrefixWithHeaders(),
    arch: process.arch,
    bindings: textOf(join(root, 'binding.gyp')),
    flags: compilerFlags,
    units: groupsOf(listNativeSources(['native', 'test/native'])),
  });
}

const targets = process.argv.slice(2);
const wanted = configuration();
if (textOf(stampFile) !== wanted) {
  const prefix = nodePrefixWithHeaders();
  const nodedir = prefix === undefined ? [] : [`--nodedir=${prefix}`];
  runInstalled(nodeGyp, ['configure', '--loglevel=warn', ...nodedir, '--', '-Dnative_tests=1']);
  writeFileSync(stampFile, wanted);
}
runInstalled(nodeGyp, ['build', '--loglevel=warn', '--jobs=max', ...targets]);
