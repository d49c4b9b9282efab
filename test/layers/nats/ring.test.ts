// A ring: two buses, and two bridges that take from their bus whatever comes onto it. Nothing goes
// round, nothing comes twice, and what is missing was counted. BUSBAR_RING says how many messages are
// sent from each side; the default is a quick run.
import test from 'ava';
import { type Endpoint, messageBox, messageType, multicast } from 'busbar';
import { bridgeNats, type NatsBridge, type RuleCounts } from 'busbar/nats';
import { joined, newBus } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { natsServer } from './support/server.js';

const Count = messageType<number>('com.example.count');
const box = messageBox({ Count });
const messages = Number(process.env.BUSBAR_RING ?? 5000);
const others = multicast('public', { excludeSelf: true });

/** What a member hears, by number. */
class Heard {
  readonly #seen = new Uint8Array(messages);
  all = 0;
  twice = 0;

  constructor(endpoint: Endpoint<typeof box>) {
    endpoint.on('message', ({ payload }) => {
      this.all++;
      if (this.#seen[payload] !== 0) this.twice++;
      this.#seen[payload] = 1;
    });
  }
}

function lostBy({ taken, passed, waiting, dropped }: RuleCounts): number {
  const lost = Object.values(dropped).reduce((sum, each) => sum + each, 0);
  if (taken !== passed + lost + waiting) throw new Error('the counters do not add up');
  return lost;
}

function countsOf({ counters }: NatsBridge): { readonly out: RuleCounts; readonly in: RuleCounts } {
  const [out] = counters.out;
  const [into] = counters.in;
  return { out: out as RuleCounts, in: into as RuleCounts };
}

test('a ring of two bridges and two buses: no loop, no double, no uncounted loss', async (t) => {
  t.timeout(600_000);
  const server = await natsServer(t);
  if (server === undefined) return;
  const sides = await Promise.all(
    [newBus(), newBus()].map(async (bus) => {
      const bridge = await bridgeNats(bus, server.address, {
        domain: 'ring',
        out: [{ label: 'public', types: [Count] }],
        in: [{ to: multicast('public'), types: [Count] }],
      });
      t.teardown(() => bridge.close({ linger: 0 }));
      const member = await joined(t, bus, { label: 'public', messages: box });
      return { bridge, member, heard: new Heard(member) };
    }),
  );
  await Promise.all(
    sides.map(async ({ member }) => {
      for (let number = 0; number < messages; number++) {
        await member.sendWhenReady(others, box.Count(number));
      }
    }),
  );
  const [one, two] = sides as [(typeof sides)[number], (typeof sides)[number]];
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const) {
    await turnsUntil(() => countsOf(from.bridge).out.passed === messages);
    // All that the server has confirmed has come to the other bridge.
    await turnsUntil(() => countsOf(to.bridge).in.taken === messages);
    await turnsUntil(() => to.heard.all === countsOf(to.bridge).in.passed);
    await turnsUntil(() => countsOf(to.bridge).in.waiting === 0);
  }
  for (const { bridge, heard } of sides) {
    const { out, in: into } = countsOf(bridge);
    // What came in from NATS came to the bridge once more, from its own bus, and went no further.
    await turnsUntil(() => countsOf(bridge).out.dropped.looped === into.passed);
    t.is(out.passed, messages);
    t.is(heard.twice, 0);
    t.is(heard.all, messages - lostBy(into));
    t.is(lostBy(into), into.dropped.full);
    t.is(lostBy(countsOf(bridge).out), into.passed);
  }
});
