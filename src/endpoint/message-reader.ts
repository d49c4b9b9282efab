// Makes messages of the rows that the native side wrote for one batch. An unreadable row emits
// `rejected` or `unknown` and never throws, so that it does not cost the messages of other senders.
import {
  BusError,
  DecodeFailedError,
  OutOfDescriptorsError,
  statusOf,
  statusOfCode,
} from '../errors/index.js';
import { adoptRegions, type MemoryRegion } from '../memory/memory-region.js';
import { beginBatch, copiedBytes, endBatch } from '../memory/owned-bytes.js';
import {
  adoptPayload,
  type BoxEntry,
  type BoxTable,
  decodePayload,
  type Peer,
  uuidText,
} from '../messages/index.js';
import type { NativeEndpoint } from '../native/addon.js';
import {
  column,
  hasObjects,
  hasRegions,
  keptWord,
  metadataShift,
  none,
  objectsLost,
  regionsLost,
  rowWords,
  wantsHandled,
  wantsTaken,
} from '../native/receive-table.js';
import { adoptHandle, type KernelObject } from '../objects/index.js';
import type { RejectedEvent, UnknownEvent } from './events.js';
import { IdleRest } from './idle-rest.js';
import { Message, type Replier } from './message.js';
import { type Mark, MessageEnd, type Settle } from './message-end.js';
import { originAt } from './origin.js';
import { type SeenMark, SeenMarks } from './seen-marks.js';

const twoTo32 = 2 ** 32;

const unknownType = statusOf('UnknownType');
const notHandled = statusOf('NotHandled');

const noObjects: readonly KernelObject[] = Object.freeze([]);
const noRegions: readonly MemoryRegion[] = Object.freeze([]);

/** Types and senders remembered as reported; beyond that, one may be reported again. */
const maxReported = 1000;

/** The events that a reader emits. */
export interface ReaderEvents {
  readonly unknown: (event: UnknownEvent) => void;
  readonly rejected: (event: RejectedEvent) => void;
}

/** Takes the messages of a reader. */
export interface MessageTaker {
  /** `position`, in its link, is what `seen` notes when the program gets the message. */
  push(message: Message, seen: SeenMark, position: number): void;
  /** The number of the next row. */
  nextRow(): number;
}

/** Reads the batches of one endpoint. */
export class MessageReader {
  /** Messages whose type is not in the box. */
  unknown = 0;
  /** Messages whose payload was refused. */
  rejected = 0;

  readonly #native: NativeEndpoint;
  readonly #box: BoxTable;
  readonly #events: ReaderEvents;
  readonly #replier: Replier;
  readonly #settle: Settle;
  // Where the payloads of the batch lie.
  #block: Uint8Array = new Uint8Array(0);
  readonly #rest: IdleRest;
  readonly #table: Uint32Array;
  readonly #peers = new Map<number, Peer>();
  readonly #seen: SeenMarks;
  readonly #reported = new Set<string>();
  #lastSlot = 0;
  #lastPeer: Peer | undefined;
  #lastSeen: SeenMark | undefined;
  readonly #lastType = new Uint32Array(4);
  #lastTypeText = '';

  constructor(native: NativeEndpoint, box: BoxTable, events: ReaderEvents, replier: Replier) {
    this.#native = native;
    this.#box = box;
    this.#events = events;
    this.#replier = replier;
    this.#settle = (slot, position, status) => native.settle(slot, position, status);
    this.#table = native.table;
    this.#seen = new SeenMarks(native);
    this.#rest = new IdleRest(() => native.rest());
  }

