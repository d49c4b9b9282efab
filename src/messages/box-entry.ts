// One type of a message box, as needed by the messages that the box makes.
import type { AnyMessageType } from './message-type.js';

/** One type of a box. */
export interface BoxEntry {
  /** The index in the box, from 0, in the order of the keys. */
  readonly index: number;
  readonly key: string;
  readonly type: AnyMessageType;
  /** The table that it belongs to, compared by identity. */
  readonly table: object;
}
