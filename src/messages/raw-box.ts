// The raw box, for programs that do not know the message types beforehand: recorders, bridges and
// tools.
import { types } from 'node:util';
import { mark } from '../brand.js';
import { checkInteger, checkOptions, show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import { BoxTable, boxTable } from './box-table.js';
import { maxFormat, OutgoingMessage } from './outgoing-message.js';
import { RawTable, rawEntry } from './raw-table.js';
import type { RawBox, RawContent, RawInit } from './types.js';
import { isUuidText } from './uuid-text.js';

/** What the box itself holds; each endpoint has a {@link RawTable} of its own. */
class SharedRawTable extends BoxTable {
  constructor() {
    super({}, false);
  }

  override open(setTypes: (ids: Uint8Array) => void): BoxTable {
    return new RawTable(setTypes);
  }
}

const shared = new SharedRawTable();

/**
 * The message box of an endpoint that receives messages of every type and sends messages of any,
 * without knowing the types: for recorders, bridges and tools. The `payload` of a received message
 * is a {@link RawContent}, its `type` is the UUID of the type. Nothing is decoded and no schema is
 * applied, so such an endpoint never emits `unknown`, and `rejected` only if attachments were lost.
 *
 * ```ts
 * const here = await join('here', { messages: raw, label: 'sun' });
 * const there = await join('there', { messages: raw });
 * for await (const message of here) there.send('sun', raw.message(message.payload));
 * ```
 */
export const raw: RawBox = Object.freeze(
  marked(
    Object.assign(Object.create(null) as object, {
      [boxTable]: shared as RawBox[typeof boxTable],
      message,
    }),
  ),
);

function marked<T extends object>(box: T): T {
  mark(box, 'messageBox');
  return box;
}

function message(content: RawInit): OutgoingMessage<string, RawContent> {
  const own = checkOptions('raw.message()', content, ['typeId', 'format', 'bytes']);
  const { typeId, format = 0, bytes } = own;
  if (!isUuidText(typeId)) {
    throw new InvalidArgumentError(
      `typeId is ${show(typeId)}; expected a UUID, as messageType(…).id is`,
      { option: 'typeId', value: typeId },
    );
  }
  checkInteger('format', format, 0, maxFormat);
  if (!types.isUint8Array(bytes)) {
    throw new InvalidArgumentError(`bytes is ${show(bytes)}; expected a Uint8Array`, {
      option: 'bytes',
      value: bytes,
    });
  }
  const id = typeId.toLowerCase();
  return new OutgoingMessage(rawEntry(id, shared), { typeId: id, format, bytes }, format);
}
