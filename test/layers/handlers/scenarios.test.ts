// Whole programs of handlers: a volley over two workers, structs read in place, a request through a
// TCP connection and back, a call that messages answer, and ping-pong. Each runs as a user would
// write it.
import { once } from 'node:events';
import net from 'node:net';
import test from 'ava';
import { bytes, messageBox, messageType, multicast, struct } from 'busbar';
import { emits, type Handlers, server } from 'busbar/handlers';
import { defineInterface, t as type } from 'busbar/interface';
import { connect } from 'busbar/rpc';
import { joined, newBus } from '../../support/program.js';
import { handled } from './support/handled.js';

test('a volley: A to B to C and back, until ten', async (t) => {
  const bus = newBus();
  const Ball = messageType<{ readonly hits: number; readonly by: readonly string[] }>('ball');
  const Over = messageType<readonly string[]>('over');
  const box = messageBox({ Ball, Over });
  // Each player only knows how to hit: where the ball goes is in its table.
  const player = (name: string, next: string) =>
    handled(
      t,
      bus,
      box,
      {
        Ball: [
          {
            run: async ({ hits, by }, { emit }) => {
              const all = [...by, name];
              await emit(hits + 1 === 10 ? box.Over(all) : box.Ball({ hits: hits + 1, by: all }));
            },
          },
          emits(next),
        ],
        Over: emits('referee'),
      },
      { label: name },
    );
  const players = [await player('a', 'b'), await player('b', 'c'), await player('c', 'a')];
  const referee = await joined(t, bus, { messages: box, label: 'referee' });
  referee.send('a', box.Ball({ hits: 0, by: [] }));
  const { payload } = await referee.recv();
  t.deepEqual(payload, [...'abcabcabca']);
  t.deepEqual(
    players.map((each) => each.routes()[0]?.handled),
    [4, 3, 3],
  );
});

test('structs are read in place: only the field that is asked for is decoded', async (t) => {
  const bus = newBus();
  const Pose = messageType('pose', { codec: struct({ x: 'f64', y: 'f64', id: 'u32' }) });
  const box = messageBox({ Pose });
  const sums = new Map<number, number>();
  await handled(
    t,
    bus,
    box,
    {
      Pose: (pose) => {
        // A view of what was received, not an object with all fields.
        t.deepEqual(Object.keys(pose), []);
        sums.set(pose.id, (sums.get(pose.id) ?? 0) + pose.x);
      },
    },
    { label: 'tracker' },
  );
  const sensor = await joined(t, bus, { messages: box });
  for (let count = 0; count < 100; count++) {
    const pose = box.Pose({ x: count, y: Number.NaN, id: count % 2 });
    if (count < 99) sensor.send('tracker', pose);
    else await sensor.deliver('tracker', pose, { acknowledge: 'handled' });
  }
  t.deepEqual(
    [...sums],
    [
      [0, 2450],
      [1, 2500],
    ],
  );
});

