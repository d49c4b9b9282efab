// Hostile members against real endpoints: `node scripts/test/hostile.mjs [--minutes <n>]`, an hour
// by default. The first half runs each flood, one after the other, without a sanitizer: no turn
// under a victim's lock may be longer than 20 ms. The second half runs processes that write into
// everything they share, with the victim under AddressSanitizer.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run } from '../lib/project.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const seconds = 30 * Number(values.minutes);
if (!(seconds > 0)) {
  console.error(`--minutes ${values.minutes}: expected a number above 0`);
  process.exit(2);
}

const floods = 10;
const node = process.execPath;
run(node, ['scripts/build/native.mjs', 'core_tests']);
run(join(root, 'build', 'Release', 'core_tests'), ['--filter', 'linux_hostile_floods'], {
  env: { ...process.env, BUSBAR_HOSTILE_SECONDS: `${Math.max(1, Math.round(seconds / floods))}` },
});
// One round takes half a second.
run(node, ['scripts/test/sanitized.mjs', 'address', '--filter', 'that_write_anything'], {
  env: { ...process.env, BUSBAR_HOSTILE_ROUNDS: `${Math.ceil(seconds * 2)}` },
});
