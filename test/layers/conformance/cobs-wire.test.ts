// The conformance list over wires with the framing for lines that err.
import test from 'ava';
import { behaviours } from './behaviours/index.js';
import { onWire } from './wire-place.js';

for (const { id, title, only = 'port', run } of behaviours) {
  if (only !== 'port') continue;
  test.serial(`${id}: ${title}`, (t) => run(onWire(t, 'unix', { framing: 'cobs' })));
}
