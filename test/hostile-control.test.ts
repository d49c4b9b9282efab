// A hostile program of the same user, before and after it is admitted to a bus: whatever it sends,
// holds open or hands over, the members carry on, a newcomer gets in, and nothing remains when the
// program has gone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { holdingsOf, holdsNoMore } from './support/holdings.js';
import { inProcess, inProcessWithFewDescriptors, newBus, type Source } from './support/program.js';
import { RuntimeDirectory } from './support/runtime-directory.js';

const script = fileURLToPath(new URL('../test/fixtures/hostile_peer.py', import.meta.url));

/** Answers every request, and on order sends one message to itself or to the other member. */
const member: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'member' });
  endpoint.on('message', (message) => {
    if (message.payload === 'meet') tell('met');
    else if (message.from.id === endpoint.id) tell(message.payload);
    else message.reply(message.payload);
  });
  tell(endpoint.id);
  for (;;) {
    const what = await told();
    const other = busbar.unicast(`member & !#${endpoint.id}`);
    endpoint.send(what === 'meet' ? other : busbar.unicast({ id: endpoint.id }), what);
  }
};

/** Joins, asks the members, and leaves. */
const newcomer: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'newcomer', timeout: 60_000 });
  endpoint.send(busbar.multicast('member'), 'are you there?');
  const answers = [await endpoint.recv(), await endpoint.recv()];
  tell(answers.map(({ from }) => from.id).sort());
  await endpoint.close();
};

for (const scene of [
  'garbage',
  'silence',
  'crowd',
  'half_hello',
  'handles',
  'wrong_proof',
  'nonsense_as_member',
  'introductions',
  'parked_messages',
]) {
  test(`${scene.replaceAll('_', ' ')} harms nobody, and nothing of it stays`, async (t) => {
    const directory = new RuntimeDirectory(t);
    const bus = newBus();
    const start = scene === 'crowd' ? inProcessWithFewDescriptors : inProcess;
    const controller = start(t, bus, member, directory.env);
    const ids = [await controller.next<number>()];
    const other = start(t, bus, member, directory.env);
    ids.push(await other.next<number>());
    // Links and pools have to exist before anything is counted.
    const first = inProcess(t, bus, newcomer, directory.env);
    t.deepEqual(await first.next(), [...ids].sort());
    await first.ended;
    for (const [each, peer] of [
      [controller, other],
      [other, controller],
    ] as const) {
      each.say('meet');
      t.is(await peer.next(), 'met');
      each.say('before');
      t.is(await each.next(), 'before');
    }
    const before = [controller, other].map(({ pid }) => holdingsOf(pid));

    const hostile = spawn('python3', [script, directory.socket(), bus, scene], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.teardown(() => hostile.kill('SIGKILL'));
    const [news] = (await once(createInterface(hostile.stdout), 'line')) as [string];
    t.is(news, 'holding');

    const late = inProcess(t, bus, newcomer, directory.env);
    t.deepEqual(await late.next(), [...ids].sort());
    await late.ended;
    for (const each of [controller, other]) {
      each.say('during');
      t.is(await each.next(), 'during');
    }

    hostile.stdin.end();
    t.deepEqual(await once(hostile, 'exit'), [0, null]);
    await holdsNoMore(controller.pid, before[0] as (typeof before)[0]);
    await holdsNoMore(other.pid, before[1] as (typeof before)[0]);
  });
}
