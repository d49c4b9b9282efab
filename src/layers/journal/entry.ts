// One entry as a program reads it. It is a window on the chunk that it came in: nothing is decoded or
// copied before somebody asks.
import type { AnyMessageType, MessageType, RawContent } from '../../index.js';
import { millisecondsAt } from './clock.js';
import { extra, messageHead, recordHead } from './format.js';
import { RecordReader, viewOf } from './record-bytes.js';

/** What the channel of an entry says; one object for all entries of a channel in a chunk. */
export interface ChannelInfo {
  readonly id: number;
  readonly typeId: string;
  readonly typeName: string | undefined;
  readonly encoding: string;
  readonly label: readonly string[];
  /** The records as they are in the file, for those who write them again. */
  readonly record: Uint8Array;
  readonly schemaRecord: Uint8Array | undefined;
}

/** What only some entries have. */
interface EntryExtras {
  readonly format: number;
  readonly peerId: number | undefined;
  readonly id: number | undefined;
  readonly replyTo: number | undefined;
  readonly metadata: Uint8Array | undefined;
  readonly key: string | undefined;
}

const noExtras: EntryExtras = {
  format: 0,
  peerId: undefined,
  id: undefined,
  replyTo: undefined,
  metadata: undefined,
  key: undefined,
};

/** The bytes of a chunk's records, shared by its entries. */
export interface ChunkBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * An entry of a journal. Its fields are read from the file's bytes when they are asked for; keeping
 * an entry, or its `bytes`, keeps up to a megabyte alive. `raw.message(entry)` makes a message of it
 * that can be sent as it was.
 */
export class JournalEntry implements RawContent {
  readonly #chunk: ChunkBytes;
  readonly #at: number;
  readonly #end: number;
  readonly #extrasAt: number;
  readonly #channel: ChannelInfo;
  #extras: EntryExtras | undefined;
  readonly #position: number;

  /** @internal */
  constructor(
    chunk: ChunkBytes,
    at: number,
    end: number,
    extrasAt: number,
    channel: ChannelInfo,
    position: number,
  ) {
    this.#chunk = chunk;
    this.#at = at;
    this.#end = end;
    this.#extrasAt = extrasAt;
    this.#channel = channel;
    this.#position = position;
  }

  /** Its place in the journal: 1 for the first entry, then one more for each. */
  get position(): number {
    return this.#position;
  }

  /** The UUID of the message's type, in lower case. */
  get typeId(): string {
    return this.#channel.typeId;
  }

  /** The name that the UUID was derived from; `undefined` if the writer did not know it. */
  get typeName(): string | undefined {
    return this.#channel.typeName;
  }

  /** How the payload is encoded: `'msgpack'`, `'json'`, or what the codec is called. */
  get encoding(): string {
    return this.#channel.encoding;
  }

  /** The label of the sender as the writer gave it; empty if it gave none. */
  get label(): readonly string[] {
    return this.#channel.label;
  }

  /**
   * When it was written, in milliseconds since 1970, with fractions. Never less than that of the
   * entry before it, even if the clock was set back.
   */
  get time(): number {
    return millisecondsAt(this.#chunk.view, this.#at + 15);
  }

  /** When it was published: what the writer gave as `time`, else what the clock said. */
  get publishTime(): number {
    return millisecondsAt(this.#chunk.view, this.#at + 23);
  }

  /** The payload: a view of the chunk, not a copy. Do not change it. */
  get bytes(): Uint8Array {
    return this.#chunk.bytes.subarray(this.#at + messageHead, this.#end);
  }

  /** Bytes of the payload. */
  get size(): number {
    return this.#end - this.#at - messageHead;
  }

  /** The 16-bit format word of the message. */
  get format(): number {
    return this.#rare().format;
  }

  /** The id of the endpoint that sent the message. */
  get peerId(): number | undefined {
    return this.#rare().peerId;
  }

  /** The message's id on the bus. */
  get id(): number | undefined {
    return this.#rare().id;
  }

  /** The id of the message that it replied to. */
  get replyTo(): number | undefined {
    return this.#rare().replyTo;
  }

  /** The metadata of the message, a view of the chunk. */
  get metadata(): Uint8Array | undefined {
    return this.#rare().metadata;
  }

  /** The key by which compaction keeps the newest entry only. */
  get key(): string | undefined {
    return this.#rare().key;
  }

  /**
   * The payload, decoded by a message type.
   * @throws Any error of the type's codec if it cannot read the bytes.
   */
  decode<Out>(type: MessageType<Out, never>): Out {
    const { bytes } = this;
    return type.codec.decode(bytes, 0, bytes.length, this.format);
  }

  /** Whether it is of this type. */
  is(type: AnyMessageType): boolean {
    return type.id === this.typeId;
  }

  /** @internal */
  static channelOf(entry: JournalEntry): ChannelInfo {
    return entry.#channel;
  }

  /** @internal The two times as they are in the file. */
  static timesOf(entry: JournalEntry): readonly [bigint, bigint] {
    const at = entry.#at;
    const { view } = entry.#chunk;
    return [view.getBigUint64(at + 15, true), view.getBigUint64(at + 23, true)];
  }

  /** @internal Where its message record begins in the bytes that it came in. */
  static offsetOf(entry: JournalEntry): number {
    return entry.#at;
  }

  /** @internal Whether it was written before a time in nanoseconds. */
  static isBefore(entry: JournalEntry, time: bigint): boolean {
    return entry.#chunk.view.getBigUint64(entry.#at + 15, true) < time;
  }

  #rare(): EntryExtras {
    if (this.#extrasAt < 0) return noExtras;
    this.#extras ??= readExtras(this.#chunk, this.#extrasAt);
    return this.#extras;
  }
}

function readExtras({ bytes, view }: ChunkBytes, at: number): EntryExtras {
  const end = at + recordHead + view.getUint32(at + 1, true);
  const reader = new RecordReader(bytes, view, at + recordHead, end);
  const flags = reader.u8();
  const has = (flag: number) => (flags & flag) !== 0;
  return {
    format: has(extra.format) ? reader.u16() : 0,
    peerId: has(extra.peerId) ? reader.u64() : undefined,
    id: has(extra.id) ? reader.u64() : undefined,
    replyTo: has(extra.replyTo) ? reader.u64() : undefined,
    metadata: has(extra.metadata) ? reader.raw(reader.u8()) : undefined,
    key: has(extra.key) ? Buffer.from(reader.raw(reader.u8())).toString() : undefined,
  };
}

/** Checks an extras record, so that reading its fields later cannot fail. */
export function checkExtras(chunk: ChunkBytes, at: number): void {
  readExtras(chunk, at);
}

/** A part of a file as the bytes of a chunk. */
export function chunkBytesOf(bytes: Uint8Array): ChunkBytes {
  return { bytes, view: viewOf(bytes) };
}
