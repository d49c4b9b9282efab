// The table of an endpoint that joined with the raw box: every type is known, by its UUID alone.
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

/** Types that an endpoint can send without giving the native side the list again. */
const maxSent = 256;

/** Types kept as received, so that not every message makes its type anew. */
const maxReceived = 1024;

/** The types of one endpoint with the raw box. */
export class RawTable extends BoxTable {
  override readonly acceptsAnyType = true;
  readonly #setTypes: (ids: Uint8Array) => void;
  readonly #sent = new Map<string, number>();
  readonly #received = new Map<string, BoxEntry>();

  constructor(setTypes: (ids: Uint8Array) => void) {
    super({}, false);
    this.#setTypes = setTypes;
  }

  /** The message to send: one of the raw box, or of any other box. */
  override accept(message: unknown): OutgoingMessage {
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
    const known = this.#received.get(id);
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
    if (this.#sent.size >= maxSent) this.#sent.clear();
    const index = this.#sent.size;
    this.#sent.set(id, index);
    this.#setTypes(Buffer.concat([...this.#sent.keys()].map(uuidBytes)));
    return index;
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
