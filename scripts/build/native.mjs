// Builds targets of binding.gyp: `node scripts/build/native.mjs [busbar] [core_tests]`. Configures
// only if an input of the configuration has changed, and leaves the rest to the build tool, so that
// a build with nothing to do takes about a second.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listNativeSources, nodePrefixWithHeaders, root, runInstalled } from '../lib/project.mjs';

const nodeGyp = 'node-gyp/bin/node-gyp.js';
const stampFile = join(root, 'build', 'configured.json');

function configuration() {
  return JSON.stringify({
    node: process.version,
    // Paths in the build files are relative to this folder.
    folder: root,
    prefix: nodePrefixWithHeaders(),
    arch: process.arch,
    bindings: readFileSync(join(root, 'binding.gyp'), 'utf8'),
    sources: listNativeSources(['native', 'test/native']),
  });
}

function readOrUndefined(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const targets = process.argv.slice(2);
const wanted = configuration();
if (readOrUndefined(stampFile) !== wanted) {
  const prefix = nodePrefixWithHeaders();
  const nodedir = prefix === undefined ? [] : [`--nodedir=${prefix}`];
  runInstalled(nodeGyp, ['configure', '--loglevel=warn', ...nodedir, '--', '-Dnative_tests=1']);
  writeFileSync(stampFile, wanted);
}
runInstalled(nodeGyp, ['build', '--loglevel=warn', '--jobs=max', ...targets]);
