// Every call that waits, and everything that can end it: no timer, listener or promise leaks, and
// times mean the same in all of them.
import { getEventListeners } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import test from 'ava';
import { unicast } from '../../dist/selector/index.js';
import { box, FakeEndpoint } from './fake-endpoint.js';

interface Options {
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

const full = 13;

const calls: Readonly<Record<string, (fake: FakeEndpoint, options?: Options) => Promise<unknown>>> =
  {
    recv: (fake, options) => fake.endpoint.recv(options),
    waitFor: (fake, options) => fake.endpoint.waitFor('somebody', options),
    drained: (fake, options) => fake.endpoint.drained(options),
    deliver: (fake, options) => fake.endpoint.deliver('somebody', box.Text('taken'), options),
    'deliver, handled': (fake, options) =>
      fake.endpoint.deliver('somebody', box.Text('handled'), {
        ...options,
        acknowledge: 'handled',
      }),
    'deliver that fails at once': (fake, options) => {
      fake.refusal = 12;
      return fake.endpoint.deliver('nobody', box.Text('refused'), options);
    },
    sendWhenReady: (fake, options) => {
      fake.refusal = full;
      return fake.endpoint.sendWhenReady('somebody', box.Text('ready'), options);
    },
  };

const failsAtOnce = (call: string) => call === 'deliver that fails at once';

/**
 * The ways a call ends. `code`: of the rejection; for a call that fails at once, only if it does
 * not begin.
 */
const ends: Readonly<
  Record<
    string,
    {
      readonly options: (signal: AbortController) => Options;
      readonly end: (fake: FakeEndpoint, abort: AbortController) => unknown;
      readonly code: string;
      readonly before?: boolean;
    }
  >
> = {
  'aborted before': {
    options: ({ signal }) => ({ signal: AbortSignal.any([signal, AbortSignal.abort()]) }),
    end: () => undefined,
    code: 'ERR_BUSBAR_ABORTED',
    before: true,
  },
  'aborted during': {
    options: ({ signal }) => ({ signal, timeout: 1e6 }),
    end: (_, abort) => abort.abort(),
    code: 'ERR_BUSBAR_ABORTED',
  },
  'out of time': {
    options: ({ signal }) => ({ signal, timeout: 1.5 }),
    end: () => undefined,
    code: 'ERR_BUSBAR_TIMEOUT',
  },
  'out of time before': {
    options: ({ signal }) => ({ signal, timeout: -0.5 }),
    end: () => undefined,
    code: 'ERR_BUSBAR_TIMEOUT',
    before: true,
  },
  'closed during': {
    options: ({ signal }) => ({ signal, timeout: 1e6 }),
    end: (fake) => void fake.endpoint.close(),
    code: 'ERR_BUSBAR_CLOSED',
  },
};

/** Counts the timers of this process that have neither fired nor been cleared. */
function countTimers(): { readonly left: () => number; readonly stop: () => void } {
  const { setTimeout, clearTimeout } = timers;
  const left = new Set<unknown>();
  const counting = (act: (...values: unknown[]) => void, delay?: number, ...values: unknown[]) => {
    const timer = setTimeout(() => {
      left.delete(timer);
      act(...values);
    }, delay);
    left.add(timer);
    return timer;
  };
  const use = (functions: Partial<typeof timers>) => {
    Object.assign(timers, functions);
    syncBuiltinESMExports();
  };
  use({
    setTimeout: counting as typeof setTimeout,
    clearTimeout: ((timer?: NodeJS.Timeout) => {
      left.delete(timer);
      clearTimeout(timer);
    }) as typeof clearTimeout,
  });
  return { left: () => left.size, stop: () => use({ setTimeout, clearTimeout }) };
}

for (const [name, call] of Object.entries(calls)) {
  for (const [how, { options, end, code, before }] of Object.entries(ends)) {
    test.serial(`${name}, ${how}`, async (t) => {
      const counted = countTimers();
      t.teardown(counted.stop);
      const alive = setInterval(() => undefined, 1000);
      t.teardown(() => clearInterval(alive));
      const fake = new FakeEndpoint();
      const abort = new AbortController();
      const given = options(abort);
      const promise = call(fake, given);
      end(fake, abort);
      const expected = failsAtOnce(name) && before !== true ? 'ERR_BUSBAR_NO_RECIPIENT' : code;
      await t.throwsAsync(promise, { code: expected });
      t.is(counted.left(), 0);
      t.is(getEventListeners(given.signal as AbortSignal, 'abort').length, 0);
      t.is(fake.sent.length > 0, before !== true && /^(deliver|sendWhenReady)/.test(name));
      await fake.endpoint.close();
      t.false(fake.holding);
      t.false(fake.watching);
      await t.throwsAsync(call(fake), { code: 'ERR_BUSBAR_CLOSED' });
    });
  }

  test.serial(`${name} takes times and options as all calls do`, async (t) => {
    const counted = countTimers();
    t.teardown(counted.stop);
    const fake = new FakeEndpoint();
    const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' };
    for (const [timeout, text] of [
      [null, /^timeout is null; expected a number of milliseconds, or undefined/],
      [Number.NaN, /^timeout is NaN; expected a number/],
      ['5', /^timeout is "5"; expected a number/],
      [
        2 ** 31,
        /^timeout is 2147483648 milliseconds; the largest allowed is 2147483647, or Infinity/,
      ],
    ] as const) {
      await t.throwsAsync(call(fake, { timeout: timeout as number }), {
        ...invalid,
        message: text,
      });
    }
    await t.throwsAsync(call(fake, { timeot: 5 } as Options), { ...invalid, message: /'timeout'/ });
    const abort = new AbortController();
    const forever = call(fake, { timeout: Number.POSITIVE_INFINITY, signal: abort.signal });
    t.is(counted.left(), 0);
    abort.abort();
    await t.throwsAsync(forever);
    // Additions to Object.prototype are not options, known or not.
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    t.teardown(() => {
      delete prototype.each;
      delete prototype.timeout;
    });
    prototype.each = () => undefined;
    prototype.timeout = 1;
    const polluted = [call(fake), call(fake, {}), call(fake, { timeout: 1e6 })];
    t.is(counted.left(), failsAtOnce(name) ? 0 : 1);
    delete prototype.each;
    delete prototype.timeout;
    void fake.endpoint.close();
    await Promise.allSettled(polluted);
    t.is(counted.left(), 0);
  });
}

test('a thousand calls listen to their signal once', async (t) => {
  const fake = new FakeEndpoint();
  const abort = new AbortController();
  const { signal } = abort;
  const pending = Array.from({ length: 1000 }, (_, i) =>
    Object.values(calls)[i % 4]?.(fake, { signal, timeout: 1e6 }),
  );
  t.is(getEventListeners(signal, 'abort').length, 1);
  abort.abort();
  for (const outcome of await Promise.allSettled(pending)) t.is(outcome.status, 'rejected');
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('a call that ends another one by its own signal', async (t) => {
  const fake = new FakeEndpoint();
  const abort = new AbortController();
  const { signal } = abort;
  const pending = fake.endpoint.waitFor('somebody', { signal });
  const again = pending.catch(() => fake.endpoint.recv({ signal }));
  abort.abort();
  await t.throwsAsync(again, { code: 'ERR_BUSBAR_ABORTED' });
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('waitFor finds its selector after thousands of others', async (t) => {
  const fake = new FakeEndpoint();
  const found = fake.endpoint.waitFor('late');
  for (let i = 0; i < 5000; i++) fake.endpoint.send(unicast(`w | x${i}`), box.Text('x'));
  const late = { id: 7, pid: 7, label: ['late'] };
  fake.members = [late];
  fake.tell({ kind: 'peers', joined: [late], left: [], relabelled: [] });
  t.deepEqual(await found, [late]);
});
