// Compiles better-sqlite3 for the tests of busbar/sql, if this Node has no node:sqlite that does:
// `node scripts/build/sqlite.mjs`. It comes from npm and is no dependency: its own installation
// fetches a binary or Node's headers from elsewhere, which would make `npm ci` fail without them.
import { cpSync, existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { unpackedArchive } from '../lib/npm-archive.mjs';
import { nodePrefixWithHeaders, root, runInstalled, textOf } from '../lib/project.mjs';

const driver = 'better-sqlite3';
const version = '12.11.1';
const [major = 0] = process.versions.node.split('.').map(Number);

// As src/layers/sql/engine/node-engine.ts finds out.
if (major < 24) build();

function build() {
  // A copy for each version of the interface between Node and addons.
  const place = `${unpackedArchive(driver, version)}-${process.versions.modules}`;
  if (!existsSync(place)) cpSync(unpackedArchive(driver, version), place, { recursive: true });
  for (const [name, its] of [
    ['bindings', '1.5.0'],
    ['file-uri-to-path', '1.0.0'],
  ]) {
    const own = join(place, 'node_modules', name);
    if (!existsSync(own)) cpSync(unpackedArchive(name, its), own, { recursive: true });
  }
  // Written once the addon is complete.
  const stamp = join(place, 'built-for');
  if (textOf(stamp) !== process.versions.modules) {
    console.log(`compiling ${driver} ${version} for the tests, which takes a minute`);
    const prefix = nodePrefixWithHeaders();
    const nodedir = prefix === undefined ? [] : [`--nodedir=${prefix}`];
    const how = ['rebuild', '--release', '--loglevel=warn', '--jobs=max', ...nodedir];
    runInstalled('node-gyp/bin/node-gyp.js', how, { cwd: place });
    // All that compiling it has left.
    rmSync(join(place, 'build', 'Release', 'obj.target'), { recursive: true, force: true });
    writeFileSync(stamp, process.versions.modules);
  }
  // Other versions of Node may have set it.
  const link = join(root, 'node_modules', driver);
  rmSync(link, { recursive: true, force: true });
  symlinkSync(relative(join(root, 'node_modules'), place), link, 'junction');
}
