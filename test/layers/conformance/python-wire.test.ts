// The conformance list over wires, with servers in Python (python/tests/conformance.py).
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { hashOf } from 'busbar/interface';
import { lacksPython, PythonProgram, spawnPython } from '../../support/python.js';
import { behaviours } from './behaviours/index.js';
import { Conformance } from './interface.js';
import { onWire } from './wire-place.js';

const folder = fileURLToPath(new URL('../../../python/tests/', import.meta.url));

const launch = (start: string, hasPipes: boolean) => {
  const pipe = hasPipes ? 'pipe' : 'ignore';
  const env = hasPipes ? { BUSBAR_WIRE_FDS: '3,4' } : {};
  const stdio = ['pipe', 'pipe', 'inherit', pipe, pipe] as const;
  return spawnPython([`${folder}conformance.py`, start], [...stdio], env);
};

for (const wire of ['unix', 'tcp', 'stdio'] as const) {
  for (const { id, title, only = 'port', run } of behaviours) {
    if (only !== 'port') continue;
    test.serial(`${id}: ${title} (Python, ${wire})`, async (t) => {
      if (!lacksPython(t)) await run(onWire(t, wire, { token: 'swordfish' }, undefined, launch));
    });
  }
}

test('an interface has one hash in both languages', async (t) => {
  if (lacksPython(t)) return;
  const program = [
    `import sys; sys.path.insert(0, ${JSON.stringify(folder)})`,
    'from conformance import Conformance',
    'from busbar.rpc._describing import hash_of',
    'print(hash_of(Conformance.busbar))',
  ].join('\n');
  t.is(await new PythonProgram(t, ['-c', program]).line(), hashOf(Conformance));
});
