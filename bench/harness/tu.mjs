// The program of the `tracing` trial: `tracing.mjs <job as JSON>` prints the figures as one line of
// JSON. Client and server are in one thread, so the time of a call is the whole work for it. Calls
// without any subscriber are measured before the first one: a program that nobody traces is like
// that.

import { channel, tracingChannel } from 'node:diagnostics_channel';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
} from '@opentelemetry/sdk-trace-base';
import { loadEntry } from './busbar.mjs';
import { threadMicroseconds } from './ramp.mjs';

const BATCH = 2000;
const IN_FLIGHT = 64;
const job = JSON.parse(process.argv[2]);

const { defineInterface, t } = await loadEntry('./interface');
const { connect, serve } = await loadEntry('./rpc');
const { instrument } = await loadEntry('./opentelemetry');
const Small = defineInterface('bench.small', '1.0', {
  methods: { twice: { args: { n: t.f64 }, returns: t.f64 } },
});
const bus = `${job.bus}-tracing`;
const service = await serve(bus, Small, { twice: ({ n }) => 2 * n });
const client = await connect(bus, Small);

/** Ends spans and keeps none, so that the exporter's memory is not measured. */
const dropping = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};
const providers = {
  sampledOut: new BasicTracerProvider({ sampler: new AlwaysOffSampler() }),
  recorded: new BasicTracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [dropping],
  }),
};

/** Calls that end. */
async function call() {
  let left = BATCH;
  const lane = async () => {
    while (left-- > 0) await client.twice({ n: 1 });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

/** What the SDK does for a span and its context, as a program by hand would. */
function spans(provider) {
  const tracer = provider.getTracer('bench');
  const attributes = { 'rpc.system.name': 'busbar', 'rpc.method': 'bench.small/twice' };
  const carrier = {};
  return () => {
    for (let i = 0; i < BATCH; i++) {
      const active = context.active();
      const span = tracer.startSpan('bench.small/twice', { kind: SpanKind.CLIENT, attributes });
      propagation.inject(trace.setSpan(active, span), carrier);
      if (span.isRecording()) {
        span.setAttribute('rpc.status_code', 'OK');
        span.setAttribute('busbar.peer_id', i);
      }
      span.end();
    }
  };
}

const names = ['start', 'asyncEnd', 'error', 'end', 'asyncStart'];
const [start, asyncEnd, error, end, asyncStart] = names.map((name) =>
  channel(`tracing:busbar:call:${name}`),
);
// Read at the end, so that the loop is not left out.
let subscribed = 0;

/** The question that a call asks at one side when nobody listens. */
function ask() {
  for (let i = 0; i < BATCH; i++) {
    if (
      start.hasSubscribers ||
      asyncEnd.hasSubscribers ||
      error.hasSubscribers ||
      end.hasSubscribers ||
      asyncStart.hasSubscribers
    ) {
      subscribed++;
    }
  }
}

/** Nanoseconds on a core of one of the things that `batch` does so many of. */
async function costOf(batch, milliseconds) {
  for (let turn = 0; turn < 10; turn++) await batch();
  const until = performance.now() + milliseconds;
  const began = threadMicroseconds();
  let batches = 0;
  for (; performance.now() < until; batches++) await batch();
  return ((threadMicroseconds() - began) * 1000) / (batches * BATCH);
}

const phase = job.milliseconds * 2;
const { AsyncLocalStorage } = await import('node:async_hooks');
const bareNs = await costOf(call, phase);
const noop = () => {};
const on = (name, events) => { for (const e of events) channel(`tracing:busbar:${name}:${e}`).subscribe(noop); };
const off = (name, events) => { for (const e of events) channel(`tracing:busbar:${name}:${e}`).unsubscribe(noop); };
const say = async (what) => console.log(what, Math.round((await costOf(call, phase)) - bareNs), 'a call');
on('call', ['start', 'asyncEnd']); await say('client only, start+asyncEnd'); off('call', ['start', 'asyncEnd']);
const bytes = new Uint8Array(25).fill(7);
const sub = (c) => { c.traceContext = bytes; };
channel('tracing:busbar:call:start').subscribe(sub); await say('client start that assigns context'); channel('tracing:busbar:call:start').unsubscribe(sub);
await say('nothing');
on('handle', ['start', 'asyncEnd']); await say('server only, start+asyncEnd (ALS from here)'); off('handle', ['start', 'asyncEnd']);
await say('nothing, ALS made');
on('call', ['start', 'asyncEnd']); await say('client only');
on('handle', ['start', 'asyncEnd']); await say('both');
channel('tracing:busbar:call:start').subscribe(sub); await say('both with context'); 
await client.close(); await service.close();
