// Tells the senders that wait for it which messages this program has handled.
import type { NativeEndpoint } from '../native/addon.js';
import { type HandledMark, Message } from './message.js';

/** What one consumer of messages has in hand. */
export class Handling {
  readonly #native: NativeEndpoint;
  // Not the messages: a large payload should go as soon as its user lets go of it.
  readonly #inHand: HandledMark[] = [];

  constructor(native: NativeEndpoint) {
    this.#native = native;
  }

  /** The consumer got `message`; it is handled when the consumer asks for another one. */
  handOut(message: Message): void {
    const mark = Message.markOf(message);
    if (mark !== undefined) this.#inHand.push(mark);
  }

  /** The consumer asks for another message, or for none any more. */
  done(): void {
    if (this.#inHand.length === 0) return;
    for (const mark of this.#inHand) this.#tell(mark);
    this.#inHand.length = 0;
  }

  /** `message` is handled. */
  handled(message: Message): void {
    this.#tell(Message.markOf(message));
  }

  #tell(mark: HandledMark | undefined): void {
    if (mark !== undefined) this.#native.handled(mark.slot, mark.position);
  }
}
