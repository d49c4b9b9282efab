// Processes killed at random moments while frames go from a producer through a filter to a viewer:
// whichever dies, the registry gets all memory back, and messages sent before still arrive.
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, MemoryRegistry, type PlainBox } from 'busbar';
import {
  inProcess,
  joined,
  newBus,
  nextEvent,
  type Program,
  type Source,
} from './support/program.js';

const frameBytes = 16_384;

/** Passes every frame on to a viewer; reports nothing, so that only frames decide when it dies. */
const filter: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'filter' });
  tell('joined');
  for await (const message of endpoint) {
    try {
      endpoint.send('viewer', message.payload, { regions: message.regions, ttl: 60_000 });
    } catch (error) {
      if (!(error instanceof busbar.QueueFullError)) throw error;
    }
    message.close();
  }
};

/** Looks at every frame and keeps the last two. */
const viewer: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'viewer' });
  tell('joined');
  const kept: { close(): void }[] = [];
  for await (const message of endpoint) {
    const [region] = message.regions;
    const [number] = new Uint32Array((region as { copy(): Uint8Array }).copy().buffer, 0, 1);
    if (number !== message.payload) throw new Error(`frame ${message.payload} is ${number}`);
    kept.push(message.keep());
    if (kept.length > 2) kept.shift()?.close();
  }
};

/**
 * Sends frames until `until` is settled; returns how many. Never waits: a frame without room is
 * skipped.
 */
async function produce(
  endpoint: Endpoint<PlainBox>,
  registry: MemoryRegistry,
  until: Promise<unknown>,
  first: number,
): Promise<number> {
  let done = false;
  const wait = async () => {
    await until;
    done = true;
  };
  const waiting = wait();
  let number = first;
  while (!done) {
    for (let i = 0; i < 5; i++) {
      try {
        using frame = registry.alloc(frameBytes);
        frame.write(new Uint8Array(Uint32Array.of(number).buffer));
        endpoint.send('filter', number, { regions: [frame], ttl: 60_000 });
        number++;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code !== 'ERR_BUSBAR_LIMIT_EXCEEDED' && code !== 'ERR_BUSBAR_QUEUE_FULL') throw error;
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await waiting;
  return number;
}

async function start(t: ExecutionContext, bus: string, source: Source): Promise<Program> {
  const program = inProcess(t, bus, source);
  await program.next();
  return program;
}

/** Resolves when no process holds a region of the registry. */
async function allFree(registry: MemoryRegistry): Promise<void> {
  const alive = setInterval(() => undefined, 1000);
  // maintain() also finds regions without an onFree; with this idle time it gives none back.
  while (registry.stats.inUse > 0) {
    registry.maintain(2 ** 31 - 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  clearInterval(alive);
}

const roundsEach = Number(process.env.BUSBAR_TEST_DEATHS ?? 25);

for (const victim of ['filter', 'viewer'] as const) {
  test.serial(`${victim} killed at random moments`, async (t) => {
    const bus = newBus();
    const endpoint = await joined(t, bus);
    using registry = new MemoryRegistry({ maxBytes: 40 * frameBytes });
    const programs = { filter: await start(t, bus, filter), viewer: await start(t, bus, viewer) };
    let number = 0;
    for (let round = 0; round < roundsEach; round++) {
      const source = victim === 'filter' ? filter : viewer;
      // The next one is present before the last one dies, and both get frames.
      const next = start(t, bus, source);
      number = await produce(endpoint, registry, next, number);
      // A different moment each time.
      const frames = Math.floor(Math.random() * 40);
      for (let i = 0; i < frames; i++) {
        number = await produce(endpoint, registry, Promise.resolve(), number);
      }
      await programs[victim].kill();
      programs[victim] = await next;
    }
    await programs.filter.kill();
    await programs.viewer.kill();
    await endpoint.close({ linger: 0 }).catch(() => undefined);
    await allFree(registry);
    t.true(number > roundsEach);
    t.is(registry.stats.inUse, 0);
  });
}

test.serial(
  'a producer killed at random moments leaves its receiver what it had sent',
  async (t) => {
    const bus = newBus();
    const endpoint = await joined(t, bus, { label: 'viewer' });
    const producer: Source = async ({ busbar, bus, told }) => {
      const own = await busbar.join(bus, { label: 'producer' });
      const registry = new busbar.MemoryRegistry({ maxBytes: 40 * 16_384 });
      const round = await told();
      for (let number = 0; ; ) {
        for (let i = 0; i < 3; i++) {
          try {
            const frame = registry.alloc(16_384);
            frame.write(new Uint8Array(16_384).fill(number & 255));
            own.send('viewer', { round, number }, { regions: [frame] });
            frame.release();
            number++;
          } catch (error) {
            if (!(error instanceof busbar.LimitExceededError)) throw error;
          }
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const programs: Program[] = [];
    const next = () => {
      const program = inProcess(t, bus, producer);
      program.say(programs.length);
      programs.push(program);
    };
    next();
    const seen: number[] = [];
    let last = 5;
    while (programs.length <= roundsEach) {
      const message = await endpoint.recv();
      const { round, number } = message.payload as { round: number; number: number };
      // In order and without a gap, even for messages that arrive after their sender's death.
      t.is(number, seen[round] ?? 0);
      seen[round] = number + 1;
      const [region] = message.regions;
      const bytes = region?.copy() ?? new Uint8Array();
      if (bytes.some((byte) => byte !== (number & 255))) t.fail(`frame ${number} is mixed up`);
      message.close();
      if (round !== programs.length - 1 || number !== last) continue;
      programs[round]?.child?.kill('SIGKILL');
      last = 5 + Math.floor(Math.random() * 30);
      next();
    }
    t.is(seen.length, roundsEach);
  },
);

test('a holder that dies gives back, whatever else its owner does', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus);
  const program = await start(t, bus, viewer);
  using registry = new MemoryRegistry();
  const freed: number[] = [];
  const frames = Array.from({ length: 10 }, (_, i) =>
    registry.alloc(frameBytes, { onFree: () => freed.push(i) }),
  );
  for (const [i, frame] of frames.entries()) {
    frame.write(new Uint8Array(Uint32Array.of(i).buffer));
    endpoint.send('viewer', i, { regions: [frame] });
    frame.release();
  }
  endpoint.on('peer', () => undefined);
  await program.kill();
  while (endpoint.peers.length > 0) await nextEvent(endpoint, 'peer');
  await allFree(registry);
  t.deepEqual(
    freed.sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});
