// The controller's death, seen from outside: which member takes over, and what the others notice.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import { multicast } from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

/** Joins, answers every message, and reports the controller whenever it changes. */
const member: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'member' });
  endpoint.on('controller', ({ generation, peer }) => tell({ generation, controller: peer?.id }));
  endpoint.on('message', (message) => message.reply(message.payload));
  tell(endpoint.id);
};

test('the controller is killed: one takes over, all agree, and traffic goes on', async (t) => {
  const bus = newBus();
  const first = inProcess(t, bus, member);
  await first.next();
  const survivors = [
    inProcess(t, bus, member),
    inProcess(t, bus, member),
    inProcess(t, bus, member),
  ];
  const ids = await Promise.all(survivors.map((survivor) => survivor.next<number>()));
  const endpoint = await joined(t, bus, { label: 'witness', controllerAffinity: false });
  await endpoint.waitFor(multicast('member'), { count: 4 });
  for (const id of ids) t.is(endpoint.send(`#${id}`, 'before'), 1);
  for (const _ of ids) t.is((await endpoint.recv()).payload, 'before');

  const change = nextEvent(endpoint as unknown as EventEmitter, 'controller');
  await first.kill();
  // Links work without a controller.
  for (let i = 0; i < 100; i++) for (const id of ids) endpoint.send(`#${id}`, i);
  const { generation, peer } = (await change) as { generation: number; peer: { id: number } };
  t.true(ids.includes(peer.id));
  for (const survivor of survivors) {
    t.deepEqual(await survivor.next(), { generation, controller: peer.id });
  }
  const next = new Map(ids.map((id) => [id, 0]));
  for (let i = 0; i < 300; i++) {
    const { payload, from } = await endpoint.recv();
    t.is(payload, next.get(from.id));
    next.set(from.id, (payload as number) + 1);
  }
  t.false(endpoint.isController);
  const newcomer = await joined(t, bus, { label: 'newcomer' });
  for (const id of ids) t.is(newcomer.send(`#${id}`, 'first contact'), 1);
  for (const _ of ids) t.is((await newcomer.recv()).payload, 'first contact');
});
