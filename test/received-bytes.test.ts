// Received bytes belong to their receiver for as long as it likes, whatever their size and whatever
// comes afterwards; and what it does not keep, its process gives back.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { bytes, messageBox } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { turnsUntil } from './support/waiting.js';

const box = messageBox({ Raw: bytes });

/**
 * Sends `told()` messages of changing sizes to `receiver`: the first 4 bytes are the number, which
 * says size and content.
 */
const sender: Source = async ({ busbar, bus, tell, told }) => {
  const box = busbar.messageBox({ Raw: busbar.bytes });
  const endpoint = await busbar.join(bus, { label: 'sender', messages: box });
  const sizes = [4, 64, 700, 5000, 30_000, 100_000, 140_000, 20, 2000];
  for (;;) {
    const count = (await told()) as number;
    for (let number = 0; number < count; number++) {
      const payload = Buffer.alloc(sizes[number % sizes.length] as number, number);
      payload.writeUInt32LE(number);
      await endpoint.sendWhenReady('receiver', box.Raw(payload));
    }
    tell('sent');
  }
};

function isWhole(payload: Uint8Array): boolean {
  const number = Buffer.from(payload.buffer, payload.byteOffset).readUInt32LE();
  return payload.subarray(4).every((byte) => byte === (number & 0xff));
}

for (const consumer of ['listener', 'for await', 'recv'] as const) {
  test(`what is kept stays as it was, and its own: ${consumer}`, async (t) => {
    const bus = newBus();
    const receiver = await joined(t, bus, { label: 'receiver', messages: box });
    const program = inProcess(t, bus, sender);
    const count = 1500;
    const kept: Uint8Array[] = [];
    let left = count;
    const take = (payload: Uint8Array) => {
      if (!isWhole(payload)) t.fail(`a payload of ${payload.length} bytes is not what was sent`);
      // Some at all sizes, and runs of many.
      if (left % 7 === 0 || left % 500 < 20) kept.push(payload);
      else payload.fill(0xee);
      left--;
    };
    if (consumer === 'listener') receiver.on('message', ({ payload }) => take(payload));
    program.say(count);
    if (consumer === 'for await') {
      for await (const { payload } of receiver) {
        take(payload);
        if (left === 0) break;
      }
    } else if (consumer === 'recv') {
      while (left > 0) take((await receiver.recv()).payload);
    }
    await program.next();
    await turnsUntil(() => left === 0);
    t.true(kept.length > 200);
    t.deepEqual(
      kept.filter((payload) => !isWhole(payload)).map(({ length }) => length),
      [],
    );
    // Writing to one changes no other.
    for (const payload of kept.filter((_, index) => index % 2 === 0)) payload.fill(0xff);
    const others = kept.filter((_, index) => index % 2 === 1);
    t.true(others.every(isWhole));
  });
}

test('what a listener drops takes no more memory the longer it goes on', async (t) => {
  const bus = newBus();
  const receiver = await joined(t, bus, { label: 'receiver', messages: box });
  const program = inProcess(t, bus, sender);
  receiver.on('message', () => undefined);
  program.say(1500);
  await program.next();
  const before = process.memoryUsage.rss();
  // 300 MB.
  program.say(10_000);
  await program.next();
  t.true(process.memoryUsage.rss() - before < 150 << 20);
});

/** Keeps 200 payloads of a MiB, drops all of them when asked, and says what it has resident. */
const keeper: Source = async ({ busbar, bus, tell, told }) => {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const box = busbar.messageBox({ Raw: busbar.bytes });
  const endpoint = await busbar.join(bus, { label: 'keeper', messages: box });
  tell('joined');
  const kept: Uint8Array[] = [];
  for await (const { payload } of endpoint) {
    if (kept.push(payload) === 200) break;
  }
  tell('kept');
  await told();
  kept.length = 0;
  // Until then the collector has nothing to do with it.
  setInterval(collect, 100);
};

/** Bytes of shared memory that a process has mapped. */
function sharedBytes(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  let sum = 0;
  for (const line of lines.filter((each) => each.includes('memfd:busbar'))) {
    const [from = '', to = ''] = (line.split(' ')[0] as string).split('-');
    sum += Number.parseInt(to, 16) - Number.parseInt(from, 16);
  }
  return sum;
}

function residentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
  return Number(pages) * 4096;
}

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('after a burst both sides give back what it took', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { messages: box });
  const program = inProcess(t, bus, keeper);
  await program.next();
  const mib = 1 << 20;
  const atFirst = [process.pid, program.pid].map(sharedBytes);
  for (let i = 0; i < 200; i++) {
    await endpoint.sendWhenReady('keeper', box.Raw(new Uint8Array(mib).fill(i)));
  }
  await program.next();
  const resident = residentBytes(program.pid);
  t.true(resident > 200 * mib);
  program.say('drop');
  await turnsUntil(() => residentBytes(program.pid) < resident - 150 * mib);
  await turnsUntil(() =>
    [process.pid, program.pid].every(
      (pid, index) => sharedBytes(pid) <= (atFirst[index] as number) + 3 * mib,
    ),
  );
  t.pass();
});
