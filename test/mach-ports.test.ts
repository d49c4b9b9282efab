// Mach ports as kernel objects: with the fake of Mach between real processes; elsewhere they are
// refused.
import test from 'ava';
import { InvalidArgumentError, KernelObject, UnsupportedError } from 'busbar';
import { inProcess, joined, newBus } from './support/program.js';

const hasPorts = process.env.FAKE_MACH !== undefined || process.platform === 'darwin';

test('what is no name of a port is refused', (t) => {
  for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 32 - 1, 2 ** 32, '3', undefined]) {
    t.throws(() => KernelObject.fromMachPort(bad as number), { instanceOf: InvalidArgumentError });
  }
  const nobodys = 2 ** 31;
  t.throws(() => KernelObject.fromMachPort(nobodys), {
    instanceOf: hasPorts ? InvalidArgumentError : UnsupportedError,
  });
});

test('an object of another kind has no port', (t) => {
  using object = KernelObject.fromFd(0);
  t.is(object.kind, 'descriptor');
  t.throws(() => object.machPort, { instanceOf: UnsupportedError });
  t.throws(() => object.takeMachPort(), { instanceOf: UnsupportedError });
  t.false(object.closed);
});

/** Any port that this process may send to: endpoints have several. */
function somePort(): KernelObject {
  for (let name = 1; name < 1_000_000; name++) {
    try {
      return KernelObject.fromMachPort(name);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
    }
  }
  throw new Error('this process has no right to send to any port');
}

(hasPorts ? test : test.skip)(
  'a port goes to another process and comes back as itself',
  async (t) => {
    const bus = newBus();
    const mirror = inProcess(t, bus, async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'mirror' });
      tell('joined');
      const message = await endpoint.recv();
      const [port] = message.objects;
      if (port === undefined) throw new Error('no object came');
      const second = busbar.KernelObject.fromMachPort(port.machPort);
      message.reply([port.kind, port.takeMachPort() === second.machPort, port.closed], {
        objects: [second],
      });
      await endpoint.close();
    });
    await mirror.next();
    const endpoint = await joined(t, bus);
    using port = somePort();
    t.is(port.kind, 'mach-port');
    t.throws(() => port.fd, { instanceOf: UnsupportedError, message: /takeMachPort/ });
    t.throws(() => port.take(), { instanceOf: UnsupportedError });
    endpoint.send('mirror', 'a port', { objects: [port] });
    using back = await endpoint.recv();
    t.deepEqual(back.payload, ['mach-port', true, true]);
    // A process has one name for a port.
    t.is(back.objects[0]?.machPort, port.machPort);
  },
);
