// Whether the native side keeps undelivered messages for a report: while someone wants to know.
// Otherwise it only counts them, and their payloads take no memory.
import type { NativeEndpoint } from '../native/addon.js';
import { failures } from './diagnostics.js';

/** The reports of one endpoint. */
export class UndeliveredReports {
  readonly #native: Pick<NativeEndpoint, 'reportUndelivered'>;
  #listening = false;
  #subscribed = false;

  constructor(native: Pick<NativeEndpoint, 'reportUndelivered'>) {
    this.#native = native;
  }

  /** Listeners of 'undelivered' came, or are gone. */
  listen(wanted: boolean): void {
    this.#listening = wanted;
    this.#update();
  }

  /**
   * A message is about to be sent: no event tells that a diagnostics channel has got its first
   * subscriber, so each message looks.
   */
  look(): void {
    if (failures.hasSubscribers !== this.#subscribed) this.#follow();
  }

  #follow(): void {
    this.#subscribed = failures.hasSubscribers;
    this.#update();
  }

  #update(): void {
    this.#native.reportUndelivered(this.#listening || this.#subscribed);
  }
}
