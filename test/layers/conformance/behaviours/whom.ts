// Whom calls go to: all, sticky, first, and calls within calls.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { observe } from 'busbar';
import { modelOf } from 'busbar/interface';
import { all, type CallDiagnostics, describe, first, ping, stats, sticky } from 'busbar/rpc';
import { Backend, Conformance } from '../interface.js';
import type { Behaviour } from '../place.js';

export const whom: readonly Behaviour[] = [
  {
    id: 'all.answers',
    title: 'all() ends after one answer of each server, results and errors alike',
    only: 'bus',
    async run({ t, server, client }) {
      await server({}, 'a');
      const full = await server({ concurrency: 1, queue: 0, label: 'full' }, 'b');
      const calls = await client();
      const held = calls.hold({ key: 'x' }, { to: 'full' });
      await full.heard('held x');
      const answers: string[] = [];
      for await (const { value, error } of all(calls).name()) {
        answers.push(value ?? (error as { code?: string } | undefined)?.code ?? '');
      }
      t.deepEqual(answers.sort(), ['BUSY', 'a']);
      full.order('release', 'x', '');
      await held;
    },
  },
  {
    id: 'all.nobody',
    title: 'all() without servers ends at once',
    only: 'bus',
    async run({ t, client }) {
      for await (const _ of all(await client()).name()) t.fail();
      t.pass();
    },
  },
  {
    id: 'all.death',
    title: 'all() ends exactly when a server dies, which is its answer',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const answers = all(calls).hold({ key: 'a' });
      await one.heard('held a');
      await one.kill();
      const codes: unknown[] = [];
      for await (const { error } of answers) codes.push((error as { code?: string }).code);
      t.deepEqual(codes, ['PEER_GONE']);
    },
  },
  {
    id: 'all.left',
    title: 'leaving the loop over all answers cancels the calls that are left',
    async run({ t, server, client }) {
      const one = await server();
      const answers = all(await client()).hold({ key: 'a' });
      await one.heard('held a');
      await answers.return?.();
      await one.heard('aborted a');
      t.deepEqual(await answers.next(), { done: true, value: undefined });
    },
  },
  {
    id: 'one.least-busy',
    title: 'a call goes to the server with the fewest calls under way, else in turn',
    only: 'bus',
    async run({ t, server, client }) {
      const a = await server({ label: 'a' }, 'a');
      await server({}, 'b');
      const calls = await client();
      const names = new Set([await calls.name(), await calls.name()]);
      t.is(names.size, 2);
      const held = calls.hold({ key: 'x' }, { to: 'a' });
      await a.heard('held x');
      t.deepEqual([await calls.name(), await calls.name(), await calls.name()], ['b', 'b', 'b']);
      a.order('release', 'x', '');
      await held;
    },
  },
  {
    id: 'sticky.stays',
    title: 'sticky() stays with a server until that is gone',
    only: 'bus',
    async run({ t, server, client }) {
      const servers = new Map([
        ['a', await server({}, 'a')],
        ['b', await server({}, 'b')],
      ]);
      const calls = sticky(await client());
      const name = await calls.name();
      for (let n = 0; n < 5; n++) t.is(await calls.name(), name);
      await servers.get(name)?.kill();
      const other = await calls.name();
      t.not(other, name);
      t.is(await calls.name(), other);
    },
  },
  {
    id: 'first.hedges',
    title: 'first() asks a second server when the first one takes long, and cancels the loser',
    only: 'bus',
    async run({ t, server, client }) {
      const a = await server({}, 'a');
      const b = await server({}, 'b');
      const calls = await client();
      const answer = first(calls).holdAgain({ key: 'x' });
      await Promise.all([a.heard('held x'), b.heard('held x')]);
      b.order('release', 'x', 'from b');
      t.is(await answer, 'from b');
      await a.heard('aborted x');
    },
  },
  {
    id: 'nested.cancel',
    title: 'cancelling a call cancels the calls that its method makes for it',
    async run({ t, serveHere, server, client }) {
      let aborted = () => {};
      const begun = new Promise<void>((resolve) => {
        aborted = resolve;
      });
      let started = () => {};
      const waits = new Promise<void>((resolve) => {
        started = resolve;
      });
      const backend = await serveHere(Backend, {
        wait: (_, call) =>
          new Promise((_resolve, reject) => {
            started();
            call.signal.addEventListener('abort', () => {
              aborted();
              reject(call.signal.reason);
            });
          }),
        timeLeft: () => 0,
      });
      t.teardown(() => backend.close({ linger: 0 }));
      await server();
      const stop = new AbortController();
      const calls = await client();
      const pending = t.throwsAsync(calls.nested({ how: 'wait' }, { signal: stop.signal }), {
        code: 'CANCELLED',
      });
      await waits;
      stop.abort();
      await pending;
      await begun;
    },
  },
  {
    id: 'nested.deadline',
    title: 'the deadline of a call holds for the calls that its method makes for it',
    async run({ t, serveHere, server, client }) {
      const backend = await serveHere(Backend, {
        wait: () => 'done',
        timeLeft: (_, call) => call.deadline - performance.now(),
      });
      t.teardown(() => backend.close({ linger: 0 }));
      await server();
      const left = Number(await (await client()).nested({ how: 'left' }, { timeout: 30_000 }));
      t.true(left > 0 && left <= 30_001, `${left}`);
    },
  },
  {
    id: 'nested.trace',
    title: 'the trace of a call is that of the calls that its method makes for it',
    only: 'bus',
    async run({ t, bus, serveHere, server, client }) {
      const sent = ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'vendor=1'];
      let called: CallDiagnostics | undefined;
      const give = (message: unknown) => {
        const call = message as CallDiagnostics;
        if (call.bus !== bus) return;
        called = call;
        [call.traceparent, call.tracestate] = sent;
      };
      const handed: unknown[] = [];
      const take = (message: unknown) => {
        const { bus: its, interface: source, traceparent, tracestate } = message as CallDiagnostics;
        if (its === bus && source === Backend.name) handed.push([traceparent, tracestate]);
      };
      subscribe('tracing:busbar:call:start', give);
      subscribe('tracing:busbar:handle:start', take);
      t.teardown(() => {
        unsubscribe('tracing:busbar:call:start', give);
        unsubscribe('tracing:busbar:handle:start', take);
      });
      const backend = await serveHere(Backend, { wait: () => 'done', timeLeft: () => 0 });
      t.teardown(() => backend.close({ linger: 0 }));
      await server();
      const calls = await client();
      const observer = await observe(bus ?? '', { match: Backend.name });
      t.teardown(() => observer.close());
      await calls.nested({ how: 'wait' }, { timeout: 60_000 });
      t.deepEqual(handed, [sent]);
      // The message of the nested call says which one it was made for.
      for await (const seen of observer) {
        if (seen.kind !== 'sent' || seen.replyTo !== undefined || !seen.unicast) continue;
        const metadata = Buffer.from(seen.metadata ?? []);
        const at = metadata.indexOf(Uint8Array.of(11, 16));
        t.is(metadata.readBigUInt64LE(at + 2), BigInt(called?.endpointId ?? 0));
        t.is(metadata.readBigUInt64LE(at + 10), BigInt(called?.messageId ?? 0));
        break;
      }
    },
  },
  {
    id: 'about.describe',
    title: 'a server describes what it serves by the models of its interfaces',
    async run({ t, server, client }) {
      await server();
      const [model] = await describe(await client());
      t.deepEqual(model, JSON.parse(JSON.stringify(modelOf(Conformance))));
    },
  },
  {
    id: 'about.ping',
    title: 'a server answers a ping even when it takes no more calls',
    async run({ t, server, client }) {
      const one = await server({ concurrency: 1, queue: 0 });
      const calls = await client();
      const held = calls.hold({ key: 'a' });
      await one.heard('held a');
      t.is(await ping(calls), undefined);
      one.order('release', 'a', '');
      await held;
    },
  },
  {
    id: 'about.stats',
    title: 'a server counts calls, failures, load and subscribers',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      await calls.add({ a: 1, b: 1 });
      await t.throwsAsync(calls.fail({ how: 'sync' }));
      await t.throwsAsync(calls.fail({ how: 'declared' }));
      const listening = calls.on('tick', () => undefined);
      await listening.ready;
      const held = calls.hold({ key: 'a' });
      await one.heard('held a');
      const [service] = await stats(calls);
      t.like(service, { interface: Conformance.name, version: '1.0', running: 1, queued: 0 });
      const counts = (name: string) => service?.members.find((each) => each.name === name);
      t.like(counts('add'), { calls: 1, failures: 0 });
      t.like(counts('fail'), { calls: 2, failures: 1 });
      t.like(counts('tick'), { subscribers: 1 });
      one.order('release', 'a', '');
      await held;
    },
  },
];
