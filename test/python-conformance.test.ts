// The conformance list of calls, with servers in Python: in MessagePack, and in JSON what payloads
// have a part in.
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { behaviours } from './layers/conformance/behaviours/index.js';
import { onBus } from './layers/conformance/place.js';
import { lacksPython, spawnPython } from './support/python.js';

const program = fileURLToPath(new URL('../python/tests/conformance.py', import.meta.url));
const launch = (start: string) => spawnPython([program, start], ['pipe', 'pipe', 'inherit']);
const inJson = /^(?:call|argument|error|result|stream|input|duplex|property|signal|region)\./;

for (const { id, title, only = 'bus', run } of behaviours) {
  if (only !== 'bus') continue;
  test.serial(`${id}: ${title}`, async (t) => {
    if (!lacksPython(t)) await run(onBus(t, launch));
  });
  if (!inJson.test(id)) continue;
  test.serial(`${id} in JSON: ${title}`, async (t) => {
    if (!lacksPython(t)) await run(onBus(t, launch, { codec: 'json' }));
  });
}
