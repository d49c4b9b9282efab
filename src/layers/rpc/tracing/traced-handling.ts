// A call at its server, while somebody listens.
import { throwLater } from '../host.js';
import type { Port } from '../port.js';
import type { RunningCall } from '../server/running-call.js';
import type { Cause, Trace } from '../wire/metadata.js';
import { handlings, runWithin } from './channels.js';
import { Traced } from './traced.js';
import type { HandlingTracing } from './tracing.js';

/** One call whose method runs. */
export class TracedHandling extends Traced implements HandlingTracing {
  readonly side = 'server';
  readonly #call: RunningCall;
  #thrown: { readonly error: unknown } | undefined;

  constructor(port: Port, call: RunningCall) {
    super(handlings, port, call.handler.member, call.kind, call.trace);
    this.#call = call;
  }

  get attempt(): number {
    return this.#call.attempt;
  }

  get peerId(): number {
    return this.#call.from.id;
  }

  get messageId(): number {
    return this.#call.frame.id;
  }

  /** The message that the calls of the method are made for. */
  get cause(): Cause {
    return this.#call.cause;
  }

  /** What the calls of the method are sent with. */
  get nested(): Trace | undefined {
    return this.traceWith(this.cause);
  }

  threw(error: unknown): void {
    this.#thrown = { error };
  }

  // What was thrown says more than what the caller gets to see.
  override finish(code?: string, error?: unknown): void {
    super.finish(
      code,
      code === undefined || this.#thrown === undefined ? error : this.#thrown.error,
    );
  }

  /** Runs the method, which does not throw, as subscribers want it. */
  run<T>(method: () => T): T {
    const results: T[] = [];
    const once = () => {
      if (results.length === 0) results.push(runWithin(this, method));
    };
    handlings.start.runStores(this, () => this.#enter(once));
    // Whatever the subscriber does, the method runs.
    once();
    this.returned();
    return results[0] as T;
  }

  // A subscriber of `start` may have assigned the function by now.
  #enter(once: () => void): void {
    if (typeof this.enter !== 'function') {
      once();
      return;
    }
    try {
      this.enter(once);
    } catch (error) {
      throwLater(error);
    }
  }
}

/** Runs the method of a call, and tells subscribers about it. */
export function traceHandling<T>(port: Port, call: RunningCall, method: () => T): T {
  const tracing = new TracedHandling(port, call);
  call.tracing = tracing;
  return tracing.run(method);
}
