// Receipts: the number that a send tells is the one that receivers, replies and undelivered
// messages name, and the receiver is the one that gets the message.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import {
  bytes,
  type Endpoint,
  type MessageBox,
  messageBox,
  multicast,
  type SendReceipt,
  text,
  type UndeliveredEvent,
  unicast,
} from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

const box = messageBox({ Text: text, Raw: bytes });
const small = { messages: box, ringBytes: 16 * 1024, queueBytes: 8 * 1024 };

/** Joins, takes nothing until it is told to, and then tells the numbers of its messages. */
const reader: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'reader', messages: busbar.raw });
  tell(endpoint.id);
  await told();
  for await (const { id } of endpoint) tell(id);
};

function undelivered<B extends MessageBox>(endpoint: Endpoint<B>): Promise<UndeliveredEvent> {
  return nextEvent(endpoint as unknown as EventEmitter, 'undelivered') as Promise<UndeliveredEvent>;
}

test('the number is that of message.id and of replyTo, and peerId is the receiver', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me', messages: box });
  const you = await joined(t, bus, { label: 'you', messages: box });
  you.on(
    'message',
    (message) =>
      void message.reply(message.type === 'Text' ? box.Text('r') : box.Raw(message.payload)),
  );
  const seen = new Set<number>();
  for (const message of [
    box.Text(''),
    box.Raw(new Uint8Array(50_000)),
    box.Raw(new Uint8Array(500_000)),
  ]) {
    const receipts: SendReceipt[] = [
      me.sendWithReceipt('you', message),
      me.sendWithReceipt(unicast('you'), message, { ttl: 5, metadata: new Uint8Array(9) }),
      me.sendWithReceipt(unicast(you), message, { key: 'k' }),
      me.sendWithReceipt(multicast('you'), message),
      await me.sendWhenReadyWithReceipt('you', message),
      await me.sendWhenReadyWithReceipt(multicast('you'), message, { timeout: 10_000 }),
    ];
    for (const [i, { id, receivers, peerId }] of receipts.entries()) {
      t.is(receivers, 1);
      t.is(peerId, i === 3 || i === 5 ? undefined : you.id);
      t.is((await me.recv()).replyTo, id);
      t.false(seen.has(id));
      seen.add(id);
    }
  }
  t.false(seen.has(0));
});

test('a unicast names the one of several matches that gets it', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  const others = [await joined(t, bus, { label: 'b' }), await joined(t, bus, { label: 'b' })];
  const expected = new Map(others.map(({ id }) => [id, [] as number[]]));
  for (let i = 0; i < 20; i++) {
    const { id, peerId = 0 } = me.sendWithReceipt('b', i);
    expected.get(peerId)?.push(id);
  }
  for (const other of others) {
    const ids = expected.get(other.id) ?? [];
    t.true(ids.length > 0);
    for (const id of ids) t.is((await other.recv()).id, id);
  }
});

test('a multicast has one number for all of its receivers', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'all' });
  const you = await joined(t, bus, { label: 'all' });
  const receipt = me.sendWithReceipt(multicast('all'), 'x');
  t.like(receipt, { receivers: 2, peerId: undefined });
  for (const each of [me, you]) t.is((await each.recv()).id, receipt.id);
});

test('a message that nobody gets has no number, one that waits has', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, small);
  t.deepEqual(me.sendWithReceipt(multicast('nobody'), box.Text('x')), {
    id: 0,
    receivers: 0,
    peerId: undefined,
  });
  const expired = undelivered(me);
  const waiting = me.sendWithReceipt('nobody', box.Text('x'), { ttl: 1 });
  t.like(waiting, { receivers: 0, peerId: undefined });
  t.not(waiting.id, 0);
  t.like(await expired, { id: waiting.id, peerId: undefined });
  t.throws(() => me.sendWithReceipt('nobody', box.Text('x')), {
    code: 'ERR_BUSBAR_NO_RECIPIENT',
  });
});

