// Message boxes: the message types an endpoint speaks, each under a key of its own. What a box makes can be
// sent by every endpoint that speaks the type; what arrives is told apart by the keys (types.ts).
import { InvalidArgumentError, UnknownTypeError } from '../errors/index.js';
import { checkInteger, checkOptions, show } from '../options.js';
import { plain } from './built-in-types.js';
import { type AnyMessageType, MessageType } from './message-type.js';
import { maxFormat, OutgoingMessage } from './outgoing-message.js';
import type { MessageBox, MessageTypes, PlainBox, TypedMessageBox } from './types.js';

/** The types that one box can have: an index into them has 16 bits, and one value means none. */
export const maxBoxTypes = 65_535;

/** One type of a box. */
export interface BoxEntry {
  /** The place in the box, from 0, in the order of the keys. */
  readonly index: number;
  readonly key: string;
  readonly type: AnyMessageType;
  readonly table: BoxTable;
}

/** What a box is made of, for the endpoint; behind `box[boxTable]`. */
export class BoxTable {
  readonly entries: readonly BoxEntry[];
  /** Whether any plain value is accepted, as without a box. There is one entry then. */
  readonly acceptsPlainValues: boolean;
  readonly #byType = new Map<AnyMessageType, BoxEntry>();

  constructor(types: MessageTypes, acceptsPlainValues: boolean) {
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
   * The message to send: `message` itself where this box or another one with the same types made it, and
   * the plain value as a message where the endpoint has no box.
   * @throws UnknownTypeError if another box made it, for a type that is not in this one.
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

  /** The UUIDs of all entries in their order, 16 bytes each. */
  idBytes(): Uint8Array {
    const bytes = new Uint8Array(16 * this.entries.length);
    for (const { index, type } of this.entries) bytes.set(type.idBytes, 16 * index);
    return bytes;
  }
}

/**
 * The key of a box's table. A symbol, so that every string is free for the user's types. For this package's
 * endpoints only.
 */
export const boxTable: unique symbol = Symbol('busbar.boxTable');

// `await box` would call this; `__proto__` would not become a key.
const refusedKeys = new Set(['then', '__proto__', '']);

/**
 * Makes a message box: an object with a factory for each key. `box.Move({ x: 1, y: 2 })` makes a message to
 * send; `message.type` of one that arrives is the key under which the receiver has its type.
 *
 * ```ts
 * const box = messageBox({ Move: messageType<{ x: number; y: number }>('com.example.move'), Text: text });
 * ```
 * @throws InvalidArgumentError if a value is no message type, two keys have the same UUID, a key is empty,
 * `then` or `__proto__`, or there are none or more than 65,535 types.
 */
export function messageBox<const T extends MessageTypes>(types: T): TypedMessageBox<T> {
  if (typeof types !== 'object' || types === null) {
    throw new InvalidArgumentError(`message box of ${show(types)}; expected an object`);
  }
  const count = Object.keys(types).length;
  if (count < 1 || count > maxBoxTypes) {
    throw new InvalidArgumentError(
      `message box has ${count} types; allowed are 1 to ${maxBoxTypes}`,
      {
        value: count,
        limit: maxBoxTypes,
      },
    );
  }
  return boxOf(new BoxTable(types, false)) as TypedMessageBox<T>;
}

/** The box of an endpoint that joined without one: any plain value can be sent, as MessagePack. */
export const plainBox = boxOf(new BoxTable({ plain }, true)) as PlainBox;

// Without a prototype: `toString` and its like are keys as good as others.
function boxOf(table: BoxTable): MessageBox {
  const box: Record<string | symbol, unknown> = Object.create(null);
  box[boxTable] = table;
  for (const entry of table.entries) box[entry.key] = factoryOf(entry);
  return Object.freeze(box) as unknown as MessageBox;
}

function factoryOf(entry: BoxEntry) {
  const where = `box.${entry.key}()`;
  return (payload?: unknown, options?: { readonly format?: number }): OutgoingMessage => {
    if (options === undefined) return new OutgoingMessage(entry, payload, 0);
    checkOptions(where, options, ['format']);
    const { format = 0 } = options;
    checkInteger('format', format, 0, maxFormat);
    return new OutgoingMessage(entry, payload, format);
  };
}

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
