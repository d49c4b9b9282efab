// Store and forward: a sender whose messages are on the disk before `send` resolves, and are sent
// until a receiver has handled them, also after both sides were killed and started again.
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import {
  AbortedError,
  ClosedError,
  type Endpoint,
  join,
  multicast,
  type RawBox,
  raw,
  type Selector,
  unicast,
} from '../../index.js';
import type { Bus } from '../rpc/index.js';
import { checkKeys, checkWhole, refused } from './checks.js';
import type { JournalCursor } from './cursor.js';
import { type Delivery, markedMetadata, uuidOf } from './delivery-mark.js';
import type { JournalEntry } from './entry.js';
import { type Journal, openJournal } from './journal.js';
import type { JournalMessage, JournalOptions } from './options.js';

/** Options of {@link durable}. */
export interface DurableOptions {
  /** The labels of the sender's endpoint. Default: none. */
  readonly label?: string | readonly string[];
  /**
   * What a message survives once `send` has resolved, as for `openJournal`: `'disk'` a power cut,
   * `'os'` the end of this process. Default: `'disk'`.
   */
  readonly durability?: 'disk' | 'os';
  /**
   * Messages that are sent and not handled yet, 1 to 4,096. With 1, receivers get all messages in
   * their order, also after a failure. Default: 32.
   */
  readonly inFlight?: number;
  /** Bytes of a file of the folder, as for `openJournal`. Default: 64 MiB. */
  readonly segmentBytes?: JournalOptions['segmentBytes'];
  /** Called with each failure to deliver a message, which is then tried again. Default: nothing. */
  readonly onFailure?: (error: unknown, delivery: Delivery) => void;
}

const names = ['label', 'durability', 'inFlight', 'segmentBytes', 'onFailure'];
const cursorName = 'delivered';
/** The label parts of an entry: this word, the kind of the selector, and its text. */
const mark = 'busbar.durable';
const mostSelectorBytes = 900;
const firstDelay = 100;
const longestDelay = 10_000;

