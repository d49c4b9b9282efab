// A caller that takes no answers of a server in another language: a conformance server.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { defineInterface, t as type } from 'busbar/interface';
import { connect, stats } from 'busbar/rpc';
import { inProcess, type Source } from '../../support/program.js';

const Echoing = defineInterface('com.example.conformance', '1.0', {
  methods: { name: { returns: type.string, idempotent: true } },
});

const isStopped = (pid: number) => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Calls for large results, stops itself before it takes them, and tells what came of each. */
const sleeper: Source = async ({ bus, tell }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { connect } = await import('busbar/rpc');
  const Results = defineInterface('com.example.conformance', '1.0', {
    methods: { big: { args: { size: t.u32 }, returns: t.bytes } },
  });
  const client = await connect(bus, Results);
  await client.big({ size: 1 });
  const calls = Array.from({ length: 200 }, () => client.big({ size: 1024 * 1024 }));
  const outcomes = calls.map((call) =>
    call.then(
      ({ length }) => `${length}`,
      ({ code, executed }) => `${code} ${executed}`,
    ),
  );
  setImmediate(() => process.kill(process.pid, 'SIGSTOP'));
  tell(await Promise.all(outcomes));
  tell((await client.big({ size: 2 })).length);
};

/** What a conformance server is started with. */
export const startOf = (bus: string) => JSON.stringify({ name: 'one', place: bus, options: {} });

/** The server ends the calls of such a caller by these errors, and counts it. */
export async function overrunElsewhere(
  t: ExecutionContext,
  bus: string,
  store: ChildProcess,
  errors: readonly string[],
): Promise<void> {
  t.teardown(() => store.kill('SIGKILL'));
  const other = await connect(bus, Echoing);
  t.teardown(() => other.close());
  const slow = inProcess(t, bus, sleeper);
  while (!isStopped(slow.pid)) await other.name();
  // In each round the server reads of all links, so it has read all calls after some of these.
  for (let n = 0; n < 200; n++) t.is(await other.name(), 'one');
  slow.goOn();
  const outcomes = await slow.next<string[]>();
  t.deepEqual([...new Set(outcomes)].sort(), ['1048576', ...errors]);
  t.is(await slow.next(), 2);
  t.true(((await stats(other))[0]?.overruns ?? 0) > 0);
}
