// Listeners that throw, remove themselves or others, close the endpoint or send: each affects only
// its own event. Covers every event that an endpoint emits, in one turn with everything else that
// can arrive.
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { box, FakeEndpoint } from './fake-endpoint.js';

const peer = { id: 7, pid: 7, label: ['late'] };

/** The cause of each event. */
const causes: Readonly<Record<string, (fake: FakeEndpoint) => void>> = {
  message: (fake) => fake.receive('cause'),
  unknown: (fake) => fake.receive('unknown type'),
  rejected: (fake) => fake.receive('no text'),
  peer: (fake) =>
    fake.tell({ kind: 'peers', joined: [{ ...peer, id: 8 }], left: [], relabelled: [] }),
  controller: (fake) =>
    fake.tell({ kind: 'controller', generation: 2, controllerId: 2, self: false, gapMs: 1 }),
  drain: (fake) => fake.tell({ kind: 'drained' }),
  dropped: (fake) => fake.tell({ kind: 'dropped', peerId: 2, messages: 1 }),
  disconnected: (fake) => fake.tell({ kind: 'disconnected', peerId: 2, messages: 1 }),
  undelivered: (fake) =>
    fake.tell({
      kind: 'undelivered',
      peerId: 2,
      reason: 12,
      type: new Uint8Array(16),
      format: 0,
      messageId: 1,
      payload: new Uint8Array(0),
      metadata: new Uint8Array(0),
    }),
  violation: (fake) => fake.tell({ kind: 'violation', peerId: 2, pid: 2, status: 20 }),
  close: (fake) => void fake.endpoint.close(),
};

type Listener = () => void;

/** The action of the event's listener, done once. */
const deeds: Readonly<
  Record<string, (fake: FakeEndpoint, event: string, self: Listener) => unknown>
> = {
  throws: () => {
    throw new Error('a bug');
  },
  'removes itself': (fake, event, self) => fake.endpoint.off(event as 'message', self),
  'removes all listeners': (fake) => fake.endpoint.removeAllListeners(),
  closes: (fake) => void fake.endpoint.close(),
  sends: (fake) =>
    fake.endpoint.closed || fake.endpoint.send('somebody', box.Text('from a listener')),
};

for (const [event, cause] of Object.entries(causes)) {
  for (const [deed, act] of Object.entries(deeds)) {
    test.serial(`a listener of '${event}' that ${deed}`, async (t) => {
      const uncaught: unknown[] = [];
      process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error));
      t.teardown(() => process.setUncaughtExceptionCaptureCallback(null));
      const fake = new FakeEndpoint();
      const { endpoint } = fake;
      const closes = event === 'close' || deed === 'closes';
      const heard: unknown[] = [];
      const events: string[] = [];
      let acted = 0;
      const listener = () => {
        if (++acted === 1) act(fake, event, listener);
      };
      if (event !== 'message') endpoint.on('message', (message) => heard.push(message.payload));
      endpoint.on(event as 'message', listener);
      for (const other of ['peer', 'drain'])
        endpoint.on(other as 'drain', () => events.push(other));
      const found = endpoint.waitFor('late');
      const delivered = endpoint.deliver('somebody', box.Text('delivered'));
      const drained = endpoint.drained();
      const outcomes = Promise.allSettled([found, delivered, drained]);
      await turn();

      cause(fake);
      // The same turn of the event loop: only listeners have run in between.
      fake.members = [peer];
      fake.tell(
        { kind: 'peers', joined: [peer], left: [], relabelled: [] },
        { kind: 'delivered', delivery: 1, delivered: 1, failures: [] },
        { kind: 'drained' },
      );
      if (fake.credit > 2) fake.receive('one', 'no text', 'two');
      const values = (await outcomes).map((outcome) =>
        outcome.status === 'fulfilled' ? 'fulfilled' : outcome.reason.code,
      );
      const closed = 'ERR_BUSBAR_CLOSED';
      const each = closes ? closed : 'fulfilled';
      t.deepEqual(values, [each, each, event === 'drain' ? 'fulfilled' : each]);
      await turn();
      t.is(acted > 0, true);
      t.deepEqual(
        uncaught.map((error) => (error as Error).message),
        deed === 'throws' ? ['a bug'] : [],
      );
      if (deed === 'throws')
        t.true(events.includes('drain') && (event === 'close' || events.includes('peer')));
      t.is(fake.sent.includes('from a listener'), deed === 'sends' && event !== 'close');

      // Later calls work.
      if (closes) {
        await endpoint.close();
        await t.throwsAsync(endpoint.recv(), { code: closed });
        return;
      }
      if (deed !== 'removes all listeners') {
        // Without a listener, no more messages were requested.
        const more = event === 'message' && deed === 'removes itself' ? 0 : 1;
        t.is(endpoint.counters.rejected, event === 'rejected' ? 2 : more);
        if (event !== 'message') t.deepEqual(heard, ['one', 'two']);
      } else {
        t.deepEqual([fake.watching, fake.reporting], [false, false]);
      }
      endpoint.on('peer', () => events.push('again'));
      endpoint.on('undelivered', () => undefined);
      t.deepEqual([fake.watching, fake.reporting], [true, true]);
      fake.tell({ kind: 'peers', joined: [], left: [peer], relabelled: [] });
      t.true(events.includes('again'));
      endpoint.removeAllListeners();
      t.deepEqual([fake.watching, fake.reporting, fake.credit], [false, false, 0]);
      await endpoint.close();
      await turn();
      t.false(fake.holding);
    });
  }
}
