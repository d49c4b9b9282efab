// endpoint.matches(): the endpoints that a selector matches at this moment, without waiting.
import test from 'ava';
import { anyone, type Endpoint, label, type MessageBox, multicast, nobody, unicast } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { untilLeft } from './support/waiting.js';

/** Joins with the labels that it is told, and tells its id. */
const member: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: (await told()) as string[] });
  tell(endpoint.id);
  await told();
  await endpoint.close();
  tell('closed');
};

const idsOf = (endpoint: Endpoint<MessageBox>, to: Parameters<typeof endpoint.matches>[0]) =>
  endpoint
    .matches(to)
    .map(({ id }) => id)
    .sort((a, b) => a - b);

const sorted = (...ids: number[]) => ids.sort((a, b) => a - b);

test('who matches is known at once, by every kind of selector', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: ['lamp', 'me'] });
  const [kitchen, hall] = [inProcess(t, bus, member), inProcess(t, bus, member)];
  kitchen.say(['lamp', 'kitchen']);
  const kitchenId = await kitchen.next<number>();
  hall.say(['lamp', 'hall', 'broken']);
  const hallId = await hall.next<number>();

  t.deepEqual(me.matches('kitchen'), [
    { id: kitchenId, pid: kitchen.pid, label: ['lamp', 'kitchen'] },
  ]);
  t.deepEqual(idsOf(me, 'lamp'), sorted(me.id, kitchenId, hallId));
  t.deepEqual(idsOf(me, multicast('lamp')), sorted(me.id, kitchenId, hallId));
  t.deepEqual(idsOf(me, multicast('lamp', { excludeSelf: true })), sorted(kitchenId, hallId));
  t.deepEqual(
    idsOf(me, unicast(label('lamp').and(label('broken').not()))),
    sorted(me.id, kitchenId),
  );
  t.deepEqual(idsOf(me, unicast(me)), [me.id]);
  t.deepEqual(idsOf(me, unicast({ id: hallId })), [hallId]);
  t.deepEqual(idsOf(me, multicast(anyone)), sorted(me.id, kitchenId, hallId));
  t.deepEqual(me.matches(multicast(nobody)), []);
  t.deepEqual(me.matches('pump'), []);
  // As many as a multicast reaches.
  t.is(me.send(multicast('lamp', { excludeSelf: true }), 'on'), 2);
});

test('an endpoint matches once its join has resolved, and no longer once it has left', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  const leaver = inProcess(t, bus, member);
  t.deepEqual(me.matches('member'), []);
  leaver.say(['member']);
  const id = await leaver.next<number>();
  t.deepEqual(idsOf(me, 'member'), [id]);
  leaver.say('leave');
  await leaver.next();
  t.deepEqual(me.matches('member'), []);

  const victim = inProcess(t, bus, member);
  victim.say(['member']);
  const victimId = await victim.next<number>();
  t.deepEqual(idsOf(me, 'member'), [victimId]);
  await victim.kill();
  await untilLeft(me, victimId);
  t.deepEqual(me.matches('member'), []);
});

test('waitFor and matches agree, also on more selectors than routes are kept', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me' });
  for (let i = 0; i < 3000; i++) t.is(me.matches(`me & !"${i}"`)[0]?.id, me.id);
  t.deepEqual(await me.waitFor('me'), me.matches('me'));
});

test('what is no selector is refused, and a closed endpoint has no matches', async (t) => {
  const me = await joined(t, newBus(), { label: 'me' });
  t.throws(() => me.matches('a & (b'), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
  t.throws(() => me.matches(7 as never), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
  t.throws(() => me.matches({ id: 7 } as never), { message: /expected unicast/ });
  await me.close();
  t.throws(() => me.matches('me'), { code: 'ERR_BUSBAR_CLOSED' });
});
