// A receiver is killed while messages wait in its process, received and not yet the program's: they
// go to the next match, in order and with what they carry, and those it had come to nobody else.
import test from 'ava';
import { inProcess, joined, newBus, type Source } from './support/program.js';

/** Programs that receive in one way each, and kill themselves at the message of `last`. */
const ways: Readonly<Record<string, Source>> = {
  recv: async ({ busbar, bus, tell, told }) => {
    const endpoint = await busbar.join(bus, { label: 'worker' });
    tell('joined');
    const last = await told();
    for (;;) {
      const { payload } = await endpoint.recv();
      if (payload === last) process.kill(process.pid, 'SIGKILL');
    }
  },
  'for await': async ({ busbar, bus, tell, told }) => {
    const endpoint = await busbar.join(bus, { label: 'worker' });
    tell('joined');
    const last = await told();
    for await (const { payload } of endpoint)
      if (payload === last) process.kill(process.pid, 'SIGKILL');
  },
  'a listener': async ({ busbar, bus, tell, told }) => {
    const endpoint = await busbar.join(bus, { label: 'worker' });
    tell('joined');
    const last = await told();
    endpoint.on('message', ({ payload }) => {
      if (payload === last) process.kill(process.pid, 'SIGKILL');
    });
  },
  'a listener that comes later': async ({ busbar, bus, tell, told }) => {
    const endpoint = await busbar.join(bus, { label: 'worker' });
    tell('joined');
    const last = await told();
    // What this call asked for ahead waits in the process.
    const first = await endpoint.recv();
    if (first.payload === last) process.kill(process.pid, 'SIGKILL');
    endpoint.on('message', ({ payload }) => {
      if (payload === last) process.kill(process.pid, 'SIGKILL');
    });
  },
};

/** How many messages wait for the receiver before it takes the first. */
const count = 100;

for (const [way, worker] of Object.entries(ways)) {
  for (const last of [1, 2, 50]) {
    test(`${way}: what waited behind message ${last} goes to the next`, async (t) => {
      const bus = newBus();
      const sender = await joined(t, bus, { label: 'sender' });
      const program = inProcess(t, bus, worker);
      await program.next();
      for (let n = 1; n <= count; n++) sender.send('worker', n, { ttl: 60_000 });
      program.say(last);
      await program.ended;
      const next = await joined(t, bus, { label: 'worker' });
      for (let n = last + 1; n <= count; n++) t.is((await next.recv()).payload, n);
      t.is(sender.counters.undelivered, 0);
    });
  }
}
