// The table of what happens if: nobody there, not taken, taken and dead, deadline, cancellation.
import { Other } from '../interface.js';
import type { Behaviour, Place, ServerProgram } from '../place.js';

// Of a queue of two, one place was given up: lets the others run. Orders go another way than calls,
// so the refusal of a third one tells that the server has seen what was sent before.
async function overtakenBy(
  t: Place['t'],
  calls: Awaited<ReturnType<Place['client']>>,
  one: ServerProgram,
  held: Promise<string>,
): Promise<void> {
  const others = ['c', 'd'].map((key) => calls.hold({ key }));
  await t.throwsAsync(calls.hold({ key: 'e' }), { code: 'BUSY' });
  one.order('release', 'a', '');
  await held;
  for (const key of ['c', 'd']) {
    await one.heard(`held ${key}`);
    one.order('release', key, '');
  }
  await Promise.all(others);
}

export const deaths: readonly Behaviour[] = [
  {
    id: 'nobody.waits',
    title: 'a call waits for a server that comes before its deadline',
    only: 'bus',
    async run({ t, server, client }) {
      const calls = await client();
      const pending = calls.name({ timeout: 60_000 });
      await server();
      t.is(await pending, 'one');
    },
  },
  {
    id: 'nobody.no-deadline',
    title: 'a call without a deadline waits for a server, too',
    only: 'bus',
    async run({ t, server, client }) {
      const pending = (await client()).name();
      await server();
      t.is(await pending, 'one');
    },
  },
  {
    id: 'nobody.deadline',
    title: 'a call that nobody matches before its deadline is NO_RECIPIENT, not executed',
    only: 'bus',
    async run({ t, client }) {
      const error = await t.throwsAsync((await client()).name({ timeout: 20 }), {
        code: 'NO_RECIPIENT',
      });
      t.is((error as { executed?: string }).executed, 'no');
    },
  },
  {
    id: 'nobody.other-major',
    title: 'a server of another major version is nobody',
    only: 'bus',
    async run({ t, server, clientOf }) {
      await server();
      await t.throwsAsync((await clientOf(Other)).name({ timeout: 20 }), { code: 'NO_RECIPIENT' });
    },
  },
  {
    id: 'nobody.to',
    title: '`to` is added to the label of the interface',
    only: 'bus',
    async run({ t, server, client }) {
      await server({ label: 'kitchen' }, 'k');
      await server({ label: 'bath' }, 'b');
      const calls = await client();
      t.is(await calls.name({ to: 'kitchen' }), 'k');
      t.is(await calls.name({ to: '!kitchen' }), 'b');
      await t.throwsAsync(calls.name({ to: 'attic', timeout: 20 }), { code: 'NO_RECIPIENT' });
      const bath = await client({ to: 'bath' });
      t.is(await bath.name(), 'b');
    },
  },
  {
    id: 'busy.elsewhere',
    title: 'a call that is refused as busy goes to another server',
    only: 'bus',
    async run({ t, server, client }) {
      const full = await server({ concurrency: 1, queue: 0 }, 'full');
      const calls = await client();
      const keys = ['a', 'b', 'c', 'd'];
      const held = [calls.hold({ key: 'a' })];
      await full.heard('held a');
      const free = await server({}, 'free');
      // The last one finds two calls under way at the free server and one at the full one.
      for (const key of ['b', 'c', 'd']) {
        held.push(calls.hold({ key }));
        await free.heard(`held ${key}`);
      }
      for (const key of keys) (key === 'a' ? full : free).order('release', key, key);
      t.deepEqual(await Promise.all(held), keys);
      t.deepEqual(
        keys.map((key) => full.count(`held ${key}`)),
        [1, 0, 0, 0],
      );
    },
  },
  {
    id: 'busy.error',
    title: 'if all servers are busy the call is BUSY, with the load, not executed',
    async run({ t, server, client }) {
      const one = await server({ concurrency: 1, queue: 0 });
      const calls = await client();
      const held = calls.hold({ key: 'a' });
      await one.heard('held a');
      const error = await t.throwsAsync(calls.hold({ key: 'b' }), { code: 'BUSY' });
      t.is((error as { executed?: string }).executed, 'no');
      t.is((error as { load?: number }).load, 1);
      t.is(one.count('held b'), 0);
      one.order('release', 'a', 'x');
      await held;
      t.is(await calls.add({ a: 1, b: 1 }), 2);
    },
  },
  {
    id: 'busy.queue',
    title: 'calls beyond the concurrency wait in the queue, in order',
    async run({ t, server, client }) {
      const one = await server({ concurrency: 1, queue: 2 });
      const calls = await client();
      const [a, b, c] = ['a', 'b', 'c'].map((key) => calls.hold({ key }));
      await one.heard('held a');
      await t.throwsAsync(calls.hold({ key: 'd' }), { code: 'BUSY' });
      one.order('release', 'a', '1');
      await one.heard('held b');
      one.order('release', 'b', '2');
      await one.heard('held c');
      one.order('release', 'c', '3');
      t.deepEqual(await Promise.all([a, b, c]), ['1', '2', '3']);
    },
  },
  {
    id: 'busy.per-caller',
    title: 'one caller has only so many calls under way',
    async run({ t, server, client }) {
      const one = await server({ perCaller: 2 });
      const calls = await client();
      const pending = ['a', 'b'].map((key) => calls.hold({ key }));
      await one.heard('held b');
      await t.throwsAsync(calls.hold({ key: 'c' }), { code: 'BUSY' });
      one.order('release', 'a', '');
      one.order('release', 'b', '');
      await Promise.all(pending);
    },
  },
  {
    id: 'gone.maybe',
    title: 'the server dies with a call in hand: PEER_GONE, perhaps executed',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const pending = t.throwsAsync(calls.hold({ key: 'a' }), { code: 'PEER_GONE' });
      await one.heard('held a');
      await one.kill();
      t.is(((await pending) as { executed?: string }).executed, 'maybe');
    },
  },
  {
    id: 'gone.idempotent',
    title: 'an idempotent call goes to another server when its server dies, with its attempt',
    only: 'bus',
    async run({ t, server, client }) {
      const first = await server({}, 'first');
      const calls = await client();
      const pending = calls.holdAgain({ key: 'a' });
      await first.heard('held a');
      const second = await server({}, 'second');
      await first.kill();
      await second.heard('held a');
      second.order('release', 'a', 'second');
      t.is(await pending, 'second');
    },
  },
  {
    id: 'gone.not-idempotent',
    title: 'a call that is not idempotent is executed by no second server',
    only: 'bus',
    async run({ t, server, client }) {
      const first = await server({}, 'first');
      const calls = await client();
      const pending = t.throwsAsync(calls.hold({ key: 'a' }), { code: 'PEER_GONE' });
      await first.heard('held a');
      const second = await server({}, 'second');
      await first.kill();
      await pending;
      t.is(await calls.name(), 'second');
      t.is(second.count('held a'), 0);
    },
  },
  {
    id: 'gone.others-go-on',
    title: 'the death of one server leaves the calls of another one alone',
    only: 'bus',
    async run({ t, server, client }) {
      const first = await server({ label: 'first' });
      const second = await server({ label: 'second' });
      const calls = await client();
      const lost = t.throwsAsync(calls.hold({ key: 'a' }, { to: 'first' }), { code: 'PEER_GONE' });
      const kept = calls.hold({ key: 'b' }, { to: 'second' });
      await Promise.all([first.heard('held a'), second.heard('held b')]);
      await first.kill();
      await lost;
      second.order('release', 'b', 'still here');
      t.is(await kept, 'still here');
    },
  },
  {
    id: 'deadline.rejects',
    title: 'a call rejects at its deadline, and its signal aborts',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      await t.throwsAsync(calls.hold({ key: 'a' }, { timeout: 50 }), { code: 'DEADLINE' });
      await one.heard('aborted a');
    },
  },
  {
    id: 'deadline.default',
    title: 'a client can have a timeout for all its calls',
    async run({ t, server, client }) {
      await server();
      const calls = await client({ timeout: 50 });
      await t.throwsAsync(calls.stubborn(), { code: 'DEADLINE' });
    },
  },
  {
    id: 'deadline.travels',
    title: 'the server sees the time that is left, and none without a deadline',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      const left = await calls.timeLeft({ timeout: 50_000 });
      t.true(left > 0 && left <= 50_001, `${left}`);
      t.is(await calls.timeLeft(), 1e9);
    },
  },
  {
    id: 'deadline.queued',
    title: 'a call whose deadline passes in the queue is never executed',
    async run({ t, server, client }) {
      const one = await server({ concurrency: 1, queue: 2 });
      const calls = await client();
      const held = calls.hold({ key: 'a' });
      await one.heard('held a');
      await t.throwsAsync(calls.hold({ key: 'b' }, { timeout: 30 }), { code: 'DEADLINE' });
      await overtakenBy(t, calls, one, held);
      t.is(one.count('held b'), 0);
    },
  },
  {
    id: 'cancel.signal',
    title: 'aborting the signal rejects at once, and aborts the signal at the server',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const stop = new AbortController();
      const pending = t.throwsAsync(calls.hold({ key: 'a' }, { signal: stop.signal }));
      await one.heard('held a');
      const reason = new Error('enough');
      stop.abort(reason);
      const error = await pending;
      t.is(error?.name, 'AbortError');
      t.is((error as { code?: string }).code, 'CANCELLED');
      t.is(error?.cause, reason);
      await one.heard('aborted a');
    },
  },
  {
    id: 'cancel.before',
    title: 'a signal that is aborted already keeps the call from being sent',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const signal = AbortSignal.abort();
      const error = await t.throwsAsync(calls.hold({ key: 'a' }, { signal }), {
        code: 'CANCELLED',
      });
      t.is((error as { executed?: string }).executed, 'no');
      await calls.nothing();
      await one.heard('nothing');
      t.is(one.count('held a'), 0);
    },
  },
  {
    id: 'cancel.queued',
    title: 'a cancelled call in the queue is never executed',
    async run({ t, server, client }) {
      const one = await server({ concurrency: 1, queue: 2 });
      const calls = await client();
      const held = calls.hold({ key: 'a' });
      await one.heard('held a');
      const stop = new AbortController();
      const cancelled = t.throwsAsync(calls.hold({ key: 'b' }, { signal: stop.signal }));
      stop.abort();
      await cancelled;
      await overtakenBy(t, calls, one, held);
      t.is(one.count('held b'), 0);
    },
  },
  {
    id: 'close.graceful',
    title: 'a service that closes finishes what runs, and refuses what comes',
    only: 'bus',
    async run({ t, server, client }) {
      const first = await server({ linger: 60_000 }, 'first');
      const calls = await client();
      const running = calls.hold({ key: 'a' });
      await first.heard('held a');
      first.order('close');
      await server({}, 'second');
      t.is(await calls.name(), 'second');
      first.order('release', 'a', 'finished');
      t.is(await running, 'finished');
      await first.heard('closed');
      await first.ended;
    },
  },
  {
    id: 'close.linger',
    title: 'a method that does not finish in time is cancelled when its service closes',
    async run({ t, server, client }) {
      const one = await server({ linger: 0 });
      const calls = await client();
      const pending = t.throwsAsync(calls.hold({ key: 'a' }));
      await one.heard('held a');
      one.order('close');
      const error = (await pending) as { code?: string };
      t.true(error.code === 'CANCELLED' || error.code === 'PEER_GONE', error.code);
      await one.heard('aborted a');
    },
  },
];
