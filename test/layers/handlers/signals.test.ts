// Draining by a signal: the handlers finish, then the signal ends the process.
import test from 'ava';
import { inProcess, joined, newBus, type Source } from '../../support/program.js';

const service: Source = async ({ busbar, bus, tell }) => {
  const { messageBox, messageType } = busbar;
  const { handle, emits } = await import('busbar/handlers');
  const box = messageBox({
    Work: messageType<number>('com.example.work'),
    Done: messageType<number>('com.example.done'),
  });
  let finish = () => {};
  await handle(
    bus,
    box,
    {
      Work: async (n, { signal }) => {
        tell('working');
        await new Promise<void>((resolve) => {
          finish = resolve;
          signal.addEventListener('abort', () => tell('aborted'));
        });
        return box.Done(n);
      },
      Done: emits(),
      onStop: () => tell('stopped'),
    },
    { label: 'service', closeOn: 'SIGTERM', drain: 60_000 },
  );
  process.on('message', () => finish());
  tell(process.pid);
};

test('SIGTERM lets a table drain, then ends the process', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, service);
  const pid = await program.next<number>();
  const { messageBox, messageType } = await import('busbar');
  const box = messageBox({
    Work: messageType<number>('com.example.work'),
    Done: messageType<number>('com.example.done'),
  });
  const member = await joined(t, bus, { messages: box });
  member.send('service', box.Work(7));
  t.is(await program.next(), 'working');
  process.kill(pid, 'SIGTERM');
  while (member.matches('service').length > 0) await new Promise((next) => setImmediate(next));
  program.say('finish');
  t.is((await member.recv()).payload, 7);
  t.is(await program.next(), 'stopped');
});
