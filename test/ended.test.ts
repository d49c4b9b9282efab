// The last word of a peer: `ended` comes after every message that it sent, whichever way the
// program receives, and not before the program has received them.
import test, { type ExecutionContext } from 'ava';
import { bytes, type Endpoint, messageBox } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { until, untilLeft } from './support/waiting.js';

const box = messageBox({ Raw: bytes });
type Box = typeof box;
/** Each of them starts a process; with more, by hand: BUSBAR_ROUNDS=100. */
const rounds = Number(process.env.BUSBAR_ROUNDS ?? 3);
/** Far more than one batch, and more than the inbox takes in advance. */
const messages = 3000;

/** Sends so many messages, some of them large, and then waits until it is ended. */
const talker: Source = async ({ busbar, bus, tell, told, hangUp }) => {
  const { bytes, messageBox } = busbar;
  const box = messageBox({ Raw: bytes });
  const endpoint = await busbar.join(bus, {
    messages: box,
    label: 'talker',
    ringBytes: 4 * 1024 * 1024,
  });
  const count = (await told()) as number;
  for (let n = 0; n < count; n++) {
    endpoint.send('reader', box.Raw(new Uint8Array(n % 500 === 7 ? 200_000 : 40)));
  }
  await endpoint.drained();
  tell(endpoint.id);
  await told();
  await endpoint.close();
  hangUp();
};

type Program = ReturnType<typeof inProcess>;

const ends: readonly (readonly [string, (program: Program) => unknown])[] = [
  ['is killed', (program) => program.kill()],
  ['closes', (program) => program.say('close')],
];

/** Starts a talker, whose messages can all be read once this resolves. */
async function talks(t: ExecutionContext, bus: string): Promise<{ program: Program; id: number }> {
  const program = inProcess(t, bus, talker);
  program.say(messages);
  return { program, id: await program.next<number>() };
}

function reader(t: ExecutionContext, bus: string): Promise<Endpoint<Box>> {
  return joined(t, bus, { messages: box, label: 'reader' });
}

for (const [what, end] of ends) {
  test(`listeners have all messages of a peer that ${what} before it has ended`, async (t) => {
    const bus = newBus();
    const endpoint = await reader(t, bus);
    const news: string[] = [];
    endpoint.on('peer', ({ change }) => news.push(change));
    for (let round = 0; round < rounds; round++) {
      const { program, id } = await talks(t, bus);
      let received = 0;
      let before = -1;
      endpoint.on('message', () => received++);
      endpoint.on('ended', ({ peerId }) => {
        t.is(peerId, id);
        before = received;
        news.push('ended');
      });
      await end(program);
      await until(endpoint, 'ended', () => before >= 0);
      t.is(before, messages);
      t.deepEqual(news.splice(0), ['joined', 'left', 'ended']);
      endpoint.removeAllListeners('message').removeAllListeners('ended');
      await program.ended;
    }
  });

  test(`a peer that ${what} has not ended while its messages are not received`, async (t) => {
    const bus = newBus();
    const endpoint = await reader(t, bus);
    for (let round = 0; round < rounds; round++) {
      const { program, id } = await talks(t, bus);
      const left = untilLeft(endpoint, id);
      let received = 0;
      let before = -1;
      endpoint.on('ended', ({ peerId }) => {
        t.is(peerId, id);
        before = received;
      });
      await end(program);
      await left;
      // In the inbox, and in the ring behind it.
      while (received < messages) {
        await endpoint.recv();
        t.is(before, -1);
        received++;
      }
      // What waits for a message also reads that there is none.
      const stop = new AbortController();
      const none = endpoint.recv({ signal: stop.signal });
      await until(endpoint, 'ended', () => before >= 0);
      stop.abort();
      await t.throwsAsync(none, { code: 'ERR_BUSBAR_ABORTED' });
      t.is(before, messages);
      endpoint.removeAllListeners('ended');
      await program.ended;
    }
  });

  test(`a loop has all messages of a peer that ${what} before it has ended`, async (t) => {
    const bus = newBus();
    const endpoint = await reader(t, bus);
    const { program } = await talks(t, bus);
    let received = 0;
    const before = new Promise<number>((resolve) => {
      endpoint.on('ended', () => resolve(received));
    });
    const loop = (async () => {
      for await (const _ of endpoint) {
        received++;
        // Each message takes its time.
        if (received % 100 === 0) await new Promise(setImmediate);
      }
    })();
    await end(program);
    t.is(await before, messages);
    await endpoint.close();
    await loop;
  });
}

test('a peer that has sent nothing has ended as soon as it has left', async (t) => {
  const bus = newBus();
  const endpoint = await reader(t, bus);
  const news: string[] = [];
  endpoint.on('peer', ({ change }) => news.push(change));
  endpoint.on('ended', () => news.push('ended'));
  const silent = await joined(t, bus, { label: 'silent' });
  await until(endpoint, 'peer', () => news.includes('joined'));
  await silent.close();
  await until(endpoint, 'ended', () => news.includes('ended'));
  t.deepEqual(news, ['joined', 'left', 'ended']);
});

test('messages that go back to their sender are not its last word', async (t) => {
  const bus = newBus();
  const endpoint = await reader(t, bus);
  const { program, id } = await talks(t, bus);
  endpoint.on('ended', () => t.fail('its messages were not received'));
  const left = untilLeft(endpoint, id);
  await endpoint.recv();
  await program.kill();
  await left;
  await endpoint.close();
  t.pass();
});
