// The conformance list over wires whose bytes are text, and over half-duplex ones.
import test from 'ava';
import { behaviours } from './behaviours/index.js';
import { onWire } from './wire-place.js';

const kinds = [
  ['lines', { framing: 'lines' }],
  ['half-duplex', { turn: 2 }],
] as const;

for (const [name, options] of kinds) {
  for (const { id, title, only = 'port', run } of behaviours) {
    if (only !== 'port') continue;
    test.serial(`${id}: ${title} (${name})`, (t) => run(onWire(t, 'unix', options)));
  }
}
