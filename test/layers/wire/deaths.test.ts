// A wire that is cut, at any byte: each of its calls ends as the table of deaths has it, and no other
// wire notices.
import test from 'ava';
import { CallError, type ClientOf } from 'busbar/rpc';
import { connectWire, serveWire, tcp, WireError } from 'busbar/wire';
import { keepAlive } from '../../support/keep-alive.js';
import { turnsUntil } from '../../support/waiting.js';
import { Line } from './support/duplex-pair.js';
import { Counter, counter, values } from './support/interface.js';

keepAlive(test);

type Client = ClientOf<typeof Counter>;

/** A conversation of every kind; resolves with how each part of it ended. */
async function converse(client: Client): Promise<readonly unknown[]> {
  const stream = async () => {
    let sum = 0;
    for await (const n of client.count({ to: 50 })) sum += n;
    return sum;
  };
  const drip = async () => {
    for await (const n of client.drip()) if (n !== 1) return n;
    return undefined;
  };
  const ended = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
  return Promise.all(
    [
      client.add({ a: 1, b: 2 }),
      client.echo({ value: 'x'.repeat(200) }),
      stream(),
      client.level.get(),
      client.hold({ key: 'a' }),
      drip(),
    ].map(ended),
  );
}

/** The wire is cut after so many bytes. Returns how long the calls took to end since. */
async function cutAfter(
  t: { is(a: unknown, b: unknown, text?: string): void; true(a: boolean, text?: string): void },
  bytes: number,
): Promise<number> {
  const line = new Line({ cutAfter: bytes });
  const [here, there] = line.ends;
  const news: string[] = [];
  const service = await serveWire(
    there,
    Counter,
    counter((each) => news.push(each)),
    values,
  );
  let client: Client;
  try {
    client = await connectWire(here, Counter);
  } catch (error) {
    t.true(error instanceof WireError, `${error}`);
    t.is((error as WireError).code, 'WIRE_CUT');
    await service.close({ linger: 0 });
    return performance.now() - (line.cutAt ?? 0);
  }
  const ends = await converse(client);
  const took = performance.now() - (line.cutAt ?? 0);
  const expected = [3, 'x'.repeat(200), 1225, 1];
  for (const [index, end] of ends.entries()) {
    if (end === expected[index]) continue;
    t.true(end instanceof CallError, `${bytes}: ${String(end)}`);
    const { code, executed, cause } = end as CallError;
    // Sent or not: not sent is certain, and then there is no other server.
    t.true(
      (code === 'PEER_GONE' && executed === 'maybe') || (code === 'CLOSED' && executed === 'no'),
      `${bytes}: ${code} ${executed}`,
    );
    t.is((cause as WireError).code, 'WIRE_CUT');
  }
  t.is(ends.slice(4).filter((end) => end instanceof CallError).length, 2);
  await client.close();
  await service.close({ linger: 0 });
  t.is(news.filter((each) => each === 'held a').length, news.length / 2, news.join());
  return took;
}

test('a wire that is cut at any byte ends all of its calls, and no others', async (t) => {
  const listener = tcp.listen({ port: 0 });
  const service = await serveWire(listener, Counter, counter(), values);
  const other = await connectWire(tcp({ port: listener.port ?? 0 }), Counter);
  const kept = other.hold({ key: 'kept' }).catch((error: unknown) => error);
  let touched = false;
  void kept.then(() => {
    touched = true;
  });
  const whole = new Line();
  const [here, there] = whole.ends;
  const counting = await serveWire(there, Counter, counter(), values);
  const client = await connectWire(here, Counter);
  const talk = converse(client);
  await turnsUntil(() => whole.carried > 0);
  await client.add({ a: 0, b: 0 });
  const bytes = whole.carried;
  whole.cut();
  await talk;
  await client.close();
  await counting.close({ linger: 0 });
  const took: number[] = [];
  for (let place = 0; place < bytes; place++) took.push(await cutAfter(t, place));
  took.sort((a, b) => a - b);
  t.log(`${bytes} places; p50 ${took[bytes >> 1]} ms, p99 ${took[Math.floor(bytes * 0.99)]} ms`);
  t.false(touched);
  t.is(await other.add({ a: 1, b: 1 }), 2);
  await other.close();
  await service.close({ linger: 0 });
});
