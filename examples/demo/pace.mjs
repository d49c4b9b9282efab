// Sends numbered messages at a steady rate until told to stop, or until there are no more.
import { setTimeout as wait } from 'node:timers/promises';
import { QueueFullError } from 'busbar';

/** Between two rounds, in milliseconds. */
const round = 2;
/** More than this share of a second is not made up in one round, so that a stall is not followed by a flood. */
const catchUp = 1 / 20;

export class Paced {
  #stopped = false;
  /** How many have been sent; the number of the next one. */
  count = 0;
  /** Resolves when the last one has been sent. @type {Promise<void>} */
  done;

  /**
   * @param {import('busbar').Endpoint} endpoint
   * @param {number} perSecond
   * @param {(number: number) => unknown} send may return a promise
   * @param {number} [limit]
   */
  constructor(endpoint, perSecond, send, limit = Number.POSITIVE_INFINITY) {
    this.done = this.#run(endpoint, perSecond, send, limit);
    // Whoever waits for `done` later sees the error; until then it is not unhandled.
    this.done.catch(() => undefined);
  }

  /** Resolves, to the number of messages sent, after the last one. */
  async stop() {
    this.#stopped = true;
    await this.done;
    return this.count;
  }

  async #run(endpoint, perSecond, send, limit) {
    const started = performance.now();
    const burst = Math.max(1, Math.ceil(perSecond * catchUp));
    while (!this.#stopped && this.count < limit) {
      const due = Math.ceil(((performance.now() - started) / 1000) * perSecond);
      const until = Math.min(due, this.count + burst, limit);
      while (this.count < until) await this.#sendOne(endpoint, send);
      await wait(round);
    }
  }

  async #sendOne(endpoint, send) {
    try {
      const pending = send(this.count);
      if (pending !== undefined) await pending;
      this.count++;
    } catch (error) {
      // A receiver is behind: what queues for it has to go first. Nobody has got this message, so it is sent again.
      if (!(error instanceof QueueFullError)) throw error;
      await endpoint.drained();
    }
  }
}
