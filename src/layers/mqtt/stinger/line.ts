// What both directions of the profile `stinger` share: the connection, the topics, the counters.
import type { StingerField } from '../../interface/index.js';
import type { Broker } from '../broker.js';
import type { OutgoingMessage } from '../message.js';
import type { StingerCounts } from './counters.js';
import { toStinger } from './payload.js';
import type { Templates } from './topics.js';

/** The content type of everything here. */
export const json = 'application/json';

/** The connection of a bridge with the profile `stinger`. */
export class StingerLine {
  readonly broker: Broker;
  readonly templates: Templates;
  readonly counts: StingerCounts;

  constructor(broker: Broker, templates: Templates, counts: StingerCounts) {
    this.broker = broker;
    this.templates = templates;
    this.counts = counts;
  }

  /** Publishes; what cannot be published is counted. Resolves with whether it was confirmed. */
  async publish(message: OutgoingMessage): Promise<boolean> {
    const { counts, broker } = this;
    const size = Buffer.byteLength(message.payload) + message.topic.length + 1024;
    if (!broker.connected || size > broker.mostBytes) {
      counts.unpublished++;
      return false;
    }
    try {
      await broker.publish({ contentType: json, ...message });
      counts.published++;
      return true;
    } catch {
      counts.unpublished++;
      return false;
    }
  }
}

/** The payload of fields that are in the JSON of the interface. */
export function payloadOf(fields: readonly StingerField[], own: unknown): string {
  return JSON.stringify(toStinger(fields, own ?? {}));
}
