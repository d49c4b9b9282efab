// A page of a test: calls everything that the server of its wire has, and reports what it got. Runs
// in a browser.
import { defineInterface, t } from 'busbar/interface';
import { connectWire, serveWire, type WireError, webSocket } from 'busbar/wire/browser';
import { Caller, Counter } from './interface.js';

const Report = defineInterface('com.example.report', '1.0', {
  methods: { done: { args: { found: t.any } } },
});

const { location } = globalThis as unknown as { readonly location: { readonly host: string } };
const address = webSocket(`ws://${location.host}/wire`);
const token = 'of the page';

const [client, report] = await connectWire(address, [Counter, Report], { token });
await serveWire(address, Caller, { name: () => 'the page' });

async function sum(): Promise<number> {
  let all = 0;
  for await (const n of client.count({ to: 10_000 })) all += n;
  return all;
}

async function levels(): Promise<readonly number[]> {
  const seen: number[] = [];
  await client.level.set(41);
  for await (const level of client.level) {
    if (seen.push(level) === 2) break;
    await client.level.set(42);
  }
  return seen;
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error as WireError).code,
  );
}

const stop = new AbortController();
const held = codeOf(client.hold({ key: 'page' }, { signal: stop.signal }));
const cancelled = () => {
  stop.abort();
  return held;
};
const found = {
  add: await client.add({ a: 1, b: 2 }),
  echo: await client.echo({ value: { text: 'é😀', list: [1, null, true, -1.5] } }),
  bytes: (await client.bytes({ size: 1_000_000 })).length,
  size: await client.size({ value: new Uint8Array(500_000) }),
  many: (await Promise.all(Array.from({ length: 500 }, (_, a) => client.add({ a, b: 0 })))).at(-1),
  sum: await sum(),
  levels: await levels(),
  back: await client.back(),
  deadline: await codeOf(client.hold({ key: 'late' }, { timeout: 20 })),
  token: await codeOf(
    connectWire(webSocket(`ws://${location.host}/wire`), Counter, { token: 'x' }),
  ),
  cancelled: await cancelled(),
};
await report.done({ found });
