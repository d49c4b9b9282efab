// A call at its client, while somebody listens or while it is made within a traced call.
import type { PendingCall } from '../caller/pending-call.js';
import type { Port } from '../port.js';
import type { Trace } from '../wire/metadata.js';
import { calls, scopeHere } from './channels.js';
import type { CallDiagnostics } from './diagnostics.js';
import { Traced } from './traced.js';
import type { CallTracing, HandlingTracing } from './tracing.js';

/** One attempt of a call. */
export class TracedCall extends Traced implements CallTracing {
  readonly side = 'client';
  readonly attempt: number;
  peerId: number | undefined;
  messageId: number | undefined;
  readonly #call: PendingCall;
  readonly #parent: HandlingTracing | undefined;
  readonly #previous: TracedCall | undefined;
  /** The trace that it was made in, before subscribers gave it another one. */
  readonly #given: Trace | undefined;

  constructor(
    port: Port,
    call: PendingCall,
    parent: HandlingTracing | undefined,
    given: Trace | undefined,
    previous?: TracedCall,
  ) {
    const { member, kind } = call.request;
    super(calls, port, member, kind, given);
    this.#parent = parent;
    this.attempt = call.attempt;
    this.#call = call;
    this.#given = given;
    this.#previous = previous;
    calls.start.publish(this);
    call.trace = this.traceWith(given?.cause ?? parent?.cause);
  }

  override get parent(): CallDiagnostics | undefined {
    return this.#parent;
  }

  override get previous(): CallDiagnostics | undefined {
    return this.#previous;
  }

  sent(peer: number, id: number): void {
    this.peerId = peer;
    this.messageId = id;
  }

  /** The call goes to another server: it is another attempt. */
  next(): TracedCall {
    const next = new TracedCall(this.port, this.#call, this.#parent, this.#given, this);
    next.returned();
    return next;
  }
}

/** Begins to tell about a call, which begins. */
export function traceCall(port: Port, call: PendingCall): TracedCall {
  const parent = call.scope ?? (scopeHere() as HandlingTracing | undefined);
  // call.client() says more exactly than the scope what the call is made for.
  return new TracedCall(port, call, parent, call.trace ?? parent?.nested);
}
