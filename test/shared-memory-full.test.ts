// No room for shared memory: every call reports it by a typed error, nothing else happens, and all
// works again when there is room. The limit is the kernel's limit on the size of a file, changed
// while the program runs.
import { execFileSync } from 'node:child_process';
import test from 'ava';
import { bytes, messageBox } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';

/** On each order, tries everything that needs shared memory, and reports how each attempt ended. */
const hungry: Source = async ({ busbar, bus, tell, told }) => {
  const box = busbar.messageBox({ Raw: busbar.bytes });
  const endpoint = await busbar.join(bus, { label: 'hungry', messages: box });
  await endpoint.deliver('known', box.Raw(new Uint8Array(8)));
  tell(process.pid);
  for (let round = 0; ; round++) {
    await told();
    const outcome = async (attempt: () => unknown) => {
      try {
        await attempt();
        return 'fine';
      } catch (error) {
        return error instanceof busbar.BusError ? error.code : String(error);
      }
    };
    const registry = new busbar.MemoryRegistry();
    tell({
      'a small message over a link that is there': await outcome(() =>
        endpoint.deliver('known', box.Raw(new Uint8Array(64))),
      ),
      'a large message': await outcome(() =>
        endpoint.deliver('known', box.Raw(new Uint8Array(3_000_000 * (round + 1)))),
      ),
      'a first message': await outcome(() =>
        endpoint.deliver('stranger', box.Raw(new Uint8Array(8))),
      ),
      'a region': await outcome(() => busbar.MemoryRegion.create(1 << 20).release()),
      'a region of a registry': await outcome(() => registry.alloc(1 << 20).release()),
      'founding a bus': await outcome(async () =>
        (await busbar.join(`${bus}-${round}`, { timeout: 10_000 })).close(),
      ),
    });
  }
};

test('shared memory is full for a while', async (t) => {
  const bus = newBus();
  const box = messageBox({ Raw: bytes });
  const received: number[] = [];
  for (const label of ['known', 'stranger']) {
    const endpoint = await joined(t, bus, { label, messages: box });
    endpoint.on('message', (message) => received.push(message.payload.length));
  }
  const program = inProcess(t, bus, hungry);
  const pid = await program.next<number>();
  const limit = (size: string) => execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${size}`]);

  limit('4096:unlimited');
  program.say('now');
  const full = 'ERR_BUSBAR_OUT_OF_MEMORY';
  t.deepEqual(await program.next(), {
    'a small message over a link that is there': 'fine',
    'a large message': full,
    'a first message': full,
    'a region': full,
    'a region of a registry': full,
    'founding a bus': full,
  });
  limit('unlimited:unlimited');
  program.say('again');
  t.deepEqual(await program.next(), {
    'a small message over a link that is there': 'fine',
    'a large message': 'fine',
    'a first message': 'fine',
    'a region': 'fine',
    'a region of a registry': 'fine',
    'founding a bus': 'fine',
  });
  t.deepEqual(received, [8, 64, 64, 6_000_000, 8]);
});
