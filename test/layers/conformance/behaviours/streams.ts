// Streams: down, up and both ways.
import { isError } from 'busbar/rpc';
import { Conformance } from '../interface.js';
import type { Behaviour } from '../place.js';

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

export const streams: readonly Behaviour[] = [
  {
    id: 'stream.items',
    title: 'all items of a stream arrive in order, and then its end',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      t.deepEqual(await listOf(calls.numbers({ count: 5000 })), upTo(5000));
      t.deepEqual(await listOf(calls.numbers({ count: 0 })), []);
      await one.heard('numbers ended', 2);
    },
  },
  {
    id: 'stream.lazy',
    title: 'a stream that nobody iterates is never called',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const stream = calls.numbers({ count: 3 });
      const left = calls.numbers({ count: 3 });
      await left.return();
      t.deepEqual(await listOf(left), []);
      await calls.nothing();
      t.is(one.count('numbers ended'), 0);
      t.deepEqual(await listOf(stream), [0, 1, 2]);
    },
  },
  {
    id: 'stream.result',
    title: 'what a generator returns is the value of the last step',
    async run({ t, server, client }) {
      await server();
      const stream = (await client()).counted({ count: 2 });
      t.deepEqual(await stream.next(), { done: false, value: 0 });
      t.deepEqual(await stream.next(), { done: false, value: 1 });
      t.deepEqual(await stream.next(), { done: true, value: '2 in all' });
      t.deepEqual(await stream.next(), { done: true, value: undefined });
    },
  },
  {
    id: 'stream.error',
    title: 'items before an error are given out first, then the error, typed',
    async run({ t, server, client }) {
      await server();
      const stream = (await client()).numbersThenFail({ count: 3 });
      const seen: number[] = [];
      const error = await t.throwsAsync(async () => {
        for await (const n of stream) seen.push(n);
      });
      t.deepEqual(seen, [0, 1, 2]);
      if (!isError(Conformance, 'Ended', error)) return t.fail();
      t.is(error.data.at, 3);
      t.deepEqual(await stream.next(), { done: true, value: undefined });
    },
  },
  {
    id: 'stream.wrong-item',
    title: 'an item that does not fit ends the stream with an error at both sides',
    async run({ t, server, client }) {
      const one = await server();
      const seen: number[] = [];
      await t.throwsAsync(async () => {
        for await (const n of (await client()).wrongItems()) seen.push(n);
      });
      t.deepEqual(seen, [1]);
      await one.heard('error in wrongItems');
    },
  },
  {
    id: 'stream.left',
    title: 'leaving the loop ends the generator at its yield',
    async run({ t, server, client }) {
      const one = await server();
      let count = 0;
      for await (const _ of (await client()).numbers({ count: 1_000_000 }))
        if (++count === 3) break;
      t.is(count, 3);
      await one.heard('numbers ended');
    },
  },
  {
    id: 'stream.left-pending',
    title: 'leaving the loop reaches a generator at a pending await, by its signal',
    async run({ t, server, client }) {
      const one = await server();
      const stream = (await client()).numbersThenWait({ count: 2 });
      t.deepEqual(
        [await stream.next(), await stream.next()].map(({ value }) => value),
        [0, 1],
      );
      await one.heard('waiting');
      await stream.return();
      await one.heard('stream closed');
    },
  },
  {
    id: 'stream.signal',
    title: 'aborting the signal ends a loop that waits, and the generator',
    async run({ t, server, client }) {
      const one = await server();
      const stop = new AbortController();
      const stream = (await client()).numbersThenWait({ count: 1 }, { signal: stop.signal });
      await stream.next();
      const next = t.throwsAsync(stream.next(), { code: 'CANCELLED' });
      await one.heard('waiting');
      stop.abort();
      await next;
      await one.heard('stream closed');
    },
  },
  {
    id: 'stream.deadline',
    title: 'a stream ends at its deadline',
    async run({ t, server, client }) {
      const one = await server();
      const stream = (await client()).numbersThenWait({ count: 0 }, { timeout: 1000 });
      await t.throwsAsync(stream.next(), { code: 'DEADLINE' });
      await one.heard('stream closed');
    },
  },
  {
    id: 'stream.gone',
    title: 'the server dies: items that are here are given out, then PEER_GONE',
    async run({ t, server, client }) {
      const one = await server();
      const stream = (await client()).numbersThenWait({ count: 3 });
      t.is((await stream.next()).value, 0);
      await one.heard('waiting');
      await one.kill();
      const seen: number[] = [];
      await t.throwsAsync(
        async () => {
          for await (const n of stream) seen.push(n);
        },
        { code: 'PEER_GONE' },
      );
      t.deepEqual(seen, [1, 2]);
    },
  },
  {
    id: 'stream.window',
    title: 'a consumer that stops costs its producer a window, and nobody else anything',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const stream = calls.chunks({ count: 10_000, size: 10_000 });
      t.is((await stream.next()).value?.length, 10_000);
      // Of the window of 1 MiB; a server may begin them as slowly as it likes.
      await one.heard('chunk 50');
      const others = await Promise.all(upTo(50).map((n) => calls.add({ a: n, b: 0 })));
      t.is(others.length, 50);
      // 1 MiB of 10,000 bytes each, as base64 in JSON, and what was packed when it was used up.
      await one.heard('chunk 70');
      const begun = one.news.filter((news) => news.startsWith('chunk')).length;
      t.true(begun <= 256, `${begun}`);
      await stream.return();
    },
  },
  {
    id: 'stream.batches',
    title: 'batches() gives lists of items, all of them in order',
    async run({ t, server, client }) {
      await server();
      const all: number[] = [];
      let batches = 0;
      for await (const batch of (await client()).numbers({ count: 5000 }).batches()) {
        batches++;
        all.push(...batch);
      }
      t.deepEqual(all, upTo(5000));
      t.true(batches < 2500, `${batches}`);
    },
  },
  {
    id: 'stream.readable',
    title: 'readable() is a Web Stream; cancelling it ends the generator',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      t.deepEqual(await listOf(calls.numbers({ count: 600 }).readable()), upTo(600));
      const reader = calls.numbers({ count: 1_000_000 }).readable().getReader();
      t.is((await reader.read()).value, 0);
      await reader.cancel();
      await one.heard('numbers ended', 2);
    },
  },
  {
    id: 'stream.large-items',
    title: 'items larger than a window arrive, one at a time',
    async run({ t, server, client }) {
      await server();
      let bytes = 0;
      for await (const chunk of (await client()).chunks({ count: 4, size: 2_000_000 })) {
        bytes += chunk.length;
      }
      t.is(bytes, 8_000_000);
    },
  },
  {
    id: 'stream.many',
    title: 'a hundred streams at once each get their own items',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      const sums = await Promise.all(
        upTo(100).map(async (n) => (await listOf(calls.numbers({ count: 10 * n }))).length),
      );
      t.deepEqual(
        sums,
        upTo(100).map((n) => 10 * n),
      );
    },
  },
  {
    id: 'stream.concurrency',
    title: 'a stream counts as a call under way until it ends',
    async run({ t, server, client }) {
      const one = await server({ concurrency: 1, queue: 0 });
      const calls = await client();
      const stream = calls.numbersThenWait({ count: 1 });
      await stream.next();
      await t.throwsAsync(calls.name(), { code: 'BUSY' });
      await one.heard('waiting');
      await stream.return();
      await one.heard('stream closed');
    },
  },
  {
    id: 'input.items',
    title: 'what the caller streams arrives in order; the result comes after its end',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      t.is(await calls.sum(upTo(10_000)), 49_995_000);
      t.is(await calls.sum([]), 0);
      const slowly = async function* () {
        for (const n of upTo(40)) {
          await new Promise((resolve) => setImmediate(resolve));
          yield n;
        }
      };
      t.is(await calls.sum(slowly()), 780);
    },
  },
  {
    id: 'input.left',
    title: "a method that stops reading ends the caller's generator",
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      let closed = () => {};
      const ended = new Promise<void>((resolve) => {
        closed = resolve;
      });
      const endless = function* () {
        try {
          for (let n = 0; ; n++) yield n;
        } finally {
          closed();
        }
      };
      t.is(await calls.sumSome({ count: 4 }, endless()), 6);
      await ended;
    },
  },
  {
    id: 'input.wrong-item',
    title: 'a wrong item of the input rejects the call, and the method sees its input end',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      await t.throwsAsync(calls.sum([1, 'two' as never]), { code: 'INVALID_ARGUMENT' });
      t.is(await calls.add({ a: 1, b: 1 }), 2);
    },
  },
  {
    id: 'input.throws',
    title: 'an error of the input rejects the call with it as its cause',
    async run({ t, server, client }) {
      await server();
      const reason = new Error('no more');
      const failing = function* () {
        yield 1;
        throw reason;
      };
      const error = await t.throwsAsync((await client()).sum(failing()), {
        code: 'INVALID_ARGUMENT',
      });
      t.is(error?.cause, reason);
    },
  },
  {
    id: 'input.busy',
    title: 'the first items of a call that is refused go to the next server with it',
    only: 'bus',
    async run({ t, server, client }) {
      const full = await server({ concurrency: 1, queue: 0, label: 'full' }, 'full');
      const calls = await client();
      const held = calls.hold({ key: 'a' });
      await full.heard('held a');
      const free = await server({}, 'free');
      const others = ['b', 'c'].map((key) => calls.hold({ key }, { to: '!full' }));
      await free.heard('held c');
      t.is(await calls.sum(upTo(1000)), 499_500);
      full.order('release', 'a', '');
      for (const key of ['b', 'c']) free.order('release', key, '');
      await Promise.all([held, ...others]);
    },
  },
  {
    id: 'duplex.items',
    title: 'a method that streams and reads answers each item',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      t.deepEqual(
        await listOf(calls.double(upTo(3000))),
        upTo(3000).map((n) => 2 * n),
      );
    },
  },
];
