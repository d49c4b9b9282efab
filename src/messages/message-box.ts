// Message boxes: the message types of an endpoint, each under its own key. Every endpoint with the
// type can send a message that the box made; received messages narrow by the keys (types.ts).
import { mark } from '../brand.js';
import { checkInteger, checkOptions, show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import type { BoxEntry } from './box-entry.js';
import { BoxTable, boxTable, maxBoxTypes } from './box-table.js';
import { plain } from './built-in-types.js';
import { maxFormat, OutgoingMessage } from './outgoing-message.js';
import type { MessageBox, MessageTypes, PlainBox, TypedMessageBox } from './types.js';

/**
 * Makes a message box: an object with a factory for each key. `box.Move({ x: 1, y: 2 })` makes a
 * message to send; `message.type` of a received message is the key of its type in the receiver's
 * box.
 *
 * ```ts const box = messageBox({ Move: messageType<{ x: number; y: number }>('com.example.move'),
 * Text: text });
 * ```
 * @throws InvalidArgumentError if a value is not a message type, two keys have the same UUID, a key
 * is empty, `then` or `__proto__`, or there are no types or more than 65,535.
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

// Without a prototype, so that `toString` and the like can be keys.
function boxOf(table: BoxTable): MessageBox {
  const box: Record<string | symbol, unknown> = Object.create(null);
  box[boxTable] = table;
  for (const entry of table.entries) box[entry.key] = factoryOf(entry);
  mark(box, 'messageBox');
  return Object.freeze(box) as unknown as MessageBox;
}

function factoryOf(entry: BoxEntry) {
  const where = `box.${entry.key}()`;
  return (payload?: unknown, options?: { readonly format?: number }): OutgoingMessage => {
    if (options === undefined) return new OutgoingMessage(entry, payload, 0);
    const { format = 0 } = checkOptions(where, options, ['format']);
    checkInteger('format', format, 0, maxFormat);
    return new OutgoingMessage(entry, payload, format);
  };
}
