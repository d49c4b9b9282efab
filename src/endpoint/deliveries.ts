// The promises of deliver(), settled by the native side's reports.
import {
  type BusErrorFacts,
  codeOf,
  type DeliveryFailure,
  UndeliveredError,
} from '../errors/index.js';
import type { Notice } from '../native/addon.js';
import type { Settler } from './cancellation.js';

/** The pending deliveries of one endpoint. */
export class Deliveries {
  readonly #waiting = new Map<number, Settler<number>>();

  /** Adds a delivery by its number. */
  wait(delivery: number, settler: Settler<number>): void {
    this.#waiting.set(delivery, settler);
  }

  /** Cancels waiting for a delivery. */
  forget(delivery: number): void {
    this.#waiting.delete(delivery);
  }

  /** Settles a delivery: each receiver has either taken the message or never will. */
  settle(notice: Extract<Notice, { kind: 'delivered' }>, facts: BusErrorFacts): void {
    const settler = this.#waiting.get(notice.delivery);
    if (settler === undefined) return;
    this.#waiting.delete(notice.delivery);
    if (notice.failures.length === 0) {
      settler.resolve(notice.delivered);
      return;
    }
    const failures: DeliveryFailure[] = notice.failures.map(({ peerId, reason }) => ({
      peerId,
      reason: codeOf(reason),
    }));
    const text = failures.map(({ peerId, reason }) =>
      peerId === 0 ? reason : `${peerId}: ${reason}`,
    );
    settler.reject(
      new UndeliveredError(
        `message was taken by ${notice.delivered} endpoints, not by ${failures.length} (${text.join(', ')})`,
        { ...facts, failures },
      ),
    );
  }

  /** No more reports will come. */
  rejectAll(error: Error): void {
    for (const settler of this.#waiting.values()) settler.reject(error);
    this.#waiting.clear();
  }
}
