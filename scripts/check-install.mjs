// Packs the package, installs the archive into an empty project with install scripts switched off, as
// careful users do, and uses it there through import and through require(). Proves that the prebuilt
// binary is found and is all that a user needs. Wants `npm run prebuild` before it.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './project.mjs';

const meetingTimeout = 60_000; // milliseconds; generous, a deadline and not a measurement

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

if (!existsSync(join(root, 'prebuilds'))) throw new Error('no prebuilds/: npm run prebuild first');

// Left behind where a step fails, to be looked into.
const project = mkdtempSync(join(tmpdir(), 'busbar-install-'));
// No compiler is to be found there, nor anything else.
const inProject = { cwd: project, timeout: meetingTimeout, env: { ...process.env, PATH: project } };
npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', project], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const archive = readdirSync(project).find((name) => name.endsWith('.tgz'));
if (archive === undefined) throw new Error('npm pack left no archive');
writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
writeFileSync(join(project, 'esm.mjs'), esm);
writeFileSync(join(project, 'cjs.cjs'), cjs);
npm(['install', '--silent', '--ignore-scripts', '--no-audit', `./${archive}`], inProject);
run(process.execPath, ['esm.mjs'], inProject);
run(process.execPath, ['--no-warnings', 'cjs.cjs'], inProject);
rmSync(project, { recursive: true, force: true });

// The npm that runs this script, by the path it tells: 'npm' itself is no program on Windows.
function npm(args, options) {
  run(process.execPath, [process.env.npm_execpath, ...args], options);
}
