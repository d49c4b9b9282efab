// A member for tests of failover: a process that talks to all others without a pause, keeps account of what it got, and
// does what the test says. And the test's side of it.
import type { ExecutionContext } from 'ava';
import { inProcess, type Program, type Source } from './program.js';

/** What a member says about the controller. */
export interface View {
  readonly generation: number;
  readonly controller: number;
  readonly self: boolean;
}

interface Joined extends View {
  readonly id: number;
}

type News =
  | ({ readonly what: 'controller' } & View)
  | ({ readonly what: 'joined' } & Joined)
  | { readonly what: 'sent'; readonly count: number }
  | { readonly what: 'complete'; readonly undelivered: readonly number[] }
  | { readonly what: 'broken'; readonly why: string };

/**
 * Joins when it is told to; from then on sends numbers to all members, one in each millisecond or so. Tells every change of
 * controller. 'stop' ends the sending and tells how many went out; an object of ids and counts is answered when so many
 * have come from each.
 */
const source: Source = async ({ busbar, bus, tell, told }) => {
  await told();
  const endpoint = await busbar.join(bus, { label: 'member', timeout: 60_000 });
  const next = new Map<number, number>();
  const undelivered = new Set<number | undefined>();
  let expected: Readonly<Record<string, number>> | undefined;
  const look = () => {
    if (expected === undefined) return;
    if (!Object.entries(expected).every(([id, count]) => next.get(Number(id)) === count)) return;
    expected = undefined;
    tell({ what: 'complete', undelivered: [...undelivered] });
  };
  endpoint.on('message', ({ from, payload }) => {
    // Somebody who was there before begins in the middle, but from then on there is no gap.
    const wanted = next.get(from.id) ?? payload;
    if (payload !== wanted) {
      tell({ what: 'broken', why: `${payload} from ${from.id} instead of ${wanted}` });
    }
    next.set(from.id, (payload as number) + 1);
    look();
  });
  endpoint.on('controller', ({ generation, peer, self }) => {
    tell({ what: 'controller', generation, controller: peer?.id, self });
  });
  endpoint.on('undelivered', ({ peerId }) => undelivered.add(peerId));
  const others = busbar.multicast('member', { excludeSelf: true });
  let count = 0;
  const sending = setInterval(() => endpoint.send(others, count++), 1);
  const { id, generation, isController: self } = endpoint;
  tell({ what: 'joined', id, generation, controller: endpoint.controller?.id, self });
  for (;;) {
    const order = await told();
    if (order === 'stop') {
      clearInterval(sending);
      tell({ what: 'sent', count });
    } else if (order === 'close') {
      clearInterval(sending);
      await endpoint.close();
      process.exit();
    } else {
      expected = order as Record<string, number>;
      look();
    }
  }
};

/** The test's side. */
export class MemberProcess {
  readonly program: Program;
  id = 0;
  /** What it last said about the controller. */
  view: View = { generation: 0, controller: 0, self: false };

  constructor(t: ExecutionContext, bus: string, env: NodeJS.ProcessEnv = {}) {
    this.program = inProcess(t, bus, source, env);
  }

  /** Lets it join, and resolves when it has. */
  async join(): Promise<this> {
    this.program.say('join');
    const news = await this.#until('joined');
    this.id = news.id;
    this.view = news;
    return this;
  }

  /** Resolves when it is a member under a controller of a later generation. */
  async sees(laterThan: number): Promise<View> {
    while (this.view.generation <= laterThan) await this.#until('controller');
    return this.view;
  }

  /** Ends its sending; resolves to the number of messages that it sent. */
  async stop(): Promise<number> {
    this.program.say('stop');
    return (await this.#until('sent')).count;
  }

  /**
   * Resolves when it has all messages, without a gap, up to `counts` of each id; to the ids of those to whom something
   * of its own could not be delivered.
   */
  async has(counts: Readonly<Record<number, number>>): Promise<readonly number[]> {
    this.program.say(counts);
    return (await this.#until('complete')).undelivered;
  }

  /** Lets it leave; resolves when its process has ended by itself. */
  async close(): Promise<readonly unknown[]> {
    this.program.say('close');
    return this.program.ended;
  }

  async #until<W extends News['what']>(what: W): Promise<Extract<News, { what: W }>> {
    for (;;) {
      const news = await this.program.next<News>();
      if (news.what === 'controller') this.view = news;
      if (news.what === what) return news as Extract<News, { what: W }>;
      if (news.what === 'broken') throw new Error(`endpoint ${this.id} got ${news.why}`);
    }
  }
}

/** Stops all of them and checks that each got, to the last one, what every other had sent. */
export async function settleAccounts(
  t: ExecutionContext,
  members: readonly MemberProcess[],
): Promise<void> {
  const counts: Record<number, number> = {};
  for (const member of members) counts[member.id] = await member.stop();
  for (const member of members) {
    const { [member.id]: _, ...others } = counts;
    const undelivered = await member.has(others);
    // To the dead it may.
    for (const { id } of members) t.false(undelivered.includes(id));
  }
}
