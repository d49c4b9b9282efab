// The bus side of rules of `in`: sends what came from a broker to members of the bus, by an endpoint
// that all rules of a bridge share.
import { show } from '../../base/show.js';
import {
  ClosedError,
  type Endpoint,
  join,
  NoRecipientError,
  QueueFullError,
  type RawBox,
  raw,
  type SendOptions,
  TooLargeError,
} from '../../index.js';
import type { Bus } from '../rpc/index.js';
import { RuleCounters } from './counters.js';
import { DuplicateWindow } from './duplicates.js';
import { addHop, judgeHops, type Passage, writePassage } from './hops.js';
import { RuleQueue } from './queue.js';
import type { CheckedInRule } from './rules.js';

/** A message that came from a broker; what it says was written by anybody. */
export interface ArrivingMessage {
  /** The UUID of its type, in lower case. */
  readonly typeId: string;
  readonly format: number;
  readonly bytes: Uint8Array;
  readonly passage: Passage;
}

const headBytes = 128;

/** The bus as rules of `in` see it. */
export class BusSink {
  readonly #endpoint: Endpoint<RawBox>;
  readonly #bridge: Uint8Array;
  readonly #window = new DuplicateWindow();
  readonly #rules: InFlow[] = [];
  #closing: Promise<void> | undefined;

  private constructor(endpoint: Endpoint<RawBox>, bridge: Uint8Array) {
    this.#endpoint = endpoint;
    this.#bridge = bridge;
  }

  /**
   * Joins the bus. `ended` is called if the endpoint is closed by something else than `close`.
   * @throws what `join` throws.
   */
  static async open(bus: Bus, bridge: Uint8Array, ended: () => void): Promise<BusSink> {
    const { name, ...options } = typeof bus === 'string' ? { name: bus } : bus;
    const endpoint = await join(name, { ...options, messages: raw });
    const sink = new BusSink(endpoint, bridge);
    // Answers to what it sends have no way back.
    endpoint.on('message', (message) => message.close());
    endpoint.on('close', () => {
      if (sink.#closing === undefined) ended();
    });
    return sink;
  }

  /** Begins with a rule. */
  add(rule: CheckedInRule): InFlow {
    const flow = new InFlow(this.#endpoint, this.#bridge, rule, this.#window);
    this.#rules.push(flow);
    return flow;
  }

  /** Leaves the bus, once what was sent is with its receivers or after `linger` milliseconds. */
  close(linger: number): Promise<void> {
    this.#closing ??= this.#close(linger);
    return this.#closing;
  }

  async #close(linger: number): Promise<void> {
    for (const flow of this.#rules) flow.close();
    // Receivers that take nothing are told by `linger`.
    await this.#endpoint.close({ linger }).catch(() => undefined);
  }
}

/** A rule of `in` at work. */
export class InFlow {
  readonly rule: CheckedInRule;
  readonly counters = new RuleCounters();
  readonly #queue: RuleQueue<Sendable>;
  readonly #endpoint: Endpoint<RawBox>;
  readonly #bridge: Uint8Array;
  readonly #window: DuplicateWindow;
  readonly #stop = new AbortController();
  #sending = false;

  constructor(
    endpoint: Endpoint<RawBox>,
    bridge: Uint8Array,
    rule: CheckedInRule,
    window: DuplicateWindow,
  ) {
    this.#endpoint = endpoint;
    this.#bridge = bridge;
    this.rule = rule;
    this.#window = window;
    // At a broker nobody can be made to wait: beyond the limit the newest is dropped.
    const { queueBytes, whenFull } = rule;
    this.#queue = new RuleQueue(this.counters, {
      queueBytes,
      whenFull: whenFull === 'wait' ? 'drop' : whenFull,
    });
  }

  /** A message came that cannot be read. */
  malformed(): void {
    this.counters.taken++;
    this.counters.drop('malformed');
  }

