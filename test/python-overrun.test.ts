// A caller that does not take the answers of a server in Python: its calls end by an error.
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { overrunElsewhere, startOf } from './layers/rpc/overrun-elsewhere.js';
import { newBus } from './support/program.js';
import { lacksPython, spawnPython } from './support/python.js';

const program = fileURLToPath(new URL('../python/tests/conformance.py', import.meta.url));

test('a server in Python drops no answer silently', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const store = spawnPython([program, startOf(bus)], ['pipe', 'ignore', 'inherit']);
  await overrunElsewhere(t, bus, store, ['BUSY no', 'OVERRUN maybe']);
});
