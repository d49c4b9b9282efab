// The entry itself: messages, options, the missing package, and that no span stays open.
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  context,
  createContextKey,
  createTraceState,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import test from 'ava';
import { messageBox, text } from 'busbar';
import { defineInterface, t as types } from 'busbar/interface';
import { instrument } from 'busbar/opentelemetry';
import { connect, serve } from 'busbar/rpc';
import { startTelemetry } from '../../fixtures/telemetry.js';
import { inProcess, joined, newBus, type Source } from '../../support/program.js';

const { spans, open, points, ...providers } = startTelemetry();
const exporter = new InMemorySpanExporter();
const tracer = providers.tracerProvider.getTracer('test');

const Small = defineInterface('com.example.small', '1.0', { methods: { nothing: {} } });

const onBus = (bus: string) => spans().filter(({ attributes }) => attributes['busbar.bus'] === bus);

test.serial('messages: a span where one was sent, one where it is received, linked', async (t) => {
  const bus = newBus();
  using instrumentation = await instrument({ ...providers, messaging: true });
  const box = messageBox({ Note: text });
  const earth = await joined(t, bus, { messages: box });
  const moon = await joined(t, bus, { label: 'moon', messages: box });
  const span = tracer.startSpan('work');
  const { spanId, traceId } = span.spanContext();
  await context.with(trace.setSpan(context.active(), span), async () => {
    earth.send('moon', box.Note('hello'), { metadata: instrumentation.metadata() });
  });
  span.end();
  const message = await moon.recv();
  const within = instrumentation.contextOf(message);
  t.like(trace.getSpanContext(within), { spanId, traceId, isRemote: true });
  earth.send('moon', box.Note('again'));
  const other = await moon.recv();
  t.is(trace.getSpanContext(instrumentation.contextOf(other)), undefined);
  t.is(instrumentation.metadata(), undefined);
  const found = onBus(bus).map(({ kind, name, parent, links }) => [kind, name, parent, ...links]);
  t.deepEqual(found, [
    ['producer', 'send Note', spanId],
    ['consumer', 'receive Note', undefined, spanId],
    ['producer', 'send Note', undefined],
    ['consumer', 'receive Note', undefined],
  ]);
  const [sent, received] = onBus(bus);
  t.like(sent?.attributes, {
    'messaging.system': 'busbar',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'moon',
    'messaging.message.body.size': 5,
  });
  t.is(received?.attributes['messaging.message.id'], sent?.attributes['messaging.message.id']);
  const counts = (await points()).filter(({ metric }) => metric.startsWith('messaging.'));
  t.deepEqual(
    counts.map(({ metric, count }) => [metric, count]),
    [
      ['messaging.client.sent.messages', 2],
      ['messaging.client.consumed.messages', 2],
    ],
  );
});

test.serial('messages that carry calls are told about as calls only', async (t) => {
  const bus = newBus();
  const instrumentation = await instrument({ ...providers, messaging: true });
  const service = await serve(bus, Small, { nothing: () => undefined });
  const client = await connect(bus, Small);
  t.teardown(() => Promise.all([client.close(), service.close()]));
  await client.nothing();
  t.deepEqual(
    onBus(bus).map(({ kind }) => kind),
    ['server', 'client'],
  );
  // Disposed of twice, and nothing is told any more.
  instrumentation.dispose();
  instrumentation[Symbol.dispose]();
  await client.nothing();
  t.is(onBus(bus).length, 2);
});

test.serial(
  'within a trace that is sampled out, the sampler is asked only if that is wanted',
  async (t) => {
    for (const sampling of ['parent', 'sampler'] as const) {
      const bus = newBus();
      // It does not look at parents: a ParentBased one would decide the same in both cases.
      const tracerProvider = new BasicTracerProvider({
        sampler: new AlwaysOnSampler(),
        spanProcessors: [new SimpleSpanProcessor(exporter)],
      });
      using _ = await instrument({ tracerProvider, sampling });
      const within: (SpanContext | undefined)[] = [];
      const service = await serve(bus, Small, {
        nothing: () => void within.push(trace.getSpanContext(context.active())),
      });
      const client = await connect(bus, Small);
      t.teardown(() => Promise.all([client.close(), service.close()]));
      const leftOut = { traceId: 'a1'.repeat(16), spanId: 'b2'.repeat(8), traceFlags: 0 };
      const traceState = createTraceState('vendor=7');
      const around = trace.setSpanContext(context.active(), { ...leftOut, traceState });
      await context.with(around, () => client.nothing());
      const kinds = exporter.getFinishedSpans().map(({ kind }) => kind);
      exporter.reset();
      t.is(within[0]?.traceId, leftOut.traceId);
      t.is(within[0]?.traceState?.serialize(), 'vendor=7');
      if (sampling === 'sampler') {
        t.deepEqual(kinds, [SpanKind.SERVER, SpanKind.CLIENT]);
      } else {
        t.deepEqual(kinds, []);
        t.like(within[0], { ...leftOut, isRemote: true });
      }
    }
  },
);

