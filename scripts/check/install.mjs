// Installs the package into an empty project and uses it there through import and require(). First
// as packed here, which proves that the prebuilt binary is found and is all that a user needs. Then
// as packed in a copy of this clone at another, deeper path, with the build outputs but without
// those of `prepare`, as in an installation from a git address. Run `npm run prebuild:all` or `npm
// run prebuild` first.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { projectWithPackage, timeout } from '../lib/packed-package.mjs';
import { root, run } from '../lib/project.mjs';

const esm = `
import { join, unicast } from 'busbar';
const bus = 'check-install-' + process.pid;
const [a, b] = [await join(bus, { label: 'a' }), await join(bus, { label: 'b' })];
a.send(unicast('b'), 'installed');
const { payload } = await b.recv({ timeout: 10_000 });
if (payload !== 'installed') throw new Error('received ' + payload);
await Promise.all([a.close(), b.close()]);
console.log('import: sent and received');
`;
const cjs = `
const { join } = require('busbar');
if (typeof join !== 'function') throw new Error('require() gave no join');
console.log('require(): loaded');
`;

/**
 * Installs the package as packed in a folder, and uses it. If a step fails, its files stay for
 * inspection.
 */
function check(options) {
  const project = projectWithPackage(options);
  writeFileSync(join(project, 'esm.mjs'), esm);
  writeFileSync(join(project, 'cjs.cjs'), cjs);
  const inProject = { cwd: project, timeout, env: { ...process.env, PATH: project } };
  run(process.execPath, ['esm.mjs'], inProject);
  run(process.execPath, ['--no-warnings', 'cjs.cjs'], inProject);
  rmSync(project, { recursive: true, force: true });
}

/** A copy of this clone, one folder deeper; it uses this clone's dependencies. */
function copyOfClone() {
  const copy = join(mkdtempSync(join(tmpdir(), 'busbar-clone-')), 'deeper', 'clone');
  const left = ['.git', '.cache', 'dist', 'node_modules', 'prebuilds', 'test-build'];
  const needed = (source) => {
    const [top, inTop] = relative(root, source).split(sep);
    // Of build/, only the outputs of node-gyp: other programs may be building the rest right now.
    if (top === 'build' && inTop !== undefined)
      return /^(?:Release|units|.*[.]\w+|Makefile)$/u.test(inTop);
    return !left.includes(top);
  };
  cpSync(root, copy, { recursive: true, preserveTimestamps: true, filter: needed });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

if (!existsSync(join(root, 'prebuilds'))) throw new Error('no prebuilds/: npm run prebuild first');
console.log('as it is packed here');
check({});
console.log('as packed by npm in a copy of this clone');
const copy = copyOfClone();
check({ from: copy, prepare: true });
rmSync(join(copy, '..', '..'), { recursive: true, force: true });