test('a request goes through a TCP connection and back, several at a time', async (t) => {
  const bus = newBus();
  const Request = messageType<string>('request');
  const Response = messageType<string>('response');
  const box = messageBox({ Request, Response });
  // The far side of the connection: hands lines to handlers, and their replies back, in any order.
  const upper = await handled(
    t,
    bus,
    box,
    {
      Request: { concurrency: 8, run: async (line) => box.Response(line.toUpperCase()) },
      Response: emits(),
    },
    { label: 'upper' },
  );
  const gateway = await joined(t, bus, { messages: box });
  const waiting = new Map<number, (line: string) => void>();
  gateway.on('message', ({ payload, replyTo = 0 }) => {
    waiting.get(replyTo)?.(payload as string);
    waiting.delete(replyTo);
  });
  const listener = net.createServer((socket) => {
    lines(socket, (line) => {
      const [number, text] = line.split(' ') as [string, string];
      const { id } = gateway.sendWithReceipt('upper', box.Request(text));
      waiting.set(id, (answer) => socket.write(`${number} ${answer}\n`));
    });
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as net.AddressInfo;
  const socket = net.connect(port, '127.0.0.1');
  t.teardown(() => {
    socket.destroy();
    listener.close();
  });
  // The near side: a handler whose answers come by the connection.
  const pending = new Map<number, (answer: string) => void>();
  lines(socket, (line) => {
    const [number, answer] = line.split(' ') as [string, string];
    pending.get(Number(number))?.(answer);
  });
  let last = 0;
  await handled(
    t,
    bus,
    box,
    {
      Request: {
        concurrency: 100,
        run: async (text) => {
          const number = ++last;
          const answer = await new Promise<string>((resolve) => {
            pending.set(number, resolve);
            socket.write(`${number} ${text}\n`);
          });
          return box.Response(answer);
        },
      },
      Response: emits(),
    },
    { label: 'client' },
  );
  const asker = await joined(t, bus, { messages: box });
  const asked = new Map<number, string>();
  for (let count = 0; count < 50; count++) {
    asked.set(asker.sendWithReceipt('client', box.Request(`word${count}`)).id, `WORD${count}`);
  }
  for (let count = 0; count < 50; count++) {
    const { payload, replyTo = 0 } = await asker.recv();
    t.is(payload, asked.get(replyTo) ?? 'nothing');
  }
  t.is(upper.routes()[0]?.handled, 50);
});

test('a call is answered by handlers that know nothing of it', async (t) => {
  const bus = newBus();
  const Echo = defineInterface('com.example.echo', '1.0', {
    methods: { say: { args: { text: type.string }, returns: type.string } },
  });
  const Ask = messageType<{ readonly ticket: number; readonly text: string }>('ask');
  const Answer = messageType<{ readonly ticket: number; readonly text: string }>('answer');
  const box = messageBox({ Ask, Answer });
  const open = new Map<number, (text: string) => void>();
  let tickets = 0;
  const front: Handlers<typeof box> = await handled(
    t,
    bus,
    box,
    {
      Ask: emits('back'),
      Answer: ({ ticket, text }) => open.get(ticket)?.(text),
      [Echo.name]: server(Echo, {
        say: async ({ text }) => {
          const ticket = ++tickets;
          const answered = new Promise<string>((resolve) => open.set(ticket, resolve));
          await front.sender.emit(box.Ask({ ticket, text }));
          return answered;
        },
      }),
    },
    { label: 'front' },
  );
  await handled(
    t,
    bus,
    box,
    {
      Ask: ({ ticket, text }, { emit }) => void emit(box.Answer({ ticket, text: `${text}!` })),
      Answer: emits('front'),
    },
    { label: 'back' },
  );
  const client = await connect(bus, Echo);
  t.teardown(() => client.close());
  const texts = ['one', 'two', 'three'];
  t.deepEqual(await Promise.all(texts.map((text) => client.say({ text }))), [
    'one!',
    'two!',
    'three!',
  ]);
});

test('ping and pong, and bytes that nobody decodes on the way', async (t) => {
  const bus = newBus();
  const Ping = messageType<number>('ping');
  const Pong = messageType<number>('pong');
  const box = messageBox({ Ping, Pong, bytes });
  const rounds: number[] = [];
  await handled(
    t,
    bus,
    box,
    {
      Ping: async (count, { emit }) => void (await emit(box.Pong(count))),
      Pong: emits(multicast('ping')),
      bytes: { forward: 'sink' },
    },
    { label: 'pong' },
  );
  const ping = await handled(
    t,
    bus,
    box,
    {
      Ping: emits('pong'),
      Pong: async (count, { emit }) => {
        rounds.push(count);
        if (count < 100) await emit(box.Ping(count + 1));
      },
      bytes: emits('pong'),
      onStart: async ({ emit }) => void (await emit(box.Ping(1))),
    },
    { label: 'ping' },
  );
  const sink = await joined(t, bus, { messages: box, label: 'sink' });
  await ping.sender.emit(box.bytes(Uint8Array.of(1, 2, 3), { format: 9 }));
  const { payload, format } = await sink.recv();
  t.deepEqual(Buffer.from(payload as Uint8Array), Buffer.from([1, 2, 3]));
  t.is(format, 9);
  while (rounds.length < 100) await new Promise((next) => setImmediate(next));
  t.deepEqual(
    rounds,
    [...new Array(100)].map((_, index) => index + 1),
  );
});

function lines(socket: net.Socket, each: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (data: string) => {
    const parts = (rest + data).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) each(line);
  });
}
