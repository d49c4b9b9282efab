// Spans and durations of calls, at both of their sides.
import type {
  Attributes,
  Context,
  Histogram,
  Span,
  TextMapGetter,
  TextMapSetter,
  Tracer,
} from '@opentelemetry/api';
import type { CallDiagnostics } from '../rpc/index.js';
import type { Api } from './api.js';
import { attribute, system } from './names.js';

/** A call as a carrier: OpenTelemetry's propagators read and write its two texts. */
export const carrier: TextMapGetter<CallDiagnostics> & TextMapSetter<CallDiagnostics> = {
  keys: () => ['traceparent', 'tracestate'],
  get(call, key) {
    if (key === 'traceparent') return call.traceparent;
    return key === 'tracestate' ? call.tracestate : undefined;
  },
  set(call, key, value) {
    if (key === 'traceparent') call.traceparent = value;
    else if (key === 'tracestate') call.tracestate = value;
  },
};

/** What the spans of one method have in common. */
interface Method {
  readonly bus: string | undefined;
  readonly name: string;
  readonly attributes: Attributes;
  /** The attributes of measurements, by the code of the call. */
  readonly measured: Map<string, Attributes>;
}

interface Kept {
  readonly method: Method;
  readonly span: Span;
  readonly parent: Context;
  readonly context: Context;
  readonly startedAt: number;
}

type Keeping = CallDiagnostics & { [key: symbol]: Kept | undefined };

/** Failures at a server that are the server's own; others are what its callers did. */
const faults = new Set(['HANDLER_FAILED', 'INVALID_RESULT', 'UNSUPPORTED_ATTACHMENT', 'DEADLINE']);

/** Codes that are remembered for each method: errors of others may have any name. */
const maxCodes = 64;

/** The histograms of both sides. */
export type Durations = Readonly<Record<CallDiagnostics['side'], Histogram>>;

/** Begins and ends the spans of calls. */
export class CallSpans {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #durations: Durations;
  readonly #methods = new Map<string, Map<string, Method>>();
  /** On the object of the call: a look-up in a WeakMap takes several times as long. */
  readonly #key = Symbol('busbar/opentelemetry');
  /** Spans that have not ended. */
  open = 0;

  constructor(api: Api, tracer: Tracer, durations: Durations) {
    this.#api = api;
    this.#tracer = tracer;
    this.#durations = durations;
  }

  /** A call is about to be sent. */
  startCall(call: CallDiagnostics): void {
    const parent = this.#keptOf(call.previous)?.parent ?? this.#parentOf(call);
    const { context } = this.#start(call, this.#api.SpanKind.CLIENT, parent);
    this.#api.propagation.inject(context, call, carrier);
  }

  /** A method is about to run. */
  startHandling(call: CallDiagnostics): void {
    const api = this.#api;
    // What runs here now, if anything, has nothing to do with the call.
    const parent = api.propagation.extract(api.ROOT_CONTEXT, call, carrier);
    const { context } = this.#start(call, api.SpanKind.SERVER, parent);
    const { enter } = call;
    const within = (run: () => void) => api.context.with(context, run);
    call.enter = enter === undefined ? within : (run) => enter(() => within(run));
  }

  /** A call is over. */
  end(call: CallDiagnostics): void {
    const kept = this.#keptOf(call);
    if (kept === undefined) return;
    this.open--;
    const { span, method, context, startedAt } = kept;
    if (span.isRecording()) this.#finish(span, call);
    span.end();
    const seconds = (performance.now() - startedAt) / 1000;
    this.#durations[call.side].record(seconds, measuredOf(method, call.code), context);
  }

  #start(call: CallDiagnostics, kind: number, parent: Context): Kept {
    const method = this.#methodOf(call);
    const { attributes } = method;
    const span = this.#tracer.startSpan(method.name, { kind, attributes }, parent);
    if (call.attempt > 0) span.setAttribute(attribute.attempt, call.attempt);
    const context = this.#api.trace.setSpan(parent, span);
    const kept = { method, span, parent, context, startedAt: performance.now() };
    (call as Keeping)[this.#key] = kept;
    this.open++;
    return kept;
  }

  #finish(span: Span, call: CallDiagnostics): void {
    const { code, error, peerId, side } = call;
    span.setAttribute(attribute.rpcStatus, code ?? 'OK');
    if (peerId !== undefined) span.setAttribute(attribute.peer, peerId);
    if (code === undefined) return;
    if (side === 'server' && !faults.has(code)) return;
    span.setAttribute(attribute.errorType, code);
    if (error instanceof Error) span.recordException(error);
    const message = error instanceof Error ? error.message : String(error);
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message });
  }

  // The active span, unless `call.client()` says that the call is made for another trace.
  #parentOf(call: CallDiagnostics): Context {
    const { context, trace, propagation } = this.#api;
    const active = context.active();
    const span = trace.getSpan(active);
    const enclosing = this.#keptOf(call.parent);
    if (enclosing === undefined) {
      return span === undefined ? propagation.extract(active, call, carrier) : active;
    }
    const own = span?.spanContext().traceId === enclosing.span.spanContext().traceId;
    return own ? active : enclosing.context;
  }

  #keptOf(call: CallDiagnostics | undefined): Kept | undefined {
    return (call as Keeping | undefined)?.[this.#key];
  }

  #methodOf({ bus, interface: source, member }: CallDiagnostics): Method {
    let ofInterface = this.#methods.get(source);
    if (ofInterface === undefined) {
      ofInterface = new Map();
      this.#methods.set(source, ofInterface);
    }
    let method = ofInterface.get(member);
    if (method === undefined || method.bus !== bus) {
      const name = `${source}/${member}`;
      const attributes: Attributes = {
        [attribute.rpcSystem]: system,
        [attribute.rpcMethod]: name,
        ...(bus === undefined ? undefined : { [attribute.bus]: bus }),
      };
      method = { bus, name, attributes, measured: new Map() };
      ofInterface.set(member, method);
    }
    return method;
  }
}

// One object for each outcome: the SDK looks attributes up by their content.
function measuredOf({ name, measured }: Method, code: string | undefined): Attributes {
  const status = code ?? 'OK';
  const known = measured.get(status);
  if (known !== undefined) return known;
  const attributes: Attributes = {
    [attribute.rpcSystem]: system,
    [attribute.rpcMethod]: name,
    [attribute.rpcStatus]: status,
    ...(code === undefined ? undefined : { [attribute.errorType]: code }),
  };
  if (measured.size < maxCodes) measured.set(status, attributes);
  return attributes;
}
