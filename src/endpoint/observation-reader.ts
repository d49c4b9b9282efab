// Makes observations of the rows that the native side wrote for one batch. Native code has checked
// every length.
import { codeOf } from '../errors/index.js';
import { copiedBytes, exclusiveBytes } from '../memory/owned-bytes.js';
import { type Peer, uuidText } from '../messages/index.js';
import type { NativeEndpoint } from '../native/addon.js';
import {
  column,
  observation as field,
  keptWord,
  metadataShift,
  none,
  observationEvent,
  rowWords,
} from '../native/receive-table.js';
import type { Observation, ObservedMessage } from './observation.js';
import { originAt } from './origin.js';
import type { PeerBook } from './peer-book.js';

const twoTo32 = 2 ** 32;
const nanosecondsPerMillisecond = 1e6;

/** Milliseconds by which two clocks may seem to differ more or less than before. */
const mostDrift = 1000;

/** Copies up to this size share their buffers. */
const pooledBytes = 8 * 1024;

/** Reads the batches of one observer. */
export class ObservationReader {
  readonly #native: NativeEndpoint;
  readonly #book: PeerBook;
  // Where the observations of the batch lie.
  #slab: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#slab.buffer);
  readonly #table: Uint32Array;
  readonly #senders = new Map<number, Peer>();
  // How far the time since 1970 is ahead of the native clock, in milliseconds. Taken once: the time
  // between two looks at clocks differs each time, and would put a reply before its request.
  #ahead: number;

  constructor(native: NativeEndpoint, book: PeerBook) {
    this.#native = native;
    this.#book = book;
    this.#table = native.table;
    this.#ahead = aheadOf(native);
  }

  /**
   * A batch begins. `block` is the memory of this batch and later ones, if it is another one.
   */
  begin(block: ArrayBuffer | undefined): void {
    if (block !== undefined) {
      this.#slab = new Uint8Array(block);
      this.#view = new DataView(block);
    }
    // One of the clocks may stand still while the machine sleeps.
    const ahead = aheadOf(this.#native);
    if (Math.abs(ahead - this.#ahead) > mostDrift) this.#ahead = ahead;
  }

  /** All of the batch is read, and nothing of its memory is kept. */
  end(): void {
    this.#table[keptWord] = 0;
  }

  /** The observation of row `index` of the current batch. */
  read(index: number): Observation {
    const row = index * rowWords;
    const head = this.#word(row + column.offset);
    const event = this.#view.getUint8(head + field.event);
    const link = this.#senderOf(this.#word(row + column.slot));
    if (event === observationEvent.lost) {
      return { kind: 'lost', from: link, count: this.#long(head + field.lost) };
    }
    const message = this.#messageOf(row, head, link);
    if (event === observationEvent.undelivered) {
      const peerId = this.#long(head + field.peerId);
      return {
        kind: 'undelivered',
        ...message,
        to: peerId === 0 ? undefined : this.#book.find(peerId),
        reason: codeOf(this.#view.getUint32(head + field.reason, true)),
      };
    }
    const named = this.#view.getUint32(head + field.named, true);
    const to = Array.from({ length: named }, (_, at) =>
      this.#book.find(this.#long(head + field.bytes + at * 8)),
    );
    return {
      kind: 'sent',
      ...message,
      to,
      receivers: this.#view.getUint32(head + field.receivers, true),
      again: event === observationEvent.sentAgain,
    };
  }

  /** A link is gone, and all of its observations were read. */
  forget(slot: number): void {
    this.#senders.delete(slot);
    this.#native.forgetPeer(slot);
  }

  #messageOf(row: number, head: number, link: Peer): ObservedMessage {
    const bytes = this.#word(row + column.bytes);
    const end = head + bytes;
    const copied = this.#view.getUint32(head + field.copied, true);
    const formatAndFlags = this.#word(row + column.formatAndFlags);
    const metadataBytes = (formatAndFlags >>> (16 + metadataShift)) & 0xff;
    const metadata = (end + 7) & ~7;
    const originOffset = this.#word(row + column.originOffset);
    const replyTo = this.#number(row + column.replyTo);
    return {
      from: originOffset === none ? link : originAt(this.#slab, originOffset),
      id: this.#number(row + column.id),
      typeId: this.#typeOf(row),
      format: formatAndFlags & 0xffff,
      replyTo: replyTo === 0 ? undefined : replyTo,
      unicast: this.#view.getUint8(head + field.unicast) === 1,
      bytes: this.#long(head + field.payloadBytes),
      payload: this.#copy(end - copied, end),
      objects: this.#view.getUint8(head + field.objects),
      regions: this.#view.getUint8(head + field.regions),
      metadata: metadataBytes === 0 ? undefined : this.#copy(metadata, metadata + metadataBytes),
      time: this.#ahead + this.#long(head + field.time) / nanosecondsPerMillisecond,
    };
  }

  #copy(start: number, end: number): Uint8Array {
    return end - start > pooledBytes
      ? exclusiveBytes(this.#slab, start, end)
      : copiedBytes(this.#slab, start, end);
  }

  #senderOf(slot: number): Peer {
    let peer = this.#senders.get(slot);
    if (peer === undefined) {
      peer = Object.freeze(this.#native.peer(slot) ?? { id: 0, pid: 0, label: [] });
      this.#senders.set(slot, peer);
    }
    return peer;
  }

  #typeOf(row: number): string {
    const at = row + column.typeUuid;
    const words = this.#table.slice(at, at + 4);
    return uuidText(new Uint8Array(words.buffer));
  }

  #word(at: number): number {
    return this.#table[at] as number;
  }

  #number(at: number): number {
    return this.#word(at + 1) * twoTo32 + this.#word(at);
  }

  #long(at: number): number {
    return this.#view.getUint32(at + 4, true) * twoTo32 + this.#view.getUint32(at, true);
  }
}

// Milliseconds.
function aheadOf(native: Pick<NativeEndpoint, 'clock'>): number {
  return performance.timeOrigin + performance.now() - native.clock();
}
