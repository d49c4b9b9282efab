// What a bridge of the profile `stinger` has counted.

/** Counters of a bridge with the profile `stinger`. */
export interface StingerCounters {
  /** Requests of Stinger's clients that were passed on to servers of the bus. */
  readonly requests: number;
  /** Calls of the bus that were passed on to Stinger's servers. */
  readonly calls: number;
  /** Messages that were published: values, signals, results. */
  readonly published: number;
  /** Values, signals and results that could not be published: no connection, or too large. */
  readonly unpublished: number;
  /** Messages that were refused, by reason. */
  readonly refused: StingerRefusals;
}

/** Messages of the broker that were refused. */
export interface StingerRefusals {
  /** The payload or a property is not what the interface describes. */
  readonly malformed: number;
  /** The response topic is none for clients of this interface. */
  readonly responseTopic: number;
  /** A request that came twice. */
  readonly duplicate: number;
  /** As many requests are under way as `maxCalls` allows. */
  readonly busy: number;
  /** No server of the bus was there. */
  readonly unserved: number;
  /** A result or answer that nobody waits for any more. */
  readonly unexpected: number;
  /** An instance beyond `maxInstances`. */
  readonly instances: number;
}

/** The same, growing. */
export class StingerCounts {
  requests = 0;
  calls = 0;
  published = 0;
  unpublished = 0;
  readonly refused = {
    malformed: 0,
    responseTopic: 0,
    duplicate: 0,
    busy: 0,
    unserved: 0,
    unexpected: 0,
    instances: 0,
  };

  /** The numbers now. */
  snapshot(): StingerCounters {
    const { requests, calls, published, unpublished, refused } = this;
    return { requests, calls, published, unpublished, refused: { ...refused } };
  }
}
