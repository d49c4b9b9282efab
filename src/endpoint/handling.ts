// The messages that one consumer has in hand.
import { Message } from './message.js';
import type { MessageEnd } from './message-end.js';

/** Keeps only messages that still need an acknowledgement or a release; most need neither. */
export class Handling {
  #inHand: MessageEnd[] = [];
  /** Messages handed out in this turn: their consumer cannot have asked for another one yet. */
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

  /** The consumer ends without telling what it did with its messages. */
  giveUp(): void {
    for (const end of this.#take()) end.fail();
  }

  #take(): MessageEnd[] {
    const ends = this.#inHand;
    this.#inHand = [];
    return ends;
  }
}
