// Runs a program that scripts/build/fake-mach.mjs has built, together with the server that replaces
// launchd and notifyd: `node scripts/lib/with-fake-mach.mjs <program> [arguments]`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { exitCodeOf } from './native-objects.mjs';
import { root } from './project.mjs';

const [program, ...args] = process.argv.slice(2);
const name = `busbar-fake-mach-${process.pid}`;
// The server ends with its input, so also when this process is killed.
const server = spawn(join(root, 'build', 'fake-mach', 'plain', 'fake_launchd'), [name], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
await new Promise((resolve) => server.stdout.once('data', resolve));
process.exitCode = await exitCodeOf(program, args, { env: { ...process.env, FAKE_MACH: name } });
server.stdin.end();