/** A sender with a folder, made by {@link durable}. */
export class DurableSender implements AsyncDisposable {
  /** The UUID of the folder, which {@link Delivery.outbox} of its messages names. */
  readonly outbox: string;
  readonly #outboxBytes: Uint8Array;
  readonly #journal: Journal;
  readonly #endpoint: Endpoint<RawBox>;
  readonly #cursor: JournalCursor;
  readonly #inFlight: number;
  readonly #onFailure: DurableOptions['onFailure'];
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  /** Positions that are handled although earlier ones are not. */
  readonly #ahead = new Set<number>();
  #delivered: number;
  #active = 0;
  #wake: (() => void) | undefined;
  #waiting: { readonly position: number; readonly resolve: () => void }[] = [];
  #committing: Promise<void> | undefined;
  #committed: number;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(
    outbox: Uint8Array,
    journal: Journal,
    endpoint: Endpoint<RawBox>,
    cursor: JournalCursor,
    delivered: number,
    options: { readonly inFlight: number; readonly onFailure: DurableOptions['onFailure'] },
  ) {
    this.#outboxBytes = outbox;
    this.outbox = uuidOf(outbox);
    this.#journal = journal;
    this.#endpoint = endpoint;
    this.#cursor = cursor;
    this.#delivered = delivered;
    this.#committed = delivered;
    this.#inFlight = options.inFlight;
    this.#onFailure = options.onFailure;
    // Each message in flight listens to it.
    setMaxListeners(0, this.#ending.signal);
    this.#running = this.#run().catch((error: Error) => {
      this.#failure ??= error;
    });
  }

  /** Messages that are on the disk and not handled yet. */
  get pending(): number {
    return this.#journal.next - 1 - this.#delivered - this.#ahead.size;
  }

  /**
   * Resolves with the mark of the message once it is on the disk; from then on it is sent until a
   * receiver has handled it. A selector that matches nobody waits for somebody. A string means
   * `unicast`; a multicast goes to those that match when it is sent.
   * @throws InvalidArgumentError if the message or selector is wrong, or the selector's text has more
   * than 900 bytes.
   * @throws JournalDiskFullError and its siblings: the message will not be sent.
   * @throws ClosedError if it is closed.
   */
  async send(to: Selector | string, message: JournalMessage): Promise<Delivery> {
    if (this.#closing !== undefined) throw new ClosedError('the durable sender is closed');
    if (this.#failure !== undefined) throw this.#failure;
    const { kind, expression, excludeSelf } = typeof to === 'string' ? unicast(to) : to;
    const text = String(expression);
    if (Buffer.byteLength(text) > mostSelectorBytes) {
      throw refused(`to has a text of more than ${mostSelectorBytes} bytes`, 'to');
    }
    const label = [mark, excludeSelf ? `${kind} others` : kind, text];
    const position = await this.#journal.append(message, { label });
    return { outbox: this.outbox, position };
  }

  /** Resolves when a receiver has handled the message; by default all that were sent so far. */
  async delivered(delivery?: Delivery): Promise<void> {
    const position = delivery?.position ?? this.#journal.next - 1;
    checkWhole('position', position, 0, this.#journal.next - 1);
    while (position > this.#delivered && !this.#ahead.has(position)) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closing !== undefined) throw new ClosedError('the durable sender is closed');
      await new Promise<void>((resolve) => this.#waiting.push({ position, resolve }));
    }
  }

  /**
   * Stops sending; what is not handled is sent by the next one that opens the folder. Messages in
   * flight may be sent again then.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    this.#wake?.();
    await this.#running;
    this.#tellWaiting(true);
    await this.#endpoint.close().catch(() => undefined);
    await this.#committing?.catch(() => undefined);
    await this.#journal.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    try {
      const entries = this.#journal.read({ from: this.#delivered + 1, follow: true, signal });
      for await (const entry of entries) {
        this.#active++;
        void this.#deliver(entry).finally(() => {
          this.#active--;
          this.#wake?.();
        });
        while (this.#active >= this.#inFlight && !signal.aborted) await this.#room();
      }
    } catch (error) {
      if (!(error instanceof AbortedError)) throw error;
    } finally {
      while (this.#active > 0) await this.#room();
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  async #deliver(entry: JournalEntry): Promise<void> {
    const { position, typeId, format, label } = entry;
    const { signal } = this.#ending;
    const [word, kind = '', text = ''] = label;
    if (word !== mark) return this.#done(position);
    const to =
      kind === 'unicast' ? unicast(text) : multicast(text, { excludeSelf: kind !== 'multicast' });
    const message = raw.message({ typeId, format, bytes: entry.bytes });
    const metadata = markedMetadata(this.#outboxBytes, position);
    for (let delay = firstDelay; !signal.aborted; delay = Math.min(2 * delay, longestDelay)) {
      try {
        await this.#endpoint.waitFor(to, { signal });
        await this.#endpoint.deliver(to, message, { acknowledge: 'handled', metadata, signal });
        return this.#done(position);
      } catch (error) {
        if (signal.aborted) return;
        this.#onFailure?.(error, { outbox: this.outbox, position });
        if (error instanceof ClosedError) {
          this.#failure ??= error;
          this.#ending.abort();
          return;
        }
      }
      await pause(delay, signal);
    }
  }

  #done(position: number): void {
    this.#ahead.add(position);
    while (this.#ahead.delete(this.#delivered + 1)) this.#delivered++;
    this.#tellWaiting(false);
    this.#commit();
  }

  #tellWaiting(all: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      const over = each.position <= this.#delivered || this.#ahead.has(each.position);
      if (all || over) each.resolve();
      else this.#waiting.push(each);
    }
  }

  // One commit at a time; what was delivered meanwhile is the next one.
  #commit(): void {
    if (this.#committing !== undefined || this.#committed === this.#delivered) return;
    const position = this.#delivered;
    this.#committing = this.#cursor
      .commit(position)
      .then(() => this.#journal.removeBefore(position + 1))
      .then(
        () => {
          this.#committed = position;
          this.#committing = undefined;
          this.#commit();
        },
        (error: Error) => {
          // It is sent again after a restart; nothing is lost.
          this.#committing = undefined;
          this.#failure ??= error;
        },
      );
  }
}

/**
 * Joins a bus with a sender that keeps its messages in a folder until they are handled. Resolves once
 * it has joined; messages that an earlier sender left in the folder are sent from then on. One
 * process has a folder at a time.
 *
 * A message is handled at least once. It comes again if the sender or a receiver is killed before the
 * sender has noted that it was handled, so a receiver recognises it by {@link deliveryOf}.
 * @throws JournalLockedError if another process sends from the folder; its siblings,
 * InvalidArgumentError, and what `join` throws.
 */
export async function durable(
  bus: Bus,
  folder: string,
  options?: DurableOptions,
): Promise<DurableSender> {
  const own = checkKeys('durable()', options, names);
  const { label = [], durability = 'disk', inFlight = 32, segmentBytes, onFailure } = own;
  checkWhole('inFlight', inFlight, 1, 4096);
  if (onFailure !== undefined && typeof onFailure !== 'function') {
    throw refused('onFailure is no function', 'onFailure');
  }
  const journal = await openJournal(folder, {
    durability,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  });
  try {
    const outbox = await outboxOf(journal);
    const cursor = journal.cursor(cursorName);
    const delivered = Math.min(await cursor.position(), journal.next - 1);
    const { name, ...joining } = typeof bus === 'string' ? { name: bus } : bus;
    const endpoint = await join(name, { ...joining, label, messages: raw });
    return new DurableSender(outbox, journal, endpoint, cursor, delivered, { inFlight, onFailure });
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** The UUID of the folder: a cursor whose name has it, made when the folder is new. */
async function outboxOf(journal: Journal): Promise<Uint8Array> {
  const prefix = 'outbox-';
  const known = (await journal.cursors()).find(({ name }) => name.startsWith(prefix));
  const hex = known?.name.slice(prefix.length) ?? randomBytes(16).toString('hex');
  if (known === undefined) await journal.cursor(prefix + hex).commit(0);
  return Buffer.from(hex, 'hex');
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
