// Lines that err, text that a person writes, and bytes one at a time.
import test from 'ava';
import { byteWire, connectWire, serveWire, type WireEvent } from 'busbar/wire';
import fc from 'fast-check';
import { keepAlive } from '../../support/keep-alive.js';
import { turnsUntil } from '../../support/waiting.js';
import { Line } from './support/duplex-pair.js';
import { Counter, counter, values } from './support/interface.js';

keepAlive(test);

/** The same numbers each time: a test that fails can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Changes one bit in so many, and loses or adds a byte now and then. */
function noise(
  rate: number,
  seed: number,
): { change(bytes: Uint8Array): Uint8Array; hits: number } {
  const random = randomFrom(seed);
  const made = {
    hits: 0,
    change(bytes: Uint8Array): Uint8Array {
      const arriving: number[] = [];
      for (const byte of bytes) {
        let changed = byte;
        for (let bit = 0; bit < 8; bit++) if (random() < rate) changed ^= 1 << bit;
        if (changed !== byte) made.hits++;
        if (random() < rate) {
          made.hits++;
          if (random() < 0.5) continue;
          arriving.push(Math.floor(random() * 256));
        }
        arriving.push(changed);
      }
      return Uint8Array.from(arriving);
    },
  };
  return made;
}

for (const seed of [1, 2, 3]) {
  test(`a line with a wrong bit in ten thousand: every answer is right (${seed})`, async (t) => {
    const errs = noise(1e-4, seed);
    const [here, there] = new Line({ change: errs.change, pieces: 7 }).ends;
    const events: WireEvent[] = [];
    const onWire = (event: WireEvent) => events.push(event);
    const framing = 'cobs' as const;
    const service = await serveWire(there, Counter, counter(), { ...values, framing, onWire });
    const client = await connectWire(here, Counter, { framing, onWire });
    for (let round = 0; round < 40; round++) {
      const value = { text: 'x'.repeat(round * 20), list: [round, 0.5, null] };
      t.deepEqual(await client.echo({ value }), value);
    }
    const sums = await Promise.all(Array.from({ length: 100 }, (_, a) => client.add({ a, b: 1 })));
    t.deepEqual(
      sums,
      sums.map((_, a) => a + 1),
    );
    const items: number[] = [];
    for await (const n of client.count({ to: 2000 })) items.push(n);
    t.is(items.length, 2000);
    t.true(items.every((n, index) => n === index));
    t.true(errs.hits > 5, `${errs.hits}`);
    t.true(events.some(({ change, error }) => change === 'corrupted' && error !== undefined));
    t.is(events.filter(({ change }) => change === 'closed').length, 0);
    await client.close();
    await service.close({ linger: 0 });
  });
}

test('bytes of anybody on such a line are no frame, and end nothing', async (t) => {
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
    const line = new Line();
    const [here, there] = line.ends;
    const options = { ...values, framing: 'cobs' } as const;
    const service = await serveWire(there, Counter, counter(), options);
    // Before the first packet, as from a modem that says hello.
    here.write(bytes);
    const client = await connectWire(here, Counter, { framing: 'cobs' });
    t.is(await client.add({ a: 1, b: 2 }), 3);
    await client.close();
    await service.close({ linger: 0 });
  });
  await fc.assert(property, { numRuns: 30 });
});

// ---- text ----

function codeOf(value: unknown): unknown {
  return (value as { readonly code?: unknown } | undefined)?.code;
}

