// The conformance list over message ports, with servers in worker threads.
import test from 'ava';
import { behaviours } from './behaviours/index.js';
import { onPort } from './place.js';

for (const { id, title, only = 'port', run } of behaviours) {
  if (only === 'port') test.serial(`${id}: ${title}`, (t) => run(onPort(t)));
}
