// The server of NATS is killed and started again: nothing is lost that is not counted, nothing comes
// twice, and the bridge says what it lost.
import test from 'ava';
import { messageBox, messageType } from 'busbar';
import { bridgeNats, type LossReport, type RuleCounts } from 'busbar/nats';
import { joined, newBus, nextEvent } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { natsServer } from './support/server.js';

const Count = messageType<number>('com.example.count');
const box = messageBox({ Count });
const types = [Count];

function droppedOf({ dropped }: RuleCounts): number {
  return Object.values(dropped).reduce((sum, each) => sum + each, 0);
}

test('a server killed ten times: what is missing is exactly what was counted', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const [here, there] = [newBus(), newBus()];
  const into = await bridgeNats(there, server.address, {
    domain: here,
    in: [{ to: 'display', types }],
  });
  const out = await bridgeNats(here, server.address, { out: [{ label: 'public', types }] });
  t.teardown(() => Promise.all([into.close({ linger: 0 }), out.close({ linger: 0 })]));
  const display = await joined(t, there, { label: 'display', messages: box });
  const heard = new Set<number>();
  let doubled = 0;
  display.on('message', ({ payload }) => {
    if (heard.has(payload)) doubled++;
    heard.add(payload);
  });
  const sender = await joined(t, here, { messages: box });
  let sent = 0;
  const send = async (count: number) => {
    for (let each = 0; each < count; each++) {
      await sender.sendWhenReady('public', box.Count(sent++));
    }
  };
  const rounds = 10;
  const reports: LossReport[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = heard.size;
    const sending = send(500);
    // Both bridges are connected, so some of these arrive.
    await turnsUntil(() => heard.size > before);
    const backs = [nextEvent(out, 'reconnected'), nextEvent(into, 'reconnected')];
    await server.kill();
    await sending;
    await server.start();
    const [report] = await Promise.all(backs);
    reports.push(report as LossReport);
  }
  await send(1);
  await turnsUntil(() => heard.has(sent - 1));
  await turnsUntil(() => out.counters.out[0]?.waiting === 0);
  const counts = out.counters.out[0] as RuleCounts;
  const arrived = into.counters.in[0] as RuleCounts;
  t.is(doubled, 0);
  t.is(counts.taken, sent);
  t.is(counts.taken, counts.passed + droppedOf(counts));
  t.is(droppedOf(counts), counts.dropped.unconfirmed, 'nothing else was lost');
  t.is(arrived.taken, arrived.passed);
  // Core NATS keeps nothing for a subscriber that is away: what the server had confirmed may be
  // missing as well, but nothing that it has not had arrives.
  t.true(heard.size <= sent);
  t.is(heard.size, arrived.passed);
  t.is(
    reports.reduce((sum, { lost }) => sum + lost, 0),
    counts.dropped.unconfirmed,
  );
});

test('while the server is away, a rule that waits leaves messages with their senders', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const out = await bridgeNats(bus, server.address, {
    out: [
      { label: 'waits', types, queueBytes: 4096 },
      { label: 'drops', types, queueBytes: 4096, whenFull: 'drop' },
      { label: 'newest', types, queueBytes: 4096, whenFull: 'key' },
    ],
  });
  t.teardown(() => out.close({ linger: 0 }));
  const gone = nextEvent(out, 'disconnected');
  await server.kill();
  await gone;
  t.false(out.connected);
  const sender = await joined(t, bus, {
    messages: box,
    ringBytes: 16 * 1024,
    queueBytes: 16 * 1024,
  });
  let waits = 0;
  t.throws(
    () => {
      for (;;) {
        sender.send('waits', box.Count(waits));
        waits++;
      }
    },
    { code: 'ERR_BUSBAR_QUEUE_FULL' },
  );
  const many = 200;
  for (let count = 0; count < many; count++) {
    await sender.sendWhenReady('drops', box.Count(count));
    await sender.sendWhenReady('newest', box.Count(count));
  }
  await turnsUntil(() => out.counters.out.slice(1).every(({ taken }) => taken === many));
  const [first, second, third] = out.counters.out;
  t.true((first?.waiting ?? 0) > 0 && (first?.waitingBytes ?? 0) <= 4096);
  t.is(first && droppedOf(first), 0);
  t.is(second?.dropped.full, many - (second?.waiting ?? 0));
  t.like(third, { waiting: 1, dropped: { superseded: many - 1 } });
  const back = nextEvent(out, 'reconnected');
  await server.start();
  const report = (await back) as LossReport;
  t.is(report.lost, (second?.dropped.full ?? 0) + many - 1);
  t.true(report.milliseconds > 0);
  t.deepEqual(
    report.rules.map(({ direction, rule }) => [direction, rule]),
    [
      ['out', 1],
      ['out', 2],
    ],
  );
  await turnsUntil(() => out.counters.out[0]?.passed === waits);
  t.is(out.counters.out[2]?.passed, 1);
});

test('a bridge closes while there is no server, and counts what it drops', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const out = await bridgeNats(bus, server.address, { out: [{ label: 'public', types }] });
  const gone = nextEvent(out, 'disconnected');
  await server.kill();
  await gone;
  const sender = await joined(t, bus, { messages: box });
  for (let count = 0; count < 10; count++) sender.send('public', box.Count(count));
  await turnsUntil(() => out.counters.out[0]?.waiting === 10);
  await out.close({ linger: 10 });
  t.like(out.counters.out[0], { taken: 10, waiting: 0, dropped: { closed: 10 } });
});
