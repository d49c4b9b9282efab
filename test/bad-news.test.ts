// The order of bad news: whoever hears that a peer has left has heard of every message that the
// peer did not take, and of every promise that was about the peer alone.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import { bytes, messageBox, multicast, type UndeliveredError } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { until } from './support/waiting.js';

const box = messageBox({ Raw: bytes });
/** Each of them starts a process; with more, by hand: BUSBAR_ROUNDS=300. */
const rounds = Number(process.env.BUSBAR_ROUNDS ?? 4);

/** Joins, takes nothing, and closes when it is told to. */
const deaf: Source = async ({ busbar, bus, tell, told, hangUp }) => {
  const endpoint = await busbar.join(bus, { label: 'receiver' });
  tell(endpoint.id);
  await told();
  await endpoint.close();
  hangUp();
};

for (const [what, end] of [
  ['is killed', (program: ReturnType<typeof inProcess>) => program.kill()],
  ['closes', async (program: ReturnType<typeof inProcess>) => program.say('close')],
] as const) {
  test(`left comes after all undelivered messages of a peer that ${what}`, async (t) => {
    const bus = newBus();
    const sender = await joined(t, bus, { messages: box, ringBytes: 16 * 1024 });
    for (let round = 0; round < rounds; round++) {
      const program = inProcess(t, bus, deaf);
      const id = await program.next<number>();
      const news: string[] = [];
      const onUndelivered = ({ peerId }: { peerId: number | undefined }) => {
        t.is(peerId, id);
        news.push('undelivered');
      };
      sender.on('undelivered', onUndelivered);
      sender.on('peer', ({ change }) => news.push(change));
      // Into the ring, the queue behind it, and shared memory of their own; to one and to all.
      let sent = 0;
      for (; sent < 60; sent++) {
        const size = sent % 10 === 5 ? 50_000 : 600;
        const to = sent % 3 === 0 ? multicast('receiver') : 'receiver';
        sender.send(to, box.Raw(new Uint8Array(size)));
      }
      // While some are on their way, too.
      if (round % 2 === 0) await new Promise(setImmediate);
      await end(program);
      await until(sender, 'peer', () => news.includes('left'));
      t.deepEqual(news, [...new Array<string>(sent).fill('undelivered'), 'left']);
      sender.removeAllListeners('peer').off('undelivered', onUndelivered);
      if (what === 'closes') await program.ended;
    }
  });

  test(`promises about a peer that ${what} settle before left`, async (t) => {
    const bus = newBus();
    const sender = await joined(t, bus, {
      messages: box,
      ringBytes: 16 * 1024,
      queueBytes: 16 * 1024,
    });
    for (let round = 0; round < rounds; round++) {
      const program = inProcess(t, bus, deaf);
      await program.next();
      const news: string[] = [];
      sender.on('peer', ({ change }) => news.push(change));
      // What a program does with a promise: several steps later than the promise itself.
      const settled = async (promise: Promise<unknown>) => {
        try {
          await promise;
          news.push('delivered');
        } catch (error) {
          news.push((error as UndeliveredError).code);
        }
      };
      const message = box.Raw(new Uint8Array(3000));
      const delivered = settled(sender.deliver('receiver', message));
      const fill = () => {
        for (;;) sender.send('receiver', message);
      };
      t.throws(fill, { code: 'ERR_BUSBAR_QUEUE_FULL' });
      const waiting = [1, 2, 3].map(() => settled(sender.sendWhenReady('receiver', message)));
      await end(program);
      await until(sender, 'peer', () => news.includes('left'));
      t.deepEqual(news.toSorted(), [
        'ERR_BUSBAR_NO_RECIPIENT',
        'ERR_BUSBAR_NO_RECIPIENT',
        'ERR_BUSBAR_NO_RECIPIENT',
        'ERR_BUSBAR_UNDELIVERED',
        'left',
      ]);
      t.is(news.at(-1), 'left');
      await Promise.all([delivered, ...waiting]);
      (sender as unknown as EventEmitter).removeAllListeners('peer');
      if (what === 'closes') await program.ended;
    }
  });
}
