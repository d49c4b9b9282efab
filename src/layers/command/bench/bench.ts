// The command `bench`: how fast messages and calls are here and now, between two processes. A few
// seconds, one run, no comparison; bench/ of the project measures in earnest.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createHistogram } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Endpoint, join, QueueFullError } from '../../../index.js';
import { connect } from '../../rpc/index.js';
import { exitCode, Failure } from '../failure.js';
import { type Column, formOf, printRows } from '../table.js';
import { numberOf, type Output, type Run, textsOf, UsageError } from '../usage.js';
import { benchBox, Echo, peerLabel } from './words.js';

const defaultSizes = [64, 65_536];
const maxSize = 64 * 1024 * 1024;
/** Messages sent without giving the event loop a turn. */
const burst = 256;

/** A result, as `bench --json` writes it. */
interface BenchRow {
  readonly kind: 'round-trip' | 'one-way' | 'call';
  /** Of a payload; `null` for calls. */
  readonly bytes: number | null;
  readonly count: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Microseconds there and back; `null` for one-way. */
  readonly medianUs: number | null;
  readonly p99Us: number | null;
}

const us = (value: number | null) => (value === null ? '' : value.toFixed(1));
const columns: readonly Column<BenchRow>[] = [
  { title: 'WHAT', text: ({ kind }) => kind },
  { title: 'BYTES', text: ({ bytes }) => (bytes === null ? '' : String(bytes)), right: true },
  { title: 'COUNT', text: ({ count }) => String(count), right: true },
  { title: 'PER SECOND', text: ({ perSecond }) => perSecond.toFixed(0), right: true },
  { title: 'MEDIAN µs', text: ({ medianUs }) => us(medianUs), right: true },
  { title: 'P99 µs', text: ({ p99Us }) => us(p99Us), right: true },
  {
    title: 'MB/S',
    text: ({ kind, bytes, perSecond }) =>
      kind === 'one-way' && bytes !== null ? ((bytes * perSecond) / 1e6).toFixed(0) : '',
    right: true,
  },
];

type BenchEndpoint = Endpoint<typeof benchBox>;

/** Measures. */
export const bench: Run = async (_, options, output) => {
  const seconds = numberOf(options, 'seconds', 0.05) ?? 1;
  const sizes = sizesOf(textsOf(options, 'bytes'));
  // A bus of its own: nobody else is to be disturbed, or to disturb.
  const bus = `busbar-bench-${process.pid}`;
  const peer = await startPeer(bus, output);
  try {
    await using endpoint = await join(bus, { messages: benchBox });
    const rows: BenchRow[] = [];
    for (const bytes of sizes) rows.push(await roundTrips(endpoint, bytes, seconds, output));
    for (const bytes of sizes) rows.push(await oneWay(endpoint, bytes, seconds, output));
    rows.push(await calls(bus, seconds, output));
    printRows(output, formOf(options, output), columns, rows);
  } finally {
    peer.kill('SIGKILL');
  }
  return output.interrupted.aborted ? exitCode.interrupted : exitCode.ok;
};

function sizesOf(texts: readonly string[]): readonly number[] {
  if (texts.length === 0) return defaultSizes;
  return texts.map((text) => {
    const size = Number(text);
    if (Number.isInteger(size) && size >= 0 && size <= maxSize) return size;
    throw new UsageError(`--bytes is '${text}'; expected a whole number of at most ${maxSize}`);
  });
}

async function startPeer(bus: string, { interrupted }: Output): Promise<ChildProcess> {
  const peer = fork(fileURLToPath(new URL('./peer.js', import.meta.url)), [bus], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const ended = once(peer, 'exit').then(([code]) => {
    throw new Failure(exitCode.failed, `the other process ended with ${code}; see what it wrote`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(peer, 'message', { signal: interrupted }), ended]);
  return peer;
}

async function roundTrips(
  endpoint: BenchEndpoint,
  bytes: number,
  seconds: number,
  { interrupted }: Output,
): Promise<BenchRow> {
  const payload = new Uint8Array(bytes);
  return await timed('round-trip', bytes, seconds, interrupted, async () => {
    await endpoint.sendWhenReady(peerLabel, benchBox.Echo(payload));
    await endpoint.recv();
  });
}

async function calls(bus: string, seconds: number, { interrupted }: Output): Promise<BenchRow> {
  await using client = await connect(bus, Echo);
  return await timed('call', null, seconds, interrupted, async () => {
    await client.echo({ value: 1 });
  });
}

async function timed(
  kind: BenchRow['kind'],
  bytes: number | null,
  seconds: number,
  interrupted: AbortSignal,
  once: () => Promise<void>,
): Promise<BenchRow> {
  // The first ones open links and are compiled.
  for (let i = 0; i < 200; i++) await once();
  const histogram = createHistogram();
  const began = performance.now();
  const end = began + seconds * 1000;
  while (performance.now() < end && !interrupted.aborted) {
    const start = process.hrtime.bigint();
    await once();
    const took = process.hrtime.bigint() - start;
    histogram.record(took > 0n ? took : 1n);
  }
  const lasted = (performance.now() - began) / 1000;
  const { count } = histogram;
  return {
    kind,
    bytes,
    count,
    seconds: lasted,
    perSecond: count / lasted,
    medianUs: histogram.percentile(50) / 1000,
    p99Us: histogram.percentile(99) / 1000,
  };
}

async function oneWay(
  endpoint: BenchEndpoint,
  bytes: number,
  seconds: number,
  { interrupted }: Output,
): Promise<BenchRow> {
  const message = benchBox.Count(new Uint8Array(bytes));
  const total = async () => {
    await endpoint.sendWhenReady(peerLabel, benchBox.Total(0));
    return (await endpoint.recv()).payload as number;
  };
  await total();
  const began = performance.now();
  const end = began + seconds * 1000;
  while (performance.now() < end && !interrupted.aborted) {
    await sendBurst(endpoint, message);
  }
  // What was counted, not what was sent: the last ones are still on their way.
  const count = await total();
  const lasted = (performance.now() - began) / 1000;
  return {
    kind: 'one-way',
    bytes,
    count,
    seconds: lasted,
    perSecond: count / lasted,
    medianUs: null,
    p99Us: null,
  };
}

async function sendBurst(
  endpoint: BenchEndpoint,
  message: ReturnType<typeof benchBox.Count>,
): Promise<void> {
  try {
    for (let i = 0; i < burst; i++) endpoint.send(peerLabel, message);
    await turn();
  } catch (error) {
    if (!(error instanceof QueueFullError)) throw error;
    await endpoint.drained();
  }
}
