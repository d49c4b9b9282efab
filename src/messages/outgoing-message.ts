// A message to be sent: a payload bound to its entry in a message box, not yet encoded.
import { markInstances } from '../brand.js';
import { checkInteger } from '../checks.js';
import type { BoxEntry } from './box-entry.js';

/** The largest format word: 16 bits. */
export const maxFormat = 0xffff;

/**
 * A payload with its type, made by a message box: `box.Move({ x: 1, y: 2 })`. Each send encodes it
 * again, so do not change the payload before it is sent.
 */
export class OutgoingMessage<out Key extends string = string, out Payload = unknown> {
  /** The key in the box that made it. */
  readonly type: Key;
  /** The payload, not encoded yet. */
  readonly payload: Payload;
  /** The 16-bit format word, 0 unless given. */
  readonly format: number;
  /** @internal */
  readonly entry: BoxEntry;

  /** @internal */
  constructor(entry: BoxEntry, payload: Payload, format: number) {
    // The entry's key is Key: only the factories of a box call this.
    this.type = entry.key as Key;
    this.payload = payload;
    this.format = format;
    this.entry = entry;
  }

  /**
   * @internal The same message with another format word.
   * @throws InvalidArgumentError if it has more than 16 bits.
   */
  withFormat(format: number): OutgoingMessage<Key, Payload> {
    checkInteger('format', format, 0, maxFormat);
    return new OutgoingMessage<Key, Payload>(this.entry, this.payload, format);
  }
}

markInstances(OutgoingMessage);
