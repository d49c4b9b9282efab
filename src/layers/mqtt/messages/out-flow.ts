// A rule of `out` at work: what waits in its queue is published, and leaves the queue when the broker
// has confirmed it. What is not confirmed when the connection ends is sent again after it.
import type { BusSource, LeavingMessage, RuleCounts } from '../../bridge/index.js';
import type { Broker } from '../broker.js';
import { userPropertiesOf } from './properties.js';
import type { MessageTopics } from './topics.js';

/** How a rule publishes. */
export interface Publishing {
  /** One topic for all messages; `undefined` for those of their types. */
  readonly topic: string | undefined;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** What a packet has beside topic, payload and user properties. */
const headBytes = 512;

/** Publishes what one rule takes. */
export class OutFlow {
  readonly source: BusSource;
  readonly #broker: Broker;
  readonly #topics: MessageTopics;
  readonly #how: Publishing;
  readonly #topicOf = new Map<string, string>();

  constructor(source: BusSource, broker: Broker, topics: MessageTopics, how: Publishing) {
    this.source = source;
    this.#broker = broker;
    this.#topics = topics;
    this.#how = how;
  }

  get counts(): RuleCounts {
    return this.source.counters.snapshot();
  }

  /** Publishes what waits, as much as the broker takes. */
  pump(): void {
    const { queue } = this.source;
    while (this.#broker.hasRoom) {
      const next = queue.peek();
      if (next === undefined) return;
      this.#publish(next);
    }
  }

  #publish(message: LeavingMessage): void {
    const { queue } = this.source;
    const { qos, retain } = this.#how;
    const topic = this.#how.topic ?? this.#ownTopic(message.typeId);
    const user = userPropertiesOf(message, this.#how.topic !== undefined);
    const { bytes: payload } = message;
    if (payload.length + topic.length + headBytes > this.#broker.mostBytes) {
      queue.drop('tooLarge');
      return;
    }
    queue.sent();
    this.#broker.publish({ topic, payload, qos, retain, user }).then(
      () => queue.confirm(1),
      () => queue.confirm(1, 1),
    );
  }

  #ownTopic(typeId: string): string {
    let topic = this.#topicOf.get(typeId);
    if (topic === undefined) {
      topic = this.#topics.ofType(this.source.rule.types.nameOf(typeId) ?? typeId);
      this.#topicOf.set(typeId, topic);
    }
    return topic;
  }
}
