// Members that come and go leave nothing open: descriptors and mappings are counted before and
// after many rounds, in the process that comes and goes and in the one that stays.
import test from 'ava';
import { holdingsOf, holdsNoMore } from './support/holdings.js';
import { inProcess, newBus, type Program, type Source } from './support/program.js';

/** Answers every message, for ever; also those of dead peers. */
const echo: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'echo' });
  endpoint.on('message', (message) => {
    try {
      message.reply(message.payload);
    } catch (error) {
      if (!(error instanceof busbar.NoRecipientError)) throw error;
    }
  });
  tell('ready');
};

/** Joins, talks and leaves, as many times as ordered. */
const guest: Source = async ({ busbar, bus, tell, told }) => {
  for (;;) {
    const rounds = (await told()) as number;
    for (let i = 0; i < rounds; i++) {
      const endpoint = await busbar.join(bus, { label: 'guest' });
      const payload = i % 10 === 0 ? new Uint8Array(200_000) : i;
      endpoint.send('echo', payload);
      const { payload: answer } = await endpoint.recv();
      if (typeof payload === 'number' && answer !== payload) throw new Error(`got ${answer}`);
      await endpoint.close();
    }
    tell('done');
  }
};

async function rounds(program: Program, count: number): Promise<void> {
  program.say(count);
  await program.next();
}

for (const stays of ['controller', 'member']) {
  test(`three hundred rounds of join, send, receive and close beside a ${stays}`, async (t) => {
    const bus = newBus();
    if (stays === 'member') {
      await inProcess(t, bus, async ({ busbar, bus, tell }) => {
        const endpoint = await busbar.join(bus, { label: 'controller' });
        tell(endpoint.on('message', () => undefined).isController);
      }).next();
    }
    const host = inProcess(t, bus, echo);
    await host.next();
    const visitor = inProcess(t, bus, guest);
    // Resources of the first rounds are reused by the next ones.
    await rounds(visitor, 50);
    const before = [holdingsOf(host.pid), holdingsOf(visitor.pid)] as const;
    await rounds(visitor, 300);
    await holdsNoMore(host.pid, before[0]);
    await holdsNoMore(visitor.pid, before[1]);
    t.pass();
  });
}

test('a hundred peers killed one after another', async (t) => {
  const bus = newBus();
  const host = inProcess(t, bus, echo);
  await host.next();
  const victim: Source = async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    endpoint.send('echo', new Uint8Array(100_000));
    await endpoint.recv();
    tell('talked');
    for (let i = 0; ; i++) await endpoint.deliver('echo', i);
  };
  // One starts while the other is killed: starting takes most of the time.
  const round = async (next: Program | undefined) => {
    const program = next ?? inProcess(t, bus, victim);
    const after = inProcess(t, bus, victim);
    await program.next();
    await program.kill();
    return after;
  };
  let next: Program | undefined;
  for (let i = 0; i < 10; i++) next = await round(next);
  await next?.kill();
  const before = holdingsOf(host.pid);
  next = undefined;
  for (let i = 0; i < 99; i++) next = await round(next);
  await next?.kill();
  // A few regions for large messages stay as spares; their number depends on the order of deaths,
  // but is not a hundred.
  const spares = 8;
  await holdsNoMore(host.pid, {
    descriptors: before.descriptors + spares,
    mappings: before.mappings + spares,
  });
  t.pass();
});
