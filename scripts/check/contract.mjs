// Runs the contract of the platform interface on every platform available here, and prints one
// table: `node scripts/check/contract.mjs`. Uses the C++ tests as built by `npm run compile:tests`,
// `node scripts/build/cross.mjs linux-arm64 tests`, `npm run test:windows`, `npm run test:macos`. A
// dash: not run there. A column is left out, with a message, if its program or its runner is
// missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/project.mjs';
import { toolchains } from '../lib/toolchains.mjs';
import { wineEnvironment } from '../lib/wine.mjs';

const arm = toolchains['linux-arm64'];

const systems = [
  { title: 'Linux x64', program: 'build/Release/core_tests', runner: [] },
  {
    title: 'ARM64 (qemu)',
    program: 'build/linux-arm64/core_tests',
    runner: arm.runner,
    without: arm.notUnderRunner,
  },
  { title: 'Windows (Wine)', program: 'build/win32-x64/core_tests.exe', runner: ['wine'] },
  {
    title: 'macOS (fake Mach)',
    program: 'build/fake-mach/plain/core_tests',
    runner: ['node', 'scripts/lib/with-fake-mach.mjs'],
  },
];

/**
 * Results by the name of a test, without the part that distinguishes the loopback twin from the
 * system.
 */
function resultsOf({ program, runner, without = [] }) {
  const command = [...runner, join(root, program), '--filter', 'contract_'];
  command.push(...without.flatMap((name) => ['--without', name]));
  const { stdout, error } = spawnSync(command[0], command.slice(1), {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...wineEnvironment },
    timeout: 600_000,
  });
  if (error !== undefined) return undefined;
  const results = { loopback: new Map(), native: new Map() };
  for (const [, word, kind, test] of stdout.matchAll(
    /^(\S+)\s+contract_(loopback|native)_(\w+)/gmu,
  ))
    results[kind].set(test, word);
  return results.native.size === 0 ? undefined : results;
}

const columns = [];
for (const system of systems) {
  const results = existsSync(join(root, system.program)) ? resultsOf(system) : undefined;
  if (results === undefined) {
    console.log(`${system.title} is left out: ${system.program} is not built or cannot run`);
    continue;
  }
  if (columns.length === 0) columns.push({ title: 'loopback', tests: results.loopback });
  columns.push({ title: system.title, tests: results.native });
}

const names = [...new Set(columns.flatMap(({ tests }) => [...tests.keys()]))].sort();
const widest = Math.max(...names.map((name) => name.length));
const row = (name, cells) =>
  [name.padEnd(widest), ...cells.map((cell, i) => cell.padEnd(columns[i].title.length))].join('  ');
console.log(
  row(
    '',
    columns.map(({ title }) => title),
  ),
);
for (const name of names)
  console.log(
    row(
      name,
      columns.map(({ tests }) => tests.get(name) ?? '-'),
    ),
  );
const failed = columns.flatMap(({ tests }) => [...tests.values()]).filter((word) => word !== 'ok');
console.log(`${names.length} tests, ${columns.length} platforms, ${failed.length} failures`);
process.exitCode = columns.length > 0 && failed.length === 0 ? 0 : 1;
