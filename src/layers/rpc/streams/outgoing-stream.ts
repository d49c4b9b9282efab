// The sending half of a stream: runs the generator of the user while there is credit, and packs what
// it yields within one turn into one frame.
import { PackedItems } from '../../interface/entry-values.js';
import { afterReactions, inLaterTurn } from '../host.js';
import { type Attachments, full, gone } from '../port.js';
import { areStreamsTold, type StreamOwner, tellStream } from '../tracing/stream.js';
import { answerKind } from '../wire/format.js';

/** A record of small items is at most about this large. */
const packBytes = 32 * 1024;
const packItems = 1024;
/** A generator that never waits gets so many bytes sent; then calls and other streams have a turn. */
const turnBytes = 128 * 1024;
/** What a frame counts beside its bytes. */
const frameBytes = 4 * 1024;
/** Larger items go alone. */
const largeItem = 8 * 1024;
/** Credit is kept below this, whatever a peer grants. */
const maxCredit = 2 ** 40;

/** Anything that yields items. */
export type Source<T = unknown> = Iterable<T> | AsyncIterable<T>;

/** What an outgoing stream needs of its call. */
export interface OutgoingHost {
  /** Whether items are packed as they come. */
  readonly packs: boolean;
  /** Packs an item. Returns false for one that must be encoded; throws to refuse it. */
  packItem(item: unknown, into: PackedItems): boolean;
  /** The wire form of an item. Throws to refuse it. */
  encodeItem(item: unknown): unknown;
  /** What the item that was encoded last attaches. */
  readonly itemAttachments: Attachments | undefined;
  /** Sends a frame; returns a positive number, `full` or `gone`. */
  sendItems(kind: number, payload: unknown, starved: boolean, attached?: Attachments): number;
  /** Bytes of the frame that was sent last. */
  readonly lastSize: number;
  /** Resolves when the receiver has room again. */
  whenRoom(): Promise<void>;
  /** Whose stream it is, for those who are told about it. */
  readonly owner: StreamOwner;
}

type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;

interface Sent {
  readonly item: unknown;
  readonly attached: Attachments | undefined;
}

const nothing: readonly Sent[] = [];

