// Tells the senders that wait for it which messages this program has handled.
import type { NativeEndpoint } from '../native/addon.js';
import { type HandledMark, Message } from './message.js';

/** What one endpoint's program has in hand. */
export class Handling {
  readonly #native: NativeEndpoint;
  // Not the message: a large payload should go as soon as its user lets go of it.
  #inHand: HandledMark | undefined;

  constructor(native: NativeEndpoint) {
    this.#native = native;
  }

  /** The program got `message` from a receive; it is handled when it asks for the next one. */
  handOut(message: Message): void {
    this.#inHand = Message.markOf(message);
  }

  /** The program asks for another message, or for none any more. */
  done(): void {
    this.#tell(this.#inHand);
    this.#inHand = undefined;
  }

  /** `message` is handled. */
  handled(message: Message): void {
    this.#tell(Message.markOf(message));
  }

  #tell(mark: HandledMark | undefined): void {
    if (mark !== undefined) this.#native.handled(mark.slot, mark.position);
  }
}
