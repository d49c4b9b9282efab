// Spans and durations of calls, at both of their sides.
import type { Attributes, Context, Histogram, Span, Tracer } from '@opentelemetry/api';
import { flagsOf } from '../../base/trace-context.js';
import type { CallDiagnostics, StreamDiagnostics } from '../rpc/index.js';
import type { Api } from './api.js';
import { CallContexts } from './call-contexts.js';
import { attribute, system } from './names.js';

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
  /** `undefined` if its trace is sampled out. */
  readonly span: Span | undefined;
  readonly parent: Context;
  /** What runs within the call runs within this. */
  readonly context: Context;
  /** 0 if nobody measures. */
  readonly startedAt: number;
}

type Keeping = CallDiagnostics & { [key: symbol]: Kept | undefined };

/** Failures at a server that are the server's own; others are what its callers did. */
const faults = new Set(['HANDLER_FAILED', 'INVALID_RESULT', 'UNSUPPORTED_ATTACHMENT', 'DEADLINE']);

/** Codes that are remembered for each method: errors of others may have any name. */
const maxCodes = 64;

/** The histograms of both sides; `undefined` if nobody measures. */
export type Durations = Readonly<Record<CallDiagnostics['side'], Histogram>> | undefined;

/** Begins and ends the spans of calls. */
export class CallSpans {
  readonly #api: Api;
  readonly #contexts: CallContexts;
  readonly #tracer: Tracer;
  readonly #durations: Durations;
  /** Whether the sampler is asked also within traces that are sampled out. */
  readonly #asksAlways: boolean;
  readonly #methods = new Map<string, Map<string, Method>>();
  /** On the object of the call: a look-up in a WeakMap takes several times as long. */
  readonly #key = Symbol('busbar/opentelemetry');
  /** Calls that have begun and not ended. */
  open = 0;

  constructor(api: Api, tracer: Tracer, durations: Durations, asksAlways: boolean) {
    this.#api = api;
    this.#contexts = new CallContexts(api);
    this.#tracer = tracer;
    this.#durations = durations;
    this.#asksAlways = asksAlways;
  }

  /** A call is about to be sent. */
  startCall(call: CallDiagnostics): void {
    const parent = this.#keptOf(call.previous)?.parent ?? this.#parentOf(call);
    const { trace, SpanKind } = this.#api;
    const around = trace.getSpanContext(parent);
    if (around !== undefined && this.#isLeftOut(around.traceFlags)) {
      // Other attempts need the parent, too.
      this.#keep(call, undefined, parent, parent);
      this.#contexts.give(call, around);
      return;
    }
    const { span } = this.#start(call, SpanKind.CLIENT, parent);
    if (span !== undefined) this.#contexts.give(call, span.spanContext());
  }

  /** A method is about to run. */
  startHandling(call: CallDiagnostics): void {
    const { ROOT_CONTEXT, SpanKind } = this.#api;
    // What runs here now, if anything, has nothing to do with the call.
    const parent = this.#contexts.brought(call, ROOT_CONTEXT);
    const { traceContext } = call;
    if (traceContext !== undefined && this.#isLeftOut(flagsOf(traceContext))) {
      if (this.#durations !== undefined) this.#keep(call, undefined, parent, parent);
      this.#runWithin(call, parent);
      return;
    }
    const { span, context } = this.#start(call, SpanKind.SERVER, parent);
    if (span !== undefined) this.#contexts.give(call, span.spanContext());
    this.#runWithin(call, context);
  }

  /** A call is over. */
  end(call: CallDiagnostics): void {
    const kept = this.#keptOf(call);
    if (kept === undefined) return;
    this.open--;
    const { span, method, context, startedAt } = kept;
    if (span?.isRecording() === true) this.#finish(span, call);
    span?.end();
    if (this.#durations === undefined) return;
    const seconds = (performance.now() - startedAt) / 1000;
    this.#durations[call.side].record(seconds, measuredOf(method, call.code), context);
  }

  /** The sender of a stream waits, or goes on. */
  stream({ event, reason, call }: StreamDiagnostics): void {
    const span = this.#keptOf(call)?.span;
    if (span?.isRecording() === true) {
      span.addEvent(`busbar.stream.${event}`, { [attribute.pauseReason]: reason });
    }
  }

  // The sampler of an SDK decides so as well, unless it is one that does not look at parents.
  #isLeftOut(flags: number): boolean {
    return !this.#asksAlways && (flags & this.#api.TraceFlags.SAMPLED) === 0;
  }

  #runWithin(call: CallDiagnostics, context: Context): void {
    const api = this.#api;
    const { enter } = call;
    const within = (run: () => void) => api.context.with(context, run);
    call.enter = enter === undefined ? within : (run) => enter(() => within(run));
  }

  #start(call: CallDiagnostics, kind: number, parent: Context): Kept {
    const { name, attributes } = this.#methodOf(call);
    const span = this.#tracer.startSpan(name, { kind, attributes }, parent);
    if (call.attempt > 0) span.setAttribute(attribute.attempt, call.attempt);
    return this.#keep(call, span, parent, this.#contexts.withSpan(parent, span));
  }

  #keep(call: CallDiagnostics, span: Span | undefined, parent: Context, context: Context): Kept {
    const startedAt = this.#durations === undefined ? 0 : performance.now();
    const kept = { method: this.#methodOf(call), span, parent, context, startedAt };
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
    const { context, trace } = this.#api;
    const active = context.active();
    const span = trace.getSpan(active);
    const enclosing = this.#keptOf(call.parent);
    if (enclosing === undefined) {
      return span === undefined ? this.#contexts.brought(call, active) : active;
    }
    if (active === enclosing.context) return active;
    const { traceId } = trace.getSpanContext(enclosing.context) ?? {};
    return span?.spanContext().traceId === traceId ? active : enclosing.context;
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
