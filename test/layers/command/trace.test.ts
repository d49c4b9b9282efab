// `trace`: the calls of one trace over several processes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { inProcess, newBus, type Program, type Source } from '../../support/program.js';
import { linesOf, Stage } from './support/command.js';

/** Serves `stock`. */
const stock: Source = async ({ bus, tell }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { serve } = await import('busbar/rpc');
  const Stock = defineInterface('com.example.stock', '1.0', {
    methods: {
      take: { args: { what: t.string }, returns: t.u32, errors: { SoldOut: {} } },
      list: { stream: t.u32 },
      hold: {},
    },
  });
  await serve(
    bus,
    Stock,
    {
      take({ what }, call) {
        if (what === 'tea') throw call.error('SoldOut', {});
        return 3;
      },
      *list() {
        yield 1;
        yield 2;
      },
      hold: () => {
        tell('holds');
        return new Promise<void>(() => undefined);
      },
    },
    { label: 'storage' },
  );
  tell('serves');
};

/** Serves `shop`, which calls `stock`: on behalf of a call, or by its own client. */
const shop: Source = async ({ bus, tell }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { connect, serve } = await import('busbar/rpc');
  const Stock = defineInterface('com.example.stock', '1.0', {
    methods: {
      take: { args: { what: t.string }, returns: t.u32, errors: { SoldOut: {} } },
      list: { stream: t.u32 },
      hold: {},
    },
  });
  const Shop = defineInterface('com.example.shop', '1.0', {
    methods: {
      order: { args: { what: t.string }, returns: t.u32 },
      quietly: { returns: t.u32 },
      hold: {},
    },
  });
  if (process.env.TRACED !== undefined) {
    const { subscribe } = await import('node:diagnostics_channel');
    subscribe('tracing:busbar:handle:start', () => undefined);
  }
  const own = await connect(bus, Stock);
  await serve(
    bus,
    Shop,
    {
      async order({ what }, call) {
        const stock = call.client(Stock);
        let sum = 0;
        for await (const each of stock.list()) sum += each;
        await stock.take({ what }).catch(() => undefined);
        return sum;
      },
      async quietly() {
        await new Promise(setImmediate);
        return own.take({ what: 'milk' });
      },
      hold: (_, call) => call.client(Stock).hold(),
    },
    { label: 'counter' },
  );
  tell('serves');
};

interface Line {
  readonly id: string;
  readonly parent: string | null;
  readonly depth: number;
  readonly type: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly items: number;
  readonly took: number | null;
  readonly from: { readonly pid: number };
  readonly to: { readonly pid: number } | null;
}

interface Market {
  readonly stage: Stage;
  readonly bus: string;
  readonly counter: Program;
  readonly storage: Program;
}

async function market(t: ExecutionContext, env: NodeJS.ProcessEnv = {}): Promise<Market> {
  const stage = new Stage(t);
  const bus = newBus();
  const [storage, counter] = [stock, shop].map((source) =>
    inProcess(t, bus, source, { ...stage.env, ...env }),
  ) as [Program, Program];
  await Promise.all([storage.next(), counter.next()]);
  return { stage, bus, counter, storage };
}

const shown = ({ depth, type, outcome, code, items }: Line) =>
  [depth, type.replace('com.example.', ''), code ?? outcome, items].join(' ');

async function lines({ stage, bus }: Market, ...args: string[]) {
  const { code, out, err } = await stage.busbar('trace', '-b', bus, ...args, '--json');
  return { code, err, calls: linesOf(out).map((line) => JSON.parse(line) as Line) };
}

test('a tree over three processes', async (t) => {
  const all = await market(t);
  const { code, calls } = await lines(all, 'shop.order', 'what=tea');
  t.is(code, 0);
  t.deepEqual(calls.map(shown), [
    '0 shop/1.order ok 0',
    '1 stock/1.list ok 2',
    '1 stock/1.take SoldOut 0',
  ]);
  const [root, ...nested] = calls;
  for (const { parent, from, to, took } of nested) {
    t.is(parent, root?.id ?? '');
    t.is(from.pid, all.counter.pid);
    t.is(to?.pid, all.storage.pid);
    t.true((took ?? 0) > 0 && (took ?? 0) <= (root?.took ?? 0));
  }
  const piped = await all.stage.busbar('trace', '-b', all.bus, 'shop.order', 'what=milk');
  t.deepEqual(
    linesOf(piped.out).map((line) => line.split('\t').map((field) => field.split(' (')[0])[0]),
    ['shop.order', '  stock.list', '  stock.take'],
  );
});

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id: number;
  readonly args: Readonly<Record<string, unknown>>;
}

