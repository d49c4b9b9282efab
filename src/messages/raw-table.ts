// The table of an endpoint that joined with the raw box, or with an open one: every type is known, by
// its UUID alone or, in an open box, by its entry.
import { show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import { ownedBytes } from '../memory/owned-bytes.js';
import type { BoxEntry } from './box-entry.js';
import { BoxTable } from './box-table.js';
import type { Codec } from './codec.js';
import { bytesCodec } from './codecs/bytes.js';
import { MessageType } from './message-type.js';
import { OutgoingMessage } from './outgoing-message.js';
import type { RawContent } from './types.js';
import { uuidBytes } from './uuid-text.js';

/** Types beside those of a box that an endpoint can send without giving the list again. */
export const maxSent = 256;

/** Types kept as received, so that not every message makes its type anew. */
const maxReceived = 1024;

/** The types of one endpoint with the raw box, or with an open one. */
export class RawTable extends BoxTable {
  override readonly acceptsAnyType = true;
  readonly #setTypes: (ids: Uint8Array) => void;
  readonly #known: BoxTable | undefined;
  readonly #knownIds: Uint8Array;
  /** The places of types in the list that the native side has. */
  readonly #sent = new Map<string, number>();
  readonly #received = new Map<string, BoxEntry>();

  /** `known` are the types that are decoded: the first ones of the list. */
  constructor(setTypes: (ids: Uint8Array) => void, known?: BoxTable) {
    super(Object.fromEntries(known?.entries.map(({ key, type }) => [key, type]) ?? []), false);
    this.#setTypes = setTypes;
    this.#known = known;
    this.#knownIds = this.idBytes();
    this.#begin();
    if (known !== undefined) setTypes(this.#knownIds);
  }

  /** The message to send: one of the raw box, or of any other box. */
  override accept(message: unknown): OutgoingMessage {
    // The entries of both have the same places.
    if (message instanceof OutgoingMessage && message.entry.table === this.#known) return message;
    if (!(message instanceof OutgoingMessage)) {
      throw new InvalidArgumentError(
        `message is ${show(message)}; expected one made by raw.message(…) or by a message box`,
        { value: message },
      );
    }
    const { key, type } = message.entry;
    const entry = { index: this.#indexOf(type.id), key, type, table: this };
    return new OutgoingMessage(entry, message.payload, message.format);
  }

  /** The entry of a type, whatever it is. */
  override find(id: string): BoxEntry {
    const known = super.find(id) ?? this.#received.get(id);
    if (known !== undefined) return known;
    if (this.#received.size >= maxReceived) this.#received.clear();
    const entry = rawEntry(id, this);
    this.#received.set(id, entry);
    return entry;
  }

  // The native side knows the types to send by their place in a list. It has the list before this
  // returns, so that a full list can begin again.
  #indexOf(id: string): number {
    const known = this.#sent.get(id);
    if (known !== undefined) return known;
    if (this.#sent.size >= this.entries.length + maxSent) this.#begin();
    const index = this.#sent.size;
    this.#sent.set(id, index);
    const others = [...this.#sent.keys()].slice(this.entries.length).map(uuidBytes);
    this.#setTypes(Buffer.concat([this.#knownIds, ...others]));
    return index;
  }

  #begin(): void {
    this.#sent.clear();
    for (const { index, type } of this.entries) this.#sent.set(type.id, index);
  }
}

/** The entry of a type that is known by its UUID alone; the UUID is also its key. */
export function rawEntry(id: string, table: object): BoxEntry {
  return {
    index: 0,
    key: id,
    type: new MessageType(id, undefined, rawCodec(id), undefined),
    table,
  };
}

function rawCodec(typeId: string): Codec<RawContent> {
  return {
    name: 'raw',
    encode: ({ bytes }, arena) => bytesCodec.encode(bytes, arena),
    decode: (source, start, end, format) => ({
      typeId,
      format,
      bytes: ownedBytes(source, start, end),
    }),
    adopt: ({ buffer, byteOffset, length }, format) => ({
      typeId,
      format,
      bytes: new Uint8Array(buffer, byteOffset, length),
    }),
  };
}
