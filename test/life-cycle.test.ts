// Each way for a process or a worker thread to end, at each step of an endpoint's life: it ends as
// Node ends it, the others see it leave, and nothing of it remains. Serial: it counts what this
// process holds.
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, MemoryRegion, type PlainBox } from 'busbar';
import { inCrashingProcess } from './support/crashing-process.js';
import { holdingsOf, holdsNoMore } from './support/holdings.js';
import { inWorker, joined, newBus, type Program, type Source } from './support/program.js';
import { turnsUntil, until } from './support/waiting.js';

/** The steps of the program; each comes after the ones before. */
const steps = [
  'joining',
  'joined',
  'linked',
  'receiving',
  'mapped',
  'sharing',
  'closing',
  'closed',
] as const;

/** Goes through the steps up to the given one, and ends in the given way. */
const life: Source = async ({ busbar, bus, tell, told, hangUp }) => {
  const [last, end] = (await told()) as [string, string];
  hangUp();
  const finish = () => {
    if (end === 'exit') process.exit(0);
    if (end === 'error') {
      setImmediate(() => {
        throw new Error('expected by the test');
      });
    }
    if (end === 'SIGTERM') process.kill(process.pid, 'SIGTERM');
    tell('now');
  };
  const reached = (step: string) => {
    if (step !== last) return false;
    finish();
    return true;
  };

  const joining = busbar.join(bus, { label: 'life' });
  if (reached('joining')) return end === 'return' ? (await joining).close() : undefined;
  const endpoint = await joining;
  const close = () => (end === 'return' ? endpoint.close() : undefined);
  if (reached('joined')) return close();
  endpoint.send('witness', 'hello');
  if (reached('linked')) return close();
  const first = await endpoint.recv();
  const stop = new AbortController();
  const waits = endpoint.recv({ signal: stop.signal }).catch(() => undefined);
  if (reached('receiving')) return stop.abort();
  endpoint.send('witness', 'one more');
  const region = (await waits)?.regions[0];
  if (region === undefined || first.payload !== 'hello') throw new Error('no region came');
  region.bytes[0] = 1;
  if (reached('mapped')) return close();
  const own = busbar.MemoryRegion.create(1 << 16);
  own.bytes[0] = 1;
  const object = busbar.KernelObject.fromFd(0);
  // Some are taken and some are not: the witness reads one message at a time.
  for (let i = 0; i < 600; i++) endpoint.send('witness', i, { regions: [own, region] });
  for (let i = 0; i < 10; i++) endpoint.send('witness', i, { objects: [object] });
  if (reached('sharing')) return close();
  const closing = endpoint.close({ linger: 0 }).catch(() => undefined);
  if (reached('closing')) return;
  await closing;
  reached('closed');
};

interface Scene {
  readonly bus: string;
  readonly witness: Endpoint<PlainBox>;
  readonly region: MemoryRegion;
}

async function play({ witness, region }: Scene, program: Program, step: string, end: string) {
  program.say([step, end]);
  if (['joining', 'joined'].includes(step)) return;
  await witness.recv();
  if (step === 'linked') return;
  witness.send('life', 'hello');
  if (step === 'receiving') return;
  await witness.recv();
  witness.send('life', 'a region', { regions: [region] });
}

/** Only the witness is left, and only it holds its region. */
async function isAlone(t: ExecutionContext, { witness, region }: Scene) {
  await until(witness, 'peer', () => witness.peers.length === 0);
  region.release();
  // Messages published before the end can still be read.
  witness.on('message', (message) => {
    for (const one of message.regions) one.release();
    for (const one of message.objects) one.close();
  });
  await turnsUntil(() => witness.counters.inboundLinks === 1);
  witness.removeAllListeners('message');
  witness.send('witness', 'still here');
  t.is((await witness.recv()).payload, 'still here');
}

async function setUp(t: ExecutionContext): Promise<Scene> {
  const bus = newBus();
  const witness = await joined(t, bus, { label: 'witness', prefetch: 1 });
  // Opens its links to itself now, so that its holdings stay the same.
  witness.send('witness', 'ready');
  await witness.recv();
  return { bus, witness, region: MemoryRegion.create(1 << 16) };
}

const processEnds: Readonly<Record<string, readonly unknown[]>> = {
  return: [0, null],
  exit: [0, null],
  error: [1, null],
  SIGTERM: [null, 'SIGTERM'],
};

for (const [end, expected] of Object.entries(processEnds)) {
  for (const step of steps) {
    test.serial(`a process ends by ${end} when it is ${step}`, async (t) => {
      const scene = await setUp(t);
      const program = inCrashingProcess(t, scene.bus, life);
      await play(scene, program, step, end);
      t.deepEqual(await program.ended, expected);
      await isAlone(t, scene);
    });
  }
}

/** `terminate` may come when the worker has just ended on its own. */
const workerEnds: Readonly<Record<string, readonly number[]>> = {
  return: [0],
  exit: [0],
  error: [1],
  terminate: [0, 1],
};

for (const [end, expected] of Object.entries(workerEnds)) {
  for (const step of steps) {
    test.serial(`a worker ends by ${end} when it is ${step}`, async (t) => {
      const scene = await setUp(t);
      const before = holdingsOf(process.pid);
      const program = inWorker(t, scene.bus, life);
      program.worker?.on('error', () => undefined);
      await play(scene, program, step, end);
      if (end === 'terminate') {
        await program.next();
        await program.worker?.terminate();
      }
      const [code] = await program.ended.catch(() => [1]);
      t.true(expected.includes(code as number));
      await isAlone(t, scene);
      await holdsNoMore(process.pid, before);
    });
  }
}