test('a person can call, subscribe and cancel by lines of JSON', async (t) => {
  const line = new Line();
  const [here, there] = line.ends;
  const news: string[] = [];
  const implementation = counter((each) => news.push(each));
  const options = { ...values, framing: 'lines' } as const;
  const service = await serveWire(there, Counter, implementation, options);
  let text = '';
  here.on('data', (chunk) => {
    text += String(chunk);
  });
  const lines = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((each) => JSON.parse(each) as Record<string, unknown>);
  const say = async (said: string, answers: number) => {
    const before = lines().length;
    here.write(`${said}\n`);
    await turnsUntil(() => lines().length >= before + answers);
    return lines().slice(before);
  };
  const name = 'com.example.counter/1';
  // No hello is needed; the other side says its own.
  const [hello, sum] = await say(`{"call":"${name}.add","id":1,"args":{"a":1,"b":2}}`, 2);
  t.is(hello?.busbar, 1);
  t.deepEqual(
    (hello?.offers as { name: string }[] | undefined)?.map((offer) => offer.name),
    ['com.example.counter'],
  );
  t.deepEqual(sum, { re: 1, result: 3 });
  const [wrong] = await say(`{"call":"${name}.add","id":2,"args":{"a":1}}`, 1);
  t.is(codeOf(wrong?.error), 'INVALID_ARGUMENT');
  const [unknown] = await say('{"call":"com.example.other/1.secret","id":3}', 1);
  t.is(codeOf(unknown?.error), 'UNKNOWN_METHOD');
  t.deepEqual(await say(`{"subscribe":"${name}.tick","id":4}`, 1), [{ re: 4, item: null }]);
  service.emit.tick({ n: 7 });
  await turnsUntil(() => lines().length >= 6);
  t.deepEqual(lines().at(-1), { emit: `${name}.tick`, value: { n: 7 } });
  here.write(`{"call":"${name}.hold","id":5,"args":{"key":"k"}}\r\n{"re":5,"cancel":true}\n`);
  await turnsUntil(() => news.includes('aborted k'));
  const [paragraph] = await say(
    `{"call":"${name}.echo","id":6,"args":{"value":"\u2028\u2029"}}`,
    1,
  );
  t.deepEqual(paragraph, { re: 6, result: '\u2028\u2029' });
  t.false(/[\u2028\u2029]/.test(text));
  const items = await say(`{"call":"${name}.count","id":7,"args":{"to":2},"credit":[5,1000]}`, 2);
  t.deepEqual(items.at(-1), { re: 7, end: null });
  const [refused] = await say('{"call":"nonsense"}', 1);
  t.is(codeOf(refused?.refused), 'FRAME_MALFORMED');
  await service.close({ linger: 0 });
});

test('lines of anybody are frames or end the wire, and the next one works', async (t) => {
  const something = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
    fc
      .record(
        {
          call: fc.constantFrom('com.example.counter/1.add', 'x', 1),
          re: fc.integer(),
          id: fc.anything(),
          args: fc.anything(),
          result: fc.jsonValue(),
          credit: fc.anything(),
          timeout: fc.anything(),
          busbar: fc.constantFrom(1, 'x', 0),
        },
        { requiredKeys: [] },
      )
      .map((value) => safeJson(value)),
  );
  const property = fc.asyncProperty(fc.array(something, { maxLength: 5 }), async (said) => {
    const [here, there] = new Line().ends;
    const options = { ...values, framing: 'lines' } as const;
    const service = await serveWire(there, Counter, counter(), options);
    here.resume();
    here.end(said.map((each) => `${each}\n`).join(''));
    await service.close({ linger: 0 });
  });
  await fc.assert(property, { numRuns: 100 });
  t.pass();
});

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return '{}';
  }
}

// ---- one byte at a time ----

test('programs that have one byte at a time feed and pull', async (t) => {
  const near = byteWire();
  const far = byteWire();
  const turn = { turn: 1 } as const;
  const news: string[] = [];
  const implementation = counter((each) => news.push(each));
  const service = await serveWire(far, Counter, implementation, { ...values, ...turn });
  const opening = connectWire(near, Counter, turn);
  let moved = 0;
  // Half-duplex: whoever has the turn sends all that it has, byte by byte.
  const pump = setInterval(() => {
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      for (let byte = from.pull(); byte !== undefined; byte = from.pull()) {
        to.feed(byte);
        moved++;
      }
    }
  }, 1);
  t.teardown(() => clearInterval(pump));
  const client = await opening;
  t.is(await client.add({ a: 1, b: 2 }), 3);
  let sum = 0;
  for await (const n of client.count({ to: 100 })) sum += n;
  t.is(sum, 4950);
  t.true(moved > 500);
  const held = t.throwsAsync(client.hold({ key: 'a' }), { code: 'PEER_GONE' });
  await turnsUntil(() => news.includes('held a'));
  near.out();
  await held;
  t.true(near.ended);
  t.throws(() => near.feed(256), { code: 'WIRE_OPTION' });
  await client.close();
  await service.close({ linger: 0 });
});

test('what is not pulled is bounded', async (t) => {
  const near = byteWire();
  const far = byteWire({ onBytes: () => near.feed(far.pullAll()) });
  const service = await serveWire(far, Counter, counter(), values);
  let pulling = true;
  const opening = connectWire(near, Counter, { limits: { queueBytes: 10_000 } });
  const pump = setInterval(() => pulling && far.feed(near.pullAll(1000)), 1);
  t.teardown(() => clearInterval(pump));
  const client = await opening;
  pulling = false;
  const calls = Array.from({ length: 500 }, () => client.echo({ value: 'x'.repeat(1000) }));
  await turnsUntil(() => near.pending > 10_000);
  t.true(near.pending < 120_000, `${near.pending}`);
  pulling = true;
  t.is((await Promise.all(calls)).length, 500);
  await client.close();
  await service.close({ linger: 0 });
});
