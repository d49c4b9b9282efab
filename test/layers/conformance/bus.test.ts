// The conformance list over a bus, with servers in processes of their own.
import test from 'ava';
import { behaviours } from './behaviours/index.js';
import { onBus } from './place.js';

for (const { id, title, only = 'bus', run } of behaviours) {
  if (only === 'bus') test.serial(`${id}: ${title}`, (t) => run(onBus(t)));
}
