// The conformance list over wires between processes: a Unix socket, and the pipes of a child.
import test from 'ava';
import { behaviours } from './behaviours/index.js';
import { onWire } from './wire-place.js';

for (const wire of ['unix', 'stdio'] as const) {
  for (const { id, title, only = 'port', run } of behaviours) {
    if (only === 'port') test.serial(`${id}: ${title} (${wire})`, (t) => run(onWire(t, wire)));
  }
}
