// A route at work: runs a message through middleware and handler, replies, tries again, and sets
// aside what cannot be handled.
import { NoRecipientError, PeerGoneError } from '../../index.js';
import { isThenable } from './checks.js';
import { MessageContext, type TableSender } from './context.js';
import { Counters } from './counters.js';
import { ReplyError } from './errors.js';
import type { Key, Lane, Startable } from './lane.js';
import type { RoutePlan } from './plan.js';
import type { Clock, SeatMessage } from './seat.js';

/** A failed attempt. */
export interface FailedEvent {
  /** The name of the route. */
  readonly route: string;
  /** The message. */
  readonly message: SeatMessage;
  /** What was thrown: by the handler, a middleware, the reply, or the place for dead letters. */
  readonly error: unknown;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Milliseconds until the next attempt; `undefined` if the message is given up. */
  readonly retryAfter: number | undefined;
}

/** What the routes of a table share. */
export interface RouteHost {
  readonly sender: TableSender;
  readonly clock: Clock;
  /** Reports an attempt. With `lost`, nobody has the message: then somebody must hear of it. */
  failed(event: FailedEvent, lost: boolean): void;
}

/** Handles the messages of one route of one table. */
export class RunningRoute implements Startable {
  readonly plan: RoutePlan;
  readonly counters = new Counters();
  readonly #lane: Lane;
  readonly #host: RouteHost;

  constructor(plan: RoutePlan, lane: Lane, host: RouteHost) {
    this.plan = plan;
    this.#lane = lane;
    this.#host = host;
  }

  /** Handles a message when its lane lets it; returns as {@link start}. */
  offer(message: SeatMessage): Promise<boolean> | undefined {
    const { order } = this.plan;
    if (order === undefined) return this.#lane.offer(this, message, undefined);
    let key: Key;
    try {
      key = order(message);
    } catch (error) {
      return this.#giveUp(message, error, 1);
    }
    return this.#lane.offer(this, message, key);
  }

  start(message: SeatMessage): Promise<boolean> | undefined {
    const { counters } = this;
    const began = counters.begin();
    let result: unknown;
    try {
      result = this.plan.run(message, new MessageContext(this.#host.sender, message, 1));
    } catch (error) {
      return this.#counted(this.#again(message, error, 1));
    }
    if (result !== undefined) return this.#counted(this.#finish(message, result, began));
    counters.handled++;
    if (began !== 0) counters.end(began);
    return undefined;
  }

  #counted(outcome: Promise<boolean>): Promise<boolean> {
    const { counters } = this;
    counters.running++;
    const done = (handled: boolean) => {
      counters.running--;
      return handled;
    };
    return outcome.then(done);
  }

  async #finish(message: SeatMessage, result: unknown, began: number): Promise<boolean> {
    try {
      await this.#settle(message, result);
    } catch (error) {
      return this.#again(message, error, 1);
    }
    this.counters.handled++;
    if (began !== 0) this.counters.end(began);
    return true;
  }

  /** Waits for what a handler returned, and replies with it. */
  async #settle(message: SeatMessage, result: unknown): Promise<void> {
    const value = isThenable(result) ? await result : result;
    if (value === undefined) return;
    if (!this.plan.isReply(value)) {
      throw new ReplyError(
        `the handler '${this.plan.name}' returned what is no message of its box; ` +
          'return box.Key(payload) to reply, or nothing',
      );
    }
    try {
      await this.#host.sender.reply(message, value as never);
    } catch (error) {
      // Who asked is gone. The message was handled, and is not to be handled once more for that.
      if (!(error instanceof NoRecipientError || error instanceof PeerGoneError)) throw error;
    }
  }

  /** An attempt has failed: tries again as often as the route says. */
  async #again(message: SeatMessage, failure: unknown, failed: number): Promise<boolean> {
    const { retry, name: route } = this.plan;
    const { sender } = this.#host;
    let error = failure;
    let attempt = failed;
    while (attempt <= retry.times && !sender.signal.aborted) {
      const retryAfter = Math.min(retry.maxDelay, retry.delay * 2 ** (attempt - 1));
      this.counters.retried++;
      this.#host.failed({ route, message, error, attempt, retryAfter }, false);
      await this.#pause(retryAfter, sender.signal);
      attempt++;
      try {
        const context = new MessageContext(sender, message, attempt);
        await this.#settle(message, this.plan.run(message, context));
        this.counters.handled++;
        return true;
      } catch (thrown) {
        error = thrown;
      }
    }
    return this.#giveUp(message, error, attempt);
  }

  async #giveUp(message: SeatMessage, error: unknown, attempt: number): Promise<boolean> {
    const { name: route, deadLetter } = this.plan;
    this.counters.failed++;
    const event = { route, message, error, attempt, retryAfter: undefined };
    if (deadLetter === undefined) {
      this.#host.failed(event, true);
      return false;
    }
    this.#host.failed(event, false);
    try {
      await deadLetter({ route, message, error, attempts: attempt });
    } catch (thrown) {
      this.#host.failed({ ...event, error: thrown }, true);
      return false;
    }
    this.counters.deadLetters++;
    return true;
  }

  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#host.clock.delay(milliseconds, done);
      signal.addEventListener('abort', done);
    });
  }
}
