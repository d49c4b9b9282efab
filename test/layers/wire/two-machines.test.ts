// Two machines, each with its own bus, joined by a wire over a line that delays packets, loses some,
// and is cut: calls, streams and signals go on, or end as the table of deaths has it.
import test, { type ExecutionContext } from 'ava';
import { CallError, type ClientOf } from 'busbar/rpc';
import { type ConnectWireOptions, connectWire, tcp } from 'busbar/wire';
import { keepAlive } from '../../support/keep-alive.js';
import { PoorLink } from '../../support/poor-link.js';
import { newBus, type Program } from '../../support/program.js';
import { Ledger } from './support/ledger.js';

keepAlive(test);

const program = new URL('support/far-machine.js', import.meta.url);
const poor = { delay: 10, loss: 0.02 };
const cut = { delay: 0, loss: 1 };
const perfect = { delay: 0, loss: 0 };
/** Milliseconds of silence after which a side asks, and after as many more gives up. */
const soon = 1000;
/** The same on a line that may lose a packet several times. */
const late = 30_000;

class FarMachine {
  readonly #bus = newBus();
  private constructor(
    readonly t: ExecutionContext,
    readonly link: PoorLink,
    readonly silence: number,
  ) {}

  static async make(t: ExecutionContext, silence: number): Promise<FarMachine | undefined> {
    const link = await PoorLink.make(t);
    return link && new FarMachine(t, link, silence);
  }

  async relay(): Promise<{ readonly relay: Program; readonly port: number }> {
    const { far } = this.link;
    const relay = this.link.run(this.t, program, ['relay', far, this.#bus, `${this.silence}`]);
    return { relay, port: await relay.next<number>() };
  }

  async server(name: string): Promise<Program> {
    const server = this.link.run(this.t, program, ['server', name, this.#bus]);
    this.t.is(await server.next(), 'serving');
    return server;
  }

  async client(port: number, options: ConnectWireOptions = {}): Promise<ClientOf<typeof Ledger>> {
    const address = tcp({ host: this.link.far, port });
    const client = await connectWire(address, Ledger, {
      keepAlive: this.silence,
      ...options,
    });
    this.t.teardown(() => client.close());
    return client;
  }
}

async function collected<T>(items: AsyncIterable<T>, count = Infinity): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) if (found.push(item) === count) break;
  return found;
}

const executed = (error: unknown) => (error instanceof CallError ? error.executed : undefined);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test('over a poor line everything arrives, in order, and once', async (t) => {
  const machine = await FarMachine.make(t, late);
  if (machine === undefined) return;
  const { port } = await machine.relay();
  await machine.server('only');
  await machine.link.become(poor);
  const client = await machine.client(port);
  const ticks: number[] = [];
  const ticked = new Promise<void>((resolve) => {
    client.on('tick', ({ n }) => ticks.push(n) === 500 && resolve());
  });
  await client.on('tick', () => undefined).ready;
  await client.ticks({ count: 500 });
  const calls = Promise.all(upTo(1000).map((key) => client.enter({ key })));
  const items = collected(client.count({ to: 20_000 }));
  const sum = client.sum(upTo(5000));
  t.true((await calls).every((times) => times === 1));
  t.deepEqual(await items, upTo(20_000));
  t.is(await sum, (5000 * 4999) / 2);
  await client.level.set(7);
  t.is(await client.level.get(), 7);
  await ticked;
  t.deepEqual(ticks, upTo(500));
});

test('a line that is cut ends what may have been executed, and only that', async (t) => {
  const machine = await FarMachine.make(t, soon);
  if (machine === undefined) return;
  const { relay, port } = await machine.relay();
  const server = await machine.server('only');
  const client = await machine.client(port, { reconnect: true });
  t.is(await relay.next(), 'opened');
  t.is(await client.enter({ key: 0 }), 1);
  const held = t.throwsAsync(client.hold(), { code: 'PEER_GONE' });
  const items = t.throwsAsync(collected(client.drip()), { code: 'PEER_GONE' });
  t.is(await server.next(), 'held');
  await machine.link.become(cut);
  const entered = t.throwsAsync(client.enter({ key: 1 }), { code: 'PEER_GONE' });
  await t.throwsAsync(client.name({ timeout: 50 }), { code: 'DEADLINE' });
  t.is(executed(await held), 'maybe');
  t.is(executed(await entered), 'maybe');
  await items;
  // The far side hears nothing either, and stops what nobody waits for.
  t.is(await server.next(), 'aborted');
  t.is(await relay.next(), 'closed WIRE_SILENT');
  await machine.link.become(perfect);
  t.is(await client.name(), 'only');
  t.is(await relay.next(), 'opened');
  // What was sent meanwhile had not come through, nor does it now.
  t.is(await client.enter({ key: 1 }), 1);
});

test('a server that is killed over there is told here, and another one takes over', async (t) => {
  const machine = await FarMachine.make(t, late);
  if (machine === undefined) return;
  const { port } = await machine.relay();
  const first = await machine.server('first');
  await machine.link.become(poor);
  const client = await machine.client(port);
  t.is(await client.name(), 'first');
  const held = t.throwsAsync(client.hold(), { code: 'PEER_GONE' });
  t.is(await first.next(), 'held');
  await machine.server('second');
  await first.kill();
  t.is(executed(await held), 'maybe');
  t.is(await client.name(), 'second');
  t.is(await client.enter({ key: 1 }), 1);
});
