// A controller that is stopped, by SIGSTOP as by a debugger: a member that needs it takes over the
// office, and when the controller continues it is a member like the others.
import type { EventEmitter } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { join, multicast } from 'busbar';
import {
  inProcess,
  joined,
  newBus,
  nextEvent,
  type Program,
  type Source,
} from './support/program.js';
import { until } from './support/waiting.js';

/** Joins, answers every message, and reports the controller whenever it changes. */
const member: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'member' });
  endpoint.on('controller', ({ generation, peer, self }) =>
    tell({ generation, controller: peer?.id, self }),
  );
  endpoint.on('message', (message) => message.reply(message.payload));
  tell(endpoint.id);
  await told();
  await endpoint.close();
  process.disconnect();
};

interface Change {
  readonly generation: number;
  readonly controller: number;
  readonly self: boolean;
}

interface Started {
  readonly program: Program;
  readonly id: number;
}

async function start(t: ExecutionContext, bus: string): Promise<Started> {
  const program = inProcess(t, bus, member);
  return { program, id: await program.next<number>() };
}

test('a newcomer gets in, sees everybody, and the one deposed comes back as a member', async (t) => {
  const bus = newBus();
  const sleeper = await start(t, bus);
  const others = [await start(t, bus), await start(t, bus)];
  await sleeper.program.stopped();
  const newcomer = await joined(t, bus, { label: 'newcomer' });
  for (const { id, program } of others) {
    t.is(newcomer.send(`#${id}`, id), 1);
    t.is((await newcomer.recv()).payload, id);
    const { controller } = await program.next<Change>();
    t.is(newcomer.controller?.id, controller);
  }
  t.not(newcomer.controller?.id, sleeper.id);
  // It is still listed, and messages to it wait for it.
  t.is(newcomer.send(`#${sleeper.id}`, 'for later'), 1);
  sleeper.program.goOn();
  const change = await sleeper.program.next<Change>();
  t.like(change, { controller: newcomer.controller?.id, self: false });
  t.is((await newcomer.recv()).payload, 'for later');
  for (const { program } of [sleeper, ...others]) {
    program.say('leave');
    t.deepEqual(await program.ended, [0, null]);
  }
});

test('two members meet for the first time', async (t) => {
  const bus = newBus();
  const sleeper = await start(t, bus);
  const a = await joined(t, bus, { label: 'a' });
  const b = await joined(t, bus, { label: 'b', controllerAffinity: false });
  await sleeper.program.stopped();
  const change = nextEvent(b as unknown as EventEmitter, 'controller');
  t.is(a.send('b', 'hello'), 1);
  t.is((await b.recv()).payload, 'hello');
  const { peer } = (await change) as { peer: { id: number } };
  t.is(peer.id, a.id);
  sleeper.program.goOn();
  t.like(await sleeper.program.next<Change>(), { controller: a.id, self: false });
});

test('one that may not be controller gets in, too', async (t) => {
  const bus = newBus();
  const sleeper = await start(t, bus);
  const other = await start(t, bus);
  await sleeper.program.stopped();
  const quiet = await joined(t, bus, { label: 'quiet', controllerAffinity: false });
  t.like(await other.program.next<Change>(), { controller: other.id, self: true });
  t.is(quiet.send(`#${other.id}`, 1), 1);
  t.is((await quiet.recv()).payload, 1);
  sleeper.program.goOn();
  await sleeper.program.next<Change>();
});

test('one controller after the other is stopped, then all go on', async (t) => {
  const bus = newBus();
  const members = [await start(t, bus), await start(t, bus), await start(t, bus)];
  const witness = await joined(t, bus, { label: 'witness', controllerAffinity: false });
  const inOffice = () => members.find(({ id }) => id === witness.controller?.id);
  for (const _ of members) {
    await until(witness, 'controller', () => inOffice() !== undefined);
    await inOffice()?.program.stopped();
    // The visitor deposes it, and on leaving hands the office to a member that still runs, if there
    // is one.
    await using visitor = await join(bus, { label: 'visitor' });
    t.is(visitor.send('witness', 'here'), 1);
    t.is((await witness.recv()).payload, 'here');
  }
  for (const { program } of members) program.goOn();
  const last = await start(t, bus);
  await witness.waitFor(multicast('member'), { count: 4 });
  t.is(await witness.deliver(multicast('member'), 'all'), 4);
  for (let i = 0; i < 4; i++) t.is((await witness.recv()).payload, 'all');
  t.is(witness.send(`#${last.id}`, 'last'), 1);
});
