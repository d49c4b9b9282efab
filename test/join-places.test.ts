// Where processes meet: runtime directories, long identifiers, many at once, and the package loaded
// by require().
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { RuntimeDirectory } from './support/runtime-directory.js';

/** Reports its id, or the code of the error; on order it reports its peers and leaves. */
const visitor: Source = async ({ busbar, bus, tell, told }) => {
  try {
    const endpoint = await busbar.join(bus, { label: 'visitor' });
    tell(endpoint.id);
    await told();
    tell(endpoint.peers.map(({ id }) => id));
    await told();
    await endpoint.close();
  } catch (error) {
    tell((error as { code: string }).code);
  }
  process.exit();
};

test('a runtime directory that is none, or open to others, is not used', async (t) => {
  const bus = newBus();
  const open = new RuntimeDirectory(t, { mode: 0o755 });
  const places = [undefined, 'relative/path', `${open.path}/missing`, open.path];
  const visitors = places.map((XDG_RUNTIME_DIR) => inProcess(t, bus, visitor, { XDG_RUNTIME_DIR }));
  const ids = await Promise.all(visitors.map((program) => program.next<number>()));
  t.is(new Set(ids).size, places.length);
  t.deepEqual(open.files(), []);

  // In a private directory there is another bus of the same name.
  const closed = new RuntimeDirectory(t);
  const stranger = inProcess(t, bus, visitor, closed.env);
  t.is(typeof (await stranger.next()), 'number');
  t.true(closed.files().length > 0);
  stranger.say('look');
  t.deepEqual(await stranger.next(), []);
  for (const [index, program] of visitors.entries()) {
    program.say('look');
    t.deepEqual(
      (await program.next<number[]>()).sort(),
      ids.filter((_, other) => other !== index).sort(),
    );
  }
  for (const program of [stranger, ...visitors]) {
    program.say('leave');
    t.deepEqual(await program.ended, [0, null]);
  }
});

const planted: Readonly<Record<string, (place: string) => void>> = {
  'a folder open to others': (place) => {
    mkdirSync(place);
    chmodSync(place, 0o755);
  },
  'a file': (place) => writeFileSync(place, ''),
  'a symbolic link': (place) => symlinkSync('/', place),
};

for (const [what, plant] of Object.entries(planted)) {
  test(`${what} where the names should lie is refused`, async (t) => {
    const directory = new RuntimeDirectory(t);
    plant(path(directory.path, 'busbar'));
    const program = inProcess(t, newBus(), visitor, directory.env);
    t.is(await program.next(), 'ERR_BUSBAR_PERMISSION');
    t.deepEqual(await program.ended, [0, null]);
  });
}

test('a runtime directory whose path no socket address can hold', async (t) => {
  const directory = new RuntimeDirectory(t, { below: 'long/'.repeat(60) });
  const bus = newBus();
  const programs = [0, 1].map(() => inProcess(t, bus, visitor, directory.env));
  const ids = await Promise.all(programs.map((program) => program.next<number>()));
  for (const [index, program] of programs.entries()) {
    program.say('look');
    t.deepEqual(await program.next(), [ids[1 - index]]);
  }
});

test('identifiers of the longest kind that differ in their last letter are different buses', async (t) => {
  const stem = newBus().padEnd(127, 'x');
  const [a, alsoA, b] = [
    await joined(t, `${stem}a`),
    await joined(t, `${stem}a`),
    await joined(t, `${stem}b`),
  ];
  t.deepEqual(
    a.peers.map(({ id }) => id),
    [alsoA.id],
  );
  t.deepEqual(b.peers, []);
  t.true(b.isController);
});

test('identifiers may have any letters', async (t) => {
  const bus = `${newBus()} / ../..\\ "é 界 🚌"`;
  const a = await joined(t, bus, { label: 'a' });
  const b = await joined(t, bus);
  t.is(b.send('a', 1), 1);
  t.is((await a.recv()).payload, 1);
});

test('fifty processes that join at once get ids of their own and see one another', async (t) => {
  const bus = newBus();
  const programs = Array.from({ length: 50 }, () =>
    inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
      const endpoint = await busbar.join(bus, { timeout: 60_000 });
      const all = await endpoint.waitFor(busbar.unicast(busbar.anyone), { count: 50 });
      tell({ id: endpoint.id, controller: endpoint.controller?.id, all: all.map(({ id }) => id) });
      await told();
      await endpoint.close();
      process.exit();
    }),
  );
  const news = await Promise.all(
    programs.map((program) => program.next<{ id: number; controller: number; all: number[] }>()),
  );
  const ids = news.map(({ id }) => id).sort();
  t.is(new Set(ids).size, 50);
  t.is(new Set(news.map(({ controller }) => controller)).size, 1);
  for (const { all } of news) t.deepEqual(all.sort(), ids);
  for (const program of programs) program.say('leave');
  for (const program of programs) t.deepEqual(await program.ended, [0, null]);
});

test('require() gives the same package', async (t) => {
  const program = `
    const { join, BusError } = require('busbar');
    join(${JSON.stringify(newBus())}, { label: 'me' }).then(async (endpoint) => {
      endpoint.send('me', 'by require');
      console.log((await endpoint.recv()).payload, typeof BusError);
      await endpoint.close();
    });`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=commonjs', '--eval', program],
    { cwd: new URL('..', import.meta.url) },
  );
  t.is(stdout, 'by require function\n');
});

test('a refusal of the file system names the call, the path and the way out', async (t) => {
  const directory = new RuntimeDirectory(t);
  const place = path(directory.path, 'busbar');
  mkdirSync(place);
  chmodSync(place, 0o755);
  const refused: Source = async ({ busbar, bus, tell }) => {
    const { code, message, syscall, path } = await busbar.join(bus).then(
      () => undefined as never,
      (error: InstanceType<typeof busbar.BusError>) => error,
    );
    tell({ code, message, syscall, path });
  };
  const bus = newBus();
  const program = inProcess(t, bus, refused, directory.env);
  t.deepEqual(await program.next(), {
    code: 'ERR_BUSBAR_PERMISSION',
    message: `cannot join bus '${bus}': open ${place}: not permitted; it has to be a directory of this user with mode 0700`,
    syscall: 'open',
    path: place,
  });
  t.deepEqual(await program.ended, [0, null]);
});

// As a logout or a cleaner of /tmp would.
test('a newcomer meets the others after the runtime directory was removed', async (t) => {
  const bus = newBus();
  const directory = new RuntimeDirectory(t);
  const first = inProcess(t, bus, visitor, directory.env);
  const firstId = await first.next<number>();
  const second = inProcess(t, bus, visitor, directory.env);
  const secondId = await second.next<number>();
  rmSync(path(directory.path, 'busbar'), { recursive: true });
  const newcomer = inProcess(t, bus, visitor, directory.env);
  const newcomerId = await newcomer.next<number>();
  const all = [firstId, secondId, newcomerId];
  const finder: Source = async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'finder' });
    const ids = new Set<number>();
    const look = () => {
      for (const { id } of endpoint.peers) ids.add(id);
      if (ids.size === 3) tell([...ids].sort());
    };
    endpoint.on('peer', look);
    look();
  };
  const last = inProcess(t, bus, finder, directory.env);
  t.deepEqual(await last.next(), all.sort());
});
