// The types of a message box in order, and the checks of a box's contents. The endpoint uses the
// table to look up the types of messages that it sends and receives.
import { show } from '../checks.js';
import { InvalidArgumentError, UnknownTypeError } from '../errors/index.js';
import type { BoxEntry } from './box-entry.js';
import { type AnyMessageType, MessageType } from './message-type.js';
import { OutgoingMessage } from './outgoing-message.js';

/** The most types of one box: an index has 16 bits, and one value means none. */
export const maxBoxTypes = 65_535;

/** The contents of a box, for the endpoint; found at `box[boxTable]`. */
export class BoxTable {
  readonly entries: readonly BoxEntry[];
  /** Whether any plain value is accepted, as without a box. The table then has one entry. */
  readonly acceptsPlainValues: boolean;
  /** Whether messages of every type are received, also of those that are no entries. */
  readonly acceptsAnyType: boolean = false;
  readonly #byType = new Map<AnyMessageType, BoxEntry>();

  constructor(types: Readonly<Record<string, AnyMessageType>>, acceptsPlainValues: boolean) {
    this.acceptsPlainValues = acceptsPlainValues;
    const keysById = new Map<string, string>();
    this.entries = Object.entries(types).map(([key, type], index) => {
      checkEntry(key, type, keysById);
      const entry = Object.freeze({ index, key, type, table: this });
      this.#byType.set(type, entry);
      return entry;
    });
  }

  /**
   * The message to send: `message` if this box or another one with the same types made it; for an
   * endpoint without a box, the plain value as a message.
   * @throws UnknownTypeError if another box made it, with a type that this box lacks.
   * @throws InvalidArgumentError if no box made it.
   */
  accept(message: unknown): OutgoingMessage {
    if (message instanceof OutgoingMessage) {
      if (message.entry.table === this) return message;
      const entry = this.#byType.get(message.entry.type);
      if (entry !== undefined) return new OutgoingMessage(entry, message.payload, message.format);
      throw new UnknownTypeError(
        `message type '${message.type}' is not in the message box of this endpoint`,
        { type: message.type },
      );
    }
    const entry = this.entries[0];
    if (this.acceptsPlainValues && entry !== undefined)
      return new OutgoingMessage(entry, message, 0);
    throw new InvalidArgumentError(
      `message is ${show(message)}; expected one made by the message box, as in box.${entry?.key}(…)`,
      { value: message },
    );
  }

  /** The entry of the type with this UUID, if the table has it. */
  find(id: string): BoxEntry | undefined {
    return this.entries.find(({ type }) => type.id === id);
  }

  /**
   * The table for one endpoint. `setTypes` gives the native side the UUIDs of the types, 16 bytes
   * each; the place of one is the index of its entry.
   */
  open(setTypes: (ids: Uint8Array) => void): BoxTable {
    setTypes(this.idBytes());
    return this;
  }

  /** The UUIDs of all entries in order, 16 bytes each. */
  idBytes(): Uint8Array {
    const bytes = new Uint8Array(16 * this.entries.length);
    for (const { index, type } of this.entries) bytes.set(type.idBytes, 16 * index);
    return bytes;
  }
}

/**
 * The key of a box's table. A symbol, so that every string is free for the user's types. Only this
 * package's endpoints use it.
 */
export const boxTable: unique symbol = Symbol('busbar.boxTable');

/** The mark of an open box. */
export const openMark: unique symbol = Symbol('busbar.openBox');

// `await box` would call a `then`; `__proto__` would set the prototype instead of a key.
const refusedKeys = new Set(['then', '__proto__', '']);

function checkEntry(key: string, type: unknown, keysById: Map<string, string>): void {
  if (refusedKeys.has(key)) {
    throw new InvalidArgumentError(`key of a message box cannot be '${key}'`, { option: key });
  }
  if (!(type instanceof MessageType)) {
    throw new InvalidArgumentError(
      `'${key}' of the message box is ${show(type)}; expected a message type`,
      {
        option: key,
        value: type,
      },
    );
  }
  const other = keysById.get(type.id);
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `'${other}' and '${key}' of the message box have the same UUID, ${type.id}`,
      {
        option: key,
        value: type.id,
      },
    );
  }
  keysById.set(type.id, key);
}
