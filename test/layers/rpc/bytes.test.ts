// Results that are byte arrays: sent as they are to callers that take them so, whatever their size.
import test from 'ava';
import { raw } from 'busbar';
import { defineInterface, memberTypeId, t as type } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import { joined, newBus } from '../../support/program.js';

const Blocks = defineInterface('com.example.blocks', '1.0', {
  methods: { read: { args: { size: type.u32 }, returns: type.bytes } },
});
const acceptsBytes = 0x800;

const filled = (size: number) => Uint8Array.from({ length: size }, (_, at) => at % 251);

test('byte arrays of every size arrive as they were when the method returned', async (t) => {
  const bus = newBus();
  const own = Buffer.from(filled(2 ** 20));
  const service = await serve(bus, Blocks, {
    read({ size }) {
      const part = own.subarray(0, size);
      // The program goes on to use its memory for other things.
      queueMicrotask(() => part.fill(255));
      return part;
    },
  });
  t.teardown(() => service.close());
  for (const codec of ['messagepack', 'json'] as const) {
    const client = await connect(bus, Blocks, { codec });
    for (const size of [0, 1, 4095, 4096, 70_000, 2 ** 20]) {
      own.set(filled(2 ** 20));
      const block = await client.read({ size });
      t.is(Object.getPrototypeOf(block), Uint8Array.prototype);
      t.is(Buffer.compare(block, filled(size)), 0, `${codec} ${size}`);
    }
    await client.close();
  }
});

test('many results under way are not mixed up', async (t) => {
  const bus = newBus();
  const shared = new Uint8Array(300_000);
  // More than ring and queue hold, so that answers wait.
  const service = await serve({ name: bus, queueBytes: 2 ** 20 }, Blocks, {
    // One array for all results, as a program with a buffer of its own would have.
    read: ({ size }) => shared.fill(size % 251).subarray(0, size),
  });
  t.teardown(() => service.close());
  const client = await connect(bus, Blocks);
  t.teardown(() => client.close());
  const sizes = Array.from({ length: 40 }, (_, at) => 200_000 + at);
  const blocks = await Promise.all(sizes.map((size) => client.read({ size })));
  blocks.forEach((block, at) => {
    const size = sizes[at] as number;
    t.is(block.length, size);
    t.true(block[0] === size % 251 && block[size - 1] === size % 251, `${size}`);
  });
});

test('a caller that does not ask for bytes gets the codec that it asked in', async (t) => {
  const bus = newBus();
  const service = await serve(bus, Blocks, { read: ({ size }) => filled(size) });
  t.teardown(() => service.close());
  const endpoint = await joined(t, bus, { messages: raw });
  const request = Uint8Array.from([0x81, 0xa4, ...Buffer.from('size'), 0xcd, 0x13, 0x88]);
  const typeId = memberTypeId(Blocks, 'read');
  for (const [flags, codec] of [
    [0x400, 0],
    [0x400 | acceptsBytes, 2],
  ] as const) {
    endpoint.send('com.example.blocks', raw.message({ typeId, format: flags, bytes: request }));
    const { format, payload } = await endpoint.recv();
    t.is(format, codec << 4);
    t.is(payload.bytes.length, codec === 2 ? 5000 : 5003);
  }
});