test('the same as a file for viewers of trace events', async (t) => {
  const all = await market(t);
  const file = join(all.stage.directory.path, 'trace.json');
  const { code } = await lines(all, 'shop.order', 'what=tea', '--perfetto', file);
  t.is(code, 0);
  const { traceEvents: events } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const [counter, storage] = [all.counter.pid, all.storage.pid];
  const processes = events.filter(({ name }) => name === 'process_name');
  t.deepEqual(
    processes.map(({ args }) => args.name),
    ['busbar', 'counter', 'storage'],
  );
  const spans = events.filter(({ ph }) => ph === 'X');
  const own = processes[0]?.pid as number;
  t.deepEqual(
    spans.map(({ name, pid, args }) => [name, pid, args.code ?? args.ended]),
    [
      ['shop.order', own, 'ok'],
      ['shop.order', counter, 'ok'],
      ['stock.list', counter, 'ok'],
      ['stock.list', storage, 'ok'],
      ['stock.take', counter, 'SoldOut'],
      ['stock.take', storage, 'SoldOut'],
    ],
  );
  t.is(spans[2]?.args.items, 2);
  for (const { ts, dur } of spans) t.true(Number.isInteger(ts) && ts >= 0 && dur >= 0);
  // Each arrow begins in the client's slice and ends in the server's.
  for (const [index, event] of events.filter(({ ph }) => ph === 's').entries()) {
    const end = events.find(({ ph, id }) => ph === 'f' && id === event.id);
    const [from, to] = [spans[2 * index], spans[2 * index + 1]];
    t.deepEqual([event.pid, event.tid, event.ts], [from?.pid, from?.tid, from?.ts]);
    t.deepEqual([end?.pid, end?.tid], [to?.pid, to?.tid]);
  }
  // Slices of one row do not overlap.
  for (const { pid, tid } of spans) {
    const row = spans.filter((each) => each.pid === pid && each.tid === tid);
    for (const [index, { ts }] of row.entries()) {
      const before = row[index - 1];
      if (before !== undefined) t.true(ts >= before.ts + before.dur);
    }
  }
  const wrong = join(all.stage.directory.path, 'nowhere/trace.json');
  t.is((await lines(all, 'stock.list', '--perfetto', wrong)).code, 1);
});

test('a client of the process is seen if the process is traced', async (t) => {
  const untraced = await lines(await market(t), 'shop.quietly');
  t.deepEqual(untraced.calls.map(shown), ['0 shop/1.quietly ok 0']);
  const traced = await lines(await market(t, { TRACED: '1' }), 'shop.quietly');
  t.deepEqual(traced.calls.map(shown), ['0 shop/1.quietly ok 0', '1 stock/1.take ok 0']);
});

test('calls that do not end well', async (t) => {
  const all = await market(t);
  const late = await lines(all, 'shop.hold', '--timeout', '2000');
  t.is(late.code, 4);
  // Whose clock is first decides whether a server says that the deadline has passed.
  t.deepEqual(
    late.calls.map((each) => shown(each).replace('DEADLINE', 'cancelled')),
    ['0 shop/1.hold cancelled 0', '1 stock/1.hold cancelled 0'],
  );
  t.is(await all.storage.next(), 'holds');
  const tracing = lines(all, 'shop.hold', '--timeout', '60000');
  t.is(await all.storage.next(), 'holds');
  await all.storage.kill();
  const killed = await tracing;
  t.is(killed.code, 1);
  t.deepEqual(killed.calls.map(shown), ['0 shop/1.hold HANDLER_FAILED 0', '1 stock/1.hold gone 0']);
  const wrong = await lines(all, 'shop.ordr');
  t.is(wrong.code, 2);
  t.regex(wrong.err, /did you mean 'order'\?/);
  t.is((await lines(all, 'nothing.at')).code, 3);
});

test('every server of --all is a tree', async (t) => {
  const all = await market(t);
  const other = inProcess(t, all.bus, stock, all.stage.env);
  await other.next();
  const { calls } = await lines(all, 'stock.take', 'what=milk', '--all');
  t.deepEqual(calls.map(shown), ['0 stock/1.take ok 0', '0 stock/1.take ok 0']);
});
