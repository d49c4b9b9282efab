// A rule of `in` at work: what its topics get goes to members of the bus. Whatever comes is counted;
// nothing that a client of the broker writes makes anything throw.
import type { InFlow } from '../../bridge/index.js';
import type { Broker } from '../broker.js';
import type { ArrivedMessage } from '../message.js';
import { readUserProperties } from './properties.js';
import type { MessageTopics } from './topics.js';

/** What a rule of `in` listens to. */
export interface Listening {
  /** `undefined` for the topics of its types. */
  readonly topics: readonly string[] | undefined;
  /** The name of a shared subscription. */
  readonly share: string | undefined;
  readonly qos: 0 | 1;
  readonly retained: boolean;
}

/** Subscribes for one rule. */
export class InSubscription {
  readonly flow: InFlow;
  readonly #all: MessageTopics;
  /** What a message is if it does not say it. */
  readonly #only: string | undefined;

  constructor(flow: InFlow, all: MessageTopics, only: string | undefined) {
    this.flow = flow;
    this.#all = all;
    this.#only = only;
  }

  /** Subscribes. @throws BridgeError if the broker refuses that. */
  static async open(flow: InFlow, broker: Broker, all: MessageTopics, listening: Listening) {
    const { types } = flow.rule;
    const { topics, share, qos, retained } = listening;
    const only = topics !== undefined && types.ids.length === 1 ? types.ids[0] : undefined;
    const made = new InSubscription(flow, all, only);
    for (const topic of topics ?? types.ids.map((id) => all.ofType(types.nameOf(id) ?? id))) {
      const filter = share === undefined ? topic : `$share/${share}/${topic}`;
      await broker.subscribe(filter, { qos, retained }, (message) => made.#heard(message));
    }
    return made;
  }

  // The broker has its confirmation when the message is on the bus, or waits here for a receiver. As
  // long as there is no room for that, nothing more is read.
  #heard(message: ArrivedMessage): void | Promise<void> {
    const room = this.flow.whenRoom(message.payload.length);
    if (room === undefined) this.#take(message);
    else return room.then(() => this.#take(message));
  }

  #take({ topic, payload, user }: ArrivedMessage): void {
    const { flow } = this;
    const heading = readUserProperties(user);
    const typeId = heading?.typeId ?? this.#all.typeOf(topic) ?? this.#only;
    if (heading === undefined || typeId === undefined) {
      flow.malformed();
      return;
    }
    const { format, passage } = heading;
    // The client reuses its memory.
    flow.accept({ typeId, format, bytes: Uint8Array.from(payload), passage });
  }
}
