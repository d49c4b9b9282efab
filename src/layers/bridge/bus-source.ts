// The bus side of a rule of `out`: an endpoint with the labels of the rule, whose messages go into the
// queue of the rule. While that is full, none is taken, and the senders' limits of the bus hold.
import { ClosedError, type Endpoint, join, type RawBox, type Received, raw } from '../../index.js';
import type { Bus } from '../rpc/index.js';
import { RuleCounters } from './counters.js';
import { addHop, judgeHops, type Origin, readPassage } from './hops.js';
import { RuleQueue } from './queue.js';
import type { CheckedOutRule } from './rules.js';

/** A message on its way to a broker. */
export interface LeavingMessage {
  /** The UUID of its type. */
  readonly typeId: string;
  readonly format: number;
  readonly bytes: Uint8Array;
  /** With the bridge's own. */
  readonly hops: Uint8Array;
  readonly origin: Origin;
  /** The other fields of its metadata; empty for none. */
  readonly fields: Uint8Array;
}

/** What a message costs beside its payload while it waits. */
const headBytes = 128;

const longestTimer = 0x7fff_ffff;

/** A rule of `out` at work. */
export class BusSource {
  readonly rule: CheckedOutRule;
  readonly counters = new RuleCounters();
  readonly queue: RuleQueue<LeavingMessage>;
  readonly #endpoint: Endpoint<RawBox>;
  readonly #bridge: Uint8Array;
  readonly #wake: () => void;
  #closing: Promise<void> | undefined;
  readonly #reading: Promise<void>;

  private constructor(
    endpoint: Endpoint<RawBox>,
    rule: CheckedOutRule,
    bridge: Uint8Array,
    events: { wake(): void; ended(error: unknown): void },
  ) {
    this.rule = rule;
    this.queue = new RuleQueue(this.counters, rule);
    this.#endpoint = endpoint;
    this.#bridge = bridge;
    this.#wake = events.wake;
    this.#reading = this.#read().then(
      () => this.#ended(events),
      (error: unknown) => this.#ended(events, error),
    );
  }

  /**
   * Joins the bus. `wake` is called when the queue has got a message, `ended` if the endpoint is
   * closed by something else than `close`. @throws what `join` throws.
   */
  static async open(
    bus: Bus,
    rule: CheckedOutRule,
    bridge: Uint8Array,
    events: { wake(): void; ended(error: unknown): void },
  ): Promise<BusSource> {
    const { name, ...options } = typeof bus === 'string' ? { name: bus } : bus;
    const endpoint = await join(name, { ...options, label: rule.label, messages: raw });
    return new BusSource(endpoint, rule, bridge, events);
  }

  /**
   * Leaves the bus. What waits gets `linger` milliseconds; the rest is dropped, and counted as
   * `closed`.
   */
  close(linger: number): Promise<void> {
    this.#closing ??= this.#close(linger);
    return this.#closing;
  }

  async #close(linger: number): Promise<void> {
    // Messages that are not taken yet stay with their senders.
    await this.#endpoint.close({ linger: 0 }).catch(() => undefined);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.min(linger, longestTimer));
    const over = new Promise<void>((resolve) => {
      late.signal.addEventListener('abort', () => resolve());
    });
    while (linger > 0 && this.counters.waiting > 0 && !late.signal.aborted) {
      await Promise.race([this.queue.whenRoom(), over]);
    }
    clearTimeout(timer);
    this.queue.close();
    await this.#reading;
  }

  #ended(events: { ended(error: unknown): void }, error?: unknown): void {
    if (this.#closing === undefined) events.ended(error);
  }

  async #read(): Promise<void> {
    const { counters, queue } = this;
    try {
      for await (const message of this.#endpoint) {
        counters.taken++;
        const leaving = this.#leaving(message);
        if (leaving === undefined) continue;
        const bytes = leaving.bytes.length + headBytes;
        const key = this.rule.whenFull === 'key' ? `${message.from.id} ${message.type}` : undefined;
        if (!queue.add(leaving, bytes, key)) {
          // Neither passed, nor dropped, nor in the queue: it has not been taken yet.
          counters.taken--;
          do await queue.whenRoom();
          while (!queue.add(leaving, bytes, key));
          counters.taken++;
        }
        this.#wake();
      }
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
    }
  }

  #leaving(message: Received<RawBox>): LeavingMessage | undefined {
    const { counters, rule } = this;
    const { typeId, format, bytes } = message.payload;
    if (!rule.types.has(typeId)) {
      counters.drop('unlisted');
      return undefined;
    }
    if (message.objects.length > 0 || message.regions.length > 0) {
      counters.drop('attachments');
      return undefined;
    }
    const passage = readPassage(message.metadata);
    if (passage === undefined) {
      counters.drop('metadata');
      return undefined;
    }
    const verdict = judgeHops(passage.hops, this.#bridge);
    if (verdict !== undefined) {
      counters.drop(verdict);
      return undefined;
    }
    const { fields, origin = { peer: message.from.id, id: message.id } } = passage;
    return { typeId, format, bytes, hops: addHop(passage.hops, this.#bridge), origin, fields };
  }
}
