// Processes in Python and in Node on one bus: every kind of message in both directions, and both
// kinds of death.
import { execFile } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { bytes, KernelObject, MemoryRegion, messageBox, messagePack, text } from 'busbar';
import { inProcess, joined, newBus, nextEvent } from './support/program.js';
import { lacksPython, PythonProgram } from './support/python.js';
import { until } from './support/waiting.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const box = messageBox({ Text: text, Raw: bytes, Any: messagePack('com.example.any') });

/** A function of python/tests/programs.py, once it has joined. */
async function start(t: ExecutionContext, ...args: string[]): Promise<PythonProgram> {
  const program = new PythonProgram(t, [`${root}python/tests/programs.py`, ...args]);
  t.is(await program.line(), 'ready');
  return program;
}

test('every kind of message goes to Python and comes back', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'node', messages: box });
  const python = await start(t, 'echo', bus, 'python');
  t.like(endpoint.peers[0], { pid: python.child.pid, label: ['python', 'echo'] });
  for (const size of [0, 1, 64, 5000, 300_000]) {
    const payload = new Uint8Array(size).fill(size % 251);
    endpoint.send('python & echo', box.Raw(payload, { format: 40_000 }));
    const answer = await endpoint.recv();
    t.true(Buffer.compare(Buffer.from(answer.payload as Uint8Array), payload) === 0);
    t.is(answer.format, 40_000);
  }
  const metadata = Uint8Array.from({ length: 240 }, (_, index) => index);
  using region = MemoryRegion.create(1 << 16);
  region.bytes.set([1, 2, 3], 1000);
  const file = openSync(`${root}package.json`, 'r');
  using object = KernelObject.fromFd(file, { takeOver: true });
  const { id, peerId } = endpoint.sendWithReceipt('python', box.Text('größe 月'), {
    metadata,
    objects: [object],
    regions: [region, region.range(1000, 3)],
  });
  const back = await endpoint.recv();
  t.is(back.payload, 'größe 月');
  t.is(back.replyTo, id);
  t.is(peerId, back.from.id);
  t.deepEqual(Buffer.from(back.metadata ?? []), Buffer.from(metadata));
  t.is(back.regions[0]?.id, region.id);
  t.deepEqual(Buffer.from(back.regions[1]?.bytes ?? []), Buffer.from([1, 2, 3]));
  const descriptor = Number(back.objects[0]?.take());
  t.true(readFileSync(descriptor, 'utf8').includes('"name": "busbar"'));
  closeSync(descriptor);
  back.close();
  t.is(await endpoint.deliver('python', box.Text('echo'), { acknowledge: 'handled' }), 1);
  await endpoint.recv();
  endpoint.send('python', box.Text('leave'));
  t.deepEqual(await python.ended, [0, null]);
});

test('values keep their meaning on the way to Python and back', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'node' });
  await start(t, 'echo_value', bus, 'python');
  const value = {
    list: [1, -1, 2.5, 2 ** 40, null, true, 'größe 月'],
    nested: { bytes: new Uint8Array([1, 2, 3]), at: new Date(1_700_000_000_123) },
    big: 2n ** 63n,
  };
  endpoint.send('python', value);
  const { payload } = await endpoint.recv();
  t.deepEqual(payload, { ...value, nested: { ...value.nested } });
});

test('Python is controller, is killed, and Node goes on', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const python = await start(t, 'sleep', bus, 'python');
  const endpoint = await joined(t, bus, { label: 'node', messages: box });
  t.is(endpoint.controller?.pid, python.child.pid);
  const lost = nextEvent(endpoint, 'undelivered');
  endpoint.send('python', box.Text('never taken'));
  const delivery = endpoint.deliver('python', box.Text('never taken, either'));
  await python.kill();
  await t.throwsAsync(delivery, { code: 'ERR_BUSBAR_UNDELIVERED' });
  t.like(await lost, { payload: 'never taken', reason: 'ERR_BUSBAR_PEER_GONE' });
  await until(endpoint, 'controller', () => endpoint.isController);
  const next = await start(t, 'echo', bus, 'python');
  endpoint.send('python', box.Text('again'));
  t.is((await endpoint.recv()).payload, 'again');
  next.child.kill();
});

test('Node is killed while Python has its region and its descriptor', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const python = await start(t, 'look_at_region', bus, 'python');
  const node = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'node' });
    const region = busbar.MemoryRegion.create(1 << 20);
    region.bytes.set(Buffer.from('hello'), 0);
    endpoint.send('python', 'look', { regions: [region] });
    tell(await endpoint.recv());
  });
  t.is(await python.line(), 'has it');
  await node.kill();
  t.is(await python.line(), 'hello');
  t.deepEqual(await python.ended, [0, null]);
});

test('the service of the guide, in Python', async (t) => {
  if (lacksPython(t)) return;
  const python = new PythonProgram(t, [`${root}examples/python/thermostat.py`, newBus()]);
  const said: string[] = [];
  for (let line = 0; line < 8; line++) said.push(await python.line());
  t.deepEqual(said, [
    'accepted: True',
    'at most 30.0',
    'accepted by the kitchen: True',
    'minute 0: 20.0 °C',
    'minute 1: 20.5 °C',
    'target: 22.0',
    'watched: 22.0',
    'overheated: 28.0',
  ]);
  t.deepEqual(await python.ended, [0, null]);
});

test('the wires of the guide, in Python', async (t) => {
  if (lacksPython(t)) return;
  const python = new PythonProgram(t, [`${root}examples/python/wires.py`]);
  const said = [await python.line(), await python.line(), await python.line()];
  t.deepEqual(said, [
    'hello, network',
    'the service was closed: True',
    'nobody listens: CANNOT_CONNECT',
  ]);
  t.deepEqual(await python.ended, [0, null]);
});

test('the example of the guide, in Python and in Node', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const python = new PythonProgram(t, [`${root}examples/python/hello.py`, bus]);
  const friend = promisify(execFile)(process.execPath, [`${root}examples/python/hello.mjs`, bus]);
  t.is(await python.line(), 'display wants 22.5 °C in the kitchen');
  t.deepEqual(await python.ended, [0, null]);
  t.deepEqual((await friend).stdout.trim().split('\n'), [
    'thermostat says 21.5 °C in the kitchen',
    'thermostat says 22.5 °C in the kitchen',
  ]);
});
