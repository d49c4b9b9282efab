// The contexts of calls, between Busbar's 25 bytes and OpenTelemetry's objects. No propagator is
// asked: the bytes are not a header, so text would be written on one side and parsed on the other.
import type { Context, Span, SpanContext, TraceState } from '@opentelemetry/api';
import { contextOf as bytesOf, flagsOf, parentIdOf, traceIdOf } from '../../base/trace-context.js';
import type { CallDiagnostics } from '../rpc/index.js';
import type { Api } from './api.js';

/** Makes contexts and reads them. */
export class CallContexts {
  readonly #api: Api;
  /** Under which contexts have their span. */
  readonly #spanKey: symbol;
  /** The context that was written last, and its bytes: a method's calls share a parent. */
  #written: SpanContext | undefined;
  #bytes: Uint8Array | undefined;

  constructor(api: Api) {
    this.#api = api;
    this.#spanKey = spanKeyOf(api);
  }

  /** `parent` with a span on top, for less time than `setValue` takes, which copies a map. */
  withSpan(parent: Context, span: Span): Context {
    return new SpanOnTop(parent, this.#spanKey, span);
  }

  /** The context that a call has brought, on top of `below`; `below` itself if it brought none. */
  brought(call: CallDiagnostics, below: Context): Context {
    const { traceContext } = call;
    if (traceContext === undefined) return below;
    const remote = new RemoteContext(this.#api, traceContext, call.tracestate);
    return this.withSpan(below, this.#api.trace.wrapSpanContext(remote));
  }

  /** Gives a call the context of a span, which is sent with it. */
  give(call: CallDiagnostics, context: SpanContext): void {
    if (this.#written !== context) {
      this.#written = context;
      this.#bytes = context instanceof RemoteContext ? context.bytes : encoded(context);
    }
    // Tracing is suppressed, for example: the call keeps what it has.
    if (this.#bytes === undefined) return;
    call.traceContext = this.#bytes;
    if (context.traceState !== undefined) call.tracestate = context.traceState.serialize();
  }
}

/** A context with one value more. The one below is not copied. */
class SpanOnTop implements Context {
  readonly #below: Context;
  readonly #key: symbol;
  readonly #span: Span;

  constructor(below: Context, key: symbol, span: Span) {
    this.#below = below;
    this.#key = key;
    this.#span = span;
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#span : this.#below.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#copied().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#copied().deleteValue(key);
  }

  #copied(): Context {
    return this.#below.setValue(this.#key, this.#span);
  }
}

/** A span of another process. The texts of its ids are made when somebody asks for them. */
class RemoteContext implements SpanContext {
  readonly isRemote = true;
  readonly traceFlags: number;
  readonly bytes: Uint8Array;
  // Not there, if there is none.
  declare readonly traceState?: TraceState;
  #traceId: string | undefined;
  #spanId: string | undefined;

  constructor(api: Api, bytes: Uint8Array, state: string | undefined) {
    this.traceFlags = flagsOf(bytes);
    this.bytes = bytes;
    if (state !== undefined) this.traceState = api.createTraceState(state);
  }

  get traceId(): string {
    this.#traceId ??= traceIdOf(this.bytes);
    return this.#traceId;
  }

  get spanId(): string {
    this.#spanId ??= parentIdOf(this.bytes);
    return this.#spanId;
  }
}

function encoded({ traceId, spanId, traceFlags }: SpanContext): Uint8Array | undefined {
  return bytesOf(traceId, spanId, traceFlags);
}

// The key has no name in the package's interface: what sets a span tells it.
function spanKeyOf(api: Api): symbol {
  let found = Symbol('busbar/no-span');
  const seen: Context = {
    getValue: () => undefined,
    setValue: (key) => {
      found = key;
      return seen;
    },
    deleteValue: () => seen,
  };
  api.trace.setSpan(seen, api.trace.wrapSpanContext(api.INVALID_SPAN_CONTEXT));
  return found;
}
