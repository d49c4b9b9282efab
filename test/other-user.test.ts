// Another user of the machine can neither see the bus, nor join it, nor take its name, nor list its
// members. Runs only as root, in order to become another user.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { inProcess, newBus, type Program, type Source } from './support/program.js';
import { RuntimeDirectory } from './support/runtime-directory.js';

/** The user and group number of `nobody` on every system. */
const nobody = 65534;

const member: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'member', token: 'secret' });
  endpoint.on('message', (message) => tell(message.payload));
  endpoint.on('peer', ({ change, peer }) => tell([change, peer.label]));
  tell(endpoint.id);
};

/** Joins as the given user, and reports the outcome. */
const stranger: Source = async ({ busbar, bus, tell }) => {
  process.setgid?.(65534);
  process.setuid?.(65534);
  try {
    const endpoint = await busbar.join(bus, { label: 'stranger', token: 'secret', timeout: 2000 });
    tell(endpoint.peers.map(({ label }) => label));
    await endpoint.close();
  } catch (error) {
    tell((error as { code: string }).code);
  }
  process.disconnect();
};

function needsRoot(t: ExecutionContext): boolean {
  if (process.getuid?.() === 0) return false;
  t.pass('not root: cannot become another user');
  t.log('skipped: only root can become another user');
  return true;
}

async function started(t: ExecutionContext, bus: string, env: NodeJS.ProcessEnv): Promise<Program> {
  const program = inProcess(t, bus, member, env);
  await program.next();
  return program;
}

test('cannot use the directory of somebody else, and finds nobody in its own', async (t) => {
  if (needsRoot(t)) return;
  const directory = new RuntimeDirectory(t);
  const bus = newBus();
  await started(t, bus, directory.env);
  const outsider = inProcess(t, bus, stranger, directory.env);
  t.deepEqual(await outsider.next(), []);
});

test('with a directory of its own, has another bus of that name', async (t) => {
  if (needsRoot(t)) return;
  const bus = newBus();
  // Both in the temporary directory, as without a session's directory.
  const env = { XDG_RUNTIME_DIR: '' };
  const inside = await started(t, bus, env);
  const outsider = inProcess(t, bus, stranger, env);
  t.deepEqual(await outsider.next(), []);
  await outsider.ended;
  // The other bus was not visible here: the next event is about a member of this one.
  const friend = inProcess(
    t,
    bus,
    async ({ busbar, bus }) => {
      const endpoint = await busbar.join(bus, { label: 'friend', token: 'secret' });
      await endpoint.deliver('member', 'hello');
      await endpoint.close();
      process.disconnect();
    },
    env,
  );
  t.deepEqual(await inside.next(), ['joined', ['friend']]);
  t.is(await inside.next(), 'hello');
  t.deepEqual(await friend.ended, [0, null]);
});

test('can neither list, connect to, nor replace what is in the directory', async (t) => {
  if (needsRoot(t)) return;
  const directory = new RuntimeDirectory(t);
  const bus = newBus();
  await started(t, bus, directory.env);
  const socket = directory.socket();
  const folder = joinPath(socket, '..');
  t.is(statSync(folder).mode & 0o777, 0o700);
  const before = readdirSync(folder);
  const attempts = `
import os, socket
os.setgid(${nobody}); os.setuid(${nobody})
def tries(what):
    try:
        what()
    except PermissionError:
        return
    raise SystemExit("could do it: " + str(what))
folder, path = ${JSON.stringify(folder)}, ${JSON.stringify(socket)}
tries(lambda: os.listdir(folder))
tries(lambda: os.stat(path))
tries(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(path))
tries(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind(folder + "/mine"))
tries(lambda: os.unlink(path))
tries(lambda: os.rename(path, path + "x"))
tries(lambda: open(path.replace(".sock", ".lock")))
tries(lambda: os.open(path.replace(".sock", ".bell"), os.O_RDWR | os.O_NONBLOCK))
`;
  const { status, stderr } = spawnSync('python3', ['-c', attempts], { encoding: 'utf8' });
  t.is(status, 0, stderr);
  t.deepEqual(readdirSync(folder), before);
});

test('cannot reach into the memory of a member', async (t) => {
  if (needsRoot(t)) return;
  const directory = new RuntimeDirectory(t);
  const { pid } = await started(t, newBus(), directory.env);
  const attempts = `
import os
os.setgid(${nobody}); os.setuid(${nobody})
for what in ("fd", "map_files"):
    try:
        names = os.listdir("/proc/${pid}/" + what)
    except PermissionError:
        continue
    raise SystemExit("listed " + what + ": " + str(names))
`;
  const { status, stderr } = spawnSync('python3', ['-c', attempts], { encoding: 'utf8' });
  t.is(status, 0, stderr);
});
