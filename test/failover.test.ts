// Failover: the controller is killed or leaves. Another member takes over, all agree on it, and no
// message between the others is lost or delayed.
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, join, type PlainBox, unicast } from 'busbar';
import { MemberProcess, settleAccounts } from './support/member-process.js';
import { inProcess, joined, newBus } from './support/program.js';
import { RuntimeDirectory } from './support/runtime-directory.js';
import { until } from './support/waiting.js';

async function sixMembers(t: ExecutionContext, bus: string): Promise<MemberProcess[]> {
  const members = Array.from({ length: 6 }, () => new MemberProcess(t, bus));
  await Promise.all(members.map((member) => member.join()));
  return members;
}

/** The one controller that all of them agree on. */
async function agreedController(
  t: ExecutionContext,
  members: readonly MemberProcess[],
  laterThan: number,
): Promise<MemberProcess> {
  for (;;) {
    const views = await Promise.all(members.map((member) => member.sees(laterThan)));
    const newest = Math.max(...views.map(({ generation }) => generation));
    if (views.some(({ generation }) => generation < newest)) {
      laterThan = newest - 1;
      continue;
    }
    if (!views.some((v) => v.self)) console.log(members.map((m) => [m.id, m.view]));
    const controllers = members.filter(({ view }) => view.self);
    t.is(controllers.length, 1);
    const [controller] = controllers as [MemberProcess];
    for (const { controller: id } of views) t.is(id, controller.id);
    return controller;
  }
}

/** Two endpoints that have never exchanged a message do so now. */
async function firstContact(t: ExecutionContext, a: Endpoint<PlainBox>, b: Endpoint<PlainBox>) {
  const peer = a.peers.find(({ id }) => id === b.id);
  t.truthy(peer);
  if (peer === undefined) return;
  t.is(a.send(unicast(peer), 'first contact'), 1);
  t.is((await b.recv()).payload, 'first contact');
}

test.serial('ten controllers in a row are killed in the middle of the traffic', async (t) => {
  const bus = newBus();
  let members = await sixMembers(t, bus);
  let controller = await agreedController(t, members, 0);
  for (let round = 0; round < 10; round++) {
    const { id: killedId, view } = controller;
    const quiet = { controllerAffinity: false, label: 'quiet' };
    const [a, b] = [await join(bus, quiet), await join(bus, quiet)];
    const replacement = new MemberProcess(t, bus);
    const ids = members.map(({ id }) => id);

    const killed = controller.program.kill();
    // At once, while there may be no controller.
    const joining = replacement.join();
    const late = join(bus, { ...quiet, timeout: 60_000 });
    await firstContact(t, a, b);
    await killed;

    const survivors = members.filter(({ id }) => id !== killedId);
    controller = await agreedController(t, survivors, view.generation);
    await joining;
    t.false(ids.includes(replacement.id));
    await firstContact(t, b, await late);
    await until(a, 'peer', () => !a.peers.some(({ id }) => id === killedId));
    for (const survivor of survivors) t.true(a.peers.some(({ id }) => id === survivor.id));
    for (const endpoint of [a, b, await late]) await endpoint.close();
    members = [...survivors, replacement];
  }
  await settleAccounts(t, members);
  for (const member of members) t.deepEqual(await member.close(), [0, null]);
});

test.serial('a controller that closes hands over, and nobody notices', async (t) => {
  const bus = newBus();
  let members = await sixMembers(t, bus);
  let controller = await agreedController(t, members, 0);
  while (members.length > 1) {
    const { id: leaverId, view } = controller;
    const left = controller.close();
    const late = await join(bus, { timeout: 60_000, controllerAffinity: false });
    t.deepEqual(await left, [0, null]);
    members = members.filter(({ id }) => id !== leaverId);
    controller = await agreedController(t, members, view.generation);
    await until(late, 'controller', () => late.controller?.id === controller.id);
    await late.close();
  }
  await settleAccounts(t, members);
  t.deepEqual(await members[0]?.close(), [0, null]);
});

test('newcomers that race with the survivors', async (t) => {
  const bus = newBus();
  const members = await sixMembers(t, bus);
  let generation = 0;
  for (let round = 0; members.length > 2; round++) {
    const controller = await agreedController(t, members, generation);
    generation = controller.view.generation;
    members.splice(members.indexOf(controller), 1);
    const killed = controller.program.kill();
    const newcomers = await Promise.all(
      Array.from({ length: 8 }, () =>
        join(bus, { timeout: 60_000, controllerAffinity: false, label: `round-${round}` }),
      ),
    );
    await killed;
    t.is(new Set(newcomers.map(({ id }) => id)).size, 8);
    for (const newcomer of newcomers) {
      t.is((await newcomer.waitFor('member', { count: members.length })).length >= 2, true);
      t.is((await newcomer.waitFor(`"round-${round}"`, { count: 8 })).length, 8);
    }
    for (const newcomer of newcomers) await newcomer.close();
  }
  await settleAccounts(t, members);
});

test('a controller that was killed alone on its bus leaves nothing in the way', async (t) => {
  const directory = new RuntimeDirectory(t);
  const bus = newBus();
  const first = await new MemberProcess(t, bus, directory.env).join();
  const files = directory.files();
  t.true(files.some((file) => file.endsWith('.sock')));
  await first.program.kill();
  t.true(directory.files().every((file) => files.includes(file)));
  const second = await new MemberProcess(t, bus, directory.env).join();
  t.true(second.view.self);
  t.deepEqual(directory.files(), files);
  t.deepEqual(await second.close(), [0, null]);
  t.deepEqual(directory.files(), []);
});

test('the last one to leave removes the files', async (t) => {
  const directory = new RuntimeDirectory(t);
  const bus = newBus();
  const members = [1, 2, 3].map(() => new MemberProcess(t, bus, directory.env));
  for (const member of members) await member.join();
  for (const member of members) {
    t.true(directory.files().length > 0);
    t.deepEqual(await member.close(), [0, null]);
  }
  t.deepEqual(directory.files(), []);
});

test('so does one that just ends', async (t) => {
  const directory = new RuntimeDirectory(t);
  const program = inProcess(
    t,
    newBus(),
    async ({ busbar, bus }) => {
      await busbar.join(bus);
    },
    directory.env,
  );
  t.deepEqual(await program.ended, [0, null]);
  t.deepEqual(directory.files(), []);
});

test('a stopped controller is no obstacle for members that know each other', async (t) => {
  const bus = newBus();
  const controller = await new MemberProcess(t, bus).join();
  const [a, b] = [await joined(t, bus, { label: 'a' }), await joined(t, bus, { label: 'b' })];
  a.send('b', 'first contact');
  t.is((await b.recv()).payload, 'first contact');
  controller.program.stop();
  t.is(a.send('b', 'while it is stopped'), 1);
  t.is((await b.recv()).payload, 'while it is stopped');
  controller.program.goOn();
  t.deepEqual(await controller.close(), [0, null]);
});