/** Whether a value can be streamed. */
export function isSource(value: unknown): value is Source {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** One stream. */
export class OutgoingStream {
  readonly #host: OutgoingHost;
  readonly #iterator: AnyIterator;
  #creditItems: number;
  #creditBytes: number;
  /** What is to be sent in one frame: wire forms of items, or packed ones. */
  #pack: unknown[] = [];
  #packed = new PackedItems();
  #packLimit = 16;
  #sentInTurn = 0;
  readonly #packs: boolean;
  #flushing = false;
  #blocked = false;
  #held: Sent | undefined;
  #stopped = false;
  #starved = false;
  #wake: (() => void) | undefined;
  /** Frames sent before the first credit, to be sent again if another server gets the call. */
  #early: Sent[] | undefined;
  readonly #firstItems: number;
  readonly #firstBytes: number;
  /** After {@link stop}: resolves when the generator has ended. Never rejects. */
  closed: Promise<void> = Promise.resolve();

  /** `repeatable`: what was sent before the first credit may have to be sent again. */
  constructor(
    host: OutgoingHost,
    source: Source,
    items: number,
    bytes: number,
    repeatable = false,
  ) {
    this.#host = host;
    this.#iterator = iteratorOf(source);
    this.#creditItems = items;
    this.#creditBytes = bytes;
    this.#firstItems = items;
    this.#firstBytes = bytes;
    if (repeatable) this.#early = [];
    // What may have to be sent again is kept item by item.
    this.#packs = host.packs && !repeatable;
  }

  /** Whether it was stopped. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The receiver allows more. */
  credit(items: number, bytes: number): void {
    this.#early = undefined;
    this.#creditItems = Math.min(maxCredit, this.#creditItems + items);
    this.#creditBytes = Math.min(maxCredit, this.#creditBytes + bytes);
    this.#wakeUp();
  }

  /** Another server has the call: begins again with what was sent. Only before the first credit. */
  restart(): void {
    const early = this.#early ?? [];
    this.#early = [];
    const pack = this.#pack;
    this.#pack = [];
    this.#creditItems = this.#firstItems;
    this.#creditBytes = this.#firstBytes;
    for (const { item, attached } of early) this.#append(item, attached);
    for (const item of pack) this.#append(item, undefined);
    this.#flushSoon();
    this.#wakeUp();
  }

  /** Whether the call may go to another server. */
  get canRestart(): boolean {
    return this.#early !== undefined;
  }

  /** Nobody wants more: the generator gets `return()`, which it sees at its next yield. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pack = [];
    this.#packed = new PackedItems();
    this.#wakeUp();
    this.#close();
  }

  /**
   * Runs the generator to its end, and resolves with what it returned when all items are sent.
   * Rejects with its error, or that of an item that cannot be encoded.
   */
  async run(): Promise<unknown> {
    try {
      let result: unknown;
      while (!this.#stopped) {
        if (!this.#mayAdd()) {
          await this.#room();
          continue;
        }
        if (this.#sentInTurn >= turnBytes) {
          await this.#nextTurn();
          continue;
        }
        const next = this.#iterator.next();
        const step = isPromise(next) ? await next : next;
        if (this.#stopped) return undefined;
        if (step.done === true) {
          result = step.value;
          break;
        }
        this.#add(step.value);
      }
      while (!this.#stopped && this.#unsent) {
        this.#flush();
        if (this.#unsent) await this.#room();
      }
      return result;
    } catch (error) {
      if (this.#stopped) return undefined;
      this.#flush();
      this.#stopped = true;
      this.#close();
      throw error;
    }
  }

  get #unsent(): boolean {
    return this.#count > 0 || this.#held !== undefined;
  }

  // Items that wait to be sent together; only one of the lists has any.
  get #count(): number {
    return this.#packs ? this.#packed.count : this.#pack.length;
  }

  #mayAdd(): boolean {
    return !this.#blocked && this.#creditItems > this.#count && this.#creditBytes > 0;
  }

  // A generator that always has another item must not keep calls and other streams waiting.
  async #nextTurn(): Promise<void> {
    await new Promise<void>(inLaterTurn);
    this.#sentInTurn = 0;
  }

  #add(item: unknown): void {
    const packed = this.#packed;
    if (!this.#packs) {
      this.#append(this.#host.encodeItem(item), this.#host.itemAttachments);
    } else if (this.#host.packItem(item, packed)) {
      if (packed.size >= packBytes || packed.count >= packItems) this.#flush();
      else this.#flushSoon();
    } else {
      const wire = this.#host.encodeItem(item);
      const attached = this.#host.itemAttachments;
      this.#flush();
      this.#sendAlone(wire, attached);
    }
  }

  // Waits for credit or room.
  async #room(): Promise<void> {
    this.#flush();
    if (this.#mayAdd() || this.#stopped) return;
    if (!this.#blocked) this.#starved = true;
    const reason = this.#blocked ? 'room' : 'credit';
    const told = areStreamsTold();
    if (told) tellStream('paused', reason, this.#host.owner);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (told && !this.#stopped) tellStream('resumed', reason, this.#host.owner);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #append(item: unknown, attached: Attachments | undefined): void {
    if (attached !== undefined || isLarge(item)) {
      this.#flush();
      this.#sendAlone(item, attached);
      return;
    }
    this.#pack.push(item);
    if (this.#pack.length >= this.#packLimit) this.#flush();
    else this.#flushSoon();
  }

  // Without room, it waits, and nothing else is appended meanwhile.
  #sendAlone(item: unknown, attached: Attachments | undefined): void {
    const sent = { item, attached };
    if (this.#blocked || this.#send(answerKind.item, item, 1, [sent], attached) < 0)
      this.#held = sent;
    // Once the generator goes on, it may close what the item attaches.
    else if (attached !== undefined) this.#early = undefined;
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    afterReactions(this.#flushNow);
  }

  readonly #flushNow = () => {
    this.#flushing = false;
    if (!this.#stopped) this.#flush();
  };

  #flush(): void {
    if (this.#blocked) return;
    if (this.#packs) {
      this.#flushPacked();
      return;
    }
    const pack = this.#pack;
    const count = pack.length;
    if (count === 0) return;
    const sent =
      this.#early === undefined ? [] : pack.map((item) => ({ item, attached: undefined }));
    const bytes =
      count === 1
        ? this.#send(answerKind.item, pack[0], 1, sent)
        : this.#send(answerKind.items, pack, count, sent);
    if (bytes < 0) return;
    this.#pack = [];
    const average = Math.max(1, bytes / count);
    this.#packLimit = Math.min(packItems, Math.max(1, Math.floor(packBytes / average)));
  }

  #flushPacked(): void {
    const packed = this.#packed;
    const { count } = packed;
    if (count === 0) return;
    const { runs } = packed.finish();
    const bytes =
      count === 1
        ? this.#send(answerKind.item, runs[0], 1, nothing)
        : this.#send(answerKind.items, packed, count, nothing);
    if (bytes >= 0) this.#packed = new PackedItems();
  }

  // Returns the bytes sent, or a negative number.
  #send(
    kind: number,
    payload: unknown,
    count: number,
    sent: readonly Sent[],
    attached?: Attachments,
  ): number {
    const outcome = this.#host.sendItems(kind, payload, this.#starved, attached);
    if (outcome === full) {
      this.#block();
      return -1;
    }
    // The call hears of it, too, and stops this stream.
    if (outcome === gone) return 0;
    this.#starved = false;
    const bytes = this.#host.lastSize;
    this.#sentInTurn += bytes + frameBytes;
    this.#creditItems -= count;
    this.#creditBytes -= bytes;
    if (this.#early !== undefined) this.#early.push(...sent);
    return bytes;
  }

  // The receiver's ring and queue are full of other things; the window of this stream is not at
  // fault.
  #block(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    const unblock = () => {
      this.#blocked = false;
      if (this.#stopped) return;
      this.#flush();
      if (!this.#blocked && this.#held !== undefined) {
        const { item, attached } = this.#held;
        this.#held = undefined;
        this.#sendAlone(item, attached);
      }
      this.#wakeUp();
    };
    this.#host.whenRoom().then(unblock, unblock);
  }

  #close(): void {
    try {
      const closing = this.#iterator.return?.();
      // It waits for as long as the generator does at its await.
      if (isPromise(closing)) {
        this.closed = Promise.resolve(closing).then(
          () => undefined,
          () => undefined,
        );
      }
    } catch {
      // The consumer is gone; an error of the cleanup reaches nobody.
    }
  }
}

function iteratorOf(source: Source): AnyIterator {
  return Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

function isLarge(item: unknown): boolean {
  if (typeof item === 'string') return item.length >= largeItem;
  return ArrayBuffer.isView(item) && item.byteLength >= largeItem;
}
