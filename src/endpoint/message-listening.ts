// The listeners of `message`: while an endpoint has some, its inbox gives messages to them and the
// endpoint keeps the process alive.
import type { EventEmitter } from 'node:events';
import type { BusErrorFacts } from '../errors/index.js';
import { publishReceive, receipts } from './diagnostics.js';
import type { Inbox } from './inbox.js';
import { offer } from './listeners.js';
import type { Liveness } from './liveness.js';
import { Message } from './message.js';
import { tell } from './tell.js';

/** The `message` listeners of one endpoint. */
export class MessageListening {
  readonly #emitter: EventEmitter;
  readonly #inbox: Inbox;
  readonly #liveness: Liveness;
  readonly #facts: () => BusErrorFacts;
  #listening = false;

  constructor(emitter: EventEmitter, inbox: Inbox, liveness: Liveness, facts: () => BusErrorFacts) {
    this.#emitter = emitter;
    this.#inbox = inbox;
    this.#liveness = liveness;
    this.#facts = facts;
  }

  /** The first listener is about to come, or the last one is gone. */
  follow(wanted: boolean): void {
    if (wanted === this.#listening) return;
    this.#listening = wanted;
    if (wanted) this.#liveness.hold();
    else this.#liveness.drop();
    // Messages after the last listener's removal wait in the inbox, including the rest of the
    // current batch.
    if (!wanted) this.#inbox.listen(undefined);
    // The listener is added after this event, at the latest by the end of the turn, unless it was
    // removed again.
    else queueMicrotask(() => this.#listening && this.#inbox.listen(this.#toListeners));
  }

  readonly #toListeners = (message: Message): void => {
    if (receipts.hasSubscribers) publishReceive(this.#facts(), message);
    const end = Message.endOf(message);
    if (end === undefined) tell(this.#emitter, 'message', message);
    else offer(this.#emitter, message, end);
  };
}
