// A member for tests of failover: a process that sends to all others without a pause, counts what
// it receives, and follows the test's orders. And the test's side of it.
import type { ExecutionContext } from 'ava';
import { inProcess, type Program, type Source } from './program.js';

/** A member's report about the controller. */
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
 * Joins on order, then sends numbers to all members, about one per millisecond. Reports every
 * change of controller. 'stop' ends the sending and reports how many messages were sent; an object
 * of ids and counts is answered when that many messages have arrived from each id.
 */
const source: Source = async ({ busbar, bus, tell, told }) => {
  await told();
  const endpoint = await busbar.join(bus, { label: 'member', timeout: 60_000 });
  const next = new Map<number, number>();
  const undelivered = new Set<number | undefined>();
  let expected: Readonly<Record<string, number>> | undefined;
  const look = () => {
    if (expected === undefined) return;
    if (!Object.entries(expected).every(([id, count]) => (next.get(Number(id)) ?? 0) === count))
      return;
    expected = undefined;
    tell({ what: 'complete', undelivered: [...undelivered] });
  };
  endpoint.on('message', ({ from, payload }) => {
    // The numbers of an earlier member begin in the middle, but from then on there is no gap.
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
  /** Its last report about the controller. */
  view: View = { generation: 0, controller: 0, self: false };

  constructor(t: ExecutionContext, bus: string, env: NodeJS.ProcessEnv = {}) {
    this.program = inProcess(t, bus, source, env);
  }

  /** Has it join, and resolves when it has. */
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

  /** Ends its sending; resolves with the number of messages that it sent. */
  async stop(): Promise<number> {
    this.program.say('stop');
    return (await this.#until('sent')).count;
  }

  /**
   * Resolves when it has all messages, without a gap, up to `counts` of each id. The result is the
   * ids of the receivers of its undelivered messages.
   */
  async has(counts: Readonly<Record<number, number>>): Promise<readonly number[]> {
    this.program.say(counts);
    return (await this.#until('complete')).undelivered;
  }

  /** Has it leave; resolves when its process has ended on its own. */
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

/** Stops all members and checks that each has received everything that the others had sent. */
export async function settleAccounts(
  t: ExecutionContext,
  members: readonly MemberProcess[],
): Promise<void> {
  const counts: Record<number, number> = {};
  for (const member of members) counts[member.id] = await member.stop();
  for (const member of members) {
    const { [member.id]: _, ...others } = counts;
    const undelivered = await member.has(others);
    // Only messages to dead members may be undelivered.
    for (const { id } of members) t.false(undelivered.includes(id));
  }
}
