// A call of which subscribers hear, at either side: which events were published, and its context.
import { formatTraceparent, isContext, parseTraceparent } from '../../../base/trace-context.js';
import type { Member } from '../members.js';
import type { Port } from '../port.js';
import { memberKind } from '../wire/format.js';
import type { Cause, Trace } from '../wire/metadata.js';
import type { TracingEvents } from './channels.js';
import type { CallDiagnostics } from './diagnostics.js';

const utf8 = new TextEncoder();

/** One side of one call. */
export abstract class Traced implements CallDiagnostics {
  abstract readonly side: 'client' | 'server';
  abstract readonly attempt: number;
  abstract readonly peerId: number | undefined;
  abstract readonly messageId: number | undefined;
  error: unknown;
  code: string | undefined;
  enter: ((run: () => void) => void) | undefined;
  protected readonly port: Port;
  protected readonly events: TracingEvents;
  readonly #member: Member;
  readonly #kind: number;
  #context: Uint8Array | undefined;
  #state: Uint8Array | undefined;
  #returned = false;
  #over = false;

  constructor(
    events: TracingEvents,
    port: Port,
    member: Member,
    kind: number,
    trace: Trace | undefined,
  ) {
    this.events = events;
    this.port = port;
    this.#member = member;
    this.#kind = kind;
    // What a peer wrote may be no context at all.
    if (trace === undefined || !isContext(trace.context)) return;
    this.#context = trace.context;
    this.#state = trace.state;
  }

  get bus(): string | undefined {
    return this.port.bus;
  }

  get endpointId(): number | undefined {
    return this.port.endpointId;
  }

  get interface(): string {
    return this.#member.interface;
  }

  get member(): string {
    return this.#member.name;
  }

  get operation(): CallDiagnostics['operation'] {
    if (this.#member.kind === 'property') return this.#kind === memberKind.set ? 'set' : 'get';
    return this.#member.item === undefined ? 'call' : 'stream';
  }

  get parent(): CallDiagnostics | undefined {
    return undefined;
  }

  get previous(): CallDiagnostics | undefined {
    return undefined;
  }

  get traceparent(): string | undefined {
    return this.#context === undefined ? undefined : formatTraceparent(this.#context);
  }

  set traceparent(text: string | undefined) {
    this.#context = typeof text === 'string' ? parseTraceparent(text) : undefined;
    // It belongs to the context that is replaced.
    this.#state = undefined;
  }

  get traceContext(): Uint8Array | undefined {
    return this.#context;
  }

  set traceContext(bytes: Uint8Array | undefined) {
    this.#context = bytes instanceof Uint8Array && isContext(bytes) ? bytes : undefined;
    this.#state = undefined;
  }

  get tracestate(): string | undefined {
    return this.#state === undefined ? undefined : new TextDecoder().decode(this.#state);
  }

  set tracestate(text: string | undefined) {
    this.#state = typeof text === 'string' && text !== '' ? utf8.encode(text) : undefined;
  }

  /** What is written beside the payload of a call that belongs to this one. */
  protected traceWith(cause: Cause | undefined): Trace | undefined {
    if (this.#context === undefined) return undefined;
    return { context: this.#context, state: this.#state, cause };
  }

  /** The part that runs at once is over: the call is on its way, or the method has returned. */
  returned(): void {
    if (this.#returned) return;
    this.#returned = true;
    this.events.end.publish(this);
    if (this.#over) this.#settle();
  }

  /** The call is over. Only the first of these counts. */
  finish(code?: string, error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.code = code;
    this.error = error;
    if (this.#returned) this.#settle();
  }

  /** It has failed, likewise. */
  failed(error: Error): void {
    this.finish(codeOf(error), error);
  }

  #settle(): void {
    const { error, asyncStart, asyncEnd } = this.events;
    if (this.code !== undefined) error.publish(this);
    asyncStart.publish(this);
    asyncEnd.publish(this);
  }
}

// The code of an error of calls or of the bus, and what comes closest to one of others.
function codeOf(error: Error & { readonly code?: unknown }): string {
  return typeof error.code === 'string' ? error.code : error.name;
}