test('a message that was dropped has no number', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, small);
  await inProcess(t, bus, reader).next();
  const message = box.Raw(new Uint8Array(3000));
  let last = me.sendWithReceipt('reader', message, { whenFull: 'drop' });
  t.is(last.id, 1);
  for (let i = 0; i < 100 && last.receivers > 0; i++) {
    last = me.sendWithReceipt('reader', message, { whenFull: 'drop' });
  }
  t.deepEqual(last, { id: 0, receivers: 0, peerId: undefined });
});

test('sendWhenReadyWithReceipt waits for room and has the number that arrives', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, small);
  const program = inProcess(t, bus, reader);
  const peerId = await program.next<number>();
  const message = box.Raw(new Uint8Array(3000));
  const sent = Array.from({ length: 50 }, () => me.sendWhenReadyWithReceipt('reader', message));
  await t.throwsAsync(me.sendWhenReadyWithReceipt('reader', message, { timeout: 1 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
    message: /sendWhenReadyWithReceipt\(\)/,
  });
  program.say('go');
  for (const receipt of await Promise.all(sent)) {
    t.like(receipt, { receivers: 1, peerId });
    t.is(await program.next(), receipt.id);
  }
  const aborted = me.sendWhenReadyWithReceipt('reader', message, { signal: AbortSignal.abort() });
  await t.throwsAsync(aborted, { code: 'ERR_BUSBAR_ABORTED' });
  await t.throwsAsync(me.sendWhenReadyWithReceipt('nobody', message), {
    code: 'ERR_BUSBAR_NO_RECIPIENT',
  });
});

test('the number stays when the message goes to another match', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  const victim = inProcess(t, bus, reader);
  const victimId = await victim.next<number>();
  const receipt = me.sendWithReceipt('reader', 'x');
  t.is(receipt.peerId, victimId);
  const heir = await joined(t, bus, { label: 'reader' });
  await victim.kill();
  t.is((await heir.recv()).id, receipt.id);
  t.is(me.counters.rerouted, 1);
});

test('the number stays when the message waits again, and undelivered names it', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  const victim = inProcess(t, bus, reader);
  const peerId = await victim.next<number>();
  const to = unicast({ id: peerId });
  const [first, second, parked] = [
    me.sendWithReceipt(to, 'first'),
    me.sendWithReceipt(to, 'second'),
    me.sendWithReceipt('reader', 'parked', { ttl: 60_000 }),
  ];
  const events: UndeliveredEvent[] = [];
  const both = new Promise<void>((resolve) => {
    me.on('undelivered', (event) => {
      if (events.push(event) === 2) resolve();
    });
  });
  const alive = setInterval(() => undefined, 1000);
  await victim.kill();
  await both;
  clearInterval(alive);
  t.deepEqual(
    events.map(({ id, peerId: gone }) => [id, gone]),
    [first, second].map(({ id }) => [id, peerId]),
  );
  const late = await joined(t, bus, { label: 'reader' });
  t.is((await late.recv()).id, parked.id);
});

test('what another endpoint left with this one is undelivered without a number', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  const leaver = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'leaver' });
    tell(endpoint.sendWithReceipt('late', 'left', { ttl: 300 }).id);
    await endpoint.close();
  });
  const expired = undelivered(me);
  t.is(await leaver.next(), 1);
  t.like(await expired, { payload: 'left', id: 0, peerId: undefined });
});

test('arguments are refused as by send', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me' });
  t.throws(() => me.sendWithReceipt('me', 'x', { tll: 1 } as never), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
    message: /sendWithReceipt\(\); did you mean 'ttl'/,
  });
  t.throws(() => me.sendWithReceipt(7 as never, 'x'), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
  await t.throwsAsync(me.sendWhenReadyWithReceipt('me', 'x', { whenFull: 'drop' } as never), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });
  await me.close();
  t.throws(() => me.sendWithReceipt('me', 'x'), { code: 'ERR_BUSBAR_CLOSED' });
  await t.throwsAsync(me.sendWhenReadyWithReceipt('me', 'x'), { code: 'ERR_BUSBAR_CLOSED' });
});
