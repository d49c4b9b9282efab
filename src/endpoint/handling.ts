// What one consumer of messages has in hand.
import { Message } from './message.js';
import type { MessageEnd } from './message-end.js';

/** Only messages about which something is left to do; most have nothing of the kind. */
export class Handling {
  #inHand: MessageEnd[] = [];
  /** Messages that were handed out in this turn: whoever asked for them cannot have asked again yet. */
  fresh = 0;

  /** The consumer got `message`. */
  handOut(message: Message): void {
    const end = Message.endOf(message);
    if (end === undefined) return;
    this.#inHand.push(end);
    this.fresh++;
    queueMicrotask(() => {
      this.fresh--;
    });
  }

  /** The consumer asks for another message. */
  done(): void {
    if (this.#inHand.length === 0) return;
    for (const end of this.#take()) end.finish();
  }

  /** The consumer asks for none any more, and nobody knows why. */
  giveUp(): void {
    for (const end of this.#take()) end.fail();
  }

  #take(): MessageEnd[] {
    const ends = this.#inHand;
    this.#inHand = [];
    return ends;
  }
}
