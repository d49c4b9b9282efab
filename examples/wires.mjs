// Calls without a bus: to a child process over pipes, and over TCP, where only what is served can be
// called. A person can speak the text form.
import { connect as openSocket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defineInterface, t } from 'busbar/interface';
import { connectWire, serveWire, spawnWire, stdio, tcp } from 'busbar/wire';

const Greeter = defineInterface('com.example.greeter', '1.0', {
  methods: {
    greet: { args: { name: t.string }, returns: t.string },
    count: { args: { to: t.u32 }, stream: t.u32 },
    hold: {},
  },
});
const greeter = {
  greet: ({ name }) => `hello, ${name}`,
  *count({ to }) {
    for (let n = 1; n <= to; n++) yield n;
  },
  hold: () => new Promise(() => {}),
};

if (process.argv[2] === 'child') {
  await serveWire(stdio(), Greeter, greeter);
} else {
  await overPipes();
  await overTcp();
  await asText();
}

async function overPipes() {
  const child = spawnWire(process.execPath, [fileURLToPath(import.meta.url), 'child']);
  const client = await connectWire(stdio(child), Greeter);
  console.log('pipes:', await client.greet({ name: 'child' }));
  let sum = 0;
  for await (const n of client.count({ to: 1000 })) sum += n;
  console.log('streamed:', sum);
  const held = client
    .hold()
    .catch(({ code, executed, cause }) => `${code}, ${executed}: ${cause.code}`);
  await client.greet({ name: 'child' });
  child.kill('SIGKILL');
  console.log('killed:', await held);
  await client.close();
}

async function overTcp() {
  const listener = tcp.listen({ port: 0 });
  const service = await serveWire(listener, Greeter, greeter, { token: 'swordfish' });
  const address = tcp({ port: listener.port });
  const client = await connectWire(address, Greeter, { token: 'swordfish' });
  console.log('tcp:', await client.greet({ name: 'network' }));
  const wrong = connectWire(tcp({ port: listener.port }), Greeter, { token: 'cod' });
  console.log('another token:', await wrong.catch(({ code }) => code));
  await client.close();
  await service.close();
}

async function asText() {
  const listener = tcp.listen({ port: 0 });
  const service = await serveWire(listener, Greeter, greeter, { framing: 'lines' });
  const socket = openSocket(listener.port, '127.0.0.1');
  socket.write('{"call":"com.example.greeter/1.greet","id":1,"args":{"name":"shell"}}\n');
  // The first line is the handshake of the other side. readline is fine here: JSON of a wire has no
  // other ends of lines in it.
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  await lines.next();
  console.log('text:', (await lines.next()).value);
  socket.destroy();
  await service.close();
}