test.serial('what a method reads and sets in its context', async (t) => {
  const bus = newBus();
  using _ = await instrument(providers);
  const key = createContextKey('of the test');
  const found: unknown[] = [];
  const service = await serve(bus, Small, {
    nothing: () => {
      const here = context.active();
      const other = here.setValue(key, 'more');
      const without = trace.deleteSpan(other);
      for (const each of [here, other, without]) {
        found.push(each.getValue(key), trace.getSpan(each) === trace.getSpan(here));
      }
      found.push(trace.getSpan(without));
    },
  });
  const client = await connect(bus, Small);
  t.teardown(() => Promise.all([client.close(), service.close()]));
  await client.nothing();
  t.deepEqual(found, [undefined, true, 'more', true, 'more', false, undefined]);
});

test.serial('the span of a stream says when its sender waited', async (t) => {
  const bus = newBus();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const Numbers = defineInterface('com.example.numbers', '1.0', {
    methods: { count: { args: { to: types.u32 }, stream: types.u32 } },
  });
  const instrumentation = await instrument({ tracerProvider });
  const service = await serve(bus, Numbers, {
    *count({ to }) {
      for (let n = 0; n < to; n++) yield n;
    },
  });
  const client = await connect(bus, Numbers);
  t.teardown(() => Promise.all([client.close(), service.close()]));
  const read = async () => {
    for await (const n of client.count({ to: 50_000 })) if (n % 1000 === 0) await nextTurn();
  };
  await read();
  const spans = exporter.getFinishedSpans();
  const [server] = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  const events = server?.events.map(({ name }) => name) ?? [];
  t.is(events[0], 'busbar.stream.paused');
  t.true(events.includes('busbar.stream.resumed'));
  t.regex(`${server?.events[0]?.attributes?.['busbar.stream.reason']}`, /^(credit|room)$/);
  exporter.reset();
  // Nobody is told any more.
  instrumentation.dispose();
  await read();
  t.deepEqual(exporter.getFinishedSpans(), []);
  t.false(channel('busbar:stream').hasSubscribers);
});

test.serial('no span stays open, however servers die', async (t) => {
  const bus = newBus();
  const instrumentation = await instrument(providers);
  const client = await connect(bus, Small, { timeout: 60_000 });
  t.teardown(() => client.close());
  const serving: Source = async ({ bus, tell }) => {
    const { defineInterface } = await import('busbar/interface');
    const { serve } = await import('busbar/rpc');
    const Small = defineInterface('com.example.small', '1.0', { methods: { nothing: {} } });
    await serve(bus, Small, { nothing: () => new Promise((resolve) => setImmediate(resolve)) });
    tell('serves');
  };
  const calls: Promise<unknown>[] = [];
  const ends = { returned: 0, failed: 0 };
  for (let round = 0; round < 4; round++) {
    const programs = [inProcess(t, bus, serving), inProcess(t, bus, serving)];
    for (const program of programs) await program.next();
    for (const program of programs) {
      for (let turn = randomInt(1, 30); turn > 0; turn--) {
        for (let count = 0; count < 8; count++) {
          const settled = client.nothing().then(
            () => void ends.returned++,
            () => void ends.failed++,
          );
          calls.push(settled);
        }
        await new Promise(setImmediate);
      }
      await program.kill();
    }
  }
  instrumentation.dispose();
  // Those that no server has taken wait for one.
  const service = await serve(bus, Small, { nothing: () => undefined });
  t.teardown(() => service.close());
  await Promise.all(calls);
  t.true(ends.returned > 0);
  t.is(open(), 0);
  const own = onBus(bus);
  const firsts = own.filter(({ attributes }) => attributes['busbar.attempt'] === undefined);
  t.is(firsts.length, calls.length);
  const failed = own.filter(({ attributes }) => attributes['error.type'] !== undefined);
  t.true(failed.length >= ends.failed);
});

test.serial('wrong options are refused', async (t) => {
  const wrong: [unknown, RegExp][] = [
    [null, /options of instrument are null/],
    [{ tracer: {} }, /unknown option 'tracer' of instrument/],
    [{ tracerProvider: {} }, /expected an object with getTracer/],
    [{ meterProvider: null }, /expected an object with getMeter/],
    [{ messaging: 1 }, /messaging is 1; expected true or false/],
    [{ sampling: 'never' }, /sampling is "never"; expected 'parent' or 'sampler'/],
  ];
  for (const [options, message] of wrong) {
    const code = 'ERR_BUSBAR_INVALID_ARGUMENT';
    await t.throwsAsync(instrument(options as object), { code, message });
  }
});

test.serial('without the package of OpenTelemetry, the error says how to install it', (t) => {
  const hooks = `
    export async function resolve(name, context, next) {
      if (name.startsWith('@opentelemetry/')) throw new Error('not installed');
      return next(name, context);
    }`;
  const url = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
  const program = `
    import { register } from 'node:module';
    register(${JSON.stringify(url(hooks))});
    const { instrument } = await import('busbar/opentelemetry');
    await instrument().catch(({ code, message }) => console.log(code, message));`;
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const args = ['--no-warnings', '--input-type=module', '--eval', program];
  const printed = execFileSync(process.execPath, args, { cwd, encoding: 'utf8' });
  t.regex(printed, /^ERR_BUSBAR_MISSING_PACKAGE .*npm install @opentelemetry\/api$/m);
});
