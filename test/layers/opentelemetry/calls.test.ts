// Spans and metrics of calls, recorded by OpenTelemetry's SDK in real processes.
import test, { type ExecutionContext } from 'ava';
import type { SeenSpan, Told } from '../../fixtures/telemetry.js';
import { inProcess, newBus, type Program, type Source } from '../../support/program.js';

const env = { BUSBAR_TELEMETRY: new URL('../../fixtures/telemetry.js', import.meta.url).href };

/** Serves `back`: ends in each way that a method can. */
const back: Source = async ({ bus, tell, told: heard }) => {
  const { Back, startInstrumented } = (await import(
    process.env.BUSBAR_TELEMETRY as string
  )) as typeof import('../../fixtures/telemetry.js');
  const { serve } = await import('busbar/rpc');
  const { told } = await startInstrumented();
  await serve(bus, Back, {
    twice: ({ n }) => 2 * n,
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield n;
    },
    refuse: (_, call) => {
      throw call.error('Closed', {});
    },
    break: () => {
      throw new RangeError('broken');
    },
    rest: (_, { signal }) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    hold: (_, { signal }) => {
      tell('holds');
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  tell('serves');
  for (;;) {
    await heard();
    tell(await told());
  }
};

/** Serves `front`, whose method calls `back` twice: by its own client, and by `call.client()`. */
const front: Source = async ({ bus, tell, told: heard }) => {
  const { Back, Front, startInstrumented } = (await import(
    process.env.BUSBAR_TELEMETRY as string
  )) as typeof import('../../fixtures/telemetry.js');
  const { connect, serve } = await import('busbar/rpc');
  const { told } = await startInstrumented({ scopes: process.env.WITHOUT_SCOPES === undefined });
  const own = await connect(bus, Back);
  await serve(bus, Front, {
    ask: async (_, call) => {
      await new Promise(setImmediate);
      const [one, two] = await Promise.all([
        own.twice({ n: 1 }),
        call.client(Back).twice({ n: 2 }),
      ]);
      return one + two;
    },
  });
  tell('serves');
  for (;;) {
    await heard();
    tell(await told());
  }
};

/** Calls `front` and `back` as the test says. */
const caller: Source = async ({ bus, tell, told: heard }) => {
  const { Back, Front, startInstrumented } = (await import(
    process.env.BUSBAR_TELEMETRY as string
  )) as typeof import('../../fixtures/telemetry.js');
  const { connect } = await import('busbar/rpc');
  const { instrumentation, told } = await startInstrumented({
    sampled: process.env.SAMPLED_OUT === undefined,
  });
  const client = await connect(bus, Back);
  const asking = await connect(bus, Front);
  const outcomes: Record<string, () => Promise<unknown>> = {
    ask: () => asking.ask(),
    twice: () => client.twice({ n: 1 }),
    count: async () => {
      for await (const _ of client.count({ to: 3 }));
    },
    refuse: () => client.refuse(),
    break: () => client.break(),
    late: () => client.rest({ timeout: 20 }),
    hold: () => client.hold(),
    dispose: async () => instrumentation.dispose(),
  };
  tell('ready');
  for (;;) {
    const word = (await heard()) as string;
    const outcome = outcomes[word];
    if (outcome === undefined) {
      tell(await told());
    } else if (word === 'hold') {
      outcome().then(
        () => tell('held'),
        () => tell('lost'),
      );
    } else {
      await outcome().catch(() => undefined);
      tell('done');
    }
  }
};

async function started(
  t: ExecutionContext,
  bus: string,
  source: Source,
  more: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const program = inProcess(t, bus, source, { ...env, ...more });
  await program.next();
  return program;
}

async function report(program: Program): Promise<Told> {
  program.say('report');
  return await program.next<Told>();
}

async function done(program: Program, ...words: string[]): Promise<void> {
  for (const word of words) {
    program.say(word);
    await program.next();
  }
}

/** `client com.example.front/ask > server com.example.front/ask > …`, a line for each leaf. */
function paths(spans: readonly SeenSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const parents = new Set(spans.map(({ parent }) => parent));
  const up = ({ kind, name, parent }: SeenSpan): string => {
    const above = parent === undefined ? undefined : byId.get(parent);
    if (parent !== undefined && above === undefined) return `orphan ${kind} ${name}`;
    return above === undefined ? `${kind} ${name}` : `${up(above)} > ${kind} ${name}`;
  };
  return spans
    .filter(({ id }) => !parents.has(id))
    .map(up)
    .sort();
}

for (const scopes of [true, false]) {
  const without: NodeJS.ProcessEnv = scopes ? {} : { WITHOUT_SCOPES: '1' };
  test(`one trace over three processes${scopes ? '' : ', without a context manager'}`, async (t) => {
    const bus = newBus();
    const programs = await Promise.all([
      started(t, bus, caller),
      started(t, bus, front, without),
      started(t, bus, back),
    ]);
    const [calling] = programs;
    await done(calling, 'ask');
    const told = await Promise.all(programs.map(report));
    const spans = told.flatMap((each) => each.spans);
    const start = 'client com.example.front/ask > server com.example.front/ask';
    const twice = 'client com.example.back/twice > server com.example.back/twice';
    t.deepEqual(paths(spans), [`${start} > ${twice}`, `${start} > ${twice}`]);
    t.is(new Set(spans.map(({ trace }) => trace)).size, 1);
    t.deepEqual(
      told.map(({ open }) => open),
      [0, 0, 0],
    );
  });
}

test('how calls end, in spans and metrics', async (t) => {
  const bus = newBus();
  const [calling, serving] = await Promise.all([started(t, bus, caller), started(t, bus, back)]);
  await done(calling, 'twice', 'count', 'refuse', 'break');
  const lines = ({ spans }: Told) =>
    spans.map(
      ({ name, attributes, failed, exceptions }) =>
        `${name} ${attributes['rpc.status_code']} ${failed} ${exceptions}`,
    );
  const [ofClient, ofServer] = await Promise.all([report(calling), report(serving)]);
  t.deepEqual(lines(ofClient), [
    'com.example.back/twice OK false 0',
    'com.example.back/count OK false 0',
    'com.example.back/refuse Closed true 1',
    'com.example.back/break HANDLER_FAILED true 1',
  ]);
  // What a caller may expect is no fault of the server.
  t.deepEqual(lines(ofServer), [
    'com.example.back/twice OK false 0',
    'com.example.back/count OK false 0',
    'com.example.back/refuse Closed false 0',
    'com.example.back/break HANDLER_FAILED true 1',
  ]);
  t.like(ofClient.spans[0]?.attributes, {
    'rpc.system.name': 'busbar',
    'rpc.method': 'com.example.back/twice',
    'busbar.bus': bus,
  });
  const points = ({ points }: Told) =>
    points.map(
      ({ metric, attributes, count }) =>
        `${metric} ${attributes['rpc.method']} ${attributes['error.type'] ?? 'ok'} ${count}`,
    );
  const expected = (side: string) =>
    ['twice ok 1', 'count ok 1', 'refuse Closed 1', 'break HANDLER_FAILED 1'].map(
      (each) => `rpc.${side}.call.duration com.example.back/${each}`,
    );
  t.deepEqual(points(ofClient), expected('client'));
  t.deepEqual(points(ofServer), expected('server'));
});

test('a deadline, a killed server and the next attempt end their spans', async (t) => {
  const bus = newBus();
  const [calling, serving] = await Promise.all([started(t, bus, caller), started(t, bus, back)]);
  // By the first call the server is known; whether the second one ever ran is not told.
  await done(calling, 'twice', 'late');
  calling.say('hold');
  t.is(await serving.next(), 'holds');
  await serving.kill();
  const other = await started(t, bus, back);
  t.is(await other.next(), 'holds');
  // What is under way when it is disposed of is still told.
  await done(calling, 'dispose');
  await other.kill();
  // The third attempt is not told about any more.
  const last = await started(t, bus, back);
  t.is(await last.next(), 'holds');
  const { spans, open } = await report(calling);
  t.deepEqual(
    spans.map(({ attributes }) => [attributes['error.type'], attributes['busbar.attempt']]),
    [
      [undefined, undefined],
      ['DEADLINE', undefined],
      ['PEER_GONE', undefined],
      ['PEER_GONE', 1],
    ],
  );
  t.is(open, 0);
  // Attempts of one call that nothing encloses are traces of their own.
  t.true(spans.every(({ parent, kind }) => parent === undefined && kind === 'client'));
});

test('what is sampled out at the root is sampled out everywhere', async (t) => {
  const bus = newBus();
  const programs = await Promise.all([
    started(t, bus, caller, { SAMPLED_OUT: '1' }),
    started(t, bus, front),
    started(t, bus, back),
  ]);
  await done(programs[0], 'ask', 'ask');
  const told = await Promise.all(programs.map(report));
  t.deepEqual(
    told.map(({ spans }) => spans.length),
    [0, 0, 0],
  );
  // Metrics count all.
  const counts = told.map(({ points }) => points.reduce((sum, { count }) => sum + count, 0));
  t.deepEqual(counts, [2, 2 + 4, 4]);
});
