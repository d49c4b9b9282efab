// The conformance list through a relay: clients at a wire, servers on a bus.
import test from 'ava';
import { behaviours } from './behaviours/index.js';
import { onRelay } from './relay-place.js';

/** Behaviours of a bus that hold through a relay, too: it finds other servers, and waits for some. */
const ofBuses = [
  ...['nobody.waits', 'nobody.no-deadline', 'nobody.deadline', 'nobody.other-major'],
  ...['busy.elsewhere', 'gone.idempotent', 'gone.not-idempotent', 'close.graceful'],
  ...['property.stale', 'signal.next-server', 'all.nobody'],
];

test('the behaviours of a bus that are tried are in the list', (t) => {
  const known = behaviours.filter(({ only }) => only === 'bus').map(({ id }) => id);
  t.deepEqual(
    ofBuses.filter((id) => !known.includes(id)),
    [],
  );
});

for (const { id, title, only = 'port', run } of behaviours) {
  if (only !== 'port' && !ofBuses.includes(id)) continue;
  test.serial(`${id}: ${title} (relay)`, (t) => run(onRelay(t)));
}