  /**
   * Pushes the messages of rows 0 to `count` - 1 to `inbox`; `large` is the payload of a row with
   * its own buffer, and `block` the memory of this batch and later ones, if it is another one.
   */
  readBatch(
    count: number,
    large: Uint8Array | undefined,
    block: ArrayBuffer | undefined,
    inbox: MessageTaker,
  ): void {
    if (block !== undefined) this.#block = new Uint8Array(block);
    if (block !== undefined || large !== undefined) this.#rest.note();
    if (large === undefined) beginBatch(this.#block);
    for (let index = 0; index < count; index++) {
      const message = this.#read(index, large, inbox.nextRow());
      if (message === undefined) continue;
      // As a signed number, which V8 keeps without an object.
      const position = (this.#table[index * rowWords + column.position] as number) | 0;
      inbox.push(message, this.#lastSeen as SeenMark, position);
    }
    if (!endBatch()) this.#table[keptWord] = 0;
  }

  // Returns `undefined` for a row that was reported.
  #read(index: number, large: Uint8Array | undefined, number: number): Message | undefined {
    const table = this.#table;
    const row = index * rowWords;
    const entry = this.#box.entries[table[row + column.type] as number] ?? this.#rawEntryOf(row);
    let from = this.#peerOf(table[row + column.slot] as number);
    const originOffset = table[row + column.originOffset] as number;
    if (originOffset !== none) {
      try {
        from = originAt(this.#block, originOffset);
      } catch (error) {
        this.#reject(row, entry?.key ?? this.#typeOf(row), from, error);
        return undefined;
      }
    }
    if (entry === undefined) {
      this.#refuse(row, unknownType);
      this.#reportUnknown(row, from);
      return undefined;
    }
    const formatAndFlags = table[row + column.formatAndFlags] as number;
    const format = formatAndFlags & 0xffff;
    const start = table[row + column.offset] as number;
    const end = start + (table[row + column.bytes] as number);
    let payload: unknown;
    try {
      payload =
        large === undefined
          ? decodePayload(entry, this.#block, start, end, format, from.id)
          : adoptPayload(entry, large, format, from.id);
    } catch (error) {
      this.#reject(row, entry.key, from, error);
      return undefined;
    }
    const flags = formatAndFlags >>> 16;
    if (flags & (objectsLost | regionsLost)) {
      this.#reject(row, entry.key, from, lostAttachments(entry.key, from, flags));
      return undefined;
    }
    const objects =
      flags & hasObjects ? this.#native.takeObjects(index).map(adoptHandle) : noObjects;
    const regions = flags & hasRegions ? adoptRegions(this.#native.takeRegions(index)) : noRegions;
    const replyTo = this.#number(row + column.replyTo);
    const metadataBytes = (flags >>> metadataShift) & 0xff;
    const attached = (flags & (hasObjects | hasRegions)) !== 0;
    const left =
      attached || flags & wantsHandled
        ? new MessageEnd(
            flags & wantsHandled ? this.#markOf(row) : undefined,
            objects,
            regions,
            this.#settle,
          )
        : undefined;
    // The optimizing compiler removes the two objects: they cost no allocation.
    return new Message(
      {
        type: entry.key,
        payload,
        from,
        id: this.#number(row + column.id),
        format,
        replyTo: replyTo === 0 ? undefined : replyTo,
        metadata:
          metadataBytes === 0
            ? undefined
            : this.#metadataAt(large === undefined ? (end + 7) & ~7 : start, metadataBytes),
        objects,
        regions,
      },
      {
        replier: this.#replier,
        end: left,
        row: number,
        awaited: attached || large !== undefined || (flags & (wantsHandled | wantsTaken)) !== 0,
      },
    );
  }

  /** A link is gone, and all of its messages were read. */
  forget(slot: number): void {
    this.#peers.delete(slot);
    if (slot === this.#lastSlot) this.#lastPeer = undefined;
    this.#seen.forget(slot);
    this.#native.forgetPeer(slot);
  }

  /** The senders of these links have other labels. */
  relabelled(slots: readonly number[]): void {
    for (const slot of slots) this.#peers.delete(slot);
    this.#lastPeer = undefined;
  }

  #peerOf(slot: number): Peer {
    if (slot === this.#lastSlot && this.#lastPeer !== undefined) return this.#lastPeer;
    let peer = this.#peers.get(slot);
    if (peer === undefined) {
      peer = Object.freeze(this.#native.peer(slot) ?? { id: 0, pid: 0, label: [] });
      this.#peers.set(slot, peer);
    }
    this.#lastSlot = slot;
    this.#lastPeer = peer;
    this.#lastSeen = this.#seen.of(slot);
    return peer;
  }

  #metadataAt(start: number, bytes: number): Uint8Array {
    return copiedBytes(this.#block, start, start + bytes);
  }

  #number(at: number): number {
    return (this.#table[at + 1] as number) * twoTo32 + (this.#table[at] as number);
  }

  #rawEntryOf(row: number): BoxEntry | undefined {
    return this.#box.acceptsAnyType ? this.#box.find(this.#typeOf(row)) : undefined;
  }

  #typeOf(row: number): string {
    const words = this.#lastType;
    const at = row + column.typeUuid;
    let changed = this.#lastTypeText === '';
    for (let i = 0; i < words.length; i++) {
      const word = this.#table[at + i] as number;
      changed ||= word !== words[i];
      words[i] = word;
    }
    // Most messages have the type of the one before.
    if (changed) this.#lastTypeText = uuidText(new Uint8Array(words.buffer));
    return this.#lastTypeText;
  }

  #reportUnknown(row: number, from: Peer): void {
    this.unknown++;
    const type = this.#typeOf(row);
    const key = `${type} ${from.id}`;
    if (this.#reported.has(key)) return;
    if (this.#reported.size >= maxReported) this.#reported.clear();
    this.#reported.add(key);
    this.#events.unknown({ type, from });
  }

  #markOf(row: number): Mark {
    return {
      slot: this.#table[row + column.slot] as number,
      position: this.#number(row + column.position),
    };
  }

  // Reports at once why the message was refused, if its sender waits.
  #refuse(row: number, status: number): void {
    const flags = (this.#table[row + column.formatAndFlags] as number) >>> 16;
    if ((flags & (wantsHandled | wantsTaken)) === 0) return;
    const { slot, position } = this.#markOf(row);
    this.#settle(slot, position, status);
  }

  #reject(row: number, type: string, from: Peer, error: unknown): void {
    this.rejected++;
    const known =
      error instanceof BusError
        ? error
        : new DecodeFailedError(`payload of '${type}' failed to decode`, { type, cause: error });
    this.#refuse(row, statusOfCode(known.code) ?? notHandled);
    this.#events.rejected({
      type,
      from,
      id: this.#number(row + column.id),
      replyTo: this.#number(row + column.replyTo) || undefined,
      error: known,
    });
  }
}

function lostAttachments(type: string, from: Peer, flags: number): OutOfDescriptorsError {
  const what =
    flags & objectsLost
      ? 'kernel objects for which this process had no room left'
      : 'memory regions for which this process had no room left, or whose owner is in another pid namespace';
  return new OutOfDescriptorsError(`message '${type}' of endpoint ${from.id} came with ${what}`, {
    type,
    peerId: from.id,
  });
}
