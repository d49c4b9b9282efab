// Tracing: a call, and the call that its method makes, as one trace of OpenTelemetry.
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { defineInterface, t } from 'busbar/interface';
import { instrument } from 'busbar/opentelemetry';
import { connect, serve } from 'busbar/rpc';

// A program has this from its SDK: NodeSDK of @opentelemetry/sdk-node, for example.
const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);

const instrumentation = await instrument();

// The program, which knows nothing of it.
const Stock = defineInterface('com.example.stock', '1.0', {
  methods: { take: { args: { what: t.string }, returns: t.u32 } },
});
const Shop = defineInterface('com.example.shop', '1.0', {
  methods: { order: { args: { what: t.string }, returns: t.string } },
});
const bus = `tracing-${process.pid}`;
const stock = await serve(bus, Stock, { take: () => 3 });
const stocked = await connect(bus, Stock);
const shop = await serve(bus, Shop, {
  order: async ({ what }) => `${await stocked.take({ what })} left`,
});
const client = await connect(bus, Shop);
console.log(await client.order({ what: 'tea' }));
for (const each of [client, stocked, shop, stock]) await each.close();

instrumentation.dispose();
const kinds = ['internal', 'server', 'client'];
const show = (parent, indent) => {
  for (const span of exporter.getFinishedSpans()) {
    if (span.parentSpanContext?.spanId !== parent) continue;
    console.log(`${indent}${kinds[span.kind]} ${span.name}`);
    show(span.spanContext().spanId, `${indent}  `);
  }
};
show(undefined, '');