  /** A message came. Whatever it is, it is counted, and nothing is thrown. */
  accept(message: ArrivingMessage): void {
    const { counters, rule } = this;
    counters.taken++;
    const { passage, typeId } = message;
    if (!rule.types.has(typeId)) {
      counters.drop('unlisted');
      return;
    }
    const verdict = judgeHops(passage.hops, this.#bridge);
    if (verdict !== undefined) {
      counters.drop(verdict);
      return;
    }
    const metadata = writePassage({ ...passage, hops: addHop(passage.hops, this.#bridge) });
    if (metadata === undefined) {
      counters.drop('metadata');
      return;
    }
    if (passage.origin !== undefined && !this.#window.isNew(passage.origin)) {
      counters.drop('duplicate');
      return;
    }
    this.#place({ message, metadata });
  }

  /**
   * For brokers that can be made to wait: resolves when a message of so many bytes has room in the
   * queue of a rule that waits; `undefined` if it has room now, or none is needed.
   */
  whenRoom(bytes: number): Promise<void> | undefined {
    if (this.#hasRoom(bytes)) return undefined;
    return this.#roomFor(bytes);
  }

  #hasRoom(bytes: number): boolean {
    const { waiting, waitingBytes } = this.counters;
    const { whenFull, queueBytes } = this.rule;
    if (whenFull !== 'wait' || waiting === 0 || this.#stop.signal.aborted) return true;
    return waitingBytes + bytes + headBytes <= queueBytes;
  }

  async #roomFor(bytes: number): Promise<void> {
    do await this.#queue.whenRoom();
    while (!this.#hasRoom(bytes));
  }

  /** Sends nothing any more. */
  close(): void {
    this.#stop.abort();
    this.#queue.close();
  }

  #place(sendable: Sendable): void {
    const { counters, rule } = this;
    if (!this.#sending) {
      const outcome = this.#send(sendable, rule.whenFull === 'key' ? sendable.message.typeId : '');
      if (outcome === 'passed') {
        counters.passed++;
        return;
      }
      if (outcome !== 'full' || rule.whenFull !== 'wait') {
        counters.drop(outcome);
        return;
      }
    }
    if (!this.#queue.add(sendable, sendable.message.bytes.length + headBytes)) {
      throw new Error(`a queue that drops cannot wait: ${show(rule.whenFull)}`);
    }
    if (!this.#sending) void this.#sendLater();
  }

  // In the order in which they came: what comes meanwhile waits behind.
  async #sendLater(): Promise<void> {
    this.#sending = true;
    const { signal } = this.#stop;
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      const { message, metadata } = next;
      try {
        const receivers = await this.#endpoint.sendWhenReady(this.rule.to, contentOf(message), {
          metadata,
          signal,
        });
        if (signal.aborted) break;
        if (receivers > 0) this.#queue.passed();
        else this.#queue.drop('unmatched');
      } catch (error) {
        if (signal.aborted || error instanceof ClosedError) break;
        this.#queue.drop(reasonOf(error));
      }
    }
    this.#sending = false;
  }

  #send({ message, metadata }: Sendable, key: string): 'passed' | ReturnType<typeof reasonOf> {
    const content = contentOf(message);
    const options: SendOptions = key === '' ? { metadata } : { metadata, key };
    try {
      return this.#endpoint.send(this.rule.to, content, options) > 0 ? 'passed' : 'unmatched';
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== 'full' || this.rule.whenFull === 'wait') return reason;
    }
    // To those who have room.
    try {
      const receivers = this.#endpoint.send(this.rule.to, content, {
        ...options,
        whenFull: 'drop',
      });
      return receivers > 0 ? 'passed' : 'full';
    } catch (error) {
      return reasonOf(error);
    }
  }
}

interface Sendable {
  readonly message: ArrivingMessage;
  readonly metadata: Uint8Array;
}

function contentOf({ typeId, format, bytes }: ArrivingMessage) {
  return raw.message({ typeId, format, bytes });
}

function reasonOf(error: unknown): 'full' | 'unmatched' | 'tooLarge' | 'refused' {
  if (error instanceof QueueFullError) return 'full';
  if (error instanceof NoRecipientError) return 'unmatched';
  return error instanceof TooLargeError ? 'tooLarge' : 'refused';
}
