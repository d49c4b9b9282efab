// acknowledge: 'handled' means that a consumer has finished the message; a refused message is
// reported at once.
import test from 'ava';
import { bytes, messageBox, messageType, text } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';

const refuse = () => ({ issues: [{ message: 'never' }] });
const handled = { acknowledge: 'handled' } as const;
const notHandled = (peerId: number) => ({
  failures: [{ peerId, reason: 'ERR_BUSBAR_NOT_HANDLED' }],
});

async function pair(t: Parameters<typeof joined>[0]) {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'worker' });
  return { bus, sender, receiver };
}

/** The error of a refused delivery. */
async function refusal(t: Parameters<typeof joined>[0], delivery: Promise<number>) {
  return t.throwsAsync(delivery, { code: 'ERR_BUSBAR_UNDELIVERED' });
}

/** Fails at its job in one of these ways. */
const failing: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'worker' });
  tell(endpoint.id);
  const how = await told();
  const fail = () => {
    throw new Error('job failed');
  };
  if (how === 'listener') endpoint.on('message', fail);
  else if (how === 'async listener') endpoint.on('message', async () => fail());
  else for await (const _ of endpoint) fail();
};

for (const how of ['listener', 'async listener', 'loop']) {
  test(`a process that dies of its ${how} has not handled the message; another one gets it`, async (t) => {
    const bus = newBus();
    const sender = await joined(t, bus);
    const program = inProcess(t, bus, failing, { NODE_OPTIONS: '' });
    await program.next();
    const delivery = sender.deliver('worker', 'job', handled);
    const heir = await joined(t, bus, { label: 'worker' });
    program.say(how);
    t.is((await heir.recv()).payload, 'job');
    heir.recv().catch(() => undefined);
    t.is(await delivery, 1);
    t.not((await program.ended)[0], 0);
  });
}

/** Survives whatever its listener throws. */
const surviving: Source = async ({ busbar, bus, tell }) => {
  process.on('uncaughtException', () => undefined);
  const endpoint = await busbar.join(bus, { label: 'worker' });
  endpoint.on('message', async ({ payload }) => {
    if (payload === 'rejects') throw new Error('a bug');
  });
  endpoint.on('message', ({ payload }) => {
    if (payload === 'throws') throw new Error('a bug');
  });
  tell(endpoint.id);
};

test('a process that survives its listener reports the message as not handled', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, surviving);
  const id = await program.next<number>();
  const deliveries = ['throws', 'fine', 'rejects', 'fine'].map((payload) =>
    sender.deliver('worker', payload, handled),
  );
  t.like(await refusal(t, deliveries[0] as Promise<number>), notHandled(id));
  t.is(await deliveries[1], 1);
  t.like(await refusal(t, deliveries[2] as Promise<number>), notHandled(id));
  t.is(await deliveries[3], 1);
});

test('an async listener has handled a message when its promise is fulfilled, in any order', async (t) => {
  const { sender, receiver } = await pair(t);
  const finish = new Map<unknown, () => void>();
  const all = new Promise<void>((resolve) => {
    receiver.on('message', ({ payload }) => {
      const done = new Promise<void>((fulfil) => finish.set(payload, fulfil));
      if (finish.size === 3) resolve();
      return done;
    });
  });
  const order: number[] = [];
  const deliveries = [0, 1, 2].map((i) =>
    sender.deliver('worker', i, handled).then(() => order.push(i)),
  );
  await all;
  for (const i of [2, 0, 1]) {
    finish.get(i)?.();
    await deliveries[i];
  }
  t.deepEqual(order, [2, 0, 1]);
});

test('a loop that is left has not handled its message, unless it said so', async (t) => {
  const { sender, receiver } = await pair(t);
  const left = sender.deliver('worker', 'left', handled);
  for await (const _ of receiver) break;
  t.like(await refusal(t, left), notHandled(receiver.id));
  const said = sender.deliver('worker', 'said', handled);
  for await (const message of receiver) {
    message.acknowledge();
    break;
  }
  t.is(await said, 1);
});

test('two that call recv at once: nothing is handled before both ask again', async (t) => {
  const { sender, receiver } = await pair(t);
  const slow = receiver.recv();
  const quick = receiver.recv();
  let done = false;
  const job = sender.deliver('worker', 'slow', handled).then(() => {
    done = true;
  });
  t.is((await slow).payload, 'slow');
  for (let i = 0; i < 3; i++) {
    sender.send('worker', i);
    await (i === 0 ? quick : receiver.recv());
  }
  t.false(done);
  const both = [receiver.recv(), receiver.recv()];
  await job;
  sender.send('worker', 'x');
  sender.send('worker', 'y');
  await Promise.all(both);
});

test('a message that its receiver refuses fails at once, taken and handled alike', async (t) => {
  const bus = newBus();
  const never = { '~standard': { version: 1, vendor: 'test', validate: refuse } } as const;
  const sent = messageBox({ Text: text, Raw: bytes, Job: messageType('handled.job') });
  const sender = await joined(t, bus, { messages: sent });
  const receiver = await joined(t, bus, {
    label: 'worker',
    messages: messageBox({ Text: text, Job: messageType('handled.job', { schema: never }) }),
  });
  receiver.on('message', () => undefined);
  for (const acknowledge of ['taken', 'handled'] as const) {
    const deliveries = [sent.Job({ a: 1 }), sent.Raw(Buffer.from('x')), sent.Text('fine')].map(
      (message) => sender.deliver('worker', message, { acknowledge }),
    );
    const reason = async (delivery?: Promise<number>) =>
      ((await refusal(t, delivery as Promise<number>)) as { failures?: { reason: string }[] })
        .failures?.[0]?.reason;
    t.is(await reason(deliveries[0]), 'ERR_BUSBAR_SCHEMA_MISMATCH');
    t.is(await reason(deliveries[1]), 'ERR_BUSBAR_UNKNOWN_TYPE');
    t.is(await deliveries[2], 1);
  }
});
