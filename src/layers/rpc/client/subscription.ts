// What a program holds of a subscription, and the listeners of signals.
import type { Watch } from '../caller/watch.js';
import { dispose, throwLater } from '../host.js';
import type { PortPeer } from '../port.js';

/** A subscription to a signal or property. */
export interface Subscription extends Disposable {
  /** Resolves when a server has it; rejects if it ended before. It need not be awaited. */
  readonly ready: Promise<void>;
  /** Ends it. Repeated calls do nothing. */
  close(): void;
}

/** Calls a listener; its error is an uncaught exception, as of an event listener. */
export function callListener(listener: (...values: never[]) => void, ...values: unknown[]): void {
  try {
    Reflect.apply(listener, undefined, values);
  } catch (error) {
    throwLater(error);
  }
}

/** A subscription over one or several watches. */
export class Subscribed implements Subscription {
  readonly ready: Promise<void>;
  /** The watches; `close()` ends them all. */
  readonly watches = new Set<Watch>();
  closed = false;
  readonly #onClose: (error: Error) => void;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  /** `onClose` ends what the watches do not. */
  constructor(onClose: (error: Error) => void) {
    this.#onClose = onClose;
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Nobody has to wait for it.
    this.ready.catch(() => undefined);
  }

  active(): void {
    this.#resolve();
  }

  failed(error: Error): void {
    this.#reject(error);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const error = closedError();
    this.#reject(error);
    for (const watch of this.watches) watch.cancel(error);
    this.watches.clear();
    this.#onClose(error);
  }

  [dispose](): void {
    this.close();
  }
}

/** A listener of data. */
export type DataListener = (data: unknown, from: PortPeer) => void;

function closedError(): Error {
  return new Error('the subscription was closed');
}
