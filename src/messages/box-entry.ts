// One type of a message box, as the messages that the box makes know it.
import type { AnyMessageType } from './message-type.js';

/** One type of a box. */
export interface BoxEntry {
  /** The place in the box, from 0, in the order of the keys. */
  readonly index: number;
  readonly key: string;
  readonly type: AnyMessageType;
  /** The table that it belongs to, which is told apart by identity. */
  readonly table: object;
}
