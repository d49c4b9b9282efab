// A listening server moves from one process to another while clients keep asking: no connection is
// refused. Run it: node examples/hand-over-server.mjs
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { join, KernelObject } from 'busbar';

const bus = 'com.example.hand-over';
const answering = () => createServer((_request, response) => response.end(`${process.pid}`));

if (process.argv[2] === 'heir') {
  const endpoint = await join(bus, { label: 'heir' });
  const message = await endpoint.recv();
  const server = answering();
  await once(server.listen(message.objects[0].toListenOptions()), 'listening');
  message.reply('listening');
  // Until the first process says that it is enough.
  await endpoint.recv();
  server.closeAllConnections();
  server.close();
  await endpoint.close();
} else {
  const endpoint = await join(bus, { label: 'first' });
  const server = answering();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();

  const answers = new Map();
  const ask = async () => {
    const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response');
    const [pid] = await once(response.setEncoding('utf8'), 'data');
    answers.set(pid, (answers.get(pid) ?? 0) + 1);
  };

  fork(import.meta.filename, ['heir']);
  await endpoint.waitFor('heir');
  for (let i = 0; i < 20; i++) await ask();

  const object = KernelObject.from(server);
  endpoint.send('heir', 'yours now', { objects: [object] });
  object.close();
  await endpoint.recv();
  server.close();
  for (let i = 0; i < 20; i++) await ask();

  for (const [pid, count] of answers) {
    const who = Number(pid) === process.pid ? 'the first process' : 'its heir';
    console.log(`${who} answered ${count} times`);
  }
  endpoint.send('heir', 'enough');
  await endpoint.close();
}
